"""Code actions beside the quick fix: which are offered for what is asked, what they write, and what they say."""

import json

import pytest
from lsprotocol import types
from tests.lsp.editor import codes, one
from tests.lsp.texts import BUCKET, DATABASE, ENCRYPTED, PLAINTEXT, PUBLIC, with_crlf

RESOLVING, INLINE, PLAIN = "vscode-languageclient-11", "eglot-1.9", "neovim-0.11"
EVERYONE = [RESOLVING, INLINE, PLAIN]
LOGGING = "aws-s3-access-logging"


@pytest.fixture
async def start_open(start_editor, workspace):
    async def start(text=BUCKET, client=RESOLVING, name="main.tf", **options):
        editor = await start_editor(client, workspace, **options)
        document = editor.open(workspace / name, text)
        await editor.findings(document)
        return editor, document

    return start


def titled(actions, start):
    found = [action for action in actions if action.title.startswith(start)]
    assert len(found) == 1, [action.title for action in actions]
    return found[0]


def whole(document):
    return document.range(0, len(document.text))


async def edited(editor, document, action):
    """The text that an action leaves behind."""
    edit = await editor.resolve(action)
    if edit.document_changes is None:
        (edits,) = edit.changes.values()
    else:
        (change,) = edit.document_changes
        edits = change.edits
    return document.applied(edits)


# --------------------------------------------------------------------- which are offered


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (None, {"quickfix", "source.fixAll.setsquare"}),
        (["quickfix"], {"quickfix"}),
        (["source"], {"source.fixAll.setsquare"}),
        (["source.fixAll"], {"source.fixAll.setsquare"}),
        (["source.fixAll.setsquare"], {"source.fixAll.setsquare"}),
        (["source.fixAll.other"], set()),
        (["refactor", "source.organizeImports", "quick"], set()),
        ([], set()),
    ],
)
async def test_only_the_kinds_that_are_asked_for(start_open, only, kinds):
    editor, document = await start_open()
    actions = await editor.actions(document, whole(document), only)

    assert {action.kind for action in actions} == kinds
    assert [action.kind for action in actions].count("source.fixAll.setsquare") == ("source.fixAll.setsquare" in kinds)


async def test_the_light_bulb_shows_no_source_actions(start_open):
    editor, document = await start_open()
    automatic = types.CodeActionTriggerKind.Automatic

    shown = await editor.actions(document, whole(document), None, automatic)
    assert {action.kind for action in shown} == {"quickfix"}


async def test_the_actions_are_those_of_the_diagnostics_that_are_asked_about(start_open):
    editor, document = await start_open(BUCKET + DATABASE)
    found = await editor.findings(document)
    encrypted, logging = one(found, ENCRYPTED), one(found, LOGGING)
    foreign = types.Diagnostic(encrypted.range, "theirs", code=PUBLIC, source="other")
    moved = types.Diagnostic(document.range(0, 1), "ours", code=ENCRYPTED, source="setsquare")

    async def about(*diagnostics):
        actions = await editor.actions(document, whole(document), ["quickfix"], diagnostics=diagnostics)
        singly = [action for action in actions if not action.title.startswith("Secure")]
        return {code for action in singly for code in codes(action.diagnostics)}

    assert await about(encrypted) >= {ENCRYPTED}
    assert LOGGING not in await about(encrypted)
    assert await about(logging) == {LOGGING}
    assert {ENCRYPTED, LOGGING, PUBLIC} <= await about(foreign)
    assert await about(moved) == set()


async def test_two_fixes_that_add_the_same_resource_name_their_rules(start_open):
    editor, document = await start_open()
    titles = [action.title for action in await editor.actions(document, whole(document), ["quickfix"])]

    assert len(titles) == len(set(titles))
    added = [title for title in titles if "server_side_encryption" in title]
    assert added == [
        "Add aws_s3_bucket_server_side_encryption_configuration data (aws-s3-encryption-kms)",
        "Add aws_s3_bucket_server_side_encryption_configuration data (aws-s3-encryption-stated)",
    ]


