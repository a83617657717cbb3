"""Values out of YAML: what fits, and how what does not is shown."""

import pytest
from tests.small_rules import thing
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.rules.decoding import Decoder, Unfit, shown
from setsquare.rules.examples import example_faults, load_examples
from setsquare.rules.rule import Severity


def root_mistakes(source: str) -> list[str]:
    decoder = Decoder("f.yaml", source.encode())
    assert decoder.root("a thing") is None
    return [str(mistake) for mistake in decoder.mistakes]


@table(
    "source, expected",
    [
        ("", "f.yaml:1:1: found 0 documents, expected one mapping: a thing"),
        ("a: 1\n---\nb: 1\n", "f.yaml:1:1: found 2 documents, expected one mapping: a thing"),
        ("\n- a\n", "f.yaml:2:1: found a list, expected a mapping: a thing"),
        ("text\n", "f.yaml:1:1: found 'text', expected a mapping: a thing"),
        ("a: 1\na: 2\n", "f.yaml:2:1: the key a is there twice"),
    ],
)
def test_a_file_is_one_mapping(source: str, expected: str) -> None:
    assert root_mistakes(source) == [expected]


def value_of(source: str) -> tuple[Decoder, object]:
    decoder = Decoder("f.yaml", f"v: {source}\n".encode())
    root = decoder.root("a thing")
    assert root is not None
    return decoder, root.entries[0].value


@table(
    "source, expected",
    [
        ("{a: 1}", "a mapping"),
        ("[1]", "a list"),
        ("null", "nothing"),
        ("true", "true"),
        ("false", "false"),
        ("text", "'text'"),
        ("5", "5"),
        ("1.5", "1.5"),
        ("x" * 60, f"'{'x' * 60}'"),
        ("x" * 61, f"'{'x' * 60}...'"),
        ("!Ref a", "something that is not plain YAML"),
    ],
)
def test_a_value_is_shown(source: str, expected: str) -> None:
    assert shown(value_of(source)[1]) == expected  # type: ignore[arg-type]


DECODERS = {
    "text": Decoder.text,
    "integer": Decoder.integer,
    "boolean": Decoder.boolean,
    "scalar": Decoder.scalar,
    "choice": lambda decoder, value: decoder.choice(value, Severity),
    "texts": Decoder.texts,
    "lists": lambda decoder, value: decoder.text_lists(value, "lists"),
}


@table(
    "kind, source, expected",
    [
        ("text", "a", "a"),
        ("integer", "3", 3),
        ("boolean", "false", False),
        ("scalar", "1.5", 1.5),
        ("choice", "high", Severity.HIGH),
        ("texts", "[a, b]", ("a", "b")),
        ("lists", "{a: [b], c: []}", {"a": ("b",), "c": ()}),
    ],
)
def test_what_fits(kind: str, source: str, expected: object) -> None:
    decoder, value = value_of(source)

    assert DECODERS[kind](decoder, value) == expected
    assert not decoder.mistakes


@table(
    "kind, source, expected",
    [
        ("text", "3", "found 3, expected text"),
        ("text", "''", "found '', expected text"),
        ("integer", "true", "found true, expected a whole number"),
        ("integer", "x", "found 'x', expected a whole number"),
        ("boolean", "1", "found 1, expected true or false"),
        ("scalar", "null", "found nothing, expected a text, a number or a boolean"),
        ("scalar", "[]", "found a list, expected a text, a number or a boolean"),
        ("choice", "worst", "found 'worst', expected one of critical, high, medium, low"),
        ("choice", "[]", "found a list, expected one of critical, high, medium, low"),
        ("texts", "a", "found 'a', expected a list of texts"),
        ("lists", "[]", "found a list, expected lists"),
    ],
)
def test_what_does_not_fit(kind: str, source: str, expected: str) -> None:
    decoder, value = value_of(source)

    with pytest.raises(Unfit):
        DECODERS[kind](decoder, value)

    assert [str(mistake) for mistake in decoder.mistakes] == [f"f.yaml:1:4: {expected}"]


def test_items_that_do_not_fit_are_left_out() -> None:
    decoder, value = value_of("[a, 1, b]")

    assert decoder.texts(value) == ("a", "b")  # type: ignore[arg-type]
    assert [str(mistake) for mistake in decoder.mistakes] == ["f.yaml:1:8: found 1, expected a list of texts"]


# --------------------------------------------------------------------- examples


def example_mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in load_examples("e.yaml", text.encode())[1]]


ONE = "terraform:\n  - {{name: n, verdict: {verdict}, input: x{more}}}\n"
BESIDE = "expected fixed or no_fix beside violated, and beside nothing else"


@table(
    "text, expected",
    [
        ("[]\n", "e.yaml:1:1: found a list, expected a mapping: examples"),
        (
            "teraform: []\n",
            "e.yaml:1:1: found 'teraform', expected one of terraform, cloudformation; did you mean terraform?",
        ),
        ("terraform: x\n", "e.yaml:1:12: found 'x', expected a list of examples"),
        ("terraform: [x]\n", "e.yaml:1:13: found 'x', expected an example"),
        (
            ONE.format(verdict="wrong", more=""),
            "e.yaml:2:24: found 'wrong', expected one of violated, satisfied, unknown, not_applicable",
        ),
        (ONE.format(verdict="violated", more=""), f"e.yaml:2:24: found 'violated', {BESIDE}"),
        (ONE.format(verdict="satisfied", more=", fixed: y"), f"e.yaml:2:24: found 'satisfied', {BESIDE}"),
        (ONE.format(verdict="unknown", more=", no_fix: y"), f"e.yaml:2:24: found 'unknown', {BESIDE}"),
        (
            "terraform:\n  - {name: n, verdict: unknown}\n",
            "e.yaml:2:5: input is missing, expected an example with name, verdict, input",
        ),
        (
            ONE.format(verdict="unknown", more=", parameters: [a]"),
            "e.yaml:2:55: found a list, expected parameters by name",
        ),
        (
            ONE.format(verdict="unknown", more=", parameters: {a: {$param: b}}"),
            "e.yaml:2:59: found a mapping, expected a value",
        ),
        (
            ONE.format(verdict="unknown", more=", parameters: {a: {$what: b}}"),
            "e.yaml:2:59: found a mapping, expected one of $param, $first, $self (with $suffix), $expr",
        ),
    ],
)
def test_mistakes_in_examples(text: str, expected: str) -> None:
    assert example_mistakes(text) == [expected]


def test_examples_are_read() -> None:
    text = (
        "terraform:\n  - {name: 1, verdict: violated, input: a, fixed: b, parameters: {p: [x]}}\n"
        "cloudformation:\n  - {name: c, verdict: violated, input: a, no_fix: why}\n  - {name: d, verdict: satisfied, input: e}\n"
    )

    (first, second, third), mistakes = load_examples("e.yaml", text.encode())

    assert not mistakes
    assert (first.dialect, first.name, first.fixed, first.parameters) == (Dialect.TERRAFORM, "1", "b", {"p": ("x",)})
    assert (second.dialect, second.no_fix, second.fixed) == (Dialect.CLOUDFORMATION, "why", None)
    assert (third.verdict, third.input, third.parameters) == ("satisfied", "e", {})
    assert [str(fault) for fault in example_faults(thing("a: true"), (first, second, third))] == [
        "test-thing-right: terraform: no example is satisfied",
        "test-thing-right: terraform: no example is unknown",
        "test-thing-right: cloudformation: no example is unknown",
    ]
