"""
A tree, and a client of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from penstock.core.content import Stream
from penstock.core.errors import ExchangeLost
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.transports.memory import MemoryClient


class Hello(Resource):
    def render_GET(self, request: Any) -> str:
        return "Hello, " + request.args.get("name", ["world"])[0]


class Echo(Resource):
    isLeaf = True

    def render_POST(self, request: Any) -> Any:
        return Response(
            request.body,
            headers=[
                ("X-Method", request.method),
                ("X-Length", request.in_headers.get("content-length") or b"none"),
            ],
        )

    render_PUT = render_PATCH = render_DELETE = render_POST


class Slow(Resource):
    """
    Answers after two seconds, and remembers how it ended.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.ended: list[bool] = []

    def render_GET(self, request: Any) -> Deferred[str]:
        request.whenDone().addCallback(
            lambda ignored: self.ended.append(request.disconnected)
        )
        return deferLater(self.clock, 2, lambda: "at last")


class Ticks(Resource):
    """
    A tick each second, for ever.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.over = False

    async def render_GET(self, request: Any) -> AsyncIterator[bytes]:
        return self.ticks()

    async def ticks(self) -> AsyncIterator[bytes]:
        n = 0
        try:
            # The head is to go out at once.
            yield b""
            while True:
                await deferLater(self.clock, 1)
                n += 1
                yield b"%d " % n
        finally:
            self.over = True


class Endless(Resource):
    """
    As much as somebody takes.
    """

    given = 0

    def render_GET(self, request: Any) -> Response:
        return Response(self.blocks())

    def blocks(self) -> Iterator[bytes]:
        while True:
            self.given += 1000
            yield b"x" * 1000


class Upload(Resource):
    """
    Takes content as it comes, or not at all.
    """

    policy = Stream()

    def __init__(self) -> None:
        super().__init__()
        self.gate: Deferred[None] | None = None
        self.chunks: list[bytes] = []
        self.problem: Exception | None = None

    async def render_PUT(self, request: Any) -> str:
        try:
            async for chunk in request.content:
                self.chunks.append(chunk)
                if self.gate is not None:
                    await self.gate
        except ExchangeLost as problem:
            self.problem = problem
            raise
        return f"{sum(map(len, self.chunks))} octets"


@pytest.fixture
def root() -> Resource:
    root = Resource()
    root.putChild("hello", Hello())
    root.putChild("echo", Echo())
    root.putChild("endless", Endless())
    root.putChild("upload", Upload())
    return root


@pytest.fixture
def client(root: Resource) -> Iterator[MemoryClient]:
    with MemoryClient(root) as client:
        root.putChild("slow", Slow(client.clock))
        root.putChild("ticks", Ticks(client.clock))
        yield client