@pytest.mark.parametrize("client", EVERYONE)
async def test_a_resource_is_secured_by_its_safe_fixes_or_after_a_yes_by_all(start_open, client):
    editor, document = await start_open(DATABASE, client)
    actions = await editor.actions(document, whole(document))
    safe = titled(actions, "Secure aws_db_instance.orders (")
    everything = titled(actions, "Secure aws_db_instance.orders with all")

    assert "storage_encrypted = false" in (await edited(editor, document, safe)).replace("  ", "")
    edit = await editor.resolve(everything)
    assert "(replaces the resource)" in everything.title
    assert not everything.is_preferred
    asks = [annotation.needs_confirmation for annotation in (edit.change_annotations or {}).values()]
    assert asks == ([True] if client == RESOLVING else [])
    editor.apply(document, edit)
    assert set(codes(await editor.findings(document))).isdisjoint({ENCRYPTED, "aws-rds-deletion-protection"})


async def test_actions_of_a_document_that_has_moved_on_are_refused(start_open):
    editor, document = await start_open()
    actions = await editor.actions(document, whole(document))
    editor.replace(document, 0, 0, "\n")

    for action in actions:
        if action.command is None and action.disabled is None:
            with pytest.raises(Exception, match="has changed since"):
                await editor.resolve(action)
    command = titled(actions, f"Explain {PUBLIC}")
    assert await editor.client.code_action_resolve_async(command) == command


# --------------------------------------------------------------------- set aside


TEMPLATE_YAML = """\
Resources:
  Archive:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: a
      PublicAccessBlockConfiguration:
        BlockPublicAcls: false
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
"""
TEMPLATE_JSON = json.dumps(
    {
        "Resources": {
            "Archive": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": False,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    }
                },
            }
        }
    },
    indent=2,
)
IN_A_VARIABLE = """\
variable "blocked" {
  type    = bool
  default = false
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket = aws_s3_bucket.data.id

  block_public_acls       = var.blocked
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "data" {
}
"""


@pytest.mark.parametrize("client", EVERYONE)
@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("main.tf", BUCKET, "  # setsquare:ignore {} "),
        ("main.tf", with_crlf(BUCKET), "  # setsquare:ignore {} \r"),
        ("main.tf", IN_A_VARIABLE, "  # setsquare:ignore {} "),
        ("t.yaml", TEMPLATE_YAML, "        # setsquare:ignore {} "),
        ("t.json", TEMPLATE_JSON, '              "rule": "{}",'),
    ],
    ids=["hcl", "crlf", "variable", "yaml", "json"],
)
async def test_a_finding_is_set_aside_and_the_reason_left_to_the_person(start_open, client, name, text, line):
    editor, document = await start_open(text, client, name)
    before = codes(await editor.findings(document))
    finding = one(await editor.findings(document), PUBLIC)
    actions = await editor.actions(document, finding.range, diagnostics=[finding])
    edit = await editor.resolve(titled(actions, f"Suppress {PUBLIC} here"))
    snippets = [e for change in edit.document_changes or () for e in change.edits if hasattr(e, "snippet")]
    if snippets:
        assert snippets[0].snippet.value.rstrip("\r\n").endswith(f"# setsquare:ignore {PUBLIC} $0")
        made = [types.TextEdit(e.range, e.snippet.value.replace("$0", "")) for e in snippets]
        editor.replace(document, 0, len(document.text), document.applied(made))
    else:
        editor.apply(document, edit)

    assert bool(snippets) == (client == RESOLVING and name != "t.json")
    assert line.format(PUBLIC) in document.text.split("\n")
    after = await editor.findings(document)
    assert codes(after) == sorted([*(code for code in before if code != PUBLIC), "suppression"])
    assert one(after, "suppression").message == "a suppression needs a reason"


