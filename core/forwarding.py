"""
Who a request comes from, as proxies say: Forwarded (RFC 7239), and the fields
that were there before it.

Anybody can send these fields, and a proxy adds to what it got; so only what a
trusted peer has added is believed, which stands last, and what the one before
has added only if that one is trusted, too.  The first who isn't is the client:
whatever stands further left, it may have made up.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from zope.interface import implementer

from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.networks import Networks, ipOf
from penstock.core.values.forwarded import (
    Hop,
    Node,
    generateForwarded,
    generateForwardedFor,
    parseForwarded,
    parseForwardedFor,
)


class Style(Enum):
    """
    Which fields proxies say it in.
    """

    FORWARDED = "forwarded"
    """Forwarded."""

    X_FORWARDED = "x-forwarded"
    """X-Forwarded-For and X-Forwarded-Proto."""


# All that others may take for the word of a proxy; and all that begins with
# _PREFIX.
_NAMES: Final = frozenset(
    {
        b"cf-connecting-ip",
        b"fastly-client-ip",
        b"forwarded",
        b"front-end-https",
        b"true-client-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-original-forwarded-for",
        b"x-real-ip",
    }
)
_PREFIX: Final = b"x-forwarded-"

# An element of Forwarded has few commas, which stand in quotes.
_COMMAS: Final = 8

# Nobody is behind more proxies than that.
_HOPS: Final = 32


@implementer(IAddress)
class Unnamed:
    """
    A client of which only its proxy knows who it is.

    @ivar host: C{"unknown"}, or an underscore and what the proxy calls it.
    """

    def __init__(self, host: str = "unknown") -> None:
        self.host = host

    def __eq__(self, other: object) -> bool:
        """
        Whether it has the same name.
        """
        return isinstance(other, Unnamed) and self.host == other.host

    def __hash__(self) -> int:
        """
        See L{__eq__}.
        """
        return hash(self.host)

    def __repr__(self) -> str:
        """
        For people.
        """
        return f"Unnamed({self.host!r})"


def isForwarding(name: bytes) -> bool:
    """
    @param name: of a field, in lower case.

    @return: whether others may take it for the word of a proxy; also if they
        take an underscore for a dash, as CGI and WSGI do.
    """
    name = name.replace(b"_", b"-")
    return name in _NAMES or name.startswith(_PREFIX)


def dropForwarding(headers: Headers) -> None:
    """
    Remove all fields in which a proxy might have said something.
    """
    for name in [name for name in headers.names() if isForwarding(name)]:
        headers.removeHeader(name)


def believe(
    headers: Headers, hop: ConnectionInfo, trusted: Networks, style: Style
) -> ConnectionInfo:
    """
    @param headers: of a request.
    @param hop: what is known without them.
    @param trusted: who is believed.
    @param style: which fields are looked at; all others aren't, since whoever
        doesn't write them may let them through.

    @return: what is known with them: C{hop}, or its C{peer} and C{secure} are
        those of a client further away.  Where what is said makes no sense,
        C{peer} is an L{Unnamed}.
    """
    if hop.peer not in trusted:
        return hop
    steps = _forwarded(headers) if style is Style.FORWARDED else _xForwarded(headers)
    peer, secure = hop.peer, hop.secure
    for node, scheme in steps:
        if node is not _ITSELF:
            peer = _address(node)
        if scheme in ("http", "https"):
            secure = scheme == "https"
        if peer not in trusted:
            break
    if peer is hop.peer and secure is hop.secure:
        return hop
    # The certificate was that of the proxy.
    return hop._replace(peer=peer, secure=secure, peerCertificate=None)


def announce(headers: Headers, info: ConnectionInfo, style: Style) -> None:
    """
    Say in C{headers}, and instead of all that is said there, who the client
    is.

    @param info: what is known of it.
    """
    dropForwarding(headers)
    address = ipOf(info.peer)
    node = None if address is None else Node(str(address))
    scheme = "https" if info.secure else "http"
    if style is Style.FORWARDED:
        hop = Hop(node or Node("unknown"), scheme=scheme)
        headers.addRaw(b"Forwarded", generateForwarded([hop]))
    else:
        if node is not None:
            headers.addRaw(b"X-Forwarded-For", generateForwardedFor([node]))
        headers.addRaw(b"X-Forwarded-Proto", scheme.encode("ascii"))


# The proxy: it says something of the connection, and not whose it is.
_ITSELF: Final = Node("")

# A step: who made the request there, None if that makes no sense; and by which
# scheme, None if that isn't said.
_Step = tuple[Node | None, str | None]


def _forwarded(headers: Headers) -> list[_Step]:
    """
    @return: the nearest first.
    """
    steps: list[_Step] = []
    rest: bytes | None = b",".join(headers.lines(b"forwarded"))
    # Empty elements go all at once: one by one, very many would take their time.
    while rest and (rest := rest.rstrip(b", \t")) and len(steps) < _HOPS:
        hop, rest = _lastHop(rest)
        steps.append((hop.client, hop.scheme))
    return steps


def _lastHop(value: bytes) -> tuple[Hop, bytes | None]:
    """
    @param value: doesn't end with an empty element.

    @return: the last element; and what stands before it, L{None} if nothing
        does.
    """
    at = len(value)
    for _ in range(_COMMAS):
        at = value.rfind(b",", 0, at)
        before = value[:at] if at >= 0 else None
        element = value[at + 1 :]
        try:
            found = parseForwarded(element)
        except ValueError:
            # Perhaps the comma is in quotes, and the element longer.
            if before is None:
                break
        else:
            return (found[0] if found else Hop()), before
    return Hop(), None


def _xForwarded(headers: Headers) -> list[_Step]:
    """
    @return: the nearest first.
    """
    clients = _members(headers, b"x-forwarded-for")
    schemes = _members(headers, b"x-forwarded-proto")
    steps: list[_Step] = []
    if not clients and schemes:
        clients = [b""]
    for place, text in enumerate(clients):
        node: Node | None = _ITSELF
        if text:
            try:
                (node,) = parseForwardedFor(text)
            except ValueError:
                node = None
        # Most proxies write one scheme, whatever was there.
        at = place if len(schemes) > 1 else 0
        scheme = schemes[at].lower().decode("latin-1") if at < len(schemes) else None
        steps.append((node, scheme))
    return steps


def _members(headers: Headers, name: bytes) -> list[bytes]:
    """
    @return: the last members of a list, the last one first.
    """
    line = b",".join(headers.lines(name))
    members = [member.strip(b" \t") for member in line.rsplit(b",", 2 * _HOPS)]
    return [member for member in reversed(members) if member][:_HOPS]


def _address(node: Node | None) -> Any:
    if node is None:
        return Unnamed()
    port = node.port
    number = int(port) if port is not None and port[0] != "_" else 0
    if node.name[0] == "_" or node.name == "unknown":
        return Unnamed(node.name)
    kind = IPv6Address if ":" in node.name else IPv4Address
    return kind("TCP", node.name, number)
