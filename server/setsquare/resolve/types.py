"""Type constraints of variables: conversions, and the attributes that a type adds."""

from collections.abc import Callable
from dataclasses import replace

from setsquare.model import (
    Absent,
    Call,
    Expression,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Origin,
    Reference,
    Sequence,
    Structure,
    Value,
)
from setsquare.resolve.calls import called

Evaluate = Callable[[Expression], Value]
_CONVERSIONS = {"string": "tostring", "number": "tonumber", "bool": "tobool"}


def typed(value: Value, kind: Expression, evaluate: Evaluate) -> Value:
    """Convert a value to the type of its variable.

    Args:
        value: as given.
        kind: the type as written.
        evaluate: gives the defaults of optional attributes their meaning.

    """
    return tuple(inner for origin in value for inner in _converted(origin, kind, evaluate))


def _converted(origin: Origin, kind: Expression, evaluate: Evaluate) -> Value:
    match kind:
        case Reference(_, (name,)) | Literal(_, str() as name) if name in _CONVERSIONS:
            return _scalar(origin, _CONVERSIONS[name])
        case Call(_, "list" | "set" as name, (inner,)) if isinstance(origin, Sequence):
            items = tuple(typed(item, inner, evaluate) for item in origin.items)
            converted = replace(origin, items=items, is_set=False)
            return called("toset", [(converted,)], origin.place, str) if name == "set" else (converted,)
        case Call(_, "map", (inner,)) if isinstance(origin, Structure):
            return (_map(origin, inner, evaluate),)
        case Call(_, "object", (ObjectExpression() as fields,)) if isinstance(origin, Structure):
            return (_object(origin, fields, evaluate),)
        case Call(_, "tuple", (ListExpression(_, kinds),)) if isinstance(origin, Sequence):
            if len(kinds) != len(origin.items):
                return (origin,)
            pairs = zip(origin.items, kinds, strict=True)
            return (replace(origin, items=tuple(typed(item, inner, evaluate) for item, inner in pairs)),)
        case Call(_, "optional", (inner, *_)):
            return _converted(origin, inner, evaluate)
        case _:
            return (origin,)


def _scalar(origin: Origin, conversion: str) -> Value:
    if not isinstance(origin, Known):
        return (origin,)
    found = called(conversion, [(origin,)], origin.place, str)
    return (origin,) if isinstance(found[0], Opaque) else found


def _map(origin: Structure, inner: Expression, evaluate: Evaluate) -> Structure:
    known: dict[str, Value] = {}

    def lookup(name: str) -> Value:
        if name not in known:
            found = origin.lookup(name)
            known[name] = typed(found, inner, evaluate) if name in origin.names else found
        return known[name]

    return replace(origin, lookup=lookup)


def _object(origin: Structure, fields: ObjectExpression, evaluate: Evaluate) -> Structure:
    """Return an object with the attributes of its type and no other."""
    kinds = {str(entry.key.value): entry.value for entry in fields.entries if isinstance(entry.key, Literal)}
    optional = {name for name, kind in kinds.items() if isinstance(kind, Call) and kind.name == "optional"}
    known: dict[str, Value] = {}

    def member(name: str) -> Value:
        kind = kinds.get(name)
        if kind is None:
            return (Absent(),)
        found = typed(origin.lookup(name), kind, evaluate)
        default = kind.arguments[1:] if isinstance(kind, Call) and kind.name == "optional" else ()
        if not default:
            return found
        kept = tuple(one for one in found if not isinstance(one, Absent))
        if len(kept) == len(found):
            return found
        return (*kept, *typed(evaluate(default[0]), kind, evaluate))

    def lookup(name: str) -> Value:
        if name not in known:
            known[name] = member(name)
        return known[name]

    names = tuple(name for name in kinds if name in origin.names or name in optional or origin.is_open)
    return replace(origin, names=names, lookup=lookup)


def is_not_null(nullable: Expression | None) -> bool:
    """Whether ``nullable = false`` is written: null stands for the default."""
    return isinstance(nullable, Literal) and nullable.value is False


def without_null(value: Value, default: Value) -> Value:
    """Return a value with the default in place of null."""
    kept = tuple(origin for origin in value if not isinstance(origin, Absent))
    return value if len(kept) == len(value) else (*kept, *default)
