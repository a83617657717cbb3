"""A desired state against a configuration: one outcome for each leaf and each origin; conditions, three-valued."""

from collections.abc import Mapping
from textwrap import dedent

from tests.origins import OPAQUE, spelled, structure
from tests.small_rules import ORDERS, a_thing, rule, shown, thing
from tests.tables import table

from setsquare.documents import Dialect
from setsquare.evaluation import DocumentVerdict, Evaluator, Outcome, Site, Step, covers_port
from setsquare.findings import Verdict
from setsquare.model import Known, Structure, Written
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.binding import Binding
from setsquare.rules.rule import MISSING, CoversPort, Node, Properties, Rule
from setsquare.syntax import hcl

PATH = "/unit/main.tf"
PARAMETERS = "parameters: {days: {type: integer}}"


def body(text: str) -> Structure:
    source = a_thing(dedent(text)).encode()
    (resource,) = TerraformModule(ModuleFolder.of("/unit", [hcl.read(PATH, source)], {PATH: source})).resources(
        {"test_thing"}
    )
    return resource.value


def evaluator(loaded: Rule, policy: Mapping[str, Written] | None = None, attributes: tuple[str, ...] = ()) -> Evaluator:
    return Evaluator(
        Binding(loaded.parameters, lambda name: (policy or {}).get(name, MISSING)),
        ORDERS,
        lambda _test, found: (DocumentVerdict(DOCUMENTS[found.value] if isinstance(found, Known) else None, found),),
        lambda path: ".".join(path) in attributes,
    )


DOCUMENTS = {"good": True, "bad": False}


def desired(state: str) -> tuple[Evaluator, Properties]:
    loaded = thing(state, extra=PARAMETERS)
    (target,) = loaded.targets[Dialect.TERRAFORM]
    assert target.state is not None
    return evaluator(loaded), target.state


def outcomes(state: str, text: str) -> list[Outcome]:
    judge, node = desired(state)
    return judge.state(node, body(text))


@table(
    "state, text, expected",
    [
        ("a: 1", "a = 1", [("a", "satisfied")]),
        ("a: 1", "a = 2", [("a", "violated")]),
        ("a: 1", "", [("a", "violated")]),
        ("a: 1", "a = var.x", [("a", "unknown")]),
        ("a: 1", "a = var.x ? 1 : 2", [("a", "satisfied"), ("a", "violated")]),
        ("a: {$is: 1, $default: 1}", "a = var.x ? null : 1", [("a", "satisfied"), ("a", "satisfied")]),
        ("a: {$is: 1, $requires: days}", "a = 2", []),
        ("a: 1", "b = ", [("a", "unknown")]),
        ("b: {c: 1}", "b {\n  c = 1\n}", [("b.c", "satisfied")]),
        ("b: {c: 1}", "", [("b.c", "violated")]),
        ("b: {c: 1}", "b = {}", [("b.c", "violated")]),
        ("b: {c: 1}", "b = []", [("b.c", "violated")]),
        ("b: {c: 1}", "b = null", [("b.c", "violated")]),
        ("b: {c: 1}", "b = var.x", [("b.c", "unknown")]),
        ("b: {c: 1}", "b = 7", [("b.c", "unknown")]),
        ("b: {c: 1}", "b {\n  c = 1\n}\nb {\n  c = 2\n}", [("b[0].c", "satisfied"), ("b[1].c", "violated")]),
        ("b: {c: 1}", 'b {\n  c = 1\n}\ndynamic "b" {\n  for_each = []\n}', [("b.c", "satisfied"), ("b.c", "unknown")]),
        ("b: {c: 1, $if_present: true}", "", []),
        ("b: {c: 1, $if_present: true}", "b {}", [("b.c", "violated")]),
        ("b: {c: {d: 1}}", "", [("b.c.d", "violated")]),
        ("$any_of: [{a: 1}, {b: 1}]", "b = 1", [("b", "satisfied")]),
        ("$any_of: [{a: 1}, {b: 1}]", "", [("a", "violated")]),
        ("$any_of: [{a: 1}, {b: 1}]", "a = 2\nb = var.x", [("b", "unknown")]),
        ("$any_of: [{a: 1}, {b: {$is: 1, $requires: days}}]", "a = 2", []),
        ("b: {$any_of: [{c: 1}, {d: 1}]}", "", [("b.c", "violated")]),
        ("b: {$any_of: [{c: 1}, {d: 1}]}", "b = var.x", [("b.c", "unknown")]),
        ("b: {c: {$is: 1, $requires: days}}", "b = var.x", []),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", "a = good", [("a", "unknown")]),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", 'a = "good"', [("a", "satisfied")]),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", 'a = "bad"', [("a", "violated")]),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", "", [("a", "violated")]),
        ("a: {$document: {$no_statement: {Effect: Allow}}}", "", [("a", "satisfied")]),
    ],
)
def test_states(state, text, expected):
    assert shown(outcomes(state, text)) == expected


