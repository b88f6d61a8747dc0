"""
RFC 9112, sections 8 and 9, at the serving end: how connections go on and end.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.content import Discard
from penstock.core.resource import Resource
from penstock.core.response import Response

from .ends import HELLO, Origin, Seen, answers

CLOSE = b"Connection: close\r\n"


def get(target: bytes = b"/", fields: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"GET %b HTTP/%b\r\nHost: a\r\n%b\r\n" % (target, version, fields)


def put(content: bytes, fields: bytes = b"") -> bytes:
    return b"PUT / HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n%b" % (
        fields,
        len(content),
        content,
    )


class Slow(Resource):
    """
    Answers when it is told to, with the path.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Any, Deferred[bytes]]] = []

    def render_GET(self, request: Any) -> Deferred[bytes]:
        answer: Deferred[bytes] = Deferred()
        self.waiting.append((request, answer))
        return answer

    def release(self) -> None:
        request, answer = self.waiting.pop(0)
        answer.callback(request.path)


@pytest.mark.requirement("9112-8-1")
def test_incompleteRequest() -> None:
    """
    Our choice: who is too slow reads 408; who has gone, nothing.
    """
    origin = Origin()
    origin.send(b"GET / HTTP/1.1\r\n")
    origin.wait(20)
    (answer,) = answers(origin.take())
    assert (answer.code, answer.get(b"connection")) == (408, b"close")
    assert not origin.wire.open
    origin = Origin()
    origin.send(b"GET / HTTP/1.1\r\n")
    origin.channel.readConnectionLost()
    assert origin.take() == b""
    assert not origin.wire.open


@pytest.mark.requirement("9112-9.3-1", "9112-9.3-3")
@pytest.mark.parametrize(
    "data",
    [
        get(),
        get(fields=b"Connection: keep-alive\r\n"),
        get(fields=b"Connection: x\r\n"),
        get(fields=b"Connection: keep-alive\r\n", version=b"1.0"),
        get(fields=b"Connection: Keep-Alive, x\r\n", version=b"1.0"),
    ],
)
def test_persistent(data: bytes) -> None:
    origin = Origin()
    for _ in range(3):
        (answer,) = origin.ask(data)
        assert answer.get(b"connection") in (None, b"keep-alive")
        assert origin.wire.open


@pytest.mark.requirement("9112-9.3-1")
def test_oldIsNotPersistentUnasked() -> None:
    origin = Origin()
    (answer,) = origin.ask(get(version=b"1.0") + HELLO)
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open


