"""Edits of a policy file that leave what only a person can decide to that person."""

from setsquare.data import compose, member
from setsquare.documents import Format
from setsquare.model import (
    Change,
    Insert,
    Literal,
    NewAttribute,
    NewBlock,
    ObjectExpression,
    SetValue,
    WrittenMap,
)
from setsquare.syntax import data_edits
from setsquare.syntax.edit_error import EditError
from setsquare.text import Edit, Span

_PARAMETERS = "parameters"


def with_parameter(source: bytes, name: str) -> tuple[Edit, ...] | None:
    """Return the edits that name a parameter in a policy file, without a value.

    A parameter without a value is a mistake, which the loader reports with what it expects, until a person fills it in.

    Args:
        source: the policy file; empty for one that does not exist yet.
        name: the parameter.

    Returns:
        sorted, disjoint edits; None where the parameter is named already, or the file cannot be edited safely.

    """
    if not source.strip():
        text = f"policy: 1\n{_PARAMETERS}:\n  {name}:\n"
        return (Edit(Span(0, len(source)), text.encode()),)
    documents = compose(source)
    if len(documents) != 1 or documents[0].problems or not isinstance(documents[0].root, ObjectExpression):
        return None
    change = _change(documents[0].root, name)
    if change is None:
        return None
    try:
        return data_edits.plan(source, Format.YAML, [change])
    except EditError:
        return None


def _change(root: ObjectExpression, name: str) -> Change | None:
    parameters = member(root, _PARAMETERS)
    if parameters is None:
        return Insert(root.span, (NewBlock(_PARAMETERS, (NewAttribute(name, None),)),))
    if isinstance(parameters, ObjectExpression):
        return Insert(parameters.span, (NewAttribute(name, None),))
    if isinstance(parameters, Literal) and parameters.value is None:
        return SetValue(parameters.span, WrittenMap(((name, None),)))
    return None
