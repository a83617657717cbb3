"""The shipped configuration in a real Emacs with eglot, which is pushed to and gets edits inline."""

from pathlib import Path

import pytest
from tests.editors.sample import AFTER, SHIPPED, drive, sample

pytestmark = pytest.mark.editors

CONFIGURATION = SHIPPED / "emacs" / "setsquare.el"
SCRIPT = Path(__file__).with_name("quick_fix.el")


def test_a_finding_is_marked_fixed_and_gone(tmp_path):
    file = sample(tmp_path)
    options = ("--batch", "--no-init-file", "--load", CONFIGURATION, "--load", SCRIPT)
    seen, output = drive("emacs", *options, folder=tmp_path, file=file, HOME=str(tmp_path))

    assert seen.get("done") == "true", output
    assert seen["marked"] == "false"
    assert seen["resolves"] == "no"
    assert file.read_text(encoding="utf-8") == AFTER
