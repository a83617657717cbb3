"""Repairs of a whole unit: proven together, else one by one, and what fails its proof is refused."""

from pathlib import Path
from typing import Any

import pytest
from tests.commands import QUEUE, said, write

from setsquare import checking
from setsquare.proof import Check, Proof

TWO = {
    "main.tf": QUEUE + 'resource "aws_sns_topic" "t" {\n}\n',
    "setsquare.yaml": "policy: 1\nparameters: {kms_key: arn:a}\n",
}


def test_what_fails_its_proof_is_left_alone_and_the_rest_is_repaired(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = checking.prove

    def doubting(before: Any, sources: Any, planned: Any, *more: Any) -> Proof:
        if any(finding.rule.id == "aws-sns-encrypted" for finding in planned.served):
            return Proof((Check("made up", passed=False, detail="it is a test"), Check("fine", passed=True)))
        return prove(before, sources, planned, *more)

    monkeypatch.setattr(checking, "prove", doubting)
    folder = write(tmp_path, TWO)
    status, _, err = said(capsys, "fix", folder, "--write")
    assert status == 1
    text = (tmp_path / "main.tf").read_text()
    assert 'resource "aws_sns_topic" "t" {\n}\n' in text
    assert text != TWO["main.tf"]
    assert "aws-sns-encrypted: the fix did not pass its proof (made up: it is a test)\n" in err
    assert err.endswith("1 finding fixed in 1 file, 2 left\n")


def test_paths_outside_the_folder_are_told_from_it(tmp_path: Path) -> None:
    report = checking.Report(str(tmp_path / "a"))
    assert report.relative(f"{tmp_path}/a/b/main.tf") == "b/main.tf"
    assert report.relative(f"{tmp_path}/setsquare.yaml") == "../setsquare.yaml"
