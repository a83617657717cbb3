"""What sets findings aside: comments of every kind, metadata of templates, exceptions of the policy."""

from dataclasses import replace
from datetime import date

import pytest
from tests.small_rules import a_thing, module, template, thing
from tests.tables import table

from setsquare.findings import Analysis
from setsquare.rules.policy import Exemption, Policy

POLICY = Policy.default(as_of=date(2026, 6, 1))
ALIASES = """
    aliases:
      checkov: [CKV_1, "CKV_A#a", "CKV_A_AND_B#a", "CKV_A_AND_B#b", "CKV_A#B.C"]
      trivy: [AVD-1]
      kics: [0000-1111]
      cfn_nag: [W1]
      guard: [THING_RIGHT]
"""
RULE = thing("a: true", extra=ALIASES)
BOTH = thing("a: true\nb: true", extra=ALIASES)


def outcome(analysis: Analysis) -> str:
    """Return who sets the finding aside, or what is wrong."""
    assert len(analysis.findings) + len(analysis.suppressed) == 1
    problems = "; ".join(problem.message for problem in analysis.problems)
    return problems or (analysis.suppressed[0].by if analysis.suppressed else "nobody")


OWN = "setsquare:ignore test-thing-right"


@table(
    "comment, expected",
    [
        (f"# {OWN} because", "setsquare comment"),
        (f"// {OWN} because", "setsquare comment"),
        (f"/* {OWN} because */", "setsquare comment"),
        (f"# {OWN} because until=2026-06-01", "setsquare comment"),
        (f"# {OWN} because until=2026-05-31", "this suppression ended on 2026-05-31"),
        (f"# {OWN} because until=soon", "'soon' is no date; expected is a day like 2026-12-31"),
        (f"# {OWN}", "a suppression needs a reason"),
        ("# setsquare:ignore test-thing-wrong because", "no rule is called test-thing-wrong"),
        ("# setsquare:ignore", "a suppression has to name a rule"),
        (f"# {OWN}, test-thing-wrong because", "no rule is called test-thing-wrong"),
        ("# checkov:skip=CKV_1: because", "checkov comment"),
        ("# checkov:skip=CKV_A", "checkov comment"),
        ("# checkov:skip=CKV_9: because", "nobody"),
        ("# trivy:ignore:AVD-1", "trivy comment"),
        ("# tfsec:ignore:AVD-1", "trivy comment"),
        ("# trivy:ignore:AVD-1:exp:2026-05-31", "this suppression ended on 2026-05-31"),
        ("# trivy:ignore:*", "trivy comment"),
        ("# kics-scan ignore-line", "kics comment"),
        ("# kics-scan disable=0000-1111", "kics comment"),
        ("# kics-scan disable=2222", "nobody"),
        ("# an ordinary comment", "nobody"),
    ],
)
def test_comments(comment, expected):
    assert outcome(module(a_thing(f"{comment}\na = false"), RULE, policy=POLICY).analyse()) == expected


def test_a_suppression_without_a_reason_counts():
    analysis = module(a_thing(f"# {OWN}\na = false"), RULE, policy=POLICY).analyse()

    assert len(analysis.suppressed) == 1
    assert analysis.problems[0].place


WHERE = {
    "above the line": a_thing(f"# {OWN} x\na = false"),
    "on the line": a_thing(f"a = false # {OWN} x"),
    "above the block": f"# {OWN} x\n" + a_thing("a = false"),
    "above the block, with words between": f"# {OWN} x\n# more\n\n" + a_thing("a = false"),
    "on the header": 'resource "test_thing" "x" { # ' + f"{OWN} x\n  a = false\n}}\n",
    "at the top of the file": f"# {OWN} x\n\nlocals {{}}\n" + a_thing("a = false"),
}
NOT_THERE = {
    "on another line": a_thing(f"z = 1 # {OWN} x\na = false"),
    "above another line": a_thing(f"# {OWN} x\nz = 1\na = false"),
    "above another block": "locals {}\n" + f'# {OWN} x\nmodule "m" {{}}\n' + a_thing("a = false"),
    "below": "locals {}\n" + a_thing("a = false") + f"# {OWN} x\n",
    "in another block": 'module "m" {\n' + "  # checkov:skip=CKV_1\n}\n" + a_thing("a = false"),
}


