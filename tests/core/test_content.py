"""
Tests for L{penstock.core.content}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from penstock.core.content import HIGH_WATER, Content
from penstock.core.errors import Cancelled, LimitExceeded, PeerGone


class Source:
    """
    An exchange, as far as content is concerned.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


def made(**named: Any) -> tuple[Source, Content]:
    source = Source()
    return source, Content(source, **named)


def outcome(deferred: Deferred[Any]) -> Any:
    """
    What C{deferred} came to: its result, its problem, or nothing yet.
    """
    got: list[Any] = []
    deferred.addCallbacks(
        lambda result: got.append(result),
        lambda failure: got.append(failure.type),
    )
    return got[0] if got else None


def early(feed: Callable[[], None], read: Callable[[], Any]) -> Any:
    feed()
    return outcome(read())


def late(feed: Callable[[], None], read: Callable[[], Any]) -> Any:
    reading = read()
    feed()
    return outcome(reading)


def between(feed: Callable[[], None], read: Callable[[], Any]) -> Any:
    """
    The reader comes while the content is being delivered.
    """
    return late(feed, read)


@pytest.mark.parametrize("order", [early, late])
@pytest.mark.parametrize(
    ("chunks", "limit", "expected"),
    [
        ([], 10, b""),
        ([b"ab"], 10, b"ab"),
        ([b"ab", b"cd"], 4, b"abcd"),
        ([b"ab", b"cd"], 3, LimitExceeded),
        ([b"abcd"], 3, LimitExceeded),
        ([b"ab", b"cd", b"ef"], 1, LimitExceeded),
    ],
)
def test_read(order: Any, chunks: list[bytes], limit: int, expected: Any) -> None:
    """
    All of it, up to a limit, whenever it is asked for.
    """
    _source, content = made()

    def feed() -> None:
        for chunk in chunks:
            content.chunkReceived(chunk)
        content.completed()

    assert order(feed, lambda: content.read(limit)) == expected


@pytest.mark.parametrize("order", [early, late])
def test_readLost(order: Any) -> None:
    """
    What is lost is never taken for whole.
    """
    _source, content = made()

    def feed() -> None:
        content.chunkReceived(b"ab")
        content.lost(Failure(PeerGone("gone")))

    assert order(feed, content.read) is PeerGone


def test_readLimitStops() -> None:
    """
    Beyond the limit the rest isn't wanted.
    """
    source, content = made()
    reading = content.read(1)
    content.chunkReceived(b"ab")
    assert source.calls[-1] == "stop"
    assert outcome(reading) is LimitExceeded
    content.chunkReceived(b"late")
    content.completed()


def test_readCancelled() -> None:
    """
    Who cancels stops the rest.
    """
    source, content = made()
    reading = content.read()
    content.chunkReceived(b"ab")
    reading.cancel()
    assert source.calls[-1] == "stop"
    assert outcome(reading) in (CancelledError, Cancelled)
    content.completed()


def test_begin() -> None:
    """
    Whoever reads first begins, once.
    """
    begun: list[bool] = []
    _source, content = made(begin=lambda: begun.append(True))
    content.next().addErrback(lambda failure: None)
    content.chunkReceived(b"a")
    content.next().addErrback(lambda failure: None)
    assert begun == [True]


def test_ownLimit() -> None:
    """
    A limit on the content itself holds whoever reads it.
    """
    source, content = made(limit=3)
    first = content.next()
    content.chunkReceived(b"abc")
    assert outcome(first) == b"abc"
    second = content.next()
    content.chunkReceived(b"d")
    assert outcome(second) is LimitExceeded
    assert source.calls[-1] == "stop"


def test_highWater() -> None:
    """
    What nobody reads pauses its source, and reading resumes it.
    """
    source, content = made()
    content.chunkReceived(b"x" * HIGH_WATER)
    assert source.calls == ["pause"]
    assert outcome(content.next()) == b"x" * HIGH_WATER
    assert source.calls == ["pause", "resume"]


def test_oneReader() -> None:
    """
    Two can't wait at once.
    """
    _source, content = made()
    content.next()
    with pytest.raises(RuntimeError):
        content.next()


def test_deliver() -> None:
    """
    What has come before is delivered first, then the rest as it comes.
    """
    got: list[Any] = []
    _source, content = made()
    content.chunkReceived(b"a")
    content.deliver(got.append, got.append)
    content.chunkReceived(b"b")
    content.completed()
    assert got == [b"a", b"b", None]


def test_deliverStopped() -> None:
    """
    Who stops in the middle of what has come gets no more of it.
    """
    got: list[Any] = []
    _source, content = made()
    for chunk in (b"a", b"b", b"c"):
        content.chunkReceived(chunk)

    def take(chunk: bytes) -> None:
        got.append(chunk)
        content.stop()

    content.deliver(take, lambda problem: got.append(problem and problem.type))
    assert got == [b"a", LimitExceeded]
