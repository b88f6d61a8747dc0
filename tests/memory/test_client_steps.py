"""
The client for tests, one step of an exchange after the other.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.content import Buffer
from penstock.core.errors import Cancelled, LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.transports.memory import MemoryClient

from .conftest import Endless


def test_uploading(client: MemoryClient, root: Resource) -> None:
    """
    Content is sent piece by piece, and read as it comes.
    """
    upload: Any = root.children["upload"]
    exchange = client.open("PUT", "/upload", contentLength=None)
    exchange.send(b"one")
    assert upload.chunks == [b"one"]
    exchange.send(b"two")
    assert exchange.code is None
    exchange.end()
    assert exchange.text == "6 octets"
    exchange.send(b"late")
    assert exchange.clientRequest.lateCalls == ("writeData",)


def test_knownLength(client: MemoryClient) -> None:
    """
    A length that is said is kept.
    """
    exchange = client.open("PUT", "/echo", {"X-A": "1"}, contentLength=3)
    with pytest.raises(LocalProtocolError, match="longer"):
        exchange.send(b"abcd")
    exchange.send(b"ab")
    with pytest.raises(LocalProtocolError, match="shorter"):
        exchange.end()
    assert exchange.code is None
    assert exchange.serverRequest.stage.name == "LOST"
    given = client.open("PUT", "/echo", {"Content-Length": "1"}, contentLength=None)
    given.send(b"x")
    given.end()
    assert given.headers.get("x-length") == b"1"


def test_sendingWithoutContent(client: MemoryClient) -> None:
    """
    A request that was opened without content has none.
    """
    exchange = client.open("PUT", "/upload")
    assert exchange.text == "0 octets"
    for call in (exchange.end, lambda: exchange.send(b"x")):
        with pytest.raises(LocalProtocolError, match="contentLength"):
            call()


def test_expecting100(client: MemoryClient) -> None:
    """
    100 Continue comes when the content is wanted, and not before.
    """
    expect = {"Expect": "100-continue"}
    exchange = client.open("PUT", "/upload", expect, contentLength=3)
    assert [code for code, _ in exchange.intermediate] == [100]
    exchange.send(b"abc")
    exchange.end()
    assert exchange.events == [
        ("intermediate", 100),
        ("headers", 200),
        ("data", 8),
        ("complete",),
    ]
    refused = client.open("BREW", "/upload", expect, contentLength=3)
    assert refused.events[0] == ("headers", 501)


def test_trailers() -> None:
    """
    Trailers go both ways.
    """

    class Trailing(Resource):
        policy = Buffer()

        def render_POST(self, request: Any) -> Response:
            return Response(iter([b"x"]), trailers=request.trailers)

    with MemoryClient(Trailing()) as client:
        exchange = client.open("POST", "/", contentLength=None)
        exchange.end(Headers([("X-Sum", "5")]))
        assert exchange.complete
        assert exchange.trailers is not None
        assert exchange.trailers.get("x-sum") == b"5"


def test_slowReader(client: MemoryClient, root: Resource) -> None:
    """
    A reader who takes nothing makes the server wait; what has come of the
    content before is there.
    """
    endless: Any = root.children["endless"]
    exchange = client.open("GET", "/endless", paused=True)
    assert exchange.events == [("headers", 200)]
    assert exchange.body == b""
    given = endless.given
    assert 65_536 <= given < 68_000
    assert exchange.maxResponseBacklog == given
    client.advance(60)
    assert endless.given == given
    exchange.resume()
    assert endless.given > given
    exchange.pause()
    given, size = endless.given, len(exchange.body)
    client.advance(60)
    assert len(exchange.body) == size
    assert endless.given <= given + 68_000
    exchange.disconnect()


def test_readingWhilePaused() -> None:
    """
    Reading what is there doesn't end a pause.
    """
    with MemoryClient(Endless(), limit=1000) as client:
        exchange = client.get("/")
        exchange.pause()
        assert len(exchange.read()) == 1000
        assert exchange.read() == b""
        exchange.resume()
        assert len(exchange.read()) == 1000
        exchange.cancel()


def test_slowServer(client: MemoryClient, root: Resource) -> None:
    """
    A server that doesn't read says so, and what waits for it is counted.
    """
    upload: Any = root.children["upload"]
    upload.gate = gate = Deferred()
    exchange = client.open("PUT", "/upload", contentLength=None)
    exchange.send(b"first")
    assert not exchange.serverPaused
    for _ in range(14):
        exchange.send(b"x" * 10_000)
    assert exchange.serverPaused
    assert exchange.blocked
    assert exchange.maxRequestBacklog == 70_000
    upload.gate = None
    gate.callback(None)
    assert not exchange.blocked
    assert not exchange.serverPaused
    exchange.end()
    assert exchange.text == "140005 octets"


_GONE = {
    "disconnect": (lambda exchange: exchange.disconnect(), PeerGone),
    "cancel": (lambda exchange: exchange.cancel(), Cancelled),
}


@pytest.mark.parametrize("how", _GONE)
@pytest.mark.parametrize("sent", [0, 1, 2], ids=["head", "some", "more"])
def test_goneWhileUploading(
    client: MemoryClient, root: Resource, how: str, sent: int
) -> None:
    """
    A client who goes away is noticed, whatever it has sent.
    """
    upload: Any = root.children["upload"]
    exchange = client.open("PUT", "/upload", contentLength=None)
    for _ in range(sent):
        exchange.send(b"abc")
    leave, reason = _GONE[how]
    leave(exchange)
    assert type(upload.problem) is reason
    assert upload.chunks == [b"abc"] * sent
    assert exchange.code is None
    leave(exchange)


@pytest.mark.parametrize("how", _GONE)
def test_goneWhileWaiting(client: MemoryClient, root: Resource, how: str) -> None:
    """
    A client who doesn't wait is noticed, and no timer is left behind.
    """
    slow: Any = root.children["slow"]
    exchange = client.open("GET", "/slow")
    _GONE[how][0](exchange)
    assert slow.ended == [True]
    assert client.clock.getDelayedCalls() == []


def test_goneAfterTheEnd(client: MemoryClient) -> None:
    """
    After the end there is nothing to break.
    """
    exchange = client.get("/hello")
    exchange.disconnect()
    exchange.cancel()
    assert exchange.lost is None
    assert exchange.complete


def test_breakAfter(client: MemoryClient) -> None:
    """
    The connection can be made to break inside any event.
    """
    seen = []
    for n in range(1, 5):
        exchange = client.open("GET", "/hello", breakAfter=n)
        seen.append([event[0] for event in exchange.events])
    assert seen == [
        ["headers", "lost"],
        ["headers", "data", "lost"],
        ["headers", "data", "complete"],
        ["headers", "data", "complete"],
    ]


def test_breakAfterAnInterimResponse(client: MemoryClient, root: Resource) -> None:
    """
    Also before the head.
    """
    upload: Any = root.children["upload"]
    exchange = client.open(
        "PUT",
        "/upload",
        {"Expect": "100-continue"},
        contentLength=3,
        breakAfter=1,
    )
    assert exchange.events == [("intermediate", 100), ("lost", "PeerGone")]
    assert type(upload.problem) is PeerGone


def test_theServersEnd(client: MemoryClient) -> None:
    """
    The serving end can be looked at.
    """
    exchange = client.open("PUT", "/upload", contentLength=None)
    assert exchange.serverRequest.connectionInfo.transport == "memory"
    assert exchange.serverRequest.stage.name == "WAITING"
    exchange.cancel()
    assert exchange.serverRequest.stage.name == "LOST"


def test_serverGivesUp() -> None:
    """
    A response that is broken off is never complete; without a head the call
    says so.
    """

    class Fickle(Resource):
        def render_GET(self, request: Any) -> None:
            if b"late" in request.uri:
                request.write(b"some")
            request.abort()

    with MemoryClient(Fickle()) as client:
        with pytest.raises(Cancelled):
            client.get("/")
        response = client.get("/?late")
        assert response.body == b"some"
        assert not response.complete
        assert type(response.lost) is Cancelled
        with pytest.raises(Cancelled):
            response.json()
