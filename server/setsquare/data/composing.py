"""YAML text to nodes, by PyYAML: libyaml where it is built in, pure Python where it is not."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import accumulate, chain
from types import ModuleType
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from setsquare.model import SyntaxProblem
from setsquare.text import BOM, Span

try:
    cyaml: ModuleType | None = import_module("yaml.cyaml")
except ImportError:  # PyYAML was built without libyaml
    cyaml = None

PLAIN = "plain"
"""The tag of an unquoted scalar: its value has the type that it looks like."""
QUOTED = "quoted"
"""The tag of every other node without an explicit tag."""

MERGE = "<<"
"""The key whose value's entries become the mapping's own."""

MAX_DEPTH = 100
"""How deep nodes may nest."""

_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n\r")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WIDE = re.compile("[^\x00-\x7f]")
_REPLACEMENT = "\ufffd"
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_DEEP_INDENT = b" " * MAX_DEPTH
_DEEP_LINE = re.compile(rb"(?:[-?:][ \t]+){20}")
_AS_DASHES = bytes.maketrans(b"?:", b"--")
_MANY_DASHES = b"-" * 20


def doubled_key(span: Span, name: str) -> SyntaxProblem:
    """Return the problem that a key at a place has a name that another key of its mapping has already."""
    return SyntaxProblem(span, f"the key {name} is there twice", doubled=True)


class _Untyped:
    """Resolves no tags: types are decided where a value is asked for."""

    def resolve(self, _kind: type[Node], _value: object, implicit: object) -> str:
        if isinstance(implicit, tuple) and implicit[0]:
            return PLAIN
        return QUOTED

    def descend_resolver(self, _node: object, _index: object) -> None:
        """Do nothing: there are no resolvers by path."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no resolvers by path."""

    def check_resolver_prefix(self, *_arguments: object) -> bool:
        """Do nothing: there are no resolvers by path."""
        return False


class _PythonLoader(_Untyped, Reader, Scanner, Parser, Composer):
    def __init__(self, stream: "str | bytes") -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


_Loader: Any = _PythonLoader
if cyaml is not None:
    _Loader = type("_NativeLoader", (_Untyped, cyaml.CParser), {})


class ComposedText:
    """One YAML text as nodes, whose marks count characters, and the way from characters to bytes.

    Attributes:
        source: the text.
        roots: the root node of each document that could be read.
        problems: what could not; the first stops the reading. Their spans count bytes of ``source``.

    """

    __slots__ = ("_doubled", "_first", "_wide", "_widths", "problems", "roots", "source")

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.roots: list[Node] = []
        self.problems: list[SyntaxProblem] = []
        self._first = len(BOM) if source.startswith(BOM) else 0
        self._wide: list[int] = []
        self._widths: list[int] = [0]
        self._doubled: tuple[SyntaxProblem, ...] | None = None
        readable = self._readable()
        if readable is not None and self._is_flat(readable):
            self._compose(readable)

    def offset(self, index: int) -> int:
        """Return the byte offset of a character."""
        if self._wide:
            index += self._widths[bisect_left(self._wide, index)]
        return index + self._first

    def doubled(self) -> tuple[SyntaxProblem, ...]:
        """Return the keys that are there twice in a mapping, wherever it stands; what an alias repeats is told once."""
        if self._doubled is None:
            keys = (key for mapping in _mappings(self.roots) for key in _repeated(mapping))
            spans = ((Span(self.offset(k.start_mark.index), self.offset(k.end_mark.index)), k.value) for k in keys)
            self._doubled = tuple(doubled_key(span, name) for span, name in sorted(spans))
        return self._doubled

    def _readable(self) -> "str | bytes | None":
        body = self.source[self._first :] if self._first else self.source
        if body.isascii() and len(body.translate(None, _CONTROLS)) == len(body):
            return body
        if b"\0" in body:
            self.problems.append(SyntaxProblem(Span(0, len(self.source)), "this is not text"))
            return None
        text = body.decode("utf-8", "surrogateescape")
        self._measure(text)
        replaced, count = _FORBIDDEN.subn(_REPLACEMENT, text)
        if count:
            first = _FORBIDDEN.search(text)
            at = self.offset(first.start()) if first else 0
            self.problems.append(SyntaxProblem(Span(at, at + 1), "a character that YAML does not allow"))
        return replaced

    def _measure(self, text: str) -> None:
        wide = [(match.start(), match.group()) for match in _WIDE.finditer(text)]
        self._wide = [index for index, _ in wide]
        extra = (len(character.encode("utf-8", "surrogateescape")) - 1 for _, character in wide)
        self._widths = list(accumulate(extra, initial=0))

    def _is_flat(self, readable: "str | bytes") -> bool:
        if not may_be_deep(self.source):
            return True
        deep = _first_deep_event(readable)
        if deep is None:
            return True
        at = self.offset(deep)
        self.problems.append(SyntaxProblem(Span(at, at + 1), f"nested deeper than {MAX_DEPTH} levels"))
        return False

    def _compose(self, readable: "str | bytes") -> None:
        loader = _Loader(readable)
        try:
            while loader.check_node():
                self.roots.append(loader.get_node())
        except yaml.MarkedYAMLError as error:
            self.problems.append(self._problem(error))
        except RecursionError:
            self.problems.append(SyntaxProblem(Span(0, len(self.source)), "nested too deeply"))

    def _problem(self, error: yaml.MarkedYAMLError) -> SyntaxProblem:
        mark = error.problem_mark or error.context_mark
        at = self.offset(mark.index) if mark else 0
        end = len(self.source[at:].split(b"\n", 1)[0].rstrip()) + at
        words = [word for word in (error.context, error.problem) if word]
        return SyntaxProblem(Span(at, max(at, end)), ": ".join(words))


def _mappings(roots: list[Node]) -> Iterator[MappingNode]:
    waiting = [root for root in roots if isinstance(root, CollectionNode)]
    seen = set(map(id, waiting))
    while waiting:
        node = waiting.pop()
        children: Iterable[Node] = node.value
        if isinstance(node, MappingNode):
            yield node
            children = chain.from_iterable(node.value)
        for child in children:
            if isinstance(child, CollectionNode) and id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)


def _repeated(mapping: MappingNode) -> Iterator[ScalarNode]:
    keys = [key for key, _ in mapping.value if isinstance(key, ScalarNode)]
    if len({key.value for key in keys}) == len(keys):
        return
    names = set()
    for key in keys:
        if key.value == MERGE and key.tag is PLAIN:
            continue
        if key.value in names:
            yield key
        names.add(key.value)


def may_be_deep(source: bytes) -> bool:
    """Tell cheaply whether nodes may nest so deep that only an exact count can tell; brackets in strings count."""
    if _DEEP_INDENT in source:
        return True
    # The pattern is slow, and what it looks for is rare even without its spaces.
    if _MANY_DASHES in source.translate(_AS_DASHES, b" \t") and _DEEP_LINE.search(source):
        return True
    if source.count(b"[") + source.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for sign in source.translate(None, _NO_BRACKETS):
        if sign in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif depth:
            depth -= 1
    return False


def _first_deep_event(readable: "str | bytes") -> int | None:
    loader = _Loader(readable)
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH and event.start_mark is not None:
                    return int(event.start_mark.index)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError:
        # Composing stops at the same place, and reports it.
        return None
    return None
