"""
Back-pressure, both ways.
"""

from __future__ import annotations

import io
from typing import Any

from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

from penstock.core.headers import Headers
from penstock.transports.http1.limits import Limits

from .messages import CHUNKED, HELLO, ok, put
from .wires import Asked, Server, answerComplete, answerNothing


@implementer(IPushProducer)
class Push:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


@implementer(IPullProducer)
class Pull:
    def __init__(self, asked: Asked, blocks: int) -> None:
        self.asked = asked
        self.left = blocks

    def resumeProducing(self) -> None:
        self.left -= 1
        self.asked.channel.writeData(bytes(10000))
        if not self.left:
            self.asked.channel.unregisterProducer()
            self.asked.channel.finish()

    def stopProducing(self) -> None:
        self.left = -1


# Content


def test_pausedContent() -> None:
    server = Server()
    request = put(b"abcdef")
    server.receive(request[:-6])
    asked = server.asked[0]
    asked.channel.pauseProducing()
    assert not server.wire.reading
    server.receive(b"abc")
    assert asked.chunks == []
    asked.channel.resumeProducing()
    assert server.wire.reading
    assert asked.chunks == [b"abc"]
    server.receive(b"def")
    assert server.take() == ok(b"abcdef")


def test_pausedInProcess() -> None:
    """
    Content that came with the head waits as well.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.pauseProducing()
        else:
            answerComplete(asked, what)

    server = Server(react)
    server.receive(put(b"abc") + HELLO)
    assert server.asked[0].chunks == []
    assert not server.wire.reading
    server.asked[0].channel.resumeProducing()
    assert server.codes == [200]
    assert server.wire.reading
    assert len(server.asked) == 2


def test_pausedInAChunk() -> None:
    """
    Each chunk is taken when it is wanted; the end too.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "chunk":
            asked.channel.pauseProducing()
        else:
            answerComplete(asked, what)

    server = Server(react)
    server.receive(CHUNKED)
    for _ in range(3):
        server.receive(b"1\r\na\r\n")
    asked = server.asked[0]
    server.receive(b"0\r\n\r\n")
    assert asked.chunks == [b"a"]
    asked.channel.resumeProducing()
    assert asked.chunks == [b"a", b"aa"]
    assert not asked.complete
    asked.channel.resumeProducing()
    assert asked.complete


def test_pausedThenStopped() -> None:
    server = Server(answerNothing)
    server.receive(put(b"abc")[:-3])
    channel = server.asked[0].channel
    channel.pauseProducing()
    server.receive(b"abc")
    channel.stopProducing()
    assert server.wire.reading
    assert server.asked[0].chunks == []
    server.asked[0].answer()
    server.receive(HELLO)
    assert len(server.asked) == 2


def test_pausedThenAnswered() -> None:
    server = Server(answerNothing)
    server.receive(put(b"abc")[:-3])
    server.asked[0].channel.pauseProducing()
    server.asked[0].answer()
    assert server.wire.reading
    server.receive(b"abc" + HELLO)
    assert len(server.asked) == 2


# Responses


def test_push() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    push = Push()
    channel.registerProducer(push, True)
    server.wire.stuck = True
    channel.writeData(b"a")
    assert push.calls == ["pause"]
    server.wire.producer.resumeProducing()
    assert push.calls == ["pause", "resume"]
    server.lose()
    assert push.calls == ["pause", "resume", "stop"]


def test_nextBeginsBlocked() -> None:
    """
    While the peer takes nothing, no further request is begun.
    """
    server = Server(answerNothing)
    server.receive(HELLO + HELLO)
    server.wire.stuck = True
    server.asked[0].answer(b"x")
    assert len(server.asked) == 1
    server.wire.stuck = False
    server.wire.producer.resumeProducing()
    assert len(server.asked) == 2


def test_blockedPipelineIsBounded() -> None:
    server = Server(answerNothing, Limits(backlog=1000))
    server.receive(HELLO)
    server.wire.stuck = True
    server.asked[0].answer()
    server.receive(HELLO * 50)
    assert len(server.asked) == 1
    assert not server.wire.reading
    server.wire.stuck = False
    server.wire.producer.resumeProducing()
    assert len(server.asked) == 2


def test_pull() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    asked = server.asked[0]
    asked.channel.writeHeaders(200, Headers([("content-length", "300000")]))
    server.wire.stuck = True
    asked.channel.registerProducer(Pull(asked, 30), False)
    for number in range(1, 30):
        assert server.wire.sent.count(bytes(10000)) == number
        server.wire.producer.resumeProducing()
    assert server.take() == (
        b"HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n" + bytes(300000)
    )


def test_pullInProcess() -> None:
    """
    What is gathered while a read is dealt with is bounded.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers([("content-length", "300000")]))
            asked.channel.registerProducer(Pull(asked, 30), False)

    server = Server(react)
    server.wire.stuck = True
    server.receive(HELLO)
    assert len(server.wire.sent) < 80000


def test_fileWithoutSocket() -> None:
    """
    A file goes the plain way where there is no socket, or no real file.
    """
    content = bytes(range(256)) * 1000
    for chunked in (False, True):
        server = Server(answerNothing)
        server.receive(HELLO)
        channel = server.asked[0].channel
        length = Headers([] if chunked else [("content-length", "200000")])
        channel.writeHeaders(200, length)
        sent: list[Any] = []
        channel.writeFile(io.BytesIO(content), 100, 200000).addCallback(sent.append)
        assert sent == [None]
        channel.finish()
        if chunked:
            assert server.take().endswith(b"\r\n0\r\n\r\n")
        else:
            assert server.take().endswith(b"\r\n\r\n" + content[100:200100])


def test_smallFileGoesWithItsHead(tmp_path: Any) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"0123456789")

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            with path.open("rb") as file:
                asked.channel.writeHeaders(200, Headers([("content-length", "5")]))
                asked.channel.writeFile(file, 2, 5)
            asked.channel.finish()

    server = Server(react)
    server.receive(HELLO)
    assert server.take() == ok(b"").replace(b"0\r\n\r\n", b"5\r\n\r\n") + b"23456"
    assert server.wire.writes == 1


def test_smallFileShorter(tmp_path: Any, loggedErrors: Any) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"0123456789")
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers([("content-length", "11")]))
    with path.open("rb") as file:
        channel.writeFile(file, 0, 11)
    assert server.wire.aborted
    assert len(loggedErrors.flush("shorter")) == 1
