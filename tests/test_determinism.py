"""Two runs print the same bytes, whatever the hash seed, the order of the files and the folder they are in."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.rules.test_rule_examples import FIXED
from tests.small_rules import a_thing, module, thing
from tests.support import NAMES

from setsquare.analysis import analyse
from setsquare.context import Context
from setsquare.documents import Dialect
from setsquare.findings import Analysis
from setsquare.fixes import plan
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import hcl

ALONE, TOGETHER = 25, 8
"""How many examples have a folder of their own, and how many share one."""


def workspace() -> Iterator[tuple[str, str]]:
    """Yield files: templates and modules of one file, and a module of several that speak of the same resources."""
    chosen = random.Random(0).sample([example for _, example in FIXED], ALONE)  # noqa: S311 - no secret
    for number, example in enumerate(chosen):
        yield f"m{number}/{NAMES[example.dialect]}", example.input
    terraform = [example for _, example in FIXED if example.dialect is Dialect.TERRAFORM]
    for number, example in enumerate(random.Random(1).sample(terraform, TOGETHER)):  # noqa: S311 - no secret
        yield f"together/f{number}.tf", example.input


def run(root: Path, seed: int, *arguments: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "setsquare", *arguments, str(root), "--as-of", "2026-06-01"],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return three folders with the same files, written in another order each."""
    files = list(workspace())
    folders = []
    for seed, name in enumerate(("a", "somewhere-else", "ü b")):
        folder = tmp_path_factory.mktemp(name)
        random.Random(seed).shuffle(files)  # noqa: S311 - no secret
        for path, text in files:
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        folders.append(folder)
    return folders


def test_check_prints_the_same_bytes(roots: list[Path]) -> None:
    reports: list[dict[str, Any]] = [
        json.loads(run(root, seed, "check", "--format", "json")) for seed, root in enumerate(roots)
    ]
    for report in reports:
        del report["summary"]["seconds"]

    assert len(reports[0]["findings"]) > ALONE
    assert len({json.dumps(report) for report in reports}) == 1


def test_fix_prints_the_same_bytes(roots: list[Path]) -> None:
    diffs = {run(root, seed, "fix") for seed, root in enumerate(roots)}

    assert len(diffs) == 1
    assert diffs.pop().count(b"\n@@") >= ALONE


def test_the_order_in_which_files_are_read_is_of_no_account() -> None:
    some = module(
        {
            "a.tf": 'variable "v" {\n  default = false\n}\nlocals {\n  l = false\n}\n'
            + a_thing("a = var.v\nb = local.l", "p"),
            "b.tf": 'variable "v" {\n  default = true\n}\nlocals {\n  l = 1\n}\n' + a_thing("a = local.l", "q"),
            "c.auto.tfvars": "v = 1\n",
            "d.auto.tfvars": "v = 2\n",
        },
        thing("a: true\nb: true"),
    )
    files = [hcl.read(path, text) for path, text in some.texts.items()]

    def outcome(order: list[Any]) -> tuple[Analysis, dict[str, bytes]]:
        scope = TerraformModule(ModuleFolder.of("/unit", order, some.texts))
        analysis = analyse(scope, some.catalogue, some.policy, Context("/unit", some.texts))
        return analysis, plan(some.texts, analysis.findings[::-1]).apply(some.texts)

    forward, backward = outcome(files), outcome(files[::-1])

    assert forward[0].findings
    assert forward == backward
