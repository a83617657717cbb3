"""A file read again piece by piece after edits says what a reading of the whole text says, byte for byte."""

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from setsquare.model import Lazy
from setsquare.syntax import hcl, hcl_pieces
from setsquare.syntax.hcl_pieces import PiecedFile
from setsquare.text import Span

FILE = """\
# setsquare:ignore a-rule for a reason
terraform {
  required_version = ">= 1.0"
}

variable "name" {
  default = "ä 🚀"
}

locals {
  policy = <<-EOT
    resource "is" "text" {
    EOT
  nested = { a = [1, "${var.name}-${"b"}"] }
}

/* resource "is" "a comment" {
} */
resource "aws_s3_bucket" "one" {
  bucket = var.name # the name

  tags = {
    Name = "x"
  }
}
resource "aws_s3_bucket" "two" {
  bucket = "${local.policy}"
}

data "aws_iam_policy_document" "three" { statement {} }
"""
UNINDENTED = """\
check "x" {
data "http" "y" {
  url = "a"
}
}
terraform {
locals {
}
}
"""
NOISE = (
    *"{}[]()\"'=#/*<$:,x\n\t\0é🚀",
    "${",
    "/*",
    "*/",
    "<<EOT\n",
    "EOT\n",
    "}\n",
    "\r\n",
    "\ufeff",
    "x = \n",
    '\nresource "aws_s3_bucket" "new" {\n',
    "\nlocals {\n",
    "\ndata = 1\n",
    '"${a\nlocals {\n}',
)


def shown(value: object, file: PiecedFile | None) -> object:
    """Return all that a model says as plain data, with its positions where they are in the source."""
    if isinstance(value, Lazy):
        return shown(value.get(), file)
    if isinstance(value, Span):
        return value if file is None else file.span(value)
    if isinstance(value, tuple | list):
        return [shown(item, file) for item in value]
    if isinstance(value, dict):
        return [(key, shown(item, file)) for key, item in value.items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(shown(getattr(value, field.name), file) for field in fields(value))]
    return value


def assert_same(file: PiecedFile | None, source: bytes) -> None:
    if file is None:
        return
    assert shown(file.file, file) == shown(hcl.read("a.tf", source), None)
    assert file.layout.count(b"\n") == source.count(b"\n")


Edits = list[tuple[int, int, str]]


@given(
    st.sampled_from((FILE, FILE.replace("\n", "\r\n"), "\ufeff" + FILE, FILE + UNINDENTED, UNINDENTED, "")),
    st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.sampled_from((0, 0, 0, 1, 1, 2, 30, 300)),
            st.one_of(st.sampled_from(NOISE), st.just("")),
        ),
        max_size=8,
    ),
)
@example(FILE, [(600, 0, "x" * 3000), (300, 0, "y" * 3000)])
@example(UNINDENTED, [(30, 0, '"')])
def test_an_edited_file_is_what_a_reading_of_the_whole_says(text: str, edits: Edits) -> None:
    source = text.encode()
    file = hcl_pieces.read("a.tf", source)
    assert_same(file, source)
    for place, length, new in edits:
        start = place % (len(source) + 1)
        source = source[:start] + new.encode() + source[start + length :]
        file = hcl_pieces.read("a.tf", source, file)
        assert_same(file, source)


def edited(text: str, old: str, new: str) -> tuple[PiecedFile, PiecedFile]:
    before = hcl_pieces.read("a.tf", text.encode())
    assert before is not None
    assert text.count(old) == 1
    after = hcl_pieces.read("a.tf", text.replace(old, new).encode(), before)
    assert after is not None
    return before, after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("var.name #", "var.other #"),
        ("var.name #", 'var.name" #'),
        ("Name =", "Name = {"),
        ('"ä', '"ä\n\n\nü'),
        ("# the name", ""),
    ],
)
def test_only_the_piece_that_was_edited_is_read_again(old: str, new: str) -> None:
    before, after = edited(FILE, old, new)
    known = {id(piece) for piece in before.pieces}
    assert len(before.pieces) == len(after.pieces)
    assert sum(id(piece) not in known for piece in after.pieces) == 1


def test_blocks_that_were_not_edited_stay_the_same_objects_in_the_same_place() -> None:
    before, after = edited(FILE, "Name = ", 'Name = "\n\n')
    kept = [block for block in after.file.blocks if any(block is known for known in before.file.blocks)]
    assert [block.labels[-1:] for block in kept] == [(), ("name",), (), ("two",), ("three",)]
    assert after.source[after.span(kept[-1].span).start :].startswith(b'data "aws_iam')


def test_what_has_no_end_may_get_one_far_behind() -> None:
    _, after = edited(FILE + 'variable "x" {}\n', "statement {}", "a = <<END\n")
    assert [problem.message for problem in after.file.problems] == ["the end of this heredoc is missing"]
    ended = hcl_pieces.read("a.tf", after.source + b"END\n}\n", after)
    assert ended is not None
    assert_same(ended, ended.source)


def test_what_is_no_text_or_nests_too_deep_is_not_read_by_pieces() -> None:
    assert hcl_pieces.read("a.tf", b"a\0") is None
    assert hcl_pieces.read("a.tf", b"a = " + b"[" * 200) is None
