"""One thread that does work in the order in which it is submitted."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Like an executor of one thread, except that the process may end while something is being worked on."""

    def __init__(self, name: str) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_closed = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Queue work; after the end it is cancelled at once, so that nobody waits for it."""
        future: Future[T] = Future()
        if self._is_closed:
            future.cancel()
            return future
        self._waiting.put(lambda: _do(work, future) if not self._is_closed else _drop(future))
        return future

    def close(self) -> None:
        """Drop what has not begun, and end."""
        self._is_closed = True
        self._waiting.put(None)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()


def _do(work: Callable[[], T], future: "Future[T]") -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - whoever waits for the result is told, as executors do
        future.set_exception(error)
    else:
        future.set_result(result)


def _drop(future: "Future[Any]") -> None:
    future.cancel()
