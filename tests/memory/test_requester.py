"""
The calling end in memory.
"""

from __future__ import annotations

import gc
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from penstock.core.errors import (
    Cancelled,
    InvalidField,
    LocalProtocolError,
    PeerGone,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import IRequester
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.core.testing.recorder import (
    PushSource,
    RequestRecorder,
    ResponseRecorder,
)
from penstock.transports.memory import MemoryRequester
from penstock.transports.memory.requester import MAX_DEPTH


class Echo(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        return request.uri + b" " + request.host

    def render_POST(self, request: Any) -> bytes:
        return bytes(request.body)


def recording(**terms: Any) -> tuple[MemoryRequester, list[RequestRecorder]]:
    served: list[RequestRecorder] = []

    def factory(*args: Any) -> RequestRecorder:
        served.append(RequestRecorder(*args))
        return served[-1]

    return MemoryRequester(factory, **terms), served


def test_interface() -> None:
    """
    It is an L{IRequester}.
    """
    assert verifyObject(IRequester, recording()[0])


@pytest.mark.parametrize("method", [b"", b"GE T", b"GET\r", b"G\x00", b"G:T", b"\xc3"])
def test_badMethods(method: bytes) -> None:
    """
    A method that may not go on a wire doesn't go here either.
    """
    requester, served = recording()
    for _ in range(2):
        with pytest.raises(LocalProtocolError, match="token"):
            requester.startRequest(method, b"/", Headers(), ResponseRecorder())
    assert served == []


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        (b"GET", b""),
        (b"GET", b"/a b"),
        (b"GET", b"/\r\nX: y"),
        (b"GET", b"/\xc3\xa9"),
        (b"GET", b"/#fragment"),
        (b"GET", b"relative"),
        (b"GET", b"*"),
        (b"GET", b"http://"),
        (b"GET", b"http:///path"),
        (b"GET", b"http:/h/"),
        (b"GET", b"http://user:secret@h/"),
        (b"GET", b"http://h:99999/"),
        (b"GET", b"ftp://h/"),
        (b"CONNECT", b"h:443"),
    ],
)
def test_badTargets(method: bytes, uri: bytes) -> None:
    """
    The same for a target.
    """
    requester, served = recording()
    with pytest.raises(LocalProtocolError):
        requester.startRequest(method, uri, Headers(), ResponseRecorder())
    assert served == []


@pytest.mark.parametrize("host", ["", "a b", "a/b", "h:port", "[::1", "a@b"])
def test_badHosts(host: str) -> None:
    """
    A Host that no server would take is refused here.
    """
    requester, served = recording()
    with pytest.raises(LocalProtocolError, match="Host"):
        requester.startRequest(
            b"GET", b"/", Headers([("Host", host)]), ResponseRecorder()
        )
    with pytest.raises(LocalProtocolError):
        MemoryRequester(requester.startRequest, host=host.encode())
    assert served == []


def test_twoHosts() -> None:
    """
    There is one Host.
    """
    requester, served = recording()
    headers = Headers([("Host", "a"), ("Host", "b")])
    with pytest.raises(LocalProtocolError, match="Host"):
        requester.startRequest(b"GET", b"/", headers, ResponseRecorder())
    assert served == []


@pytest.mark.parametrize(
    "value", ["+1", "-1", "1_0", "0x10", "1 2", "1,1", "", "9" * 40, "\xb2"]
)
def test_badLengths(value: str) -> None:
    """
    A Content-Length that isn't one number is refused.
    """
    requester, served = recording()
    headers = Headers([("Content-Length", value)])
    with pytest.raises(LocalProtocolError, match="Content-Length"):
        requester.startRequest(b"POST", b"/", headers, ResponseRecorder(), True)
    assert served == []


@pytest.mark.parametrize(
    "value",
    [
        "a\rb",
        "a\nb",
        "a\x00b",
        "a\x0bb",
        "a\x0cb",
        "a\x1cb",
        "a\x1db",
        "a\x1eb",
        "a\x7f",
    ],
)
def test_badFields(value: str) -> None:
    """
    What could be taken for the end of a line never gets into a message.
    """
    requester, served = recording()
    with pytest.raises(InvalidField):
        requester.startRequest(
            b"GET", b"/", Headers([("X", value)]), ResponseRecorder()
        )
    requester.startRequest(b"GET", b"/", Headers(), ResponseRecorder())
    with pytest.raises(InvalidField):
        served[0].answer(b"", 200, [("X", value)])
    assert served[0].exchange.stage.name == "WAITING"


