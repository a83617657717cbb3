"""The reports for people: frames, colours, diffs, pages of rules."""

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.commands import QUEUE, VOLUME, said, write
from tests.tables import table

from setsquare.output.diff import unified
from setsquare.output.rule_page import index, render
from setsquare.rules.catalogue import Catalogue

UNKNOWN = 'variable "x" {}\nresource "aws_ebs_volume" "v" {\n\tencrypted = var.x\n}\n'


def test_frame(tmp_path: Path, capsys: Any) -> None:
    _, out, _ = said(capsys, "check", write(tmp_path, {"main.tf": VOLUME}))
    assert "  --> main.tf:3:23\n    |\n  3 |   encrypted         = false\n    |                       ^^^^^\n" in out
    assert "   = fix: replaces the resource, asks first\n" in out
    assert "   = no fix: needs policy parameter kms_key\n" in out


def test_unknown_is_shown_on_request(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": UNKNOWN})
    assert "unknown[" not in said(capsys, "check", folder)[1]
    out = said(capsys, "check", folder, "--show-unknown")[1]
    assert "  3 | \tencrypted = var.x\n    | \t            ^^^^^\n   = decided by: main.tf\n" in out


def test_long_line_has_no_frame(tmp_path: Path, capsys: Any) -> None:
    text = f'resource "aws_sqs_queue" "q" {{ sqs_managed_sse_enabled = false /* {"x" * 160} */ }}\n'
    out = said(capsys, "check", write(tmp_path, {"main.tf": text}))[1]
    assert "  --> main.tf:1:" in out
    assert " | " not in out


@table("setting, coloured", [("TERM=xterm", True), ("TERM=dumb", False), ("NO_COLOR=1", False)])
def test_colours(setting: str, coloured: bool, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(*setting.split("="))
    folder = write(tmp_path, {"main.tf": f"# setsquare:ignore aws-sqs-encrypted why\n{QUEUE}"})
    assert "\033" not in said(capsys, "check", folder)[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ("\033[" in said(capsys, "check", folder)[1]) is coloured


@table(
    "before, after, lines",
    [
        (b"", b"a\n", [b"+a\n"]),
        (b"a", b"b\n", [b"-a\n\\ No newline at end of file\n", b"+b\n"]),
        (b"a\r\n", b"b\r\n", [b"-a\r\n", b"+b\r\n"]),
    ],
)
def test_diff(before: bytes, after: bytes, lines: list[bytes]) -> None:
    assert [*unified("x", before, after)][3:] == lines


def test_every_rule_has_a_page() -> None:
    rules = [*Catalogue.shipped().rules.values()]
    listed = index(rules)
    for rule in rules:
        assert render(rule).startswith(f"# {rule.title}\n")
        assert f"({rule.id}.md)" in listed
