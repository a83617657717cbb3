"""Where things stand in a template, found with PyYAML alone, and the data that a template holds."""

from dataclasses import dataclass

import yaml

from setsquare.documents import Format
from setsquare.model import Change
from setsquare.syntax.data_edits import plan
from setsquare.text import BOM, Span, apply_edits


class AnyTag(yaml.SafeLoader):
    """Reads `!Tag x` as `{"!Tag": x}`."""


def _tagged(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    return {f"!{suffix}": loader.construct_mapping(node, deep=True)}


AnyTag.add_multi_constructor("!", _tagged)


def load(source: bytes):
    return yaml.load(source.decode("utf-8-sig").replace("\t", " "), Loader=AnyTag)  # noqa: S506 a SafeLoader


@dataclass(frozen=True)
class Found:
    """`value` without its tag; `whole` with it; `entry` with its key."""

    value: Span
    whole: Span
    entry: Span


def find(source: bytes, *steps: str | int) -> Found:
    base = len(BOM) if source.startswith(BOM) else 0
    text = source[base:].decode()

    def offset(index: int) -> int:
        return base + len(text[:index].encode())

    node = yaml.compose(text.replace("\t", " "), Loader=AnyTag)
    entry = 0
    for step in steps:
        if isinstance(step, int):
            node = node.value[step]
            entry = node.start_mark.index
        else:
            key, node = next((key, value) for key, value in node.value if key.value == step)
            entry = key.start_mark.index
    start, end = offset(node.start_mark.index), offset(_end(node))
    end = start + len(source[start:end].rstrip())
    inner = start
    if source[start : start + 1] == b"!":
        word = source[start:end].split(None, 1)
        inner = source.index(word[1], start + len(word[0])) if len(word) > 1 else end
    return Found(Span(inner, end), Span(start, end), Span(offset(entry), end))


def _end(node: yaml.Node) -> int:
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node.end_mark.index


def apply(source: bytes, changes: list[Change], written: Format = Format.YAML) -> bytes:
    return apply_edits(source, plan(source, written, changes))
