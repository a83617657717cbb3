"""Which files of a folder are looked at: neither what git ignores, nor what a tool put there, nor what lies outside."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setsquare.documents import format_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LEFT_OUT = frozenset((".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", "node_modules", ".venv", "__pycache__"))
_IGNORE_FILE = ".gitignore"
_MAX_DEPTH = 64


@dataclass(slots=True)
class Listing:
    """The files found under one root.

    Attributes:
        root: the folder that was walked.
        folders: the files of each folder, sorted.
        left_out: what could not be read or followed, and why.

    """

    root: str
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def files(self) -> Iterator[str]:
        """Yield all files, sorted within each folder."""
        for folder in sorted(self.folders):
            yield from self.folders[folder]


def repository_of(folder: str) -> str | None:
    """Return the root of the git repository that holds a folder; None where there is none.

    A home folder, or the whole disk, is none: more lies there than belongs together.
    """
    while os.path.dirname(folder) != folder:
        if os.path.exists(f"{folder}/.git"):
            return None if folder == os.path.expanduser("~") else folder
        folder = os.path.dirname(folder)
    return None


def list_files(root: str) -> Listing:
    """Walk a root; symbolic links are followed only to files inside the root."""
    return _Walk(root).listing(0)


def files_of_folder(folder: str) -> tuple[str, ...]:
    """Return the files of one folder alone, sorted; none where it cannot be read."""
    return _Walk(folder).listing(_MAX_DEPTH).folders.get(folder, ())


class _Walk:
    def __init__(self, root: str) -> None:
        self._listing = Listing(root)
        self._inside = os.path.realpath(root).rstrip("/") + "/"

    def listing(self, depth: int) -> Listing:
        self._folder(self._listing.root, (), depth)
        return self._listing

    def _folder(self, folder: str, ignores: "tuple[tuple[str, GitIgnoreSpec], ...]", depth: int) -> None:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._leave_out(folder, f"this folder cannot be read: {error.strerror}")
            return
        for entry in found:
            if entry.name == _IGNORE_FILE and entry.is_file(follow_symlinks=False):
                ignores = (*ignores, (folder, _ignore_spec(entry.path)))
        files: list[str] = []
        for entry in found:
            path = f"{folder.rstrip('/')}/{entry.name}"
            is_folder = _is_folder(entry)
            if entry.name in LEFT_OUT if is_folder else format_of(entry.name) is None:
                continue
            if ignores and _is_ignored(path, ignores, is_folder=is_folder):
                continue
            if entry.is_symlink():
                files += [path] if self._leads_to_file(path) else []
            elif not is_folder:
                files += [path] if entry.is_file() else []
            elif depth < _MAX_DEPTH:
                self._folder(path, ignores, depth + 1)
            else:
                self._leave_out(path, f"this folder is nested deeper than {_MAX_DEPTH} levels and was not read")
        if files:
            self._listing.folders[folder] = tuple(files)

    def _leave_out(self, path: str, reason: str) -> None:
        self._listing.left_out[path] = reason

    def _leads_to_file(self, path: str) -> bool:
        """Whether a symbolic link leads to a file inside the root; a folder inside is read where it stands."""
        target = os.path.realpath(path)
        if not os.path.exists(target):
            self._leave_out(path, "this symbolic link leads nowhere")
        elif not f"{target}/".startswith(self._inside):
            self._leave_out(path, "this symbolic link leads out of the folder that is checked, and was not followed")
        else:
            return os.path.isfile(target)
        return False


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link that leads to itself
        return False


def _ignore_spec(path: str) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most folders have no ignore file

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        lines = []
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(filter(_is_pattern, lines))


def _is_pattern(line: str) -> bool:
    """Whether a line is a pattern; one that is not is passed over, as git does."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - as above

    try:
        GitIgnoreSpec.from_lines((line,))
    except ValueError:
        return False
    return True


def _is_ignored(path: str, ignores: "tuple[tuple[str, GitIgnoreSpec], ...]", *, is_folder: bool) -> bool:
    for folder, spec in ignores:
        relative = path[len(folder.rstrip("/")) + 1 :]
        if spec.match_file(relative + "/" if is_folder else relative):
            return True
    return False
