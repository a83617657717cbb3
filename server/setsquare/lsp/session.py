"""The state of one client: its documents, the analyses of its units, and the one worker that makes them in order."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from setsquare.documents import Document
from setsquare.findings import Analysis, Finding
from setsquare.fixes import Plan, plan
from setsquare.lsp.client import Client
from setsquare.lsp.convert import Lines
from setsquare.proof import Proof, prove
from setsquare.workspace import Unit, Workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One analysis of one unit, with the texts and versions that it was made from."""

    unit: Unit
    analysis: Analysis
    texts: Mapping[str, bytes]
    versions: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ProvenPlan:
    """A plan and its proof."""

    planned: Plan
    proof: Proof


@dataclass(slots=True)
class Session:
    """Everything about one client.

    Documents change on the event loop; the workspace is touched only by the worker, in the order of submission, so
    that no analysis ever sees half a change.
    """

    workspace: Workspace
    client: Client = field(default_factory=Client)
    encoding: str = "utf-16"
    show_unknown: bool = False
    _versions: dict[str, int] = field(default_factory=dict)
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="setsquare")
    )

    def close(self) -> None:
        """Stop the worker; work that has not begun is dropped."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Queue work on the one worker."""
        return self._worker.submit(work)

    def set_roots(self, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        """Change the workspace folders."""
        self.submit(lambda: self._set_roots(change))

    def _set_roots(self, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        self.workspace.set_roots(change(self.workspace.roots))
        self._snapshots.clear()

    # ------------------------------------------------------------- documents

    def set_document(self, document: Document) -> None:
        """Open a buffer, or replace its content."""
        self._versions[document.path] = document.version or 0
        self.submit(lambda: self._apply(document.path, lambda: self.workspace.overlay.set(document)))

    def close_document(self, path: str) -> None:
        """Close a buffer; the file on disk counts again."""
        self._versions.pop(path, None)
        self.submit(lambda: self._apply(path, lambda: self.workspace.overlay.remove(path)))

    def touch(self, path: str) -> None:
        """Note that a file changed on disk."""
        self.submit(lambda: self._apply(path, lambda: None))

    def _apply(self, path: str, change: Callable[[], None]) -> None:
        change()
        self.workspace.invalidate(path)
        for key in [key for key, snapshot in self._snapshots.items() if path in snapshot.texts]:
            del self._snapshots[key]
        unit = self.workspace.unit_of(path)
        if unit is not None:
            self._snapshots.pop(unit.key, None)

    def is_open(self, path: str) -> bool:
        """Whether the client has the file open."""
        return path in self._versions

    def version(self, path: str) -> int | None:
        """Return the version of an open buffer."""
        return self._versions.get(path)

    def open_paths(self) -> tuple[str, ...]:
        """Return the paths of the open buffers, sorted."""
        return tuple(sorted(self._versions))

    # ------------------------------------------------------------- analyses

    async def snapshot(self, path: str) -> Snapshot | None:
        """Return the analysis of the unit that a file belongs to, as the file is now."""
        return await asyncio.wrap_future(self.submit(lambda: self._snapshot(path)))

    async def snapshot_of_unit(self, unit: Unit) -> Snapshot:
        """Return the analysis of a unit."""
        return await asyncio.wrap_future(self.submit(lambda: self._analyse(unit)))

    async def units(self) -> tuple[Unit, ...]:
        """Return all units of the workspace."""
        return await asyncio.wrap_future(self.submit(lambda: tuple(self.workspace.units())))

    def _snapshot(self, path: str) -> Snapshot | None:
        unit = self.workspace.unit_of(path)
        return None if unit is None else self._analyse(unit)

    def _analyse(self, unit: Unit) -> Snapshot:
        known = self._snapshots.get(unit.key)
        if known is not None:
            return known
        texts = self.workspace.texts(unit)
        versions = {path: self._versions.get(path) for path in texts}
        snapshot = Snapshot(unit, self.workspace.analyse(unit), texts, versions)
        self._snapshots[unit.key] = snapshot
        return snapshot

    async def proven_plan(self, snapshot: Snapshot, findings: Iterable[Finding]) -> ProvenPlan:
        """Plan the repair of findings and prove it."""
        wanted = tuple(findings)
        return await asyncio.wrap_future(self.submit(lambda: self._prove(snapshot, wanted)))

    def _prove(self, snapshot: Snapshot, findings: tuple[Finding, ...]) -> ProvenPlan:
        planned = plan(snapshot.texts, findings)
        proof = prove(
            snapshot.analysis,
            snapshot.texts,
            planned,
            lambda changed: self.workspace.analyse(snapshot.unit, changed),
        )
        return ProvenPlan(planned, proof)

    def lines(self, texts: Mapping[str, bytes]) -> dict[str, Lines]:
        """Return the positions of texts, in the units that were negotiated."""
        return {path: Lines(text, self.encoding) for path, text in texts.items()}
