"""What the expressions of a Terraform module mean: variables, local values, conditionals, ``count``, ``for_each``.

Functions, other modules and ``dynamic`` blocks are opaque: their value is not guessed.
"""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, field, replace
from functools import cached_property

from setsquare.documents import Dialect
from setsquare.model import (
    Absent,
    Block,
    Body,
    Call,
    Conditional,
    ConfigurationFile,
    Expression,
    Known,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Origin,
    Place,
    Reference,
    Referenced,
    Resource,
    Sequence,
    Structure,
    Template,
    Unreadable,
    Value,
)
from setsquare.resolve import values
from setsquare.resolve.conditions import as_truth, compare
from setsquare.resolve.expressions import references
from setsquare.resolve.terraform_index import Index

_MAX_DEPTH = 50
_ROOT_STEPS = 2
"""How many steps of a path name what it starts from: ``var.x``, ``each.value``."""
_NO_RESOURCES = frozenset(
    ("each", "count", "self", "path", "terraform", "var", "local", "module", "data", "ephemeral", "provider")
)
_SAME_VALUE = frozenset(("toset", "tolist", "tomap", "tostring", "sensitive", "nonsensitive"))
"""Functions that give a list, map or scalar back as it was written, for the questions that rules ask."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression is evaluated: its file, what ``each`` means there, and the way that led here."""

    path: str
    each: Value | None = None
    key: Value | None = None
    trail: tuple[str, ...] = field(default=())


