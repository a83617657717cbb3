"""When garbage is collected: while a person pauses, not between a keystroke and its answer."""

import gc

_MANY = 100_000
"""How many objects may be made before they are looked at, where nobody pauses. Most go without being looked at."""


def start() -> None:
    """Leave what is loaded alone from now on, since it stays, and look for garbage less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY, 10, 10)


def rest() -> None:
    """Collect what was made since the last pause."""
    gc.collect(1)
