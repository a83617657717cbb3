"""CloudFormation and SAM templates: what YAML and JSON values are in them."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from setsquare.documents import Format
from setsquare.model import (
    Attribute,
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
from setsquare.syntax.intrinsics import FOR_EACH, INTRINSICS, as_condition
from setsquare.syntax.outline import Item, OutlinedDocument, Part, WrittenPart
from setsquare.text import Span

_VERSION = "AWSTemplateFormatVersion"
_TYPE = re.compile(r"[A-Za-z0-9]+(?:::[A-Za-z0-9@_-]+)+\Z")
_LONGEST_QUOTE = 200
_OWN_TRANSFORMS = "AWS::"


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
        sections = _Sections(document.root)
        if _is_template(sections):
            templates.append(_template(document, sections, Memory(lambda _item: (source, 0))))
            problems += document.problems
        elif _VERSION.encode() in source:
            problems += (problem for problem in document.problems if not problem.doubled)
    if not templates and not problems:
        return None
    unique = dict.fromkeys(sorted(problems, key=lambda problem: (problem.span, problem.message)))
    return TemplateFile(path, tuple(templates), tuple(unique))


def fragment(source: bytes, format: Format) -> Expression | None:  # noqa: A002  # the contract's name
    """Return what a file says that is included in a template; None where it has mistakes, or several documents."""
    documents = (json.outline if format is Format.JSON else yaml.outline)(source)
    if len(documents) != 1 or documents[0].problems:
        return None
    return documents[0].root.expression(INTRINSICS)


def _may_be_template(source: bytes) -> bool:
    return _VERSION.encode() in source or (b"Resources" in source and b"::" in source)


Written = tuple[bytes, int]
"""A stretch of a text, and the offset that its positions count from."""
T = TypeVar("T")


class Memory:
    """What was made of entries of a template, so that it is made once of each entry that stays."""

    def __init__(self, text: Callable[[Item], Written], before: "Memory | None" = None) -> None:
        """Take what says where an entry is written, and what was made of the template as it was before."""
        self.text = text
        self._before = before.made if before is not None else {}
        self.made: dict[tuple[object, ...], tuple[Item, Any]] = {}

    def of(self, item: Item, what: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what was made of an entry, made now where it was not."""
        key = (id(item), *what)
        found = self._before.get(key) or self.made.get(key) or (item, make())
        self.made[key] = found
        made: T = found[1]
        return made

    def settle(self) -> None:
        """Drop what was made before and is not asked for any more."""
        self._before = {}


def outlined(document: OutlinedDocument, memory: Memory) -> CloudFormationTemplate | None:
    """Read a document whose entries may be known; None where it is no template."""
    sections = _Sections(document.root)
    return _template(document, sections, memory) if _is_template(sections) else None


class _Sections:
    """The entries of a template's outermost mapping by name, those of a name that is there twice included."""

    def __init__(self, root: Part) -> None:
        self._items: dict[str | None, list[Item]] = {}
        for item in root.entries() or ():
            self._items.setdefault(item.name, []).append(item)

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def complete(self, name: str) -> bool:
        """Whether nothing is hidden in a section, if it is there."""
        return all(item.value.complete for item in self._items.get(name, ()))

    def children(self, name: str) -> list[Item]:
        """Return the entries of a section."""
        return [inner for item in self._items.get(name, ()) for inner in item.value.entries() or ()]

    def expression(self, name: str, memory: Memory) -> Expression | None:
        """Return what a section says."""
        items = self._items.get(name, ())
        if len(items) > 1:
            return Unreadable(items[0].value.span, f"{name} is there twice")
        return memory.of(items[0], (), lambda: items[0].value.expression(INTRINSICS)) if items else None


def _is_template(sections: _Sections) -> bool:
    if _VERSION in sections:
        return True
    for item in sections.children("Resources"):
        if item.name is not None and item.name.startswith(FOR_EACH):
            return True
        for inner in item.value.entries() or ():
            if inner.name == "Type" and _TYPE.match(inner.value.text() or ""):
                return True
    return False


