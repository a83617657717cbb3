"""Code actions: the quick fix, the resource secured, the rule fixed in the file, and one fix-all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.convert import Lines, diagnostic_of, uri_of, workspace_edit
from setsquare.lsp.documentation import page_of
from setsquare.lsp.session import Session, Snapshot
from setsquare.lsp.titles import fix_title
from setsquare.text import Span

FIX_ALL = "source.fixAll.setsquare"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


class OutdatedError(Exception):
    """The document has moved on since the action was offered."""


class UnprovenError(Exception):
    """A planned fix failed its proof: a bug, which is not offered."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One action before its edit is made.

    ``findings`` is what it repairs; ``main`` the finding it stands at, for a quick fix.
    """

    title: str
    kind: str
    findings: tuple[Finding, ...]
    main: Finding | None = None
    preferred: bool = False
    confirm: str | None = None

    def key(self) -> str:
        """Return what names the offer among those of the same text."""
        return f"{self.kind}\n{self.title}\n{self.main.resource if self.main else ''}\n{self.main.rule.id if self.main else ''}"


async def offer(session: Session, path: str, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Answer ``textDocument/codeAction``."""
    snapshot = await session.snapshot(path)
    if snapshot is None or path not in snapshot.texts:
        return []
    lines = Lines(snapshot.texts[path], session.encoding)
    span = lines.span(params.range)
    only = params.context.only
    actions: list[types.CodeAction] = []
    for made in _offers(snapshot, path, span):
        if not _wanted(made.kind, only) or (made.kind == FIX_ALL and not _asks_for_source(only)):
            continue
        action = await _action(session, snapshot, path, lines, made)
        if action is not None:
            actions.append(action)
    if session.client.shows_disabled and _wanted(types.CodeActionKind.QuickFix, only):
        actions += _disabled(session, snapshot, path, lines, span)
    return actions


async def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """Answer ``codeAction/resolve``: the edit, on the text that the action was offered for.

    Raises:
        OutdatedError: the text has changed meanwhile, or the data is not ours.

    """
    data = action.data if isinstance(action.data, dict) else {}
    path, version, key = data.get("path"), data.get("version"), data.get("key")
    snapshot = await session.snapshot(path) if isinstance(path, str) else None
    if snapshot is None or not isinstance(path, str) or snapshot.versions.get(path) != version:
        message = "the document has changed since this action was offered"
        raise OutdatedError(message)
    span = Span(0, len(snapshot.texts[path]))
    for made in _offers(snapshot, path, span):
        if made.key() == key:
            action.edit = await _edit(session, snapshot, made)
            return action
    message = "this action is not offered for the document any more"
    raise OutdatedError(message)


def _wanted(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _asks_for_source(only: Sequence[str] | None) -> bool:
    # Source actions are not shown in a light bulb: only where they are asked for.
    return only is None or any(asked.startswith("source") or asked == "" for asked in only)


def _touches(finding: Finding, path: str, span: Span) -> bool:
    place = finding.place
    return place.path == path and place.span.start <= span.end and span.start <= place.span.end


def _offers(snapshot: Snapshot, path: str, span: Span) -> Iterator[Offer]:
    here = [finding for finding in snapshot.analysis.findings if finding.place.path == path]
    touched = [finding for finding in here if _touches(finding, path, span)]
    for finding in touched:
        if finding.fix.available:
            yield _quick_fix(finding)
    yield from _resources(here, touched)
    yield from _rules(here, touched)
    bulk = tuple(finding for finding in here if finding.fix.bulk)
    if bulk:
        yield Offer("Fix all safe findings in this file", FIX_ALL, bulk)


def _quick_fix(finding: Finding) -> Offer:
    confirm = None if finding.fix.bulk else finding.fix.note or "This fix is not applied without asking."
    kind = types.CodeActionKind.QuickFix
    return Offer(fix_title(finding), kind, (finding,), finding, preferred=finding.fix.bulk, confirm=confirm)


def _resources(here: Sequence[Finding], touched: Sequence[Finding]) -> Iterator[Offer]:
    for resource in _unique(finding.resource for finding in touched):
        group = tuple(finding for finding in here if finding.resource == resource and finding.fix.bulk)
        if len(group) > 1:
            title = f"Secure {resource} ({len(group)} fixes)"
            yield Offer(title, types.CodeActionKind.QuickFix, group, group[0])


def _rules(here: Sequence[Finding], touched: Sequence[Finding]) -> Iterator[Offer]:
    for rule in _unique(finding.rule.id for finding in touched):
        group = tuple(finding for finding in here if finding.rule.id == rule and finding.fix.bulk)
        if len(group) > 1:
            title = f"Fix all {len(group)} findings of {rule} in this file"
            yield Offer(title, types.CodeActionKind.QuickFix, group, group[0])


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)


async def _action(
    session: Session,
    snapshot: Snapshot,
    path: str,
    lines: Lines,
    made: Offer,
) -> types.CodeAction | None:
    action = types.CodeAction(title=made.title, kind=made.kind)
    if made.main is not None and len(made.findings) == 1:
        related = session.lines({p: t for p, t in snapshot.texts.items() if p == path})
        action.diagnostics = [diagnostic_of(made.main, lines, related, session.client, page_of(made.main.rule.id))]
        action.is_preferred = made.preferred or None
    if session.client.resolves_edits:
        action.data = {"path": path, "version": snapshot.versions.get(path), "key": made.key(), "uri": uri_of(path)}
        return action
    try:
        action.edit = await _edit(session, snapshot, made)
    except UnprovenError:
        return None
    return action


async def _edit(session: Session, snapshot: Snapshot, made: Offer) -> types.WorkspaceEdit:
    proven = await session.proven_plan(snapshot, made.findings)
    if not proven.proof.holds:
        failed = "; ".join(f"{check.name}: {check.detail}" for check in proven.proof.checks if not check.passed)
        names = ", ".join(sorted({finding.rule.id for finding in made.findings}))
        message = f"the fix of {names} failed its proof ({failed})"
        raise UnprovenError(message)
    edits = proven.planned.edits
    lines = session.lines({path: snapshot.texts[path] for path in edits})
    return workspace_edit(edits, lines, snapshot.versions, session.client, made.confirm)


def _disabled(
    session: Session,
    snapshot: Snapshot,
    path: str,
    lines: Lines,
    span: Span,
) -> Iterator[types.CodeAction]:
    for finding in snapshot.analysis.findings:
        if not _touches(finding, path, span) or finding.fix.available:
            continue
        diagnostic = diagnostic_of(finding, lines, {}, session.client, page_of(finding.rule.id))
        reason = finding.fix.reason or "there is no fix"
        yield types.CodeAction(
            title=f"Fix {finding.rule.id}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            disabled=types.CodeActionDisabled(reason),
        )
