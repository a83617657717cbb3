"""``setsquare fix``: the canonical fixes, as a diff or written to the files."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from setsquare.checking import CheckedUnit, Report, check_units, repair, report_of
from setsquare.cli.arguments import Scope, UsageError, add_scope, impacts, scope_of
from setsquare.cli.progress import with_progress
from setsquare.cli.writing import ChangedMeanwhileError, replace_file
from setsquare.documents import Document
from setsquare.findings import Finding, ProblemKind, position_of
from setsquare.fixes import Refusal
from setsquare.output.diff import unified
from setsquare.output.style import Style
from setsquare.output.text_report import IMPACTS, count, problem_line
from setsquare.rules.catalogue import Catalogue

HELP = "show or write the canonical fixes"


@dataclass(slots=True)
class _Outcome:
    """What came of it; ``failed`` holds the files that could not be written, and why."""

    changed: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    served: list[Finding] = field(default_factory=list)
    left: list[Refusal] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scope(parser)
    parser.add_argument("--write", action="store_true", help="write the files instead of showing a diff")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help="fix this rule only; may be repeated"
    )
    parser.add_argument(
        "--allow-impact",
        type=impacts,
        default=(),
        metavar="IMPACT",
        help="apply these too: brief_interruption, replaces, data_loss",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status: 1 where findings are left, or only shown with their fix."""
    scope = scope_of(arguments)
    _refuse_unknown_rules(scope, arguments.rule)
    scope.workspace.allow(arguments.allow_impact)
    outcome = _Outcome()
    report = report_of(scope.workspace, _fixed_units(scope, arguments.rule, outcome), scope.root, scope.wanted)
    for path, (before, after) in sorted(outcome.changed.items()):
        if arguments.write:
            _write(outcome, path, before, after)
        else:
            sys.stdout.buffer.writelines(unified(report.relative(path), before, after))
    sys.stdout.flush()
    for line in _summary(report, outcome, written=arguments.write):
        sys.stderr.write(line + "\n")
    shown = outcome.changed and not arguments.write
    return 1 if outcome.left or outcome.failed or shown else 0


def _refuse_unknown_rules(scope: Scope, rules: Sequence[str]) -> None:
    known = {rule for unit in scope.units for rule in scope.workspace.catalogue_of(unit.key).rules}
    known |= Catalogue.shipped().rules.keys()
    for rule in rules:
        if rule not in known:
            message = f"no rule is called {rule}; `setsquare rules` lists them"
            raise UsageError(message)


def _fixed_units(scope: Scope, rules: Sequence[str], outcome: _Outcome) -> Iterator[CheckedUnit]:
    for checked in check_units(scope.workspace, with_progress(scope.units, "fixing")):
        _fix_unit(scope, checked, rules, outcome)
        yield checked


def _fix_unit(scope: Scope, checked: CheckedUnit, rules: Sequence[str], outcome: _Outcome) -> None:
    chosen: list[Finding] = []
    for finding in checked.analysis.findings:
        if not scope.wanted(finding.place.path) or (rules and finding.rule.id not in rules):
            continue
        if finding.fix.available and finding.fix.bulk:
            chosen.append(finding)
        else:
            outcome.left.append(Refusal(finding, _why_not(finding)))
    if not chosen:
        return
    proven = repair(scope.workspace, checked, chosen)
    outcome.left += proven.planned.refused
    outcome.served += proven.planned.served
    related = scope.workspace.related if checked.unit.is_module else scope.workspace.related_templates
    is_related = bool(related(checked.unit.key))
    for path, text in proven.planned.apply(checked.texts).items():
        before, _ = outcome.changed.get(path, (checked.texts[path], b""))
        outcome.changed[path] = (before, text)
        if is_related:
            # Modules that are still to be fixed see what is decided for them in other folders.
            scope.workspace.overlay.set(Document(path, text, 0))
            scope.workspace.invalidate(path)


def _why_not(finding: Finding) -> str:
    fix = finding.fix
    if fix.available and fix.impact is not None:
        return f"its fix {IMPACTS[fix.impact]}; --allow-impact {fix.impact.value} applies it"
    return fix.reason or "there is no fix"


def _write(outcome: _Outcome, path: str, before: bytes, after: bytes) -> None:
    try:
        replace_file(path, before, after)
    except ChangedMeanwhileError:
        outcome.failed[path] = "this file changed meanwhile, and was left alone"
    except OSError as error:
        outcome.failed[path] = f"this file cannot be written: {error.strerror}"


def _summary(report: Report, outcome: _Outcome, *, written: bool) -> Iterator[str]:
    style = Style.of(sys.stderr)
    for problem in report.problems:
        if problem.kind is ProblemKind.UNSEEN:
            continue
        yield problem_line(report, problem, style)
    for path, reason in outcome.failed.items():
        yield f"{style.paint('error', 'bold', 'red')}: {report.relative(path)}: {reason}"
    for refusal in sorted(outcome.left, key=lambda refusal: position_of(refusal.finding)):
        finding = refusal.finding
        where = report.relative(finding.place.path)
        label = style.paint("not fixed", "bold", "yellow")
        yield f"{label}: {where}: {finding.resource}: {finding.rule.id}: {refusal.reason}"
    lost = [f for f in outcome.served if any(change.path in outcome.failed for change in f.fix.changes)]
    fixed = count(len(outcome.served) - len(lost), "finding")
    files = count(len(outcome.changed) - len(outcome.failed), "file")
    yield f"{fixed} {'fixed' if written else 'to fix'} in {files}, {len(outcome.left) + len(lost)} left"
