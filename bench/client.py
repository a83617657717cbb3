"""The smallest client of a language server that can measure one: requests over stdio, one at a time."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class ServerError(Exception):
    """The server answered with an error, or ended."""


class Client:
    """A running server, initialized on one folder. Close it by leaving its ``with`` block."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self._number = 0
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-8"]},
                    "textDocument": {"diagnostic": {"dynamicRegistration": False}},
                    # Without this the answers wait until nothing is held back any more.
                    "workspace": {"diagnostics": {"refreshSupport": True}},
                },
            },
        )
        self.notify("initialized", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                self._process.wait(timeout=10)
        finally:
            self._process.kill()
            self._process.wait()

    def request(self, method: str, params: object) -> Any:  # noqa: ANN401 - JSON
        """Send a request and return its result; what the server asks meanwhile is answered with null."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise ServerError(f"{method}: {message['error'].get('message')}")  # noqa: EM102, TRY003
                return message.get("result")
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": None})

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        if self._process.stdin is None:  # pragma: no cover - it is a pipe
            raise ServerError
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        if stream is None:  # pragma: no cover - it is a pipe
            raise ServerError
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            message = "the server ended"
            raise ServerError(message)
        received: dict[str, Any] = json.loads(stream.read(length))
        return received
