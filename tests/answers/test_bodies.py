"""
Bodies that are made while they are sent, over each transport.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from tempfile import TemporaryFile
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import FileSender
from twisted.web.client import FileBodyProducer
from zope.interface import implementer

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

from ..core.fakes import Wire, ask, gone

BIG = bytes(range(256)) * 4096


class Making(Resource):
    """
    Answers with what its function makes.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__()
        self.make = make

    def render_GET(self, request: Request) -> Any:
        return self.make()


class Marked(Exception):
    """
    What the resource fails with.
    """


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


def fired() -> Deferred[None]:
    """
    What fires in the reactor's next turn, or the clock's.
    """
    waiting: Deferred[None] = Deferred()
    PENDING.append(waiting)
    return waiting


PENDING: list[Deferred[None]] = []


def turn(way: Any, answer: Deferred[Any]) -> Any:
    """
    Let what waits go on, and the answer come.
    """
    way.settle()
    while PENDING:
        PENDING.pop().callback(None)
        way.settle()
    return way.wait(answer)


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
            assert request.content is not None
            size = 0
            async for block in request.content:
                size += len(block)
            yield b"%d" % size

    async def long(size: int) -> AsyncIterator[bytes]:
        yield b"x" * size

    root = Echo()
    assert way.ask(root, "POST", "/", (), long(1000)).body == b"1000"
    assert way.ask(root, "POST", "/", (), long(1001)).code == 413


# Producers


@implementer(IPullProducer)
class Pulled:
    """
    Numbers, one for each time it is asked.
    """

    def __init__(self, consumer: Any, count: int, log: list[str]) -> None:
        self.consumer = consumer
        self.left = count
        self.log = log

    def resumeProducing(self) -> None:
        if not self.left:
            self.consumer.unregisterProducer()
        else:
            self.left -= 1
            self.consumer.write(b"%d " % self.left)

    def stopProducing(self) -> None:
        self.log.append("stopped")


@implementer(IPushProducer)
class Pushed:
    """
    Writes as fast as it may.
    """

    def __init__(self, consumer: Any, blocks: int, log: list[str]) -> None:
        self.consumer = consumer
        self.left = blocks
        self.log = log
        self.going = True

    def go(self) -> None:
        while self.left and self.going:
            self.left -= 1
            self.consumer.write(BIG)
        if not self.left:
            self.consumer.unregisterProducer()

    def pauseProducing(self) -> None:
        self.log.append("paused")
        self.going = False

    def resumeProducing(self) -> None:
        self.log.append("resumed")
        self.going = True
        self.go()

    def stopProducing(self) -> None:
        self.log.append("stopped")
        self.going = False


def pulled(log: list[str], count: int = 3) -> Produced:
    return Produced(
        lambda consumer: consumer.registerProducer(Pulled(consumer, count, log), False)
    )


def pushed(log: list[str], blocks: int = 5) -> Produced:
    def start(consumer: Any) -> None:
        producer = Pushed(consumer, blocks, log)
        consumer.registerProducer(producer, True)
        producer.go()

    return Produced(start, blocks * len(BIG))


def sent(log: list[str]) -> Produced:
    """
    By a producer of Twisted's own, with a Deferred.
    """
    file = io.BytesIO(BIG)
    return Produced(lambda consumer: FileSender().beginFileTransfer(file, consumer))


def told(log: list[str]) -> Any:
    """
    As Twisted's own client has bodies.
    """
    file = io.BytesIO(BIG)
    return FileBodyProducer(file, cooperator=PROMPT)


class Prompt:
    """
    A cooperator that has no time to lose.
    """

    def cooperate(self, iterator: Iterator[None]) -> Any:
        return PromptTask(iterator)


class PromptTask:
    def __init__(self, iterator: Iterator[None]) -> None:
        for _ in iterator:
            pass

    def whenDone(self) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done


PROMPT: Any = Prompt()


async def _later(consumer: Any) -> None:
    consumer.write(b"a")
    await fired()
    consumer.write(b"b")


def written(log: list[str]) -> Produced:
    """
    By a coroutine, and without a producer.
    """
    return Produced(_later)


@pytest.mark.parametrize(
    ("make", "expected", "length"),
    [
        (pulled, b"2 1 0 ", None),
        (pushed, BIG * 5, len(BIG) * 5),
        (sent, BIG, None),
        (told, BIG, len(BIG)),
        (written, b"ab", None),
        (lambda log: Produced(lambda consumer: consumer.write(b"x")), b"x", None),
        (lambda log: Produced(lambda consumer: None, 0), b"", 0),
    ],
    ids=["pull", "push", "FileSender", "IBodyProducer", "coroutine", "write", "none"],
)
def test_producer(way: Any, make: Any, expected: bytes, length: int | None) -> None:
    """
    What a producer writes comes, at the client's pace, and its length is said
    where it is known.
    """
    log: list[str] = []
    response = turn(way, way.start(Making(lambda: Response(make(log))), "GET", "/"))
    assert response.code == 200
    declared = response.headers.get("content-length")
    assert declared == (None if length is None else b"%d" % length)
    assert way.wait(response.read(1 << 26)) == expected
    assert "stopped" not in log


