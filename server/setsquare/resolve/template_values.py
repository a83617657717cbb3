"""What the expressions of a CloudFormation template mean: parameters, conditions, mappings, intrinsic functions.

Parameters may be given other values than their defaults, so a condition over parameters is not known; a property that
refers to one is judged by the default, since that is what happens when nobody says otherwise.
"""

from collections.abc import Container
from collections.abc import Sequence as Sequence_
from copy import copy
from typing import Protocol

from setsquare.model import (
    Absent,
    Call,
    CloudFormationTemplate,
    Conditional,
    Expression,
    For,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Place,
    Reference,
    Referenced,
    Sequence,
    Structure,
    Template,
    Traversal,
    Unreadable,
    Value,
)
from setsquare.resolve import intrinsic_functions, values
from setsquare.resolve.assumptions import Conditions, World
from setsquare.resolve.parameters import Parameters, as_text, fields
from setsquare.resolve.stack_calls import OUTPUTS, Fragment, included_in
from setsquare.resolve.template_loops import MAX_ENTRIES, without_loops
from setsquare.rules.constraints import SECRET_STORES
from setsquare.text import Span

_MAX_DEPTH = 50
_DYNAMIC = "{{resolve:"
_FIND_IN_MAP = "Fn::FindInMap"
_WITH_DEFAULT = 4


class Beyond(Protocol):
    """What a template takes its values from beside its own text.

    Attributes:
        address: what the addresses of its resources begin with: empty, or ``Stack.``.
        is_called: whether a caller decides its parameters.

    """

    address: str

    @property
    def is_called(self) -> bool:
        """Whether a caller decides its parameters."""

    def argument(self, name: str, is_certain: bool) -> Value | None:  # noqa: FBT001 - a parameter of a callback
        """Return what the caller passes as a parameter; None where it does not."""

    def fragment(self, source: str) -> Fragment | None:
        """Return a file that is included; None where it is not there."""

    def output(self, stack: str, name: str) -> Value | None:
        """Return what an output of a nested stack is; None where that stack is not known."""


