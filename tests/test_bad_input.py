"""Input that no tool would like: a clear message, the right exit status, and the neighbours are checked."""

import cProfile
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.commands import FIXED_QUEUE, QUEUE, report, rules_of, said, write
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

NEIGHBOUR = {"neighbour/main.tf": QUEUE}
FOUND = ["aws-sqs-encrypted", "aws-sqs-encryption-kms"]
TEMPLATE = 'AWSTemplateFormatVersion: "2010-09-09"\n'
BOMB = "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(30)
)  # 9 ** 29 items, were they counted out
DEEP = "[" * 10_000 + "]" * 10_000


@table(
    "name, content, messages",
    [
        ("main.tf", "", []),
        ("template.yaml", "", []),
        ("template.json", "", []),
        ("main.tf", bytes(range(256)), ["line 1, column 1: this is not text"]),
        (
            "main.tf",
            b'resource "aws_sqs_queue" "\xff" {\n}\n',
            ["line 1, column 1: the labels of this block are not text", "line 1, column 27: this is not UTF-8"],
        ),
        ("main.tf", 'resource "aws_sqs_queue" "q" {\n', ["line 1, column 1: this block is not closed"]),
        (
            "main.tf",
            'resource "aws_sqs_queue" "q {\n}\n',
            ["line 1, column 26: this string is not closed", "line 2, column 1: this bracket closes nothing"],
        ),
        (
            "main.tf",
            'resource "aws_sqs_queue" "q" {\n name = "a"\n name = "b"\n}\n',
            ["line 3, column 2: name is set twice in this block"],
        ),
        (
            "template.json",
            b'{"AWSTemplateFormatVersion": "2010-09-09", "Description": "\xff"}',
            ["line 1, column 60: this is not UTF-8"],
        ),
        ("main.tf.json", b'{"locals": {"a": "\xff"}}', ["line 1, column 19: this is not UTF-8"]),
        ("main.tf", f"locals {{\n  a = {DEEP}\n}}\n", ["line 2, column 106: nested deeper than 100 levels"]),
        ("main.tf", f'locals {{\n  a = "{DEEP}"\n}}\n', []),
        ("main.tf", f'locals {{\n  a = "${{{DEEP}}}"\n}}\n', []),
        (
            "main.tf",
            f"locals {{\n  a = {'f(' * 10_000}{')' * 10_000}\n}}\n",
            ["line 2, column 206: nested deeper than 100 levels"],
        ),
        ("main.tf", f"locals {{\n  a = {'!' * 10_000}true\n}}\n", []),
        ("main.tf", "a {\n" * 10_000 + "}\n" * 10_000, ["line 101, column 3: nested deeper than 100 levels"]),
        ("main.tf.json", f'{{"locals": {{"a": {DEEP}}}}}', ["line 1, column 116: nested deeper than 100 levels"]),
        (
            "template.json",
            f'{{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {DEEP}}}',
            ["line 1, column 156: nested deeper than 100 levels"],
        ),
        (
            "template.yaml",
            f"{TEMPLATE}Resources: {DEEP}\n",
            ["line 2, column 1011: while increasing flow level: exceeded maximum nesting depth"],
        ),
        (
            "template.yaml",
            f"{TEMPLATE}Resources:\n\tQ:\n\t\tType: AWS::SQS::Queue\n",
            ["line 3, column 1: while scanning for the next token: found character that cannot start any token"],
        ),
    ],
)
def test_broken_file_is_an_error_of_its_own(
    name: str, content: str | bytes, messages: list[str], tmp_path: Path, capsys: Any
) -> None:
    folder = write(tmp_path, {f"broken/{name}": content, **NEIGHBOUR})
    status, found = report(capsys, folder)
    assert status == 1
    assert found["errors"] == [{"file": f"broken/{name}", "message": message} for message in messages]
    assert rules_of(found["findings"]) == FOUND
    assert {entry["file"] for entry in found["findings"]} == {"neighbour/main.tf"}


