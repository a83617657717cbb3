"""Hover: what is wrong here, why, which requirement asks for it, what the fix costs and writes."""

from difflib import unified_diff

from lsprotocol import types

from setsquare.findings import Finding, Satisfied
from setsquare.lsp.convert import Lines
from setsquare.lsp.session import Session, Snapshot
from setsquare.rules.rule import Rule

_STANDARDS = {
    "fsbp": "AWS FSBP",
    "cis_aws_3.0": "CIS AWS 3.0",
    "cis_aws_5.0": "CIS AWS 5.0",
    "nist_800_53_r5": "NIST 800-53 r5",
    "pci_dss_4.0.1": "PCI DSS 4.0.1",
    "soc2_tsc": "SOC 2",
    "iso_27001_2022": "ISO 27001:2022",
    "hipaa": "HIPAA",
}


async def hover(session: Session, path: str, position: types.Position) -> types.Hover | None:
    """Answer ``textDocument/hover``."""
    snapshot = await session.snapshot(path)
    if snapshot is None or path not in snapshot.texts:
        return None
    lines = Lines(snapshot.texts[path], session.encoding)
    offset = lines.offset(position)
    found = [f for f in snapshot.analysis.findings if f.place.path == path and _holds(f.place.span, offset)]
    if found:
        sections = [await _section(session, snapshot, finding) for finding in found]
        return _hover(session, "\n\n---\n\n".join(sections), lines.range(found[0].place.span))
    good = [s for s in snapshot.analysis.satisfied if s.place.path == path and _holds(s.place.span, offset)]
    if good:
        text = "\n\n".join(dict.fromkeys(_fulfilled(satisfied) for satisfied in good))
        return _hover(session, text, lines.range(good[0].place.span))
    return None


def _holds(span: tuple[int, int], offset: int) -> bool:
    return span[0] <= offset <= span[1]


def _hover(session: Session, text: str, where: types.Range) -> types.Hover:
    kind = types.MarkupKind.Markdown if session.client.markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, text), where)


def _requirements(rule: Rule) -> str:
    parts = [f"{_STANDARDS.get(name, name)} {', '.join(ids)}" for name, ids in sorted(rule.frameworks.items())]
    return " · ".join(parts)


def _fulfilled(satisfied: Satisfied) -> str:
    rule = satisfied.rule
    asked = _requirements(rule)
    return f"✓ **{rule.title}** (`{rule.id}`)" + (f"  \n{asked}" if asked else "")


async def _section(session: Session, snapshot: Snapshot, finding: Finding) -> str:
    rule, fix = finding.rule, finding.fix
    lines = [f"**{rule.title}** · {rule.severity.value} · `{rule.id}`", finding.message, rule.rationale]
    asked = _requirements(rule)
    if asked:
        lines.append(f"Required by {asked}.")
    if not fix.available:
        lines.append(f"No fix: {fix.reason}.")
        return "\n\n".join(lines)
    proven = await session.proven_plan(snapshot, [finding])
    cost = fix.impact.value.replace("_", " ") if fix.impact is not None else "unknown"
    lines.append(f"Fix: {cost}. {fix.note} Proof: {proven.proof}.".replace(" .", "."))
    for path, new in proven.planned.apply(snapshot.texts).items():
        diff = unified_diff(
            snapshot.texts[path].decode("utf-8", "replace").splitlines(),
            new.decode("utf-8", "replace").splitlines(),
            lineterm="",
            n=1,
        )
        lines.append("```diff\n" + "\n".join(list(diff)[2:]) + "\n```")
    return "\n\n".join(lines)
