"""
E: peers that go, answers that break off, and answers that come too late.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.core.errors import DeadlineExceeded, PeerGone, PeerProtocolError
from penstock.core.headers import Headers
from penstock.core.response import Response
from penstock.transports.http1.limits import Timeouts
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.messages import (
    AbortConnection,
    HandleContentChunk,
    HandleContentComplete,
    WriteData,
    WriteHeaders,
)

from ..http1.messages import CHUNKED, put
from ..http1.wires import Asked, Asking, Server, answerComplete, answerNothing
from ..requirements.ends import Caller
from ..rpc.wires import Scene, request
from .bad_input import AFTER, HELLO, OPENING, Called, Noting, Sited, deliveries

# Peers that go


STREAM = HELLO + put(b"abc") + CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + HELLO


def ends(server: Server) -> None:
    """
    See that each request is whole or lost, and not both without a reason.
    """
    for asked in server.asked:
        assert asked.complete or type(asked.lost) is PeerGone


@pytest.mark.parametrize("how", ["FIN", "RST", "FIN twice", "FIN, then RST"])
@pytest.mark.parametrize("react", [answerComplete, answerNothing])
def test_goes(react: Any, how: str, loggedErrors: Any) -> None:
    """
    E7: wherever it stops, each request hears of it once (L{Asked} sees to
    that), nobody is answered who isn't there, and nothing runs on.
    """
    for place in range(len(STREAM) + 1):
        server = Server(react)
        server.receive(STREAM[:place])
        before = server.wire.sent
        if how.startswith("FIN"):
            server.channel.readConnectionLost()
        if how == "FIN twice":
            server.channel.readConnectionLost()
        if how == "RST":
            assert server.wire.sent == before
        server.lose()
        ends(server)
        server.clock.pump([0, 1, 30])
        assert server.wire.sent == before
        assert server.clock.getDelayedCalls() == []
        for asked in server.asked:
            if asked.lost is not None:
                asked.answer(b"late")
        assert server.wire.sent == before


def test_goesBeforeItIsThere() -> None:
    """
    E7: a connection that is lost when it is made.
    """
    server = Server()
    server.lose()
    server.clock.pump([0, 1, 30])
    assert server.take() == b""
    assert server.clock.getDelayedCalls() == []


def test_goesOverRPC() -> None:
    """
    E7: at each octet of two exchanges.
    """
    wire = OPENING + b"".join(
        map(
            frame,
            (
                request(1),
                request(3, complete=False),
                HandleContentChunk(3, b"abc"),
                HandleContentComplete(3, None),
            ),
        )
    )
    for place in range(len(wire) + 1):
        scene = Scene(greets=False)
        scene.session.dataReceived(wire[:place])
        scene.settle()
        scene.pipe.cut()
        for served in scene.served:
            assert served.calls.count("lost") == 1
            assert served.calls[-1] == "lost"
            served.answer(b"late")
        assert scene.isClosed
        scene.clock.pump([0, 1, 100])
        assert scene.clock.getDelayedCalls() == []


@pytest.mark.parametrize("breakAfter", range(1, 6))
def test_goesInMemory(breakAfter: int) -> None:
    """
    E7: inside whichever callback.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "complete":
            asked.channel.writeIntermediateResponse(103)
            asked.channel.writeHeaders(200, Headers())
            asked.channel.writeData(b"abc")

    asking = Asking(react)
    client = MemoryClient(asking, strict=False)
    client.open("GET", "/", breakAfter=breakAfter)
    client.close()
    (asked,) = asking.asked
    assert type(asked.lost) is PeerGone


# Failures in the middle


class Failing(Noting):
    """
    Fails when a part of its answer is out.
    """

    def render(self, request: Any) -> Any:
        self.seen.append("begun")

        def blocks() -> Iterator[bytes]:
            yield b"some"
            raise KeyError("secret")

        return Response(blocks())


def test_failsInTheMiddle(loggedErrors: Any) -> None:
    """
    E10: the client sees that something is missing, and no second head.
    """
    for pieces in deliveries(HELLO, AFTER):
        sited = Sited(Failing())
        sited.receive(*pieces)
        assert sited.codes == [200]
        assert sited.wire.aborted
        assert not sited.wire.sent.endswith(b"0\r\n\r\n")
        assert b"secret" not in sited.wire.sent
        assert sited.root.seen == ["begun"]
        assert len(loggedErrors.flush("the resource failed")) == 1


