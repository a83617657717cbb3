"""Findings whose positions are those of another text: the same findings elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Generic, TypeVar, overload

from setsquare.findings import (
    CalledBy,
    Finding,
    Fix,
    PlacedChange,
    Problem,
    Satisfied,
    SuppressedFinding,
    UnknownFinding,
    Violation,
)
from setsquare.model import Change, NewResource, Place
from setsquare.text import Span

T = TypeVar("T")
Siblings = frozenset[tuple[str, str]]


class Later(Sequence[T], Generic[T]):
    """A sequence that is made when it is first asked for."""

    __slots__ = ("_items", "_make", "anywhere")

    def __init__(self, make: Callable[[], Sequence[T]], anywhere: Sequence[T] = ()) -> None:
        """Take what makes the sequence; ``anywhere`` is the same in other places and in any order."""
        self._make: Callable[[], Sequence[T]] | None = make
        self._items: Sequence[T] = ()
        self.anywhere = anywhere

    def _made(self) -> Sequence[T]:
        if self._make is not None:
            self._items = self._make()
            self._make = None
        return self._items

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Return an item, or some of them."""
        return self._made()[index]

    def __iter__(self) -> Iterator[T]:
        """Return the items one by one."""
        return iter(self._made())

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._made())

    def __eq__(self, other: object) -> bool:
        """Whether another sequence has the same items."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Return the same number for the same items."""
        return hash(tuple(self))


def anywhere(items: Sequence[T]) -> Sequence[T]:
    """Return the items of a sequence for somebody who does not ask for their places, or their order."""
    return items.anywhere if isinstance(items, Later) else items


_Field = tuple[str, Callable[[object], object], Callable[[object, object], None]]
_fields_of: dict[type, tuple[_Field, ...]] = {}


def changed(item: T, **changes: object) -> T:
    """Return a copy of frozen data with other values in some fields: what ``replace`` does, many times as fast."""
    kind = type(item)
    fields = _fields_of.get(kind)
    if fields is None:
        fields = _fields_of[kind] = tuple(_fields(kind))
    new = object.__new__(kind)
    for name, take, give in fields:
        give(new, changes[name] if name in changes else take(item))
    return new


def _fields(kind: type) -> Iterator[_Field]:
    for name in kind.__slots__:  # type: ignore[attr-defined]
        yield name, attrgetter(name), getattr(kind, name).__set__


class Mover:
    """Moves what was found to where it is.

    ``span`` returns where a span of a file is; ``siblings`` the resources that may already stand after the primary of
    a new one.
    """

    def __init__(self, span: Callable[[str, Span], Span], siblings: Callable[[str, Span], Siblings]) -> None:
        self._span = span
        self._siblings = siblings

    def place(self, place: Place) -> Place:
        """Return a place."""
        return Place(place.path, self._span(place.path, place.span))

    def finding(self, finding: Finding) -> Finding:
        """Return a finding; its changes are moved when they are asked for."""
        calls = tuple(CalledBy(call.address, self.place(call.place)) for call in finding.calls) if finding.calls else ()
        return changed(
            finding,
            place=self.place(finding.place),
            violations=self._violations(finding.violations),
            fix=self._fix(finding.fix),
            calls=calls,
        )

    def unknown(self, finding: UnknownFinding) -> UnknownFinding:
        """Return what cannot be judged."""
        return changed(finding, place=self.place(finding.place), violations=self._violations(finding.violations))

    def suppressed(self, one: SuppressedFinding) -> SuppressedFinding:
        """Return a finding that is set aside."""
        return changed(one, finding=self.finding(one.finding))

    def satisfied(self, one: Satisfied) -> Satisfied:
        """Return a property that fulfils a rule."""
        return changed(one, place=self.place(one.place))

    def problem(self, problem: Problem) -> Problem:
        """Return a problem."""
        return problem if problem.place is None else changed(problem, place=self.place(problem.place))

    def _violations(self, violations: tuple[Violation, ...]) -> tuple[Violation, ...]:
        for violation in violations:
            if violation.origin is not None:
                return tuple(map(self._violation, violations))
        return violations

    def _violation(self, violation: Violation) -> Violation:
        origin = violation.origin
        return violation if origin is None else changed(violation, origin=self.place(origin))

    def _fix(self, fix: Fix) -> Fix:
        return changed(fix, changes=Later(partial(self._changes, fix.changes))) if fix.changes else fix

    def _changes(self, changes: Sequence[PlacedChange]) -> tuple[PlacedChange, ...]:
        return tuple(map(self._change, changes))

    def _change(self, placed: PlacedChange) -> PlacedChange:
        region = None if placed.region is None else self._span(placed.path, placed.region)
        return changed(placed, change=self._moved(placed.path, placed.change), region=region)

    def _moved(self, path: str, change: Change) -> Change:
        if change.span is None:
            return change
        span = self._span(path, change.span)
        if isinstance(change, NewResource):
            return changed(change, span=span, siblings=change.siblings | self._siblings(path, change.span))
        return changed(change, span=span)
