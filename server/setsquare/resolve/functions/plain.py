"""Plain values, as functions take and give them, and the conversions between them that Terraform makes by itself."""

import json
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from typing import TypeAlias

Plain: TypeAlias = "str | bool | int | Decimal | tuple[Plain, ...] | dict[str, Plain] | None"
"""A value of Terraform: whole numbers are ints, lists, tuples and sets are tuples, maps and objects are dicts."""
Function: TypeAlias = Callable[..., Plain]

MAX_TEXT = 1 << 20
"""How long a text may be that functions take or give."""
MAX_ITEMS = 10_000
"""How many items a list may have that functions give."""
_MAX_NUMBER = 10**120
NUMBERS = Context(prec=130)
"""Terraform calculates with 512 bits."""


class FunctionError(Exception):
    """Terraform refuses this call: ``try`` goes on to its next argument."""


class UndecidedError(Exception):
    """What the call gives is not decided here: it is too large, or Terraform's way is not followed in this point."""


def number(value: Decimal | int) -> int | Decimal:
    """Return a number in its one form: an int where it is whole."""
    if isinstance(value, Decimal) and not value.is_finite():
        message = "not a finite number"
        raise FunctionError(message)
    if not -_MAX_NUMBER < value < _MAX_NUMBER:
        message = "a number of this size"
        raise UndecidedError(message)
    return int(value) if value == int(value) else value


def is_number(value: Plain) -> bool:
    """Whether a value is a number; a bool is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def as_text(value: Plain) -> str:
    """Convert to text as Terraform does where text is asked for."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case _:
            message = "text is required"
            raise FunctionError(message)


def as_number(value: Plain) -> int | Decimal:
    """Convert to a number as Terraform does where one is asked for."""
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        message = "a number is required"
        raise FunctionError(message)
    return number(value)


def _parsed(text: str) -> int | Decimal:
    digits = text.removeprefix("-").replace(".", "", 1)
    if digits.isascii() and digits.isdigit() and not text.startswith("."):
        return number(NUMBERS.create_decimal(text))
    if any(character.isdigit() for character in text) and not any(c.isspace() for c in text):
        message = "a number in another notation"
        raise UndecidedError(message)
    message = "a number is required"
    raise FunctionError(message)


def as_whole(value: Plain) -> int:
    """Convert to a whole number."""
    converted = as_number(value)
    if isinstance(converted, int):
        return converted
    message = "a whole number is required"
    raise FunctionError(message)


def as_bool(value: Plain) -> bool:
    """Convert to a bool as Terraform does where one is asked for."""
    match value:
        case bool():
            return value
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            message = "true or false is required"
            raise FunctionError(message)


def as_list(value: Plain) -> tuple[Plain, ...]:
    """Take a list, tuple or set."""
    if isinstance(value, tuple):
        return value
    message = "a list is required"
    raise FunctionError(message)


def as_map(value: Plain) -> dict[str, Plain]:
    """Take a map or object."""
    if isinstance(value, dict):
        return value
    message = "a map is required"
    raise FunctionError(message)


def texts(value: Plain) -> tuple[str, ...]:
    """Take a list of texts."""
    return tuple(as_text(item) for item in as_list(value))


def same(one: Plain, other: Plain) -> bool:
    """Whether two values are equal; ``1``, ``"1"`` and ``true`` are three different ones."""
    return identity(one) == identity(other)


def identity(value: Plain) -> object:
    """Return what tells a value from every other one, for use in sets."""
    match value:
        case bool() | str() | None:
            return (type(value), value)
        case int() | Decimal():
            return (Decimal, value)
        case tuple():
            return tuple(identity(item) for item in value)
        case dict():
            return frozenset((key, identity(item)) for key, item in value.items())


def distinct(items: Iterable[Plain]) -> tuple[Plain, ...]:
    """Return items without repetition, each where it stood first."""
    return tuple({identity(item): item for item in reversed(list(items))}[key] for key in _first_seen(items))


def _first_seen(items: Iterable[Plain]) -> list[object]:
    return list(dict.fromkeys(identity(item) for item in items))


def unified(items: Iterable[Plain]) -> tuple[Plain, ...]:
    """Convert items to one type: scalars of several types become texts where one of them is text."""
    kept = tuple(items)
    scalars = all(isinstance(item, str | bool | int | Decimal) for item in kept)
    if scalars and any(isinstance(item, str) for item in kept):
        return tuple(as_text(item) for item in kept)
    return kept


def as_set(items: Iterable[Plain]) -> tuple[Plain, ...]:
    """Return items as Terraform orders a set of them."""
    found = distinct(unified(items))
    if all(isinstance(item, str) for item in found) or all(is_number(item) for item in found):
        return tuple(sorted(found))  # type: ignore[type-var]
    return found


def as_json(value: Plain) -> str:
    """Encode as ``jsonencode`` does: keys sorted, no spaces, ``<``, ``>`` and ``&`` escaped."""
    return _json(value)


def _json(value: Plain) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | Decimal():
            return as_text(value)
        case str():
            text = json.dumps(value, ensure_ascii=False)
            for character in "<>&\u2028\u2029":
                text = text.replace(character, f"\\u{ord(character):04x}")
            return text
        case tuple():
            return f"[{','.join(_json(item) for item in value)}]"
        case dict():
            return "{" + ",".join(f"{_json(key)}:{_json(value[key])}" for key in sorted(value)) + "}"


def bounded(text: str) -> str:
    """Return a text that is not too long."""
    if len(text) > MAX_TEXT:
        message = "a text of this length"
        raise UndecidedError(message)
    return text


def checked_size(count: int) -> None:
    """Refuse lists that would be too long."""
    if count > MAX_ITEMS:
        message = f"more than {MAX_ITEMS} items"
        raise UndecidedError(message)


def characters(text: str) -> str:
    """Take a text whose characters are single code points."""
    if any(ord(character) >= _COMBINING for character in text) or "\r\n" in text:
        message = "characters that may be several code points"
        raise UndecidedError(message)
    return text


_COMBINING = 0x300
