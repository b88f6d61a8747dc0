"""
Facts of a connection, as they go with a request that is passed on.

A fact is never a header: a worker behind a gateway gets the address of the
gateway's client from the gateway, or not at all.
"""

from __future__ import annotations

from ipaddress import AddressValueError
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from penstock.core.interfaces import ConnectionInfo

# Seconds: a year, longer than anybody waits.
_LONGEST: Final = 366 * 86400.0

_ID: Final = 128


def writeFacts(info: ConnectionInfo) -> tuple[object, ...]:
    """
    @return: what C{info} says of the first hop, flat.
    """
    facts: list[object] = ["id", info.requestId, "secure", info.secure]
    peer: Any = info.peer
    if isinstance(peer, (IPv4Address, IPv6Address)):
        facts += ["peer", peer.host, "port", peer.port]
    if info.deadline is not None:
        facts += ["deadline", info.deadline]
    return tuple(facts)


def readFacts(
    facts: tuple[Any, ...] | None, hop: ConnectionInfo, trusted: bool
) -> ConnectionInfo:
    """
    @param facts: flat; keys are texts.  What isn't understood is as good as
        absent.
    @param hop: what is known without them.
    @param trusted: whether the peer is believed.  If it isn't, the only fact
        is how long it says that it will wait, which is its own business.

    @return: what is known of the request.
    """
    if facts is None:
        return hop
    said = dict(zip(facts[::2], facts[1::2], strict=True))
    deadline = _deadline(said.get("deadline"))
    if not trusted:
        return hop._replace(deadline=deadline)
    peer = _address(said.get("peer"), said.get("port"))
    return hop._replace(
        requestId=_name(said.get("id")) or hop.requestId,
        peer=hop.peer if peer is None else peer,
        secure=said.get("secure", hop.secure) is True,
        deadline=deadline,
    )


def _name(value: object) -> str | None:
    # It is for logs.
    if type(value) is not str or len(value) > _ID:
        return None
    return value if value.isascii() and value.isprintable() else None


def _deadline(value: object) -> float | None:
    if type(value) is not float and type(value) is not int:
        return None
    # False for NaN, too.
    return float(value) if 0 <= value <= _LONGEST else None


def _address(host: object, port: object) -> IAddress | None:
    if type(host) is not str or type(port) is not int or not 0 <= port <= 65535:
        return None
    address: IAddress
    try:
        if ":" in host:
            address = IPv6Address("TCP", str(IPv6(host)), port)
        else:
            address = IPv4Address("TCP", str(IPv4(host)), port)
    except AddressValueError:
        return None
    return address
