"""
RFC 9112, section 9, at the calling end: how connections go on and end.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.headers import Headers

from .ends import Caller
from .test_9112_calling import CHUNKED, OK, called


@pytest.mark.requirement("9112-9.2-1", "9112-9.2-2", "9110-6-1", "9112-9.3.2-1")
def test_whoseAnswer() -> None:
    """
    Our choice: one request at a time on a connection, so that an answer is
    the present one's, and what it has depends on that.
    """
    caller = Caller(maxConnections=1)
    head, get, post = caller.call("HEAD"), caller.call("GET"), caller.call("POST")
    assert [it.start[0] for it in caller.asked()] == [b"HEAD"]
    caller.answer(OK[:-2])
    assert (head.response.code, head.content) == (200, b"")
    assert [it.start[0] for it in caller.asked()] == [b"GET"]
    caller.answer(b"HTTP/1.1 103 X\r\n\r\n" + OK)
    assert get.content == b"hi"
    caller.answer(b"HTTP/1.1 204 X\r\n\r\n")
    assert post.response.code == 204


@pytest.mark.requirement("9112-9.2-3", "9112-9.2-4", "9112-6.3-15", "9112-6.3-14")
@pytest.mark.parametrize("more", [OK, b"x", b"\r\n", b"HTTP/1.1 408 X\r\n\r\n"])
@pytest.mark.parametrize("late", [False, True])
def test_unasked(more: bytes, late: bool) -> None:
    """
    What comes without a request is no answer to the next one.
    """
    caller, call = called(OK + (b"" if late else more))
    if late:
        caller.answer(more)
    assert call.content == b"hi"
    assert caller.wire.ending
    second = caller.call()
    assert len(caller.endpoint.transports) == 2
    caller.answer(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
    assert second.response.code == 404


@pytest.mark.requirement("9112-9.3-1", "9112-9.3-2", "9112-9.3-6", "9112-9.3-4")
@pytest.mark.parametrize(
    ("first", "rest", "kept"),
    [
        (OK[:-1], OK[-1:], True),
        (CHUNKED + b"2\r\nhi\r\n", b"0\r\n\r\n", True),
        (b"HTTP/1.1 204 X\r\n", b"\r\n", True),
        (OK.replace(b"1.1", b"1.0"), b"", False),
        (
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n",
            b"hi",
            True,
        ),
    ],
)
def test_reuse(first: bytes, rest: bytes, kept: bool) -> None:
    """
    Not before the answer is whole.
    """
    caller = Caller(maxConnections=1)
    caller.call()
    caller.wire.take()
    caller.answer(first)
    waiting = caller.call()
    if rest:
        assert caller.wire.take() == b""
        caller.answer(rest)
    assert bool(caller.wire.ending) is not kept
    if kept:
        assert len(caller.asked()) == 1
        caller.answer(OK)
        assert waiting.content == b"hi"


@pytest.mark.requirement("9112-9.3-6")
def test_abandonedAnswer() -> None:
    """
    Whoever doesn't want the rest of an answer gives up its connection.
    """
    caller = Caller()
    call = caller.call()
    caller.answer(OK[:-1])
    call.response.cancel()
    assert caller.wire.ending == "abort"
    caller.call()
    assert len(caller.endpoint.transports) == 2


@pytest.mark.requirement("9112-9.5-1")
def test_idle() -> None:
    caller, _ = called(OK)
    caller.wait(40)
    assert caller.wire.ending == "close"


@pytest.mark.requirement("9112-9.5-2")
def test_closureIsNoticed() -> None:
    caller, _ = called(OK)
    caller.wire.lose()
    call = caller.call()
    assert len(caller.endpoint.transports) == 2
    caller.answer(OK)
    assert call.content == b"hi"


class Sending:
    """
    A request whose content takes a while.
    """

    def __init__(self) -> None:
        self.caller = Caller()
        self.codes: list[int] = []
        self.complete = False
        self.lost = False
        self.exchange = self.caller.client.startRequest(
            b"PUT", b"/", Headers(), self, True
        )
        self.caller.endpoint.accept()
        self.exchange.writeData(b"hel")
        self.caller.wire.take()

    def requestStarted(self, exchange: Any) -> None:
        """
        See the seam.
        """

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        self.codes.append(code)

    def handleHeaders(self, code: int, headers: Headers, reason: Any = None) -> None:
        self.codes.append(code)

    def handleContentChunk(self, data: bytes) -> None:
        """
        See the seam.
        """

    def handleContentComplete(self, trailers: Any = None) -> None:
        self.complete = True

    def connectionLost(self, reason: Any) -> None:
        self.lost = True


@pytest.mark.requirement("9112-9.5-5", "9112-9.5-6")
def test_refusedWhileSending() -> None:
    """
    An error that closes is seen at once, and nothing more sent.
    """
    sending = Sending()
    wire = sending.caller.wire
    wire.receive(b"HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 1\r\n\r\n")
    assert sending.codes == [413]
    sending.exchange.writeData(b"lo")
    assert wire.take() == b""
    wire.receive(b"x")
    assert sending.complete
    assert wire.ending


@pytest.mark.requirement("9112-9.5-5", "9110-7.5-1")
@pytest.mark.parametrize("code", [b"200", b"403"])
def test_answeredWhileSending(code: bytes) -> None:
    """
    Any other answer is no reason to stop.
    """
    sending = Sending()
    wire = sending.caller.wire
    wire.receive(b"HTTP/1.1 " + code + b" X\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert sending.codes == [int(code)]
    sending.exchange.writeData(b"lo")
    sending.exchange.finish()
    assert wire.take() == b"2\r\nlo\r\n0\r\n\r\n"
    wire.receive(b"0\r\n\r\n")
    assert sending.complete
    assert not wire.ending


@pytest.mark.requirement("9112-9.6-9")
@pytest.mark.parametrize(
    "fields",
    [
        b"Connection: close\r\n",
        b"connection: x, CLOSE\r\n",
        b"Connection: keep-alive, close\r\n",
    ],
)
def test_closeIsObeyed(fields: bytes) -> None:
    caller, call = called(
        b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nhi"
    )
    assert call.content == b"hi"
    assert caller.wire.ending == "close"
    caller.call()
    assert caller.endpoint.transports[0].take() == b""
    assert len(caller.endpoint.transports) == 2
