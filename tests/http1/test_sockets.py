"""
The serving end on real sockets: what only a kernel can show.
"""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from twisted.protocols.policies import WrappingFactory

from penstock.core.direct import UNSENT, isPlainSocket, queued
from penstock.core.errors import DeadlineExceeded, PeerGone
from penstock.core.headers import Headers
from penstock.core.queues import unacknowledged
from penstock.transports.http1.connection import LARGE_READ, READ
from penstock.transports.http1.limits import Timeouts

from .messages import BAD, CHUNKED, HELLO, get, ok, put
from .sockets import DATE_LENGTH, SLOW, Server, server, withoutDate
from .wires import Asked, Wire, answerAtOnce, answerComplete, answerNothing

__all__ = ["server"]

SCRIPT = (
    HELLO,
    get(b"/a") + get(b"/b") + put(b"abc"),
    put(bytes(300000)),
    CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
    BAD,
)


@pytest.mark.parametrize("wrapped", [False, True], ids=["direct", "plain"])
def test_theShortWayIsThePlainWay(server: Server, wrapped: bool) -> None:
    """
    What is sent at once to the socket is what goes through the reactor.
    """
    if wrapped:
        server.listenThrough(answerComplete, WrappingFactory)
    else:
        server.listen()
    client = server.connect()
    for data in SCRIPT:
        client.send(data)
    expected = (
        ok(b"") * 3
        + ok(b"abc")
        + ok(bytes(300000))
        + ok(b"abc")
        + b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: 12\r\nConnection: close\r\n\r\nBad Request\n"
    )
    assert withoutDate(client.readAll()) == expected
    client.socket.close()
    server.loop.run(lambda: not len(server.factory._sweep))


def test_directIsFound(server: Server) -> None:
    """
    The short way is taken, on the Twisted that is installed.
    """
    server.listen(answerNothing)
    server.connect().send(HELLO)
    channel = server.begun().channel._channel
    assert isPlainSocket(channel.transport)
    assert channel.transport.getTcpNoDelay()


def test_largerReads(server: Server) -> None:
    """
    Of content that is always there, more is read at a time; and after it no more
    than of anything else.
    """
    sizes: list[int] = []

    def react(asked: Asked, what: str) -> None:
        transport = asked.channel._channel.transport
        if what == "chunk":
            sizes.append(transport.bufferSize)
        elif what == "complete":
            sizes.append(transport.bufferSize)
            asked.answer(b"%d" % len(asked.content))

    server.listen(react)
    client = server.connect()
    client.send(put(bytes(8 << 20), b"Connection: close\r\n"))
    assert client.readAll().endswith(b"\r\n\r\n8388608")
    asked = server.begun()
    assert READ < max(map(len, asked.chunks)) <= LARGE_READ
    assert set(sizes) == {READ, LARGE_READ}
    assert sizes[-1] == READ


def test_readsAfterAnEarlyAnswer(server: Server) -> None:
    """
    So it is where nobody wanted the rest of the content.
    """
    sizes: list[int] = []

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            sizes.append(asked.channel._channel.transport.bufferSize)
        if asked.command == b"GET":
            answerAtOnce(asked, what)
        elif what == "chunk":
            sizes.append(asked.channel._channel.transport.bufferSize)
            if sum(map(len, asked.chunks)) > 3 << 20:
                asked.channel.stopProducing()
                asked.answer(b"enough", 400)

    server.listen(react)
    client = server.connect()
    client.send(put(bytes((3 << 20) + 200000)))
    client.send(get(b"/", b"Connection: close\r\n"))
    assert client.readAll().count(b"HTTP/1.1 ") == 2
    assert LARGE_READ in sizes
    assert sizes[-1] == READ


