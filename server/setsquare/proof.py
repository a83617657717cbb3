"""The proof of a fix, made before it is offered: five checks, each with what it found."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from setsquare.findings import Analysis, Finding
from setsquare.fixes import Plan, plan
from setsquare.readback import read_back
from setsquare.text import Edit

Reanalyse = Callable[[Mapping[str, bytes]], Analysis]
"""Analyses the unit again with other bytes in some of its files."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a proof; ``detail`` says what is wrong where it did not pass."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The checks of one plan."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def faults(self) -> str:
        """What did not pass, and why; empty where everything did."""
        return "; ".join(f"{check.name}: {check.detail}" for check in self.checks if not check.passed)

    def __str__(self) -> str:
        """Return e.g. ``5/5``."""
        return f"{sum(check.passed for check in self.checks)}/{len(self.checks)}"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another unit that a plan may change, as it was found before, and how it is analysed again."""

    before: Analysis
    reanalyse: Reanalyse


def prove(
    before: Analysis,
    sources: Mapping[str, bytes],
    planned: Plan,
    reanalyse: Reanalyse,
    neighbours: Sequence[Neighbour] = (),
) -> Proof:
    """Prove a plan on the bytes that it was made for.

    Args:
        before: the analysis that the plan came from.
        sources: the bytes of the unit's files.
        planned: the plan.
        reanalyse: analyses the unit with other bytes in some files.
        neighbours: other units whose files change, or that are decided by what changes.

    """
    patched = planned.apply(sources)
    after = reanalyse(patched)
    pairs = [(before, after), *((one.before, one.reanalyse(patched)) for one in neighbours)]
    return Proof(
        (
            _is_gone(planned.served, after),
            _nothing_new(pairs),
            _is_stable(planned.served, sources, patched, after),
            _rest_untouched(sources, planned, patched),
            _is_readable(planned, patched),
        )
    )


def _identity(finding: Finding) -> tuple[str, str]:
    return (finding.rule.id, finding.resource)


def _is_gone(served: Sequence[Finding], after: Analysis) -> Check:
    left = {_identity(finding) for finding in after.findings}
    still = sorted({_identity(finding) for finding in served} & left)
    detail = ", ".join(f"{rule} on {resource}" for rule, resource in still)
    return Check("the finding is gone", not still, detail)


def _nothing_new(pairs: Iterable[tuple[Analysis, Analysis]]) -> Check:
    details = [detail for before, after in pairs for detail in _new(before, after)]
    return Check("nothing new appears", not details, ", ".join(details))


def _each(findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    """Yield the rule and the address of each instance that a finding stands for."""
    for finding in findings:
        for address in (finding.resource, *finding.alike):
            yield finding.rule.id, address


def _new(before: Analysis, after: Analysis) -> list[str]:
    known = Counter(_each(before.findings))
    new = sorted(Counter(_each(after.findings)) - known)
    problems = Counter((p.path, p.message) for p in after.problems) - Counter(
        (p.path, p.message) for p in before.problems
    )
    unknown = {(u.rule.id, u.resource) for u in after.unknown} - {(u.rule.id, u.resource) for u in before.unknown}
    blurred = sorted(unknown & {*known})
    details = [f"{rule} on {resource}" for rule, resource in [*new, *blurred]]
    return [*details, *(message for _, message in sorted(problems))]


def _is_stable(
    served: Sequence[Finding],
    sources: Mapping[str, bytes],
    patched: Mapping[str, bytes],
    after: Analysis,
) -> Check:
    wanted = {_identity(finding) for finding in served}
    again = plan({**sources, **patched}, [f for f in after.findings if _identity(f) in wanted])
    return Check("a second application changes nothing", not again.edits, ", ".join(sorted(again.edits)))


def _rest_untouched(sources: Mapping[str, bytes], planned: Plan, patched: Mapping[str, bytes]) -> Check:
    edits = planned.edits
    changed = [path for path, text in patched.items() if not _keeps_rest(sources[path], text, edits.get(path, ()))]
    return Check("every other byte is untouched", not changed, ", ".join(changed))


def _keeps_rest(source: bytes, patched: bytes, edits: Sequence[Edit]) -> bool:
    """Whether the patched text is the source but for the edited spans, read piece by piece."""
    at = 0
    rest = patched
    for edit in edits:
        piece = source[at : edit.span.start] + edit.new
        if not rest.startswith(piece):
            return False
        rest = rest[len(piece) :]
        at = edit.span.end
    return rest == source[at:]


def _is_readable(planned: Plan, patched: Mapping[str, bytes]) -> Check:
    faults: list[str] = []
    for path, text in patched.items():
        wanted = [c.change for f in planned.served for c in f.fix.changes if c.path == path]
        fault = read_back(path, text, planned.edits.get(path, ()), wanted)
        if fault is not None:
            faults.append(f"{path}: {fault}")
    return Check("another parser reads the result", not faults, "; ".join(faults))
