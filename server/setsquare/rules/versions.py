"""Versions, and the constraints on them that a call of a Terraform module is pinned by: which versions they leave."""

import math
import re
from typing import NamedTuple, TypeAlias

Parts: TypeAlias = tuple[float, ...]
"""The numbers of a version in order; infinity where any number may stand."""

_NUMBER = re.compile(r"\d+")
_TERM = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)\s*v?(\d+(?:\.\d+)*)\s*")
_ANY = ".x"


class Versions(NamedTuple):
    """A range of versions, both ends in it."""

    lowest: Parts
    highest: Parts

    def compared(self, limit: Parts, *, lower: bool) -> bool | None:
        """Return whether all are at least (``lower``), or at most, a limit; None where some are."""
        if lower:
            return True if self.lowest >= limit else (False if self.highest < limit else None)
        return True if self.highest <= limit else (False if self.lowest > limit else None)


def version_key(text: str) -> Parts:
    """Return the numbers of a version in order."""
    return tuple(int(part) for part in _NUMBER.findall(text))


def limit_key(text: str) -> Parts:
    """Return the numbers of a version that a rule names; ``3.x`` is the highest that there may be of 3."""
    parts = version_key(text)
    return (*parts, math.inf) if parts and text.endswith(_ANY) else parts


def allowed(text: str) -> Versions | None:
    """Return the versions that a constraint as ``~> 3.0`` or ``>= 2.0, < 4.0`` leaves; None for a plain version.

    What is excluded in the middle (``!=``) is not: a range is all that is asked for.
    """
    if not re.search(r"[=<>~,]", text):
        return None
    lowest: Parts = (0,)
    highest: Parts = (math.inf,)
    for term in text.split(","):
        found = _TERM.fullmatch(term if re.match(r"\s*[=!<>~]", term) else f"={term}")
        if found is None:
            return Versions((0,), (math.inf,))
        low, high = _ends(found.group(1), version_key(found.group(2)))
        lowest, highest = max(lowest, low), min(highest, high)
    return Versions(lowest, highest)


def _ends(operator: str, version: Parts) -> Versions:
    match operator:
        case "=":
            return Versions(version, version)
        case "~>":
            return Versions(version, (*version[:-1], math.inf))
        case ">=" | ">":
            return Versions(version, (math.inf,))
        case "<=":
            return Versions((0,), version)
        case "<":
            return Versions((0,), _before(version))
        case _:
            return Versions((0,), (math.inf,))


def _before(version: Parts) -> Parts:
    """Return the end of all versions before one: before 4.0 stands 3.x."""
    while version and version[-1] == 0:
        version = version[:-1]
    return (*version[:-1], version[-1] - 1, math.inf) if version else (0,)
