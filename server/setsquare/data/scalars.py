"""What an unquoted YAML scalar means.

The rules are those of YAML 1.1 as PyYAML has them, for rule and policy files and for templates alike: CloudFormation
reads unquoted ``yes``, ``no``, ``on`` and ``off`` as booleans and leaves ``y`` and ``n`` as text
(github.com/aws/aws-cli/pull/5257, github.com/ASFHyP3/hyp3/pull/2061,
ljmc.bearblog.dev/yaml-booleans-in-cloudformation-templates), and so does PyYAML.

Three kinds stay text, because no consumer has a type for them and their spelling matters: dates (``2012-10-17`` is a
version), sexagesimal numbers (``12:30``), and infinities.
"""

import re
from math import isfinite

from setsquare.model import Scalar

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **{word: None for name in ("null",) for word in (name, name.title(), name.upper())},
    **{word: True for name in ("true", "yes", "on") for word in (name, name.title(), name.upper())},
    **{word: False for name in ("false", "no", "off") for word in (name, name.title(), name.upper())},
}
_NUMERIC_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?\Z", re.ASCII)
_LONGEST_NUMBER = 100


def scalar(text: str) -> Scalar | None:
    """Return the value of an unquoted scalar: null, a boolean, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_STARTS or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        value = float(text.replace("_", ""))
        return value if isfinite(value) else text
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "").lower()
    unsigned = digits.lstrip("+-")
    if unsigned.startswith(("0b", "0x")):
        base = 2 if unsigned[1] == "b" else 16
        if unsigned in ("0b", "0x"):
            return text
    else:
        base = 8 if unsigned.startswith("0") else 10
    return int(digits, base)
