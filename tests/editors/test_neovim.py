"""The shipped configuration in a real, headless Neovim: open, see, fix, save."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CONFIGURATION = REPOSITORY / "editors" / "neovim" / "setsquare.lua"
PROGRAMS = Path(sys.executable).parent  # setsquare, and the Neovim of the `editors` extra

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

pytestmark = pytest.mark.editors


def neovim():
    program = shutil.which("nvim", path=f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("no Neovim here: make editors installs one")
    return program


def drive(script, folder, **environment):
    """Run a script in a Neovim that knows nothing of the person's own configuration."""
    own = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [neovim(), "--headless", "-u", CONFIGURATION, "-i", "NONE", "-n", "-S", Path(__file__).with_name(script)],
        env={**os.environ, **own, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    seen = dict(line.split("=", 1) for line in ended.stdout.splitlines() if "=" in line)
    return seen, ended.stdout + ended.stderr


def test_a_finding_is_marked_fixed_and_gone(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "setsquare.yaml").write_text("policy: 1\n", encoding="utf-8")
    file = workspace / "main.tf"
    file.write_text(BEFORE, encoding="utf-8")

    seen, output = drive("quick_fix.lua", tmp_path, FILE=str(file), RULE="aws-s3-block-public-access")

    assert seen.get("done") == "true", output
    assert seen["filetype"] == "terraform"
    assert seen["marked"] == "false"
    assert file.read_text(encoding="utf-8") == AFTER
