"""The keys of rule and policy files: what each means, and what may stand there.

The loaders take the names from here, and editors the meanings: a key that is read can be explained.
"""

from enum import Enum, auto

from setsquare.records import record


class Values(Enum):
    """What the value of a key, the items of its list, or the names in its mapping are drawn from."""

    ANY = auto()
    BOOLEAN = auto()
    RULE = auto()
    FRAMEWORK = auto()
    SEVERITY = auto()
    IMPACT = auto()
    CATEGORY = auto()
    NO_FIX = auto()
    ONCE = auto()
    TYPE = auto()
    PARAMETER = auto()
    """Names: the parameters of all rules."""
    FRAMEWORKS = auto()
    """Names: the frameworks."""
    TOOLS = auto()
    """Names: the peers whose ids are known."""
    OWN = auto()
    """Names: the author's own."""


@record
class Key:
    """One key of a rule or policy file.

    Attributes:
        name: as it is written.
        meaning: one or two sentences of Markdown.
        keys: of the mapping under it, or of each mapping in its list.
        values: what its value is, or the items of its list are.
        names: of a mapping whose names are drawn from something; ``keys`` are then those of each member.
        required: it must be there.
        is_list: its value is a list.
        is_tree: its value is a desired state, with operators.

    """

    name: str
    meaning: str
    keys: tuple["Key", ...] = ()
    values: Values = Values.ANY
    names: Values | None = None
    required: bool = False
    is_list: bool = False
    is_tree: bool = False

    def key(self, name: str) -> "Key":
        """Return a key of the mapping.

        Raises:
            KeyError: there is none of this name.

        """
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def find(self, name: str) -> "Key | None":
        """Return a key of the mapping; None where there is none of this name."""
        return next((key for key in self.keys if key.name == name), None)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of the keys."""
        return tuple(key.name for key in self.keys)

    @property
    def required_names(self) -> tuple[str, ...]:
        """The names of the keys that must be there."""
        return tuple(key.name for key in self.keys if key.required)


# --------------------------------------------------------------------- the policy

_RULE = Key("rule", "The id of the rule that is set aside.", values=Values.RULE, required=True)
_REASON = Key("reason", "Why; asked for by every auditor, so it must be there.", required=True)
_APPROVED = Key("approved_by", "Who allowed it.")
_UNTIL = Key("until", "The last day on which it counts, as `2027-06-30`; after that it is reported, and has no effect.")

POLICY = Key(
    "",
    "What a rule may not decide by itself.",
    (
        Key("policy", "The version of the policy format: `1`.", required=True),
        Key(
            "parameters",
            "The values that fixes write where only the organisation knows them: keys, networks, names. "
            "One value, or one for each dialect: `{terraform: .., cloudformation: ..}`, also as `{$expr: ..}`.",
            names=Values.PARAMETER,
        ),
        Key(
            "rules",
            "Which rules are in force, and what may be done about them.",
            (
                Key(
                    "select",
                    "Which rules are in force; without it, all.",
                    (
                        Key(
                            "frameworks",
                            "Only rules with a requirement of one of these standards.",
                            values=Values.FRAMEWORK,
                            is_list=True,
                        ),
                        Key("min_severity", "Only rules that are at least so severe.", values=Values.SEVERITY),
                    ),
                ),
                Key("disable", "Rules that do not apply here.", (_RULE, _REASON, _APPROVED, _UNTIL), is_list=True),
                Key(
                    "fix",
                    "What may be fixed without asking.",
                    (
                        Key(
                            "allow_impact",
                            "The impacts that a fix may have where several are applied at once, besides `none`. "
                            "Without it: `in_place`.",
                            values=Values.IMPACT,
                            is_list=True,
                            required=True,
                        ),
                    ),
                ),
                Key(
                    "no_suppression",
                    "Rules that no comment in the code may set aside.",
                    values=Values.RULE,
                    is_list=True,
                ),
                Key(
                    "override",
                    "Shipped rules that a rule of the organisation's own with the same id replaces.",
                    values=Values.RULE,
                    is_list=True,
                ),
            ),
        ),
        Key(
            "exceptions",
            "Rules that are set aside for some resources.",
            (
                _RULE,
                Key("resource", "The addresses that it counts for, as a pattern in which `*` is any text."),
                Key(
                    "path",
                    "The files that it counts for, from the policy on: `*` is any name, `**` any number of folders.",
                ),
                _REASON,
                _APPROVED,
                _UNTIL,
            ),
            is_list=True,
        ),
        Key(
            "account_baseline",
            "Folders, as patterns, that set up an account: there a missing account-wide setting is a finding.",
            is_list=True,
        ),
        Key("extra_rules", "Folders below this file with rules of the organisation's own.", is_list=True),
    ),
)

# --------------------------------------------------------------------- rules

_STATE = Key("state", "The desired state, a tree that looks like the configuration.", is_tree=True)
_RESOURCE = Key("resource", "The resource type.", required=True)
_COMPANION = Key(
    "companions",
    "Other resources that must exist beside the primary, and be right.",
    (
        _RESOURCE,
        Key(
            "link",
            "The attribute that points at the primary, and the attributes of the primary that it may point at: "
            "`{bucket: [id, bucket]}`.",
            required=True,
        ),
        Key("state", _STATE.meaning, required=True, is_tree=True),
        Key("suffix", "What follows the primary's name in the companion's logical id, in templates."),
        Key("document", "The attribute that carries a policy document."),
    ),
    is_list=True,
)
_TARGET = (
    _RESOURCE,
    Key("when", "The rule applies only where this holds; where that is unknown, so is the verdict.", is_tree=True),
    _STATE,
    _COMPANION,
    Key(
        "fix",
        "That no machine should write this fix, and why.",
        (
            Key("none", "The kind of reason.", values=Values.NO_FIX, required=True),
            Key("reason", "What a person has to do or know instead.", required=True),
        ),
    ),
    Key("impact", "What the fix costs for this type, where it differs.", values=Values.IMPACT),
    Key("once", "The setting is wanted once: in a root module, or in a template.", values=Values.ONCE),
    Key("anchors", "Resource types beside which the setting is wanted; the fix goes to the first.", is_list=True),
    Key("name", "The name of the resource that is wanted once, where it must be created."),
)

RULE = Key(
    "",
    "One security requirement.",
    (
        Key("id", "Its permanent name: provider-service-name, for the state that is wanted.", required=True),
        Key("version", "Rises when its verdicts or its fix change.", required=True),
        Key("title", "The wanted state in one sentence of at most 90 characters.", required=True),
        Key("severity", "How bad a violation is.", values=Values.SEVERITY, required=True),
        Key("category", "What the requirement is about.", values=Values.CATEGORY, required=True),
        Key("rationale", "Why it matters.", required=True),
        Key("references", "Links to what the provider says about it.", required=True, is_list=True),
        Key(
            "frameworks",
            "The ids of the requirements that it answers, by standard and edition.",
            names=Values.FRAMEWORKS,
            required=True,
        ),
        Key(
            "impact",
            "What it costs to deploy the fix, in each dialect.",
            (
                Key("terraform", "The impact in Terraform.", values=Values.IMPACT, required=True),
                Key("cloudformation", "The impact in CloudFormation.", values=Values.IMPACT, required=True),
                Key("note", "What the impact means here, in one sentence."),
                Key("replaces_when", "The fix replaces the resource where this holds.", is_tree=True),
            ),
            required=True,
        ),
        Key("terraform", "What is asked of Terraform's resource types.", _TARGET, is_list=True, required=True),
        Key("cloudformation", "What is asked of CloudFormation's.", _TARGET, is_list=True, required=True),
        Key(
            "also_relevant",
            "Requirements that others than the standard's or the cloud's owner map to it: shown apart.",
            names=Values.FRAMEWORKS,
        ),
        Key("also_controls", "The cloud's own controls that ask for the same.", is_list=True),
        Key(
            "parameters",
            "The values of the policy that it needs, by name.",
            (
                Key("type", "What a value must be.", values=Values.TYPE, required=True),
                Key("required", "Without it there is no fix.", values=Values.BOOLEAN),
                Key("default", "What is used where the policy sets nothing."),
                Key("description", "What it is, in one sentence."),
            ),
            names=Values.OWN,
        ),
        Key("implies", "Rules that a fix of this one brings along.", values=Values.RULE, is_list=True),
        Key("implied_by", "Rules whose fix brings this one along.", values=Values.RULE, is_list=True),
        Key("aliases", "The peers' ids for the same requirement, by tool.", names=Values.TOOLS),
    ),
)

MEANINGS = {
    "$is": "Equals the value; the same as writing the value alone.",
    "$one_of": "Is one of these; the first is written.",
    "$none_of": "Is none of these; `$write` says what is written.",
    "$at_least": "A bound from below, in numbers, versions or an `$order`; the bound is written.",
    "$at_most": "A bound from above, in numbers, versions or an `$order`; the bound is written.",
    "$contains": "A list that has at least these; those that are missing are added.",
    "$excludes": "A list, or a value, without such an element; `any_address` stands for open networks.",
    "$set": "Present and not empty; a reference counts. `$write` says what is written.",
    "$absent": "Missing; removed where it is there.",
    "$present": "There (in `when` and `$where` only).",
    "$secret": "Missing, or not readable in the code.",
    "$document": "An IAM document, however written: `{$has_statement: {..}}` or `{$no_statement: {..}}`.",
    "$default": "What absence means; without it, absence violates.",
    "$explicit": "Nothing less than written out, even where the default is fine.",
    "$write": "The value that is written.",
    "$requires": "The leaf applies only if the policy sets this parameter.",
    "$order": "The order of a bound: `version`, or one of the shipped orders.",
    "$item_key": "The items of the list are mappings with this key.",
    "$replace": "What each bad element becomes; `[]` removes it.",
    "$if_present": "The block is judged only where it is there.",
    "$list": "The property is a list of objects.",
    "$entry": "The entry with this key and value is meant.",
    "$any_of": "One of the alternatives holds; the first is written.",
    "$covers_port": "The range of ports includes this one (in `when` and `$where` only).",
    "$each": "All elements, or those for which `$where` holds.",
    "$where": "Which elements are meant.",
    "$param": "A value from the policy.",
    "$first": "The first of these that is set.",
    "$self": "A reference to an attribute of the primary.",
    "$suffix": "Text after the reference.",
    "$expr": "An expression of the dialect, written as it stands.",
    "$any": "Some element is one of these (in statements only).",
}
"""What each operator of a desired state accepts and writes."""


def declared_at(root: Key, path: tuple[str | int, ...]) -> Key | None:
    """Return the declaration of what is at a path of keys and indices; None where nothing is declared.

    A member of a mapping with free names is declared as a mapping with the keys that all its members have; everything
    inside a desired state as the state.
    """
    here: Key | None = root
    for step in path:
        if here is None or here.is_tree:
            break
        if isinstance(step, int):
            continue
        here = Key(step, here.meaning, here.keys) if here.names is not None else here.find(step)
    return here
