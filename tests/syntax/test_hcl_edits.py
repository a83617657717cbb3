"""Before, changes, after, in Terraform's own language; what goes in formatted comes out formatted."""

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent

import pytest
from tests.oracle import format_text, is_formatted, parse
from tests.syntax.hcl_edit_support import apply, at, between, block, body

from setsquare.model import (
    Change,
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
    Written,
    WrittenMap,
)
from setsquare.syntax.edit_error import EditError
from setsquare.text import Span

STATEMENT = WrittenMap(
    (
        ("Effect", "Allow"),
        ("Principal", "*"),
        ("Action", "sns:Publish"),
        ("Resource", ResourceReference("aws_sns_topic", "alerts", "arn")),
        (
            "Condition",
            WrittenMap(
                (
                    (
                        "StringEquals",
                        WrittenMap(
                            (("aws:PrincipalAccount", DialectExpression("data.aws_caller_identity.current.id")),)
                        ),
                    ),
                )
            ),
        ),
    )
)


@dataclass(frozen=True)
class Case:
    name: str
    before: str
    changes: Callable[[str], list[Change]]
    after: str


def check(case: Case) -> None:
    before, after = dedent(case.before), dedent(case.after)

    assert after == apply(before, *case.changes(before))
    if is_formatted(before):
        assert is_formatted(after)


def attribute(name: str, value: Written = True) -> NewAttribute:
    return NewAttribute(name, value)


# --------------------------------------------------------------------- bodies

