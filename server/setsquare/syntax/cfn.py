"""CloudFormation and SAM templates: what YAML and JSON values are in them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from setsquare.documents import Format
from setsquare.model import (
    CloudFormationTemplate,
    Expression,
    Lazy,
    ListExpression,
    Literal,
    SyntaxProblem,
    TemplateFile,
    TemplateResource,
    Unreadable,
)
from setsquare.syntax import json, yaml
from setsquare.syntax.intrinsics import INTRINSICS, as_condition
from setsquare.syntax.outline import Item, Part
from setsquare.text import Span

_VERSION = "AWSTemplateFormatVersion"
_TYPE = re.compile(r"[A-Za-z0-9]+(?:::[A-Za-z0-9@_-]+)+\Z")
_LONGEST_QUOTE = 200


def read(path: str, source: bytes, format: Format) -> TemplateFile | None:  # noqa: A002  # the contract's name
    """Read a template file.

    Returns:
        None where no document of the file is a template: neither a format version nor a resource with a type like
        ``X::Y::Z``. A broken file that names the format version is a TemplateFile with its problems.

    """
    if not _may_be_template(source):
        return None
    documents = (json.outline if format is Format.JSON else yaml.outline)(source)
    templates: list[CloudFormationTemplate] = []
    problems: list[SyntaxProblem] = []
    for document in documents:
        entries = document.root.entries()
        sections = _sections(entries or (), problems) if entries is not None else {}
        if _is_template(sections):
            templates.append(_template(source, document.span, document.root, sections, problems))
            problems += document.problems
        elif document.problems and _VERSION.encode() in source:
            problems += document.problems
    if not templates and not problems:
        return None
    unique = dict.fromkeys(sorted(problems, key=lambda problem: (problem.span, problem.message)))
    return TemplateFile(path, tuple(templates), tuple(unique))


def _may_be_template(source: bytes) -> bool:
    return _VERSION.encode() in source or (b"Resources" in source and b"::" in source)


def _sections(items: Sequence[Item], problems: list[SyntaxProblem]) -> dict[str, Item]:
    sections: dict[str, Item] = {}
    for item in items:
        if item.name is None:
            continue
        if item.name in sections:
            problems.append(SyntaxProblem(item.key, f"the key {item.name} is there twice"))
        else:
            sections[item.name] = item
    return sections


def _is_template(sections: Mapping[str, Item]) -> bool:
    if _VERSION in sections:
        return True
    resources = sections.get("Resources")
    for item in (resources.value.entries() if resources else None) or ():
        for inner in item.value.entries() or ():
            if inner.name == "Type" and _TYPE.match(inner.value.text() or ""):
                return True
    return False


def _template(
    source: bytes, span: Span, root: Part, sections: Mapping[str, Item], problems: list[SyntaxProblem]
) -> CloudFormationTemplate:
    def section(name: str) -> Expression | None:
        return sections[name].value.expression(INTRINSICS) if name in sections else None

    def children(name: str) -> Sequence[Item]:
        return (sections[name].value.entries() if name in sections else None) or ()

    resources = [_resource(source, item) for item in children("Resources")]
    section_complete = "Resources" not in sections or sections["Resources"].value.complete
    read_all = root.complete and all(resources) and section_complete
    found = tuple(resource for resource in resources if resource is not None)
    problems.extend(_doubled(found))
    return CloudFormationTemplate(
        span=span,
        resources=found,
        parameters=LazyMapping(children("Parameters"), _value),
        conditions=LazyMapping(children("Conditions"), _condition),
        mappings=section("Mappings"),
        metadata=section("Metadata"),
        transforms=_transforms(section("Transform")),
        globals=section("Globals"),
        outputs=section("Outputs"),
        complete=read_all,
    )


def _resource(source: bytes, item: Item) -> TemplateResource | None:
    """Return a resource; None for loops, includes, and entries that are no mapping."""
    body = item.value.entries()
    if item.name is None or body is None or item.name.startswith("Fn::"):
        return None
    parts = {inner.name: inner.value for inner in reversed(body)}
    kind = parts["Type"].text() if "Type" in parts else None
    condition = parts["Condition"].text() if "Condition" in parts else None
    return TemplateResource(
        name=item.name,
        type=kind or "",
        span=item.span,
        header=item.key,
        body_span=item.value.span,
        properties=_lazy(source, parts.get("Properties")),
        condition=condition,
        metadata=_lazy(source, parts.get("Metadata")),
        complete=item.value.complete and "Fn::Transform" not in parts and len(parts) == len(body),
    )


def _doubled(resources: Sequence[TemplateResource]) -> Iterator[SyntaxProblem]:
    names = set()
    for resource in resources:
        if resource.name in names:
            yield SyntaxProblem(resource.header, f"the logical id {resource.name} is there twice")
        names.add(resource.name)


def _lazy(source: bytes, part: Part | None) -> Lazy[Expression | None]:
    if part is None:
        return _NOTHING
    return Lazy(lambda: _mapping(source, part))


_NOTHING: Lazy[Expression | None] = Lazy.of(None)


def _mapping(source: bytes, part: Part) -> Expression:
    """Lower what must be a mapping: the text of a half-typed key under ``Properties:`` is not a value."""
    expression = part.expression(INTRINSICS)
    if isinstance(expression, Literal) and expression.value is not None:
        start, end = expression.span
        text = source[start : min(end, start + _LONGEST_QUOTE)].decode("utf-8", "replace")
        return Unreadable(expression.span, text)
    return expression


def _value(part: Part) -> Expression:
    return part.expression(INTRINSICS)


def _condition(part: Part) -> Expression:
    return as_condition(part.expression(INTRINSICS))


def _transforms(written: Expression | None) -> tuple[str, ...]:
    items = written.items if isinstance(written, ListExpression) else (written,)
    return tuple(item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str))


class LazyMapping(Mapping[str, Expression]):
    """The children of a section by name, lowered one by one when they are asked for; of doubled names the first."""

    __slots__ = ("_lower", "_lowered", "_parts")

    def __init__(self, items: Sequence[Item], lower: Callable[[Part], Expression]) -> None:
        self._parts = {item.name: item.value for item in reversed(items) if item.name is not None}
        self._parts = dict(reversed(self._parts.items()))
        self._lower = lower
        self._lowered: dict[str, Expression] = {}

    def __getitem__(self, name: str) -> Expression:
        if name not in self._lowered:
            self._lowered[name] = self._lower(self._parts[name])
        return self._lowered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
