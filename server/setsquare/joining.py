"""What several calls of one module have in common, said once: the same finding on the same block is one finding."""

from collections.abc import Iterable
from dataclasses import replace

from setsquare.findings import Finding, UnknownFinding

Named = tuple[str, Finding]
"""A finding, and the address of its resource within the module."""


def joined(findings: Iterable[Named]) -> list[Finding]:
    """Return findings; those of one rule on one block for the same values are one that counts its instances."""
    found: dict[tuple[object, ...], Finding] = {}
    for name, finding in findings:
        values = tuple((violation.path, violation.origin) for violation in finding.violations)
        key = (name, finding.rule.id, finding.place, values)
        found[key] = _both(found[key], finding) if key in found else finding
    return list(found.values())


def _both(one: Finding, other: Finding) -> Finding:
    """Return what two calls have in common: nothing is offered that only one of them allows."""
    named = other.resource if other.resource != one.resource else None
    return replace(
        one,
        related=tuple(dict.fromkeys((*one.related, *([named] if named else ()), *other.related))),
        instances=(one.instances or 1) + (other.instances or 1),
        calls=tuple(dict.fromkeys((*one.calls, *other.calls))),
        fix=one.fix if not one.fix.available or other.fix.available else other.fix,
    )


def joined_unknown(findings: Iterable[tuple[str, UnknownFinding]]) -> list[UnknownFinding]:
    """Return what cannot be judged, the same thing in several calls once."""
    found: dict[tuple[object, ...], UnknownFinding] = {}
    for name, finding in findings:
        found.setdefault((name, finding.rule.id, finding.place, finding.expression, finding.decided_by), finding)
    return list(found.values())
