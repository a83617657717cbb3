"""One thread that does work in the order in which it is submitted."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class WorkerDiedError(Exception):
    """The thread ended while it did this work."""


class Worker:
    """Like an executor of one thread, except that the process may end while something is being worked on.

    A thread that dies is replaced by another one, which goes on with what is waiting.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_closed = False
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

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
        try:
            while (work := self._waiting.get()) is not None:
                work()
        except BaseException as error:  # noqa: BLE001 - whatever ended it, somebody must do what is waiting
            _LOG.critical("%s died and is restarted", self._name, exc_info=error)
            self._start()


def _do(work: Callable[[], T], future: "Future[T]") -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whoever waits for the result is told, as executors do
        future.set_exception(error)
    except BaseException as error:
        # What ends a thread must not end the one that waits, too.
        future.set_exception(WorkerDiedError(f"{type(error).__name__}: {error}"))
        raise
    else:
        future.set_result(result)


def _drop(future: "Future[Any]") -> None:
    future.cancel()
