"""
The two ends of an exchange in memory.

What all transports have in common is checked by the conformance kit; here is
what only this one promises: that nothing needs the event loop which needn't.
How it slows down is in L{test_windows}, and how it breaks in L{test_ends}.
"""

from __future__ import annotations

from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.errors import Cancelled
from penstock.core.headers import Headers
from penstock.core.interfaces import IChannelRequest, IClientRequest
from penstock.core.order import Stage
from penstock.core.testing.recorder import ResponseRecorder

from .pair import Pair


def test_interfaces() -> None:
    """
    Both ends provide what they are to provide.
    """
    client, server = Pair().ask()
    assert verifyObject(IChannelRequest, server.exchange)
    assert verifyObject(IClientRequest, client.exchange)


def test_allInsideStartRequest() -> None:
    """
    A request that is answered inside the factory is over when startRequest
    returns, and nothing waits for the event loop.
    """
    pair = Pair(lambda request: request.answer(b"hello", 200, [("X-A", "1")]))
    client, server = pair.ask()
    assert client.names == [
        "requestStarted",
        "handleHeaders",
        "handleContentChunk",
        "handleContentComplete",
    ]
    assert client.content == b"hello"
    assert client.headers.get("x-a") == b"1"
    assert server.names == []
    assert pair.idle
    assert pair.requester.underWay == ()


def test_answerWhenWhole() -> None:
    """
    So is one that is answered when its content is complete.
    """
    pair = Pair()
    pair.reactions["handleContentComplete"] = lambda request: request.answer(b"done")
    client, _ = pair.ask()
    assert client.complete
    assert pair.idle


def test_stepByStep() -> None:
    """
    Each call arrives before it returns.
    """
    pair = Pair()
    client, server = pair.upload()
    client.exchange.writeData(b"one")
    assert server.content == b"one"
    server.exchange.writeIntermediateResponse(103, Headers([("Link", "</a>")]))
    assert [code for code, _ in client.intermediate] == [103]
    server.exchange.writeHeaders(200, Headers(), b"Fine")
    assert (client.code, client.message) == (200, b"Fine")
    client.exchange.writeData(b"two")
    server.exchange.writeData(b"three")
    assert (server.content, client.content) == (b"onetwo", b"three")
    client.exchange.finish()
    assert server.complete
    server.exchange.finish()
    assert client.complete
    assert pair.idle


def test_nothingIsShared() -> None:
    """
    What arrives doesn't change with what was sent.
    """
    pair = Pair()
    asked = Headers([("X-A", "1")])
    client = ResponseRecorder()
    pair.requester.startRequest(b"POST", b"/", asked, client, True)
    server = pair.served[0]
    answered = Headers([("X-B", "1")])
    server.exchange.writeHeaders(200, answered)
    buffer = bytearray(b"abc")
    client.exchange.writeData(buffer)
    server.exchange.writeData(memoryview(buffer))
    asked.setRaw("x-a", "2")
    answered.setRaw("x-b", "2")
    buffer[:] = b"xyz"
    assert server.in_headers.get("x-a") == b"1"
    assert client.headers.get("x-b") == b"1"
    assert server.chunks == client.chunks == [b"abc"]
    server.in_headers.setRaw("x-a", "3")
    assert asked.get("x-a") == b"2"


def test_textIsNoContent() -> None:
    """
    Text isn't content here either.
    """
    pair = Pair()
    client, server = pair.upload()
    with pytest.raises(TypeError):
        client.exchange.writeData("text")
    assert server.content == b""


# What a wire would do to a message


@pytest.mark.parametrize(
    ("method", "hasContent", "given", "expected"),
    [
        (b"GET", False, [], []),
        (b"POST", False, [], [b"0"]),
        (b"PUT", False, [b"0"], [b"0"]),
        (b"PATCH", False, [], [b"0"]),
        (b"DELETE", False, [], []),
        (b"POST", True, [], []),
        (b"POST", True, [b"3"], [b"3"]),
    ],
)
def test_requestLength(
    method: bytes, hasContent: bool, given: list[bytes], expected: list[bytes]
) -> None:
    """
    Content-Length is there where a wire would have it.
    """
    fields = [(b"Content-Length", value) for value in given]
    _, server = Pair().ask(method, b"/", fields, hasContent)
    assert list(server.in_headers.getRaw("content-length")) == expected


@pytest.mark.parametrize(
    ("code", "expected"), [(204, ()), (205, (b"0",)), (304, (b"3",)), (200, (b"3",))]
)
def test_responseLength(code: int, expected: tuple[bytes, ...]) -> None:
    """
    A 204 has no length, a 205 none but 0.
    """
    client, server = Pair().ask()
    server.exchange.writeHeaders(code, Headers([("Content-Length", "3")]))
    assert client.headers.getRaw("content-length") == expected


_TRAILERS = [
    ("X-Sum", "1"),
    ("Content-Length", "5"),
    ("Connection", "x"),
    ("Host", "b"),
]


@pytest.mark.parametrize(
    ("fields", "version", "expected"),
    [
        ([], (1, 1), [(b"X-Sum", b"1")]),
        ([("Content-Length", "1")], (1, 1), None),
        ([], (1, 0), None),
    ],
    ids=["room", "length", "http10"],
)
def test_responseTrailers(
    fields: Any, version: tuple[int, int], expected: list[Any] | None
) -> None:
    """
    Trailers arrive where a wire has room for them, and only what may be one.
    """
    client, server = Pair(version=version).download(fields)
    server.exchange.writeData(b"x")
    server.exchange.finish(Headers(_TRAILERS))
    assert (client.trailers and list(client.trailers)) == expected


