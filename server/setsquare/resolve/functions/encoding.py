"""Functions that encode and decode text."""

import base64
import binascii
import json
from decimal import Decimal

from setsquare.resolve.functions.plain import (
    Function,
    FunctionError,
    Plain,
    UndecidedError,
    as_json,
    as_text,
    bounded,
    checked_size,
    number,
)

_ENCODINGS = {"UTF-8": "utf-8", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be"}


def _base64decode(value: Plain) -> str:
    return _decoded(_bytes_of(value), "utf-8")


def _bytes_of(value: Plain) -> bytes:
    try:
        return base64.b64decode(as_text(value).replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FunctionError(str(error)) from error


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FunctionError(str(error)) from error


def _base64encode(value: Plain) -> str:
    return base64.b64encode(bounded(as_text(value)).encode()).decode()


def _textencodebase64(value: Plain, encoding: Plain) -> str:
    return base64.b64encode(bounded(as_text(value)).encode(_encoding(encoding))).decode()


def _textdecodebase64(value: Plain, encoding: Plain) -> str:
    return _decoded(_bytes_of(value), _encoding(encoding))


def _encoding(name: Plain) -> str:
    found = _ENCODINGS.get(as_text(name).upper())
    if found is None:
        message = "an encoding of this name"
        raise UndecidedError(message)
    return found


def _csvdecode(value: Plain) -> Plain:
    import csv  # noqa: PLC0415 - hardly a module needs it

    text = bounded(as_text(value))
    if "\r" in text.replace("\r\n", ""):
        message = "a line end of this kind"
        raise UndecidedError(message)
    try:
        header, *rows = [row for row in csv.reader(text.splitlines(keepends=True), strict=True) if row] or [[]]
    except csv.Error as error:
        raise FunctionError(str(error)) from error
    if not header or len(set(header)) < len(header) or any(len(row) != len(header) for row in rows):
        message = "the rows do not fit the header"
        raise FunctionError(message)
    checked_size(len(rows))
    return tuple(dict(zip(header, row, strict=True)) for row in rows)


def _jsondecode(value: Plain) -> Plain:
    try:
        data = json.loads(bounded(as_text(value)), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FunctionError(str(error)) from error
    return of_data(data)


def _no_constant(text: str) -> None:
    raise FunctionError(text)


def of_data(data: object) -> Plain:
    """Return decoded JSON as a plain value."""
    match data:
        case list():
            return tuple(of_data(item) for item in data)
        case dict():
            return {str(key): of_data(item) for key, item in data.items()}
        case str() | bool() | None:
            return data
        case int() | Decimal():
            return number(data)
        case _:
            message = f"{type(data).__name__} in data"
            raise UndecidedError(message)


def _jsonencode(value: Plain) -> str:
    return bounded(as_json(value))


def _urlencode(value: Plain) -> str:
    from urllib.parse import quote_plus  # noqa: PLC0415 - hardly a module needs it

    return quote_plus(as_text(value), safe="-_.~")


def _yamldecode(value: Plain) -> Plain:
    from setsquare.resolve.functions.yaml_text import decoded  # noqa: PLC0415 - hardly a module needs it

    return decoded(bounded(as_text(value)))


FUNCTIONS: dict[str, Function] = {
    "base64decode": _base64decode,
    "base64encode": _base64encode,
    "csvdecode": _csvdecode,
    "jsondecode": _jsondecode,
    "jsonencode": _jsonencode,
    "textdecodebase64": _textdecodebase64,
    "textencodebase64": _textencodebase64,
    "urlencode": _urlencode,
    "yamldecode": _yamldecode,
}
