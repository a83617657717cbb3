"""What resources of SAM become, and how what is new is spelled in them."""

from textwrap import dedent

from tests.small_rules import fixed, only, rule, template, thing, verdict
from tests.support import Unit
from tests.tables import table

from setsquare.rules.rule import Rule

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def about(kind: str, state: str) -> Rule:
    return rule(f"cloudformation:\n  - resource: {kind}\n    state: {state}\n")


def sam(kind: str, properties: str, state: Rule, sections: str = "") -> Unit:
    body = f"Resources:\n  X:\n    Type: AWS::Serverless::{kind}\n    Properties: {properties}\n"
    return template(HEAD + dedent(sections).lstrip("\n") + body, state)


FUNCTION, URL, ROLE = "AWS::Lambda::Function", "AWS::Lambda::Url", "AWS::IAM::Role"
STAGE, API, DOMAIN = "AWS::ApiGateway::Stage", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::DomainName"
HTTP_STAGE, HTTP_DOMAIN = "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::DomainName"
MACHINE, TABLE, LAYER = "AWS::StepFunctions::StateMachine", "AWS::DynamoDB::Table", "AWS::Lambda::LayerVersion"


@table(
    "kind, properties, becomes, state, expected",
    [
        ("Function", "{Tracing: Active}", FUNCTION, "{TracingConfig: {Mode: Active}}", "satisfied"),
        ("Function", "{Tracing: !Ref P}", FUNCTION, "{TracingConfig: {Mode: Active}}", "unknown"),
        ("Function", "{CodeUri: x}", FUNCTION, "{Code: {S3Bucket: b}}", "unknown"),
        ("Function", "{Handler: x}", FUNCTION, "{Code: {$absent: true}}", "satisfied"),
        (
            "Function",
            "{Timeout: 3}",
            FUNCTION,
            "{Role: {$set: true, $write: x}, Tags: {$set: true, $write: x}}",
            "satisfied",
        ),
        ("Function", "{Role: x}", FUNCTION, "{Role: x}", "satisfied"),
        ("StateMachine", "{Type: EXPRESS}", MACHINE, "{RoleArn: {$set: true, $write: x}}", "satisfied"),
        ("SimpleTable", "{TableName: a}", TABLE, "{KeySchema: {$set: true, $write: x}}", "satisfied"),
        ("Function", "{Timeout: 3}", FUNCTION, "{Timeout: {$at_most: 3}}", "satisfied"),
        ("Function", "{Policies: x}", FUNCTION, "{Policies: {$absent: true}}", "satisfied"),
        ("Function", "{DeadLetterQueue: {TargetArn: a}}", FUNCTION, "{DeadLetterConfig: {TargetArn: a}}", "satisfied"),
        ("Function", "{DeadLetterQueue: !Ref Q}", FUNCTION, "{DeadLetterConfig: {TargetArn: a}}", "unknown"),
        ("Function", "{DeadLetterQueue: null}", FUNCTION, "{DeadLetterConfig: {$absent: true}}", "satisfied"),
        ("Function", "{FunctionUrlConfig: {AuthType: NONE}}", URL, "{TargetFunctionArn: {$set: true}}", "satisfied"),
        ("Function", "{FunctionUrlConfig: {AuthType: NONE}}", URL, "{AuthType: NONE}", "satisfied"),
        ("Function", "{FunctionUrlConfig: null}", URL, "{AuthType: AWS_IAM}", "satisfied"),
        ("Function", "{RolePath: /a/}", ROLE, "{Path: /a/}", "satisfied"),
        ("Function", "{Role: null}", ROLE, "{Path: {$absent: true}}", "satisfied"),
        ("Function", "{Policies: [!Ref P]}", ROLE, "{ManagedPolicyArns: {$excludes: [x], $replace: []}}", "unknown"),
        ("Function", "{Policies: null}", ROLE, "{ManagedPolicyArns: {$absent: true}}", "satisfied"),
        ("Function", "{Policies: [{}]}", ROLE, "{Policies: {$each: {PolicyName: x}}}", "unknown"),
        ("Api", "{StageName: a}", STAGE, "{RestApiId: {$set: true}, StageName: a}", "satisfied"),
        ("Api", "{Tags: {a: b}}", STAGE, "{Tags: {$set: true, $write: x}}", "unknown"),
        (
            "Api",
            "{EndpointConfiguration: {Type: PRIVATE}}",
            API,
            "{EndpointConfiguration: {Types: [PRIVATE]}}",
            "satisfied",
        ),
        (
            "Api",
            "{Domain: {EndpointConfiguration: EDGE}}",
            DOMAIN,
            "{EndpointConfiguration: {Types: [EDGE]}}",
            "satisfied",
        ),
        ("Api", "{StageName: a}", DOMAIN, "{SecurityPolicy: x}", "satisfied"),
        ("HttpApi", "{StageName: a}", HTTP_STAGE, "{ApiId: {$set: true}, AutoDeploy: true}", "satisfied"),
        (
            "HttpApi",
            "{Domain: {SecurityPolicy: TLS_1_2, CertificateArn: a}}",
            HTTP_DOMAIN,
            "{DomainNameConfigurations: {$list: true, SecurityPolicy: TLS_1_2, CertificateArn: a}}",
            "satisfied",
        ),
        ("SimpleTable", "{TableName: a}", TABLE, "{BillingMode: PAY_PER_REQUEST}", "satisfied"),
        ("SimpleTable", "{ProvisionedThroughput: {}}", TABLE, "{BillingMode: PAY_PER_REQUEST}", "unknown"),
        ("StateMachine", "{Tracing: {Enabled: true}}", MACHINE, "{TracingConfiguration: {Enabled: true}}", "satisfied"),
        (
            "StateMachine",
            "{Type: EXPRESS, Name: n}",
            MACHINE,
            "{StateMachineType: EXPRESS, StateMachineName: n}",
            "satisfied",
        ),
        ("LayerVersion", "{LayerName: n}", LAYER, "{LayerName: n}", "satisfied"),
        ("Application", "{Location: x}", FUNCTION, "{A: 1}", "satisfied"),
        ("Function", "!If [C, {}, {}]", FUNCTION, "{Timeout: 3}", "unknown"),
    ],
)
def test_what_a_resource_becomes(kind, properties, becomes, state, expected):
    assert verdict(sam(kind, properties, about(becomes, state))) == expected


