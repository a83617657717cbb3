"""The examples of a rule: run by the tests, printed in its documentation page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from setsquare.documents import Dialect
from setsquare.model import Expression, Written
from setsquare.records import record
from setsquare.rules.binding import Binding, Unset
from setsquare.rules.checks import Fault
from setsquare.rules.decoding import Decoder, Mistake, Unfit
from setsquare.rules.nodes import NodeDecoder
from setsquare.rules.rule import MISSING, Rule

VERDICTS = ("violated", "satisfied", "unknown", "not_applicable")
NEEDED = ("violated", "satisfied", "unknown")
"""The verdicts of which each dialect of a rule has an example."""
_FIELDS = ("name", "parameters", "verdict", "input", "fixed", "no_fix")


@record
class Example:
    """One text and what the rule says about it; ``fixed`` is the canonical fix, ``no_fix`` why there is none."""

    dialect: Dialect
    name: str
    verdict: str
    input: str
    fixed: str | None = None
    no_fix: str | None = None
    parameters: Mapping[str, Written] = field(default_factory=dict)


def load_examples(path: str, source: bytes) -> tuple[tuple[Example, ...], tuple[Mistake, ...]]:
    """Read an examples file: the examples that could be read, and the mistakes."""
    decoder = Decoder(path, source)
    root = decoder.root("examples")
    found: list[Example] = []
    if root is not None:
        try:
            names = [dialect.value for dialect in Dialect]
            table = decoder.fields(root, names, (), "lists of examples by dialect")
            for dialect in Dialect:
                if dialect.value in table:
                    items = decoder.items(table[dialect.value], "a list of examples")
                    found += decoder.each(items, lambda item, d=dialect: _example(decoder, d, item))  # type: ignore[misc]
        except Unfit:
            found = []
    return tuple(found), tuple(sorted(set(decoder.mistakes)))


def example_faults(rule: Rule, examples: Sequence[Example]) -> Iterator[Fault]:
    """Yield which of the examples that a rule must have are missing."""
    for dialect in rule.targets:
        found = {example.verdict for example in examples if example.dialect is dialect}
        for verdict in NEEDED:
            if verdict not in found:
                yield Fault(rule.id, f"no example is {verdict}", (dialect.value,))


def _example(decoder: Decoder, dialect: Dialect, expression: Expression) -> Example:
    required = ("name", "verdict", "input")
    table = decoder.fields(expression, _FIELDS, required, "an example")
    if not all(name in table for name in required):
        raise Unfit
    verdict = decoder.text(table["verdict"])
    if verdict not in VERDICTS:
        decoder.found(table["verdict"], "one of " + ", ".join(VERDICTS))
    if (verdict == "violated") == ("fixed" not in table and "no_fix" not in table):
        decoder.found(table["verdict"], "fixed or no_fix beside violated, and beside nothing else")
    return Example(
        dialect,
        str(decoder.scalar(table["name"])),
        verdict,
        decoder.text(table["input"]),
        fixed=decoder.text(table["fixed"]) if "fixed" in table else None,
        no_fix=str(decoder.scalar(table["no_fix"])) if "no_fix" in table else None,
        parameters=_parameters(decoder, table["parameters"]) if "parameters" in table else {},
    )


def _parameters(decoder: Decoder, expression: Expression) -> dict[str, Written]:
    nodes = NodeDecoder(decoder)
    binding = Binding({}, lambda _name: MISSING)
    result: dict[str, Written] = {}
    for name, value in decoder.mapping(expression, "parameters by name").items():
        bound = binding.operand(nodes.operand(value))
        if isinstance(bound, Unset):
            raise decoder.unfit(value, "a value")
        result[name] = bound
    return result