class TerraformModule:
    """All files of one folder."""

    def __init__(
        self,
        root: str,
        files: Sequence_[ConfigurationFile],
        *,
        texts: Mapping[str, bytes],
        is_called: bool = False,
    ) -> None:
        """Take the files as read.

        Args:
            root: the folder.
            files: all files of the module, variable values included.
            texts: their bytes, by path.
            is_called: some other module of the workspace calls this one, so that callers decide its variables.

        """
        self.root = root
        self.index = Index(files)
        self.texts = texts
        self.broken = tuple(sorted(file.path for file in files if file.problems))
        self._is_called = is_called

    # ------------------------------------------------------------- resources

    def names(self) -> set[tuple[str, str]]:
        """Return the type and name of every resource that is written, of whatever type."""
        return set(self.index.resources)

    def resources(self, types: Collection[str]) -> list[Resource]:
        """Return the resources of these types, by file and position."""
        found = [
            self._resource(path, block) for (kind, _), (path, block) in self.index.resources.items() if kind in types
        ]
        return sorted(found, key=lambda resource: (resource.path, resource.span))

    def _resource(self, path: str, block: Block) -> Resource:
        kind, name = block.labels
        each, present, instances, frame = self._repetition(path, block)
        return Resource(
            dialect=Dialect.TERRAFORM,
            type=kind,
            name=name,
            address=f"{kind}.{name}",
            path=path,
            span=block.span,
            header=block.header,
            value=self.body(block.body, frame, Place(path, block.header)),
            present=present,
            each=each,
            instances=instances,
        )

    def _repetition(self, path: str, block: Block) -> tuple[str | None, bool | None, int | None, Frame]:
        """Return how a block repeats: by what, whether at all, how often, and what ``each`` is inside."""
        attributes = block.body.attributes
        frame = Frame(path)
        if "count" in attributes:
            count = self.value(attributes["count"].value, frame)
            numbers = {int(o.value) for o in count if isinstance(o, Known) and str(o.value).isdigit()}
            if len(numbers) < len(count) or len(numbers) > 1:
                return "count", (None if 0 in numbers or len(numbers) < len(count) else True), None, frame
            return "count", numbers != {0}, next(iter(numbers)), frame
        if "for_each" in attributes:
            collection = self.value(attributes["for_each"].value, frame)
            each, key, size = self._elements(collection)
            present = None if size is None else size > 0
            return "for_each", present, size, Frame(path, each, key)
        return None, True, 1, frame

    def _elements(self, collection: Value) -> tuple[Value | None, Value | None, int | None]:
        """Return what ``each.value`` and ``each.key`` may be, and how many there are; None where that is not known."""
        match collection:
            case (Sequence(place, items, complete=True),):
                each = values.union(items, place) if items else None
                return each, each, len(items)
            case (Structure(place, names, lookup) as structure,):
                if structure.is_open:
                    return None, None, None
                each = values.union([lookup(name) for name in names], place) if names else None
                return each, tuple(Known(place, name) for name in names) or None, len(names)
            case (Referenced(),):
                return collection, None, None
            case _:
                return None, None, None

    def body(self, body: Body, frame: Frame, header: Place | None = None) -> Structure:
        """Return the inside of a block as a structure; its values are evaluated when they are asked for."""
        place = Place(frame.path, body.span)
        nested: dict[str, list[Block]] = {}
        dynamic: set[str] = set()
        for block in body.blocks:
            if block.kind == "dynamic" and len(block.labels) == 1:
                dynamic.add(block.labels[0])
            nested.setdefault(block.kind, []).append(block)
        cache: dict[str, Value] = {}

        def evaluate(name: str) -> Value:
            if name in body.attributes:
                return self.value(body.attributes[name].value, frame)
            if name in nested or name in dynamic:
                blocks = nested.get(name, [])
                items = tuple((self.body(b.body, frame, Place(frame.path, b.header)),) for b in blocks)
                where = Place(frame.path, blocks[0].span) if blocks else place
                if name in dynamic and not items:
                    return (Opaque(where, f"the dynamic block {name}"),)
                complete = name not in dynamic and body.complete
                return (Sequence(where, items, complete=complete, blocks=True),)
            return (Absent(),) if body.complete else (Opaque(place, f"whether {name} is there"),)

        def lookup(name: str) -> Value:
            if name not in cache:
                cache[name] = evaluate(name)
            return cache[name]

        def entry(name: str) -> Place | None:
            if name in body.attributes:
                return Place(frame.path, body.attributes[name].span)
            return Place(frame.path, nested[name][0].span) if name in nested else None

        names = (*body.attributes, *(kind for kind in nested if kind != "dynamic"), *sorted(dynamic - nested.keys()))
        return Structure(place, names, lookup, entry, is_block=True, header=header)

    # ------------------------------------------------------------- expressions

    def value(self, expression: Expression, frame: Frame) -> Value:
        """Return all that an expression may mean."""
        place = Place(frame.path, expression.span)
        if len(frame.trail) > _MAX_DEPTH:
            return (Opaque(place, self._shown(place)),)
        match expression:
            case Literal(_, value):
                return values.scalar(place, value)
            case Template(_, parts):
                return values.text(place, [self.value(part, frame) for part in parts], lambda: self._shown(place))
            case ListExpression():
                return (values.sequence(frame.path, expression, lambda item: self.value(item, frame)),)
            case ObjectExpression():
                return (self._object(expression, frame),)
            case Conditional(_, condition, when_true, when_false):
                return self._conditional(condition, when_true, when_false, frame, place)
            case Reference(_, path):
                return self._reference(path, frame, place)
            case Call(_, name, arguments):
                return self._call(name, arguments, frame, place)
            case Unreadable():
                return (Opaque(place, self._shown(place)),)

    def _shown(self, place: Place) -> str:
        text = self.texts.get(place.path, b"")[place.span.start : place.span.end]
        return " ".join(text.decode("utf-8", "replace").split())

    def _object(self, written: ObjectExpression, frame: Frame) -> Structure:
        open_keys = False
        entries = []
        for entry in written.entries:
            key = entry.key
            if not isinstance(key, Literal):
                known = self.value(key, frame)
                if len(known) == 1 and isinstance(known[0], Known):
                    key = Literal(key.span, known[0].value)
                else:
                    open_keys = True
                    continue
            entries.append(type(entry)(key, entry.value, entry.span))
        resolved = ObjectExpression(written.span, tuple(entries), written.complete)
        return values.mapping(frame.path, resolved, lambda item: self.value(item, frame), open_keys=open_keys)

    def _conditional(
        self, condition: Expression, when_true: Expression, when_false: Expression, frame: Frame, place: Place
    ) -> Value:
        truth = as_truth(self._condition(condition, frame))
        if truth is not None:
            return self.value(when_true if truth else when_false, frame)
        return values.union([self.value(when_true, frame), self.value(when_false, frame)], place)

    def _condition(self, expression: Expression, frame: Frame) -> Value:
        """Return the value of a condition; operators over known scalars are evaluated."""
        place = Place(frame.path, expression.span)
        if isinstance(expression, Call):
            arguments = [self._condition(argument, frame) for argument in expression.arguments]
            answer = compare(expression.name, arguments)
            return (Opaque(place, self._shown(place)),) if answer is None else (Known(place, answer),)
        return self.value(expression, frame)

    def _call(self, name: str, arguments: tuple[Expression, ...], frame: Frame, place: Place) -> Value:
        if name == "jsonencode" and len(arguments) == 1:
            return self.value(arguments[0], frame)
        if name in _SAME_VALUE and len(arguments) == 1:
            return self.value(arguments[0], frame)
        return (Opaque(place, self._shown(place)),)

    # ------------------------------------------------------------- references

    def _reference(self, path: tuple[str, ...], frame: Frame, place: Place) -> Value:
        def shown() -> str:
            return self._shown(place)

        match path:
            case ("var", name, *_):
                base = self._variable(name, frame, place)
            case ("local", name, *_):
                base = self._local(name, frame, place)
            case ("each", "value", *_):
                base = frame.each or (Opaque(place, shown()),)
            case ("each", "key"):
                base = frame.key or (Opaque(place, shown()),)
            case ("data", _, _, *_):
                return (Referenced(place, path),)
            case (first, _, *_) if first not in _NO_RESOURCES:
                return (Referenced(place, path),)
            case _:
                return (Opaque(place, shown()),)
        for step in path[_ROOT_STEPS:]:
            base = values.step_into(base, step, place, shown)
        return base

    def _variable(self, name: str, frame: Frame, place: Place) -> Value:
        key = f"var.{name}"
        declared = self.index.variables.get(name)
        if declared is None or key in frame.trail:
            return (Opaque(place, key),)
        path, block = declared
        if self._is_called:
            return (Opaque(place, key, path),)
        trail = (*frame.trail, key)
        if name in self.index.values:
            file, attribute = self.index.values[name]
            return self.value(attribute.value, Frame(file, trail=trail))
        default = block.body.attributes.get("default")
        if default is None or not block.body.complete:
            return (Opaque(place, key, path),)
        value = self.value(default.value, Frame(path, trail=trail))
        kind = block.body.attributes.get("type")
        if kind is not None and b"optional(" in self.texts.get(path, b"")[kind.span.start : kind.span.end]:
            return tuple(_with_defaults(origin) for origin in value)
        return value

    def _local(self, name: str, frame: Frame, place: Place) -> Value:
        key = f"local.{name}"
        declared = self.index.locals.get(name)
        if declared is None or key in frame.trail:
            return (Opaque(place, key),)
        path, attribute = declared
        return self.value(attribute.value, Frame(path, trail=(*frame.trail, key)))

    # ------------------------------------------------------------- questions about the module

    def declares(self, root: tuple[str, ...]) -> bool:
        """Whether what an expression starts with is declared in this module."""
        match root:
            case ("data", kind, name, *_):
                return (kind, name) in self.index.data
            case ("var", name, *_):
                return name in self.index.variables
            case ("local", name, *_):
                return name in self.index.locals
            case ("module", name, *_):
                return name in self.index.modules
            case (kind, name, *_):
                return (kind, name) in self.index.resources
            case _:
                return False

    def data_body(self, kind: str, name: str) -> Structure | None:
        """Return the inside of a data source of this module."""
        found = self.index.data.get((kind, name))
        if found is None:
            return None
        path, block = found
        _, _, _, frame = self._repetition(path, block)
        return self.body(block.body, frame, Place(path, block.header))

    def string_value(self, template: Expression, path: str) -> Value:
        """Return the meaning of an expression that stands inside a document of its own."""
        return self.value(template, Frame(path))

    def leads_out(self, resource: Resource) -> bool:
        """Whether a companion of the resource may stand where this module cannot see it."""
        return (resource.type, resource.name) in self._handed_out

    @cached_property
    def _handed_out(self) -> frozenset[tuple[str, str]]:
        out = {"module", "output"} if self._is_called else {"module"}
        edges: dict[str, set[tuple[str, ...]]] = {}
        roots: set[tuple[str, ...]] = set()
        for _, kind, name, expression in self.index.expressions():
            paths = {reference.path for reference in references(expression)}
            if kind == "local":
                edges.setdefault(name, set()).update(paths)
            elif kind in out:
                roots |= paths
        found: set[tuple[str, str]] = set()
        seen: set[str] = set()
        todo = list(roots)
        while todo:
            path = todo.pop()
            if path[0] == "local" and len(path) > 1 and path[1] not in seen:
                seen.add(path[1])
                todo += edges.get(path[1], ())
            elif len(path) > 1:
                found.add((path[0], path[1]))
        return frozenset(found)

    def uses(self, place: Place) -> tuple[Place, ...]:
        """Return the expressions outside variables and local values that the literal at a place flows into."""
        owner = self._owner(place)
        return () if owner is None else tuple(sorted(set(self._uses_of(owner, frozenset()))))

    def _owner(self, place: Place) -> tuple[str, str] | None:
        for name, (path, attribute) in self.index.locals.items():
            if path == place.path and attribute.span.contains(place.span):
                return "local", name
        for name, (path, attribute) in self.index.values.items():
            if path == place.path and attribute.span.contains(place.span):
                return "var", name
        for name, (path, block) in self.index.variables.items():
            if path == place.path and block.span.contains(place.span):
                return "var", name
        return None

    def _uses_of(self, owner: tuple[str, str], seen: frozenset[tuple[str, str]]) -> Iterator[Place]:
        for path, kind, name, reference in self._references.get(owner, ()):
            if kind != "local":
                yield Place(path, reference.span)
            elif ("local", name) not in seen:
                yield from self._uses_of(("local", name), seen | {owner})

    @cached_property
    def _references(self) -> dict[tuple[str, str], list[tuple[str, str, str, Reference]]]:
        found: dict[tuple[str, str], list[tuple[str, str, str, Reference]]] = {}
        for path, kind, name, expression in self.index.expressions():
            for reference in references(expression):
                if reference.path[0] in ("var", "local") and len(reference.path) > 1:
                    owner = (reference.path[0], reference.path[1])
                    found.setdefault(owner, []).append((path, kind, name, reference))
        return found


def _with_defaults(origin: Origin) -> Origin:
    """Return an object, or a list of objects, whose type may add attributes that are not written."""
    if isinstance(origin, Sequence):
        items = tuple(tuple(_with_defaults(inner) for inner in item) for item in origin.items)
        return replace(origin, items=items)
    if not isinstance(origin, Structure):
        return origin

    def lookup(name: str) -> Value:
        found = origin.lookup(name)
        if any(isinstance(inner, Absent) and inner.place is None for inner in found):
            return (Opaque(origin.place, f"the type's default for {name}"),)
        return tuple(_with_defaults(inner) for inner in found)

    return Structure(origin.place, origin.names, lookup, origin.entry)