async def test_what_the_policy_lets_nobody_suppress_is_disabled(start_open, workspace):
    policy = f"policy: 1\nrules:\n  no_suppression: [{PUBLIC}]\n"
    (workspace / "setsquare.yaml").write_text(policy, encoding="utf-8")
    editor, document = await start_open()
    actions = await editor.actions(document, whole(document))

    assert titled(actions, f"Suppress {PUBLIC}").disabled.reason == "the policy lets nobody suppress this rule"
    assert titled(actions, f"Suppress {LOGGING}").disabled is None


async def test_a_file_without_comments_offers_no_suppression(start_open):
    text = json.dumps({"resource": {"aws_s3_bucket": {"data": {"bucket": "a"}}}})
    editor, document = await start_open(text, INLINE, "main.tf.json")
    actions = await editor.actions(document, whole(document))

    assert [action.title for action in actions if "Suppress" in action.title] == []
    assert any("Explain" in action.title for action in actions)


# --------------------------------------------------------------------- a parameter that is missing


@pytest.mark.parametrize("client", EVERYONE)
@pytest.mark.parametrize(
    ("policy", "lines"),
    [
        (None, ["policy: 1", "parameters:", "  access_log_bucket:"]),
        ("policy: 1\n", ["policy: 1", "parameters:", "  access_log_bucket: null"]),
        (
            "policy: 1\nparameters:\n  log_retention_days: 400 # days\n",
            ["policy: 1", "parameters:", "  log_retention_days: 400 # days", "  access_log_bucket: null"],
        ),
    ],
    ids=["new", "without", "with"],
)
async def test_a_missing_parameter_is_named_and_asked_for(start_open, workspace, client, policy, lines):
    path = workspace / "setsquare.yaml"
    if policy is not None:
        path.write_text(policy, encoding="utf-8")
    editor, document = await start_open(BUCKET, client)
    finding = one(await editor.findings(document), LOGGING)
    actions = await editor.actions(document, finding.range, diagnostics=[finding])
    edit = await editor.resolve(titled(actions, "Set the policy parameter access_log_bucket"))
    changes = edit.document_changes
    if changes is not None:
        created = [change for change in changes if isinstance(change, types.CreateFile)]
        assert [change.uri for change in created] == ([path.as_uri()] if policy is None and client == RESOLVING else [])
        (edits,) = [change.edits for change in changes if isinstance(change, types.TextDocumentEdit)]
    else:
        edits = edit.changes[path.as_uri()]
    opened = editor.open(path, policy or "")
    editor.replace(opened, 0, len(opened.text), opened.applied(edits))

    assert opened.text.splitlines() == lines
    mistake = one(await editor.findings(opened), "policy")
    assert mistake.message.startswith("found nothing, expected")
    again = await editor.actions(document, finding.range, diagnostics=[finding])
    assert not any("Set the policy parameter" in action.title for action in again)
    editor.replace(opened, len(opened.text.rstrip().removesuffix(" null")), 5 if "null" in opened.text else 0, " logs")
    assert await editor.findings(opened) == []
    assert (await editor.quick_fix(document, finding)).title.startswith("Add aws_s3_bucket_logging")


# --------------------------------------------------------------------- commands


@pytest.fixture
def two_modules(workspace):
    for name in ("one", "two"):
        folder = workspace / name
        folder.mkdir()
        (folder / "main.tf").write_text(BUCKET if name == "one" else BUCKET + DATABASE, encoding="utf-8")


@pytest.mark.parametrize("client", EVERYONE)
async def test_a_rule_is_fixed_in_the_whole_workspace(start_open, workspace, two_modules, client):
    editor, document = await start_open(BUCKET, client)
    actions = await editor.actions(document, whole(document))
    _, (said,) = await editor.command(titled(actions, f"Fix {PUBLIC} in the whole workspace").command)

    (asked,) = editor.asked_to_apply
    edit = asked.edit
    texts = {path.as_uri(): path.read_text(encoding="utf-8") for path in workspace.glob("*/main.tf")}
    changes = edit.changes or {change.text_document.uri: change.edits for change in edit.document_changes}
    versions = {c.text_document.uri: c.text_document.version for c in edit.document_changes or ()}
    assert set(changes) == {document.uri, *texts}
    assert asked.label == f"Fix {PUBLIC} in the whole workspace"
    assert all([change.new_text for change in changes[uri]] == ["true"] for uri in changes)
    assert versions == ({} if client == PLAIN else {document.uri: document.version, **dict.fromkeys(texts)})
    assert said == f"Setsquare: 3 findings of {PUBLIC} fixed in 3 files."


