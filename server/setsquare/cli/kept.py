"""Reports of earlier checks, kept in the user's cache folder: for inputs that are the same, byte for byte.

A report is kept under what was asked: this installation and its rules, the policies, the date, the files there are,
the arguments. Beside it stands a digest of everything else that was read; where one differs, it is not used.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

from setsquare.records import record

_MOST = 50
"""How many reports are kept; the oldest go."""
_LARGEST = 64 << 20
"""Longer reports, in characters, are not kept."""


@record
class KeptReport:
    """A report as it was printed, its exit status, and what was read for it: digests by path."""

    text: str
    status: int
    read: Mapping[str, str]


class KeptReports:
    """The reports that were kept; nothing here fails, since all of it can be made again."""

    def __init__(self, question: object) -> None:
        """Take what was asked.

        Args:
            question: JSON data; whatever decides the report and is known before anything is analysed.

        """
        asked = json.dumps([question, _installation()], sort_keys=True)
        self._folder = user_cache_path("setsquare", appauthor=False) / "reports"
        self._file = self._folder / f"{hashlib.sha256(asked.encode()).hexdigest()}.json"

    def find(self) -> KeptReport | None:
        """Return the report of an earlier run; None where there is none that can be read."""
        try:
            content = json.loads(self._file.read_bytes())
            return KeptReport(str(content["text"]), int(content["status"]), dict(content["read"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, report: KeptReport) -> None:
        """Keep a report in place of the one before."""
        if len(report.text) > _LARGEST:
            return
        content = json.dumps({"status": report.status, "read": dict(report.read), "text": report.text})
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_text(content, encoding="ascii")
            temporary.replace(self._file)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in kept[_MOST:]:
            path.unlink()


def _installation() -> str:
    """Return what tells this installation from another, a source checkout that was edited included."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".json"):
            known = path.stat()
            digest.update(f"{path}\0{known.st_mtime_ns}\0{known.st_size}\0".encode(errors="surrogatepass"))
    return digest.hexdigest()
