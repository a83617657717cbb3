"""Functions, operators and templates against what Terraform 1.11 itself says (recorded with ``terraform console``)."""

import json
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


# Terraform shows large numbers with an exponent, and its own spelling of rare patterns and numbers is not followed.
LEFT_OPEN = {
    'format("%v", 1000000)',
    'format("%v", 123456789)',
    'tonumber("1e3")',
    '"${1e3}"',
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
        assert found == expected or expected.startswith("{")
