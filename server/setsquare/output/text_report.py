"""The report of ``check`` for people: one paragraph a finding, with the code it speaks of."""

from collections.abc import Iterator

from setsquare.checking import Report
from setsquare.findings import Finding, Problem, ProblemKind, UnknownFinding
from setsquare.model import Place
from setsquare.output.style import Style
from setsquare.rules.rule import ImpactLevel, Severity

_COLOURS = {
    Severity.CRITICAL: ("bold", "magenta"),
    Severity.HIGH: ("bold", "red"),
    Severity.MEDIUM: ("bold", "yellow"),
    Severity.LOW: ("bold", "blue"),
}
_WIDEST = 160
_CALLS = 3
"""How many of the calls that decide a finding are named."""
IMPACTS = {
    ImpactLevel.NONE: "deploys nothing",
    ImpactLevel.IN_PLACE: "changes in place",
    ImpactLevel.BRIEF_INTERRUPTION: "interrupts briefly",
    ImpactLevel.REPLACES: "replaces the resource",
    ImpactLevel.DATA_LOSS: "loses data",
}
"""What applying a fix does, as the predicate of a sentence."""


def render(report: Report, style: Style, *, show_unknown: bool) -> Iterator[str]:
    """Yield the lines of the report."""
    for finding in report.findings:
        yield from _finding(report, finding, style)
    if show_unknown:
        for unknown in report.unknown:
            yield from _unknown(report, unknown, style)
    unseen = [problem for problem in report.problems if problem.kind is ProblemKind.UNSEEN]
    for problem in report.problems:
        if show_unknown or problem.kind is not ProblemKind.UNSEEN:
            yield problem_line(report, problem, style)
    yield from _summary(report, style)
    if unseen and not show_unknown:
        yield f"{count(len(unseen), 'module call')} not followed (--show-unknown says why)"


def _finding(report: Report, finding: Finding, style: Style) -> Iterator[str]:
    severity = style.paint(finding.rule.severity.value, *_COLOURS[finding.rule.severity])
    yield f"{severity}[{style.paint(finding.rule.id, 'bold')}]: {finding.message}"
    yield from frame(report, finding.place, style, _COLOURS[finding.rule.severity][-1])
    yield from _decided_by(report, finding, style)
    fix = finding.fix
    if fix.available and fix.impact is not None:
        proof = report.proofs.get(id(finding))
        proven = f", proof {proof}" if proof is not None else ""
        asks = "" if fix.bulk else ", asks first"
        yield f"   {style.paint('= fix:', 'cyan')} {IMPACTS[fix.impact]}{asks}{proven}"
    else:
        yield f"   {style.paint('= no fix:', 'cyan')} {fix.reason}"
    named = ", ".join(
        f"{name} {' '.join(ids)}" for name, ids in finding.rule.frameworks.items() if name != "nist_800_53_r5"
    )
    if named:
        yield f"   {style.paint('= asked for by:', 'cyan')} {named}"
    yield ""


def _decided_by(report: Report, finding: Finding, style: Style) -> Iterator[str]:
    """Yield where the value is decided that is used here, and which calls decide it."""
    origins = [violation.origin for violation in finding.violations if violation.origin is not None]
    elsewhere = [origin for origin in origins if origin.path != finding.place.path]
    if elsewhere:
        yield f"   {style.paint('= decided in:', 'cyan')} {_spot(report, elsewhere[0])}"
    if finding.calls:
        named = [f"{call.address} ({_spot(report, call.place)})" for call in finding.calls[:_CALLS]]
        more = f" and {len(finding.calls) - _CALLS} more" if len(finding.calls) > _CALLS else ""
        yield f"   {style.paint('= called by:', 'cyan')} {', '.join(named)}{more}"


def _spot(report: Report, place: Place) -> str:
    start = report.lines_of(place.path).position(place.span.start)
    return f"{report.relative(place.path)}:{start.line + 1}:{start.column + 1}"


def _unknown(report: Report, finding: UnknownFinding, style: Style) -> Iterator[str]:
    yield f"{style.paint('unknown', 'dim')}[{finding.rule.id}]: {finding.message}"
    yield from frame(report, finding.place, style, "dim")
    if finding.decided_by:
        yield f"   {style.paint('= decided by:', 'cyan')} {report.relative(finding.decided_by)}"
    yield ""


def frame(report: Report, place: Place, style: Style, colour: str) -> Iterator[str]:
    """Yield the place and the line of code, underlined."""
    lines = report.lines_of(place.path)
    start, end = lines.position(place.span.start), lines.position(place.span.end)
    yield f"  {style.paint('-->', 'blue')} {report.relative(place.path)}:{start.line + 1}:{start.column + 1}"
    span = lines.line_span(start.line)
    text = report.texts.get(place.path, b"")[span.start : span.end].decode("utf-8", "replace").lstrip("\ufeff")
    if len(text) > _WIDEST:
        return
    number = str(start.line + 1)
    margin = " " * len(number)
    last = end.column if end.line == start.line else len(text.rstrip())
    underline = "^" * max(1, last - start.column)
    padding = "".join("\t" if character == "\t" else " " for character in text[: start.column])
    bar = style.paint("|", "blue")
    yield f"  {margin} {bar}"
    yield f"  {style.paint(number, 'blue')} {bar} {text}"
    yield f"  {margin} {bar} {padding}{style.paint(underline, colour)}"


def problem_line(report: Report, problem: Problem, style: Style) -> str:
    """Return a problem as one line, with its place if it has one."""
    where = report.relative(problem.path)
    if problem.place is not None and problem.place.path in report.texts:
        start = report.lines_of(problem.place.path).position(problem.place.span.start)
        where = f"{where}:{start.line + 1}:{start.column + 1}"
    return f"{style.paint('warning', 'bold', 'yellow')}: {where}: {problem.message}"


def _summary(report: Report, style: Style) -> Iterator[str]:
    fixable = sum(finding.fix.available for finding in report.findings)
    bulk = sum(finding.fix.available and finding.fix.bulk for finding in report.findings)
    checked = f"{count(report.files, 'file')}, {count(report.resources, 'resource')} checked"
    parts = [count(len(report.findings), "finding")]
    if report.findings:
        parts.append(f"{fixable} with a fix ({bulk} without asking)")
    if report.unknown:
        parts.append(f"{len(report.unknown)} unknown")
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    colour = "red" if report.findings else "green"
    yield f"{checked}: {style.paint(', '.join(parts), 'bold', colour)}"


def count(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural where it must be."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
