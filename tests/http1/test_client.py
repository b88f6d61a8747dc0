"""
One connection of the calling end, and the exchange on it.
"""

from __future__ import annotations

import io
import socket
from typing import Any

import pytest
from twisted.internet.interfaces import IPushProducer
from zope.interface.verify import verifyObject

from penstock.core.errors import DeadlineExceeded, PeerGone
from penstock.core.headers import Headers
from penstock.core.interfaces import IClientRequest
from penstock.core.testing.recorder import PullSource, PushSource
from penstock.transports.http1.client_phases import Phase

from ..conftest import LoggedErrors
from .calling import (
    BROKEN,
    CLEAN,
    CONTINUE,
    OK,
    FakeTLS,
    FakeTransport,
    Line,
    lost,
)


def test_interfaces() -> None:
    """
    An exchange is what a caller expects, a connection what a transport does.
    """
    line = Line()
    _, exchange = line.start()
    assert verifyObject(IClientRequest, exchange)
    assert verifyObject(IPushProducer, line.connection)


def test_answer() -> None:
    """
    A request goes out in one write, its response comes in, and the connection
    is free for the next one.
    """
    line = Line()
    for _ in range(3):
        before = len(line.owner.ready)
        caller, exchange = line.start()
        assert line.transport.writes == [b"HEAD\r\n\r\n"]
        assert line.transport.take()
        line.transport.receive(OK)
        assert caller.names == [
            "requestStarted",
            "handleHeaders",
            "handleContentChunk",
            "handleContentComplete",
        ]
        assert (caller.code, caller.message, caller.content) == (200, b"OK", b"hi")
        assert exchange.isOver
        assert len(line.owner.ready) == before + 1
        assert line.transport.ending == ""


def test_freeAtTheEnd() -> None:
    """
    Inside C{handleContentComplete} the connection can be used again.
    """
    line = Line()
    second: list[Any] = []
    caller, _ = line.start(
        reactions={"handleContentComplete": lambda _: second.append(line.start()[0])}
    )
    line.transport.receive(OK)
    assert caller.complete
    line.transport.receive(OK)
    assert second[0].content == b"hi"


def test_facts() -> None:
    """
    Each exchange has facts, and a name of its own.
    """
    line = Line()
    _, first = line.exchange()
    assert first.connectionInfo.peer is None
    _, second = line.start()
    info = second.connectionInfo
    assert (info.transport, info.secure) == ("http1", False)
    assert info.peer == line.transport.getPeer()
    assert info.local == line.transport.getHost()
    assert info.requestId != first.connectionInfo.requestId
    assert info.requestId == second.connectionInfo.requestId


# Content of the request.


def test_chunks() -> None:
    """
    Content of unknown length goes out in chunks, trailers after it.
    """
    line = Line()
    _, exchange = line.start(b"POST", hasContent=True)
    exchange.writeData(b"hello")
    exchange.writeData(b"")
    exchange.writeData(b"x" * 17)
    exchange.finish(Headers([(b"A", b"b")]))
    assert line.transport.written == (
        b"HEAD\r\n\r\n5\r\nhello\r\n11\r\n" + b"x" * 17 + b"\r\n0\r\nA: b\r\n\r\n"
    )
    line.transport.receive(OK)
    assert line.free


def test_length() -> None:
    """
    Content of known length goes out as it is.
    """
    line = Line()
    _, exchange = line.start(b"POST", hasContent=True, length=5)
    exchange.writeData(b"hel")
    exchange.writeData(b"lo")
    exchange.finish(Headers([(b"A", b"b")]))
    assert line.transport.written == b"HEAD\r\n\r\nhello"
    line.transport.receive(OK)
    assert line.free


def test_writtenBefore() -> None:
    """
    What was written before there was a connection goes out with the head.
    """
    line = Line()
    caller, exchange = line.exchange(b"POST", hasContent=True)
    exchange.writeData(b"a")
    exchange.writeData(b"b")
    exchange.finish()
    line.connection.start(exchange)
    assert line.transport.writes == [b"HEAD\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"]
    line.transport.receive(OK)
    assert caller.complete
    assert line.free


def test_file() -> None:
    """
    Content may come from a file.
    """
    line = Line()
    _, exchange = line.start(b"PUT", hasContent=True, length=5)
    sent = exchange.writeFile(io.BytesIO(b"xhellox"), 1, 5)
    assert sent.called
    exchange.finish()
    assert line.transport.written == b"HEAD\r\n\r\nhello"


