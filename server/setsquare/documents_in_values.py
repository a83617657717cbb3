"""Statement tests against policy documents, by meaning; and where a wanted statement is added."""

from collections.abc import Sequence as Sequence_
from functools import partial

from setsquare.changes import NoChangeError
from setsquare.companions import same_target
from setsquare.evaluation import DocumentVerdict
from setsquare.findings import PlacedChange
from setsquare.iam import (
    ANYONE,
    covers_action,
    elements,
    has_any,
    has_on_every_branch,
    is_missing,
    is_one,
    overlaps_action,
)
from setsquare.logic import every, negated, some, unanimous
from setsquare.model import (
    Absent,
    ExtendList,
    Insert,
    Known,
    NewAttribute,
    NewBlock,
    NewEntry,
    Opaque,
    Origin,
    Referenced,
    Resource,
    ResourceReference,
    Sequence,
    Structure,
    Text,
    Value,
    Written,
    WrittenMap,
)
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.policy_documents import Document, read_document
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.binding import Binding, Unset
from setsquare.rules.rule import AnyElement, MapOperand, Operand, Statement

Scope = TerraformModule | TemplateScope
_EVERYTHING_BUT = {"Principal": "NotPrincipal", "Resource": "NotResource"}
_ARN_ATTRIBUTES = ("arn", "Arn")
_NAME_ATTRIBUTES = ("id", "bucket", "Ref")


