"""What the words of policy and rule files mean, and which may stand where: for hovers and completion in them."""

from collections.abc import Iterator
from dataclasses import dataclass

from setsquare.data.spots import Path
from setsquare.output.rule_page import FRAMEWORKS
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.loader import CATEGORIES, NO_FIX_KINDS, ONCE, PARAMETER_TYPES
from setsquare.rules.rule import MISSING, ImpactLevel, Parameter, Rule, Severity
from setsquare.rules.vocabulary import MEANINGS, POLICY, RULE, Key, Values, declared_at
from setsquare.workspace import Workspace

IMPACTS = {
    ImpactLevel.NONE: "Nothing that runs notices.",
    ImpactLevel.IN_PLACE: "The resource is changed while it runs.",
    ImpactLevel.BRIEF_INTERRUPTION: "It is restarted or fails over.",
    ImpactLevel.REPLACES: "It is deleted and made anew.",
    ImpactLevel.DATA_LOSS: "What it holds is lost.",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may stand somewhere, and what it means."""

    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one file: a policy, or a rule."""

    root: Key
    catalogue: Catalogue

    @classmethod
    def of(cls, workspace: Workspace, path: str) -> "Vocabulary | None":
        """Return the vocabulary of a file; None where it is neither a policy nor an own rule."""
        if workspace.is_policy(path):
            return cls(POLICY, workspace.catalogue_of(path))
        return cls(RULE, workspace.catalogue_of(path)) if workspace.is_rule(path) else None

    def meaning(self, path: Path, text: str, *, is_key: bool) -> str | None:
        """Return what a key or value means, in Markdown; None where nothing is known of it."""
        if is_key:
            if text in MEANINGS:
                return MEANINGS[text]
            around = declared_at(self.root, path[:-1])
            words = () if around is None else self.keys(around)
        else:
            here = declared_at(self.root, path)
            words = () if here is None else self.values(here.values)
        return next((word.meaning for word in words if word.text == text), None)

    def keys(self, around: Key) -> Iterator[Word]:
        """Yield the keys that a mapping may have."""
        if around.is_tree:
            yield from (Word(name, meaning) for name, meaning in MEANINGS.items())
        elif around.names is not None:
            yield from self.values(around.names)
        else:
            yield from (Word(key.name, key.meaning) for key in around.keys)

    def values(self, kind: Values) -> Iterator[Word]:
        """Yield the values that there are of a kind."""
        rules = self.catalogue.rules
        match kind:
            case Values.RULE:
                yield from (Word(rule.id, rule_meaning(rule)) for rule in rules.values())
            case Values.FRAMEWORK | Values.FRAMEWORKS:
                names = {name for rule in rules.values() for name in (*rule.frameworks, *rule.also_relevant)}
                yield from (Word(name, FRAMEWORKS.get(name, name)) for name in sorted(names))
            case Values.SEVERITY:
                yield from (Word(level.value, f"Findings of severity {level.value}.") for level in Severity)
            case Values.IMPACT:
                yield from (Word(level.value, meaning) for level, meaning in IMPACTS.items())
            case Values.PARAMETER:
                parameters = {p.name: p for rule in rules.values() for p in rule.parameters.values()}
                yield from (Word(name, self._parameter(parameters[name])) for name in sorted(parameters))
            case Values.TOOLS:
                tools = {tool for rule in rules.values() for tool in rule.aliases}
                yield from (Word(tool, f"The ids of {tool}.") for tool in sorted(tools))
            case Values.BOOLEAN:
                yield from (Word(text, "") for text in ("true", "false"))
            case Values.CATEGORY | Values.NO_FIX | Values.ONCE | Values.TYPE:
                yield from (Word(text, "") for text in _PLAIN[kind])
            case Values.ANY | Values.OWN:
                return

    def _parameter(self, parameter: Parameter) -> str:
        users = sorted(rule.id for rule in self.catalogue.rules.values() if parameter.name in rule.parameters)
        parts = [
            parameter.description or "A value that only the organisation knows.",
            f"Type: `{parameter.type}`.",
            "" if parameter.default is MISSING else f"If it is not set: `{parameter.default}`.",
            f"Used by {', '.join(f'`{user}`' for user in users)}.",
        ]
        return "\n\n".join(part for part in parts if part)


_PLAIN = {
    Values.CATEGORY: CATEGORIES,
    Values.NO_FIX: NO_FIX_KINDS,
    Values.ONCE: ONCE,
    Values.TYPE: PARAMETER_TYPES,
}


def without_marks(text: str) -> str:
    """Return Markdown for clients that show it as it is."""
    return text.replace("**", "").replace("`", "")


def rule_meaning(rule: Rule) -> str:
    """Return what a rule asks for and why, in Markdown."""
    return f"**{rule.title}** · {rule.severity.value}\n\n{rule.rationale}"
