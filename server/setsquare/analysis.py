"""A module or template and the catalogue: findings, unknowns, suppressed findings."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from setsquare.companions import Candidates
from setsquare.context import Context
from setsquare.documents import Dialect
from setsquare.documents_in_values import DocumentReader
from setsquare.evaluation import Evaluator, Outcome
from setsquare.findings import (
    Analysis,
    CalledBy,
    Finding,
    Fix,
    PlacedChange,
    Problem,
    ProblemKind,
    Satisfied,
    SuppressedFinding,
    UnknownFinding,
    Verdict,
    position_of,
)
from setsquare.joining import joined, joined_unknown
from setsquare.judgement import Judgement, Part, Surroundings, judge
from setsquare.messages import finding_message, path_text, unknown_message, violation_of
from setsquare.model import (
    Absent,
    Change,
    Opaque,
    Origin,
    Place,
    Referenced,
    Resource,
    Written,
    WrittenMap,
)
from setsquare.repairs import Repairs
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.sam import spelled_names
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.binding import Binding
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.rules.rule import ImpactLevel, Rule, Target
from setsquare.sharing import block_key
from setsquare.suppression import CallSite, SetAside, Suppressions
from setsquare.syntax.uneditable import why_uneditable

Scope: TypeAlias = TerraformModule | TemplateScope

MAX_STEPS = 300_000
"""How often rules are asked about resources of one unit; what is left then is not judged.

