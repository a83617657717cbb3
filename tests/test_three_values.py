"""What is not known is never reported as violated, and never counted as satisfied.

The law behind it: a verdict on a value of which less is known is the verdict on the value, or unknown.
"""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.origins import HERE, OPAQUE, REFERENCE, as_value, more, origin, structure, text
from tests.rules.test_constraints import leaves
from tests.small_rules import ORDERS, thing

from setsquare.documents import Dialect
from setsquare.documents_in_values import DocumentReader
from setsquare.evaluation import DocumentVerdict, Evaluator, covers_port
from setsquare.findings import Verdict
from setsquare.iam import covers_action, has_any, has_on_every_branch, is_missing, is_one
from setsquare.logic import every, negated, unanimous
from setsquare.logic import some as any_of
from setsquare.model import Origin, Resource, Sequence, Structure, Value
from setsquare.resolve.conditions import are_same, as_truth
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.binding import Binding
from setsquare.rules.constraints import accepts
from setsquare.rules.rule import MISSING, CoversPort, Properties
from setsquare.text import Span

ANSWERS = (True, False, None)


def known_ways(answers):
    """Return every way in which what is not known may turn out."""
    return product(*((True, False) if answer is None else (answer,) for answer in answers))


@pytest.mark.parametrize(("combined", "plainly"), [(every, all), (any_of, any)], ids=["every", "some"])
def test_the_connectives_know_what_follows_and_nothing_else(combined, plainly):
    for answers in product(ANSWERS, repeat=3):
        outcomes = {plainly(way) for way in known_ways(answers)}

        assert combined(answers) is (outcomes.pop() if len(outcomes) == 1 else None)


def test_negation():
    assert [negated(answer) for answer in ANSWERS] == [False, True, None]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [((True, True), True), ((False,), False), ((True, False), None), ((True, None), None), ((), None)],
    ids=str,
)
def test_what_answers_agree_on(answers, expected):
    assert unanimous(answers) is expected


# --------------------------------------------------------------------- values of which less is known

WORDS = some.sampled_from(["a", "b", "ab", "*", "Allow", "Deny", "10.0.0.0/8", "0.0.0.0/0", "1.2"])
SCALARS = some.one_of(WORDS, some.booleans(), some.sampled_from([0, 1, 7, 22, -1]))


@some.composite
def blurred_scalar(draw, value):
    """Return a scalar of which less is known: nothing, or part of its text."""
    if not isinstance(value, str) or draw(some.booleans()):
        return draw(some.sampled_from([origin(value), OPAQUE]))
    start = draw(some.integers(0, len(value)))
    end = draw(some.integers(start, len(value)))
    parts = [part for part in (value[:start], None, value[end:]) if part != ""]
    return text(*parts) if len(parts) > 1 else OPAQUE


@some.composite
def blurred(draw, value):
    """Return data as an origin of which less is known, at some places or at all."""
    if draw(some.integers(0, 9)) == 0:
        return OPAQUE
    if isinstance(value, list):
        items = [draw(blurred(item)) for item in value]
        if draw(some.integers(0, 4)) == 0:
            return more(*(item for item in items if draw(some.booleans())))
        return origin(items)
    if isinstance(value, dict):
        table = {name: draw(blurred(item)) for name, item in value.items()}
        if draw(some.integers(0, 4)) == 0:
            return structure({name: item for name, item in table.items() if draw(some.booleans())}, is_open=True)
        return origin(table)
    return draw(blurred_scalar(value)) if draw(some.booleans()) else origin(value)


@some.composite
def pairs(draw, values):
    """Return a value that is known, and the same value of which less is known."""
    value = draw(values)
    return origin(value), draw(blurred(value))


def agrees(less: object, whole: object) -> bool:
    return less is None or less is whole


DATA = some.one_of(
    SCALARS, some.lists(SCALARS, max_size=3), some.lists(some.fixed_dictionaries({"n": SCALARS}), max_size=3)
)


@given(leaves(), pairs(DATA))
@settings(max_examples=700, deadline=None)
def test_law_of_constraints(leaf, pair):
    whole, less = pair

    assert agrees(accepts(leaf, less, ORDERS), accepts(leaf, whole, ORDERS))


