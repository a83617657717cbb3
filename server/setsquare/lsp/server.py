"""Registers the features with the protocol, nothing else."""

import logging

from lsprotocol import types

from setsquare.lsp import memory
from setsquare.lsp.convert import path_of
from setsquare.lsp.features import code_actions, commands, completion, hover, lenses, links, registration
from setsquare.lsp.protocol import ContentModifiedError, without_expected_errors
from setsquare.lsp.service import SetsquareServer
from setsquare.lsp.transport import serve_streams, serve_tcp


def _path(uri: str) -> str:
    return path_of(uri) or ""


def create() -> SetsquareServer:
    """Return a server with every feature registered."""
    server = SetsquareServer()
    _register_lifecycle(server)
    _register_documents(server)
    _register_features(server)
    _register_reading(server)
    _register_commands(server)
    return server


def _register_lifecycle(server: SetsquareServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)
        if server.session.client.pulls:
            _register_pull(server)
        actions = types.CodeActionOptions(
            code_action_kinds=list(code_actions.KINDS),
            resolve_provider=server.session.client.resolves_edits,
        )
        _register_actions(server, actions)

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        server.start(server.follow_up())

    @server.feature(types.SHUTDOWN)
    def shutdown(_params: None) -> None:
        server.end()

    @server.feature(types.EXIT)
    def leave(_params: None) -> None:
        server.leave()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        await server.configure(params.settings)


def _register_documents(server: SetsquareServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.open(params.text_document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.change(params)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.save(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        last = {change.uri: change.type for change in params.changes}  # a file may be deleted and written again
        deleted = {uri: kind for uri, kind in last.items() if kind is types.FileChangeType.Deleted}
        server.files_changed(changed=[uri for uri in last if uri not in deleted], deleted=deleted)

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, registration.FILE_OPERATIONS)
    def did_create_files(params: types.CreateFilesParams) -> None:
        server.files_changed(changed=[file.uri for file in params.files])

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, registration.FILE_OPERATIONS)
    def did_rename_files(params: types.RenameFilesParams) -> None:
        files = params.files
        server.files_changed(changed=[file.new_uri for file in files], deleted=[file.old_uri for file in files])

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, registration.FILE_OPERATIONS)
    def did_delete_files(params: types.DeleteFilesParams) -> None:
        server.files_changed(deleted=[file.uri for file in params.files])

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.change_folders(params.event)


def _register_pull(server: SetsquareServer) -> None:
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="setsquare")

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        return await server.pull(params)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace_diagnostic(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        return await server.pull_workspace(params)


def _register_actions(server: SetsquareServer, options: types.CodeActionOptions) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await code_actions.offer(server.session, _path(params.text_document.uri), params)

    if not options.resolve_provider:
        return

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve_code_action(action: types.CodeAction) -> types.CodeAction:
        try:
            return await code_actions.resolve(server.session, action)
        except code_actions.OutdatedError as error:
            raise ContentModifiedError(str(error)) from error


def _register_features(server: SetsquareServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def show_hover(params: types.HoverParams) -> types.Hover | None:
        return await hover.hover(server.session, _path(params.text_document.uri), params.position)


def _register_reading(server: SetsquareServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        return await lenses.lenses(server.session, _path(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
    async def document_link(params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        return await links.links(server.session, _path(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(list(completion.TRIGGERS)))
    async def complete(params: types.CompletionParams) -> types.CompletionList | None:
        return await completion.complete(server.session, _path(params.text_document.uri), params.position)


def _register_commands(server: SetsquareServer) -> None:
    @server.command(commands.FIX_WORKSPACE)
    async def fix_workspace(rule: str) -> None:
        await commands.fix_workspace(server.session, server, rule)

    @server.command(commands.FIX_EVERYTHING)
    async def fix_everything() -> None:
        await commands.fix_workspace(server.session, server, None)

    @server.command(commands.FIX_FILE)
    async def fix_file(uri: str) -> None:
        await commands.fix_file(server.session, server, _path(uri))

    @server.command(commands.EXPLAIN)
    async def explain(rule: str) -> str | None:
        return await commands.explain(server.session, server, rule)

    @server.command(commands.PAGE)
    async def page(rule: str) -> str | None:
        return await commands.page(server.session, server, rule)


def main(address: tuple[str, int] | None = None) -> int:
    """Serve one client, on standard input and output or at an address, until it says goodbye.

    Returns:
        0 after a goodbye, 1 if the client is gone without one.

    Raises:
        OSError: the address cannot be listened on.

    """
    logging.basicConfig(level=logging.WARNING, format="setsquare: %(levelname)s: %(message)s")
    # What pygls warns of (an answer that nobody waits for any more, a notification of another protocol) is no fault.
    logging.getLogger("pygls").setLevel(logging.ERROR)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(without_expected_errors)
    server = create()
    memory.start()
    if address is None:
        serve_streams(server, server.leave)
    else:
        serve_tcp(server, *address)
    return 0 if server.has_ended else 1
