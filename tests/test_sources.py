"""Files that functions of Terraform read: of the workspace alone, and a change of one is seen."""

import os
from pathlib import Path

import pytest
from tests.commands import write

from setsquare.documents import Document
from setsquare.resolve.sources import MAX_SOURCE
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

MAIN = """
resource "aws_sqs_queue" "q" {
  name                    = "q"
  sqs_managed_sse_enabled = jsondecode(file("%s")).on
}
"""
RULE = "aws-sqs-encrypted"


def verdict(workspace: Workspace, folder: str) -> str:
    unit = workspace.unit_of(f"{folder}/main.tf")
    assert unit is not None
    analysis = workspace.analyse(unit)
    if any(finding.rule.id == RULE for finding in analysis.findings):
        return "violated"
    return "unknown" if any(finding.rule.id == RULE for finding in analysis.unknown) else "satisfied"


def opened(tmp_path: Path, named: str, files: dict[str, str]) -> tuple[Workspace, str]:
    folder = write(tmp_path / "inside", {"main.tf": MAIN % named, **files})
    return Workspace.open([folder], Catalogue.shipped()), folder


@pytest.mark.parametrize(("text", "expected"), [('{"on": true}', "satisfied"), ('{"on": false}', "violated")])
def test_a_file_of_the_workspace_is_read(text: str, expected: str, tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "data/on.json", {"data/on.json": text})
    assert verdict(workspace, folder) == expected


@pytest.mark.parametrize(
    "named", ["../outside.json", "/etc/passwd", "~/x", "link.json", "linked/outside.json", "gone.json"]
)
def test_what_is_outside_or_not_there_is_not_known(named: str, tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, named, {})
    (tmp_path / "outside.json").write_text('{"on": false}')
    os.symlink(tmp_path / "outside.json", f"{folder}/link.json")
    os.symlink(tmp_path, f"{folder}/linked")
    assert verdict(workspace, folder) == "unknown"
    assert {problem.path for problem in workspace.unreadable} <= {f"{folder}/link.json", f"{folder}/linked"}


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {"on.json": '{"on": false}' + " " * MAX_SOURCE})
    assert verdict(workspace, folder) == "unknown"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {})
    Path(folder, "on.json").write_bytes(b"\xff")
    assert verdict(workspace, folder) == "unknown"


def test_a_change_of_the_file_is_seen(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {"on.json": '{"on": true}'})
    assert verdict(workspace, folder) == "satisfied"
    Path(folder, "on.json").write_text('{"on": false}')
    assert workspace.invalidate(f"{folder}/on.json")
    assert verdict(workspace, folder) == "violated"


def test_a_file_that_appears_is_seen(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {})
    assert verdict(workspace, folder) == "unknown"
    Path(folder, "on.json").write_text('{"on": false}')
    assert workspace.invalidate(f"{folder}/on.json")
    assert verdict(workspace, folder) == "violated"


def test_a_buffer_wins_over_the_disk(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {"on.json": '{"on": true}'})
    workspace.overlay.set(Document(f"{folder}/on.json", b'{"on": false}', 1))
    assert verdict(workspace, folder) == "violated"


def test_what_was_read_is_part_of_what_was_seen(tmp_path: Path) -> None:
    workspace, folder = opened(tmp_path, "on.json", {"on.json": '{"on": true}'})
    verdict(workspace, folder)
    seen = dict(workspace.seen)
    assert workspace.is_as_seen(seen)
    Path(folder, "on.json").write_text('{"on": false}')
    assert not workspace.is_as_seen(seen)
