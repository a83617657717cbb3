"""Between Setsquare's terms and the protocol's: the only bilingual file."""

import os
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from setsquare.findings import Finding, Problem, ProblemKind, UnknownFinding
from setsquare.lsp.client import Client
from setsquare.lsp.prepared import Prepared
from setsquare.model import Place
from setsquare.rules.decoding import Mistake
from setsquare.rules.rule import Severity
from setsquare.text import Edit, LineIndex, Position, Span

SOURCE = "setsquare"
_CALLS = 8
"""How many of the calls that decide a finding are named."""
_SPECIAL = re.compile(r"[\\$}]")
CONFIRM = "setsquare.confirm"
"""The id of the change annotation that makes the client ask first."""

POLICY = "policy"
"""The code of a mistake in a policy or rule file."""
COMMENT = "suppression"
"""The code of a comment that does not set aside what it means to."""

_SEVERITIES = {
    Severity.CRITICAL: types.DiagnosticSeverity.Error,
    Severity.HIGH: types.DiagnosticSeverity.Error,
    Severity.MEDIUM: types.DiagnosticSeverity.Warning,
    Severity.LOW: types.DiagnosticSeverity.Information,
}


def path_of(uri: str) -> str | None:
    """Return the absolute path that a ``file:`` URI names; None for other schemes."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    # Windows drives: file:///c%3A/x is c:/x.
    return path[1:] if len(path) > 2 and path[0] == "/" and path[2] == ":" else path  # noqa: PLR2004


def uri_of(path: str) -> str:
    """Return the ``file:`` URI of an absolute path."""
    return Path(path).as_uri()


def bytes_of(text: str) -> bytes:
    """Return a text as bytes; half a surrogate pair, which has no bytes, becomes the replacement character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def in_snippet(text: str) -> str:
    """Return a text as a snippet that inserts just it."""
    return _SPECIAL.sub(r"\\\g<0>", text)


_LARGE = 1 << 19
Extent = tuple[int, int, int, int]
"""The line and character where something begins, and where it ends."""


def lines_of(source: bytes, encoding: str) -> "Lines":
    """Return the positions of a text; the same object for the same text, unless it is so large as to fill memory."""
    return Lines(source, encoding) if len(source) > _LARGE else _lines_of(source, encoding)


@lru_cache(maxsize=64)
def _lines_of(source: bytes, encoding: str) -> "Lines":
    return Lines(source, encoding)


def range_of(extent: Extent) -> types.Range:
    """Return an extent as a range."""
    return types.Range(types.Position(extent[0], extent[1]), types.Position(extent[2], extent[3]))


class Lines:
    """Positions in one text, in the units that were negotiated."""

    def __init__(self, source: bytes, encoding: str) -> None:
        self._source = source
        self._index = LineIndex(source)
        self._encoding = encoding

    def extent(self, span: Span) -> Extent:
        """Return where a span begins and ends."""
        return self._index.extent(span, self._encoding)

    def range(self, span: Span) -> types.Range:
        """Return a span as a range."""
        start, end = (self._index.position(offset, self._encoding) for offset in span)
        return types.Range(types.Position(*start), types.Position(*end))

    def text(self, span: Span) -> str:
        """Return what stands at a span."""
        return self._source[span.start : span.end].decode("utf-8", "replace")

    def offset(self, position: types.Position) -> int:
        """Return a position as a byte offset, clamped to the text and to whole characters."""
        offset = self._index.offset(Position(position.line, position.character), self._encoding)
        while self._source[offset : offset + 1] and self._source[offset] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8
            offset -= 1
        return offset

    def span(self, wanted: types.Range) -> Span:
        """Return a range as a span, clamped to the text."""
        start, end = self.offset(wanted.start), self.offset(wanted.end)
        return Span(min(start, end), max(start, end))

    def text_edit(self, edit: Edit) -> types.TextEdit:
        """Return an edit."""
        return types.TextEdit(self.range(edit.span), edit.new.decode("utf-8", "replace"))

    def edit_to_fill_in(self, edit: Edit) -> types.SnippetTextEdit:
        """Return an edit after which the person writes on at the end of what was inserted, before the line's end."""
        text = edit.new.decode("utf-8", "replace")
        written = text.rstrip("\r\n")
        snippet = types.StringValue(in_snippet(written) + "$0" + text[len(written) :])
        return types.SnippetTextEdit(self.range(edit.span), snippet)

    def edit_to_confirm(self, edit: Edit) -> types.AnnotatedTextEdit:
        """Return an edit that the client asks about first."""
        return types.AnnotatedTextEdit(CONFIRM, self.range(edit.span), edit.new.decode("utf-8", "replace"))


