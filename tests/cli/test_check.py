"""``check``: exit statuses, and the contract of the JSON report."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.commands import FIXED_QUEUE, QUEUE, VOLUME, report, rules_of, said, write
from tests.tables import table

from setsquare import __version__

SETTINGS = {
    "main.tf": 'variable "x" {}\nresource "aws_ebs_volume" "v" {\n  encrypted = var.x\n}\n',
    "queue/main.tf": QUEUE,
    "set_aside/main.tf": f"# setsquare:ignore aws-sqs-encrypted é because\n{QUEUE}",
    "broken/main.tf": 'resource "aws_sqs_queue" "q" {\n',
}
KEYS = ["rule", "version", "severity", "verdict", "message", "file", "range", "resource", "related", "violations"]
OPEN_TO_ALL = """resource "aws_security_group" "g" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""


def test_nothing_found(tmp_path: Path, capsys: Any) -> None:
    status, out, err = said(capsys, "check", write(tmp_path, {"main.tf": 'variable "x" {}\n'}))
    assert (status, out, err) == (0, "1 file, 0 resources checked: 0 findings\n", "")


def test_json_report(tmp_path: Path, capsys: Any) -> None:
    status, found = report(capsys, write(tmp_path, SETTINGS))
    assert status == 1
    assert list(found) == ["schema", "tool", "policy", "findings", "unknown", "suppressed", "errors", "summary"]
    assert (found["schema"], found["tool"]) == (1, {"name": "setsquare", "version": __version__})
    assert found["policy"]["path"] is None
    assert found["policy"]["hash"].startswith("sha256:")
    for entry in found["findings"]:
        assert list(entry) == [*KEYS, "fix", "frameworks"]
        assert list(entry["fix"]) == ["available", "reason", "impact", "proof", "fingerprint"]
    for entry in found["unknown"]:
        assert list(entry) == [*KEYS, "frameworks", "expression", "decided_by"]
    for entry in found["suppressed"]:
        assert list(entry) == [*KEYS, "fix", "frameworks", "suppressed"]
    assert found["errors"] == [{"file": "broken/main.tf", "message": "line 1, column 1: this block is not closed"}]
    assert list(found["summary"]) == ["files", "resources", "findings", "fixable", "seconds"]
    assert found["summary"] | {"seconds": 0} == {"files": 4, "resources": 4, "findings": 4, "fixable": 1, "seconds": 0}


def test_finding(tmp_path: Path, capsys: Any) -> None:
    status, found = report(capsys, write(tmp_path, {"main.tf": "# é\n" + VOLUME}))
    assert status == 1
    (entry,) = [entry for entry in found["findings"] if entry["rule"] == "aws-ec2-ebs-volume-encrypted"]
    place = {"start": {"line": 4, "column": 23}, "end": {"line": 4, "column": 28}}
    assert (entry["severity"], entry["verdict"], entry["file"]) == ("medium", "violated", "main.tf")
    assert (entry["resource"], entry["related"], entry["range"]) == ("aws_ebs_volume.v", [], place)
    assert entry["violations"] == [
        {
            "path": "encrypted",
            "expected": "true",
            "actual": False,
            "origin": {"file": "main.tf", "range": place},
        }
    ]
    assert (entry["fix"]["available"], entry["fix"]["impact"], entry["fix"]["proof"]) == (True, "replaces", None)


def test_missing_companion_lists_every_leaf(tmp_path: Path, capsys: Any) -> None:
    _, found = report(capsys, write(tmp_path, {"main.tf": 'resource "aws_s3_bucket" "b" {\n}\n'}))
    (entry,) = [entry for entry in found["findings"] if entry["rule"] == "aws-s3-block-public-access"]
    assert [(leaf["path"], leaf["expected"], leaf["actual"]) for leaf in entry["violations"]] == [
        (name, "true", None)
        for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    ]


def test_columns_count_code_points(tmp_path: Path, capsys: Any) -> None:
    text = 'resource "aws_sqs_queue" "q" { /* é😀 */ sqs_managed_sse_enabled = false }\n'
    _, found = report(capsys, write(tmp_path, {"main.tf": text}))
    (entry,) = [entry for entry in found["findings"] if entry["rule"] == "aws-sqs-encrypted"]
    assert entry["range"]["start"] == {"line": 1, "column": text.index("false") + 1}


def test_unknown(tmp_path: Path, capsys: Any) -> None:
    status, found = report(capsys, write(tmp_path, {"main.tf": SETTINGS["main.tf"]}))
    (entry,) = [entry for entry in found["unknown"] if entry["rule"] == "aws-ec2-ebs-volume-encrypted"]
    assert (status, entry["verdict"]) == (1, "unknown")
    assert (entry["expression"], entry["decided_by"]) == ("var.x", "main.tf")


def test_suppressed(tmp_path: Path, capsys: Any) -> None:
    _, found = report(capsys, write(tmp_path, {"main.tf": SETTINGS["set_aside/main.tf"]}))
    (entry,) = found["suppressed"]
    assert entry["rule"] == "aws-sqs-encrypted"
    assert entry["suppressed"] == {"by": "setsquare comment", "reason": "é because", "until": None}


