"""JSON text as nodes: one pass over the tokens, no recursion; text that is not JSON is an ``EditError``."""

import re
from dataclasses import dataclass, field

from setsquare.model import Lazy
from setsquare.syntax.data_nodes import Item, Kind, Node, NodeTree, Style
from setsquare.syntax.edit_error import EditError
from setsquare.text import BOM, Span

_TOKEN = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"\Z|(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\Z')


@dataclass(slots=True)
class _Open:
    """A container whose closing bracket has not been read."""

    kind: Kind
    start: int
    items: list[Item] = field(default_factory=list)
    key: Node | None = None
    mark: int | None = None
    wants: bytes = b"item or close"


def json_tree(source: bytes) -> NodeTree:
    """Read a JSON document.

    Raises:
        EditError: the text is not JSON.

    """
    stack: list[_Open] = []
    root: Node | None = None
    for match in _TOKEN.finditer(source, len(BOM) if source.startswith(BOM) else 0):
        token = match[0]
        if root is not None or not (stack or token in b"{["):
            raise _broken(match.start())
        if token in b"{[":
            stack.append(_Open(Kind.MAPPING if token == b"{" else Kind.SEQUENCE, match.start()))
        elif token in b"}]":
            node = _close(stack, token, match.end())
            if stack:
                _value(stack[-1], node)
            else:
                root = node
        else:
            _inside(stack[-1], token, match)
    if root is None:
        raise _broken(len(source))
    return NodeTree((root,))


def _inside(opened: _Open, token: bytes, match: re.Match[bytes]) -> None:
    if token == b"," and opened.wants == b", or close":
        opened.wants = b"item"
    elif token == b":" and opened.wants == b":":
        opened.mark, opened.wants = match.end(), b"value"
    else:
        _scalar(opened, token, match.start())


def _broken(offset: int) -> EditError:
    return EditError(f"the file is not valid JSON at byte {offset}")


def _close(stack: list[_Open], token: bytes, end: int) -> Node:
    if not stack or stack[-1].wants not in (b"item or close", b", or close"):
        raise _broken(end - 1)
    opened = stack.pop()
    if (opened.kind is Kind.MAPPING) != (token == b"}"):
        raise _broken(end - 1)
    span = Span(opened.start, end)
    return Node(opened.kind, Style.FLOW, span, span, lazy_items=Lazy.of(tuple(opened.items)))


def _scalar(opened: _Open, token: bytes, start: int) -> None:
    if not _SCALAR.match(token):  # a comma or colon out of place, or a bare word
        raise _broken(start)
    span = Span(start, start + len(token))
    style = Style.DOUBLE if token.startswith(b'"') else Style.PLAIN
    node = Node(Kind.SCALAR, style, span, span)
    if opened.kind is Kind.MAPPING and opened.wants in (b"item", b"item or close"):
        if style is not Style.DOUBLE:
            raise _broken(start)
        opened.key, opened.wants = node, b":"
        return
    _value(opened, node)


def _value(opened: _Open, node: Node) -> None:
    if opened.kind is Kind.MAPPING:
        if opened.wants != b"value" or opened.key is None:
            raise _broken(node.span.start)
        opened.items.append(Item(opened.key.span.start, node.span.end, opened.key, node, opened.mark))
        opened.key = None
    else:
        if opened.wants not in (b"item", b"item or close"):
            raise _broken(node.span.start)
        opened.items.append(Item(node.span.start, node.span.end, None, node, None))
    opened.wants = b", or close"
