"""Edits of YAML block collections: whole lines, at the columns of what is there."""

import re
from collections.abc import Sequence
from functools import cached_property

from setsquare.model import JsonDocument, Written, WrittenMap
from setsquare.syntax.data_nodes import Item, Kind, Node, Style
from setsquare.syntax.data_patch import Patch, SourceLines
from setsquare.syntax.data_render import (
    BlockStyle,
    double_quoted,
    number_text,
    plain_is_safe,
    single_quoted,
    yaml_flow,
)
from setsquare.syntax.data_work import Work
from setsquare.syntax.edit_error import EditError
from setsquare.text import Span

_FIRST_LIST = re.compile(
    rb"^( *)((?:- +)*)[^\s#\-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)-[ \r\n]", re.MULTILINE
)
_CLEAN_PREFIX = re.compile(rb" *(?:- +)*\Z")
_BODY_LINE = re.compile(rb"\n(?=[ \t]*[^\s]| )")


class BlockEditor:
    """Writes changes of block collections into a patch."""

    def __init__(self, lines: SourceLines, patch: Patch) -> None:
        self._lines = lines
        self._patch = patch

    @cached_property
    def dash(self) -> int:
        """Columns from a key to the dashes below it, as in the first list of the file."""
        match = _FIRST_LIST.search(self._lines.source)
        if match is None:
            return 2
        return max(0, len(match[3]) - len(match[1]) - len(match[2]))

    def style(self, path: Sequence[Node]) -> BlockStyle:
        """Return how collections below the keys of the innermost mapping are written."""
        return BlockStyle(unit=self._unit(path), dash=self.dash)

    def _unit(self, path: Sequence[Node]) -> int:
        nodes = [node for node in path if node.style is Style.BLOCK]
        for node in reversed(nodes):
            if node.kind is Kind.MAPPING:
                for item in node.items:
                    if (step := self._step(item)) is not None:
                        return step
        return 2

    def _step(self, item: Item) -> int | None:
        value = item.value
        if value is None or value.style is not Style.BLOCK or value.kind is not Kind.MAPPING or not value.items:
            return None
        step = self._column(value.items[0].start) - self._column(item.start)
        return step if step > 0 else None

    def _column(self, offset: int) -> int:
        return self._lines.column(offset)

    # ----------------------------------------------------------------- positions

    def end_of(self, item: Item) -> int:
        """Return the end of the line on which an item ends, comment included.

        Raises:
            EditError: something else follows on that line.

        """
        end = self._lines.rest_is_comment(item.end)
        if end is None:
            reason = "something follows the entry on its line"
            raise EditError(reason)
        return self._kept_blank_lines(item, end)

    def _kept_blank_lines(self, item: Item, end: int) -> int:
        leaf = item.value
        while leaf is not None and leaf.is_container and leaf.style is Style.BLOCK and leaf.items:
            leaf = leaf.items[-1].value
        source = self._lines.source
        if leaf is None or leaf.style is not Style.FOLDED or b"+" not in source[leaf.span.start :].split(b"\n", 1)[0]:
            return end
        at = self._lines.after(end)
        while at < len(source) and not source[at : self._lines.end(at)].strip():
            end, at = self._lines.end(at), self._lines.after(at)
        return end

    def _after(self, item: Item, column: int) -> int:
        end = self.end_of(item)
        return self._lines.own_comments(end, column)

    def _item_column(self, node: Node) -> int:
        start = node.items[0].start
        prefix = self._lines.source[self._lines.start(start) : start]
        if not _CLEAN_PREFIX.match(prefix):
            reason = "the first entry does not begin its line"
            raise EditError(reason)
        if self._lines.source[start : start + 2] in (b"? ", b"?\n", b"?\r"):
            reason = "the mapping has a complex key"
            raise EditError(reason)
        return len(prefix)

    # ----------------------------------------------------------------- changes

    def apply(self, work: Work) -> None:
        """Write all changes of one block collection.

        Raises:
            EditError: a change cannot be made safely.

        """
        column = self._item_column(work.node)
        if not work.survivors and not work.placed and not work.appended:
            self._empty(work)
            return
        if not work.survivors:
            self._replace_all(work, column)
            return
        self._remove(work)
        self._replace(work, column)
        self._append(work, column)
        self._place(work, column)

    def _line_block(self, lines: Sequence[str], offset: int) -> str:
        eol = self._lines.eol(offset)
        return "".join(eol + line for line in lines)

    def _append(self, work: Work, column: int) -> None:
        if not work.appended:
            return
        style = self._item_style(work)
        lines = [line for value in work.appended for line in style.item(value, column)]
        at = self._after(work.node.items[work.survivors[-1]], column)
        self._patch.put(at, at, self._line_block(lines, at), work.depth)

    def _item_style(self, work: Work) -> BlockStyle:
        style = self.style(work.path)
        for item in work.node.items:
            if item.value is not None and self._lines.start(item.value.outer.start) == self._lines.start(item.start):
                return BlockStyle(style.unit, style.dash, item.value.outer.start - item.start)
        return style

    def _place(self, work: Work, column: int) -> None:
        groups: dict[int, list[str]] = {}
        style = self.style(work.path)
        for after, name, value in work.placed:
            lines = groups.setdefault(after, [])
            lines += [""] if name in work.blank_before else []
            lines += style.entry(name, value, column)
        for after, lines in groups.items():
            if after < 0:
                self._place_first(work, lines, column)
                continue
            at = self._after(work.node.items[after], column)
            self._patch.put(at, at, self._line_block(lines, at), work.depth)

    def _place_first(self, work: Work, lines: list[str], column: int) -> None:
        first = work.node.items[0].start
        eol = self._lines.eol(first)
        if self._lines.first_on_line(first):
            at = self._lines.heading(first)
            self._patch.put(at, at, "".join(line + eol for line in lines), work.depth)
            return
        text = eol.join([lines[0][column:], *lines[1:]])
        self._patch.put(first, first, text + eol + " " * column, work.depth)

    def _replace_all(self, work: Work, column: int) -> None:
        start, end = work.node.items[0].start, work.node.items[-1].end
        self.refuse_comments(Span(start, end), work.node)
        style = self._item_style(work) if work.node.kind is Kind.SEQUENCE else self.style(work.path)
        lines = [line for value in work.appended for line in style.item(value, column)]
        lines += [line for _, name, value in work.placed for line in style.entry(name, value, column)]
        text = self._lines.eol(start).join([lines[0][column:], *lines[1:]])
        self._patch.put(start, end, text, work.depth)

    def _replace(self, work: Work, column: int) -> None:
        style = self._item_style(work)
        for index, values in sorted(work.replaced.items()):
            item = work.node.items[index]
            self.set_beside(item, values[0], style, work.depth, column)
            if len(values) > 1:
                at = self.end_of(item)
                lines = [line for value in values[1:] for line in style.item(value, column)]
                self._patch.put(at, at, self._line_block(lines, at), work.depth)

    def set_beside(self, item: Item, value: Written, style: BlockStyle, depth: int, column: int) -> None:
        """Replace the value of a list item; the new one starts where the old one does."""
        if item.value is None:
            at = item.end
            lines = style.beside(value, column + style.gap)
            self._patch.put(at, at, " " * (style.gap - 1) + self._lines.eol(at).join(lines), depth)
            return
        span = item.value.outer
        self.refuse_comments(span, item.value)
        lines = [restyled(self._lines.source, item.value, value, flow=False)]
        if is_filled(value):
            lines = style.beside(value, self._lines.column(span.start))
        self._patch.put(span.start, span.end, self._lines.eol(span.start).join(lines), depth)

    def set_below(self, item: Item, value: Written, style: BlockStyle, depth: int) -> None:
        """Give a key of a block mapping a collection that stands below it (the key's comment stays)."""
        colon, column = self._colon(item), self._column(item.start)
        lines = style.below(value, column)
        end = colon
        if item.value is not None:
            self.refuse_comments(item.value.outer, item.value)
            end = item.value.outer.end
        line_end = self._lines.rest_is_comment(end)
        if line_end is None:
            reason = "something follows the value on its line"
            raise EditError(reason)
        if item.value is not None and self._lines.start(item.value.outer.start) != self._lines.start(colon):
            self._drop_below(item, depth)
            line_end = self._lines.end(colon)
        elif end > colon:
            self._patch.put(colon, end, "", depth)
        self._patch.put(line_end, line_end, self._line_block(lines, line_end), depth)

    def set_inline(self, item: Item, text: str, depth: int) -> None:
        """Give a key a value on its own line, whatever stood there or below."""
        if item.value is None:
            at = self._colon(item)
            self._patch.put(at, at, " " + text, depth)
            return
        span = item.value.outer
        self.refuse_comments(span, item.value)
        if self._lines.start(span.start) == self._lines.start(self._colon(item)):
            self._patch.put(span.start, span.end, text, depth)
            return
        colon = self._colon(item)
        self._patch.put(colon, colon, " " + text, depth)
        self._drop_below(item, depth)

    def _drop_below(self, item: Item, depth: int) -> None:
        if item.value is None:
            return
        line_end, end = self._lines.end(self._colon(item)), item.value.outer.end
        if self._lines.rest_is_comment(self._colon(item)) is None or self._lines.rest_is_comment(end) is None:
            reason = "something follows the value on its line"
            raise EditError(reason)
        if self._lines.has_comment(Span(line_end, self._lines.end(end)), scalars=_scalars(item.value)):
            raise _lost_comment()
        self._patch.put(line_end, end, "", depth)

    @staticmethod
    def _colon(item: Item) -> int:
        if item.mark is None:
            reason = "the entry has no colon"
            raise EditError(reason)
        return item.mark

    def refuse_comments(self, span: Span, node: Node) -> None:
        """Raise an ``EditError`` where replacing the span would lose a comment."""
        if node.style is Style.FOLDED:
            header = self._lines.source[node.span.start : self._lines.end(node.span.start)]
            if b"#" in header:
                raise _lost_comment()
        elif self._lines.has_comment(span, scalars=_scalars(node)):
            raise _lost_comment()

    # ----------------------------------------------------------------- removal

    def _remove(self, work: Work) -> None:
        removed = sorted(work.removed)
        if removed and removed[0] == 0 and not self._lines.first_on_line(work.node.items[0].start):
            following = work.survivors[0]
            self._remove_first(work, following)
            removed = [index for index in removed if index > following]
        self._drop_lines([work.node.items[index] for index in removed], work.depth)

    def _remove_first(self, work: Work, following: int) -> None:
        first, end = work.node.items[0], work.node.items[following].start
        if self._lines.has_comment(Span(self.end_of(first), end)):
            reason = "a comment stands between the entries"
            raise EditError(reason)
        self._patch.put(first.start, end, "", work.depth)

    def _drop_lines(self, items: Sequence[Item], depth: int) -> None:
        runs: list[Span] = []
        for item in items:
            start, after = self._lines.start(item.start), self._lines.after(self.end_of(item))
            if runs and runs[-1].end == start:
                start = runs.pop().start
            runs.append(Span(start, after))
        for start, after in runs:
            if self._lines.source[after - 1 : after] == b"\n":
                self._patch.put(start, after, "", depth)
            else:  # the file's last line has no line break: the one before goes instead
                self._patch.put(self._lines.end(start - 1), after, "", depth)

    def _empty(self, work: Work) -> None:
        text = "{}" if work.node.kind is Kind.MAPPING else "[]"
        parent = work.parent
        if parent is None:
            reason = "the document would be empty"
            raise EditError(reason)
        item, first = parent[1], work.node.items[0]
        if self._lines.start(first.start) == self._lines.start(item.start):
            self._patch.put(work.node.span.start, work.node.span.end, text, work.depth)
            return
        beside = max(self._colon(item), self._tag_end(work.node))
        self._patch.put(beside, beside, " " + text, work.depth)
        self._drop_lines(work.node.items, work.depth)

    def _tag_end(self, node: Node) -> int:
        before = self._lines.source[node.outer.start : node.span.start].rstrip()
        return node.outer.start + len(before) if before else 0

    # ----------------------------------------------------------------- one mapping becomes a list

    def wrap(self, work: Work) -> None:
        """Make a block mapping the first item of a list that ends with the appended items.

        Raises:
            EditError: the mapping is not the value of a key, or does not begin its own line.

        """
        column = self._item_column(work.node)
        parent = work.parent
        items = work.node.items
        if parent is None or parent[0].kind is not Kind.MAPPING or not self._lines.first_on_line(items[0].start):
            reason = "the single item cannot be made a list here"
            raise EditError(reason)
        if work.node.outer != work.node.span:
            reason = "the single item carries a tag or an anchor"
            raise EditError(reason)
        start, end = items[0].start, self._after(items[-1], column)
        self._patch.put(start, start, "- ", work.depth - 1)
        for match in _BODY_LINE.finditer(self._lines.source, start, end):
            self._patch.put(match.end(), match.end(), "  ", work.depth + 1000)
        self._patch.shift(Span(start, end), "  ", work.depth - 1)
        lines = [line for value in work.appended for line in self.style(work.path).item(value, column)]
        self._patch.put(end, end, self._line_block(lines, end), work.depth - 1)


