"""What infrastructure code says, in terms that both dialects share.

Three families of values, each a small closed set:

* ``Expression``: what is written (lowered by ``syntax``, on demand).
* ``Origin``: what an expression can mean, and where that is decided (made by ``resolve``).
* ``Written``: what a fix writes (rendered by the editors in ``syntax``).

Spans are absolute byte offsets in the document named beside them.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Generic, TypeAlias, TypeVar

from setsquare.documents import Dialect
from setsquare.records import record
from setsquare.text import Span

T = TypeVar("T")
Scalar: TypeAlias = str | int | float | bool


class Lazy(Generic[T]):
    """A value that is computed when it is first asked for."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make

    @classmethod
    def of(cls, value: T) -> "Lazy[T]":
        """Wrap a value that is known already."""
        return cls(lambda: value)

    def get(self) -> T:
        """Return the value."""
        if self._make is not None:
            self._value = self._make()
            self._make = None
        return self._value


@record(order=True)
class Place:
    """A stretch of one document."""

    path: str
    span: Span


# --------------------------------------------------------------------- expressions


@record
class Literal:
    """A scalar written out; ``None`` is ``null`` (Terraform, YAML, JSON) or ``AWS::NoValue``."""

    span: Span
    value: Scalar | None


@record
class Template:
    """Text with interpolations: ``"a-${var.b}"``, a heredoc with ``${}``, ``Fn::Sub``.

    ``heredoc`` parts keep their text exactly as a JSON reader must see it (indentation removed for ``<<-``).
    """

    span: Span
    parts: tuple["Expression", ...]


@record
class ListExpression:
    """A list written out."""

    span: Span
    items: tuple["Expression", ...]


@record
class Entry:
    """One key and value of an object; ``span`` covers both."""

    key: "Expression"
    value: "Expression"
    span: Span


@record
class ObjectExpression:
    """A mapping written out; ``complete`` is false where a syntax error may hide entries."""

    span: Span
    entries: tuple[Entry, ...]
    complete: bool = True


@record
class Reference:
    """A path to something else.

    Terraform: ``("var", "x")``, ``("aws_s3_bucket", "b", "id")``, ``("each", "value", "id")``; a literal index is a
    step ``"[0]"`` or ``'["a"]'``, a splat ``"[*]"``. In a target, ``"[]"`` stands for an index that is not known.
    CloudFormation: ``("Ref", name)``, ``("Fn::GetAtt", name, attribute)``, ``("Condition", name)``.
    """

    span: Span
    path: tuple[str, ...]


@record
class Conditional:
    """``c ? a : b`` or ``Fn::If``; in CloudFormation the condition is ``Reference(("Condition", name))``."""

    span: Span
    condition: "Expression"
    when_true: "Expression"
    when_false: "Expression"


@record
class Call:
    """A function, an operator or another intrinsic.

    Names: Terraform function names; operators by their symbol (``!``, ``-``, ``==``, ``!=``, ``&&``, ``||`` ...);
    ``...`` around a last argument whose items are the arguments; CloudFormation intrinsics in their long form
    (``Fn::Join``, ``Fn::Equals`` ...).
    """

    span: Span
    name: str
    arguments: tuple["Expression", ...]


@record
class Traversal:
    """Steps into what is no plain reference, or steps that are computed: ``f(x).a``, ``local.m[var.key].b``.

    A step is written as in a ``Reference``, or is the expression of a computed index.
    """

    span: Span
    base: "Expression"
    steps: tuple["str | Expression", ...]


@record
class For:
    """A ``for`` expression.

    Attributes:
        names: of the value; or of the key or index, and of the value.
        key: of an object's entry; None where the result is a list.
        grouped: several entries of one key are a list (``...``).

    """

    span: Span
    names: tuple[str, ...]
    collection: "Expression"
    key: "Expression | None"
    value: "Expression"
    condition: "Expression | None"
    grouped: bool = False


@record
class Unreadable:
    """Something that is not understood: broken text, what is nested too deep; ``text`` is the source."""

    span: Span
    text: str


Expression: TypeAlias = (
    Literal
    | Template
    | ListExpression
    | ObjectExpression
    | Reference
    | Traversal
    | For
    | Conditional
    | Call
    | Unreadable
)

# --------------------------------------------------------------------- blocks and resources


@record
class Attribute:
    """``name = value`` of a block; the value is lowered when it is first asked for."""

    name: str
    name_span: Span
    span: Span
    lazy_value: Lazy[Expression]

    @property
    def value(self) -> Expression:
        """The value's expression."""
        return self.lazy_value.get()


@record
class Body:
    """The inside of a block.

    Attributes:
        span: from ``{`` to ``}``, both included (of a JSON object likewise).
        attributes: by name, in the order of the source; of duplicates the first.
        blocks: nested blocks in the order of the source.
        complete: false where a syntax error may hide something: absence may not be concluded.

    """

    span: Span
    attributes: Mapping[str, Attribute]
    blocks: tuple["Block", ...]
    complete: bool