@given(leaves(), some.sampled_from([OPAQUE, more(), text(None, None)]))
@settings(max_examples=100, deadline=None)
def test_what_is_not_known_at_all_has_no_verdict(leaf, nothing):
    assert accepts(leaf, nothing, ORDERS) is None


BODIES = some.fixed_dictionaries(
    {},
    optional={
        "a": SCALARS,
        "on": some.booleans(),
        "b": some.lists(
            some.fixed_dictionaries({}, optional={"c": SCALARS, "on": some.booleans(), "name": WORDS}),
            max_size=3,
            unique_by=lambda item: str(item.get("name")),
        ),
        "o": some.fixed_dictionaries({}, optional={"c": SCALARS}),
    },
)
STATES = [
    "a: a",
    "a: {$is: a, $default: a}",
    "a: {$none_of: [a], $default: null, $write: b}",
    "b: {c: 1}",
    "b: {c: {$is: 1, $default: 1}, $if_present: true}",
    "b: {$each: {c: 1}, $where: {on: true}}",
    "b: {$each: {c: {$absent: true}}, $where: {name: {$one_of: [a, ab]}}}",
    "b: {$each: {$any_of: [{c: 1}, {name: a}]}}",
    "b: {$entry: {name: a}, c: 1}",
    "b: {$entry: {name: a}, c: 1, $if_present: true}",
    "$any_of: [{a: a}, {o: {c: 1}}]",
    "o: {c: {$at_least: 1}}",
    "b: {c: {$contains: [a]}, $any_of: [{name: a}, {on: true}]}",
]


def evaluator(state: str) -> tuple[Evaluator, Properties]:
    loaded = thing(state)
    node = loaded.targets[Dialect.TERRAFORM][0].state
    assert node is not None
    judge = Evaluator(Binding({}, lambda _name: MISSING), ORDERS, lambda _test, found: (DocumentVerdict(None, found),))
    return judge, node


LOADED = [evaluator(state) for state in STATES]


def worst(judge: Evaluator, node: Properties, value: Origin) -> Verdict | None:
    """Return the worst verdict; None for unknown."""
    if not isinstance(value, Structure):
        return None
    found = max((outcome.verdict for outcome in judge.state(node, value)), default=Verdict.SATISFIED)
    return None if found is Verdict.UNKNOWN else found


@given(some.sampled_from(LOADED), pairs(BODIES))
@settings(max_examples=700, deadline=None)
def test_law_of_states(state, pair):
    judge, node = state
    whole, less = pair

    assert agrees(worst(judge, node, less), worst(judge, node, whole))


@given(some.sampled_from(LOADED), pairs(BODIES), pairs(BODIES))
@settings(max_examples=700, deadline=None)
def test_law_of_conditions(state, pair, other):
    judge, node = state
    whole, less = pair
    answer = judge.holds(node, (whole,))

    assert agrees(judge.holds(node, (less,)), answer)
    assert agrees(judge.holds(node, (whole, other[0])), answer)


PORT = CoversPort(22, ("from", "to", "protocol"))
PORTS = some.builds(
    lambda ports, protocol: {"from": ports[0], "to": ports[1], "protocol": protocol},
    some.sampled_from([(0, 65535), (22, 22), (23, 65535), (0, 21), (-1, -1)]),
    some.sampled_from(["tcp", "udp", "-1", 6]),
)


@given(pairs(PORTS))
@settings(max_examples=200, deadline=None)
def test_law_of_ports(pair):
    whole, less = pair
    if isinstance(less, Structure):
        assert agrees(covers_port(PORT, less), covers_port(PORT, whole))


# --------------------------------------------------------------------- policy documents

