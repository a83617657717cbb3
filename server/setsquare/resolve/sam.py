"""SAM: Globals merged into a resource, and the resource as what it becomes.

All of it works on expressions, which keep their places: what is judged stands where a person wrote it, in the resource
or in Globals, and a fix goes there.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from setsquare.model import (
    Conditional,
    Entry,
    Expression,
    ListExpression,
    Literal,
    NewAttribute,
    NewBlock,
    NewEntry,
    ObjectExpression,
    Reference,
    TemplateResource,
    Unreadable,
)
from setsquare.records import record
from setsquare.resolve.assumptions import Claim, children
from setsquare.resolve.parameters import fields
from setsquare.resolve.sam_types import GENERATED, Generated
from setsquare.text import Span

PREFIX = "AWS::Serverless::"
STACK = "AWS::Serverless::Application"
_MANAGED = "arn:aws:iam::aws:policy/"
_LISTED = "[]"


@record
class Part:
    """One resource that a SAM resource becomes.

    Attributes:
        type: its type.
        properties: its properties, at the places where SAM has them.
        respell: how an entry of it is written in the SAM resource; for what cannot be written there, why.
        under: what must hold for it to be made.

    """

    type: str
    properties: Expression
    respell: Callable[[NewEntry], NewEntry | str]
    under: tuple[Claim, ...]


def generated_types(written_type: str) -> Collection[str]:
    """Return the types that a SAM type becomes; nothing for every other type."""
    return frozenset(generated.type for generated in GENERATED.get(written_type, ()))


# --------------------------------------------------------------------- Globals


def merged(written: TemplateResource, globals_: Expression | None) -> Expression | None:
    """Return the properties of a SAM resource with what Globals add to them.

    Where the resource has no ``Properties`` they stand at the resource's own mapping.
    """
    properties = written.properties.get()
    shared = fields(globals_).get(written.type.removeprefix(PREFIX))
    if not isinstance(shared, ObjectExpression):
        return properties
    if properties is None:
        return ObjectExpression(written.body_span, shared.entries, shared.complete)
    if isinstance(properties, ObjectExpression):
        return _with_globals(shared, properties)
    return Unreadable(properties.span, "Properties")


def _with_globals(shared: Expression, own: Expression) -> Expression:
    """Merge as SAM does: mappings key by key, lists one after the other, and of everything else the resource's own."""
    match shared, own:
        case ObjectExpression(), ObjectExpression():
            table = {_name(entry): entry for entry in shared.entries}
            for entry in own.entries:
                known = table.get(_name(entry))
                value = entry.value if known is None else _with_globals(known.value, entry.value)
                table[_name(entry)] = Entry(entry.key, value, entry.span)
            return ObjectExpression(own.span, tuple(table.values()), shared.complete and own.complete)
        case ListExpression(), ListExpression():
            return ListExpression(own.span, (*shared.items, *own.items))
        case _:
            return own


def _name(entry: Entry) -> object:
    return entry.key.value if isinstance(entry.key, Literal) else entry


def uses_of_globals(
    globals_: Expression | None, resources: Iterable[tuple[TemplateResource, Expression | None]]
) -> dict[Span, list[Span]]:
    """Return, for the span of each value in Globals, the resources that it flows into.

    Args:
        globals_: the section.
        resources: each with its properties, merged with Globals.

    """
    found: dict[Span, list[Span]] = {}
    for resource, properties in resources if globals_ is not None else ():
        todo = [] if properties is None else [properties]
        while todo:
            current = todo.pop()
            if globals_ is not None and globals_.span.contains(current.span):
                found.setdefault(current.span, []).append(resource.header)
            todo += children(current)
    return found


# --------------------------------------------------------------------- what a resource becomes


def generated(written: TemplateResource, properties: Expression | None) -> Iterator[Part]:
    """Yield what a SAM resource becomes.

    Args:
        written: the resource.
        properties: its properties, merged with Globals.

    """
    if properties is None:
        properties = ObjectExpression(written.body_span, ())
    wraps = written.properties.get() is None
    for spec in GENERATED.get(written.type, ()):
        respell = _speller(spec, wraps=wraps and spec.inside is None)
        for source, under in _sources(spec, properties):
            yield Part(spec.type, _made(spec, written, source), respell, under)


