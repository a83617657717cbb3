"""``setsquare rules``: the rules that are in force, as a table or as JSON; their static checks."""

import argparse
import json
import sys

from setsquare.documents import Dialect
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import check_rules
from setsquare.rules.fixability import fix_kind
from setsquare.rules.rule import Rule

HELP = "list the rules, or check them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--check", action="store_true", help="check the rules themselves")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    catalogue = Catalogue.shipped()
    if arguments.check:
        faults = check_rules(catalogue)
        for fault in faults:
            sys.stdout.write(f"{fault}\n")
        sys.stdout.write(f"{len(catalogue.rules)} rules, {len(faults)} faults\n")
        return 1 if faults else 0
    rules = list(catalogue.rules.values())
    if arguments.format == "json":
        content = {"rules": [_data(rule) for rule in rules]}
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    else:
        width = max((len(rule.id) for rule in rules), default=0)
        for rule in rules:
            kinds = fix_kind(rule)
            sys.stdout.write(f"{rule.id:{width}}  {rule.severity.value:8}  {kinds:10}  {rule.title}\n")
    return 0


def _data(rule: Rule) -> dict[str, object]:
    types = {dialect: sorted({target.resource for target in rule.targets.get(dialect, ())}) for dialect in Dialect}
    return {
        "id": rule.id,
        "version": rule.version,
        "title": rule.title,
        "severity": rule.severity.value,
        "terraform": types[Dialect.TERRAFORM],
        "cloudformation": types[Dialect.CLOUDFORMATION],
        "fix": fix_kind(rule),
        "parameters": sorted(rule.parameters),
        "impact": {dialect.value: level.value for dialect, level in rule.impact.levels.items()},
        "aliases": {tool: list(ids) for tool, ids in rule.aliases.items()},
        "frameworks": {name: list(ids) for name, ids in rule.frameworks.items()},
    }
