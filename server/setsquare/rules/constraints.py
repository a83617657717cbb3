"""The closed algebra of constraints: which values a leaf accepts, and the one value it writes.

``accepts`` judges one origin with three values: True, False, or None where it cannot be known.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Sequence_

from setsquare.logic import every, negated, some, unanimous
from setsquare.model import (
    Absent,
    DialectExpression,
    Known,
    Opaque,
    Origin,
    Place,
    Referenced,
    ResourceReference,
    Scalar,
    Sequence,
    Structure,
    Text,
    Written,
    WrittenMap,
)
from setsquare.rules.binding import BoundLeaf, Unset
from setsquare.rules.rule import (
    ANY_ADDRESS,
    MISSING,
    Bound,
    Contains,
    Excludes,
    Is,
    IsAbsent,
    IsPresent,
    IsSecret,
    IsSet,
    Missing,
    NoneOf,
    OneOf,
    Operand,
    Statement,
    Test,
)
from setsquare.rules.versions import Parts, allowed, limit_key, version_key
from setsquare.text import Span

Orders = Mapping[str, Sequence_[str]]

_NOWHERE = Place("", Span(0, 0))
_TRUTH = {"true": True, "false": False}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def accepts(leaf: BoundLeaf, origin: Origin, orders: Orders) -> bool | None:
    """Judge one origin: True, False, or None where it cannot be known.

    Documents (``Statement``) are judged by meaning elsewhere; here they are unknown.
    """
    match origin:
        case Absent():
            return _accepts_absence(leaf, orders)
        case Opaque(hidden=hidden) if isinstance(leaf.test, IsSecret):
            return hidden
        case Opaque(place, among=values):
            return unanimous(_accepts_present(leaf.test, Known(place, value), orders) for value in values)
        case _:
            return _accepts_present(leaf.test, origin, orders)


def rests_on_default(leaf: BoundLeaf, origin: Origin) -> bool:
    """Whether the verdict comes from what the provider does by default."""
    return isinstance(origin, Absent) and leaf.default is not MISSING


def _accepts_absence(leaf: BoundLeaf, orders: Orders) -> bool | None:
    match leaf.test:
        case IsAbsent() | IsSecret():
            return True
        case IsPresent():
            return False
        case _:
            pass
    if leaf.default is MISSING or leaf.explicit:
        return False
    if leaf.default is None:
        return isinstance(leaf.test, NoneOf | Excludes)
    return _accepts_present(leaf.test, origin_of(leaf.default), orders)


def origin_of(value: Written) -> Origin:
    """Return a written value as an origin without a place."""
    match value:
        case None:
            return Absent()
        case bool() | int() | float() | str():
            return Known(_NOWHERE, value)
        case tuple():
            return Sequence(_NOWHERE, tuple((origin_of(item),) for item in value))
        case WrittenMap(entries):
            table = dict(entries)
            return Structure(
                _NOWHERE,
                tuple(table),
                lambda name: (origin_of(table.get(name)),),
                lambda _name: None,
            )
        case DialectExpression(text):
            return Referenced(_NOWHERE, (text,))
        case ResourceReference(kind, name, attribute, _):
            return Referenced(_NOWHERE, (kind, name or "", attribute))
        case _:
            return Opaque(_NOWHERE, str(value))


def _accepts_present(test: Test, origin: Origin, orders: Orders) -> bool | None:
    match test:
        case Is(value):
            return _equals(origin, value)
        case OneOf(values):
            return _all_items(origin, lambda item: _member(item, values))
        case NoneOf(values):
            return _all_items(origin, lambda item: negated(_member(item, values)))
        case Bound(bound, lower, order):
            return _within(origin, bound, lower=lower, order=orders.get(order or ""), version=order == "version")
        case Contains(items, item_key):
            return _contains(origin, items, item_key)
        case Excludes(forbidden):
            return _all_items(origin, lambda item: negated(_forbidden(item, forbidden)))
        case IsSet() | IsPresent():
            return _is_set(origin)
        case IsAbsent():
            return negated(_is_set(origin))
        case IsSecret():
            return _is_secret(origin)
        case Statement():
            return None


def _all_items(origin: Origin, judge: Callable[[Origin], bool | None]) -> bool | None:
    if not isinstance(origin, Sequence):
        return judge(origin)
    answers = [every(judge(item) for item in value if not isinstance(item, Absent)) for value in origin.items]
    return every([*answers, None] if not origin.complete else answers)


# --------------------------------------------------------------------- equality


def same_scalar(actual: Scalar, wanted: Scalar) -> bool:
    """Whether two scalars mean the same: types count, but ``"true"`` is true and ``"7"`` is 7, as for providers."""
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return _truth(actual) is not None and _truth(actual) == _truth(wanted)
    if isinstance(wanted, int | float) or isinstance(actual, int | float):
        left, right = number(actual), number(wanted)
        return left is not None and left == right
    return actual == wanted


def _truth(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value.lower()) if isinstance(value, str) else None


def number(value: Scalar) -> float | None:
    """Return the number that a scalar is or spells; booleans are not numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if _NUMBER.fullmatch(value.strip()) else None