STATEMENTS = some.fixed_dictionaries(
    {"Effect": some.sampled_from(["Allow", "Deny"])},
    optional={
        "Principal": some.sampled_from(["*", "1", {"AWS": "*"}, {"AWS": ["1", "*"]}, {"Service": "x"}]),
        "Action": some.sampled_from(["*", "s3:*", "s3:Get*", ["s3:Put*", "S3:*"], []]),
        "Resource": some.sampled_from(["*", "arn:aws:s3:::b", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]]),
        "Condition": some.sampled_from(
            [{}, {"Bool": {"aws:SecureTransport": "false"}}, {"Bool": {"aws:SecureTransport": ["true"]}}]
        ),
    },
)
DOCUMENTS = some.fixed_dictionaries({"Statement": STATEMENTS | some.lists(STATEMENTS, max_size=2)})
PATTERNS = [
    "{$no_statement: {Effect: Allow, Principal: {$any: ['*']}, Condition: {$absent: true}}}",
    "{$no_statement: {Effect: Allow, Action: {$any: ['*', 's3:*']}, Condition: {$present: true}}}",
    "{$no_statement: {Principal: {AWS: {$any: ['*']}}}}",
    "{$no_statement: {Action: [s3:Put*, s3:*]}}",
    "{$has_statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}}",
    "{$has_statement: {Effect: Deny, Resource: [arn:aws:s3:::b, arn:aws:s3:::b/*], Condition: {Bool: {aws:SecureTransport: 'false'}}}}",
    "{$has_statement: {Effect: Allow, Action: [s3:GetObject, s3:Put*]}}",
]


def reader() -> DocumentReader:
    primary = Resource(
        Dialect.TERRAFORM, "test_thing", "x", "test_thing.x", "main.tf", Span(0, 0), Span(0, 0), structure({})
    )
    return DocumentReader(TerraformModule(ModuleFolder.of("", [], {})), primary, Binding({}, lambda _name: MISSING))


def documents_verdict(pattern: str, document: Origin) -> bool | None:
    (_, leaf), *_ = evaluator(f"a: {{$document: {pattern}}}")[1].children
    return every(verdict.accepted for verdict in reader().judge(leaf.test, document))  # type: ignore[union-attr, arg-type]


@given(some.sampled_from(PATTERNS), pairs(DOCUMENTS))
@settings(max_examples=700, deadline=None)
def test_law_of_documents(pattern, pair):
    whole, less = pair

    assert agrees(documents_verdict(pattern, less), documents_verdict(pattern, whole))


@given(some.sampled_from(PATTERNS[-3:]), DOCUMENTS, DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_a_statement_on_one_branch_only_does_not_satisfy(pattern, one, other):
    first, second = (documents_verdict(pattern, origin(document)) for document in (one, other))

    both = structure({"Statement": (*as_value(one["Statement"]), *as_value(other["Statement"]))})

    assert documents_verdict(pattern, both) is unanimous((first, second))


# --------------------------------------------------------------------- smaller questions

ELEMENTS = some.one_of(
    WORDS, some.lists(WORDS, max_size=3), some.dictionaries(WORDS, some.lists(WORDS, max_size=2), max_size=2)
)


@given(pairs(ELEMENTS), some.lists(WORDS, min_size=1, max_size=2).map(tuple))
@settings(max_examples=200, deadline=None)
def test_law_of_elements(pair, wanted):
    whole, less = pair

    assert agrees(has_any((less,), wanted)[0], has_any((whole,), wanted)[0])
    assert agrees(is_missing((less,)), is_missing((whole,)))
    for judge in (is_one, covers_action):
        answers = [has_on_every_branch((found,), lambda o, j=judge: j(o, wanted[0])) for found in (less, whole)]
        assert agrees(*answers)


@given(pairs(SCALARS), pairs(SCALARS))
@settings(max_examples=200, deadline=None)
def test_law_of_comparisons(one, other):
    wholes: list[Value] = [(one[0],), (other[0],)]
    blurs: list[Value] = [(one[1],), (other[1],)]

    assert agrees(are_same(*blurs), are_same(*wholes))
    assert agrees(as_truth(blurs[0]), as_truth(wholes[0]))


def test_a_reference_is_a_value_but_not_a_known_one():
    assert is_one(REFERENCE, "*") is False
    assert is_one(REFERENCE, "a") is None
    assert isinstance(origin([1]), Sequence)
    assert REFERENCE.place == HERE
