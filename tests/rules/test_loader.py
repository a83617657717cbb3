"""Rule files: what is read, and each mistake with its place."""

import re

from tests.small_rules import rule
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.rules.loader import load_rule
from setsquare.rules.rule import Companion, ImpactLevel, Is, Leaf, NoFix, Parameter, Properties, Severity, Target

GOOD = """\
id: test-thing-right
version: 1
title: Things are right
severity: high
category: logging
rationale: why
references: [https://example.org]
frameworks: {cis: ["1.1"]}
impact: {terraform: in_place, cloudformation: none}
terraform:
  - resource: test_thing
    state: {a: true}
cloudformation: {unsupported: not there}
"""
CATEGORIES = (
    "one of encryption-at-rest, encryption-in-transit, network-exposure, least-privilege, logging, backup, "
    "deletion-protection, patching, secrets, availability"
)
LEVELS = "one of none, in_place, brief_interruption, replaces, data_loss"
TYPES = "string, integer, boolean, cidr, kms_key_arn, list(..) or enum(order)"
ALL = "id, version, title, severity, category, rationale, references, frameworks, impact, terraform, cloudformation"
OPTIONAL = "also_relevant, also_controls, parameters, implies, implied_by, aliases"
LINK = "one attribute and what it points at, as {bucket: [id, bucket]}"


def with_line(line: str) -> str:
    """Return the good rule with one line replaced, or one more at its end."""
    key = line.partition(":")[0]
    changed, count = re.subn(rf"^{key}:.*\n(?:  .*\n)*", lambda _: line + "\n", GOOD, flags=re.MULTILINE)
    return changed if count else f"{GOOD}{line}\n"


def mistakes_of(text: str) -> list[str]:
    loaded, mistakes = load_rule("r.yaml", text.encode())
    assert (loaded is None) == bool(mistakes)
    return [str(mistake).removeprefix("r.yaml:") for mistake in mistakes]


def test_the_rule_of_these_tests_is_good() -> None:
    assert mistakes_of(GOOD) == []


def target(more: str) -> str:
    return f"terraform:\n  - {{resource: t, {more}}}"


def companion(more: str) -> str:
    return f"terraform:\n  - {{resource: t, companions: [{{{more}}}]}}"


@table(
    "line, expected",
    [
        ("id: one", "1:5: found 'one', expected words of a-z and 0-9 joined by hyphens: provider-service-name"),
        ("id: 7", "1:5: found 7, expected text"),
        ("version: x", "2:10: found 'x', expected a whole number"),
        (f"title: {'x' * 91}", "3:8: found 91 characters, expected at most 90"),
        ("title: []", "3:8: found a list, expected text"),
        ("severity: hihg", "4:11: found 'hihg', expected one of critical, high, medium, low"),
        ("category: wrong", f"5:11: found 'wrong', expected {CATEGORIES}"),
        ("category: 1", f"5:11: found 1, expected {CATEGORIES}"),
        ("rationale:", "6:11: found nothing, expected text"),
        ("references: x", "7:13: found 'x', expected a list of texts"),
        ("references: [1]", "7:14: found 1, expected a list of texts"),
        ("frameworks: []", "8:13: found a list, expected lists of requirement ids"),
        ("frameworks: {cis: x}", "8:19: found 'x', expected lists of requirement ids"),
        ("impact: none", "9:9: found 'none', expected the impact in each dialect"),
        (
            "impact: {terraform: none}",
            "9:9: cloudformation is missing, expected the impact in each dialect with terraform, cloudformation",
        ),
        ("impact: {terraform: some, cloudformation: none}", f"9:21: found 'some', expected {LEVELS}"),
        ("impact: {terraform: none, cloudformation: none, note: 1}", "9:55: found 1, expected text"),
        (
            "impact: {terraform: none, cloudformation: none, replaces_when: x}",
            "9:64: found 'x', expected a mapping of properties",
        ),
        ("terraform: x", "10:12: found 'x', expected a list of targets, or {unsupported: reason}"),
        (
            "terraform: {supported: x}",
            [
                "10:12: unsupported is missing, expected a list of targets with unsupported",
                "10:13: found 'supported', expected one of unsupported; did you mean unsupported?",
            ],
        ),
        ("terraform: {unsupported: 1}", "10:26: found 1, expected text"),
        ("terraform: [x]", "10:13: found 'x', expected a target"),
        ("terraform:\n  - {resource: t}", "11:5: found a mapping, expected a target with state or companions"),
        ("terraform:\n  - state: {a: 1}", "11:5: resource is missing, expected a target with resource"),
        (
            target("state: {a: 1}, nmae: x"),
            "11:34: found 'nmae', expected one of resource, when, state, companions, fix, impact, once, anchors, name; did you mean name?",
        ),
        (target("state: []"), "11:26: found a list, expected a mapping of properties"),
        (target("state: {a: 1}, when: {$set: true}"), "11:40: found a mapping, expected a mapping of properties"),
        (target("state: {a: 1}, once: twice"), "11:40: found 'twice', expected one of root_module, template"),
        (target("state: {a: 1}, impact: big"), f"11:42: found 'big', expected {LEVELS}"),
        (target("state: {a: 1}, anchors: x"), "11:43: found 'x', expected a list of texts"),
        (target("state: {a: 1}, name: 1"), "11:40: found 1, expected text"),
        (
            target("state: {a: 1}, fix: {none: nope, reason: r}"),
            "11:46: found 'nope', expected one of needs-runtime-knowledge, needs-design, would-cut-access, destroys-data",
        ),
        (
            target("state: {a: 1}, fix: {none: needs-design}"),
            "11:39: reason is missing, expected {none: kind, reason: text} with none, reason",
        ),
        (target("companions: x"), "11:31: found 'x', expected a list of companions"),
        (
            companion("resource: c, state: {a: 1}"),
            "11:32: link is missing, expected a companion with resource, link, state",
        ),
        (companion("resource: c, state: {a: 1}, link: x"), f"11:67: found 'x', expected {LINK}"),
        (companion("resource: c, state: {a: 1}, link: {}"), f"11:67: found a mapping, expected {LINK}"),
        (companion("resource: c, state: {a: 1}, link: {a: x, b: y}"), f"11:67: found a mapping, expected {LINK}"),
        (companion("resource: c, state: {a: 1}, link: {a: 1}"), "11:71: found 1, expected text"),
        (companion("resource: c, state: 1, link: {a: x}"), "11:53: found 1, expected a mapping of properties"),
        (companion("resource: c, state: {a: 1}, link: {a: x}, suffix: 1"), "11:83: found 1, expected text"),
        ("parameters: []", "14:13: found a list, expected parameters by name"),
        ("parameters: {p: string}", "14:17: found 'string', expected a parameter"),
        ("parameters: {p: {}}", "14:17: type is missing, expected a parameter with type"),
        ("parameters: {p: {type: text}}", f"14:24: found 'text', expected {TYPES}"),
        ("parameters: {p: {type: list(boolean)}}", f"14:24: found 'list(boolean)', expected {TYPES}"),
        ("parameters: {p: {type: string, required: 1}}", "14:42: found 1, expected true or false"),
        ("parameters: {p: {type: string, description: 1}}", "14:45: found 1, expected text"),
        (
            "parameters: {p: {type: string, defualt: 1}}",
            "14:32: found 'defualt', expected one of type, required, default, description; did you mean default?",
        ),
        ("also_relevant: x", "14:16: found 'x', expected lists of ids"),
        ("also_controls: x", "14:16: found 'x', expected a list of texts"),
        ("implies: x", "14:10: found 'x', expected a list of texts"),
        ("implied_by: [1]", "14:14: found 1, expected a list of texts"),
        ("aliases: {checkov: CKV_1}", "14:20: found 'CKV_1', expected lists of ids"),
        ("alias: x", f"14:1: found 'alias', expected one of {ALL}, {OPTIONAL}; did you mean aliases?"),
        ("zzz: x", f"14:1: found 'zzz', expected one of {ALL}, {OPTIONAL}"),
        ("[x]: x", f"14:1: found a list, expected one of {ALL}, {OPTIONAL}"),
    ],
)
def test_mistakes(line: str, expected: str | list[str]) -> None:
    assert mistakes_of(with_line(line)) == ([expected] if isinstance(expected, str) else expected)


