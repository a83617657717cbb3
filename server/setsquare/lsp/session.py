"""The state of one client: its documents, the analyses of its units, and the one worker that makes them in order."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from setsquare.checking import CheckedUnit, ProvenPlan, proof_of, repair
from setsquare.documents import Document, is_below
from setsquare.findings import Analysis, Finding, Problem, ProblemKind
from setsquare.lsp import memory
from setsquare.lsp.buffers import Buffer, Stroke
from setsquare.lsp.client import Client
from setsquare.lsp.convert import Extent, Lines, lines_of, uri_of
from setsquare.lsp.prepared import Prepared
from setsquare.lsp.settings import Settings
from setsquare.lsp.steadiness import Steadiness
from setsquare.lsp.worker import Worker
from setsquare.rules.decoding import Mistake
from setsquare.rules.policy_file import FILE_NAME
from setsquare.text import Span
from setsquare.workspace import Unit, Workspace, folder_of

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One analysis of one unit, with the texts and versions that it was made from.

    Attributes:
        unit: the module or template.
        analysis: what was found.
        findings: likewise, each only once for its place: a bucket and its companion may both be wrong by one value.
        texts: of the unit's files.
        elsewhere: of the files of other folders that findings speak of.
        visible: the files that anything is shown of: those that are open, in a workspace folder, or a policy of one.
        versions: of the open ones among all these; None for the others.
        blocks: the top-level blocks or resources of each text.
        mistakes: in the unit's files, where these are policy or rule files.
        proofs: the plans that were proven so far, by what they repair.

    """

    unit: Unit
    analysis: Analysis
    findings: tuple[Finding, ...]
    texts: Mapping[str, bytes]
    visible: tuple[str, ...]
    versions: Mapping[str, int | None]
    blocks: Mapping[str, tuple[Span, ...]]
    mistakes: tuple[Mistake, ...] = ()
    elsewhere: Mapping[str, bytes] = field(default_factory=dict)
    proofs: dict[tuple[int, ...], ProvenPlan] = field(default_factory=dict)

    @property
    def checked(self) -> CheckedUnit:
        """The unit as the engine proves it."""
        return CheckedUnit(self.unit, self.all_texts, self.analysis)

    @property
    def all_texts(self) -> Mapping[str, bytes]:
        """The texts that findings and fixes speak of."""
        return {**self.texts, **self.elsewhere}


Ordered = tuple[tuple[int, int, str, str], Prepared]
"""A diagnostic, and what it is sorted by."""


class Converted(NamedTuple):
    """A diagnostic that was shown; ``said`` is all that it says beside its message, ``extent`` where it stands."""

    said: tuple[object, ...]
    extent: Extent
    ordered: Ordered


