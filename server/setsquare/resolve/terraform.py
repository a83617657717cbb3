"""What a Terraform module declares, and what its names mean: variables, local values, modules, resources."""

import posixpath
from collections.abc import Callable, Collection, Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import replace
from functools import cached_property
from itertools import chain

from setsquare.documents import Dialect
from setsquare.model import (
    Block,
    Expression,
    Known,
    Opaque,
    Place,
    Referenced,
    Resource,
    Sequence,
    Structure,
    Value,
)
from setsquare.resolve import flows, values
from setsquare.resolve.bodies import body_of
from setsquare.resolve.frames import Frame
from setsquare.resolve.local_order import LocalOrder
from setsquare.resolve.meanings import Meanings
from setsquare.resolve.module_calls import (
    MAX_KEYS,
    MAX_NESTING,
    SWITCHES,
    Folders,
    ModuleFolder,
    NoFolders,
    is_local,
    local_folder,
    registry_type,
    source_text,
)
from setsquare.resolve.module_calls import Call as ModuleCall
from setsquare.resolve.repetition import repetition_of, tells_apart
from setsquare.resolve.sources import NoSources, Sources
from setsquare.resolve.steps import walk
from setsquare.resolve.types import is_not_null, typed, without_null

MAX_MODULES = 512
"""How many modules of one root module are looked at together."""
_ROOT_STEPS = 2
"""How many steps of a path name what it starts from: ``var.x``, ``each.value``."""
_NO_RESOURCES = frozenset(
    ("each", "count", "self", "path", "terraform", "var", "local", "module", "data", "ephemeral", "provider")
)


