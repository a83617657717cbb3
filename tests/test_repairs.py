"""The one canonical fix: what is written and where, what comes along, why there is none."""

from textwrap import dedent

import pytest
from tests.small_rules import a_thing, fixed, module, only, rule, template, thing, verdict, with_fixes
from tests.support import ROOT, Unit
from tests.tables import table

from setsquare.rules.policy import Policy
from setsquare.rules.rule import ImpactLevel, Rule


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def is_proven(some: Unit) -> bool:
    proof = some.prove(some.plan([f for f in some.analyse().findings if f.fix.available]))
    return proof.holds


def fixes(some: Unit) -> dict[str, str | None]:
    """Return the reason why a rule has no fix, or None where it has one."""
    return {finding.rule.id: finding.fix.reason for finding in some.analyse().findings}


def test_an_expression_inside_a_json_text_is_not_edited():
    state = 'p: {$document: {$has_statement: {Sid: S, Effect: Deny, Action: "*"}}}'
    text = '{"resource": {"test_thing": {"x": {"p": "${jsonencode({Statement = [{Effect = 1}]})}"}}}}'
    some = module({"x.tf.json": text}, thing(state, "test-thing-document"))
    assert fixes(some) == {
        "test-thing-document": "it is decided in an expression inside a JSON text, which is not edited"
    }


def test_no_block_is_put_beside_a_dynamic_one_that_makes_none():
    text = a_thing('dynamic "b" {\n  for_each = []\n  content {\n    x = 1\n  }\n}')
    some = module({"main.tf": text}, thing("b: {x: 2}", "test-thing-block"))
    assert fixes(some) == {"test-thing-block": "a dynamic block makes b where its collection is not empty"}


# --------------------------------------------------------------------- one leaf in Terraform


@table(
    "state, before, after",
    [
        ("a: true", "a = false", "a = true"),
        ("a: true", 'a = "false"', "a = true"),
        ("a: true", "", "a = true"),
        ("a: true", "a = null", "a = true"),
        ("a: true", "z = 1", "z = 1\n\na = true"),
        ("a: [x, y]", 'a = ["x"]', 'a = ["x", "y"]'),
        ("a: {$at_least: 7}", "a = 3", "a = 7"),
        ("a: {$contains: [x, y]}", 'a = ["z", "x"]', 'a = ["z", "x", "y"]'),
        ("a: {$contains: [x, y]}", "", 'a = ["x", "y"]'),
        ("a: {$contains: [x, y]}", "a = []", 'a = ["x", "y"]'),
        ("a: {$contains: [x], $item_key: n}", 'a = [{ n = "z" }]', 'a = [{ n = "z" }, {\n  n = "x"\n}]'),
        ("a: {$contains: [x], $item_key: n}", "a = null", 'a = [\n  {\n    n = "x"\n  },\n]'),
        ("a: {$excludes: [x], $replace: [y]}", 'a = ["z", "x"]', 'a = ["z", "y"]'),
        ("a: {$excludes: [x], $replace: [y]}", 'a = ["y", "x"]', 'a = ["y"]'),
        ("a: {$excludes: [x], $replace: [y, w]}", 'a = ["x", "x"]', 'a = ["y", "w"]'),
        ("a: {$excludes: [x], $replace: y}", 'a = ["x"]', 'a = ["y"]'),
        ("a: {$excludes: [x], $replace: []}", 'a = ["z", "x"]', 'a = ["z"]'),
        ("a: {$excludes: [x], $replace: [], $default: null}", 'z = 1\na = "x"', "z = 1"),
        ("a: {$excludes: [x], $replace: [y]}", 'a = "x"', 'a = "y"'),
        ("a: {$excludes: [x], $replace: [y]}", 'a = ["z", var.v ? "x" : "w"]', 'a = ["z", var.v ? "y" : "w"]'),
        ("a: {$absent: true}", "z = 1\na = 1", "z = 1"),
        ("a: {$absent: true}\nb: {$absent: true}", "a = 1\nb = 1\nz = 1", "z = 1"),
        ("b: {$absent: true}", "z = 1\n\nb {\n  c = 1\n}", "z = 1"),
        ("b: {$each: {c: {$absent: true}}}", "b {\n  c = 1\n  d = 1\n}", "b {\n  d = 1\n}"),
        ("a: {$set: true, $write: {$expr: test_key.k.arn}}", 'a = ""', "a = test_key.k.arn"),
        ("a: true", "a = var.v ? true : false", "a = var.v ? true : true"),
        ("b: {c: true}", "", "b {\n  c = true\n}"),
        ("b: {c: true}", "b {\n  c = false\n}", "b {\n  c = true\n}"),
        ("b: {c: true}", "b {}", "b {\n  c = true\n}"),
        ("b: {c: {d: true, e: 1}}", "", "b {\n  c {\n    d = true\n    e = 1\n  }\n}"),
        ("b: {c: {d: true, e: 1}}", "b {\n  c {\n    e = 2\n  }\n}", "b {\n  c {\n    e = 1\n\n    d = true\n  }\n}"),
        ("o: {c: true}", "", "o = {\n  c = true\n}"),
        ("o: {c: {d: true}}", "o = null", "o = {\n  c = {\n    d = true\n  }\n}"),
        ("o: {c: true, $list: true}", "o = []", "o = [\n  {\n    c = true\n  },\n]"),
        ("p: {$entry: {n: t}, v: 1}", "", 'p {\n  n = "t"\n  v = 1\n}'),
        (
            "p: {$entry: {n: t}, v: 1}",
            'p {\n  n = "s"\n}',
            'p {\n  n = "s"\n}\n\np {\n  n = "t"\n  v = 1\n}',
        ),
        ("p: {$entry: {n: t}, v: 1}", 'p {\n  n = "t"\n  v = 2\n}', 'p {\n  n = "t"\n  v = 1\n}'),
        ("p: {$entry: {n: t}, v: 1}", 'p = [{ n = "s" }]', 'p = [{ n = "s" }, {\n  n = "t"\n  v = 1\n}]'),
        ("b: {$each: {c: true}}", "b {}\nb {\n  c = true\n}", "b {\n  c = true\n}\nb {\n  c = true\n}"),
    ],
)
def test_terraform(state, before, after):
    key = 'resource "test_key" "k" {}\n'
    some = module(a_thing(before) + key, thing(state), test_thing=["o", "o.c"])

    assert fixed(some) == a_thing(after) + key
    assert is_proven(some)
    assert verdict(with_fixes(some)) in ("satisfied", "unknown")


