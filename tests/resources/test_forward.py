"""
Tests for L{penstock.resources.forward}, on a fake calling end.
"""

from __future__ import annotations

from typing import Any

import pytest
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.errors import (
    DeadlineExceeded,
    LengthRequired,
    PeerGone,
    Unavailable,
)
from penstock.core.exchange import CallingExchange
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IRequester
from penstock.core.server import Site
from penstock.resources.forward import Forward

from ..core.fakes import ask, gone


class Outgoing(CallingExchange):
    """
    Writes down what would be sent.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.body = b""
        self.trailers: Headers | None = None
        self.events: list[str] = []

    def _sendData(self, data: bytes) -> None:
        self.body += data

    def _sendEnd(self, trailers: Headers | None) -> None:
        self.trailers = trailers
        self.events.append("end")

    def _sendAbort(self) -> None:
        self.events.append("abort")

    def _contentPaused(self) -> None:
        self.events.append("pause")

    def _contentResumed(self) -> None:
        self.events.append("resume")


@implementer(IRequester)
class Server(Requester):
    """
    Keeps the requests that come.
    """

    def __init__(self) -> None:
        self.heads: list[tuple[bytes, bytes, Headers]] = []
        self.exchanges: list[Outgoing] = []
        self.infos: list[ConnectionInfo | None] = []
        self.refuses: Any = None
        self.isThere = True

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> Any:
        self.heads.append((method, uri, headers))
        self.infos.append(info)
        exchange = Outgoing(method, callbacks, hasContent, None)
        self.exchanges.append(exchange)
        if not self.isThere:
            exchange.outputBlocked()
        callbacks.requestStarted(exchange)
        if self.refuses is not None:
            exchange.lose(self.refuses)
        return exchange

    def close(self) -> Any:
        raise NotImplementedError


def forward(**named: Any) -> tuple[Server, Any, Any, Any]:
    server = Server()
    wire, request = ask(Site(Forward(server)), **named)
    return server, wire, request, server.exchanges[0]


def test_whole() -> None:
    """
    A request and its response pass, with all that belongs to them.
    """
    server, wire, request, upstream = forward(
        method=b"PUT", target=b"/a/b?c", headers=[(b"x", b"1")], body=b"content"
    )
    method, uri, headers = server.heads[0]
    assert (method, uri) == (b"PUT", b"/a/b?c")
    assert headers.get(b"x") == b"1"
    assert headers.get(b"host") == b"example.com"
    assert headers.get(b"via") == b"1.1 penstock"
    assert server.infos == [request.connectionInfo]
    assert upstream.body == b"content"
    assert upstream.events[-1] == "end"
    upstream.intermediateReceived(103, Headers())
    upstream.headReceived(404, Headers([(b"y", b"2")]))
    upstream.contentReceived(b"no")
    upstream.contentEnded(Headers([(b"z", b"3")]))
    assert wire.intermediate == [103]
    assert (wire.code, wire.body, wire.ended) == (404, b"no", True)
    assert wire.headers.get(b"y") == b"2"
    assert wire.trailers is not None
    assert request.done


def test_pieces() -> None:
    """
    Each piece passes when it comes, in both directions at once.
    """
    server, wire, request, upstream = forward(method=b"POST", body=None, length=None)
    wire.contentReceived(b"a")
    assert upstream.body == b"a"
    upstream.headReceived(200, Headers())
    upstream.contentReceived(b"1")
    assert wire.body == b"1"
    wire.contentReceived(b"b")
    upstream.contentReceived(b"2")
    assert (upstream.body, wire.body) == (b"ab", b"12")
    wire.contentEnded(Headers([(b"t", b"1")]))
    assert upstream.trailers is not None
    upstream.contentEnded()
    assert wire.ended


@pytest.mark.requirement("9110-10.1.1-13")
def test_expect() -> None:
    """
    Whether content is wanted, the other server says.
    """
    server, wire, request, upstream = forward(
        method=b"PUT", headers=[(b"expect", b"100-continue")], body=None, length=4
    )
    assert wire.intermediate == []
    upstream.intermediateReceived(100, Headers())
    assert wire.intermediate == [100]


def test_backPressure() -> None:
    """
    Who is slow slows the other side.
    """
    server, wire, request, upstream = forward(method=b"POST", body=None, length=None)
    upstream.outputBlocked()
    assert wire.paused
    upstream.outputReady()
    assert not wire.paused
    upstream.headReceived(200, Headers())
    wire.outputBlocked()
    assert upstream.paused
    wire.outputReady()
    assert not upstream.paused


def test_noConnectionYet() -> None:
    """
    Content isn't piled up for a server that can't take any from the beginning.
    """
    server = Server()
    server.isThere = False
    wire: Any
    wire, _ = ask(Site(Forward(server)), method=b"POST", body=None, length=None)
    wire.contentReceived(b"a")
    assert wire.paused
    upstream = server.exchanges[0]
    assert upstream.body == b"a"
    upstream.outputReady()
    assert not wire.paused
    wire.contentReceived(b"b")
    assert upstream.body == b"ab"
    assert not wire.paused


def test_clientGoes() -> None:
    """
    The other server learns that the client has gone, at any stage.
    """
    server, wire, request, upstream = forward(method=b"POST", body=None, length=None)
    wire.lose(gone())
    assert upstream.events[-1] == "abort"
    server, wire, request, upstream = forward()
    upstream.headReceived(200, Headers())
    wire.lose(gone())
    assert upstream.events[-1] == "abort"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Unavailable("no connection"), 503),
        (LengthRequired("too old"), 411),
        (DeadlineExceeded("too slow"), 504),
        (PeerGone("broken"), 502),
    ],
)
def test_serverGoes(problem: Any, code: int) -> None:
    """
    Before the head the client gets an error page ...
    """
    server, wire, request, upstream = forward()
    upstream.lose(problem)
    assert (wire.code, wire.ended) == (code, True)


def test_serverGoesMidway() -> None:
    """
    ... and after it, a response that is visibly broken.
    """
    server, wire, request, upstream = forward()
    upstream.headReceived(200, Headers())
    upstream.contentReceived(b"half")
    upstream.lose(PeerGone("broken"))
    assert (wire.body, wire.ended, wire.aborted) == (b"half", False, True)


def test_refusedAtOnce() -> None:
    """
    A calling end that refuses at once is no special case.
    """
    server = Server()
    server.refuses = Unavailable("full")
    wire, request = ask(Site(Forward(server)), b"POST", body=b"abc")
    assert (wire.code, wire.ended) == (503, True)


def test_earlyAnswer() -> None:
    """
    An answer that comes before the content is whole ends both exchanges.
    """
    server, wire, request, upstream = forward(method=b"POST", body=None, length=None)
    wire.contentReceived(b"a")
    upstream.headReceived(413, Headers([(b"content-length", b"0")]))
    upstream.contentEnded()
    assert (wire.code, wire.ended) == (413, True)
    wire.contentReceived(b"b")
    assert upstream.body == b"a"


@pytest.mark.parametrize(("left", "forwarded"), [(b"0", None), (b"3", b"2")])
@pytest.mark.requirement("9110-7.6.2-1", "9110-7.6.2-4")
def test_maxForwards(left: bytes, forwarded: bytes | None) -> None:
    """
    OPTIONS goes no farther than it says.
    """
    server = Server()
    wire, request = ask(
        Site(Forward(server)), b"OPTIONS", headers=[(b"max-forwards", left)]
    )
    if forwarded is None:
        assert server.heads == []
        assert wire.code == 200
    else:
        assert server.heads[0][2].get(b"max-forwards") == forwarded
