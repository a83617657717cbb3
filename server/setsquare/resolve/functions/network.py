"""Functions over IP networks."""

import ipaddress
import re
from typing import TypeAlias

from setsquare.resolve.functions.plain import Function, FunctionError, Plain, UndecidedError, as_text, as_whole

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_LEADING_ZERO = re.compile(r"(?:^|\.)0\d")
_MAX_NEW_BITS = 32


def _network(value: Plain) -> _Network:
    text = as_text(value)
    if _LEADING_ZERO.search(text):
        message = "an address with leading zeros"
        raise UndecidedError(message)
    if "/" not in text:
        message = "a prefix is required"
        raise FunctionError(message)
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise FunctionError(str(error)) from error


def _cidrhost(prefix: Plain, host: Plain) -> str:
    network, at = _network(prefix), as_whole(host)
    size = network.num_addresses
    if not -size <= at < size:
        message = "the prefix has no such host"
        raise FunctionError(message)
    return str(network[at])


def _cidrnetmask(prefix: Plain) -> str:
    network = _network(prefix)
    if network.version != 4:  # noqa: PLR2004 - the version of IP
        message = "only prefixes of IPv4 have a netmask"
        raise FunctionError(message)
    return str(network.netmask)


def _cidrsubnet(prefix: Plain, bits: Plain, number: Plain) -> str:
    network, more, at = _network(prefix), as_whole(bits), as_whole(number)
    length = _longer(network, more)
    if not 0 <= at < 1 << more:
        message = "the prefix has no such subnet"
        raise FunctionError(message)
    return _written(network, int(network.network_address) + (at << (network.max_prefixlen - length)), length)


def _cidrsubnets(prefix: Plain, *bits: Plain) -> Plain:
    network = _network(prefix)
    start, end = int(network.network_address), int(network.broadcast_address)
    found: list[str] = []
    for more in bits:
        length = _longer(network, as_whole(more))
        size = 1 << (network.max_prefixlen - length)
        start = -(-start // size) * size
        if start + size - 1 > end:
            message = "the prefix has no room for another subnet"
            raise FunctionError(message)
        found.append(_written(network, start, length))
        start += size
    return tuple(found)


def _longer(network: _Network, more: int) -> int:
    length = network.prefixlen + more
    if more < 0:
        message = "a subnet that is larger than its network"
        raise UndecidedError(message)
    if more > _MAX_NEW_BITS or length > network.max_prefixlen:
        message = "the prefix has not that many bits"
        raise FunctionError(message)
    return length


def _written(network: _Network, address: int, length: int) -> str:
    kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address  # noqa: PLR2004
    return f"{kind(address)}/{length}"


FUNCTIONS: dict[str, Function] = {
    "cidrhost": _cidrhost,
    "cidrnetmask": _cidrnetmask,
    "cidrsubnet": _cidrsubnet,
    "cidrsubnets": _cidrsubnets,
}
