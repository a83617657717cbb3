"""What is said of keys is said of all that the loaders read, and of nothing else."""

import pytest

from setsquare.lsp.features.vocabulary import Vocabulary
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.nodes import OPERATORS
from setsquare.rules.vocabulary import MEANINGS, POLICY, RULE, Values, declared_at


def keys_of(key):
    yield from key.keys
    for inner in key.keys:
        yield from keys_of(inner)


def test_every_operator_has_a_meaning():
    assert set(MEANINGS) == set(OPERATORS)


@pytest.mark.parametrize("root", [POLICY, RULE])
def test_every_key_has_a_meaning(root):
    keys = list(keys_of(root))

    assert len(keys) > 20
    assert [key.name for key in keys if not key.meaning.endswith((".", "`"))] == []


@pytest.mark.parametrize("kind", [kind for kind in Values if kind not in (Values.ANY, Values.OWN)])
def test_there_are_words_for_what_a_value_is_drawn_from(kind):
    words = [word.text for word in Vocabulary(POLICY, Catalogue.shipped()).values(kind)]

    assert words
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("root", "path", "name"),
    [
        (POLICY, (), ""),
        (POLICY, ("rules", "disable", 0, "until"), "until"),
        (POLICY, ("parameters", "kms_key"), "kms_key"),
        (RULE, ("parameters", "mine", "type"), "type"),
        (RULE, ("terraform", 0, "state", "a", "b"), "state"),
        (RULE, ("terraform", 1, "companions", 0, "link"), "link"),
        (POLICY, ("nothing",), None),
        (POLICY, ("policy", "deeper"), None),
    ],
)
def test_what_is_declared_at_a_path(root, path, name):
    found = declared_at(root, path)

    assert (None if found is None else found.name) == name


def test_a_key_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="none"):
        POLICY.key("none")
