"""What is shown of each file, and the answers to clients that pull it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.convert import Lines, diagnostic_of, hint_of, mistake_of, remark_of
from setsquare.lsp.documentation import page_of
from setsquare.lsp.protocol import unstructured
from setsquare.lsp.session import Session, Snapshot
from setsquare.workspace import Unit

_LONGEST_POLL = 2.0
"""Seconds that a question about the whole workspace may wait for something to have changed."""

Send = Callable[[list[types.WorkspaceDocumentDiagnosticReport]], None]


def of_unit(session: Session, snapshot: Snapshot) -> tuple[dict[str, list[types.Diagnostic]], bool]:
    """Return the diagnostics of each visible file of a unit, sorted, and whether some are held back for now."""
    lines = {path: session.lines(source) for path, source in snapshot.texts.items()}
    findings, held = session.steadiness.shown(snapshot)
    shown = {path: list(_of_findings(session, findings.get(path, ()), lines, path)) for path in snapshot.visible}
    for path in snapshot.visible:
        shown[path] += _of_the_rest(session, snapshot, lines[path], path)
        shown[path].sort(key=_order)
    return shown, held


def _of_findings(
    session: Session,
    findings: Iterable[Finding],
    lines: Mapping[str, Lines],
    path: str,
) -> Iterable[types.Diagnostic]:
    for finding in findings:
        if session.settings.shows(finding):
            yield diagnostic_of(finding, lines[path], lines, session.client, page_of(finding.rule.id))


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
    text = json.dumps(unstructured(list(diagnostics)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def pull(session: Session, path: str, previous: str | None) -> types.DocumentDiagnosticReport:
    """Answer ``textDocument/diagnostic``."""
    found, held = await _of_path(session, path)
    if held and not session.client.refreshes:
        # Such a client cannot be told to ask again, so the answer waits for the pause, or for the next edit.
        await session.changed(session.settings.quiet_time)
        found, _ = await _of_path(session, path)
    identity = result_id(found)
    if previous == identity:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=identity)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=identity)


async def _of_path(session: Session, path: str) -> tuple[list[types.Diagnostic], bool]:
    snapshot = await session.current(path)
    if snapshot is None:
        return [], False
    shown, held = of_unit(session, snapshot)
    return shown.get(path, []), held


async def pull_workspace(
    session: Session,
    units: Iterable[Unit],
    previous: Iterable[types.PreviousResultId],
    send: Send | None = None,
) -> types.WorkspaceDiagnosticReport:
    """Answer ``workspace/diagnostic``: every file of the workspace, unchanged ones by their result id.

    Args:
        session: the client's session.
        units: the units to look at, in order; ends early where the person cancels.
        previous: the results that the client has.
        send: sends a part of the answer ahead of the rest.

    """
    known = {result.uri: result.value for result in previous}
    left = dict(known)
    items: list[types.WorkspaceDocumentDiagnosticReport] = []
    for unit in units:
        reports = _reports(session, await session.current_of(unit), left)
        if send is not None and reports:
            send(reports)
        else:
            items += reports
    # What had findings and is gone must be cleared, never left to go stale.
    items += [types.WorkspaceFullDocumentDiagnosticReport(uri, [], None) for uri in sorted(left)]
    return types.WorkspaceDiagnosticReport(items=items)


def _reports(
    session: Session,
    snapshot: Snapshot,
    left: dict[str, str],
) -> list[types.WorkspaceDocumentDiagnosticReport]:
    reports: list[types.WorkspaceDocumentDiagnosticReport] = []
    for path, found in sorted(of_unit(session, snapshot)[0].items()):
        identity, uri, version = result_id(found), session.uri(path), session.version(path)
        before = left.pop(uri, None)
        if before == identity:
            reports.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, identity, version))
        elif found or before is not None:
            reports.append(types.WorkspaceFullDocumentDiagnosticReport(uri, found, version, result_id=identity))
    return reports


def is_news(report: types.WorkspaceDiagnosticReport) -> bool:
    """Whether a report says anything that the client does not know."""
    return any(not isinstance(item, types.WorkspaceUnchangedDocumentDiagnosticReport) for item in report.items)


async def wait_for_news(session: Session) -> None:
    """Let a client that asks again and again wait a while, so that it hears at once of what changes."""
    await session.changed(_LONGEST_POLL)
