"""What is found in a template after edits is what a fresh analysis finds, although most of it is not read again."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.commands import write
from tests.test_incremental import Edited, shown, with_word

TEMPLATE = """\
# what everything is for
AWSTemplateFormatVersion: "2010-09-09"
Description: a template
Parameters:
  On:
    Type: String
    Default: "false"
  Sse:
    Type: String
    Default: false
  Name:
    Type: String
    Default: acme
Mappings:
  Sizes:
    small:
      Encrypted: false
Conditions:
  IsOn: !Equals [!Ref On, "true"]
Resources:
  One:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${Name}-one"
  Two:
    Type: AWS::S3::Bucket
    Condition: IsOn
    Properties:
      BucketName: acme-two
      PublicAccessBlockConfiguration:
        BlockPublicAcls: !Ref On
  # setsquare:ignore aws-s3-versioning it is a cache
  Three:
    Type: AWS::S3::Bucket
    Metadata:
      setsquare: {ignore: []}
  Access:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref One
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: "*"
            Action: s3:GetObject
            Resource: !Sub "${One.Arn}/*"
  A:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: !Ref Sse
  B:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: !Ref Sse
      QueueName: !Sub "b-${Sse}"
  C:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: !FindInMap [Sizes, small, Encrypted]
      AvailabilityZone: |
        é
  D:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: !FindInMap [Sizes, small, Encrypted]
Outputs:
  Url:
    Value: !Ref A
  Switch:
    Value: nothing
"""
WORDS = (
    *("One", "Two", "Three", "Access", "!Ref On", "!Ref One", "acme-two", "nothing", "IsOn", '"false"', "true"),
    *("AWS::S3::Bucket\n", "AWS::SQS::Queue\n", "Sizes", "Properties:", "setsquare:ignore", "Default", "Encrypted"),
    *("Condition: IsOn", "  A:", "  B:", "  C:", "Conditions:", "Outputs:", "aws-s3-versioning", "false"),
)
NOISE = (
    *("{", "}", '"', "'", ":", "\n", "\n\n", "#", "- ", "[", " ", "  ", "\t", "é", "|\n", "&a ", "*a", "---\n", "x"),
    *("\n  N:\n    Type: AWS::SQS::Queue\n", "\nTransform: AWS::Serverless-2016-10-31\n", '\\"', "\\x41"),
)
Words = st.tuples(st.integers(0, 60), st.sampled_from(WORDS), st.sampled_from(WORDS))
Noise = st.tuples(st.integers(0, 1700), st.sampled_from((0, 0, 1, 40)), st.sampled_from(NOISE))


class EditedTemplate(Edited):
    """A template that is edited, and what is found in it."""

    unit = "main.yaml"


@pytest.fixture
def template(tmp_path_factory: pytest.TempPathFactory) -> EditedTemplate:
    files = {"main.yaml": TEMPLATE}
    return EditedTemplate(write(tmp_path_factory.mktemp("template"), files), files)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.booleans(),
    st.sampled_from(("\n", "\r\n")),
    st.lists(st.one_of(Words, Noise, st.none()), max_size=6),
)
def test_what_is_found_after_edits_is_what_a_fresh_analysis_finds(
    tmp_path_factory: pytest.TempPathFactory, marked: bool, end: str, edits: list[tuple[int, int | str, str] | None]
) -> None:
    before = TEMPLATE if marked else TEMPLATE.replace("  # setsquare:ignore aws-s3-versioning it is a cache\n", "")
    files = {"main.yaml": before.replace("\n", end)}
    edited = EditedTemplate(write(tmp_path_factory.mktemp("edited"), files), files)
    edited.texts[f"{edited.folder}/main.yaml"] = files["main.yaml"].encode()
    edited.edit("main.yaml", files["main.yaml"].encode())
    edited.check()
    for edit in edits:
        text = edited.texts[f"{edited.folder}/main.yaml"]
        if edit is None:
            edited.edit("main.yaml", files["main.yaml"].encode())
        elif isinstance(edit[1], str):
            edited.edit("main.yaml", with_word(text, edit[0], edit[1], edit[2]))
        else:
            start = edit[0] % (len(text) + 1)
            edited.edit("main.yaml", text[:start] + edit[2].encode() + text[start + edit[1] :])
        edited.check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Default: "false"', 'Default: "true"'),
        ("      Encrypted: false", "      Encrypted: true"),
        ('!Equals [!Ref On, "true"]', '!Equals ["1", "2"]'),
        ("Bucket: !Ref One", "Bucket: !Ref Two"),
        ("Bucket: !Ref One", "Bucket: acme-two"),
        ("      QueueName: !Sub", "      Other: !Sub"),
        ('      QueueName: !Sub "b-${Sse}"\n', ""),
        ("it is a cache", ""),
        ("  Three:\n", "  Other:\n    Type: AWS::S3::Bucket\n  Three:\n"),
        ("  Access:", "  OnePolicy:"),
        ("    Condition: IsOn\n", ""),
        ("Value: nothing", "Value: !Ref Sse"),
        ("  D:\n    Type: AWS::EC2::Volume", "  D:\n    Type: AWS::EC2::Disk"),
    ],
)
def test_what_depends_on_an_edit_is_judged_again(template: EditedTemplate, old: str, new: str) -> None:
    template.check()
    before = template.texts[f"{template.folder}/main.yaml"]
    template.replace("main.yaml", old, new)
    template.check()
    template.edit("main.yaml", before)
    template.check()


def test_what_is_judged_in_a_broken_text_is_judged_again_in_an_intact_one(template: EditedTemplate) -> None:
    before = shown(template.check().findings)
    for text in ("  Junk\n  Access:", "  Junk\n  Accesses:", "  Accesses:", "  Access:"):
        template.edit("main.yaml", TEMPLATE.replace("  Access:", text).encode())
        template.check()
    assert shown(template.check().findings) == before
