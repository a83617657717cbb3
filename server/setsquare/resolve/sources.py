"""Files beside the configuration that functions read: ``file``, ``templatefile``."""

import posixpath
from typing import Protocol

MAX_SOURCE = 1 << 18
"""How large a file may be that a function reads."""


class Sources(Protocol):
    """The only way to files that are not part of the configuration."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file (absolute, normalised); None where it may not, or cannot, be read."""

    def exists(self, path: str) -> bool | None:
        """Whether a file is there; None where that may not be looked at."""


class NoSources:
    """A world without any file."""

    def read(self, _path: str) -> bytes | None:
        """Return nothing."""
        return None

    def exists(self, _path: str) -> bool | None:
        """Say that it is not known."""
        return None


def resolved(folder: str, path: str) -> str | None:
    """Return the absolute path of a file that is named in a module; None for one outside of any folder."""
    if path.startswith("~") or "\0" in path:
        return None
    return posixpath.normpath(posixpath.join(folder, path))