# --------------------------------------------------------------------- one leaf in CloudFormation


def in_template(properties: str) -> str:
    head = "Resources:\n  X:\n    Type: Test::A::Thing\n"
    return head + (
        "    Properties:\n" + "".join(f"      {line}\n" for line in properties.split("\n")) if properties else ""
    )


@table(
    "state, before, after",
    [
        ("A: true", "A: false", "A: true"),
        ("A: true", "", "A: true"),
        ("A: true", "Z: 1", "Z: 1\nA: true"),
        ("A: true", "A: !If [C, true, false]", "A: !If [C, true, true]"),
        ("A: true", "A: !Ref AWS::NoValue", "A: true"),
        ("A: {$absent: true}", "Z: 1\nA: 1", "Z: 1"),
        ("A: {$excludes: [x], $replace: [], $default: null}", "Z: 1\nA: x", "Z: 1"),
        ("A: {$contains: [x]}", "A:\n  - y", "A:\n  - y\n  - x"),
        ("B: {C: true}", "Z: 1", "Z: 1\nB:\n  C: true"),
        ("B: {C: true, $list: true}", "Z: 1", "Z: 1\nB:\n  - C: true"),
        ("B: {C: {D: 1}, $list: true}", "B: []", "B:\n  - C:\n      D: 1"),
        ("B: {C: {D: 1, $list: true}}", "B: null", "B:\n  C:\n    - D: 1"),
        ("P: {$entry: {N: t}, V: 1, $list: true}", "Z: 1", "Z: 1\nP:\n  - N: t\n    V: 1"),
        ("P: {$entry: {N: t}, V: 1, $list: true}", "P:\n  - N: s", "P:\n  - N: s\n  - N: t\n    V: 1"),
        ("P: {$entry: {N: t}, V: {W: 1}, $list: true}", "P: []", "P:\n  - N: t\n    V:\n      W: 1"),
    ],
)
def test_cloudformation(state, before, after):
    some = template(in_template(before), thing(state))

    assert fixed(some) == in_template(after)
    assert is_proven(some)


# --------------------------------------------------------------------- where a value is decided


@table(
    "files, after",
    [
        (
            {"main.tf": a_thing("a = var.v"), "v.tf": 'variable "v" {\n  default = false\n}\n'},
            {"v.tf": 'variable "v" {\n  default = true\n}\n'},
        ),
        (
            {"main.tf": 'variable "v" {}\n' + a_thing("a = var.v"), "terraform.tfvars": "v = false # why\n"},
            {"terraform.tfvars": "v = true # why\n"},
        ),
        (
            {"main.tf": 'variable "v" {}\n' + a_thing("a = var.v"), "terraform.tfvars.json": '{"v": false}'},
            {"terraform.tfvars.json": '{"v": true}'},
        ),
        (
            {"main.tf": a_thing("a = local.l"), "l.tf": "locals {\n  l = null\n}\n"},
            {"l.tf": "locals {\n  l = true\n}\n"},
        ),
        (
            {"main.tf": a_thing("a = local.l") + a_thing("a = local.l", "y"), "l.tf": "locals {\n  l = false\n}\n"},
            {"l.tf": "locals {\n  l = true\n}\n"},
        ),
        (
            {"main.tf.json": '{"resource": {"test_thing": {"x": {"a": false}}}}'},
            {"main.tf.json": '{"resource": {"test_thing": {"x": {"a": true}}}}'},
        ),
    ],
)
def test_the_fix_goes_to_the_origin(files, after):
    some = module(files, thing("a: true"))

    changed = some.plan(some.analyse().findings).apply(some.texts)

    assert {path.rpartition("/")[2]: text.decode() for path, text in changed.items()} == after
    assert is_proven(some)


PARAMETER = """
    Parameters:
      P: {Type: %s, Default: %s}
    Resources:
      X:
        Type: Test::A::Thing
        Properties: {A: %s}
"""


