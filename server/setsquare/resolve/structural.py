"""Functions that hand on parts of their arguments, each with the place where it is written.

Each takes the place of the call and one origin per argument, and raises what functions over plain values raise:
FunctionError where Terraform refuses, UnknownError where too little is known.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

from setsquare.logic import unanimous
from setsquare.model import Absent, Known, Opaque, Origin, Place, Referenced, Scalar, Sequence, Structure, Text, Value
from setsquare.resolve.functions.plain import (
    MAX_ITEMS,
    FunctionError,
    Plain,
    UndecidedError,
    as_bool,
    as_number,
    as_text,
    as_whole,
    characters,
    identity,
)
from setsquare.resolve.plain_values import UnknownError, plains, table

StructuralFunction = Callable[..., Value]
_UNKNOWN = (Opaque, Referenced, Text)


def _refuse(message: str) -> NoReturn:
    raise FunctionError(message)


def _mismatch(origin: Origin, message: str) -> NoReturn:
    """Raise for an argument that is not what is asked for, or not known to be."""
    if isinstance(origin, _UNKNOWN) or (isinstance(origin, Structure | Sequence) and not _is_whole(origin)):
        raise UnknownError(origin)
    raise FunctionError(message)


def _is_whole(origin: Structure | Sequence) -> bool:
    return origin.complete if isinstance(origin, Sequence) else not origin.is_open


def _list(origin: Origin) -> Sequence:
    """Take a list whose items are all known to be there."""
    if isinstance(origin, Sequence) and origin.complete:
        return origin
    _mismatch(origin, "a list is required")


def _map(origin: Origin) -> Structure:
    """Take a map whose names are all known."""
    if isinstance(origin, Structure) and not origin.is_block and not origin.is_open:
        return origin
    _mismatch(origin, "a map is required")


def _plain(origin: Origin) -> Plain:
    """Take a scalar."""
    match origin:
        case Known():
            return plains(origin)[0]
        case Absent():
            return None
        case Structure() | Sequence():
            _refuse("a scalar is required")
        case _:
            raise UnknownError(origin)


def _scalar_of(value: int | Decimal) -> Scalar:
    return value if isinstance(value, int) else float(value)


def _bounded(items: Iterable[Value]) -> tuple[Value, ...]:
    found = tuple(items)
    if len(found) > MAX_ITEMS:
        message = f"more than {MAX_ITEMS} items"
        raise UndecidedError(message)
    return found


def _only(value: Value) -> Known | None:
    return value[0] if len(value) == 1 and isinstance(value[0], Known) else None


# --------------------------------------------------------------------- lists


def as_set(items: Iterable[Value], place: Place, *, complete: bool = True) -> Sequence:
    """Return items as a set: converted to one type, each once, in Terraform's order where all are known."""
    converted = tuple(unified(items))
    known = [_only(item) for item in converted]
    scalars = [one for one in known if one is not None]
    if len(scalars) == len(converted):
        distinct = {(isinstance(one.value, bool), one.value): one for one in reversed(scalars)}
        kinds = {type(one.value) for one in scalars}
        if kinds <= {str} or kinds <= {int, float}:
            ordered = sorted(distinct.values(), key=lambda one: one.value)
            return Sequence(place, tuple((one,) for one in ordered), complete=complete, is_set=True)
    return Sequence(place, converted, complete=complete, is_set=True)


def unified(items: Iterable[Value]) -> Iterator[Value]:
    """Convert scalars of several types to text where one of them is text."""
    kept = list(items)
    origins = [origin for item in kept for origin in item]
    is_mixed = len({type(origin.value) for origin in origins if isinstance(origin, Known)}) > 1
    has_text = any(isinstance(origin, Known) and isinstance(origin.value, str) for origin in origins)
    if not is_mixed or not has_text:
        yield from kept
        return
    for item in kept:
        yield tuple(_text(origin) if isinstance(origin, Known) else origin for origin in item)


def _text(origin: Known) -> Known:
    return origin if isinstance(origin.value, str) else Known(origin.place, as_text(_plain(origin)))


def _chained(place: Place, *lists: Origin) -> tuple[tuple[Value, ...], bool, Place]:
    items: list[Value] = []
    complete = True
    where = place
    for one in lists:
        if isinstance(one, Sequence):
            items += one.items
            complete = complete and one.complete
            where = one.place
        elif isinstance(one, _UNKNOWN):
            complete, where = False, place
        else:
            _refuse("lists are required")
    return _bounded(items), complete, where


def _concat(place: Place, *lists: Origin) -> Value:
    items, complete, where = _chained(place, *lists)
    return (Sequence(where, items, complete=complete),)


