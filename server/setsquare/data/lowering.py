"""YAML nodes to expressions with byte spans."""

import re
from collections.abc import Callable
from typing import Protocol, cast

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from setsquare.data.composing import MAX_DEPTH, MERGE, PLAIN, QUOTED, ComposedText, doubled_key
from setsquare.data.scalars import scalar
from setsquare.model import (
    Call,
    Entry,
    Expression,
    ListExpression,
    Literal,
    ObjectExpression,
    SyntaxProblem,
    Unreadable,
)
from setsquare.text import Span

MAX_EXPANDED = 100_000
"""How many nodes the aliases of one text may stand for."""

STANDARD = "tag:yaml.org,2002:"
_TYPED = frozenset(("int", "float", "bool", "null"))
_UNTYPED = frozenset(("map", "seq", "omap", "pairs", "set"))
_PROPERTIES = re.compile(rb"(?:[!&][^\s,\[\]{}]*(?:\s+|#[^\r\n]*)*)+")
_ALIAS = re.compile(rb"(?:[\s:,?\-\[{]|#[^\r\n]*)*(\*[^\s,\[\]{}]+)")
_LINE_REST = re.compile(rb"[^\r\n]*")


class Meaning(Protocol):
    """What a dialect makes of tags and mappings; asked from the inside out."""

    def tagged(self, span: Span, tag: str, inner: Expression) -> Expression:
        """Return the meaning of ``!X inner``; a tagged scalar is a Literal with its text."""

    def mapping(self, written: ObjectExpression) -> Expression:
        """Return the meaning of a mapping."""


class AsWritten:
    """Keeps what is written: tags become calls."""

    def tagged(self, span: Span, tag: str, inner: Expression) -> Expression:
        """Return a call of the tag."""
        return Call(span, tag, (inner,))

    def mapping(self, written: ObjectExpression) -> Expression:
        """Return the mapping as it is."""
        return written


AS_WRITTEN = AsWritten()


def scalar_end(source: bytes, start: int, end: int) -> int:
    """Return where a block scalar's content ends: after the last line that is not blank, without its line break."""
    used = len(source[start:end].rstrip())
    rest = _LINE_REST.match(source, start + used, end)
    return rest.end() if rest else end


def text_of(source: bytes, span: Span) -> str:
    """Return the source of a span as text."""
    return source[span.start : span.end].decode("utf-8", "replace")


def apply_tag(meaning: Meaning, span: Span, tag: str, inner: Expression) -> Expression:
    """Return the meaning of an explicit tag: YAML's own are types, all others are the dialect's."""
    if not tag.startswith(STANDARD):
        return meaning.tagged(span, tag, inner)
    name = tag.removeprefix(STANDARD)
    if isinstance(inner, Literal):
        if name == "str":
            return inner
        if name in _TYPED and isinstance(inner.value, str):
            return Literal(inner.span, scalar(inner.value))
    elif name in _UNTYPED:
        return inner
    return meaning.tagged(span, f"!!{name}", inner)


def key_name(key: Expression) -> str | None:
    """Return a key's text, or None where it is not a plain string."""
    if isinstance(key, Literal) and isinstance(key.value, str):
        return key.value
    return None


def finish_mapping(
    source: bytes,
    span: Span,
    entries: list[Entry],
    report: Callable[[SyntaxProblem], None],
    base: int = 0,
) -> ObjectExpression:
    """Make a mapping of the entries as they stand: merge keys are resolved, doubled keys are not believed.

    A key that is there twice is a problem, its value is Unreadable, since readers differ in which one counts, and the
    mapping is not complete.
    """
    by_name: dict[str, int] = {}
    kept: list[Entry] = []
    merged: list[Entry] = []
    complete = True
    for entry in entries:
        name = key_name(entry.key)
        if name == MERGE and _is_plain(source, entry.key.span, base):
            complete &= _merge(entry.value, merged)
        elif name is None:
            kept.append(entry)
        elif name in by_name:
            report(doubled_key(entry.key.span, name))
            complete = False
            first = kept[by_name[name]]
            value = Unreadable(first.value.span, f"{name} is there twice")
            kept[by_name[name]] = Entry(first.key, value, first.span)
        else:
            by_name[name] = len(kept)
            kept.append(entry)
    for entry in merged:
        name = key_name(entry.key)
        if name is None or name not in by_name:
            kept.append(entry)
            by_name[name or ""] = -1
    return ObjectExpression(span, tuple(kept), complete)


def _is_plain(source: bytes, span: Span, base: int) -> bool:
    return source[span.start - base : span.end - base] == MERGE.encode()


def _merge(value: Expression, into: list[Entry]) -> bool:
    if isinstance(value, ObjectExpression):
        into.extend(value.entries)
        return value.complete
    if isinstance(value, ListExpression):
        return all(_merge(item, into) for item in value.items)
    return False


