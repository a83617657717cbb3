"""Folders to units (modules and templates), their texts, and their analyses: what reads disks."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from setsquare.analysis import analyse
from setsquare.context import Context
from setsquare.discovery import Listing, files_of_folder, list_files, repository_of
from setsquare.documents import Format, Overlay, format_of, is_below
from setsquare.findings import Analysis, Problem, ProblemKind
from setsquare.incremental import CallsOthersError, IncrementalModule, Rules
from setsquare.incremental_templates import IncrementalTemplate, NotInPiecesError, TemplateAmong
from setsquare.model import CloudFormationTemplate, ConfigurationFile, Expression, Place, SyntaxProblem, TemplateFile
from setsquare.modules import DOWNLOADED, MANIFEST, Calls, Modules, not_followed
from setsquare.policies import Policies, read_limited
from setsquare.records import record
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.decoding import Mistake
from setsquare.rules.policy import Policy
from setsquare.rules.rule import ImpactLevel
from setsquare.stacks import StackCalls, Stacks
from setsquare.syntax import cfn, hcl, tf_json
from setsquare.text import Edit, Span

MAX_FILE = 16 << 20
"""Files larger than this many bytes are not read."""

_CALLING = (Format.HCL, Format.TF_JSON)
_TEMPLATES = (Format.YAML, Format.JSON)
_TERRAFORM = (Format.HCL, Format.TF_JSON, Format.TFVARS, Format.TFVARS_JSON)


@record
class Unit:
    """What is analysed as one: the Terraform files of a folder, or one template file.

    ``key`` is the folder, or the file.
    """

    key: str
    is_module: bool
    paths: tuple[str, ...]


_SOURCE = "source "
"""What the path of a file that functions read begins with among what was seen."""


@record
class _Edited:
    """A unit that is being edited, with what it is judged by."""

    policy: Policy
    catalogue: Catalogue
    module: IncrementalModule


class Workspace:
    """Some root folders, the open buffers over them, and the policy."""

    def __init__(self, roots: Sequence[str], catalogue: Catalogue, policies: Policies, overlay: Overlay) -> None:
        self.overlay = overlay
        self._roots = tuple(_normal(root) for root in roots)
        self._catalogue = catalogue
        self._policies = policies
        self._listings: dict[str, Listing] = {}
        self._on_disk: dict[str, bool] = {}
        self._parsed: dict[str, tuple[bytes, ConfigurationFile | TemplateFile | None]] = {}
        self._terraform: Mapping[str, tuple[str, ...]] | None = None
        self._calls = Calls(self)
        self._modules = Modules(self, self._calls)
        self._stack_calls = StackCalls(self)
        self._stacks = Stacks(self, self._stack_calls)
        self._templates: frozenset[str] | None = None
        self._edited: dict[str, _Edited] = {}
        self._faults: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._sources: set[str] = set()
        self._waiting: set[str] = set()
        self._allowed: frozenset[ImpactLevel] = frozenset()

    @classmethod
    def open(
        cls,
        roots: Sequence[str],
        catalogue: Catalogue,
        *,
        as_of: date | None = None,
        policy_file: str | None = None,
    ) -> "Workspace":
        """Open folders.

        Args:
            roots: absolute paths.
            catalogue: the shipped rules.
            as_of: the date that expiry is judged by; today where it is not given.
            policy_file: the policy of all folders; else each folder's own is searched for.

        """
        overlay = Overlay()

        def read(path: str) -> bytes | None:
            document = overlay.get(path)
            return document.source if document is not None else read_limited(path)

        def exists(path: str) -> bool:
            return overlay.get(path) is not None or os.path.isfile(path)

        today = as_of or date.today()  # noqa: DTZ011 - the policy's dates are local
        return cls(roots, catalogue, Policies(catalogue, today, policy_file, read, exists), overlay)

    # ------------------------------------------------------------- roots and policy

    @property
    def roots(self) -> tuple[str, ...]:
        """The root folders."""
        return self._roots

    def set_roots(self, roots: Sequence[str]) -> None:
        """Replace the root folders."""
        self._roots = tuple(_normal(root) for root in roots)
        self._listings.clear()
        self._forget_folders()

    def see_around(self, path: str) -> None:
        """Let what calls a file's folder, and what that calls, be seen in its repository, where it is in no root.

        A file that the repository ignores stays alone.
        """
        folder = path.rpartition("/")[0]
        repository = repository_of(folder)
        if repository is None or any(is_below(path, root) for root in self._roots):
            return
        listing = list_files(repository)
        if path in listing.folders.get(folder, ()):
            self._roots = (*self._roots, _normal(repository))
            self._listings[_normal(repository)] = listing
            self._forget_folders()

    def root_of(self, path: str) -> str:
        """Return the innermost root that holds a path; its own folder where none does."""
        holding = [root for root in self._roots if path == root or is_below(path, root)]
        return max(holding, key=len, default=path.rpartition("/")[0])

    def policy_of(self, path: str) -> Policy:
        """Return the policy that holds for a path."""
        policy = self._policies.of(path, self.root_of(path))
        return policy.allowing(self._allowed) if self._allowed else policy

    @property
    def policy(self) -> Policy:
        """The policy of the first root."""
        return self.policy_of(self._roots[0] + "/.") if self._roots else Policy.default()

    @property
    def policy_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the policy files that were read, and the exemptions that have ended."""
        return self._policies.problems

    @property
    def policy_texts(self) -> Mapping[str, bytes]:
        """The bytes of the policy and rule files that were read: what the places of their problems count in."""
        return self._policies.texts

    @property
    def policy_mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes in the policy files that were read, with line and column."""
        return self._policies.mistakes

    def policy_file_of(self, path: str) -> str | None:
        """Return the innermost policy file for a path, which may have mistakes; None where there is none."""
        return self._policies.file_of(path, self.root_of(path))

    @property
    def ended_exemptions(self) -> tuple[Problem, ...]:
        """The exemptions in the policy files that were read which have ended."""
        return self._policies.ended

    def is_policy(self, path: str) -> bool:
        """Whether a file is a policy file."""
        return self._policies.is_policy(path)

    def is_rule(self, path: str) -> bool:
        """Whether a file is one of the organisation's own rules."""
        self.policy_of(path)
        return self._policies.is_rule(path)

    def use_policy(self, policy_file: str | None) -> bool:
        """Use one policy for all folders, or each folder's own; return whether that changes anything."""
        return self._policies.use(policy_file)

    def allow(self, impacts: Iterable[ImpactLevel]) -> None:
        """Allow more impacts in bulk than the policies do."""
        self._allowed = frozenset(impacts)

    def catalogue_of(self, path: str) -> Catalogue:
        """Return the rules that are in force for a path: the shipped ones and the organisation's own."""
        return self._policies.catalogue_of(path, self.root_of(path))

    # ------------------------------------------------------------- units

    def invalidate(self, path: str) -> bool:
        """Note that a file was changed, created or deleted, on disk or in a buffer.

        Returns:
            whether a policy, or a file that functions read, may be another one now, so that every unit must be analysed
            again.

        """
        if format_of(path) is not None or path.endswith("/.gitignore"):
            self._relist(path)
        if format_of(path) in _TERRAFORM or path.endswith(MANIFEST):
            self._terraform = None
            self._modules.changed(folder_of(path))
        if format_of(path) in _CALLING:
            self._calls.changed(path)
        if format_of(path) in _TEMPLATES:
            if self._templates is not None and path not in self._templates:
                self._templates = None
            self._stack_calls.changed(path)
            self._stacks.changed()
        above, is_downloaded, _ = path.partition(DOWNLOADED)
        if is_downloaded:
            self._edited.pop(above, None)  # its calls may lead to what is there only now
        if path in self._sources:
            self._sources.discard(path)
            self._edited.clear()
            self._modules.forget()
            self._policies.forget(path)
            return True
        return self._policies.forget(path)

    def _forget_folders(self) -> None:
        self._terraform = None
        self._templates = None
        self._stack_calls.forget()
        self._stacks.changed()
        self._calls.forget()
        self._modules.forget()

    def _relist(self, path: str) -> None:
        root = self.root_of(path)
        listing = self._listings.get(root)
        if listing is None:
            return
        listed = path in listing.folders.get(path.rpartition("/")[0], ())
        exists = os.path.isfile(path)
        if path.endswith("/.gitignore") or exists != self._on_disk.get(path, listed):
            del self._listings[root]
            self._forget_folders()
        self._on_disk[path] = exists
        if not exists:
            self._parsed.pop(path, None)

    def _listing(self, root: str) -> Listing:
        if root not in self._listings:
            self._listings[root] = list_files(root)
        return self._listings[root]

    def _folders(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for root in self._roots:
            for folder, files in self._listing(root).folders.items():
                found.setdefault(folder, set()).update(files)
        for path in self.overlay.paths():
            if format_of(path) is not None:
                found.setdefault(path.rpartition("/")[0], set()).add(path)
        return {folder: tuple(sorted(files)) for folder, files in sorted(found.items())}

    def blocks(self, path: str) -> tuple[Span, ...]:
        """Return the top-level blocks, or the template's resources, of a file that was analysed, sorted."""
        edited = self._edited.get(path) or self._edited.get(path.rpartition("/")[0])
        if edited is not None and edited.module.reads(path):
            return edited.module.blocks(path)
        _, file = self._parsed.get(path, (b"", None))
        if isinstance(file, ConfigurationFile):
            return tuple(sorted(block.span for block in file.blocks))
        templates = file.templates if file is not None else ()
        return tuple(sorted(resource.span for template in templates for resource in template.resources))

    def units(self) -> Iterator[Unit]:
        """Yield all units, by folder; templates are recognised when they are read."""
        for folder, files in self._folders().items():
            yield from _units_of(folder, files)

    def unit_of(self, path: str) -> Unit | None:
        """Return the unit that a file belongs to; None for a file of another kind."""
        written = format_of(path)
        if written is None:
            return None
        if written not in _TERRAFORM:
            return Unit(path, is_module=False, paths=(path,))
        folder = path.rpartition("/")[0]
        root = self.root_of(path)
        listed = self._listing(root).folders.get(folder, ()) if root in self._roots else files_of_folder(folder)
        opened = [other for other in self.overlay.paths() if other.rpartition("/")[0] == folder]
        files = tuple(sorted({*listed, *opened}))
        return next((unit for unit in _units_of(folder, files) if unit.is_module), None)

    @property
    def unreadable(self) -> tuple[Problem, ...]:
        """The folders and files that could not be read, and why."""
        found = {path: message for root in self._roots for path, message in self._listing(root).left_out.items()}
        return tuple(Problem(path, message) for path, message in sorted({**found, **self._faults}.items()))

    # ------------------------------------------------------------- texts

    def text(self, path: str) -> bytes | None:
        """Return the bytes of a file, from its buffer or from the disk; None where it cannot be read."""
        document = self.overlay.get(path)
        if document is not None:
            return document.source
        text = self._read(path)
        self._seen[path] = self._faults[path] if text is None else _digest(text)
        return text

    def _read(self, path: str) -> bytes | None:
        self._faults.pop(path, None)
        try:
            known = os.stat(path)
            if not stat.S_ISREG(known.st_mode):
                self._faults[path] = "this is not a regular file and was not read"
                return None
            if known.st_size > MAX_FILE:
                self._faults[path] = f"this file is larger than {MAX_FILE >> 20} MiB and was not read"
                return None
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            self._faults[path] = f"this file cannot be read: {error.strerror}"
            return None

    def _is_inside(self, path: str) -> bool:
        """Whether a path leads below a root, links followed: what the code names elsewhere is never looked at."""
        root = self.root_of(path)
        return root in self._roots and is_below(os.path.realpath(path), os.path.realpath(root))

    def read(self, path: str) -> bytes | None:
        """Return a file that a function of Terraform reads; None outside of the workspace, links followed."""
        self._sources.add(path)
        if not self._is_inside(path):
            return None
        document = self.overlay.get(path)
        text = self._read(path) if document is None else document.source
        self._faults.pop(path, None)
        self._seen[f"{_SOURCE}{path}"] = "" if text is None else _digest(text)
        return text

    def exists(self, path: str) -> bool | None:
        """Whether a file is there; None outside of the workspace."""
        return self.read(path) is not None or os.path.exists(path) if self._is_inside(path) else None

    @property
    def seen(self) -> Mapping[str, str]:
        """What was read of the disk so far, by path: digests of files, and of folders that no listing holds; faults."""
        return self._seen

    def is_as_seen(self, seen: Mapping[str, str]) -> bool:
        """Whether reading all of this again gives the same."""
        for path, digest in seen.items():
            if path.endswith("/"):
                self.folder_below(path[:-1])
            elif path.startswith(_SOURCE):
                self.read(path.removeprefix(_SOURCE))
            else:
                self.text(path)
            if self._seen.get(path) != digest:
                self._faults.clear()  # of files that may not be asked for any more
                return False
        return True

    def text_if_there(self, path: str) -> bytes | None:
        """Return the bytes of a file that need not be there; None where it leads out of the workspace."""
        if not self._is_inside(path):
            return None
        text = self.text(path)
        self._faults.pop(path, None)
        return text

    def texts(self, unit: Unit) -> dict[str, bytes]:
        """Return the bytes of a unit's files."""
        read = ((path, self.text(path)) for path in unit.paths)
        return {path: text for path, text in read if text is not None}

    # ------------------------------------------------------------- analysis

    def analyse(self, unit: Unit, overrides: Mapping[str, bytes] | None = None) -> Analysis:
        """Analyse a unit, with other bytes in some of its files if given."""
        return self.analyse_texts(unit, {**self.texts(unit), **(overrides or {})})

    def analyse_texts(self, unit: Unit, texts: Mapping[str, bytes]) -> Analysis:
        """Analyse a unit whose files have these bytes."""
        own = {path: text for path, text in texts.items() if path in unit.paths}
        files = [file for path, text in own.items() if (file := self._parse(path, text)) is not None]
        if not files:
            return Analysis()
        policy, catalogue = self.policy_of(unit.key), self.catalogue_of(unit.key)
        context = Context(self._base_of(policy, unit.key), own)
        parts = []
        problems = [problem for file in files for problem in _problems(file)]
        stacks = self._stacks if unit.is_module else self._stacks.with_texts(texts)
        for file in files:
            for scopes in stacks.judged(file, own[file.path]) if isinstance(file, TemplateFile) else ():
                parts.append(analyse(scopes[0], catalogue, policy, context, scopes[1:]))
                problems += stacks.unseen(scopes)
                if not self._stack_calls.is_linked(unit.key):
                    scopes[0].let_go()
        if unit.is_module:
            modules = self._modules.with_texts(texts)
            judged = modules.judged(unit.key)
            if judged:
                parts.append(analyse(judged[0], catalogue, policy, context, judged[1:]))
                problems += modules.unseen(unit.key)
        return _merged(parts, problems, len(files))

    def analyse_edited(self, unit: Unit, texts: Mapping[str, bytes]) -> Analysis:
        """Analyse a unit that is edited and analysed again and again: only what may have changed is judged again."""
        if not self._is_alone(unit):
            self._edited.pop(unit.key, None)
            return self.analyse_texts(unit, texts)
        policy, catalogue = self.policy_of(unit.key), self.catalogue_of(unit.key)
        known = self._edited.get(unit.key)
        if known is None or known.policy != policy or known.catalogue is not catalogue:
            known = _Edited(policy, catalogue, self._incremental(unit, policy, catalogue))
        # Where that fails, it is not known any more what was judged.
        self._edited.pop(unit.key, None)
        try:
            found = known.module.analyse(texts)
        except (CallsOthersError, NotInPiecesError):
            return self.analyse_texts(unit, texts)
        self._edited[unit.key] = known
        return found

    def _is_alone(self, unit: Unit) -> bool:
        """Whether the files of a unit decide alone what is found in it, as far as their texts say."""
        is_open = any(self.overlay.get(path) is not None for path in unit.paths)
        if not unit.is_module:
            return is_open and format_of(unit.key) is Format.YAML and not self._stack_calls.is_linked(unit.key)
        return is_open and unit.key not in self._calls.callers and unit.key not in self._calls.callees

    def _incremental(self, unit: Unit, policy: Policy, catalogue: Catalogue) -> IncrementalModule:
        return self._module(unit, policy, catalogue) if unit.is_module else self._template(unit, policy, catalogue)

    def _template(self, unit: Unit, policy: Policy, catalogue: Catalogue) -> IncrementalTemplate:
        def judge(
            template: CloudFormationTemplate, names: frozenset[tuple[str, str]], layout: bytes, marked: bytes
        ) -> Analysis:
            scope = TemplateAmong(unit.key, template, layout, names)
            analysis = analyse(scope, catalogue, policy, Context(self._base_of(policy, unit.key), {unit.key: marked}))
            scope.let_go()
            return analysis

        return IncrementalTemplate(catalogue, policy, judge)

    def _module(self, unit: Unit, policy: Policy, catalogue: Catalogue) -> IncrementalModule:
        def judge(
            files: Sequence[ConfigurationFile], layouts: Mapping[str, bytes], marked: Mapping[str, bytes]
        ) -> Analysis:
            module = self._modules.alone(unit.key, files, layouts)
            if len(module.tree) > 1:
                raise CallsOthersError
            context = Context(self._base_of(policy, unit.key), {path: marked.get(path, b"") for path in layouts})
            return analyse(module, catalogue, policy, context)

        def unseen_in(files: Sequence[ConfigurationFile], layouts: Mapping[str, bytes]) -> Sequence[Problem]:
            return tuple(not_followed(self._modules.alone(unit.key, files, layouts)))

        return IncrementalModule(Rules(catalogue, policy), self.configuration, judge, unseen_in)

    def _base_of(self, policy: Policy, path: str) -> str:
        """Return the folder that the policy's patterns are relative to: its own, where it holds the path."""
        folder = policy.folder
        return folder if folder is not None and f"{path}/".startswith(f"{folder}/") else self.root_of(path)

    def _parse(self, path: str, text: bytes) -> ConfigurationFile | TemplateFile | None:
        known = self._parsed.get(path)
        if known is not None and known[0] == text:
            return known[1]
        file = _read(path, text)
        self._parsed[path] = (text, file)
        return file

    def let_go(self, unit: Unit) -> None:
        """Note that a unit is not asked for again, so that what was read for it alone need not be kept."""
        if unit.is_module:
            self._waiting.add(unit.key)
            linked = self._calls.connected(unit.key)
            if not all(folder in self._waiting for folder in linked & self.terraform_folders().keys()):
                return
            self._modules.let_go(linked)
            self._waiting -= linked
            for folder in linked:
                for path in self.terraform_folders().get(folder, ()):
                    self._parsed.pop(path, None)
        for path in unit.paths:
            self._parsed.pop(path, None)

    # ------------------------------------------------------------- modules

    def related(self, folder: str) -> frozenset[str]:
        """Return the folders whose findings a folder may decide: its callers, and what they and it call."""
        return self._calls.related(folder)

    def related_templates(self, path: str) -> frozenset[str]:
        """Return the templates whose findings a template may decide: its callers, and what they and it call."""
        return self._stack_calls.related(path) if format_of(path) in _TEMPLATES else frozenset()

    def affected(self, unit: Unit, edits: Mapping[str, Sequence[Edit]]) -> tuple[Unit, ...]:
        """Return the other units whose findings edits may change: their own files, or what decides them."""
        if not unit.is_module:
            return tuple(
                Unit(path, is_module=False, paths=(path,))
                for path in sorted(self._affected_templates(edits) - {unit.key})
            )
        folders = {path.rpartition("/")[0] for path in edits}
        reached = set(folders)
        if any(self._names_values(path, made) for path, made in edits.items()):
            reached |= self._calls.below(folders)
            reached.update(caller for folder in folders for caller in self._calls.callers.get(folder, ()))
        listed = self.terraform_folders()
        found = (next(_units_of(f, listed[f]), None) for f in sorted(reached - {unit.key}) if f in listed)
        return tuple(other for other in found if other is not None and other.is_module)

    def _affected_templates(self, edits: Mapping[str, Sequence[Edit]]) -> set[str]:
        """Return the templates whose findings edits of templates may change."""
        return {*edits}.union(*(self._stack_calls.related(path) for path in edits))

    def _names_values(self, path: str, edits: Sequence[Edit]) -> bool:
        """Whether edits touch more than resources: what other modules may see the value of."""
        file = self.configuration(path, self.text(path) or b"")
        others = [block.span for block in file.blocks if block.kind != "resource"] if file is not None else []
        return any(span.start <= edit.span.end and edit.span.start <= span.end for edit in edits for span in others)

    def is_broken(self, path: str) -> bool:
        """Whether a file that was read has syntax errors."""
        _, file = self._parsed.get(path, (b"", None))
        return file is not None and bool(file.problems)

    def terraform_folders(self) -> Mapping[str, tuple[str, ...]]:
        """Return the Terraform files of each folder."""
        if self._terraform is None:
            found = ((f, tuple(p for p in paths if format_of(p) in _TERRAFORM)) for f, paths in self._folders().items())
            self._terraform = {folder: paths for folder, paths in found if paths}
        return self._terraform

    def folder_below(self, folder: str) -> tuple[str, ...]:
        """Return the Terraform files of a folder that the listing leaves out; none where it leads out."""
        if not self._is_inside(folder):
            return ()
        found = tuple(path for path in files_of_folder(folder) if format_of(path) in _TERRAFORM)
        self._seen[f"{folder}/"] = _digest("\0".join(found).encode(errors="surrogateescape"))
        return found

    def template_paths(self) -> frozenset[str]:
        """Return the files that may be templates by their names."""
        if self._templates is None:
            paths = (path for files in self._folders().values() for path in files)
            self._templates = frozenset(path for path in paths if format_of(path) in _TEMPLATES)
        return self._templates

    def template_file(self, path: str, text: bytes) -> TemplateFile | None:
        """Return a template file as read."""
        file = self._parse(path, text)
        return file if isinstance(file, TemplateFile) else None

    def fragment(self, path: str, text: bytes) -> Expression | None:
        """Return what a file says that is included in a template; None where that cannot be read."""
        written = format_of(path, text)
        return cfn.fragment(text, written) if written in _TEMPLATES else None

    def configuration(self, path: str, text: bytes) -> ConfigurationFile | None:
        """Return a Terraform file as read."""
        file = self._parse(path, text)
        return file if isinstance(file, ConfigurationFile) else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def folder_of(path: str) -> str:
    """Return the folder whose findings a file decides: its own; of the list of downloaded modules the root module's."""
    return path.removesuffix(MANIFEST) if path.endswith(MANIFEST) else path.rpartition("/")[0]


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def _units_of(folder: str, files: Iterable[str]) -> Iterator[Unit]:
    terraform: list[str] = []
    for path in files:
        if format_of(path) in _TERRAFORM:
            terraform.append(path)
        else:
            yield Unit(path, is_module=False, paths=(path,))
    if any(format_of(path) in _CALLING for path in terraform):
        yield Unit(folder, is_module=True, paths=tuple(terraform))


def _read(path: str, text: bytes) -> ConfigurationFile | TemplateFile | None:
    written = format_of(path, text)
    if written in (Format.HCL, Format.TFVARS):
        return hcl.read(path, text)
    if written in (Format.TF_JSON, Format.TFVARS_JSON):
        return tf_json.read(path, text)
    return None if written is None else cfn.read(path, text, written)


def _problems(file: ConfigurationFile | TemplateFile) -> Iterator[Problem]:
    problem: SyntaxProblem
    for problem in file.problems:
        place = Place(file.path, Span(*problem.span))
        yield Problem(file.path, problem.message, place, ProblemKind.SYNTAX)


def _merged(parts: Sequence[Analysis], problems: Iterable[Problem], files: int) -> Analysis:
    if len(parts) == 1:
        only = parts[0]
        return replace(only, problems=(*problems, *only.problems), files=files)
    return Analysis(
        findings=tuple(finding for part in parts for finding in part.findings),
        unknown=tuple(finding for part in parts for finding in part.unknown),
        suppressed=tuple(finding for part in parts for finding in part.suppressed),
        problems=(*problems, *(problem for part in parts for problem in part.problems)),
        resources=sum(part.resources for part in parts),
        satisfied=tuple(satisfied for part in parts for satisfied in part.satisfied),
        files=files,
        elsewhere={path: text for part in parts for path, text in part.elsewhere.items()},
    )
