"""What is shown while a person types: nothing that appears or vanishes only because something is half written.

Two things are kept apart. While a buffer is broken, what was found in the blocks that are not edited is remembered,
since a rule that needs a second resource cannot be judged there. And a block that is being typed is under construction:
what it does not have yet is held back until the person edits something else, saves, or pauses.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from setsquare.documents import Format, format_of
from setsquare.findings import Analysis, Finding, ProblemKind
from setsquare.lsp.buffers import Stroke
from setsquare.lsp.moving import grown, hull, inserted, is_in, moved_finding, touches
from setsquare.text import Span


class Analysed(Protocol):
    """An analysis of the present texts of a unit."""

    @property
    def analysis(self) -> Analysis:
        """What was found."""

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The texts that it was found in."""

    @property
    def blocks(self) -> Mapping[str, Sequence[Span]]:
        """The top-level blocks or resources of each text, sorted."""


@dataclass(frozen=True, slots=True)
class _Typing:
    """What is being typed.

    Attributes:
        span: all of it, with the block around it.
        last: what the last edit inserted.
        insertions: how many edits inserted something.

    """

    span: Span
    last: Span
    insertions: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it was last shown, and the rules that were shown to be violated in it."""

    span: Span
    rules: frozenset[str]


@dataclass(slots=True)
class _File:
    """One file: what was last shown of it, moved along with the edits since.

    ``zones`` are the stretches, with the blocks around them, that were edited since the buffer was last intact.
    """

    findings: list[Finding] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    zones: list[Span] = field(default_factory=list)
    problems: int = 0
    typing: _Typing | None = None

    def edit(self, path: str, stroke: Stroke, *, holds: bool) -> None:
        """Take over an edit."""
        edit = stroke.edit
        around = [block.span for block in self.blocks if is_in(edit, block.span)]
        moved = (moved_finding(finding, path, edit) for finding in self.findings)
        self.findings = [finding for finding in moved if finding is not None]
        self.blocks = [replace(block, span=grown(block.span, edit)) for block in self.blocks]
        zone = inserted(edit)
        for span in around:
            zone = hull(zone, grown(span, edit))
        self.zones = _merged([*(grown(known, edit) for known in self.zones), zone])
        self.typing = self._typed(stroke, zone) if holds and _is_typing(stroke) else None

    def _typed(self, stroke: Stroke, zone: Span) -> _Typing:
        typing, last = self.typing, inserted(stroke.edit)
        counted = 1 if stroke.edit.new else 0
        if typing is None or not touches(typing.span, stroke.edit.span):
            return _Typing(zone, last, counted)
        return _Typing(hull(grown(typing.span, stroke.edit), zone), last, typing.insertions + counted)

    def is_edited(self, span: Span) -> bool:
        """Whether a stretch was edited since the buffer was last intact."""
        return any(touches(zone, span) for zone in self.zones)

    def rules_of(self, block: Span) -> frozenset[str]:
        """Return the rules that were last shown to be violated in a block."""
        return next((known.rules for known in self.blocks if known.span.start == block.start), frozenset())


class Steadiness:
    """Remembers, for one client, what was shown and what is being typed.

    ``holds`` is false where everything shall be judged at every edit.
    """

    def __init__(self, *, holds: bool = True) -> None:
        self.holds = holds
        self._folders: dict[str, dict[str, _File]] = {}

    def edited(self, path: str, strokes: Sequence[Stroke]) -> None:
        """Note that a buffer was edited."""
        for other, file in self._beside(path).items():
            for stroke in strokes:
                if other == path:
                    file.edit(path, stroke, holds=self.holds)
                else:
                    file.findings = [moved_finding(f, path, stroke.edit) or f for f in file.findings]

    def rest(self, path: str) -> None:
        """Note that nothing in a file is being typed any more: it was saved, or the person paused."""
        file = self._file(path)
        if file is not None:
            file.typing = None

    def forget(self, path: str) -> None:
        """Forget a file that is closed, or whose text was replaced."""
        self._beside(path).pop(path, None)

    def forget_all(self) -> None:
        """Forget what was shown: the rules are others now."""
        self._folders.clear()

    def _beside(self, path: str) -> dict[str, _File]:
        """Return the known files of a file's folder: no unit is larger."""
        return self._folders.setdefault(path.rpartition("/")[0], {})

    def _file(self, path: str) -> _File | None:
        return self._beside(path).get(path)

    def shown(self, analysed: Analysed) -> tuple[dict[str, list[Finding]], bool]:
        """Return what to show of each file of a unit, and whether something is held back.

        Args:
            analysed: the analysis of the texts as they are now.

        """
        fresh: dict[str, list[Finding]] = {path: [] for path in analysed.texts}
        for finding in analysed.analysis.findings:
            fresh.setdefault(finding.place.path, []).append(finding)
        problems = Counter(p.path for p in analysed.analysis.problems if p.kind is not ProblemKind.OTHER)
        files = {path: self._file(path) for path in fresh}
        broken = any(f is not None and f.zones and problems[path] > f.problems for path, f in files.items())
        shown = dict(fresh)
        held = False
        for path, findings in fresh.items():
            file = files[path]
            if file is not None:
                known = _with_remembered(file, findings) if broken else findings
                shown[path] = [f for f in known if not _is_unfinished(file, f, analysed)]
                held = held or len(shown[path]) < len(known)
        if not broken:
            self._remember(analysed, shown, problems)
        return shown, held

    def _remember(
        self, analysed: Analysed, shown: Mapping[str, Sequence[Finding]], problems: Mapping[str, int]
    ) -> None:
        for path, findings in shown.items():
            before = self._file(path)
            spans = analysed.blocks.get(path, ())
            rules: dict[Span, set[str]] = {span: set() for span in spans}
            for finding in findings:
                block = _block_of(spans, finding.place.span)
                if block is not None:
                    rules[block].add(finding.rule.id)
            blocks = [_Block(span, frozenset(found)) for span, found in rules.items()]
            typing = before.typing if before is not None else None
            self._beside(path)[path] = _File(list(findings), blocks, [], problems.get(path, 0), typing)


