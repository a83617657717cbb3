"""A rule as a page of Markdown: what, why, requirements, impact, parameters, examples."""

from collections.abc import Iterable, Iterator, Mapping

from setsquare.documents import Dialect
from setsquare.model import MODULE_TYPE
from setsquare.rules.examples import Example
from setsquare.rules.fixability import fix_kind
from setsquare.rules.rule import MISSING, Rule

FRAMEWORKS = {
    "fsbp": "AWS Foundational Security Best Practices",
    "cis_aws_3.0": "CIS AWS Foundations 3.0",
    "cis_aws_5.0": "CIS AWS Foundations 5.0",
    "nist_800_53_r5": "NIST SP 800-53 Rev. 5",
    "pci_dss_4.0.1": "PCI DSS 4.0.1",
    "soc2_tsc": "SOC 2 (TSC)",
    "iso_27001_2022": "ISO/IEC 27001:2022",
    "hipaa": "HIPAA",
}
_DIALECTS = {Dialect.TERRAFORM: "Terraform", Dialect.CLOUDFORMATION: "CloudFormation"}
_FENCES = {Dialect.TERRAFORM: "hcl", Dialect.CLOUDFORMATION: "yaml"}
_IMPACTS = {
    "none": "nothing is deployed",
    "in_place": "in place",
    "brief_interruption": "in place, with a brief interruption",
    "replaces": "replaces the resource",
    "data_loss": "loses data",
}
_FIXES = {
    "mechanical": "one canonical fix, no further input",
    "parameter": "one canonical fix, with a value from the policy",
    "none": "none that a machine should write",
}


def render(rule: Rule, examples: Iterable[Example] = ()) -> str:
    """Return the page of a rule, with its examples if given."""
    return "\n".join(_page(rule, examples)) + "\n"


def _page(rule: Rule, examples: Iterable[Example]) -> Iterator[str]:
    yield f"# {rule.title}"
    yield ""
    yield f"`{rule.id}` version {rule.version} · {rule.severity.value} · {rule.category}"
    yield ""
    yield rule.rationale
    yield ""
    yield from _scope(rule)
    yield from _requirements("Requirements", rule.frameworks)
    yield from _requirements("Also relevant (not claimed by the standard's or the cloud's owner)", rule.also_relevant)
    yield from _fix(rule)
    if rule.aliases:
        yield "## Also known as"
        yield ""
        for tool, ids in sorted(rule.aliases.items()):
            yield f"- {tool}: {', '.join(ids)}"
        yield ""
    yield "## References"
    yield ""
    yield from (f"- <{link}>" for link in rule.references)
    yield from _examples(examples)


def _scope(rule: Rule) -> Iterator[str]:
    yield "## Applies to"
    yield ""
    for dialect, name in _DIALECTS.items():
        if dialect in rule.unsupported:
            yield f"- {name}: not supported. {rule.unsupported[dialect]}"
        else:
            types = sorted({target.resource for target in rule.targets.get(dialect, ())})
            yield f"- {name}: {', '.join(f'`{kind}`' for kind in types if not kind.startswith(MODULE_TYPE))}"
            called = [kind.removeprefix(MODULE_TYPE) for kind in types if kind.startswith(MODULE_TYPE)]
            if called:
                yield f"- Arguments of calls of public modules: {', '.join(f'`{source}`' for source in called)}"
    yield ""


def _requirements(title: str, table: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if table:
        yield f"## {title}"
        yield ""
        for name, ids in table.items():
            yield f"- {FRAMEWORKS.get(name, name)}: {', '.join(ids)}"
        yield ""


def _fix(rule: Rule) -> Iterator[str]:
    yield "## Fix"
    yield ""
    yield f"{_FIXES[fix_kind(rule)]}."
    reasons = {t.no_fix.reason for targets in rule.targets.values() for t in targets if t.no_fix is not None}
    yield from sorted(reasons)
    for dialect, name in _DIALECTS.items():
        if dialect in rule.targets:
            yield f"- {name}: {_IMPACTS[rule.impact.levels[dialect].value]}"
    if rule.impact.note:
        yield f"- {rule.impact.note}"
    for parameter in rule.parameters.values():
        needed = "" if parameter.default is MISSING else f", {parameter.default!r} if not set"
        yield f"- policy parameter `{parameter.name}` ({parameter.type}{needed}): {parameter.description or 'a value'}"
    yield ""


def _examples(examples: Iterable[Example]) -> Iterator[str]:
    for example in examples:
        fence = _FENCES[example.dialect]
        yield ""
        yield f"## {_DIALECTS[example.dialect]}: {example.name} ({example.verdict.replace('_', ' ')})"
        yield ""
        yield f"```{fence}\n{example.input.rstrip()}\n```"
        if example.fixed is not None:
            yield ""
            yield f"Fixed:\n\n```{fence}\n{example.fixed.rstrip()}\n```"
        elif example.no_fix is not None:
            yield ""
            yield f"No fix: {example.no_fix}."


def index(rules: Iterable[Rule]) -> str:
    """Return the page that lists the rules, by service."""
    return "\n".join(_index(rules)) + "\n"


def _index(rules: Iterable[Rule]) -> Iterator[str]:
    yield "# The rules"
    yield ""
    yield "One page a rule: what it asks for and why, the requirements it answers, what its fix costs, and examples."
    services: dict[str, list[Rule]] = {}
    for rule in rules:
        services.setdefault(rule.id.split("-")[1], []).append(rule)
    for service, members in sorted(services.items()):
        yield ""
        yield f"## {service}"
        yield ""
        yield "| rule | | severity | fix |"
        yield "|---|---|---|---|"
        for rule in sorted(members, key=lambda rule: rule.id):
            yield f"| [`{rule.id}`]({rule.id}.md) | {rule.title} | {rule.severity.value} | {fix_kind(rule)} |"
