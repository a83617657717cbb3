"""Code actions: which are offered where they are asked for, and their edits; those that fix are proven first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsprotocol import types

from setsquare.findings import Finding
from setsquare.lsp.features import commands, fixing, parameters, suppressing
from setsquare.lsp.features.fixing import FIX_ALL, QUICK
from setsquare.lsp.features.offering import Made, Offer, Refused, Situation
from setsquare.lsp.session import Session, Snapshot

KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


class OutdatedError(Exception):
    """The document has moved on since the action was offered."""


async def offer(session: Session, path: str, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Answer ``textDocument/codeAction``."""
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts:
        return []
    situation = Situation.of(session, snapshot, path)
    context = params.context
    asked = situation.asked(params.range, context.diagnostics)
    actions: list[types.CodeAction] = []
    disabled: list[Refused] = []
    for made in [*await _for_findings(situation, asked, context), *_for_file(situation, context)]:
        if isinstance(made, Refused):
            disabled.append(made)
        else:
            action = await _action(situation, made)
            if action is not None:
                actions.append(action)
            elif made.key[0] == "fix":
                disabled.append(Refused(made.title, made.kind, fixing.UNPROVEN, made.about[0]))
    if session.client.shows_disabled:
        actions += [_disabled(situation, one) for one in disabled]
    return actions


async def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """Answer ``codeAction/resolve``: the edit, on the text that the action was offered for.

    Raises:
        OutdatedError: the text has changed meanwhile, or the data is not ours.

    """
    if action.data is None:
        return action  # a command, or one that is disabled: all that there is has been said
    data = action.data if isinstance(action.data, Mapping) else {}
    path, key = str(data.get("path")), data.get("key")
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts or _stamp(snapshot) != data.get("versions"):
        message = "the document has changed since this action was offered"
        raise OutdatedError(message)
    situation = Situation.of(session, snapshot, path)
    everything = [*await _offers(situation, situation.findings), *fixing.fix_all(situation)]
    for made in everything:
        if isinstance(made, Offer) and made.make is not None and list(made.key) == key:
            done = await made.make()
            if done is not None:
                action.edit = done.edit
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


async def _for_findings(
    situation: Situation, asked: Sequence[Finding], context: types.CodeActionContext
) -> Sequence[Offer | Refused]:
    return await _offers(situation, asked) if asked and _is_wanted(QUICK, context) else ()


def _for_file(situation: Situation, context: types.CodeActionContext) -> Iterable[Offer]:
    return fixing.fix_all(situation) if _is_wanted(FIX_ALL, context) else ()


async def _offers(situation: Situation, asked: Sequence[Finding]) -> list[Offer | Refused]:
    return [
        *fixing.offers(situation, asked),
        *commands.fixes_in_workspace(situation, asked),
        *parameters.offers(situation, asked),
        *await suppressing.offers(situation, asked),
        *commands.explanations(asked),
        *fixing.refused(asked),
    ]


# --------------------------------------------------------------------- how it is offered


async def _action(situation: Situation, made: Offer) -> types.CodeAction | None:
    session = situation.session
    action = types.CodeAction(title=made.title, kind=made.kind, command=made.command)
    served = made.about
    if made.make is not None:
        resolves = session.client.resolves_edits
        done = await made.make() if made.is_checked or not resolves else Made(types.WorkspaceEdit(), made.about)
        if done is None:
            return None
        served = done.served or made.about
        if resolves:
            action.data = {"path": situation.path, "versions": _stamp(situation.snapshot), "key": list(made.key)}
        else:
            action.edit = done.edit
    if made.kind == QUICK:
        action.diagnostics = list(_diagnostics(situation, served))
    action.is_preferred = made.is_preferred or None
    return action


def _diagnostics(situation: Situation, served: Iterable[Finding]) -> Iterator[types.Diagnostic]:
    return (situation.diagnostic(finding) for finding in served if finding.place.path == situation.path)


def _disabled(situation: Situation, refused: Refused) -> types.CodeAction:
    return types.CodeAction(
        title=refused.title,
        kind=refused.kind,
        diagnostics=[situation.diagnostic(refused.about)],
        disabled=types.CodeActionDisabled(refused.reason),
    )
