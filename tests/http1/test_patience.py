"""
How long a client waits, in virtual time.
"""

from __future__ import annotations

from penstock.core.errors import DeadlineExceeded, Unavailable
from penstock.transports.http1.client_connection import CLOSE_TIMEOUT

from .calling import BROKEN, EMPTY, OK, FakeTLS, House, lost


def test_idle() -> None:
    """
    A connection is kept for a while, from its last use.
    """
    house = House(idleTimeout=10)
    transport = house.warm()
    house.wait(8)
    house.ask()
    transport.receive(EMPTY)
    house.wait(8)
    assert transport.ending == ""
    house.wait(1)
    assert transport.ending == "close"
    transport.lose()
    house.wait(1)
    assert house.clock.getDelayedCalls() == []
    house.ask()
    assert len(house.endpoint.attempts) == 1


def test_closesSlowly() -> None:
    """
    A server that doesn't take note of a closed connection isn't waited for.
    """
    house = House(idleTimeout=1)
    transport = house.warm()
    house.wait(1)
    assert transport.ending == "close"
    house.wait(CLOSE_TIMEOUT)
    assert transport.ending == "abort"


def test_connectTimeout() -> None:
    """
    A connection that isn't made in time is given up.
    """
    house = House(connectTimeout=5)
    caller = house.ask()
    house.wait(4)
    assert not caller.lost
    house.wait(1)
    assert lost(caller) is Unavailable
    assert house.endpoint.cancelled == 1
    house.wait(1)
    assert house.clock.getDelayedCalls() == []


def test_waitTimeout() -> None:
    """
    Who waits for another's connection doesn't do so for ever.
    """
    house = House(connectTimeout=5, maxConnections=1)
    house.ask()
    transport = house.endpoint.accept()
    caller = house.ask()
    house.wait(5)
    assert lost(caller) is Unavailable
    assert transport.ending == ""


def test_handshakeTimeout() -> None:
    """
    A handshake is part of making a connection.
    """
    house = House(connectTimeout=5, secure=True)
    caller = house.ask()
    transport = house.endpoint.accept(FakeTLS)
    assert transport.written == b""
    house.wait(5)
    assert lost(caller) is Unavailable
    assert transport.ending == "abort"
    transport.lose()
    assert house.client.close().called


def test_handshakeFails() -> None:
    """
    A failed handshake means that nothing was sent.
    """
    house = House(secure=True)
    caller = house.ask(b"POST")
    transport = house.endpoint.accept(FakeTLS)
    transport.lose(BROKEN)
    assert lost(caller) is Unavailable
    assert transport.written == b""


def test_headTimeout() -> None:
    """
    A response has to begin in time, counted from the last sign of life.
    """
    house = House(headTimeout=10)
    caller = house.ask()
    transport = house.endpoint.accept()
    house.wait(8)
    transport.receive(b"HTTP/1.1 102 Processing\r\n\r\n")
    house.wait(8)
    assert not caller.lost
    house.wait(2)
    assert lost(caller) is DeadlineExceeded
    assert transport.ending == "abort"
    transport.receive(OK)
    assert caller.code is None


def test_headTimeoutWithDrips() -> None:
    """
    A head that comes octet by octet isn't waited for longer.
    """
    house = House(headTimeout=10)
    caller = house.ask()
    transport = house.endpoint.accept()
    for octet in b"HTTP/1.1 200 OK":
        house.wait(0.5)
        transport.receive(bytes([octet]))
    assert lost(caller) is DeadlineExceeded


def test_headTimeoutWhileWriting() -> None:
    """
    A caller may take its time over a request.
    """
    house = House(headTimeout=10)
    caller = house.ask(b"PUT", hasContent=True)
    house.endpoint.accept()
    house.wait(50)
    caller.exchange.writeData(b"a")
    house.wait(50)
    caller.exchange.finish()
    house.wait(8)
    assert not caller.lost
    house.wait(3)
    assert lost(caller) is DeadlineExceeded


def test_headTimeoutWhileSending() -> None:
    """
    A server that takes nothing isn't waited for.
    """
    house = House(headTimeout=10)
    caller = house.ask(b"PUT", hasContent=True)
    transport = house.endpoint.accept()
    caller.exchange.writeData(b"a")
    transport.full()
    house.wait(8)
    transport.drained()
    transport.full()
    house.wait(8)
    assert not caller.lost
    house.wait(3)
    assert lost(caller) is DeadlineExceeded


def test_contentTimeout() -> None:
    """
    A response must not stall, unless its caller wants it to.
    """
    house = House(contentTimeout=10, headTimeout=None)
    caller = house.ask()
    transport = house.endpoint.accept()
    house.wait(50)
    transport.receive(OK[:-2])
    house.wait(8)
    transport.receive(OK[-2:-1])
    caller.exchange.pauseProducing()
    house.wait(50)
    assert not caller.lost
    caller.exchange.resumeProducing()
    house.wait(8)
    assert not caller.lost
    house.wait(10)
    assert lost(caller) is DeadlineExceeded


def test_noTimeouts() -> None:
    """
    Every timeout can be turned off.
    """
    house = House(
        connectTimeout=None, headTimeout=None, contentTimeout=None, idleTimeout=None
    )
    caller = house.ask()
    house.wait(500)
    transport = house.endpoint.accept()
    house.wait(500)
    transport.receive(OK[:-2])
    house.wait(500)
    transport.receive(OK[-2:])
    house.wait(500)
    assert caller.complete
    assert transport.ending == ""


def test_clockSetBack() -> None:
    """
    A clock that is set back makes nothing last longer than twice as long.
    """
    house = House(headTimeout=10)
    house.clock.advance(1_000_000)
    caller = house.ask()
    house.endpoint.accept()
    house.clock.rightNow -= 500_000
    house.clock.calls[0].time -= 500_000
    house.wait(11)
    assert lost(caller) is DeadlineExceeded


def test_oneTimer() -> None:
    """
    There is one timer for everything, and none without connections.
    """
    house = House()
    assert house.clock.getDelayedCalls() == []
    for _ in range(5):
        house.ask()
    assert len(house.clock.getDelayedCalls()) == 1
