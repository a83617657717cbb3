"""Policy documents in every written form: mappings, ``jsonencode``, heredoc and quoted JSON, data sources."""

import json as standard
from collections.abc import Callable, Mapping

from setsquare.iam import Statements
from setsquare.model import (
    Absent,
    Known,
    Opaque,
    Origin,
    Place,
    Referenced,
    Sequence,
    Structure,
    Text,
    Value,
)
from setsquare.records import record
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import json, tf_json
from setsquare.text import Span

DATA_SOURCE = "aws_iam_policy_document"
_OTHER_DOCUMENTS = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_HOLE = "\ue000"
_MAX_TEXT = 1 << 18


@record
class Document:
    """A policy document that could be read.

    Attributes:
        statements: what it says.
        container: the mapping that holds ``Statement``, where one can be edited; the body of a data source.
        region: the JSON text inside another document that the container is part of.
        is_data_source: the container is the body of ``data "aws_iam_policy_document"``.

    """

    statements: Statements
    container: Structure | None = None
    region: Span | None = None
    is_data_source: bool = False


def read_document(scope: TerraformModule | TemplateScope, origin: Origin) -> Document | None:
    """Return the document that an origin holds; None where it cannot be known."""
    match origin:
        case Structure():
            return Document(_statements(origin), origin)
        case Referenced(_, ("data", kind, name, *index, "json" | "minified_json"), module) if kind == DATA_SOURCE:
            body = scope.data_body(kind, name, module, "".join(index)) if len(index) <= 1 else None
            if body is None:
                return None
            return Document(_data_statements(body), body, is_data_source=True)
        case Known(_, str()) | Text():
            return _from_text(scope, origin)
        case _:
            return None


def _statements(document: Structure) -> Statements:
    alternatives: list[tuple[Value, ...]] = []
    complete = True
    for origin in document.lookup("Statement"):
        match origin:
            case Structure():
                alternatives.append(((origin,),))
            case Sequence(items=items):
                alternatives.append(items)
                known = all(isinstance(one, Structure | Absent) for value in items for one in value)
                complete = complete and origin.complete and known
            case _:
                alternatives.append(())
                complete = complete and isinstance(origin, Absent)
    return Statements(tuple(alternatives), complete)


# --------------------------------------------------------------------- JSON as text


def _from_text(scope: TerraformModule | TemplateScope, origin: Known | Text) -> Document | None:
    if isinstance(scope, TerraformModule):
        source = scope.text_of(origin.place.path)
        span = origin.place.span
        if source.startswith(b"<<", span.start) and not (isinstance(origin, Known) and _is_of_an_element(source, span)):
            return _from_heredoc(scope, source, origin.place)
    return _from_string(origin)


def _is_of_an_element(source: bytes, span: Span) -> bool:
    """Whether a heredoc says something else in each instance of its block, so that its text alone says too little."""
    text = source[span.start : span.end]
    return b"each." in text or b"count.index" in text


def _from_heredoc(scope: TerraformModule, source: bytes, place: Place) -> Document | None:
    region = heredoc_region(source, place.span)
    document = json.read_region(source, region)
    if document.problems:
        return None
    root = tf_json.lower(source, document.root)

    value = scope.string_value(root, place.path)
    if len(value) != 1 or not isinstance(value[0], Structure):
        return None
    return Document(_statements(value[0]), value[0], region)


def heredoc_region(source: bytes, span: Span) -> Span:
    """Return what stands between the markers of a heredoc."""
    start = source.find(b"\n", span.start, span.end) + 1
    text = source[start : span.end].rstrip()
    return Span(start, max(start, start + text.rfind(b"\n")))


def _from_string(origin: Known | Text) -> Document | None:
    parts = (str(origin.value),) if isinstance(origin, Known) else origin.parts
    text = "".join(part if isinstance(part, str) else f"{_HOLE}{index}{_HOLE}" for index, part in enumerate(parts))
    if not text.lstrip().startswith("{") or len(text) > _MAX_TEXT:
        return None
    try:
        data = standard.loads(text)
    except (ValueError, RecursionError):
        return None
    value = _of_data(data, origin.place, parts)
    root = value[0]
    return Document(_statements(root)) if isinstance(root, Structure) else None


