"""What a person can set: by initialization options, and by the client's configuration, which wins.

Each setting is declared once, as a field of ``Settings``; its reading, the page that lists it and the schemas of the
editors follow from that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from setsquare.findings import Finding, UnknownFinding
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.rule import Severity

SECTION = "setsquare"
_SEVERITIES = tuple(Severity)
_SETTING = "setting"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting can be.

    Attributes:
        name: of the JSON type.
        expected: what to say to a person who wrote something else.
        read: makes the value of it that the server works with; None where it is something else.
        values: the texts that are allowed, or of which a list may consist; empty: any.
        minimum: the least number that is allowed.

    """

    name: str
    expected: str
    read: Callable[[object], object | None]
    values: Callable[[], tuple[str, ...]] = tuple
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting.

    Attributes:
        name: as a person writes it.
        kind: what it can be.
        default: as a person would write it; None: not set.
        description: one sentence in Markdown, for documentation and for editors.

    """

    name: str
    kind: Kind
    default: object
    description: str

    def schema(self) -> dict[str, object]:
        """Return the setting as JSON Schema, for the settings of an editor."""
        described: dict[str, object] = {"type": self.kind.name, "markdownDescription": self.description}
        if self.default is not None:
            described["default"] = self.default
        if self.kind.minimum is not None:
            described["minimum"] = self.kind.minimum
        if self.kind.name == "array":
            described["items"] = {"type": "string", "enum": list(self.kind.values())}
        elif self.kind.values():
            described["enum"] = list(self.kind.values())
        return described


def _flag(value: object) -> object | None:
    return value if isinstance(value, bool) else None


def _seconds(value: object) -> object | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return value / 1000 if fits else None  # type: ignore[operator]


def _severity(value: object) -> object | None:
    return next((severity for severity in Severity if severity.value == value), None)


def frameworks() -> tuple[str, ...]:
    """Return the names of the frameworks that rules answer to, sorted."""
    rules = Catalogue.shipped().rules.values()
    return tuple(sorted({name for rule in rules for name in (*rule.frameworks, *rule.also_relevant)}))


def _frameworks(value: object) -> object | None:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        return None
    return frozenset(value) if not value or set(value) <= set(frameworks()) else None


def _text(value: object) -> object | None:
    return value if isinstance(value, str) else None


FLAG = Kind("boolean", "true or false", _flag)
MILLISECONDS = Kind("number", "a number of milliseconds, 0 or more", _seconds, minimum=0)
SEVERITY = Kind(
    "string",
    "one of " + ", ".join(severity.value for severity in Severity),
    _severity,
    lambda: tuple(severity.value for severity in Severity),
)
FRAMEWORKS = Kind("array", "a list of frameworks that `setsquare rules` knows", _frameworks, frameworks)
PATH = Kind("string", "the path of a file", _text)


def _declared(name: str, kind: Kind, default: object, description: str) -> Any:  # noqa: ANN401 - as dataclasses.field
    value = "" if default is None else default
    return field(default=kind.read(value), metadata={_SETTING: Setting(name, kind, default, description)})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one client.

    Attributes:
        quiet_time: in seconds.
        minimum_severity: findings below it are not shown.
        frameworks: only findings that one of these asks for are shown; empty: all.
        show_unknown: show as hints what cannot be judged.
        policy_path: the policy of all folders; empty: each folder's own is searched for.
        workspace_check: show findings in files that are not open.
        code_lens: show counts above the code.

    """

    quiet_time: float = _declared(
        "quietTime",
        MILLISECONDS,
        1000,
        "Milliseconds without an edit after which a block that is being typed counts as finished; "
        "what it lacks is held back until then. `0` judges at every edit.",
    )
    minimum_severity: Severity = _declared(  # noqa: RUF009 - it returns a field
        "minimumSeverity", SEVERITY, "low", "Findings that are less severe are not shown."
    )
    frameworks: frozenset[str] = _declared(
        "frameworks", FRAMEWORKS, [], "Only findings that one of these standards asks for are shown; empty: all."
    )
    show_unknown: bool = _declared(
        "showUnknown", FLAG, default=False, description="Show as hints what cannot be judged, and what would decide it."
    )
    policy_path: str = _declared(
        "policyPath",
        PATH,
        None,
        "The policy of all folders, relative to the first; without it each folder's `setsquare.yaml` is searched for.",
    )
    workspace_check: bool = _declared(
        "workspaceCheck",
        FLAG,
        default=True,
        description="Check all files of the workspace; otherwise only what is open.",
    )
    code_lens: bool = _declared(
        "codeLens",
        FLAG,
        default=False,
        description="Show above a file how many findings it has, and a fix for all that is safe to fix.",
    )

    def shows(self, finding: Finding | UnknownFinding) -> bool:
        """Whether a finding is severe enough, and asked for."""
        rule = finding.rule
        if self.frameworks and not self.frameworks & (rule.frameworks.keys() | rule.also_relevant.keys()):
            return False
        return _SEVERITIES.index(rule.severity) <= _SEVERITIES.index(self.minimum_severity)

    @classmethod
    def of(cls, *sources: object) -> "Settings":
        """Read settings; of several sources the last that says something wins."""
        return cls.read(*sources)[0]

    @classmethod
    def read(cls, *sources: object) -> tuple["Settings", tuple[str, ...]]:
        """Read settings as ``of`` does, and return with them what is wrong, as sentences; defaults are used there."""
        written = {name: value for source in sources for name, value in _section(source).items() if value is not None}
        known = {setting.name: (attribute, setting) for attribute, setting in _by_attribute()}
        values: dict[str, Any] = {}
        faults = list(_misspelt(written, known))
        for name, (attribute, setting) in known.items():
            value = setting.kind.read(written[name]) if name in written else None
            if value is not None:
                values[attribute] = value
            elif name in written:
                faults.append(_fault(setting, written[name]))
        return cls(**values), tuple(faults)


def declarations() -> tuple[Setting, ...]:
    """Return the declarations of all settings."""
    return tuple(setting for _, setting in _by_attribute())


def _by_attribute() -> Iterator[tuple[str, Setting]]:
    for declared in fields(Settings):
        yield declared.name, declared.metadata[_SETTING]


def _section(source: object) -> Mapping[str, object]:
    if not isinstance(source, Mapping):
        return {}
    inner = source.get(SECTION)
    return inner if isinstance(inner, Mapping) else source


def _misspelt(written: Mapping[str, object], known: Mapping[str, object]) -> Iterator[str]:
    """Yield what to say of names that are almost a setting's; others belong to the editor's own part."""
    for name in sorted(str(name) for name in written.keys() - known.keys()):
        near = get_close_matches(name, known, 1, cutoff=0.8)
        if near:
            yield f"there is no setting {name}; did you mean {near[0]}?"


def _fault(setting: Setting, value: object) -> str:
    used = "its default" if setting.default in (None, []) else f"the default {_shown(setting.default)}"
    return f"the setting {setting.name} cannot be {_shown(value)}, expected {setting.kind.expected}; {used} is used"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