INSERTIONS = [
    Case(
        "a group of its own after the attributes",
        """\
        resource "a" "b" {
          name = "x" # here
          long_name = 1

          # about c
          c {
          }
        }
        """,
        lambda s: [Insert(body(s, "resource"), (attribute("zz"), attribute("long_one", 1)))],
        """\
        resource "a" "b" {
          name = "x" # here
          long_name = 1

          long_one = 1
          zz       = true

          # about c
          c {
          }
        }
        """,
    ),
    Case(
        "the policy group is joined in order",
        """\
        resource "a" "b" {
          name = "x"

          bb = true # trails
          dd = true
        }
        """,
        lambda s: [Insert(body(s, "resource"), (attribute("ccc"), attribute("e")), frozenset({"bb", "dd"}))],
        """\
        resource "a" "b" {
          name = "x"

          bb  = true # trails
          ccc = true
          dd  = true
          e   = true
        }
        """,
    ),
    Case(
        "a group that is not sorted is not joined",
        """\
        resource "a" "b" {
          name = "x"

          dd = true
          bb = true
        }
        """,
        lambda s: [Insert(body(s, "resource"), (attribute("ccc"),), frozenset({"bb", "dd"}))],
        """\
        resource "a" "b" {
          name = "x"

          dd = true
          bb = true

          ccc = true
        }
        """,
    ),
    Case(
        "the first group is not joined, nor one with a comment in it or above it",
        """\
        resource "a" "b" {
          bb = true
        }

        resource "a" "c" {
          name = "x"

          # why
          bb = true
        }
        """,
        lambda s: [
            Insert(body(s, 'resource "a" "b"'), (attribute("c"),), frozenset({"bb"})),
            Insert(body(s, 'resource "a" "c"'), (attribute("c"),), frozenset({"bb"})),
        ],
        """\
        resource "a" "b" {
          bb = true

          c = true
        }

        resource "a" "c" {
          name = "x"

          # why
          bb = true

          c = true
        }
        """,
    ),
    Case(
        "at the top where there is no attribute",
        """\
        resource "a" "b" { # here
          # about c
          c {
          }
        }
        """,
        lambda s: [Insert(body(s, "resource"), (attribute("x"), attribute("long")))],
        """\
        resource "a" "b" { # here
          long = true
          x    = true

          # about c
          c {
          }
        }
        """,
    ),
    Case(
        "comment lines below the last attribute stay with it, those above a block with the block",
        """\
        resource "a" "b" {
          name = "x"
          # size = 1
        }

        resource "a" "c" {
          name = "x"
          # about d
          d {
          }
        }
        """,
        lambda s: [
            Insert(body(s, 'resource "a" "b"'), (attribute("x"),)),
            Insert(body(s, 'resource "a" "c"'), (attribute("x"), NewBlock("e", ()))),
        ],
        """\
        resource "a" "b" {
          name = "x"
          # size = 1

          x = true
        }

        resource "a" "c" {
          name = "x"

          x = true

          # about d
          d {
          }

          e {
          }
        }
        """,
    ),
    Case(
        "a comment over several lines trails",
        """\
        resource "a" "b" {
          name = "x" /* one
          two */
        }
        """,
        lambda s: [Insert(body(s, "resource"), (attribute("x"),))],
        """\
        resource "a" "b" {
          name = "x" /* one
          two */

          x = true
        }
        """,
    ),
    Case(
        "empty bodies",
        """\
        resource "a" "b" {}

        resource "a" "c" {
        }

        resource "a" "d" {
          # nothing yet
        }
        """,
        lambda s: [
            Insert(body(s, 'resource "a" "b"'), (attribute("x"), NewBlock("y", (NewBlock("z", ()),)))),
            Insert(body(s, 'resource "a" "c"'), (NewBlock("y", ()),)),
            Insert(body(s, 'resource "a" "d"'), (attribute("x"), NewBlock("y", ()))),
        ],
        """\
        resource "a" "b" {
          x = true

          y {
            z {
            }
          }
        }

        resource "a" "c" {
          y {
          }
        }

        resource "a" "d" {
          x = true

          # nothing yet

          y {
          }
        }
        """,
    ),
    Case(
        "blocks on one line are expanded",
        """\
        resource "a" "b" {
          c { d = 1 } # e
        }
        """,
        lambda s: [Insert(body(s, "c {"), (attribute("f"), NewBlock("g", ())))],
        """\
        resource "a" "b" {
          c {
            d = 1

            f = true

            g {
            }
          } # e
        }
        """,
    ),
    Case(
        "an attribute on the line of the brace",
        'resource "a" "b" { c = [\n  1,\n  ]\n}\n',
        lambda s: [Insert(body(s, "resource"), (attribute("f"),))],
        'resource "a" "b" {\n  c = [\n    1,\n  ]\n\n  f = true\n}\n',
    ),
    Case(
        "new blocks join the siblings at the end",
        """\
        resource "a" "b" {
          zz {
          }
          # about bb
          bb {
          }

          dd {
          }
        }
        """,
        lambda s: [
            Insert(
                body(s, "resource"),
                (NewBlock("aa", ()), NewBlock("cc", ()), NewBlock("ee", (attribute("x"), attribute("yy")))),
                frozenset({"bb", "dd"}),
            )
        ],
        """\
        resource "a" "b" {
          zz {
          }

          aa {
          }

          # about bb
          bb {
          }

          cc {
          }

          dd {
          }

          ee {
            x  = true
            yy = true
          }
        }
        """,
    ),
    Case(
        "before the first block of the body",
        """\
        resource "a" "b" {
          bb {
          }
        }
        """,
        lambda s: [Insert(body(s, "resource"), (NewBlock("aa", ()),), frozenset({"bb"}))],
        """\
        resource "a" "b" {
          aa {
          }

          bb {
          }
        }
        """,
    ),
    Case(
        "indentation comes from the siblings",
        'resource "a" "b" {\n\tc = 1\n\n\td {\n\t}\n}\n',
        lambda s: [
            Insert(body(s, "resource"), (attribute("x", WrittenMap((("k", 1), ("long", 2)))),)),
            Insert(body(s, "d {"), (attribute("y"), NewBlock("z", (attribute("q"),)))),
        ],
        'resource "a" "b" {\n\tc = 1\n\n\tx = {\n\t\tk    = 1\n\t\tlong = 2\n\t}\n\n'
        "\td {\n\t\ty = true\n\n\t\tz {\n\t\t\tq = true\n\t\t}\n\t}\n}\n",
    ),
    Case(
        "four spaces",
        'resource "a" "b" {\n    c = 1\n}\n',
        lambda s: [Insert(body(s, "resource"), (NewBlock("d", (attribute("x"),)),))],
        'resource "a" "b" {\n    c = 1\n\n    d {\n        x = true\n    }\n}\n',
    ),
    Case(
        "without a line break at the end of the file",
        'resource "a" "b" {\n  c = 1\n}',
        lambda s: [Insert(body(s, "resource"), (attribute("x"),))],
        'resource "a" "b" {\n  c = 1\n\n  x = true\n}',
    ),
    Case(
        "CRLF, BOM and non-ASCII stay",
        '\ufeffresource "a" "b" {\r\n  c = "é" # ü\r\n}\r\n',
        lambda s: [Insert(body(s, "resource"), (attribute("x"), attribute("yy")))],
        '\ufeffresource "a" "b" {\r\n  c = "é" # ü\r\n\r\n  x  = true\r\n  yy = true\r\n}\r\n',
    ),
    Case(
        "a block that is whole is edited though the file is broken before it",
        'resource "u" "v" {\n  x = {\n\nresource "a" "b" {\n  c = 1\n}\n',
        lambda s: [Insert(Span(s.index("{\n  c"), len(s) - 1), (attribute("x"),))],
        'resource "u" "v" {\n  x = {\n\nresource "a" "b" {\n  c = 1\n\n  x = true\n}\n',
    ),
]


