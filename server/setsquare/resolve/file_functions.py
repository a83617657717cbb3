"""Functions that read files of the workspace."""

from typing import TYPE_CHECKING

from setsquare.model import Known, Opaque, Origin, Place, Structure, Value
from setsquare.resolve import values
from setsquare.resolve.calls import called
from setsquare.resolve.frames import Frame
from setsquare.resolve.sources import MAX_SOURCE, Sources, resolved

if TYPE_CHECKING:
    from setsquare.resolve.meanings import Meanings

_HASHES = {
    "filebase64": "base64encode",
    "filebase64sha256": "base64sha256",
    "filebase64sha512": "base64sha512",
    "filemd5": "md5",
    "filesha1": "sha1",
    "filesha256": "sha256",
    "filesha512": "sha512",
}
FILE_FUNCTIONS = frozenset((*_HASHES, "file", "fileexists", "templatefile"))


class FileFunctions:
    """The functions that read files, for one module."""

    def __init__(self, meanings: "Meanings", sources: Sources) -> None:
        self._meanings = meanings
        self._sources = sources

    def called(self, name: str, arguments: list[Value], frame: Frame, place: Place) -> Value:
        """Return what a call means; opaque where the file is outside the workspace, or cannot be read as text."""
        if not arguments:
            return (self._opaque(place),)
        return values.union([self._of_path(name, path, arguments, frame, place) for path in arguments[0]], place)

    def _opaque(self, place: Place) -> Opaque:
        return Opaque(place, self._meanings.shown(place))

    def _of_path(self, name: str, origin: Origin, arguments: list[Value], frame: Frame, place: Place) -> Value:
        written = origin.value if isinstance(origin, Known) else None
        path = resolved(self._meanings.folder_of_files, written) if isinstance(written, str) else None
        if path is None:
            return (self._opaque(place),)
        if name == "fileexists":
            there = self._sources.exists(path)
            return (self._opaque(place) if there is None else Known(place, there),)
        text = self._text(path)
        if text is None:
            failed = self._sources.exists(path) is False
            return (Opaque(place, self._meanings.shown(place), failed=failed),)
        if name == "templatefile":
            return self._template(text, arguments[1:], frame, place)
        content: Value = (Known(place, text),)
        hashing = _HASHES.get(name)
        return content if hashing is None else called(hashing, [content], place, lambda: self._meanings.shown(place))

    def _text(self, path: str) -> str | None:
        data = self._sources.read(path)
        if data is None or len(data) > MAX_SOURCE:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def _template(self, text: str, variables: list[Value], frame: Frame, place: Place) -> Value:
        match variables:
            case [(Structure(names=names, lookup=lookup) as given,)] if not given.is_open:
                from setsquare.syntax import hcl  # noqa: PLC0415 - hardly a folder needs it, and templates no parser

                written = hcl.read_template(text, place.span)
                inside = Frame(place.path, trail=(*frame.trail, "templatefile"), work=frame.work)
                known = {name: lookup(name) for name in names}
                return self._meanings.value(written, inside.inside(known, 1))
            case _:
                return (self._opaque(place),)
