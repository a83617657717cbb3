"""What was checked goes when it is let go, without Python having to look for circles."""

import gc

import pytest

from setsquare.checking import check_units
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace

FILES = {
    "main.tf": (
        'variable "name" {\n  default = "a"\n}\n'
        'locals {\n  acl = "public-read"\n}\n'
        'module "child" {\n  source = "./child"\n  acl = local.acl\n}\n'
        'resource "aws_s3_bucket" "b" {\n  count = 2\n  bucket = "${var.name}-${count.index}"\n}\n'
    ),
    "child/main.tf": (
        'variable "acl" {}\nresource "aws_s3_bucket" "c" {\n  acl = var.acl\n}\noutput "id" {\n'
        "  value = aws_s3_bucket.c.id\n}\n"
    ),
    "template.yaml": (
        "Conditions:\n  Is: !Equals [!Ref P, a]\nParameters:\n  P: {Type: String, Default: a}\nResources:\n"
        "  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      AccessControl: !If [Is, PublicRead, Private]\n"
    ),
}


@pytest.fixture
def left_over():
    """Collect nothing by itself; what only the collector finds is in the list that the function returns."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)

    def found():
        gc.collect()
        return sorted({type(one).__name__ for one in gc.garbage})

    yield found
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def test_what_was_checked_goes_when_it_is_let_go(tmp_path, left_over):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    workspace = Workspace.open([str(tmp_path)], Catalogue.shipped())
    found = 0
    for checked in check_units(workspace, list(workspace.units())):
        found += len(checked.analysis.findings)
        workspace.let_go(checked.unit)
        del checked

    assert found > len(FILES)
    assert not {"TerraformModule", "TemplateScope", "Structure", "Judgement", "Block"} & set(left_over())
