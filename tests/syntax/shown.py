"""What a reader made of a text, in one line: the expected side of the tables."""

import json
from collections.abc import Iterable

from setsquare.data import DataDocument
from setsquare.model import (
    Call,
    Conditional,
    Expression,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    SyntaxProblem,
    Template,
    Unreadable,
)


def shown(expression: Expression) -> str:
    """Spell an expression: ``?text`` could not be read, ``...`` ends a mapping that may have more keys."""
    match expression:
        case Literal(_, value):
            return json.dumps(value, ensure_ascii=False)
        case ListExpression(_, items):
            return f"[{', '.join(map(shown, items))}]"
        case ObjectExpression(_, entries, complete):
            keys = [f"{_key(entry.key)}: {shown(entry.value)}" for entry in entries]
            return "{" + ", ".join(keys if complete else [*keys, "..."]) + "}"
        case Call(_, name, arguments):
            return f"{name}({', '.join(map(shown, arguments))})"
        case Reference(_, path):
            return f"<{'.'.join(path)}>"
        case Template(_, parts):
            return " + ".join(map(shown, parts))
        case Conditional(_, condition, when_true, when_false):
            return f"({shown(condition)} ? {shown(when_true)} : {shown(when_false)})"
        case Unreadable(_, text):
            return f"?{text}"


def _key(key: Expression) -> str:
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else shown(key)


def told(problems: Iterable[SyntaxProblem], source: bytes) -> str:
    """Spell problems: the first words of each and the text that it marks."""
    return " | ".join(
        f"{problem.message} @{source[problem.span.start : problem.span.end].decode('utf-8', 'replace')}"
        for problem in problems
    )


def documents(found: Iterable[DataDocument]) -> str:
    """Spell the documents of a text."""
    return " --- ".join(shown(document.root) for document in found)


def inner_spans(expression: Expression) -> Iterable[Expression]:
    """Yield an expression and all that is written inside of it."""
    yield expression
    match expression:
        case ListExpression(_, items):
            for item in items:
                yield from inner_spans(item)
        case ObjectExpression(_, entries):
            for entry in entries:
                yield from inner_spans(entry.key)
                yield from inner_spans(entry.value)
        case Call(_, _, arguments):
            for argument in arguments:
                yield from inner_spans(argument)
