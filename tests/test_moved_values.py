"""Where a value is written does not change what it means: laws over literals that are moved about."""

import contextlib
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.commands import write

from setsquare.checking import check_units, report_of
from setsquare.cli.main import main
from setsquare.rules.catalogue import Catalogue
from setsquare.workspace import Workspace


@dataclass(frozen=True)
class Case:
    """A resource with a place for a value, a rule that judges it, and a value of either kind."""

    rule: str
    text: str
    bad: str
    good: str


CASES = (
    Case("aws-ec2-ebs-volume-encrypted", 'resource "aws_ebs_volume" "x" {{\n  encrypted = {}\n}}\n', "false", "true"),
    Case(
        "aws-rds-not-publicly-accessible",
        'resource "aws_db_instance" "x" {{\n  publicly_accessible = {}\n}}\n',
        "true",
        "false",
    ),
    Case(
        "aws-logs-retention", 'resource "aws_cloudwatch_log_group" "x" {{\n  retention_in_days = {}\n}}\n', "7", "400"
    ),
    Case(
        "aws-ecr-immutable-tags",
        'resource "aws_ecr_repository" "x" {{\n  image_tag_mutability = {}\n}}\n',
        '"MUTABLE"',
        '"IMMUTABLE"',
    ),
)


@dataclass
class Moved:
    """Folders of Terraform text; the value that is moved stands at ``{hole}`` of one of them.

    ``asked`` says which folder asks another one for its output.
    """

    files: dict[str, str]
    folder: str = "resources"
    count: int = 0
    asked: dict[str, str] = field(default_factory=dict)

    def new(self) -> int:
        """Return a number that no name has yet."""
        self.count += 1
        return self.count

    def add(self, text: str, folder: str | None = None, name: str = "main.tf") -> None:
        """Add text to a file of a folder."""
        path = f"{folder or self.folder}/{name}"
        self.files[path] = self.files.get(path, "") + text

    def refer(self, expression: str) -> None:
        """Write an expression where the value stood."""
        self.files = {path: text.replace("{hole}", expression) for path, text in self.files.items()}

    def with_value(self, value: str) -> dict[str, str]:
        """Return the files with the value in its place."""
        return {path: text.replace("{hole}", value) for path, text in self.files.items()}


def to_local(moved: Moved) -> None:
    name = f"l{moved.new()}"
    moved.refer(f"local.{name}")
    moved.add(f"locals {{\n  {name} = {{hole}}\n}}\n")


def to_local_object(moved: Moved) -> None:
    name = f"l{moved.new()}"
    moved.refer(f"local.{name}.inner[0].on")
    moved.add(f"locals {{\n  {name} = {{\n    inner = [{{ on = {{hole}} }}]\n  }}\n}}\n")


def to_argument(moved: Moved) -> None:
    number = moved.new()
    moved.refer(f"var.v{number}")
    moved.add(f'variable "v{number}" {{\n}}\n')
    below, moved.folder = moved.folder, moved.asked.get(moved.folder, f"caller{number}")
    if below in moved.asked:
        path, source = f"{moved.folder}/main.tf", f'  source = "../{below}"\n'
        moved.files[path] = moved.files[path].replace(source, f"{source}  v{number} = {{hole}}\n")
    else:
        moved.add(f'module "m{number}" {{\n  source = "../{below}"\n  v{number} = {{hole}}\n}}\n')


def to_each(moved: Moved) -> None:
    if moved.folder in moved.asked:
        to_argument(moved)
        return
    number = moved.new()
    moved.refer(f"var.v{number}")
    moved.add(f'variable "v{number}" {{\n}}\n')
    below, moved.folder = moved.folder, f"caller{number}"
    moved.add(f'module "m{number}" {{\n  for_each = {{ a = {{hole}} }}\n')
    moved.add(f'  source = "../{below}"\n  v{number} = each.value\n}}\n')


def to_output(moved: Moved) -> None:
    number = moved.new()
    moved.refer(f"module.o{number}.out")
    moved.add(f'module "o{number}" {{\n  source = "../out{number}"\n}}\n')
    moved.asked[f"out{number}"], moved.folder = moved.folder, f"out{number}"
    moved.add('output "out" {\n  value = {hole}\n}\n')


def to_branches(moved: Moved) -> None:
    number = moved.new()
    moved.refer(f"var.c{number} ? {{hole}} : {{hole}}")
    moved.add(f'variable "c{number}" {{\n}}\n')


