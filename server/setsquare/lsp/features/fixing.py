"""The fixes among the code actions: of one finding, a resource, a rule in a file, and of all that is safe."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types

from setsquare.checking import ProvenPlan
from setsquare.findings import Finding
from setsquare.lsp.features.offering import Made, Offer, Refused, Situation
from setsquare.lsp.titles import cost_of, fix_title

FIX_ALL = "source.fixAll.setsquare"
QUICK = types.CodeActionKind.QuickFix.value
_ASK = "This fix is not applied without asking."
UNPROVEN = "the planned fix did not pass its proof"


def offers(situation: Situation, asked: Sequence[Finding]) -> Iterator[Offer]:
    """Yield the fixes of findings, one by one and together with others of their resource or rule."""
    available = [finding for finding in asked if finding.fix.available]
    for finding, title in zip(available, _titles(available), strict=True):
        yield _quick_fix(situation, finding, title)
    for resource in _unique(finding.resource for finding in asked):
        yield from _resource(situation, resource)
    for rule in _unique(finding.rule.id for finding in asked):
        group = [finding for finding in situation.findings if finding.rule.id == rule and finding.fix.bulk]
        if len(group) > 1:
            title = f"Fix all {len(group)} findings of {rule} in this file"
            yield _together(situation, group, title, ("rule", rule))


def fix_all(situation: Situation) -> Iterator[Offer]:
    """Yield the one action that fixes all that is safe to fix in a file."""
    bulk = [finding for finding in situation.findings if finding.fix.bulk]
    if bulk:
        yield _together(situation, bulk, "Fix all safe findings in this file", ("file",), kind=FIX_ALL)


def refused(asked: Iterable[Finding]) -> Iterator[Refused]:
    """Yield the fixes that cannot be made, with the reason."""
    for finding in asked:
        if not finding.fix.available:
            yield Refused(f"Fix {finding.rule.id}", QUICK, finding.fix.reason or "there is no fix", finding)


def _titles(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield titles that tell the fixes apart: two rules may want one companion, and then each is named."""
    plain = [fix_title(finding) for finding in findings]
    ruled = [f"{title} ({finding.rule.id})" for title, finding in zip(plain, findings, strict=True)]
    first, second = Counter(plain), Counter(ruled)
    for title, with_rule, finding in zip(plain, ruled, findings, strict=True):
        if first[title] == 1:
            yield title
        else:
            yield with_rule if second[with_rule] == 1 else f"{with_rule} in {finding.resource}"


def _quick_fix(situation: Situation, finding: Finding, title: str) -> Offer:
    confirm = None if finding.fix.bulk else finding.fix.note or _ASK

    async def make() -> Made | None:
        return _made(situation, await situation.session.proven(situation.snapshot, finding), confirm)

    key = ("fix", finding.rule.id, finding.resource, str(tuple(finding.place.span)))
    return Offer(title, QUICK, key, make, (finding,), is_preferred=finding.fix.bulk)


def _resource(situation: Situation, resource: str) -> Iterator[Offer]:
    """Yield what secures a resource: by its safe fixes, and by all of them where some need a yes."""
    group = [finding for finding in situation.findings if finding.resource == resource and finding.fix.available]
    safe = [finding for finding in group if finding.fix.bulk]
    if len(safe) > 1:
        yield _together(situation, safe, f"Secure {resource} ({len(safe)} fixes)", ("resource", resource))
    risky = [finding for finding in group if not finding.fix.bulk]
    if risky and len(group) > 1:
        notes = " ".join(_unique(finding.fix.note or _ASK for finding in risky))
        title = f"Secure {resource} with all {len(group)} fixes{cost_of(finding.fix.impact for finding in group)}"
        yield _together(situation, group, title, ("everything", resource), confirm=notes)


def _together(  # noqa: PLR0913 - an offer has a title, a key and a kind
    situation: Situation,
    findings: Iterable[Finding],
    title: str,
    key: tuple[str, ...],
    *,
    kind: str = QUICK,
    confirm: str | None = None,
) -> Offer:
    group = tuple(findings)

    async def make() -> Made | None:
        return _made(situation, await situation.session.proven_together(situation.snapshot, group), confirm)

    return Offer(title, kind, key, make, group)


def _made(situation: Situation, proven: ProvenPlan, confirm: str | None) -> Made | None:
    if not proven.planned.edits or not proven.proof.holds:
        return None
    return Made(situation.edit(proven.planned.edits, confirm), proven.planned.served)


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)