@table(
    "kind, properties, becomes, state, after",
    [
        ("Function", "{A: 1}", FUNCTION, "{TracingConfig: {Mode: Active}}", "{A: 1, Tracing: Active}"),
        ("Function", "{Tracing: Off}", FUNCTION, "{TracingConfig: {Mode: Active}}", "{Tracing: Active}"),
        ("Function", "{A: 1}", FUNCTION, "{SnapStart: {ApplyOn: x}}", "{A: 1, SnapStart: {ApplyOn: x}}"),
        ("Function", "{A: 1}", FUNCTION, "{Timeout: 3}", "{A: 1, Timeout: 3}"),
        ("Function", "{A: 1}", ROLE, "{Path: /a/}", "{A: 1, RolePath: /a/}"),
        ("StateMachine", "{A: 1}", MACHINE, "{StateMachineType: x}", "{A: 1, Type: x}"),
        (
            "StateMachine",
            "{A: 1}",
            MACHINE,
            "{TracingConfiguration: {Enabled: true}}",
            "{A: 1, Tracing: {Enabled: true}}",
        ),
        (
            "Api",
            "{EndpointConfiguration: {Type: EDGE}}",
            API,
            "{EndpointConfiguration: {Types: [PRIVATE]}}",
            "{EndpointConfiguration: {Type: PRIVATE}}",
        ),
        ("Api", "{Domain: {A: 1}}", DOMAIN, "{SecurityPolicy: x}", "{Domain: {A: 1, SecurityPolicy: x}}"),
        (
            "HttpApi",
            "{Domain: {CertificateArn: a}}",
            HTTP_DOMAIN,
            "{DomainNameConfigurations: {$list: true, SecurityPolicy: x}}",
            "{Domain: {CertificateArn: a, SecurityPolicy: x}}",
        ),
    ],
)
def test_how_it_is_spelled(kind, properties, becomes, state, after):
    some = sam(kind, properties, about(becomes, state))

    assert fixed(some) == fixed(sam(kind, after, about(becomes, state)))
    assert some.prove(some.plan(some.analyse().findings)).holds


def test_what_a_resource_becomes_is_repaired_apart():
    rules = [rule(f"cloudformation:\n  - resource: {API}\n    state: {{SecurityPolicy: x}}\n", "test-api-right")]
    rules += [rule(f"cloudformation:\n  - resource: {DOMAIN}\n    state: {{SecurityPolicy: y}}\n", "test-domain-right")]
    body = (
        "Resources: {X: {Type: AWS::Serverless::Api, Properties: {SecurityPolicy: a, Domain: {SecurityPolicy: a}}}}\n"
    )

    assert fixed(template(HEAD + body, *rules)) == HEAD + body.replace("a,", "x,").replace("a}", "y}")