def _equals(origin: Origin, wanted: Operand) -> bool | None:
    if isinstance(wanted, tuple):
        return _equals_list(origin, wanted)
    match origin:
        case Known(_, actual) if isinstance(wanted, bool | int | float | str):
            return same_scalar(actual, wanted)
        case Text(_, parts) if isinstance(wanted, str):
            return _may_spell(parts, wanted)
        case Sequence(_, items, True) if isinstance(wanted, bool | int | float | str):
            return every(_equals(item, wanted) for value in items for item in value) if len(items) == 1 else False
        case Referenced(_, target) if isinstance(wanted, DialectExpression):
            return True if ".".join(target) == wanted.text else None
        case _:
            return None


def _may_spell(parts: tuple[str | Referenced | Opaque, ...], wanted: str) -> bool | None:
    pattern = "".join(re.escape(part) if isinstance(part, str) else "(?s:.*)" for part in parts)
    return None if re.fullmatch(pattern, wanted) else False


def _equals_list(origin: Origin, wanted: tuple[Operand, ...]) -> bool | None:
    if isinstance(origin, Known):
        return len(wanted) == 1 and _equals(origin, wanted[0])
    if not isinstance(origin, Sequence):
        return None
    there = every(_member(item, wanted) for value in origin.items for item in value)
    if not origin.complete:
        return False if there is False else None
    back = every(some(_equals(item, want) for value in origin.items for item in value) for want in wanted)
    return every([there, back])


def _member(origin: Origin, values: Operand) -> bool | None:
    options = values if isinstance(values, tuple) else (values,)
    return some(_equals(origin, option) for option in options)


def _forbidden(origin: Origin, forbidden: Operand) -> bool | None:
    if forbidden != ANY_ADDRESS:
        return _member(origin, forbidden)
    match origin:
        case Known(_, str() as text):
            return is_any_address(text)
        case Known():
            return False
        case Text(_, parts) if isinstance(parts[-1], str) and not parts[-1].endswith("/0"):
            is_one = not any("," in part for part in parts if isinstance(part, str))
            return False if "/" in parts[-1] and is_one else None
        case _:
            return None


def separated(test: Test, origin: Origin) -> Origin:
    """Return networks in one text, with commas between them as some Terraform modules take them, as a list of them."""
    is_network = isinstance(test, Excludes) and test.forbidden == ANY_ADDRESS
    if not is_network or not isinstance(origin, Known) or "," not in str(origin.value):
        return origin
    parts = [part.strip() for part in str(origin.value).split(",")]
    return Sequence(origin.place, tuple((Known(origin.place, part),) for part in parts if part))


