"""
A connection as requests and peers see it.
"""

from __future__ import annotations

import pytest

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1.channel import TURN
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits

from .messages import CLOSE, HELLO, get, ok, put
from .wires import Asked, Server, answerAtOnce, answerNothing, cuts

# Requests and responses


def test_whatARequestIsMadeOf() -> None:
    server = Server()
    server.receive(
        b"PUT http://b/c?d HTTP/1.1\r\nHost: a\r\nConnection: x\r\nX: 1\r\n"
        b"Content-Length: 3\r\n\r\nab"
    )
    (asked,) = server.asked
    assert (asked.command, asked.path, asked.version) == (
        b"PUT",
        b"http://b/c?d",
        (1, 1),
    )
    assert list(asked.headers) == [(b"Host", b"a"), (b"Content-Length", b"3")]
    assert asked.channel.contentLength == 3
    assert (asked.content, asked.complete) == (b"ab", False)
    server.receive(b"c")
    assert (asked.content, asked.complete) == (b"abc", True)


def test_headersAreNotShared() -> None:
    server = Server(answerAtOnce)
    server.receive(HELLO)
    server.asked[0].headers.setRaw("x-foo", "1")
    server.receive(HELLO)
    assert list(server.asked[1].headers) == [(b"Host", b"a")]


def test_connectionInfo() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    info = server.asked[0].channel.connectionInfo
    assert info.transport == "http1"
    assert info.peer == server.wire.getPeer()
    assert info.local == server.wire.getHost()
    assert not info.secure
    assert info is server.asked[0].channel.connectionInfo
    server.asked[0].answer()
    server.receive(HELLO)
    assert server.asked[1].channel.connectionInfo.requestId != info.requestId


def test_chunkedResponse() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    channel.writeData(b"hello")
    channel.writeData(b"")
    channel.writeData(b"0123456789")
    channel.finish(Headers([("X-Sum", "1"), ("Host", "b")]))
    assert server.take() == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\na\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    assert server.wire.open


@pytest.mark.requirement("9112-6.1-11")
def test_closeDelimitedResponse() -> None:
    """
    HTTP/1.0 knows no chunks.
    """
    server = Server(answerNothing)
    server.receive(get(b"/", b"Connection: keep-alive\r\n", b"1.0"))
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    channel.writeData(b"hello")
    channel.finish(Headers([("X-Sum", "1")]))
    assert server.take() == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
    assert server.wire.closed


@pytest.mark.requirement("9110-9.3.2-1", "9110-9.3.2-2")
def test_head() -> None:
    server = Server(answerNothing)
    server.receive(HELLO.replace(b"GET", b"HEAD") + HELLO)
    server.asked[0].answer(b"hello")
    assert server.take() == ok(b"hello")[:-5]
    server.asked[1].answer(b"hello")
    assert server.take() == ok(b"hello")


@pytest.mark.requirement("9110-9.3.2-1")
def test_chunkedHead() -> None:
    server = Server(answerNothing)
    server.receive(HELLO.replace(b"GET", b"HEAD"))
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    channel.writeData(b"hello")
    channel.finish()
    assert server.take() == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert server.wire.open


@pytest.mark.parametrize("code", [204, 205, 304])
def test_noContent(code: int) -> None:
    server = Server(answerNothing)
    server.receive(HELLO + HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(code, Headers())
    channel.writeData(b"hello")
    channel.finish()
    assert b"hello" not in server.wire.sent
    assert server.codes == [code]
    server.asked[1].answer()
    assert server.codes == [code, 200]


@pytest.mark.requirement("9112-6.3-8")
def test_shortContentIsVisible() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers([("content-length", "5")]))
    channel.writeData(b"hell")
    with pytest.raises(LocalProtocolError):
        channel.finish()
    assert server.wire.aborted


