"""Where ``terraform fmt`` puts indentation, ``=`` and trailing comments, and how an edited text is brought there.

Only what was in its place before an edit, or is new, is put into its place: other text stays as its author left it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from setsquare.records import record
from setsquare.syntax.hcl_lexing import Kind, Lexer, Token
from setsquare.text import Edit, Span, sorted_edits

_SIGN = re.compile(rb"(?<![=!<>])=(?![=>])")
_SPACE = b" \t\r\x0b\x0c"
_JOINER = "\u200d"
_FMT_STEP = 2


class TracedText:
    """A text that changes and knows of each byte where it came from.

    Attributes:
        text: the bytes now.
        origin: of each byte its offset in the text at first, or -1 for a new one.

    """

    __slots__ = ("_before", "origin", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.origin = list(range(len(text)))
        self._before = text

    def apply(self, edits: Iterable[Edit]) -> None:
        """Make edits to the text as it is now."""
        pieces: list[bytes] = []
        origin: list[int] = []
        at = 0
        for edit in sorted_edits(edits):
            start, end = edit.span
            pieces += [self.text[at:start], edit.new]
            origin += self.origin[at:start] + [-1] * len(edit.new)
            at = end
        self.text = b"".join([*pieces, self.text[at:]])
        self.origin = origin + self.origin[at:]

    def follow(self, later: "TracedText") -> None:
        """Take over what another one made of the text as it is now."""
        self.origin = [self.origin[offset] if offset >= 0 else -1 for offset in later.origin]
        self.text = later.text

    def now(self, offset: int) -> int | None:
        """Return where a byte of the text at first is now; None where it is gone."""
        try:
            return self.origin.index(offset)
        except ValueError:
            return None

    def edits(self, shift: int) -> Iterator[Edit]:
        """Yield what was done since the beginning, each edit moved by ``shift``."""
        kept = 0
        new = 0
        for at, offset in enumerate([*self.origin, len(self._before)]):
            if offset < 0:
                continue
            if self._before[kept:offset] != self.text[new:at]:
                yield Edit(Span(kept + shift, offset + shift), self.text[new:at])
            kept, new = offset + 1, at + 1


@record
class Line:
    """A line as the formatter sees it: a string, comment or heredoc that spans several belongs to one.

    Attributes:
        start: where it begins.
        code: where its first token begins; the end of a blank line.
        end: where its last token ends.
        sign_gap: the space before the first ``=``, else None.
        is_whole: whether what follows that ``=`` ends on this line; only then it is lined up with others.
        comment_gap: the space before a comment at the end, else None.
        net: how many more brackets it opens than it closes.

    """

    start: int
    code: int
    end: int
    sign_gap: Span | None
    is_whole: bool
    comment_gap: Span | None
    net: int


def lines_of(text: bytes) -> list[Line]:
    """Split a text into the lines that the formatter knows."""
    result: list[Line] = []
    start = 0
    tokens: list[Token] = []
    for token in Lexer(text).tokens(0, len(text)):
        if token.kind is not Kind.NEWLINE:
            tokens.append(token)
            continue
        result.append(_line(text, start, token.start, tokens))
        start = token.end
        tokens = []
    result.append(_line(text, start, len(text), tokens))
    return result


def _line(text: bytes, start: int, end: int, tokens: Sequence[Token]) -> Line:
    end = start + len(text[start:end].rstrip(_SPACE))
    code = end - len(text[start:end].lstrip(_SPACE))
    comment_gap = None
    code_end = end
    if tokens and tokens[-1].start > code and _is_line_comment(text, tokens[-1]):
        code_end = start + len(text[start : tokens[-1].start].rstrip(_SPACE))
        comment_gap = Span(code_end, tokens[-1].start)
    sign = _sign(text, code, code_end, tokens)
    sign_gap = None
    is_whole = False
    if sign is not None:
        sign_gap = Span(start + len(text[start:sign].rstrip(_SPACE)), sign)
        is_whole = _net(token for token in tokens if token.start > sign) == 0
    return Line(start, code, end, sign_gap, is_whole, comment_gap, _net(tokens))


def _is_line_comment(text: bytes, token: Token) -> bool:
    return token.kind is Kind.COMMENT and not text.startswith(b"/*", token.start)


def _sign(text: bytes, code: int, end: int, tokens: Sequence[Token]) -> int | None:
    """Return the first ``=`` outside strings and comments."""
    at = code
    for token in (*tokens, Token(Kind.NEWLINE, end, end)):
        match = _SIGN.search(text, at, max(at, token.start))
        if match:
            return match.start() if match.start() > code else None
        at = token.end
    return None


def _net(tokens: Iterable[Token]) -> int:
    return sum((token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE) for token in tokens)


# --------------------------------------------------------------------- what the formatter wants


def indentations(lines: Iterable[Line]) -> Iterator[tuple[Line, int]]:
    """Yield each line that is not blank with the spaces before it: one level for each line that opens brackets."""
    levels: list[int] = []
    for line in lines:
        if line.code == line.end:
            continue
        if line.net >= 0:
            yield line, _FMT_STEP * len(levels)
        if line.net > 0:
            levels.append(line.net)
        elif line.net < 0:
            _close(levels, -line.net)
            yield line, _FMT_STEP * len(levels)


def _close(levels: list[int], closed: int) -> None:
    while closed > 0 and levels:
        if closed < levels[-1]:
            levels[-1] -= closed
            return
        closed -= levels.pop()


Chains: TypeAlias = Iterator[list[tuple[Span, int]]]


def _signs(text: bytes) -> Chains:
    """Yield the gaps before the signs that stand below each other, with the width of each; others alone."""
    for is_chain, lines in groupby(lines_of(text), key=lambda line: line.is_whole):
        gaps = [(line.start, line.sign_gap) for line in lines if line.sign_gap is not None]
        if is_chain:
            yield _below_each_other(text, gaps)
        else:
            yield from ([(gap, 1)] for _, gap in gaps)


def _comments(text: bytes) -> Chains:
    """Yield the gaps before the comments that stand below each other, with the width of each."""
    for is_chain, lines in groupby(lines_of(text), key=lambda line: line.comment_gap is not None):
        if is_chain:
            yield _below_each_other(text, [(line.start, line.comment_gap) for line in lines if line.comment_gap])


def _below_each_other(text: bytes, gaps: Sequence[tuple[int, Span]]) -> list[tuple[Span, int]]:
    widths = [columns(text[start : gap.start]) for start, gap in gaps]
    widest = max(widths)
    return [(gap, widest - width + 1) for (_, gap), width in zip(gaps, widths, strict=True)]


def columns(text: bytes) -> int:
    """Return how many columns a text takes: one for each character that a reader sees."""
    if text.isascii():
        return len(text)
    count = 0
    joined = flag = False
    for character in text.decode("utf-8", "replace"):
        kind = unicodedata.category(character)
        is_flag = "\U0001f1e6" <= character <= "\U0001f1ff"
        is_part = kind in ("Mn", "Me", "Mc") or "\U0001f3fb" <= character <= "\U0001f3ff" or character == _JOINER
        if not (is_part or (joined and kind == "So") or (is_flag and flag)):
            count += 1
            flag = is_flag
        else:
            flag = False
        joined = character == _JOINER
    return count


# --------------------------------------------------------------------- bringing an edited text there


def settle(before: bytes, after: TracedText) -> None:
    """Put into place what an edit moved or added.

    Args:
        before: the text before the edit; it begins at the level of the file.
        after: the same text with the edit made to it.

    """
    _indent(before, after)
    _line_up(before, after)


def lined_up(text: bytes) -> bytes:
    """Return a new text with its signs and comments lined up."""
    traced = TracedText(text)
    _line_up(b"", traced)
    return traced.text


def _indent(before: bytes, after: TracedText) -> None:
    if all(before[line.start : line.code] == b" " * wanted for line, wanted in indentations(lines_of(before))):
        wanted = indentations(lines_of(after.text))
        after.apply(_fitted(after.text, ((Span(line.start, line.code), width) for line, width in wanted)))


def _line_up(before: bytes, after: TracedText) -> None:
    # Comments stand after what the signs have moved.
    for chains in (_signs, _comments):
        _line_up_gaps(before, after, chains)


def _line_up_gaps(before: bytes, after: TracedText, chains: Callable[[bytes], Chains]) -> None:
    astray = {
        gap.end for chain in chains(before) for gap, width in chain if before[gap.start : gap.end] != b" " * width
    }
    moved: list[Edit] = []
    for chain in chains(after.text):
        if not any(after.origin[gap.end] in astray for gap, _ in chain):
            moved += _fitted(after.text, chain)
    after.apply(moved)


def _fitted(text: bytes, gaps: Iterable[tuple[Span, int]]) -> list[Edit]:
    return [Edit(gap, b" " * width) for gap, width in gaps if text[gap.start : gap.end] != b" " * width]
