"""One CloudFormation or SAM template: its resources as rules see them, and what repairs must know of it."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain

from setsquare.documents import Dialect
from setsquare.model import (
    Absent,
    Call,
    CloudFormationTemplate,
    DialectExpression,
    Entry,
    Expression,
    JsonDocument,
    Literal,
    NewEntry,
    ObjectExpression,
    Opaque,
    Place,
    Reference,
    Resource,
    ResourceReference,
    Structure,
    TemplateResource,
    Value,
    Written,
    WrittenMap,
)
from setsquare.resolve import sam
from setsquare.resolve.assumptions import Claim, World, children
from setsquare.resolve.expressions import references
from setsquare.resolve.parameters import as_text, fields
from setsquare.resolve.template_loops import looped_resources
from setsquare.resolve.template_values import TemplateValues
from setsquare.text import Span

_STACK = "AWS::CloudFormation::Stack"
_CONSTRUCT = "aws:cdk:path"


class TemplateScope:
    """One template."""

    def __init__(self, path: str, template: CloudFormationTemplate) -> None:
        self.path = path
        self.template = template
        self._values = TemplateValues(path, template)

    def let_go(self) -> None:
        """Note that nothing is asked of the template any more; see ``TerraformModule.let_go``."""
        vars(self._values).clear()

    # ------------------------------------------------------------- resources

    @cached_property
    def _looped(self) -> tuple[tuple[TemplateResource, ...], bool]:
        """The resources that loops write out, and whether these are all."""
        found = [looped_resources(loop, self._values.items) for loop in self.template.loops]
        return tuple(resource for resources in found for resource in resources or ()), None not in found

    @property
    def _written(self) -> tuple[TemplateResource, ...]:
        return (*self.template.resources, *self._looped[0]) if self.template.loops else self.template.resources

    @property
    def broken(self) -> tuple[str, ...]:
        """The file, where there may be more resources than can be read."""
        return () if self.template.complete and self._looped[1] else (self.path,)

    def names(self) -> set[tuple[str, str]]:
        """Return the type and name of every resource that is written, of whatever type."""
        return {(resource.type, resource.name) for resource in self._written}

    def resources(self, types: Collection[str]) -> list[Resource]:
        """Return the resources of these types, in the order of the template; those of SAM also as what they become."""
        found: list[Resource] = []
        for written in self.template.resources:
            found += self._resources(written, types)
        for written in self._looped[0]:
            # A new resource beside one of these would stand in the loop, once for each item.
            found += (replace(resource, each="for_each") for resource in self._resources(written, types))
        return found

    def _resources(self, written: TemplateResource, types: Collection[str]) -> Iterator[Resource]:
        if written.type not in types and not any(kind in types for kind in sam.generated_types(written.type)):
            return
        if not written.type.startswith(sam.PREFIX):
            yield self._resource(written, written.properties.get())
            return
        merged = sam.merged(written, self.template.globals)
        if written.type in types:
            resource = self._resource(written, merged)
            adds = merged is not None and written.properties.get() is None
            yield _respelled(resource, sam.in_properties) if adds else resource
        for part in sam.generated(written, merged):
            if part.type in types:
                yield self._generated(written, part)

    def _presence(self, written: TemplateResource, under: Iterable[Claim]) -> tuple[bool | None, World]:
        """Return whether a resource is there, and what may be assumed inside it."""
        presence: bool | None = True
        world = self._values.base
        if written.condition is not None:
            under = (Claim(Reference(written.header, ("Condition", written.condition)), holds=True), *under)
        for claim in under:
            truth = self._values.conditions.truth(claim.condition, world)
            assumed = self._values.conditions.assume(claim.condition, claim.holds, world)
            if assumed is None:
                return False, world
            if truth is None:
                presence, world = None, assumed.entered()
        return presence, world

    def _resource(
        self, written: TemplateResource, properties: Expression | None, under: Iterable[Claim] = ()
    ) -> Resource:
        presence, world = self._presence(written, under)
        null = isinstance(properties, Literal) and properties.value is None
        structures = self._structures(written, properties, world)
        return Resource(
            dialect=Dialect.CLOUDFORMATION,
            type=written.type,
            name=written.name,
            address=written.name,
            path=self.path,
            span=written.span,
            header=written.header,
            value=structures[0],
            present=presence,
            instances=1,
            missing_properties=(properties is None or null) and written.complete,
            null_properties=Place(self.path, properties.span) if null and properties is not None else None,
            worlds=structures if len(structures) > 1 else (),
            construct=_construct(written),
            apart=(lambda first: self._structures(written, properties, world, first))
            if self.template.conditions
            else None,
        )

    def _generated(self, written: TemplateResource, part: sam.Part) -> Resource:
        resource = replace(
            self._resource(written, part.properties, part.under),
            type=part.type,
            missing_properties=False,
            written_type=written.type,
        )
        return _respelled(resource, part.respell)

    def _structures(
        self, written: TemplateResource, properties: Expression | None, world: World, first: Container[str] = ()
    ) -> tuple[Structure, ...]:
        if isinstance(properties, ObjectExpression):
            structures = self._values.structures(properties, world, first=first)
            return structures if written.complete else tuple(_doubtful(structure) for structure in structures)
        place = Place(self.path, written.body_span)
        nothing = properties is None or (isinstance(properties, Literal) and properties.value is None)
        known = written.complete and nothing

        def lookup(name: str) -> Value:
            return (Absent(),) if known else (Opaque(place, f"whether {name} is there"),)

        return (Structure(place, (), lookup, lambda _name: None),)

    # ------------------------------------------------------------- questions about the template

    def declares(self, _root: tuple[str, ...]) -> bool:
        """Whether what an expression starts with is declared: an intrinsic function always is."""
        return True

    def data_body(self, _kind: str, _name: str, _module: str = "", _index: str = "") -> Structure | None:
        """Return None: templates have no data sources."""
        return None

    def leads_out(self, resource: Resource) -> bool:
        """Whether a companion of the resource may stand in a nested stack."""
        return resource.name in self._handed_out

    @cached_property
    def _handed_out(self) -> frozenset[str]:
        found: set[str] = set()
        for resource in self._written:
            properties = resource.properties.get() if resource.type in (_STACK, sam.STACK) else None
            if properties is not None:
                found |= {ref.path[1] for ref in references(properties) if ref.path[0] in ("Ref", "Fn::GetAtt")}
        return frozenset(found)

    # ------------------------------------------------------------- what flows where

    def uses(self, place: Place) -> tuple[Place, ...]:
        """Return the expressions that a parameter's default, a value of a mapping or one of Globals flows into."""
        name = self._values.parameters.at(place.span)
        if name is not None:
            return self._places(self._refs.get(name, ()))
        mappings = self.template.mappings
        if mappings is not None and mappings.span.contains(place.span):
            steps = _steps(mappings, place.span)
            return self._places(self._lookups.spans(steps))
        return self._places(self._uses_of_globals.get(place.span, ()))

    @cached_property
    def _uses_of_globals(self) -> dict[Span, list[Span]]:
        shared = self.template.globals
        of_sam = [resource for resource in self._written if resource.type.startswith(sam.PREFIX)]
        return sam.uses_of_globals(shared, ((resource, sam.merged(resource, shared)) for resource in of_sam))

    @cached_property
    def _refs(self) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for expression in self._expressions():
            for reference in references(expression):
                if reference.path[0] == "Ref":
                    found.setdefault(reference.path[1], []).append(reference.span)
        return found

    @cached_property
    def _lookups(self) -> "_Lookups":
        return _Lookups(self._expressions())

    def _places(self, spans: Iterable[Span]) -> tuple[Place, ...]:
        return tuple(Place(self.path, span) for span in spans)

    def refusal(self, place: Place, value: Written) -> str | None:
        """Return why a value cannot be written at a place; None where it can."""
        name = self._values.parameters.at(place.span)
        mappings = self.template.mappings
        if name is None and (mappings is None or not mappings.span.contains(place.span)):
            return None
        holder = "a mapping" if name is None else f"the default of parameter {name}"
        if _has_expression(value):
            return f"{holder} holds no expression"
        choices = [as_text(choice) for choice in self._values.parameters.choices(name)] if name is not None else []
        if choices and isinstance(value, bool | int | float | str) and as_text(value) not in choices:
            return f"parameter {name} allows only {', '.join(choices)}"
        return None

    def _expressions(self) -> Iterator[Expression]:
        for resource in self._written:
            properties = resource.properties.get()
            if properties is not None:
                yield properties
        yield from self.template.conditions.values()
        for section in (self.template.globals, self.template.outputs):
            if section is not None:
                yield section


