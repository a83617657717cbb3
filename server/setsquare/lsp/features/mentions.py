"""Where rules are mentioned in comments that set findings aside, and in policy and rule files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from setsquare.data import compose
from setsquare.documents import format_of
from setsquare.lsp.features.vocabulary import Vocabulary
from setsquare.model import Expression, ListExpression, Literal, ObjectExpression
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.rule import Rule
from setsquare.suppression import OWN
from setsquare.syntax import suppressions
from setsquare.text import Span
from setsquare.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Mention:
    """The id of a rule, or a peer's id for some, and where it is written."""

    span: Span
    rules: tuple[Rule, ...]


def mentions(workspace: Workspace, path: str) -> tuple[Mention, ...]:
    """Return the mentions of rules in a file, in their order."""
    source = workspace.text(path)
    if source is None:
        return ()
    found = [*_in_comments(workspace.catalogue_of(path), path, source)]
    vocabulary = Vocabulary.of(workspace, path)
    if vocabulary is not None:
        for document in compose(source):
            found += _in_data(vocabulary.catalogue, document.root)
    return tuple(sorted(found, key=lambda mention: mention.span))


def _in_comments(catalogue: Catalogue, path: str, source: bytes) -> Iterator[Mention]:
    written = format_of(path, source)
    if written is None:
        return
    for suppression in suppressions.read(written, source):
        for name in suppression.rules:
            rules = _rules(catalogue, suppression.tool, name)
            word = re.compile(rb"(?<![\w.-])" + re.escape(name.encode()) + rb"(?![\w-])")
            found = word.search(source, suppression.span.start, suppression.span.end)
            if rules and found is not None:
                yield Mention(Span(*found.span()), rules)


def _rules(catalogue: Catalogue, tool: str, name: str) -> tuple[Rule, ...]:
    if tool == OWN:
        return (catalogue.rules[name],) if name in catalogue.rules else ()
    return tuple(catalogue.rules[rule] for rule in dict.fromkeys(rule for rule, _ in catalogue.aliased(tool, name)))


def _in_data(catalogue: Catalogue, expression: Expression) -> Iterator[Mention]:
    match expression:
        case Literal(span, str() as text) if text in catalogue.rules:
            yield Mention(span, (catalogue.rules[text],))
        case ListExpression(_, items):
            for item in items:
                yield from _in_data(catalogue, item)
        case ObjectExpression(_, entries):
            for entry in entries:
                yield from _in_data(catalogue, entry.value)
        case _:
            pass