@pytest.mark.parametrize("source", [PushSource, PullSource])
def test_producerWaits(source: Any) -> None:
    """
    A producer waits for a connection, and then for the transport.
    """
    line = Line()
    _, exchange = line.exchange(b"POST", hasContent=True)
    producer = source(exchange, 256 * 1024)
    producer.register()
    line.owner.clock.advance(1)
    assert producer.written <= producer.block
    line.transport.full()
    line.connection.start(exchange)
    line.owner.clock.advance(1)
    before = producer.written
    assert before <= producer.block
    line.transport.drained()
    for _ in range(100):
        line.owner.clock.advance(0)
    assert producer.ended
    line.transport.receive(OK)
    assert line.free


def test_transportFull() -> None:
    """
    A full transport pauses the producer of the exchange that is on it.
    """
    line = Line()
    _, exchange = line.start(b"POST", hasContent=True)
    producer = PushSource(exchange, 10**9)
    line.transport.room = 100_000
    producer.register()
    assert producer.pauses == 1
    assert producer.written < 150_000
    line.transport.room = 100_000
    line.transport.drained()
    assert producer.pauses == 2
    exchange.abortConnection()
    assert producer.stops == 1
    assert line.transport.ending == "abort"


# Expect: 100-continue.


def test_held() -> None:
    """
    Content is held back until the server asks for it.
    """
    line = Line()
    caller, exchange = line.start(b"PUT", hasContent=True, hold=True)
    producer = PushSource(exchange, 20 * 1024)
    producer.register()
    early = producer.written
    assert line.transport.take() == b"HEAD\r\n\r\n"
    line.transport.receive(CONTINUE)
    assert caller.intermediate[0][0] == 100
    assert producer.ended
    assert early < 20 * 1024
    assert line.transport.take().endswith(b"\r\n0\r\n\r\n")
    line.transport.receive(OK)
    assert line.free
    assert line.owner.clock.getDelayedCalls() == []


def test_heldInOrder() -> None:
    """
    What was written while the content was held goes out in order.
    """
    line = Line()
    _, exchange = line.exchange(b"PUT", hasContent=True, hold=True)
    exchange.writeData(b"a")
    line.connection.start(exchange)
    exchange.writeData(b"b")
    exchange.finish()
    assert line.transport.take() == b"HEAD\r\n\r\n"
    line.transport.receive(CONTINUE)
    assert line.transport.take() == b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"


@pytest.mark.requirement("9110-10.1.1-5")
def test_heldLongEnough() -> None:
    """
    A server that says nothing gets the content after a while.
    """
    line = Line()
    _, exchange = line.start(b"PUT", hasContent=True, length=1, hold=True)
    exchange.writeData(b"a")
    exchange.finish()
    line.owner.clock.advance(0.9)
    assert line.transport.take() == b"HEAD\r\n\r\n"
    line.owner.clock.advance(0.2)
    assert line.transport.take() == b"a"
    line.transport.receive(CONTINUE, OK)
    assert line.free


