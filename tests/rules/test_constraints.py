"""The algebra of constraints: what each operator accepts, what it writes, and that it accepts what it writes."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some
from tests.origins import ABSENT, OPAQUE, REFERENCE, as_value, more, origin, text
from tests.small_rules import ORDERS, thing
from tests.tables import table

from setsquare.model import DialectExpression, JsonDocument, ResourceReference, Written, WrittenMap
from setsquare.rules.binding import Binding, BoundLeaf, Unset
from setsquare.rules.constraints import (
    Contradiction,
    accepts,
    accepts_own_write,
    is_any_address,
    is_forbidden_item,
    merged_write,
    missing_items,
    number,
    origin_of,
    rests_on_default,
    same_scalar,
)
from setsquare.rules.rule import (
    MISSING,
    Bound,
    Contains,
    Excludes,
    Is,
    Leaf,
    MapOperand,
    NoneOf,
    OneOf,
    Properties,
    SelfOperand,
)

_PARAMETERS = (
    "parameters: {days: {type: integer}, names: {type: list(string)}, cidr: {type: cidr, default: 10.0.0.0/8}}"
)


def bound(written: str, policy: Mapping[str, Written] | None = None) -> BoundLeaf | None:
    loaded = thing(f"a: {written}", extra=_PARAMETERS)
    (target,) = next(iter(loaded.targets.values()))
    assert isinstance(target.state, Properties)
    ((_, node),) = target.state.children
    assert isinstance(node, Leaf)
    return Binding(loaded.parameters, lambda name: (policy or {}).get(name, MISSING)).leaf(node)


def leaf(written: str, policy: Mapping[str, Written] | None = None) -> BoundLeaf:
    found = bound(written, policy)
    assert found is not None
    return found


@table(
    "written, value, expected",
    [
        ("true", True, True),
        ("true", "True", True),
        ("true", False, False),
        ("true", 1, False),
        ("true", "yes", False),
        ("'true'", True, True),
        ("1", True, False),
        ("7", 7.0, True),
        ("7", " 7 ", True),
        ("'7'", 7, True),
        ("7", "seven", False),
        ("a", "a", True),
        ("a", "A", False),
        ("a", text("a", None), None),
        ("a", text("b", None), False),
        ("a", text(None, "\n"), False),
        ("7", text("b", None), None),
        ("a", OPAQUE, None),
        ("a", REFERENCE, None),
        ("a", {"x": 1}, None),
        ("a", ["a"], True),
        ("a", [], False),
        ("a", ["a", "b"], False),
        ("a", [("a", "b")], False),
        ("a", more("a"), None),
        ("[a, b]", ["b", "a"], True),
        ("[a, b]", ["b", "a", "a"], True),
        ("[a, b]", ["a"], False),
        ("[a, b]", ["a", "b", "c"], False),
        ("[a, b]", ["a", "b", OPAQUE], None),
        ("[a, b]", more("a", "b"), None),
        ("[a, b]", more("a", "c"), False),
        ("[a]", "a", True),
        ("[a, b]", "a", False),
        ("[a]", OPAQUE, None),
        ("{$expr: aws_kms_key.main.arn}", REFERENCE, True),
        ("{$expr: aws_kms_key.other.arn}", REFERENCE, None),
        ("{$one_of: [a, b]}", "b", True),
        ("{$one_of: [a, b]}", "c", False),
        ("{$one_of: [a, b]}", ["a", "b"], True),
        ("{$one_of: [a, b]}", ["a", "c"], False),
        ("{$one_of: [a, b]}", more("a"), None),
        ("{$one_of: [a, b]}", [("a", None)], True),
        ("{$one_of: [a, b]}", text("a", None), None),
        ("{$one_of: [a, b]}", text("c", None), False),
        ("{$none_of: [a, b], $write: c}", "c", True),
        ("{$none_of: [a, b], $write: c}", "a", False),
        ("{$none_of: [a, b], $write: c}", text("c", None), True),
        ("{$none_of: [a, b], $write: c}", ["c", "b"], False),
        ("{$none_of: [a, b], $write: c}", OPAQUE, None),
        ("{$at_least: 7}", 7, True),
        ("{$at_least: 7}", "8", True),
        ("{$at_least: 7}", 6.5, False),
        ("{$at_least: 7}", "many", None),
        ("{$at_least: 7}", True, None),
        ("{$at_least: 7}", OPAQUE, None),
        ("{$at_most: 7}", 7, True),
        ("{$at_most: 7}", 8, False),
        ("{$at_least: '1.2', $order: tls}", "1.2", True),
        ("{$at_least: '1.2', $order: tls}", "1.3", True),
        ("{$at_least: '1.2', $order: tls}", "1.1", False),
        ("{$at_most: '1.2', $order: tls}", "1.3", False),
        ("{$at_least: '1.2', $order: tls}", "2.0", None),
        ("{$at_least: 9, $order: tls}", "1.2", None),
        ("{$at_least: '1.10', $order: version}", "1.9", False),
        ("{$at_least: '1.10', $order: version}", "1.11", True),
        ("{$at_least: '1.10', $order: version}", "1.10.3", True),
        ("{$at_least: '1.10.2', $order: version}", "1.10", None),
        ("{$at_least: '1.10.2', $order: version}", "1.9", False),
        ("{$at_most: '7.0.4', $order: version}", "7.0.5", False),
        ("{$at_most: '7.0.4', $order: version}", "7.0.4", True),
        ("{$at_most: '7.0', $order: version}", "7.0.0", True),
        ("{$at_most: '7.0.4', $order: version}", "7.0", None),
        ("{$at_most: '7.0.4', $order: version}", "6.x", True),
        ("{$at_least: '1.10', $order: version}", "latest", None),
        ("{$at_most: '3.x', $order: version}", "3.14.1", True),
        ("{$at_most: '3.x', $order: version}", "4.0.0", False),
        ("{$at_most: '3.x', $order: version}", "~> 3.2", True),
        ("{$at_most: '3.x', $order: version}", "~> 3.2.1", True),
        ("{$at_most: '3.x', $order: version}", "~> 3", None),
        ("{$at_most: '3.x', $order: version}", ">= 3.0", None),
        ("{$at_most: '3.x', $order: version}", "> 3.0, < 4.0", True),
        ("{$at_most: '3.x', $order: version}", "> 4.0", False),
        ("{$at_most: '3.x', $order: version}", "< 4.1", None),
        ("{$at_most: '3.x', $order: version}", "<= 3.9, != 3.8", True),
        ("{$at_most: '3.x', $order: version}", "= 3.7.0", True),
        ("{$at_most: '3.x', $order: version}", "~> 3.0, 3.7.0", True),
        ("{$at_most: '3.x', $order: version}", "~> new", None),
        ("{$at_most: '3.8.x', $order: version}", "~> 3.0", None),
        ("{$at_most: '3.x', $order: version}", "< 0.0", True),
        ("{$at_least: '4.0', $order: version}", "~> 4.0", True),
        ("{$at_least: '4.0', $order: version}", "~> 3.0", False),
        ("{$at_least: '4.0', $order: version}", ">= 3.0", None),
        ("{$at_least: x, $order: version}", "~> 3.0", None),
        ("{$contains: [a, b]}", ["b", "c", "a"], True),
        ("{$contains: [a, b]}", ["a"], False),
        ("{$contains: [a, b]}", ["a", OPAQUE], None),
        ("{$contains: [a, b]}", more("a"), None),
        ("{$contains: [a, b]}", more("a", "b"), True),
        ("{$contains: [a, b]}", [("a", "c"), "b"], False),
        ("{$contains: [a, b]}", "a", None),
        ("{$contains: [a], $item_key: n}", [{"n": "a"}], True),
        ("{$contains: [a], $item_key: n}", [{"n": "b"}], False),
        ("{$contains: [a], $item_key: n}", ["a"], None),
        ("{$excludes: [a], $replace: []}", ["b"], True),
        ("{$excludes: [a], $replace: []}", ["b", "a"], False),
        ("{$excludes: [a], $replace: []}", [("a", "b")], False),
        ("{$excludes: [a], $replace: []}", "a", False),
        ("{$excludes: [a], $replace: []}", more("b"), None),
        ("{$excludes: any_address, $replace: []}", "0.0.0.0/0", False),
        ("{$excludes: any_address, $replace: []}", "10.0.0.0/0", False),
        ("{$excludes: any_address, $replace: []}", "0:0::/0", False),
        ("{$excludes: any_address, $replace: []}", ["10.0.0.0/8", "::/0"], False),
        ("{$excludes: any_address, $replace: []}", ["10.0.0.0/8", "sg-1"], True),
        ("{$excludes: any_address, $replace: []}", 0, True),
        ("{$excludes: any_address, $replace: []}", text(None, "/32"), True),
        ("{$excludes: any_address, $replace: []}", text(None, "/0"), None),
        ("{$excludes: any_address, $replace: []}", text(None, "0"), None),
        ("{$excludes: any_address, $replace: []}", text("10.0.0.0/", None), None),
        ("{$excludes: any_address, $replace: []}", text("0.0.0.0/0,", None, "/24"), None),
        ("{$excludes: any_address, $replace: []}", OPAQUE, None),
        ("{$set: true, $write: x}", "y", True),
        ("{$set: true, $write: x}", "", False),
        ("{$set: true, $write: x}", 0, True),
        ("{$set: true, $write: x}", REFERENCE, True),
        ("{$set: true, $write: x}", text("y", None), True),
        ("{$set: true, $write: x}", [], False),
        ("{$set: true, $write: x}", ["y"], True),
        ("{$set: true, $write: x}", more(), None),
        ("{$set: true, $write: x}", {}, True),
        ("{$set: true, $write: x}", OPAQUE, None),
        ("{$absent: true}", "y", False),
        ("{$absent: true}", "", True),
        ("{$absent: true}", OPAQUE, None),
        ("{$secret: true}", "hunter2", False),
        ("{$secret: true}", "", True),
        ("{$secret: true}", "{{resolve:secretsmanager:x}}", True),
        ("{$secret: true}", "{{resolve:ssm:x}}", False),
        ("{$secret: true}", text("{{resolve:ssm-secure:", None), True),
        ("{$secret: true}", text("password-", None), None),
        ("{$secret: true}", REFERENCE, True),
        ("{$secret: true}", OPAQUE, None),
        ("{$document: {$no_statement: {Effect: Allow}}}", "{}", None),
    ],
)
def test_what_is_accepted(written, value, expected):
    assert accepts(leaf(written), origin(value), ORDERS) is expected


@table(
    "written, expected",
    [
        ("true", False),
        ("{$is: true, $default: true}", True),
        ("{$is: true, $default: false}", False),
        ("{$is: true, $default: true, $explicit: true}", False),
        ("{$is: true, $default: null}", False),
        ("{$none_of: [a], $default: null, $write: b}", True),
        ("{$excludes: [a], $default: null, $replace: []}", True),
        ("{$none_of: [a], $write: b}", False),
        ("{$at_least: 7, $default: 30}", True),
        ("{$contains: [a], $default: [a, b]}", True),
        ("{$set: true, $write: x}", False),
        ("{$set: true, $default: null, $write: x}", False),
        ("{$absent: true}", True),
        ("{$secret: true}", True),
    ],
)
def test_absence(written, expected):
    assert accepts(leaf(written), ABSENT, ORDERS) is expected


def test_what_is_hidden_decides_for_secrets():
    written = leaf("{$secret: true}")

    assert [accepts(written, type(OPAQUE)(OPAQUE.place, "p", hidden=hidden), {}) for hidden in (True, False)] == [
        True,
        False,
    ]


@table(
    "written, value, expected",
    [("{$is: 1, $default: 1}", None, True), ("1", None, False), ("{$is: 1, $default: 1}", 1, False)],
)
def test_whether_a_default_decides(written, value, expected):
    assert rests_on_default(leaf(written), origin(value)) is expected


@table(
    "written, expected",
    [
        ("true", True),
        ("[a, b]", ("a", "b")),
        ("{$is: {k: [1]}}", WrittenMap((("k", (1,)),))),
        ("{$self: arn}", ResourceReference("", None, "arn")),
        ("{$self: arn, $suffix: '/*'}", ResourceReference("", None, "arn", "/*")),
        ("{$expr: var.key}", DialectExpression("var.key")),
        ("{$param: cidr}", "10.0.0.0/8"),
        ("{$first: [{$param: days}, 30]}", 30),
        ("{$one_of: [b, a]}", "b"),
        ("{$one_of: [b, a], $write: a}", "a"),
        ("{$none_of: [a]}", MISSING),
        ("{$none_of: [a], $write: b}", "b"),
        ("{$at_least: 7}", 7),
        ("{$contains: [a, b]}", ("a", "b")),
        ("{$excludes: [a]}", MISSING),
        ("{$excludes: [a], $replace: [{$param: cidr}]}", ("10.0.0.0/8",)),
        ("{$excludes: [a], $replace: {$param: names}}", Unset("names")),
        ("{$set: true}", MISSING),
        ("{$set: true, $write: {$param: days}}", Unset("days")),
        ("{$set: true, $write: {$first: [{$param: names}, {$param: days}]}}", Unset("days")),
        ("{$set: true, $write: [x, {$param: days}]}", Unset("days")),
        ("{$set: true, $write: {k: {$param: days}}}", Unset("days")),
        ("{$absent: true}", MISSING),
        (
            "{$document: {$has_statement: {Action: {$any: [a, b]}}}}",
            WrittenMap((("Action", ("a", "b")),)),
        ),
    ],
)
def test_what_is_written(written, expected):
    assert leaf(written).write == expected


@pytest.mark.parametrize(
    "written",
    [
        "{$param: days}",
        "{$is: true, $requires: days}",
        "{$is: true, $default: {$param: days}}",
        "{$one_of: {$param: names}}",
        "{$at_least: {$param: days}}",
        "{$contains: {$param: names}}",
        "{$excludes: {$param: names}, $replace: []}",
    ],
)
def test_a_leaf_does_not_apply_without_its_parameter(written):
    policy = {"days": 3, "names": ("x",)}

    assert bound(written) is None
    assert bound(written, policy) is not None


@table(
    "written, names",
    [
        ("true", ()),
        ("{$is: true, $requires: days}", ("days",)),
        ("{$excludes: {$param: names}, $replace: [{$param: cidr}]}", ("cidr", "names")),
        ("{$set: true, $write: {k: {$first: [{$param: days}, 1]}}}", ("days",)),
        ("{$is: true, $default: {$param: days}}", ("days",)),
        ("{$document: {$has_statement: {Resource: [{$param: cidr}]}}}", ("cidr",)),
    ],
)
def test_the_parameters_that_take_part(written, names):
    assert leaf(written, {"days": 3, "names": ("x",)}).parameters == names


def test_an_operand_that_names_the_primary_stays_symbolic():
    assert leaf("{$is: {k: {$self: arn}}}").test == Is(MapOperand((("k", SelfOperand("arn")),)))


@table(
    "actual, wanted, expected",
    [("TRUE", True, True), (0, False, False), ("x", True, False), ("1.0", 1, True), (True, 1, False), ("a", "a", True)],
)
def test_scalars_are_the_same_as_providers_read_them(actual, wanted, expected):
    assert same_scalar(actual, wanted) is expected


def test_what_is_a_number():
    assert [number(value) for value in (True, 3, "-2.5", "3x", "")] == [None, 3.0, -2.5, None, None]


def test_what_is_any_address():
    assert [is_any_address(value) for value in (" 0.0.0.0/0 ", "::/0", "10.0.0.0/8", "x")] == [True, True, False, False]


@table(
    "written, there, missing",
    [
        ("{$contains: [a, b, c]}", ["b"], ("a", "c")),
        ("{$contains: [a, b]}", ["a", OPAQUE], ()),
        ("{$contains: [a, b], $item_key: n}", [{"n": "b"}], (WrittenMap((("n", "a"),)),)),
    ],
)
def test_what_a_list_lacks(written, there, missing):
    test = leaf(written).test

    assert isinstance(test, Contains)
    assert missing_items(test, origin(there)) == missing  # type: ignore[arg-type]


def test_a_forbidden_item_on_some_branch():
    assert is_forbidden_item(Excludes(("a",)), as_value(("b", "a")))
    assert not is_forbidden_item(Excludes(("a",)), as_value(("b", OPAQUE)))


@table(
    "value, expected",
    [
        (None, ABSENT),
        (DialectExpression("var.x"), ("var.x",)),
        (ResourceReference("t", "n", "arn"), ("t", "n", "arn")),
        (ResourceReference("", None, "arn"), ("", "", "arn")),
    ],
)
def test_what_is_written_as_an_origin(value, expected):
    assert getattr(origin_of(value), "target", ABSENT) == expected


def test_a_document_to_write_is_not_read():
    assert accepts(leaf("x"), origin_of(JsonDocument(WrittenMap(()))), {}) is None


def test_a_mapping_to_write_has_its_members():
    written = origin_of(WrittenMap((("n", "a"),)))

    assert accepts(leaf("{$contains: [a], $item_key: n}"), origin([written]), {}) is True


# --------------------------------------------------------------------- laws

SCALARS = some.one_of(
    some.booleans(), some.integers(-99, 99), some.sampled_from(["", "a", "b", "true", "7", "10.0.0.0/8"])
)
LISTS = some.lists(SCALARS, min_size=1, max_size=4).map(tuple)
TESTS = some.one_of(
    some.builds(Is, SCALARS | LISTS),
    some.builds(OneOf, LISTS),
    some.builds(NoneOf, LISTS),
    some.builds(Bound, some.integers(-99, 99), some.booleans()),
    some.builds(Bound, some.sampled_from(ORDERS["tls"]), some.booleans(), some.just("tls")),
    some.builds(Bound, some.sampled_from(["1", "1.9", "1.10", "7.0.4"]), some.booleans(), some.just("version")),
    some.builds(Contains, LISTS, some.sampled_from([None, "n"])),
    some.builds(Excludes, LISTS | some.just("any_address"), some.just(()) | some.just(("z",))),
)


@some.composite
def leaves(draw):
    test = draw(TESTS)
    write = draw(SCALARS) if isinstance(test, NoneOf) else MISSING
    found = Binding({}, lambda _name: MISSING).leaf(Leaf(test, write=write))
    assert found is not None
    assume(not isinstance(test, NoneOf) or accepts(found, origin_of(write), ORDERS))
    return found


def as_written(written: BoundLeaf) -> Written:
    """Return what ends up in the file: list items under their key."""
    if isinstance(written.test, Contains):
        key = written.test.item_key
        items = written.test.items if isinstance(written.test.items, tuple) else ()
        return tuple(item if key is None else WrittenMap(((key, item),)) for item in items)  # type: ignore[misc, arg-type]
    return written.write  # type: ignore[return-value]


@given(leaves())
@settings(max_examples=150, deadline=None)
def test_law_a_leaf_accepts_what_it_writes(written):
    assert accepts(written, origin_of(as_written(written)), ORDERS) is True
    assert accepts_own_write(written, ORDERS)


@given(some.lists(leaves(), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_law_the_one_value_of_several_rules_suits_them_all(several):
    try:
        value = merged_write(several, ORDERS)
    except Contradiction:
        candidates = [value for written in several for value in (written.write, *getattr(written.test, "values", ()))]
        suiting = [
            value
            for value in candidates
            if value is not MISSING
            and all(accepts(written, origin_of(value), ORDERS) is not False for written in several)
        ]
        assert not suiting
    else:
        assert all(accepts(written, origin_of(value), ORDERS) is not False for written in several)


@table(
    "several, expected",
    [
        (["{$at_least: 7}", "{$at_least: 30}"], 30),
        (["{$at_least: 7}", "{$at_most: 30}"], 7),
        (["{$one_of: [a, b]}", "{$one_of: [b, c]}"], "b"),
        (["{$contains: [a, b]}", "{$contains: [c, a]}"], ("a", "b", "c")),
        (["{$none_of: [a]}", "{$none_of: [b]}"], MISSING),
        (["{$none_of: [b]}", "{$is: a}"], "a"),
        (["{$set: true}", "{$is: a}"], "a"),
        (["{$set: true, $write: {$param: days}}", "{$none_of: [a]}"], Unset("days")),
        (["{$set: true, $write: {$param: days}}", "{$set: true, $write: {$param: days}}"], Unset("days")),
    ],
)
def test_the_one_value_of_several_rules(several, expected):
    assert merged_write([leaf(written) for written in several], ORDERS) == expected


@pytest.mark.parametrize("several", [("a", "b"), ("{$none_of: [a]}", "a"), ("{$at_least: 7}", "{$at_most: 3}")])
def test_rules_that_contradict(several):
    with pytest.raises(Contradiction):
        merged_write([leaf(written) for written in several], ORDERS)


@table(
    "written, expected",
    [("{$none_of: [a], $write: a}", False), ("{$none_of: [a]}", True), ("{$set: true, $write: {$param: days}}", True)],
)
def test_a_rule_that_would_not_accept_its_own_fix(written, expected):
    assert accepts_own_write(leaf(written), ORDERS) is expected
