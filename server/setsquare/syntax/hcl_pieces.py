"""A Terraform file that is read again after an edit: only the top-level pieces that changed are parsed.

A text is cut where a line of code begins with the name of a top-level block, as ``hcl_recovery`` cuts a text with
errors. Each piece is parsed alone. What the pieces say together is what ``hcl.read`` says of the whole text:

* where all pieces are intact, so is the text, and its blocks are theirs;
* where brackets close in a later piece only (blocks in blocks that are not indented), the pieces between are one;
* else the text has errors, and is what recovery makes of the same pieces.

The positions in the result are not those of the text but of its *layout*: a text with the same lines, in which the last
line of each piece has spaces at its end. So a piece stays where it is while others grow, and all that was made of it
stays right. Lines and columns are the same in both.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from setsquare.model import Block, SyntaxProblem
from setsquare.records import record
from setsquare.syntax import hcl_tree as tree
from setsquare.syntax import suppressions
from setsquare.syntax.hcl import TOP_LEVEL, Contents, ParsedText, encoding_problems, finished
from setsquare.syntax.hcl_expressions import MAX_DEPTH
from setsquare.syntax.hcl_lexing import Kind, Lexer, Token, depth_of
from setsquare.syntax.hcl_recovery import Recovery, incomplete
from setsquare.syntax.layout import Laid, fitted, laid_out, layout_of, starts_of
from setsquare.text import BOM, Edit, difference

_HEADER: Final = re.compile(
    rb'(?:(?:resource|data|ephemeral)[ \t]*"[^"\n]*"[ \t]*"[^"\n]*"'
    rb'|(?:module|variable|output|provider)[ \t]*"[^"\n]*")[ \t]*\{',
)
"""What is not believed to stand inside of another block: more likely that one is not closed."""
_INTERPOLATION: Final = (b"${", b"%{")


class _Cut(NamedTuple):
    """What a lexer says of the stretch that begins at an offset.

    Attributes:
        start: the offset.
        balance: how many more brackets it opens than it closes.
        lowest: how far it closes brackets that were opened before it; not above 0.
        is_open: something in it has no end, which an edit after it may bring.

    """

    start: int
    balance: int = 0
    lowest: int = 0
    is_open: bool = False

    def after(self, token: Token, text: bytes) -> "_Cut":
        """Return what is to be said with one more token."""
        match token.kind:
            case Kind.OPEN:
                return self._replace(balance=self.balance + 1)
            case Kind.CLOSE:
                return self._replace(balance=self.balance - 1, lowest=min(self.lowest, self.balance - 1))
            case Kind.UNENDED:
                return self._replace(is_open=True)
            case Kind.BROKEN_STRING if any(sign in text[token.start : token.end] for sign in _INTERPOLATION):
                return self._replace(is_open=True)  # inside of ${} a string may go on in the next line
            case _:
                return self


_Stretch = tuple[bytes, _Cut]


class Piece:
    """One stretch, parsed alone, at its place in the layout.

    Attributes:
        text: its bytes.
        base: where it begins in the layout.
        contents: what is written in it, and what is wrong with it.
        is_intact: it could be parsed without errors.
        cut: what a lexer says of it.
        is_marked: there are suppressions in it.
        is_swallowed: it begins with a header that would be believed inside of another block as well.

    """

    __slots__ = (
        "_recovered",
        "base",
        "contents",
        "cut",
        "deepest",
        "depth",
        "is_intact",
        "is_marked",
        "is_swallowed",
        "text",
    )

    def __init__(self, text: bytes, base: int, cut: _Cut) -> None:
        self.text = text
        self.base = base
        self.cut = cut
        self.depth, self.deepest = depth_of(text)
        self.is_marked = suppressions.are_in(text)
        self.is_swallowed = _HEADER.match(text) is not None
        self.contents, self.is_intact = _read(text, base)
        self._recovered: tuple[Block, ...] | None = None

    @property
    def end(self) -> int:
        """Where it ends in the layout, the spaces after it left out."""
        return self.base + len(self.text)

    def recovered(self) -> Sequence[Block]:
        """Return the blocks as they count in a text with errors."""
        if self.contents.complete:
            return self.contents.blocks
        if self._recovered is None:
            self._recovered = tuple(map(incomplete, self.contents.blocks))
        return self._recovered


def _read(text: bytes, base: int) -> tuple[Contents, bool]:
    contents = Contents([])
    root = tree.parse(text).root_node
    if not root.has_error:
        ParsedText(text, base, contents.problems).collect(root, contents)
        return contents, True
    Recovery(text, base).read(contents)
    return contents, False


@record
class PiecedFile(Laid[Piece]):
    """A file as read piece by piece."""


def read(path: str, source: bytes, before: PiecedFile | None = None) -> PiecedFile | None:
    """Read a file piece by piece.

    Args:
        path: the file.
        source: its bytes.
        before: what was read of it before: its pieces are used again where they are the same.

    Returns:
        None where the file is to be read whole: it is not text, or may nest too deep.

    """
    if before is not None and before.source == source:
        return before
    if b"\0" in source:
        return None
    base = len(BOM) if source.startswith(BOM) else 0
    pieces = None
    if before is not None and base == (before.bases[0] if before.bases else -1):
        pieces = _again(source, base, before)
    if pieces is None:
        cuts, stop = _scan(source, base, ())
        pieces = laid_out(_stretches(source, cuts, stop), _made, base)
    if sum(piece.depth for piece in pieces) + max(piece.deepest for piece in pieces) > MAX_DEPTH:
        return None
    layout = source[:base] + layout_of(pieces)
    problems = encoding_problems(layout[base:], base) if encoding_problems(source[base:], base) else []
    file = finished(path, _together(pieces, layout, problems))
    return PiecedFile(path, source, layout, file, tuple(pieces), starts_of(pieces, base), tuple(p.base for p in pieces))


def contents(text: bytes, base: int, problems: list[SyntaxProblem]) -> Contents:
    """Read a text that starts at an offset of its document, where it stands."""
    cuts, stop = _scan(text, 0, ())
    return _together(laid_out(_stretches(text, cuts, stop), _made, base, 0), b"\0" * base + text, problems)


# --------------------------------------------------------------------- cuts


def _scan(text: bytes, start: int, known: Iterable[int]) -> tuple[list[_Cut], int]:
    """Return the cuts from an offset on, and where they end: at the first known cut that is one still, or the end.

    Args:
        text: the whole text.
        start: an offset in code, outside of strings, heredocs and comments; the first cut.
        known: cuts of the text as it was before, in so far as nothing changed after them.

    """
    there = frozenset(known)
    lines = TOP_LEVEL.finditer(text, start + 1)
    line = next(lines, None)
    cuts: list[_Cut] = []
    cut = _Cut(start)
    for token in Lexer(text).tokens(start, len(text)):
        while line is not None and line.start() <= token.start:
            cuts.append(cut)
            if line.start() in there:
                return cuts, line.start()
            cut = _Cut(line.start())
            line = next(lines, None)
        while line is not None and line.start() < token.end:
            line = next(lines, None)  # it is no code
        cut = cut.after(token, text)
    while line is not None:
        cuts.append(cut)
        if line.start() in there:
            return cuts, line.start()
        cut = _Cut(line.start())
        line = next(lines, None)
    return [*cuts, cut], len(text)


def _stretches(text: bytes, cuts: Sequence[_Cut], stop: int) -> list[_Stretch]:
    ends = [*(cut.start for cut in cuts[1:]), stop]
    return [(text[cut.start : end], cut._replace(start=0)) for cut, end in zip(cuts, ends, strict=True)]


def _again(text: bytes, base: int, before: PiecedFile) -> list[Piece] | None:
    """Return the pieces of a text of which most are known; None where the new ones have no room in the layout."""
    edit = difference(before.source, text)
    first = _first_touched(before, edit)
    after = bisect_right(before.starts, edit.span.end)
    moved = len(text) - len(before.source)
    known = {before.starts[index] + moved: index for index in range(after, len(before.starts))}
    start = before.starts[first] if first else base
    cuts, stop = _scan(text, start, known)
    stretches = _stretches(text, cuts, stop)
    last = known.get(stop, len(before.pieces))
    return fitted(stretches, before.pieces, first, last, is_of=_is_of, size_of=_size, make=_made)


def _made(stretch: _Stretch, base: int) -> Piece:
    return Piece(stretch[0], base, stretch[1])


def _is_of(piece: Piece, stretch: _Stretch) -> bool:
    return (piece.text, piece.cut) == stretch


def _size(stretch: _Stretch) -> int:
    return len(stretch[0])


def _first_touched(before: PiecedFile, edit: Edit) -> int:
    """Return the first piece that may be another one after an edit."""
    # A cut depends on what follows it on its line, so the piece before the edited one is looked at again.
    touched = max(0, bisect_left(before.starts, edit.span.start) - 2)
    return next((index for index, piece in enumerate(before.pieces[:touched]) if piece.cut.is_open), touched)


# --------------------------------------------------------------------- the whole


def _together(pieces: Sequence[Piece], layout: bytes, problems: list[SyntaxProblem]) -> Contents:
    whole = Contents(problems)
    read = _intact(pieces, layout)
    for contents, blocks in read or [(piece.contents, piece.recovered()) for piece in pieces]:
        for attribute in contents.attributes.values():
            whole.add(attribute)
        whole.blocks += blocks
        problems += contents.problems
    return whole


def _intact(pieces: Sequence[Piece], layout: bytes) -> list[tuple[Contents, Sequence[Block]]] | None:
    """Return the contents of a text without errors; None of one with errors."""
    if all(piece.is_intact for piece in pieces):
        return [(piece.contents, piece.contents.blocks) for piece in pieces]
    groups = _groups(pieces)
    if groups is None:
        return None
    found: list[tuple[Contents, Sequence[Block]]] = []
    for group in groups:
        contents: Contents | None = group[0].contents if group[0].is_intact else None
        if len(group) > 1:
            contents = _joined(layout[group[0].base : group[-1].end], group[0].base)
        if contents is None or any(piece.is_swallowed for piece in group[1:]):
            return None
        found.append((contents, contents.blocks))
    return found


def _groups(pieces: Sequence[Piece]) -> list[list[Piece]] | None:
    """Return the pieces, those together that brackets hold together; None where brackets do not close."""
    groups: list[list[Piece]] = []
    depth = 0
    for piece in pieces:
        if depth == 0:
            groups.append([])
        groups[-1].append(piece)
        if depth + piece.cut.lowest < 0:
            return None
        depth += piece.cut.balance
    return None if depth else groups


@lru_cache(maxsize=64)
def _joined(text: bytes, base: int) -> Contents | None:
    contents = Contents([])
    root = tree.parse(text).root_node
    if root.has_error:
        return None
    ParsedText(text, base, contents.problems).collect(root, contents)
    return contents