class TemplateValues:
    """The values of one template."""

    def __init__(self, path: str, template: CloudFormationTemplate, beyond: Beyond) -> None:
        self._path = path
        self._beyond = beyond
        self._mappings = template.mappings
        argument = beyond.argument if beyond.is_called else None
        self.parameters = Parameters(path, template.parameters, template.rules, argument)
        self.conditions = Conditions(template.conditions, self.value)
        self.base = World()
        self.notes: dict[Place, str] = {}
        self._includes = True

    def value(self, expression: Expression, world: World, depth: int = 0) -> Value:
        """Return all that an expression may mean in a world."""
        place = Place(self._path, expression.span)
        if depth > _MAX_DEPTH:
            return (Opaque(place, "an expression that is nested too deep"),)
        match expression:
            case Literal(_, str() as value) if value.startswith(SECRET_STORES):
                return (Referenced(place, (value,)),)
            case Literal(_, str() as value) if value.startswith(_DYNAMIC):
                return (Opaque(place, value, hidden=False),)
            case Literal(_, value):
                return values.scalar(place, value)
            case Template(_, parts):
                worlds = self.conditions.apart(parts, world)
                return values.union([self._text(parts, place, one, depth) for one in worlds], place)
            case ListExpression(_, items):
                return tuple(self._list(expression, one, depth) for one in self.conditions.apart(items, world))
            case ObjectExpression():
                return self.structures(expression, world, depth)
            case Conditional():
                return self._conditional(expression, place, world, depth + 1)
            case Reference(_, path):
                return self._reference(path, place, world)
            case Call(_, name, arguments):
                return self._call(name, arguments, place, world, depth + 1)
            case Unreadable(_, text):
                return (Opaque(place, text),)
            case Traversal() | For():  # of Terraform alone
                return (Opaque(place, ""),)

    def _text(self, parts: tuple[Expression, ...], place: Place, world: World, depth: int) -> Value:
        return values.text(place, [self.value(part, world, depth + 1) for part in parts], lambda: "Fn::Sub")

    def stand_in(self, path: str) -> None:
        """Read what stands in a file that is included; such a file includes no other."""
        self._path = path
        self._includes = False

    def included(self, transform: Expression) -> Fragment | None:
        """Return the file that a call of ``Fn::Transform`` includes; None where that is not known."""
        source = included_in(transform) if self._includes else None
        return None if source is None else self._beyond.fragment(source)

    def _list(self, written: ListExpression, world: World, depth: int) -> Sequence:
        """Return a list; an item that is ``AWS::NoValue`` is not in it."""
        items = (self.value(item, world, depth + 1) for item in written.items)
        there = tuple(item for item in items if not all(isinstance(origin, Absent) for origin in item))
        return Sequence(Place(self._path, written.span), there)

    def structures(
        self, written: ObjectExpression, world: World, depth: int = 0, first: Container[str] = ()
    ) -> tuple[Structure, ...]:
        """Return a mapping, once for each world in which its members must be judged together.

        What the members named ``first`` rest on is told apart before all else.
        """
        written = without_loops(written, lambda items: self._items(items, world, depth), self._note_loop)
        foremost = [e.value for e in written.entries if isinstance(e.key, Literal) and e.key.value in first]
        worlds = self.conditions.apart([entry.value for entry in written.entries], world, foremost)
        return tuple(self._structure(written, one, depth) for one in worlds)

    def _note_loop(self, span: Span) -> None:
        message = f"a loop writes out more than {MAX_ENTRIES} entries, which are not known"
        self.notes[Place(self._path, span)] = message

    def _structure(self, written: ObjectExpression, world: World, depth: int) -> Structure:
        open_keys = any(not isinstance(entry.key, Literal) for entry in written.entries)
        return values.mapping(self._path, written, lambda item: self.value(item, world, depth + 1), open_keys=open_keys)

    def _items(self, collection: Expression, world: World, depth: int) -> tuple[str, ...] | None:
        """Return the texts that a loop runs over; None where they are not known."""
        found = self.value(collection, world, depth + 1)
        if len(found) != 1 or not isinstance(found[0], Sequence) or not found[0].complete:
            return None
        texts = [as_text(item[0].value) for item in found[0].items if len(item) == 1 and isinstance(item[0], Known)]
        return tuple(texts) if len(texts) == len(found[0].items) else None

    def items(self, collection: Expression) -> tuple[str, ...] | None:
        """Return the texts that a loop over resources runs over; None where they are not known."""
        return self._items(collection, self.base, 0)

    def _conditional(self, written: Conditional, place: Place, world: World, depth: int) -> Value:
        truth = self.conditions.truth(written.condition, world, depth)
        if truth is not None:
            return self.value(written.when_true if truth else written.when_false, world, depth)
        branches: list[Value] = []
        for holds, branch in ((True, written.when_true), (False, written.when_false)):
            assumed = self.conditions.assume(written.condition, holds, world)
            if assumed is not None:
                branches.append(self.value(branch, assumed.entered(), depth))
        return values.union(branches, place)

    def _reference(self, path: tuple[str, ...], place: Place, world: World) -> Value:
        match path:
            case ("Ref", name) if name in self.parameters:
                return self.parameters.value(name, place, world)
            case ("Ref", name):
                return (Referenced(place, (name, "Ref"), self._beyond.address),)
            case ("Fn::GetAtt", name, attribute):
                output = attribute.removeprefix(OUTPUTS) if attribute.startswith(OUTPUTS) else None
                found = self._beyond.output(name, output) if output is not None else None
                return found or (Referenced(place, (name, attribute), self._beyond.address),)
            case _:
                return (Opaque(place, " ".join(path)),)

    def _call(self, name: str, arguments: tuple[Expression, ...], place: Place, world: World, depth: int) -> Value:
        if name == "Fn::ImportValue":
            return (Referenced(place, (name,)),)  # the identity of something in another stack
        fragment = self.included(arguments[0]) if name == "Fn::Transform" and arguments else None
        if fragment is not None:
            # What is included names the parameters and conditions of this template, and stands in its own file.
            there = copy(self)
            there.stand_in(fragment.path)
            return there.value(fragment.written, world, depth)
        if name == _FIND_IN_MAP:
            return self._find_in_map(arguments, place, world, depth)
        worlds = self.conditions.apart(arguments, world)
        found = []
        for one in worlds:
            given = tuple(self.value(argument, one, depth) for argument in arguments)
            found.append(intrinsic_functions.call(name, given, place))
        return values.union(found, place)

    # ------------------------------------------------------------- mappings

    def _find_in_map(self, arguments: tuple[Expression, ...], place: Place, world: World, depth: int) -> Value:
        otherwise = fields(arguments[-1]).get("DefaultValue") if len(arguments) == _WITH_DEFAULT else None
        names = arguments[:3]
        if len(names) < _WITH_DEFAULT - 1 or (len(arguments) >= _WITH_DEFAULT and otherwise is None):
            return (Opaque(place, _FIND_IN_MAP),)
        found: list[Expression | None] = [self._mappings]
        for index, name in enumerate(names):
            keys = self._keys(name, world, depth)
            if keys is None and index == 0:
                return (Opaque(place, _FIND_IN_MAP),)
            found = [inner for outer in found for inner in _members(outer, keys)]
        there = [self.value(expression, world, depth) for expression in found if expression is not None]
        is_sure = bool(found) and len(there) == len(found)
        if otherwise is not None and (not is_sure or any(self._keys(name, world, depth) is None for name in names)):
            return values.union([*there, self.value(otherwise, world, depth)], place)
        return values.union(there, place) if is_sure else (Opaque(place, _FIND_IN_MAP),)

    def _keys(self, expression: Expression, world: World, depth: int) -> tuple[str, ...] | None:
        """Return what a key can be; None where it can be anything."""
        found = self.value(expression, world.only_certain(), depth)
        texts = [as_text(origin.value) for origin in found if isinstance(origin, Known)]
        return tuple(dict.fromkeys(texts)) if len(texts) == len(found) else None


def _members(expression: Expression | None, names: Sequence_[str] | None) -> list[Expression | None]:
    """Return the members of a mapping with these names; all of them where the names are not known."""
    members = fields(expression)
    if names is None:
        return list(members.values()) or [None]
    return [members.get(name) for name in names]
