"""
Requests to one server over a few connections, on fakes and in virtual time.
"""

from __future__ import annotations

from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.errors import PeerGone, Unavailable
from penstock.core.interfaces import IRequester

from .calling import BROKEN, EMPTY, OK, FakeEndpoint, House, lost


def test_interface() -> None:
    """
    It is a requester.
    """
    assert verifyObject(IRequester, House().client)


# Connections.


def test_startedFirst() -> None:
    """
    C{requestStarted} comes before all else, even without any hope.
    """
    house = House(maxConnections=1, maxWaiting=0)
    caller = house.ask()
    assert caller.names == ["requestStarted", "connectionLost"]
    assert lost(caller) is Unavailable


def test_reuse() -> None:
    """
    One request after another takes one connection.
    """
    house = House()
    transport = house.warm()
    for _ in range(3):
        caller = house.ask()
        transport.receive(OK)
        assert caller.complete
    assert house.endpoint.attempts == []


def test_lastUsedFirst() -> None:
    """
    The connection that was used last is used first.
    """
    house = House()
    house.ask()
    house.ask()
    first, second = house.endpoint.accept(), house.endpoint.accept()
    second.receive(EMPTY)
    first.receive(EMPTY)
    first.take(), second.take()
    house.ask()
    assert (bool(first.take()), bool(second.take())) == (True, False)


def test_atMost() -> None:
    """
    There are never more connections than there may be; the rest waits in
    order.
    """
    house = House(maxConnections=2)
    callers = [house.ask(uri=b"/%d" % number) for number in range(5)]
    assert len(house.endpoint.attempts) == 2
    first, second = house.endpoint.accept(), house.endpoint.accept()
    assert b" /0 " in first.take()
    assert b" /1 " in second.take()
    second.receive(OK)
    assert b" /2 " in second.take()
    first.receive(OK)
    assert b" /3 " in first.take()
    first.receive(OK)
    assert b" /4 " in first.take()
    first.receive(OK)
    second.receive(OK)
    assert all(caller.complete for caller in callers)
    assert house.endpoint.attempts == []


def test_whicheverComesFirst() -> None:
    """
    Who waits for a new connection takes one that is given back, if that comes
    first.
    """
    house = House()
    house.ask()
    transport = house.endpoint.accept()
    caller = house.ask()
    transport.receive(EMPTY)
    assert transport.take().count(b"GET") == 2
    transport.receive(OK)
    assert caller.complete
    # The new one is kept for another.
    assert house.endpoint.accept().written == b""


def test_full() -> None:
    """
    When too many wait, the next is told at once.
    """
    house = House(maxConnections=1, maxWaiting=2)
    callers = [house.ask() for _ in range(3)]
    assert [lost(caller) for caller in callers] == [None, None, Unavailable]


def test_replaced() -> None:
    """
    When a connection goes, another is made for those who wait.
    """
    house = House(maxConnections=1)
    first, second = house.ask(), house.ask()
    house.endpoint.accept().lose(BROKEN)
    assert lost(first) is PeerGone
    house.endpoint.accept().receive(OK)
    assert second.complete


def test_givenUpWhileWaiting() -> None:
    """
    Who gives up while waiting is forgotten, and nothing of it is sent.
    """
    house = House(maxConnections=1)
    first, second, third = (house.ask(uri=b"/%d" % number) for number in range(3))
    second.exchange.abortConnection()
    first.exchange.abortConnection()
    transport = house.endpoint.accept()
    assert transport.take().startswith(b"GET /2 ")
    transport.receive(OK)
    assert third.complete


def test_givenUpAtOnce() -> None:
    """
    Who gives up inside C{requestStarted} needs no connection.
    """
    house = House()
    house.ask(reactions={"requestStarted": lambda it: it.exchange.abortConnection()})
    assert house.endpoint.attempts == []


def test_refused() -> None:
    """
    Without a connection nothing was processed, and the reason is told.
    """
    house = House()
    caller = house.ask()
    house.endpoint.refuse()
    assert caller.reason is not None
    assert lost(caller) is Unavailable
    assert caller.reason.value.__cause__ is not None
    caller = house.ask()
    house.endpoint.accept().receive(OK)
    assert caller.complete


def test_refusedForAll() -> None:
    """
    When there is nothing left to wait for, all who wait are told.
    """
    house = House(maxConnections=2)
    callers = [house.ask() for _ in range(4)]
    house.endpoint.refuse()
    assert [lost(caller) for caller in callers] == [Unavailable, None, None, None]
    house.endpoint.refuse()
    assert [lost(caller) for caller in callers[:2]] == [Unavailable] * 2
    while house.endpoint.attempts:
        house.endpoint.refuse()
    assert {lost(caller) for caller in callers} == {Unavailable}


def test_refusedWhileOthersWork() -> None:
    """
    Who waits for a second connection may still get the first.
    """
    house = House(maxConnections=2)
    house.ask()
    transport = house.endpoint.accept()
    second, third = house.ask(), house.ask()
    house.endpoint.refuse()
    assert [lost(second), lost(third)] == [Unavailable, None]
    transport.receive(EMPTY, OK)
    assert third.complete


def test_refusedAtOnce() -> None:
    """
    An endpoint may fail before it returns.
    """

    class Refusing(FakeEndpoint):
        def connect(self, protocolFactory: Any) -> Any:
            attempt = super().connect(protocolFactory)
            self.refuse()
            return attempt

    house = House(maxConnections=3)
    house.client._endpoint = Refusing()
    assert lost(house.ask()) is Unavailable
    assert house.client.close().called


