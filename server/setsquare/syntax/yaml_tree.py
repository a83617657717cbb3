"""YAML text as nodes, read with tree-sitter: only what lies on the way to the asked place is looked at."""

from functools import lru_cache

import tree_sitter
import tree_sitter_yaml

from setsquare.model import Lazy
from setsquare.syntax.data_nodes import Item, Kind, Node, Style
from setsquare.text import Span

_CONTAINERS = {
    "block_mapping": (Kind.MAPPING, Style.BLOCK),
    "block_sequence": (Kind.SEQUENCE, Style.BLOCK),
    "flow_mapping": (Kind.MAPPING, Style.FLOW),
    "flow_sequence": (Kind.SEQUENCE, Style.FLOW),
}
_SCALARS = {
    "plain_scalar": Style.PLAIN,
    "single_quote_scalar": Style.SINGLE,
    "double_quote_scalar": Style.DOUBLE,
    "block_scalar": Style.FOLDED,
}
_WRAPPERS = ("block_node", "flow_node")
_OPEN_ENDED = ("block_node", "block_mapping", "block_mapping_pair", "block_sequence", "block_sequence_item")
_ITEMS = ("block_mapping_pair", "flow_pair", "block_sequence_item", *_WRAPPERS)


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_yaml.language()))


class SitterTree:
    """A YAML file as tree-sitter reads it, errors included."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._tree = _parser().parse(source)

    def path(self, offset: int) -> tuple[Node, ...]:
        """Return the containers that enclose the byte at the offset, the outermost first."""
        found: list[Node] = []
        above: tree_sitter.Node | None = None
        cursor = self._tree.walk()  # Node.first_child_for_byte of tree-sitter 0.26 crashes on a leaf
        while (at := cursor.node) is not None and at.start_byte <= offset < at.end_byte:
            if at.type in _CONTAINERS:
                found.append(_node(at if above is None or above.type not in _WRAPPERS else above, self._source))
            above = at
            if cursor.goto_first_child_for_byte(offset) is None:
                break
        return tuple(found)

    def root(self, offset: int) -> Node | None:
        """Return the outermost container of the document that holds the offset."""
        for document in self._tree.root_node.children:
            if document.type == "document" and document.start_byte <= offset <= document.end_byte:
                for child in document.children:
                    if child.type in _WRAPPERS:
                        return _node(child, self._source)
        return None


def _node(at: tree_sitter.Node, source: bytes) -> Node:
    outer = _span(at, source)
    content = at
    anchored = False
    if at.type in _WRAPPERS:
        anchored = any(child.type == "anchor" for child in at.children)
        content = next((child for child in at.children if child.type not in ("tag", "anchor", "comment")), at)
    span = _span(content, source)
    sound = not at.has_error
    if content.type in _CONTAINERS:
        kind, style = _CONTAINERS[content.type]
        return Node(kind, style, outer, span, anchored, sound, Lazy(lambda: _items(content, source)))
    if content.type == "alias":
        return Node(Kind.ALIAS, Style.PLAIN, outer, span, anchored, sound)
    if content is at:  # a tag or an anchor with nothing after it
        span = Span(outer.end, outer.end)
    return Node(Kind.SCALAR, _SCALARS.get(content.type, Style.PLAIN), outer, span, anchored, sound)


def _span(at: tree_sitter.Node, source: bytes) -> Span:
    """Return the bytes of a node without what tree-sitter counts to it: white space and comments after its end."""
    return Span(at.start_byte, at.start_byte + len(source[at.start_byte : _end(at)].rstrip()))


def _end(at: tree_sitter.Node) -> int:
    cursor = at.walk()
    while (last := cursor.node) is not None and last.type in _OPEN_ENDED and cursor.goto_last_child():
        while cursor.node is not None and cursor.node.type == "comment" and cursor.goto_previous_sibling():
            pass
    return at.end_byte if last is None else last.end_byte


def _items(container: tree_sitter.Node, source: bytes) -> tuple[Item, ...]:
    return tuple(_item(child, source) for child in container.named_children if child.type in _ITEMS)


def _item(at: tree_sitter.Node, source: bytes) -> Item:
    (start, end), sound = _span(at, source), not at.has_error
    if at.type == "block_sequence_item":
        inner = next((child for child in at.children if child.type in _WRAPPERS), None)
        return Item(start, end, None, None if inner is None else _node(inner, source), start + 1, sound)
    if at.type in _WRAPPERS:
        node = _node(at, source)
        if at.parent is not None and at.parent.type == "flow_mapping":
            return Item(start, end, node, None, None, sound)
        return Item(start, end, None, node, None, sound)
    colon = next((child.end_byte for child in at.children if child.type == ":"), None)
    key, value = at.child_by_field_name("key"), at.child_by_field_name("value")
    if at.type == "flow_pair" and at.parent is not None and at.parent.type == "flow_sequence":
        pair = Node(Kind.SCALAR, Style.PLAIN, Span(start, end), Span(start, end), sound=False)
        return Item(start, end, None, pair, None, sound)
    key_node = None if key is None else _node(key, source)
    return Item(start, end, key_node, None if value is None else _node(value, source), colon, sound)
