"""
Clients that go away when they like: when they are gone, nothing is left of
them.  What C{benchmarks/disconnects.py} does with a million requests, in small.
"""

from __future__ import annotations

import gc
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from operator import le
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from penstock.core.accesslog import AccessLog
from penstock.core.content import Buffer, Form, Stream
from penstock.core.errors import ExchangeLost
from penstock.core.resource import Resource
from penstock.core.server import Request
from penstock.resources.file import File
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPClient
from penstock.transports.rpc import RPCClient

from ..loop import Loop
from .ways import overHTTP, overRPC, throughGateway

VISITS = 250
AT_ONCE = 20

# What is made once and stays: caches, and what the last request left in them.
ONCE = 10

WATCHED = (
    *("Deferred", "Failure", "traceback", "frame", "generator", "coroutine"),
    *("async_generator", "socket", "DelayedCall", "Server", "Client"),
)


class Hello(Resource):
    def render_GET(self, request: Request) -> bytes:
        return b"Hello, world!"


class Large(Resource):
    def render_GET(self, request: Request) -> bytes:
        return b"x" * 300_000


class Never(Resource):
    def render_GET(self, request: Request) -> Any:
        return Deferred()


class Pieces(Resource):
    endless = False

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop

    async def render_GET(self, request: Request) -> AsyncIterator[bytes]:
        count = 0
        while self.endless or count < 10:
            count += 1
            yield b"data: tick\n\n"
            turn: Deferred[None] = Deferred()
            self.loop.reactor.callLater(0.001, turn.callback, None)
            await turn


class Endless(Pieces):
    endless = True


class Upload(Resource):
    policy: Any = Buffer()

    def render_POST(self, request: Request) -> bytes:
        return b"thanks"


class Streamed(Resource):
    policy = Stream()

    async def render_POST(self, request: Request) -> bytes:
        async for _ in request.content:
            pass
        return b"thanks"


class Filled(Upload):
    policy = Form()


def tree(loop: Loop, path: Any) -> Resource:
    (path / "file").write_bytes(b"f" * 200_000)
    root = Resource()
    for name, resource in {
        "hello": Hello(),
        "large": Large(),
        "never": Never(),
        "pieces": Pieces(loop),
        "endless": Endless(loop),
        "upload": Upload(),
        "streamed": Streamed(),
        "form": Filled(),
        "file": File(str(path / "file")),
    }.items():
        root.putChild(name, resource)
    return root


def get(path: str) -> bytes:
    return b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


def post(path: str, content: bytes, *fields: bytes) -> bytes:
    head = b"POST /%s HTTP/1.1\r\nHost: a\r\n" % path.encode()
    return head + b"".join(it + b"\r\n" for it in fields) + b"\r\n" + content


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    + b"y" * 80_000
    + b"\r\n--b--\r\n"
)
CHUNKED = b"Transfer-Encoding: chunked"

REQUESTS: list[bytes] = [
    *[get("hello")] * 4,
    *(get(name) for name in ("large", "never", "pieces", "endless", "file", "none")),
    get("hello").replace(b"GET", b"HEAD"),
    get("file").replace(b"\r\n\r\n", b"\r\nRange: bytes=9-70000\r\n\r\n"),
    get("hello").replace(b"Host", b"Ho st"),
    post("upload", b"u" * 9000, b"Content-Length: 9000"),
    post("upload", b"5\r\nhello\r\n0\r\n\r\n", CHUNKED),
    post("streamed", b"s" * 90_000, b"Content-Length: 90000"),
    post("streamed", b"5\r\nhello\r\n0\r\nA: b\r\n\r\n", CHUNKED),
    post("upload", b"hello", b"Content-Length: 5", b"Expect: 100-continue"),
    post("hello", b"unwanted", b"Content-Length: 8"),
    post(
        *("form", FORM, b"Content-Length: %d" % len(FORM)),
        b"Content-Type: multipart/form-data; boundary=b",
    ),
]


