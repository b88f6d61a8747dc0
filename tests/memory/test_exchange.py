"""
The two ends of an exchange in memory.

What all transports have in common is checked by the conformance kit; here is
what only this one promises: that nothing needs the event loop which needn't,
and how exactly it slows down and breaks.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    LocalProtocolError,
    PeerGone,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import IChannelRequest, IClientRequest
from penstock.core.order import Stage
from penstock.core.testing.recorder import (
    PullSource,
    PushSource,
    RequestRecorder,
    ResponseRecorder,
    pattern,
)
from penstock.transports.memory import MemoryRequester, VirtualClock

Process = Callable[[RequestRecorder], None]


class Pair:
    """
    A requester and the requests that have come out at its other end.
    """

    def __init__(self, process: Process | None = None, **terms: Any) -> None:
        self.process = process
        self.served: list[RequestRecorder] = []
        self.reactions: dict[str, Any] = {}
        self.requester = MemoryRequester(self._factory, **terms)

    def _factory(self, *args: Any) -> RequestRecorder:
        request = RequestRecorder(*args, self.reactions)
        self.served.append(request)
        if self.process is not None:
            self.process(request)
        return request

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Any = (),
        hasContent: bool = False,
        reactions: Any = None,
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        client = ResponseRecorder(reactions)
        self.requester.startRequest(method, uri, Headers(fields), client, hasContent)
        return client, self.served[-1]

    def upload(
        self, fields: Any = (), reactions: Any = None
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        return self.ask(b"POST", b"/", fields, True, reactions)

    def download(self, fields: Any = ()) -> tuple[ResponseRecorder, RequestRecorder]:
        client, server = self.ask()
        server.exchange.writeHeaders(200, Headers(fields))
        return client, server

    @property
    def idle(self) -> bool:
        """
        Whether nothing waits for the event loop.
        """
        return not self.requester.clock.getDelayedCalls()

    def settle(self) -> None:
        self.requester.clock.advance(0)


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


# Windows


@pytest.mark.parametrize("window", [1, 2, 3, 1000, 65536])
@pytest.mark.parametrize("upward", [True, False], ids=["request", "response"])
def test_windowBlocksAndReleases(window: int, upward: bool) -> None:
    """
    A producer is paused when the window is full, and resumed when half of it
    is free; what was written without asking is never lost.
    """
    pair = Pair(window=window)
    client, server = pair.upload() if upward else pair.download()
    writer, reader = (client, server) if upward else (server, client)
    reader.exchange.pauseProducing()
    source = PushSource(writer.exchange, 10 * window + 3)
    source.block = 1  # type: ignore[misc]
    source.register()
    assert source.written == window
    assert writer.exchange.mostWaiting == window
    assert source.pauses == 1
    pair.settle()
    assert source.written == window
    reader.exchange.resumeProducing()
    pair.settle()
    assert source.ended
    assert reader.complete
    assert reader.content == pattern(0, 10 * window + 3)


def test_onlyWhatWaitsIsCounted() -> None:
    """
    A reader who takes everything leaves nothing waiting.
    """
    client, server = Pair().download()
    for _ in range(100):
        server.exchange.writeData(b"x" * 10_000)
    assert server.exchange.mostWaiting == 0
    assert len(client.content) == 1_000_000


@pytest.mark.parametrize("kind", [PushSource, PullSource])
@pytest.mark.parametrize("upward", [True, False], ids=["request", "response"])
def test_producersRest(kind: type[Any], upward: bool) -> None:
    """
    A producer that a fast reader never slows down still lets others have a
    turn, as over a wire.
    """
    pair = Pair()
    client, server = pair.upload() if upward else pair.download()
    writer, reader = (client, server) if upward else (server, client)
    source = kind(writer.exchange, 1_000_000)
    source.register()
    assert 0 < source.written < 1_000_000
    pair.settle()
    assert source.ended
    assert reader.complete
    assert reader.content == pattern(0, 1_000_000)


def test_restingAndWaiting() -> None:
    """
    A producer that has to rest, and whose reader has taken some but not half
    when it has rested, goes on in the end.
    """
    pair = Pair(window=100, piece=100)
    client, server = pair.download()
    source = PushSource(server.exchange, 1000)
    source.block = 60  # type: ignore[misc]
    source.register()
    assert source.written == 120
    client.exchange.pauseProducing()
    server.exchange.writeData(b"y" * 80)
    pair.settle()
    client.exchange.resumeProducing()
    pair.settle()
    assert source.ended
    assert len(client.content) == 1080


def test_pieces() -> None:
    """
    A big write arrives in pieces.
    """
    pair = Pair(piece=3)
    client, server = pair.upload()
    client.exchange.writeData(b"abcdefgh")
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"ijklm")
    assert server.chunks == [b"abc", b"def", b"gh"]
    assert client.chunks == [b"ijk", b"lm"]


def test_abortBetweenPieces() -> None:
    """
    A reader who gives up inside a piece gets no other.
    """
    pair = Pair(piece=1)
    client, server = pair.download()
    client.reactions["handleContentChunk"] = lambda c: c.exchange.abortConnection()
    server.exchange.writeData(b"abc")
    assert client.chunks == [b"a"]
    pair.settle()
    assert server.lost


def test_stoppedReaderTakesEverything() -> None:
    """
    What nobody wants any more doesn't fill the window.
    """
    pair = Pair()
    client, server = pair.upload()
    server.exchange.pauseProducing()
    client.exchange.writeData(b"x" * 100_000)
    assert client.exchange.blocked
    server.exchange.stopProducing()
    assert not client.exchange.blocked
    client.exchange.writeData(b"x" * 100_000)
    assert not client.exchange.blocked


def test_anAnswerUnblocksTheRest() -> None:
    """
    A request whose answer doesn't wait for its content is rid of it.
    """
    pair = Pair()
    client, server = pair.upload()
    client.exchange.pauseProducing()
    server.exchange.pauseProducing()
    source = PushSource(client.exchange, 300_000)
    source.register()
    server.answer(b"no, thanks")
    pair.settle()
    assert source.ended
    client.exchange.resumeProducing()
    assert client.complete


def test_abortDoesNotUnblock() -> None:
    """
    A caller who gives up doesn't make the server's producer go on before it is
    told: it would come to its end, and take the response for sent.
    """
    pair = Pair(window=100)
    client, server = pair.download()
    client.exchange.pauseProducing()
    source = PushSource(server.exchange, 150)
    source.block = 100  # type: ignore[misc]
    source.register()
    client.exchange.abortConnection()
    assert source.stops == 1
    assert not source.ended
    assert server.lost


def test_file() -> None:
    """
    A file goes block by block, and its Deferred fires.
    """
    pair = Pair()
    client, server = pair.download()
    fired: list[Any] = []
    file = io.BytesIO(pattern(0, 1_000_000))
    server.exchange.writeFile(file, 10, 500_000).addCallback(fired.append)
    pair.settle()
    assert fired == [None]
    server.exchange.finish()
    assert client.content == pattern(10, 500_010)


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


# Ends

_STAGES: dict[str, Callable[[Any, Any], None]] = {
    "head": lambda client, server: None,
    "some content": lambda client, server: client.exchange.writeData(b"abc"),
    "held content": lambda client, server: (
        server.exchange.pauseProducing(),
        client.exchange.writeData(b"abc"),
    )[0],
    "whole request": lambda client, server: client.exchange.finish(),
    "interim response": lambda client, server: (
        server.exchange.writeIntermediateResponse(100)
    ),
    "response's head": lambda client, server: server.exchange.writeHeaders(
        200, Headers()
    ),
    "response's content": lambda client, server: (
        server.exchange.writeHeaders(200, Headers()),
        server.exchange.writeData(b"abc"),
    )[0],
    "unread content": lambda client, server: (
        client.exchange.pauseProducing(),
        server.exchange.writeHeaders(200, Headers()),
        server.exchange.writeData(b"abc"),
    )[0],
    "a producer": lambda client, server: (
        client.exchange.pauseProducing(),
        server.exchange.writeHeaders(200, Headers()),
        PushSource(server.exchange, 10_000_000).register(),
    )[0],
}

_ENDS: dict[str, tuple[Callable[[Any, Any], None], Any, Any]] = {
    "caller gives up": (
        lambda client, server: client.exchange.abortConnection(),
        None,
        Cancelled,
    ),
    "server gives up": (
        lambda client, server: server.exchange.abortConnection(),
        Cancelled,
        None,
    ),
    "connection breaks": (
        lambda client, server: client.exchange.breakConnection(),
        PeerGone,
        PeerGone,
    ),
    "connection times out": (
        lambda client, server: client.exchange.breakConnection(DeadlineExceeded("")),
        DeadlineExceeded,
        DeadlineExceeded,
    ),
}


def _reason(end: Any) -> Any:
    assert end.names.count("connectionLost") <= 1
    if end.lost:
        assert end.names[-1] == "connectionLost"
        return type(end.reason.value)
    return None


@pytest.mark.parametrize("stage", _STAGES)
@pytest.mark.parametrize("end", _ENDS)
def test_endsAtEachStage(stage: str, end: str) -> None:
    """
    Whoever ends it and when: the other side is told once, last, at once; and
    nothing that comes after it does anything.
    """
    pair = Pair()
    client, server = pair.upload()
    _STAGES[stage](client, server)
    call, toClient, toServer = _ENDS[end]
    call(client, server)
    assert (_reason(client), _reason(server)) == (toClient, toServer)
    before = (list(client.names), list(server.names))
    call(client, server)
    client.exchange.writeData(b"late")
    client.exchange.finish()
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"late")
    server.exchange.finish()
    client.exchange.resumeProducing()
    server.exchange.resumeProducing()
    pair.settle()
    assert (client.names, server.names) == before
    assert pair.requester.underWay == ()
    assert pair.idle


def test_aWholeResponseOutlivesItsConnection() -> None:
    """
    What has come whole and wasn't read yet isn't lost with the connection.
    """
    pair = Pair()
    client, server = pair.download()
    client.exchange.pauseProducing()
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    client.exchange.breakConnection()
    assert not client.lost
    client.exchange.resumeProducing()
    assert client.content == b"abc"
    assert client.complete


def test_earlyAnswerEndsTheRequest() -> None:
    """
    A complete answer ends a request that isn't, and its producer is stopped.
    """
    pair = Pair()
    client, server = pair.upload()
    server.exchange.pauseProducing()
    source = PushSource(client.exchange, 10_000_000)
    source.register()
    server.answer(b"enough")
    assert client.complete
    assert source.stops == 1
    client.exchange.writeData(b"late")
    assert client.exchange.lateCalls == ("writeData",)
    assert server.names == []


def test_shortMessages() -> None:
    """
    A message that is shorter than it promised is lost for the other side.
    """
    pair = Pair()
    client, server = pair.upload([("Content-Length", "5")])
    client.exchange.writeData(b"abc")
    with pytest.raises(LocalProtocolError, match="shorter"):
        client.exchange.finish()
    assert server.lost
    client, server = pair.download([("Content-Length", "5")])
    with pytest.raises(LocalProtocolError, match="shorter"):
        server.exchange.finish()
    assert client.lost


@settings(deadline=None, max_examples=60)
@given(
    size=st.integers(0, 5000),
    window=st.integers(1, 600),
    piece=st.integers(1, 600),
    seed=st.integers(0, 1000),
    pauses=st.lists(st.booleans(), max_size=30),
    pull=st.booleans(),
)
def test_anySchedule(
    size: int, window: int, piece: int, seed: int, pauses: list[bool], pull: bool
) -> None:
    """
    Windows, pieces, schedules and pauses change when content comes, and never
    what comes.
    """
    clock = VirtualClock(seed)
    pair = Pair(clock=clock, window=window, piece=piece)
    client, server = pair.upload()
    server.exchange.writeHeaders(200, Headers())
    if size:
        for end in (client, server):
            kind = PullSource if pull else PushSource
            source = kind(end.exchange, size)
            source.block = 97  # type: ignore[misc]
            source.register()
    else:
        client.exchange.finish()
        server.exchange.finish()
    for pause in pauses:
        for end in (client, server):
            if pause:
                end.exchange.pauseProducing()
            else:
                end.exchange.resumeProducing()
        clock.step()
    for end in (client, server):
        end.exchange.resumeProducing()
    pair.settle()
    assert client.content == pattern(0, size)
    assert client.complete
    # An answer that is whole ends a request that isn't.
    assert pattern(0, size).startswith(server.content)
