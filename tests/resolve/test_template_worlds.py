"""What is judged under assumptions holds everything that can be: held against trying all values of all parameters."""

from collections.abc import Iterable, Mapping
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.resolve.test_cloudformation import template, the

from setsquare.model import Absent, Known, Resource, Value

PARAMETERS = ("P0", "P1", "P2")
CHOICES = ("a", "b", "c")
NAMES = tuple(f"C{i}" for i in range(5))

Condition = tuple[object, ...]


def conditions(before: int) -> st.SearchStrategy[Condition]:
    """Return conditions that may name those that were declared before."""
    equals = st.tuples(st.just("Equals"), st.sampled_from(PARAMETERS), st.sampled_from((*CHOICES, "other")))
    same = st.tuples(st.just("Same"), st.sampled_from(PARAMETERS), st.sampled_from(PARAMETERS))
    leaves = st.one_of(equals, equals, same)
    if before:
        leaves = st.one_of(leaves, st.tuples(st.just("Condition"), st.sampled_from(NAMES[:before])))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("Not"), inner),
            st.tuples(st.sampled_from(("And", "Or")), inner, inner),
            st.tuples(st.sampled_from(("And", "Or")), inner, inner, inner),
        ),
        max_leaves=4,
    )


all_conditions = st.tuples(*(conditions(i) for i in range(len(NAMES))))
values = st.recursive(
    st.integers(0, 5) | st.none(),
    lambda inner: st.tuples(st.sampled_from(NAMES), inner, inner),
    max_leaves=5,
)


def written(condition: Condition) -> str:
    match condition:
        case ("Equals", name, text):
            return f"!Equals [!Ref {name}, {text}]"
        case ("Same", one, other):
            return f"!Equals [!Ref {one}, !Ref {other}]"
        case ("Condition", name):
            return f"!Condition {name}"
        case (operator, *parts):
            return f"!{operator} [{', '.join(written(part) for part in parts)}]"


def holds(condition: Condition, table: Mapping[str, Condition], chosen: Mapping[str, str]) -> bool:
    match condition:
        case ("Equals", name, text):
            return chosen[name] == text
        case ("Same", one, other):
            return chosen[one] == chosen[other]
        case ("Condition", name):
            return holds(table[name], table, chosen)
        case ("Not", part):
            return not holds(part, table, chosen)
        case ("And", *parts):
            return all(holds(part, table, chosen) for part in parts)
        case (_, *parts):
            return any(holds(part, table, chosen) for part in parts)


def spelled(value: object) -> str:
    match value:
        case None:
            return "!Ref AWS::NoValue"
        case (name, when_true, when_false):
            return f"!If [{name}, {spelled(when_true)}, {spelled(when_false)}]"
        case _:
            return str(value)


def taken(value: object, truths: Mapping[str, bool]) -> object:
    while isinstance(value, tuple):
        value = value[1] if truths[value[0]] else value[2]
    return value


def resource(table: Mapping[str, Condition], properties: Mapping[str, object], *, restricted: bool) -> Resource:
    allowed = f", AllowedValues: [{', '.join(CHOICES)}]" if restricted else ""
    lines = ["Parameters:", *(f"  {name}: {{Type: String{allowed}}}" for name in PARAMETERS), "Conditions:"]
    lines += [f"  {name}: {written(condition)}" for name, condition in table.items()]
    lines += ["Resources:", "  X:", "    Type: Test::A::Thing", "    Properties:"]
    lines += [f"      {name}: {spelled(value)}" for name, value in properties.items()]
    return the(template("\n".join(lines) + "\n"))


def seen(value: Value) -> set[object]:
    found: set[object] = set()
    for origin in value:
        assert isinstance(origin, Known | Absent)
        found.add(origin.value if isinstance(origin, Known) else None)
    return found


def together(some: Resource, names: Iterable[str]) -> set[tuple[object, ...]]:
    """Return what the properties may be together, as far as they are judged together."""
    worlds = some.worlds or (some.value,)
    return {found for world in worlds for found in product(*(seen(world.lookup(name)) for name in names))}


def outcomes(
    table: Mapping[str, Condition], properties: Mapping[str, object], *, restricted: bool
) -> set[tuple[object, ...]]:
    """Return what the properties are together, for all that the parameters may be."""
    found: set[tuple[object, ...]] = set()
    choices = CHOICES if restricted else (*CHOICES, "other", "more")
    for chosen in product(choices, repeat=len(PARAMETERS)):
        truths = {name: holds(c, table, dict(zip(PARAMETERS, chosen, strict=True))) for name, c in table.items()}
        found.add(tuple(taken(value, truths) for value in properties.values()))
    return found


@given(all_conditions, values, values, st.booleans())
def test_nothing_that_can_be_is_ruled_out(written_conditions, one, other, restricted):
    table = dict(zip(NAMES, written_conditions, strict=True))
    properties = {"A": one, "B": other}

    some = resource(table, properties, restricted=restricted)

    assert outcomes(table, properties, restricted=restricted) <= together(some, properties)


@given(st.sampled_from(NAMES[:3]), st.sampled_from(NAMES[:3]), st.tuples(*(conditions(0) for _ in NAMES)))
def test_what_depends_on_one_condition_is_not_mixed(first, second, written_conditions):
    table = dict(zip(NAMES, written_conditions, strict=True))
    table["C1"] = ("Not", ("Condition", "C0"))
    properties = {"A": (first, 1, 2), "B": (second, 3, 4)}

    some = resource(table, properties, restricted=False)

    assert outcomes(table, properties, restricted=False) <= together(some, properties)
    if {first, second} <= {"C0", "C1"}:
        assert len(together(some, properties)) <= 2
