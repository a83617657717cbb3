"""``format`` and ``formatlist``: the verbs of Go over Terraform's values."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from setsquare.resolve.functions.plain import (
    Function,
    FunctionError,
    Plain,
    UndecidedError,
    as_bool,
    as_json,
    as_list,
    as_number,
    as_text,
    as_whole,
    bounded,
    checked_size,
    is_number,
)

_VERB = re.compile(r"%(%|([ +#0-]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?([a-zA-Z]))", re.ASCII)
_MAX_WIDTH = 1000
_INTEGERS = {"b": "b", "d": "d", "o": "o", "x": "x", "X": "X"}
_DEFAULT_PRECISION = 6
_SHOWN_WITH_EXPONENT = 1_000_000


class Verb(NamedTuple):
    """One verb of a format, and the number of the argument that it shows."""

    flags: str
    width: int
    precision: int | None
    argument: int
    letter: str


def pieces(text: str) -> Iterator[str | Verb]:
    """Yield the parts of a format: text, and the verbs between."""
    end = 0
    following = 0
    for match in _VERB.finditer(text):
        before = text[end : match.start()]
        if "%" in before:
            break
        yield before
        end = match.end()
        whole, flags, width, precision, explicit, letter = match.groups()
        if whole == "%":
            yield "%"
            continue
        argument = int(explicit) - 1 if explicit else following
        following = argument + 1
        places = None if precision is None else int(precision or "0")
        if int(width or "0") > _MAX_WIDTH or (places or 0) > _MAX_WIDTH or argument < 0:
            message = "a verb of this width"
            raise UndecidedError(message)
        yield Verb(flags, int(width or "0"), places, argument, letter)
    if "%" in text[end:]:
        message = "a verb that is not known"
        raise FunctionError(message)
    yield text[end:]


def _format(spec: Plain, *arguments: Plain) -> str:
    written = []
    used = -1
    explicit = False
    for piece in pieces(as_text(spec)):
        if isinstance(piece, str):
            written.append(piece)
            continue
        if piece.argument >= len(arguments):
            message = "not enough arguments"
            raise FunctionError(message)
        explicit = explicit or piece.argument != used + 1
        used = max(used, piece.argument)
        written.append(shown(piece, arguments[piece.argument]))
    if used + 1 < len(arguments):
        message = "too many arguments"
        raise FunctionError(message)
    return bounded("".join(written))


def shown(verb: Verb, value: Plain) -> str:
    """Return a value as a verb shows it."""
    match verb.letter:
        case "s" | "q":
            text = as_text(value)
            if verb.precision is not None:
                text = text[: verb.precision]
            return _padded(verb, as_json(text) if verb.letter == "q" else text)
        case "t":
            return _padded(verb, as_text(as_bool(value)))
        case "v":
            return _padded(verb, _as_it_is(verb, value))
        case letter if letter in _INTEGERS:
            return _aligned(verb, _integer(verb, value))
        case "f" | "F":
            precision = _DEFAULT_PRECISION if verb.precision is None else verb.precision
            return _aligned(verb, _signed(verb, f"{Decimal(as_number(value)):.{precision}f}"))
        case "e" | "E" | "g" | "G":
            message = "a number with an exponent"
            raise UndecidedError(message)
        case _:
            message = "a verb that is not known"
            raise FunctionError(message)


def _as_it_is(verb: Verb, value: Plain) -> str:
    if "#" in verb.flags:
        return as_json(value)
    if isinstance(value, str):
        return value
    is_plain_number = not is_number(value) or (isinstance(value, int) and abs(value) < _SHOWN_WITH_EXPONENT)
    if verb.precision is not None or not is_plain_number:
        message = "a number of this precision"
        raise UndecidedError(message)
    return as_json(value)


def _integer(verb: Verb, value: Plain) -> str:
    if verb.precision is not None or "#" in verb.flags:
        message = "a whole number of this form"
        raise UndecidedError(message)
    return _signed(verb, format(as_whole(value), _INTEGERS[verb.letter]))


def _signed(verb: Verb, text: str) -> str:
    if text.startswith("-"):
        return text
    return ("+" if "+" in verb.flags else " " if " " in verb.flags else "") + text


def _aligned(verb: Verb, text: str) -> str:
    if "0" in verb.flags and "-" not in verb.flags:
        sign = text[:1] if text[:1] in ("+", "-", " ") else ""
        return sign + text.removeprefix(sign).rjust(verb.width - len(sign), "0")
    return _padded(verb, text)


def _padded(verb: Verb, text: str) -> str:
    if "0" in verb.flags and verb.letter in "sqtv" and len(text) < verb.width:
        message = "text padded with zeros"
        raise UndecidedError(message)
    return text.ljust(verb.width) if "-" in verb.flags else text.rjust(verb.width)


def _formatlist(spec: Plain, *arguments: Plain) -> Plain:
    lengths = {len(argument) for argument in arguments if isinstance(argument, tuple)}
    if len(lengths) > 1:
        message = "lists of different lengths"
        raise FunctionError(message)
    count = lengths.pop() if lengths else 1
    checked_size(count)
    rows = ([as_list(a)[at] if isinstance(a, tuple) else a for a in arguments] for at in range(count))
    return tuple(_format(spec, *row) for row in rows)


FUNCTIONS: dict[str, Function] = {
    "format": _format,
    "formatlist": _formatlist,
}
