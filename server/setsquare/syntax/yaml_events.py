"""YAML text as nodes, read with PyYAML's events: for the places that tree-sitter cannot read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import yaml

from setsquare.model import Lazy
from setsquare.syntax.data_nodes import Item, Kind, Node, NodeTree, Style
from setsquare.syntax.edit_error import EditError
from setsquare.text import BOM, Span

_DASH = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*-")
_COLON = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*:")
_PROPERTIES = re.compile(rb"(?:(?:!\S*|&\S+)(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*)*")
_STYLES = {"'": Style.SINGLE, '"': Style.DOUBLE, "|": Style.FOLDED, ">": Style.FOLDED}


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been reached."""

    kind: Kind
    style: Style
    start: int
    inner: int
    anchored: bool
    items: list[Item] = field(default_factory=list)
    key: Node | None = None
    at: int = 0


def event_tree(source: bytes) -> NodeTree:
    """Read all documents of a YAML file.

    Raises:
        EditError: PyYAML does not read the file.

    """
    base = len(BOM) if source.startswith(BOM) else 0
    try:
        text = source[base:].decode("utf-8")
        return NodeTree(tuple(_roots(source, text, _offsets(text, base))))
    except UnicodeDecodeError as error:
        reason = "the file is not UTF-8"
        raise EditError(reason) from error
    except yaml.YAMLError as error:
        reason = "the file has a syntax error here"
        raise EditError(reason) from error


def _offsets(text: str, base: int) -> list[int] | range:
    if text.isascii():
        return range(base, base + len(text) + 1)
    return list(accumulate((len(character.encode()) for character in text), initial=base))


def _roots(source: bytes, text: str, offsets: list[int] | range) -> Iterator[Node]:
    stack: list[_Open] = []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if event.start_mark is None or event.end_mark is None:
            continue
        start, end = offsets[event.start_mark.index], offsets[event.end_mark.index]
        if isinstance(event, yaml.CollectionStartEvent):
            kind = Kind.MAPPING if isinstance(event, yaml.MappingStartEvent) else Kind.SEQUENCE
            style = Style.FLOW if event.flow_style else Style.BLOCK
            inner = _inner(source, start) if event.anchor or event.tag else start
            stack.append(_Open(kind, style, start, inner, event.anchor is not None, at=inner))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            node = _closed(stack.pop(), end)
        elif isinstance(event, yaml.AliasEvent):
            node = Node(Kind.ALIAS, Style.PLAIN, Span(start, end), Span(start, end))
        elif isinstance(event, yaml.ScalarEvent):
            node = _scalar(source, event, start, end)
        else:
            continue
        if stack:
            _add(source, stack[-1], node)
        elif node.is_container:
            yield node


def _inner(source: bytes, start: int) -> int:
    match = _PROPERTIES.match(source, start)
    return start if match is None else match.end()


def _closed(opened: _Open, end: int) -> Node:
    if opened.style is Style.BLOCK:  # PyYAML's mark stands at the next token
        end = opened.items[-1].end if opened.items else opened.inner
    outer, span = Span(opened.start, end), Span(opened.inner, end)
    return Node(opened.kind, opened.style, outer, span, opened.anchored, lazy_items=Lazy.of(tuple(opened.items)))


def _scalar(source: bytes, event: yaml.ScalarEvent, start: int, end: int) -> Node:
    inner = _inner(source, start) if event.anchor or event.tag else start
    style = _STYLES.get(event.style or "", Style.PLAIN)
    if style is Style.FOLDED:
        end = start + len(source[start:end].rstrip())
    return Node(Kind.SCALAR, style, Span(start, end), Span(min(inner, end), end), event.anchor is not None)


def _add(source: bytes, opened: _Open, node: Node) -> None:
    if opened.kind is Kind.MAPPING and opened.key is None:
        opened.key = node
        return
    value = node if node.outer.start < node.outer.end else None
    if opened.key is not None:
        key, opened.key = opened.key, None
        colon = _COLON.match(source, key.outer.end)
        mark = None if colon is None else colon.end()
        start = key.outer.start
    else:
        dash = _DASH.match(source, opened.at) if opened.style is Style.BLOCK else None
        mark = None if dash is None else dash.end()
        start = node.outer.start if dash is None else dash.end() - 1
        key = None
    end = value.outer.end if value is not None else (mark if mark is not None else start)
    if value is None and mark is None and key is not None:
        end = key.outer.end
    opened.at = end
    opened.items.append(Item(start, end, key, value, mark))
