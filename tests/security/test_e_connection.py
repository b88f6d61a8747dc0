"""
E: what a connection goes through.
"""

from __future__ import annotations

import socket
from typing import Any

import pytest

from penstock.core.headers import Headers
from penstock.transports.http1.channel import TURN
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Reason,
    WriteHeaders,
)

from ..http1.messages import BAD, CHUNKED, CLOSE, get, put
from ..http1.wires import Asked, Asking, Server, answerComplete, answerNothing
from ..loop import Loop
from ..rpc.wires import Scene, request
from .bad_input import (
    AFTER,
    CLOSING,
    HELLO,
    HOST,
    REFUSALS,
    Case,
    End,
    checkHTTP,
    deliveries,
    ok,
    told,
)

CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
UPGRADE = b"Connection: upgrade\r\nUpgrade: websocket\r\n"


def early(code: int) -> Any:
    """
    Answer every request that has content as soon as its head is there.
    """

    def react(asked: Asked, what: str) -> None:
        if asked.channel.contentLength == 0:
            answerComplete(asked, what)
        elif what == "process":
            asked.answer(b"early", code)

    return react


def answer(code: int, phrase: bytes, fields: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d %b\r\n%bcontent-length: 5\r\n\r\nearly" % (
        code,
        phrase,
        fields,
    )


TOO_LARGE = b"Content Too Large"

