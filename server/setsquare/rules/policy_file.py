"""The policy file ``setsquare.yaml``: read, checked against the rules it speaks of."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import cast

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Expression, ObjectExpression, Place, Written, WrittenMap
from setsquare.rules.binding import Binding, Unset
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import contradictions, looser_parameters, refused_parameters
from setsquare.rules.decoding import Decoder, Mistake, Unfit, shown
from setsquare.rules.nodes import NodeDecoder
from setsquare.rules.policy import Exemption, Policy, RulesFolder
from setsquare.rules.rule import BULK_IMPACTS, MISSING, ImpactLevel, Parameter, Severity
from setsquare.rules.vocabulary import POLICY
from setsquare.text import Span

FILE_NAME = "setsquare.yaml"
_FIELDS = POLICY.all_names
_RULES = POLICY.key("rules").all_names
_SELECT = POLICY.key("rules").key("select").all_names
_DISABLED = POLICY.key("rules").key("disable").all_names
_EXCEPTION = POLICY.key("exceptions").all_names
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = 1
_SEVERITIES = tuple(Severity)


def load_policy(
    path: str, source: bytes, catalogue: Catalogue, as_of: date, outer: Policy | None = None
) -> tuple[Policy | None, tuple[Mistake, ...]]:
    """Read a policy file.

    Args:
        path: where the file is.
        source: its text.
        catalogue: the rules that it may speak of.
        as_of: the date that expiry is judged by.
        outer: the policy of a folder above, which this one may only tighten.

    Returns:
        the policy (None where the file has mistakes) and all mistakes.

    """
    decoder = Decoder(path, source)
    root = decoder.root("a policy")
    policy = None
    if root is not None:
        policy = _PolicyDecoder(decoder, catalogue, as_of, outer).policy(root)
    mistakes = tuple(sorted(set(decoder.mistakes)))
    return (None if mistakes else policy), mistakes


def folders_of_rules(path: str, source: bytes) -> tuple[RulesFolder, ...]:
    """Return the folders with own rules that a policy file names; its mistakes are found when it is loaded."""
    decoder = Decoder(path, source)
    root = decoder.root("a policy")
    if root is None:
        return ()
    table = decoder.mapping(root)
    items = decoder.optional(table, "extra_rules", lambda value: decoder.items(value, _FOLDERS), ())
    return decoder.each(items, lambda item: RulesFolder(decoder.text(item), Place(path, item.span)))


_FOLDERS = "a list of folders with rules"


class _PolicyDecoder:
    def __init__(self, decoder: Decoder, catalogue: Catalogue, as_of: date, outer: Policy | None) -> None:
        self._decoder = decoder
        self._catalogue = catalogue
        self._as_of = as_of
        self._outer = outer
        self._declared: dict[str, Parameter] = {}
        for rule in catalogue.rules.values():
            self._declared.update(rule.parameters)

    def policy(self, root: ObjectExpression) -> Policy:
        """Return the policy; what it does not say is as the outer policy says it."""
        decoder = self._decoder
        outer = self._outer or Policy.default(self._as_of)
        table = decoder.fields(root, _FIELDS, POLICY.required_names, "a policy")
        if decoder.optional(table, "policy", decoder.integer, _VERSION) != _VERSION:
            decoder.found(table["policy"], f"{_VERSION}, the version of the policy format")
        rules = self._fields(table, "rules", _RULES)
        select = self._fields(rules, "select", _SELECT)
        folder = outer.folder or decoder.path.rpartition("/")[0]
        disabled = decoder.optional(rules, "disable", lambda value: self._exemptions(value, _DISABLED), ())
        exceptions = decoder.optional(table, "exceptions", lambda value: self._exemptions(value, _EXCEPTION), ())
        baseline = decoder.optional(table, "account_baseline", decoder.texts, ())
        decoder.optional(table, "extra_rules", lambda value: decoder.texts(value, _FOLDERS), ())
        policy = Policy(
            parameters={**outer.parameters, **decoder.optional(table, "parameters", self._parameters, {})},
            frameworks=decoder.optional(select, "frameworks", self._frameworks, outer.frameworks),
            min_severity=decoder.optional(select, "min_severity", self._severity, outer.min_severity),
            disabled=(*outer.disabled, *disabled),
            exceptions=(*outer.exceptions, *exceptions),
            account_baseline=(*outer.account_baseline, *(self._from_outer(folder, pattern) for pattern in baseline)),
            allowed_impacts=decoder.optional(rules, "fix", self._impacts, outer.allowed_impacts),
            unsuppressible=outer.unsuppressible
            | decoder.optional(rules, "no_suppression", self._rule_ids, frozenset()),
            overrides=decoder.optional(rules, "override", self._overrides, {}),
            as_of=self._as_of,
            path=decoder.path,
            folder=folder,
            hash=_hash(outer, decoder.source),
        )
        decoder.optional(table, "parameters", lambda value: self._check_together(value, policy), None)
        return policy

    def _fields(self, table: Mapping[str, Expression], name: str, allowed: tuple[str, ...]) -> dict[str, Expression]:
        return self._decoder.optional(table, name, lambda value: self._decoder.fields(value, allowed), {})

    def _from_outer(self, folder: str, pattern: str) -> str:
        """Return a pattern of this file's folder as one of the outermost file's."""
        inner = self._decoder.path.rpartition("/")[0].removeprefix(folder).strip("/")
        return f"{inner}/{pattern.removeprefix('./')}" if inner else pattern

    # ------------------------------------------------------------- what a policy below another may not do

    def _loosens(self, span: Span, found: str, expected: str) -> None:
        if self._outer is not None:
            rule = f"a policy below {self._outer.path} may only tighten"
            self._decoder.mistake(span, f"found {found}, expected {expected}: {rule}")

    # ------------------------------------------------------------- rules

    def _severity(self, expression: Expression) -> Severity:
        severity = cast("Severity", self._decoder.choice(expression, Severity))
        outer = self._outer.min_severity if self._outer is not None else severity
        if _SEVERITIES.index(severity) < _SEVERITIES.index(outer):
            wider = [option.value for option in _SEVERITIES[_SEVERITIES.index(outer) :]]
            self._loosens(expression.span, shown(expression), _one_of(wider))
        return severity

    def _frameworks(self, expression: Expression) -> frozenset[str]:
        known = sorted({name for r in self._catalogue.rules.values() for name in (*r.frameworks, *r.also_relevant)})

        def framework(item: Expression) -> str:
            name = self._decoder.text(item)
            if name not in known:
                raise self._decoder.unfit(item, _one_of(known))
            return name

        found = frozenset(self._decoder.each(self._decoder.items(expression, "a list of frameworks"), framework))
        outer = self._outer.frameworks if self._outer is not None else found
        if found and not outer:
            self._loosens(expression.span, "a selection of frameworks", "none, as all are selected")
        elif found and outer - found:
            missing = ", ".join(sorted(outer - found))
            self._loosens(expression.span, f"a selection without {missing}", f"at least {', '.join(sorted(outer))}")
        return found

    def _impacts(self, expression: Expression) -> frozenset[ImpactLevel]:
        table = self._decoder.fields(expression, ("allow_impact",), ("allow_impact",), "{allow_impact: [..]}")
        if "allow_impact" not in table:
            return BULK_IMPACTS
        outer = self._outer.allowed_impacts if self._outer is not None else frozenset(ImpactLevel)

        def impact(item: Expression) -> ImpactLevel:
            level = cast("ImpactLevel", self._decoder.choice(item, ImpactLevel))
            if level not in outer and level is not ImpactLevel.NONE:
                self._loosens(item.span, shown(item), _one_of([one.value for one in ImpactLevel if one in outer]))
            return level

        items = self._decoder.items(table["allow_impact"], "a list of impacts")
        return frozenset({ImpactLevel.NONE, *self._decoder.each(items, impact)})

    def _rule_ids(self, expression: Expression) -> frozenset[str]:
        return frozenset(self._decoder.each(self._decoder.items(expression, "a list of rule ids"), self._rule_id))

    def _rule_id(self, expression: Expression) -> str:
        name = self._decoder.text(expression, "a rule id")
        if name not in self._catalogue.rules:
            near = get_close_matches(name, self._catalogue.rules, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise self._decoder.unfit(expression, f"the id of a rule (`setsquare rules` lists them){hint}")
        return name

    def _overrides(self, expression: Expression) -> dict[str, Place]:
        self._loosens(expression.span, "rules that are replaced", "none")
        items = self._decoder.items(expression, "a list of rule ids")
        return dict(self._decoder.each(items, lambda item: (self._rule_id(item), Place(self._decoder.path, item.span))))

    def _exemptions(self, expression: Expression, fields: tuple[str, ...]) -> tuple[Exemption, ...]:
        items = self._decoder.items(expression, f"a list of {{{', '.join(fields)}}}")
        return self._decoder.each(items, lambda item: self._exemption(item, fields))

    def _exemption(self, expression: Expression, fields: tuple[str, ...]) -> Exemption:
        decoder = self._decoder
        table = decoder.fields(expression, fields, ("rule", "reason"), "an exemption")
        rule = decoder.optional(table, "rule", self._rule_id, "")
        if rule:
            self._loosens(table["rule"].span, f"an exemption from {rule}", "none")
        texts = {
            name: decoder.optional(table, name, decoder.text, None) for name in fields if name not in ("rule", "until")
        }
        return Exemption(
            rule=rule,
            reason=texts["reason"] or "",
            approved_by=texts["approved_by"],
            until=decoder.optional(table, "until", self._date, None),
            resource=texts.get("resource"),
            path=texts.get("path"),
            place=Place(decoder.path, expression.span),
        )

    def _date(self, expression: Expression) -> date:
        text = self._decoder.text(expression, "a date as 2027-06-30")
        try:
            return date.fromisoformat(text) if _DATE.fullmatch(text) else date.fromisoformat("")
        except ValueError:
            raise self._decoder.unfit(expression, "a date as 2027-06-30") from None

    # ------------------------------------------------------------- parameters

    def _parameters(self, expression: Expression) -> dict[str, Written | Mapping[Dialect, Written]]:
        result: dict[str, Written | Mapping[Dialect, Written]] = {}
        for entry in self._decoder.entries(expression, "parameters by name"):
            name = str(getattr(entry.key, "value", ""))
            declared = self._declared.get(name)
            if declared is None:
                near = get_close_matches(name, self._declared, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self._decoder.found(entry.key, f"a parameter of a rule{hint}")
                continue
            try:
                result[name] = self._value(declared, entry.value)
            except Unfit:
                continue
        return result

    def _value(self, declared: Parameter, expression: Expression) -> Written | Mapping[Dialect, Written]:
        names = [dialect.value for dialect in Dialect]
        if isinstance(expression, ObjectExpression):
            table = self._decoder.mapping(expression)
            if table.keys() & set(names):
                self._decoder.fields(expression, names, (), "a value for each dialect")
                return {d: self._one_value(declared, table[d.value]) for d in Dialect if d.value in table}
        return self._one_value(declared, expression)

    def _one_value(self, declared: Parameter, expression: Expression) -> Written:
        operand = NodeDecoder(self._decoder).operand(expression)
        value = Binding({}, lambda _name: MISSING).operand(operand)
        if isinstance(value, Unset):
            raise self._decoder.unfit(expression, "a value")
        expected = fits(declared.type, value, self._catalogue.orders)
        if expected is not None:
            raise self._decoder.unfit(expression, expected)
        found = f"found {shown(expression)}"
        for rule in refused_parameters(self._catalogue, declared.name, value):
            self._decoder.mistake(expression.span, f"{found}, which the rule {rule} itself would not accept")
        for rule in self._looser(declared.name, value):
            self._loosens(expression.span, shown(expression), f"what the rule {rule} accepts there")
        return value

    def _looser(self, name: str, value: Written) -> list[str]:
        if self._outer is None:
            return []
        above = (self._outer.parameter(name, dialect) for dialect in Dialect)
        found = {
            r for outer in above if outer is not MISSING for r in looser_parameters(self._catalogue, name, outer, value)
        }
        return sorted(found)

    def _check_together(self, parameters: Expression, policy: Policy) -> None:
        """Report parameters with which two rules that are in force contradict each other."""
        values = self._decoder.mapping(parameters, "parameters by name")
        rules = self._catalogue.only(policy.selects)
        among = {rule.id for rule in rules.rules.values() if rule.parameters.keys() & values.keys()}
        for fault in contradictions(rules, policy.parameter, among):
            value = next(value for name, value in values.items() if name in rules.rules[fault.rule].parameters)
            self._decoder.mistake(value.span, f"found {shown(value)}, with which {fault}")


def _one_of(options: Sequence[str]) -> str:
    return ("one of " if len(options) > 1 else "") + ", ".join(options)


def _hash(outer: Policy, source: bytes) -> str:
    above = b"" if outer.path is None else outer.hash.encode()
    return "sha256:" + hashlib.sha256(above + source).hexdigest()


def fits(kind: str, value: Written, orders: Mapping[str, object]) -> str | None:
    """Return what was expected where a value is not of a parameter's type; None where it is."""
    if isinstance(value, DialectExpression):
        return None
    if isinstance(value, WrittenMap):
        return f"a value of type {kind}, or {{$expr: ..}}"
    if kind.startswith("list("):
        inner = kind[len("list(") : -1]
        if not isinstance(value, tuple):
            return f"a list of {inner}"
        return next((bad for item in value if (bad := fits(inner, item, orders)) is not None), None)
    if kind.startswith("enum("):
        options = orders.get(kind[len("enum(") : -1], ())
        names = [str(option) for option in options] if isinstance(options, list | tuple) else []
        return None if value in names else "one of " + ", ".join(names)
    tests = {
        "string": (isinstance(value, str), "text"),
        "integer": (isinstance(value, int) and not isinstance(value, bool), "a whole number"),
        "boolean": (isinstance(value, bool), "true or false"),
        "cidr": (_is_cidr(value), "a network as 10.0.0.0/8"),
        "kms_key_arn": (isinstance(value, str) and value.startswith("arn:"), "the ARN of a key, or {$expr: ..}"),
    }
    passed, expected = tests[kind]
    return None if passed else expected


def _is_cidr(value: Written) -> bool:
    try:
        ipaddress.ip_network(str(value))
    except ValueError:
        return False
    return True
