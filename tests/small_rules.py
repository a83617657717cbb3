"""Rules of a few lines, the units that they judge, and short names for what comes out."""

import re
from collections.abc import Iterable, Mapping
from textwrap import dedent, indent

from tests.support import ROOT, Unit

from setsquare.evaluation import Outcome
from setsquare.findings import Analysis, Finding
from setsquare.messages import path_text
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.compiled import Shipped
from setsquare.rules.loader import load_rule
from setsquare.rules.policy import Policy
from setsquare.rules.rule import Rule

ORDERS = {"tls": ("1.0", "1.1", "1.2", "1.3")}
_HEADER = {
    "version": "1",
    "title": "Things are right",
    "severity": "high",
    "category": "logging",
    "rationale": "why",
    "references": "[https://example.org]",
    "frameworks": "{}",
    "impact": "{terraform: in_place, cloudformation: in_place}",
    "terraform": "{unsupported: not asked}",
    "cloudformation": "{unsupported: not asked}",
}


def rule(text: str, name: str = "test-thing-right") -> Rule:
    """Return a rule from the lines that matter; the rest of its identity is filled in."""
    text = dedent(text).strip("\n")
    given = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    lines = [f"{key}: {value}" for key, value in {"id": name, **_HEADER}.items() if key not in given]
    loaded, mistakes = load_rule(f"{name}.yaml", "\n".join([*lines, text, ""]).encode())
    assert loaded is not None, [str(mistake) for mistake in mistakes]
    return loaded


def thing(state: str, name: str = "test-thing-right", extra: str = "", target: str = "") -> Rule:
    """Return a rule that asks for a state of ``test_thing`` and ``Test::A::Thing``.

    Args:
        state: YAML, the state of both.
        name: the rule's id.
        extra: YAML, more at the top of the rule.
        target: YAML, more in both targets.

    """
    parts = "".join(
        f"{dialect}:\n  - resource: {resource}\n    state:\n{_block(state, 6)}\n{_block(target, 4)}\n"
        for dialect, resource in (("terraform", "test_thing"), ("cloudformation", "Test::A::Thing"))
    )
    return rule(f"{dedent(extra).strip()}\n{parts}", name)


def _block(text: str, columns: int) -> str:
    return indent(dedent(text).strip("\n"), " " * columns)


def catalogue(*rules: Rule, objects: Mapping[str, Iterable[str]] | None = None) -> Catalogue:
    """Return these rules with the orders of the tests."""
    return Catalogue(Shipped(tuple(rules), ORDERS, {kind: tuple(paths) for kind, paths in (objects or {}).items()}))


def module(
    files: str | Mapping[str, str], *rules: Rule, policy: Policy | None = None, **objects: Iterable[str]
) -> Unit:
    """Return a Terraform module; one text is its ``main.tf``."""
    texts = {"main.tf": files} if isinstance(files, str) else files
    return _unit(texts, policy, catalogue(*rules, objects=objects))


def template(text: str, *rules: Rule, policy: Policy | None = None) -> Unit:
    """Return a template, in JSON where it starts with a brace."""
    text = dedent(text).lstrip("\n")
    name = "template.json" if text.startswith("{") else "template.yaml"
    return _unit({name: text}, policy, catalogue(*rules))


def _unit(texts: Mapping[str, str], policy: Policy | None, rules: Catalogue) -> Unit:
    sources = {f"{ROOT}/{name}": dedent(text).lstrip("\n").encode() for name, text in texts.items()}
    return Unit(sources, policy or Policy.default(), rules)


def a_thing(body: str, name: str = "x") -> str:
    """Return a ``test_thing`` with a body, in HCL."""
    inside = _block(body, 2) + "\n" if body else ""
    return f'resource "test_thing" "{name}" {{\n{inside}}}\n'


def only(analysis: Analysis) -> Finding:
    """Return the one finding."""
    (finding,) = analysis.findings
    return finding


def verdict(some: Unit) -> str:
    """Return ``violated``, ``unknown`` or ``satisfied`` for a unit as a whole."""
    analysis = some.analyse()
    assert not analysis.problems, analysis.problems
    if analysis.findings:
        return "violated"
    return "unknown" if analysis.unknown else "satisfied"


def fixed(some: Unit, *rules: str) -> str:
    """Return the first file's text after the fixes of these rules, or of all."""
    after = with_fixes(some, *rules)
    return next(iter(after.texts.values())).decode()


def with_fixes(some: Unit, *rules: str) -> Unit:
    """Return the unit after all available fixes of these rules, or of all."""
    wanted = [f for f in some.analyse().findings if f.fix.available and (not rules or f.rule.id in rules)]
    planned = some.plan(wanted)
    assert not planned.refused, planned.refused
    return some.with_texts(planned.apply(some.texts))


def shown(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    """Return outcomes as (path, verdict)."""
    return [(path_text(outcome.path), outcome.verdict.name.lower()) for outcome in outcomes]
