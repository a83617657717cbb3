"""Modules that are not there, that were downloaded, and calls without end."""

from pathlib import Path
from typing import Any

from tests.commands import report, said, tree, write
from tests.modules import RULE, VOLUME, judged, laid_out
from tests.tables import table

from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

# --------------------------------------------------------------------- what is not there, and what has no end


REGISTRY = """
-- main.tf --
module "bucket" {
  source = "example/bucket/aws"
  acl    = "public-read"
}
resource "aws_ebs_volume" "v" {
  availability_zone = "a"
  encrypted         = module.bucket.encrypted
}
"""


def test_a_module_that_is_not_on_disk_is_said_once(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, REGISTRY)
    status, found = report(capsys, folder)
    assert found["errors"] == [
        {
            "file": "main.tf",
            "message": "line 2, column 3: module.bucket is not judged: example/bucket/aws is not there to be read,"
            " at most its arguments are judged; terraform init downloads it",
        }
    ]
    assert status == 1  # for the key of the volume; the module counts only if it is asked for
    assert judged(capsys, folder) == ["aws_ebs_volume.v ? module.bucket.encrypted"]
    assert "1 module call not followed (" in said(capsys, "check", folder)[1]
    assert "main.tf:2:3: module.bucket is not judged" in said(capsys, "check", folder, "--show-unknown")[1]
    assert "module.bucket" not in said(capsys, "fix", folder)[2]


