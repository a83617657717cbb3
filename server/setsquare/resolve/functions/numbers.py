"""Functions and operators over numbers."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException

from setsquare.resolve.functions.plain import (
    NUMBERS,
    Function,
    FunctionError,
    Plain,
    UndecidedError,
    as_list,
    as_number,
    as_text,
    as_whole,
    number,
)

_LARGEST_BASE = 36
_MAX_POWER = 1e100


def _abs(value: Plain) -> Plain:
    converted = as_number(value)
    return -converted if converted < 0 else converted


def _ceil(value: Plain) -> Plain:
    return number(Decimal(as_number(value)).to_integral_value(ROUND_CEILING))


def _floor(value: Plain) -> Plain:
    return number(Decimal(as_number(value)).to_integral_value(ROUND_FLOOR))


def _from_float(value: float) -> Plain:
    if not math.isfinite(value) or abs(value) > _MAX_POWER:
        message = "a number of this size"
        raise UndecidedError(message)
    return number(Decimal(repr(value)))


def _log(value: Plain, base: Plain) -> Plain:
    above, below = as_number(value), as_number(base)
    if above <= 0 or below <= 0 or below == 1:
        message = "no finite logarithm"
        raise FunctionError(message)
    return _from_float(math.log(above) / math.log(below))


def _max(*values: Plain) -> Plain:
    return max(_some(values))


def _min(*values: Plain) -> Plain:
    return min(_some(values))


def _some(values: tuple[Plain, ...]) -> list[int | Decimal]:
    if not values:
        message = "at least one number is required"
        raise FunctionError(message)
    return [as_number(value) for value in values]


def _parseint(value: Plain, base: Plain) -> Plain:
    text, radix = as_text(value), as_whole(base)
    if radix > _LARGEST_BASE or "_" in text or text != text.strip():
        message = "a number in this base"
        raise UndecidedError(message)
    try:
        return number(int(text, radix))
    except ValueError as error:
        raise FunctionError(str(error)) from error


def _pow(value: Plain, exponent: Plain) -> Plain:
    try:
        return _from_float(math.pow(as_number(value), as_number(exponent)))
    except (OverflowError, ValueError) as error:
        raise UndecidedError(str(error)) from error


def _signum(value: Plain) -> Plain:
    converted = as_number(value)
    return (converted > 0) - (converted < 0)


def _sum(items: Plain) -> Plain:
    total: Plain = 0
    values = _some(as_list(items))
    for value in values:
        total = _calculated("+", as_number(total), value)
    return total


def _calculated(operator: str, left: int | Decimal, right: int | Decimal) -> Plain:
    one, other = Decimal(left), Decimal(right)
    try:
        match operator:
            case "+":
                return number(NUMBERS.add(one, other))
            case "-":
                return number(NUMBERS.subtract(one, other))
            case "*":
                return number(NUMBERS.multiply(one, other))
            case "/":
                return number(NUMBERS.divide(one, other))
            case _:
                if not other:
                    message = "the rest of a division by zero"
                    raise UndecidedError(message)
                return number(NUMBERS.remainder(one, other))
    except DecimalException as error:
        message = "no finite number"
        raise FunctionError(message) from error


def arithmetic(operator: str, *operands: Plain) -> Plain:
    """Apply ``+ - * / %``, the sign ``-``, or one of ``< <= > >=`` to numbers."""
    values = [as_number(operand) for operand in operands]
    if len(values) == 1:
        return -values[0]
    left, right = values
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case _:
            return _calculated(operator, left, right)


FUNCTIONS: dict[str, Function] = {
    "abs": _abs,
    "ceil": _ceil,
    "floor": _floor,
    "log": _log,
    "max": _max,
    "min": _min,
    "parseint": _parseint,
    "pow": _pow,
    "signum": _signum,
    "sum": _sum,
}
