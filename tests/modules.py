"""Folders of Terraform modules written from one text, and what is found in them in short."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.commands import report, write

VOLUME = """
variable "encrypted" {
}
resource "aws_ebs_volume" "v" {
  availability_zone = "a"
  encrypted         = var.encrypted
}
"""
RULE = "aws-ec2-ebs-volume-encrypted"


def laid_out(folder: Path, text: str) -> str:
    """Write the files of a text, each after a line ``-- name --``; ``VOLUME`` stands for the module above."""
    parts = re.split(r"^-- (\S+) --\n", dedent(text).lstrip("\n"), flags=re.MULTILINE)
    bodies = (VOLUME.lstrip("\n") if body.strip() == "VOLUME" else body for body in parts[2::2])
    return write(folder, dict(zip(parts[1::2], bodies, strict=True)))


def judged(capsys: Any, folder: str, *options: str, rule: str = RULE) -> list[str]:
    """Return what is found of one rule: address, value, where it is decided, and why there is no fix."""
    _, found = report(capsys, folder, "--no-cache", *options)
    shown = [_shown(entry) for entry in found["findings"] if entry["rule"] == rule]
    for entry in found["unknown"]:
        if entry["rule"] == rule:
            decided = f" by {entry['decided_by']}" if entry["decided_by"] else ""
            shown.append(f"{entry['resource']} ? {entry['expression']}{decided}")
    return shown


def _shown(entry: dict[str, Any]) -> str:
    violation = entry["violations"][0]
    origin = violation["origin"]
    at = f" @{origin['file']}:{origin['range']['start']['line']}" if origin else ""
    fix = entry["fix"]
    count = f" x{entry['instances']}" if "instances" in entry else ""
    reason = "" if fix["available"] else f" ({fix['reason']})"
    return f"{entry['resource']}{count} = {violation['actual']}{at}{reason}"