async def test_all_that_is_safe_in_the_whole_workspace_is_fixed_by_a_command(start_open, two_modules):
    editor, document = await start_open(BUCKET)
    _, (said,) = await editor.command(types.Command("", "setsquare.fixEverything", arguments=[]))
    (asked,) = editor.asked_to_apply
    changes = asked.edit.document_changes
    asked.edit.document_changes = [change for change in changes if change.text_document.uri == document.uri]
    editor.apply(document, asked.edit)

    assert asked.label == "Fix all safe findings in the whole workspace"
    assert len(changes) == 3
    assert PUBLIC not in codes(await editor.findings(document))
    assert " in the workspace fixed in 3 files. " in said


async def test_what_could_not_be_fixed_in_the_workspace_is_said(start_open, two_modules):
    editor, _ = await start_open(DATABASE.replace("orders", "more"))
    run = types.Command("", "setsquare.fixWorkspace", arguments=[ENCRYPTED])
    _, (asks,) = await editor.command(run)
    run.arguments = [PLAINTEXT]
    _, (none,) = await editor.command(run)

    assert editor.asked_to_apply == []
    assert asks.startswith(f"Setsquare: nothing of {ENCRYPTED} can be fixed without asking. 2 could not be fixed: ")
    assert "aws_db_instance.more: its fix asks first: " in asks
    assert "aws_db_instance.orders: Put the value into a secret store" in none


async def test_what_the_editor_does_not_apply_is_said(start_open):
    editor, document = await start_open()
    editor.applies = False
    run = types.Command("", "setsquare.fixFile", arguments=[document.uri])
    _, said = await editor.command(run)

    assert said == ["Setsquare: the editor did not apply the fixes: it is read-only"]


async def test_all_that_is_safe_in_a_file_is_fixed_by_a_command(start_open):
    editor, document = await start_open(BUCKET + DATABASE)
    run = types.Command("", "setsquare.fixFile", arguments=[document.uri])
    _, (said,) = await editor.command(run)
    editor.apply(document, editor.asked_to_apply[0].edit)

    left = codes(await editor.findings(document))
    assert PUBLIC not in left
    assert ENCRYPTED in left
    assert " in this file fixed in 1 file. " in said
    assert "could not be fixed: " in said


async def test_a_rule_is_explained_without_a_network(start_open):
    editor, document = await start_open()
    actions = await editor.actions(document, whole(document))
    page, (said,) = await editor.command(titled(actions, f"Explain {PUBLIC}").command)
    nothing, (unknown,) = await editor.command(types.Command("", "setsquare.explain", arguments=["aws-none"]))

    assert page.startswith("# ")
    assert f"`{PUBLIC}`" in page
    assert f"({PUBLIC}, high)." in said
    assert "AWS FSBP S3.8" in said
    assert (nothing, unknown) == (None, "Setsquare: no rule is called aws-none.")


async def test_a_client_that_shows_pages_is_given_one_and_no_message(start_open):
    editor, _ = await start_open()
    page, said = await editor.command(types.Command("", "setsquare.page", arguments=[PUBLIC]))

    assert page.startswith("# ")
    assert f"`{PUBLIC}`" in page
    assert said == []


async def test_a_client_that_applies_nothing_is_offered_no_command_that_edits(start_open):
    editor, document = await start_open(client="ale-3.3")
    actions = await editor.actions(document, whole(document))

    assert {action.command.command for action in actions if action.command} == {"setsquare.explain"}
