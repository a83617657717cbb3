"""``rules --check``: an organisation's own rules are held to what the shipped ones are held to."""

import os
from pathlib import Path
from typing import Any

from tests.commands import said, write
from tests.tables import table

from setsquare.rules.catalogue import Catalogue

RULE = """id: acme-sqs-delay
version: 1
title: Queues deliver at once
severity: low
category: availability
rationale: Because we say so.
references: [https://example.org]
frameworks: {acme: [A.1]}
impact: {terraform: in_place, cloudformation: in_place}
terraform:
  - resource: aws_sqs_queue
    state:
      delay_seconds: {$at_most: 0, $default: 0}
cloudformation:
  - resource: AWS::SQS::Queue
    state:
      DelaySeconds: {$at_most: 0, $default: 0}
"""
POLICY = "policy: 1\nextra_rules: [rules]\n"


def check(tmp_path: Path, capsys: Any, rule: str) -> tuple[int, list[str]]:
    folder = write(tmp_path, {"setsquare.yaml": POLICY, "rules/delay.yaml": rule})
    status, out, err = said(capsys, "rules", "--check", "--policy", f"{folder}/setsquare.yaml")
    assert err == ""
    *faults, number = out.splitlines()
    assert number == f"{len(Catalogue.shipped().rules) + 1} rules, {len(faults)} faults"
    return status, [fault.removeprefix(os.path.relpath(tmp_path) + "/") for fault in faults]


def test_own_rule_is_right(tmp_path: Path, capsys: Any) -> None:
    assert check(tmp_path, capsys, RULE) == (0, [])


@table(
    "before, after, fault",
    [
        (
            "DelaySeconds: {",
            "DelaySecond: {",
            "17:7: acme-sqs-delay: cloudformation AWS::SQS::Queue DelaySecond: the schema has no such property",
        ),
        (
            "delay_seconds: {$at_most: 0, $default: 0}",
            "arn: x",
            "13:7: acme-sqs-delay: terraform aws_sqs_queue arn: this property cannot be set",
        ),
        (
            "      DelaySeconds: {$at_most: 0, $default: 0}",
            "      QueueName: {$set: true, $write: a}",
            (
                "17:7: acme-sqs-delay: cloudformation AWS::SQS::Queue QueueName:"
                " replaces the resource, but the impact is in_place"
            ),
        ),
    ],
)
def test_own_rule_is_at_odds_with_the_schema(before: str, after: str, fault: str, tmp_path: Path, capsys: Any) -> None:
    assert check(tmp_path, capsys, RULE.replace(before, after)) == (1, [f"rules/delay.yaml:{fault}"])


def test_own_rule_may_speak_of_what_nothing_is_known_about(tmp_path: Path, capsys: Any) -> None:
    assert check(tmp_path, capsys, RULE.replace("aws_sqs_queue", "acme_queue")) == (0, [])
