"""Which blocks of a module speak of which: what an edit of one may change the judgement of.

Nothing is evaluated here. A block speaks of a thing if the words ``kind.name`` are anywhere in its text, comments too;
so what is found is never too little, and does not depend on what expressions are understood to mean.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from setsquare.model import Attribute, Block, Reference

_DOTTED = re.compile(rb"[\w\x80-\xff-]+(?:\s*\.\s*[\w\x80-\xff-]+)+")
_STEP = re.compile(rb"[\w\x80-\xff-]+")
_TYPE_AND_NAME = 2
_PASSING = ("var.", "local.")
"""What stands for something else: who speaks of it speaks of what it is set to."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One block of a module.

    Attributes:
        path: its file.
        block: as read.
        names: the things that it declares: ``var.x``, ``local.x``, ``aws_s3_bucket.x`` (a data source likewise).
        mentions: the things that it speaks of, sorted; each as often as it does.
        resource: the type and name of a resource; None for all other blocks.
        address: both with a dot between them; of a call of a module, which is judged as well, ``module.x``.

    """

    path: str
    block: Block
    names: frozenset[str]
    mentions: tuple[str, ...]
    resource: tuple[str, str] | None
    address: str | None

    @classmethod
    def of(cls, path: str, block: Block, text: bytes) -> "Known":
        """Look at a block of a text."""
        mentions = tuple(sorted(_mentions(text[slice(*block.span)])))
        resource = (
            (block.labels[0], block.labels[1])
            if block.kind == "resource" and len(block.labels) == _TYPE_AND_NAME
            else None
        )
        address = ".".join(resource) if resource is not None else None
        if block.kind == "module" and len(block.labels) == 1:
            address = f"module.{block.labels[0]}"
        return cls(path, block, frozenset(_names(block)), mentions, resource, address)

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute of its body."""
        return self.block.body.attributes.get(name)


def _names(block: Block) -> Iterator[str]:
    match block.kind, block.labels:
        case "resource" | "data", (kind, name):
            yield f"{kind}.{name}"
        case "variable", (name,):
            yield f"var.{name}"
        case ("output" | "module") as kind, (name,):
            yield f"{kind}.{name}"
        case "locals", ():
            yield from (f"local.{name}" for name in block.body.attributes)
        case "tfvars", ():
            yield from (f"var.{name}" for name in block.body.attributes)
        case _:
            pass


def _mentions(text: bytes) -> Iterator[str]:
    for match in _DOTTED.finditer(text):
        steps = [step.decode("utf-8", "replace") for step in _STEP.findall(match.group())]
        yield from (f"{one}.{two}" for one, two in pairwise(steps))


class Mentions:
    """All blocks of one module. A block is named by its identity: one that is read again is another one."""

    def __init__(self) -> None:
        self.blocks: dict[int, Known] = {}
        self._users: dict[str, set[int]] = defaultdict(set)
        self._owners: dict[str, set[int]] = defaultdict(set)
        self._of_type: dict[str, set[int]] = defaultdict(set)

    def add(self, known: Known) -> None:
        """Add a block."""
        key = id(known.block)
        self.blocks[key] = known
        for name in known.mentions:
            self._users[name].add(key)
        for name in known.names:
            self._owners[name].add(key)
        if known.resource is not None:
            self._of_type[known.resource[0]].add(key)

    def remove(self, key: int) -> Known:
        """Take a block away and return it."""
        known = self.blocks.pop(key)
        for name in known.mentions:
            self._users[name].discard(key)
        for name in known.names:
            self._owners[name].discard(key)
        if known.resource is not None:
            self._of_type[known.resource[0]].discard(key)
        return known

    def of_type(self, kind: str) -> Collection[int]:
        """Return the resources of a type."""
        return self._of_type.get(kind, ())

    def users(self, names: Iterable[str]) -> set[int]:
        """Return the blocks that speak of things, directly or of something that is made of them."""
        return self._reached(names, self._users, lambda known: known.names)

    def direct_users(self, names: Iterable[str]) -> set[int]:
        """Return the blocks that speak of things, directly or through local values."""
        return self._reached(names, self._users, lambda known: known.names if known.block.kind == "locals" else ())

    def owners(self, names: Iterable[str]) -> set[int]:
        """Return the blocks that declare things, and those that declare what these speak of, and so on."""
        return self._reached(names, self._owners, lambda known: (*known.mentions, *known.names))

    def _reached(
        self, names: Iterable[str], table: Mapping[str, set[int]], leads_to: Callable[[Known], Iterable[str]]
    ) -> set[int]:
        """Return the blocks that names lead to in a table, and those that the names at these lead to."""
        found: set[int] = set()
        todo = list(names)
        seen = set(todo)
        while todo:
            for key in table.get(todo.pop(), ()):
                if key not in found:
                    found.add(key)
                    new = set(leads_to(self.blocks[key])) - seen
                    seen |= new
                    todo += new
        return found

    def resources_behind(self, known: Known) -> set[str]:
        """Return the things that a block speaks of, directly or through variables and local values."""
        found = set(known.mentions)
        todo = [name for name in found if name.startswith(_PASSING)]
        while todo:
            for key in self._owners.get(todo.pop(), ()):
                new = set(self.blocks[key].mentions) - found
                found |= new
                todo += [name for name in new if name.startswith(_PASSING)]
        return found

    def keys_of(self, names: Iterable[str]) -> set[int]:
        """Return the blocks that declare things."""
        return {key for name in names for key in self._owners.get(name, ())}


def points_at(known: Known, attribute: str, kind: str) -> str | None:
    """Return the name of the only resource of a type that an attribute can point at; None where that is not plain."""
    found = known.attribute(attribute)
    match found.value if found is not None else None:
        case Reference(_, (first, name, *_)) if first == kind and not name.startswith("["):
            return name
        case _:
            return None


def count_uses(
    counts: Counter[str],
    removed: Iterable[Known],
    added: Iterable[Known],
    is_passing: Callable[[str], bool] = lambda name: name.startswith(_PASSING),
) -> None:
    """Count by how much more what stands for something else is spoken of: variables and local values."""
    for known in removed:
        counts.subtract(name for name in known.mentions if is_passing(name))
    for known in added:
        counts.update(name for name in known.mentions if is_passing(name))
