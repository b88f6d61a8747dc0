"""
The calling end for a URL, on a reactor that doesn't connect.
"""

import pytest
from twisted.internet.testing import MemoryReactorClock

from penstock.cli.connecting import connect
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.pool import MAX_CONNECTIONS


@pytest.mark.parametrize(
    ("connections", "most"),
    [(None, MAX_CONNECTIONS), (20, 20)],
    ids=["a few", "many"],
)
def test_connections(connections: int | None, most: int) -> None:
    """
    Whoever serves many clients has as many connections as it needs.
    """
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    client = connect(reactor, "http://127.0.0.1:80", connections=connections)
    for _ in range(most + 1):
        client.startRequest(b"GET", b"/", Headers(), ResponseRecorder(None))
    assert len(reactor.tcpClients) == most


def test_oneIsEnough() -> None:
    """
    RPC has one connection whatever it may have.
    """
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    client = connect(reactor, "rpc://127.0.0.1:80", connections=20)
    for _ in range(3):
        client.startRequest(b"GET", b"/", Headers(), ResponseRecorder(None))
    assert len(reactor.tcpClients) == 1
