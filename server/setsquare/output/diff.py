"""Edits as a unified diff."""

import difflib
from collections.abc import Iterator


def unified(path: str, before: bytes, after: bytes) -> Iterator[bytes]:
    """Yield the lines of a unified diff, as bytes: neither encodings nor line ends are touched."""
    old, new = _lines(before), _lines(after)
    name = path.encode("utf-8", "surrogateescape")
    for line in difflib.diff_bytes(difflib.unified_diff, old, new, b"a/" + name, b"b/" + name, lineterm=b"\n"):
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _lines(text: bytes) -> list[bytes]:
    return [line + b"\n" for line in text.split(b"\n")[:-1]] + (
        [text.rpartition(b"\n")[2]] if text[-1:] != b"\n" and text else []
    )