def test_abortedChunksHaveNoEnd() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    channel.writeData(b"hell")
    channel.abortConnection()
    assert server.take().endswith(b"4\r\nhell\r\n")
    assert server.wire.aborted
    server.lose()
    assert server.asked[0].lost is None


# Persistence and order

PERSISTENT: dict[str, tuple[bytes, bytes, bool]] = {
    "1.1": (HELLO, ok(b"/"), True),
    "1.1 close": (get(b"/", CLOSE), ok(b"/", CLOSE), False),
    "1.0": (get(b"/", b"", b"1.0"), ok(b"/", CLOSE), False),
    "1.0 keep-alive": (
        get(b"/", b"Connection: keep-alive\r\n", b"1.0"),
        ok(b"/", b"Connection: keep-alive\r\n"),
        True,
    ),
}


@pytest.mark.parametrize(
    ("request_", "response", "stays"), PERSISTENT.values(), ids=PERSISTENT
)
@pytest.mark.requirement("9112-9.3-1")
def test_persistence(request_: bytes, response: bytes, stays: bool) -> None:
    server = Server(answerAtOnce)
    server.receive(request_)
    assert server.take() == response
    assert server.wire.open is stays
    if stays:
        server.receive(HELLO)
        assert server.take() == ok(b"/")


@pytest.mark.requirement("9112-9.6-6", "9112-9.6-8")
def test_nothingAfterClose() -> None:
    """
    E3.
    """
    server = Server(answerAtOnce)
    server.receive(get(b"/a", CLOSE) + HELLO)
    server.receive(HELLO)
    assert len(server.asked) == 1
    assert server.codes == [200]
    assert not server.wire.open


@pytest.mark.requirement("9112-9.3.2-3")
def test_pipeline() -> None:
    """
    E1: one at a time and in order; the answers of one read are one write.
    """
    server = Server(answerAtOnce)
    server.receive(*[b"".join(get(b"/%d" % n) for n in range(10))])
    assert server.take() == b"".join(ok(b"/%d" % n) for n in range(10))
    assert server.wire.writes == 1


@pytest.mark.requirement("9112-9.3.2-3")
def test_pipelineWaits() -> None:
    server = Server(answerNothing)
    server.receive(get(b"/slow") + get(b"/fast") + put(b"abc"))
    assert [asked.path for asked in server.asked] == [b"/slow"]
    server.asked[0].answer(b"1")
    assert [asked.path for asked in server.asked] == [b"/slow", b"/fast"]
    server.asked[1].answer(b"2")
    assert server.asked[2].content == b"abc"
    server.asked[2].answer(b"3")
    assert server.take() == ok(b"1") + ok(b"2") + ok(b"3")


def test_deepPipeline() -> None:
    """
    E5: a finish() that begins the next request doesn't do so on a growing
    stack, and others get their turn in between.
    """
    server = Server(answerNothing)
    server.receive(HELLO + HELLO.replace(b"/ ", b"/fast ") * 900)

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer()

    first = server.asked[0]
    server.factory.requestFactory = lambda *arguments: Asked(react, *arguments)
    first.answer()
    assert len(server.codes) <= TURN + 1
    server.clock.advance(0)
    assert server.codes == [200] * 901


def test_closedBetweenTurns() -> None:
    server = Server(answerAtOnce)
    server.receive(HELLO * (TURN + 1))
    assert len(server.asked) == TURN
    server.lose()
    server.clock.advance(0)
    assert len(server.asked) == TURN


def test_finBetweenTurns() -> None:
    """
    Who has sent a long pipeline and then stopped sending gets all answers.
    """
    server = Server(answerAtOnce)
    server.receive(HELLO * (TURN * 2 + 1))
    server.channel.readConnectionLost()
    assert server.codes == [200] * TURN
    assert server.wire.open
    server.clock.advance(0)
    assert server.codes == [200] * (TURN * 2 + 1)
    assert server.wire.closed


