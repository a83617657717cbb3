"""One target of one rule against one resource: the verdict, and all that a fix needs to know."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from setsquare.companions import Candidates, is_linked
from setsquare.evaluation import Evaluator, Outcome, Step
from setsquare.findings import Verdict
from setsquare.logic import some
from setsquare.model import MODULE_TYPE, Opaque, Origin, Place, Resource, Structure
from setsquare.model import Sequence as SequenceOrigin
from setsquare.records import record
from setsquare.rules.rule import Companion, Node, Properties, Rule, Target


@record
class Part:
    """The outcomes on one resource: the primary, an existing companion, or one that is missing.

    ``carrier`` is None where the companion is missing.
    """

    carrier: Resource | None
    companion: Companion | None
    outcomes: tuple[Outcome, ...]


@record
class Judgement:
    """The verdict of one target on one primary resource.

    Attributes:
        primary: the resource that the rule speaks about.
        parts: outcomes by the resource that carries them.
        verdict: the worst of the leaves, gated by ``when``.
        undecided: the origin that keeps the target from being judged, where the verdict is unknown.
        anchored: the primary is only the anchor of an account singleton that is missing.

    """

    rule: Rule
    target: Target
    primary: Resource
    parts: tuple[Part, ...]
    verdict: Verdict
    undecided: Origin | None = None
    anchored: bool = False

    def outcomes(self, verdict: Verdict) -> list[tuple[Part, Outcome]]:
        """Return the outcomes with a verdict, with the part that holds them."""
        return [(part, o) for part in self.parts for o in part.outcomes if o.verdict is verdict]

    def instances(self, verdict: Verdict) -> tuple[str, ...]:
        """Return the addresses of the instances of the primary with a verdict; none where it is the same for all."""
        mine = [o for part, o in self.outcomes(verdict) if part.carrier is self.primary]
        found = {key for outcome in mine for key in outcome.instances}
        if len(found) == len(self.primary.keys):
            return ()
        return tuple(f"{self.primary.address}{key}" for key in self.primary.keys if key in found)

    @property
    def related(self) -> tuple[str, ...]:
        """The addresses of the existing companions."""
        return tuple(part.carrier.address for part in self.parts if part.companion and part.carrier)


def _worlds(resource: Resource) -> tuple[Structure, ...]:
    return resource.worlds or (resource.value,)


def _state(
    evaluator: Evaluator, state: Properties, resource: Resource, worlds: Sequence[Structure] = ()
) -> list[Outcome]:
    """Evaluate a state against a resource, whose ``Properties`` must be created first where there are none.

    What is the same in several of its worlds is one outcome.
    """
    prefix = (Step("Properties"),) if resource.missing_properties else ()
    found: dict[object, Outcome] = {}
    about: dict[object, list[str]] = {}
    keys = {id(world): key for world, key in zip(resource.worlds, resource.keys, strict=False)}
    for world in worlds or _worlds(resource):
        for outcome in evaluator.state(state, world, prefix, resource.null_properties):
            identity = _identity(outcome)
            found.setdefault(identity, outcome)
            if id(world) in keys:
                about.setdefault(identity, []).append(keys[id(world)])
    if not about:
        return list(found.values())
    return [replace(outcome, instances=tuple(dict.fromkeys(about.get(i, ())))) for i, outcome in found.items()]


def _identity(outcome: Outcome) -> tuple[object, ...]:
    """Return what makes two outcomes the same."""
    if isinstance(outcome.origin, Structure | SequenceOrigin):
        return (outcome.path, outcome.verdict, outcome.origin.place, type(outcome.origin), id(outcome.leaf.test))
    where = outcome.site.structure.place if outcome.site.structure is not None else None
    return (outcome.path, outcome.verdict, outcome.origin, where, id(outcome.leaf.test))


@record
class Surroundings:
    """What a judgement must know beyond the resource.

    Attributes:
        candidates: the resources that may complete another one.
        leads_out: whether a companion of the resource may stand elsewhere.
        broken: files that could not be read whole.

    """

    candidates: Candidates
    leads_out: Callable[[Resource], bool]
    broken: tuple[str, ...]


def judge(
    rule: Rule,
    target: Target,
    primary: Resource,
    evaluator_for: Callable[[str], Evaluator],
    surroundings: Surroundings,
) -> Judgement:
    """Judge one resource by one target."""
    evaluator = evaluator_for(primary.type)
    worlds: Sequence[Structure] = _worlds(primary)
    undecided: Origin | None = None
    if target.when is not None:
        answers = [(world, evaluator.holds(target.when, (world,))) for world in worlds]
        if primary.apart is not None and any(applies is None for _, applies in answers):
            # Whether a rule applies must not depend on what other properties happen to be told apart by.
            told = primary.apart(_names(target.when))
            answers = [(world, evaluator.holds(target.when, (world,))) for world in told]
        worlds = [world for world, applies in answers if applies]
        doubtful = next((world for world, applies in answers if applies is None), None)
        if doubtful is not None:
            undecided = evaluator.undecided(target.when, doubtful)
        if not worlds:
            verdict = Verdict.NOT_APPLICABLE if doubtful is None else Verdict.UNKNOWN
            return Judgement(rule, target, primary, (), verdict, undecided)
    parts: list[Part] = []
    if target.state is not None:
        outcomes = _state(evaluator, target.state, primary, worlds)
        parts.append(Part(primary, None, tuple(outcomes)))
    for companion in target.companions:
        part = _companion_part(companion, primary, evaluator_for(companion.resource), surroundings)
        if isinstance(part, Part):
            parts.append(part)
        else:
            undecided = part
    verdicts = [outcome.verdict for part in parts for outcome in part.outcomes]
    if undecided is not None:
        verdicts.append(Verdict.UNKNOWN)
    if any(part.carrier is None for part in parts):
        verdicts.append(Verdict.VIOLATED)  # a companion must be there, whatever it must say
    # A part without outcomes asks for nothing here: ports that are not covered, parameters that are not set.
    verdict = max(verdicts, default=Verdict.SATISFIED)
    beside = _completed_beside(rule, primary, surroundings) if verdict is Verdict.VIOLATED else None
    if beside is not None:
        return Judgement(rule, target, primary, (), Verdict.UNKNOWN, beside)
    return Judgement(rule, target, primary, tuple(parts), verdict, undecided)


def _names(condition: Node) -> frozenset[str]:
    """Return the properties of a resource that a condition looks at."""
    if not isinstance(condition, Properties):
        return frozenset()
    return frozenset(name for name, _ in condition.children).union(*(_names(option) for option in condition.any_of))


def _completed_beside(rule: Rule, primary: Resource, surroundings: Surroundings) -> Origin | None:
    """Return what may complete the resources of a module that is not there: a companion linked to an output of it."""
    if not primary.type.startswith(MODULE_TYPE):
        return None
    outputs = (f"module.{primary.name}.", f"module.{primary.name}[")
    for companion in (one for target in rule.targets[primary.dialect] for one in target.companions):
        attribute = companion.link[0]
        for candidate in surroundings.candidates.of(companion, primary):
            linked = (o.expression for o in candidate.value.lookup(attribute) if isinstance(o, Opaque))
            if candidate.module == primary.module and any(text.startswith(outputs) for text in linked):
                return _doubt(candidate, f"{candidate.address}.{attribute}")
    return None


def _companion_part(
    companion: Companion,
    primary: Resource,
    evaluator: Evaluator,
    surroundings: Surroundings,
) -> Part | Origin:
    candidates = [
        (candidate, *_link(companion, candidate, primary))
        for candidate in surroundings.candidates.of(companion, primary)
    ]
    parts = [
        Part(candidate, companion, tuple(_state(evaluator, companion.state, candidate, worlds)))
        for candidate, answer, worlds in candidates
        if answer
    ]
    if parts:
        return min(parts, key=lambda part: max((o.verdict for o in part.outcomes), default=Verdict.SATISFIED))
    maybe = [candidate for candidate, answer, _ in candidates if answer is None]
    if maybe:
        attribute = companion.link[0]
        return _doubt(maybe[0], f"{maybe[0].address}.{attribute}")
    if surroundings.leads_out(primary):
        return Opaque(Place(primary.path, primary.header), f"{primary.address} is handed to a module or an output")
    if surroundings.broken:
        return Opaque(
            Place(surroundings.broken[0], primary.header), "a file that cannot be read whole", surroundings.broken[0]
        )
    return Part(None, companion, tuple(evaluator.missing_state(companion.state)))


def _link(companion: Companion, candidate: Resource, primary: Resource) -> tuple[bool | None, tuple[Structure, ...]]:
    """Return whether a candidate belongs to the primary, and which of its instances do where not all do."""
    answer = is_linked(companion, candidate, primary)
    if answer is not None or not candidate.keys:
        return answer, ()
    answers = [(world, is_linked(companion, replace(candidate, value=world), primary)) for world in candidate.worlds]
    linked = tuple(world for world, one in answers if one)
    return some(one for _, one in answers), linked


def _doubt(candidate: Resource, expression: str) -> Opaque:
    return Opaque(Place(candidate.path, candidate.header), expression)
