"""A module and its caller in one session: what one decides in the other is shown, explained and repaired there."""

import pytest
from lsprotocol import types
from tests.commands import write
from tests.lsp.editor import codes
from tests.small_rules import catalogue, thing

from setsquare.lsp.buffers import Buffer, changed
from setsquare.lsp.client import Client
from setsquare.lsp.convert import uri_of
from setsquare.lsp.features import code_actions, diagnostics
from setsquare.lsp.features.publishing import Publisher
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.workspace import Workspace

LOCKED = thing("locked: true", "test-locked")
CALLER = 'module "m" {\n  source = "./m"\n  locked = %s\n}\n'
MODULE = 'variable "locked" {\n}\nresource "test_thing" "x" {\n  locked = var.locked\n}\n'
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(99, 0))


@pytest.fixture
async def start_session(tmp_path):
    started = []

    def start_one(quiet_time=0.0, *, show_unknown=False, **abilities):
        write(tmp_path, {"main.tf": CALLER % "false", "m/main.tf": MODULE})
        workspace = Workspace.open([str(tmp_path)], catalogue(LOCKED))
        settings = Settings(quiet_time=quiet_time, show_unknown=show_unknown)
        started.append(Session(workspace, Client(**abilities), settings=settings))
        return started[-1], str(tmp_path / "main.tf"), str(tmp_path / "m" / "main.tf")

    yield start_one
    for session in started:
        session.close()


def opened(session, path, text, version=1):
    session.open(Buffer(uri_of(path), path, version, text.encode()))


async def shown(session, path):
    return (await diagnostics.pull(session, diagnostics.Told(), path, None)).report.items


async def test_the_origin_and_the_call_are_named(start_session):
    session, caller, module = start_session(related=True)
    (found,) = await shown(session, module)
    assert found.range.start.line == 3
    told = [(info.location.uri, info.location.range.start.line, info.message) for info in found.related_information]
    assert told == [
        (uri_of(caller), 2, "locked is decided here"),
        (uri_of(caller), 0, "module.m is called here"),
    ]


async def test_an_edit_of_the_caller_is_seen_in_the_module(start_session):
    session, caller, module = start_session()
    assert codes(await shown(session, module)) == ["test-locked"]
    opened(session, caller, CALLER % "true")
    assert await shown(session, module) == []
    opened(session, caller, CALLER % "false", 2)
    assert codes(await shown(session, module)) == ["test-locked"]
    session.close_buffer(caller)
    assert codes(await shown(session, module)) == ["test-locked"]


async def test_a_call_that_comes_and_goes_is_seen_in_the_module(start_session):
    session, caller, module = start_session()
    opened(session, caller, "")
    assert await shown(session, module) == []
    opened(session, caller, CALLER % "false", 2)
    assert codes(await shown(session, module)) == ["test-locked"]


async def test_a_module_that_is_edited_is_shown_again_at_the_next_pause(start_session):
    session, caller, module = start_session(quiet_time=0.2)
    told = []
    session.decided = told.append
    opened(session, module, MODULE)
    await shown(session, module)
    opened(session, caller, CALLER % "false")
    await shown(session, caller)
    told.clear()
    await shown(session, module)
    text, strokes = changed(
        (CALLER % "false").encode(),
        [types.TextDocumentContentChangePartial(types.Range(types.Position(2, 11), types.Position(2, 16)), "true")],
        "utf-16",
    )
    session.change(Buffer(uri_of(caller), caller, 2, text), strokes)
    await shown(session, caller)
    assert told == []
    await session.changed(0.5)
    await session.changed(0.5)
    assert told == [[module]]


async def test_a_module_that_is_not_open_is_shown_again_when_its_caller_is_saved(start_session):
    session, caller, module = start_session()
    told = []
    session.decided = told.append
    await shown(session, module)
    opened(session, caller, CALLER % "true")
    await shown(session, caller)
    assert told == []
    session.saved(caller)
    await shown(session, caller)
    assert told == [[module]]


async def test_what_is_open_is_pushed_again(start_session):
    session, caller, module = start_session()
    sent = []
    publisher = Publisher(session, sent.append)
    session.decided = publisher.schedule_known
    opened(session, module, MODULE)
    publisher.schedule(module)
    await session.changed(0.3)
    opened(session, caller, CALLER % "true")
    publisher.schedule(caller)
    await session.changed(0.5)
    of_module = [codes(params.diagnostics) for params in sent if params.uri == uri_of(module)]
    assert of_module == [["test-locked"], []]


@pytest.mark.parametrize("version", [None, 7])
async def test_the_fix_is_an_edit_of_the_caller(start_session, version):
    session, caller, module = start_session(document_changes=True)
    if version is not None:
        opened(session, caller, CALLER % "false", version)
    context = types.CodeActionContext([], ["quickfix"])
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri_of(module)), EVERYWHERE, context)
    action = next(action for action in await code_actions.offer(session, module, params) if action.edit)
    (document,) = action.edit.document_changes
    assert (document.text_document.uri, document.text_document.version) == (uri_of(caller), version)
    assert [(edit.range.start.line, edit.new_text) for edit in document.edits] == [(2, "true")]


async def test_a_module_that_is_downloaded_meanwhile_is_seen(start_session, tmp_path):
    session, caller, _ = start_session()
    opened(session, caller, 'module "d" {\n  source = "x/y/z"\n  locked = false\n}\n')
    assert await shown(session, caller) == []
    manifest = '{"Modules": [{"Key": "d", "Dir": ".terraform/modules/d"}]}'
    write(tmp_path, {".terraform/modules/modules.json": manifest, ".terraform/modules/d/main.tf": MODULE})
    session.touch(str(tmp_path / ".terraform" / "modules" / "modules.json"))
    (found,) = await shown(session, caller)
    assert found.range.start.line == 2


async def test_what_is_not_known_names_the_file_that_decides(start_session):
    session, caller, module = start_session(show_unknown=True)
    opened(session, caller, 'variable "on" {\n}\n' + CALLER % "var.on")
    (hint,) = await shown(session, module)
    assert hint.severity is types.DiagnosticSeverity.Hint
    assert hint.message == (
        "module.m.test_thing.x: cannot be judged, since var.on is not known here. Things are right."
        " It is decided in ../main.tf."
    )
