"""What a Terraform module declares, by kind and name, over all its files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from setsquare.model import (
    Attribute,
    Block,
    Body,
    ConfigurationFile,
    Expression,
)

Placed = tuple[str, Block]
"""A block and the file that holds it."""
_ALWAYS_LOADED = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


class Index:
    """The declarations of one folder; of duplicates the first counts."""

    def __init__(self, files: Sequence[ConfigurationFile]) -> None:
        ordered = sorted(files, key=lambda file: (is_override(file.path), file.path))
        self.resources: dict[tuple[str, str], Placed] = {}
        self.data: dict[tuple[str, str], Placed] = {}
        self.variables: dict[str, Placed] = {}
        self.outputs: dict[str, Placed] = {}
        self.modules: dict[str, Placed] = {}
        self.others: list[Placed] = []
        self._locals: list[Placed] = []
        self._overriding: dict[tuple[str, ...], list[Placed]] = {}
        self._attributes: dict[int, tuple[Block, Mapping[str, tuple[str, Attribute]]]] = {}
        for file in ordered:
            if not is_variables_file(file.path):
                for block in file.blocks:
                    if not is_override(file.path) or not self._override(file.path, block):
                        self._add(file.path, block)
        self._values = [file for file in _by_precedence(ordered) if file.blocks]
        self._local_table: dict[str, tuple[str, Attribute]] | None = None
        self._value_table: dict[str, tuple[str, Attribute]] | None = None

    def _add(self, path: str, block: Block) -> None:
        match block.kind, block.labels:
            case "resource", (kind, name):
                self.resources.setdefault((kind, name), (path, block))
            case "data", (kind, name):
                self.data.setdefault((kind, name), (path, block))
            case "variable", (name,):
                self.variables.setdefault(name, (path, block))
            case "output", (name,):
                self.outputs.setdefault(name, (path, block))
            case "module", (name,):
                self.modules.setdefault(name, (path, block))
            case "locals", ():
                self._locals.append((path, block))
            case _:
                self.others.append((path, block))

    def _override(self, path: str, block: Block) -> bool:
        """Put a block of an override file over the one that it stands for; return whether there is one."""
        table: Mapping[object, Placed] = {
            "resource": self.resources,
            "data": self.data,
            "variable": self.variables,
            "output": self.outputs,
            "module": self.modules,
        }.get(block.kind, {})  # type: ignore[assignment]
        key = block.labels if block.kind in ("resource", "data") else "".join(block.labels[:1])
        if key not in table:
            return False
        self._overriding.setdefault((block.kind, *block.labels), []).append((path, block))
        return True

    def bodies(self, path: str, block: Block) -> list[tuple[str, Body]]:
        """Return the body of a block and those that override files put over it, the strongest last."""
        over = self._overriding.get((block.kind, *block.labels), ())
        return [(path, block.body), *((where, other.body) for where, other in over)]

    def attributes(self, path: str, block: Block) -> Mapping[str, tuple[str, Attribute]]:
        """Return the attributes of a block, each with the file that holds it."""
        known = self._attributes.get(id(block))
        if known is None:
            bodies = self.bodies(path, block)
            table = {name: (where, found) for where, body in bodies for name, found in body.attributes.items()}
            known = self._attributes[id(block)] = block, table  # the block is kept, so that its identity stays its own
        return known[1]

    @property
    def locals(self) -> dict[str, tuple[str, Attribute]]:
        """The local values by name, with the file that holds each."""
        if self._local_table is None:
            self._local_table = {}
            for path, block in self._locals:
                for name, attribute in block.body.attributes.items():
                    if is_override(path):
                        self._local_table[name] = (path, attribute)
                    self._local_table.setdefault(name, (path, attribute))
        return self._local_table

    @property
    def values(self) -> dict[str, tuple[str, Attribute]]:
        """What the ``.tfvars`` files that Terraform loads by itself set: later files win."""
        if self._value_table is None:
            self._value_table = {}
            for file in self._values:
                for name, attribute in file.blocks[0].body.attributes.items():
                    self._value_table[name] = (file.path, attribute)
        return self._value_table

    def expressions(self) -> Iterator[tuple[str, str, str, Expression]]:
        """Yield every expression: its file, the kind and name of what holds it, and itself.

        The kind is ``local`` for local values, else that of the block.
        """
        for name, (path, attribute) in self.locals.items():
            yield path, "local", name, attribute.value
        for table in (self.resources, self.data):
            for path, block in table.values():
                yield from _of_body(path, block.kind, ".".join(block.labels), block.body)
        for named in (self.modules, self.outputs):
            for name, (path, block) in named.items():
                yield from _of_body(path, block.kind, name, block.body)
        for placed in self._overriding.values():
            for path, block in placed:
                yield from _of_body(path, block.kind, ".".join(block.labels), block.body)
        for path, block in self.others:
            yield from _of_body(path, block.kind, "", block.body)


def is_variables_file(path: str) -> bool:
    """Whether a file holds values of variables."""
    return path.endswith((".tfvars", ".tfvars.json"))


def is_override(path: str) -> bool:
    """Whether Terraform puts a file's blocks over those of the other files."""
    name = path.rpartition("/")[2].removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return name == "override" or name.endswith("_override")


def _by_precedence(files: Iterable[ConfigurationFile]) -> list[ConfigurationFile]:
    """Return the files of values that Terraform loads by itself, the weakest first."""
    named = {file.path.rpartition("/")[2]: file for file in files if is_variables_file(file.path)}
    result = [named[name] for name in _ALWAYS_LOADED if name in named]
    return result + [named[name] for name in sorted(named) if name.endswith(_AUTOMATIC)]


def _of_body(path: str, kind: str, name: str, body: Body) -> Iterator[tuple[str, str, str, Expression]]:
    for attribute in body.attributes.values():
        yield path, kind, name, attribute.value
    for block in body.blocks:
        yield from _of_body(path, kind, name, block.body)
