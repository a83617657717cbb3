"""Edits of bracketed collections: JSON, and YAML in flow style."""

import re
from typing import Protocol

from setsquare.documents import Dialect
from setsquare.model import Written
from setsquare.syntax.data_nodes import Item, Kind, Node, Style
from setsquare.syntax.data_patch import Patch, SourceLines
from setsquare.syntax.data_render import JsonStyle, plain_json, yaml_flow, yaml_key
from setsquare.syntax.data_work import Work
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.yaml_edits import restyled
from setsquare.text import Span

_AFTER_COMMA = re.compile(rb"[ \t\r\n]*,")
_BETWEEN = re.compile(rb"[ \t]*,[ \t]*\Z")
_BODY_LINE = re.compile(rb"\n(?=[^\r\n])")
_FIRST_STEP = re.compile(rb"[\[{][ \t]*\r?\n([ \t]+)\S")


class Writer(Protocol):
    """How entries and items are written in one container."""

    comma: str

    def entry(self, name: str, value: Written, indent: str) -> str:
        """Return a key with its value; further lines are indented by ``indent`` and more."""

    def item(self, value: Written, indent: str) -> str:
        """Return a value likewise."""

    def over(self, old: Node, value: Written, indent: str) -> str:
        """Return a value that replaces another, in its quote style."""


class YamlWriter:
    """YAML in flow style: new values stand on one line."""

    def __init__(self, source: bytes, comma: str = ", ") -> None:
        self._source = source
        self.comma = comma

    def entry(self, name: str, value: Written, indent: str) -> str:
        """Return a key with its value."""
        return f"{yaml_key(name, flow=True)}: {self.item(value, indent)}"

    def item(self, value: Written, _indent: str) -> str:
        """Return a value."""
        return yaml_flow(value)

    def over(self, old: Node, value: Written, _indent: str) -> str:
        """Return a value that replaces another, in its quote style."""
        return restyled(self._source, old, value, flow=True)


class JsonWriter:
    """JSON, in the layout of its surroundings."""

    def __init__(self, style: JsonStyle, dialect: Dialect) -> None:
        self._style = style
        self._dialect = dialect
        self.comma = style.comma

    def entry(self, name: str, value: Written, indent: str) -> str:
        """Return a key with its value."""
        text = self._style.text({name: plain_json(value, self._dialect)}, indent)
        if self._style.unit is None:
            return text[1:-1]
        inner = JsonStyle(None, self._style.colon, self._style.comma).text({name: None}, "")
        return inner[1 : -len("null}")] + self.item(value, indent)

    def item(self, value: Written, indent: str) -> str:
        """Return a value."""
        return self._style.text(plain_json(value, self._dialect), indent)

    def over(self, old: Node, value: Written, indent: str) -> str:
        """Return a value that replaces another; what stood in quotes stays in quotes."""
        if old.style is Style.DOUBLE and isinstance(value, (bool, int, float)):
            return f'"{self.item(value, indent)}"'
        return self.item(value, indent)


