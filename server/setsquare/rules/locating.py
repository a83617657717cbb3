"""Where in a rule's file a fault is."""

from setsquare.data import compose
from setsquare.model import Entry, Expression, ListExpression, Literal, ObjectExpression
from setsquare.rules.checks import Fault
from setsquare.rules.decoding import Mistake
from setsquare.text import LineIndex, Span


def located(fault: Fault, path: str, source: bytes) -> Mistake:
    """Return a fault as a mistake in its file: at the innermost of its steps that is written there."""
    documents = compose(source)
    span = _deepest(documents[0].root, fault.steps, Span(0, 0))[1] if documents else Span(0, 0)
    line, column = LineIndex(source).position(span.start)
    return Mistake(path, line + 1, column + 1, str(fault), span)


def _deepest(expression: Expression, steps: tuple[str, ...], span: Span) -> tuple[int, Span]:
    """Return how many steps are left at the place that leaves the fewest, and that place."""
    found = [(len(steps), span)]
    if not steps:
        return found[0]
    if isinstance(expression, ListExpression):
        found += [_deepest(item, steps, span) for item in expression.items]
    elif isinstance(expression, ObjectExpression):
        for entry in expression.entries:
            found.append(_inside(expression, entry, steps, span))
    return min(found, key=lambda one: one[0])


def _inside(owner: Expression, entry: Entry, steps: tuple[str, ...], span: Span) -> tuple[int, Span]:
    name = str(entry.key.value) if isinstance(entry.key, Literal) else ""
    if name == steps[0]:
        return _deepest(entry.value, steps[1:], entry.key.span)
    if name == "resource" and isinstance(entry.value, Literal) and entry.value.value == steps[0]:
        return _deepest(owner, steps[1:], entry.value.span)
    if name in ("state", "when", "companions") or name.startswith("$"):
        return _deepest(entry.value, steps, span)
    return len(steps), span
