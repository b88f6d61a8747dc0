"""
C: Content-Length.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError, PeerGone, PeerProtocolError
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.messages import (
    AbortConnection,
    HandleContentChunk,
    HandleContentComplete,
    Message,
    Reason,
)

from ..http1.messages import GET, POST, put
from ..http1.rejected import REJECTED
from ..rpc.wires import Scene, request
from .bad_input import (
    AFTER,
    HELLO,
    HOST,
    Case,
    End,
    Noting,
    Sited,
    callRPC,
    checkHTTP,
    cutOff,
    deliveries,
    ok,
    refused,
    remember,
    told,
)

NUMBER = "Content-Length is not a number"
SEVERAL = "several Content-Length"

CASES: dict[str, Case] = {
    name: refused(code, SEVERAL if name.startswith("C2") else NUMBER, data)
    for name, (code, data) in REJECTED.items()
    if name.startswith("C")
}
CASES |= {
    "C1 NBSP": refused(400, NUMBER, POST + b"Content-Length: 5\xa0\r\n\r\nhello"),
    "C1 VT": refused(
        400,
        "control character in a field",
        POST + b"Content-Length: 5\x0b\r\n\r\nhello",
    ),
    "C1 white space is trimmed": Case(
        (POST + b"Content-Length: \t 5 \t\r\n\r\n", b"hello", HELLO),
        ok(b"hello") + ok(),
        End.OPEN,
        ("POST / [hello] whole", "GET / [] whole"),
    ),
    "C1 leading zeros": Case(
        (POST + b"Content-Length: 0010\r\n\r\n", b"0123456789", HELLO),
        ok(b"0123456789") + ok(),
        End.OPEN,
        ("POST / [0123456789] whole", "GET / [] whole"),
    ),
    "C2 in a GET": refused(
        400, SEVERAL, GET + HOST + b"Content-Length: 0\r\n" * 2 + b"\r\n"
    ),
    "C3 twenty zeros": refused(
        400, NUMBER, POST + b"Content-Length: " + b"0" * 20 + b"\r\n\r\n"
    ),
    "C3 as much as may be": Case(
        (POST + b"Content-Length: " + b"9" * 18 + b"\r\n\r\n", AFTER),
        b"",
        End.OPEN,
        (told(b"POST", b"/", AFTER, "waits"),),
    ),
    "C4 longer": Case(
        (put(b"abc"), b"d", HELLO),
        # The octet too many begins another method.
        ok(b"abc") + ok(),
        End.OPEN,
        ("PUT / [abc] whole", "dGET / [] whole"),
    ),
    "C4 longer by a line end": Case(
        (put(b"abc"), b"\r\n", HELLO),
        ok(b"abc") + ok(),
        End.OPEN,
        ("PUT / [abc] whole", "GET / [] whole"),
    ),
    "C5 a GET with a request inside": Case(
        (
            GET + HOST + b"Content-Length: %d\r\n\r\n" % len(AFTER),
            AFTER,
            HELLO,
        ),
        ok(AFTER) + ok(),
        End.OPEN,
        (told(b"GET", b"/", AFTER, "whole"), "GET / [] whole"),
    ),
    "C5 a HEAD with a request inside": Case(
        (
            b"HEAD / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(AFTER),
            AFTER,
            HELLO,
        ),
        ok(AFTER).partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + ok(),
        End.OPEN,
        (told(b"HEAD", b"/", AFTER, "whole"), "GET / [] whole"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


TRUNCATED: dict[str, bytes] = {
    "C4 without its last octet": put(b"abc")[:-1],
    "C4 without content": put(b"abc")[:-3],
}


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("data", TRUNCATED.values(), ids=TRUNCATED)
def test_truncated(data: bytes, reset: bool) -> None:
    """
    It is lost, and never whole; nothing is answered.
    """
    for pieces in deliveries(HELLO, data):
        cutOff(pieces, reset)
        sited = Sited()
        sited.receive(*pieces)
        channel: Any = sited.channel
        channel.readConnectionLost()
        assert sited.root.seen == ["GET / []"]


# What a message of RPC can say, and the code that answers it.
MESSAGES: dict[str, tuple[Message, int]] = {
    **{
        f"C1 {value!r}": (
            request(3, b"Content-Length", value, content=b"x", complete=True),
            400,
        )
        for value in (
            b"+1",
            b"-1",
            b"1_0",
            b"0x1",
            "１".encode(),
            b"1 2",
            b"1,1",
            b"",
            b"1.0",
            b"\xa01",
            b"\xb2",
        )
    },
    "C1 leading zeros": (request(3, b"Content-Length", b"001", content=b"x"), 200),
    "C2 two": (
        request(3, b"Content-Length", b"1", b"Content-Length", b"2", content=b"x"),
        400,
    ),
    "C2 two equal": (
        request(3, b"Content-Length", b"1", b"Content-Length", b"1", content=b"x"),
        400,
    ),
    "C2 empty, then 43": (
        request(3, b"Content-Length", b"", b"Content-Length", b"43", content=b"x"),
        400,
    ),
    "C3 5000 digits": (request(3, b"Content-Length", b"9" * 5000, content=b"x"), 400),
    "C3 19 digits": (request(3, b"Content-Length", b"9" * 19, content=b"x"), 400),
    "C4 shorter": (request(3, b"Content-Length", b"2", content=b"x"), 400),
    "C4 longer": (request(3, b"Content-Length", b"1", content=b"xy"), 400),
    "C4 no content": (request(3, b"Content-Length", b"1"), 400),
    "C5 a GET with content": (
        request(3, b"Content-Length", b"2", content=b"xy"),
        200,
    ),
}


@pytest.mark.parametrize(("message", "code"), MESSAGES.values(), ids=MESSAGES)
def test_rpc(message: Message, code: int) -> None:
    callRPC(message, code)


PIECES: dict[str, tuple[Message, ...]] = {
    "C4 shorter": (HandleContentChunk(1, b"abc"), HandleContentComplete(1, None)),
    "C4 longer": (HandleContentChunk(1, b"abcde"), HandleContentChunk(1, b"f")),
    "C4 nothing": (HandleContentComplete(1, None),),
}


@pytest.mark.parametrize("messages", PIECES.values(), ids=PIECES)
def test_rpcInPieces(messages: tuple[Message, ...]) -> None:
    """
    The exchange is lost at both ends; what else is on the connection isn't.
    """
    scene = Scene()
    scene.say(request(1, b"Content-Length", b"5", complete=False), *messages)
    scene.say(HandleContentChunk(1, b"late"), request(3))
    first, second = scene.served
    assert "complete" not in first.calls
    assert type(first.problem) is PeerProtocolError
    assert second.calls == ["complete"]
    (abort,) = scene.peer.take(AbortConnection)
    assert abort[:2] == (1, Reason.PROTOCOL)


def test_rpcTruncated() -> None:
    """
    C4: nor is it whole because the connection ends.
    """
    scene = Scene()
    scene.say(request(1, complete=False), HandleContentChunk(1, b"abc"))
    scene.pipe.cut()
    assert scene.served[0].calls == ["chunk", "lost"]
    assert type(scene.served[0].problem) is PeerGone


# What a caller in memory can say.
LENGTHS: dict[str, Any] = {
    f"C1 {value!r}": [("Content-Length", value)]
    for value in (b"+1", b"-1", b"1_0", b"0x1", b"1 2", b"1,1", b"", b"\xb2")
} | {
    "C2 two equal": [("Content-Length", "1")] * 2,
    "C3 5000 digits": [("Content-Length", "9" * 5000)],
}


@pytest.mark.parametrize("fields", LENGTHS.values(), ids=LENGTHS)
def test_memory(fields: Any) -> None:
    assert remember("POST", "/", fields) == ("LocalProtocolError", [])


@pytest.mark.parametrize("piece", [1, 2, 100])
def test_memoryTruncated(piece: int) -> None:
    """
    C4: whoever sends less or more than was promised is told so, and no
    resource takes it for whole.
    """
    root = Noting()
    client = MemoryClient(root, strict=False, piece=piece)
    short = client.open("PUT", "/", contentLength=5)
    short.send(b"abc")
    with pytest.raises(LocalProtocolError):
        short.end()
    long = client.open("PUT", "/", contentLength=5)
    with pytest.raises(LocalProtocolError):
        long.send(b"abcdef")
    gone = client.open("PUT", "/", contentLength=5)
    gone.send(b"abc")
    gone.disconnect()
    client.close()
    assert root.seen == []
