"""Rules against what the providers' schemas and the standards say."""

import json
from pathlib import Path

from tests.small_rules import rule, thing
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.rules.facts import Fact, Facts, Framework, described
from setsquare.rules.rule import Rule
from setsquare.rules.schema_checks import schema_faults

PATHS = {
    "s": "string",
    "e": "string(x|y)",
    "c": "string, computed",
    "new": "string, replaces",
    "maybe": "string, may replace",
    "gone": "string, not in 5, not in 6",
    "goneb": "block, not in 5",
    "goneb.s": "string",
    "b": "block",
    "b.s": "string",
    "b.n": "string, replaces",
    "bs": "blocks",
    "bs.s": "string",
    "o": "object",
    "o.s": "string",
    "os": "objects",
    "os.s": "string",
    "lo": "list(object)",
    "lo.s": "string",
    "l": "list(string)",
    "m": "map",
    "any": "any",
    "arr": "array",
}
FACTS = Facts(
    {Dialect.TERRAFORM: {"test_thing": PATHS}, Dialect.CLOUDFORMATION: {"Test::A::Thing": PATHS}},
    {"cis": Framework(frozenset({"1", "2"}), frozenset({"3"}))},
)
TF, CFN = "terraform test_thing", "cloudformation Test::A::Thing"


def faults(some: Rule, *, is_own: bool = False) -> list[str]:
    return [str(f).removeprefix("test-thing-right: ") for f in schema_faults(some, FACTS, is_own=is_own)]


@table(
    "state, expected",
    [
        ("s: a", None),
        ("zzz: a", "zzz: the schema has no such property"),
        ("b: {zzz: a}", "b.zzz: the schema has no such property"),
        ("b: {s: a}", None),
        ("c: a", "c: this property cannot be set"),
        ("e: x", None),
        ("e: z", "e: the schema does not know the value 'z'"),
        ("e: {$one_of: [x, z]}", "e: the schema does not know the value 'z'"),
        ("e: {$none_of: [z], $write: w}", "e: the schema does not know the value 'w'"),
        ("e: {$is: x, $default: d}", "e: the schema does not know the value 'd'"),
        ("e: {$is: 1}", None),
        ("gone: a", "gone: version 5 and 6 of the provider has no such property"),
        ("goneb: {s: a}", "goneb: version 5 of the provider has no such property"),
        ("goneb: {$if_present: true, s: a}", None),
        ("new: a", "new: replaces the resource, but the impact is in_place"),
        ("new: {$set: true}", None),
        ("new: {$absent: true}", "new: replaces the resource, but the impact is in_place"),
        ("b: {n: a}", "b.n: replaces the resource, but the impact is in_place"),
        ("maybe: a", None),
        ("$any_of: [{s: a}, {new: a}]", None),
        ("$any_of: [{new: a}, {s: a}]", "new: replaces the resource, but the impact is in_place"),
        ("$any_of: [{zzz: a}]", "zzz: the schema has no such property"),
        ("b: a", "b: this is no value but a block"),
        ("bs: a", "bs: this is no value but a repeated block"),
        ("o: a", "o: this is no value but an object"),
        ("os: a", "os: this is no value but a list of objects"),
        ("lo: a", "lo: this is no value but a value of type list(object)"),
        ("m: a", None),
        ("b: {$absent: true}", None),
        ("b: {$set: true}", None),
        ("l: [a]", None),
        ("s: {x: 1}", ["s: this is no block but a value of type string", "s.x: the schema has no such property"]),
        ("m: {x: 1}", None),
        ("any: {x: {y: 1}}", None),
        ("bs: {$each: {s: 1}}", None),
        ("lo: {$each: {s: 1}}", None),
        ("arr: {$each: {$is: 1}}", None),
        ("b: {$each: {s: 1}}", "b: this is no list of blocks but a block"),
        ("bs: {$each: {s: 1}, $where: {zzz: 1}}", "bs.zzz: the schema has no such property"),
        ("bs: {$each: {s: 1}, $where: {s: 1}}", None),
        ("o: {$list: true, s: 1}", "o: this is one object, no list of them"),
        ("o: {s: 1}", None),
        ("os: {$list: true, s: 1}", None),
        ("os: {$entry: {s: k}, s: 1}", None),
    ],
)
def test_states(state: str, expected: str | list[str] | None) -> None:
    messages = [expected] if isinstance(expected, str) else expected or []
    assert faults(thing(state)) == [f"{where} {message}" for where in (TF, CFN) for message in messages]


