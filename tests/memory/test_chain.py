"""
Exchanges in a row: a client, a resource that forwards, and another tree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.content import Stream
from penstock.core.errors import ExchangeLost
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.memory import MemoryClient, MemoryRequester, VirtualClock


class Behind(Resource):
    """
    Streams both ways.
    """

    isLeaf = True
    policy = Stream()

    def __init__(self) -> None:
        super().__init__()
        self.received: list[bytes] = []
        self.given = 0
        self.gate: Deferred[None] | None = None
        self.problem: ExchangeLost | None = None
        self.over = 0

    async def render_PUT(self, request: Any) -> bytes:
        try:
            async for chunk in request.content:
                self.received.append(chunk)
                if self.gate is not None:
                    await self.gate
        except ExchangeLost as problem:
            self.problem = problem
            raise
        return b"%d" % sum(map(len, self.received))

    def render_GET(self, request: Any) -> Response:
        request.whenDone().addCallback(lambda ignored: self.finished())
        return Response(self.blocks(10_000_000))

    def render_POST(self, request: Any) -> Response:
        return Response(self.echo(request))

    async def echo(self, request: Any) -> AsyncIterator[bytes]:
        async for chunk in request.content:
            yield chunk.upper()

    def blocks(self, size: int) -> Iterator[bytes]:
        while self.given < size:
            self.given += 1000
            yield b"x" * 1000

    def finished(self) -> None:
        self.over += 1


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def client(behind: Behind) -> Iterator[MemoryClient]:
    clock = VirtualClock()
    requester = MemoryRequester(Site(behind), clock)
    with MemoryClient(Forward(requester), clock) as client:
        yield client


def test_bothWays(client: MemoryClient) -> None:
    """
    Content is passed on as it comes, both ways at once.
    """
    exchange = client.open("POST", "/", contentLength=None)
    for word in (b"some", b"thing"):
        exchange.send(word)
        assert exchange.read() == word.upper()
    exchange.end()
    assert exchange.complete


def test_slowReader(client: MemoryClient, behind: Behind) -> None:
    """
    A slow reader slows the resource behind down, and gets everything in the
    end.
    """
    exchange = client.open("GET", "/", paused=True)
    client.advance(60)
    given = behind.given
    assert given < 500_000
    client.advance(60)
    assert behind.given == given
    exchange.resume()
    assert exchange.complete
    assert len(exchange.body) == 10_000_000


def test_slowServer(client: MemoryClient, behind: Behind) -> None:
    """
    A resource behind that reads slowly makes a writer with manners wait.
    """
    behind.gate = gate = Deferred()
    exchange = client.open("PUT", "/", contentLength=None)
    sent = 0
    while not exchange.blocked:
        exchange.send(b"x" * 10_000)
        sent += 10_000
        assert sent < 1_000_000
    behind.gate = None
    gate.callback(None)
    client.pump()
    assert not exchange.blocked
    exchange.end()
    assert exchange.body == b"%d" % sent


@pytest.mark.parametrize("leave", ["disconnect", "cancel"])
def test_goneWhileUploading(client: MemoryClient, behind: Behind, leave: str) -> None:
    """
    A client who goes away is noticed behind.
    """
    exchange = client.open("PUT", "/", contentLength=None)
    exchange.send(b"abc")
    getattr(exchange, leave)()
    assert behind.received == [b"abc"]
    assert behind.problem is not None


@pytest.mark.parametrize("leave", ["disconnect", "cancel"])
def test_goneWhileDownloading(client: MemoryClient, behind: Behind, leave: str) -> None:
    """
    So is one who doesn't read to the end.
    """
    exchange = client.open("GET", "/", paused=True)
    assert behind.over == 0
    getattr(exchange, leave)()
    assert behind.over == 1