def test_the_default_of_a_parameter():
    assert fixed(template(PARAMETER % ("String", "'false'", "!Ref P"), thing("A: true"))) == lines(PARAMETER) % (
        "String",
        "'true'",
        "!Ref P",
    )


@table(
    "state, before, after",
    [
        ("A: {$contains: [c]}", "'a, b'", "'a,b,c'"),
        ("A: {$excludes: [a], $replace: [c, d]}", "'a, b, a'", "'c,d,b'"),
        ("A: {$excludes: [a], $replace: [b]}", "'a, b'", "'b'"),
        ("A: {$excludes: [a], $replace: []}", "'a, b'", "'b'"),
        ("A: [a, c]", "'a, b'", "'a,c'"),
        ("A: {$one_of: [a]}", "'a, b'", "'a'"),
        ("A: {$contains: [a, c]}", "'b'", "'b,a,c'"),
    ],
)
def test_a_list_that_is_written_as_one_text(state, before, after):
    some = template(PARAMETER % ("CommaDelimitedList", before, "!Ref P"), thing(state))

    assert fixed(some) == lines(PARAMETER) % ("CommaDelimitedList", after, "!Ref P")
    assert is_proven(some)


def test_one_text_holds_no_expressions():
    some = template(
        PARAMETER % ("CommaDelimitedList", "a", "!Ref P"), thing("A: {$excludes: [a], $replace: [{$expr: '!Ref Q'}]}")
    )

    assert fixes(some) == {"test-thing-right": "the default of parameter P holds no expression"}


@table(
    "use, bulk",
    [
        ("", True),
        (a_thing("a = var.v", "y"), True),
        (a_thing("other = var.v", "y"), False),
        ('output "o" {\n  value = var.v\n}\n', False),
    ],
)
def test_a_shared_origin_is_changed_in_bulk_only_where_every_use_is_checked(use, bulk):
    some = module('variable "v" {\n  default = false\n}\n' + a_thing("a = var.v") + use, thing("a: true"))

    fix = some.analyse().findings[0].fix

    assert (fix.available, fix.bulk) == (True, bulk)
    assert fix.impact is (ImpactLevel.IN_PLACE if bulk else ImpactLevel.REPLACES)
    assert bool(fix.note) is not bulk


def test_two_uses_that_need_opposite_values_from_one_origin():
    some = module(
        'variable "v" {\n  default = false\n}\n' + a_thing("a = var.v\nb = var.v"),
        thing("a: true", "test-thing-a"),
        thing("b: false", "test-thing-b"),
    )

    assert fixes(some) == {"test-thing-a": "b needs another value from the same origin"}


def test_an_origin_in_another_module_is_not_changed():
    some = module(a_thing("a = false"), thing("a: true"))
    elsewhere = f"{ROOT}/other.tf"

    planned = Unit({elsewhere: b""}, some.policy, some.catalogue).plan(some.analyse().findings)

    assert not planned.edits
    assert [refusal.reason for refusal in planned.refused] == [
        f"the value is decided in {ROOT}/main.tf, which is not part of this module"
    ]


# --------------------------------------------------------------------- why there is no fix

DAYS = "parameters: {days: {type: integer}, key: {type: string}}"


@table(
    "state, extra, body, reason, parameter",
    [
        ("a: {$set: true}", "", "", "no rule can say which value a should have", None),
        ("a: {$none_of: [x]}", "", 'a = "x"', "no rule can say which value a should have", None),
        ("a: {$set: true, $write: {$param: days}}", DAYS, "", "needs policy parameter days", "days"),
        ("a: {$excludes: [x], $replace: {$param: days}}", DAYS, 'a = ["x"]', "needs policy parameter days", "days"),
        (
            "a: {$excludes: [x], $replace: [y, z]}",
            "",
            'a = "x"',
            "this property takes one value, the policy gives 2",
            None,
        ),
        (
            "a: {$each: {$excludes: [x], $replace: []}}",
            "",
            'a = ["x"]',
            "what must go is not written in this resource",
            None,
        ),
        ("a: {$secret: true}", "", 'a = "hunter2"', "no rule can say which value a should have", None),
        (
            "a: {$set: true, $write: {$expr: local.key}}",
            "",
            "",
            "the policy's expression local.key is not declared in this module",
            None,
        ),
        (
            "a: {$is: {k: [{$expr: var.v}]}}",
            "",
            "",
            "the policy's expression var.v is not declared in this module",
            None,
        ),
    ],
)
def test_no_fix(state, extra, body, reason, parameter):
    some = module(a_thing(body), thing(state, extra=extra))

    fix = only(some.analyse()).fix

    assert (fix.available, fix.reason, fix.parameter) == (False, reason, parameter)
    assert some.plan(some.analyse().findings).refused[0].reason == reason


def test_a_rule_that_says_why_no_machine_should_write_the_fix():
    some = module(a_thing(""), thing("a: 1", target="fix: {none: needs-design, reason: ask somebody}"))

    assert fixes(some) == {"test-thing-right": "ask somebody"}


