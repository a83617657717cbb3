"""The policy file: what it says, each mistake with its place, and that a policy below another only tightens."""

from datetime import date

from tests.small_rules import catalogue, rule, thing
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.model import DialectExpression, Place
from setsquare.rules.policy import Exemption, Policy, matches_path
from setsquare.rules.policy_file import folders_of_rules, load_policy
from setsquare.rules.rule import BULK_IMPACTS, ImpactLevel, Severity
from setsquare.text import Span

TODAY = date(2026, 6, 1)
PARAMETERS = """
    frameworks: {cis: ["1.1"], pci: ["2"]}
    also_relevant: {gdpr: [a]}
    parameters:
      text: {type: string}
      days: {type: integer}
      flag: {type: boolean}
      net: {type: cidr}
      nets: {type: list(cidr)}
      key: {type: kms_key_arn}
      tls: {type: enum(tls)}
"""
RULES = catalogue(
    thing("a: {$at_least: 7, $write: {$param: days}, $requires: days}", "test-thing-days", PARAMETERS),
    thing("b: {$at_least: {$param: tls}, $order: tls}", "test-thing-tls", "parameters: {tls: {type: enum(tls)}}"),
    thing("c: {$is: {$param: text}}", "test-thing-one", "parameters: {text: {type: string}}"),
    thing("c: {$is: fixed}", "test-thing-two"),
)
HEAD = "policy: 1\n"


def loaded(text: str, outer: Policy | None = None, path: str = "/w/setsquare.yaml") -> Policy:
    policy, mistakes = load_policy(path, (HEAD + text).encode(), RULES, TODAY, outer)
    assert policy is not None, [str(mistake) for mistake in mistakes]
    return policy


def mistakes_of(text: str, outer: Policy | None = None) -> list[str]:
    policy, mistakes = load_policy("/w/in/p.yaml", text.encode(), RULES, TODAY, outer)
    assert (policy is None) == bool(mistakes)
    return [str(mistake).removeprefix("/w/in/p.yaml:") for mistake in mistakes]


FIELDS = "one of policy, parameters, rules, exceptions, account_baseline, extra_rules"
LEVELS = "one of none, in_place, brief_interruption, replaces, data_loss"
RULE_ID = "the id of a rule (`setsquare rules` lists them)"
DATE = "a date as 2027-06-30"
OFF = "rules: {{disable: [{{rule: test-thing-two, reason: r, {}}}]}}"


