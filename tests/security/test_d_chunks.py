"""
D: Transfer-Encoding, chunks and trailers.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from penstock.core.errors import PeerProtocolError
from penstock.core.headers import Headers
from penstock.transports.http1.limits import Timeouts
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.messages import (
    AbortConnection,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Message,
    Reason,
)

from ..http1.messages import AFTER, CHUNKED
from ..http1.rejected import REJECTED, REJECTED_CONTENT
from ..http1.wires import Asked, Asking, Server, answerComplete
from ..rpc.wires import Scene, request
from .bad_input import (
    HELLO,
    OPENING,
    REFUSALS,
    Called,
    Case,
    End,
    callRPC,
    checkHTTP,
    cutOff,
    deliveries,
    frames,
    ok,
    refused,
    remember,
    told,
)

BOTH = "both Content-Length and Transfer-Encoding"
SEVERAL = "several Transfer-Encoding"
UNKNOWN = "unknown transfer coding"
MALFORMED = "malformed Transfer-Encoding"
NOT_LAST = "Transfer-Encoding does not end in one chunked"
SIZE = "malformed chunk size"
LINE = "chunk-size line too long"
NO_CRLF = "chunk not followed by CRLF"

# By id, or by case.
REASONS = {
    "D1": BOTH,
    "D2 two lines": SEVERAL,
    "D2 gzip and chunked in two lines": SEVERAL,
    "D2 b'gzip, chunked'": UNKNOWN,
    "D2 b'identity, chunked'": UNKNOWN,
    **{
        f"D2 {value!r}": MALFORMED
        for value in (
            b",chunked",
            b"chunked,",
            b"",
            b"chunked;x",
            b"chunked x",
            b'"chunked"',
        )
    },
    "D2": NOT_LAST,
    "D3": "Transfer-Encoding in HTTP/1.0",
    "D4": SIZE,
    "D5 long": LINE,
    "D5 endless": LINE,
    "D5 many": "too many chunk extensions",
    "D5": SIZE,
    "D6": NO_CRLF,
    "D7 LF after data": NO_CRLF,
    "D7": SIZE,
    "D9 bad trailer": "field name is not a token",
    "D9 folded trailer": "field without a colon",
    "D9 LF in trailer": "line end without CR",
    "D9 many trailers": "too many fields",
    "D9": "trailers too large",
    "D10": SIZE,
}

# What the application gets before it is lost, where that isn't nothing.
CONTENT = {
    "D5 many": b"x" * 16,
    "D6": b"hello",
    "D7 LF after data": b"hello",
    "D7 LF after last chunk": b"hello",
}


def lookup(table: Any, name: str, default: Any = None) -> Any:
    return table.get(name, table.get(name.partition(" ")[0], default))


def broken(code: int, reason: str, content: bytes, *parts: bytes) -> Case:
    """
    A request whose content is refused: it is lost, and answered for; what
    comes after it isn't looked at.
    """
    lost = "LimitExceeded" if code == 431 else "PeerProtocolError"
    return Case(
        (HELLO, CHUNKED, *parts, AFTER),
        ok() + REFUSALS[code],
        End.LINGERS,
        ("GET / [] whole", told(b"POST", b"/", content, lost)),
        (f"{code}, {reason}",),
    )


CASES: dict[str, Case] = {
    name: refused(code, lookup(REASONS, name), data)
    for name, (code, data) in REJECTED.items()
    if name.startswith("D")
}
CASES |= {
    name: broken(code, lookup(REASONS, name), lookup(CONTENT, name, b""), data)
    for name, (code, data) in REJECTED_CONTENT.items()
}
CASES |= {
    "D1 in a GET": refused(
        400,
        BOTH,
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: 30\r\n\r\n",
        b"0\r\n\r\n",
    ),
    "D2 in a GET": refused(
        400,
        NOT_LAST,
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedchunked\r\n\r\n",
    ),
    "D3 keep-alive": refused(
        400,
        "Transfer-Encoding in HTTP/1.0",
        b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"0\r\n\r\n",
    ),
    "D4 a size without its line end": broken(
        400, SIZE, b"", b"5", b"hello\r\n0\r\n\r\n"
    ),
    "D4 as long as it may be": Case(
        (CHUNKED, b"00000000000000a\r\n0123456789\r\n", b"0\r\n\r\n", HELLO),
        ok(b"0123456789") + ok(),
        End.OPEN,
        ("POST / [0123456789] whole", "GET / [] whole"),
    ),
    "D4 more zeros than that": broken(
        400, SIZE, b"", b"000000000000000a\r\n0123456789\r\n0\r\n\r\n"
    ),
    "D5 bare CR before LF": broken(400, SIZE, b"", b"5;a\r\r\nhello\r\n0\r\n\r\n"),
    "D5 a request in quotes": broken(
        400, SIZE, b"", b'0;a="\r\n\r\n', AFTER, b'"\r\n\r\n'
    ),
    "D5 of the last chunk": broken(400, SIZE, b"x", b"1\r\nx\r\n", b"0;\x00\r\n\r\n"),
    "D6 a chunk too short": broken(
        400, NO_CRLF, b"hel", b"3\r\nhello\r\n", b"0\r\n\r\n"
    ),
    "D6 LF CR": broken(400, NO_CRLF, b"hello", b"5\r\nhello\n\r", b"0\r\n\r\n"),
    "D7 LF for the end": broken(
        400, "line end without CR", b"hello", b"5\r\nhello\r\n0\r\n\n"
    ),
    "D9 a request for a trailer": broken(
        400,
        "field without a colon",
        b"",
        b"0\r\n",
        b"GET /x HTTP/1.1\r\nA: b\r\n\r\n",
    ),
    "D10 then chunks": broken(
        400, NO_CRLF, b"hello", b"5\r\nhelloX\r\n", b"5\r\nhello\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


TRUNCATED: dict[str, bytes] = {
    "D8 without the last line end": CHUNKED + b"3\r\nabc\r\n0\r\n",
    "D8 in the last line end": CHUNKED + b"3\r\nabc\r\n0\r\n\r",
    "D8 without the last chunk": CHUNKED + b"3\r\nabc\r\n",
    "D8 in a chunk": CHUNKED + b"4\r\nabc",
    "D8 in a trailer": CHUNKED + b"3\r\nabc\r\n0\r\nA: b\r\n",
}


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("data", TRUNCATED.values(), ids=TRUNCATED)
def test_truncated(data: bytes, reset: bool) -> None:
    for pieces in deliveries(HELLO, data):
        assert cutOff(pieces, reset).content == b"abc"


def answerTrailers(asked: Asked, what: str) -> None:
    """
    Answer with the trailers, and what the head has of the same names.
    """
    if what == "complete":
        names = [name.decode() for name, _ in asked.trailers or ()]
        merged = [name.decode() for name, _ in asked.headers]
        asked.answer(f"{names} {merged}".encode())


FORBIDDEN = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\n"
    b"Authorization: c\r\nCookie: c\r\nContent-Type: d\r\nSet-Cookie: e\r\n"
    b"X-Forwarded-For: f\r\nX-Forwarded-Proto: https\r\nForwarded: for=f\r\n"
    b"X-Real-IP: f\r\nConnection: close\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n"
    b"If-Match: h\r\nRange: bytes=0-1\r\nTE: trailers\r\nTrailer: x\r\n"
    b"Proxy-Authorization: i\r\n"
)

TRAILERS: dict[str, tuple[bytes, bytes]] = {
    "D9 forbidden": (FORBIDDEN, b"[] ['Host']"),
    "D9 among others": (b"A: b\r\n" + FORBIDDEN + b"B: c\r\n", b"['A', 'B'] ['Host']"),
    "D9 as many as may be": (b"A: b\r\n" * 32, str(["A"] * 32).encode() + b" ['Host']"),
}


@pytest.mark.parametrize(("block", "answer"), TRAILERS.values(), ids=TRAILERS)
def test_trailers(block: bytes, answer: bytes) -> None:
    """
    Those that mean something else are dropped; none becomes a field of the
    head, and none says something of the connection.
    """
    case = Case(
        (CHUNKED, b"0\r\n" + block + b"\r\n", HELLO),
        ok(answer) + ok(b"[] ['Host']"),
        End.OPEN,
        ("POST / [] whole", "GET / [] whole"),
        react=answerTrailers,
    )
    checkHTTP(case)


def test_manyChunks() -> None:
    """
    D11: a million chunks of one octet take a time that grows with them, and
    one call for each read; between two reads others have their turn.
    """
    calls = []

    def react(asked: Asked, what: str) -> None:
        calls.append(what)
        answerComplete(asked, what)

    # What a read of the socket brings.
    read = b"1\r\nx\r\n" * (65536 // 6)

    def took(reads: int) -> float:
        server = Server(react)
        server.receive(CHUNKED)
        calls.clear()
        began = time.process_time()
        for _ in range(reads):
            server.receive(read)
        took = time.process_time() - began
        assert calls == ["chunk"] * reads
        server.receive(b"0\r\n\r\n")
        assert server.codes == [200]
        return took

    took(1)
    # Quadratic, this would be sixteen times as much again.
    assert took(96) < 5 * 16 * max(took(6), 0.001)


def test_silentChunk() -> None:
    """
    D12: a chunk that doesn't come is waited for, and not for ever.
    """
    server = Server(timeouts=Timeouts(content=30.0))
    server.receive(CHUNKED + b"ffff\r\nabc")
    server.wait(29)
    assert server.take() == b""
    server.wait(3)
    assert re.sub(rb"Date: [^\r]*\r\n", b"", server.wire.sent) == REFUSALS[408]
    assert server.wire.halfClosed
    assert [type(it.lost).__name__ for it in server.asked] == ["DeadlineExceeded"]
    server.receive(b"d" * 0xFFFF + b"\r\n0\r\n\r\n" + AFTER)
    assert len(server.asked) == 1


# What a message of RPC can say, and the code that answers it.
MESSAGES: dict[str, tuple[Message, int]] = {
    "D1 CL and TE": (
        request(3, b"Content-Length", b"1", b"Transfer-Encoding", b"chunked"),
        400,
    ),
    **{
        f"D2 {value!r}": (request(3, b"Transfer-Encoding", value), 400)
        for value in (b"chunked", b"gzip, chunked", b"identity", b"xchunked", b"")
    },
    "D3 HTTP/1.0": (
        request(3, b"Transfer-Encoding", b"chunked")._replace(version=10),
        400,
    ),
}


@pytest.mark.parametrize(("message", "code"), MESSAGES.values(), ids=MESSAGES)
def test_rpc(message: Message, code: int) -> None:
    callRPC(message, code)


# Frames that can't be, of which each is to end its connection.
GARBAGE: dict[str, bytes] = {
    "D4 a length beyond all limits": b"\xff\xff\xff\xff" + b"\x91",
    "D4 no length": frame(request(3))[4:],
    "D6 a frame too short for its messages": b"\x00\x00\x00\x02\x91\x99",
    "D6 a frame longer than its messages": b"\x00\x00\x00\x09" + frame(request(3))[4:],
    "D10 no messages": b"\x00\x00\x00\x01\x90",
    "D10 no msgpack": b"\x00\x00\x00\x01\xc1",
}


@pytest.mark.parametrize("wire", GARBAGE.values(), ids=GARBAGE)
def test_rpcGarbage(wire: bytes) -> None:
    """
    Nothing after it is taken for a message, however it is cut.
    """
    for pieces in deliveries(*frames(request(1), wire, request(5))):
        called = Called()
        called.receive(*pieces)
        assert called.isClosed, pieces
        assert called.root.seen == ["GET / []"]
        last = called.peer.received[-1]
        assert isinstance(last, GoAway)
        assert last.reason in (Reason.PROTOCOL, Reason.LIMIT)


def test_rpcTruncated() -> None:
    """
    D8: content without its end is lost with its connection.
    """
    scene = Scene()
    scene.say(request(1, complete=False), HandleContentChunk(1, b"abc"))
    scene.peer.write(frame(HandleContentComplete(1, None))[:-1])
    scene.settle()
    scene.pipe.cut()
    assert scene.served[0].calls == ["chunk", "lost"]


RPC_TRAILERS: dict[str, tuple[tuple[bytes, ...], Any]] = {
    "D9 forbidden": (
        (b"Content-Length", b"7", b"Host", b"b", b"X-Forwarded-For", b"f"),
        None,
    ),
    "D9 among others": (
        (b"Authorization", b"a", b"A", b"b", b"Cookie", b"c"),
        Headers([("A", "b")]),
    ),
    "D9 of the hop": ((b"Connection", b"close"), PeerProtocolError),
    "D9 bad name": ((b"A ", b"b"), PeerProtocolError),
    "D9 LF": ((b"A", b"b\nC: d"), PeerProtocolError),
    "D9 many": ((b"A", b"b") * 33, PeerProtocolError),
    "D9 long": ((b"A", b"b" * 17000), PeerProtocolError),
}


@pytest.mark.parametrize(("fields", "found"), RPC_TRAILERS.values(), ids=RPC_TRAILERS)
def test_rpcTrailers(fields: tuple[bytes, ...], found: Any) -> None:
    sent = (
        OPENING,
        frame(request(1, complete=False)),
        frame(HandleContentComplete(1, fields)),
        frame(request(3)),
    )
    for pieces in deliveries(*sent):
        scene = Scene(greets=False)
        for piece in pieces:
            scene.session.dataReceived(piece)
        scene.settle()
        first, second = scene.served
        assert second.calls == ["complete"]
        if found is PeerProtocolError:
            assert first.calls == ["lost"]
            (abort,) = scene.peer.take(AbortConnection)
            assert abort[:2] == (1, Reason.PROTOCOL)
        else:
            assert first.calls == ["complete"]
            assert first.trailers == found
            assert list(first.headers) == []


def test_rpcManyPieces() -> None:
    """
    D11: content in messages of one octet costs so much for each.
    """

    def took(count: int) -> float:
        scene = Scene()
        scene.say(request(1, complete=False))
        wire = frame(*[HandleContentChunk(1, b"x")] * 500)
        began = time.process_time()
        for _ in range(count):
            scene.peer.write(wire)
            scene.settle()
        took = time.process_time() - began
        assert scene.served[0].content == b"x" * 500 * count
        return took

    took(1)
    assert took(64) < 5 * 16 * max(took(4), 0.001)


def test_memoryTrailers() -> None:
    """
    D9: they come from the caller in memory no other way.
    """
    found = []

    def answer(asked: Asked, what: str) -> None:
        if what == "complete":
            found.append((asked.trailers, list(asked.headers)))
            asked.answer()

    client = MemoryClient(Asking(answer))
    sending = client.open("POST", "/", contentLength=None)
    fields = [line.split(b": ") for line in FORBIDDEN.split(b"\r\n")[:-1]]
    sending.end(Headers([("A", "b"), *((name, value) for name, value in fields)]))
    client.close()
    assert found == [(Headers([("A", "b")]), [(b"Host", b"localhost")])]


def test_memoryFraming() -> None:
    """
    D1, D2: there is no framing in memory, so who speaks of one says nothing.
    """
    assert remember(
        "POST", "/", [("Transfer-Encoding", "gzip"), ("Content-Length", "3")], b"abc"
    ) == (200, ["POST / [abc]"])
