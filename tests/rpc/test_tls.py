"""
RPC over TLS.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.rpc import RPCClient, RPCFactory
from penstock.transports.rpc.codec import MAGIC, frame
from penstock.transports.rpc.greeting import Greeting

from ..http1.test_tls import ClientContext, ServerContext
from ..loop import Loop
from .test_client import Echo
from .wires import request


@implementer(IStreamClientEndpoint)
class Encrypted:
    """
    As what C{wrapClientTLS} makes, with a clock.
    """

    def __init__(self, reactor: Any, port: int) -> None:
        self._reactor = reactor
        self._port = port

    def connect(self, factory: Any) -> Deferred[Any]:
        wrapper = TLSMemoryBIOFactory(
            ClientContext(), True, factory, clock=self._reactor
        )
        endpoint = TCP4ClientEndpoint(self._reactor, "127.0.0.1", self._port)
        connected: Deferred[Any] = endpoint.connect(wrapper)
        return connected.addCallback(lambda tls: tls.wrappedProtocol)


def test_overTLS(loop: Loop) -> None:
    """
    Content goes both ways, the fact that it is encrypted is known, and the
    end is orderly.
    """
    seen: list[Any] = []

    class Informed(Echo):
        def __init__(self, exchange: Any, *args: Any) -> None:
            seen.append(exchange.connectionInfo)
            super().__init__(exchange, *args)

    factory = RPCFactory(Informed, reactor=loop.reactor)
    # With a clock: small writes wait for the reactor, which by default is the
    # global one.
    clock = loop.reactor
    port = loop.listen(
        TLSMemoryBIOFactory(ServerContext(), False, factory, clock=clock)
    )
    client = RPCClient(clock, Encrypted(clock, port))
    body = bytes(range(256)) * 8192
    response = loop.run(client.request("PUT", "/", body=body))
    assert loop.run(response.read(2**22)) == body
    assert seen[0].secure is True
    session = loop.run(client.connect())
    assert session.info.secure is True
    assert session.info.peerCertificate is not None
    loop.run(client.close())
    loop.run(lambda: not factory.sessions)


class Long(Resource):
    def render_GET(self, request: Any) -> bytes:
        return bytes(60_000)


def test_closedWhileBlocked(loop: Loop) -> None:
    """
    The peer says that it closes, when it hasn't read all of the answers.
    """
    clock = loop.reactor
    factory = RPCFactory(Site(Long()), reactor=clock)
    port = loop.listen(
        TLSMemoryBIOFactory(ServerContext(), False, factory, clock=clock)
    )
    client = ClientContext().clientConnectionForTLS(None)
    with socket.create_connection(("127.0.0.1", port)) as below:
        below.setblocking(False)
        for _ in range(1000):
            try:
                client.do_handshake()
                break
            except SSL.WantReadError:
                loop.turn()
                with suppress(SSL.WantReadError):
                    below.send(client.bio_read(1 << 16))
                with suppress(BlockingIOError):
                    client.bio_write(below.recv(1 << 16))
        client.send(
            MAGIC
            + frame(Greeting().hello(True))
            + b"".join(frame(request(number)) for number in range(1, 41, 2))
        )
        client.shutdown()
        below.send(client.bio_read(1 << 16))

        def ended() -> bool:
            with suppress(BlockingIOError):
                return not below.recv(1 << 16)
            return False

        # Long before any deadline.
        loop.run(ended)
        loop.run(lambda: not factory.sessions)
