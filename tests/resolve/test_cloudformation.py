"""What the expressions of a CloudFormation template mean, and where that is decided."""

from textwrap import dedent

from tests.origins import spelled
from tests.tables import table

from setsquare.documents import Format
from setsquare.model import Place, Resource, TemplateFile
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.syntax import cfn
from setsquare.text import Span

PATH = "/unit/t.yaml"


def template(text: str) -> TemplateScope:
    read = cfn.read(PATH, dedent(text).lstrip("\n").encode(), Format.YAML)
    assert isinstance(read, TemplateFile)
    return TemplateScope(PATH, read.templates[0])


def the(some: TemplateScope) -> Resource:
    (resource,) = some.resources({"Test::A::Thing"})
    return resource


def with_property(expression: str, sections: str = "") -> str:
    resource = f"Resources: {{X: {{Type: Test::A::Thing, Properties: {{A: {expression}}}}}}}\n"
    return resource + dedent(sections).lstrip("\n")


def meaning(expression: str, sections: str = "", name: str = "A") -> str:
    text = with_property(expression, sections)
    return spelled(the(template(text)).value.lookup(name), {PATH: text.encode()})


DEEP = "[" * 60 + "]" * 60


@table(
    "expression, expected",
    [
        ("true", "true @t.yaml:1"),
        ('"true"', '"true" @t.yaml:1'),
        ("null", "absent @t.yaml:1"),
        ("!Ref AWS::NoValue", "absent @t.yaml:1"),
        ("[1, a]", '[1, "a"]'),
        ("{K: 1}", "{K: 1}"),
        ("!Ref Y", "-> Y.Ref"),
        ("!GetAtt Y.Arn", "-> Y.Arn"),
        ("!GetAtt Y.Nested.Arn", "-> Y.Nested.Arn"),
        ('!Sub "${Y.Arn}/*"', '-> Y.Arn + "/*"'),
        ('!Sub "${Y}"', "-> Y.Ref"),
        ("!Sub plain", '"plain" @t.yaml:1'),
        ('!Join ["", [a, 1, true]]', '"a1true" @t.yaml:1'),
        ('!Join ["-", [a, !Ref Y]]', '"a-" + -> Y.Ref'),
        ('!Join ["-", [a]]', '"a" @t.yaml:1'),
        ('!Join ["-", []]', '"" @t.yaml:1'),
        ('!Join ["-", [a, !Ref AWS::NoValue, b]]', '"a-b" @t.yaml:1'),
        ('!Join ["-", [a, !If [Unknown, b, !Ref AWS::NoValue]]]', '"a-b" @t.yaml:1 | "a" @t.yaml:1'),
        ('!Join ["-", !Split [",", "a,b"]]', '"a-b" @t.yaml:1'),
        ("!Join [!Ref Y, [a]]", "? Fn::Join"),
        ('!Join ["-", !Ref Y]', "? Fn::Join"),
        ("!Select [0, [a]]", '"a" @t.yaml:1'),
        ("!Select ['1', [a, !Ref Y]]", "-> Y.Ref"),
        ("!Select [1, [a]]", "? Fn::Select"),
        ("!Select [x, [a]]", "? Fn::Select"),
        ("!Select [0, !GetAZs '']", "? Fn::Select"),
        ('!Select [1, !Split [",", "a,b"]]', '"b" @t.yaml:1'),
        ('!Split [",", "a,b"]', '["a", "b"]'),
        ('!Split ["", "a,b"]', "? Fn::Split"),
        ('!Split [",", !Ref Y]', "? Fn::Split"),
        ("!Base64 text", '"dGV4dA==" @t.yaml:1'),
        ("!Base64 {Ref: Y}", "? Fn::Base64"),
        ('!Cidr ["10.0.0.0/16", 2, 8]', '["10.0.0.0/24", "10.0.1.0/24"]'),
        ('!Cidr ["10.0.0.0/24", "2"]', "? Fn::Cidr"),
        ('!Cidr ["10.0.0.0/23", "2"]', '["10.0.0.0/24", "10.0.1.0/24"]'),
        ('!Cidr ["2001:db8::/56", 1, 64]', '["2001:db8::/64"]'),
        ('!Cidr ["10.0.0.0/16", 257, 8]', "? Fn::Cidr"),
        ('!Cidr ["10.0.0.0/24", 1, 16]', "? Fn::Cidr"),
        ('!Cidr ["10.0.0.0/33", 1, 8]', "? Fn::Cidr"),
        ("!Cidr [!Ref Y, 1, 8]", "? Fn::Cidr"),
        ('!GetAZs ""', "? Fn::GetAZs"),
        ("{'Fn::Length': [1, 2]}", "2 @t.yaml:1"),
        ("{'Fn::Length': [1, !If [Unknown, 2, !Ref AWS::NoValue]]}", "? Fn::Length"),
        ("{'Fn::ToJsonString': {a: [1, true], b: !Ref AWS::NoValue}}", '"{\\"a\\":[1,true]}" @t.yaml:1'),
        ("{'Fn::ToJsonString': {a: !Ref Y}}", "? Fn::ToJsonString"),
        ("{'Fn::Transform': {Name: x}}", "? Fn::Transform"),
        ("[1, !Ref AWS::NoValue, 2]", "[1, 2]"),
        ("{'Fn::ForEach::L': [V, [a, b], {'K${V}': !Sub 'x${V}'}]}", '{Ka: "xa", Kb: "xb"}'),
        ("{'Fn::ForEach::L': [V, !Ref Y, {'K${V}': 1}], M: 2}", "{M: 2}"),
        ("{'Fn::ForEach::L': [V, ['a-b'], {'K&{V}': !Ref V}]}", '{Kab: "a-b"}'),
        (
            "{'Fn::ForEach::L': [V, [a, b], {'Fn::ForEach::M': [W, [1, 2], {'${V}${W}': 1}]}]}",
            "{a1: 1, a2: 1, b1: 1, b2: 1}",
        ),
        ("!If [Unknown, 1, 2]", "1 @t.yaml:1 | 2 @t.yaml:1"),
        ("!If [Unknown, 1, !Ref AWS::NoValue]", "1 @t.yaml:1 | absent @t.yaml:1"),
        ("!If [Unknown, 1, !If [Unknown, 2, 3]]", "1 @t.yaml:1 | 3 @t.yaml:1"),
        ("'{{resolve:ssm:x}}'", "? {{resolve:ssm:x}}"),
        ("'{{resolve:secretsmanager:x}}'", "-> {{resolve:secretsmanager:x}}"),
        ("!ImportValue k", "-> Fn::ImportValue"),
        ("!Ref AWS::Region", "-> AWS::Region.Ref"),
        ("!Condition C", "? Condition C"),
        ("!Unheard x", "? !Unheard"),
        ("!FindInMap [M, a, b]", "? Fn::FindInMap"),
        ("{? [a] : 1, K: 2}", "{K: 2}"),
    ],
)
def test_expressions(expression, expected):
    assert meaning(expression) == expected


