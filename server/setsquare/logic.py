"""Three-valued logic: True, False, and None for what cannot be known (Kleene's strong logic)."""

from collections.abc import Iterable


def every(answers: Iterable[bool | None]) -> bool | None:
    """Return the three-valued conjunction."""
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def some(answers: Iterable[bool | None]) -> bool | None:
    """Return the three-valued disjunction."""
    result: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        if answer is None:
            result = None
    return result


def unanimous(answers: Iterable[bool | None]) -> bool | None:
    """Return what all answers agree on: None where they differ, or one is not known."""
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def negated(answer: bool | None) -> bool | None:  # noqa: FBT001 - the argument is what is negated
    """Return the three-valued negation."""
    return None if answer is None else not answer
