"""
RPC over sockets: what the kernel is given.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.direct import UNSENT
from penstock.core.headers import Headers
from penstock.transports.rpc import RPCFactory
from penstock.transports.rpc.codec import Decoder, frame
from penstock.transports.rpc.messages import GoAway, Ping, Pong, Reason, WriteData
from penstock.transports.rpc.phases import Phase

from ..loop import Loop
from .wires import MAX_FRAME, Served, opening, request

SIZE = 16 * 1024 * 1024
WINDOW = 2**26


class Large(Served):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.exchange.writeHeaders(200, Headers())
        self.exchange.writeData(bytes(SIZE))
        self.exchange.finish()


@contextmanager
def asking(loop: Loop, port: int) -> Iterator[socket.socket]:
    """
    A peer that has asked, and would take much, but little at a time.
    """
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        peer.connect(("127.0.0.1", port))
        peer.settimeout(0)
        peer.sendall(opening(True, window=WINDOW, connectionWindow=WINDOW))
        peer.sendall(frame(request(1)))
        loop.settle()
        yield peer


@pytest.mark.skipif(
    not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the kernel can't be told"
)
def test_replyBesideLargeContent(loop: Loop) -> None:
    """
    Little waits in the kernel before a reply, however much that would take.
    """
    port = loop.listen(RPCFactory(Large, reactor=loop.reactor))
    with asking(loop, port) as peer:
        peer.sendall(frame(Ping(0, 7)))
        loop.settle()
        decoder = Decoder(MAX_FRAME)
        received: list[Any] = []

        def ponged() -> bool:
            try:
                received.extend(decoder.receive(peer.recv(16 * 1024)))
            except BlockingIOError:
                pass
            return Pong(0, 7) in received

        loop.run(ponged)
    before = received[: received.index(Pong(0, 7))]
    content = sum(len(item.data) for item in before if type(item) is WriteData)
    assert 0 < content < 6 * UNSENT


def test_goodbyesThatCross(loop: Loop) -> None:
    """
    A response that was sent is had, also by a peer that says more after it.
    """
    factory = RPCFactory(Large, reactor=loop.reactor)
    port = loop.listen(factory)
    with asking(loop, port) as peer:
        (session,) = factory.sessions
        closed = session.close()
        peer.sendall(frame(GoAway(0, 0, 0, "")))
        decoder = Decoder(MAX_FRAME)
        received: list[Any] = []

        def isOver() -> bool:
            try:
                data = peer.recv(64 * 1024)
            except BlockingIOError:
                return False
            if session.underWay == 0:
                peer.sendall(frame(Ping(0, 1)))
            received.extend(decoder.receive(data))
            return not data

        loop.run(isOver)
    assert sum(len(item.data) for item in received if type(item) is WriteData) == SIZE
    loop.run(closed)


class Middling(Served):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answer(bytes(1024 * 1024))


def test_slowReaderHasAll(loop: Loop) -> None:
    """
    Who takes a response slowly has all of it, also when that takes longer than
    anybody is waited for who takes nothing.
    """
    clock = Clock()
    factory = RPCFactory(Middling, reactor=clock)
    port = loop.listen(factory)
    with asking(loop, port) as peer:
        (session,) = factory.sessions
        closed = session.close()
        received = 0

        def read() -> None:
            nonlocal received
            with suppress(BlockingIOError):
                received += len(peer.recv(64 * 1024))
            clock.advance(0)
            loop.settle()

        for _ in range(100):
            if session.underWay:
                read()
        for _ in range(100):
            if received < 1024 * 1024:
                read()
                clock.advance(4.5)
        assert received > 1024 * 1024
        assert clock.seconds() > 10
        peer.sendall(frame(GoAway(0, 0, 0, "")))
        peer.shutdown(socket.SHUT_WR)
        loop.run(closed)


def test_complaintIsHad(loop: Loop) -> None:
    """
    Whoever goes on after a violation is still told what was wrong.
    """
    factory = RPCFactory(Large, reactor=loop.reactor)
    port = loop.listen(factory)
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.settimeout(0)
        peer.sendall(opening(True) + frame(request(7)))
        loop.settle()
        peer.sendall(bytes(500_000))
        loop.settle()
        (session,) = factory.sessions
        assert session.phase is Phase.CLOSING
        *_, complaint = Decoder(MAX_FRAME).receive(peer.recv(64 * 1024))
        assert isinstance(complaint, GoAway)
        assert complaint.reason == Reason.PROTOCOL
        assert peer.recv(1) == b""
    loop.run(lambda: not factory.sessions)
