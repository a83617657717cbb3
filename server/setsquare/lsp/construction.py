"""What is under construction: the block that a person types in, and when it is finished."""

from dataclasses import dataclass

from setsquare.documents import Format, format_of
from setsquare.findings import Finding
from setsquare.lsp.buffers import Stroke
from setsquare.lsp.moving import grown, hull, inserted, touches
from setsquare.text import Span

_MANY = 2
"""A block that fewer insertions brought was not typed but pasted, and is judged at once."""
_BLANK = b": \t\r\n"
"""What stands between a key of YAML and the value that is still to be written."""
_LINE_ENDS = (b"\n", b"\r")


@dataclass(frozen=True, slots=True)
class Typing:
    """What is being typed.

    Attributes:
        span: all of it, with the blocks around it.
        last: what the last edit inserted.
        insertions: how many edits inserted something.

    """

    span: Span
    last: Span
    insertions: int


def typed(before: Typing | None, stroke: Stroke, zone: Span) -> Typing | None:
    """Return what is being typed after an edit; None after one that stands alone.

    Args:
        before: what was being typed until now.
        stroke: the edit.
        zone: what it inserted, with the blocks around it.

    """
    if not _is_one_of_many(stroke):
        return None
    last, counted = inserted(stroke.edit), 1 if stroke.edit.new else 0
    if before is None or not touches(before.span, stroke.edit.span):
        return Typing(zone, last, counted)
    return Typing(hull(grown(before.span, stroke.edit), zone), last, before.insertions + counted)


def _is_one_of_many(stroke: Stroke) -> bool:
    """Whether an edit is what typing is made of: a character, also over another one, a completion, a backspace."""
    new, removed = stroke.edit.new, stroke.removed
    if not new:
        return b"\n" not in removed
    return new.startswith(removed) or removed.isspace() or (_is_character(removed) and _is_character(new))


def _is_character(text: bytes) -> bool:
    return len(text.decode("utf-8", "replace")) == 1


@dataclass(frozen=True, slots=True)
class Site:
    """A block that a finding stands in, and its text."""

    path: str
    text: bytes
    block: Span

    def is_under_construction(self, typing: Typing | None) -> bool:
        """Whether the block is being typed and not finished yet."""
        if typing is None or typing.insertions < _MANY or typing.last.contains(self.block):
            return False
        return self._is_at(typing.last) and not self.is_finished_by(typing.last)

    def _is_at(self, last: Span) -> bool:
        """Whether the last edit is in the block, or in the blank space after it, where YAML goes on."""
        end = self.block.end
        return touches(self.block, last) or (end < last.start and not self.text[end : last.start].strip(_BLANK))

    def is_finished_by(self, last: Span) -> bool:
        """Whether the last edit finished the block."""
        if not self._is_at(last):
            return False
        if format_of(self.path, self.text) is Format.YAML:
            return self._is_left_by(last)
        return self._is_closed_by(last)

    def _is_left_by(self, last: Span) -> bool:
        """Whether the last edit made a blank line after the block: in YAML nothing else says that it ends."""
        after = self.text[self.block.end : last.end]
        return not after.strip() and after.count(b"\n") > 1 and after.endswith(_LINE_ENDS)

    def _is_closed_by(self, last: Span) -> bool:
        """Whether the last edit wrote the brace that ends the block, in which there is something already."""
        brace = Span(self.block.end - 1, self.block.end)
        if self.text[brace.start : brace.end] != b"}" or not last.contains(brace):
            return False
        before = self.text[self.block.start : last.start]
        opened = before.find(b"{")
        return opened >= 0 and bool(before[opened + 1 :].strip())

    def is_unfinished(self, finding: Finding, typing: Typing) -> bool:
        """Whether a finding in the block says only that something is missing, or stands at a value being written."""
        if all(violation.actual is None for violation in finding.violations):
            return True
        last, place = typing.last, finding.place.span
        is_whole = last.contains(place) and place.end - place.start > 1  # what one edit brings, as a completion does
        has_ended = self.text[last.start : last.end].startswith(_LINE_ENDS)
        return touches(place, last) and not is_whole and not has_ended
