"""
Responses on one connection of the calling end, on a fake transport.
"""

from __future__ import annotations

from math import inf

import pytest

from penstock.core.errors import (
    ExchangeLost,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
)
from penstock.core.headers import Headers
from penstock.core.testing.recorder import PushSource
from penstock.transports.http1.client_connection import MAX_DROPPED
from penstock.transports.http1.client_phases import Phase
from penstock.transports.http1.client_wire import READ_AHEAD
from penstock.transports.http1.patience import Patience

from .calling import BROKEN, CHUNKED, CLEAN, CONTINUE, OK, Line, lost


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + CHUNKED + b"2\r\nhi\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_cut(data: bytes) -> None:
    """
    However a response is cut, the caller sees the same.
    """
    for cut in range(1, len(data)):
        line = Line()
        caller, _ = line.start()
        line.transport.receive(data[:cut], data[cut:])
        assert [code for code, _ in caller.intermediate] == [103]
        assert (caller.code, caller.content, caller.complete) == (200, b"hi", True)
        assert line.free


def test_trailers() -> None:
    """
    Trailers come with the end, and are not merged into the head.
    """
    line = Line()
    caller, _ = line.start()
    line.transport.receive(CHUNKED + b"0\r\nA: b\r\n\r\n")
    assert caller.trailers == Headers([(b"A", b"b")])
    assert list(caller.headers) == []


def test_head() -> None:
    """
    A response to HEAD has no content.
    """
    line = Line()
    caller, _ = line.start(b"HEAD")
    line.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    assert caller.complete
    assert line.free


def test_untilClosed() -> None:
    """
    Content may end with the connection.
    """
    line = Line()
    caller, _ = line.start()
    line.transport.receive(b"HTTP/1.0 200 OK\r\n\r\n", b"h", b"i")
    assert not caller.complete
    line.transport.lose(CLEAN)
    assert (caller.content, caller.complete) == (b"hi", True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", CLEAN),
        (b"", BROKEN),
        (b"HTTP/1.1 200", CLEAN),
        (CONTINUE, CLEAN),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", CLEAN),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", BROKEN),
        (CHUNKED + b"2\r\nhi\r\n", CLEAN),
        (CHUNKED + b"2\r\nhi\r\n0\r\n", CLEAN),
        (CHUNKED + b"2\r\nhi\r\n0\r\nA: b\r\n", CLEAN),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", BROKEN),
    ],
)
@pytest.mark.requirement("9112-8-2")
def test_truncated(data: bytes, reason: Exception) -> None:
    """
    A response that isn't whole is never reported as whole.
    """
    line = Line()
    caller, _ = line.start(b"POST")
    if data:
        line.transport.receive(data)
    line.transport.lose(reason)
    assert not caller.complete
    assert lost(caller) is PeerGone
    assert len(line.owner.gone) == 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"SSH-2.0-OpenSSH\r\n", PeerProtocolError),
        (b"HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n", PeerProtocolError),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", PeerProtocolError),
        (CHUNKED + b"x\r\n", PeerProtocolError),
        (b"HTTP/1.1 200 " + b"x" * 20_000, LimitExceeded),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", LimitExceeded),
    ],
    ids=["protocol", "upgrade", "field", "chunk", "status line", "fields"],
)
def test_rejected(data: bytes, problem: type[ExchangeLost]) -> None:
    """
    What breaks the rules loses the exchange and closes the connection; what
    comes after it is ignored.
    """
    line = Line()
    caller, exchange = line.start()
    line.transport.receive(data)
    assert lost(caller) is problem
    assert line.transport.ending == "abort"
    before = list(caller.names)
    line.transport.receive(OK)
    line.transport.lose()
    assert caller.names == before
    assert exchange.isOver
    assert not line.free


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "close"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "close"),
        (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "close"),
        (OK + b"\r\n", "close"),
        (OK, ""),
        (
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
            "",
        ),
    ],
    ids=["close", "1.0", "surplus", "empty line", "stays", "1.0 stays"],
)
@pytest.mark.requirement("9112-9.3-1", "9112-9.6-9")
def test_persistence(data: bytes, ending: str) -> None:
    """
    A connection is kept if the server keeps it, and nothing is left on it.
    """
    line = Line()
    caller, _ = line.start()
    line.transport.receive(data)
    assert caller.complete
    assert line.transport.ending == ending
    assert line.free is not bool(ending)


@pytest.mark.requirement("9112-9.2-3", "9112-9.2-4")
def test_unasked() -> None:
    """
    What comes on an idle connection is no response to the next request.
    """
    line = Line()
    line.transport.receive(OK)
    assert line.transport.ending == "abort"
    assert line.connection.phase is Phase.CLOSING
    line.transport.receive(OK)


@pytest.mark.requirement("9112-9.2-2")
def test_lateForAnother() -> None:
    """
    The rest of a response whose caller has given up reaches nobody.
    """
    line = Line()
    caller, exchange = line.start()
    line.transport.receive(OK[:-1])
    exchange.abortConnection()
    assert line.transport.ending == "abort"
    line.transport.receive(OK[-1:] + OK)
    line.transport.lose()
    assert caller.content == b"h"
    assert caller.names[-1] == "handleContentChunk"
    assert not line.free
    assert len(line.owner.gone) == 1


# Early answers.