def to_default(moved: Moved) -> None:
    name = f"v{moved.new()}"
    moved.refer(f"var.{name}")
    moved.add(f'variable "{name}" {{\n  default = {{hole}}\n}}\n')


def to_default_of_an_argument(moved: Moved) -> None:
    to_default(moved)
    if moved.folder not in moved.asked:
        moved.add(f'module "m" {{\n  source = "../{moved.folder}"\n}}\n', "caller")


def to_values_file(moved: Moved) -> None:
    while moved.folder in moved.asked:  # the values file of a folder that is called does not count
        to_argument(moved)
    name = f"v{moved.new()}"
    moved.refer(f"var.{name}")
    moved.add(f'variable "{name}" {{\n}}\n')
    moved.add(f"{name} = {{hole}}\n", name="terraform.tfvars")


def stay(_moved: Moved) -> None:
    pass


STEPS = (to_local, to_local_object, to_argument, to_each, to_output)
ENDS: tuple[Callable[[Moved], None], ...] = (stay, to_branches, to_default, to_values_file, to_default_of_an_argument)


@some.composite
def moves(draw: some.DrawFn) -> tuple[Callable[[Moved], None], ...]:
    return (*draw(some.lists(some.sampled_from(STEPS), max_size=4)), draw(some.sampled_from(ENDS)))


def moved_by(case: Case, made: tuple[Callable[[Moved], None], ...]) -> Moved:
    moved = Moved({"resources/main.tf": case.text.format("{hole}")})
    for move in made:
        move(moved)
    return moved


def verdict(folder: str, rule: str) -> str:
    """Return what a rule says of a folder of modules."""
    workspace = Workspace.open([folder], Catalogue.shipped())
    report = report_of(workspace, check_units(workspace, workspace.units()), folder)
    if any(finding.rule.id == rule for finding in report.findings):
        return "violated"
    return "unknown" if any(finding.rule.id == rule for finding in report.unknown) else "satisfied"


def run(*arguments: str) -> tuple[int, str]:
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    return status, err.getvalue()


@settings(max_examples=60, deadline=None)
@given(case=some.sampled_from(CASES), made=moves())
def test_a_value_means_the_same_wherever_it_is_written(case: Case, made: tuple[Callable[[Moved], None], ...]) -> None:
    moved = moved_by(case, made)
    for value, expected in ((case.bad, "violated"), (case.good, "satisfied")):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), moved.with_value(value))
            assert verdict(folder, case.rule) == expected


@settings(max_examples=40, deadline=None)
@given(case=some.sampled_from(CASES), made=some.lists(some.sampled_from(STEPS), max_size=4))
def test_a_variable_without_a_value_makes_it_unknown(case: Case, made: list[Callable[[Moved], None]]) -> None:
    moved = moved_by(case, tuple(made))
    moved.refer("var.nothing")
    moved.add('variable "nothing" {\n}\n')
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), moved.files)
        assert verdict(folder, case.rule) == "unknown"


@settings(max_examples=40, deadline=None)
@given(case=some.sampled_from(CASES), made=moves())
def test_a_moved_value_is_repaired_where_it_is_written(case: Case, made: tuple[Callable[[Moved], None], ...]) -> None:
    moved = moved_by(case, made)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), moved.with_value(case.bad))
        allowed = ("--allow-impact", "brief_interruption,replaces,data_loss")
        status, err = run("fix", folder, "--write", "--rule", case.rule, *allowed)
        assert status == 0, err
        assert verdict(folder, case.rule) == "satisfied"
        for path, text in moved.files.items():
            before, after = text.split("{hole}"), (Path(folder) / path).read_text()
            assert all(piece in after for piece in before), path
            assert ("{hole}" in text) or after == text


STATEMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "%s", "Action": "*", "Resource": "*"}]}'
FORMS = ("<<EOF\n%s\nEOF", "jsonencode(%s)")


@settings(max_examples=30, deadline=None)
@given(
    form=some.sampled_from(FORMS),
    made=some.lists(some.sampled_from((to_local, to_argument, to_output)), max_size=3),
    effect=some.sampled_from((("Allow", "violated"), ("Deny", "satisfied"))),
)
def test_a_document_means_the_same_however_it_is_written(
    form: str, made: list[Callable[[Moved], None]], effect: tuple[str, str]
) -> None:
    case = Case("aws-iam-no-admin-wildcard", 'resource "aws_iam_policy" "x" {{\n  policy = {}\n}}\n', "", "")
    moved = moved_by(case, tuple(made))
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), moved.with_value(form % (STATEMENT % effect[0])))
        assert verdict(folder, case.rule) == effect[1]
