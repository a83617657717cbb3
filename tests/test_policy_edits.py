"""A parameter is named in a policy, and its value left to the person."""

from datetime import date

import pytest

from setsquare.policy_edits import with_parameter
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy_file import load_policy
from setsquare.text import apply_edits


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("", "policy: 1\nparameters:\n  kms_key:\n"),
        (" \n", "policy: 1\nparameters:\n  kms_key:\n"),
        ("policy: 1 # ours\n", "policy: 1 # ours\nparameters:\n  kms_key: null\n"),
        ("policy: 1\nparameters:\n", "policy: 1\nparameters:\n  kms_key: null\n"),
        ("policy: 1\nparameters: {}\n", "policy: 1\nparameters:\n  kms_key: null\n"),
        (
            "policy: 1\nparameters: {log_retention_days: 400}\n",
            "policy: 1\nparameters: {log_retention_days: 400, kms_key: null}\n",
        ),
        (
            "policy: 1\r\nparameters:\r\n    log_retention_days: 400 # days\r\n\r\nrules: {}\r\n",
            "policy: 1\r\nparameters:\r\n    log_retention_days: 400 # days\r\n    kms_key: null\r\n\r\nrules: {}\r\n",
        ),
    ],
)
def test_the_parameter_is_named_and_the_loader_asks_for_its_value(source, left):
    text = apply_edits(source.encode(), with_parameter(source.encode(), "kms_key"))
    policy, (mistake,) = load_policy("setsquare.yaml", text, Catalogue.shipped(), date(2026, 6, 1))

    assert text.decode() == left
    assert policy is None
    assert mistake.message.startswith("found nothing, expected the ARN of a key")


@pytest.mark.parametrize(
    "source",
    [
        "policy: 1\nparameters:\n  kms_key: arn:x\n",
        "policy: 1\nparameters:\n  kms_key:\n",
        "policy: 1\nparameters: none\n",
        "- policy\n",
        "policy: [1\n",
        "policy: 1\n---\npolicy: 1\n",
        "policy: 1\nparameters: &p\n  a: 1\nother: *p\n",
    ],
)
def test_what_names_it_already_or_cannot_be_edited_is_left_alone(source):
    assert with_parameter(source.encode(), "kms_key") is None
