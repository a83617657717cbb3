"""Policy documents: every written form, by meaning; and where a statement is added."""

import json
from textwrap import dedent, indent

import pytest
from tests.small_rules import a_thing, fixed, module, only, rule, template, thing, verdict, with_fixes
from tests.support import Unit
from tests.tables import table

from setsquare.findings import Finding

PUBLIC = thing(
    'policy: {$document: {$no_statement: {Effect: Allow, Principal: {$any: ["*"]}, Condition: {$absent: true}}}}',
    "test-policy-private",
)
TLS = thing(
    """
    policy:
      $document:
        $has_statement:
          Sid: Tls
          Effect: Deny
          Principal: "*"
          Action: "s3:*"
          Resource: [{$self: arn}, {$self: arn, $suffix: "/*"}]
          Condition: {Bool: {"aws:SecureTransport": "false"}}
    """,
    "test-policy-tls",
)
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}


def document(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def encoded(text: str) -> str:
    return a_thing(f"policy = jsonencode({text})")


def heredoc(text: str, marker: str = "<<EOF") -> str:
    body = text if marker == "<<EOF" else indent(text, "    ")
    return f'resource "test_thing" "x" {{\n  policy = {marker}\n{body}\nEOF\n}}\n'


def quoted(text: str) -> str:
    return a_thing(f"policy = {json.dumps(text)}")


def source(text: str) -> str:
    block = 'data "aws_iam_policy_document" "d" {\n' + indent(dedent(text), "  ") + "}\n"
    return a_thing("policy = data.aws_iam_policy_document.d.json") + block


def statement(text: str) -> str:
    return source("statement {\n" + indent(dedent(text).strip("\n"), "  ") + "\n}\n")


FORMS = (encoded, heredoc, quoted)


# --------------------------------------------------------------------- a statement that must not be there


@pytest.mark.parametrize("form", FORMS)
@table(
    "statements, expected",
    [
        ([ALLOW], "violated"),
        ([{**ALLOW, "Principal": {"AWS": "*"}}], "violated"),
        ([{**ALLOW, "Principal": {"AWS": ["1234", "*"]}}], "violated"),
        ([{**ALLOW, "Effect": "Deny"}], "satisfied"),
        ([{**ALLOW, "effect": "Allow"}], "violated"),
        ([{**ALLOW, "Principal": {"AWS": "arn:aws:iam::1:root"}}], "satisfied"),
        ([{**ALLOW, "Condition": {"Bool": {"a": "b"}}}], "satisfied"),
        ([{**ALLOW, "Condition": {}}], "violated"),
        ([{**ALLOW, "Condition": None}], "violated"),
        ([], "satisfied"),
        ([{"Effect": "Allow", "NotPrincipal": "*"}], "satisfied"),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}], "violated"),
        ([{"Effect": "Allow", "NotPrincipal": []}], "satisfied"),
        ([{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}], "satisfied"),
        ([{**ALLOW, "Effect": "Deny"}, ALLOW], "violated"),
        (["no statement"], "unknown"),
        ([1.5, True, ALLOW], "violated"),
    ],
)
def test_no_statement(form, statements, expected):
    assert verdict(module(form(document(*statements)), PUBLIC)) == expected


