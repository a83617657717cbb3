"""What a call of a function or operator means: over all that its arguments may be."""

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from setsquare.logic import every, negated, some, unanimous
from setsquare.model import Absent, Known, Opaque, Origin, Place, Referenced, Structure, Text, Value
from setsquare.model import Sequence as SequenceOrigin
from setsquare.resolve import functions, values
from setsquare.resolve.conditions import as_truth
from setsquare.resolve.elements import decided_by
from setsquare.resolve.functions.plain import FunctionError, Plain, UndecidedError, as_json, identity
from setsquare.resolve.plain_values import UnknownError, of_plain, plains
from setsquare.resolve.structural import STRUCTURAL, unified

Shown = Callable[[], str]
_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "<", "<=", ">", ">="))
_LOGIC = frozenset(("!", "&&", "||", "==", "!="))
OPERATORS = _ARITHMETIC | _LOGIC


def called(name: str, arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    """Return what a call means; opaque where it is not decided."""
    special = _WHOLE.get(name)
    if special is not None:
        return special(arguments, place, shown)
    structural = STRUCTURAL.get(name)
    if structural is not None:
        return _combined(arguments, place, shown, lambda origins: structural(place, *origins))
    function = functions.find(name)
    if function is None:
        return (Opaque(place, shown()),)
    return _over_plain(function, arguments, place, shown)


def operated(name: str, operands: Sequence[Value], place: Place, shown: Shown) -> Value:
    """Return what an operator gives."""
    if name in _ARITHMETIC:
        from setsquare.resolve.functions.numbers import arithmetic  # noqa: PLC0415 - most folders calculate nothing

        return _over_plain(lambda *plain: arithmetic(name, *plain), operands, place, shown)
    answer = _logic(name, operands)
    return (Known(place, answer),) if answer is not None else (_unknown(operands, place, shown),)


def _logic(name: str, operands: Sequence[Value]) -> bool | None:
    match name, operands:
        case "!", [value]:
            return negated(as_truth(value))
        case "&&", [left, right]:
            return every([as_truth(left), as_truth(right)])
        case "||", [left, right]:
            return some([as_truth(left), as_truth(right)])
        case _, [left, right]:
            same = unanimous(_same(one, other) for one in left for other in right)
            return same if name == "==" else negated(same)
        case _:
            return None


def _same(one: Origin, other: Origin) -> bool | None:
    if isinstance(one, Absent) or isinstance(other, Absent):
        known = (Absent, Known, SequenceOrigin, Structure)
        both = isinstance(one, known) and isinstance(other, known)
        return isinstance(one, Absent) and isinstance(other, Absent) if both else None
    try:
        return unanimous(identity(left) == identity(right) for left in plains(one) for right in plains(other))
    except (UnknownError, UndecidedError):
        return None


def _unknown(arguments: Sequence[Value], place: Place, shown: Shown) -> Opaque:
    decides = (decided_by(argument) for argument in arguments)
    return Opaque(place, shown(), next((path for path in decides if path is not None), None))


def _combined(
    arguments: Sequence[Value], place: Place, shown: Shown, apply: Callable[[tuple[Origin, ...]], Value]
) -> Value:
    """Return the union over all combinations of the arguments' origins."""
    if prod(len(argument) for argument in arguments) > values.MAX_ORIGINS:
        return (Opaque(place, shown()),)
    return values.union([_applied(apply, row, place, shown) for row in product(*arguments)], place)


def _applied(
    apply: Callable[[tuple[Origin, ...]], Value], row: tuple[Origin, ...], place: Place, shown: Shown
) -> Value:
    failed = next((one for one in row if isinstance(one, Opaque) and one.failed), None)
    if failed is not None:
        return (Opaque(place, shown(), failed=True),)
    try:
        return apply(row)
    except FunctionError:
        return (Opaque(place, shown(), failed=True),)
    except UnknownError as error:
        return (Opaque(place, shown(), decided_by((error.origin,))),)
    except (UndecidedError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError):
        return (Opaque(place, shown()),)


def _over_plain(function: Callable[..., Plain], arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    def apply(row: tuple[Origin, ...]) -> Value:
        options = [plains(origin) for origin in row]
        if prod(len(option) for option in options) > values.MAX_ORIGINS:
            message = "too many alternatives"
            raise UndecidedError(message)
        return values.union([of_plain(place, function(*plain)) for plain in product(*options)], place)

    return _combined(arguments, place, shown, apply)


# --------------------------------------------------------------------- functions that choose among their arguments


def _try(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    """Take the first argument that does not fail; of one that may fail, the next as well."""
    found: list[Value] = []
    for argument in arguments:
        kept = tuple(origin for origin in argument if not (isinstance(origin, Opaque) and origin.failed))
        found.append(kept)
        if len(kept) == len(argument) and not any(isinstance(origin, Opaque) for origin in kept):
            break
    return values.union(found, place) or (Opaque(place, shown(), failed=True),)


def _can(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    answers = [not origin.failed if isinstance(origin, Opaque) else True for value in arguments for origin in value]
    is_unknown = any(isinstance(origin, Opaque) and not origin.failed for value in arguments for origin in value)
    answer = None if is_unknown else unanimous(answers)
    return (Opaque(place, shown()),) if answer is None else (Known(place, answer),)


def _coalesce(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    converted = tuple(unified(arguments))
    return _first(converted, place, shown, lambda origin: isinstance(origin, Known) and origin.value == "")


def _coalescelist(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    def is_empty(origin: Origin) -> bool:
        return isinstance(origin, SequenceOrigin) and origin.complete and not origin.items

    return _first(arguments, place, shown, is_empty)


def _first(arguments: Sequence[Value], place: Place, shown: Shown, is_empty: Callable[[Origin], bool]) -> Value:
    found: list[Value] = []
    for argument in arguments:
        kept = tuple(origin for origin in argument if not isinstance(origin, Absent) and not is_empty(origin))
        found.append(kept)
        certain = (Known, Text, SequenceOrigin, Structure)
        if len(kept) == len(argument) and all(isinstance(origin, certain) for origin in kept):
            break
    return values.union(found, place) or (Opaque(place, shown(), failed=True),)


# --------------------------------------------------------------------- text of which a part is not known


def _join(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    match arguments:
        case [(Known(_, separator),), (SequenceOrigin(items=items, complete=True),)] if _has_unknown(items):
            parts: list[Value] = []
            for at, item in enumerate(items):
                parts += [(Known(place, separator),), item] if at and separator != "" else [item]
            return values.text(place, parts, shown) if len(parts) > 1 else parts[0]
        case _:
            return _plain_call("join", arguments, place, shown)


def _format(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    match arguments:
        case [(Known(_, str() as spec),), *others] if _has_unknown(others):
            pieces = _unpadded(spec, others)
            if pieces is not None:
                parts = [(Known(place, piece),) if isinstance(piece, str) else piece for piece in pieces]
                return values.text(place, parts, shown)
    return _plain_call("format", arguments, place, shown)


def _unpadded(spec: str, arguments: Sequence[Value]) -> list[str | Value] | None:
    """Return the parts of a format that shows each argument as it is; None for any other."""
    from setsquare.resolve.functions.formatting import pieces  # noqa: PLC0415 - hardly a folder needs it

    found: list[str | Value] = []
    try:
        for piece in pieces(spec):
            if isinstance(piece, str):
                if piece:
                    found.append(piece)
            elif piece.letter not in "sv" or piece.flags or piece.width or piece.precision is not None:
                return None
            else:
                found.append(arguments[piece.argument])
    except (FunctionError, UndecidedError, IndexError):
        return None
    return found


def _has_unknown(items: Sequence[Value]) -> bool:
    return any(isinstance(origin, Opaque | Referenced | Text) for item in items for origin in item)


def _plain_call(name: str, arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    function = functions.find(name)
    return _over_plain(function, arguments, place, shown) if function is not None else (Opaque(place, shown()),)


# --------------------------------------------------------------------- JSON


def _jsonencode(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    """Hand on what is encoded, so that its parts keep their places; a scalar becomes its JSON text."""
    if len(arguments) != 1:
        return (Opaque(place, shown()),)
    return values.union([_encoded(origin, place) for origin in arguments[0]], place)


def _encoded(origin: Origin, place: Place) -> Value:
    match origin:
        case Known() | Absent():
            return (Known(place, as_json(plains(origin)[0])),)
        case _:
            return (origin,)


def _jsondecode(arguments: Sequence[Value], place: Place, shown: Shown) -> Value:
    """Decode text; what ``jsonencode`` handed on is there already."""
    match arguments:
        case [value]:
            decoded = (origin for origin in value if isinstance(origin, Structure | SequenceOrigin))
            texts = tuple(origin for origin in value if not isinstance(origin, Structure | SequenceOrigin))
            found = _plain_call("jsondecode", [texts], place, shown) if texts else ()
            return values.union([tuple(decoded), found], place)
        case _:
            return (Opaque(place, shown()),)


def as_written_text(value: Value) -> Value:
    """Return a value that stands in a text: what ``jsonencode`` handed on becomes its JSON."""
    return tuple(_json_text(origin) for origin in value)


def _json_text(origin: Origin) -> Origin:
    if not isinstance(origin, Structure | SequenceOrigin):
        return origin
    try:
        options = plains(origin)
    except (UnknownError, UndecidedError):
        return origin
    return Known(origin.place, as_json(options[0])) if len(options) == 1 else origin


_WHOLE: dict[str, Callable[[Sequence[Value], Place, Shown], Value]] = {
    "can": _can,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "format": _format,
    "join": _join,
    "jsondecode": _jsondecode,
    "jsonencode": _jsonencode,
    "try": _try,
}
