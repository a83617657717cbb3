"""Writing a file: all of it or nothing, and never over somebody else's change."""

import errno
import os
import stat
import tempfile
from pathlib import Path

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class ChangedMeanwhileError(Exception):
    """The file is not what it was when it was read."""


def replace_file(path: str, before: bytes, after: bytes) -> None:
    """Replace a file's content; its mode is kept, and a symbolic link still points at it.

    Raises:
        ChangedMeanwhileError: the file does not hold what it held before.
        OSError: the file cannot be read or written.

    """
    target = Path(path).resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    if not mode & _WRITABLE:  # a rename would replace it all the same, and root may write anything
        raise PermissionError(errno.EACCES, "it is read-only", path)
    if target.read_bytes() != before:
        raise ChangedMeanwhileError
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
