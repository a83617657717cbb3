"""Expressions of which a part is not known: what is known of the whole, and no more."""

from tests.origins import spelled
from tests.small_rules import a_thing
from tests.tables import table

from setsquare.model import Place
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import hcl

PATH = "/unit/use.tf"
DECLARED = 'variable "u" {}\nvariable "n" {\n  default = null\n}\n'


def module(text):
    source = text.encode()
    return TerraformModule(ModuleFolder.of("/unit", [hcl.read(PATH, source)], {PATH: source}))


def meaning(expression, declared=""):
    some = module(f"{DECLARED}{declared}{a_thing(f'a = {expression}')}")
    (resource,) = some.resources({"test_thing"})
    return spelled(resource.value.lookup("a"), {})


@table(
    "expression, expected",
    [
        # steps
        ("[1, 2][var.u]", "1 | 2"),
        ("[1, var.u][1]", "? var.u by use.tf"),
        ("{ a = 1, b = 2 }[var.u]", "1 | 2"),
        ("{ a = 1, (var.u) = 2 }[var.u]", "? { a = 1, (var.u) = 2 }[var.u] by use.tf"),
        ("[][var.u]", "? [][var.u] by use.tf"),
        ("var.u[var.u]", "? var.u[var.u] by use.tf"),
        ("aws_x.y[var.u].id", "-> aws_x.y.[].id"),
        ("aws_x.y[count.index].id", "-> aws_x.y.[].id"),
        ('aws_x.y[true ? "k" : ""].id', '-> aws_x.y.["k"].id'),
        ("aws_x.y[1 + 1].id", "-> aws_x.y.[2].id"),
        ("aws_x.y[*].id", "-> aws_x.y.[*].id"),
        ("[aws_x.y, aws_x.z][*].id", "[-> aws_x.y.id, -> aws_x.z.id]"),
        ("concat([{ b = 1 }], var.u)[*].b", "[1 ...]"),
        ("concat([1], var.u)[0]", "? concat([1], var.u)[0]"),
        ("(var.u ? [1] : var.n)[*]", "[1] | []"),
        ("(var.u ? { b = 1 } : {}).b", "1 | ? (var.u ? { b = 1 } : {}).b"),
        ("module.m[var.u].out", "? module.m[var.u].out"),
        ("upper(var.u).b", "? upper(var.u).b by use.tf"),
        # operators
        ("var.u + 1", "? var.u + 1 by use.tf"),
        ("(var.u ? 1 : 2) + (var.u ? 10 : 20)", "11 | 21 | 12 | 22"),
        ("var.u == null", "? var.u == null by use.tf"),
        ("[] == null", "false"),
        ("aws_x.y.id == null", "? aws_x.y.id == null"),
        ("var.n == null", "true"),
        ("{ a = var.u } == { a = 1 }", "? { a = var.u } == { a = 1 }"),
        ("!var.u", "? !var.u by use.tf"),
        # functions that hand on
        ("merge({ a = 1 }, var.n, { b = 2 })", "{a: 1, b: 2}"),
        ("merge({ a = 1 }, var.u, { b = 2 })", "{a: ? var.u by use.tf, b: 2}"),
        ("merge({ a = 1 }, aws_x.y.tags)", "{a: ? whether a is there}"),
        ("merge({ (var.u) = 1 }, { b = 2 })", "{b: 2}"),
        ("merge([1])", "? merge([1])"),
        ("concat([1], var.u, [2])", "[1, 2 ...]"),
        ("concat([1], aws_x.y.ids)", "[1 ...]"),
        ("concat([1], 2)", "? concat([1], 2)"),
        ("flatten([[1], var.u, [[2]]])", "[1, 2 ...]"),
        ("flatten([[1], var.u ? [2] : [3]])", "? flatten([[1], var.u ? [2] : [3]])"),
        ("flatten(var.u)", "? flatten(var.u) by use.tf"),
        ("flatten([aws_x.y.id])", "[-> aws_x.y.id]"),
        ('compact(["a", var.u ? "" : "b", var.u])', '["a", "b", ? var.u by use.tf ...]'),
        ("distinct([1, 1, var.u, var.u])", "[1, ? var.u by use.tf]"),
        ("setunion([1], var.u)", "[1 ...]"),
        ("toset([2, 1, var.u])", "[2, 1, ? var.u by use.tf]"),
        ("toset([true, false, true])", "[true, false, true]"),
        ("toset(var.u)", "? var.u by use.tf"),
        ("tolist(var.n)", "absent"),
        ('tomap({ a = 1, b = "x", (var.u) = 2 })', '{a: 1, b: "x"}'),
        ("tomap(var.u)", "? var.u by use.tf"),
        ('tostring("a${aws_x.y.id}")', '"a" + -> aws_x.y.id'),
        ("tonumber(var.u)", "? var.u by use.tf"),
        ("tobool(aws_x.y.on)", "-> aws_x.y.on"),
        ("lookup({ a = 1 }, var.u, 2)", "1 | 2"),
        ("lookup({}, var.u)", "? a key of the map"),
        ('lookup(var.u, "a", 2)', "? var.u by use.tf | 2"),
        ('lookup(var.u, "a", null)', "? var.u by use.tf"),
        ('lookup(aws_x.y.tags, "a", 2)', "? a key of the map | 2"),
        ('lookup({ (var.u) = 1 }, "a", 2)', "? whether a is there | 2"),
        ('lookup({ (var.u) = 1 }, "a")', "? whether a is there"),
        ('lookup({ a = 1 }, "b")', '? lookup({ a = 1 }, "b")'),
        ("values(aws_x.y)[*].id", "[-> aws_x.y.[].id ...]"),
        ("values({ (var.u) = 1 })", "? values({ (var.u) = 1 })"),
        ("keys({ (var.u) = 1 })", "? keys({ (var.u) = 1 })"),
        ("zipmap([var.u], [1])", "? zipmap([var.u], [1]) by use.tf"),
        ('zipmap(["a"], [var.u])', "{a: ? var.u by use.tf}"),
        ("element([1, 2], var.u)", "? element([1, 2], var.u) by use.tf"),
        ("element([1, var.u], 0)", "1"),
        ("one([var.u])", "? var.u by use.tf"),
        ("contains([1, var.u], 1)", "true"),
        ("contains([1, var.u], 2)", "? contains([1, var.u], 2) by use.tf"),
        ("contains([var.u ? 1 : 2], 1)", "? contains([var.u ? 1 : 2], 1)"),
        ("contains(concat([1], var.u), 1)", "true"),
        ("length([var.u])", "1"),
        ("length(var.u)", "? length(var.u) by use.tf"),
        ("sensitive(var.u)", "? var.u by use.tf"),
        ("coalesce(var.u, 1)", "? var.u by use.tf | 1"),
        ("coalesce(var.n, aws_x.y.id, 1)", "-> aws_x.y.id | 1"),
        ('coalesce(var.u ? "" : "a", "b")', '"a" | "b"'),
        ("coalescelist([], var.u, [1])", "? var.u by use.tf | [1]"),
        ("try(var.u.a, 1)", "? var.u.a by use.tf | 1"),
        ("try(aws_x.y.id, 1)", "-> aws_x.y.id"),
        ("try([].a, {}.b)", "? try([].a, {}.b)"),
        ("can(var.u.a)", "? can(var.u.a)"),
        ("can(aws_x.y.id)", "true"),
        # text
        ('join("-", ["a", aws_x.y.id, "b"])', '"a-" + -> aws_x.y.id + "-b"'),
        ('join("", [aws_x.y.id])', "-> aws_x.y.id"),
        ('join("-", var.u)', '? join("-", var.u) by use.tf'),
        ('format("arn:%s/%s", aws_x.y.id, "b")', '"arn:" + -> aws_x.y.id + "/b"'),
        ('format("%5s", aws_x.y.id)', '? format("%5s", aws_x.y.id)'),
        ('format("%s%s", aws_x.y.id)', '? format("%s%s", aws_x.y.id)'),
        ('upper(var.u ? "a" : "b")', '"A" | "B"'),
        ('replace("a", var.u, "b")', '? replace("a", var.u, "b") by use.tf'),
        ('"${jsonencode({ a = var.u })}-"', '? a value inside a text + "-"'),
        ('"${jsonencode({ a = 1 })}-"', '"{\\"a\\":1}-"'),
        ("jsonencode([var.u])", "[? var.u by use.tf]"),
        ("jsondecode(var.u)", "? jsondecode(var.u) by use.tf"),
        ("jsondecode(1, 2)", "? jsondecode(1, 2)"),
        ("templatefile()", "? templatefile()"),
        ("file(var.u)", "? file(var.u)"),
        ('file("~/x")', '? file("~/x")'),
        ('fileexists("x")', '? fileexists("x")'),
        ('provider::aws::arn_parse("x")', '? provider::aws::arn_parse("x")'),
        # loops
        ("[for x in var.u : x]", "? [for x in var.u : x] by use.tf"),
        ("[for x in [1, var.u] : x]", "[1, ? var.u by use.tf]"),
        ("[for x in concat([1], var.u) : x + 1]", "[2 ...]"),
        ("[for x in [1, 2] : x if var.u]", "[ ...]"),
        ("[for x in [1, 2] : x if x > 1 || var.u]", "[2 ...]"),
        ("[for x in aws_x.y : x.id]", "[-> aws_x.y.[].id ...]"),
        ("{ for x in [1, 2] : x => var.u }", "{1: ? var.u by use.tf, 2: ? var.u by use.tf}"),
        ("{ for x in [1, var.u] : x => 1 }", "{1: 1}"),
        ("{ for x in [1, 2, 3] : x % 2 => x... }", "{1: [1, 3], 0: [2]}"),
        ('{ for x in [1] : x => 1 if var.u }["1"]', "? { for x in [1] : x => 1 if var.u }"),
        ("max([1, var.u]...)", "? max([1, var.u]...) by use.tf"),
        ("max(var.u...)", "? max(var.u...)"),
        ("[for x in (var.u ? [1] : [2, 3]) : x]", "[1] | [2, 3]"),
    ],
)
def test_what_is_known(expression, expected):
    assert meaning(expression) == expected


def test_a_splat_is_no_place_for_items_of_another_list():
    some = module(f"locals {{\n  l = [{{ b = 1 }}]\n}}\n{a_thing('a = local.l[*].b')}")
    (resource,) = some.resources({"test_thing"})

    (found,) = resource.value.lookup("a")

    place = found.place
    assert isinstance(place, Place)
    assert some.texts[PATH][place.span.start : place.span.end] == b"local.l[*].b"
