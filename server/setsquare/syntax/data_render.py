"""What a fix writes, as YAML (block and flow) and as JSON; nothing here knows where the text goes."""

import json
import math
import re
from typing import TypeAlias

import yaml

from setsquare.documents import Dialect
from setsquare.model import (
    DialectExpression,
    JsonDocument,
    NewAttribute,
    NewEntry,
    ResourceReference,
    Scalar,
    Written,
    WrittenMap,
)
from setsquare.records import record
from setsquare.syntax.edit_error import EditError
from setsquare.syntax.hcl_values import target_of

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_DEPTH_LIMIT = 100
_RESOLVER = yaml.SafeLoader("")
_STRING_TAG = "tag:yaml.org,2002:str"
# What YAML 1.2 readers and careless 1.1 readers take for something else than text, beyond PyYAML's own list.
_OTHER_SCALARS = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0[oOxXbB][0-9a-fA-F_]+")
_LETTERS = ("y", "Y", "n", "N")  # YAML 1.1 has them as booleans, most readers do not
_LEADING = "-?:,[]{}#&*!|>'\"%@`"
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


def written_entry(entry: NewEntry) -> tuple[str, Written]:
    """Return the key of a new entry and its whole value; of a keyed block a list, which others may join."""
    if isinstance(entry, NewAttribute):
        return entry.name, entry.value
    inner = WrittenMap(tuple(written_entry(nested) for nested in entry.entries))
    return entry.name, (inner,) if entry.as_list or entry.key is not None else inner


# --------------------------------------------------------------------- YAML


def plain_is_safe(text: str, *, flow: bool) -> bool:
    """Whether YAML reads the text, written without quotes, as this very string."""
    if not text or text != text.strip() or not text.isprintable():
        return False
    if text[0] in _LEADING and not (text[0] in "-?:" and text[1:2] not in ("", " ", text[0])):
        return False
    if ": " in text or " #" in text or text.endswith(":") or text.startswith(("---", "...")):
        return False
    if flow and (set(text) & set(",[]{}") or text[0] in "-?:"):
        return False
    return not (_TIMESTAMP.match(text) or _OTHER_SCALARS.fullmatch(text) or _resolves_to_other(text))


def _resolves_to_other(text: str) -> bool:
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(tag != _STRING_TAG)


