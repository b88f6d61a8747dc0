"""
Bodies that are made while they are sent, over each transport.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from tempfile import TemporaryFile
from typing import Any, Final

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from penstock.core.body import FilePart, Series
from penstock.core.content import Stream
from penstock.core.errors import HTTPError, LimitExceeded
from penstock.core.headers import Headers
from penstock.core.produced import Produced
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.resources.compressed import Compressed
from penstock.resources.events import Channel
from penstock.transports.http1 import HTTPFactory

from ..core.fakes import Wire, ask
from .making import PENDING, Making, Marked, fired, turn

# The first block


def atOnce(problem: Exception) -> Any:
    async def blocks() -> AsyncIterator[bytes]:
        raise problem
        yield b""

    return blocks()


def afterWaiting(problem: Exception) -> Any:
    async def blocks() -> AsyncIterator[bytes]:
        await fired()
        raise problem
        yield b""

    return blocks()


def plainly(problem: Exception) -> Any:
    def blocks() -> Iterator[bytes]:
        raise problem
        yield b""

    return Response(blocks())


def inside(problem: Exception) -> Any:
    return Response(atOnce(problem), 201, [("etag", '"a"')])


def later(problem: Exception) -> Any:
    async def respond() -> Any:
        await fired()
        return afterWaiting(problem)

    return respond()


WAYS_TO_FAIL = [atOnce, afterWaiting, plainly, inside, later]


@pytest.mark.parametrize("fail", WAYS_TO_FAIL)
@pytest.mark.parametrize(
    ("problem", "code"),
    [(Marked, 500), (lambda: HTTPError(404), 404), (lambda: LimitExceeded(""), 413)],
    ids=["bug", "HTTPError", "LimitExceeded"],
)
def test_failsBeforeTheFirstBlock(
    way: Any, fail: Any, problem: Any, code: int, loggedErrors: Any
) -> None:
    """
    Nothing has been promised yet: it is an error page like any other.
    """
    root = Making(lambda: fail(problem()))
    response = turn(way, way.start(root, "GET", "/"))
    assert response.code == code
    assert b"<h1>%d" % code in way.wait(response.read())
    assert not response.headers.hasHeader("etag")
    assert len(loggedErrors.flush()) == (code == 500)


@pytest.mark.parametrize("fail", WAYS_TO_FAIL)
def test_failsBehindAFilter(way: Any, fail: Any, loggedErrors: Any) -> None:
    """
    What would have been compressed fails in the same way.
    """
    root = Compressed(Making(lambda: fail(Marked())))
    response = turn(way, way.start(root, "GET", "/", [("accept-encoding", "gzip")]))
    assert response.code == 500
    assert not response.headers.hasHeader("content-encoding")
    assert b"<h1>500" in way.wait(response.read())
    assert len(loggedErrors.flush()) == 1


@pytest.mark.parametrize("kind", ["generator", "asynchronous"])
def test_failsAfterTheFirstBlock(way: Any, kind: str, loggedErrors: Any) -> None:
    """
    Then the client sees that something is missing.
    """

    def plain() -> Iterator[bytes]:
        yield b"half"
        raise Marked

    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"half"
        raise Marked

    make: Any = asynchronous if kind == "asynchronous" else plain
    answer = way.ask(Making(lambda: Response(make())))
    # HTTP/1.1 may have lost the head, too, when the connection is reset.
    assert answer.code in (0, 200)
    assert answer.body is None
    assert [type(each) for each in loggedErrors.flush()] == [Marked]


def test_headWithTheFirstBlock(way: Any) -> None:
    """
    The head waits for it; an empty one sends it away.
    """
    began: list[int] = []

    async def blocks(empty: int) -> AsyncIterator[bytes]:
        for _ in range(empty):
            yield b""
        began.append(empty)
        await fired()
        yield b"body"

    for empty in (0, 1, 3):
        root = Making(lambda empty=empty: blocks(empty))
        answered: list[Any] = []
        asked = way.start(root, "GET", "/").addCallback(
            lambda response, answered=answered: answered.append(response) or response
        )
        way.settle()
        if empty:
            way.wait(asked)
        assert len(answered) == (empty > 0)
        response = turn(way, asked) if not empty else answered[0]
        while PENDING:
            PENDING.pop().callback(None)
        assert way.wait(response.read()) == b"body"
    assert began == [0, 1, 3]


@pytest.mark.parametrize("isLengthKnown", [True, False])
@pytest.mark.parametrize("kind", ["generator", "asynchronous"])
def test_oneBuffer(way: Any, kind: str, isLengthKnown: bool) -> None:
    """
    What fills one buffer again and again may do so before it is sent.
    """

    def plain() -> Iterator[Any]:
        buffer = bytearray(4)
        for number in range(3):
            buffer[:] = b"%04d" % number
            yield buffer if number else memoryview(buffer)

    async def asynchronous() -> AsyncIterator[Any]:
        for block in plain():
            yield block

    make: Any = asynchronous if kind == "asynchronous" else plain
    fields = [("content-length", "12")] if isLengthKnown else []
    answer = way.ask(Making(lambda: Response(make(), 200, fields)))
    assert answer.body == b"000000010002"


def test_headOfEvents(way: Any) -> None:
    """
    Who listens for events is answered before there is one, compressed or not.
    """
    for fields in ([], [("accept-encoding", "gzip")]):
        channel = Channel(way.clock)
        root = Compressed(channel)
        response = way.wait(way.start(root, "GET", "/", fields))
        assert response.headers.hasHeader("content-encoding") == bool(fields)
        way.settle()
        assert channel.listeners == 1
        response.cancel()
        way.settle()
        assert channel.listeners == 0


def test_oneWrite() -> None:
    """
    The head and the first block are one write, and one packet.
    """

    async def blocks() -> AsyncIterator[bytes]:
        await fired()
        yield b"a"
        await fired()
        yield b"b"

    clock = Clock()
    transport = Writes()
    protocol: Any = HTTPFactory(Site(Making(blocks)), clock).buildProtocol(
        IPv4Address("TCP", "127.0.0.1", 1)
    )
    protocol.makeConnection(transport)
    protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert transport.writes == []
    for _ in range(2):
        PENDING.pop().callback(None)
    clock.advance(0)
    first, *others = transport.writes
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"\r\n\r\n1\r\na\r\n")
    assert b"".join(others) == b"1\r\nb\r\n0\r\n\r\n"


class Writes(StringTransport):
    """
    Keeps what was written apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)


