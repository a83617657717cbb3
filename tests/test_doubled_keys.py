"""A key that is there twice in a template: named, its resource not judged, and the file left as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.commands import report, rules_of, said, tree, write
from tests.tables import table

FOUND = ["aws-sqs-encrypted", "aws-sqs-encryption-kms"]
TEMPLATE = """{"AWSTemplateFormatVersion": "2010-09-09",
"Parameters": {"P": {"Type": "String", "Default": "p"}, "O": {"Type": "String", "Default": "o"}},
"Conditions": {"C": {"Fn::Equals": ["a", "a"]}, "D": {"Fn::Equals": ["a", "b"]}},
"Mappings": {"M": {"a": {"b": "c", "d": "e"}}, "N": {"a": {"b": "c"}}},
"Metadata": {"x": "1", "y": "2"},
"Resources": {
"Q": {"Type": "AWS::SQS::Queue", "DependsOn": "S",
 "Metadata": {"m": {"x": 1, "y": 2}, "n": 1},
 "Properties": {"QueueName": {"Ref": "P", "x": 1}, "Tags": [{"Key": "a", "Value": "b"}], "DelaySeconds": 1}},
"R": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Delete"},
"S": {"Type": "AWS::SQS::Queue", "Condition": "C"}},
"Outputs": {"V": {"Value": "1", "Export": {"Name": "a"}}, "W": {"Value": "2"}}}
"""


class Pairs(list[tuple[str, object]]):
    """A mapping whose keys may be there twice."""


def _block_style(value: object, indent: str = "") -> Iterator[str]:
    """Yield the lines of YAML that say what JSON says."""
    if isinstance(value, Pairs):
        for key, inner in value:
            if isinstance(inner, list):
                yield f"{indent}{key}:"
                yield from _block_style(inner, indent + "  ")
            else:
                yield f"{indent}{key}: {json.dumps(inner)}"
    elif isinstance(value, list):
        for item in value:
            first, *rest = _block_style(item, indent + "  ") if isinstance(item, list) else [json.dumps(item)]
            yield f"{indent}- {first.lstrip()}"
            yield from rest


def _written(name: str, template: str) -> str:
    if name.endswith(".json"):
        return template
    return "\n".join(_block_style(json.loads(template, object_pairs_hook=Pairs))) + "\n"


@table(
    "old, new, judged",
    [
        # "@" marks the second key
        ('"y": "2"', '"y": "2"', "QRS"),
        ('"Outputs"', '"Mappings@"', ""),
        ('"Metadata": {"x": "1"', '"Parameters@": {"x": "1"', ""),
        ('"Outputs": {', '"Resources@": {"T": {"Type": "AWS::SQS::Queue"}}, "Outputs": {', ""),
        ('"O": {', '"P@": {', "QRS"),
        ('"D": {"Fn', '"C@": {"Fn', "QRS"),
        ('"N": {', '"M@": {', "QRS"),
        ('"d": "e"', '"b@": "e"', "QRS"),
        ('"y": "2"', '"x@": "2"', "QRS"),
        ('"y": 2', '"x@": 2', "RS"),
        ('"n": 1', '"m@": 1', "RS"),
        ('"R": {', '"Q@": {', "S"),
        ('"UpdateReplacePolicy"', '"DeletionPolicy@"', "QS"),
        ('"DependsOn": "S"', '"Type@": "AWS::SNS::Topic"', "RS"),
        ('"DelaySeconds": 1}', '"DelaySeconds": 1}, "Properties@": {}', "RS"),
        ('"DelaySeconds": 1', '"QueueName@": 1', "RS"),
        ('"x": 1}, "Tags"', '"Ref@": "O"}, "Tags"', "RS"),
        ('"Value": "b"', '"Key@": "b"', "RS"),
        ('"Condition": "C"', '"Condition": "C", "Condition@": "D"', "QR"),
        ('"W": {', '"V@": {', "QRS"),
        ('"Export": {"Name": "a"}', '"Value@": "1"', "QRS"),
    ],
)
def test_key_that_is_there_twice(old: str, new: str, judged: str, tmp_path: Path, capsys: Any) -> None:
    for name in ("t.json", "t.yaml"):
        _is_named_and_left_alone(name, TEMPLATE.replace(old, new), judged, tmp_path / name, capsys)


def _is_named_and_left_alone(name: str, template: str, judged: str, folder: Path, capsys: Any) -> None:
    marked = _written(name, template)
    second = re.search(r'"?(\w+)@', marked)
    text = marked.replace("@", "")
    _, found = report(capsys, write(folder, {name: text}))
    problems = []
    if second:
        before = text[: second.start()].split("\n")
        problems = [f"line {len(before)}, column {len(before[-1]) + 1}: the key {second.group(1)} is there twice"]
    assert [error["message"] for error in found["errors"]] == problems
    assert "".join(sorted({entry["resource"] for entry in found["findings"]})) == judged
    assert rules_of(found["findings"]) == FOUND * len(judged)
    said(capsys, "fix", str(folder), "--write")
    assert (tree(str(folder)) == {name: text.encode()}) is bool(second)