@pytest.mark.requirement("9112-9.3-5")
@pytest.mark.parametrize("length", [10, 100_000, 300_000, 10_000_000])
@pytest.mark.parametrize("code", [200, 403])
def test_unreadContent(length: int, code: int) -> None:
    """
    Content that nobody wants is read to its end, or the connection closed;
    what it looks like never matters.
    """
    origin = Origin(Seen(lambda request: Response("x", code)))
    origin.root.policy = Discard()
    content = (HELLO * (length // len(HELLO) + 1))[:length]
    data = put(content) + get(b"/next")
    for place in range(0, len(data), 50_000):
        origin.send(data[place : place + 50_000])
    found = answers(origin.take())
    assert found[0].code == code
    if len(found) > 1:
        assert [it.path for it in origin.root.seen] == [b"/", b"/next"]
    else:
        assert not origin.wire.open
        assert len(origin.root.seen) == 1
    assert len(found) == (2 if length <= 100_000 else 1)


@pytest.mark.requirement("9112-9.3.2-3", "9112-9.3.2-2")
def test_order() -> None:
    """
    Our choice: one request at a time, in order.
    """
    origin = Origin(Slow())
    origin.send(b"".join(get(b"/%d" % number) for number in range(5)))
    for number in range(5):
        assert [it.path for it, _ in origin.root.waiting] == [b"/%d" % number]
        origin.root.release()
    found = answers(origin.take())
    assert [it.content for it in found] == [b"/%d" % number for number in range(5)]


@pytest.mark.requirement("9112-9.5-1")
@pytest.mark.parametrize("after", [0, 1], ids=["before the first", "between two"])
def test_idle(after: int) -> None:
    """
    Closed, and not broken off.
    """
    origin = Origin()
    origin.send(HELLO * after)
    origin.wait(100)
    assert (origin.wire.closed, origin.wire.aborted) == (True, False)


@pytest.mark.requirement("9112-9.5-2")
@pytest.mark.parametrize("busy", [False, True])
def test_closureIsNoticed(busy: bool) -> None:
    origin = Origin(Slow())
    request: Any = None
    if busy:
        origin.send(HELLO)
        request = origin.root.waiting[0][0]
        origin.root.waiting[0][1].addErrback(lambda failure: None)
    origin.channel.readConnectionLost()
    assert not origin.wire.open
    assert request is None or request.disconnected


@pytest.mark.requirement("9112-9.5-4")
def test_overloadIsPressure() -> None:
    """
    A connection that brings more than is dealt with isn't closed: it isn't
    read from.
    """
    origin = Origin(Slow())
    origin.send(get() * 3000)
    assert origin.wire.open
    assert not origin.wire.reading
    while origin.root.waiting:
        origin.root.release()
    assert len(answers(origin.take())) == 3000
    assert origin.wire.open
    assert origin.wire.reading


def closing(request: Any) -> str:
    """
    Says that it wants to close, which isn't its business.
    """
    request.out_headers.setRaw("Connection", "close")
    return "hello"


@pytest.mark.requirement("9112-9.6-1", "9112-9.6-7", "9112-9.6-8")
@pytest.mark.parametrize(
    "data",
    [
        get(fields=CLOSE),
        get(version=b"1.0"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        put(b"")[:-4] + b"x\r\n\r\n",
    ],
)
def test_closeIsSaidAndDone(data: bytes) -> None:
    """
    Whenever the connection ends after an answer, that says so.
    """
    origin = Origin()
    (answer,) = origin.ask(data + get(b"/next"))
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open
    origin.send(get(b"/next"))
    assert origin.take() == b""
    assert b"/next" not in [it.path for it in origin.root.seen]


@pytest.mark.requirement("9112-9.6-1", "9112-9.6-7", "9110-7.6.1-4", "9110-7.6.1-1")
def test_theConnectionIsOurs() -> None:
    """
    A resource can't say close; so nothing is said that isn't done.
    """
    origin = Origin(Seen(closing))
    first, second = origin.ask(HELLO + HELLO)
    assert first.get(b"connection") is second.get(b"connection") is None
    assert origin.wire.open


@pytest.mark.requirement("9112-9.6-4", "9112-9.6-5", "9112-9.6-6")
@pytest.mark.parametrize(
    "line",
    [
        b"Connection: close\r\n",
        b"connection: Close\r\n",
        b"Connection: x, close\r\n",
        b"Connection: ,close,\r\n",
        b"Connection: keep-alive, close\r\n",
        b"Connection: x\r\nConnection: close\r\n",
    ],
)
def test_closeIsObeyed(line: bytes) -> None:
    origin = Origin()
    (answer,) = origin.ask(get(b"/last", line) + get(b"/next"))
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open
    assert [it.path for it in origin.root.seen] == [b"/last"]


@pytest.mark.requirement("9112-9.6-1")
def test_closeWhenShuttingDown() -> None:
    origin = Origin(Slow())
    origin.send(get())
    origin.factory.drain(10)
    origin.root.release()
    origin.clock.advance(0)
    (answer,) = answers(origin.take())
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open


@pytest.mark.requirement("9112-9.5-3")
def test_abort() -> None:
    """
    Our choice: a response that fails midway ends with its connection, so that
    it can't be taken for whole.
    """

    def render(request: Any) -> None:
        request.write(b"hel")
        request.abort()

    origin = Origin(Seen(render))
    origin.send(HELLO)
    assert origin.wire.aborted
    assert not origin.take().endswith(b"0\r\n\r\n")
