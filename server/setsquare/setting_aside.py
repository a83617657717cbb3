"""How a finding can be set aside where it is: by a comment, or in the metadata of a template's resource.

The reason is left open: only a person can give it, and until then the analysis asks for it.
"""

from collections.abc import Callable, Iterator, Mapping

from setsquare.data import member
from setsquare.documents import Format, format_of
from setsquare.findings import Analysis, Finding
from setsquare.model import (
    Change,
    ExtendList,
    Insert,
    ListExpression,
    NewAttribute,
    NewBlock,
    ObjectExpression,
    TemplateResource,
    WrittenMap,
)
from setsquare.syntax import cfn, data_edits, suppressions
from setsquare.syntax.edit_error import EditError
from setsquare.text import Edit, Span, apply_edits

Analyse = Callable[[Mapping[str, bytes]], Analysis]


def set_aside(
    finding: Finding,
    blocks: tuple[Span, ...],
    before: Analysis,
    texts: Mapping[str, bytes],
    again: Analyse,
) -> tuple[Edit, ...] | None:
    """Return the edits of the finding's file that set it aside, and nothing of another rule or resource.

    Args:
        finding: what is to be set aside.
        blocks: the top-level blocks or resources of its file.
        before: the analysis that the finding is of.
        texts: of the files of its unit.
        again: analyses the unit with other texts.

    Returns:
        the edits of the narrowest way that works, as an analysis shows; None where there is none.

    """
    path = finding.place.path
    for edits in _ways(finding, blocks, texts[path]):
        after = again({**texts, path: apply_edits(texts[path], edits)})
        if _is_set_aside(finding, before, after):
            return edits
    return None


def _ways(finding: Finding, blocks: tuple[Span, ...], source: bytes) -> Iterator[tuple[Edit, ...]]:
    path, start = finding.place.path, finding.place.span.start
    written = format_of(path, source)
    if written is None:
        return
    around = [block.start for block in blocks if block.start <= start < block.end]
    for offset in dict.fromkeys((start, *around)):
        comment = suppressions.comment_above(written, source, offset, finding.rule.id)
        if comment is not None:
            yield (comment,)
    if written is Format.JSON:
        yield from _in_metadata(finding, source)


def _is_set_aside(finding: Finding, before: Analysis, after: Analysis) -> bool:
    """Whether nothing is found in the finding's place by its rule any more, and all else is as it was."""
    lost = _counted(before)
    for key, count in _counted(after).items():
        if lost.get(key, 0) < count:
            return False
        lost[key] -= count
    here = {_key(other) for other in before.findings if (other.place, other.rule) == (finding.place, finding.rule)}
    suppressed = {_key(entry.finding) for entry in after.suppressed}
    return here <= suppressed and all(key[0] == finding.rule.id for key, count in lost.items() if count)


Key = tuple[str, str, str]


def _key(finding: Finding) -> Key:
    return (finding.rule.id, finding.resource, finding.message)


def _counted(analysis: Analysis) -> dict[Key, int]:
    counts: dict[Key, int] = {}
    for finding in analysis.findings:
        counts[_key(finding)] = counts.get(_key(finding), 0) + 1
    return counts


# --------------------------------------------------------------------- JSON has no comments


def _in_metadata(finding: Finding, source: bytes) -> Iterator[tuple[Edit, ...]]:
    start = finding.place.span.start
    file = cfn.read(finding.place.path, source, Format.JSON)
    templates = file.templates if file is not None else ()
    for resource in (resource for template in templates for resource in template.resources):
        if resource.span.start <= start < resource.span.end:
            try:
                yield data_edits.plan(source, Format.JSON, [_metadata(resource, finding.rule.id)])
            except EditError:
                continue


def _metadata(resource: TemplateResource, rule: str) -> Change:
    item = WrittenMap((("rule", rule), ("reason", "")))
    ignore = NewAttribute("ignore", (item,))
    metadata = resource.metadata.get()
    if not isinstance(metadata, ObjectExpression):
        return Insert(resource.body_span, (NewBlock("Metadata", (NewBlock("setsquare", (ignore,)),)),))
    own = member(metadata, "setsquare")
    if not isinstance(own, ObjectExpression):
        return Insert(metadata.span, (NewBlock("setsquare", (ignore,)),))
    listed = member(own, "ignore")
    return ExtendList(listed.span, (item,)) if isinstance(listed, ListExpression) else Insert(own.span, (ignore,))
