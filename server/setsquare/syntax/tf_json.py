"""Terraform's JSON syntax: ``.tf.json`` and ``.tfvars.json`` files as blocks whose bodies have attributes only."""

from collections.abc import Iterator
from functools import partial

from setsquare.data import DataDocument
from setsquare.model import (
    Attribute,
    Block,
    Body,
    ConfigurationFile,
    Entry,
    Expression,
    Lazy,
    ListExpression,
    Literal,
    ObjectExpression,
    SyntaxProblem,
    Unreadable,
)
from setsquare.syntax import json
from setsquare.text import Span

_LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "check": 1,
    "locals": 0,
    "terraform": 0,
    "moved": 0,
    "import": 0,
    "removed": 0,
}
_COMMENT = "//"
_TFVARS = ".tfvars.json"


def read(path: str, source: bytes) -> ConfigurationFile:
    """Read a file. Never raises; a ``.tfvars.json`` file is one block ``tfvars`` without labels.

    Strings with ``${`` or ``%{`` are lowered as templates, but in variables, where Terraform takes text as it is. An
    object without a label that the kind asks for gives no block.
    """
    documents = json.read(source)
    if not documents:
        return ConfigurationFile(path, ())
    document = documents[0]
    problems = list(document.problems)
    if path.endswith(_TFVARS):
        blocks = tuple(_tfvars(source, document))
    else:
        blocks = tuple(_top_level(source, document.root, problems))
    return ConfigurationFile(path, blocks, tuple(problems))


def _tfvars(source: bytes, document: DataDocument) -> Iterator[Block]:
    root = document.root
    if isinstance(root, ObjectExpression):
        header = Span(root.span.start, root.span.start)
        # Values of variables are data: Terraform takes `${` in them as text.
        yield Block("tfvars", (), root.span, header, Lazy(lambda: _body(source, root, literal=True)))


def _top_level(source: bytes, root: Expression, problems: list[SyntaxProblem]) -> Iterator[Block]:
    for item in _objects(root, problems):
        for entry in item.entries:
            kind = _name(entry)
            if kind is None or kind == _COMMENT:
                continue
            if kind not in _LABELS:
                problems.append(SyntaxProblem(entry.key.span, f"{kind} is no kind of block"))
                continue
            yield from _blocks(source, kind, (), entry, problems)


def _blocks(
    source: bytes, kind: str, labels: tuple[str, ...], entry: Entry, problems: list[SyntaxProblem]
) -> Iterator[Block]:
    """Yield the blocks under a key: objects by label down to the last label, then one object or a list of them."""
    literal = kind == "variable"
    for item in _objects(entry.value, problems):
        if len(labels) < _LABELS[kind]:
            for inner in item.entries:
                name = _name(inner)
                if name is not None and name != _COMMENT:
                    yield from _blocks(source, kind, (*labels, name), inner, problems)
        else:
            lazy = Lazy(partial(_body, source, item, literal=literal))
            span = item.span if isinstance(entry.value, ListExpression) else entry.span
            yield Block(kind, labels, span, entry.key.span, lazy)


def _objects(value: Expression, problems: list[SyntaxProblem]) -> Iterator[ObjectExpression]:
    """Yield the objects that stand where blocks belong: one, or a list of them; anything else is a problem.

    What the reader could not read is a problem already.
    """
    for item in value.items if isinstance(value, ListExpression) else (value,):
        if isinstance(item, ObjectExpression):
            yield item
        elif not isinstance(item, Unreadable) and not (isinstance(item, Literal) and item.value is None):
            problems.append(SyntaxProblem(item.span, "an object is missing here"))


def _name(entry: Entry) -> str | None:
    key = entry.key
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else None


def _body(source: bytes, written: ObjectExpression, *, literal: bool) -> Body:
    attributes: dict[str, Attribute] = {}
    for entry in written.entries:
        name = _name(entry)
        if name is None or name == _COMMENT or name in attributes:
            continue
        lazy = Lazy.of(entry.value) if literal else Lazy(partial(lower, source, entry.value))
        attributes[name] = Attribute(name, entry.key.span, entry.span, lazy)
    return Body(written.span, attributes, (), written.complete)


def lower(source: bytes, value: Expression) -> Expression:
    """Return JSON as Terraform means it: strings are templates."""
    if isinstance(value, Literal):
        if isinstance(value.value, str) and ("${" in value.value or "%{" in value.value):
            return _template(source, value)
        return value
    if isinstance(value, ListExpression):
        return ListExpression(value.span, tuple(lower(source, item) for item in value.items))
    if isinstance(value, ObjectExpression):
        entries = tuple(
            Entry(lower(source, entry.key), lower(source, entry.value), entry.span)
            for entry in value.entries
            if _name(entry) != _COMMENT
        )
        return ObjectExpression(value.span, entries, value.complete)
    return value


def _template(source: bytes, string: Literal) -> Expression:
    """Lower a string with interpolations.

    A JSON string without escapes is a quoted template of HCL, byte by byte. With escapes it is lowered from its decoded
    text, as the heredoc that has the same text, and everything in it gets the span of the whole string.
    """
    from setsquare.syntax import hcl  # noqa: PLC0415  # most files have no interpolation and need no parser of HCL

    if b"\\" not in source[string.span.start : string.span.end]:
        return hcl.read_expression(source, string.span)
    return hcl.read_template(str(string.value), string.span)