@pytest.mark.parametrize("case", INSERTIONS, ids=lambda case: case.name)
def test_insertions_into_bodies(case):
    check(case)


# --------------------------------------------------------------------- values

VALUES = [
    (True, "true"),
    (None, "null"),
    (12, "12"),
    (12.0, "12"),
    (0.5, "0.5"),
    (1e-7, "0.0000001"),
    (1e20, "100000000000000000000"),
    ('a"\\\n\t\x01é', '"a\\"\\\\\\n\\t\\u0001é"'),
    ("${a} %{b} $${c} $ % {", '"$${a} %%{b} \\u0024$${c} $ % {"'),
    ((), "[]"),
    (("a", 1, False), '["a", 1, false]'),
    (("a" * 50, "b" * 50), f'[\n    "{"a" * 50}",\n    "{"b" * 50}",\n  ]'),
    ((DialectExpression("var.a"), "b"), '[\n    var.a,\n    "b",\n  ]'),
    (DialectExpression("var.a"), "var.a"),
    (ResourceReference("t", "n", "arn"), "t.n.arn"),
    (ResourceReference("t", "n", "arn", '/"*'), '"${t.n.arn}/\\"*"'),
    (ResourceReference("", "each.value", "id"), "each.value.id"),
    (ResourceReference("t", "n[count.index]", "id"), "t.n[count.index].id"),
    (WrittenMap(()), "{}"),
    (
        WrittenMap((("k", 1), ("a:b", ("x",)), ("for", WrittenMap((("long", 1), ("q", 2)))))),
        '{\n    k     = 1\n    "a:b" = ["x"]\n    "for" = {\n      long = 1\n      q    = 2\n    }\n  }'.replace(
            '"for" = {', '"for" = {'
        ),
    ),
    (
        JsonDocument(WrittenMap((("Version", "2012-10-17"), ("Statement", (STATEMENT,))))),
        """jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = {
          StringEquals = {
            "aws:PrincipalAccount" = data.aws_caller_identity.current.id
          }
        }
      },
    ]
  })""",
    ),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda value: str(value)[:40])
def test_values(value, expected):
    before = 'locals {\n  x = "old" # why\n}\n'

    after = apply(before, SetValue(at(before, '"old"'), value))

    assert f"locals {{\n  x = {expected} # why\n}}\n" == after
    assert is_formatted(after)
    parse(after)


