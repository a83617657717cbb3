"""The one canonical fix of each violated judgement of a unit: what is written, where, and what comes along."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from setsquare.changes import NoChangeError, entry_of, has_no_attribute_first, new_document, repairing_changes
from setsquare.companions import link_value, new_name, own_reference, reference_to
from setsquare.documents import Dialect
from setsquare.evaluation import Evaluator, Outcome
from setsquare.findings import Fix, PlacedChange, Verdict
from setsquare.judgement import Judgement, Part
from setsquare.model import (
    Absent,
    Change,
    ExtendList,
    Insert,
    NewAttribute,
    NewBlock,
    NewResource,
    Place,
    Resource,
    ResourceReference,
    Written,
    WrittenMap,
)
from setsquare.rules.binding import BoundLeaf, Unset
from setsquare.rules.constraints import Contradiction, merged_write
from setsquare.rules.rule import MISSING, Companion, ImpactLevel, IsAbsent, Statement
from setsquare.sharing import CarrierKey, Sharing, Uses, block_key, carrier_key, is_inside, worst
from setsquare.text import Span
from setsquare.written import as_data, expressions, with_references

_BELOW_PROPERTIES = 2


class Facts(Uses, Protocol):
    """What repairs must know of the catalogue, the policy and the unit."""

    singletons: frozenset[tuple[str, str]]

    def written_names(self, carrier: Resource, path: tuple[str, ...]) -> frozenset[str]:
        """Return the names that some rule may write in a body, as the resource spells them."""

    def required_names(self, resource_type: str, path: tuple[str, ...]) -> frozenset[str]:
        """Return the names that a new body cannot do without."""

    def companion_types(self, resource_type: str) -> frozenset[str]:
        """Return the types of companions that some rule may put after a resource of this type."""

    def is_allowed(self, impact: ImpactLevel) -> bool:
        """Whether the policy allows an impact in bulk."""

    def closed(self, path: str, change: Change | None) -> str | None:
        """Return why a file cannot be changed, or not in this way; None where it can."""

    def calls_of(self, resource: Resource) -> int:
        """Return how often the unit has the resource's block: once for each call of its module."""

    def refusal(self, place: Place, value: Written) -> str | None:
        """Return why a value cannot be written at a place; None where it can."""

    def is_declared(self, expression: str) -> bool:
        """Whether the root of a dialect expression is declared in the unit."""

    def statement_changes(self, primary: Resource, outcome: Outcome, statement: WrittenMap) -> Sequence[PlacedChange]:
        """Return how a statement is added to the document of an outcome; raises NoChangeError."""

    def evaluator(self, judgement: Judgement, resource_type: str) -> Evaluator:
        """Return the evaluator of a judgement's rule."""


@dataclass(slots=True)
class _Draft:
    """A fix in the making: its own changes, or the reason why there is none."""

    judgement: Judgement
    changes: list[PlacedChange] = field(default_factory=list)
    symbolic: list[list[object]] = field(default_factory=list)
    parameters: set[str] = field(default_factory=set)
    groups: set[tuple[object, ...]] = field(default_factory=set)
    impact: ImpactLevel = ImpactLevel.IN_PLACE
    note: str = ""
    refusal: NoChangeError | None = None


