"""Before, changes, after: in YAML block and flow style, in pretty and in one-line JSON."""

import json
from dataclasses import dataclass, field
from itertools import permutations

import pytest
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


def wmap(**entries):
    return WrittenMap(tuple(entries.items()))


@dataclass
class Case:
    name: str
    before: str
    changes: list  # (kind, steps, *arguments)
    after: str
    format: Format = field(default=Format.YAML)


def built(source, changes):
    for kind, steps, *arguments in changes:
        found = find(source, *steps) if steps is not None else None
        if kind in (SetValue, ReplaceItem):
            yield kind(found.whole, *arguments)
        elif kind is Remove:
            yield Remove(found.entry)
        elif kind in (Insert, ExtendList):
            yield kind(found.value, *arguments)
        else:
            yield NewResource(found.entry if found else None, *arguments)


def attribute(name, value):
    return NewAttribute(name, value)


DENY = WrittenMap(
    (
        ("Sid", "DenyInsecureTransport"),
        ("Effect", "Deny"),
        ("Principal", "*"),
        ("Action", "s3:*"),
        (
            "Resource",
            (
                ResourceReference("", "DataBucket", "Arn"),
                ResourceReference("", "DataBucket", "Arn", "/*"),
            ),
        ),
        ("Condition", wmap(Bool=WrittenMap((("aws:SecureTransport", "false"),)))),
    )
)

ENCODED = wmap(
    V="1",
    R=(ResourceReference("t", "n", "arn"), ResourceReference("t", "n", "arn", "/*")),
    E=DialectExpression("var.e"),
    N=None,
)

