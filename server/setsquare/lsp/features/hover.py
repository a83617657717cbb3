"""Hover: what is wrong here, why, which requirement asks for it, what the fix costs and writes."""

from collections.abc import Iterator
from difflib import unified_diff

from lsprotocol import types

from setsquare.checking import ProvenPlan
from setsquare.data.spots import spot_at
from setsquare.findings import Finding, Satisfied
from setsquare.lsp.features.mentions import mentions
from setsquare.lsp.features.vocabulary import Vocabulary, without_marks
from setsquare.lsp.session import Session, Snapshot
from setsquare.rules.rule import Rule
from setsquare.text import Span
from setsquare.workspace import Workspace

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
_RULER = "\n\n---\n\n"


class Style:
    """How a hover is marked up: in Markdown, or as text that reads well without."""

    def __init__(self, *, markdown: bool) -> None:
        self._markdown = markdown

    def strong(self, text: str) -> str:
        """Return a text that stands out."""
        return f"**{text}**" if self._markdown else text

    def code(self, text: str) -> str:
        """Return a name as the configuration has it."""
        return f"`{text}`" if self._markdown else text

    def plain(self, text: str) -> str:
        """Return Markdown as it is, or without its marks."""
        return text if self._markdown else without_marks(text)

    def diff(self, text: str) -> str:
        """Return a diff."""
        return f"```diff\n{text}\n```" if self._markdown else text


async def hover(session: Session, path: str, position: types.Position) -> types.Hover | None:
    """Answer ``textDocument/hover``."""
    snapshot = await session.current(path)
    if snapshot is None or path not in snapshot.texts:
        return None
    lines = session.lines(snapshot.texts[path])
    offset = lines.offset(position)
    style = Style(markdown=session.client.markdown)
    found = [f for f in snapshot.findings if f.place.path == path and _holds(f.place.span, offset)]
    shown = [finding for finding in found if session.settings.shows(finding)]
    if shown:
        parts = [await _part(session, snapshot, finding, style) for finding in shown]
        return _hover(session, _RULER.join(parts), lines.range(shown[0].place.span))
    good = [s for s in snapshot.analysis.satisfied if s.place.path == path and _holds(s.place.span, offset)]
    if good:
        text = "\n\n".join(dict.fromkeys(fulfilled_text(satisfied, style) for satisfied in good))
        return _hover(session, text, lines.range(good[0].place.span))
    said = await session.ask(lambda workspace: _said(workspace, path, offset, style))
    return None if said is None else _hover(session, said[0], lines.range(said[1]))


def _said(workspace: Workspace, path: str, offset: int, style: Style) -> tuple[str, Span] | None:
    """Return what is to say of a word in a comment, a policy or a rule, and where it stands."""
    for mention in mentions(workspace, path):
        if _holds(mention.span, offset):
            return _RULER.join(rule_text(rule, style) for rule in mention.rules), mention.span
    vocabulary = Vocabulary.of(workspace, path)
    source = workspace.text(path) if vocabulary is not None else None
    spot = spot_at(source, offset) if source is not None else None
    if vocabulary is None or source is None or spot is None:
        return None
    word = source[spot.span.start : spot.span.end].decode("utf-8", "replace").strip("\"'")
    meaning = vocabulary.meaning(spot.path, word, is_key=spot.is_key)
    return None if meaning is None else (style.plain(meaning), spot.span)


def rule_text(rule: Rule, style: Style) -> str:
    """Return what a rule asks for, why, and by which standards."""
    asked = requirements(rule)
    parts = [
        f"{style.strong(rule.title)} · {rule.severity.value} · {style.code(rule.id)}",
        rule.rationale,
        f"Required by {asked}." if asked else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def _hover(session: Session, text: str, where: types.Range) -> types.Hover:
    kind = types.MarkupKind.Markdown if session.client.markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, text), where)


def requirements(rule: Rule) -> str:
    """Return which standards ask for a rule, by number; empty where none does."""
    parts = [f"{_STANDARDS.get(name, name)} {', '.join(ids)}" for name, ids in sorted(rule.frameworks.items())]
    return " · ".join(parts)


def fulfilled_text(satisfied: Satisfied, style: Style) -> str:
    """Return what a property fulfils."""
    rule = satisfied.rule
    asked = requirements(rule)
    return f"✓ {style.strong(rule.title)} ({style.code(rule.id)})" + (f"\n\nRequired by {asked}." if asked else "")


async def _part(session: Session, snapshot: Snapshot, finding: Finding, style: Style) -> str:
    proven = await session.proven(snapshot, finding) if finding.fix.available else None
    return "\n\n".join(finding_texts(finding, snapshot, proven, style))


def finding_texts(finding: Finding, snapshot: Snapshot, proven: ProvenPlan | None, style: Style) -> Iterator[str]:
    """Yield the paragraphs about a finding."""
    rule, fix = finding.rule, finding.fix
    yield f"{style.strong(rule.title)} · {rule.severity.value} · {style.code(rule.id)}"
    yield finding.message
    yield rule.rationale
    asked = requirements(rule)
    if asked:
        yield f"Required by {asked}."
    if proven is None:
        yield f"No fix: {(fix.reason or 'there is none').rstrip('.')}."
        return
    if not proven.proof.holds:
        yield "No fix: the planned one did not pass its proof."
        return
    cost = fix.impact.value.replace("_", " ") if fix.impact is not None else "unknown"
    yield " ".join(filter(None, (f"Impact of the fix: {cost}.", fix.note, f"Proof: {proven.proof}.")))
    for path, new in proven.planned.apply(snapshot.all_texts).items():
        yield style.diff(_diff(snapshot.all_texts[path], new))


def _diff(old: bytes, new: bytes) -> str:
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (old, new))
    return "\n".join(list(unified_diff(before, after, lineterm="", n=1))[2:])
