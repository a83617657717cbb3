"""Diagnostics, pushed or pulled: exactly one of the two for a client, always of the newest text."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence

from lsprotocol import converters, types

from setsquare.lsp.convert import Lines, diagnostic_of, hint_of, uri_of
from setsquare.lsp.documentation import page_of
from setsquare.lsp.session import Session, Snapshot

_CONVERTER = converters.get_converter()


def of_path(session: Session, snapshot: Snapshot, path: str) -> list[types.Diagnostic]:
    """Return the diagnostics of one file of an analysed unit, sorted."""
    source = snapshot.texts.get(path)
    if source is None:
        return []
    lines = Lines(source, session.encoding)
    analysis = snapshot.analysis
    findings = [finding for finding in analysis.findings if finding.place.path == path]
    needed = {v.origin.path for f in findings for v in f.violations if v.origin is not None}
    related = session.lines({p: text for p, text in snapshot.texts.items() if p in needed})
    found = [diagnostic_of(f, lines, related, session.client, page_of(f.rule.id)) for f in findings]
    if session.show_unknown:
        found += [hint_of(unknown, lines) for unknown in analysis.unknown if unknown.place.path == path]
    return sorted(found, key=_order)


def _order(diagnostic: types.Diagnostic) -> tuple[int, int, str, str]:
    start = diagnostic.range.start
    return (start.line, start.character, str(diagnostic.code), diagnostic.message)


def result_id(diagnostics: Sequence[types.Diagnostic]) -> str:
    """Return what tells two results apart: equal results have equal ids, in every run."""
    text = json.dumps(_CONVERTER.unstructure(list(diagnostics)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def pull(session: Session, path: str, previous: str | None) -> types.DocumentDiagnosticReport:
    """Answer ``textDocument/diagnostic``."""
    snapshot = await session.snapshot(path)
    found = of_path(session, snapshot, path) if snapshot is not None else []
    identity = result_id(found)
    if previous == identity:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=identity)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=identity)


async def pull_workspace(session: Session, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """Answer ``workspace/diagnostic``: every file of the workspace, unchanged ones by their result id."""
    previous = {known.uri: known.value for known in params.previous_result_ids}
    items: list[types.WorkspaceDocumentDiagnosticReport] = []
    for unit in await session.units():
        snapshot = await session.snapshot_of_unit(unit)
        for path in sorted(snapshot.texts):
            found = of_path(session, snapshot, path)
            identity, uri = result_id(found), uri_of(path)
            version = session.version(path)
            if previous.pop(uri, None) == identity:
                items.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, identity, version))
            elif found or uri in previous:
                items.append(types.WorkspaceFullDocumentDiagnosticReport(uri, found, version, result_id=identity))
    # What had findings and is gone must be cleared, never left to go stale.
    items += [types.WorkspaceFullDocumentDiagnosticReport(uri, [], None) for uri in sorted(previous)]
    return types.WorkspaceDiagnosticReport(items=items)


class Publisher:
    """Pushes diagnostics to clients that do not pull; only what differs from what was pushed before."""

    def __init__(self, session: Session, send: Callable[[types.PublishDiagnosticsParams], None]) -> None:
        self._session = session
        self._send = send
        self._published: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def schedule(self, path: str) -> None:
        """Analyse the unit of a file and push what changed; an older run that was overtaken pushes nothing."""
        if self._session.client.pulls:
            return
        task = asyncio.ensure_future(self._run(path, self._session.version(path)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, path: str, version: int | None) -> None:
        # Several edits that arrive together are analysed once, after the last of them.
        await asyncio.sleep(0)
        if self._session.version(path) != version:
            return
        snapshot = await self._session.snapshot(path)
        if self._session.version(path) != version:
            return
        if snapshot is None:
            self.publish(path, [])
            return
        self.publish_unit(snapshot)

    def publish_unit(self, snapshot: Snapshot) -> None:
        """Push the diagnostics of every file of a unit."""
        for path in sorted(snapshot.texts):
            if snapshot.versions.get(path) == self._session.version(path):
                self.publish(path, of_path(self._session, snapshot, path))

    def publish(self, path: str, diagnostics: list[types.Diagnostic]) -> None:
        """Push one file's diagnostics, an empty list too: a stale squiggle is worse than none."""
        version = self._session.version(path)
        identity = f"{version}:{result_id(diagnostics)}"
        if self._published.get(path) == identity or (path not in self._published and not diagnostics and version is None):
            return
        self._published[path] = identity
        self._send(types.PublishDiagnosticsParams(uri_of(path), diagnostics, version))