@table(
    "text, expected",
    [
        ("[]", "1:1: found a list, expected a mapping: a policy"),
        ("rules: {}", "1:1: policy is missing, expected a policy with policy"),
        ("policy: 2", "1:9: found 2, expected 1, the version of the policy format"),
        ("policy: x", "1:9: found 'x', expected a whole number"),
        (f"{HEAD}rule: {{}}", f"2:1: found 'rule', expected {FIELDS}; did you mean rules?"),
        (f"{HEAD}rules: []", "2:8: found a list, expected a mapping"),
        (f"{HEAD}rules: {{off: []}}", "2:9: found 'off', expected one of select, disable, fix, no_suppression, override"),
        (f"{HEAD}rules: {{select: {{min_severity: bad}}}}", "2:32: found 'bad', expected one of critical, high, medium, low"),
        (f"{HEAD}rules: {{select: {{frameworks: x}}}}", "2:30: found 'x', expected a list of frameworks"),
        (f"{HEAD}rules: {{select: {{frameworks: [iso]}}}}", "2:31: found 'iso', expected one of cis, gdpr, pci"),
        (f"{HEAD}rules: {{select: {{frameworks: [1]}}}}", "2:31: found 1, expected text"),
        (f"{HEAD}rules: {{fix: []}}", "2:14: found a list, expected {allow_impact: [..]}"),
        (f"{HEAD}rules: {{fix: {{}}}}", "2:14: allow_impact is missing, expected {allow_impact: [..]} with allow_impact"),
        (f"{HEAD}rules: {{fix: {{allow_impact: x}}}}", "2:29: found 'x', expected a list of impacts"),
        (f"{HEAD}rules: {{fix: {{allow_impact: [x]}}}}", f"2:30: found 'x', expected {LEVELS}"),
        (f"{HEAD}rules: {{no_suppression: x}}", "2:25: found 'x', expected a list of rule ids"),
        (f"{HEAD}rules: {{no_suppression: [1]}}", "2:26: found 1, expected a rule id"),
        (f"{HEAD}rules: {{no_suppression: [test-thing-tow]}}", f"2:26: found 'test-thing-tow', expected {RULE_ID}; did you mean test-thing-two?"),
        (f"{HEAD}rules: {{override: [zzz]}}", f"2:20: found 'zzz', expected {RULE_ID}"),
        (f"{HEAD}rules: {{override: zzz}}", "2:19: found 'zzz', expected a list of rule ids"),
        (f"{HEAD}rules: {{disable: x}}", "2:18: found 'x', expected a list of {rule, reason, approved_by, until}"),
        (f"{HEAD}rules: {{disable: [x]}}", "2:19: found 'x', expected an exemption"),
        (f"{HEAD}rules: {{disable: [{{rule: zzz, reason: r}}]}}", f"2:26: found 'zzz', expected {RULE_ID}"),
        (f"{HEAD}rules: {{disable: [{{rule: test-thing-two}}]}}", "2:19: reason is missing, expected an exemption with rule, reason"),
        (f"{HEAD}rules: {{disable: [{{reason: r}}]}}", "2:19: rule is missing, expected an exemption with rule, reason"),
        (HEAD + OFF.format("until: soon"), f"2:60: found 'soon', expected {DATE}"),
        (HEAD + OFF.format("until: 2026-02-30"), f"2:60: found '2026-02-30', expected {DATE}"),
        (HEAD + OFF.format("until: 20260230"), f"2:60: found 20260230, expected {DATE}"),
        (HEAD + OFF.format("until: 2026-W01-1"), f"2:60: found '2026-W01-1', expected {DATE}"),
        (HEAD + OFF.format("path: x"), "2:53: found 'path', expected one of rule, reason, approved_by, until"),
        (f"{HEAD}exceptions: x", "2:13: found 'x', expected a list of {rule, resource, path, reason, approved_by, until}"),
        (f"{HEAD}exceptions: [{{rule: test-thing-two, reason: r, path: 1}}]", "2:54: found 1, expected text"),
        (f"{HEAD}account_baseline: x", "2:19: found 'x', expected a list of texts"),
        (f"{HEAD}extra_rules: x", "2:14: found 'x', expected a list of folders with rules"),
        (f"{HEAD}extra_rules: [1]", "2:15: found 1, expected a list of folders with rules"),
        (f"{HEAD}parameters: x", "2:13: found 'x', expected parameters by name"),
        (f"{HEAD}parameters: {{tex: x}}", "2:14: found 'tex', expected a parameter of a rule; did you mean text?"),
        (f"{HEAD}parameters: {{zzz: x}}", "2:14: found 'zzz', expected a parameter of a rule"),
        (f"{HEAD}parameters: {{[x]: x}}", "2:14: found a list, expected a parameter of a rule"),
        (f"{HEAD}parameters: {{text: 1}}", "2:20: found 1, expected text"),
        (f"{HEAD}parameters: {{text: {{a: b}}}}", "2:20: found a mapping, expected a value of type string, or {$expr: ..}"),
        (f"{HEAD}parameters: {{text: {{$param: p}}}}", "2:20: found a mapping, expected a value"),
        (f"{HEAD}parameters: {{days: 7.5}}", "2:20: found 7.5, expected a whole number"),
        (f"{HEAD}parameters: {{days: true}}", "2:20: found true, expected a whole number"),
        (f"{HEAD}parameters: {{flag: 1}}", "2:20: found 1, expected true or false"),
        (f"{HEAD}parameters: {{net: 10.0.0.1/8}}", "2:19: found '10.0.0.1/8', expected a network as 10.0.0.0/8"),
        (f"{HEAD}parameters: {{nets: 10.0.0.0/8}}", "2:20: found '10.0.0.0/8', expected a list of cidr"),
        (f"{HEAD}parameters: {{nets: [10.0.0.0/8, x]}}", "2:20: found a list, expected a network as 10.0.0.0/8"),
        (f"{HEAD}parameters: {{key: alias/x}}", "2:19: found 'alias/x', expected the ARN of a key, or {$expr: ..}"),
        (f"{HEAD}parameters: {{tls: '2'}}", "2:19: found '2', expected one of 1.0, 1.1, 1.2, 1.3"),
        (f"{HEAD}parameters: {{text: {{terraform: fixed, cfn: b}}}}", "2:39: found 'cfn', expected one of terraform, cloudformation"),
        (f"{HEAD}parameters: {{text: {{terraform: 1, cloudformation: fixed}}}}", "2:32: found 1, expected text"),
        (f"{HEAD}parameters: {{days: 6}}", "2:20: found 6, which the rule test-thing-days itself would not accept"),
        (
            f"{HEAD}parameters: {{days: 9, text: other}}",
            [
                "2:29: found 'other', with which test-thing-one: cloudformation Test::A::Thing c: contradicts the rule test-thing-two (test-thing-two)",
                "2:29: found 'other', with which test-thing-one: terraform test_thing c: contradicts the rule test-thing-two (test-thing-two)",
            ],
        ),
    ],
)  # fmt: skip
def test_mistakes(text: str, expected: str | list[str]) -> None:
    assert mistakes_of(text + "\n") == ([expected] if isinstance(expected, str) else expected)