def double_quoted(text: str) -> str:
    """Return the text as a double-quoted YAML scalar."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escaped(character) for character in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 the end of the basic plane


def single_quoted(text: str) -> str:
    """Return the text as a single-quoted YAML scalar where that is possible, else double-quoted."""
    if not text.isprintable():
        return double_quoted(text)
    return "'" + text.replace("'", "''") + "'"


def yaml_key(name: str, *, flow: bool) -> str:
    """Return a key, quoted where it must be."""
    return name if plain_is_safe(name, flow=flow) and "*" not in name else double_quoted(name)


def number_text(value: Scalar | None) -> str:
    """Return ``true``, ``false``, ``null`` or a number; both notations write them alike.

    Raises:
        EditError: the number is not finite.

    """
    if isinstance(value, float) and not math.isfinite(value):
        reason = "a number that is not finite cannot be written"
        raise EditError(reason)
    return json.dumps(value)


def yaml_scalar(value: Scalar | DialectExpression | ResourceReference | None, *, flow: bool) -> str:
    """Return a scalar in the canonical YAML style: plain where that is safe, else double-quoted.

    Raises:
        EditError: an expression of the policy that is not one value in this place, or a reference without a name.

    """
    match value:
        case str():
            plain = plain_is_safe(value, flow=flow) and "*" not in value and value not in _LETTERS
            return value if plain else double_quoted(value)
        case DialectExpression():
            return _expression_text(value, flow=flow)
        case ResourceReference():
            return _yaml_reference(value)
        case _:
            return number_text(value)


def _expression_text(expression: DialectExpression, *, flow: bool) -> str:
    text = expression.text.strip()
    around = f"[{text}]" if flow else f"- {text}"
    node = None if "\n" in text or "\r" in text else _compose(around)
    if not isinstance(node, yaml.SequenceNode) or len(node.value) != 1 or not text:
        reason = f"the policy's expression cannot be written here: {expression.text}"
        raise EditError(reason)
    end = node.value[0].end_mark.index
    if around[end:].strip() not in ("", "]"):
        reason = f"the policy's expression cannot be written here: {expression.text}"
        raise EditError(reason)
    return text


def _yaml_reference(reference: ResourceReference) -> str:
    name = _name(reference)
    if reference.suffix:
        return f"!Sub {double_quoted(_substitution(reference))}"
    if reference.attribute == "Ref":
        return f"!Ref {name}"
    return f"!GetAtt {name}.{reference.attribute}"


def _substitution(reference: ResourceReference) -> str:
    target = _name(reference) if reference.attribute == "Ref" else f"{_name(reference)}.{reference.attribute}"
    return f"${{{target}}}" + reference.suffix.replace("${", "${!")


def _name(reference: ResourceReference) -> str:
    if reference.name is None:
        reason = "a reference has no resource to point at"
        raise EditError(reason)
    return reference.name


def yaml_flow(value: Written) -> str:
    """Return a value in flow style on one line."""
    if isinstance(value, WrittenMap):
        return (
            "{" + ", ".join(f"{yaml_key(name, flow=True)}: {yaml_flow(inner)}" for name, inner in value.entries) + "}"
        )
    if isinstance(value, tuple):
        return "[" + ", ".join(yaml_flow(item) for item in value) + "]"
    return yaml_flow(value.value) if isinstance(value, JsonDocument) else yaml_scalar(value, flow=True)


@record
class BlockStyle:
    """How deep block collections stand.

    Attributes:
        unit: columns from a key to the keys of its mapping.
        dash: columns from a key to the dashes of its list.
        gap: columns from a dash to its item.

    """

    unit: int = 2
    dash: int = 2
    gap: int = 2

    def entry(self, name: str, value: Written, column: int) -> list[str]:
        """Return the lines of a key with its value."""
        key = " " * column + yaml_key(name, flow=False) + ":"
        below = self.below(value, column)
        return [key, *below] if below else [f"{key} {self.inline(value)}"]

    def below(self, value: Written, column: int) -> list[str]:
        """Return the lines of a collection that stands below a key at the column; none for what stands beside it."""
        if isinstance(value, JsonDocument):
            return self.below(value.value, column)
        if isinstance(value, WrittenMap):
            return self.entries(value, column + self.unit)
        if isinstance(value, tuple):
            return [line for item in value for line in self.item(item, column + self.dash)]
        return []

    def entries(self, value: WrittenMap, column: int) -> list[str]:
        """Return the lines of a mapping's entries."""
        return [line for name, inner in value.entries for line in self.entry(name, inner, column)]

    def item(self, value: Written, column: int) -> list[str]:
        """Return the lines of a list item with its dash at the column."""
        dash = " " * column + "-" + " " * (self.gap - 1)
        lines = self.beside(value, column + self.gap)
        return [dash + lines[0], *lines[1:]]

    def beside(self, value: Written, column: int) -> list[str]:
        """Return a value that starts at the column of a line that is begun; further lines are whole."""
        if isinstance(value, JsonDocument):
            return self.beside(value.value, column)
        if isinstance(value, WrittenMap) and value.entries:
            lines = self.entries(value, column)
        elif isinstance(value, tuple) and value:
            lines = [line for item in value for line in self.item(item, column)]
        else:
            return [self.inline(value)]
        return [lines[0][column:], *lines[1:]]

    def inline(self, value: Written) -> str:
        """Return a value that needs no line of its own: a scalar or an empty collection."""
        if isinstance(value, (WrittenMap, tuple)):
            return "{}" if isinstance(value, WrittenMap) else "[]"
        return self.inline(value.value) if isinstance(value, JsonDocument) else yaml_scalar(value, flow=False)


# --------------------------------------------------------------------- JSON


def plain_json(value: Written, dialect: Dialect) -> Json:
    """Return a value as JSON data: references and expressions in the dialect's JSON form.

    Raises:
        EditError: an expression that has no JSON form, or a reference without a name.

    """
    match value:
        case WrittenMap():
            return {_json_text(name, dialect): plain_json(inner, dialect) for name, inner in value.entries}
        case tuple():
            return [plain_json(item, dialect) for item in value]
        case str():
            return _json_text(value, dialect)
        case DialectExpression():
            return f"${{{value.text}}}" if dialect is Dialect.TERRAFORM else _long_form(value)
        case ResourceReference():
            return _json_reference(value, dialect)
        case JsonDocument():
            terraform = dialect is Dialect.TERRAFORM
            return f"${{jsonencode({_hcl(value.value)})}}" if terraform else plain_json(value.value, dialect)
        case _:
            number_text(value)
            return value


