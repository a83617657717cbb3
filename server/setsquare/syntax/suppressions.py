"""Comments that set findings aside: Setsquare's own and those of Checkov, Trivy, tfsec and KICS."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from functools import lru_cache

import tree_sitter
import tree_sitter_yaml

from setsquare.documents import Format
from setsquare.records import record
from setsquare.syntax.hcl_lexing import Kind, Lexer
from setsquare.text import BOM, Edit, LineIndex, Span

_ANY = re.compile(rb"setsquare:ignore|checkov:skip|(?:trivy|tfsec):ignore|kics-scan")
_DECORATION = re.compile(r"[ \t]*(?:#+|//+|/\*+|\*(?!/))?[ \t]*")
_OWN = re.compile(r"setsquare:ignore(?![\w-])[ \t:]*(.*)")
_OWN_RULES = re.compile(r"[A-Za-z0-9][\w.-]*(?:[ \t]*,[ \t]*[A-Za-z0-9][\w.-]*)*")
_OWN_UNTIL = re.compile(r"(?:^|\s)until=(\S*)")
_CHECKOV = re.compile(r"checkov:skip[ \t]*=[ \t]*([\w.,* -]*?)[ \t]*(?::[ \t]*(.*))?$")
_TRIVY = re.compile(r"(?:trivy|tfsec):ignore:([^\s:]*)(?::exp:(\S*))?(?::ws:\S*)?")
_KICS = re.compile(r"kics-scan[ \t]+(ignore-line|ignore-block|ignore|disable)(?![\w-])[ \t]*(?:=[ \t]*(.*))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_RULE = "a suppression has to name a rule"
_EVERYTHING = ("*",)
_YAML_START = b"---"


class Scope(Enum):
    """What a suppression speaks of."""

    FILE = "the whole file"
    LINE = "what starts on the comment's line"
    NEXT = "what starts on the next line of code"
    BLOCK = "the resource around the comment"


@record
class Suppression:
    """A comment that sets findings aside.

    Attributes:
        tool: whose rules are named: ``setsquare``, ``checkov``, ``trivy`` (tfsec too) or ``kics``.
        rules: the ids as they are written; ``*`` means all.
        reason: the words after the ids, if any.
        until: the last day on which it counts, as an ISO date.
        span: the comment.
        scope: what it speaks of.
        target: with the scope ``NEXT`` the next line of code, if there is one.
        problem: what is wrong with it, if anything; it has no effect then.

    """

    tool: str
    rules: tuple[str, ...]
    reason: str | None
    until: str | None
    span: Span
    scope: Scope
    target: Span | None = None
    problem: str | None = None


@record
class _Said:
    """What a comment says, wherever it stands; without a scope, that depends on where."""

    tool: str
    rules: tuple[str, ...]
    reason: str | None = None
    until: str | None = None
    scope: Scope | None = None
    problem: str | None = None


def are_in(source: bytes) -> bool:
    """Whether there may be suppressions in a text."""
    return _ANY.search(source) is not None


def read(format: Format, source: bytes) -> tuple[Suppression, ...]:  # noqa: A002 - the word that documents use
    """Return the suppressions of a document in their order; JSON has no comments, so it has none."""
    if format in (Format.JSON, Format.TF_JSON, Format.TFVARS_JSON) or not _ANY.search(source):
        return ()
    comments = tuple(_yaml_comments(source) if format is Format.YAML else _hcl_comments(source))
    layout = _Layout(source, comments)
    return tuple(
        layout.placed(said, comment)
        for comment in comments
        if _ANY.search(source, comment.start, comment.end)
        for line in source[comment.start : comment.end].decode("utf-8", "replace").splitlines()
        for said in _said(line)
    )


def comment_above(format: Format, source: bytes, offset: int, rule: str) -> Edit | None:  # noqa: A002
    """Return the insertion of a comment that sets a rule aside, above the line of an offset; its reason is left open.

    None where the format has no comments.
    """
    if format in (Format.JSON, Format.TF_JSON, Format.TFVARS_JSON):
        return None
    lines = LineIndex(source)
    line = lines.line_span(lines.line_of(offset))
    start = line.start + len(BOM) if source.startswith(BOM, line.start) else line.start
    text = source[start : line.end]
    indentation = text[: len(text) - len(text.lstrip(b" \t"))]
    end = b"\r\n" if b"\r\n" in source else b"\n"
    return Edit(Span(start, start), indentation + f"# setsquare:ignore {rule} ".encode() + end)


# --------------------------------------------------------------------- comments


def _hcl_comments(source: bytes) -> Iterator[Span]:
    start = len(BOM) if source.startswith(BOM) else 0
    for token in Lexer(source).tokens(start, len(source)):
        if token.kind is Kind.COMMENT:
            yield Span(token.start, token.start + len(source[token.start : token.end].rstrip(b"\r")))


def _yaml_comments(source: bytes) -> Iterator[Span]:
    language = _yaml_language()
    start = len(BOM) if source.startswith(BOM) else 0
    tree = tree_sitter.Parser(language).parse(source[start:])
    captured = tree_sitter.QueryCursor(tree_sitter.Query(language, "(comment) @comment")).captures(tree.root_node)
    for at, end in sorted((node.start_byte + start, node.end_byte + start) for node in captured.get("comment", [])):
        yield Span(at, at + len(source[at:end].rstrip(b"\r\n")))


@lru_cache(maxsize=1)
def _yaml_language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_yaml.language())


# --------------------------------------------------------------------- what they say


def _said(line: str) -> Iterator[_Said]:
    decoration = _DECORATION.match(line)
    text = line[decoration.end() if decoration else 0 :].removesuffix("*/").rstrip()
    if match := _OWN.match(text):
        yield _own(match.group(1))
    elif match := _CHECKOV.match(text):
        rules = _ids(match.group(1))
        yield _Said("checkov", rules, match.group(2) or None, None, Scope.BLOCK, None if rules else _NO_RULE)
    elif match := _KICS.match(text):
        yield _kics(match.group(1), match.group(2))
    else:
        # Several may follow each other, also after other words.
        yield from map(_trivy, _TRIVY.finditer(text))


def _own(text: str) -> _Said:
    until = None
    problem = None
    if match := _OWN_UNTIL.search(text):
        until, problem = _date(match.group(1))
        text = f"{text[: match.start()]} {text[match.end() :]}"
    text = text.strip()
    match = _OWN_RULES.match(text)
    if match is None:
        return _Said("setsquare", (), text or None, until, None, _NO_RULE)
    reason = text[match.end() :].strip(" \t,:") or None
    return _Said("setsquare", _ids(match.group()), reason, until, None, problem)


def _trivy(match: re.Match[str]) -> _Said:
    rules = _ids(match.group(1))
    until, problem = (None, None) if match.group(2) is None else _date(match.group(2).partition(":")[0])
    return _Said("trivy", rules, None, until, None, problem if rules else _NO_RULE)


def _kics(command: str, ids: str | None) -> _Said:
    if command == "disable":
        rules = _ids(ids or "")
        return _Said("kics", rules, scope=Scope.FILE, problem=None if rules else _NO_RULE)
    return _Said("kics", _EVERYTHING, scope=Scope.FILE if command == "ignore" else Scope.NEXT)


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def _date(text: str) -> tuple[str | None, str | None]:
    """Return the date, or what is wrong with it."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat(), None
    except ValueError:
        pass
    return None, f"{text!r} is no date; expected is a day like 2026-12-31"