def test_all_that_a_policy_says() -> None:
    policy = loaded(
        """\
parameters: {text: {terraform: fixed, cloudformation: {$expr: "!Ref X"}}, days: 9, flag: true, nets: ["::/0"], key: "arn:x"}
rules:
  select: {frameworks: [cis], min_severity: high}
  disable: [{rule: test-thing-two, reason: r, approved_by: a, until: 2026-05-31}]
  fix: {allow_impact: [replaces]}
  no_suppression: [test-thing-one]
  override: [test-thing-two]
exceptions: [{rule: test-thing-one, reason: r, resource: "x.*", path: "a/**"}]
account_baseline: [./base, more]
extra_rules: [own]
"""
    )

    assert policy.parameters == {
        "text": {Dialect.TERRAFORM: "fixed", Dialect.CLOUDFORMATION: DialectExpression("!Ref X")},
        "days": 9,
        "flag": True,
        "nets": ("::/0",),
        "key": "arn:x",
    }
    assert (policy.frameworks, policy.min_severity) == ({"cis"}, Severity.HIGH)
    assert policy.disabled == (Exemption("test-thing-two", "r", "a", date(2026, 5, 31)),)
    assert policy.exceptions == (Exemption("test-thing-one", "r", resource="x.*", path="a/**"),)
    assert policy.allowed_impacts == {ImpactLevel.NONE, ImpactLevel.REPLACES}
    assert policy.unsuppressible == {"test-thing-one"}
    assert policy.overrides.keys() == {"test-thing-two"}
    assert policy.account_baseline == ("./base", "more")
    assert (policy.path, policy.folder) == ("/w/setsquare.yaml", "/w")
    assert policy.hash != loaded("").hash


def test_a_policy_that_says_nothing_is_the_default() -> None:
    policy = loaded("")

    assert (policy.parameters, policy.frameworks, policy.min_severity) == ({}, frozenset(), Severity.LOW)
    assert (policy.disabled, policy.exceptions, policy.allowed_impacts) == ((), (), BULK_IMPACTS)


# --------------------------------------------------------------------- below another policy

TIGHTEN = "a policy below /w/setsquare.yaml may only tighten"
OUTER = """\
parameters: {days: 30, tls: "1.2", text: {cloudformation: fixed}}
rules: {select: {frameworks: [cis, pci], min_severity: medium}, fix: {allow_impact: [in_place, replaces]}}
account_baseline: [base]
"""


@table(
    "text, expected",
    [
        ("rules: {select: {min_severity: high}}", "2:32: found 'high', expected one of medium, low"),
        ("rules: {select: {frameworks: [cis]}}", "2:30: found a selection without pci, expected at least cis, pci"),
        ("rules: {fix: {allow_impact: [data_loss]}}", "2:30: found 'data_loss', expected one of none, in_place, replaces"),
        ("rules: {override: [test-thing-two]}", "2:19: found rules that are replaced, expected none"),
        ("rules: {disable: [{rule: test-thing-two, reason: r}]}", "2:26: found an exemption from test-thing-two, expected none"),
        ("exceptions: [{rule: test-thing-two, reason: r}]", "2:21: found an exemption from test-thing-two, expected none"),
        ("parameters: {tls: '1.1'}", "2:19: found '1.1', expected what the rule test-thing-tls accepts there"),
    ],
)  # fmt: skip
def test_what_loosens(text: str, expected: str) -> None:
    assert mistakes_of(f"{HEAD}{text}\n", loaded(OUTER)) == [f"{expected}: {TIGHTEN}"]


def test_a_selection_loosens_where_all_is_selected() -> None:
    assert mistakes_of(f"{HEAD}rules: {{select: {{frameworks: [cis]}}}}\n", loaded("")) == [
        f"2:30: found a selection of frameworks, expected none, as all are selected: {TIGHTEN}"
    ]


def test_what_tightens() -> None:
    outer = loaded(OUTER)
    text = (
        "parameters: {tls: '1.3', flag: false}\naccount_baseline: [./a, '*']\n"
        "rules: {select: {min_severity: low, frameworks: [cis, pci, gdpr]},"
        " fix: {allow_impact: [in_place, none]}, no_suppression: [test-thing-one]}\n"
    )

    inner = loaded(text, outer, "/w/in/setsquare.yaml")

    assert inner.parameters == {**outer.parameters, "tls": "1.3", "flag": False}
    assert inner.account_baseline == ("base", "in/a", "in/*")
    assert (inner.min_severity, inner.frameworks) == (Severity.LOW, {"cis", "pci", "gdpr"})
    assert inner.allowed_impacts == {ImpactLevel.NONE, ImpactLevel.IN_PLACE}
    assert inner.unsuppressible == {"test-thing-one"}
    assert (inner.folder, inner.path) == ("/w", "/w/in/setsquare.yaml")
    assert inner.hash != loaded(text, None, "/w/in/setsquare.yaml").hash


