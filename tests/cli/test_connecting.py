"""
The calling end for a URL, on a reactor that doesn't connect.
"""

from twisted.internet.testing import MemoryReactorClock

from penstock.cli.connecting import connect
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.pool import MAX_CONNECTIONS


def test_connections() -> None:
    """
    Whoever serves many clients has as many connections as it needs.
    """
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    client = connect(reactor, "http://127.0.0.1:80")
    for _ in range(MAX_CONNECTIONS + 1):
        client.startRequest(b"GET", b"/", Headers(), ResponseRecorder(None))
    assert len(reactor.tcpClients) == MAX_CONNECTIONS == 250


def test_oneIsEnough() -> None:
    """
    RPC has one connection whatever it may have.
    """
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    client = connect(reactor, "rpc://127.0.0.1:80")
    for _ in range(3):
        client.startRequest(b"GET", b"/", Headers(), ResponseRecorder(None))
    assert len(reactor.tcpClients) == 1