ENTRY = "p: {$entry: {name: tls}, value: 1}"


@table(
    "state, text, expected",
    [
        (ENTRY, 'p {\n  name = "tls"\n  value = 1\n}', [("p[tls].value", "satisfied")]),
        (ENTRY, 'p {\n  name = "tls"\n  value = 0\n}', [("p[tls].value", "violated")]),
        (ENTRY, 'p {\n  name = "tls"\n}\np {\n  name = "a"\n}', [("p[tls].value", "violated")]),
        (ENTRY, 'p {\n  name = "a"\n}', [("p[tls].value", "violated")]),
        (ENTRY, "p {\n  name = var.x\n}", [("p[tls].value", "unknown")]),
        (ENTRY, "p {}", [("p[tls].value", "violated")]),
        (ENTRY, "", [("p[tls].value", "violated")]),
        (ENTRY, "p = null", [("p[tls].value", "violated")]),
        (ENTRY, "p = []", [("p[tls].value", "violated")]),
        (ENTRY, "p = [1, null]", [("p[tls].value", "violated")]),
        (ENTRY, "p = [var.x]", [("p[tls].value", "unknown")]),
        (ENTRY, "p = var.x", [("p[tls].value", "unknown")]),
        (ENTRY, 'p = { name = "tls", value = 1 }', [("p[tls].value", "satisfied")]),
        (ENTRY, 'p = { name = "a", value = 1 }', [("p[tls].value", "unknown")]),
        (ENTRY, 'dynamic "p" {}\np {\n  name = "a"\n}', [("p[tls].value", "unknown")]),
        ("p: {$entry: {name: tls}, value: 1, $if_present: true}", "", []),
        ("p: {$entry: {name: tls}, value: 1, $if_present: true}", 'p {\n  name = "a"\n}', []),
        (
            "p: {$entry: {name: tls}, value: 1, $if_present: true}",
            "p {\n  name = var.x\n}",
            [("p[tls].value", "unknown")],
        ),
        ("p: {$entry: {n: 7}, value: 1}", "p {\n  n = 7\n  value = 1\n}", [("p[7].value", "satisfied")]),
    ],
)
def test_entries(state, text, expected):
    assert shown(outcomes(state, text)) == expected


EACH = "b: {$each: {c: 1}, $where: {on: true}}"


@table(
    "state, text, expected",
    [
        (EACH, "b {\n  on = true\n}", [("b.c", "violated")]),
        (EACH, "b {\n  on = false\n}", []),
        (EACH, "b {\n  on = var.x\n}", [("b.c", "unknown")]),
        (EACH, "b {\n  on = var.x\n  c = 1\n}", [("b.c", "satisfied")]),
        (EACH, "b {\n  on = true\n  c = 1\n}\nb {\n  on = true\n}", [("b[0].c", "satisfied"), ("b[1].c", "violated")]),
        (EACH, "", []),
        (EACH, "b = null", []),
        (EACH, "b = { on = true }", [("b.c", "violated")]),
        (EACH, "b = var.x", [("b.c", "unknown")]),
        (EACH, "b = [var.x, null]", [("b[0].c", "unknown")]),
        (EACH, 'dynamic "b" {}\nb {\n  on = false\n}', [("b.c", "unknown")]),
        ("b: {$each: {c: 1}}", "b {}", [("b.c", "violated")]),
        (
            "b: {$each: 1}",
            "b = [1, 2, null, var.x]",
            [("b[0]", "satisfied"), ("b[1]", "violated"), ("b[3]", "unknown")],
        ),
        ("b: {$each: {c: {$each: {d: 1}}}}", "b = var.x", [("b.c.d", "unknown")]),
    ],
)
def test_each(state, text, expected):
    assert shown(outcomes(state, text)) == expected


def test_what_keeps_an_element_from_being_judged():
    (outcome,) = outcomes(EACH, "b {\n  on = bcrypt(1)\n}")

    assert spelled((outcome.origin,), {}) == "? bcrypt(1)"


def test_a_resource_that_is_not_there():
    judge, node = desired("a: 1\nb: {c: {$is: 1, $default: 1}}")

    found = judge.missing_state(node)

    assert shown(found) == [("a", "violated"), ("b.c", "satisfied")]
    assert [outcome.site for outcome in found] == [Site(None, (Step("a"),)), Site(None, (Step("b"), Step("c")))]


def test_properties_that_must_be_created_first():
    judge, node = desired("a: 1")

    (outcome,) = judge.state(node, structure({}), (Step("Properties"),))

    assert outcome.site.steps == (Step("Properties"), Step("a"))


