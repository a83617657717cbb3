"""Terraform files: blocks, bodies and values, also where the text is broken."""

from pathlib import Path

import pytest

from setsquare.documents import Dialect
from setsquare.model import (
    Call,
    Conditional,
    For,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    Template,
    Traversal,
    Unreadable,
)
from setsquare.rules.examples import load_examples
from setsquare.syntax import hcl
from setsquare.syntax.hcl_lexing import Kind, Lexer
from setsquare.text import Span


def plain(value):
    """Write an expression without its spans."""
    match value:
        case Literal():
            return value.value
        case Template():
            return ("template", *map(plain, value.parts))
        case ListExpression():
            return [plain(item) for item in value.items]
        case ObjectExpression():
            entries = [(plain(entry.key), plain(entry.value)) for entry in value.entries]
            return {"entries": entries} if value.complete else {"partial": entries}
        case Reference():
            return "/".join(value.path) + "&"
        case Conditional():
            return ("if", plain(value.condition), plain(value.when_true), plain(value.when_false))
        case Call():
            return (value.name, *map(plain, value.arguments))
        case Traversal():
            return ("into", plain(value.base), *(s if isinstance(s, str) else plain(s) for s in value.steps))
        case For():
            key, condition = (None if part is None else plain(part) for part in (value.key, value.condition))
            return ("for", *value.names, plain(value.collection), key, plain(value.value), condition, value.grouped)
        case Unreadable():
            return f"?{value.text}"


def outline(block):
    """Write a block: its header, what is complete, its attributes, its blocks."""
    body = block.body
    return (
        " ".join((block.kind, *block.labels)),
        body.complete,
        {name: plain(attribute.value) for name, attribute in body.attributes.items()},
        [outline(inner) for inner in body.blocks],
    )


def problems(source, path="a.tf"):
    return [
        (source[problem.span.start : problem.span.end], problem.message) for problem in hcl.read(path, source).problems
    ]


