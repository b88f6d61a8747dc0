"""
Endpoints of servers, by name or by address, and encrypted.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

try:
    from twisted.protocols.tls import TLSMemoryBIOFactory

    from penstock.core.identity import VerifiedServer
except ImportError:
    # Who wants no TLS needs no pyOpenSSL.
    HAS_TLS = False
else:
    HAS_TLS = True

NEEDS_TLS: Final = (
    "TLS needs pyOpenSSL and service-identity: pip install 'penstock[tls]'"
)


@implementer(IStreamClientEndpoint)
class TLSEndpoint:
    """
    Encrypts what goes through another endpoint, and makes sure who is at its
    end.  As L{twisted.internet.endpoints.wrapClientTLS}, with the clock given.
    """

    def __init__(
        self, reactor: Any, host: str, endpoint: Any, options: Any = None
    ) -> None:
        """
        @param host: whom the certificate must name.
        @param options: what makes TLS connections, instead of
            L{VerifiedServer}.
        @raise ImportError: without pyOpenSSL.
        """
        if not HAS_TLS:
            raise ImportError(NEEDS_TLS)
        self._reactor = reactor
        self._endpoint = endpoint
        self._options = VerifiedServer(host) if options is None else options

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """
        See L{IStreamClientEndpoint}.
        """
        connected: Deferred[Any] = self._endpoint.connect(
            TLSMemoryBIOFactory(self._options, True, protocolFactory, self._reactor)
        )
        return connected.addCallback(lambda protocol: protocol.wrappedProtocol)


def hostEndpoint(reactor: Any, host: str, port: int) -> Any:
    """
    @return: an L{IStreamClientEndpoint}.  An address needs neither a resolver
        nor its threads.
    """
    if isIPAddress(host):
        return TCP4ClientEndpoint(reactor, host, port)
    if isIPv6Address(host):
        return TCP6ClientEndpoint(reactor, host, port)  # type: ignore[no-untyped-call]
    return HostnameEndpoint(reactor, host, port)
