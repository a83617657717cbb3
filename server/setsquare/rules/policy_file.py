"""The policy file ``setsquare.yaml``: read, checked against the rules it speaks of."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from datetime import date
from typing import cast

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Expression, ObjectExpression, Written, WrittenMap
from setsquare.rules.binding import Binding, Unset
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import refused_parameters
from setsquare.rules.decoding import Decoder, Mistake, Unfit, shown
from setsquare.rules.nodes import NodeDecoder
from setsquare.rules.policy import Exemption, Policy
from setsquare.rules.rule import BULK_IMPACTS, MISSING, ImpactLevel, Parameter, Severity

FILE_NAME = "setsquare.yaml"
_FIELDS = ("policy", "parameters", "rules", "exceptions", "account_baseline", "extra_rules")
_RULES = ("select", "disable", "fix", "no_suppression")
_SELECT = ("frameworks", "min_severity")
_EXEMPTION = ("rule", "resource", "path", "reason", "approved_by", "until")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = 1


def load_policy(
    path: str, source: bytes, catalogue: Catalogue, as_of: date
) -> tuple[Policy | None, tuple[Mistake, ...]]:
    """Read a policy file.

    Returns:
        the policy (None where the file has mistakes) and all mistakes.

    """
    decoder = Decoder(path, source)
    root = decoder.root("a policy")
    policy = None
    if root is not None:
        try:
            policy = _PolicyDecoder(decoder, catalogue, as_of).policy(root)
        except (Unfit, KeyError):
            policy = None
    mistakes = tuple(sorted(set(decoder.mistakes)))
    return (None if mistakes else policy), mistakes


class _PolicyDecoder:
    def __init__(self, decoder: Decoder, catalogue: Catalogue, as_of: date) -> None:
        self._decoder = decoder
        self._catalogue = catalogue
        self._as_of = as_of
        self._declared: dict[str, Parameter] = {}
        for rule in catalogue.rules.values():
            self._declared.update(rule.parameters)

    def policy(self, root: ObjectExpression) -> Policy:
        decoder = self._decoder
        table = decoder.fields(root, _FIELDS, ("policy",), "a policy")
        if decoder.integer(table["policy"]) != _VERSION:
            decoder.found(table["policy"], f"{_VERSION}, the version of the policy format")
        rules = decoder.fields(table["rules"], _RULES) if "rules" in table else {}
        select = decoder.fields(rules["select"], _SELECT) if "select" in rules else {}
        parameters = self._parameters(table["parameters"]) if "parameters" in table else {}
        severity = decoder.choice(select["min_severity"], Severity) if "min_severity" in select else Severity.LOW
        return Policy(
            parameters=parameters,
            frameworks=self._frameworks(select["frameworks"]) if "frameworks" in select else frozenset(),
            min_severity=cast("Severity", severity),
            disabled=self._exemptions(rules["disable"]) if "disable" in rules else (),
            exceptions=self._exemptions(table["exceptions"]) if "exceptions" in table else (),
            account_baseline=decoder.texts(table["account_baseline"]) if "account_baseline" in table else (),
            allowed_impacts=self._impacts(rules["fix"]) if "fix" in rules else BULK_IMPACTS,
            unsuppressible=frozenset(self._rule_ids(rules["no_suppression"]))
            if "no_suppression" in rules
            else frozenset(),
            extra_rules=decoder.texts(table["extra_rules"]) if "extra_rules" in table else (),
            as_of=self._as_of,
            path=decoder.path,
            hash="sha256:" + hashlib.sha256(decoder.source).hexdigest(),
        )

    def _frameworks(self, expression: Expression) -> frozenset[str]:
        known = sorted({name for r in self._catalogue.rules.values() for name in (*r.frameworks, *r.also_relevant)})
        found: list[str] = []
        for item in self._decoder.items(expression, "a list of frameworks"):
            name = self._decoder.text(item)
            if name not in known:
                self._decoder.found(item, "one of " + ", ".join(known))
            found.append(name)
        return frozenset(found)

    def _impacts(self, expression: Expression) -> frozenset[ImpactLevel]:
        table = self._decoder.fields(expression, ("allow_impact",), ("allow_impact",), "{allow_impact: [..]}")
        items = self._decoder.items(table["allow_impact"], "a list of impacts")
        chosen = self._decoder.each(items, lambda item: self._decoder.choice(item, ImpactLevel))
        return frozenset({ImpactLevel.NONE, *cast("tuple[ImpactLevel, ...]", chosen)})

    def _rule_ids(self, expression: Expression) -> tuple[str, ...]:
        return self._decoder.each(self._decoder.items(expression, "a list of rule ids"), self._rule_id)

    def _rule_id(self, expression: Expression) -> str:
        name = self._decoder.text(expression, "a rule id")
        if name not in self._catalogue.rules:
            raise self._decoder.unfit(expression, "the id of a rule (`setsquare rules` lists them)")
        return name

    def _exemptions(self, expression: Expression) -> tuple[Exemption, ...]:
        items = self._decoder.items(expression, "a list of {rule, reason, approved_by, until}")
        return self._decoder.each(items, self._exemption)

    def _exemption(self, expression: Expression) -> Exemption:
        decoder = self._decoder
        table = decoder.fields(expression, _EXEMPTION, ("rule", "reason"), "an exemption")
        texts = {name: decoder.text(table[name]) for name in ("resource", "path", "approved_by") if name in table}
        return Exemption(
            rule=self._rule_id(table["rule"]),
            reason=decoder.text(table["reason"]),
            approved_by=texts.get("approved_by"),
            until=self._date(table["until"]) if "until" in table else None,
            resource=texts.get("resource"),
            path=texts.get("path"),
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
                self._decoder.found(entry.key, "one of " + ", ".join(sorted(self._declared)))
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
        for rule in refused_parameters(self._catalogue, declared.name, value):
            self._decoder.mistake(
                expression.span, f"found {shown(expression)}, which rule {rule} itself would not accept"
            )
        return value


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
