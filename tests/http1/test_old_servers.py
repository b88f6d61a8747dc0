"""
Servers that speak HTTP/1.0, and don't know chunks (RFC 9112, section 6.1).
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import LengthRequired, Unavailable
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder
from penstock.transports.http1.client_exchange import MAX_KEPT

from ..loop import Loop
from .calling import EMPTY, OK, House, lost
from .scripted import Server

OLD = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"
KEPT = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"


def met(answer: bytes = OLD, **options: Any) -> House:
    """
    A client that has had C{answer}, and then lost its connection.
    """
    house = House(**options)
    house.ask()
    wire = house.endpoint.accept()
    wire.receive(answer)
    wire.lose()
    return house


def put(house: House, *pieces: bytes, **options: Any) -> ResponseRecorder:
    """
    A request with content of unknown length.
    """
    caller = house.ask(b"PUT", hasContent=True, **options)
    for piece in pieces:
        caller.exchange.writeData(piece)
    return caller


@pytest.mark.requirement("9112-6.1-10", "9112-6.3-13")
@pytest.mark.parametrize("pieces", [(), (b"a",), (b"abc", b"", b"de"), (b"x",) * 99])
def test_gathered(pieces: tuple[bytes, ...]) -> None:
    """
    Content is put together, so that its length can be told.
    """
    house = met()
    caller = put(house, *pieces)
    assert not house.endpoint.attempts
    caller.exchange.finish(Headers([(b"A", b"b")]))
    wire = house.endpoint.accept()
    content = b"".join(pieces)
    assert wire.writes == [
        b"PUT / HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: %d\r\n\r\n" % len(content) + content
    ]
    wire.receive(OLD)
    assert caller.complete


@pytest.mark.requirement("9112-6.1-10", "9112-6.3-13")
@pytest.mark.parametrize(
    ("answer", "old"),
    [
        (OLD, True),
        (KEPT, True),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", True),
        (b"HTTP/1.0 204 No Content\r\n\r\n", True),
        (OK, False),
        (EMPTY, False),
        (OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), False),
        (b"HTTP/1.0 100 Continue\r\n\r\n" + OK, False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OLD, True),
    ],
)
def test_remembered(answer: bytes, old: bool) -> None:
    """
    What counts is the last final response.
    """
    house = met(answer)
    caller = put(house, b"a")
    assert bool(house.endpoint.attempts) is not old
    caller.exchange.finish()
    assert (b"chunked" in house.endpoint.accept().take()) is not old


def test_forgotten() -> None:
    """
    A server may learn; and others may answer in its place.
    """
    house = met(OLD)
    house.ask()
    wire = house.endpoint.accept()
    wire.receive(OK)
    wire.take()
    put(house, b"a")
    assert wire.take().endswith(b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")


def test_notBefore() -> None:
    """
    Our choice: of a server that has said nothing yet, the best is thought.
    """
    house = House()
    put(house, b"a")
    assert b"chunked" in house.endpoint.accept().take()


@pytest.mark.parametrize("parts", [1, 3, 1000])
def test_tooMuch(parts: int) -> None:
    """
    Only so much is put together.
    """
    house = met()
    step = MAX_KEPT // parts
    caller = put(house, *[b"x" * step] * parts, b"x" * (MAX_KEPT - step * parts))
    assert not caller.lost
    caller.exchange.writeData(b"x")
    assert lost(caller) is LengthRequired
    assert "Content-Length" in str(caller.reason and caller.reason.value)
    caller.exchange.writeData(b"x")
    caller.exchange.finish()
    assert not house.endpoint.attempts
    assert house.client.close().called


def test_justEnough() -> None:
    house = met()
    put(house, b"x" * MAX_KEPT).exchange.finish()
    assert house.endpoint.accept().take().endswith(b"\r\n\r\n" + b"x" * MAX_KEPT)


def test_lengthKnown() -> None:
    """
    With a length nothing is put together.
    """
    house = met()
    put(house, b"a", fields=[(b"Content-Length", b"200000")])
    assert house.endpoint.accept().take().endswith(b": 200000\r\n\r\na")


@pytest.mark.parametrize("pieces", [(), (b"a",)])
def test_expect(pieces: tuple[bytes, ...]) -> None:
    """
    Nothing is gained by asking before so little is sent; without content it
    may not even be asked.
    """
    house = met()
    caller = put(house, *pieces, fields=[(b"Expect", b"100-continue")])
    caller.exchange.finish()
    sent = house.endpoint.accept().take()
    assert b"xpect" not in sent
    assert sent.endswith(b"\r\n\r\n" + b"".join(pieces))


def test_finishedAtOnce() -> None:
    """
    Inside C{requestStarted}; one request all the same.
    """

    def send(caller: Any) -> None:
        caller.exchange.writeData(b"a")
        caller.exchange.finish()

    house = met()
    caller = house.ask(b"PUT", hasContent=True, reactions={"requestStarted": send})
    assert len(house.endpoint.attempts) == 1
    wire = house.endpoint.accept()
    assert wire.take().endswith(b"Content-Length: 1\r\n\r\na")
    wire.receive(OLD)
    assert caller.complete


def test_keptHeaders() -> None:
    """
    Headers may change until it is sent; nobody else's are changed.
    """
    house = met()
    headers = Headers([(b"A", b"b")])
    caller = ResponseRecorder()
    house.client.startRequest(b"PUT", b"/", headers, caller, True)
    headers.setRaw(b"A", b"c")
    caller.exchange.finish()
    assert b"\r\nA: b\r\n" in house.endpoint.accept().take()
    assert list(headers) == [(b"A", b"c")]


def test_producer() -> None:
    """
    A producer may begin at once.
    """

    class Producer:
        calls = ""

        def pauseProducing(self) -> None:
            self.calls += "p"

        def resumeProducing(self) -> None:
            self.calls += "r"

        def stopProducing(self) -> None:
            self.calls += "s"

    producer = Producer()
    caller = put(met())
    caller.exchange.registerProducer(producer, True)
    assert producer.calls == ""
    caller.exchange.writeData(b"x" * (MAX_KEPT + 1))
    assert producer.calls == "ps"


def test_givenUp() -> None:
    house = met()
    caller = put(house, b"a")
    caller.exchange.abortConnection()
    caller.exchange.finish()
    assert not house.endpoint.attempts
    assert house.client.close().called


def test_closedMeanwhile() -> None:
    """
    Nothing waits for content that is still being put together.
    """
    house = met()
    caller = put(house, b"a")
    assert house.client.close().called
    caller.exchange.finish()
    assert lost(caller) is Unavailable


def test_againAndGathered() -> None:
    """
    On a kept connection that is dead, it is sent once more like any other.
    """
    house = House()
    house.ask()
    wire = house.endpoint.accept()
    wire.receive(KEPT)
    caller = put(house, b"abc")
    caller.exchange.finish()
    wire.lose()
    again = house.endpoint.accept()
    assert again.take().endswith(b"Content-Length: 3\r\n\r\nabc")
    again.receive(KEPT)
    assert caller.complete


def test_onSockets(loop: Loop) -> None:
    """
    With the convenient face, content that is iterated over.
    """
    server = Server(loop, [OLD, None], [OLD, None])
    assert server.get() == (200, b"hi")
    assert server.get("PUT", iter([b"some ", b"content"])) == (200, b"hi")
    [_, second] = server.factory.made
    assert second.everything.endswith(b"Content-Length: 12\r\n\r\nsome content")
    server.close()