class Lowering:
    """Lowers the nodes of one text.

    Attributes:
        problems: what lowering found: doubled keys, aliases that expand too far or contain themselves.

    """

    __slots__ = ("_active", "_base", "_count", "_done", "_expanded", "_meaning", "_source", "_text", "problems")

    def __init__(self, text: ComposedText, base: int = 0, meaning: Meaning = AS_WRITTEN) -> None:
        self._text = text
        self._source = text.source
        self._base = base
        self._meaning = meaning
        self._active: set[int] = set()
        self._done: dict[int, tuple[Expression, int]] = {}
        self._count = 0
        self._expanded = 0
        self.problems: list[SyntaxProblem] = []

    def expression(self, node: Node) -> Expression:
        """Return what a node says, with absolute spans."""
        return self._node(node, 0)

    def span(self, node: Node) -> Span:
        """Return the span of a node without its tag and anchor: what an expression of it would have."""
        start, end = self._bare(node)
        return Span(start + self._base, end + self._base)

    def entries(self, node: MappingNode) -> list[tuple[str | None, Span, Node]]:
        """Return the keys of a mapping and their values, without lowering these."""
        return [
            (key.value if isinstance(key, ScalarNode) else None, self.span(key), value) for key, value in node.value
        ]

    # Offsets inside these methods count from the start of the text; ``_base`` is added where spans are made.

    def _bare(self, node: Node) -> tuple[int, int]:
        offset = self._text.offset
        start = offset(node.start_mark.index)
        end = offset(node.end_mark.index)
        if start < end and self._source[start] in b"!&":
            match = _PROPERTIES.match(self._source, start, end)
            start = match.end() if match else start
        if isinstance(node, ScalarNode):
            if node.style in ("|", ">"):
                end = scalar_end(self._source, start, end)
            return start, max(start, end)
        if isinstance(node, CollectionNode) and node.flow_style:
            return start, end
        return start, self._block_end(node, start)

    def _block_end(self, node: Node, start: int) -> int:
        """Return the end of a block collection: libyaml's own mark is where the next token begins."""
        if isinstance(node, SequenceNode):
            last = node.value[-1]
            if len(node.value) == 1:
                after, index = start, node.start_mark.index
            else:
                after, index = self._text.offset(node.value[-2].end_mark.index), node.value[-2].end_mark.index
                if node.value[-2].start_mark.index <= node.start_mark.index:
                    after, index = start, node.start_mark.index
        else:
            key, last = node.value[-1]
            after, index = self._text.offset(key.end_mark.index), key.end_mark.index
        if last is node or last.start_mark.index < index:
            return self._alias(node, after)[1]
        return self._bare(last)[1]

    def _alias(self, node: Node, after: int) -> tuple[int, int]:
        """Return where an alias stands: the nodes tell only where its anchor is."""
        limit = self._text.offset(node.end_mark.index)
        found = (0, 0)
        match = _ALIAS.match(self._source, after, limit)
        while match:
            found = match.span(1)
            if isinstance(node, MappingNode):
                break
            match = _ALIAS.match(self._source, match.end(), limit)
        return found if found[1] else (after, after)

    def _node(self, node: Node, depth: int) -> Expression:
        self._count += 1
        start, end = self._bare(node)
        span = Span(start + self._base, end + self._base)
        tag = node.tag
        if isinstance(node, ScalarNode):
            if tag is PLAIN:
                return Literal(span, scalar(node.value))
            inner: Expression = Literal(span, node.value)
        elif depth >= MAX_DEPTH:
            self.problems.append(SyntaxProblem(span, f"nested deeper than {MAX_DEPTH} levels"))
            inner = Unreadable(span, text_of(self._source, Span(start, end)))
        elif isinstance(node, SequenceNode):
            inner = self._sequence(node, span, depth)
        else:
            inner = self._meaning.mapping(self._mapping(cast("MappingNode", node), span, depth))
        if tag is QUOTED:
            return inner
        whole = Span(self._text.offset(node.start_mark.index) + self._base, span.end)
        return apply_tag(self._meaning, whole, tag, inner)

    def _sequence(self, node: SequenceNode, span: Span, depth: int) -> ListExpression:
        items: list[Expression] = []
        reached = node.start_mark.index
        for item in node.value:
            if item is node or item.start_mark.index < reached:
                items.append(self._aliased(item, span, depth))
            else:
                reached = item.end_mark.index
                items.append(self._node(item, depth + 1))
        return ListExpression(span, tuple(items))

    def _mapping(self, node: MappingNode, span: Span, depth: int) -> ObjectExpression:
        entries: list[Entry] = []
        reached = node.start_mark.index
        for key, value in node.value:
            if key.start_mark.index < reached:
                # An alias as a key has no place of its own; the entry is still readable.
                key_expression: Expression = Unreadable(span, "an alias as a key")
            else:
                key_expression = self._key(key, depth)
                reached = key.end_mark.index
            key_span = key_expression.span
            if value.start_mark.index < key.end_mark.index:
                start, end = self._alias(node, self._text.offset(key.end_mark.index))
                place = Span(start + self._base, end + self._base)
                expression = self._aliased(value, place, depth)
            else:
                expression = self._node(value, depth + 1)
                end = expression.span.end - self._base
            entries.append(Entry(key_expression, expression, Span(key_span.start, end + self._base)))
        return finish_mapping(self._source, span, entries, self.problems.append, self._base)

    def _key(self, key: Node, depth: int) -> Expression:
        if isinstance(key, ScalarNode):
            # A key is a name, whatever it looks like: `2012-10-17`, `on`, `123456789012`.
            return Literal(self.span(key), key.value)
        return self._node(key, depth + 1)

    def _aliased(self, node: Node, place: Span, depth: int) -> Expression:
        """Return what an alias stands for: the anchor's own expression, at the anchor's place."""
        identity = id(node)
        if identity in self._active:
            self.problems.append(SyntaxProblem(place, "an alias inside of what it stands for"))
            return Unreadable(place, "an alias inside of what it stands for")
        if identity not in self._done:
            before = self._count
            self._active.add(identity)
            expression = self._node(node, depth + 1)
            self._active.discard(identity)
            self._done[identity] = (expression, self._count - before)
        expression, size = self._done[identity]
        self._count += size
        self._expanded += size
        if self._expanded > MAX_EXPANDED:
            self.problems.append(SyntaxProblem(place, f"aliases expand to more than {MAX_EXPANDED} values"))
            return Unreadable(place, "aliases expand too far")
        return expression