def test_rules_that_contradict():
    some = module(a_thing("a = 0"), thing("a: 1", "test-thing-one"), thing("a: 2", "test-thing-two"))

    reason = "rules test-thing-one and test-thing-two contradict at a"
    assert fixes(some) == {"test-thing-one": reason, "test-thing-two": reason}


def test_a_finding_is_repaired_whole_or_not_at_all():
    some = module(a_thing("a = 0"), thing("a: 1\nb: {$set: true}"))

    assert fixes(some) == {"test-thing-right": "no rule can say which value b should have"}


@table(
    "states, body, served, reasons",
    [
        (("o: 7", "o: {c: 1}"), "z = 1", 1, ["two rules want different values for o"]),
        (("o: 7", "o: {c: 1}"), "", 0, ["two rules want different values for o"] * 2),
        (("a: [x]", "a: {$excludes: [z], $replace: [w]}"), 'a = ["z"]', 1, ["another repair changes the same text"]),
    ],
)
def test_changes_that_cannot_be_written_together(states, body, served, reasons):
    some = module(a_thing(body), *(thing(state, f"test-thing-r{number}") for number, state in enumerate(states)))

    planned = some.plan(some.analyse().findings)

    assert len(planned.served) == served
    assert [refusal.reason for refusal in planned.refused] == reasons


def test_a_repair_inside_what_goes_is_left_out():
    text = a_thing("z = 1\nb = {\n  c = 1\n}")

    some = module(text, thing("b: {$absent: true}", "test-thing-gone"), thing("b: {$each: {c: 2}}", "test-thing-set"))

    assert fixed(some) == a_thing("z = 1")


# --------------------------------------------------------------------- several rules


@table(
    "states, before, after",
    [
        (("a: {$at_least: 7}", "a: {$at_least: 30}"), "", "a = 30"),
        (("a: {$at_least: 30}", "a: {$at_least: 7}"), "a = 3", "a = 30"),
        (("a: {$at_least: 30}", "a: {$at_least: 7}"), "a = 14", "a = 30"),
        (("a: {$one_of: [x, y]}", "a: {$one_of: [y, z]}"), "", 'a = "y"'),
        (("a: {$contains: [x, y]}", "a: {$contains: [z]}"), "", 'a = ["x", "y", "z"]'),
        (("a: {$contains: [x]}", "a: {$contains: [z]}"), 'a = ["w"]', 'a = ["w", "x", "z"]'),
        (("a: 1", "b: 2"), "z = 1", "z = 1\n\na = 1\nb = 2"),
        (("b: {c: 1}", "b: {d: 2}"), "", "b {\n  c = 1\n  d = 2\n}"),
        (("o: {c: 1}", "o: {d: 2}"), "", "o = {\n  c = 1\n  d = 2\n}"),
        (
            ("p: {$entry: {n: s}, v: 1}", "p: {$entry: {n: t}, v: 1}"),
            "",
            'p {\n  n = "s"\n  v = 1\n}\n\np {\n  n = "t"\n  v = 1\n}',
        ),
        (("p: {$entry: {n: t}, v: 1}", "p: {$entry: {n: t}, w: 1}"), "", 'p {\n  n = "t"\n  v = 1\n  w = 1\n}'),
        (("a: {$is: 1}", "a: {$none_of: [0]}"), "a = 0", "a = 1"),
    ],
)
def test_rules_are_merged(states, before, after):
    rules = [thing(state, f"test-thing-r{number}") for number, state in enumerate(states)]
    some = module(a_thing(before), *rules, test_thing=["o"])

    assert fixed(some) == a_thing(after)
    assert is_proven(some)


@table(
    "before, after",
    [
        ("{}", '{"p": [{"n": "s", "v": 1}, {"n": "t", "v": 1}]}'),
        ('{"p": [{"n": "s", "v": 1}]}', '{"p": [{"n": "s", "v": 1}, {"n": "t", "v": 1}]}'),
        ('{"p": []}', '{"p": [{"n": "s", "v": 1}, {"n": "t", "v": 1}]}'),
    ],
)
def test_keyed_blocks_of_json_are_a_list(before, after):
    text = '{"resource": {"test_thing": {"x": %s}}}'
    states = ("p: {$entry: {n: s}, v: 1}", "p: {$entry: {n: t}, v: 1}")
    some = module({"x.tf.json": text % before}, *(thing(s, f"test-thing-r{n}") for n, s in enumerate(states)))

    assert fixed(some) == text % after
    assert is_proven(some)


@table(
    "states, before",
    [
        (("b: {c: 1}", "b: {d: 2}"), ""),
        (("b: {c: 1}", "b: {d: 2}"), "b = null"),
        (("a: 1", "b: 2"), ""),
        (("p: {$entry: {n: s}, v: 1}", "p: {$entry: {n: t}, v: 1}"), 'p = [{ n = "r" }]'),
    ],
)
def test_what_is_created_at_one_place_is_created_whole(states, before):
    rules = [thing(state, f"test-thing-r{number}") for number, state in enumerate(states)]
    some = module(a_thing(before), *rules)

    whole = fixed(some)

    assert fixed(some, "test-thing-r0") == whole
    assert fixed(some, "test-thing-r1") == whole
    assert [finding.fix.along for finding in some.analyse().findings] == [("test-thing-r1",), ("test-thing-r0",)]


