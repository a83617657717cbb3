"""Commands: what a code action or a code lens lets the server do, by ``workspace/executeCommand``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.convert import workspace_edit
from setsquare.lsp.features.fixing import QUICK, UNPROVEN
from setsquare.lsp.features.hover import requirements
from setsquare.lsp.features.offering import Offer, Situation
from setsquare.lsp.session import Session, Snapshot
from setsquare.output.rule_page import render
from setsquare.rules.rule import Rule
from setsquare.text import Edit
from setsquare.workspace import Workspace

FIX_WORKSPACE = "setsquare.fixWorkspace"
"""With the id of a rule: fix all that is safe to fix of it, in all files."""
FIX_EVERYTHING = "setsquare.fixEverything"
"""Fix all that is safe to fix, in all files."""
FIX_FILE = "setsquare.fixFile"
"""With a URI: fix all that is safe to fix in a file."""
EXPLAIN = "setsquare.explain"
"""With the id of a rule: say what it asks for and why."""
PAGE = "setsquare.page"
"""With the id of a rule: return its page in Markdown, for clients that show it themselves."""

_SECOND = "another folder's fix changes the same file; it can be fixed when that is done"
_MOST_NAMED = 5
"""Resources that a report names; of the others it gives the number."""


class Asker(Protocol):
    """What a command needs of the server to speak to the client."""

    async def workspace_apply_edit_async(
        self, params: types.ApplyWorkspaceEditParams
    ) -> types.ApplyWorkspaceEditResult:
        """Let the client apply an edit."""

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        """Show a message."""


# --------------------------------------------------------------------- as code actions


def fixes_in_workspace(situation: Situation, asked: Iterable[Finding]) -> Iterator[Offer]:
    """Yield a command for each rule of which something can be fixed without asking."""
    if situation.session.client.applies:
        for rule in dict.fromkeys(finding.rule.id for finding in asked if finding.fix.bulk):
            yield _command(f"Fix {rule} in the whole workspace", FIX_WORKSPACE, rule, asked)


def explanations(asked: Iterable[Finding]) -> Iterator[Offer]:
    """Yield a command for each rule."""
    for rule in dict.fromkeys(finding.rule.id for finding in asked):
        yield _command(f"Explain {rule}", EXPLAIN, rule, asked)


def _command(title: str, name: str, rule: str, asked: Iterable[Finding]) -> Offer:
    about = tuple(finding for finding in asked if finding.rule.id == rule)
    return Offer(title, QUICK, (name, rule), about=about, command=types.Command(title, name, arguments=[rule]))


# --------------------------------------------------------------------- fixing


@dataclass(slots=True)
class _Collected:
    """The fixes of several units.

    Attributes:
        snapshots: what the edits were made from, by path.
        fixed: what they repair.
        left: what they do not, by finding, with the reason.

    """

    session: Session
    edits: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    fixed: list[Finding] = field(default_factory=list)
    left: list[tuple[Finding, str]] = field(default_factory=list)

    async def add(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        """Plan and prove the safe fixes of one unit."""
        bulk = [finding for finding in findings if finding.fix.bulk]
        self.left += [(finding, _reason(finding)) for finding in findings if not finding.fix.bulk]
        if not bulk:
            return
        proven = await self.session.proven_together(snapshot, bulk)
        planned = proven.planned
        if not proven.proof.holds:
            self.left += [(finding, UNPROVEN) for finding in bulk]
            return
        self.left += [(refusal.finding, refusal.reason) for refusal in planned.refused]
        if any(self.edits.get(path, edits) != edits for path, edits in planned.edits.items()):
            # Each unit's edits were proven, but not together with another unit's of the same file.
            self.left += [(finding, _SECOND) for finding in planned.served]
            return
        self.fixed += planned.served
        for path, edits in planned.edits.items():
            self.edits[path], self.snapshots[path] = edits, snapshot

    def edit(self) -> types.WorkspaceEdit:
        """Return all edits as one."""
        session = self.session
        lines = {path: session.lines(snapshot.all_texts[path]) for path, snapshot in self.snapshots.items()}
        versions = {path: snapshot.versions.get(path) for path, snapshot in self.snapshots.items()}
        uris = {path: session.uri(path) for path in self.edits}
        return workspace_edit(self.edits, lines, uris, versions, session.client)

    def is_current(self) -> bool:
        """Whether nobody has typed in what was planned."""
        return all(self.session.is_current(snapshot) for snapshot in self.snapshots.values())


def _reason(finding: Finding) -> str:
    if finding.fix.available:
        return f"its fix asks first: {finding.fix.note or 'it costs more than a change in place'}".rstrip(".")
    return (finding.fix.reason or "there is no fix").rstrip(".")


async def fix_workspace(session: Session, asker: Asker, rule: str | None) -> None:
    """Fix all that is safe to fix in all files, of one rule or of every, and say what could not be fixed."""
    collected = _Collected(session)
    for unit in await session.units():
        snapshot = await session.current_of(unit)
        shown = session.settings.shows
        findings = [finding for finding in snapshot.findings if rule in (None, finding.rule.id) and shown(finding)]
        await collected.add(snapshot, findings)
    if rule is None:
        await _apply(collected, asker, "Fix all safe findings in the whole workspace", "in the workspace")
    else:
        await _apply(collected, asker, f"Fix {rule} in the whole workspace", f"of {rule}")


async def fix_file(session: Session, asker: Asker, path: str) -> None:
    """Fix all that is safe to fix in one file, and say what could not be fixed."""
    snapshot = await session.current(path)
    collected = _Collected(session)
    if snapshot is not None:
        await collected.add(snapshot, Situation.of(session, snapshot, path).findings)
    await _apply(collected, asker, "Fix all safe findings in this file", "in this file")


async def _apply(collected: _Collected, asker: Asker, label: str, which: str) -> None:
    kind = types.MessageType.Info
    if not collected.is_current():
        kind, text = types.MessageType.Warning, "Setsquare: a file was changed meanwhile, so nothing was fixed."
    elif not collected.edits:
        text = f"Setsquare: nothing {which} can be fixed without asking. {_left(collected)}"
    else:
        params = types.ApplyWorkspaceEditParams(collected.edit(), label)
        result = await asker.workspace_apply_edit_async(params)
        if result.applied:
            text = f"Setsquare: {_count(collected.fixed)} {which} fixed in {_files(collected)}. {_left(collected)}"
        else:
            reason = result.failure_reason or "the editor gave no reason"
            kind, text = types.MessageType.Warning, f"Setsquare: the editor did not apply the fixes: {reason}"
    asker.window_show_message(types.ShowMessageParams(kind, text.strip()))


def _count(findings: Sequence[Finding]) -> str:
    return "1 finding" if len(findings) == 1 else f"{len(findings)} findings"


def _files(collected: _Collected) -> str:
    return "1 file" if len(collected.edits) == 1 else f"{len(collected.edits)} files"


def _left(collected: _Collected) -> str:
    if not collected.left:
        return ""
    named = [f"{finding.resource}: {reason}" for finding, reason in collected.left[:_MOST_NAMED]]
    more = len(collected.left) - len(named)
    rest = [f"and {more} more"] if more else []
    return f"{len(collected.left)} could not be fixed: {'; '.join([*named, *rest])}."


# --------------------------------------------------------------------- explaining


async def explain(session: Session, asker: Asker, rule_id: str) -> str | None:
    """Show what a rule asks for and why; return its page in Markdown, for editors that can show one."""
    rule = await _found(session, asker, rule_id)
    if rule is None:
        return None
    asker.window_show_message(types.ShowMessageParams(types.MessageType.Info, summary(rule)))
    return render(rule)


async def page(session: Session, asker: Asker, rule_id: str) -> str | None:
    """Return the page of a rule in Markdown."""
    rule = await _found(session, asker, rule_id)
    return None if rule is None else render(rule)


async def _found(session: Session, asker: Asker, rule_id: str) -> Rule | None:
    def find(workspace: Workspace) -> Rule | None:
        roots = workspace.roots or ("/",)
        found = (workspace.catalogue_of(f"{root}/.").rules.get(rule_id) for root in roots)
        return next((rule for rule in found if rule is not None), None)

    rule = await session.ask(find)
    if rule is None:
        message = types.ShowMessageParams(types.MessageType.Warning, f"Setsquare: no rule is called {rule_id}.")
        asker.window_show_message(message)
    return rule


def summary(rule: Rule) -> str:
    """Return a rule in a few sentences, without markup."""
    asked = requirements(rule)
    parts = [
        f"{rule.title} ({rule.id}, {rule.severity.value}).",
        rule.rationale,
        f"Required by {asked}." if asked else "",
        rule.impact.note,
    ]
    return " ".join(" ".join(part.split()) for part in parts if part)
