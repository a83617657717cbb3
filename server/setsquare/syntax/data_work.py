"""What is to be done to one container: all changes of a plan that meet there."""

from dataclasses import dataclass, field

from setsquare.model import Written
from setsquare.syntax.data_nodes import Item, Node


@dataclass(slots=True)
class Work:
    """All changes of one container.

    Attributes:
        node: the container.
        path: the containers from the document's root to it, itself included.
        removed: indices of the items that go.
        replaced: what stands in their place, by index; empty lists are in ``removed``.
        appended: items for the end of a sequence.
        placed: (index of the item before, key, value) of new entries of a mapping, in the order of the text.
        blank_before: keys of new entries that get a blank line before them.

    """

    node: Node
    path: tuple[Node, ...]
    removed: set[int] = field(default_factory=set)
    replaced: dict[int, tuple[Written, ...]] = field(default_factory=dict)
    appended: list[Written] = field(default_factory=list)
    placed: list[tuple[int, str, Written]] = field(default_factory=list)
    blank_before: set[str] = field(default_factory=set)

    @property
    def depth(self) -> int:
        """How many containers enclose the items."""
        return len(self.path)

    @property
    def survivors(self) -> list[int]:
        """Indices of the items that stay (or are replaced by others), in order."""
        return [index for index in range(len(self.node.items)) if index not in self.removed]

    @property
    def parent(self) -> tuple[Node, Item] | None:
        """The container above and the item there that holds this one; None at the root."""
        if len(self.path) > 1:
            above = self.path[-2]
            for item in above.items:
                if item.value is not None and item.value.outer == self.node.outer:
                    return above, item
        return None
