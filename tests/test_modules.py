"""Each call of a module is judged by its own arguments, with what completes its resources in other modules."""

from pathlib import Path
from typing import Any

import pytest
from tests.commands import report, said, write
from tests.modules import RULE, VOLUME, judged, laid_out

SITUATIONS = {
    "an argument": (
        """
        -- main.tf --
        module "a" {
          source    = "./m"
          encrypted = false
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @main.tf:3"],
    ),
    "two calls with different arguments": (
        """
        -- main.tf --
        module "a" {
          source    = "./m"
          encrypted = true
        }
        module "b" {
          source    = "./m"
          encrypted = false
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.b.aws_ebs_volume.v = False @main.tf:7"],
    ),
    "two modules that name their variables alike do not share defaults": (
        """
        -- main.tf --
        module "a" {
          source = "./a"
        }
        module "b" {
          source = "./b"
        }
        -- a/main.tf --
        variable "encrypted" {
          default = true
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        -- b/main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        """,
        ["module.b.aws_ebs_volume.v = False @b/main.tf:2"],
    ),
    "a default of the caller, for two calls": (
        """
        -- main.tf --
        variable "encrypted" {
          default = false
        }
        module "a" {
          source    = "./m"
          encrypted = var.encrypted
        }
        module "b" {
          source    = "./m"
          encrypted = var.encrypted
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v x2 = False @main.tf:2"],
    ),
    "a value of the caller's tfvars, through a local value": (
        """
        -- main.tf --
        variable "on" {
          default = true
        }
        locals {
          encrypted = var.on
        }
        module "a" {
          source    = "./m"
          encrypted = local.encrypted
        }
        -- terraform.tfvars --
        on = false
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @terraform.tfvars:1"],
    ),
    "tfvars of a folder that is called do not count": (
        """
        -- main.tf --
        module "a" {
          source    = "./m"
          encrypted = true
        }
        -- m/terraform.tfvars --
        encrypted = false
        -- m/main.tf --
        VOLUME
        """,
        [],
    ),
    "one key of a for_each": (
        """
        -- main.tf --
        module "a" {
          for_each  = { x = true, y = false }
          source    = "./m"
          encrypted = each.value
        }
        -- m/main.tf --
        VOLUME
        """,
        ['module.a["y"].aws_ebs_volume.v = False @main.tf:2'],
    ),
    "a for_each over a list of names": (
        """
        -- main.tf --
        module "a" {
          for_each  = toset(["x", "y"])
          source    = "./m"
          encrypted = false
        }
        -- m/main.tf --
        VOLUME
        """,
        ['module.a["x"].aws_ebs_volume.v x2 = False @main.tf:4'],
    ),
    "a for_each that is not known": (
        """
        -- main.tf --
        module "a" {
          for_each  = data.aws_regions.all.names
          source    = "./m"
          encrypted = false
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @main.tf:4"],
    ),
    "count = 0": (
        """
        -- main.tf --
        module "a" {
          count     = 0
          source    = "./m"
          encrypted = false
        }
        module "b" {
          count     = 2
          source    = "./m"
          encrypted = true
        }
        -- m/main.tf --
        VOLUME
        """,
        [],
    ),
    "a module in a module": (
        """
        -- main.tf --
        module "a" {
          source = "./a"
          safe   = false
        }
        -- a/main.tf --
        variable "safe" {
        }
        module "b" {
          source    = "../m"
          encrypted = var.safe
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.module.b.aws_ebs_volume.v = False @main.tf:3"],
    ),
    "an output of one module is the argument of another": (
        """
        -- main.tf --
        module "settings" {
          source = "./settings"
        }
        module "a" {
          source    = "./m"
          encrypted = module.settings.all.encrypted
        }
        -- settings/main.tf --
        locals {
          encrypted = false
        }
        output "all" {
          value = { encrypted = local.encrypted }
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @settings/main.tf:2"],
    ),
    "an output of one of several": (
        """
        -- main.tf --
        module "settings" {
          for_each = { x = true, y = false }
          source   = "./settings"
          on       = each.value
        }
        module "a" {
          source    = "./m"
          encrypted = module.settings["x"].on
        }
        module "b" {
          source    = "./m"
          encrypted = module.settings["y"].on
        }
        -- settings/main.tf --
        variable "on" {
        }
        output "on" {
          value = var.on
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.b.aws_ebs_volume.v = False @main.tf:2"],
    ),
    "a condition on a default": (
        """
        -- main.tf --
        variable "prod" {
          default = false
        }
        module "a" {
          source    = "./m"
          encrypted = var.prod ? true : false
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @main.tf:6"],
    ),
    "a variable that nothing sets": (
        """
        -- main.tf --
        variable "encrypted" {
        }
        module "a" {
          source    = "./m"
          encrypted = var.encrypted
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v ? var.encrypted by main.tf"],
    ),
    "an argument that is not given": (
        """
        -- main.tf --
        module "a" {
          source = "./m"
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v ? var.encrypted by m/main.tf"],
    ),
    "providers are no arguments": (
        """
        -- main.tf --
        provider "aws" {
          alias = "other"
        }
        module "a" {
          source    = "./m"
          encrypted = false
          providers = {
            aws = aws.other
          }
        }
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @main.tf:6"],
    ),
    "an example calls it, so that its default counts as well": (
        """
        -- main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        -- examples/secure/main.tf --
        module "a" {
          source    = "../../"
          encrypted = true
        }
        """,
        ["aws_ebs_volume.v = False @main.tf:2"],
    ),
    "an example shows what is insecure": (
        """
        -- modules/m/main.tf --
        variable "encrypted" {
          default = true
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        -- examples/open/main.tf --
        module "a" {
          source    = "../../modules/m"
          encrypted = false
        }
        """,
        ["module.a.aws_ebs_volume.v = False @examples/open/main.tf:3"],
    ),
    "a folder of one environment, below the module that all share": (
        """
        -- main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        -- environments/live/main.tf --
        module "a" {
          source    = "../../"
          encrypted = true
        }
        """,
        [],
    ),
    "a wrapper that calls nothing by default": (
        """
        -- main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        -- wrappers/main.tf --
        variable "items" {
          default = {}
        }
        module "a" {
          for_each  = var.items
          source    = "../"
          encrypted = each.value
        }
        """,
        ["aws_ebs_volume.v = False @main.tf:2"],
    ),
    "a module that is only called with count = 0": (
        """
        -- main.tf --
        module "a" {
          count  = 0
          source = "./m"
        }
        -- m/main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        """,
        [],
    ),
    "a call in a comment calls nothing": (
        """
        -- main.tf --
        # source = "./m"
        -- m/main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        """,
        ["aws_ebs_volume.v = False @m/main.tf:2"],
    ),
    "a caller that cannot be read whole": (
        """
        -- main.tf --
        module "a" {
          source    = "./m"
          encrypted =
        }
        -- m/main.tf --
        variable "encrypted" {
          default = false
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        """,
        ["aws_ebs_volume.v ? var.encrypted by m/main.tf"],
    ),
    "a call in JSON": (
        """
        -- main.tf.json --
        {"module": {"a": {"source": "./m", "encrypted": false}}}
        -- m/main.tf --
        VOLUME
        """,
        ["module.a.aws_ebs_volume.v = False @main.tf.json:1"],
    ),
    "a module that is outside": (
        """
        -- main.tf --
        module "a" {
          source    = "../outside"
          encrypted = false
        }
        """,
        [],
    ),
}


@pytest.mark.parametrize(("files", "expected"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_calls_decide(files: str, expected: list[str], tmp_path: Path, capsys: Any) -> None:
    assert judged(capsys, laid_out(tmp_path, files)) == expected


# --------------------------------------------------------------------- companions across modules


BLOCK = """resource "aws_s3_bucket_versioning" "v" {
  bucket = %s
  versioning_configuration {
    status = "Enabled"
  }
}
"""
BUCKET = 'resource "aws_s3_bucket" "b" {\n}\n'
COMPANIONS = {
    "in a child": (
        {
            "main.tf": BUCKET + 'module "c" {\n  source = "./c"\n  bucket = aws_s3_bucket.b.id\n}\n',
            "c/main.tf": 'variable "bucket" {\n}\n' + BLOCK % "var.bucket",
        },
        [],
    ),
    "in a child that completes another bucket": (
        {
            "main.tf": BUCKET + 'module "c" {\n  source = "./c"\n  bucket = aws_s3_bucket.b.arn\n}\n',
            "c/main.tf": 'variable "bucket" {\n}\n' + BUCKET + BLOCK % "aws_s3_bucket.b.id",
        },
        ["aws_s3_bucket.b = None"],
    ),
    "in the parent": (
        {
            "main.tf": 'module "c" {\n  source = "./c"\n}\n' + BLOCK % "module.c.id",
            "c/main.tf": BUCKET + 'output "id" {\n  value = aws_s3_bucket.b.id\n}\n',
        },
        [],
    ),
    "in a sibling": (
        {
            "main.tf": 'module "c" {\n  source = "./c"\n}\nmodule "d" {\n  source = "./d"\n  id     = module.c.id\n}\n',
            "c/main.tf": BUCKET + 'output "id" {\n  value = aws_s3_bucket.b.id\n}\n',
            "d/main.tf": 'variable "id" {\n}\n' + BLOCK % "var.id",
        },
        [],
    ),
    "perhaps in a module that is not there": (
        {"main.tf": BUCKET + 'module "c" {\n  source = "x/y/z"\n  bucket = aws_s3_bucket.b.id\n}\n'},
        ["aws_s3_bucket.b ? aws_s3_bucket.b is handed to a module or an output"],
    ),
    "perhaps in a module that a child calls and is not there": (
        {
            "main.tf": BUCKET + 'module "c" {\n  source = "./c"\n  bucket = aws_s3_bucket.b.id\n}\n',
            "c/main.tf": 'variable "bucket" {\n}\nmodule "d" {\n  source = "x/y/z"\n  bucket = var.bucket\n}\n',
        },
        ["aws_s3_bucket.b ? aws_s3_bucket.b is handed to a module or an output"],
    ),
    "perhaps with whoever calls what only an example calls": (
        {
            "main.tf": BUCKET + 'output "id" {\n  value = aws_s3_bucket.b.id\n}\n',
            "examples/a/main.tf": 'module "m" {\n  source = "../.."\n}\n' + BLOCK % "module.m.id",
        },
        ["aws_s3_bucket.b ? aws_s3_bucket.b is handed to a module or an output"],
    ),
    "of one of two calls": (
        {
            "main.tf": 'module "c" {\n  source = "./c"\n}\nmodule "d" {\n  source = "./c"\n}\n' + BLOCK % "module.c.id",
            "c/main.tf": BUCKET + 'output "id" {\n  value = aws_s3_bucket.b.id\n}\n',
        },
        ["module.d.aws_s3_bucket.b = None (only some of the calls of this module lack it)"],
    ),
}


@pytest.mark.parametrize(("files", "expected"), COMPANIONS.values(), ids=COMPANIONS.keys())
def test_companions_across_modules(files: dict[str, str], expected: list[str], tmp_path: Path, capsys: Any) -> None:
    found = judged(capsys, write(tmp_path, files), rule="aws-s3-versioning")
    assert [line for line in found if not line.startswith("module.c.aws_s3_bucket.b =")] == expected


def test_a_policy_document_of_the_caller(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(
        tmp_path,
        """
        -- main.tf --
        data "aws_iam_policy_document" "all" {
          statement {
            actions   = ["*"]
            resources = ["*"]
          }
        }
        module "p" {
          source = "./p"
          policy = data.aws_iam_policy_document.all.json
        }
        -- p/main.tf --
        variable "policy" {
        }
        resource "aws_iam_policy" "p" {
          policy = var.policy
        }
        """,
    )
    (line,) = judged(capsys, folder, rule="aws-iam-no-admin-wildcard")
    assert line.startswith("module.p.aws_iam_policy.p = ")


def test_the_calls_that_decide_are_named(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, SITUATIONS["a module in a module"][0])
    _, found = report(capsys, folder)
    (entry,) = (entry for entry in found["findings"] if entry["rule"] == RULE)
    assert [(call["module"], call["file"], call["range"]["start"]["line"]) for call in entry["calls"]] == [
        ("module.a.module.b", "a/main.tf", 3),
        ("module.a", "main.tf", 1),
    ]
    out = said(capsys, "check", folder)[1]
    assert (
        "   = decided in: main.tf:3:12\n   = called by: module.a.module.b (a/main.tf:3:1), module.a (main.tf:1:1)\n"
        in out
    )


@pytest.mark.parametrize(
    ("resource", "left"),
    [
        ("aws_ebs_volume.v", []),
        ("module.a.*", ["module.b.aws_ebs_volume.v = False @main.tf:7"]),
        ("module.*", []),
        (
            "aws_ebs_volume.w",
            ["module.a.aws_ebs_volume.v = False @main.tf:3", "module.b.aws_ebs_volume.v = False @main.tf:7"],
        ),
    ],
)
def test_exceptions_for_one_call_or_for_all(resource: str, left: list[str], tmp_path: Path, capsys: Any) -> None:
    calls = "".join(f'module "{name}" {{\n  source    = "./m"\n  encrypted = false\n}}\n' for name in "ab")
    exception = f"  - rule: {RULE}\n    resource: {resource}\n    reason: it holds nothing\n    approved_by: us\n"
    policy = f"policy: 1\nexceptions:\n{exception}"
    assert judged(capsys, write(tmp_path, {"main.tf": calls, "m/main.tf": VOLUME, "setsquare.yaml": policy})) == left


# --------------------------------------------------------------------- set aside at a call


IGNORED = f"# setsquare:ignore {RULE} it holds nothing\n"
CALL = 'module "{0}" {{\n  source    = "./m"\n  encrypted = false\n}}\n'
CALL_A, CALL_B = CALL.format("a"), CALL.format("b")
NESTED = 'module "n" {\n  source = "./n"\n}\n'
ON_MODULE = {
    "above one call": ({"main.tf": IGNORED + CALL_A + CALL_B}, ["module.a"], ["module.b"]),
    "above the other call": ({"main.tf": CALL_A + IGNORED + CALL_B}, ["module.b"], ["module.a"]),
    "on the header": (
        {"main.tf": CALL_A.replace("{", "{ " + IGNORED.rstrip(), 1) + CALL_B},
        ["module.a"],
        ["module.b"],
    ),
    "above an argument": ({"main.tf": CALL_A.replace("  enc", f"  {IGNORED}  enc")}, [], ["module.a"]),
    "of another rule": ({"main.tf": IGNORED.replace(RULE, "aws-s3-versioning") + CALL_A}, [], ["module.a"]),
    "of the whole file": ({"main.tf": f"{IGNORED}\nlocals {{}}\n{CALL_A}"}, [], ["module.a"]),
    "by Checkov, inside the call": (
        {"main.tf": CALL_A.replace("{", "{\n  #checkov:skip=CKV_AWS_3:nothing", 1) + CALL_B},
        ["module.a"],
        ["module.b"],
    ),
    "by Trivy": ({"main.tf": "#trivy:ignore:AVD-AWS-0026\n" + CALL_A + CALL_B}, ["module.a"], ["module.b"]),
    "above the call of a module that calls the module": (
        {"main.tf": IGNORED + NESTED, "n/main.tf": CALL_A.replace("./m", "../m")},
        ["module.n.module.a"],
        [],
    ),
    "in the module itself": (
        {"main.tf": CALL_A + CALL_B, "m/main.tf": VOLUME.replace("resource", IGNORED + "resource")},
        ["module.a", "module.b"],
        [],
    ),
    "past its end": ({"main.tf": IGNORED.rstrip() + " until=2020-01-01\n" + CALL_A}, [], ["module.a"]),
}


@pytest.mark.parametrize(("files", "aside", "left"), ON_MODULE.values(), ids=ON_MODULE.keys())
def test_a_comment_at_a_call_speaks_of_that_call(
    files: dict[str, str], aside: list[str], left: list[str], tmp_path: Path, capsys: Any
) -> None:
    _, found = report(capsys, write(tmp_path, {"m/main.tf": VOLUME, **files}), "--no-cache")
    set_aside = [entry["resource"] for entry in found["suppressed"] if entry["rule"] == RULE]
    still = [entry["resource"] for entry in found["findings"] if entry["rule"] == RULE]
    assert set_aside == [f"{name}.aws_ebs_volume.v" for name in aside]
    assert still == [f"{name}.aws_ebs_volume.v" for name in left]


def test_what_is_wrong_with_a_comment_at_a_call_is_told_once(tmp_path: Path, capsys: Any) -> None:
    ended = IGNORED.rstrip() + " until=2020-01-01\n"
    _, found = report(capsys, write(tmp_path, {"m/main.tf": VOLUME, "main.tf": ended + CALL_A}), "--no-cache")
    assert [(error["file"], error["message"]) for error in found["errors"]] == [
        ("main.tf", "line 1, column 1: this suppression ended on 2020-01-01")
    ]
