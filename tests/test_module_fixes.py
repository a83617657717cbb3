"""A fix is written where a value is decided, in whatever module that is."""

from pathlib import Path
from typing import Any

import pytest
from tests.commands import report, said, tree, write
from tests.modules import RULE, VOLUME, judged, laid_out
from tests.tables import table

# --------------------------------------------------------------------- fixes


FIXES = {
    "the argument": (
        {"main.tf": 'module "a" {\n  source    = "./m"\n  encrypted = false # why\n}\n', "m/main.tf": VOLUME},
        {"main.tf": 'module "a" {\n  source    = "./m"\n  encrypted = true # why\n}\n'},
    ),
    "a value in the for_each": (
        {
            "main.tf": 'module "a" {\n  for_each = { x = true, y = false }\n  source    = "./m"\n  encrypted = each.value\n}\n',
            "m/main.tf": VOLUME,
        },
        {
            "main.tf": 'module "a" {\n  for_each = { x = true, y = true }\n  source    = "./m"\n  encrypted = each.value\n}\n'
        },
    ),
    "a default of a module in between": (
        {
            "main.tf": 'module "a" {\n  source = "./a"\n}\n',
            "a/main.tf": 'variable "on" {\n  default = false\n}\nmodule "m" {\n  source    = "../m"\n  encrypted = var.on\n}\n',
            "m/main.tf": VOLUME,
        },
        {
            "a/main.tf": 'variable "on" {\n  default = true\n}\nmodule "m" {\n  source    = "../m"\n  encrypted = var.on\n}\n'
        },
    ),
    "two arguments in two folders and a literal of the caller's own": (
        {
            "main.tf": 'module "a" {\n  source    = "./m"\n  encrypted = false\n}\n'
            + VOLUME.replace("var.encrypted", "false"),
            "b/main.tf": 'module "a" {\n  source    = "../m"\n  encrypted = false\n}\n',
            "m/main.tf": VOLUME,
        },
        {
            "main.tf": 'module "a" {\n  source    = "./m"\n  encrypted = true\n}\n'
            + VOLUME.replace("var.encrypted", "true"),
            "b/main.tf": 'module "a" {\n  source    = "../m"\n  encrypted = true\n}\n',
        },
    ),
    "an output of another module": (
        {
            "main.tf": 'module "s" {\n  source = "./s"\n}\nmodule "a" {\n  source    = "./m"\n  encrypted = module.s.on\n}\n',
            "s/main.tf": 'output "on" {\n  value = false\n}\n',
            "m/main.tf": VOLUME,
        },
        {"s/main.tf": 'output "on" {\n  value = true\n}\n'},
    ),
}


@pytest.mark.parametrize(("files", "expected"), FIXES.values(), ids=FIXES.keys())
def test_a_fix_is_written_where_the_value_is_decided(
    files: dict[str, str], expected: dict[str, str], tmp_path: Path, capsys: Any
) -> None:
    folder = write(tmp_path, files)
    status, _, err = said(capsys, "fix", folder, "--write", "--rule", RULE, "--allow-impact", "replaces")
    assert status == 0, err
    assert tree(folder) == {name: text.encode() for name, text in {**files, **expected}.items()}
    assert judged(capsys, folder) == []


OPPOSITE = """
-- main.tf --
locals {
  on = %s
}
module "a" {
  source    = "./m"
  encrypted = local.on
}
module "b" {
  source = "./b"
  public = local.on
}
-- m/main.tf --
VOLUME
-- b/main.tf --
variable "public" {
}
resource "aws_db_instance" "d" {
  publicly_accessible = var.public
}
"""


@table(
    "value, rule, expected",
    [
        ("false", RULE, "module.a.aws_ebs_volume.v = False @main.tf:2 (publicly_accessible"),
        ("true", "aws-rds-not-publicly-accessible", "module.b.aws_db_instance.d = True @main.tf:2 (encrypted"),
    ],
)
def test_modules_that_need_opposite_values(value, rule, expected, tmp_path, capsys):
    found = judged(capsys, laid_out(tmp_path, OPPOSITE % value), rule=rule)
    assert found == [f"{expected} needs another value from the same origin)"]


