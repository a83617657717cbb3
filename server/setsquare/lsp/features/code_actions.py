"""Code actions: the quick fix, the resource secured, the rule fixed in the file, and one fix-all; each proven first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types

from setsquare.checking import ProvenPlan
from setsquare.findings import Finding
from setsquare.lsp.convert import Lines, diagnostic_of, workspace_edit
from setsquare.lsp.documentation import page_of
from setsquare.lsp.session import Session, Snapshot
from setsquare.lsp.titles import fix_title
from setsquare.text import Span

FIX_ALL = "source.fixAll.setsquare"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


class OutdatedError(Exception):
    """The document has moved on since the action was offered."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One action before its edit is made.

    Attributes:
        findings: what it repairs.
        main: the finding whose quick fix it is; None where it repairs several.
        confirm: why a person must agree first; None where nobody must.

    """

    title: str
    kind: str
    findings: tuple[Finding, ...]
    main: Finding | None = None
    confirm: str | None = None

    def key(self) -> str:
        """Return what names the offer among those for the same text."""
        main = self.main
        place = () if main is None else (main.resource, main.rule.id, str(main.place.span))
        return "\n".join((self.kind, self.title, *place))


async def offer(session: Session, path: str, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Answer ``textDocument/codeAction``."""
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts:
        return []
    lines = {known: session.lines(source) for known, source in snapshot.texts.items()}
    span = lines[path].span(params.range)
    actions: list[types.CodeAction] = []
    for made in _offers(session, snapshot, path, span):
        if _is_wanted(made.kind, params.context):
            proven = await _proven(session, snapshot, made)
            if proven.planned.edits and proven.proof.holds:
                actions.append(_action(session, snapshot, path, lines, made, proven))
    if session.client.shows_disabled and _is_wanted(types.CodeActionKind.QuickFix, params.context):
        actions += _disabled(session, snapshot, path, lines, span)
    return actions


async def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """Answer ``codeAction/resolve``: the edit, on the text that the action was offered for.

    Raises:
        OutdatedError: the text has changed meanwhile, or the data is not ours.

    """
    data = action.data if isinstance(action.data, Mapping) else {}
    path, key = str(data.get("path")), data.get("key")
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts or _stamp(snapshot) != data.get("versions"):
        message = "the document has changed since this action was offered"
        raise OutdatedError(message)
    for made in _offers(session, snapshot, path, Span(0, len(snapshot.texts[path]))):
        if made.key() == key:
            action.edit = _edit(session, snapshot, made, await _proven(session, snapshot, made))
            return action
    message = "this action is not offered for the document any more"
    raise OutdatedError(message)


def _stamp(snapshot: Snapshot) -> dict[str, int | None]:
    """Return what must be the same when an action is chosen: the versions of all texts that it may be decided by."""
    return dict(snapshot.versions)


# --------------------------------------------------------------------- what is offered


def _is_wanted(kind: str, context: types.CodeActionContext) -> bool:
    if context.only is not None:
        return any(asked in ("", kind) or kind.startswith(f"{asked}.") for asked in context.only)
    # What an editor asks for at each move of the cursor is for the light bulb, which shows no source actions.
    return kind != FIX_ALL or context.trigger_kind is not types.CodeActionTriggerKind.Automatic


def _touches(finding: Finding, path: str, span: Span) -> bool:
    place = finding.place
    return place.path == path and place.span.start <= span.end and span.start <= place.span.end


def _offers(session: Session, snapshot: Snapshot, path: str, span: Span) -> Iterator[Offer]:
    here = [f for f in snapshot.findings if f.place.path == path and session.settings.shows(f)]
    touched = [finding for finding in here if _touches(finding, path, span)]
    yield from (_quick_fix(finding) for finding in touched if finding.fix.available)
    yield from _resources(here, touched)
    yield from _rules(here, touched)
    bulk = tuple(finding for finding in here if finding.fix.bulk)
    if bulk:
        yield Offer("Fix all safe findings in this file", FIX_ALL, bulk)


def _quick_fix(finding: Finding) -> Offer:
    confirm = None if finding.fix.bulk else finding.fix.note or "This fix is not applied without asking."
    return Offer(fix_title(finding), types.CodeActionKind.QuickFix, (finding,), finding, confirm)


def _resources(here: Sequence[Finding], touched: Sequence[Finding]) -> Iterator[Offer]:
    for resource in _unique(finding.resource for finding in touched):
        group = tuple(finding for finding in here if finding.resource == resource and finding.fix.bulk)
        if len(group) > 1:
            yield Offer(f"Secure {resource} ({len(group)} fixes)", types.CodeActionKind.QuickFix, group)


def _rules(here: Sequence[Finding], touched: Sequence[Finding]) -> Iterator[Offer]:
    for rule in _unique(finding.rule.id for finding in touched):
        group = tuple(finding for finding in here if finding.rule.id == rule and finding.fix.bulk)
        if len(group) > 1:
            yield Offer(f"Fix all {len(group)} findings of {rule} in this file", types.CodeActionKind.QuickFix, group)


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)


# --------------------------------------------------------------------- how it is offered


async def _proven(session: Session, snapshot: Snapshot, made: Offer) -> ProvenPlan:
    if made.main is not None:
        return await session.proven(snapshot, made.main)
    return await session.proven_together(snapshot, made.findings)


def _action(  # noqa: PLR0913, PLR0917 - an offer and where it stands
    session: Session,
    snapshot: Snapshot,
    path: str,
    lines: Mapping[str, Lines],
    made: Offer,
    proven: ProvenPlan,
) -> types.CodeAction:
    action = types.CodeAction(title=made.title, kind=made.kind)
    if made.kind == types.CodeActionKind.QuickFix:
        served = (finding for finding in proven.planned.served if finding.place.path == path)
        action.diagnostics = [_diagnostic(session, finding, lines, path) for finding in served]
    if made.main is not None:
        action.is_preferred = made.main.fix.bulk or None
    if session.client.resolves_edits:
        action.data = {"path": path, "versions": _stamp(snapshot), "key": made.key()}
    else:
        action.edit = _edit(session, snapshot, made, proven)
    return action


def _diagnostic(session: Session, finding: Finding, lines: Mapping[str, Lines], path: str) -> types.Diagnostic:
    return diagnostic_of(finding, lines[path], lines, session.client, page_of(finding.rule.id))


def _edit(session: Session, snapshot: Snapshot, made: Offer, proven: ProvenPlan) -> types.WorkspaceEdit:
    edits = proven.planned.edits
    lines = {path: session.lines(snapshot.texts[path]) for path in edits}
    uris = {path: session.uri(path) for path in edits}
    return workspace_edit(edits, lines, uris, snapshot.versions, session.client, made.confirm)


def _disabled(
    session: Session,
    snapshot: Snapshot,
    path: str,
    lines: Mapping[str, Lines],
    span: Span,
) -> Iterator[types.CodeAction]:
    for finding in snapshot.findings:
        if finding.fix.available or not _touches(finding, path, span) or not session.settings.shows(finding):
            continue
        yield types.CodeAction(
            title=f"Fix {finding.rule.id}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[_diagnostic(session, finding, lines, path)],
            disabled=types.CodeActionDisabled(finding.fix.reason or "there is no fix"),
        )
