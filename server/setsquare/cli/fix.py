"""``setsquare fix``: the canonical fixes, as a diff or written to the files."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from setsquare.checking import CheckedUnit, check_units, repair
from setsquare.cli.arguments import Scope, UsageError, add_scope, impacts, scope_of
from setsquare.cli.progress import with_progress
from setsquare.cli.writing import ChangedMeanwhileError, replace_file
from setsquare.findings import Finding
from setsquare.fixes import Refusal
from setsquare.output.diff import unified
from setsquare.output.style import Style
from setsquare.rules.catalogue import Catalogue

HELP = "show or write the canonical fixes"


@dataclass(slots=True)
class _Outcome:
    changed: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    fixed: int = 0
    left: list[Refusal] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


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
    """Run the command and return its exit status: 1 where findings are left."""
    unknown = [rule for rule in arguments.rule if rule not in Catalogue.shipped().rules]
    scope = scope_of(arguments)
    known = {*scope.workspace.catalogue_of(scope.root + "/.").rules}
    if [rule for rule in unknown if rule not in known]:
        message = f"no rule is called {unknown[0]}; `setsquare rules` lists them"
        raise UsageError(message)
    scope.workspace.allow(arguments.allow_impact)
    outcome = _Outcome()
    for checked in check_units(scope.workspace, with_progress(scope.units, "fixing")):
        _fix_unit(scope, checked, arguments.rule, outcome)
    for path, (before, after) in sorted(outcome.changed.items()):
        if arguments.write:
            _write(outcome, path, before, after)
        else:
            sys.stdout.buffer.writelines(unified(_relative(scope, path), before, after))
    sys.stdout.flush()
    for line in _summary(scope, outcome, written=arguments.write):
        sys.stderr.write(line + "\n")
    return 1 if outcome.left or outcome.failed else 0


def _fix_unit(scope: Scope, checked: CheckedUnit, rules: Sequence[str], outcome: _Outcome) -> None:
    asked = [
        finding
        for finding in checked.analysis.findings
        if scope.wanted(finding.place.path) and (not rules or finding.rule.id in rules)
    ]
    chosen = [finding for finding in asked if finding.fix.available and finding.fix.bulk]
    outcome.left += [Refusal(finding, _why_not(finding)) for finding in asked if finding not in chosen]
    if not chosen:
        return
    proven = repair(scope.workspace, checked, chosen)
    outcome.left += proven.planned.refused
    outcome.fixed += len(proven.planned.served)
    for path, text in proven.planned.apply(checked.texts).items():
        outcome.changed[path] = (checked.texts[path], text)


def _why_not(finding: Finding) -> str:
    fix = finding.fix
    if fix.available and fix.impact is not None:
        return f"its fix {fix.impact.value.replace('_', ' ')}: allow it with --allow-impact {fix.impact.value}"
    return fix.reason or "there is no fix"


def _write(outcome: _Outcome, path: str, before: bytes, after: bytes) -> None:
    try:
        replace_file(path, before, after)
    except ChangedMeanwhileError:
        outcome.failed.append(f"{path}: changed meanwhile, and was left alone")
    except OSError as error:
        outcome.failed.append(f"{path}: cannot be written: {error.strerror}")


def _relative(scope: Scope, path: str) -> str:
    return path.removeprefix(scope.root.rstrip("/") + "/")


def _summary(scope: Scope, outcome: _Outcome, *, written: bool) -> Iterator[str]:
    style = Style.of(sys.stderr)
    for failure in outcome.failed:
        yield f"{style.paint('error', 'bold', 'red')}: {failure}"
    for refusal in outcome.left:
        finding = refusal.finding
        where = _relative(scope, finding.place.path)
        label = style.paint("not fixed", "bold", "yellow")
        yield f"{label}: {where}: {finding.resource}: {finding.rule.id}: {refusal.reason}"
    verb = "fixed" if written else "to fix"
    files = len(outcome.changed) - len(outcome.failed)
    yield f"{outcome.fixed} findings {verb} in {files} files, {len(outcome.left)} left"
