"""A piece of HCL while it is edited: its text, its tree, and which lines things stand on."""

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from setsquare.records import record
from setsquare.syntax import hcl_tree
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_values import Writer
from setsquare.text import Span

_BLANK = b" \t\r"


@record
class View:
    """A text and its tree at one moment.

    Attributes:
        text: the bytes.
        root: their tree.
        writer: how new text is laid out.

    """

    text: bytes
    root: Node
    writer: Writer

    @classmethod
    def of(cls, text: bytes, writer: Writer) -> "View":
        """Parse a text."""
        return cls(text, hcl_tree.parse(text).root_node, writer)

    def path_to(self, span: Span) -> list[Node]:
        """Return the nodes that hold a span, from the root inwards."""
        path: list[Node] = []
        node = self.root.descendant_for_byte_range(*span)
        while node is not None:
            path.insert(0, node)
            node = node.parent
        return path

    def nodes_at(self, span: Span) -> list[Node]:
        """Return the nodes that cover exactly a span, outermost first."""
        return [node for node in self.path_to(span) if span_of(node) == span]

    # ------------------------------------------------------------- lines

    def line_start(self, offset: int) -> int:
        """Return where the line of an offset begins."""
        return self.text.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return where the line of an offset ends, its line break left out."""
        end = self.text.find(b"\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[max(end - 1, 0) : end] == b"\r" else end

    def next_line(self, offset: int) -> int:
        """Return where the line after an offset begins; the end of the text where there is none."""
        end = self.text.find(b"\n", offset)
        return len(self.text) if end < 0 else end + 1

    def indentation(self, offset: int) -> bytes:
        """Return what the line of an offset is indented by."""
        line = self.text[self.line_start(offset) : offset + 1]
        return line[: len(line) - len(line.lstrip(b" \t"))]

    def starts_line(self, offset: int) -> bool:
        """Whether nothing but space stands before an offset on its line."""
        return self.is_blank(self.line_start(offset), offset)

    def is_blank(self, start: int, end: int) -> bool:
        """Whether nothing but space stands between two offsets of one line."""
        return not self.text[start:end].strip(_BLANK)

    def is_blank_line(self, offset: int) -> bool:
        """Whether the line of an offset is there and blank."""
        start = self.line_start(offset)
        return start < len(self.text) and self.is_blank(start, self.line_end(start))

    def same_line(self, one: int, other: int) -> bool:
        """Whether two offsets, the smaller one first, stand on one line."""
        return b"\n" not in self.text[one:other]


def span_of(node: Node) -> Span:
    """Return the bytes that a node covers."""
    return Span(node.start_byte, node.end_byte)


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def without_errors(node: Node) -> Node:
    """Insist that a node was read as a whole.

    Raises:
        EditError: it was not.

    """
    if node.has_error:
        reason = "the text around it has a syntax error"
        raise EditError(reason)
    return node


def end_with_comments(view: View, end: int, comments: Sequence[Node]) -> int:
    """Return the end of the line on which something ends, with the comments that follow it there."""
    for comment in comments:
        if comment.start_byte >= end and view.same_line(end, comment.start_byte):
            end = comment.end_byte
    return view.line_end(end)


def lead_start(view: View, node: Node, comments: Sequence[Node]) -> int:
    """Return where the line begins on which a node stands, or the first of the comment lines directly above it."""
    start = view.line_start(node.start_byte)
    for comment in reversed(comments):
        above = comment.end_byte < start and view.next_line(comment.end_byte - 1) == start
        ends_line = comment.end_byte == start
        if (above or ends_line) and view.starts_line(comment.start_byte):
            start = view.line_start(comment.start_byte)
    return start


def comments_in(node: Node) -> Iterator[Node]:
    """Yield the comments directly in a node, in order."""
    return (child for child in node.children if child.kind_id == hcl_tree.COMMENT)
