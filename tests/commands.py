"""Folders of files, and the commands run on them in this process."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setsquare.cli.main import main

QUEUE = 'resource "aws_sqs_queue" "q" {\n}\n'
FIXED_QUEUE = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = true\n}\n'
VOLUME = 'resource "aws_ebs_volume" "v" {\n  availability_zone = "a"\n  encrypted         = false\n}\n'


def write(folder: Path, files: Mapping[str, str | bytes]) -> str:
    """Write files below a folder and return the folder's path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(folder)


def report(capsys: Any, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit status and the JSON of ``check``."""
    status = main(["check", *arguments, "--format", "json"])
    out, err = capsys.readouterr()
    assert err == ""
    return status, json.loads(out)


def said(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    """Return the exit status of a command, its output and its messages."""
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def rules_of(entries: list[dict[str, Any]]) -> list[str]:
    """Return the rules of findings."""
    return [entry["rule"] for entry in entries]


def tree(folder: str) -> dict[str, bytes]:
    """Return the content of all files below a folder."""
    return {
        os.path.relpath(os.path.join(place, name), folder): Path(place, name).read_bytes()
        for place, _, names in os.walk(folder)
        for name in names
    }
