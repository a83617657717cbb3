"""Moving a literal elsewhere in a template changes nothing: not the verdict, and a fix goes after it."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from tests.small_rules import template, thing, verdict, with_fixes
from tests.support import Unit

STATES = (
    ("true", ("true", "false", '"true"', '"false"')),
    ("{$at_least: 7}", ("3", "7", "14", '"3"')),
    ("{$one_of: [a, b]}", ("a", "b", "c", '"d"')),
    ("{$none_of: [a], $write: b}", ("a", "b")),
    ("{$excludes: [any_address], $replace: [10.0.0.0/8]}", ("10.0.0.0/8", "any_address")),
    ("{$set: true, $write: x}", ("x", '""')),
)


@dataclass(frozen=True)
class Moved:
    """A template as sections, and the expression in the place of the literal."""

    expression: str
    parameters: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    mappings: tuple[str, ...] = ()

    def text(self) -> str:
        sections = {"Parameters": self.parameters, "Conditions": self.conditions, "Mappings": self.mappings}
        head = [line for name, lines in sections.items() if lines for line in (f"{name}:", *lines)]
        body = ["Resources:", "  X:", "    Type: Test::A::Thing", "    Properties:", f"      A: {self.expression}"]
        return "\n".join([*head, *body, ""])


def into_default(moved: Moved, number: int) -> Moved:
    return Moved(
        f"!Ref P{number}",
        (*moved.parameters, f"  P{number}: {{Type: String, Default: {moved.expression}}}"),
        moved.conditions,
        moved.mappings,
    )


def into_mapping(moved: Moved, number: int) -> Moved:
    entry = f"  M{number}: {{one: {{k: {moved.expression}}}}}"
    return Moved(f"!FindInMap [M{number}, one, k]", moved.parameters, moved.conditions, (*moved.mappings, entry))


def into_equal_branches(moved: Moved, number: int) -> Moved:
    condition = f"  C{number}: !Equals [!Ref AWS::Region, r{number}]"
    expression = f"!If [C{number}, {moved.expression}, {moved.expression}]"
    return Moved(expression, moved.parameters, (*moved.conditions, condition), moved.mappings)


def into_known_branch(moved: Moved, number: int) -> Moved:
    condition = f"  K{number}: !Not [!Equals [a, b]]"
    expression = f"!If [K{number}, {moved.expression}, !Ref AWS::NoValue]"
    return Moved(expression, moved.parameters, (*moved.conditions, condition), moved.mappings)


def into_list(moved: Moved, _number: int) -> Moved:
    return Moved(f"!Select [1, [other, {moved.expression}]]", moved.parameters, moved.conditions, moved.mappings)


LITERAL_MOVES = (into_default, into_mapping)
MOVES = (into_equal_branches, into_known_branch, into_list)


@st.composite
def moved_literals(draw: st.DrawFn) -> tuple[str, str, Moved]:
    """Return a state, a literal, and a template to which the literal was moved."""
    state, literals = draw(st.sampled_from(STATES))
    literal = draw(st.sampled_from(literals))
    moves = draw(st.lists(st.sampled_from(LITERAL_MOVES), max_size=1))
    moves += draw(st.lists(st.sampled_from(MOVES), max_size=3))
    moved = Moved(literal)
    for number, move in enumerate(moves):
        moved = move(moved, number)
    return state, literal, moved


def _unit(state: str, moved: Moved) -> Unit:
    return template(moved.text(), thing(f"A: {state}"))


@given(moved_literals())
def test_the_verdict_stays(case):
    state, literal, moved = case

    assert verdict(_unit(state, moved)) == verdict(_unit(state, Moved(literal)))


@given(moved_literals())
def test_the_fix_follows(case):
    state, _, moved = case
    some = _unit(state, moved)

    after = with_fixes(some)

    assert verdict(after) == "satisfied"
    assert with_fixes(after) == after
    assert some.prove(some.plan(some.analyse().findings)).holds


@given(st.sampled_from(STATES), st.lists(st.sampled_from(MOVES), max_size=3))
def test_a_parameter_without_a_default_is_unknown(case, moves):
    state, _ = case
    moved = Moved("!Ref P", ("  P: {Type: String}",))
    for number, move in enumerate(moves):
        moved = move(moved, number)

    assert verdict(_unit(state, moved)) == "unknown"
