"""What is shown while a person types: nothing that appears or vanishes only because something is half written.

Two things are kept apart. What was found in the blocks that are not edited is remembered where it cannot be judged any
more, because a buffer is broken or a resource is not yet what it will be. And a block that is being typed is under
construction: what it does not have yet is held back until the person edits something else, saves, or pauses.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from setsquare.findings import Analysis, Finding, ProblemKind
from setsquare.lsp.buffers import Stroke
from setsquare.lsp.construction import Site, Typing, typed
from setsquare.lsp.moving import grown, hull, inserted, is_in, moved_finding, touches
from setsquare.moving import anywhere
from setsquare.text import Span

_BROKEN = (ProblemKind.SYNTAX, ProblemKind.FAULT)


class Analysed(Protocol):
    """An analysis of the present texts of a unit."""

    @property
    def analysis(self) -> Analysis:
        """What is known of the unit."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found."""

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The texts that it was found in."""

    @property
    def blocks(self) -> Mapping[str, Sequence[Span]]:
        """The top-level blocks or resources of each text, sorted."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A block as it was last shown, and the rules that were shown to be violated in it."""

    span: Span
    rules: frozenset[str]


@dataclass(slots=True)
class _File:
    """One file: what was last shown of it, moved along with the edits since.

    Attributes:
        shown: what was shown.
        strokes: the edits since, which are not taken over yet.
        blocks: the blocks that there were.
        rules: the rules that were shown, by resource.
        gone: likewise, of resources that are not there any more: written again, what they lack is no news.
        zones: the stretches, with the blocks around them, that were edited since the buffer was last intact.
        problems: how many syntax errors there were.
        typing: what is being typed.
        holds: whether something else would be shown if nothing were being typed.

    """

    shown: list[Finding] = field(default_factory=list)
    strokes: list[tuple[str, Stroke]] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    rules: dict[str, set[str]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)
    zones: list[Span] = field(default_factory=list)
    problems: int = 0
    typing: Typing | None = None
    holds: bool = False

    def edit(self, path: str, stroke: Stroke, *, holds: bool) -> None:
        """Take over an edit."""
        edit = stroke.edit
        around = [block.span for block in self.blocks if is_in(edit, block.span)]
        self.move(path, stroke)
        self.blocks = [
            block if block.span.end < edit.span.start else _Block(grown(block.span, edit), block.rules)
            for block in self.blocks
        ]
        zone = inserted(edit)
        for span in around:
            zone = hull(zone, grown(span, edit))
        self.zones = _merged([*(grown(known, edit) for known in self.zones), zone])
        self.typing = typed(self.typing, stroke, zone) if holds else None

    def move(self, path: str, stroke: Stroke) -> None:
        """Move what is remembered along with an edit, of this file or of one beside it."""
        self.strokes.append((path, stroke))

    @property
    def findings(self) -> list[Finding]:
        """What was shown, where it is now."""
        for path, stroke in self.strokes:
            moved = (moved_finding(finding, path, stroke.edit) for finding in self.shown)
            self.shown = [finding for finding in moved if finding is not None]
        self.strokes.clear()
        return self.shown

    def is_typed(self, path: str, analysed: Analysed) -> bool:
        """Whether something is being typed that is not finished yet."""
        typing = self.typing
        if typing is None:
            return False
        near = _near(analysed.blocks.get(path, ()), typing.last)
        sites = [Site(path, analysed.texts[path], block) for block in near]
        if any(typing.last.contains(site.block) for site in sites):
            self.typing = None  # what brings a whole block stands alone
            return False
        return not any(site.is_finished_by(typing.last) for site in sites)

    def is_edited(self, span: Span) -> bool:
        """Whether a stretch was edited since the buffer was last intact; not where something was written before it."""
        return any(zone.start <= span.end and zone.end > span.start for zone in self.zones)

    def is_known(self, finding: Finding, block: Span) -> bool:
        """Whether a rule was already shown to be violated in a block, or by the resource before it was taken away."""
        index = bisect_left(self.blocks, block.start, key=lambda known: known.span.start)
        is_there = index < len(self.blocks) and self.blocks[index].span.start == block.start
        rules = self.blocks[index].rules if is_there else frozenset[str]()
        return finding.rule.id in rules or finding.rule.id in self.gone.get(finding.resource, ())

    def remember(self, findings: list[Finding], blocks: Sequence[Span], problems: int) -> None:
        """Take over what is shown of an intact text."""
        rules: dict[str, set[str]] = {}
        inside: list[set[str]] = [set() for _ in blocks]
        starts = [block.start for block in blocks]
        for finding in findings:
            rule, span = finding.rule.id, finding.place.span
            known = rules.get(finding.resource)
            if known is None:
                known = rules[finding.resource] = set()
            known.add(rule)
            index = bisect_right(starts, span.start) - 1
            if index >= 0 and span.end <= blocks[index].end:
                inside[index].add(rule)
        for resource in self.rules.keys() - rules.keys():
            self.gone.setdefault(resource, set()).update(self.rules[resource])
        self.shown, self.strokes, self.rules, self.problems, self.zones = findings, [], rules, problems, []
        self.blocks = [_Block(span, frozenset(found)) for span, found in zip(blocks, inside, strict=True)]


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
                    file.move(path, stroke)

    def rest(self, path: str) -> bool:
        """Note that nothing in a file is being typed any more: it was saved, or the person paused.

        Returns:
            whether there is something else to show now.

        """
        file = self._beside(path).get(path)
        if file is None:
            return False
        file.typing = None
        return any(other.holds for other in self._beside(path).values())

    def forget(self, path: str) -> None:
        """Forget a file that is closed, or whose text was replaced."""
        self._beside(path).pop(path, None)

    def forget_all(self) -> None:
        """Forget what was shown: the rules are others now."""
        self._folders.clear()

    def _beside(self, path: str) -> dict[str, _File]:
        """Return the known files of a file's folder: no unit is larger."""
        return self._folders.setdefault(path.rpartition("/")[0], {})

    def shown(self, analysed: Analysed) -> tuple[dict[str, list[Finding]], bool]:
        """Return what to show of each file of a unit, and whether that would be something else if nobody typed.

        Args:
            analysed: the analysis of the texts as they are now.

        """
        fresh: dict[str, list[Finding]] = {path: [] for path in analysed.texts}
        for finding in analysed.findings:
            fresh.setdefault(finding.place.path, []).append(finding)
        problems = Counter(p.path for p in analysed.analysis.problems if p.kind in _BROKEN)
        files = {path: self._beside(path).setdefault(path, _File(problems=problems[path])) for path in fresh}
        is_broken = any(file.zones and problems[path] > file.problems for path, file in files.items())
        is_typed = any(file.is_typed(path, analysed) for path, file in files.items())
        shown: dict[str, list[Finding]] = {}
        for path, file in files.items():
            findings = fresh[path]
            if is_broken:
                findings = _with_others(file, findings)
            elif is_typed:
                findings = [*findings, *_turned_unknown(file, analysed.analysis)]
            shown[path] = [*_finished(path, file, findings, analysed)]
            file.holds = len(shown[path]) != len(fresh[path]) or len(findings) != len(fresh[path])
            if not is_broken:
                file.remember(shown[path], analysed.blocks.get(path, ()), problems[path])
        return shown, any(file.holds for file in files.values())


