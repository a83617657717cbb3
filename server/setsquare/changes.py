"""One violated outcome to the symbolic change that repairs it where it is decided."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Sequence_

from setsquare.documents import Dialect
from setsquare.evaluation import Outcome, Step
from setsquare.findings import PlacedChange
from setsquare.model import (
    Absent,
    ExtendList,
    Insert,
    JsonDocument,
    Known,
    NewAttribute,
    NewBlock,
    NewEntry,
    Opaque,
    Origin,
    Place,
    Remove,
    ReplaceItem,
    Scalar,
    Sequence,
    SetValue,
    Structure,
    Value,
    Written,
    WrittenMap,
)
from setsquare.rules.constraints import is_forbidden_item, missing_items, same_scalar
from setsquare.rules.rule import Contains, Excludes, IsAbsent, Statement, Test

POLICY_VERSION = "2012-10-17"
"""The version of the IAM policy language that new documents declare."""


class NoChangeError(Exception):
    """No machine can write this repair; ``parameter`` names the policy parameter that would allow it."""

    def __init__(self, reason: str, parameter: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.parameter = parameter


def repairing_changes(
    outcome: Outcome,
    write: Written,
    dialect: Dialect,
    siblings: Callable[[tuple[str, ...]], frozenset[str]],
    in_document: Callable[[Outcome, Written], Sequence_[PlacedChange]],
) -> list[PlacedChange]:
    """Return the changes that make the outcome's leaf accept its value.

    Args:
        outcome: a violated outcome on a resource that exists.
        write: the one value for it, references made concrete.
        dialect: of the resource.
        siblings: names that rules may write in the body at a path.
        in_document: how a statement is added to the document that the outcome's origin holds.

    Raises:
        NoChangeError: the repair cannot be written here.

    """
    origin, test = outcome.origin, outcome.leaf.test
    if isinstance(origin, Opaque) and origin.among:
        reason = f"none of the values that {origin.expression} may have is right"
        raise NoChangeError(reason)
    if isinstance(test, Statement):
        if not test.wanted:
            reason = "which grants are needed cannot be read from the code"
            raise NoChangeError(reason)
        if not isinstance(origin, Absent):
            return list(in_document(outcome, write))
        return [_placed_absent(outcome, new_document(write), dialect, siblings)]
    if isinstance(test, IsAbsent):
        return [_removal(outcome)]
    if isinstance(origin, Sequence) and _is_one_text(origin):
        return [_in_text(origin, test, write)]
    if isinstance(test, Excludes):
        return _exclusion(outcome, test, write)
    if isinstance(test, Contains) and isinstance(origin, Sequence):
        return [PlacedChange(origin.place.path, ExtendList(origin.place.span, _lacking(test, origin, write)))]
    if isinstance(test, Contains) and test.item_key is not None and isinstance(write, tuple):
        write = tuple(WrittenMap(((test.item_key, item),)) for item in write)
    if isinstance(origin, Absent):
        return [_placed_absent(outcome, write, dialect, siblings)]
    place = place_of(origin)
    return [PlacedChange(place.path, SetValue(place.span, write))]


def place_of(origin: Origin) -> Place:
    """Return where an origin is written.

    Raises:
        NoChangeError: it is written nowhere.

    """
    place = origin.place
    if place is None:
        reason = "nothing is written that could be changed"
        raise NoChangeError(reason)
    if not place.path:
        reason = "it is a part of what a function calculates"
        raise NoChangeError(reason)
    return place


def new_document(statement: Written) -> JsonDocument:
    """Return a policy document that holds one statement."""
    return JsonDocument(WrittenMap((("Version", POLICY_VERSION), ("Statement", (statement,)))))


def _placed_absent(
    outcome: Outcome,
    write: Written,
    dialect: Dialect,
    siblings: Callable[[tuple[str, ...]], frozenset[str]],
) -> PlacedChange:
    site = outcome.site
    if site.null is not None:
        return PlacedChange(site.null.path, SetValue(site.null.span, _below(site.steps, write)))
    structure = site.structure
    if structure is None:
        reason = "the resource does not exist"
        raise NoChangeError(reason)
    if site.items is not None and not site.items.blocks:
        keyed = site.steps[_entry_step(site.steps) :]
        item = _items(keyed[0], _below(keyed, write, bare=True))
        items = item if isinstance(item, tuple) else (item,)
        return PlacedChange(site.items.place.path, ExtendList(site.items.place.span, items))
    names = [part for part in outcome.path if not part.startswith("[")]
    parents = tuple(names[: max(0, len(names) - len(site.steps))])
    if site.steps[0].name in names:
        allowed = frozenset(n for n in siblings(parents) if not _is_foreign(structure, n, parents, siblings))
    else:
        allowed = frozenset({site.steps[0].name})
    entry = entry_of(site.steps, write, dialect)
    if structure.respell is not None:
        respelled = structure.respell(entry)
        if isinstance(respelled, str):
            raise NoChangeError(respelled)
        entry = respelled
    change = Insert(structure.place.span, (entry,), allowed)
    return PlacedChange(structure.place.path, change)


def _is_foreign(
    structure: Structure,
    name: str,
    path: tuple[str, ...],
    siblings: Callable[[tuple[str, ...]], frozenset[str]],
) -> bool:
    """Whether a member that rules may write holds what no rule writes: a person wrote it, so new entries follow it."""
    if name not in structure.names:
        return False
    below = (*path, name)
    todo = list(structure.lookup(name))
    while todo:
        origin = todo.pop()
        if isinstance(origin, Sequence):
            todo += [inner for item in origin.items for inner in item]
        elif isinstance(origin, Structure):
            written = siblings(below)
            if any(inner not in written or _is_foreign(origin, inner, below, siblings) for inner in origin.names):
                return True
    return False


def _entry_step(steps: tuple[Step, ...]) -> int:
    return next(index for index, step in enumerate(steps) if step.entry is not None)


def entry_of(steps: tuple[Step, ...], write: Written, dialect: Dialect) -> NewEntry:
    """Return the insertion that makes the steps exist and sets the last of them."""
    step, rest = steps[0], steps[1:]
    if not rest:
        return NewAttribute(step.name, write)
    if step.attribute or (step.entry is not None and dialect is Dialect.CLOUDFORMATION):
        return NewAttribute(step.name, _below(steps, write))
    key = () if step.entry is None else (NewAttribute(*step.entry),)
    return NewBlock(step.name, (*key, entry_of(rest, write, dialect)), step.as_list, step.entry)


def _below(steps: tuple[Step, ...], write: Written, *, bare: bool = False) -> Written:
    """Return the value of the first step that makes the further steps exist."""
    for step, name in zip(reversed(steps[:-1]), reversed([step.name for step in steps[1:]]), strict=True):
        inner = WrittenMap(((name, write),))
        write = inner if bare and step is steps[0] else _items(step, inner)
    return write


def _items(step: Step, inner: Written) -> Written:
    if step.entry is not None and isinstance(inner, WrittenMap):
        return (WrittenMap((step.entry, *inner.entries)),)
    return (inner,) if step.as_list else inner


def _removal(outcome: Outcome) -> PlacedChange:
    structure = outcome.site.structure
    entry = structure.entry(outcome.site.steps[-1].name) if structure else None
    if entry is None:
        reason = "what must go is not written in this resource"
        raise NoChangeError(reason)
    return PlacedChange(entry.path, Remove(entry.span))


def _exclusion(outcome: Outcome, test: Excludes, write: Written) -> list[PlacedChange]:
    origin = outcome.origin
    if isinstance(origin, Sequence):
        return _replaced_items(test, origin, write)
    options = write if isinstance(write, tuple) else (write,)
    if not options:
        return [_removal(outcome)]
    if len(options) > 1:
        reason = f"this property takes one value, the policy gives {len(options)}"
        raise NoChangeError(reason)
    place = place_of(origin)
    return [PlacedChange(place.path, SetValue(place.span, options[0]))]


def _lacking(test: Contains, origin: Sequence, write: Written) -> tuple[Written, ...]:
    options = write if isinstance(write, tuple) else ()
    wanted = tuple(option for option in options if isinstance(option, bool | int | float | str))
    return missing_items(Contains(wanted, test.item_key), origin)


def _is_one_text(origin: Sequence) -> bool:
    """Whether a list is written as one text: the default of a ``CommaDelimitedList``."""
    return bool(origin.items) and all(inner.place == origin.place for item in origin.items for inner in item)


def _in_text(origin: Sequence, test: Test, write: Written) -> PlacedChange:
    wanted = write if isinstance(write, tuple) else (write,)
    match test:
        case Contains():
            items = (*_scalars(origin.items), *_lacking(test, origin, write))
        case Excludes():
            replaced = _replacements(test, origin, wanted)
            items = tuple(new for item, news in replaced for new in (_scalars((item,)) if news is None else news))
        case _:
            items = wanted
    if not all(isinstance(item, str | int | float) for item in items):
        reason = "the list is written as one text, which holds no expressions"
        raise NoChangeError(reason)
    return PlacedChange(origin.place.path, SetValue(origin.place.span, ",".join(str(item) for item in items)))


def _scalars(items: Iterable[Value]) -> tuple[Scalar, ...]:
    return tuple(inner.value for item in items for inner in item if isinstance(inner, Known))


def _replaced_items(test: Excludes, origin: Sequence, write: Written) -> list[PlacedChange]:
    result: list[PlacedChange] = []
    for item, news in _replacements(test, origin, write if isinstance(write, tuple) else (write,)):
        if news is not None:
            place = _item_place(test, item)
            is_item = place.path == origin.place.path and origin.place.span.contains(place.span)
            change = SetValue(place.span, news[0]) if len(news) == 1 and not is_item else ReplaceItem(place.span, news)
            result.append(PlacedChange(place.path, change))
    return result


def _replacements(
    test: Excludes, origin: Sequence, options: tuple[Written, ...]
) -> Iterator[tuple[Value, tuple[Written, ...] | None]]:
    """Yield each item with what stands in its place, None where it stays: what is there already is not added again."""
    there = _scalars(origin.items)
    substitutes = tuple(
        option
        for option in options
        if not (isinstance(option, str) and any(same_scalar(value, option) for value in there))
    )
    for item in origin.items:
        if is_forbidden_item(test, item):
            yield item, substitutes
            substitutes = ()
        else:
            yield item, None


def _item_place(test: Excludes, item: Value) -> Place:
    place = place_of(next(origin for origin in item if is_forbidden_item(test, (origin,))))
    if place.span.start == place.span.end:
        reason = "the list is computed, so that its items cannot be changed one by one"
        raise NoChangeError(reason)
    return place


def has_no_attribute_first(structure: Structure | None) -> bool:
    """Whether a body has no attribute that a policy group could stand after: it is empty, or begins with a block."""
    if structure is None or not structure.names:
        return True
    places = [(place.span, name) for name in structure.names if (place := structure.entry(name)) is not None]
    if not structure.is_block or not places:
        return False
    return any(isinstance(origin, Sequence) and origin.blocks for origin in structure.lookup(min(places)[1]))
