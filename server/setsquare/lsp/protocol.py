"""pygls's protocol, corrected where it would lose a text, a request or time."""

import logging
import queue
import threading
from typing import Any, BinaryIO

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcServerNotInitialized
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCNotification

_CONVERTER = converters.get_converter()
_UNREADABLE = "$/unreadable"


class ContentModifiedError(JsonRpcException):
    """The document has moved on (LSP error ContentModified)."""

    CODE = types.LSPErrorCodes.ContentModified.value
    MESSAGE = "Content Modified"


class FeatureError(JsonRpcException):
    """A handler failed, which is logged already (JSON-RPC error InternalError)."""

    CODE = types.ErrorCodes.InternalError.value
    MESSAGE = "Internal Error"


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

    def handle_message(self, message: Any) -> None:  # noqa: ANN401 - as pygls declares it
        """Hand a message on at the time for it; at any other a request is refused, and a notification dropped."""
        method = getattr(message, "method", None)
        refusal = self._refusal(method) if method is not None else None
        if refusal is None:
            super().handle_message(message)
        elif hasattr(message, "id"):
            self._send_response(message.id, error=refusal.to_response_error())

    def _refusal(self, method: str) -> JsonRpcException | None:
        if method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("the server was shut down")
        is_first, is_hello = self._workspace is None, method == types.INITIALIZE
        if is_first == is_hello:
            return None
        if is_first:
            return JsonRpcServerNotInitialized("the server is not initialized yet")
        return JsonRpcInvalidRequest("the server is initialized already")

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
    """Tell whether a log record is worth keeping: that a document has moved on is no fault, and faults are known."""
    return not (record.exc_info and isinstance(record.exc_info[1], ContentModifiedError | FeatureError))
