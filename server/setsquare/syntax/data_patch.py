"""Lines of a source, and the pieces of text that changes put into it."""

import re
from dataclasses import replace

from setsquare.records import record
from setsquare.syntax.edit_error import EditError
from setsquare.text import BOM, Edit, OverlappingEditsError, Span, sorted_edits

_REST_OF_LINE = re.compile(rb"[ \t]*(?:(?<=[ \t])#[^\r\n]*)?(?=\r?\n|\Z)")
_COMMENT_LINE = re.compile(rb"([ \t]*)#[^\r\n]*(?=\r?\n|\Z)")
_CONTENT_LINE = re.compile(rb"([ \t]*)[^ \t\r\n#]")


class SourceLines:
    """Questions about the lines of a source; a line ends before its line break (LF or CRLF)."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._body = len(BOM) if source.startswith(BOM) else 0

    def start(self, offset: int) -> int:
        """Return where the line of the offset begins (after a BOM)."""
        return max(self.source.rfind(b"\n", 0, offset) + 1, self._body)

    def end(self, offset: int) -> int:
        """Return where the line of the offset ends, without its line break."""
        at = self.source.find(b"\n", offset)
        if at < 0:
            return len(self.source)
        return at - 1 if self.source[at - 1 : at] == b"\r" else at

    def after(self, offset: int) -> int:
        """Return where the next line begins; the end of the source where there is none."""
        at = self.source.find(b"\n", offset)
        return len(self.source) if at < 0 else at + 1

    def column(self, offset: int) -> int:
        """Return how many bytes stand before the offset in its line."""
        return offset - self.start(offset)

    def indent(self, offset: int) -> str:
        """Return the white space at the beginning of the offset's line."""
        start = self.start(offset)
        line = self.source[start : self.end(offset)]
        return line[: len(line) - len(line.lstrip(b" \t"))].decode()

    def first_on_line(self, offset: int) -> bool:
        """Whether only white space stands before the offset in its line."""
        return not self.source[self.start(offset) : offset].strip()

    def rest_is_comment(self, offset: int) -> int | None:
        """Return the end of the line where only space or a comment follows the offset, else None."""
        match = _REST_OF_LINE.match(self.source, offset)
        return None if match is None else match.end()

    def eol(self, offset: int) -> str:
        """Return the line break in use around the offset."""
        at = self.source.find(b"\n", offset)
        if at < 0:
            at = self.source.rfind(b"\n")
        return "\r\n" if at > 0 and self.source[at - 1 : at] == b"\r" else "\n"

    def own_comments(self, offset: int, column: int) -> int:
        """Return the end of the comment lines that belong to what ends at the offset, or the offset.

        Comment lines directly below belong to it if they are indented like it (by ``column``) or more, and more than
        what follows them: a comment at the height of the next entry speaks of that one.
        """
        ends: list[tuple[int, int]] = []
        at = self.after(offset)
        while at < len(self.source) and (match := _COMMENT_LINE.match(self.source, at)):
            ends.append((match.end(), len(match[1])))
            at = self.after(match.end())
        following = self._next_indent(at)
        kept = offset
        for end, indent in ends:
            if indent < column or indent <= following:
                break
            kept = end
        return kept

    def _next_indent(self, offset: int) -> int:
        at = offset
        while at < len(self.source):
            match = _CONTENT_LINE.match(self.source, at)
            if match is not None:
                return len(match[1])
            at = self.after(at)
        return -1

    def heading(self, offset: int) -> int:
        """Return the start of the comment lines directly above the line of the offset, at its indentation."""
        start = self.start(offset)
        column = offset - start
        while start > self._body:
            above = self.start(start - 1)
            match = _COMMENT_LINE.match(self.source, above)
            if match is None or len(match[1]) != column:
                break
            start = above
        return start

    def has_comment(self, span: Span, *, scalars: tuple[Span, ...] = ()) -> bool:
        """Whether a comment stands in the span, outside the given scalars."""
        at = span.start
        for scalar in (*scalars, Span(span.end, span.end)):
            if re.search(rb"(?:^|[\s,\[\]{}])#", self.source[at : scalar.start]):
                return True
            at = scalar.end
        return False


@record
class Piece:
    """A replaced span; ``depth`` counts the containers around it and orders insertions at one offset."""

    span: Span
    new: str
    depth: int


@record
class _Shift:
    """New lines inside the span move to the right with the lines around them."""

    span: Span
    by: str
    depth: int


class Patch:
    """Collects pieces, and makes disjoint edits of them."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._shifts: list[_Shift] = []

    def put(self, start: int, end: int, new: str, depth: int) -> None:
        """Replace a span; an empty span inserts, and insertions at one offset follow each other, the deepest first."""
        self._pieces.append(Piece(Span(start, end), new, depth))

    def shift(self, span: Span, by: str, depth: int) -> None:
        """Indent all lines that deeper pieces bring into the span (its end included)."""
        self._shifts.append(_Shift(span, by, depth))

    def edits(self) -> tuple[Edit, ...]:
        """Return the edits, sorted and disjoint.

        Raises:
            EditError: two changes touch the same text.

        """
        joined: dict[Span, bytes] = {}
        for piece in sorted(self._pieces, key=lambda piece: (piece.span, -piece.depth)):
            if piece.span in joined and piece.span.start < piece.span.end:
                raise _overlap()
            joined[piece.span] = joined.get(piece.span, b"") + self._shifted(piece).new.encode()
        try:
            return sorted_edits(Edit(span, new) for span, new in joined.items() if new or span.start < span.end)
        except OverlappingEditsError as error:
            raise _overlap() from error

    def _shifted(self, piece: Piece) -> Piece:
        for shift in self._shifts:
            inside = shift.span.start <= piece.span.start <= shift.span.end
            if inside and piece.depth > shift.depth:
                piece = replace(piece, new=piece.new.replace("\n", "\n" + shift.by))
        return piece


def _overlap() -> EditError:
    return EditError("two changes touch the same text")
