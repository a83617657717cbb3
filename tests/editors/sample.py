"""What the editors open, and how they are run: without the person's own configuration, with the server that is tested."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SHIPPED = REPOSITORY / "editors"
PROGRAMS = Path(sys.executable).parent  # setsquare, and the Neovim of the `editors` extra
PATH = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
RULE = "aws-s3-block-public-access"

# Characters beyond the basic plane stand before the value: a mistake in the position encoding shows in the mark.
BEFORE = """\
resource "aws_s3_bucket" "data" {
  bucket = "acme-data"
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket = aws_s3_bucket.data.id

  /* 🔐🔐 */ block_public_acls = false # for now
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
AFTER = BEFORE.replace("= false", "= true")


def sample(folder):
    """A workspace with one file that is wrong."""
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "setsquare.yaml").write_text("policy: 1\n", encoding="utf-8")
    file = workspace / "main.tf"
    file.write_text(BEFORE, encoding="utf-8")
    return file


def drive(program, *arguments, folder, file, **environment):
    """Run an editor with a script; return what it said, one `key=value` a line, and all of its output."""
    found = shutil.which(program, path=PATH)
    if found is None:
        pytest.skip(f"no {program} here: make editors installs one")
    own = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    ended = subprocess.run(
        [found, *map(str, arguments)],
        env={**os.environ, **own, "PATH": PATH, "FILE": str(file), "RULE": RULE, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    seen = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line)
    return seen, ended.stdout + ended.stderr
