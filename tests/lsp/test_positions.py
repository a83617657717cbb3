"""The same place in each of the three encodings of positions."""

import pytest
from tests.lsp.editor import codes
from tests.lsp.texts import BLOCKED, BUCKET, PUBLIC, with_crlf

ENCODINGS = ["utf-8", "utf-16", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_edits_findings_and_fixes_agree(start_editor, workspace, encoding):
    editor = await start_editor("vscode-languageclient-11", workspace, encodings=[encoding])
    document = editor.open(workspace / "main.tf", with_crlf(BLOCKED))
    editor.change(document, "/* 🔐é👩‍💻 */", "/* 🔐\u2028\f𝒳é👩‍💻 */")
    editor.change(document, "block_public_acls = true", "block_public_acls = false")
    finding = await editor.finding(document, PUBLIC)
    seen = document.at(finding.range)
    editor.apply(document, await editor.resolve(await editor.quick_fix(document, finding)))

    assert editor.encoding == encoding
    assert seen == "false"
    assert document.text == with_crlf(BLOCKED).replace("🔐é", "🔐\u2028\f𝒳é")
    assert PUBLIC not in codes(await editor.findings(document))


async def test_without_a_word_positions_are_utf_16(start_editor, workspace):
    editor = await start_editor("eglot-1.9", workspace)
    document = editor.open(workspace / "main.tf", BUCKET)

    assert editor.result.capabilities.position_encoding in (None, "utf-16")
    assert document.at((await editor.finding(document, PUBLIC)).range) == "false"


async def test_the_clients_first_choice_is_taken(start_editor, workspace):
    editor = await start_editor("neovim-0.11", workspace, encodings=["utf-7", "utf-32", "utf-16"])

    assert editor.encoding == "utf-32"
