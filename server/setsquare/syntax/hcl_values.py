"""What a fix writes, as HCL text: values, attributes, blocks.

Lines are indented here; ``=`` stands after one space, and ``hcl_align`` lines it up with its neighbours.
"""

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from setsquare.model import (
    DialectExpression,
    JsonDocument,
    NewAttribute,
    NewBlock,
    NewEntry,
    NewResource,
    ResourceReference,
    Written,
    WrittenMap,
)
from setsquare.records import record
from setsquare.syntax.edit_error import EditError

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_KEYWORDS = frozenset({"for", "true", "false", "null"})
_LONGEST_LINE = 100
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f\u2028\u2029]|\$+(?=\{)|%+(?=\{)')


def quoted(text: str) -> str:
    """Return a quoted string that says exactly this text."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    if found[0] in "$%":
        # Of "$$${" nobody can tell which two belong together, so all signs but the last are spelled out.
        return f"\\u{ord(found[0]):04x}" * (len(found) - 1) + found[0] * 2
    return _ESCAPES.get(found) or f"\\u{ord(found):04x}"


def key_text(key: str) -> str:
    """Return the key of an object as it is written."""
    return key if _IDENTIFIER.fullmatch(key) and key not in _KEYWORDS else quoted(key)


def as_value(entry: NewEntry) -> Written:
    """Return the value that an entry has inside an object value, where there are no blocks."""
    if isinstance(entry, NewAttribute):
        return entry.value
    inner = WrittenMap(tuple((child.name, as_value(child)) for child in entry.entries))
    return (inner,) if entry.as_list else inner


@record
class Writer:
    """Writes in the layout of one file.

    Attributes:
        eol: how its lines end.
        unit: what one level is indented by.

    """

    eol: bytes
    unit: bytes

    def value(self, value: Written, indent: bytes) -> bytes:
        """Return a value whose first line is indented by ``indent``."""
        match value:
            case None:
                return b"null"
            case bool():
                return b"true" if value else b"false"
            case str():
                return quoted(value).encode()
            case int() | float():
                return _number(value)
            case DialectExpression(text):
                return re.sub("\r?\n", self.eol.decode(), text).encode()
            case ResourceReference():
                return _reference(value).encode()
            case JsonDocument(inner):
                return b"jsonencode(" + self.value(inner, indent) + b")"
            case WrittenMap(entries):
                return self._braced(
                    (self.attribute(key_text(key), item, indent + self.unit) for key, item in entries), indent
                )
            case _:
                return self._list(value, indent)

    def attribute(self, name: str, value: Written, indent: bytes) -> bytes:
        """Return ``name = value`` without the indentation of its first line."""
        return name.encode() + b" = " + self.value(value, indent)

    def block(self, header: bytes, entries: Sequence[NewEntry], indent: bytes) -> bytes:
        """Return a block without the indentation of its first line: attributes, then nested blocks."""
        inner = indent + self.unit
        attributes = [entry for entry in entries if isinstance(entry, NewAttribute)]
        blocks = [entry for entry in entries if isinstance(entry, NewBlock)]
        lines = [self.attribute(entry.name, entry.value, inner) for entry in attributes]
        groups = [(self.eol + inner).join(lines)] if lines else []
        groups += [self.block(entry.name.encode(), entry.entries, inner) for entry in blocks]
        return header + b" " + self._body(groups, indent)

    def resource(self, new: NewResource) -> bytes:
        """Return a resource block; how often it exists stands in a group of its own."""
        header = f"resource {quoted(new.type)} {quoted(new.name)}".encode()
        repeat = [(name, text) for name, text in (("count", new.count), ("for_each", new.for_each)) if text is not None]
        text = self.block(header, new.entries, b"")
        if not repeat:
            return text
        line = self.eol.join(self.unit + f"{name} = {expression}".encode() for name, expression in repeat)
        separator = self.eol if new.entries else b""
        start = len(header) + len(b" {") + len(self.eol)
        return text[:start] + line + self.eol + separator + text[start:]

    def _body(self, groups: Sequence[bytes], indent: bytes) -> bytes:
        lines = b"{" + self.eol
        blank = b""
        for group in groups:
            lines += blank + indent + self.unit + group + self.eol
            blank = self.eol
        return lines + indent + b"}"

    def _braced(self, lines: Iterable[bytes], indent: bytes) -> bytes:
        text = b"".join(indent + self.unit + line + self.eol for line in lines)
        return b"{" + self.eol + text + indent + b"}" if text else b"{}"

    def _list(self, items: Sequence[Written], indent: bytes) -> bytes:
        if all(item is None or isinstance(item, str | int | float | bool) for item in items):
            line = b"[" + b", ".join(self.value(item, indent) for item in items) + b"]"
            if len(line.decode()) <= _LONGEST_LINE:
                return line
        inner = indent + self.unit
        lines = b"".join(inner + self.value(item, inner) + b"," + self.eol for item in items)
        return b"[" + self.eol + lines + indent + b"]"


def _number(value: float) -> bytes:
    if not math.isfinite(value):
        reason = f"{value} is not a number that can be written"
        raise EditError(reason)
    # Without an exponent: the grammar that reads it back knows none with a sign.
    text = f"{Decimal(repr(value)):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).encode()


def target_of(reference: ResourceReference) -> str:
    """Return what Terraform calls a reference's target: ``type.name.attribute``, or ``each.value.attribute``.

    Raises:
        EditError: a reference without a name.

    """
    if reference.name is None:
        reason = "the resource that is meant is not named"
        raise EditError(reason)
    return ".".join(part for part in (reference.type, reference.name, reference.attribute) if part)


def _reference(reference: ResourceReference) -> str:
    target = target_of(reference)
    return f'"${{{target}}}{quoted(reference.suffix)[1:]}' if reference.suffix else target