def test_oneProtocol() -> None:
    """
    An attempt makes one connection, whatever the endpoint asks for.
    """
    house = House()
    house.ask()
    factory = house.endpoint.attempts[0][0]
    house.endpoint.accept()
    assert factory.buildProtocol(None) is None


# Connections that are dead.


@pytest.mark.parametrize(
    ("method", "hasContent", "retried"),
    [
        (b"GET", False, True),
        (b"HEAD", False, True),
        (b"OPTIONS", False, True),
        (b"PUT", False, True),
        (b"DELETE", False, True),
        (b"POST", False, False),
        (b"PATCH", False, False),
        (b"PURGE", False, False),
        (b"PUT", True, True),
        (b"POST", True, False),
    ],
)
def test_stale(method: bytes, hasContent: bool, retried: bool) -> None:
    """
    A kept connection turns out to be dead: what can do no harm is sent once
    more, on a new connection.
    """
    house = House()
    transport = house.warm()
    caller = house.ask(method, hasContent=hasContent)
    sent = transport.take()
    transport.lose(BROKEN)
    if not retried:
        assert lost(caller) is PeerGone
        assert house.endpoint.attempts == []
        return
    again = house.endpoint.accept()
    assert again.take() == sent
    again.receive(EMPTY)
    assert caller.complete


def test_staleTogether() -> None:
    """
    A retry doesn't go out on another idle connection, which may be as dead.
    """
    house = House()
    house.ask()
    house.ask()
    first, second = house.endpoint.accept(), house.endpoint.accept()
    first.receive(EMPTY)
    second.receive(EMPTY)
    first.take(), second.take()
    caller = house.ask()
    second.lose()
    assert first.take() == b""
    house.endpoint.accept().receive(OK)
    assert caller.complete


def test_staleFirst() -> None:
    """
    A retry comes before those who wait.
    """
    house = House(maxConnections=1)
    transport = house.warm()
    first, second = house.ask(uri=b"/1"), house.ask(uri=b"/2")
    transport.lose()
    transport = house.endpoint.accept()
    assert transport.take().startswith(b"GET /1 ")
    transport.receive(OK)
    assert first.complete
    assert transport.take().startswith(b"GET /2 ")
    assert not second.lost


def test_closedWhileIdle() -> None:
    """
    A connection that the server closes while it is idle isn't used again.
    """
    house = House()
    house.warm().lose()
    caller = house.ask(b"POST")
    house.endpoint.accept().receive(OK)
    assert caller.complete


def test_unasked() -> None:
    """
    A response that comes before its request is nobody's.
    """
    house = House()
    transport = house.warm()
    transport.receive(OK)
    assert transport.ending == "abort"
    transport.lose()
    caller = house.ask()
    assert caller.code is None
    house.endpoint.accept().receive(EMPTY)
    assert caller.code == 204


def test_unaskedAtTheSameTime() -> None:
    """
    A connection that was closed for that isn't used before it is gone.
    """
    house = House()
    transport = house.warm()
    transport.receive(OK)
    caller = house.ask()
    assert transport.take() == b""
    house.endpoint.accept().receive(OK)
    assert caller.complete


# Closing.


def test_closeUnused() -> None:
    """
    Nothing to close.
    """
    house = House()
    assert house.client.close().called
    assert lost(house.ask()) is Unavailable
    assert house.client.close().called


def test_close() -> None:
    """
    What is under way or waits is finished first.
    """
    house = House(maxConnections=2)
    first, second, third = house.ask(), house.ask(), house.ask()
    one, two = house.endpoint.accept(), house.endpoint.accept()
    closed = house.client.close()
    assert lost(house.ask()) is Unavailable
    one.receive(OK)
    one.receive(OK)
    assert first.complete
    assert third.complete
    assert one.ending == "close"
    one.lose()
    assert not closed.called
    two.receive(OK)
    assert second.complete
    two.lose()
    assert closed.called
    assert house.clock.getDelayedCalls() == []


def test_closeIdle() -> None:
    """
    Idle connections are closed at once.
    """
    house = House()
    transport = house.warm()
    closed = house.client.close()
    again = house.client.close()
    assert transport.ending == "close"
    assert not closed.called
    transport.lose()
    assert closed.called
    assert again.called


def test_closeWhileConnecting() -> None:
    """
    A connection that nobody waits for any more isn't made.
    """
    house = House()
    house.ask().exchange.abortConnection()
    assert house.client.close().called
    assert house.endpoint.cancelled == 1
    assert house.clock.getDelayedCalls() == []


def test_closeWhileWaiting() -> None:
    """
    One that is waited for is.
    """
    house = House()
    caller = house.ask()
    closed = house.client.close()
    transport = house.endpoint.accept()
    transport.receive(OK)
    assert caller.complete
    transport.lose()
    assert closed.called


# Request.


def test_request() -> None:
    """
    The convenient way in.
    """
    house = House()
    answers: list[Any] = []
    house.client.request("POST", "/", body=b"abc").addCallback(answers.append)
    transport = house.endpoint.accept()
    assert transport.written.endswith(b"Content-Length: 3\r\n\r\nabc")
    transport.receive(OK)
    answers[0].read().addCallback(answers.append)
    assert (answers[0].code, answers[1]) == (200, b"hi")


def test_requestCancelled() -> None:
    """
    Cancelling gives up the exchange.
    """
    house = House()
    failures: list[Any] = []
    asked = house.client.request("GET", "/")
    asked.addErrback(failures.append)
    transport = house.endpoint.accept()
    asked.cancel()
    assert transport.ending == "abort"
    assert len(failures) == 1
