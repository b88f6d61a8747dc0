"""
Requests that can't be taken, and peers that go, on a connection.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import LogEvent, globalLogPublisher

from penstock.core.errors import LimitExceeded, PeerGone, PeerProtocolError
from penstock.core.headers import Headers

from .messages import AFTER, BAD, CHUNKED, HELLO, HOST, ok, put
from .rejected import REJECTED, REJECTED_CONTENT
from .wires import Asked, Server, answerAtOnce, answerNothing

# Malformed input


@pytest.mark.parametrize(("code", "data"), REJECTED.values(), ids=REJECTED)
@pytest.mark.requirement("9112-2.2-10")
def test_rejectedHead(code: int, data: bytes) -> None:
    server = Server(answerAtOnce)
    server.receive(HELLO + data + AFTER)
    server.receive(AFTER)
    assert [asked.path for asked in server.asked] == [b"/"]
    assert server.codes == [200, code]
    assert b"\r\nConnection: close\r\n" in server.wire.sent
    assert server.wire.halfClosed
    server.channel.readConnectionLost()
    assert server.wire.closed


@pytest.mark.parametrize(
    ("code", "data"), REJECTED_CONTENT.values(), ids=REJECTED_CONTENT
)
@pytest.mark.requirement("9112-2.2-10")
def test_rejectedContent(code: int, data: bytes) -> None:
    server = Server()
    server.receive(CHUNKED + data + AFTER, AFTER)
    (asked,) = server.asked
    assert not asked.complete
    kind = PeerProtocolError if code == 400 else LimitExceeded
    assert type(asked.lost) is kind
    assert server.codes == [code]
    assert server.wire.halfClosed


def test_rejectedContentAfterHead() -> None:
    """
    E10: never a second head.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers())

    server = Server(react)
    server.receive(CHUNKED + b"zz\r\n")
    assert type(server.asked[0].lost) is PeerProtocolError
    assert server.codes == [200]
    assert server.wire.aborted


def test_errorWaitsItsTurn() -> None:
    """
    E2, E6.
    """
    server = Server(answerNothing)
    server.receive(HELLO + BAD + HELLO)
    assert server.codes == []
    server.asked[0].answer()
    assert server.codes == [200, 400]
    assert len(server.asked) == 1


@pytest.mark.requirement("9112-6.3-8")
def test_truncatedContent() -> None:
    """
    C4, D8: never whole.
    """
    for data in (put(b"abc")[:-1], CHUNKED + b"3\r\nabc\r\n0\r\n"):
        server = Server()
        server.receive(data)
        server.channel.readConnectionLost()
        (asked,) = server.asked
        assert not asked.complete
        assert type(asked.lost) is PeerGone
        assert server.wire.aborted


def test_connect() -> None:
    """
    A6.
    """
    server = Server(answerAtOnce)
    server.receive(b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n" + HELLO)
    assert server.asked == []
    assert server.codes == [501]
    assert server.wire.halfClosed


@pytest.mark.requirement("9110-7.8-6")
def test_upgradeIsDeclined() -> None:
    """
    E9.
    """
    server = Server()
    server.receive(
        put(b"abc", b"Connection: upgrade\r\nUpgrade: websocket\r\n") + HELLO
    )
    assert server.take() == ok(b"abc") + ok(b"")
    assert not server.asked[0].headers.hasHeader("upgrade")


def test_oneLogLine() -> None:
    """
    N1, N2, N4: one line for each bad request, and nothing of it in there.
    """
    logged: list[LogEvent] = []
    globalLogPublisher.addObserver(logged.append)
    try:
        server = Server(answerAtOnce)
        server.receive(b"GET \x1b[31m\nevil HTTP/1.1\r\nHost: a\r\n\r\n" + BAD)
    finally:
        globalLogPublisher.removeObserver(logged.append)
    assert len(logged) == 1
    assert "evil" not in repr(logged)
    assert b"evil" not in server.wire.sent


def test_failureIs500() -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            raise KeyError("secret")

    server = Server(react)
    server.receive(HELLO + HELLO)
    assert server.codes == [500, 500]
    assert b"secret" not in server.wire.sent


@pytest.fixture(autouse=True)
def expectedErrors(loggedErrors: Any, request: Any) -> Any:
    yield
    if request.function is test_failureIs500:
        assert len(loggedErrors.flush()) == 2


# The peer goes


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize("when", ["head", "content", "whole", "response"])
@pytest.mark.requirement("9112-9.5-2")
def test_gone(when: str, how: str) -> None:
    """
    E7.
    """
    server = Server(answerNothing)
    server.receive(put(b"abc") if when != "content" else put(b"abc")[:-1])
    if when == "head":
        server.asked[0].answer()
        server.receive(b"GET /")
    elif when == "response":
        server.asked[0].channel.writeHeaders(200, Headers())
    if how == "FIN":
        server.channel.readConnectionLost()
        server.channel.readConnectionLost()
    server.lose()
    asked = server.asked[0]
    assert type(asked.lost) is (PeerGone if when != "head" else type(None))
    assert len(server.asked) == 1


@pytest.mark.requirement("9112-9.5-2")
def test_finAfterTheAnswer() -> None:
    """
    Who has sent all may still be reading.
    """
    server = Server(answerAtOnce)
    server.receive(HELLO)
    server.channel.readConnectionLost()
    assert server.wire.closed
    assert not server.wire.aborted


def test_answerAfterLoss() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    server.lose()
    server.asked[0].answer(b"late")
    assert server.take() == b""
    assert server.asked[0].channel.lateCalls == (
        "writeHeaders",
        "writeData",
        "finish",
    )


def test_aHeldHeadAfterLoss() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    server.asked[0].channel.writeHeaders(200, Headers())
    server.lose()
    server.clock.advance(0)
    assert server.take() == b""
