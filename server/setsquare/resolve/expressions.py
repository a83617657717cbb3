"""Walks over expressions."""

from collections.abc import Iterator

from setsquare.model import (
    Call,
    Conditional,
    Expression,
    ListExpression,
    ObjectExpression,
    Reference,
    Template,
)


def references(expression: Expression) -> Iterator[Reference]:
    """Yield every reference inside an expression."""
    match expression:
        case Reference():
            yield expression
        case Template(_, parts):
            for part in parts:
                yield from references(part)
        case ListExpression(_, items) | Call(_, _, items):
            for item in items:
                yield from references(item)
        case ObjectExpression(_, entries):
            for entry in entries:
                yield from references(entry.key)
                yield from references(entry.value)
        case Conditional(_, condition, when_true, when_false):
            for part in (condition, when_true, when_false):
                yield from references(part)
        case _:
            return