def _setunion(place: Place, *sets: Origin) -> Value:
    items, complete, _ = _chained(place, *sets)
    return (as_set(items, place, complete=complete),)


def _tolist(place: Place, origin: Origin) -> Value:
    if isinstance(origin, Sequence):
        return (replace(origin, items=tuple(unified(origin.items)), is_set=False),)
    return _handed_on(place, origin)


def _toset(place: Place, origin: Origin) -> Value:
    if isinstance(origin, Sequence):
        return (as_set(origin.items, origin.place, complete=origin.complete),)
    return _handed_on(place, origin)


def _handed_on(_place: Place, origin: Origin) -> Value:
    if isinstance(origin, Absent | Opaque | Referenced):
        return (origin,)
    _refuse("another type is required")


def _flatten(place: Place, origin: Origin) -> Value:
    complete = isinstance(origin, Sequence) and origin.complete
    items: list[Value] = []
    waiting: list[Value] = list(reversed(_items(origin)))
    visited = 0
    while waiting:
        item = waiting.pop()
        visited += 1
        if visited > MAX_ITEMS:
            message = "a list of this size"
            raise UndecidedError(message)
        match item:
            case (Sequence(items=inner, complete=is_whole),):
                waiting += reversed(inner)
                complete = complete and is_whole
            case _ if any(isinstance(one, Sequence) for one in item):
                raise UnknownError(origin)
            case (Opaque(),):
                complete = False  # it may be a list
            case _:
                items.append(item)
    return (Sequence(origin.place if isinstance(origin, Sequence) else place, _bounded(items), complete=complete),)


def _items(origin: Origin) -> tuple[Value, ...]:
    if isinstance(origin, Sequence):
        return origin.items
    _mismatch(origin, "a list is required")


def _compact(_place: Place, origin: Origin) -> Value:
    found = _list(origin)
    items: list[Value] = []
    complete = True
    for item in found.items:
        kept = tuple(o for o in item if not isinstance(o, Absent) and not (isinstance(o, Known) and o.value == ""))
        complete = complete and len(kept) in (0, len(item))
        if kept:
            items.append(kept)
    return (Sequence(found.place, tuple(items), complete=complete),)


def _distinct(_place: Place, origin: Origin) -> Value:
    found = _list(origin)
    items: dict[object, Value] = {}
    for item in unified(found.items):
        one = _only(item)
        items.setdefault(id(item) if one is None else (type(one.value), one.value), item)
    return (replace(found, items=tuple(items.values())),)


def _reverse(_place: Place, origin: Origin) -> Value:
    found = _list(origin)
    return (Sequence(found.place, found.items[::-1]),)


def _slice(_place: Place, origin: Origin, start: Origin, end: Origin) -> Value:
    found, low, high = _list(origin), as_whole(_plain(start)), as_whole(_plain(end))
    if not 0 <= low <= high <= len(found.items):
        _refuse("the bounds are outside of the list")
    return (Sequence(found.place, found.items[low:high]),)


def _element(_place: Place, origin: Origin, index: Origin) -> Value:
    items, at = _list(origin).items, as_whole(_plain(index))
    if not items or at < 0:
        _refuse("the list has no such element")
    return items[at % len(items)]


def _one(place: Place, origin: Origin) -> Value:
    items = _list(origin).items
    if len(items) > 1:
        _refuse("there is more than one element")
    return items[0] if items else (Absent(place),)


def _length(place: Place, origin: Origin) -> Value:
    if isinstance(origin, Sequence):
        return (Known(place, len(_list(origin).items)),)
    if isinstance(origin, Structure):
        return (Known(place, len(_map(origin).names)),)
    text = _plain(origin)
    if not isinstance(text, str):
        _refuse("a text or a collection is required")
    return (Known(place, len(characters(text))),)


def _contains(place: Place, origin: Origin, wanted: Origin) -> Value:
    """Look for a value: it is there as soon as one item is known to be it."""
    unknown: Origin | None = None if isinstance(origin, Sequence) and origin.complete else origin
    options = [identity(one) for one in plains(wanted)]
    for item in _items(origin):
        try:
            found = [identity(one) for inner in item for one in plains(inner)]
        except UnknownError as error:
            unknown = error.origin
            continue
        answer = unanimous(one == option for one in found for option in options)
        if answer:
            return (Known(place, value=True),)
        unknown = origin if answer is None else unknown
    if unknown is not None:
        raise UnknownError(unknown)
    return (Known(place, value=False),)


# --------------------------------------------------------------------- maps


