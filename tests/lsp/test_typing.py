"""While a person types: no stale action, no false alarm, no flicker; and nothing is lost."""

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import codes, keystrokes
from tests.lsp.texts import BUCKET, PUBLIC, TEMPLATE

LOGGING = "aws-s3-access-logging"
QUEUE_ENCRYPTED = "aws-sqs-encrypted"
QUEUE = """\
  Incoming:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: false
      QueueName: incoming"""
SLOW = {"quietTime": 400}
LONG = {"quietTime": 60_000}


async def test_an_action_of_an_outdated_text_is_refused(start_editor, workspace):
    editor = await start_editor("vscode-languageclient-11", workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    action = await editor.quick_fix(document, await editor.finding(document, PUBLIC))
    editor.replace(document, 0, 0, "# moved\n")

    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(action)
    assert refused.value.code == types.LSPErrorCodes.ContentModified


async def test_an_action_that_the_server_did_not_make_is_refused(start_editor, workspace):
    editor = await start_editor("vscode-languageclient-11", workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    action = await editor.quick_fix(document, await editor.finding(document, PUBLIC))
    action.data["key"] = "another"

    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(action)
    assert refused.value.code == types.LSPErrorCodes.ContentModified
    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(types.CodeAction("Nothing", data=["nothing"]))
    assert refused.value.code == types.LSPErrorCodes.ContentModified


@pytest.mark.parametrize("name", ["vscode-languageclient-11", "neovim-0.7"])
async def test_of_a_burst_only_the_last_version_counts(start_editor, workspace, name):
    editor = await start_editor(name, workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    before = codes(await editor.findings(document))
    for turn in range(60):
        editor.change(
            document, f"= {'true' if turn % 2 else 'false'} # for now", f"= {'false' if turn % 2 else 'true'} # for now"
        )

    assert codes(await editor.findings(document)) == before
    versions = [params.version for params in editor.published[document.uri]]
    assert versions == sorted(versions)


@pytest.mark.parametrize("name", ["vscode-languageclient-11", "neovim-0.7"])
async def test_what_a_block_lacks_is_held_back_while_it_is_typed(start_editor, workspace, name):
    editor = await start_editor(name, workspace, options=LONG)
    document = editor.open(workspace / "template.yaml", TEMPLATE)
    before = codes(await editor.findings(document))
    seen = set()
    for character in keystrokes(QUEUE):
        editor.replace(document, len(document.text), 0, character)
        seen.update(codes(await editor.findings(document)))
    editor.save(document)
    editor.replace(document, 0, 0, "# elsewhere\n")
    after = codes(await editor.findings(document))

    # The wrong value is shown as soon as it is written; what there is not yet, only when the block is finished.
    assert seen - {*before} == {QUEUE_ENCRYPTED}
    assert {*after} - {*before} > {QUEUE_ENCRYPTED}


async def test_what_one_edit_brings_is_judged_at_once(start_editor, workspace):
    editor = await start_editor("vscode-languageclient-11", workspace, options=LONG)
    document = editor.open(workspace / "template.yaml", TEMPLATE)
    before = codes(await editor.findings(document))
    editor.replace(document, len(document.text), 0, QUEUE)

    assert {*codes(await editor.findings(document))} - {*before} > {QUEUE_ENCRYPTED}


BARE = 'resource "aws_sqs_queue" "bare" {\n  name = "a"\n}\n'
TYPED = 'resource "aws_sqs_queue" "bare" {}'


def type_a_queue(editor, document):
    """As with an editor that closes braces by itself."""
    editor.type(document, TYPED[:-2], len(document.text))
    editor.replace(document, len(document.text), 0, "{}")
    editor.type(document, ' name = "a" ', len(document.text) - 1)


async def test_a_pushing_server_shows_after_a_pause_what_it_held_back(start_editor, workspace):
    editor = await start_editor("neovim-0.7", workspace, options=SLOW)
    document = editor.open(workspace / "main.tf", BUCKET)
    await editor.findings(document)
    type_a_queue(editor, document)
    during = codes(await editor.findings(document))
    after = await editor.until(
        lambda: QUEUE_ENCRYPTED in codes(editor.published[document.uri][-1].diagnostics), "what was held back"
    )

    assert QUEUE_ENCRYPTED not in during
    assert after


async def test_a_pulling_client_is_told_to_ask_again_after_a_pause(start_editor, workspace):
    editor = await start_editor("vscode-languageclient-11", workspace, options=SLOW)
    document = editor.open(workspace / "main.tf", BUCKET)
    await editor.findings(document)
    type_a_queue(editor, document)
    during = codes(await editor.findings(document))
    told = editor.client.diagnostic_refresh_count
    await editor.until(lambda: editor.client.diagnostic_refresh_count > told, "a refresh")

    assert QUEUE_ENCRYPTED not in during
    assert QUEUE_ENCRYPTED in codes(await editor.findings(document))


async def test_a_client_that_cannot_be_told_waits_for_the_pause(start_editor, workspace):
    editor = await start_editor("neovim-0.11", workspace, options=SLOW)
    document = editor.open(workspace / "main.tf", BUCKET)
    await editor.findings(document)
    type_a_queue(editor, document)

    assert QUEUE_ENCRYPTED in codes(await editor.findings(document))


async def test_a_broken_block_leaves_the_findings_of_the_others(start_editor, workspace):
    editor = await start_editor("vscode-languageclient-11", workspace, options=LONG)
    document = editor.open(workspace / "main.tf", BUCKET + BARE)
    before = await editor.findings(document)
    editor.change(document, 'name = "a"', 'name = "a')
    broken = await editor.findings(document)
    editor.change(document, 'name = "a', 'name = "a"')

    def of_the_bucket(found):
        return [(d.code, d.message, d.range) for d in found if d.range.start.line < BUCKET.count("\n")]

    assert LOGGING in codes(before)
    assert of_the_bucket(broken) == of_the_bucket(before)
    assert codes(await editor.findings(document)) == codes(before)
