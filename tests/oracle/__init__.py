"""HashiCorp's own formatter and parser of HCL: what the tests believe.

``npm install`` in this directory brings them; one child process serves all calls of a test run.
"""

import atexit
import json
import subprocess
import threading
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_BOM = "\ufeff"
_lock = threading.Lock()


def is_available() -> bool:
    """Whether the packages are installed."""
    return (_HERE / "node_modules" / "@cdktn" / "hcl-tools").is_dir()


def format_text(text: str) -> str:
    """Return the text as ``terraform fmt`` lays it out; a BOM stays where it is."""
    bare = text.removeprefix(_BOM)
    return text[: len(text) - len(bare)] + str(_call("format", bare))


def is_formatted(text: str) -> bool:
    """Whether ``terraform fmt`` would leave the text alone; how lines end does not matter."""
    unified = text.replace("\r\n", "\n")
    return format_text(unified) == unified


def parse(text: str) -> Any:
    """Return what the text says, as JSON data.

    Raises:
        ValueError: it is not valid.

    """
    return _call("parse", text.removeprefix(_BOM))


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        ["node", "serve.js"],
        cwd=_HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(process.kill)
    return process


def _call(name: str, text: str) -> Any:
    with _lock:
        process = _process()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"call": name, "text": text}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["result"]
