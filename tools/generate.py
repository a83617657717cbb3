"""Writes the files of this repository that are derived: facts about providers, ids of requirements, the rules' pages.

    generate.py facts CATALOGUE SCHEMAS   rules/facts/*.json, for the resource types that rules name
    generate.py frameworks CATALOGUE      rules/frameworks/*.yaml
    generate.py docs                      docs/rules/*.md, and the settings in docs/lsp.md
    generate.py extension                 vscode-extension/package.json: settings and version

CATALOGUE is a folder with ``schemas/schema-aws.json.gz`` and ``schema-aws5.json.gz`` (the provider's schema in its two
current majors), ``force_new.json.gz`` (attributes whose change replaces the resource), ``compliance.tsv`` and
``securityhub.tsv`` (controls and the requirements they are mapped to). SCHEMAS is the folder ``cfnlint/data/schemas``
of an installed cfn-lint. Only ``docs`` and ``extension`` need nothing but the repository; the tests insist that both
were run.
"""

import argparse
import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from setsquare import __version__
from setsquare.documents import Dialect
from setsquare.lsp.settings import SECTION, declarations
from setsquare.model import MODULE_TYPE
from setsquare.output.rule_page import index, render
from setsquare.rules.catalogue import Catalogue
from setsquare.rules.checks import children, trees
from setsquare.rules.compiled import read_rules
from setsquare.rules.examples import load_examples
from setsquare.rules.facts import COMPUTED, MAY_REPLACE, REPLACES, REQUIRED, described

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"
PAGES = ROOT / "docs" / "rules"
SERVER_PAGE = ROOT / "docs" / "lsp.md"
EXTENSION = ROOT / "vscode-extension" / "package.json"
Json = Any

_WRITTEN = "<!-- written by tools/generate.py -->"
_END = "<!-- end -->"
_MOST_VALUES = 30
"""Enumerations with more values than this are left out: they are lists of machine sizes, not decisions."""


def main() -> None:
    """Run one of the generators."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    facts = commands.add_parser("facts")
    facts.add_argument("catalogue", type=Path)
    facts.add_argument("schemas", type=Path)
    frameworks = commands.add_parser("frameworks")
    frameworks.add_argument("catalogue", type=Path)
    commands.add_parser("docs")
    commands.add_parser("extension")
    arguments = parser.parse_args()
    match arguments.command:
        case "facts":
            write_facts(arguments.catalogue, arguments.schemas)
        case "frameworks":
            write_frameworks(arguments.catalogue)
        case "extension":
            EXTENSION.write_text(extension(EXTENSION.read_text(encoding="utf-8")), encoding="utf-8")
        case _:
            write_pages()


# --------------------------------------------------------------------- facts


def write_facts(catalogue: Path, schemas: Path) -> None:
    """Write what the providers' schemas say about the resource types that rules name."""
    rules = Catalogue(read_rules(RULES))
    folder = RULES / "facts"
    folder.mkdir(exist_ok=True)
    kinds = sorted(kind for kind in rules.types(Dialect.TERRAFORM) if not kind.startswith(MODULE_TYPE))
    terraform = _named_by(rules, Dialect.TERRAFORM, _terraform(catalogue, kinds))
    types = sorted(rules.types(Dialect.CLOUDFORMATION))
    cloudformation = _named_by(rules, Dialect.CLOUDFORMATION, _cloudformation(schemas, types))
    objects = {name: found for name, paths in terraform.items() if (found := _object_attributes(paths))}
    _write_json(folder / "terraform.json", terraform)
    _write_json(folder / "cloudformation.json", cloudformation)
    _write_json(folder / "object_attributes.json", objects)
    needed = {Dialect.TERRAFORM: terraform, Dialect.CLOUDFORMATION: cloudformation}
    _write_json(folder / "required.json", {dialect.value: _required(types) for dialect, types in needed.items()})


def _named_by(
    rules: Catalogue, dialect: Dialect, types: Iterable[tuple[str, dict[str, str]]]
) -> dict[str, dict[str, str]]:
    """Return the facts of each type, without what is nested in properties of which no rule speaks."""
    named: dict[str, set[str]] = defaultdict(set)
    for rule in rules.rules.values():
        for written, resource, tree in trees(rule):
            if written is dialect:
                named[resource].update(name for name, _ in children(tree))
    return {
        name: {path: fact for path, fact in facts.items() if "." not in path or path.split(".")[0] in named[name]}
        for name, facts in types
    }


