"""Code actions that name a policy parameter which a fix needs; its value is the person's to write."""

from collections.abc import Iterable, Iterator

from setsquare.findings import Finding
from setsquare.lsp.convert import workspace_edit
from setsquare.lsp.features.fixing import QUICK
from setsquare.lsp.features.offering import Made, Offer, Situation
from setsquare.policy_edits import with_parameter
from setsquare.rules.policy_file import FILE_NAME
from setsquare.workspace import Workspace


def offers(situation: Situation, asked: Iterable[Finding]) -> Iterator[Offer]:
    """Yield an action for each parameter that some finding's fix needs."""
    lacking: dict[str, list[Finding]] = {}
    for finding in asked:
        if finding.fix.parameter is not None:
            lacking.setdefault(finding.fix.parameter, []).append(finding)
    for name, findings in lacking.items():
        yield _offer(situation, name, tuple(findings))


def _offer(situation: Situation, name: str, findings: tuple[Finding, ...]) -> Offer:
    session, unit = situation.session, situation.snapshot.unit.key

    def find(workspace: Workspace) -> tuple[str, bytes | None]:
        file = workspace.policy_file_of(unit)
        if file is None:
            return f"{workspace.root_of(unit)}/{FILE_NAME}", None
        return file, workspace.text(file)

    async def make() -> Made | None:
        file, source = await session.ask(find)
        edits = with_parameter(source or b"", name)
        if edits is None:
            return None
        edit = workspace_edit(
            {file: edits},
            {file: session.lines(source or b"")},
            {file: session.uri(file)},
            {file: session.version(file)},
            session.client,
            created={file} if source is None else (),
        )
        return Made(edit, ())

    return Offer(f"Set the policy parameter {name} in {FILE_NAME}", QUICK, ("parameter", name), make, findings)
