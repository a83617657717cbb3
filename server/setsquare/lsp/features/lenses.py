"""Code lenses: how many findings a file has, and a fix for all that is safe; shown where the settings say so."""

from lsprotocol import types

from setsquare.lsp.features.commands import FIX_FILE
from setsquare.lsp.features.offering import Situation
from setsquare.lsp.session import Session

_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))


async def lenses(session: Session, path: str) -> list[types.CodeLens]:
    """Answer ``textDocument/codeLens``."""
    if not session.settings.code_lens:
        return []
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts:
        return []
    findings = Situation.of(session, snapshot, path).findings
    if not findings:
        return []
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    shown = [types.CodeLens(_TOP, types.Command(f"Setsquare: {count}", ""))]
    safe = sum(finding.fix.bulk for finding in findings)
    if safe and session.client.applies:
        command = types.Command(f"Fix {safe} safe to fix", FIX_FILE, arguments=[session.uri(path)])
        shown.append(types.CodeLens(_TOP, command))
    return shown
