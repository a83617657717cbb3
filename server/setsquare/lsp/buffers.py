"""The texts that the client has open, changed as the client changes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lsprotocol import types

from setsquare.lsp.convert import bytes_of, lines_of
from setsquare.text import Edit, apply_edits, difference


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
        return Edit(lines_of(source, encoding).span(change.range), new)
    return difference(source, new)
