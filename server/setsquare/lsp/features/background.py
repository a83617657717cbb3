"""The whole workspace, checked in the background: one unit at a time, behind whatever a person does."""

from collections.abc import Callable, Iterable
from typing import Protocol

from setsquare.lsp.session import Session, Snapshot
from setsquare.workspace import Unit


class Reporter(Protocol):
    """Shows progress, and knows whether the person asked to stop."""

    def report(self, done: int, total: int) -> None:
        """Show how far the work is."""

    def is_cancelled(self) -> bool:
        """Whether the work shall stop."""


async def check_workspace(
    session: Session,
    units: Iterable[Unit],
    publish: Callable[[Snapshot], None],
    reporter: Reporter,
) -> int:
    """Analyse every unit and hand each analysis over; return how many were analysed."""
    todo = list(units)
    for done, unit in enumerate(todo):
        if reporter.is_cancelled():
            return done
        publish(await session.snapshot_of_unit(unit))
        reporter.report(done + 1, len(todo))
    return len(todo)
