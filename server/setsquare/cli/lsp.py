"""``setsquare lsp``: the language server."""

import argparse
import ipaddress

from setsquare.cli.arguments import UsageError

HELP = "run the language server"
_HIGHEST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    way.add_argument("--tcp", metavar="HOST:PORT", help="listen at an address of this machine instead, for one client")
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="with --tcp: also listen where other machines can connect; nothing protects the connection",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    address = None if arguments.tcp is None else _address(arguments.tcp, allow_remote=arguments.allow_remote)
    from setsquare.lsp.server import main  # noqa: PLC0415 - the server's libraries are needed by no other command

    try:
        return main(address)
    except OSError as error:
        if address is None:
            raise
        message = f"cannot listen on {arguments.tcp}: {error.strerror or error}"
        raise UsageError(message) from error


def _address(text: str, *, allow_remote: bool) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        message = f"--tcp takes HOST:PORT, such as 127.0.0.1:7777, not {text!r}"
        raise UsageError(message)
    if not allow_remote and not _is_loopback(host):
        message = (
            f"{host} can be reached from other machines, and whoever connects can read the workspace's files; "
            "listen on 127.0.0.1, or say --allow-remote"
        )
        raise UsageError(message)
    return host, int(port)


def _is_loopback(host: str) -> bool:
    """Whether only this machine can connect; other names than ``localhost`` are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
