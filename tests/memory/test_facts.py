"""
What goes along with a request that is passed on in memory.
"""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from penstock.core.errors import DeadlineExceeded
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.memory import MemoryClient, MemoryRequester
from penstock.transports.memory.clock import VirtualClock

CLIENT = IPv4Address("TCP", "192.0.2.7", 9)


class Who(Resource):
    def __init__(self) -> None:
        super().__init__()
        self.info: Any = None
        self.lost = False

    def render_GET(self, request: Any) -> str:
        self.info = request.connectionInfo
        return "seen"

    async def render_PUT(self, request: Any) -> None:
        self.info = request.connectionInfo
        await request.whenDone()
        self.lost = request.disconnected


def gateway(who: Who, clock: VirtualClock, **options: Any) -> MemoryClient:
    worker = MemoryRequester(Site(who), clock, **options)
    return MemoryClient(Forward(worker), clock, peer=CLIENT, secure=True, deadline=7.5)


def test_trusted() -> None:
    who = Who()
    with gateway(who, VirtualClock()) as client:
        exchange = client.get("/")
        assert exchange.text == "seen"
        hop = exchange.serverRequest.connectionInfo
    assert who.info == ConnectionInfo(
        "memory", hop.requestId, CLIENT, hop.local, True, None, 7.5
    )


def test_notTrusted() -> None:
    """
    All but how long somebody waits is dropped.
    """
    who = Who()
    with gateway(who, VirtualClock(), trustFacts=False) as client:
        client.get("/")
    assert who.info.peer != CLIENT
    assert who.info.secure is False
    assert who.info.deadline == 7.5


@pytest.mark.parametrize("early", [True, False])
def test_deadline(early: bool) -> None:
    """
    When nobody waits any longer, the exchange is lost.
    """
    who = Who()
    clock = VirtualClock()
    with MemoryClient(who, clock, deadline=5) as client:
        exchange = client.open("PUT", "/", Headers(), contentLength=None)
        exchange.end()
        client.advance(4.9)
        assert exchange.lost is None
        if early:
            exchange.cancel()
            assert not clock.getDelayedCalls()
        else:
            client.advance(0.2)
            assert isinstance(exchange.lost, DeadlineExceeded)
            assert who.lost