TWO_DIRECTIVES = ("if", "x&", ("if", "y&", "a", "b&"), "")
LOOP = ("for", "k", "v", "x&", None, ("template", "k&", "="), None, False)
LINES = ("for", "v", "x&", None, "a\n", None, False)
EXPRESSIONS = [
    ("1", 1),
    ("1.5", 1.5),
    ("1.5e3", 1500),
    ("1.0e999", "?1.0e999"),
    ("9" * 401, "?" + "9" * 401),
    ("-2", -2),
    ("true", True),
    ("false", False),
    ("null", None),
    ('""', ""),
    ('"a\\n\\"\\u00e9\\U0001F600$${x}%%{"', 'a\n"\u00e9\U0001f600${x}%{'),
    ('"\\q"', '?"\\q"'),
    ('"\\ud800"', '?"\\ud800"'),
    ('"a-${var.b}"', ("template", "a-", "var/b&")),
    ('"${var.b}"', "var/b&"),
    ('"a ${~ var.b ~} c"', ("template", "a", "var/b&", "c")),
    ('" ${~ var.b ~} "', "var/b&"),
    ('"%{ if x }y%{ endif }"', ("if", "x&", "y", "")),
    ('"a%{ if x ~} b %{~ else }c%{ endif }d"', ("template", "a", ("if", "x&", "b", "c"), "d")),
    ('"%{ if x }%{ if y }a%{ else }${b}%{ endif }%{ endif }"', TWO_DIRECTIVES),
    ('"%{ for k, v in x }${k}=%{ endfor }"', ("join", "", LOOP)),
    ("<<-EOT\n  %{ if x }\n  a\n  %{ endif }\n  EOT\n", ("template", ("if", "x&", "\na\n", ""), "\n")),
    ("<<EOT\n%{ for v in x ~}\na\n%{ endfor ~}\nEOT\n", ("join", "", LINES)),
    ('"%{ if x }"', '?"%{ if x }"'),
    ('"%{ if x }' * 120 + '%{ endif }"' * 120, "?" + '"%{ if x }' * 120 + '%{ endif }"' * 120),
    ("<<EOT\n a\n  $${b}\nEOT\n", " a\n  ${b}\n"),
    ("<<-EOT\n    a\n\n      b ${x}\n    EOT\n", ("template", "a\n\n  b ", "x&", "\n")),
    ("<<-EOT\n  ${x}\n    EOT\n", ("template", "x&", "\n")),
    ("<<-EOT\n${x} b\n  c\n EOT\n", ("template", "x&", " b\n  c\n")),
    ("<<EOT\nEOT\n", ""),
    ("[1, 2,]", [1, 2]),
    ("[]", []),
    ("[for x in y : x]", ("for", "x", "y&", None, "x&", None, False)),
    ("[for k, x in y : x if x.z]", ("for", "k", "x", "y&", None, "x&", "x/z&", False)),
    ("{ for x in y : x => 1... }", ("for", "x", "y&", "x&", 1, None, True)),
    ('{ a = 1, "b" : 2 }', {"entries": [("a", 1), ("b", 2)]}),
    ("{ (a) = 1 }", {"entries": [("a&", 1)]}),
    ("{ true = 1 }", {"entries": [("true", 1)]}),
    ("{\n a =\n 1\n}", {"entries": [("a", "?1")]}),
    ("{ a = 1 b = 2 }", {"partial": [("a", 1), ("b", 2)]}),
    ("{ # c\n a = /* d */ 1\n}", {"entries": [("a", 1)]}),
    ("var.x", "var/x&"),
    ('a.b[0]["k"].c', 'a/b/[0]/["k"]/c&'),
    ("a.0.b", "a/[0]/b&"),
    ("a[var.i]", ("into", "a&", "var/i&")),
    ("a[true]", ("into", "a&", True)),
    ("a.b[var.i].c[0]", ("into", "a/b&", "var/i&", "c", "[0]")),
    ("a[*].id", "a/[*]/id&"),
    ("a[*].id[0]", "a/[*]/id/[0]&"),
    ("a.*.id", "a/[*]/id&"),
    ("a.*.id[0].b", ("into", "a/[*]/id&", "[0]", "b")),
    ("a.*.id[0][x]", ("into", "a/[*]/id&", "[0]", "x&")),
    ("(a[*].b).c", ("into", "a/[*]/b&", "c")),
    ("(a.b).c", "a/b/c&"),
    ("f(a).b", ("into", ("f", "a&"), "b")),
    ("[1][0]", ("into", [1], "[0]")),
    ("(1)", 1),
    ("a ? b : c", ("if", "a&", "b&", "c&")),
    ("f()", ("f",)),
    ("f(1, a)", ("f", 1, "a&")),
    ("f([1, 2]...)", ("f", 1, 2)),
    ("f(a...)", ("f", ("...", "a&"))),
    ("!a", ("!", "a&")),
    ("-a", ("-", "a&")),
    ("a == 1", ("==", "a&", 1)),
    ("a && b || c", ("||", ("&&", "a&", "b&"), "c&")),
    ("(a) + (1)", ("+", "a&", 1)),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[text[:20] for text, _ in EXPRESSIONS])
def test_expressions(text, expected):
    assert plain(hcl.read_expression(text.encode())) == expected


@pytest.mark.parametrize("text", ["", "1\nb = 2", "[1", "a b {", "1\nb {}"])
def test_what_is_no_expression(text):
    assert hcl.read_expression(text.encode()) == Unreadable(Span(0, len(text)), text)


def test_spans_of_expressions_are_absolute():
    assert hcl.read_expression(b'{"a": "${b}"}', Span(6, 12)) == Reference(Span(6, 12), ("b",))
    (block,) = hcl.read("a.tf", b"\xef\xbb\xbfa {\n  b = [12]\n}\n").blocks
    assert block.body.attributes["b"].value == ListExpression(Span(13, 17), (Literal(Span(14, 16), 12),))


def test_text_that_is_not_utf8_is_unreadable():
    for text in (b'"\xff"', b"<<EOT\n\xff\nEOT\n"):
        assert isinstance(hcl.read_expression(text), Unreadable)


@pytest.mark.parametrize("text", ["[" * 300 + "]" * 300, "(" * 300 + "1" + ")" * 300, "!" * 300 + "a"])
def test_what_is_nested_deeply_is_unreadable(text):
    assert "?" in str(plain(hcl.read_expression(text.encode())))


def test_blocks():
    source = b'# c\nresource /* x */ "a" b {\n  x = 1\n  y {}\n}\nlocals {}\n'
    found = hcl.read("a.tf", source)
    assert [outline(block) for block in found.blocks] == [
        ("resource a b", True, {"x": 1}, [("y", True, {}, [])]),
        ("locals", True, {}, []),
    ]
    block = found.blocks[0]
    assert source[block.header.start : block.header.end] == b'resource /* x */ "a" b'
    assert source[block.span.start : block.span.end].endswith(b"}\n}")
    assert source[block.body.span.start : block.body.span.end] == b"{\n  x = 1\n  y {}\n}"
    attribute = block.body.attributes["x"]
    assert source[attribute.span.start : attribute.span.end] == b"x = 1"
    assert source[attribute.name_span.start : attribute.name_span.end] == b"x"
    assert found.problems == ()


