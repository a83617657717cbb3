"""Folders to units; what is remembered, and what a change makes forget."""

import os
from pathlib import Path

import pytest
from tests.commands import FIXED_QUEUE, QUEUE, write

from setsquare.documents import Document
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace


def opened(*roots: str) -> Workspace:
    return Workspace.open(roots, Catalogue.shipped())


def test_units(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.tf": QUEUE, "x.tfvars": "", "t.yaml": "", "only/x.tfvars": ""})
    workspace = opened(folder)
    assert [(unit.key, unit.is_module) for unit in workspace.units()] == [(f"{folder}/t.yaml", False), (folder, True)]
    module = workspace.unit_of(f"{folder}/x.tfvars")
    assert module is not None
    assert module.paths == (f"{folder}/a.tf", f"{folder}/x.tfvars")
    assert workspace.unit_of(f"{folder}/only/x.tfvars") is None
    assert workspace.unit_of(f"{folder}/notes.txt") is None
    assert opened().unit_of(f"{folder}/a.tf") == module


def test_roots(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a/a.tf": QUEUE, "b/b.tf": QUEUE})
    workspace = opened(folder, f"{folder}/a/")
    assert workspace.root_of(f"{folder}/a/a.tf") == f"{folder}/a"
    assert workspace.root_of("/elsewhere/x.tf") == "/elsewhere"
    assert workspace.policy.path is None
    workspace.set_roots([f"{folder}/b"])
    assert workspace.roots == (f"{folder}/b",)
    assert [unit.key for unit in workspace.units()] == [f"{folder}/b"]
    workspace.set_roots([])
    assert workspace.policy.path is None
    assert not workspace.use_policy(None)


def test_buffer_wins_over_the_disk(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.tf": QUEUE})
    workspace = opened(folder)
    workspace.overlay.set(Document(f"{folder}/a.tf", FIXED_QUEUE.encode(), 1))
    workspace.overlay.set(Document(f"{folder}/notes.txt", b"", 1))
    (unit,) = workspace.units()
    assert workspace.text(f"{folder}/a.tf") == FIXED_QUEUE.encode()
    assert len(workspace.analyse(unit).findings) == 1
    assert len(workspace.analyse(unit, {f"{folder}/a.tf": QUEUE.encode()}).findings) == 2
    assert len(workspace.blocks(f"{folder}/a.tf")) == 1
    assert workspace.blocks(f"{folder}/b.tf") == ()


def test_files_that_come_and_go(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.tf": QUEUE})
    workspace = opened(folder)
    assert not workspace.invalidate(f"{folder}/a.tf")
    assert len([*workspace.units()]) == 1
    write(tmp_path, {"t.yaml": "Resources: {}\n"})
    workspace.invalidate(f"{folder}/t.yaml")
    assert len([*workspace.units()]) == 2
    os.unlink(f"{folder}/t.yaml")
    workspace.invalidate(f"{folder}/t.yaml")
    assert len([*workspace.units()]) == 1
    write(tmp_path, {".gitignore": "*.tf\n"})
    workspace.invalidate(f"{folder}/.gitignore")
    assert [*workspace.units()] == []
    assert workspace.invalidate(f"{folder}/setsquare.yaml")


def test_calls_between_modules(tmp_path: Path) -> None:
    call = 'module "m" {\n  source = "./m"\n}\n'
    folder = write(tmp_path, {"a.tf": call, "m/a.tf": QUEUE, "t.yaml": ""})
    workspace = opened(folder)
    assert workspace.related(folder) == {f"{folder}/m"}
    workspace.invalidate(f"{folder}/a.tf")
    assert workspace.related(folder) == {f"{folder}/m"}
    write(tmp_path, {"a.tf": QUEUE})
    workspace.invalidate(f"{folder}/a.tf")
    assert workspace.related(folder) == frozenset()


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write(tmp_path, {"t.yaml": ""})
    workspace = opened(folder)
    (unit,) = workspace.units()
    os.unlink(f"{folder}/t.yaml")
    assert workspace.analyse(unit).files == 0
    assert [problem.message for problem in workspace.unreadable] == [
        "this file cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize("name", ["t.yaml", "t.json"])
def test_blocks_of_a_template(name: str, tmp_path: Path) -> None:
    text = '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}\n'
    workspace = opened(write(tmp_path, {name: text}))
    (unit,) = workspace.units()
    assert workspace.analyse(unit).resources == 1
    assert len(workspace.blocks(unit.key)) == 1


def test_policy_of_a_root_is_not_below_itself(tmp_path: Path) -> None:
    policy = "policy: 1\nexceptions:\n  - {rule: aws-sqs-encrypted, reason: the queue is empty, approved_by: ciso, until: 2099-01-01}\n"
    root = write(tmp_path, {"main.tf": QUEUE, "setsquare.yaml": policy})
    workspace = opened(root)

    assert workspace.policy.path == f"{root}/setsquare.yaml"
    assert workspace.policy_problems == ()