def _of_data(data: object, place: Place, parts: tuple[str | Referenced | Opaque, ...]) -> Value:
    """Return JSON data as a value; all of it is written at one place."""
    match data:
        case None:
            return (Absent(place),)
        case str():
            return (_of_string(data, place, parts),)
        case bool() | int() | float():
            return (Known(place, data),)
        case list():
            return (Sequence(place, tuple(_of_data(item, place, parts) for item in data)),)
        case dict():
            table = {str(key): _of_data(item, place, parts) for key, item in data.items()}
            return (structure(place, table),)
        case _:
            return (Opaque(place, "a policy document"),)


def _of_string(text: str, place: Place, parts: tuple[str | Referenced | Opaque, ...]) -> Origin:
    if _HOLE not in text:
        return Known(place, text)
    pieces: list[str | Referenced | Opaque] = []
    for index, piece in enumerate(text.split(_HOLE)):
        if index % 2:
            pieces.append(parts[int(piece)])
        elif piece:
            pieces.append(piece)
    return pieces[0] if len(pieces) == 1 and not isinstance(pieces[0], str) else Text(place, tuple(pieces))


def structure(
    place: Place, table: Mapping[str, Value], entry: Callable[[str], Place | None] | None = None
) -> Structure:
    """Return a structure with these members."""
    return Structure(place, tuple(table), lambda name: table.get(name, (Absent(),)), entry or (lambda _name: None))


# --------------------------------------------------------------------- the data source


def _data_statements(body: Structure) -> Statements:
    complete = all(isinstance(origin, Absent) for name in _OTHER_DOCUMENTS for origin in body.lookup(name))
    blocks, all_there = _blocks(body.lookup("statement"))
    return Statements((tuple((_as_json(block),) for block in blocks),), complete and all_there)


_KEYS = {
    "Sid": "sid",
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}


def _as_json(block: Structure) -> Structure:
    """Return a ``statement`` block with the keys of the JSON form."""

    def lookup(name: str) -> Value:
        match name:
            case "Effect":
                found = block.lookup("effect")
                return tuple(Known(block.place, "Allow") if isinstance(o, Absent) else o for o in found)
            case "Principal" | "NotPrincipal":
                return _principals(block, "principals" if name == "Principal" else "not_principals")
            case "Condition":
                return _conditions(block)
            case _:
                return block.lookup(_KEYS[name]) if name in _KEYS else (Absent(),)

    present = (*(key for key, name in _KEYS.items() if name in block.names), "Effect")
    blocks = {"Principal": "principals", "NotPrincipal": "not_principals", "Condition": "condition"}
    names = (*present, *(key for key, name in blocks.items() if name in block.names))
    return Structure(block.place, names, lookup, lambda _name: None)


def _blocks(value: Value) -> tuple[list[Structure], bool]:
    found: list[Structure] = []
    complete = True
    for origin in value:
        if isinstance(origin, Sequence):
            complete = complete and origin.complete
            found += [inner for item in origin.items for inner in item if isinstance(inner, Structure)]
        elif not isinstance(origin, Absent):
            complete = False
    return found, complete


def _principals(block: Structure, name: str) -> Value:
    blocks, complete = _blocks(block.lookup(name))
    if not blocks and complete:
        return (Absent(),)
    items = tuple(principal.lookup("identifiers") for principal in blocks)
    return (Sequence(block.place, items, complete=complete),)


def _conditions(block: Structure) -> Value:
    blocks, complete = _blocks(block.lookup("condition"))
    if not complete:
        return (Opaque(block.place, "the conditions of a statement"),)
    table: dict[str, dict[str, Value]] = {}
    for condition in blocks:
        test, variable = (_text(condition.lookup(key)) for key in ("test", "variable"))
        if test is None or variable is None:
            return (Opaque(condition.place, "the conditions of a statement"),)
        table.setdefault(test, {})[variable] = condition.lookup("values")
    if not table:
        return (Absent(),)
    operators: dict[str, Value] = {test: (structure(block.place, keys),) for test, keys in table.items()}
    return (structure(block.place, operators),)


def _text(value: Value) -> str | None:
    return str(value[0].value) if len(value) == 1 and isinstance(value[0], Known) else None
