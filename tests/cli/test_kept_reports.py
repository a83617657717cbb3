"""A report is used again only while nothing that it rests on has changed."""

import json
import os
from pathlib import Path

import pytest
from tests.commands import QUEUE, report, said, write

import setsquare.cli.check

FILES = {"main.tf": QUEUE + 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": QUEUE, "setsquare.yaml": "policy: 1\n"}


class Analysed:
    def __init__(self) -> None:
        self.times = 0


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> Analysed:
    counter = Analysed()
    check_units = setsquare.cli.check.check_units

    def counting(*arguments):
        counter.times += 1
        return check_units(*arguments)

    monkeypatch.setattr(setsquare.cli.check, "check_units", counting)
    return counter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(write(tmp_path / "work", FILES))


def test_the_same_inputs_are_analysed_once(folder, analysed, capsys):
    first = report(capsys, str(folder))
    second = report(capsys, str(folder))
    assert analysed.times == 1
    first[1]["summary"]["seconds"] = second[1]["summary"]["seconds"] = 0
    assert second == first


def test_text_is_kept_as_well(folder, analysed, capsys):
    assert said(capsys, "check", str(folder)) == said(capsys, "check", str(folder))
    assert analysed.times == 1


CHANGES = {
    "a file": lambda folder: (folder / "main.tf").write_text("\n"),
    "a file of a module": lambda folder: (folder / "m/main.tf").write_text("\n"),
    "a new file": lambda folder: (folder / "new.tf").write_text(QUEUE.replace('"q"', '"new"')),
    "a file less": lambda folder: (folder / "m/main.tf").unlink(),
    "what git ignores": lambda folder: (folder / ".gitignore").write_text("m/\n"),
    "the policy": lambda folder: (folder / "setsquare.yaml").write_text(
        "policy: 1\nrules:\n  select: {min_severity: critical}\n"
    ),
    "a policy below": lambda folder: (folder / "m/setsquare.yaml").write_text("policy: 1\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_seen(change, folder, analysed, capsys):
    report(capsys, str(folder))
    change(folder)
    status, after = report(capsys, str(folder))
    assert analysed.times == 2
    fresh = report(capsys, str(folder), "--no-cache")
    after["summary"]["seconds"] = fresh[1]["summary"]["seconds"]
    assert (status, after) == fresh


@pytest.mark.parametrize("option", [("--strict",), ("--prove",), ("--as-of", "2031-01-01")], ids=str)
def test_other_arguments_are_another_question(option, folder, analysed, capsys):
    report(capsys, str(folder))
    report(capsys, str(folder), *option)
    assert analysed.times == 2


def test_nothing_is_kept_where_that_is_not_wanted(folder, analysed, capsys):
    report(capsys, str(folder), "--no-cache")
    report(capsys, str(folder), "--no-cache")
    assert analysed.times == 2
    assert not list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.json"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"text": 1}', b"\xff"], ids=str)
def test_a_damaged_report_is_made_again(content, folder, analysed, capsys):
    report(capsys, str(folder))
    (kept,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("*.json")
    kept.write_bytes(content)
    assert report(capsys, str(folder))[1]["findings"]
    assert analysed.times == 2
    assert json.loads(kept.read_text())["status"] == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(folder, monkeypatch, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    assert report(capsys, str(folder))[1]["findings"]


def test_only_so_many_reports_are_kept(folder, monkeypatch, capsys):
    monkeypatch.setattr(setsquare.cli.kept, "_MOST", 2)
    for year in range(2030, 2035):
        report(capsys, str(folder), "--as-of", f"{year}-01-01")
    assert len(list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.json"))) == 2