def _with_others(file: _File, findings: Sequence[Finding]) -> list[Finding]:
    """Return what is found now where the text was edited, and what was found before everywhere else."""
    edited = [finding for finding in findings if file.is_edited(finding.place.span)]
    there = {(finding.rule.id, finding.resource) for finding in edited}
    kept = (f for f in file.findings if not file.is_edited(f.place.span) and (f.rule.id, f.resource) not in there)
    return [*edited, *kept]


def _turned_unknown(file: _File, analysis: Analysis) -> Iterable[Finding]:
    """Yield what was found in other blocks, and cannot be judged because of what is being typed."""
    unknown = {(finding.rule.id, finding.resource) for finding in anywhere(analysis.unknown)}
    unknown -= {(finding.rule.id, finding.resource) for finding in analysis.findings}
    if unknown.isdisjoint((rule, resource) for resource, rules in file.rules.items() for rule in rules):
        return
    for finding in file.findings:
        if (finding.rule.id, finding.resource) in unknown and not file.is_edited(finding.place.span):
            yield finding


def _finished(path: str, file: _File, findings: Sequence[Finding], analysed: Analysed) -> Iterable[Finding]:
    """Return what is found without what says only that something is missing, or wrong, where it is being written."""
    typing = file.typing
    if typing is None:
        return findings
    near = [Site(path, analysed.texts[path], block) for block in _near(analysed.blocks.get(path, ()), typing.last)]
    sites = [site for site in near if site.is_under_construction(typing)]
    return (finding for finding in findings if not any(_is_unfinished(file, finding, site, typing) for site in sites))


def _is_unfinished(file: _File, finding: Finding, site: Site, typing: Typing) -> bool:
    if not site.block.contains(finding.place.span) or file.is_known(finding, site.block):
        return False
    return site.is_unfinished(finding, typing)


def _near(blocks: Sequence[Span], last: Span) -> Sequence[Span]:
    """Return the blocks, of sorted ones, that an edit can touch: with the one before it, which it may go on."""
    first = bisect_left(blocks, (last.start, 0)) - 1
    return blocks[max(0, first) : bisect_right(blocks, (last.end, last.end)) + 1]


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and touches(merged[-1], span):
            merged[-1] = hull(merged[-1], span)
        else:
            merged.append(span)
    return merged
