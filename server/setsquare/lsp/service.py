"""The server of one client: what it does when the client speaks. ``server`` says which message means what."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from setsquare import __version__
from setsquare.documents import format_of
from setsquare.lsp.buffers import Buffer, changed
from setsquare.lsp.client import Client
from setsquare.lsp.containment import Handler, contained
from setsquare.lsp.convert import bytes_of, path_of
from setsquare.lsp.features import background, diagnostics, registration
from setsquare.lsp.features.publishing import Publisher
from setsquare.lsp.features.refreshing import Refresher
from setsquare.lsp.features.workspace_diagnostics import Send, WorkspaceDiagnostics
from setsquare.lsp.lifetime import watch_process
from setsquare.lsp.prepared import converter
from setsquare.lsp.protocol import ContentModifiedError, FeatureError, Protocol, unstructured
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

if TYPE_CHECKING:
    from pygls.server import ServerErrors

_LOG = logging.getLogger(__name__)
T = TypeVar("T")
_LONGEST_TRACE = 2_000
"""Characters of a message's parameters that a verbose trace shows: a text may be megabytes."""
_LAST_MOMENTS = 5.0
"""Seconds that the process has to end by itself after the client said so."""


class SetsquareServer(LanguageServer):
    """The server and the session of its one client.

    Attributes:
        has_ended: the client said goodbye, so that the end of the process is no accident.

    """

    def __init__(self) -> None:
        super().__init__(
            "setsquare",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=converter,
        )
        self.has_ended = False
        self._session: Session | None = None
        self._pulling: WorkspaceDiagnostics
        self._publisher: Publisher | None = None
        self._told = diagnostics.Told()
        self._refresher = Refresher(lambda: self.workspace_diagnostic_refresh_async(None))
        self._options: object = None
        self._saved: dict[str, int] = {}  # the versions of open buffers that lie on disk as well
        self._tasks: set[asyncio.Future[Any]] = set()
        self._checking: asyncio.Task[None] | None = None
        self._reported: set[str] = set()

    @property
    def session(self) -> Session:
        """The session; there is one after ``initialize``."""
        if self._session is None:
            message = "the server is not initialized"
            raise RuntimeError(message)
        return self._session

    def feature(self, feature_name: str, options: Any | None = None) -> Callable[[Any], Any]:  # noqa: ANN401 - as pygls
        """Register a handler, and contain what it raises."""
        register = super().feature(feature_name, options)

        def decorated(handler: Handler) -> Handler:
            register(contained(feature_name, handler, self._failed, self._handled))
            return handler

        return decorated

    # ------------------------------------------------------------- from start to end

    def begin(self, params: types.InitializeParams) -> None:
        """Open the session that ``initialize`` describes."""
        roots = [path_of(folder.uri) for folder in params.workspace_folders or ()]
        if not roots and params.root_uri:
            roots = [path_of(params.root_uri)]
        self._options = params.initialization_options
        self.protocol.trace = params.trace or types.TraceValue.Off
        watch_process(params.process_id, lambda: os._exit(1))
        client = Client.of(params.capabilities)
        encoding = self.workspace.position_encoding
        self._session = Session(
            Workspace.open([root for root in roots if root is not None], Catalogue.shipped()),
            client,
            str(getattr(encoding, "value", encoding)),
            Settings.of(self._options),
        )
        self._pulling = WorkspaceDiagnostics(self._session)
        self._session.use_policy()
        if client.pulls:
            self._session.renewed = self.refresh
            self._session.decided = lambda _paths: self.refresh()
            self._session.rested = lambda _path: self.refresh()
        else:
            self._publisher = Publisher(self._session, self.text_document_publish_diagnostics)
            self._session.renewed = self.check_again
            self._session.rested = self._publisher.schedule
            self._session.decided = self._publisher.schedule_known

    async def follow_up(self) -> None:
        """Ask the client for its settings and to be told of changes; then check the whole workspace."""
        await registration.register(self, self.session.client)
        await self.configure()
        self.check_workspace()

    async def configure(self, told: object = None) -> None:
        """Take over the settings that the client has, or told."""
        asked = await registration.settings_of(self, self.session.client)
        settings, faults = Settings.read(self._options, told, asked)
        for fault in faults:
            self.warn(f"Setsquare: {fault}.")
        lenses = self.session.settings.code_lens
        if self.session.configure(settings):
            self.refresh()
            self.check_again()
        if lenses and not settings.code_lens and self.session.client.refreshes_lenses:
            self.start(self.workspace_code_lens_refresh_async(None))

    def warn(self, message: str) -> None:
        """Show a message, only once however often it is found."""
        if message not in self._reported:
            self._reported.add(message)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def end(self) -> None:
        """Stop all work."""
        self.has_ended = True
        for task in list(self._tasks):
            task.cancel()
        if self._publisher is not None:
            self._publisher.close()
        self.session.close()

    def leave(self) -> None:
        """See to it that the process ends soon, whatever is still going on in it."""
        watchdog = threading.Timer(_LAST_MOMENTS, os._exit, (0 if self.has_ended else 1,))
        watchdog.daemon = True
        watchdog.start()

    # ------------------------------------------------------------- documents

    def open(self, item: types.TextDocumentItem) -> None:
        """Take over an opened buffer and show what is wrong with it."""
        path = path_of(item.uri)
        if path is not None:
            self.session.open(Buffer(item.uri, path, item.version, bytes_of(item.text)))
            self._saved[path] = item.version
            self.show(path)

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Take over a change of a buffer; one of a document that is not open is not heard."""
        path = path_of(params.text_document.uri)
        buffer = self.session.buffer(path) if path is not None else None
        if buffer is not None:
            source, strokes = changed(buffer.source, params.content_changes, self.session.encoding)
            version = params.text_document.version
            self.session.change(Buffer(buffer.uri, buffer.path, version, source), strokes)
            self.show(buffer.path)

    def save(self, uri: str) -> None:
        """Note that a buffer was saved."""
        path = path_of(uri)
        version = self.session.version(path) if path is not None else None
        if path is not None and version is not None:
            self._saved[path] = version
        if path is not None:
            self.session.saved(path)
            self.show(path)

    def close(self, uri: str) -> None:
        """Close a buffer and clear what was shown of it."""
        path = path_of(uri)
        buffer = self.session.buffer(path) if path is not None else None
        if path is None or buffer is None:
            return
        self.session.close_buffer(path)
        if self._publisher is not None:
            self._publisher.closed(buffer, is_saved=self._saved.pop(path, None) == buffer.version)
            folder = path.rpartition("/")[0]
            beside = (other for other in self.session.open_paths() if other.rpartition("/")[0] == folder)
            self._publisher.schedule_all(beside)

    def files_changed(self, *, changed: Iterable[str] = (), deleted: Iterable[str] = ()) -> None:
        """Note that files changed on disk or were created, and what was deleted; folders with all that is in them."""
        gone = [path for uri in deleted if (path := path_of(uri)) is not None]
        paths = [path for uri in changed if (path := path_of(uri)) is not None]
        for path in (*gone, *paths):
            self.session.touch(path)
        if folders := [path for path in (*gone, *paths) if format_of(path) is None]:
            self.session.touch_folders(folders)
        if self._publisher is not None:
            for path in gone:
                self._publisher.gone(path)
            self._publisher.schedule_all(paths)
        self.refresh()

    def change_folders(self, event: types.WorkspaceFoldersChangeEvent) -> None:
        """Take over added and removed workspace folders."""
        removed = {path_of(folder.uri) for folder in event.removed}
        added = [path for folder in event.added if (path := path_of(folder.uri)) is not None]
        self.session.set_roots(lambda roots: [*(root for root in roots if root not in {*removed, *added}), *added])
        if self._publisher is not None:
            for path in removed - {None}:
                self._publisher.gone(str(path))
        self.refresh()
        self.check_workspace()

    # ------------------------------------------------------------- showing

    def show(self, path: str) -> None:
        """Push the diagnostics that a change affects; a client that pulls asks by itself."""
        if self._publisher is not None:
            self._publisher.schedule(path)

    def refresh(self) -> None:
        """Tell a client that pulls to ask again, and one that shows code lenses as well."""
        if self.session.settings.code_lens and self.session.client.refreshes_lenses:
            self.start(self.workspace_code_lens_refresh_async(None))
        if self.session.client.pulls and self.session.client.refreshes:
            self.start(self._refresher.tell())

    def check_again(self) -> None:
        """Show again all that is open, and check the workspace again: every finding may be another one."""
        if self._publisher is not None:
            self._publisher.schedule_all({*self.session.open_paths(), *self._publisher.paths()})
            self.check_workspace()

    def check_workspace(self) -> None:
        """Check the whole workspace in the background, from the start; a client that pulls asks for it by itself."""
        if self._publisher is None:
            return
        if self._checking is not None:
            self._checking.cancel()
        self._publisher.resume()
        progress = background.Progress(self.work_done_progress, shown=self.session.client.progress)
        work = background.check_workspace(self.session, self._publisher.publish_unit, progress)
        self._checking = self.start(work)

    async def pull(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """Answer ``textDocument/diagnostic``; the client hears of other open files that are shown otherwise now."""
        path = path_of(params.text_document.uri) or ""
        pulled = await diagnostics.pull(self.session, self._told, path, params.previous_result_id)
        if pulled.others_changed:
            self.refresh()
        return pulled.report

    async def pull_workspace(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """Answer ``workspace/diagnostic``."""
        token = params.partial_result_token
        send = self._sender(token) if token is not None else None
        progress = background.Progress(self.work_done_progress, shown=self.session.client.progress)
        return await self._pulling.answer(params.previous_result_ids, send, progress)

    def _sender(self, token: types.ProgressToken) -> Send:
        def send(items: list[types.WorkspaceDocumentDiagnosticReport]) -> None:
            part = types.WorkspaceDiagnosticReportPartialResult(items)
            self.progress(types.ProgressParams(token, unstructured(part)))

        return send

    # ------------------------------------------------------------- work and its faults

    def start(self, work: Awaitable[T]) -> "asyncio.Task[T]":
        """Run work in the background; what it raises is logged."""
        task: asyncio.Task[T] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("background work failed", exc_info=error)

    def _failed(self, name: str, error: Exception) -> None:
        """Log that a feature failed, and tell the person once."""
        _LOG.error("%s failed", name, exc_info=error)
        self._tell(f"{name} failed: {type(error).__name__}: {error}")

    def _handled(self, name: str, seconds: float, params: object) -> None:
        """Trace a message, in a client that asked for it."""
        trace = self.protocol.trace
        if trace is types.TraceValue.Off:
            return
        verbose = str(unstructured(params))[:_LONGEST_TRACE] if trace is types.TraceValue.Verbose else None
        self.log_trace(types.LogTraceParams(f"{name} took {1000 * seconds:.1f} ms", verbose))

    def report_server_error(self, error: Exception, source: "ServerErrors") -> None:
        """Log what went wrong outside of the features, and tell the person once; a request is answered anyway."""
        if isinstance(error, FeatureError | ContentModifiedError):
            return
        _LOG.error("%s", error)
        if source is not FeatureRequestError:
            self._tell(f"{type(error).__name__}: {error}")

    def _tell(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"Setsquare: {message}"))
