"""Static checks of rules: what is written is accepted, references resolve, no two rules contradict."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import combinations

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Written
from setsquare.records import record
from setsquare.rules.binding import Binding, BoundLeaf, Unset, parameters_of
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.constraints import Contradiction, accepts_own_write, merged_write
from setsquare.rules.rule import (
    MISSING,
    Bound,
    Each,
    Excludes,
    Leaf,
    Missing,
    Node,
    Properties,
    Rule,
    Statement,
    Target,
)

Path = tuple[str, ...]


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """Yield all leaves of a tree with their paths."""
    match node:
        case Leaf():
            yield path, node
        case Properties(children, _, any_of):
            for name, child in children:
                yield from leaves(child, (*path, name))
            for option in any_of:
                yield from leaves(option, path)
        case Each(each):
            yield from leaves(each, path)


def states(rule: Rule) -> Iterator[tuple[Dialect, Target, str, Properties]]:
    """Yield every desired state of a rule with the resource type that carries it."""
    for dialect, targets in rule.targets.items():
        for target in targets:
            if target.state is not None:
                yield dialect, target, target.resource, target.state
            for companion in target.companions:
                yield dialect, target, companion.resource, companion.state


def trees(rule: Rule) -> Iterator[tuple[Dialect, str, Node]]:
    """Yield every tree of a rule, conditions included, with the resource type that it speaks of."""
    for dialect, _, resource, state in states(rule):
        yield dialect, resource, state
    for dialect, targets in rule.targets.items():
        for target in targets:
            yield from ((dialect, target.resource, tree) for tree in (target.when, rule.impact.replaces_when) if tree)


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the properties right below a node, by name."""
    match node:
        case Properties(named, _, any_of):
            yield from named
            for option in any_of:
                yield from children(option)
        case Each(each, where):
            yield from children(each)
            yield from children(where) if where is not None else ()
        case Leaf():
            pass


@record(order=True)
class Fault:
    """Something wrong with a rule.

    ``steps`` say where in the rule's file it is: keys, and resource types for the targets in a list.
    """

    rule: str
    message: str
    steps: Path = ()

    def __str__(self) -> str:
        """Return e.g. ``aws-s3-logging: terraform aws_s3_bucket logging: ..``."""
        where = f"{' '.join((*self.steps[:2], '.'.join(self.steps[2:]))).strip()}: " if self.steps else ""
        return f"{self.rule}: {where}{self.message}"


def faults_of(rule: Rule, catalogue: Catalogue) -> Iterator[Fault]:
    """Yield what is wrong with one rule of a catalogue, other rules apart."""
    for dialect in Dialect:
        if dialect not in rule.targets and dialect not in rule.unsupported:
            yield Fault(rule.id, f"says nothing about {dialect.value}")
    for name, others in (("implies", rule.implies), ("implied_by", rule.implied_by)):
        for other in others:
            if other not in catalogue.rules:
                yield Fault(rule.id, f"names the rule {other}, which does not exist", (name,))
    yield from _parameter_faults(rule, catalogue)
    for dialect, target, resource, state in states(rule):
        if target.once is not None and (not target.anchors or target.name is None):
            yield Fault(rule.id, "is wanted once, but has no anchors and name", (dialect.value, resource))
        for path, leaf in leaves(state):
            fault = _leaf_fault(rule, leaf, catalogue, fixable=target.no_fix is None)
            if fault is not None:
                yield Fault(rule.id, fault, (dialect.value, resource, *path))


def _parameter_faults(rule: Rule, catalogue: Catalogue) -> Iterator[Fault]:
    used = {name for _, _, _, state in states(rule) for _, leaf in leaves(state) for name in parameters_of(leaf)}
    for name in sorted(used - rule.parameters.keys()):
        yield Fault(rule.id, f"uses the parameter {name}, which it does not declare")
    for parameter in rule.parameters.values():
        steps = ("parameters", parameter.name)
        if parameter.type.startswith("enum(") and parameter.type[len("enum(") : -1] not in catalogue.orders:
            yield Fault(rule.id, f"the type {parameter.type} names an order that does not exist", steps)
        for other in catalogue.rules.values():
            kind = other.parameters[parameter.name].type if parameter.name in other.parameters else parameter.type
            if kind != parameter.type:
                yield Fault(rule.id, f"is of type {parameter.type} here and of type {kind} in {other.id}", steps)
                break


