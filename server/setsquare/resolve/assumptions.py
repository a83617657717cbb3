"""What is assumed about the conditions of a template, and what follows from it.

A value in a branch is judged in a *world*: what must hold for the branch to be taken. Conclusions are drawn step by
step (a condition that holds makes the parts of its ``Fn::And`` hold, and so on) and never by trying combinations, so
that the effort grows with the length of the conditions and not with the number of their combinations.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from setsquare.resolve.conditions import are_same, as_truth
from setsquare.text import Span

_MAX_DEPTH = 50
_MAX_SPLITS = 3
_MAX_ROUNDS = 4
_MAX_CLAIMS = 64
_MAX_PENDING = 8
_MAX_NAMES = 12
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
        onward: the worlds in which more is assumed, by the condition's shape and whether it holds.

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
    onward: "dict[tuple[str, bool], World | None]" = field(default_factory=dict)

    def contradicts(self, shape: str, text: str) -> bool:
        """Whether an operand cannot be this text here."""
        return self.given.get(shape, text) != text or (shape, text) in self.excluded

    def entered(self) -> "World":
        """Return the same world inside a branch."""
        return self if self.in_branch else replace(self, in_branch=True)

    def only_certain(self) -> "World":
        """Return the same world without the defaults of parameters."""
        return self if self.certain else replace(self, certain=True)


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
        self._named: dict[int, tuple[Expression, frozenset[str]]] = {}
        self._many: dict[str, bool] = {}

    # ------------------------------------------------------------- truth

    def truth(self, expression: Expression, world: World, depth: int = 0) -> bool | None:
        """Return whether a condition holds in a world; None where that is not known."""
        if isinstance(expression, Reference):
            self._judge([expression.path[-1]], world)
        elif self._order:
            self._judge(self._named_in(expression), world)
        return self._truth(expression, world, depth)

    def _judge(self, names: Iterable[str], world: World) -> None:
        """Remember the truth of named conditions, those that they name first: no chain of them is too long."""
        todo = [name for name in names if name not in world.memory]
        opened: set[str] = set()
        while todo:
            name = todo[-1]
            if name in world.memory:
                todo.pop()
            elif name in world.truths or name not in self._written:
                world.memory[name] = world.truths.get(name)
            elif world.truths and self._names_many(name):
                world.memory[name] = None  # only what is assumed of it itself counts
            elif name not in opened:
                opened.add(name)
                named = self._named_in(self._written[name])
                todo += [other for other in named if other not in world.memory and other not in opened]
            else:  # what it names is known now, or names it in a circle
                world.memory[name] = self._truth(self._written[name], world, 0)

    def _names_many(self, name: str) -> bool:
        """Whether a condition rests on so many others that it is not judged again in each world."""
        if name not in self._many:
            seen: set[str] = set()
            todo = [name]
            while todo and len(seen) <= _MAX_NAMES:
                current = todo.pop()
                if current not in seen and current in self._written:
                    seen.add(current)
                    todo += self._named_in(self._written[current])
            self._many[name] = len(seen) > _MAX_NAMES
        return self._many[name]

    def _named_in(self, expression: Expression) -> frozenset[str]:
        known = self._named.get(id(expression))
        if known is None:
            known = (expression, _names(expression))
            self._named[id(expression)] = known
        return known[1]

    def _truth(self, expression: Expression, world: World, depth: int) -> bool | None:
        if depth > _MAX_DEPTH:
            return None
        match expression:
            case Reference(_, ("Condition", name)):
                return world.memory.get(name)
            case Call(_, "Fn::Not", (operand,)):
                return negated(self._truth(operand, world, depth + 1))
            case Call(_, "Fn::And", operands) if operands:
                return every([self._truth(operand, world, depth + 1) for operand in operands])
            case Call(_, "Fn::Or", operands) if operands:
                return some([self._truth(operand, world, depth + 1) for operand in operands])
            case Call(_, "Fn::Equals", (left, right)):
                return self._equal(left, right, world, depth)
            case Literal():
                return as_truth(self._meaning(expression, world, depth))
            case _:
                return None

    def _equal(self, left: Expression, right: Expression, world: World, depth: int) -> bool | None:
        values = [self._operand(left, world, depth), self._operand(right, world, depth)]
        answer = are_same(*values)
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
        key = (shape(condition), holds)
        if key not in world.onward:
            world.onward[key] = self._assume(Claim(condition, holds), world)
        return world.onward[key]

    def _assume(self, claim: Claim, world: World) -> World | None:
        follows = [claim]
        for _ in range(_MAX_ROUNDS):
            after = self._claimed(follows, world)
            if after is None:
                return None
            world, follows = self._settled(after)
            if not follows:
                break
        return world

    def _claimed(self, claims: Iterable[Claim], world: World) -> World | None:
        """Return the world in which claims hold, and what follows directly; None where they contradict it."""
        collected = _Collected(world, self._written, lambda left, right: self._compared(left, right, world))
        todo = list(claims)
        for _ in range(_MAX_CLAIMS):  # to conclude less is no error: more branches may be taken
            if not todo:
                break
            claim = todo.pop()
            now = self.truth(claim.condition, world)
            if now is None:
                todo += collected.add(claim)
            elif now is not claim.holds:
                return None
        return collected.world()

    def _compared(self, left: Expression, right: Expression, world: World) -> tuple[str, str] | None:
        """Return which operand is compared with which text; None where neither side is known."""
        for one, other in ((left, right), (right, left)):
            text = _only_text(self._operand(other, world, 0))
            if text is not None:
                return shape(one), text
        return None

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

    # ------------------------------------------------------------- telling apart

    def apart(self, parts: Sequence[Expression], world: World, first: Sequence[Expression] = ()) -> tuple[World, ...]:
        """Return the worlds in which parts of one value are judged together.

        Only conditions that bear on two parts or more are told apart, and only a few of them: what is not is judged
        as if the parts were independent. Those that some parts rest on come first, whatever else they bear on.
        """
        if not self._order or world.splits >= _MAX_SPLITS:
            return (world,)
        used = [self.used(part) for part in parts]
        bearing: dict[str, int] = {}
        for names in used:
            for subject in frozenset().union(*(self._about(name) for name in names)) if names else ():
                bearing[subject] = bearing.get(subject, 0) + 1
        shared = {subject for subject, count in bearing.items() if count > 1}
        wanted = frozenset[str]().union(*(self.used(part) for part in first))
        if not shared and not wanted:
            return (world,)
        names = frozenset().union(*used)
        candidates = sorted(
            (name for name in names if name in wanted or self._about(name) & shared),
            key=lambda name: (name not in wanted, self._order.get(name, -1), name),
        )
        worlds = [world]
        for name in candidates:
            worlds = [other for one in worlds for other in self._both(name, one)]
        return tuple(worlds)

    def _both(self, name: str, world: World) -> Iterator[World]:
        condition = self._written.get(name)
        named = Reference(_NO_SPAN, ("Condition", name))
        if condition is None or world.splits >= _MAX_SPLITS or self.truth(named, world) is not None:
            yield world
            return
        for answer in (True, False):
            assumed = self.assume(named, answer, world)
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


class _Collected:
    """What is assumed beyond a world, claim by claim."""

    def __init__(
        self,
        world: World,
        written: Mapping[str, Expression],
        compared: Callable[[Expression, Expression], tuple[str, str] | None],
    ) -> None:
        self._world = world
        self._written = written
        self._compared = compared
        self._contradicts = False
        self.truths = dict(world.truths)
        self.pending = list(world.pending)
        self._given = dict(world.given)
        self._equations = dict(world.equations)
        self._excluded = set(world.excluded)

    def add(self, claim: Claim) -> list[Claim]:
        """Take up a claim that is open in the world; return what follows for its parts."""
        match claim.condition:
            case Reference(_, ("Condition", name)):
                is_new = name not in self.truths
                self._contradicts |= self.truths.setdefault(name, claim.holds) is not claim.holds
                return [Claim(self._written[name], claim.holds)] if is_new and name in self._written else []
            case Call(_, "Fn::Not", (operand,)):
                return [Claim(operand, not claim.holds)]
            case Call(_, "Fn::And" | "Fn::Or" as name, operands):
                if claim.holds is (name == "Fn::And"):
                    return [Claim(operand, claim.holds) for operand in operands]
                if len(self.pending) < _MAX_PENDING:
                    self.pending.append(claim)
            case Call(_, "Fn::Equals", (left, right)):
                self._add_equation(left, right, holds=claim.holds)
            case _:
                pass
        return []

    def _add_equation(self, left: Expression, right: Expression, *, holds: bool) -> None:
        compared = self._compared(left, right)
        if compared is None:
            self._equations[_equation(left, right)] = holds
        elif holds:
            self._contradicts |= self._given.setdefault(*compared) != compared[1]
        else:
            self._excluded.add(compared)

    def world(self) -> World | None:
        """Return the world in which all of it is assumed; None where it contradicts itself."""
        if self._contradicts or not self._excluded.isdisjoint(self._given.items()):
            return None
        return replace(
            self._world,
            truths=self.truths,
            given=self._given,
            equations=self._equations,
            excluded=frozenset(self._excluded),
            pending=tuple(self.pending),
            # What is known stays known when more is assumed.
            memory={name: truth for name, truth in self._world.memory.items() if truth is not None},
            onward={},
        )


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