@pytest.mark.parametrize("place", WHERE)
def test_where_a_comment_counts(place):
    assert outcome(module(WHERE[place], RULE, policy=POLICY).analyse()) == "setsquare comment"


@pytest.mark.parametrize("place", NOT_THERE)
def test_where_a_comment_does_not_count(place):
    assert outcome(module(NOT_THERE[place], RULE, policy=POLICY).analyse()) == "nobody"


def test_a_checkov_comment_counts_anywhere_in_the_block():
    assert (
        outcome(module(a_thing("a = false\n\n# checkov:skip=CKV_1: why"), RULE, policy=POLICY).analyse())
        == "checkov comment"
    )


def test_a_comment_where_a_shared_value_is_decided_does_not_count():
    text = f"locals {{\n  l = false # {OWN} x\n}}\n" + a_thing("a = local.l")

    assert outcome(module(text, RULE, policy=POLICY).analyse()) == "nobody"


@table(
    "comment, body, expected",
    [
        ("# checkov:skip=CKV_A", "a = false\nb = true", "checkov comment"),
        ("# checkov:skip=CKV_A", "a = true\nb = false", "nobody"),
        ("# checkov:skip=CKV_A", "a = false\nb = false", "nobody"),
        ("# checkov:skip=CKV_A_AND_B", "a = false\nb = false", "checkov comment"),
        ("# checkov:skip=CKV_A,CKV_1", "a = false\nb = false", "checkov comment"),
        ("# checkov:skip=CKV_1,CKV_A", "a = false\nb = false", "checkov comment"),
    ],
)
def test_an_alias_of_one_path_covers_that_path_only(comment, body, expected):
    assert outcome(module(a_thing(f"{comment}\n{body}"), BOTH, policy=POLICY).analyse()) == expected


def test_an_alias_of_a_block_covers_what_is_inside():
    nested = thing("a: {c: {d: true}}\nab: {$is: true, $default: true}", extra=ALIASES)

    assert (
        outcome(module(a_thing("# checkov:skip=CKV_A\na {\n  c {}\n}"), nested, policy=POLICY).analyse())
        == "checkov comment"
    )


def test_files_that_hold_no_comments():
    text = '{"resource": {"test_thing": {"x": {"//": "# ' + OWN + ' x", "a": false}}}}'

    assert outcome(module({"main.tf.json": text, "notes.txt": OWN}, RULE, policy=POLICY).analyse()) == "nobody"


# --------------------------------------------------------------------- templates

TEMPLATE = """
Resources:
  X:
    Type: Test::A::Thing
    Metadata: {metadata}
    Properties:
      a: false
"""


@table(
    "metadata, expected",
    [
        ("{setsquare: {ignore: [{rule: test-thing-right, reason: why}]}}", "setsquare metadata"),
        ("{setsquare: {ignore: [{rule: test-thing-right, reason: why, until: 2026-06-01}]}}", "setsquare metadata"),
        (
            "{setsquare: {ignore: [{rule: test-thing-right, reason: why, until: 2026-05-31}]}}",
            "this suppression ended on 2026-05-31",
        ),
        (
            "{setsquare: {ignore: [{rule: test-thing-right, reason: why, until: soon}]}}",
            "'soon' is no date; expected is a day like 2026-12-31",
        ),
        ("{setsquare: {ignore: [{rule: test-thing-right}]}}", "a suppression needs a reason"),
        ("{setsquare: {ignore: [{rule: test-thing-wrong, reason: why}]}}", "no rule is called test-thing-wrong"),
        ("{setsquare: {ignore: [{reason: why}]}}", "nobody"),
        ("{setsquare: {ignore: test-thing-right}}", "nobody"),
        ("{setsquare: 1}", "nobody"),
        ("1", "nobody"),
        ("{checkov: {skip: [{id: CKV_1, comment: why}]}}", "checkov metadata"),
        ("{checkov: {skip: [{id: CKV_9, comment: why}]}}", "nobody"),
        ("{cfn_nag: {rules_to_suppress: [{id: W1, reason: why}]}}", "cfn_nag metadata"),
        ("{guard: {SuppressedRules: [THING_RIGHT]}}", "guard metadata"),
        ("{guard: {SuppressedRules: [!Ref Y]}}", "nobody"),
    ],
)
def test_metadata(metadata, expected):
    assert outcome(template(TEMPLATE.replace("{metadata}", metadata), RULE, policy=POLICY).analyse()) == expected


