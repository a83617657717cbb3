"""The second opinion on a patched text: a parser that had no part in making it reads it and finds what was written."""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from setsquare.documents import Format, format_of
from setsquare.model import (
    Change,
    ExtendList,
    Insert,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewEntry,
    NewResource,
    ReplaceItem,
    SetValue,
    Written,
    WrittenMap,
)
from setsquare.syntax import hcl
from setsquare.text import BOM, Edit, Span


def read_back(path: str, text: bytes, edits: Sequence[Edit], changes: Iterable[Change]) -> str | None:
    """Return what is wrong with a patched text, or None.

    Args:
        path: the file; its name decides which parser reads it.
        text: the patched bytes.
        edits: the edits that were made to the bytes before.
        changes: the symbolic changes behind them.

    """
    written = format_of(path, text)
    expected = {value for change in changes for value in _scalars_of(change)}
    try:
        match written:
            case Format.HCL | Format.TFVARS:
                found = {value for block in _touched_blocks(path, text, edits) for value in _hcl_scalars(block)}
            case Format.JSON | Format.TF_JSON | Format.TFVARS_JSON:
                found = set(_leaves(json.loads(text.removeprefix(BOM))))
            case _:
                found = set(_yaml_scalars(text))
    except _UnreadableError as error:
        return str(error)
    except (ValueError, RecursionError) as error:
        return f"cannot be read: {error}"
    missing = sorted(value for value in expected if value not in found)
    return f"{', '.join(missing)} not found" if missing else None


class _UnreadableError(Exception):
    """The other parser rejects the text."""


def _plain(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.strip().strip('"').replace('\\"', '"')


# --------------------------------------------------------------------- what must be found


def _scalars_of(change: Change) -> Iterator[str]:
    match change:
        case SetValue(_, value):
            yield from _scalars(value)
        case ExtendList(_, items) | ReplaceItem(_, items):
            for item in items:
                yield from _scalars(item)
        case Insert(_, entries) | NewResource(entries=entries):
            for entry in entries:
                yield from _entry_scalars(entry)
        case _:
            pass


def _entry_scalars(entry: NewEntry) -> Iterator[str]:
    match entry:
        case NewAttribute(name, value):
            yield name
            yield from _scalars(value)
        case NewBlock(name, entries):
            yield name
            for inner in entries:
                yield from _entry_scalars(inner)


def _scalars(value: Written) -> Iterator[str]:
    """Yield the scalars that the reader must find; expressions and references are spelled differently per parser."""
    match value:
        case bool() | int() | float() | str():
            yield _plain(value)
        case WrittenMap(entries) | JsonDocument(WrittenMap(entries)):
            for key, item in entries:
                yield key
                yield from _scalars(item)
        case tuple():
            for item in value:
                yield from _scalars(item)
        case _:
            pass


# --------------------------------------------------------------------- Terraform


def _touched_blocks(path: str, text: bytes, edits: Sequence[Edit]) -> Iterator[str]:
    """Yield the text of the top-level blocks that the edits touched: the other parser is slow."""
    regions: list[Span] = []
    shift = 0
    for edit in edits:
        start = edit.span.start + shift
        regions.append(Span(start, start + len(edit.new)))
        shift += len(edit.new) - (edit.span.end - edit.span.start)
    ends = [region.end for region in regions]
    for block in hcl.read(path, text).blocks:
        first = bisect_left(ends, block.span.start)
        if first < len(regions) and regions[first].start < block.span.end:
            yield text[block.span.start : block.span.end].decode("utf-8", "replace") + "\n"


def _hcl_scalars(block: str) -> Iterator[str]:
    import hcl2  # noqa: PLC0415 - slow to import, and needed only for proofs

    try:
        tree = hcl2.loads(block)
    except Exception as error:
        message = f"python-hcl2 rejects it: {type(error).__name__}"
        raise _UnreadableError(message) from error
    yield from _leaves(tree)


def _leaves(data: object) -> Iterator[str]:
    todo = [data]
    while todo:
        current = todo.pop()
        if isinstance(current, dict):
            for key, value in current.items():
                yield _plain(key)
                todo.append(value)
        elif isinstance(current, list):
            todo += current
        elif current is not None:
            yield _plain(current)
            yield from _inside_call(str(current))


def _inside_call(text: str) -> Iterator[str]:
    """Yield what is inside text with more than a scalar: JSON in a heredoc, a call such as ``jsonencode({..})``."""
    if "(" not in text and "{" not in text:
        return
    document = text[text.find("{") : text.rfind("}") + 1]
    with suppress(ValueError, RecursionError):
        yield from _leaves(json.loads(document))
    for word in re.split(r"[{}\[\],\s]+", text):
        yield _plain(word.strip("():="))


# --------------------------------------------------------------------- templates


def _yaml_scalars(text: bytes) -> Iterator[str]:
    import yaml  # noqa: PLC0415 - only proofs need it here

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        nodes = list(yaml.compose_all(text.decode("utf-8-sig", "replace"), Loader=loader))
    except yaml.YAMLError as error:
        message = f"PyYAML rejects it: {error}"
        raise _UnreadableError(message) from error
    todo = list(nodes)
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an alias: counted out, a few lines of them can be as many nodes as one likes
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield _plain(node.value)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                todo += [key, value]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
