"""Commands without a connection: what somebody types, or another folder's fix changes, while they work."""

import pytest
from lsprotocol import types
from tests.small_rules import a_thing, catalogue, thing

from setsquare.lsp.buffers import Buffer
from setsquare.lsp.client import Client
from setsquare.lsp.convert import uri_of
from setsquare.lsp.features.commands import fix_workspace
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.workspace import Workspace

CLIENT = Client(applies=True, document_changes=True)


class Person:
    """A client that applies what it is asked to, and hears what it is told."""

    def __init__(self):
        self.asked, self.told = [], []

    async def workspace_apply_edit_async(self, params):
        self.asked.append(params)
        return types.ApplyWorkspaceEditResult(applied=True)

    def window_show_message(self, params):
        self.told.append((params.type, params.message))


@pytest.fixture
async def session(tmp_path):
    rules = catalogue(thing("locked: true", "test-locked"))
    made = Session(Workspace.open([str(tmp_path)], rules), CLIENT, settings=Settings(quiet_time=0))
    yield made
    made.close()


def buffer(path, text, version):
    return Buffer(uri_of(str(path)), str(path), version, text.encode())


async def test_what_was_changed_meanwhile_is_not_fixed(session, tmp_path, monkeypatch):
    path, person = tmp_path / "main.tf", Person()
    session.open(buffer(path, a_thing("locked = false"), 1))
    prove = session.proven_together

    async def proven_while_somebody_types(snapshot, findings):
        proven = await prove(snapshot, findings)
        session.open(buffer(path, "\n" + a_thing("locked = false"), 2))
        return proven

    monkeypatch.setattr(session, "proven_together", proven_while_somebody_types)
    await fix_workspace(session, person, "test-locked")

    assert person.asked == []
    assert person.told == [
        (types.MessageType.Warning, "Setsquare: a file was changed meanwhile, so nothing was fixed.")
    ]


async def test_folders_whose_fixes_meet_in_one_file_are_fixed_one_after_the_other(session, tmp_path):
    module = 'variable "locked" {}\n\nresource "test_thing" "x" {\n  locked = var.locked\n}\n'
    callers = "".join(f'module "{name}" {{\n  source = "./{name}"\n  locked = false\n}}\n' for name in ("one", "two"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(module, encoding="utf-8")
    session.open(buffer(tmp_path / "main.tf", callers, 1))
    person, texts = Person(), []
    while True:
        await fix_workspace(session, person, "test-locked")
        if len(person.asked) == len(texts):
            break
        (change,) = person.asked[-1].edit.document_changes
        texts.append(change)
        lines = session.lines(session.buffer(str(tmp_path / "main.tf")).source)
        text = session.buffer(str(tmp_path / "main.tf")).source.decode()
        for edit in sorted(change.edits, key=lambda edit: lines.span(edit.range), reverse=True):
            span = lines.span(edit.range)
            text = text[: span.start] + edit.new_text + text[span.end :]
        session.open(buffer(tmp_path / "main.tf", text, len(texts) + 1))

    assert len(texts) == 2
    assert "1 could not be fixed: " in person.told[0][1]
    assert text == callers.replace("false", "true")
    assert "could not be fixed" not in person.told[-1][1]