CASES: dict[str, Case] = {
    "E1 content and none": Case(
        (put(b"abc"), HELLO, CHUNKED, CHUNKS, HELLO),
        ok(b"abc") + ok() + ok(b"abc") + ok(),
        End.OPEN,
        (
            "PUT / [abc] whole",
            "GET / [] whole",
            "POST / [abc] whole",
            "GET / [] whole",
        ),
    ),
    "E3 close, then a request": Case(
        (get(b"/", CLOSE), AFTER),
        ok(fields=CLOSING),
        End.OVER,
        ("GET / [] whole",),
    ),
    "E3 close, then garbage": Case(
        (get(b"/", CLOSE), b"\x00\xff\r\n\r\n", BAD),
        ok(fields=CLOSING),
        End.OVER,
        ("GET / [] whole",),
    ),
    "E3 close with content, then a request": Case(
        (put(b"abc", CLOSE), AFTER),
        ok(b"abc", CLOSING),
        End.OVER,
        ("PUT / [abc] whole",),
    ),
    "E3 close with chunks, then a request": Case(
        (CHUNKED.replace(HOST, HOST + CLOSE), CHUNKS, AFTER),
        ok(b"abc", CLOSING),
        End.OVER,
        ("POST / [abc] whole",),
    ),
    "E3 HTTP/1.0, then a request": Case(
        (get(b"/", b"", b"1.0"), AFTER),
        ok(fields=CLOSING),
        End.OVER,
        ("GET / [] whole",),
    ),
    "E3 the last request that there may be": Case(
        (HELLO, HELLO, AFTER),
        ok() + ok(fields=CLOSING),
        End.OVER,
        ("GET / [] whole",) * 2,
        limits=Limits(requests=2),
    ),
    "E4 an early answer, and a request as content": Case(
        (put(b""), put(AFTER), HELLO),
        ok() + answer(200, b"OK") + ok(),
        End.OPEN,
        ("PUT / [] whole", told(b"PUT", b"/", b"", "waits"), "GET / [] whole"),
        react=early(200),
    ),
    "E4 an early answer, and a request in chunks": Case(
        (CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (len(AFTER), AFTER), HELLO),
        answer(200, b"OK") + ok(),
        End.OPEN,
        ("POST / [] waits", "GET / [] whole"),
        react=early(200),
    ),
    "E4 an early answer, and bad chunks": Case(
        (CHUNKED, b"zz\r\n\r\n", AFTER),
        answer(200, b"OK"),
        End.LINGERS,
        ("POST / [] waits",),
        ("400, malformed chunk size",),
        react=early(200),
    ),
    "E4 an early answer, and more than is worth reading": Case(
        (put(b"x" * 150), AFTER),
        answer(413, TOO_LARGE, CLOSING),
        End.LINGERS,
        ("PUT / [] waits",),
        react=early(413),
        limits=Limits(drain=100),
    ),
    "E4 an early answer, and chunks without end": Case(
        (CHUNKED, b"32\r\n" + b"x" * 50 + b"\r\n", b"33\r\n" + b"x" * 51, AFTER),
        answer(413, TOO_LARGE, CLOSING),
        End.LINGERS,
        ("POST / [] waits",),
        react=early(413),
        limits=Limits(drain=100),
    ),
    "E4 an early answer to who waits for 100": Case(
        (put(AFTER, b"Expect: 100-continue\r\n"), AFTER),
        answer(200, b"OK", CLOSING),
        End.LINGERS,
        ("PUT / [] waits",),
        react=early(200),
    ),
    "E8 refused while more comes": Case(
        (BAD, b"x" * 500),
        REFUSALS[400],
        End.LINGERS,
        (),
        ("400, malformed request target",),
    ),
    "E9 an upgrade with content": Case(
        (put(b"abc", UPGRADE), HELLO, HELLO),
        ok(b"abc") + ok() * 2,
        End.OPEN,
        ("PUT / [abc] whole", "GET / [] whole", "GET / [] whole"),
    ),
    "E9 an upgrade with chunks": Case(
        (CHUNKED.replace(HOST, HOST + UPGRADE), CHUNKS, HELLO),
        ok(b"abc") + ok(),
        End.OPEN,
        ("POST / [abc] whole", "GET / [] whole"),
    ),
    "E9 an upgrade to HTTP/2": Case(
        (
            get(
                b"/",
                b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
            ),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            AFTER,
        ),
        ok() + REFUSALS[505],
        End.LINGERS,
        ("GET / [] whole",),
        ("505, neither HTTP/1.0 nor HTTP/1.1",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


# One after the other


def test_inOrder() -> None:
    """
    E1: nothing is begun before what came first is answered.
    """
    for pieces in deliveries(get(b"/slow"), get(b"/fast"), put(b"abc"), HELLO):
        server = Server(answerNothing)
        server.receive(*pieces)
        for number in range(4):
            assert len(server.asked) == number + 1, pieces
            assert server.take() == b""
            server.asked[number].answer(server.asked[number].path)
            assert server.take() == ok(server.asked[number].path)
        assert [it.path for it in server.asked] == [b"/slow", b"/fast", b"/", b"/"]


def test_badWaitsItsTurn() -> None:
    """
    E2, E6: what is wrong behind a request is answered behind it, and nothing
    that comes after it is looked at meanwhile.
    """
    for pieces in deliveries(HELLO, BAD, AFTER):
        server = Server(answerNothing)
        server.receive(*pieces)
        assert server.take() == b""
        assert len(server.asked) == 1
        server.asked[0].answer()
        assert server.take() == ok() + REFUSALS[400]
        assert server.wire.halfClosed
        server.receive(AFTER)
        assert len(server.asked) == 1


def test_failsWithBadOnesBehind() -> None:
    """
    E6: nor when the answer breaks off.
    """
    for pieces in deliveries(HELLO, BAD, AFTER):
        server = Server(answerNothing)
        server.receive(*pieces)
        server.asked[0].channel.writeHeaders(200, Headers())
        server.asked[0].channel.abortConnection()
        server.receive(AFTER)
        server.clock.advance(1)
        assert server.wire.aborted
        assert len(server.asked) == 1
        assert b"400" not in server.wire.sent


def test_badBehindOnRPC() -> None:
    """
    E2: over RPC the bad one is one exchange, and no other waits for it.
    """
    scene = Scene()
    scene.say(request(1), request(3, method=b"G T"), request(5))
    assert [it.path for it in scene.served] == [b"/", b"/"]
    (bad,) = scene.peer.take(WriteHeaders)
    assert (bad.exchange, bad.code) == (3, 400)
    for served in reversed(scene.served):
        served.answer()
    scene.settle()
    assert [it.exchange for it in scene.peer.take(WriteHeaders)] == [5, 1]


# Very many


def test_pipelineIsHeldBack() -> None:
    """
    E5: what waits is octets, as many as one read brings, and nobody reads on.
    """
    server = Server(answerNothing, Limits(backlog=4096))
    read = HELLO * 1000
    server.receive(read)
    assert len(server.asked) == 1
    assert not server.wire.reading
    for number in range(1000):
        server.asked[number].answer()
        server.clock.advance(0)
    assert server.wire.reading
    assert server.codes == [200] * 1000


def test_pipelineTakesTurns() -> None:
    """
    E5: whoever answers at once does so for a few, and then lets others go on.
    """
    server = Server(answerComplete)
    server.receive(HELLO * 1000)
    assert len(server.asked) == TURN
    others: list[int] = []
    for _ in range(3):
        server.clock.callLater(0, lambda: others.append(len(server.asked)))
    server.clock.advance(0)
    assert others[0] <= 2 * TURN
    assert server.codes == [200] * 1000


def test_tooManyOverRPC() -> None:
    """
    E5: no more are begun than were allowed, and the rest is refused at once.
    """
    scene = Scene(limits=RPCLimits(exchanges=3))
    scene.say(*(request(number) for number in range(1, 801, 2)))
    assert len(scene.served) == 3
    refused = scene.peer.take(AbortConnection)
    assert [it.exchange for it in refused] == list(range(7, 801, 2))
    assert {it.reason for it in refused} == {Reason.UNAVAILABLE}


def test_closeOverRPC() -> None:
    """
    E3: after goodbye nothing is begun any more.
    """
    scene = Scene()
    scene.say(request(1))
    closed = scene.session.close()
    scene.settle()
    assert isinstance(scene.peer.take()[-1], GoAway)
    scene.say(request(3))
    assert len(scene.served) == 1
    (refused,) = scene.peer.take(AbortConnection)
    assert (refused.exchange, refused.reason) == (3, Reason.UNAVAILABLE)
    scene.served[0].answer()
    scene.settle()
    scene.say(GoAway(0, 0, Reason.DONE, ""), request(5))
    scene.pipe.advance(20, 20)
    assert closed.called
    assert len(scene.served) == 1


# Early answers


def test_earlyOverRPC() -> None:
    """
    E4: what else comes of the content is dropped, and its room given back.
    """
    scene = Scene(limits=RPCLimits(window=4096, connectionWindow=4096))
    scene.say(request(1, complete=False))
    scene.served[0].answer(b"early")
    returned = 0
    for _ in range(20):
        scene.say(HandleContentChunk(1, b"x" * 1024))
        returned += sum(credit.octets for credit in scene.peer.take(Credit))
    scene.say(HandleContentComplete(1, None), request(3))
    assert not scene.isClosed
    assert returned > 15 * 1024
    assert scene.served[0].content == b""
    assert scene.served[1].calls == ["complete"]


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_earlyInMemory(piece: int) -> None:
    """
    E4.
    """
    asking = Asking(early(413))
    with MemoryClient(asking, strict=False, piece=piece) as client:
        sending = client.open("PUT", "/", contentLength=len(AFTER))
        sending.send(AFTER)
        assert sending.code == 413
        assert client.get("/").code == 200
    assert [it.content for it in asking.asked] == [b"", b""]


# Lingering


def test_lingersForAWhile() -> None:
    """
    E8: what comes after the last answer is dropped for some time and up to
    some size, so that the answer isn't lost with it.
    """
    server = Server(limits=Limits(linger=1000), timeouts=Timeouts(linger=5.0))
    server.receive(BAD)
    assert server.wire.halfClosed
    assert not server.wire.closed
    server.receive(b"x" * 1000)
    assert not server.wire.closed
    server.receive(b"x")
    assert server.wire.closed
    server = Server(timeouts=Timeouts(linger=5.0))
    server.receive(BAD)
    server.wait(4)
    assert not server.wire.closed
    server.wait(2)
    assert server.wire.closed


def test_lastAnswerIsRead(loop: Loop) -> None:
    """
    E8: who has sent another request before hearing that the connection ends
    reads the last answer all the same, however slowly.
    """
    content = bytes(range(256)) * 240

    def react(asked: Asked, what: str) -> None:
        if what == "complete":
            asked.answer(content)

    port = loop.listen(HTTPFactory(Asking(react), loop.reactor, Limits(requests=1)))
    client = socket.socket()
    # So that most of the answer waits on the other side.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.setblocking(False)
    client.sendall(HELLO)
    loop.settle()
    client.sendall(AFTER)
    loop.settle()
    got = b""

    def over() -> bool:
        nonlocal got
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return False
        got += data
        return not data

    loop.run(over)
    client.close()
    assert got.endswith(content)
    assert got.count(b"HTTP/1.1 ") == 1
