"""``setsquare check``: what breaks policy."""

import argparse
import sys
import time

from setsquare.checking import check_units, report_of
from setsquare.cli.arguments import add_scope, scope_of
from setsquare.cli.progress import with_progress
from setsquare.output.style import Style

HELP = "report what breaks policy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scope(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--show-unknown", action="store_true", help="list what cannot be judged, too")
    parser.add_argument("--prove", action="store_true", help="prove every fix that is offered")
    parser.add_argument("--strict", action="store_true", help="errors and unknowns count as findings")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    started = time.perf_counter()
    scope = scope_of(arguments)
    checked = check_units(scope.workspace, with_progress(scope.units, "checking"))
    report = report_of(scope.workspace, checked, scope.root, scope.wanted, prove_fixes=arguments.prove)
    if arguments.format == "json":
        from setsquare.output import json_report  # noqa: PLC0415 - one format is needed, not all

        policy = scope.workspace.policy_of(scope.root + "/.")
        sys.stdout.write(json_report.render(report, policy, time.perf_counter() - started) + "\n")
    else:
        from setsquare.output import text_report  # noqa: PLC0415 - one format is needed, not all

        for line in text_report.render(report, Style.of(sys.stdout), show_unknown=arguments.show_unknown):
            sys.stdout.write(line + "\n")
    strict = arguments.strict and (report.problems or report.unknown)
    return 1 if report.findings or strict else 0
