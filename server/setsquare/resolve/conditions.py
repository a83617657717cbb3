"""Conditions over known scalars: three-valued."""

from setsquare.logic import unanimous
from setsquare.model import Absent, Known, Origin, Scalar, Value

_MISSING = object()


def as_truth(value: Value) -> bool | None:
    """Return whether a value is true, false, or not known to be one of them."""
    return unanimous(_truth(origin) for origin in value)


def _truth(origin: Origin) -> bool | None:
    match origin:
        case Known(_, bool() as value):
            return value
        case Known(_, "true"):
            return True
        case Known(_, "false"):
            return False
        case _:
            return None


def are_same(one: Value, other: Value) -> bool | None:
    """Return whether two values are the same scalar; None where that is not known, or is so on some branches only."""
    return unanimous(_same(left, right) for left in one for right in other)


def _same(one: Origin, other: Origin) -> bool | None:
    left, right = _scalar(one), _scalar(other)
    if left is _MISSING or right is _MISSING:
        return None
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _scalar(origin: Origin) -> Scalar | object | None:
    match origin:
        case Known(_, value):
            return value
        case Absent():
            return None
        case _:
            return _MISSING
