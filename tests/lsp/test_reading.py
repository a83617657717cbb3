"""What is shown beside the text: lenses, links, and hovers over comments, policies and own rules."""

import re

import pytest
import pytest_asyncio
from lsprotocol import types
from tests.lsp.editor import answered, codes, identity_of, one, start
from tests.lsp.texts import BLOCKED, BUCKET, DATABASE, PUBLIC

pytestmark = pytest.mark.asyncio(loop_scope="module")

PULL, PLAIN = "vscode-languageclient-11", "ale-3.3"
POLICY = """\
policy: 1
parameters:
  log_retention_days: 400
rules:
  select: {frameworks: [fsbp], min_severity: low}
  disable:
    - {rule: aws-lambda-tracing, reason: é𝒳 elsewhere}
  fix:
    allow_impact: [in_place]
extra_rules: [own]
"""
OWN = """\
id: acme-s3-named
version: 1
title: Buckets are called acme
severity: low
category: network-exposure
rationale: Names say who owns them.
references: [https://acme.example]
frameworks: {}
impact: {terraform: replaces, cloudformation: replaces}
terraform:
  - resource: aws_s3_bucket
    state:
      bucket: {$one_of: [acme]}
cloudformation: {unsupported: not needed}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor(root):
    """One for all tests, as a server takes its time to start."""
    started = await start(PULL, root, options={"quietTime": 0, "codeLens": True})
    yield started
    await started.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(root):
    """A client that takes no Markdown and applies nothing."""
    started = await start(PLAIN, root, options={"quietTime": 0, "codeLens": True})
    yield started
    await started.stop()


async def lenses(editor, document):
    params = types.CodeLensParams(identity_of(document))
    return list(await answered(editor.client.text_document_code_lens_async(params)))


async def links(editor, document):
    params = types.DocumentLinkParams(identity_of(document))
    return await answered(editor.client.text_document_document_link_async(params))


async def said(editor, document, word, skip=0):
    """What a hover says over a word, and the text that it is about."""
    start = document.text.index(word) + skip
    hover = await editor.hover(document, document.position(start))
    return (None, None) if hover is None else (document.at(hover.range), hover.contents.value)


# --------------------------------------------------------------------- lenses


async def test_lenses_count_and_fix_what_is_safe(editor, module_folder):
    document = editor.open(module_folder / "main.tf", BUCKET + DATABASE)
    found = await editor.findings(document)
    count, fix = await lenses(editor, document)

    assert count.command.title == f"Setsquare: {len(found)} findings"
    assert count.range.start == types.Position(0, 0)
    await editor.command(fix.command)
    editor.apply(document, editor.asked_to_apply[0].edit)
    left = await editor.findings(document)
    assert re.fullmatch(r"Fix \d+ safe to fix", fix.command.title)
    assert PUBLIC not in codes(left)
    (only,) = await lenses(editor, document)
    assert only.command.title == f"Setsquare: {len(left)} findings"


async def test_a_client_that_applies_nothing_has_only_the_count(plain, module_folder):
    document = plain.open(module_folder / "main.tf", BUCKET)

    assert len(await lenses(plain, document)) == 1
    clean = plain.open(module_folder / "none.tf", "")
    assert await lenses(plain, clean) == []


# --------------------------------------------------------------------- comments


COMMENTS = f"""\
/* é𝒳 */ # setsquare:ignore {PUBLIC}, aws-none, aws-s3-versioning for now
resource "aws_s3_bucket" "data" {{
  #checkov:skip=CKV_AWS_18:not this one
  bucket = "setsquare:ignore aws-s3-versioning"
}}
"""


async def test_comments_link_to_the_pages_of_the_rules_that_they_name(editor, module_folder):
    document = editor.open(module_folder / "main.tf", COMMENTS)
    found = [(document.at(link.range), link.target.partition("?")[0]) for link in await links(editor, document)]

    assert found == [
        (PUBLIC, f"https://setsquare.dev/rules/{PUBLIC}"),
        ("aws-s3-versioning", "https://setsquare.dev/rules/aws-s3-versioning"),
        ("CKV_AWS_18", "https://setsquare.dev/rules/aws-s3-access-logging"),
    ]


async def test_a_rule_in_a_comment_is_explained(editor, module_folder):
    document = editor.open(module_folder / "main.tf", COMMENTS)

    word, text = await said(editor, document, PUBLIC, skip=3)
    assert word == PUBLIC
    assert "A bucket policy or an object ACL can make data public by mistake." in text
    assert "AWS FSBP S3.8" in text
    assert (await said(editor, document, "CKV_AWS_18"))[0] == "CKV_AWS_18"
    assert await said(editor, document, "aws-none") == (None, None)
    assert await said(editor, document, "for now") == (None, None)


async def test_a_line_says_which_requirement_it_fulfils(editor, module_folder):
    document = editor.open(module_folder / "main.tf", BLOCKED)
    word, text = await said(editor, document, "true # for now")

    assert word == "true"
    assert f"✓ **S3 buckets block all public access** (`{PUBLIC}`)" in text
    assert "AWS FSBP S3.8" in text


# --------------------------------------------------------------------- policies and rules


@pytest.fixture
def with_policy(module_folder):
    (module_folder / "own").mkdir()
    (module_folder / "own" / "named.yaml").write_text(OWN, encoding="utf-8")
    (module_folder / "setsquare.yaml").write_text(POLICY, encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "skip", "about", "text"),
    [
        ("parameters", 2, "parameters", "where only the organisation knows them"),
        ("log_retention_days", 0, "log_retention_days", "Type: `integer`."),
        ("400", 0, None, None),
        ("min_severity", 0, "min_severity", "at least so severe"),
        ("min_severity: low", 14, "low", "severity low"),
        ("fsbp", 1, "fsbp", "AWS Foundational Security Best Practices"),
        ("aws-lambda-tracing", 5, "aws-lambda-tracing", "**"),
        ("reason", 0, "reason", "auditor"),
        ("é𝒳", 0, None, None),
        ("in_place", 0, "in_place", "changed while it runs"),
        ("extra_rules", 0, "extra_rules", "Folders below this file"),
    ],
)
@pytest.mark.usefixtures("with_policy")
async def test_a_policy_says_what_its_words_mean(editor, module_folder, word, skip, about, text):  # noqa: PLR0913, PLR0917 - a row
    document = editor.open(module_folder / "setsquare.yaml")

    found, hover = await said(editor, document, word, skip)
    assert found == about
    assert (text or "") in (hover or "")


@pytest.mark.parametrize(
    ("word", "about", "text"),
    [
        ("severity", "severity", "How bad a violation is."),
        ("replaces", "replaces", "deleted and made anew"),
        ("$one_of", "$one_of", "the first is written"),
        ("unsupported", None, None),
        ("aws_s3_bucket", None, None),
    ],
)
@pytest.mark.usefixtures("with_policy")
async def test_an_own_rule_says_what_its_words_mean(editor, module_folder, word, about, text):
    document = editor.open(module_folder / "own" / "named.yaml")

    found, hover = await said(editor, document, word)
    assert found == about
    assert (text or "") in (hover or "")


async def test_a_policy_is_explained_without_marks_where_there_is_no_markdown(plain, module_folder, with_policy):
    document = plain.open(module_folder / "setsquare.yaml")

    _, text = await said(plain, document, "log_retention_days")
    assert "Type: integer." in text


async def test_mistakes_in_policies_and_own_rules_are_shown_while_they_are_typed(editor, module_folder, with_policy):
    main = editor.open(module_folder / "main.tf", BUCKET)
    policy, rule = editor.open(module_folder / "setsquare.yaml"), editor.open(module_folder / "own" / "named.yaml")
    assert await editor.findings(policy) == []
    assert await editor.findings(rule) == []
    assert "acme-s3-named" not in codes(await editor.findings(main))  # of no framework that is selected
    editor.change(policy, "min_severity: low", "min_severity: lo")
    mistake = one(await editor.findings(policy), "policy")
    editor.change(rule, "severity: low", "severity: lo")

    assert policy.at(mistake.range) == "lo"
    assert mistake.message.startswith("found 'lo', expected one of ")
    assert rule.at(one(await editor.findings(rule), "policy").range) == "lo"
    editor.change(policy, "min_severity: lo", "min_severity: low")
    editor.change(policy, "frameworks: [fsbp], ", "")
    editor.change(rule, "severity: lo", "severity: low")
    assert await editor.findings(policy) == []
    assert "acme-s3-named" in codes(await editor.findings(main))


async def test_a_policy_links_to_the_pages_of_its_rules(editor, module_folder, with_policy):
    document = editor.open(module_folder / "setsquare.yaml")
    (link,) = await links(editor, document)

    assert document.at(link.range) == "aws-lambda-tracing"


async def test_an_exemption_that_has_ended_is_shown_where_it_stands(editor, module_folder):
    policy = "policy: 1\nexceptions:\n  - {rule: aws-s3-versioning, reason: é𝒳, until: 2020-01-31}\n"
    document = editor.open(module_folder / "setsquare.yaml", policy)
    (shown,) = await editor.findings(document)

    assert shown.message == "this exemption from aws-s3-versioning ended on 2020-01-31"
    assert shown.severity is types.DiagnosticSeverity.Warning
    assert document.at(shown.range).startswith("{rule: aws-s3-versioning")
    editor.change(document, "2020-01-31", "2999-01-31")
    assert await editor.findings(document) == []
