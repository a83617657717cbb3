"""What the messages travel on: standard input and output, or one connection over TCP."""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from setsquare.lsp.lifetime import Incoming
from setsquare.lsp.protocol import Outgoing

_LOG = logging.getLogger(__name__)


def serve_streams(server: LanguageServer, ended: Callable[[], None]) -> None:
    """Serve the client at standard input and output until it leaves; ``ended`` is called at the end of the input."""
    # Whatever prints must not get between the messages.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    incoming = Incoming(sys.stdin.buffer, ended)
    server.start_io(cast("BinaryIO", incoming), cast("BinaryIO", Outgoing(out)))


def serve_tcp(server: LanguageServer, host: str, port: int) -> None:
    """Serve the first client that connects, until it leaves; port 0 takes a free one, and stderr says which.

    Raises:
        OSError: the address cannot be listened on.

    """
    with contextlib.suppress(SystemExit):  # how the protocol's library ends after ``exit``
        asyncio.run(_serve(server, host, port))


async def _serve(server: LanguageServer, host: str, port: int) -> None:
    first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    first = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first.done():
            writer.close()  # there is one session, and it is another client's
        else:
            first.set_result((reader, writer))

    listening = await asyncio.start_server(connected, host, port)
    where, number = listening.sockets[0].getsockname()[:2]
    sys.stderr.write(f"setsquare: listening on {f'[{where}]' if ':' in where else where}:{number}\n")
    sys.stderr.flush()
    reader, writer = await first
    listening.close()
    server.protocol.set_writer(writer)
    # A connection that breaks ends the session as one that is closed does.
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await run_async(threading.Event(), reader, server.protocol, _LOG, server.report_server_error)
