"""One server under thousands of random edits, saves, closes and requests: it does not grow, fail or go astray.

`SETSQUARE_SOAK` sets how many operations there are (`make soak`: 20,000).
"""

import asyncio
import contextlib
import os
import random
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import PATIENCE
from tests.lsp.texts import BUCKET, DATABASE, TEMPLATE

OPERATIONS = int(os.environ.get("SETSQUARE_SOAK", "1500"))
GROWTH = 1.1
PULL, PUSH = "vscode-languageclient-11", "eglot-1.9"
TEXTS = {
    "app/main.tf": BUCKET.replace("= false", "= var.blocked") + DATABASE,
    "app/variables.tf": 'variable "blocked" {\n  default = true\n}\n',
    "app/more.tf": "".join(BUCKET.replace('"data"', f'"b{n}"').replace(".data.", f".b{n}.") for n in range(8)),
    "app/terraform.tfvars": "blocked = false\n",
    "other/main.tf": 'module "app" {\n  source  = "../app"\n  blocked = true\n}\n' + BUCKET,
    "stack/template.yaml": TEMPLATE,
    "setsquare.yaml": "policy: 1\n",
}
PIECES = [
    *(
        '"',
        "{",
        "}",
        "[",
        "(",
        "<<EOT\n",
        "EOT\n",
        "/*",
        "*/",
        "#",
        "${",
        "é",
        "🔐",
        "\t",
        "\r\n",
        "\n",
        "= ",
        "- ",
        ": ",
    ),
    *("true", "false", "null", "var.blocked", "# setsquare:ignore aws-s3-versioning a test\n", "count = 0\n"),
    'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n',
    "  Queue:\n    Type: AWS::SQS::Queue\n",
]


def whole_lines(text, at):
    """The next place that is not between the two characters of one line end: no editor writes there."""
    return at + 1 if text[max(0, at - 1) : at + 1] == "\r\n" else at


class Person:
    """Somebody who does random things, always the same for one seed."""

    def __init__(self, editor, root, seed):
        self.editor, self.root, self.random = editor, root, random.Random(seed)  # noqa: S311 - not for cryptography
        self.open = {}

    async def do(self):
        await self.random.choices(
            [self.edit, self.restore, self.burst, self.save, self.close, self.look, self.act, self.point, self.outside],
            [40, 6, 8, 6, 4, 14, 6, 10, 4],
        )[0]()

    def document(self):
        name = self.random.choice(list(TEXTS))
        if name not in self.open:
            self.open[name] = self.editor.open(self.root / name)
        return name, self.open[name]

    def place(self, document):
        return whole_lines(document.text, self.random.randrange(len(document.text) + 1))

    async def warm_up(self):
        """Ask once for what loads a part of the server when it is first needed."""
        for name in TEXTS:
            document = self.open[name] = self.editor.open(self.root / name)
            for action in await self.editor.actions(document, document.range(0, len(document.text))):
                if action.disabled is None and action.command is None:
                    await self.editor.resolve(action)

    async def edit(self):
        _, document = self.document()
        start = self.place(document)
        length = self.random.choice([0, 0, 1, 1, 8, 60])
        length = whole_lines(document.text, min(start + length, len(document.text))) - start
        whole = self.random.random() < 0.05
        self.editor.replace(document, start, length, self.random.choice(["", *PIECES]), whole=whole)

    async def burst(self):
        _, document = self.document()
        self.editor.type(document, self.random.choice(PIECES), self.place(document))

    async def restore(self):
        name, document = self.document()
        self.editor.replace(document, 0, len(document.text), TEXTS[name])

    async def save(self):
        name, document = self.document()
        (self.root / name).write_bytes(document.text.encode())
        self.editor.save(document)

    async def close(self):
        if self.open:
            name = self.random.choice(list(self.open))
            self.editor.close(self.open.pop(name))

    async def outside(self):
        name = self.random.choice(list(TEXTS))
        path = self.root / name
        kind = types.FileChangeType.Changed
        if self.random.random() < 0.2:
            path.unlink(missing_ok=True)
            kind = types.FileChangeType.Deleted
        else:
            path.write_bytes(TEXTS[name].encode())
        self.editor.changed_on_disk(path, kind)
        if kind is types.FileChangeType.Deleted:
            path.write_bytes(TEXTS[name].encode())
            self.editor.changed_on_disk(path, types.FileChangeType.Created)

    async def look(self):
        _, document = self.document()
        await self.editor.findings(document)

    async def point(self):
        _, document = self.document()
        position = document.position(self.place(document))
        if self.random.random() < 0.3:
            position = types.Position(position.line + 10_000, position.character + 10_000)
        if self.random.random() < 0.2:  # asked and not waited for
            params = types.HoverParams(types.TextDocumentIdentifier(document.uri), position)
            given_up = self.editor.client.protocol.send_request("textDocument/hover", params, msg_id="given up")
            self.editor.client.cancel_request(types.CancelParams("given up"))
            with contextlib.suppress(JsonRpcException):  # unless the answer came first
                await asyncio.wait_for(asyncio.wrap_future(given_up), PATIENCE)
        else:
            await self.editor.hover(document, position)

    async def act(self):
        _, document = self.document()
        start = self.place(document)
        length = self.random.randrange(len(document.text) - start + 1)
        actions = await self.editor.actions(document, document.range(start, min(length, 400)))
        edits = [action for action in actions if action.disabled is None and action.command is None]
        if edits:
            try:
                await self.editor.resolve(self.random.choice(edits))
            except JsonRpcException as error:
                assert error.code == types.LSPErrorCodes.ContentModified  # noqa: PT017 - any other is a fault

    async def everything(self):
        """What is shown of each open document."""
        found = {}
        for name in sorted(TEXTS):
            if name not in self.open:
                self.open[name] = self.editor.open(self.root / name)
        for name, document in self.open.items():
            await self.settled()
            found[name] = [(d.code, d.message, d.range) for d in await self.editor.findings(document)]
        return found

    async def settled(self):
        """Until the server has answered, after all that it was told before."""
        for document in self.open.values():
            await self.editor.hover(document, types.Position(0, 0))


def memory(editor):
    """Resident kilobytes of the server."""
    status = Path(f"/proc/{editor.client._server.pid}/status").read_text(encoding="utf-8")  # noqa: SLF001
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


@pytest.mark.parametrize("name", [PULL, PUSH])
async def test_a_long_session(start_editor, workspace, capfd, name):
    for file, text in TEXTS.items():
        (workspace / file).parent.mkdir(exist_ok=True)
        (workspace / file).write_bytes(text.encode())
    editor = await start_editor(name, workspace)
    person = Person(editor, workspace, seed=f"{name} {OPERATIONS}")
    sizes = []
    await person.warm_up()
    for number in range(OPERATIONS // 2):
        await person.do()
        if number % (OPERATIONS // 50) == 0:
            await person.settled()
            sizes.append(memory(editor))
            editor.published = type(editor.published)(list, {uri: sent[-1:] for uri, sent in editor.published.items()})
    found = await person.everything()
    fresh = await start_editor(name, workspace)
    anew = Person(fresh, workspace, seed=0)
    for file, document in person.open.items():
        anew.open[file] = fresh.open(workspace / file, document.text)
    tenth = max(sizes[: len(sizes) // 10 + 1])

    assert await anew.everything() == found
    assert any(found.values())
    assert max(sizes) <= GROWTH * tenth, sizes
    logged = [each.message for each in editor.client.log_messages if each.type is types.MessageType.Error]
    assert logged == []
    assert "ERROR" not in capfd.readouterr().err
