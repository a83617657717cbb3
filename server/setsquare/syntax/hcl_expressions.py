"""Expressions of HCL: syntax tree -> model. What cannot be read with certainty is ``Unreadable``, never a guess."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite

from tree_sitter import Node

from setsquare.model import (
    Call,
    Conditional,
    Entry,
    Expression,
    For,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    Template,
    Traversal,
    Unreadable,
)
from setsquare.syntax import hcl_tree as tree
from setsquare.syntax.hcl_directives import CLOSING, TemplateParts, marks
from setsquare.syntax.hcl_text import decode_utf8, remove_indentation, unescape_heredoc, unescape_quoted
from setsquare.text import Span

MAX_DEPTH = 100
"""Expressions nested deeper than this are not read."""

_EXACT_INTEGERS = 2**53
_MAX_DIGITS = 400
_STEPS = frozenset((tree.GET_ATTRIBUTE, tree.INDEX, tree.SPLAT))


class Lowering:
    """Lowers the nodes of one parsed text.

    ``base`` is what the text's first byte is in the document; with ``fixed``, every expression has that span instead
    (the text was decoded from something else, so its own offsets mean nothing).
    """

    __slots__ = ("_base", "_depth", "_fixed", "_text")

    def __init__(self, text: bytes, base: int, fixed: Span | None = None) -> None:
        self._text = text
        self._base = base
        self._fixed = fixed
        self._depth = 0

    def expression(self, node: Node) -> Expression:
        """Lower a node ``expression``, whose parts are flat: a term and the steps after it."""
        if node.has_error:
            return self._unreadable(node.start_byte, node.end_byte)
        return self._terms(tree.children(node))

    def unreadable(self, start: int, end: int) -> Unreadable:
        """Return what stands between two offsets of the text as it is written."""
        return self._unreadable(start, end)

    def _span(self, start: int, end: int) -> Span:
        return self._fixed or Span(self._base + start, self._base + end)

    def _node_span(self, node: Node) -> Span:
        return self._span(node.start_byte, node.end_byte)

    def _source(self, start: int, end: int) -> str:
        return self._text[start:end].decode("utf-8", "replace")

    def _unreadable(self, start: int, end: int) -> Unreadable:
        return Unreadable(self._span(start, end), self._source(start, end))

    def _terms(self, nodes: Sequence[Node]) -> Expression:
        if not nodes:
            return self._unreadable(0, 0)
        start, end = nodes[0].start_byte, nodes[-1].end_byte
        if self._depth >= MAX_DEPTH:
            return self._unreadable(start, end)
        self._depth += 1
        lowered = self._term_with_steps(nodes, start)
        self._depth -= 1
        return lowered

    def _term_with_steps(self, nodes: Sequence[Node], start: int) -> Expression:
        first = next((index for index, node in enumerate(nodes) if node.kind_id in _STEPS), len(nodes))
        term = self._term(nodes[:first])
        in_parentheses = nodes[0].type == "("
        return self._with_steps(term, nodes[first:], start, extend=not (in_parentheses and _has_splat(term)))

    def _term(self, nodes: Sequence[Node]) -> Expression:
        node = nodes[0] if nodes else None
        if node is None:
            return self._unreadable(0, 0)
        if node.type == "(":
            return self._terms(nodes[1:-1])
        lower = _TERMS.get(node.kind_id)
        if lower is None or len(nodes) != 1:
            return self._unreadable(node.start_byte, nodes[-1].end_byte)
        return lower(self, node)

    def _nested(self, node: Node) -> Expression:
        return self._terms(tree.children(node))

    def _variable(self, node: Node) -> Expression:
        name = decode_utf8(self._text[node.start_byte : node.end_byte])
        if name is None:
            return self._unreadable(node.start_byte, node.end_byte)
        return Reference(self._node_span(node), (name,))

    # ----------------------------------------------------------------- steps

    def _with_steps(self, base: Expression, nodes: Sequence[Node], start: int, *, extend: bool) -> Expression:
        """Return a term with the steps after it; plain steps extend a reference."""
        steps: list[str | Expression] = []
        for node in nodes:
            if node.kind_id != tree.SPLAT:
                steps.append(self._step(node))
                continue
            splat = tree.children(node)[0]
            steps.append("[*]")
            inner = tree.children(splat)[1:]
            taken = len(inner)
            if splat.kind_id == tree.ATTRIBUTE_SPLAT:
                taken = next((at for at, part in enumerate(inner) if part.kind_id == tree.INDEX), taken)
            steps += [self._step(part) for part in inner[:taken]]
            if taken < len(inner):  # an index after `.*` is into the whole list
                base = self._traversal(base, steps, self._span(start, inner[taken].start_byte), extend=extend)
                steps, extend = [self._step(part) for part in inner[taken:]], False
        end = nodes[-1].end_byte if nodes else start
        return self._traversal(base, steps, self._span(start, end), extend=extend) if steps else base

    def _traversal(
        self, base: Expression, steps: Sequence[str | Expression], span: Span, *, extend: bool
    ) -> Expression:
        names = [step for step in steps if isinstance(step, str)]
        if extend and isinstance(base, Reference) and len(names) == len(steps):
            return Reference(span, (*base.path, *names))
        if extend and isinstance(base, Reference):
            first = next(at for at, step in enumerate(steps) if not isinstance(step, str))
            path = (*base.path, *names[:first])
            return Traversal(span, Reference(base.span, path), tuple(steps[first:]))
        return Traversal(span, base, tuple(steps))

    def _step(self, node: Node) -> str | Expression:
        parts = tree.children(node)
        if node.kind_id == tree.GET_ATTRIBUTE:
            return self._source(parts[-1].start_byte, parts[-1].end_byte)
        return self._index(parts[0])

    def _index(self, node: Node) -> str | Expression:
        if node.kind_id != tree.NEW_INDEX:
            return f"[{self._source(node.start_byte + 1, node.end_byte)}]"
        key = self._nested(tree.children(node)[1])
        if isinstance(key, Literal) and isinstance(key.value, str):
            return f'["{key.value}"]'
        if isinstance(key, Literal) and isinstance(key.value, int) and not isinstance(key.value, bool):
            return f"[{key.value}]"
        return key

    # ----------------------------------------------------------------- scalars and text

    def _literal(self, node: Node) -> Expression:
        inner = node.children[0]
        if inner.kind_id == tree.STRING:
            return self._quoted(inner)
        text = self._source(inner.start_byte, inner.end_byte)
        if inner.kind_id == tree.NUMBER:
            number = _number(text)
            if number is None:
                return self._unreadable(inner.start_byte, inner.end_byte)
            return Literal(self._node_span(node), number)
        if inner.kind_id == tree.BOOLEAN:
            return Literal(self._node_span(node), text == "true")
        return Literal(self._node_span(node), None)

    def _template(self, node: Node) -> Expression:
        inner = node.children[0]
        return self._quoted(inner) if inner.kind_id == tree.QUOTED else self._heredoc(inner)

    def _quoted(self, node: Node) -> Expression:
        pieces = self._pieces(node, node.start_byte + 1, node.end_byte - 1)
        texts = self._decoded(pieces, unescape_quoted)
        if texts is None:
            return self._unreadable(node.start_byte, node.end_byte)
        return self._joined(node, pieces, texts)

    def _heredoc(self, node: Node) -> Expression:
        markers = [child for child in node.children if child.kind_id == tree.HEREDOC_MARKER]
        start = self._text.find(b"\n", node.start_byte, node.end_byte) + 1
        end = self._text.rfind(b"\n", node.start_byte, markers[-1].start_byte) + 1
        pieces = self._pieces(node, start, end)
        texts = self._decoded(pieces, lambda text: text)
        if texts is None:
            return self._unreadable(node.start_byte, node.end_byte)
        if self._text.startswith(b"<<-", node.start_byte):
            texts = remove_indentation(texts)
        return self._joined(node, pieces, [None if text is None else unescape_heredoc(text) for text in texts])

    def _decoded(self, pieces: Sequence[Span | Node], unescape: Callable[[str], str | None]) -> list[str | None] | None:
        """Return the text of each piece, None for a node; None for all of them where one is not text."""
        texts: list[str | None] = []
        for piece in pieces:
            if isinstance(piece, Node):
                texts.append(None)
                continue
            decoded = decode_utf8(self._text[piece.start : piece.end])
            unescaped = None if decoded is None else unescape(decoded)
            if unescaped is None:
                return None
            texts.append(unescaped)
        return texts

    def _pieces(self, node: Node, start: int, end: int) -> list[Span | Node]:
        """Return the inside of a template: stretches of text and the nodes between them.

        The grammar's own text nodes leave out spaces beside interpolations, so the text is what is between the others.
        """
        pieces: list[Span | Node] = []
        for child in marks(node):
            if start < child.start_byte:
                pieces.append(Span(start, child.start_byte))
            pieces.append(child)
            start = child.end_byte
        if start < end:
            pieces.append(Span(start, end))
        return pieces

    def _joined(self, node: Node, pieces: Sequence[Span | Node], texts: list[str | None]) -> Expression:
        span = self._node_span(node)
        if not pieces:
            return Literal(span, "")
        self._strip(pieces, texts)
        if len(pieces) == 1 and isinstance(pieces[0], Node) and pieces[0].kind_id == tree.TEMPLATE_INTERPOLATION:
            return self._interpolation(pieces[0], span)
        parts = TemplateParts(pieces, texts)
        lowered = self._parts(parts)
        return self._template_of(lowered, span) if parts.at_end else self._unreadable(node.start_byte, node.end_byte)

    def _template_of(self, parts: Sequence[Expression], span: Span) -> Expression:
        if len(parts) == 1:
            return Literal(span, parts[0].value) if isinstance(parts[0], Literal) else parts[0]
        return Template(span, tuple(parts)) if parts else Literal(span, "")

    def _parts(self, parts: TemplateParts) -> list[Expression]:
        """Lower the parts up to the mark that ends or continues a directive around them."""
        lowered: list[Expression] = []
        while not parts.at_end:
            piece, text = parts.current
            if isinstance(piece, Node):
                if piece.kind_id in CLOSING:
                    break
                parts.advance()
                lowered.append(self._inserted(piece, parts))
            else:
                parts.advance()
                if text:
                    lowered.append(Literal(self._span(piece.start, piece.end), text))
        return lowered

    def _inserted(self, node: Node, parts: TemplateParts) -> Expression:
        if node.kind_id == tree.TEMPLATE_INTERPOLATION or self._depth >= MAX_DEPTH:
            return self._interpolation(node, None)
        self._depth += 1
        is_loop = node.kind_id == tree.TEMPLATE_FOR_START
        lowered = self._for_directive(node, parts) if is_loop else self._if_directive(node, parts)
        self._depth -= 1
        return lowered

    def _if_directive(self, node: Node, parts: TemplateParts) -> Expression:
        inner = [child for child in node.children if child.kind_id == tree.EXPRESSION]
        when_true, end = self._branch(parts)
        when_false: Expression = Literal(self._span(end, end), "")
        if parts.passes(tree.TEMPLATE_ELSE):
            when_false, end = self._branch(parts)
        if not parts.passes(tree.TEMPLATE_IF_END) or len(inner) != 1:
            return self._unreadable(node.start_byte, parts.end)
        span = self._span(node.start_byte, parts.end)
        return Conditional(span, self._nested(inner[0]), when_true, when_false)

    def _for_directive(self, node: Node, parts: TemplateParts) -> Expression:
        """Lower a loop: its text for each element, joined."""
        body, _ = self._branch(parts)
        if not parts.passes(tree.TEMPLATE_FOR_END):
            return self._unreadable(node.start_byte, parts.end)
        span = self._span(node.start_byte, parts.end)
        names, collection = self._intro(node)
        loop = For(span, names, collection, None, body, None)
        return Call(span, "join", (Literal(self._span(node.start_byte, node.start_byte), ""), loop))

    def _branch(self, parts: TemplateParts) -> tuple[Expression, int]:
        start = parts.end
        lowered = self._parts(parts)
        return self._template_of(lowered, self._span(start, parts.end)), parts.end

    def _intro(self, node: Node) -> tuple[tuple[str, ...], Expression]:
        names = tuple(
            self._source(child.start_byte, child.end_byte)
            for child in node.children
            if child.kind_id == tree.IDENTIFIER
        )
        (collection,) = (child for child in node.children if child.kind_id == tree.EXPRESSION)
        return names, self._nested(collection)

    def _interpolation(self, node: Node, whole: Span | None) -> Expression:
        inner = [child for child in node.children if child.kind_id == tree.EXPRESSION]
        if node.kind_id != tree.TEMPLATE_INTERPOLATION or len(inner) != 1:
            return self._unreadable(node.start_byte, node.end_byte)
        return self._nested(inner[0]) if whole is None else _with_span(self._nested(inner[0]), whole)

    def _strip(self, pieces: Sequence[Span | Node], texts: list[str | None]) -> None:
        for index, piece in enumerate(pieces):
            if not isinstance(piece, Node):
                continue
            before = texts[index - 1] if index else None
            after = texts[index + 1] if index + 1 < len(texts) else None
            if before is not None and self._text.startswith((b"${~", b"%{~"), piece.start_byte):
                texts[index - 1] = before.rstrip()
            if after is not None and self._text[piece.end_byte - 2 : piece.end_byte] == b"~}":
                texts[index + 1] = after.lstrip()

    # ----------------------------------------------------------------- collections

    def _collection(self, node: Node) -> Expression:
        inner = node.children[0]
        if inner.kind_id == tree.TUPLE:
            items = [child for child in inner.children if child.kind_id == tree.EXPRESSION]
            return ListExpression(self._node_span(node), tuple(self._nested(item) for item in items))
        elements = [child for child in inner.children if child.kind_id == tree.OBJECT_ELEMENT]
        entries = tuple(self._entry(element) for element in elements)
        separated = all(
            self._is_separated(before.end_byte, after.start_byte) for before, after in itertools.pairwise(elements)
        )
        return ObjectExpression(self._node_span(node), entries, separated)

    def _is_separated(self, start: int, end: int) -> bool:
        between = self._text[start:end]
        return b"\n" in between or b"," in between

    def _entry(self, node: Node) -> Entry:
        key, sign, value = tree.children(node)
        if b"\n" in self._text[sign.end_byte : value.start_byte]:
            lowered: Expression = self._unreadable(value.start_byte, value.end_byte)
        else:
            lowered = self._nested(value)
        return Entry(self._key(key), lowered, self._node_span(node))

    def _key(self, node: Node) -> Expression:
        parts = tree.children(node)
        bare = len(parts) == 1 and parts[0].kind_id in (tree.VARIABLE, tree.LITERAL)
        if bare and not self._text.startswith(b'"', node.start_byte):
            return Literal(self._node_span(node), self._source(node.start_byte, node.end_byte))
        return self._terms(parts)

    def _for(self, node: Node) -> Expression:
        inner = tree.children(node)[0]
        parts = tree.children(inner)
        intro = next(part for part in parts if part.kind_id == tree.FOR_INTRO)
        names, collection = self._intro(intro)
        results = [self._nested(part) for part in parts if part.kind_id == tree.EXPRESSION]
        conditions = [self._nested(tree.children(part)[1]) for part in parts if part.kind_id == tree.FOR_CONDITION]
        keyed = inner.kind_id == tree.FOR_OBJECT
        return For(
            self._node_span(node),
            names,
            collection,
            results[0] if keyed else None,
            results[-1],
            conditions[0] if conditions else None,
            any(part.kind_id == tree.ELLIPSIS for part in parts),
        )

    # ----------------------------------------------------------------- functions and operators

    def _call(self, node: Node) -> Expression:
        parts = tree.children(node)
        name = self._source(parts[0].start_byte, parts[0].end_byte)
        arguments: list[Expression] = []
        for holder in parts:
            if holder.kind_id == tree.FUNCTION_ARGUMENTS:
                arguments = self._arguments(tree.children(holder))
        return Call(self._node_span(node), name, tuple(arguments))

    def _arguments(self, nodes: Sequence[Node]) -> list[Expression]:
        arguments = [self._nested(node) for node in nodes if node.kind_id == tree.EXPRESSION]
        if arguments and nodes[-1].kind_id == tree.ELLIPSIS:
            last = arguments.pop()
            if isinstance(last, ListExpression):
                arguments += last.items
            else:
                span = self._span(nodes[-2].start_byte, nodes[-1].end_byte)
                arguments.append(Call(span, "...", (last,)))
        return arguments

    def _conditional(self, node: Node) -> Expression:
        parts = _chained(node)
        if len(parts) > 2 * MAX_DEPTH:
            return self._unreadable(node.start_byte, node.end_byte)
        result = self._nested(parts[-1])
        for at in range(len(parts) - 3, -1, -2):
            span = self._span(parts[at].start_byte, node.end_byte)
            result = Conditional(span, self._nested(parts[at]), self._nested(parts[at + 1]), result)
        return result

    def _operation(self, node: Node) -> Expression:
        inner = node.children[0]
        parts = tree.children(inner)
        span = self._node_span(node)
        if inner.kind_id == tree.UNARY:
            operand = self._terms(parts[1:])
            sign = parts[0].type
            if sign == "-" and isinstance(operand, Literal) and isinstance(operand.value, int | float):
                return Literal(span, -operand.value)
            return Call(span, sign, (operand,))
        at = next(index for index, part in enumerate(parts) if not part.is_named and part.type not in ("(", ")"))
        return Call(span, parts[at].type, (self._terms(parts[:at]), self._terms(parts[at + 1 :])))


def _chained(node: Node) -> list[Node]:
    """Return the parts of ``a ? b : c ? d : e``: HCL groups them from the right, the grammar from the left."""
    parts: list[Node] = []
    while True:
        condition, *branches = (child for child in node.children if child.kind_id == tree.EXPRESSION)
        parts[:0] = branches
        inner = tree.children(condition)
        if len(inner) != 1 or inner[0].kind_id != tree.CONDITIONAL:
            return [condition, *parts]
        node = inner[0]


def _number(text: str) -> int | float | None:
    if len(text) > _MAX_DIGITS:
        return None
    if text.isdigit():
        return int(text)
    number = float(text)
    if number.is_integer() and abs(number) < _EXACT_INTEGERS:
        return int(number)
    return number if isfinite(number) else None


def _with_span(expression: Expression, span: Span) -> Expression:
    return replace(expression, span=span)


def _has_splat(expression: Expression) -> bool:
    return isinstance(expression, Reference) and "[*]" in expression.path


_TERMS: dict[int, Callable[[Lowering, Node], Expression]] = {
    tree.COLLECTION: Lowering._collection,  # noqa: SLF001 - the table belongs to the class
    tree.CONDITIONAL: Lowering._conditional,  # noqa: SLF001
    tree.EXPRESSION: Lowering._nested,  # noqa: SLF001
    tree.FOR: Lowering._for,  # noqa: SLF001
    tree.FUNCTION_CALL: Lowering._call,  # noqa: SLF001
    tree.LITERAL: Lowering._literal,  # noqa: SLF001
    tree.OPERATION: Lowering._operation,  # noqa: SLF001
    tree.TEMPLATE: Lowering._template,  # noqa: SLF001
    tree.VARIABLE: Lowering._variable,  # noqa: SLF001
}
