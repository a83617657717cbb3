"""A rule file to a rule, or to mistakes with line, column, what was found and what was expected."""

import re
from typing import cast

from setsquare.documents import Dialect
from setsquare.model import Expression, ObjectExpression
from setsquare.rules.decoding import Decoder, Mistake, Unfit
from setsquare.rules.nodes import NodeDecoder
from setsquare.rules.rule import (
    MISSING,
    Companion,
    Impact,
    ImpactLevel,
    Missing,
    NoFix,
    Operand,
    Parameter,
    Properties,
    Rule,
    Severity,
    Target,
)
from setsquare.rules.vocabulary import RULE

CATEGORIES = (
    "encryption-at-rest",
    "encryption-in-transit",
    "network-exposure",
    "least-privilege",
    "logging",
    "backup",
    "deletion-protection",
    "patching",
    "secrets",
    "availability",
)
NO_FIX_KINDS = ("needs-runtime-knowledge", "needs-design", "would-cut-access", "destroys-data")
ONCE = ("root_module", "template")
_FIELDS = RULE.all_names
_REQUIRED = RULE.required_names
_TARGET = RULE.key("terraform")
_COMPANION = _TARGET.key("companions")
_PARAMETER = RULE.key("parameters")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_LONGEST_TITLE = 90
PARAMETER_TYPES = (
    "string",
    "integer",
    "boolean",
    "cidr",
    "kms_key_arn",
    "list(string)",
    "list(cidr)",
    "list(integer)",
)
_ENUMERATION = re.compile(r"enum\(\w+\)")


def load_rule(path: str, source: bytes) -> tuple[Rule | None, tuple[Mistake, ...]]:
    """Read a rule file.

    Returns:
        the rule (None where it cannot be made) and all mistakes, in the order of the file.

    """
    decoder = Decoder(path, source)
    root = decoder.root("a rule")
    rule = None
    if root is not None:
        try:
            rule = _RuleDecoder(decoder).rule(root)
        except (Unfit, KeyError):
            rule = None
    mistakes = tuple(sorted(set(decoder.mistakes)))
    return (None if mistakes else rule), mistakes