A hundred times what the largest real modules need, and minutes at most. A clock would be a limit that differs from run
to run.
"""

_COMPARISONS_A_STEP = 20
"""How many resources can be compared with a possible companion while a rule judges one."""


def analyse(
    scope: Scope, catalogue: Catalogue, policy: Policy, context: Context, others: Sequence[Scope] = ()
) -> Analysis:
    """Judge every resource of a module or template by every rule that the policy selects.

    A rule that raises is contained: it becomes a problem that names it, and the rest goes on.

    Args:
        scope: the module or template.
        catalogue: the rules.
        policy: selects them.
        context: the surroundings.
        others: the same folder or template as further calls of it mean it, and the modules that it calls and nobody
            can edit.

    """
    return _Unit((scope, *others), catalogue, policy, context).analysis()


class _Instance:
    """A template, a root module, or a module as one call means it; with its resources.

    ``of_type`` gives the resources of a type, those of the modules that call this one, or are called, among them.
    """

    def __init__(self, scope: Scope, types: Collection[str]) -> None:
        self.scope = scope
        self.resources = [resource for resource in scope.resources(types) if resource.present is not False]
        own: dict[str, list[Resource]] = {}
        for resource in self.resources:
            own.setdefault(resource.type, []).append(resource)
        top = scope.top if len(scope.top.tree) > 1 else None
        # No method of this object, which would refer to itself by it: what it holds should go when it goes.
        self.of_type: Callable[[str], Sequence[Resource]] = (
            top.of_type if top is not None else lambda kind: own.get(kind, ())
        )
        broken = scope.broken if top is None else top.all_broken
        self.surroundings = Surroundings(Candidates(self.of_type), scope.leads_out, broken)


class _Unit:
    def __init__(self, scopes: Sequence[Scope], catalogue: Catalogue, policy: Policy, context: Context) -> None:
        self._scope = scopes[0]
        self._catalogue = catalogue
        self._policy = policy
        self._context = context
        self.dialect = Dialect.TERRAFORM if isinstance(scopes[0], TerraformModule) else Dialect.CLOUDFORMATION
        self.orders = catalogue.orders
        self.singletons = frozenset((t.resource, t.singleton_name) for _, t in catalogue.singletons(self.dialect))
        self._problems: list[Problem] = []
        self._spent = 0
        self._asked_of: dict[tuple[str, str], list[tuple[Rule, Target]]] = {}
        self._uses: dict[tuple[int, Place], tuple[Place, ...]] = {}
        self._foreign: dict[Scope, _Instance] = {}
        types = catalogue.types(self.dialect)
        self._instances = [_Instance(scope, types) for scope in scopes]
        self._resources = [resource for instance in self._instances for resource in instance.resources]
        self._instance_of = {id(r): instance for instance in self._instances for r in instance.resources}

    # ------------------------------------------------------------- the whole

    def analysis(self) -> Analysis:
        judgements = self._judgements()
        judgements += self._missing_singletons()
        suppressions = Suppressions(self._catalogue, self._policy, self._context, self._scope)
        active: list[Judgement] = []
        set_aside: list[tuple[Judgement, SuppressedFinding]] = []
        for judgement in judgements:
            by = self._suppressed(judgement, suppressions)
            if by is None:
                active.append(judgement)
            else:
                finding = self._finding(judgement, Fix(available=False, reason="the finding is suppressed"))
                set_aside.append((judgement, SuppressedFinding(finding, by.by, by.reason, by.until)))
        repairs = Repairs(self.dialect, active, self._scope.names(), self)
        findings = joined((_name(j.primary), self._finding(j, fix)) for j, fix in repairs.fixes())
        unknown = joined_unknown((_name(j.primary), u) for j in active if (u := self._unknown(j)) is not None)
        aside = [s for _, s in set_aside]
        return Analysis(
            findings=tuple(sorted(findings, key=position_of)),
            unknown=tuple(sorted(unknown, key=position_of)),
            suppressed=tuple(sorted(aside, key=lambda s: position_of(s.finding))),
            problems=(*self._problems, *self._beyond_bounds(), *suppressions.problems),
            resources=len({(resource.path, resource.span) for resource in self._resources}),
            satisfied=tuple(
                {(s.rule.id, s.place, _name(j.primary)): s for j in active for s in _satisfied(j)}.values()
            ),
            elsewhere=self._elsewhere((*findings, *(s.finding for s in aside)), unknown),
        )

    def _beyond_bounds(self) -> Iterable[Problem]:
        """Yield what was not looked at in full, as there is too much of it."""
        scopes = (instance.scope for instance in self._instances)
        notes = {p: text for scope in scopes for p, text in scope.notes.items()}
        return (Problem(place.path, message, place) for place, message in sorted(notes.items()))

    def _suppressed(self, judgement: Judgement, suppressions: Suppressions) -> SetAside | None:
        if judgement.verdict is not Verdict.VIOLATED:
            return None
        violated = judgement.outcomes(Verdict.VIOLATED)
        paths = tuple(path_text(outcome.path) for _, outcome in violated)
        place = self._place(judgement, violated)
        return suppressions.of(judgement.rule.id, judgement.primary, place, paths, self._sites(judgement.primary))

    def _judgements(self) -> list[Judgement]:
        """Judge the resources in their order, as far as the limit lets; the first that is left out is a problem."""
        found: list[Judgement] = []
        for at, resource in enumerate(self._resources):
            if self._spent >= MAX_STEPS * _COMPARISONS_A_STEP:
                after = len(self._resources) - at - 1
                message = (
                    f"too much to judge at once: {resource.address} and {after} resources after it were not judged"
                )
                self._problems.append(Problem(resource.path, message, Place(resource.path, resource.header)))
                break
            candidates = self._instance_of[id(resource)].surroundings.candidates
            before = candidates.handed_out
            found += self._judge(resource)
            self._spent += candidates.handed_out - before
        return found

    def _judge(self, resource: Resource) -> Iterable[Judgement]:
        surroundings = self._instance_of[id(resource)].surroundings
        for rule, target in self._asked(resource.type, resource.written_type or ""):
            self._spent += _COMPARISONS_A_STEP
            try:
                judgement = judge(rule, target, resource, self._evaluators(rule, resource), surroundings)
            except Exception as error:  # noqa: BLE001 - a faulty rule is contained, named and reported
                self._problems.append(self._fault(rule, resource, error))
                continue
            if judgement.verdict is not Verdict.NOT_APPLICABLE:
                yield judgement

    def _asked(self, kind: str, written_type: str) -> Sequence[tuple[Rule, Target]]:
        """Return the rules in force for a type, found out once, as a unit has many resources of one type."""
        known = self._asked_of.get((kind, written_type))
        if known is None:
            # Where a rule speaks of a type of SAM itself, what that becomes is not judged by it as well.
            spoken_of = {rule.id for rule, _ in self._catalogue.for_type(self.dialect, written_type)}
            known = self._asked_of[kind, written_type] = [
                (rule, target)
                for rule, target in self._catalogue.for_type(self.dialect, kind)
                if self._policy.selects(rule) and rule.id not in spoken_of
            ]
        return known

    def _fault(self, rule: Rule, resource: Resource, error: Exception) -> Problem:
        message = f"rule {rule.id} failed on {resource.address}: {type(error).__name__}: {error}"
        return Problem(resource.path, message, Place(resource.path, resource.header), ProblemKind.FAULT)

    def _missing_singletons(self) -> Iterable[Judgement]:
        for rule, target in self._catalogue.singletons(self.dialect):
            anchors = [r for r in self._resources if r.type in target.anchors]
            is_there = any(instance.of_type(target.resource) for instance in self._instances)
            if not self._policy.selects(rule) or is_there or not anchors:
                continue
            yield self._missing_singleton(rule, target, min(anchors, key=lambda r: (r.path, r.span)))

    def _missing_singleton(self, rule: Rule, target: Target, anchor: Resource) -> Judgement:
        folder = self._context.relative(anchor.path).rpartition("/")[0]
        if not self._policy.is_account_baseline(folder):
            place = Place(anchor.path, anchor.header)
            undecided = Opaque(place, "the rest of the account")
            return Judgement(rule, target, anchor, (), Verdict.UNKNOWN, undecided, anchored=True)
        evaluator = self._evaluators(rule, anchor)(target.resource)
        outcomes = tuple(evaluator.missing_state(target.state)) if target.state else ()
        outcomes = tuple(replace(outcome, verdict=Verdict.VIOLATED) for outcome in outcomes)
        return Judgement(rule, target, anchor, (Part(None, None, outcomes),), Verdict.VIOLATED, anchored=True)

    # ------------------------------------------------------------- what repairs ask for

    def _binding(self, rule: Rule) -> Binding:
        return self._policy.binding(rule, self.dialect)

    def _evaluators(self, rule: Rule, primary: Resource) -> Callable[[str], Evaluator]:
        documents = DocumentReader(self._scope_of(primary), primary, self._binding(rule))

        def evaluator(resource_type: str) -> Evaluator:
            return Evaluator(
                self._binding(rule),
                self.orders,
                documents.judge,
                lambda path: self.dialect is Dialect.TERRAFORM and self._catalogue.is_attribute(resource_type, path),
            )

        return evaluator

    def _scope_of(self, resource: Resource) -> Scope:
        instance = self._instance_of.get(id(resource))
        return self._scope if instance is None else instance.scope

    def evaluator(self, judgement: Judgement, resource_type: str) -> Evaluator:
        """Return the evaluator of a judgement's rule."""
        return self._evaluators(judgement.rule, judgement.primary)(resource_type)

    def written_names(self, carrier: Resource, path: tuple[str, ...]) -> frozenset[str]:
        """Return the names that some rule may write in a body, as the resource spells them."""
        names = self._catalogue.written_names(self.dialect, carrier.type, path)
        if path:
            return names
        return names | spelled_names(
            carrier.written_type or carrier.type, lambda kind: self._catalogue.written_names(self.dialect, kind, ())
        )

    def calls_of(self, resource: Resource) -> int:
        """Return how often the unit has the resource's block: once for each call of its module."""
        return sum(block_key(other) == block_key(resource) for other in self._resources)

    def refusal(self, place: Place, value: Written) -> str | None:
        """Return why a value cannot be written at a place; None where it can."""
        return self._scope.refusal(place, value) if isinstance(self._scope, TemplateScope) else None

    def required_names(self, resource_type: str, path: tuple[str, ...]) -> frozenset[str]:
        """Return the names that a new body cannot do without."""
        return self._catalogue.required(self.dialect, resource_type, path)

    def companion_types(self, resource_type: str) -> frozenset[str]:
        """Return the types of companions that some rule may put after a resource of this type."""
        return frozenset(
            companion.resource
            for _, target in self._catalogue.for_type(self.dialect, resource_type)
            for companion in target.companions
        )

    def is_allowed(self, impact: ImpactLevel) -> bool:
        """Whether the policy allows an impact in bulk."""
        return impact in self._policy.allowed_impacts

    def uses(self, primary: Resource, place: Place) -> tuple[Place, ...]:
        """Return the expressions that the literal at a place flows into."""
        key = (id(self._scope_of(primary)), place)
        if key not in self._uses:
            self._uses[key] = self._scope_of(primary).uses(place)
        return self._uses[key]

    def elsewhere(self, primary: Resource, place: Place) -> Sequence[Judgement]:
        """Return the judgements of the resources of other folders that the literal at a place flows into."""
        scope = self._scope_of(primary)
        used = [use for use in self.uses(primary, place) if use.path not in self._context.texts]
        return [judgement for use in used for judgement in self._judgements_at(scope.top, use)]

    def _judgements_at(self, top: Scope, use: Place) -> Iterable[Judgement]:
        types = self._catalogue.types(self.dialect)
        for module in top.tree:
            if use.path in module.texts:
                if module not in self._foreign:
                    self._foreign[module] = _Instance(module, types)
                    self._instance_of |= {id(r): self._foreign[module] for r in self._foreign[module].resources}
                for resource in self._foreign[module].resources:
                    if resource.path == use.path and resource.span.contains(use.span):
                        yield from self._judge(resource)

    def closed(self, path: str, change: Change | None) -> str | None:
        """Return why a file cannot be changed, or not in this way; None where it can."""
        if not path:
            return "it is a part of what a function calculates"
        scopes = [instance.scope for instance in self._instances]
        templates = [scope.reading(path).path for scope in scopes if isinstance(scope, TemplateScope)]
        if templates and path not in templates:
            return "it is decided in a file that is included, which others may include as well"
        modules = [scope.reading(path) for scope in scopes if isinstance(scope, TerraformModule)]
        for module in modules:
            if path in module.texts and module.folder.is_left_out:
                return "it is decided in a module that is not edited, as it was downloaded or is ignored by git"
            reason = None if change is None else why_uneditable(path, module.texts.get(path, b""), change)
            if reason is not None:
                return reason
        return None

    def is_declared(self, expression: str) -> bool:
        """Whether the root of a dialect expression is declared in the unit."""
        return self._scope.declares(tuple(expression.split(".")))

    def statement_changes(self, primary: Resource, outcome: Outcome, statement: WrittenMap) -> Sequence[PlacedChange]:
        """Return how a statement is added to the document of an outcome."""
        return DocumentReader.insertion(self._scope_of(primary), outcome.origin, statement)

    # ------------------------------------------------------------- results

    def _finding(self, judgement: Judgement, fix: Fix) -> Finding:
        violated = judgement.outcomes(Verdict.VIOLATED)
        return Finding(
            rule=judgement.rule,
            message=finding_message(judgement, violated),
            place=self._place(judgement, violated),
            resource=judgement.primary.address,
            related=judgement.related,
            violations=tuple(violation_of(outcome) for _, outcome in violated),
            fix=fix,
            instances=judgement.primary.instances if (judgement.primary.instances or 0) > 1 else None,
            named=judgement.instances(Verdict.VIOLATED),
            calls=self._calls(judgement.primary),
        )

    def _calls(self, primary: Resource) -> tuple[CalledBy, ...]:
        scope = self._scope_of(primary)
        calls = [CalledBy(m.address.rstrip("."), m.call.place) for m in scope.chain() if m.call is not None]
        return tuple(calls)

    def _sites(self, primary: Resource) -> Iterable[CallSite]:
        """Yield the calls that lead to a resource, the innermost first."""
        scope = self._scope_of(primary)
        for called in scope.chain():
            call, caller = called.call, called.caller
            if call is not None and caller is not None:
                yield CallSite(call.place, call.span, caller.texts.get(call.path, b""))

    def _place(self, judgement: Judgement, violated: list[tuple[Part, Outcome]]) -> Place:
        """Return what a finding underlines: the argument or the call, where nobody can edit what is called."""
        if judgement.primary.path in self._context.texts:
            return _place(judgement, violated)
        for _, outcome in violated:
            place = outcome.origin.place
            if place is not None and place.path in self._context.texts:
                return place
        return self._call_place(judgement.primary)

    def _call_place(self, primary: Resource) -> Place:
        return next(
            (call.place for call in self._calls(primary) if call.place.path in self._context.texts),
            Place(primary.path, primary.header),
        )

    def _elsewhere(self, findings: Iterable[Finding], unknown: Iterable[UnknownFinding]) -> dict[str, bytes]:
        """Return the texts of other folders' files that findings speak of."""
        paths: set[str] = set()
        for finding in findings:
            paths |= {call.place.path for call in finding.calls} | {change.path for change in finding.fix.changes}
            paths |= {violation.origin.path for violation in finding.violations if violation.origin is not None}
        for one in unknown:
            paths |= {violation.origin.path for violation in one.violations if violation.origin is not None}
        found: dict[str, bytes] = {}
        for path in sorted(paths - self._context.texts.keys()):
            for instance in self._instances:
                text = instance.scope.text_of(path)
                if text:
                    found[path] = text
                    break
        return found

    def _unknown(self, judgement: Judgement) -> UnknownFinding | None:
        unknown = judgement.outcomes(Verdict.UNKNOWN)
        origin: Origin | None = judgement.undecided or (unknown[0][1].origin if unknown else None)
        if origin is None:
            return None
        expression = origin.expression if isinstance(origin, Opaque) else _reference_text(origin)
        return UnknownFinding(
            rule=judgement.rule,
            message=unknown_message(judgement, expression),
            place=self._unknown_place(judgement, origin),
            resource=judgement.primary.address,
            related=judgement.related,
            violations=tuple(violation_of(outcome) for _, outcome in unknown),
            expression=expression,
            decided_by=origin.decided_by if isinstance(origin, Opaque) else None,
        )

    def _unknown_place(self, judgement: Judgement, origin: Origin) -> Place:
        if judgement.primary.path in self._context.texts:
            return _unknown_place(judgement, origin)
        return self._call_place(judgement.primary)


