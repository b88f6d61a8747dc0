"""
Giving up, at every stage: by the caller, because time is up, or because there
is no connection to be had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.errors import DeadlineExceeded, ExchangeLost, Unavailable
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.pool import SWEEP, HTTPClient

from ..loop import Loop
from .calling import EMPTY, OK, FakeEndpoint, House, lost
from .scripted import Server

INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
TIMEOUT = b"HTTP/1.1 408 X\r\nConnection: close\r\n\r\n"


# How far a request has got.  Each returns its caller, and the connection that it
# has, if it has one.

Reached = tuple[ResponseRecorder, Any]


def begun(house: House) -> Reached:
    return house.ask(), None


def begunWithContent(house: House) -> Reached:
    caller = house.ask(b"PUT", hasContent=True)
    caller.exchange.writeData(b"a")
    return caller, None


def queued(house: House) -> Reached:
    """
    All connections are taken.
    """
    while not house.client._waiting:
        house.ask()
        if house.endpoint.attempts:
            house.endpoint.accept()
    return next(iter(house.client._waiting))._callbacks, None


def sent(house: House) -> Reached:
    caller, _ = begun(house)
    return caller, house.endpoint.accept()


def sentAgain(house: House) -> Reached:
    wire = house.warm()
    return house.ask(), wire


def sending(house: House) -> Reached:
    caller, _ = begunWithContent(house)
    return caller, house.endpoint.accept()


def full(house: House) -> Reached:
    caller, wire = sending(house)
    wire.full()
    return caller, wire


def held(house: House) -> Reached:
    caller = house.ask(b"PUT", b"/", [(b"Expect", b"100-continue")], True)
    caller.exchange.writeData(b"a")
    return caller, house.endpoint.accept()


def hinted(house: House) -> Reached:
    caller, wire = sent(house)
    wire.receive(INTERIM)
    return caller, wire


def inHead(house: House) -> Reached:
    caller, wire = sent(house)
    wire.receive(HEAD[:20])
    return caller, wire


def answered(house: House) -> Reached:
    caller, wire = sent(house)
    wire.receive(HEAD)
    return caller, wire


def inContent(house: House) -> Reached:
    caller, wire = answered(house)
    wire.receive(b"hello")
    return caller, wire


def paused(house: House) -> Reached:
    caller, wire = answered(house)
    caller.exchange.pauseProducing()
    wire.receive(b"hello")
    return caller, wire


def stopped(house: House) -> Reached:
    caller, wire = answered(house)
    caller.exchange.stopProducing()
    return caller, wire


def refused(house: House) -> Reached:
    caller, wire = sending(house)
    wire.receive(b"HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 1\r\n\r\n")
    return caller, wire


def timedOut(house: House) -> Reached:
    """
    To be sent once more, when the connection is gone.
    """
    caller, wire = sentAgain(house)
    wire.receive(TIMEOUT)
    return caller, wire


def stale(house: House) -> Reached:
    """
    To be sent once more, when there is another connection.
    """
    caller, wire = sentAgain(house)
    wire.lose()
    return caller, None


STAGES: dict[str, Callable[[House], Reached]] = {
    stage.__name__: stage
    for stage in (
        *(begun, begunWithContent, queued, sent, sentAgain, sending, full, held),
        *(hinted, inHead, answered, inContent, paused, stopped, refused),
        *(timedOut, stale),
    )
}


@pytest.mark.parametrize("reach", STAGES.values(), ids=STAGES)
@pytest.mark.requirement("9112-9.3-6")
def test_byCaller(reach: Callable[[House], Reached]) -> None:
    """
    Its connection ends, it hears nothing more, and nobody else of it.
    """
    house = House(maxConnections=2)
    caller, wire = reach(house)
    names = list(caller.names)
    caller.exchange.abortConnection()
    if wire is not None:
        assert wire.ending == "abort"
        wire.take()
        # Too late.
        if wire.reading:
            wire.receive(b"hello", OK, INTERIM)
        wire.lose()
    caller.exchange.writeData(b"late")
    caller.exchange.finish()
    caller.exchange.resumeProducing()
    for each in house.client._connections:
        # Of those that this one has waited for.
        if not house.endpoint.attempts and each.transport is not None:
            transport: Any = each.transport
            transport.receive(EMPTY)
    other = house.ask(uri=b"/other")
    while house.endpoint.attempts:
        house.endpoint.accept()
    for transport in house.endpoint.transports:
        if b"/other" in transport.take():
            transport.receive(OK)
    assert other.complete
    assert other.content == b"hi"
    assert caller.names == names
    closed = house.client.close()
    for transport in house.endpoint.transports:
        transport.lose()
    assert closed.called
    house.clock.advance(0)
    assert house.clock.getDelayedCalls() == []


@pytest.mark.parametrize("reach", STAGES.values(), ids=STAGES)
def test_total(reach: Callable[[House], Reached]) -> None:
    """
    A deadline for all of it holds at every stage.
    """
    house = House(
        maxConnections=2,
        totalTimeout=20,
        headTimeout=None,
        contentTimeout=None,
        connectTimeout=None,
        continueTimeout=100,
        idleTimeout=None,
    )
    caller, wire = reach(house)
    house.wait(19)
    assert not caller.lost
    house.wait(2)
    if caller.names[-1:] == ["requestStarted"] and wire is not None and wire.ending:
        # It waits for its connection to be gone.
        wire.lose()
        house.wait(1)
    if reach is stopped:
        # It wanted no more to be told.
        assert wire.ending == "abort"
    else:
        assert lost(caller) is DeadlineExceeded
    assert wire is None or wire.ending == "abort"


def test_totalAlthoughItMoves() -> None:
    """
    An octet now and then is life, but not for ever.
    """
    house = House(totalTimeout=20, contentTimeout=10)
    caller = house.ask()
    wire = house.endpoint.accept()
    wire.receive(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(19):
        house.wait(0.5)
        wire.receive(b"x")
    assert not caller.lost
    house.wait(2)
    assert lost(caller) is DeadlineExceeded


def test_noTotal() -> None:
    """
    Unless it is wanted, there is none: events may go on.
    """
    house = House(contentTimeout=10)
    caller = house.ask()
    wire = house.endpoint.accept()
    wire.receive(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(500):
        house.wait(2)
        wire.receive(b"x")
    assert not caller.lost


def test_totalOfEach() -> None:
    """
    It is counted for each request anew.
    """
    house = House(totalTimeout=5, idleTimeout=None)
    wire = house.warm()
    for _ in range(5):
        house.wait(3)
        caller = house.ask()
        wire.receive(OK)
        assert caller.complete
    house.wait(30)
    assert wire.ending == ""


def test_refusedAndStalled() -> None:
    """
    Who isn't listened to any more isn't waited for either: it is the server
    that is late.
    """
    house = House(contentTimeout=10)
    caller, wire = refused(house)
    house.wait(8)
    assert not caller.lost
    house.wait(3)
    assert lost(caller) is DeadlineExceeded
    assert wire.ending == "abort"


def test_answeredWhileWriting() -> None:
    """
    While it is listened to, an answer may depend on what it writes next.
    """
    house = House(contentTimeout=10)
    caller, wire = sending(house)
    wire.receive(HEAD)
    house.wait(50)
    assert not caller.lost
    caller.exchange.finish()
    house.wait(11)
    assert lost(caller) is DeadlineExceeded


# No connection


def test_noStorm() -> None:
    """
    When nothing answers, each connection is tried once, and then all who wait
    are told.
    """
    house = House(maxConnections=4)
    callers = [house.ask() for _ in range(100)]
    for number in range(4):
        assert len(house.endpoint.attempts) == 4 - number
        house.endpoint.refuse()
    assert house.endpoint.attempts == []
    assert {lost(caller) for caller in callers} == {Unavailable}


def test_noStormBesideAnother() -> None:
    """
    Where one connection works and no other is to be had, who waits for the one
    isn't told off at once; it is tried again from time to time.
    """
    house = House(maxConnections=3, connectTimeout=100)
    first = house.ask()
    wire = house.endpoint.accept()
    waiting = [house.ask() for _ in range(50)]
    while house.endpoint.attempts:
        house.endpoint.refuse()
    assert sum(caller.lost for caller in waiting) == 2
    house.clock.advance(SWEEP)
    assert len(house.endpoint.attempts) == 2
    while house.endpoint.attempts:
        house.endpoint.refuse()
    assert sum(caller.lost for caller in waiting) == 4
    wire.receive(OK)
    assert first.complete
    for _ in range(46):
        wire.receive(OK)
    assert all(caller.complete for caller in waiting[4:])


def test_onceItWorks() -> None:
    """
    As soon as a connection is made, others are tried for those who still wait.
    """
    house = House(maxConnections=3)
    callers = [house.ask() for _ in range(9)]
    house.endpoint.refuse()
    house.endpoint.refuse()
    assert len(house.endpoint.attempts) == 1
    house.endpoint.accept()
    assert len(house.endpoint.attempts) == 2
    for _ in range(2):
        house.endpoint.accept()
    for _ in range(3):
        for wire in house.endpoint.transports:
            if wire.take():
                wire.receive(OK)
    assert sum(caller.lost for caller in callers) == 2
    assert sum(caller.complete for caller in callers) == 7


def test_noName() -> None:
    """
    So with a name that nobody knows.
    """

    class NoSuchName(FakeEndpoint):
        def connect(self, protocolFactory: Any) -> Any:
            failed: Deferred[Any] = Deferred()
            failed.errback(OSError("no such name"))
            return failed

    house = House()
    house.client = HTTPClient(house.clock, NoSuchName())
    caller = house.ask()
    assert lost(caller) is Unavailable
    assert "no such name" in str(caller.reason and caller.reason.value)
    assert house.client.close().called
    assert house.clock.getDelayedCalls() == []


# On real sockets


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ([], 0.0),
        ([], 0.02),
        ([HEAD[:9]], 0.02),
        ([INTERIM], 0.02),
        ([HEAD], 0.02),
        ([HEAD, b"hello"], 0.02),
    ],
    ids=["at once", "no answer", "in the head", "interim", "head", "content"],
)
@pytest.mark.parametrize("content", [None, b"x" * 3_000_000], ids=["GET", "PUT"])
def test_cancelled(
    loop: Loop, script: list[Any], after: float, content: bytes | None
) -> None:
    """
    Cancelled requests leave no connection behind, and the next one is answered.
    """
    server = Server(loop, script, [OK])
    failures: list[Any] = []
    asked = server.client.request("PUT" if content else "GET", "/", body=content)
    response: list[Any] = []
    asked.addCallbacks(response.append, failures.append)
    loop.turns(after)
    if response:
        response[0].cancel()
    else:
        asked.cancel()
        assert len(failures) == 1
    loop.run(lambda: not server.client._connections or not after)
    server.factory.script = [[OK]]
    assert server.get() == (200, b"hi")
    server.close()


@pytest.mark.parametrize(
    "script",
    [
        [INTERIM * 101, OK],
        [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", OK],
        [b"HTTP/1.1 200 OK\r\n\r\nhi", "reset"],
        [HEAD + b"hello", None],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", None],
        [b"\x16\x03\x01"],
    ],
    ids=["interim", "101", "reset", "short", "no last chunk", "TLS"],
)
def test_noAnswer(loop: Loop, script: list[Any]) -> None:
    """
    What is no answer breaks its own exchange, and no other.
    """
    server = Server(loop, script, [OK])
    with pytest.raises(ExchangeLost):
        server.get()
    server.factory.script = [[OK]]
    assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 2
    server.close()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", OK),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\nhi"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nhi"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("GET", OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    ],
    ids=["HEAD", "204", "304", "HEAD with chunks", "GET"],
)
@pytest.mark.requirement("9112-6.3-15", "9112-9.2-3")
def test_tooMuch(loop: Loop, method: str, answer: bytes) -> None:
    """
    What comes after an answer, content that it may not have too, never reaches
    the next exchange.
    """
    server = Server(loop, [answer], [OK])
    code, content = server.get(method)
    assert (code, content) in [(200, b""), (204, b""), (304, b""), (200, b"hi")]
    assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 2
    server.close()


def test_lateContent(loop: Loop) -> None:
    """
    Nor what comes after a request that was given up.
    """
    server = Server(loop, [HEAD + b"hello"], [OK], maxConnections=1)
    caller = ResponseRecorder()
    server.client.startRequest(b"GET", b"/", Headers(), caller)
    loop.run(lambda: caller.content == b"hello")
    caller.exchange.abortConnection()
    server.factory.made[0].transport.write(b"world" + OK)
    assert server.get() == (200, b"hi")
    assert caller.content == b"hello"
    server.close()


def test_stillOnTheWay(loop: Loop) -> None:
    """
    A server that answers and goes, while much is still being sent to it, has
    answered.
    """
    early = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    server = Server(loop, [OK], [early, None])
    assert server.get() == (200, b"hi")
    assert server.get("PUT", b"x" * 5_000_000) == (200, b"hi")
    assert len(server.factory.made) == 1
    server.close()
