"""Static checks of rules: what is written is accepted, references resolve, no two rules contradict."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Written
from setsquare.rules.binding import Binding, BoundLeaf, Unset
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.constraints import Contradiction, accepts_own_write, merged_write
from setsquare.rules.rule import (
    MISSING,
    Bound,
    Each,
    Excludes,
    FirstOperand,
    Leaf,
    MapOperand,
    Node,
    ParameterOperand,
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


def check_rules(catalogue: Catalogue) -> list[str]:
    """Return what is wrong with the rules of a catalogue, each fault naming its rule."""
    faults: list[str] = []
    for rule in catalogue.rules.values():
        faults += [f"{rule.id}: {fault}" for fault in _faults(rule, catalogue)]
    faults += _contradictions(catalogue)
    return faults


def _faults(rule: Rule, catalogue: Catalogue) -> Iterator[str]:
    for dialect in Dialect:
        if dialect not in rule.targets and dialect not in rule.unsupported:
            yield f"says nothing about {dialect.value}"
    for other in (*rule.implies, *rule.implied_by):
        if other not in catalogue.rules:
            yield f"names the rule {other}, which does not exist"
    yield from _parameter_faults(rule, catalogue)
    for dialect, target, resource, state in states(rule):
        if target.once is not None and (not target.anchors or target.name is None):
            yield f"{resource} is wanted once, but has no anchors and name"
        for path, leaf in leaves(state):
            fault = _leaf_fault(rule, leaf, catalogue, fixable=target.no_fix is None)
            if fault is not None:
                yield f"{dialect.value} {resource} {'.'.join(path)}: {fault}"


def _parameter_faults(rule: Rule, catalogue: Catalogue) -> Iterator[str]:
    used = {name for _, _, _, state in states(rule) for _, leaf in leaves(state) for name in _parameters(leaf)}
    for name in sorted(used - rule.parameters.keys()):
        yield f"uses the parameter {name}, which it does not declare"
    for parameter in rule.parameters.values():
        if parameter.type.startswith("enum(") and parameter.type[len("enum(") : -1] not in catalogue.orders:
            yield f"the type {parameter.type} of {parameter.name} names an order that does not exist"


def _parameters(leaf: Leaf) -> Iterator[str]:
    if leaf.requires is not None:
        yield leaf.requires
    operands: list[object] = [leaf.default, leaf.write]
    operands += [getattr(leaf.test, name) for name in leaf.test.__dataclass_fields__]
    todo = operands
    while todo:
        operand = todo.pop()
        match operand:
            case ParameterOperand(name):
                yield name
            case FirstOperand(options):
                todo += options
            case MapOperand(entries):
                todo += [value for _, value in entries]
            case tuple():
                todo += operand
            case _:
                pass


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
    if isinstance(value, DialectExpression):
        return []
    return [
        rule.id
        for rule in catalogue.rules.values()
        if name in rule.parameters and any(_refuses(rule, leaf, name, value, catalogue) for leaf in _all_leaves(rule))
    ]


def _all_leaves(rule: Rule) -> Iterable[Leaf]:
    return [leaf for _, _, _, state in states(rule) for _, leaf in leaves(state)]


def _refuses(rule: Rule, leaf: Leaf, name: str, value: Written, catalogue: Catalogue) -> bool:
    if name not in _parameters(leaf) or isinstance(leaf.test, Statement):
        return False
    binding = Binding(rule.parameters, lambda asked: value if asked == name else MISSING)
    bound = binding.leaf(leaf)
    if bound is None or isinstance(bound.write, Unset) or bound.write is MISSING:
        return False
    return not accepts_own_write(bound, catalogue.orders)


def _contradictions(catalogue: Catalogue) -> Iterator[str]:
    """Yield the pairs of rules whose unconditional demands on one path cannot both be met."""
    wanted: dict[tuple[Dialect, str, Path], list[tuple[str, BoundLeaf]]] = defaultdict(list)
    for rule in catalogue.rules.values():
        for dialect, target, resource, state in states(rule):
            if target.when is not None or target.no_fix is not None:
                continue
            for path, leaf in _plain_leaves(state, ()):
                bound = _sample_binding(rule).leaf(leaf)
                if bound is not None and not isinstance(bound.test, Statement | Excludes):
                    wanted[dialect, resource, path].append((rule.id, bound))
    for (dialect, resource, path), found in sorted(wanted.items(), key=lambda item: (item[0][0].value, item[0][1:])):
        rules = sorted({rule for rule, _ in found})
        if len(rules) > 1:
            try:
                merged_write([leaf for _, leaf in found], catalogue.orders)
            except Contradiction:
                where = f"{dialect.value} {resource} {'.'.join(path)}"
                files = ", ".join(catalogue.files.get(rule, rule) for rule in rules)
                yield f"rules {' and '.join(rules)} contradict at {where} ({files})"


def _plain_leaves(node: Node, path: Path) -> Iterator[tuple[Path, Leaf]]:
    match node:
        case Leaf():
            yield path, node
        case Properties(children, _, _, entry=None):
            for name, child in children:
                yield from _plain_leaves(child, (*path, name))
        case _:
            return
