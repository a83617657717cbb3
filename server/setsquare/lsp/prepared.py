"""Diagnostics that are sent again and again: what is written of each is made once."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cattrs import Converter
from lsprotocol import converters, types
from pygls.protocol import default_converter

_AS_PROTOCOL_SAYS = converters.get_converter().get_unstructure_hook(types.Diagnostic)


class Prepared(types.Diagnostic):
    """A diagnostic that remembers what is written of it; it must not be changed once that was asked for."""

    __slots__ = ("_data", "_digest")

    _data: dict[str, Any]
    _digest: bytes

    def data_written(self) -> dict[str, Any]:
        """Return it as JSON data."""
        try:
            return self._data
        except AttributeError:
            self._data = _AS_PROTOCOL_SAYS(self)
            return self._data

    def moved(self, place: types.Range) -> "Prepared":
        """Return the same at another place."""
        other = Prepared(
            place,
            self.message,
            self.severity,
            self.code,
            self.code_description,
            self.source,
            self.tags,
            self.related_information,
            self.data,
        )
        start, end = place.start, place.end
        other._data = {
            **self.data_written(),
            "range": {
                "start": {"line": start.line, "character": start.character},
                "end": {"line": end.line, "character": end.character},
            },
        }
        return other

    def digest(self) -> bytes:
        """Return what tells it apart from others: the same for what says the same, in every run."""
        try:
            return self._digest
        except AttributeError:
            self._digest = _digest(self.data_written())
            return self._digest


def _digest(data: dict[str, Any]) -> bytes:
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).digest()


def written(diagnostic: types.Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as JSON data."""
    if isinstance(diagnostic, Prepared):
        return diagnostic.data_written()
    data: dict[str, Any] = _AS_PROTOCOL_SAYS(diagnostic)
    return data


def identity(diagnostics: Iterable[types.Diagnostic]) -> str:
    """Return what tells two results apart: equal results have equal ids, in every run."""
    digests = (one.digest() if isinstance(one, Prepared) else _digest(written(one)) for one in diagnostics)
    return hashlib.sha256(b"".join(digests)).hexdigest()[:16]


def converter() -> Converter:
    """Return what reads and writes the messages."""
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    made.register_unstructure_hook(types.Diagnostic, written)
    return made
