"""Static checks of rules: what they write is accepted, what they name exists, no two contradict each other."""

from tests.small_rules import catalogue, rule, thing
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.model import DialectExpression
from setsquare.rules.checks import (
    Fault,
    contradictions,
    faults_of,
    leaves,
    looser_parameters,
    refused_parameters,
    trees,
)
from setsquare.rules.fixability import fix_kind
from setsquare.rules.locating import located
from setsquare.rules.rule import MISSING, Rule

NO_FIX = "fix: {none: needs-design, reason: hard}"
P = "parameters: {p: {type: string}}"
BOTH = ("terraform test_thing", "cloudformation Test::A::Thing")


def faults(some: Rule, *others: Rule) -> list[str]:
    """Return the faults, without the rule's name."""
    return [str(fault).removeprefix("test-thing-right: ") for fault in faults_of(some, catalogue(some, *others))]


@table(
    "state, expected",
    [
        ("a: true", None),
        ("a: {$at_least: 1, $order: zzz}", "a: the order zzz does not exist"),
        ("a: {$at_least: '1', $order: version}", None),
        ("a: {$at_least: '1.2', $order: tls}", None),
        ("a: {$at_least: 5, $write: 3}", "a: writes 3, which it does not accept"),
        ("a: {$one_of: [x], $write: z}", "a: writes 'z', which it does not accept"),
        ("a: {b: {$none_of: [x], $write: x}}", "a.b: writes 'x', which it does not accept"),
        ("a: {$each: {b: {$at_most: 5, $write: 6}}}", "a.b: writes 6, which it does not accept"),
        ("$any_of: [{a: 1}, {b: {$at_most: 5, $write: 6}}]", "b: writes 6, which it does not accept"),
        ("a: {$none_of: [x]}", None),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", None),
    ],
)
def test_faults_of_a_leaf(state: str, expected: str | None) -> None:
    assert faults(thing(state)) == [f"{where} {expected}" for where in BOTH if expected]


@table(
    "some, expected",
    [
        (thing("a: {$at_least: 5, $write: 3}", target=NO_FIX), []),
        (thing("a: true", extra="implies: [no-rule]"), ["implies: names the rule no-rule, which does not exist"]),
        (thing("a: true", extra="implied_by: [no-rule]"), ["implied_by: names the rule no-rule, which does not exist"]),
        (thing("a: true", extra="implies: [test-thing-right]"), []),
        (thing("a: {$param: q}", extra=P), ["uses the parameter q, which it does not declare"]),
        (thing("a: {$param: p}", extra=P), []),
        (thing("a: {$is: 1, $requires: q}"), ["uses the parameter q, which it does not declare"]),
        (
            thing("a: {$param: p}", extra="parameters: {p: {type: enum(zzz)}}"),
            ["parameters p: the type enum(zzz) names an order that does not exist"],
        ),
        (thing("a: {$param: p}", extra="parameters: {p: {type: enum(tls)}}"), []),
        (
            thing("a: true", target="once: root_module"),
            [f"{where}: is wanted once, but has no anchors and name" for where in BOTH],
        ),
        (
            thing("a: true", target="once: root_module\nanchors: [x]"),
            [f"{where}: is wanted once, but has no anchors and name" for where in BOTH],
        ),
        (thing("a: true", target="once: root_module\nanchors: [x]\nname: n"), []),
    ],
)
def test_faults_of_a_rule(some: Rule, expected: list[str]) -> None:
    assert faults(some) == expected


def test_a_parameter_has_one_type() -> None:
    some = thing("a: {$param: p}", extra=P)
    same = thing("b: {$param: p}", "test-thing-same", P)
    other = thing("b: {$param: p}", "test-thing-other", "parameters: {p: {type: integer}}")

    assert faults(some, same) == []
    assert faults(some, same, other) == ["parameters p: is of type string here and of type integer in test-thing-other"]


COMPANIONS = """
impact: {terraform: in_place, cloudformation: in_place, replaces_when: {r: {$present: true}}}
terraform:
  - resource: test_thing
    when: {w: {$each: {x: 1}, $where: {y: 2}}}
    companions: [{resource: test_c, link: {to: id}, state: {c: 1}}]
"""


def test_trees_of_a_rule() -> None:
    found = [(dialect, kind, [path for path, _ in leaves(tree)]) for dialect, kind, tree in trees(rule(COMPANIONS))]

    assert found == [
        (Dialect.TERRAFORM, "test_c", [("c",)]),
        (Dialect.TERRAFORM, "test_thing", [("w", "x")]),
        (Dialect.TERRAFORM, "test_thing", [("r",)]),
    ]


# --------------------------------------------------------------------- parameters

BOUND = thing("a: {$at_least: 7, $write: {$param: p}}", extra="parameters: {p: {type: integer}}")
OPEN = thing("a: {$at_least: {$param: p}}", "test-thing-open", "parameters: {p: {type: integer}}")
TWO = thing(
    "a: {$at_least: {$param: q}, $write: {$param: p}}",
    "test-thing-two",
    "parameters: {p: {type: integer}, q: {type: integer}}",
)


@table(
    "value, expected",
    [(7, []), (6, ["test-thing-right"]), (DialectExpression("var.x"), [])],
)
def test_refused_parameters(value: object, expected: list[str]) -> None:
    assert refused_parameters(catalogue(BOUND, OPEN, TWO), "p", value) == expected  # type: ignore[arg-type]


@table(
    "outer, inner, expected",
    [
        (9, 9, []),
        (9, 10, []),
        (9, 8, ["test-thing-open"]),
        (DialectExpression("x"), 8, []),
        (9, DialectExpression("x"), []),
    ],
)
def test_looser_parameters(outer: object, inner: object, expected: list[str]) -> None:
    assert looser_parameters(catalogue(BOUND, OPEN, TWO), "p", outer, inner) == expected  # type: ignore[arg-type]


