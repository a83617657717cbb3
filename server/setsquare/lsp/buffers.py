"""The texts that the client has open, changed as the client changes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lsprotocol import types

from setsquare.lsp.convert import Lines, bytes_of
from setsquare.text import Edit, Span, apply_edits


@dataclass(frozen=True, slots=True)
class Buffer:
    """One version of an open document; ``uri`` is written as the client writes it."""

    uri: str
    path: str
    version: int
    source: bytes


class Stroke(NamedTuple):
    """An edit, and the text that it removed."""

    edit: Edit
    removed: bytes


def changed(
    source: bytes,
    changes: Iterable[types.TextDocumentContentChangeEvent],
    encoding: str,
) -> tuple[bytes, tuple[Stroke, ...]]:
    """Return the text after changes, and what they were: each speaks of the text that the one before left."""
    strokes: list[Stroke] = []
    for change in changes:
        edit = _edit(source, change, encoding)
        strokes.append(Stroke(edit, source[edit.span.start : edit.span.end]))
        source = apply_edits(source, [edit])
    return source, tuple(strokes)


def _edit(source: bytes, change: types.TextDocumentContentChangeEvent, encoding: str) -> Edit:
    new = bytes_of(change.text)
    if isinstance(change, types.TextDocumentContentChangePartial):
        return Edit(Lines(source, encoding).span(change.range), new)
    return difference(source, new)


def difference(old: bytes, new: bytes) -> Edit:
    """Return the one edit that makes a text of another: a client may send the whole text for one typed character."""
    limit = min(len(old), len(new))
    start = _common(old, new, limit)
    end = _common(old[::-1], new[::-1], limit - start)
    return Edit(Span(start, len(old) - end), new[start : len(new) - end])


def _common(one: bytes, other: bytes, limit: int) -> int:
    """Return how many bytes two texts have in common at their start, by halving: comparing slices is fast."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
