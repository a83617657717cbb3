"""Where in a policy or rule a person is, also while it is half typed."""

import pytest

from setsquare.data.spots import Spot, spot_at, spot_to_write
from setsquare.text import Span


def split(text):
    at = text.index("|")
    return (text[:at] + text[at + 1 :]).encode(), len(text[:at].encode())


@pytest.mark.parametrize(
    ("text", "path", "word", "is_key"),
    [
        ("a|b: c\n", ("ab",), "ab", True),
        ("ab: c|\n", ("ab",), "c", False),
        ("é: {b: [x, 𝒳y|]}\n", ("é", "b", 1), "𝒳y", False),
        ("a:\n  - b: 1\n    c|c: 2\n", ("a", 0, "cc"), "cc", True),
        ("a: 1\n---\nb: |2\n", ("b",), "2", False),
        ("a: !Ref b|\n", None, None, None),
        ("a: b\n|\n", None, None, None),
        ("a: [b|\n", None, None, None),
    ],
)
def test_the_key_or_value_at_an_offset(text, path, word, is_key):
    source, offset = split(text)
    spot = spot_at(source, offset)

    if path is None:
        assert spot is None
    else:
        assert (spot.path, source[spot.span.start : spot.span.end].decode(), spot.is_key) == (path, word, is_key)


@pytest.mark.parametrize(
    ("text", "path", "word", "is_key", "beside"),
    [
        ("|", (), "", False, ()),
        ("po|", (), "po", False, ()),
        ("a: 1\nb|\n", (), "b", True, ("a",)),
        ("a: 1\n|\nb: 2\n", (), "", True, ("a", "b")),
        ("a:\n  |\n", ("a",), "", False, ()),
        ("a:\n  b: 1\n  c|d: 2\n", ("a",), "cd", True, ("b",)),
        ("a: [x, y|\n", ("a", 1), "y", False, ()),
        ("a: {b: [|\nc: 1\n", ("a", "b", 0), "", False, ()),
        ("a: {b: 1, |\n", ("a",), "", True, ("b",)),
        ("a:\n  - b: 1\n    |\n", ("a", 0), "", True, ("b",)),
        ("a:\n  - |\n", ("a", 0), "", False, ()),
        ("é: $o|ne\n", ("é",), "$one", False, ()),
    ],
)
def test_what_can_be_written_at_an_offset(text, path, word, is_key, beside):
    source, offset = split(text)
    spot = spot_to_write(source, offset)
    end = offset + len(source[offset:].split(b"\n")[0].split(b":")[0]) if is_key and word else spot.span.end

    assert spot == Spot(path, Span(end - len(word), end), is_key, beside)
    assert source[spot.span.start : spot.span.end].decode() == word


@pytest.mark.parametrize("text", ["a: 'b |\n", "a: b: |\nc: [\n", "\t- |: {{\n"])
def test_where_nothing_can_be_read(text):
    assert spot_to_write(*split(text)) is None
