"""The nested stacks of a workspace: which template calls which, and the calls that decide each."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Protocol

from setsquare.call_graph import CallGraph
from setsquare.findings import Problem, ProblemKind
from setsquare.model import Expression, Place, TemplateFile
from setsquare.modules import MAX_CALLS, is_among_examples
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.stack_calls import (
    CIRCLE,
    INCLUDE,
    MAX_STACKS,
    SOURCES,
    Fragment,
    StackFile,
    is_local,
    local_file,
    source_of,
)

_TYPES = (*(kind.encode() for kind in SOURCES), INCLUDE.encode())
_INCLUDES = re.compile(rb"Name[\"']?\s*:\s*[\"']?" + INCLUDE.encode())
_SOURCE = re.compile(
    rb"(?:TemplateURL|Location)[\"']?[ \t]*:\s*(?:!Sub\s+)?"
    rb"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s\"'#{}\[\],|>&*!][^\s#{}\[\],]*))"
)


class Files(Protocol):
    """What nested stacks need of a workspace."""

    def template_paths(self) -> frozenset[str]:
        """Return the files that may be templates by their names."""

    def text(self, path: str) -> bytes | None:
        """Return the bytes of a file."""

    def template_file(self, path: str, text: bytes) -> TemplateFile | None:
        """Return a file as read."""

    def fragment(self, path: str, text: bytes) -> Expression | None:
        """Return what a file says that is included in a template."""

    def root_of(self, path: str) -> str:
        """Return the root folder that holds a path."""


class StackCalls(CallGraph):
    """Which template calls which by a relative path, as their texts say; known without reading them as templates."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._files = files
        self._calling: set[str] = set()

    def _calls(self) -> Iterator[tuple[str, str]]:
        there = self._files.template_paths()
        yield from ((path, target) for path in sorted(there) for target in self._named_in(path) & there)

    def _read(self, path: str) -> frozenset[str]:
        text = self._files.text(path) or b""
        is_calling = any(kind in text for kind in _TYPES)
        (self._calling.add if is_calling else self._calling.discard)(path)
        found = _SOURCE.finditer(text) if is_calling else ()
        written = ((match[1] or match[2] or match[3]).decode("utf-8", "replace") for match in found)
        return frozenset(local_file(path, source) for source in written if is_local(source))

    def is_linked(self, path: str) -> bool:
        """Whether a template calls another one, be it one that is not known, or is called."""
        return path in self.callers or path in self._calling