def test_what_is_not_allowed_does_not_come_along():
    costly = thing("b: {d: 2}", "test-thing-costly", extra="impact: {terraform: replaces, cloudformation: replaces}")
    some = module(a_thing(""), thing("b: {c: 1}", "test-thing-cheap"), costly)

    assert fixed(some, "test-thing-cheap") == a_thing("b {\n  c = 1\n}")


@table(
    "first, second",
    [
        ("implies: [test-thing-b]", ""),
        ("", "implied_by: [test-thing-a]"),
    ],
)
def test_a_fix_pulls_another_along(first, second):
    some = module(
        a_thing("z = 1\na = 0\nb = 0"),
        thing("a: 1", "test-thing-a", extra=first),
        thing("b: 1", "test-thing-b", extra=second),
    )

    assert fixed(some, "test-thing-a") == a_thing("z = 1\na = 1\nb = 1")
    assert fixed(some, "test-thing-b") == a_thing("z = 1\na = 0\nb = 1")


def test_what_comes_along_raises_the_impact():
    costly = thing("b: 1", "test-thing-b", extra="impact: {terraform: data_loss, cloudformation: none}")
    some = module(a_thing("a = 0\nb = 0"), thing("a: 1", "test-thing-a", extra="implies: [test-thing-b]"), costly)

    fix = some.analyse().findings[0].fix

    assert (fix.impact, fix.bulk) == (ImpactLevel.DATA_LOSS, False)


def test_what_cannot_be_fixed_does_not_come_along():
    some = module(
        a_thing("a = 0\nb = 0"),
        thing("a: 1", "test-thing-a", extra="implies: [test-thing-b]"),
        thing("b: 1", "test-thing-b", target="fix: {none: needs-design, reason: ask}"),
    )

    assert some.analyse().findings[0].fix.along == ()


# --------------------------------------------------------------------- impact


@table(
    "extra, target, body, impact",
    [
        ("", "", "", ImpactLevel.IN_PLACE),
        ("impact: {terraform: none, cloudformation: replaces}", "", "", ImpactLevel.NONE),
        ("", "impact: brief_interruption", "", ImpactLevel.BRIEF_INTERRUPTION),
        ("impact: {terraform: none, cloudformation: none, replaces_when: {c: 1}}", "", "c = 1", ImpactLevel.REPLACES),
        (
            "impact: {terraform: none, cloudformation: none, replaces_when: {c: 1}}",
            "",
            "c = var.x",
            ImpactLevel.REPLACES,
        ),
        ("impact: {terraform: none, cloudformation: none, replaces_when: {c: 1}}", "", "c = 2", ImpactLevel.NONE),
        (
            "impact: {terraform: data_loss, cloudformation: none, replaces_when: {c: 1}}",
            "",
            "c = 1",
            ImpactLevel.DATA_LOSS,
        ),
    ],
)
def test_impact(extra, target, body, impact):
    fix = only(module(a_thing(body), thing("a: 1", extra=extra, target=target)).analyse()).fix

    assert fix.impact is impact
    assert fix.bulk is (impact in (ImpactLevel.NONE, ImpactLevel.IN_PLACE))


# --------------------------------------------------------------------- companions


def companion(
    state: str = "on: true", link: str = "{thing: [id, name]}", name: str = "test-thing-guarded", more: str = ""
) -> Rule:
    return rule(
        f"""
terraform:
  - resource: test_thing
    companions:
      - resource: test_thing_guard
        link: {link}
        state: {{{state}}}
{more}
cloudformation:
  - resource: Test::A::Thing
    companions:
      - resource: Test::A::Guard
        suffix: Guard
        link: {{Thing: [Ref, Arn]}}
        state: {{On: true}}
""",
        name,
    )


def guard(name: str = "x", link: str = "test_thing.x.id", more: str = "on    = true") -> str:
    return f'\nresource "test_thing_guard" "{name}" {{\n  thing = {link}\n  {more}\n}}\n'


@table(
    "text, expected",
    [
        ("", "violated"),
        (guard(), "satisfied"),
        (guard("other"), "satisfied"),
        (guard(link="test_thing.x.name"), "satisfied"),
        (guard(link="test_thing.x"), "satisfied"),
        (guard(link="test_thing.x.arn"), "unknown"),
        (guard(link="test_thing.x[0].id"), "satisfied"),
        (guard(link="test_thing.y.id"), "violated"),
        (guard(link="test_other.x.id"), "unknown"),
        (guard(link="test_other.x.arn"), "violated"),
        (guard(link='"named"'), "satisfied"),
        (guard(link='"unnamed"'), "violated"),
        (guard(link="var.x"), "unknown"),
        (guard(link='"${var.x}"'), "unknown"),
        (guard(link="null"), "violated"),
        (guard(link="[test_thing.x.id, var.x]"), "satisfied"),
        (guard(link="[test_thing.y.id]"), "violated"),
        (guard(link="[var.x]"), "unknown"),
        (guard(link="var.x ? test_thing.x.id : test_thing.y.id"), "unknown"),
        (guard(more="on    = false"), "violated"),
        (guard(more="on    = false") + guard("better"), "satisfied"),
        (guard(more="on    = var.x"), "unknown"),
        ('module "m" {\n  t = test_thing.x.id\n}\n', "unknown"),
        ('resource "test_other" "y" {\n  a = \n}\n', "unknown"),
        (guard(more="count = 0\n  on = true"), "violated"),
    ],
)
def test_whether_a_companion_is_there(text, expected):
    some = module(a_thing('name = "named"') + text, companion())

    analysis = some.analyse()

    assert expected == ("violated" if analysis.findings else "unknown" if analysis.unknown else "satisfied")


