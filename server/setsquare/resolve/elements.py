"""The elements of collections: what ``for``, ``for_each`` and dynamic blocks go through."""

from dataclasses import replace

from setsquare.model import Known, Opaque, Origin, Referenced, Structure, Value
from setsquare.model import Sequence as SequenceOrigin
from setsquare.records import record
from setsquare.resolve.frames import KEY

MAX_ELEMENTS = 1000
"""Of more elements, blocks are not repeated one by one."""
MAX_WORK = 20_000
"""How often, at most, one expression is evaluated for the elements of the collections around it."""


@record
class Elements:
    """What is known of the elements of a collection.

    Attributes:
        pairs: key, or index, and value of each element, in Terraform's order.
        complete: false where there may be more, or an element may not be there.

    """

    pairs: tuple[tuple[Value, Value], ...]
    complete: bool = True


def elements_of(origin: Origin) -> Elements | None:
    """Return the elements of a collection; None where none is known."""
    match origin:
        case SequenceOrigin(items=items, complete=complete, is_set=True):
            return Elements(tuple((item, item) for item in items), complete)
        case SequenceOrigin(items=items, complete=complete):
            pairs = (((Known(KEY, index),), item) for index, item in enumerate(items))
            return Elements(tuple(pairs), complete)
        case Structure(names=names, lookup=lookup, is_block=False):
            named = (((Known(KEY, name),), lookup(name)) for name in sorted(names))
            return Elements(tuple(named), not origin.is_open)
        case Referenced(place, target):
            each = replace(origin, target=(*target, "[]"))
            return Elements((((Opaque(place, "the key of an element"),), (each,)),), complete=False)
        case _:
            return None


def decided_by(value: Value) -> str | None:
    """Return the file that decides what is not known of a value, where one can be named."""
    return next((o.decided_by for o in value if isinstance(o, Opaque) and o.decided_by is not None), None)
