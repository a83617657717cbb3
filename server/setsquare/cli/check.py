"""``setsquare check``: what breaks policy."""

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator

from setsquare.checking import CheckedUnit, check_units, report_of
from setsquare.cli.arguments import Scope, add_scope, scope_of
from setsquare.cli.kept import KeptReport, KeptReports
from setsquare.cli.progress import with_progress
from setsquare.output import json_report
from setsquare.output.style import Style
from setsquare.workspace import Unit

HELP = "report what breaks policy"

_MANY = 300_000
"""How many objects there may be before some are let go: about 70 MB. To free fewer takes time and is of no use."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scope(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--show-unknown", action="store_true", help="list what cannot be judged, and what would decide it"
    )
    parser.add_argument("--prove", action="store_true", help="prove every fix that is offered")
    parser.add_argument("--strict", action="store_true", help="errors and unknown verdicts count as findings")
    parser.add_argument("--no-cache", action="store_true", help="neither use nor keep reports of earlier checks")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    started = time.perf_counter()
    scope = scope_of(arguments)
    reports = None if arguments.no_cache else KeptReports(_question(arguments, scope))
    kept = reports.find() if reports else None
    if kept is None or not scope.workspace.is_as_seen(kept.read):
        kept = _check(arguments, scope)
        if reports:
            reports.keep(kept)
    text = json_report.with_seconds(kept.text, time.perf_counter() - started) if _is_json(arguments) else kept.text
    sys.stdout.write(text)
    return kept.status


def _check(arguments: argparse.Namespace, scope: Scope) -> KeptReport:
    report = report_of(scope.workspace, _checked(scope), scope.root, scope.wanted, prove_fixes=arguments.prove)
    if _is_json(arguments):
        text = json_report.render(report, scope.workspace.policy_of(scope.root + "/."), 0) + "\n"
    else:
        from setsquare.output import text_report  # noqa: PLC0415 - one format is needed, not all

        lines = text_report.render(report, Style.of(sys.stdout), show_unknown=arguments.show_unknown)
        text = "".join(line + "\n" for line in lines)
    strict = arguments.strict and (report.problems or report.unknown)
    return KeptReport(text, 1 if report.findings or strict else 0, scope.workspace.seen)


def _checked(scope: Scope) -> Iterator[CheckedUnit]:
    """Check units one by one; of those that are done only what is reported is kept, once they hold much memory."""
    done: list[Unit] = []
    for checked in check_units(scope.workspace, with_progress(scope.units, "checking")):
        yield checked
        done.append(checked.unit)
        if gc.get_count()[0] > _MANY:
            for unit in done:
                scope.workspace.let_go(unit)
            done.clear()


def _is_json(arguments: argparse.Namespace) -> bool:
    return bool(arguments.format == "json")


def _question(arguments: argparse.Namespace, scope: Scope) -> object:
    """Return what decides the report beside the texts that are read for it."""
    workspace = scope.workspace
    policies = {unit.key: workspace.policy_of(unit.key) for unit in scope.units}
    asked = {name: value for name, value in vars(arguments).items() if isinstance(value, str | bool | list | None)}
    return [
        asked,
        os.getcwd(),
        Style.of(sys.stdout).colours,
        scope.root,
        [(unit.key, unit.paths) for unit in scope.units],
        [(unit.key, unit.paths) for unit in workspace.units()],
        {key: (policy.path, policy.folder, policy.hash, str(policy.as_of)) for key, policy in policies.items()},
        [str(problem) for problem in (*workspace.unreadable, *workspace.policy_problems)],
    ]
