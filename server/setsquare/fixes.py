"""Findings to one edit plan per file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from setsquare.documents import Format, format_of
from setsquare.findings import Finding, PlacedChange
from setsquare.model import (
    Change,
    ExtendList,
    Insert,
    NewBlock,
    NewEntry,
    NewResource,
    Remove,
    ReplaceItem,
    SetValue,
)
from setsquare.records import record
from setsquare.syntax import data_edits, hcl_edits
from setsquare.syntax.edit_error import EditError
from setsquare.text import Edit, OverlappingEditsError, Span, apply_edits, sorted_edits
from setsquare.written import MergeConflictError, merge_entries, merge_values


@record
class Refusal:
    """A finding that a plan leaves alone, and why."""

    finding: Finding
    reason: str


@record
class Plan:
    """The edits that repair some findings of one unit.

    Attributes:
        edits: sorted, disjoint edits by path; only files that change.
        served: the findings that these edits repair.
        refused: the findings that were asked for and cannot be repaired here.

    """

    edits: Mapping[str, tuple[Edit, ...]]
    served: tuple[Finding, ...]
    refused: tuple[Refusal, ...]

    def apply(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the new content of the files that change."""
        return {path: apply_edits(sources[path], edits) for path, edits in self.edits.items()}


def plan(sources: Mapping[str, bytes], findings: Sequence[Finding]) -> Plan:
    """Plan the repair of findings of one unit: one edit plan per file, over all rules.

    The plan does not depend on the order of the findings.

    Args:
        sources: the bytes of each file of the unit, as they were analysed.
        findings: what to repair; those without an available fix are refused with their reason.

    """
    ordered = sorted(findings, key=lambda finding: (finding.rule.id, finding.place, finding.resource))
    refused = [Refusal(f, f.fix.reason or "there is no fix") for f in ordered if not f.fix.available]
    wanted = [finding for finding in ordered if finding.fix.available]
    try:
        edits = _edits(sources, wanted)
    except _CannotEditError:
        wanted, more = _without_culprits(sources, wanted)
        refused += more
        edits = _edits(sources, wanted)
    return Plan(edits, tuple(wanted), tuple(refused))


class _CannotEditError(Exception):
    """The changes of some findings cannot be written together."""


def _without_culprits(
    sources: Mapping[str, bytes],
    findings: Sequence[Finding],
) -> tuple[list[Finding], list[Refusal]]:
    kept: list[Finding] = []
    refused: list[Refusal] = []
    for finding in findings:
        try:
            _edits(sources, [*kept, finding])
        except _CannotEditError as error:
            refused.append(Refusal(finding, str(error)))
        else:
            kept.append(finding)
    return kept, refused


def _edits(sources: Mapping[str, bytes], findings: Sequence[Finding]) -> dict[str, tuple[Edit, ...]]:
    changes = sorted({change for finding in findings for change in finding.fix.changes}, key=_sort_key)
    by_path: dict[str, list[PlacedChange]] = {}
    for change in changes:
        by_path.setdefault(change.path, []).append(change)
    result: dict[str, tuple[Edit, ...]] = {}
    for path, placed in sorted(by_path.items()):
        if path not in sources:
            message = f"the value is decided in {path}, which is not part of this module"
            raise _CannotEditError(message)
        edits = _file_edits(path, sources[path], placed)
        if edits:
            result[path] = edits
    return result


def _sort_key(placed: PlacedChange) -> tuple[object, ...]:
    span = placed.change.span
    return (placed.path, placed.order, (-1, -1) if span is None else tuple(span), repr(_told(placed.change)))


def _told(change: Change) -> Change:
    """Return a change without its siblings: a set has no order to sort by, and may name every resource there is."""
    match change:
        case Insert():
            return replace(change, siblings=frozenset())
        case NewResource():
            return replace(change, siblings=frozenset())
        case _:
            return change


def _file_edits(path: str, source: bytes, placed: Sequence[PlacedChange]) -> tuple[Edit, ...]:
    written = format_of(path, source) or Format.YAML
    regions = sorted({change.region for change in placed if change.region is not None})
    try:
        edits = _plan(source, written, merge(change.change for change in placed if change.region is None))
        for region in regions:
            inside = merge(change.change for change in placed if change.region == region)
            edits += _plan_inside(source, region, inside)
        return sorted_edits(edits)
    except EditError as error:
        raise _CannotEditError(error.reason) from error
    except MergeConflictError as error:
        message = f"two rules want different values for {error.name}"
        raise _CannotEditError(message) from error
    except OverlappingEditsError as error:
        message = "two repairs touch the same text"
        raise _CannotEditError(message) from error


def _plan(source: bytes, written: Format, changes: Sequence[Change]) -> list[Edit]:
    if not changes:
        return []
    if written in (Format.HCL, Format.TFVARS):
        return list(hcl_edits.plan(source, changes))
    return list(data_edits.plan(source, written, changes))


def _plan_inside(source: bytes, region: Span, changes: Sequence[Change]) -> list[Edit]:
    """Plan changes to JSON text that stands inside another document."""
    moved = [replace(change, span=_moved(change.span, -region.start)) for change in changes if change.span is not None]
    edits = data_edits.plan(source[region.start : region.end], Format.JSON, moved)
    return [Edit(_moved(edit.span, region.start), edit.new) for edit in edits]


def _moved(span: Span, distance: int) -> Span:
    return Span(span.start + distance, span.end + distance)


def merge(changes: Iterable[Change]) -> list[Change]:
    """Merge changes that speak of the same stretch into one.

    Raises:
        MergeConflictError: two changes want different things at one place.

    """
    merged: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = _identity(change)
        merged[key] = _merged(merged[key], change) if key in merged else change
    return [_with_merged_entries(change) for change in merged.values()]


def _identity(change: Change) -> tuple[object, ...]:
    if isinstance(change, NewResource):
        return ("resource", change.span, change.type, change.name)
    kind = "set" if isinstance(change, SetValue | ReplaceItem | Remove) else type(change).__name__
    return (kind, change.span)


def _merged(one: Change, other: Change) -> Change:
    match one, other:
        case Insert(), Insert():
            return replace(one, entries=(*one.entries, *other.entries), siblings=one.siblings | other.siblings)
        case NewResource(), NewResource():
            siblings = one.siblings if one.siblings is other.siblings else one.siblings | other.siblings
            return replace(one, entries=(*one.entries, *other.entries), siblings=siblings)
        case SetValue(), SetValue():
            return replace(one, value=merge_values("this value", one.value, other.value))
        case ExtendList(), ExtendList():
            return replace(one, items=(*one.items, *(item for item in other.items if item not in one.items)))
        case _ if one == other:
            return one
        case _:
            name = "this value"
            raise MergeConflictError(name)


def _with_merged_entries(change: Change) -> Change:
    if isinstance(change, Insert | NewResource):
        return replace(change, entries=tuple(_sorted_properties(entry) for entry in merge_entries(change.entries)))
    return change


def _sorted_properties(entry: NewEntry) -> NewEntry:
    """Sort what a new ``Properties`` holds: it grows by sorted insertion when rules are repaired one by one."""
    if isinstance(entry, NewBlock) and entry.name == "Properties":
        return replace(entry, entries=tuple(sorted(entry.entries, key=lambda inner: inner.name)))
    return entry
