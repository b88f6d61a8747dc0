"""
Ports, from their end.
"""

import socket
from contextlib import ExitStack, closing

from twisted.internet.defer import Deferred

from penstock.cli.endpoints import Endpoint
from penstock.cli.listening import Listening, letIn
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.http1 import HTTPFactory, Timeouts

from ..loop import Loop

# More than a port accepts at a time when it has just been opened.
MANY = 40


class Hello(Resource):
    def render_GET(self, request: object) -> bytes:
        return b"hello"


def test_whoWaitsIsLetIn(loop: Loop) -> None:
    """
    Who has connected, and was not accepted when the port is closed, is served.
    """
    listening = Listening(loop.reactor, "127.0.0.1")
    # These clients don't look before all is over.
    hasty = Timeouts(linger=0.5)
    factory = HTTPFactory(Site(Hello()), loop.reactor, timeouts=hasty)
    opening = listening.open("http", Endpoint.parse("0"), factory)
    port = loop.run(Deferred.fromCoroutine(opening)).port.getHost().port
    with ExitStack() as stack:
        waiting = []
        for _ in range(MANY):
            each = stack.enter_context(closing(socket.socket()))
            each.connect(("127.0.0.1", port))
            each.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            waiting.append(each)
        loop.run(Deferred.fromCoroutine(listening.close(5)))
        for each in waiting:
            answer = each.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"Connection: close\r\n" in answer
            assert each.recv(1) == b""
        refused = stack.enter_context(closing(socket.socket()))
        assert refused.connect_ex(("127.0.0.1", port)) != 0


def test_nobodyWaits(loop: Loop) -> None:
    """
    Nor at what isn't a port of Twisted's own, or isn't open.
    """
    letIn(object())
    loop.listen(HTTPFactory(Site(Hello()), loop.reactor))
    letIn(loop._ports[-1])
    loop.run(loop._ports[-1].stopListening())
    letIn(loop._ports[-1])
