"""The parts of a template in one row: stretches of text, interpolations, and the marks of its directives."""

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from setsquare.syntax import hcl_tree as tree
from setsquare.text import Span

CLOSING = frozenset((tree.TEMPLATE_ELSE, tree.TEMPLATE_FOR_END, tree.TEMPLATE_IF_END))
"""The marks that end a stretch inside of a directive."""
_MARKS = CLOSING | {tree.TEMPLATE_FOR_START, tree.TEMPLATE_IF_START, tree.TEMPLATE_INTERPOLATION}
_HOLDERS = frozenset((tree.TEMPLATE_DIRECTIVE, tree.TEMPLATE_FOR, tree.TEMPLATE_IF))


def marks(template: Node) -> Iterator[Node]:
    """Yield what is not text in a template, in order, from within its directives too."""
    waiting = list(reversed(template.children))
    while waiting:
        node = waiting.pop()
        if node.kind_id in _MARKS and node.is_named:
            yield node
        elif node.kind_id in _HOLDERS:
            waiting += reversed(node.children)


class TemplateParts:
    """A way through the parts of a template, from the first to the last.

    ``pieces`` are stretches of text and nodes; ``texts`` what the stretches say, None for a node.
    """

    __slots__ = ("_at", "_pieces", "_texts")

    def __init__(self, pieces: Sequence[Span | Node], texts: Sequence[str | None]) -> None:
        self._pieces = pieces
        self._texts = texts
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether all parts are behind."""
        return self._at == len(self._pieces)

    @property
    def current(self) -> tuple[Span | Node, str | None]:
        """The next part, and its text."""
        return self._pieces[self._at], self._texts[self._at]

    @property
    def end(self) -> int:
        """Where the part before ends."""
        last = self._pieces[self._at - 1]
        return last.end_byte if isinstance(last, Node) else last.end

    def advance(self) -> None:
        """Go on to the next part."""
        self._at += 1

    def passes(self, kind: int) -> bool:
        """Go past a mark of a kind; return whether it stands there."""
        piece = None if self.at_end else self._pieces[self._at]
        if not isinstance(piece, Node) or piece.kind_id != kind:
            return False
        self._at += 1
        return True
