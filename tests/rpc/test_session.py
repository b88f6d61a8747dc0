"""
Tests for L{penstock.transports.rpc.session}: what is said, and when.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import (
    Cancelled,
    LimitExceeded,
    LocalProtocolError,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Finish,
    HandleContentChunk,
    HandleContentComplete,
    Ping,
    Pong,
    Reason,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

from .wires import Scene, opening, request


def test_helloSaysWhatIsTaken() -> None:
    limits = RPCLimits(window=2000, connectionWindow=3000, exchanges=4, frame=90_000)
    scene = Scene(limits=limits)
    hello = scene.peer.hello
    assert hello.version == 1
    assert hello.dialled is False
    said = dict(zip(hello.parameters[::2], hello.parameters[1::2], strict=True))
    assert said["window"] == 2000
    assert said["connectionWindow"] == 3000
    assert said["exchanges"] == 4
    assert said["frame"] == 90_000


def test_whoDoesNotServeSaysSo() -> None:
    scene = Scene(serves=False)
    assert "exchanges" in scene.peer.hello.parameters
    parameters = scene.peer.hello.parameters
    assert parameters[parameters.index("exchanges") + 1] == 0
    scene.say(request(1))
    assert scene.peer.take() == [AbortConnection(1, Reason.UNAVAILABLE, "")]


def test_nothingIsAskedOfWhoDoesNotServe() -> None:
    scene = Scene(exchanges=0, greets=False)
    early = scene.ask()
    scene.peer.write(scene.peer._opening)
    scene = Scene(exchanges=0)
    late = scene.ask()
    assert isinstance(late.problem, Unavailable)
    assert early.problem is None


def test_requestsWaitForHello() -> None:
    scene = Scene(greets=False)
    served, refused = scene.ask(), scene.ask()
    refused.exchange.abortConnection()
    scene.settle()
    assert scene.peer.received == []
    scene.peer._opening = b""
    scene.peer.write(opening(True, exchanges=5))
    scene.settle()
    assert [message.exchange for message in scene.peer.take(Request)] == [2]
    scene.say(WriteHeaders(2, 200, (), None, b"a", True))
    assert served.content == b"a"


def test_requestsThatWaitForNothing() -> None:
    """
    The hello that comes says that nothing is served.
    """
    scene = Scene(greets=False)
    asked = scene.ask()
    scene.peer.write(opening(True))
    scene.settle()
    assert isinstance(asked.problem, Unavailable)


def test_noHello() -> None:
    scene = Scene(greets=False, timeouts=RPCTimeouts(hello=3))
    asked = scene.ask()
    scene.pipe.advance(2.9)
    assert not scene.isClosed
    scene.pipe.advance(0.2)
    assert scene.isClosed
    assert isinstance(asked.problem, Unavailable)


# What each call of the seam becomes.


def test_callIsOneMessageEachWay() -> None:
    """
    In one frame, and one write.
    """
    scene = Scene()
    before = scene.pipe.left.writes
    asked = scene.ask(b"PUT", b"/a?b", Headers([("A", "b")]), hasContent=True)
    asked.exchange.writeData(b"hello")
    asked.exchange.finish()
    scene.settle()
    assert scene.peer.take() == [
        Request(2, b"PUT", b"/a?b", 11, (b"A", b"b"), b"hello", True, None)
    ]
    assert scene.pipe.left.writes == before + 1
    scene.say(request(1, b"X", b"y", method=b"POST", content=b"abc"))
    (served,) = scene.served
    assert (served.command, served.path, served.version) == (b"POST", b"/", (1, 1))
    assert served.headers == Headers([("X", "y")])
    assert served.calls == ["chunk", "complete"]
    served.answer(b"def", X="z")
    scene.settle()
    assert scene.peer.take() == [WriteHeaders(1, 200, (b"X", b"z"), None, b"def", True)]
    assert scene.pipe.left.writes == before + 2


@pytest.mark.parametrize(
    ("fields", "content", "complete", "length"),
    [
        ((), None, True, 0),
        ((b"Content-Length", b"0"), None, True, 0),
        ((b"Content-Length", b"3"), b"abc", True, 3),
        ((b"Content-Length", b"3"), b"ab", False, 3),
        ((), b"abc", True, None),
        ((), b"", True, None),
        ((), None, False, None),
    ],
    ids=["none", "none, said", "whole", "begun", "no length", "empty", "to come"],
)
def test_contentLength(
    fields: tuple[bytes, ...], content: Any, complete: bool, length: Any
) -> None:
    """
    What a request is told of its content doesn't depend on how it was put
    into messages.
    """
    scene = Scene()
    scene.say(request(1, *fields, content=content, complete=complete))
    assert scene.served[0].exchange.contentLength == length


def test_allCallsOfAServer() -> None:
    scene = Scene()
    scene.say(request(1, complete=False))
    exchange = scene.served[0].exchange
    exchange.writeIntermediateResponse(103, Headers([("Link", "x")]), b"Soon")
    exchange.writeHeaders(201, Headers([("A", "b"), ("Connection", "A")]), b"Fine")
    scene.settle()
    exchange.writeData(b"abc")
    scene.settle()
    exchange.stopProducing()
    exchange.finish(Headers([("Digest", "x")]))
    scene.settle()
    assert scene.peer.take() == [
        WriteIntermediateResponse(1, 103, (b"Link", b"x"), b"Soon"),
        WriteHeaders(1, 201, (), b"Fine", None, False),
        WriteData(1, b"abc"),
        StopProducing(1),
        Finish(1, (b"Digest", b"x")),
    ]


def test_allCallsOfACaller() -> None:
    scene = Scene()
    asked = scene.ask(b"POST", hasContent=True)
    scene.settle()
    asked.exchange.writeData(b"abc")
    scene.say(WriteHeaders(2, 200, (), None, None, False))
    asked.exchange.stopProducing()
    scene.settle()
    asked.exchange.finish(Headers([("Digest", "x")]))
    scene.settle()
    assert scene.peer.take() == [
        Request(2, b"POST", b"/", 11, (), None, False, None),
        HandleContentChunk(2, b"abc"),
        StopProducing(2),
        HandleContentComplete(2, (b"Digest", b"x")),
        # Nothing of it is wanted any more.
        AbortConnection(2, Reason.DONE, ""),
    ]
    assert scene.session.underWay == 0


def test_allThatACallerHears() -> None:
    scene = Scene()
    asked = scene.ask()
    scene.say(
        WriteIntermediateResponse(2, 103, (), None),
        WriteHeaders(2, 404, (b"A", b"b"), b"Gone fishing", None, False),
        WriteData(2, b"abc"),
        Finish(2, (b"Digest", b"x")),
    )
    assert asked.intermediate == [103]
    assert (asked.code, asked.reason) == (404, b"Gone fishing")
    assert asked.headers == Headers([("A", "b")])
    assert asked.content == b"abc"
    assert asked.trailers == Headers([("Digest", "x")])
    assert asked.calls == ["head", "complete"]
    assert scene.session.underWay == 0


def test_abort() -> None:
    scene = Scene(other=RPCLimits())
    asked = scene.ask()
    scene.settle()
    (served,) = scene.otherServed
    asked.exchange.abortConnection()
    scene.settle()
    assert type(served.problem) is Cancelled
    asked = scene.ask()
    scene.settle()
    scene.otherServed[1].exchange.writeHeaders(200, Headers())
    scene.otherServed[1].exchange.abortConnection()
    scene.settle()
    assert type(asked.problem) is Cancelled
    assert scene.session.underWay == scene.peer.underWay == 0


def test_abortBeforeItWasSentIsNotSent() -> None:
    scene = Scene()
    first, second = scene.ask(hasContent=True), scene.ask()
    first.exchange.abortConnection()
    scene.settle()
    assert [type(message) for message in scene.peer.received] == [Request]
    assert scene.session.underWay == 1
    assert second.problem is None


def test_numbersAreInTheOrderOfMessages() -> None:
    """
    A request that is sent first has the lower number, though it was started
    later.
    """
    scene = Scene(dialled=True)
    waits = scene.ask(b"POST", b"/waits", hasContent=True)
    scene.ask(b"GET", b"/goes")
    scene.settle()
    assert [(m.exchange, m.path) for m in scene.peer.take()] == [
        (1, b"/goes"),
        (3, b"/waits"),
    ]
    waits.exchange.finish()
    scene.settle()
    assert scene.peer.take() == [HandleContentComplete(3, None)]


def test_earlyAnswerStopsTheRequest() -> None:
    """
    When the response is whole, no more of the request is sent.
    """
    scene = Scene(window=1024)
    asked = scene.ask(b"POST", hasContent=True)
    asked.exchange.writeData(b"x" * 5000)
    scene.settle()
    scene.peer.take()
    scene.say(WriteHeaders(2, 413, (), None, None, True))
    scene.say(Ping(0, 1))
    assert asked.calls == ["head", "complete"]
    assert scene.peer.take() == [Pong(0, 1)]
    asked.exchange.writeData(b"late")
    asked.exchange.finish()
    assert scene.session.underWay == 0


def test_stopFromAServer() -> None:
    """
    A server that doesn't want the content gets no more, and can still answer.
    """
    scene = Scene(window=1024)
    asked = scene.ask(b"POST", hasContent=True)
    asked.exchange.writeData(b"x" * 5000)
    scene.settle()
    scene.say(StopProducing(2))
    scene.peer.take()
    asked.exchange.writeData(b"x")
    asked.exchange.finish()
    scene.say(Credit(2, 5000))
    assert scene.peer.take() == []
    scene.say(WriteHeaders(2, 200, (), None, b"fine", True))
    assert asked.content == b"fine"


def test_stopFromACaller() -> None:
    """
    A caller that doesn't want the content of the response, but isn't finished
    itself, gets none, and the server's producer is stopped.
    """
    scene = Scene(window=1024)
    stops: list[str] = []

    class Source:
        def pauseProducing(self) -> None:
            pass

        resumeProducing = pauseProducing

        def stopProducing(self) -> None:
            stops.append("stopped")

    scene.say(request(1, complete=False))
    (served,) = scene.served
    served.exchange.writeHeaders(200, Headers())
    served.exchange.registerProducer(Source(), True)
    served.exchange.writeData(b"x" * 5000)
    scene.settle()
    scene.peer.take()
    scene.say(StopProducing(1))
    assert stops == ["stopped"]
    served.exchange.writeData(b"more")
    served.exchange.finish()
    scene.settle()
    assert scene.peer.take() == [Finish(1, None)]


@pytest.mark.parametrize("finished", [False, True])
def test_stopFromACallerInTime(finished: bool) -> None:
    """
    So does one that says it before the head, or after all was written.
    """
    scene = Scene(window=1024)
    scene.say(request(1, complete=False))
    (served,) = scene.served
    if finished:
        served.answer(b"x" * 5000)
        scene.settle()
        scene.peer.take()
        scene.say(StopProducing(1))
        assert scene.peer.take() == [Finish(1, None)]
    else:
        scene.say(StopProducing(1))
        served.answer(b"x" * 5000)
        scene.settle()
        assert scene.peer.take() == [WriteHeaders(1, 200, (), None, None, True)]


# Places.


def test_requestsWaitForAPlace() -> None:
    limits = RPCLimits(waiting=2)
    scene = Scene(limits=limits, exchanges=2)
    asked = [scene.ask(uri=b"/%d" % number) for number in range(5)]
    scene.settle()
    assert [message.path for message in scene.peer.take()] == [b"/0", b"/1"]
    assert isinstance(asked[4].problem, Unavailable)
    scene.say(WriteHeaders(4, 200, (), None, None, True))
    assert [message.path for message in scene.peer.take()] == [b"/2"]
    asked[0].exchange.abortConnection()
    scene.settle()
    assert scene.peer.take() == [
        AbortConnection(2, 0, ""),
        Request(8, b"GET", b"/3", 11, (), None, True, None),
    ]


def test_whoGivesUpWaitingIsForgotten() -> None:
    scene = Scene(exchanges=1)
    first, second, third = (scene.ask(uri=path) for path in (b"/1", b"/2", b"/3"))
    second.exchange.abortConnection()
    assert scene.session.underWay == 2
    first.exchange.abortConnection()
    scene.settle()
    assert [message.path for message in scene.peer.take(Request)] == [b"/1", b"/3"]
    assert third.problem is None


# What may not go on a wire.


@pytest.mark.parametrize(
    ("method", "uri", "headers"),
    [
        (b"GE T", b"/", []),
        (b"", b"/", []),
        (b"GET", b"/a b", []),
        (b"GET", b"", []),
        (b"GET", b"/\r\n", []),
        (b"GET", b"ftp://a/", []),
        (b"GET", b"/", [("Content-Length", "x")]),
        (b"GET", b"/", [("Content-Length", "1"), ("Content-Length", "1")]),
    ],
)
def test_badRequestsAreNotSent(method: bytes, uri: bytes, headers: Any) -> None:
    scene = Scene()
    with pytest.raises(LocalProtocolError):
        scene.ask(method, uri, Headers(headers))
    assert scene.session.underWay == 0


@pytest.mark.parametrize(
    ("method", "uri", "target", "fields"),
    [
        (b"GET", b"http://a.example/b?c", b"/b?c", (b"Host", b"a.example")),
        (b"GET", b"http://a.example", b"/", (b"Host", b"a.example")),
        (b"OPTIONS", b"*", b"*", ()),
        (b"GET", b"/b", b"/b", ()),
    ],
)
def test_target(
    method: bytes, uri: bytes, target: bytes, fields: tuple[bytes, ...]
) -> None:
    scene = Scene()
    scene.ask(method, uri)
    scene.settle()
    (sent,) = scene.peer.take()
    assert (sent.path, sent.fields) == (target, fields)


def test_fieldsOfTheHopStayHere() -> None:
    scene = Scene()
    headers = Headers(
        [
            ("Connection", "x-mine"),
            ("X-Mine", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Upgrade", "h2c"),
            ("Accept", "*/*"),
        ]
    )
    scene.ask(headers=headers)
    scene.settle()
    assert scene.peer.take()[0].fields == (b"Accept", b"*/*")
    assert len(headers) == 5


def test_headTooLongForThePeer() -> None:
    """
    What the peer would refuse isn't sent, and nobody else suffers.
    """
    scene = Scene(frame=32 * 1024)
    large = Headers([("A", "b" * 40_000)])
    asked = scene.ask(headers=large)
    scene.settle()
    assert isinstance(asked.problem, LimitExceeded)
    scene.say(request(1))
    scene.served[0].exchange.writeHeaders(200, large)
    scene.served[0].exchange.finish()
    scene.settle()
    (abort,) = scene.peer.take()
    assert abort[:2] == (1, Reason.LIMIT)
    scene.ask()
    scene.settle()
    assert scene.peer.take(Request)[0].exchange == 2
    assert scene.session.underWay == 1


def test_contentOfAHeadThatIsTooLong() -> None:
    """
    Is not sent, and so its credit isn't spent; nor is an end sent.
    """
    scene = Scene(frame=32 * 1024, connectionWindow=1500)
    large = Headers([("A", "b" * 40_000)])
    asked = scene.ask(b"POST", headers=large, hasContent=True)
    asked.exchange.writeData(b"x" * 1000)
    scene.say(request(1), request(3))
    first, second = scene.served
    first.exchange.writeHeaders(200, large)
    first.exchange.writeData(b"x" * 1000)
    first.exchange.finish(Headers([("Digest", "x")]))
    second.answer(b"y" * 1500)
    scene.settle()
    assert [type(message) for message in scene.peer.take()] == [
        AbortConnection,
        WriteHeaders,
    ]


def test_stopBeforeTheHead() -> None:
    """
    A caller that wants the head only gets it, whenever it says so.
    """
    scene = Scene()
    early, late = scene.ask(uri=b"/early"), scene.ask(uri=b"/late", hasContent=True)
    late.exchange.stopProducing()
    scene.settle()
    early.exchange.stopProducing()
    scene.settle()
    late.exchange.finish()
    scene.settle()
    assert scene.peer.take() == [
        Request(2, b"GET", b"/early", 11, (), None, True, None),
        Request(4, b"GET", b"/late", 11, (), None, False, None),
        StopProducing(4),
        StopProducing(2),
        HandleContentComplete(4, None),
    ]
    for number, asked in ((2, early), (4, late)):
        scene.say(WriteHeaders(number, 200, (), None, b"unwanted", True))
        assert asked.calls == ["head"]
        assert asked.content == b""
    assert scene.session.underWay == 0


def test_manyThatFailWhileTheyWait() -> None:
    """
    A thousand requests that the peer won't take fail one after the other.
    """
    scene = Scene(exchanges=1, frame=32 * 1024)
    large = Headers([("A", "b" * 40_000)])
    first = scene.ask()
    asked = [scene.ask(headers=large) for _ in range(1000)]
    last = scene.ask()
    first.exchange.abortConnection()
    scene.settle()
    assert all(isinstance(one.problem, LimitExceeded) for one in asked)
    assert last.problem is None
    assert scene.session.underWay == 1


@pytest.mark.parametrize(
    "limits",
    [{"window": 1}, {"connectionWindow": 2**31}, {"exchanges": -1}, {"frame": 1000}],
    ids=str,
)
def test_limitsThatNoPeerUnderstands(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        RPCLimits(**limits)
