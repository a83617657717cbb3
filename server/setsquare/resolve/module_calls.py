"""Calls between Terraform modules: which folder a call means, how often it is called, and with which arguments."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

from setsquare.model import (
    MODULE_TYPE,
    Attribute,
    Block,
    ConfigurationFile,
    Expression,
    Literal,
    Place,
    Reference,
    Value,
)
from setsquare.records import record
from setsquare.resolve.expressions import references
from setsquare.resolve.terraform_index import Index
from setsquare.text import Span

MAX_NESTING = 32
"""How deep modules may call each other; what is called deeper is not known."""
MAX_KEYS = 32
"""Up to how many keys of ``for_each`` each has a call of its own; more are one call with all their values."""
SWITCHES = ("create", *(f"create_{what}" for what in ("bucket", "cluster", "db_instance", "lb", "table", "vpc")))
"""The arguments by which public modules are told to make nothing."""
_REGISTRY = re.compile(r"(?:registry\.(?:terraform\.io|opentofu\.org)/)?((?:[\w-]+/){2}[\w-]+(?://[\w./-]+)?)")
Owner: TypeAlias = tuple[str, str]
"""What gives a value a name in a module: (``local`` | ``var`` | ``output``, name), (``module m``, argument)."""


User: TypeAlias = tuple[str, Owner | None, Reference]
"""A reference in a file, and the name that its value is given there: none in a resource or data source."""


@dataclass(frozen=True)
class ModuleFolder:
    """One folder of Terraform files as read; all modules that are made of it share it.

    Attributes:
        path: the folder.
        index: what its files declare.
        texts: the bytes of its files.
        broken: the files that could not be read whole.
        is_left_out: it is not among what is checked (a tool downloaded it, git ignores it), so nothing in it is edited.

    """

    path: str
    index: Index
    texts: Mapping[str, bytes]
    broken: tuple[str, ...]
    is_left_out: bool = False

    @cached_property
    def users(self) -> dict[Owner, list[User]]:
        """The references to each variable, local value and module (``("module", "m")``)."""
        found: dict[Owner, list[User]] = {}
        for path, kind, name, expression in self.index.expressions():
            if kind != "module":
                _add(found, path, (kind, name) if kind in ("local", "output") else None, expression)
        for name, (path, block) in self.index.modules.items():
            for attribute in block.body.attributes.values():
                _add(found, path, (f"module {name}", attribute.name), attribute.value)
        return found

    @classmethod
    def of(
        cls,
        path: str,
        files: Sequence[ConfigurationFile],
        texts: Mapping[str, bytes],
        *,
        is_left_out: bool = False,
    ) -> "ModuleFolder":
        """Return a folder from its files as read."""
        broken = tuple(sorted(file.path for file in files if file.problems))
        return cls(path, Index(files), texts, broken, is_left_out)


def _add(found: dict[Owner, list[User]], path: str, user: Owner | None, expression: Expression) -> None:
    for reference in references(expression):
        if reference.path[0] in ("var", "local", "module") and len(reference.path) > 1:
            found.setdefault((reference.path[0], reference.path[1]), []).append((path, user, reference))


class Folders(Protocol):
    """What the modules of a workspace are read from: the only way to files outside a module's own folder."""

    def at(self, path: str) -> ModuleFolder | None:
        """Return a folder (absolute, normalised); None where it is outside the workspace or holds no Terraform."""

    def downloaded(self, root: str, key: str) -> str | None:
        """Return the folder that ``.terraform/modules/modules.json`` below a root module names for a call.

        ``key`` is the names of the calls that lead there, as ``a.b``.
        """


class NoFolders:
    """A world without any other folder."""

    def at(self, _path: str) -> ModuleFolder | None:
        """Return no folder."""
        return None

    def downloaded(self, _root: str, _key: str) -> str | None:
        """Return no folder."""
        return None


@record
class Call:
    """One call of a module, or one of the calls that a ``for_each`` makes.

    Attributes:
        name: of the module block.
        key: of ``for_each``, where each key is a call of its own.
        path: the file of the module block.
        block: the module block.
        argument: what an argument means in the caller, given the way that led there; None where it is not given.
        instances: how many modules this call stands for; None where that is not known.

    """

    name: str
    key: str | None
    path: str
    block: Block
    argument: Callable[[str, tuple[str, ...]], Value | None]
    instances: int | None = 1

    @property
    def address(self) -> str:
        """What the addresses of all that stands in the called module continue with: ``module.m.``."""
        key = "" if self.key is None else f'["{self.key}"]'
        return f"module.{self.name}{key}."

    @property
    def place(self) -> Place:
        """The type and name of the module block."""
        return Place(self.path, self.block.header)

    @property
    def span(self) -> Span:
        """The whole module block."""
        return self.block.span


def source_of(block: Block) -> Attribute | None:
    """Return the ``source`` of a module block, where it is written as plain text."""
    source = block.body.attributes.get("source")
    written = source is not None and isinstance(source.value, Literal) and isinstance(source.value.value, str)
    return source if written else None


def source_text(block: Block) -> str:
    """Return the ``source`` of a module block; empty where it is not plain text."""
    source = source_of(block)
    return str(source.value.value) if source is not None and isinstance(source.value, Literal) else ""


def is_local(source: str) -> bool:
    """Whether a source is a folder beside the caller."""
    return source.startswith(("./", "../")) or source in (".", "..")


def local_folder(root: str, source: str) -> str:
    """Return the folder that a local source means in a module at ``root``."""
    return posixpath.normpath(posixpath.join(root, source))


def registry_type(source: str) -> str:
    """Return the type of a call of a module of the public registry, by which rules name it; empty for others."""
    found = _REGISTRY.fullmatch(source)
    return f"{MODULE_TYPE}{found.group(1)}" if found is not None else ""
