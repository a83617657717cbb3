"""Every example of every rule, held to the laws. A law lives here once, for all rules."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.oracle import is_formatted
from tests.support import AS_OF, NAMES, Unit, text_of, unit

from setsquare.documents import Dialect
from setsquare.findings import Finding
from setsquare.model import Written
from setsquare.rules.examples import Example, load_examples
from setsquare.rules.policy import Policy

RULES = Path(__file__).parents[2] / "rules"


def examples() -> list[tuple[str, Example]]:
    found = []
    for path in sorted(RULES.glob("*/*/*.examples.yaml")):
        loaded, problems = load_examples(str(path), path.read_bytes())
        assert not problems, [str(problem) for problem in problems]
        rule = "-".join((*path.parts[-3:-1], path.name.removesuffix(".examples.yaml")))
        found += [(rule, example) for example in loaded]
    return found


ALL = examples()
VIOLATED = [pair for pair in ALL if pair[1].verdict == "violated"]
FIXED = [pair for pair in VIOLATED if pair[1].fixed is not None]
UNFIXED = [pair for pair in VIOLATED if pair[1].fixed is None]


def cases(pairs: list[tuple[str, Example]]) -> pytest.MarkDecorator:
    """Parametrise a law over examples; the ids name the rule, the dialect and the example."""
    params = [
        pytest.param(rule, example, id=f"{rule} {example.dialect.value} {number}: {example.name}")
        for number, (rule, example) in enumerate(pairs)
    ]
    return pytest.mark.parametrize(("rule", "example"), params)


def policy_of(parameters: Mapping[str, Written]) -> Policy:
    return Policy.of(parameters=parameters, account_baseline=("**",), as_of=AS_OF)


def unit_of(example: Example) -> Unit:
    name = NAMES[example.dialect]
    if example.dialect is Dialect.CLOUDFORMATION and example.input.lstrip().startswith("{"):
        name = "template.json"
    return unit(example.input, name, policy_of(example.parameters))


def of_rule(some: Unit, rule: str) -> list[Finding]:
    return [finding for finding in some.analyse().findings if finding.rule.id == rule]


def fixed_by(some: Unit, *rules: str) -> Unit:
    wanted = [f for f in some.analyse().findings if f.fix.available and (not rules or f.rule.id in rules)]
    planned = some.plan(wanted)
    assert not planned.refused, planned.refused
    return some.with_texts(planned.apply(some.texts))


@cases(ALL)
def test_verdict(rule: str, example: Example) -> None:
    analysis = unit_of(example).analyse()

    violated = [finding.message for finding in analysis.findings if finding.rule.id == rule]
    unknown = [finding.message for finding in analysis.unknown if finding.rule.id == rule]

    assert (example.verdict == "violated") == bool(violated), (violated, unknown)
    if example.verdict != "violated":
        assert (example.verdict == "unknown") == bool(unknown), unknown
    assert not analysis.problems


@cases(FIXED)
def test_fixed_text_is_the_canonical_one(rule: str, example: Example) -> None:
    assert example.fixed == text_of(fixed_by(unit_of(example), rule)).decode()


@cases(UNFIXED)
def test_no_fix_says_why(rule: str, example: Example) -> None:
    for finding in of_rule(unit_of(example), rule):
        assert not finding.fix.available
        assert finding.fix.reason


@cases(FIXED)
def test_fix_is_proven(rule: str, example: Example) -> None:
    some = unit_of(example)

    proof = some.prove(some.plan(of_rule(some, rule)))

    assert [] == [check for check in proof.checks if not check.passed]


@cases(FIXED)
def test_fixing_again_changes_nothing(rule: str, example: Example) -> None:
    once = fixed_by(unit_of(example), rule)

    assert text_of(once) == text_of(fixed_by(once, rule))


@cases(FIXED)
def test_formatted_stays_formatted(rule: str, example: Example) -> None:
    if example.dialect is not Dialect.TERRAFORM:
        return

    assert is_formatted(example.input)
    assert is_formatted(text_of(fixed_by(unit_of(example))).decode())


@cases(FIXED)
def test_every_order_of_single_fixes_is_the_batch(rule: str, example: Example) -> None:
    start = unit_of(example)
    rules = sorted({f.rule.id for f in start.analyse().findings if f.fix.available and f.fix.bulk})

    forward, backward = start, start
    for one in rules:
        forward = fixed_by(forward, one)
    for one in reversed(rules):
        backward = fixed_by(backward, one)

    batch = fixed_by(start, *rules) if rules else start
    assert text_of(batch) == text_of(forward) == text_of(backward)


@cases(FIXED)
@pytest.mark.parametrize("spelling", ["crlf", "bom", "non-ascii"])
def test_encoding_is_kept(rule: str, example: Example, spelling: str) -> None:
    def spelled(text: str) -> bytes:
        match spelling:
            case "crlf":
                return text.replace("\n", "\r\n").encode()
            case "bom":
                return b"\xef\xbb\xbf" + text.encode()
            case _:
                return f"# Überschrift 🙂\n{text}".encode()

    if spelling == "non-ascii" and example.input.lstrip().startswith("{"):
        return
    assert example.fixed is not None
    plain = unit_of(example)
    name = next(iter(plain.texts)).rpartition("/")[2]

    some = unit(spelled(example.input), name, plain.policy)

    assert spelled(example.fixed) == text_of(fixed_by(some, rule))
