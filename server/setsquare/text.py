"""Spans, edits and line positions over UTF-8 bytes.

Everything inside Setsquare counts bytes from the start of the document (BOM included).
Only the boundary (commands, language server) converts to lines and columns.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from setsquare.records import record

BOM = b"\xef\xbb\xbf"
_LAST_OF_ONE_UNIT = 0xFFFF
_BREAKS = re.compile(rb"\r\n|\n|\r")


class Span(NamedTuple):
    """A half-open stretch of bytes, ``start <= end``."""

    start: int
    end: int

    def contains(self, other: "Span") -> bool:
        """Whether the other span lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end


class Position(NamedTuple):
    """A line and a column, both counted from zero; the unit of the column is the caller's."""

    line: int
    column: int


@record(order=True)
class Edit:
    """Replaces the bytes of a span; an empty span inserts."""

    span: Span
    new: bytes


class OverlappingEditsError(ValueError):
    """Two edits of one plan touch the same bytes, so their result depends on order."""


def sorted_edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Sort edits and insist that they are disjoint.

    Two insertions at one offset overlap: their order would be arbitrary.

    Raises:
        OverlappingEditsError: two edits share bytes or an insertion point.

    """
    ordered = tuple(sorted(edits))
    for before, after in itertools.pairwise(ordered):
        if after.span.start < before.span.end or after.span == before.span:
            message = f"edits overlap at byte {after.span.start}"
            raise OverlappingEditsError(message)
    return ordered


def apply_edits(source: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the source with all edits applied.

    Raises:
        OverlappingEditsError: two edits share bytes or an insertion point.
        ValueError: an edit lies outside the source.

    """
    pieces: list[bytes] = []
    at = 0
    for edit in sorted_edits(edits):
        if edit.span.start > edit.span.end or edit.span.end > len(source):
            message = f"edit {edit.span} lies outside a source of {len(source)} bytes"
            raise ValueError(message)
        pieces += [source[at : edit.span.start], edit.new]
        at = edit.span.end
    pieces.append(source[at:])
    return b"".join(pieces)


def difference(old: bytes, new: bytes) -> Edit:
    """Return the one edit that makes a text of another."""
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


class LineIndex:
    r"""Converts byte offsets to lines and columns and back; ``\\n``, ``\\r\\n`` and ``\\r`` end a line."""

    __slots__ = ("_is_plain", "_source", "_starts")

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._is_plain = source.isascii()
        self._starts = [0, *(match.end() for match in _BREAKS.finditer(source))]

    @property
    def line_count(self) -> int:
        """How many lines there are; an empty source has one."""
        return len(self._starts)

    def line_of(self, offset: int) -> int:
        """Return the zero-based line that holds the offset."""
        return bisect_right(self._starts, offset) - 1

    def line_span(self, line: int) -> Span:
        """Return the bytes of a line without its line break."""
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._source)
        return Span(start, start + len(self._source[start:end].rstrip(b"\r\n")))

    def position(self, offset: int, encoding: str = "code-points") -> Position:
        """Return the zero-based line and column of an offset.

        Args:
            offset: a byte offset, clamped to the source.
            encoding: unit of the column: ``code-points`` (= ``utf-32``), ``utf-16`` or ``utf-8``.

        """
        offset = max(0, min(offset, len(self._source)))
        line = self.line_of(offset)
        start = self._starts[line]
        if self._is_plain:
            return Position(line, offset - start)
        before = self._source[start:offset]
        if start == 0 and before.startswith(BOM) and encoding == "code-points":
            before = before[len(BOM) :]
        return Position(line, _units(before, encoding))

    def extent(self, span: Span, encoding: str = "code-points") -> tuple[int, int, int, int]:
        """Return where a span begins and ends: two lines and columns, as ``position`` counts them."""
        if self._is_plain and span.end <= len(self._source):
            line = bisect_right(self._starts, span.start) - 1
            begin = self._starts[line]
            last = line
            if span.end >= (self._starts[line + 1] if line + 1 < len(self._starts) else span.end + 1):
                last = bisect_right(self._starts, span.end) - 1
            return line, span.start - begin, last, span.end - self._starts[last]
        return (*self.position(span.start, encoding), *self.position(span.end, encoding))

    def offset(self, position: Position, encoding: str = "utf-16") -> int:
        """Return the byte offset of a position; past the end of a line means its end."""
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self._source)
        span = self.line_span(position.line)
        line = self._source[span.start : span.end]
        if encoding == "utf-8":
            return span.start + max(0, min(position.column, len(line)))
        text = line.decode("utf-8", "surrogateescape")
        if encoding == "utf-16":
            units = 0
            for index, character in enumerate(text):
                if units >= position.column:
                    text = text[:index]
                    break
                units += 2 if ord(character) > _LAST_OF_ONE_UNIT else 1
        else:
            text = text[: max(0, position.column)]
        return span.start + len(text.encode("utf-8", "surrogateescape"))


def _units(text: bytes, encoding: str) -> int:
    if encoding == "utf-8" or text.isascii():
        return len(text)
    decoded = text.decode("utf-8", "surrogateescape")
    if encoding == "utf-16":
        return sum(2 if ord(character) > _LAST_OF_ONE_UNIT else 1 for character in decoded)
    return len(decoded)
