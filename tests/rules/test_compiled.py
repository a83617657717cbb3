"""Rules compiled and back: nothing is lost."""

import json
from pathlib import Path

import pytest
from tests.small_rules import thing

from setsquare.rules import compiled
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.codec import decode, encode
from setsquare.rules.compiled import RuleFilesError, compile_rules, load_compiled, read_rules

RULE = """\
id: aws-a-thing
version: 1
title: Things
severity: high
category: logging
rationale: why
references: []
frameworks: {}
impact: {terraform: none, cloudformation: none}
terraform: [{resource: t, state: {a: 1}}]
cloudformation: {unsupported: nothing there}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "aws/a").mkdir(parents=True)
    (tmp_path / "aws/a/thing.yaml").write_text(RULE)
    (tmp_path / "aws/a/thing.examples.yaml").write_text("not read")
    return tmp_path


def test_every_shipped_rule_survives() -> None:
    rules = Catalogue.shipped().rules
    assert rules
    for rule in rules.values():
        assert decode(json.loads(json.dumps(encode(rule)))) == rule


def test_what_is_no_part_of_a_rule() -> None:
    with pytest.raises(TypeError, match="set is no part of a rule"):
        encode({1})
    with pytest.raises(KeyError):
        decode({"$": "Path"})


def test_a_folder_is_compiled_and_back(folder: Path) -> None:
    (folder / "orders.yaml").write_text("tls: [1, '1.1']\n")
    (folder / "facts").mkdir()
    (folder / "facts/required.json").write_text('{"terraform": {"t": {"b": ["n"]}}}')
    (folder / "facts/object_attributes.json").write_text('{"t": ["o"]}')

    read, back = read_rules(folder), load_compiled(compile_rules(folder, "stamp"))

    assert (back.rules, back.files, back.digest) == (read.rules, {"aws-a-thing": "aws/a/thing.yaml"}, read.digest)
    assert (back.orders, back.object_attributes) == ({"tls": ["1", "1.1"]}, {"t": ["o"]})
    assert back.required == {"terraform": {"t": {"b": ["n"]}}}
    (folder / "aws/a/thing.yaml").write_text(RULE.replace("a: 1", "a: 2"))
    assert read_rules(folder).digest != read.digest


def test_mistakes_of_a_folder(folder: Path) -> None:
    (folder / "aws/a/bad.yaml").write_text("[]\n")
    (folder / "orders.yaml").write_text("tls: x\n")

    with pytest.raises(RuleFilesError) as caught:
        read_rules(folder)

    assert str(caught.value) == (
        f"{folder}/aws/a/bad.yaml:1:1: found a list, expected a mapping: a rule\n"
        f"{folder}/orders.yaml:1:6: found 'x', expected a list, weakest first"
    )
    (folder / "orders.yaml").write_text("[]\n")
    with pytest.raises(RuleFilesError, match="ordered enumerations by name"):
        read_rules(folder)


def test_a_kept_catalogue_is_used_until_a_file_changes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path_factory.mktemp("beside")
    (beside / "package/rules").mkdir(parents=True)
    monkeypatch.setattr(compiled, "_SOURCE", folder)
    monkeypatch.setattr(compiled, "__file__", str(beside / "package/rules/compiled.py"))
    kept = beside / "package/catalogue.json"
    read = compiled.shipped.__wrapped__

    assert [rule.id for rule in read().rules] == ["aws-a-thing"]
    kept.write_bytes(kept.read_bytes().replace(b"aws-a-thing", b"aws-a-other"))
    assert [rule.id for rule in read().rules] == ["aws-a-other"]
    (folder / "aws/a/thing.yaml").write_text(RULE.replace("Things", "Other things"))
    assert [rule.title for rule in read().rules] == ["Other things"]
    assert compiled.rules_folder() == folder


def test_a_checkout_that_may_not_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken.json").mkdir()
    compiled._keep(tmp_path / "taken.json", b"x")  # noqa: SLF001 - no other way in
    assert [path.name for path in tmp_path.iterdir()] == ["taken.json"]


def test_an_installation_reads_what_it_carries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_SOURCE", folder / "none")
    monkeypatch.setattr(compiled.resources, "files", lambda _: folder)
    (folder / "catalogue.json").write_bytes(compile_rules(folder))

    assert [rule.id for rule in compiled.shipped.__wrapped__().rules] == ["aws-a-thing"]
    assert compiled.rules_folder() == folder / "shipped_rules"


def test_the_catalogue_of_two_rules() -> None:
    one, two = thing("a: true", "b-thing"), thing("a: true", "a-thing")
    rules = Catalogue(compiled.Shipped((one, two), {}))
    assert list(rules.rules) == ["a-thing", "b-thing"]
    assert list(rules.only(lambda rule: rule is one).rules) == ["b-thing"]
