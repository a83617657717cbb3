"""YAML text to values with spans, half-typed text included.

Two readers, PyYAML (libyaml) and tree-sitter-yaml, each read real templates that the other rejects. PyYAML is the
faster one and comes first; what it rejects is asked of tree-sitter; what both reject is read piece by piece.
"""

import itertools
import re
from collections.abc import Iterator

from setsquare.data import AS_WRITTEN, ComposedText, DataDocument, Lowering, document_spans
from setsquare.model import SyntaxProblem, Unreadable
from setsquare.syntax import yaml_pieces, yaml_sitter
from setsquare.syntax.outline import ComposedPart, OutlinedDocument, WrittenPart
from setsquare.text import BOM, Span

_ANCHOR = re.compile(rb"&[A-Za-z0-9_]")
_BEFORE_ANCHOR = b" \t\r\n,[{:-"
_MERGE = re.compile(rb"<<[\"']?[ \t]*:")
_BOUNDARY = re.compile(rb"\n(?:---|\.\.\.|%)")
_DOCUMENT = re.compile(rb"(?:\n|\A)---(?=\s|\Z)")


def read(source: bytes) -> tuple[DataDocument, ...]:
    """Read all documents of a text; tags become ``Call(span, "!X", (inner,))``. Never raises.

    What is intact of a text with errors is read; a mapping with an error inside is not complete, and an entry that
    cannot be read is Unreadable. A text without documents gives none.
    """
    documents = []
    for outlined in outline(source):
        problems = list(outlined.problems)
        root = outlined.root.expression(AS_WRITTEN, problems.append)
        documents.append(DataDocument(root, outlined.span, tuple(dict.fromkeys(problems))))
    return tuple(documents)


def outline(source: bytes) -> tuple[OutlinedDocument, ...]:
    """Read all documents of a text, lowering nothing yet."""
    start = len(BOM) if source.startswith(BOM) else 0
    if b"\0" in source:
        return (_unreadable(source, SyntaxProblem(Span(0, len(source)), "this is not text")),)
    whole = Span(start, len(source))
    pieces = None
    if is_simple(source, start):
        pieces = yaml_pieces.read(source, whole)
        if pieces is not None and not pieces.problems:
            return (OutlinedDocument(pieces.root, Span(0, len(source))),)
    if pieces is None or pieces.open_at is not None:
        read_whole = _whole(source, pieces.open_at if pieces is not None else None)
        if read_whole is not None:
            return read_whole
    if pieces is not None:
        return (OutlinedDocument(pieces.root, Span(0, len(source)), tuple(pieces.problems)),)
    return tuple(_broken(source, start))


def is_simple(source: bytes, start: int) -> bool:
    """Whether a text is one document without anchors and directives, so that its pieces are independent."""
    if any(source[max(0, match.start() - 1)] in _BEFORE_ANCHOR for match in _ANCHOR.finditer(source)):
        return False
    if _MERGE.search(source) or source.startswith(b"%", start):
        return False
    boundaries = [match.start() + 1 for match in _BOUNDARY.finditer(source, start)]
    if source.startswith((b"---", b"..."), start):
        boundaries.append(start)
    return not boundaries or (len(boundaries) == 1 and yaml_pieces.after_marker(source, start) > boundaries[0])


def _whole(source: bytes, open_at: int | None) -> tuple[OutlinedDocument, ...] | None:
    """Read a text in one go; None where neither reader can.

    Args:
        source: the text.
        open_at: where the text begins that may have been cut wrongly. tree-sitter is asked only if PyYAML stopped
            before that: otherwise the text is open there for PyYAML as well, as it is while a person types a quote.

    """
    text = ComposedText(source)
    if not text.problems:
        lowering = Lowering(text)
        spans = document_spans(source, [lowering.span(root) for root in text.roots])
        parts = [ComposedPart(text, root, 0) for root in text.roots]
        return tuple(
            OutlinedDocument(part, span, tuple(problem for problem in text.doubled() if span.contains(problem.span)))
            for part, span in zip(parts, spans, strict=True)
        )
    if open_at is not None and text.problems[0].span.start >= open_at:
        return None
    documents = yaml_sitter.read(source)
    if documents is None or any(document.problems for document in documents):
        return None
    return tuple(OutlinedDocument(WrittenPart(document.root), document.span) for document in documents)


def _broken(source: bytes, start: int) -> Iterator[OutlinedDocument]:
    """Read documents of which at least one is broken, each alone; aliases are not followed in those that are."""
    boundaries = [match.end() - len("---") for match in _DOCUMENT.finditer(source, start)]
    cuts = [start, *(at for at in boundaries if source[start:at].strip()), len(source)]
    for begin, end in itertools.pairwise(cuts):
        span = Span(0 if begin == start else begin, end)
        pieces = yaml_pieces.read(source, Span(begin, end))
        if pieces is not None:
            yield OutlinedDocument(pieces.root, span, tuple(pieces.problems))
        elif source[begin:end].strip():
            text = ComposedText(source[begin:end])
            if text.problems:
                at = text.problems[0].span
                problem = SyntaxProblem(Span(at.start + begin, at.end + begin), text.problems[0].message)
                yield OutlinedDocument(_unreadable(source, problem).root, span, (problem,))


def _unreadable(source: bytes, problem: SyntaxProblem) -> OutlinedDocument:
    text = source[problem.span.start : problem.span.end][:200].decode("utf-8", "replace")
    return OutlinedDocument(WrittenPart(Unreadable(problem.span, text)), Span(0, len(source)), (problem,))
