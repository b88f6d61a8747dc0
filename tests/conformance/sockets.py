"""
The loopback interface as a carrier.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from penstock.core.testing import Capability

from ..loop import Loop


@implementer(IStreamClientEndpoint)
class Remembering:
    """
    An endpoint that knows the protocols it has connected.
    """

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint
        self.protocols: list[Any] = []

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        connecting: Deferred[Any] = self._endpoint.connect(protocolFactory)
        return connecting.addCallback(self._remember)

    def _remember(self, protocol: Any) -> Any:
        self.protocols.append(protocol)
        return protocol


class SocketHarness:
    """
    What transports over sockets have in common.
    """

    capabilities = frozenset(Capability) - {Capability.VIRTUAL_TIME}

    # The kernel's buffers, of both ends, come on top of ours; they grow as
    # it sees fit.
    bound = 16 * 1024 * 1024

    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    def listen(self, factory: Any) -> Remembering:
        """
        @return: an endpoint that connects to C{factory}.
        """
        port = self.loop.listen(factory)
        endpoint = TCP4ClientEndpoint(self.loop.reactor, "127.0.0.1", port)
        self._endpoint = Remembering(endpoint)
        return self._endpoint

    def settle(self) -> None:
        self.loop.settle()

    def advance(self, seconds: float) -> None:
        raise NotImplementedError

    def vanish(self) -> None:
        for protocol in self._endpoint.protocols:
            if protocol.transport is not None:
                protocol.transport.abortConnection()

    def close(self) -> None:
        self.vanish()
        self.settle()
