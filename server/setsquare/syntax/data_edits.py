"""Symbolic changes of a YAML or JSON file, as disjoint edits.

Changes are gathered by the container that they touch, and each container is written once: so the result does not
depend on the order of the changes, and changes one at a time end where the batch does.
"""

from collections.abc import Iterable, Sequence

from setsquare.documents import Format
from setsquare.model import (
    Change,
    ExtendList,
    Insert,
    NewBlock,
    NewResource,
    Remove,
    ReplaceItem,
    SetValue,
    Written,
    WrittenMap,
)
from setsquare.syntax import template_resources, tf_json_resources
from setsquare.syntax.data_nodes import Item, Kind, Node, Style, Tree, key_text
from setsquare.syntax.data_patch import Patch, SourceLines
from setsquare.syntax.data_render import written_entry
from setsquare.syntax.data_work import Work
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.flow_edits import FlowEditor
from setsquare.syntax.json_tree import json_tree
from setsquare.syntax.yaml_edits import BlockEditor, is_filled, restyled
from setsquare.syntax.yaml_events import event_tree
from setsquare.syntax.yaml_tree import SitterTree
from setsquare.text import Edit, Span


def plan(source: bytes, format: Format, changes: Sequence[Change]) -> tuple[Edit, ...]:  # noqa: A002 the project's word
    """Turn all changes of one file into disjoint edits, the same for every order of the changes.

    Args:
        source: the file, as the spans of the changes count it.
        format: ``YAML``, ``JSON``, ``TF_JSON`` or ``TFVARS_JSON``.
        changes: what is to be done; the same change twice is one change.

    Raises:
        EditError: a change cannot be made safely; no edit of the plan may be used then.

    """
    if not changes:
        return ()
    if format is not Format.YAML:
        return _Planner(source, format, json_tree(source)).plan(changes)
    try:
        return _Planner(source, format, SitterTree(source)).plan(changes)
    except _UnreadableError as error:
        try:
            return _Planner(source, format, event_tree(source)).plan(changes)
        except EditError:
            raise error from None


class _UnreadableError(EditError):
    """The tree has nothing sound at the place; another reader may do better."""


