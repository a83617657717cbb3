"""Functions over lists, sets and maps whose items need not keep the places where they are written."""

from itertools import product

from setsquare.resolve.functions.plain import (
    Function,
    FunctionError,
    Plain,
    as_bool,
    as_list,
    as_map,
    as_number,
    as_set,
    as_text,
    as_whole,
    characters,
    checked_size,
    identity,
    number,
    same,
    texts,
)

_MAX_RANGE = 1024
_TWO, _THREE = 2, 3


def _alltrue(items: Plain) -> bool:
    return all(item is not None and as_bool(item) for item in as_list(items))


def _anytrue(items: Plain) -> bool:
    return any(item is not None and as_bool(item) for item in as_list(items))


def _chunklist(items: Plain, size: Plain) -> Plain:
    found, step = as_list(items), as_whole(size)
    if step < 0:
        message = "the size of a chunk is negative"
        raise FunctionError(message)
    if step == 0:
        return (found,) if found else ()
    return tuple(found[start : start + step] for start in range(0, len(found), step))


def _index(items: Plain, value: Plain) -> int:
    for at, item in enumerate(as_list(items)):
        if same(item, value):
            return at
    message = "the item is not there"
    raise FunctionError(message)


def _matchkeys(values: Plain, keys: Plain, wanted: Plain) -> Plain:
    found = {identity(item) for item in as_list(wanted)}
    pairs = zip(as_list(values), as_list(keys), strict=True)
    return tuple(value for value, key in pairs if identity(key) in found)


def _range(*bounds: Plain) -> Plain:
    values = [as_number(bound) for bound in bounds]
    start, end = (values[0], values[1]) if len(values) >= _TWO else (0, values[0])
    step = values[2] if len(values) == _THREE else (1 if end >= start else -1)
    if len(values) > _THREE or step == 0 or (end > start and step < 0) or (end < start and step > 0):
        message = "a range that never ends"
        raise FunctionError(message)
    items: list[Plain] = []
    value = start
    while value < end if step > 0 else value > end:
        if len(items) == _MAX_RANGE:
            message = f"a range of more than {_MAX_RANGE} numbers"
            raise FunctionError(message)
        items.append(number(value))
        value = value + step
    return tuple(items)


def _setintersection(*sets: Plain) -> Plain:
    common = set.intersection(*({identity(item) for item in as_list(one)} for one in sets))
    return as_set(item for item in as_list(sets[0]) if identity(item) in common)


def _setproduct(*sets: Plain) -> Plain:
    lists = [as_list(one) for one in sets]
    if len(lists) < _TWO:
        message = "at least two sets are required"
        raise FunctionError(message)
    size = 1
    for one in lists:
        size *= len(one)
    checked_size(size)
    return tuple(product(*lists))


def _setsubtract(one: Plain, other: Plain) -> Plain:
    gone = {identity(item) for item in as_list(other)}
    return as_set(item for item in as_list(one) if identity(item) not in gone)


def _transpose(value: Plain) -> Plain:
    found: dict[str, list[str]] = {}
    for key, items in as_map(value).items():
        for item in texts(items):
            found.setdefault(item, []).append(key)
    return {key: tuple(sorted(names)) for key, names in sorted(found.items())}


def _length(value: Plain) -> int:
    if isinstance(value, tuple | dict):
        return len(value)
    return len(characters(as_text(value)))


FUNCTIONS: dict[str, Function] = {
    "alltrue": _alltrue,
    "anytrue": _anytrue,
    "chunklist": _chunklist,
    "index": _index,
    "length": _length,
    "matchkeys": _matchkeys,
    "range": _range,
    "setintersection": _setintersection,
    "setproduct": _setproduct,
    "setsubtract": _setsubtract,
    "transpose": _transpose,
}
