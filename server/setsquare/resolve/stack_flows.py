"""Where things flow between templates: what a literal reaches, and which resources leave."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from setsquare.model import Expression, Place
from setsquare.resolve.expressions import references
from setsquare.resolve.stack_calls import OUTPUTS
from setsquare.text import Span

if TYPE_CHECKING:
    from setsquare.resolve.cloudformation import TemplateScope

Named: TypeAlias = tuple[str, str]
"""What has a name in a template: (``parameter`` | ``output``, name)."""


def uses(scope: "TemplateScope", place: Place) -> tuple[Place, ...]:
    """Return the expressions that a literal flows into, through parameters, mappings, arguments and outputs."""
    start = scope.reading(place.path)
    if start.path != place.path:  # in a file that is included, which is not edited
        return ()
    found: dict[Place, None] = {}
    seen: set[tuple[str, Named]] = set()
    passed = _passed_on(start, place.span)
    todo = [passed] if passed is not None else [*_followed(start, start.direct_uses(place.span), found)]
    while todo:
        holder, named = todo.pop()
        if (holder.address, named) not in seen:
            seen.add((holder.address, named))
            todo += _followed(*_uses_of(holder, named), found)
    return tuple(found)


def _followed(
    scope: "TemplateScope", spans: Iterable[Span], found: dict[Place, None]
) -> "Iterator[tuple[TemplateScope, Named]]":
    """Yield what takes the value of an expression and hands it on; where nothing does, the expression is found."""
    for span in spans:
        passed = _passed_on(scope, span)
        if passed is None:
            found.setdefault(Place(scope.path, span))
        else:
            yield passed


def _passed_on(scope: "TemplateScope", span: Span) -> "tuple[TemplateScope, Named] | None":
    """Return what takes the value at a span: a parameter of a nested stack, or, for the caller, an output."""
    argument = scope.argument_at(span)
    if argument is not None:
        called = scope.called(argument[0])
        return None if isinstance(called, str) or not called else (called[0], ("parameter", argument[1]))
    output = scope.output_at(span) if scope.caller is not None else None
    return None if output is None else (scope, ("output", output))


def _uses_of(scope: "TemplateScope", named: Named) -> "tuple[TemplateScope, Iterable[Span]]":
    """Return where what has a name is used: an output in the caller."""
    kind, name = named
    if kind == "output" and scope.caller is not None and scope.call is not None:
        return scope.caller, scope.caller.spans_of(("Fn::GetAtt", scope.call.name, OUTPUTS + name))
    return scope, scope.spans_of(("Ref", name))


def handed_out(top: "TemplateScope") -> frozenset[tuple[str, str]]:
    """Return the resources that are handed to a nested stack that is not known: the address of its stack, and name."""
    todo: list[tuple[TemplateScope, tuple[str, ...]]] = []
    for scope in top.tree:
        for written in scope.stacks.values():
            properties = written.properties.get()
            if isinstance(scope.called(written.name), str) and properties is not None:
                todo += _paths(scope, properties)
    found: set[tuple[str, str]] = set()
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while todo:
        scope, path = todo.pop()
        if (scope.address, path) in seen:
            continue
        seen.add((scope.address, path))
        sources = scope.source_of(path)
        if sources is None:
            found.add((scope.address, path[1]))
        else:
            holder, expression = sources
            todo += _paths(holder, expression) if expression is not None else ()
    return frozenset(found)


def _paths(scope: "TemplateScope", expression: Expression) -> "Iterator[tuple[TemplateScope, tuple[str, ...]]]":
    for reference in references(expression):
        if reference.path[0] in ("Ref", "Fn::GetAtt"):
            yield scope, reference.path
