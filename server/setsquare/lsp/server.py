"""Registers the features with the protocol, nothing else."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from setsquare import __version__
from setsquare.documents import Document
from setsquare.lsp.client import Client
from setsquare.lsp.convert import path_of
from setsquare.lsp.features import background, code_actions, diagnostics, hover
from setsquare.lsp.session import Session
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class ContentModifiedError(JsonRpcException):
    """The document has moved on (LSP error ContentModified)."""

    CODE = types.LSPErrorCodes.ContentModified.value
    MESSAGE = "Content Modified"


class SetsquareServer(LanguageServer):
    """The server and the session of its one client."""

    def __init__(self) -> None:
        super().__init__(
            "setsquare",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        )
        self._session: Session | None = None
        self.publisher: diagnostics.Publisher | None = None
        self.tasks: set[asyncio.Future[Any]] = set()

    @property
    def session(self) -> Session:
        """The session; there is one after ``initialize``."""
        if self._session is None:  # pragma: no cover - pygls refuses requests before initialize
            message = "the server is not initialized"
            raise RuntimeError(message)
        return self._session

    def begin(self, params: types.InitializeParams) -> None:
        """Open the session that ``initialize`` describes."""
        roots = [path_of(folder.uri) for folder in params.workspace_folders or ()]
        if not roots and params.root_uri:
            roots = [path_of(params.root_uri)]
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        workspace = Workspace.open([root for root in roots if root is not None], Catalogue.shipped())
        self._session = Session(
            workspace,
            Client.of(params.capabilities),
            str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding)),
            show_unknown=options.get("showUnknown") is True,
        )
        self.publisher = diagnostics.Publisher(self._session, self.text_document_publish_diagnostics)

    def document(self, uri: str) -> Document | None:
        """Return the open buffer of a URI as the engine sees it."""
        path = path_of(uri)
        if path is None or uri not in self.workspace.text_documents:
            return None
        text = self.workspace.text_documents[uri]
        return Document(path, text.source.encode("utf-8", "surrogatepass"), text.version or 0)

    def update(self, uri: str) -> None:
        """Take over an opened or changed buffer and show what is wrong with it."""
        document = self.document(uri)
        if document is not None:
            self.session.set_document(document)
            self.show(document.path)

    def show(self, path: str) -> None:
        """Push the diagnostics that a change affects, or tell a pulling client to ask again."""
        if self.publisher is not None:
            self.publisher.schedule(path)

    def start(self, work: Awaitable[T]) -> None:
        """Run work in the background; what it raises is logged."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Future[Any]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if not isinstance(error, CancelledError):
                _LOG.error("background work failed", exc_info=error)


class Progress:
    """Work-done progress in a client that shows it."""

    def __init__(self, server: SetsquareServer, token: str) -> None:
        self._server = server
        self._token = token

    def report(self, done: int, total: int) -> None:
        """Show how far the work is."""
        if self._server.session.client.progress:
            value = types.WorkDoneProgressReport(percentage=100 * done // max(1, total), message=f"{done}/{total}")
            self._server.work_done_progress.report(self._token, value)

    def is_cancelled(self) -> bool:
        """Whether the person cancelled the work."""
        future = self._server.work_done_progress.tokens.get(self._token)
        return future is not None and future.cancelled()


async def _check_workspace(server: SetsquareServer) -> None:
    session, publisher = server.session, server.publisher
    units = await session.units()
    if not units or publisher is None:
        return
    progress = Progress(server, str(uuid.uuid4()))
    if session.client.progress:
        await server.work_done_progress.create_async(progress._token)  # noqa: SLF001 - one object in two steps
        server.work_done_progress.begin(
            progress._token,  # noqa: SLF001
            types.WorkDoneProgressBegin("Setsquare", cancellable=True, message="checking the workspace", percentage=0),
        )
    await background.check_workspace(session, units, publisher.publish_unit, progress)
    if session.client.progress:
        server.work_done_progress.end(progress._token, types.WorkDoneProgressEnd())  # noqa: SLF001


def _path(uri: str) -> str:
    return path_of(uri) or ""


def create() -> SetsquareServer:  # noqa: C901 - a flat list of registrations
    """Return a server with every feature registered."""
    server = SetsquareServer()

    def feature(name: str, options: object = None) -> Callable[[Callable[..., T]], Callable[..., T]]:
        return server.feature(name, options)

    @feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)

    @feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        if not server.session.client.pulls:
            server.start(_check_workspace(server))

    @feature(types.SHUTDOWN)
    def shutdown(_params: None) -> None:
        for task in list(server.tasks):
            task.cancel()
        server.session.close()

    @feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.update(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.update(params.text_document.uri)

    @feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.session.touch(_path(params.text_document.uri))
        server.show(_path(params.text_document.uri))

    @feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None:
            server.session.close_document(path)
            server.show(path)

    @feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            path = path_of(change.uri)
            if path is not None:
                server.session.touch(path)
                server.show(path)
        if server.session.client.refreshes:
            server.workspace_diagnostic_refresh(None)

    @feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = {path_of(folder.uri) for folder in params.event.removed}
        added = [path for folder in params.event.added if (path := path_of(folder.uri)) is not None]
        server.session.set_roots(lambda roots: [*(root for root in roots if root not in removed), *added])
        if not server.session.client.pulls:
            server.start(_check_workspace(server))

    options = types.DiagnosticOptions(
        inter_file_dependencies=True,
        workspace_diagnostics=True,
        identifier="setsquare",
    )

    @feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        path = _path(params.text_document.uri)
        return await diagnostics.pull(server.session, path, params.previous_result_id)

    @feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace_diagnostic(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        return await diagnostics.pull_workspace(server.session, params)

    kinds = types.CodeActionOptions(code_action_kinds=list(code_actions.KINDS), resolve_provider=True)

    @feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await code_actions.offer(server.session, _path(params.text_document.uri), params)

    @feature(types.CODE_ACTION_RESOLVE)
    async def resolve_code_action(action: types.CodeAction) -> types.CodeAction:
        try:
            return await code_actions.resolve(server.session, action)
        except code_actions.OutdatedError as error:
            raise ContentModifiedError(str(error)) from error

    @feature(types.TEXT_DOCUMENT_HOVER)
    async def show_hover(params: types.HoverParams) -> types.Hover | None:
        return await hover.hover(server.session, _path(params.text_document.uri), params.position)

    return server


def main() -> None:
    """Serve one client on standard input and output until it says goodbye."""
    logging.basicConfig(level=logging.WARNING, format="setsquare: %(levelname)s: %(message)s")
    create().start_io()
