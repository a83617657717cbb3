"""The whole workspace, checked in the background: one unit at a time, behind whatever a person does."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.progress import Progress as WorkDone

from setsquare.lsp.session import Session, Snapshot
from setsquare.workspace import Unit

_PATIENCE = 5.0
"""Seconds that a client has to answer whether it shows progress."""


class Progress:
    """Work-done progress, in a client that shows it; the person can cancel the work."""

    def __init__(self, work_done: WorkDone, *, shown: bool) -> None:
        self._work_done = work_done
        self._shown = shown
        self._token = str(uuid.uuid4())

    async def begin(self, message: str) -> None:
        """Show that work begins; a client that refuses is left alone."""
        if not self._shown:
            return
        try:
            await asyncio.wait_for(self._work_done.create_async(self._token), _PATIENCE)
        except (JsonRpcException, TimeoutError):
            self._shown = False
            return
        value = types.WorkDoneProgressBegin("Setsquare", cancellable=True, message=message, percentage=0)
        self._work_done.begin(self._token, value)

    def report(self, done: int, total: int) -> None:
        """Show how far the work is."""
        if self._shown:
            value = types.WorkDoneProgressReport(message=f"{done}/{total}", percentage=100 * done // total)
            self._work_done.report(self._token, value)

    def end(self) -> None:
        """Show that the work is done."""
        if self._shown:
            self._work_done.end(self._token, types.WorkDoneProgressEnd())

    def is_cancelled(self) -> bool:
        """Whether the person cancelled the work."""
        future = self._work_done.tokens.get(self._token)
        return future is not None and future.cancelled()

    def through(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """Yield units and show how far the work is, until the person cancels it."""
        todo = list(units)
        for done, unit in enumerate(todo):
            if self.is_cancelled():
                return
            yield unit
            self.report(done + 1, len(todo))


async def check_workspace(session: Session, publish: Callable[[Snapshot], None], progress: Progress) -> None:
    """Analyse every unit and hand each analysis over."""
    units = await session.checked_units()
    if not units:
        return
    await progress.begin("checking the workspace")
    try:
        for unit in progress.through(units):
            publish(await session.current_of(unit))
    finally:
        progress.end()
