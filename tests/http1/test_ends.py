"""
Peers that go at the worst moment, on real sockets (E7).
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOFactory

from penstock.core.headers import Headers
from penstock.transports.http1.limits import Limits

from ..loop import Loop
from .messages import BAD, CHUNKED, CLOSE, HELLO, get, put
from .sockets import SLOW, Client, Server
from .test_tls import ServerContext, certificate
from .test_upgrade import ASK, UPGRADE, Echo
from .wires import Asked

# pytest finds it here.
__all__ = ["certificate"]


def silent(asked: Asked, what: str) -> None:
    pass


def answered(asked: Asked, what: str) -> None:
    if what == "process":
        asked.answer(b"early", 413)


def interim(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.writeIntermediateResponse(100)


def begun(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.writeHeaders(200, Headers())
        asked.channel.writeData(b"x")


def long(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.writeHeaders(200, Headers())
        asked.channel.writeData(bytes(8_000_000))


class Endless:
    """
    A producer that never has enough.
    """

    def __init__(self, asked: Asked) -> None:
        self.channel = asked.channel
        self.stopped = 0

    def resumeProducing(self) -> None:
        self.channel.writeData(bytes(100_000))

    def stopProducing(self) -> None:
        self.stopped += 1


def produced(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.writeHeaders(200, Headers())
        asked.channel.registerProducer(Endless(asked), False)


def sentFile(asked: Asked, what: str) -> None:
    if what == "process":
        path = Path(os.environ["PYTEST_FILE"])
        file = path.open("rb")
        asked.channel.writeHeaders(200, Headers([("content-length", "8000000")]))
        asked.channel.writeFile(file, 0, 8_000_000).addCallback(
            lambda ignored: file.close()
        )


def switched(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.upgrade(b"echo", Echo())


def paused(asked: Asked, what: str) -> None:
    if what == "process":
        asked.channel.pauseProducing()


STAGES: dict[str, tuple[bytes, Callable[[Asked, str], None]]] = {
    "connected": (b"", silent),
    "request line": (HELLO[:5], silent),
    "fields": (HELLO[:-3], silent),
    "content": (put(b"abc")[:-1], silent),
    "paused content": (put(b"abc")[:-1], paused),
    "chunk": (CHUNKED + b"5\r\nab", silent),
    "trailers": (CHUNKED + b"0\r\na: b\r\n", silent),
    "expecting": (put(b"abc", b"Expect: 100-continue\r\n")[:-3], interim),
    "asked": (HELLO, silent),
    "asked twice": (HELLO + HELLO[:9], silent),
    "answering": (HELLO, begun),
    "unread answer": (HELLO, long),
    "producer": (HELLO, produced),
    "file": (HELLO, sentFile),
    "answered": (HELLO, answered),
    "answered early": (put(bytes(100))[:-1], answered),
    "answered too early": (put(bytes(300_000))[:-250_000], answered),
    "answered and closing": (get(b"/", CLOSE), long),
    "refused": (BAD, silent),
    "switched": (ASK, switched),
    "switching": (put(b"abc", UPGRADE)[:-1], switched),
}


def leaveByClosing(client: Client) -> None:
    client.socket.close()


def leaveByReset(client: Client) -> None:
    client.reset()


def leaveByHalves(client: Client) -> None:
    """
    First it sends nothing more, then it has gone.
    """
    client.socket.shutdown(socket.SHUT_WR)
    client.loop.turns(0.02)
    client.socket.close()


LEAVING = {"close": leaveByClosing, "reset": leaveByReset, "halves": leaveByHalves}


@pytest.fixture
def server(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    file = tmp_path / "file"
    with file.open("wb") as writing:
        writing.truncate(8_000_000)
    monkeypatch.setenv("PYTEST_FILE", str(file))
    server = Server(loop)
    yield server
    for client in server.clients:
        client.socket.close()


def isIdle(loop: Loop) -> bool:
    """
    @return: whether the loop waits, rather than going round and round.
    """
    began = time.monotonic()
    for _ in range(10):
        loop.turn(0.005)
    return time.monotonic() - began > 0.02


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
@pytest.mark.parametrize(("sent", "react"), STAGES.values(), ids=STAGES)
def test_leaves(
    server: Server, sent: bytes, react: Any, leave: Callable[[Client], None]
) -> None:
    """
    Whoever was asked is told once, all is let go, and nothing spins.
    """
    server.listen(react)
    descriptors = len(os.listdir("/proc/self/fd"))
    client = server.connect(SLOW)
    client.send(sent)
    server.loop.run(lambda: len(server.factory._sweep) == 1)
    server.loop.settle()
    leave(client)
    server.loop.run(lambda: not len(server.factory._sweep), seconds=3)
    server.loop.settle()
    assert isIdle(server.loop)
    assert server.factory._house._served == 0
    assert len(os.listdir("/proc/self/fd")) == descriptors
    for asked in server.asked:
        assert (asked.lost is None) is (react in (answered, switched))
        assert asked.channel.lateCalls == ()
    # And the next one is served.
    server.react = answered
    other = server.connect()
    other.send(HELLO)
    assert other.read(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("sent", [b"", HELLO[:5], HELLO], ids=["0", "part", "whole"])
def test_leavesBeforeItIsAccepted(server: Server, sent: bytes, leave: str) -> None:
    server.listen(answered)
    for _ in range(5):
        client = server.connect()
        client.socket.send(sent)
        LEAVING[leave](client)
    server.loop.settle()
    server.loop.run(lambda: not len(server.factory._sweep))
    assert isIdle(server.loop)
    other = server.connect()
    other.send(HELLO)
    assert other.read(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_leavesThoughThereIsNoRoom(server: Server, leave: str) -> None:
    server.listen(answered, limits=Limits(connections=0))
    for sent in (b"", HELLO[:5], HELLO, put(bytes(100))[:-1]):
        client = server.connect()
        client.send(sent)
        server.loop.settle()
        LEAVING[leave](client)
        server.loop.run(lambda: not len(server.factory._sweep))
    assert server.factory._house._turnedAway == 0
    assert isIdle(server.loop)


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize(
    "place", ["connected", "fields", "content", "answering", "producer", "switched"]
)
def test_leavesTLS(
    server: Server, loop: Loop, certificate: ServerContext, place: str, leave: str
) -> None:
    """
    The same under TLS, where the socket ends without a word.
    """
    sent, react = STAGES[place]
    server.listenThrough(
        react,
        lambda factory: TLSMemoryBIOFactory(
            certificate, False, factory, clock=loop.reactor
        ),
    )
    client = server.connect()
    encrypted = SSL.Connection(SSL.Context(SSL.TLS_METHOD), client.socket)
    encrypted.set_connect_state()

    def shaken() -> bool:
        with contextlib.suppress(SSL.WantReadError):
            encrypted.do_handshake()
            return True
        return False

    loop.run(shaken)
    if sent:
        encrypted.sendall(sent)
    loop.settle()
    assert len(server.factory._sweep) == 1
    LEAVING[leave](client)
    loop.run(lambda: not len(server.factory._sweep), seconds=3)
    loop.settle()
    assert isIdle(loop)
