"""What the resource types of SAM become, as data.

Checked against what ``aws-sam-translator`` 1.115 makes of templates, and
docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html.

A property that is not named here is one that SAM never writes into the resource: it is absent.
"""

from collections.abc import Mapping
from dataclasses import field

from setsquare.records import record


@record
class Generated:
    """One resource that a SAM resource becomes.

    Attributes:
        type: the type of the resource.
        inside: the property of the SAM resource that describes it; it is made only where that is there.
        unless: it is not made where this property is there.
        same: properties that SAM passes on by the same name and shape.
        moved: paths in the resource, and where SAM has them; ``[]`` is a list of one item.
        unknown: properties that SAM makes in ways that are not read here, and what it makes them from: absent where
            none of that is there, else unknown.
        own: what SAM writes itself where nobody says otherwise.
        itself: properties that refer to the SAM resource.
        role: the property that refers to the role which is made where none is given.
        policies: the resource is a role whose policies are those of the SAM resource.

    """

    type: str
    inside: str | None = None
    unless: str | None = None
    same: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: Mapping[str, object] = field(default_factory=dict)
    itself: tuple[str, ...] = ()
    role: str | None = None
    policies: bool = False


def _tags(service: str) -> list[object]:
    return [{"Key": f"{service}:createdBy", "Value": "SAM"}]


def _trust(service: str) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


_FUNCTION = Generated(
    "AWS::Lambda::Function",
    same=(
        "Architectures", "CodeSigningConfigArn", "Description", "Environment", "EphemeralStorage", "FileSystemConfigs",
        "FunctionName", "Handler", "ImageConfig", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize", "PackageType",
        "RecursiveLoop", "ReservedConcurrentExecutions", "Role", "Runtime", "RuntimeManagementConfig", "SnapStart",
        "SourceKMSKeyArn", "Timeout", "VpcConfig",
    ),
    moved={"TracingConfig.Mode": "Tracing", "DeadLetterConfig.TargetArn": "DeadLetterQueue.TargetArn"},
    unknown={"Code": ("CodeUri", "InlineCode", "ImageUri"), "Tags": ("Tags",)},
    own={"Tags": _tags("lambda")},
    role="Role",
)  # fmt: skip

_FUNCTION_ROLE = Generated(
    "AWS::IAM::Role",
    unless="Role",
    same=("AssumeRolePolicyDocument",),
    moved={"PermissionsBoundary": "PermissionsBoundary", "Path": "RolePath"},
    own={"Tags": _tags("lambda"), **_trust("lambda.amazonaws.com")},
    policies=True,
)

_FUNCTION_URL = Generated(
    "AWS::Lambda::Url",
    inside="FunctionUrlConfig",
    same=("AuthType", "Cors", "InvokeMode"),
    itself=("TargetFunctionArn",),
)

_API = Generated(
    "AWS::ApiGateway::RestApi",
    same=(
        "ApiKeySourceType", "BinaryMediaTypes", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings",
        "MinimumCompressionSize", "Mode", "Name", "Policy", "SecurityPolicy",
    ),
    moved={
        "EndpointConfiguration.Types[]": "EndpointConfiguration.Type",
        "EndpointConfiguration.VpcEndpointIds": "EndpointConfiguration.VPCEndpointIds",
    },
    unknown={"Body": ("DefinitionBody", "DefinitionUri", "Auth"), "Tags": ("Tags",)},
)  # fmt: skip

_API_STAGE = Generated(
    "AWS::ApiGateway::Stage",
    same=(
        "AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "MethodSettings", "StageName", "TracingEnabled",
        "Variables",
    ),
    moved={"CanarySetting": "CanarySetting"},
    unknown={"Tags": ("Tags",)},
    itself=("RestApiId",),
)  # fmt: skip

_API_DOMAIN = Generated(
    "AWS::ApiGateway::DomainName",
    inside="Domain",
    same=("DomainName", "MutualTlsAuthentication", "OwnershipVerificationCertificateArn", "SecurityPolicy"),
    moved={"EndpointConfiguration.Types[]": "EndpointConfiguration"},
    unknown={"CertificateArn": ("CertificateArn",), "RegionalCertificateArn": ("CertificateArn",)},
)

_HTTP_STAGE = Generated(
    "AWS::ApiGatewayV2::Stage",
    same=("AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageName"),
    moved={"StageVariables": "StageVariables"},
    unknown={"Tags": ("Tags",)},
    own={"AutoDeploy": True, "Tags": {"httpapi:createdBy": "SAM"}},
    itself=("ApiId",),
)

_HTTP_DOMAIN = Generated(
    "AWS::ApiGatewayV2::DomainName",
    inside="Domain",
    same=("DomainName", "MutualTlsAuthentication"),
    moved={
        "DomainNameConfigurations[].SecurityPolicy": "SecurityPolicy",
        "DomainNameConfigurations[].CertificateArn": "CertificateArn",
        "DomainNameConfigurations[].EndpointType": "EndpointConfiguration",
    },
    own={"Tags": {"httpapi:createdBy": "SAM"}},
)

_TABLE = Generated(
    "AWS::DynamoDB::Table",
    same=("PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"),
    unknown={
        "AttributeDefinitions": ("PrimaryKey",),
        "BillingMode": ("ProvisionedThroughput",),
        "KeySchema": ("PrimaryKey",),
        "Tags": ("Tags",),
    },
    own={
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
)

_STATE_MACHINE = Generated(
    "AWS::StepFunctions::StateMachine",
    moved={
        "LoggingConfiguration": "Logging",
        "RoleArn": "Role",
        "StateMachineName": "Name",
        "StateMachineType": "Type",
        "TracingConfiguration": "Tracing",
    },
    unknown={"DefinitionString": ("Definition", "DefinitionUri"), "Tags": ("Tags",)},
    own={"Tags": _tags("stateMachine")},
    role="RoleArn",
)

_STATE_MACHINE_ROLE = Generated(
    "AWS::IAM::Role",
    unless="Role",
    moved={"PermissionsBoundary": "PermissionsBoundary", "Path": "RolePath"},
    own={"Tags": _tags("stateMachine"), **_trust("states.amazonaws.com")},
    policies=True,
)

_LAYER = Generated(
    "AWS::Lambda::LayerVersion",
    same=("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LayerName", "LicenseInfo"),
    unknown={"Content": ("ContentUri",)},
)

GENERATED: Mapping[str, tuple[Generated, ...]] = {
    "AWS::Serverless::Api": (_API, _API_STAGE, _API_DOMAIN),
    "AWS::Serverless::Function": (_FUNCTION, _FUNCTION_ROLE, _FUNCTION_URL),
    "AWS::Serverless::HttpApi": (_HTTP_STAGE, _HTTP_DOMAIN),
    "AWS::Serverless::LayerVersion": (_LAYER,),
    "AWS::Serverless::SimpleTable": (_TABLE,),
    "AWS::Serverless::StateMachine": (_STATE_MACHINE, _STATE_MACHINE_ROLE),
}
"""By the type as written. ``Application`` is a stack of its own and ``Connector`` is only permissions: not read."""