class Repairs:
    """All fixes of one unit (a module, or a template)."""

    def __init__(
        self,
        dialect: Dialect,
        judgements: Sequence[Judgement],
        taken: Collection[tuple[str, str]],
        facts: Facts,
    ) -> None:
        self._dialect = dialect
        self._facts = facts
        self._taken = {*taken}
        self._taken_names: dict[str, set[str]] = defaultdict(set)
        for kind, name in taken:
            self._take(kind, name)
        self._siblings_of: dict[str, frozenset[tuple[str, str]]] = {}
        self._leaves: dict[tuple[CarrierKey, tuple[str, ...]], list[tuple[str, BoundLeaf]]] = defaultdict(list)
        self._sharing = Sharing(facts, lambda judgement: _impact(judgement, dialect, facts))
        self._names: dict[tuple[str, str], str] = {}
        self._alike: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
        for judgement in judgements:
            self._index(judgement)
        violated = [judgement for judgement in judgements if judgement.verdict is Verdict.VIOLATED]
        self._drafts = [self._draft(judgement) for judgement in violated]
        self._by_group: dict[tuple[object, ...], list[_Draft]] = defaultdict(list)
        self._by_resource: dict[str, list[_Draft]] = defaultdict(list)
        for draft in self._drafts:
            self._by_resource[draft.judgement.primary.address].append(draft)
            for group in draft.groups:
                self._by_group[group].append(draft)

    def fixes(self) -> list[tuple[Judgement, Fix]]:
        """Return the fix of each violated judgement, in the order of the judgements."""
        return [(draft.judgement, self._fix(draft)) for draft in self._drafts]

    # ------------------------------------------------------------- index

    def _index(self, judgement: Judgement) -> None:
        rule = judgement.rule.id
        self._alike[rule, block_key(judgement.primary)].append(judgement)
        for part in judgement.parts:
            key = carrier_key(judgement, part)
            if part.carrier is None and part.companion is not None:
                self._name_of(judgement.primary, part.companion)
            for outcome in part.outcomes:
                known = self._leaves[key, outcome.path]
                if (rule, outcome.leaf) not in known:
                    known.append((rule, outcome.leaf))
                self._sharing.add(judgement, part, outcome)

    def _name_of(self, primary: Resource, companion: Companion) -> str:
        key = (block_key(primary), companion.resource)
        if key not in self._names:
            # The logical ids of a template are unique over all types.
            scope = companion.resource if self._dialect is Dialect.TERRAFORM else ""
            name = new_name(companion, primary, self._taken_names[scope])
            self._take(companion.resource, name)
            self._names[key] = name
        return self._names[key]

    def _take(self, kind: str, name: str) -> None:
        self._taken.add((kind, name))
        self._taken_names[kind].add(name)
        self._taken_names[""].add(name)

    # ------------------------------------------------------------- drafts

    def _draft(self, judgement: Judgement) -> _Draft:
        draft = _Draft(judgement)
        no_fix = judgement.target.no_fix
        if no_fix is not None:
            draft.refusal = NoChangeError(no_fix.reason)
            return draft
        draft.impact, draft.note = _impact(judgement, self._dialect, self._facts)
        try:
            for part in judgement.parts:
                if part.carrier is None:
                    self._draft_resource(draft, part)
                else:
                    self._draft_part(draft, part, part.carrier)
        except NoChangeError as refusal:
            draft.refusal = refusal.with_traceback(None)  # which would keep all that was looked at here
        return draft

    def _draft_part(self, draft: _Draft, part: Part, carrier: Resource) -> None:
        primary = draft.judgement.primary

        def refer(attribute: str, suffix: str) -> ResourceReference:
            if part.companion is not None and carrier.each == primary.each:
                return reference_to(primary, attribute, suffix)
            return own_reference(primary, attribute, suffix)

        for index, outcome in enumerate(part.outcomes):
            if outcome.verdict is not Verdict.VIOLATED:
                continue
            write = self._write(draft, part, outcome, carrier.type)
            self._check_sharing(draft, outcome, carrier, write)
            if carrier.written_type is not None and _stands_in(outcome.origin.place, carrier.header):
                reason = "SAM sets this itself: it has to be set on a resource of its own"
                raise NoChangeError(reason)
            changes = repairing_changes(
                outcome,
                with_references(write, refer),
                self._dialect,
                lambda path: self._facts.written_names(carrier, path),
                lambda outcome, statement: self._add_statement(primary, outcome, statement),
            )
            for change in changes:
                _check_dynamic(change, outcome)
                self._check_asked(change, draft.judgement)
                self._check_complete(change, outcome, carrier)
                self._check_place(change, primary, write)
            order = (draft.judgement.rule.id, index)
            draft.changes += [replace(change, order=order) for change in changes]
            for change in changes:
                draft.groups |= _groups(change, outcome)

    def _check_complete(self, placed: PlacedChange, outcome: Outcome, carrier: Resource) -> None:
        """Refuse to create a body without what the provider requires in it and no rule can know."""
        if not isinstance(placed.change, Insert) or placed.region is not None:
            return
        names = [part for part in outcome.path if not part.startswith("[")]
        steps = [step.name for step in outcome.site.steps if step.name != "Properties"]
        base = tuple(names[: max(0, len(names) - len(steps))])
        todo = [(base, entry) for entry in placed.change.entries if isinstance(entry, NewBlock)]
        while todo:
            above, block = todo.pop()
            path = above if block.name == "Properties" else (*above, block.name)
            there = {entry.name for entry in block.entries} | self._facts.written_names(carrier, path)
            needed = sorted(self._facts.required_names(carrier.type, path) - there) if path else []
            if needed:
                reason = f"a new {block.name} needs {', '.join(needed)}, which no rule can know"
                raise NoChangeError(reason)
            todo += [(path, entry) for entry in block.entries if isinstance(entry, NewBlock)]

    def _check_place(self, placed: PlacedChange, primary: Resource, write: Written) -> None:
        """Refuse to change what is closed to changes, and to write names where another module could not read them."""
        self._check_open(placed.path, placed.change)
        is_elsewhere = placed.path.rpartition("/")[0] != primary.path.rpartition("/")[0]
        if is_elsewhere and (with_references(write, _no_reference) != write or any(expressions(write))):
            reason = "it is decided in another module, which does not know what would be written there"
            raise NoChangeError(reason)

    def _check_open(self, path: str, change: Change | None) -> None:
        reason = self._facts.closed(path, change)
        if reason is not None:
            raise NoChangeError(reason)

    def _add_statement(self, primary: Resource, outcome: Outcome, statement: Written) -> Sequence[PlacedChange]:
        if not isinstance(statement, WrittenMap):  # pragma: no cover - the loader accepts only mappings here
            reason = "the statement is not a mapping"
            raise NoChangeError(reason)
        return self._facts.statement_changes(primary, outcome, statement)

    def _draft_resource(self, draft: _Draft, part: Part) -> None:
        judgement, primary = draft.judgement, draft.judgement.primary
        self._check_open(primary.path, None)
        if self._dialect is Dialect.CLOUDFORMATION and primary.each is not None:
            reason = "the resource is written by a loop; what completes each of them needs a loop of its own"
            raise NoChangeError(reason)
        companion = part.companion
        entries: list[NewAttribute | NewBlock] = []
        if companion is not None:
            name, kind = self._name_of(primary, companion), companion.resource
            attribute = companion.link[0]
            entries.append(NewAttribute(attribute, link_value(companion, primary)))
            self._check_calls(judgement)
        else:
            name, kind = judgement.target.singleton_name, judgement.target.resource
        for outcome in part.outcomes:
            if outcome.verdict is Verdict.VIOLATED:
                write = self._write(draft, part, outcome, kind)
                write = with_references(write, lambda attribute, suffix: reference_to(primary, attribute, suffix))
                if isinstance(outcome.leaf.test, Statement):
                    write = new_document(write)
                entries.append(entry_of(outcome.site.steps, write, self._dialect))
        change = self._new_resource(primary, kind, name, entries, anchored=companion is None)
        draft.changes.append(PlacedChange(primary.path, change, (judgement.rule.id, 0)))
        draft.groups.add(("resource", primary.path, kind, name))

    def _check_asked(self, placed: PlacedChange, judgement: Judgement) -> None:
        """Refuse to add an entry in a module that the rule asks for in some of its calls only, as of one engine."""
        entries = placed.change.entries if isinstance(placed.change, Insert) else ()
        if judgement.primary.module and any(isinstance(entry, NewBlock) and entry.key for entry in entries):
            alike = self._alike[judgement.rule.id, block_key(judgement.primary)]
            if len(alike) < self._facts.calls_of(judgement.primary):
                reason = "only some of the calls of this module need it"
                raise NoChangeError(reason)

    def _check_calls(self, judgement: Judgement) -> None:
        """Refuse to add in a module what only some of its calls lack: the others would have it twice."""
        alike = self._alike[judgement.rule.id, block_key(judgement.primary)]
        if any(all(part.carrier is not None for part in other.parts) for other in alike):
            reason = "only some of the calls of this module lack it"
            raise NoChangeError(reason)

    def _new_resource(
        self,
        primary: Resource,
        kind: str,
        name: str,
        entries: list[NewAttribute | NewBlock],
        *,
        anchored: bool,
    ) -> NewResource:
        if anchored:
            return NewResource(None, kind, name, tuple(entries), self._facts.singletons)
        address = f"{primary.type}.{primary.name}"
        return NewResource(
            primary.span,
            kind,
            name,
            tuple(entries),
            self._siblings(primary.type),
            for_each=address if primary.each == "for_each" else None,
            count=f"length({address})" if primary.each == "count" else None,
        )

    def _siblings(self, primary_type: str) -> frozenset[tuple[str, str]]:
        """Return what may stand after a primary of this type; one object, as thousands of changes may hold it."""
        if primary_type not in self._siblings_of:
            types = self._facts.companion_types(primary_type)
            self._siblings_of[primary_type] = frozenset(pair for pair in self._taken if pair[0] in types)
        return self._siblings_of[primary_type]

    def _write(self, draft: _Draft, part: Part, outcome: Outcome, kind: str) -> Written:
        leaves = self._leaves[carrier_key(draft.judgement, part), outcome.path]
        ordered = [
            outcome.leaf,
            *(leaf for _, leaf in sorted(leaves, key=lambda pair: pair[0]) if leaf != outcome.leaf),
        ]
        if len({repr(leaf.test) for leaf in ordered}) > 1:
            ordered = [leaf for _, leaf in sorted(leaves, key=lambda pair: pair[0])]
        if isinstance(outcome.leaf.test, Statement):
            ordered = [outcome.leaf]  # each rule adds its own statement to a document
        path = ".".join(outcome.path)
        try:
            write = merged_write(ordered, self._facts.orders)
        except Contradiction:
            names = " and ".join(sorted({rule for rule, _ in leaves}))
            reason = f"rules {names} contradict at {path}"
            raise NoChangeError(reason) from None
        if isinstance(write, Unset):
            reason = f"needs policy parameter {write.parameter}"
            raise NoChangeError(reason, write.parameter)
        if write is MISSING:
            if not isinstance(outcome.leaf.test, Statement | IsAbsent):
                reason = f"no rule can say which value {path} should have"
                raise NoChangeError(reason)
            write = None
        for expression in expressions(write):
            if not self._facts.is_declared(expression):
                reason = f"the policy's expression {expression} is not declared in this module"
                raise NoChangeError(reason)
        draft.parameters |= set(outcome.leaf.parameters)
        draft.symbolic.append([self._dialect.value, kind, path, as_data(write)])
        return write

    def _check_sharing(self, draft: _Draft, outcome: Outcome, carrier: Resource, write: Written) -> None:
        place = outcome.origin.place
        is_added = isinstance(outcome.origin, Absent) and outcome.site.null is None
        if place is None or not place.path or is_added or is_inside(place, carrier):
            return
        reason = self._facts.refusal(place, write)
        if reason is not None:
            raise NoChangeError(reason)
        shared = self._sharing.of(draft.judgement.primary, place, write)
        if shared.refused is not None:
            reason = f"{'.'.join(shared.refused)} needs another value from the same origin"
            raise NoChangeError(reason)
        if shared.is_used_elsewhere:
            draft.impact = worst(draft.impact, ImpactLevel.REPLACES)
            draft.note = "The value is used in other places too, for which no rule says what a change costs."
        elif worst(draft.impact, shared.impact) is not draft.impact:
            draft.impact, draft.note = shared.impact, shared.note

    # ------------------------------------------------------------- fixes

    def _fix(self, draft: _Draft) -> Fix:
        if draft.refusal is not None:
            return Fix(available=False, reason=draft.refusal.reason, parameter=draft.refusal.parameter)
        along = self._along(draft)
        changes = dict.fromkeys(change for other in (draft, *along) for change in other.changes)
        ordered = sorted(changes, key=lambda change: change.order)
        impact = draft.impact
        for other in along:
            impact = worst(impact, other.impact)
        return Fix(
            available=True,
            impact=impact,
            note=draft.note,
            bulk=self._facts.is_allowed(impact),
            fingerprint=self._fingerprint(draft),
            changes=tuple(ordered),
            along=tuple(sorted({other.judgement.rule.id for other in along} - {draft.judgement.rule.id})),
        )

    def _along(self, draft: _Draft) -> list[_Draft]:
        """Return the other drafts that must come along, so that no new block or pair of rules is left half done."""
        found: dict[int, _Draft] = {}
        seen: set[tuple[object, ...]] = set()
        todo = [draft]
        while todo:
            current = todo.pop()
            for other in self._companions_of(current, seen):
                if other is draft or id(other) in found or other.refusal is not None:
                    continue
                found[id(other)] = other
                todo.append(other)
        return list(found.values())

    def _companions_of(self, draft: _Draft, seen: set[tuple[object, ...]]) -> Iterable[_Draft]:
        """Yield what comes along with a draft; what was yielded for another draft of its rule is ``seen``."""
        rule = draft.judgement.rule
        address = draft.judgement.primary.address
        for group in draft.groups:
            for other in self._by_group[group] if (rule.id, group) not in seen else ():
                if self._facts.is_allowed(other.impact) or other.judgement.rule.id == rule.id:
                    yield other
        for other in self._by_resource[address] if (rule.id, address) not in seen else ():
            if other.judgement.rule.id in rule.implies or rule.id in other.judgement.rule.implied_by:
                yield other
        seen |= {(rule.id, key) for key in (address, *draft.groups)}

    def _fingerprint(self, draft: _Draft) -> str:
        rule = draft.judgement.rule
        content = {
            "rule": f"{rule.id}@{rule.version}",
            "changes": sorted(draft.symbolic, key=repr),
            "parameters": sorted(draft.parameters),
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _impact(judgement: Judgement, dialect: Dialect, facts: Facts) -> tuple[ImpactLevel, str]:
    """Return what the repair of a judgement costs, and what that means."""
    impact = judgement.rule.impact
    level = judgement.target.impact or impact.levels[dialect]
    if impact.replaces_when is not None:
        evaluator = facts.evaluator(judgement, judgement.primary.type)
        if evaluator.holds(impact.replaces_when, (judgement.primary.value,)) is not False:
            level = worst(level, ImpactLevel.REPLACES)
    return level, impact.note


def _stands_in(place: Place | None, span: Span) -> bool:
    return place is not None and span.contains(place.span)


def _no_reference(_attribute: str, _suffix: str) -> ResourceReference:
    return ResourceReference("", "", "")


def _check_dynamic(placed: PlacedChange, outcome: Outcome) -> None:
    """Refuse a new block beside a dynamic one that makes none here: elsewhere there would be two."""
    structure = outcome.site.structure
    if structure is None or not structure.is_block or not isinstance(placed.change, Insert):
        return
    for entry in placed.change.entries:
        is_named = isinstance(entry, NewBlock) and entry.name in structure.names
        if is_named and all(isinstance(origin, Absent) for origin in structure.lookup(entry.name)):
            reason = f"a dynamic block makes {entry.name} where its collection is not empty"
            raise NoChangeError(reason)


def _groups(placed: PlacedChange, outcome: Outcome) -> set[tuple[object, ...]]:
    """Return the insertion groups of a change: what is created at one place is created whole."""
    change = placed.change
    match change:
        case Insert(span, (NewBlock("Properties", (entry,)),)) if outcome.site.steps[0].name == "Properties":
            # The container of a template's properties is no block of its own: what is whole begins below it.
            return {("block", placed.path, span, entry.name)} if len(outcome.site.steps) > _BELOW_PROPERTIES else set()
        case Insert(span, (NewBlock(name),)) | Insert(span, (NewAttribute(name),)) if len(outcome.site.steps) > 1:
            groups: set[tuple[object, ...]] = {("block", placed.path, span, name)}
        case Insert(span):
            groups = set()
        case ExtendList(span) if outcome.site.items is not None:
            return {("items", placed.path, span)}
        case _ if outcome.site.null is not None and len(outcome.site.steps) > 1:
            return {("null", placed.path, change.span)}
        case _:
            return set()
    if has_no_attribute_first(outcome.site.structure):
        groups.add(("body", placed.path, span))
    return groups