SET = [
    Case(
        "plain stays plain",
        "A:\n  B: false   # TODO\n  C: 1\n",
        [(SetValue, "AB", True)],
        "A:\n  B: true   # TODO\n  C: 1\n",
    ),
    Case("double stays double", 'A: "x"\n', [(SetValue, "A", "y")], 'A: "y"\n'),
    Case("single stays single", "A: 'x'  # why\n", [(SetValue, "A", "it's")], "A: 'it''s'  # why\n"),
    Case("single cannot hold a line break", "A: 'x'\n", [(SetValue, "A", "a\nb")], 'A: "a\\nb"\n'),
    Case("a quoted boolean stays quoted", 'A: "false"\n', [(SetValue, "A", True)], 'A: "true"\n'),
    Case("a quoted number stays quoted", "A: '7'\n", [(SetValue, "A", 365)], "A: '365'\n"),
    Case("a string like a boolean is quoted", "A: no\n", [(SetValue, "A", "true")], 'A: "true"\n'),
    Case("a string like a number is quoted", "A: x\n", [(SetValue, "A", "1.2")], 'A: "1.2"\n'),
    Case("a string like a date is quoted", "A: x\n", [(SetValue, "A", "2012-10-17")], 'A: "2012-10-17"\n'),
    Case("a star inside stays plain where text was plain", "A: s3:x\n", [(SetValue, "A", "s3:Get*")], "A: s3:Get*\n"),
    Case("an address with a port", "A: x\n", [(SetValue, "A", "::/0")], 'A: "::/0"\n'),
    Case("a null gets a value", "A:\n  B:\n  C: 1\n", [(SetValue, "AB", True)], "A:\n  B: true\n  C: 1\n"),
    Case("a null with a comment", "A:\n  B:  # c\n", [(SetValue, "AB", 1)], "A:\n  B: 1  # c\n"),
    Case("a null without a last line end", "A:\n  B:", [(SetValue, "AB", 1)], "A:\n  B: 1"),
    Case("a written null", "A: null # c\n", [(SetValue, "A", "x")], "A: x # c\n"),
    Case("a tilde", "A: ~\n", [(SetValue, "A", "s3:*")], 'A: "s3:*"\n'),
    Case("an intrinsic", "A: !If [X, true, false] # c\n", [(SetValue, "A", True)], "A: true # c\n"),
    Case(
        "a branch of an intrinsic",
        "A: !If [X, true, false]\n",
        [(SetValue, ["A", 2], True)],
        "A: !If [X, true, true]\n",
    ),
    Case(
        "a branch in block style",
        "A: !If\n  - X\n  - true # c\n  - false # d\n",
        [(SetValue, ["A", 2], True)],
        "A: !If\n  - X\n  - true # c\n  - true # d\n",
    ),
    Case(
        "an intrinsic in long form", "A:  # c\n  Fn::If: [X, 1, 2]\nB: 1\n", [(SetValue, "A", 3)], "A: 3  # c\nB: 1\n"
    ),
    Case("a block scalar", "A: |\n  x\n  y\nB: 1\n", [(SetValue, "A", "z")], "A: z\nB: 1\n"),
    Case("a folded scalar at the end", "A: >-\n  x\n", [(SetValue, "A", "z")], "A: z\n"),
    Case("a reference", "A: x\n", [(SetValue, "A", ResourceReference("T", "N", "Ref"))], "A: !Ref N\n"),
    Case("an expression", "A: 'x'\n", [(SetValue, "A", DialectExpression("!ImportValue k"))], "A: !ImportValue k\n"),
    Case(
        "a mapping below the key",
        "A:\n  B: x  # c\n  C: 1\n",
        [(SetValue, "AB", wmap(D=1, E=("x", "y")))],
        'A:\n  B:  # c\n    D: 1\n    E:\n      - x\n      - "y"\n  C: 1\n',
    ),
    Case(
        "a list below the key",
        "A:\n  B:\n  C:\n  - z\n",
        [(SetValue, "AB", ("x", wmap(K=1, L=2)))],
        "A:\n  B:\n  - x\n  - K: 1\n    L: 2\n  C:\n  - z\n",
    ),
    Case(
        "a block instead of a block",
        "A:\n  B:\n    C: 1\n  D: 1\n",
        [(SetValue, "AB", ("x",))],
        "A:\n  B:\n    - x\n  D: 1\n",
    ),
    Case("an empty list", "A: x\n", [(SetValue, "A", ())], "A: []\n"),
    Case("a document is a mapping", "A: x\n", [(SetValue, "A", JsonDocument(wmap(B=1)))], "A:\n  B: 1\n"),
    Case("flow style stays", "A: [x, y]\n", [(SetValue, "A", ("a", "s3:*", "1"))], 'A: [a, "s3:*", "1"]\n'),
    Case("an empty list becomes a block", "A: []  # none\n", [(SetValue, "A", ("x",))], "A:  # none\n  - x\n"),
    Case(
        "inside a flow mapping",
        "A: {B: 1, C: 'x'}\n",
        [(SetValue, "AC", "y, z"), (SetValue, "AB", wmap(D=("x",)))],
        "A: {B: {D: [x]}, C: 'y, z'}\n",
    ),
    Case("what flow style cannot hold plain", "A: {B: x}\n", [(SetValue, "AB", "a{b}")], 'A: {B: "a{b}"}\n'),
    Case(
        "an item of a list",
        "A:\n  - x # c\n  - y\n",
        [(SetValue, ["A", 0], wmap(K=1, L=2))],
        "A:\n  - K: 1\n    L: 2 # c\n  - y\n",
    ),
    Case("not ASCII, BOM", "\ufeffÄ: ö # ü\n", [(SetValue, "Ä", "ß")], "\ufeffÄ: ß # ü\n"),
    Case(
        "JSON",
        '{"A": false, "B": "false"}',
        [(SetValue, "A", True), (SetValue, "B", True)],
        '{"A": true, "B": "true"}',
        Format.JSON,
    ),
    Case(
        "JSON pretty",
        '{\n\t"A": {\n\t\t"B": 1\n\t}\n}\n',
        [(SetValue, "AB", wmap(C=(1, 2)))],
        '{\n\t"A": {\n\t\t"B": {\n\t\t\t"C": [\n\t\t\t\t1,\n\t\t\t\t2\n\t\t\t]\n\t\t}\n\t}\n}\n',
        Format.JSON,
    ),
    Case(
        "JSON intrinsics",
        '{"A": {"Ref": "X"}}',
        [(SetValue, "A", DialectExpression("!ImportValue k"))],
        '{"A": {"Fn::ImportValue": "k"}}',
        Format.JSON,
    ),
    Case(
        "Terraform JSON",
        '{"a": "${var.x}", "b": 1}',
        [(SetValue, "a", ResourceReference("t", "n", "arn", "/*")), (SetValue, "b", DialectExpression("local.k"))],
        '{"a": "${t.n.arn}/*", "b": "${local.k}"}',
        Format.TF_JSON,
    ),
]