class Session:
    """Everything about one client.

    Documents change on the event loop. The workspace is touched only by the worker, which takes over all changes that
    have arrived before it analyses: of many edits only the last is judged, and no analysis sees half a change.

    Attributes:
        converted: the diagnostics that were last made of each file, by their messages.
        changes: how many changes there were; with ``changed`` it tells whether one was missed.
        renewed: called when every unit may have other findings than before, because a policy changed.
        rested: called with the path of a file in which nothing is being typed any more, and more is to be shown.
        decided: called, while nobody types, with the files of other folders whose findings a change may have decided.

    """

    def __init__(
        self,
        workspace: Workspace,
        client: Client,
        encoding: str = "utf-16",
        settings: Settings | None = None,
    ) -> None:
        self.client = client
        self.encoding = encoding
        self.settings = settings or Settings()
        self.steadiness = Steadiness(holds=self.settings.quiet_time > 0)
        self.renewed: Callable[[], None] = lambda: None
        self.rested: Callable[[str], None] = lambda _path: None
        self.decided: Callable[[Collection[str]], None] = lambda _paths: None
        self.converted: dict[str, dict[str, Converted]] = {}
        self._workspace = workspace
        self._buffers: dict[str, Buffer] = {}
        self._changes: deque[Callable[[], None]] = deque()
        self._snapshots: dict[str, Snapshot] = {}
        self._outdated: set[str] = set()
        self._is_saved = False
        self._reported: set[str] = set()
        self._epoch = 0
        self._seen_epoch = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self.changes = 0
        self._worker = Worker("setsquare-analysis")

    def close(self) -> None:
        """Stop the worker; work that has not begun is dropped."""
        for timer in self._timers.values():
            timer.cancel()
        self._worker.close()

    # ------------------------------------------------------------- documents, on the event loop

    def open(self, buffer: Buffer) -> None:
        """Open a buffer."""
        self.steadiness.forget(buffer.path)
        self._set(buffer)

    def change(self, buffer: Buffer, strokes: Sequence[Stroke]) -> None:
        """Take over the new version of an open buffer, and what was typed."""
        self.steadiness.edited(buffer.path, strokes)
        if self.settings.quiet_time > 0:
            self._restart_timer(buffer.path)
        self._set(buffer)

    def _set(self, buffer: Buffer) -> None:
        self._buffers[buffer.path] = buffer
        document = Document(buffer.path, buffer.source, buffer.version)
        self._note(lambda: self._apply(buffer.path, lambda: self._workspace.overlay.set(document)))

    def close_buffer(self, path: str) -> None:
        """Close a buffer; the file on disk counts again."""
        self._buffers.pop(path, None)
        self._stop_timer(path)
        self.steadiness.forget(path)
        self._note(lambda: self._apply(path, lambda: self._workspace.overlay.remove(path)))

    def touch(self, path: str) -> None:
        """Note that a file changed on disk."""
        self._note(lambda: self._apply_saved(path))

    def touch_folders(self, paths: Collection[str]) -> None:
        """Note that folders were created, renamed or deleted, with all that is in them; other paths are left alone."""
        self._note(lambda: self._apply_folders(paths))

    def saved(self, path: str) -> None:
        """Note that a buffer was saved: nothing in it is under construction any more."""
        self.steadiness.rest(path)
        self._stop_timer(path)
        self.touch(path)

    def buffer(self, path: str) -> Buffer | None:
        """Return the open buffer of a path."""
        return self._buffers.get(path)

    def version(self, path: str) -> int | None:
        """Return the version of an open buffer."""
        buffer = self._buffers.get(path)
        return None if buffer is None else buffer.version

    def uri(self, path: str) -> str:
        """Return the URI of a path, as the client writes it where it has the file open."""
        buffer = self._buffers.get(path)
        return uri_of(path) if buffer is None else buffer.uri

    def open_paths(self) -> tuple[str, ...]:
        """Return the paths of the open buffers, sorted."""
        return tuple(sorted(self._buffers))

    def set_roots(self, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        """Change the workspace folders."""
        self._note(lambda: self._set_roots(change))

    def configure(self, settings: Settings) -> bool:
        """Take over settings; return whether they are others than before."""
        if settings == self.settings:
            return False
        was_checked, self.settings = self.settings.workspace_check, settings
        self.steadiness.holds = settings.quiet_time > 0
        if was_checked != settings.workspace_check:
            self._note(self._renew)
        self.use_policy()
        return True

    def use_policy(self) -> None:
        """Use the policy that the settings name, relative to the first folder."""
        self._note(self._use_policy)

    # ------------------------------------------------------------- waiting

    def _note(self, change: Callable[[], None]) -> None:
        self._changes.append(change)
        self._wake()

    def _wake(self) -> None:
        self.changes += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, timeout: float) -> None:  # noqa: ASYNC109 - giving up is the ordinary case
        """Wait until something changes or a file comes to rest, but no longer than some seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        await asyncio.wait([future], timeout=timeout)
        self._waiting.discard(future)

    def _restart_timer(self, path: str) -> None:
        self._stop_timer(path)
        loop = asyncio.get_running_loop()
        self._timers[path] = loop.call_later(self.settings.quiet_time, self._quiet, path)

    def _stop_timer(self, path: str) -> None:
        timer = self._timers.pop(path, None)
        if timer is not None:
            timer.cancel()

    def _quiet(self, path: str) -> None:
        self._timers.pop(path, None)
        self._worker.submit(memory.rest)
        if self.steadiness.rest(path):
            self._wake()
            self.rested(path)
        self._tell_decided()

    def _tell_decided(self) -> None:
        """Have the findings of other folders shown again that a change may have decided, unless a person types.

        Those of files that are not open wait until something is saved: a module may have many callers.
        """
        if self._timers:
            return
        told = {path for path in self._outdated if self._is_saved or path in self._buffers}
        self._outdated = self._outdated - told
        self._is_saved = False
        if told:
            self.decided(sorted(told))

    # ------------------------------------------------------------- analyses, for the event loop

    async def current(self, path: str) -> Snapshot | None:
        """Return the analysis of the unit that a file belongs to, of the newest texts."""
        while True:
            snapshot = await self._run(lambda: self._snapshot(path))
            if snapshot is None or self.is_current(snapshot):
                return snapshot

    async def current_of(self, unit: Unit) -> Snapshot:
        """Return the analysis of a unit, of the newest texts."""
        while True:
            snapshot = await self._run(lambda: self._analyse(unit))
            if self.is_current(snapshot):
                return snapshot

    async def known(self, units: Iterable[Unit]) -> Mapping[str, Snapshot]:
        """Return, by key, the analyses of those units that need no new one."""
        keys = [unit.key for unit in units]
        return await self._run(lambda: {key: self._snapshots[key] for key in keys if key in self._snapshots})

    def is_current(self, snapshot: Snapshot) -> bool:
        """Whether no buffer of a unit was changed since it was analysed."""
        return all(self.version(path) == version for path, version in snapshot.versions.items())

    async def units(self) -> tuple[Unit, ...]:
        """Return all units of the workspace."""
        return await self._run(self._units)

    async def checked_units(self) -> tuple[Unit, ...]:
        """Return the units of which findings are shown although nothing of them is open."""
        return await self.units() if self.settings.workspace_check else ()

    async def ask(self, question: Callable[[Workspace], T]) -> T:
        """Return what the workspace answers, with all changes that have arrived."""
        return await self._run(lambda: question(self._workspace))

    async def proven(self, snapshot: Snapshot, finding: Finding) -> ProvenPlan:
        """Plan the repair of one finding and prove it."""
        return await self._prove(snapshot, (finding,), lambda: proof_of(self._workspace, snapshot.checked, [finding]))

    async def proven_together(self, snapshot: Snapshot, findings: Iterable[Finding]) -> ProvenPlan:
        """Plan the repair of findings together and prove it; those that do not hold are left out."""
        wanted = tuple(findings)
        return await self._prove(snapshot, wanted, lambda: repair(self._workspace, snapshot.checked, wanted))

    async def _prove(
        self,
        snapshot: Snapshot,
        findings: tuple[Finding, ...],
        prove: Callable[[], ProvenPlan],
    ) -> ProvenPlan:
        key = tuple(id(finding) for finding in findings)
        if key not in snapshot.proofs:
            made, is_latest = await self._run(lambda: (prove(), self._snapshots.get(snapshot.unit.key) is snapshot))
            snapshot.proofs[key] = made
            if is_latest:
                self._report_failed(snapshot, made, findings)
        return snapshot.proofs[key]

    def _report_failed(self, snapshot: Snapshot, made: ProvenPlan, findings: Sequence[Finding]) -> None:
        """Log what failed: a planned fix that does not hold is a bug.

        Not where a file is half written, which the second reader may not be able to read, with or without the fix; nor
        where another unit has changed since, by which the workspace judges now.
        """
        broken = {problem.path for problem in snapshot.analysis.problems if problem.kind is ProblemKind.SYNTAX}
        if not made.proof.holds and broken.isdisjoint(made.planned.edits):
            names = ", ".join(sorted({finding.rule.id for finding in findings}))
            self._report(f"the fix of {names} failed its proof ({made.proof.faults})")

    def _report(self, message: str, error: Exception | None = None) -> None:
        if message not in self._reported:
            self._reported.add(message)
            _LOG.error("%s", message, exc_info=error)

    async def _run(self, work: Callable[[], T]) -> T:
        result = await asyncio.wrap_future(self._submit(work))
        if self._seen_epoch != self._epoch:
            self._seen_epoch = self._epoch
            self.steadiness.forget_all()
            self.renewed()
        self._tell_decided()
        return result

    def _submit(self, work: Callable[[], T]) -> "Future[T]":
        return self._worker.submit(lambda: self._with_changes(work))

    # ------------------------------------------------------------- on the worker

    def _with_changes(self, work: Callable[[], T]) -> T:
        while self._changes:
            self._changes.popleft()()
        return work()

    def _apply(self, path: str, change: Callable[[], None]) -> None:
        folder = folder_of(path)
        related = self._workspace.related(folder) | self._workspace.related_templates(path)
        change()
        if self._workspace.invalidate(path):
            self._renew()
        for key in (path, folder):
            self._snapshots.pop(key, None)
        for key in related | self._workspace.related(folder) | self._workspace.related_templates(path):
            snapshot = self._snapshots.pop(key, None)
            if snapshot is not None:
                self._outdated = self._outdated | {*snapshot.visible}

    def _apply_saved(self, path: str) -> None:
        self._apply(path, lambda: None)
        self._is_saved = True

    def _apply_folders(self, paths: Collection[str]) -> None:
        known = {folder for unit in self._workspace.units() for folder in _with_parents(unit.key)}
        folders = [path for path in paths if path in known or os.path.isdir(path)]
        for folder in folders:
            self._workspace.invalidate(f"{folder}/{FILE_NAME}")
        if folders:
            self._set_roots(lambda roots: roots)  # which lists what is in them again

    def _renew(self) -> None:
        self._snapshots.clear()
        self._epoch += 1

    def _set_roots(self, change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        self._workspace.set_roots(change(self._workspace.roots))
        self._renew()

    def _use_policy(self) -> None:
        path = self.settings.policy_path or None
        if path is not None and not path.startswith("/") and self._workspace.roots:
            path = f"{self._workspace.roots[0]}/{path}"
        if self._workspace.use_policy(path):
            self._renew()

    def _units(self) -> tuple[Unit, ...]:
        for root in self._workspace.roots:
            self._workspace.policy_of(f"{root}/.")
        units = tuple(self._workspace.units())
        listed = {path for unit in units for path in unit.paths}
        policies = sorted({mistake.path for mistake in self._workspace.policy_mistakes} - listed)
        return (*units, *(Unit(path, is_module=False, paths=(path,)) for path in policies))

    def _snapshot(self, path: str) -> Snapshot | None:
        unit = self._workspace.unit_of(path)
        return None if unit is None else self._analyse(unit)

    def _analyse(self, unit: Unit) -> Snapshot:
        known = self._snapshots.get(unit.key)
        if known is not None:
            return known
        texts = self._workspace.texts(unit)
        analysis = self._contained(unit, texts)
        opened = {path: self._workspace.overlay.get(path) for path in (*texts, *analysis.elsewhere)}
        mistakes = tuple(mistake for mistake in self._workspace.policy_mistakes if mistake.path in unit.paths)
        wrong = {mistake.path for mistake in mistakes}
        snapshot = Snapshot(
            unit,
            analysis,
            tuple(_distinct(analysis.findings)),
            texts,
            tuple(path for path in texts if opened[path] or path in wrong or self._is_in_folder(path)),
            {path: None if document is None else document.version for path, document in opened.items()},
            {path: self._workspace.blocks(path) for path in texts},
            mistakes,
            analysis.elsewhere,
        )
        self._snapshots[unit.key] = snapshot
        return snapshot

    def _is_in_folder(self, path: str) -> bool:
        return self.settings.workspace_check and any(is_below(path, root) for root in self._workspace.roots)

    def _contained(self, unit: Unit, texts: Mapping[str, bytes]) -> Analysis:
        """Analyse a unit; where that fails nothing is found in it, and the rest goes on."""
        try:
            self._workspace.policy_of(unit.key)
            analysis = self._workspace.analyse_edited(unit, texts)
        except Exception as error:  # noqa: BLE001 - a fault in one unit must not end the server
            self._report(f"{unit.key} could not be analysed: {type(error).__name__}: {error}", error)
            return Analysis(problems=tuple(Problem(path, str(error), None, ProblemKind.FAULT) for path in texts))
        for problem in analysis.problems:
            if problem.kind is ProblemKind.FAULT:
                self._report(f"{problem.path}: {problem.message}")
        ended = tuple(problem for problem in self._workspace.ended_exemptions if problem.path in texts)
        return replace(analysis, problems=(*analysis.problems, *ended)) if ended else analysis

    # ------------------------------------------------------------- positions

    def lines(self, source: bytes) -> Lines:
        """Return the positions of a text, in the units that were negotiated."""
        return lines_of(source, self.encoding)


def _with_parents(path: str) -> Iterable[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _distinct(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Return of several findings of a rule at one place the one that can be fixed, and says it with fewer words.

    What several callers of a module decide, each in its own file, stays apart.
    """
    groups: list[list[Finding]] = []
    before: Finding | None = None
    for finding in findings:  # which are sorted, so that those of one rule at one place follow each other
        if before is not None and finding.rule is before.rule and finding.place == before.place:
            groups[-1].append(finding)
        else:
            groups.append([finding])
        before = finding
    for group in groups:
        if len(group) == 1:
            yield group[0]
            continue
        best: dict[tuple[object, ...], Finding] = {}
        for one in group:
            key = tuple(violation.origin for violation in one.violations if one.calls and one.fix.available)
            best[key] = min(best.get(key, one), one, key=lambda each: (not each.fix.available, len(each.message)))
        yield from best.values()
