"""The shipped configuration in a real, headless Neovim that pulls and in one that waits: open, see, fix, save."""

from pathlib import Path

import pytest
from tests.editors.sample import AFTER, SHIPPED, drive, sample

pytestmark = pytest.mark.editors

CONFIGURATION = SHIPPED / "neovim" / "setsquare.lua"
SCRIPT = Path(__file__).with_name("quick_fix.lua")


@pytest.mark.parametrize("way", ["pull", "push"])
def test_a_finding_is_marked_fixed_and_gone(tmp_path, way):
    file = sample(tmp_path)
    options = ("--headless", "-u", CONFIGURATION, "-i", "NONE", "-n", "-S", SCRIPT)
    seen, output = drive("nvim", *options, folder=tmp_path, file=file, WAY=way)

    assert seen.get("done") == "true", output
    assert seen["filetype"] == "terraform"
    assert seen["way"] == way
    assert seen["marked"] == "false"
    assert file.read_text(encoding="utf-8") == AFTER