@table(
    "kind, properties, becomes, state, reason",
    [
        ("Function", "{A: 1}", FUNCTION, "{DeadLetterConfig: {TargetArn: a}}", "SAM has DeadLetterQueue.TargetArn"),
        ("Function", "{A: 1}", FUNCTION, "{Unheard: {A: 1}}", "SAM has no property for Unheard:"),
        ("SimpleTable", "{A: 1}", TABLE, "{DeletionProtectionEnabled: true}", "SAM has no property for Deletion"),
        ("Api", "{A: 1}", API, "{EndpointConfiguration: {Types: [PRIVATE]}}", "SAM has EndpointConfiguration.Type "),
        ("HttpApi", "{A: 1}", HTTP_STAGE, "{AutoDeploy: false}", "SAM sets this itself"),
        ("Function", "{A: 1}", FUNCTION, "{Role: {$absent: true}}", "SAM sets this itself"),
    ],
)
def test_what_has_no_spelling(kind, properties, becomes, state, reason):
    finding = only(sam(kind, properties, about(becomes, state)).analyse())

    assert not finding.fix.available
    assert str(finding.fix.reason).startswith(reason)


GLOBALS = """
    Globals:
      Function:
        Layers: [a]
        Environment: {Variables: {A: one, B: one}}
        Timeout: 3
        Handler: !Ref H
"""


@table(
    "properties, state, expected",
    [
        ("{Layers: [b]}", "{Layers: [a, b]}", "satisfied"),
        ("{}", "{Layers: [a]}", "satisfied"),
        ("{Layers: x}", "{Layers: [a]}", "violated"),
        ("{Timeout: 5}", "{Timeout: 5}", "satisfied"),
        ("{Environment: {Variables: {B: two}}}", "{Environment: {Variables: {A: one, B: two}}}", "satisfied"),
        ("{Environment: !If [C, x, y]}", "{Environment: {Variables: {A: one}}}", "unknown"),
        ("{Handler: {a: b}}", "{Handler: {a: b}}", "satisfied"),
        ("null", "{Timeout: 3}", "unknown"),
    ],
)
def test_globals_are_merged(properties, state, expected):
    assert verdict(sam("Function", properties, about(FUNCTION, state), GLOBALS)) == expected


def test_a_value_of_globals_that_others_use_too_is_repaired_only_when_asked():
    text = HEAD + dedent(
        """
        Globals: {Function: {Timeout: 3}}
        Resources:
          X: {Type: AWS::Serverless::Function, Properties: {A: 1}}
          Y: {Type: AWS::Serverless::Function, Properties: {A: 2}}
        """
    )
    state = rule(
        f"cloudformation:\n  - resource: {FUNCTION}\n    when: {{Handler: {{$absent: true}}}}\n    state: {{Timeout: 5}}\n"
    )

    everywhere = template(text, state).analyse().findings
    once = template(text.replace("A: 2", "Handler: a"), state).analyse().findings

    assert [finding.fix.bulk for finding in everywhere] == [True, True]
    assert [finding.fix.bulk for finding in once] == [False]


def test_a_finding_names_the_construct_that_a_person_wrote():
    some = template(
        """
        Resources:
          X1234: {Type: Test::A::Thing, Metadata: {"aws:cdk:path": Stack/X/Resource}, Properties: {A: 2}}
        """,
        thing("A: 1"),
    )

    finding = only(some.analyse())

    assert finding.resource == "X1234"
    assert finding.message.startswith("X1234 (Stack/X/Resource): A is 2")


def test_a_finding_says_what_the_resource_becomes():
    finding = only(
        sam("Function", "{FunctionUrlConfig: {AuthType: NONE}}", about(URL, "{AuthType: AWS_IAM}")).analyse()
    )

    assert finding.message.startswith("X (as AWS::Lambda::Url): AuthType is NONE")


def test_the_instances_of_a_loop_are_one_finding():
    some = template(
        """
        Resources:
          Fn::ForEach::L: [N, [a, b, c], {"X${N}": {Type: Test::A::Thing, Properties: {A: 2}}}]
        """,
        thing("A: 1"),
    )

    finding = only(some.analyse())

    assert (finding.resource, finding.alike, finding.instances) == ("Xa", ("Xb", "Xc"), 3)