def _with_remembered(file: _File, findings: Sequence[Finding]) -> list[Finding]:
    """Return what is found now where the text was edited, and what was found before everywhere else."""
    edited = [finding for finding in findings if file.is_edited(finding.place.span)]
    there = {(finding.rule.id, finding.resource) for finding in edited}
    kept = (f for f in file.findings if not file.is_edited(f.place.span) and (f.rule.id, f.resource) not in there)
    return [*edited, *kept]


def _is_unfinished(file: _File, finding: Finding, analysed: Analysed) -> bool:
    """Whether a finding says only that something is missing, or wrong, where it is being written."""
    typing = file.typing
    if typing is None or typing.insertions < 2:  # noqa: PLR2004 - what one edit brings is judged at once
        return False
    place = finding.place
    block = _block_of(analysed.blocks.get(place.path, ()), place.span)
    text = analysed.texts[place.path]
    if block is None or typing.last.contains(block) or finding.rule.id in file.rules_of(block):
        return False
    if not _is_at_work(typing.last, block, text) or _closes(typing.last, block, text, place.path):
        return False
    if all(violation.actual is None for violation in finding.violations):
        return True
    ended = text[typing.last.start : typing.last.end].startswith((b"\n", b"\r"))
    return touches(place.span, typing.last) and not typing.last.contains(place.span) and not ended


def _is_at_work(last: Span, block: Span, text: bytes) -> bool:
    """Whether the last edit is in a block, or in the blank space after it, where YAML goes on."""
    return touches(block, last) or (block.end < last.start and not text[block.end : last.start].strip())


def _closes(last: Span, block: Span, text: bytes, path: str) -> bool:
    """Whether the last edit wrote the brace that ends a block which has something in it: now it is complete."""
    brace = Span(block.end - 1, block.end)
    if format_of(path) is Format.YAML or text[brace.start : brace.end] != b"}" or not last.contains(brace):
        return False
    before = text[block.start : last.start]
    opened = before.find(b"{")
    return opened >= 0 and bool(before[opened + 1 :].strip())


def _block_of(blocks: Sequence[Span], span: Span) -> Span | None:
    """Return the block, of sorted ones, that holds a stretch."""
    index = bisect_right(blocks, (span.start, span.end)) - 1
    for block in blocks[max(0, index) : index + 2]:
        if block.contains(span):
            return block
    return None


def _is_typing(stroke: Stroke) -> bool:
    """Whether an edit is one of many: a character, a completion, a backspace; not a change that stands alone."""
    new, removed = stroke.edit.new, stroke.removed
    if not new:
        return b"\n" not in removed
    return new.startswith(removed) or removed.isspace()


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and touches(merged[-1], span):
            merged[-1] = hull(merged[-1], span)
        else:
            merged.append(span)
    return merged
