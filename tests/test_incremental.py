"""What is found after edits, when only what they touch is judged again, is what a fresh analysis finds."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.commands import write

from setsquare.documents import Document
from setsquare.findings import Analysis, ProblemKind
from setsquare.fixes import plan
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.rule import Rule
from setsquare.workspace import Workspace

MAIN = """\
resource "aws_s3_bucket" "one" {
  bucket = "${var.prefix}-one"
}

resource "aws_s3_bucket" "two" {
  bucket = local.name
}

# setsquare:ignore aws-s3-versioning it is a cache
resource "aws_s3_bucket" "three" {
  bucket = "three"
}

resource "aws_s3_bucket_public_access_block" "one" {
  bucket = aws_s3_bucket.one.id

  block_public_acls = var.on
}

resource "aws_s3_bucket_versioning" "two" {
  bucket = local.bucket

  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_sqs_queue" "a" {
  sqs_managed_sse_enabled = var.on
}

resource "aws_sqs_queue" "b" {
  sqs_managed_sse_enabled = var.on
  name                    = "b${var.on}"
}

module "logs" {
  source = "terraform-aws-modules/s3-bucket/aws"

  block_public_acls = local.on
}

resource "aws_ebs_volume" "c" {
  encrypted = local.on
}
"""
VARIABLES = """\
variable "prefix" {
  default = "acme"
}

variable "on" {
  default = false
}

locals {
  on     = var.on
  name   = "acme-two"
  bucket = aws_s3_bucket.two.id
}

output "three" {
  value = "nothing"
}
"""
WORDS = (
    *("aws_s3_bucket.one", "aws_s3_bucket.two", "aws_s3_bucket.three", '"aws_s3_bucket"', '"aws_sqs_queue"'),
    *('"one"', '"two"', '"three"', '"nothing"', "var.on", "local.on", "local.bucket", "local.name", "true", "false"),
    *("bucket ", "count ", "setsquare:ignore", "default", "aws-s3-versioning", '"Suspended"', '"Enabled"'),
)
NOISE = (
    "{",
    "}",
    '"',
    "=",
    "\n",
    "\n\n",
    "<<EOT\n",
    "/*",
    "#",
    "${",
    " ",
    "é",
    "}\n",
    'resource "aws_sqs_queue" "n" {}\n',
)


def shown(value: object) -> Any:
    """Return what was found as plain data; which other companions are planned is no part of a fix."""
    if isinstance(value, Rule):
        return value.id
    if is_dataclass(value) and not isinstance(value, type):
        return [shown(getattr(value, field.name)) for field in fields(value) if field.name != "siblings"]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return value
    return [shown(item) for item in value]


def assert_same(found: Analysis, fresh: Analysis, texts: Mapping[str, bytes]) -> None:
    syntax = [problem for problem in fresh.problems if problem.kind is ProblemKind.SYNTAX]
    assert [problem for problem in found.problems if problem.kind is ProblemKind.SYNTAX] == syntax
    if syntax:
        return  # what the intact blocks were may be remembered
    assert shown(found.findings) == shown(fresh.findings)
    assert sorted(map(repr, found.problems)) == sorted(map(repr, fresh.problems))
    for name in ("unknown", "suppressed", "satisfied"):
        assert sorted(map(repr, shown(getattr(found, name)))) == sorted(map(repr, shown(getattr(fresh, name))))
    assert plan(texts, list(found.findings)).edits == plan(texts, list(fresh.findings)).edits


class Edited:
    """A folder that is edited, and what is found in it."""

    unit = "main.tf"

    def __init__(self, folder: str, files: Mapping[str, str]) -> None:
        self.texts = {f"{folder}/{name}": text.encode() for name, text in files.items()}
        self.folder = folder
        self.workspace = Workspace.open([folder], Catalogue.shipped())
        for path, text in self.texts.items():
            self.workspace.overlay.set(Document(path, text, 1))

    def found(self) -> Analysis:
        """Return what is found after the edits."""
        unit = self.workspace.unit_of(f"{self.folder}/{self.unit}")
        assert unit is not None
        return self.workspace.analyse_edited(unit, self.texts)

    def fresh(self) -> Analysis:
        """Return what is found when nothing is known."""
        workspace = Workspace.open([self.folder], Catalogue.shipped())
        for path, text in self.texts.items():
            workspace.overlay.set(Document(path, text, 1))
        unit = workspace.unit_of(f"{self.folder}/{self.unit}")
        assert unit is not None
        found = workspace.analyse_texts(unit, self.texts)
        for path in self.texts:
            assert self.workspace.blocks(path) == workspace.blocks(path)
        return found

    def edit(self, name: str, text: bytes) -> None:
        """Replace a text."""
        path = f"{self.folder}/{name}"
        self.texts[path] = text
        self.workspace.overlay.set(Document(path, text, 2))
        self.workspace.invalidate(path)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace what is once in a text."""
        text = self.texts[f"{self.folder}/{name}"].decode()
        assert text.count(old) == 1
        self.edit(name, text.replace(old, new).encode())

    def check(self) -> Analysis:
        """Hold both against each other."""
        found = self.found()
        assert_same(found, self.fresh(), self.texts)
        return found


