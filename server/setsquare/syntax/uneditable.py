"""What a Terraform file says in a way that no editor can change."""

import re

from setsquare.model import Change, ExtendList, Insert, ReplaceItem

_HCL = (".tf", ".tofu", ".tfvars")
_JSON = ".json"
_LOOP = re.compile(rb"[\[{]\s*for\b")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"')


def why_uneditable(path: str, source: bytes, change: Change) -> str | None:
    """Return why a change of a file cannot be made; None where it can."""
    if path.endswith(_JSON) and _is_inside_text(source, change):
        return "it is decided in an expression inside a JSON text, which is not edited"
    if path.endswith(_HCL) and _is_put_together(source, change):
        return "it is put together by an expression, so there is no place for more"
    return None


def _is_inside_text(source: bytes, change: Change) -> bool:
    """Whether a change is to what Terraform reads in a text of a JSON file, as a call: no JSON editor can make it."""
    span = change.span
    if span is None:
        return False
    text = next((found.span() for found in _TEXT.finditer(source) if found.end() > span.start), (span.start, span.end))
    if text == (span.start, span.end):
        return isinstance(change, Insert | ExtendList | ReplaceItem) and source.startswith(b'"', span.start)
    return text[0] < span.start


def _is_put_together(source: bytes, change: Change) -> bool:
    """Whether a list or object that a change adds to is not written out, but what an expression makes."""
    if not isinstance(change, Insert | ExtendList):
        return False
    written = source[change.span.start : change.span.end]
    return not written.startswith((b"[", b"{")) or _LOOP.match(written) is not None
