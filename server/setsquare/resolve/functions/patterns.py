"""Regular expressions of RE2 as Python's, where both mean the same and none can take long.

Terraform's engine takes time linear in the text. Python's tries alternatives again, so a pattern with a repetition
inside of another one, or with many of them over a long text, is not decided.
"""

import re
from typing import NamedTuple

from setsquare.resolve.functions.plain import FunctionError, UndecidedError

_MAX_PATTERN = 500
_MAX_STEPS = 4_000_000
_MAX_REPEAT = 1000
_CLASSES = frozenset("dDwWsS")
_SPECIAL = frozenset("\\.+*?()|[]{}^$")
_ANCHORS = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_CONTROLS = frozenset("tnrfv")
_BOUNDS = re.compile(r"\{(\d+)(,(\d*))?\}")
_GROUP = re.compile(r"\((?:\?P?<([A-Za-z_]\w*)>|(\?:))?")
_FLAGS = re.compile(r"\(\?([is]+)\)")
_IN_TEMPLATE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)
_SPACES = r"[\t\n\f\r ]"
_NO_SPACES = r"[^\t\n\f\r ]"


def translated(pattern: str, text: str) -> tuple[re.Pattern[str], str]:
    """Return a pattern for Python's engine, and the text that it may be applied to.

    Raises:
        FunctionError: it is no pattern.
        UndecidedError: it may mean something else here, or take long.

    """
    if len(pattern) > _MAX_PATTERN:
        message = "a pattern of this length"
        raise UndecidedError(message)
    reader = _Reader(pattern)
    translation = reader.whole()
    if (len(text) + 2) ** (reader.repetitions + 1) > _MAX_STEPS:
        message = "a pattern with this many repetitions over a text of this length"
        raise UndecidedError(message)
    if "i" in reader.flags and not (pattern.isascii() and text.isascii()):
        message = "letter case beyond ASCII"
        raise UndecidedError(message)
    flags = re.ASCII | (re.IGNORECASE if "i" in reader.flags else 0) | (re.DOTALL if "s" in reader.flags else 0)
    try:
        return re.compile(translation, flags), text
    except (re.error, OverflowError) as error:
        raise UndecidedError(str(error)) from error


class _Reader:
    """Reads a pattern from left to right, writing Python's."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self.repetitions = 0
        self.flags = ""

    def whole(self) -> str:
        flags = _FLAGS.match(self._text)
        if flags is not None:
            self.flags = flags.group(1)
            self._at = flags.end()
        translation, _ = self._alternatives()
        if self._at < len(self._text):
            message = "a bracket closes nothing"
            raise FunctionError(message)
        return translation

    def _alternatives(self) -> tuple[str, bool]:
        """Read up to the end of a group; return it, and whether it has choices of its own."""
        written = ""
        chooses = False
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                written += "|"
                chooses = True
                self._at += 1
                continue
            atom, inner = self._atom()
            repeated = self._quantifier(atom, chooses=inner)
            chooses = chooses or inner or repeated != ""
            written += atom + repeated
        return written, chooses

    def _atom(self) -> tuple[str, bool]:
        character = self._text[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class(), False
        if character == "\\":
            return self._escape(), False
        if character in "*+?{":
            message = "a repetition of nothing, or of a brace"
            raise UndecidedError(message)
        self._at += 1
        if character == "$":
            return r"\Z", False
        return (character if character in ".^" or character not in _SPECIAL else re.escape(character)), False

    def _group(self) -> tuple[str, bool]:
        match = _GROUP.match(self._text, self._at)
        if match is None or self._text.startswith("?", match.end()):
            message = "a group of this kind"
            raise UndecidedError(message)
        self._at = match.end()
        name, unnamed = match.groups()
        inner, chooses = self._alternatives()
        if not self._text.startswith(")", self._at):
            message = "a bracket is not closed"
            raise FunctionError(message)
        self._at += 1
        opening = f"(?P<{name}>" if name else "(?:" if unnamed else "("
        return f"{opening}{inner})", chooses

    def _quantifier(self, atom: str, *, chooses: bool) -> str:
        bounds = _BOUNDS.match(self._text, self._at)
        if bounds is not None:
            written = bounds.group()
            if max(int(part) for part in bounds.group(1, 3) if part) > _MAX_REPEAT:
                message = "a repetition of this size"
                raise FunctionError(message)
        elif self._text[self._at : self._at + 1] in ("*", "+", "?"):
            written = self._text[self._at]
        else:
            return ""
        self._at += len(written)
        if self._text.startswith("?", self._at):
            written += "?"
            self._at += 1
        if self._text[self._at : self._at + 1] in ("*", "+", "?", "{") or atom in (r"\Z", "^"):
            message = "a repetition of a repetition"
            raise UndecidedError(message)
        if written[0] != "?":
            if chooses:
                message = "a repetition of something that has choices"
                raise UndecidedError(message)
            self.repetitions += 1
        return written

    def _escape(self) -> str:
        character = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if character in _ANCHORS and character:
            return _ANCHORS[character]
        if character == "s":
            return _SPACES
        if character == "S":
            return _NO_SPACES
        if (character in _CLASSES or character in _CONTROLS) and character:
            return f"\\{character}"
        if character and not character.isalnum():
            return re.escape(character)
        message = "an escape of this kind"
        raise UndecidedError(message)

    def _class(self) -> str:
        """Read a class of characters."""
        at = self._at + 1
        written = "["
        if self._text.startswith("^", at):
            written += "^"
            at += 1
        first = True
        while True:
            character = self._text[at : at + 1]
            if not character:
                message = "a bracket is not closed"
                raise FunctionError(message)
            if character == "]" and not first:
                break
            if character == "[" or (character in "&|~-" and self._text.startswith(character, at + 1)):
                message = "a class of this kind"
                raise UndecidedError(message)
            if character == "\\":
                taken = self._text[at : at + 2]
                if taken[1:] in ("s", "S") or (taken[1:].isalnum() and taken[1:] not in _CLASSES | _CONTROLS):
                    if taken != r"\s":
                        message = "an escape of this kind"
                        raise UndecidedError(message)
                    taken = r"\t\n\f\r "
                written += taken
                at += 2
            else:
                written += "\\" + character if character == "]" else character
                at += 1
            first = False
        self._at = at + 1
        return written + "]"


class _Piece(NamedTuple):
    """Text, or the name or number of a group, in what a match is replaced by."""

    text: str
    group: str | int | None = None


def replacement(template: str, pattern: re.Pattern[str]) -> tuple[_Piece, ...]:
    """Read what matches are replaced by: ``$1``, ``${1}``, ``$name``; a group that is not there is empty."""
    pieces: list[_Piece] = []
    end = 0
    for match in _IN_TEMPLATE.finditer(template):
        pieces.append(_Piece(template[end : match.start()]))
        end = match.end()
        name = match.group(1) or match.group(2)
        if name is None:
            pieces.append(_Piece("$"))
        elif name.isdigit():
            if int(name) <= pattern.groups:
                pieces.append(_Piece("", int(name)))
        elif name in pattern.groupindex:
            pieces.append(_Piece("", name))
    return (*pieces, _Piece(template[end:]))


def expanded(pieces: tuple[_Piece, ...], match: re.Match[str]) -> str:
    """Return what one match is replaced by."""
    return "".join(piece.text if piece.group is None else match.group(piece.group) or "" for piece in pieces)
