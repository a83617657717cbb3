"""A document of YAML or JSON that is looked at from the outside in: what nobody asks for is not lowered."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from yaml.nodes import MappingNode, Node, ScalarNode

from setsquare.data import ComposedText, Lowering, Meaning
from setsquare.data.composing import MERGE, PLAIN, QUOTED, doubled_key
from setsquare.data.lowering import apply_tag, finish_mapping
from setsquare.model import Call, Entry, Expression, ListExpression, Literal, ObjectExpression, SyntaxProblem
from setsquare.records import record
from setsquare.text import Span

Report = Callable[[SyntaxProblem], None]


def ignore(_problem: SyntaxProblem) -> None:
    """Drop a problem: where only a part of a document is looked at, its mapping is marked incomplete instead."""


class Part(Protocol):
    """A value that is not lowered yet."""

    @property
    def span(self) -> Span:
        """Where it is written, without its tag."""

    @property
    def complete(self) -> bool:
        """Whether it is a mapping that a syntax error hides nothing of; true for all that is no mapping."""

    def entries(self) -> "Sequence[Item] | None":
        """Return the entries of a mapping without a tag; None for everything else."""

    def text(self) -> str | None:
        """Return the text of a scalar without a tag; None for everything else."""

    def expression(self, meaning: Meaning, report: Report = ignore) -> Expression:
        """Lower it."""


@record
class OutlinedDocument:
    """One document whose parts are lowered on demand.

    Attributes:
        root: its value.
        span: its stretch of the text.
        problems: what could not be read; more may come out when parts are lowered.

    """

    root: Part
    span: Span
    problems: tuple[SyntaxProblem, ...] = ()


class Item(NamedTuple):
    """A key and its value. ``name`` is None where the key is not a scalar."""

    name: str | None
    key: Span
    value: Part

    @property
    def span(self) -> Span:
        """Key and value."""
        return Span(self.key.start, max(self.key.end, self.value.span.end))


class ComposedPart:
    """A node that PyYAML made; ``base`` is where its text stands in the document."""

    __slots__ = ("_base", "_node", "_text")

    def __init__(self, text: ComposedText, node: Node, base: int) -> None:
        self._text = text
        self._node = node
        self._base = base

    @property
    def span(self) -> Span:
        """Where it is written."""
        return Lowering(self._text, self._base).span(self._node)

    @property
    def complete(self) -> bool:
        """Nothing is hidden: a text with errors is not composed."""
        return True

    def entries(self) -> Sequence[Item] | None:
        """Return the entries of a mapping."""
        node = self._node
        if not isinstance(node, MappingNode) or node.tag is not QUOTED:
            return None
        lowering = Lowering(self._text, self._base)
        entries = lowering.entries(node)
        if any(name == MERGE for name, _, _ in entries):
            return WrittenPart(lowering.expression(node)).entries()
        return [Item(name, key, ComposedPart(self._text, value, self._base)) for name, key, value in entries]

    def text(self) -> str | None:
        """Return the text of a scalar."""
        node = self._node
        if isinstance(node, ScalarNode) and (node.tag is QUOTED or node.tag is PLAIN):
            return str(node.value)
        return None

    def expression(self, meaning: Meaning, report: Report = ignore) -> Expression:
        """Lower the node."""
        lowering = Lowering(self._text, self._base, meaning)
        expression = lowering.expression(self._node)
        for problem in lowering.problems:
            report(problem)
        return expression


class WrittenPart:
    """An expression that a reader lowered as it is written: its tags are calls."""

    __slots__ = ("_written",)

    def __init__(self, written: Expression) -> None:
        self._written = written

    @property
    def span(self) -> Span:
        """Where it is written."""
        return self._written.span

    @property
    def complete(self) -> bool:
        """Whether nothing is hidden in it."""
        return not isinstance(self._written, ObjectExpression) or self._written.complete

    def entries(self) -> Sequence[Item] | None:
        """Return the entries of a mapping."""
        if not isinstance(self._written, ObjectExpression):
            return None
        return [_item(entry) for entry in self._written.entries]

    def text(self) -> str | None:
        """Return the text of a string."""
        if isinstance(self._written, Literal) and isinstance(self._written.value, str):
            return self._written.value
        return None

    def expression(self, meaning: Meaning, report: Report = ignore) -> Expression:
        """Give the expression its meaning; what could not be read was reported by its reader."""
        del report
        return give_meaning(self._written, meaning)


class PiecedPart:
    """A mapping whose entries were read one by one."""

    __slots__ = ("_complete", "_items", "_source", "_span")

    def __init__(self, source: bytes, items: Sequence[Item], span: Span, *, complete: bool) -> None:
        self._source = source
        self._items = items
        self._span = span
        self._complete = complete

    @property
    def span(self) -> Span:
        """From the first key to the end of the last value."""
        return self._span

    @property
    def complete(self) -> bool:
        """Whether all pieces could be read."""
        return self._complete

    def entries(self) -> Sequence[Item] | None:
        """Return the entries."""
        return self._items

    def text(self) -> str | None:
        """Return nothing: a mapping is no scalar."""
        return None

    def expression(self, meaning: Meaning, report: Report = ignore) -> Expression:
        """Lower all entries."""
        entries = []
        for item in self._items:
            key = Literal(item.key, item.name)
            value = item.value.expression(meaning, report)
            entries.append(Entry(key, value, Span(item.key.start, max(item.key.end, value.span.end))))
        mapping = finish_mapping(self._source, self._span, entries, report)
        complete = self._complete and mapping.complete
        return meaning.mapping(ObjectExpression(mapping.span, mapping.entries, complete))


def _item(entry: Entry) -> Item:
    name = entry.key.value if isinstance(entry.key, Literal) and isinstance(entry.key.value, str) else None
    return Item(name, entry.key.span, WrittenPart(entry.value))


def doubled_items(items: Iterable[Item]) -> Iterator[SyntaxProblem]:
    """Yield the entries of one mapping whose key is there already."""
    names = set()
    for item in items:
        if item.name is None or item.name == MERGE:
            continue
        if item.name in names:
            yield doubled_key(item.key, item.name)
        names.add(item.name)


def doubled_nodes(text: ComposedText, base: int = 0) -> Iterator[SyntaxProblem]:
    """Yield the keys that are there twice in a text that stands at ``base`` in its document."""
    for problem in text.doubled():
        span = Span(problem.span.start + base, problem.span.end + base)
        yield replace(problem, span=span)


def moved(written: Expression, by: int) -> Expression:
    """Return an expression that a reader lowered as it is written, so many bytes further on."""
    span = Span(written.span.start + by, written.span.end + by)
    if isinstance(written, ObjectExpression):
        entries = tuple(
            Entry(moved(entry.key, by), moved(entry.value, by), Span(entry.span.start + by, entry.span.end + by))
            for entry in written.entries
        )
        return ObjectExpression(span, entries, written.complete)
    if isinstance(written, ListExpression):
        return ListExpression(span, tuple(moved(item, by) for item in written.items))
    if isinstance(written, Call):
        return Call(span, written.name, tuple(moved(argument, by) for argument in written.arguments))
    return replace(written, span=span)


def give_meaning(written: Expression, meaning: Meaning) -> Expression:
    """Rebuild an expression as a dialect understands it, from the inside out."""
    if isinstance(written, ObjectExpression):
        entries = tuple(Entry(entry.key, give_meaning(entry.value, meaning), entry.span) for entry in written.entries)
        return meaning.mapping(ObjectExpression(written.span, entries, written.complete))
    if isinstance(written, ListExpression):
        return ListExpression(written.span, tuple(give_meaning(item, meaning) for item in written.items))
    if isinstance(written, Call):
        return apply_tag(meaning, written.span, written.name, give_meaning(written.arguments[0], meaning))
    return written
