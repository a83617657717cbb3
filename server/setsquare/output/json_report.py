"""The machine-readable report of ``check``: one JSON object, schema 1."""

import json
import re

from setsquare import __version__
from setsquare.checking import Report
from setsquare.findings import Finding, Fix, Problem, SuppressedFinding, UnknownFinding, Violation
from setsquare.model import Place
from setsquare.rules.policy import Policy

SCHEMA = 1
_SECONDS = re.compile(r'(?<="seconds": )[0-9.e+-]+(?=\}\n\}\s*\Z)')


def render(report: Report, policy: Policy, seconds: float) -> str:
    """Return the report as JSON text; two runs differ in ``seconds`` alone."""
    sections: dict[str, object] = {
        "schema": SCHEMA,
        "tool": {"name": "setsquare", "version": __version__},
        "policy": {
            "path": report.relative(policy.path) if policy.path else None,
            "hash": policy.hash,
            "as_of": policy.as_of.isoformat(),
        },
        "findings": [_finding(report, finding) for finding in report.findings],
        "unknown": [_unknown(report, finding) for finding in report.unknown],
        "suppressed": [_suppressed(report, entry) for entry in report.suppressed],
        "errors": [_problem(report, problem) for problem in report.problems],
        "summary": {
            "files": report.files,
            "resources": report.resources,
            "findings": len(report.findings),
            "fixable": sum(finding.fix.available for finding in report.findings),
            "seconds": round(seconds, 3),
        },
    }
    return "{\n" + ",\n".join(f'"{name}": {_section(section)}' for name, section in sections.items()) + "\n}"


def with_seconds(rendered: str, seconds: float) -> str:
    """Return a report that took another time."""
    start = max(0, len(rendered) - 100)
    return rendered[:start] + _SECONDS.sub(repr(round(seconds, 3)), rendered[start:])


def _section(section: object) -> str:
    """Return a section with one entry a line: `json` is ten times slower where it indents."""
    if not isinstance(section, list) or not section:
        return json.dumps(section, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in section) + "\n]"


def range_of(report: Report, place: Place) -> dict[str, dict[str, int]]:
    """Return a place as lines and columns from 1, columns in code points."""
    lines = report.lines_of(place.path)
    start, end = lines.position(place.span.start), lines.position(place.span.end)
    return {
        "start": {"line": start.line + 1, "column": start.column + 1},
        "end": {"line": end.line + 1, "column": end.column + 1},
    }


def _common(report: Report, finding: Finding | UnknownFinding, verdict: str) -> dict[str, object]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "version": rule.version,
        "severity": rule.severity.value,
        "verdict": verdict,
        "message": finding.message,
        "file": report.relative(finding.place.path),
        "range": range_of(report, finding.place),
        "resource": finding.resource,
        "related": [*finding.related, *(finding.alike if isinstance(finding, Finding) else ())],
        "violations": [_violation(report, violation) for violation in finding.violations],
    }


def _finding(report: Report, finding: Finding) -> dict[str, object]:
    content = _common(report, finding, "violated")
    proof = report.proofs.get(id(finding))
    content["fix"] = fix_of(finding.fix, str(proof) if proof is not None else None)
    content["frameworks"] = {name: list(ids) for name, ids in finding.rule.frameworks.items()}
    if finding.instances is not None:
        content["instances"] = finding.instances
    if finding.named:
        content["instance_addresses"] = list(finding.named)
    if finding.calls:
        content["calls"] = [
            {"module": call.address, "file": report.relative(call.place.path), "range": range_of(report, call.place)}
            for call in finding.calls
        ]
    return content


def fix_of(fix: Fix, proof: str | None) -> dict[str, object]:
    """Return a fix as JSON data."""
    return {
        "available": fix.available,
        "reason": fix.reason,
        "impact": fix.impact.value if fix.impact is not None else None,
        "proof": proof,
        "fingerprint": fix.fingerprint,
    }


def _unknown(report: Report, finding: UnknownFinding) -> dict[str, object]:
    content = _common(report, finding, "unknown")
    content["frameworks"] = {name: list(ids) for name, ids in finding.rule.frameworks.items()}
    content["expression"] = finding.expression
    content["decided_by"] = report.relative(finding.decided_by) if finding.decided_by else None
    return content


def _suppressed(report: Report, entry: SuppressedFinding) -> dict[str, object]:
    content = _finding(report, entry.finding)
    content["suppressed"] = {"by": entry.by, "reason": entry.reason, "until": entry.until}
    return content


def _violation(report: Report, violation: Violation) -> dict[str, object]:
    origin = violation.origin
    placed = None
    if origin is not None and origin.path in report.texts:
        placed = {"file": report.relative(origin.path), "range": range_of(report, origin)}
    return {
        "path": violation.path,
        "expected": violation.expected,
        "actual": violation.actual,
        "origin": placed,
    }


def _problem(report: Report, problem: Problem) -> dict[str, object]:
    message = problem.message
    if problem.place is not None and problem.place.path in report.texts:
        start = report.lines_of(problem.place.path).position(problem.place.span.start)
        message = f"line {start.line + 1}, column {start.column + 1}: {message}"
    return {"file": report.relative(problem.path), "message": message}
