"""YAML text to expressions with byte spans, by PyYAML: rule and policy files, and one of two readers of templates."""

import itertools
import re
from bisect import bisect_left

from setsquare.data.composing import MAX_DEPTH, ComposedText
from setsquare.data.lowering import AS_WRITTEN, MAX_EXPANDED, Lowering, Meaning
from setsquare.data.scalars import scalar
from setsquare.model import (
    Expression,
    ListExpression,
    Literal,
    ObjectExpression,
    SyntaxProblem,
)
from setsquare.records import record
from setsquare.text import Span

__all__ = [
    "AS_WRITTEN",
    "MAX_DEPTH",
    "MAX_EXPANDED",
    "ComposedText",
    "DataDocument",
    "Lowering",
    "Meaning",
    "compose",
    "document_spans",
    "member",
    "plain",
    "scalar",
]

_BOUNDARY = re.compile(rb"^(?:---|\.\.\.)(?=\s|\Z)", re.MULTILINE)


@record
class DataDocument:
    """One document of a text.

    Attributes:
        root: its value.
        span: its stretch of the text: all of it for the only document, else up to the next one's ``---``.
        problems: what could not be read in it.

    """

    root: Expression
    span: Span
    problems: tuple[SyntaxProblem, ...] = ()


def compose(source: bytes) -> tuple[DataDocument, ...]:
    """Read YAML text; tags become ``Call(span, "!X", (inner,))``.

    Never raises. A text with a mistake gives its documents before the mistake, and in the last one the problem; where
    there is none, its root is the empty literal. A text without documents gives none.
    """
    text = ComposedText(source)
    lowering = Lowering(text)
    spans = document_spans(source, [lowering.span(root) for root in text.roots])
    documents: list[DataDocument] = []
    for root, span in zip(text.roots, spans, strict=True):
        lowering.problems = []
        expression = lowering.expression(root)
        documents.append(DataDocument(expression, span, tuple(lowering.problems)))
    if text.problems:
        last = documents.pop() if documents else DataDocument(Literal(Span(0, 0), None), Span(0, len(source)))
        documents.append(DataDocument(last.root, last.span, (*last.problems, *text.problems)))
    return tuple(documents)


def document_spans(source: bytes, roots: list[Span]) -> list[Span]:
    """Return the stretches of the documents whose roots are at the given spans."""
    if len(roots) <= 1:
        return [Span(0, len(source))] * len(roots)
    boundaries = [match.start() for match in _BOUNDARY.finditer(source)]
    starts = [0]
    for before, root in itertools.pairwise(roots):
        # The first boundary after a root ends its document, whatever stands between it and the next root.
        after = bisect_left(boundaries, before.end)
        starts.append(boundaries[after] if after < len(boundaries) else root.start)
    return [Span(start, end) for start, end in zip(starts, [*starts[1:], len(source)], strict=True)]


def member(expression: Expression | None, key: str) -> Expression | None:
    """Return the value of a key of a mapping; None where there is none, or where it is no mapping."""
    if not isinstance(expression, ObjectExpression):
        return None
    for entry in expression.entries:
        if isinstance(entry.key, Literal) and entry.key.value == key:
            return entry.value
    return None


def plain(expression: Expression) -> object:
    """Return a written value as Python data: dict, list, str, int, float, bool or None.

    Whatever is not plain (a tag, something unreadable) becomes None; of doubled keys nothing is believed, so None too.
    Keys that are not text are left out.
    """
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, ListExpression):
        return [plain(item) for item in expression.items]
    if isinstance(expression, ObjectExpression):
        return {
            entry.key.value: plain(entry.value)
            for entry in expression.entries
            if isinstance(entry.key, Literal) and isinstance(entry.key.value, str)
        }
    return None
