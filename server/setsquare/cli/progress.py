"""Progress of long work, on stderr, where a person watches."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.1


def with_progress(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items; a line that counts them is shown once the work has taken a second."""
    if not sys.stderr.isatty():
        yield from items
        return
    started = last = time.monotonic()
    shown = False
    for index, item in enumerate(items):
        now = time.monotonic()
        if now - started > _AFTER_SECONDS and now - last > _EVERY_SECONDS:
            sys.stderr.write(f"\r{what} {index + 1} of {len(items)}")
            sys.stderr.flush()
            shown, last = True, now
        yield item
    if shown:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
