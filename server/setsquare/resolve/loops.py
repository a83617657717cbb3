"""``for`` expressions: the list or object that they make of a collection."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from setsquare.model import Absent, For, Known, Opaque, Origin, Place, Sequence, Value
from setsquare.resolve import values
from setsquare.resolve.conditions import as_truth
from setsquare.resolve.elements import MAX_WORK, Elements, decided_by, elements_of
from setsquare.resolve.frames import Frame
from setsquare.resolve.functions.plain import MAX_ITEMS, as_text
from setsquare.resolve.plain_values import table

if TYPE_CHECKING:
    from setsquare.resolve.meanings import Meanings


def for_value(meanings: "Meanings", loop: For, frame: Frame, place: Place) -> Value:
    """Return what a ``for`` expression means."""
    collection = meanings.value(loop.collection, frame)
    return values.union([_of_collection(meanings, loop, frame, place, origin) for origin in collection], place)


def _of_collection(meanings: "Meanings", loop: For, frame: Frame, place: Place, origin: Origin) -> Value:
    found = elements_of(origin)
    if found is None:
        failed = isinstance(origin, Absent | Known) or (isinstance(origin, Opaque) and origin.failed)
        return (Opaque(place, meanings.shown(place), decided_by((origin,)), failed=failed),)
    count = len(found.pairs)
    if count > MAX_ITEMS or count * frame.work > MAX_WORK:
        meanings.note(place, f"this expression goes through more than {min(MAX_ITEMS, MAX_WORK)} elements")
        return (Opaque(place, meanings.shown(place)),)
    steps = [frame.inside(_names(loop.names, key, value), count) for key, value in found.pairs]
    kept, complete = _filtered(meanings, loop, steps, found)
    if loop.key is None:
        items = tuple(meanings.value(loop.value, inside) for inside in kept)
        return (Sequence(place, items, complete=complete),)
    return _object(meanings, loop, kept, place, complete=complete)


def _names(names: tuple[str, ...], key: Value, value: Value) -> dict[str, Value]:
    return {names[-1]: value} if len(names) == 1 else {names[0]: key, names[1]: value}


def _filtered(meanings: "Meanings", loop: For, steps: list[Frame], found: Elements) -> tuple[list[Frame], bool]:
    """Return the elements that are kept for certain, and whether those are all."""
    if loop.condition is None:
        return steps, found.complete
    answers = [as_truth(meanings.value(loop.condition, inside)) for inside in steps]
    kept = [inside for inside, answer in zip(steps, answers, strict=True) if answer]
    return kept, found.complete and None not in answers


def _object(meanings: "Meanings", loop: For, steps: list[Frame], place: Place, *, complete: bool) -> Value:
    members: dict[str, list[Callable[[], Value]]] = {}
    for inside in steps:
        key = _key(meanings.value(loop.key, inside)) if loop.key is not None else None
        if key is None:
            complete = False
            continue
        members.setdefault(key, []).append(_later(meanings, loop, inside))
    if not loop.grouped and any(len(found) > 1 for found in members.values()):
        return (Opaque(place, meanings.shown(place), failed=True),)
    missing = None if complete else Opaque(place, meanings.shown(place))
    if loop.grouped:
        grouped = {key: _group(place, found, complete=complete) for key, found in members.items()}
        return (table(place, grouped, missing=missing),)
    return (table(place, {key: found[0] for key, found in members.items()}, missing=missing),)


def _later(meanings: "Meanings", loop: For, inside: Frame) -> Callable[[], Value]:
    return lambda: meanings.value(loop.value, inside)


def _group(place: Place, members: list[Callable[[], Value]], *, complete: bool) -> Callable[[], Value]:
    return lambda: (Sequence(place, tuple(member() for member in members), complete=complete),)


def _key(value: Value) -> str | None:
    match value:
        case (Known(_, bool() | int() | str() as known),):
            return as_text(known)
        case _:
            return None
