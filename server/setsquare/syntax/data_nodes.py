"""The containers around a place in YAML or JSON text, with every offset that an edit needs.

Three readers give the same ``Node``: tree-sitter-yaml (``yaml_tree``), PyYAML's events (``yaml_events``) where
tree-sitter cannot read the place, and a small scanner of JSON (``json_tree``). Offsets are absolute bytes.
"""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import yaml

from setsquare.model import Lazy
from setsquare.text import Span


class Kind(Enum):
    """What a node is."""

    MAPPING = "mapping"
    SEQUENCE = "sequence"
    SCALAR = "scalar"
    ALIAS = "alias"


class Style(Enum):
    """How a node is written: the first two are for containers, the rest for scalars."""

    BLOCK = "block"
    FLOW = "flow"
    PLAIN = "plain"
    SINGLE = "single"
    DOUBLE = "double"
    FOLDED = "folded"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value.

    Attributes:
        kind: what it is.
        style: how it is written (``FOLDED`` stands for both block scalars, ``|`` and ``>``).
        outer: all of it, tag and anchor included.
        span: without tag and anchor; brackets and quotes are included.
        anchored: an anchor (``&name``) stands before it.
        sound: false where a syntax error lies inside it.
        lazy_items: the entries of a container, in the order of the text.

    """

    kind: Kind
    style: Style
    outer: Span
    span: Span
    anchored: bool = False
    sound: bool = True
    lazy_items: Lazy[tuple["Item", ...]] = field(default_factory=lambda: Lazy.of(()))

    @property
    def items(self) -> tuple["Item", ...]:
        """The entries of a container."""
        return self.lazy_items.get()

    @property
    def is_container(self) -> bool:
        """Whether it is a mapping or a sequence."""
        return self.kind in (Kind.MAPPING, Kind.SEQUENCE)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An entry of a mapping or an item of a sequence.

    Attributes:
        start: of the key, or of the dash (in a flow sequence of the value).
        end: of the value; where there is none, the end of the colon, dash or key.
        key: the key's node, or None in a sequence.
        value: the value's node, or None where nothing is written.
        mark: the offset after the colon or dash; None where there is none.
        sound: false where a syntax error lies inside it.

    """

    start: int
    end: int
    key: Node | None
    value: Node | None
    mark: int | None
    sound: bool = True


class Tree(Protocol):
    """A document that can be asked what encloses a place."""

    def path(self, offset: int) -> tuple[Node, ...]:
        """Return the containers that enclose the byte at the offset, the outermost first."""

    def root(self, offset: int) -> Node | None:
        """Return the outermost container of the document that holds the offset."""


class NodeTree:
    """A tree that is there as a whole: the roots of its documents."""

    def __init__(self, roots: tuple[Node, ...]) -> None:
        self._roots = roots

    def path(self, offset: int) -> tuple[Node, ...]:
        """Return the containers that enclose the byte at the offset, the outermost first."""
        found: list[Node] = []
        node = self.root(offset)
        while node is not None:
            found.append(node)
            node = _container_at(node, offset)
        return tuple(found)

    def root(self, offset: int) -> Node | None:
        """Return the outermost container of the document that holds the offset."""
        return next((node for node in self._roots if _holds(node, offset)), None)


def _container_at(node: Node, offset: int) -> Node | None:
    for item in node.items:
        for part in (item.key, item.value):
            if part is not None and part.is_container and _holds(part, offset):
                return part
    return None


def _holds(node: Node, offset: int) -> bool:
    return node.outer.start <= offset < node.outer.end


def key_text(item: Item, source: bytes) -> str:
    """Return the key of an entry as text; empty for an item of a sequence."""
    return "" if item.key is None else scalar_text(item.key, source)


def scalar_text(node: Node, source: bytes) -> str:
    """Return what a plain or quoted scalar says; of anything else its source."""
    text = source[node.span.start : node.span.end].decode("utf-8", "replace")
    if node.style is Style.SINGLE:
        return text[1:-1].replace("''", "'")
    if node.style is Style.DOUBLE:
        return _unescaped(text) if "\\" in text else text[1:-1]
    return text


def _unescaped(text: str) -> str:
    for read in (json.loads, yaml.safe_load):
        try:
            return str(read(text))
        except (ValueError, yaml.YAMLError):
            continue
    return text[1:-1]
