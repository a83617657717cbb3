"""What is large, deep or goes in circles: bounded work, counted and not timed, and a message where a bound is met."""

import pytest
from tests.origins import spelled
from tests.small_rules import a_thing, module, thing
from tests.tables import table

from setsquare.model import Opaque, Sequence, Text
from setsquare.resolve.elements import MAX_ELEMENTS
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import hcl

PATH = "/unit/main.tf"


class Counted(TerraformModule):
    """A module that counts how many expressions it gives a meaning."""

    steps = 0

    def value(self, expression, frame):
        self.steps += 1
        return super().value(expression, frame)


def counted(text):
    source = text.encode()
    return Counted(ModuleFolder.of("/unit", [hcl.read(PATH, source)], {PATH: source}))


def looked_up(some, name="a"):
    (resource,) = some.resources({"test_thing"})
    return resource.value.lookup(name)


def is_unknown(origin):
    """Whether an origin is not known, or nothing of it is."""
    match origin:
        case Sequence(items=items):
            return not origin.complete and not items
        case Text(parts=parts):
            return len(parts) < 3 and any(isinstance(part, Opaque) for part in parts)
        case _:
            return isinstance(origin, Opaque)


def locals_of(*lines):
    return "locals {\n" + "\n".join(f"  {line}" for line in lines) + "\n}\n"


def test_local_values_in_a_circle_are_not_known():
    everyone = ", ".join(f"local.v{number}" for number in range(40))
    some = counted(locals_of(*(f"v{n} = [{everyone}]" for n in range(40))) + a_thing("a = local.v0"))

    assert spelled(looked_up(some), some.texts) == "? local.v0"
    assert some.steps < 100


def test_what_only_names_a_circle_is_known_beside_it():
    some = counted(locals_of("v = [local.w]", "w = [local.v]", "x = [1, local.v]") + a_thing("a = local.x"))

    assert spelled(looked_up(some), some.texts) == "[1, ? local.v]"


@pytest.mark.parametrize("count", [100, 1000])
def test_the_work_for_chained_values_grows_with_their_number(count):
    chain = locals_of("v0 = 1", *(f"v{n} = local.v{n - 1} + local.v{n - 1}" for n in range(1, count)))
    some = counted(chain + a_thing(f"a = local.v{count - 1} > 0"))

    looked_up(some)

    assert some.steps < 6 * count


@pytest.mark.parametrize("count", [100, 1000])
def test_the_work_for_instances_grows_with_their_number(count):
    elements = ", ".join(f'"k{n}"' for n in range(count))
    some = counted(a_thing(f"for_each = toset([{elements}])\na = upper(each.value)"))

    (resource,) = some.resources({"test_thing"})
    for world in resource.worlds:
        world.lookup("a")

    assert len(resource.worlds) == count
    assert some.steps < 6 * count
    assert some.notes == {}


@table(
    "repeat",
    [
        (f"for_each = toset([for n in range({MAX_ELEMENTS + 1}) : tostring(n)])\na = each.key",),
        (f"count = {MAX_ELEMENTS + 1}\na = count.index",),
    ],
)
def test_more_instances_than_are_looked_at(repeat):
    analysis = module(a_thing(repeat), thing("a: p")).analyse()

    assert [problem.message for problem in analysis.problems] == [
        f"there are more than {MAX_ELEMENTS} instances, so they are not looked at one by one"
    ]
    assert analysis.problems[0].place is not None
    assert not analysis.findings
    assert analysis.unknown


def test_more_elements_of_a_dynamic_block_than_are_looked_at():
    block = f'dynamic "b" {{\n  for_each = range({MAX_ELEMENTS + 1})\n  content {{\n    a = 1\n  }}\n}}'
    analysis = module(a_thing(block), thing("b: {a: 2}")).analyse()

    assert [problem.message for problem in analysis.problems] == [
        f"there are more than {MAX_ELEMENTS} elements, so they are not looked at one by one"
    ]
    assert analysis.unknown


def test_loops_within_loops_stop():
    loop = "1"
    for name in "pqrst":
        loop = f"[for {name} in range(1000) : {loop}]"
    some = counted(a_thing(f"a = {loop}"))

    looked_up(some)

    assert some.steps < 50_000
    assert list(some.notes.values())


def test_all_ports_of_a_range():
    ports = "flatten([for a in range(256) : [for b in range(256) : a * 256 + b]])"
    some = counted(locals_of(f"ports = {ports}") + a_thing("a = contains(local.ports, 22)"))

    assert isinstance(looked_up(some)[0], Opaque)
    assert some.steps < 150_000


@table(
    "declared, expression",
    [
        ([*(f"v{n} = concat(local.v{n - 1}, local.v{n - 1})" for n in range(1, 40)), "v0 = [1]"], "local.v39"),
        ([*(f'v{n} = "${{local.v{n - 1}}}${{local.v{n - 1}}}"' for n in range(1, 40)), 'v0 = "x"'], "local.v39"),
        ([*(f"v{n} = [local.v{n - 1}, local.v{n - 1}]" for n in range(1, 40)), "v0 = [1]"], "flatten(local.v39)"),
        ([*(f"v{n} = [local.v{n - 1}, local.v{n - 1}]" for n in range(1, 40)), "v0 = [1]"], "sum(local.v39)"),
        (
            [*(f"v{n} = {{ a = local.v{n - 1}, b = local.v{n - 1} }}" for n in range(1, 40)), "v0 = {}"],
            '"x${local.v39}"',
        ),
        ([], "setproduct(range(1000), range(1000))"),
        ([], "pow(10, 1000)"),
        ([], 'indent(100000000, "a\\nb")'),
        ([], 'format("%1000000000d", 1)'),
        ([], f'replace("{"a" * 3000}", "a", "{"b" * 3000}")'),
        ([], f'regex("(a+)+$", "{"a" * 60}!")'),
        ([], f'regex("(a|a)*b", "{"a" * 60}")'),
        ([], f'regex("a*a*a*a*a*b", "{"a" * 2000}")'),
        ([], f'regex("{"a" * 1000}", "a")'),
        ([], 'regex("(?=a)a", "a")'),
        ([], 'cidrsubnet("10.0.0.0/8", 33, 1)'),
        ([], f'parseint("{"9" * 300}", 10)'),
    ],
)
def test_values_that_grow_without_bound(declared, expression):
    some = counted((locals_of(*declared) if declared else "") + a_thing(f"a = {expression}"))

    (found,) = looked_up(some)

    assert is_unknown(found)
    assert some.steps < 1000


def test_an_incomplete_list_has_no_length():
    some = counted('variable "v" {}\n' + a_thing("a = length(concat([1], var.v))\nb = concat([1], var.v)"))

    assert spelled(looked_up(some), some.texts) == "? length(concat([1], var.v))"
    (found,) = looked_up(some, "b")
    assert isinstance(found, Sequence)
    assert not found.complete
