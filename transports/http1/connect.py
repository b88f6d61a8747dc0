"""
From a URL to a client.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from penstock.core.authority import Authority, parseAuthority
from penstock.core.endpoints import TLSEndpoint, hostEndpoint
from penstock.transports.http1.pool import HTTPClient


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
    endpoint: Any = hostEndpoint(
        reactor, authority.host, defaultPort if port is None else port
    )
    if secure:
        endpoint = TLSEndpoint(reactor, authority.host, endpoint)
    return HTTPClient(
        reactor, endpoint, host=bytes(authority), secure=secure, **options
    )
