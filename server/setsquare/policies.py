"""Which policy holds where: the files found upwards from a folder, and the own rules that they name."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from setsquare.documents import is_below
from setsquare.findings import Problem
from setsquare.model import Place
from setsquare.records import record
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import Fault, contradictions, faults_of
from setsquare.rules.decoding import Mistake
from setsquare.rules.loader import load_rule
from setsquare.rules.locating import located
from setsquare.rules.policy import Exemption, Policy, RulesFolder
from setsquare.rules.policy_file import FILE_NAME, folders_of_rules, load_policy
from setsquare.rules.rule import Rule
from setsquare.text import LineIndex, Span

_MAX_FILE = 1 << 20
_START = Span(0, 0)


@record
class _Loaded:
    policy: Policy
    catalogue: Catalogue
    mistakes: tuple[Mistake, ...] = ()
    folders: tuple[str, ...] = ()


@dataclass(slots=True)
class _OwnRules:
    """The rules of the folders that one policy file names, by file."""

    folders: list[str] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


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

    A policy file below another one is read on top of it, and may only tighten.
    ``read`` returns the bytes of a file, which may be those of an open buffer, and ``exists`` whether there are any.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        as_of: date,
        policy_file: str | None = None,
        read: Callable[[str], bytes | None] = read_limited,
        exists: Callable[[str], bool] = os.path.isfile,
    ) -> None:
        self._as_of = as_of
        self._policy_file = policy_file
        self._read = read
        self._exists = exists
        self._found: dict[str, tuple[str, ...]] = {}
        self._loaded: dict[tuple[str, ...], _Loaded] = {}
        self._last_good: dict[tuple[str, ...], _Loaded] = {}
        self._refused: set[Mistake] = set()
        self._default = _Loaded(Policy.default(as_of), catalogue)
        self.texts: dict[str, bytes] = {}
        """The bytes of the files that were read, by path: what the spans of mistakes and problems count in."""

    def of(self, path: str, root: str) -> Policy:
        """Return the policy for a path."""
        return self._for(path, root).policy

    def catalogue_of(self, path: str, root: str) -> Catalogue:
        """Return the rules for a path."""
        return self._for(path, root).catalogue

    def file_of(self, path: str, root: str) -> str | None:
        """Return the innermost policy file for a path, good or not; None where there is none."""
        files = (self._policy_file,) if self._policy_file else self._find(path, root)
        return files[-1] if files else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files that were read, and the exemptions that have ended."""
        return (*(Problem(m.path, m.message, Place(m.path, m.span)) for m in self.mistakes), *self.ended)

    @property
    def ended(self) -> tuple[Problem, ...]:
        """The exemptions that have ended, in the files that were read."""
        found = {e.place: e for loaded in self._loaded.values() for e in loaded.policy.expired()}
        return tuple(_ended(exemption, place) for place, exemption in found.items() if place is not None)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes in the files that were read, with line and column."""
        found = {mistake for loaded in self._loaded.values() for mistake in loaded.mistakes}
        return tuple(sorted(found | self._refused))

    def forget(self, path: str) -> bool:
        """Note that a file changed; return whether a policy may be another one now."""
        if not self._is_read(path):
            return False
        self._found.clear()
        self._loaded.clear()
        self._refused.clear()
        return True

    def use(self, policy_file: str | None) -> bool:
        """Name the policy of all folders; with None each folder's own is searched for. Returns what ``forget`` does."""
        if policy_file == self._policy_file:
            return False
        self._policy_file = policy_file
        self._loaded.clear()
        return True

    def _is_read(self, path: str) -> bool:
        return self.is_policy(path) or self.is_rule(path)

    def is_policy(self, path: str) -> bool:
        """Whether a file is a policy file, by its name."""
        return path == self._policy_file or path.rpartition("/")[2] == FILE_NAME

    def is_rule(self, path: str) -> bool:
        """Whether a file is among the own rules of a policy that was read."""
        folders = (folder for loaded in self._loaded.values() for folder in loaded.folders)
        return path.endswith(".yaml") and any(is_below(path, folder) for folder in folders)

    # ------------------------------------------------------------- files

    def _for(self, path: str, root: str) -> _Loaded:
        return self._of_files((self._policy_file,) if self._policy_file else self._find(path, root))

    def _find(self, path: str, root: str) -> tuple[str, ...]:
        """Return the policy files above a path, outermost first, from the root of the repository on."""
        folder = path.removesuffix("/.") if os.path.isdir(path) else path.rpartition("/")[0]
        if folder not in self._found:
            self._found[folder] = tuple(reversed([*self._search(folder, root)]))
        return self._found[folder]

    def _search(self, folder: str, root: str) -> Iterator[str]:
        """Yield the policy files of a folder and of those above it, up to the repository, without one to ``root``."""
        above = list(_upwards(folder))
        limit = next((place for place in above if os.path.exists(f"{place}/.git")), root)
        for place in above:
            candidate = f"{place.rstrip('/')}/{FILE_NAME}"
            if self._exists(candidate):
                if Path(candidate).resolve().is_relative_to(Path(limit).resolve()):
                    yield candidate
                else:
                    message = f"found a symbolic link that leads out of {limit}, expected a file"
                    self._refused.add(Mistake(candidate, 1, 1, message, _START))
            if place == limit:
                break

    def _of_files(self, files: tuple[str, ...]) -> _Loaded:
        if not files:
            return self._default
        if files not in self._loaded:
            self._loaded[files] = self._load(files)
        return self._loaded[files]

    def _load(self, files: tuple[str, ...]) -> _Loaded:
        file = files[-1]
        outer = self._of_files(files[:-1])
        good = self._last_good.get(files, outer)
        source = self._read(file)
        if source is None:
            mistake = Mistake(
                file, 1, 1, f"this policy file cannot be read, or is larger than {_MAX_FILE >> 20} MiB", _START
            )
            return _Loaded(good.policy, good.catalogue, (mistake,))
        self.texts[file] = source
        own = self._own_rules(file, source)
        digest = hashlib.sha256(b"\0".join([*own.sources.values()])).hexdigest()
        catalogue = outer.catalogue.extended(own.rules, digest) if own.rules else outer.catalogue
        above = outer.policy if outer.policy.path is not None else None
        policy, found = load_policy(file, source, catalogue, self._as_of, above)
        if policy is not None:
            own.mistakes += _faults(own, outer.catalogue, catalogue, policy, source)
        if policy is None or own.mistakes:
            return _Loaded(good.policy, good.catalogue, (*found, *own.mistakes), (*own.folders, *good.folders))
        if own.rules:
            policy = replace(policy, hash="sha256:" + hashlib.sha256(f"{policy.hash}+{digest}".encode()).hexdigest())
        self._last_good[files] = _Loaded(policy, catalogue, folders=tuple(own.folders))
        return self._last_good[files]

    # ------------------------------------------------------------- own rules

    def _own_rules(self, file: str, source: bytes) -> _OwnRules:
        own = _OwnRules()
        by_id: dict[str, str] = {}
        for folder in folders_of_rules(file, source):
            for path in self._rule_files(own, file, folder):
                text = self._read(path)
                if text is None:
                    own.mistakes.append(Mistake(path, 1, 1, "this rule file cannot be read", _START))
                    continue
                self.texts[path] = own.sources[path] = text
                rule, found = load_rule(path, text)
                own.mistakes += found
                if rule is not None and rule.id in by_id:
                    message = f"found {rule.id!r}, expected another id: {by_id[rule.id]} has it"
                    own.mistakes.append(_at(path, text, ("id",), message))
                elif rule is not None:
                    own.rules[path] = rule
                    by_id[rule.id] = path
        return own

    def _rule_files(self, own: _OwnRules, file: str, folder: RulesFolder) -> Sequence[str]:
        """Return the files of a folder with rules; one outside the policy's folder, or missing, is a mistake."""
        base = Path(file).parent.resolve()
        place = (base / folder.path).resolve()
        if not place.is_relative_to(base) or not place.is_dir():
            message = f"found {folder.path!r}, expected a folder inside {base}"
            own.mistakes.append(_mistake(folder.place, self.texts[file], message))
            return ()
        own.folders.append(place.as_posix())
        files = (path for path in sorted(place.rglob("*.yaml")) if not path.name.endswith(".examples.yaml"))
        return [path.as_posix() for path in files if path.resolve().is_relative_to(base)]


