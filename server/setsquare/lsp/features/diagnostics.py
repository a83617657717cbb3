"""What is shown of each file, and the answers to clients that pull it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.convert import Extent, Lines, diagnostic_of, hint_of, mistake_of, range_of, remark_of
from setsquare.lsp.documentation import page_of
from setsquare.lsp.prepared import identity
from setsquare.lsp.session import Converted, Ordered, Session, Snapshot

Related = dict[str, types.FullDocumentDiagnosticReport | types.UnchangedDocumentDiagnosticReport]


def of_unit(session: Session, snapshot: Snapshot) -> tuple[dict[str, list[types.Diagnostic]], bool]:
    """Return the diagnostics of each visible file of a unit, sorted, and whether some are held back for now."""
    lines = {path: session.lines(source) for path, source in snapshot.all_texts.items()}
    findings, held = session.steadiness.shown(snapshot)
    shown: dict[str, list[types.Diagnostic]] = {}
    for path in snapshot.visible:
        ordered: list[tuple[tuple[int, int, str, str], types.Diagnostic]] = [
            *_of_findings(session, findings.get(path, ()), lines, path)
        ]
        ordered += ((_order(one), one) for one in _of_the_rest(session, snapshot, lines[path], path))
        ordered.sort(key=itemgetter(0))
        shown[path] = [diagnostic for _, diagnostic in ordered]
    return shown, held


def _of_findings(
    session: Session,
    findings: Iterable[Finding],
    lines: Mapping[str, Lines],
    path: str,
) -> list[Ordered]:
    """Return the diagnostics of findings; those that were the same the last time are not made again."""
    known = session.converted.get(path, {})
    made: dict[str, Converted] = {}
    found: list[Ordered] = []
    here, shows = lines[path], session.settings.shows
    for finding in findings:
        if not shows(finding):
            continue
        said, extent = _said(finding, lines), here.extent(finding.place.span)
        one = known.get(finding.message)
        if one is None or one.said != said:
            diagnostic = diagnostic_of(finding, here, lines, session.client, page_of(finding.rule.id))
            one = Converted(said, extent, (_order(diagnostic), diagnostic))
        elif one.extent != extent:
            diagnostic = one.ordered[1].moved(range_of(extent))
            one = Converted(said, extent, (_order(diagnostic), diagnostic))
        made[finding.message] = one
        found.append(one.ordered)
    session.converted[path] = made
    return found


def _said(finding: Finding, lines: Mapping[str, Lines]) -> tuple[object, ...]:
    """Return all that a diagnostic says beside its message and its place."""
    place = finding.place
    others: list[tuple[str, str, Extent]] = []
    for violation in finding.violations:
        origin = violation.origin
        if origin is not None and origin != place and origin.path in lines:
            others.append((violation.path, origin.path, lines[origin.path].extent(origin.span)))
    if finding.calls:
        calls = (call for call in finding.calls if call.place.path in lines)
        others += ((call.address, call.place.path, lines[call.place.path].extent(call.place.span)) for call in calls)
    rule = finding.rule
    return rule.id, rule.severity, finding.resource, finding.fix.fingerprint, others


def _of_the_rest(session: Session, snapshot: Snapshot, lines: Lines, path: str) -> Iterable[types.Diagnostic]:
    if session.settings.show_unknown:
        here = (unknown for unknown in snapshot.analysis.unknown if unknown.place.path == path)
        shown = {(unknown.rule.id, unknown.place): unknown for unknown in here if session.settings.shows(unknown)}
        yield from (hint_of(unknown, lines) for unknown in shown.values())
    for problem in snapshot.analysis.problems:
        remark = remark_of(problem, lines) if problem.path == path else None
        if remark is not None:
            yield remark
    yield from (mistake_of(mistake, lines) for mistake in snapshot.mistakes if mistake.path == path)


def _order(diagnostic: types.Diagnostic) -> tuple[int, int, str, str]:
    start = diagnostic.range.start
    return (start.line, start.character, str(diagnostic.code), diagnostic.message)


def result_id(diagnostics: Sequence[types.Diagnostic]) -> str:
    """Return what tells two results apart: equal results have equal ids, in every run."""
    return identity(diagnostics)


class Told:
    """What a client that pulls knows of each file, so that it hears when an edit elsewhere changes that."""

    def __init__(self) -> None:
        self._results: dict[str, str] = {}

    def tell(self, path: str, identity: str) -> None:
        """Note that the client knows a result."""
        self._results[path] = identity

    def news(self, shown: Mapping[str, Sequence[types.Diagnostic]], paths: Iterable[str]) -> dict[str, str]:
        """Return the result ids of those files that the client knows otherwise, and note that it will know these."""
        found: dict[str, str] = {}
        for path in paths:
            identity, known = result_id(shown[path]), self._results.get(path)
            if known != identity and (known is not None or shown[path]):
                found[path] = self._results[path] = identity
        return found


@dataclass(frozen=True, slots=True)
class Pulled:
    """An answer to ``textDocument/diagnostic``, and whether the client should ask for other open files again."""

    report: types.DocumentDiagnosticReport
    others_changed: bool


async def pull(session: Session, told: Told, path: str, previous: str | None) -> Pulled:
    """Answer ``textDocument/diagnostic``."""
    shown, held = await _of_unit_of(session, path)
    if held and not session.client.refreshes:
        # Such a client cannot be told to ask again, so the answer waits for the pause, or for the next edit.
        await session.changed(session.settings.quiet_time)
        shown, _ = await _of_unit_of(session, path)
    found = shown.get(path, [])
    identity = result_id(found)
    told.tell(path, identity)
    others = [other for other in shown if other != path]
    if session.client.takes_related:
        related = _related(session, shown, told.news(shown, others))
        return Pulled(_report(found, identity, previous, related), others_changed=False)
    opened = [other for other in others if session.buffer(other) is not None]
    return Pulled(_report(found, identity, previous, None), others_changed=bool(told.news(shown, opened)))


def _report(
    found: list[types.Diagnostic],
    identity: str,
    previous: str | None,
    related: Related | None,
) -> types.DocumentDiagnosticReport:
    if previous == identity:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=identity, related_documents=related)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=identity, related_documents=related)


def _related(
    session: Session,
    shown: Mapping[str, list[types.Diagnostic]],
    news: Mapping[str, str],
) -> Related | None:
    reports: Related = {
        session.uri(path): types.FullDocumentDiagnosticReport(shown[path], result_id=identity)
        for path, identity in sorted(news.items())
    }
    return reports or None


async def _of_unit_of(session: Session, path: str) -> tuple[dict[str, list[types.Diagnostic]], bool]:
    snapshot = await session.current(path)
    return ({}, False) if snapshot is None else of_unit(session, snapshot)