def test_failsInTheMiddleOverRPC(loggedErrors: Any) -> None:
    """
    E10: that exchange is broken off, and no other.
    """
    called = Called(Failing())
    called.receive(OPENING, frame(request(1)), frame(request(3)))
    for number in (1, 3):
        mine = [it for it in called.peer.received if it.exchange == number]
        assert [type(it) for it in mine] in (
            [AbortConnection],
            [WriteHeaders, AbortConnection],
            [WriteHeaders, WriteData, AbortConnection],
        )
    assert not called.isClosed
    assert len(loggedErrors.flush("the resource failed")) == 2


def test_failsInTheMiddleInMemory(loggedErrors: Any) -> None:
    """
    E10.
    """
    client = MemoryClient(Failing(), strict=False)
    failed = client.open("GET", "/")
    client.pump()
    assert (failed.code, failed.complete) == (200, False)
    assert failed.lost is not None
    client.close()
    assert len(loggedErrors.flush("the resource failed")) == 1


# Answers that come too late


def test_lateAnswerReachesNobody() -> None:
    """
    E11: a request that was answered in its application's place has no
    connection any more on which the late answer could be another's.
    """
    server = Server(answerNothing, timeouts=Timeouts(answer=10.0))
    server.receive(HELLO)
    server.wait(12)
    assert server.codes == [503]
    assert type(server.asked[0].lost) is DeadlineExceeded
    before = server.wire.sent
    server.asked[0].answer(b"late")
    server.receive(AFTER)
    assert server.wire.sent == before
    assert len(server.asked) == 1


def test_lateAnswerToACaller() -> None:
    """
    E11: a connection whose answer wasn't waited for isn't used again.
    """
    caller = Caller()
    first = caller.call(uri="/first")
    abandoned = caller.wire
    caller.wait(1000)
    assert isinstance(first.lost, DeadlineExceeded)
    assert abandoned.ending == "abort"
    second = caller.call(uri="/second")
    assert caller.wire is not abandoned
    abandoned.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
    assert second.response is None
    caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")
    assert second.content == b"second"


def test_unaskedAnswerToACaller() -> None:
    """
    E11: nor one that has said more than it was asked.
    """
    caller = Caller()
    first = caller.call(uri="/first")
    caller.answer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra"
    )
    assert first.content == b"first"
    used = caller.wire
    second = caller.call(uri="/second")
    assert caller.wire is not used
    assert second.response is None


def test_lateAnswerOverRPC() -> None:
    """
    E11: numbers are used once; what comes for one that was given up is
    dropped.
    """
    scene = Scene()
    first = scene.ask(uri=b"/first")
    scene.settle()
    first.exchange.abortConnection()
    second = scene.ask(uri=b"/second")
    scene.settle()
    scene.say(WriteHeaders(2, 200, (), None, b"first", True))
    assert first.calls == []
    assert second.calls == []
    scene.say(WriteHeaders(4, 200, (), None, b"second", True))
    assert second.content == b"second"
    assert not scene.isClosed


def test_anAnswerToNobodyOverRPC() -> None:
    """
    E11: an answer to what was never asked ends the connection, and is not
    given to whoever asks next.
    """
    scene = Scene()
    scene.say(WriteHeaders(2, 200, (), None, b"first", True))
    assert scene.isClosed
    asked = Scene().ask()
    assert asked.calls == []


def test_lateAnswerInMemory() -> None:
    """
    E11.
    """
    asking = Asking(answerNothing)
    client = MemoryClient(asking, strict=False)
    first = client.open("GET", "/first")
    first.cancel()
    second = client.open("GET", "/second")
    asking.asked[0].answer(b"first")
    client.pump()
    assert (second.code, first.code) == (None, None)
    asking.asked[1].answer(b"second")
    client.pump()
    assert second.body == b"second"
    client.close()


def test_spoiledAnswersAreLost() -> None:
    """
    E11: an answer that can't be is nobody's.
    """
    caller = Caller()
    call = caller.call()
    caller.answer(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
    assert isinstance(call.lost, PeerProtocolError)
    assert caller.wire.ending == "abort"
