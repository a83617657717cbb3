"""Edits inside brackets: the items of a list, the entries of an object value."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from tree_sitter import Node

from setsquare.model import Written
from setsquare.records import record
from setsquare.syntax import hcl_tree
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_bodies import without_lines
from setsquare.syntax.hcl_text import unescape_quoted
from setsquare.syntax.hcl_values import key_text
from setsquare.syntax.hcl_view import View, comments_in, end_with_comments, lead_start, span_of, text_of, without_errors
from setsquare.text import Edit, Span


def is_series(node: Node) -> bool:
    """Whether a node is a list or an object written out, without what wraps it."""
    return node.kind_id == hcl_tree.TUPLE or node.type == "object"


@record
class Series:
    """What stands between two brackets.

    Attributes:
        view: the text.
        span: from bracket to bracket, both included.
        items: the items of a list or the entries of an object.
        commas: the comma behind each item, if any.
        comments: those that stand directly between the brackets.

    """

    view: View
    span: Span
    items: tuple[Node, ...]
    commas: tuple[Node | None, ...]
    comments: tuple[Node, ...]
    is_list: bool

    @classmethod
    def of(cls, view: View, node: Node) -> "Series":
        """Read a list or an object.

        Raises:
            EditError: it is computed, or has a syntax error.

        """
        without_errors(node)
        if not is_series(node):
            reason = "the collection is not written out here"
            raise EditError(reason)
        inner = hcl_tree.children(node)[1:-1]
        items: list[Node] = []
        commas: list[Node | None] = []
        for child in inner:
            if child.type == ",":
                commas[-1] = child
            else:
                items.append(child)
                commas.append(None)
        comments = tuple(comments_in(node))
        return cls(view, span_of(node), tuple(items), tuple(commas), comments, node.kind_id == hcl_tree.TUPLE)

    # ------------------------------------------------------------- layout

    @property
    def closing(self) -> int:
        """The offset of the closing bracket."""
        return self.span.end - 1

    @property
    def indent(self) -> bytes:
        """What items on lines of their own are indented by."""
        for node in self.items:
            if self.view.starts_line(node.start_byte):
                return self.view.indentation(node.start_byte)
        return self.view.indentation(self.span.start) + self.view.writer.unit

    def _has_own_line(self, node: Node) -> bool:
        return self.view.starts_line(node.start_byte)

    def _end_of_line(self, index: int) -> int:
        """Return the end of the line of an item, its comma and comments included."""
        last = self.commas[index] or self.items[index]
        return end_with_comments(self.view, last.end_byte, self.comments)

    def _check_last(self) -> None:
        if self.items and text_of(self.items[-1]).lstrip().startswith("<<") and not self.commas[-1]:
            reason = "a heredoc stands where a comma is needed"
            raise EditError(reason)

    # ------------------------------------------------------------- lists

    def append(self, values: Sequence[Written]) -> list[Edit]:
        """Return the edits that put items at the end."""
        return self._append([self.view.writer.value(value, self._level) for value in values])

    @property
    def _level(self) -> bytes:
        """What the line of a new item at the end is indented by."""
        if self.items and not self._has_own_line(self.items[-1]):
            return self.view.indentation(self.items[-1].start_byte)
        return self.indent

    def _append(self, texts: Sequence[bytes]) -> list[Edit]:
        if not texts:
            return []
        if not self.items:
            return self._fill(texts)
        last, comma = self.items[-1], self.commas[-1]
        eol = self.view.writer.eol
        if not self._has_own_line(last):
            self._check_last()
            return [Edit(Span(last.end_byte, last.end_byte), b"".join(b", " + text for text in texts))]
        needs_comma = self.is_list or any(self.commas)
        separator = b"," if needs_comma else b""
        lines = (separator + eol + self.indent).join(texts) + (b"," if comma else b"")
        edits: list[Edit] = []
        end = self._end_of_line(len(self.items) - 1)
        if end >= self.closing:
            end = (comma or last).end_byte
        if needs_comma and comma is None:
            self._check_last()
            if end == last.end_byte:
                return [Edit(Span(end, end), b"," + eol + self.indent + lines)]
            edits.append(Edit(Span(last.end_byte, last.end_byte), b","))
        return [*edits, Edit(Span(end, end), eol + self.indent + lines)]

    def _fill(self, texts: Sequence[bytes]) -> list[Edit]:
        """Return the edits that put the first items in."""
        view, eol = self.view, self.view.writer.eol
        inner = view.text[self.span.start + 1 : self.closing]
        if self.comments or b"\n" in inner:
            end = self.span.start + 1 + len(inner.rstrip(b" \t\r\n"))
            separator = b"," if self.is_list else b""
            lines = b"".join(eol + self.indent + text + separator for text in texts)
            rest = b"" if view.starts_line(self.closing) else eol + view.indentation(self.span.start)
            return [Edit(Span(end, end if view.starts_line(self.closing) else self.closing), lines + rest)]
        if self.is_list and not any(b"\n" in text for text in texts):
            return [Edit(Span(self.span.start + 1, self.closing), b", ".join(texts))]
        separator = b"," if self.is_list else b""
        lines = b"".join(eol + self.indent + text + separator for text in texts)
        return [Edit(Span(self.span.start + 1, self.closing), lines + eol + view.indentation(self.span.start))]

    def replace(self, index: int, values: Sequence[Written]) -> list[Edit]:
        """Return the edits that put items in the place of one; none of them removes it."""
        if not values:
            return self.without(index)
        node, view = self.items[index], self.view
        level = view.indentation(node.start_byte)
        texts = [view.writer.value(value, level) for value in values]
        separator = b"," + view.writer.eol + level if self._has_own_line(node) else b", "
        return [Edit(span_of(node), separator.join(texts))]

    # ------------------------------------------------------------- objects

    def insert(self, name: str, value: Written, siblings: AbstractSet[str]) -> list[Edit]:
        """Return the edits that put an entry at the end, in order among the siblings that stand there."""
        names = [self._key(node) for node in self.items]
        if name in names:
            reason = f"{name} is there already"
            raise EditError(reason)
        before = self._first_above(names, name, siblings)
        if before is None:
            return self._append([self._entry(name, value, self._level)])
        node = self.items[before]
        if not self._has_own_line(node):
            text = self._entry(name, value, self.view.indentation(node.start_byte))
            return [Edit(Span(node.start_byte, node.start_byte), text + b", ")]
        start = lead_start(self.view, node, self.comments)
        comma = b"," if any(self.commas) else b""
        text = self.indent + self._entry(name, value, self.indent) + comma + self.view.writer.eol
        return [Edit(Span(start, start), text)]

    def _entry(self, name: str, value: Written, level: bytes) -> bytes:
        sign = b" = "
        if self.items and len(self.items[-1].children) > 1 and self.items[-1].children[1].type == ":":
            key, _, last = self.items[-1].children[:3]
            sign = self.view.text[key.end_byte : last.start_byte]
        return key_text(name).encode() + sign + self.view.writer.value(value, level)

    @staticmethod
    def _first_above(names: Sequence[str], name: str, siblings: AbstractSet[str]) -> int | None:
        start = len(names)
        while start and names[start - 1] in siblings and (start == len(names) or names[start - 1] <= names[start]):
            start -= 1
        return next((index for index in range(start, len(names)) if names[index] > name), None)

    @staticmethod
    def _key(entry: Node) -> str:
        text = text_of(entry.children[0])
        return (unescape_quoted(text[1:-1]) or text) if text.startswith('"') else text

    # ------------------------------------------------------------- removal

    def without(self, index: int) -> list[Edit]:
        """Return the edits that take an item out, with its comma and, if it has lines of its own, those."""
        node = self.items[index]
        end = self._end_of_line(index)
        following = self.items[index + 1].start_byte if index + 1 < len(self.items) else self.closing
        if self._has_own_line(node) and end <= following and not self.view.same_line(end, following):
            start = self.view.line_start(node.start_byte)
            lines = without_lines(self.view, start, self.view.next_line(end), self.span.start, self.closing)
            return [*self._spare_comma(index), lines]
        return [Edit(self._inline_span(index), b"")]

    def _spare_comma(self, index: int) -> list[Edit]:
        """Return the removal of the comma before a last item that had none itself."""
        if index == 0 or index + 1 < len(self.items) or self.commas[index] is not None:
            return []
        comma = self.commas[index - 1]
        return [] if comma is None else [Edit(span_of(comma), b"")]

    def _inline_span(self, index: int) -> Span:
        node, comma = self.items[index], self.commas[index]
        end = (comma or node).end_byte
        rest = self.view.text[end : self.closing]
        after = self.closing - len(rest.lstrip(b" \t"))
        if index + 1 < len(self.items):
            return Span(node.start_byte, after)
        if index:
            return Span(self.items[index - 1].end_byte, node.end_byte)
        if self.comments:
            return Span(node.start_byte, after if self.view.text.startswith(b"/*", after) else end)
        return Span(self.span.start + 1, self.closing)
