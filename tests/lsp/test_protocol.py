"""The conversation itself: what is asked wrongly is answered, what fails is contained, and the end is clean."""

import asyncio
import json
import re
import socket
import sys

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.texts import BUCKET

PULL = "vscode-languageclient-11"

HOVER = {"textDocument": {"uri": "file:///a.tf"}, "position": {"line": 0, "character": 0}}


async def test_documents_that_are_no_files_are_left_alone(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    identity = types.TextDocumentIdentifier("untitled:Untitled-1")
    client = editor.client
    item = types.TextDocumentItem(identity.uri, "terraform", 1, BUCKET)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    changed = types.VersionedTextDocumentIdentifier(2, identity.uri)
    whole = types.TextDocumentContentChangeWholeDocument("")
    client.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
    client.text_document_did_save(types.DidSaveTextDocumentParams(identity))
    client.text_document_did_close(types.DidCloseTextDocumentParams(identity))
    event = types.FileEvent(identity.uri, types.FileChangeType.Changed)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    start = types.Position(0, 0)
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(identity))
    assert list(report.items) == []
    assert await client.text_document_hover_async(types.HoverParams(identity, start)) is None
    context = types.CodeActionContext([])
    params = types.CodeActionParams(identity, types.Range(start, start), context)
    assert not await client.text_document_code_action_async(params)


async def test_a_request_can_be_cancelled(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    editor.open(workspace / "main.tf", BUCKET)
    first = await editor.pull_workspace()
    previous = [types.PreviousResultId(item.uri, item.result_id) for item in first.items]
    params = types.WorkspaceDiagnosticParams(previous)
    waiting = editor.client.protocol.send_request("workspace/diagnostic", params, msg_id="waits")
    editor.client.cancel_request(types.CancelParams("waits"))

    with pytest.raises(JsonRpcException) as cancelled:
        await asyncio.wrap_future(waiting)
    assert cancelled.value.code == types.LSPErrorCodes.RequestCancelled


def framed(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def messages_in(output):
    return [json.loads(part) for part in re.findall(r"\{.*?\}(?=Content-Length|$)", output, re.DOTALL)]


INITIALIZE = framed(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})


async def run_server(*messages, arguments=()):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "setsquare", "lsp", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(b"".join(messages))
    return process.returncode, output.decode(), errors.decode()


async def test_an_end_without_goodbye_is_a_failure():
    status, _, _ = await run_server(INITIALIZE, framed(method="exit"))

    assert status == 1


async def test_what_makes_no_sense_is_answered_or_logged_and_the_rest_goes_on():
    status, output, errors = await run_server(
        framed(id="early", method="textDocument/hover", params=HOVER),
        INITIALIZE,
        framed(id="again", method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}}),
        framed(id="empty", method="textDocument/codeAction", params={}),
        framed(id="unknown", method="setsquare/nothing", params={}),
        b"Content-Length: 3\r\n\r\n{{{",
        b"Content-Length: 3\r\n\r\n{{{",
        framed(method="textDocument/didChange", params={}),
        framed(id="hover", method="textDocument/hover", params=HOVER),
        framed(id="end", method="shutdown"),
        framed(method="exit"),
    )

    answers = {message.get("id"): message for message in messages_in(output)}
    assert status == 0
    wrong = {name for name, message in answers.items() if "error" in message}
    assert wrong - {"hover"} == {"early", "again", "empty", "unknown"}  # the hover may come too late before the end
    assert {1, "hover", "end"} < answers.keys()
    assert "the server is not initialized" in errors
    assert output.count("window/logMessage") == 1


async def test_a_client_that_does_not_read_does_not_stop_the_reading():
    uri = "file:///nowhere/main.tf"
    item = {"uri": uri, "languageId": "terraform", "version": 1, "text": BUCKET * 30}
    hover = {"textDocument": {"uri": uri}, "position": {"line": 8, "character": 40}}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "setsquare", "lsp", "--stdio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    process.stdin.write(INITIALIZE)
    process.stdin.write(framed(method="textDocument/didOpen", params={"textDocument": item}))
    for number in range(300):
        process.stdin.write(framed(id=100 + number, method="textDocument/hover", params=hover))
        change = [{"text": BUCKET * 30 + "\n" * number}]
        identity = {"uri": uri, "version": 2 + number}
        process.stdin.write(
            framed(method="textDocument/didChange", params={"textDocument": identity, "contentChanges": change})
        )
    await asyncio.wait_for(process.stdin.drain(), 60)
    process.stdin.write(framed(id=2, method="shutdown") + framed(method="exit"))
    await process.communicate()

    assert process.returncode == 0


async def test_a_port_of_this_machine_serves_as_well():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(*(sys.executable, "-m", "setsquare", "lsp", "--port", str(port)))
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.05)
    writer.write(INITIALIZE)
    length = int((await reader.readline()).split(b":")[1])
    while await reader.readline() != b"\r\n":
        pass
    answer = json.loads(await reader.readexactly(length))
    writer.write(framed(id=2, method="shutdown") + framed(method="exit"))
    await asyncio.wait_for(process.wait(), 20)

    assert answer["result"]["serverInfo"]["name"] == "setsquare"
    assert process.returncode == 0
    writer.close()
