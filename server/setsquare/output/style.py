"""Colours for terminals; none elsewhere."""

import os
from typing import TextIO

from setsquare.records import record

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@record
class Style:
    """Paints text, or leaves it plain."""

    colours: bool

    @classmethod
    def of(cls, stream: TextIO) -> "Style":
        """Return the style for a stream; ``NO_COLOR`` (no-color.org) switches colours off."""
        return cls(stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")

    def paint(self, text: str, *names: str) -> str:
        """Return the text in the named colours."""
        if not self.colours or not text:
            return text
        return f"\033[{';'.join(_CODES[name] for name in names)}m{text}\033[0m"