class Stacks:
    """The templates and their callers as they are now, or would be with other bytes in some files.

    Implements ``Templates``, which is what ``resolve`` sees of it.
    """

    def __init__(self, files: Files, calls: StackCalls, changed: Mapping[str, bytes] | None = None) -> None:
        self._files = files
        self._calls = calls
        self._changed = dict(changed or {})
        self._read: dict[str, StackFile | None] = {}
        self._judged: dict[str, tuple[TemplateScope, ...]] = {}
        self._excessive: set[str] = set()

    def with_texts(self, texts: Mapping[str, bytes]) -> "Stacks":
        """Return the templates with these bytes in some files; itself where nothing is linked to them."""
        linked = {path: text for path, text in texts.items() if self._calls.is_linked(path)}
        different = any(file is None or file.text != text for path, text in linked.items() for file in (self.at(path),))
        return Stacks(self._files, self._calls, {**self._changed, **linked}) if different else self

    def changed(self) -> None:
        """Forget every call, as a file changed."""
        self._read.clear()
        self._judged.clear()
        self._excessive.clear()

    def at(self, path: str) -> StackFile | None:
        """Return a file; None where it is none of the workspace's, or is not one template."""
        if path not in self._read:
            self._read[path] = self._at(path)
        return self._read[path]

    def _at(self, path: str) -> StackFile | None:
        if path not in self._files.template_paths():
            return None
        text = self._changed[path] if path in self._changed else self._files.text(path)
        file = self._files.template_file(path, text) if text is not None else None
        if text is None or file is None or len(file.templates) != 1:
            return None
        return StackFile(path, file.templates[0], text)

    def fragment(self, path: str) -> Fragment | None:
        """Return a file that is included; None where it is none of the workspace's, or cannot be read."""
        if path not in self._files.template_paths():
            return None
        text = self._changed[path] if path in self._changed else self._files.text(path)
        written = self._files.fragment(path, text) if text is not None else None
        return None if text is None or written is None else Fragment(path, written, text)

    # ------------------------------------------------------------- what stands for a template

    def judged(self, file: TemplateFile, text: bytes) -> Iterator[tuple[TemplateScope, ...]]:
        """Yield, for each template of a file, the scopes by which it is judged.

        There is one for each call of the template, or one with its defaults: it stands for the callers that are not
        known, where none of the callers is more than an example or a test.
        """
        if len(file.templates) == 1 and file.path in self._calls.callers:
            scopes = self._of(StackFile(file.path, file.templates[0], text))
            yield from [scopes] if scopes else []
            return
        for template in file.templates:
            yield (TemplateScope(file.path, template, text, templates=self),)

    def _of(self, file: StackFile) -> tuple[TemplateScope, ...]:
        if file.path not in self._judged:
            self._judged[file.path] = tuple(self._found(file))
        return self._judged[file.path]

    def _found(self, file: StackFile) -> Iterator[TemplateScope]:
        path = file.path
        callers = self._calls.callers.get(path, ())
        # What it calls in turn, directly or not, calls it in a circle.
        circle = self._calls.below([path]) if callers else frozenset()
        found: list[TemplateScope] = []
        is_decided = is_hidden = False
        for caller in callers:
            if caller in circle:
                continue
            read = self.at(caller)
            is_hidden = is_hidden or read is None
            for above in self._of(read) if read is not None else ():
                calls = [*above.calls_of(path)]
                found += islice(chain.from_iterable(calls), MAX_CALLS + 1 - len(found))
                is_decided = is_decided or (bool(calls) and not self._only_tries(caller))
                is_hidden = is_hidden or (not calls and bool(above.broken))
        if not is_decided:
            yield TemplateScope(path, file.template, file.text, templates=self, is_hidden=is_hidden)
        yield from found[:MAX_CALLS]
        if len(found) > MAX_CALLS:
            self._excessive.add(path)

    def _only_tries(self, caller: str) -> bool:
        return is_among_examples(posixpath.dirname(caller), self._files.root_of(caller))

    # ------------------------------------------------------------- what is not judged

    def unseen(self, scopes: tuple[TemplateScope, ...]) -> Iterator[Problem]:
        """Yield what of a template, and of what it calls, is not judged, and why."""
        scope = scopes[0]
        if scope.path in self._excessive:
            message = (
                f"this template is called more than {MAX_CALLS} times; only the first {MAX_CALLS} calls are judged"
            )
            yield Problem(scope.path, message, None, ProblemKind.UNSEEN)
        if scope.caller is None and len(scope.tree) >= MAX_STACKS:
            message = f"more than {MAX_STACKS} stacks are nested here; what the others complete is not known"
            yield Problem(scope.path, message, None, ProblemKind.UNSEEN)
        text = scope.texts[scope.path]
        includes = len(_INCLUDES.findall(text)) if INCLUDE.encode() in text else 0
        if includes and includes > scope.included():
            message = f"what {INCLUDE} adds here is not judged: it is read where a local file is the whole of a value"
            yield Problem(scope.path, message, None, ProblemKind.UNSEEN)
        for name, written in scope.stacks.items():
            called = scope.called(name)
            if not isinstance(called, str) and any(scope.path in one.sources for top in called for one in top.tree):
                called = CIRCLE
            if isinstance(called, str):
                source = source_of(written)
                place = Place(scope.path, written.header if source is None else source.span)
                yield Problem(scope.path, f"{name} is not judged: {called}", place, ProblemKind.UNSEEN)