def test_what_a_policy_below_does_not_say_is_as_above() -> None:
    outer, inner = loaded(OUTER), loaded("", loaded(OUTER), "/w/in/setsquare.yaml")

    assert inner.parameters == outer.parameters
    assert (inner.frameworks, inner.min_severity) == (outer.frameworks, outer.min_severity)
    assert (inner.allowed_impacts, inner.account_baseline) == (outer.allowed_impacts, outer.account_baseline)


@table(
    "source, expected",
    [
        ("extra_rules: [a, 1]\n", [("a", 14)]),
        ("extra_rules: x\n", []),
        ("policy: 1\n", []),
        ("[]\n", []),
    ],
)
def test_folders_of_rules(source: str, expected: list[tuple[str, int]]) -> None:
    found = folders_of_rules("p", source.encode())
    assert [(folder.path, folder.place.span.start) for folder in found] == expected


# --------------------------------------------------------------------- what a policy decides


@table(
    "path, pattern, expected",
    [
        ("a/b", "a/b", True),
        ("a/b", "/a/b/", True),
        ("a/b", "a", False),
        ("a", "a/b", False),
        ("a/b", "a/*", True),
        ("a/b/c", "a/*", False),
        ("a/b/c", "a/**", True),
        ("a", "a/**", True),
        ("a/b/c", "**/c", True),
        ("a/b/c", "**/b", False),
        ("a/b/c", "a/**/c", True),
        ("a/main.tf", "a/*.tf", True),
        ("", "**", True),
        ("", "a", False),
        ("A", "a", False),
    ],
)
def test_patterns_of_paths(path: str, pattern: str, expected: bool) -> None:
    assert matches_path(path, pattern) is expected


SELECTED = rule("frameworks: {cis: ['1']}\nalso_relevant: {gdpr: [a]}\nseverity: medium")


@table(
    "policy, expected",
    [
        (Policy(), True),
        (Policy(min_severity=Severity.MEDIUM), True),
        (Policy(min_severity=Severity.HIGH), False),
        (Policy(frameworks=frozenset({"cis"})), True),
        (Policy(frameworks=frozenset({"gdpr", "pci"})), True),
        (Policy(frameworks=frozenset({"pci"})), False),
        (Policy(disabled=(Exemption("test-thing-right", "r"),)), False),
        (Policy(disabled=(Exemption("test-thing-*", "r"),)), False),
        (Policy(disabled=(Exemption("other-thing", "r"),)), True),
        (Policy(disabled=(Exemption("test-thing-right", "r", until=TODAY),), as_of=TODAY), False),
        (Policy(disabled=(Exemption("test-thing-right", "r", until=date(2026, 5, 31)),), as_of=TODAY), True),
    ],
)
def test_rules_in_force(policy: Policy, expected: bool) -> None:
    assert policy.selects(SELECTED) is expected


@table(
    "exemption, expected",
    [
        (Exemption("a-rule", "r"), True),
        (Exemption("b-rule", "r"), False),
        (Exemption("a-rule", "r", resource="thing.*"), True),
        (Exemption("a-rule", "r", resource="other.*"), False),
        (Exemption("a-rule", "r", path="a/*"), True),
        (Exemption("a-rule", "r", path="b/*"), False),
        (Exemption("a-rule", "r", until=TODAY), True),
        (Exemption("a-rule", "r", until=date(2026, 5, 31)), False),
    ],
)
def test_exceptions(exemption: Exemption, expected: bool) -> None:
    policy = Policy(exceptions=(exemption,), as_of=TODAY)
    assert policy.exception("a-rule", "thing.x", "a/main.tf") is (exemption if expected else None)


def test_other_decisions() -> None:
    ended = Exemption("a", "r", until=date(2026, 5, 31), place=Place("p", Span(0, 1)))
    policy = Policy(
        parameters={"p": {Dialect.TERRAFORM: 1}},
        disabled=(ended, Exemption("b", "r", until=TODAY)),
        exceptions=(Exemption("c", "r"), ended),
        account_baseline=("base/*",),
        unsuppressible=frozenset({"a"}),
        as_of=TODAY,
    )

    assert policy.expired() == (ended, ended)
    assert policy.allowing([ImpactLevel.REPLACES]).allowed_impacts == {*BULK_IMPACTS, ImpactLevel.REPLACES}
    assert (policy.may_suppress("a"), policy.may_suppress("b")) == (False, True)
    assert (policy.is_account_baseline("base/x"), policy.is_account_baseline("other/x")) == (True, False)
    assert policy.parameter("p", Dialect.TERRAFORM) == 1
    assert policy.parameter("p", Dialect.CLOUDFORMATION) is policy.parameter("q", Dialect.TERRAFORM)
