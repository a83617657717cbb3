"""YAML text in pieces: one for each child of a section.

A template's text is cut where a line begins a key of the outermost mapping, or a key one level below it. Each piece is
read alone and remembered by its content, so that a typed character costs one piece; and what is broken is broken in its
piece, which is cut further, down to the smallest entry that cannot be read.

A cut inside of a quoted scalar or a flow collection that goes on left of where it should leaves that open in its piece,
so it never goes unnoticed: ``open_at`` then says that the text is to be read whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from yaml.nodes import MappingNode, ScalarNode

from setsquare.data import AS_WRITTEN, MAX_DEPTH, ComposedText
from setsquare.data.composing import QUOTED
from setsquare.model import Expression, ListExpression, Literal, ObjectExpression, SyntaxProblem, Unreadable
from setsquare.syntax import yaml_sitter
from setsquare.syntax.outline import (
    ComposedPart,
    Item,
    Part,
    PiecedPart,
    WrittenPart,
    doubled_items,
    doubled_nodes,
    moved,
)
from setsquare.text import Span

_TOP = re.compile(rb"\n(?=[^\s#:-]|[:-]\S)")  # an item or a value on its own line goes on with its key
_FIRST = re.compile(rb"^( *)(?=[^\s#])", re.MULTILINE)
_HEAD = re.compile(
    rb"""[ ]*(?P<key>"[^"\\\r\n]*"|'[^'\r\n]*'|[^\s\#"'\[\]{}&*!|>%@`,\-?:][^\r\n]*?)
    [ \t]*:(?=[ \t\r\n]|\Z)[ \t]*(?P<rest>[^\r\n]*)(?:\r\n|\n|\r|\Z)""",
    re.VERBOSE,
)
_MARKER = re.compile(rb"(?:\s+|\#[^\n]*)*+---[ \t]*(?:\#[^\r\n]*)?(?=\r|\n|\Z)")
_DASH = re.compile(rb"-(?=\s|\Z)")
_LONGEST_HEAD = 1024
_REMEMBERED = 1024


@dataclass(slots=True)
class Pieces:
    """What pieces gave.

    Attributes:
        root: the outermost mapping.
        problems: what could not be read.
        open_at: where the first piece begins that is open at its end, so that its cut may be wrong; None for none.

    """

    root: Part
    problems: list[SyntaxProblem] = field(default_factory=list)
    open_at: int | None = None


def read(source: bytes, span: Span) -> Pieces | None:
    """Read the only document in a stretch of a text, without aliases; None where nothing of it is an entry."""
    cutter = Cutter(source)
    starts = cuts(source, span)
    items: list[Item] = []
    complete = True
    for begin, end in zip(starts, [*starts[1:], span.end], strict=False):
        item, intact = cutter.section(begin, end)
        complete &= intact
        if item is not None:
            items.append(item)
    if not items:
        return None
    root = cutter.mapping(items, extent_of(items), complete=complete)
    return Pieces(root, [*cutter.problems, *cutter.doubled], cutter.open_at)


def cuts(source: bytes, span: Span) -> list[int]:
    """Return where the entries of the outermost mapping begin."""
    start = after_marker(source, span.start)
    starts = [match.end() for match in _TOP.finditer(source, start, span.end)]
    if source[start : start + 1].strip(b" \t\r\n#"):
        starts.insert(0, start)
    return starts


def after_marker(source: bytes, start: int) -> int:
    """Return where the text begins after the ``---`` that only comments precede, or the start where there is none."""
    marker = _MARKER.match(source, start)
    return marker.end() if marker else start


@lru_cache(maxsize=_REMEMBERED)
def _composed(text: bytes) -> ComposedText:
    return ComposedText(text)


@lru_cache(maxsize=64)
def _children(column: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n%b(?=[^\s#:-]|[:-]\S)" % (b" " * column))


@lru_cache(maxsize=64)
def _dashes(column: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n%b-(?=\s|\Z)" % (b" " * column))


class Cutter:
    """Cuts one text; every method returns, with what it read, whether all of that is intact."""

    def __init__(self, source: bytes, base: int = 0) -> None:
        """Take a text, or what of it begins at ``base``."""
        self.problems: list[SyntaxProblem] = []
        self.doubled: list[SyntaxProblem] = []
        self.open_at: int | None = None
        self._text = source
        self._base = base
        # In texts that are read from somewhere on nothing is merged, which is all that a mapping keeps its text for.
        self._kept = b"" if base else source

    def let_go(self) -> None:
        """Forget the text: nothing is read any more."""
        self._text = b""
        vars(self).pop("_source", None)

    @cached_property
    def _source(self) -> bytes:
        """The text at its place, which only what is broken is looked for in."""
        return b"\0" * self._base + self._text if self._base else self._text

    def section(self, start: int, end: int) -> tuple[Item | None, bool]:
        """Read an entry of the outermost mapping, cut at the keys one level below it."""
        starts = self.children(start, end)
        if starts is None:
            return self.piece(start, end)
        items: list[Item] = []
        complete = True
        for begin, stop in zip(starts, [*starts[1:], end], strict=True):
            item, intact = self.piece(begin, stop)
            complete &= intact
            if item is not None:
                items.append(item)
        name, key = self.key(start, end)
        return Item(name, key, self.mapping(items, extent_of(items, key), complete=complete)), complete

    def children(self, start: int, end: int) -> list[int] | None:
        """Return where the entries below an entry begin; None where it is to be read as one."""
        head = self._head(start, end)
        if head is None or self._rest(head) is not None:
            return None
        first = _FIRST.search(self._source, head.end(), end)
        if first is None or not first.group(1) or self._source[first.end()] in b"-?\"'[{":
            return None
        return self._cuts(_children(len(first.group(1))), first.start(), end)

    def key(self, start: int, end: int) -> tuple[str, Span]:
        """Return the key of an entry that has entries below it."""
        head = self._head(start, end)
        return self._key(head) if head is not None else ("", Span(start, start))

    def piece(self, start: int, end: int) -> tuple[Item | None, bool]:
        """Read a text that should be one entry, and whose end may be cut wrongly."""
        return self._piece(start, end, watched=True)

    def mapping(self, items: list[Item], extent: Span, *, complete: bool) -> PiecedPart:
        """Return a mapping of entries that were read one by one."""
        doubled = list(doubled_items(items))
        self.doubled += doubled
        return PiecedPart(self._kept, items, extent, complete=complete and not doubled)

    def _piece(self, start: int, end: int, depth: int = 0, *, watched: bool = False) -> tuple[Item | None, bool]:
        """Read a text that should be one entry."""
        text = self._text[start - self._base : end - self._base]
        composed = _composed(text)
        item = _entry(composed, start)
        if item is not None:
            self.doubled += doubled_nodes(composed, start)
            return item, True
        item = _second_entry(text, start)
        if item is not None:
            return item, True
        if watched and self.open_at is None and _is_open(composed):
            self.open_at = start
        before = len(self.problems)
        repaired = self._repair(start, end, depth)
        if len(self.problems) == before:
            self.problems.append(_problem(composed, start))
        return repaired, False

    def _repair(self, start: int, end: int, depth: int) -> Item | None:
        """Read what is intact of a broken entry."""
        head = self._head(start, end)
        if head is None:
            return None
        name, key = self._key(head)
        rest = self._rest(head)
        if rest is not None:
            return Item(name, key, self._unreadable(rest, end))
        part = self._block(head.end(), end, depth + 1)
        return Item(name, key, part or self._unreadable(key.end + 1, end))

    def _block(self, start: int, end: int, depth: int) -> Part | None:
        """Read a broken block mapping or sequence entry by entry; None where it is neither."""
        first = _FIRST.search(self._source, start, end)
        if first is None or depth > MAX_DEPTH:
            return None
        column = len(first.group(1))
        if _DASH.match(self._source, first.end(), end):
            return self._sequence(self._cuts(_dashes(column), first.start(), end), column, end, depth)
        starts = self._cuts(_children(column), first.start(), end)
        items = []
        for begin, stop in zip(starts, [*starts[1:], end], strict=True):
            item, _ = self._piece(begin, stop, depth)
            if item is not None:
                items.append(item)
        return self.mapping(items, extent_of(items), complete=False) if items else None

    def _sequence(self, starts: list[int], column: int, end: int, depth: int) -> Part:
        items: list[Expression] = []
        for begin, stop in zip(starts, [*starts[1:], end], strict=True):
            dash = begin + column
            # Without its dash an item is a block like any other, at the same offsets.
            inner = Cutter(self._source[:begin] + b" " * (column + 1) + self._source[dash + 1 :])
            items.append(inner.item(begin, stop, depth))
            self.problems += inner.problems
            self.doubled += inner.doubled
        last = items[-1].span.end
        items.append(Unreadable(Span(last, last), ""))
        return WrittenPart(ListExpression(Span(starts[0] + column, last), tuple(items)))

    def item(self, start: int, end: int, depth: int) -> Expression:
        """Read the item of a sequence whose dash is blanked out."""
        text = self._source[start:end]
        composed = _composed(text)
        if not composed.problems and len(composed.roots) == 1:
            self.doubled += doubled_nodes(composed, start)
            return ComposedPart(composed, composed.roots[0], start).expression(AS_WRITTEN)
        if not composed.problems:
            at = start + len(text) - len(text.lstrip(b" "))
            return Literal(Span(at, at), None)
        before = len(self.problems)
        part = self._block(start, end, depth + 1) or self._unreadable(start, end)
        if len(self.problems) == before:
            self.problems.append(_problem(composed, start))
        return part.expression(AS_WRITTEN)

    def _cuts(self, pattern: re.Pattern[bytes], first: int, end: int) -> list[int]:
        """Return where lines begin that match, the first one in any case."""
        return [first, *(match.start() + 1 for match in pattern.finditer(self._source, first, end))]

    def _head(self, start: int, end: int) -> re.Match[bytes] | None:
        stop = min(end, start + _LONGEST_HEAD)
        head = _HEAD.match(self._source, start, stop)
        if head is not None and head.end() == stop < end:
            head = _HEAD.match(self._source, start, end)
        return head

    def _key(self, head: re.Match[bytes]) -> tuple[str, Span]:
        span = Span(*head.span("key"))
        text = head.group("key").rstrip()
        if text[:1] in (b'"', b"'"):
            text = text[1:-1]
        return text.decode("utf-8", "replace"), Span(span.start, span.start + len(head.group("key").rstrip()))

    def _rest(self, head: re.Match[bytes]) -> int | None:
        """Return where a value begins on the line of its key; None where there is nothing or a comment."""
        rest = head.group("rest")
        return head.start("rest") if rest.strip() and not rest.startswith(b"#") else None

    def _unreadable(self, start: int, end: int) -> WrittenPart:
        text = self._source[start:end]
        begin = start + len(text) - len(text.lstrip())
        stop = max(start, start + len(text.rstrip()))
        begin = min(begin, stop)
        return WrittenPart(Unreadable(Span(begin, stop), self._source[begin:stop].decode("utf-8", "replace")))


def _entry(composed: ComposedText, base: int) -> Item | None:
    """Return the only entry of a text that is a block mapping."""
    if composed.problems or len(composed.roots) != 1:
        return None
    root = composed.roots[0]
    if not isinstance(root, MappingNode) or root.flow_style or root.tag is not QUOTED or len(root.value) != 1:
        return None
    entries = ComposedPart(composed, root, base).entries()
    return entries[0] if entries and isinstance(root.value[0][0], ScalarNode) else None


def _second_entry(text: bytes, base: int) -> Item | None:
    documents = yaml_sitter.read(text)
    if documents is None or len(documents) != 1 or documents[0].problems:
        return None
    root = documents[0].root
    if not isinstance(root, ObjectExpression) or not root.complete or len(root.entries) != 1:
        return None
    entries = WrittenPart(moved(root, base)).entries()
    return entries[0] if entries else None


def extent_of(items: Sequence[Item], key: Span | None = None) -> Span:
    """Return from where to where entries are written; after their key where there are none."""
    if items or key is None:
        return Span(items[0].key.start, items[-1].span.end)
    return Span(key.end, key.end)


def _is_open(composed: ComposedText) -> bool:
    """Whether a text ends inside of a quoted scalar or a flow collection."""
    used = len(composed.source.rstrip())
    return any(problem.span.start >= used for problem in composed.problems)


def _problem(composed: ComposedText, base: int) -> SyntaxProblem:
    for problem in composed.problems:
        return SyntaxProblem(Span(problem.span.start + base, problem.span.end + base), problem.message)
    text = composed.source
    start = base + len(text) - len(text.lstrip())
    line = text.lstrip().split(b"\n", 1)[0].rstrip()
    return SyntaxProblem(Span(start, start + len(line)), "this is not a key with a value")