class Visitor:
    """
    Sends some requests, or a part of them; reads, or doesn't; and goes.
    """

    def __init__(self, choose: random.Random, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        count = choose.randrange(1, 6)
        self.data = b"".join(choose.choices(REQUESTS, k=count))
        if choose.random() < 0.5:
            self.data = self.data[: choose.randrange(len(self.data))]
        # Turns that it stays, octets that it reads in each, and what it may
        # send in each.
        self.turns = choose.choice((0, 1, 3, 10, 30))
        self.reads = choose.choice((0, 100, 1_000_000))
        self.sends = choose.choice((50, 1_000_000))
        self.ending = choose.choice(("close", "reset", "half"))

    def turn(self) -> bool:
        """
        @return: whether it has gone.
        """
        try:
            if self.data:
                sent = self.socket.send(self.data[: self.sends])
                self.data = self.data[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self.turns = 0
        try:
            if self.reads and not self.socket.recv(self.reads):
                self.turns = 0
        except BlockingIOError:
            pass
        except OSError:
            self.turns = 0
        self.turns -= 1
        if self.turns > 0:
            return False
        if self.ending == "half":
            self.ending, self.turns = "close", 5
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                return self.turn()
            return False
        if self.ending == "reset":
            linger = struct.pack("ii", 1, 0)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()
        return True


def open_(loop: Loop) -> tuple[int, int, int]:
    """
    @return: how many descriptors are open, what the reactor looks at, and what
        it is to call later.
    """
    reactor = loop.reactor
    return (
        len(os.listdir("/proc/self/fd")),
        len(reactor.getReaders()) + len(reactor.getWriters()),
        len(reactor.getDelayedCalls()),
    )


def objects(loop: Loop) -> Counter[str]:
    """
    @return: how many there are, of our own classes and of those that hold on to
        others.
    """
    for _ in range(3):
        gc.collect()
    found = Counter(
        kind.__qualname__
        for kind in map(type, gc.get_objects())
        if kind.__qualname__ in WATCHED or str(kind.__module__).startswith("penstock.")
    )
    # Twisted keeps some that were cancelled until their time comes.
    found["DelayedCall"] -= sum(it.cancelled for it in loop.reactor._pendingTimedCalls)
    return found


class Before:
    """
    What there is, when nothing happens.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        loop.turns(0.7)
        self.open = open_(loop)
        self.objects = objects(loop)

    def check(self) -> None:
        """
        It is so again, or will be when some deadlines have come.
        """
        loop = self.loop
        # Something may still have been open before, on a slow machine.
        loop.run(lambda: all(map(le, open_(loop), self.open)), 20)
        grown = objects(loop) - self.objects
        assert {name: it for name, it in grown.items() if it > ONCE} == {}


def throughProxy(loop: Loop, root: Any, log: Any = None) -> int:
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", overHTTP(loop, root, log))
    client = HTTPClient(loop.reactor, endpoint, maxConnections=50, idleTimeout=0.1)
    return overHTTP(loop, Forward(client), log)


WAYS = {"http": overHTTP, "gateway": throughGateway, "proxy": throughProxy}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_visitors(loop: Loop, way: Any, seed: int, tmp_path: Any) -> None:
    """
    Some hundred connections with a few requests each.
    """
    port = way(loop, tree(loop, tmp_path), AccessLog(lambda line: None))
    choose = random.Random(seed)

    def crowd(count: int) -> None:
        visitors: list[Visitor] = []
        while count or visitors:
            while count and len(visitors) < AT_ONCE:
                count -= 1
                visitors.append(Visitor(choose, port))
            visitors = [visitor for visitor in visitors if not visitor.turn()]
            loop.turn(0.001)

    crowd(VISITS // 5)
    before = Before(loop)
    crowd(VISITS)
    before.check()


@pytest.mark.parametrize("way", ["http", "proxy", "rpc"])
def test_callers(loop: Loop, way: str, tmp_path: Any) -> None:
    """
    Our own clients, which cancel when they like.
    """
    root = tree(loop, tmp_path)
    serve: Any = {"http": overHTTP, "proxy": throughProxy, "rpc": overRPC}[way]
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", serve(loop, root))
    client: Any
    if way == "rpc":
        client = RPCClient(loop.reactor, endpoint)
    else:
        client = HTTPClient(loop.reactor, endpoint, idleTimeout=0.1)
    choose = random.Random(3)

    async def content(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"c" * 20_000

    async def one() -> None:
        target = choose.choice(("/hello", "/large", "/pieces", "/endless", "/never"))
        body: Any = None
        if choose.random() < 0.3:
            target = choose.choice(("/upload", "/streamed"))
            body = choose.choice((b"c" * 100_000, content(choose.randrange(5))))
        asked = client.request("POST" if body is not None else "GET", target, body=body)
        if target == "/never" or choose.random() < 0.3:
            wait: Deferred[None] = Deferred()
            loop.reactor.callLater(choose.random() * 0.01, wait.callback, None)
            await wait
            if not asked.called:
                asked.addErrback(lambda failure: None)
                asked.cancel()
                return
        try:
            response = await asked
            if target == "/endless" or choose.random() < 0.4:
                left = choose.randrange(4)
                async for _ in response.content:
                    if left == 0:
                        break
                    left -= 1
                response.cancel()
            else:
                await response.read()
        except ExchangeLost:
            pass

    async def several(count: int) -> None:
        for _ in range(count):
            await one()

    def crowd(count: int) -> None:
        done: list[Any] = []
        for _ in range(10):
            Deferred.fromCoroutine(several(count // 10)).addBoth(done.append)
        loop.run(lambda: len(done) == 10, 60)
        assert done == [None] * 10

    crowd(50)
    before = Before(loop)
    crowd(300)
    before.check()
