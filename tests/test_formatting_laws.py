"""A fix does not depend on the layout of the text, and leaves the layout alone: the laws over reformatted examples."""

import json
import re
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from tests import oracle, reformatting
from tests.rules.test_rule_examples import FIXED, fixed_by, of_rule, policy_of, unit_of
from tests.support import Unit, text_of, unit

from setsquare.documents import Dialect
from setsquare.model import Remove, ReplaceItem
from setsquare.rules.examples import Example
from setsquare.text import BOM

TERRAFORM = [pair for pair in FIXED if pair[1].dialect is Dialect.TERRAFORM]
TEMPLATES = [
    pair for pair in FIXED if pair[1].dialect is Dialect.CLOUDFORMATION and not pair[1].input.lstrip().startswith("{")
]


@dataclass(frozen=True)
class Case:
    rule: str
    example: Example
    text: str

    def __repr__(self) -> str:
        return f"{self.rule}: {self.example.name}\n{self.text}"

    @property
    def unit(self) -> Unit:
        template = "template.json" if reformatting.is_json(self.text) else "template.yaml"
        names = {Dialect.TERRAFORM: "main.tf", Dialect.CLOUDFORMATION: template}
        return unit(self.text.encode(), names[self.example.dialect], policy_of(self.example.parameters))


@some.composite
def reformatted(draw, pairs, layout):
    rule, example = pairs[draw(some.integers(0, len(pairs) - 1))]
    return Case(rule, example, layout(example.input, Random(draw(some.integers(0, 10**6)))))  # noqa: S311 - no secret


def violations(some_unit: Unit, rule: str) -> list[Any]:
    return [(f.resource, [(v.path, v.expected) for v in f.violations]) for f in of_rule(some_unit, rule)]


def marks(text: bytes) -> set[bytes]:
    return set(re.findall(rb"note\d+\.", text))


def data_of_hcl(text: str) -> Any:
    return reformatting.data_of_hcl(oracle.parse(text))


@cache
def expected(rule: str, index: int) -> bytes:
    pair = next(pair for pair in FIXED if pair[0] == rule and id(pair[1]) == index)
    return text_of(fixed_by(unit_of(pair[1]), rule))


def hold(case: Case) -> bytes:
    """Hold the laws and return the fixed text."""
    before = case.unit
    findings = of_rule(before, case.rule)

    after = fixed_by(before, case.rule)
    text = text_of(after)

    assert violations(before, case.rule) == violations(unit_of(case.example), case.rule)
    assert of_rule(after, case.rule) == []
    assert text_of(fixed_by(after, case.rule)) == text
    assert str(before.prove(before.plan(findings))) == "5/5"
    assert text.startswith(BOM) is case.text.startswith(reformatting.BOM)
    if not any(isinstance(c.change, Remove | ReplaceItem) for f in findings for c in f.fix.changes):
        assert marks(case.text.encode()) == marks(text)
    if "\r\n" in case.text:
        assert not re.search(rb"(?<!\r)\n", text)
    return text


@given(reformatted(TERRAFORM, reformatting.hcl))
@settings(max_examples=250, deadline=None)
def test_laws_over_layouts_of_hcl(case):
    text = hold(case)

    assert data_of_hcl(text.decode()) == data_of_hcl(expected(case.rule, id(case.example)).decode())


@given(reformatted(TEMPLATES, reformatting.template))
@settings(max_examples=250, deadline=None)
def test_laws_over_layouts_of_templates(case):
    text = hold(case)

    whole = expected(case.rule, id(case.example)).decode()
    assert reformatting.data_of_template(text.decode()) == reformatting.data_of_template(whole)


def settled(some_unit: Unit, changes: set[type]) -> bytes:
    """Return a text without what is left to chance.

    Whether a group of badly spaced lines of HCL happens to be aligned, and to which neighbour space and comments belong
    after what stood between is gone.
    """
    text = text_of(some_unit)
    if "/unit/main.tf" in some_unit.texts:
        text = re.sub(rb"[ \t]+=[ \t]+", b" = ", text)
    if Remove in changes:
        text = re.sub(rb"\s", b"", re.sub(rb"#.*|//.*|/\* note\d+\..*?\*/", b"", text))
    return text


@given(reformatted(TERRAFORM, reformatting.hcl) | reformatted(TEMPLATES, reformatting.template))
@settings(max_examples=120, deadline=None)
def test_every_order_of_single_fixes_is_the_batch_in_every_layout(case):
    findings = [f for f in case.unit.analyse().findings if f.fix.available and f.fix.bulk]
    rules = sorted({finding.rule.id for finding in findings})
    changes = {type(change.change) for finding in findings for change in finding.fix.changes}
    forward = backward = case.unit
    for one in rules:
        forward = fixed_by(forward, one)
    for one in reversed(rules):
        backward = fixed_by(backward, one)

    batch = fixed_by(case.unit, *rules) if rules else case.unit

    assert settled(forward, changes) == settled(batch, changes) == settled(backward, changes)


REFUSED = {
    "it is decided in an expression inside a JSON text, which is not edited",
    "the resources are a list here, and a new one has no certain place in it",
}
"""What is known not to be written in JSON syntax: what is inside of an expression, and names in a list."""


def in_json(text: str, random: Random) -> str:
    return json.dumps(oracle.parse(text), indent=random.choice([None, 2, "\t"]), ensure_ascii=False) + "\n"


@given(reformatted(TERRAFORM, in_json))
@settings(max_examples=120, deadline=None)
def test_laws_over_the_json_syntax_of_terraform(case):
    some_unit = unit(case.text, "main.tf.json", policy_of(case.example.parameters))
    findings = of_rule(some_unit, case.rule)
    planned = some_unit.plan(findings)
    after = some_unit.with_texts(planned.apply(some_unit.texts))

    assert violations(some_unit, case.rule) == violations(unit_of(case.example), case.rule)
    assert {re.sub(r"\d+", "N", refusal.reason) for refusal in planned.refused} <= REFUSED
    assert str(some_unit.prove(planned)) == "5/5"
    assert len(of_rule(after, case.rule)) == len(planned.refused)


@given(reformatted(TERRAFORM, reformatting.hcl))
@settings(max_examples=120, deadline=None)
def test_the_layout_of_hcl_is_valid(case):
    assert data_of_hcl(case.text) == data_of_hcl(case.example.input)


@given(reformatted(TEMPLATES, reformatting.template))
@settings(max_examples=120, deadline=None)
def test_the_layout_of_templates_says_the_same(case):
    assert reformatting.data_of_template(case.text) == reformatting.data_of_template(case.example.input)
