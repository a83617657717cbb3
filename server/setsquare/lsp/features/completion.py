"""Completion: the secure body of a resource just begun, rule ids in comments, and the words of policies and rules."""

import re
from collections.abc import Iterable, Iterator, Mapping

from lsprotocol import types

from setsquare.data.spots import Spot, spot_to_write
from setsquare.documents import format_of
from setsquare.lsp.convert import Lines, in_snippet
from setsquare.lsp.features.vocabulary import Vocabulary, Word, rule_meaning, without_marks
from setsquare.lsp.session import Session
from setsquare.rules.vocabulary import declared_at
from setsquare.secure_bodies import SecureBody, secure_body
from setsquare.text import LineIndex, Span
from setsquare.workspace import Workspace

TRIGGERS = (" ", ":", ",", "[", "{")
"""Characters after which there may be something to complete; inside words editors ask by themselves."""

_IN_COMMENT = re.compile(rb"(?:#|//|\*).*setsquare:ignore[ \t:]+(?:[\w.-]+[ \t]*,[ \t]*)*(?P<word>[\w.-]*)\Z")
_REST_OF_WORD = re.compile(rb"[\w.-]*")


async def complete(session: Session, path: str, position: types.Position) -> types.CompletionList | None:
    """Answer ``textDocument/completion``."""
    buffer = session.buffer(path)
    if buffer is None:
        return None
    source = buffer.source
    lines = session.lines(source)
    offset = lines.offset(position)
    items = await session.ask(lambda workspace: [*_items(session, workspace, path, source, offset, lines)])
    return types.CompletionList(is_incomplete=False, items=items)


def _items(  # noqa: PLR0913, PLR0917 - a place in a text
    session: Session, workspace: Workspace, path: str, source: bytes, offset: int, lines: Lines
) -> Iterator[types.CompletionItem]:
    written = format_of(path, source)
    word = _word_in_comment(source, offset)
    if word is not None and written is not None:
        rules = workspace.catalogue_of(path).rules.values()
        known = (Word(rule.id, rule_meaning(rule)) for rule in rules)
        yield from _words(session, known, lines, word, types.CompletionItemKind.Reference)
        return
    vocabulary = Vocabulary.of(workspace, path)
    if vocabulary is not None:
        spot = spot_to_write(source, offset)
        if spot is not None:
            yield from _of_data(session, vocabulary, spot, source, lines)
        return
    body = secure_body(
        path,
        source,
        offset,
        workspace.catalogue_of(path),
        workspace.policy_of(path),
        texts=lambda: _texts(workspace, path),
        fill_in=session.client.snippets,
    )
    if body is not None:
        yield _body(session, body, lines)


def _texts(workspace: Workspace, path: str) -> Mapping[str, bytes]:
    unit = workspace.unit_of(path)
    return {} if unit is None else workspace.texts(unit)


def _word_in_comment(source: bytes, offset: int) -> Span | None:
    """Return the id, whole or begun, that is written at an offset in a comment that sets rules aside."""
    index = LineIndex(source)
    line = index.line_span(index.line_of(offset))
    found = _IN_COMMENT.search(source[line.start : offset])
    if found is None:
        return None
    rest = _REST_OF_WORD.match(source, offset)
    return Span(line.start + found.start("word"), offset if rest is None else rest.end())


# --------------------------------------------------------------------- policies and rules


def _of_data(
    session: Session, vocabulary: Vocabulary, spot: Spot, source: bytes, lines: Lines
) -> Iterator[types.CompletionItem]:
    here = declared_at(vocabulary.root, spot.path)
    if here is None:
        return
    in_list = bool(spot.path) and isinstance(spot.path[-1], int)
    is_flat = not here.is_list or in_list or spot.is_key
    values = () if spot.is_key else tuple(vocabulary.values(here.values))
    if values:
        before, after = ("", "") if is_flat else ("[", "]")
        kind = types.CompletionItemKind.EnumMember
        yield from _words(session, values, lines, spot.span, kind, before, after)
    elif is_flat:
        known = (word for word in vocabulary.keys(here) if word.text not in spot.beside)
        has_colon = source[spot.span.end :].lstrip(b" ").startswith(b":")
        kind = types.CompletionItemKind.Property
        yield from _words(session, known, lines, spot.span, kind, after="" if has_colon else ": ")


def _words(  # noqa: PLR0913, PLR0917 - words, and how they are put into a text
    session: Session,
    words: Iterable[Word],
    lines: Lines,
    span: Span,
    kind: types.CompletionItemKind,
    before: str = "",
    after: str = "",
) -> Iterator[types.CompletionItem]:
    where = lines.range(span)
    for word in words:
        yield types.CompletionItem(
            label=word.text,
            kind=kind,
            documentation=_documented(session, word.meaning) if word.meaning else None,
            filter_text=word.text,
            text_edit=types.TextEdit(where, f"{before}{word.text}{after}"),
        )


def _documented(session: Session, text: str) -> types.MarkupContent | str:
    if session.client.documents_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, text)
    return without_marks(text)


# --------------------------------------------------------------------- bodies


def _body(session: Session, body: SecureBody, lines: Lines) -> types.CompletionItem:
    client = session.client
    snippet = client.snippets
    text = "".join(_pieces(body)) if snippet else b"".join(p for p in body.pieces if isinstance(p, bytes)).decode()
    satisfied = "\n".join(f"- `{rule}`" for rule in body.rules)
    return types.CompletionItem(
        label=f"Secure {body.resource}",
        kind=types.CompletionItemKind.Snippet,
        detail=f"Setsquare: satisfies {len(body.rules)} rules",
        documentation=_documented(session, f"Writes what these rules ask for:\n\n{satisfied}"),
        preselect=False,
        filter_text=lines.text(body.span).strip() or None,
        insert_text_format=types.InsertTextFormat.Snippet if snippet else types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs if client.keeps_indentation else None,
        text_edit=types.TextEdit(lines.range(body.span), text),
    )


def _pieces(body: SecureBody) -> Iterator[str]:
    """Yield a body as a snippet; a parameter that is needed twice is filled in once."""
    numbers: dict[str, int] = {}
    for piece in body.pieces:
        if isinstance(piece, bytes):
            yield in_snippet(piece.decode())
        elif piece.parameter is None:
            yield "$0"
        else:
            number = numbers.setdefault(piece.parameter, len(numbers) + 1)
            yield f"${{{number}:{piece.parameter}}}"