@pytest.mark.parametrize("size", [30000, 4000000])
def test_bigWriteToSlowReader(server: Server, size: int) -> None:
    """
    What the socket doesn't take at once isn't lost, and comes in order.
    """
    content = os.urandom(200000) * 20

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers([("content-length", "4000000")]))
            for place in range(0, len(content), size):
                asked.channel.writeData(content[place : place + size])
            asked.channel.finish()

    server.listen(react)
    client = server.connect(receiveBuffer=SLOW)
    client.send(get(b"/", b"Connection: close\r\n"))
    assert client.readAll(20).endswith(content)


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(os.urandom(100000) * 150)
    return path


class FileReaction:
    """
    Answers with a part of a file.
    """

    def __init__(self, path: Path, offset: int, length: int, framing: str) -> None:
        self.path = path
        self.offset = offset
        self.length = length
        self.framing = framing

    def __call__(self, asked: Asked, what: str) -> None:
        if what != "process":
            return
        headers = Headers()
        if self.framing == "length":
            headers.setRaw("content-length", str(self.length))
        channel = asked.channel
        file = self.path.open("rb")
        channel.writeHeaders(200, headers)

        def sent(none: None) -> None:
            file.close()
            channel.finish()

        channel.writeFile(file, self.offset, self.length).addCallback(sent)


