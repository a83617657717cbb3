"""pygls's protocol, corrected where it would lose a text, a request or time."""

import logging
import queue
import threading
from typing import Any, BinaryIO

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCNotification

_CONVERTER = converters.get_converter()
_UNREADABLE = "$/unreadable"


class ContentModifiedError(JsonRpcException):
    """The document has moved on (LSP error ContentModified)."""

    CODE = types.LSPErrorCodes.ContentModified.value
    MESSAGE = "Content Modified"


class Protocol(LanguageServerProtocol):
    """The protocol without pygls's own copies of the texts, and with an answer to every request.

    pygls also ends lines at a form feed or U+2028, which end none in LSP, so that its copies would part from the
    client's; the session keeps the texts instead.
    """

    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401 - as pygls declares it
        """Read a message; a request that cannot be read is answered with an error rather than never."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            return JsonRPCNotification(_UNREADABLE, self.VERSION, None)

    def _handle_response(
        self,
        msg_id: str | int,
        result: Any = None,  # noqa: ANN401 - as pygls declares it
        error: types.ResponseError | None = None,
    ) -> None:
        """Take an answer; one that nobody waits for any more is left alone."""
        future = self._request_futures.get(msg_id)
        if future is not None and future.done():
            del self._request_futures[msg_id]
        else:
            super()._handle_response(msg_id, result, error)


class Outgoing:
    """An output that is written by a thread of its own: a client that does not read does not stop the reading."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="setsquare-output", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Queue data."""
        self._waiting.put(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is queued is written as soon as the client takes it."""

    def close(self) -> None:
        """Write what is queued, as long as the client takes it, and end."""
        self._waiting.put(None)
        self._thread.join(timeout=2)

    def _write(self) -> None:
        while (data := self._waiting.get()) is not None:
            try:
                self._out.write(data)
                self._out.flush()
            except (OSError, ValueError):
                return  # the client is gone, which the end of the input tells as well


def unstructured(value: object) -> object:
    """Return a value of the protocol as JSON data."""
    return _CONVERTER.unstructure(value)


def without_expected_errors(record: logging.LogRecord) -> bool:
    """Tell whether a log record is worth keeping: that a document has moved on is no fault."""
    return not (record.exc_info and isinstance(record.exc_info[1], ContentModifiedError))