INSERT = [
    Case(
        "after the last key",
        "A:\n    B: 1  # c\nZ: 1\n",
        [(Insert, "A", (attribute("C", True),))],
        "A:\n    B: 1  # c\n    C: true\nZ: 1\n",
    ),
    Case("no last line end", "A:\n  B: 1", [(Insert, "A", (attribute("C", True),))], "A:\n  B: 1\n  C: true"),
    Case(
        "CRLF",
        "A:\r\n  B: 1 # c\r\nZ: 1\r\n",
        [(Insert, "A", (NewBlock("C", (attribute("D", 1),)),))],
        "A:\r\n  B: 1 # c\r\n  C:\r\n    D: 1\r\nZ: 1\r\n",
    ),
    Case(
        "after a block scalar",
        "A:\n  B: |\n    # no comment\n    x\n\n  # of Z\nZ: 1\n",
        [(Insert, "A", (attribute("C", 1),))],
        "A:\n  B: |\n    # no comment\n    x\n  C: 1\n\n  # of Z\nZ: 1\n",
    ),
    Case(
        "after a scalar that keeps its blank lines",
        "A:\n  B: |+\n    x\n\n\nZ: 1\n",
        [(Insert, "A", (attribute("C", 1),))],
        "A:\n  B: |+\n    x\n\n\n  C: 1\nZ: 1\n",
    ),
    Case(
        "comments of the last key stay with it",
        "A:\n  B: 1\n  # on B\n# on Z\nZ: 1\n",
        [(Insert, "A", (attribute("C", 1),))],
        "A:\n  B: 1\n  # on B\n  C: 1\n# on Z\nZ: 1\n",
    ),
    Case(
        "in the first position of a list item",
        "A:\n  - B: 1\n    C: 2\n",
        [(Insert, ["A", 0], (attribute("AA", 1),), frozenset("BC"))],
        "A:\n  - AA: 1\n    B: 1\n    C: 2\n",
    ),
    Case(
        "sorted into the run of siblings",
        "A:\n  X: 1\n  B: 1  # b\n  # d\n  D: 1\n",
        [(Insert, "A", (attribute("E", 1), attribute("C", 1), attribute("A", 1)), frozenset("ABCDE"))],
        "A:\n  X: 1\n  A: 1\n  B: 1  # b\n  C: 1\n  # d\n  D: 1\n  E: 1\n",
    ),
    Case(
        "before all, below the heading of the block",
        "A:\n  # on B\n  B: 1\n",
        [(Insert, "A", (attribute("AA", 1),), frozenset("B"))],
        "A:\n  AA: 1\n  # on B\n  B: 1\n",
    ),
    Case(
        "nested, as a list",
        "A:\n  B: 1\n",
        [(Insert, "A", (NewBlock("C", (attribute("D", 1), NewBlock("E", (attribute("F", "x"),))), as_list=True),))],
        "A:\n  B: 1\n  C:\n    - D: 1\n      E:\n        F: x\n",
    ),
    Case(
        "dashes as in the file",
        "Z:\n- x\nA:\n  B: 1\n",
        [(Insert, "A", (NewBlock("C", (attribute("D", ("x", "y")),), as_list=True),))],
        'Z:\n- x\nA:\n  B: 1\n  C:\n  - D:\n    - x\n    - "y"\n',
    ),
    Case(
        "four columns as around",
        "A:\n    B:\n        C: 1\n",
        [(Insert, "A", (NewBlock("D", (attribute("E", 1),)),))],
        "A:\n    B:\n        C: 1\n    D:\n        E: 1\n",
    ),
    Case(
        "Properties are created",
        "R:\n  B:\n    Type: T\n  C:\n    Type: T\n",
        [(Insert, "RB", (NewBlock("Properties", (attribute("X", 1),)),))],
        "R:\n  B:\n    Type: T\n    Properties:\n      X: 1\n  C:\n    Type: T\n",
    ),
    Case(
        "an empty flow mapping is expanded",
        "A:\n  B: {}  # none\n  C: 1\n",
        [(Insert, "AB", (attribute("D", 1),))],
        "A:\n  B:  # none\n    D: 1\n  C: 1\n",
    ),
    Case(
        "flow",
        "A: {B: 1, C: x}  # c\n",
        [(Insert, "A", (attribute("D", "s3:*"), NewBlock("E", (attribute("F", 1),), as_list=True)))],
        'A: {B: 1, C: x, D: "s3:*", E: [{F: 1}]}  # c\n',
    ),
    Case(
        "flow, sorted",
        "A: { B: 1, D: 2 }\n",
        [(Insert, "A", (attribute("C", 1), attribute("A", 1)), frozenset("BD"))],
        "A: { A: 1, B: 1, C: 1, D: 2 }\n",
    ),
    Case(
        "flow on lines, with comments",
        "A: {\n  B: 1, # b\n  D: 2 # d\n}\n",
        [(Insert, "A", (attribute("C", 1), attribute("E", 1)), frozenset("BD"))],
        "A: {\n  B: 1, # b\n  C: 1,\n  D: 2, # d\n  E: 1\n}\n",
    ),
    Case(
        "flow with a last comma",
        "A: {\n  B: 1, # b\n}\n",
        [(Insert, "A", (attribute("C", 1),))],
        "A: {\n  B: 1, # b\n  C: 1,\n}\n",
    ),
    Case("empty flow in flow", "A: [{}]\n", [(Insert, ["A", 0], (attribute("C", 1),))], "A: [{C: 1}]\n"),
    Case("JSON in YAML", 'A: {"B": 1}\n', [(Insert, "A", (attribute("C", "x"),))], 'A: {"B": 1, "C": "x"}\n'),
    Case(
        "JSON pretty",
        '{\n  "A": {\n    "B": 1\n  }\n}\n',
        [(Insert, "A", (attribute("C", ResourceReference("", "X", "Arn")), attribute("D", 1)))],
        '{\n  "A": {\n    "B": 1,\n    "C": {\n      "Fn::GetAtt": [\n        "X",\n        "Arn"\n      ]\n    },\n    "D": 1\n  }\n}\n',
        Format.JSON,
    ),
    Case(
        "JSON sorted",
        '{\r\n  "B": 1,\r\n  "D": 1\r\n}',
        [(Insert, [], (attribute("C", 1), attribute("A", 1), attribute("E", 1)), frozenset("BD"))],
        '{\r\n  "A": 1,\r\n  "B": 1,\r\n  "C": 1,\r\n  "D": 1,\r\n  "E": 1\r\n}',
        Format.JSON,
    ),
    Case(
        "JSON on one line",
        '{"A":{"B":1,"D":2}}',
        [(Insert, "A", (NewBlock("C", (attribute("X", 1), attribute("Y", "é")), as_list=True),), frozenset("BD"))],
        '{"A":{"B":1,"C":[{"X":1,"Y":"é"}],"D":2}}',
        Format.JSON,
    ),
    Case(
        "JSON empty, pretty",
        '{\n  "A": {}\n}',
        [(Insert, "A", (attribute("C", 1),))],
        '{\n  "A": {\n    "C": 1\n  }\n}',
        Format.JSON,
    ),
    Case("JSON empty, on one line", '{"A": {}}', [(Insert, "A", (attribute("C", 1),))], '{"A": {"C": 1}}', Format.JSON),
    Case(
        "Terraform JSON",
        '{"A": {"b": 1}}',
        [(Insert, "A", (NewBlock("c", (attribute("d", "${x}"),)), attribute("p", JsonDocument(ENCODED))))],
        '{"A": {"b": 1, "c": {"d": "$${x}"}, "p": "${jsonencode({\\"V\\": \\"1\\", \\"R\\": [t.n.arn, \\"${t.n.arn}/*\\"], \\"E\\": var.e, \\"N\\": null})}"}}',
        Format.TF_JSON,
    ),
]

