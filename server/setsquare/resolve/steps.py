"""Steps into values: attributes, indices, splats."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from setsquare.model import Absent, Known, Opaque, Origin, Place, Referenced, Structure, Value
from setsquare.model import Sequence as SequenceOrigin
from setsquare.resolve import values

Step = str | Value
"""A step as a reference has it, or the value of a computed index."""


def walk(value: Value, steps: Sequence[Step], place: Place, shown: Callable[[], str]) -> Value:
    """Return what steps lead to; of a splat, what the steps after it lead to in each item."""
    for at, step in enumerate(steps):
        if step == "[*]" and any(not isinstance(origin, Referenced | Opaque) for origin in value):
            rest = steps[at + 1 :]
            return values.union([_splat(origin, rest, place, shown) for origin in value], place)
        value = values.union([_into(origin, step, place, shown) for origin in value], place)
    return value


def index_step(key: Value) -> str:
    """Return a computed index as a step: ``[]`` where it is not known."""
    match key:
        case (Known(_, str() as name),):
            return f'["{name}"]'
        case (Known(_, int() as number),) if not isinstance(number, bool):
            return f"[{number}]"
        case _:
            return "[]"


def _splat(origin: Origin, steps: Sequence[Step], place: Place, shown: Callable[[], str]) -> Value:
    match origin:
        case SequenceOrigin(items=items):
            found = tuple(walk(item, steps, place, shown) for item in items)
            return (SequenceOrigin(place, found, origin.complete),)
        case Absent():
            return (SequenceOrigin(place, ()),)
        case Referenced() | Opaque():
            return walk((origin,), ("[*]", *steps), place, shown)
        case _:
            return (SequenceOrigin(place, (walk((origin,), steps, place, shown),)),)


def _into(origin: Origin, step: Step, place: Place, shown: Callable[[], str]) -> Value:
    if isinstance(step, str):
        return _member(origin, step, place, shown)
    found: list[Value] = []
    for key in step:
        match key:
            case Known(_, bool()) | Absent():
                found.append((Opaque(place, shown(), failed=True),))
            case Known(_, str() as name):
                found.append(_member(origin, f'["{name}"]', place, shown))
            case Known(_, number):
                found.append(_member(origin, f"[{number}]", place, shown))
            case _:
                found.append(_any_member(origin, key, place, shown))
    return values.union(found, place)


def _any_member(origin: Origin, key: Origin, place: Place, shown: Callable[[], str]) -> Value:
    decided_by = key.decided_by if isinstance(key, Opaque) else None
    match origin:
        case Structure(names=(_, *_) as names, lookup=lookup, is_block=False) if not origin.is_open:
            return values.union([lookup(name) for name in names], place)
        case SequenceOrigin(items=(_, *_) as items, complete=True):
            return values.union(items, place)
        case Referenced(_, target):
            return (replace(origin, place=place, target=(*target, "[]")),)
        case _:
            return (Opaque(place, shown(), decided_by),)


def _member(origin: Origin, step: str, place: Place, shown: Callable[[], str]) -> Value:
    match origin:
        case Structure():
            return _of_structure(origin, _key(step), place, shown)
        case SequenceOrigin(items=(only,), complete=True, blocks=True) if not step.startswith("["):
            return walk(only, (step,), place, shown)
        case SequenceOrigin(items=items, complete=True) if _key(step).isdigit():
            index = int(_key(step))
            return items[index] if index < len(items) else (Opaque(place, shown(), failed=True),)
        case SequenceOrigin(complete=False):
            return (Opaque(place, shown()),)
        case Referenced(_, target):
            return (replace(origin, place=place, target=(*target, step)),)
        case Opaque():
            return (Opaque(place, shown(), origin.decided_by, failed=origin.failed),)
        case _:
            return (Opaque(place, shown(), failed=True),)


def _key(step: str) -> str:
    if step.startswith('["'):
        return step[2:-2]
    return step[1:-1] if step.startswith("[") else step


def _of_structure(origin: Structure, name: str, place: Place, shown: Callable[[], str]) -> Value:
    found = origin.lookup(name)
    is_missing = name not in origin.names and not origin.is_block
    if is_missing and all(isinstance(inner, Absent) for inner in found):
        return (Opaque(place, shown(), failed=True),)
    return found
