"""Static checks of rules against what the providers' schemas and the standards say."""

from collections.abc import Iterator

from setsquare.documents import Dialect
from setsquare.records import record
from setsquare.rules.binding import Binding, Unset
from setsquare.rules.checks import Fault, Path, children
from setsquare.rules.facts import Fact, Facts
from setsquare.rules.rule import (
    MISSING,
    Companion,
    Contains,
    Each,
    ImpactLevel,
    Is,
    IsAbsent,
    IsPresent,
    IsSet,
    Leaf,
    Missing,
    Node,
    OneOf,
    Operand,
    Properties,
    Rule,
    Statement,
    Target,
)

_FREE = ("map", "any")
_REPLACING = (ImpactLevel.REPLACES, ImpactLevel.DATA_LOSS)


def schema_faults(rule: Rule, facts: Facts, *, is_own: bool = False) -> Iterator[Fault]:
    """Yield where a rule is at odds with the providers' schemas, or claims requirements that do not exist.

    An organisation's own rule (``is_own``) may speak of types and frameworks that nothing is known about.
    """
    yield from _framework_faults(rule, facts, is_own=is_own)
    for dialect, targets in rule.targets.items():
        for target in targets:
            yield from _Target(rule, dialect, target, facts, is_own).faults()


def _framework_faults(rule: Rule, facts: Facts, *, is_own: bool) -> Iterator[Fault]:
    for key, table in (("frameworks", rule.frameworks), ("also_relevant", rule.also_relevant)):
        for name, ids in table.items():
            if name not in facts.frameworks:
                if not is_own:
                    yield Fault(rule.id, f"{name} is no framework of rules/frameworks", (key, name))
                continue
            framework = facts.frameworks[name]
            for requirement in ids:
                if requirement not in framework.claimed | framework.mapped:
                    yield Fault(rule.id, f"{requirement} is no requirement of {name}", (key, name))
                elif key == "frameworks" and requirement not in framework.claimed:
                    yield Fault(
                        rule.id, f"{requirement} is mapped by others only: put it under also_relevant", (key, name)
                    )


