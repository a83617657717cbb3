"""``setsquare lsp``: the language server, on standard input and output."""

import argparse

HELP = "run the language server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (always the case)")


def run(_arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from setsquare.lsp.server import main  # noqa: PLC0415 - the server's libraries are needed by no other command

    main()
    return 0
