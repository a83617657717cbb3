"""Where stretches of a text are after an edit."""

from setsquare.findings import Finding, Violation
from setsquare.model import Place
from setsquare.moving import changed
from setsquare.text import Edit, Span


def inserted(edit: Edit) -> Span:
    """Return where an edit's text stands afterwards."""
    return Span(edit.span.start, edit.span.start + len(edit.new))


def touches(one: Span, other: Span) -> bool:
    """Whether two stretches overlap or meet."""
    return one.start <= other.end and other.start <= one.end


def hull(one: Span, other: Span) -> Span:
    """Return the stretch that holds both."""
    return Span(min(one.start, other.start), max(one.end, other.end))


def is_in(edit: Edit, span: Span) -> bool:
    """Whether an edit changes a stretch or continues it; what is inserted right before it does not."""
    return edit.span.start <= span.end and edit.span.end > span.start


def moved(span: Span, edit: Edit) -> Span | None:
    """Return where a stretch is after an edit that leaves its text alone; None after one that does not."""
    if span.end <= edit.span.start and edit.span != span:
        return span
    if edit.span.end <= span.start:
        distance = len(edit.new) - (edit.span.end - edit.span.start)
        return Span(span.start + distance, span.end + distance)
    return None


def grown(span: Span, edit: Edit) -> Span:
    """Return where a stretch is after an edit; what is written in it or at its end belongs to it."""
    if not is_in(edit, span):
        return moved(span, edit) or span  # never None: the edit leaves the stretch alone
    removed = edit.span.end - edit.span.start
    end = max(span.end, edit.span.end) - removed + len(edit.new)
    return Span(min(span.start, edit.span.start), end)


def moved_finding(finding: Finding, path: str, edit: Edit) -> Finding | None:
    """Return a finding after an edit of a file; None where the edit changes what it stands at."""
    place = finding.place
    if place.path == path:
        span = moved(place.span, edit)
        if span is None:
            return None
        place = place if span == place.span else Place(path, span)
    violations = finding.violations
    if any(violation.origin is not None for violation in violations):
        violations = tuple(_moved_violation(violation, path, edit) for violation in violations)
    if place is finding.place and violations == finding.violations:
        return finding
    return changed(finding, place=place, violations=violations)


def _moved_violation(violation: Violation, path: str, edit: Edit) -> Violation:
    origin = violation.origin
    if origin is None or origin.path != path:
        return violation
    span = moved(origin.span, edit)
    if span == origin.span:
        return violation
    return changed(violation, origin=None if span is None else Place(path, span))
