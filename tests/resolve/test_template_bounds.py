"""What templates may cost: steps are counted, not seconds."""

import pytest
from tests.resolve.test_cloudformation import template, the
from tests.tables import table

from setsquare.model import Structure, Value
from setsquare.resolve.assumptions import Conditions
from setsquare.resolve.template_loops import MAX_ENTRIES
from setsquare.resolve.template_values import TemplateValues


def independent(count: int) -> str:
    """Return as many conditions over as many parameters, and a property for each."""
    return _template(count, [f"!Equals [!Ref P{i}, a]" for i in range(count)])


def chained(count: int) -> str:
    """Return conditions that each name the one before twice."""
    written = ["!Equals [!Ref P0, a]"]
    for i in range(1, count):
        before = f"!Condition C{i - 1}"
        written.append(f"!Or [!And [{before}, !Equals [!Ref P{i}, a]], !And [!Not [{before}], !Equals [!Ref P0, b]]]")
    return _template(count, written)


def joined(count: int) -> str:
    """Return conditions that each name all before them."""
    written = ["!Equals [!Ref P0, a]", "!Equals [!Ref P1, a]"]
    written += ["!Or [" + ", ".join(f"!Condition C{k}" for k in range(i)) + "]" for i in range(2, count)]
    return _template(count, written)


def _template(count: int, conditions: list[str]) -> str:
    lines = ["Parameters:", *(f"  P{i}: {{Type: String}}" for i in range(count)), "Conditions:"]
    lines += [f"  C{i}: {written}" for i, written in enumerate(conditions)]
    lines += ["Resources:", "  X:", "    Type: Test::A::Thing", "    Properties:"]
    lines += [
        f"      A{i}: !If [C{i}, !If [C{count - 1 - i}, 1, 2], !If [C{i * 7 % count}, 3, 4]]" for i in range(count)
    ]
    lines += ["      L: !Join ['', [" + ", ".join(f"!If [C{i}, a, b]" for i in range(count)) + "]]"]
    lines += ["      N: " + "".join(f"!If [C{i}, {i}, " for i in range(count)) + "0" + "]" * count]
    return "\n".join(lines) + "\n"


class Steps:
    """Counts the calls of some methods."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        for owner, name in ((Conditions, "_truth"), (TemplateValues, "value")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, method):
        def call(*args, **kwargs):
            self.taken += 1
            return method(*args, **kwargs)

        return call


def walk(value: Value) -> None:
    for origin in value:
        if isinstance(origin, Structure):
            for name in origin.names:
                walk(origin.lookup(name))


def steps_of(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    with monkeypatch.context() as patched:
        steps = Steps(patched)
        resource = the(template(text))
        walk(resource.worlds or (resource.value,))
        return steps.taken


@table("shape", [(independent,), (chained,), (joined,)])
def test_forty_conditions_cost_in_proportion_to_their_length(shape, monkeypatch):
    forty, eighty = shape(40), shape(80)

    steps, more_steps = steps_of(forty, monkeypatch), steps_of(eighty, monkeypatch)

    assert steps < 200_000
    assert more_steps / len(eighty) < 3 * steps / len(forty)


def test_a_thousand_conditions_that_each_name_the_next():
    conditions = "".join(f"  C{i}: !Not [!Condition C{i + 1}]\n" for i in range(1000))
    text = f"Conditions:\n{conditions}  C1000: !Equals [a, a]\nResources:\n  X:\n    Type: Test::A::Thing\n"

    assert the(template(f"{text}    Condition: C0\n")).present is True


@table("items, expected", [(MAX_ENTRIES, True), (MAX_ENTRIES + 1, False)])
def test_a_loop_is_written_out_within_bounds(items, expected):
    names = ", ".join(f"n{i}" for i in range(items))
    text = (
        "Resources:\n  Fn::ForEach::L:\n    - N\n"
        f"    - [{names}]\n    - X${{N}}: {{Type: Test::A::Thing, Properties: {{A: 1}}}}\n"
    )

    some = template(text)

    assert len(some.resources({"Test::A::Thing"})) == (items if expected else 1)
    assert list(some.notes.values()) == (
        [] if expected else ["a loop writes out more than 500 resources, which are judged as one for all items"]
    )
    assert some.broken == ()


@table("items, expected", [(MAX_ENTRIES, False), (MAX_ENTRIES + 1, True)])
def test_a_loop_among_properties_is_written_out_within_bounds(items, expected):
    names = ", ".join(f"n{i}" for i in range(items))
    text = (
        "Resources:\n  X:\n    Type: Test::A::Thing\n    Properties:\n"
        f"      Fn::ForEach::L: [N, [{names}], {{'A${{N}}': 1}}]\n"
    )

    some = template(text)

    assert the(some).value.is_open is expected
    assert list(some.notes.values()) == (
        ["a loop writes out more than 500 entries, which are not known"] if expected else []
    )


def test_loops_in_loops_do_not_multiply_past_the_bound():
    body = "X: {Type: Test::A::Thing}"
    for depth in range(9):
        body = f"Fn::ForEach::L{depth}: [V{depth}, [a, b, c, d, e, f, g, h, i, j], {{{body}}}]"
    text = f"Resources:\n  {body}\n  Y: {{Type: Test::A::Thing}}\n"

    assert [one.name for one in template(text).resources({"Test::A::Thing"})] == ["Y", "X"]
