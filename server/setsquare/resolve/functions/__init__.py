"""Terraform's functions over plain values: pure, bounded, without access to anything.

What is not named here is not decided: what differs from run to run (``timestamp``, ``uuid``, ``bcrypt``), what needs
keys or the machine (``rsadecrypt``, ``abspath``), and text whose layout is the program's own (``yamlencode``).
"""

from importlib import import_module

from setsquare.resolve.functions.plain import Function

# Each module is imported when one of its functions is called first: most folders call few.
_MODULES = {
    "collections": "alltrue anytrue chunklist index length matchkeys range setintersection setproduct setsubtract"
    " transpose",
    "encoding": "base64decode base64encode csvdecode jsondecode jsonencode textdecodebase64 textencodebase64 urlencode"
    " yamldecode",
    "formatting": "format formatlist",
    "hashing": "base64sha256 base64sha512 md5 sha1 sha256 sha512 uuidv5",
    "network": "cidrhost cidrnetmask cidrsubnet cidrsubnets",
    "numbers": "abs ceil floor log max min parseint pow signum sum",
    "text": "chomp endswith indent join lower regex regexall replace sort split startswith strcontains strrev substr"
    " title trim trimprefix trimspace trimsuffix upper",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def find(name: str) -> Function | None:
    """Return a function by its name; None where it is not decided here."""
    home = _HOMES.get(name)
    if home is None:
        return None
    table: dict[str, Function] = import_module(f"setsquare.resolve.functions.{home}").FUNCTIONS
    return table[name]


def names() -> frozenset[str]:
    """Return the names of all functions."""
    return frozenset(_HOMES)
