"""What the expressions of a Terraform module mean: variables, local values, modules, conditionals, repetition.

Functions and ``dynamic`` blocks are opaque: their value is not guessed.
"""

from collections.abc import Callable, Collection, Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from setsquare.documents import Dialect
from setsquare.model import (
    Absent,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    For,
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
    Traversal,
    Unreadable,
    Value,
)
from setsquare.resolve import flows, values
from setsquare.resolve.conditions import as_truth, compare
from setsquare.resolve.module_calls import (
    MAX_KEYS,
    MAX_NESTING,
    Folders,
    ModuleFolder,
    NoFolders,
    is_local,
    local_folder,
    source_text,
)
from setsquare.resolve.module_calls import Call as ModuleCall

_MAX_DEPTH = 90
MAX_MODULES = 512
"""How many modules of one root module are looked at together."""
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
    """All files of one folder, as one call of it means them, or as a root module.

    Attributes:
        root: the folder.
        address: what the addresses of its resources begin with: empty in a root module, else ``module.m.``.
        caller: the module that calls it; None for a root module.
        call: how that module calls it.
        is_library: other modules may call it that are not known, and complete what its outputs hand on.

    """

    def __init__(  # noqa: PLR0913 - what a module is made of, and where it stands among the others
        self,
        folder: ModuleFolder,
        *,
        folders: Folders | None = None,
        is_called: bool = False,
        is_library: bool = False,
        caller: "TerraformModule | None" = None,
        call: ModuleCall | None = None,
    ) -> None:
        """Take the files as read.

        Args:
            folder: the files.
            folders: where the modules that this one calls are read from.
            is_called: callers decide its variables, but what they say is not known.
            is_library: other modules may call it that are not known.
            caller: the module that calls it.
            call: how that module calls it.

        """
        self.folder = folder
        self.root = folder.path
        self.index = folder.index
        self.texts = folder.texts
        self.broken = folder.broken
        self.caller = caller
        self.call = call
        self.address: str = caller.address + call.address if caller is not None and call is not None else ""
        self.is_library = is_library
        self._folders = folders or NoFolders()
        self._is_called = is_called
        self._called: dict[str, tuple[TerraformModule, ...] | str] = {}
        self._of_type: dict[str, list[Resource]] = {}

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
            address=f"{self.address}{kind}.{name}",
            module=self.address,
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
            case Traversal(_, Reference(_, path), steps):
                return self._reference((*path, *(s if isinstance(s, str) else "[]" for s in steps)), frame, place)
            case For() | Traversal() | Unreadable():
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
            case ("module", name, *steps):
                return self._output_of(name, steps, frame, place)
            case ("data", _, _, *_):
                return (Referenced(place, path, self.address),)
            case (first, _, *_) if first not in _NO_RESOURCES:
                return (Referenced(place, path, self.address),)
            case _:
                return (Opaque(place, shown()),)
        for step in path[_ROOT_STEPS:]:
            base = values.step_into(base, step, place, shown)
        return base

    def _variable(self, name: str, frame: Frame, place: Place) -> Value:
        key = f"var.{name}"
        declared = self.index.variables.get(name)
        step = self.address + key
        if declared is None or step in frame.trail:
            return (Opaque(place, key),)
        path, block = declared
        if self._is_called:
            return (Opaque(place, key, path),)
        trail = (*frame.trail, step)
        if self.call is not None:
            given = self.call.argument(name, trail)
            if given is not None:
                return given
        elif name in self.index.values:
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
        step = self.address + key
        if declared is None or step in frame.trail:
            return (Opaque(place, key),)
        path, attribute = declared
        return self.value(attribute.value, Frame(path, trail=(*frame.trail, step)))

    # ------------------------------------------------------------- other modules

    def called(self, name: str) -> "tuple[TerraformModule, ...] | str":
        """Return the modules that a call makes, none for ``count = 0``; or why they are not known."""
        if name not in self._called:
            self._called[name] = self._enter(name)
        return self._called[name]

    def _enter(self, name: str) -> "tuple[TerraformModule, ...] | str":
        path, block = self.index.modules[name]
        folder = self._folder_of(name, block)
        if isinstance(folder, str):
            return folder
        return tuple(
            TerraformModule(folder, folders=self._folders, caller=self, call=call)
            for call in self._calls(name, path, block)
        )

    def _folder_of(self, name: str, block: Block) -> ModuleFolder | str:
        source = source_text(block)
        if not block.body.complete:
            return "the call cannot be read whole"
        if not source:
            return "its source is not written as plain text"
        above = list(self.chain())
        if len(above) > MAX_NESTING:
            return f"modules are nested deeper than {MAX_NESTING} levels"
        if is_local(source):
            path: str | None = local_folder(self.root, source)
        else:
            names = [module.call.name for module in reversed(above) if module.call is not None]
            path = self._folders.downloaded(above[-1].root, ".".join([*names, name]))
        folder = self._folders.at(path) if path is not None else None
        if folder is None:
            return f"{source} is not there to be read" + ("" if is_local(source) else "; terraform init downloads it")
        if any(module.root == folder.path for module in above):
            return "the module calls itself"
        return folder

    def chain(self) -> "Iterator[TerraformModule]":
        """Yield this module, the one that calls it, and so on."""
        module: TerraformModule | None = self
        while module is not None:
            yield module
            module = module.caller

    def _calls(self, name: str, path: str, block: Block) -> Iterator[ModuleCall]:
        each, present, instances, frame = self._repetition(path, block)
        if present is False:
            return
        for key, inside in self._keyed(block, frame) if each == "for_each" else ((None, frame),):
            argument = self._argument_reader(block, inside)
            yield ModuleCall(name, key, path, block, argument, instances if key is None else 1)

    def _keyed(self, block: Block, frame: Frame) -> Iterator[tuple[str | None, Frame]]:
        """Yield each key of a ``for_each`` that is known and not too long; else None for all of them together."""
        match self.value(block.body.attributes["for_each"].value, Frame(frame.path)):
            case (Structure(place, names, lookup) as keyed,) if len(names) <= MAX_KEYS and not keyed.is_open:
                for name in names:
                    yield name, Frame(frame.path, lookup(name), (Known(place, name),))
            case (Sequence(_, items, complete=True),) if len(items) <= MAX_KEYS and all(_is_text(i) for i in items):
                for item in items:
                    yield str(next(o.value for o in item if isinstance(o, Known))), Frame(frame.path, item, item)
            case _:
                yield None, frame

    def _argument_reader(self, block: Block, frame: Frame) -> Callable[[str, tuple[str, ...]], Value | None]:
        def argument(name: str, trail: tuple[str, ...]) -> Value | None:
            attribute = block.body.attributes.get(name)
            return None if attribute is None else self.value(attribute.value, replace(frame, trail=trail))

        return argument

    def _output_of(self, name: str, steps: Sequence_[str], frame: Frame, place: Place) -> Value:
        """Return what an output of a called module means, by the steps after ``module.name``."""

        def shown() -> str:
            return self._shown(place)

        called = self.called(name) if name in self.index.modules else "it is not declared"
        if isinstance(called, str):
            return (Opaque(place, shown()),)
        index = steps[0] if steps and steps[0].startswith("[") else None
        output, *rest = steps[index is not None :] or [""]
        chosen = [module for module in called if module.is_at(index)]
        if not output or not chosen:
            return (Opaque(place, shown()),)
        value = values.union([module.output(output, frame.trail, place) for module in chosen], place)
        for step in rest:
            value = values.step_into(value, step, place, shown)
        return value

    def is_at(self, index: str | None) -> bool:
        """Whether ``module.m``, with an index as ``["a"]``, ``[0]`` or ``[]`` for any, may mean this module."""
        key = None if self.call is None else self.call.key
        return index in (None, "[]") or key is None or index == f'["{key}"]'

    def output(self, name: str, trail: tuple[str, ...], place: Place) -> Value:
        """Return what an output means, asked for at a place by the way that led there."""
        declared = self.index.outputs.get(name)
        step = f"{self.address}output.{name}"
        value = declared[1].body.attributes.get("value") if declared is not None else None
        if declared is None or value is None or step in trail:
            return (Opaque(place, f"{self.address}{name}", declared[0] if declared is not None else None),)
        return self.value(value.value, Frame(declared[0], trail=(*trail, step)))

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

    def data_body(self, kind: str, name: str, module: str = "") -> Structure | None:
        """Return the inside of a data source of this module, or of another one of the same root module."""
        owner = self if module == self.address else self._at(module)
        found = owner.index.data.get((kind, name)) if owner is not None else None
        if owner is None or found is None:
            return None
        path, block = found
        _, _, _, frame = owner._repetition(path, block)  # noqa: SLF001 - another module of this class
        return owner.body(block.body, frame, Place(path, block.header))

    def string_value(self, template: Expression, path: str) -> Value:
        """Return the meaning of an expression that stands inside a document of its own."""
        return self.reading(path).value(template, Frame(path))

    def text_of(self, path: str) -> bytes:
        """Return the bytes of a file of this module or of another one of the same root module."""
        return self.reading(path).texts.get(path, b"")

    # ------------------------------------------------------------- the modules of one root module

    @property
    def top(self) -> "TerraformModule":
        """The root module that this one is called from."""
        module = self
        while module.caller is not None:
            module = module.caller
        return module

    @cached_property
    def tree(self) -> "tuple[TerraformModule, ...]":
        """This module and all that it calls, directly or not, up to a bound."""
        found: list[TerraformModule] = [self]
        for module in found:
            for name in module.index.modules:
                called = module.called(name) if len(found) < MAX_MODULES else ""
                if not isinstance(called, str):
                    found += called[: MAX_MODULES - len(found)]
        return tuple(found)

    def is_followed(self, name: str) -> bool:
        """Whether the modules that a call makes are among those of the tree."""
        return not isinstance(self._called.get(name, ""), str)

    def _at(self, address: str) -> "TerraformModule | None":
        return next((module for module in self.top.tree if module.address == address), None)

    def reading(self, path: str) -> "TerraformModule":
        """Return the module that holds a file: this one, one that calls it, or one beside them."""
        for module in chain(self.chain(), self.top.tree):
            if path in module.texts:
                return module
        return self

    def of_type(self, kind: str) -> list[Resource]:
        """Return the resources of a type in all modules of this one's tree that may be there, in their order."""
        if kind not in self._of_type:
            found = [resource for module in self.tree for resource in module.resources({kind})]
            self._of_type[kind] = [resource for resource in found if resource.present is not False]
        return self._of_type[kind]

    @cached_property
    def all_broken(self) -> tuple[str, ...]:
        """The files of this module and of all that it calls that could not be read whole."""
        return tuple(sorted({path for module in self.tree for path in module.broken}))

    def leads_out(self, resource: Resource) -> bool:
        """Whether a companion of the resource may stand where no module of this tree can see it."""
        is_there = (resource.module, resource.type, resource.name) in self.top.handed_out
        return is_there or len(self.top.tree) >= MAX_MODULES

    @cached_property
    def handed_out(self) -> frozenset[tuple[str, str, str]]:
        """What leaves this root module and all that it calls: module, type and name."""
        return flows.handed_out(self)

    def uses(self, place: Place) -> tuple[Place, ...]:
        """Return the expressions of resources, and of all else that gives no name, that a literal flows into."""
        return flows.uses(self, place)


def _is_text(value: Value) -> bool:
    return len(value) == 1 and isinstance(value[0], Known) and isinstance(value[0].value, str)


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