class _Planner:
    """One plan over one tree."""

    def __init__(self, source: bytes, format: Format, tree: Tree) -> None:  # noqa: A002 the project's word
        self._source = source
        self._format = format
        self._tree = tree
        self._lines = SourceLines(source)
        self._patch = Patch()
        self._block = BlockEditor(self._lines, self._patch)
        self._flow = FlowEditor(self._lines, self._patch, format.dialect, yaml=format is Format.YAML)
        self._works: dict[Span, Work] = {}

    def plan(self, changes: Sequence[Change]) -> tuple[Edit, ...]:
        if self._format is Format.YAML and self._source.count(b"\r") != self._source.count(b"\r\n"):
            reason = "the file has line ends of a lone carriage return"
            raise EditError(reason)
        distinct = _distinct(changes)
        self._lists(distinct)
        self._inserts([change for change in distinct if isinstance(change, Insert)])
        self._resources([change for change in distinct if isinstance(change, NewResource)])
        for change in distinct:
            if isinstance(change, SetValue):
                self._set(change)
        for work in self._works.values():
            self._apply(work)
        return self._patch.edits()

    # ----------------------------------------------------------------- places

    def _work(self, path: tuple[Node, ...]) -> Work:
        node = path[-1]
        for above in path:
            if above.anchored:
                reason = "the text has an anchor: it may be used in several places"
                raise EditError(reason)
        return self._works.setdefault(node.span, Work(node, path))

    def _container(self, span: Span) -> tuple[Node, ...]:
        """Return the containers down to the one at the span."""
        path = self._tree.path(span.start)
        for depth in range(len(path), 0, -1):
            node = path[depth - 1]
            if span.start in (node.outer.start, node.span.start) and self._same_end(node.span.end, span.end):
                if not node.sound:
                    break
                return path[:depth]
        self._refuse_shared(span, path)
        raise self._unreadable(span)

    def _entry(self, span: Span) -> tuple[tuple[Node, ...], int]:
        """Return the containers down to the one with an item at the span, and the item's index."""
        path = self._tree.path(span.start)
        for depth in range(len(path), 0, -1):
            for index, item in enumerate(path[depth - 1].items):
                if self._is_at(item, span):
                    if not item.sound:
                        raise self._unreadable(span)
                    return path[:depth], index
        raise self._unreadable(span)

    def _is_at(self, item: Item, span: Span) -> bool:
        starts = {item.start}
        if item.key is None and item.value is not None:
            starts |= {item.value.outer.start, item.value.span.start}
        return span.start in starts and self._same_end(item.end, span.end)

    def _value(self, span: Span) -> tuple[tuple[Node, ...], int]:
        """Return the containers down to the one whose item has its value at the span, and the item's index."""
        at = span.start
        if span.start == span.end:
            at = len(self._source[: span.start].rstrip(b" \t")) - 1
        path = self._tree.path(max(at, 0))
        for depth in range(len(path), 0, -1):
            for index, item in enumerate(path[depth - 1].items):
                if self._holds_value(item, span, at):
                    if not item.sound and (item.value is None or not item.value.sound):
                        raise self._unreadable(span)
                    return path[:depth], index
        raise self._unreadable(span)

    def _holds_value(self, item: Item, span: Span, at: int) -> bool:
        value = item.value
        if value is None or value.span.start == value.span.end:
            return span.start == span.end and at + 1 == (item.end if item.mark is None else item.mark)
        starts = (value.outer.start, value.span.start)
        return span.start in starts and self._same_end(value.outer.end, span.end)

    def _same_end(self, one: int, other: int) -> bool:
        return not self._source[min(one, other) : max(one, other)].strip()

    def _refuse_shared(self, span: Span, path: tuple[Node, ...]) -> None:
        for node in path:
            for item in node.items:
                if item.value is not None and item.value.kind is Kind.ALIAS and item.value.outer.start == span.start:
                    raise _alias()

    def _unreadable(self, span: Span) -> EditError:
        return _UnreadableError(f"the text at byte {span.start} cannot be read as what it should be")

    # ----------------------------------------------------------------- mappings

    def _inserts(self, changes: Sequence[Insert]) -> None:
        gathered: dict[Span, tuple[tuple[Node, ...], dict[str, Written], set[str]]] = {}
        for change in changes:
            path = self._container(change.span)
            _, entries, siblings = gathered.setdefault(path[-1].span, (path, {}, set()))
            siblings |= change.siblings
            for entry in change.entries:
                name, value = written_entry(entry)
                known = entries.get(name)
                if isinstance(entry, NewBlock) and entry.key is not None and isinstance(known, tuple):
                    value = (*known, *(value if isinstance(value, tuple) else (value,)))
                elif name in entries:
                    value = _merged(name, known, value)
                entries[name] = value
        for path, entries, siblings in gathered.values():
            self._insert(path, entries, frozenset(siblings | set(entries)))

    def _insert(self, path: tuple[Node, ...], entries: dict[str, Written], siblings: frozenset[str]) -> None:
        node = path[-1]
        if node.kind is not Kind.MAPPING:
            reason = "there is no mapping to insert into"
            raise EditError(reason)
        work = self._work(path)
        keys = [(index, key_text(node.items[index], self._source)) for index in work.survivors]
        names = {name for _, name in keys}
        if "<<" in names:
            reason = "the mapping is merged with another one (<<)"
            raise EditError(reason)
        if taken := sorted(names & set(entries)):
            reason = f"{taken[0]} is there already"
            raise EditError(reason)
        last = keys[-1][0] if keys else -1
        run = _sorted_suffix(keys, siblings)
        for name in sorted(entries):
            before = next((place for place, (_, key) in enumerate(run) if key > name), None)
            after = last if before is None else self._before(run, before, work)
            work.placed.append((after, name, entries[name]))

    @staticmethod
    def _before(run: list[tuple[int, str]], place: int, work: Work) -> int:
        """Return the index of the item that stays before a place of the run; -1 where there is none."""
        return max((index for index in work.survivors if index < run[place][0]), default=-1)

    # ----------------------------------------------------------------- lists and removal

    def _lists(self, changes: Iterable[Change]) -> None:
        extended: dict[Span, tuple[Work, list[Written]]] = {}
        for change in changes:
            match change:
                case ExtendList():
                    work = self._work(self._container(change.span))
                    _, items = extended.setdefault(work.node.span, (work, []))
                    items.extend(item for item in change.items if item not in items)
                case ReplaceItem():
                    self._replace(change)
                case Remove():
                    path, index = self._entry(change.span)
                    self._remove(self._work(path), index)
                case _:
                    continue
        several = sum(isinstance(change, ExtendList) for change in changes) > len(extended)
        for work, items in extended.values():
            work.appended += sorted(items, key=repr) if several else items

    def _remove(self, work: Work, index: int) -> None:
        if any(key_text(item, self._source) == "<<" for item in work.node.items):
            reason = "the mapping is merged with another one (<<)"
            raise EditError(reason)
        work.removed.add(index)

    def _replace(self, change: ReplaceItem) -> None:
        path, index = self._entry(change.span)
        item = path[-1].items[index]
        if path[-1].kind is not Kind.SEQUENCE:
            reason = "there is no list item to replace"
            raise EditError(reason)
        _refuse_alias(item.value)
        work = self._work(path)
        if index in work.replaced:
            reason = "two changes touch the same text"
            raise EditError(reason)
        if change.items:
            work.replaced[index] = change.items
        else:
            work.removed.add(index)

    # ----------------------------------------------------------------- values

    def _set(self, change: SetValue) -> None:
        path, index = self._value(change.span)
        node, item = path[-1], path[-1].items[index]
        _refuse_alias(item.value)
        if key_text(item, self._source) == "<<":
            reason = "the mapping is merged with another one (<<)"
            raise EditError(reason)
        if node.kind is Kind.SEQUENCE:
            work = self._work(path)
            if index in work.replaced:
                reason = "two changes touch the same text"
                raise EditError(reason)
            work.replaced[index] = (change.value,)
            return
        self._refuse_anchors(path)
        if node.style is Style.FLOW:
            self._flow.set_value(path, item, item.value, change.value)
        elif is_filled(change.value) and not _is_filled_flow(item.value):
            self._block.set_below(item, change.value, self._block.style(path), len(path))
        elif item.value is None:
            empty = Node(Kind.SCALAR, Style.PLAIN, change.span, change.span)
            self._block.set_inline(item, restyled(self._source, empty, change.value, flow=False), len(path))
        else:
            flow = _is_filled_flow(item.value) and is_filled(change.value)
            text = restyled(self._source, item.value, change.value, flow=flow)
            self._block.set_inline(item, text, len(path))

    @staticmethod
    def _refuse_anchors(path: tuple[Node, ...]) -> None:
        for above in path:
            if above.anchored:
                raise _anchor()

    # ----------------------------------------------------------------- resources

    def _resources(self, changes: Sequence[NewResource]) -> None:
        if not changes:
            return
        if self._format is Format.TF_JSON:
            self._terraform_resources(changes)
            return
        for change in changes:
            if change.for_each is not None or change.count is not None:
                reason = "a template has no count and no for_each"
                raise EditError(reason)
        groups: dict[tuple[Span, int], tuple[tuple[Node, ...], list[NewResource]]] = {}
        for change in changes:
            path, index = self._primary(change.span)
            groups.setdefault((path[-1].span, index), (path, []))[1].append(change)
        for (_, index), (path, new) in groups.items():
            is_yaml = self._format is Format.YAML
            template_resources.place_resources(self._work(path), index, new, self._source, is_yaml=is_yaml)

    def _terraform_resources(self, changes: Sequence[NewResource]) -> None:
        groups: dict[tuple[Span, str | None], tuple[tuple[Node, ...], list[NewResource]]] = {}
        for change in changes:
            types, kind = self._types(change.span)
            groups.setdefault((types[-1].span, kind), (types, []))[1].append(change)
        for (_, kind), (types, new) in groups.items():
            tf_json_resources.place_resources(types, kind, new, self._source, self._work)

    def _types(self, primary: Span | None) -> tuple[tuple[Node, ...], str | None]:
        """Return the containers down to the mapping of resource types, and the type of the primary."""
        if primary is not None:
            path, _ = self._entry(primary)
            depth = next((at for at, node in enumerate(path) if at and node.kind is Kind.MAPPING), len(path))
            for item in path[depth].items if depth + 1 < len(path) else ():
                if item.value is not None and item.value.outer == path[depth + 1].outer:
                    return path[: depth + 1], key_text(item, self._source)
        root = self._tree.root(0)
        for item in () if primary is not None or root is None else root.items:
            if key_text(item, self._source) == "resource" and root is not None and item.value is not None:
                return (root, item.value), None
        reason = "the file has no resources to follow"
        raise EditError(reason)

    def _primary(self, span: Span | None) -> tuple[tuple[Node, ...], int]:
        if span is not None:
            return self._entry(span)
        root = self._tree.root(len(self._source)) or self._tree.root(0)
        for item in () if root is None else root.items:
            if key_text(item, self._source) == "Resources" and item.value is not None and item.value.items:
                path = self._tree.path(item.value.items[0].start)
                return path[:2], -1
        reason = "the template has no resources to follow"
        raise EditError(reason)

    # ----------------------------------------------------------------- writing

    def _apply(self, work: Work) -> None:
        node = work.node
        if node.kind is Kind.MAPPING and work.appended:
            self._wrap(work)
        elif node.style is Style.BLOCK:
            self._block.apply(work)
        elif not node.items and self._is_below_block(work):
            self._expand(work)
        else:
            self._flow.apply(work)

    def _wrap(self, work: Work) -> None:
        if work.removed or work.replaced or work.placed or not work.node.items:
            reason = "the single item cannot be made a list while it is changed itself"
            raise EditError(reason)
        editor = self._block if work.node.style is Style.BLOCK else self._flow
        editor.wrap(work)

    def _is_below_block(self, work: Work) -> bool:
        parent = work.parent
        return parent is not None and parent[0].style is Style.BLOCK

    def _expand(self, work: Work) -> None:
        """Write the new entries of an empty ``{}`` or ``[]`` as a block below the key."""
        parent = work.parent
        if parent is None or work.node.outer != work.node.span:
            reason = "the empty collection carries a tag or an anchor"
            raise EditError(reason)
        above, item = parent
        value: Written = WrittenMap(tuple((name, inner) for _, name, inner in work.placed))
        if work.node.kind is Kind.SEQUENCE:
            value = tuple(work.appended)
        style = self._block.style(work.path[:-1])
        if above.kind is Kind.MAPPING:
            self._block.set_below(item, value, style, work.depth)
        else:
            self._block.set_beside(item, value, style, work.depth, self._lines.column(item.start))


