"""Files are typed as people type them: nothing flickers, nothing is a false alarm, and at rest all is as from scratch.

`SETSQUARE_SEQUENCES` sets how many random sequences of edits are tried; with 1,000 of them (`make soak`) the longest
files are typed in with every encoding.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lsp.editor import keystrokes
from tests.lsp.texts import BUCKET, DATABASE, TEMPLATE

from setsquare.findings import ProblemKind
from setsquare.lsp.buffers import Buffer, Stroke
from setsquare.lsp.client import Client
from setsquare.lsp.convert import path_of, uri_of
from setsquare.lsp.features.diagnostics import of_unit
from setsquare.lsp.session import Session
from setsquare.lsp.settings import Settings
from setsquare.rules.catalogue import Catalogue
from setsquare.text import Edit, Span
from setsquare.workspace import Workspace

SEQUENCES = int(os.environ.get("SETSQUARE_SEQUENCES", "100"))
PULL = "vscode-languageclient-11"
NO_PAUSE = {"quietTime": 600_000}
KEYSTROKES = 120

# --------------------------------------------------------------------- files of any length

SECURE_QUEUE = """\
resource "aws_sqs_queue" "typed" {
  name                    = "typed" # é 🔐
  sqs_managed_sse_enabled = true

  redrive_policy = jsonencode({
    maxReceiveCount = 4
  })
}
"""
WRONG_BUCKET = """\
resource "aws_s3_bucket_public_access_block" "typed" {
  bucket = "typed-🔐"

  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
SECURE_YAML = """\
  Typed:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: "typed é🔐"
      SqsManagedSseEnabled: true
"""
WRONG_YAML = """\
  Typed:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: typed
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: false
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
"""


OTHER_TERRAFORM = """\
# Nothing of this is judged, and it stands in the way of everything. é 🔐
resource "null_resource" "other{n}" {
  count = var.many ? {n} : 0
  triggers = {
    text = <<-EOT
      ${jsonencode({ "{n}" = ["é", "🔐"] })}
    EOT
    list = join(",", [for one in local.all : "${one}-{n}"])
  }
}

"""
OTHER_YAML = """\
  # Nothing of this is judged, and it stands in the way of everything. é 🔐
  Other{n}:
    Type: AWS::CloudFormation::WaitConditionHandle
    Metadata:
      text: |
        Resources: {"{n}": ["é", "🔐"]}
      list: [!Ref "AWS::Region", !Sub "${AWS::Partition}-{n}"]
"""


def mixed(lines, wrong, other):
    """A text of so many lines, of which few are wrong."""
    pieces, count = [], 0
    while count < lines:
        pieces.append((other if len(pieces) % 8 else wrong).replace("{n}", str(len(pieces))))
        count += pieces[-1].count("\n")
    return pieces


def terraform(lines):
    bucket = BUCKET.replace('"data"', '"b{n}"').replace(".data.", ".b{n}.")
    return mixed(lines, bucket + "\n", OTHER_TERRAFORM)


def yaml(lines):
    return ["Resources:\n", *mixed(lines, TEMPLATE.partition("\n")[2].replace("Archive", "Archive{n}"), OTHER_YAML)]


@dataclass(frozen=True)
class Kind:
    """A dialect: the name of a file, what it is made of, and what is typed into it, braces closed by the editor or not."""

    name: str
    pieces: object
    typed: tuple[tuple[str, bool], ...]


KINDS = {
    "terraform": Kind("main.tf", terraform, ((SECURE_QUEUE, True), (SECURE_QUEUE, False), (WRONG_BUCKET, True))),
    "yaml": Kind("template.yaml", yaml, ((SECURE_YAML, False), (WRONG_YAML, False))),
}


# --------------------------------------------------------------------- what is shown, wherever it stands


def around(document, found, start, end):
    """The findings outside of the lines of a stretch, by their distance from the text's two ends; the rules inside."""
    first, last = (document.text.count("\n", 0, offset) for offset in (start, end))
    outside, inside, lines = [], set(), document.text.count("\n")
    for diagnostic in found:
        line, column = diagnostic.range.start.line, diagnostic.range.start.character
        if first <= line <= last:
            inside.add(diagnostic.code)
        else:
            outside.append((diagnostic.code, diagnostic.message, line if line < first else line - lines, column))
    return sorted(outside), inside


CLOSING = {"{": "}", "(": ")", "[": "]"}


@dataclass
class Person:
    """Somebody who types a block at one place of a document, and looks at each `stride`-th state."""

    stride: int
    editor: object
    document: object
    start: int
    end: int

    async def seen(self):
        return around(self.document, await self.editor.findings(self.document), self.start, self.end)

    def write(self, at, old, new):
        self.editor.replace(self.document, at, len(old), new)
        self.end += len(new) - len(old)

    async def type(self, block, *, closes):
        """Type a block, and return what was seen of it after each of the last keystrokes.

        An editor may close braces by itself: then the block is whole from the first brace on, and lacks what follows.
        """
        strokes, states, at = keystrokes(block), [], self.end
        for index, character in enumerate(strokes):
            if not (closes and character in "])}" and self.document.text.startswith(character, at)):
                self.write(at, "", character + (CLOSING.get(character, "") if closes else ""))
            at += len(character)
            if index >= len(strokes) - KEYSTROKES and index % self.stride == 0:
                states.append((self.document.text[self.start : self.end], *await self.seen()))
        assert self.document.text[self.start : self.end] == block
        return states

    async def retype(self):
        """Delete parts of the block and type them again; return what was seen without each, and with it again."""
        block, states = self.document.text[self.start : self.end], []
        for match in list(re.finditer(r"[\"{}=:]|true|false", block))[:: 6 * self.stride]:
            at, old = self.start + match.start(), match[0]
            self.write(at, old, "")
            without, _ = await self.seen()
            self.write(at, "", old)
            states.append((block[: match.start()], without, await self.seen()))
        return states

    async def of_another(self, editor):
        """What another server shows, which has never seen the text change."""
        anew = editor.open(Path(path_of(self.document.uri)), self.document.text)
        found = around(anew, await editor.findings(anew), self.start, self.end)
        editor.close(anew)
        return found


LENGTHS = [
    (lines, encoding)
    for lines in (50, 500, 3000)
    for encoding in ("utf-8", "utf-16", "utf-32")
    if lines < 3000 or encoding == "utf-16" or SEQUENCES >= 1000
]


@pytest.mark.parametrize(("lines", "encoding"), LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_block_is_typed_in_the_middle(start_editor, workspace, kind, lines, encoding):
    kind = KINDS[kind]
    pieces = kind.pieces(lines)
    before, after = "".join(pieces[: len(pieces) // 2]), "".join(pieces[len(pieces) // 2 :])
    editor, fresh = [
        await start_editor(PULL, workspace, options=NO_PAUSE, encodings=[encoding, "utf-16"]) for _ in range(2)
    ]
    document = editor.open(workspace / kind.name, f"{before}\n{after}")
    person = Person(1 + lines // 1000, editor, document, len(before), len(before))
    others, _ = await person.seen()
    assert len(others) > lines // 100
    assert editor.encoding == encoding

    for block, closes in kind.typed:
        states = await person.type(block.rstrip("\n"), closes=closes)
        editor.save(document)
        now, final = await person.seen()
        assert (now, final) == await person.of_another(fresh)
        assert [text for text, outside, _ in states if outside != others] == []  # nothing flickers
        assert [(text, inside - final) for text, _, inside in states if inside - final] == []  # no false alarm
        for text, without, again in await person.retype():
            assert (without, again) == (others, (others, final)), text
        person.write(person.start, document.text[person.start : person.end], "")
        editor.save(document)
        assert await person.seen() == (others, set())


# --------------------------------------------------------------------- random sequences of edits

BLOCKS = {
    "main.tf": (
        BUCKET,
        DATABASE,
        SECURE_QUEUE,
        WRONG_BUCKET,
        'variable "open" {\n  default = true\n}\n',
        "locals {}\n",
    ),
    "template.yaml": (SECURE_YAML, WRONG_YAML, "  Topic:\n    Type: AWS::SNS::Topic\n", "# between\n", "\n"),
}
FIRST = {"main.tf": BUCKET + DATABASE, "template.yaml": TEMPLATE}
SNIPPETS = (
    "{",
    "}",
    '"',
    "\n",
    "<<EOT\n",
    "/*",
    "#",
    "${",
    ":",
    "- ",
    "é",
    "🔐",
    "true",
    "false",
    "x = 1\n",
    "  ",
    "\r\n",
)
STEPS = st.tuples(
    st.sampled_from(["block", "toggle", "drop", "double", "damage", "snippet", "type", "whole", "rest"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 40),
    st.booleans(),
)


def edits_of(name, text, step):
    """The edits, one after the other, of one thing that a person does: (start, end, new)."""
    what, where, number, flag = step
    at = len(text) if flag else int(where * (len(text) + 1))
    line = text.rfind("\n", 0, at) + 1
    after = text.find("\n", at) + 1 or len(text)
    if what == "block":
        return [(line, line, BLOCKS[name][number % len(BLOCKS[name])])]
    if what == "toggle":
        found = re.search("true|false", text[line:])
        new = {"true": "false", "false": "true"}
        return [(line + found.start(), line + found.end(), new[found[0]])] if found else []
    if what == "drop":
        return [(line, after, "")]
    if what == "double":
        return [(line, line, text[line:after])]
    if what == "damage":  # and repaired again
        end = min(at + number, len(text))
        return [(at, end, ""), (at, at, text[at:end])]
    if what == "snippet":
        new = SNIPPETS[number % len(SNIPPETS)]
        return [(at, at, new), *([(at, at + len(new), "")] if flag else [])]
    if what == "type":
        new = BLOCKS[name][number % len(BLOCKS[name])]
        return [(line + index, line + index, character) for index, character in enumerate(new)]
    return [(0, len(text), FIRST[name])] if what == "whole" else []


CATALOGUE = Catalogue.shipped()


def session_over(path, text):
    session = Session(Workspace.open([], CATALOGUE), Client(), "utf-32", Settings(quiet_time=600))
    session.open(Buffer(uri_of(path), path, 1, text.encode()))
    return session


async def shown(session, path):
    snapshot = await session.current(path)
    is_broken = any(problem.kind is not ProblemKind.OTHER for problem in snapshot.analysis.problems)
    return of_unit(session, snapshot)[0][path], is_broken


@pytest.mark.parametrize("name", BLOCKS)
@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
async def test_at_rest_what_is_shown_is_what_a_fresh_server_shows(name, steps):
    path, text, version = f"/nowhere/{name}", FIRST[name], 1
    session = session_over(path, text)
    for step in steps:
        edits = edits_of(name, text, step)
        for start, end, new in edits:
            first, last = len(text[:start].encode()), len(text[:end].encode())
            stroke = Stroke(Edit(Span(first, last), new.encode()), text[start:end].encode())
            text, version = text[:start] + new + text[end:], version + 1
            session.change(Buffer(uri_of(path), path, version, text.encode()), [stroke])
            if len(edits) < 3 or version % 7 == 0:
                await shown(session, path)
        if step[0] == "rest":
            session.saved(path)
    session.saved(path)
    found, is_broken = await shown(session, path)
    session.close()
    fresh = session_over(path, text)
    anew, _ = await shown(fresh, path)
    fresh.close()

    if not is_broken:
        assert found == anew, text
