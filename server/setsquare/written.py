"""Trees of what a fix writes: references made concrete, canonical form for fingerprints, merging of insertions."""

from collections.abc import Callable, Iterable
from typing import assert_never

from setsquare.model import (
    DialectExpression,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewEntry,
    ResourceReference,
    Written,
    WrittenMap,
)


class MergeConflictError(Exception):
    """Two insertions want different values at one place."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def with_references(value: Written, refer: Callable[[str, str], ResourceReference]) -> Written:
    """Replace the symbolic references to the primary by concrete ones.

    Args:
        value: what is to be written.
        refer: makes the reference from an attribute and the text after it.

    """
    match value:
        case ResourceReference(_, None, attribute, suffix):
            return refer(attribute, suffix)
        case WrittenMap(entries):
            return WrittenMap(tuple((key, with_references(item, refer)) for key, item in entries))
        case JsonDocument(inner):
            changed = with_references(inner, refer)
            return JsonDocument(changed) if isinstance(changed, WrittenMap) else changed
        case tuple():
            return tuple(with_references(item, refer) for item in value)
        case _:
            return value


def expressions(value: Written) -> Iterable[str]:
    """Yield the dialect expressions inside a written value."""
    match value:
        case DialectExpression(text):
            yield text
        case WrittenMap(entries):
            for _, item in entries:
                yield from expressions(item)
        case JsonDocument(inner):
            yield from expressions(inner)
        case tuple():
            for item in value:
                yield from expressions(item)
        case _:
            pass


def as_data(value: Written) -> object:
    """Return a written value as JSON data: the canonical form that fingerprints are made of."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case DialectExpression(text):
            return {"$expr": text}
        case ResourceReference(kind, name, attribute, suffix):
            target = "$self" if name is None else f"{kind}.{name}"
            return {"$reference": [target, attribute, suffix]}
        case WrittenMap(entries):
            return {key: as_data(item) for key, item in entries}
        case JsonDocument(inner):
            return {"$json": as_data(inner)}
        case tuple():
            return [as_data(item) for item in value]
        case _:
            assert_never(value)


def merge_entries(entries: Iterable[NewEntry]) -> tuple[NewEntry, ...]:
    """Merge insertions into one body: blocks of one name become one, equal attributes become one.

    Raises:
        MergeConflictError: two entries want different values at one place.

    """
    merged: dict[tuple[str, object], NewEntry] = {}
    for entry in entries:
        key = (entry.name, entry.key if isinstance(entry, NewBlock) else None)
        merged[key] = _merge(merged[key], entry) if key in merged else entry
    return tuple(_with_merged_children(entry) for entry in merged.values())


def _with_merged_children(entry: NewEntry) -> NewEntry:
    if isinstance(entry, NewBlock):
        return NewBlock(entry.name, merge_entries(entry.entries), entry.as_list, entry.key)
    return entry


def _merge(one: NewEntry, other: NewEntry) -> NewEntry:
    match one, other:
        case NewBlock(), NewBlock():
            return NewBlock(one.name, merge_entries((*one.entries, *other.entries)), one.as_list, one.key)
        case NewAttribute(), NewAttribute():
            return NewAttribute(one.name, merge_values(one.name, one.value, other.value))
        case _:
            raise MergeConflictError(one.name)


def merge_values(name: str, one: Written, other: Written) -> Written:
    """Merge two values for one name: maps key by key, documents by their statements.

    Raises:
        MergeConflictError: the values differ and cannot stand together.

    """
    if repr(one) == repr(other):  # repr, since Python takes 1 and True for the same
        return one
    match one, other:
        case WrittenMap(left), WrittenMap(right):
            table = dict(left)
            for key, value in right:
                table[key] = merge_values(f"{name}.{key}", table[key], value) if key in table else value
            return WrittenMap(tuple(table.items()))
        case JsonDocument(left_map), JsonDocument(right_map):
            return JsonDocument(_merge_documents(name, left_map, right_map))
        case tuple(), tuple():
            return _merge_lists(name, one, other)
        case _:
            raise MergeConflictError(name)


def _merge_lists(name: str, one: tuple[Written, ...], other: tuple[Written, ...]) -> tuple[Written, ...]:
    """Merge lists: an item that contradicts no item that is there completes it, any other one is a further item."""
    items = list(one)
    for item in other:
        for index, known in enumerate(items):
            try:
                items[index] = merge_values(name, known, item)
            except MergeConflictError:
                continue
            break
        else:
            items.append(item)
    return tuple(items)


def _merge_documents(name: str, one: WrittenMap, other: WrittenMap) -> WrittenMap:
    """Merge documents: a statement never completes another one."""
    table = dict(one.entries)
    for key, value in other.entries:
        known = table.get(key, value)
        if isinstance(known, tuple) and isinstance(value, tuple):
            table[key] = tuple({repr(item): item for item in (*known, *value)}.values())
        else:
            table[key] = merge_values(f"{name}.{key}", known, value)
    return WrittenMap(tuple(table.items()))
