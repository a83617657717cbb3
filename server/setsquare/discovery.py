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
    """The files found under one root, by folder, each sorted; and the folders that could not be read."""

    root: str
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def files(self) -> Iterator[str]:
        """Yield all files, sorted within each folder."""
        for folder in sorted(self.folders):
            yield from self.folders[folder]


def list_files(root: str) -> Listing:
    """Walk a root; symbolic links are followed only to files inside the root."""
    listing = Listing(root)
    _walk(listing, root, (), 0)
    return listing


def files_of_folder(folder: str) -> tuple[str, ...]:
    """Return the files of one folder alone, sorted; none where it cannot be read."""
    listing = Listing(folder)
    _walk(listing, folder, (), _MAX_DEPTH)
    return listing.folders.get(folder, ())


def _walk(listing: Listing, folder: str, ignores: "tuple[tuple[str, GitIgnoreSpec], ...]", depth: int) -> None:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        listing.unreadable.append(folder)
        return
    if any(entry.name == _IGNORE_FILE for entry in found):
        ignores = (*ignores, (folder, _ignore_spec(f"{folder}/{_IGNORE_FILE}")))
    files: list[str] = []
    for entry in found:
        path = f"{folder.rstrip('/')}/{entry.name}"
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_folder and (entry.name in LEFT_OUT or depth >= _MAX_DEPTH):
            continue
        if not is_folder and format_of(entry.name) is None:
            continue
        if ignores and _is_ignored(path, ignores, is_folder=is_folder):
            continue
        if is_folder:
            _walk(listing, path, ignores, depth + 1)
        elif _is_inside(entry, listing.root):
            files.append(path)
    if files:
        listing.folders[folder] = tuple(files)


def _is_inside(entry: "os.DirEntry[str]", root: str) -> bool:
    if not entry.is_symlink():
        return entry.is_file()
    target = os.path.realpath(entry.path)
    return os.path.isfile(target) and target.startswith(os.path.realpath(root).rstrip("/") + "/")


def _ignore_spec(path: str) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most folders have no ignore file

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return GitIgnoreSpec.from_lines(file)
    except OSError:
        return GitIgnoreSpec.from_lines(())


def _is_ignored(path: str, ignores: "tuple[tuple[str, GitIgnoreSpec], ...]", *, is_folder: bool) -> bool:
    for folder, spec in ignores:
        relative = path[len(folder.rstrip("/")) + 1 :]
        if spec.match_file(relative + "/" if is_folder else relative):
            return True
    return False