def test_tfvars():
    (block,) = hcl.read("a.tfvars", b"\xef\xbb\xbfa = 1\ndata = 2\n").blocks
    assert outline(block) == ("tfvars", True, {"a": 1, "data": 2}, [])
    assert (block.span, block.header) == (Span(3, 18), Span(3, 3))
    assert outline(hcl.read("a.tfvars", b"").blocks[0]) == ("tfvars", True, {}, [])


R = b'resource "a" "b" {\n'
FULL = b'resource "c" "d" {\n  y = 1\n}\n'
NEXT = ("resource c d", True, {"y": 1}, [])


def broken(attributes, inner=()):
    return ("resource a b", False, attributes, list(inner))


BROKEN = [
    (b"  acl =\n  bucket = 1\n}\n", {"acl": "?", "bucket": 1}, (), [(b"acl =", "a value is missing after this")]),
    (b"  acl = # c\n}\n", {"acl": "? # c"}, (), [(b"acl =", "a value is missing after this")]),
    (b"  acl =\n  bucket\n}\n", {"acl": "?"}, (), [(b"acl =", "a value is missing after this")]),
    (b"  acl = 1\n", {"acl": 1}, (), [(b'resource "a" "b"', "this block is not closed")]),
    (b"  r {\n  a = 1\n}\n", {}, [("r", False, {"a": 1}, [])], [(b'resource "a" "b"', "this block is not closed")]),
    (b'  acl = "x\n  z = 3\n}\n', {"acl": '? "x', "z": 3}, (), [(b'"x', "this string is not closed")]),
    (b'  acl = f("x\n  z = 3\n}\n', {"acl": '? f("x', "z": 3}, (), [(b'"x', "this string is not closed")]),
    (b"  a = 1 b = 2\n}\n", {"a": 1, "b": 2}, (), [(b"b = 2", "a line break is missing before this")]),
    (b"  a = 1\n  a = 2\n}\n", {"a": "?a is set twice in this block"}, (), [(b"a", "a is set twice in this block")]),
    (b"  a = [1,\n  z = 3\n}\n", {"a": "? [1,"}, (), [(b"[", "this bracket is not closed")]),
    (b"  a = [1, (2]\n  z = 3\n}\n", {"a": "? [1, (2]"}, (), [(b"]", "this bracket closes nothing")]),
    (b"  a = )\n  z = 3\n}\n", {"a": "? )", "z": 3}, (), [(b")", "this bracket closes nothing")]),
    (
        b"  a = 1 +\n  z = =\n}\n",
        {"a": "? 1 +", "z": "? ="},
        (),
        [
            (b"1 +", "the value of a could not be read"),
            (b"=", "the value of z could not be read"),
        ],
    ),
    (b'  acl "x"\n  # c\n  z = 3 # d\n}\n', {"z": 3}, (), [(b'acl "x"', "this is neither an attribute nor a block")]),
    (
        b"  r {\n    d =\n  } e = 3\n}\n",
        {},
        [("r", False, {"d": "?"}, [])],
        [
            (b"d =", "a value is missing after this"),
            (b"e = 3", "a line break is missing before this"),
        ],
    ),
    (b"  a = 1 /* x\n}\n", {"a": "? 1 /* x"}, (), [(b"/*", "this comment is not closed")]),
    (b"  a = <<EOT\n}\n", {"a": "? <<EOT"}, (), [(b"<<EOT"[:2], "the end of this heredoc is missing")]),
    (b"  a = 1\n}}\n", {"a": 1}, (), [(b"}", "a line break is missing before this")]),
    (b"  a = 1\n}\n}\n", {"a": 1}, (), [(b"}", "this bracket closes nothing")]),
    (
        b'  a = <<EOT\nresource "x" "y" {\nEOT\n  b =\n}\n',
        {"a": 'resource "x" "y" {\n', "b": "?"},
        (),
        [
            (b"b =", "a value is missing after this"),
        ],
    ),
]


@pytest.mark.parametrize(("body", "attributes", "inner", "expected"), BROKEN)
def test_broken_blocks(body, attributes, inner, expected):
    source = R + body + FULL
    found = hcl.read("a.tf", source)
    assert [outline(block) for block in found.blocks] == [broken(attributes, inner), NEXT]
    got = problems(source)
    assert [message for _, message in got] == [message for _, message in expected]
    assert all(text.startswith(start) for (text, _), (start, _) in zip(got, expected, strict=True))