def test_strict_counts_a_module_that_is_not_on_disk(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": 'module "m" {\n  source = "a/b/aws"\n}\n'})
    assert report(capsys, folder)[0] == 0
    assert report(capsys, folder, "--strict")[0] == 1


@table(
    "source, reason",
    [
        ("../outside", "../outside is not there to be read"),
        ("./empty", "./empty is not there to be read"),
        ("./link", "./link is not there to be read"),
        ("./", "the module calls itself"),
        ("./again", "the module calls itself"),
        (
            "git::https://example.com/x.git",
            "git::https://example.com/x.git is not there to be read; terraform init downloads it",
        ),
        ("${path.module}/m", "its source is not written as plain text"),
    ],
)
def test_why_a_call_is_not_followed(source: str, reason: str, tmp_path: Path, capsys: Any) -> None:
    write(tmp_path, {"outside/main.tf": VOLUME})
    folder = write(
        tmp_path / "inside",
        {
            "main.tf": f'module "m" {{\n  source = "{source}"\n}}\n',
            "again/main.tf": 'module "back" {\n  source = "../again"\n}\n',
            "empty/notes.txt": "",
        },
    )
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    messages = [entry["message"] for entry in report(capsys, folder)[1]["errors"]]
    assert any(message.endswith(f"is not judged: {reason}") for message in messages), messages


def chained(length: int) -> dict[str, str]:
    """Return modules that each call the next, the last of which holds the volume."""
    files = {"main.tf": 'module "m" {\n  source = "./m1"\n  on     = false\n}\n'}
    for number in range(1, length):
        files[f"m{number}/main.tf"] = (
            'variable "on" {\n}\nlocals {\n  on = var.on\n}\n'
            f'module "m" {{\n  source = "../m{number + 1}"\n  on     = local.on\n}}\n'
            'output "on" {\n  value = module.m.on\n}\n'
        )
    files[f"m{length}/main.tf"] = (
        'variable "on" {\n}\nresource "aws_ebs_volume" "v" {\n  availability_zone = "a"\n  encrypted         = var.on\n}\n'
        'output "on" {\n  value = var.on\n}\n'
    )
    return files


def test_modules_twenty_deep(tmp_path: Path, capsys: Any) -> None:
    files = chained(20)
    files["main.tf"] += (
        'resource "aws_ebs_volume" "v" {\n  availability_zone = "a"\n  encrypted         = module.m.on\n}\n'
    )
    folder = write(tmp_path, files)
    deep = f"{'module.m.' * 20}aws_ebs_volume.v = False @main.tf:3"
    assert judged(capsys, folder) == [deep, "aws_ebs_volume.v = False @main.tf:3"]


def test_modules_nested_too_deep_are_not_followed(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, chained(40))
    assert judged(capsys, folder) == [f"{'module.m.' * 7}aws_ebs_volume.v ? var.on by m33/main.tf"]
    messages = {entry["message"].partition(": ")[2] for entry in report(capsys, folder)[1]["errors"]}
    assert "module.m is not judged: modules are nested deeper than 32 levels" in messages


def test_modules_that_call_each_other(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(
        tmp_path,
        """
        -- a/main.tf --
        module "b" {
          source    = "../b"
          encrypted = module.b.encrypted
        }
        -- b/main.tf --
        variable "encrypted" {
        }
        module "a" {
          source = "../a"
        }
        output "encrypted" {
          value = var.encrypted
        }
        resource "aws_ebs_volume" "v" {
          availability_zone = "a"
          encrypted         = var.encrypted
        }
        """,
    )
    assert judged(capsys, folder) == ["aws_ebs_volume.v ? var.encrypted by b/main.tf"]


def test_many_calls_are_judged_up_to_a_bound(tmp_path: Path, capsys: Any) -> None:
    calls = "".join(f'module "m{n}" {{\n  source    = "./m"\n  encrypted = false\n}}\n' for n in range(100))
    folder = write(tmp_path, {"main.tf": calls, "m/main.tf": VOLUME})
    assert len(judged(capsys, folder)) == 64
    messages = [entry["message"] for entry in report(capsys, folder)[1]["errors"]]
    assert messages == ["this folder is called more than 64 times; only the first 64 calls are judged"]


def test_calls_that_are_no_longer_too_many_are_not_named(tmp_path: Path) -> None:
    calls = [f'module "m{number}" {{\n  source = "./m"\n}}\n' for number in range(65)]
    folder = write(tmp_path, {"main.tf": "".join(calls), "m/main.tf": VOLUME})
    workspace = Workspace.open([folder], Catalogue.shipped())
    unit = workspace.unit_of(f"{folder}/m/main.tf")
    assert unit is not None
    assert len(workspace.analyse(unit).problems) == 1

    write(tmp_path, {"main.tf": "".join(calls[1:])})
    workspace.invalidate(f"{folder}/main.tf")

    assert workspace.analyse(unit).problems == ()


# --------------------------------------------------------------------- downloaded modules


DOWNLOADED = """
-- main.tf --
module "volume" {
  source    = "example/volume/aws"
  encrypted = false
}
-- .gitignore --
.terraform
-- .terraform/modules/modules.json --
{"Modules": [{"Key": "", "Source": "", "Dir": "."},
             {"Key": "volume", "Source": "registry.terraform.io/example/volume/aws", "Dir": ".terraform/modules/volume"},
             {"Key": "volume.inner", "Source": "x/y/z", "Dir": ".terraform/modules/volume.inner"}]}
-- .terraform/modules/volume/main.tf --
variable "encrypted" {
}
module "inner" {
  source = "x/y/z"
  on     = var.encrypted
}
resource "aws_sqs_queue" "q" {
}
-- .terraform/modules/volume.inner/main.tf --
variable "on" {
}
resource "aws_ebs_volume" "v" {
  availability_zone = "a"
  encrypted         = var.on
}
"""


def test_a_downloaded_module_is_judged_at_its_call(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, DOWNLOADED)
    _, found = report(capsys, folder)
    assert found["errors"] == []
    assert {entry["file"] for entry in found["findings"]} == {"main.tf"}
    places = {
        entry["rule"]: (entry["range"]["start"]["line"], entry["fix"]["reason"])
        for entry in found["findings"]
        if entry["rule"] in (RULE, "aws-sqs-encrypted")
    }
    assert places == {
        RULE: (3, None),
        "aws-sqs-encrypted": (
            1,
            "it is decided in a module that is not edited, as it was downloaded or is ignored by git",
        ),
    }


def test_only_the_call_of_a_downloaded_module_is_edited(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, DOWNLOADED)
    before = tree(folder)
    status, _, err = said(capsys, "fix", folder, "--write", "--rule", RULE, "--allow-impact", "replaces")
    assert (status, err) == (0, "1 finding fixed in 1 file, 0 left\n")
    changed = {name: text for name, text in tree(folder).items() if text != before[name]}
    assert changed == {"main.tf": before["main.tf"].replace(b"false", b"true")}


PUBLIC = """
-- main.tf --
module "bucket" {
  source = "terraform-aws-modules/s3-bucket/aws"
  acl    = "public-read"
}
-- other/modules.json --
{"Modules": [{"Key": "bucket", "Dir": ".terraform/modules/bucket"}]}
-- .terraform/modules/bucket/main.tf --
variable "acl" {
}
resource "aws_s3_bucket_acl" "this" {
  acl = var.acl
}
"""


@table(
    "manifest, expected",
    [
        ("other/modules.json", "module.bucket = public-read @main.tf:3"),
        (".terraform/modules/modules.json", "module.bucket.aws_s3_bucket_acl.this = public-read @main.tf:3"),
    ],
)
def test_the_arguments_of_a_public_module_are_judged_if_it_is_not_there(
    manifest: str, expected: str, tmp_path: Path, capsys: Any
) -> None:
    folder = laid_out(tmp_path, PUBLIC.replace("other/modules.json", manifest))

    assert judged(capsys, folder, rule="aws-s3-acl-not-public-read") == [expected]


@table(
    "vpc, expected",
    [
        ("module.net.vpc_id", "module.net ? aws_flow_log.all.vpc_id"),
        ('module.net["a"].vpc_id', "module.net ? aws_flow_log.all.vpc_id"),
        ("local.vpc", "module.net ? aws_flow_log.all.vpc_id"),
        ("module.network.vpc_id", "module.net = None (needs policy parameter flow_log_destination)"),
        ("aws_vpc.other.id", "module.net = None (needs policy parameter flow_log_destination)"),
    ],
)
def test_what_completes_a_public_module_beside_it(vpc: str, expected: str, tmp_path: Path, capsys: Any) -> None:
    text = f"""
    module "net" {{
      source = "terraform-aws-modules/vpc/aws"
      cidr   = "10.0.0.0/16"
    }}
    locals {{
      vpc = module.net.vpc_id
    }}
    resource "aws_flow_log" "all" {{
      vpc_id          = {vpc}
      log_destination = "arn:aws:s3:::logs"
    }}
    """
    folder = write(tmp_path, {"main.tf": text})

    found = judged(capsys, folder, rule="aws-ec2-vpc-flow-logs")
    assert [one for one in found if one.startswith("module.net ")] == [expected]


@table(
    "manifest",
    [
        ("",),
        ("[]",),
        ("{",),
        ('{"Modules": 1}',),
        ('{"Modules": [1, {"Key": "volume"}, {"Key": 1, "Dir": "."}]}',),
        ('{"Modules": [{"Key": "volume", "Dir": "../../elsewhere"}]}',),
        ('{"Modules": [{"Key": "volume", "Dir": "/etc"}]}',),
        ('{"Modules": [{"Key": "volume", "Dir": ".terraform/modules/none"}]}',),
    ],
)
def test_a_list_of_downloaded_modules_that_leads_nowhere(manifest: str, tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, DOWNLOADED)
    write(tmp_path, {".terraform/modules/modules.json": manifest})
    _, found = report(capsys, folder)
    assert [entry["message"].rpartition("; ")[2] for entry in found["errors"]] == ["terraform init downloads it"]
    assert found["findings"] == []


def test_folders_that_all_call_each_other_take_no_time(tmp_path: Path, capsys: Any) -> None:
    names = [f"f{number}" for number in range(14)]
    calls = {name: "".join(f'module "{n}" {{\n  source = "../{n}"\n}}\n' for n in names if n != name) for name in names}
    folder = write(tmp_path, {f"{name}/main.tf": calls[name] + VOLUME for name in names})
    assert len(judged(capsys, folder)) == len(names)


def test_a_module_that_git_ignores_is_judged_at_its_call(tmp_path: Path, capsys: Any) -> None:
    call = 'module "a" {\n  source    = "./vendor/m"\n  encrypted = false\n}\n'
    folder = write(tmp_path, {"main.tf": call, ".gitignore": "vendor\n", "vendor/m/main.tf": VOLUME})
    assert judged(capsys, folder) == ["module.a.aws_ebs_volume.v = False @main.tf:3"]
    status, _, _ = said(capsys, "fix", folder, "--write", "--rule", RULE, "--allow-impact", "replaces")
    assert (status, judged(capsys, folder)) == (0, [])
    assert (tmp_path / "vendor" / "m" / "main.tf").read_text() == VOLUME