LISTS = [
    Case(
        "extend a block",
        "A:\n  - x # c\n  # more on x\nB: 1\n",
        [(ExtendList, "A", ("y", "s3:*"))],
        'A:\n  - x # c\n  # more on x\n  - "y"\n  - "s3:*"\nB: 1\n',
    ),
    Case(
        "extend at the key's column",
        "A:\n  B:\n  - x\n  # on C\n  C: 1\n",
        [(ExtendList, "AB", ("y",))],
        'A:\n  B:\n  - x\n  - "y"\n  # on C\n  C: 1\n',
    ),
    Case(
        "extend with wide dashes",
        "A:\n  -   B: 1\n      C: 2",
        [(ExtendList, "A", (wmap(B=2, C=3),))],
        "A:\n  -   B: 1\n      C: 2\n  -   B: 2\n      C: 3",
    ),
    Case(
        "extend a statement",
        "S:\n  - Effect: Allow\n    Action: s3:Get\nZ: 1\n",
        [(ExtendList, "S", (DENY,))],
        'S:\n  - Effect: Allow\n    Action: s3:Get\n  - Sid: DenyInsecureTransport\n    Effect: Deny\n    Principal: "*"\n    Action: "s3:*"\n    Resource:\n      - !GetAtt DataBucket.Arn\n      - !Sub "${DataBucket.Arn}/*"\n    Condition:\n      Bool:\n        aws:SecureTransport: "false"\nZ: 1\n',
    ),
    Case("extend flow", "A: [x, y]  # c\n", [(ExtendList, "A", ("z", wmap(B=1)))], "A: [x, y, z, {B: 1}]  # c\n"),
    Case(
        "extend flow on lines",
        "A: [\n  x, # x\n  y # y\n]\n",
        [(ExtendList, "A", ("z",))],
        "A: [\n  x, # x\n  y, # y\n  z\n]\n",
    ),
    Case("extend an empty list", "A: []\nB: 1\n", [(ExtendList, "A", ("x",))], "A:\n  - x\nB: 1\n"),
    Case(
        "extend JSON",
        '{\n  "A": [\n    "x"\n  ]\n}',
        [(ExtendList, "A", ("y", "z"))],
        '{\n  "A": [\n    "x",\n    "y",\n    "z"\n  ]\n}',
        Format.JSON,
    ),
    Case(
        "extend JSON on one line",
        '{"A":["x"], "B":[]}',
        [(ExtendList, "A", ("y",)), (ExtendList, "B", (1, 2))],
        '{"A":["x","y"], "B":[1,2]}',
        Format.JSON,
    ),
    Case(
        "one mapping becomes a list",
        "S:\n  Effect: Allow # c\n\n  # on text\n  Text: |\n    a\n      b\nZ: 1\n",
        [(ExtendList, "S", (wmap(Effect="Deny"),))],
        "S:\n  - Effect: Allow # c\n\n    # on text\n    Text: |\n      a\n        b\n  - Effect: Deny\nZ: 1\n",
    ),
    Case(
        "one mapping becomes a list while it is mended",
        "S:\n  Effect: Allow\n  C:\n    B: 1\nZ: 1\n",
        [(ExtendList, "S", (wmap(E="D"),)), (Insert, "SC", (attribute("D", 1),)), (SetValue, "SCB", 2)],
        "S:\n  - Effect: Allow\n    C:\n      B: 2\n      D: 1\n  - E: D\nZ: 1\n",
    ),
    Case(
        "one flow mapping becomes a list",
        "S: {E: Allow}\n",
        [(ExtendList, "S", (wmap(E="Deny"),))],
        "S: [{E: Allow}, {E: Deny}]\n",
    ),
    Case(
        "one JSON mapping becomes a list",
        '{\n  "S": {\n    "E": "A"\n  }\n}',
        [(ExtendList, "S", (wmap(E="D"),)), (SetValue, "SE", wmap(X=1))],
        '{\n  "S": [\n    {\n      "E": {\n        "X": 1\n      }\n    },\n    {\n      "E": "D"\n    }\n  ]\n}',
        Format.JSON,
    ),
    Case(
        "one JSON mapping on one line",
        '{"S": {"E": "A"}}',
        [(ExtendList, "S", (wmap(E="D"),))],
        '{"S": [{"E": "A"}, {"E": "D"}]}',
        Format.JSON,
    ),
    Case(
        "replace",
        "A:\n  - x # c\n  - 'y'\n",
        [(ReplaceItem, ["A", 0], ("p", "q")), (ReplaceItem, ["A", 1], ("r",))],
        "A:\n  - p # c\n  - q\n  - 'r'\n",
    ),
    Case(
        "replace by mappings",
        "A:\n- B: 1\n  C: 2\n- x\n",
        [(ReplaceItem, ["A", 0], (wmap(B=1), wmap(B=2, C=3)))],
        "A:\n- B: 1\n- B: 2\n  C: 3\n- x\n",
    ),
    Case(
        "replace by nothing",
        "A:\n  - x # c\n  - y\n  - z",
        [(ReplaceItem, ["A", 0], ()), (ReplaceItem, ["A", 2], ())],
        "A:\n  - y",
    ),
    Case(
        "the last item goes", "A: # c\n  - x\n  # d\nB: 1\n", [(ReplaceItem, ["A", 0], ())], "A: [] # c\n  # d\nB: 1\n"
    ),
    Case(
        "all items of a list go",
        "A:\n  B:\n  - x\n  - y",
        [(ReplaceItem, ["A", "B", 0], ()), (ReplaceItem, ["A", "B", 1], ())],
        "A:\n  B: []",
    ),
    Case(
        "all go and new ones come",
        "A:\n  - x\n  - y\n",
        [(ReplaceItem, ["A", 0], ()), (ReplaceItem, ["A", 1], ()), (ExtendList, "A", ("z",))],
        "A:\n  - z\n",
    ),
    Case("replace in flow", "A: [x, 'y', z]\n", [(ReplaceItem, ["A", 1], ("p", "q"))], "A: [x, 'p', 'q', z]\n"),
    Case("remove in flow", "A: [x, y, z]\n", [(ReplaceItem, ["A", 0], ()), (ReplaceItem, ["A", 2], ())], "A: [y]\n"),
    Case(
        "remove the end of flow and extend",
        "A: [x, y, z]\n",
        [(ReplaceItem, ["A", 1], ()), (ReplaceItem, ["A", 2], ()), (ExtendList, "A", ("w",))],
        "A: [x, w]\n",
    ),
    Case("empty a flow list", "A: [x, y]\n", [(ReplaceItem, ["A", 0], ()), (ReplaceItem, ["A", 1], ())], "A: []\n"),
    Case(
        "remove in flow on lines",
        "A: [\n  x, # x\n  y, # y\n  z # z\n]\n",
        [(Remove, ["A", 2]), (Remove, ["A", 0])],
        "A: [\n  y, # y\n]\n",
    ),
    Case(
        "remove in JSON",
        '{\n  "A": [\n    1,\n    2,\n    3\n  ]\n}',
        [(ReplaceItem, ["A", 2], ()), (ReplaceItem, ["A", 0], ())],
        '{\n  "A": [\n    2\n  ]\n}',
        Format.JSON,
    ),
    Case(
        "replace in JSON",
        '{\n  "A": [\n    "a"\n  ]\n}',
        [(ReplaceItem, ["A", 0], ("b", "c"))],
        '{\n  "A": [\n    "b",\n    "c"\n  ]\n}',
        Format.JSON,
    ),
    Case(
        "replace in JSON on one line",
        '{"A": ["a"]}',
        [(ReplaceItem, ["A", 0], ("b", "c"))],
        '{"A": ["b", "c"]}',
        Format.JSON,
    ),
    Case(
        "remove an entry",
        "A:\n  B: 1 # b\n  # on C\n  C:\n    D: 1\n  E: 1\n",
        [(Remove, "AC")],
        "A:\n  B: 1 # b\n  # on C\n  E: 1\n",
    ),
    Case("remove the first key of an item", "A:\n  - B: 1\n    C: 2\n", [(Remove, ["A", 0, "B"])], "A:\n  - C: 2\n"),
    Case("remove all keys of an item", "A:\n  - B: 1\n", [(Remove, ["A", 0, "B"])], "A:\n  - {}\n"),
    Case("remove the only key", "A:\n  B:  # c\n    C: 1\nD: 1\n", [(Remove, "ABC")], "A:\n  B: {}  # c\nD: 1\n"),
    Case("remove a key of a flow mapping", "A: {B: 1, C: 2}\n", [(Remove, "AC")], "A: {B: 1}\n"),
    Case("remove a key of JSON", '{"B": 1, "C": 2}', [(Remove, "B")], '{"C": 2}', Format.JSON),
    Case(
        "remove and insert",
        "A:\n  B: 1\n  C: 2\nZ: 1\n",
        [(Remove, "AC"), (Insert, "A", (attribute("D", 1),))],
        "A:\n  B: 1\n  D: 1\nZ: 1\n",
    ),
]

