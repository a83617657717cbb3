"""The insides of blocks: attributes, nested blocks, dynamic blocks, and what override files put in their place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from setsquare.model import (
    Absent,
    Attribute,
    Block,
    Body,
    Expression,
    ListExpression,
    Literal,
    ObjectExpression,
    Opaque,
    Origin,
    Place,
    Reference,
    Structure,
    Value,
)
from setsquare.model import Sequence as SequenceOrigin
from setsquare.records import record
from setsquare.resolve.elements import MAX_ELEMENTS, Elements, decided_by, elements_of
from setsquare.resolve.frames import KEY, Frame
from setsquare.resolve.plain_values import table

if TYPE_CHECKING:
    from setsquare.resolve.meanings import Meanings

PlacedBody = tuple[str, Body]
"""A body and the file that holds it."""


@record
class _Items:
    """The blocks of one name: each a value; ``complete`` is false where there may be more."""

    items: tuple[Value, ...]
    complete: bool = True
    decided_by: str | None = None


class _Layers:
    """A body with what the bodies of override files put in its place."""

    def __init__(self, bodies: Sequence[PlacedBody]) -> None:
        self.attributes: dict[str, tuple[str, Attribute]] = {}
        self.blocks: dict[str, list[tuple[str, Block]]] = {}
        self.complete = all(body.complete for _, body in bodies)
        for path, body in bodies:
            self.attributes |= {name: (path, attribute) for name, attribute in body.attributes.items()}
            replaced: dict[str, list[tuple[str, Block]]] = {}
            for block in body.blocks:
                replaced.setdefault(kind_of(block), []).append((path, block))
            self.blocks |= replaced
        written = self.attributes.pop("dynamic", None)
        self.written_as_data = dict(_as_data(*written)) if written is not None else {}


def kind_of(block: Block) -> str:
    """Return the name of a nested block; of a dynamic one, of the blocks that it makes."""
    is_dynamic = block.kind == "dynamic" and len(block.labels) == 1
    return block.labels[0] if is_dynamic else block.kind


def body_of(meanings: "Meanings", bodies: Sequence[PlacedBody], frame: Frame, header: Place | None = None) -> Structure:
    """Return the inside of a block as a structure; its values are evaluated when they are asked for.

    Args:
        meanings: gives expressions their meaning.
        bodies: the body, then those of override files, the strongest last.
        frame: where it is evaluated.
        header: the type and labels of the block.

    """
    layers = _Layers(bodies)
    place = Place(bodies[0][0], bodies[0][1].span)
    cache: dict[str, Value] = {}

    def evaluate(name: str) -> Value:
        if name in layers.attributes:
            path, attribute = layers.attributes[name]
            return meanings.value(attribute.value, frame.at(path))
        if name in layers.blocks:
            return _blocks(meanings, name, layers, frame, place)
        if name in layers.written_as_data:
            return _joined(name, [_dynamic_data(meanings, name, *layers.written_as_data[name], frame)], place)
        return (Absent(),) if layers.complete else (Opaque(place, f"whether {name} is there"),)

    def lookup(name: str) -> Value:
        if name not in cache:
            cache[name] = evaluate(name)
        return cache[name]

    def entry(name: str) -> Place | None:
        if name in layers.attributes:
            path, attribute = layers.attributes[name]
            return Place(path, attribute.span)
        if name in layers.blocks:
            path, block = layers.blocks[name][0]
            return Place(path, block.span)
        return None

    more = dict.fromkeys((*layers.blocks, *layers.written_as_data))
    names = (*layers.attributes, *(name for name in more if name not in layers.attributes))
    return Structure(place, names, lookup, entry, is_block=True, header=header)


def _blocks(meanings: "Meanings", name: str, layers: _Layers, frame: Frame, place: Place) -> Value:
    found: list[_Items] = []
    for path, block in layers.blocks[name]:
        if block.kind == name:
            inner = body_of(meanings, [(path, block.body)], frame.at(path), Place(path, block.header))
            found.append(_Items(((inner,),)))
        else:
            found.append(_dynamic(meanings, block, frame.at(path)))
    if not layers.complete:
        found.append(_Items((), complete=False))
    static = next((Place(path, block.span) for path, block in layers.blocks[name] if block.kind == name), None)
    return _joined(name, found, static or place)


def _joined(name: str, found: Sequence[_Items], place: Place) -> Value:
    items = tuple(item for one in found for item in one.items)
    complete = all(one.complete for one in found)
    if not items:
        decides = next((one.decided_by for one in found if one.decided_by is not None), None)
        return (Absent(),) if complete else (Opaque(place, f"the dynamic block {name}", decides),)
    return (SequenceOrigin(place, items, complete=complete, blocks=True),)


def _dynamic(meanings: "Meanings", block: Block, frame: Frame) -> _Items:
    """Return the blocks that a dynamic block makes: the content for each element, where the elements are known."""
    attributes = block.body.attributes
    content = next((inner for inner in block.body.blocks if inner.kind == "content"), None)
    if content is None or "for_each" not in attributes or not block.body.complete:
        return _Items((), complete=False)
    iterator = attributes["iterator"].value if "iterator" in attributes else None
    name = iterator.path[0] if isinstance(iterator, Reference) else block.labels[0]
    body, header = content.body, Place(frame.path, content.header)
    return _repeated(
        meanings,
        attributes["for_each"].value,
        name,
        frame,
        lambda inside: (body_of(meanings, [(frame.path, body)], inside, header),),
    )


def _dynamic_data(meanings: "Meanings", name: str, path: str, written: ObjectExpression, frame: Frame) -> _Items:
    """Return the blocks that a dynamic block of Terraform's JSON syntax makes."""
    parts = {str(entry.key.value): entry.value for entry in written.entries if isinstance(entry.key, Literal)}
    if "content" not in parts or "for_each" not in parts or not written.complete:
        return _Items((), complete=False)
    iterator, content = parts.get("iterator"), parts["content"]
    if isinstance(iterator, Literal):
        name = str(iterator.value)
    return _repeated(meanings, parts["for_each"], name, frame.at(path), lambda inside: meanings.value(content, inside))


