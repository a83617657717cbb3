"""An editor without a screen: a client with texts of its own, positions counted by itself, and a server process."""

import asyncio
import json
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.protocol import default_converter
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClient, register_lsp_features

CAPABILITIES = Path(__file__).parent / "capabilities"
CLIENTS = sorted(path.stem for path in CAPABILITIES.glob("*.json"))
PATIENCE = 20.0
SETTINGS = {"quietTime": 0}
"""What a person types is judged at once, unless the test is about that."""
_CONVERTER = get_converter()


def capabilities_of(name, encodings=None):
    data = json.loads((CAPABILITIES / f"{name}.json").read_text())
    if encodings:
        data["general"] = {"positionEncodings": encodings}
    return _CONVERTER.structure(data, types.ClientCapabilities)


def units(text, encoding):
    return {"utf-8": len(text.encode()), "utf-16": len(text.encode("utf-16-le")) // 2, "utf-32": len(text)}[encoding]


@dataclass
class Document:
    """A text as the editor holds it."""

    uri: str
    text: str
    encoding: str
    version: int = 1
    result: types.FullDocumentDiagnosticReport | None = None

    def position(self, offset):
        before = self.text[:offset]
        line = before.count("\n")
        return types.Position(line, units(before[before.rfind("\n") + 1 :], self.encoding))

    def offset(self, position):
        start = 0
        for _ in range(position.line):
            start = self.text.index("\n", start) + 1
        end = start
        while units(self.text[start:end], self.encoding) < position.character:
            end += 1
        assert units(self.text[start:end], self.encoding) == position.character
        return end

    def range(self, offset, length=0):
        return types.Range(self.position(offset), self.position(offset + length))

    def at(self, where):
        """What stands in a range."""
        return self.text[self.offset(where.start) : self.offset(where.end)]

    def applied(self, edits):
        text = self.text
        for edit in sorted(edits, key=lambda edit: self.offset(edit.range.start), reverse=True):
            text = text[: self.offset(edit.range.start)] + edit.new_text + text[self.offset(edit.range.end) :]
        return text


@dataclass
class Editor:
    """One session with one server."""

    client: LanguageClient
    name: str
    capabilities: types.ClientCapabilities
    result: types.InitializeResult
    published: dict = field(default_factory=lambda: defaultdict(list))
    pulled: dict = field(default_factory=dict)
    registered: set = field(default_factory=set)
    progress: list = field(default_factory=list)
    asked_to_apply: list = field(default_factory=list)
    applies: bool = True

    @property
    def encoding(self):
        return self.result.capabilities.position_encoding or "utf-16"

    @property
    def pulls(self):
        return self.capabilities.text_document.diagnostic is not None

    # ------------------------------------------------------------- documents

    def open(self, path, text=None):
        text = path.read_bytes().decode() if text is None else text
        document = Document(path.as_uri(), text, self.encoding)
        item = types.TextDocumentItem(document.uri, "terraform", document.version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return document

    def change(self, document, old, new, *, whole=False):
        """Replace the one occurrence of a text, by an incremental edit or with the whole text."""
        assert document.text.count(old) == 1
        self.replace(document, document.text.index(old), len(old), new, whole=whole)

    def replace(self, document, start, length, new, *, whole=False):
        where = document.range(start, length)
        document.text = document.text[:start] + new + document.text[start + length :]
        document.version += 1
        change = types.TextDocumentContentChangePartial(where, new)
        if whole:
            change = types.TextDocumentContentChangeWholeDocument(document.text)
        identity = types.VersionedTextDocumentIdentifier(document.version, document.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identity, [change]))

    def type(self, document, text, at):
        """Type a text, character by character."""
        for index, character in enumerate(text):
            self.replace(document, at + index, 0, character)

    def save(self, document):
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(identity_of(document)))

    def close(self, document):
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(identity_of(document)))

    def changed_on_disk(self, path, kind=types.FileChangeType.Changed):
        params = types.DidChangeWatchedFilesParams([types.FileEvent(path.as_uri(), kind)])
        self.client.workspace_did_change_watched_files(params)

    def created(self, *paths):
        files = [types.FileCreate(path.as_uri()) for path in paths]
        self.client.workspace_did_create_files(types.CreateFilesParams(files))

    def renamed(self, old, new):
        old.rename(new)
        files = [types.FileRename(old.as_uri(), new.as_uri())]
        self.client.workspace_did_rename_files(types.RenameFilesParams(files))

    def deleted(self, *paths):
        files = [types.FileDelete(path.as_uri()) for path in paths]
        self.client.workspace_did_delete_files(types.DeleteFilesParams(files))

    def change_folders(self, added=(), removed=()):
        event = types.WorkspaceFoldersChangeEvent(folders(*added), folders(*removed))
        self.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    # ------------------------------------------------------------- what is shown

    async def findings(self, document):
        """The diagnostics of the document's version, pulled or pushed as the client does it."""
        if self.pulls:
            return await self.pull(document)
        return await self.until(lambda: self._published(document.uri, document.version), "diagnostics of this version")

    async def pull(self, document):
        report = await self.report(document)
        if report.kind == "full":
            document.result = report
        return list(document.result.items)

    async def report(self, document):
        previous = document.result.result_id if document.result else None
        params = types.DocumentDiagnosticParams(identity_of(document), "setsquare", previous)
        return await answered(self.client.text_document_diagnostic_async(params))

    def _published(self, uri, version):
        found = [params for params in self.published[uri] if params.version == version]
        return list(found[-1].diagnostics) if found else None

    async def finding(self, document, rule):
        return one(await self.findings(document), rule)

    async def shown_of(self, path, is_right):
        """The diagnostics of a file that need not be open, once they are right."""
        if not self.pulls:
            return await self.until(lambda: self._last_right(path.as_uri(), is_right), f"diagnostics of {path.name}")
        end = time.monotonic() + PATIENCE
        is_known = path.as_uri() in self.pulled
        while time.monotonic() < end:
            if is_known and is_right(found := self._pulled(path.as_uri())):
                return found
            await self._pull_news()
            is_known = True
        message = f"no diagnostics of {path.name} that are right"
        raise AssertionError(message)

    async def _pull_news(self):
        """Ask as editors do: what says what is known is answered as soon as something else is."""
        known = [types.PreviousResultId(uri, item.result_id) for uri, item in self.pulled.items() if item.items]
        for item in (await self.pull_workspace(known)).items:
            if isinstance(item, types.WorkspaceFullDocumentDiagnosticReport):
                self.pulled[item.uri] = item

    def _pulled(self, uri):
        return list(self.pulled[uri].items) if uri in self.pulled else []

    def _last_right(self, uri, is_right):
        last = self.published[uri][-1].diagnostics if self.published[uri] else None
        return list(last) if last is not None and is_right(last) else None

    async def pull_workspace(self, previous=(), token=None):
        params = types.WorkspaceDiagnosticParams(list(previous), "setsquare", partial_result_token=token)
        return await answered(self.client.workspace_diagnostic_async(params))

    async def until(self, found, what):
        end = time.monotonic() + PATIENCE
        while (value := found()) is None or value is False:
            if time.monotonic() > end:
                message = f"waited in vain for: {what}"
                raise AssertionError(message)
            await asyncio.sleep(0.01)
        return value

    # ------------------------------------------------------------- what is done

    async def actions(self, document, where, only=None, trigger=types.CodeActionTriggerKind.Invoked, diagnostics=()):
        context = types.CodeActionContext(list(diagnostics), only, trigger)
        params = types.CodeActionParams(identity_of(document), where, context)
        return await answered(self.client.text_document_code_action_async(params)) or []

    async def resolve(self, action):
        """The edit of an action, asked for where the client does that."""
        if action.edit is None and action.disabled is None:
            action = await answered(self.client.code_action_resolve_async(action))
        return action.edit

    async def quick_fix(self, document, diagnostic):
        actions = await self.actions(document, diagnostic.range)
        return next(a for a in actions if codes(a.diagnostics or ()) == [diagnostic.code] and not a.disabled)

    def apply(self, document, edit):
        """Apply an edit to the one document that it is for, as an editor would."""
        if edit.document_changes is not None:
            assert [change.text_document.uri for change in edit.document_changes] == [document.uri]
            assert edit.document_changes[0].text_document.version == document.version
            edits = edit.document_changes[0].edits
        else:
            assert list(edit.changes) == [document.uri]
            edits = edit.changes[document.uri]
        self.replace(document, 0, len(document.text), document.applied(edits))

    async def command(self, command):
        """Let the server do a command, as an editor does when it is chosen; the answer, and what was said of it."""
        before = len(self.client.messages)
        params = types.ExecuteCommandParams(command.command, command.arguments)
        answer = await answered(self.client.workspace_execute_command_async(params))
        return answer, [message.message for message in self.client.messages[before:]]

    async def hover(self, document, position):
        params = types.HoverParams(identity_of(document), position)
        return await answered(self.client.text_document_hover_async(params))

    async def stop(self):
        """Say goodbye; the server must end by itself, and well."""
        process = self.client._server  # noqa: SLF001 - its status is nowhere else
        try:
            async with asyncio.timeout(3 * PATIENCE):
                await self.client.shutdown_session()
                await self.client.stop()
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode == 0


