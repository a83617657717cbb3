"""Which policy holds where: the file found upwards from a folder, and the own rules that it names."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from setsquare.findings import Problem
from setsquare.model import Place
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.decoding import Mistake
from setsquare.rules.loader import load_rule
from setsquare.rules.policy import Policy
from setsquare.rules.policy_file import FILE_NAME, load_policy
from setsquare.rules.rule import Rule
from setsquare.text import Span

_MAX_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Loaded:
    policy: Policy
    catalogue: Catalogue
    mistakes: tuple[Mistake, ...] = ()
    folders: tuple[str, ...] = ()


def read_limited(path: str) -> bytes | None:
    """Return the bytes of a small file; None where it cannot be read."""
    try:
        if os.path.getsize(path) > _MAX_FILE:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


class Policies:
    """The policies of a workspace; of a file with mistakes the last good version stays in force.

    ``read`` returns the bytes of a file, which may be those of an open buffer.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        as_of: date,
        policy_file: str | None = None,
        read: Callable[[str], bytes | None] = read_limited,
    ) -> None:
        self._catalogue = catalogue
        self._as_of = as_of
        self._policy_file = policy_file
        self._read = read
        self._found: dict[str, str | None] = {}
        self._loaded: dict[str, _Loaded] = {}
        self._last_good: dict[str, _Loaded] = {}
        self._default = _Loaded(Policy.default(as_of), catalogue)

    def of(self, path: str, root: str) -> Policy:
        """Return the policy for a path."""
        return self._for(path, root).policy

    def catalogue_of(self, path: str, root: str) -> Catalogue:
        """Return the rules for a path."""
        return self._for(path, root).catalogue

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files that were read."""
        found = {mistake for loaded in self._loaded.values() for mistake in loaded.mistakes}
        return tuple(Problem(m.path, m.message, Place(m.path, m.span)) for m in sorted(found))

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes in the files that were read, with line and column."""
        return tuple(sorted({mistake for loaded in self._loaded.values() for mistake in loaded.mistakes}))

    def forget(self, path: str) -> bool:
        """Note that a file changed; return whether a policy may be another one now."""
        if not self._is_read(path):
            return False
        self._found.clear()
        self._loaded.clear()
        return True

    def use(self, policy_file: str | None) -> bool:
        """Name the policy of all folders; with None each folder's own is searched for. Returns what ``forget`` does."""
        if policy_file == self._policy_file:
            return False
        self._policy_file = policy_file
        self._loaded.clear()
        return True

    def _is_read(self, path: str) -> bool:
        if not path.endswith(".yaml"):
            return False
        if path == self._policy_file or path.rpartition("/")[2] == FILE_NAME:
            return True
        return any(path.startswith(f"{folder}/") for loaded in self._loaded.values() for folder in loaded.folders)

    def _for(self, path: str, root: str) -> _Loaded:
        file = self._policy_file or self._find(path, root)
        if file is None:
            return self._default
        if file not in self._loaded:
            self._loaded[file] = self._load(file)
        return self._loaded[file]

    def _find(self, path: str, root: str) -> str | None:
        """Return the policy file of the nearest folder, up to the root of the repository."""
        folder = path if os.path.isdir(path) else path.rpartition("/")[0]
        if folder not in self._found:
            self._found[folder] = _search(folder, root)
        return self._found[folder]

    def _load(self, file: str) -> _Loaded:
        source = self._read(file)
        if source is None:
            mistake = Mistake(file, 1, 1, "this policy file cannot be read", Span(0, 0))
            return _Loaded(self._default.policy, self._catalogue, (mistake,))
        first, _ = load_policy(file, source, self._catalogue, self._as_of)
        folders = self._rule_folders(file, first.extra_rules if first is not None else ())
        rules, mistakes, digest = self._own_rules(folders, file)
        catalogue = self._catalogue.extended(rules, digest) if rules else self._catalogue
        policy, found = load_policy(file, source, catalogue, self._as_of)
        if policy is None or mistakes:
            good = self._last_good.get(file, self._default)
            return _Loaded(good.policy, good.catalogue, (*found, *mistakes), folders or good.folders)
        self._last_good[file] = _Loaded(policy, catalogue, folders=folders)
        return self._last_good[file]

    def _rule_folders(self, file: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        base = Path(file).parent.resolve()
        places = [(base / folder).resolve() for folder in folders]
        return tuple(place.as_posix() for place in places if place.is_relative_to(base))

    def _own_rules(self, folders: tuple[str, ...], file: str) -> tuple[list[Rule], list[Mistake], str]:
        rules: list[Rule] = []
        mistakes: list[Mistake] = []
        digest = hashlib.sha256()
        base = Path(file).parent.resolve()
        for folder in folders:
            for path in sorted(Path(folder).rglob("*.yaml")):
                source = None if path.name.endswith(".examples.yaml") else self._read(str(path))
                if source is not None and path.resolve().is_relative_to(base):
                    digest.update(source)
                    rule, found = load_rule(str(path), source)
                    mistakes += found
                    rules += [rule] if rule is not None else []
        return rules, mistakes, digest.hexdigest()


def _search(folder: str, root: str) -> str | None:
    """Search a folder and those above it, up to the repository's root, or the root folder where there is none."""
    above = list(_upwards(folder))
    limit = next((place for place in above if os.path.exists(f"{place}/.git")), root)
    for place in above:
        candidate = f"{place.rstrip('/')}/{FILE_NAME}"
        if os.path.isfile(candidate):
            return candidate
        if place == limit:
            break
    return None


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