def _as_data(path: str, attribute: Attribute) -> Iterator[tuple[str, tuple[str, ObjectExpression]]]:
    """Yield the dynamic blocks of Terraform's JSON syntax by the names of the blocks that they make.

    Several of one name are one that is not complete: what they make is not known.
    """
    written = attribute.value
    for entry in written.entries if isinstance(written, ObjectExpression) else ():
        items = entry.value.items if isinstance(entry.value, ListExpression) else (entry.value,)
        if isinstance(entry.key, Literal):
            only = items[0] if len(items) == 1 else None
            unknown = ObjectExpression(entry.span, (), complete=False)
            yield str(entry.key.value), (path, only if isinstance(only, ObjectExpression) else unknown)


def _repeated(
    meanings: "Meanings", collection: Expression, name: str, frame: Frame, content: Callable[[Frame], Value]
) -> _Items:
    found = meanings.value(collection, frame)
    place = Place(frame.path, collection.span)
    every = [bounded_elements(meanings, origin, place) for origin in found]
    items = tuple(
        content(frame.inside({name: (pair(key, value),)}, len(elements.pairs)))
        for elements in every
        if elements is not None
        for key, value in elements.pairs
    )
    complete = len(every) == 1 and all(one is not None and one.complete for one in every)
    return _Items(items, complete, decided_by(found))


def pair(key: Value, value: Value) -> Structure:
    """Return the key and value of an element, as an iterator has them."""
    return table(KEY, {"key": lambda: key, "value": lambda: value})


def bounded_elements(meanings: "Meanings", origin: Origin, place: Place) -> Elements | None:
    """Return the elements that a block is repeated for; None where they are not known, or too many."""
    elements = elements_of(origin)
    if elements is None or (not elements.complete and not elements.pairs):
        return None
    if len(elements.pairs) > MAX_ELEMENTS:
        meanings.note(place, f"there are more than {MAX_ELEMENTS} elements, so they are not looked at one by one")
        return None
    return elements


def body_expressions(body: Body) -> Iterable[Attribute]:
    """Yield the attributes of a body and of all blocks in it."""
    waiting = [body]
    while waiting:
        current = waiting.pop()
        yield from current.attributes.values()
        waiting += (block.body for block in current.blocks)
