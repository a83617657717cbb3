"""What holds for every edit of Terraform, whatever the text and the changes are."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import format_text, is_formatted, parse
from tests.syntax.hcl_edit_support import one_by_one, random_changes, random_entries, random_text, walk

from setsquare.model import Change, Insert, NewAttribute, NewBlock, NewResource
from setsquare.syntax import hcl_tree
from setsquare.syntax.hcl_align import columns, lined_up
from setsquare.syntax.hcl_edits import plan
from setsquare.text import BOM, Span, apply_edits, sorted_edits

chances = st.randoms(use_true_random=False)
CHARACTERS = ("a", "é", "日", "👍🏽", "e\u0301", "👨\u200d👩\u200d👧", "🇩🇪", "a\u200db", "=")
MESSES = ("", "  ", "    ", "\t")


def formatted_text(chance: random.Random) -> bytes:
    return format_text(random_text(chance)).encode()


@settings(max_examples=120, deadline=None)
@given(chances)
def test_what_was_formatted_stays_formatted_and_valid(chance):
    source = formatted_text(chance)
    changes = random_changes(chance, source)

    result = apply_edits(source, plan(source, changes)).decode()

    parse(result)
    assert is_formatted(result), result


@settings(max_examples=60, deadline=None)
@given(chances)
def test_messy_text_stays_valid_and_untouched_outside_the_edits(chance):
    lines = random_text(chance).splitlines(keepends=True)
    source = "".join(chance.choice(MESSES) + line if "EOT" not in line else line for line in lines).encode()
    changes = random_changes(chance, source)

    edits = sorted_edits(plan(source, changes))

    parse(apply_edits(source, edits).decode())
    assert all(source[edit.span.start : edit.span.end] != edit.new for edit in edits)


@settings(max_examples=60, deadline=None)
@given(chances)
def test_line_ends_and_bom_change_nothing_else(chance):
    source = formatted_text(chance)
    changes = random_changes(chance, source)
    converted = BOM + source.replace(b"\n", b"\r\n")

    def moved(offset: int) -> int:
        return len(BOM) + offset + source[:offset].count(b"\n")

    in_converted = [
        replace(change, span=change.span and Span(moved(change.span.start), moved(change.span.end)))
        for change in changes
    ]

    plain = apply_edits(source, plan(source, changes))
    result = apply_edits(converted, plan(converted, in_converted))

    assert BOM + plain.replace(b"\n", b"\r\n") == result


def _founds_a_group(source: bytes, change: Insert) -> bool:
    """Whether new attributes would be the first of their body: those are never joined, so they must come together."""
    inner = next(
        (
            node
            for node in walk(hcl_tree.parse(source).root_node)
            if node.kind_id == hcl_tree.BLOCK and node.end_byte == change.span.end
        ),
        None,
    )
    if inner is None:
        return False
    items = [item for part in inner.children if part.kind_id == hcl_tree.BODY for item in hcl_tree.children(part)]
    return not items or items[0].kind_id != hcl_tree.ATTRIBUTE


@settings(max_examples=100, deadline=None)
@given(chances)
def test_insertions_one_by_one_in_any_order_are_the_same_as_all_at_once(chance):
    source = formatted_text(chance)
    inserts = [change for change in random_changes(chance, source) if isinstance(change, Insert)]
    inserts = [change for change in inserts if not _founds_a_group(source, change)]
    singles: list[Change] = [
        replace(change, entries=(entry,), siblings=change.siblings | {entry.name for entry in change.entries})
        for change in inserts
        for entry in change.entries
    ]
    chance.shuffle(singles)

    assert apply_edits(source, plan(source, inserts)) == one_by_one(source, singles)


@settings(max_examples=30, deadline=None)
@given(chances)
def test_resources_one_by_one_in_any_order_are_the_same_as_all_at_once(chance):
    source = formatted_text(chance)
    primary = next(node for node in walk(hcl_tree.parse(source).root_node) if node.kind_id == hcl_tree.BLOCK)
    pairs = [(kind, name) for kind in ("aws_b", "aws_a") for name in ("y", "x")]
    span = Span(primary.start_byte, primary.end_byte)
    news: list[Change] = [
        NewResource(chance.choice((span, span, None)), kind, name, random_entries(chance), frozenset(pairs), "x.y")
        for kind, name in pairs
    ]
    batch = apply_edits(source, plan(source, news))
    chance.shuffle(news)

    assert batch == one_by_one(source, news)
    assert is_formatted(batch.decode())


@settings(max_examples=50, deadline=None)
@given(chances)
def test_the_order_of_changes_does_not_matter(chance):
    source = formatted_text(chance)
    changes = random_changes(chance, source)
    edits = plan(source, changes)
    chance.shuffle(changes)

    assert edits == plan(source, changes)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from(CHARACTERS), max_size=5).map("".join), min_size=1, max_size=4))
def test_comments_stand_where_the_formatter_puts_them(texts):
    lines = "".join(f'a{index} = "{text}" # c\n' for index, text in enumerate(texts))

    assert format_text(lines) == lined_up(lines.encode()).decode()


@pytest.mark.parametrize(("text", "expected"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("👍🏽", 1), ("🇩🇪🇫🇷", 2)])
def test_columns_are_what_a_reader_counts(text, expected):
    assert expected == columns(text.encode())


def test_entries_of_one_name_stand_in_the_order_of_their_keys():
    source = b"a {\n  b = 1\n}\n"
    entries = tuple(NewBlock("p", (NewAttribute("name", name),), key=("name", name)) for name in ("z", "y"))

    result = apply_edits(source, plan(source, [Insert(Span(2, len(source) - 1), entries)]))

    assert b'a {\n  b = 1\n\n  p {\n    name = "y"\n  }\n\n  p {\n    name = "z"\n  }\n}\n' == result
