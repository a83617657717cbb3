"""What the expressions of a CloudFormation template mean: parameters, conditions, mappings, intrinsic functions.

Parameters may be given other values than their defaults, so a condition over parameters is not known; a property that
refers to one is judged by the default, since that is what happens when nobody says otherwise.
"""

from collections.abc import Collection, Iterator
from functools import cached_property

from setsquare.documents import Dialect
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
    Resource,
    Scalar,
    Sequence,
    Structure,
    Template,
    TemplateResource,
    Traversal,
    Unreadable,
    Value,
)
from setsquare.resolve import values
from setsquare.resolve.conditions import as_truth, compare
from setsquare.resolve.expressions import references
from setsquare.rules.constraints import SECRET_STORES
from setsquare.text import Span

_MAX_DEPTH = 50
_STACK = "AWS::CloudFormation::Stack"
_DYNAMIC = "{{resolve:"
_OPERATORS = {"Fn::Equals": "==", "Fn::Not": "!", "Fn::And": "&&", "Fn::Or": "||"}


class TemplateScope:
    """One template."""

    def __init__(self, path: str, template: CloudFormationTemplate) -> None:
        self.path = path
        self.template = template
        self.broken = () if template.complete else (path,)
        self._truths: dict[str, bool | None] = {}

    # ------------------------------------------------------------- resources

    def names(self) -> set[tuple[str, str]]:
        """Return the type and name of every resource that is written, of whatever type."""
        return {(resource.type, resource.name) for resource in self.template.resources}

    def resources(self, types: Collection[str]) -> list[Resource]:
        """Return the resources of these types, in the order of the template."""
        return [self._resource(written) for written in self.template.resources if written.type in types]

    def _resource(self, written: TemplateResource) -> Resource:
        properties = written.properties.get()
        null = isinstance(properties, Literal) and properties.value is None
        return Resource(
            dialect=Dialect.CLOUDFORMATION,
            type=written.type,
            name=written.name,
            address=written.name,
            path=self.path,
            span=written.span,
            header=written.header,
            value=self._properties(written, properties),
            present=True if written.condition is None else self._holds(written.condition, 0),
            instances=1,
            missing_properties=(properties is None or null) and written.complete,
            null_properties=Place(self.path, properties.span) if null and properties is not None else None,
        )

    def _properties(self, written: TemplateResource, properties: Expression | None) -> Structure:
        if isinstance(properties, ObjectExpression):
            structure = self._object(properties, 0)
            return structure if written.complete else _doubtful(structure)
        place = Place(self.path, written.body_span)
        nothing = properties is None or (isinstance(properties, Literal) and properties.value is None)
        known = written.complete and nothing

        def lookup(name: str) -> Value:
            return (Absent(),) if known else (Opaque(place, f"whether {name} is there"),)

        return Structure(place, (), lookup, lambda _name: None)

    # ------------------------------------------------------------- expressions

    def value(self, expression: Expression, depth: int = 0) -> Value:
        """Return all that an expression may mean."""
        place = Place(self.path, expression.span)
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
                return values.text(place, [self.value(part, depth + 1) for part in parts], lambda: "Fn::Sub")
            case ListExpression():
                return (values.sequence(self.path, expression, lambda item: self.value(item, depth + 1)),)
            case ObjectExpression():
                return (self._object(expression, depth),)
            case Conditional(_, condition, when_true, when_false):
                truth = self._truth(condition, depth + 1)
                if truth is not None:
                    return self.value(when_true if truth else when_false, depth + 1)
                return values.union([self.value(when_true, depth + 1), self.value(when_false, depth + 1)], place)
            case Reference(_, path):
                return self._reference(path, place)
            case Call(_, name, arguments):
                return self._call(name, arguments, place, depth + 1)
            case Unreadable(_, text):
                return (Opaque(place, text),)
            case Traversal() | For():  # of Terraform alone
                return (Opaque(place, ""),)

    def _object(self, written: ObjectExpression, depth: int) -> Structure:
        open_keys = any(not isinstance(entry.key, Literal) for entry in written.entries)
        return values.mapping(self.path, written, lambda item: self.value(item, depth + 1), open_keys=open_keys)

    def _reference(self, path: tuple[str, ...], place: Place) -> Value:
        match path:
            case ("Ref", name) if name in self.template.parameters:
                return self._parameter(name, place)
            case ("Ref", name):
                return (Referenced(place, (name, "Ref")),)
            case ("Fn::GetAtt", name, *attribute):
                return (Referenced(place, (name, *attribute)),)
            case _:
                return (Opaque(place, " ".join(path)),)

    def _call(self, name: str, arguments: tuple[Expression, ...], place: Place, depth: int) -> Value:
        match name, arguments:
            case "Fn::FindInMap", (mapping, first, second):
                return self._find_in_map(mapping, first, second, place, depth)
            case "Fn::ImportValue", _:
                return (Referenced(place, (name,)),)  # the identity of something in another stack
            case "Fn::Join", (Literal(_, str() as separator), ListExpression(_, items)) if items:
                parts: list[Value] = []
                for item in items:
                    if parts and separator:
                        parts.append((Known(place, separator),))
                    parts.append(self.value(item, depth))
                joined = values.text(place, parts, lambda: name)
                return joined if len(parts) > 1 else tuple(joined)
            case _:
                return (Opaque(place, name),)

    # ------------------------------------------------------------- parameters and mappings

    def _parameter(self, name: str, place: Place) -> Value:
        declared = self.template.parameters[name]
        fields = _fields(declared)
        kind = _text(fields.get("Type"))
        no_echo = fields.get("NoEcho")
        hidden = isinstance(no_echo, Literal) and str(no_echo.value).lower() == "true"
        default = fields.get("Default")
        if not isinstance(default, Literal) or default.value is None or kind.startswith("AWS::SSM::Parameter::Value"):
            return (Opaque(place, f"Ref {name}", self.path, hidden=hidden),)
        written = Place(self.path, default.span)
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            items = [part.strip() for part in str(default.value).split(",")]
            return (Sequence(written, tuple((Known(written, item),) for item in items)),)
        return (Known(written, _typed(kind, default.value)),)

    def _find_in_map(
        self, mapping: Expression, first: Expression, second: Expression, place: Place, depth: int
    ) -> Value:
        names = [self._key(part, depth) for part in (mapping, first, second)]
        if self.template.mappings is None or names[0] is None:
            return (Opaque(place, "Fn::FindInMap"),)
        found: list[Expression | None] = [self.template.mappings]
        for name in names:
            found = [inner for outer in found for inner in _members(outer, name)]
        if not found or any(expression is None for expression in found):
            return (Opaque(place, "Fn::FindInMap"),)
        return values.union([self.value(expression, depth) for expression in found if expression is not None], place)

    def _key(self, expression: Expression, depth: int) -> str | None:
        if not isinstance(expression, Literal):
            return None
        value = self.value(expression, depth)
        return str(value[0].value) if isinstance(value[0], Known) else None

    # ------------------------------------------------------------- conditions

    def _holds(self, name: str, depth: int) -> bool | None:
        if name not in self._truths:
            self._truths[name] = None  # what a condition that refers to itself is
            written = self.template.conditions.get(name)
            self._truths[name] = None if written is None else self._truth(written, depth + 1)
        return self._truths[name]

    def _truth(self, expression: Expression, depth: int) -> bool | None:
        if depth > _MAX_DEPTH:
            return None
        match expression:
            case Reference(_, ("Condition", name)):
                return self._holds(name, depth)
            case Call(_, name, arguments) if name in _OPERATORS and arguments:
                operands = [self._operand(argument, depth) for argument in arguments]
                result = compare(_OPERATORS[name], operands[:2])
                for operand in operands[2:]:
                    so_far = (_as_known(result, Place(self.path, expression.span)),)
                    result = compare(_OPERATORS[name], [so_far, operand])
                return result
            case Literal():
                return as_truth(self.value(expression, depth))
            case _:
                return None

    def _operand(self, expression: Expression, depth: int) -> Value:
        place = Place(self.path, expression.span)
        match expression:
            case Literal(_, bool() | int() | float() as value):
                return (Known(place, str(value).lower()),)  # conditions compare texts
            case Literal():
                return self.value(expression, depth)
            case Reference(_, ("Condition", _)) | Call():
                return (_as_known(self._truth(expression, depth + 1), place),)
            case _:
                return (Opaque(place, "a parameter"),)

    # ------------------------------------------------------------- questions about the template

    def declares(self, _root: tuple[str, ...]) -> bool:
        """Whether what an expression starts with is declared: an intrinsic function always is."""
        return True

    def data_body(self, _kind: str, _name: str, _module: str = "") -> Structure | None:
        """Return None: templates have no data sources."""
        return None

    def leads_out(self, resource: Resource) -> bool:
        """Whether a companion of the resource may stand in a nested stack."""
        return resource.name in self._handed_out

    @cached_property
    def _handed_out(self) -> frozenset[str]:
        found: set[str] = set()
        for resource in self.template.resources:
            properties = resource.properties.get() if resource.type == _STACK else None
            if properties is not None:
                found |= {ref.path[1] for ref in references(properties) if ref.path[0] in ("Ref", "Fn::GetAtt")}
        return frozenset(found)

    def uses(self, place: Place) -> tuple[Place, ...]:
        """Return the expressions that the default of a parameter, or a value of a mapping, flows into."""
        for name, declared in self.template.parameters.items():
            if declared.span.contains(place.span):
                return tuple(
                    Place(self.path, reference.span)
                    for expression in self._expressions()
                    for reference in references(expression)
                    if reference.path == ("Ref", name)
                )
        mappings = self.template.mappings
        if mappings is not None and mappings.span.contains(place.span):
            return tuple(Place(self.path, span) for e in self._expressions() for span in _lookups(e))
        return ()

    def _expressions(self) -> Iterator[Expression]:
        for resource in self.template.resources:
            properties = resource.properties.get()
            if properties is not None:
                yield properties
        yield from self.template.conditions.values()
        if self.template.outputs is not None:
            yield self.template.outputs