SETTINGS = [
    Case(
        "neighbours are aligned anew when a value becomes one line",
        """\
        locals {
          a = {
            x = 1
          }
          long = 1 # c
          b    = <<-E
            text
          E
        }
        """,
        lambda s: [SetValue(between(s, "{\n    x", "}"), "y"), SetValue(between(s, "<<-E", "  E"), 2)],
        """\
        locals {
          a    = "y"
          long = 1 # c
          b    = 2
        }
        """,
    ),
    Case(
        "and when it becomes several",
        """\
        locals {
          a    = 1 # c
          long = 1 # d
          b    = 1
        }
        """,
        lambda s: [SetValue(Span(s.index("1 # d"), s.index("1 # d") + 1), WrittenMap((("x", 1),)))],
        """\
        locals {
          a = 1 # c
          long = {
            x = 1
          } # d
          b = 1
        }
        """,
    ),
    Case(
        "what was not aligned before is left alone",
        "locals {\n  a    = 1\n  long = {\n    x = 1\n  }\n  b=2\n}\n",
        lambda s: [SetValue(between(s, "{\n    x", "}"), 3)],
        "locals {\n  a    = 1\n  long = 3\n  b=2\n}\n",
    ),
    Case(
        "inside an interpolation and an expression",
        'a = "x-${var.b}"\nc = var.d ? "e" : "f"\n',
        lambda s: [SetValue(at(s, "var.b"), "q"), SetValue(at(s, '"f"'), None)],
        'a = "x-${"q"}"\nc = var.d ? "e" : null\n',
    ),
    Case("the same value is no edit", "a = 1\n", lambda s: [SetValue(at(s, "1"), 1)], "a = 1\n"),
    Case(
        "lines of an expression end as the file's",
        "a = 1\r\n",
        lambda s: [SetValue(at(s, "1"), DialectExpression("merge(\n  var.a,\n)"))],
        "a = merge(\r\n  var.a,\r\n)\r\n",
    ),
]


@pytest.mark.parametrize("case", SETTINGS, ids=lambda case: case.name)
def test_new_values_among_neighbours(case):
    check(case)


# --------------------------------------------------------------------- lists and objects


def in_list(before: str, *changes: Callable[[str], Change]) -> str:
    source = f"x = {before}\n"
    return apply(source, *(change(source) for change in changes)).removeprefix("x = ").removesuffix("\n")


def extend(*items: Written) -> Callable[[str], Change]:
    return lambda s: ExtendList(Span(4, len(s.encode()) - 1), items)


def substitute(item: str, *items: Written) -> Callable[[str], Change]:
    return lambda s: ReplaceItem(at(s, item), items)


LISTS = [
    ("[]", [extend("a", "b")], '["a", "b"]'),
    ("[]", [extend(WrittenMap((("k", 1),)))], "[\n  {\n    k = 1\n  },\n]"),
    ('["a"]', [extend("b", "c")], '["a", "b", "c"]'),
    ('["a",]', [extend("b")], '["a", "b",]'),
    ('["a"]', [extend()], '["a"]'),
    ("[\n]", [extend("a", "b")], '[\n  "a",\n  "b",\n]'),
    ("[\n  # none\n]", [extend("a")], '[\n  # none\n  "a",\n]'),
    ("[ # none\n]", [extend("a")], '[ # none\n  "a",\n]'),
    ('[\n  "a", # c\n]', [extend("b", "c")], '[\n  "a", # c\n  "b",\n  "c",\n]'),
    ('[\n  "a" # c\n]', [extend("b")], '[\n  "a", # c\n  "b"\n]'),
    ('[\n  "a"\n]', [extend("b")], '[\n  "a",\n  "b"\n]'),
    ('[\n  "a",\n  "b"]', [extend("c")], '[\n  "a",\n  "b",\n  "c"]'),
    ('[\n  "a",\n  # more?\n]', [extend("b")], '[\n  "a",\n  "b",\n  # more?\n]'),
    ('[\n  "a", "b",\n]', [extend("c")], '[\n  "a", "b", "c",\n]'),
    ("[{\n  k = 1\n}]", [extend(WrittenMap((("k", 2),)))], "[{\n  k = 1\n  }, {\n  k = 2\n}]"),
    ("[\n  <<-E\n    a\n  E\n  ,\n]", [extend("b")], '[\n  <<-E\n    a\n  E\n  ,\n  "b",\n]'),
    ('["a", "b", "c"]', [substitute('"b"')], '["a", "c"]'),
    ('["a", "b"]', [substitute('"a"')], '["b"]'),
    ('["a", "b"]', [substitute('"b"')], '["a"]'),
    ('["a", "b",]', [substitute('"b"')], '["a",]'),
    ('[ "a" ]', [substitute('"a"')], "[]"),
    ('["a", # c\n]', [substitute('"a"')], "[ # c\n]"),
    ('["a" /* c */]', [substitute('"a"')], "[/* c */]"),
    ('["a", "b"]', [substitute('"a"'), substitute('"b"')], "[]"),
    ('["a", "b"]', [substitute('"b"', "x", "y"), extend("z")], '["a", "x", "y", "z"]'),
    ('[\n  "a", # c\n  "b",\n]', [substitute('"a"', "x", "y")], '[\n  "x",\n  "y", # c\n  "b",\n]'),
    ('[\n  "a", # c\n  "b",\n]', [substitute('"a"')], '[\n  "b",\n]'),
    ('[\n  "a",\n  "b" # c\n]', [substitute('"b"')], '[\n  "a"\n]'),
    ('[\n  "a",\n]', [substitute('"a"')], "[\n]"),
    ('[\n  "a", "b",\n]', [substitute('"a"')], '[\n  "b",\n]'),
    ('[\n  <<-E\n    a\n  E\n  ,\n  "b",\n]', [substitute("<<-E\n    a\n  E", "x")], '[\n  "x"\n  ,\n  "b",\n]'),
    ('"a"', [substitute('"a"', "x")], '"x"'),
]


