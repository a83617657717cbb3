"""Operands made concrete: policy parameters filled in, references to the primary kept symbolic."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from setsquare.model import DialectExpression, JsonDocument, ResourceReference, Written, WrittenMap
from setsquare.records import record
from setsquare.rules.rule import (
    MISSING,
    AnyElement,
    Bound,
    Contains,
    Excludes,
    FirstOperand,
    Is,
    IsAbsent,
    IsPresent,
    IsSecret,
    IsSet,
    Leaf,
    MapOperand,
    Missing,
    NoneOf,
    OneOf,
    Operand,
    Parameter,
    ParameterOperand,
    SelfOperand,
    Statement,
    Test,
)


@record
class Unset:
    """A policy parameter that an operand needs and nobody has set."""

    parameter: str


@record
class BoundLeaf:
    """A leaf whose operands are concrete.

    Attributes:
        test: the leaf's test; its operands are ``Written`` values.
        default: what absence means; MISSING where absence violates.
        explicit: absence violates although the default is accepted.
        write: the one value that is written, ``Unset`` where a parameter is missing, MISSING where there is none.
        parameters: the policy parameters that took part.

    """

    test: Test
    default: Written | Missing
    explicit: bool
    write: Written | Unset | Missing
    parameters: tuple[str, ...] = ()


class Binding:
    """Fills in the parameters of one rule, from the policy or from the rule's own defaults."""

    def __init__(
        self,
        declared: Mapping[str, Parameter],
        policy_value: Callable[[str], Written | Missing],
    ) -> None:
        self._declared = declared
        self._policy_value = policy_value
        self._leaves: dict[int, tuple[Leaf, BoundLeaf | None]] = {}

    def parameter(self, name: str) -> Written | Unset:
        """Return the value of a parameter, or Unset."""
        value = self._policy_value(name)
        if value is not MISSING:
            return value
        declared = self._declared.get(name)
        if declared is None or declared.default is MISSING:
            return Unset(name)
        return self.operand(declared.default)

    def operand(self, operand: Operand) -> Written | Unset:
        """Return what an operand stands for; ``Unset`` if any part of it is not set."""
        match operand:
            case ParameterOperand(name):
                return self.parameter(name)
            case FirstOperand(options):
                found: Written | Unset = Unset("")
                for option in options:
                    found = self.operand(option)
                    if not isinstance(found, Unset):
                        return found
                return found
            case SelfOperand(attribute, suffix):
                return ResourceReference("", None, attribute, suffix)
            case AnyElement(values):
                return tuple(values)
            case MapOperand(entries):
                return self._map(entries)
            case tuple():
                return self._tuple(operand)
            case DialectExpression():
                return operand
            case _:
                return operand

    def _tuple(self, operand: tuple[Operand, ...]) -> Written | Unset:
        items: list[Written] = []
        for item in operand:
            bound = self.operand(item)
            if isinstance(bound, Unset):
                return bound
            items.append(bound)
        return tuple(items)

    def _map(self, entries: tuple[tuple[str, Operand], ...]) -> Written | Unset:
        bound_entries: list[tuple[str, Written]] = []
        for key, value in entries:
            bound = self.operand(value)
            if isinstance(bound, Unset):
                return bound
            bound_entries.append((key, bound))
        return WrittenMap(tuple(bound_entries))

    def leaf(self, leaf: Leaf) -> BoundLeaf | None:
        """Return the leaf with concrete operands; None where it does not apply.

        A leaf does not apply when the parameter that it requires, or one that its test needs, is not set.
        """
        known = self._leaves.get(id(leaf))
        if known is None:
            known = self._leaves[id(leaf)] = leaf, self._bound(leaf)
        return known[1]

    def _bound(self, leaf: Leaf) -> BoundLeaf | None:
        if leaf.requires is not None and isinstance(self.parameter(leaf.requires), Unset):
            return None
        test = self._test(leaf.test)
        default = leaf.default if leaf.default is MISSING else self.operand(leaf.default)
        if test is None or isinstance(default, Unset):
            return None
        return BoundLeaf(test, default, leaf.explicit, self._write(leaf, test), parameters_of(leaf))

    def _write(self, leaf: Leaf, test: Test) -> Written | Unset | Missing:
        if leaf.write is not MISSING:
            return self.operand(leaf.write)
        match test:
            case Is(value) | Bound(value) | Contains(value):
                return self.operand(value)
            case OneOf(tuple() as values) if values:
                return self.operand(values[0])
            case Excludes(_, substitute) if substitute is not MISSING:
                return self.operand(substitute)
            case Statement(pattern):
                return self.operand(pattern)
            case _:
                return MISSING

    def _test(self, test: Test) -> Test | None:
        match test:
            case Is(value):
                return self._replace(test, value=value)
            case OneOf(values) | NoneOf(values):
                return self._replace(test, values=values)
            case Bound(bound):
                return self._replace(test, bound=bound)
            case Contains(items):
                return self._replace(test, items=items)
            case Excludes(forbidden, substitute):
                bound_forbidden = self.operand(forbidden)
                if isinstance(bound_forbidden, Unset):
                    return None
                # A missing replacement disables the fix, never the check.
                return Excludes(_as_operand(bound_forbidden), substitute)
            case IsSet() | IsAbsent() | IsPresent() | IsSecret() | Statement():
                return test

    def _replace(self, test: Test, **operands: Operand) -> Test | None:
        bound: dict[str, Operand] = {}
        for name, operand in operands.items():
            value = self.operand(operand)
            if isinstance(value, Unset):
                return None
            bound[name] = _as_operand(value)
        return replace(test, **bound)  # type: ignore[arg-type]  # the names are the test's own fields


def _as_operand(value: Written) -> Operand:
    match value:
        case WrittenMap(entries):
            return MapOperand(tuple((key, _as_operand(item)) for key, item in entries))
        case ResourceReference(_, _, attribute, suffix):
            return SelfOperand(attribute, suffix)
        case tuple():
            return tuple(_as_operand(item) for item in value)
        case JsonDocument(inner):
            return _as_operand(inner)
        case _:
            return value


def parameters_of(leaf: Leaf) -> tuple[str, ...]:
    """Return the names of the parameters that a leaf uses, sorted."""
    names: set[str] = set() if leaf.requires is None else {leaf.requires}
    operands: list[Operand | Missing] = [leaf.default, leaf.write]
    match leaf.test:
        case Is(value) | Bound(value) | Contains(value) | OneOf(value) | NoneOf(value):
            operands.append(value)
        case Excludes(forbidden, substitute):
            operands += [forbidden, substitute]
        case Statement(pattern):
            operands.append(pattern)
        case _:
            pass
    for operand in operands:
        if operand is not MISSING:
            _collect(operand, names)
    return tuple(sorted(names))


def _collect(operand: Operand, names: set[str]) -> None:
    match operand:
        case ParameterOperand(name):
            names.add(name)
        case FirstOperand(options):
            for option in options:
                _collect(option, names)
        case MapOperand(entries):
            for _, value in entries:
                _collect(value, names)
        case tuple():
            for item in operand:
                _collect(item, names)
        case _:
            pass