def _leaf_fault(rule: Rule, leaf: Leaf, catalogue: Catalogue, *, fixable: bool) -> str | None:
    if isinstance(leaf.test, Bound) and leaf.test.order not in (None, "version", *catalogue.orders):
        return f"the order {leaf.test.order} does not exist"
    if isinstance(leaf.test, Statement) or not fixable:
        return None
    bound = _sample_binding(rule).leaf(leaf)
    if bound is None or isinstance(bound.write, Unset) or bound.write is MISSING:
        return None
    if not accepts_own_write(bound, catalogue.orders):
        return f"writes {bound.write!r}, which it does not accept"
    return None


def _sample_binding(rule: Rule) -> Binding:
    return Binding(rule.parameters, lambda _name: MISSING)


def refused_parameters(catalogue: Catalogue, name: str, value: Written) -> list[str]:
    """Return the rules that would write a parameter's value and not accept it."""
    return _refusing(catalogue, name, value, value)


def looser_parameters(catalogue: Catalogue, name: str, outer: Written, inner: Written) -> list[str]:
    """Return the rules that, under the outer value of a parameter, would not accept what they write under the inner."""
    return _refusing(catalogue, name, outer, inner)


def _refusing(catalogue: Catalogue, name: str, accepted: Written, written: Written) -> list[str]:
    if isinstance(written, DialectExpression) or isinstance(accepted, DialectExpression):
        return []
    refusing: list[str] = []
    for rule in catalogue.rules.values():
        judging = Binding(rule.parameters, lambda asked: accepted if asked == name else MISSING)
        writing = Binding(rule.parameters, lambda asked: written if asked == name else MISSING)
        pairs = ((judging.leaf(leaf), writing.leaf(leaf)) for leaf in _leaves_with(rule, name))
        if any(_refuses(judge, writer, catalogue) for judge, writer in pairs):
            refusing.append(rule.id)
    return refusing


def _leaves_with(rule: Rule, parameter: str) -> Iterator[Leaf]:
    if parameter in rule.parameters:
        for _, _, _, state in states(rule):
            for _, leaf in leaves(state):
                if parameter in parameters_of(leaf):
                    yield leaf


def _refuses(judge: BoundLeaf | None, writer: BoundLeaf | None, catalogue: Catalogue) -> bool:
    if judge is None or writer is None:
        return False
    return not accepts_own_write(replace(judge, write=writer.write), catalogue.orders)


def contradictions(
    catalogue: Catalogue,
    policy_value: Callable[[str, Dialect], Written | Missing] = lambda _name, _dialect: MISSING,
    among: Collection[str] | None = None,
) -> Iterator[Fault]:
    """Yield the pairs of rules whose demands on one path cannot both be met although their conditions can.

    Conditions that are equal, and one that is not there, can be met together; of others nothing is said.

    Args:
        catalogue: the rules.
        policy_value: the value of a parameter in a dialect; MISSING where the policy sets none.
        among: only pairs with one of these rules.

    """
    wanted: dict[tuple[str, str, Path], list[_Demand]] = defaultdict(list)
    for rule in catalogue.rules.values():
        for dialect, target, resource, state in states(rule):
            if target.no_fix is not None:
                continue
            binding = _binding(rule, policy_value, dialect)
            for path, leaf in _plain_leaves(state, ()):
                bound = binding.leaf(leaf)
                if bound is not None and not isinstance(bound.test, Statement | Excludes):
                    wanted[dialect.value, resource, path].append(_Demand(rule.id, target.when, bound))
    for (written, resource, path), demands in sorted(wanted.items(), key=lambda item: item[0]):
        for one, other in combinations(demands, 2):
            if one.rule != other.rule and (among is None or one.rule in among or other.rule in among):
                yield from _contradiction(catalogue, one, other, (written, resource, *path), among or ())


def _binding(rule: Rule, policy_value: Callable[[str, Dialect], Written | Missing], dialect: Dialect) -> Binding:
    return Binding(rule.parameters, lambda name: policy_value(name, dialect))


@record
class _Demand:
    rule: str
    when: Properties | None
    leaf: BoundLeaf


def _contradiction(
    catalogue: Catalogue, one: _Demand, other: _Demand, steps: Path, among: Collection[str]
) -> Iterator[Fault]:
    if one.when is not None and other.when is not None and one.when != other.when:
        return
    try:
        merged_write([one.leaf, other.leaf], catalogue.orders)
    except Contradiction:
        blamed, second = (one, other) if one.rule in among else (other, one)
        file = catalogue.files.get(second.rule, second.rule)
        yield Fault(blamed.rule, f"contradicts the rule {second.rule} ({file})", steps)


def _plain_leaves(node: Node, path: Path) -> Iterator[tuple[Path, Leaf]]:
    match node:
        case Leaf():
            yield path, node
        case Properties(children, _, _, entry=None):
            for name, child in children:
                yield from _plain_leaves(child, (*path, name))
        case _:
            return
