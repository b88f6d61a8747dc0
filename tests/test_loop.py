"""
The harness for real sockets.
"""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.wire import Echo

from .loop import Loop


class Listener(Protocol):
    def __init__(self) -> None:
        self.received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data


def test_carriesBytes(loop: Loop) -> None:
    port = loop.listen(Factory.forProtocol(Echo))
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
    listener = loop.run(connectProtocol(endpoint, Listener()))
    listener.transport.write(b"there and back")
    loop.run(lambda: listener.received == b"there and back")


def test_calls(loop: Loop) -> None:
    fired: Deferred[str] = Deferred()
    loop.reactor.callLater(0.01, fired.callback, "late")
    assert loop.run(fired) == "late"


def test_raises(loop: Loop) -> None:
    failed: Deferred[None] = Deferred()
    loop.reactor.callLater(0, failed.errback, KeyError("why"))
    with pytest.raises(KeyError):
        loop.run(failed)


def test_givesUp(loop: Loop) -> None:
    with pytest.raises(TimeoutError):
        loop.run(lambda: False, seconds=0.05)
