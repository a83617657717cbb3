"""The proof of a fix: it holds for fixes as they are, and each of its five checks fails when something is wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.small_rules import a_thing, module, template, thing
from tests.support import ROOT, Unit
from tests.tables import table

from setsquare.findings import Analysis, Problem
from setsquare.fixes import Plan
from setsquare.model import (
    ExtendList,
    Insert,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewResource,
    Remove,
    ReplaceItem,
    ResourceReference,
    SetValue,
    WrittenMap,
)
from setsquare.proof import Proof, prove
from setsquare.readback import read_back
from setsquare.records import record
from setsquare.text import Edit, Span

MAIN = f"{ROOT}/main.tf"
ASKED = thing("a: true\nb: {c: 1}")
CHECKS = (
    "the finding is gone",
    "nothing new appears",
    "a second application changes nothing",
    "every other byte is untouched",
    "another parser reads the result",
)


def planned(some: Unit) -> Plan:
    return some.plan(some.analyse().findings)


def failed(proof: Proof) -> dict[str, str]:
    return {check.name: check.detail for check in proof.checks if not check.passed}


@record
class Sabotaged(Plan):
    """A plan whose application gives another text."""

    text: bytes = b""

    def apply(self, _sources: Mapping[str, bytes]) -> dict[str, bytes]:
        return {MAIN: self.text}


def sabotaged(some: Unit, old: bytes, new: bytes) -> Sabotaged:
    plan = planned(some)
    text = plan.apply(some.texts)[MAIN]
    assert old in text
    return Sabotaged(plan.edits, plan.served, plan.refused, text.replace(old, new, 1))


@pytest.mark.parametrize(
    "some",
    [
        module(a_thing("a = false"), ASKED),
        module({"x.tf.json": '{"resource": {"test_thing": {"x": {"a": false}}}}'}, thing("a: true")),
        template("Resources:\n  X:\n    Type: Test::A::Thing\n", ASKED),
        template('{"Resources": {"X": {"Type": "Test::A::Thing"}}}', ASKED),
    ],
    ids=["HCL", "JSON", "YAML template", "JSON template"],
)
def test_a_fix_as_it_is_passes_every_check(some):
    proof = some.prove(planned(some))

    assert [check.name for check in proof.checks] == list(CHECKS)
    assert (proof.holds, str(proof), failed(proof)) == (True, "5/5", {})


def test_a_finding_that_stays():
    faulty = thing("a: {$excludes: [x, y], $replace: [y]}")
    some = module(a_thing('a = ["x"]'), faulty)

    proof = some.prove(planned(some))

    assert failed(proof) == {
        "the finding is gone": "test-thing-right on test_thing.x",
        "a second application changes nothing": MAIN,
    }
    assert not proof.holds


def test_a_finding_that_is_new():
    other = thing("z: {$absent: true}", "test-thing-bare")
    some = module(a_thing("a = false"), ASKED, other)

    proof = some.prove(sabotaged(some, b"a = true", b"a = true\n  z = 1"))

    assert failed(proof) == {
        "nothing new appears": "test-thing-bare on test_thing.x",
        "every other byte is untouched": MAIN,
    }
    assert str(proof) == "3/5"


def test_a_finding_that_is_no_longer_known():
    some = module(a_thing("a = false"), thing("a: true"))

    proof = some.prove(sabotaged(some, b"a = true", b"a = var.x"))

    assert failed(proof)["nothing new appears"] == "test-thing-right on test_thing.x"


def test_a_problem_that_is_new():
    some = module(a_thing("a = false"), thing("a: true"))
    before = some.analyse()

    def again(changed: Mapping[str, bytes]) -> Analysis:
        return replace(some.analyse(changed), problems=(Problem(MAIN, "broken"),))

    assert failed(prove(before, some.texts, planned(some), again)) == {"nothing new appears": "broken"}


@pytest.mark.parametrize("new", [b"y = 2\n", b"", b"z = 1\n\n"])
def test_bytes_outside_the_edits(new):
    some = module(a_thing("a = false") + "z = 1\n", thing("a: true"))

    assert failed(some.prove(sabotaged(some, b"z = 1\n", new))) == {"every other byte is untouched": MAIN}


def test_edits_side_by_side_are_no_reason_to_fail():
    some = module(a_thing("a = 1\nb = 1\nz = 1"), thing("a: {$absent: true}\nb: {$absent: true}"))
    at = some.texts[MAIN].index(b"  a = 1\n")
    lines = (Edit(Span(at, at + 8), b""), Edit(Span(at + 8, at + 16), b""))

    proof = some.prove(replace(planned(some), edits={MAIN: lines}))

    assert failed(proof) == {}


def test_a_text_that_the_other_parser_rejects():
    some = module(a_thing("a = false"), thing("a: true"))

    proof = some.prove(sabotaged(some, b"a = true", b'a = true\n  b "'))

    assert "another parser reads the result" in failed(proof)


# --------------------------------------------------------------------- the other parser

HCL = b'resource "t" "x" {\n  a = "v"\n  n = [1, true]\n  b {\n    c = "${t.y.id}/*"\n  }\n}\n\nresource "t" "y" {\n  a = 1\n}\n'
EVERYWHERE = (Edit(Span(0, 0), HCL),)
HERE = Span(0, 0)


@table(
    "change, expected",
    [
        (SetValue(HERE, "v"), None),
        (SetValue(HERE, "w"), "w not found"),
        (SetValue(HERE, value=True), None),
        (SetValue(HERE, ("v", 1, None)), None),
        (SetValue(HERE, WrittenMap((("a", "v"), ("q", 2)))), "2, q not found"),
        (SetValue(HERE, JsonDocument(WrittenMap((("a", 1),)))), None),
        (SetValue(HERE, ResourceReference("t", "y", "arn")), None),
        (ExtendList(HERE, (1, 7)), "7 not found"),
        (ReplaceItem(HERE, ("v",)), None),
        (Insert(HERE, (NewBlock("b", (NewAttribute("c", ResourceReference("t", "y", "id", "/*")),)),)), None),
        (Insert(HERE, (NewBlock("b", (NewAttribute("d", 1),)),)), "d not found"),
        (NewResource(None, "t", "y", (NewAttribute("a", 1),)), None),
        (NewResource(None, "t", "y", (NewAttribute("e", 1),)), "e not found"),
        (Remove(HERE), None),
    ],
)
def test_what_must_be_found(change, expected):
    assert read_back("x.tf", HCL, EVERYWHERE, [change]) == expected


@table(
    "name, text, value, expected",
    [
        ("x.json", b'{"a": ["v", {"b": 7}]}', "v", None),
        ("x.json", b'{"a": 1}', "v", "v not found"),
        ("x.json", b'\xef\xbb\xbf{"a": true}', True, None),
        ("x.json", b"{", "v", "cannot be read: "),
        ("x.json", b"[" * 100_000, "v", "cannot be read: "),
        ("x.tf.json", b'{"a": null, "b": "v"}', "v", None),
        ("x.tfvars.json", b'{"a": "v"}', "v", None),
        ("x.yaml", b"a: !Sub v\nb: [{c: 7}]\n", "v", None),
        ("x.yaml", b"a: *gone\n", "v", "PyYAML rejects it: "),
        ("x.yaml", b"a: 1\n---\nb: v\n", "v", None),
        ("x.yaml", b"", "v", "v not found"),
        ("x.tf", b"a {\n  b = \n}\n", "v", "python-hcl2 rejects it: "),
        ("x.tf", b'a "b" "c" {\n  d = <<EOF\n{"e": ["v"]}\nEOF\n}\n', "v", None),
        ("x.tf", b'a "b" "c" {\n  d = jsonencode({ e = "v" })\n}\n', "v", None),
        ("x.tf", b'a "b" "c" {\n  d = "x\\"y"\n}\n', 'x"y', None),
    ],
)
def test_each_format_has_its_other_parser(name, text, value, expected):
    fault = read_back(name, text, (Edit(Span(0, 0), text),), [SetValue(HERE, value)])

    assert fault == expected or (expected is not None and expected.endswith(": ") and str(fault).startswith(expected))


def test_only_the_blocks_that_changed_are_read_again():
    broken = HCL + b'resource "t" "z" {\n  b { c = 1, d = 2 }\n}\n'
    at = HCL.index(b'"v"')

    edit = Edit(Span(at, at + 1), b'"v"')

    assert read_back("x.tf", broken, (edit,), [SetValue(HERE, "v")]) is None
    assert read_back("x.tf", broken, (edit,), [SetValue(HERE, "z")]) == "z not found"


def test_a_plan_is_proven_on_every_file_that_it_changes():
    files = {"main.tf": a_thing("a = var.v"), "v.tf": 'variable "v" {\n  default = false\n}\n'}
    some = module(files, thing("a: true"))

    assert str(some.prove(planned(some))) == "5/5"
