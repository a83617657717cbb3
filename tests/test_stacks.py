"""Each call of a template is judged by its own arguments, and repaired where the value stands."""

from pathlib import Path
from typing import Any

import pytest
from tests.commands import report, said, tree, write
from tests.modules import RULE, judged, laid_out

VOLUME = """
Parameters:
  On: {Type: String, Default: 'false'}
Resources:
  V: {Type: AWS::EC2::Volume, Properties: {Encrypted: !Ref On}}
Outputs:
  On: {Value: !Ref On}
"""
STACK = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s, Parameters: {On: %s}}}"


def stack(argument: str, source: str = "child.yaml") -> str:
    return STACK % (source, argument)


SITUATIONS = {
    "an argument": (f"Resources:\n  A: {stack('false')}\n", ["A.V = False @root.yaml:2"]),
    "an argument that is right, for a default that is not": (f"Resources:\n  A: {stack('true')}\n", []),
    "two calls": (f"Resources:\n  A: {stack('true')}\n  B: {stack('false')}\n", ["B.V = False @root.yaml:3"]),
    "a parameter of the caller, for two calls": (
        f"Parameters:\n  P: {{Type: String, Default: no}}\nResources:\n  A: {stack('!Ref P')}\n  B: {stack('!Ref P')}\n",
        ["A.V x2 = False @root.yaml:2"],
    ),
    "a parameter of the caller without a default": (
        f"Parameters:\n  P: {{Type: String}}\nResources:\n  A: {stack('!Ref P')}\n",
        ["A.V ? Ref P by root.yaml"],
    ),
    "no argument": (
        "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n",
        ["A.V = false @child.yaml:3"],
    ),
    "arguments that a macro writes": (
        (
            "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml, Parameters: "
            "{Fn::Transform: {Name: Own}}}}\n"
        ),
        ["A.V ? Ref On by child.yaml"],
    ),
    "a branch of the caller": (
        (
            "Parameters:\n  P: {Type: String}\nConditions:\n  C: !Equals [!Ref P, x]\nResources:\n"
            f"  A: {stack('!If [C, true, false]')}\n"
        ),
        ["A.V = False @root.yaml:6"],
    ),
    "what the caller's condition rules out": (
        (
            "Parameters:\n  P: {Type: String}\nConditions:\n  C: !Equals [!Ref P, x]\nResources:\n"
            f"  A: {stack('!If [C, true, false]').replace('Properties', 'Condition: C, Properties', 1)}\n"
        ),
        [],
    ),
    "a stack that is never there": (
        f"Conditions:\n  C: !Equals [a, b]\nResources:\n  A: {stack('false').replace('Prop', 'Condition: C, Prop', 1)}\n",
        [],
    ),
    "a SAM application": (
        (
            "Resources:\n  A: {Type: AWS::Serverless::Application, Properties: {Location: ./child.yaml, Parameters: "
            "{On: false}}}\n"
        ),
        ["A.V = False @root.yaml:2"],
    ),
    "a loop of stacks": (
        "Resources:\n  Fn::ForEach::S:\n  - N\n  - [A, B]\n  - S${N}: " + stack("false") + "\n",
        ["SA.V x2 = False @root.yaml:5"],
    ),
    "an output of a stack": (
        f"Resources:\n  A: {stack('true')}\n  B: {stack('!GetAtt A.Outputs.On')}\n  C: {stack('!Not A')}\n",
        ["C.V ? Fn::Not"],
    ),
    "outputs in a circle": (
        f"Resources:\n  A: {stack('!GetAtt B.Outputs.On')}\n  B: {stack('!GetAtt A.Outputs.On')}\n",
        ["A.V ? Ref On by child.yaml"],
    ),
    "a caller that cannot be read": (f"Resources:\n  A: {stack('false')}\n    - : {{\n", ["V ? Ref On by child.yaml"]),
    "a template elsewhere": (
        f"Resources:\n  A: {stack('false', 'https://s3.amazonaws.com/child.yaml')}\n",
        ["V = false @child.yaml:3"],
    ),
    "a path that is put together": (
        f"Resources:\n  A: {stack('true', '!Sub child.yaml')}\n  B: {stack('true', '!Sub ${X}child.yaml')}\n",
        [],
    ),
}


