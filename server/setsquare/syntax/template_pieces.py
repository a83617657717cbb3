"""A template in YAML that is read again after an edit: only the pieces that changed are parsed.

The cuts are those of ``yaml_pieces``, so what the pieces say together is what ``cfn.read`` says of the whole text. What
is made of an entry is kept with its piece. Positions count in the layout (``layout``).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from setsquare.data import ComposedText
from setsquare.model import Block, Body, CloudFormationTemplate, ConfigurationFile, Lazy, TemplateResource
from setsquare.records import record
from setsquare.syntax import suppressions, yaml, yaml_pieces
from setsquare.syntax.cfn import Memory, outlined
from setsquare.syntax.layout import Laid, fitted, laid_out, layout_of, starts_of
from setsquare.syntax.outline import Item, OutlinedDocument
from setsquare.syntax.yaml_pieces import Cutter
from setsquare.text import BOM, Span

_LARGEST: Final = 1 << 20
"""How many bytes a template may have that is read in pieces: no template that CloudFormation takes has more."""
_MOST: Final = 4000
"""How many pieces a template is read in: each takes room in the layout."""
_RESOURCES: Final = "Resources"
_VALUES: Final = ("Parameters", "Conditions", "Mappings")
_OUTPUTS: Final = "Outputs"
_IDLE: Final = ("AWSTemplateFormatVersion", "Description")
_OTHERS: Final = ("AWS::CloudFormation::Stack", "AWS::Serverless::")
"""How the types begin whose resources stand for others."""
_LOOSE: Final = ("Transform", "Globals", "Fn::Transform")
_ESCAPED: Final = re.compile(rb"\\(?:[xuU0-9]|\r?\n)|Fn::Transform|!Transform|AWS::Include|Fn::ForEach")
_BLANK: Final = re.compile(rb"(?:(?:---)?[ \t]*(?:#[^\n]*)?\r?\n)*\Z")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+\Z")


class Role(Enum):
    """What a stretch of a template is."""

    PREAMBLE = "what stands before the first section"
    SECTION = "a section that is read as one"
    HEAD = "the key of a section, up to its first entry"
    CHILD = "an entry of a section"


class _Stretch(NamedTuple):
    role: Role
    text: bytes


class Piece:
    """One stretch, read alone, at its place in the layout.

    Attributes:
        role: what it is.
        text: its bytes.
        base: where it begins in the layout.
        item: what can be read of it; None for nothing.
        is_intact: nothing in it could not be read.
        is_marked: there are suppressions in it.
        is_open: it may be cut wrongly.
        read: what was wrong with it.

    """

    __slots__ = ("base", "is_intact", "is_marked", "is_open", "item", "key", "read", "role", "text")

    def __init__(self, role: Role, text: bytes, base: int) -> None:
        self.role = role
        self.text = text
        self.base = base
        self.is_marked = suppressions.are_in(text)
        self.read = Cutter(text, base)
        self.item: Item | None = None
        self.is_intact = True
        self.key = ("", Span(base, base))
        if role is Role.HEAD:
            self.key = self.read.key(base, base + len(text))
        elif role is not Role.PREAMBLE:
            self.item, self.is_intact = self.read.piece(base, base + len(text))
        self.is_open = self.read.open_at is not None
        self.read.let_go()


class _Section(NamedTuple):
    """A section whose entries are pieces: the pieces, and what they say together."""

    pieces: tuple[Piece, ...]
    item: Item
    read: Cutter


@record
class PiecedTemplate(Laid[Piece]):
    """A template as read piece by piece; its ``file`` has a block for each entry of a section.

    Attributes:
        template: what is written in it.
        resources: the resources, by the identity of their blocks.
        texts: the bytes of each block and the comments after it, likewise.
        general: what concerns all resources; equal for templates in which that is the same.
        memory: what was made of the entries.
        sections: those whose entries are pieces, by the identity of these.

    """

    template: CloudFormationTemplate
    resources: Mapping[int, TemplateResource]
    texts: Mapping[int, bytes]
    general: tuple[object, ...]
    memory: Memory
    sections: Mapping[tuple[int, ...], _Section]


def read(path: str, source: bytes, before: PiecedTemplate | None = None) -> PiecedTemplate | None:
    """Read a template piece by piece.

    Args:
        path: the file.
        source: its bytes.
        before: what was read of it before: its pieces are used again where they are the same.

    Returns:
        None where the file is to be read whole: it is no template, or larger than any, or has too many entries; there
        is something before its first section, or text that goes on in the next piece; or its resources do not stand for
        themselves: anchors, several documents, macros, loops, nested stacks, escapes that may hide a name.

    """
    if before is not None and before.source == source:
        return before
    start = len(BOM) if source.startswith(BOM) else 0
    if len(source) > _LARGEST or b"\0" in source or _ESCAPED.search(source) or not yaml.is_simple(source, start):
        return None
    pieces = _pieces(source, start, before)
    if pieces is None or _may_be_whole(pieces):
        return None
    sections: dict[tuple[int, ...], _Section] = {}
    document = _document(pieces, before.sections if before is not None else {}, sections)
    if document is None:
        return None
    by_item = {id(piece.item): (piece.text, piece.base) for piece in pieces if piece.item is not None}
    if any(piece.role is Role.SECTION and piece.item and piece.item.name == _RESOURCES for piece in pieces):
        return None
    memory = Memory(lambda item: by_item[id(item)], before.memory if before is not None else None)
    template = outlined(document, memory)
    if template is None or not _is_plain(document, template):
        return None
    problems = dict.fromkeys(sorted(document.problems, key=lambda problem: (problem.span, problem.message)))
    blocks, resources, texts = _blocks(document, template, memory, by_item)
    memory.settle()
    return PiecedTemplate(
        path,
        source,
        source[:start] + layout_of(pieces),
        ConfigurationFile(path, tuple(blocks), tuple(problems)),
        tuple(pieces),
        starts_of(pieces, start),
        tuple(piece.base for piece in pieces),
        template,
        resources,
        texts,
        _general(pieces, document, template),
        memory,
        sections,
    )


# --------------------------------------------------------------------- pieces


def _stretches(source: bytes, start: int) -> Iterator[_Stretch]:
    cutter = Cutter(source)
    starts = yaml_pieces.cuts(source, Span(start, len(source)))
    if starts and starts[0] > start:
        if not _BLANK.match(source, start, starts[0]):
            return
        yield _Stretch(Role.PREAMBLE, source[start : starts[0]])
    for begin, end in zip(starts, [*starts[1:], len(source)], strict=False):
        children = cutter.children(begin, end)
        if children is None:
            yield _Stretch(Role.SECTION, source[begin:end])
            continue
        yield _Stretch(Role.HEAD, source[begin : children[0]])
        for one, following in zip(children, [*children[1:], end], strict=True):
            yield _Stretch(Role.CHILD, source[one:following])


def _pieces(source: bytes, start: int, before: PiecedTemplate | None) -> list[Piece] | None:
    stretches = list(islice(_stretches(source, start), _MOST + 1))
    if not stretches or len(stretches) > _MOST:
        return None
    pieces = None
    if before is not None and before.bases[0] == start:
        known = before.pieces
        pieces = fitted(stretches, known, 0, len(known), is_of=_is_of, size_of=_size, make=_made)
    return laid_out(stretches, _made, start) if pieces is None else pieces


def _made(stretch: _Stretch, base: int) -> Piece:
    return Piece(stretch.role, stretch.text, base)


def _is_of(piece: Piece, stretch: _Stretch) -> bool:
    return piece.text == stretch.text and piece.role is stretch.role


def _size(stretch: _Stretch) -> int:
    return len(stretch.text)


def _may_be_whole(pieces: Sequence[Piece]) -> bool:
    """Whether the text may be without errors although a piece is not: something goes on in the next one."""
    at = next((index for index, piece in enumerate(pieces) if piece.is_open), None)
    if at is None:
        return False
    if not all(piece.is_intact for piece in pieces[:at]):
        return True
    rest = b"".join(piece.text for piece in pieces[at:])
    return not ComposedText(b"x:\n" + rest if pieces[at].role is Role.CHILD else rest).problems


# --------------------------------------------------------------------- the whole


def _document(
    pieces: Sequence[Piece],
    before: Mapping[tuple[int, ...], _Section],
    sections: dict[tuple[int, ...], _Section],
) -> OutlinedDocument | None:
    root = Cutter(b"")
    items: list[Item] = []
    complete = True
    for group in _groups(pieces):
        for piece in group:
            complete &= piece.is_intact
            if not piece.is_intact or piece.read.doubled:
                root.problems += piece.read.problems
                root.doubled += piece.read.doubled
        item = group[0].item
        if group[0].role is Role.HEAD:
            key = tuple(map(id, group))
            section = sections[key] = before.get(key) or _section(group)
            root.doubled += section.read.doubled
            item = section.item
        if item is not None:
            items.append(item)
    if not items:
        return None
    mapping = root.mapping(items, yaml_pieces.extent_of(items), complete=complete)
    last = pieces[-1]
    return OutlinedDocument(mapping, Span(0, last.base + len(last.text)), (*root.problems, *root.doubled))


def _groups(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    for piece in pieces:
        if piece.role is not Role.CHILD:
            if group:
                yield group
            group = []
        if piece.role is not Role.PREAMBLE:
            group.append(piece)
    if group:
        yield group


def _section(group: Sequence[Piece]) -> _Section:
    head, *children = group
    read = Cutter(b"")
    items = [child.item for child in children if child.item is not None]
    name, key = head.key
    extent = yaml_pieces.extent_of(items, key)
    value = read.mapping(items, extent, complete=all(child.is_intact for child in children))
    return _Section(tuple(group), Item(name, key, value), read)


def _is_plain(document: OutlinedDocument, template: CloudFormationTemplate) -> bool:
    """Whether each resource stands for itself, under a name that is found wherever it is spoken of."""
    sections = {item.name for item in document.root.entries() or ()}
    return (
        sections.isdisjoint(_LOOSE)
        and not template.loops
        and all(_NAME.match(one.name) and not one.type.startswith(_OTHERS) for one in template.resources)
    )


def _blocks(
    document: OutlinedDocument,
    template: CloudFormationTemplate,
    memory: Memory,
    by_item: Mapping[int, tuple[bytes, int]],
) -> tuple[list[Block], dict[int, TemplateResource], dict[int, bytes]]:
    blocks: list[Block] = []
    resources: dict[int, TemplateResource] = {}
    texts: dict[int, bytes] = {}
    by_key = {resource.header: resource for resource in template.resources}
    for section in document.root.entries() or ():
        if section.name not in (*_VALUES, _OUTPUTS, _RESOURCES):
            continue
        for item in section.value.entries() or ():
            written = by_key.get(item.key) if section.name == _RESOURCES else None
            if item.name is None or id(item) not in by_item or (written is None and section.name == _RESOURCES):
                continue
            kind = "resource" if written is not None else "output" if section.name == _OUTPUTS else "variable"
            labels = (item.name,) if written is None else (written.type, written.name)
            block = memory.of(item, (kind, id(written)), partial(_block, item, kind, labels))
            blocks.append(block)
            texts[id(block)] = by_item[id(item)][0]
            if written is not None:
                resources[id(block)] = written
    return blocks, resources, texts


def _block(item: Item, kind: str, labels: tuple[str, ...]) -> Block:
    return Block(kind, labels, item.span, item.key, Lazy.of(Body(item.value.span, {}, (), complete=True)))


def _general(
    pieces: Sequence[Piece], document: OutlinedDocument, template: CloudFormationTemplate
) -> tuple[object, ...]:
    names = Counter(item.name for item in document.root.entries() or ())
    spoken: list[object] = [template.complete, tuple(sorted(map(repr, names.items())))]
    for head, *children in _groups(pieces):
        name = head.key[0] if head.role is Role.HEAD else head.item.name if head.item is not None else None
        if name in _IDLE or (head.role is Role.HEAD and name in (*_VALUES, _OUTPUTS, _RESOURCES)):
            continue
        spoken.append((name, head.text, *(child.text for child in children)))
    return tuple(spoken)
