"""Completion, as an editor asks for it and applies it."""

import re

import pytest
import pytest_asyncio
from lsprotocol import types
from tests.lsp.editor import answered, codes, identity_of, start
from tests.lsp.test_reading import OWN, POLICY
from tests.lsp.texts import BUCKET, PUBLIC

pytestmark = pytest.mark.asyncio(loop_scope="module")

PULL = "vscode-languageclient-11"


SNIPPETS = types.CompletionClientCapabilities(
    completion_item=types.ClientCompletionItemOptions(
        snippet_support=True,
        documentation_format=[types.MarkupKind.Markdown],
        insert_text_mode_support=types.ClientCompletionItemInsertTextModeOptions([types.InsertTextMode.AsIs]),
    )
)
"""What the same client says of completion: the records leave out what was not served when they were made."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def snippets(root):
    """An editor that takes snippets; one for all tests, as a server takes its time to start."""
    started = await start(PULL, root, completion=SNIPPETS)
    yield started
    await started.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor(root):
    started = await start(PULL, root)
    yield started
    await started.stop()


async def completed(editor, path, text):
    """Open a text with a ``|`` where the person is; return the document, and the completions."""
    at = text.index("|")
    document = editor.open(path, text[:at] + text[at + 1 :])
    params = types.CompletionParams(identity_of(document), document.position(at))
    found = await answered(editor.client.text_document_completion_async(params))
    return document, [] if found is None else list(found.items)


def labels(items):
    return [item.label for item in items]


def chosen(document, items, label):
    """The text after the choice of a completion, with the tab stops of a snippet as ``<name>``."""
    (item,) = [item for item in items if item.label == label]
    assert item.text_edit.range.start.line == item.text_edit.range.end.line
    new = item.text_edit.new_text
    if item.insert_text_format is types.InsertTextFormat.Snippet:
        new = re.sub(r"(?<!\\)\$\{(\d):(\w+)\}", r"<\1 \2>", new)
        new = re.sub(r"(?<!\\)\$0", "<>", new)
        new = re.sub(r"\\([\\$}])", r"\1", new)
    return document.applied([types.TextEdit(item.text_edit.range, new)])


# --------------------------------------------------------------------- bodies


VOLUME = """\
resource "aws_ebs_volume" "data" {
  encrypted  = true
  kms_key_id = <1 kms_key><>
}
"""


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_ebs_volume" "data" |\n',
        'resource "aws_ebs_volume" "data" {|\n',
        'resource "aws_ebs_volume" "data" {|}\n',
        'resource "aws_ebs_volume" "data" {\n|}\n'.replace("|}", "|\n}"),
        'resource "aws_ebs_volume" "data" {\n  |\n}\n',
        'resource "aws_ebs_volume" "data" {\n  |\n',
    ],
)
async def test_a_resource_that_was_just_begun_is_completed(snippets, module_folder, text):
    document, items = await completed(snippets, module_folder / "main.tf", text)

    assert labels(items) == ["Secure aws_ebs_volume"]
    assert chosen(document, items, "Secure aws_ebs_volume") == VOLUME
    assert items[0].insert_text_mode is types.InsertTextMode.AsIs
    assert "aws-ec2-ebs-volume-encrypted" in items[0].documentation.value


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_ebs_volume" "data" {\n  size = 1\n  |\n}\n',
        'resource "aws_ebs_volume" "data" {\n  |\n  size = 1\n}\n',
        'resource "aws_ebs_volume" "data" { size = |\n',
        'resource "aws_ebs_volume" "|\n',
        'resource "aws_nothing" "data" {\n  |\n}\n',
        "|\n",
        'data "aws_ebs_volume" "data" {|}\n',
    ],
)
async def test_what_was_not_just_begun_is_left_alone(snippets, module_folder, text):
    _, items = await completed(snippets, module_folder / "main.tf", text)

    assert items == []


async def test_the_policy_says_what_is_written_and_what_is_there_is_not_written_again(snippets, module_folder):
    policy = "policy: 1\nparameters:\n  kms_key: arn:aws:kms:eu-central-1:111122223333:key/k\n"
    (module_folder / "setsquare.yaml").write_text(policy, encoding="utf-8")
    versioned = 'resource "aws_s3_bucket_versioning" "v" {\n  bucket = aws_s3_bucket.data.id\n\n'
    versioned += '  versioning_configuration {\n    status = "Enabled"\n  }\n}\n'
    (module_folder / "versioning.tf").write_text(versioned, encoding="utf-8")
    snippets.changed_on_disk(module_folder / "versioning.tf", types.FileChangeType.Created)
    document, items = await completed(
        snippets, module_folder / "main.tf", '# é𝒳\nresource "aws_s3_bucket" "data" {\n  |\n}\n'
    )
    text = chosen(document, items, "Secure aws_s3_bucket")

    assert text.startswith('# é𝒳\nresource "aws_s3_bucket" "data" {\n  <>\n}\n\nresource "aws_s3_bucket_')
    assert "arn:aws:kms:eu-central-1:111122223333:key/k" in text
    assert "target_bucket = <1 access_log_bucket>" in text
    assert "aws_s3_bucket_versioning" not in text
    assert '"${aws_s3_bucket.data.arn}/*"' in text


async def test_what_was_completed_is_secure(editor, module_folder):
    """Without snippets: what is missing is left out."""
    document, items = await completed(editor, module_folder / "main.tf", 'resource "aws_s3_bucket" "data" {\n  |\n}\n')
    editor.replace(document, 0, len(document.text), chosen(document, items, "Secure aws_s3_bucket"))

    assert items[0].insert_text_format is types.InsertTextFormat.PlainText
    assert codes(await editor.findings(document)) == ["aws-s3-access-logging"]


TEMPLATE = """\
Resources:
  Data:
    Type: AWS::EC2::Volume
    Properties:
      Encrypted: true
      KmsKeyId: <1 kms_key>
  Other:
    Type: AWS::S3::Bucket