def test_an_expression_that_is_nested_too_deep():
    assert "? an expression that is nested too deep" in meaning(DEEP)


@table(
    "declared, expected",
    [
        ("{Type: String}", "? Ref P by t.yaml"),
        ("{Type: String, Default: x}", '"x" @t.yaml:2'),
        ("{Type: String, Default: ''}", '"" @t.yaml:2'),
        ("{Type: String, Default: null}", "? Ref P by t.yaml"),
        ("{Type: String, Default: [1]}", "? Ref P by t.yaml"),
        ("{Type: String, Default: true}", "true @t.yaml:2"),
        ("{Type: Number, Default: '7'}", "7 @t.yaml:2"),
        ("{Type: Number, Default: 7}", "7 @t.yaml:2"),
        ("{Type: Number, Default: '7.5'}", '"7.5" @t.yaml:2'),
        ("{Type: CommaDelimitedList, Default: 'a, b'}", '["a", "b"]'),
        ("{Type: List<Number>, Default: '1'}", '["1"]'),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /path}", "? Ref P by t.yaml"),
        ("{Type: 'AWS::EC2::VPC::Id', Default: vpc-1}", '"vpc-1" @t.yaml:2'),
        ("{Type: String, NoEcho: 'True'}", "? Ref P by t.yaml, hidden"),
        ("{Default: x}", '"x" @t.yaml:2'),
        ("x", "? Ref P by t.yaml"),
    ],
)
def test_parameters(declared, expected):
    assert meaning("!Ref P", f"Parameters: {{P: {declared}}}\n") == expected


