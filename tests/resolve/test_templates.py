"""Situations in templates, as data: what is judged, what is blamed, and what the fix changes."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.small_rules import template, thing, verdict, with_fixes
from tests.support import Unit, text_of, unit

from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy

_HERE = Path(__file__).parent
_FILES = ("templates.yaml", "sam_templates.yaml")


@dataclass(frozen=True)
class Situation:
    """One entry of a file of situations.

    Attributes:
        name: what happens, in words.
        state: what the rule asks of ``Test::A::Thing``; or ``rules``, the ids of shipped rules.
        template: the text.
        verdict: of the template as a whole.
        at: the texts of the origins that violate, with their lines.
        change: the lines that the fix removes and adds.
        no_fix: why there is no fix.
        asks: whether the fix is not made in bulk.

    """

    name: str
    template: str
    verdict: str
    state: str = ""
    rules: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    change: str = ""
    no_fix: str = ""
    asks: bool = False

    def unit(self) -> Unit:
        if self.state:
            return template(self.template, thing(self.state))
        some = unit(self.template, "template.yaml", Policy.default())
        return Unit(some.texts, some.policy, Catalogue.shipped().only(lambda rule: rule.id in self.rules))


def _situations() -> list[Any]:
    found = []
    for file in _FILES:
        for entry in yaml.safe_load((_HERE / file).read_text(encoding="utf-8")):
            lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
            found.append(pytest.param(Situation(**{**entry, **lists}), id=entry["name"]))
    return found


def _origins(some: Unit) -> tuple[str, ...]:
    source = text_of(some)
    found = []
    for finding in some.analyse().findings:
        for violation in finding.violations:
            if violation.origin is not None:
                start, end = violation.origin.span
                line = source.count(b"\n", 0, start) + 1
                found.append(f"{line}: {source[start:end].decode()}")
    return tuple(sorted(dict.fromkeys(found), key=lambda text: (int(text.partition(":")[0]), text)))


def _changed(before: Unit, after: Unit) -> str:
    lines = [text_of(some).decode().splitlines() for some in (before, after)]
    diff = difflib.unified_diff(*lines, n=0, lineterm="")
    return "\n".join(line for line in diff if not line.startswith(("---", "+++", "@@")))


@pytest.mark.parametrize("situation", _situations())
def test_situation(situation):
    some = situation.unit()

    findings = some.analyse().findings

    assert verdict(some) == situation.verdict
    if situation.at:
        assert _origins(some) == situation.at
    if situation.verdict != "violated":
        return
    assert {finding.fix.reason or "" for finding in findings} == {situation.no_fix}
    after = with_fixes(some)
    assert _changed(some, after) == situation.change.rstrip("\n")
    if situation.no_fix:
        return
    assert {finding.fix.bulk for finding in findings} == {not situation.asks}
    assert verdict(after) != "violated"
    assert some.prove(some.plan(findings)).holds
