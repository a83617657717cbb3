"""What fixes are called: verb phrases that say what will be written."""

from collections.abc import Iterable

from setsquare.findings import Finding
from setsquare.model import (
    ExtendList,
    Insert,
    NewAttribute,
    NewBlock,
    NewEntry,
    NewResource,
    Remove,
    ReplaceItem,
    SetValue,
    Written,
)
from setsquare.rules.rule import ImpactLevel
from setsquare.written import as_data

_COSTS = {
    ImpactLevel.BRIEF_INTERRUPTION: " (interrupts briefly)",
    ImpactLevel.REPLACES: " (replaces the resource)",
    ImpactLevel.DATA_LOSS: " (loses data)",
}
_LONGEST = 60
_LEVELS = tuple(ImpactLevel)


def fix_title(finding: Finding) -> str:
    """Return the title of a finding's fix."""
    own = [placed.change for placed in finding.fix.changes if placed.order[0] in ("", finding.rule.id)]
    name = finding.violations[0].path if finding.violations else finding.rule.id
    match own[0] if own else None:
        case SetValue(_, value):
            what = f"Set {name} to {_shown(value)}"
        case ExtendList():
            what = f"Complete {name}"
        case ReplaceItem(_, items):
            what = f"Replace the open range in {name}" if items else f"Remove the open range from {name}"
        case Remove():
            what = f"Remove {name}"
        case NewResource(type=kind, name=resource):
            what = f"Add {kind} {resource}"
        case Insert(entries=entries):
            what = f"Add {_entry(entries[0])}"
        case _:
            what = f"Fix {finding.rule.id}"
    more = f" and {len(own) - 1} more" if len(own) > 1 else ""
    return what + more + cost_of([finding.fix.impact])


def cost_of(impacts: Iterable[ImpactLevel | None]) -> str:
    """Return what follows a title where one of the fixes costs something."""
    worst = max((_LEVELS.index(impact) for impact in impacts if impact is not None), default=0)
    return _COSTS.get(_LEVELS[worst], "")


def _entry(entry: NewEntry) -> str:
    match entry:
        case NewAttribute(name, value):
            return f"{name} = {_shown(value)}"
        case NewBlock(name, entries):
            return f"{name}.{_entry(entries[-1])}" if entries else name


def _shown(value: Written) -> str:
    data = as_data(value)
    text = str(data).lower() if isinstance(data, bool) else str(data)
    if isinstance(data, dict | list) or len(text) > _LONGEST:
        return "the secure value"
    return text