@table(
    "text, expected",
    [
        (heredoc(document(ALLOW), "<<-EOF"), "violated"),
        (heredoc(document({**ALLOW, "Principal": "${var.who}"})), "unknown"),
        (heredoc(document({**ALLOW, "Principal": "a${var.who}"})), "satisfied"),
        (heredoc(document({**ALLOW, "Principal": "${aws_iam_role.r.arn}"})), "satisfied"),
        (heredoc(document({**ALLOW, "Resource": "${var.what}/*"})), "violated"),
        (heredoc('{"Statement": [}'), "unknown"),
        (heredoc("[]"), "unknown"),
        (heredoc(""), "unknown"),
        (heredoc("%{ if var.x }\n{}\n%{ endif }"), "unknown"),
        (heredoc('{"Statement": ${jsonencode([])}}'), "unknown"),
        (heredoc(json.dumps({"Statement": ALLOW})), "violated"),
        (heredoc("{}"), "satisfied"),
        (quoted("{"), "unknown"),
        (quoted("[]"), "unknown"),
        (quoted("text"), "unknown"),
        (quoted("{" + " " * (1 << 18) + "}"), "unknown"),
        (quoted("{" + '"a": ' + "[" * 100_000), "unknown"),
        (quoted('{"Statement": 1}'), "unknown"),
        (
            a_thing('policy = "{\\"Statement\\": {\\"Effect\\": \\"Allow\\", \\"Principal\\": \\"${var.who}\\"}}"'),
            "unknown",
        ),
        (
            a_thing('policy = "{\\"Statement\\": {\\"Effect\\": \\"Allow\\", \\"Principal\\": \\"arn:${var.who}\\"}}"'),
            "satisfied",
        ),
        (a_thing('policy = "{\\"Statement\\": ${var.all}}"'), "unknown"),
        (a_thing("policy = bcrypt(1)"), "unknown"),
        (a_thing('policy = file("p.json")'), "unknown"),
        (a_thing("policy = aws_other.x.json"), "unknown"),
        (a_thing("policy = 7"), "unknown"),
        (a_thing(""), "satisfied"),
        (a_thing("policy = null"), "satisfied"),
        (encoded("var.x"), "unknown"),
        (encoded("{ Statement = var.x }"), "unknown"),
        (encoded("{ Statement = [var.x] }"), "unknown"),
        (encoded('{ Statement = [{ Effect = "Allow", Principal = var.x }] }'), "unknown"),
        (encoded('{ Statement = [{ Effect = var.x, Principal = "*" }] }'), "unknown"),
        (encoded('{ Statement = [{ Effect = var.x, Principal = "1" }] }'), "satisfied"),
        (encoded('{ Statement = [{ Effect = "Allow", Principal = "*", Condition = var.x }] }'), "unknown"),
        (encoded('{ Statement = [var.x ? { Effect = "Allow", Principal = "*" } : null] }'), "violated"),
        (encoded('{ Statement = [{ Effect = "Allow", Principal = var.x ? "*" : "1" }] }'), "violated"),
        (encoded('{ Statement = [{ Effect = "Allow", Principal = { AWS = [var.x, "*"] } }] }'), "violated"),
        (encoded('{ Statement = [{ Effect = "Allow", Principal = { AWS = concat(["*"]) } }] }'), "violated"),
        (encoded('{ Statement = var.x ? [] : [{ Effect = "Allow", Principal = "*" }] }'), "violated"),
        (encoded("merge({}, {})"), "satisfied"),
        (encoded("merge({}, var.x)"), "unknown"),
    ],
)
def test_no_statement_in_terraform(text, expected):
    assert verdict(module(text, PUBLIC)) == expected


@table(
    "text, expected",
    [
        (statement('principals {\n  type = "AWS"\n  identifiers = ["*"]\n}'), "violated"),
        (statement('effect = "Deny"\nprincipals {\n  type = "AWS"\n  identifiers = ["*"]\n}'), "satisfied"),
        (statement('effect = var.x\nprincipals {\n  type = "AWS"\n  identifiers = ["*"]\n}'), "unknown"),
        (statement('principals {\n  type = "AWS"\n  identifiers = ["1"]\n}'), "satisfied"),
        (statement('principals {\n  type = "AWS"\n  identifiers = var.x\n}'), "unknown"),
        (statement('not_principals {\n  type = "AWS"\n  identifiers = ["*"]\n}'), "satisfied"),
        (statement('dynamic "principals" {\n  for_each = var.x\n  content {}\n}'), "unknown"),
        (
            statement(
                'principals {\n  identifiers = ["1"]\n}\ndynamic "principals" {\n  for_each = var.x\n  content {}\n}'
            ),
            "unknown",
        ),
        (
            statement(
                'principals {\n  identifiers = ["*"]\n}\ndynamic "condition" {\n  for_each = var.x\n  content {}\n}'
            ),
            "unknown",
        ),
        (
            statement(
                'principals {\n  identifiers = ["*"]\n}\ncondition {\n  test = "Bool"\n  variable = "a"\n  values = ["b"]\n}'
            ),
            "satisfied",
        ),
        (
            statement(
                'principals {\n  identifiers = ["*"]\n}\ncondition {\n  test = var.x\n  variable = "a"\n  values = ["b"]\n}'
            ),
            "unknown",
        ),
        (source(""), "satisfied"),
        (source("source_policy_documents = [var.x]\n"), "unknown"),
        (source('dynamic "statement" {\n  for_each = var.x\n  content {}\n}\n'), "unknown"),
        (source('statement {}\ndynamic "statement" {\n  for_each = var.x\n  content {}\n}\n'), "unknown"),
        (a_thing("policy = data.aws_iam_policy_document.gone.json"), "unknown"),
        (a_thing("policy = data.aws_iam_policy_document.d.id"), "unknown"),
    ],
)
def test_no_statement_in_a_data_source(text, expected):
    assert verdict(module(text, PUBLIC)) == expected


