"""``setsquare explain RULE``: what a rule asks for, why, by which standard, and what its fix costs."""

import argparse
import sys
from difflib import get_close_matches

from setsquare.cli.arguments import UsageError, add_policy, catalogue_of
from setsquare.output.rule_page import render

HELP = "explain a rule"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("rule", metavar="RULE", help="the rule's id, or a peer's id of the same requirement")
    add_policy(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    catalogue = catalogue_of(arguments)
    rules = [catalogue.rules[arguments.rule]] if arguments.rule in catalogue.rules else []
    if not rules:
        names = {
            name
            for tool in {tool for rule in catalogue.rules.values() for tool in rule.aliases}
            for name, _ in catalogue.aliased(tool, arguments.rule)
        }
        rules = [catalogue.rules[name] for name in sorted(names)]
    if not rules:
        near = get_close_matches(arguments.rule, catalogue.rules, 1)
        hint = f"; did you mean {near[0]}?" if near else "; `setsquare rules` lists them"
        message = f"no rule is called {arguments.rule}{hint}"
        raise UsageError(message)
    sys.stdout.write("\n\n".join(render(rule) for rule in rules))
    return 0