class _RuleDecoder:
    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._nodes = NodeDecoder(decoder)

    def rule(self, root: ObjectExpression) -> Rule:
        decoder = self._decoder
        table = decoder.fields(root, _FIELDS, _REQUIRED, "a rule")
        targets, unsupported = self._dialects(table)
        return Rule(
            id=self._id(table["id"]),
            version=decoder.integer(table["version"]),
            title=self._title(table["title"]),
            severity=cast("Severity", decoder.choice(table["severity"], Severity)),
            category=self._among(table["category"], CATEGORIES),
            rationale=decoder.text(table["rationale"]).strip(),
            references=decoder.texts(table["references"]),
            frameworks=decoder.text_lists(table["frameworks"], "lists of requirement ids"),
            impact=self._impact(table["impact"]),
            targets=targets,
            unsupported=unsupported,
            also_relevant=self._lists(table, "also_relevant"),
            also_controls=decoder.texts(table["also_controls"]) if "also_controls" in table else (),
            parameters=self._parameters(table["parameters"]) if "parameters" in table else {},
            implies=decoder.texts(table["implies"]) if "implies" in table else (),
            implied_by=decoder.texts(table["implied_by"]) if "implied_by" in table else (),
            aliases=self._lists(table, "aliases"),
        )

    def _lists(self, table: dict[str, Expression], name: str) -> dict[str, tuple[str, ...]]:
        return self._decoder.text_lists(table[name], "lists of ids") if name in table else {}

    def _id(self, expression: Expression) -> str:
        text = self._decoder.text(expression)
        if not _ID.fullmatch(text):
            raise self._decoder.unfit(expression, "words of a-z and 0-9 joined by hyphens: provider-service-name")
        return text

    def _title(self, expression: Expression) -> str:
        text = self._decoder.text(expression)
        if len(text) > _LONGEST_TITLE:
            self._decoder.mistake(expression.span, f"found {len(text)} characters, expected at most {_LONGEST_TITLE}")
        return text

    def _among(self, expression: Expression, options: tuple[str, ...]) -> str:
        text = self._decoder.text(expression, "one of " + ", ".join(options))
        if text not in options:
            self._decoder.found(expression, "one of " + ", ".join(options))
        return text

    def _impact(self, expression: Expression) -> Impact:
        decoder = self._decoder
        names = [dialect.value for dialect in Dialect]
        table = decoder.fields(expression, (*names, "note", "replaces_when"), names, "the impact in each dialect")
        levels = {d: cast("ImpactLevel", decoder.choice(table[d.value], ImpactLevel)) for d in Dialect}
        when = self._nodes.properties(table["replaces_when"], condition=True) if "replaces_when" in table else None
        return Impact(levels, decoder.text(table["note"]) if "note" in table else "", when)

    def _parameters(self, expression: Expression) -> dict[str, Parameter]:
        result: dict[str, Parameter] = {}
        decoder = self._decoder
        for name, value in decoder.mapping(expression, "parameters by name").items():
            table = decoder.fields(value, _PARAMETER.all_names, _PARAMETER.required_names, "a parameter")
            kind = decoder.text(table["type"])
            if kind not in PARAMETER_TYPES and not _ENUMERATION.fullmatch(kind):
                decoder.found(table["type"], "string, integer, boolean, cidr, kms_key_arn, list(..) or enum(order)")
            default: Operand | Missing = self._nodes.operand(table["default"]) if "default" in table else MISSING
            result[name] = Parameter(
                name,
                kind,
                required="required" in table and decoder.boolean(table["required"]),
                default=default,
                description=decoder.text(table["description"]) if "description" in table else "",
            )
        return result

    # ------------------------------------------------------------- targets

    def _dialects(self, table: dict[str, Expression]) -> tuple[dict[Dialect, tuple[Target, ...]], dict[Dialect, str]]:
        targets: dict[Dialect, tuple[Target, ...]] = {}
        unsupported: dict[Dialect, str] = {}
        for dialect in Dialect:
            written = table[dialect.value]
            if isinstance(written, ObjectExpression):
                reason = self._decoder.fields(written, ("unsupported",), ("unsupported",), "a list of targets")
                unsupported[dialect] = self._decoder.text(reason["unsupported"])
            else:
                items = self._decoder.items(written, "a list of targets, or {unsupported: reason}")
                targets[dialect] = self._decoder.each(items, self._target)
        return targets, unsupported

    def _target(self, expression: Expression) -> Target:
        decoder = self._decoder
        table = decoder.fields(expression, _TARGET.all_names, _TARGET.required_names, "a target")
        if "state" not in table and "companions" not in table:
            raise decoder.unfit(expression, "a target with state or companions")
        items = decoder.items(table["companions"], "a list of companions") if "companions" in table else ()
        impact = decoder.choice(table["impact"], ImpactLevel) if "impact" in table else None
        return Target(
            resource=decoder.text(table["resource"]),
            when=self._nodes.properties(table["when"], condition=True) if "when" in table else None,
            state=self._nodes.properties(table["state"]) if "state" in table else None,
            companions=decoder.each(items, self._companion),
            no_fix=self._no_fix(table["fix"]) if "fix" in table else None,
            impact=cast("ImpactLevel | None", impact),
            once=self._among(table["once"], ONCE) if "once" in table else None,
            anchors=decoder.texts(table["anchors"]) if "anchors" in table else (),
            name=decoder.text(table["name"]) if "name" in table else None,
        )

    def _no_fix(self, expression: Expression) -> NoFix:
        names = ("none", "reason")
        table = self._decoder.fields(expression, names, names, "{none: kind, reason: text}")
        return NoFix(self._among(table["none"], NO_FIX_KINDS), self._decoder.text(table["reason"]))

    def _companion(self, expression: Expression) -> Companion:
        decoder = self._decoder
        table = decoder.fields(expression, _COMPANION.all_names, _COMPANION.required_names, "a companion")
        link = decoder.mapping(table["link"], "one attribute and what it points at, as {bucket: [id, bucket]}")
        if len(link) != 1:
            raise decoder.unfit(table["link"], "one attribute and what it points at, as {bucket: [id, bucket]}")
        ((attribute, wanted),) = link.items()
        names = (decoder.text(wanted),) if not isinstance(plain_list(wanted), tuple) else decoder.texts(wanted)
        state: Properties = self._nodes.properties(table["state"])
        return Companion(
            resource=decoder.text(table["resource"]),
            link=(attribute, names),
            state=state,
            suffix=decoder.text(table["suffix"]) if "suffix" in table else None,
            document=decoder.text(table["document"]) if "document" in table else None,
        )


def plain_list(expression: Expression) -> tuple[Expression, ...] | None:
    """Return the items of a list; None for everything else."""
    items = getattr(expression, "items", None)
    return items if isinstance(items, tuple) else None
