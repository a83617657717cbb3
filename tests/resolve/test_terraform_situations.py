"""Situations in Terraform modules, as data: what is judged, what is blamed, which instances, and what the fix changes."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.small_rules import module, thing, verdict, with_fixes
from tests.support import ROOT, Unit

from setsquare.rules.catalogue import Catalogue
from setsquare.text import LineIndex

_SITUATIONS = Path(__file__).parent / "terraform.yaml"


@dataclass(frozen=True)
class Situation:
    """One entry of the file of situations.

    Attributes:
        name: what happens, in words.
        files: the texts, by name.
        state: what the rule asks of ``test_thing``; or ``rules``, the ids of shipped rules.
        verdict: of the module as a whole.
        at: the texts of the origins that violate, with their files and lines.
        instances: the instances that are named.
        change: the lines that the fix removes and adds.
        no_fix: why there is no fix.

    """

    name: str
    files: Mapping[str, str]
    verdict: str
    state: str = ""
    rules: tuple[str, ...] = ()
    at: tuple[str, ...] | None = None
    instances: tuple[str, ...] | None = None
    change: str = ""
    no_fix: str = ""

    def unit(self) -> Unit:
        if self.state:
            return module(self.files, thing(self.state))
        catalogue = Catalogue.shipped().only(lambda rule: rule.id in self.rules)
        some = module(self.files)
        return Unit(some.texts, some.policy, catalogue)


def _situations() -> list[Any]:
    found = []
    for entry in yaml.safe_load(_SITUATIONS.read_text(encoding="utf-8")):
        lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
        found.append(pytest.param(Situation(**{**entry, **lists}), id=entry["name"]))
    return found


def _origins(some: Unit) -> list[str]:
    found = []
    for finding in some.analyse().findings:
        for violation in finding.violations:
            if violation.origin is not None:
                path, (start, end) = violation.origin.path, violation.origin.span
                line = LineIndex(some.texts[path]).line_of(start) + 1
                found.append(f"{path.removeprefix(f'{ROOT}/')}:{line}: {some.texts[path][start:end].decode()}")
    return sorted(found)


def _changed(before: Unit, after: Unit) -> str:
    lines = []
    for path in sorted(before.texts):
        texts = [some.texts[path].decode().splitlines() for some in (before, after)]
        lines += [line for line in difflib.unified_diff(*texts, n=0, lineterm="") if line[:3] not in _HEADERS]
    return "".join(f"{line}\n" for line in lines if not line.startswith("@@"))


_HEADERS = ("---", "+++")


@pytest.mark.parametrize("situation", _situations())
def test_situations_in_terraform(situation):
    some = situation.unit()

    assert verdict(some) == situation.verdict
    if situation.at is not None:
        assert _origins(some) == sorted(situation.at)
    if situation.instances is not None:
        assert [name for finding in some.analyse().findings for name in finding.named] == list(situation.instances)
    if situation.no_fix:
        assert [finding.fix.reason for finding in some.analyse().findings] == [situation.no_fix]
    if situation.change:
        after = with_fixes(some)
        assert _changed(some, after) == situation.change
        assert verdict(after) == "satisfied"
