"""Which policy holds where, own rules included."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.small_rules import catalogue, thing
from tests.tables import table

from setsquare.policies import Policies, read_limited
from setsquare.rules.policy import Policy
from setsquare.rules.rule import Severity

TODAY = date(2026, 6, 1)
RULES = catalogue(thing("a: true", "test-thing-one"), thing("b: true", "test-thing-two"))
HEAD = "policy: 1\n"
OWN = """\
id: {name}
version: 1
title: Own
severity: high
category: logging
rationale: why
references: []
frameworks: {{}}
impact: {{terraform: none, cloudformation: none}}
terraform:
  - resource: test_thing
    state: {{{state}}}
cloudformation: {{unsupported: no}}
"""


def own(name: str = "own-thing", state: str = "o: true") -> str:
    return OWN.format(name=name, state=state).replace("unsupported: no", "unsupported: nothing there")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Policies]:
    """Write files below a folder and return the policies of it."""

    def written(**files: str) -> Policies:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml").replace("_examples", ".examples")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Policies(RULES, TODAY)

    return written


def said(policies: Policies, folder: Path) -> list[str]:
    return [str(mistake).replace(folder.as_posix(), "") for mistake in policies.mistakes]


def test_without_a_file(tmp_path: Path) -> None:
    policies = Policies(RULES, TODAY)

    assert policies.of(f"{tmp_path}/main.tf", str(tmp_path)) == Policy.default(TODAY)
    assert policies.catalogue_of(str(tmp_path), str(tmp_path)) is RULES
    assert not policies.problems


def test_files_on_top_of_each_other(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(
        setsquare_yaml=f"{HEAD}rules: {{select: {{min_severity: high}}}}\n",
        a__setsquare_yaml=f"{HEAD}rules: {{select: {{min_severity: low}}}}\n",
        a__b__main_tf="",
    )
    root = str(tmp_path)

    assert policies.of(f"{root}/main.tf", root).min_severity is Severity.HIGH
    assert policies.of(f"{root}/a/b/main.tf", root).min_severity is Severity.LOW
    assert policies.of(f"{root}/a/b", root).path == f"{root}/a/setsquare.yaml"
    assert policies.of(f"{root}/a", f"{root}/a").folder == f"{root}/a"
    assert not policies.mistakes


def test_the_repository_is_the_limit(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(setsquare_yaml=HEAD, a__b__setsquare_yaml=HEAD, a__b__c__main_tf="")
    (tmp_path / "a/.git").mkdir()

    # Above the root too, as the repository reaches there, and not above the repository.
    assert policies.of(f"{tmp_path}/a/b/c/main.tf", f"{tmp_path}/a/b/c").path == f"{tmp_path}/a/b/setsquare.yaml"
    assert policies.of(f"{tmp_path}/a/main.tf", str(tmp_path)).path is None


def test_a_link_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "out.yaml").write_text(HEAD)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/setsquare.yaml").symlink_to(tmp_path / "out.yaml")
    policies = Policies(RULES, TODAY)

    assert policies.of(f"{tmp_path}/in/main.tf", f"{tmp_path}/in").path is None
    assert said(policies, tmp_path) == [
        "/in/setsquare.yaml:1:1: found a symbolic link that leads out of /in, expected a file"
    ]
    assert policies.forget(f"{tmp_path}/in/setsquare.yaml")
    assert not policies.mistakes


def test_the_last_good_version_stays_in_force(tmp_path: Path, write: Callable[..., Policies]) -> None:
    file, root = f"{tmp_path}/setsquare.yaml", str(tmp_path)
    policies = write(setsquare_yaml=f"{HEAD}rules: {{select: {{min_severity: high}}}}\n")
    good = policies.of(file, root)

    Path(file).write_text("policy: 2\n")
    assert policies.of(file, root) is good
    assert not policies.mistakes
    assert policies.forget(file)
    assert policies.of(file, root) is good
    assert said(policies, tmp_path) == ["/setsquare.yaml:1:9: found 2, expected 1, the version of the policy format"]
    assert [(p.path, p.message) for p in policies.problems] == [
        (file, "found 2, expected 1, the version of the policy format")
    ]

    Path(file).write_text(" " * (1 << 20) + "\n")
    policies.forget(file)
    assert policies.of(file, root) is good
    assert said(policies, tmp_path) == ["/setsquare.yaml:1:1: this policy file cannot be read, or is larger than 1 MiB"]


def test_a_bad_file_without_a_good_version_is_as_the_one_above(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(setsquare_yaml=HEAD, a__setsquare_yaml="x: 1\n")
    root = str(tmp_path)

    assert policies.of(f"{root}/a", root) is policies.of(root, root)


def test_a_named_file(tmp_path: Path, write: Callable[..., Policies]) -> None:
    write(named_yaml=f"{HEAD}rules: {{select: {{min_severity: high}}}}\n", setsquare_yaml=HEAD)
    root, named = str(tmp_path), f"{tmp_path}/named.yaml"
    policies = Policies(RULES, TODAY, named)

    assert policies.of(root, root).path == named
    assert policies.forget(named)
    assert not policies.use(named)
    assert policies.use(None)
    assert policies.of(root, root).path == f"{root}/setsquare.yaml"
    assert not policies.forget(named)


def test_what_a_policy_depends_on(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(setsquare_yaml=f"{HEAD}extra_rules: [own]\n", own__a_yaml=own())
    policies.of(str(tmp_path), str(tmp_path))

    assert not policies.forget(f"{tmp_path}/main.tf")
    assert not policies.forget(f"{tmp_path}/other/a.yaml")
    assert not policies.forget(f"{tmp_path}/own/a.json")
    assert policies.forget(f"{tmp_path}/own/new.yaml")
    assert not policies.forget(f"{tmp_path}/own/new.yaml")  # nothing is loaded now


def test_buffers_are_read(tmp_path: Path, write: Callable[..., Policies]) -> None:
    write(setsquare_yaml=HEAD)
    policies = Policies(RULES, TODAY, read=lambda _: b"policy: 1\nrules: {select: {min_severity: high}}\n")

    assert policies.of(str(tmp_path), str(tmp_path)).min_severity is Severity.HIGH


def test_ended_exemptions(tmp_path: Path, write: Callable[..., Policies]) -> None:
    off = "{rule: test-thing-one, reason: r, until: 2026-05-31}"
    policies = write(setsquare_yaml=f"{HEAD}exceptions: [{off}, {off.replace('05-31', '06-01')}]\n", a__x="")
    policies.of(str(tmp_path), str(tmp_path))
    policies.of(f"{tmp_path}/a", str(tmp_path))

    assert [(p.message, p.place.span.start) for p in policies.problems if p.place] == [
        ("this exemption from test-thing-one ended on 2026-05-31", 23)
    ]


# --------------------------------------------------------------------- own rules


def test_own_rules(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(
        setsquare_yaml=f"{HEAD}extra_rules: [own]\nrules: {{override: [test-thing-two]}}\n",
        own__a_yaml=own(),
        own__deep__b_yaml=own("test-thing-two", "q: true"),
        own__a_examples_yaml="not: read",
    )
    root = str(tmp_path)
    rules = policies.catalogue_of(root, root)

    assert not policies.mistakes
    assert list(rules.rules) == ["own-thing", "test-thing-one", "test-thing-two"]
    assert rules.files == {"own-thing": f"{root}/own/a.yaml", "test-thing-two": f"{root}/own/deep/b.yaml"}
    assert rules.rules["test-thing-two"].title == "Own"

    before = policies.of(root, root).hash
    Path(f"{root}/own/a.yaml").write_text(own(state="p: true"))
    policies.forget(f"{root}/own/a.yaml")
    assert policies.of(root, root).hash != before


@table(
    "policy, text, expected",
    [
        ("extra_rules: [none]", own(), "/setsquare.yaml:2:15: found 'none', expected a folder inside "),
        ("extra_rules: [..]", own(), "/setsquare.yaml:2:15: found '..', expected a folder inside "),
        ("extra_rules: [own]", own("wrong"), "/own/a.yaml:1:5: found 'wrong', expected words of a-z and 0-9 joined by hyphens: provider-service-name"),
        ("extra_rules: [own]", own("test-thing-one", "z: 1"), "/own/a.yaml:1:1: found 'test-thing-one', which replaces a rule; expected an id of its own, or `override: [test-thing-one]` under `rules` in /setsquare.yaml"),
        ("extra_rules: [own]", own(state="z: {$at_least: 1, $order: zzz}"), "/own/a.yaml:12:13: own-thing: terraform test_thing z: the order zzz does not exist"),
        ("extra_rules: [own]", own(state="a: false"), "/own/a.yaml:12:13: own-thing: terraform test_thing a: contradicts the rule test-thing-one (test-thing-one)"),
        ("rules: {override: [test-thing-one]}", own(), "/setsquare.yaml:2:20: found 'test-thing-one', expected the id of a rule that an own rule replaces"),
    ],
)  # fmt: skip
def test_mistakes_of_own_rules(
    policy: str, text: str, expected: str, tmp_path: Path, write: Callable[..., Policies]
) -> None:
    policies = write(setsquare_yaml=f"{HEAD}{policy}\n", own__a_yaml=text)

    # Rules with mistakes are not in force, nor is the policy that names them.
    assert policies.catalogue_of(str(tmp_path), str(tmp_path)) is RULES
    assert policies.of(str(tmp_path), str(tmp_path)).path is None
    assert said(policies, tmp_path) == [expected]


def test_two_own_rules_with_one_id(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(setsquare_yaml=f"{HEAD}extra_rules: [own]\n", own__a_yaml=own(), own__b_yaml=own())
    policies.of(str(tmp_path), str(tmp_path))

    assert said(policies, tmp_path) == ["/own/b.yaml:1:1: found 'own-thing', expected another id: /own/a.yaml has it"]


def test_an_own_rule_that_cannot_be_read(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(setsquare_yaml=f"{HEAD}extra_rules: [own]\n", own__a_yaml="x" * ((1 << 20) + 1))
    policies.of(str(tmp_path), str(tmp_path))

    assert said(policies, tmp_path) == ["/own/a.yaml:1:1: this rule file cannot be read"]


def test_own_rules_outside_the_folder_are_not_read(tmp_path: Path, write: Callable[..., Policies]) -> None:
    policies = write(p__setsquare_yaml=f"{HEAD}extra_rules: [own]\n", p__own__a_yaml=own(), out_yaml=own("out-thing"))
    (tmp_path / "p/own/link.yaml").symlink_to(tmp_path / "out.yaml")

    assert "out-thing" not in policies.catalogue_of(f"{tmp_path}/p", f"{tmp_path}/p").rules
    assert not policies.mistakes


def test_reading_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert read_limited(str(path)) is None
    path.write_bytes(b"x" * (1 << 20))
    assert read_limited(str(path)) == b"x" * (1 << 20)
    path.write_bytes(b"x" * ((1 << 20) + 1))
    assert read_limited(str(path)) is None
