"""What the documents show is true: the commands run, the policy loads, the rules' pages are those of the rules."""

import importlib.util
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from setsquare.rules.catalogue import Catalogue
from setsquare.rules.loader import load_rule
from setsquare.rules.policy_file import load_policy

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def fenced(language):
    return [
        pytest.param(document, text, id=f"{document.name} {number}")
        for document in DOCUMENTS
        for number, (name, text) in enumerate(FENCE.findall(document.read_text(encoding="utf-8")))
        if name == language
    ]


@pytest.mark.parametrize(("document", "text"), fenced("console"))
def test_commands_run(document, text, tmp_path):
    shutil.copytree(ROOT / "demo", tmp_path / "demo")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = [line[2:].partition(" #")[0].strip() for line in text.splitlines() if line.startswith("$ ")]
    assert commands
    for command in commands:
        program, *arguments = command.partition(" > ")[0].split()
        if program == "make":
            assert f"\n{arguments[0]}:" in makefile
        elif program == "setsquare":
            ran = subprocess.run(
                [sys.executable, "-m", "setsquare", *arguments], cwd=tmp_path / "demo", capture_output=True, check=False
            )
            assert ran.returncode in (0, 1), ran.stderr
            assert ran.stdout
        else:
            assert program == "pip"


@pytest.mark.parametrize(("document", "text"), fenced("yaml"))
def test_policies_and_rules_load(document, text):
    if text.startswith("policy:"):
        _, mistakes = load_policy("setsquare.yaml", text.encode(), Catalogue.shipped(), date(2026, 6, 1))
    elif text.startswith("id:"):
        _, mistakes = load_rule("rule.yaml", text.encode())
    else:
        return

    assert mistakes == ()


def _generate():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    return generate


def test_pages_are_those_of_the_rules():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}

    assert _generate().pages() == written


def test_the_settings_of_the_server_are_those_that_are_declared():
    written = (ROOT / "docs" / "lsp.md").read_text(encoding="utf-8")

    assert _generate().with_settings(written) == written
    assert "| `minimumSeverity` | `low` | " in written


def test_the_extension_has_the_settings_and_the_version_of_the_server():
    written = (ROOT / "vscode-extension" / "package.json").read_text(encoding="utf-8")

    assert _generate().extension(written) == written
