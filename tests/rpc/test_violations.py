"""
What a peer must not do, and what comes of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import (
    Cancelled,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.transports.rpc.codec import MAGIC, frame
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Finish,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Hello,
    Message,
    Ping,
    Pong,
    Reason,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

from .wires import Scene, request

LIMITS = RPCLimits(window=4096, connectionWindow=8192, exchanges=3, resets=5)


def complaint(scene: Scene) -> GoAway:
    """
    The connection is closed; its last message said why.
    """
    scene.settle()
    assert scene.isClosed
    assert scene.peer.isLost
    last = scene.peer.received[-1]
    assert isinstance(last, GoAway)
    return last


GREETINGS: dict[str, tuple[bytes, int]] = {
    "http": (b"GET / HTTP/1.1\r\n\r\n", Reason.PROTOCOL),
    "echo": (MAGIC + frame(Greeting().hello(False)), Reason.PROTOCOL),
    "old": (MAGIC + frame(Hello(0, 0, True, ())), Reason.UNSUPPORTED),
    "requires": (
        MAGIC + frame(Greeting(requires=("levitation",)).hello(True)),
        Reason.UNSUPPORTED,
    ),
    "no hello": (MAGIC + frame(Ping(0, 1)), Reason.PROTOCOL),
    "request first": (MAGIC + frame(request(1)), Reason.PROTOCOL),
    "tiny window": (MAGIC + frame(Greeting(window=1).hello(True)), Reason.PROTOCOL),
    "tiny frame": (MAGIC + frame(Greeting(frame=100).hello(True)), Reason.PROTOCOL),
    "no exchanges": (
        MAGIC + frame(Greeting(exchanges=-1).hello(True)),
        Reason.PROTOCOL,
    ),
    "window of a float": (
        MAGIC + frame(Hello(0, 1, True, ("window", 65536.0))),
        Reason.PROTOCOL,
    ),
    "features as a text": (
        MAGIC + frame(Hello(0, 1, True, ("features", "abc"))),
        Reason.PROTOCOL,
    ),
    "features as numbers": (
        MAGIC + frame(Hello(0, 1, True, ("features", (1, 2)))),
        Reason.PROTOCOL,
    ),
}


@pytest.mark.parametrize(("wire", "reason"), GREETINGS.values(), ids=GREETINGS)
def test_greetingIsRefused(wire: bytes, reason: int) -> None:
    scene = Scene(greets=False)
    scene.peer.write(wire)
    assert complaint(scene).reason == reason
    assert scene.served == []


def test_unknownParametersMeanNothing() -> None:
    scene = Scene(greets=False)
    hello = Hello(0, 7, True, ("window", 2048, "colour", (1, (2,)), "exchanges", 1))
    scene.peer.write(MAGIC + frame(hello))
    scene.settle()
    assert scene.session.peer == Greeting(window=2048, exchanges=1)


# What may not be said when nothing was asked yet, by who has dialled, of whom
# we haven't asked anything.
STRANGE: dict[str, Message] = {
    "an even request": request(2),
    "a gap": request(3),
    "request 0 parity": request(4),
    "content for nothing": HandleContentChunk(1, b"x"),
    "an end for nothing": HandleContentComplete(1, None),
    "abort of nothing": AbortConnection(1, 0, ""),
    "abort of none of ours": AbortConnection(2, 0, ""),
    "stop of nothing": StopProducing(1),
    "stop of none of ours": StopProducing(2),
    "credit for nothing": Credit(1, 1),
    "credit for none of ours": Credit(2, 1),
    "a response to nothing": WriteHeaders(2, 200, (), None, None, True),
    "a response to itself": WriteHeaders(1, 200, (), None, None, True),
    "an interim response to nothing": WriteIntermediateResponse(2, 103, (), None),
    "response content for nothing": WriteData(2, b"x"),
    "the end of nothing": Finish(2, None),
    "our content": HandleContentChunk(2, b"x"),
    "too much credit": Credit(0, 2**31 - 1),
}


@pytest.mark.parametrize("message", STRANGE.values(), ids=STRANGE)
def test_strange(message: Message) -> None:
    scene = Scene()
    scene.say(message)
    assert complaint(scene).reason == Reason.PROTOCOL


GET = request(1)
POST = request(1, complete=False)
LENGTHY = request(1, b"Content-Length", b"9000", complete=False)

# What may not be said after an exchange has begun that we serve.
DISORDER: dict[str, list[Message]] = {
    "the same number": [GET, GET],
    "the same number while it is open": [POST, POST],
    "content after a whole request": [GET, HandleContentChunk(1, b"x")],
    "an end after a whole request": [GET, HandleContentComplete(1, None)],
    "content after the end": [
        POST,
        HandleContentComplete(1, None),
        HandleContentChunk(1, b"x"),
    ],
    "a second end": [
        POST,
        HandleContentComplete(1, None),
        HandleContentComplete(1, None),
    ],
    "a response to its own request": [GET, WriteHeaders(1, 200, (), None, None, True)],
    "response content to its own request": [GET, WriteData(1, b"x")],
    "content beyond the window": [POST, HandleContentChunk(1, b"x" * 4097)],
    "content beyond the window in the request": [
        request(1, content=b"x" * 4097, complete=False)
    ],
    "credit overflow": [GET, Credit(1, 2**31 - 1)],
    "a second goodbye": [GET, GoAway(0, 0, 0, ""), GoAway(0, 0, 0, "")],
}


@pytest.mark.parametrize("messages", DISORDER.values(), ids=DISORDER)
@pytest.mark.parametrize("together", [True, False], ids=["together", "apart"])
def test_disorder(messages: list[Message], together: bool) -> None:
    scene = Scene(limits=LIMITS)
    if together:
        scene.say(*messages)
    else:
        for message in messages:
            scene.say(message)
    assert complaint(scene).reason == Reason.PROTOCOL
    (served,) = scene.served or [None]
    if served is not None:
        assert served.calls[-1] == "lost"
        assert isinstance(served.problem, PeerProtocolError)


def test_contentBeyondTheConnectionsWindow() -> None:
    """
    The window of the connection counts for all exchanges together.
    """
    scene = Scene(limits=LIMITS)
    for number in (1, 3, 5):
        scene.say(request(number, complete=False))
        scene.served[-1].exchange.pauseProducing()
    for number, size in ((1, 4096), (3, 4096)):
        scene.say(HandleContentChunk(number, b"x" * size))
    assert not scene.isClosed
    scene.say(HandleContentChunk(5, b"x"))
    assert complaint(scene).reason == Reason.PROTOCOL


HEAD = WriteHeaders(2, 200, (), None, None, False)

# What may not be said in answer to a request of ours.
ANSWERS: dict[str, list[Message]] = {
    "content before the head": [WriteData(2, b"x")],
    "the end before the head": [Finish(2, None)],
    "two heads": [HEAD, HEAD],
    "an interim response after the head": [
        HEAD,
        WriteIntermediateResponse(2, 103, (), None),
    ],
    "our own content": [HandleContentChunk(2, b"x")],
    "our own end": [HandleContentComplete(2, None)],
    "our own request": [request(2)],
}


@pytest.mark.parametrize("messages", ANSWERS.values(), ids=ANSWERS)
def test_answersOutOfOrder(messages: list[Message]) -> None:
    scene = Scene()
    asked = scene.ask()
    scene.settle()
    scene.say(*messages)
    assert complaint(scene).reason == Reason.PROTOCOL
    assert isinstance(asked.problem, PeerProtocolError)


def test_nothingIsTakenAfterAViolation() -> None:
    scene = Scene()
    scene.peer.say(request(3), request(1))
    scene.peer.say(request(1))
    scene.settle()
    assert scene.served == []


# Messages for an exchange that is over, that were on their way.
LATE: dict[str, Message] = {
    "content": HandleContentChunk(1, b"x"),
    "end": HandleContentComplete(1, None),
    "abort": AbortConnection(1, 0, ""),
    "stop": StopProducing(1),
    "credit": Credit(1, 10),
}


@pytest.mark.parametrize("message", LATE.values(), ids=LATE)
@pytest.mark.parametrize("end", ["answered", "aborted"])
def test_lateForOursIsDropped(message: Message, end: str) -> None:
    scene = Scene()
    scene.say(POST)
    (served,) = scene.served
    if end == "answered":
        served.answer()
    else:
        served.exchange.abortConnection()
    scene.settle()
    scene.say(message)
    scene.say(Ping(0, 3))
    assert scene.peer.received[-1] == Pong(0, 3)
    assert served.calls == []


LATE_ANSWERS: dict[str, Message] = {
    "interim response": WriteIntermediateResponse(2, 103, (), None),
    "head": WriteHeaders(2, 200, (), None, b"x", False),
    "whole": WriteHeaders(2, 200, (), None, b"x", True),
    "content": WriteData(2, b"x"),
    "end": Finish(2, None),
    "abort": AbortConnection(2, 0, ""),
    "stop": StopProducing(2),
    "credit": Credit(2, 10),
}


@pytest.mark.parametrize("message", LATE_ANSWERS.values(), ids=LATE_ANSWERS)
def test_lateForTheirsIsDropped(message: Message) -> None:
    scene = Scene()
    asked = scene.ask()
    scene.settle()
    asked.exchange.abortConnection()
    scene.settle()
    scene.say(message)
    scene.say(Ping(0, 3))
    assert scene.peer.received[-1] == Pong(0, 3)
    assert asked.calls == []


def test_lateContentGivesItsCreditBack() -> None:
    """
    However much comes for an exchange that is over, the connection has room.
    """
    scene = Scene(limits=LIMITS)
    scene.say(POST)
    scene.served[0].answer()
    given = 0
    for _ in range(30):
        scene.say(HandleContentChunk(1, b"x" * 1024))
        for credit in scene.peer.take(Credit):
            assert credit.exchange == 0
            given += credit.octets
    assert not scene.isClosed
    assert given >= 30 * 1024 - 8192


def test_tooManyRequestsAreRefused() -> None:
    """
    What is beyond the limit may be sent again.
    """
    scene = Scene(limits=LIMITS)
    for number in (1, 3, 5, 7):
        scene.say(request(number, content=b"abc", complete=False))
    assert len(scene.served) == 3
    assert scene.peer.take() == [AbortConnection(7, Reason.UNAVAILABLE, "")]
    scene.served[0].answer()
    scene.say(HandleContentChunk(7, b"late"), request(9))
    assert len(scene.served) == 4


def test_refusedIsUnavailable() -> None:
    scene = Scene()
    asked = scene.ask()
    scene.say(AbortConnection(2, Reason.UNAVAILABLE, ""))
    assert isinstance(asked.problem, Unavailable)


def test_refusedTooLateIsCancelled() -> None:
    """
    Once it was answered, nobody may claim that it wasn't processed.
    """
    scene = Scene()
    asked = scene.ask()
    scene.say(HEAD, AbortConnection(2, Reason.UNAVAILABLE, ""))
    assert type(asked.problem) is Cancelled


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (0, Cancelled),
        (2, Any),
        (3, PeerProtocolError),
        (4, LimitExceeded),
        (77, Cancelled),
    ],
)
def test_abortReasons(reason: int, kind: Any) -> None:
    scene = Scene()
    asked = scene.ask()
    scene.say(AbortConnection(2, reason, "so there"))
    assert kind is Any or type(asked.problem) is kind
    assert "so there" in str(asked.problem)


def test_resetFlood() -> None:
    """
    Requests that are given up again and again end the connection.
    """
    scene = Scene(limits=LIMITS)
    for number in range(1, 21, 2):
        scene.peer.say(request(number), AbortConnection(number, 0, ""))
    assert complaint(scene).reason == Reason.LIMIT
    assert len(scene.served) == 6


def test_openFlood() -> None:
    """
    So do requests that there is no place for.
    """
    scene = Scene(limits=LIMITS)
    for number in range(1, 41, 2):
        scene.peer.say(request(number))
    assert complaint(scene).reason == Reason.LIMIT
    assert len(scene.served) == 3


def test_honestCancelsAreForgiven() -> None:
    """
    Answers, and time, make up for requests that are given up.
    """
    scene = Scene(limits=LIMITS)
    number = 1
    for _ in range(30):
        scene.say(request(number))
        scene.served[-1].answer()
        scene.say(request(number + 2), AbortConnection(number + 2, 0, ""))
        number += 4
    for _ in range(4):
        for _ in range(4):
            scene.say(request(number), AbortConnection(number, 0, ""))
            number += 2
        scene.pipe.advance(5)
        scene.say(Ping(0, 1))
    assert not scene.isClosed


def test_whoReadsNoRepliesIsCutOff() -> None:
    """
    Replies to a peer that doesn't read them don't pile up for ever.
    """
    scene = Scene(limits=RPCLimits(unsent=10_000))
    scene.pipe.right.isReading = False
    for token in range(20_000):
        scene.peer.say(Ping(0, token))
    scene.settle()
    assert scene.session.phase.name == "CLOSING"
    assert len(scene.pipe.left.buffer) < 128 * 1024
    scene.pipe.advance(6)
    assert scene.isClosed


def test_connectionLost() -> None:
    """
    Requests on both sides are lost by the connection's end.
    """
    scene = Scene(other=RPCLimits())
    mine, theirs = scene.ask(), scene.ask(of=scene.peer)
    scene.settle()
    scene.pipe.cut()
    for end in (mine, theirs, scene.served[0], scene.otherServed[0]):
        assert isinstance(end.problem, PeerGone)
        assert end.calls[-1] == "lost"


def test_connectionLostBeforeHello() -> None:
    """
    What the peer can't have seen may be sent again.
    """
    scene = Scene(greets=False)
    asked = scene.ask()
    scene.settle()
    scene.pipe.cut()
    assert isinstance(asked.problem, Unavailable)


FIELDS: dict[str, tuple[Request, int]] = {
    "method with a space": (request(1, method=b"GE T"), 400),
    "empty method": (request(1, method=b""), 400),
    "method with a control": (request(1, method=b"GET\x00"), 400),
    "long method": (request(1, method=b"M" * 257), 501),
    "path with a space": (request(1, path=b"/a b"), 400),
    "path with a line end": (request(1, path=b"/\r\n"), 400),
    "path beyond ASCII": (request(1, path=b"/\xe4"), 400),
    "empty path": (request(1, path=b""), 400),
    "long path": (request(1, path=b"/" + b"a" * 16384), 414),
    "bare CR": (request(1, b"a", b"b\rc"), 400),
    "bare LF": (request(1, b"a", b"b\nContent-Length: 44"), 400),
    "NUL": (request(1, b"a", b"\x00"), 400),
    "vertical tab": (request(1, b"a", b"b\x0bc"), 400),
    "form feed": (request(1, b"a", b"b\x0cc"), 400),
    "file separator": (request(1, b"a", b"b\x1cc"), 400),
    "DEL": (request(1, b"a", b"b\x7fc"), 400),
    "name with a space": (request(1, b"a ", b"b"), 400),
    "name with a colon": (request(1, b"a:", b"b"), 400),
    "name with a tab": (request(1, b"\ta", b"b"), 400),
    "name beyond ASCII": (request(1, b"a\xa0", b"b"), 400),
    "empty name": (request(1, b"", b"b"), 400),
    "white space before": (request(1, b"a", b" b"), 400),
    "white space after": (request(1, b"a", b"b\t"), 400),
    "Connection": (request(1, b"Connection", b"close"), 400),
    "Transfer-Encoding": (request(1, b"transfer-encoding", b"chunked"), 400),
    "Upgrade": (request(1, b"UPGRADE", b"h2c"), 400),
    "TE": (request(1, b"TE", b"trailers"), 400),
    "two Host": (request(1, b"Host", b"a", b"host", b"b"), 400),
    "bad Host": (request(1, b"Host", b"a/b"), 400),
    "empty Host": (request(1, b"Host", b""), 400),
    "two lengths": (
        request(1, b"Content-Length", b"3", b"content-length", b"3", complete=False),
        400,
    ),
    "length with a sign": (
        request(1, b"Content-Length", b"+3", complete=False),
        400,
    ),
    "long length": (
        request(1, b"Content-Length", b"1" * 19, complete=False),
        400,
    ),
    "length of nothing": (request(1, b"Content-Length", b"3"), 400),
    "length of something else": (
        request(1, b"Content-Length", b"3", content=b"ab"),
        400,
    ),
    "many fields": (request(1, *[b"a", b"b"] * 129), 431),
    "large fields": (request(1, b"a", b"b" * 65536), 431),
}


@pytest.mark.parametrize(("message", "code"), FIELDS.values(), ids=FIELDS)
def test_badRequest(message: Request, code: int) -> None:
    """
    It is answered, and nobody sees it; the next one is.
    """
    scene = Scene()
    scene.say(message, request(3))
    assert [request.path for request in scene.served] == [b"/"]
    (answer,) = scene.peer.take()
    assert answer == WriteHeaders(1, code, (b"Content-Length", b"0"), None, None, True)
    scene.say(HandleContentChunk(1, b"late"), HandleContentComplete(1, None))
    assert not scene.isClosed


RESPONSES: dict[str, Message] = {
    "bare LF": WriteHeaders(2, 200, (b"a", b"b\nc"), None, b"x", False),
    "vertical tab": WriteHeaders(2, 200, (b"a", b"b\x0bc"), None, None, True),
    "name with a space": WriteHeaders(2, 200, (b"a b", b"c"), None, None, True),
    "reason with a line end": WriteHeaders(2, 200, (), b"a\r\nb", None, True),
    "reason with NUL": WriteHeaders(2, 200, (), b"\x00", None, True),
    "a field of the hop": WriteHeaders(
        2, 200, (b"Transfer-Encoding", b"chunked"), None, None, True
    ),
    "interim response with bare CR": WriteIntermediateResponse(
        2, 103, (b"a", b"b\rc"), None
    ),
    "interim reason with CR": WriteIntermediateResponse(2, 103, (), b"\r"),
    "content shorter than its length": WriteHeaders(
        2, 200, (b"Content-Length", b"2"), None, b"x", True
    ),
    "content longer than its length": WriteHeaders(
        2, 200, (b"Content-Length", b"2"), None, b"xyz", True
    ),
    "content without content": WriteHeaders(2, 204, (), None, b"x", True),
    "many fields": WriteHeaders(2, 200, (b"a", b"b") * 129, None, None, True),
}


@pytest.mark.parametrize("message", RESPONSES.values(), ids=RESPONSES)
def test_badResponse(message: Message) -> None:
    """
    The exchange is lost at both ends, and the next one isn't.
    """
    scene = Scene()
    first, second = scene.ask(), scene.ask()
    scene.settle()
    scene.peer.take()
    scene.say(message, WriteHeaders(4, 200, (), None, b"fine", True))
    assert isinstance(first.problem, PeerProtocolError)
    assert "complete" not in first.calls
    (abort,) = scene.peer.take()
    assert abort[:2] == (2, Reason.PROTOCOL)
    assert second.content == b"fine"


def test_contentForHead() -> None:
    scene = Scene()
    asked = scene.ask(b"HEAD")
    scene.say(WriteHeaders(2, 200, (b"Content-Length", b"5"), None, None, True))
    assert asked.calls == ["head", "complete"]
    asked = scene.ask(b"HEAD")
    scene.say(WriteHeaders(4, 200, (b"Content-Length", b"5"), None, b"hello", True))
    assert isinstance(asked.problem, PeerProtocolError)


@pytest.mark.parametrize(
    "messages",
    [
        [HandleContentChunk(1, b"abc"), HandleContentComplete(1, None)],
        [HandleContentChunk(1, b"abcdef")],
        [HandleContentChunk(1, b"abcde"), HandleContentComplete(1, (b"a", b"\x00"))],
        [HandleContentChunk(1, b"abcde"), HandleContentComplete(1, (b"a", b"b") * 33)],
    ],
    ids=["short", "long", "bad trailers", "many trailers"],
)
def test_badContent(messages: list[Message]) -> None:
    """
    A request whose content isn't what was said is never whole.
    """
    scene = Scene()
    scene.say(request(1, b"Content-Length", b"5", complete=False), *messages)
    (served,) = scene.served
    assert "complete" not in served.calls
    assert isinstance(served.problem, PeerProtocolError)
    (abort,) = scene.peer.take()
    assert abort[:2] == (1, Reason.PROTOCOL)


def test_trailersThatMayNotBe() -> None:
    """
    Are dropped, on the way in and on the way out.
    """
    scene = Scene()
    fields = (b"Content-Length", b"7", b"Digest", b"x", b"Host", b"a")
    scene.say(POST, HandleContentComplete(1, fields))
    (served,) = scene.served
    assert served.trailers == Headers([("Digest", "x")])
    served.exchange.writeHeaders(200, Headers())
    served.exchange.finish(Headers([("Authorization", "x"), ("Digest", "y")]))
    scene.settle()
    assert scene.peer.take()[-1] == Finish(1, (b"Digest", b"y"))
