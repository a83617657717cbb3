"""YAML text to expressions by tree-sitter: the second reader, for text that PyYAML rejects."""

import re
from functools import lru_cache

import tree_sitter
import tree_sitter_yaml
from yaml.nodes import ScalarNode

from setsquare.data import MAX_DEPTH, MAX_EXPANDED, ComposedText, DataDocument, document_spans, scalar
from setsquare.data.lowering import AS_WRITTEN, STANDARD, apply_tag, finish_mapping, scalar_end, text_of
from setsquare.model import Entry, Expression, ListExpression, Literal, SyntaxProblem, Unreadable
from setsquare.text import Span

_MULTILINE = (b"\n", b"\r")
_BREAKS = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))*")
_PAIRS = frozenset(("block_mapping_pair", "flow_pair"))
_MAPPINGS = frozenset(("block_mapping", "flow_mapping"))
_SEQUENCES = frozenset(("block_sequence", "flow_sequence"))
_SCALARS = frozenset(("plain_scalar", "single_quote_scalar", "double_quote_scalar", "block_scalar"))
_NODES = frozenset(("block_node", "flow_node"))


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_yaml.language()))


def read(source: bytes) -> tuple[DataDocument, ...] | None:
    """Read a text in which tree-sitter finds no error; None where it finds one. Tags become calls."""
    tree = _parser().parse(source)
    if tree.root_node.has_error:
        return None
    reader = _TreeReader(source)
    roots = [reader.document(node) for node in tree.root_node.named_children if node.type == "document"]
    spans = document_spans(source, [root.span for root in roots])
    return tuple(DataDocument(root, span, tuple(reader.problems)) for root, span in zip(roots, spans, strict=True))


