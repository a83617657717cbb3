"""Which files of a folder are looked at."""

import os
from pathlib import Path

from tests.commands import write

from setsquare.discovery import files_of_folder, list_files


def listed(folder: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in list_files(folder).files()]


def test_ignored_and_foreign_folders_are_left_out(tmp_path: Path) -> None:
    names = ("main.tf", "a.txt", ".terraform/x.tf", "out/x.tf", "sub/keep.tf", "sub/no.tf", "node_modules/x.json")
    ignores = {".gitignore": "out/\n", "sub/.gitignore": "no.tf\n!\n"}
    assert listed(write(tmp_path, dict.fromkeys(names, "") | ignores)) == ["main.tf", "sub/keep.tf"]


def test_link_to_a_file_inside_is_followed(tmp_path: Path) -> None:
    folder = write(tmp_path, {"sub/a.tf": ""})
    (tmp_path / "b.tf").symlink_to("sub/a.tf")
    assert listed(folder) == ["b.tf", "sub/a.tf"]


def test_depth_has_an_end(tmp_path: Path) -> None:
    folder = write(tmp_path, {"/".join(["d"] * 70 + ["a.tf"]): "", "b.tf": ""})
    listing = list_files(folder)
    assert list(listing.files()) == [f"{folder}/b.tf"]
    assert list(listing.left_out.values()) == ["this folder is nested deeper than 64 levels and was not read"]


def test_one_folder_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.tf": "", "sub/b.tf": ""})
    assert files_of_folder(folder) == (f"{folder}/a.tf",)
    assert files_of_folder(f"{folder}/nothing") == ()
