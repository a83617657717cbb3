"""The rules that are in force, by id, by resource type, by the peers' ids."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property

from setsquare.documents import Dialect
from setsquare.model import MODULE_TYPE
from setsquare.rules.compiled import Shipped, shipped
from setsquare.rules.rule import Each, IsAbsent, IsSecret, Leaf, Node, Properties, Rule, Statement, Target

Written = tuple[Rule, Target]


class Catalogue:
    """A set of rules. Iteration is by id, so that nothing depends on the order of files."""

    def __init__(self, content: Shipped) -> None:
        self.rules: dict[str, Rule] = {rule.id: rule for rule in sorted(content.rules, key=lambda rule: rule.id)}
        self.orders = content.orders
        self.files = content.files
        self.hash = content.digest
        self._content = content

    @staticmethod
    @cache
    def shipped() -> "Catalogue":
        """Return the catalogue of this installation."""
        return Catalogue(shipped())

    def extended(self, rules: Mapping[str, Rule], digest: str) -> "Catalogue":
        """Return a catalogue with an organisation's own rules, by file; one with a known id takes its place."""
        merged = {**self.rules, **{rule.id: rule for rule in rules.values()}}
        files = {**self.files, **{rule.id: path for path, rule in rules.items()}}
        digest = f"{self.hash}+{digest}"
        return Catalogue(replace(self._content, rules=tuple(merged.values()), files=files, digest=digest))

    def only(self, keep: Callable[[Rule], bool]) -> "Catalogue":
        """Return a catalogue with some of the rules."""
        return Catalogue(replace(self._content, rules=tuple(filter(keep, self.rules.values()))))

    # ------------------------------------------------------------- by type

    @cached_property
    def _by_type(self) -> dict[tuple[Dialect, str], tuple[Written, ...]]:
        found: dict[tuple[Dialect, str], list[Written]] = defaultdict(list)
        for rule in self.rules.values():
            for dialect, targets in rule.targets.items():
                for target in targets:
                    found[dialect, target.resource].append((rule, target))
        return {key: tuple(value) for key, value in found.items()}

    def for_type(self, dialect: Dialect, resource_type: str) -> tuple[Written, ...]:
        """Return the targets for a resource type, with their rules, by rule id."""
        return self._by_type.get((dialect, resource_type), ())

    @cached_property
    def _types(self) -> dict[Dialect, frozenset[str]]:
        return {dialect: frozenset(self._mentioned(dialect)) for dialect in Dialect}

    def types(self, dialect: Dialect) -> frozenset[str]:
        """Return the resource types that rules name: primaries, companions and anchors."""
        return self._types[dialect]

    def _mentioned(self, dialect: Dialect) -> Iterator[str]:
        for rule in self.rules.values():
            for target in rule.targets.get(dialect, ()):
                yield target.resource
                yield from target.anchors
                yield from (companion.resource for companion in target.companions)

    @cached_property
    def _singletons(self) -> dict[Dialect, tuple[Written, ...]]:
        return {
            dialect: tuple(
                (r, t) for r in self.rules.values() for t in r.targets.get(dialect, ()) if t.once is not None
            )
            for dialect in Dialect
        }

    def singletons(self, dialect: Dialect) -> tuple[Written, ...]:
        """Return the targets that must be there once."""
        return self._singletons[dialect]

    # ------------------------------------------------------------- names and shapes

    @cached_property
    def _written_names(self) -> dict[tuple[Dialect, str, tuple[str, ...]], frozenset[str]]:
        found: dict[tuple[Dialect, str, tuple[str, ...]], set[str]] = defaultdict(set)
        for rule in self.rules.values():
            for dialect, targets in rule.targets.items():
                for target in targets:
                    if target.no_fix is not None:
                        continue
                    states = [(target.resource, target.state)] if target.state is not None else []
                    states += [(companion.resource, companion.state) for companion in target.companions]
                    for resource, state in states:
                        for path, name in _names(state, ()):
                            found[dialect, resource, path].add(name)
        return {key: frozenset(value) for key, value in found.items()}

    def written_names(self, dialect: Dialect, resource_type: str, path: tuple[str, ...]) -> frozenset[str]:
        """Return the names that some rule may write in the body at a path."""
        return self._written_names.get((dialect, resource_type, path), frozenset())

    def is_attribute(self, resource_type: str, path: tuple[str, ...]) -> bool:
        """Whether a Terraform path is an attribute of object type, no nested block; modules take no blocks."""
        known = self._content.object_attributes.get(resource_type, ())
        return resource_type.startswith(MODULE_TYPE) or ".".join(path) in known

    def required(self, dialect: Dialect, resource_type: str, path: tuple[str, ...]) -> frozenset[str]:
        """Return the members that a new body at a path cannot do without."""
        return frozenset(self._content.required.get(dialect.value, {}).get(resource_type, {}).get(".".join(path), ()))

    # ------------------------------------------------------------- the peers' ids

    @cached_property
    def _aliases(self) -> dict[tuple[str, str], tuple[tuple[str, str | None], ...]]:
        found: dict[tuple[str, str], list[tuple[str, str | None]]] = defaultdict(list)
        for rule in self.rules.values():
            for tool, ids in rule.aliases.items():
                for alias in ids:
                    name, _, path = alias.partition("#")
                    found[tool, name].append((rule.id, path or None))
        return {key: tuple(value) for key, value in found.items()}

    def aliased(self, tool: str, identifier: str) -> tuple[tuple[str, str | None], ...]:
        """Return the (rule id, path) pairs that a peer's id stands for; None as path means all of the rule."""
        return self._aliases.get((tool, identifier), ())


def _names(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names that a fix may put into a body; what is only removed, or looked through, is never put there."""
    match node:
        case Properties(children, _, any_of, entry=entry):
            if entry is not None:
                yield path, entry[0]
            for name, child in children:
                if _is_written(child):
                    yield path, name
                yield from _names(child, (*path, name))
            for option in any_of:
                yield from _names(option, path)
        case Each(each):
            yield from _names(each, path)
        case Leaf():
            pass


def _is_written(node: Node) -> bool:
    match node:
        case Leaf(test):
            return not isinstance(test, IsAbsent | IsSecret) and not (isinstance(test, Statement) and not test.wanted)
        case Properties(if_present=True) | Each():
            return False
        case Properties(children, _, any_of):
            return any(_is_written(child) for _, child in children) or any(_is_written(option) for option in any_of)