# --------------------------------------------------------------------- contradictions


def other(state: str, extra: str = "", target: str = "") -> Rule:
    return thing(state, "test-thing-zother", extra, target)


WHEN = "when: {{w: {}}}"


@table(
    "one, second, contradict",
    [
        (thing("a: true"), other("a: false"), True),
        (thing("a: true"), other("a: true"), False),
        (thing("a: true"), other("b: false"), False),
        (thing("a: {b: 1}"), other("a: {b: 2}"), True),
        (thing("a: {$at_least: 3}"), other("a: {$at_most: 2}"), True),
        (thing("a: {$at_least: 2}"), other("a: {$at_most: 3}"), False),
        (thing("a: true"), other("a: false", target=NO_FIX), False),
        (thing("a: true", target=WHEN.format(1)), other("a: false", target=WHEN.format(2)), False),
        (thing("a: true", target=WHEN.format(1)), other("a: false", target=WHEN.format(1)), True),
        (thing("a: true", target=WHEN.format(1)), other("a: false"), True),
        (thing("a: {$each: {b: 1}}"), other("a: {$each: {b: 2}}"), False),
        (thing("a: {$entry: {k: v}, b: 1}"), other("a: {$entry: {k: v}, b: 2}"), False),
        (thing("a: {$excludes: [x]}"), other("a: x"), False),
        (thing("a: {$is: 1, $requires: p}", extra=P), other("a: 2"), False),
    ],
)
def test_contradictions(one: Rule, second: Rule, contradict: bool) -> None:
    found = [str(fault) for fault in contradictions(catalogue(one, second))]
    path = "a.b" if one.id in str(found) and "a.b" in str(found) else "a"
    assert found == [
        f"test-thing-zother: {where} {path}: contradicts the rule test-thing-right (test-thing-right)"
        for where in reversed(BOTH)
        if contradict
    ]


def test_a_rule_does_not_contradict_itself() -> None:
    text = "terraform:\n  - {resource: t, state: {a: 1}}\n  - {resource: t, state: {a: 2}}"
    assert list(contradictions(catalogue(rule(text)))) == []


def test_contradictions_under_a_policy_and_among_rules() -> None:
    rules = catalogue(thing("a: {$param: p}", extra=P), other("a: x"))

    def by(value: str) -> list[Fault]:
        return list(contradictions(rules, lambda _, d: value if d is Dialect.TERRAFORM else MISSING))

    assert by("x") == []
    assert [str(fault) for fault in by("y")] == [
        "test-thing-zother: terraform test_thing a: contradicts the rule test-thing-right (test-thing-right)"
    ]
    rules = catalogue(thing("a: 1"), other("a: 2"))
    assert {fault.rule for fault in contradictions(rules, among=["test-thing-right"])} == {"test-thing-right"}
    assert {fault.rule for fault in contradictions(rules, among=["test-thing-zother"])} == {"test-thing-zother"}
    assert not list(contradictions(rules, among=["third"]))


# --------------------------------------------------------------------- what a fix needs


@table(
    "some, expected",
    [
        (thing("a: true"), "mechanical"),
        (thing("a: true", target=NO_FIX), "none"),
        (thing("a: {$param: p}", extra=P), "parameter"),
        (thing("a: {$set: true, $write: {$param: p}}", extra=P), "parameter"),
        (thing("a: {$param: p}\nb: true", extra=P), "parameter"),
        (thing("a: {$param: p}", extra="parameters: {p: {type: string, default: x}}"), "mechanical"),
        (thing("a: {$set: true}"), "none"),
        (thing("a: {$set: true}\nb: true"), "mechanical"),
        (thing("a: {$absent: true}"), "mechanical"),
        (thing("a: {$document: {$has_statement: {Effect: Deny}}}"), "mechanical"),
        (thing("a: {$document: {$no_statement: {Effect: Allow}}}"), "none"),
        (
            rule(
                f"terraform:\n  - {{resource: t, state: {{a: {{$set: true}}}}}}\n  - {{resource: u, state: {{a: 1}}, {NO_FIX}}}"
            ),
            "none",
        ),
    ],
)
def test_kinds_of_fixes(some: Rule, expected: str) -> None:
    assert fix_kind(some) == expected


# --------------------------------------------------------------------- where a fault is

SOURCE = """\
id: x
? [odd]
: y
terraform:
  - resource: a
    state: {p: 1}
  - resource: b
    companions:
      - resource: c
        state:
          $any_of: [{p: 1}, {q: {$each: {r: 1}}}]
    when: {w: 1}
"""


@table(
    "steps, expected",
    [
        ((), (1, 1)),
        (("nothing",), (1, 1)),
        (("id",), (1, 1)),
        (("terraform",), (4, 1)),
        (("terraform", "zzz"), (4, 1)),
        (("terraform", "a"), (5, 15)),
        (("terraform", "a", "p"), (6, 13)),
        (("terraform", "a", "p", "deeper"), (6, 13)),
        (("terraform", "b", "w"), (12, 12)),
        (("terraform", "c"), (9, 19)),
        (("terraform", "c", "q"), (11, 30)),
        (("terraform", "c", "q", "r"), (11, 42)),
    ],
)
def test_where_a_fault_is(steps: tuple[str, ...], expected: tuple[int, int]) -> None:
    mistake = located(Fault("x", "wrong", steps), "r.yaml", SOURCE.encode())

    assert (mistake.line, mistake.column) == expected
    assert mistake.message.endswith("wrong")


def test_a_fault_of_an_empty_file() -> None:
    assert str(located(Fault("x", "wrong", ("id",)), "r.yaml", b"")) == "r.yaml:1:1: x: id: wrong"