class DocumentReader:
    """Judges the documents that a rule's leaves hold, for one primary resource."""

    def __init__(self, scope: Scope, primary: Resource, binding: Binding) -> None:
        self._scope = scope
        self._primary = primary
        self._binding = binding

    def judge(self, test: Statement, origin: Origin) -> tuple[DocumentVerdict, ...]:
        """Return whether a document has, or lacks, such a statement: one verdict for each statement that violates."""
        document = read_document(self._scope, origin)
        if document is None:
            return (DocumentVerdict(None, origin),)
        if test.wanted:
            return (DocumentVerdict(self._has(document, test.pattern), origin),)
        return self._lacks(document, test.pattern, origin)

    def _has(self, document: Document, pattern: MapOperand) -> bool | None:
        def fulfilled(statement: Value) -> bool | None:
            return unanimous(isinstance(one, Structure) and self._fulfils(one, pattern) for one in statement)

        alternatives = document.statements.alternatives
        found = unanimous(some(fulfilled(statement) for statement in statements) for statements in alternatives)
        return found if found or document.statements.complete else None

    def _lacks(self, document: Document, pattern: MapOperand, origin: Origin) -> tuple[DocumentVerdict, ...]:
        verdicts: list[DocumentVerdict] = []
        for statement in document.statements.items:
            answer, decisive = self._matches(statement, pattern)
            if answer is not False:
                verdicts.append(DocumentVerdict(negated(answer), decisive or statement))
        if not document.statements.complete:
            verdicts.append(DocumentVerdict(None, origin))
        violated = tuple(verdict for verdict in verdicts if verdict.accepted is False)
        return violated or tuple(verdicts[:1]) or (DocumentVerdict(True, origin),)  # noqa: FBT003 - a NamedTuple's field

    # ------------------------------------------------------------- a statement that must not be there

    def _matches(self, statement: Structure, pattern: MapOperand) -> tuple[bool | None, Origin | None]:
        answers: list[bool | None] = []
        decisive: Origin | None = None
        for key, wanted in pattern.entries:
            answer, origin = self._element_matches(statement, key, wanted)
            answers.append(answer)
            if answer is None:
                decisive = origin or decisive
            elif decisive is None and isinstance(wanted, AnyElement):
                decisive = origin
        return every(answers), decisive

    def _element_matches(self, statement: Structure, key: str, wanted: Operand) -> tuple[bool | None, Origin | None]:
        answer, origin = self._key_matches(statement.lookup(key), wanted)
        if answer is not False or key not in _EVERYTHING_BUT or not _names_everything(wanted):
            return answer, origin
        # Everybody but a few is still everybody, strangers included; so is everything but a few.
        opposite = statement.lookup(_EVERYTHING_BUT[key])
        nothing, _ = has_any(opposite, (ANYONE,))
        first = next(iter(elements(opposite).origins), None)
        return every([negated(is_missing(opposite)), negated(nothing)]), first

    def _key_matches(self, value: Value, wanted: Operand) -> tuple[bool | None, Origin | None]:
        match wanted:
            case AnyElement(values):
                return has_any(value, tuple(str(item) for item in values))
            case MapOperand((("$absent", _),)):
                return is_missing(value), None
            case MapOperand((("$present", _),)):
                return negated(is_missing(value)), None
            case MapOperand(entries):
                return self._members_match(value, entries)
            case tuple():
                answers = [has_any(value, (str(item),)) for item in wanted]
                return every(answer for answer, _ in answers), next((origin for _, origin in answers), None)
            case _:
                return has_any(value, (str(wanted),))

    def _members_match(
        self, value: Value, entries: tuple[tuple[str, Operand], ...]
    ) -> tuple[bool | None, Origin | None]:
        answers: list[bool | None] = []
        for origin in value:
            if isinstance(origin, Structure):
                answers.append(every(self._key_matches(origin.lookup(key), wanted)[0] for key, wanted in entries))
            else:
                answers.append(None if isinstance(origin, Opaque) else False)
        return some(answers), None

    # ------------------------------------------------------------- a statement that must be there

    def _fulfils(self, statement: Structure, pattern: MapOperand) -> bool | None:
        keys = dict(pattern.entries)
        answers: list[bool | None] = []
        for key, operand in keys.items():
            wanted = self._binding.operand(operand)
            if key != "Sid" and not isinstance(wanted, Unset):
                fulfilled = self._key_fulfils(key, statement.lookup(key), wanted)
                opposite = statement.lookup(f"Not{key}") if key in ("Action", "Resource") else (Absent(),)
                answers.append(some([fulfilled, self._spares(key, opposite, wanted)]))
        if "Condition" not in keys:
            answers.append(is_missing(statement.lookup("Condition")))
        return every(answers)

    def _spares(self, key: str, opposite: Value, wanted: Written) -> bool | None:
        """Whether ``NotAction`` or ``NotResource`` is there and leaves out nothing of what is wanted."""

        def touches(origin: Origin, option: Written) -> bool | None:
            if key == "Action":
                return overlaps_action(origin, str(option))
            has_wildcard = isinstance(origin, Known) and any(sign in str(origin.value) for sign in "*?")
            answer = self._covers_resource(origin, option)
            return answer if answer or not has_wildcard else None

        left_out = elements(opposite)
        options = wanted if isinstance(wanted, tuple) else (wanted,)
        answers = [negated(touches(origin, option)) for origin in left_out.origins for option in options]
        return every([negated(is_missing(opposite)), *answers, *(() if left_out.complete else (None,))])

    def _key_fulfils(self, key: str, value: Value, wanted: Written) -> bool | None:
        if key == "Condition":
            return _same_conditions(value, wanted)

        def covers(origin: Origin, option: Written) -> bool | None:
            match key:
                case "Resource":
                    return self._covers_resource(origin, option)
                case "Action":
                    return covers_action(origin, str(option))
                case _:
                    return is_one(origin, str(option))

        options = wanted if isinstance(wanted, tuple) else (wanted,)
        return every(has_on_every_branch(value, partial(covers, option=option)) for option in options)

    def _covers_resource(self, origin: Origin, wanted: Written) -> bool | None:
        if isinstance(origin, Known) and origin.value == ANYONE:
            return True
        if not isinstance(wanted, ResourceReference):
            return origin.value == wanted if isinstance(origin, Known) else None
        match origin:
            case Referenced():
                return self._is_primary(origin, wanted.attribute) if not wanted.suffix else False
            case Known(_, value):
                return self._is_named(str(value), wanted.suffix)
            case Text(_, parts):
                return self._is_spelled(parts, wanted)
            case _:
                return None

    def _is_primary(self, reference: Referenced, attribute: str) -> bool | None:
        return same_target(reference, (attribute,), self._primary)

    def _is_named(self, text: str, suffix: str) -> bool | None:
        names = [o for a in ("bucket", "BucketName") for o in self._primary.value.lookup(a)]
        known = [str(origin.value) for origin in names if isinstance(origin, Known)]
        return any(text == f"arn:aws:s3:::{name}{suffix}" for name in known)

    def _is_spelled(self, parts: tuple[str | Referenced | Opaque, ...], wanted: ResourceReference) -> bool | None:
        """Compare ``${x.arn}/*`` and ``arn:aws:s3:::${x.id}/*`` with the wanted reference."""
        references = [part for part in parts if isinstance(part, Referenced) and not part.target[0].startswith("AWS::")]
        if len(references) != 1:
            return None
        at = parts.index(references[0])
        before, after = parts[:at], "".join(str(part) for part in parts[at + 1 :])
        reference = references[0]
        if not before:
            return every([self._is_primary(reference, wanted.attribute), after == wanted.suffix])
        is_arn = isinstance(before[-1], str) and before[-1].endswith(":::") and wanted.attribute in _ARN_ATTRIBUTES
        if not is_arn:
            return False
        is_name = some(self._is_primary(reference, name) for name in _NAME_ATTRIBUTES)
        return every([is_name, after == wanted.suffix])

    # ------------------------------------------------------------- adding a statement

    @staticmethod
    def insertion(scope: Scope, origin: Origin, statement: WrittenMap) -> Sequence_[PlacedChange]:
        """Return how a statement is added to the document that an origin holds.

        Raises:
            NoChangeError: the document cannot be edited where it is written.

        """
        document = read_document(scope, origin)
        if document is None or document.container is None or not document.container.place.path:
            reason = "the policy document is written in a form that cannot be edited safely"
            raise NoChangeError(reason)
        container = document.container
        path = container.place.path
        if document.is_data_source:
            block = NewBlock("statement", _as_block(statement))
            return (PlacedChange(path, Insert(container.place.span, (block,))),)
        if document.region is not None:
            statement = _with_templates(statement)
        for written in container.lookup("Statement"):
            match written:
                case Sequence(place=place, complete=True) if place.path:
                    region = document.region if place.path == path else None
                    return (PlacedChange(place.path, ExtendList(place.span, (statement,)), region=region),)
                case Absent(None):
                    entry = NewAttribute("Statement", (statement,))
                    return (PlacedChange(path, Insert(container.place.span, (entry,)), region=document.region),)
                case _:
                    break
        reason = "the document's Statement is not a list that could be extended"
        raise NoChangeError(reason)