@pytest.fixture
def module(tmp_path_factory: pytest.TempPathFactory) -> Edited:
    files = {"main.tf": MAIN, "variables.tf": VARIABLES}
    return Edited(write(tmp_path_factory.mktemp("module"), files), files)


def with_word(text: bytes, place: int, old: str, new: str) -> bytes:
    """Return a text with one occurrence of a word replaced."""
    parts = text.split(old.encode())
    index = place % len(parts)
    if index == 0:
        return text
    return old.encode().join(parts[:index]) + new.encode() + old.encode().join(parts[index:])


Words = st.tuples(st.integers(0, 60), st.sampled_from(WORDS), st.sampled_from(WORDS))
Noise = st.tuples(st.integers(0, 1500), st.sampled_from((0, 0, 1, 40)), st.sampled_from(NOISE))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(("main.tf", "variables.tf")), st.one_of(Words, Noise, st.none())), max_size=6)
)
def test_what_is_found_after_edits_is_what_a_fresh_analysis_finds(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, tuple[int, int | str, str] | None]]
) -> None:
    files = {"main.tf": MAIN, "variables.tf": VARIABLES}
    edited = Edited(write(tmp_path_factory.mktemp("edited"), files), files)
    edited.check()
    for name, edit in edits:
        text = edited.texts[f"{edited.folder}/{name}"]
        if edit is None:
            edited.edit(name, files[name].encode())
        elif isinstance(edit[1], str):
            edited.edit(name, with_word(text, edit[0], edit[1], edit[2]))
        else:
            start = edit[0] % (len(text) + 1)
            edited.edit(name, text[:start] + edit[2].encode() + text[start + edit[1] :])
        edited.check()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("variables.tf", "default = false", "default = true"),
        ("variables.tf", "aws_s3_bucket.two.id", "aws_s3_bucket.one.id"),
        (
            "variables.tf",
            'output "three" {\n  value = "nothing"',
            'module "three" {\n  source = "example/x/aws"\n  bucket = aws_s3_bucket.two.id',
        ),
        ("variables.tf", "on     = var.on", "on     = true"),
        ("main.tf", "bucket = aws_s3_bucket.one.id", "bucket = aws_s3_bucket.three.id"),
        ("main.tf", "bucket = aws_s3_bucket.one.id", "bucket = var.prefix"),
        ("main.tf", "block_public_acls = local.on", "block_public_acls = true"),
        ("main.tf", "bucket = local.bucket", 'bucket = "three"'),
        ("main.tf", "bucket = local.bucket", "bucket = module.logs.s3_bucket_id"),
        ("main.tf", '  name                    = "b${var.on}"\n', ""),
        ("main.tf", "it is a cache", ""),
        ("main.tf", "# setsquare:ignore aws-s3-versioning it is a cache\n", ""),
        ("main.tf", '"aws_s3_bucket_versioning" "two"', '"aws_s3_bucket_versioning" "one"'),
        ("main.tf", '"aws_s3_bucket" "three"', '"aws_s3_bucket" "one"'),
        ("main.tf", '"aws_s3_bucket" "one" {', '"aws_s3_bucket" "one" {\n  count = 0'),
    ],
)
def test_what_depends_on_an_edit_is_judged_again(module: Edited, name: str, old: str, new: str) -> None:
    before = shown(module.check())
    module.replace(name, old, new)
    assert shown(module.check()) != before
    module.edit(name, {"main.tf": MAIN, "variables.tf": VARIABLES}[name].encode())
    assert shown(module.check().findings) == before[0]


def test_after_a_failure_everything_is_judged_again(module: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    module.check()
    module.replace("variables.tf", "default = false", "default = true")
    with monkeypatch.context() as patched:
        patched.setattr("setsquare.workspace.analyse", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            module.found()
    module.check()


def test_a_module_that_calls_or_is_called_is_judged_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {"main.tf": MAIN, "variables.tf": VARIABLES}
    folder = write(tmp_path_factory.mktemp("called"), {**files, "inner/main.tf": 'variable "on" {}\n'})
    module = Edited(folder, files)
    module.check()
    module.edit("main.tf", (MAIN + 'module "inner" {\n  source = "./inner"\n  on     = var.on\n}\n').encode())
    module.check()
    module.edit("main.tf", MAIN.encode())
    module.check()


def test_files_come_and_go(module: Edited) -> None:
    before = shown(module.check().findings)
    path = f"{module.folder}/more.tf"
    module.edit("more.tf", b'# setsquare:ignore * all\n\nresource "aws_sqs_queue" "more" {}\n')
    assert shown(module.check().findings) != before
    del module.texts[path]
    module.workspace.overlay.remove(path)
    module.workspace.invalidate(path)
    assert shown(module.check().findings) == before
