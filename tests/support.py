"""A unit in memory: texts in, analysis, plan and proof out. The only place where tests touch the engine's API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from setsquare.analysis import Scope, analyse
from setsquare.context import Context
from setsquare.documents import Dialect, Format, format_of
from setsquare.findings import Analysis, Finding
from setsquare.fixes import Plan, plan
from setsquare.proof import Proof, prove
from setsquare.resolve.cloudformation import TemplateScope
from setsquare.resolve.module_calls import ModuleFolder
from setsquare.resolve.terraform import TerraformModule
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.policy import Policy
from setsquare.syntax import cfn, hcl, tf_json

ROOT = "/unit"
AS_OF = date(2026, 6, 1)
NAMES = {Dialect.TERRAFORM: "main.tf", Dialect.CLOUDFORMATION: "template.yaml"}


@dataclass(frozen=True)
class Files:
    """What functions read: the texts of the unit, and nothing outside of its folder."""

    texts: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        return self.texts.get(path) if path.startswith(f"{ROOT}/") else None

    def exists(self, path: str) -> bool | None:
        return path in self.texts if path.startswith(f"{ROOT}/") else None


@dataclass(frozen=True)
class Unit:
    """A module (all its files) or a template (one file)."""

    texts: Mapping[str, bytes]
    policy: Policy
    catalogue: Catalogue = field(default_factory=Catalogue.shipped)

    def scopes(self, texts: Mapping[str, bytes]) -> Iterable[Scope]:
        terraform = []
        for path, source in sorted(texts.items()):
            written = format_of(path, source)
            if written in (Format.HCL, Format.TFVARS):
                terraform.append(hcl.read(path, source))
            elif written in (Format.TF_JSON, Format.TFVARS_JSON):
                terraform.append(tf_json.read(path, source))
            elif written is not None:
                file = cfn.read(path, source, written)
                for template in file.templates if file else ():
                    yield TemplateScope(path, template)
        if terraform:
            yield TerraformModule(ModuleFolder.of(ROOT, terraform, texts), sources=Files(texts))

    def analyse(self, changed: Mapping[str, bytes] | None = None) -> Analysis:
        texts = {**self.texts, **(changed or {})}
        parts = [analyse(scope, self.catalogue, self.policy, Context(ROOT, texts)) for scope in self.scopes(texts)]
        merged = Analysis()
        for part in parts:
            merged = replace(
                merged,
                findings=merged.findings + part.findings,
                unknown=merged.unknown + part.unknown,
                suppressed=merged.suppressed + part.suppressed,
                problems=merged.problems + part.problems,
            )
        return merged

    def plan(self, findings: Iterable[Finding]) -> Plan:
        return plan(self.texts, list(findings))

    def prove(self, planned: Plan) -> Proof:
        return prove(self.analyse(), self.texts, planned, self.analyse)

    def with_texts(self, changed: Mapping[str, bytes]) -> "Unit":
        return replace(self, texts={**self.texts, **changed})


def unit(text: str | bytes, name: str = "main.tf", policy: Policy | None = None) -> Unit:
    """Return a unit of one file."""
    source = text.encode() if isinstance(text, str) else text
    return Unit({f"{ROOT}/{name}": source}, policy or Policy.default())


def text_of(some: Unit) -> bytes:
    """Return the only text of a unit."""
    return next(iter(some.texts.values()))
