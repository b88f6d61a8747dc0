"""
Requests that are sent once more: what is, and what isn't.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import PeerGone
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.client_exchange import MAX_KEPT

from ..loop import Loop
from .calling import BROKEN, EMPTY, OK, House, Line, lost
from .scripted import Server

TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbye"
)


class Sending:
    """
    A request with content on a connection that has been used before.
    """

    def __init__(
        self, fields: Any = (), method: bytes = b"PUT", **options: Any
    ) -> None:
        self.house = House(**options)
        self.first = self.house.warm()
        self.caller = self.house.ask(method, b"/", fields, True)
        self.exchange = self.caller.exchange

    def again(self) -> Any:
        """
        @return: the second connection.
        """
        return self.house.endpoint.accept()


# Content


@pytest.mark.parametrize("cut", ["before", "between", "after"])
@pytest.mark.parametrize("length", [True, False], ids=["length", "chunks"])
@pytest.mark.requirement("9110-9.2.2-1")
def test_content(length: bool, cut: str) -> None:
    """
    What was sent of it is sent again, and the rest follows.
    """
    sending = Sending([(b"Content-Length", b"5")] if length else [])
    exchange = sending.exchange
    if cut == "before":
        sending.first.lose(BROKEN)
    exchange.writeData(b"hel")
    if cut == "between":
        sending.first.lose(BROKEN)
    exchange.writeData(b"lo")
    exchange.finish(None if length else Headers([(b"A", b"b")]))
    if cut == "after":
        sending.first.lose(BROKEN)
    wire = sending.again()
    content = b"hello" if length else b"3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n"
    assert wire.take().partition(b"\r\n\r\n")[2] == content
    wire.receive(OK)
    assert sending.caller.complete
    assert sending.caller.content == b"hi"


def test_contentWhileSending() -> None:
    """
    A request may still be under way on its second connection.
    """
    sending = Sending()
    sending.exchange.writeData(b"a")
    sending.first.lose()
    sending.exchange.writeData(b"b")
    wire = sending.again()
    assert wire.take().endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n")
    sending.exchange.writeData(b"c")
    sending.exchange.finish()
    assert wire.take() == b"1\r\nc\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("size", "kept"), [(MAX_KEPT - 1, True), (MAX_KEPT, True), (MAX_KEPT + 1, False)]
)
@pytest.mark.parametrize("parts", [1, 2, 1000])
def test_muchContent(size: int, kept: bool, parts: int) -> None:
    """
    Only so much of it is kept.
    """
    sending = Sending([(b"Content-Length", b"100000")])
    step = size // parts
    for _ in range(parts - 1):
        sending.exchange.writeData(b"x" * step)
    sending.exchange.writeData(b"x" * (size - step * (parts - 1)))
    sending.first.lose(BROKEN)
    if kept:
        assert sending.again().take().partition(b"\r\n\r\n")[2] == b"x" * size
    else:
        assert lost(sending.caller) is PeerGone


def test_muchContentUnsent() -> None:
    """
    What has not been sent doesn't count.
    """
    fields = [(b"Content-Length", b"200000"), (b"Expect", b"100-continue")]
    sending = Sending(fields)
    sending.exchange.writeData(b"x" * 200_000)
    sending.exchange.finish()
    sending.first.lose()
    wire = sending.again()
    assert wire.take().endswith(b"\r\n\r\n")
    wire.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert wire.take() == b"x" * 200_000
    wire.receive(OK)
    assert sending.caller.complete


def test_heldAgain() -> None:
    """
    The second time, content is held back once more.
    """
    fields = [(b"Content-Length", b"1"), (b"Expect", b"100-continue")]
    sending = Sending(fields, continueTimeout=2)
    sending.exchange.writeData(b"x")
    sending.exchange.finish()
    sending.house.clock.advance(1.5)
    sending.first.lose()
    wire = sending.again()
    sending.house.clock.advance(1.5)
    assert wire.take().endswith(b"\r\n\r\n")
    sending.house.clock.advance(0.5)
    assert wire.take() == b"x"


def test_producer() -> None:
    """
    A producer waits for the second connection.
    """

    class Producer:
        calls = ""

        def pauseProducing(self) -> None:
            self.calls += "p"

        def resumeProducing(self) -> None:
            self.calls += "r"

        def stopProducing(self) -> None:
            self.calls += "s"

    producer = Producer()
    sending = Sending()
    sending.exchange.registerProducer(producer, True)
    sending.exchange.writeData(b"a")
    sending.first.lose()
    assert producer.calls == "p"
    wire = sending.again()
    assert producer.calls == "pr"
    assert wire.take().endswith(b"\r\n\r\n1\r\na\r\n")


@pytest.mark.requirement("9110-9.2.2-1")
@pytest.mark.parametrize("method", [b"POST", b"PATCH", b"FROB"])
def test_notIdempotent(method: bytes) -> None:
    sending = Sending(method=method)
    sending.first.lose()
    assert lost(sending.caller) is PeerGone
    assert not sending.house.endpoint.attempts


def test_notOnANewConnection() -> None:
    """
    One that has never worked isn't tried again, and nothing is kept for it.
    """
    house = House()
    caller = house.ask(b"PUT", b"/", (), True)
    wire = house.endpoint.accept()
    caller.exchange.writeData(b"x")
    assert caller.exchange._kept == []
    wire.lose()
    assert lost(caller) is PeerGone


def test_notThrice() -> None:
    sending = Sending()
    sending.exchange.writeData(b"a")
    sending.first.lose()
    second = sending.again()
    assert sending.exchange._kept == []
    second.lose()
    assert lost(sending.caller) is PeerGone


def test_notAfterARefusal() -> None:
    """
    Who has been told not to send the rest can't send it again.
    """
    sending = Sending()
    sending.exchange.writeData(b"a")
    sending.first.receive(
        b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
    )
    sending.first.lose()
    assert lost(sending.caller) is PeerGone
    assert not sending.house.endpoint.attempts


def test_contentAgain(loop: Loop) -> None:
    """
    On real sockets.
    """
    server = Server(loop, [OK], ["reset"], [OK])
    assert server.get() == (200, b"hi")
    assert server.get("PUT", b"some content") == (200, b"hi")
    assert len(server.factory.made) == 2
    assert server.factory.made[1].everything.endswith(b"\r\n\r\nsome content")
    server.close()


# 408


def used(again: bool = True, **options: Any) -> tuple[Line, ResponseRecorder]:
    """
    The second request on a connection.
    """
    line = Line()
    line.start()
    line.transport.receive(OK)
    caller, _ = line.start(again=again, **options)
    line.transport.take()
    return line, caller


@pytest.mark.parametrize(
    "parts",
    [
        [TIMEOUT],
        [TIMEOUT[:1], TIMEOUT[1:40], TIMEOUT[40:]],
        [TIMEOUT.replace(b"Content-Length: 3\r\n", b"")],
        [TIMEOUT.replace(b"1.1", b"1.0").replace(b"Connection: close\r\n", b"")],
    ],
    ids=["whole", "cut", "until closed", "HTTP/1.0"],
)
@pytest.mark.requirement("9110-9.2.2-1")
def test_timeout(parts: list[bytes]) -> None:
    """
    RFC 9110, section 15.5.9: what a server says to a connection that it has
    had enough of is no answer to a request that was on its way.
    """
    line, caller = used()
    line.transport.receive(*parts)
    assert line.transport.ending == "abort"
    assert caller.names == ["requestStarted"]
    assert line.owner.again == [caller.exchange]
    line.transport.lose()
    assert line.owner.gone == [line.connection]


@pytest.mark.parametrize(
    ("reused", "again", "data"),
    [
        (False, True, TIMEOUT),
        (True, False, TIMEOUT),
        (True, True, TIMEOUT.replace(b"close", b"x")),
        (True, True, b"HTTP/1.1 103 Early Hints\r\n\r\n" + TIMEOUT),
        (True, True, TIMEOUT.replace(b"408", b"503")),
    ],
    ids=["new", "not again", "stays", "after an interim one", "503"],
)
@pytest.mark.requirement("9110-9.2.2-1")
def test_timeoutForMe(reused: bool, again: bool, data: bytes) -> None:
    """
    Any other is an answer.
    """
    line, caller = used(again)
    if not reused:
        line = Line()
        caller, _ = line.start(again=True)
    line.transport.receive(data)
    assert caller.code in (408, 503)
    assert caller.complete
    line.transport.lose()
    assert line.owner.again == []


def test_timeoutWithContent() -> None:
    """
    With its content, which needn't be whole yet.
    """
    sending = Sending()
    sending.exchange.writeData(b"a")
    sending.first.receive(TIMEOUT)
    sending.exchange.writeData(b"b")
    assert sending.first.ending == "abort"
    sending.first.lose()
    wire = sending.again()
    sending.exchange.finish()
    assert wire.take().endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


def test_timeoutTwice() -> None:
    """
    The second one is the answer.
    """
    house = House()
    first = house.warm()
    caller = house.ask()
    first.receive(TIMEOUT)
    first.lose()
    house.endpoint.accept().receive(TIMEOUT)
    assert (caller.code, caller.content) == (408, b"bye")


def test_timeoutAndGivenUp() -> None:
    """
    Who gives up before the connection is gone isn't sent again.
    """
    house = House(maxConnections=1)
    first = house.warm()
    caller, other = house.ask(uri=b"/1"), house.ask(uri=b"/2")
    first.receive(TIMEOUT)
    caller.exchange.abortConnection()
    first.lose()
    assert house.endpoint.accept().take().startswith(b"GET /2 ")
    assert caller.names == ["requestStarted"]
    assert not other.lost


@pytest.mark.requirement("9110-9.2.2-1")
def test_timeoutOnSockets(loop: Loop) -> None:
    """
    A GET finds another connection, a POST gets to know what happened.
    """
    server = Server(loop, [OK], [TIMEOUT, None], [OK], [TIMEOUT, None], [OK])
    assert server.get() == (200, b"hi")
    assert server.get() == (200, b"hi")
    assert server.get("POST", b"a") == (408, b"bye")
    assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 3
    server.close()


# Before anything is sent


@pytest.mark.parametrize("data", [TIMEOUT, b"HTTP/1.1 408 X\r\n", b"x", b"\r\n", OK])
@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.requirement("9112-9.2-3", "9112-9.5-2")
def test_spokeWhileIdle(loop: Loop, data: bytes, closes: bool) -> None:
    """
    Whatever came before a request isn't its answer, even if nobody has read it
    yet; and then it does no harm to send a POST elsewhere.
    """
    server = Server(loop, [OK], [OK.replace(b"hi", b"ho")])
    assert server.get() == (200, b"hi")
    transport = server.factory.made[0].transport
    transport.socket.send(data)
    if closes:
        transport.socket.shutdown(1)
    assert server.get("POST", b"a") == (200, b"ho")
    assert len(server.factory.made) == 2
    server.close()


KEEP_ALIVE = b"HTTP/1.1 204 X\r\nKeep-Alive: %s\r\n\r\n"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"timeout=5", 4),
        (b"timeout=5, max=100", 4),
        (b"max=100, TIMEOUT = 5", 4),
        (b'timeout="5"', 4),
        (b"timeout=2", 1),
        (b"timeout=1", 0.5),
        (b"timeout=0", 0),
        (b"timeout=999999999", None),
        (b"max=5", None),
        (b"xtimeout=5", None),
        (b"timeout=-5", None),
        (b"timeout=5x", None),
        (b"timeout=", None),
        (b"timeout=" + b"5" * 5000, None),
    ],
)
@pytest.mark.parametrize("swept", [False, True], ids=["when used", "when looked at"])
def test_patience(value: bytes, seconds: float | None, swept: bool) -> None:
    """
    A connection isn't used any more when its server is about to close it: a
    POST might just miss it.
    """
    house = House(idleTimeout=None)
    house.ask()
    wire = house.endpoint.accept()
    wire.receive(KEEP_ALIVE % value)
    wire.take()
    if seconds is None:
        house.wait(500)
    elif swept:
        house.wait(seconds)
        assert wire.ending == "close"
    else:
        if seconds:
            house.clock.rightNow += seconds - 0.01
            house.ask(b"POST")
            assert wire.take()
            wire.receive(KEEP_ALIVE % value)
        house.clock.rightNow += seconds
    house.ask(b"POST")
    assert bool(wire.take()) is (seconds is None)
    assert len(house.endpoint.attempts) == (seconds is not None)


def test_patienceOfTheLast() -> None:
    """
    What counts is what was said last.
    """
    house = House(idleTimeout=None)
    wire = house.warm()
    house.ask()
    wire.receive(KEEP_ALIVE % b"timeout=5")
    house.ask()
    wire.receive(EMPTY)
    house.wait(500)
    assert wire.ending == ""


def test_emptyWhileIdle() -> None:
    """
    Read in time, it is the same.
    """
    house = House()
    wire = house.warm()
    wire.receive(TIMEOUT)
    assert wire.ending == "abort"
    caller = house.ask(b"POST")
    house.endpoint.accept().receive(EMPTY)
    assert caller.code == 204