@pytest.mark.parametrize(("root", "expected"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_calls_decide(root: str, expected: list[str], tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- root.yaml --\n{root}-- child.yaml --\n{VOLUME}")
    assert judged(capsys, folder) == expected


FOLDERS = {
    "a stack in a stack": (
        f"""
        -- root.yaml --
        Resources:
          M: {stack("false", "sub/middle.yaml")}
        -- sub/middle.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          A: {stack("!Ref On", "../child.yaml")}
        """,
        ["M.A.V = False @root.yaml:2"],
    ),
    "two callers": (
        f"""
        -- one.yaml --
        Resources:
          A: {stack("false")}
        -- two.yaml --
        Resources:
          A: {stack("false")}
        """,
        ["A.V = False @one.yaml:2", "A.V = False @two.yaml:2"],
    ),
    "a caller among examples": (
        f"""
        -- examples/root.yaml --
        Resources:
          A: {stack("true", "../child.yaml")}
        """,
        ["V = false @child.yaml:3"],
    ),
    "a template in JSON": (
        """
        -- root.json --
        {"Resources": {"A": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "./child.yaml",
        "Parameters": {"On": "false"}}}}}
        """,
        ["A.V = false @root.json:2"],
    ),
    "a comment at a stack": (
        f"""
        -- root.yaml --
        Resources:
          # setsquare:ignore {RULE} it holds nothing
          A: {stack("false")}
          B: {stack("false")}
        """,
        ["B.V = False @root.yaml:4"],
    ),
    "a condition that the caller decides": (
        """
        -- root.yaml --
        Resources:
          A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: other.yaml, Parameters: {Stage: prod}}}
        -- other.yaml --
        Parameters:
          Stage: {Type: String, Default: dev}
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
        Resources:
          V: {Type: AWS::EC2::Volume, Properties: {Encrypted: !If [IsProd, true, false]}}
          W: {Type: AWS::EC2::Volume, Properties: {Encrypted: !If [IsProd, false, true]}}
        """,
        ["V = false @child.yaml:3", "A.W = False @other.yaml:7"],
    ),
    "a condition over a parameter of the caller is open": (
        """
        -- root.yaml --
        Parameters:
          Stage: {Type: String, Default: prod}
        Resources:
          A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: other.yaml, Parameters: {Stage: !Ref Stage}}}
        -- other.yaml --
        Parameters:
          Stage: {Type: String, Default: dev}
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
        Resources:
          W: {Type: AWS::EC2::Volume, Properties: {Encrypted: !If [IsProd, true, false]}}
        """,
        ["V = false @child.yaml:3", "A.W = False @other.yaml:6"],
    ),
    "a default that the caller leaves as it is": (
        """
        -- root.yaml --
        Resources:
          A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: other.yaml}}
        -- other.yaml --
        Parameters:
          Stage: {Type: String, Default: dev}
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
        Resources:
          W: {Type: AWS::EC2::Volume, Properties: {Encrypted: !If [IsProd, false, true]}}
        """,
        ["V = false @child.yaml:3"],
    ),
    "an output that is repaired in the stack": (
        """
        -- root.yaml --
        Resources:
          A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: other.yaml}}
          V: {Type: AWS::EC2::Volume, Properties: {Encrypted: !GetAtt A.Outputs.On}}
        -- other.yaml --
        Resources:
          T: {Type: AWS::SNS::Topic}
        Outputs:
          On: {Value: false}
        """,
        ["V = false @child.yaml:3", "V = False @other.yaml:4"],
    ),
}


@pytest.mark.parametrize(("files", "expected"), FOLDERS.values(), ids=FOLDERS.keys())
def test_what_calls_from_other_files_decide(files: str, expected: list[str], tmp_path: Path, capsys: Any) -> None:
    laid_out(tmp_path, f"-- child.yaml --\n{VOLUME}")
    assert judged(capsys, laid_out(tmp_path, files)) == expected


OF = "A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s}}"
UNSEEN = {
    "a circle": (
        {"a.yaml": OF % "b.yaml", "b.yaml": OF % "a.yaml"},
        {
            "a.yaml: A is not judged: the stack calls itself",
            "b.yaml: A is not judged: the stack calls itself",
        },
    ),
    "itself": ({"a.yaml": OF % "a.yaml"}, {"a.yaml: A is not judged: the stack calls itself"}),
    "too deep": (
        {f"{at}.yaml": OF % f"{at + 1}.yaml" for at in range(10, 50)},
        {
            "42.yaml: A is not judged: stacks are nested deeper than 32 levels",
            "49.yaml: A is not judged: 50.yaml is not there to be read as one template",
        },
    ),
    "not there": (
        {"a.yaml": OF % "b.yaml"},
        {"a.yaml: A is not judged: b.yaml is not there to be read as one template"},
    ),
    "outside": (
        {"a.yaml": OF % "../../b.yaml"},
        {"a.yaml: A is not judged: ../../b.yaml is not there to be read as one template"},
    ),
    "no template": (
        {"a.yaml": OF % "b.yaml", "b.yaml": "C: 1"},
        {"a.yaml: A is not judged: b.yaml is not there to be read as one template"},
    ),
    "elsewhere": (
        {"a.yaml": OF % '"https://x.org/b.yaml"'},
        {"a.yaml: A is not judged: https://x.org/b.yaml is no file beside this template"},
    ),
    "put together": (
        {"a.yaml": OF % '!Sub "${B}/b.yaml"'},
        {"a.yaml: A is not judged: where its template is is not written as plain text"},
    ),
    "ignored by git": (
        {".gitignore": "b.yaml", "a.yaml": OF % "b.yaml", "b.yaml": "C: 1"},
        {"a.yaml: A is not judged: b.yaml is not there to be read as one template"},
    ),
}


@pytest.mark.parametrize(("files", "expected"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_is_not_judged_is_told(files: dict[str, str], expected: set[str], tmp_path: Path, capsys: Any) -> None:
    folder = write(
        tmp_path, {name: f"Resources:\n  {text}\n" if "Type" in text else text for name, text in files.items()}
    )
    _, found = report(capsys, folder, "--no-cache")
    assert {f"{one['file']}: {one['message'].partition(': ')[2]}" for one in found["errors"]} == expected


def test_too_many_calls_of_one_template_are_told(tmp_path: Path, capsys: Any) -> None:
    calls = "".join(f"  A{at}: {stack('false')}\n" for at in range(70))
    folder = laid_out(tmp_path, f"-- root.yaml --\nResources:\n{calls}-- child.yaml --\n{VOLUME}")
    _, found = report(capsys, folder, "--no-cache")
    assert [one["message"] for one in found["errors"]] == [
        "this template is called more than 64 times; only the first 64 calls are judged"
    ]


# --------------------------------------------------------------------- what completes what


BUCKET = "{Type: AWS::S3::Bucket}"
POLICY = (
    "{Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref %s, PolicyDocument: {Statement: [{Effect: Deny, Principal: "
    '"*", Action: "s3:*", Resource: "*", Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}'
)
COMPANIONS = {
    "in the stack": (
        f"""
        -- root.yaml --
        Resources:
          B: {BUCKET}
          A: {stack("!Ref B")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          P: {POLICY % "On"}
        """,
        [],
    ),
    "in the caller": (
        f"""
        -- root.yaml --
        Resources:
          A: {stack("x")}
          P: {POLICY.replace("!Ref %s", "!GetAtt A.Outputs.Name")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          B: {BUCKET}
        Outputs:
          Name: {{Value: !Ref B}}
        """,
        [],
    ),
    "of a bucket of the same name": (
        f"""
        -- root.yaml --
        Resources:
          B: {BUCKET}
          A: {stack("x")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          B: {BUCKET}
          P: {POLICY % "B"}
        """,
        ["B"],
    ),
    "of one of two buckets of the same name, which is not known": (
        f"""
        -- root.yaml --
        Resources:
          B: {BUCKET}
          A: {stack("x")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Conditions:
          C: !Equals [!Ref "AWS::Region", x]
        Resources:
          B: {BUCKET}
          D: {BUCKET}
          P: {POLICY.replace("!Ref %s", "!If [C, !Ref B, !Ref D]")}
        """,
        ["B", "A.B ?", "A.D ?"],
    ),
    "missing in both": (
        f"""
        -- root.yaml --
        Resources:
          B: {BUCKET}
          A: {stack("!Ref B")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          T: {{Type: AWS::SNS::Topic}}
        """,
        ["B"],
    ),
    "perhaps in a stack that is not there": (
        f"""
        -- root.yaml --
        Resources:
          B: {BUCKET}
          A: {stack("!Ref B")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          C: {stack("!Ref On", "gone.yaml")}
        """,
        ["B ?"],
    ),
    "perhaps in a stack that is not there and takes an output": (
        f"""
        -- root.yaml --
        Resources:
          A: {stack("x")}
          C: {stack("!GetAtt A.Outputs.Name", "gone.yaml")}
        -- child.yaml --
        Parameters:
          On: {{Type: String}}
        Resources:
          B: {BUCKET}
        Outputs:
          Name: {{Value: !Ref B}}
        """,
        ["A.B ?"],
    ),
}


@pytest.mark.parametrize(("files", "expected"), COMPANIONS.values(), ids=COMPANIONS.keys())
def test_companions_across_stacks(files: str, expected: list[str], tmp_path: Path, capsys: Any) -> None:
    _, found = report(capsys, laid_out(tmp_path, files), "--no-cache")
    rule = "aws-s3-secure-transport"
    shown = [one["resource"] for one in found["findings"] if one["rule"] == rule]
    shown += [f"{one['resource']} ?" for one in found["unknown"] if one["rule"] == rule]
    assert shown == expected


# --------------------------------------------------------------------- fixes


ALLOWED = VOLUME.replace("Default: 'false'", "AllowedValues: ['false']")
FIXES = {
    "an argument": (f"Resources:\n  A: {stack('false')} # why\n", VOLUME, {"root.yaml": ("false", "true")}),
    "a parameter of the caller": (
        f"Parameters:\n  P: {{Type: String, Default: 'false'}}\nResources:\n  A: {stack('!Ref P')}\n",
        VOLUME,
        {"root.yaml": ("'false'", "'true'")},
    ),
    "the default of a template that is called": (
        f"Resources:\n  {OF % 'child.yaml'}\n",
        VOLUME,
        {"child.yaml": ("'false'", "'true'")},
    ),
    "a literal in a template that is called": (
        f"Resources:\n  A: {stack('true')}\n",
        VOLUME.replace("Encrypted: !Ref On", "Encrypted: false"),
        {"child.yaml": ("Encrypted: false", "Encrypted: true")},
    ),
    "an argument that may be nothing else": (f"Resources:\n  A: {stack('false')}\n", ALLOWED, {}),
}


@pytest.mark.parametrize(("root", "child", "changed"), FIXES.values(), ids=FIXES.keys())
def test_fixes(root: str, child: str, changed: dict[str, tuple[str, str]], tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- root.yaml --\n{root}-- child.yaml --\n{child}")
    before = tree(folder)
    said(capsys, "fix", "--write", "--rule", RULE, "--allow-impact", "replaces", folder)
    expected = {name: before[name].replace(*(part.encode() for part in change)) for name, change in changed.items()}
    assert tree(folder) == {**before, **expected}


def test_why_an_argument_is_not_repaired(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- root.yaml --\nResources:\n  A: {stack('false')}\n-- child.yaml --\n{ALLOWED}")
    assert judged(capsys, folder) == ["A.V = False @root.yaml:2 (parameter On allows only false)"]


def test_a_value_that_another_stack_needs_otherwise(tmp_path: Path, capsys: Any) -> None:
    """What one stack wants on, another one wants off: neither is repaired at their common parameter."""
    other = VOLUME.replace(
        "AWS::EC2::Volume, Properties: {Encrypted:", "AWS::RDS::DBInstance, Properties: {PubliclyAccessible:"
    )
    folder = laid_out(
        tmp_path,
        f"""
-- root.yaml --
Parameters:
  P: {{Type: String, Default: 'false'}}
Resources:
  A: {stack("!Ref P")}
  B: {stack("!Ref P", "other.yaml")}
-- child.yaml --
{VOLUME}
-- other.yaml --
{other}
""",
    )
    assert judged(capsys, folder) == [
        "A.V = false @root.yaml:2 (PubliclyAccessible needs another value from the same origin)"
    ]


def test_every_fix_across_stacks_is_proven(tmp_path: Path, capsys: Any) -> None:
    folder = laid_out(tmp_path, f"-- root.yaml --\nResources:\n  A: {stack('false')}\n-- child.yaml --\n{VOLUME}")
    _, found = report(capsys, folder, "--no-cache", "--prove")
    assert [one["fix"]["proof"] for one in found["findings"] if one["fix"]["available"]] == ["5/5"]


# --------------------------------------------------------------------- files that are included


INCLUDES = "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: %s}}}"
NOT_READ = "what AWS::Include adds here is not judged: it is read where a local file is the whole of a value"
WHY = "(it is decided in a file that is included, which others may include as well)"
INCLUDED = {
    "properties": (
        f"Resources:\n  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % 'part.yaml'}}}\n",
        "Encrypted: false\n",
        [f"V = False @part.yaml:1 {WHY}"],
        [],
    ),
    "properties that are right": (
        f"Resources:\n  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % './part.yaml'}}}\n",
        "Encrypted: true\n",
        [],
        [],
    ),
    "a value that names a parameter": (
        (
            "Parameters:\n  P: {Type: String, Default: 'false'}\nResources:\n"
            f"  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % 'part.yaml'}}}\n"
        ),
        "Encrypted: !Ref P\n",
        ["V = false @root.yaml:2"],
        [],
    ),
    "a file elsewhere": (
        f"Resources:\n  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % 's3://b/part.yaml'}}}\n",
        "",
        ["V ? whether Encrypted is there"],
        [NOT_READ],
    ),
    "a file that has mistakes": (
        f"Resources:\n  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % 'part.yaml'}}}\n",
        "Encrypted: {\n",
        ["V ? whether Encrypted is there"],
        [NOT_READ],
    ),
    "a file that includes itself": (
        f"Resources:\n  V: {{Type: AWS::EC2::Volume, Properties: {INCLUDES % 'part.yaml'}}}\n",
        f"Encrypted: {INCLUDES % 'part.yaml'}\n",
        ["V ? Fn::Transform"],
        [],
    ),
    "more resources": (
        (
            "Resources:\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}\n"
            "  V: {Type: AWS::EC2::Volume, Properties: {Encrypted: true}}\n"
        ),
        "W: {Type: AWS::EC2::Volume}\n",
        [],
        [NOT_READ],
    ),
    "more sections": (
        (
            "Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}\nResources:\n"
            "  V: {Type: AWS::EC2::Volume, Properties: {Encrypted: true}}\n"
        ),
        "Mappings: {}\n",
        [],
        [NOT_READ],
    ),
}


@pytest.mark.parametrize(("root", "part", "expected", "told"), INCLUDED.values(), ids=INCLUDED.keys())
def test_what_is_included(  # noqa: PLR0913, PLR0917 - the columns of a table
    root: str, part: str, expected: list[str], told: list[str], tmp_path: Path, capsys: Any
) -> None:
    folder = write(tmp_path, {"root.yaml": root, "part.yaml": part})
    assert judged(capsys, folder) == expected
    assert [one["message"] for one in report(capsys, folder, "--no-cache")[1]["errors"]] == told


TOPIC = "  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt A.Outputs.On}}\n"


@pytest.mark.parametrize(("more", "is_repaired"), [("", True), (TOPIC, False)], ids=["alone", "with another use"])
def test_an_output_that_is_used_otherwise_too_is_not_repaired_in_bulk(
    more: str, is_repaired: bool, tmp_path: Path, capsys: Any
) -> None:
    root = (
        "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n"
        "  D: {Type: AWS::RDS::DBInstance, Properties: {DeletionProtection: !GetAtt A.Outputs.On}}\n"
    )
    child = "Resources:\n  T: {Type: AWS::SNS::Topic}\nOutputs:\n  On: {Value: false}\n"
    folder = write(tmp_path, {"root.yaml": root + more, "child.yaml": child})
    said(capsys, "fix", "--write", "--rule", "aws-rds-deletion-protection", folder)
    assert ("On: {Value: true}" in (tmp_path / "child.yaml").read_text()) is is_repaired
