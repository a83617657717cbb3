"""What an analysis must know of the world around a module or template."""

from collections.abc import Mapping
from dataclasses import field

from setsquare.records import record


@record
class Context:
    """The surroundings of one unit.

    Attributes:
        root: the folder that paths in the policy are relative to.
        texts: the bytes of each file of the unit, by path.

    """

    root: str
    texts: Mapping[str, bytes] = field(default_factory=dict)

    def relative(self, path: str) -> str:
        """Return a path relative to the root; as it is where it lies outside."""
        prefix = self.root.rstrip("/") + "/"
        return path.removeprefix(prefix)
