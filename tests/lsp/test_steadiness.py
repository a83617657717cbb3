"""What is shown while a person types, step by step: ``|`` is where the person types."""

from dataclasses import dataclass

import pytest
from tests.small_rules import a_thing, catalogue, rule, thing

from setsquare.documents import Document
from setsquare.lsp.buffers import Stroke
from setsquare.lsp.steadiness import Steadiness
from setsquare.text import Edit, Span, apply_edits
from setsquare.workspace import Workspace

LOCKED = thing("locked: true", "test-thing-locked")
SHUT = thing("shut: true", "test-thing-shut")
GUARDED = rule(
    """
    terraform:
      - resource: test_thing
        companions:
          - resource: test_guard
            link: {thing: [id]}
            state: {awake: true}
    """,
    "test-thing-guarded",
)


@dataclass
class Analysed:
    analysis: object
    texts: dict
    blocks: dict

    @property
    def findings(self):
        return self.analysis.findings


class Desk:
    """Where a person types, in a module of a folder."""

    def __init__(self, folder, *rules, name="main.tf", holds=True):
        self._workspace = Workspace.open([str(folder)], catalogue(*rules))
        self._folder = folder
        self._texts = {}
        self.path = f"{folder}/{name}"
        self.steadiness = Steadiness(holds=holds)

    def write(self, text, path=None):
        """Open a file."""
        self._set(path or self.path, text.encode())
        return self

    def _set(self, path, source):
        self._texts[path] = source
        self._workspace.overlay.set(Document(path, source, 1))
        self._workspace.invalidate(path)

    def edit(self, start, length, new, path=None):
        path = path or self.path
        source = self._texts[path]
        edit = Edit(Span(start, start + length), new.encode())
        self.steadiness.edited(path, [Stroke(edit, source[start : start + length])])
        self._set(path, apply_edits(source, [edit]))
        return self

    def change(self, old, new, path=None):
        return self.edit(self._texts[path or self.path].decode().index(old), len(old), new, path)

    def type(self, text, at=None):
        """Type characters one after the other, and look after each."""
        at = self.end if at is None else at
        seen = []
        for index, character in enumerate(text):
            self.edit(at + index, 0, character)
            seen.append(self.shown())
        return seen

    def after(self, text):
        """Where a text ends."""
        return self._texts[self.path].index(text.encode()) + len(text.encode())

    @property
    def end(self):
        return len(self._texts[self.path])

    def shown(self):
        """The rules that are shown, by file."""
        unit = self._workspace.unit_of(self.path)
        texts = self._workspace.texts(unit)
        analysis = self._workspace.analyse_edited(unit, texts)
        blocks = {path: self._workspace.blocks(path) for path in texts}
        found, self.holds = self.steadiness.shown(Analysed(analysis, texts, blocks))
        for path, findings in found.items():
            for finding in findings:
                assert finding.place.path == path
                assert finding.place.span.end <= len(texts[path])
        return sorted(
            f"{finding.rule.id.rpartition('-')[2]} {finding.resource}"
            for findings in found.values()
            for finding in findings
        )


def ever(seen):
    """What was shown at any time."""
    return set().union(*seen)


@pytest.fixture
def desk(tmp_path):
    def sit_down(*rules, **options):
        return Desk(tmp_path, *rules, **options)

    return sit_down


def test_a_body_between_braces_is_judged_once_it_is_left(desk):
    at = desk(LOCKED, SHUT).write(a_thing("locked = false"))
    at.shown()
    at.type('\nresource "test_thing" "y" ')
    at.edit(at.end, 0, "{}")
    during = ever(at.type(" other = 1 ", at.end - 1))
    assert at.holds
    at.edit(0, 0, "# elsewhere\n")

    assert during == {"locked test_thing.x", "shut test_thing.x"}
    assert at.shown() == ["locked test_thing.x", "locked test_thing.y", "shut test_thing.x", "shut test_thing.y"]
    assert not at.holds


def test_the_brace_that_closes_a_body_finishes_it(desk):
    at = desk(LOCKED).write("")
    at.shown()
    *before, after = at.type('resource "test_thing" "x" {\n  other = 1\n}')

    assert before == [[]] * len(before)
    assert after == ["locked test_thing.x"]


def test_a_pause_finishes_a_block(desk):
    at = desk(LOCKED).write("")
    at.shown()
    at.type('resource "test_thing" "x" ')
    at.edit(26, 0, "{}")
    assert at.shown() == []
    more = at.steadiness.rest(at.path)

    assert more
    assert at.shown() == ["locked test_thing.x"]
    assert not at.steadiness.rest(at.path)
    assert not at.steadiness.rest("/elsewhere/main.tf")


def test_nothing_is_held_back_where_that_is_switched_off(desk):
    at = desk(LOCKED, holds=False).write("")
    at.shown()
    at.type('resource "test_thing" "x" ')
    at.edit(26, 0, "{}")

    assert at.shown() == ["locked test_thing.x"]


def test_a_value_that_is_being_written_is_not_wrong_yet(desk):
    at = desk(thing("size: {$at_least: 30, $default: 30}", "test-thing-size")).write(a_thing("other = 1"))
    at.shown()
    seen = at.type("\n  size = 35", at.after(" 1"))
    assert ever(seen) == set()
    wrong = at.change("35", "5").shown()

    assert wrong == ["size test_thing.x"]