def test_a_missing_field() -> None:
    assert mistakes_of(GOOD.replace("title: Things are right\n", "")) == [
        f"1:1: title is missing, expected a rule with {ALL}"
    ]


@table(
    "text, expected",
    [
        ("[]\n", "1:1: found a list, expected a mapping: a rule"),
        ("id: [\n", "2:1: while parsing a flow node: did not find expected node content"),
    ],
)
def test_no_rule_at_all(text: str, expected: str) -> None:
    assert mistakes_of(text) == [expected]


def test_all_that_a_rule_says() -> None:
    found = rule(
        """
        impact: {terraform: in_place, cloudformation: none, note: slow, replaces_when: {a: {$present: true}}}
        also_relevant: {gdpr: [a]}
        also_controls: [S3.1]
        implies: [other-rule]
        implied_by: [third-rule]
        aliases: {checkov: [CKV_1]}
        parameters:
          p: {type: list(string), required: true, default: [x], description: what}
          q: {type: enum(tls)}
        terraform:
          - resource: test_thing
            when: {a: {$present: true}}
            impact: replaces
            once: root_module
            anchors: [test_anchor]
            name: thing
            fix: {none: needs-design, reason: hard}
            companions:
              - {resource: test_c, link: {to: [id, arn]}, state: {b: 1}, suffix: Own, document: text}
              - {resource: test_d, link: {to: id}, state: {}}
        """
    )

    present = found.impact.replaces_when
    assert found.targets == {
        Dialect.TERRAFORM: (
            Target(
                "test_thing",
                when=present,
                companions=(
                    Companion("test_c", ("to", ("id", "arn")), Properties((("b", Leaf(Is(1))),)), "Own", "text"),
                    Companion("test_d", ("to", ("id",)), Properties()),
                ),
                no_fix=NoFix("needs-design", "hard"),
                impact=ImpactLevel.REPLACES,
                once="root_module",
                anchors=("test_anchor",),
                name="thing",
            ),
        )
    }
    assert found.unsupported == {Dialect.CLOUDFORMATION: "not asked"}
    assert (found.severity, found.impact.note) == (Severity.HIGH, "slow")
    assert found.impact.levels == {Dialect.TERRAFORM: ImpactLevel.IN_PLACE, Dialect.CLOUDFORMATION: ImpactLevel.NONE}
    assert found.parameters == {
        "p": Parameter("p", "list(string)", required=True, default=("x",), description="what"),
        "q": Parameter("q", "enum(tls)"),
    }
    assert (found.implies, found.implied_by, found.also_controls) == (("other-rule",), ("third-rule",), ("S3.1",))
    assert (found.aliases, found.also_relevant) == ({"checkov": ("CKV_1",)}, {"gdpr": ("a",)})