def _template(document: OutlinedDocument, sections: _Sections, memory: Memory) -> CloudFormationTemplate:
    doubled = _Doubled(document)
    items = sections.children("Resources")
    times = Counter(item.name for item in items)

    def resource(item: Item) -> TemplateResource | None:
        hidden = doubled.sections or times[item.name] > 1
        sound = not doubled or not doubled.inside(item.span)
        return memory.of(item, (hidden, sound), lambda: _resource(memory.text(item), item, hidden=hidden, sound=sound))

    resources = [resource(item) for item in items]
    loops = [item for item in items if item.name is not None and item.name.startswith(FOR_EACH)]
    read_all = resources.count(None) == len(loops) and sections.complete("Resources") and not doubled
    transform = sections.expression("Transform", memory)
    adds = "Fn::Transform" in sections or _may_add(transform)
    return CloudFormationTemplate(
        span=document.span,
        resources=tuple(resource for resource in resources if resource is not None),
        parameters=LazyMapping(sections.children("Parameters"), _value),
        conditions=LazyMapping(sections.children("Conditions"), _condition),
        mappings=sections.expression("Mappings", memory),
        metadata=sections.expression("Metadata", memory),
        globals=sections.expression("Globals", memory),
        outputs=sections.expression("Outputs", memory),
        rules=sections.expression("Rules", memory),
        loops=tuple(_loop(item) for item in loops),
        complete=document.root.complete and read_all and not adds,
    )


def _loop(item: Item) -> Attribute:
    return Attribute(item.name or "", item.key, item.span, Lazy(lambda: item.value.expression(INTRINSICS)))


class _Doubled:
    """Where a document has keys that are there twice: nobody knows which of them CloudFormation would have taken."""

    def __init__(self, document: OutlinedDocument) -> None:
        self._starts = sorted(problem.span.start for problem in document.problems if problem.doubled)
        keys = [item.key.start for item in document.root.entries() or ()]
        self.sections = any(start in keys for start in self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def inside(self, span: Span) -> bool:
        """Whether one is in a stretch of the text."""
        return bisect_left(self._starts, span.start) < bisect_left(self._starts, span.end)


def _resource(source: Written, item: Item, *, hidden: bool, sound: bool) -> TemplateResource | None:
    """Return a resource; None for loops, includes, and entries that are no mapping.

    Args:
        source: the text that the entry is in.
        item: its entry.
        hidden: whether it is not known which entry is this resource, or what the sections say that it refers to.
        sound: whether no key in it is there twice.

    """
    body = item.value.entries()
    if item.name is None or body is None or item.name.startswith("Fn::"):
        return None
    parts = _by_name(body)
    if hidden:
        parts.update({name: _unread(item.value) for name in ("Properties", "Metadata", "Condition")})
    kind = parts["Type"].text() if "Type" in parts else None
    condition = (parts["Condition"].text() or "") if "Condition" in parts else None
    return TemplateResource(
        name=item.name,
        type=kind or "",
        span=item.span,
        header=item.key,
        body_span=item.value.span,
        properties=_lazy(source, parts.get("Properties")),
        condition=condition,
        metadata=_lazy(source, parts.get("Metadata")),
        complete=item.value.complete and "Fn::Transform" not in parts and sound,
    )


def _by_name(items: Iterable[Item]) -> dict[str, Part]:
    """Return the values of a mapping; what is there twice cannot be read, since readers differ in which one counts."""
    parts: dict[str, Part] = {}
    for item in items:
        if item.name is not None:
            parts[item.name] = _unread(item.value) if item.name in parts else item.value
    return parts


def _unread(part: Part) -> Part:
    return WrittenPart(Unreadable(part.span, "what is there twice"))


def _lazy(source: Written, part: Part | None) -> Lazy[Expression | None]:
    if part is None:
        return _NOTHING
    return Lazy(lambda: _mapping(source, part))


_NOTHING: Lazy[Expression | None] = Lazy.of(None)


def _mapping(source: Written, part: Part) -> Expression:
    """Lower what must be a mapping: the text of a half-typed key under ``Properties:`` is not a value."""
    expression = part.expression(INTRINSICS)
    if isinstance(expression, Literal) and expression.value is not None:
        start, end = expression.span
        written, base = source
        text = written[start - base : min(end, start + _LONGEST_QUOTE) - base].decode("utf-8", "replace")
        return Unreadable(expression.span, text)
    return expression


def _value(part: Part) -> Expression:
    return part.expression(INTRINSICS)


def _condition(part: Part) -> Expression:
    return as_condition(part.expression(INTRINSICS))


def _may_add(transform: Expression | None) -> bool:
    """Whether something that cannot be read here may add resources: an include, or a macro of one's own."""
    items = transform.items if isinstance(transform, ListExpression) else (transform,)
    names = [item.value if isinstance(item, Literal) else None for item in items if item is not None]
    return any(not str(name).startswith(_OWN_TRANSFORMS) or name == "AWS::Include" for name in names)


class LazyMapping(Mapping[str, Expression]):
    """The children of a section by name, lowered one by one when they are asked for."""

    __slots__ = ("_lower", "_lowered", "_parts")

    def __init__(self, items: Sequence[Item], lower: Callable[[Part], Expression]) -> None:
        self._parts = _by_name(items)
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