MAPPINGS = """
    Parameters: {P: {Type: String, Default: one}}
    Mappings:
      M:
        one: {k: 1, l: 2}
        two: {k: 3}
"""


@table(
    "expression, expected",
    [
        ("!FindInMap [M, one, k]", "1 @t.yaml:5"),
        ("!FindInMap [M, !Ref P, k]", "1 @t.yaml:5 | 3 @t.yaml:6"),
        ("!FindInMap [M, one, !Ref P]", "1 @t.yaml:5 | 2 @t.yaml:5"),
        ("!FindInMap [M, one, m]", "? Fn::FindInMap"),
        ("!FindInMap [M, !Ref P, l]", "? Fn::FindInMap"),
        ("!FindInMap [N, one, k]", "? Fn::FindInMap"),
        ("!FindInMap [!Ref P, one, k]", "? Fn::FindInMap"),
        ("!FindInMap [M, [], k]", "1 @t.yaml:5 | 3 @t.yaml:6"),
        ("!FindInMap [M, one]", "? Fn::FindInMap"),
        ("!FindInMap [M, '{{resolve:ssm:x}}', k]", "1 @t.yaml:5 | 3 @t.yaml:6"),
    ],
)
def test_mappings(expression, expected):
    assert meaning(expression, MAPPINGS) == expected


@table(
    "condition, expected",
    [
        ("!Equals [a, a]", "1"),
        ("!Equals [a, b]", "2"),
        ("!Equals ['true', true]", "1"),
        ("!Equals ['1', 1]", "1"),
        ("!Equals [!Ref P, prod]", "1 | 2"),
        ("!Equals [!Ref AWS::Region, eu-west-1]", "1 | 2"),
        ("!Not [!Equals [a, a]]", "2"),
        ("!Not [!Equals [!Ref P, a]]", "1 | 2"),
        ("!Not [!Condition Yes]", "2"),
        ("!And [!Condition Yes, !Equals [a, b]]", "2"),
        ("!And [!Condition Yes, !Condition Yes, !Equals [a, b]]", "2"),
        ("!And [!Condition Yes, !Condition Yes, !Condition Yes]", "1"),
        ("!And [!Condition Yes, !Equals [!Ref P, a]]", "1 | 2"),
        ("!Or [!Equals [!Ref P, a], !Equals [!Ref P, b], !Condition Yes]", "1"),
        ("!Or [!Equals [!Ref P, a], !Equals [a, b]]", "1 | 2"),
        ("!Condition Yes", "1"),
        ("!Condition C", "1 | 2"),
        ("!Condition Missing", "1 | 2"),
        ("true", "1"),
        ("'false'", "2"),
        ("other", "1 | 2"),
        ("[]", "1 | 2"),
        ("!Equals []", "1 | 2"),
        ("!Contains [[a], a]", "1 | 2"),
    ],
)
def test_conditions(condition, expected):
    sections = f"""
        Parameters: {{P: {{Type: String, Default: prod}}}}
        Conditions: {{"Yes": !Equals [a, a], C: {condition}}}
    """

    assert meaning("!If [C, 1, 2]", sections).replace(" @t.yaml:1", "") == expected


@table("operands, expected", [("a, a", "1 @t.yaml:1"), ("a, !Ref Y", "1 @t.yaml:1 | 2 @t.yaml:1")])
def test_conditions_that_are_nested_deep(operands, expected):
    deep = "!Not [" * 60 + f"!Equals [{operands}]" + "]" * 60

    assert meaning("!If [C, 1, 2]", f"Conditions: {{C: {deep}}}\n") == expected


