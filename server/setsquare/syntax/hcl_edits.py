"""Symbolic changes to byte edits, for Terraform's own language.

A file is edited in pieces: each top-level block that changes, and the gaps where new ones go. In a piece one change is
made after the other, each to what the ones before left, and the formatter's layout is restored after each: so a batch
is the same as its changes made one by one.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tree_sitter import Node

from setsquare.model import (
    Change,
    ExtendList,
    Insert,
    NewAttribute,
    NewBlock,
    NewEntry,
    NewResource,
    Remove,
    ReplaceItem,
    SetValue,
    Written,
)
from setsquare.syntax import hcl_tree
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_align import TracedText, settle
from setsquare.syntax.hcl_bodies import Body, without_lines
from setsquare.syntax.hcl_resources import new_resources
from setsquare.syntax.hcl_series import Series, is_series
from setsquare.syntax.hcl_values import Writer, as_value
from setsquare.syntax.hcl_view import View, span_of, without_errors
from setsquare.text import BOM, Edit, Span, sorted_edits

_FIRST_LEVEL = re.compile(rb"^[^\s#/][^\n]*[{\[(][ \t]*\r?\n([ \t]+)[^\s]", re.MULTILINE)
_HEADER = re.compile(rb"^[A-Za-z_][^\n]*\{", re.MULTILINE)
_CLOSING = re.compile(rb"^\}", re.MULTILINE)
_NO_EXPRESSION = frozenset(
    {
        hcl_tree.ATTRIBUTE,
        hcl_tree.BLOCK,
        hcl_tree.BODY,
        hcl_tree.COMMENT,
        hcl_tree.OBJECT_ELEMENT,
        hcl_tree.TEMPLATE_LITERAL,
        hcl_tree.TEMPLATE_INTERPOLATION,
    }
)


_Inner: TypeAlias = SetValue | ReplaceItem | Remove | ExtendList | Insert


def plan(source: bytes, changes: Sequence[Change]) -> Sequence[Edit]:
    """Turn changes into edits.

    Args:
        source: the file.
        changes: what to do, in any order; at most one change of a kind for each stretch.

    Raises:
        EditError: one of them cannot be written.

    """
    base = len(BOM) if source.startswith(BOM) else 0
    text = source[base:]
    view = View.of(text, _writer(text))
    edits: list[Edit] = []
    inside = [change for change in changes if not isinstance(change, NewResource)]
    for piece, its_changes in _pieces(view, inside, base).items():
        edits += _piece_edits(view, piece, base, its_changes)
    resources = [change for change in changes if isinstance(change, NewResource)]
    if resources:
        edits += new_resources(view, base, resources)
    return sorted_edits(edits)


def _writer(text: bytes) -> Writer:
    indented = _FIRST_LEVEL.search(text)
    unit = indented.group(1) if indented else b"  "
    line_break = text.find(b"\n")
    eol = b"\r\n" if text[max(line_break - 1, 0) : line_break] == b"\r" else b"\n"
    return Writer(eol, b"\t" if unit.startswith(b"\t") else unit)


# --------------------------------------------------------------------- pieces


def _pieces(view: View, changes: Iterable[_Inner], base: int) -> dict[Span, list[_Inner]]:
    """Sort changes into the top-level blocks that hold them; into the whole file if one lies in none."""
    pieces: dict[Span, list[_Inner]] = {}
    whole_file = Span(0, len(view.text))
    for change in sorted(changes, key=_order):
        span = _moved(change.span, -base)
        pieces.setdefault(_block_around(view, span) or whole_file, []).append(change)
    if whole_file in pieces and len(pieces) > 1:
        return {whole_file: sorted((change for part in pieces.values() for change in part), key=_order)}
    return pieces


def _block_around(view: View, span: Span) -> Span | None:
    """Return the top-level block that a span is a part of, from the beginning of its line; None where there is none."""
    block = next((node for node in view.path_to(span) if node.kind_id == hcl_tree.BLOCK), None)
    if block is None or block.has_error:
        block_alone = _readable_block(view, span)
        if block_alone is not None:
            return block_alone
    if block is None or span_of(block) == span or not view.starts_line(block.start_byte):
        return None
    return Span(view.line_start(block.start_byte), block.end_byte)


def _readable_block(view: View, span: Span) -> Span | None:
    """Return the block around a span that can be read by itself, though the file has an error elsewhere."""
    headers = [match.start() for match in _HEADER.finditer(view.text, 0, span.start + 1)]
    end = _CLOSING.search(view.text, span.end - 1)
    if not headers or end is None:
        return None
    alone = Span(headers[-1], end.end())
    tree = View.of(view.text[alone.start : alone.end], view.writer).root
    blocks = [node for part in tree.children for node in part.children]
    return alone if not tree.has_error and len(blocks) == 1 else None


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _order(change: _Inner) -> tuple[int, int, int]:
    """Sort what goes before what comes: a group that goes must not attract what is new."""
    kinds: tuple[type[_Inner], ...] = (SetValue, ReplaceItem, Remove, ExtendList, Insert)
    return (kinds.index(type(change)), -change.span.start, change.span.end)


def _piece_edits(view: View, piece: Span, base: int, changes: Iterable[_Inner]) -> Iterable[Edit]:
    draft = Draft(TracedText(view.text[piece.start : piece.end]), view.writer)
    had_error = draft.view.root.has_error
    for change in changes:
        draft.make(change, _moved(change.span, -base - piece.start))
    if draft.view.root.has_error and not had_error:
        reason = "the result would not be valid"
        raise EditError(reason)
    return draft.traced.edits(base + piece.start)


@dataclass(slots=True)
class Draft:
    """A piece of a file, and what was done to it so far."""

    traced: TracedText
    writer: Writer

    @property
    def view(self) -> View:
        """The piece as it is now."""
        return View.of(self.traced.text, self.writer)

    def make(self, change: _Inner, span: Span) -> None:
        """Make a change at a span of the piece as it was at first."""
        match change:
            case SetValue(_, value):
                self._do(span, lambda view, now: _set_value(view, now, value))
            case ExtendList(_, items):
                self._do(span, lambda view, now: Series.of(view, _collection(view, now)).append(items))
            case ReplaceItem(_, items):
                self._do(span, lambda view, now: _replace_item(view, now, items))
            case Remove():
                self._do(span, _remove)
            case Insert(_, entries, siblings):
                self._insert(span, entries, siblings | {entry.name for entry in entries})

    def _insert(self, span: Span, entries: Sequence[NewEntry], siblings: frozenset[str]) -> None:
        if _block_of(self.view, self._now(span)) is None:
            for entry in sorted(entries, key=_entry_order):
                self._do(span, _inserting_into_object(entry, siblings))
            return
        self._do(span, lambda view, now: _body(view, now).to_lines())
        founded = not _body(self.view, self._now(span)).has_attributes
        for entry in sorted(entries, key=_entry_order):
            self._do(span, _inserting_into_body(entry, siblings, founded=founded))

    def _do(self, span: Span, edits_of: Callable[[View, Span], Iterable[Edit]]) -> None:
        view = self.view
        step = TracedText(view.text)
        step.apply(edits_of(view, self._now(span)))
        settle(view.text, step)
        self.traced.follow(step)

    def _now(self, span: Span) -> Span:
        start, last = self.traced.now(span.start), self.traced.now(span.end - 1)
        if start is None or last is None or last < start:
            reason = "another repair changes the same text"
            raise EditError(reason)
        return Span(start, last + 1)


def _entry_order(entry: NewEntry) -> tuple[bool, str, str]:
    key = str(entry.key) if isinstance(entry, NewBlock) else ""
    return (isinstance(entry, NewBlock), entry.name, key)


# --------------------------------------------------------------------- single changes


def _inserting_into_object(entry: NewEntry, siblings: frozenset[str]) -> Callable[[View, Span], Iterable[Edit]]:
    return lambda view, span: Series.of(view, _collection(view, span)).insert(entry.name, as_value(entry), siblings)


def _inserting_into_body(
    entry: NewEntry,
    siblings: frozenset[str],
    *,
    founded: bool,
) -> Callable[[View, Span], Iterable[Edit]]:
    if isinstance(entry, NewAttribute):
        return lambda view, span: [_body(view, span).new_attribute(entry, siblings, founded=founded)]
    return lambda view, span: [_body(view, span).new_block(entry, siblings)]


def _block_of(view: View, span: Span) -> Node | None:
    """Return the block whose body stands at a span."""
    holder = view.path_to(Span(span.start, span.start + 1))
    for node in reversed(holder):
        if node.kind_id == hcl_tree.BLOCK and node.end_byte == span.end:
            starts = [child.start_byte for child in node.children if child.kind_id == hcl_tree.BLOCK_START]
            if starts == [span.start]:
                return node
    return None


def _body(view: View, span: Span) -> Body:
    block = _block_of(view, span)
    if block is None:  # pragma: no cover - it was there a moment ago
        reason = "there is no body here"
        raise EditError(reason)
    return Body.of(view, block)


def _collection(view: View, span: Span) -> Node:
    """Return the innermost node of a list or object."""
    nodes = view.nodes_at(span)
    if not nodes:
        reason = "there is no list or object here"
        raise EditError(reason)
    return nodes[-1]


def _set_value(view: View, span: Span, value: Written) -> Iterable[Edit]:
    nodes = view.nodes_at(span)
    if not nodes or any(node.kind_id in _NO_EXPRESSION for node in nodes):
        reason = "this value is no expression of its own"
        raise EditError(reason)
    without_errors(nodes[0])
    new = view.writer.value(value, view.indentation(span.start))
    return [] if new == view.text[span.start : span.end] else [Edit(span, new)]


def _replace_item(view: View, span: Span, items: Sequence[Written]) -> Iterable[Edit]:
    found = _item(view, span)
    if found is not None:
        return found[0].replace(found[1], items)
    if len(items) == 1:
        return _set_value(view, span, items[0])
    reason = "this value is no item of a list"
    raise EditError(reason)


def _item(view: View, span: Span) -> tuple[Series, int] | None:
    """Return the list or object that has exactly this as an item, and which one it is."""
    for node in reversed(view.path_to(span)):
        if is_series(node) and span_of(node) != span:
            series = Series.of(view, node)
            spans = [span_of(item) for item in series.items]
            return (series, spans.index(span)) if span in spans else None
    return None


def _remove(view: View, span: Span) -> Iterable[Edit]:
    for node in view.nodes_at(span):
        if node.kind_id in (hcl_tree.ATTRIBUTE, hcl_tree.BLOCK):
            return _remove_from_body(view, without_errors(node))
    found = _item(view, span)
    if found is None:
        reason = "there is nothing here that could be removed by itself"
        raise EditError(reason)
    return found[0].without(found[1])


def _remove_from_body(view: View, node: Node) -> Iterable[Edit]:
    block = node.parent.parent if node.parent else None
    if block is not None and block.kind_id == hcl_tree.BLOCK:
        return Body.of(view, block).without(node)
    start, end = view.line_start(node.start_byte), view.next_line(node.end_byte)
    return [without_lines(view, start, end, -1, len(view.text))]
