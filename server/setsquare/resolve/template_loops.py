"""``Fn::ForEach``: what a loop writes out for each item of its collection, within bounds.

Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html.
"""

import re
import sys
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
    Unreadable,
)
from setsquare.records import record
from setsquare.text import Span

FOR_EACH = "Fn::ForEach"
MAX_ENTRIES = 500
"""How many entries the loops of one mapping may write out: as many resources as CloudFormation takes."""

_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
Items = Callable[[Expression], tuple[str, ...] | None]


class TooManyError(Exception):
    """A loop writes out more than is looked at."""


@record
class Looped:
    """What a loop over resources writes out.

    ``is_one_for_all``: it writes out too many, so that each stands for all items, and the loop's variable is not known.
    """

    resources: tuple[TemplateResource, ...]
    is_one_for_all: bool = False


def without_loops(written: ObjectExpression, items: Items, too_many: Callable[[Span], None]) -> ObjectExpression:
    """Return a mapping in which loops are written out; it is incomplete where one cannot be, or is an include.

    ``too_many`` is told of a loop that writes out more than is looked at.
    """
    if not any(_is_foreign(entry) for entry in written.entries):
        return written
    complete = written.complete
    entries: list[Entry] = []
    for entry in written.entries:
        if not _is_foreign(entry):
            entries.append(entry)
            continue
        found: list[Entry] | None = None
        try:
            found = _written_out(entry, items, MAX_ENTRIES - len(entries))
        except TooManyError:
            too_many(entry.span)
        complete = complete and found is not None
        entries += found or ()
    return ObjectExpression(written.span, tuple(entries), complete)


def _is_foreign(entry: Entry) -> bool:
    name = entry.key.value if isinstance(entry.key, Literal) else None
    return isinstance(name, str) and (name.startswith(FOR_EACH) or name == "Fn::Transform")


def _written_out(entry: Entry, items: Items, room: int, *, once: bool = False) -> list[Entry] | None:
    """Return the entries that a loop writes out; None where its items are not known, or it is no loop.

    Where ``once`` is set, what has unknown items is written out once, with a variable that is not known.

    Raises:
        TooManyError: there are more of them than there is room for.

    """
    match entry.value:
        case ListExpression(_, (Literal(_, str() as variable), collection, ObjectExpression() as body)):
            texts: tuple[str | None, ...] | None = items(collection)
        case _:
            return None
    if texts is None and once:
        texts = (None,)
    if texts is None:
        return None
    if len(texts) * len(body.entries) > room:
        raise TooManyError
    found: list[Entry] = []
    for text in texts:
        for inner in body.entries:
            key = inner.key if text is None else _filled(inner.key, variable, text)
            instance = Entry(key, _filled(inner.value, variable, text), inner.span)
            nested = [instance]
            if _is_foreign(instance):
                within = _written_out(instance, items, room - len(found), once=once)
                if within is None:
                    return None
                nested = within
            found += nested
    if len(found) > room:
        raise TooManyError
    return found


def looped_resources(loop: Attribute, items: Items) -> Looped | None:
    """Return the resources that a loop writes out; None where it is no loop.

    Those of unknown items are there once, for whatever items there are.
    """
    entry = Entry(Literal(loop.name_span, loop.name), loop.value, loop.span)
    is_one_for_all = False
    try:
        found = _written_out(entry, items, MAX_ENTRIES, once=True)
    except TooManyError:
        is_one_for_all = True
        found = _written_out(entry, _not_known, sys.maxsize, once=True)
    if found is None:
        return None
    resources = (_resource(one) for one in found)
    return Looped(tuple(resource for resource in resources if resource is not None), is_one_for_all)


def _not_known(_collection: Expression) -> None:
    return None


def _resource(entry: Entry) -> TemplateResource | None:
    if not isinstance(entry.value, ObjectExpression):
        return None
    match entry.key:
        case Literal(_, name) | Unreadable(_, name):  # with an item that is not known
            pass
        case _:
            return None
    parts = {inner.key.value: inner.value for inner in entry.value.entries if isinstance(inner.key, Literal)}
    kind, condition = parts.get("Type"), parts.get("Condition")
    return TemplateResource(
        name=str(name),
        type=str(kind.value) if isinstance(kind, Literal) else "",
        span=entry.span,
        header=entry.key.span,
        body_span=entry.value.span,
        properties=Lazy.of(parts.get("Properties")),
        condition=str(condition.value) if isinstance(condition, Literal) else None,
        metadata=Lazy.of(parts.get("Metadata")),
        complete=entry.value.complete,
    )


def _filled(expression: Expression, variable: str, text: str | None) -> Expression:
    """Return an expression in which a loop's variable has a value, or one that is not known."""

    def inside(part: Expression) -> Expression:
        match part:
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
                return _unnamed(part, variable) if text is None else _named(part, variable, text)

    return inside(expression)


def _marks(variable: str) -> tuple[str, str]:
    return "${" + variable + "}", "&{" + variable + "}"


def _named(part: Expression, variable: str, text: str) -> Expression:
    """Return a text or reference in which a variable has a value."""
    mark, plain = _marks(variable)

    def in_text(written: str) -> str:
        return written.replace(mark, text).replace(plain, _NOT_ALPHANUMERIC.sub("", text))

    match part:
        case Literal(_, str() as value):
            return replace(part, value=in_text(value))
        case Unreadable(span, value):
            return Unreadable(span, in_text(value))
        case Reference(span, ("Ref", name)) if name == variable:
            return Literal(span, text)
        case Reference(_, path):
            return replace(part, path=tuple(in_text(step) for step in path))
        case _:
            return part


def _unnamed(part: Expression, variable: str) -> Expression:
    """Return a text or reference in which a variable is not known."""
    marks = _marks(variable)
    match part:
        case Literal(span, str() as value) if any(mark in value for mark in marks):
            return Unreadable(span, value)
        case Reference(span, path) if path == ("Ref", variable) or any(m in step for step in path for m in marks):
            return Unreadable(span, " ".join(path))
        case _:
            return part
