"""
Interim responses, and answers that come before the content.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.core.headers import Headers
from penstock.transports.http1.limits import Limits

from .messages import CHUNKED, HELLO, get, ok, put
from .wires import Asked, Server, answerComplete, answerNothing

# Interim responses


@pytest.mark.requirement("9110-10.1.1-11")
def test_continue() -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeIntermediateResponse(100)
        answerComplete(asked, what)

    server = Server(react)
    request = put(b"abc", b"Expect: 100-continue\r\n")
    server.receive(request[:-3])
    assert server.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    server.receive(request[-3:])
    assert server.take() == ok(b"abc")
    assert server.wire.open


def test_noContinueUnasked() -> None:
    """
    Accepting content is the request's to say, not ours.
    """
    server = Server()
    server.receive(put(b"abc", b"Expect: 100-continue\r\n")[:-3])
    assert server.take() == b""


@pytest.mark.requirement("9110-15.2-1")
def test_noInterimForOld() -> None:
    server = Server(answerNothing)
    server.receive(get(b"/", b"", b"1.0"))
    server.asked[0].channel.writeIntermediateResponse(103)
    assert server.take() == b""


def test_earlyHints() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    for _ in range(2):
        server.asked[0].channel.writeIntermediateResponse(
            103, Headers([("Link", "</a>")]), b"Look"
        )
    assert server.take() == b"HTTP/1.1 103 Look\r\nLink: </a>\r\n\r\n" * 2


# Early answers


def answerEarly(code: int) -> Callable[[Asked, str], None]:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(b"early", code)

    return react


@pytest.mark.requirement("9112-9.3-5")
def test_earlyAnswerIsDrained() -> None:
    """
    E4: content that nobody wants is no request.
    """
    server = Server(answerEarly(200))
    server.receive(put(HELLO)[:-20])
    assert server.take() == ok(b"early")
    server.receive(put(HELLO)[-20:] + put(b"abc"))
    assert server.take() == ok(b"early")
    assert len(server.asked) == 2
    assert all(not asked.chunks and not asked.complete for asked in server.asked)


@pytest.mark.requirement("9112-9.3-5")
def test_earlyAnswerToTooMuch() -> None:
    """
    An error with more to come than is worth reading closes, and says so; what
    comes is dropped for a while, so that the answer can be read.
    """
    server = Server(answerEarly(413))
    server.receive(put(bytes(1000000))[:1000])
    assert server.take().startswith(b"HTTP/1.1 413 ")
    assert server.wire.halfClosed
    assert not server.wire.closed
    server.receive(bytes(100000))
    server.receive(HELLO)
    assert len(server.asked) == 1
    assert not server.wire.closed
    server.channel.readConnectionLost()
    assert server.wire.closed


def test_earlyErrorSaysClose() -> None:
    server = Server(answerEarly(413))
    server.receive(put(bytes(1000000))[:1000])
    assert b"\r\nConnection: close\r\n" in server.take()


@pytest.mark.requirement("9112-9.6-1")
def test_earlyErrorToChunks() -> None:
    """
    Nobody knows how much is to come, so the next request might be lost.
    """
    server = Server(answerEarly(413))
    server.receive(CHUNKED)
    assert b"\r\nConnection: close\r\n" in server.take()
    server.receive(b"3\r\nabc\r\n0\r\n\r\n" + HELLO)
    assert len(server.asked) == 1


def test_lingerIsBounded() -> None:
    server = Server(answerEarly(413), Limits(linger=1000, drain=10))
    server.receive(put(bytes(100000))[:100])
    server.receive(bytes(1000))
    assert not server.wire.closed
    server.receive(bytes(1000))
    assert server.wire.closed


def test_drainIsBounded() -> None:
    """
    Chunks may go on for ever.
    """
    server = Server(answerEarly(200), Limits(drain=1000))
    server.receive(CHUNKED)
    assert server.codes == [200]
    server.receive(b"64\r\n" + bytes(100) + b"\r\n")
    assert server.wire.open
    server.receive((b"64\r\n" + bytes(100) + b"\r\n") * 10)
    assert server.wire.halfClosed


def test_earlyAnswerToExpectation() -> None:
    """
    Who was told not to send may send or not: nobody can tell what comes next.
    """
    for code in (200, 413):
        server = Server(answerEarly(code))
        server.receive(put(b"abc", b"Expect: 100-continue\r\n")[:-3])
        assert b"\r\nConnection: close\r\n" in server.take()
        server.receive(HELLO)
        assert len(server.asked) == 1


def test_expectationThatDidNotWait() -> None:
    server = Server(answerEarly(200))
    server.receive(put(b"abc", b"Expect: 100-continue\r\n") + HELLO)
    assert len(server.asked) == 1
    assert not server.wire.open


@pytest.mark.requirement("9112-9.3-5")
def test_malformedAfterEarlyAnswer() -> None:
    server = Server(answerEarly(200))
    server.receive(CHUNKED + b"zz\r\n\r\n" + HELLO)
    assert server.codes == [200]
    assert server.wire.halfClosed
    assert len(server.asked) == 1


def test_earlyHeadThenContent() -> None:
    """
    An early head isn't an early answer: an echo, say.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers())
        elif what == "chunk":
            asked.channel.writeData(asked.chunks[-1])
        elif what == "complete":
            asked.channel.finish()

    server = Server(react)
    server.receive(put(bytes(1000000)) + HELLO)
    assert server.codes == [200, 200]
    assert server.wire.open


def test_stopProducing() -> None:
    """
    The rest is dropped, and the next request found behind it.
    """
    server = Server(answerNothing)
    server.receive(put(b"abcdef")[:-3])
    asked = server.asked[0]
    asked.channel.stopProducing()
    server.receive(b"def" + HELLO)
    assert asked.chunks == [b"abc"]
    assert not asked.complete
    asked.answer()
    assert server.codes == [200]
    assert len(server.asked) == 2


def test_stopProducingIsBounded() -> None:
    server = Server(answerNothing, Limits(drain=1000))
    server.receive(CHUNKED)
    asked = server.asked[0]
    asked.channel.stopProducing()
    server.receive(b"7d0\r\n" + bytes(2000) + b"\r\n")
    assert not server.wire.reading
    asked.answer()
    assert server.codes == [200]
    assert server.wire.halfClosed
    assert server.wire.reading