class TerraformModule(Meanings):
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
        sources: Sources | None = None,
        is_called: bool = False,
        is_library: bool = False,
        caller: "TerraformModule | None" = None,
        call: ModuleCall | None = None,
    ) -> None:
        """Take the files as read.

        Args:
            folder: the files.
            folders: where the modules that this one calls are read from.
            sources: where the files that functions read come from.
            is_called: callers decide its variables, but what they say is not known.
            is_library: other modules may call it that are not known.
            caller: the module that calls it.
            call: how that module calls it.

        """
        self._sources = sources or NoSources()
        super().__init__(self._sources)
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
        self._order = LocalOrder(self.index.locals)
        self._locals: dict[str, Value] = {}
        self._variables: dict[str, Value] = {}
        self._of_type: dict[str, list[Resource]] = {}

    # ------------------------------------------------------------- resources

    def names(self) -> set[tuple[str, str]]:
        """Return the type and name of every resource that is written, of whatever type."""
        return set(self.index.resources)

    def resources(self, types: Collection[str]) -> list[Resource]:
        """Return the resources of these types, by file and position.

        A call of a public module whose folder is not there is one too: of the type ``module:NAMESPACE/NAME/PROVIDER``,
        with its arguments as attributes.
        """
        found = [
            self._resource(path, block, kind, f"{kind}.{name}")
            for (kind, name), (path, block) in self.index.resources.items()
            if kind in types
        ]
        for name, (path, block) in self.index.modules.items():
            kind = registry_type(source_text(block))
            if kind in types and isinstance(self.called(name), str) and not self._is_off(path, block):
                found.append(self._resource(path, block, kind, f"module.{name}"))
        return sorted(found, key=lambda resource: (resource.path, resource.span))

    def _is_off(self, path: str, block: Block) -> bool:
        """Whether a call says that its module makes nothing."""
        given = self.index.attributes(path, block)
        values_ = [self.value(given[name][1].value, Frame(given[name][0])) for name in SWITCHES if name in given]
        return any(all(isinstance(o, Known) and o.value in (False, "false") for o in value) for value in values_)

    def _resource(self, path: str, block: Block, kind: str, address: str) -> Resource:
        repetition = repetition_of(self, self.index.attributes(path, block), path)
        bodies, header = self.index.bodies(path, block), Place(path, block.header)
        instances = repetition.instances
        if len(instances) == 1 or not any(tells_apart(body) for _, body in bodies):
            instances = ()  # what is declared for all together says it all
        return Resource(
            dialect=Dialect.TERRAFORM,
            type=kind,
            name=block.labels[-1],
            address=f"{self.address}{address}",
            module=self.address,
            path=path,
            span=block.span,
            header=block.header,
            value=body_of(self, bodies, repetition.frame, header),
            worlds=tuple(body_of(self, bodies, frame, header) for _, frame in instances),
            keys=tuple(key for key, _ in instances),
            present=repetition.present,
            each=repetition.by,
            instances=repetition.size,
        )

    def _repetition(self, path: str, block: Block) -> tuple[str | None, bool | None, int | None, Frame]:
        """Return how a block repeats: by what, whether at all, how often, and what ``each`` is inside."""
        found = repetition_of(self, self.index.attributes(path, block), path)
        return found.by, found.present, found.size, found.frame

    # ------------------------------------------------------------- references

    def reference(self, path: tuple[str, ...], frame: Frame, place: Place) -> Value:
        """Return what a path means that starts with a name of the module's."""

        def shown() -> str:
            return self.shown(place)

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
            case ("path", "module" | "root" as which):
                return self._path(which, place)
            case _:
                return (Opaque(place, shown()),)
        return walk(base, path[_ROOT_STEPS:], place, shown)

    def _path(self, which: str, place: Place) -> Value:
        """Return ``path.module`` or ``path.root``: relative to the root module, where Terraform is run."""
        if which == "root" or self.caller is None:
            return (Known(place, "."),)
        return (Known(place, posixpath.relpath(self.root, self.top.root)),)

    @property
    def folder_of_files(self) -> str:
        """The folder that paths of files are relative to: where Terraform is run."""
        return self.top.root

    def _variable(self, name: str, frame: Frame, place: Place) -> Value:
        key = f"var.{name}"
        declared = self.index.variables.get(name)
        step = self.address + key
        if declared is None or step in frame.trail:
            return (Opaque(place, key),)
        path, block = declared
        if self._is_called:
            return (Opaque(place, key, path),)
        if name not in self._variables:
            self._variables[name] = self._given(name, path, block, (*frame.trail, step), place)
        return self._variables[name]

    def _given(self, name: str, path: str, block: Block, trail: tuple[str, ...], place: Place) -> Value:
        """Return what a variable is given, converted to its type: the call's argument, a value file's, its default."""
        attributes = self.index.attributes(path, block)

        def default() -> Value:
            if "default" not in attributes or not block.body.complete:
                return (Opaque(place, f"var.{name}", path),)
            where, found = attributes["default"]
            return self.value(found.value, Frame(where, trail=trail))

        given = self._argument(name, trail)
        if given is None:
            given = default()
        elif "nullable" in attributes and is_not_null(attributes["nullable"][1].value):
            given = without_null(given, default())
        if "type" not in attributes:
            return given
        where, kind = attributes["type"]
        return typed(given, kind.value, lambda inner: self.value(inner, Frame(where, trail=trail)))

    def _argument(self, name: str, trail: tuple[str, ...]) -> Value | None:
        if self.call is not None:
            return self.call.argument(name, trail)
        if name not in self.index.values:
            return None
        file, attribute = self.index.values[name]
        return self.value(attribute.value, Frame(file, trail=trail))

    def _local(self, name: str, frame: Frame, place: Place) -> Value:
        step = f"{self.address}local."
        if name not in self._locals:
            # One after the other, so that a chain of names, however long, needs no deep recursion.
            for earlier in self._order.before(name) if name in self.index.locals else ():
                if f"{step}{earlier}" not in frame.trail and earlier not in self._locals:
                    path, attribute = self.index.locals[earlier]
                    trail = (*frame.trail, f"{step}{earlier}")
                    self._locals[earlier] = self.value(attribute.value, Frame(path, trail=trail))
        return self._locals.get(name, (Opaque(place, f"local.{name}"),))

    # ------------------------------------------------------------- other modules

    def let_go(self) -> None:
        """Note that nothing is asked any more of this module and all that it calls.

        What is known of them refers to them: they would stay in memory until Python looks for such circles, which
        takes as long as the analysis did.
        """
        for called in self._called.values():
            for module in called if not isinstance(called, str) else ():
                module.let_go()
        vars(self).clear()

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
            TerraformModule(folder, folders=self._folders, sources=self._sources, caller=self, call=call)
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
            known = ", at most its arguments are judged" if registry_type(source) else ""
            hint = "" if is_local(source) else "; terraform init downloads it"
            return f"{source} is not there to be read{known}{hint}"
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
            path, attribute = self.index.attributes(frame.path, block).get(name, (frame.path, None))
            return None if attribute is None else self.value(attribute.value, replace(frame.at(path), trail=trail))

        return argument

    def _output_of(self, name: str, steps: Sequence_[str], frame: Frame, place: Place) -> Value:
        """Return what an output of a called module means, by the steps after ``module.name``."""

        def shown() -> str:
            return self.shown(place)

        called = self.called(name) if name in self.index.modules else "it is not declared"
        if isinstance(called, str):
            return (Opaque(place, shown()),)
        index = steps[0] if steps and steps[0].startswith("[") else None
        output, *rest = steps[index is not None :] or [""]
        chosen = [module for module in called if module.is_at(index)]
        if not output or not chosen:
            return (Opaque(place, shown()),)
        value = values.union([module.output(output, frame.trail, place) for module in chosen], place)
        return walk(value, rest, place, shown)

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

    def data_body(self, kind: str, name: str, module: str = "", index: str = "") -> Structure | None:
        """Return the inside of a data source of this module, or of another one of the same root module.

        ``index`` is the step that picks one of its instances; where that is not known, the inside is that of any.
        """
        owner = self if module == self.address else self._at(module)
        found = owner.index.data.get((kind, name)) if owner is not None else None
        if owner is None or found is None:
            return None
        path, block = found
        repetition = repetition_of(owner, owner.index.attributes(path, block), path)
        if repetition.present is False or (index and not index.startswith("[")):
            return None
        frame = dict(repetition.instances).get(index, repetition.frame)
        return body_of(owner, owner.index.bodies(path, block), frame, Place(path, block.header))

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