@pytest.mark.parametrize("make", [lambda: iter(()), lambda: nothing()])
def test_noBlockAtAll(way: Any, make: Any) -> None:
    """
    An empty body is one.
    """
    answer = way.ask(Making(lambda: Response(make())))
    assert (answer.code, answer.body) == (200, b"")


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


@pytest.mark.parametrize(
    "make", [lambda: Response(iter(["text"])), lambda: texts()], ids=["plain", "async"]
)
def test_noBlocks(way: Any, make: Any, loggedErrors: Any) -> None:
    """
    What isn't octets is noticed before anything is sent.
    """
    assert way.ask(Making(make)).code == 500
    assert [type(each) for each in loggedErrors.flush()] == [TypeError]


async def texts() -> AsyncIterator[Any]:
    yield "text"


def test_oneContext(way: Any) -> None:
    """
    A generator finds at its end what it has set at its beginning.
    """
    variable: ContextVar[int] = ContextVar("variable", default=0)
    seen: list[int] = []

    async def blocks() -> AsyncIterator[bytes]:
        token = variable.set(1)
        yield b"a"
        await fired()
        seen.append(variable.get())
        yield b"b"
        variable.reset(token)

    response = turn(way, way.start(Making(blocks), "GET", "/"))
    assert way.wait(response.read()) == b"ab"
    assert (seen, variable.get()) == ([1], 0)


def test_oneContextOfACoroutine(way: Any) -> None:
    """
    So does a coroutine.
    """
    variable: ContextVar[int] = ContextVar("variable", default=0)

    async def respond() -> bytes:
        token = variable.set(1)
        await fired()
        value = variable.get()
        variable.reset(token)
        return b"%d" % value

    response = turn(way, way.start(Making(respond), "GET", "/"))
    assert way.wait(response.read()) == b"1"


def test_leftBeforeTheFirstBlock(way: Any) -> None:
    """
    Who leaves before that ends the generator where it waits.
    """
    closed: list[bool] = []

    async def blocks() -> AsyncIterator[bytes]:
        try:
            await Deferred()
            yield b""
        finally:
            closed.append(True)

    asked = way.start(Making(blocks), "GET", "/")
    asked.addErrback(lambda failure: None)
    way.settle()
    assert closed == []
    asked.cancel()
    way.settle()
    assert closed == [True]


@pytest.mark.parametrize("cancels", [True, False])
def test_givenUpBeforeTheFirstBlock(way: Any, cancels: bool, loggedErrors: Any) -> None:
    """
    So does whoever breaks off the response on this side.
    """
    closed: list[type] = []
    requests: list[Request] = []

    class Waiting(Resource):
        cancelOnDisconnect = cancels

        def render_GET(self, request: Request) -> Any:
            requests.append(request)
            return self.blocks()

        async def blocks(self) -> AsyncIterator[bytes]:
            try:
                await Deferred()
                yield b""
            except BaseException as problem:
                closed.append(type(problem))
                raise

    asked = way.start(Waiting(), "GET", "/")
    asked.addErrback(lambda failure: None)
    way.settle()
    requests[0].abort()
    way.settle()
    assert closed == [CancelledError]


