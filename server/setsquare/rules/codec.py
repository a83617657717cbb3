"""Rules to JSON and back: the form in which a catalogue is compiled, so that nothing is parsed at start.

JSON, never pickle: a catalogue is data. A dataclass is an object with its class under ``"$"`` and its fields in order;
fields at their default are left out. Tuples are lists; lists do not occur in rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, fields, is_dataclass
from enum import Enum

from setsquare.documents import Dialect
from setsquare.model import DialectExpression
from setsquare.rules import rule as rules
from setsquare.rules.rule import ImpactLevel, Missing, Severity

_CLASSES = (
    rules.ParameterOperand,
    rules.FirstOperand,
    rules.SelfOperand,
    rules.MapOperand,
    rules.AnyElement,
    rules.Is,
    rules.OneOf,
    rules.NoneOf,
    rules.Bound,
    rules.Contains,
    rules.Excludes,
    rules.IsSet,
    rules.IsAbsent,
    rules.IsPresent,
    rules.IsSecret,
    rules.Statement,
    rules.Leaf,
    rules.CoversPort,
    rules.Properties,
    rules.Each,
    rules.NoFix,
    rules.Companion,
    rules.Target,
    rules.Parameter,
    rules.Impact,
    rules.Rule,
    DialectExpression,
)
_ENUMS: tuple[type[Enum], ...] = (Dialect, Severity, ImpactLevel, Missing)
_BY_NAME: dict[str, Callable[..., object]] = {kind.__name__: kind for kind in _CLASSES}
_ENUM_BY_NAME = {kind.__name__: {member.value: member for member in kind} for kind in _ENUMS}
_FIELDS: dict[type, tuple[Field[object], ...]] = {kind: fields(kind) for kind in _CLASSES}


def encode(value: object) -> object:
    """Return a rule, or a part of one, as JSON data.

    Raises:
        TypeError: the value is no part of a rule.

    """
    if isinstance(value, Enum):
        return {"$": type(value).__name__, "value": value.value}
    if is_dataclass(value) and not isinstance(value, type):
        written: dict[str, object] = {"$": type(value).__name__}
        for field in _FIELDS[type(value)]:
            inner = getattr(value, field.name)
            default = field.default_factory() if field.default_factory is not NO_DEFAULT else field.default
            if default is NO_DEFAULT or inner != default or type(inner) is not type(default):
                written[field.name] = encode(inner)
        return written
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {"$": "map", "items": [[encode(key), encode(item)] for key, item in value.items()]}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    message = f"{type(value).__name__} is no part of a rule"
    raise TypeError(message)


def decode(data: object) -> object:
    """Return what ``encode`` was given.

    Raises:
        KeyError: the data names a class that is no part of a rule.

    """
    if isinstance(data, list):
        return tuple([decode(item) for item in data])
    if not isinstance(data, dict):
        return data
    name = data["$"]
    if name == "map":
        return {decode(key): decode(item) for key, item in data["items"]}
    if name in _ENUM_BY_NAME:
        return _ENUM_BY_NAME[name][data["value"]]
    return _BY_NAME[name](**{key: decode(item) for key, item in data.items() if key != "$"})
