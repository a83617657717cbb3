"""Infrastructure to measure on: Terraform modules and CloudFormation templates, the same bytes on every run."""

import argparse
from collections.abc import Iterator
from pathlib import Path

MODULES = 40
TEMPLATES = 20
STACKS = 12  # groups of resources in one file
LARGE_STACKS = 75  # about 3,000 lines

TERRAFORM_STACK = """\
resource "aws_s3_bucket" "data_{n}" {{
  bucket = "${{var.prefix}}-data-{n}"

  tags = local.tags
}}

resource "aws_s3_bucket_public_access_block" "data_{n}" {{
  bucket = aws_s3_bucket.data_{n}.id

  block_public_acls   = {secure}
  block_public_policy = true
}}

resource "aws_security_group" "app_{n}" {{
  name        = "app-{n}"
  description = "Access to app {n}"
  vpc_id      = var.vpc_id

  ingress {{
    from_port   = {port}
    to_port     = {port}
    protocol    = "tcp"
    cidr_blocks = ["{network}"]
  }}
}}

resource "aws_db_instance" "app_{n}" {{
  identifier        = "app-{n}"
  engine            = "postgres"
  instance_class    = "db.t4g.medium"
  allocated_storage = 20
  storage_encrypted = {encrypted}
}}

resource "aws_route53_record" "app_{n}" {{
  zone_id = var.zone_id
  name    = "app-{n}.example.com"
  type    = "CNAME"
  ttl     = 300
  records = [aws_db_instance.app_{n}.address]
}}
"""

TERRAFORM_VARIABLES = """\
variable "prefix" {
  type    = string
  default = "acme"
}

variable "vpc_id" {
  type = string
}

variable "zone_id" {
  type = string
}

variable "encrypted" {
  type    = bool
  default = false
}

locals {
  tags = {
    Owner = "bench"
  }
}
"""

TEMPLATE_STACK = """\
  Data{n}:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${{Prefix}}-data-{n}"
      PublicAccessBlockConfiguration:
        BlockPublicAcls: {secure}
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
  Queue{n}:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 345600
      SqsManagedSseEnabled: {secure}
  Access{n}:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Access to app {n}
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: {port}
          ToPort: {port}
          CidrIp: {network}
  Volume{n}:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Select [0, !GetAZs ""]
      Size: 20
      Encrypted: !Ref Encrypted
"""

TEMPLATE_HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Prefix:
    Type: String
    Default: acme
  Encrypted:
    Type: String
    Default: "false"
Resources:
"""

SMALL = 'resource "aws_s3_bucket" "logs" {\n  bucket = "acme-logs"\n}\n'


def terraform(stacks: int, seed: int = 0) -> str:
    """Return a Terraform file with so many groups of resources, good and bad ones mixed."""
    return "\n".join(_stack(TERRAFORM_STACK, seed + n) for n in range(stacks))


def template(stacks: int, seed: int = 0) -> str:
    """Return a CloudFormation template with so many groups of resources."""
    return TEMPLATE_HEAD + "".join(_stack(TEMPLATE_STACK, seed + n) for n in range(stacks))


def generate(folder: Path) -> Path:
    """Write modules, templates and one large file into the folder."""
    for path, text in _files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return folder


def _files() -> Iterator[tuple[str, str]]:
    for number in range(MODULES):
        yield f"modules/m{number:02}/main.tf", terraform(STACKS, seed=number)
        yield f"modules/m{number:02}/variables.tf", TERRAFORM_VARIABLES
    for number in range(TEMPLATES):
        yield f"templates/t{number:02}.yaml", template(STACKS, seed=number)
    yield "modules/large/main.tf", terraform(LARGE_STACKS)
    yield "modules/large/variables.tf", TERRAFORM_VARIABLES


def _stack(text: str, n: int) -> str:
    return text.format(
        n=n,
        secure="false" if n % 3 == 0 else "true",
        encrypted=("true", "var.encrypted", "false")[n % 3],
        port=(22, 443, 5432, 3389)[n % 4],
        network="0.0.0.0/0" if n % 2 == 0 else "10.0.0.0/8",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(generate(parser.parse_args().folder))