def test_errors_alone_leave_the_exit_status_at_0_unless_strict(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": b"\0"})
    assert said(capsys, "check", folder)[0] == 0
    status, out, err = said(capsys, "check", folder, "--strict")
    assert (status, err) == (1, "")
    assert out.startswith("warning: main.tf:1:1: this is not text\n")


def test_file_of_5_mb(tmp_path: Path, capsys: Any) -> None:
    text = f"# {'x' * 61}\n" * 80_000 + QUEUE
    status, found = report(capsys, write(tmp_path, {"main.tf": text}))
    assert (status, rules_of(found["findings"]), found["errors"]) == (1, FOUND, [])
    assert found["findings"][0]["range"]["start"] == {"line": 80_001, "column": 1}


def test_file_that_is_too_large_is_not_read(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, NEIGHBOUR)
    with (tmp_path / "main.tf").open("wb") as file:
        file.truncate((16 << 20) + 1)
    status, found = report(capsys, folder)
    assert (status, rules_of(found["findings"])) == (1, FOUND)
    assert found["errors"] == [{"file": "main.tf", "message": "this file is larger than 16 MiB and was not read"}]


def test_yaml_alias_bomb_is_not_counted_out(tmp_path: Path, capsys: Any) -> None:
    text = f"{TEMPLATE}{BOMB}Resources:\n  Q: {{Type: AWS::SQS::Queue, Properties: {{Tags: *a29}}}}\n"
    folder = write(tmp_path, {"template.yaml": text, **NEIGHBOUR})
    started = time.perf_counter()
    status, found = report(capsys, folder)
    assert time.perf_counter() - started < 20
    assert (status, [entry["file"] for entry in found["findings"]]) == (
        1,
        ["neighbour/main.tf", "neighbour/main.tf", "template.yaml", "template.yaml"],
    )


def test_fix_beside_a_yaml_alias_bomb(tmp_path: Path, capsys: Any) -> None:
    text = f"{TEMPLATE}{BOMB}Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      Tags: *a29\n"
    folder = write(tmp_path, {"template.yaml": text})
    started = time.perf_counter()
    status, _, _ = said(capsys, "fix", folder, "--write", "--rule", "aws-sqs-encrypted")
    assert time.perf_counter() - started < 20
    assert (status, (tmp_path / "template.yaml").read_text()) == (0, text + "      SqsManagedSseEnabled: true\n")


def test_thousands_of_resources_in_one_file(tmp_path: Path) -> None:
    buckets = "".join(f'resource "aws_s3_bucket" "b{n}" {{\n}}\n' for n in range(2_000))
    folder = write(tmp_path, {"main.tf": buckets})
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30));"
        "from setsquare.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, "check", folder, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["summary"]["resources"] == 2_000


@table(
    "name, text",
    [
        (
            "template.yaml",
            f"{TEMPLATE}Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      KmsMasterKeyId: a\n      KmsMasterKeyId: b\n",
        ),
        (
            "template.json",
            (
                '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Q": {"Type": "AWS::SQS::Queue",'
                ' "Properties": {"KmsMasterKeyId": "a", "KmsMasterKeyId": "b"}}}}'
            ),
        ),
    ],
)
def test_value_of_a_key_that_is_there_twice_is_not_guessed(name: str, text: str, tmp_path: Path, capsys: Any) -> None:
    status, found = report(capsys, write(tmp_path, {name: text}))
    assert (status, found["findings"], rules_of(found["unknown"])) == (0, [], FOUND)


def test_links_that_lead_to_each_other_or_out(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path, {"outside.tf": QUEUE, "inside/main.tf": QUEUE})
    inside = tmp_path / "inside"
    (inside / "a.tf").symlink_to("b.tf")
    (inside / "b.tf").symlink_to("a.tf")
    (inside / "loop").symlink_to(".")
    (inside / "out.tf").symlink_to("../outside.tf")
    status, found = report(capsys, str(inside))
    assert (status, rules_of(found["findings"])) == (1, FOUND)
    assert found["errors"] == [
        {"file": "a.tf", "message": "this symbolic link leads nowhere"},
        {"file": "b.tf", "message": "this symbolic link leads nowhere"},
        {
            "file": "out.tf",
            "message": "this symbolic link leads out of the folder that is checked, and was not followed",
        },
    ]


def test_folder_that_cannot_be_read(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, {"closed/main.tf": QUEUE, **NEIGHBOUR})
    scandir = os.scandir

    def refusing(path: str) -> "Iterator[os.DirEntry[str]]":
        if path == f"{folder}/closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    status, found = report(capsys, folder)
    assert (status, rules_of(found["findings"])) == (1, FOUND)
    assert found["errors"] == [{"file": "closed", "message": "this folder cannot be read: Permission denied"}]


def test_file_that_is_a_pipe_is_refused_not_waited_for(tmp_path: Path, capsys: Any) -> None:
    os.mkfifo(tmp_path / "template.yaml")
    status, found = report(capsys, str(tmp_path / "template.yaml"))
    assert (status, found["findings"]) == (0, [])
    assert found["errors"] == [{"file": "template.yaml", "message": "this is not a regular file and was not read"}]


