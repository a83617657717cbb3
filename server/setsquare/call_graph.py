"""Which folder or template calls which, as texts say: found without reading them in full."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

_Edges = Mapping[str, tuple[str, ...]]


class CallGraph(ABC):
    """Callers and what they call, by path; read when it is first asked for, and again once calls are others."""

    def __init__(self) -> None:
        self._named: dict[str, frozenset[str]] = {}
        self._callers: _Edges | None = None
        self._callees: _Edges = {}

    @abstractmethod
    def _read(self, path: str) -> frozenset[str]:
        """Return what a file names as called."""

    @abstractmethod
    def _calls(self) -> Iterable[tuple[str, str]]:
        """Yield each caller with what it calls, in the order of the callers."""

    def forget(self) -> None:
        """Forget which files there are."""
        self._callers = None

    def changed(self, path: str) -> None:
        """Take over that a file changed: what is known stays, unless its own calls are others now."""
        known = self._named.pop(path, None)
        if self._callers is not None and (known is None or known != self._named_in(path)):
            self._callers = None

    def _named_in(self, path: str) -> frozenset[str]:
        if path not in self._named:
            self._named[path] = self._read(path)
        return self._named[path]

    @property
    def callers(self) -> _Edges:
        """The callers of each that is called, sorted."""
        if self._callers is None:
            callers: dict[str, set[str]] = {}
            callees: dict[str, set[str]] = {}
            for caller, called in self._calls():
                callers.setdefault(called, set()).add(caller)
                callees.setdefault(caller, set()).add(called)
            self._callers = {called: tuple(sorted(found)) for called, found in callers.items()}
            self._callees = {caller: tuple(sorted(found)) for caller, found in callees.items()}
        return self._callers

    @property
    def callees(self) -> _Edges:
        """What each caller calls, sorted."""
        _ = self.callers  # one reading of the texts finds both
        return self._callees

    def related(self, one: str) -> frozenset[str]:
        """Return all whose findings one may decide: its callers and what they and it call."""
        above = _closure([one], self.callers)
        return frozenset(_closure(above, self.callees) - {one})

    def connected(self, one: str) -> frozenset[str]:
        """Return all that calls link to one, in whichever direction, over whatever others; itself too."""
        found: set[str] = set()
        grown = {one}
        while len(grown) > len(found):
            found = grown
            grown = _closure(_closure(found, self.callers), self.callees)
        return frozenset(found)

    def below(self, some: Iterable[str]) -> frozenset[str]:
        """Return some and what they call, directly or not."""
        return frozenset(_closure(some, self.callees))


def _closure(start: Iterable[str], edges: _Edges) -> set[str]:
    found: set[str] = set()
    todo = [*start]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += edges.get(one, ())
    return found