@pytest.mark.parametrize(("before", "changes", "expected"), LISTS)
def test_lists(before, changes, expected):
    after = in_list(before, *changes)

    assert expected == after
    parse(f"x = {after}\n")
    if is_formatted(f"x = {before}\n"):
        assert format_text(f"x = {after}\n") == f"x = {after}\n"


def enter(*entries: NewAttribute | NewBlock, siblings: str = "") -> Callable[[str], Change]:
    return lambda s: Insert(Span(4, len(s.encode()) - 1), entries, frozenset(siblings))


def drop(entry: str) -> Callable[[str], Change]:
    return lambda s: Remove(at(s, entry))


OBJECTS = [
    ("{}", [enter(attribute("b"), attribute("aa"))], "{\n  aa = true\n  b  = true\n}"),
    ("{\n}", [enter(attribute("b"))], "{\n  b = true\n}"),
    ("{ a = 1 }", [enter(attribute("b"))], "{ a = 1, b = true }"),
    ("{ a = 1, c = 1 }", [enter(attribute("b"), siblings="c")], "{ a = 1, b = true, c = 1 }"),
    ("{ a = 1, c = 1 }", [enter(attribute("b"))], "{ a = 1, c = 1, b = true }"),
    ("{\n  a = 1 # c\n}", [enter(attribute("bb"))], "{\n  a  = 1 # c\n  bb = true\n}"),
    ("{\n  a = 1,\n}", [enter(attribute("b"))], "{\n  a = 1,\n  b = true,\n}"),
    ("{\n  a = 1,\n  c = 2\n}", [enter(attribute("d"))], "{\n  a = 1,\n  c = 2,\n  d = true\n}"),
    (
        "{\n  a = 1\n  # c\n  c = 2\n}",
        [enter(attribute("b"), siblings="c")],
        "{\n  a = 1\n  b = true\n  # c\n  c = 2\n}",
    ),
    ("{\n  a = 1,\n  c = 2,\n}", [enter(attribute("b"), siblings="c")], "{\n  a = 1,\n  b = true,\n  c = 2,\n}"),
    ('{\n  "a" : 1\n}', [enter(attribute("b c"))], '{\n  "a" : 1\n  "b c" : true\n}'),
    (
        "{\n  a = 1\n}",
        [enter(NewBlock("b", (attribute("x"),)), NewBlock("l", (attribute("x"),), as_list=True))],
        "{\n  a = 1\n  b = {\n    x = true\n  }\n  l = [\n    {\n      x = true\n    },\n  ]\n}",
    ),
    ("{ a = 1, b = 2 }", [drop("a = 1")], "{ b = 2 }"),
    ("{\n  a    = 1\n  long = 2\n}", [drop("long = 2")], "{\n  a = 1\n}"),
]


@pytest.mark.parametrize(("before", "changes", "expected"), OBJECTS)
def test_objects(before, changes, expected):
    after = in_list(before, *changes)

    assert expected == after
    parse(f"x = {after}\n")
    if is_formatted(f"x = {before}\n"):
        assert format_text(f"x = {after}\n") == f"x = {after}\n"


# --------------------------------------------------------------------- removal