def test_a_null_is_shared_like_any_value(tmp_path: Path, capsys: Any) -> None:
    database = 'resource "aws_db_instance" "d" {\n  publicly_accessible = var.encrypted\n}\n'
    unset = VOLUME.replace('variable "encrypted" {', 'variable "encrypted" {\n  default = null')
    (line,) = judged(capsys, write(tmp_path, {"main.tf": unset + database}))
    assert line == "aws_ebs_volume.v = None @main.tf:3 (publicly_accessible needs another value from the same origin)"


def test_a_fix_costs_what_the_dearest_use_of_the_value_costs(tmp_path: Path, capsys: Any) -> None:
    queue = 'variable "on" {\n}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.on\n}\n'
    calls = 'module "q" {\n  source = "./q"\n  on     = var.on\n}\nmodule "m" {\n  source    = "./m"\n  encrypted = var.on\n}\n'
    default = 'variable "on" {\n  default = false\n}\n'
    folder = write(tmp_path, {"main.tf": default + calls, "q/main.tf": queue, "m/main.tf": VOLUME})
    _, found = report(capsys, folder)
    impacts = {entry["rule"]: entry["fix"]["impact"] for entry in found["findings"] if entry["fix"]["available"]}
    assert impacts == {RULE: "replaces", "aws-sqs-encrypted": "replaces"}


def test_the_proof_covers_what_is_decided_in_another_module(tmp_path: Path, capsys: Any) -> None:
    decided = (OPPOSITE % "false").replace("public = local.on", "public = local.on ? true : false")
    folder = laid_out(tmp_path, decided)
    before = tree(folder)
    status, _, err = said(capsys, "fix", folder, "--write", "--rule", RULE, "--allow-impact", "replaces")
    reason = "nothing new appears: aws-rds-not-publicly-accessible on module.b.aws_db_instance.d"
    assert (status, tree(folder)) == (1, before)
    assert f"the fix did not pass its proof ({reason})" in err


def test_a_value_that_flows_where_no_rule_looks_asks_first(tmp_path: Path, capsys: Any) -> None:
    shared = OPPOSITE.replace("publicly_accessible", "apply_immediately") % "false"
    folder = laid_out(tmp_path, shared)
    _, found = report(capsys, folder)
    (entry,) = (entry for entry in found["findings"] if entry["rule"] == RULE)
    assert entry["fix"]["impact"] == "replaces"
    assert said(capsys, "fix", folder, "--write", "--rule", RULE)[0] == 1


PARAMETERS = 'variable "family" {}\nresource "aws_db_parameter_group" "g" {\n  name   = "g"\n  family = var.family\n}\n'


def test_what_only_some_calls_need_is_not_added_in_the_module(tmp_path: Path, capsys: Any) -> None:
    calls = [f'module "{name}" {{\n  source = "./m"\n  family = "{name}8.0"\n}}\n' for name in ("mysql", "mariadb")]
    folder = write(tmp_path, {"main.tf": "".join(calls), "m/main.tf": PARAMETERS})
    before = tree(folder)
    _, _, messages = said(capsys, "fix", folder, "--write", "--rule", "aws-rds-mysql-require-tls")
    assert "only some of the calls of this module need it" in messages
    assert tree(folder) == before


def test_what_every_call_needs_is_added_in_the_module(tmp_path: Path, capsys: Any) -> None:
    calls = [f'module "{name}" {{\n  source = "./m"\n  family = "mysql8.0"\n}}\n' for name in ("a", "b")]
    folder = write(tmp_path, {"main.tf": "".join(calls), "m/main.tf": PARAMETERS})
    said(capsys, "fix", folder, "--write", "--rule", "aws-rds-mysql-require-tls")
    assert tree(folder)["m/main.tf"].count(b"require_secure_transport") == 1
