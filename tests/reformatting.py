"""The same configuration in another layout: comments, blank lines, indentation, styles, line ends."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import yaml

BOM = "\ufeff"
MARKER = "note"
_COMMENTS = ("# {} ü🙂", "// {}", "/* {} */")
_HEREDOC = re.compile(r"<<-?(\w+)$")
_ATTRIBUTE = re.compile(r"^( *[\w\"-]+) *= *(.*)$")
_OPENING = re.compile(r"^ *[\w-]+( \"[^\"]*\")* \{$")


def hcl(text: str, random: Random) -> str:
    """Return HCL in another layout."""
    lines = list(_one_line_blocks(text.splitlines(), random))
    indentation = random.choice(["  ", "\t", "    ", "", "   "])
    spacing = random.choice([" = ", "=", "  =   "])
    notes = _Notes(random, _COMMENTS)
    result: list[str] = []
    marker = None
    for line in lines:
        if marker is not None:
            result.append(line)
            marker = None if line.strip() == marker else marker
            continue
        body = line.lstrip(" ")
        spaced = indentation * ((len(line) - len(body)) // 2) + body
        attribute = _ATTRIBUTE.match(spaced)
        if attribute and random.random() < 0.5:
            spaced = attribute.group(1).rstrip() + spacing + attribute.group(2)
        heredoc = _HEREDOC.search(spaced)
        marker = heredoc.group(1) if heredoc else None
        result += notes.lines(spaced)
        result.append(spaced if heredoc or not body else notes.after(spaced))
    return _with_ends("\n".join([*result, *notes.lines("")]) + "\n", random)


def _one_line_blocks(lines: list[str], random: Random) -> Iterator[str]:
    """Yield lines, some blocks of one attribute on one line."""
    at = 0
    marker = None
    while at < len(lines):
        line, rest = lines[at], lines[at + 1 : at + 3]
        heredoc = _HEREDOC.search(line)
        if marker is None and heredoc:
            marker = heredoc.group(1)
        elif marker is not None and line.strip() == marker:
            marker = None
        fits = len(rest) == 2 and re.fullmatch(r" *[\w-]+ += [^{\[(<]*", rest[0]) and rest[1].strip() == "}"
        if marker is None and fits and _OPENING.match(line) and random.random() < 0.5:
            yield f"{line} {rest[0].strip()} }}"
            at += 3
        else:
            yield line
            at += 1


class _Notes:
    """Numbered comments, so that each can be found again."""

    def __init__(self, random: Random, forms: tuple[str, ...]) -> None:
        self._random = random
        self._forms = forms
        self._count = 0
        self._often = random.choice([0, 0.2, 0.6])

    def _note(self, forms: tuple[str, ...]) -> str:
        self._count += 1
        return self._random.choice(forms).format(f"{MARKER}{self._count}.")

    def lines(self, before: str) -> list[str]:
        """Return the comments and blank lines that come before a line."""
        columns = before[: len(before) - len(before.lstrip())]
        choice = self._random.random()
        if choice < self._often / 2:
            return [columns + self._note(self._forms)]
        return [""] if choice < self._often else []

    def after(self, line: str) -> str:
        """Return a line, perhaps with a comment at its end."""
        return f"{line} {self._note(self._forms)}" if self._random.random() < self._often else line


def _with_ends(text: str, random: Random) -> str:
    if random.random() < 0.2:
        text = text.rstrip("\n")
    if random.random() < 0.3:
        text = text.replace("\n", "\r\n")
    return BOM + text if random.random() < 0.2 else text


# --------------------------------------------------------------------- templates


class _Dumper(yaml.SafeDumper):
    """Writes nodes as they are styled, lists indented or not."""

    indented = False

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless and not self.indented)


def template(text: str, random: Random) -> str:
    """Return a template in another layout of YAML, or in JSON."""
    node = yaml.compose(text)
    if random.random() < 0.25:
        indent = random.choice([None, 2, 4, "\t"])
        return _with_ends(json.dumps(_typed(node), indent=indent, ensure_ascii=False) + "\n", random)
    flow = random.choice([0, 0.15, 1])
    quoted = random.choice([None, "'", '"'])
    _style(node, random, flow, quoted)
    if flow != 1:
        node.flow_style = False
    dumper = type("Dumper", (_Dumper,), {"indented": random.random() < 0.5})
    wide = random.random() < 0.7
    width = 10**6 if wide else 40
    written = yaml.serialize(node, Dumper=dumper, indent=random.choice([2, 4]), width=width, allow_unicode=True)
    return _with_ends(_with_notes(written, random) if wide else written, random)


def _style(node: yaml.Node, random: Random, flow: float, quoted: str | None) -> None:
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:str" and node.style is None and quoted and random.random() < 0.3:
            node.style = quoted
        return
    node.flow_style = random.random() < flow
    for child in node.value:
        for inner in child if isinstance(child, tuple) else (child,):
            _style(inner, random, flow, quoted)


def _with_notes(text: str, random: Random) -> str:
    notes = _Notes(random, _COMMENTS[:1])
    if re.search(r"[|>][-+]?\n", text):
        return text
    lines = [part for line in text.splitlines() for part in (*notes.lines(line), notes.after(line))]
    return "\n".join(lines) + "\n"


def _typed(node: yaml.Node) -> Any:
    """Return a node as JSON data, short forms of functions in their long form."""
    name = node.tag[1:] if node.tag.startswith("!") else None
    match node:
        case yaml.ScalarNode():
            value = yaml.safe_load(node.value) if node.tag.endswith((":bool", ":int", ":null")) else node.value
            if name == "GetAtt":
                value = node.value.split(".", 1)
        case yaml.SequenceNode():
            value = [_typed(item) for item in node.value]
        case _:
            value = {key.value: _typed(item) for key, item in node.value}
    if name is None:
        return value
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


def data_of_template(text: str) -> Any:
    """Return what a template says: scalars as texts, since quotes may make a boolean a text."""
    return _as_texts(json.loads(text.removeprefix(BOM)) if is_json(text) else _typed(yaml.compose(text)))


def is_json(text: str) -> bool:
    """Whether a text is JSON."""
    try:
        json.loads(text.removeprefix(BOM))
    except ValueError:
        return False
    return True


def data_of_hcl(data: Any) -> Any:
    """Return what a parser found, expressions without spaces and our comments."""
    match data:
        case dict():
            return {key: data_of_hcl(value) for key, value in data.items()}
        case list():
            return [data_of_hcl(item) for item in data]
        case str() if data.startswith("${"):
            return re.sub(r"\s+", "", re.sub(rf"(#|//) {MARKER}\d+\..*|/\* {MARKER}\d+\..*?\*/", "", data))
        case _:
            return data


def _as_texts(data: Any) -> Any:
    match data:
        case dict():
            return {str(key): _as_texts(value) for key, value in data.items()}
        case list():
            return [_as_texts(item) for item in data]
        case bool():
            return str(data).lower()
        case _:
            return str(data)
