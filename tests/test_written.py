"""What a fix writes: symbolic references, canonical form, and what two rules write at one place."""

import pytest
from tests.tables import table

from setsquare.fixes import merge
from setsquare.model import (
    DialectExpression,
    ExtendList,
    Insert,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewResource,
    Remove,
    ResourceReference,
    SetValue,
    WrittenMap,
)
from setsquare.text import Span
from setsquare.written import MergeConflictError, as_data, expressions, merge_entries, merge_values, with_references

HERE = Span(0, 1)
SELF = ResourceReference("", None, "arn", "/*")
OTHER = ResourceReference("t", "n", "id")


def mapping(**entries: object) -> WrittenMap:
    return WrittenMap(tuple(entries.items()))  # type: ignore[arg-type]


def document(*statements: object) -> JsonDocument:
    return JsonDocument(mapping(Version="2012-10-17", Statement=statements))


@table(
    "value, data, found",
    [
        (None, None, []),
        (True, True, []),
        (1.5, 1.5, []),
        ("a", "a", []),
        (("a", 1), ["a", 1], []),
        (mapping(a=(1,)), {"a": [1]}, []),
        (DialectExpression("var.x"), {"$expr": "var.x"}, ["var.x"]),
        (SELF, {"$reference": ["$self", "arn", "/*"]}, []),
        (OTHER, {"$reference": ["t.n", "id", ""]}, []),
        (JsonDocument(mapping(a=(DialectExpression("var.x"),))), {"$json": {"a": [{"$expr": "var.x"}]}}, ["var.x"]),
    ],
)
def test_the_canonical_form(value, data, found):
    assert as_data(value) == data
    assert list(expressions(value)) == found


@table(
    "value, expected",
    [
        (SELF, "arn /*"),
        (OTHER, OTHER),
        ("a", "a"),
        ((SELF, 1), ("arn /*", 1)),
        (mapping(a=SELF), mapping(a="arn /*")),
        (JsonDocument(mapping(a=(SELF,))), JsonDocument(mapping(a=("arn /*",)))),
    ],
)
def test_references_to_the_primary_are_made_concrete(value, expected):
    assert with_references(value, lambda attribute, suffix: f"{attribute} {suffix}") == expected  # type: ignore[arg-type, return-value]


DENY = mapping(Effect="Deny", Action="a")


@table(
    "one, other, expected",
    [
        (1, 1, 1),
        (mapping(a=1), mapping(b=2), mapping(a=1, b=2)),
        (mapping(a=mapping(b=1)), mapping(a=mapping(c=2)), mapping(a=mapping(b=1, c=2))),
        (("a", "b"), ("b", "c"), ("a", "b", "c")),
        ((1,), (True,), (1, True)),
        ((mapping(n="a", v=1),), (mapping(n="a", w=2),), (mapping(n="a", v=1, w=2),)),
        ((mapping(n="a"),), (mapping(n="b"),), (mapping(n="a"), mapping(n="b"))),
        (document(DENY), document(DENY), document(DENY)),
        (document(mapping(Sid="a")), document(mapping(Sid="b")), document(mapping(Sid="a"), mapping(Sid="b"))),
        (document(DENY), document(mapping(Condition=1)), document(DENY, mapping(Condition=1))),
    ],
)
def test_values_that_stand_together(one, other, expected):
    assert merge_values("x", one, other) == expected
    assert as_data(merge_values("x", one, other)) == as_data(expected)


@table(
    "one, other, name",
    [
        (1, 2, "x"),
        (1, True, "x"),
        ("a", ("a",), "x"),
        (mapping(a=1), mapping(a=2), "x.a"),
        (JsonDocument(mapping(Version="1")), JsonDocument(mapping(Version="2")), "x.Version"),
    ],
)
def test_values_that_do_not_stand_together(one, other, name):
    with pytest.raises(MergeConflictError) as caught:
        merge_values("x", one, other)

    assert caught.value.name == name


def block(name: str, *entries: NewAttribute | NewBlock, key: tuple[str, str] | None = None) -> NewBlock:
    return NewBlock(name, entries, key=key)


A, B = NewAttribute("a", 1), NewAttribute("b", 2)


@table(
    "entries, expected",
    [
        ((A, B, A), (A, B)),
        ((block("x", A), block("x", B)), (block("x", A, B),)),
        ((block("x", block("y", A)), block("x", block("y", B))), (block("x", block("y", A, B)),)),
        (
            (block("x", A, key=("n", "p")), block("x", B, key=("n", "q"))),
            (block("x", A, key=("n", "p")), block("x", B, key=("n", "q"))),
        ),
    ],
)
def test_insertions_into_one_body(entries, expected):
    assert merge_entries(entries) == expected


@table("entries", [((A, NewAttribute("a", 2)),), ((NewAttribute("x", 1), block("x", A)),)])
def test_insertions_that_do_not_stand_together(entries):
    with pytest.raises(MergeConflictError):
        merge_entries(entries)


def resource(*entries: NewAttribute) -> NewResource:
    return NewResource(HERE, "t", "n", entries, frozenset({("t", "n")}))


@table(
    "changes, expected",
    [
        ((Insert(HERE, (A,)), Insert(HERE, (B,), frozenset("a"))), [Insert(HERE, (A, B), frozenset("a"))]),
        ((Insert(HERE, (A,)), Insert(Span(2, 3), (B,))), [Insert(HERE, (A,)), Insert(Span(2, 3), (B,))]),
        ((resource(A), resource(B)), [resource(A, B)]),
        ((SetValue(HERE, mapping(a=1)), SetValue(HERE, mapping(b=2))), [SetValue(HERE, mapping(a=1, b=2))]),
        ((ExtendList(HERE, (1, 2)), ExtendList(HERE, (2, 3))), [ExtendList(HERE, (1, 2, 3))]),
        ((Remove(HERE), Remove(HERE)), [Remove(HERE)]),
    ],
)
def test_changes_of_one_place(changes, expected):
    assert merge(changes) == expected


@table("changes", [((SetValue(HERE, 1), SetValue(HERE, 2)),), ((SetValue(HERE, 1), Remove(HERE)),)])
def test_changes_that_do_not_stand_together(changes):
    with pytest.raises(MergeConflictError):
        merge(changes)