@record
class _Target:
    rule: Rule
    dialect: Dialect
    target: Target
    facts: Facts
    is_own: bool

    def faults(self) -> Iterator[Fault]:
        target = self.target
        yield from self._type_faults(target.resource, target.when, is_state=False)
        yield from self._type_faults(target.resource, target.state, is_state=True)
        if target.state is not None and self.facts.knows(self.dialect, target.resource):
            yield from self._impact_faults(target.state)
        for anchor in target.anchors:
            yield from self._type_faults(anchor, None, is_state=False)
        for companion in target.companions:
            yield from self._type_faults(companion.resource, companion.state, is_state=True)
            yield from self._link_faults(companion)

    def _fault(self, resource: str, path: Path, message: str) -> Fault:
        return Fault(self.rule.id, message, (self.dialect.value, resource, *path))

    def _type_faults(self, resource: str, tree: Node | None, *, is_state: bool) -> Iterator[Fault]:
        if not self.facts.knows(self.dialect, resource):
            if is_state and not self.is_own:
                yield self._fault(resource, (), "rules/facts say nothing about this type: run tools/generate.py facts")
        elif tree is not None:
            yield from self._node_faults(resource, tree, (), is_state=is_state)

    # ------------------------------------------------------------- paths

    def _node_faults(self, resource: str, node: Node, path: Path, *, is_state: bool) -> Iterator[Fault]:
        match node:
            case Properties(children, _, any_of):
                for name, child in children:
                    yield from self._property_faults(resource, child, (*path, name), is_state=is_state)
                for option in any_of:
                    yield from self._node_faults(resource, option, path, is_state=is_state)
            case Each(each, where):
                yield from self._node_faults(resource, each, path, is_state=is_state)
                if where is not None:
                    yield from self._node_faults(resource, where, path, is_state=False)
            case Leaf():
                pass

    def _property_faults(self, resource: str, node: Node, path: Path, *, is_state: bool) -> Iterator[Fault]:
        fact = self.facts.of(self.dialect, resource, path)
        if fact is None:
            yield self._fault(resource, path, "the schema has no such property")
            return
        if is_state and fact.computed:
            yield self._fault(resource, path, "this property cannot be set")
        if is_state and fact.absent and self._may_create(node, path):
            yield self._fault(
                resource, path, f"version {' and '.join(fact.absent)} of the provider has no such property"
            )
        shape = _shape_fault(node, fact, self.dialect)
        if shape is not None:
            yield self._fault(resource, path, shape)
        if isinstance(node, Leaf):
            yield from self._value_faults(resource, node, fact, path)
        elif not fact.kind.startswith(_FREE):
            yield from self._node_faults(resource, node, path, is_state=is_state)

    def _may_create(self, node: Node, path: Path) -> bool:
        """Whether a fix may bring in a property of which neither the condition nor the state says that it is there."""
        is_there = isinstance(node, Properties) and node.if_present
        known = {name for name, _ in children(self.target.when)} if self.target.when is not None else set()
        return self.target.no_fix is None and not is_there and path[0] not in known

    def _value_faults(self, resource: str, leaf: Leaf, fact: Fact, path: Path) -> Iterator[Fault]:
        named: list[Operand | Missing] = [leaf.write, leaf.default]
        match leaf.test:
            case Is(value):
                named.append(value)
            case OneOf(tuple() as values):
                named += values
            case _:
                pass
        for option in named:
            if fact.values and isinstance(option, str) and option not in fact.values:
                yield self._fault(resource, path, f"the schema does not know the value {option!r}")

    # ------------------------------------------------------------- impact and links

    def _impact_faults(self, state: Properties) -> Iterator[Fault]:
        level = self.target.impact or self.rule.impact.levels[self.dialect]
        if self.target.no_fix is not None or level in _REPLACING or self.rule.impact.replaces_when is not None:
            return
        for path in _written_paths(self.rule, state, ()):
            fact = self.facts.of(self.dialect, self.target.resource, path)
            if fact is not None and fact.replaces:
                yield self._fault(self.target.resource, path, f"replaces the resource, but the impact is {level.value}")

    def _link_faults(self, companion: Companion) -> Iterator[Fault]:
        attribute, primary = companion.link
        ends = [(companion.resource, attribute), *((self.target.resource, name) for name in primary if name != "Ref")]
        ends += [(companion.resource, companion.document)] if companion.document is not None else []
        for resource, name in ends:
            path = tuple(name.split("."))
            if self.facts.knows(self.dialect, resource) and self.facts.of(self.dialect, resource, path) is None:
                yield self._fault(companion.resource, (), f"{resource} has no property {name}")


def _shape_fault(node: Node, fact: Fact, dialect: Dialect) -> str | None:
    """Return what is wrong with a node where the schema has a block, a list of blocks, or a value."""
    many = fact.kind in ("blocks", "objects") or fact.kind.endswith("(object)")
    structured = many or fact.kind in ("block", "object") or fact.kind.startswith(_FREE)
    match node:
        case Leaf(IsAbsent() | IsPresent() | IsSet() | Statement() | Contains()):
            return None
        case Leaf():
            return f"this is no value but {_named(fact)}" if structured and fact.kind not in _FREE else None
        case Each():
            return None if many or fact.kind in ("array", *_FREE) else f"this is no list of blocks but {_named(fact)}"
        case Properties() if not structured:
            return f"this is no block but {_named(fact)}"
        case Properties(as_list=True) if fact.kind == "object":
            return "this is one object, no list of them"
        case Properties(as_list=False, entry=None) if dialect is Dialect.CLOUDFORMATION and fact.kind == "objects":
            return "this is a list of objects, which $list: true, $each or $entry says"
        case _:
            return None


def _named(fact: Fact) -> str:
    return {
        "block": "a block",
        "blocks": "a repeated block",
        "object": "an object",
        "objects": "a list of objects",
    }.get(fact.kind, f"a value of type {fact.kind}")


def _written_paths(rule: Rule, node: Node, path: Path) -> Iterator[Path]:
    """Yield the paths at which a fix may write."""
    match node:
        case Leaf():
            bound = Binding(rule.parameters, lambda _name: MISSING).leaf(node)
            unwritten = bound is not None and bound.write is MISSING and not isinstance(node.test, IsAbsent)
            if not unwritten or (bound is not None and isinstance(bound.write, Unset)):
                yield path
        case Properties(children, _, any_of):
            for name, child in children:
                yield from _written_paths(rule, child, (*path, name))
            for option in any_of[:1]:
                yield from _written_paths(rule, option, path)
        case Each(each):
            yield from _written_paths(rule, each, path)
