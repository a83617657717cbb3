"""Which resource completes which: links between a primary and its companions, and the names of new ones."""

from collections.abc import Collection, Iterable

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


def _points_at(origin: Origin, wanted: tuple[str, ...], primary: Resource) -> bool | None:
    match origin:
        case Referenced(_, target):
            return same_target(target, wanted, primary)
        case Known(_, value):
            return _same_name(str(value), wanted, primary)
        case Sequence(items=items, complete=complete):
            answer = some(_points_at(inner, wanted, primary) for item in items for inner in item)
            return answer if complete or answer else None
        case Absent():
            return False
        case _:
            return None


def same_target(target: tuple[str, ...], wanted: tuple[str, ...], primary: Resource) -> bool | None:
    """Whether a reference names the primary by one of the wanted attributes."""
    steps = tuple(step for step in target if not step.startswith("["))
    if primary.dialect is Dialect.CLOUDFORMATION:
        return steps[0] == primary.name and (len(steps) == 1 or steps[1] in wanted)
    if steps[:2] == (primary.type, primary.name):
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
