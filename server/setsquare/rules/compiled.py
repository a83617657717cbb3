"""The rules as shipped: YAML files in the source, one JSON file in the wheel."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from setsquare.model import Literal
from setsquare.records import record
from setsquare.rules.codec import decode, encode
from setsquare.rules.decoding import Decoder, Mistake, Unfit
from setsquare.rules.loader import load_rule
from setsquare.rules.rule import Rule

COMPILED_NAME = "catalogue.json"
_SOURCE = Path(__file__).parents[3] / "rules"


@record
class Shipped:
    """What a catalogue is made of.

    Attributes:
        rules: by no particular order.
        orders: names of the ordered enumerations, weakest first.
        object_attributes: per Terraform type, the dotted paths that are attributes of object type, not nested blocks.
        required: per dialect, type and dotted path, the members that a new body there cannot do without.
        files: the file of each rule, by id, relative to the folder of rules.
        digest: of all that went in.

    """

    rules: tuple[Rule, ...]
    orders: Mapping[str, Sequence[str]]
    object_attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    required: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""


class RuleFilesError(Exception):
    """The shipped rules have mistakes."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


def read_rules(folder: Path) -> Shipped:
    """Read a folder of rules.

    Raises:
        RuleFilesError: a file has mistakes.

    """
    rules: list[Rule] = []
    files: dict[str, str] = {}
    mistakes: list[Mistake] = []
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*/*/*.yaml")):
        if path.name.endswith(".examples.yaml"):
            continue
        source = path.read_bytes()
        relative = path.relative_to(folder).as_posix()
        digest.update(relative.encode() + b"\0" + source + b"\0")
        rule, found = load_rule(str(path), source)
        mistakes += found
        if rule is not None:
            rules.append(rule)
            files[rule.id] = relative
    orders, found_in_orders = _orders(folder / "orders.yaml")
    mistakes += found_in_orders
    if mistakes:
        raise RuleFilesError(mistakes)
    objects, required = (_facts(folder, name) for name in ("object_attributes", "required"))
    digest.update(json.dumps([orders, objects, required], sort_keys=True).encode())
    return Shipped(tuple(rules), orders, objects, required, files, "sha256:" + digest.hexdigest())


def _facts(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "facts" / f"{name}.json"
    return cast("dict[str, Any]", json.loads(path.read_text())) if path.exists() else {}


def _orders(path: Path) -> tuple[dict[str, tuple[str, ...]], tuple[Mistake, ...]]:
    if not path.exists():
        return {}, ()
    decoder = Decoder(str(path), path.read_bytes())
    root = decoder.root("ordered enumerations by name")
    orders: dict[str, tuple[str, ...]] = {}
    for entry in root.entries if root is not None else ():
        try:
            name = str(entry.key.value) if isinstance(entry.key, Literal) else ""
            items = decoder.items(entry.value, "a list, weakest first")
            orders[name] = tuple(str(value) for value in decoder.each(items, decoder.scalar))
        except Unfit:
            continue
    return orders, tuple(decoder.mistakes)


def compile_rules(folder: Path, stamp: str = "") -> bytes:
    """Return a folder of rules as one JSON text.

    Raises:
        RuleFilesError: a file has mistakes.

    """
    shipped = read_rules(Path(folder))
    content = {
        "stamp": stamp,
        "digest": shipped.digest,
        "orders": shipped.orders,
        "object_attributes": shipped.object_attributes,
        "required": shipped.required,
        "files": shipped.files,
        "rules": [encode(rule) for rule in shipped.rules],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def load_compiled(text: bytes) -> Shipped:
    """Return what ``compile_rules`` was given."""
    content = json.loads(text)
    return Shipped(
        rules=tuple(cast("Rule", decode(rule)) for rule in content["rules"]),
        orders={name: tuple(order) for name, order in content["orders"].items()},
        object_attributes=content["object_attributes"],
        required=content["required"],
        files=content["files"],
        digest=content["digest"],
    )


@cache
def shipped() -> Shipped:
    """Return the rules of this installation; in a source checkout they are compiled again when a file changes."""
    if not _SOURCE.is_dir():
        return load_compiled(resources.files("setsquare").joinpath(COMPILED_NAME).read_bytes())
    stamp = _stamp(_SOURCE)
    kept = Path(__file__).parents[1] / COMPILED_NAME
    if kept.exists():
        text = kept.read_bytes()
        if text.startswith(b'{"stamp":"%s"' % stamp.encode()):
            return load_compiled(text)
    text = compile_rules(_SOURCE, stamp)
    _keep(kept, text)
    return load_compiled(text)


def rules_folder() -> Path:
    """Return the folder of the shipped rules: the source's, or what the wheel carries of it."""
    return _SOURCE if _SOURCE.is_dir() else Path(str(resources.files("setsquare").joinpath("shipped_rules")))


def _stamp(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".yaml", ".json") and not path.name.endswith(".examples.yaml"):
            known = path.stat()
            digest.update(f"{path.name}\0{known.st_mtime_ns}\0{known.st_size}\0".encode())
    return digest.hexdigest()


def _keep(path: Path, text: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(text)
        temporary.replace(path)
    except OSError:  # a checkout that may not be written to is compiled each time
        temporary.unlink(missing_ok=True)