def in_template(policy: str) -> str:
    return (
        "Resources:\n  X:\n    Type: Test::A::Thing\n    Properties:\n"
        + indent(dedent(policy).strip("\n"), "      ")
        + "\n"
    )


CFN_PUBLIC = thing(
    'Policy: {$document: {$no_statement: {Effect: Allow, Principal: {$any: ["*"]}, Condition: {$absent: true}}}}'
)


@table(
    "policy, expected",
    [
        ('Policy: {Statement: [{Effect: Allow, Principal: "*"}]}', "violated"),
        ('Policy: {Statement: {Effect: Allow, Principal: "*"}}', "violated"),
        ('Policy: {Statement: [!If [C, {Effect: Allow, Principal: "*"}, !Ref AWS::NoValue]]}', "violated"),
        ("Policy: {Statement: [{Effect: Allow, Principal: !Ref P}]}", "satisfied"),
        ("Policy: {Statement: !Ref P}", "unknown"),
        ('Policy: {Statement: [{Effect: Allow, Principal: {AWS: !Sub "arn:${P}"}}]}', "satisfied"),
        ('Policy: \'{"Statement": {"Effect": "Allow", "Principal": "*"}}\'', "violated"),
        ("Policy: !Ref P", "unknown"),
        ("Policy: !GetAtt aws_iam_policy_document.json", "unknown"),
        ("Other: 1", "satisfied"),
    ],
)
def test_no_statement_in_a_template(policy, expected):
    assert verdict(template(in_template(policy), CFN_PUBLIC)) == expected


@table(
    "pattern, found, expected",
    [
        ("{Action: {$any: ['*', 'a:*']}}", {"Action": ["A:*"]}, "violated"),
        ("{Action: {$any: ['*', 'a:*']}}", {"Action": ["a:b"]}, "satisfied"),
        ("{NotAction: {$present: true}}", {"NotAction": "a:b"}, "violated"),
        ("{NotAction: {$present: true}}", {}, "satisfied"),
        ("{Action: [a, b]}", {"Action": ["b", "a", "c"]}, "violated"),
        ("{Action: [a, b]}", {"Action": ["a"]}, "satisfied"),
        ("{Principal: {Service: {$any: [x]}}}", {"Principal": {"Service": "x"}}, "violated"),
        ("{Principal: {Service: {$any: [x]}}}", {"Principal": {"AWS": "x"}}, "satisfied"),
        ("{Principal: {Service: {$any: [x]}}}", {"Principal": "x"}, "satisfied"),
        ("{Action: {$any: [x]}}", {"Action": 1}, "satisfied"),
    ],
)
def test_patterns(pattern, found, expected):
    private = thing(f"policy: {{$document: {{$no_statement: {pattern}}}}}")

    assert verdict(module(encoded(document(found)), private)) == expected


def test_a_member_that_is_not_known():
    private = thing("policy: {$document: {$no_statement: {Principal: {Service: {$any: [x]}}}}}")

    assert verdict(module(encoded("{ Statement = [{ Principal = bcrypt(1) }] }"), private)) == "unknown"


def test_each_statement_that_violates_is_named_where_it_stands():
    some = module(encoded(document(ALLOW, {**ALLOW, "Principal": {"AWS": "*"}})), PUBLIC)

    lines = [
        violation.origin and some.texts[violation.origin.path][slice(*violation.origin.span)]
        for violation in only(some.analyse()).violations
    ]

    assert lines == [b'"*"', b'"*"']


def test_what_no_statement_says_where_it_cannot_be_fixed():
    finding = only(module(encoded(document(ALLOW)), PUBLIC).analyse())

    assert not finding.fix.available
    assert finding.fix.reason == "which grants are needed cannot be read from the code"


# --------------------------------------------------------------------- a statement that must be there