def test_finWhileBlocked() -> None:
    server = Server(answerAtOnce)
    server.wire.stuck = True
    server.receive(HELLO)
    server.receive(HELLO * 2)
    server.channel.readConnectionLost()
    server.wire.stuck = False
    server.wire.producer.resumeProducing()
    assert server.codes == [200] * 3
    assert server.wire.closed


def test_finBetweenTurnsThenSlow() -> None:
    """
    An answer that isn't there when all is read is nobody's any more.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process" and asked.path != b"/slow":
            asked.answer()

    server = Server(react)
    server.receive(HELLO * TURN + get(b"/slow"))
    server.channel.readConnectionLost()
    server.clock.advance(0)
    assert type(server.asked[-1].lost) is PeerGone
    assert server.wire.aborted


def test_readBetweenTurns() -> None:
    server = Server(answerAtOnce, Limits(backlog=1000))
    server.receive(HELLO * (TURN + 1))
    server.receive(HELLO)
    assert len(server.asked) == TURN
    assert server.wire.reading
    server.receive(HELLO * 100)
    assert not server.wire.reading
    while len(server.asked) < TURN + 102:
        server.clock.advance(0)
    assert server.wire.reading
    assert server.codes == [200] * (TURN + 102)


@pytest.mark.requirement("9112-9.5-4")
def test_backlogIsBounded() -> None:
    """
    E5.
    """
    server = Server(answerNothing, Limits(backlog=1000))
    server.receive(HELLO)
    server.receive(HELLO * 20)
    assert server.wire.reading
    server.receive(HELLO * 20)
    assert not server.wire.reading
    for number in range(41):
        server.asked[number].answer()
    assert server.wire.reading
    assert server.codes == [200] * 41


def test_answerInEveryCallback() -> None:
    for place in ("process", "chunk", "complete"):

        def react(asked: Asked, what: str, place: str = place) -> None:
            if what == place:
                asked.answer(place.encode())

        for pieces in cuts(put(b"abc") + put(b"defg")):
            server = Server(react)
            server.receive(*pieces)
            assert server.take() == ok(place.encode()) * 2, (place, pieces)
            assert server.wire.open


# When is what sent


def test_aHeadWaitsForContent() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    assert server.wire.writes == 0
    channel.writeData(b"a")
    assert server.wire.writes == 1
    channel.writeData(b"b")
    assert server.wire.writes == 2


def test_aHeadDoesNotWaitLong() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    server.asked[0].channel.writeHeaders(200, Headers())
    server.clock.advance(0)
    assert server.codes == [200]


def test_muchIsSentEarly() -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer(bytes(50000))

    server = Server(react)
    server.receive(HELLO * 10)
    assert server.wire.writes == 5


# Drain


@pytest.mark.requirement("9112-9.5-1")
def test_drainIdle() -> None:
    server = Server()
    server.receive(put(b"a"))
    server.wait(2)
    drained = server.factory.drain(5)
    assert server.wire.closed
    assert not drained.called
    server.lose()
    assert drained.called
    assert server.clock.getDelayedCalls() == []
    assert isinstance(server.factory.buildProtocol(None), Unwelcome)


def test_drainBusy() -> None:
    server = Server(answerNothing)
    server.receive(HELLO + HELLO)
    drained = server.factory.drain(5)
    assert server.wire.open
    server.asked[0].answer(b"x")
    assert server.take() == ok(b"x", CLOSE)
    assert len(server.asked) == 1
    assert not server.wire.open
    server.lose()
    assert drained.called


def test_drainGivesUp() -> None:
    server = Server(answerNothing)
    server.receive(HELLO)
    drained = server.factory.drain(5)
    server.wait(5)
    assert server.wire.aborted
    assert server.asked[0].lost is not None
    server.lose()
    assert drained.called
    assert server.factory.drain(1).called


def test_drainNothing() -> None:
    assert HTTPFactory(Asked).drain(1).called


def test_noClock() -> None:
    factory = HTTPFactory(Asked)
    with pytest.raises(RuntimeError):
        factory.clock  # noqa: B018
