"""Where a new resource goes in Terraform's JSON syntax: ``{"resource": {type: {name: body}}}``.

A type is one key, whatever number of resources has it: a new resource joins the others of its type, or its type is a
new key after the primary's. Both are sorted among the companions there, so that no order of repairs matters.
"""

from collections.abc import Callable, Sequence

from setsquare.model import DialectExpression, NewResource, Written, WrittenMap
from setsquare.syntax.data_nodes import Item, Kind, Node, key_text
from setsquare.syntax.data_render import written_entry
from setsquare.syntax.data_work import Work
from setsquare.syntax.edit_error import EditError

Path = tuple[Node, ...]
"""The containers from the document's root to one of them."""


def place_resources(
    types: Path,
    after: str | None,
    new: Sequence[NewResource],
    source: bytes,
    work: Callable[[Path], Work],
) -> None:
    """Note new resources in the mappings that they go into.

    Args:
        types: down to the mapping of the resource types.
        after: the type of the primary; None where new types go to the end.
        new: the resources.
        source: the text.
        work: gives the notes of a mapping.

    Raises:
        EditError: the resources are not written as mappings of mappings, or a name is taken.

    """
    if types[-1].kind is not Kind.MAPPING:
        raise _no_mapping()
    names = {change.type: {name for kind, name in change.siblings if kind == change.type} for change in new}
    companions = {kind for change in new for kind, _ in change.siblings} | set(names)
    known = {key_text(item, source): item for item in types[-1].items}
    keys = [key_text(item, source) for item in types[-1].items]
    for kind in sorted(names):
        bodies = {change.name: _body(change) for change in new if change.type == kind}
        if kind in known:
            inner = _mapping_of(known[kind])
            there = [key_text(item, source) for item in inner.items]
            for name in sorted(bodies):
                if name in there:
                    reason = f"{name} is there already"
                    raise EditError(reason)
                place = _place(there, len(there), name, names[kind] | set(bodies))
                work((*types, inner)).placed.append((place, name, bodies[name]))
        else:
            start = keys.index(after) + 1 if after in keys else len(keys)
            end = next((at for at in range(start, len(keys)) if keys[at] not in companions), len(keys))
            place = _place(keys[start:end], end - start, kind, companions) + start
            group: Written = WrittenMap(tuple(sorted(bodies.items())))
            work(types).placed.append((place, kind, group))


def _place(keys: Sequence[str], end: int, key: str, run: set[str]) -> int:
    """Return the index of the key that a new one follows: the last, or the one before the first greater of the run."""
    start = end
    while start > 0 and keys[start - 1] in run and (start == end or keys[start - 1] < keys[start]):
        start -= 1
    return next((at for at in range(start, end) if keys[at] > key), end) - 1


def _mapping_of(item: Item) -> Node:
    if item.value is None or item.value.kind is not Kind.MAPPING:
        raise _no_mapping()
    return item.value


def _no_mapping() -> EditError:
    return EditError("the resources are a list here, and a new one has no certain place in it")


def _body(change: NewResource) -> WrittenMap:
    repeated = {"for_each": change.for_each, "count": change.count}
    meta = tuple((name, DialectExpression(text)) for name, text in repeated.items() if text is not None)
    return WrittenMap((*meta, *(written_entry(entry) for entry in change.entries)))
