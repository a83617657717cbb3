"""The layout of a text that is edited: the same lines, with spaces at the end of the last line of each of its pieces.

So a piece stays where it is while others grow, and all that was made of it stays right. Lines and columns are the same
in the text and in its layout.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, Generic, Protocol, TypeVar

from setsquare.model import ConfigurationFile
from setsquare.records import record
from setsquare.text import Span

ROOM: Final = 2048
"""How many bytes a piece may grow by before the others are moved."""


class Placed(Protocol):
    """A stretch of a text at its place in the layout."""

    text: bytes
    base: int
    is_marked: bool


P = TypeVar("P", bound=Placed)
S = TypeVar("S")
P_co = TypeVar("P_co", bound=Placed, covariant=True)


@record
class Laid(Generic[P_co]):
    """A file as read piece by piece.

    Attributes:
        path: the file.
        source: its bytes.
        layout: the bytes that positions count in.
        file: what is written in it.
        pieces: in order.
        starts: where each piece begins in the source.
        bases: where each piece begins in the layout.

    """

    path: str
    source: bytes
    layout: bytes
    file: ConfigurationFile
    pieces: tuple[P_co, ...]
    starts: tuple[int, ...]
    bases: tuple[int, ...]

    def offset(self, at: int) -> int:
        """Return where an offset of the layout is in the source."""
        index = bisect_right(self.bases, at) - 1
        if index < 0:
            return at
        text = self.pieces[index].text
        inside = at - self.bases[index]
        # What a line of the layout has at its end stands at the end of the line.
        return self.starts[index] + (inside if inside <= len(text) else len(text.rstrip(b"\r\n")))

    def base_of(self, at: int) -> int:
        """Return where the piece begins in the layout that holds an offset of it."""
        return self.bases[max(0, bisect_right(self.bases, at) - 1)]

    def span(self, span: Span) -> Span:
        """Return where a span of the layout is in the source."""
        index = bisect_right(self.bases, span.start) - 1
        if index >= 0:
            base = self.bases[index]
            if span.end - base <= len(self.pieces[index].text):
                moved = self.starts[index] - base
                return Span(span.start + moved, span.end + moved)
        return Span(self.offset(span.start), self.offset(span.end))


def end_of(piece: Placed) -> int:
    """Return where a piece ends in the layout, the spaces after it left out."""
    return piece.base + len(piece.text)


def starts_of(pieces: Sequence[Placed], start: int) -> tuple[int, ...]:
    """Return where the pieces begin in a text whose first one begins at an offset."""
    starts: list[int] = []
    for piece in pieces:
        starts.append(start)
        start += len(piece.text)
    return tuple(starts)


def layout_of(pieces: Sequence[Placed]) -> bytes:
    """Return the layout from the first piece on."""
    parts: list[bytes] = []
    for piece, following in pairwise(pieces):
        text = piece.text
        end = -2 if text.endswith(b"\r\n") else -1
        parts += (text[:end], b" " * (following.base - end_of(piece)), text[end:])
    parts += (piece.text for piece in pieces[-1:])
    return b"".join(parts)


def laid_out(stretches: Sequence[S], make: Callable[[S, int], P], base: int, room: int = ROOM) -> list[P]:
    """Make all pieces anew, with room after each of them."""
    pieces = []
    for stretch in stretches:
        piece = make(stretch, base)
        pieces.append(piece)
        base += len(piece.text) + room
    return pieces


def fitted(  # noqa: PLR0913  # what pieces are made of, and the pieces there are
    stretches: Sequence[S],
    pieces: Sequence[P],
    first: int,
    last: int,
    *,
    is_of: Callable[[P, S], bool],
    size_of: Callable[[S], int],
    make: Callable[[S, int], P],
) -> list[P] | None:
    """Return the pieces with other stretches in the place of some; None where there is no room for them.

    Args:
        stretches: what stands in the place of the pieces from ``first`` up to ``last``.
        pieces: as they were.
        first: the first piece that may be another one.
        last: the first piece after those.
        is_of: whether a piece is what would be made of a stretch.
        size_of: how many bytes a stretch has.
        make: makes a piece of a stretch, at its place.

    """
    new, old = list(stretches), list(pieces[first:last])
    head = next((at for at, (one, two) in enumerate(zip(old, new, strict=False)) if not is_of(one, two)), None)
    head = min(len(old), len(new)) if head is None else head
    start, old, new = old[:head], old[head:], new[head:]
    tail = 0
    while tail < len(old) and tail < len(new) and is_of(old[-1 - tail], new[-1 - tail]):
        tail += 1
    end, old, new = old[len(old) - tail :], old[: len(old) - tail], new[: len(new) - tail]
    before = [*pieces[:first], *start]
    after = [*end, *pieces[last:]]
    size = sum(map(size_of, new))
    lowest = end_of(before[-1]) if before else pieces[0].base
    limit = after[0].base if after else lowest + size + ROOM * (len(new) + len(old) + 1)
    at = old[0].base if old else lowest
    if limit - at < size:
        at = lowest
    if limit - at < size or (not before and not new and after[0].base > lowest):
        return None
    room = min(ROOM, (limit - at - size) // max(1, len(new)))
    made = []
    for stretch in new:
        piece = make(stretch, at)
        made.append(piece)
        at += len(piece.text) + room
    return [*before, *made, *after]