@record
class Block:
    """A Terraform block; ``header`` covers its type and labels."""

    kind: str
    labels: tuple[str, ...]
    span: Span
    header: Span
    lazy_body: Lazy[Body]

    @property
    def body(self) -> Body:
        """The block's body, lowered when it is first asked for."""
        return self.lazy_body.get()


@record
class SyntaxProblem:
    """A part of a document that could not be read.

    ``doubled`` marks the second of two keys of one name: all can be read, but which of the two counts is not known.
    """

    span: Span
    message: str
    doubled: bool = False


@record
class ConfigurationFile:
    """One Terraform file as read: its top-level blocks, in order (a ``.tfvars`` file has one block ``tfvars``)."""

    path: str
    blocks: tuple[Block, ...]
    problems: tuple[SyntaxProblem, ...] = ()


@record
class TemplateResource:
    """A resource of a CloudFormation template.

    Attributes:
        name: the logical id.
        type: e.g. ``AWS::S3::Bucket``; empty where it is not a plain string.
        span: the whole entry, logical id included.
        header: the logical id (diagnostics point at it).
        body_span: the mapping under the logical id (``Properties`` is created in it).
        properties: the ``Properties`` mapping, or None where there is none.
        condition: the name under ``Condition``, if any.
        complete: false where a syntax error may hide something.

    """

    name: str
    type: str
    span: Span
    header: Span
    body_span: Span
    properties: Lazy[Expression | None]
    condition: str | None = None
    metadata: Lazy[Expression | None] = field(default_factory=lambda: Lazy.of(None))
    complete: bool = True


@record
class CloudFormationTemplate:
    """One template (one YAML document); sections are expressions by name.

    ``complete`` is false where there may be more resources than these: includes, broken text.
    ``loops`` are the ``Fn::ForEach`` among the resources; ``rules`` restrict the parameters.
    """

    span: Span
    resources: tuple[TemplateResource, ...]
    parameters: Mapping[str, Expression]
    conditions: Mapping[str, Expression]
    mappings: Expression | None
    metadata: Expression | None
    globals: Expression | None = None
    outputs: Expression | None = None
    rules: Expression | None = None
    loops: tuple[Attribute, ...] = ()
    complete: bool = True


@record
class TemplateFile:
    """One CloudFormation file as read."""

    path: str
    templates: tuple[CloudFormationTemplate, ...]
    problems: tuple[SyntaxProblem, ...] = ()


# --------------------------------------------------------------------- origins


@record
class Known:
    """A scalar, and the place where it is written."""

    place: Place
    value: Scalar


@record
class Absent:
    """Nothing is set.

    ``place`` is the explicit ``null`` or ``AWS::NoValue``; None where nothing is written at all.
    """

    place: Place | None = None


@record
class Referenced:
    """The identity of something else: its value is not known here, but what it points at is.

    ``target`` is (type, name, attribute...) in Terraform (data sources start with ``data``), (logical id, attribute or
    ``Ref``) in CloudFormation. ``module`` is the address of the module that it stands in: empty, or ``module.m.``.
    """

    place: Place
    target: tuple[str, ...]
    module: str = ""


@record
class Opaque:
    """Not known here: the expression as written, and the file that decides where one can be named.

    ``hidden``: of a parameter, whether its value is kept from view (``NoEcho``); None for everything else.
    ``among``: all that it can turn out to be, where that is written (``AllowedValues``).
    ``failed``: the expression has no value, as its evaluation is an error (``try`` goes on).
    """

    place: Place
    expression: str
    decided_by: str | None = None
    hidden: bool | None = None
    among: tuple[Scalar, ...] = ()
    failed: bool = False


@record
class Text:
    """Text that is known in part: a sequence of strings and unknown parts (None stands for any text)."""

    place: Place
    parts: tuple["str | Referenced | Opaque", ...]


@record
class Sequence:
    """A list, or the repeated blocks of one name; each item is a value of its own.

    ``complete`` is false where there may be more items.
    ``blocks``: the items are nested blocks (so an item is removed or added as a block).
    ``is_set``: of Terraform, whether its items are in no order of their own, and each is its own key.
    """

    place: Place
    items: tuple["Value", ...]
    complete: bool = True
    blocks: bool = False
    is_set: bool = False


@record
class Structure:
    """An object or the body of a block.

    Attributes:
        place: the braces or the mapping node: where an entry is inserted.
        names: the names that are there, in order.
        lookup: the value of a name (``Absent`` for a name that is not there; ``Opaque`` if that cannot be concluded).
        entry: the place of a whole entry (attribute, block or key with value), for removal; None if it is not there.
        is_block: a Terraform block body (attributes and nested blocks) rather than an object value.
        respell: how a new entry is written in it, where the text uses other names than the rules do (SAM); for an
            entry that has no spelling there, why.

    """

    place: Place
    names: tuple[str, ...]
    lookup: Callable[[str], "Value"]
    entry: Callable[[str], Place | None]
    is_block: bool = False
    header: Place | None = None
    respell: "Callable[[NewEntry], NewEntry | str] | None" = None

    @property
    def is_open(self) -> bool:
        """Whether there may be more names than these: computed keys, or a syntax error."""
        return any(isinstance(origin, Opaque) for origin in self.lookup("\0"))