class _TreeReader:
    """Lowers a tree without errors; scalars that are more than their own text are decoded by PyYAML, one by one."""

    def __init__(self, source: bytes) -> None:
        self.problems: list[SyntaxProblem] = []
        self._source = source
        self._anchors: dict[str, tuple[Expression, int]] = {}
        self._count = 0
        self._expanded = 0

    def document(self, document: tree_sitter.Node) -> Expression:
        for child in document.named_children:
            if child.type in _NODES:
                return self._node(child, 0)
        return Literal(Span(document.end_byte, document.end_byte), None)

    def _node(self, node: tree_sitter.Node, depth: int) -> Expression:
        """Lower a node with its tag and anchor."""
        before = self._count
        tag = anchor = content = None
        for child in node.named_children:
            if child.type == "tag":
                tag = child
            elif child.type == "anchor":
                anchor = child
            elif child.type != "comment":
                content = child
        if content is not None and content.type == "alias":
            return self._alias(content)
        if content is None:
            expression: Expression = Literal(Span(node.end_byte, node.end_byte), None if tag is None else "")
        else:
            expression = self._content(content, depth, tagged=tag is not None)
        if tag is not None and _text(tag) != "!":
            whole = Span(min(node.start_byte, tag.start_byte), expression.span.end)
            expression = apply_tag(AS_WRITTEN, whole, _tag_name(_text(tag)), expression)
        if anchor is not None:
            self._anchors[_text(anchor)[1:]] = (expression, self._count - before)
        return expression

    def _content(self, node: tree_sitter.Node, depth: int, *, tagged: bool) -> Expression:
        self._count += 1
        span = Span(node.start_byte, node.end_byte)
        if node.type in _SCALARS:
            return self._scalar(node, span, tagged=tagged)
        if depth >= MAX_DEPTH:
            self.problems.append(SyntaxProblem(span, f"nested deeper than {MAX_DEPTH} levels"))
            return Unreadable(span, text_of(self._source, span))
        if node.type in _SEQUENCES:
            return self._sequence(node, span, depth)
        if node.type in _MAPPINGS:
            return self._mapping(node, span, depth)
        return Unreadable(span, text_of(self._source, span))

    def _sequence(self, node: tree_sitter.Node, span: Span, depth: int) -> Expression:
        items: list[Expression] = []
        end = span.start
        for child in node.named_children:
            if child.type == "flow_pair":
                entry = self._entry(child, depth + 1)
                items.append(finish_mapping(self._source, entry.span, [entry], self.problems.append))
            elif child.type in _NODES:
                items.append(self._node(child, depth + 1))
            elif child.type == "block_sequence_item":
                inner = next((inner for inner in child.named_children if inner.type in _NODES), None)
                dash = child.start_byte + 1
                items.append(self._node(inner, depth + 1) if inner else Literal(Span(dash, dash), None))
                end = _end(inner, items[-1]) if inner else dash
        if node.type == "block_sequence":
            span = Span(span.start, end)
        return ListExpression(span, tuple(items))

    def _mapping(self, node: tree_sitter.Node, span: Span, depth: int) -> Expression:
        entries: list[Entry] = []
        for child in node.named_children:
            if child.type in _PAIRS:
                entries.append(self._entry(child, depth))
            elif child.type in _NODES:
                key = self._key(child, depth)
                entries.append(Entry(key, Literal(Span(child.end_byte, child.end_byte), None), key.span))
        if node.type == "block_mapping" and entries:
            span = Span(span.start, entries[-1].span.end)
        return finish_mapping(self._source, span, entries, self.problems.append)

    def _entry(self, pair: tree_sitter.Node, depth: int) -> Entry:
        key_node = pair.child_by_field_name("key")
        value_node = pair.child_by_field_name("value")
        if key_node is None:
            key: Expression = Literal(Span(pair.start_byte, pair.start_byte), "")
        else:
            key = self._key(key_node, depth)
        if value_node is None:
            colon = next((child.end_byte for child in pair.children if child.type == ":"), key.span.end)
            value: Expression = Literal(Span(colon, colon), None)
            end = colon
        else:
            value = self._node(value_node, depth + 1)
            end = _end(value_node, value)
        return Entry(key, value, Span(key.span.start, end))

    def _key(self, node: tree_sitter.Node, depth: int) -> Expression:
        content = next((child for child in node.named_children if child.type in _SCALARS), None)
        if content is None:
            return self._node(node, depth + 1)
        span = Span(content.start_byte, content.end_byte)
        value = self._scalar(content, span, tagged=True)
        if any(child.type == "anchor" for child in node.named_children):
            return self._node(node, depth + 1)
        return value

    def _scalar(self, node: tree_sitter.Node, span: Span, *, tagged: bool) -> Expression:
        text = self._source[span.start : span.end]
        plain = node.type == "plain_scalar"
        if node.type == "block_scalar":
            span = Span(span.start, scalar_end(self._source, span.start, span.end))
            breaks = _BREAKS.match(self._source, node.end_byte)  # tree-sitter leaves them out, decoding needs them
            value = self._decoded(_with_parent(node, text + (breaks.group() if breaks else b"")))
        elif any(mark in text for mark in _MULTILINE) or (node.type == "double_quote_scalar" and b"\\" in text):
            value = self._decoded(text)
        else:
            value = text.decode("utf-8", "replace")
            if not plain:
                value = value[1:-1]
            if node.type == "single_quote_scalar":
                value = value.replace("''", "'")
        if value is None:
            self.problems.append(SyntaxProblem(span, "a scalar that cannot be decoded"))
            return Unreadable(span, text_of(self._source, span))
        return Literal(span, scalar(value) if plain and not tagged else value)

    def _decoded(self, text: bytes) -> str | None:
        composed = ComposedText(text)
        if composed.problems or len(composed.roots) != 1:
            return None
        root = composed.roots[0]
        while not isinstance(root, ScalarNode):
            if not root.value:
                return None
            root = root.value[0][1]
        return str(root.value)

    def _alias(self, alias: tree_sitter.Node) -> Expression:
        span = Span(alias.start_byte, alias.end_byte)
        name = _text(alias)[1:]
        if name not in self._anchors:
            self.problems.append(SyntaxProblem(span, f"there is no anchor {name} before this"))
            return Unreadable(span, f"*{name}")
        expression, size = self._anchors[name]
        self._count += size
        self._expanded += size
        if self._expanded > MAX_EXPANDED:
            self.problems.append(SyntaxProblem(span, f"aliases expand to more than {MAX_EXPANDED} values"))
            return Unreadable(span, "aliases expand too far")
        return expression


def _end(node: tree_sitter.Node, expression: Expression) -> int:
    """Return where a value ends: an alias ends where it stands, not where its anchor's value does."""
    if any(child.type == "alias" for child in node.named_children):
        return node.end_byte
    return expression.span.end


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _tag_name(written: str) -> str:
    return STANDARD + written[2:] if written.startswith("!!") else written


def _with_parent(node: tree_sitter.Node, text: bytes) -> bytes:
    """Put a block scalar under a key at its parent's column, which an explicit indentation counts from."""
    above = node.parent
    while above is not None and above.type not in ("block_mapping", "block_sequence"):
        above = above.parent
    column = above.start_point.column if above is not None else 0
    return b" " * column + b"k: " + text
