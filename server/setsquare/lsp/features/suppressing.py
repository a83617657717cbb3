"""Code actions that set a finding aside where it is; the reason is the person's to write."""

from collections.abc import Iterable, Mapping

from setsquare.documents import Format, format_of
from setsquare.findings import Analysis, Finding
from setsquare.lsp.features.fixing import QUICK
from setsquare.lsp.features.offering import Made, Offer, Refused, Situation
from setsquare.setting_aside import set_aside
from setsquare.text import Edit
from setsquare.workspace import Workspace

_WITHOUT_COMMENTS = (Format.TF_JSON, Format.TFVARS_JSON)


async def offers(situation: Situation, asked: Iterable[Finding]) -> list[Offer | Refused]:
    """Return an action for each finding; refused where the policy does not let its rule be set aside."""
    unit = situation.snapshot.unit.key
    policy = await situation.session.ask(lambda workspace: workspace.policy_of(unit))
    return [
        _offer(situation, finding)
        if policy.may_suppress(finding.rule.id)
        else Refused(_title(finding), QUICK, "the policy lets nobody suppress this rule", finding)
        for finding in asked
        if format_of(situation.path) not in _WITHOUT_COMMENTS
    ]


def _title(finding: Finding) -> str:
    return f"Suppress {finding.rule.id} here, with a reason"


def _offer(situation: Situation, finding: Finding) -> Offer:
    snapshot, path = situation.snapshot, situation.path

    def find(workspace: Workspace) -> tuple[Edit, ...] | None:
        def again(texts: Mapping[str, bytes]) -> Analysis:
            return workspace.analyse_texts(snapshot.unit, texts)

        return set_aside(finding, snapshot.blocks[path], snapshot.analysis, snapshot.texts, again)

    async def make() -> Made | None:
        edits = await situation.session.ask(find)
        # What is to be written stands at the end of a comment, but inside of what JSON needs.
        fill_in = format_of(path, snapshot.texts[path]) is not Format.JSON
        return None if edits is None else Made(situation.edit({path: edits}, fill_in=fill_in), (finding,))

    key = ("suppress", finding.rule.id, finding.resource, str(tuple(finding.place.span)))
    return Offer(_title(finding), QUICK, key, make, (finding,), is_checked=False)