def _names_everything(wanted: Operand) -> bool:
    match wanted:
        case AnyElement(values):
            return ANYONE in values
        case tuple():
            return ANYONE in wanted
        case _:
            return wanted == ANYONE


def _same_conditions(value: Value, wanted: Written) -> bool | None:
    texts = [_as_text(origin) for origin in value]
    return unanimous(None if text is None else text == _written_text(wanted) for text in texts)


_Conditions = dict[tuple[str, str], tuple[str, ...]]
"""The values of a statement's conditions by operator and key, all in lower case."""


def _as_text(origin: Origin) -> _Conditions | None:
    """Return the conditions that an origin holds; None where they are not known."""
    if isinstance(origin, Absent):
        return {}
    if not isinstance(origin, Structure) or origin.is_open:
        return None
    table: _Conditions = {}
    for operator in origin.names:
        match origin.lookup(operator):
            case (Structure(names=names, lookup=lookup) as keys,) if not keys.is_open:
                for key in names:
                    texts = _texts(lookup(key))
                    if texts is None:
                        return None
                    table[operator.lower(), key.lower()] = texts
            case _:
                return None
    return table


def _texts(value: Value) -> tuple[str, ...] | None:
    match value:
        case (Known(_, text),):
            return (str(text).lower(),)
        case (Sequence(items=items, complete=True),):
            found = [_texts(item) for item in items]
            return None if None in found else tuple(text for texts in found if texts for text in texts)
        case _:
            return None


def _written_text(wanted: Written) -> _Conditions:
    table: _Conditions = {}
    for operator, keys in wanted.entries if isinstance(wanted, WrittenMap) else ():
        for key, value in keys.entries if isinstance(keys, WrittenMap) else ():
            options = value if isinstance(value, tuple) else (value,)
            table[operator.lower(), key.lower()] = tuple(str(option).lower() for option in options)
    return table


def _with_templates(value: WrittenMap) -> WrittenMap:
    """Return a statement for JSON text inside Terraform, where a reference is a template."""
    converted = _templated(value)
    return converted if isinstance(converted, WrittenMap) else value


def _templated(value: Written) -> Written:
    match value:
        case ResourceReference(kind, name, attribute, suffix):
            address = f"{kind}.{name}" if kind else str(name)
            return f"${{{address}.{attribute}}}{suffix}"
        case WrittenMap(entries):
            return WrittenMap(tuple((key, _templated(item)) for key, item in entries))
        case tuple():
            return tuple(_templated(item) for item in value)
        case _:
            return value


_ATTRIBUTES = (("Sid", "sid"), ("Effect", "effect"), ("Action", "actions"), ("Resource", "resources"))


def _as_block(statement: WrittenMap) -> tuple[NewEntry, ...]:
    """Return the inside of a ``statement`` block of the data source."""
    table = dict(statement.entries)
    entries: list[NewEntry] = []
    for key, name in _ATTRIBUTES:
        if key in table:
            value = table[key]
            listed = value if isinstance(value, tuple) or name in ("sid", "effect") else (value,)
            entries.append(NewAttribute(name, listed))
    condition = table.get("Condition")
    for test, keys in condition.entries if isinstance(condition, WrittenMap) else ():
        for variable, value in keys.entries if isinstance(keys, WrittenMap) else ():
            values = value if isinstance(value, tuple) else (value,)
            tested = (NewAttribute("test", test), NewAttribute("variable", variable), NewAttribute("values", values))
            entries.append(NewBlock("condition", tested))
    if "Principal" in table:
        principal = table["Principal"]
        kind = ANYONE if principal == ANYONE else "AWS"
        identifiers = principal if isinstance(principal, tuple) else (principal,)
        named = (NewAttribute("type", kind), NewAttribute("identifiers", identifiers))
        entries.append(NewBlock("principals", named))
    return tuple(entries)