class FlowEditor:
    """Writes changes of bracketed collections into a patch.

    Args:
        lines: the source.
        patch: where the edits go.
        dialect: of JSON text.
        yaml: the file is YAML, so that comments, single quotes and bare words are possible.

    """

    def __init__(self, lines: SourceLines, patch: Patch, dialect: Dialect, *, yaml: bool) -> None:
        self._lines = lines
        self._source = lines.source
        self._patch = patch
        self._dialect = dialect
        self._yaml = yaml

    # ----------------------------------------------------------------- layout

    def writer(self, path: tuple[Node, ...], *, broken: bool) -> Writer:
        """Return how values are written in the innermost container of the path."""
        if self._yaml and not self._is_json(path):
            return YamlWriter(self._source, self._comma(path[-1]))
        colon = self._colon(path)
        comma = self._comma(path[-1], "," if colon == ":" else ", ")
        return JsonWriter(JsonStyle(self._unit(path) if broken else None, colon, comma), self._dialect)

    def _is_json(self, path: tuple[Node, ...]) -> bool:
        keys = [item.key for node in path if _is_flow_mapping(node) for item in node.items]
        return bool(keys) and all(key is not None and key.style is Style.DOUBLE for key in keys)

    def _colon(self, path: tuple[Node, ...]) -> str:
        for node in reversed(path):
            for item in node.items:
                if _is_flow_mapping(node) and item.key is not None and item.value is not None:
                    between = self._source[item.key.outer.end : item.value.outer.start].decode()
                    return between if between.strip() == ":" and "\n" not in between else ": "
        return ": "

    def _comma(self, node: Node, default: str = ", ") -> str:
        for before, after in zip(node.items, node.items[1:], strict=False):
            between = self._source[before.end : after.start]
            if _BETWEEN.match(between):
                return between.decode()
        return default

    def _unit(self, path: tuple[Node, ...]) -> str:
        for node in reversed(path):
            if node.items and self.is_broken(node):
                inner, outer = self._lines.indent(node.items[0].start), self._lines.indent(node.span.start)
                if inner.startswith(outer) and inner != outer:
                    return inner[len(outer) :]
        match = _FIRST_STEP.search(self._source)
        return "  " if match is None else match[1].decode()

    def is_broken(self, node: Node) -> bool:
        """Whether the first item of a container stands on a line of its own."""
        return bool(node.items) and b"\n" in self._source[node.span.start : node.items[0].start]

    def _stands_alone(self, node: Node, index: int) -> bool:
        """Whether the item begins its line, so that the next one gets a line too."""
        before = node.span.start if index == 0 else node.items[index - 1].end
        start = node.items[index].start
        return b"\n" in self._source[before:start] and self._lines.first_on_line(start)

    # ----------------------------------------------------------------- changes

    def apply(self, work: Work) -> None:
        """Write all changes of one bracketed collection.

        Raises:
            EditError: a change cannot be made safely.

        """
        if self._source[work.node.span.start : work.node.span.start + 1] not in (b"{", b"["):
            reason = "a single pair in brackets cannot be extended"
            raise EditError(reason)
        if not work.survivors:
            self._fill(work)
            return
        comma_kept = self._remove(work)
        self._replace(work)
        self._add(work, comma_kept=comma_kept)

    def _new(self, work: Work, writer: Writer, indent: str) -> list[tuple[int, str, str]]:
        last = work.survivors[-1] if work.survivors else -1
        new = [(after, name, writer.entry(name, value, indent)) for after, name, value in work.placed]
        return new + [(last, "", writer.item(value, indent)) for value in work.appended]

    def _fill(self, work: Work) -> None:
        """Write into a container that is empty, or empty it."""
        node = work.node
        inside = Span(node.span.start + 1, node.span.end - 1)
        if self._yaml and self._lines.has_comment(inside, scalars=tuple(_scalar_spans(node))):
            reason = "a comment inside the brackets would be lost"
            raise EditError(reason)
        above = work.path[-2] if len(work.path) > 1 else None
        broken = self.is_broken(node) or (not node.items and (above is None or self.is_broken(above)))
        writer = self.writer(work.path, broken=broken)
        broken = broken and not isinstance(writer, YamlWriter)
        outer = self._lines.indent(node.span.start)
        indent = outer + self._unit(work.path) if broken else outer
        new = [text for _, _, text in self._new(work, writer, indent)]
        if new and broken:
            between = ",\n" + indent
            text = f"\n{indent}{between.join(new)}\n{outer}"
        else:
            text = writer.comma.join(new)
        self._patch.put(inside.start, inside.end, self._with_eol(text, inside.start), work.depth)

    def _with_eol(self, text: str, offset: int) -> str:
        return text.replace("\n", self._lines.eol(offset))

    def _add(self, work: Work, *, comma_kept: bool) -> None:
        node, last = work.node, work.survivors[-1]
        alone = self._stands_alone(node, last)
        indent = self._lines.indent(node.items[last].start)
        writer = self.writer(work.path, broken=alone)
        groups: dict[int, list[tuple[str, str]]] = {}
        for after, name, text in self._new(work, writer, indent):
            groups.setdefault(after, []).append((name, text))
        for after, new in groups.items():
            if not alone:
                texts = [text for _, text in new]
                self._add_on_line(work, after, texts, writer.comma)
                continue
            texts = [("\n" if name in work.blank_before else "") + "\n" + indent + text for name, text in new]
            if after == last:
                self._add_last(work, texts, comma_kept=comma_kept)
            else:
                self._add_between(work, after, texts, indent)

    def _add_on_line(self, work: Work, after: int, texts: list[str], comma: str) -> None:
        node = work.node
        if after == work.survivors[-1]:
            at = node.items[after].end
            self._patch.put(at, at, self._with_eol("".join(comma + text for text in texts), at), work.depth)
            return
        at = node.items[self._next(work, after)].start
        self._patch.put(at, at, self._with_eol("".join(text + comma for text in texts), at), work.depth)

    @staticmethod
    def _next(work: Work, after: int) -> int:
        return next(index for index in work.survivors if index > after)

    def _add_last(self, work: Work, texts: list[str], *, comma_kept: bool) -> None:
        end = work.node.items[work.survivors[-1]].end
        comma = _AFTER_COMMA.match(self._source, end) if comma_kept else None
        line_end = self._lines.rest_is_comment(end if comma is None else comma.end())
        if comma is not None and line_end is not None:
            self._patch.put(line_end, line_end, self._with_eol(",".join(texts) + ",", end), work.depth)
        elif comma is None and line_end is not None and line_end > end:
            self._patch.put(end, end, ",", work.depth)
            self._patch.put(line_end, line_end, self._with_eol(",".join(texts), end), work.depth)
        else:
            self._patch.put(end, end, self._with_eol("".join("," + text for text in texts), end), work.depth)

    def _add_between(self, work: Work, after: int, texts: list[str], indent: str) -> None:
        following = self._next(work, after)
        at = work.node.items[following].start
        if after >= 0 and following == after + 1:
            comma = _AFTER_COMMA.match(self._source, work.node.items[after].end)
            line_end = None if comma is None else self._lines.rest_is_comment(comma.end())
            if line_end is not None and line_end < at:
                text = "".join(text + "," for text in texts)
                self._patch.put(line_end, line_end, self._with_eol(text, at), work.depth)
                return
        text = "".join(text.lstrip() + ",\n" + indent for text in texts)
        self._patch.put(at, at, self._with_eol(text, at), work.depth)

    def _replace(self, work: Work) -> None:
        for index, values in sorted(work.replaced.items()):
            item = work.node.items[index]
            if item.value is None:
                reason = "the item is empty"
                raise EditError(reason)
            alone = self._stands_alone(work.node, index)
            indent = self._lines.indent(item.start)
            writer = self.writer(work.path, broken=alone)
            comma = ",\n" + indent if alone else writer.comma
            span = item.value.outer
            self._refuse_comments(item.value)
            text = comma.join(writer.over(item.value, value, indent) for value in values)
            self._patch.put(span.start, span.end, self._with_eol(text, span.start), work.depth)

    def set_value(self, path: tuple[Node, ...], item: Item, old: Node | None, value: Written) -> None:
        """Replace the value of an entry of a bracketed mapping, or write it where there is none."""
        if old is None:
            at = item.end if item.mark is None else item.mark
            text = yaml_flow(value)
            self._patch.put(at, at, f": {text}" if item.mark is None else f" {text}", len(path))
            return
        self._refuse_comments(old)
        writer = self.writer(path, broken=self.is_broken(path[-1]))
        text = writer.over(old, value, self._lines.indent(item.start))
        self._patch.put(old.outer.start, old.outer.end, self._with_eol(text, old.outer.start), len(path))

    def _refuse_comments(self, node: Node) -> None:
        if self._yaml and self._lines.has_comment(node.outer, scalars=tuple(_scalar_spans(node))):
            reason = "a comment inside the value would be lost"
            raise EditError(reason)

    # ----------------------------------------------------------------- removal

    def _remove(self, work: Work) -> bool:
        """Remove items; return whether a comma after the last item that stays is still there."""
        node, last = work.node, work.survivors[-1]
        comma_kept = last == len(node.items) - 1
        for run in _runs(work.removed):
            first, final = node.items[run.start], node.items[run.end - 1]
            at_end = run.end == len(node.items)
            span = Span(node.items[last].end, final.end) if at_end else Span(first.start, node.items[run.end].start)
            scalars = tuple(spot for item in node.items[run.start : run.end] for spot in _item_scalars(item))
            if not self._yaml or not self._lines.has_comment(span, scalars=scalars):
                self._patch.put(span.start, span.end, "", work.depth)
                continue
            comma_kept = comma_kept or at_end
            for index in range(run.start, run.end):
                self._remove_line(work, index)
        return comma_kept

    def _remove_line(self, work: Work, index: int) -> None:
        item = work.node.items[index]
        comma = _AFTER_COMMA.match(self._source, item.end)
        line_end = self._lines.rest_is_comment(item.end if comma is None else comma.end())
        if line_end is None or not self._stands_alone(work.node, index):
            reason = "a comment stands between the items"
            raise EditError(reason)
        self._patch.put(self._lines.start(item.start), self._lines.after(line_end), "", work.depth)

    # ----------------------------------------------------------------- one value becomes a list

    def wrap(self, work: Work) -> None:
        """Make a bracketed mapping the first item of a list that ends with the appended items.

        Raises:
            EditError: the mapping carries a tag or an anchor.

        """
        node = work.node
        if node.outer != node.span or len(work.path) < 2:  # noqa: PLR2004 itself and the mapping above
            reason = "the single item cannot be made a list here"
            raise EditError(reason)
        start, end, depth = node.span.start, node.span.end, work.depth - 1
        writer = self.writer(work.path, broken=self.is_broken(node))
        if isinstance(writer, YamlWriter) or not self.is_broken(node):
            items = "".join(writer.comma + writer.item(value, "") for value in work.appended)
            self._patch.put(start, start, "[", depth)
            self._patch.put(end, end, items + "]", depth)
            return
        outer, unit = self._lines.indent(start), self._unit(work.path)
        inner = outer + unit
        items = "".join(f",\n{inner}{writer.item(value, inner)}" for value in work.appended)
        self._patch.put(start, start, self._with_eol(f"[\n{inner}", start), depth)
        for match in _BODY_LINE.finditer(self._source, start, end):
            self._patch.put(match.end(), match.end(), unit, depth + 1000)
        self._patch.shift(Span(start, end - 1), unit, depth)
        self._patch.put(end, end, self._with_eol(f"{items}\n{outer}]", end), depth)


def _is_flow_mapping(node: Node) -> bool:
    return node.kind is Kind.MAPPING and node.style is Style.FLOW


def _runs(indices: set[int]) -> list[Span]:
    runs: list[Span] = []
    for index in sorted(indices):
        if runs and runs[-1].end == index:
            runs[-1] = Span(runs[-1].start, index + 1)
        else:
            runs.append(Span(index, index + 1))
    return runs


def _item_scalars(item: Item) -> list[Span]:
    return [span for part in (item.key, item.value) if part is not None for span in _scalar_spans(part)]


def _scalar_spans(node: Node) -> list[Span]:
    found: list[Span] = []
    stack = [node]
    while stack:
        at = stack.pop()
        if at.is_container:
            stack += reversed([part for item in at.items for part in (item.key, item.value) if part is not None])
        else:
            found.append(at.span)
    return found
