"""Settings as a person sets them: at the start, while the server runs, and wrongly."""

import pytest
from lsprotocol import types
from tests.lsp.editor import codes, identity_of
from tests.lsp.texts import BUCKET, DATABASE, ENCRYPTED, PUBLIC

PULL, PUSH = "vscode-languageclient-11", "eglot-1.9"


def told(editor, **settings):
    """The client tells that its settings are others now."""
    editor.client.set_configuration(settings, section="setsquare")
    params = types.DidChangeConfigurationParams({"setsquare": settings})
    editor.client.workspace_did_change_configuration(params)


async def messages(editor, count=1):
    await editor.until(lambda: len(editor.client.messages) >= count, "a message")
    return [message.message for message in editor.client.messages]


@pytest.mark.parametrize("name", [PULL, PUSH])
async def test_a_wrong_setting_is_reported_once_and_its_default_used(start_editor, workspace, name):
    editor = await start_editor(name, workspace, options={"quietTime": 0, "minimumSeverity": "worst"})
    document = editor.open(workspace / "main.tf", BUCKET)
    told(editor, minimumSeverity="worst", showUnknown=False)
    found = await editor.findings(document)

    assert PUBLIC in codes(found)
    assert "the setting minimumSeverity cannot be 'worst'" in (await messages(editor))[0]
    told(editor, minimumSeverity="bad")
    assert "the setting minimumSeverity cannot be 'bad'" in (await messages(editor, 2))[1]
    assert len(editor.client.messages) == 2
    assert {message.type for message in editor.client.messages} == {types.MessageType.Warning}


@pytest.mark.parametrize("name", [PULL, PUSH])
async def test_what_is_set_while_the_server_runs_counts(start_editor, workspace, name):
    editor = await start_editor(name, workspace)
    path = workspace / "main.tf"
    document = editor.open(path, BUCKET + DATABASE)
    assert PUBLIC in codes(await editor.findings(document))

    told(editor, quietTime=0, minimumSeverity="critical")
    assert PUBLIC not in codes(await editor.shown_of(path, lambda found: PUBLIC not in codes(found)))
    told(editor, quietTime=0, frameworks=["iso_27001_2022"])
    few = codes(await editor.shown_of(path, lambda found: ENCRYPTED in codes(found)))
    told(editor, quietTime=0)
    assert len(await editor.shown_of(path, lambda found: len(found) > len(few))) > len(few)


@pytest.mark.parametrize("name", [PULL, PUSH])
async def test_without_the_check_of_the_workspace_only_what_is_open_is_shown(start_editor, workspace, name):
    path = workspace / "closed.tf"
    path.write_text(BUCKET, encoding="utf-8")
    editor = await start_editor(name, workspace)

    await editor.shown_of(path, lambda found: PUBLIC in codes(found))
    told(editor, quietTime=0, workspaceCheck=False)
    await editor.shown_of(path, lambda found: not found)
    document = editor.open(workspace / "main.tf", DATABASE)
    assert ENCRYPTED in codes(await editor.findings(document))
    told(editor, quietTime=0, workspaceCheck=True)
    assert PUBLIC in codes(await editor.shown_of(path, lambda found: PUBLIC in codes(found)))


async def test_code_lenses_are_shown_once_they_are_asked_for(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    params = types.CodeLensParams(identity_of(document))
    assert list(await editor.client.text_document_code_lens_async(params)) == []
    told(editor, quietTime=0, codeLens=True, minimumSeverity="critical")
    await editor.shown_of(workspace / "main.tf", lambda found: not found)
    told(editor, quietTime=0, codeLens=True)
    await editor.shown_of(workspace / "main.tf", lambda found: found)

    assert len(await editor.client.text_document_code_lens_async(params)) == 2
