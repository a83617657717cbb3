"""docs/lsp.md tells of all that the server does, and of nothing else."""

import re
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from setsquare.lsp import server
from setsquare.lsp.features.code_actions import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lsp.md").read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in (ROOT / "server" / "setsquare" / "lsp").rglob("*.py")]
SENDER = {
    types.CLIENT_REGISTER_CAPABILITY: "client_register_capability",
    types.LOG_TRACE: "log_trace",
    types.PROGRESS: "progress",
}
"""What pygls calls the sending of a method, where the method's own name would not say it."""
NOTEBOOKS = "notebookDocument/"
"""pygls listens to notebooks whatever a server does."""


def rows(title, after=""):
    """The first cells of the table that follows a title, each of which may name several things."""
    text = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| (`.*?`) \|", text.split(after)[1] if after else text, re.MULTILINE)
    return [name for cell in table for name in re.findall(r"`([^`]+)`", cell)]


def sent():
    """The methods that the server's code sends."""
    clients = {
        name: SENDER.get(name, re.sub(r"(?<!^)(?=[A-Z])", "_", name.replace("/", "_")).lower())
        for name in types.METHOD_TO_TYPES
    }
    names = {call for text in SOURCES for call in re.findall(r"\.(\w+?)(?:_async)?\(", text)}
    names |= {name for text in SOURCES for name in re.findall(r"server\.(\w+)\b|self\.(\w+)\)", text) for name in name}
    return {method for method, name in clients.items() if hasattr(LanguageServer, name) and name in names}


def test_the_methods_are_those_that_the_server_handles():
    created = server.create()
    server._register_pull(created)  # noqa: SLF001 - what only some clients are served
    server._register_actions(created, types.CodeActionOptions(resolve_provider=True))  # noqa: SLF001
    features = created.protocol.fm
    handled = {*features.features, *features.builtin_features, types.CANCEL_REQUEST}

    documented = rows("Methods")
    sends = rows("Methods", "What the server sends by itself")
    assert len(documented) == len(set(documented))
    assert set(documented) - set(sends) == {method for method in handled if not method.startswith(NOTEBOOKS)}
    assert set(sends) == sent() | {types.PROGRESS, types.WINDOW_WORK_DONE_PROGRESS_CREATE}


def test_the_commands_are_those_that_the_server_does():
    assert rows("Commands") == sorted(rows("Commands"), key=rows("Commands").index)
    assert set(rows("Commands")) == set(server.create().protocol.fm.commands)


def test_the_kinds_of_code_actions_are_those_that_are_announced():
    text = PAGE.split("\n## Code actions\n")[1].split("\n## ")[0]

    assert set(re.findall(r"\| `([\w.]+)` \|$", text, re.MULTILINE)) == {*KINDS}
