"""Diagnostics for clients that do not pull: pushed with their version, always of the newest text."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from lsprotocol import types

from setsquare.lsp.buffers import Buffer
from setsquare.lsp.features.diagnostics import of_unit, result_id
from setsquare.lsp.session import Session, Snapshot

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Published:
    """What was pushed for a file.

    Attributes:
        uri: the name that it was pushed by.
        version: the version that it was pushed for; None where the file is not open.
        result: the id of what was pushed.
        last: the last version of a buffer that was closed: what is cleared is what was shown of it.

    """

    uri: str
    version: int | None
    result: str
    last: int | None = field(default=None, compare=False)


class Publisher:
    """Pushes diagnostics; only what differs from what was pushed before, and never a version that is outdated."""

    def __init__(self, session: Session, send: Callable[[types.PublishDiagnosticsParams], None]) -> None:
        self._session = session
        self._send = send
        self._published: dict[str, _Published] = {}
        self._quiet: set[str] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._is_closed = False

    def close(self) -> None:
        """Push nothing any more."""
        self._is_closed = True
        for task in self._running.values():
            task.cancel()

    def schedule(self, path: str) -> None:
        """Analyse the unit of a file and push what changed; edits that arrive meanwhile are analysed together."""
        self._quiet.discard(path)
        if self._is_closed:
            return
        if path in self._running:
            self._again.add(path)
            return
        task = asyncio.ensure_future(self._run(path))
        self._running[path] = task
        task.add_done_callback(lambda done: self._finished(path, done))

    def _finished(self, path: str, task: "asyncio.Task[None]") -> None:
        self._running.pop(path, None)
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("the findings of %s could not be shown", path, exc_info=task.exception())
        if path in self._again:
            self._again.discard(path)
            self.schedule(path)

    async def _run(self, path: str) -> None:
        snapshot = await self._session.current(path)
        if snapshot is not None:
            self.publish_unit(snapshot)
        if snapshot is None or path not in snapshot.visible:
            self._publish(path, [])

    def publish_unit(self, snapshot: Snapshot) -> None:
        """Push the diagnostics of every file of a unit, which must be current."""
        shown, _ = of_unit(self._session, snapshot)
        for path, found in sorted(shown.items()):
            if path not in self._quiet:
                self._publish(path, found)

    def closed(self, buffer: Buffer, *, is_saved: bool) -> None:
        """Take over that a file was closed.

        One that lies on disk as it was in the editor keeps its findings where the workspace is shown. Any other is
        cleared; what is on disk is shown when the workspace is checked the next time, or the file changes.
        """
        published = self._published.get(buffer.path)
        if published is not None and is_saved:
            self._published[buffer.path] = replace(published, version=None, last=buffer.version)
            self.schedule(buffer.path)
            return
        self._quiet.add(buffer.path)
        if published is not None:
            del self._published[buffer.path]
            self._send(types.PublishDiagnosticsParams(published.uri, [], buffer.version))

    def gone(self, path: str) -> None:
        """Look again at a file or folder that was deleted, or is not part of the workspace any more."""
        below = [known for known in self._published if known.startswith(f"{path}/")]
        for lost in (path, *below):
            self.schedule(lost)

    def paths(self) -> tuple[str, ...]:
        """Return the files that something was pushed for."""
        return tuple(sorted(self._published))

    def resume(self) -> None:
        """Show closed files as well: the whole workspace is checked."""
        self._quiet.clear()

    def schedule_all(self, paths: Iterable[str]) -> None:
        """Look again at several files."""
        for path in paths:
            self.schedule(path)

    def schedule_known(self, paths: Iterable[str]) -> None:
        """Look again at those of several files that are open, or that something is shown of."""
        self.schedule_all(path for path in paths if path in self._published or self._session.buffer(path) is not None)

    def _publish(self, path: str, diagnostics: list[types.Diagnostic]) -> None:
        """Push one file's diagnostics, an empty list too: a stale squiggle is worse than none."""
        before, version = self._published.get(path), self._session.version(path)
        # A file that was closed goes by the name that the client had for it: what it shows must not be shown twice.
        uri = before.uri if before is not None and version is None else self._session.uri(path)
        published = _Published(uri, version, result_id(diagnostics))
        if published == before:
            return
        if before is not None and before.uri != uri:
            self._send(types.PublishDiagnosticsParams(before.uri, []))
        if version is None and not diagnostics:
            if before is not None:
                del self._published[path]
                self._send(types.PublishDiagnosticsParams(uri, [], before.last))
            return
        self._published[path] = published
        self._send(types.PublishDiagnosticsParams(uri, diagnostics, version))