@table(
    "state, text, steps, null, in_list",
    [
        ("a: 1", "", (Step("a"),), None, False),
        ("a: 1", "a = null", (Step("a"),), "null", False),
        ("b: {c: 1}", "", (Step("b"), Step("c")), None, False),
        ("b: {c: 1}", "b = null", (Step("b"), Step("c")), "null", False),
        ("b: {c: 1}", "b = []", (Step("b"), Step("c")), "[]", False),
        ("b: {c: 1}", "b {}", (Step("c"),), None, False),
        ("b: {c: 1, $list: true}", "", (Step("b", as_list=True), Step("c")), None, False),
        ("o: {c: 1}", "", (Step("o", attribute=True), Step("c")), None, False),
        (ENTRY, "", (Step("p", entry=("name", "tls")), Step("value")), None, False),
        (ENTRY, "p = null", (Step("p", entry=("name", "tls")), Step("value")), "null", False),
        (ENTRY, "p = []", (Step("p", entry=("name", "tls")), Step("value")), "[]", False),
        (ENTRY, "p = [null]", (Step("p", entry=("name", "tls")), Step("value")), None, True),
        (ENTRY, 'p {\n  name = "a"\n}', (Step("p", entry=("name", "tls")), Step("value")), None, True),
    ],
)
def test_where_a_leaf_would_stand(state, text, steps, null, in_list):
    loaded = thing(state, extra=PARAMETERS)
    node = loaded.targets[Dialect.TERRAFORM][0].state
    source = a_thing(text).encode()
    assert node is not None

    (outcome,) = evaluator(loaded, attributes=("o",)).state(node, body(text))

    place = outcome.site.null
    assert outcome.site.steps == steps
    assert (place and source[place.span.start : place.span.end].decode()) == null
    assert (outcome.site.items is not None) is in_list


# --------------------------------------------------------------------- conditions


def condition(written: str) -> tuple[Evaluator, Node]:
    loaded = rule(f"terraform:\n  - resource: test_thing\n    when: {{{written}}}\n    state: {{a: 1}}\n{PARAMETERS}\n")
    (target,) = loaded.targets[Dialect.TERRAFORM]
    assert target.when is not None
    return evaluator(loaded), target.when


@table(
    "written, text, expected",
    [
        ("a: 1", "a = 1", True),
        ("a: 1", "a = 2", False),
        ("a: 1", "", False),
        ("a: 1", "a = var.x", None),
        ("a: 1", "a = var.x ? 1 : 2", None),
        ("a: {$present: true}", "a = 2", True),
        ("a: {$present: true}", "", False),
        ("a: {$present: true}", "a = null", False),
        ("a: {$present: true}", "a = var.x", None),
        ("b: {$present: true}", "b {}", True),
        ("b: {$present: true}", "b = []", False),
        ("b: {$present: true}", "b = [var.x]", True),
        ("b: {$present: true}", 'dynamic "b" {}', None),
        ("b: {$absent: true}", "", True),
        ("b: {$absent: true}", "b {}", False),
        ("a: {$is: 1, $requires: days}", "a = 2", True),
        ("a: 1, b: 1", "a = var.x\nb = 2", False),
        ("a: 1, b: 1", "a = var.x\nb = 1", None),
        ("b: {c: 1}", "b {\n  c = 1\n}", True),
        ("b: {c: 1}", "b {\n  c = 1\n}\nb {\n  c = 2\n}", None),
        ("b: {c: 1}", 'b {\n  c = 1\n}\ndynamic "b" {}', None),
        ("b: {c: 1}", "", False),
        ("b: {c: 1}", "b = []", False),
        ("b: {c: {$is: 1, $default: 1}}", "", True),
        ("b: {c: 1}", "b = var.x", None),
        ("b: {c: 1}", "b = 1", None),
        ("$any_of: [{a: 1}, {b: 1}]", "b = 1", True),
        ("$any_of: [{a: 1}, {b: 1}]", "", False),
        ("$any_of: [{a: 1}, {b: 1}]", "a = var.x", None),
        ("a: 1, $any_of: [{b: 1}]", "b = 1", False),
        ("p: {$entry: {name: t}, value: 1}", 'p {\n  name = "t"\n  value = 1\n}', True),
        ("p: {$entry: {name: t}, value: 1}", 'p {\n  name = "t"\n  value = 2\n}', False),
        ("p: {$entry: {name: t}, value: 1}", 'p {\n  name = "a"\n}', False),
        ("p: {$entry: {name: t}, value: {$is: 1, $default: 1}}", 'p {\n  name = "a"\n}', True),
        ("p: {$entry: {name: t}, value: 1}", "p {\n  name = var.x\n}", None),
        ("p: {$entry: {name: t}, value: 1}", "", False),
        ("p: {$entry: {name: t}, value: 1}", 'p = { name = "t", value = 1 }', True),
        ("p: {$entry: {name: t}, value: 1}", 'p = { name = "a", value = 1 }', None),
        ("b: {$covers_port: {port: 22, $in: [f, t, p]}}", 'b {\n  f = 22\n  t = 22\n  p = "tcp"\n}', True),
        ("b: {$covers_port: {port: 22, $in: [f, t, p]}}", "", False),
        ("b: {$each: {c: 1}}", "b {\n  c = 1\n}\nb {\n  c = 1\n}", True),
        ("b: {$each: {c: 1}}", "b {\n  c = 1\n}\nb {\n  c = 2\n}", False),
        ("b: {$each: {c: 1}}", "b {\n  c = 1\n}\nb {\n  c = var.x\n}", None),
        ("b: {$each: {c: 1}}", 'b {\n  c = 1\n}\ndynamic "b" {}', None),
        ("b: {$each: {c: 1}}", "", True),
        ("b: {$each: {c: 1}}", "b = []", True),
        ("b: {$each: {c: 1}}", "b = var.x", None),
        ("b: {$each: {c: 1}}", "b = { c = 1 }", True),
        ("b: {$each: {c: 1}, $where: {on: true}}", "b {\n  on = false\n}", True),
        ("b: {$each: {c: 1}, $where: {on: true}}", "b {\n  on = true\n}", False),
        ("b: {$each: {c: 1}, $where: {on: true}}", "b {\n  on = var.x\n}", None),
        ("b: {$each: {c: 1}, $where: {on: true}}", "b {\n  on = var.x\n  c = 1\n}", True),
        ("a: {$document: {$no_statement: {Effect: Allow}}}", 'a = "good"', True),
        ("a: {$document: {$no_statement: {Effect: Allow}}}", 'a = "bad"', False),
        ("a: {$document: {$no_statement: {Effect: Allow}}}", "a = var.x", None),
    ],
)
def test_conditions(written, text, expected):
    judge, node = condition(written)

    assert judge.holds(node, (body(text),)) is expected