async def answered(request):
    """The answer to a request; a server that does not answer fails the test, and does not stop the run."""
    return await asyncio.wait_for(request, 3 * PATIENCE)


def identity_of(document):
    return types.TextDocumentIdentifier(document.uri)


def folders(*paths):
    return [types.WorkspaceFolder(path.as_uri(), path.name) for path in paths]


def codes(diagnostics):
    return sorted(diagnostic.code for diagnostic in diagnostics)


def one(diagnostics, rule):
    found = [diagnostic for diagnostic in diagnostics if diagnostic.code == rule]
    assert len(found) == 1, codes(diagnostics)
    return found[0]


async def start(  # noqa: PLR0913 - what clients differ in
    name, *roots, options=SETTINGS, encodings=None, configuration=None, related=False, completion=None
):
    """Start a server and say hello, as the named client does."""
    client = LanguageClient(converter_factory=_converter, configuration={"": configuration or {}})
    editor = Editor(client, name, capabilities_of(name, encodings), result=None)
    if related:
        editor.capabilities.text_document.diagnostic.related_document_support = True
    editor.capabilities.text_document.completion = completion
    register_lsp_features(client, {**DEFAULT_CLIENT_FEATURES, **_features(editor)})
    await client.start_io(sys.executable, "-m", "setsquare", "lsp")
    params = types.InitializeParams(
        capabilities=editor.capabilities,
        root_uri=roots[0].as_uri() if roots else None,
        initialization_options=options,
    )
    if editor.capabilities.workspace and editor.capabilities.workspace.workspace_folders:
        params.workspace_folders = folders(*roots)
    editor.result = await client.initialize_session(params)
    return editor


def _converter():
    """pygls's converter, except that an action which has a command as well is no command."""
    converter = default_converter()

    def action_or_command(data, _):
        kind = types.Command if isinstance(data.get("command"), str) else types.CodeAction
        return converter.structure(data, kind)

    converter.register_structure_hook(types.Command | types.CodeAction, action_or_command)
    return converter


def _features(editor):
    def publish(params: types.PublishDiagnosticsParams):
        editor.published[params.uri].append(params)

    def register(params: types.RegistrationParams):
        editor.registered.update(registration.method for registration in params.registrations)

    def apply(params: types.ApplyWorkspaceEditParams):
        editor.asked_to_apply.append(params)
        return types.ApplyWorkspaceEditResult(editor.applies, None if editor.applies else "it is read-only")

    def progress(params: types.ProgressParams):
        editor.progress.append((params.token, json.loads(json.dumps(params.value, default=_CONVERTER.unstructure))))

    return {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
        types.CLIENT_REGISTER_CAPABILITY: register,
        types.WORKSPACE_APPLY_EDIT: apply,
        types.PROGRESS: progress,
    }


def keystrokes(text):
    return re.findall(r"\r\n|.", text, re.DOTALL)
