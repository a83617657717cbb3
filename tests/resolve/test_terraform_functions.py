"""Functions, operators and templates against what Terraform 1.11 itself says (recorded with ``terraform console``)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.small_rules import a_thing
from tests.support import ROOT

from setsquare.model import Known, Opaque
from setsquare.resolve.functions.plain import as_json
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.plain_values import plains
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import hcl

RECORDED = json.loads((Path(__file__).parent / "terraform_functions.json").read_text())
"""Expressions, and their results as JSON; ``ERROR`` where Terraform refuses."""
UNDECIDED = "?"


def meaning(expression, declared=""):
    text = (declared + a_thing(f"a = {expression}")).encode()
    path = f"{ROOT}/main.tf"
    folder = ModuleFolder.of(ROOT, [hcl.read(path, text)], {path: text})
    (resource,) = TerraformModule(folder).resources({"test_thing"})
    return resource.value.lookup("a")


def said(expression):
    """Return a result as Terraform's console shows it; ``?`` where it is not decided."""
    (origin,) = meaning(expression)
    if isinstance(origin, Opaque):
        return "ERROR" if origin.failed else UNDECIDED
    (plain,) = plains(origin)
    is_handed_on = expression.startswith("jsonencode(") and not isinstance(origin, Known)
    return as_json(as_json(plain)) if is_handed_on else as_json(plain)


# Numbers with an exponent, what readers of YAML differ in, characters of several code points, patterns that Python's
# engine takes long for or means otherwise, and what Terraform does with its own mistakes.
LEFT_OPEN = {
    '"${1e3}"',
    "1e3 + 1",
    'tonumber("1e3")',
    'format("%v", 1000000)',
    'format("%v", 123456789)',
    'format("%v", 1.5)',
    'format("%e", 1.5)',
    'format("%g", 1.5)',
    'format("%.2d", 3)',
    'format("%05s", "a")',
    'yamldecode("[yes]")',
    'yamldecode("- 0x1F")',
    'yamldecode("{1: 2}")',
    'yamldecode("a: 1\\na: 2")',
    'yamldecode("- 2001-01-01")',
    'regex("[\\\\S]x", " ax")',
    'regex("[[:alpha:]]", "a")',
    'regex("(?i)É", "é")',
    'regex("(a+)+", "aa")',
    'substr("e\\u0301a", 1, 1)',
    'lower("İ")',
    'cidrhost("010.0.0.0/8", 1)',
    'cidrsubnet("10.0.0.0/8", -1, 0)',
    "10 % 0",
}


@pytest.mark.parametrize("expression", RECORDED)
def test_what_terraform_says(expression):
    expected = RECORDED[expression]
    found = said(expression)
    if expected == "ERROR":
        assert found in ("ERROR", UNDECIDED)
    elif expression in LEFT_OPEN:
        assert found == UNDECIDED
    else:
        assert json.loads(found) == json.loads(expected)
        assert found == expected or "{" in expected
    assert LEFT_OPEN <= RECORDED.keys()


@pytest.mark.skipif(shutil.which("terraform") is None, reason="the program is not there")
def test_what_was_recorded_is_what_terraform_says(tmp_path):
    decided = [expression for expression, result in RECORDED.items() if result != "ERROR"]
    asked = ", ".join(f"jsonencode({expression})" for expression in decided)
    options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
    version = json.loads(subprocess.run(["terraform", "version", "-json"], check=True, **options).stdout)[
        "terraform_version"
    ]
    if not version.startswith("1.11."):
        pytest.skip(f"recorded with Terraform 1.11, and this is {version}")

    answer = subprocess.run(["terraform", "console"], input=f"jsonencode([{asked}])\n", check=True, **options)

    assert dict(zip(decided, json.loads(json.loads(answer.stdout)), strict=True)) == {
        expression: RECORDED[expression] for expression in decided
    }
