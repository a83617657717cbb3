"""Where things flow between the parts of Terraform modules: what a literal reaches, and which resources leave."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from setsquare.model import Body, Place
from setsquare.resolve.expressions import references
from setsquare.resolve.module_calls import Owner

if TYPE_CHECKING:
    from setsquare.resolve.terraform import TerraformModule

_NAMED = 2
"""How many steps of a path name what it starts from: ``var.x``, ``module.m``."""


def uses(module: "TerraformModule", place: Place) -> tuple[Place, ...]:
    """Return the expressions that a literal flows into, through variables, local values, arguments and outputs."""
    start = module.reading(place.path)
    owner = _owner(start, place)
    if owner is None:
        return ()
    found: set[Place] = set()
    seen: set[tuple[str, Owner]] = set()
    todo = [(start, owner)]
    while todo:
        holder, named = todo.pop()
        if (holder.address, named) in seen:
            continue
        seen.add((holder.address, named))
        for following in _next(holder, named):
            if isinstance(following, Place):
                found.add(following)
            else:
                todo.append(following)
    return tuple(sorted(found))


def _owner(module: "TerraformModule", place: Place) -> Owner | None:
    index = module.index
    for name, (path, attribute) in index.locals.items():
        if path == place.path and attribute.span.contains(place.span):
            return "local", name
    for name, (path, attribute) in index.values.items():
        if path == place.path and attribute.span.contains(place.span):
            return "var", name
    for kind, table in (("var", index.variables), ("output", index.outputs)):
        for name, (path, block) in table.items():
            if path == place.path and block.span.contains(place.span):
                return kind, name
    for name, (path, block) in index.modules.items():
        if path == place.path and block.span.contains(place.span):
            inside = (a.name for a in block.body.attributes.values() if a.span.contains(place.span))
            return f"module {name}", next(inside, "")
    return None


def _next(module: "TerraformModule", owner: Owner) -> "Iterator[Place | tuple[TerraformModule, Owner]]":
    kind, name = owner
    if kind == "output":
        yield from _after_output(module, name)
    elif kind.startswith("module "):
        yield from _after_argument(module, kind.removeprefix("module "), name)
    for path, user, reference in module.folder.users.get(owner, ()):
        if user is None:
            yield Place(path, reference.span)
        elif user != owner:
            yield module, user


def _after_output(module: "TerraformModule", name: str) -> "Iterator[Place | tuple[TerraformModule, Owner]]":
    path, block = module.index.outputs[name]
    if module.caller is None or module.call is None:
        yield Place(path, block.header)
        return
    for used_in, user, reference in module.caller.folder.users.get(("module", module.call.name), ()):
        if name in reference.path[_NAMED : _NAMED + 2] or len(reference.path) == _NAMED:
            yield Place(used_in, reference.span) if user is None else (module.caller, user)


def _after_argument(
    module: "TerraformModule", name: str, argument: str
) -> "Iterator[Place | tuple[TerraformModule, Owner]]":
    path, block = module.index.modules[name]
    if argument in ("for_each", "count"):
        for other, attribute in block.body.attributes.items():
            if any(reference.path[0] in ("each", "count") for reference in references(attribute.value)):
                yield module, (f"module {name}", other)
        return
    called = module.called(name)
    if isinstance(called, str):
        yield Place(path, block.header)
    else:
        for one in called:
            yield one, ("var", argument)


def handed_out(top: "TerraformModule") -> frozenset[tuple[str, str, str]]:
    """Return the resources that a root module hands to a module that is not known, or to callers that are not.

    Each is (the address of its module, type, name).
    """
    todo: list[tuple[TerraformModule, tuple[str, ...]]] = []
    for module in top.tree:
        for name, (_, block) in module.index.modules.items():
            if not module.is_followed(name):
                todo += ((module, path) for path in _paths(block.body))
    if top.is_library:
        for _, block in top.index.outputs.values():
            todo += ((top, path) for path in _paths(block.body))
    found: set[tuple[str, str, str]] = set()
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while todo:
        module, path = todo.pop()
        if len(path) < _NAMED or (module.address, path) in seen:
            continue
        seen.add((module.address, path))
        if path[0] in ("local", "var", "module"):
            todo += _sources(module, path)
        else:
            found.add((module.address, path[0], path[1]))
    return frozenset(found)


def _sources(module: "TerraformModule", path: tuple[str, ...]) -> "Iterator[tuple[TerraformModule, tuple[str, ...]]]":
    """Yield what the value of a name is made of, by what is written alone."""
    kind, name, *steps = path
    if kind == "local" and name in module.index.locals:
        for reference in references(module.index.locals[name][1].value):
            yield module, reference.path
    elif kind == "var" and module.caller is not None and module.call is not None:
        attributes = module.call.block.body.attributes
        for given in (attributes.get(name), attributes.get("for_each")):
            for reference in references(given.value) if given is not None else ():
                yield module.caller, reference.path
    elif kind == "module" and name in module.index.modules:
        called = module.called(name) if module.is_followed(name) else ""
        for one in () if isinstance(called, str) else called:
            for output, (_, block) in one.index.outputs.items():
                if not steps or output in steps[:2]:
                    yield from ((one, inner) for inner in _paths(block.body))


def _paths(body: Body) -> Iterator[tuple[str, ...]]:
    for attribute in body.attributes.values():
        for reference in references(attribute.value):
            yield reference.path
    for block in body.blocks:
        yield from _paths(block.body)