def test_a_value_that_is_written_wrongly_is_shown_when_its_line_ends(desk):
    at = desk(thing("size: {$at_least: 30, $default: 30}", "test-thing-size")).write(a_thing("other = 1"))
    at.shown()
    *during, after = at.type("\n  size = 3\n", at.after(" 1"))

    assert ever(during[-2:]) == set()
    assert after == ["size test_thing.x"]


def test_what_was_shown_before_stays_while_its_block_is_typed_in(desk):
    at = desk(LOCKED).write(a_thing("other = 1"))
    before = at.shown()
    seen = at.type("23", at.after(" 1"))

    assert before == ["locked test_thing.x"]
    assert seen == [before] * 2


def test_backspaces_overtyping_and_completions_are_typing(desk):
    at = desk(LOCKED).write("")
    at.shown()
    at.type('resource "test_thing" "x" ')
    at.edit(26, 0, "{}")
    at.edit(27, 0, " oth ")
    at.change("oth", "other = 1")
    at.change("1", "2")
    at.change("2", "")

    assert at.shown() == []


def test_an_edit_that_stands_alone_is_judged_at_once(desk):
    at = desk(LOCKED).write("")
    at.shown()
    at.type('resource "test_thing" "x" ')
    at.edit(26, 0, "{ name = 1 }")
    at.change("1", '"a"')

    assert at.shown() == ["locked test_thing.x"]


@pytest.mark.parametrize("broken", ['other = "', "other = [", "other = {", "}", "/*"])
def test_a_broken_block_leaves_the_others_as_they_were(desk, broken):
    text = a_thing("locked = false") + "\n" + a_thing("other = 1", "y") + "\n" + a_thing("locked = false", "z")
    at = desk(LOCKED, GUARDED).write(text)
    before = [line for line in at.shown() if not line.endswith("y")]
    at.change("other = 1", broken)
    during = [line for line in at.shown() if not line.endswith("y")]
    at.change(broken, "locked = true", at.path) if broken != "}" else at.write(text)

    assert during == before
    assert [line for line in at.shown() if not line.endswith("y")] == before


def test_a_broken_file_leaves_the_files_beside_it_as_they_were(desk, tmp_path):
    at = desk(LOCKED, GUARDED).write(a_thing("locked = false")).write(a_thing("", "y"), f"{tmp_path}/other.tf")
    before = at.shown()
    at.change("false", '"')

    assert "guarded test_thing.y" in before
    assert [line for line in at.shown() if line.endswith("y")] == [line for line in before if line.endswith("y")]


def test_a_resource_that_is_not_yet_what_it_will_be_leaves_the_others(desk):
    guard = '\nresource "test_guard" "x" {\n  thing = test_thing.x.id\n}\n'
    at = desk(GUARDED).write(a_thing("") + guard.replace("test_thing.x.id", "var.open"))
    assert at.shown() == []
    at.change("var.open", '"z"')
    assert at.shown() == ["guarded test_thing.x"]
    at.change('"z"', "v")

    assert at.shown() == at.shown()


def test_origins_in_the_file_beside_move_along(desk, tmp_path):
    at = desk(LOCKED).write(a_thing("locked = var.locked"))
    variables = f"{tmp_path}/variables.tf"
    at.write('variable "locked" {\n  default = false\n}\n', variables)
    before = at.shown()
    at.edit(0, 0, "# above\n", variables)
    at.change("var.locked", "var.")

    assert before == ["locked test_thing.x"]
    assert at.shown() in ([], before)


def test_a_block_that_is_taken_away_and_written_again_is_no_news(desk):
    block = (
        "Resources:\n  A:\n    Type: Test::A::Thing\n  B:\n    Type: Test::A::Thing\n    Properties:\n      other: 1\n"
    )
    at = desk(LOCKED, name="template.yaml").write(block)
    before = at.shown()
    start = block.index("  B:")
    at.edit(start, len(block) - start, "")
    gone = at.shown()
    *_, after = at.type(block[start:], start)

    assert (before, gone) == (["locked A", "locked B"], ["locked A"])
    assert after == before


def test_a_blank_line_after_a_resource_of_yaml_finishes_it(desk):
    at = desk(LOCKED, name="template.yaml").write("Resources:\n")
    at.shown()
    *before, after = at.type("  A:\n    Type: Test::A::Thing\n    Properties:\n      other: 1\n\n")

    assert ever(before) == set()
    assert after == ["locked A"]


def test_a_template_in_json_is_finished_by_its_brace(desk):
    at = desk(LOCKED, name="template.json").write('{"Resources": {\n}}')
    at.shown()
    *before, after = at.type('"A": {"Type": "Test::A::Thing", "Properties": {"other": 1}}', 15)

    assert ever(before) == set()
    assert after == ["locked A"]


def test_a_file_that_is_closed_is_forgotten(desk):
    at = desk(LOCKED).write(a_thing(""))
    at.shown()
    at.steadiness.forget(at.path)
    at.change("{", '{ "')

    assert at.shown() == []


def test_nothing_is_remembered_when_the_rules_change(desk):
    at = desk(LOCKED).write(a_thing(""))
    at.shown()
    at.steadiness.forget_all()
    at.change("{", '{ "')

    assert at.shown() == []