def _sources(spec: Generated, properties: Expression) -> Iterator[tuple[Expression, tuple[Claim, ...]]]:
    """Yield what describes a generated resource, and what must hold for it to be made."""
    if not isinstance(properties, ObjectExpression):
        yield properties, ()
        return
    members = fields(properties)
    if spec.inside is not None:
        branches = _branches(members.get(spec.inside))
        yield from ((source, under) for source, under in branches if source is not None and not _is_nothing(source))
    elif spec.unless is not None and properties.complete:
        yield from ((properties, under) for other, under in _branches(members.get(spec.unless)) if _is_nothing(other))
    else:
        yield properties, ()


def _branches(
    expression: Expression | None, under: tuple[Claim, ...] = ()
) -> Iterator[tuple[Expression | None, tuple[Claim, ...]]]:
    if isinstance(expression, Conditional):
        yield from _branches(expression.when_true, (*under, Claim(expression.condition, holds=True)))
        yield from _branches(expression.when_false, (*under, Claim(expression.condition, holds=False)))
    else:
        yield expression, under


def _is_nothing(expression: Expression | None) -> bool:
    return expression is None or (isinstance(expression, Literal) and expression.value is None)


def _made(spec: Generated, written: TemplateResource, source: Expression) -> Expression:
    """Return the properties of a generated resource."""
    if not isinstance(source, ObjectExpression):
        return Unreadable(source.span, f"the properties of {spec.type}")
    entries = {str(_name(entry)): entry for entry in source.entries if _name(entry) in spec.same}
    for target, origin in spec.moved.items():
        found = _at(source, origin.split("."))
        if found is not None:
            _place(entries, target.split("."), found, source.span)
    for name, made_from in spec.unknown.items():
        there = [entry for entry in source.entries if _name(entry) in made_from]
        if there:
            unread = Unreadable(there[0].value.span, f"what SAM makes of {_name(there[0])}")
            entries[name] = Entry(Literal(there[0].key.span, name), unread, there[0].span)
    for name, value in spec.own.items():
        entries.setdefault(name, _own(name, _constant(value, written.header), written.header))
    if spec.role is not None:
        role = Reference(written.header, ("Fn::GetAtt", f"{written.name}Role", "Arn"))
        entries.setdefault(spec.role, _own(spec.role, role, written.header))
    for name in spec.itself:
        entries[name] = _own(name, Reference(written.header, ("Ref", written.name)), written.header)
    if spec.policies:
        entries.update(_policies(fields(source).get("Policies"), source))
    return ObjectExpression(source.span, tuple(entries.values()), source.complete)


def _own(name: str, value: Expression, span: Span) -> Entry:
    return Entry(Literal(span, name), value, span)


def _at(source: ObjectExpression, steps: list[str]) -> Entry | None:
    """Return the entry at a path, if it is there; what is not a mapping on the way hides it."""
    entry = next((entry for entry in source.entries if _name(entry) == steps[0]), None)
    if entry is None or len(steps) == 1:
        return entry
    if isinstance(entry.value, ObjectExpression):
        return _at(entry.value, steps[1:])
    return None if _is_nothing(entry.value) else Entry(entry.key, Unreadable(entry.value.span, steps[0]), entry.span)


def _place(entries: dict[str, Entry], steps: list[str], found: Entry, span: Span) -> None:
    """Put an entry at a path, with the mappings that hold it."""
    name = steps[0].removesuffix(_LISTED)
    value: Expression = found.value
    if len(steps) > 1:
        known = entries.get(name)
        inner = {str(_name(entry)): entry for entry in _inside(known)}
        _place(inner, steps[1:], found, span)
        value = ObjectExpression(span if steps[0].endswith(_LISTED) else found.span, tuple(inner.values()))
    if steps[0].endswith(_LISTED):
        value = ListExpression(value.span, (value,))
    entries[name] = Entry(Literal(found.key.span, name), value, found.span)


def _inside(entry: Entry | None) -> tuple[Entry, ...]:
    value = entry.value if entry is not None else None
    if isinstance(value, ListExpression):
        value = value.items[0]
    return value.entries if isinstance(value, ObjectExpression) else ()


def _constant(value: object, span: Span) -> Expression:
    match value:
        case dict():
            entries = (Entry(Literal(span, str(key)), _constant(item, span), span) for key, item in value.items())
            return ObjectExpression(span, tuple(entries))
        case list():
            return ListExpression(span, tuple(_constant(item, span) for item in value))
        case bool() | int() | float() | str():
            return Literal(span, value)
        case _:
            message = f"{value!r} is no constant of a template"
            raise TypeError(message)


# --------------------------------------------------------------------- policies of generated roles