Origin: TypeAlias = Known | Absent | Referenced | Opaque | Text | Sequence | Structure
Value: TypeAlias = tuple[Origin, ...]
"""All that an expression may mean: one origin for each branch that may be taken. Never empty."""


MODULE_TYPE = "module:"
"""How the type begins of a call of a public Terraform module that is not there to be read: its source follows."""


@record
class Resource:
    """A resource as rules see it, in either dialect.

    Attributes:
        address: ``aws_s3_bucket.logs``, ``module.logs``, or the logical id.
        path: the file that holds it.
        span: the whole block or entry.
        header: type and name (Terraform) or the logical id: what a diagnostic underlines.
        value: its configuration; for a template without ``Properties`` the Structure's place is the resource's own
            mapping and ``missing_properties`` is true.
        null_properties: where ``Properties`` is written, but as null.
        worlds: the configuration under each of a few assumptions that bear on several of its properties; empty where
            nothing is to be told apart.
        keys: of Terraform, the instance that each of the worlds is, as in its address: ``["a"]``, ``[0]``.
        written_type: the type as written, where the resource is judged as what that becomes (SAM).
        construct: the path of the CDK construct that the resource was made from.
        apart: gives the configuration under each of a few assumptions, first of all those that bear on the properties
            with these names; None where nothing is assumed.
        module: the address of the module that it stands in, which ``address`` begins with: empty, or ``module.m.``.
        present: False for ``count = 0`` or a condition that is known to be false; None where that is not known.
        each: ``for_each`` or ``count`` where the block has one.
        instances: how many there are, where that is known.

    """

    dialect: Dialect
    type: str
    name: str
    address: str
    path: str
    span: Span
    header: Span
    value: Structure
    present: bool | None = True
    each: str | None = None
    instances: int | None = None
    missing_properties: bool = False
    null_properties: Place | None = None
    module: str = ""
    worlds: tuple[Structure, ...] = ()
    keys: tuple[str, ...] = ()
    written_type: str | None = None
    construct: str | None = None
    apart: "Callable[[frozenset[str]], tuple[Structure, ...]] | None" = field(default=None, compare=False, repr=False)


# --------------------------------------------------------------------- what a fix writes


@record
class DialectExpression:
    """An expression of the dialect, from the policy (``$expr``); written as it stands."""

    text: str


@record
class ResourceReference:
    """A reference to an attribute of a resource, with text after it (``$self``, ``$suffix``).

    Terraform: ``type.name.attribute`` (or ``each.value.attribute``); CloudFormation: ``!Ref``, ``!GetAtt``, ``!Sub``.
    ``name`` is None for the primary in a symbolic change.
    """

    type: str
    name: str | None
    attribute: str
    suffix: str = ""


@record
class WrittenMap:
    """A mapping to write, in the order given."""

    entries: tuple[tuple[str, "Written"], ...]


@record
class JsonDocument:
    """A JSON document: ``jsonencode({..})`` in Terraform, the mapping itself in a template."""

    value: WrittenMap


Written: TypeAlias = (
    Scalar | tuple["Written", ...] | WrittenMap | JsonDocument | DialectExpression | ResourceReference | None
)


@record
class NewAttribute:
    """An attribute (Terraform) or a key with its value (template) to insert."""

    name: str
    value: Written


@record
class NewBlock:
    """A nested block (Terraform) or a nested mapping (template, ``.tf.json``) to insert.

    ``as_list``: in a template the mapping stands as the only item of a list.
    ``key``: of a keyed entry (``$entry``), the (name, value) pair that identifies it among its siblings.
    """

    name: str
    entries: tuple["NewEntry", ...]
    as_list: bool = False
    key: tuple[str, Scalar] | None = None


NewEntry: TypeAlias = NewAttribute | NewBlock


@record
class SetValue:
    """The expression at the span gets this value."""

    span: Span
    value: Written


@record
class ExtendList:
    """The list at the span gets these items at its end."""

    span: Span
    items: tuple[Written, ...]


@record
class ReplaceItem:
    """The list item at the span is replaced by these (none: it is removed, with its comma or dash)."""

    span: Span
    items: tuple[Written, ...]


@record
class Insert:
    """The body or mapping at the span gets these entries.

    ``siblings``: names that rules may write here; they make up the policy group that new entries join.
    """

    span: Span
    entries: tuple[NewEntry, ...]
    siblings: frozenset[str] = frozenset()


@record
class Remove:
    """The attribute, block, key with value, or list item at the span goes, with its line."""

    span: Span


@record
class NewResource:
    """A resource to put after the block at the span (or at the end of the file where ``span`` is None).

    ``siblings``: (type, name) of the resources that the run of companions after the primary may hold already; the new
    one is put in sorted order of (type, name) among them.
    """

    span: Span | None
    type: str
    name: str
    entries: tuple[NewEntry, ...]
    siblings: frozenset[tuple[str, str]] = frozenset()
    for_each: str | None = None
    count: str | None = None


Change: TypeAlias = SetValue | ExtendList | ReplaceItem | Insert | Remove | NewResource