"""


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  Data:\n    Type: AWS::EC2::Volume|\n  Other:\n    Type: AWS::S3::Bucket\n",
        "Resources:\n  Data:\n    Type: AWS::EC2::Volume\n    |\n  Other:\n    Type: AWS::S3::Bucket\n",
        "Resources:\n  Data:\n    Type: AWS::EC2::Volume\n|\n  Other:\n    Type: AWS::S3::Bucket\n",
    ],
)
async def test_a_resource_of_a_template_is_completed(snippets, module_folder, text):
    document, items = await completed(snippets, module_folder / "t.yaml", text)

    assert chosen(document, items, "Secure AWS::EC2::Volume") == TEMPLATE


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  Data:\n    Type: AWS::EC2::Volume\n    |\n    Properties:\n      Size: 1\n",
        "Other:\n  Data:\n    Type: AWS::EC2::Volume\n    |\n",
        "Resources:\n  Data:\n    Type: AWS::EC2::Volume\n\n    x|\n",
    ],
)
async def test_what_is_no_new_resource_of_a_template_is_left_alone(snippets, module_folder, text):
    _, items = await completed(snippets, module_folder / "t.yaml", text)

    assert items == []


async def test_line_ends_are_those_of_the_file(snippets, module_folder):
    text = 'resource "aws_ebs_volume" "data" {\r\n  |\r\n}\r\n'
    document, items = await completed(snippets, module_folder / "main.tf", text)

    assert chosen(document, items, "Secure aws_ebs_volume") == VOLUME.replace("\n", "\r\n")


# --------------------------------------------------------------------- comments


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# setsquare:ignore |\n", "# setsquare:ignore {}\n"),
        ("# setsquare:ignore aws-s3-bl|ock for now\n", "# setsquare:ignore {} for now\n"),
        ("x = 1 // setsquare:ignore aws-s3-versioning, aws|\n", "x = 1 // setsquare:ignore aws-s3-versioning, {}\n"),
    ],
)
async def test_rule_ids_are_completed_in_comments(editor, module_folder, text, left):
    document, items = await completed(editor, module_folder / "main.tf", text)

    assert chosen(document, items, PUBLIC) == left.format(PUBLIC)
    assert "A bucket policy or an object ACL" in next(i for i in items if i.label == PUBLIC).documentation


@pytest.mark.parametrize("text", ["# setsquare:ignore aws-s3-versioning because |\n", 'x = "setsquare:ignore |"\n'])
async def test_a_reason_and_a_text_are_not_completed(editor, module_folder, text):

    assert (await completed(editor, module_folder / "main.tf", text))[1] == []


# --------------------------------------------------------------------- policies and rules


@pytest.mark.parametrize(
    ("text", "label", "left"),
    [
        ("pol|", "policy", "policy: "),
        ("policy: 1\n|\n", "rules", "policy: 1\nrules: \n"),
        ("policy: 1\nparameters:\n  kms|\n", "kms_key", "policy: 1\nparameters:\n  kms_key: \n"),
        ("rules:\n  select: {min_severity: |}\n", "high", "rules:\n  select: {min_severity: high}\n"),
        ("rules:\n  select: {frameworks: [fsbp, |\n", "hipaa", "rules:\n  select: {frameworks: [fsbp, hipaa\n"),
        ("rules:\n  select:\n    frameworks: |\n", "fsbp", "rules:\n  select:\n    frameworks: [fsbp]\n"),
        ("rules:\n  no_suppression:\n    - aws-|\n", PUBLIC, f"rules:\n  no_suppression:\n    - {PUBLIC}\n"),
        (
            "exceptions:\n  - rule: aws-s3-|\n    reason: x\n",
            PUBLIC,
            f"exceptions:\n  - rule: {PUBLIC}\n    reason: x\n",
        ),
        ("exceptions:\n  - {rule: x, rea|}\n", "reason", "exceptions:\n  - {rule: x, reason: }\n"),
        ("rules:\n  fix: {allow_impact: [|]}\n", "replaces", "rules:\n  fix: {allow_impact: [replaces]}\n"),
        ("rules:\n  sel|: {}\n", "select", "rules:\n  select: {}\n"),
    ],
)
async def test_the_words_of_a_policy_are_completed(editor, module_folder, text, label, left):
    document, items = await completed(editor, module_folder / "setsquare.yaml", text)

    assert chosen(document, items, label) == left


@pytest.mark.parametrize(
    ("text", "missing"),
    [("policy: 1\npol|\n", "policy"), ("parameters:\n  kms_key: 1\n  |\n", "kms_key"), ("rules:\n  |\n", "kms_key")],
)
async def test_what_is_there_or_does_not_belong_is_not_offered(editor, module_folder, text, missing):
    _, items = await completed(editor, module_folder / "setsquare.yaml", text)

    assert items
    assert missing not in labels(items)


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("severity: low", "severity: |", "critical"),
        ("category: network-exposure", "category: net|", "network-exposure"),
        ("    state:\n", "    st|:\n", "state"),
        ("{$one_of: [acme]}", "{$one|}", "$one_of"),
        ("frameworks: {}", "frameworks: {|}", "fsbp"),
    ],
)
async def test_the_words_of_an_own_rule_are_completed(editor, module_folder, old, new, label):
    (module_folder / "own").mkdir()
    (module_folder / "own" / "named.yaml").write_text(OWN, encoding="utf-8")
    (module_folder / "setsquare.yaml").write_text(POLICY, encoding="utf-8")
    _, items = await completed(editor, module_folder / "own" / "named.yaml", OWN.replace(old, new))

    assert label in labels(items)


async def test_nothing_is_completed_where_nothing_is_open_or_known(editor, module_folder):
    document, items = await completed(editor, module_folder / "main.tf", BUCKET + "|")
    params = types.CompletionParams(types.TextDocumentIdentifier("untitled:1"), document.position(0))

    assert items == []
    assert await editor.client.text_document_completion_async(params) is None
