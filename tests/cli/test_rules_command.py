"""``rules``: a table, JSON, and the checks of the rules themselves."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands import said, write

from setsquare.cli import rules as command
from setsquare.rules.compiled import RuleFilesError
from setsquare.rules.decoding import Mistake
from setsquare.text import Span

KEYS = ["id", "version", "title", "severity", "terraform", "cloudformation"]
MORE = ["fix", "parameters", "impact", "aliases", "frameworks"]


def test_table_and_json_list_the_same_rules(capsys: Any) -> None:
    status, table, _ = said(capsys, "rules")
    found, text, _ = said(capsys, "rules", "--format", "json")
    rules = json.loads(text)["rules"]
    assert (status, found) == (0, 0)
    assert [line.split()[0] for line in table.splitlines()] == [rule["id"] for rule in rules]
    assert all(list(rule) == [*KEYS, *MORE] for rule in rules)
    assert {rule["fix"] for rule in rules} == {"mechanical", "parameter", "none"}


def test_rules_of_a_policy(tmp_path: Path, capsys: Any) -> None:
    policy = write(tmp_path, {"setsquare.yaml": "policy: 1\n"}) + "/setsquare.yaml"
    assert said(capsys, "rules", "--policy", policy) == said(capsys, "rules")


def test_rule_files_with_mistakes(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_arguments: Any) -> None:
        raise RuleFilesError([Mistake("a.yaml", 2, 3, "wrong", Span(0, 0))])

    monkeypatch.setattr(command, "catalogue_of", fail)
    assert said(capsys, "rules", "--check") == (1, "a.yaml:2:3: wrong\nthe rules, 1 faults\n", "")
