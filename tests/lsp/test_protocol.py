"""The conversation itself: what is asked wrongly is answered, what fails is contained, and the end is clean."""

import asyncio
import json
import re
import socket
import sys

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import PATIENCE, Document
from tests.lsp.texts import BLOCKED, BUCKET, PUBLIC

from setsquare.lsp.features import hover
from setsquare.lsp.server import create

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


def initialize(id=1, **params):  # noqa: A002 - as the protocol names it
    return framed(id=id, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}, **params})


INITIALIZE = initialize()


def start_server(*arguments, **streams):
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    return asyncio.create_subprocess_exec(sys.executable, "-m", "setsquare", "lsp", *arguments, **{**pipes, **streams})


async def end_of(process):
    """The status of a process that must end by itself."""
    try:
        return await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run_server(*messages, arguments=()):
    process = await start_server(*arguments)
    try:
        output, errors = await asyncio.wait_for(process.communicate(b"".join(messages)), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, output.decode(), errors.decode()


async def read_message(reader):
    length = int((await reader.readline()).split(b":")[1])
    while await reader.readline() != b"\r\n":
        pass
    return json.loads(await reader.readexactly(length))


# --------------------------------------------------------------------- the end


async def test_an_end_without_goodbye_is_a_failure():
    status, _, _ = await run_server(INITIALIZE, framed(method="exit"))

    assert status == 1


async def test_a_client_that_is_gone_ends_the_server(workspace):
    opened = {"uri": (workspace / "main.tf").as_uri(), "languageId": "terraform", "version": 1, "text": BUCKET * 50}
    status, _, errors = await run_server(
        initialize(capabilities={"window": {"workDoneProgress": True}}, rootUri=workspace.as_uri()),
        framed(method="initialized", params={}),
        framed(method="textDocument/didOpen", params={"textDocument": opened}),
    )

    assert status == 1
    assert "Traceback" not in errors


async def test_a_client_that_dies_ends_the_server_although_its_input_stays_open():
    client = await asyncio.create_subprocess_exec("sleep", "600")
    process = await start_server()
    process.stdin.write(initialize(processId=client.pid))
    await read_message(process.stdout)
    client.kill()
    await client.wait()

    assert await end_of(process) == 1


async def test_a_process_that_cannot_be_seen_is_not_waited_for():
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    status, _, _ = await run_server(
        initialize(processId=gone.pid), framed(id=2, method="shutdown"), framed(method="exit")
    )

    assert status == 0


# --------------------------------------------------------------------- what is asked wrongly


async def test_what_is_said_at_the_wrong_time_is_refused():
    status, output, errors = await run_server(
        framed(id="early", method="textDocument/hover", params=HOVER),
        framed(method="textDocument/didSave", params={"textDocument": HOVER["textDocument"]}),
        INITIALIZE,
        initialize(id="again"),
        framed(id="end", method="shutdown"),
        framed(id="late", method="textDocument/hover", params=HOVER),
        framed(method="textDocument/didSave", params={"textDocument": HOVER["textDocument"]}),
        framed(method="exit"),
    )

    refused = {m["id"]: m["error"]["code"] for m in messages_in(output) if "error" in m}
    not_initialized, invalid = types.ErrorCodes.ServerNotInitialized.value, types.ErrorCodes.InvalidRequest.value
    assert refused == {"early": not_initialized, "again": invalid, "late": invalid}
    assert status == 0
    assert errors == ""


async def test_what_makes_no_sense_is_answered_or_logged_and_the_rest_goes_on():
    status, output, _ = await run_server(
        INITIALIZE,
        framed(id="empty", method="textDocument/codeAction", params={}),
        framed(id="unknown", method="setsquare/nothing", params={}),
        framed(id="optional", method="$/nothing", params={}),
        framed(method="$/nothing", params={}),
        framed(method="$/cancelRequest", params={"id": "nothing"}),
        b"Content-Length: 3\r\n\r\n{{{",
        b"Content-Length: 3\r\n\r\n{{{",
        framed(method="textDocument/didChange", params={}),
        framed(id="hover", method="textDocument/hover", params=HOVER),
        framed(id="end", method="shutdown"),
        framed(method="exit"),
    )

    answers = {message.get("id"): message for message in messages_in(output)}
    codes = {name: message["error"]["code"] for name, message in answers.items() if "error" in message}
    codes.pop("hover", None)  # it may come too late before the end
    missing, wrong = types.ErrorCodes.MethodNotFound.value, types.ErrorCodes.InvalidParams.value
    assert codes == {"empty": wrong, "unknown": missing, "optional": missing}
    assert status == 0
    assert {1, "hover", "end"} < answers.keys()
    assert output.count("window/logMessage") == 1


async def test_documents_are_opened_twice_changed_and_closed_without_being_open(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    again = editor.open(workspace / "main.tf", BLOCKED)
    stranger = Document((workspace / "other.tf").as_uri(), BUCKET, editor.encoding)
    editor.replace(stranger, 0, 0, "# nobody opened this")
    editor.save(stranger)
    editor.close(stranger)
    found = await editor.findings(again)
    editor.close(again)
    editor.close(document)

    assert PUBLIC not in {diagnostic.code for diagnostic in found}
    assert await editor.hover(stranger, types.Position(0, 0)) is None


async def test_positions_beyond_the_line_and_the_file_are_taken_as_their_ends(start_editor, workspace):
    editor = await start_editor(PULL, workspace)
    document = editor.open(workspace / "main.tf", BUCKET)
    before = await editor.findings(document)
    far = types.Position(2**31 - 1, 2**31 - 1)
    assert await editor.hover(document, far) is None
    assert await editor.hover(document, types.Position(2, 10_000)) is None
    assert await editor.actions(document, types.Range(far, far)) is not None
    whole = types.TextDocumentContentChangePartial(types.Range(types.Position(0, 0), far), BUCKET)
    after = types.TextDocumentContentChangePartial(types.Range(far, far), "# the end\n")
    identity = types.VersionedTextDocumentIdentifier(2, document.uri)
    editor.client.text_document_did_change(types.DidChangeTextDocumentParams(identity, [whole, after]))

    assert await editor.findings(document) == before


# --------------------------------------------------------------------- what fails


@pytest.fixture
async def server(workspace):
    """A server in this process, and what it sends."""
    sent = []
    server = create()
    server.protocol.set_writer(type("Writer", (), {"write": lambda _, data: sent.append(json.loads(data))})(), False)
    server.sent = sent
    server.say = lambda **message: server.protocol.handle_message(
        server.protocol.structure_message({"jsonrpc": "2.0", **message})
    )
    root = {"processId": None, "rootUri": workspace.as_uri(), "capabilities": {}}
    server.say(id="hello", method="initialize", params=root)
    yield server
    server.end()


async def answer_to(server, identity):
    async with asyncio.timeout(PATIENCE):
        while True:
            for message in server.sent:
                if message.get("id") == identity:
                    return message
            await asyncio.sleep(0.01)


async def test_a_feature_that_raises_is_answered_logged_by_name_and_told_once(server, monkeypatch, caplog):
    def fail(*_):
        message = "broken inside"
        raise ValueError(message)

    monkeypatch.setattr(hover, "hover", fail)
    monkeypatch.setattr(server, "save", fail)
    for number in range(2):
        server.say(id=number, method="textDocument/hover", params=HOVER)
        server.say(method="textDocument/didSave", params={"textDocument": HOVER["textDocument"]})
        error = (await answer_to(server, number))["error"]
        assert error["code"] == types.ErrorCodes.InternalError.value
        assert error["message"] == "textDocument/hover failed: ValueError: broken inside"
    monkeypatch.undo()
    server.say(id="lives", method="textDocument/hover", params=HOVER)

    assert (await answer_to(server, "lives"))["result"] is None
    told = [message["params"]["message"] for message in server.sent if message.get("method") == "window/logMessage"]
    assert sorted(told) == [
        "Setsquare: textDocument/didSave failed: ValueError: broken inside",
        "Setsquare: textDocument/hover failed: ValueError: broken inside",
    ]
    logged = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert logged.count("textDocument/hover failed") == 2


async def test_a_trace_is_sent_where_it_is_asked_for(server):
    server.say(id="silent", method="textDocument/hover", params=HOVER)
    await answer_to(server, "silent")
    traced = []
    for value in ("messages", "verbose"):
        server.say(method="$/setTrace", params={"value": value})
        server.say(id=value, method="textDocument/hover", params=HOVER)
        await answer_to(server, value)
        traced.append([m["params"] for m in server.sent if m.get("method") == "$/logTrace"][-1])
    server.say(method="$/setTrace", params={"value": "off"})
    server.say(id="off", method="textDocument/hover", params=HOVER)
    await answer_to(server, "off")

    assert [bool(each.get("verbose")) for each in traced] == [False, True]
    assert all(re.fullmatch(r"textDocument/hover took [\d.]+ ms", each["message"]) for each in traced)
    assert "file:///a.tf" in traced[1]["verbose"]
    assert sum(message.get("method") == "$/logTrace" for message in server.sent) == 2


# --------------------------------------------------------------------- the transport


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


async def listening(*arguments):
    """A server that listens, and its port."""
    process = await start_server(*arguments)
    said = (await asyncio.wait_for(process.stderr.readline(), PATIENCE)).decode()
    return process, int(re.fullmatch(r"setsquare: listening on 127\.0\.0\.1:(\d+)\n", said)[1])


async def test_an_address_of_this_machine_serves_one_client():
    process, port = await listening("--tcp", "127.0.0.1:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(INITIALIZE)
    answer = await read_message(reader)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.write(framed(id=2, method="shutdown") + framed(method="exit"))
    status = await end_of(process)
    writer.close()

    assert answer["result"]["serverInfo"]["name"] == "setsquare"
    assert status == 0


async def test_a_connection_that_breaks_ends_the_server():
    process, port = await listening("--tcp", "localhost:0")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(INITIALIZE)
    await read_message(reader)
    writer.write(b"Content-Length: 100\r\n\r\n{")
    writer.transport.abort()

    assert await end_of(process) == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0.0.0.0:0", "can be reached from other machines"),
        ("[::]:0", "can be reached from other machines"),
        ("example.org:80", "can be reached from other machines"),
        ("7777", "takes HOST:PORT"),
        ("127.0.0.1:", "takes HOST:PORT"),
        ("127.0.0.1:99999", "takes HOST:PORT"),
        ("127.0.0.1:taken", "takes HOST:PORT"),
    ],
)
async def test_an_address_that_cannot_be_meant_is_refused(address, reason):
    status, output, errors = await run_server(arguments=("--tcp", address))

    assert (status, output) == (2, "")
    assert reason in errors


async def test_an_address_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, _, errors = await run_server(arguments=("--tcp", address))

    assert status == 2
    assert f"cannot listen on {address}" in errors


async def test_other_machines_connect_only_where_that_is_said():
    process = await start_server("--tcp", "0.0.0.0:0", "--allow-remote")
    said = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
    process.kill()
    await process.wait()

    assert said.startswith(b"setsquare: listening on 0.0.0.0:")
