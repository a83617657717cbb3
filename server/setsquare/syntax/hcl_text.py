"""What the text inside quotes and heredocs says: escapes, indentation, strip markers."""

import re

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([$%])\4\{", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DOUBLED = re.compile(r"([$%])\1\{")
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def decode_utf8(text: bytes) -> str | None:
    """Decode UTF-8; None where the bytes are not."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return None


def unescape_quoted(text: str) -> str | None:
    """Decode the escapes of a quoted string; None where one is not valid."""
    if "\n" in text:
        return None
    if "\\" not in text and "{" not in text:
        return text
    valid = True

    def decoded(match: re.Match[str]) -> str:
        nonlocal valid
        short, long, simple, doubled = match.groups()
        if doubled:
            return f"{doubled}{{"
        if simple:
            valid = valid and simple in _SIMPLE
            return _SIMPLE.get(simple, "")
        number = int(short or long, 16)
        if number > _LAST_CODE_POINT or number in _SURROGATES:
            valid = False
            return ""
        return chr(number)

    result = _ESCAPE.sub(decoded, text)
    return result if valid else None


def unescape_heredoc(text: str) -> str:
    """Decode the only escapes of a heredoc: ``$${`` and ``%%{``."""
    return _DOUBLED.sub(r"\1{", text) if "{" in text else text


def remove_indentation(parts: list[str | None]) -> list[str | None]:
    """Remove what all lines of a ``<<-`` heredoc are indented by; None stands for an interpolation.

    Blank lines are kept and do not count; a line that starts with an interpolation is not indented.
    """
    lines: list[str | None] = []
    for part in parts:
        lines += [None] if part is None else part.splitlines(keepends=True)
    least: int | None = None
    at_start = True
    for line in lines:
        if at_start and not (line is not None and line.endswith("\n") and not line.strip()):
            indentation = 0 if line is None else len(line) - len(line.lstrip())
            least = indentation if least is None else min(least, indentation)
        at_start = line is not None and line.endswith("\n")
    if not least:
        return parts
    return _without_indentation(parts, least)


def _without_indentation(parts: list[str | None], amount: int) -> list[str | None]:
    result: list[str | None] = []
    at_start = True
    for part in parts:
        if part is None:
            result.append(None)
            at_start = False
            continue
        cut = []
        for line in part.splitlines(keepends=True):
            blank = line.endswith("\n") and not line.strip()
            cut.append(line[amount:] if at_start and not blank else line)
            at_start = line.endswith("\n")
        result.append("".join(cut))
    return result
