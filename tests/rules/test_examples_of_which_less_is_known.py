"""An example in which one literal is replaced by something that is not known: its verdict stays, or is unknown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.rules.test_rule_examples import ALL, unit_of
from tests.support import Unit, unit

from setsquare.documents import Dialect
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.examples import Example

_TERRAFORM = re.compile(r'^ *([\w-]+) *= *(true|false|null|\d+|"[^"$%\\]*"|\[[^\[\]\n{}]*\])$', re.MULTILINE)
_TEMPLATE = re.compile(r"^ *(?:- )*(\w+): ([^\s!&*\[{|>#'][^#\n]*|'[^'\n]*'|\[[^\[\]\n{}]*\])$", re.MULTILINE)
_FIXED = (
    "count",
    "for_each",
    "source",
    "Type",
    "Default",
    "AWSTemplateFormatVersion",
    "Transform",
    "Condition",
    "NoEcho",
)
"""Where nothing but a literal may stand, or where what is not known counts as there."""


@dataclass(frozen=True)
class Case:
    rule: str
    example: Example
    start: int
    end: int

    def __repr__(self) -> str:
        return f"{self.rule}: {self.example.name}: {self.example.input[self.start : self.end]!r}\n{self.example.input}"

    @property
    def whole(self) -> Unit:
        catalogue = Catalogue.shipped().only(lambda rule: rule.id == self.rule)
        return replace(unit_of(self.example), catalogue=catalogue)

    @property
    def less(self) -> Unit:
        whole = self.whole
        text = self.example.input
        unknown = "file(1)" if self.example.dialect is Dialect.TERRAFORM else "!Select [0, !Ref Unknown]"
        blurred = unit(text[: self.start] + unknown + text[self.end :], next(iter(whole.texts)).rpartition("/")[2])
        return replace(whole, texts=blurred.texts)


def cases() -> Iterator[Case]:
    for rule, example in ALL:
        if example.input.lstrip().startswith("{"):
            continue
        pattern = _TERRAFORM if example.dialect is Dialect.TERRAFORM else _TEMPLATE
        for match in pattern.finditer(example.input):
            if match.group(1) not in _FIXED and not _in_text(example.input, match.start()):
                yield Case(rule, example, *match.span(2))


def _in_text(text: str, at: int) -> bool:
    """Whether a place is inside a heredoc, a block scalar or the declaration of a parameter."""
    before = text[:at]
    heredoc = re.findall(r"<<-?(\w+)$", before, re.MULTILINE)
    if heredoc and not re.search(
        rf"^ *{heredoc[-1]}$", before[before.rindex(heredoc[-1]) :].split("\n", 1)[-1], re.MULTILINE
    ):
        return True
    sections = re.findall(r"^(\w+):", before, re.MULTILINE)
    return bool(sections) and sections[-1] != "Resources"


CASES = list(cases())


def disagreement(case: Case) -> str | None:
    whole, less = case.whole.analyse(), case.less.analyse()
    violated = {finding.resource for finding in whole.findings}
    still = {finding.resource for finding in less.findings}
    silent = violated - still - {finding.resource for finding in less.unknown}
    if still - violated:
        return f"violated only where less is known: {sorted(still - violated)}"
    return f"satisfied only where less is known: {sorted(silent)}" if silent else None


def test_there_are_cases():
    assert {case.example.dialect for case in CASES} == set(Dialect)


@given(some.sampled_from(CASES))
@settings(max_examples=600, deadline=None)
def test_law_less_known_is_no_other_verdict(case):
    assert disagreement(case) is None
