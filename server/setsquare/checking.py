"""Checking a workspace as a whole: every unit analysed, fixes planned and proven; what commands and reports work on."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from setsquare.findings import (
    Analysis,
    Finding,
    Fix,
    Problem,
    ProblemKind,
    SuppressedFinding,
    UnknownFinding,
    position_of,
)
from setsquare.fixes import Plan, Refusal, plan
from setsquare.proof import Neighbour, Proof, Reanalyse, prove
from setsquare.records import record
from setsquare.text import LineIndex
from setsquare.workspace import Unit, Workspace


@record
class CheckedUnit:
    """One unit, its texts with those of other folders that findings speak of, and what was found in it."""

    unit: Unit
    texts: Mapping[str, bytes]
    analysis: Analysis


@dataclass(slots=True)
class Report:
    """What was found in a workspace, in the order of file, position and rule.

    ``proofs`` holds the proof of a finding's fix by the finding's identity, where one was made.
    """

    root: str
    findings: list[Finding] = field(default_factory=list)
    unknown: list[UnknownFinding] = field(default_factory=list)
    suppressed: list[SuppressedFinding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    resources: int = 0
    proofs: dict[int, Proof] = field(default_factory=dict)
    lines: dict[str, LineIndex] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)

    def relative(self, path: str) -> str:
        """Return a path relative to the folder that was checked."""
        prefix = self.root.rstrip("/") + "/"
        return path.removeprefix(prefix) if path.startswith(prefix) else os.path.relpath(path, self.root)

    def lines_of(self, path: str) -> LineIndex:
        """Return the line index of a checked file."""
        if path not in self.lines:
            self.lines[path] = LineIndex(self.texts.get(path, b""))
        return self.lines[path]


def check_units(workspace: Workspace, units: Iterable[Unit]) -> Iterator[CheckedUnit]:
    """Analyse units one by one; what is only repaired in a file with syntax errors has no fix."""
    for unit in units:
        texts = workspace.texts(unit)
        analysis = workspace.analyse_texts(unit, texts)
        broken = {path for path in analysis.elsewhere if workspace.is_broken(path)}
        yield CheckedUnit(unit, {**texts, **analysis.elsewhere}, _leaving_broken_files(analysis, broken))


def _leaving_broken_files(analysis: Analysis, others: Collection[str]) -> Analysis:
    """Take back the fixes that change a file with syntax errors: such a file has to be repaired by a person first.

    An editor still offers them, one by one: there the person is at work in the file.
    """
    broken = {problem.path for problem in analysis.problems if problem.kind is ProblemKind.SYNTAX} | {*others}
    if not broken:
        return analysis
    return replace(analysis, findings=tuple(_left_alone(finding, broken) for finding in analysis.findings))


def _left_alone(finding: Finding, broken: Collection[str]) -> Finding:
    hit = min((change.path for change in finding.fix.changes if change.path in broken), default=None)
    if hit is None or not finding.fix.available:
        return finding
    reason = f"{os.path.basename(hit)} has syntax errors, and is left as it is until they are repaired"
    return replace(finding, fix=Fix(available=False, reason=reason))


def report_of(
    workspace: Workspace,
    checked: Iterable[CheckedUnit],
    root: str,
    wanted: Callable[[str], bool] = lambda _path: True,
    *,
    prove_fixes: bool = False,
) -> Report:
    """Collect what was found.

    Args:
        workspace: where the units are from.
        checked: the analysed units.
        root: the folder that paths are relative to.
        wanted: whether findings in a file are reported.
        prove_fixes: prove every available fix.

    """
    report = Report(root)
    for one in checked:
        analysis = one.analysis
        findings = [finding for finding in analysis.findings if wanted(finding.place.path)]
        unknown = [finding for finding in analysis.unknown if wanted(finding.place.path)]
        suppressed = [entry for entry in analysis.suppressed if wanted(entry.finding.place.path)]
        report.files += analysis.files
        report.resources += analysis.resources
        report.problems += [problem for problem in analysis.problems if wanted(problem.path)]
        report.findings += findings
        report.unknown += unknown
        report.suppressed += suppressed
        if findings or unknown or suppressed or analysis.problems:
            report.texts.update(one.texts)
        if prove_fixes:
            for finding in findings:
                if finding.fix.available:
                    report.proofs[id(finding)] = proof_of(workspace, one, [finding]).proof
    report.problems += [problem for problem in workspace.unreadable if wanted(problem.path)]
    report.problems += workspace.policy_problems
    report.texts.update(workspace.policy_texts)
    report.findings.sort(key=position_of)
    report.unknown.sort(key=position_of)
    report.suppressed.sort(key=lambda entry: position_of(entry.finding))
    report.problems.sort(key=lambda problem: (problem.path, problem.place is not None, problem.place, problem.message))
    return report


@record
class ProvenPlan:
    """A plan for one unit and its proof."""

    planned: Plan
    proof: Proof


def proof_of(workspace: Workspace, checked: CheckedUnit, findings: Sequence[Finding]) -> ProvenPlan:
    """Plan the repair of findings of one unit and prove it."""
    planned = plan(checked.texts, findings)

    def again(unit: Unit, texts: Mapping[str, bytes]) -> Reanalyse:
        return lambda changed: workspace.analyse_texts(unit, {**texts, **changed})

    neighbours = [
        Neighbour(workspace.analyse(unit), again(unit, workspace.texts(unit)))
        for unit in workspace.affected(checked.unit, planned.edits)
    ]
    proof = prove(checked.analysis, checked.texts, planned, again(checked.unit, checked.texts), neighbours)
    return ProvenPlan(planned, proof)


def repair(workspace: Workspace, checked: CheckedUnit, findings: Sequence[Finding]) -> ProvenPlan:
    """Plan and prove the repair of findings together; where that fails, leave out those that do not hold alone.

    A fix that fails its proof is a bug: it is refused with the checks that failed, never applied.
    """
    together = proof_of(workspace, checked, findings)
    if together.proof.holds:
        return together
    kept: list[Finding] = []
    refused: list[Refusal] = []
    for finding in findings:
        tried = proof_of(workspace, checked, [*kept, finding])
        if tried.proof.holds:
            kept.append(finding)
        else:
            refused.append(Refusal(finding, f"the fix did not pass its proof ({tried.proof.faults})"))
    final = proof_of(workspace, checked, kept)
    planned = final.planned
    return ProvenPlan(Plan(planned.edits, planned.served, (*planned.refused, *refused)), final.proof)
