"""The parameters of a template: what one may be, and where that is written."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace

from setsquare.model import (
    Absent,
    Call,
    Expression,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Origin,
    Place,
    Reference,
    Scalar,
    Sequence,
    Value,
)
from setsquare.resolve.assumptions import World
from setsquare.text import Span

_FROM_STORE = "AWS::SSM::Parameter::Value"
_LISTS = ("CommaDelimitedList", "List<")


Argument = Callable[[str, bool], Value | None]
"""What a caller passes as a parameter, the defaults of its own parameters counting or not; None where it does not."""


class Parameters:
    """The parameters of one template.

    Args:
        path: the file.
        declared: the declarations by name.
        rules: the ``Rules`` section, which may restrict parameters further.
        argument: what the caller passes, where the template is called.

    """

    def __init__(
        self,
        path: str,
        declared: Mapping[str, Expression],
        rules: Expression | None,
        argument: Argument | None = None,
    ) -> None:
        self._path = path
        self._argument = argument
        self._declared = declared
        self._asserted = dict(_asserted(rules))
        self._choices: dict[str, tuple[Scalar, ...]] = {}
        self._declarations: list[tuple[Span, str]] | None = None

    def __contains__(self, name: str) -> bool:
        """Whether a parameter is declared."""
        return name in self._declared

    def value(self, name: str, place: Place, world: World) -> Value:
        """Return what a parameter may be where it is referred to: its default, unless that cannot be its value there.

        Without a default it is not known, but is among the values that are allowed. In a template that is called it is
        what the caller passes; what that does not pass has its default for certain.
        """
        default = self.default(name)
        if self._argument is not None:
            passed = self._argument(name, world.certain)
            if passed is not None:
                return self._passed(name, passed, place, world)
            if world.certain and default is not None:
                return self._by_default(name, default)
        remaining = self._remaining(name, world)
        if world.certain:
            known = tuple(Known(place, choice) for choice in remaining)
            return known or (self._opaque(name, place, ()),)
        if default is None or (world.in_branch and _is_decided(f"Ref {name}", as_text(default.value), world)):
            return (self._opaque(name, place, remaining),)
        return self._by_default(name, default)

    def _by_default(self, name: str, default: Literal) -> Value:
        return (self._converted(name, Place(self._path, default.span), _scalar(default)),)

    def _converted(self, name: str, written: Place, value: Scalar) -> Origin:
        if self._kind(name).startswith(_LISTS):
            items = [part.strip() for part in as_text(value).split(",")]
            return Sequence(written, tuple((Known(written, item),) for item in items))
        return Known(written, _typed(self._kind(name), value))

    def _passed(self, name: str, passed: Value, place: Place, world: World) -> Value:
        """Return what of an argument a parameter can be in a world."""
        remaining = self._remaining(name, world)
        found: list[Origin] = []
        for origin in passed:
            match origin:
                case _ if self._kind(name).startswith(_FROM_STORE):
                    found.append(self._opaque(name, place, ()))
                case Known(written, value):
                    if not world.contradicts(f"Ref {name}", as_text(value)):
                        found.append(self._converted(name, written, value))
                case Absent():
                    default = self.default(name)
                    found += self._by_default(name, default) if default is not None else ()
                case Opaque():
                    found.append(replace(origin, hidden=self._is_hidden(name), among=remaining))
                case _:
                    found.append(origin)
        return tuple(dict.fromkeys(found)) or (self._opaque(name, place, remaining),)

    def _opaque(self, name: str, place: Place, among: tuple[Scalar, ...]) -> Opaque:
        return Opaque(place, f"Ref {name}", self._path, hidden=self._is_hidden(name), among=among)

    def default(self, name: str) -> Literal | None:
        """Return the default of a parameter, where it is the parameter's value and not the name of one in a store."""
        default = fields(self._declared[name]).get("Default")
        if not isinstance(default, Literal) or default.value is None or self._kind(name).startswith(_FROM_STORE):
            return None
        return default

    def _remaining(self, name: str, world: World) -> tuple[Scalar, ...]:
        key = f"Ref {name}"
        if key in world.given:
            return (_typed(self._kind(name), world.given[key]),)
        return tuple(choice for choice in self.choices(name) if not world.contradicts(key, as_text(choice)))

    def choices(self, name: str) -> tuple[Scalar, ...]:
        """Return all that a parameter may be; nothing where that is not written."""
        if name not in self._choices:
            self._choices[name] = self._read_choices(name)
        return self._choices[name]

    def _read_choices(self, name: str) -> tuple[Scalar, ...]:
        kind = self._kind(name)
        if kind.startswith((*_LISTS, _FROM_STORE)):
            return ()
        allowed = _literals(fields(self._declared[name]).get("AllowedValues"))
        asserted = self._asserted.get(name, ())
        if allowed and asserted:
            texts = {as_text(value) for value in asserted}
            allowed = tuple(value for value in allowed if as_text(value) in texts)
        return tuple(_typed(kind, value) for value in allowed or asserted)

    def _kind(self, name: str) -> str:
        kind = fields(self._declared[name]).get("Type")
        return str(kind.value) if isinstance(kind, Literal) else ""

    def _is_hidden(self, name: str) -> bool:
        no_echo = fields(self._declared[name]).get("NoEcho")
        return isinstance(no_echo, Literal) and as_text(no_echo.value).lower() == "true"

    def at(self, span: Span) -> str | None:
        """Return the name of the parameter whose declaration holds a span."""
        if self._declarations is None:
            self._declarations = sorted((written.span, name) for name, written in self._declared.items())
        before = bisect_right(self._declarations, span.start, key=lambda declared: declared[0].start) - 1
        found = self._declarations[before] if before >= 0 else None
        return found[1] if found is not None and found[0].contains(span) else None


def _is_decided(shape: str, default: str, world: World) -> bool:
    """Whether a branch, and not the default, decides what a parameter is in it."""
    return shape in world.given or world.contradicts(shape, default)


def fields(expression: Expression | None) -> dict[str, Expression]:
    """Return the entries of a mapping with plain keys."""
    if not isinstance(expression, ObjectExpression):
        return {}
    return {str(entry.key.value): entry.value for entry in expression.entries if isinstance(entry.key, Literal)}


def as_text(value: Scalar | None) -> str:
    """Return a scalar as CloudFormation passes it on."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(literal: Literal) -> Scalar:
    return "" if literal.value is None else literal.value


def _typed(kind: str, value: Scalar) -> Scalar:
    if kind == "Number" and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _literals(expression: Expression | None) -> tuple[Scalar, ...]:
    """Return a list of literals; nothing if any item is something else."""
    if not isinstance(expression, ListExpression):
        return ()
    values = [item.value for item in expression.items if isinstance(item, Literal) and item.value is not None]
    return tuple(values) if len(values) == len(expression.items) else ()


def _asserted(rules: Expression | None) -> list[tuple[str, tuple[Scalar, ...]]]:
    """Return the values that unconditional rules restrict parameters to."""
    found: list[tuple[str, tuple[Scalar, ...]]] = []
    for rule in fields(rules).values():
        parts = fields(rule)
        assertions = parts.get("Assertions")
        if "RuleCondition" in parts or not isinstance(assertions, ListExpression):
            continue
        for assertion in assertions.items:
            match fields(assertion).get("Assert"):
                case Call(_, "Fn::Contains", (options, Reference(_, ("Ref", name)))):
                    found.append((name, _literals(options)))
                case Call(_, "Fn::Equals", (Reference(_, ("Ref", name)), Literal(_, value))) if value is not None:
                    found.append((name, (value,)))
                case _:
                    continue
    return found