def test_order_is_by_file_position_and_rule(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"b.tf": QUEUE + VOLUME, "a.tf": QUEUE.replace('"q"', '"p"'), "a/main.tf": QUEUE})
    _, found = report(capsys, folder)
    keys = [
        (entry["file"], entry["range"]["start"]["line"], entry["range"]["start"]["column"], entry["rule"])
        for entry in found["findings"]
    ]
    assert keys == sorted(keys)
    assert {key[0] for key in keys} == {"a.tf", "a/main.tf", "b.tf"}
    _, again = report(capsys, folder)
    found["summary"]["seconds"] = again["summary"]["seconds"] = 0
    assert json.dumps(found) == json.dumps(again)


def test_prove(tmp_path: Path, capsys: Any) -> None:
    _, found = report(capsys, write(tmp_path, {"main.tf": QUEUE}), "--prove")
    assert [entry["fix"]["proof"] for entry in found["findings"]] == ["5/5", None]
    _, out, _ = said(capsys, "check", str(tmp_path), "--prove")
    assert "= fix: changes in place, proof 5/5\n" in out


def test_strict_counts_what_is_unknown(tmp_path: Path, capsys: Any) -> None:
    text = 'variable "x" {}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.x\n  kms_master_key_id = var.x\n}\n'
    folder = write(tmp_path, {"main.tf": text})
    assert said(capsys, "check", folder)[0] == 0
    assert said(capsys, "check", folder, "--strict")[0] == 1


def test_only_what_is_asked_for_is_reported(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"a.tf": QUEUE, "b.tf": VOLUME})
    _, found = report(capsys, f"{folder}/a.tf")
    assert {entry["file"] for entry in found["findings"]} == {"a.tf"}
    template = write(tmp_path, {"t.yaml": 'AWSTemplateFormatVersion: "2010-09-09"\nResources: {}\n'}) + "/t.yaml"
    assert report(capsys, template, template)[1]["summary"]["files"] == 1
    assert report(capsys, folder, f"{folder}/a.tf")[1]["summary"]["files"] == 3


def test_open_port_is_found_in_its_block(tmp_path: Path, capsys: Any) -> None:
    _, found = report(capsys, write(tmp_path, {"main.tf": OPEN_TO_ALL}))
    (entry,) = [entry for entry in found["findings"] if entry["rule"] == "aws-ec2-no-public-ssh"]
    assert entry["range"]["start"]["line"] in (2, 6)


POLICY = """policy: 1
exceptions:
  - {rule: aws-sqs-encrypted, resource: aws_sqs_queue.q, reason: public, until: 2026-12-31}
"""


@table(
    "day, found, errors",
    [("2026-12-31", 1, 0), ("2027-01-01", 2, 1)],
)
def test_end_dates_are_judged_by_as_of(day: str, found: int, errors: int, tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE, "setsquare.yaml": POLICY})
    _, content = report(capsys, folder, "--as-of", day)
    assert (content["policy"]["path"], content["policy"]["as_of"]) == ("setsquare.yaml", day)
    assert (len(content["findings"]), len(content["errors"])) == (found, errors)
    assert len(content["suppressed"]) == 2 - found


def test_policy_that_is_named(tmp_path: Path, capsys: Any) -> None:
    write(
        tmp_path, {"code/main.tf": QUEUE, "policies/own.yaml": "policy: 1\nrules: {select: {min_severity: medium}}\n"}
    )
    code, policy = str(tmp_path / "code"), str(tmp_path / "policies/own.yaml")
    _, found = report(capsys, code, "--policy", policy)
    assert rules_of(found["findings"]) == ["aws-sqs-encrypted"]
    assert found["policy"]["path"] == "../policies/own.yaml"


@table(
    "arguments, message",
    [
        (["{folder}/nothing"], "setsquare: there is no file or folder {folder}/nothing\n"),
        (["{folder}", "--policy", "{folder}/no.yaml"], "setsquare: there is no policy file {folder}/no.yaml\n"),
        (
            ["{folder}/notes.txt"],
            (
                "setsquare: {folder}/notes.txt is neither Terraform nor a template:"
                " neither by its name, nor as part of its folder\n"
            ),
        ),
    ],
)
def test_usage_errors(arguments: list[str], message: str, tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE, "notes.txt": ""})
    status, out, err = said(capsys, "check", *(word.format(folder=folder) for word in arguments))
    assert (status, out, err) == (2, "", message.format(folder=folder))


def test_date_that_is_none(capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        said(capsys, "check", ".", "--as-of", "tomorrow")
    assert "'tomorrow' is not a date as 2027-06-30" in capsys.readouterr().err


def test_runs_give_the_same_bytes_in_any_locale(tmp_path: Path) -> None:
    folder = write(tmp_path, {"é.tf": FIXED_QUEUE, "main.tf": VOLUME})
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "setsquare", "check", folder],
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": locale, "PYTHONHASHSEED": seed},
        ).stdout
        for locale, seed in (("C", "1"), ("C.UTF-8", "2"))
    }
    assert len(outputs) == 1
