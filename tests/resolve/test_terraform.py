"""What the expressions of a Terraform module mean, and where that is decided."""

from collections.abc import Mapping
from textwrap import dedent

import pytest
from tests.origins import spelled
from tests.small_rules import a_thing
from tests.support import ROOT
from tests.tables import table

from setsquare.model import Place, Resource, Structure
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.syntax import hcl, tf_json
from setsquare.text import Span


def module(files: str | Mapping[str, str], *, is_called: bool = False) -> TerraformModule:
    named = {"main.tf": files} if isinstance(files, str) else files
    texts = {f"{ROOT}/{name}": dedent(text).lstrip("\n").encode() for name, text in named.items()}
    read = [tf_json.read(p, text) if p.endswith(".json") else hcl.read(p, text) for p, text in texts.items()]
    return TerraformModule(ModuleFolder.of(ROOT, read, texts), is_called=is_called, is_library=is_called)


def the(some: TerraformModule, kind: str = "test_thing") -> Resource:
    (resource,) = some.resources({kind})
    return resource


def meaning(files: str | Mapping[str, str], name: str = "a", **options: bool) -> str:
    some = module(files, **options)
    return spelled(the(some).value.lookup(name), some.texts)


VARIABLE = 'variable "v" {\n  default = true\n}\n'


