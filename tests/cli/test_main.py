"""Which command, and which exit status."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.commands import QUEUE, said, write

from setsquare import __version__
from setsquare.cli import check, progress


@pytest.mark.parametrize(("error", "status"), [(ValueError("x"), 3), (KeyboardInterrupt(), 130)], ids=repr)
def test_status_of_errors(error: BaseException, status: int, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_arguments: Any) -> None:
        raise error

    monkeypatch.delenv("SETSQUARE_TRACEBACK", raising=False)
    monkeypatch.setattr(check, "run", fail)
    message = "setsquare: internal error: ValueError: x\n" if status == 3 else ""
    assert said(capsys, "check", ".") == (status, "", message)
    if status == 3:
        monkeypatch.setenv("SETSQUARE_TRACEBACK", "1")
        with pytest.raises(ValueError, match="x"):
            said(capsys, "check", ".")


def test_version_help_and_no_command(capsys: Any) -> None:
    for words, status in ((["--version"], "0"), (["--help"], "0"), ([], "2"), (["nope"], "2")):
        with pytest.raises(SystemExit, match=status):
            said(capsys, *words)
    out = capsys.readouterr().out
    assert f"setsquare {__version__}\n" in out
    assert "report what breaks policy" in out


def test_reader_that_leaves(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"{n}/main.tf": QUEUE for n in range(300)})
    with subprocess.Popen(
        [sys.executable, "-m", "setsquare", "check", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_progress_is_shown_to_a_person_after_a_second(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.5, 1.5, 1.55, 3.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(progress.with_progress([1, 2, 3, 4], "checking")) == [1, 2, 3, 4]
    assert capsys.readouterr().err == "\rchecking 2 of 4\rchecking 4 of 4\r\033[K"
