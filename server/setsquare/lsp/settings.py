"""What a person can set: by initialization options, and by the client's configuration, which wins."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from setsquare.findings import Finding, UnknownFinding
from setsquare.rules.rule import Severity

_LOG = logging.getLogger(__name__)
SECTION = "setsquare"
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one client.

    Attributes:
        quiet_time: seconds without an edit after which a block counts as finished; 0 judges at every edit.
        minimum_severity: findings below it are not shown.
        show_unknown: show as hints what cannot be judged.
        policy_path: the policy of all folders; None: each folder's own is searched for.

    """

    quiet_time: float = 1.0
    minimum_severity: Severity = Severity.LOW
    show_unknown: bool = False
    policy_path: str | None = None

    def shows(self, finding: Finding | UnknownFinding) -> bool:
        """Whether a finding is severe enough."""
        return _SEVERITIES.index(finding.rule.severity) <= _SEVERITIES.index(self.minimum_severity)

    @classmethod
    def of(cls, *sources: object) -> "Settings":
        """Read settings; of several sources the last that says something wins, and what makes no sense is left out."""
        settings = cls()
        for source in sources:
            for name, value in _section(source).items():
                settings = settings._with(name, value)
        return settings

    def _with(self, name: str, value: object) -> "Settings":
        setter = _SETTERS.get(name)
        if setter is None or value is None:
            return self
        changed = setter(self, value)
        if changed is None:
            _LOG.warning("the setting %s cannot be %r", name, value)
        return changed or self


def _section(source: object) -> Mapping[str, object]:
    if not isinstance(source, Mapping):
        return {}
    inner = source.get(SECTION)
    return inner if isinstance(inner, Mapping) else source


def _quiet_time(settings: Settings, value: object) -> Settings | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return replace(settings, quiet_time=value / 1000) if fits else None  # type: ignore[operator]


def _minimum_severity(settings: Settings, value: object) -> Settings | None:
    found = [severity for severity in Severity if severity.value == value]
    return replace(settings, minimum_severity=found[0]) if found else None


def _show_unknown(settings: Settings, value: object) -> Settings | None:
    return replace(settings, show_unknown=value) if isinstance(value, bool) else None


def _policy_path(settings: Settings, value: object) -> Settings | None:
    return replace(settings, policy_path=value or None) if isinstance(value, str) else None


_SETTERS: Mapping[str, Callable[[Settings, object], Settings | None]] = {
    "quietTime": _quiet_time,
    "minimumSeverity": _minimum_severity,
    "showUnknown": _show_unknown,
    "policyPath": _policy_path,
}
