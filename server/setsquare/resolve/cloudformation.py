"""One CloudFormation or SAM template: its resources as rules see them, and what repairs must know of it."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
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
from setsquare.resolve import sam, stack_flows
from setsquare.resolve.assumptions import Claim, World, children
from setsquare.resolve.expressions import references
from setsquare.resolve.parameters import as_text, fields
from setsquare.resolve.stack_calls import (
    CIRCLE,
    MAX_NESTING,
    MAX_STACKS,
    OUTPUTS,
    SOURCES,
    Fragment,
    NoTemplates,
    StackCall,
    Templates,
    call_of,
    is_local,
    local_file,
    source_of,
)
from setsquare.resolve.template_loops import MAX_ENTRIES, looped_resources
from setsquare.resolve.template_values import TemplateValues
from setsquare.text import Span

_CONSTRUCT = "aws:cdk:path"


class TemplateScope:
    """One template, as one call of it means it, or by its own defaults.

    Attributes:
        path: the file.
        texts: the bytes of the file.
        address: what the addresses of its resources begin with: empty, or ``Stack.`` in a nested stack.
        caller: the template that calls it; None where it is judged by its own defaults.
        call: how that template calls it.

    """

    def __init__(  # noqa: PLR0913 - what a template is, and where it stands among the others
        self,
        path: str,
        template: CloudFormationTemplate,
        text: bytes = b"",
        *,
        templates: Templates | None = None,
        is_hidden: bool = False,
        caller: "TemplateScope | None" = None,
        call: StackCall | None = None,
    ) -> None:
        """Take a template as read.

        Args:
            path: the file.
            template: what it says.
            text: the bytes of the file.
            templates: where nested stacks are read from.
            is_hidden: a caller decides its parameters, but what that says is not known.
            caller: the template that calls it.
            call: how that template calls it.

        """
        self.path = path
        self.template = template
        self.texts = {path: text}
        self.caller = caller
        self.call = call
        self.address: str = caller.address + call.address if caller is not None and call is not None else ""
        self._templates = templates or NoTemplates()
        self._is_hidden = is_hidden
        self._called: dict[str, tuple[TemplateScope, ...] | str] = {}
        self._arguments: dict[tuple[str, bool], Value | None] = {}
        self._outputs: dict[str, Value] = {}
        self._of_type: dict[str, list[Resource]] = {}
        self._asked = 0
        self._values = TemplateValues(path, template, self)

    def let_go(self) -> None:
        """Note that nothing is asked of the template any more; see ``TerraformModule.let_go``."""
        vars(self._values).clear()
        vars(self).clear()

    # ------------------------------------------------------------- resources

    @cached_property
    def _looped(self) -> tuple[tuple[TemplateResource, ...], bool]:
        """The resources that loops write out, and whether these are all."""
        found: list[TemplateResource] = []
        is_whole = True
        for loop in self.template.loops:
            looped = looped_resources(loop, self._values.items)
            is_whole = is_whole and looped is not None
            found += looped.resources if looped is not None else ()
            if looped is not None and looped.is_one_for_all:
                message = f"a loop writes out more than {MAX_ENTRIES} resources, which are judged as one for all items"
                self.notes[Place(self.path, loop.name_span)] = message
        return tuple(found), is_whole

    @property
    def notes(self) -> dict[Place, str]:
        """What is beyond a bound, by place."""
        return self._values.notes

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
            address=self.address + written.name,
            module=self.address,
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
        included = self._values.value(properties, world) if isinstance(properties, Call) else ()
        whole = tuple(origin for origin in included if isinstance(origin, Structure))
        if whole and len(whole) == len(included):
            return whole
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
        """Whether a companion of the resource may stand in a nested stack that is not known."""
        is_there = (resource.module, resource.name) in self.top.handed_out
        return is_there or len(self.top.tree) >= MAX_STACKS

    @cached_property
    def handed_out(self) -> frozenset[tuple[str, str]]:
        """What this template and all that it calls hand to a nested stack that is not known."""
        return stack_flows.handed_out(self)

    # ------------------------------------------------------------- other templates

    @cached_property
    def stacks(self) -> dict[str, TemplateResource]:
        """The nested stacks that are written, by logical id."""
        return {written.name: written for written in self._written if written.type in SOURCES}

    def called(self, name: str) -> "tuple[TemplateScope, ...] | str":
        """Return the template that a nested stack calls, none where it is not there; or why it is not known."""
        if name not in self._called:
            self._called[name] = self._enter(name)
        return self._called[name]

    def _enter(self, name: str) -> "tuple[TemplateScope, ...] | str":
        written = self.stacks[name]
        source = source_of(written)
        above = list(self.chain())
        if not written.complete:
            return "the nested stack cannot be read whole"
        if not isinstance(source, Literal) or not isinstance(source.value, str):
            return "where its template is is not written as plain text"
        if not is_local(source.value):
            return f"{source.value} is no file beside this template"
        if len(above) > MAX_NESTING:
            return f"stacks are nested deeper than {MAX_NESTING} levels"
        path = local_file(self.path, source.value)
        if any(scope.path == path for scope in above):
            return CIRCLE
        file = self._templates.at(path)
        if file is None:
            return f"{source.value} is not there to be read as one template"
        if self._presence(written, ())[0] is False:
            return ()
        call = call_of(self.path, written)
        return (TemplateScope(path, file.template, file.text, templates=self._templates, caller=self, call=call),)

    def calls_of(self, path: str) -> "Iterator[tuple[TemplateScope, ...]]":
        """Yield what each call of a template makes, where that is known."""
        for name, written in self.stacks.items():
            source = source_of(written)
            if isinstance(source, Literal) and local_file(self.path, str(source.value)) == path:
                called = self.called(name)
                if not isinstance(called, str):
                    yield called

    @cached_property
    def sources(self) -> frozenset[str]:
        """The files that nested stacks name as their templates."""
        written = (source_of(stack) for stack in self.stacks.values())
        named = (str(source.value) for source in written if isinstance(source, Literal))
        return frozenset(local_file(self.path, source) for source in named if is_local(source))

    def chain(self) -> "Iterator[TemplateScope]":
        """Yield this template, the one that calls it, and so on."""
        scope: TemplateScope | None = self
        while scope is not None:
            yield scope
            scope = scope.caller

    @property
    def top(self) -> "TemplateScope":
        """The template that all calls begin with."""
        *_, top = self.chain()
        return top

    @cached_property
    def tree(self) -> "tuple[TemplateScope, ...]":
        """This template and all that it calls, directly or not, up to a bound."""
        found: list[TemplateScope] = [self]
        for scope in found:
            for name in scope.stacks if len(found) < MAX_STACKS else ():
                called = scope.called(name)
                found += called if not isinstance(called, str) else ()
        return tuple(found)

    def reading(self, path: str) -> "TemplateScope":
        """Return the template in a file: this one, one that calls it, or one beside them."""
        return next((scope for scope in chain(self.chain(), self.top.tree) if scope.path == path), self)

    def text_of(self, path: str) -> bytes:
        """Return the bytes of a file of this template or of another one of the same tree."""
        return self.reading(path).texts.get(path, b"")

    def of_type(self, kind: str) -> list[Resource]:
        """Return the resources of a type in this template and in all that it calls that may be there."""
        if kind not in self._of_type:
            found = [resource for scope in self.tree for resource in scope.resources({kind})]
            self._of_type[kind] = [resource for resource in found if resource.present is not False]
        return self._of_type[kind]

    @cached_property
    def all_broken(self) -> tuple[str, ...]:
        """The files of this template and of all that it calls that may hold more than can be read."""
        return tuple(sorted({path for scope in self.tree for path in scope.broken}))

    @property
    def is_called(self) -> bool:
        """Whether a caller decides the parameters."""
        return self.call is not None or self._is_hidden

    def argument(self, name: str, is_certain: bool) -> Value | None:  # noqa: FBT001 - a parameter of a callback
        """Return what the caller passes as a parameter, its own defaults counting or not; None where it does not."""
        unknown = (Opaque(Place(self.path, self.template.parameters[name].span), f"Ref {name}", self.path),)
        if self.call is None or self.caller is None or self.call.parameters is None:
            return unknown
        expression = self.call.parameters.get(name)
        if expression is None:
            return None
        key = (name, is_certain)
        if key not in self._arguments:
            self._arguments[key] = unknown  # for what asks for it in a circle
            caller, stack = self.caller, self.call.name
            asked = self.top.beyond(lambda: caller.passed(stack, expression, is_certain=is_certain))
            self._arguments[key] = asked or unknown
        return self._arguments[key]

    def passed(self, stack: str, expression: Expression, *, is_certain: bool) -> Value:
        """Return what an argument of a nested stack is, under what must hold for that stack to be there."""
        _, world = self._presence(self.stacks[stack], ())
        return self._values.value(expression, world.only_certain() if is_certain else world)

    def fragment(self, source: str) -> Fragment | None:
        """Return a file that is included; None where it is not there."""
        found = self._templates.fragment(local_file(self.path, source))
        if found is not None:
            self.texts.setdefault(found.path, found.text)
        return found

    def included(self) -> int:
        """Return how many files are included that are read."""
        calls = (part for one in self._expressions() for part in _calls_in(one) if part.name == "Fn::Transform")
        return sum(self._values.included(call.arguments[0]) is not None for call in calls if call.arguments)

    def output(self, stack: str, name: str) -> Value | None:
        """Return what an output of a nested stack is; None where that is not known."""
        called = self.called(stack) if stack in self.stacks else ""
        return called[0].handed_back(name) if called and not isinstance(called, str) else None

    def handed_back(self, name: str) -> Value | None:
        """Return what an output of this template is; None where that is not known."""
        if name not in self._outputs:
            declared = fields(fields(self.template.outputs).get(name)).get("Value")
            self._outputs[name] = ()  # for what asks for it in a circle
            if declared is not None:
                self._outputs[name] = self.top.beyond(lambda: self._values.value(declared, self._values.base)) or ()
        return self._outputs[name] or None

    def beyond(self, ask: Callable[[], Value]) -> Value | None:
        """Return what is asked of another template; None where too many are asked on the way to one value."""
        if self._asked >= MAX_NESTING:
            return None
        self._asked += 1
        try:
            return ask()
        finally:
            self._asked -= 1

    # ------------------------------------------------------------- what flows where

    def uses(self, place: Place) -> tuple[Place, ...]:
        """Return the expressions that a literal outside of the resources that take it flows into.

        It is a parameter's default, an argument, an output, a value of a mapping, or one of Globals.
        """
        return stack_flows.uses(self, place)

    def direct_uses(self, span: Span) -> Iterable[Span]:
        """Return the expressions of this template that take the value at a span."""
        name = self._values.parameters.at(span)
        if name is not None:
            return self.spans_of(("Ref", name))
        mappings = self.template.mappings
        if mappings is not None and mappings.span.contains(span):
            return self._lookups.spans(_steps(mappings, span))
        return self._uses_of_globals.get(span, ())

    def argument_at(self, span: Span) -> tuple[str, str] | None:
        """Return the nested stack and the parameter that an argument around a span is passed to."""
        around = next((written for written in self.stacks.values() if written.span.contains(span)), None)
        if around is None:
            return None
        parameters = fields(around.properties.get()).get("Parameters")
        inside = (name for name, value in fields(parameters).items() if value.span.contains(span))
        return next(((around.name, name) for name in inside), None)

    def output_at(self, span: Span) -> str | None:
        """Return the output whose value holds a span."""
        outputs = fields(self.template.outputs).items()
        return next((name for name, value in outputs if value.span.contains(span)), None)

    def spans_of(self, path: tuple[str, ...]) -> Sequence[Span]:
        """Return the references by a path: ``Ref`` and a name, or ``Fn::GetAtt``, a name and an attribute."""
        return self._refs.get(path, ())

    def source_of(self, path: tuple[str, ...]) -> "tuple[TemplateScope, Expression | None] | None":
        """Return the expression of another template that a reference stands for; None where it is a resource's."""
        match path:
            case ("Ref", name) if name in self._values.parameters:
                given = self.call.parameters if self.call is not None else None
                return (self.caller or self), (given or {}).get(name)
            case ("Fn::GetAtt", name, attribute) if name in self.stacks and attribute.startswith(OUTPUTS):
                called = self.called(name)
                if not isinstance(called, str) and called:
                    outputs = fields(called[0].template.outputs)
                    return called[0], fields(outputs.get(attribute.removeprefix(OUTPUTS))).get("Value")
        return None

    @cached_property
    def _uses_of_globals(self) -> dict[Span, list[Span]]:
        shared = self.template.globals
        of_sam = [resource for resource in self._written if resource.type.startswith(sam.PREFIX)]
        return sam.uses_of_globals(shared, ((resource, sam.merged(resource, shared)) for resource in of_sam))

    @cached_property
    def _refs(self) -> dict[tuple[str, ...], list[Span]]:
        found: dict[tuple[str, ...], list[Span]] = {}
        for expression in self._expressions():
            for reference in references(expression):
                found.setdefault(reference.path, []).append(reference.span)
        return found

    @cached_property
    def _lookups(self) -> "_Lookups":
        return _Lookups(self._expressions())

    def refusal(self, place: Place, value: Written) -> str | None:
        """Return why a value cannot be written at a place; None where it can."""
        holder = self.reading(place.path)
        if holder is not self:
            return holder.refusal(place, value)
        argument = self.argument_at(place.span)
        if argument is not None:
            return self._refused_argument(argument, value)
        name = self._values.parameters.at(place.span)
        mappings = self.template.mappings
        if name is None and (mappings is None or not mappings.span.contains(place.span)):
            return None
        if _has_expression(value):
            return f"{'a mapping' if name is None else f'the default of parameter {name}'} holds no expression"
        return self.refused_choice(name, value) if name is not None else None

    def _refused_argument(self, argument: tuple[str, str], value: Written) -> str | None:
        """Return why a value cannot be passed to a nested stack; None where it can."""
        stack, name = argument
        if not isinstance(value, bool | int | float | str | DialectExpression):
            return f"an argument of {stack} is a text"
        called = self.called(stack)
        return None if isinstance(called, str) or not called else called[0].refused_choice(name, value)

    def refused_choice(self, name: str, value: Written) -> str | None:
        """Return why a parameter may not be a value; None where it may."""
        if name not in self._values.parameters:
            return None
        choices = [as_text(choice) for choice in self._values.parameters.choices(name)]
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


def _calls_in(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
    for child in children(expression):
        yield from _calls_in(child)


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
