"""YAML text to values with spans, half-typed text included."""

from setsquare.data import AS_WRITTEN, ComposedText, DataDocument, Lowering, document_spans
from setsquare.syntax.outline import ComposedPart, OutlinedDocument


def read(source: bytes) -> tuple[DataDocument, ...]:
    """Read all documents of a text; tags become ``Call(span, "!X", (inner,))``. Never raises."""
    documents = []
    for outlined in outline(source):
        problems = list(outlined.problems)
        root = outlined.root.expression(AS_WRITTEN, problems.append)
        documents.append(DataDocument(root, outlined.span, tuple(problems)))
    return tuple(documents)


def outline(source: bytes) -> tuple[OutlinedDocument, ...]:
    """Read all documents of a text, lowering nothing yet."""
    text = ComposedText(source)
    lowering = Lowering(text)
    spans = document_spans(source, [lowering.span(root) for root in text.roots])
    return tuple(
        OutlinedDocument(ComposedPart(text, root, 0), span, tuple(text.problems))
        for root, span in zip(text.roots, spans, strict=True)
    )
