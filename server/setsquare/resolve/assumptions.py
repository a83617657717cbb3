"""What is assumed about the conditions of a template, and what follows from it.

A value in a branch is judged in a *world*: what must hold for the branch to be taken. Conclusions are drawn step by
step (a condition that holds makes the parts of its ``Fn::And`` hold, and so on) and never by trying combinations, so
that the effort grows with the length of the conditions and not with the number of their combinations.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from setsquare.logic import every, negated, some
from setsquare.model import (
    Call,
    Conditional,
    Expression,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    Template,
    Unreadable,
    Value,
)
from setsquare.resolve.conditions import as_truth, compare
from setsquare.text import Span

_MAX_DEPTH = 50
_MAX_SPLITS = 3
_NO_SPAN = Span(0, 0)


class Claim(NamedTuple):
    """That a condition holds, or does not."""

    condition: Expression
    holds: bool


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is assumed.

    Attributes:
        truths: named conditions that hold, or do not.
        given: what an operand is, by the operand's shape.
        excluded: what an operand is not, as pairs of shape and text.
        equations: comparisons of two operands that are both not known.
        in_branch: something is assumed because a branch was entered, so that the default of a parameter may not be
            its value here.
        certain: the default of a parameter is not taken for its value.
        splits: how often a value was told apart by a condition on the way here.
        pending: claims of which it is not known yet what that says of their parts.
        memory: named conditions as far as they were judged here.

    """

    truths: Mapping[str, bool] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    excluded: frozenset[tuple[str, str]] = frozenset()
    equations: Mapping[str, bool] = field(default_factory=dict)
    in_branch: bool = False
    certain: bool = False
    splits: int = 0
    pending: tuple[Claim, ...] = ()
    memory: dict[str, bool | None] = field(default_factory=dict)

    def contradicts(self, shape: str, text: str) -> bool:
        """Whether an operand cannot be this text here."""
        return self.given.get(shape, text) != text or (shape, text) in self.excluded

    def entered(self) -> "World":
        """Return the same world inside a branch."""
        return self if self.in_branch else replace(self, in_branch=True)

    def only_certain(self) -> "World":
        """Return the same world without the defaults of parameters."""
        return self if self.certain else replace(self, certain=True)

    def without_memory(self) -> dict[str, bool | None]:
        """Return what stays known when more is assumed."""
        return {name: truth for name, truth in self.memory.items() if truth is not None}


Meaning = Callable[[Expression, World, int], Value]


