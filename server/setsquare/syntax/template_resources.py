"""Where a new resource goes in a template: ``{"Resources": {name: {"Type": type, "Properties": body}}}``.

It joins the companions that follow the primary, or, where it has none, those at the end. Both are sorted by type and
name, so that no order of repairs matters.
"""

from collections.abc import Sequence
from itertools import pairwise

from setsquare.model import NewResource, Written, WrittenMap
from setsquare.syntax.data_nodes import Item, key_text, scalar_text
from setsquare.syntax.data_render import written_entry
from setsquare.syntax.data_work import Work
from setsquare.syntax.edit_error import EditError

_Identity = tuple[str, str]
"""The type and the name of a resource: what companions are sorted by."""


def place_resources(work: Work, primary: int, new: Sequence[NewResource], source: bytes, *, is_yaml: bool) -> None:
    """Note new resources in the mapping of the resources.

    Args:
        work: the notes of that mapping.
        primary: the index of the resource that they follow; -1 where they go to the end.
        new: the resources.
        source: the text.
        is_yaml: in YAML a resource that joins a single one stands apart from it by a blank line.

    Raises:
        EditError: a name is taken.

    """
    items = work.node.items
    names = {key_text(item, source) for item in items}
    siblings = {pair for change in new for pair in change.siblings} | {(change.type, change.name) for change in new}
    identities = [_identity(item, source) for item in items]
    run = _run(identities, primary + 1, siblings) if primary >= 0 else _trailing_run(identities, siblings)
    blank = is_yaml if len(items) == 1 else _are_apart(items, source)
    for change in sorted(new, key=lambda change: (change.type, change.name)):
        if change.name in names:
            reason = f"{change.name} is there already"
            raise EditError(reason)
        names.add(change.name)
        identity = (change.type, change.name)
        end = primary + 1 + len(run) if primary >= 0 else len(items)
        before = next((place for place, other in run if other > identity), end)
        work.placed.append((before - 1, change.name, _resource(change)))
        if blank:
            work.blank_before.add(change.name)


def _run(identities: Sequence[_Identity], start: int, siblings: set[_Identity]) -> list[tuple[int, _Identity]]:
    """Return the sorted run of siblings from a place on."""
    run: list[tuple[int, _Identity]] = []
    for place in range(start, len(identities)):
        identity = identities[place]
        if identity not in siblings or (run and run[-1][1] > identity):
            break
        run.append((place, identity))
    return run


def _trailing_run(identities: Sequence[_Identity], siblings: set[_Identity]) -> list[tuple[int, _Identity]]:
    """Return the sorted run of siblings at the end."""
    run: list[tuple[int, _Identity]] = []
    for place in range(len(identities) - 1, -1, -1):
        identity = identities[place]
        if identity not in siblings or (run and run[-1][1] < identity):
            break
        run.append((place, identity))
    return run[::-1]


def _identity(item: Item, source: bytes) -> _Identity:
    kind = ""
    if item.value is not None:
        for inner in item.value.items:
            if key_text(inner, source) == "Type" and inner.value is not None:
                kind = scalar_text(inner.value, source)
    return kind, key_text(item, source)


def _are_apart(items: Sequence[Item], source: bytes) -> bool:
    """Whether a blank line stands between most resources."""
    pairs = list(pairwise(items))
    blank = sum(_is_apart(before, after, source) for before, after in pairs)
    return 2 * blank >= len(pairs)


def _is_apart(before: Item, after: Item, source: bytes) -> bool:
    between = source[before.end : after.start].replace(b"\r", b"").replace(b"\t", b"").replace(b" ", b"")
    return b"\n\n" in between


def _resource(change: NewResource) -> WrittenMap:
    entries = tuple(written_entry(entry) for entry in change.entries)
    body: tuple[tuple[str, Written], ...] = (("Type", change.type),)
    return WrittenMap((*body, ("Properties", WrittenMap(entries))) if entries else body)