def is_any_address(text: str) -> bool:
    """Whether a network in CIDR notation holds every address of its family."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False).prefixlen == 0
    except ValueError:
        return False


# --------------------------------------------------------------------- bounds, lists, presence


def _rank(value: Scalar, order: Sequence_[str] | None) -> float | None:
    if order is None:
        return number(value)
    return float(order.index(str(value))) if str(value) in order else None


def _within(
    origin: Origin,
    bound: Operand,
    *,
    lower: bool,
    order: Sequence_[str] | None,
    version: bool,
) -> bool | None:
    if not isinstance(origin, Known) or not isinstance(bound, bool | int | float | str):
        return None
    if version:
        return _within_versions(str(origin.value), limit_key(str(bound)), lower=lower)
    actual, limit = _rank(origin.value, order), _rank(bound, order)
    if actual is None or limit is None:
        return None
    return actual >= limit if lower else actual <= limit


def _within_versions(text: str, limit: Parts, *, lower: bool) -> bool | None:
    left = allowed(text)
    if left is not None:
        return left.compared(limit, lower=lower) if limit else None
    actual = version_key(text)
    if not actual or not limit or (len(actual) < len(limit) and actual == limit[: len(actual)]):
        return None  # "7.0" stands for whichever patch the provider chooses
    if not lower:
        limit = (*limit, *(0 for _ in actual[len(limit) :]))
    return actual >= limit if lower else actual <= limit


def _contains(origin: Origin, items: Operand, item_key: str | None) -> bool | None:
    if not isinstance(origin, Sequence) or not isinstance(items, tuple):
        return None
    answers = [some(_has_item(value, wanted, item_key) for value in origin.items) for wanted in items]
    if not origin.complete:
        answers = [True if answer else None for answer in answers]
    return every(answers)


def _has_item(value: tuple[Origin, ...], wanted: Operand, item_key: str | None) -> bool | None:
    answers: list[bool | None] = []
    for origin in value:
        if item_key is None:
            answers.append(_equals(origin, wanted))
        elif isinstance(origin, Structure):
            answers += [_equals(inner, wanted) for inner in origin.lookup(item_key)]
        else:
            answers.append(None)
    return every(answers)


def missing_items(test: Contains, origin: Sequence) -> tuple[Written, ...]:
    """Return what ``$contains`` lacks in the list, in rule order."""
    items = test.items if isinstance(test.items, tuple) else ()
    absent = [item for item in items if some(_has_item(value, item, test.item_key) for value in origin.items) is False]
    return tuple(_as_item(item, test.item_key) for item in absent)


def _as_item(item: Operand, item_key: str | None) -> Written:
    if not isinstance(item, bool | int | float | str):
        message = f"{item!r} cannot be an item of $contains"
        raise TypeError(message)
    return item if item_key is None else WrittenMap(((item_key, item),))


def _is_set(origin: Origin) -> bool | None:
    match origin:
        case Known(_, value):
            return value != ""
        case Sequence(_, items, complete):
            return True if items else (False if complete else None)
        case Opaque():
            return None
        case Absent():
            return False
        case Referenced() | Text() | Structure():
            return True


SECRET_STORES = ("{{resolve:secretsmanager:", "{{resolve:ssm-secure:")
"""How CloudFormation's dynamic references begin whose value is never shown."""


def _is_secret(origin: Origin) -> bool | None:
    match origin:
        case Known(_, value):
            return value == "" or str(value).startswith(SECRET_STORES)
        case Text(_, (str() as first, *_)) if first.startswith(SECRET_STORES):
            return True
        case Referenced(_, target):
            # What a stack exports is plain text, and nothing here says whether it is a secret's name.
            return None if target[0] == "Fn::ImportValue" else True
        case _:
            return None


def is_forbidden_item(test: Excludes, value: tuple[Origin, ...]) -> bool:
    """Whether a list item is one that ``$excludes`` forbids, on some branch."""
    return any(_forbidden(origin, test.forbidden) is True for origin in value)


# --------------------------------------------------------------------- the one value of several rules


class Contradiction(Exception):  # noqa: N818 - a result that stops a plan, not a fault of the program
    """No value satisfies all the leaves."""


def merged_write(leaves: Sequence_[BoundLeaf], orders: Orders) -> Written | Unset | Missing:
    """Return the one value that all leaves accept: what the first of them would write and the others accept.

    Raises:
        Contradiction: no candidate is accepted by every leaf.

    """
    first = leaves[0]
    if len({repr(leaf.test) for leaf in leaves}) == 1:  # repr, since Python takes 1 and True for the same
        return first.write
    if all(isinstance(leaf.test, Contains) for leaf in leaves):
        return _union(leaves)
    unset: Written | Unset | Missing = MISSING
    for leaf in leaves:
        for candidate in _candidates(leaf):
            if candidate is MISSING or isinstance(candidate, Unset):
                unset = candidate if unset is MISSING else unset
            elif all(accepts(other, origin_of(candidate), orders) is not False for other in leaves):
                return candidate
    if unset is not MISSING:
        return unset
    if all(leaf.write is MISSING for leaf in leaves):
        return MISSING
    raise Contradiction


def _candidates(leaf: BoundLeaf) -> Iterable[Written | Unset | Missing]:
    yield leaf.write
    if isinstance(leaf.test, OneOf) and isinstance(leaf.test.values, tuple):
        for value in leaf.test.values:
            if isinstance(value, bool | int | float | str):
                yield value


def _union(leaves: Sequence_[BoundLeaf]) -> Written:
    written = [leaf.write for leaf in leaves if isinstance(leaf.write, tuple)]
    return tuple({repr(item): item for items in written for item in items}.values())


def accepts_own_write(leaf: BoundLeaf, orders: Orders) -> bool:
    """Whether the leaf accepts what it writes; True where what it writes cannot be judged here."""
    if leaf.write is MISSING or isinstance(leaf.write, Unset) or isinstance(leaf.test, Statement):
        return True
    return accepts(leaf, origin_of(leaf.write), orders) is not False
