"""What the elements of an IAM policy statement mean, and how two compare; no syntax, no rules.

Source: the IAM JSON policy elements reference,
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html.
"""

import re
from collections.abc import Callable
from functools import cache

from setsquare.logic import some, unanimous
from setsquare.model import Absent, Known, Opaque, Origin, Referenced, Sequence, Structure, Text, Value
from setsquare.records import record

ANYONE = "*"


@record
class Elements:
    """The elements under one key of a statement, lists and mappings made flat.

    ``complete`` is false where there may be more.
    """

    origins: tuple[Origin, ...]
    complete: bool = True


@record
class Statements:
    """The statements of one document, as structures with the keys of the JSON form.

    Attributes:
        alternatives: for each branch that may be taken the statements there, each a value with branches of its own.
        complete: false where there may be more.

    """

    alternatives: tuple[tuple[Value, ...], ...]
    complete: bool = True

    @property
    def items(self) -> tuple[Structure, ...]:
        """The statements of all branches."""
        values = (value for statements in self.alternatives for value in statements)
        return tuple(one for value in values for one in value if isinstance(one, Structure))


def elements(value: Value) -> Elements:
    """Return the elements of a value: a scalar, a list, or a mapping of types to either (``Principal``)."""
    origins: list[Origin] = []
    complete = True
    todo = list(value)
    while todo:
        origin = todo.pop(0)
        match origin:
            case Absent():
                pass
            case Sequence(items=items):
                complete = complete and origin.complete
                todo[:0] = [inner for item in items for inner in item]
            case Structure(names=names, lookup=lookup):
                complete = complete and not origin.is_open
                todo[:0] = [inner for name in names for inner in lookup(name)]
            case _:
                origins.append(origin)
    return Elements(tuple(origins), complete)


def is_one(origin: Origin, wanted: str) -> bool | None:
    """Whether an element is this text, in any letter case that AWS ignores."""
    match origin:
        case Known(_, value):
            return str(value).casefold() == wanted.casefold()
        case Referenced():
            # The identity of something is never a wildcard.
            return False if "*" in wanted else None
        case Text(_, parts):
            return None if _spelling(parts).fullmatch(wanted.casefold()) else False
        case _:
            return None


def _spelling(parts: tuple[str | Referenced | Opaque, ...]) -> re.Pattern[str]:
    """Return what a text may turn out to be; the identity of something is never empty."""
    kinds = {Referenced: ".+", Opaque: ".*"}
    texts = (re.escape(part.casefold()) if isinstance(part, str) else kinds[type(part)] for part in parts)
    return re.compile("".join(texts), re.DOTALL)


@cache
def _folded(wanted: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.casefold() for text in wanted)


def has_any(value: Value, wanted: tuple[str, ...]) -> tuple[bool | None, Origin | None]:
    """Whether some element is among these texts, and the element that decides it."""
    found = elements(value)
    doubtful: Origin | None = None
    for origin in found.origins:
        if isinstance(origin, Known):  # as almost all are: one look, whatever number is wanted
            answer: bool | None = str(origin.value).casefold() in _folded(wanted)
        else:
            answer = some(is_one(origin, text) for text in wanted)
        if answer:
            return True, origin
        if answer is None and doubtful is None:
            doubtful = origin
    if doubtful is not None or not found.complete:
        return None, doubtful
    return False, None


def has_on_every_branch(value: Value, judge: Callable[[Origin], bool | None]) -> bool | None:
    """Whether some element is as the judge asks, whichever branches are taken; None where that depends on them."""
    return unanimous(_has_one(origin, judge) for origin in value)


def _has_one(origin: Origin, judge: Callable[[Origin], bool | None]) -> bool | None:
    match origin:
        case Absent():
            return False
        case Sequence(items=items, complete=complete):
            answer = some(has_on_every_branch(item, judge) for item in items)
            return answer if answer or complete else None
        case Structure(names=names, lookup=lookup):
            answer = some(has_on_every_branch(lookup(name), judge) for name in names)
            return None if origin.is_open and not answer else answer
        case _:
            return judge(origin)


def covers_action(origin: Origin, wanted: str) -> bool | None:
    """Whether an action element, which may hold wildcards, includes all that another stands for."""
    if not isinstance(origin, Known):
        return None
    return _pattern(str(origin.value).casefold()).fullmatch(wanted.casefold()) is not None


def overlaps_action(origin: Origin, wanted: str) -> bool | None:
    """Whether an action element and another, either of which may hold wildcards, have an action in common."""
    if not isinstance(origin, Known):
        return None
    one, other = str(origin.value).casefold(), wanted.casefold()
    if _pattern(one).fullmatch(other) or _pattern(other).fullmatch(one):
        return True
    services = {one.partition(":")[0], other.partition(":")[0]}
    if len(services) > 1 and not any(sign in service for service in services for sign in "*?"):
        return False
    return None if any(sign in text for text in (one, other) for sign in "*?") else False


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text), re.DOTALL)


def is_missing(value: Value) -> bool | None:
    """Whether a key is not there, or holds nothing."""
    return unanimous(_is_nothing(origin) for origin in value)


def _is_nothing(origin: Origin) -> bool | None:
    match origin:
        case Absent():
            return True
        case Sequence(items=items, complete=complete):
            return not items if complete else None
        case Structure(names=names):
            return None if origin.is_open and not names else not names
        case Opaque():
            return None
        case _:
            return False
