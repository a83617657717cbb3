"""``fix``: the diff is what ``--write`` writes; what is not fixed is listed with its reason."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.commands import FIXED_QUEUE, QUEUE, VOLUME, tree, write

from setsquare.cli import writing
from setsquare.cli.main import main


def said(capfdbinary: Any, *arguments: str) -> tuple[int, bytes, str]:
    status = main(["fix", *arguments])
    out, err = capfdbinary.readouterr()
    return status, out, err.decode()


def test_diff_applies_and_equals_what_is_written(tmp_path: Path, capfdbinary: Any) -> None:
    files = {"main.tf": VOLUME + QUEUE, "crlf/main.tf": QUEUE.replace("\n", "\r\n"), "end/main.tf": QUEUE.rstrip()}
    shown, written = write(tmp_path / "shown", files), write(tmp_path / "written", files)
    status, diff, _ = said(capfdbinary, shown)
    assert status == 1
    subprocess.run(["git", "apply", "-p1", "-"], input=diff, cwd=shown, check=True)
    said(capfdbinary, written, "--write")
    assert tree(shown) == tree(written) != {name: text.encode() for name, text in files.items()}


def test_rule_and_what_is_left(tmp_path: Path, capfdbinary: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE})
    status, out, err = said(capfdbinary, folder, "--write", "--rule", "aws-sqs-encrypted")
    assert (status, out, err) == (0, b"", "1 finding fixed in 1 file, 0 left\n")
    assert (tmp_path / "main.tf").read_text() == FIXED_QUEUE
    status, _, err = said(capfdbinary, folder)
    assert status == 1
    assert err.startswith("not fixed: main.tf: aws_sqs_queue.q: aws-sqs-encryption-kms: ")
    assert err.endswith("0 findings to fix in 0 files, 1 left\n")


def test_impact_must_be_allowed(tmp_path: Path, capfdbinary: Any) -> None:
    arguments = (write(tmp_path, {"main.tf": VOLUME}), "--rule", "aws-ec2-ebs-volume-encrypted", "--write")
    status, _, err = said(capfdbinary, *arguments)
    assert status == 1
    assert "its fix replaces the resource; --allow-impact replaces applies it\n" in err
    assert said(capfdbinary, *arguments, "--allow-impact", "replaces, data_loss")[0] == 0
    assert (tmp_path / "main.tf").read_text() == VOLUME.replace("false", "true")


def test_usage_errors(tmp_path: Path, capfdbinary: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE})
    assert said(capfdbinary, folder, "--rule", "aws-nope") == (
        2,
        b"",
        "setsquare: no rule is called aws-nope; `setsquare rules` lists them\n",
    )
    with pytest.raises(SystemExit, match="2"):
        main(["fix", folder, "--allow-impact", "much"])
    assert b"'much' is not an impact; expected some of none, in_place" in capfdbinary.readouterr().err


def test_mode_and_link_are_kept(tmp_path: Path, capfdbinary: Any) -> None:
    folder = write(tmp_path, {"main.tf": "", "real/main.tf": QUEUE})
    (tmp_path / "real/main.tf").chmod(0o640)
    (tmp_path / "main.tf").unlink()
    (tmp_path / "main.tf").symlink_to("real/main.tf")
    writing.replace_file(f"{folder}/main.tf", QUEUE.encode(), FIXED_QUEUE.encode())
    assert (tmp_path / "main.tf").is_symlink()
    assert (tmp_path / "real/main.tf").read_text() == FIXED_QUEUE
    assert (tmp_path / "real/main.tf").stat().st_mode & 0o777 == 0o640


def test_file_that_changed_meanwhile(tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE})
    monkeypatch.setattr(Path, "read_bytes", lambda _path: b"other")
    status, _, err = said(capfdbinary, folder, "--write", "--rule", "aws-sqs-encrypted")
    assert (status, err) == (
        1,
        "error: main.tf: this file changed meanwhile, and was left alone\n0 findings fixed in 0 files, 1 left\n",
    )


def test_read_only_file(tmp_path: Path, capfdbinary: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE, "other.tf": "x {"})
    (tmp_path / "main.tf").chmod(0o444)
    status, _, err = said(capfdbinary, folder, "--write", "--rule", "aws-sqs-encrypted")
    assert status == 1
    assert "warning: other.tf:1:1: this block is not closed\n" in err


def test_folder_that_refuses_leaves_all_as_it_was(
    tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE})

    def refuse(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    status, _, err = said(capfdbinary, folder, "--write", "--rule", "aws-sqs-encrypted")
    assert status == 1
    assert "error: main.tf: this file cannot be written: Permission denied\n" in err
    assert tree(folder) == {"main.tf": QUEUE.encode()}
