"""What can be read of a Terraform file that has errors: its statements one by one, each parsed by itself.

Statements are told apart by what a lexer sees: line breaks outside of brackets, strings, comments and heredocs. Where
even that is in doubt (a bracket that is not closed), the rest of the body is left out rather than guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from setsquare.model import Attribute, Block, Body, Expression, Lazy, Unreadable
from setsquare.syntax import hcl_tree as tree
from setsquare.syntax.hcl import Contents, ParsedText
from setsquare.syntax.hcl_lexing import Kind, Lexer, Token, line_end
from setsquare.syntax.hcl_text import decode_utf8, unescape_quoted
from setsquare.text import Span

_MAX_DEPTH = 20
_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*"
_LABEL = re.compile(rb'"((?:\\.|[^"\\\n])*)"|(%s)' % _NAME)
_HEADER = re.compile(rb'(%s)((?:[ \t]*"(?:\\.|[^"\\\n])*"|[ \t]+%s)*)[ \t]*\{' % (_NAME, _NAME))
_ATTRIBUTE = re.compile(rb"(%s)[ \t]*=(?![=>])" % _NAME)
_PAIRS = {b"}": b"{", b"]": b"[", b")": b"("}
_BLANK = re.compile(rb"[ \t\r\n]*")


class _Statement(NamedTuple):
    """A stretch that is an attribute or a block.

    ``close`` is the end of the bracket that closes the first one; ``unclosed`` the offset of the first bracket that is
    not closed; ``fault`` the first token that cannot be right.
    """

    start: int
    end: int
    close: int | None
    unclosed: int | None
    fault: Token | None


class _Open:
    """The statement that is being read."""

    __slots__ = ("brackets", "close", "fault", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.brackets: list[int] = []
        self.close: int | None = None
        self.fault: Token | None = None


class Recovery:
    """Reads what is intact of a text; ``base`` is where it starts in the document."""

    __slots__ = ("_base", "_lexer", "_text")

    def __init__(self, text: bytes, base: int) -> None:
        self._text = text
        self._base = base
        self._lexer = Lexer(text)

    def read(self, contents: Contents) -> None:
        """Gather what stands in a text that is one piece."""
        self._read(0, len(self._text), contents, 0, doubtful=False)

    # ----------------------------------------------------------------- reading

    def _read(self, start: int, end: int, contents: Contents, depth: int, *, doubtful: bool) -> None:
        if not self._read_intact(start, end, contents, doubtful=doubtful):
            for statement in self._statements(start, end):
                self._read_statement(statement, contents, depth, doubtful=doubtful)

    def _read_intact(self, start: int, end: int, contents: Contents, *, doubtful: bool) -> bool:
        text = self._text[start:end] + b"\n"  # without which a heredoc at the end has no end
        root = tree.parse(text).root_node
        if root.has_error:
            return False
        ParsedText(text, self._base + start, contents.problems, doubtful=doubtful).collect(root, contents)
        return True

    def _read_statement(self, statement: _Statement, contents: Contents, depth: int, *, doubtful: bool) -> None:
        start, end = statement.start, statement.end
        sound = statement.unclosed is None and statement.fault is None
        if sound and self._read_intact(start, end, contents, doubtful=doubtful):
            return
        header = _HEADER.match(self._text, start, end)
        if header is not None:
            self._read_broken_block(statement, header, contents, depth, doubtful=doubtful)
            return
        self._report(statement, contents)
        attribute = _ATTRIBUTE.match(self._text, start, end)
        if attribute is not None:
            contents.add(self._broken_attribute(statement, attribute))

    def _broken_attribute(self, statement: _Statement, match: re.Match[bytes]) -> Attribute:
        # An unclosed bracket makes the statement take in all that follows: only its first line is surely its own.
        first_line = min(statement.end, line_end(self._text, match.end()))
        end = first_line if statement.unclosed is not None else statement.end
        value: Expression = Unreadable(
            self._span(match.end(), end), self._text[match.end() : end].decode("utf-8", "replace")
        )
        name = match.group(1).decode("utf-8", "replace")
        return Attribute(name, self._span(*match.span(1)), self._span(statement.start, end), Lazy.of(value))

    def _read_broken_block(
        self,
        statement: _Statement,
        header: re.Match[bytes],
        contents: Contents,
        depth: int,
        *,
        doubtful: bool,
    ) -> None:
        contents.complete = False
        known = len(contents.problems)
        header_span = self._span(header.start(), max(header.end(1), header.end(2)))
        closed = statement.close is not None
        end = statement.end if statement.close is None else statement.close
        if not closed:
            contents.fail(header_span, "this block is not closed")
        else:
            self._report_rest(end, statement.end, contents)
        inner = Contents(contents.problems, complete=False)
        if depth < _MAX_DEPTH:
            inside = end - 1 if closed else end
            self._read(header.end(), inside, inner, depth + 1, doubtful=doubtful or not closed)
            if closed and len(contents.problems) == known:
                contents.fail(header_span, "something in this block could not be read")
        else:
            contents.fail(header_span, "this is nested too deeply to be read")
        labels = self._labels(header)
        if labels is None:
            contents.fail(header_span, "the labels of this block are not text")
            return
        body: Lazy[Body] = Lazy.of(inner.body(self._span(header.end() - 1, end)))
        kind = header.group(1).decode("utf-8", "replace")
        contents.blocks.append(Block(kind, labels, self._span(header.start(), end), header_span, body))

    def _labels(self, header: re.Match[bytes]) -> tuple[str, ...] | None:
        labels = []
        for match in _LABEL.finditer(self._text, *header.span(2)):
            text = decode_utf8(match.group(2) or match.group(1))
            label = text if text is None or match.group(2) else unescape_quoted(text)
            if label is None:
                return None
            labels.append(label)
        return tuple(labels)

    # ----------------------------------------------------------------- problems

    def _report_rest(self, start: int, end: int, contents: Contents) -> None:
        code = [statement for statement in self._statements(start, end) if statement.end > statement.start]
        for statement in code[:1]:
            contents.fail(self._span(statement.start, statement.end), "a line break is missing before this")

    def _report(self, statement: _Statement, contents: Contents) -> None:
        start, end = self._trimmed(statement.start, statement.end)
        fault = statement.fault
        if fault is not None:
            contents.fail(self._span(fault.start, fault.end), self._fault_message(fault))
            return
        if statement.unclosed is not None:
            contents.fail(self._span(statement.unclosed, statement.unclosed + 1), "this bracket is not closed")
            return
        attribute = _ATTRIBUTE.match(self._text, start, end)
        if attribute is None:
            contents.fail(self._span(start, end), "this is neither an attribute nor a block")
        elif self._is_blank(attribute.end(), end):
            contents.fail(self._span(start, attribute.end()), "a value is missing after this")
        else:
            name = attribute.group(1).decode("utf-8", "replace")
            at, to = self._trimmed(attribute.end(), end)
            contents.fail(self._span(at, to), f"the value of {name} could not be read")

    def _fault_message(self, token: Token) -> str:
        if token.kind is Kind.BROKEN_STRING:
            return "this string is not closed"
        if token.kind is Kind.CLOSE:
            return "this bracket closes nothing"
        if self._text.startswith(b"/*", token.start):
            return "this comment is not closed"
        return "the end of this heredoc is missing"

    def _is_blank(self, start: int, end: int) -> bool:
        rest = self._text[start:end].strip()
        return not rest or rest.startswith((b"#", b"//"))

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        text = self._text[start:end]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())

    def _span(self, start: int, end: int) -> Span:
        return Span(self._base + start, self._base + end)

    # ----------------------------------------------------------------- statements

    def _statements(self, start: int, end: int) -> Iterator[_Statement]:
        """Yield what stands between line breaks that are outside of all brackets."""
        current = _Open(start)
        for token in self._lexer.tokens(start, end):
            if token.kind is Kind.NEWLINE:
                if not current.brackets:
                    yield from self._finished(current, token.start)
                    current = _Open(token.end)
            elif token.kind is Kind.COMMENT:
                if self._start(current, token.start) == token.start:
                    current.start = token.end
            else:
                self._take(current, token)
        yield from self._finished(current, end)

    def _start(self, current: _Open, end: int) -> int:
        blank = _BLANK.match(self._text, current.start, end)
        return current.start if blank is None else blank.end()

    def _finished(self, current: _Open, end: int) -> Iterator[_Statement]:
        start = self._start(current, end)
        if start < end:
            unclosed = current.brackets[0] if current.brackets else None
            close = None if unclosed is not None else current.close
            yield _Statement(start, start + len(self._text[start:end].rstrip()), close, unclosed, current.fault)

    def _take(self, current: _Open, token: Token) -> None:
        if token.kind is Kind.OPEN:
            current.brackets.append(token.start)
        elif token.kind is Kind.CLOSE:
            if not self._close(current, token):
                current.fault = current.fault or token
            elif not current.brackets and current.close is None:
                current.close = token.end
        elif token.kind in (Kind.BROKEN_STRING, Kind.UNENDED):
            current.fault = current.fault or token
            self._forget_brackets(current, token.start)

    def _close(self, current: _Open, token: Token) -> bool:
        """Close the innermost bracket of the same form, and with it those inside of it that are not closed."""
        sign = _PAIRS[self._text[token.start : token.end]]
        for index in range(len(current.brackets) - 1, -1, -1):
            if self._text.startswith(sign, current.brackets[index]):
                del current.brackets[index:]
                return True
            if sign != b"{":
                # Only a brace ends what is not closed: another bracket is more likely the one that is too many.
                return False
        return False

    def _forget_brackets(self, current: _Open, at: int) -> None:
        """Forget the brackets of a line whose string is not closed: what would close them is inside the string."""
        line = self._text.rfind(b"\n", 0, at) + 1
        brackets = current.brackets
        while brackets and brackets[-1] >= line and not self._text.startswith(b"{", brackets[-1]):
            brackets.pop()


def incomplete(block: Block) -> Block:
    """Mark a block beside which something is wrong: a bracket too many may have ended it too early."""
    return replace(block, lazy_body=Lazy.of(replace(block.body, complete=False))) if block.body.complete else block
