"""A desired state against a configuration: one outcome for each leaf and each origin of its value."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from setsquare.findings import Verdict
from setsquare.logic import every, negated, some, unanimous
from setsquare.model import Absent, Known, Opaque, Origin, Place, Scalar, Sequence, Structure, Value
from setsquare.records import record
from setsquare.rules.binding import Binding, BoundLeaf
from setsquare.rules.constraints import Orders, accepts, number, separated
from setsquare.rules.rule import CoversPort, Each, IsPresent, Leaf, Node, Properties, Statement

_ALL_PROTOCOLS = ("-1", "all")
_TCP = ("tcp", "6")
_PORTS = (0, 65535)


class Step(NamedTuple):
    """One name on the way from an existing structure to a leaf that is not there.

    ``attribute``: in Terraform the name is an attribute of object type, not a nested block.
    """

    name: str
    as_list: bool = False
    entry: tuple[str, Scalar] | None = None
    attribute: bool = False


@record
class Site:
    """Where a leaf stands or would stand.

    Attributes:
        structure: the nearest structure that exists; None in a resource that does not exist yet.
        steps: the names from there to the leaf, the leaf's own name last.
        null: the explicit null or empty list that stands at the first step, if any.
        items: the existing list that a new keyed entry joins, if any.

    """

    structure: Structure | None
    steps: tuple[Step, ...]
    null: Place | None = None
    items: Sequence | None = None

    def child(self, step: Step) -> "Site":
        """Return the site one name deeper, below something that is not there."""
        return replace(self, steps=(*self.steps, step))


class DocumentVerdict(NamedTuple):
    """Whether an IAM document satisfies a statement test, and the origin that decides."""

    accepted: bool | None
    origin: Origin


@record
class Outcome:
    """The verdict on one leaf for one origin of its value.

    ``instances``: the keys of the instances that it is about, where the block has several that are told apart.
    """

    path: tuple[str, ...]
    verdict: Verdict
    leaf: BoundLeaf
    origin: Origin
    site: Site
    value: Value = ()
    instances: tuple[str, ...] = ()


DocumentJudge = Callable[[Statement, Origin], tuple[DocumentVerdict, ...]]
IsAttribute = Callable[[tuple[str, ...]], bool]

_VERDICT = {True: Verdict.SATISFIED, False: Verdict.VIOLATED, None: Verdict.UNKNOWN}


class Evaluator:
    """Evaluates the nodes of one target of one rule."""

    def __init__(
        self,
        binding: Binding,
        orders: Orders,
        judge_document: DocumentJudge,
        is_attribute: IsAttribute = lambda _path: False,
    ) -> None:
        self._binding = binding
        self._orders = orders
        self._judge_document = judge_document
        self._is_attribute = is_attribute

    # ------------------------------------------------------------- states

    def state(
        self, node: Properties, structure: Structure, prefix: tuple[Step, ...] = (), null: Place | None = None
    ) -> list[Outcome]:
        """Evaluate a state against a resource.

        Args:
            node: the desired state.
            structure: the resource's configuration.
            prefix: names that must be created first (``Properties`` of a template resource that has none).
            null: the explicit null that stands at the first of these names.

        """
        if prefix:
            return list(self._node(node, (Absent(),), Site(structure, prefix, null), ()))
        return list(self._node(node, (structure,), Site(structure, ()), ()))

    def missing_state(self, node: Properties) -> list[Outcome]:
        """Evaluate a state against a resource that does not exist."""
        return list(self._node(node, (Absent(),), Site(None, ()), ()))

    def _node(self, node: Node, value: Value, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        match node:
            case Leaf():
                yield from self._leaf(node, value, site, path)
            case Properties():
                yield from self._properties(node, value, site, path)
            case Each():
                yield from self._each(node, value, site, path)

    def _leaf(self, node: Leaf, value: Value, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        leaf = self._binding.leaf(node)
        if leaf is None:
            return
        for written in value:
            origin = separated(leaf.test, written)
            here = replace(site, null=origin.place) if isinstance(origin, Absent) and origin.place else site
            if isinstance(leaf.test, Statement) and not isinstance(origin, Absent):
                for verdict in self._judge_document(leaf.test, origin):
                    yield Outcome(path, _VERDICT[verdict.accepted], leaf, verdict.origin, here, value)
            else:
                accepted = accepts(leaf, origin, self._orders)
                if isinstance(leaf.test, Statement):
                    accepted = not leaf.test.wanted
                yield Outcome(path, _VERDICT[accepted], leaf, origin, here, value)

    def _properties(self, node: Properties, value: Value, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        if node.entry is not None:
            yield from self._entry(node, node.entry, value, site, path)
            return
        for origin in value:
            match origin:
                case Structure():
                    yield from self._children(node, origin, path)
                case Absent() | Sequence(items=(), complete=True):
                    if not node.if_present:
                        null = site.null if site.null or site.structure is None else _null_of(origin)
                        yield from self._absent_children(node, replace(site, null=null), path)
                case Sequence(items=items):
                    for index, item in enumerate(items):
                        yield from self._properties(node, item, site, _indexed(path, index, len(items)))
                    if not origin.complete:
                        yield from self._unknown(node, Opaque(origin.place, ""), site, path)
                case _:
                    yield from self._unknown(node, origin, site, path)

    def _children(self, node: Properties, structure: Structure, path: tuple[str, ...]) -> Iterator[Outcome]:
        for name, child in node.children:
            site = Site(structure, (self._step(child, name, path),))
            yield from self._node(child, structure.lookup(name), site, (*path, name))
        yield from self._alternatives(node, (structure,), Site(structure, ()), path)

    def _absent_children(self, node: Properties, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        for name, child in node.children:
            yield from self._node(child, (Absent(),), site.child(self._step(child, name, path)), (*path, name))
        yield from self._alternatives(node, (Absent(),), site, path)

    def _step(self, node: Node, name: str, path: tuple[str, ...]) -> Step:
        if isinstance(node, Properties):
            attribute = self._is_attribute((*(part for part in path if not part.startswith("[")), name))
            return Step(name, node.as_list, node.entry, attribute)
        return Step(name)

    def _alternatives(self, node: Properties, value: Value, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        """Yield the outcomes of the best alternative; of several that are as good, of the first."""
        options = [list(self._node(option, value, site, path)) for option in node.any_of]
        if options:
            yield from min(options, key=lambda outcomes: max((o.verdict for o in outcomes), default=Verdict.SATISFIED))

    def _entry(
        self,
        node: Properties,
        entry: tuple[str, Scalar],
        value: Value,
        site: Site,
        path: tuple[str, ...],
    ) -> Iterator[Outcome]:
        rest = replace(node, entry=None, as_list=False)
        key, wanted = entry
        named = (*path, f"[{wanted}]")
        for origin in value:
            match origin:
                case Absent():
                    if not node.if_present:
                        yield from self._absent_children(rest, replace(site, null=site.null or origin.place), named)
                case Sequence(items=items, complete=complete):
                    answers = [_names(item, key, wanted) for item in items]
                    there = [item for item, answer in zip(items, answers, strict=True) if answer]
                    for item in there:
                        yield from self._properties(rest, item, site, named)
                    if there:
                        continue
                    if None in answers or not complete:
                        yield from self._unknown(rest, Opaque(origin.place, ""), site, named)
                    elif node.if_present:
                        continue
                    elif items:
                        yield from self._absent_children(rest, replace(site, items=origin), named)
                    else:
                        yield from self._absent_children(rest, replace(site, null=_null_of(origin)), named)
                case Structure() if _names((origin,), key, wanted):
                    yield from self._children(rest, origin, named)
                case _:
                    yield from self._unknown(rest, origin, site, named)

    def _each(self, node: Each, value: Value, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        for origin in value:
            match origin:
                case Absent():
                    pass
                case Structure():
                    yield from self._element(node, origin, path)
                case Sequence(items=items, complete=complete):
                    for index, item in enumerate(items):
                        for element in item:
                            at = _indexed(path, index, len(items))
                            if isinstance(element, Structure):
                                yield from self._element(node, element, at)
                            elif isinstance(node.each, Leaf) and not isinstance(element, Absent):
                                yield from self._leaf(node.each, (element,), Site(None, ()), at)
                            elif not isinstance(element, Absent):
                                yield from self._unknown(node.each, element, site, at)
                    if not complete:
                        yield from self._unknown(node.each, Opaque(origin.place, ""), site, path)
                case _:
                    yield from self._unknown(node.each, origin, site, path)

    def _element(self, node: Each, element: Structure, path: tuple[str, ...]) -> Iterator[Outcome]:
        applies = True if node.where is None else self.holds(node.where, (element,))
        if applies is False:
            return
        for outcome in self._node(node.each, (element,), Site(element, ()), path):
            if node.where is not None and applies is None and outcome.verdict is Verdict.VIOLATED:
                yield replace(outcome, verdict=Verdict.UNKNOWN, origin=self.undecided(node.where, element))
            else:
                yield outcome

    def _unknown(self, node: Node, origin: Origin, site: Site, path: tuple[str, ...]) -> Iterator[Outcome]:
        match node:
            case Leaf():
                leaf = self._binding.leaf(node)
                if leaf is not None:
                    yield Outcome(path, Verdict.UNKNOWN, leaf, origin, site)
            case Properties():
                for name, child in node.children:
                    yield from self._unknown(child, origin, site, (*path, name))
                for option in node.any_of[:1]:
                    yield from self._unknown(option, origin, site, path)
            case Each():
                yield from self._unknown(node.each, origin, site, path)

    # ------------------------------------------------------------- conditions

    def holds(self, node: Node, value: Value) -> bool | None:
        """Whether a condition holds: None where it is unknown, or holds on some branches only."""
        return unanimous([self._holds(node, origin) for origin in value])

    def _holds(self, node: Node, origin: Origin) -> bool | None:
        match node:
            case Leaf():
                return self._leaf_holds(node, origin)
            case Each():
                return self._each_holds(node, origin)
            case Properties():
                return self._properties_hold(node, origin)

    def _leaf_holds(self, node: Leaf, origin: Origin) -> bool | None:
        leaf = self._binding.leaf(node)
        if leaf is None:
            return True
        if isinstance(leaf.test, IsPresent) and isinstance(origin, Sequence):
            return True if origin.items else (False if origin.complete else None)
        if isinstance(leaf.test, Statement) and not isinstance(origin, Absent):
            return every(verdict.accepted for verdict in self._judge_document(leaf.test, origin))
        return accepts(leaf, separated(leaf.test, origin), self._orders)

    def _each_holds(self, node: Each, origin: Origin) -> bool | None:
        match origin:
            case Absent():
                return True
            case Sequence(items=items, complete=complete):
                pass
            case _:
                items, complete = ((origin,),), True
        answers: list[bool | None] = [True if complete else None]
        for item in items:
            applies = True if node.where is None else self.holds(node.where, item)
            answers.append(some([negated(applies), self.holds(node.each, item)]))
        return every(answers)

    def _properties_hold(self, node: Properties, origin: Origin) -> bool | None:
        match origin:
            case Structure() if node.entry is None or _names((origin,), *node.entry):
                answers = [self.holds(child, origin.lookup(name)) for name, child in node.children]
                answers += [covers_port(relation, origin) for relation in node.relations]
            case Absent() | Sequence(items=(), complete=True):
                answers = [self.holds(child, (Absent(),)) for _, child in node.children]
                answers += [False for _ in node.relations]
            case Sequence(items=items, complete=complete):
                if node.entry is not None:
                    return self._entry_holds(node, node.entry, origin)
                inner = [self.holds(node, item) for item in items]
                return unanimous([*inner, *(() if complete else (None,))])
            case _:
                return None
        if node.any_of:
            answers.append(some(self.holds(option, (origin,)) for option in node.any_of))
        return every(answers)

    def _entry_holds(self, node: Properties, entry: tuple[str, Scalar], origin: Sequence) -> bool | None:
        rest = replace(node, entry=None)
        named = [(item, _names(item, *entry)) for item in origin.items]
        there = [self.holds(rest, item) for item, answer in named if answer]
        if there:
            return every(there)
        undecided = not origin.complete or any(answer is None for _, answer in named)
        return None if undecided else self.holds(rest, (Absent(),))

    def undecided(self, node: Node, origin: Origin) -> Origin:
        """Return the origin that keeps a condition from being known."""
        if isinstance(origin, Opaque):
            return origin
        if isinstance(node, Properties) and isinstance(origin, Structure):
            names = [name for name, _ in node.children]
            names += [name for relation in node.relations for name in relation.fields]
            children = dict(node.children)
            for name in names:
                for inner in origin.lookup(name):
                    if isinstance(inner, Opaque):
                        return inner
                    if isinstance(inner, Structure) and name in children:
                        found = self.undecided(children[name], inner)
                        if found is not inner:
                            return found
        return origin


def _null_of(origin: Origin) -> Place | None:
    match origin:
        case Absent(place):
            return place
        case Sequence(place, blocks=False):
            return place
        case _:
            return None


def _indexed(path: tuple[str, ...], index: int, count: int) -> tuple[str, ...]:
    return (*path, f"[{index}]") if count > 1 else path


def _names(item: Value, key: str, wanted: Scalar) -> bool | None:
    answers: list[bool | None] = []
    for origin in item:
        if not isinstance(origin, Structure):
            answers.append(False if isinstance(origin, Absent | Known) else None)
            continue
        inner = origin.lookup(key)
        answers += [
            str(value.value) == str(wanted)
            if isinstance(value, Known)
            else (False if isinstance(value, Absent) else None)
            for value in inner
        ]
    return some(answers)


def covers_port(relation: CoversPort, structure: Structure) -> bool | None:
    """Whether a rule's protocol and port range include a TCP port (all protocols include it)."""
    low, high, protocol = (structure.lookup(name) for name in relation.fields)
    return unanimous([_covers(relation.port, *branch) for branch in product(low, high, protocol)])


def _covers(port: int, low: Origin, high: Origin, protocol: Origin) -> bool | None:
    if isinstance(protocol, Known):
        name = str(protocol.value).lower()
        if name in _ALL_PROTOCOLS:
            return True
        if name not in _TCP:
            return False
    in_range = _in_range(port, low, high)
    if isinstance(protocol, Known):
        return in_range
    return None


def _in_range(port: int, low: Origin, high: Origin) -> bool | None:
    bounds: list[float | None] = []
    for origin, fallback in zip((low, high), _PORTS, strict=True):
        bounds.append(
            number(origin.value) if isinstance(origin, Known) else (fallback if isinstance(origin, Absent) else None)
        )
    first, last = bounds
    if first == -1 or last == -1:
        return True
    checks: list[bool | None] = [
        None if first is None else first <= port,
        None if last is None else port <= last,
    ]
    return every(checks)
