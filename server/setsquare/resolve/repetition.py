"""How often a block exists: ``count`` and ``for_each``, and what they declare inside of it."""

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

from setsquare.model import Attribute, Known, Origin, Place, Referenced, Sequence, Structure, Value
from setsquare.records import record
from setsquare.resolve import values
from setsquare.resolve.bodies import body_expressions
from setsquare.resolve.elements import MAX_ELEMENTS, Elements, elements_of
from setsquare.resolve.expressions import references
from setsquare.resolve.frames import KEY, Frame
from setsquare.resolve.plain_values import table

if TYPE_CHECKING:
    from setsquare.model import Body
    from setsquare.resolve.meanings import Meanings


@record
class Repetition:
    """How often a block exists.

    Attributes:
        by: ``count``, ``for_each`` or None.
        present: whether it exists at all; None where that is not known.
        size: how often, where that is known.
        frame: what is declared inside of it, for all instances together.
        instances: the key of each instance as in its address, and what is declared inside of it; empty where they are
            not known, or not to be told apart.

    """

    by: str | None
    present: bool | None
    size: int | None
    frame: Frame
    instances: tuple[tuple[str, Frame], ...] = ()


def repetition_of(meanings: "Meanings", attributes: Mapping[str, tuple[str, Attribute]], path: str) -> Repetition:
    """Return how often a block exists, by its attributes and the files that hold them."""
    frame = Frame(path)
    if "count" in attributes:
        where, attribute = attributes["count"]
        return _counted(meanings, meanings.value(attribute.value, Frame(where)), frame, Place(where, attribute.span))
    if "for_each" in attributes:
        where, attribute = attributes["for_each"]
        return _for_each(meanings, meanings.value(attribute.value, Frame(where)), frame, Place(where, attribute.span))
    return Repetition(None, present=True, size=1, frame=frame)


def tells_apart(body: "Body") -> bool:
    """Whether anything inside of a block differs between its instances."""
    attributes = (a for a in body_expressions(body) if a.name not in ("count", "for_each") or a is not _own(body, a))
    return any(reference.path[0] in ("each", "count") for a in attributes for reference in references(a.value))


def _own(body: "Body", attribute: Attribute) -> Attribute | None:
    return body.attributes.get(attribute.name)


def _counted(meanings: "Meanings", count: Value, frame: Frame, place: Place) -> Repetition:
    numbers = {int(o.value) for o in count if isinstance(o, Known) and str(o.value).isdigit()}
    is_known = all(isinstance(o, Known) and str(o.value).isdigit() for o in count)
    if not is_known or len(numbers) > 1:
        return Repetition("count", None if 0 in numbers or not is_known else True, None, frame)
    size = numbers.pop()
    if size > MAX_ELEMENTS:
        meanings.note(place, _TOO_MANY)
        return Repetition("count", present=True, size=size, frame=frame)
    indices = [(Known(KEY, index),) for index in range(size)]
    named = tuple((f"[{at}]", frame.inside({"count": _index(index)}, size)) for at, index in enumerate(indices))
    together = frame.inside({"count": _index(values.union(indices, place))}, size) if indices else frame
    return Repetition("count", size > 0, size, together, named)


_TOO_MANY = f"there are more than {MAX_ELEMENTS} instances, so they are not looked at one by one"


def _index(index: Value) -> Value:
    return (table(KEY, {"index": lambda: index}),)


def _for_each(meanings: "Meanings", collection: Value, frame: Frame, place: Place) -> Repetition:
    if len(collection) == 1 and isinstance(collection[0], Referenced):
        return Repetition("for_each", None, None, Frame(frame.path, collection))
    every = [_elements(origin) for origin in collection]
    known = [elements for elements in every if elements is not None]
    if len(known) < len(every):
        return Repetition("for_each", None, None, frame)
    sizes = {len(elements.pairs) for elements in known}
    present = None if 0 in sizes and len(sizes) > 1 else sizes != {0}
    size = sizes.pop() if len(sizes) == 1 else None
    pairs = list(chain.from_iterable(elements.pairs for elements in known))
    if not pairs:
        return Repetition("for_each", present, size, frame)
    each = values.union([value for _, value in pairs], place)
    key = values.union([key for key, _ in pairs], place)
    together = Frame(frame.path, each, key, work=len(pairs))
    if len(pairs) > MAX_ELEMENTS:
        meanings.note(place, _TOO_MANY)
        return Repetition("for_each", present, size, together)
    named = [(_key(key), Frame(frame.path, value, key, work=len(pairs))) for key, value in pairs]
    instances = tuple((name, inside) for name, inside in named if name is not None)
    return Repetition("for_each", present, size, together, instances if len(instances) == len(named) else ())


def _elements(origin: Origin) -> Elements | None:
    """Return the elements of a map or set, all that ``for_each`` takes; None where they are not known."""
    is_empty = isinstance(origin, Sequence) and not origin.items
    if not isinstance(origin, Structure) and not (isinstance(origin, Sequence) and (origin.is_set or is_empty)):
        return None
    elements = elements_of(origin)
    return elements if elements is not None and elements.complete else None


def _key(key: Value) -> str | None:
    match key:
        case (Known(_, value),):
            return f'["{value}"]'
        case _:
            return None
