"""
From a URL to a client.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from penstock.core.authority import Authority, parseAuthority
from penstock.transports.http1.pool import HTTPClient

try:
    from twisted.protocols.tls import TLSMemoryBIOFactory

    from penstock.transports.http1.identity import VerifiedServer
except ImportError:
    # Who wants no https needs no pyOpenSSL.
    HAS_TLS = False
else:
    HAS_TLS = True


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
            raise ImportError("https needs pyOpenSSL and service-identity")
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


def connectHTTP(reactor: Any, url: str, **options: Any) -> HTTPClient:
    """
    Make a client for the origin of C{url}.  It connects when it is used.

    @param url: of http or https; only its scheme, host and port matter.  A
        host with other than ASCII characters must be given in its ASCII form.
    @param options: see L{HTTPClient}.

    @raise ValueError: if C{url} has no such scheme, or no proper host and
        port.
    @raise ImportError: for https without pyOpenSSL.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if not secure and parts.scheme != "http":
        raise ValueError("the scheme must be http or https")
    authority = parseAuthority(parts.netloc.encode("ascii"))
    port = authority.port
    defaultPort = 443 if secure else 80
    if port == defaultPort:
        authority = Authority(authority.host)
    endpoint: Any = _endpoint(
        reactor, authority.host, defaultPort if port is None else port
    )
    if secure:
        endpoint = TLSEndpoint(reactor, authority.host, endpoint)
    return HTTPClient(
        reactor, endpoint, host=bytes(authority), secure=secure, **options
    )


def _endpoint(reactor: Any, host: str, port: int) -> Any:
    """
    An address needs neither a resolver nor its threads.
    """
    if isIPAddress(host):
        return TCP4ClientEndpoint(reactor, host, port)
    if isIPv6Address(host):
        return TCP6ClientEndpoint(reactor, host, port)  # type: ignore[no-untyped-call]
    return HostnameEndpoint(reactor, host, port)
