"""Where in a YAML text a person is: the keys around a position, also where the text there is half typed."""

import re

from setsquare.data import compose
from setsquare.model import Expression, ListExpression, Literal, ObjectExpression
from setsquare.records import record
from setsquare.text import Span

_MARK = "setsquare_is_here"
_WORD = re.compile(rb"[\w$.-]*\Z")
_REST = re.compile(rb"[\w$.-]*")
_CLOSINGS = ("", "]", "}", "}]", "]}", "}}", "}]}")
Path = tuple[str | int, ...]


@record
class Spot:
    """A position in a text of mappings and lists.

    Attributes:
        path: the keys and the indices of list items that lead to the key or value at the position; of a key that is
            still to be written, to its mapping.
        span: of the key or scalar.
        is_key: whether it is in a key.
        beside: the other keys of the mapping that the position is in.

    """

    path: Path
    span: Span
    is_key: bool
    beside: tuple[str, ...] = ()


def spot_at(source: bytes, offset: int) -> Spot | None:
    """Return the key or scalar at an offset of a text; None where there is none, or where the text is broken."""
    for document in compose(source):
        found = _at(document.root, offset, ())
        if found is not None:
            return found
    return None


def _at(expression: Expression, offset: int, path: Path) -> Spot | None:
    if isinstance(expression, ObjectExpression):
        names = tuple(str(entry.key.value) for entry in expression.entries if isinstance(entry.key, Literal))
        for entry in expression.entries:
            if not isinstance(entry.key, Literal):
                continue
            name = str(entry.key.value)
            others = tuple(other for other in names if other != name)
            if entry.key.span.start <= offset <= entry.key.span.end:
                return Spot((*path, name), entry.key.span, is_key=True, beside=others)
            found = _at(entry.value, offset, (*path, name))
            if found is not None:
                return found
        return None
    if isinstance(expression, ListExpression):
        for index, item in enumerate(expression.items):
            found = _at(item, offset, (*path, index))
            if found is not None:
                return found
        return None
    is_here = isinstance(expression, Literal) and expression.span.start <= offset <= expression.span.end
    return (
        Spot(path, expression.span, is_key=False) if is_here and expression.span.start < expression.span.end else None
    )


def spot_to_write(source: bytes, offset: int) -> Spot | None:
    """Return what can be written at an offset; its span is the word that stands there already.

    The text around may be half typed: a mark takes the word's place, as a value or as a key, with the brackets that are
    still open closed after it, until the text can be read.
    """
    word = _WORD.search(source, 0, offset)
    start = offset if word is None else word.start()
    rest = _REST.match(source, offset)
    end = offset if rest is None else rest.end()
    line_end = source.find(b"\n", end)
    after = source[end : line_end if line_end >= 0 else len(source)]
    for suffix in ("", ":") if not after.lstrip().startswith(b":") else ("",):
        for closing in _CLOSINGS:
            mark = f"{_MARK}{suffix}{closing}".encode()
            for text in (source[:start] + mark + source[end:], source[:start] + mark):
                found = _marked(text, start, is_key=bool(suffix))
                if found is not None:
                    path = found.path[:-1] if found.is_key else found.path
                    return Spot(path, Span(start, end), found.is_key, found.beside)
    return None


def _marked(text: bytes, start: int, *, is_key: bool) -> Spot | None:
    documents = compose(text)
    if any(document.problems for document in documents):
        return None
    found = next((spot for document in documents if (spot := _at(document.root, start + 1, ())) is not None), None)
    if found is None or text[found.span.start : found.span.end] != _MARK.encode():
        return None
    return found if found.is_key or not is_key else None
