"""``Fn::ForEach``: what a loop writes out for each item of its collection, within bounds.

Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from setsquare.model import (
    Attribute,
    Call,
    Conditional,
    Entry,
    Expression,
    Lazy,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    Template,
    TemplateResource,
)

FOR_EACH = "Fn::ForEach"
MAX_ENTRIES = 500
"""How many entries the loops of one mapping may write out: as many resources as CloudFormation takes."""

_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
Items = Callable[[Expression], tuple[str, ...] | None]


def without_loops(written: ObjectExpression, items: Items) -> ObjectExpression:
    """Return a mapping in which loops are written out; it is incomplete where one cannot be, or is an include."""
    if not any(_is_foreign(entry) for entry in written.entries):
        return written
    complete = written.complete
    entries: list[Entry] = []
    for entry in written.entries:
        if not _is_foreign(entry):
            entries.append(entry)
            continue
        found = _written_out(entry, items, MAX_ENTRIES - len(entries))
        complete = complete and found is not None
        entries += found or ()
    return ObjectExpression(written.span, tuple(entries), complete)


def _is_foreign(entry: Entry) -> bool:
    name = entry.key.value if isinstance(entry.key, Literal) else None
    return isinstance(name, str) and (name.startswith(FOR_EACH) or name == "Fn::Transform")


def _written_out(entry: Entry, items: Items, room: int) -> list[Entry] | None:
    """Return the entries that a loop writes out; None where its items are not known, or are too many."""
    match entry.value:
        case ListExpression(_, (Literal(_, str() as variable), collection, ObjectExpression() as body)):
            texts = items(collection)
        case _:
            return None
    if texts is None or len(texts) * len(body.entries) > room:
        return None
    found: list[Entry] = []
    for text in texts:
        for inner in body.entries:
            instance = Entry(_filled(inner.key, variable, text), _filled(inner.value, variable, text), inner.span)
            nested = _written_out(instance, items, room - len(found)) if _is_foreign(instance) else [instance]
            if nested is None:
                return None
            found += nested
    return found if len(found) <= room else None


def looped_resources(loop: Attribute, items: Items) -> list[TemplateResource] | None:
    """Return the resources that a loop writes out; None where its items are not known, or are too many."""
    entry = Entry(Literal(loop.name_span, loop.name), loop.value, loop.span)
    found = _written_out(entry, items, MAX_ENTRIES)
    return None if found is None else [resource for one in found if (resource := _resource(one)) is not None]


def _resource(entry: Entry) -> TemplateResource | None:
    if not isinstance(entry.value, ObjectExpression) or not isinstance(entry.key, Literal):
        return None
    parts = {inner.key.value: inner.value for inner in entry.value.entries if isinstance(inner.key, Literal)}
    kind, condition = parts.get("Type"), parts.get("Condition")
    return TemplateResource(
        name=str(entry.key.value),
        type=str(kind.value) if isinstance(kind, Literal) else "",
        span=entry.span,
        header=entry.key.span,
        body_span=entry.value.span,
        properties=Lazy.of(parts.get("Properties")),
        condition=str(condition.value) if isinstance(condition, Literal) else None,
        metadata=Lazy.of(parts.get("Metadata")),
        complete=entry.value.complete,
    )


def _filled(expression: Expression, variable: str, text: str) -> Expression:
    """Return an expression in which a loop's variable has a value."""

    def in_text(written: str) -> str:
        plain = _NOT_ALPHANUMERIC.sub("", text)
        return written.replace("${" + variable + "}", text).replace("&{" + variable + "}", plain)

    def inside(part: Expression) -> Expression:
        match part:
            case Literal(_, str() as value):
                return replace(part, value=in_text(value))
            case Reference(span, ("Ref", name)) if name == variable:
                return Literal(span, text)
            case Reference(_, path):
                return replace(part, path=tuple(in_text(step) for step in path))
            case Template(span, parts):
                return Template(span, tuple(inside(inner) for inner in parts))
            case ListExpression(span, items):
                return ListExpression(span, tuple(inside(item) for item in items))
            case ObjectExpression(span, entries, complete):
                changed = (Entry(inside(entry.key), inside(entry.value), entry.span) for entry in entries)
                return ObjectExpression(span, tuple(changed), complete)
            case Conditional(span, condition, when_true, when_false):
                return Conditional(span, inside(condition), inside(when_true), inside(when_false))
            case Call(span, name, arguments):
                return Call(span, name, tuple(inside(argument) for argument in arguments))
            case _:
                return part

    return inside(expression)
