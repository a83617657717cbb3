"""``setsquare lsp``: the language server."""

import argparse

HELP = "run the language server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    parser.add_argument("--port", type=int, help="speak over this port of this machine instead, to one client")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from setsquare.lsp.server import main  # noqa: PLC0415 - the server's libraries are needed by no other command

    return main(arguments.port)