@pytest.mark.parametrize(
    ("method", "uri", "target", "host"),
    [
        (b"GET", b"/a?b", b"/a?b", b"localhost"),
        (b"GET", b"http://h:8080/a?b", b"/a?b", b"h:8080"),
        (b"GET", b"HTTPS://[::1]", b"/", b"[::1]"),
        (b"GET", b"http://h?q", b"/?q", b"h"),
        (b"OPTIONS", b"*", b"*", b"localhost"),
        (b"OPTIONS", b"http://h", b"*", b"h"),
    ],
)
def test_targets(method: bytes, uri: bytes, target: bytes, host: bytes) -> None:
    """
    An absolute URI becomes a path and a Host field, twice in the same way.
    """
    requester, served = recording()
    for _ in range(2):
        requester.startRequest(method, uri, Headers(), ResponseRecorder())
        assert served[-1].path == target
        assert list(served[-1].in_headers) == [(b"Host", host)]


def test_whoseHost() -> None:
    """
    The Host field is that of the URI, else the caller's, else the requester's.
    """
    requester, served = recording(host=b"ours.test")
    headers = Headers([("X-A", "1"), ("host", "theirs.test")])
    requester.startRequest(b"GET", b"http://uri.test/", headers, ResponseRecorder())
    requester.startRequest(b"GET", b"/", headers, ResponseRecorder())
    requester.startRequest(b"GET", b"/", Headers(), ResponseRecorder())
    assert [list(s.in_headers.getRaw("host")) for s in served] == [
        [b"uri.test"],
        [b"theirs.test"],
        [b"ours.test"],
    ]
    assert list(served[1].in_headers) == [(b"Host", b"theirs.test"), (b"X-A", b"1")]


@pytest.mark.parametrize("terms", [{"window": 0}, {"piece": 0}, {"window": -5}])
def test_windowsOfNothing(terms: dict[str, int]) -> None:
    """
    Nothing would ever go through.
    """
    with pytest.raises(ValueError, match="at least one"):
        MemoryRequester(Site(Resource()), **terms)  # type: ignore[arg-type]


def _result(deferred: Deferred[Any]) -> Any:
    results: list[Any] = []
    deferred.addBoth(results.append)
    assert results, "it hasn't fired"
    return results[0]


def test_requestAtOnce() -> None:
    """
    C{request} has fired when it returns, if the answer was there.
    """
    requester = MemoryRequester(Site(Echo()))
    response = _result(requester.request("GET", "http://h/x"))
    assert response.code == 200
    assert _result(response.read()) == b"/x h"


def test_requestWithBodies() -> None:
    """
    Any kind of body goes, and with the clock's help also one that has to wait.
    """

    async def letters() -> Any:
        for letter in (b"a", b"b", b"c"):
            yield letter

    for body in (b"abc", "abc", iter([b"a", b"bc"]), letters()):
        requester = MemoryRequester(Site(Echo()))
        answered = requester.request("POST", "/", body=body)
        requester.clock.advance(0)
        assert _result(_result(answered).read()) == b"abc"


def test_awaiting() -> None:
    """
    A coroutine that asks a thousand times needs neither clock nor stack.
    """
    requester = MemoryRequester(Site(Echo()))

    async def ask() -> int:
        size = 0
        for n in range(1000):
            response = await requester.request("GET", f"/{n}")
            size += len(await response.read())
        return size

    assert _result(Deferred.fromCoroutine(ask())) > 10_000


def test_cancelling() -> None:
    """
    Cancelling the Deferred gives the exchange up.
    """
    requester, served = recording()
    answered = requester.request("GET", "/")
    answered.cancel()
    answered.addErrback(lambda failure: None)
    assert served[0].reason is not None
    assert served[0].reason.type is Cancelled
    assert requester.underWay == ()


def test_givingUpAtOnce() -> None:
    """
    A caller who gives up inside C{requestStarted} asks nothing.
    """
    requester, served = recording()
    client = ResponseRecorder(
        {"requestStarted": lambda c: c.exchange.abortConnection()}
    )
    requester.startRequest(b"GET", b"/", Headers(), client)
    assert served == []
    assert requester.underWay == ()