@table(
    "name, expected",
    [('name = "named"', "satisfied"), ("name = var.x", "unknown"), ("", "violated")],
)
def test_a_companion_that_names_its_primary(name, expected):
    assert verdict(module(a_thing(name) + guard(link='"named"'), companion())) == expected


@table(
    "guards, expected",
    [
        ("", "violated"),
        ("  G: {Type: Test::A::Guard, Properties: {Thing: !Ref X, On: true}}\n", "satisfied"),
        ("  G: {Type: Test::A::Guard, Properties: {Thing: !GetAtt X.Arn, On: true}}\n", "satisfied"),
        ("  G: {Type: Test::A::Guard, Properties: {Thing: !GetAtt X.Other, On: true}}\n", "violated"),
        ("  G: {Type: Test::A::Guard, Properties: {Thing: !Ref Y, On: true}}\n", "violated"),
        ("  G: {Type: Test::A::Guard}\n", "violated"),
        ("  G: {Type: Test::A::Guard, Condition: C, Properties: {Thing: !Ref X, On: true}}\n", "satisfied"),
        ("  S: {Type: AWS::CloudFormation::Stack, Properties: {P: !Ref X}}\n", "unknown"),
    ],
)
def test_whether_a_companion_is_in_the_template(guards, expected):
    assert verdict(template("Resources:\n  X: {Type: Test::A::Thing}\n" + guards, companion())) == expected


@table(
    "before, after",
    [
        (a_thing(""), a_thing("") + guard()),
        (
            a_thing("count = 2"),
            a_thing("count = 2")
            + '\nresource "test_thing_guard" "x" {\n  count = length(test_thing.x)\n\n  thing = test_thing.x[count.index].id\n  on    = true\n}\n',
        ),
        (
            a_thing('for_each = toset(["a"])'),
            a_thing('for_each = toset(["a"])')
            + '\nresource "test_thing_guard" "x" {\n  for_each = test_thing.x\n\n  thing = each.value.id\n  on    = true\n}\n',
        ),
        (
            a_thing("") + guard(link="test_thing.y.id"),
            a_thing("") + guard(link="test_thing.y.id") + guard("x_guard"),
        ),
        (
            a_thing("") + guard(link="test_thing.y.id") + guard("x_guard", "test_thing.z.id"),
            a_thing("") + guard(link="test_thing.y.id") + guard("x_guard", "test_thing.z.id") + guard("x_guard_2"),
        ),
        (
            a_thing("") + guard(more="count = 0"),
            a_thing("") + guard(more="count = 0") + guard("x_guard"),
        ),
        (a_thing("") + guard(more="on    = false"), a_thing("") + guard(more="on    = true")),
    ],
)
def test_a_new_companion(before, after):
    some = module(before, companion())

    assert fixed(some) == after
    assert is_proven(some)


@table(
    "others, name",
    [
        ("", "XGuard"),
        ("  XGuard: {Type: Test::A::Other}\n", "XGuard2"),
        ("  XGuard: {Type: Test::A::Guard, Properties: {Thing: !Ref Y}}\n", "XGuard2"),
    ],
)
def test_a_new_companion_in_a_template(others, name):
    some = template(
        "Resources:\n  X: {Type: Test::A::Thing}\n" + others, companion(), thing("A: {$default: 1, $is: 1}")
    )

    text = fixed(some)

    assert f"  {name}:" in text or f"  {name}: " in text
    assert verdict(with_fixes(some)) == "satisfied"


def test_a_logical_id_is_unique_over_all_types():
    others = "".join(f"  XGuard{number}: {{Type: Test::A::Thing2}}\n" for number in ("", "2"))
    text = "Resources:\n  X: {Type: Test::A::Thing}\n" + others

    taken = thing("Z: {$default: 1, $is: 1}")
    unrelated = rule(
        "cloudformation:\n  - resource: Test::A::Thing2\n    state: {Z: {$is: 1, $default: 1}}\n", "test-thing-two"
    )

    assert "  XGuard3:" in fixed(template(text, companion(), taken, unrelated))


def test_rules_that_want_one_companion_share_it():
    some = module(a_thing(""), companion("on: true"), companion("off: false", name="test-thing-silent"))

    expected = (
        a_thing("")
        + '\nresource "test_thing_guard" "x" {\n  thing = test_thing.x.id\n  on    = true\n  off   = false\n}\n'
    )

    assert fixed(some) == expected
    assert fixed(some, "test-thing-silent") == expected


def test_the_companion_of_a_repeated_primary_refers_to_each():
    linked = companion("who: {$self: arn, $suffix: /x}")

    assert '"${each.value.arn}/x"' in fixed(module(a_thing('for_each = toset(["a"])'), linked))
    assert '"${test_thing.x[count.index].arn}/x"' in fixed(module(a_thing("count = 2"), linked))
    assert '"${test_thing.x.arn}/x"' in fixed(module(a_thing(""), linked))


