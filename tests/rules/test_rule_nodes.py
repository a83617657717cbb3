"""The tree of a state: each operator to its node, each mistake to its message."""

import pytest
from tests.tables import table

from setsquare.model import DialectExpression
from setsquare.rules.decoding import Decoder, Unfit
from setsquare.rules.nodes import OPERATORS, NodeDecoder
from setsquare.rules.rule import (
    ANY_ADDRESS,
    AnyElement,
    Bound,
    Contains,
    CoversPort,
    Each,
    Excludes,
    FirstOperand,
    Is,
    IsAbsent,
    IsPresent,
    IsSecret,
    IsSet,
    Leaf,
    MapOperand,
    NoneOf,
    OneOf,
    ParameterOperand,
    Properties,
    SelfOperand,
    Statement,
)

P = ParameterOperand("p")
COVERS = "{$covers_port: {port: 22, $in: [f, t, p]}}"


def read(source: str, *, condition: bool = False) -> tuple[object, list[str]]:
    """Return the node of a text (None where it is none), and the mistakes."""
    decoder = Decoder("r.yaml", f"v: {source}\n".encode())
    root = decoder.root("a rule")
    assert root is not None, decoder.mistakes
    try:
        node: object = NodeDecoder(decoder).node(root.entries[0].value, condition=condition)
    except Unfit:
        node = None
    return node, [str(mistake).removeprefix("r.yaml:1:") for mistake in decoder.mistakes]


@table(
    "source, expected",
    [
        ("true", Leaf(Is(value=True))),
        ("[a, 1]", Leaf(Is(("a", 1)))),
        ("{$is: a}", Leaf(Is("a"))),
        ("{$is: {a: 1, b: [c]}}", Leaf(Is(MapOperand((("a", 1), ("b", ("c",))))))),
        ("{$param: p}", Leaf(Is(P))),
        ("{$first: [{$param: p}, a]}", Leaf(Is(FirstOperand((P, "a"))))),
        ("{$self: id}", Leaf(Is(SelfOperand("id")))),
        ("{$self: arn, $suffix: /*}", Leaf(Is(SelfOperand("arn", "/*")))),
        ("{$expr: var.x}", Leaf(Is(DialectExpression("var.x")))),
        ("{$one_of: [a, b]}", Leaf(OneOf(("a", "b")))),
        ("{$one_of: {$param: p}}", Leaf(OneOf(P))),
        ("{$none_of: {$first: [[a]]}}", Leaf(NoneOf(FirstOperand((("a",),))))),
        ("{$at_least: 3}", Leaf(Bound(3, lower=True))),
        ("{$at_most: '1.2', $order: tls}", Leaf(Bound("1.2", lower=False, order="tls"))),
        ("{$contains: [a]}", Leaf(Contains(("a",)))),
        ("{$contains: [a], $item_key: Key}", Leaf(Contains(("a",), "Key"))),
        ("{$excludes: any_address}", Leaf(Excludes(ANY_ADDRESS))),
        ("{$excludes: [a], $replace: {$param: p}}", Leaf(Excludes(("a",), P))),
        ("{$set: true}", Leaf(IsSet())),
        ("{$absent: true}", Leaf(IsAbsent())),
        ("{$secret: true, $default: null}", Leaf(IsSecret(), default=None)),
        ("{$is: a, $default: b, $explicit: true, $write: c, $requires: p}", Leaf(Is("a"), "b", True, "c", "p")),
        ("{$document: {$no_statement: {Effect: Allow}}}", Leaf(Statement(MapOperand((("Effect", "Allow"),)), wanted=False))),
        (
            "{$document: {$has_statement: {A: {$any: [x, 1]}, C: {$present: true}, D: {$absent: true}}}}",
            Leaf(
                Statement(
                    MapOperand(
                        (
                            ("A", AnyElement(("x", 1))),
                            ("C", MapOperand((("$present", True),))),
                            ("D", MapOperand((("$absent", True),))),
                        )
                    ),
                    wanted=True,
                )
            ),
        ),
        ("{}", Properties()),
        ("{a: 1, b: {c: 2}}", Properties((("a", Leaf(Is(1))), ("b", Properties((("c", Leaf(Is(2))),)))))),
        ("{$if_present: true, $list: true, $entry: {k: v}}", Properties(as_list=True, if_present=True, entry=("k", "v"))),
        ("{$list: false}", Properties()),
        ("{$any_of: [{a: 1}, {b: 2}]}", Properties(any_of=(Properties((("a", Leaf(Is(1))),)), Properties((("b", Leaf(Is(2))),))))),
        ("{$each: {a: 1}}", Each(Properties((("a", Leaf(Is(1))),)))),
        ("{$each: {a: 1}, $where: {b: {$present: true}}}", Each(Properties((("a", Leaf(Is(1))),)), Properties((("b", Leaf(IsPresent())),)))),
        (f"{{$each: {{}}, $where: {COVERS}}}", Each(Properties(), Properties(relations=(CoversPort(22, ("f", "t", "p")),)))),
    ],
)  # fmt: skip
def test_nodes(source: str, expected: object) -> None:
    assert read(source) == (expected, [])


