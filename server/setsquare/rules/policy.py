"""What the organisation decides: parameters, which rules are in force, exceptions, what may be applied in bulk."""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date

from setsquare.documents import Dialect
from setsquare.model import Place, Written
from setsquare.records import record
from setsquare.rules.binding import Binding
from setsquare.rules.rule import BULK_IMPACTS, MISSING, ImpactLevel, Missing, Rule, Severity

DEFAULT_HASH = "sha256:none"
_SEVERITIES = tuple(Severity)


@record
class Exemption:
    """A rule that is switched off, for all resources or for one.

    ``resource`` and ``path`` are patterns in which ``*`` stands for any text; None matches all.
    ``place`` is where the policy says so.
    """

    rule: str
    reason: str
    approved_by: str | None = None
    until: date | None = None
    resource: str | None = None
    path: str | None = None
    place: Place | None = field(default=None, compare=False)


@record
class RulesFolder:
    """A folder with own rules, relative to the policy file, and where the policy names it."""

    path: str
    place: Place


@record
class Policy:
    """An organisation's policy.

    Attributes:
        parameters: values by name; a mapping of dialects where they differ.
        frameworks: only rules with a requirement of one of these; empty: all.
        min_severity: rules below it are left out.
        disabled: rules that are switched off.
        exceptions: resources that a rule does not apply to.
        account_baseline: folders, as patterns, that set up an account.
        allowed_impacts: what may be applied in bulk.
        unsuppressible: rules that comments may not set aside.
        overrides: rules that an own rule with the same id replaces, and where the policy says so.
        as_of: the date that expiry is judged by; the only clock there is.
        path: the file; None for the built-in policy.
        folder: the folder that patterns of paths are relative to: the outermost policy file's.
        hash: of all that went in: the file, those above it, and the own rules.

    """

    parameters: Mapping[str, Written | Mapping[Dialect, Written]] = field(default_factory=dict)
    frameworks: frozenset[str] = frozenset()
    min_severity: Severity = Severity.LOW
    disabled: tuple[Exemption, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    account_baseline: tuple[str, ...] = ()
    allowed_impacts: frozenset[ImpactLevel] = BULK_IMPACTS
    unsuppressible: frozenset[str] = frozenset()
    overrides: Mapping[str, Place] = field(default_factory=dict)
    as_of: date = date.max
    path: str | None = None
    folder: str | None = None
    hash: str = DEFAULT_HASH
    _bindings: dict[tuple[int, Dialect], tuple[Rule, Binding]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def default(cls, as_of: date = date.min) -> "Policy":
        """Return the policy that holds where there is no file: all rules, no parameters."""
        return cls(as_of=as_of)

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Written] | None = None,
        account_baseline: Iterable[str] = (),
        as_of: date = date.min,
    ) -> "Policy":
        """Return a policy from values."""
        return cls(parameters=dict(parameters or {}), account_baseline=tuple(account_baseline), as_of=as_of)

    def allowing(self, impacts: Iterable[ImpactLevel]) -> "Policy":
        """Return the policy with more impacts allowed in bulk."""
        return replace(self, allowed_impacts=self.allowed_impacts | frozenset(impacts))

    def parameter(self, name: str, dialect: Dialect) -> "Written | Missing":
        """Return the value of a parameter in a dialect."""
        value = self.parameters.get(name, MISSING)
        if isinstance(value, Mapping):
            return value.get(dialect, MISSING)
        return value

    def binding(self, rule: Rule, dialect: Dialect) -> Binding:
        """Return a rule's operands as this policy fills them in; the same object each time: it remembers leaves."""
        key = id(rule), dialect
        if key not in self._bindings:
            binding = Binding(rule.parameters, lambda name: self.parameter(name, dialect))
            self._bindings[key] = rule, binding  # the rule is kept, so that no other can take its identity
        return self._bindings[key][1]

    def selects(self, rule: Rule) -> bool:
        """Whether a rule is in force."""
        if _SEVERITIES.index(rule.severity) > _SEVERITIES.index(self.min_severity):
            return False
        if self.frameworks and not self.frameworks & (rule.frameworks.keys() | rule.also_relevant.keys()):
            return False
        return not any(self._is_current(off) and fnmatch.fnmatchcase(rule.id, off.rule) for off in self.disabled)

    def _is_current(self, exemption: Exemption) -> bool:
        return exemption.until is None or self.as_of <= exemption.until

    def exception(self, rule: str, address: str, path: str) -> Exemption | None:
        """Return the exception that a resource has from a rule, if one is in force.

        Args:
            rule: the rule's id.
            address: of the resource.
            path: of its file, relative to the folder that is checked.

        """
        for exemption in self.exceptions:
            if (
                exemption.rule == rule
                and self._is_current(exemption)
                and (exemption.resource is None or fnmatch.fnmatchcase(address, exemption.resource))
                and (exemption.path is None or matches_path(path, exemption.path))
            ):
                return exemption
        return None

    def expired(self) -> tuple[Exemption, ...]:
        """Return the exemptions whose end date has passed."""
        return tuple(e for e in (*self.disabled, *self.exceptions) if not self._is_current(e))

    def may_suppress(self, rule: str) -> bool:
        """Whether a comment may set a rule aside."""
        return rule not in self.unsuppressible

    def is_account_baseline(self, folder: str) -> bool:
        """Whether a folder sets up an account, so that an absent account-wide setting is a violation."""
        return any(matches_path(folder, pattern) for pattern in self.account_baseline)


def matches_path(path: str, pattern: str) -> bool:
    """Whether a relative path matches a pattern: ``*`` within a segment, ``**`` for any number of them."""
    return _matches(tuple(part for part in path.split("/") if part), tuple(pattern.strip("/").split("/")))


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[index:], pattern[1:]) for index in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
