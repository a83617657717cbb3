"""Comments that set findings aside, in HCL and YAML."""

import pytest

from setsquare.documents import Format
from setsquare.syntax.suppressions import Scope, Suppression, read

BLOCK = 'resource "a" "b" {\n%s}\n'


def one(source: str, written: Format = Format.HCL) -> Suppression:
    (found,) = read(written, source.encode())
    return found


@pytest.mark.parametrize("written", [Format.JSON, Format.TF_JSON, Format.TFVARS_JSON])
def test_json_has_no_comments(written):
    assert read(written, b'{"//": "# setsquare:ignore a b"}') == ()


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a = 1 # nothing\n",
        'a = "# setsquare:ignore x y"\n',
        "a = <<EOT\n# setsquare:ignore x y\nEOT\n",
        "# see setsquare:ignore for how\na = 1\n",
        "# setsquare:ignored x\na = 1\n",
        "# kics-scan enable=1\na = 1\n",
        "# checkov:skip CKV_AWS_1\na = 1\n",
    ],
)
def test_what_is_no_suppression(source):
    assert read(Format.HCL, source.encode()) == ()


@pytest.mark.parametrize(
    ("comment", "tool", "rules", "reason", "until"),
    [
        ("# setsquare:ignore acl a good reason", "setsquare", ("acl",), "a good reason", None),
        ("// setsquare:ignore a, b.c  why not", "setsquare", ("a", "b.c"), "why not", None),
        ("/* setsquare:ignore a why */", "setsquare", ("a",), "why", None),
        ("#setsquare:ignore a why until=2026-01-31", "setsquare", ("a",), "why", "2026-01-31"),
        ("# setsquare:ignore a until=2026-01-31 why so", "setsquare", ("a",), "why so", "2026-01-31"),
        ("# setsquare:ignore a", "setsquare", ("a",), None, None),
        ("#checkov:skip=CKV_AWS_20:reason here", "checkov", ("CKV_AWS_20",), "reason here", None),
        ("# checkov:skip=CKV_AWS_20, CKV2_AWS_6", "checkov", ("CKV_AWS_20", "CKV2_AWS_6"), None, None),
        ("#trivy:ignore:AWS-0086", "trivy", ("AWS-0086",), None, None),
        ("#trivy:ignore:AWS-0086:exp:2026-02-03", "trivy", ("AWS-0086",), None, "2026-02-03"),
        ("# tfsec:ignore:aws-s3-no-public", "trivy", ("aws-s3-no-public",), None, None),
        ("# note tfsec:ignore:*", "trivy", ("*",), None, None),
        ("# kics-scan ignore-line", "kics", ("*",), None, None),
        ("# kics-scan ignore-block", "kics", ("*",), None, None),
        ("# kics-scan ignore", "kics", ("*",), None, None),
        ("# kics-scan disable=12-ab, 34-cd", "kics", ("12-ab", "34-cd"), None, None),
    ],
)
def test_what_is_said(comment, tool, rules, reason, until):
    found = one(BLOCK % f"  {comment}\n  x = 1\n")
    assert (found.tool, found.rules, found.reason, found.until, found.problem) == (tool, rules, reason, until, None)
    assert (BLOCK % f"  {comment}\n")[found.span.start : found.span.end] == comment


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("# setsquare:ignore", "a suppression has to name a rule"),
        ("# setsquare:ignore a why until=soon", "'soon' is no date; expected is a day like 2026-12-31"),
        ("# setsquare:ignore a why until=2026-02-30", "'2026-02-30' is no date; expected is a day like 2026-12-31"),
        ("# setsquare:ignore a why until=", "'' is no date; expected is a day like 2026-12-31"),
        ("# checkov:skip=:why", "a suppression has to name a rule"),
        ("# trivy:ignore:", "a suppression has to name a rule"),
        ("# trivy:ignore:a:exp:x", "'x' is no date; expected is a day like 2026-12-31"),
        ("# kics-scan disable=", "a suppression has to name a rule"),
    ],
)
def test_what_is_wrong(comment, problem):
    assert one(f"{comment}\na = 1\n").problem == problem


@pytest.mark.parametrize(
    ("source", "scope", "target"),
    [
        ("a {\n  x = 1 # setsquare:ignore r w\n}\n", Scope.LINE, None),
        ("a {\n  /* setsquare:ignore r w */ x = 1\n}\n", Scope.LINE, None),
        ("z = 1\n# setsquare:ignore r w\n\n# other\n  a {\r\n}\n", Scope.NEXT, "  a {"),
        ("# setsquare:ignore r w\na {\n}\n", Scope.NEXT, "a {"),
        ("# setsquare:ignore r w\n# more\na {\n}\n", Scope.NEXT, "a {"),
        ("\ufeff# setsquare:ignore r w\n\na {\n}\n", Scope.FILE, None),
        ("# head\n# setsquare:ignore r w\n# more\n\na {\n}\n", Scope.FILE, None),
        ("/*\n * setsquare:ignore r w\n */\n\na {\n}\n", Scope.FILE, None),
        ("# setsquare:ignore r w", Scope.FILE, None),
        ("z = 1\n# setsquare:ignore r w", Scope.NEXT, None),
        ("a {\n  # checkov:skip=X:w\n}\n", Scope.BLOCK, None),
        ("a {\n  # kics-scan ignore-block\n  b {\n}\n}\n", Scope.NEXT, "  b {"),
        ("a {\n  # kics-scan disable=q\n}\n", Scope.FILE, None),
    ],
)
def test_where_it_stands(source, scope, target):
    found = one(source)
    text = source.encode()
    assert found.scope is scope
    assert (None if found.target is None else text[found.target.start : found.target.end].decode()) == target


def test_several_of_tfsec_in_one_comment():
    found = read(Format.HCL, b"a = 1 #tfsec:ignore:x tfsec:ignore:y\n")
    assert [(each.rules, each.scope) for each in found] == [(("x",), Scope.LINE), (("y",), Scope.LINE)]


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        ("---\n# setsquare:ignore r w\n\na: 1\n", Scope.FILE),
        ("\ufeffa: 1 # setsquare:ignore r w\n", Scope.LINE),
        ("a:\n  # setsquare:ignore r w\n  b: 1\n", Scope.NEXT),
        ("a: '# setsquare:ignore r w'\nb: |\n  # setsquare:ignore r w\n", None),
    ],
)
def test_yaml(source, scope):
    assert [found.scope for found in read(Format.YAML, source.encode())] == ([] if scope is None else [scope])
