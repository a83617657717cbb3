"""Edits inside the body of a block: new attributes, new nested blocks, and what goes."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from tree_sitter import Node

from setsquare.model import NewAttribute, NewBlock
from setsquare.records import record
from setsquare.syntax import hcl_tree
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_view import View, comments_in, end_with_comments, lead_start, text_of, without_errors
from setsquare.text import Edit, Span


@record
class Body:
    """The body of a block.

    Attributes:
        view: the text.
        opening: the ``{``.
        closing: the ``}``.
        items: attributes and nested blocks, in order.
        comments: those that stand directly in it.

    """

    view: View
    opening: int
    closing: int
    items: tuple[Node, ...]
    comments: tuple[Node, ...]

    @classmethod
    def of(cls, view: View, block: Node) -> "Body":
        """Read the body of a block that has no syntax error."""
        without_errors(block)
        opening = next(node for node in block.children if node.kind_id == hcl_tree.BLOCK_START)
        inner = [node for node in block.children if node.kind_id == hcl_tree.BODY]
        items = tuple(hcl_tree.children(inner[0])) if inner else ()
        comments = sorted(
            (node for part in (block, *inner) for node in comments_in(part) if node.start_byte > opening.start_byte),
            key=lambda node: node.start_byte,
        )
        return cls(view, opening.start_byte, block.end_byte - 1, items, tuple(comments))

    # ------------------------------------------------------------- layout

    def to_lines(self) -> list[Edit]:
        """Return the edits that give each brace and the first item lines of their own."""
        view = self.view
        indent = view.indentation(self.opening)
        edits: list[Edit] = []
        if self.items and view.same_line(self.opening, self.items[0].start_byte):
            start = min(node.start_byte for node in (*self.items, *self.comments))
            new = view.writer.eol + indent + view.writer.unit
            edits.append(Edit(Span(self.opening + 1, start), new))
        if not view.starts_line(self.closing):
            before = view.text[: self.closing].rstrip(b" \t\r\n")
            edits.append(Edit(Span(max(len(before), self.opening + 1), self.closing), view.writer.eol + indent))
        return edits

    @property
    def indent(self) -> bytes:
        """What the items are indented by."""
        for node in self.items:
            if self.view.starts_line(node.start_byte):
                return self.view.indentation(node.start_byte)
        return self.view.indentation(self.opening) + self.view.writer.unit

    def end_of(self, node: Node) -> int:
        """Return the end of the last line of an item, comments included."""
        return end_with_comments(self.view, node.end_byte, self.comments)

    def is_apart(self, offset: int) -> bool:
        """Whether the line that begins at an offset is blank or holds the closing brace."""
        return self.view.is_blank_line(offset) or self.view.line_start(self.closing) <= offset

    def after(self, end: int, text: bytes, *, blank: bool) -> Edit:
        """Return the insertion of lines after the line that ends at an offset, apart from what follows."""
        eol = self.view.writer.eol
        rest = b"" if self.is_apart(self.view.next_line(end)) else eol
        return Edit(Span(end, end), (eol if blank else b"") + eol + self.indent + text + rest)

    # ------------------------------------------------------------- attributes

    @property
    def has_attributes(self) -> bool:
        """Whether an attribute stands before the first nested block."""
        return bool(self._attributes_before_blocks())

    def new_attribute(self, new: NewAttribute, siblings: AbstractSet[str], *, founded: bool = False) -> Edit:
        """Return the insertion of an attribute into the policy group, or of a new group.

        Args:
            new: the attribute.
            siblings: names that may stand in a policy group.
            founded: whether the first group of the body is a policy group that the same plan began.

        """
        if new.name in {_name(node) for node in self.items}:
            reason = f"{new.name} is there already"
            raise EditError(reason)
        text = self.view.writer.attribute(new.name, new.value, self.indent)
        attributes = self._attributes_before_blocks()
        if not attributes:
            return self.after(self.view.line_end(self._end_of_opening()), text, blank=False)
        group = attributes if founded else self._policy_group(attributes, siblings)
        before = next((node for node in group if _name(node) > new.name), None)
        eol = self.view.writer.eol
        if before is not None:
            start = self.view.line_start(before.start_byte)
            return Edit(Span(start, start), self.indent + text + eol)
        end = self.end_of(attributes[-1])
        if group:
            return Edit(Span(end, end), eol + self.indent + text)
        return self.after(self._end_of_comments(end), text, blank=True)

    def _end_of_opening(self) -> int:
        return end_with_comments(self.view, self.opening + 1, self.comments)

    def _attributes_before_blocks(self) -> list[Node]:
        attributes: list[Node] = []
        for node in self.items:
            if node.kind_id != hcl_tree.ATTRIBUTE:
                break
            attributes.append(node)
        return attributes

    def _end_of_comments(self, end: int) -> int:
        """Return the end of the comment lines directly below the last attribute, if no block stands below them."""
        last = end
        for comment in self.comments:
            if self.view.line_start(comment.start_byte) == self.view.next_line(last):
                last = self.view.line_end(comment.end_byte - 1)
        below = self.view.next_line(last)
        return end if any(self.view.line_start(node.start_byte) == below for node in self.items) else last

    def _policy_group(self, attributes: Sequence[Node], siblings: AbstractSet[str]) -> list[Node]:
        """Return the last group if fixes may have written it: sorted siblings without comments, not the first one."""
        group = [attributes[-1]]
        for node in reversed(attributes[:-1]):
            if self.view.next_line(self.end_of(node)) != self.view.line_start(group[0].start_byte):
                break
            group.insert(0, node)
        names = [_name(node) for node in group]
        start = self.view.line_start(group[0].start_byte)
        is_first = len(group) == len(attributes)
        is_ours = names == sorted(names) and siblings >= set(names)
        return group if is_ours and not is_first and self.view.is_blank_line(start - 1) else []

    # ------------------------------------------------------------- blocks

    def new_block(self, new: NewBlock, siblings: AbstractSet[str]) -> Edit:
        """Return the insertion of a nested block at the end, in order among the siblings that stand there."""
        view, eol = self.view, self.view.writer.eol
        text = view.writer.block(new.name.encode(), new.entries, self.indent)
        before = next((node for node in self._trailing_blocks(siblings) if _name(node) > new.name), None)
        if before is None:
            end = len(view.text[: self.closing].rstrip(b" \t\r\n"))
            return self.after(end, text, blank=view.line_start(end) > self.opening)
        start = lead_start(view, before, self.comments)
        at_top = view.line_start(start - 1) <= self.opening
        apart = at_top or view.is_blank_line(start - 1)
        return Edit(Span(start, start), (b"" if apart else eol) + self.indent + text + eol + eol)

    def _trailing_blocks(self, siblings: AbstractSet[str]) -> list[Node]:
        run: list[Node] = []
        for node in reversed(self.items):
            name = _name(node)
            if node.kind_id != hcl_tree.BLOCK or name not in siblings or (run and name > _name(run[0])):
                break
            run.insert(0, node)
        return run

    # ------------------------------------------------------------- removal

    def without(self, node: Node) -> list[Edit]:
        """Return the removal of an item with its lines; a comment beside it stays, on a line of its own."""
        view = self.view
        beside = view.text[node.end_byte : self.end_of(node)].lstrip(b" \t")
        if beside.startswith((b"#", b"//", b"/*")):
            return [Edit(Span(node.start_byte, self.end_of(node) - len(beside)), b"")]
        if not view.starts_line(node.start_byte) or view.line_start(self.closing) <= node.end_byte:
            before = len(view.text[: node.start_byte].rstrip(b" \t"))
            after = view.text[node.end_byte : self.closing]
            return [Edit(Span(before, self.closing - len(after.lstrip(b" \t"))), b"")]
        start, end = view.line_start(node.start_byte), view.next_line(self.end_of(node))
        return [without_lines(view, start, end, self.opening, self.closing)]


def without_lines(view: View, start: int, end: int, opening: int, closing: int) -> Edit:
    """Return the removal of whole lines, with a blank line that would be left beside another one or a brace.

    Args:
        view: the text.
        start: where the lines begin.
        end: where the line after them begins.
        opening: the brace that the lines stand after; -1 at the level of a file.
        closing: the brace that they stand before; the end of a file.

    """
    at_top = view.line_start(start - 1) <= opening if start > 0 else True
    at_bottom = view.line_start(closing) <= end
    if at_top:
        while end < len(view.text) and view.is_blank_line(end) and not at_bottom:
            end = view.next_line(end)
    elif at_bottom or view.is_blank_line(end):
        while start > 0 and view.is_blank_line(start - 1) and view.line_start(start - 1) > opening:
            start = view.line_start(start - 1)
    return Edit(Span(start, end), b"")


def _name(item: Node) -> str:
    return text_of(item.children[0])
