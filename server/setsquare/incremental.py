"""A module that is analysed again after each edit: judged is only what the edit can have changed.

What an edit can have changed is found by what the blocks speak of (``mentions``), never by what their expressions mean.
The blocks to be judged again are analysed as a module of their own, together with all that they speak of and all that
may complete them; what was found of the other resources stays. Wherever that is in doubt more is judged again.

All positions in here are those of the layouts of the files (``hcl_pieces``), in which blocks that are not edited stay
where they are. What leaves this module speaks of the texts.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from setsquare.documents import Dialect, Format, format_of
from setsquare.findings import (
    Analysis,
    Finding,
    Problem,
    ProblemKind,
    Satisfied,
    SuppressedFinding,
    UnknownFinding,
    position_of,
)
from setsquare.mentions import Known, Mentions, count_uses, points_at
from setsquare.model import Block, ConfigurationFile, Place, Written
from setsquare.moving import Later, Mover, changed
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.syntax import hcl_pieces, suppressions
from setsquare.syntax.hcl_pieces import PiecedFile
from setsquare.syntax.layout import Laid, Placed
from setsquare.text import Span
from setsquare.written import expressions

Reader = Callable[[str, bytes], ConfigurationFile | None]
Judge = Callable[[Sequence[ConfigurationFile], Mapping[str, bytes], Mapping[str, bytes]], Analysis]
"""Analyses files; takes their layouts, and the layouts of those that have suppressions in them."""

Unseen = Callable[[Sequence[ConfigurationFile], Mapping[str, bytes]], Sequence[Problem]]
"""Says which calls of other modules cannot be judged."""
_RESOURCE = re.compile(rb'resource\s+"?([\w-]+)')
_HANDING_ON = ("module", "output", "locals")


class CallsOthersError(Exception):
    """The module cannot be judged without others."""


class Rules:
    """What the rules and the policy say that is about more than one block.

    Attributes:
        links: by type of companions, the types that they complete, and the attributes that point at these.
        companions: by type, the types that complete it.
        singletons: the types of which an account has one.
        anchors: the types at which a missing one is reported.
        named: the things that parameters of the policy speak of.
        endings: what new companions are called after the names of what they complete, numbers left out.

    """

    def __init__(self, catalogue: Catalogue, policy: Policy, dialect: Dialect = Dialect.TERRAFORM) -> None:
        links: dict[str, set[tuple[str, str]]] = defaultdict(set)
        kinds: dict[str, set[str]] = defaultdict(set)
        endings: set[str] = set()
        for rule in catalogue.rules.values():
            for target in rule.targets.get(dialect, ()):
                for companion in target.companions:
                    links[companion.resource].add((target.resource, companion.link[0]))
                    kinds[target.resource].add(companion.resource)
                    endings |= {companion.suffix or "", companion.resource.rpartition("::")[2]}
        self.links: Mapping[str, Collection[tuple[str, str]]] = links
        self.companions: Mapping[str, Collection[str]] = kinds
        self.endings = frozenset(endings - {""})
        singletons = catalogue.singletons(dialect)
        self.singletons = frozenset(target.resource for _, target in singletons)
        written = (value for parameter in policy.parameters.values() for value in _by_dialect(parameter))
        self.named = frozenset(_thing(text) for value in written for text in expressions(value))
        self.anchors = frozenset(frozenset(target.anchors) for _, target in singletons)


@dataclass(slots=True)
class File:
    """One file as read, and its layout; a file without pieces is its own layout."""

    source: bytes
    file: ConfigurationFile
    pieces: Laid[Placed] | None
    is_marked: bool

    @property
    def layout(self) -> bytes:
        """The bytes that positions count in."""
        return self.source if self.pieces is None else self.pieces.layout


@dataclass(slots=True)
class _Results:
    """What was found of one resource, in positions of the layouts.

    Attributes:
        broken: the files that could not be read whole when it was judged.
        outside: the places outside of the block that decide what was found.
        points: where in the layouts the pieces are that it speaks of.
        moved: the findings where they are, with what they are sorted by, and where the pieces were then.

    """

    broken: tuple[str, ...]
    outside: frozenset[Place] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    unknown: list[UnknownFinding] = field(default_factory=list)
    suppressed: list[SuppressedFinding] = field(default_factory=list)
    satisfied: list[Satisfied] = field(default_factory=list)
    points: tuple[tuple[str, int], ...] | None = None
    moved: tuple[tuple[int, ...], list[tuple[tuple[object, ...], Finding]]] | None = None


class IncrementalModule:
    """One folder."""

    def __init__(self, rules: Rules, read: Reader, judge: Judge, unseen: Unseen) -> None:
        """Take what reads a file whole, what analyses files, and what says which calls in them cannot be judged."""
        self._unseen = unseen
        self._calls: tuple[Problem, ...] = ()
        self._rules = rules
        self._read_whole = read
        self._judge = judge
        self._files: dict[str, File] = {}
        self._mentions = Mentions()
        self._results: dict[str, _Results] = {}
        self._problems: tuple[Problem, ...] = ()
        self._waiting: set[str] = set()
        self._settled: dict[str, _Results | None] = {}
        self._uses: Counter[str] = Counter()
        self._names: frozenset[tuple[str, str]] = frozenset()

    # ------------------------------------------------------------- the whole

    def analyse(self, texts: Mapping[str, bytes]) -> Analysis:
        """Return what is found in these texts, all files of the folder."""
        is_new = not self._files
        removed, added, is_marked = self._update(texts)
        if is_new or is_marked:
            self._judge_all()
        elif removed or added or self._concerns_all((), ()) or self._is_whole_again():
            self._judge_again(removed, added)
        if is_new or any(known.block.kind == "module" for known in (*removed, *added)):
            layouts = {path: file.layout for path, file in self._files.items()}
            self._calls = tuple(self._unseen([file.file for file in self._files.values()], layouts))
        return self._analysis()

    def _is_whole_again(self) -> bool:
        """Whether something was judged in a broken text that is intact now."""
        return not self._broken and any(results.broken for results in self._results.values())

    def blocks(self, path: str) -> tuple[Span, ...]:
        """Return the top-level blocks of a file."""
        file = self._files[path]
        spans = (block.span for block in file.file.blocks)
        return tuple(sorted(spans if file.pieces is None else map(file.pieces.span, spans)))

    def reads(self, path: str) -> bool:
        """Whether a file is part of it."""
        return path in self._files

    @property
    def _broken(self) -> tuple[str, ...]:
        return tuple(sorted(path for path, file in self._files.items() if file.file.problems))

    # ------------------------------------------------------------- reading

    def _update(self, texts: Mapping[str, bytes]) -> tuple[list[Known], list[Known], bool]:
        """Read what changed; return the blocks that are gone and that are new, and whether suppressions may be."""
        removed: list[Known] = []
        added: list[Known] = []
        is_marked = False
        for path in [*self._files.keys() - texts.keys()]:
            before = self._files.pop(path)
            is_marked = is_marked or before.is_marked
            removed += [self._mentions.remove(id(block)) for block in before.file.blocks]
        for path, source in texts.items():
            known = self._files.get(path)
            if known is not None and known.source == source:
                continue
            file = self._read(path, source, known)
            if file is None:
                continue
            self._files[path] = file
            is_marked = is_marked or _changes_marks(known, file)
            gone, new = _difference(known.file.blocks if known else (), file.file.blocks)
            removed += [self._mentions.remove(id(block)) for block in gone]
            added += [self._known(path, block, file) for block in new]
        for one in added:
            self._mentions.add(one)
        if any(one.resource for one in (*removed, *added)):
            resources = (known.resource for known in self._mentions.blocks.values())
            self._names = frozenset(resource for resource in resources if resource is not None)
        return removed, added, is_marked

    def _known(self, path: str, block: Block, file: File) -> Known:
        return Known.of(path, block, file.layout)

    def _read(self, path: str, source: bytes, known: File | None) -> File | None:
        pieces = None
        if format_of(path) is Format.HCL:
            before = known.pieces if known else None
            pieces = hcl_pieces.read(path, source, before if isinstance(before, PiecedFile) else None)
        if pieces is not None:
            return File(source, pieces.file, pieces, any(piece.is_marked for piece in pieces.pieces))
        file = self._read_whole(path, source)
        return None if file is None else File(source, file, None, suppressions.are_in(source))

    # ------------------------------------------------------------- judging

    def _judge_all(self) -> None:
        self._results.clear()
        self._waiting.clear()
        self._settled.clear()
        self._uses.clear()
        self._take(self._run(None), None)

    def _run(self, keys: Collection[int] | None) -> Analysis:
        """Analyse these blocks alone, or all."""
        everything = [file.file for file in self._files.values()]
        files = everything if keys is None else [_only(file, keys) for file in everything]
        layouts = {path: file.layout for path, file in self._files.items()}
        marked = {path: file.layout for path, file in self._files.items() if file.is_marked}
        return self._judge(files, layouts, marked)

    def _take(self, analysis: Analysis, wanted: Collection[str] | None) -> None:
        """Remember what was found of some resources, or of all."""
        broken = self._broken
        found: dict[str, _Results] = defaultdict(lambda: _Results(broken))
        for address in wanted or ():
            self._results.pop(address, None)
        for finding in analysis.findings:
            found[finding.resource].findings.append(finding)
        for unknown in analysis.unknown:
            found[unknown.resource].unknown.append(unknown)
        for one in analysis.suppressed:
            found[one.finding.resource].suppressed.append(one)
        for satisfied in analysis.satisfied:
            found[satisfied.resource].satisfied.append(satisfied)
        for address, results in found.items():
            if wanted is None or address in wanted:
                self._results[address] = results
                results.outside = self._outside_of(address, results)
        self._problems = analysis.problems

    def _outside_of(self, address: str, results: _Results) -> frozenset[Place]:
        """Return the places that decide what was found of a resource and are neither in it nor in its companions."""
        origins = {v.origin for finding in results.findings for v in finding.violations if v.origin is not None}
        if not origins:
            return frozenset()
        addresses = {address, *(other for finding in results.findings for other in finding.related)}
        blocks = [self._mentions.blocks[key] for key in self._mentions.keys_of(addresses)]
        return frozenset(place for place in origins if not _is_in_one(place, blocks))

    def _judge_again(self, removed: Sequence[Known], added: Sequence[Known]) -> None:
        broken = self._broken
        self._count_uses(removed, added)
        gone = {address for known in removed if (address := known.address) is not None}
        for address in gone:
            self._settled.setdefault(address, self._results.get(address))
        for address in {one for one in gone if not self._mentions.keys_of([one])}:
            self._results.pop(address, None)
        if self._concerns_all(removed, added):
            self._judge_all()
            return
        todo = self._affected(removed, added, is_broken=bool(broken))
        if not broken:
            todo |= {address for address, results in self._results.items() if results.broken}
            todo |= self._waiting
            self._waiting.clear()
        judged: set[str] = set()
        while todo - judged:
            is_first = not judged
            judged |= todo
            if len(judged) * 2 > len(self._mentions.blocks):
                self._judge_all()
                return
            for address in judged:
                self._settled.setdefault(address, self._results.get(address))
            self._take(self._run(self._slice(judged, with_sharing=False)), judged)
            # What is judged because others share values differently now is repaired differently, too.
            if not broken and not (is_first and self._keep_fixes(judged, added)):
                self._take(self._run(self._slice(judged, with_sharing=True)), judged)
            # While something is half written, what is shared with it stays as it was: most likely it will be again.
            todo = set() if broken else self._unsettled()
        if not broken:
            self._uses.clear()

    def _count_uses(self, removed: Sequence[Known], added: Sequence[Known]) -> None:
        count_uses(self._uses, removed, added)

    def _concerns_all(self, removed: Sequence[Known], added: Sequence[Known]) -> bool:
        return _declared(removed, self._rules.named) != _declared(added, self._rules.named)

    def _keep_fixes(self, judged: Collection[str], added: Sequence[Known]) -> bool:
        """Keep the fixes of values that are shared with others; return whether all of them are known.

        They depend on all that shares the values. Where a finding is what it was, and nobody shares more or less than
        before, its fix is what it was.
        """
        for address in judged:
            new, old = self._results.get(address), self._settled.get(address)
            if new is None or not new.outside:
                continue
            if old is None or any(self._uses.values()):
                return False
            known = {(finding.rule.id, finding.violations): finding.fix for finding in old.findings}
            for index, finding in enumerate(new.findings):
                origins = {violation.origin for violation in finding.violations}
                if origins.isdisjoint(new.outside):
                    continue
                fix = known.get((finding.rule.id, finding.violations))
                if (
                    fix is None
                    or not origins <= new.outside
                    or any(_is_in_one(place, added) for place in origins if place)
                ):
                    return False
                new.findings[index] = changed(finding, fix=fix)
        return True

    def _unsettled(self) -> set[str]:
        """Return the resources that share what others do not share any more, or share now."""
        other = {
            place
            for address, results in self._settled.items()
            for place in (results.outside if results else frozenset()) ^ self._outside(address)
        }
        self._settled.clear()
        return self._sharing(other)

    def _outside(self, address: str) -> frozenset[Place]:
        results = self._results.get(address)
        return frozenset() if results is None else results.outside

    def _sharing(self, places: Collection[Place]) -> set[str]:
        """Return the resources that speak of what stands at some places: how one is repaired depends on the others."""
        if not places:
            return set()
        names = {name for place in places for name in self._owner(place)}
        return self._addresses(self._mentions.users(names))

    def _owner(self, place: Place) -> Iterable[str]:
        for known in self._mentions.blocks.values():
            if known.path == place.path and known.block.span.contains(place.span):
                yield from known.names

    def _affected(self, removed: Sequence[Known], added: Sequence[Known], *, is_broken: bool) -> set[str]:
        """Return the resources that may be judged otherwise than before."""
        mentions = self._mentions
        edited = [*removed, *added]
        keys = {id(known.block) for known in added}
        names = {name for known in edited for name in known.names}
        keys |= mentions.users(names if is_broken else names | {name for name, count in self._uses.items() if count})
        touched = [*edited, *(mentions.blocks[key] for key in keys - {id(known.block) for known in added})]
        found = self._addresses(keys)
        for known in touched:
            if known.block.kind in _HANDING_ON:
                found |= self._addresses(mentions.keys_of(mentions.resources_behind(known)))
            found |= self._completed_by(known, is_broken=is_broken)
            found |= self._named_like(known)
        return found

    def _addresses(self, keys: Iterable[int]) -> set[str]:
        return {address for key in keys if (address := self._mentions.blocks[key].address) is not None}

    def _completed_by(self, known: Known, *, is_broken: bool) -> set[str]:
        """Return the resources that a companion may belong to."""
        found: set[str] = set()
        if known.resource is None:
            return found
        behind: set[str] | None = None
        for kind, attribute in self._rules.links.get(known.resource[0], ()):
            name = self._points_at(known, attribute, kind)
            if behind is None:
                behind = self._mentions.resources_behind(known)
            found |= self._primaries(behind, kind)
            if name is None:
                everyone = self._addresses(self._mentions.of_type(kind))
                # In a broken buffer a companion that is being typed does not say yet whose it is.
                (self._waiting if is_broken else found).update(everyone)
        return found

    def _points_at(self, known: Known, attribute: str, kind: str) -> str | None:
        return points_at(known, attribute, kind)

    def _primaries(self, things: Iterable[str], kind: str) -> set[str]:
        """Return, among the things that a companion speaks of, those that it may complete."""
        return {thing for thing in things if thing.startswith((f"{kind}.", "module."))}

    def _named_like(self, known: Known) -> set[str]:
        """Return the resources whose new companions might be called as this one is."""
        if known.resource is None:
            return set()
        kind, name = known.resource
        found = set()
        for above, _ in self._rules.links.get(kind, ()):
            base = name
            while base:
                if (above, base) in self._names:
                    found.add(f"{above}.{base}")
                base = base.rpartition("_")[0]
        return found

    # ------------------------------------------------------------- what is judged together

    def _slice(self, addresses: Collection[str], *, with_sharing: bool) -> Collection[int]:
        """Return the blocks that decide how some resources are judged."""
        mentions = self._mentions
        keys = mentions.keys_of(addresses)
        keys |= mentions.direct_users(addresses)
        kinds = {known.resource[0] for key in keys if (known := mentions.blocks[key]).resource}
        for kind in kinds:
            keys |= self._unclear(kind)
        names = {address.rpartition(".")[2] for address in addresses}
        keys |= self._called_like(names)
        keys |= {key for kind in self._rules.singletons for key in mentions.of_type(kind)}
        keys |= self._first_anchors()
        if with_sharing:
            shared = {place for address in addresses for place in self._outside(address)}
            keys |= mentions.users({name for place in shared for name in self._owner(place)})
        keys |= mentions.keys_of(self._rules.named)
        things = {name for key in keys for name in (*mentions.blocks[key].names, *mentions.blocks[key].mentions)}
        return keys | mentions.owners(things)

    def _unclear(self, kind: str) -> set[int]:
        """Return the companions of a type of resources that do not say plainly whose they are."""
        return {
            key
            for other in self._rules.companions.get(kind, ())
            for key in self._mentions.of_type(other)
            for above, attribute in self._rules.links[other]
            if above == kind and self._points_at(self._mentions.blocks[key], attribute, kind) is None
        }

    def _called_like(self, names: Collection[str]) -> set[int]:
        """Return the resources with these names, or longer ones: a new companion is called otherwise than they are."""
        found = (
            f"{kind}.{name}"
            for kind, name in self._names
            if name in names or any(name.startswith(f"{start}_") for start in names)
        )
        return self._mentions.keys_of(found)

    def _first_anchors(self) -> set[int]:
        """Return the resources at which a missing singleton is reported, so that none is reported elsewhere."""
        found: set[int] = set()
        for kinds in self._rules.anchors:
            keys = [key for kind in kinds for key in self._mentions.of_type(kind)]
            found.update(sorted(keys, key=self._position)[:3])
        return found

    def _position(self, key: int) -> tuple[str, Span]:
        known = self._mentions.blocks[key]
        return known.path, known.block.span

    # ------------------------------------------------------------- results

    def _analysis(self) -> Analysis:
        files = {path: file.pieces for path, file in self._files.items() if file.pieces is not None}

        def span(path: str, one: Span) -> Span:
            file = files.get(path)
            return one if file is None else file.span(one)

        mover = Mover(span, self._siblings())
        results = [*self._results.values()]
        pairs = [pair for one in results for pair in self._moved(one, files, mover)]
        pairs.sort(key=itemgetter(0))
        return Analysis(
            findings=tuple(finding for _, finding in pairs),
            unknown=Later(
                lambda: sorted((mover.unknown(one) for group in results for one in group.unknown), key=position_of),
                [one for group in results for one in group.unknown],
            ),
            suppressed=Later(
                lambda: sorted(
                    (mover.suppressed(one) for group in results for one in group.suppressed),
                    key=lambda one: position_of(one.finding),
                )
            ),
            problems=tuple(map(mover.problem, (*self._syntax_problems(), *self._problems, *self._calls))),
            resources=sum(known.resource is not None for known in self._mentions.blocks.values()),
            satisfied=Later(lambda: [mover.satisfied(one) for group in results for one in group.satisfied]),
            files=len(self._files),
        )

    def _siblings(self) -> Callable[[str, Span], frozenset[tuple[str, str]]]:
        names, layouts = self._names, {path: file.layout for path, file in self._files.items()}

        def siblings(path: str, one: Span) -> frozenset[tuple[str, str]]:
            header = _RESOURCE.match(layouts[path], one.start)
            kinds = self._rules.companions.get(header.group(1).decode() if header else "", ())
            return frozenset(pair for pair in names if pair[0] in kinds)

        return siblings

    def _syntax_problems(self) -> Iterable[Problem]:
        for path, file in self._files.items():
            for problem in file.file.problems:
                yield Problem(path, problem.message, Place(path, problem.span), ProblemKind.SYNTAX)

    @staticmethod
    def _moved(
        results: _Results, files: Mapping[str, Laid[Placed]], mover: Mover
    ) -> list[tuple[tuple[object, ...], Finding]]:
        if not results.findings:
            return []
        if results.points is None:
            results.points = _points(results.findings, files)
        where = tuple(files[path].offset(at) if path in files else 0 for path, at in results.points)
        if results.moved is None or results.moved[0] != where:
            found = [mover.finding(finding) for finding in results.findings]
            results.moved = where, [(position_of(finding), finding) for finding in found]
        return results.moved[1]


def _by_dialect(parameter: Written | Mapping[Dialect, Written]) -> Iterable[Written]:
    return parameter.values() if isinstance(parameter, Mapping) else (parameter,)


def _thing(expression: str) -> str:
    """Return what an expression starts with: ``local.x``, of a data source its type and name."""
    return ".".join(expression.removeprefix("data.").split(".")[:2])


def _declared(blocks: Iterable[Known], names: Collection[str]) -> list[str]:
    return sorted(name for known in blocks for name in known.names if name in names)


def _difference(before: Sequence[Block], after: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    old, new = {id(block) for block in before}, {id(block) for block in after}
    return [block for block in before if id(block) not in new], [block for block in after if id(block) not in old]


def _is_in_one(place: Place, blocks: Iterable[Known]) -> bool:
    return any(place.path == known.path and known.block.span.contains(place.span) for known in blocks)


def _changes_marks(before: File | None, after: File) -> bool:
    """Whether pieces with suppressions in them are others than before."""
    if before is None or not (before.is_marked or after.is_marked):
        return after.is_marked
    if before.pieces is None or after.pieces is None:
        return True
    return _marked(before.pieces.pieces) != _marked(after.pieces.pieces)


def _marked(pieces: Sequence[Placed]) -> set[tuple[int, bytes]]:
    """Return the pieces with suppressions, and the line after each: a comment may speak of that."""
    following = (*(piece.text.partition(b"\n")[0] for piece in pieces[1:]), b"")
    return {(id(piece), line) for piece, line in zip(pieces, following, strict=True) if piece.is_marked}


def _only(file: ConfigurationFile, keys: Collection[int]) -> ConfigurationFile:
    return replace(file, blocks=tuple(block for block in file.blocks if id(block) in keys))


def _points(findings: Iterable[Finding], files: Mapping[str, Laid[Placed]]) -> tuple[tuple[str, int], ...]:
    places = {place for finding in findings for place in _places(finding)}
    return tuple(
        sorted({(place.path, files[place.path].base_of(place.span.start)) for place in places if place.path in files})
    )


def _places(finding: Finding) -> Iterable[Place]:
    yield finding.place
    yield from (violation.origin for violation in finding.violations if violation.origin is not None)
    for placed in finding.fix.changes:
        if placed.change.span is not None:
            yield Place(placed.path, placed.change.span)