@pytest.mark.parametrize("wrapped", [False, True], ids=["direct", "plain"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize(
    ("offset", "length"), [(0, 15000000), (123457, 4000001), (10, 70000), (0, 3)]
)
def test_sendfile(
    server: Server, big: Path, offset: int, length: int, framing: str, wrapped: bool
) -> None:
    react = FileReaction(big, offset, length, framing)
    if wrapped:
        server.listenThrough(react, WrappingFactory)
    else:
        server.listen(react)
    client = server.connect()
    version = b"1.0" if framing == "close" else b"1.1"
    client.send(get(b"/", b"Connection: close\r\n", version))
    data = client.readAll(20)
    expected = big.read_bytes()[offset : offset + length]
    body = data.partition(b"\r\n\r\n")[2]
    if framing == "chunked":
        joined = b""
        while body:
            size, _, body = body.partition(b"\r\n")
            joined += body[: int(size, 16)]
            body = body[int(size, 16) + 2 :]
        body = joined
    assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest()


def test_sendfileThenGoOn(server: Server, big: Path) -> None:
    server.listen(FileReaction(big, 0, 15000000, "length"))
    client = server.connect()
    client.send(HELLO * 3)
    size = len(ok(bytes(0))) - 1 + 8 + DATE_LENGTH + 15000000
    for _ in range(3):
        assert client.read(size).endswith(big.read_bytes()[-1000:])
    assert client.received == b""


def test_sendfileToSlowReader(server: Server, big: Path) -> None:
    server.listen(FileReaction(big, 0, 15000000, "length"))
    client = server.connect(receiveBuffer=SLOW)
    client.send(get(b"/", b"Connection: close\r\n"))
    server.begun()
    other = server.connect()
    server.loop.turns(0.05)
    other.send(get(b"/", b"Connection: close\r\n"))
    assert other.readAll().endswith(big.read_bytes())
    assert client.readAll(20).endswith(big.read_bytes())


def test_sendfileShorter(server: Server, big: Path, loggedErrors: Any) -> None:
    """
    J3: it doesn't end well, and doesn't go on for ever.
    """
    react = FileReaction(big, 0, 15000001, "length")
    react.length = 15000001
    server.listen(react)
    client = server.connect()
    client.send(HELLO)
    with pytest.raises(ConnectionResetError):
        client.readAll()
    assert server.asked[0].lost is None
    assert len(loggedErrors.flush("shorter")) == 1


def test_sendfileToNobody(server: Server, big: Path) -> None:
    server.listen(FileReaction(big, 0, 15000000, "length"))
    client = server.connect(receiveBuffer=100000)
    client.send(HELLO)
    client.read(10)
    client.reset()
    server.loop.run(lambda: server.asked[0].lost is not None)
    assert type(server.asked[0].lost) is PeerGone


def test_sendfileStalls(server: Server, big: Path) -> None:
    """
    K2.
    """
    react = FileReaction(big, 0, 15000000, "length")
    server.listen(react, timeouts=Timeouts(write=0.6))
    client = server.connect(receiveBuffer=100000)
    client.send(HELLO)
    client.read(10)
    asked = server.begun()
    server.loop.run(lambda: asked.lost is not None)
    assert type(asked.lost) is DeadlineExceeded


def test_slowButSteadyIsNotAStall(server: Server, big: Path) -> None:
    server.listen(
        FileReaction(big, 0, 15000000, "length"), timeouts=Timeouts(write=1.2)
    )
    client = server.connect(receiveBuffer=100000)
    client.send(HELLO)
    for _ in range(12):
        client.read(50000)
        server.loop.turns(0.2)
    assert server.asked[0].lost is None


def test_stallOfPlainWrites(server: Server) -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers())
            asked.channel.writeData(bytes(20000000))

    server.listen(react, timeouts=Timeouts(write=0.6))
    client = server.connect(receiveBuffer=100000)
    client.send(HELLO)
    asked = server.begun()
    server.loop.run(lambda: asked.lost is not None)
    assert type(asked.lost) is DeadlineExceeded


def test_slowReadersShareOneAnswer(server: Server) -> None:
    """
    What a slow reader doesn't take is neither copied nor given to the kernel,
    whose memory for all connections together is bounded.
    """
    content = bytes(3_000_000)

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(content)

    server.listen(react)
    client = server.connect(receiveBuffer=4096)
    client.send(HELLO)
    server.begun()
    server.loop.settle()
    (channel,) = server.factory._sweep
    transport: Any = channel.transport
    assert transport.dataBuffer is content
    assert queued(transport) > len(content) / 2
    assert unacknowledged(transport.socket) < 4 * UNSENT


@pytest.mark.parametrize("fields", [b"", b"Connection: close\r\n"], ids=["", "close"])
@pytest.mark.parametrize("kind", ["plain", "file"])
def test_stallInTheKernel(
    server: Server, tmp_path: Path, fields: bytes, kind: str
) -> None:
    """
    K2: a response that the kernel has taken whole isn't one that the peer has.
    """
    whole = tmp_path / "whole"
    whole.write_bytes(bytes(100_000))

    def react(asked: Asked, what: str) -> None:
        if what != "process":
            return
        channel = asked.channel
        if kind == "plain":
            asked.answer(bytes(100_000))
            return
        file = whole.open("rb")

        def sent(ignored: None) -> None:
            file.close()
            channel.finish()

        channel.writeHeaders(200, Headers([("content-length", "100000")]))
        channel.writeFile(file, 0, 100_000).addCallback(sent)

    server.listen(react, timeouts=Timeouts(write=0.6, idle=None, linger=None))
    client = server.connect(receiveBuffer=4096)
    client.send(get(b"/", fields))
    server.begun()
    server.loop.run(lambda: not len(server.factory._sweep), seconds=4)
    with pytest.raises(ConnectionResetError):
        client.readAll()


def test_stallAfterTheEnd(server: Server) -> None:
    """
    A finished response that nobody reads doesn't stay for ever either.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(bytes(20000000))

    server.listen(react, timeouts=Timeouts(write=0.6))
    client = server.connect(receiveBuffer=SLOW)
    client.send(get(b"/", b"Connection: close\r\n"))
    server.begun()
    assert len(server.factory._sweep)
    server.loop.run(lambda: not len(server.factory._sweep))


# Peers that go while nothing is read from them


def pause(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.pauseProducing()


@pytest.mark.parametrize("wrapped", [False, True], ids=["direct", "plain"])
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    "sent",
    [
        put(bytes(1000))[:-1000],
        put(bytes(1000))[:-1],
        CHUNKED,
        CHUNKED + b"3\r\nabc\r\n",
    ],
    ids=["head", "most", "chunked", "a chunk"],
)
def test_goneWhilePaused(server: Server, sent: bytes, how: str, wrapped: bool) -> None:
    if wrapped:
        server.listenThrough(pause, WrappingFactory)
    else:
        server.listen(pause)
    client = server.connect()
    client.send(sent)
    asked = server.begun()
    server.loop.turns(0.05)
    if how == "close":
        client.socket.close()
    else:
        client.reset()
    server.loop.run(lambda: asked.lost is not None, seconds=1.1)
    assert type(asked.lost) is PeerGone
    server.loop.run(lambda: not len(server.factory._sweep))


@pytest.mark.parametrize(
    "request_",
    [
        put(bytes(1000)),
        CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"0\r\na: b\r\n\r\n",
    ],
    ids=["length", "chunked", "trailers"],
)
def test_allIsThere(server: Server, request_: bytes) -> None:
    """
    A peer that has sent all and then stopped sending gets its content read.
    """

    def react(asked: Asked, what: str) -> None:
        pause(asked, what)
        answerComplete(asked, what)

    server.listen(react)
    client = server.connect()
    client.send(request_[:20])
    client.send(request_[20:-2])
    asked = server.begun()
    server.loop.turns(0.05)
    client.send(request_[-2:])
    client.socket.shutdown(socket.SHUT_WR)
    server.loop.turns(0.8)
    assert asked.lost is None
    asked.channel.resumeProducing()
    assert client.readAll().startswith(b"HTTP/1.1 200 OK\r\n")


def test_goneWithABacklog(server: Server) -> None:
    """
    The peer of a request under way goes behind a long backlog.
    """
    server.listen(answerNothing)
    client = server.connect()
    client.send(HELLO * 5000)
    asked = server.begun()
    server.loop.turns(0.05)
    client.socket.close()
    server.loop.run(lambda: asked.lost is not None, seconds=1.1)


def test_goneWhileWaiting(server: Server) -> None:
    server.listen(answerNothing)
    client = server.connect()
    client.send(HELLO)
    asked = server.begun()
    client.socket.close()
    server.loop.run(lambda: asked.lost is not None, seconds=0.4)


# Closing


def test_longPipelineThenFin(server: Server) -> None:
    server.listen(answerAtOnce)
    client = server.connect()
    client.send(HELLO * 3000)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.readAll().count(b"HTTP/1.1 200 OK") == 3000


def test_earlyAnswerIsReadable(server: Server) -> None:
    """
    E8: the answer isn't reset away by what is still being sent.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(b"too much", 413)

    server.listen(react)
    client = server.connect()
    client.send(put(bytes(3000000)))
    data = client.readAll()
    assert data.startswith(b"HTTP/1.1 413 ")
    assert data.endswith(b"too much")


def test_badRequestIsReadable(server: Server) -> None:
    server.listen(answerAtOnce)
    client = server.connect()
    client.send(BAD + bytes(1000000))
    assert client.readAll().endswith(b"Bad Request\n")


def test_abortIsVisible(server: Server) -> None:
    """
    F5: also where only the connection's end delimits.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers())
            asked.channel.writeData(b"hell")
            asked.channel.abortConnection()

    server.listen(react)
    client = server.connect()
    client.send(get(b"/", b"", b"1.0"))
    with pytest.raises(ConnectionResetError):
        client.readAll()


def test_drain(server: Server) -> None:
    server.listen(answerNothing)
    idle, busy, stuck = (server.connect() for _ in range(3))
    busy.send(HELLO)
    server.begun(1)
    stuck.send(HELLO)
    server.begun(2)
    server.loop.run(lambda: len(server.factory._sweep) == 3)
    drained = server.factory.drain(2.5)
    server.asked[0].answer(b"x")
    assert busy.readAll().endswith(b"Connection: close\r\ncontent-length: 1\r\n\r\nx")
    assert idle.readAll() == b""
    assert not drained.called
    server.loop.run(drained)
    with pytest.raises(ConnectionResetError):
        stuck.readAll()


def test_otherTransportsAreNotTouched() -> None:
    """
    Only what is exactly known is taken apart.
    """
    assert not isPlainSocket(object())
    assert not isPlainSocket(Wire())