def _respelled(resource: Resource, respell: Callable[[NewEntry], NewEntry | str]) -> Resource:
    apart = resource.apart
    return replace(
        resource,
        value=replace(resource.value, respell=respell),
        worlds=tuple(replace(world, respell=respell) for world in resource.worlds),
        apart=(lambda first: tuple(replace(world, respell=respell) for world in apart(first))) if apart else None,
    )


def _construct(written: TemplateResource) -> str | None:
    path = fields(written.metadata.get()).get(_CONSTRUCT)
    return str(path.value) if isinstance(path, Literal) else None


def _doubtful(structure: Structure) -> Structure:
    """Return a structure in which nothing is certain to be missing."""

    def lookup(name: str) -> Value:
        found = structure.lookup(name)
        missing = any(isinstance(origin, Absent) and origin.place is None for origin in found)
        return (Opaque(structure.place, f"whether {name} is there"),) if missing else found

    return replace(structure, lookup=lookup)


def _has_expression(value: Written) -> bool:
    match value:
        case DialectExpression() | ResourceReference() | JsonDocument():
            return True
        case WrittenMap(entries):
            return any(_has_expression(item) for _, item in entries)
        case tuple():
            return any(_has_expression(item) for item in value)
        case _:
            return False


def _steps(mappings: Expression, span: Span) -> tuple[str, ...]:
    """Return the keys that lead to a value of the mappings."""
    steps: list[str] = []
    inside: Expression | None = mappings
    while isinstance(inside, ObjectExpression):
        entry = _entry_around(inside, span)
        if entry is None or not isinstance(entry.key, Literal):
            break
        steps.append(str(entry.key.value))
        inside = entry.value
    return tuple(steps)