def _merge(place: Place, *maps: Origin) -> Value:
    """Merge: names of later arguments win; what stands before something unknown may be replaced by it."""
    kept = [one for one in maps if not isinstance(one, Absent)]
    for one in kept:
        if not isinstance(one, (Structure, *_UNKNOWN)):
            _refuse("maps are required")
    known = [one for one in kept if isinstance(one, Structure)]
    where = kept[-1].place if kept and isinstance(kept[-1], Structure) else place
    names = dict.fromkeys(name for one in known for name in one.names)

    def lookup(name: str) -> Value:
        for one in reversed(kept):
            if not isinstance(one, Structure):
                decided = one.decided_by if isinstance(one, Opaque) else None
                expression = one.expression if isinstance(one, Opaque) else f"whether {name} is there"
                return (Opaque(one.place, expression, decided),)
            if name in one.names or one.is_open:
                return one.lookup(name)
        return (Absent(),)

    def entry(name: str) -> Place | None:
        return next((one.entry(name) for one in reversed(known) if name in one.names), None)

    return (Structure(where, tuple(names), lookup, entry),)


def _keys(place: Place, origin: Origin) -> Value:
    found = _map(origin)
    return (Sequence(place, tuple((Known(place, name),) for name in sorted(found.names))),)


def _values(place: Place, origin: Origin) -> Value:
    if isinstance(origin, Referenced):
        each = replace(origin, target=(*origin.target, "[]"))
        return (Sequence(place, ((each,),), complete=False),)
    found = _map(origin)
    return (Sequence(place, _bounded(found.lookup(name) for name in sorted(found.names))),)


def _lookup(_place: Place, origin: Origin, key: Origin, *default: Origin) -> Value:
    if isinstance(origin, Structure) and not origin.is_block:
        if isinstance(key, Known):
            name = as_text(_plain(key))
            if name in origin.names or (origin.is_open and not default):
                return origin.lookup(name)
            if not origin.is_open and not default:
                _refuse("the map has no such key")
            return (*(origin.lookup(name) if origin.is_open else ()), *default[:1])
        found = [one for name in origin.names for one in origin.lookup(name)]
        return (*found, *default[:1], *((Opaque(key.place or origin.place, "a key of the map"),) if not found else ()))
    if isinstance(origin, _UNKNOWN) and default:
        # Where nothing stands for a missing key, a map that nobody has filled here says nothing at all.
        is_nothing = isinstance(default[0], Absent) or (isinstance(default[0], Sequence) and not default[0].items)
        return (_as_opaque(origin),) if is_nothing else (_as_opaque(origin), *default[:1])
    _mismatch(origin, "a map is required")


def _as_opaque(origin: Origin) -> Origin:
    place = origin.place
    return origin if isinstance(origin, Opaque) or place is None else Opaque(place, "a key of the map")


def _zipmap(place: Place, keys: Origin, items: Origin) -> Value:
    names, found = _list(keys).items, _list(items).items
    if len(names) != len(found):
        _refuse("keys and values differ in number")
    members: dict[str, Value] = {}
    for name, item in zip(names, found, strict=True):
        one = _only(name)
        if one is None:
            raise UnknownError(name[0])
        members[as_text(_plain(one))] = item
    return (table(place, {name: _constant(item) for name, item in members.items()}),)


def _constant(value: Value) -> Callable[[], Value]:
    return lambda: value


def _tomap(place: Place, origin: Origin) -> Value:
    if not isinstance(origin, Structure):
        return _handed_on(place, origin)
    if origin.is_open:
        return (origin,)
    converted = dict(zip(origin.names, unified(origin.lookup(name) for name in origin.names), strict=True))
    members = {name: _constant(value) for name, value in converted.items()}
    return (table(origin.place, members, entry=origin.entry),)


# --------------------------------------------------------------------- scalars


def _tostring(_place: Place, origin: Origin) -> Value:
    if isinstance(origin, Known):
        return (_text(origin),)
    return (origin,) if isinstance(origin, Text) else _handed_on(_place, origin)


def _tonumber(_place: Place, origin: Origin) -> Value:
    if isinstance(origin, Known):
        return (Known(origin.place, _scalar_of(as_number(_plain(origin)))),)
    return _handed_on(_place, origin)


def _tobool(_place: Place, origin: Origin) -> Value:
    if isinstance(origin, Known):
        return (Known(origin.place, as_bool(_plain(origin))),)
    return _handed_on(_place, origin)


def _same(_place: Place, origin: Origin) -> Value:
    return (origin,)


STRUCTURAL: dict[str, StructuralFunction] = {
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "ephemeralasnull": _same,
    "flatten": _flatten,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _same,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _same,
    "setunion": _setunion,
    "slice": _slice,
    "tobool": _tobool,
    "tolist": _tolist,
    "tomap": _tomap,
    "tonumber": _tonumber,
    "toset": _toset,
    "tostring": _tostring,
    "values": _values,
    "zipmap": _zipmap,
}