def _scalars(node: Node, limit: int = 10_000) -> tuple[Span, ...]:
    """Return the spans of all quoted and block scalars under a node, in order: a ``#`` in them is no comment."""
    found: list[Span] = []
    stack = [node]
    while stack and len(found) < limit:
        at = stack.pop()
        if at.is_container:
            parts = [part for item in at.items for part in (item.key, item.value) if part is not None]
            stack += reversed(parts)
        else:
            found.append(at.span)
    return tuple(found)


def _lost_comment() -> EditError:
    return EditError("a comment inside the value would be lost")


def is_filled(value: Written) -> bool:
    """Whether a value is a collection with something in it (in block style it takes lines of its own)."""
    if isinstance(value, JsonDocument):
        return is_filled(value.value)
    return isinstance(value, (WrittenMap, tuple)) and value not in ((), WrittenMap(()))


def restyled(source: bytes, old: Node, value: Written, *, flow: bool) -> str:
    """Return a value on one line, a scalar in the quote style of the one that it replaces."""
    if isinstance(value, (str, bool, int, float)) and old.kind is Kind.SCALAR and old.outer == old.span:
        text = value if isinstance(value, str) else number_text(value)
        if old.style is Style.SINGLE:
            return single_quoted(text)
        if old.style is Style.DOUBLE:
            return double_quoted(text)
        plain = old.style is Style.PLAIN and source[old.span.start : old.span.end] not in (b"", b"null", b"~")
        if isinstance(value, str) and plain and plain_is_safe(value, flow=flow):
            return value
    return yaml_flow(value) if flow else BlockStyle().inline(value)