POLICY = (attribute("Bucket", ResourceReference("T", "B", "Ref")), attribute("P", ("x",)))

RESOURCES = [
    Case(
        "alone: a blank line before",
        "Resources:\n  B:\n    Type: T\n",
        [(NewResource, ["Resources", "B"], "P", "BPolicy", POLICY)],
        "Resources:\n  B:\n    Type: T\n\n  BPolicy:\n    Type: P\n    Properties:\n      Bucket: !Ref B\n      P:\n        - x\n",
    ),
    Case(
        "between, as the others",
        "Resources:\n  B:\n    Type: T\n    # on T\n  # on C\n  C:\n    Type: T\nOutputs:\n  X: 1\n",
        [(NewResource, ["Resources", "B"], "P", "BPolicy", ())],
        "Resources:\n  B:\n    Type: T\n    # on T\n  BPolicy:\n    Type: P\n  # on C\n  C:\n    Type: T\nOutputs:\n  X: 1\n",
    ),
    Case(
        "blank lines as the others",
        "Resources:\n  B:\n    Type: T\n\n  C:\n    Type: T\n",
        [(NewResource, ["Resources", "B"], "P", "BPolicy", ())],
        "Resources:\n  B:\n    Type: T\n\n  BPolicy:\n    Type: P\n\n  C:\n    Type: T\n",
    ),
    Case(
        "sorted into the run",
        "Resources:\n  B:\n    Type: T\n  X:\n    Type: P\n  Z:\n    Type: R\n  C:\n    Type: T\n",
        [
            (NewResource, ["Resources", "B"], "Q", "Y", (), frozenset([("P", "X"), ("R", "Z")])),
            (NewResource, ["Resources", "B"], "S", "A", ()),
        ],
        "Resources:\n  B:\n    Type: T\n  X:\n    Type: P\n  Y:\n    Type: Q\n  Z:\n    Type: R\n  A:\n    Type: S\n  C:\n    Type: T\n",
    ),
    Case(
        "at the end of the section",
        "Resources:\n  B:\n    Type: T\n  C:\n    Type: T\nOutputs:\n  X: 1\n",
        [(NewResource, None, "S", "N", ()), (NewResource, None, "R", "O", ())],
        "Resources:\n  B:\n    Type: T\n  C:\n    Type: T\n  O:\n    Type: R\n  N:\n    Type: S\nOutputs:\n  X: 1\n",
    ),
    Case(
        "into the run at the end",
        "Resources:\n  B:\n    Type: T\n  C:\n    Type: M\n",
        [(NewResource, None, "A", "N", (), frozenset([("M", "C")]))],
        "Resources:\n  B:\n    Type: T\n  N:\n    Type: A\n  C:\n    Type: M\n",
    ),
    Case(
        "flow",
        "Resources: {B: {Type: T}}\n",
        [(NewResource, ["Resources", "B"], "P", "Q", ())],
        "Resources: {B: {Type: T}, Q: {Type: P}}\n",
    ),
    Case(
        "JSON",
        '{\n  "Resources": {\n    "B": {\n      "Type": "T"\n    }\n  }\n}\n',
        [(NewResource, ["Resources", "B"], "P", "BPolicy", (attribute("X", 1),))],
        '{\n  "Resources": {\n    "B": {\n      "Type": "T"\n    },\n    "BPolicy": {\n      "Type": "P",\n      "Properties": {\n        "X": 1\n      }\n    }\n  }\n}\n',
        Format.JSON,
    ),
    Case(
        "JSON, apart",
        '{\n  "Resources": {\n    "B": {\n      "Type": "T"\n    },\n\n    "C": {}\n  }\n}\n',
        [(NewResource, ["Resources", "B"], "P", "Q", ())],
        '{\n  "Resources": {\n    "B": {\n      "Type": "T"\n    },\n\n    "Q": {\n      "Type": "P"\n    },\n\n    "C": {}\n  }\n}\n',
        Format.JSON,
    ),
    Case(
        "JSON on one line",
        '{"Resources":{"B":{"Type":"T"},"C":{}}}',
        [(NewResource, ["Resources", "B"], "P", "Q", ())],
        '{"Resources":{"B":{"Type":"T"},"Q":{"Type":"P"},"C":{}}}',
        Format.JSON,
    ),
    Case(
        "all at one place",
        "Resources:\n  B:\n    Type: T\n    Properties:\n      L:\n      - a\n      M: 0",
        [
            (SetValue, ["Resources", "B", "Properties", "M"], wmap(X=1)),
            (Insert, ["Resources", "B", "Properties"], (attribute("N", 1),)),
            (Insert, ["Resources", "B"], (attribute("Z", 1),)),
            (NewResource, ["Resources", "B"], "P", "Q", ()),
        ],
        "Resources:\n  B:\n    Type: T\n    Properties:\n      L:\n      - a\n      M:\n        X: 1\n      N: 1\n    Z: 1\n\n  Q:\n    Type: P",
    ),
]

CASES = [*SET, *INSERT, *LISTS, *RESOURCES]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.format.value} {i}: {c.name}" for i, c in enumerate(CASES)])
def test_the_text_after(case):
    source = case.before.encode()
    changes = list(built(source, case.changes))

    assert case.after == apply(source, changes, case.format).decode()
    if case.format is not Format.YAML:
        json.loads(case.after)
    load(case.after.encode())


@pytest.mark.parametrize("case", CASES, ids=[f"{c.format.value} {i}: {c.name}" for i, c in enumerate(CASES)])
def test_the_order_of_changes_does_not_matter(case):
    source = case.before.encode()
    changes = list(built(source, case.changes))

    edits = {plan(source, case.format, list(order)) for order in permutations(changes)}

    assert len(edits) == 1
