"""
M: frames of RPC, and what is in them.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgpack
import pytest

from penstock.core.errors import PeerGone, PeerProtocolError
from penstock.core.headers import Headers
from penstock.transports.rpc.codec import MAGIC, frame
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Finish,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Message,
    Reason,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

from ..rpc.wires import Scene, request
from .bad_input import OPENING, Called, Noting, deliveries, frames


def framed(body: bytes) -> bytes:
    """
    A frame around anything.
    """
    return len(body).to_bytes(4, "big") + body


def packed(*items: Any) -> bytes:
    """
    A frame of messages that may be any.
    """
    return framed(msgpack.packb(items))


def nested(depth: int) -> bytes:
    return framed(b"\x91" * depth + b"\x90")


# What ends its session, instead of the second of three requests.
FATAL: dict[str, bytes] = {
    "M1 a huge array": framed(b"\xdd\xff\xff\xff\xff"),
    "M1 a huge array inside": framed(b"\x91\xdd\xff\xff\xff\xff"),
    "M1 a huge map": framed(b"\x91\xdf\xff\xff\xff\xff"),
    "M1 a huge text": framed(b"\x91\xdb\xff\xff\xff\xff"),
    "M1 huge octets": framed(b"\x91\xc6\xff\xff\xff\xff"),
    "M1 a huge extension": framed(b"\x91\xc9\xff\xff\xff\xff\x01"),
    "M1 more messages than may be": framed(b"\xdc\x02\x01" + b"\x93\x0b\x00\x01" * 513),
    "M2 deep": nested(100),
    "M2 very deep": nested(5000),
    "M2 deep maps": framed(b"\x81\x00" * 1000 + b"\x90"),
    "M3 a frame beyond the limit": b"\x7f\xff\xff\xff",
    "M3 a frame a little beyond": (128 * 1024 + 1).to_bytes(4, "big"),
    "M3 octets behind the messages": framed(
        msgpack.packb([[1, *request(3)]]) + b"\x00"
    ),
    "M4 an extension": framed(b"\x91\xd4\x05\x00"),
    "M4 a timestamp": framed(b"\x91\xd6\xff\x00\x00\x00\x00"),
    "M4 a map": packed({"exchange": 3}),
    "M4 a name of a class": packed(["__class__", "os.system", "id"]),
    "M4 an unknown method": packed([99, 3]),
    "M4 a method that is a text": packed(["request", 3]),
    "M4 a method that is a truth": packed([True, 3]),
    "M4 a float for a number": packed([1, 3.0, b"GET", b"/", 11, [], None, True, None]),
    "M4 text for octets": packed([1, 3, "GET", "/", 11, [], None, True, None]),
    "M5 HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "M5 TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "M5 the magic again": MAGIC,
    "M5 a second hello": OPENING[len(MAGIC) :],
    "M6 a number that was used": frame(request(1)),
    "M6 a number that is ours": frame(request(2)),
    "M6 a number too far": frame(request(7)),
    "M6 content for one that never was": frame(HandleContentChunk(9, b"x")),
    "M6 content for what is whole": frame(
        request(3), HandleContentChunk(3, b"x"), HandleContentComplete(3, None)
    ),
    "M6 a response where none was asked": frame(
        WriteHeaders(2, 200, (), None, None, True)
    ),
    "M6 credit for one that never was": frame(Credit(9, 1)),
    "M6 credit beyond all numbers": frame(Credit(0, (1 << 62)), Credit(0, 1 << 62)),
    "M6 no credit": packed([10, 0, 0]),
    "M6 less than no credit": packed([10, 0, -1]),
}


@pytest.mark.parametrize("wire", FATAL.values(), ids=FATAL)
def test_fatal(wire: bytes) -> None:
    """
    What was taken before is answered, nothing is taken after it, and there
    is one goodbye, which says why.
    """
    sent = (OPENING, frame(request(1)), wire, frame(request(3)), frame(request(5)))
    for pieces in deliveries(*sent):
        called = Called()
        called.receive(*pieces)
        called.receive(frame(request(5)))
        assert called.isClosed, pieces
        seen = called.root.seen
        assert seen[0] == "GET / []"
        assert len(seen) <= 2
        byes = called.peer.take(GoAway)
        assert len(byes) == 1
        assert byes[0].reason in (Reason.PROTOCOL, Reason.LIMIT)


BEFORE: dict[str, bytes] = {
    "M5 HTTP first": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "M5 TLS first": b"\x16\x03\x01\x02\x00",
    "M5 nothing but zeros": bytes(64),
    "M5 another magic": MAGIC[:-1] + b"\r",
    "M5 a request before hello": MAGIC + frame(request(1)),
    "M3 a long frame before hello": MAGIC + (40 * 1024).to_bytes(4, "big"),
}


@pytest.mark.parametrize("wire", BEFORE.values(), ids=BEFORE)
def test_beforeHello(wire: bytes) -> None:
    """
    M5: it ends with the first octet that can't be.
    """
    for pieces in deliveries(wire, frame(request(1))):
        called = Called()
        called.receive(*pieces)
        assert called.isClosed
        assert called.root.seen == []
    if not wire.startswith(MAGIC[:1]):
        called = Called()
        called.receive(wire[:1])
        assert called.isClosed


@pytest.mark.parametrize("name", [name for name in FATAL if name.startswith("M1")])
def test_nothingIsAllocated(name: str) -> None:
    """
    M1: what a length says isn't what is set aside.
    """
    called = Called()
    called.receive(OPENING)
    tracemalloc.start()
    try:
        called.receive(FATAL[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


# Floods

LIMITS = RPCLimits(exchanges=3, resets=50, window=4096, connectionWindow=8192)


def flood(*messages: Message, limits: RPCLimits = LIMITS) -> Scene:
    scene = Scene(limits=limits)
    for message in messages:
        if scene.isClosed:
            break
        scene.peer.say(message)
    scene.settle()
    return scene


def test_floods() -> None:
    """
    M6: of requests, of requests that are given up, and of content beyond what
    there is credit for.
    """
    opened = flood(*(request(number) for number in range(1, 401, 2)))
    assert opened.isClosed
    assert len(opened.served) == 3
    given: list[Message] = []
    for number in range(1, 401, 2):
        given += [request(number), AbortConnection(number, 0, "")]
    reset = flood(*given)
    assert reset.isClosed
    assert len(reset.served) <= 60
    content = flood(
        request(1, complete=False), *[HandleContentChunk(1, b"x" * 1024)] * 9
    )
    # The application takes it all, so there is credit again for what comes.
    assert not content.isClosed
    held = Scene(limits=LIMITS)
    held.say(request(1, complete=False))
    held.served[0].exchange.pauseProducing()
    for _ in range(9):
        held.peer.say(HandleContentChunk(1, b"x" * 1024))
    held.settle()
    assert held.isClosed


def test_noCreditIsNoEnd() -> None:
    """
    M6, M10: who gives no credit waits, and gets all when there is some; in
    order, once, and with nothing lost.
    """
    scene = Scene(window=1024)
    scene.say(request(1))
    served = scene.served[0]
    served.exchange.writeHeaders(200, Headers())
    content = bytes(range(256)) * 64
    for place in range(0, len(content), 1000):
        served.exchange.writeData(content[place : place + 1000])
    served.exchange.finish(Headers([("A", "b")]))
    scene.settle()
    got = b""
    ended = []
    for _ in range(100):
        for message in scene.peer.take():
            match message:
                case WriteHeaders(content=first):
                    got += first or b""
                case WriteData(data=data):
                    got += data
                case Finish():
                    ended.append(message)
        if ended:
            break
        scene.say(Credit(1, 512))
    assert got == content
    assert ended == [Finish(1, (b"A", b"b"))]


# Others


def test_sessionsAreApart() -> None:
    """
    M7: numbers mean something on one connection only; what a peer does to its
    exchanges does nothing to another's.
    """
    root = Noting()
    one, other = Called(root), Called(root)
    for called in (one, other):
        called.receive(OPENING, frame(request(1, complete=False)))
    one.receive(frame(AbortConnection(1, 0, ""), HandleContentChunk(1, b"late")))
    other.receive(frame(HandleContentChunk(1, b"fine"), HandleContentComplete(1, None)))
    assert root.seen == ["GET / [fine]"]
    assert [it.code for it in other.peer.take(WriteHeaders)] == [200]
    one.receive(b"\x00\x00\x00\x01\xc1")
    assert one.isClosed
    assert not other.isClosed


# Answers that no caller may believe.
ANSWERS: dict[str, Message] = {
    "M8 a line end in a value": WriteHeaders(
        2, 200, (b"a", b"b\r\nc: d"), None, None, True
    ),
    "M8 a vertical tab": WriteHeaders(2, 200, (b"a", b"b\x0bc"), None, None, True),
    "M8 a space in a name": WriteHeaders(2, 200, (b"a b", b"c"), None, None, True),
    "M8 a field of the hop": WriteHeaders(
        2, 200, (b"Transfer-Encoding", b"chunked"), None, None, True
    ),
    "M8 a reason of two lines": WriteHeaders(2, 200, (), b"a\r\nb", None, True),
    "M8 two lengths": WriteHeaders(
        2, 200, (b"Content-Length", b"1") * 2, None, b"x", True
    ),
    "M8 a hint of two lines": WriteIntermediateResponse(
        2, 103, (b"Link", b"</a>\r\nb: c"), None
    ),
    "M8 many fields": WriteHeaders(2, 200, (b"a", b"b") * 129, None, None, True),
}


@pytest.mark.parametrize("message", ANSWERS.values(), ids=ANSWERS)
def test_answers(message: Message) -> None:
    """
    M8: a gateway looks at what its workers say as it looks at its clients.
    """
    for pieces in deliveries(
        *frames(message, WriteHeaders(4, 200, (), None, b"x", True))
    ):
        scene = Scene(greets=False)
        first, second = scene.ask(), scene.ask()
        scene.session.dataReceived(OPENING)
        scene.settle()
        for piece in _without(pieces, len(OPENING)):
            scene.session.dataReceived(piece)
        scene.settle()
        assert first.calls == ["lost"], pieces
        assert type(first.problem) is PeerProtocolError
        assert second.content == b"x"


def _without(pieces: tuple[bytes, ...], size: int) -> list[bytes]:
    """
    @return: C{pieces} without the first C{size} octets of them all.
    """
    left = []
    for piece in pieces:
        if size < len(piece):
            left.append(piece[size:])
        size = max(0, size - len(piece))
    return left


def test_endsBetweenFrames() -> None:
    """
    M9: wherever the connection breaks, both ends hear of it once; what comes
    late for what was given up says nothing.
    """
    messages = (
        request(1, complete=False),
        HandleContentChunk(1, b"abc"),
        HandleContentComplete(1, None),
        request(3),
        AbortConnection(3, 0, ""),
        Credit(3, 5),
        AbortConnection(3, 0, ""),
    )
    for count in range(len(messages) + 1):
        scene = Scene()
        asked = scene.ask()
        for message in messages[:count]:
            scene.say(message)
        assert not scene.isClosed
        scene.pipe.cut()
        for served in scene.served:
            assert served.calls.count("lost") == 1
        assert asked.calls == ["lost"]
        assert type(asked.problem) is PeerGone