REMOVALS = [
    Case(
        "an attribute, but not its comment, and the alignment that it asked for",
        """\
        resource "a" "b" {
          name     = "x"
          password = "y" # bad
          z        = 1
        }
        """,
        lambda s: [Remove(at(s, 'password = "y"'))],
        """\
        resource "a" "b" {
          name = "x"
          # bad
          z = 1
        }
        """,
    ),
    Case(
        "no blank line is doubled",
        """\
        resource "a" "b" {
          name = "x"

          password = "y"

          c {
          }

          d {
          }
        }
        """,
        lambda s: [Remove(at(s, 'password = "y"')), Remove(block(s, "d {"))],
        """\
        resource "a" "b" {
          name = "x"

          c {
          }
        }
        """,
    ),
    Case(
        "nor left at the top",
        """\
        resource "a" "b" {
          password = "y"

          c {
          }
        }
        """,
        lambda s: [Remove(at(s, 'password = "y"')), Insert(body(s, "resource"), (attribute("manage_password"),))],
        """\
        resource "a" "b" {
          manage_password = true

          c {
          }
        }
        """,
    ),
    Case(
        "everything",
        """\
        resource "a" "b" {
          c = <<-E
            x
          E
        }
        """,
        lambda s: [Remove(between(s, "c =", "  E"))],
        """\
        resource "a" "b" {
        }
        """,
    ),
    Case("of one line", "a {\n  b { c = 1 } # d\n}\n", lambda s: [Remove(at(s, "c = 1"))], "a {\n  b {} # d\n}\n"),
    Case(
        "at the level of a file",
        "a    = 1\nlong = 2\n\nb = 3\n",
        lambda s: [Remove(at(s, "long = 2")), Remove(at(s, "b = 3"))],
        "a = 1\n",
    ),
    Case(
        "a whole resource",
        'resource "a" "b" {\n}\n\nresource "c" "d" {\n}\n',
        lambda s: [Remove(block(s, 'resource "a"')), Insert(body(s, 'resource "c"'), (attribute("x"),))],
        'resource "c" "d" {\n  x = true\n}\n',
    ),
]


@pytest.mark.parametrize("case", REMOVALS, ids=lambda case: case.name)
def test_removals(case):
    check(case)


# --------------------------------------------------------------------- resources

RESOURCES = [
    Case(
        "after the primary, in order among its companions",
        """\
        resource "p" "q" {
        } # end
        # about k
        resource "k" "q" {
        }

        resource "other" "r" {
        }
        """,
        lambda s: [
            NewResource(
                block(s, 'resource "p"'), kind, "q", (attribute("a"), attribute("bbb"), NewBlock("c", ())), known
            )
            for known in [frozenset({("k", "q")})]
            for kind in ("z", "l", "j")
        ],
        """\
        resource "p" "q" {
        } # end

        resource "j" "q" {
          a   = true
          bbb = true

          c {
          }
        }

        # about k
        resource "k" "q" {
        }

        resource "l" "q" {
          a   = true
          bbb = true

          c {
          }
        }

        resource "z" "q" {
          a   = true
          bbb = true

          c {
          }
        }

        resource "other" "r" {
        }
        """,
    ),
    Case(
        "as often as the primary",
        'resource "p" "q" {\n}',
        lambda s: [
            NewResource(block(s, "resource"), "a", "q", (attribute("x"),), for_each="p.q"),
            NewResource(block(s, "resource"), "b", "q", (), count="length(p.q)"),
        ],
        'resource "p" "q" {\n}\n\nresource "a" "q" {\n  for_each = p.q\n\n  x = true\n}\n\n'
        'resource "b" "q" {\n  count = length(p.q)\n}\n',
    ),
    Case(
        "at the end of the file, before the companions that are greater",
        'locals {\n}\n\nresource "b" "x" {\n}\n# end\n\n\n',
        lambda _: [
            NewResource(None, "c", "x", (), frozenset({("b", "x")})),
            NewResource(None, "a", "x", (), frozenset({("b", "x")})),
        ],
        'locals {\n}\n\nresource "a" "x" {\n}\n\nresource "b" "x" {\n}\n# end\n\nresource "c" "x" {\n}\n\n\n',
    ),
    Case(
        "in an empty file",
        "",
        lambda _: [NewResource(None, "a", "b", ())],
        'resource "a" "b" {\n}\n',
    ),
    Case(
        "with the indentation, line ends and BOM of the file",
        '\ufeffresource "p" "q" {\r\n\tx = 1\r\n}\r\n',
        lambda s: [NewResource(block(s, "resource"), "a", "b", (attribute("x"), attribute("yy")))],
        '\ufeffresource "p" "q" {\r\n\tx = 1\r\n}\r\n\r\nresource "a" "b" {\r\n\tx  = true\r\n\tyy = true\r\n}\r\n',
    ),
    Case(
        "a companion of another kind of block ends the run",
        'resource "p" "q" {\n}\n\ndata "b" "q" {\n}\n\nresource "c" {\n}\n\nx = 1\n',
        lambda s: [NewResource(block(s, "resource"), "d", "q", (), frozenset({("b", "q")}))],
        'resource "p" "q" {\n}\n\nresource "d" "q" {\n}\n\ndata "b" "q" {\n}\n\nresource "c" {\n}\n\nx = 1\n',
    ),
    Case(
        "labels without quotes",
        "resource p q {\n}\n\nresource b q {\n}\n",
        lambda s: [NewResource(block(s, "resource"), "d", "q", (), frozenset({("b", "q")}))],
        'resource p q {\n}\n\nresource b q {\n}\n\nresource "d" "q" {\n}\n',
    ),
]


