"""Walks over expressions."""

from collections.abc import Iterator

from setsquare.model import (
    Call,
    Conditional,
    Expression,
    For,
    ListExpression,
    ObjectExpression,
    Reference,
    Template,
    Traversal,
)


def references(expression: Expression) -> Iterator[Reference]:
    """Yield every reference inside an expression; the names that a ``for`` declares are none."""
    if isinstance(expression, Reference):
        yield expression
    elif isinstance(expression, For):
        yield from references(expression.collection)
        for part in (expression.key, expression.value, expression.condition):
            if part is not None:
                yield from (found for found in references(part) if found.path[0] not in expression.names)
    else:
        for part in _parts(expression):
            yield from references(part)


def _parts(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Template(_, parts) | ListExpression(_, parts) | Call(_, _, parts):
            yield from parts
        case ObjectExpression(_, entries):
            for entry in entries:
                yield entry.key
                yield entry.value
        case Conditional(_, condition, when_true, when_false):
            yield from (condition, when_true, when_false)
        case Traversal(_, base, steps):
            yield base
            yield from (step for step in steps if not isinstance(step, str))
        case _:
            return