def _name(resource: Resource) -> str:
    """Return what the instances of one block have in common."""
    if resource.dialect is Dialect.CLOUDFORMATION and resource.each is not None:
        return str(resource.span)
    return resource.address.removeprefix(resource.module)


def _reference_text(origin: Origin) -> str:
    return ".".join(origin.target) if isinstance(origin, Referenced) else ""


def _unknown_place(judgement: Judgement, origin: Origin) -> Place:
    place = origin.place
    primary = judgement.primary
    if place is not None and place.path == primary.path and primary.span.contains(place.span):
        return place
    return Place(primary.path, primary.header)


def _place(judgement: Judgement, violated: list[tuple[Part, Outcome]]) -> Place:
    """Return the narrowest place: the wrong value; else what sets it; else the resource's type and name."""
    for part, outcome in violated:
        carrier = part.carrier
        if carrier is None or (isinstance(outcome.origin, Absent) and outcome.origin.place is None):
            continue
        place = outcome.origin.place
        is_written = place is not None and place.span.start < place.span.end
        if place is not None and is_written and place.path == carrier.path and carrier.span.contains(place.span):
            return place
        structure, steps = outcome.site.structure, outcome.site.steps
        entry = structure.entry(steps[0].name) if structure is not None and steps else None
        if entry is not None:
            return entry
    carriers = [part.carrier for part, _ in violated if part.carrier is not None]
    owner = carriers[0] if carriers else judgement.primary
    return Place(owner.path, owner.header)


def _satisfied(judgement: Judgement) -> Iterable[Satisfied]:
    for _, outcome in judgement.outcomes(Verdict.SATISFIED):
        place = outcome.origin.place
        if place is not None and place.path:
            yield Satisfied(judgement.rule, place, judgement.primary.address)
