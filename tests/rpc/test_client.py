"""
Tests for L{penstock.transports.rpc.client} and
L{penstock.transports.rpc.factory}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import UNIXServerEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from penstock.core.errors import PeerGone, Unavailable
from penstock.core.headers import Headers
from penstock.core.interfaces import IRequester
from penstock.core.unwelcome import Unwelcome
from penstock.transports.rpc import RPCClient, RPCFactory, RPCSession, connectRPC
from penstock.transports.rpc.phases import Phase

from ..loop import Loop
from ..pipe import PipeEndpoint
from .wires import Asked, Served


class Echo:
    """
    Answers with what it was sent.
    """

    def __init__(
        self, exchange: Any, command: bytes, path: bytes, version: Any, headers: Headers
    ) -> None:
        self.exchange = exchange
        exchange.writeHeaders(
            200, Headers([("X-Host", headers.get("host") or b"-"), ("X-Path", path)])
        )
        exchange.registerProducer(self, True)

    def pauseProducing(self) -> None:
        self.exchange.pauseProducing()

    def resumeProducing(self) -> None:
        self.exchange.resumeProducing()

    def stopProducing(self) -> None:
        pass

    def handleContentChunk(self, data: bytes) -> None:
        self.exchange.writeData(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        self.exchange.unregisterProducer()
        self.exchange.finish(trailers)

    def connectionLost(self, reason: Failure) -> None:
        pass


class Town:
    """
    A server and a client, and the pipes between them.
    """

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.served: list[Served] = []
        self.factory = RPCFactory(self._serve, reactor=self.clock)
        self.endpoint = PipeEndpoint(self.factory, self.clock)
        self.client = RPCClient(self.clock, self.endpoint, **options)

    def _serve(self, *args: Any) -> Served:
        request = Served(*args)
        self.served.append(request)
        return request

    def settle(self) -> None:
        self.endpoint.settle()

    def ask(self) -> Asked:
        asked = Asked()
        self.client.startRequest(b"GET", b"/", Headers(), asked)
        return asked


def test_interfaces() -> None:
    assert verifyObject(IRequester, Town().client)


def test_dialsWhenItIsAsked() -> None:
    town = Town()
    assert town.endpoint.pipes == []
    first, second = town.ask(), town.ask()
    town.settle()
    assert len(town.endpoint.pipes) == 1
    for served in town.served:
        served.answer(b"hello")
    town.settle()
    assert [first.content, second.content] == [b"hello", b"hello"]


def test_dialsAgainAfterALoss() -> None:
    town = Town()
    lost = town.ask()
    town.settle()
    town.endpoint.cut()
    assert isinstance(lost.problem, PeerGone)
    found = town.ask()
    town.settle()
    assert len(town.endpoint.pipes) == 2
    town.served[1].answer(b"again")
    town.settle()
    assert found.content == b"again"


def test_dialsAgainAfterAGoodbye() -> None:
    """
    What the old connection has is finished there.
    """
    town = Town()
    old = town.ask()
    town.settle()
    (session,) = town.factory.sessions
    session.close()
    town.settle()
    new = town.ask()
    town.settle()
    for served in town.served:
        served.answer(b"fine")
    town.settle()
    assert [old.content, new.content] == [b"fine", b"fine"]
    assert len(town.endpoint.pipes) == 2
    assert len(town.factory.sessions) == 1


class _Nowhere:
    """
    An endpoint that leads nowhere.
    """

    def __init__(self, deferred: Deferred[Any] | None) -> None:
        self.deferred = deferred

    def connect(self, factory: Any) -> Deferred[Any]:
        return self.deferred or fail(ConnectError())


@pytest.mark.parametrize("later", [False, True])
def test_noConnection(later: bool) -> None:
    """
    Nobody has processed a request that found no connection.
    """
    town = Town()
    dialling: Deferred[Any] | None = Deferred() if later else None
    client = RPCClient(town.clock, _Nowhere(dialling))  # type: ignore[arg-type]
    asked = Asked()
    client.startRequest(b"GET", b"/", Headers(), asked)
    if dialling is not None:
        assert asked.calls == []
        dialling.errback(ConnectError())
    assert isinstance(asked.problem, Unavailable)
    client = RPCClient(town.clock, _Nowhere(None))  # type: ignore[arg-type]
    problems: list[Any] = []
    client.connect().addErrback(problems.append)
    assert problems[0].check(Unavailable)


def test_closeWhileDialling() -> None:
    town = Town()
    cancelled: list[Any] = []
    dialling: Deferred[Any] = Deferred(cancelled.append)
    client = RPCClient(town.clock, _Nowhere(dialling))  # type: ignore[arg-type]
    client.connect().addErrback(lambda failure: failure.trap(Unavailable))
    closed: list[None] = []
    client.close().addCallback(closed.append)
    assert closed == [None]
    assert cancelled == [dialling]


def test_connect() -> None:
    sessions: list[RPCSession] = []
    town = Town(onSession=sessions.append)
    ready: list[RPCSession] = []
    town.client.connect().addCallback(ready.append)
    town.client.connect().addCallback(ready.append)
    assert ready == []
    town.settle()
    town.client.connect().addCallback(ready.append)
    assert ready == sessions * 3
    assert len(sessions) == 1


def test_connectionThatIsNoUse() -> None:
    """
    The other side isn't what it should be.
    """
    town = Town()
    problems: list[Any] = []
    town.client.connect().addErrback(problems.append)
    town.endpoint.cut()
    assert problems[0].check(Unavailable)


def test_close() -> None:
    town = Town()
    asked = town.ask()
    town.settle()
    closed: list[None] = []
    town.client.close().addCallback(closed.append)
    town.settle()
    assert closed == []
    assert isinstance(town.ask().problem, Unavailable)
    town.served[0].answer(b"fine")
    town.settle()
    assert asked.content == b"fine"
    assert closed == [None]
    assert town.factory.sessions == set()
    town.client.close().addCallback(closed.append)
    assert closed == [None, None]


def test_drain() -> None:
    """
    What is under way is finished, and nothing else begun.
    """
    town = Town()
    asked = town.ask()
    town.settle()
    drained: list[None] = []
    town.factory.drain(10).addCallback(drained.append)
    town.settle()
    assert isinstance(town.factory.buildProtocol(None), Unwelcome)
    assert drained == []
    town.served[0].answer(b"fine")
    town.settle()
    assert asked.content == b"fine"
    assert drained == [None]
    assert town.clock.getDelayedCalls() == []


def test_drainHasADeadline() -> None:
    town = Town()
    asked = town.ask()
    town.settle()
    drained: list[None] = []
    town.factory.drain(10).addCallback(drained.append)
    town.settle()
    town.clock.advance(9.9)
    town.settle()
    assert drained == []
    town.clock.advance(0.2)
    town.settle()
    assert drained == [None]
    assert isinstance(asked.problem, PeerGone)


def test_drainOfNothing() -> None:
    drained: list[None] = []
    Town().factory.drain(10).addCallback(drained.append)
    assert drained == [None]


def test_theListenerAsks() -> None:
    """
    Whoever has dialled can serve, and believes what it is told about clients.
    """
    clock = Clock()
    sessions: list[RPCSession] = []
    served: list[Served] = []

    def serve(*args: Any) -> Served:
        served.append(Served(*args))
        return served[-1]

    factory = RPCFactory(reactor=clock, onSession=sessions.append)
    endpoint = PipeEndpoint(factory, clock)
    client = RPCClient(clock, endpoint, requestFactory=serve)
    client.connect()
    endpoint.settle()
    (session,) = sessions
    info = session.info._replace(requestId="edge-1", secure=True)
    asked = Asked()
    session.requester.startRequest(b"GET", b"/", Headers(), asked, info=info)
    endpoint.settle()
    known = served[0].exchange.connectionInfo
    assert (known.requestId, known.secure) == ("edge-1", True)
    served[0].answer(b"worked")
    endpoint.settle()
    assert asked.content == b"worked"


@pytest.mark.parametrize(
    "url",
    [
        "http://a/",
        "rpc://",
        "rpc:///path",
        "rpc://user@host",
        "rpc://a:99999",
        "rpc://a b",
        "nonsense:x",
    ],
)
def test_badURL(url: str) -> None:
    with pytest.raises(ValueError):
        connectRPC(Clock(), url)


# Over sockets.


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_overTCP(loop: Loop) -> None:
    factory = RPCFactory(Echo, reactor=loop.reactor)
    port = loop.listen(factory)
    client = connectRPC(loop.reactor, f"rpc://127.0.0.1:{port}/")
    response = loop.run(client.request("GET", "/a"))
    assert response.headers.get("x-host") == b"127.0.0.1:%d" % port
    response = loop.run(client.request("GET", "http://b.example/c"))
    assert response.headers.get("x-host") == b"b.example"
    assert response.headers.get("x-path") == b"/c"
    (session,) = factory.sessions
    info = session.info
    assert info.peer != info.local
    loop.run(client.close())
    loop.run(lambda: not factory.sessions)


def test_largeContentOverTCP(loop: Loop) -> None:
    """
    Sixteen MiB, there and back at once.
    """
    factory = RPCFactory(Echo, reactor=loop.reactor)
    client = connectRPC(loop.reactor, f"rpc://127.0.0.1:{loop.listen(factory)}")
    block = bytes(range(256)) * 1024

    def blocks() -> Iterator[bytes]:
        for _ in range(64):
            yield block

    response = loop.run(client.request("PUT", "/", body=blocks()), 20)
    content = loop.run(response.read(2**25), 20)
    assert _digest(content) == _digest(block * 64)
    loop.run(client.close())


def test_overAUnixSocket(loop: Loop, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    factory = RPCFactory(Echo, reactor=loop.reactor)
    listening = loop.run(UNIXServerEndpoint(loop.reactor, path).listen(factory))
    client = connectRPC(loop.reactor, f"unix:{path}")
    response = loop.run(client.request("PUT", "/", body=b"hello"))
    assert loop.run(response.read()) == b"hello"
    assert response.headers.get("x-host") == b"-"
    loop.run(client.close())
    loop.run(listening.stopListening())


def test_drainOverTCP(loop: Loop) -> None:
    """
    Everything under way arrives, though both sides close.
    """
    served: list[Served] = []

    def serve(*args: Any) -> Served:
        served.append(Served(*args))
        return served[-1]

    factory = RPCFactory(serve, reactor=loop.reactor)
    client = connectRPC(loop.reactor, f"rpc://127.0.0.1:{loop.listen(factory)}")
    asked = [Asked() for _ in range(20)]
    for end in asked:
        client.startRequest(b"GET", b"/", Headers(), end)
    loop.run(lambda: len(served) == 20)
    drained = factory.drain(5)
    loop.run(
        lambda: (
            not client._sessions
            or all(not session.isUsable for session in client._sessions)
        )
    )
    for request in served:
        request.answer(b"x" * 100_000)
    loop.run(drained)
    assert [len(end.content) for end in asked] == [100_000] * 20
    loop.run(client.close())


def test_nobodyListens(loop: Loop) -> None:
    port = loop.listen(RPCFactory(reactor=loop.reactor))
    loop.run(loop._ports[-1].stopListening())
    client = connectRPC(loop.reactor, f"rpc://127.0.0.1:{port}")
    with pytest.raises(Unavailable):
        loop.run(client.request("GET", "/"))


def test_httpOnThePort(loop: Loop) -> None:
    """
    Whoever speaks something else is told so at once.
    """
    from twisted.internet.endpoints import TCP4ClientEndpoint
    from twisted.internet.protocol import Factory, Protocol

    class Browser(Protocol):
        lost = False

        def connectionMade(self) -> None:
            transport: Any = self.transport
            transport.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        def connectionLost(self, reason: Any = None) -> None:
            self.lost = True

    factory = RPCFactory(Echo, reactor=loop.reactor)
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", loop.listen(factory))
    browser = loop.run(endpoint.connect(Factory.forProtocol(Browser)))
    loop.run(lambda: browser.lost)
    loop.run(lambda: not factory.sessions)


def test_phases() -> None:
    town = Town()
    town.ask()
    (session,) = town.client._sessions
    assert session.phase is Phase.GREETING
    town.settle()
    assert session.phase is Phase.OPEN
