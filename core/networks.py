"""
Which peers are meant: addresses, networks, unix sockets.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final

from twisted.internet.address import UNIXAddress

UNIX: Final = "unix"

IPAddress = IPv4Address | IPv6Address


def ipOf(address: Any) -> IPAddress | None:
    """
    @param address: L{twisted.internet.interfaces.IAddress}, or L{None}.

    @return: its IP address: of IPv4 also where that is written as one of
        IPv6, and without a zone; L{None} if it has none.
    """
    host = getattr(address, "host", None)
    if not isinstance(host, str):
        return None
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


class Networks:
    """
    A set of peers.

    Whoever has neither an IP address nor is on a unix socket is never in it:
    that nothing is known of a peer is no reason to trust it.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """
        @param texts: addresses (C{"192.0.2.1"}), networks (C{"192.0.2.0/24"},
            C{"2001:db8::/32"}), and C{"unix"} for all peers on unix sockets.

        @raise ValueError: for anything else, a network with bits set that are
            an address's among it.
        """
        if isinstance(texts, str):
            raise ValueError("it takes several texts, not one")
        self._unix = False
        self._networks: list[IPv4Network | IPv6Network] = []
        for text in texts:
            if text == UNIX:
                self._unix = True
            else:
                self._networks.append(ip_network(text))

    def __bool__(self) -> bool:
        """
        Whether anybody is in it.
        """
        return self._unix or bool(self._networks)

    def __contains__(self, address: Any) -> bool:
        """
        @param address: L{twisted.internet.interfaces.IAddress}, or L{None}.
        """
        if isinstance(address, UNIXAddress):
            return self._unix
        found = ipOf(address)
        return found is not None and any(found in each for each in self._networks)
