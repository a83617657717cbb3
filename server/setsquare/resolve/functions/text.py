"""Functions over text."""

import re

from setsquare.resolve.functions.patterns import expanded, replacement, translated
from setsquare.resolve.functions.plain import (
    Function,
    FunctionError,
    Plain,
    UndecidedError,
    as_list,
    as_text,
    as_whole,
    bounded,
    characters,
    checked_size,
    texts,
)

_LINE_ENDS = re.compile(r"[\r\n]+\Z")
_WORD = re.compile(r"[A-Za-z0-9_]")


def _chomp(value: Plain) -> str:
    return _LINE_ENDS.sub("", as_text(value))


def _endswith(value: Plain, suffix: Plain) -> bool:
    return as_text(value).endswith(as_text(suffix))


def _indent(spaces: Plain, value: Plain) -> str:
    text, amount = as_text(value), as_whole(spaces)
    checked_size(amount * (text.count("\n") + 1))
    return text.replace("\n", "\n" + " " * amount)


def _join(separator: Plain, *lists: Plain) -> str:
    if not lists:
        message = "at least one list is required"
        raise FunctionError(message)
    return bounded(as_text(separator).join(item for one in lists for item in texts(one)))


def _by_character(value: Plain, convert: str) -> str:
    text = as_text(value)
    converted = [character.lower() if convert == "lower" else character.upper() for character in text]
    if convert == "lower" and any(len(new) > 1 for new in converted):
        message = "a letter that has no lower case of its own"
        raise UndecidedError(message)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, converted, strict=True))


def _lower(value: Plain) -> str:
    return _by_character(value, "lower")


def _upper(value: Plain) -> str:
    return _by_character(value, "upper")


def _regex(pattern: Plain, value: Plain) -> Plain:
    compiled, text = translated(as_text(pattern), as_text(value))
    match = compiled.search(text)
    if match is None:
        message = "the pattern does not match"
        raise FunctionError(message)
    return _captured(match)


def _regexall(pattern: Plain, value: Plain) -> Plain:
    compiled, text = translated(as_text(pattern), as_text(value))
    return tuple(_captured(match) for match in compiled.finditer(text))


def _captured(match: re.Match[str]) -> Plain:
    named = match.groupdict()
    if named:
        return dict(named)
    return match.groups() or match.group()


def _replace(value: Plain, search: Plain, new: Plain) -> str:
    text, wanted, by = as_text(value), as_text(search), as_text(new)
    if len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        compiled, text = translated(wanted[1:-1], text)
        parts = replacement(by, compiled)
        return bounded(compiled.sub(lambda match: expanded(parts, match), text))
    checked_size(len(text) * len(by) // 1000)
    return bounded(text.replace(wanted, by))


def _split(separator: Plain, value: Plain) -> Plain:
    text, between = as_text(value), as_text(separator)
    pieces = text.split(between) if between else list(text)
    checked_size(len(pieces))
    return tuple(pieces)


def _startswith(value: Plain, prefix: Plain) -> bool:
    return as_text(value).startswith(as_text(prefix))


def _strcontains(value: Plain, part: Plain) -> bool:
    return as_text(part) in as_text(value)


def _strrev(value: Plain) -> str:
    return characters(as_text(value))[::-1]


def _substr(value: Plain, offset: Plain, length: Plain) -> str:
    text, start, size = characters(as_text(value)), as_whole(offset), as_whole(length)
    start = max(0, start + len(text)) if start < 0 else start
    return text[start:] if size < 0 else text[start : start + size]


def _title(value: Plain) -> str:
    text = as_text(value)
    before = " " + text[:-1]
    return "".join(
        character if _WORD.match(last) else _upper(character) for last, character in zip(before, text, strict=True)
    )


def _trim(value: Plain, cut: Plain) -> str:
    return as_text(value).strip(as_text(cut)) if as_text(cut) else as_text(value)


def _trimprefix(value: Plain, prefix: Plain) -> str:
    return as_text(value).removeprefix(as_text(prefix))


def _trimspace(value: Plain) -> str:
    return as_text(value).strip()


def _trimsuffix(value: Plain, suffix: Plain) -> str:
    return as_text(value).removesuffix(as_text(suffix))


def _sort(items: Plain) -> Plain:
    return tuple(sorted(as_text(item) for item in as_list(items)))


FUNCTIONS: dict[str, Function] = {
    "chomp": _chomp,
    "endswith": _endswith,
    "indent": _indent,
    "join": _join,
    "lower": _lower,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "sort": _sort,
    "split": _split,
    "startswith": _startswith,
    "strcontains": _strcontains,
    "strrev": _strrev,
    "substr": _substr,
    "title": _title,
    "trim": _trim,
    "trimprefix": _trimprefix,
    "trimspace": _trimspace,
    "trimsuffix": _trimsuffix,
    "upper": _upper,
}
