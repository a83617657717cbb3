"""A rule as data: identity, and the desired state of each dialect as a tree that looks like the configuration."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import TypeAlias

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Scalar
from setsquare.records import record


class Severity(Enum):
    """How bad a violation is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ImpactLevel(Enum):
    """What it costs to deploy a fix, mildest first."""

    NONE = "none"
    IN_PLACE = "in_place"
    BRIEF_INTERRUPTION = "brief_interruption"
    REPLACES = "replaces"
    DATA_LOSS = "data_loss"


BULK_IMPACTS = frozenset({ImpactLevel.NONE, ImpactLevel.IN_PLACE})
"""The impacts that are applied in bulk unless the policy says otherwise."""

# --------------------------------------------------------------------- operands


@record
class ParameterOperand:
    """``$param: name``: a value from the policy."""

    name: str


@record
class FirstOperand:
    """``$first: [..]``: the first option that is set."""

    options: tuple["Operand", ...]


@record
class SelfOperand:
    """``$self: attribute`` with ``$suffix``: a reference to the primary resource."""

    attribute: str
    suffix: str = ""


@record
class MapOperand:
    """A mapping of operands, in order."""

    entries: tuple[tuple[str, "Operand"], ...]


@record
class AnyElement:
    """``$any: [..]`` inside a statement pattern: some element is among these."""

    values: tuple[Scalar, ...]


Operand: TypeAlias = (
    Scalar
    | tuple["Operand", ...]
    | MapOperand
    | DialectExpression
    | ParameterOperand
    | FirstOperand
    | SelfOperand
    | AnyElement
    | None
)


class Missing(Enum):
    """Stands where the rule says nothing (``None`` is a value: ``$default: null``)."""

    MISSING = "missing"


MISSING = Missing.MISSING
ANY_ADDRESS = "any_address"
"""The named set of ``$excludes``: 0.0.0.0/0, ::/0 and their other spellings."""

# --------------------------------------------------------------------- tests of a leaf


@record
class Is:
    """``$is``: equals the value."""

    value: Operand


@record
class OneOf:
    """``$one_of``: is among the values (a tuple, or a parameter that is a list)."""

    values: Operand


@record
class NoneOf:
    """``$none_of``: is not among the values."""

    values: Operand


@record
class Bound:
    """``$at_least`` (``lower``) or ``$at_most``: a bound in numbers, versions or a shipped order."""

    bound: Operand
    lower: bool
    order: str | None = None


@record
class Contains:
    """``$contains``: the list has all of these; with ``item_key`` its items are mappings with that key."""

    items: Operand
    item_key: str | None = None


@record
class Excludes:
    """``$excludes``: no element is among these; ``replace`` is what each bad element becomes."""

    forbidden: Operand
    replace: "Operand | Missing" = MISSING


@record
class IsSet:
    """``$set``: present and not empty."""


@record
class IsAbsent:
    """``$absent``: not there."""


@record
class IsPresent:
    """``$present``: there (conditions only)."""


@record
class IsSecret:
    """``$secret``: not there, or not readable in the code: a reference, a secret store, a hidden parameter."""


@record
class Statement:
    """``$document: {$has_statement | $no_statement}``: an IAM document has (``wanted``) or lacks such a statement."""

    pattern: MapOperand
    wanted: bool


Test: TypeAlias = (
    Is | OneOf | NoneOf | Bound | Contains | Excludes | IsSet | IsAbsent | IsPresent | IsSecret | Statement
)

# --------------------------------------------------------------------- nodes of a state


@record
class Leaf:
    """One constraint: what it accepts, and the one value it writes.

    Attributes:
        test: what is accepted.
        default: what the provider does when the property is absent; MISSING: absence violates; None (``null``):
            absence is an absent value, which negative tests accept.
        explicit: absence violates although the default is accepted.
        write: what is written, where the test does not say it (``$write``).
        requires: the leaf applies only if this parameter is set.

    """

    test: Test
    default: "Operand | Missing" = MISSING
    explicit: bool = False
    write: "Operand | Missing" = MISSING
    requires: str | None = None


@record
class CoversPort:
    """``$covers_port``: the rule's port range and protocol include the port (``fields``: from, to, protocol)."""

    port: int
    fields: tuple[str, str, str]


@record
class Properties:
    """A nested block (or mapping) that must exist and whose properties satisfy their nodes.

    Attributes:
        children: the properties, in rule order.
        relations: ``$covers_port``; conditions only.
        any_of: ``$any_of``: one of these alternatives holds too.
        as_list: ``$list``: the property is a list of objects.
        if_present: ``$if_present``: only where the block is there.
        entry: ``$entry``: (key, value) that names the one element meant among its siblings.

    """

    children: tuple[tuple[str, "Node"], ...] = ()
    relations: tuple[CoversPort, ...] = ()
    any_of: tuple["Node", ...] = ()
    as_list: bool = False
    if_present: bool = False
    entry: tuple[str, Scalar] | None = None


@record
class Each:
    """``$each`` with ``$where``: all elements for which the condition holds satisfy the node."""

    each: "Node"
    where: "Node | None" = None


Node: TypeAlias = Leaf | Properties | Each

# --------------------------------------------------------------------- targets


@record
class NoFix:
    """``fix: {none, reason}``: why no machine should write this fix."""

    kind: str
    reason: str


@record
class Companion:
    """Another resource that must exist and be right.

    Attributes:
        resource: its type.
        link: the attribute that points at the primary, and the primary's attributes it may point at (``Ref`` or
            ``Fn::GetAtt`` attributes in CloudFormation).
        state: its desired state.
        suffix: of its logical id in templates.
        document: the attribute that carries a policy document.

    """

    resource: str
    link: tuple[str, tuple[str, ...]]
    state: Properties
    suffix: str | None = None
    document: str | None = None


@record
class Target:
    """What a rule asks of one resource type."""

    resource: str
    when: Properties | None = None
    state: Properties | None = None
    companions: tuple[Companion, ...] = ()
    no_fix: NoFix | None = None
    impact: ImpactLevel | None = None
    once: str | None = None
    anchors: tuple[str, ...] = ()
    name: str | None = None

    @property
    def singleton_name(self) -> str:
        """The name of the resource that is wanted once, where it must be created."""
        return self.name or "this"


@record
class Parameter:
    """A value that only the organisation knows."""

    name: str
    type: str
    required: bool = False
    default: "Operand | Missing" = MISSING
    description: str = ""


@record
class Impact:
    """What a fix costs to deploy, per dialect; ``replaces_when`` holds: it replaces the resource."""

    levels: Mapping[Dialect, ImpactLevel]
    note: str = ""
    replaces_when: Properties | None = None


@record
class Rule:
    """One security requirement."""

    id: str
    version: int
    title: str
    severity: Severity
    category: str
    rationale: str
    references: tuple[str, ...]
    frameworks: Mapping[str, tuple[str, ...]]
    impact: Impact
    targets: Mapping[Dialect, tuple[Target, ...]]
    unsupported: Mapping[Dialect, str] = field(default_factory=dict)
    also_relevant: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also_controls: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    implies: tuple[str, ...] = ()
    implied_by: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
