"""YAML as ``yamldecode`` reads it: the core schema, where other readers of YAML agree."""

import re

import yaml

from setsquare.resolve.functions.plain import NUMBERS, FunctionError, Plain, UndecidedError, number

_TEXT = "tag:yaml.org,2002:str"
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DOUBTFUL = re.compile(
    r"[-+.]?[0-9][0-9_.:xobeETZ+-]*[0-9a-fA-F]*|[-+]?\.(?:inf|nan)|y|n|yes|no|on|off|=|<<", re.IGNORECASE
)
_MAX_NODES = 10_000


def decoded(text: str) -> Plain:
    """Return the one document of a text.

    Raises:
        FunctionError: it is not YAML.
        UndecidedError: readers of YAML differ in what it means, or it is too large.

    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise FunctionError(str(error)) from error
    except RecursionError as error:
        raise UndecidedError(str(error)) from error
    if node is None:
        message = "there is no document"
        raise FunctionError(message)
    return _Reader().value(node)


class _Reader:
    def __init__(self) -> None:
        self._left = _MAX_NODES

    def value(self, node: yaml.Node) -> Plain:
        self._left -= 1
        if self._left < 0:
            message = "a document of this size"
            raise UndecidedError(message)
        match node:
            case yaml.ScalarNode():
                return _scalar(node)
            case yaml.SequenceNode():
                return tuple(self.value(item) for item in node.value)
            case yaml.MappingNode():
                return self._mapping(node)
            case _:
                message = "a node of this kind"
                raise UndecidedError(message)

    def _mapping(self, node: yaml.MappingNode) -> Plain:
        found: dict[str, Plain] = {}
        for key, item in node.value:
            name = _scalar(key) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, str) or name in found:
                message = "a key of this kind"
                raise UndecidedError(message)
            found[name] = self.value(item)
        return found


def _scalar(node: yaml.ScalarNode) -> Plain:
    text = str(node.value)
    if node.style is not None:
        return text
    if not node.tag.startswith("tag:yaml.org,2002:"):
        message = "a tag of its own"
        raise UndecidedError(message)
    if node.tag == _TEXT and (_NUMBER.fullmatch(text) or not _DOUBTFUL.fullmatch(text)):
        return text
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _NUMBER.fullmatch(text):
        return number(NUMBERS.create_decimal(text))
    if _DOUBTFUL.fullmatch(text):
        message = f"the plain scalar {text}"
        raise UndecidedError(message)
    return text
