"""Origins made by hand, and the same origins with something in them that is not known."""

import json
from collections.abc import Mapping

from setsquare.model import (
    Absent,
    Known,
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
from setsquare.text import LineIndex, Span

HERE = Place("main.tf", Span(0, 0))
OPAQUE = Opaque(HERE, "f()")
REFERENCE = Referenced(HERE, ("aws_kms_key", "main", "arn"))
ABSENT = Absent()


def origin(value: object) -> Origin:
    """Return data as an origin: lists and mappings hold data, or origins."""
    match value:
        case None:
            return ABSENT
        case bool() | int() | float() | str():
            return Known(HERE, value)
        case list():
            return Sequence(HERE, tuple(as_value(item) for item in value))
        case dict():
            return structure(value)
        case _:
            return value  # type: ignore[return-value]  # an origin already


def as_value(item: object) -> Value:
    """Return data as a value; a tuple holds its branches."""
    return tuple(origin(branch) for branch in item) if isinstance(item, tuple) else (origin(item),)


def structure(table: Mapping[str, object], *, is_open: bool = False) -> Structure:
    """Return a structure; where it is open, a name that is not there is not known to be missing."""
    other: Value = (OPAQUE,) if is_open else (ABSENT,)
    return Structure(
        HERE,
        tuple(table),
        lambda name: as_value(table[name]) if name in table else other,
        lambda name: HERE if name in table else None,
    )


def text(*parts: Scalar | None) -> Text:
    """Return a text; None stands for a part that is not known."""
    return Text(HERE, tuple(OPAQUE if part is None else str(part) for part in parts))


def more(*items: object) -> Sequence:
    """Return a list that may have more items."""
    return Sequence(HERE, tuple(as_value(item) for item in items), complete=False)


def spelled(value: Value, texts: Mapping[str, bytes]) -> str:
    """Return a value as the tables of the tests spell it: its branches, each with the line where it is written.

    ``true @main.tf:3``, ``absent``, ``-> aws_kms_key.main.arn``, ``? f() by variables.tf``, ``"a-" + ? var.b``,
    ``[1, 2 ...]`` (there may be more), ``{a: 1}``.
    """
    return " | ".join(_spelled(branch, texts) for branch in value)


def _spelled(branch: Origin, texts: Mapping[str, bytes]) -> str:
    match branch:
        case Known(place, value):
            return f"{json.dumps(value)}{_at(place, texts)}"
        case Absent(place):
            return f"absent{_at(place, texts)}"
        case Referenced(_, target):
            return "-> " + ".".join(target)
        case Opaque(_, expression, decided_by, hidden):
            return (
                f"? {expression}" + (f" by {_file(decided_by)}" if decided_by else "") + (", hidden" if hidden else "")
            )
        case Text(_, parts):
            return " + ".join(json.dumps(part) if isinstance(part, str) else _spelled(part, {}) for part in parts)
        case Sequence(_, items, complete):
            return "[" + ", ".join(spelled(item, {}) for item in items) + ("]" if complete else " ...]")
        case Structure(_, names, lookup):
            return "{" + ", ".join(f"{name}: {spelled(lookup(name), {})}" for name in names) + "}"


def _at(place: Place | None, texts: Mapping[str, bytes]) -> str:
    if place is None or place.path not in texts:
        return ""
    return f" @{_file(place.path)}:{LineIndex(texts[place.path]).line_of(place.span.start) + 1}"


def _file(path: str) -> str:
    return path.rpartition("/")[2]
