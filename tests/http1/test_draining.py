"""
The end of a server: who loses nothing by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.headers import Headers
from penstock.transports.http1.deadlines import Waiting
from penstock.transports.http1.limits import Timeouts

from .messages import CLOSE, HELLO, ok
from .sockets import Server as SocketServer
from .sockets import server as socketServer
from .wires import Asked, Server, answerAtOnce, answerNothing

__all__ = ["socketServer"]

# Content that the kernel takes whole, and a client with little room doesn't.
MUCH = 100_000


def connected(server: Server) -> None:
    """
    Nothing was asked yet.
    """


def answered(server: Server) -> None:
    """
    Something was.
    """
    server.receive(HELLO)
    server.take()


@pytest.mark.parametrize("before", [connected, answered])
def test_lastCall(before: Callable[[Server], None]) -> None:
    """
    Who was active a moment ago gets another answer, the last one.
    """
    server = Server(answerAtOnce)
    before(server)
    drained = server.factory.drain(10)
    server.wait(0.9)
    assert server.wire.open
    server.receive(HELLO * 2)
    assert server.take() == ok(b"/", CLOSE)
    assert not server.wire.open
    server.lose()
    assert drained.called


@pytest.mark.parametrize("before", [connected, answered])
@pytest.mark.parametrize("limit", [10, None])
def test_nobodyCalls(before: Callable[[Server], None], limit: float | None) -> None:
    server = Server(answerAtOnce, timeouts=Timeouts(first=limit, idle=limit))
    before(server)
    server.factory.drain(10)
    server.wait(2)
    assert server.wire.closed
    assert not server.wire.aborted


def test_aShortDeadlineStays() -> None:
    server = Server(answerAtOnce, timeouts=Timeouts(idle=0.4))
    answered(server)
    server.factory.drain(10)
    server.wait(0.9)
    assert server.wire.closed


def test_headUnderWay() -> None:
    """
    A request that has begun to come has the time that heads have.
    """
    server = Server(answerAtOnce)
    server.wait(5)
    server.receive(HELLO[:5])
    server.factory.drain(30)
    server.wait(8)
    assert server.wire.open
    server.receive(HELLO[5:])
    assert server.codes == [200]
    assert not server.wire.open


# On sockets


@pytest.mark.parametrize("waiting", [Waiting.FIRST, Waiting.IDLE])
def test_whatHasComeIsAnswered(socketServer: SocketServer, waiting: Waiting) -> None:
    """
    A request that the kernel has got while nobody looked is no reason to close.
    """
    socketServer.listen(answerAtOnce)
    client = socketServer.connect()
    socketServer.loop.run(lambda: len(socketServer.factory._sweep) == 1)
    (channel,) = socketServer.factory._sweep
    if waiting is Waiting.IDLE:
        client.send(HELLO)
        assert b"200" in client.read(30)
    client.send(HELLO)
    channel.expire(waiting)
    socketServer.begun(1 if waiting is Waiting.FIRST else 2)
    channel.expire(Waiting.IDLE)
    assert b"200 OK" in client.readAll()


def answerMuch(asked: Asked, what: str) -> None:
    if what == "process":
        asked.answer(bytes(MUCH))


@pytest.mark.parametrize("fields", [b"", b"Connection: close\r\n"], ids=["", "close"])
def test_whatTheKernelHasIsSent(socketServer: SocketServer, fields: bytes) -> None:
    """
    A slow reader has the rest of its answer when the server is long gone.
    """
    socketServer.listen(answerMuch)
    client = socketServer.connect(receiveBuffer=4096)
    client.send(HELLO[:-2] + fields + b"\r\n")
    socketServer.begun()
    socketServer.loop.run(socketServer.factory.drain(0.1))
    assert not len(socketServer.factory._sweep)
    client.socket.setblocking(True)
    # Nobody serves any more.
    got = b""
    while piece := client.socket.recv(1 << 20):
        got += piece
    assert len(got.partition(b"\r\n\r\n")[2]) == MUCH


def begin(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.writeHeaders(200, Headers())
        asked.channel.writeData(b"x")


@pytest.mark.parametrize("react", [answerNothing, begin])
def test_whatIsMissingIsSeen(socketServer: SocketServer, react: Any) -> None:
    socketServer.listen(react)
    client = socketServer.connect()
    client.send(HELLO)
    socketServer.begun()
    socketServer.loop.run(socketServer.factory.drain(0.1))
    with pytest.raises(ConnectionResetError):
        client.readAll()


def test_queuedIsMissing(socketServer: SocketServer) -> None:
    """
    What not even the kernel has won't ever come.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(bytes(20_000_000))

    socketServer.listen(react)
    client = socketServer.connect(receiveBuffer=4096)
    client.send(HELLO)
    socketServer.begun()
    socketServer.loop.run(socketServer.factory.drain(0.1))
    with pytest.raises(ConnectionResetError):
        client.readAll()
