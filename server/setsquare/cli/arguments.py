"""What the commands take, and what they share: which folders and files are meant."""

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import date

from setsquare.records import record
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.rule import ImpactLevel
from setsquare.workspace import Unit, Workspace


class UsageError(Exception):
    """The command cannot do what it was asked for; exit status 2."""


@record
class Scope:
    """The workspace that a command works on.

    Attributes:
        root: the folder that paths in reports are relative to.
        units: what is to be checked.
        wanted: whether findings in a file are asked for.

    """

    workspace: Workspace
    root: str
    units: tuple[Unit, ...]
    wanted: Callable[[str], bool]


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is checked, and by which policy."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="folders and files")
    parser.add_argument("--policy", metavar="FILE", help="the policy file (else setsquare.yaml, searched for upwards)")
    parser.add_argument("--as-of", metavar="DATE", type=_date, help="the date that end dates are judged by (today)")


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a policy with own rules."""
    parser.add_argument("--policy", metavar="FILE", help="include the own rules of this policy")


def catalogue_of(arguments: argparse.Namespace) -> Catalogue:
    """Return the shipped rules, and the own rules of the policy that was named.

    Raises:
        UsageError: there is no such policy, or it has mistakes.

    """
    if arguments.policy is None:
        return Catalogue.shipped()
    workspace = Workspace.open([], Catalogue.shipped(), policy_file=_policy_file(arguments))
    _refuse_policy_mistakes(workspace, ["/"])
    return workspace.catalogue_of("/")


def _policy_file(arguments: argparse.Namespace) -> str | None:
    file: str | None = arguments.policy
    if file is not None and not os.path.isfile(file):
        message = f"there is no policy file {file}"
        raise UsageError(message)
    return None if file is None else os.path.abspath(file)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date as 2027-06-30"
        raise argparse.ArgumentTypeError(message) from None


def impacts(text: str) -> tuple[ImpactLevel, ...]:
    """Return the impacts that a comma-separated list names."""
    names = {level.value: level for level in ImpactLevel}
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    for name in chosen:
        if name not in names:
            message = f"{name!r} is not an impact; expected some of {', '.join(names)}"
            raise argparse.ArgumentTypeError(message)
    return tuple(names[name] for name in chosen)


def scope_of(arguments: argparse.Namespace) -> Scope:
    """Return the workspace that the arguments mean.

    Raises:
        UsageError: a path does not exist, or the policy has mistakes.

    """
    paths = [os.path.abspath(path) for path in arguments.paths]
    missing = [path for path in arguments.paths if not os.path.lexists(path)]
    if missing:
        message = f"there is no file or folder {missing[0]}"
        raise UsageError(message)
    policy = _policy_file(arguments)
    folders = [path for path in paths if os.path.isdir(path)]
    files = [path for path in paths if path not in folders]
    workspace = Workspace.open(folders, Catalogue.shipped(), as_of=arguments.as_of, policy_file=policy)
    units = {unit.key: unit for unit in workspace.units()}
    for path in files:
        workspace.see_around(path)
        unit = workspace.unit_of(path)
        if unit is None:
            message = f"{path} is neither Terraform nor a template: neither by its name, nor as part of its folder"
            raise UsageError(message)
        units.setdefault(unit.key, unit)
    _refuse_policy_mistakes(workspace, [*folders, *units])
    inside = tuple(folder.rstrip("/") + "/" for folder in folders)

    def wanted(path: str) -> bool:
        return path in files or path.startswith(inside) or path in folders

    return Scope(workspace, _root(folders, files), tuple(units[key] for key in sorted(units)), wanted)


def _refuse_policy_mistakes(workspace: Workspace, paths: Sequence[str]) -> None:
    """Refuse to work by a policy that has mistakes, before any other work is done."""
    for path in paths:
        workspace.policy_of(path)
    if workspace.policy_mistakes:
        lines = [f"{os.path.relpath(m.path)}:{m.line}:{m.column}: {m.message}" for m in workspace.policy_mistakes]
        message = "\n".join(["the policy has mistakes", *lines])
        raise UsageError(message)


def _root(folders: Sequence[str], files: Sequence[str]) -> str:
    given = [*folders, *(os.path.dirname(path) for path in files)]
    return os.path.commonpath(given)