def _doubtful(structure: Structure) -> Structure:
    """Return a structure in which nothing is certain to be missing."""

    def lookup(name: str) -> Value:
        found = structure.lookup(name)
        missing = any(isinstance(origin, Absent) and origin.place is None for origin in found)
        return (Opaque(structure.place, f"whether {name} is there"),) if missing else found

    return Structure(structure.place, structure.names, lookup, structure.entry)


def _fields(expression: Expression) -> dict[str, Expression]:
    if not isinstance(expression, ObjectExpression):
        return {}
    return {str(entry.key.value): entry.value for entry in expression.entries if isinstance(entry.key, Literal)}


def _text(expression: Expression | None) -> str:
    return str(expression.value) if isinstance(expression, Literal) else ""


def _typed(kind: str, value: Scalar) -> Scalar:
    if kind == "Number" and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _members(expression: Expression | None, name: str | None) -> list[Expression | None]:
    """Return the member of a mapping by name; all of them where the name is not known."""
    fields = _fields(expression) if expression is not None else {}
    if name is None:
        return list(fields.values()) or [None]
    return [fields.get(name)]


def _as_known(truth: bool | None, place: Place) -> Known | Opaque:  # noqa: FBT001 - a three-valued answer
    return Opaque(place, "a condition") if truth is None else Known(place, truth)


def _lookups(expression: Expression) -> Iterator[Span]:
    match expression:
        case Call(span, "Fn::FindInMap", _):
            yield span
        case Call(_, _, items) | ListExpression(_, items):
            for item in items:
                yield from _lookups(item)
        case ObjectExpression(_, entries):
            for entry in entries:
                yield from _lookups(entry.value)
        case Conditional(_, _, when_true, when_false):
            yield from _lookups(when_true)
            yield from _lookups(when_false)
        case Template(_, parts):
            for part in parts:
                yield from _lookups(part)
        case _:
            return
