"""Records compare, hash and print as frozen dataclasses do."""

from dataclasses import dataclass, field, fields, replace

import pytest

from setsquare.records import record


@record(order=True)
class Point:
    x: int
    y: str = "a"
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Frozen:
    x: int
    y: str = "a"
    note: str = field(default="", compare=False, repr=False)


@record
class Single:
    x: object


@record
class Empty:
    pass


VALUES = [(1, "a", "n"), (1, "a", "m"), (1, "b", ""), (0, "z", ""), (2, "a", "")]


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_compares_as_a_frozen_dataclass_does(one, other):
    a, b, c, d = Point(*one), Point(*other), Frozen(*one), Frozen(*other)
    assert [a == b, a < b, a <= b, a > b, a >= b] == [c == d, c < d, c <= d, c > d, c >= d]
    assert a != b or hash(a) == hash(b)


def test_prints_as_a_frozen_dataclass_does():
    assert repr(Point(1, note="n")) == repr(Frozen(1, note="n")).replace("Frozen", "Point")


def test_is_no_other_record_and_no_tuple():
    assert Single(1) != Point(1)
    assert Single((1,)) != Single(1)
    assert Single(1) != 1
    assert Empty() == Empty()
    with pytest.raises(TypeError):
        _ = Point(1) < 1


def test_is_a_dataclass_with_slots():
    assert [one.name for one in fields(Point)] == ["x", "y", "note"]
    assert replace(Point(1), y="c") == Point(1, "c")
    with pytest.raises(AttributeError):
        Point(1).z = 1
