"""CloudFormation's functions over values: what they give where their arguments are known.

A result that is computed stands at the call: a fix replaces the call by a literal. What a function merely picks out of
a list keeps its own place.
Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html.
"""

import base64
import ipaddress
import json
from collections.abc import Callable
from itertools import product
from math import prod

from setsquare.model import Absent, Known, Opaque, Origin, Place, Scalar, Sequence, Structure, Value
from setsquare.resolve import values
from setsquare.text import Span

_MAX_BRANCHES = 64
_MAX_NETWORKS = 256
_MAX_TEXT = 1 << 18

Function = Callable[[tuple[Origin, ...], Place], Value | None]


def call(name: str, arguments: tuple[Value, ...], place: Place) -> Value:
    """Return what a function gives, for each combination of its arguments' branches; opaque where it is not known."""
    function = _FUNCTIONS.get(name)
    unknown = (Opaque(place, name),)
    if function is None or prod(map(len, arguments)) > _MAX_BRANCHES:
        return unknown
    return values.union([function(branch, place) or unknown for branch in product(*arguments)], place)


def _computed(place: Place, items: list[Scalar]) -> Value:
    """Return a list of computed items; none of them is written anywhere, so none can be replaced alone."""
    nowhere = Place(place.path, Span(place.span.start, place.span.start))
    return (Sequence(place, tuple((Known(nowhere, item),) for item in items)),)


def _join(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    match arguments:
        case (Known(_, str() as separator), Sequence(items=items, complete=True)):
            pass
        case _:
            return None
    alternatives: list[tuple[Origin, ...]] = [()]
    for item in items:
        alternatives = [
            before if isinstance(origin, Absent) else (*before, origin) for before in alternatives for origin in item
        ]
        if len(alternatives) > _MAX_BRANCHES:
            return None
    return values.union([_joined(parts, separator, place) for parts in alternatives], place)


def _joined(parts: tuple[Origin, ...], separator: str, place: Place) -> Value:
    if not parts:
        return (Known(place, ""),)
    pieces: list[Value] = []
    for part in parts:
        if pieces and separator:
            pieces.append((Known(place, separator),))
        pieces.append((part,))
    return values.text(place, pieces, lambda: "Fn::Join")


def _select(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    match arguments:
        case (Known(_, index), Sequence(items=items, complete=True)) if str(index).isdecimal():
            if int(index) >= len(items):
                return None
            return tuple(_moved(origin, place) for origin in items[int(index)])
        case (_, Opaque(decided_by=decides)):
            return (Opaque(place, "Fn::Select", decides),)
        case _:
            return None


def _moved(origin: Origin, place: Place) -> Origin:
    """Return an item that is written nowhere as if it were written at the call."""
    if isinstance(origin, Known) and origin.place.span.start == origin.place.span.end:
        return Known(place, origin.value)
    return origin


def _split(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    match arguments:
        case (Known(_, str() as separator), Known(_, str() as text)) if separator:
            return _computed(place, list(text.split(separator)))
        case _:
            return None


def _base64(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    match arguments:
        case (Known(_, str() as text),) if len(text) <= _MAX_TEXT:
            return (Known(place, base64.b64encode(text.encode()).decode()),)
        case _:
            return None


def _cidr(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    numbers = [int(str(o.value)) for o in arguments[1:] if isinstance(o, Known) and str(o.value).isdecimal()]
    block = arguments[0] if arguments else None
    if not isinstance(block, Known) or len(numbers) != len(arguments) - 1 or not numbers:
        return None
    try:
        network = ipaddress.ip_network(str(block.value), strict=False)
    except ValueError:
        return None
    bits = numbers[1] if len(numbers) > 1 else 8
    prefix = network.max_prefixlen - bits
    if not network.prefixlen <= prefix <= network.max_prefixlen or numbers[0] > _MAX_NETWORKS:
        return None
    if numbers[0] > 1 << (prefix - network.prefixlen):
        return None
    networks = network.subnets(new_prefix=prefix)
    return _computed(place, [str(next(networks)) for _ in range(numbers[0])])


def _length(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    match arguments:
        case (Sequence(items=items, complete=True),) if all(
            not isinstance(origin, Absent) for item in items for origin in item
        ):
            return (Known(place, len(items)),)
        case _:
            return None


class _UnknownError(Exception):
    """A part of the data is not known."""


def _to_json(arguments: tuple[Origin, ...], place: Place) -> Value | None:
    try:
        data = _data(arguments)
    except _UnknownError:
        return None
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return (Known(place, text),) if len(text) <= _MAX_TEXT else None


def _data(value: Value) -> object:
    match value:
        case (Known(_, scalar),):
            return scalar
        case (Sequence(items=items, complete=True),):
            return [_data(item) for item in items]
        case (Structure(names=names, lookup=lookup) as structure,) if not structure.is_open:
            there = {name: lookup(name) for name in names}
            return {name: _data(inner) for name, inner in there.items() if not _is_absent(inner)}
        case _:
            raise _UnknownError


def _is_absent(value: Value) -> bool:
    return all(isinstance(origin, Absent) for origin in value)


_FUNCTIONS: dict[str, Function] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json,
}
