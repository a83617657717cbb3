"""What an analysis says: findings, unknowns, suppressed findings and errors. Plain data, no behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum, IntEnum

from setsquare.model import Change, Place
from setsquare.records import record
from setsquare.rules.rule import ImpactLevel, Rule
from setsquare.text import Span


class Verdict(IntEnum):
    """The four verdicts in their order: a resource has the worst of its leaves."""

    NOT_APPLICABLE = 0
    SATISFIED = 1
    UNKNOWN = 2
    VIOLATED = 3


@record
class PlacedChange:
    """A symbolic change and the file that it changes.

    ``order`` is (rule id, index in the rule): entries of a new block stand in this order.
    ``region`` is set where the change is to JSON text that stands inside the file, in a heredoc.
    """

    path: str
    change: Change
    order: tuple[str, int] = ("", 0)
    region: Span | None = None


@record
class Violation:
    """One leaf that is not as it should be.

    Attributes:
        path: dotted, relative to the resource that carries it (the companion, where it is one).
        expected: what the rule writes or accepts, as text.
        actual: what is there, as JSON data; None where nothing is.
        origin: where it is decided; None where nothing is written.

    """

    path: str
    expected: str
    actual: object
    origin: Place | None


@record
class Fix:
    """What can be done about a finding.

    Attributes:
        available: whether the one canonical fix can be written here.
        reason: why not (names the missing parameter, where that is it).
        impact: what it costs to deploy; None where there is no fix.
        note: what the impact means here.
        bulk: whether it may be applied without asking.
        fingerprint: ``sha256:...`` of the canonical symbolic change.
        changes: the symbolic changes, with those of other rules that must come along.
        along: ids of the rules whose changes come along (one new block is never left half done).
        parameter: the policy parameter that is missing, where that is the reason.

    """

    available: bool
    reason: str | None = None
    impact: ImpactLevel | None = None
    note: str = ""
    bulk: bool = False
    fingerprint: str | None = None
    changes: Sequence[PlacedChange] = ()
    along: tuple[str, ...] = ()
    parameter: str | None = None


@record
class CalledBy:
    """A call that decides a finding: the address of the module, ``module.m``, and the module block that calls it."""

    address: str
    place: Place


@record
class Finding:
    """A rule that a resource violates.

    Attributes:
        place: the narrowest range to underline.
        resource: the address, ``module.m.aws_x.y`` style.
        related: addresses of existing companions.
        instances: how many instances the one block stands for, where it is more than one.
        named: the addresses of the instances that it is about, where it is not about all.
        calls: the calls that decide it, where the resource stands in a module that is called.
        alike: the addresses of the same block in further calls, of which the same is found.

    """

    rule: Rule
    message: str
    place: Place
    resource: str
    related: tuple[str, ...]
    violations: tuple[Violation, ...]
    fix: Fix
    instances: int | None = None
    named: tuple[str, ...] = ()
    calls: tuple[CalledBy, ...] = ()
    alike: tuple[str, ...] = ()


@record
class UnknownFinding:
    """A rule that cannot be judged for a resource, and what would decide it."""

    rule: Rule
    message: str
    place: Place
    resource: str
    related: tuple[str, ...]
    violations: tuple[Violation, ...]
    expression: str
    decided_by: str | None


def position_of(finding: Finding | UnknownFinding) -> tuple[object, ...]:
    """Return what findings are ordered by: file, position, rule, resource."""
    return (finding.place.path, finding.place.span, finding.rule.id, finding.resource)


@record
class SuppressedFinding:
    """A finding that a comment, a template's metadata or the policy sets aside."""

    finding: Finding
    by: str
    reason: str | None
    until: str | None = None


class ProblemKind(Enum):
    """What a problem is about.

    A syntax error; a fault of Setsquare's own (a rule that raised); a module that is called and not there to be judged;
    or anything else.
    """

    SYNTAX = "syntax"
    FAULT = "fault"
    UNSEEN = "unseen"
    OTHER = "other"


@record
class Problem:
    """Something wrong with a file: it could not be read, or a suppression in it is wrong."""

    path: str
    message: str
    place: Place | None = None
    kind: ProblemKind = ProblemKind.OTHER


@record
class Satisfied:
    """A property that fulfils a rule (for hovers)."""

    rule: Rule
    place: Place
    resource: str


@record
class Analysis:
    """All that is known about one module (folder) or one template file.

    ``elsewhere`` holds the texts of files of other folders that the findings speak of.
    """

    findings: Sequence[Finding] = ()
    unknown: Sequence[UnknownFinding] = ()
    suppressed: Sequence[SuppressedFinding] = ()
    problems: tuple[Problem, ...] = ()
    resources: int = 0
    satisfied: Sequence[Satisfied] = ()
    files: int = 0
    elsewhere: Mapping[str, bytes] = field(default_factory=dict)