@pytest.mark.parametrize("make", [pulled, pushed, sent, told])
def test_producerOfARequest(way: Any, make: Any) -> None:
    """
    The body of a request may be one, too.
    """

    class Echo(Resource):
        policy = Stream()

        async def render_PUT(self, request: Request) -> str:
            assert request.content is not None
            return str(len(await request.content.read(1 << 26)))

    answer = way.ask(Echo(), "PUT", "/", (), make([]))
    assert int(answer.body) in (6, len(BIG), len(BIG) * 5)


@pytest.mark.parametrize("make", [pulled, pushed], ids=["pull", "push"])
def test_producerAndTheClientLeaves(way: Any, make: Any) -> None:
    """
    It is stopped, once.
    """
    log: list[str] = []
    root = Making(lambda: Response(make(log, 1_000_000)))
    response = way.wait(way.start(root, "GET", "/"))
    way.settle()
    assert log.count("stopped") == 0
    response.cancel()
    way.settle()
    assert log.count("stopped") == 1


def test_producerIsHeldBack() -> None:
    """
    A push producer is told to pause when the wire is full, even before it
    has begun.
    """
    log: list[str] = []
    wire = Wire()
    wire.outputBlocked()
    site = Site(Making(lambda: Response(pushed(log))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    assert (log, wire.body) == (["paused"], b"")
    wire.outputReady()
    assert (log[1:], len(wire.body), wire.ended) == (["resumed"], len(BIG) * 5, True)


@pytest.mark.parametrize(
    ("length", "ended"),
    [(5, False), (6, True), (7, False), (None, True)],
    ids=["more", "as said", "less", "unsaid"],
)
def test_lengthIsKept(length: int | None, ended: bool, loggedErrors: Any) -> None:
    """
    A producer that writes more or less than it said is noticed.
    """

    def start(consumer: Any) -> None:
        consumer.registerProducer(Pulled(consumer, 3, []), False)

    wire = Wire()
    site = Site(Making(lambda: Response(Produced(start, length))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.turn()
    assert (wire.ended, wire.aborted) == (ended, not ended)
    assert bool(loggedErrors.flush()) is not ended


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
def test_producerFails(late: bool, loggedErrors: Any) -> None:
    """
    The response is broken off, and the producer let go.
    """
    failing: Deferred[None] = Deferred()

    def start(consumer: Any) -> Any:
        consumer.registerProducer(Pushed(consumer, 1, []), True)
        if not late:
            raise Marked
        return failing

    wire, request = ask(Site(Making(lambda: Response(Produced(start)))))
    if late:
        failing.errback(Marked())
    assert (wire.code, wire.aborted, request.done) == (200, True, True)
    assert [type(each) for each in loggedErrors.flush()] == [Marked]


def test_producerThatSaysItWasStopped() -> None:
    """
    Some fail when they are stopped; nobody needs to hear of it.
    """
    wire = Wire()
    wire.outputBlocked()
    site = Site(Making(lambda: Response(sent([]))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.lose(gone())
    wire.turn()
    assert not wire.ended


def test_coroutineWithoutAProducer() -> None:
    """
    One that writes by itself is cancelled when the client goes.
    """
    seen: list[type] = []

    async def start(consumer: Any) -> None:
        try:
            await Deferred()
        except BaseException as problem:
            seen.append(type(problem))
            raise

    wire = Wire()
    site = Site(Making(lambda: Response(Produced(start))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.lose(gone())
    assert [each.__name__ for each in seen] == ["CancelledError"]


def test_producerUnsent(tmp_path: Any) -> None:
    """
    For HEAD it is never started, but let go.
    """
    log: list[str] = []
    body = Produced(log.append, 6, lambda: log.append("unsent"))
    wire, _ = ask(Site(Making(lambda: Response(body))), b"HEAD")
    assert (wire.headers.get("content-length"), wire.ended) == (b"6", True)
    assert log == ["unsent"]
    file = io.BytesIO(BIG)
    ask(Site(Making(lambda: Response(FileBodyProducer(file)))), b"HEAD")
    assert file.closed


def test_producerAlone() -> None:
    """
    One that has nowhere to write to is no body; the error says what is.
    """
    with pytest.raises(TypeError, match="see Produced"):
        Response(Pulled(None, 3, []))
    with pytest.raises(TypeError, match=r"a body\Z"):
        Response(3)


def test_oneProducerAtATime(loggedErrors: Any) -> None:
    """
    As with any consumer.
    """

    def start(consumer: Any) -> None:
        producer = Pulled(consumer, 1, [])
        consumer.registerProducer(producer, False)
        consumer.registerProducer(producer, False)

    wire = Wire()
    wire.outputBlocked()
    site = Site(Making(lambda: Response(Produced(start))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    assert wire.aborted
    assert [type(each) for each in loggedErrors.flush()] == [RuntimeError]


def test_startedTooLate() -> None:
    """
    Where the exchange is over already, the producer is stopped at once.
    """
    log: list[str] = []
    wire = Wire()

    def start(consumer: Any) -> None:
        wire.lose(gone())
        consumer.registerProducer(Pushed(consumer, 1, log), True)

    site = Site(Making(lambda: Response(Produced(start))))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    assert log == ["stopped"]


def test_noRangesOfAProducer() -> None:
    """
    Nobody knows how to begin in the middle of it.
    """
    headers = [("etag", '"a"')]
    site = Site(Making(lambda: Response(pulled([]), headers=headers)))
    wire, _ = ask(site, headers=[(b"range", b"bytes=0-1")])
    wire.turn()
    assert (wire.code, wire.body) == (200, b"2 1 0 ")


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
