"""
C{call} and C{request}, through every transport's calling end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from penstock.core.errors import ExchangeLost, LimitExceeded
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.transports.http1 import HTTPClient
from penstock.transports.memory import MemoryRequester
from penstock.transports.rpc import RPCClient

from ..loop import Loop
from .ways import overHTTP, overRPC


class Echo(Resource):
    """
    Says what it was asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Request] = []

    def render_POST(self, request: Request) -> Response:
        fields = [("x-was", request.in_headers.get("x-is") or b"")]
        return Response(request.body, 201, fields)

    def render_GET(self, request: Request) -> Response:
        return Response(b"x" * 2000)

    def render_DELETE(self, request: Request) -> Any:
        self.waiting.append(request)
        return Deferred()


@pytest.fixture(params=["http", "rpc", "memory"])
def ends(request: Any, loop: Loop) -> Iterator[tuple[Any, Echo, Loop]]:
    echo = Echo()
    requester: Any
    if request.param == "memory":
        requester = MemoryRequester(Site(echo), loop.reactor)
    else:
        serve, client = {
            "http": (overHTTP, HTTPClient),
            "rpc": (overRPC, RPCClient),
        }[request.param]
        port = serve(loop, echo)
        endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
        requester = client(loop.reactor, endpoint)
    yield requester, echo, loop
    loop.run(requester.close())


SIZES = [0, 1, 100, 65536, 1_000_000]


@pytest.mark.parametrize("size", SIZES)
def test_call(ends: Any, size: int) -> None:
    """
    A whole request, and a whole response.
    """
    requester, _echo, loop = ends
    headers = Headers([("x-is", "this")])
    for _ in range(2):
        reply = loop.run(requester.call("POST", "/", headers, b"x" * size))
        assert (reply.code, reply.body) == (201, b"x" * size)
        assert reply.headers.get("x-was") == b"this"
    assert list(headers) == [(b"x-is", b"this")]


def test_callLimit(ends: Any) -> None:
    """
    A response beyond the limit is refused.
    """
    requester, _echo, loop = ends
    assert loop.run(requester.call("GET", "/", limit=2000)).body == b"x" * 2000
    with pytest.raises(LimitExceeded):
        loop.run(requester.call("GET", "/", limit=1999))
    assert loop.run(requester.call("GET", "/")).code == 200


def test_callCancelled(ends: Any) -> None:
    """
    Who cancels cancels the exchange.
    """
    requester, echo, loop = ends
    calling = requester.call("DELETE", "/")
    loop.run(lambda: bool(echo.waiting))
    calling.cancel()
    with pytest.raises(CancelledError):
        loop.run(calling)
    loop.run(lambda: echo.waiting[0].disconnected, 1)


def test_callMany(ends: Any) -> None:
    """
    Many at once don't mix.
    """
    requester, _echo, loop = ends
    got: dict[int, bytes] = {}

    def keep(reply: Any, number: int) -> None:
        got[number] = reply.body

    for number in range(100):
        requester.call("POST", "/", None, b"%d" % number).addCallback(keep, number)
    loop.run(lambda: len(got) == 100)
    assert got == {number: b"%d" % number for number in range(100)}


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b"x" * 1000


@pytest.mark.parametrize("kind", ["bytes", "iterable", "async"])
def test_request(ends: Any, kind: str) -> None:
    """
    A streamed request, and a streamed response.
    """
    requester, _echo, loop = ends

    async def exchange() -> bytes:
        body: Any = b"x" * 100_000
        if kind == "iterable":
            body = [b"x" * 1000] * 100
        elif kind == "async":
            body = pieces()
        response = await requester.request("POST", "/", None, body)
        assert response.code == 201
        return b"".join([chunk async for chunk in response.content])

    assert loop.run(Deferred.fromCoroutine(exchange())) == b"x" * 100_000


def test_refused(loop: Loop) -> None:
    """
    Where nobody listens, both fail.
    """
    for client in (HTTPClient, RPCClient):
        endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", 1)
        requester: Any = client(loop.reactor, endpoint)
        with pytest.raises(ExchangeLost):
            loop.run(requester.call("GET", "/"))
        with pytest.raises(ExchangeLost):
            loop.run(requester.request("GET", "/"))