DENY = {
    "Sid": "AnyName",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::named", "arn:aws:s3:::named/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def named(text: str) -> str:
    return text.replace("policy = ", 'bucket = "named"\n  policy = ', 1)


@pytest.mark.parametrize("form", FORMS)
@table(
    "changed, expected",
    [
        ({}, "satisfied"),
        ({"Action": "*"}, "satisfied"),
        ({"Action": ["S3:*", "sns:*"]}, "satisfied"),
        ({"Action": "s3:Get*"}, "violated"),
        ({"Action": "s?:*"}, "satisfied"),
        ({"Resource": "*"}, "satisfied"),
        ({"Resource": ["arn:aws:s3:::named"]}, "violated"),
        ({"Action": None, "NotAction": "iam:*"}, "satisfied"),
        ({"Action": None, "NotAction": ["iam:*", "s3:GetObject"]}, "violated"),
        ({"Action": None, "NotAction": "*"}, "violated"),
        ({"Action": None, "NotAction": ["?am:*"]}, "unknown"),
        ({"Action": None, "NotAction": []}, "violated"),
        ({"Action": None}, "violated"),
        ({"Resource": None, "NotResource": "arn:aws:s3:::other/*"}, "unknown"),
        ({"Resource": None, "NotResource": "arn:aws:s3:::other"}, "satisfied"),
        ({"Resource": None, "NotResource": ["arn:aws:s3:::named", "arn:aws:s3:::other"]}, "violated"),
        ({"Resource": None, "NotResource": "*"}, "violated"),
        ({"Principal": None, "NotPrincipal": {"AWS": "1"}}, "violated"),
        ({"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]}, "violated"),
        ({"Principal": {"AWS": ["*"]}}, "satisfied"),
        ({"Principal": {"AWS": "1"}}, "violated"),
        ({"Effect": "Allow"}, "violated"),
        ({"Condition": {"bool": {"AWS:SecureTransport": [False]}}}, "satisfied"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "violated"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false", "x": "y"}}}, "violated"),
        ({"Condition": {"Bool": "x"}}, "unknown"),
        ({"Condition": None}, "violated"),
        ({"Condition": "x"}, "unknown"),
    ],
)
def test_has_statement(form, changed, expected):
    statements = document({key: value for key, value in {**DENY, **changed}.items() if value is not None})

    assert verdict(module(named(form(statements)), TLS)) == expected


@table(
    "resources, expected",
    [
        ('[test_thing.x.arn, "${test_thing.x.arn}/*"]', "satisfied"),
        ('["arn:aws:s3:::${test_thing.x.id}", "arn:aws:s3:::${test_thing.x.bucket}/*"]', "satisfied"),
        ('["arn:aws:s3:::${test_thing.y.id}", "arn:aws:s3:::${test_thing.y.id}/*"]', "violated"),
        ('["x${test_thing.x.arn}", "${test_thing.x.arn}/*"]', "violated"),
        ("[test_thing.x.arn]", "violated"),
        ('[test_thing.x.arn, "${test_thing.x.arn}/a"]', "violated"),
        ('[test_thing.y.arn, "${test_thing.y.arn}/*"]', "violated"),
        ('[test_other.y.arn, "${test_other.y.arn}/*"]', "violated"),
        ('[test_other.y.target, "${test_other.y.target}/*"]', "unknown"),
        ('[test_thing.x.arn, "${test_thing.x.arn}${test_thing.x.id}"]', "unknown"),
        ("var.x", "unknown"),
        ("[]", "violated"),
        ('var.x ? ["*"] : ["1"]', "unknown"),
    ],
)
def test_which_resources_a_statement_speaks_of(resources, expected):
    written = f"""{{
      Statement = [{{
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = {resources}
        Condition = {{ Bool = {{ "aws:SecureTransport" = "false" }} }}
      }}]
    }}"""

    assert verdict(module(encoded(written), TLS)) == expected


@table(
    "key, value, expected",
    [
        ("Effect", 'var.x ? "Deny" : "Allow"', "unknown"),
        ("Effect", 'var.x ? "Deny" : "deny"', "satisfied"),
        ("Action", 'var.x ? "s3:*" : "sns:*"', "unknown"),
        ("Action", "var.x", "unknown"),
        ("Action", '["${var.x}:*"]', "unknown"),
        ("Principal", 'var.x ? "*" : "1"', "unknown"),
        ("Resource", '[var.x ? "*" : "1"]', "unknown"),
        ("Condition", 'var.x ? { Bool = { "aws:SecureTransport" = "false" } } : null', "unknown"),
        ("Condition", '{ Bool = { "aws:SecureTransport" = var.x ? "true" : "false" } }', "unknown"),
        ("Condition", '{ Bool = { "aws:SecureTransport" = [["false"]] } }', "satisfied"),
        ("Condition", 'var.x ? { Bool = { "aws:SecureTransport" = "false" } } : var.y', "unknown"),
        ("Condition", '{ Bool = { "aws:SecureTransport" = var.y } }', "unknown"),
        ("Condition", "{ Bool = var.y }", "unknown"),
        ("Condition", '{ Bool = { "aws:SecureTransport" = ["false", var.y] } }', "unknown"),
    ],
)
def test_a_statement_that_may_not_be_there_does_not_satisfy(key, value, expected):
    parts = {
        "Effect": '"Deny"',
        "Principal": '"*"',
        "Action": '"s3:*"',
        "Resource": '"*"',
        "Condition": '{ Bool = { "aws:SecureTransport" = "false" } }',
        key: value,
    }
    written = "\n".join(f"{name} = {text}" for name, text in parts.items())

    assert verdict(module(encoded(f"{{ Statement = [{{\n{written}\n}}] }}"), TLS)) == expected


WHOLE = '{ Effect = "Deny", Principal = "*", Action = "*", Resource = "*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }'


@table(
    "statements, expected",
    [
        (f"[{WHOLE}]", "satisfied"),
        (f"var.x ? [{WHOLE}] : [{WHOLE}]", "satisfied"),
        (f"var.x ? [{WHOLE}] : {WHOLE}", "satisfied"),
        (f"var.x ? [{WHOLE}] : []", "unknown"),
        (f"var.x ? [{WHOLE}] : null", "unknown"),
        (f"[var.x ? {WHOLE} : null]", "unknown"),
        (f"[var.x ? {WHOLE} : {WHOLE}]", "satisfied"),
        (f"[var.x, {WHOLE}]", "satisfied"),
    ],
)
def test_a_statement_must_be_there_on_every_branch(statements, expected):
    assert verdict(module(encoded(f"{{ Statement = {statements} }}"), TLS)) == expected


WITHOUT_CONDITION = thing(
    "policy: {$document: {$has_statement: {Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}}}"
)


@table(
    "changed, expected",
    [
        ({}, "violated"),
        ({"Condition": None, "Resource": "*"}, "satisfied"),
        ({"Condition": None, "Resource": "arn:x"}, "violated"),
    ],
)
def test_a_statement_without_condition(changed, expected):
    statements = document({key: value for key, value in {**DENY, **changed}.items() if value is not None})

    assert verdict(module(encoded(statements), WITHOUT_CONDITION)) == expected


@table(
    "text, expected",
    [
        (source('statement {}\ndynamic "statement" {\n  for_each = var.x\n  content {}\n}\n'), "unknown"),
        (encoded("{ Statement = var.x ? [] : [] }"), "violated"),
        (encoded('{ Statement = [var.x ? { Effect = "Deny" } : null] }'), "violated"),
        (a_thing(""), "violated"),
        (a_thing("policy = null"), "violated"),
        (a_thing("policy = var.x"), "unknown"),
        (
            statement(
                """
                sid = "Tls"
                effect = "Deny"
                actions = ["s3:*"]
                resources = ["*"]
                principals {
                  type = "*"
                  identifiers = ["*"]
                }
                condition {
                  test = "Bool"
                  variable = "aws:SecureTransport"
                  values = ["false"]
                }
                """
            ),
            "satisfied",
        ),
    ],
)
def test_has_statement_elsewhere(text, expected):
    assert verdict(module(text, TLS)) == expected


# --------------------------------------------------------------------- adding a statement


def only_fix(some: Unit) -> Finding:
    finding = only(some.analyse())
    assert finding.fix.available, finding.fix.reason
    return finding


def is_mended(some: Unit) -> bool:
    planned = some.plan([only_fix(some)])
    return verdict(with_fixes(some)) == "satisfied" and str(some.prove(planned)) == "5/5"


@table(
    "text",
    [
        (encoded(document()),),
        (encoded(document(ALLOW)),),
        (encoded("{\n  Version = 1\n}"),),
        (encoded("{ Statement = [] }"),),
        (heredoc(document(ALLOW)),),
        (heredoc(document(ALLOW), "<<-EOF"),),
        (heredoc("{}"),),
        (source(""),),
        (source("statement {\n  actions = [1]\n}\n"),),
        (a_thing(""),),
        (a_thing("policy = null"),),
        (a_thing("policy = local.p") + "locals {\n  p = jsonencode({ Statement = [] })\n}\n",),
    ],
)
def test_adding_a_statement(text):
    assert is_mended(module(text, TLS))


def test_statements_of_two_rules_stand_on_their_own():
    some = module(a_thing(""), TLS, WITHOUT_CONDITION)

    assert verdict(with_fixes(some)) == "satisfied"
    assert fixed(some) == fixed(with_fixes(some, "test-policy-tls"), "test-thing-right")


def test_a_statement_in_a_heredoc():
    text = 'resource "test_thing" "x" {\n  policy = <<EOF\n{\n  "Statement": [\n    {\n      "Effect": "Allow"\n    }\n  ]\n}\nEOF\n}\n'

    assert fixed(module(text, TLS)) == dedent("""\
        resource "test_thing" "x" {
          policy = <<EOF
        {
          "Statement": [
            {
              "Effect": "Allow"
            },
            {
              "Sid": "Tls",
              "Effect": "Deny",
              "Principal": "*",
              "Action": "s3:*",
              "Resource": [
                "${test_thing.x.arn}",
                "${test_thing.x.arn}/*"
              ],
              "Condition": {
                "Bool": {
                  "aws:SecureTransport": "false"
                }
              }
            }
          ]
        }
        EOF
        }
        """)


def test_a_statement_in_a_data_source():
    assert fixed(
        module(
            'data "aws_iam_policy_document" "d" {\n}\n' + a_thing("policy = data.aws_iam_policy_document.d.json"), TLS
        )
    ) == dedent("""\
        data "aws_iam_policy_document" "d" {
          statement {
            sid     = "Tls"
            effect  = "Deny"
            actions = ["s3:*"]
            resources = [
              test_thing.x.arn,
              "${test_thing.x.arn}/*",
            ]

            condition {
              test     = "Bool"
              variable = "aws:SecureTransport"
              values   = ["false"]
            }

            principals {
              type        = "*"
              identifiers = ["*"]
            }
          }
        }
        resource "test_thing" "x" {
          policy = data.aws_iam_policy_document.d.json
        }
        """)


@table(
    "text, reason",
    [
        (quoted(document(ALLOW)), "the policy document is written in a form that cannot be edited safely"),
        (
            encoded('{ Statement = { Effect = "Allow" } }'),
            "the document's Statement is not a list that could be extended",
        ),
        (
            encoded('{ Statement = var.x ? { Effect = "Allow" } : [] }'),
            "the document's Statement is not a list that could be extended",
        ),
    ],
)
def test_a_document_that_is_not_extended(text, reason):
    finding = only(module(text, TLS).analyse())

    assert (finding.fix.available, finding.fix.reason) == (False, reason)


CFN_TLS = rule(
    """
    cloudformation:
      - resource: Test::A::Thing
        state:
          Policy:
            $document:
              $has_statement:
                Sid: Tls
                Effect: Deny
                Principal: "*"
                Action: "s3:*"
                Resource: [{$self: Arn}, {$self: Arn, $suffix: "/*"}]
    """
)


@table(
    "policy",
    [
        ("Policy: {Statement: []}",),
        ("Policy:\n  Statement:\n    - Effect: Allow",),
        ("Policy: {Version: x}",),
        ("Other: 1",),
    ],
)
def test_adding_a_statement_in_a_template(policy):
    assert is_mended(template(in_template(policy), CFN_TLS))


def test_what_a_template_gets():
    assert fixed(template(in_template("Other: 1"), CFN_TLS)) == in_template(
        """
        Other: 1
        Policy:
          Version: "2012-10-17"
          Statement:
            - Sid: Tls
              Effect: Deny
              Principal: "*"
              Action: "s3:*"
              Resource:
                - !GetAtt X.Arn
                - !Sub "${X.Arn}/*"
        """
    )
