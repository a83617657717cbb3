"""What an editor refuses, with its reason; and what is rarely written but must come out right."""

import json
from dataclasses import dataclass
from itertools import permutations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.syntax.data_edit_support import apply, find, load

from setsquare.documents import Format
from setsquare.model import (
    DialectExpression,
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
from setsquare.syntax.data_edits import plan
from setsquare.syntax.edit_error import EditError
from setsquare.text import Span, apply_edits

ONE = (NewAttribute("N", 1),)
MAP = WrittenMap((("K", 1),))
ALIAS = "the value is an alias: its text stands elsewhere and may be used in several places"
ANCHOR = "the text has an anchor: it may be used in several places"
COMMENT = "a comment inside the value would be lost"
MERGED = "the mapping is merged with another one (<<)"
TWICE = "two changes touch the same text"


@dataclass
class Fault:
    name: str
    before: str
    changes: list  # (kind, text at the place, *arguments)
    reason: str
    format: Format = Format.YAML


@dataclass
class Rare:
    name: str
    before: str
    changes: list
    after: str
    format: Format = Format.YAML


def spot(source, text):
    """The span of the text that begins with `text`; where it is a pair, the first stands before what is meant."""
    if text is None:
        return None
    before, meant = text if isinstance(text, tuple) else ("", text)
    start = source.index((before + meant).encode()) + len(before.encode())
    return Span(start, start + len(meant.encode()))


def built(source, changes):
    return [kind(spot(source, text), *arguments) for kind, text, *arguments in changes]


FAULTS = [
    Fault(
        "lone carriage returns",
        "A: 1\rB: 2\r",
        [(SetValue, "1", 2)],
        "the file has line ends of a lone carriage return",
    ),
    Fault("an anchored mapping", "A: &a\n  B: 1\n", [(Insert, "B: 1", ONE)], ANCHOR),
    Fault("below an anchored mapping", "A: &a\n  B:\n    C: 1\n", [(Insert, "C: 1", ONE)], ANCHOR),
    Fault("a value below an anchor", "A: &a\n  B: 1\n", [(SetValue, "1", 2)], ANCHOR),
    Fault("an anchored value", "A: &a 1\n", [(SetValue, "&a 1", 2)], ANCHOR),
    Fault("an anchored item", "A:\n  - &a x\n", [(ReplaceItem, "&a x", ("y",))], ANCHOR),
    Fault("an alias as value", "A: &a 1\nB: *a\n", [(SetValue, "*a", 2)], ALIAS),
    Fault("an alias as item", "A: &a 1\nB: [*a]\n", [(ReplaceItem, "*a", ("x",))], ALIAS),
    Fault("an alias as mapping", "A: &a {B: 1}\nC: *a\n", [(Insert, "*a", ONE)], ALIAS),
    Fault("an alias as list", "A: &a [B]\nC: *a\n", [(ExtendList, "*a", ("x",))], ALIAS),
    Fault("insert into merged", "X: &x {Y: 1}\nA:\n  <<: *x\n  B: 1\n", [(Insert, "<<: *x\n  B: 1", ONE)], MERGED),
    Fault("remove from merged", "X: &x {Y: 1}\nA:\n  <<: *x\n  B: 1\n", [(Remove, "B: 1")], MERGED),
    Fault("set what is merged", "A:\n  <<: {Y: 1}\n  B: 1\n", [(SetValue, "{Y: 1}", 2)], MERGED),
    Fault("no mapping", "A:\n  - x\n", [(Insert, "- x", ONE)], "there is no mapping to insert into"),
    Fault("a key that is there", "A:\n  N: 1\n", [(Insert, "N: 1", ONE)], "N is there already"),
    Fault("a quoted key that is there", "A: {'N': 1}\n", [(Insert, "{'N': 1}", ONE)], "N is there already"),
    Fault(
        "an escaped key that is there",
        '{"\\u004e": 1}',
        [(Insert, '{"\\u004e": 1}', ONE)],
        "N is there already",
        Format.JSON,
    ),
    Fault(
        "different values for one key",
        "A:\n  B: 1\n",
        [(Insert, "B: 1", ONE), (Insert, "B: 1", (NewAttribute("N", 2),))],
        "two changes give N different values",
    ),
    Fault(
        "a number and a boolean for one key",
        "A:\n  B: 1\n",
        [(Insert, "B: 1", ONE), (Insert, "B: 1", (NewAttribute("N", True),))],
        "two changes give N different values",
    ),
    Fault("no list item", "A:\n  B: 1\n", [(ReplaceItem, "B: 1", ("x",))], "there is no list item to replace"),
    Fault("an item twice", "A: [x]\n", [(ReplaceItem, "x", ("y",)), (ReplaceItem, "x", ("z",))], TWICE),
    Fault("an item replaced and set", "A: [x]\n", [(ReplaceItem, "x", ("y",)), (SetValue, "x", "z")], TWICE),
    Fault("a value twice", "A: x\n", [(SetValue, "x", "y"), (SetValue, "x", "z")], TWICE),
    Fault("a value and what holds it", "A: {B: x}\n", [(SetValue, "{B: x}", 1), (SetValue, "x", "y")], TWICE),
    Fault("removed and set", "A:\n  B: x\n  C: 1\n", [(Remove, "B: x"), (SetValue, "x", "y")], TWICE),
    Fault(
        "nothing at the place", "A: x\n", [(Insert, "x", ONE)], "the text at byte 3 cannot be read as what it should be"
    ),
    Fault("no entry at the place", "A: x\n", [(Remove, "x")], "the text at byte 3 cannot be read as what it should be"),
    Fault(
        "no value at the place",
        "A: x\n",
        [(SetValue, "A", 1)],
        "the text at byte 0 cannot be read as what it should be",
    ),
    Fault(
        "no value before all", "A: x\n", [(SetValue, "", 1)], "the text at byte 0 cannot be read as what it should be"
    ),
    Fault(
        "a broken value",
        "A: [x\nB: 1\n",
        [(SetValue, "[x", 1)],
        "the text at byte 3 cannot be read as what it should be",
    ),
    Fault(
        "a broken mapping",
        "A: {B: 1, C\nD: 1\n",
        [(Insert, "{B: 1, C", ONE)],
        "the text at byte 3 cannot be read as what it should be",
    ),
    Fault(
        "a broken entry", "A: {B: [}\n", [(Remove, "B: [")], "the text at byte 4 cannot be read as what it should be"
    ),
    Fault("broken JSON", '{"A": }', [(SetValue, "}", 1)], "the file is not valid JSON at byte 6", Format.JSON),
    Fault("text after JSON", "{} x", [(Insert, "{}", ONE)], "the file is not valid JSON at byte 3", Format.JSON),
    Fault("JSON without an end", '{"A": 1', [(SetValue, "1", 2)], "the file is not valid JSON at byte 7", Format.JSON),
    # ------------------------------------------------------------- resources
    Fault(
        "a resource of Terraform JSON",
        '{"a": 1}',
        [(NewResource, None, "t", "n", ())],
        "the file has no resources to follow",
        Format.TF_JSON,
    ),
    Fault(
        "a resource with count",
        "Resources:\n  B:\n    Type: T\n",
        [(NewResource, None, "t", "n", (), frozenset(), None, "2")],
        "a template has no count and no for_each",
    ),
    Fault(
        "a resource for each",
        "Resources:\n  B:\n    Type: T\n",
        [(NewResource, None, "t", "n", (), frozenset(), "x")],
        "a template has no count and no for_each",
    ),
    Fault("no section", "A: 1\n", [(NewResource, None, "t", "n", ())], "the template has no resources to follow"),
    Fault("no text", "# c\n", [(NewResource, None, "t", "n", ())], "the template has no resources to follow"),
    Fault(
        "an empty section",
        "Resources: {}\n",
        [(NewResource, None, "t", "n", ())],
        "the template has no resources to follow",
    ),
    Fault(
        "a section of null",
        "Resources:\nA: 1\n",
        [(NewResource, None, "t", "n", ())],
        "the template has no resources to follow",
    ),
    Fault(
        "a name that is there",
        "Resources:\n  B:\n    Type: T\n",
        [(NewResource, None, "t", "B", ())],
        "B is there already",
    ),
    Fault(
        "a name twice",
        "Resources:\n  B:\n    Type: T\n",
        [(NewResource, None, "t", "N", ()), (NewResource, None, "u", "N", ())],
        "N is there already",
    ),
    # ------------------------------------------------------------- one mapping becomes a list
    Fault(
        "a list of what is changed",
        "A:\n  B: 1\n",
        [(ExtendList, "B: 1", (MAP,)), (Insert, "B: 1", ONE)],
        "the single item cannot be made a list while it is changed itself",
    ),
    Fault(
        "a list of what loses a key",
        "A:\n  B: 1\n  C: 1\n",
        [(ExtendList, "B: 1\n  C: 1", (MAP,)), (Remove, "B: 1")],
        "the single item cannot be made a list while it is changed itself",
    ),
    Fault(
        "a list of nothing",
        "A: {}\n",
        [(ExtendList, "{}", (MAP,))],
        "the single item cannot be made a list while it is changed itself",
    ),
    Fault(
        "a list of the document", "A: 1\n", [(ExtendList, "A: 1", (MAP,))], "the single item cannot be made a list here"
    ),
    Fault(
        "a list of a list's item",
        "A:\n  - B: 1\n",
        [(ExtendList, "B: 1", (MAP,))],
        "the single item cannot be made a list here",
    ),
    Fault(
        "a list of a JSON document",
        '{"A": 1}',
        [(ExtendList, '{"A": 1}', (MAP,))],
        "the single item cannot be made a list here",
        Format.JSON,
    ),
    Fault(
        "a list of a tagged mapping",
        "A: !T\n  B: 1\n",
        [(ExtendList, "B: 1", (MAP,))],
        "the single item carries a tag or an anchor",
    ),
    Fault(
        "a list of a tagged flow mapping",
        "A: !T {B: 1}\n",
        [(ExtendList, "{B: 1}", (MAP,))],
        "the single item cannot be made a list here",
    ),
    # ------------------------------------------------------------- block style
    Fault("a key without a colon", "? A\n", [(SetValue, ("? A", ""), 1)], "the entry has no colon"),
    Fault("complex keys", "? A\n: 1\n", [(Insert, "? A\n: 1", ONE)], "the mapping has a complex key"),
    Fault("the whole document goes", "A: 1\n", [(Remove, "A: 1")], "the document would be empty"),
    Fault(
        "a comment between the first keys",
        "A:\n  - B: 1\n    # on C\n    C: 1\n",
        [(Remove, "B: 1")],
        "a comment stands between the entries",
    ),
    Fault("a comment in a value", "A:\n  B: 1 # b\n  C: 1\nD: 1\n", [(SetValue, "B: 1 # b\n  C: 1", 2)], COMMENT),
    Fault("a comment before a value", "A:\n  # on B\n  B: 1\nD: 1\n", [(SetValue, "B: 1", 2)], COMMENT),
    Fault("a comment beside a block scalar", "A: | # c\n  x\n", [(SetValue, "| # c\n  x", 2)], COMMENT),
    Fault("a comment in an item", "A:\n  - B: 1 # b\n    C: 1\n", [(SetValue, "B: 1 # b\n    C: 1", 2)], COMMENT),
    Fault(
        "a comment in a list that is replaced",
        "A:\n  - x # c\n  - y\n",
        [(ReplaceItem, "x", ()), (ReplaceItem, "y", ()), (ExtendList, "- x # c\n  - y", ("z",))],
        COMMENT,
    ),
    Fault(
        "a tagged empty mapping", "A: !T {}\n", [(Insert, "{}", ONE)], "the empty collection carries a tag or an anchor"
    ),
    # ------------------------------------------------------------- flow style
    Fault(
        "a pair in brackets",
        "A: [B: 1]\n",
        [(Insert, "B: 1", ONE)],
        "the text at byte 4 cannot be read as what it should be",
    ),
    Fault(
        "a comment in empty brackets",
        "A: [{ # c\n}]\n",
        [(Insert, "{ # c\n}", ONE)],
        "a comment inside the brackets would be lost",
    ),
    Fault(
        "a comment in brackets that lose all",
        "A: [\n  x # c\n]\n",
        [(ReplaceItem, "x", ())],
        "a comment inside the brackets would be lost",
    ),
    Fault("a comment in a flow value", "A: {B: [ # c\n  x]}\n", [(SetValue, "[ # c\n  x]", 1)], COMMENT),
    Fault("a comment in a flow item", "A: [[ # c\n  x]]\n", [(ReplaceItem, "[ # c\n  x]", (1,))], COMMENT),
    Fault(
        "a comment between flow items",
        "A: [x, # c\n  y]\n",
        [(Remove, "x")],
        "a comment stands between the items",
    ),
    # ------------------------------------------------------------- values that cannot be written
    Fault("not a number", "A: 1\n", [(SetValue, "1", float("nan"))], "a number that is not finite cannot be written"),
    Fault(
        "infinite in JSON",
        '{"A": 1}',
        [(SetValue, "1", float("inf"))],
        "a number that is not finite cannot be written",
        Format.JSON,
    ),
    Fault(
        "a reference to nothing",
        "A: 1\n",
        [(SetValue, "1", ResourceReference("T", None, "Ref"))],
        "a reference has no resource to point at",
    ),
    Fault(
        "a JSON reference to nothing",
        '{"A": 1}',
        [(SetValue, "1", ResourceReference("T", None, "Ref"))],
        "a reference has no resource to point at",
        Format.JSON,
    ),
    Fault(
        "an expression of lines",
        "A: 1\n",
        [(SetValue, "1", DialectExpression("a\nb"))],
        "the policy's expression cannot be written here: a\nb",
    ),
    Fault(
        "no expression",
        "A: 1\n",
        [(SetValue, "1", DialectExpression(" "))],
        "the policy's expression cannot be written here:  ",
    ),
    Fault(
        "a broken expression",
        "A: 1\n",
        [(SetValue, "1", DialectExpression("!Sub ["))],
        "the policy's expression cannot be written here: !Sub [",
    ),
    Fault(
        "an expression with a comment",
        "A: 1\n",
        [(SetValue, "1", DialectExpression("!Ref X # c"))],
        "the policy's expression cannot be written here: !Ref X # c",
    ),
    Fault(
        "an expression of two",
        "A: {B: 1}\n",
        [(SetValue, "1", DialectExpression("x, y"))],
        "the policy's expression cannot be written here: x, y",
    ),
    Fault(
        "a broken expression in JSON",
        '{"A": 1}',
        [(SetValue, "1", DialectExpression("!Sub ["))],
        "the policy's expression cannot be read: !Sub [",
        Format.JSON,
    ),
    Fault(
        "a deep expression in JSON",
        '{"A": 1}',
        [(SetValue, "1", DialectExpression("[" * 101 + "]" * 101))],
        "the policy's expression is nested too deeply",
        Format.JSON,
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{i}: {f.name}" for i, f in enumerate(FAULTS)])
def test_a_refusal_says_why(fault):
    source = fault.before.encode()
    for order in permutations(built(source, fault.changes)):
        with pytest.raises(EditError) as caught:
            plan(source, fault.format, list(order))

        assert caught.value.reason == fault.reason
        assert str(caught.value) == fault.reason


RARE = [
    Rare("a pair in brackets", "A: [B: 1]\n", [(SetValue, "1", 2)], "A: [B: 2]\n"),
    Rare(
        "tabs that tree-sitter cannot read",
        "A:\n  B: [x,\ty]\n",
        [(ExtendList, "[x,\ty]", ("z",))],
        "A:\n  B: [x,\ty,\tz]\n",
    ),
    Rare("the same twice is once", "A: x\n", [(SetValue, "x", 1), (SetValue, "x", 1)], "A: 1\n"),
    Rare(
        "two changes insert the same",
        "A:\n  B: 1\n",
        [
            (Insert, "B: 1", ONE, frozenset("B")),
            (Insert, "B: 1", ONE, frozenset("C")),
        ],
        "A:\n  B: 1\n  N: 1\n",
    ),
    Rare(
        "two changes fill one block",
        "A:\n  B: 1\n",
        [
            (Insert, "B: 1", (NewBlock("N", (NewAttribute("Y", 2), NewAttribute("Z", 3))),)),
            (Insert, "B: 1", (NewBlock("N", (NewAttribute("X", 1), NewAttribute("Z", 3))),)),
        ],
        "A:\n  B: 1\n  N:\n    X: 1\n    Y: 2\n    Z: 3\n",
    ),
    Rare(
        "two changes extend one list",
        "A:\n  - x\n",
        [(ExtendList, "- x", ("z", "b")), (ExtendList, "- x", ("a", "b"))],
        "A:\n  - x\n  - a\n  - b\n  - z\n",
    ),
    Rare("a null in a list", "A:\n  -\n  - x\n", [(SetValue, ("A:\n  -", ""), 1)], "A:\n  - 1\n  - x\n"),
    Rare("a null in a flow mapping", "A: {B: , C: 1}\n", [(SetValue, ("A: {B:", ""), 1)], "A: {B: 1 , C: 1}\n"),
    Rare("a key alone in a flow mapping", "A: {B, C: 1}\n", [(SetValue, ("A: {B", ""), 1)], "A: {B: 1, C: 1}\n"),
    Rare("an item beside null", "A:\n  - {}\n", [(Insert, "{}", ONE)], "A:\n  - N: 1\n"),
    Rare("an empty list in a list", "A:\n  - []\n", [(ExtendList, "[]", ("x", "z"))], "A:\n  - - x\n    - z\n"),
    Rare(
        "a collection for a scalar of lines",
        "A: |\n  x\nB: 1\n",
        [(SetValue, "|\n  x", MAP)],
        "A:\n  K: 1\nB: 1\n",
    ),
    Rare("a tagged list goes", "A: !T\n  - x\nB: 1\n", [(Remove, "- x")], "A: !T []\nB: 1\n"),
    Rare(
        "the first two keys of an item go",
        "A:\n  - B: 1\n    C: 1\n    D: 1\n",
        [(Remove, "B: 1"), (Remove, "C: 1")],
        "A:\n  - D: 1\n",
    ),
    Rare(
        "the first and the last key of an item go",
        "A:\n  - B: 1\n    C: 1\n    D: 1\n",
        [(Remove, "B: 1"), (Remove, "D: 1")],
        "A:\n  - C: 1\n",
    ),
    Rare("a root list", "- x\n- 'y'\n", [(ExtendList, "- x\n- 'y'", ("z",)), (Remove, "x")], "- 'y'\n- z\n"),
    Rare("insert into the root", "A: 1\n", [(Insert, "A: 1", ONE)], "A: 1\nN: 1\n"),
    Rare(
        "a nested list in a list",
        "A:\n  - x\n",
        [(ExtendList, "- x", (("a", ("b",)), (), WrittenMap(())))],
        "A:\n  - x\n  - - a\n    - - b\n  - []\n  - {}\n",
    ),
    Rare(
        "a document in a list",
        "A:\n  - x\n",
        [(ExtendList, "- x", (JsonDocument(MAP), JsonDocument(WrittenMap(()))))],
        "A:\n  - x\n  - K: 1\n  - {}\n",
    ),
    Rare("a document in flow", "A: [x]\n", [(ExtendList, "[x]", (JsonDocument(MAP),))], "A: [x, {K: 1}]\n"),
    Rare("text that must be escaped", "A: x\n", [(SetValue, "x", "a\u0085b\U000e0001")], 'A: "a\\u0085b\\U000e0001"\n'),
    Rare("a dash that is text", "A: x\n", [(SetValue, "x", "-x")], "A: -x\n"),
    Rare("a comment sign that is text", "A: x\n", [(SetValue, "x", "a #b")], 'A: "a #b"\n'),
    Rare("a space that is text", "A: x\n", [(SetValue, "x", " a")], 'A: " a"\n'),
    Rare(
        "a reference to a part",
        "A: x\n",
        [(SetValue, "x", ResourceReference("T", "N", "Ref", "/${x}"))],
        'A: !Sub "${N}/${!x}"\n',
    ),
    Rare(
        "references in JSON",
        '{"A": 1, "B": 2}',
        [
            (SetValue, "1", ResourceReference("T", "N", "Arn", "/*")),
            (SetValue, "2", ResourceReference("T", "N", "Ref")),
        ],
        '{"A": {"Fn::Sub": "${N.Arn}/*"}, "B": {"Ref": "N"}}',
        Format.JSON,
    ),
    Rare(
        "expressions in JSON",
        '{"A": [1]}',
        [
            (
                ExtendList,
                "[1]",
                (
                    DialectExpression("!GetAtt X.Arn"),
                    DialectExpression("!Ref X"),
                    DialectExpression("!If [C, 1, !Sub 'x']"),
                    DialectExpression("{A: 2012-10-17, B: true}"),
                    DialectExpression("!GetAtt [X, Arn]"),
                    DialectExpression("!Transform {Name: x}"),
                ),
            )
        ],
        '{"A": [1, {"Fn::GetAtt": ["X", "Arn"]}, {"Ref": "X"}, {"Fn::If": ["C", 1, {"Fn::Sub": "x"}]}, '
        '{"A": "2012-10-17", "B": true}, {"Fn::GetAtt": ["X", "Arn"]}, {"Fn::Transform": {"Name": "x"}}]}',
        Format.JSON,
    ),
    Rare(
        "a document in a document in JSON",
        '{"A": 1}',
        [(SetValue, "1", JsonDocument(WrittenMap((("B", JsonDocument(MAP)),))))],
        '{"A": {"B": {"K": 1}}}',
        Format.JSON,
    ),
    Rare(
        "a document in a document in Terraform JSON",
        '{"a": 1}',
        [(SetValue, "1", JsonDocument(WrittenMap((("B", JsonDocument(MAP)),))))],
        '{"a": "${jsonencode({\\"B\\": jsonencode({\\"K\\": 1})})}"}',
        Format.TF_JSON,
    ),
    Rare("a number in quotes in JSON", '{"A": "1"}', [(SetValue, '"1"', 2.5)], '{"A": "2.5"}', Format.JSON),
    Rare(
        "JSON broken in odd places",
        '{"A":\n1, "B": 2}',
        [(Insert, '{"A":\n1, "B": 2}', ONE)],
        '{"A":\n1, "B": 2, "N": 1}',
        Format.JSON,
    ),
    Rare("an empty JSON document", "{}", [(Insert, "{}", ONE)], '{\n  "N": 1\n}', Format.JSON),
    Rare(
        "flow on lines, insert first",
        "A: {\n  B: 1,\n  C: 2\n}\n",
        [(Insert, "{\n  B: 1,\n  C: 2\n}", (NewAttribute("A", 1),), frozenset("BC"))],
        "A: {\n  A: 1,\n  B: 1,\n  C: 2\n}\n",
    ),
    Rare(
        "a flow mapping in a flow list of lines",
        'A: {\n  "S": {\n    "E": 1\n  }\n}\n',
        [(ExtendList, '{\n    "E": 1\n  }', (MAP,))],
        'A: {\n  "S": [\n    {\n      "E": 1\n    },\n    {\n      "K": 1\n    }\n  ]\n}\n',
    ),
]


@pytest.mark.parametrize("rare", RARE, ids=[f"{i}: {r.name}" for i, r in enumerate(RARE)])
def test_rare_text_comes_out_right(rare):
    source = rare.before.encode()
    results = {apply(source, list(order), rare.format).decode() for order in permutations(built(source, rare.changes))}

    assert results == {rare.after}
    load(rare.after.encode())


def test_no_change_is_no_edit():
    assert plan(b"{ not JSON", Format.JSON, []) == ()


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(st.integers(0, 99), st.sampled_from(["x", "s3:*", "true"])), min_size=2, max_size=5),
    layout=st.sampled_from(["block", "flow", "json"]),
    data=st.data(),
)
def test_random_changes_of_a_random_mapping(values, layout, data):
    keys = [f"k{index}" for index in range(len(values))]
    if layout == "block":
        body = "".join(f"  {key}: {json.dumps(value)}  # on {key}\n" for key, value in zip(keys, values, strict=True))
        text = f"# head\nA:\n{body}Z: 1  # tail\n"
    else:
        head, tail = ("# head\n", "  # tail\n") if layout == "flow" else ("", "\n")
        text = head + json.dumps({"A": dict(zip(keys, values, strict=True)), "Z": 1}) + tail
    source, written = text.encode(), Format.JSON if layout == "json" else Format.YAML
    wanted = {key: data.draw(st.sampled_from(["keep", "set", "remove"])) for key in keys[1:]}
    expected, steps = dict(zip(keys, values, strict=True)), []
    for key, what in wanted.items():
        if what == "set":
            expected[key] = "new*" if isinstance(expected[key], str) else 1234
            steps.append(lambda at, key=key, value=expected[key]: SetValue(find(at, "A", key).whole, value))
        elif what == "remove":
            del expected[key]
            steps.append(lambda at, key=key: Remove(find(at, "A", key).entry))
    expected["n"] = "y"
    steps.append(lambda at: Insert(find(at, "A").value, (NewAttribute("n", "y"),)))
    steps = data.draw(st.permutations(steps))

    edits = plan(source, written, [step(source) for step in steps])
    result = apply_edits(source, edits)
    single = source
    for step in steps:
        single = apply(single, [step(single)], written)

    read = json.loads if layout == "json" else yaml.safe_load
    assert read(result.decode()) == {"A": expected, "Z": 1}
    assert single == result
    touched = find(source, "A").value
    assert all(touched.start <= edit.span.start and edit.span.end <= source.index(b"Z") for edit in edits)
    if layout == "block":
        for key in (key for key in keys if wanted.get(key, "keep") == "keep"):
            line = next(line for line in source.splitlines() if line.strip().startswith(key.encode()))
            assert line in result.splitlines()
