"""What the server asks of the client after the start: to be told of files and of settings."""

import logging
from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from setsquare.lsp.client import Client
from setsquare.lsp.settings import SECTION

_LOG = logging.getLogger(__name__)
WATCHED = ("**/*.{tf,tofu,tfvars,json,yaml,yml,template,tftpl,tpl,csv,txt}", "**/.gitignore")
"""The files whose change on disk matters; ``.tf.json`` and the like end with ``.json``; functions read the last."""
_ANYTHING = "**"
"""A folder that is deleted, or renamed, is told of alone, without the files that were in it."""
FILE_OPERATIONS = types.FileOperationRegistrationOptions(
    [
        *(
            types.FileOperationFilter(types.FileOperationPattern(pattern, types.FileOperationPatternKind.File), "file")
            for pattern in WATCHED
        ),
        types.FileOperationFilter(types.FileOperationPattern(_ANYTHING, types.FileOperationPatternKind.Folder), "file"),
    ]
)
"""The files and folders that the person creates, renames and deletes in the editor."""


def registrations(client: Client) -> Sequence[types.Registration]:
    """Return what a client can be asked for."""
    asked: list[types.Registration] = []
    if client.registers_watches:
        watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
        watchers.append(types.FileSystemWatcher(_ANYTHING, types.WatchKind.Delete))
        options: object = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        asked.append(types.Registration("setsquare.files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if client.registers_settings:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        asked.append(types.Registration("setsquare.settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options))
    return asked


async def register(server: LanguageServer, client: Client) -> None:
    """Ask the client; one that refuses is served without."""
    asked = registrations(client)
    if not asked:
        return
    try:
        await server.client_register_capability_async(types.RegistrationParams(asked))
    except JsonRpcException as error:
        _LOG.warning("the client registers nothing: %s", error)


async def settings_of(server: LanguageServer, client: Client) -> object:
    """Return the settings that the client has for this server; None where it has none."""
    if not client.has_settings:
        return None
    try:
        items = [types.ConfigurationItem(section=SECTION)]
        answer = await server.workspace_configuration_async(types.ConfigurationParams(items))
    except JsonRpcException as error:
        _LOG.warning("the client does not tell its settings: %s", error)
        return None
    return answer[0] if answer else None