def test_a_block_that_is_closed_too_late_does_not_swallow_the_next():
    source = R + b"  a = 1\n\n" + FULL + b"}\n"
    assert [outline(block)[0] for block in hcl.read("a.tf", source).blocks] == ["resource a b", "resource c d"]
    assert (b'resource "a" "b"', "this block is not closed") in problems(source)


def test_a_header_in_a_heredoc_is_no_block():
    source = R + b"  a = <<EOT\n" + FULL + b"EOT\n}\n"
    assert len(hcl.read("a.tf", source).blocks) == 1
    assert problems(source) == []


def test_an_attribute_outside_of_all_blocks():
    assert problems(b"a = 1\n") == [(b"a", "a is set outside of all blocks")]
    assert problems(b"a = 1\nb = )\n")[0] == (b"a", "a is set outside of all blocks")


def test_labels_have_to_be_text():
    for source in (b'a "\\q" {\n}\n', b'a "\\q" {\n  x =\n}\n', b'a "\xff" {\n  x =\n}\n'):
        assert hcl.read("a.tf", source).blocks == ()
        assert "the labels of this block are not text" in [message for _, message in problems(source)]


def test_broken_tfvars():
    (block,) = hcl.read("a.tfvars", b"a = 1\ndata\nb =\n").blocks
    assert outline(block) == ("tfvars", False, {"a": 1, "b": "?"}, [])


def test_input_that_is_no_text():
    assert hcl.read("a.tf", b"a\0").blocks == ()
    assert problems(b"a\0") == [(b"\0", "this is not text")]
    assert problems(R + b'  a = "\xff"\n}\n') == [(b"\xff", "this is not UTF-8")]
    assert problems(R + b"  a = \n# \xff\n}\n") == [
        (b"a =", "a value is missing after this"),
        (b"\xff", "this is not UTF-8"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"[" * 10000,
        b"x {\n" * 10000,
        b"x {\n" * 10000 + b"}\n" * 10000,
        b"x {\n" * 1000 + b"y =\n" + b"}\n" * 1000,
        b'x = "${' * 10000,
        b"x = <<E\n" * 5000,
        b"/*" * 10000,
        b"x = 1 }\n" * 1000,
    ],
)
def test_hostile_input_is_read(source):
    for path in ("a.tf", "a.tfvars"):
        for block in hcl.read(path, source).blocks:
            outlines = [plain(attribute.value) for attribute in block.body.attributes.values()]
            assert len(outlines) < 10000


def test_every_prefix_of_a_file_is_read():
    source = (
        b'resource "a" "b" {\n  x = "c${d["e"]}"\n  y {\n    z = [1, { f = g(2) }]\n  }\n  h = <<-E\n    i\n  E\n}\n'
        + FULL
    )
    for end in range(len(source)):
        for block in hcl.read("a.tf", source[:end] + b"\n" + FULL).blocks:
            outline(block)
        last = hcl.read("a.tf", source[:end] + b"\n" + FULL).blocks
        assert last
        assert last[-1].labels == ("c", "d")


def test_tokens():
    text = b'a = "x${"y"}${{}}$${" # c\n"\\"" // d\n<< <<E\nE\n'
    assert [token.kind for token in Lexer(text).tokens(0, len(text))] == [
        Kind.STRING,
        Kind.COMMENT,
        Kind.NEWLINE,
        Kind.STRING,
        Kind.COMMENT,
        Kind.NEWLINE,
        Kind.UNENDED,
        Kind.HEREDOC,
        Kind.NEWLINE,
    ]


def own_files():
    """Every Terraform text of this repository: the demo's, and what the rules' examples start from and end with."""
    root = Path(__file__).parents[2]
    for path in sorted((root / "demo").rglob("*.tf")):
        yield path.name, path.read_bytes()
    for path in sorted((root / "rules").rglob("*.examples.yaml")):
        for example in load_examples(str(path), path.read_bytes())[0]:
            if example.dialect is Dialect.TERRAFORM:
                yield from ((path.name, text.encode()) for text in (example.input, example.fixed) if text)


def test_real_files_have_no_problems():
    files = list(own_files())
    assert len(files) > 100
    for name, source in files:
        found = hcl.read(name.replace(".yaml", ".tf"), source)
        assert found.problems == ()
        assert all(block.body.complete for block in found.blocks)
