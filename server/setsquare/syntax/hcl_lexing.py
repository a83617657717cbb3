"""Tokens of HCL as far as they decide where something ends: brackets, strings, comments, heredocs, line ends.

For what no tree can tell: where a text may be cut before it is parsed, and what is left of a text that does not parse.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_INTERESTING = re.compile(rb'["#\n{}\[\]()]|//|/\*|<<-?')
_IN_STRING = re.compile(rb'\\.|["\n]|\$\$\{|%%\{|[$%]\{', re.DOTALL)
_IN_INTERPOLATION = re.compile(rb'["{}]')
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"{}[]()")
_MARKER = re.compile(rb"([^\W\d][\w-]*)[ \t]*\r?\n")
_MAX_NESTED_STRINGS = 20
_MAX_STRING = 1 << 16


class Kind(Enum):
    """What a token is."""

    OPEN = "open"
    CLOSE = "close"
    STRING = "string"
    BROKEN_STRING = "string without an end"
    COMMENT = "comment"
    HEREDOC = "heredoc"
    NEWLINE = "newline"
    UNENDED = "comment or heredoc without an end"


class Token(NamedTuple):
    """A token and where it is. A string without an end ends with its line; an unended comment at its opening."""

    kind: Kind
    start: int
    end: int


class Lexer:
    """Reads tokens of one text. Remembers which ends do not occur, so that nothing is searched for twice."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._missing: set[bytes] = set()

    def tokens(self, start: int, end: int) -> Iterator[Token]:
        """Yield the tokens that begin between two offsets; the last may end after them."""
        text = self._text
        at = start
        while match := _INTERESTING.search(text, at, end):
            token = self._token(match)
            at = token.end
            yield token

    def _token(self, match: re.Match[bytes]) -> Token:
        text = self._text
        start, at = match.span()
        sign = match.group()
        if sign == b"\n":
            return Token(Kind.NEWLINE, start, at)
        if sign == b'"':
            end, closed = string_end(text, start)
            return Token(Kind.STRING if closed else Kind.BROKEN_STRING, start, end)
        if sign in b"{[(":
            return Token(Kind.OPEN, start, at)
        if sign in b"}])":
            return Token(Kind.CLOSE, start, at)
        if sign in (b"#", b"//"):
            return Token(Kind.COMMENT, start, line_end(text, at))
        if sign == b"/*":
            return self._ended(Kind.COMMENT, start, at, re.compile(rb"\*/"))
        marker = _MARKER.match(text, at)
        if marker is None:
            return Token(Kind.UNENDED, start, at)
        name = re.escape(marker.group(1))
        ending = re.compile(rb"\n[ \t]*%s(?=[ \t]*(?:\r?\n|\Z))" % name)
        return self._ended(Kind.HEREDOC, start, marker.end() - 1, ending)

    def _ended(self, kind: Kind, start: int, at: int, ending: re.Pattern[bytes]) -> Token:
        if ending.pattern not in self._missing:
            match = ending.search(self._text, at)
            if match:
                return Token(kind, start, match.end())
            self._missing.add(ending.pattern)
        return Token(Kind.UNENDED, start, at)


def first_deeper_than(text: bytes, limit: int) -> int | None:
    """Return the offset of the first bracket that stands in so many others, whether they are closed or not."""
    if depth_of(text)[1] <= limit:
        return None
    depth = 0
    for token in Lexer(text).tokens(0, len(text)):
        if token.kind is Kind.OPEN:
            depth += 1
            if depth > limit:
                return token.start
        elif token.kind is Kind.CLOSE:
            depth = max(0, depth - 1)
    return None


def depth_of(text: bytes) -> tuple[int, int]:
    """Return about how many brackets are open in the end, and at most: those in strings count, which is cheap."""
    depth = deepest = 0
    for sign in text.translate(None, _NO_BRACKETS):
        if sign in b"{[(":
            depth += 1
            if depth > deepest:  # noqa: PLR1730 - a call for each bracket of each file is felt
                deepest = depth
        elif depth:
            depth -= 1
    return depth, deepest


def line_end(text: bytes, at: int) -> int:
    """Return the offset of the next line break, or the end of the text."""
    end = text.find(b"\n", at)
    return len(text) if end < 0 else end


def string_end(text: bytes, start: int) -> tuple[int, bool]:
    """Return where the string that opens at an offset ends, and whether it is closed.

    Only inside ``${}`` may a string hold line breaks; one that is not closed is taken to end with its line.
    """
    limit = start + _MAX_STRING
    open_braces: list[int] = []
    braces = -1
    at = start + 1
    while match := (_IN_STRING if braces < 0 else _IN_INTERPOLATION).search(text, at, limit):
        at = match.end()
        sign = match.group()
        if braces < 0:
            if sign == b"\n":
                break
            if sign == b'"':
                if not open_braces:
                    return at, True
                braces = open_braces.pop()
            elif sign in (b"${", b"%{"):
                braces = 0 if len(open_braces) < _MAX_NESTED_STRINGS else -1
        elif sign == b'"':
            open_braces.append(braces)
            braces = -1
        elif sign == b"{":
            braces += 1
        else:
            braces -= 1
    return line_end(text, start), False
