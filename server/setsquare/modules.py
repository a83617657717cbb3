"""The Terraform modules of a workspace: their folders as read, which calls which, and the calls that decide each."""

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Protocol

from setsquare.call_graph import CallGraph
from setsquare.documents import Format, format_of, is_below
from setsquare.findings import Problem, ProblemKind
from setsquare.model import ConfigurationFile, Place
from setsquare.resolve.module_calls import ModuleFolder, local_folder, source_text
from setsquare.resolve.terraform import MAX_MODULES, TerraformModule

MAX_CALLS = 64
"""How many calls of one folder are judged."""
_LOCAL_SOURCE = re.compile(rb"\bsource\"?\s*[=:]\s*\"(\.\.?(?:/[^\"$]*)?)\"")
_CALLING = (Format.HCL, Format.TF_JSON)
_TRYING = frozenset(("example", "examples", "test", "tests", "testing", "fixture", "fixtures", "testdata", "demo"))
"""Folders below these show how a module may be called, and do not say how it is."""
DOWNLOADED = "/.terraform/modules/"
"""Below a root module: where Terraform puts what it downloads."""
MANIFEST = f"{DOWNLOADED}modules.json"
"""Below a root module: where Terraform notes what it has downloaded."""
_MAX_MANIFEST = 1 << 22


class Files(Protocol):
    """What modules need of a workspace."""

    def terraform_folders(self) -> Mapping[str, tuple[str, ...]]:
        """Return the Terraform files of each folder."""

    def folder_below(self, folder: str) -> tuple[str, ...]:
        """Return the Terraform files of a folder that the listing leaves out; none where it leads out."""

    def text(self, path: str) -> bytes | None:
        """Return the bytes of a file."""

    def text_if_there(self, path: str) -> bytes | None:
        """Return the bytes of a file that need not be there."""

    def configuration(self, path: str, text: bytes) -> ConfigurationFile | None:
        """Return a file as read."""

    def root_of(self, path: str) -> str:
        """Return the root folder that holds a path."""

    def read(self, path: str) -> bytes | None:
        """Return a file that a function reads."""

    def exists(self, path: str) -> bool | None:
        """Whether a file that a function names is there."""