def test_policy_with_a_mistake(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": QUEUE, "setsquare.yaml": "policy: 1\nrules: {disabel: []}\n"})
    status, out, err = said(capsys, "check", folder)
    where = os.path.relpath(tmp_path / "setsquare.yaml")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "setsquare: the policy has mistakes",
        (
            f"{where}:2:9: found 'disabel', expected one of select, disable, fix, no_suppression, override;"
            " did you mean disable?"
        ),
    ]


def test_unknown_rule_in_a_suppression(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {"main.tf": f"# setsquare:ignore aws-nope because\n{QUEUE}"})
    status, found = report(capsys, folder)
    assert (status, rules_of(found["findings"])) == (1, FOUND)
    assert found["errors"] == [{"file": "main.tf", "message": "line 1, column 1: no rule is called aws-nope"}]


def test_broken_files_give_no_traceback(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {"a/main.tf": b"\xff{", "b/t.json": "{" * 10_000, "c/t.yaml": "{" * 10_000, "d/main.tf": "{" * 10_000},
    )
    command = [sys.executable, "-m", "setsquare", "check", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Traceback" not in done.stdout


def test_too_many_resources_are_judged_up_to_a_limit(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = len(Catalogue.shipped().for_type(Dialect.TERRAFORM, "aws_sqs_queue"))
    monkeypatch.setattr("setsquare.analysis.MAX_STEPS", 2 * rules)
    queues = "".join(f'resource "aws_sqs_queue" "q{n}" {{\n}}\n' for n in range(5))
    status, found = report(capsys, write(tmp_path, {"a/main.tf": queues, **NEIGHBOUR}))
    assert (status, rules_of(found["findings"]), found["summary"]["resources"]) == (1, FOUND * 3, 6)
    message = "too much to judge at once: aws_sqs_queue.q2 and 2 resources after it were not judged"
    assert found["errors"] == [{"file": "a/main.tf", "message": f"line 5, column 1: {message}"}]


@pytest.mark.parametrize(
    "shape",
    [
        '# setsquare:ignore aws-sqs-encryption-kms because\nresource "aws_sqs_queue" "q%d" {\n}\n',
        'resource "aws_sqs_queue" "q%d" {\n  sqs_managed_sse_enabled = var.v\n}\n',
    ],
)
def test_cost_of_a_resource_does_not_grow_with_their_number(shape: str, tmp_path: Path) -> None:
    start = 'variable "v" {\n  default = false\n}\n'
    counts = []
    for many in (50, 200):
        folder = write(tmp_path / str(many), {"main.tf": start + "".join(shape % number for number in range(many))})
        workspace = Workspace.open([folder], Catalogue.shipped())
        with cProfile.Profile() as profile:
            for unit in workspace.units():
                workspace.analyse(unit)
        counts.append(sum(entry.callcount for entry in profile.getstats()))
    assert counts[1] < 5 * counts[0]


@table(
    "name, text",
    [
        ("main.tf", 'resource "aws_sqs_queue" "q" {\n  name = "a"\n  name = "b"\n}\n'),
        ("main.tf", f'{QUEUE}resource "aws_sqs_queue" "r" {{\n  name =\n}}\n'),
        ("main.tf.json", '{"resource": {"aws_sqs_queue": {"q": {"name": "a", "name": "b"}, "r": {}}}}'),
        ("main.tf.json", '{"resource": {"aws_sqs_queue": {"q": {}, "q": {}, "r": {}}}}'),
        ("t.yaml", f"{TEMPLATE}Resources:\n  Q:\n    Type: AWS::SQS::Queue\n  R:\n    Type: [\n"),
    ],
)
def test_fix_leaves_a_broken_file_as_it_is(name: str, text: str, tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path, {f"broken/{name}": text, **NEIGHBOUR})
    _, found = report(capsys, folder)
    broken = [entry["fix"] for entry in found["findings"] if entry["file"] == f"broken/{name}"]
    assert len(found["errors"]) == 1
    assert not any(fix["available"] for fix in broken)
    said(capsys, "fix", folder, "--write")
    assert (tmp_path / "broken" / name).read_text() == text
    assert (tmp_path / "neighbour/main.tf").read_text() == FIXED_QUEUE


def test_fix_in_another_file_does_not_touch_a_broken_one(tmp_path: Path, capsys: Any) -> None:
    variables = 'variable "v" {\n  default = false\n}\nlocals {\n  a =\n}\n'
    queue = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.v\n}\n'
    folder = write(tmp_path, {"variables.tf": variables, "main.tf": queue})
    _, _, err = said(capsys, "fix", folder, "--write")
    assert (tmp_path / "variables.tf").read_text() == variables
    assert "aws-sqs-encrypted: variables.tf has syntax errors, and is left as it is until they are repaired" in err
