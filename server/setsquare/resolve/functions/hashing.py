"""Hashes of text."""

import base64
import hashlib
import uuid

from setsquare.resolve.functions.plain import Function, FunctionError, Plain, as_text, bounded

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "oid": uuid.NAMESPACE_OID,
    "url": uuid.NAMESPACE_URL,
    "x500": uuid.NAMESPACE_X500,
}


def _data(value: Plain) -> bytes:
    return bounded(as_text(value)).encode()


def _md5(value: Plain) -> str:
    return hashlib.md5(_data(value), usedforsecurity=False).hexdigest()


def _sha1(value: Plain) -> str:
    return hashlib.sha1(_data(value), usedforsecurity=False).hexdigest()


def _sha256(value: Plain) -> str:
    return hashlib.sha256(_data(value)).hexdigest()


def _sha512(value: Plain) -> str:
    return hashlib.sha512(_data(value)).hexdigest()


def _base64sha256(value: Plain) -> str:
    return base64.b64encode(hashlib.sha256(_data(value)).digest()).decode()


def _base64sha512(value: Plain) -> str:
    return base64.b64encode(hashlib.sha512(_data(value)).digest()).decode()


def _uuidv5(namespace: Plain, name: Plain) -> str:
    text = as_text(namespace)
    try:
        space = _NAMESPACES.get(text) or uuid.UUID(text)
    except ValueError as error:
        raise FunctionError(str(error)) from error
    return str(uuid.uuid5(space, as_text(name)))


FUNCTIONS: dict[str, Function] = {
    "base64sha256": _base64sha256,
    "base64sha512": _base64sha512,
    "md5": _md5,
    "sha1": _sha1,
    "sha256": _sha256,
    "sha512": _sha512,
    "uuidv5": _uuidv5,
}