def _entry_around(mapping: ObjectExpression, span: Span) -> Entry | None:
    """Return the entry whose value holds a span; entries stand in the order of the text but for merged ones."""
    entries = mapping.entries
    before = bisect_right(entries, span.start, key=lambda entry: entry.value.span.start) - 1
    if before >= 0 and entries[before].value.span.contains(span):
        return entries[before]
    return next((entry for entry in entries if entry.value.span.contains(span)), None)


class _Lookups:
    """The lookups in the mappings of a template, by the mapping and its first key where both are plain."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self._calls: list[Call] = []
        self._plain: dict[tuple[str, ...], list[int]] = {}
        self._other: list[int] = []
        todo = list(expressions)[::-1]
        while todo:
            current = todo.pop()
            if isinstance(current, Call) and current.name == "Fn::FindInMap":
                keys = tuple(str(key.value) for key in current.arguments[:2] if isinstance(key, Literal))
                places = self._plain.setdefault(keys, []) if len(keys) > 1 else self._other
                places.append(len(self._calls))
                self._calls.append(current)
            todo += reversed(children(current))

    def spans(self, steps: tuple[str, ...]) -> Iterator[Span]:
        """Yield, in their order, the lookups that may find the value which the steps lead to."""
        plain = self._plain.get(steps[:2], ()) if len(steps) > 1 else chain.from_iterable(self._plain.values())
        for at in sorted([*plain, *self._other]):
            call = self._calls[at]
            keys = zip(call.arguments, steps, strict=False)
            if all(not isinstance(key, Literal) or str(key.value) == step for key, step in keys):
                yield call.span
