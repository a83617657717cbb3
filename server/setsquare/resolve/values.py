"""What both dialects share in giving expressions their meaning: structures, unions, texts."""

from collections.abc import Callable, Iterable
from collections.abc import Sequence as Sequence_
from decimal import Decimal

from setsquare.model import (
    Absent,
    Expression,
    Known,
    Literal,
    ObjectExpression,
    Opaque,
    Origin,
    Place,
    Referenced,
    Scalar,
    Sequence,
    Structure,
    Text,
    Value,
)
from setsquare.text import Span

MAX_ORIGINS = 64
"""How many origins a value may have; more are one opaque origin."""


def union(values: Iterable[Value], place: Place) -> Value:
    """Return all origins of several values, each once; too many become one that is opaque."""
    found: dict[object, Origin] = {}
    for value in values:
        for origin in value:
            # Of scalars the type too: to Python, 1 is the same as true.
            kind = type(origin.value) if isinstance(origin, Known) else None
            key = id(origin) if isinstance(origin, Structure | Sequence) else (origin, kind)
            found.setdefault(key, origin)
        if len(found) > MAX_ORIGINS:
            return (Opaque(place, "too many alternatives"),)
    return tuple(found.values())


def scalar(place: Place, value: Scalar | None) -> Value:
    """Return a scalar written out, or the explicit null."""
    return (Absent(place),) if value is None else (Known(place, value),)


def text(place: Place, parts: Sequence_[Value], shown: Callable[[], str]) -> Value:
    """Return text put together from parts; alternatives within the parts multiply up to a bound."""
    if len(parts) == 1:
        return parts[0]
    alternatives: list[tuple[str | Referenced | Opaque, ...]] = [()]
    for part in parts:
        options = [_as_part(origin, place) for origin in part]
        alternatives = [(*before, option) for before in alternatives for option in options]
        if len(alternatives) > MAX_ORIGINS:
            return (Opaque(place, shown()),)
    return tuple(_joined(place, pieces) for pieces in alternatives)


def _as_part(origin: Origin, place: Place) -> str | Referenced | Opaque:
    match origin:
        case Known(_, bool() as value):
            return str(value).lower()
        case Known(_, float() as value):
            return f"{Decimal(repr(value)):f}"
        case Known(_, value):
            return str(value)
        case Referenced() | Opaque():
            return origin
        case _:
            return Opaque(place, "a value inside a text")


def _joined(place: Place, pieces: tuple[str | Referenced | Opaque, ...]) -> Origin:
    merged: list[str | Referenced | Opaque] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    if all(isinstance(piece, str) for piece in merged):
        return Known(place, "".join(str(piece) for piece in merged))
    return Text(place, tuple(merged))


def mapping(
    path: str, written: ObjectExpression, evaluate: Callable[[Expression], Value], *, open_keys: bool
) -> Structure:
    """Return a mapping written out; its values are evaluated when they are asked for.

    Args:
        path: the file.
        written: the mapping.
        evaluate: gives an expression its meaning.
        open_keys: some keys are computed, so that no name is certain to be missing.

    """
    table: dict[str, Expression] = {}
    spans: dict[str, Span] = {}
    for entry in written.entries:
        if isinstance(entry.key, Literal):
            table.setdefault(str(entry.key.value), entry.value)
            spans.setdefault(str(entry.key.value), entry.span)
    place = Place(path, written.span)
    cache: dict[str, Value] = {}

    def lookup(name: str) -> Value:
        if name not in cache:
            if name in table:
                cache[name] = evaluate(table[name])
            elif open_keys or not written.complete:
                cache[name] = (Opaque(place, f"whether {name} is there"),)
            else:
                cache[name] = (Absent(),)
        return cache[name]

    return Structure(place, tuple(table), lookup, lambda name: Place(path, spans[name]) if name in spans else None)


def step_into(value: Value, step: str, place: Place, shown: Callable[[], str]) -> Value:
    """Return a member of a value: an attribute, ``[0]`` or ``["key"]``."""
    return union([_member(origin, step, place, shown) for origin in value], place)


def _member(origin: Origin, step: str, place: Place, shown: Callable[[], str]) -> Value:
    name = step[2:-2] if step.startswith('["') else step
    match origin:
        case Structure(lookup=lookup) if not name.startswith("["):
            return lookup(name)
        case Sequence(items=items, complete=True) if name.startswith("[") and name[1:-1].isdigit():
            index = int(name[1:-1])
            return items[index] if index < len(items) else (Opaque(place, shown()),)
        case Sequence(items=(only,), complete=True, blocks=True) if not name.startswith("["):
            return step_into(only, step, place, shown)
        case Referenced(_, target, module):
            return (Referenced(place, (*target, step), module),)
        case Opaque():
            return (Opaque(place, shown(), origin.decided_by),)
        case _:
            return (Opaque(place, shown()),)
