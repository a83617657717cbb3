"""Whether a rule's fix can be written at all, and what it needs."""

from setsquare.rules.binding import Binding, Unset
from setsquare.rules.checks import leaves, states
from setsquare.rules.rule import MISSING, IsAbsent, Rule, Statement

MECHANICAL, PARAMETER, NONE = "mechanical", "parameter", "none"


def fix_kind(rule: Rule) -> str:
    """Return ``mechanical``, ``parameter`` (a value from the policy is needed) or ``none``."""
    targets = [target for targets in rule.targets.values() for target in targets]
    if all(target.no_fix is not None for target in targets):
        return NONE
    binding = Binding(rule.parameters, lambda _name: MISSING)
    kinds: set[str] = set()
    for _, target, _, state in states(rule):
        if target.no_fix is None:
            for _, leaf in leaves(state):
                bound = binding.leaf(leaf)
                if bound is None or isinstance(bound.write, Unset):
                    kinds.add(PARAMETER)
                elif isinstance(bound.test, Statement):
                    kinds.add(MECHANICAL if bound.test.wanted else NONE)
                elif bound.write is MISSING and not isinstance(bound.test, IsAbsent):
                    kinds.add(NONE)
                else:
                    kinds.add(MECHANICAL)
    return next((kind for kind in (PARAMETER, MECHANICAL) if kind in kinds), NONE)