class Calls(CallGraph):
    """Which folder calls which by a relative path, as their texts say; known without reading them as Terraform."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._files = files

    def _calls(self) -> Iterator[tuple[str, str]]:
        for folder, files in self._files.terraform_folders().items():
            sources = {source for path in files if format_of(path) in _CALLING for source in self._named_in(path)}
            yield from ((folder, local_folder(folder, source)) for source in sources)

    def _read(self, path: str) -> frozenset[str]:
        text = self._files.text(path) or b""
        return frozenset(match.group(1).decode("utf-8", "replace") for match in _LOCAL_SOURCE.finditer(text))


class Modules:
    """The modules as their folders and callers are now, or would be with other bytes in some files.

    Implements ``Folders``, which is what ``resolve`` sees of it.
    """

    def __init__(self, files: Files, calls: Calls, changed: Mapping[str, bytes] | None = None) -> None:
        self._files = files
        self._calls = calls
        self._changed = dict(changed or {})
        self._changed_folders = {path.rpartition("/")[0] for path in self._changed}
        self._base: Modules | None = None
        self._folders: dict[str, ModuleFolder | None] = {}
        self._manifests: dict[str, Mapping[str, str]] = {}
        self._judged: dict[str, tuple[TerraformModule, ...]] = {}
        self._excessive: set[str] = set()

    def with_texts(self, changed: Mapping[str, bytes]) -> "Modules":
        """Return the modules with other bytes in some files; itself where they are the same."""
        different = {}
        for path, text in changed.items():
            folder = self.at(path.rpartition("/")[0])
            if folder is None or folder.texts.get(path) != text:
                different[path] = text
        if not different:
            return self
        view = Modules(self._files, self._calls, {**self._changed, **different})
        view._base = self
        return view

    def changed(self, folder: str) -> None:
        """Forget what was read of a folder, and every call."""
        self._folders.pop(folder, None)
        self._manifests.clear()
        self._judged.clear()
        self._excessive.clear()

    def let_go(self, folders: Iterable[str]) -> None:
        """Forget what was read of folders, and their calls, which no other folder takes part in."""
        judged = [module for folder in folders for module in self._judged.pop(folder, ())]
        for root in [module for module in judged if module.caller is None]:
            root.let_go()
        for folder in folders:
            self._folders.pop(folder, None)

    def forget(self) -> None:
        """Forget everything."""
        self._folders.clear()
        self.changed("")

    # ------------------------------------------------------------- folders

    def at(self, path: str) -> ModuleFolder | None:
        """Return a folder as read; None where it is outside the workspace or holds no Terraform."""
        if self._base is not None and path not in self._changed_folders:
            return self._base.at(path)
        if path not in self._folders:
            self._folders[path] = self._read(path)
        return self._folders[path]

    def _read(self, folder: str) -> ModuleFolder | None:
        listed = self._files.terraform_folders().get(folder, ())
        names = listed or self._files.folder_below(folder)
        paths = sorted({*names, *(path for path in self._changed if path.rpartition("/")[0] == folder)})
        texts = {
            path: text
            for path in paths
            if (text := self._changed[path] if path in self._changed else self._files.text(path)) is not None
        }
        files = [file for path, text in texts.items() if (file := self._files.configuration(path, text)) is not None]
        if not any(format_of(path) in _CALLING for path in texts):
            return None
        return ModuleFolder.of(folder, files, texts, is_left_out=bool(names) and not listed)

    def downloaded(self, root: str, key: str) -> str | None:
        """Return the folder that ``modules.json`` below a root module names for a call."""
        if root not in self._manifests:
            text = self._files.text_if_there(root + MANIFEST)
            self._manifests[root] = dict(_manifest(text or b""))
        folder = self._manifests[root].get(key)
        if folder is None:
            return None
        path = posixpath.normpath(posixpath.join(root, folder))
        return path if is_below(path, self._files.root_of(root)) else None

    # ------------------------------------------------------------- what stands for a folder

    def judged(self, folder: str) -> tuple[TerraformModule, ...]:
        """Return the modules by which a folder is judged, and those that it calls and nobody can edit.

        There is one for each call of the folder, or one with its defaults: it stands for the callers that are not
        known, where none of the callers is more than an example or a test.
        """
        own = self._of(folder)
        return (*own, *(below for module in own for below in _left_out_below(module)))

    def alone(self, folder: str, files: Sequence[ConfigurationFile], texts: Mapping[str, bytes]) -> TerraformModule:
        """Return a folder that nobody calls, with these files in it."""
        return TerraformModule(ModuleFolder.of(folder, files, texts), folders=self, sources=self._files)

    def unseen(self, folder: str) -> Iterator[Problem]:
        """Yield what of a folder, and of what it calls, is not judged, and why."""
        own = self.at(folder)
        judged = self.judged(folder)
        if own is None or not judged:
            return
        if folder in self._excessive:
            message = f"this folder is called more than {MAX_CALLS} times; only the first {MAX_CALLS} calls are judged"
            yield Problem(min(own.texts), message, None, ProblemKind.UNSEEN)
        if judged[0].caller is None and len(judged[0].tree) >= MAX_MODULES:
            message = f"more than {MAX_MODULES} modules are called from here; what the others complete is not known"
            yield Problem(min(own.texts), message, None, ProblemKind.UNSEEN)
        yield from not_followed(judged[0])

    def _of(self, folder: str) -> tuple[TerraformModule, ...]:
        if folder not in self._judged:
            self._judged[folder] = tuple(self._found(folder))
        return self._judged[folder]

    def _found(self, folder: str) -> Iterator[TerraformModule]:
        own = self.at(folder)
        if own is None:
            return
        callers = self._calls.callers.get(folder, ())
        # What it calls in turn, directly or not, calls it in a circle: Terraform accepts no such call.
        circle = self._calls.below([folder]) if callers else frozenset()
        found: list[TerraformModule] = []
        is_decided = is_hidden = False
        for caller in callers:
            for above in self._of(caller) if caller not in circle else ():
                calls = _calls_from(above, folder)
                called = [*islice(chain.from_iterable(calls), MAX_CALLS + 1 - len(found))]
                found += called
                # A wrapper that stands below the module calls it once for each of a list that is empty by default.
                says_how = bool(called) or (bool(calls) and not is_below(caller, folder))
                is_decided = is_decided or (says_how and not self._only_tries(caller))
                is_hidden = is_hidden or (not calls and bool(above.broken))
        if not is_decided:
            yield TerraformModule(own, folders=self, sources=self._files, is_called=is_hidden, is_library=bool(callers))
        yield from found[:MAX_CALLS]
        if len(found) > MAX_CALLS:
            self._excessive.add(folder)

    def _only_tries(self, caller: str) -> bool:
        """Whether a caller stands among examples or tests: it shows how a module may be called, not how it is."""
        return is_among_examples(caller, self._files.root_of(caller))


def is_among_examples(folder: str, root: str) -> bool:
    """Whether a folder below a root stands among examples or tests."""
    return any(step in _TRYING for step in folder.removeprefix(root).split("/"))


def not_followed(module: TerraformModule) -> Iterator[Problem]:
    """Yield the calls of a module that lead to nothing that could be judged, and why."""
    for name, (path, block) in module.index.modules.items():
        called = module.called(name)
        if isinstance(called, str):
            source = block.body.attributes.get("source")
            place = Place(path, block.header if source is None else source.span)
            yield Problem(path, f"module.{name} is not judged: {called}", place, ProblemKind.UNSEEN)


def _left_out_below(module: TerraformModule) -> Iterator[TerraformModule]:
    for name in module.index.modules:
        called = module.called(name)
        for one in () if isinstance(called, str) else called:
            if one.folder.is_left_out:
                yield one
                yield from _left_out_below(one)


def _calls_from(above: TerraformModule, folder: str) -> list[tuple[TerraformModule, ...]]:
    """Return what each call of a folder from a module makes, where that is known."""
    sources = ((name, source_text(block)) for name, (_, block) in above.index.modules.items())
    names = [name for name, source in sources if source and local_folder(above.root, source) == folder]
    return [called for name in names if not isinstance(called := above.called(name), str)]


def _manifest(text: bytes) -> Iterator[tuple[str, str]]:
    """Yield the key and the folder of each module that Terraform has downloaded."""
    if len(text) > _MAX_MANIFEST:
        return
    with suppress(ValueError, RecursionError):
        data = json.loads(text)
        modules = data.get("Modules") if isinstance(data, dict) else None
        for entry in modules if isinstance(modules, list) else ():
            if isinstance(entry, dict):
                key, folder = entry.get("Key"), entry.get("Dir")
                if isinstance(key, str) and isinstance(folder, str):
                    yield key, folder
