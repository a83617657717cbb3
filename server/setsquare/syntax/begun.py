"""A resource that has just been begun: what is there of it, in a text that is half typed.

It is read line by line: what has no end yet is no resource to any grammar.
"""

import re

from setsquare.documents import Format
from setsquare.records import record
from setsquare.text import Span

_HEADER = re.compile(rb'^resource[ \t]+"(\w+)"[ \t]+"([\w-]+)"', re.MULTILINE)
_ON_HEADER = re.compile(rb"[ \t]*\{?[ \t]*")
_UNDER_HEADER = re.compile(rb"[ \t]*\{[ \t]*\r?\n[ \t]*")
_CLOSES = re.compile(rb"\r?\n\}")
_SPACE = re.compile(rb"\s*")
_TYPE = re.compile(
    rb"^(?P<at> +)(?P<name>[A-Za-z0-9]+):[ ]*\r?\n"
    rb"(?P<in> +)Type:[ ]*[\"']?(?P<type>\w+::\w+::\w+)[\"']?[ ]*(?P<under>\r?\n[ ]*)?\Z",
    re.MULTILINE,
)
_LINE = re.compile(rb"^( *)(\S.*?)\r?$", re.MULTILINE)


@record
class Begun:
    """A resource that has just been begun.

    Attributes:
        span: what may be replaced, on one line.
        bare: the resource alone, complete.
        prefix: how much of it stands before the span.
        suffix: what of it stands after the span already.
        type: the resource type.
        address: the resource's address.

    """

    span: Span
    bare: bytes
    prefix: int
    suffix: bytes
    type: str
    address: str


def begun_at(format: Format, source: bytes, offset: int) -> Begun | None:  # noqa: A002 - the word that documents use
    """Return the resource that has just been begun at an offset.

    Args:
        format: ``HCL``, or ``YAML`` of a template; nothing is begun in others.
        source: the text.
        offset: where the person is.

    Returns:
        None where nothing has been begun, or the resource goes on already.

    """
    match format:
        case Format.HCL:
            return _terraform(source, offset)
        case Format.YAML:
            return _template(source, offset)
        case _:
            return None


def _terraform(source: bytes, offset: int) -> Begun | None:
    header = next(reversed([*_HEADER.finditer(source, 0, offset)]), None)
    if header is None:
        return None
    kind, name = header.group(1).decode(), header.group(2).decode()
    bare = header.group() + b" {\n}\n"
    between, line_end = source[header.end() : offset], _line_end(source, offset)
    rest = source[offset:line_end].strip()
    follows = _follows(source, line_end)
    if _UNDER_HEADER.fullmatch(between):
        if rest or follows is None:
            return None
        span = Span(source.rfind(b"\n", 0, offset) + 1, line_end)
        return Begun(span, bare, len(header.group()) + len(b" {\n"), follows, kind, f"{kind}.{name}")
    if not _ON_HEADER.fullmatch(between):
        return None
    braces = (between + rest).replace(b" ", b"").replace(b"\t", b"")
    if braces not in (b"", b"{", b"{}") or (braces == b"{" and follows is None):
        return None
    suffix = follows if braces == b"{" and follows else b""
    return Begun(Span(header.end(), line_end), bare, len(header.group()), suffix, kind, f"{kind}.{name}")


def _line_end(source: bytes, offset: int) -> int:
    end = source.find(b"\n", offset)
    end = len(source) if end < 0 else end
    return end - 1 if source[offset:end].endswith(b"\r") else end


def _follows(source: bytes, line_end: int) -> bytes | None:
    """Return what closes a block after a line: its brace, or nothing yet; None where the body goes on."""
    if _CLOSES.match(source, line_end):
        return b"\n}"
    space = _SPACE.match(source, line_end)
    start = line_end if space is None else space.end()
    if start == len(source) or (source[start - 1 : start] == b"\n" and source[start : start + 1] != b"}"):
        return b""
    return None


def _template(source: bytes, offset: int) -> Begun | None:
    found = _TYPE.search(source[:offset])
    line_end = _line_end(source, offset)
    if found is None or source[offset:line_end].strip():
        return None
    at, inside = found.group("at"), found.group("in")
    if len(inside) <= len(at) or not _is_among_resources(source[: found.start()], len(at)):
        return None
    after = _LINE.search(source, line_end + 1) if line_end < len(source) else None
    if after is not None and len(after.group(1)) > len(at):
        return None  # the resource goes on
    name, kind = found.group("name"), found.group("type")
    bare = b"Resources:\n" + at + name + b":\n" + inside + b"Type: " + kind + b"\n"
    is_under = found.group("under") is not None
    start = source.rfind(b"\n", 0, offset) + 1 if is_under else offset
    prefix = len(bare) if is_under else len(bare) - 1
    return Begun(Span(start, line_end), bare, prefix, b"", kind.decode(), name.decode())


def _is_among_resources(before: bytes, indentation: int) -> bool:
    """Whether the mapping that a line of this indentation belongs to is the template's ``Resources``."""
    for line in reversed([*_LINE.finditer(before)]):
        if len(line.group(1)) < indentation and not line.group(2).startswith(b"#"):
            return not line.group(1) and line.group(2).partition(b"#")[0].rstrip() == b"Resources:"
    return False