class Conditions:
    """The conditions of one template.

    Args:
        written: the expressions by name.
        meaning: gives an operand its value in a world.

    """

    def __init__(self, written: Mapping[str, Expression], meaning: Meaning) -> None:
        self._written = written
        self._meaning = meaning
        self._order = {name: index for index, name in enumerate(written)}
        self._used: dict[int, tuple[Expression, frozenset[str]]] = {}
        self._subjects: dict[str, frozenset[str]] = {}

    # ------------------------------------------------------------- truth

    def truth(self, expression: Expression, world: World, depth: int = 0) -> bool | None:
        """Return whether a condition holds in a world; None where that is not known."""
        if depth > _MAX_DEPTH:
            return None
        match expression:
            case Reference(_, ("Condition", name)):
                return self._named(name, world, depth)
            case Call(_, "Fn::Not", (operand,)):
                return negated(self.truth(operand, world, depth + 1))
            case Call(_, "Fn::And", operands) if operands:
                return every([self.truth(operand, world, depth + 1) for operand in operands])
            case Call(_, "Fn::Or", operands) if operands:
                return some([self.truth(operand, world, depth + 1) for operand in operands])
            case Call(_, "Fn::Equals", (left, right)):
                return self._equal(left, right, world, depth)
            case Literal():
                return as_truth(self._meaning(expression, world, depth))
            case _:
                return None

    def _named(self, name: str, world: World, depth: int) -> bool | None:
        if name in world.truths:
            return world.truths[name]
        if name not in world.memory:
            world.memory[name] = None  # what a condition that refers to itself is
            written = self._written.get(name)
            world.memory[name] = None if written is None else self.truth(written, world, depth + 1)
        return world.memory[name]

    def _equal(self, left: Expression, right: Expression, world: World, depth: int) -> bool | None:
        values = [self._operand(left, world, depth), self._operand(right, world, depth)]
        answer = compare("==", values)
        if answer is not None:
            return answer
        for operand, value in ((left, values[1]), (right, values[0])):
            text = _only_text(value)
            if text is not None and world.contradicts(shape(operand), text):
                return False
        return world.equations.get(_equation(left, right))

    def _operand(self, expression: Expression, world: World, depth: int) -> Value:
        known = world.given.get(shape(expression))
        found = self._meaning(expression, world.only_certain(), depth + 1)
        if known is not None and found:
            place = found[0].place
            return (Known(place, known),) if place is not None else found
        return tuple(_as_text(origin) if isinstance(origin, Known) else origin for origin in found)

    # ------------------------------------------------------------- assuming

    def assume(self, condition: Expression, holds: bool, world: World) -> World | None:  # noqa: FBT001 - an answer
        """Return the world in which a condition holds, or does not; None where that cannot be."""
        todo = [Claim(condition, holds)]
        while todo:
            claim = todo.pop()
            now = self.truth(claim.condition, world)
            if now is None:
                world, follows = self._assumed(claim, world)
                todo += follows
            elif now is not claim.holds:
                return None
            if not todo:
                world, todo = self._settled(world)
        return world

    def _assumed(self, claim: Claim, world: World) -> tuple[World, list[Claim]]:
        """Return the world in which an open condition is as claimed, and what follows for its parts."""
        match claim.condition:
            case Reference(_, ("Condition", name)):
                written = self._written.get(name)
                world = _with(world, truths={**world.truths, name: claim.holds})
                return world, [] if written is None else [Claim(written, claim.holds)]
            case Call(_, "Fn::Not", (operand,)):
                return world, [Claim(operand, not claim.holds)]
            case Call(_, "Fn::And" | "Fn::Or" as name, operands) if claim.holds is (name == "Fn::And"):
                return world, [Claim(operand, claim.holds) for operand in operands]
            case Call(_, "Fn::And" | "Fn::Or", _):
                return replace(world, pending=(*world.pending, claim)), []
            case Call(_, "Fn::Equals", (left, right)):
                return self._compared(left, right, claim, world), []
            case _:
                return world, []

    def _settled(self, world: World) -> tuple[World, list[Claim]]:
        """Return what follows from pending claims: where one part alone is open it must be as claimed."""
        follows: list[Claim] = []
        pending: list[Claim] = []
        for claim in world.pending:
            now = self.truth(claim.condition, world)
            still_open = [part for part in children(claim.condition) if self.truth(part, world) is None]
            if now is not None:
                follows += [] if now is claim.holds else [claim]
            elif len(still_open) == 1:
                follows.append(Claim(still_open[0], claim.holds))
            else:
                pending.append(claim)
        return replace(world, pending=tuple(pending)) if len(pending) < len(world.pending) else world, follows

    def _compared(self, left: Expression, right: Expression, claim: Claim, world: World) -> World:
        for one, other in ((left, right), (right, left)):
            text = _only_text(self._operand(other, world, 0))
            if text is None:
                continue
            if claim.holds:
                return _with(world, given={**world.given, shape(one): text})
            return _with(world, excluded=world.excluded | {(shape(one), text)})
        return _with(world, equations={**world.equations, _equation(left, right): claim.holds})

    # ------------------------------------------------------------- telling apart

    def apart(self, parts: Sequence[Expression], world: World) -> tuple[World, ...]:
        """Return the worlds in which parts of one value are judged together.

        Only conditions that bear on two parts or more are told apart, and only a few of them: what is not is judged
        as if the parts were independent.
        """
        if not self._order or world.splits >= _MAX_SPLITS:
            return (world,)
        used = [self.used(part) for part in parts]
        bearing: dict[str, int] = {}
        for names in used:
            for subject in frozenset().union(*(self._about(name) for name in names)) if names else ():
                bearing[subject] = bearing.get(subject, 0) + 1
        shared = {subject for subject, count in bearing.items() if count > 1}
        if not shared:
            return (world,)
        names = frozenset().union(*used)
        candidates = sorted(
            (name for name in names if self._about(name) & shared), key=lambda name: (self._order.get(name, -1), name)
        )
        worlds = [world]
        for name in candidates:
            worlds = [other for one in worlds for other in self._both(name, one)]
        return tuple(worlds)

    def _both(self, name: str, world: World) -> Iterator[World]:
        condition = self._written.get(name)
        if condition is None or world.splits >= _MAX_SPLITS or self._named(name, world, 0) is not None:
            yield world
            return
        for answer in (True, False):
            assumed = self.assume(Reference(condition.span, ("Condition", name)), answer, world)
            if assumed is not None:
                yield replace(assumed, splits=world.splits + 1)

    def used(self, expression: Expression) -> frozenset[str]:
        """Return the names of the conditions that choose branches inside an expression."""
        known = self._used.get(id(expression))
        if known is None:
            known = (expression, self._used_in(expression))
            self._used[id(expression)] = known
        return known[1]

    def _used_in(self, expression: Expression) -> frozenset[str]:
        inner = frozenset().union(*(self.used(child) for child in children(expression)))
        if isinstance(expression, Conditional):
            return inner | _names(expression.condition)
        return inner

    def _about(self, name: str) -> frozenset[str]:
        """Return the operands that a condition depends on, through all conditions that it names."""
        if name not in self._subjects:
            found: set[str] = set()
            seen: set[str] = set()
            todo: list[Expression] = [Reference(_NO_SPAN, ("Condition", name))]
            while todo:
                match todo.pop():
                    case Reference(_, ("Condition", other)):
                        if other not in self._written:
                            found.add(f"Condition {other}")
                        elif other not in seen:
                            seen.add(other)
                            todo.append(self._written[other])
                    case Call(_, "Fn::Equals", operands):
                        found.update(shape(operand) for operand in operands if not isinstance(operand, Literal))
                    case Call(_, _, operands):
                        todo += operands
                    case _:
                        continue
            self._subjects[name] = frozenset(found)
        return self._subjects[name]