def _policies(written: Expression | None, source: ObjectExpression) -> Iterator[tuple[str, Entry]]:
    """Yield ``ManagedPolicyArns`` and ``Policies`` of the role that is made for ``Policies`` of a SAM resource."""
    if written is None or _is_nothing(written):
        return
    entry = next(entry for entry in source.entries if _name(entry) == "Policies")
    items = written.items if isinstance(written, ListExpression) else (written,)
    for name, convert in (("ManagedPolicyArns", _as_managed), ("Policies", _as_inline)):
        made = tuple(one for item in items if (one := convert(item)) is not None)
        if made:
            value = ListExpression(written.span, made)
            yield name, Entry(Literal(entry.key.span, name), value, entry.span)


def _as_managed(item: Expression) -> Expression | None:
    """Return a managed policy by its ARN; None for what is none."""
    match item:
        case Literal(span, str() as name):
            return Literal(span, name if name.startswith("arn:") else _MANAGED + name)
        case Conditional():
            return _in_branches(item, _as_managed)
        case ObjectExpression() | Literal():
            return None
        case _:
            return item


def _as_inline(item: Expression) -> Expression | None:
    """Return a policy document with a name; None for what is none, something unread for SAM's policy templates."""
    match item:
        case ObjectExpression(span) if "Statement" in fields(item):
            name = Entry(Literal(span, "PolicyName"), Literal(span, "Policy"), span)
            document = Entry(Literal(span, "PolicyDocument"), item, span)
            return ObjectExpression(span, (name, document))
        case ObjectExpression(span, entries):
            name_of = entries[0].key if entries else None
            return Unreadable(span, str(name_of.value) if isinstance(name_of, Literal) else "a policy template")
        case Conditional():
            return _in_branches(item, _as_inline)
        case _:
            return None


def _in_branches(item: Conditional, convert: Callable[[Expression], Expression | None]) -> Expression | None:
    """Return a conditional with each branch converted, null where one becomes nothing; None where both do."""
    branches = [convert(branch) for branch in (item.when_true, item.when_false)]
    if not any(branches):
        return None
    when_true, when_false = (branch or Literal(item.span, None) for branch in branches)
    return Conditional(item.span, item.condition, when_true, when_false)


# --------------------------------------------------------------------- spelling


def spelled_names(written_type: str, names: Callable[[str], Collection[str]]) -> frozenset[str]:
    """Return names of properties as SAM has them.

    Args:
        written_type: the type as written; nothing is returned for one that is not of SAM.
        names: gives the names for a type that it becomes.

    """
    found: set[str] = set()
    for spec in GENERATED.get(written_type, ()):
        if spec.inside is None:
            origins = {target.partition(".")[0]: origin for target, origin in _renamed(spec).items()}
            found |= {origins.get(name, name) for name in names(spec.type)}
    return frozenset(found)


def in_properties(entry: NewEntry) -> NewEntry:
    """Return an entry of a resource that has no ``Properties`` yet, all of them coming from Globals."""
    return NewBlock("Properties", (entry,))


def _speller(spec: Generated, *, wraps: bool) -> Callable[[NewEntry], NewEntry | str]:
    renamed = _renamed(spec)

    def respell(entry: NewEntry) -> NewEntry | str:
        spelled = _respelled(entry, spec.same, renamed)
        if spelled is not None:
            return in_properties(spelled) if wraps else spelled
        parts = [origin for target, origin in spec.moved.items() if target.split(".")[0] == entry.name]
        if parts:
            return f"SAM has {parts[0]} for this, with more beside it that no rule can know"
        return f"SAM has no property for {entry.name}: it has to be set on a resource of its own"

    return respell


def _renamed(spec: Generated) -> dict[str, str]:
    """Return the paths that are one property in SAM, which a fix can write."""
    return {target: origin for target, origin in spec.moved.items() if "." not in origin and _LISTED not in target}


def _respelled(entry: NewEntry, same: Collection[str], renamed: dict[str, str]) -> NewEntry | None:
    """Return an entry as SAM writes it: ``TracingConfig: {Mode: Active}`` is ``Tracing: Active``."""
    if entry.name in same:
        return entry
    if entry.name in renamed:
        name = renamed[entry.name]
        if isinstance(entry, NewAttribute):
            return NewAttribute(name, entry.value)
        return NewBlock(name, entry.entries, entry.as_list, entry.key)
    if isinstance(entry, NewBlock) and len(entry.entries) == 1 and isinstance(entry.entries[0], NewAttribute):
        inner = entry.entries[0]
        name = renamed.get(f"{entry.name}.{inner.name}", "")
        return NewAttribute(name, inner.value) if name else None
    return None