@pytest.mark.requirement("9112-9.5-5")
def test_early() -> None:
    """
    An answer that comes before the request is sent is delivered, and ends
    both.
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=True)
    producer = PushSource(exchange, 10**9)
    line.transport.full()
    producer.register()
    line.transport.receive(OK)
    assert (caller.code, caller.content, caller.complete) == (200, b"hi", True)
    assert producer.stops == 1
    assert line.transport.ending == "abort"
    assert not line.free
    exchange.writeData(b"late")
    assert exchange.lateCalls == ("writeData",)


@pytest.mark.requirement("9110-7.5-1")
def test_duplex() -> None:
    """
    A request can go on while its response comes.
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=True, length=2)
    line.transport.receive(OK[:-2])
    exchange.writeData(b"h")
    line.transport.receive(b"h")
    exchange.writeData(b"i")
    exchange.finish()
    line.transport.receive(b"i")
    assert (caller.content, caller.complete) == (b"hi", True)
    assert line.transport.written == b"HEAD\r\n\r\nhi"
    assert line.free


@pytest.mark.requirement("9112-9.5-6")
def test_refusedEarly() -> None:
    """
    Who refuses and will close isn't sent any more (RFC 9112, section 9.5).
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=True)
    producer = PushSource(exchange, 10**9)
    line.transport.full()
    producer.register()
    line.transport.take()
    line.transport.receive(
        b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    )
    exchange.writeData(b"more")
    line.transport.drained()
    assert line.transport.take() == b""
    line.transport.receive(b"no")
    assert (caller.content, caller.complete, producer.stops) == (b"no", True, 1)
    assert line.transport.ending == "abort"


def test_answeredBeforeFlushed() -> None:
    """
    A connection that has a lot to send yet isn't kept.
    """
    line = Line()
    _, exchange = line.start(b"POST", hasContent=True)
    exchange.writeData(b"x" * 100_000)
    line.transport.full()
    exchange.finish()
    line.transport.receive(OK)
    assert not line.free
    assert line.transport.ending


# The caller's pace.


def test_paused() -> None:
    """
    A paused caller gets nothing, and after a while nothing is read.
    """
    line = Line()
    caller, exchange = line.start()
    size = 3 * READ_AHEAD
    line.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    exchange.pauseProducing()
    sent = 0
    while line.transport.reading:
        line.transport.receive(b"x" * 16384)
        sent += 16384
    assert caller.content == b""
    assert READ_AHEAD <= sent < READ_AHEAD + 16384
    # It isn't the server's fault that nothing moves.
    line.connection.look(100, Patience(10, 10, 10, 10, inf))
    assert not line.transport.ending
    exchange.resumeProducing()
    assert caller.content == b"x" * sent
    assert line.transport.reading
    line.transport.receive(b"x" * (size - sent))
    assert caller.complete
    assert line.free


def test_pausedWithinReach() -> None:
    """
    That a short response, or the connection, has ended is noticed in a pause;
    the connection can be used meanwhile.
    """
    line = Line()
    caller, exchange = line.start(
        reactions={"handleHeaders": lambda it: it.exchange.pauseProducing()}
    )
    line.transport.receive(OK)
    assert line.free
    assert not caller.complete
    other, _ = line.start()
    line.transport.receive(b"HTTP/1.1 204 OK\r\n\r\n")
    assert other.complete
    line.transport.lose(BROKEN)
    assert caller.content == b""
    exchange.resumeProducing()
    assert (caller.content, caller.complete, caller.lost) == (b"hi", True, False)


def test_pausedAndTruncated() -> None:
    """
    That a response will never be whole is told in a pause.
    """
    line = Line()
    caller, exchange = line.start()
    line.transport.receive(OK[:-2])
    exchange.pauseProducing()
    line.transport.receive(b"h")
    line.transport.lose()
    assert lost(caller) is PeerGone
    assert caller.content == b""


def test_pausedAndReadAtTheEnd() -> None:
    """
    A connection that isn't read in a pause is read again for the next
    exchange.
    """
    line = Line()
    caller, exchange = line.start()
    line.transport.receive(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (READ_AHEAD + 1)
    )
    exchange.pauseProducing()
    line.transport.receive(b"x" * READ_AHEAD)
    assert not line.transport.reading
    exchange.stopProducing()
    assert line.transport.reading
    line.transport.receive(b"x")
    assert not caller.complete
    assert exchange.isOver
    assert line.free


def test_stopped() -> None:
    """
    Unwanted content is dropped, up to a point.
    """
    line = Line()
    caller, exchange = line.start()
    line.transport.receive(CHUNKED + b"2\r\nhi\r\n")
    exchange.stopProducing()
    size = MAX_DROPPED // 2
    line.transport.receive(b"%x\r\n%b\r\n" % (size, b"x" * size))
    assert line.transport.ending == ""
    line.transport.receive(b"%x\r\n%b\r\n" % (size, b"x" * size))
    assert line.transport.ending == "abort"
    assert caller.content == b"hi"
    assert exchange.isOver
    line.transport.lose()
    assert not caller.lost


def test_stoppedWhileSending() -> None:
    """
    Who doesn't want the answer may still send the request.
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=True)
    line.transport.receive(CHUNKED)
    exchange.stopProducing()
    size = 2 * MAX_DROPPED
    line.transport.receive(b"%x\r\n%b\r\n" % (size, b"x" * size))
    exchange.writeData(b"a")
    exchange.finish()
    assert line.transport.written == b"HEAD\r\n\r\n1\r\na\r\n0\r\n\r\n"
    line.transport.receive(b"0\r\n\r\n")
    assert line.free
    assert not caller.lost


def test_stoppedWhenRefused() -> None:
    """
    Who was refused has no more of the request to send: the answer, which
    nobody wants, isn't read without end.
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=True)
    line.transport.receive(b"HTTP/1.1 400 No\r\nConnection: close\r\n\r\n")
    exchange.stopProducing()
    line.transport.receive(b"x" * MAX_DROPPED)
    assert line.transport.ending == ""
    line.transport.receive(b"x")
    assert line.transport.ending == "abort"
    assert exchange.isOver
    assert not caller.lost
