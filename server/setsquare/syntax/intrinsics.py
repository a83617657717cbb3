"""CloudFormation's intrinsic functions: short and long form to expressions."""

import re

from setsquare.data.lowering import key_name
from setsquare.model import (
    Call,
    Conditional,
    Expression,
    ListExpression,
    Literal,
    ObjectExpression,
    Reference,
    Template,
    Unreadable,
)
from setsquare.text import Span

NO_VALUE = "AWS::NoValue"
FOR_EACH = "Fn::ForEach"
TRANSFORM = "Fn::Transform"

_SHORT = frozenset(
    (
        "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAZs",
        "GetAtt", "GetStackOutput", "If", "ImportValue", "Implies", "Join", "Length", "Not", "Or", "RefAll", "Select",
        "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll",
    )
)  # fmt: skip
_ONE_ARGUMENT = frozenset(("Fn::Base64", "Fn::GetAZs", "Fn::ImportValue", "Fn::Length", "Fn::ToJsonString", TRANSFORM))
_OF_CONDITIONS = frozenset(("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"))
_BRANCHES = 3
_VARIABLE = re.compile(r"\$\{\s*(!?[A-Za-z0-9_.:\-]*)\s*\}")


class Intrinsics:
    """The meaning of tags and of mappings with one key in a template.

    ``Ref``, ``Fn::GetAtt`` and ``Condition`` are References (``AWS::NoValue`` the null Literal), ``Fn::Sub`` is a
    Template (a Reference where it is only ``${X}``, a Literal where it has no variable), ``Fn::If`` a Conditional;
    every other function is a Call by its long name, whose arguments are the items of its list; functions of one
    argument have that, list or not. A tag that is no function stays a Call by the tag.
    """

    def tagged(self, span: Span, tag: str, inner: Expression) -> Expression:
        """Return the meaning of the short form."""
        name = tag[1:]
        if name in ("Ref", "Condition"):
            return _function(span, name, inner)
        if name in _SHORT:
            return _function(span, f"Fn::{name}", inner)
        return Call(span, tag, (inner,))

    def mapping(self, written: ObjectExpression) -> Expression:
        """Return the meaning of the long form; any other mapping is itself, loops and includes in it as entries."""
        if len(written.entries) == 1 and (written.complete or isinstance(written.entries[0].value, Unreadable)):
            name = key_name(written.entries[0].key) or ""
            if name == "Ref" or (name.startswith("Fn::") and not name.startswith(FOR_EACH)):
                return _function(written.span, name, written.entries[0].value)
        return written


INTRINSICS = Intrinsics()


def as_condition(expression: Expression) -> Expression:
    """Return ``{"Condition": name}`` as the reference that it is where a condition is asked for."""
    if isinstance(expression, ObjectExpression) and len(expression.entries) == 1:
        entry = expression.entries[0]
        if key_name(entry.key) == "Condition" and isinstance(entry.value, Literal):
            return Reference(expression.span, ("Condition", str(entry.value.value)))
    return expression


def _function(span: Span, name: str, inner: Expression) -> Expression:
    text = inner.value if isinstance(inner, Literal) else None
    items = inner.items if isinstance(inner, ListExpression) else (inner,)
    if name in ("Ref", "Condition") and isinstance(text, str):
        return Literal(span, None) if text == NO_VALUE else Reference(span, (name, text))
    if name == "Fn::GetAtt":
        return _attribute(span, items)
    if name == "Fn::Sub":
        return _substitution(span, items)
    if name == "Fn::If" and len(items) == _BRANCHES:
        return Conditional(span, _named_condition(items[0]), items[1], items[2])
    if name in _OF_CONDITIONS:
        items = tuple(as_condition(item) for item in items)
    return Call(span, name, (inner,) if name in _ONE_ARGUMENT else items)


def _named_condition(expression: Expression) -> Expression:
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return Reference(expression.span, ("Condition", expression.value))
    return as_condition(expression)


def _attribute(span: Span, items: tuple[Expression, ...]) -> Expression:
    names = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
    if len(names) == len(items) and names:
        name, _, attribute = ".".join(names).partition(".")
        if attribute:
            return Reference(span, ("Fn::GetAtt", name, attribute))
    return Call(span, "Fn::GetAtt", items)


def _substitution(span: Span, items: tuple[Expression, ...]) -> Expression:
    text = items[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str):
        return Call(span, "Fn::Sub", items)
    given: dict[str | None, Expression] = {}
    if len(items) > 1:
        if not isinstance(items[1], ObjectExpression):
            return Call(span, "Fn::Sub", items)
        given = {key_name(entry.key): entry.value for entry in items[1].entries}
    parts = _parts(text.span, text.value, given)
    if not parts:
        return Literal(span, "")
    if len(parts) == 1:
        return _respan(span, parts[0])
    return Template(span, tuple(parts))


def _parts(span: Span, text: str, given: dict[str | None, Expression]) -> list[Expression]:
    parts: list[Expression] = []
    plain = ""
    at = 0
    for match in _VARIABLE.finditer(text):
        name = match.group(1)
        plain += text[at : match.start()]
        at = match.end()
        if not name or name.startswith("!"):
            plain += "${" + name[1:] + "}"
            continue
        if plain:
            parts.append(Literal(span, plain))
            plain = ""
        parts.append(given[name] if name in given else _variable(span, name))
    plain += text[at:]
    if plain:
        parts.append(Literal(span, plain))
    return parts


def _variable(span: Span, name: str) -> Reference:
    resource, _, attribute = name.partition(".")
    return Reference(span, ("Fn::GetAtt", resource, attribute) if attribute else ("Ref", name))


def _respan(span: Span, part: Expression) -> Expression:
    """Give the only part of a substitution the span of the whole; a given variable keeps the place of its value."""
    if isinstance(part, Literal):
        return Literal(span, part.value)
    if isinstance(part, Reference):
        return Reference(span, part.path)
    return part
