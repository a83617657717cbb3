"""JSON text to values with spans, half-typed text included."""

import json as standard
import re

from setsquare.data import ComposedText, DataDocument, document_spans
from setsquare.model import SyntaxProblem
from setsquare.syntax.json_reader import JsonReader
from setsquare.syntax.outline import ComposedPart, OutlinedDocument, WrittenPart
from setsquare.text import BOM, Span

_EXPONENT = re.compile(rb"[:\[,]\s*-?[0-9.]+[eE]|[0-9]{50}")


def read(source: bytes) -> tuple[DataDocument, ...]:
    """Read a text: one document, or none where the text is blank. Never raises.

    What is intact is read; a missing comma or brace, a comment and the like are problems, and an object that may hide
    entries because of them is not complete. ``${`` in strings stays as it is.
    """
    start = len(BOM) if source.startswith(BOM) else 0
    if not source[start:].strip():
        return ()
    return (read_region(source, Span(start, len(source))),)


def read_region(source: bytes, span: Span) -> DataDocument:
    """Read the JSON in a stretch of a text, with spans that count from the start of the text."""
    # The indentation of valid text means nothing: it may mix tabs and spaces.
    reader = JsonReader(source, span, recover=not _is_valid(source[span.start : span.end]))
    root = reader.document()
    return DataDocument(root, span, (*_foreign(source, span), *reader.problems))


def _foreign(source: bytes, span: Span) -> tuple[SyntaxProblem, ...]:
    try:
        source[span.start : span.end].decode()
    except UnicodeDecodeError as error:
        at = Span(span.start + error.start, span.start + error.end)
        return (SyntaxProblem(at, "this is not UTF-8"),)
    return ()


def outline(source: bytes) -> tuple[OutlinedDocument, ...]:
    """Read a text, lowering nothing yet where it is valid JSON."""
    composed = _composed(source)
    if composed is not None:
        root = ComposedPart(composed, composed.roots[0], 0)
        return (OutlinedDocument(root, document_spans(source, [root.span])[0], composed.doubled()),)
    return tuple(
        OutlinedDocument(WrittenPart(document.root), document.span, document.problems) for document in read(source)
    )


def _composed(source: bytes) -> ComposedText | None:
    """Return valid JSON as libyaml reads it, which is many times faster than a reader in Python could be.

    JSON is YAML but for rare cases, which are left to the reader: numbers with exponents, pairs of surrogates, keys
    of more than a thousand characters.
    """
    if _EXPONENT.search(source):
        return None
    if not _is_valid(source):
        return None
    composed = ComposedText(source)
    return composed if len(composed.roots) == 1 and not composed.problems else None


def _is_valid(text: bytes) -> bool:
    try:
        standard.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)