@table(
    "resource, present, value",
    [
        ("{Type: Test::A::Thing, Properties: {A: 1}}", True, "1"),
        ("{Type: Test::A::Thing, Condition: 'Yes', Properties: {A: 1}}", True, "1"),
        ("{Type: Test::A::Thing, Condition: 'No', Properties: {A: 1}}", False, "1"),
        ("{Type: Test::A::Thing, Condition: Maybe, Properties: {A: 1}}", None, "1"),
        ("{Type: Test::A::Thing}", True, "absent"),
        ("{Type: Test::A::Thing, Properties: null}", True, "absent"),
        ("{Type: Test::A::Thing, Properties: !If [Maybe, {A: 1}, {}]}", True, "? whether A is there"),
        ("{Type: Test::A::Thing, Properties: {'Fn::Transform': {Name: x}}}", True, "? whether A is there"),
        ("{Type: Test::A::Thing, Properties: {A: 1, 'Fn::Transform': {Name: x}}}", True, "1"),
        ("{Type: Test::A::Thing, Properties: {B: 1, 'Fn::Transform': {Name: x}}}", True, "? whether A is there"),
        ("{Type: Test::A::Thing, Properties: {? [a] : 1}}", True, "? whether A is there"),
    ],
)
def test_resources(resource, present, value):
    text = f"""
        Conditions:
          "Yes": !Equals [a, a]
          "No": !Equals [a, b]
          Maybe: !Equals [!Ref AWS::Region, a]
        Resources: {{X: {resource}}}
    """

    found = the(template(text))

    assert found.present is present
    assert spelled(found.value.lookup("A"), {}) == value
    assert (found.value.entry("A") is not None) == (value == "1")


@table("properties, expected", [("", True), ("\n    Properties: {A: 1}", False)])
def test_properties_that_are_not_there(properties, expected):
    assert the(template(f"Resources:\n  X:\n    Type: Test::A::Thing{properties}\n")).missing_properties is expected


BROKEN = """
    Resources:
      X:
        Type: Test::A::Thing
        Properties:
          B: 2
          C: [1, 2
          D: 1
"""


def test_in_broken_text_nothing_is_certain_to_be_missing():
    some = template(BROKEN)

    assert some.broken == (PATH,)
    assert spelled(the(some).value.lookup("A"), {}) == "? whether A is there"
    assert spelled(the(some).value.lookup("B"), {}) == "2"
    assert not the(some).missing_properties


@table(
    "others, expected",
    [
        ("", False),
        ("S: {Type: 'AWS::CloudFormation::Stack', Properties: {Parameters: {T: !Ref X}}}", True),
        ("S: {Type: 'AWS::CloudFormation::Stack', Properties: {Parameters: {T: !GetAtt X.Arn}}}", True),
        ("S: {Type: 'AWS::CloudFormation::Stack', Properties: {Parameters: {T: !Ref Y}}}", False),
        ("S: {Type: 'AWS::CloudFormation::Stack'}", False),
        ("S: {Type: 'Test::A::Other', Properties: {Parameters: {T: !Ref X}}}", False),
    ],
)
def test_what_is_handed_to_a_nested_stack(others, expected):
    some = template(f"Resources:\n  X: {{Type: 'Test::A::Thing'}}\n  {others}\n")

    assert some.leads_out(the(some)) is expected


USES = """
    Parameters:
      P: {Type: String, Default: prod}
    Mappings: {M: {one: {k: mapped}}}
    Conditions: {C: !Equals [!Ref P, x]}
    Resources:
      X:
        Type: Test::A::Thing
        Properties:
          A: !Ref P
          B: [!If [C, !FindInMap [M, one, k], !Ref Y], !Sub ["${P}-${Z}", {Z: !FindInMap [M, one, k]}], 1]
          C: !Join ["", [!FindInMap [M, one, k], plain]]
      Y: {Type: Test::A::Other}
    Outputs: {O: {Value: !Ref P}}
"""


@table(
    "literal, expected",
    [
        ("prod", ["!Ref P", '"${P}-${Z}"', "!Ref P", "!Ref P"]),
        ("mapped", ["!FindInMap [M, one, k]"] * 3),
        ("plain", []),
    ],
)
def test_where_a_literal_flows(literal, expected):
    source = dedent(USES).lstrip("\n").encode()
    at = source.index(literal.encode())

    uses = template(USES).uses(Place(PATH, Span(at, at + len(literal))))

    assert [source[use.span.start : use.span.end].decode() for use in uses] == expected


def test_what_templates_do_not_have():
    some = template(with_property("1"))

    assert some.declares(("anything",))
    assert some.data_body("a", "b") is None