@pytest.mark.parametrize("fields", [[], [("Content-Length", "1")]], ids=["room", "no"])
def test_requestTrailers(fields: Any) -> None:
    """
    The same for requests.
    """
    client, server = Pair().upload(fields)
    client.exchange.writeData(b"x")
    client.exchange.finish(Headers(_TRAILERS))
    assert server.complete
    assert (server.trailers and list(server.trailers)) == (
        None if fields else [(b"X-Sum", b"1")]
    )


def test_noTrailersWithoutContent() -> None:
    """
    A response without content has no trailers, and an empty section is none.
    """
    pair = Pair()
    client, server = pair.ask()
    server.answer(b"", 204, trailers=Headers([("X-A", "1")]))
    assert client.trailers is None
    client, server = pair.ask()
    server.answer(b"", trailers=Headers())
    assert client.complete
    assert client.trailers is None


def test_oldClientsGetNoInterimResponses() -> None:
    """
    HTTP/1.0 knows none.
    """
    client, server = Pair(version=(1, 0)).ask()
    assert server.version == (1, 0)
    server.exchange.writeIntermediateResponse(103)
    server.answer()
    assert client.complete
    assert client.intermediate == []


def test_facts() -> None:
    """
    Both ends know the same of the connection, from their own side.
    """
    pair = Pair(peer=None, secure=True, deadline=5.0)
    client, server = pair.ask()
    theirs, ours = server.exchange.connectionInfo, client.exchange.connectionInfo
    assert (theirs.transport, theirs.secure, theirs.deadline) == ("memory", True, 5.0)
    assert theirs.peer is None
    assert ours.local is None
    assert ours.peer == theirs.local is not None
    assert ours.requestId == theirs.requestId
    assert pair.ask()[1].exchange.connectionInfo.requestId != theirs.requestId


# Being called back


def test_notInsideWriteData() -> None:
    """
    Nobody is called back inside a call that they make: an echo arrives with
    the event loop's next turn.
    """
    pair = Pair()
    pair.process = lambda request: request.exchange.writeHeaders(200, Headers())
    pair.reactions["handleContentChunk"] = lambda request: request.exchange.writeData(
        request.chunks[-1]
    )
    pair.reactions["handleContentComplete"] = lambda request: request.exchange.finish()
    client, _ = pair.upload()
    inside: list[bool] = []
    client.reactions["handleContentChunk"] = lambda c: inside.append(writing)
    for n in range(3):
        writing = True
        client.exchange.writeData(b"%d" % n)
        writing = False
    assert client.content == b""
    client.exchange.finish()
    assert not client.complete
    pair.settle()
    assert client.content == b"012"
    assert client.complete
    assert inside == [False, False, False]


def test_lossNotInsideWrite() -> None:
    """
    A caller who gives up inside a callback doesn't pull the rug from under the
    server that is writing at this moment.
    """
    pair = Pair()
    client, server = pair.ask(
        reactions={"handleHeaders": lambda c: c.exchange.abortConnection()}
    )
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"into the void")
    assert not server.lost
    pair.settle()
    assert server.lost
    assert type(server.reason and server.reason.value) is Cancelled
    assert client.names == ["requestStarted", "handleHeaders"]


def test_finishedBeforeTheLossArrives() -> None:
    """
    If the server finishes in the same breath, it never hears of it.
    """
    pair = Pair()
    client, server = pair.ask(
        reactions={"handleHeaders": lambda c: c.exchange.abortConnection()}
    )
    server.answer(b"abc")
    pair.settle()
    assert server.names == ["handleContentComplete"]
    assert client.names == ["requestStarted", "handleHeaders"]
    assert server.exchange.stage is Stage.FINISHED


def test_orderIsKeptBehindWhatWaits() -> None:
    """
    What follows a call that had to wait doesn't overtake it.
    """
    pair = Pair()
    client, server = pair.ask(
        b"POST",
        hasContent=True,
        reactions={"handleHeaders": lambda c: c.exchange.writeData(b"first")},
    )
    server.exchange.writeHeaders(200, Headers())
    client.exchange.writeData(b"second")
    client.exchange.finish()
    assert server.names == []
    pair.settle()
    assert server.content == b"firstsecond"
    assert server.complete


def test_pingPongNeedsNoStack() -> None:
    """
    Two ends that answer each chunk with another one don't recurse.
    """
    pair = Pair()
    pair.reactions["handleContentChunk"] = lambda request: request.exchange.writeData(
        b"pong"
    )

    def pong(client: Any) -> None:
        if len(client.chunks) < 5000:
            client.exchange.writeData(b"ping")
        else:
            client.exchange.finish()

    client, server = pair.upload(reactions={"handleContentChunk": pong})
    server.exchange.writeHeaders(200, Headers())
    client.exchange.writeData(b"ping")
    pair.settle()
    assert len(server.chunks) == 5000
    assert server.complete


def test_writingInsideTheFactory() -> None:
    """
    Content that is sent from a callback while the factory still runs is held
    until the request exists.
    """
    pair = Pair(lambda request: request.exchange.writeIntermediateResponse(100))
    client, server = pair.upload(
        reactions={"handleIntermediateResponse": lambda c: c.exchange.writeData(b"go")}
    )
    pair.settle()
    assert server.content == b"go"
    assert client.intermediate
