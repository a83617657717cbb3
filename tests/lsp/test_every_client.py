"""What every client gets, whatever it can do: six records of real clients, each with one server for all of it."""

import re

import pytest
import pytest_asyncio
from lsprotocol import types
from tests.lsp.editor import CLIENTS, codes, one, start
from tests.lsp.texts import BLOCKED, BUCKET, DATABASE, ENCRYPTED, PLAINTEXT, PUBLIC, with_crlf

pytestmark = pytest.mark.asyncio(loop_scope="module")


EXPECTED = {
    "ale-3.3": ("utf-16", False),
    "eglot-1.9": ("utf-16", False),
    "neovim-0.7": ("utf-16", False),
    "neovim-0.11": ("utf-8", True),
    "vscode-languageclient-9": ("utf-16", True),
    "vscode-languageclient-11": ("utf-16", True),
}
"""How each client counts positions, and whether it pulls; none of the records may be missing."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    (folder / ".git").mkdir()
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CLIENTS)
async def editor(request, root):
    started = await start(request.param, root)
    yield started
    await started.stop()


@pytest.fixture
def workspace(request, root):
    """A module of its own for each test."""
    folder = root / re.sub(r"\W", "_", request.node.name)
    folder.mkdir()
    return folder


def features(editor):
    document, actions = editor.capabilities.text_document, editor.capabilities.text_document.code_action
    edits = editor.capabilities.workspace.workspace_edit
    return {
        "pulls": document.diagnostic is not None,
        "resolves": bool(actions.resolve_support and actions.data_support),
        "versioned": bool(edits and edits.document_changes),
        "annotated": bool(edits and edits.change_annotation_support),
        "disabled": bool(actions.disabled_support),
        "markdown": "markdown" in document.hover.content_format,
    }


async def test_diagnostics_are_announced_to_be_pulled_or_are_pushed(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET)
    await editor.findings(document)

    announced = editor.result.capabilities.diagnostic_provider
    assert (announced is not None) == editor.pulls
    assert bool(editor.published[document.uri]) == (not editor.pulls)


@pytest.mark.parametrize("text", [BUCKET, with_crlf(BUCKET)], ids=["lf", "crlf"])
async def test_the_wrong_value_is_marked(editor, workspace, text):
    document = editor.open(workspace / "main.tf", text)

    finding = await editor.finding(document, PUBLIC)
    assert document.at(finding.range) == "false"
    assert finding.source == "setsquare"
    assert finding.severity is types.DiagnosticSeverity.Error
    assert "block_public_acls is false, expected true" in finding.message


async def test_a_change_changes_the_diagnostics_of_its_version(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET)
    await editor.finding(document, PUBLIC)
    editor.change(document, "= false", "= true")
    right = await editor.findings(document)
    editor.change(document, "block_public_policy     = true", "block_public_policy = !true /* 🔐 */", whole=True)
    editor.change(document, "block_public_policy = !true /* 🔐 */", "block_public_policy     = false")
    wrong = await editor.findings(document)

    assert PUBLIC not in codes(right)
    assert document.at(one(wrong, PUBLIC).range) == "false"
    assert document.position(document.text.index("false")) == one(wrong, PUBLIC).range.start


async def test_all_six_clients_are_there():
    assert {*CLIENTS} == {*EXPECTED}


async def test_positions_are_counted_as_the_client_prefers(editor):
    general = editor.capabilities.general
    offered = (general and general.position_encodings) or ["utf-16"]
    pulls = editor.capabilities.text_document.diagnostic is not None

    assert editor.encoding == offered[0]
    assert (editor.encoding, pulls) == EXPECTED[editor.name]


async def test_a_value_is_typed_is_shown_and_is_fixed(editor, workspace):
    document = editor.open(workspace / "main.tf", BLOCKED)
    at = document.text.index("true # for now")
    editor.replace(document, at, len("true"), "")
    for offset, character in enumerate("false"):
        editor.replace(document, at + offset, 0, character)
        await editor.findings(document)
    finding = await editor.finding(document, PUBLIC)
    editor.save(document)
    editor.apply(document, await editor.resolve(await editor.quick_fix(document, finding)))

    assert document.text == BLOCKED
    assert PUBLIC not in codes(await editor.findings(document))


@pytest.mark.parametrize("text", [BUCKET, with_crlf(BUCKET)], ids=["lf", "crlf"])
async def test_the_quick_fix_repairs_the_file(editor, workspace, text):
    document = editor.open(workspace / "main.tf", text)
    action = await editor.quick_fix(document, await editor.finding(document, PUBLIC))
    was_inline = action.edit is not None
    editor.apply(document, await editor.resolve(action))

    assert document.text == text.replace("= false", "= true")
    assert PUBLIC not in codes(await editor.findings(document))
    assert action.title == "Set block_public_acls to true"
    assert action.is_preferred
    assert was_inline == (not features(editor)["resolves"])


async def test_what_replaces_a_resource_is_not_preferred_and_asks_first(editor, workspace):
    document = editor.open(workspace / "main.tf", DATABASE)
    action = await editor.quick_fix(document, await editor.finding(document, ENCRYPTED))
    edit = await editor.resolve(action)

    assert not action.is_preferred
    assert "replaces the resource" in action.title
    assert (edit.document_changes is not None) == features(editor)["versioned"]
    annotations = edit.change_annotations or {}
    assert [annotation.needs_confirmation for annotation in annotations.values()] == [True] * features(editor)[
        "annotated"
    ]
    editor.apply(document, edit)
    assert "storage_encrypted = true" in document.text


async def test_what_cannot_be_fixed_is_disabled_with_the_reason(editor, workspace):
    document = editor.open(workspace / "main.tf", DATABASE)
    finding = await editor.finding(document, PLAINTEXT)
    actions = await editor.actions(document, finding.range)

    disabled = [action.disabled.reason for action in actions if action.disabled]
    assert len(disabled) == features(editor)["disabled"]
    assert all(disabled)


async def test_there_is_one_fix_all_and_it_leaves_what_must_be_asked(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET + DATABASE)
    start = types.Range(types.Position(0, 0), types.Position(0, 0))
    action, *more = await editor.actions(document, start, only=["source.fixAll"])
    editor.apply(document, await editor.resolve(action))
    left = codes(await editor.findings(document))

    assert more == []
    assert action.kind == "source.fixAll.setsquare"
    assert "block_public_acls = true # for now" in document.text
    assert re.search(r"storage_encrypted += false", document.text)
    assert PUBLIC not in left
    assert ENCRYPTED in left


async def test_every_action_says_what_it_is_about_and_does_what_it_says(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET)
    before = codes(await editor.findings(document))
    offered = await editor.actions(document, document.range(0, len(BUCKET)), ["quickfix"])
    usable = [action for action in offered if action.command is None and not action.disabled]

    assert {action.command.command for action in offered if action.command} == (
        {"setsquare.explain", "setsquare.fixWorkspace"}
        if editor.capabilities.workspace.apply_edit
        else {"setsquare.explain"}
    )
    assert {re.match(r"\w+", action.title).group() for action in usable} == {"Add", "Set", "Secure", "Suppress"}
    for number, action in enumerate(usable):
        if action.title.startswith("Set the policy"):
            continue
        copy = editor.open(workspace / str(number) / "main.tf", BUCKET)
        (again,) = [a for a in await editor.actions(copy, copy.range(0, len(BUCKET))) if a.title == action.title]
        editor.apply(copy, plain(await editor.resolve(again)))
        after = codes(await editor.findings(copy))
        added = {"suppression"} if action.title.startswith("Suppress") else set()
        assert set(after) - set(before) == added, action.title
        assert set(after).isdisjoint(codes(action.diagnostics)), action.title


def plain(edit):
    """An edit without the tab stops that an editor would put the person at."""
    for change in edit.document_changes or ():
        if any(isinstance(made, types.SnippetTextEdit) for made in change.edits):
            change.edits = [types.TextEdit(made.range, made.snippet.value.replace("$0", "")) for made in change.edits]
    return edit


async def test_comments_link_and_are_explained_and_resources_are_completed(editor, workspace):
    text = f'# setsquare:ignore {PUBLIC} so it is\nresource "aws_ebs_volume" "data" {{\n  \n}}\n'
    document = editor.open(workspace / "main.tf", text)
    identity = types.TextDocumentIdentifier(document.uri)
    client = editor.client
    (link,) = await client.text_document_document_link_async(types.DocumentLinkParams(identity))
    hover = await editor.hover(document, link.range.start)
    where = types.CompletionParams(identity, types.Position(2, 2))
    (body,) = (await client.text_document_completion_async(where)).items

    assert document.at(link.range) == PUBLIC
    assert document.at(hover.range) == PUBLIC
    assert PUBLIC in hover.contents.value
    assert body.text_edit.new_text == "  encrypted = true"
    assert body.insert_text_format is types.InsertTextFormat.PlainText


async def test_hover_says_what_why_and_what_will_be_written(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET)
    finding = await editor.finding(document, PUBLIC)
    hover = await editor.hover(document, finding.range.start)

    text = hover.contents.value
    assert document.at(hover.range) == "false"
    assert finding.message in text
    assert "A bucket policy or an object ACL can make data public by mistake." in text
    assert "AWS FSBP S3.8" in text
    assert "Impact of the fix: in place." in text
    assert "Proof: 5/5." in text
    assert "+  /* 🔐é👩‍💻 */ block_public_acls = true # for now" in text
    assert hover.contents.kind == ("markdown" if features(editor)["markdown"] else "plaintext")
    assert ("```diff" in text) == features(editor)["markdown"]


async def test_closing_clears(editor, workspace):
    path = workspace / "main.tf"
    document = editor.open(path, BUCKET)
    await editor.finding(document, PUBLIC)
    editor.close(document)
    if not editor.pulls:
        await editor.until(lambda: not editor.published[document.uri][-1].diagnostics, "an empty list")

    assert await editor.hover(document, types.Position(0, 0)) is None


async def test_a_broken_buffer_is_answered_and_recovers(editor, workspace):
    document = editor.open(workspace / "main.tf", BUCKET)
    before = codes(await editor.findings(document))
    editor.change(document, "= aws_s3_bucket.data.id\n", '= <<EOT "${ {{ \ud83d\x00\u2028\n')
    await editor.findings(document)
    await editor.actions(document, document.range(0, len(document.text)))
    await editor.hover(document, types.Position(6, 5))
    editor.replace(document, 0, len(document.text), BUCKET)

    assert codes(await editor.findings(document)) == before


async def test_two_folders_and_one_that_goes(editor, workspace, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "main.tf").write_text(BUCKET, encoding="utf-8")
    (workspace / "main.tf").write_text(BUCKET, encoding="utf-8")

    def is_found(found):
        return PUBLIC in codes(found)

    if not editor.capabilities.workspace.workspace_folders or editor.name == "neovim-0.11":
        pytest.skip("this client has one folder, or asks only for what is open")
    editor.change_folders(added=[other])
    await editor.shown_of(workspace / "main.tf", is_found)
    await editor.shown_of(other / "main.tf", is_found)
    editor.change_folders(removed=[other])

    assert await editor.shown_of(other / "main.tf", lambda found: not found) == []


async def test_a_fixed_file_is_clean(editor, workspace):
    document = editor.open(workspace / "main.tf", BLOCKED)

    assert PUBLIC not in codes(await editor.findings(document))
