"""The answers to a client that pulls the diagnostics of the whole workspace, again and again."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from lsprotocol import types

from setsquare.lsp.features.background import Progress
from setsquare.lsp.features.diagnostics import of_unit, result_id
from setsquare.lsp.session import Session, Snapshot
from setsquare.lsp.settings import Settings
from setsquare.workspace import Unit

_LONGEST_POLL = 5.0
"""Seconds that a question may wait for something to have changed."""
_PAUSE = 0.2
"""Seconds without a change after which the workspace is looked at again: not at each keystroke."""

Reports = list[types.WorkspaceDocumentDiagnosticReport]
Send = Callable[[Reports], None]


class WorkspaceDiagnostics:
    """Answers one client: the first time in parts and with progress, later once there is news."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._results = _Results()
        self._has_answered = False

    async def answer(
        self,
        previous: Sequence[types.PreviousResultId],
        send: Send | None,
        progress: Progress,
    ) -> types.WorkspaceDiagnosticReport:
        """Answer ``workspace/diagnostic``: every file with findings, those that are unchanged by their result id.

        Args:
            previous: the results that the client has.
            send: sends a part of the answer ahead of the rest.
            progress: of the first answer, which takes the longest.

        """
        known = {result.uri: result.value for result in previous}
        if not self._has_answered:
            items = await self._first(known, send, progress)
            self._has_answered = True
            return types.WorkspaceDiagnosticReport(items)
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST_POLL
        while True:
            seen = self._session.changes
            items = await self._all(known)
            if any(_is_news(item) for item in items) or loop.time() >= end:
                return types.WorkspaceDiagnosticReport(items)
            await self._pause(seen, end)

    async def _first(self, known: Mapping[str, str], send: Send | None, progress: Progress) -> Reports:
        left, items = dict(known), Reports()
        await progress.begin("checking the workspace")
        try:
            for unit in progress.through(await self._session.checked_units()):
                reports = self._reports(await self._session.current_of(unit), left)
                if send is not None and reports:
                    send(reports)
                else:
                    items += reports
        finally:
            progress.end()
        return items if progress.is_cancelled() else [*items, *_cleared(left)]

    async def _all(self, known: Mapping[str, str]) -> Reports:
        left, items = dict(known), Reports()
        units = await self._session.checked_units()
        analysed = await self._session.known(units)
        for unit in units:
            items += self._reports(analysed.get(unit.key) or await self._session.current_of(unit), left)
        self._results.keep(units)
        return [*items, *_cleared(left)]

    async def _pause(self, seen: int, end: float) -> None:
        """Wait until something changes, and then until nothing does for a moment."""
        loop = asyncio.get_running_loop()
        if self._session.changes == seen:
            await self._session.changed(end - loop.time())
        while self._session.changes != seen and loop.time() < end:
            seen = self._session.changes
            await self._session.changed(_PAUSE)

    def _reports(self, snapshot: Snapshot, left: dict[str, str]) -> Reports:
        session, reports = self._session, Reports()
        shown: Mapping[str, list[types.Diagnostic]] | None = None
        results = self._results.of(snapshot, session.settings)
        if results is None:
            shown, _ = of_unit(session, snapshot)
            results = {path: result_id(found) if found else None for path, found in sorted(shown.items())}
            self._results.remember(snapshot, session.settings, results)
        for path, identity in results.items():
            uri, version = session.uri(path), session.version(path)
            before = left.pop(uri, None)
            if before is not None and before == identity:
                reports.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, identity, version))
            elif identity is not None or before is not None:
                shown = of_unit(session, snapshot)[0] if shown is None else shown
                found = shown[path]
                reports.append(
                    types.WorkspaceFullDocumentDiagnosticReport(uri, found, version, result_id=result_id(found))
                )
        return reports


class _Results:
    """The result ids of units in which nothing is open: they are asked for again and again, and rarely change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Snapshot, Settings, Mapping[str, str | None]]] = {}

    def of(self, snapshot: Snapshot, settings: Settings) -> Mapping[str, str | None] | None:
        """Return the result id of each file of a unit, None for one without findings; None where it is not known."""
        known = self._known.get(snapshot.unit.key)
        if known is None or known[0] is not snapshot or known[1] != settings:
            return None
        return known[2]

    def remember(self, snapshot: Snapshot, settings: Settings, results: Mapping[str, str | None]) -> None:
        """Take over what was computed, unless it depends on what is being typed."""
        if all(version is None for version in snapshot.versions.values()):
            self._known[snapshot.unit.key] = (snapshot, settings, results)

    def keep(self, units: Collection[Unit]) -> None:
        """Forget the units that there are no more."""
        for key in self._known.keys() - {unit.key for unit in units}:
            del self._known[key]


def _cleared(uris: Iterable[str]) -> Reports:
    """Return what clears files that had findings and are gone: they must never go stale."""
    return [types.WorkspaceFullDocumentDiagnosticReport(uri, [], None) for uri in sorted(uris)]


def _is_news(item: types.WorkspaceDocumentDiagnosticReport) -> bool:
    return not isinstance(item, types.WorkspaceUnchangedDocumentDiagnosticReport)