@pytest.mark.parametrize("case", RESOURCES, ids=lambda case: case.name)
def test_new_resources(case):
    check(case)


# --------------------------------------------------------------------- refusals

HEREDOC = "x = [\n  <<-E\n    a\n  E\n]\n"
REFUSALS: list[tuple[str, str, Callable[[str], list[Change]]]] = [
    ("b is there already", "a {\n  b = 1\n}\n", lambda s: [Insert(body(s, "a"), (attribute("b"),))]),
    ("b is there already", "x = { b = 1 }\n", lambda s: [Insert(at(s, "{ b = 1 }"), (attribute("b"),))]),
    ("syntax error", "a {\n  b =\n}\n", lambda s: [Insert(Span(2, len(s) - 1), (attribute("c"),))]),
    ("no list or object", "a {\n  b = 1\n}\n", lambda _: [Insert(Span(2, 8), (attribute("c"),))]),
    ("not written out", "x = var.y\n", lambda s: [ExtendList(at(s, "var.y"), ("a",))]),
    ("not written out", "x = [for a in b : a]\n", lambda s: [ExtendList(at(s, "[for a in b : a]"), ("a",))]),
    ("heredoc", HEREDOC, lambda s: [ExtendList(between(s, "[", "]"), ("a",))]),
    ("heredoc", HEREDOC.replace("[\n  <<", "[<<"), lambda s: [ExtendList(between(s, "[", "]"), ("a",))]),
    ("no item of a list", "x = 1\n", lambda s: [ReplaceItem(at(s, "1"), ())]),
    ("no item of a list", "x = [f(1)]\n", lambda s: [ReplaceItem(at(s, "1"), (1, 2))]),
    ("no expression of its own", 'x = "ab"\n', lambda s: [SetValue(at(s, "ab"), 1)]),
    ("no expression of its own", "x = 123\n", lambda s: [SetValue(at(s, "12"), 1)]),
    ("nothing here that could be removed", "x = 1\n", lambda s: [Remove(at(s, "1"))]),
    ("another repair", "x = [1]\n", lambda s: [SetValue(at(s, "[1]"), 1), ExtendList(at(s, "[1]"), ("a",))]),
    ("is not named", "x = 1\n", lambda s: [SetValue(at(s, "1"), ResourceReference("a", None, "b"))]),
    ("not a number", "x = 1\n", lambda s: [SetValue(at(s, "1"), float("nan"))]),
    ("would not be valid", "x = 1\n", lambda s: [SetValue(at(s, "1"), DialectExpression("(("))]),
    ("cannot be found", "a {\n}\n", lambda _: [NewResource(Span(0, 1), "a", "b", ())]),
    ("its end may lie inside", "a {\n", lambda _: [NewResource(None, "a", "b", ())]),
    ("its end may lie inside", "a = <<E\n", lambda _: [NewResource(None, "a", "b", ())]),
]


@pytest.mark.parametrize(("reason", "before", "changes"), REFUSALS)
def test_refusals(reason, before, changes):
    with pytest.raises(EditError) as refusal:
        apply(before, *changes(before))

    assert reason in refusal.value.reason


def test_nothing_to_do():
    assert apply("a = 1\n") == "a = 1\n"