def test_the_companion_that_is_there_refers_as_it_repeats():
    linked = companion("who: {$self: arn}")
    repeated = 'resource "test_thing_guard" "g" {\n  for_each = test_thing.x\n  thing = each.value.id\n}\n'

    assert "  who = each.value.arn\n" in fixed(module(a_thing('for_each = toset(["a"])') + repeated, linked))
    assert "  who = test_thing.x.arn\n" in fixed(module(a_thing("") + guard(more="z = 1"), linked))


def test_the_document_of_a_new_companion():
    linked = companion("policy: {$document: {$has_statement: {Effect: Deny, Resource: {$self: arn}}}}")

    assert fixed(module(a_thing(""), linked)) == a_thing("") + lines("""

        resource "test_thing_guard" "x" {
          thing = test_thing.x.id
          policy = jsonencode({
            Version = "2012-10-17"
            Statement = [
              {
                Effect   = "Deny"
                Resource = test_thing.x.arn
              },
            ]
          })
        }
    """).replace('resource "test_thing_guard"', '\nresource "test_thing_guard"', 1).replace("\n\n\n", "\n\n")


# --------------------------------------------------------------------- account singletons


def singleton(name: str = "") -> Rule:
    return rule(
        f"""
terraform:
  - resource: test_account
    once: root_module
    anchors: [test_thing, test_other]
    {name}
    state: {{on: true, quiet: {{$is: true, $default: true}}}}
"""
    )


BASELINE = Policy.of(account_baseline=("**",))


def test_a_missing_singleton_is_put_at_the_end_of_the_first_anchors_file():
    files = {"a.tf": 'resource "test_other" "o" {}\n', "b.tf": a_thing("")}
    some = module(files, singleton("name: account"), policy=BASELINE)

    changed = some.plan(some.analyse().findings).apply(some.texts)

    assert changed == {
        f"{ROOT}/a.tf": b'resource "test_other" "o" {}\n\nresource "test_account" "account" {\n  on    = true\n  quiet = true\n}\n'
    }
    assert only(some.analyse()).message == "test_other.o: no test_account is configured. Things are right."


def test_a_singleton_without_a_name():
    assert 'resource "test_account" "this"' in fixed(module(a_thing(""), singleton(), policy=BASELINE))


@table(
    "text, policy, expected",
    [
        (a_thing(""), None, "unknown"),
        (a_thing(""), BASELINE, "violated"),
        ("", BASELINE, "satisfied"),
        (a_thing("") + 'resource "test_account" "a" {\n  on = true\n}\n', None, "satisfied"),
        (a_thing("") + 'resource "test_account" "a" {\n  on = false\n}\n', None, "violated"),
    ],
)
def test_an_account_singleton(text, policy, expected):
    assert verdict(module(text, singleton(), policy=policy)) == expected


def test_why_an_account_singleton_is_not_known():
    (unknown,) = module(a_thing(""), singleton()).analyse().unknown

    assert unknown.expression == "the rest of the account"


# --------------------------------------------------------------------- fingerprints


def fingerprint(some: Unit) -> str | None:
    return only(some.analyse()).fix.fingerprint


def test_the_same_problem_has_the_same_fingerprint_everywhere():
    asked = thing("a: {$self: arn}\nb: {c: 1}")

    prints = {
        fingerprint(module(a_thing(""), asked)),
        fingerprint(module(a_thing("  # told\n\n  z   = 1", "other"), asked)),
        fingerprint(module({"else.tf": a_thing("count = 2\nb {\n\tc = 2\n}")}, asked)),
        fingerprint(module({"x.tf.json": '{"resource": {"test_thing": {"x": {}}}}'}, asked)),
    }

    assert len(prints) == 1


def _version(number: int) -> Rule:
    return thing("a: 1", extra=f"version: {number}")


DAYS_POLICY = {days: Policy.of(parameters={"days": days}) for days in (7, 8)}