def _distinct(changes: Sequence[Change]) -> list[Change]:
    """Return the changes without repetitions, in an order that does not depend on theirs."""
    found: dict[tuple[str, int, int, str], Change] = {}
    for change in changes:
        content = repr(
            [getattr(change, name) for name in ("value", "items", "entries", "type", "name") if hasattr(change, name)]
        )
        span = change.span or Span(-1, -1)
        siblings = sorted(map(repr, getattr(change, "siblings", ())))
        found[type(change).__name__, *span, content + repr(siblings)] = change
    return [found[key] for key in sorted(found)]


def _sorted_suffix(keys: Sequence[tuple[int, str]], siblings: frozenset[str]) -> list[tuple[int, str]]:
    """Return the longest sorted run of siblings at the end."""
    run: list[tuple[int, str]] = []
    for index, name in reversed(keys):
        if name not in siblings or (run and name > run[-1][1]):
            break
        run.append((index, name))
    return run[::-1]


def _merged(name: str, one: Written, other: Written) -> Written:
    """Return one value for a key that two changes insert."""
    if one == other and type(one) is type(other):
        return one
    if isinstance(one, WrittenMap) and isinstance(other, WrittenMap):
        entries = dict(one.entries)
        for key, value in other.entries:
            entries[key] = value if key not in entries else _merged(key, entries[key], value)
        return WrittenMap(tuple(sorted(entries.items())))
    reason = f"two changes give {name} different values"
    raise EditError(reason)


def _is_filled_flow(node: Node | None) -> bool:
    return (
        node is not None
        and node.is_container
        and node.style is Style.FLOW
        and bool(node.items)
        and node.outer == node.span
    )


def _refuse_alias(node: Node | None) -> None:
    if node is not None and node.kind is Kind.ALIAS:
        raise _alias()
    if node is not None and node.anchored:
        raise _anchor()


def _alias() -> EditError:
    return EditError("the value is an alias: its text stands elsewhere and may be used in several places")


def _anchor() -> EditError:
    return EditError("the text has an anchor: it may be used in several places")