def test_oneInsideTheOther() -> None:
    """
    Whoever starts a request whenever one ends doesn't run out of stack.
    """
    requester = MemoryRequester(Site(Echo()))
    seen: list[bytes] = []

    def again(client: Any) -> None:
        seen.append(client.content)
        if len(seen) < 3000:
            following = ResponseRecorder({"handleContentComplete": again})
            requester.startRequest(b"GET", b"/%d" % len(seen), Headers(), following)

    requester.startRequest(
        b"GET", b"/", Headers(), ResponseRecorder({"handleContentComplete": again})
    )
    requester.clock.advance(0)
    assert len(seen) == 3000
    assert seen[2999] == b"/2999 localhost"


def test_contentBeforeTheBeginning() -> None:
    """
    A request that has to wait for its turn may be sent and ended before it
    begins, or be given up and never begin.
    """
    served: list[RequestRecorder] = []

    def factory(*args: Any) -> RequestRecorder:
        request = RequestRecorder(*args)
        served.append(request)
        depth = int(request.path[1:])
        if depth:
            ask(depth - 1)
        return request

    def ask(depth: int) -> None:
        client = ResponseRecorder()
        path = b"/%d" % depth
        requester.startRequest(b"POST", path, Headers(), client, True)
        begun = len(served)
        client.exchange.writeData(b"%d" % depth)
        client.exchange.finish()
        if begun < 12 - depth:
            # It couldn't begin yet.
            twin = ResponseRecorder()
            requester.startRequest(b"GET", path, Headers(), twin)
            twin.exchange.abortConnection()

    requester = MemoryRequester(factory)
    ask(11)
    assert len(served) == MAX_DEPTH
    requester.clock.advance(0)
    assert [s.command for s in served] == [b"POST"] * 12
    assert [s.content for s in served] == [b"%d" % n for n in range(11, -1, -1)]
    assert all(s.complete for s in served)


def test_breakConnections() -> None:
    """
    All that is under way is lost, on both sides.
    """
    requester, served = recording()
    clients = [ResponseRecorder() for _ in range(3)]
    for client in clients:
        requester.startRequest(b"GET", b"/", Headers(), client)
    served[1].answer(b"done")
    requester.breakConnections()
    assert [c.reason and c.reason.type for c in clients] == [PeerGone, None, PeerGone]
    assert [s.reason and s.reason.type for s in served] == [PeerGone, None, PeerGone]
    assert requester.underWay == ()


def test_closing() -> None:
    """
    What is under way is finished first, and nothing else begins.
    """
    requester, served = recording()
    client = ResponseRecorder()
    requester.startRequest(b"GET", b"/", Headers(), client)
    fired: list[None] = []
    for _ in range(2):
        requester.close().addCallback(fired.append)
    assert fired == []
    late = ResponseRecorder()
    requester.startRequest(b"GET", b"/", Headers(), late)
    assert late.names == ["requestStarted", "connectionLost"]
    assert late.reason is not None
    assert late.reason.type is Unavailable
    assert len(served) == 1
    served[0].answer(b"abc")
    assert client.complete
    assert fired == [None, None]
    assert _result(requester.close()) is None


def test_closingIdle() -> None:
    """
    With nothing under way it is closed at once.
    """
    requester, _ = recording()
    assert _result(requester.close()) is None


def test_anyClock() -> None:
    """
    It works on Twisted's own clock, and all it wants of it is callLater.
    """
    clock = Clock()
    requester, served = recording(clock=clock)
    client = ResponseRecorder()
    requester.startRequest(b"GET", b"/", Headers(), client)
    served[0].exchange.writeHeaders(200, Headers())
    PushSource(served[0].exchange, 300_000).register()
    clock.advance(0)
    assert client.complete
    assert requester.clock is clock


def test_noGarbage() -> None:
    """
    An exchange that is over needs no garbage collector to go away.
    """
    requester = MemoryRequester(Site(Echo()))

    def ask() -> None:
        requester.startRequest(b"GET", b"/", Headers(), ResponseRecorder())
        client = ResponseRecorder()
        up = requester.startRequest(b"POST", b"/", Headers(), client, True)
        up.writeData(b"abc")
        up.finish()
        requester.clock.advance(0)

    ask()
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            ask()
        assert gc.collect() == 0
    finally:
        gc.enable()
