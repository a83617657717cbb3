"""Which resource completes which: links between a primary and its companions, and the names of new ones."""

from collections.abc import Callable, Collection, Iterable
from collections.abc import Sequence as Sequence_
from itertools import chain
from typing import TypeAlias

from setsquare.documents import Dialect
from setsquare.logic import some
from setsquare.model import Absent, Known, Origin, Referenced, Resource, ResourceReference, Sequence, Written
from setsquare.rules.rule import Companion


def is_linked(companion: Companion, candidate: Resource, primary: Resource) -> bool | None:
    """Whether the candidate's link points at the primary: None where that is unknown."""
    attribute, wanted = companion.link
    answers = [_points_at(origin, wanted, primary) for origin in candidate.value.lookup(attribute)]
    if all(answer is False for answer in answers):
        return False
    return True if all(answers) else None


class Candidates:
    """The resources that may complete a primary, found without asking each of them.

    ``of_type`` gives the resources of a type, present ones only. ``handed_out`` counts the candidates that were
    returned, each of which has to be compared with its primary.
    """

    def __init__(self, of_type: Callable[[str], Sequence_[Resource]]) -> None:
        self._of_type = of_type
        self.handed_out = 0
        self._known: dict[tuple[str, str], tuple[_ByTarget, list[int]]] = {}

    def of(self, companion: Companion, primary: Resource) -> list[Resource]:
        """Return, in their order, the candidates that do not surely belong to another resource."""
        kind, attribute = companion.resource, companion.link[0]
        resources = self._of_type(kind)
        if (kind, attribute) not in self._known:
            self._known[kind, attribute] = _by_target(resources, attribute)
        by_target, others = self._known[kind, attribute]
        of_its_type = by_target.get(_type_of(primary), {})
        foreign = (at for names in by_target.values() if names is not of_its_type for at in chain(*names.values()))
        found = sorted([*of_its_type.get(primary.module + primary.name, ()), *others, *foreign])
        self.handed_out += len(found)
        return [resources[at] for at in found]


_ByTarget: TypeAlias = dict[str, dict[str, list[int]]]


def _by_target(resources: Sequence_[Resource], attribute: str) -> tuple[_ByTarget, list[int]]:
    """Return the indices of the resources whose link is one plain reference, by its type and name; and the others."""
    by_target: _ByTarget = {}
    others: list[int] = []
    for at, resource in enumerate(resources):
        match resource.value.lookup(attribute):
            case (Referenced(_, (name, *_), module),) if resource.dialect is Dialect.CLOUDFORMATION:
                by_target.setdefault("", {}).setdefault(f"{module}{name}", []).append(at)
            case (Referenced(_, (kind, name, *_), module),) if not name.startswith("["):
                by_target.setdefault(kind, {}).setdefault(f"{module}{name}", []).append(at)
            case _:
                others.append(at)
    return by_target, others


def _type_of(primary: Resource) -> str:
    """Return the first part of a reference to it that is not its name: logical ids are unique over all types."""
    return "" if primary.dialect is Dialect.CLOUDFORMATION else primary.type


def _points_at(origin: Origin, wanted: tuple[str, ...], primary: Resource) -> bool | None:
    match origin:
        case Referenced():
            return same_target(origin, wanted, primary)
        case Known(_, value):
            return _same_name(str(value), wanted, primary)
        case Sequence(items=items, complete=complete):
            answer = some(_points_at(inner, wanted, primary) for item in items for inner in item)
            return answer if complete or answer else None
        case Absent():
            return False
        case _:
            return None


def same_target(reference: Referenced, wanted: tuple[str, ...], primary: Resource) -> bool | None:
    """Whether a reference names the primary by one of the wanted attributes."""
    steps = tuple(step for step in reference.target if not step.startswith("["))
    if primary.dialect is Dialect.CLOUDFORMATION:
        is_it = (reference.module, steps[0]) == (primary.module, primary.name)
        return is_it and (len(steps) == 1 or steps[1] in wanted)
    if steps[:2] == (primary.type, primary.name) and reference.module == primary.module:
        # Any other attribute of the primary still names no other resource.
        return True if len(steps) == 2 or steps[2] in wanted else None  # noqa: PLR2004
    # An attribute of another type may itself have been copied from the primary; its ARN is its own.
    return False if steps[0] == primary.type or steps[-1] == "arn" else None


def _same_name(name: str, wanted: tuple[str, ...], primary: Resource) -> bool | None:
    answers: list[bool | None] = []
    for attribute in wanted:
        for origin in primary.value.lookup(attribute):
            match origin:
                case Known(_, value):
                    answers.append(str(value) == name)
                case Absent():
                    answers.append(False)
                case _:
                    answers.append(None)
    return some(answers)


def reference_to(primary: Resource, attribute: str, suffix: str = "") -> ResourceReference:
    """Return the reference to the primary that a companion of each of its instances writes."""
    if primary.each == "for_each":
        return ResourceReference("", "each.value", attribute, suffix)
    if primary.each == "count":
        return ResourceReference(primary.type, f"{primary.name}[count.index]", attribute, suffix)
    return ResourceReference(primary.type, primary.name, attribute, suffix)


def own_reference(primary: Resource, attribute: str, suffix: str = "") -> ResourceReference:
    """Return the reference that the primary's own body, or an existing document about it, writes."""
    return ResourceReference(primary.type, primary.name, attribute, suffix)


def link_value(companion: Companion, primary: Resource) -> Written:
    """Return what the link attribute of a new companion is set to."""
    return reference_to(primary, companion.link[1][0])


def new_name(companion: Companion, primary: Resource, taken: Collection[str]) -> str:
    """Return the name of a new companion: the primary's; on a clash with the type's remainder, then ``_2``.

    Args:
        companion: what is missing.
        primary: what it completes.
        taken: the names of all resources of the companion's type; in templates the logical ids of all resources.

    """
    template = primary.dialect is Dialect.CLOUDFORMATION
    base = primary.name + (companion.suffix or "") if template else primary.name
    for candidate in _candidates(base, primary, companion, template=template):
        if candidate not in taken:
            return candidate
    return base


def _candidates(base: str, primary: Resource, companion: Companion, *, template: bool) -> Iterable[str]:
    yield base
    if template:
        remainder = companion.resource.rpartition("::")[2]
        longer = f"{primary.name}{remainder}"
    else:
        remainder = companion.resource.removeprefix(primary.type).strip("_") or companion.resource
        longer = f"{primary.name}_{remainder}"
    yield longer
    separator = "" if template else "_"
    for number in range(2, 1000):
        yield f"{longer}{separator}{number}"
