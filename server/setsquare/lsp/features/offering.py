"""What the kinds of code actions have in common: where one is asked for, and what is offered there."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.convert import SOURCE, Lines, diagnostic_of, workspace_edit
from setsquare.lsp.documentation import page_of
from setsquare.lsp.session import Session, Snapshot
from setsquare.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Situation:
    """A file in which code actions are asked for, as it was analysed.

    Attributes:
        lines: the positions of each text of the file's unit.

    """

    session: Session
    snapshot: Snapshot
    path: str
    lines: Mapping[str, Lines]

    @classmethod
    def of(cls, session: Session, snapshot: Snapshot, path: str) -> "Situation":
        """Return the situation in one file of a unit."""
        return cls(session, snapshot, path, {known: session.lines(text) for known, text in snapshot.all_texts.items()})

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is shown of the file."""
        here = (finding for finding in self.snapshot.findings if finding.place.path == self.path)
        return tuple(filter(self.session.settings.shows, here))

    def asked(self, wanted: types.Range, diagnostics: Sequence[types.Diagnostic]) -> tuple[Finding, ...]:
        """Return the findings that a request speaks of: those of its diagnostics, else all that its range touches."""
        ours = [diagnostic for diagnostic in diagnostics if diagnostic.source == SOURCE]
        if not ours:
            span = self.lines[self.path].span(wanted)
            return tuple(finding for finding in self.findings if _touches(finding, span))
        matched = [finding for diagnostic in ours for finding in self._matching(diagnostic)]
        return tuple(finding for finding in self.findings if any(finding is one for one in matched))

    def _matching(self, diagnostic: types.Diagnostic) -> Iterator[Finding]:
        """Yield the findings of a diagnostic: of its rule, and where it is, or where an edit has moved it to."""
        span = self.lines[self.path].span(diagnostic.range)
        for finding in self.findings:
            if finding.rule.id == diagnostic.code and _touches(finding, span):
                yield finding

    def edit(
        self, edits: Mapping[str, tuple[Edit, ...]], confirm: str | None = None, *, fill_in: bool = False
    ) -> types.WorkspaceEdit:
        """Return edits of the unit's files as the client can take them."""
        uris = {path: self.session.uri(path) for path in edits}
        versions, client = self.snapshot.versions, self.session.client
        return workspace_edit(edits, self.lines, uris, versions, client, confirm, fill_in=fill_in)

    def diagnostic(self, finding: Finding) -> types.Diagnostic:
        """Return a finding of the file as it is shown."""
        lines = self.lines
        return diagnostic_of(finding, lines[self.path], lines, self.session.client, page_of(finding.rule.id))


def _touches(finding: Finding, span: Span) -> bool:
    return finding.place.span.start <= span.end and span.start <= finding.place.span.end


@dataclass(frozen=True, slots=True)
class Made:
    """An edit, and the findings that it repairs or sets aside."""

    edit: types.WorkspaceEdit
    served: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A code action before its edit is made.

    Attributes:
        key: what names it among the offers for the same text.
        make: makes the edit; None where that turns out to be impossible.
        about: the findings that it is offered for.
        is_preferred: it is the one to apply without a further look.
        is_checked: ``make`` decides whether there is anything to offer, so it is called before the offer.
        command: what is done instead of an edit.

    """

    title: str
    kind: str
    key: tuple[str, ...] = ()
    make: Callable[[], Awaitable[Made | None]] | None = None
    about: tuple[Finding, ...] = ()
    is_preferred: bool = False
    is_checked: bool = True
    command: types.Command | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that cannot be used, and why."""

    title: str
    kind: str
    reason: str
    about: Finding