def test_heldAndRefused() -> None:
    """
    A server that answers instead never gets the content, and no other
    request on this connection.
    """
    line = Line()
    caller, exchange = line.start(b"PUT", hasContent=True, length=1, hold=True)
    exchange.writeData(b"a")
    exchange.finish()
    assert line.transport.take() == b"HEAD\r\n\r\n"
    line.transport.receive(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\n")
    line.owner.clock.advance(5)
    line.transport.receive(b"no")
    assert (caller.code, caller.content, caller.complete) == (417, b"no", True)
    assert line.transport.take() == b""
    assert line.transport.ending == "abort"
    assert not line.free


@pytest.mark.parametrize("end", ["abort", "lose"])
def test_heldAndOver(end: str) -> None:
    """
    An exchange that ends while its content is held leaves no timer.
    """
    line = Line()
    _, exchange = line.start(b"PUT", hasContent=True, hold=True)
    if end == "abort":
        exchange.abortConnection()
    else:
        line.transport.lose()
    assert line.owner.clock.getDelayedCalls() == []


# Ends.


@pytest.mark.parametrize("hasContent", [False, True])
def test_abort(hasContent: bool) -> None:
    """
    Who gives up closes the connection, and hears no more.
    """
    line = Line()
    caller, exchange = line.start(b"POST", hasContent=hasContent)
    exchange.abortConnection()
    assert line.transport.ending == "abort"
    line.transport.receive(OK)
    line.transport.lose()
    assert caller.names == ["requestStarted"]
    assert len(line.owner.gone) == 1


def test_abortBefore() -> None:
    """
    Who gives up before there is a connection needs none.
    """
    line = Line()
    _, exchange = line.exchange(b"POST", hasContent=True)
    exchange.writeData(b"a")
    exchange.abortConnection()
    assert line.owner.forgotten == [exchange]
    assert line.transport.writes == []


@pytest.mark.parametrize(
    "name",
    [
        "handleIntermediateResponse",
        "handleHeaders",
        "handleContentChunk",
        "handleContentComplete",
    ],
)
def test_abortInside(name: str) -> None:
    """
    An exchange may be given up inside any callback.
    """
    line = Line()
    caller, _ = line.start(reactions={name: lambda it: it.exchange.abortConnection()})
    line.transport.receive(CONTINUE + OK)
    assert caller.names[-1] == name
    if name == "handleContentComplete":
        assert line.free
    else:
        assert line.transport.ending == "abort"
        assert not line.free
    line.transport.lose()


@pytest.mark.parametrize("name", ["handleHeaders", "handleContentChunk"])
def test_callbackFails(name: str, loggedErrors: LoggedErrors) -> None:
    """
    A callback that raises costs its own exchange, and one record.
    """

    def fail(caller: Any) -> None:
        raise ZeroDivisionError

    line = Line()
    caller, _ = line.start(reactions={name: fail})
    line.transport.receive(OK)
    assert caller.names[-1] == name
    assert line.transport.ending == "abort"
    assert [type(error) for error in loggedErrors.flush()] == [ZeroDivisionError]


@pytest.mark.parametrize("reason", [CLEAN, BROKEN])
@pytest.mark.requirement("9110-9.2.2-1")
def test_stale(reason: Exception) -> None:
    """
    A kept connection that is dead: what may be retried is.
    """
    line = Line()
    line.start()
    line.transport.receive(OK)
    caller, exchange = line.start(again=True)
    line.transport.lose(reason)
    assert line.owner.again == [exchange]
    assert caller.names == ["requestStarted"]
    other = Line()
    other.connection.start(exchange)
    assert other.transport.written == b"HEAD\r\n\r\n"
    other.transport.receive(OK)
    assert caller.complete


@pytest.mark.parametrize(
    ("reused", "again", "data"),
    [
        (False, True, b""),
        (True, False, b""),
        (True, True, b"H"),
        (True, True, CONTINUE),
    ],
    ids=["new", "not again", "an octet", "interim"],
)
@pytest.mark.requirement("9110-9.2.2-1")
def test_notStale(reused: bool, again: bool, data: bytes) -> None:
    """
    What may have been seen by the server isn't sent again.
    """
    line = Line()
    if reused:
        line.start()
        line.transport.receive(OK)
    caller, _ = line.start(again=again)
    if data:
        line.transport.receive(data)
    line.transport.lose()
    assert line.owner.again == []
    assert lost(caller) is PeerGone


@pytest.mark.requirement("9110-9.2.2-3")
def test_staleTwice() -> None:
    """
    Nothing is sent more than twice.
    """
    exchange: Any = None
    caller: Any = None
    for _ in range(2):
        line = Line()
        line.start()
        line.transport.receive(OK)
        if exchange is None:
            caller, exchange = line.exchange(again=True)
        line.connection.start(exchange)
        line.transport.lose()
    assert line.owner.again == []
    assert lost(caller) is PeerGone


def test_expired() -> None:
    """
    The owner may end what takes too long.
    """
    line = Line()
    caller, _ = line.start()
    line.connection.fail(DeadlineExceeded("too long"))
    assert lost(caller) is DeadlineExceeded
    assert line.transport.ending == "abort"


def test_closed() -> None:
    """
    A connection that was closed takes nothing, and says when it is gone.
    """
    line = Line()
    line.connection.close()
    assert line.transport.ending == "close"
    line.connection.close()
    line.transport.receive(OK)
    line.transport.lose()
    assert line.owner.gone == [line.connection]
    line.connection.abort()
    assert line.connection.phase is Phase.CLOSED


def test_closedAtOnce() -> None:
    """
    A connection that has been closed when it is made was never there.
    """
    near, far = socket.socketpair()
    far.close()

    class Closed(FakeTransport):
        def getHandle(self) -> socket.socket:
            return near

    line = Line(Closed)
    assert line.owner.ready == []
    assert len(line.owner.failed) == 1
    assert line.transport.ending == "abort"
    near.close()


# TLS.


def test_handshake() -> None:
    """
    An encrypted connection is ready when it is known who is at its end.
    """
    line = Line(FakeTLS)
    assert line.owner.ready == []
    line.connection.handshakeCompleted()
    assert line.owner.ready == [line.connection]
    _, exchange = line.start()
    assert exchange.connectionInfo.peerCertificate == "certificate"


def test_noHandshake() -> None:
    """
    One that ends before that was never there.
    """
    line = Line(FakeTLS)
    line.transport.lose(BROKEN)
    assert [failure.value for failure in line.owner.failed] == [BROKEN]
    assert line.owner.gone == []
    line.connection.handshakeCompleted()
    assert line.owner.ready == []


def test_tooLate() -> None:
    """
    A connection that comes when nobody waits any more is closed.
    """
    line = Line()
    other = Line()
    other.connection.abort()
    transport = FakeTransport(other.connection)
    other.connection.makeConnection(transport)  # type: ignore[arg-type]
    assert transport.ending == "abort"
    assert len(line.owner.ready) == 1
