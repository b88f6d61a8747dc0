"""
Bodies that a producer writes, over each transport.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.protocols.basic import FileSender
from twisted.web.client import FileBodyProducer
from zope.interface import implementer

from penstock.core.content import Stream
from penstock.core.headers import Headers
from penstock.core.produced import Produced
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from ..core.fakes import Wire, ask, gone
from .making import BIG, Making, Marked, fired, turn


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
