"""The end of a server whose client is gone without a goodbye."""

import os
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

_INTERVAL = 2.0
"""Seconds between two looks at whether the client's process is still there."""


def is_alive(process: int) -> bool:
    """Whether a process is there, and not only its entry that nobody has collected yet."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is there, and somebody else's
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return True  # a system without /proc


def watch_process(process: int | None, gone: Callable[[], None], interval: float = _INTERVAL) -> bool:
    """Call back, from a thread of its own, once a process is gone; return whether it is watched.

    Not watched is what cannot be seen from here: a client outside of this container tells a number that means nothing
    or another process in it. On Windows the end of the input has to do, as sending signal 0 would end the process.
    """
    if process is None or process <= 0 or os.name == "nt" or not is_alive(process):
        return False

    def watch() -> None:
        while is_alive(process):
            time.sleep(interval)
        gone()

    threading.Thread(target=watch, name="setsquare-lifetime", daemon=True).start()
    return True


class Incoming:
    """An input that says when it has ended."""

    def __init__(self, source: BinaryIO, ended: Callable[[], None]) -> None:
        self._source = source
        self._ended = ended

    def readline(self) -> bytes:
        """Read a line; empty at the end."""
        return self._noticed(self._source.readline())

    def read(self, size: int) -> bytes:
        """Read so many bytes; fewer at the end."""
        return self._noticed(self._source.read(size))

    def _noticed(self, data: bytes) -> bytes:
        if not data:
            self._ended()
        return data
