"""
Facts of a connection, as they go with a request that is passed on.

A fact is never a header: a worker behind a gateway gets the address of the
gateway's client from the gateway, or not at all.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from penstock.core.forwarding import Unnamed
from penstock.core.interfaces import ConnectionInfo

try:
    from OpenSSL import crypto
except ImportError:
    # Who wants no TLS needs no pyOpenSSL, and gets no certificates.
    crypto = None  # type: ignore[assignment]

# Seconds: a year, longer than anybody waits.
_LONGEST: Final = 366 * 86400.0

_ID: Final = 128

# Octets of a certificate.  Most have two thousand; it goes with a head.
_CERTIFICATE: Final = 16 * 1024

# What stands for a peer that has no address: on a unix socket, say.
_UNKNOWN: Final = "unknown"


def writeFacts(info: ConnectionInfo) -> tuple[object, ...]:
    """
    @return: what C{info} says of the first hop, flat.
    """
    facts: list[object] = ["id", info.requestId, "secure", info.secure]
    peer: Any = info.peer
    if isinstance(peer, (IPv4Address, IPv6Address)):
        facts += ["peer", peer.host, "port", peer.port]
    else:
        facts += ["peer", _UNKNOWN]
    local: Any = info.local
    if isinstance(local, (IPv4Address, IPv6Address)):
        facts += ["local", local.host, "localPort", local.port]
    if info.peerCertificate is not None:
        octets = _octets(info.peerCertificate)
        if octets is not None:
            facts += ["certificate", octets]
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
    requestId = _name(said.get("id")) or hop.requestId
    if "peer" not in said:
        # It is the peer's own.
        return hop._replace(
            requestId=requestId,
            secure=said.get("secure", hop.secure) is True,
            deadline=deadline,
        )
    return hop._replace(
        requestId=requestId,
        # Whoever it is, it is not the one that has passed it on: that one may
        # be trusted with more.
        peer=_address(said["peer"], said.get("port")) or Unnamed(),
        local=_address(said.get("local"), said.get("localPort")) or hop.local,
        secure=said.get("secure") is True,
        peerCertificate=_certificate(said.get("certificate")),
        deadline=deadline,
    )


def readDeadline(facts: tuple[Any, ...]) -> float | None:
    """
    @return: how many seconds the peer will still wait, if it says so.
    """
    return _deadline(dict(zip(facts[::2], facts[1::2], strict=True)).get("deadline"))


def _octets(certificate: Any) -> bytes | None:
    """
    @param certificate: of pyOpenSSL.

    @return: DER; L{None} if it is none, or too large.
    """
    if crypto is None or not isinstance(certificate, crypto.X509):
        return None
    octets = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
    return octets if len(octets) <= _CERTIFICATE else None


# Clients that have one come back.
@lru_cache(64)
def _loaded(octets: bytes) -> Any:
    try:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, octets)
    except (crypto.Error, ValueError):
        return None


def _certificate(value: object) -> Any:
    if crypto is None or type(value) is not bytes or len(value) > _CERTIFICATE:
        return None
    return _loaded(value)


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
