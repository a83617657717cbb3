"""Where things stand in a Terraform text, and random formatted texts with random changes."""

import random
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from setsquare.model import (
    Change,
    DialectExpression,
    ExtendList,
    Insert,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewEntry,
    NewResource,
    Remove,
    ReplaceItem,
    ResourceReference,
    SetValue,
    WrittenMap,
)
from setsquare.syntax import hcl_tree
from setsquare.syntax.hcl_edits import plan
from setsquare.text import Edit, Span, apply_edits, sorted_edits


def apply(source: str, *changes: Change) -> str:
    text = source.encode()
    return apply_edits(text, plan(text, changes)).decode()


def at(source: str, text: str) -> Span:
    start = source.encode().index(text.encode())
    return Span(start, start + len(text.encode()))


def between(source: str, first: str, last: str) -> Span:
    """The stretch from one text to the next occurrence of another after it, both included."""
    text = source.encode()
    start = text.index(first.encode())
    return Span(start, text.index(last.encode(), start + 1) + len(last.encode()))


def body(source: str, header: str) -> Span:
    """The body of the block with this header."""
    text = source.encode()
    start = text.index(header.encode())
    nodes = walk(hcl_tree.parse(text).root_node)
    block = next(node for node in nodes if node.kind_id == hcl_tree.BLOCK and node.start_byte == start)
    return _body(block)


def block(source: str, header: str) -> Span:
    """The whole block with this header."""
    return Span(source.encode().index(header.encode()), body(source, header).end)


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def _body(node: Node) -> Span:
    opening = next(child for child in node.children if child.kind_id == hcl_tree.BLOCK_START)
    return Span(opening.start_byte, node.end_byte)


# --------------------------------------------------------------------- one after the other


def one_by_one(source: bytes, changes: list[Change]) -> bytes | None:
    """Apply changes each for itself; None where a span of a later one is gone."""
    todo = list(changes)
    while todo:
        edits = sorted_edits(plan(source, [todo.pop(0)]))
        source = apply_edits(source, edits)
        moved = [_moved(change, edits) for change in todo]
        todo = [change for change in moved if change is not None]
        if len(todo) < len(moved):
            return None
    return source


def _moved(change: Change, edits: tuple[Edit, ...]) -> Change | None:
    if change.span is None:
        return change
    start, last = _offset(change.span.start, edits), _offset(change.span.end - 1, edits)
    return None if start is None or last is None else replace(change, span=Span(start, last + 1))


def _offset(offset: int, edits: tuple[Edit, ...]) -> int | None:
    shift = 0
    for edit in edits:
        if edit.span.end <= offset:
            shift += len(edit.new) - (edit.span.end - edit.span.start)
        elif edit.span.start <= offset:
            return None
    return offset + shift


# --------------------------------------------------------------------- random texts and changes

OLD_NAMES = ("alpha", "b", "cc_long_name", "delta", "enc", "kms_key_id", "zz")
NEW_NAMES = ("new_a", "f", "qq_very_long_new_name", "new_b")
VALUES = (
    "1",
    '"x"',
    '["a", "b"]',
    '[\n"a",\n"b",\n]',
    '[\n"a", # c\n"b"\n]',
    "{\na = 1\nbb = 2\n}",
    '{ a = 1, b = "é" }',
    "<<-EOT\n  hi = { \n  EOT",
    'jsonencode({\nS = [{\nA = "x"\n}]\n})',
    "[{\na = 1\n}, {\na = 2\n}]",
    "[]",
    "{}",
    "var.x == 1 ? [1] : [2]",
    '"${var.a}-x"',
    '{\n"a" = 1,\nb = [\n],\n}',
    "merge({ x = 1 }, {\n y = [1, 2] # k\n})",
    "[\n]",
    "null",
)
WRITTEN = (
    True,
    "s",
    ("a", "b"),
    ("a" * 60, "b" * 60),
    WrittenMap((("k", 1), ("long-ish", 2), ("a:b", WrittenMap((("z", ()),))))),
    JsonDocument(WrittenMap((("V", "1"), ("Statement", (WrittenMap((("E", "x"), ("Longer", 2))),))))),
    DialectExpression("var.foo"),
    ResourceReference("a", "b", "c", "/*"),
    None,
    3.5,
    12,
)