def _write_json(path: Path, table: Mapping[str, Json]) -> None:
    """Write one line a type, so that a change shows what it changes."""
    lines = (f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in sorted(table.items()))
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def _required(types: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, list[str]]]:
    """Return what a new body cannot do without: per type and path, the names of its required members."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, paths in types.items():
        for path, fact in paths.items():
            if REQUIRED in fact.split(", "):
                parent, _, member = path.rpartition(".")
                found.setdefault(name, {}).setdefault(parent, []).append(member)
    return found


def _object_attributes(paths: Mapping[str, str]) -> list[str]:
    return [path for path, fact in paths.items() if "object" in fact.split(",")[0] and COMPUTED not in fact]


def _terraform(catalogue: Path, types: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    majors = {number: _gzipped(catalogue / "schemas" / name) for number, name in _MAJORS.items()}
    force_new = _gzipped(catalogue / "force_new.json.gz")
    for name in types:
        schemas = {n: dict(_attributes(s["resources"][name], "")) for n, s in majors.items() if name in s["resources"]}
        replacing = {**force_new["legacy"]["aws"].get(name, {}), **force_new["aws"].get(name, {})}
        if not schemas:
            print(f"{name}: not in the provider's schema")
            continue
        facts: dict[str, str] = {}
        for path in sorted({path for schema in schemas.values() for path in schema}):
            kind, words = next(schema[path] for schema in schemas.values() if path in schema)
            if path in replacing:
                words = (*words, REPLACES if replacing[path] is True else MAY_REPLACE)
            only = [number for number, schema in schemas.items() if path not in schema]
            facts[path] = described(kind, (*words, *(f"not in {number}" for number in only)))
        yield name, facts


_MAJORS = {6: "schema-aws.json.gz", 5: "schema-aws5.json.gz"}


def _gzipped(path: Path) -> Json:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


_FLAGS = {"c": (COMPUTED,), "r": (REQUIRED,)}


def _attributes(body: Json, prefix: str) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    for name, (kind, flags, *inner) in body.get("a", {}).items():
        yield prefix + name, (kind, _FLAGS.get(flags, ()))
        for nested in inner:
            yield from _attributes(nested, f"{prefix}{name}.")
    for name, block in body.get("b", {}).items():
        yield prefix + name, ("block" if block.get("max1") else "blocks", _FLAGS.get(block.get("f"), ()))
        yield from _attributes(block, f"{prefix}{name}.")


def _cloudformation(schemas: Path, types: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    regions = sorted((schemas / "providers").glob("*.json"), key=lambda path: path.stem not in ("us-east-1", "sam"))
    files: dict[str, str] = {}
    for region in regions:  # the first that knows a type decides; retired services linger in few regions
        files = {**json.loads(region.read_text(encoding="utf-8")), **files}
    for name in types:
        if name not in files:
            print(f"{name}: not in the schemas of CloudFormation")
            continue
        schema = json.loads((schemas / "resources" / f"{files[name]}.json").read_text(encoding="utf-8"))
        yield name, _Template(schema).facts()


class _Template:
    """The properties of one CloudFormation type, flat: the items of a list have the path of the list."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._words = {
            word: {_dotted(pointer) for pointer in schema.get(keyword, ())}
            for keyword, word in (
                ("createOnlyProperties", REPLACES),
                ("conditionalCreateOnlyProperties", MAY_REPLACE),
                ("readOnlyProperties", COMPUTED),
            )
        }
        self._facts: dict[str, str] = {}

    def facts(self) -> dict[str, str]:
        self._properties(self._schema, "", ())
        return dict(sorted(self._facts.items()))

    def _properties(self, node: Json, prefix: str, inherited: tuple[str, ...], seen: tuple[str, ...] = ()) -> None:
        for name, value in node.get("properties", {}).items():
            path = prefix + name
            words = tuple(sorted({*inherited, *(word for word, paths in self._words.items() if path in paths)}))
            for resolved, references in self._resolved(value, seen):
                kind, inner = self._kind(resolved)
                if path not in self._facts or not self._facts[path].startswith(("object", "objects")):
                    needed = (REQUIRED,) if name in node.get("required", ()) else ()
                    self._facts[path] = described(kind, (*words, *needed))
                for nested, more in self._resolved(inner, references):
                    self._properties(nested, f"{path}.", words, more)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for option in node.get(keyword, ()):
                for resolved, references in self._resolved(option, seen):
                    self._properties(resolved, prefix, inherited, references)

    def _resolved(self, node: Json, seen: tuple[str, ...]) -> Iterator[tuple[Json, tuple[str, ...]]]:
        """Yield what a node refers to; nothing where it refers back to what it stands in."""
        reference = node.get("$ref")
        if reference is None:
            yield node, seen
        elif reference not in seen:
            target: Json = self._schema
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            yield from self._resolved(target, (*seen, reference))

    def _kind(self, node: Json) -> tuple[str, Json]:
        """Return the kind of a value, and the node with its properties."""
        written = node.get("type")
        kinds = {written} if isinstance(written, str) else set(written or ())
        if kinds == {"array"}:
            items = node.get("items", {})
            are_objects = any(_has_properties(item) for item, _ in self._resolved(items, ()))
            return ("objects", items) if are_objects else ("array", {})
        if _has_properties(node):
            return "object", node
        if "object" in kinds or node.get("patternProperties"):
            return "map", {}
        values = [value for value in node.get("enum", ()) if isinstance(value, str)]
        if kinds == {"string"} and 0 < len(values) <= _MOST_VALUES:
            return f"string({'|'.join(values)})", {}
        return next(iter(kinds)) if len(kinds) == 1 else "any", {}


