"""A template that is analysed again after each edit, as ``incremental`` does it with modules.

An entry speaks of another one if its name is anywhere in its text, as a word: what is found is never too little.
Whatever concerns all resources, and every template that cannot be read piece by piece, is judged whole.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from setsquare.documents import Dialect
from setsquare.findings import Analysis
from setsquare.incremental import File, IncrementalModule, Rules
from setsquare.mentions import Known, count_uses
from setsquare.model import (
    Block,
    CloudFormationTemplate,
    ConfigurationFile,
    Expression,
    Literal,
    ObjectExpression,
    Reference,
)
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.syntax import template_pieces
from setsquare.syntax.template_pieces import PiecedTemplate
from setsquare.text import Span

JudgeTemplate = Callable[[CloudFormationTemplate, frozenset[tuple[str, str]], bytes, bytes], Analysis]
"""Analyses a template that may hold only some of its resources.

Takes the types and names of all, its layout, and the layout again where there are suppressions in it, else nothing.
"""
_WORD = re.compile(rb"[A-Za-z0-9_]+")
_POINTING = ("Ref", "Fn::GetAtt")


class TemplateAmong(TemplateScope):
    """A part of a template: some of its resources, and the types and names of all."""

    def __init__(
        self, path: str, template: CloudFormationTemplate, text: bytes, names: frozenset[tuple[str, str]]
    ) -> None:
        """Take the part, the text that positions count in, and what all resources are called."""
        super().__init__(path, template, text)
        self._all_names = names

    def names(self) -> set[tuple[str, str]]:
        """Return the type and name of every resource of the whole template."""
        return {*self._all_names}


class NotInPiecesError(Exception):
    """The template cannot be read piece by piece."""


class IncrementalTemplate(IncrementalModule):
    """One template file."""

    def __init__(self, catalogue: Catalogue, policy: Policy, judge: JudgeTemplate) -> None:
        """Take the rules and what analyses templates."""
        super().__init__(
            Rules(catalogue, policy, Dialect.CLOUDFORMATION),
            _not_read,
            lambda _files, _layouts, _marked: Analysis(),
            lambda _files, _layouts: (),
        )
        self._judge_template = judge
        self._general: tuple[object, ...] | None = None

    def analyse(self, texts: Mapping[str, bytes]) -> Analysis:
        """Return what is found in this text; NotInPiecesError where the template is to be judged whole."""
        return super().analyse(texts)

    def blocks(self, path: str) -> tuple[Span, ...]:
        """Return the resources of the file."""
        del path  # there is one
        pieces = self._pieces
        return tuple(pieces.span(resource.span) for resource in pieces.template.resources)

    @property
    def _pieces(self) -> PiecedTemplate:
        (file,) = self._files.values()
        if not isinstance(file.pieces, PiecedTemplate):
            raise NotInPiecesError
        return file.pieces

    # ------------------------------------------------------------- reading

    def _read(self, path: str, source: bytes, known: File | None) -> File:
        before = known.pieces if known is not None else None
        pieces = template_pieces.read(path, source, before if isinstance(before, PiecedTemplate) else None)
        if pieces is None:
            raise NotInPiecesError
        return File(source, pieces.file, pieces, any(piece.is_marked for piece in pieces.pieces))

    def _known(self, path: str, block: Block, file: File) -> Known:
        if not isinstance(file.pieces, PiecedTemplate):
            raise NotInPiecesError
        mentions = tuple(sorted(word.decode() for word in _WORD.findall(file.pieces.texts[id(block)])))
        *_, name = block.labels
        names = frozenset() if block.kind == "output" else frozenset((name,))
        if id(block) not in file.pieces.resources:
            return Known(path, block, names, mentions, None, None)
        return Known(path, block, names, mentions, (block.labels[0], name), name)

    # ------------------------------------------------------------- judging

    def _run(self, keys: Collection[int] | None) -> Analysis:
        pieces = self._pieces
        template = pieces.template
        if keys is not None:
            wanted = {id(pieces.resources[key]) for key in keys if key in pieces.resources}
            template = template_with(template, wanted)
        is_marked = any(piece.is_marked for piece in pieces.pieces)
        return self._judge_template(template, self._names, pieces.layout, pieces.layout if is_marked else b"")

    def _judge_all(self) -> None:
        self._general = None if self._broken else self._pieces.general
        super()._judge_all()

    def _concerns_all(self, removed: Sequence[Known], added: Sequence[Known]) -> bool:
        """Whether something changed that is no entry of its own; in a broken text that waits."""
        del removed, added
        return not self._broken and self._pieces.general != self._general

    def _count_uses(self, removed: Sequence[Known], added: Sequence[Known]) -> None:
        values = {
            known.block.labels[-1]
            for known in (*self._mentions.blocks.values(), *removed)
            if known.resource is None and known.names
        }
        count_uses(self._uses, removed, added, values.__contains__)

    # ------------------------------------------------------------- what belongs together

    def _points_at(self, known: Known, attribute: str, kind: str) -> str | None:
        """Return the name of the only resource that a property can point at; None where that is not plain."""
        del kind  # a name says which resource it is
        written = self._pieces.resources.get(id(known.block))
        properties = None if written is None else written.properties.get()
        match _value_of(properties, attribute):
            case Reference(_, (function, name, *_)) if function in _POINTING and self._is_resource(name):
                return name
            case _:
                return None

    def _is_resource(self, name: str) -> bool:
        blocks = self._mentions.blocks
        return any(blocks[key].resource is not None for key in self._mentions.keys_of([name]))

    def _primaries(self, things: Iterable[str], kind: str) -> set[str]:
        return self._addresses(self._mentions.keys_of(things) & {*self._mentions.of_type(kind)})

    def _named_like(self, known: Known) -> set[str]:
        """Return the resources whose new companions might be called as this one is: logical ids are of no type."""
        if known.resource is None:
            return set()
        name = known.resource[1]
        names = {start for start in self._starts_of(name) if self._may_clash(start, name)}
        return {
            address
            for address in self._addresses(self._mentions.keys_of(names))
            if any(self._rules.companions.get(kind) for kind in self._types_of(address))
        }

    def _types_of(self, address: str) -> Iterator[str]:
        for key in self._mentions.keys_of([address]):
            resource = self._mentions.blocks[key].resource
            if resource is not None:
                yield resource[0]

    def _called_like(self, names: Collection[str]) -> set[int]:
        """Return the resources whose new companions could be called as those of these are."""
        shorter = {start for name in names for start in self._starts_of(name) if self._may_clash(start, name)}
        starts = tuple(names)
        longer = {
            name
            for _, name in self._names
            if name.startswith(starts)
            and any(name.startswith(start) and self._may_clash(start, name) for start in starts)
        }
        return self._mentions.keys_of(shorter | longer)

    @staticmethod
    def _starts_of(name: str) -> Iterator[str]:
        return (name[:end] for end in range(1, len(name)))

    def _may_clash(self, name: str, longer: str) -> bool:
        """Whether a new companion of one resource may be called like another one, or like a companion of that."""
        rest = longer[len(name) :]
        return any(rest.startswith(ending) or ending.startswith(rest) for ending in self._rules.endings)

    def _siblings(self) -> Callable[[str, Span], frozenset[tuple[str, str]]]:
        names, blocks = self._names, self._mentions.blocks

        def siblings(_path: str, one: Span) -> frozenset[tuple[str, str]]:
            for known in blocks.values():
                if known.resource is not None and known.block.span.contains(one):
                    kinds = self._rules.companions.get(known.resource[0], ())
                    return frozenset(pair for pair in names if pair[0] in kinds)
            return frozenset()

        return siblings


def template_with(template: CloudFormationTemplate, wanted: Collection[int]) -> CloudFormationTemplate:
    """Return a template with those of its resources whose identities are given."""
    return CloudFormationTemplate(
        span=template.span,
        resources=tuple(resource for resource in template.resources if id(resource) in wanted),
        parameters=template.parameters,
        conditions=template.conditions,
        mappings=template.mappings,
        metadata=template.metadata,
        globals=template.globals,
        outputs=template.outputs,
        rules=template.rules,
        loops=template.loops,
        complete=template.complete,
    )


def _value_of(properties: Expression | None, name: str) -> Expression | None:
    if isinstance(properties, ObjectExpression):
        for entry in properties.entries:
            if isinstance(entry.key, Literal) and entry.key.value == name:
                return entry.value
    return None


def _not_read(_path: str, _source: bytes) -> ConfigurationFile | None:
    raise NotInPiecesError
