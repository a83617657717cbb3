"""What a handler raises is contained: it is logged with the feature's name, and the server lives on."""

import asyncio
import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from setsquare.lsp.protocol import FeatureError

Handler = Callable[..., Any]
Failed = Callable[[str, Exception], None]
Handled = Callable[[str, float, object], None]


def contained(name: str, handler: Handler, failed: Failed, handled: Handled) -> Handler:
    """Return a handler that fails in one way only.

    Args:
        name: the method of the protocol that it handles.
        handler: the handler; what it raises as an error of the protocol is its answer, and goes through.
        failed: told of everything else that it raises. A request is answered with ``FeatureError``; of a notification
            nobody waits for an answer.
        handled: told of each call, the seconds that it took, and its parameters.

    """
    is_request = types.METHOD_TO_TYPES.get(name, (None, None))[1] is not None

    @contextmanager
    def containing(params: object) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except (JsonRpcException, asyncio.CancelledError):
            raise
        except Exception as error:
            failed(name, error)
            if is_request:
                message = f"{name} failed: {type(error).__name__}: {error}"
                raise FeatureError(message) from error
        finally:
            handled(name, time.perf_counter() - began, params)

    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def answer(params: Any) -> Any:  # noqa: ANN401 - whatever the method has
            with containing(params):
                return await handler(params)

        return answer

    @functools.wraps(handler)
    def take(params: Any) -> Any:  # noqa: ANN401 - whatever the method has
        with containing(params):
            return handler(params)

    return take
