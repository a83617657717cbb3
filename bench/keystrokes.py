"""One typed character, from the change received to the diagnostics computed, against one parse of the file.

    python bench/keystrokes.py            a Terraform file and a template of 3,000 lines, and growing workspaces

Everything runs in this process, and processor time is counted, so that other load on the machine tells little. The
characters are those of ``run.py``: a letter, and all that unbalances a text.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from lsprotocol import types

import floor
from generate import LARGE_STACKS, TERRAFORM_VARIABLES, template, terraform
from run import keystrokes
from setsquare.lsp import memory
from setsquare.lsp.buffers import Buffer, changed
from setsquare.lsp.client import Client
from setsquare.lsp.features import diagnostics
from setsquare.lsp.session import Session
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

ENCODING = "utf-8"
FILES = (10, 100, 1000)
PARSES = 15


def parse_time(path: Path) -> float:
    """Measure, in milliseconds, one parse of a file by tree-sitter."""
    parser, text = floor.parser_of(str(path)), path.read_bytes()
    times = []
    for _ in range(PARSES):
        start = time.process_time()
        parser.parse(text)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


async def answers(folder: Path, path: Path, text: bytes) -> AsyncIterator[float]:
    """Yield, in milliseconds, what each keystroke takes."""
    support = types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())
    client = Client.of(types.ClientCapabilities(text_document=support))
    session = Session(Workspace.open([str(folder)], Catalogue.shipped()), client, ENCODING)
    buffer = Buffer(path.as_uri(), str(path), 0, text)
    session.open(buffer)
    await diagnosed(session, path)
    memory.start()
    for version, change in enumerate(keystrokes(text.decode()), start=1):
        start = time.process_time()
        event = types.TextDocumentContentChangePartial(_range(change["range"]), str(change["text"]))
        source, strokes = changed(buffer.source, [event], ENCODING)
        buffer = Buffer(buffer.uri, buffer.path, version, source)
        session.change(buffer, strokes)
        await diagnosed(session, path)
        yield (time.process_time() - start) * 1000
    session.close()


async def diagnosed(session: Session, path: Path) -> None:
    """Compute the diagnostics of a file."""
    snapshot = await session.current(str(path))
    if snapshot is not None:
        diagnostics.of_unit(session, snapshot)


def _range(written: object) -> types.Range:
    positions = written if isinstance(written, dict) else {}
    start, end = (types.Position(**positions[name]) for name in ("start", "end"))
    return types.Range(start, end)


def measure(folder: Path, path: Path) -> list[float]:
    """Measure all keystrokes in a file of a folder."""
    text = path.read_bytes()

    async def collected() -> list[float]:
        return [taken async for taken in answers(folder, path, text)]

    return asyncio.run(collected())


def show(name: str, times: Sequence[float], parse: float) -> None:
    """Print one line."""
    median, slow = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(
        f"{name:<28} median {median:7.1f} ms = {median / parse:5.2f}   p95 {slow:7.1f} ms = {slow / parse:5.2f} parses"
    )


def large(folder: Path) -> None:
    """Measure large files."""
    module = folder / "module"
    module.mkdir()
    (module / "main.tf").write_text(terraform(LARGE_STACKS), encoding="utf-8")
    (module / "variables.tf").write_text(TERRAFORM_VARIABLES, encoding="utf-8")
    (folder / "template.yaml").write_text(template(LARGE_STACKS * 10 // 7), encoding="utf-8")
    for path in (module / "main.tf", folder / "template.yaml"):
        show(f"{path.name}, {path.read_bytes().count(10)} lines", measure(folder, path), parse_time(path))


def growing(folder: Path) -> None:
    """Measure one file in workspaces of different sizes."""
    for count in FILES:
        root = folder / str(count)
        for number in range(count // 2):
            module = root / f"m{number}"
            module.mkdir(parents=True)
            (module / "main.tf").write_text(terraform(1), encoding="utf-8")
            (module / "variables.tf").write_text(TERRAFORM_VARIABLES, encoding="utf-8")
        path = root / "m0" / "main.tf"
        path.write_text(terraform(10), encoding="utf-8")
        show(f"{count} files", measure(root, path), parse_time(path))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="setsquare-bench-") as name:
        folder = Path(name).resolve()
        large(folder)
        growing(folder)


if __name__ == "__main__":
    main()