def test_what_metadata_says():
    metadata = "{setsquare: {ignore: [{rule: test-thing-right, reason: why, until: 2026-06-01}]}}"

    (found,) = template(TEMPLATE.replace("{metadata}", metadata), RULE, policy=POLICY).analyse().suppressed

    assert (found.reason, found.until) == ("why", "2026-06-01")
    assert (found.finding.fix.available, found.finding.fix.reason) == (False, "the finding is suppressed")


def test_a_comment_in_a_template():
    text = f"Resources:\n  X:\n    Type: Test::A::Thing\n    Properties:\n      a: false # {OWN} x\n"

    assert outcome(template(text, RULE, policy=POLICY).analyse()) == "setsquare comment"


def test_a_comment_in_one_file_does_not_count_in_another():
    files = {"a.tf": f"# {OWN} x\n\nlocals {{}}\n", "b.tf": a_thing("a = false")}

    assert outcome(module(files, RULE, policy=POLICY).analyse()) == "nobody"


# --------------------------------------------------------------------- the policy


def exempt(**how: object) -> Policy:
    exemption = replace(Exemption("test-thing-right", "agreed", "somebody"), **how)  # type: ignore[arg-type]
    return replace(POLICY, exceptions=(exemption,))


@table(
    "how, expected",
    [
        ({}, "policy"),
        ({"resource": "test_thing.x"}, "policy"),
        ({"resource": "test_thing.*"}, "policy"),
        ({"resource": "test_thing.y"}, "nobody"),
        ({"path": "main.tf"}, "policy"),
        ({"path": "**"}, "policy"),
        ({"path": "other/**"}, "nobody"),
        ({"until": date(2026, 6, 1)}, "policy"),
        ({"until": date(2026, 5, 31)}, "nobody"),
        ({"rule": "test-thing-other"}, "nobody"),
    ],
)
def test_exceptions(how, expected):
    assert outcome(module(a_thing("a = false"), RULE, policy=exempt(**how)).analyse()) == expected


def test_what_an_exception_says():
    (found,) = module(a_thing("a = false"), RULE, policy=exempt(until=date(2026, 7, 1))).analyse().suppressed

    assert (found.by, found.reason, found.until) == ("policy", "agreed", "2026-07-01")


def test_a_rule_that_may_not_be_suppressed():
    text = a_thing(f"# {OWN} x\na = false")
    strict = replace(POLICY, unsuppressible=frozenset({"test-thing-right"}))

    assert outcome(module(text, RULE, policy=strict).analyse()) == "nobody"


def test_a_metadata_suppression_of_a_rule_that_may_not_be_suppressed():
    metadata = "{setsquare: {ignore: [{rule: test-thing-right, reason: why}]}}"
    strict = replace(POLICY, unsuppressible=frozenset({"test-thing-right"}))

    assert outcome(template(TEMPLATE.replace("{metadata}", metadata), RULE, policy=strict).analyse()) == "nobody"


def test_what_is_suppressed_is_not_merged_into_other_fixes():
    other = thing("a: {$one_of: [false, maybe]}", "test-thing-other")
    some = module(a_thing(f"# {OWN} x\na = 7"), RULE, other, policy=POLICY)

    (finding,) = some.analyse().findings

    assert finding.fix.available
