"""What completes a resource is secure, formatted, and invents nothing: the laws over all resource types."""

import re

import pytest
import yaml
from tests import oracle
from tests.support import unit

from setsquare.documents import Dialect
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.secure_bodies import Open, secure_body

CATALOGUE, POLICY = Catalogue.shipped(), Policy.default()
BEGUN = {
    Dialect.TERRAFORM: ("/w/main.tf", 'resource "{}" "new" {{\n  '),
    Dialect.CLOUDFORMATION: ("/w/t.yaml", "Resources:\n  New:\n    Type: {}\n    "),
}


def completed(dialect, kind, *, fill_in):
    """The text with the resource completed, its open places as words; and the body."""
    path, begun = BEGUN[dialect]
    source = begun.format(kind).encode()
    body = secure_body(path, source, len(source), CATALOGUE, POLICY, fill_in=fill_in)
    if body is None:
        return None, None
    pieces = (
        p if isinstance(p, bytes) else (f"open_{p.parameter}" if p.parameter else "").encode() for p in body.pieces
    )
    text = source[: body.span.start] + b"".join(pieces) + source[body.span.end :]
    return text.decode() + "\n", body


def bodies(dialect, *, fill_in):
    for kind in sorted(CATALOGUE.types(dialect)):
        text, body = completed(dialect, kind, fill_in=fill_in)
        if body is not None:
            yield kind, text, body


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_completed_satisfies_its_rules(dialect):
    found = list(bodies(dialect, fill_in=False))

    assert len(found) > 40
    for kind, text, body in found:
        left = unit(text, BEGUN[dialect][0].rpartition("/")[2]).analyse().findings
        assert {finding.rule.id for finding in left if finding.fix.available} == set(), kind
        assert set(body.rules).isdisjoint(finding.rule.id for finding in left), kind
        assert all(isinstance(piece, bytes) for piece in body.pieces), kind


@pytest.mark.skipif(not oracle.is_available(), reason="HashiCorp's formatter is not installed")
@pytest.mark.parametrize("fill_in", [False, True])
def test_what_is_completed_is_formatted(fill_in):
    for kind, text, _ in bodies(Dialect.TERRAFORM, fill_in=fill_in):
        # The line on which the person goes on is empty but for its indentation.
        assert oracle.is_formatted(re.sub(r"(?m)^ +$", "", text)), kind


@pytest.mark.parametrize("dialect", Dialect)
def test_nothing_is_invented(dialect):
    """What the policy does not say is open where it can be filled in, and nowhere else."""
    for kind, text, body in bodies(dialect, fill_in=True):
        names = [piece.parameter for piece in body.pieces if isinstance(piece, Open) and piece.parameter]
        known = {name for rule in CATALOGUE.rules.values() for name in rule.parameters}
        assert set(names) <= known, kind
        assert "setsquareOpen" not in text, kind
        if dialect is Dialect.CLOUDFORMATION:
            assert yaml.compose(text) is not None, kind


def body_at(text, path="/w/main.tf", **options):
    at = text.index("|")
    source = (text[:at] + text[at + 1 :]).encode()
    return secure_body(path, source, at, CATALOGUE, POLICY, **options)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/w/main.tf.json", '{"resource": {"aws_ebs_volume": {"new": {|}}}}'),
        ("/w/t.json", '{"Resources": {"New": {"Type": "AWS::EC2::Volume"|}}}'),
        ("/w/a.tfvars", 'resource "aws_ebs_volume" "new" {|'),
        ("/w/main.tf", 'resource "aws_ebs_volume" "new" {\n\n|\n\n  size = 1\n}'),
        ("/w/main.tf", 'resource "aws_ebs_volume" "new" {}\n|'),
        ("/w/main.tf", '  resource "aws_ebs_volume" "new" {|'),
        ("/w/t.yaml", "    Type: AWS::EC2::Volume\n    |"),
        ("/w/t.yaml", "Resources:\n  New:\n  Type: AWS::EC2::Volume\n  |"),
    ],
)
def test_where_no_resource_was_just_begun(path, text):
    assert body_at(text, path) is None


def test_the_rest_of_the_unit_counts():
    there = (
        b'resource "aws_s3_bucket_versioning" "v" {\n  bucket = aws_s3_bucket.new.id\n\n  versioning_configuration {\n'
    )
    there += b'    status = "Enabled"\n  }\n}\n'
    begun = 'resource "aws_s3_bucket" "new" {|}\n'
    alone, beside = body_at(begun), body_at(begun, texts=lambda: {"/w/versioning.tf": there})

    assert "aws-s3-versioning" in alone.rules
    assert "aws-s3-versioning" not in beside.rules