def _has_properties(node: Json) -> bool:
    options = [option for keyword in ("allOf", "anyOf", "oneOf") for option in node.get(keyword, ())]
    return bool(node.get("properties")) or any("$ref" in option or _has_properties(option) for option in options)


def _dotted(pointer: str) -> str:
    return ".".join(step for step in pointer.removeprefix("/properties/").split("/") if step != "*")


# --------------------------------------------------------------------- frameworks


def write_frameworks(catalogue: Path) -> None:
    """Write the ids of each standard's requirements: claimed by its owner or the cloud's, and mapped by others only."""
    claimed: dict[str, set[str]] = defaultdict(set)
    mapped: dict[str, set[str]] = defaultdict(set)
    for row in _rows(catalogue / "compliance.tsv"):
        for name in _FRAMEWORKS if row["cloud"] == "aws" else ():
            for requirement in _ids(row[name]):
                (mapped if requirement.endswith("~") else claimed)[name].add(requirement.rstrip("~"))
    for row in _rows(catalogue / "securityhub.tsv"):
        for name in _FRAMEWORKS:
            claimed[name].update(_ids(row.get(name, "")) if name != "fsbp" else ())
        claimed["fsbp"].update([row["control"]] if row["fsbp"] == "yes" else ())
    folder = RULES / "frameworks"
    folder.mkdir(exist_ok=True)
    for name in _FRAMEWORKS:
        lines = [
            f"framework: {name}",
            *_listed("claimed", claimed[name]),
            *_listed("mapped", mapped[name] - claimed[name]),
        ]
        (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


_FRAMEWORKS = (
    "fsbp",
    "cis_aws_3.0",
    "cis_aws_5.0",
    "nist_800_53_r5",
    "pci_dss_4.0.1",
    "pci_dss_3.2.1",
    "soc2_tsc",
    "iso_27001_2022",
    "hipaa",
    "fedramp_moderate_r4",
    "gdpr",
)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _ids(text: str) -> list[str]:
    return [part for part in re.split(r"[ ,]+", text) if part.strip("?~")]


def _listed(key: str, ids: Iterable[str]) -> Iterator[str]:
    ordered = sorted(ids, key=lambda text: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)])
    yield f"{key}:" if ordered else f"{key}: []"
    yield from (f'  - "{requirement}"' for requirement in ordered)


# --------------------------------------------------------------------- pages


def write_pages() -> None:
    """Write the rules' pages and their index; pages of rules that are gone are removed."""
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in PAGES.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    SERVER_PAGE.write_text(with_settings(SERVER_PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_settings(text: str) -> str:
    """Return the page about the language server with the settings as they are declared."""
    before, _, rest = text.partition(_WRITTEN)
    return before + _WRITTEN + "\n" + "\n".join(_settings()) + "\n" + _END + rest.partition(_END)[2]


def _settings() -> Iterator[str]:
    yield "| setting | default | |"
    yield "|---|---|---|"
    for setting in declarations():
        default = "not set" if setting.default is None else f"`{json.dumps(setting.default).strip(chr(34))}`"
        values = setting.kind.values()
        some = "Some" if setting.kind.name == "array" else "One"
        allowed = f" {some} of {', '.join(f'`{value}`' for value in values)}." if values else ""
        yield f"| `{setting.name}` | {default} | {setting.description}{allowed} |"


def pages() -> dict[str, str]:
    """Return the text of each page by its file's name."""
    shipped = read_rules(RULES)
    rules = sorted(shipped.rules, key=lambda rule: rule.id)
    found = {"README.md": index(rules)}
    for rule in rules:
        path = RULES / shipped.files[rule.id].replace(".yaml", ".examples.yaml")
        examples, mistakes = load_examples(str(path), path.read_bytes()) if path.exists() else ((), ())
        if mistakes:
            raise SystemExit("\n".join(str(mistake) for mistake in mistakes))
        found[f"{rule.id}.md"] = render(rule, examples)
    return found


# --------------------------------------------------------------------- extension


def extension(text: str) -> str:
    """Return the description of the extension with the server's version, and its settings as they are declared."""
    described = json.loads(text)
    described["version"] = __version__
    settings = {f"{SECTION}.{setting.name}": {**setting.schema(), "scope": "window"} for setting in declarations()}
    described["contributes"]["configuration"][0]["properties"] = settings
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
