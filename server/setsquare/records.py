"""Frozen data at the price of plain objects: what the engine makes by the hundred thousand."""

import dataclasses
import operator
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_COMPARISONS = ("lt", "le", "gt", "ge")


@overload
def record(cls: type[T], /) -> type[T]: ...


@overload
def record(*, order: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T] | None = None, /, *, order: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a dataclass with slots that compares and hashes by value, and that nothing may change once made.

    That nothing changes it is held by the type checker alone. ``dataclass(frozen=True)`` holds it at run time too, and
    pays for it with each object, which then takes three times as long to make, and with each class: Python compiles a
    dozen functions for one.
    """

    def made(plain: type[T]) -> type[T]:
        kind = dataclasses.dataclass(eq=False, repr=False, slots=True)(plain)
        _compare_by_value(kind, is_ordered=order)
        return kind

    return made if cls is None else made(cls)


def _compare_by_value(kind: type[Any], *, is_ordered: bool) -> None:
    compared = [field.name for field in dataclasses.fields(kind) if field.compare]
    shown = [field.name for field in dataclasses.fields(kind) if field.repr]
    # Python's own getter makes the tuple of all values faster than any function that is written here.
    values: Callable[[Any], Any] = operator.attrgetter(*compared) if compared else lambda _self: ()

    def equal(self: object, other: object) -> object:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    def text(self: object) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({parts})"

    methods: dict[str, Callable[..., object]] = {"__eq__": equal, "__hash__": hashed, "__repr__": text}
    if is_ordered:
        methods |= {f"__{name}__": _compared(getattr(operator, name), values) for name in _COMPARISONS}
    for name, method in methods.items():
        method.__name__ = name
        method.__qualname__ = f"{kind.__qualname__}.{name}"
        setattr(kind, name, method)


def _compared(compare: Callable[[Any, Any], object], values: Callable[[Any], Any]) -> Callable[..., object]:
    def method(self: object, other: object) -> object:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method