@table(
    "some, expected",
    [
        (thing("os: {s: 1}"), [f"{CFN} os: this is a list of objects, which $list: true, $each or $entry says"]),
        (thing("s: 1", target="when: {zzz: 1}"), [f"{where} zzz: the schema has no such property" for where in (TF, CFN)]),
        (thing("s: 1", target="when: {c: x, b: {$present: true}}"), []),
        (thing("gone: 1", target="when: {gone: {$present: true}}"), []),
        (thing("gone: 1", target="when: {$any_of: [{gone: {$present: true}}]}"), []),
        (thing("bs: {$each: {s: 1}}\ngone: 1", target="when: {bs: {$each: {s: 1}, $where: {s: 1}}, gone: 1}"), []),
        (thing("gone: 1", target="fix: {none: needs-design, reason: r}"), []),
        (thing("new: 1", target="fix: {none: needs-design, reason: r}"), []),
        (thing("new: 1", target="impact: replaces"), []),
        (thing("new: 1", target="impact: none"), [f"{where} new: replaces the resource, but the impact is none" for where in (TF, CFN)]),
        (thing("new: 1", extra="impact: {terraform: data_loss, cloudformation: replaces}"), []),
        (thing("new: 1", extra="impact: {terraform: none, cloudformation: none, replaces_when: {new: 1}}"), []),
        (thing("new: {$set: true, $write: {$param: p}}", extra="parameters: {p: {type: string}}"), [f"{where} new: replaces the resource, but the impact is in_place" for where in (TF, CFN)]),
        (thing("s: 1", target="anchors: [unknown_type]"), []),
    ],
)  # fmt: skip
def test_targets(some: Rule, expected: list[str]) -> None:
    assert faults(some) == expected


UNKNOWN = "rules/facts say nothing about this type: run tools/generate.py facts"


def companion(link: str, more: str = "", resource: str = "test_thing") -> Rule:
    entry = f"{{resource: {resource}, link: {link}, state: {{s: 1}}{more}}}"
    return rule(f"terraform:\n  - {{resource: test_thing, companions: [{entry}]}}")


@table(
    "some, expected",
    [
        (companion("{s: e}"), []),
        (companion("{b.s: [e, Ref]}"), []),
        (companion("{zzz: e}"), [f"{TF}: test_thing has no property zzz"]),
        (companion("{s: zzz}"), [f"{TF}: test_thing has no property zzz"]),
        (companion("{s: Ref}", ", document: zzz"), [f"{TF}: test_thing has no property zzz"]),
        (companion("{s: Ref}", ", document: e"), []),
        (companion("{x: e}", resource="test_other"), [f"terraform test_other: {UNKNOWN}"]),
    ],
)
def test_links_of_companions(some: Rule, expected: list[str]) -> None:
    assert faults(some) == expected


def test_types_that_nothing_is_known_about() -> None:
    some = rule("terraform:\n  - {resource: test_other, state: {x: 1}}")

    assert faults(some) == [f"terraform test_other: {UNKNOWN}"]
    assert faults(some, is_own=True) == []


@table(
    "extra, expected",
    [
        ("frameworks: {cis: ['1']}", None),
        ("also_relevant: {cis: ['1', '3']}", None),
        ("frameworks: {cis: ['9']}", "frameworks cis: 9 is no requirement of cis"),
        ("frameworks: {cis: ['3']}", "frameworks cis: 3 is mapped by others only: put it under also_relevant"),
        ("also_relevant: {cis: ['9']}", "also_relevant cis: 9 is no requirement of cis"),
        ("frameworks: {iso: ['1']}", "frameworks iso: iso is no framework of rules/frameworks"),
    ],
)
def test_frameworks(extra: str, expected: str | None) -> None:
    assert faults(thing("s: 1", extra=extra)) == ([expected] if expected else [])


def test_an_own_rule_may_have_an_own_framework() -> None:
    some = thing("s: 1", extra="frameworks: {iso: ['1'], cis: ['9']}")
    assert faults(some, is_own=True) == ["frameworks cis: 9 is no requirement of cis"]


@table(
    "text, expected",
    [
        ("string", Fact("string")),
        ("string(a|b)", Fact("string", frozenset({"a", "b"}))),
        ("list(string)", Fact("list(string)")),
        ("block, computed, required", Fact("block", computed=True, required=True)),
        ("number, replaces, not in 5", Fact("number", replaces=True, absent=("5",))),
        ("bool, may replace", Fact("bool", may_replace=True)),
    ],
)
def test_facts_are_read(text: str, expected: Fact) -> None:
    assert Fact.read(text) == expected


def test_facts_are_written() -> None:
    assert described("block", ["computed", "not in 5"]) == "block, computed, not in 5"


def test_facts_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "facts/terraform.json").write_text(json.dumps({"t": {"a": "string"}}))
    (tmp_path / "frameworks/cis.yaml").write_text("claimed: ['1']\n")
    (tmp_path / "frameworks/odd.yaml").write_text("[]\n")
    (tmp_path / "facts/modules.yaml").write_text("module:a/b/aws:\n  acl: string\n")

    facts = Facts.of_folder(tmp_path)

    assert facts.of(Dialect.TERRAFORM, "module:a/b/aws", ("acl",)) == Fact("string")

    assert (facts.knows(Dialect.TERRAFORM, "t"), facts.knows(Dialect.CLOUDFORMATION, "t")) == (True, False)
    assert facts.of(Dialect.TERRAFORM, "t", ("a",)) == Fact("string")
    assert facts.of(Dialect.TERRAFORM, "t", ("a", "b")) is None
    nothing: frozenset[str] = frozenset()
    assert facts.frameworks == {"cis": Framework(frozenset({"1"}), nothing), "odd": Framework(nothing, nothing)}