def random_text(chance: random.Random) -> str:
    """A file with one resource, not yet formatted."""
    tail = chance.choice(("", '\nresource "z" "w" {\n}\n'))
    return '# top\nresource "x" "y" {\n' + "\n".join(_random_lines(chance, 0)) + "\n}\n" + tail


def _random_lines(chance: random.Random, depth: int) -> Iterator[str]:
    names = list(OLD_NAMES)
    chance.shuffle(names)
    for _ in range(chance.randint(0, 3)):
        yield from _random_attribute(chance, names.pop())
    if chance.random() < 0.2:
        yield "# loose"
    for _ in range(chance.randint(0, 2)):
        yield from _random_block(chance, depth)
    if chance.random() < 0.2:
        yield from _random_attribute(chance, names.pop())
    if chance.random() < 0.2:
        yield "# end"


def _random_attribute(chance: random.Random, name: str) -> Iterator[str]:
    if chance.random() < 0.2:
        yield "# lead"
    value = chance.choice(VALUES)
    comment = "" if value.startswith("<<") or chance.random() < 0.6 else " # " + chance.choice(("c", "é comment"))
    yield f"{name} = {value}{comment}"
    if chance.random() < 0.4:
        yield ""


def _random_block(chance: random.Random, depth: int) -> Iterator[str]:
    if chance.random() < 0.2:
        yield "# lead"
    name = chance.choice(("blk", "ingress", "aaa", "zzz"))
    kind = chance.random()
    if kind < 0.15:
        yield name + " {}"
    elif kind < 0.3:
        yield name + " { q = 1 }"
    else:
        yield name + " {" + chance.choice(("", " # b"))
        if depth < 2:
            yield from _random_lines(chance, depth + 1)
        yield "}"
    if chance.random() < 0.4:
        yield ""


def random_changes(chance: random.Random, source: bytes) -> list[Change]:
    """A few changes, none of which takes away what another one needs."""
    nodes = list(walk(hcl_tree.parse(source).root_node))
    chance.shuffle(nodes)
    changes: list[Change] = []
    for node in nodes:
        change = _random_change(chance, node)
        if change is not None and not any(_disturbs(change, other) for other in changes):
            changes.append(change)
        if len(changes) == 4:
            break
    if chance.random() < 0.2:
        changes.append(NewResource(None, "q", "r", random_entries(chance)))
    return changes


def _disturbs(one: Change, other: Change) -> bool:
    assert one.span is not None
    assert other.span is not None
    kept = (Insert, ExtendList)
    inside = other.span.contains(one.span) and not isinstance(other, kept)
    return inside or one.span == other.span or (one.span.contains(other.span) and not isinstance(one, kept))


def _random_change(chance: random.Random, node: Node) -> Change | None:
    span = Span(node.start_byte, node.end_byte)
    parent = node.parent.type if node.parent else ""
    is_nested = node.type == "block" and node.parent.parent.type == "block"
    removable = node.type in ("attribute", "object_elem") or is_nested
    if removable and chance.random() < 0.3:
        return Remove(span)
    match node.type, parent:
        case "block", _:
            return Insert(_body(node), random_entries(chance), frozenset((*OLD_NAMES, *NEW_NAMES, "blk")))
        case "object", _:
            return Insert(span, random_entries(chance), frozenset(("a", "b", *NEW_NAMES)))
        case "tuple", _:
            return ExtendList(span, tuple(chance.choices(WRITTEN, k=chance.randint(1, 2))))
        case "expression", "tuple":
            return ReplaceItem(span, tuple(chance.choices(WRITTEN, k=chance.randint(0, 2))))
        case "expression", "attribute":
            return SetValue(span, chance.choice(WRITTEN))
        case _:
            return None


def random_entries(chance: random.Random) -> tuple[NewEntry, ...]:
    names = chance.sample(NEW_NAMES, chance.randint(1, 3))
    return tuple(_random_entry(chance, name) for name in names)


def _random_entry(chance: random.Random, name: str) -> NewEntry:
    if chance.random() < 0.65:
        return NewAttribute(name, chance.choice(WRITTEN))
    inner = (NewBlock("inner", ()),) if chance.random() < 0.5 else ()
    return NewBlock(name, (NewAttribute("a", 1), NewAttribute("bcd", chance.choice(WRITTEN)), *inner))
