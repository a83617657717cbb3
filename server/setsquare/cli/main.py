"""The command line: which command, and which exit status.

0 nothing found, 1 findings, 2 usage or configuration error, 3 internal error.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from setsquare import __version__

COMMANDS = ("check", "fix", "explain", "rules", "lsp")
USAGE_ERROR = 2
INTERNAL_ERROR = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="setsquare", description="Finds insecure infrastructure code and offers the one canonical fix."
    )
    parser.add_argument("--version", action="version", version=f"setsquare {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = next((word for word in words if not word.startswith("-")), None)
    for name in COMMANDS:
        # Only the command that is asked for is imported in full: a short check must start fast.
        known = importlib.import_module(f"setsquare.cli.{name}") if asked in (name, None) else None
        command = commands.add_parser(name, help=known.HELP if known else None)
        if known:
            known.add_arguments(command)
            command.set_defaults(run=known.run)
    arguments = parser.parse_args(words)
    return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from setsquare.cli.arguments import UsageError  # noqa: PLC0415 - argument parsing alone needs no engine

    _use_utf8()
    try:
        status = int(arguments.run(arguments))
        sys.stdout.flush()
    except UsageError as error:
        sys.stderr.write(f"setsquare: {error}\n")
        return USAGE_ERROR
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "SETSQUARE_TRACEBACK" in os.environ:
            raise
        sys.stderr.write(f"setsquare: internal error: {type(error).__name__}: {error}\n")
        return INTERNAL_ERROR
    return status


def _use_utf8() -> None:
    """Write UTF-8 whatever the locale says, so that the same findings give the same bytes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="surrogateescape")