def _with(world: World, **assumed: object) -> World:
    return replace(world, memory=world.without_memory(), **assumed)  # type: ignore[arg-type]  # its own fields


def _as_text(origin: Known) -> Known:
    """Conditions compare texts."""
    value = origin.value
    return Known(origin.place, str(value).lower() if isinstance(value, bool) else str(value))


def _only_text(value: Value) -> str | None:
    return str(value[0].value) if len(value) == 1 and isinstance(value[0], Known) else None


def _equation(left: Expression, right: Expression) -> str:
    return " == ".join(sorted((shape(left), shape(right))))


def shape(expression: Expression) -> str:
    """Return what an expression says, without where: equal shapes have equal values."""
    match expression:
        case Literal(_, value):
            return repr(value)
        case Reference(_, path):
            return " ".join(path)
        case Unreadable(_, text):
            return text
        case Call(_, name, _):
            head = name
        case _:
            head = type(expression).__name__
    return f"{head}({', '.join(shape(child) for child in children(expression))})"


def children(expression: Expression) -> Sequence[Expression]:
    """Return the expressions directly inside another one; of a mapping keys and values."""
    match expression:
        case Template(_, parts) | ListExpression(_, parts) | Call(_, _, parts):
            return parts
        case ObjectExpression(_, entries):
            return [part for entry in entries for part in (entry.key, entry.value)]
        case Conditional(_, condition, when_true, when_false):
            return (condition, when_true, when_false)
        case _:
            return ()


def _names(condition: Expression) -> frozenset[str]:
    if isinstance(condition, Reference):
        return frozenset({condition.path[-1]}) if condition.path[0] == "Condition" else frozenset()
    return frozenset().union(*(_names(child) for child in children(condition)))
