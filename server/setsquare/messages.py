"""What a finding says, in one sentence, and what a value looks like in it."""

from setsquare.evaluation import Outcome
from setsquare.findings import Verdict, Violation
from setsquare.judgement import Judgement, Part
from setsquare.model import (
    Absent,
    DialectExpression,
    Known,
    Opaque,
    Origin,
    Place,
    Referenced,
    Resource,
    Sequence,
    Structure,
    Text,
)
from setsquare.rules.binding import BoundLeaf
from setsquare.rules.constraints import rests_on_default
from setsquare.rules.rule import (
    ANY_ADDRESS,
    MISSING,
    Bound,
    Contains,
    Excludes,
    Is,
    IsAbsent,
    IsPresent,
    IsSecret,
    IsSet,
    NoneOf,
    OneOf,
    Operand,
    Statement,
)

_SHOWN = 5
_NAMED_INSTANCES = 3


def path_text(path: tuple[str, ...]) -> str:
    """Return a path as it is shown and compared: ``ingress[0].cidr_blocks``."""
    text = ""
    for part in path:
        text += part if part.startswith("[") or not text else f".{part}"
    return text


def operand_text(operand: Operand) -> str:
    """Return an operand as a reader would write it."""
    match operand:
        case bool():
            return str(operand).lower()
        case None:
            return "null"
        case tuple():
            return "[" + ", ".join(operand_text(item) for item in operand) + "]"
        case DialectExpression(text):
            return text
        case _:
            return str(operand)


def expected_text(leaf: BoundLeaf) -> str:
    """Return what a leaf asks for."""
    match leaf.test:
        case Is(value):
            return operand_text(value)
        case OneOf(tuple() as values) if len(values) > 1:
            return "one of " + ", ".join(operand_text(value) for value in values[:_SHOWN])
        case OneOf(values):
            return operand_text(values[0] if isinstance(values, tuple) and values else values)
        case NoneOf(values):
            return "anything but " + operand_text(values).strip("[]")
        case Bound(bound, lower):
            return ("at least " if lower else "at most ") + operand_text(bound)
        case Contains(items):
            return "a list with " + operand_text(items).strip("[]")
        case Excludes(forbidden):
            named = "any address (0.0.0.0/0, ::/0)" if forbidden == ANY_ADDRESS else operand_text(forbidden).strip("[]")
            return f"nothing that is {named}"
        case IsSet():
            return "a value" if leaf.write is MISSING else _written_text(leaf)
        case IsAbsent():
            return "nothing"
        case IsPresent():
            return "a value"
        case IsSecret():
            return "a reference to a secret store"
        case Statement(pattern, wanted):
            name = dict(pattern.entries).get("Sid")
            return (
                f"a statement like {operand_text(name)}"
                if wanted and name
                else ("such a statement" if wanted else "no such statement")
            )


def _written_text(leaf: BoundLeaf) -> str:
    match leaf.write:
        case bool() | int() | float() | str():
            return operand_text(leaf.write)
        case DialectExpression(text):
            return text
        case _:
            return "a value"


def actual_data(origin: Origin) -> object:
    """Return an origin as JSON data; None for what is not there."""
    match origin:
        case Known(_, value):
            return value
        case Absent():
            return None
        case Referenced(_, target):
            return ".".join(target)
        case Opaque(_, expression):
            return expression
        case Text(_, parts):
            return "".join(part if isinstance(part, str) else "${..}" for part in parts)
        case Sequence(_, items):
            return [actual_data(item[0]) for item in items]
        case Structure(names=names):
            return {"keys": list(names)}


def violation_of(outcome: Outcome) -> Violation:
    """Return an outcome as a report states it."""
    return Violation(
        path_text(outcome.path), expected_text(outcome.leaf), actual_data(outcome.origin), _decided(outcome)
    )


def _decided(outcome: Outcome) -> Place | None:
    """Return where the value is decided: the text that has to change; None where nothing is written."""
    place, site = outcome.origin.place, outcome.site
    if place is None or not place.path:
        return site.null or _emptied_by(site.structure)
    if isinstance(outcome.leaf.test, IsAbsent) and site.structure is not None and site.steps:
        entry = site.structure.entry(site.steps[0].name)
        if entry is not None and entry.path == place.path and entry.span.contains(place.span):
            return entry  # the entry goes as a whole, whichever of its branches is to blame
    return place


def _emptied_by(structure: Structure | None) -> Place | None:
    """Return the ``{}`` that says that nothing is set; None where a body just lacks something."""
    is_empty = structure is not None and not structure.is_block and not structure.names and not structure.is_open
    return structure.place if structure is not None and is_empty else None


def finding_message(judgement: Judgement, violated: list[tuple[Part, Outcome]]) -> str:
    """Return what is wrong, in this resource, in one sentence."""
    address = _instances(judgement) or _named(judgement.primary)
    missing = next((part for part in judgement.parts if part.carrier is None), None)
    if missing is not None:
        kind = missing.companion.resource if missing.companion else judgement.target.resource
        detail = f"no {kind} completes it" if missing.companion else f"no {kind} is configured"
        return f"{address}: {detail}. {judgement.rule.title}."
    part, outcome = violated[0]
    more = f" (and {len(violated) - 1} more)" if len(violated) > 1 else ""
    carrier = f"{part.carrier.address}." if part.carrier is not None and part.carrier is not judgement.primary else ""
    return f"{address}: {carrier}{_difference(outcome)}{more}. {judgement.rule.title}."


def _difference(outcome: Outcome) -> str:
    path, expected = path_text(outcome.path), expected_text(outcome.leaf)
    if isinstance(outcome.leaf.test, Statement):
        verb = "lacks" if outcome.leaf.test.wanted else "has a statement that allows too much; it must have"
        return f"{path} {verb} {expected}"
    if isinstance(outcome.origin, Absent):
        default = (
            f" (the default is {operand_text(_default(outcome))})"
            if rests_on_default(outcome.leaf, outcome.origin)
            else ""
        )
        return f"{path} is not set{default}, expected {expected}"
    return f"{path} is {_shown(outcome.origin)}, expected {expected}"


def _default(outcome: Outcome) -> Operand:
    default = outcome.leaf.default
    return default if isinstance(default, bool | int | float | str) else None


def _shown(origin: Origin) -> str:
    data = actual_data(origin)
    if isinstance(data, list):
        return (
            "["
            + ", ".join(
                operand_text(item) if isinstance(item, bool | int | float | str) else ".." for item in data[:_SHOWN]
            )
            + "]"
        )
    return operand_text(data) if isinstance(data, bool | int | float | str) else "set"


def unknown_message(judgement: Judgement, expression: str) -> str:
    """Return why a rule cannot be judged, in one sentence."""
    cause = expression or "a value"
    return f"{_named(judgement.primary)}: cannot be judged, since {cause} is not known here. {judgement.rule.title}."


def _instances(judgement: Judgement) -> str:
    """Name the instances that a finding is about: empty where it is about all."""
    first, *others = judgement.instances(Verdict.VIOLATED) or ("",)
    if not others:
        return first
    keys = [address.removeprefix(judgement.primary.address) for address in others[: _NAMED_INSTANCES - 1]]
    more = len(others) - len(keys)
    return ", ".join([first, *keys]) + (f" and {more} more" if more else "")


def _named(resource: Resource) -> str:
    """Return a resource's address, with what it becomes (SAM), or the construct that it was made from (CDK)."""
    notes = [f"as {resource.type}"] if resource.written_type else []
    notes += [resource.construct] if resource.construct else []
    return f"{resource.address} ({', '.join(notes)})" if notes else resource.address
