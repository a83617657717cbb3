"""Spans, edits and lines over bytes; formats of files; open buffers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.tables import table

from setsquare.documents import Dialect, Document, Format, Overlay, format_of
from setsquare.text import (
    BOM,
    Edit,
    LineIndex,
    OverlappingEditsError,
    Position,
    Span,
    apply_edits,
    sorted_edits,
)

ENCODINGS = ("code-points", "utf-32", "utf-16", "utf-8")


def edit(start: int, end: int, new: bytes = b"") -> Edit:
    return Edit(Span(start, end), new)


@table(
    "outer, inner, expected",
    [
        (Span(1, 5), Span(1, 5), True),
        (Span(1, 5), Span(2, 2), True),
        (Span(1, 5), Span(0, 2), False),
        (Span(1, 5), Span(4, 6), False),
    ],
)
def test_a_span_in_a_span(outer, inner, expected):
    assert outer.contains(inner) is expected


@table(
    "edits, expected",
    [
        ([], b"abcdef"),
        ([edit(0, 0, b"x")], b"xabcdef"),
        ([edit(6, 6, b"x")], b"abcdefx"),
        ([edit(4, 5), edit(1, 3, b"xyz")], b"axyzdf"),
        ([edit(1, 2), edit(2, 3)], b"adef"),
        ([edit(2, 2, b"x"), edit(2, 3, b"y")], b"abxydef"),
        ([edit(0, 6)], b""),
    ],
)
def test_edits(edits, expected):
    assert apply_edits(b"abcdef", edits) == expected


@table(
    "edits",
    [
        ([edit(1, 3), edit(2, 4)],),
        ([edit(1, 1, b"x"), edit(1, 1, b"y")],),
        ([edit(1, 3), edit(2, 2, b"x")],),
        ([edit(1, 2)] * 2,),
    ],
)
def test_edits_that_overlap(edits):
    with pytest.raises(OverlappingEditsError, match="edits overlap at byte"):
        sorted_edits(edits)


@table("wrong", [(edit(0, 7),), (edit(3, 2),)])
def test_edits_outside_the_source(wrong):
    with pytest.raises(ValueError, match="lies outside a source of 6 bytes"):
        apply_edits(b"abcdef", [wrong])


@some.composite
def edited(draw):
    source = draw(some.binary(max_size=40))
    cuts = sorted(draw(some.sets(some.integers(0, len(source)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return source, [edit(start, end, draw(some.binary(max_size=5))) for start, end in pairs]


@given(edited(), some.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_law_edits_keep_what_they_do_not_touch(given_, shuffled):
    source, edits = given_
    mixed = list(edits)
    shuffled.shuffle(mixed)

    result = apply_edits(source, mixed)

    pieces, at = [], 0
    for one in edits:
        pieces += [source[at : one.span.start], one.new]
        at = one.span.end
    assert result == b"".join([*pieces, source[at:]])


# --------------------------------------------------------------------- lines

MIXED = "a\r\nä🙂z\n\rlast".encode()


def test_what_ends_a_line():
    index = LineIndex(MIXED)

    assert index.line_count == 4
    assert [MIXED[slice(*index.line_span(line))] for line in range(4)] == [b"a", "ä🙂z".encode(), b"", b"last"]
    assert LineIndex(b"").line_count == 1
    assert LineIndex(b"a\n").line_count == 2


@table(
    "offset, line",
    [(0, 0), (1, 0), (2, 0), (3, 1), (10, 1), (11, 2), (12, 3), (16, 3)],
)
def test_the_line_of_an_offset(offset, line):
    assert LineIndex(MIXED).line_of(offset) == line


@table(
    "encoding, column",
    [("code-points", 2), ("utf-32", 2), ("utf-16", 3), ("utf-8", 6)],
)
def test_columns(encoding, column):
    index = LineIndex(MIXED)

    assert index.position(3 + 6, encoding) == Position(1, column)
    assert index.offset(Position(1, column), encoding) == 3 + 6


@table(
    "position, encoding, expected",
    [
        (Position(-1, 3), "utf-16", 0),
        (Position(9, 0), "utf-16", len(MIXED)),
        (Position(1, 99), "utf-16", 10),
        (Position(1, 99), "utf-8", 10),
        (Position(1, 99), "code-points", 10),
        (Position(1, -1), "utf-8", 3),
        (Position(1, -1), "code-points", 3),
        (Position(1, 0), "utf-16", 3),
    ],
)
def test_positions_outside_the_text(position, encoding, expected):
    assert LineIndex(MIXED).offset(position, encoding) == expected


@table("offset, expected", [(-5, Position(0, 0)), (99, Position(3, 4))])
def test_offsets_outside_the_text(offset, expected):
    assert LineIndex(MIXED).position(offset) == expected


def test_a_byte_order_mark_is_no_column():
    index = LineIndex(BOM + b"ab\ncd")

    assert index.position(4) == Position(0, 1)
    assert index.position(4, "utf-16") == Position(0, 2)
    assert index.position(7) == Position(1, 1)


@given(some.text(alphabet="a\r\n\t ä€🙂", max_size=30), some.sampled_from(ENCODINGS))
@settings(max_examples=150, deadline=None)
def test_law_a_position_leads_back_to_its_offset(text, encoding):
    source = text.encode()
    index = LineIndex(source)
    starts = [len(text[:count].encode()) for count in range(len(text) + 1)]
    inside = [at for at in starts if at <= index.line_span(index.line_of(at)).end]

    assert [index.offset(index.position(at, encoding), encoding) for at in inside] == inside


def test_bytes_that_are_no_text():
    index = LineIndex(b"a\xff\xfeb")

    assert index.position(3) == Position(0, 3)
    assert index.offset(Position(0, 3)) == 3


# --------------------------------------------------------------------- documents


@table(
    "path, source, expected",
    [
        ("a/main.tf", None, Format.HCL),
        ("main.tofu", None, Format.HCL),
        ("main.tf.json", None, Format.TF_JSON),
        ("main.tofu.json", None, Format.TF_JSON),
        ("x.tfvars", None, Format.TFVARS),
        ("x.tfvars.json", None, Format.TFVARS_JSON),
        ("t.yaml", None, Format.YAML),
        ("t.yml", b"{}", Format.YAML),
        ("t.json", None, Format.JSON),
        ("t.template", None, Format.YAML),
        ("t.template", b"\xef\xbb\xbf \r\n{", Format.JSON),
        ("t.template", b"Resources:", Format.YAML),
        ("README.md", None, None),
        ("tf", None, None),
    ],
)
def test_formats(path, source, expected):
    assert format_of(path, source) is expected


def test_the_dialect_of_a_format():
    dialects = {written: written.dialect for written in Format}

    assert [written for written, dialect in dialects.items() if dialect is Dialect.CLOUDFORMATION] == [
        Format.YAML,
        Format.JSON,
    ]


def test_open_buffers():
    overlay = Overlay()
    overlay.set(Document("b", b"1", 1))
    overlay.set(Document("a", b"2"))
    overlay.set(Document("b", b"3", 2))

    assert overlay.paths() == ("a", "b")
    assert overlay.get("b") == Document("b", b"3", 2)

    overlay.remove("b")
    overlay.remove("b")

    assert overlay.get("b") is None