def _hcl(value: Written) -> str:
    """Return a value as a Terraform expression on one line (objects with colons, which Terraform reads too)."""
    match value:
        case WrittenMap():
            pairs = (f"{_hcl(name)}: {_hcl(inner)}" for name, inner in value.entries)
            return "{" + ", ".join(pairs) + "}"
        case tuple():
            return "[" + ", ".join(_hcl(item) for item in value) + "]"
        case str():
            return json.dumps(_json_text(value, Dialect.TERRAFORM), ensure_ascii=False)
        case JsonDocument():
            return f"jsonencode({_hcl(value.value)})"
        case DialectExpression():
            return value.text
        case ResourceReference():
            target = target_of(value)
            return f'"${{{target}}}{_json_text(value.suffix, Dialect.TERRAFORM)}"' if value.suffix else target
        case _:
            return number_text(value)


def _json_text(text: str, dialect: Dialect) -> str:
    return text.replace("${", "$${").replace("%{", "%%{") if dialect is Dialect.TERRAFORM else text


def _json_reference(reference: ResourceReference, dialect: Dialect) -> Json:
    if dialect is Dialect.TERRAFORM:
        return f"${{{target_of(reference)}}}" + _json_text(reference.suffix, dialect)
    if reference.suffix:
        return {"Fn::Sub": _substitution(reference)}
    if reference.attribute == "Ref":
        return {"Ref": _name(reference)}
    return {"Fn::GetAtt": [_name(reference), reference.attribute]}


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None


def _long_form(expression: DialectExpression) -> Json:
    node = _compose(expression.text)
    if node is None:
        reason = f"the policy's expression cannot be read: {expression.text}"
        raise EditError(reason)
    return _data(node, _DEPTH_LIMIT)


def _data(node: yaml.Node, depth: int) -> Json:
    if depth == 0:
        reason = "the policy's expression is nested too deeply"
        raise EditError(reason)
    short = node.tag.startswith("!")
    value: Json
    if isinstance(node, yaml.SequenceNode):
        value = [_data(item, depth - 1) for item in node.value]
    elif isinstance(node, yaml.MappingNode):
        value = {str(key.value): _data(inner, depth - 1) for key, inner in node.value}
    else:
        value = node.value if short else _scalar_data(node)
    return _intrinsic(node.tag[1:], value) if short else value


def _intrinsic(name: str, value: Json) -> Json:
    if name in ("Ref", "Condition"):
        return {name: value}
    if name == "GetAtt" and isinstance(value, str):
        return {"Fn::GetAtt": list(value.split(".", 1))}
    return {f"Fn::{name}": value}


def _scalar_data(node: yaml.Node) -> Json:
    data = yaml.safe_load(yaml.serialize(node))
    return data if isinstance(data, (bool, int, float, str)) or data is None else str(node.value)


@record
class JsonStyle:
    """How a JSON document is laid out.

    Attributes:
        unit: one step of indentation; None where everything stands on one line.
        colon: what stands between key and value, e.g. ``": "``.
        comma: what stands between items on one line, e.g. ``", "``.

    """

    unit: str | None = "  "
    colon: str = ": "
    comma: str = ", "

    def text(self, data: Json, indent: str) -> str:
        r"""Return the data as text whose further lines are indented by ``indent`` and more; line ends are ``\\n``."""
        if not isinstance(data, (dict, list)) or not data:
            return json.dumps(data, ensure_ascii=False)
        inner = "" if self.unit is None else indent + self.unit
        if isinstance(data, dict):
            parts = [json.dumps(key, ensure_ascii=False) + self.colon + self.text(data[key], inner) for key in data]
        else:
            parts = [self.text(item, inner) for item in data]
        opening, closing = "{}" if isinstance(data, dict) else "[]"
        if self.unit is None:
            return opening + self.comma.join(parts) + closing
        between = ",\n" + inner
        return f"{opening}\n{inner}{between.join(parts)}\n{indent}{closing}"
