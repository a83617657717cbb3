"""Where an expression of Terraform is evaluated."""

from collections.abc import Mapping
from dataclasses import field, replace

from setsquare.model import Place, Value
from setsquare.records import record
from setsquare.text import Span

KEY = Place("", Span(0, 0))
"""Where keys of collections, and parts of what functions calculate, are written: nowhere.

The place of such a part is that of the expression that picks it out; within a whole that is handed on, it has none.
"""


@record
class Frame:
    """Where an expression is evaluated.

    Attributes:
        path: the file.
        each: what ``each.value`` is.
        key: what ``each.key`` is.
        trail: the names that led here.
        names: what ``for`` expressions, dynamic blocks and ``count`` declare.
        work: how many times this is evaluated for the elements of the collections around it.

    """

    path: str
    each: Value | None = None
    key: Value | None = None
    trail: tuple[str, ...] = field(default=())
    names: Mapping[str, Value] = field(default_factory=dict)
    work: int = 1

    def inside(self, names: Mapping[str, Value], elements: int) -> "Frame":
        """Return the frame for one of some elements, with the names that it declares."""
        return replace(self, names={**self.names, **names}, work=self.work * max(elements, 1))

    def at(self, path: str) -> "Frame":
        """Return the same frame in another file."""
        return self if path == self.path else replace(self, path=path)
