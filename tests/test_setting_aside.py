"""A finding is set aside where it is, and nothing else: over examples of every service."""

import pytest
from tests.rules.test_rule_examples import VIOLATED, cases, of_rule, unit_of
from tests.support import text_of, unit

from setsquare.documents import format_of
from setsquare.setting_aside import set_aside
from setsquare.syntax import cfn, hcl
from setsquare.text import apply_edits

EVERY = 12
"""Of the examples, one in so many is looked at."""


def blocks_of(path, text):
    if path.endswith(".tf"):
        return tuple(block.span for block in hcl.read(path, text).blocks)
    templates = cfn.read(path, text, format_of(path)).templates
    return tuple(resource.span for template in templates for resource in template.resources)


def aside(some, finding):
    """The text in which a finding is set aside; None where it cannot be."""
    text, path = text_of(some), finding.place.path
    edits = set_aside(finding, blocks_of(path, text), some.analyse(), some.texts, some.analyse)
    return None if edits is None else apply_edits(text, edits)


def counted(analysis):
    return sorted((finding.rule.id, finding.resource, finding.message) for finding in analysis.findings)


@cases(VIOLATED[::EVERY])
def test_only_what_is_meant_is_set_aside(rule, example):
    some = unit_of(example)
    finding = of_rule(some, rule)[0]
    text = aside(some, finding)
    after = some.with_texts({finding.place.path: text}).analyse()

    lost = [one for one in counted(some.analyse()) if one not in counted(after)]
    assert {one[0] for one in lost} == {rule}
    assert finding.message in [entry.finding.message for entry in after.suppressed]
    assert [one for one in counted(after) if one not in counted(some.analyse())] == []
    assert "a suppression needs a reason" in [problem.message for problem in after.problems]


IN_A_HEREDOC = """\
resource "aws_s3_bucket" "b" {}

resource "aws_iam_role_policy" "p" {
  role   = "r"
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    }
  EOT
}
"""


def test_inside_of_text_a_comment_would_be_text():
    some = unit(IN_A_HEREDOC)
    found = [finding for finding in some.analyse().findings if finding.place.span.start > IN_A_HEREDOC.index("<<-EOT")]

    assert found
    for finding in found:
        lines = aside(some, finding).decode().splitlines()
        assert lines[lines.index('resource "aws_iam_role_policy" "p" {') - 1].startswith("# setsquare:ignore ")


METADATA = """\
{
  "Resources": {
    "B": {
      "Type": "AWS::S3::Bucket",
      "Metadata": %s
    }
  }
}
"""


@pytest.mark.parametrize(
    ("metadata", "left"),
    [
        ('{"a": 1}', '{"a": 1, "setsquare": {"ignore": [{"rule": "aws-s3-versioning", "reason": ""}]}}'),
        ('{"setsquare": {}}', '{"setsquare": {"ignore": [{"rule": "aws-s3-versioning", "reason": ""}]}}'),
        (
            '{"setsquare": {"ignore": [{"rule": "aws-s3-secure-transport", "reason": "x"}]}}',
            (
                '{"setsquare": {"ignore": [{"rule": "aws-s3-secure-transport", "reason": "x"}, '
                '{"rule": "aws-s3-versioning", "reason": ""}]}}'
            ),
        ),
    ],
)
def test_metadata_is_added_to_what_is_there(metadata, left):
    some = unit(METADATA % metadata, "template.json")
    (finding,) = of_rule(some, "aws-s3-versioning")

    assert aside(some, finding).decode() == METADATA % left
