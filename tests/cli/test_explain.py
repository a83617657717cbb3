"""``explain``: by a rule's id, or by a peer's."""

from typing import Any

from tests.commands import said
from tests.tables import table

RULE = "aws-s3-block-public-access"


@table("name", [(RULE,), ("CKV2_AWS_6",), ("AWS-0094",), ("FG_R00229",)])
def test_rule_by_its_names(name: str, capsys: Any) -> None:
    status, out, err = said(capsys, "explain", name)
    assert (status, err) == (0, "")
    assert f"`{RULE}` version " in out
    assert "## Also known as\n" in out


@table("name, hint", [(RULE + "s", f"; did you mean {RULE}?"), ("something-else-42", "; `setsquare rules` lists them")])
def test_unknown_rule(name: str, hint: str, capsys: Any) -> None:
    assert said(capsys, "explain", name) == (2, "", f"setsquare: no rule is called {name}{hint}\n")
