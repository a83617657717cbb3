"""What the providers' schemas and the standards say, as far as the checks of the shipped rules need it.

``rules/facts`` and ``rules/frameworks`` are written by ``tools/generate.py``, ``rules/facts/modules.yaml`` by hand.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from setsquare.data import compose, plain
from setsquare.documents import Dialect
from setsquare.records import record

COMPUTED = "computed"
REPLACES = "replaces"
MAY_REPLACE = "may replace"
REQUIRED = "required"
_ABSENT = "not in "


def described(kind: str, words: Iterable[str]) -> str:
    """Return a fact as it is written: its kind, then what else is known of it."""
    return ", ".join((kind, *words))


@record
class Fact:
    """One path of a resource type.

    Attributes:
        kind: ``block``, ``blocks``, ``object``, ``objects``, ``map``, or the type of a value.
        values: the values of an enumeration; empty where any is allowed.
        computed: it cannot be set.
        replaces: setting it on a resource that exists makes a new one.
        may_replace: that depends.
        required: what it stands in cannot do without it.
        absent: the major versions of the provider that do not have it.

    """

    kind: str
    values: frozenset[str] = frozenset()
    computed: bool = False
    replaces: bool = False
    may_replace: bool = False
    required: bool = False
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Fact":
        """Return a fact from its text."""
        kind, *words = text.split(", ")
        name, _, values = kind.removesuffix(")").partition("(")
        is_enumeration = name == "string" and bool(values)
        return cls(
            name if is_enumeration else kind,
            frozenset(values.split("|")) if is_enumeration else frozenset(),
            computed=COMPUTED in words,
            replaces=REPLACES in words,
            may_replace=MAY_REPLACE in words,
            required=REQUIRED in words,
            absent=tuple(word.removeprefix(_ABSENT) for word in words if word.startswith(_ABSENT)),
        )


@record
class Framework:
    """The requirements of a standard: those that its owner or the cloud's owner maps, and those that only others do."""

    claimed: frozenset[str]
    mapped: frozenset[str]


@record
class Facts:
    """All facts; the paths of types are texts that ``Fact.read`` understands."""

    types: Mapping[Dialect, Mapping[str, Mapping[str, str]]]
    frameworks: Mapping[str, Framework] = field(default_factory=dict)

    @classmethod
    def of_folder(cls, folder: Path) -> "Facts":
        """Read the facts beside a folder of rules; what is not there is not known."""
        types = {dialect: _json(folder / "facts" / f"{dialect.value}.json") for dialect in Dialect}
        types[Dialect.TERRAFORM] = {**types[Dialect.TERRAFORM], **_modules(folder / "facts" / "modules.yaml")}
        frameworks = {path.stem: _framework(path) for path in sorted((folder / "frameworks").glob("*.yaml"))}
        return cls(types, frameworks)

    def knows(self, dialect: Dialect, resource: str) -> bool:
        """Whether anything is known about a resource type."""
        return resource in self.types[dialect]

    def of(self, dialect: Dialect, resource: str, path: tuple[str, ...]) -> Fact | None:
        """Return what is known about a path; None where the type has no such path."""
        text = self.types[dialect][resource].get(".".join(path))
        return Fact.read(text) if text is not None else None


def _json(path: Path) -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def _modules(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the inputs of public modules as paths of the types that calls of them have."""
    (document,) = compose(path.read_bytes()) if path.exists() else (None,)
    content = plain(document.root) if document is not None else {}
    return content if isinstance(content, dict) else {}


def _framework(path: Path) -> Framework:
    (document,) = compose(path.read_bytes())
    content = plain(document.root)
    table = content if isinstance(content, dict) else {}
    return Framework(frozenset(table.get("claimed") or ()), frozenset(table.get("mapped") or ()))
