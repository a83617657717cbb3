"""A nested stack and its caller in one session: what one decides in the other is shown and repaired there."""

import pytest
from lsprotocol import types
from tests.commands import write
from tests.lsp.editor import codes
from tests.small_rules import catalogue, thing

from setsquare.lsp.buffers import Buffer
from setsquare.lsp.client import Client
from setsquare.lsp.convert import uri_of
from setsquare.lsp.features import code_actions, diagnostics
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.workspace import Workspace

LOCKED = thing("locked: true", "test-locked")
CALLER = """Resources:
  S:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: child.yaml
      Parameters:
        Locked: %s
"""
CHILD = """Parameters:
  Locked: {Type: String}
Resources:
  X:
    Type: Test::A::Thing
    Properties:
      locked: !Ref Locked
"""
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(99, 0))


@pytest.fixture
def start(tmp_path):
    write(tmp_path, {"root.yaml": CALLER % "false", "child.yaml": CHILD})
    workspace = Workspace.open([str(tmp_path)], catalogue(LOCKED))
    session = Session(workspace, Client(related=True, document_changes=True), settings=Settings(quiet_time=0.0))
    yield session, str(tmp_path / "root.yaml"), str(tmp_path / "child.yaml")
    session.close()


def opened(session, path, text, version=1):
    session.open(Buffer(uri_of(path), path, version, text.encode()))


async def shown(session, path):
    return (await diagnostics.pull(session, diagnostics.Told(), path, None)).report.items


async def test_the_origin_and_the_call_are_named(start):
    session, caller, child = start
    (found,) = await shown(session, child)
    told = [(info.location.uri, info.location.range.start.line, info.message) for info in found.related_information]
    assert told == [(uri_of(caller), 6, "locked is decided here"), (uri_of(caller), 1, "S is called here")]


async def test_edits_are_seen_in_the_other_template(start):
    session, caller, child = start
    opened(session, child, CHILD)
    assert codes(await shown(session, child)) == ["test-locked"]
    opened(session, caller, CALLER % "true")
    assert await shown(session, child) == []
    opened(session, caller, CALLER % "false", 2)
    assert codes(await shown(session, child)) == ["test-locked"]
    opened(session, caller, "", 3)
    assert await shown(session, child) == []
    opened(session, caller, CALLER % "false", 4)
    assert codes(await shown(session, child)) == ["test-locked"]
    opened(session, child, CHILD.replace("!Ref Locked", "true"), 2)
    assert await shown(session, child) == []


async def test_a_template_that_comes_and_goes_is_seen(start, tmp_path):
    session, caller, child = start
    (tmp_path / "child.yaml").unlink()
    session.touch(child)
    assert [problem.message for problem in (await session.current(caller)).analysis.problems] == [
        "S is not judged: child.yaml is not there to be read as one template"
    ]
    write(tmp_path, {"child.yaml": CHILD})
    session.touch(child)
    assert (await session.current(caller)).analysis.problems == ()
    assert codes(await shown(session, child)) == ["test-locked"]


async def test_the_fix_is_an_edit_of_the_caller(start):
    session, caller, child = start
    opened(session, caller, CALLER % "false", 7)
    context = types.CodeActionContext([], ["quickfix"])
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri_of(child)), EVERYWHERE, context)
    action = next(action for action in await code_actions.offer(session, child, params) if action.edit)
    (document,) = action.edit.document_changes
    assert (document.text_document.uri, document.text_document.version) == (uri_of(caller), 7)
    assert [(edit.range.start.line, edit.new_text) for edit in document.edits] == [(6, "true")]


async def test_what_is_not_judged_is_told_after_each_edit(start):
    session, caller, _ = start
    for version, source in enumerate(("https://x.org/a.yaml", "gone.yaml", "child.yaml", "gone.yaml"), 1):
        opened(session, caller, (CALLER % "true").replace("child.yaml", source), version)
        told = [problem.message.partition(" is ")[0] for problem in (await session.current(caller)).analysis.problems]
        assert told == ([] if source == "child.yaml" else ["S"])