# --------------------------------------------------------------------- where they stand


class _Layout:
    """Which lines hold code, which comments alone, and which nothing."""

    def __init__(self, source: bytes, comments: Iterable[Span]) -> None:
        self._lines = LineIndex(source)
        self._count = self._lines.line_count
        self._commented: set[int] = set()
        rest = bytearray(source)
        if source.startswith(BOM):
            rest[: len(BOM)] = b" " * len(BOM)
        for comment in comments:
            first, last = self._lines.line_of(comment.start), self._lines.line_of(max(comment.start, comment.end - 1))
            self._commented.update(range(first, last + 1))
            rest[comment.start : comment.end] = b" " * (comment.end - comment.start)
        self._code = [number for number in range(self._count) if self._is_code(rest, number)]
        self._coded = set(self._code)

    def placed(self, said: _Said, comment: Span) -> Suppression:
        """Return a suppression with the scope that its place gives it."""
        line = self._lines.line_of(comment.start)
        last = self._lines.line_of(comment.end)
        scope = said.scope
        if scope is None:
            scope = self._scope(line, last)
        target = None
        if scope is Scope.NEXT:
            following = next((number for number in self._code if number > last), None)
            target = None if following is None else self._lines.line_span(following)
        return Suppression(said.tool, said.rules, said.reason, said.until, comment, scope, target, said.problem)

    def _scope(self, line: int, last: int) -> Scope:
        if line in self._coded or last in self._coded:
            return Scope.LINE
        if self._code and self._code[0] < line:
            return Scope.NEXT
        following = last + 1
        while following in self._commented and following not in self._coded:
            following += 1
        return Scope.NEXT if following in self._coded else Scope.FILE

    def _is_code(self, rest: bytearray, number: int) -> bool:
        span = self._lines.line_span(number)
        text = rest[span.start : span.end].strip()
        return bool(text) and text != _YAML_START
