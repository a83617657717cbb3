"""The proof of a fix, made before it is offered: five checks, each with what it found."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from setsquare.findings import Analysis, Finding
from setsquare.fixes import Plan, plan
from setsquare.readback import read_back
from setsquare.records import record
from setsquare.text import Edit

Reanalyse = Callable[[Mapping[str, bytes]], Analysis]
"""Analyses the unit again with other bytes in some of its files."""


@record
class Check:
    """One check of a proof; ``detail`` says what is wrong where it did not pass."""

    name: str
    passed: bool
    detail: str = ""


@record
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


@record
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


def _identities(finding: Finding) -> Iterator[tuple[str, str, str]]:
    """Yield rule, address and the file of the outermost call: two folders may call a module by the same name."""
    outermost = {call.place.path for call in finding.calls if _is_outermost(call.address)}
    for address in (finding.resource, *finding.alike):
        for path in outermost or {""}:
            yield finding.rule.id, address, path


def _is_outermost(address: str) -> bool:
    """Whether the address of a call names one step: ``module.m``, or the logical id of a nested stack."""
    return address.count("module.") == 1 or "." not in address


def _all_identities(findings: Iterable[Finding]) -> set[tuple[str, str, str]]:
    return {identity for finding in findings for identity in _identities(finding)}


def _is_gone(served: Sequence[Finding], after: Analysis) -> Check:
    still = sorted(_all_identities(served) & _all_identities(after.findings))
    detail = ", ".join(dict.fromkeys(f"{rule} on {resource}" for rule, resource, _ in still))
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
    wanted = _all_identities(served)
    again = plan({**sources, **patched}, [f for f in after.findings if not wanted.isdisjoint(_identities(f))])
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
