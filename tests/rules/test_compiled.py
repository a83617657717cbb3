"""The shipped rules as one JSON file: what is compiled is what was read, and it is what a wheel carries."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from setsquare.rules import compiled
from setsquare.rules.codec import decode, encode
from setsquare.rules.compiled import RuleFilesError, compile_rules, load_compiled, read_rules, rules_folder, shipped

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
SMALL = (Path("aws/sqs/encrypted.yaml"), Path("aws/sqs/encrypted.examples.yaml"), Path("orders.yaml"))


@pytest.fixture(scope="module")
def everything():
    return read_rules(RULES)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A package of its own whose rules are few."""
    for name in SMALL:
        (tmp_path / "rules" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RULES / name, tmp_path / "rules" / name)
    (tmp_path / "server" / "setsquare" / "rules").mkdir(parents=True)
    monkeypatch.setattr(compiled, "_SOURCE", tmp_path / "rules")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "server" / "setsquare" / "rules" / "compiled.py"))
    shipped.cache_clear()
    yield tmp_path
    shipped.cache_clear()


def test_every_rule_survives(everything):
    for rule in everything.rules:
        assert rule == decode(json.loads(json.dumps(encode(rule))))


def test_catalogue_survives(everything):
    again = load_compiled(compile_rules(RULES))

    assert everything == again
    assert everything.digest.startswith("sha256:")


def test_only_parts_of_rules_are_encoded():
    with pytest.raises(TypeError, match="object is no part of a rule"):
        encode(object())
    with pytest.raises(KeyError):
        decode({"$": "Popen"})


def test_mistakes_are_all_named(tmp_path):
    (tmp_path / "aws" / "x").mkdir(parents=True)
    (tmp_path / "aws" / "x" / "a.yaml").write_text("[]\n")
    (tmp_path / "orders.yaml").write_text("tls: TLSv1\nssl: [{a: b}]\n")

    with pytest.raises(RuleFilesError) as raised:
        read_rules(tmp_path)

    assert [
        f"{tmp_path}/aws/x/a.yaml:1:1: found a list, expected a mapping: a rule",
        f"{tmp_path}/orders.yaml:1:6: found 'TLSv1', expected a list, weakest first",
        f"{tmp_path}/orders.yaml:2:7: found a mapping, expected a text, a number or a boolean",
    ] == str(raised.value).splitlines()


def test_nothing_is_needed(tmp_path):
    nothing = read_rules(tmp_path)

    assert ((), {}, {}) == (nothing.rules, nothing.orders, nothing.object_attributes)


def test_compiled_again_only_when_a_file_changes(source, monkeypatch):
    first = shipped()
    kept = source / "server" / "setsquare" / "catalogue.json"
    assert ["aws-sqs-encrypted"] == [rule.id for rule in first.rules]
    assert kept.exists()

    shipped.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(compiled, "compile_rules", None)
        assert first == shipped()

    rule = source / "rules" / SMALL[0]
    rule.write_text(
        rule.read_text().replace("severity: high", "severity: low").replace("severity: medium", "severity: low")
    )
    shipped.cache_clear()
    assert ["low"] == [rule.severity.value for rule in shipped().rules]


def test_examples_do_not_count(source):
    shipped()
    before = (source / "server" / "setsquare" / "catalogue.json").read_bytes()
    (source / "rules" / SMALL[1]).write_text("")
    shipped.cache_clear()
    shipped()

    assert before == (source / "server" / "setsquare" / "catalogue.json").read_bytes()


def test_checkout_that_may_not_be_written_to(source, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError

    monkeypatch.setattr(Path, "write_bytes", refuse)

    assert ["aws-sqs-encrypted"] == [rule.id for rule in shipped().rules]
    assert not list((source / "server" / "setsquare").glob("*.json"))


def test_rules_folder(monkeypatch):
    assert RULES == rules_folder()

    monkeypatch.setattr(compiled, "_SOURCE", Path("/nowhere"))

    assert "shipped_rules" == rules_folder().name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


def test_wheel_carries_the_catalogue_and_no_examples(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    rules = {f"setsquare/shipped_rules/{path.relative_to(RULES).as_posix()}" for path in RULES.rglob("*.*")}

    assert {name for name in rules if ".examples." not in name} == {n for n in names if "/shipped_rules/" in n}
    assert ["setsquare/catalogue.json"] == [name for name in names if name.endswith("catalogue.json")]
    assert not [name for name in names if "examples" in name and name.endswith(".yaml")]


def test_wheel_works(wheel, everything, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n}\n')
    program = (
        "import sys; sys.path.insert(0, 'site'); from setsquare.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )

    # Coverage is of the source, not of its copy in the wheel.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}

    def run(*arguments):
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert "" == done.stderr
        return done.returncode, done.stdout

    status, out = run("check", "main.tf")
    assert 1 == status
    assert "[aws-sqs-encrypted]" in out
    assert (0, f"{len(everything.rules)} rules, 0 faults\n") == run("rules", "--check")