@table(
    "source, expected",
    [
        ("{$present: true}", Leaf(IsPresent())),
        (COVERS, Properties(relations=(CoversPort(22, ("f", "t", "p")),))),
    ],
)
def test_only_conditions_ask_so(source: str, expected: object) -> None:
    name = source.strip("{").partition(":")[0]
    assert read(source, condition=True) == (expected, [])
    assert read(source)[0] is None
    assert [message.partition(", ")[2] for message in read(source)[1]] == [f"expected {name} in when or $where only"]


STATEMENT = "{$has_statement: {..}} or {$no_statement: {..}}"
OPERANDS = "one of $param, $first, $self (with $suffix), $expr"
THREE = "three names: from, to, protocol"


@table(
    "source, expected",
    [
        ("{$iss: 1}", f"5: found '$iss', expected one of {', '.join(OPERATORS)}"),
        ("!Ref a", "4: found something that is not plain YAML, expected a value"),
        ("[!Ref a]", "5: found something that is not plain YAML, expected a value"),
        ("{$is: 1, $set: true}", "4: found a mapping, expected one test and its options, not $is, $set"),
        ("{$is: 1, a: 1}", "4: found a mapping, expected one test and its options, not a"),
        ("{$is: 1, $list: true}", "4: found a mapping, expected one test and its options, not $list"),
        ("{$set: false}", "4: found a mapping, expected $set: true"),
        ("{$set: x}", "11: found 'x', expected true or false"),
        ("{$is: 1, $explicit: x}", "24: found 'x', expected true or false"),
        ("{$is: 1, $requires: 2}", "24: found 2, expected text"),
        ("{$at_least: 1, $order: 2}", "27: found 2, expected text"),
        ("{$contains: [a], $item_key: 2}", "32: found 2, expected text"),
        ("{$one_of: a}", "14: found 'a', expected a list, or a parameter that is one"),
        ("{$excludes: other}", "16: found 'other', expected a list, or a parameter that is one"),
        ("{$param: 1}", "13: found 1, expected text"),
        ("{$param: p, $suffix: x}", f"4: found a mapping, expected {OPERANDS}"),
        ("{$is: {$any: [a]}}", f"10: found a mapping, expected {OPERANDS}"),
        ("{$is: {$absent: true}}", f"10: found a mapping, expected {OPERANDS}"),
        ("{$first: a}", "13: found 'a', expected a list of options"),
        ("{$document: a}", f"16: found 'a', expected {STATEMENT}"),
        ("{$document: {}}", "16: found a mapping, expected one of $has_statement, $no_statement"),
        ("{$document: {$has_statement: [a]}}", "33: found a list, expected a statement: a mapping with Effect, Action, Resource .."),
        ("{$document: {$has_statement: {A: {$any: a}}}}", "44: found 'a', expected a list of values"),
        ("{$order: tls}", "4: found a mapping, expected $order beside a test ($is, $one_of, $none_of, $at_least, $at_most, $contains, $excludes, $set, $absent, $present, $secret, $document)"),
        ("{$list: x}", "12: found 'x', expected true or false"),
        ("{$any_of: x}", "14: found 'x', expected a list of alternatives"),
        ("{$entry: x}", "13: found 'x', expected one key and value, as {name: x}"),
        ("{$entry: {a: 1, b: 2}}", "13: found a mapping, expected one key and value, as {name: x}"),
        ("{$entry: {a: []}}", "17: found a list, expected a text, a number or a boolean"),
        ("{$each: {}, a: 1}", "4: found a mapping, expected only $each and $where together, not a"),
    ],
)  # fmt: skip
def test_mistakes(source: str, expected: str) -> None:
    assert read(source) == (None, [expected])


@table(
    "source, expected",
    [
        ("{$covers_port: x}", "19: found 'x', expected {port: 22, $in: [from, to, protocol]}"),
        ("{$covers_port: {port: 22}}", "19: $in is missing, expected {port: 22, $in: [from, to, protocol]} with port, $in"),
        ("{$covers_port: {port: 22, $in: x}}", f"35: found 'x', expected {THREE}"),
        ("{$covers_port: {port: 22, $in: [a, b]}}", f"35: found a list, expected {THREE}"),
        ("{$covers_port: {port: x, $in: [a, b, c]}}", "26: found 'x', expected a whole number"),
    ],
)  # fmt: skip
def test_mistakes_in_ports(source: str, expected: str) -> None:
    assert read(source, condition=True) == (None, [expected])


def test_a_property_with_a_mistake_hides_no_other() -> None:
    assert read("{a: {$set: 1}, b: {$set: 2}, c: 3}") == (
        Properties((("c", Leaf(Is(3))),)),
        ["15: found 1, expected true or false", "29: found 2, expected true or false"],
    )


def test_properties_are_no_leaf() -> None:
    decoder = Decoder("r.yaml", b"$set: true\n")
    root = decoder.root("a rule")
    assert root is not None

    with pytest.raises(Unfit):
        NodeDecoder(decoder).properties(root)

    assert [str(m) for m in decoder.mistakes] == ["r.yaml:1:1: found a mapping, expected a mapping of properties"]
