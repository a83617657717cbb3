"""What several calls of one module have in common, said once: the same finding on the same block is one finding."""

from collections.abc import Iterable
from dataclasses import replace

from setsquare.findings import Finding, UnknownFinding

Named = tuple[str, Finding]
"""A finding, and the address of its resource within the module."""


def joined(findings: Iterable[Named]) -> list[Finding]:
    """Return findings; those of one rule on one block are one that counts its instances, unless their fixes differ."""
    found: dict[tuple[object, ...], Finding] = {}
    for name, finding in findings:
        key = (name, finding.rule.id, finding.place, *_told_apart(finding))
        found[key] = _both(found[key], finding) if key in found else finding
    return list(found.values())


def _told_apart(finding: Finding) -> tuple[object, ...]:
    """Return what tells a finding from others of its rule on its block: where it is fixed, or why it is not."""
    paths = tuple(violation.path for violation in finding.violations)
    if not finding.fix.available:
        return (paths, finding.fix.reason)
    return (paths, tuple(violation.origin for violation in finding.violations))


def _both(one: Finding, other: Finding) -> Finding:
    """Return what two calls have in common."""
    return replace(
        one,
        related=tuple(dict.fromkeys((*one.related, *other.related))),
        instances=(one.instances or 1) + (other.instances or 1),
        named=tuple(dict.fromkeys((*one.named, *other.named))),
        calls=tuple(dict.fromkeys((*one.calls, *other.calls))),
        alike=tuple(dict.fromkeys((*one.alike, other.resource))),
    )


def joined_unknown(findings: Iterable[tuple[str, UnknownFinding]]) -> list[UnknownFinding]:
    """Return what cannot be judged, the same thing in several calls once."""
    found: dict[tuple[object, ...], UnknownFinding] = {}
    for name, finding in findings:
        found.setdefault((name, finding.rule.id, finding.place, finding.expression, finding.decided_by), finding)
    return list(found.values())