def _faults(own: _OwnRules, outer: Catalogue, catalogue: Catalogue, policy: Policy, source: bytes) -> Iterator[Mistake]:
    """Yield what is wrong with own rules beside the other rules that are in force."""
    replaced = {rule.id for rule in own.rules.values() if rule.id in outer.rules}
    files = {rule.id: path for path, rule in own.rules.items()}
    for path, rule in own.rules.items():
        if rule.id in replaced - policy.overrides.keys():
            expected = f"an id of its own, or `override: [{rule.id}]` under `rules` in {policy.path}"
            yield _at(
                path, own.sources[path], ("id",), f"found {rule.id!r}, which replaces a rule; expected {expected}"
            )
        for fault in faults_of(rule, catalogue):
            yield located(fault, path, own.sources[path])
    for fault in contradictions(catalogue.only(policy.selects), policy.parameter, files.keys()):
        yield located(fault, files[fault.rule], own.sources[files[fault.rule]])
    for name, place in policy.overrides.items():
        if name not in replaced:
            yield _mistake(place, source, f"found {name!r}, expected the id of a rule that an own rule replaces")


def _mistake(place: Place, source: bytes, message: str) -> Mistake:
    line, column = LineIndex(source).position(place.span.start)
    return Mistake(place.path, line + 1, column + 1, message, place.span)


def _at(path: str, source: bytes, steps: tuple[str, ...], message: str) -> Mistake:
    place = located(Fault("", message, steps), path, source)
    return replace(place, message=message)


def _ended(exemption: Exemption, place: Place) -> Problem:
    return Problem(place.path, f"this exemption from {exemption.rule} ended on {exemption.until}", place)


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
