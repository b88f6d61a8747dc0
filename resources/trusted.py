"""
Believe proxies, and only those, what they say of their clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from zope.interface import implementer

from penstock.core.forwarding import Style, believe, dropForwarding
from penstock.core.interfaces import IResource
from penstock.core.networks import Networks

NEAR: Final = ("127.0.0.0/8", "::1", "unix")
"""Whoever is on this machine."""


@implementer(IResource)
class TrustedProxies:
    """
    A whole tree behind proxies::

        Site(TrustedProxies(root, ["10.0.0.0/8"]))

    C{request.connectionInfo} says who the client is and whether its connection
    is secure, as far as that is known from trusted proxies;
    C{request.chanRequest.connectionInfo} is still the hop.  The fields that
    say so are removed, whoever has sent them: facts are never headers.

    A proxy that comes over TLS and asks for hosts that the certificate isn't
    valid for is to be named in C{HTTPFactory(trusted=...)}, too.

    A proxy must write the fields of C{policy}, and not pass on what it gets in
    X-Forwarded-Proto.
    """

    def __init__(
        self,
        root: Any,
        networks: Iterable[str] = NEAR,
        policy: str | Style = Style.X_FORWARDED,
    ) -> None:
        """
        @param root: L{IResource}.
        @param networks: who is believed: see L{Networks}.
        @param policy: which fields: C{"x-forwarded"} for X-Forwarded-For and
            X-Forwarded-Proto, C{"forwarded"} for Forwarded.

        @raise ValueError: if one of C{networks} is none, or there is no such
            policy.
        """
        self.root = root
        self._networks = Networks(networks)
        self._style = Style(policy)

    def _believe(self, request: Any) -> None:
        headers = request.in_headers
        hop = request.connectionInfo
        info = believe(headers, hop, self._networks, self._style)
        if info is not hop:
            request.connectionInfo = info
        dropForwarding(headers)

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        """
        See L{IResource}.
        """
        self._believe(request)
        return self.root, segments

    def contentPolicy(self, request: Any) -> Any:
        """
        See L{IResource}.
        """
        self._believe(request)
        return self.root.contentPolicy(request)

    def render(self, request: Any) -> Any:
        """
        See L{IResource}.
        """
        return self.root.render(request)
