"""Values as plain data, for functions that look at nothing else; and back."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import product

from setsquare.model import Absent, Known, Opaque, Origin, Place, Structure, Value
from setsquare.model import Sequence as SequenceOrigin
from setsquare.resolve.frames import KEY
from setsquare.resolve.functions.plain import MAX_TEXT, Plain, UndecidedError
from setsquare.resolve.values import MAX_ORIGINS

_MAX_NODES = 20_000


class UnknownError(Exception):
    """A part of a value is not known: ``origin`` says which."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self.origin = origin


def plains(origin: Origin) -> list[Plain]:
    """Return all that an origin may be, as plain data.

    Raises:
        UnknownError: a part of it is not known.
        UndecidedError: it is too large, or there are too many alternatives.

    """
    return _Converter().of(origin)


class _Converter:
    def __init__(self) -> None:
        self._left = _MAX_NODES

    def of(self, origin: Origin) -> list[Plain]:
        self._left -= 1
        if self._left < 0:
            message = "a value of this size"
            raise UndecidedError(message)
        match origin:
            case Known(_, value):
                return [Decimal(repr(value)) if isinstance(value, float) else value]
            case Absent():
                return [None]
            case SequenceOrigin(items=items, complete=True, blocks=False):
                return [tuple(chosen) for chosen in self._choices(items)]
            case Structure(names=names, lookup=lookup, is_block=False) if not origin.is_open:
                rows = self._choices([lookup(name) for name in names])
                return [dict(zip(names, row, strict=True)) for row in rows]
            case _:
                raise UnknownError(origin)

    def _choices(self, values: Sequence[Value]) -> list[tuple[Plain, ...]]:
        options = [[one for origin in value for one in self.of(origin)] for value in values]
        count = 1
        for option in options:
            count *= len(option)
            if count > MAX_ORIGINS:
                message = "too many alternatives"
                raise UndecidedError(message)
        return list(product(*options))


def of_plain(place: Place, value: Plain) -> Value:
    """Return plain data as a value that stands at a place; its parts are written nowhere."""
    match value:
        case None:
            return (Absent(place),)
        case bool() | int():
            return (Known(place, value),)
        case str():
            return (Known(place, value) if len(value) <= MAX_TEXT else Opaque(place, "a text of this length"),)
        case Decimal():
            number = float(value)
            exact = Decimal(repr(number)) == value
            return (Known(place, number) if exact else Opaque(place, "a number with this many digits"),)
        case tuple():
            return (SequenceOrigin(place, tuple(of_plain(KEY, item) for item in value)),)
        case dict():
            return (table(place, {name: _later(item) for name, item in value.items()}),)


def _later(item: Plain) -> Callable[[], Value]:
    return lambda: of_plain(KEY, item)


def table(
    place: Place,
    members: "dict[str, Callable[[], Value]]",
    *,
    missing: Opaque | None = None,
    entry: Callable[[str], Place | None] = lambda _name: None,
) -> Structure:
    """Return a structure whose members are evaluated when they are asked for.

    ``missing``: what a name that is not among them may be, where there may be more.
    """
    known: dict[str, Value] = {}

    def lookup(name: str) -> Value:
        if name not in known:
            member = members.get(name)
            known[name] = member() if member is not None else (missing or Absent(),)
        return known[name]

    return Structure(place, tuple(members), lookup, entry)
