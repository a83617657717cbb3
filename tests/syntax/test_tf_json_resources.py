"""New resources in Terraform's JSON syntax: where they go, and that no order of repairs matters."""

import json
from itertools import permutations

import pytest
from tests.syntax.data_edit_support import find

from setsquare.documents import Format
from setsquare.model import NewAttribute, NewResource
from setsquare.syntax.data_edits import plan
from setsquare.syntax.edit_error import EditError
from setsquare.text import Span, apply_edits

TWO_BUCKETS = b"""{
  "resource": {
    "bucket": {
      "b": {"x": 1},
      "a": {"x": 1}
    },
    "queue": {"q": {}}
  }
}
"""
COMPANIONS = [(kind, name) for kind in ("acl", "logging") for name in ("a", "b")]


def companion(source: bytes, kind: str, name: str, **meta: str) -> NewResource:
    primary = find(source, "resource", "bucket", name).entry
    return NewResource(primary, kind, name, (NewAttribute("y", 2),), frozenset(COMPANIONS), **meta)


def fixed(source: bytes, *changes: NewResource) -> bytes:
    return apply_edits(source, plan(source, Format.TF_JSON, changes))


def test_a_type_is_one_key_after_the_primarys() -> None:
    result = fixed(TWO_BUCKETS, *(companion(TWO_BUCKETS, kind, name) for kind, name in COMPANIONS))
    resources = json.loads(result)["resource"]
    assert list(resources) == ["bucket", "acl", "logging", "queue"]
    assert resources["acl"] == {"a": {"y": 2}, "b": {"y": 2}}
    assert result.startswith(TWO_BUCKETS[: TWO_BUCKETS.index(b'},\n    "queue')])


def test_every_order_of_single_repairs_is_the_batch() -> None:
    batch = fixed(TWO_BUCKETS, *(companion(TWO_BUCKETS, kind, name) for kind, name in COMPANIONS))
    for order in permutations(COMPANIONS):
        text = TWO_BUCKETS
        for kind, name in order:
            text = fixed(text, companion(text, kind, name))
        assert text == batch


def test_repetition_is_carried_over() -> None:
    change = companion(TWO_BUCKETS, "acl", "a", count="length(bucket.a)")
    assert json.loads(fixed(TWO_BUCKETS, change))["resource"]["acl"]["a"] == {"count": "${length(bucket.a)}", "y": 2}


@pytest.mark.parametrize(
    ("source", "primary"),
    [
        (b'{"resource": {"bucket": {"a": [{"x": 1}]}}}', b'{"x": 1}'),
        (b'{"resource": [{"queue": {}}, {"bucket": {"a": {"x": 1}}}]}', b'"a": {"x": 1}'),
        (b'{"resource": {"bucket": [{"a": {"x": 1}}]}}', b'"a": {"x": 1}'),
    ],
)
def test_lists_on_the_way_are_passed(source: bytes, primary: bytes) -> None:
    at = source.index(primary)
    change = NewResource(Span(at, at + len(primary)), "acl", "a", (NewAttribute("y", 2),))
    assert b'"acl": {"a": {"y": 2}}}' in fixed(source, change)


def test_what_stands_once_goes_to_the_end() -> None:
    change = NewResource(None, "account", "this", (NewAttribute("y", 2),))
    assert list(json.loads(fixed(TWO_BUCKETS, change))["resource"])[-1] == "account"


@pytest.mark.parametrize(
    ("source", "change", "reason"),
    [
        (b'{"resource": [{"x": {"n": {}}}]}', NewResource(None, "t", "n", ()), "are a list here"),
        (b'{"resource": {"t": [{"n": {}}]}}', NewResource(None, "t", "m", ()), "are a list here"),
        (b'{"resource": {"t": {"n": {}}}}', NewResource(None, "t", "n", ()), "n is there already"),
    ],
)
def test_a_place_that_is_not_certain_is_refused(source: bytes, change: NewResource, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        plan(source, Format.TF_JSON, [change])
