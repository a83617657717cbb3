"""Terraform files (HCL): syntax tree -> blocks, whose bodies and values are lowered when they are first asked for.

A text without errors is read from one tree. A text with errors is read by ``hcl_recovery``, statement by statement.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from setsquare.model import (
    Attribute,
    Block,
    Body,
    ConfigurationFile,
    Expression,
    Lazy,
    Literal,
    SyntaxProblem,
    Template,
    Unreadable,
)
from setsquare.syntax import hcl_tree as tree
from setsquare.syntax.hcl_expressions import MAX_DEPTH, Lowering
from setsquare.syntax.hcl_lexing import first_deeper_than
from setsquare.syntax.hcl_text import decode_utf8, unescape_quoted
from setsquare.text import BOM, Span

_TFVARS = ".tfvars"
_VALUE_PREFIX = b"v = "
# What tree-sitter accepts and HCL does not can only be where one of these is; only such blocks are looked into at once.
# Two patterns where one would do: Python looks for the first byte of each much faster than for either.
_NO_VALUE_ON_LINE = re.compile(rb"=[ \t]*(?:(?:#|//)[^\n]*|/\*[^\n]*)?\r?\n")
_SIGN_ON_NEXT_LINE = re.compile(rb"\n[ \t]*=")
_TWO_ON_ONE_LINE = re.compile(
    rb'(?:["\])}/][ \t]*+|\w[ \t]++)[A-Za-z_\x80-\xff][\w\x80-\xff-]*+[ \t]*+(?:=(?![=>])|(?:"[^"\n]*"[ \t]*+)*+\{)',
)
_NAMES = re.compile(rb"\n[ \t]*+([\w\x80-\xff-]++)[ \t]*+=(?![=>])")
TOP_LEVEL = re.compile(
    rb"^(?:resource|data|ephemeral|module|variable|output|locals|provider|terraform|moved|import|check|removed|action)"
    rb"(?![\w-])(?![ \t]*[=.\[(:,?\])}])",
    re.MULTILINE,
)
"""Where a line begins with the name of a top-level block."""


def read(path: str, source: bytes) -> ConfigurationFile:
    """Read a file. Never raises; a ``.tfvars`` file is one block ``tfvars`` without labels.

    What could not be read is in the file's problems, and the bodies concerned are not ``complete``.
    """
    if b"\0" in source:
        at = source.index(b"\0")
        return ConfigurationFile(path, (), (SyntaxProblem(Span(at, at + 1), "this is not text"),))
    base = len(BOM) if source.startswith(BOM) else 0
    text = source[base:]
    problems = encoding_problems(text, base)
    as_body = path.endswith(_TFVARS)
    contents = read_text(text, base, problems, split=not as_body)
    deep = first_deeper_than(text, MAX_DEPTH)
    if deep is not None:
        problems.append(SyntaxProblem(Span(base + deep, base + deep + 1), f"nested deeper than {MAX_DEPTH} levels"))
    if as_body:
        whole = Span(base, len(source))
        body = contents.body(whole)
        blocks: tuple[Block, ...] = (Block("tfvars", (), whole, Span(base, base), Lazy.of(body)),)
        return ConfigurationFile(path, blocks, _in_order(problems))
    return finished(path, contents)


def finished(path: str, contents: "Contents") -> ConfigurationFile:
    """Return a file of blocks from what was gathered of it."""
    for attribute in contents.attributes.values():
        message = f"{attribute.name} is set outside of all blocks"
        contents.problems.append(SyntaxProblem(attribute.name_span, message))
    return ConfigurationFile(path, tuple(contents.blocks), _in_order(contents.problems))


def read_expression(source: bytes, span: Span | None = None) -> Expression:
    """Read a stretch of a document, or all of it, as one expression; ``Unreadable`` where it is none."""
    span = span or Span(0, len(source))
    text = _VALUE_PREFIX + source[span.start : span.end] + b"\n"  # a heredoc ends with its line
    base = span.start - len(_VALUE_PREFIX)
    root = tree.parse(text).root_node
    nodes = [node for child in root.children if child.kind_id == tree.BODY for node in tree.children(child)]
    if root.has_error or len(nodes) != 1 or nodes[0].kind_id != tree.ATTRIBUTE:
        return Unreadable(span, source[span.start : span.end].decode("utf-8", "replace"))
    return Lowering(text, base).expression(tree.children(nodes[0])[2])


def read_template(text: str, span: Span) -> Expression:
    """Read a text that is a template without quotes; all that is in it stands at one span."""
    marker = "EOT"
    while marker in text:
        marker += "T"
    source = f"v = <<{marker}\n{text}\n{marker}\n".encode()
    root = tree.parse(source).root_node
    nodes = [node for child in root.children if child.kind_id == tree.BODY for node in tree.children(child)]
    if root.has_error or len(nodes) != 1 or nodes[0].kind_id != tree.ATTRIBUTE:
        return Unreadable(span, text)
    return _without_last_break(Lowering(source, 0, span).expression(tree.children(nodes[0])[2]))


def _without_last_break(expression: Expression) -> Expression:
    """Take away the line break that a heredoc has after its text."""
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return Literal(expression.span, expression.value.removesuffix("\n"))
    if not isinstance(expression, Template):
        return expression
    *before, last = expression.parts
    last = _without_last_break(last)
    parts = tuple(before) if isinstance(last, Literal) and last.value == "" else (*before, last)
    return parts[0] if len(parts) == 1 else Template(expression.span, parts)


class Contents:
    """What is gathered of a body or of a file, and of what is wrong with it."""

    __slots__ = ("attributes", "blocks", "complete", "problems")

    def __init__(self, problems: list[SyntaxProblem], *, complete: bool = True) -> None:
        self.attributes: dict[str, Attribute] = {}
        self.blocks: list[Block] = []
        self.complete = complete
        self.problems = problems

    def fail(self, span: Span, message: str) -> None:
        """Record that something could not be read, and may therefore be missing."""
        self.problems.append(SyntaxProblem(span, message))
        self.complete = False

    def add(self, attribute: Attribute) -> None:
        """Add an attribute; of one that is set twice no value is believed."""
        first = self.attributes.setdefault(attribute.name, attribute)
        if first is not attribute:
            message = f"{attribute.name} is set twice in this block"
            self.fail(attribute.name_span, message)
            self.attributes[attribute.name] = replace(first, lazy_value=Lazy.of(Unreadable(first.span, message)))

    def body(self, span: Span) -> Body:
        """Return what was gathered."""
        return Body(span, self.attributes, tuple(self.blocks), self.complete)


class ParsedText:
    """The blocks and attributes of one text whose tree has no errors.

    ``base`` is where the text starts in the document. With ``doubtful``, no body is complete: the text stands in a
    block that is not closed, so that what seems to belong to an inner block may belong to an outer one.
    """

    __slots__ = ("_base", "_doubtful", "_problems", "_text")

    def __init__(self, text: bytes, base: int, problems: list[SyntaxProblem], *, doubtful: bool = False) -> None:
        self._text = text
        self._base = base
        self._problems = problems
        self._doubtful = doubtful

    def collect(self, root: Node, contents: Contents) -> None:
        """Gather what stands at the top of the text, and look into the blocks that may not be valid."""
        for child in root.children:
            if child.kind_id == tree.BODY:
                known = len(contents.blocks)
                self._collect(child.children, contents)
                self._check(contents.blocks[known:])

    def _collect(self, nodes: Iterable[Node], contents: Contents, depth: int = 0) -> None:
        previous_end = -1
        for node in nodes:
            kind = node.kind_id
            if kind == tree.BLOCK:
                block = self._block(node, depth)
                if block is None:
                    contents.fail(self._span(node.start_byte, node.end_byte), "the labels of this block are not text")
                else:
                    contents.blocks.append(block)
            elif kind == tree.ATTRIBUTE:
                self._add_attribute(node, contents)
            else:
                continue
            start = node.start_byte
            if previous_end >= 0 and self._text.find(b"\n", previous_end, start) < 0:
                contents.fail(self._span(start, node.end_byte), "a line break is missing before this")
            previous_end = node.end_byte

    def _check(self, blocks: Iterable[Block]) -> None:
        """Lower the blocks that may hold what only lowering finds, so that it is among the problems."""
        waiting = [block for block in blocks if self._is_suspect(block)]
        while waiting:
            waiting += waiting.pop().body.blocks

    def _is_suspect(self, block: Block) -> bool:
        text = self._text[block.span.start - self._base : block.span.end - self._base]
        if _NO_VALUE_ON_LINE.search(text) or _SIGN_ON_NEXT_LINE.search(text) or text.count(b"{") > MAX_DEPTH:
            return True
        if _TWO_ON_ONE_LINE.search(text):
            return True
        names = _NAMES.findall(text)
        return len(names) != len(set(names))

    def _block(self, node: Node, depth: int) -> Block | None:
        nodes = node.children
        labels: list[str] = []
        kind = nodes[0]
        last = kind
        for part in nodes:
            number = part.kind_id
            if number == tree.BLOCK_START:
                break
            if number == tree.COMMENT:
                continue
            if part is not kind:
                label = self._label(part, quoted=number == tree.STRING)
                if label is None:
                    return None
                labels.append(label)
            last = part
        name = self._source(kind)
        start = kind.start_byte
        span = self._span(start, node.end_byte)
        return Block(
            name, tuple(labels), span, self._span(start, last.end_byte), Lazy(partial(self._body, nodes, depth))
        )

    def _label(self, node: Node, *, quoted: bool) -> str | None:
        if not quoted:
            return self._source(node)
        text = decode_utf8(self._text[node.start_byte + 1 : node.end_byte - 1])
        return None if text is None else unescape_quoted(text)

    def _body(self, nodes: list[Node], depth: int) -> Body:
        contents = Contents(self._problems, complete=not self._doubtful)
        start, end = nodes[0].start_byte, nodes[-1].end_byte
        for node in nodes:
            if node.kind_id == tree.BLOCK_START:
                start = node.start_byte
            elif node.kind_id == tree.BODY and depth < MAX_DEPTH:
                self._collect(node.children, contents, depth + 1)
            elif node.kind_id == tree.BODY:
                contents.fail(self._span(start, start + 1), f"nested deeper than {MAX_DEPTH} levels")
        return contents.body(self._span(start, end))

    def _add_attribute(self, node: Node, contents: Contents) -> None:
        name, sign, value = tree.children(node)
        span = self._span(node.start_byte, node.end_byte)
        if b"\n" in self._text[name.end_byte : value.start_byte]:
            # Most likely the value is still to be written, and what follows is the next attribute or block.
            at = self._span(sign.end_byte, sign.end_byte)
            contents.fail(self._span(name.start_byte, sign.end_byte), "a value is missing after this")
            lowered: Lazy[Expression] = Lazy.of(Unreadable(at, ""))
        else:
            lowered = Lazy(partial(self._value, value))
        contents.add(Attribute(self._source(name), self._span(name.start_byte, name.end_byte), span, lowered))

    def _value(self, node: Node) -> Expression:
        return Lowering(self._text, self._base).expression(node)

    def _source(self, node: Node) -> str:
        return self._text[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _span(self, start: int, end: int) -> Span:
        return Span(self._base + start, self._base + end)


def read_text(text: bytes, base: int, problems: list[SyntaxProblem], *, split: bool) -> Contents:
    """Read a text that starts at an offset of its document; ``split``: top-level blocks may be told apart by names."""
    contents = Contents(problems)
    root = tree.parse(text).root_node
    if not root.has_error:
        ParsedText(text, base, problems).collect(root, contents)
        starts = {block.span.start - base for block in contents.blocks}
        if not split or all(match.start() in starts for match in TOP_LEVEL.finditer(text)):
            return contents
    problems[:] = encoding_problems(text, base)
    if split:
        from setsquare.syntax import hcl_pieces  # noqa: PLC0415 - it reads intact pieces with this module

        return hcl_pieces.contents(text, base, problems)
    from setsquare.syntax.hcl_recovery import Recovery  # noqa: PLC0415 - it reads intact pieces with this module

    contents = Contents(problems)
    Recovery(text, base).read(contents)
    return contents


def encoding_problems(text: bytes, base: int) -> list[SyntaxProblem]:
    """Return what keeps the bytes from being text, which starts at an offset of its document."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return [SyntaxProblem(Span(base + error.start, base + error.end), "this is not UTF-8")]
    return []


def _in_order(problems: Iterable[SyntaxProblem]) -> tuple[SyntaxProblem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.span, problem.message)))
