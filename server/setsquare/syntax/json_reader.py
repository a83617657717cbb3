"""A reader of JSON that forgives: recursive descent over tokens, with what a person meant where text is broken."""

import json as standard
import re
from dataclasses import dataclass
from math import isfinite

from setsquare.data import MAX_DEPTH
from setsquare.data.lowering import finish_mapping
from setsquare.model import Entry, Expression, ListExpression, Literal, ObjectExpression, SyntaxProblem, Unreadable
from setsquare.text import Span

_TOKEN = re.compile(
    rb"""[ \t\r\n]*(?:
      (?P<mark>[{}\[\],:])
    | (?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")
    | (?P<number>-?[0-9][-+.0-9eE]*)(?![\w])
    | (?P<word>true|false|null)(?![\w])
    | (?P<comment>//[^\r\n]*|\#[^\r\n]*|/\*.*?(?:\*/|\Z))
    | (?P<open>"[^\r\n]*)
    | (?P<junk>[^\s{}\[\],:"]+)
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {b"true": True, b"false": False, b"null": None}
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER = 100
_MAX_PROBLEMS = 100
_CLOSING = {b"{": b"}", b"[": b"]"}


@dataclass(slots=True)
class _Token:
    kind: str
    text: bytes
    span: Span


@dataclass(slots=True)
class _Container:
    """An open object or list: what it waits for, and where the line begins on which it was opened."""

    closing: bytes
    start: int
    indent: int
    complete: bool = True


def _disbelieve(entries: list[Entry], items: list[Expression]) -> None:
    """Make the last entry unreadable: a quote that was left out turns text inside out up to the end of its line."""
    if entries:
        last = entries[-1]
        entries[-1] = Entry(last.key, Unreadable(last.value.span, ""), last.span)
    if items:
        items[-1] = Unreadable(items[-1].span, "")


class JsonReader:
    """Reads the JSON in one stretch of a text.

    Indented text that is broken is read by its indentation: a key or a closing bracket that begins a line left of
    where the open container wants it belongs to an outer one, and a bracket right of there is one too many. So an
    object without its end does not swallow its neighbours.

    Attributes:
        problems: what is not JSON, in the order of the text.

    """

    def __init__(self, source: bytes, span: Span, *, recover: bool = True) -> None:
        self.problems: list[SyntaxProblem] = []
        self._source = source
        self._end = span.end
        self._at = span.start
        self._start = span.start
        self._open: list[_Container] = []
        self._recover = recover
        self._indented = False
        self._token = self._next()

    def document(self) -> Expression:
        """Read the only value of the stretch; text after it is a problem."""
        if self._token.kind == "end":
            self._report(self._token.span, "a value is missing")
            return Unreadable(self._token.span, "")
        value = self._value()
        while self._token.kind != "end":
            self._report(self._token.span, "text after the end of the document")
            if isinstance(value, ObjectExpression):
                # What follows may have been meant to stand inside.
                value = ObjectExpression(value.span, value.entries, complete=False)
            self._at = self._end
            self._advance()
        return value

    # ------------------------------------------------------------------ tokens

    def _next(self) -> _Token:
        while True:
            match = _TOKEN.match(self._source, self._at, self._end)
            if match is None:
                # A lone byte that is no token, such as a form feed.
                self._at += 1
                continue
            kind = match.lastgroup or "end"
            self._at = match.end()
            span = Span(*match.span(kind))
            if kind != "comment":
                return _Token(kind, match.group(kind), span)
            self._report(span, "JSON has no comments")

    def _advance(self) -> None:
        self._token = self._next()

    def _report(self, span: Span, message: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(SyntaxProblem(span, message))

    def _indent(self, offset: int) -> int:
        """Return the width of the white space that begins the line of an offset."""
        begin = self._line_start(offset)
        line = self._source[begin:offset]
        return len(line) - len(line.lstrip(b" \t"))

    def _line_start(self, offset: int) -> int:
        begin = max(self._source.rfind(b"\n", self._start, offset), self._source.rfind(b"\r", self._start, offset))
        return begin + 1 if begin >= 0 else self._start

    def _begins_line(self, offset: int) -> bool:
        return not self._source[self._line_start(offset) : offset].strip(b" \t")

    # ------------------------------------------------------------------ values

    def _value(self) -> Expression:
        token = self._token
        if token.kind == "mark":
            if token.text in _CLOSING:
                return self._container()
            return self._missing()
        if token.kind == "end":
            return self._missing()
        self._advance()
        if token.kind == "string":
            return self._string(token)
        if token.kind == "word":
            return Literal(token.span, _WORDS[token.text])
        if token.kind == "number":
            return self._number(token)
        self._report(token.span, "a string is not closed" if token.kind == "open" else "this is not a value of JSON")
        self._doubt()
        return Unreadable(token.span, token.text.decode("utf-8", "replace"))

    def _missing(self) -> Expression:
        at = Span(self._token.span.start, self._token.span.start)
        self._report(at, "a value is missing")
        self._doubt()
        return Unreadable(at, "")

    def _doubt(self) -> None:
        """Note that the innermost open container may hide something."""
        if self._open:
            self._open[-1].complete = False

    def _string(self, token: _Token) -> Expression:
        if b"\\" not in token.text:
            return Literal(token.span, token.text[1:-1].decode("utf-8", "replace"))
        try:
            text = standard.loads(token.text.decode("utf-8", "replace"), strict=False)
        except ValueError:
            self._report(token.span, "a string with an escape that JSON does not have")
            return Unreadable(token.span, token.text.decode("utf-8", "replace"))
        return Literal(token.span, _SURROGATE.sub("\ufffd", text))

    def _number(self, token: _Token) -> Expression:
        if len(token.text) <= _LONGEST_NUMBER:
            if _INTEGER.match(token.text):
                return Literal(token.span, int(token.text))
            if _NUMBER.match(token.text) and isfinite(float(token.text)):
                return Literal(token.span, float(token.text))
        self._report(token.span, "this is not a number of JSON")
        return Unreadable(token.span, token.text.decode("utf-8", "replace"))

    # ------------------------------------------------------------------ objects and lists

    def _container(self) -> Expression:
        token = self._token
        if len(self._open) >= MAX_DEPTH:
            return self._too_deep()
        container = _Container(_CLOSING[token.text], token.span.start, self._indent(token.span.start))
        self._open.append(container)
        self._advance()
        if len(self._open) == 1 and self._begins_line(self._token.span.start):
            self._indented = self._recover and self._indent(self._token.span.start) > container.indent
        entries: list[Entry] = []
        items: list[Expression] = []
        while not self._ends(container):
            if container.closing == b"}":
                self._entry(container, entries)
            else:
                items.append(self._value())
                if self._token.text == b":":
                    self._report(self._token.span, "a colon in a list")
                    self._advance()
                    items[-1] = Unreadable(items[-1].span, "")
            if not self._comma(container):
                _disbelieve(entries, items)
        end = self._close(container)
        self._open.pop()
        span = Span(token.span.start, end)
        if container.closing == b"]":
            if not container.complete:
                self._doubt()
                items.append(Unreadable(Span(end, end), ""))
            return ListExpression(span, tuple(items))
        mapping = finish_mapping(self._source, span, entries, self.problems.append)
        return ObjectExpression(span, mapping.entries, mapping.complete and container.complete)

    def _ends(self, container: _Container) -> bool:
        """Whether the next token ends the container, be it by its bracket or because it belongs to an outer one."""
        token = self._token
        if token.kind == "end":
            return True
        if token.text in (b"}", b"]") and token.kind == "mark":
            if self._is_stray(container):
                self._report(token.span, "a closing bracket too many")
                container.complete = False
                self._advance()
                return self._ends(container)
            return True
        return self._is_outer(container)

    def _is_stray(self, container: _Container) -> bool:
        token = self._token
        if token.text != container.closing and all(outer.closing != token.text for outer in self._open):
            return True
        if not (self._indented and self._begins_line(token.span.start)):
            return False
        return self._indent(token.span.start) > container.indent

    def _is_outer(self, container: _Container) -> bool:
        """Whether indentation says that the next token stands outside of the container, whose end is missing."""
        start = self._token.span.start
        if not self._indented or not self._begins_line(start) or self._token.kind == "mark":
            return False
        return self._indent(start) <= container.indent

    def _close(self, container: _Container) -> int:
        token = self._token
        closes = token.kind == "mark" and token.text == container.closing
        if closes and self._indented and self._begins_line(token.span.start):
            closes = self._indent(token.span.start) >= container.indent or len(self._open) == 1
        if closes:
            self._advance()
            return token.span.end
        self._report(Span(container.start, container.start + 1), "a bracket is not closed")
        for outer in self._open:
            outer.complete = False
        return len(self._source[: token.span.start].rstrip())

    def _entry(self, container: _Container, entries: list[Entry]) -> None:
        key = self._token
        if key.kind != "string":
            self._report(key.span, "a key in quotes is missing")
            container.complete = False
            if key.text in _CLOSING:
                self._value()
            else:
                self._advance()
            return
        self._advance()
        name = self._string(key)
        if self._token.text != b":":
            self._report(key.span, "a key without a value")
            container.complete = False
            return
        self._advance()
        value = self._missing() if self._is_outer(container) else self._value()
        while self._token.text == b":" and isinstance(value, Literal):
            # The value is the next entry's key: nothing was typed here yet.
            self._report(key.span, "a key without a value")
            container.complete = False
            nothing = Unreadable(Span(key.span.end, key.span.end), "")
            entries.append(Entry(name, nothing, key.span))
            self._advance()
            key, name = _Token("string", b"", value.span), value
            value = self._value()
        entries.append(Entry(name, value, Span(name.span.start, max(name.span.end, value.span.end))))

    def _comma(self, container: _Container) -> bool:
        """Take the comma after an entry; false where other text on the same line puts the entry in doubt."""
        if self._token.text == b",":
            comma = self._token
            self._advance()
            if self._token.text in (b"}", b"]"):
                self._report(comma.span, "a comma before the closing bracket")
        elif not self._ends(container):
            self._report(self._token.span, "a comma is missing")
            container.complete = False
            return self._begins_line(self._token.span.start)
        return True

    def _too_deep(self) -> Expression:
        start = self._token.span
        self._report(start, f"nested deeper than {MAX_DEPTH} levels")
        depth = 0
        end = start.end
        while self._token.kind != "end":
            if self._token.text in _CLOSING:
                depth += 1
            elif self._token.text in (b"}", b"]"):
                depth -= 1
            end = self._token.span.end
            self._advance()
            if depth == 0:
                break
        return Unreadable(Span(start.start, end), f"nested deeper than {MAX_DEPTH} levels")
