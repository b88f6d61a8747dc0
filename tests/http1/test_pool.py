"""
Requests to one server over a few connections, on fakes and in virtual time.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from penstock.core.errors import (
    DeadlineExceeded,
    LocalProtocolError,
    PeerGone,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import IRequester
from penstock.core.testing.recorder import Reactions, ResponseRecorder
from penstock.transports.http1.client_connection import CLOSE_TIMEOUT
from penstock.transports.http1.pool import SWEEP, HTTPClient

from .calling import BROKEN, OK, FakeEndpoint, FakeTransport

EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


class House:
    """
    A client whose server is a test.
    """

    def __init__(self, **options: Any) -> None:
        self.clock: Any = Clock()
        self.endpoint = FakeEndpoint()
        self.client = HTTPClient(self.clock, self.endpoint, **options)

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Any = (),
        hasContent: bool = False,
        reactions: Reactions | None = None,
    ) -> ResponseRecorder:
        """
        Start a request.
        """
        caller = ResponseRecorder(reactions)
        self.client.startRequest(method, uri, Headers(fields), caller, hasContent)
        return caller

    def wire(self, *args: Any, **kwargs: Any) -> bytes:
        """
        What a request looks like.
        """
        self.ask(*args, **kwargs)
        written: bytes = self.endpoint.accept().take()
        return written

    def warm(self) -> Any:
        """
        Have an idle connection.
        """
        self.ask()
        transport = self.endpoint.accept()
        transport.receive(EMPTY)
        transport.take()
        return transport

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        for _ in range(int(seconds / SWEEP) + 1):
            self.clock.advance(SWEEP)


def lost(caller: ResponseRecorder) -> type[BaseException] | None:
    """
    What C{caller} was told of the loss of its exchange.
    """
    reason = caller.reason
    return None if reason is None else type(reason.value)


def test_interface() -> None:
    """
    It is a requester.
    """
    assert verifyObject(IRequester, House().client)


# What goes on the wire.

WIRE: dict[str, tuple[dict[str, Any], bytes]] = {
    "path": ({"uri": b"/a?b"}, b"GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "absolute": (
        {"uri": b"http://example.org:81/a?b=http://c"},
        b"GET /a?b=http://c HTTP/1.1\r\nHost: example.org:81\r\n\r\n",
    ),
    "absolute without a path": (
        {"uri": b"HTTP://example.org"},
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ),
    "absolute with a query": (
        {"uri": b"http://example.org?a"},
        b"GET /?a HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ),
    "absolute with a fragment": (
        {"uri": b"https://[::1]:8443/a#b"},
        b"GET /a HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n",
    ),
    "asterisk": (
        {"method": b"OPTIONS", "uri": b"*"},
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    "absolute for OPTIONS": (
        {"method": b"OPTIONS", "uri": b"http://a"},
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "Host": (
        {"fields": [(b"A", b"b"), (b"hOST", b"c")]},
        b"GET / HTTP/1.1\r\nHost: c\r\nA: b\r\n\r\n",
    ),
    "absolute and Host": (
        {"uri": b"http://a/", "fields": [(b"Host", b"b")]},
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "method": ({"method": b"get"}, b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "fields of the hop": (
        {
            "fields": [
                (b"Connection", b"close, x"),
                (b"X", b"y"),
                (b"TE", b"trailers"),
                (b"Upgrade", b"h2c"),
                (b"Transfer-Encoding", b"gzip"),
                (b"Keep-Alive", b"5"),
                (b"A", b"b"),
            ]
        },
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n\r\n",
    ),
    "content": (
        {"method": b"POST", "hasContent": True},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "content with a length": (
        {"method": b"PUT", "hasContent": True, "fields": [(b"Content-Length", b"5")]},
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
    ),
    "no content": (
        {"method": b"POST"},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
    "no content, and said so": (
        {"method": b"POST", "fields": [(b"Content-Length", b"0")]},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
    "Expect with content": (
        {
            "method": b"PUT",
            "hasContent": True,
            "fields": [(b"Content-Length", b"5"), (b"Expect", b"100-continue")],
        },
        (
            b"PUT / HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        ),
    ),
    "Expect without content": (
        {"method": b"PUT", "fields": [(b"Expect", b"100-continue")]},
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("request_", "expected"), WIRE.values(), ids=WIRE)
@pytest.mark.requirement("9112-3.2-3", "9112-3.2.1-1")
def test_wire(request_: dict[str, Any], expected: bytes) -> None:
    """
    The head of a request.
    """
    assert House().wire(**request_) == expected


@pytest.mark.parametrize(
    "request_",
    [
        {"uri": b""},
        {"uri": b"a"},
        {"uri": b"/a b"},
        {"uri": b"/a\r\nB: c"},
        {"uri": b"/\xc3\xa9"},
        {"uri": b"/\x7f"},
        {"uri": b"/a#b"},
        {"uri": b"*"},
        {"uri": b"a:80"},
        {"uri": b"ftp://a/"},
        {"uri": b"http:///a"},
        {"uri": b"http:/a/"},
        {"uri": b"http://user@a/"},
        {"uri": b"http://a b/"},
        {"uri": b"http://a:b/"},
        {"uri": b"http://[1/"},
        {"uri": b"http://a\\b/"},
        {"method": b""},
        {"method": b"G T"},
        {"method": b"GET\r\n"},
        {"method": b"G\xc9T"},
        {"method": b"CONNECT"},
        {"method": b"CONNECT", "uri": b"a:443"},
        {"fields": [(b"Content-Length", b"5")]},
        {"hasContent": True, "fields": [(b"Content-Length", b"+5")]},
        {"hasContent": True, "fields": [(b"Content-Length", b"5")] * 2},
        {"fields": [(b"Host", b"a"), (b"Host", b"b")]},
        {"fields": [(b"Host", b"a b")]},
    ],
    ids=repr,
)
@pytest.mark.requirement("9110-4.2.4-1", "9110-7.1-1")
def test_misuse(request_: dict[str, Any]) -> None:
    """
    What may not go on the wire is the caller's mistake, and costs nothing.
    """
    house = House()
    with pytest.raises(LocalProtocolError):
        house.ask(**request_)
    assert house.endpoint.attempts == []
    assert house.clock.getDelayedCalls() == []


def test_together() -> None:
    """
    What is written at once goes out with the head, also on a connection that
    is there already.
    """

    def send(caller: Any) -> None:
        caller.exchange.writeData(b"hello")
        caller.exchange.finish()

    house = House()
    transport = house.warm()
    house.ask(b"PUT", b"/", [(b"Content-Length", b"5")], True, {"requestStarted": send})
    assert transport.writes == [
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    ]


def test_expects() -> None:
    """
    Content is held back if the caller wants that, for so long.
    """
    house = House(continueTimeout=3)
    caller = house.ask(b"PUT", fields=[(b"Expect", b"100-Continue")], hasContent=True)
    caller.exchange.writeData(b"a")
    transport = house.endpoint.accept()
    assert transport.take().endswith(b"\r\n\r\n")
    house.clock.advance(2)
    assert transport.take() == b""
    house.clock.advance(1)
    assert transport.take() == b"1\r\na\r\n"


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


# Time.


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


@implementer(ISSLTransport)
class FakeTLS(FakeTransport):
    """
    An encrypted transport.
    """

    def getPeerCertificate(self) -> None:
        return None


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