def test_bodyOfARequestThatNobodyWants(way: Any) -> None:
    """
    What waits to write the body of a request ends with the exchange, if it
    has begun.
    """
    began: list[bool] = []
    closed: list[type] = []

    async def blocks() -> AsyncIterator[bytes]:
        began.append(True)
        try:
            await Deferred()
            yield b""
        except BaseException as problem:
            closed.append(type(problem))
            raise

    class Abrupt(Resource):
        policy = Stream()

        def render_PUT(self, request: Request) -> None:
            request.abort()

    assert way.ask(Abrupt(), "PUT", "/", (), blocks()).code == 0
    way.settle()
    assert closed == [CancelledError] * len(began)


def test_notBegunForHEAD() -> None:
    """
    Where nothing of the body is sent, nothing of it is made.
    """
    began: list[bool] = []

    async def blocks() -> AsyncIterator[bytes]:
        began.append(True)
        yield b""

    wire, _ = ask(Site(Making(blocks)), b"HEAD")
    assert (wire.code, wire.ended, began) == (200, True, [])


def test_pageThatFails(loggedErrors: Any) -> None:
    """
    An error page may fail late, too; then there is no other one.
    """

    class Unlucky(Site):
        def errorPage(self, request: Any, code: int, message: Any) -> Response:
            return Response(afterWaiting(Marked()), code)

    wire = Wire()
    wire.begin(
        Unlucky(Resource()), b"GET", b"/no", (1, 1), Headers([(b"host", b"x")]), 0
    )
    while PENDING:
        PENDING.pop().callback(None)
    assert (wire.aborted, wire.ended) == (True, False)
    assert loggedErrors.flush()


def test_contentBeforeTheFirstBlock(way: Any) -> None:
    """
    A generator may read all of the request before it yields anything.
    """

    class Echo(Resource):
        policy = Stream(limit=1000)

        async def render_POST(self, request: Request) -> AsyncIterator[bytes]:
            return self.blocks(request)

        async def blocks(self, request: Request) -> AsyncIterator[bytes]:
            size = 0
            async for block in request.content:
                size += len(block)
            yield b"%d" % size

    async def long(size: int) -> AsyncIterator[bytes]:
        yield b"x" * size

    root = Echo()
    assert way.ask(root, "POST", "/", (), long(1000)).body == b"1000"
    assert way.ask(root, "POST", "/", (), long(1001)).code == 413


# Bodies that are never sent


def refuses(request: Request, headers: Headers, body: Any) -> Any:
    """
    A filter that fails, but for the page that says so.
    """
    if request.code == 200:
        raise ZeroDivisionError
    return body


class Unsendable(Resource):
    """
    Answers with what can't be, around something open.
    """

    def __init__(self, why: str, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self.why = why
        self.make = make
        self.file = TemporaryFile(buffering=0)
        self.file.write(b"content")

    def render_GET(self, request: Request) -> Response:
        if self.why == "filter":
            request.addFilter(refuses)
        elif self.why == "twice":
            request.write(b"something else")
        code = 401 if self.why == "no challenge" else 200
        self.file.seek(0)
        return Response(self.make(self.file), code)


@pytest.mark.parametrize("why", ["filter", "no challenge", "twice"])
@pytest.mark.parametrize(
    "make",
    [
        lambda file: file,
        lambda file: Series((b"-", FilePart(file, 0, 1), b"-")),
        lambda file: Produced(lambda consumer: None, unsent=file.close),
    ],
    ids=["file", "series", "producer"],
)
def test_closedUnsent(way: Any, why: str, make: Any, loggedErrors: Any) -> None:
    """
    What a body holds open is closed, even where its response can't be sent.
    """
    root = Unsendable(why, make)
    answer = way.ask(root)
    if why == "twice":
        assert answer.body is None
    else:
        assert answer.code == 500
    assert root.file.closed
    assert len(loggedErrors.flush()) == 1


class OwnHead(Resource):
    """
    Answers HEAD without making what GET would be answered with.
    """

    fields: Final = [("content-length", "1234"), ("etag", '"1"')]

    def render_GET(self, request: Request) -> Response:
        return Response(bytes(1234), headers=self.fields)

    def render_HEAD(self, request: Request) -> Response:
        return Response(headers=self.fields)


def test_ownHead(way: Any) -> None:
    """
    RFC 9110, section 8.6: it tells the length that the content of GET has.
    """
    root = OwnHead()
    for method in ("GET", "HEAD"):
        answer = way.ask(root, method)
        assert answer.headers.get("content-length") == b"1234"
    answer = way.ask(root, "HEAD", fields=[("if-none-match", '"1"')])
    assert (answer.code, answer.body) == (304, b"")
