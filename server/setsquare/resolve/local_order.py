"""In which order local values are evaluated, so that none waits for another: each after those that it names."""

from collections.abc import Mapping

from setsquare.model import Attribute
from setsquare.resolve.expressions import references

_NAMED = 2


class LocalOrder:
    """The local values of a module by what they name.

    Values that name each other in a circle have no meaning: Terraform refuses them.
    """

    def __init__(self, declared: Mapping[str, tuple[str, Attribute]]) -> None:
        self._declared = declared
        self._visited: dict[str, int] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        self.circular: set[str] = set()

    def before(self, name: str) -> list[str]:
        """Return the local values that a walk from a name finds first, it included, each after those that it names.

        Those that were returned before are left out, and so are the circular ones.
        """
        if name in self._visited:
            return [] if name in self.circular else [name]
        return [found for group in self._groups(name) for found in self._straight(group)]

    def _straight(self, group: list[str]) -> list[str]:
        if len(group) > 1 or group[0] in self._names(group[0]):
            self.circular.update(group)
            return []
        return group

    def _names(self, name: str) -> tuple[str, ...]:
        if name not in self._named:
            found = (reference.path for reference in references(self._declared[name][1].value))
            named = (path[1] for path in found if path[0] == "local" and len(path) >= _NAMED)
            self._named[name] = tuple(dict.fromkeys(other for other in named if other in self._declared))
        return self._named[name]

    def _groups(self, start: str) -> list[list[str]]:
        """Return the strongly connected components that are reached, those that others name first (Tarjan)."""
        groups: list[list[str]] = []
        stack: list[str] = []
        on_stack: set[str] = set()
        lowest: dict[str, int] = {}
        waiting = [(start, iter(self._names(start)))]
        self._enter(start, stack, on_stack, lowest)
        while waiting:
            name, following = waiting[-1]
            other = next(following, None)
            if other is None:
                waiting.pop()
                if waiting:
                    above = waiting[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == self._visited[name]:
                    group: list[str] = []
                    while not group or group[-1] != name:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    groups.append(group)
            elif other not in self._visited:
                self._enter(other, stack, on_stack, lowest)
                waiting.append((other, iter(self._names(other))))
            elif other in on_stack:
                lowest[name] = min(lowest[name], self._visited[other])
        return groups

    def _enter(self, name: str, stack: list[str], on_stack: set[str], lowest: dict[str, int]) -> None:
        self._visited[name] = lowest[name] = len(self._visited)
        stack.append(name)
        on_stack.add(name)
