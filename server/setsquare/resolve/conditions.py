"""Conditions over known scalars: three-valued."""

from collections.abc import Sequence as Sequence_

from setsquare.logic import every, negated, some, unanimous
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


def compare(operator: str, arguments: Sequence_[Value]) -> bool | None:
    """Evaluate an operator that gives a boolean; None where its operands, or itself, are not known."""
    match operator, arguments:
        case "!", [value]:
            return negated(as_truth(value))
        case "&&", [left, right]:
            return every([as_truth(left), as_truth(right)])
        case "||", [left, right]:
            return some([as_truth(left), as_truth(right)])
        case "==" | "!=", [left, right]:
            answers = {_same(one, other) for one in left for other in right}
            if len(answers) != 1 or None in answers:
                return None
            return answers.pop() if operator == "==" else not answers.pop()
        case _:
            return None


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