def diagnostic_of(
    finding: Finding,
    lines: Lines,
    related: Mapping[str, Lines],
    client: Client,
    documentation: str,
) -> Prepared:
    """Return a finding as a diagnostic."""
    return Prepared(
        range=lines.range(finding.place.span),
        message=finding.message,
        severity=_SEVERITIES[finding.rule.severity],
        code=finding.rule.id,
        code_description=types.CodeDescription(documentation) if client.links_codes else None,
        source=SOURCE,
        related_information=_related(finding, related) if client.related else None,
        data={"fingerprint": finding.fix.fingerprint, "rule": finding.rule.id, "resource": finding.resource},
    )


def hint_of(finding: UnknownFinding, lines: Lines) -> types.Diagnostic:
    """Return what cannot be judged as a hint, with the file that would decide it where that is another one."""
    decided = ""
    if finding.decided_by is not None and finding.decided_by != finding.place.path:
        decided = f" It is decided in {os.path.relpath(finding.decided_by, os.path.dirname(finding.place.path))}."
    return types.Diagnostic(
        range=lines.range(finding.place.span),
        message=finding.message + decided,
        severity=types.DiagnosticSeverity.Hint,
        code=finding.rule.id,
        source=SOURCE,
    )


def remark_of(problem: Problem, lines: Lines) -> types.Diagnostic | None:
    """Return what is wrong with a comment as a warning; None for what is not the author's, or has no place."""
    if problem.place is None or problem.kind is not ProblemKind.OTHER:
        return None
    return types.Diagnostic(
        range=lines.range(problem.place.span),
        message=problem.message,
        severity=types.DiagnosticSeverity.Warning,
        code=COMMENT,
        source=SOURCE,
    )


def mistake_of(mistake: Mistake, lines: Lines) -> types.Diagnostic:
    """Return a mistake in a policy or rule file as an error."""
    return types.Diagnostic(
        range=lines.range(mistake.span),
        message=mistake.message,
        severity=types.DiagnosticSeverity.Error,
        code=POLICY,
        source=SOURCE,
    )


def _related(finding: Finding, related: Mapping[str, Lines]) -> list[types.DiagnosticRelatedInformation] | None:
    found: list[types.DiagnosticRelatedInformation] = []
    seen: set[Place] = {finding.place}
    for violation in finding.violations:
        origin = violation.origin
        if origin is None or origin in seen or origin.path not in related:
            continue
        seen.add(origin)
        location = types.Location(uri_of(origin.path), related[origin.path].range(origin.span))
        found.append(types.DiagnosticRelatedInformation(location, f"{violation.path} is decided here"))
    for call in finding.calls[:_CALLS]:
        if call.place.path in related:
            location = types.Location(uri_of(call.place.path), related[call.place.path].range(call.place.span))
            found.append(types.DiagnosticRelatedInformation(location, f"{call.address} is called here"))
    return found or None


def workspace_edit(  # noqa: PLR0913, PLR0917 - all that an edit of several files is made of
    edits: Mapping[str, tuple[Edit, ...]],
    lines: Mapping[str, Lines],
    uris: Mapping[str, str],
    versions: Mapping[str, int | None],
    client: Client,
    confirm: str | None = None,
    *,
    created: Collection[str] = (),
    fill_in: bool = False,
) -> types.WorkspaceEdit:
    """Return edits as the client can take them.

    Args:
        edits: by path.
        lines: the positions of each of these texts.
        uris: of each of these texts, as the client writes them.
        versions: the version that each text had, None for a file that is not open.
        client: what the client can do.
        confirm: why a person must agree first; None where nobody must.
        created: paths of files that do not exist yet.
        fill_in: at the end of each edit a person has to write something.

    """
    planned = sorted(edits.items())
    if not client.document_changes:
        changes = {uris[path]: [lines[path].text_edit(edit) for edit in made] for path, made in planned}
        return types.WorkspaceEdit(changes=changes)
    asks = confirm is not None and client.annotates
    documents: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = [
        types.CreateFile(uris[path], options=types.CreateFileOptions(ignore_if_exists=True))
        for path in sorted(created)
        if client.creates_files
    ]
    for path, made in planned:
        identity = types.OptionalVersionedTextDocumentIdentifier(uris[path], versions.get(path))
        written: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
        for edit in made:
            if asks:
                written.append(lines[path].edit_to_confirm(edit))
            elif fill_in and client.edits_snippets:
                written.append(lines[path].edit_to_fill_in(edit))
            else:
                written.append(lines[path].text_edit(edit))
        documents.append(types.TextDocumentEdit(identity, written))
    annotations = {CONFIRM: types.ChangeAnnotation(confirm or "", needs_confirmation=True)} if asks else None
    return types.WorkspaceEdit(document_changes=documents, change_annotations=annotations)