@table(
    "one, other",
    [
        (module(a_thing(""), _version(1)), module(a_thing(""), _version(2))),
        (module(a_thing(""), thing("a: 1")), module(a_thing(""), thing("a: 2"))),
        (module(a_thing(""), thing("a: 1")), module(a_thing(""), thing("b: 1"))),
        (module(a_thing(""), thing("a: 1", "test-thing-p")), module(a_thing(""), thing("a: 1", "test-thing-q"))),
        (
            module(a_thing("a = 1"), thing("a: {$absent: true}\nb: {$absent: true}")),
            module(a_thing("b = 1"), thing("a: {$absent: true}\nb: {$absent: true}")),
        ),
        (
            module(a_thing(""), thing("a: {$param: days}", extra=DAYS), policy=DAYS_POLICY[7]),
            module(a_thing(""), thing("a: {$param: days}", extra=DAYS), policy=DAYS_POLICY[8]),
        ),
        (
            module(a_thing(""), thing("a: {$is: 7}", extra=DAYS), policy=DAYS_POLICY[7]),
            module(a_thing(""), thing("a: {$param: days}", extra=DAYS), policy=DAYS_POLICY[7]),
        ),
    ],
)
def test_another_problem_has_another_fingerprint(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("written", ["{$is: {k: [1, {$expr: var.v}]}}", "{$self: arn, $suffix: x}"])
def test_every_form_of_value_has_a_fingerprint(written):
    some = module('variable "v" {}\n' + a_thing(""), thing(f"a: {written}"))

    assert str(fingerprint(some)).startswith("sha256:")


# --------------------------------------------------------------------- messages


@table(
    "state, body, message",
    [
        ("a: true", "a = false", "a is false, expected true"),
        ("a: {$is: true, $default: false}", "", "a is not set (the default is false), expected true"),
        ("a: {$is: true, $default: null}", "", "a is not set (the default is null), expected true"),
        ("a: true", "", "a is not set, expected true"),
        ("a: true\nb: 1", "", "a is not set, expected true (and 1 more)"),
        ("a: [x, y]", "a = [{}, 1]", "a is [.., 1], expected [x, y]"),
        ("a: [x, y]", "a = [var.x, 1]", "a is [var.x, 1], expected [x, y]"),
        ("a: {$one_of: [x, y]}", 'a = "z"', "a is z, expected one of x, y"),
        ("a: {$one_of: [x]}", 'a = "z"', "a is z, expected x"),
        ("a: {$none_of: [x, y]}", 'a = "x"', "a is x, expected anything but x, y"),
        ("a: {$at_least: 7}", "a = 3", "a is 3, expected at least 7"),
        ("a: {$at_most: 7}", "a = 8", "a is 8, expected at most 7"),
        ("a: {$contains: [x]}", "a = []", "a is [], expected a list with x"),
        (
            "a: {$excludes: any_address}",
            'a = "0.0.0.0/0"',
            "a is 0.0.0.0/0, expected nothing that is any address (0.0.0.0/0, ::/0)",
        ),
        ("a: {$excludes: [x]}", 'a = "x"', "a is x, expected nothing that is x"),
        ("a: {$set: true}", 'a = ""', "a is , expected a value"),
        ("a: {$set: true, $write: {$expr: var.v}}", "", "a is not set, expected var.v"),
        ("a: {$set: true, $write: 7}", "", "a is not set, expected 7"),
        ("a: {$set: true, $write: [7]}", "", "a is not set, expected a value"),
        ("a: {$absent: true}", "a = {}", "a is set, expected nothing"),
        ("a: {$absent: true}", "a = aws_x.y.id", "a is aws_x.y.id, expected nothing"),
        ("a: {$absent: true}", 'a = "x${var.v}"', "a is x${..}, expected nothing"),
        ("a: {$secret: true}", 'a = "x"', "a is x, expected a reference to a secret store"),
        (
            "a: {$document: {$has_statement: {Sid: Tls, Effect: Deny}}}",
            "a = jsonencode({})",
            "a lacks a statement like Tls",
        ),
        ("a: {$document: {$has_statement: {Effect: Deny}}}", "a = jsonencode({})", "a lacks such a statement"),
        (
            "a: {$document: {$no_statement: {Effect: Allow}}}",
            'a = jsonencode({ Statement = { Effect = "Allow" } })',
            "a has a statement that allows too much; it must have no such statement",
        ),
    ],
)
def test_messages(state, body, message):
    found = [*module(a_thing(body), thing(state)).analyse().findings]

    assert [finding.message for finding in found] == [f"test_thing.x: {message}. Things are right."]


def test_the_messages_of_companions():
    missing, wrong = (module(a_thing("") + text, companion()) for text in ("", guard(more="on    = false")))

    assert only(missing.analyse()).message == "test_thing.x: no test_thing_guard completes it. Things are right."
    assert (
        only(wrong.analyse()).message
        == "test_thing.x: test_thing_guard.x.on is false, expected true. Things are right."
    )
    assert only(wrong.analyse()).related == ("test_thing_guard.x",)


@table(
    "body, message, expression, decided_by",
    [
        ("a = bcrypt(1)", "bcrypt(1)", "bcrypt(1)", None),
        ("a = aws_x.y.id", "aws_x.y.id", "aws_x.y.id", None),
        ("a = var.v", "var.v", "var.v", f"{ROOT}/main.tf"),
        ("a = [1, var.v, {}]", "a value", "", None),
    ],
)
def test_why_something_is_not_known(body, message, expression, decided_by):
    (unknown,) = module('variable "v" {}\n' + a_thing(body), thing("a: [1, x]")).analyse().unknown

    assert unknown.message == f"test_thing.x: cannot be judged, since {message} is not known here. Things are right."
    assert (unknown.expression, unknown.decided_by) == (expression, decided_by)


def test_violations_say_what_is_there():
    asked = thing("a: [x, y]\nb: {$absent: true}\nc: {$each: {d: 1}}")
    body = "a = [var.v]\nb = { k = 1 }\nc {\n  d = 2\n}\nc {}"

    found = [(v.path, v.expected, v.actual) for v in only(module(a_thing(body), asked).analyse()).violations]

    assert found == [
        ("b", "nothing", {"keys": ["k"]}),
        ("c[0].d", "1", 2),
        ("c[1].d", "1", None),
    ]
