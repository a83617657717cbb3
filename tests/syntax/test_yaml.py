"""YAML text to values: whole, half-typed, and by both readers."""

import pytest
from tests.syntax.shown import documents, inner_spans, told
from tests.tables import table

from setsquare.data import MAX_EXPANDED, compose
from setsquare.syntax import yaml, yaml_sitter

ITSELF = "?an alias inside of what it stands for"


@table(
    "source, expected",
    [
        ("", ""),
        ("# only\n", ""),
        ("\ufeffa: 1\n", "{a: 1}"),
        ("a: é\nb: '世'\nc: 1\n", '{a: "é", b: "世", c: 1}'),
        ("a: 1\r\nb:\r\n  c: 2\r\n  d: [x,\r\n y]\r\n", '{a: 1, b: {c: 2, d: ["x", "y"]}}'),
        ("a: 1\n---\nb: 2\n", "{a: 1} --- {b: 2}"),
        ("%YAML 1.1\n---\na: 1\n", "{a: 1}"),
        ("---\na: 1\n...\n", "{a: 1}"),
        ("# c\n---\na: 1\n", "{a: 1}"),
        ("a: &x 1\nb: *x\n", "{a: 1, b: 1}"),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  j: 2\n", "{a: {k: 1}, b: {j: 2, k: 1}}"),
        ("b:\n  <<: {k: 1}\n  j: 2\n", "{b: {j: 2, k: 1}}"),
        ("a:\n  b: [1,\n2]\n  c: 3\n", "{a: {b: [1, 2], c: 3}}"),
        ("a:\n  b: {x: 1,\n y: 2\n}\n  c: 3\n", "{a: {b: {x: 1, y: 2}, c: 3}}"),
        ("a:\n  b: 'x\ny'\n  c: 3\n", '{a: {b: "x y", c: 3}}'),
        ("a: |\n  x\n\nb: >-\n  x\n  y\nc: |2\n    z\n", '{a: "x\\n", b: "x y", c: "  z\\n"}'),
        ("a: !Ref X\nb: !!str 12\nc: !!int '3'\nd: !!map {a: 1}\n", '{a: !Ref("X"), b: "12", c: 3, d: {a: 1}}'),
        ("a:\n- 1\n-\n- b: 2\nc: 3\n", "{a: [1, null, {b: 2}], c: 3}"),
        ("r:\n  s:\n  - 1\n  t: 2\n", "{r: {s: [1], t: 2}}"),
        ("? a\n: 1\nb: 2\n", "{a: 1, b: 2}"),
        ("r:\n  ? a\n  : 1\n  b: 2\n", "{r: {a: 1, b: 2}}"),
        ("-a: 1\n:b: 2\n", "{-a: 1, :b: 2}"),
        ("- a\n- b\n", '["a", "b"]'),
        ("a: &x [*x]\n", f"{{a: [[{ITSELF}]]}}"),
        ("a: &x\n- *x\n", f"{{a: [[{ITSELF}]]}}"),
        ("a: &x {k: *x}\n", f"{{a: {{k: {{k: {ITSELF}}}}}}}"),
    ],
)
def test_what_is_read(source, expected):
    assert documents(yaml.read(source.encode())) == expected


@table(
    "source, expected, problem",
    [
        ("a: \0\n", "?a: \0\n", "this is not text"),
        ("a:\n  b: 1\n  c\n", "{a: {b: 1, ...}, ...}", "this is not a key with a value @c"),
        ("a:\n  b: 'x\n  c: 2\n", "{a: {b: ?'x, c: 2, ...}, ...}", "quoted scalar"),
        ('a:\n  b: "x\n  c: 2\nd: 3\n', '{a: {b: ?"x, c: 2, ...}, d: 3, ...}', "quoted scalar"),
        ("a:\n  b: [1, 2\n  c: 2\n", "{a: {b: ?[1, 2, c: 2, ...}, ...}", "flow sequence"),
        ("a:\n  b: {k: 1\n  c: 2\nd: 3\n", "{a: {b: ?{k: 1, c: 2, ...}, d: 3, ...}", "flow mapping"),
        ("a:\n  b: 1\n\tc: 2\n", "{a: {b: ?1\n\tc: 2, ...}, ...}", "tab character"),
        ("a:\n\tb: 1\nc: 2\n", "{a: ?b: 1, c: 2, ...}", "cannot start any token"),
        ("a: 1\n---\nb: [\n---\nc: 3\n", "{a: 1} --- {b: ?[, ...} --- {c: 3}", "flow node"),
        ("a: *nope\nb: 1\n", "{a: ?*nope, b: 1, ...}", "found undefined alias @*nope"),
        ("a: 1\na: 2\n", "{a: ?a is there twice, ...}", "the key a is there twice @a"),
        ("a:\n  - x: 1\n    y\n  - z: 2\n", "{a: [{x: 1, ...}, {z: 2}, ?], ...}", "@y"),
        ("a:\n- 1\n- [\n- b: 2\nc: 1\n", "{a: [1, ?[, {b: 2}, ?], c: 1, ...}", "flow node"),
        ("a:\n  - \n  - [\n", "{a: [null, ?[, ?], ...}", "flow node"),
        ("[a", "?", "flow sequence"),
        ("a: @b\nc: 1\n", "{a: ?@b, c: 1, ...}", "@@b"),
        ("a: b: c\nd: 1\n", "{a: ?b: c, d: 1, ...}", "not allowed in this context"),
    ],
)
def test_what_is_broken(source, expected, problem):
    source = source.encode()
    found = yaml.read(source)
    assert documents(found) == expected
    assert problem in " | ".join(told(document.problems, source) for document in found)