@table(
    "written, text, expected",
    [
        ("a: 1", "a = bcrypt(1)", "? bcrypt(1)"),
        ("a: 1, b: 1", "b = bcrypt(1)", "? bcrypt(1)"),
        ("a: 1", "a = aws_x.y.id", "{a: -> aws_x.y.id}"),
        ("b: {c: 1}", "b = { c = bcrypt(1) }", "? bcrypt(1)"),
        ("b: {c: 1}, d: 1", "b = { c = 1 }\nd = bcrypt(1)", "? bcrypt(1)"),
        ("$covers_port: {port: 22, $in: [from, to, protocol]}", "to = bcrypt(1)", "? bcrypt(1)"),
        ("$covers_port: {port: 22, $in: [from, to, protocol]}", "to = { a = 1 }", "{to: {a: 1}}"),
    ],
)
def test_what_keeps_a_condition_from_being_known(written, text, expected):
    judge, node = condition(written)

    assert spelled((judge.undecided(node, body(text)),), {}) == expected


def test_a_condition_over_something_that_is_not_known():
    judge, node = condition("a: 1")

    assert judge.undecided(node, OPAQUE) is OPAQUE
    assert judge.holds(node, (OPAQUE,)) is None


# --------------------------------------------------------------------- ports


@table(
    "low, high, protocol, expected",
    [
        (22, 22, "tcp", True),
        (0, 65535, "TCP", True),
        ("22", "22", "6", True),
        (23, 80, "tcp", False),
        (0, 21, "tcp", False),
        (22, 22, "udp", False),
        (0, 0, "-1", True),
        (0, 0, "all", True),
        (80, 80, -1, True),
        (-1, -1, "tcp", True),
        (None, None, "tcp", True),
        (None, 21, "tcp", False),
        (OPAQUE, 21, "tcp", False),
        (OPAQUE, 22, "tcp", None),
        (0, OPAQUE, "tcp", None),
        (23, OPAQUE, "tcp", False),
        ("ssh", "ssh", "tcp", None),
        (OPAQUE, OPAQUE, "udp", False),
        (OPAQUE, OPAQUE, "-1", True),
        (22, 22, OPAQUE, None),
        (22, 22, None, None),
        ((22, 80), 80, "tcp", None),
        ((20, 22), 80, "tcp", True),
        ((23, 24), 80, "tcp", False),
        ((23, OPAQUE), 21, "tcp", False),
    ],
)
def test_which_ranges_include_a_port(low, high, protocol, expected):
    ports = structure({"from": low, "to": high, "protocol": protocol})

    assert covers_port(CoversPort(22, ("from", "to", "protocol")), ports) is expected


def test_verdicts_have_an_order():
    assert Verdict.NOT_APPLICABLE < Verdict.SATISFIED < Verdict.UNKNOWN < Verdict.VIOLATED
