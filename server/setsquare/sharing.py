"""Values that decide more than one thing: what becomes of the other uses where a fix writes another one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from setsquare.evaluation import Outcome
from setsquare.judgement import Judgement, Part
from setsquare.model import Place, Resource, Written
from setsquare.rules.binding import BoundLeaf
from setsquare.rules.constraints import Orders, accepts, origin_of
from setsquare.rules.rule import ImpactLevel

CarrierKey = tuple[str, ...]
"""What names the block that carries outcomes, also where it is missing as yet."""

_LEVELS = tuple(ImpactLevel)


class Uses(Protocol):
    """What must be known of the unit."""

    orders: Orders

    def uses(self, primary: Resource, place: Place) -> tuple[Place, ...]:
        """Return the expressions that the literal at a place flows into; none for a literal at its use."""

    def elsewhere(self, primary: Resource, place: Place) -> Sequence[Judgement]:
        """Return the judgements of resources of other folders that the literal at a place flows into."""


class Shared(NamedTuple):
    """What a new value means for all that takes it.

    Attributes:
        refused: the first path that a rule wants another value for.
        is_used_elsewhere: no rule knows some use of it.
        impact: the worst that it costs any of the uses.
        note: what that means.

    """

    refused: tuple[str, ...] | None
    is_used_elsewhere: bool
    impact: ImpactLevel
    note: str


class _Use(NamedTuple):
    """A path that takes its value from somewhere else, and a leaf that judges it."""

    carrier: CarrierKey
    path: tuple[str, ...]
    leaf: BoundLeaf
    judgement: Judgement


class Sharing:
    """All values of a unit that are decided outside of the resource that takes them."""

    def __init__(self, facts: Uses, impact_of: Callable[[Judgement], tuple[ImpactLevel, str]]) -> None:
        self._facts = facts
        self._impact_of = impact_of
        self._used: dict[Place, list[_Use]] = defaultdict(list)
        self._known: dict[tuple[str, Place, str], Shared] = {}

    def add(self, judgement: Judgement, part: Part, outcome: Outcome) -> None:
        """Take note of a use, if it is one."""
        place = outcome.origin.place
        if place is not None and part.carrier is not None and not is_inside(place, part.carrier):
            self._used[place].append(_Use(carrier_key(judgement, part), outcome.path, outcome.leaf, judgement))

    def of(self, primary: Resource, place: Place, write: Written) -> Shared:
        """Return what becomes of the other uses of a value at a place if another one is written there."""
        # One variable may decide thousands of resources, each of which would ask the same about all others.
        question = (primary.module, place, repr(write))
        if question not in self._known:
            self._known[question] = self._found(primary, place, write)
        return self._known[question]

    def _found(self, primary: Resource, place: Place, write: Written) -> Shared:
        uses = [*self._used[place]]
        for judgement in self._facts.elsewhere(primary, place):
            uses += _decided_at(judgement, place)
        refused = (use.path for use in uses if accepts(use.leaf, origin_of(write), self._facts.orders) is False)
        sites = {(use.carrier, use.path) for use in uses}
        is_used_elsewhere = len(self._facts.uses(primary, place)) > len(sites)
        impact, note = ImpactLevel.NONE, ""
        for judgement in {id(use.judgement): use.judgement for use in uses}.values():
            level, why = self._impact_of(judgement)
            if worst(impact, level) is not impact:
                impact, note = level, f"{judgement.primary.address} uses the value too. {why}".rstrip()
        return Shared(next(refused, None), is_used_elsewhere, impact, note)


def _decided_at(judgement: Judgement, place: Place) -> Iterable[_Use]:
    for part in judgement.parts:
        for outcome in part.outcomes:
            if outcome.origin.place == place and part.carrier is not None:
                yield _Use(carrier_key(judgement, part), outcome.path, outcome.leaf, judgement)


def worst(one: ImpactLevel, other: ImpactLevel) -> ImpactLevel:
    """Return the impact that costs more."""
    return max(one, other, key=_LEVELS.index)


def is_inside(place: Place, resource: Resource) -> bool:
    """Whether a place is in the block of a resource."""
    return place.path == resource.path and resource.span.contains(place.span)


def carrier_key(judgement: Judgement, part: Part) -> CarrierKey:
    """Return what names the block that a part is about, the missing companion of a primary included."""
    if part.carrier is not None:
        return (block_key(part.carrier),)
    kind = part.companion.resource if part.companion else judgement.target.resource
    return ("+", block_key(judgement.primary), kind)


def block_key(resource: Resource) -> str:
    """Return what names a block, whichever of the calls of its module it is judged by."""
    becomes = f" {resource.type}" if resource.written_type is not None else ""
    return f"{resource.path}:{resource.address.removeprefix(resource.module)}{becomes}"
