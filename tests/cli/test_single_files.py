"""A single file is judged by what calls its module, and by what it calls, as far as its repository goes."""

from pathlib import Path
from typing import Any

import pytest
from tests.commands import said
from tests.modules import RULE, judged, laid_out

CALLED = """
-- main.tf --
module "a" {
  source    = "./m"
  encrypted = false
}
-- m/main.tf --
VOLUME
"""
CALLING = """
-- main.tf --
module "a" {
  source = "./m"
}
resource "aws_ebs_volume" "v" {
  availability_zone = "a"
  encrypted         = module.a.encrypted
}
-- m/main.tf --
output "encrypted" {
  value = false
}
"""
DECIDED = ["module.a.aws_ebs_volume.v = False @../main.tf:3"]
OPEN = ["aws_ebs_volume.v ? var.encrypted by main.tf"]
SITUATIONS = {
    "a repository": (CALLED, ".git/HEAD", "m/main.tf", DECIDED),
    "a worktree, or a submodule": (CALLED, ".git", "m/main.tf", DECIDED),
    "no repository": (CALLED, "README", "m/main.tf", OPEN),
    "a repository that the caller is not in": (CALLED, "m/.git/HEAD", "m/main.tf", OPEN),
    "a file that the repository ignores": (f"-- .gitignore --\nm/\n{CALLED}", ".git/HEAD", "m/main.tf", OPEN),
    "a caller that the repository ignores": (f"-- .gitignore --\n/main.tf\n{CALLED}", ".git/HEAD", "m/main.tf", OPEN),
    "what is called": (CALLING, ".git/HEAD", "main.tf", ["aws_ebs_volume.v = False @m/main.tf:2"]),
    "what is called, without a repository": (CALLING, "README", "main.tf", ["aws_ebs_volume.v ? module.a.encrypted"]),
}


@pytest.mark.parametrize(("text", "mark", "file", "expected"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_lies_around(  # noqa: PLR0913, PLR0917 - the columns of a table
    text: str, mark: str, file: str, expected: list[str], tmp_path: Path, capsys: Any
) -> None:
    folder = laid_out(tmp_path / "work", f"-- {mark} --\n{text}")
    assert judged(capsys, f"{folder}/{file}") == expected


def test_a_home_folder_is_no_repository(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    folder = laid_out(tmp_path, f"-- .git/HEAD --\n{CALLED}")
    monkeypatch.setenv("HOME", folder)
    assert judged(capsys, f"{folder}/m/main.tf") == OPEN


def test_a_folder_that_is_given_is_all_there_is(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- .git/HEAD --\n{CALLED}")
    assert judged(capsys, f"{folder}/m") == OPEN


def test_only_the_file_is_reported(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- .git/HEAD --\n{CALLED}")
    assert judged(capsys, f"{folder}/main.tf") == []


def test_a_kept_report_is_not_used_where_a_caller_came_in(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path / "work", f"-- .git/HEAD --\n{CALLED.replace('false', 'true')}")
    file = f"{folder}/m/main.tf"
    assert RULE not in said(capsys, "check", file)[1]
    laid_out(tmp_path / "work/other", '-- main.tf --\nmodule "b" {\n  source    = "../m"\n  encrypted = false\n}\n')
    assert RULE in said(capsys, "check", file)[1]


def test_a_fix_of_a_file_is_written_where_the_value_is_decided(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- .git/HEAD --\n{CALLED}")
    said(capsys, "fix", "--write", "--allow-impact", "replaces", "--rule", RULE, f"{folder}/m/main.tf")
    assert "encrypted = true" in (tmp_path / "main.tf").read_text()
