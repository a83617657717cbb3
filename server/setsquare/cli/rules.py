"""``setsquare rules``: the rules that are in force, as a table or as JSON; their static checks."""

import argparse
import json
import os
import sys
from collections.abc import Iterator

from setsquare.cli.arguments import add_policy, catalogue_of
from setsquare.documents import Dialect
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import Fault, contradictions, faults_of
from setsquare.rules.compiled import RuleFilesError, rules_folder
from setsquare.rules.decoding import Mistake
from setsquare.rules.examples import example_faults, load_examples
from setsquare.rules.facts import Facts
from setsquare.rules.fixability import fix_kind
from setsquare.rules.locating import located
from setsquare.rules.rule import Rule
from setsquare.rules.schema_checks import schema_faults

HELP = "list the rules, or check them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--check", action="store_true", help="check the rules themselves")
    add_policy(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if arguments.check:
        return _check(arguments)
    rules = list(catalogue_of(arguments).rules.values())
    if arguments.format == "json":
        content = {"rules": [_data(rule) for rule in rules]}
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    else:
        width = max((len(rule.id) for rule in rules), default=0)
        for rule in rules:
            sys.stdout.write(f"{rule.id:{width}}  {rule.severity.value:8}  {fix_kind(rule):10}  {rule.title}\n")
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


# --------------------------------------------------------------------- the rules themselves


def _check(arguments: argparse.Namespace) -> int:
    try:
        catalogue = catalogue_of(arguments)
    except RuleFilesError as error:
        mistakes, number = list(error.mistakes), "the"
    else:
        mistakes, number = sorted(_mistakes(catalogue)), str(len(catalogue.rules))
    for mistake in mistakes:
        path = os.path.relpath(mistake.path)
        sys.stdout.write(f"{path}:{mistake.line}:{mistake.column}: {mistake.message}\n")
    sys.stdout.write(f"{number} rules, {len(mistakes)} faults\n")
    return 1 if mistakes else 0


def _mistakes(catalogue: Catalogue) -> Iterator[Mistake]:
    folder = rules_folder()
    facts = Facts.of_folder(folder)
    faults: list[Fault] = [*contradictions(catalogue)]
    for rule in catalogue.rules.values():
        is_own = rule.id not in Catalogue.shipped().rules
        faults += [*faults_of(rule, catalogue), *schema_faults(rule, facts, is_own=is_own)]
        examples = folder / catalogue.files[rule.id].replace(".yaml", ".examples.yaml")
        if examples.exists():
            loaded, mistakes = load_examples(str(examples), examples.read_bytes())
            yield from mistakes
            faults += example_faults(rule, loaded)
    for fault in faults:
        # Own rules have absolute paths, which stand for themselves.
        path = folder / catalogue.files[fault.rule]
        yield located(fault, str(path), path.read_bytes())