@table(
    "declared, expression, expected",
    [
        ("", "true", "true @use.tf:1"),
        ("", "null", "absent @use.tf:1"),
        ("", "[1, null]", "[1, absent]"),
        ("", '{ k = "v", (1) = 2 }', '{k: "v", 1: 2}'),
        ('locals {\n  k = "p"\n}\n', "{ (local.k) = 1 }", "{p: 1}"),
        ("", "{ a = 1, a = 2 }", "{a: 1}"),
        ("", '{ (aws_x.y.id) = 1, "k" = 2 }', "{k: 2}"),
        ("", '"a-${1}-${true}"', '"a-1-true" @use.tf:1'),
        ("", '"${aws_x.y.id}"', "-> aws_x.y.id"),
        ("", '"${aws_x.y.id}/*"', '-> aws_x.y.id + "/*"'),
        ("", '"a${[]}"', '"a[]" @use.tf:1'),
        ("", '"a${null}"', '"a" + ? a value inside a text'),
        ("", "aws_x.y.arn", "-> aws_x.y.arn"),
        ("", "aws_x.y[0].arn", "-> aws_x.y.[0].arn"),
        ("", "data.aws_x.y.arn", "-> data.aws_x.y.arn"),
        ("", "module.m.arn", "? module.m.arn"),
        ("", "path.module", '"." @use.tf:1'),
        ("", "path.root", '"." @use.tf:1'),
        ("", "path.cwd", "? path.cwd"),
        ("", "count.index", "? count.index"),
        ("", "each.value", "? each.value"),
        ("", "each.key", "? each.key"),
        ("", "each.other", "? each.other"),
        ("", "terraform.workspace", "? terraform.workspace"),
        ("", "bcrypt(\n  true\n)", "? bcrypt( true )"),
        ("", "tostring(true)", '"true" @use.tf:1'),
        ("", "toset([1, 2])", "[1, 2]"),
        ("", 'jsonencode({ a = "b" })', '{a: "b"}'),
        ("", 'jsonencode({ a = "b" }, 1)', '? jsonencode({ a = "b" }, 1)'),
        (VARIABLE, "var.v", "true @main.tf:2"),
        ('variable "v" {}\n', "var.v", "? var.v by main.tf"),
        ("", "var.v", "? var.v"),
        ("", "var.v.w", "? var.v.w"),
        ('variable "v" {\n  default = null\n}\n', "var.v", "absent @main.tf:2"),
        ('variable "v" {\n  default = null\n}\n', "var.v.w", "? var.v.w"),
        ('variable "v" {\n  default = {\n    w = [7]\n  }\n}\n', "var.v.w[0]", "7 @main.tf:3"),
        ('variable "v" {\n  default = {\n    w = [7]\n  }\n}\n', 'var.v["w"][1]', '? var.v["w"][1]'),
        ('variable "v" {\n  default = [7]\n}\n', "var.v[*].w", "[? var.v[*].w]"),
        ('variable "v" {\n  default = {}\n}\n', "var.v[0]", "? var.v[0]"),
        ('variable "v" {\n  default = {}\n}\n', "var.v.w", "? var.v.w"),
        ("locals {\n  v = true\n}\n", "local.v", "true @main.tf:2"),
        ("locals {\n  v = aws_x.y\n}\n", "local.v.id", "-> aws_x.y.id"),
        ("locals {\n  v = bcrypt(1)\n}\n", "local.v.id", "? local.v.id"),
        ("", "local.v", "? local.v"),
        ("locals {\n  v = local.w\n  w = local.v\n}\n", "local.v", "? local.v"),
        ('variable "v" {\n  default = var.v\n}\n', "var.v", "? var.v"),
        (VARIABLE, "!var.v ? 1 : 2", "2 @use.tf:1"),
        (VARIABLE, "var.v == true && 1 != 2 ? 1 : 2", "1 @use.tf:1"),
        (VARIABLE, "false || var.v ? 1 : 2", "1 @use.tf:1"),
        (VARIABLE, 'var.v == "true" ? 1 : 2', "2 @use.tf:1"),
        ("", 'null == "x" ? 1 : 2', "2 @use.tf:1"),
        ("", '"true" ? 1 : 2', "1 @use.tf:1"),
        ("", '"false" ? 1 : 2', "2 @use.tf:1"),
        ("", '"other" ? 1 : 2', "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "1 > 2 ? 1 : 2", "2 @use.tf:1"),
        ("", "var.v ? 1 : 2", "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "var.v != 1 ? 1 : 2", "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "!var.v ? 1 : 2", "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "var.v || true ? 1 : 2", "1 @use.tf:1"),
        ("", "var.v && false ? 1 : 2", "2 @use.tf:1"),
        ("", "(var.v ? true : false) ? 1 : 2", "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "(var.v ? 1 : 2) == 3 ? 1 : 2", "2 @use.tf:1"),
        ("", "(var.v ? 1 : 2) == 1 ? 1 : 2", "1 @use.tf:1 | 2 @use.tf:1"),
        ("", "var.v ? null : 2", "absent @use.tf:1 | 2 @use.tf:1"),
        (
            "",
            '"${var.v ? "x" : "y"}-${var.w ? 1 : 2}"',
            " | ".join(f'"{t}" @use.tf:1' for t in ("x-1", "x-2", "y-1", "y-2")),
        ),
        ("", "var.v ? 1 : var.w ? 2 : 3", "1 @use.tf:1 | 2 @use.tf:1 | 3 @use.tf:1"),
        ("", "var.v ? var.w ? 1 : 2 : 3", "1 @use.tf:1 | 2 @use.tf:1 | 3 @use.tf:1"),
        ("", "(var.v ? true : true) ? 1 : true ? 2 : 3", "1 @use.tf:1"),
        ("", "false ? 1 : false ? 2 : true ? 3 : 4", "3 @use.tf:1"),
        ('locals {\n  v = "x"\n}\n', "local.v.w", "? local.v.w"),
    ],
)
def test_expressions(declared, expression, expected):
    use = f'resource "test_thing" "x" {{ a = {expression} }}\n'

    assert meaning({"main.tf": declared, "use.tf": use}) == expected


OPTIONAL = """
    variable "v" {
      type    = %s
      default = %s
    }
"""


@table(
    "kind, default, expression, expected",
    [
        ("object({ w = optional(bool, true) })", "{}", "var.v.w", "true @main.tf:2"),
        ("object({ w = optional(bool, true) })", "{ w = false }", "var.v.w", "false @main.tf:3"),
        ("object({ w = optional(bool, true) })", "{ w = null }", "var.v.w", "true @main.tf:2"),
        ("object({ w = optional(string, 1) })", "{}", "var.v.w", '"1" @main.tf:2'),
        ("object({ w = optional(object({ x = optional(bool, true) }), {}) })", "{}", "var.v.w.x", "true @main.tf:2"),
        ("map(object({ w = optional(bool) }))", "{ k = {} }", "var.v.k.w", "absent"),
        ("list(object({ w = optional(bool) }))", "[{}]", "var.v[0].w", "absent"),
        ("list(object({ w = optional(bool, true) }))", "[{}]", "var.v[0].w", "true @main.tf:2"),
        ("object({ w = bool })", "{}", "var.v.w", "? var.v.w"),
        ("object({ w = bool })", "{ w = true, x = 1 }", "var.v.x", "? var.v.x"),
        ("object({ w = bool })", "{ w = true, x = 1 }", "var.v", "{w: true}"),
        ("string", "true", "var.v", '"true" @main.tf:3'),
        ("bool", '"true"', "var.v", "true @main.tf:3"),
        ("number", '"7"', "var.v", "7 @main.tf:3"),
        ("number", '"x"', "var.v", '"x" @main.tf:3'),
        ('"string"', "7", "var.v", '"7" @main.tf:3'),
        ("list(string)", "[1, true]", "var.v", '["1", "true"]'),
        ("set(string)", '["b", "a", "b"]', "var.v", '["a", "b"]'),
        ("tuple([string, bool])", '[1, "true"]', "var.v", '["1", true]'),
        ("tuple([string])", "[1, 2]", "var.v", "[1, 2]"),
        ("any", "{ w = 1 }", "var.v", "{w: 1}"),
        ("optional(bool)", "true", "var.v", "true @main.tf:3"),
    ],
)
def test_optional_attributes_of_a_type(kind, default, expression, expected):
    use = f'resource "test_thing" "x" {{ a = {expression} }}\n'

    assert meaning({"main.tf": OPTIONAL % (kind, default), "use.tf": use}) == expected


USE_V = 'variable "v" {\n  default = 0\n}\nresource "test_thing" "x" {\n  a = var.v\n}\n'


@table(
    "files, expected",
    [
        ({"terraform.tfvars": "v = 1\n"}, "1 @terraform.tfvars:1"),
        ({"terraform.tfvars": "v = null\n"}, "absent @terraform.tfvars:1"),
        ({"terraform.tfvars.json": '{"v": 1}'}, "1 @terraform.tfvars.json:1"),
        ({"terraform.tfvars": "v = 1\n", "terraform.tfvars.json": '{"v": 2}'}, "2 @terraform.tfvars.json:1"),
        ({"terraform.tfvars": "v = 1\n", "a.auto.tfvars": "v = 2\n"}, "2 @a.auto.tfvars:1"),
        ({"b.auto.tfvars.json": '{"v": 3}', "a.auto.tfvars": "v = 2\n"}, "3 @b.auto.tfvars.json:1"),
        ({"terraform.tfvars": "w = 1\n"}, "0 @main.tf:2"),
        ({"terraform.tfvars": ""}, "0 @main.tf:2"),
        ({"prod.tfvars": "v = 1\n"}, "0 @main.tf:2"),
        ({"terraform.tfvars": "v = bcrypt(1)\n"}, "? bcrypt(1)"),
    ],
)
def test_files_of_values(files, expected):
    assert meaning({"main.tf": USE_V, **files}) == expected


def test_the_callers_of_a_module_decide_its_variables():
    assert meaning(USE_V, is_called=True) == "? var.v by main.tf"


def test_a_default_that_a_syntax_error_may_hide_is_not_known():
    assert (
        meaning('variable "v" {\n  type = \n}\nresource "test_thing" "x" {\n  a = var.v\n}\n') == "? var.v by main.tf"
    )


def test_the_first_of_duplicates_counts():
    assert meaning("locals {\n  v = 1\n}\nlocals {\n  v = 2\n}\n" + a_thing("a = local.v")) == "1 @main.tf:2"


@table("names", [(60,), (2000,)])
def test_long_chains_of_names(names):
    chain = "\n".join(f"  v{number} = local.v{number + 1}" for number in range(names))

    some = module(f"locals {{\n{chain}\n  v{names} = 1\n}}\n{a_thing('a = local.v0')}")

    assert spelled(the(some).value.lookup("a"), some.texts) == f"1 @main.tf:{names + 2}"


@table("branches, expected", [(64, 64), (65, 1), (5000, 1)])
def test_chained_conditionals(branches, expected):
    chain = " : ".join(f"var.v ? {number}" for number in range(1, branches))

    assert meaning(a_thing(f"a = {chain} : 0")).count("|") == expected - 1


def test_too_many_alternatives_are_one_that_is_not_known():
    either = "${var.a ? 1 : 2}"

    assert meaning(a_thing(f'a = "{either * 6}"')).count("|") == 63
    assert meaning(a_thing(f'a = "{either * 7}"')) == f'? "{either * 7}"'


# --------------------------------------------------------------------- blocks


@table(
    "body, name, expected",
    [
        ("", "a", "absent"),
        ("b {\n  c = 1\n}", "b", "[{c: 1}]"),
        ("b {}\nb {}", "b", "[{}, {}]"),
        ('dynamic "b" {\n  for_each = [1]\n  content {}\n}', "b", "[{}]"),
        ('b {}\ndynamic "b" {\n  for_each = [1]\n  content {}\n}', "b", "[{}, {}]"),
        ('b {}\ndynamic "b" {\n  for_each = var.v\n  content {}\n}', "b", "[{} ...]"),
        ('dynamic "b" {\n  for_each = var.v\n  content {}\n}', "b", "? the dynamic block b"),
        ('dynamic "b" {\n  for_each = []\n  content {}\n}', "b", "absent"),
        ('dynamic "b" {\n  for_each = [1]\n}', "b", "? the dynamic block b"),
        ('dynamic "b" {\n  content {}\n}', "b", "? the dynamic block b"),
        ('dynamic "b" "c" {}', "b", "absent"),
        ("a = 1\na = 2", "a", "? a = 1"),
        ("b = ", "a", "? whether a is there"),
        ("c {\n  d = \n}", "c", "[{d: ? } ...]"),
    ],
)
def test_bodies(body, name, expected):
    assert meaning(a_thing(body), name) == expected


def test_the_names_and_entries_of_a_body():
    body = the(module(a_thing('a = 1\nb {}\nb {}\ndynamic "c" {}\ndynamic "b" {}'))).value

    assert body.names == ("a", "b", "c")
    assert [body.entry(name) is not None for name in ("a", "b", "c", "d")] == [True, True, True, False]
    assert body.is_block


@table(
    "repeat, expected",
    [
        ("", (None, True, 1)),
        ("count = 0", ("count", False, 0)),
        ("count = 3", ("count", True, 3)),
        ("count = null", ("count", None, None)),
        ("count = bcrypt(1)", ("count", None, None)),
        ("count = var.on ? 1 : 0", ("count", None, None)),
        ("count = var.on ? 1 : 2", ("count", True, None)),
        ("count = var.on ? 1 : bcrypt(1)", ("count", None, None)),
        ("for_each = {}", ("for_each", False, 0)),
        ("for_each = toset([])", ("for_each", False, 0)),
        ('for_each = toset(["a", "b"])', ("for_each", True, 2)),
        ("for_each = { a = 1, b = 2 }", ("for_each", True, 2)),
        ("for_each = { (bcrypt(1)) = 1 }", ("for_each", None, None)),
        ("for_each = var.on ? {} : { a = 1 }", ("for_each", None, None)),
        ("for_each = bcrypt(1)", ("for_each", None, None)),
        ("for_each = test_other.y", ("for_each", None, None)),
    ],
)
def test_how_a_resource_repeats(repeat, expected):
    resource = the(module(a_thing(repeat)))

    assert (resource.each, resource.present, resource.instances) == expected


@table(
    "collection, expression, expected",
    [
        ('toset(["p", "q"])', "each.value", '"p" @main.tf:2 | "q" @main.tf:2'),
        ('toset(["p", "q"])', "each.key", '"p" @main.tf:2 | "q" @main.tf:2'),
        ("{ p = 1, q = 2 }", "each.value", "1 @main.tf:2 | 2 @main.tf:2"),
        ("{ p = { w = 1 } }", "each.value.w", "1 @main.tf:2"),
        ("{ p = { w = 1 } }", 'each.value["w"]', "1 @main.tf:2"),
        ("{}", "each.value", "? each.value"),
        ("{}", "each.key", "? each.key"),
        ("[]", "each.key", "? each.key"),
        ("test_other.y", "each.value.id", "-> test_other.y.id"),
        ("test_other.y", "each.key", "? each.key"),
        ("bcrypt(1)", "each.value", "? each.value"),
    ],
)
def test_what_each_is(collection, expression, expected):
    assert meaning(a_thing(f"for_each = {collection}\na = {expression}")) == expected


def test_a_keyed_name_stands_for_each_key():
    some = module(a_thing("for_each = { p = 1 }\na = each.key"))

    assert spelled(the(some).value.lookup("a"), {}) == '"p"'


# --------------------------------------------------------------------- questions about the module


DECLARED = """
    variable "v" {}
    locals {
      l = 1
    }
    module "m" {}
    data "test_data" "d" {
      for_each = { k = 5 }
      a        = each.value
    }
    resource "test_thing" "x" {}
    output "o" {}
"""


@table(
    "expression, expected",
    [
        ("var.v", True),
        ("var.w", False),
        ("local.l", True),
        ("local.k", False),
        ("module.m.out", True),
        ("module.n.out", False),
        ("data.test_data.d.arn", True),
        ("data.test_data.e.arn", False),
        ("test_thing.x.arn", True),
        ("test_thing.y.arn", False),
        ("path", False),
    ],
)
def test_what_is_declared(expression, expected):
    assert module(DECLARED).declares(tuple(expression.split("."))) is expected


def test_the_body_of_a_data_source():
    some = module(DECLARED)

    body = some.data_body("test_data", "d")

    assert isinstance(body, Structure)
    assert spelled(body.lookup("a"), some.texts) == "5 @main.tf:7"
    assert some.data_body("test_data", "e") is None


@table(
    "use, is_called, expected",
    [
        ("", False, False),
        ('module "m" {\n  t = test_thing.x.id\n}\n', False, True),
        ('module "m" {\n  b {\n    t = [test_thing.x.id]\n  }\n}\n', False, True),
        ('module "m" {\n  t = local.l\n}\nlocals {\n  l = local.k\n  k = test_thing.x\n}\n', False, True),
        ('module "m" {\n  t = local.l\n}\nlocals {\n  l = local.k\n  k = local.l\n}\n', False, False),
        ('module "m" {\n  t = { (test_thing.x.id) = upper("${var.v ? 1 : 2}") }\n}\n', False, True),
        ('output "o" {\n  value = test_thing.x.id\n}\n', False, False),
        ('output "o" {\n  value = test_thing.x.id\n}\n', True, True),
        ('resource "test_other" "y" {\n  t = test_thing.x.id\n}\n', False, False),
        ('module "m" {\n  t = path\n}\n', False, False),
    ],
)
def test_what_is_handed_out(use, is_called, expected):
    some = module(a_thing("") + use, is_called=is_called)

    assert some.leads_out(the(some)) is expected


@table(
    "files, literal, expected",
    [
        ({"main.tf": a_thing("a = 7")}, "7", []),
        ({"main.tf": "locals {\n  l = 7\n}\n" + a_thing("a = local.l")}, "7", ["local.l"]),
        ({"main.tf": "locals {\n  l = 7\n  k = [local.l]\n}\n" + a_thing("a = local.k")}, "7", ["local.k"]),
        (
            {"main.tf": 'variable "v" {\n  default = 7\n}\n' + a_thing("a = var.v\nb {\n  c = var.v\n}")},
            "7",
            ["var.v"] * 2,
        ),
        ({"main.tf": 'variable "v" {}\n' + a_thing("a = var.v"), "terraform.tfvars": "v = 7\n"}, "7", ["var.v"]),
        ({"main.tf": 'variable "v" {\n  default = 7\n}\noutput "o" {\n  value = var.v\n}\n'}, "7", ['output "o"']),
        ({"main.tf": 'variable "v" {\n  default = 7\n}\nterraform {\n  a = var.v\n}\n'}, "7", ["var.v"]),
        ({"main.tf": 'variable "v" {\n  default = 7\n}\n'}, "7", []),
        ({"main.tf": "locals {\n  l = [7, local.l]\n}\n"}, "7", []),
    ],
)
def test_where_a_literal_flows(files, literal, expected):
    some = module(files)
    path = max(some.texts) if "terraform.tfvars" in files else f"{ROOT}/main.tf"
    at = some.texts[path].index(literal.encode())

    uses = some.uses(Place(path, Span(at, at + len(literal))))

    texts = [some.texts[use.path][use.span.start : use.span.end].decode() for use in uses]
    assert texts == expected


def test_files_that_could_not_be_read_whole():
    some = module({"a.tf": "x = \n", "b.tf": a_thing("")})

    assert some.broken == (f"{ROOT}/a.tf",)


def test_resources_stand_by_file_and_position():
    some = module({"b.tf": a_thing("", "p"), "a.tf": a_thing("", "r") + a_thing("", "q")})

    assert [resource.name for resource in some.resources({"test_thing"})] == ["r", "q", "p"]
    assert some.resources(()) == []


PUBLIC = "module:example/bucket/aws"


@table(
    "source, kind, found",
    [
        ("example/bucket/aws", PUBLIC, True),
        ("registry.terraform.io/example/bucket/aws", PUBLIC, True),
        ("registry.opentofu.org/example/bucket/aws", PUBLIC, True),
        ("example/bucket/aws//modules/object", f"{PUBLIC}//modules/object", True),
        ("example/bucket/aws//modules/object", PUBLIC, False),
        ("registry.example.com/example/bucket/aws", PUBLIC, False),
        ("git::https://github.com/example/bucket/aws", PUBLIC, False),
        ("./example/bucket/aws", PUBLIC, False),
        ("${var.source}", PUBLIC, False),
    ],
)
def test_a_call_of_a_public_module_is_a_resource(source, kind, found):
    some = module(f'module "m" {{\n  source = "{source}"\n  acl    = "public"\n}}\n')

    calls = [(call.address, spelled(call.value.lookup("acl"), some.texts)) for call in some.resources({kind})]

    assert calls == ([("module.m", '"public" @main.tf:3')] if found else [])


@table(
    "written, expected",
    [
        ("", [(None, True, 1)]),
        ("count = 0", [("count", False, 0)]),
        ('for_each = toset(["a", "b"])', [("for_each", True, 2)]),
        ("create = false", []),
        ("create = var.on", []),
        ("create = var.unknown", [(None, True, 1)]),
        ("create_bucket = false", []),
        ("create_policy = false", [(None, True, 1)]),
    ],
)
def test_how_a_call_of_a_public_module_repeats(written, expected):
    some = module(
        'variable "on" {\n  default = false\n}\nvariable "unknown" {\n}\n'
        f'module "m" {{\n  source = "example/bucket/aws"\n  {written}\n}}\n'
    )

    assert [(r.each, r.present, r.instances) for r in some.resources({PUBLIC})] == expected


@pytest.mark.parametrize("text", ['{"resource": {"test_thing": {"x": {"a": "${true}"}}}}'])
def test_json_syntax(text):
    assert meaning({"main.tf.json": text}) == "true @main.tf.json:1"