@table(
    "source",
    [
        (source,)
        for source in (
            "a: [1, {b: c}, 'it''s', \"x\\ty\"]\n",
            "a: &x {k: 1}\nb: *x\nc: [*x, *x]\n",
            "a: |\n  x\n  y\n\nb: >-\n  x\n  y\n",
            "k:\n  a: |2\n      z\n  b: 1\n",
            "- |\n  x\n- - >\n    y\n",
            "a: >+\n  x\n\nb: 1\n",
            "a: |\n  x\n  \n\n",
            "a: !Ref X\nb: !Sub [a, {b: c}]\nd: !!str 12\ne: !!int '3'\nf: !!map {a: 1}\n",
            "- \n- a\n- b: 1\n",
            "[a: 1, b]\n",
            "a: 1\na: 2\n",
            "a: x\n  y\nb: 'x\n  y'\nc: \"x\\\n  y\"\n",
            "? [a]\n: 1\n",
            "? - a\n: - b\n",
            "!T\na: 1\n",
            "&r\na: 1\n",
            "a: &x k\n&k b: 2\n",
            "x: &x {a: 1}\ny: {<<: [*x, {c: 3}]}\n",
            "a: !T\nb: &e\nc: !T\n  # c\n  d\n",
            "a: é\n",
            "a: 1\r\nb: |\r\n  x\r\n",
            "\"a\": 1\n'b c': 2\n!T k: 1\n",
            "a: true\nb: ~\nc: 0x1F\nd: 2012-10-17\n",
            "!!set {a, b}\n",
        )
    ],
)
def test_both_readers_agree(source):
    one, other = compose(source.encode()), yaml_sitter.read(source.encode())
    assert other is not None
    assert documents(one) == documents(other)
    assert [told(document.problems, source.encode()) for document in one] == [
        told(document.problems, source.encode()) for document in other
    ]
    spans = [[[part.span for part in inner_spans(document.root)] for document in read] for read in (one, other)]
    assert spans[0] == spans[1]


@table(
    "source, expected, problem",
    [
        ("{: 1}\n", "{: 1}", ""),
        ("a:\nb: \nc: {d: , e}\n", "{a: null, b: null, c: {d: null, e: null}}", ""),
        ("a: 1\n---\n", "{a: 1} --- null", ""),
        ("a: *x\n", "{a: ?*x}", "there is no anchor x before this @*x"),
        ('a: "\\ud800"\n', '{a: ?"\\ud800"}', "a scalar that cannot be decoded"),
        ("a: " + "[" * 101 + "]" * 101, None, "nested deeper than 100 levels"),
    ],
)
def test_what_only_the_second_reader_reads(source, expected, problem):
    read = yaml_sitter.read(source.encode())
    assert read is not None
    assert expected is None or documents(read) == expected
    assert problem in told(read[-1].problems, source.encode())
    assert bool(problem) == bool(read[-1].problems)


@pytest.mark.parametrize("source", ["{a: 1, b: [}\n", "a: %x\n", "a: {b: 1,, c: 2}\n", "a: 'x'y\n"])
def test_the_second_reader_refuses_errors(source):
    assert yaml_sitter.read(source.encode()) is None


@pytest.mark.parametrize("read", [yaml.read, yaml_sitter.read, compose], ids=["yaml", "yaml_sitter", "compose"])
def test_aliases_do_not_explode(read):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]\n"]
    lines += [f"{c}: &{c} [{', '.join([f'*{before}'] * 10)}]\n" for before, c in zip("abcdef", "bcdefg", strict=True)]
    (document,) = read("".join(lines).encode())
    assert document.problems[0].message == f"aliases expand to more than {MAX_EXPANDED} values"
