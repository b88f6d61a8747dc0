"""
The client for tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from zope.interface.verify import verifyObject

from penstock.core.content import Buffer, Stream
from penstock.core.errors import (
    Cancelled,
    ExchangeLost,
    HTTPError,
    InvalidField,
    LocalProtocolError,
    PeerGone,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import IResponseCallbacks
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.transports.memory import MemoryClient, NeverIdle, StillWaiting


class Hello(Resource):
    def render_GET(self, request: Any) -> str:
        return "Hello, " + request.args.get("name", ["world"])[0]


class Echo(Resource):
    isLeaf = True

    def render_POST(self, request: Any) -> Any:
        return Response(
            request.body,
            headers=[
                ("X-Method", request.method),
                ("X-Length", request.in_headers.get("content-length") or b"none"),
            ],
        )

    render_PUT = render_PATCH = render_DELETE = render_POST


class Slow(Resource):
    """
    Answers after two seconds, and remembers how it ended.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.ended: list[bool] = []

    def render_GET(self, request: Any) -> Deferred[str]:
        request.whenDone().addCallback(
            lambda ignored: self.ended.append(request.disconnected)
        )
        return deferLater(self.clock, 2, lambda: "at last")


class Ticks(Resource):
    """
    A tick each second, for ever.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.over = False

    async def render_GET(self, request: Any) -> AsyncIterator[bytes]:
        return self.ticks()

    async def ticks(self) -> AsyncIterator[bytes]:
        n = 0
        try:
            # The head is to go out at once.
            yield b""
            while True:
                await deferLater(self.clock, 1)
                n += 1
                yield b"%d " % n
        finally:
            self.over = True


class Endless(Resource):
    """
    As much as somebody takes.
    """

    given = 0

    def render_GET(self, request: Any) -> Response:
        return Response(self.blocks())

    def blocks(self) -> Iterator[bytes]:
        while True:
            self.given += 1000
            yield b"x" * 1000


class Upload(Resource):
    """
    Takes content as it comes, or not at all.
    """

    policy = Stream()

    def __init__(self) -> None:
        super().__init__()
        self.gate: Deferred[None] | None = None
        self.chunks: list[bytes] = []
        self.problem: Exception | None = None

    async def render_PUT(self, request: Any) -> str:
        try:
            async for chunk in request.content:
                self.chunks.append(chunk)
                if self.gate is not None:
                    await self.gate
        except ExchangeLost as problem:
            self.problem = problem
            raise
        return f"{sum(map(len, self.chunks))} octets"


@pytest.fixture
def root() -> Resource:
    root = Resource()
    root.putChild("hello", Hello())
    root.putChild("echo", Echo())
    root.putChild("endless", Endless())
    root.putChild("upload", Upload())
    return root


@pytest.fixture
def client(root: Resource) -> Iterator[MemoryClient]:
    with MemoryClient(root) as client:
        root.putChild("slow", Slow(client.clock))
        root.putChild("ticks", Ticks(client.clock))
        yield client


# Whole requests


def test_get(client: MemoryClient) -> None:
    """
    What has been answered is there when the call returns.
    """
    response = client.get("/hello?name=you")
    assert response.code == 200
    assert response.text == "Hello, you"
    assert response.body == b"Hello, you"
    assert response.headers.get("content-type") == b"text/plain; charset=utf-8"
    assert response.complete
    assert response.lost is None
    assert response.trailers is None
    assert response.intermediate == []
    assert response.events == [("headers", 200), ("data", 10), ("complete",)]
    assert repr(response) == "<MemoryExchange GET /hello?name=you: 200, complete>"


def test_interface(client: MemoryClient) -> None:
    """
    An exchange is what a transport calls back.
    """
    assert verifyObject(IResponseCallbacks, client.get("/hello"))


@pytest.mark.parametrize("target", ["/hello", b"/hello"], ids=["str", "bytes"])
@pytest.mark.parametrize("method", ["GET", b"GET"], ids=["str", "bytes"])
def test_textOrOctets(client: MemoryClient, method: Any, target: Any) -> None:
    """
    Methods and targets are text or octets.
    """
    for _ in range(2):
        response = client.request(method, target)
        assert (response.method, response.target) == (b"GET", b"/hello")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html", "X-A": "1"},
        [("Accept", b"text/html"), (b"X-A", "1")],
        Headers([("Accept", "text/html"), ("X-A", "1")]),
    ],
    ids=["mapping", "pairs", "Headers"],
)
def test_headers(headers: Any) -> None:
    """
    Fields are given in any form, and not changed.
    """
    seen: list[Any] = []

    class See(Resource):
        def render_POST(self, request: Any) -> bytes:
            seen.extend(request.in_headers)
            return b""

    with MemoryClient(See(), host=b"example.com") as client:
        client.post("/", b"abc", headers)
        assert len(headers) == 2
    assert seen == [
        (b"Host", b"example.com"),
        (b"Accept", b"text/html"),
        (b"X-A", b"1"),
        (b"content-length", b"3"),
    ]


@pytest.mark.parametrize(
    ("call", "body", "length"),
    [
        ("post", b"abc", b"3"),
        ("put", "\xe4", b"2"),
        ("patch", [b"a", b"", b"b"], b"none"),
        ("post", None, b"0"),
        ("put", b"", b"0"),
        ("delete", None, b"none"),
    ],
)
def test_bodies(client: MemoryClient, call: str, body: Any, length: bytes) -> None:
    """
    A body is octets, text, blocks or nothing; its length is said if it is
    known.
    """
    args = () if call == "delete" else (body,)
    response = getattr(client, call)("/echo", *args)
    if isinstance(body, list):
        body = b"".join(body)
    elif isinstance(body, str):
        body = body.encode()
    assert response.body == (body or b"")
    assert response.headers.get("x-method") == call.upper().encode()
    assert response.headers.get("x-length") == length


def test_otherMethods(client: MemoryClient) -> None:
    """
    HEAD, OPTIONS and whatever else is a token.
    """
    response = client.head("/hello")
    assert (response.code, response.body) == (200, b"")
    assert response.headers.get("content-length") == b"12"
    assert client.options("/hello").headers.get("allow") == b"GET, HEAD, OPTIONS"
    assert client.request("BREW", "/hello").code == 501


def test_forms(client: MemoryClient) -> None:
    """
    Targets stand as they are in the request line.
    """
    assert client.get("http://example.com/hello").code == 200
    assert client.options("*").code == 200
    assert client.request("CONNECT", "example.com:443").code == 501
    assert client.get("http:///hello").code == 400
    assert client.get("*").code == 400


def test_json(client: MemoryClient) -> None:
    """
    A body in JSON, and one that isn't.
    """
    assert client.post("/echo", '{"a": [1, 2]}').json() == {"a": [1, 2]}
    with pytest.raises(ValueError, match="Expecting value"):
        client.post("/echo", "no").json()


def test_charsets() -> None:
    """
    Text is decoded as its media type says.
    """

    class Latin(Resource):
        contentType = "text/plain; charset=iso-8859-1"

        def render_GET(self, request: Any) -> bytes:
            return b"\xe4"

    assert MemoryClient(Latin()).get("/").text == "\xe4"


def test_aFactoryWillDo(root: Resource) -> None:
    """
    Something else than a resource is called as a request factory.
    """
    assert MemoryClient(Site(root)).get("/hello").code == 200


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GE T", "/", None),
        ("G\xc4T", "/", None),
        ("GET", "/a b", None),
        ("GET", "/\xe4", None),
        ("GET", "", None),
        ("GET", "/", {"Host": "a b"}),
        ("GET", "/", {"Host": ""}),
    ],
)
def test_refusals(client: MemoryClient, method: str, target: str, headers: Any) -> None:
    """
    What may not go on a wire is refused where it is asked for.
    """
    for call in (client.request, client.open):
        with pytest.raises(LocalProtocolError):
            call(method, target, headers)


def test_badFields(client: MemoryClient) -> None:
    """
    So are fields that may not.
    """
    with pytest.raises(InvalidField):
        client.get("/hello", {"X-A": "a\r\nX-B: b"})
    with pytest.raises(LocalProtocolError, match="Content-Length"):
        client.open(
            "POST", "/echo", [("Content-Length", "1"), ("Content-Length", "2")],
            contentLength=None,
        )  # fmt: skip


# Waiting


def test_notAnsweredYet(client: MemoryClient) -> None:
    """
    A call that can't be answered without time says what it waits for, and
    nothing is lost.
    """
    with pytest.raises(StillWaiting, match=r"GET /slow: no answer.* in 2 s") as caught:
        client.get("/slow")
    exchange = caught.value.exchange
    client.advance(2)
    assert exchange.text == "at last"


def test_neverAnswered() -> None:
    """
    It also says if nothing is going to happen.
    """

    class Mute(Resource):
        def render_GET(self, request: Any) -> None:
            pass

    client = MemoryClient(Mute())
    with pytest.raises(StillWaiting, match="nothing is scheduled"):
        client.get("/")


def test_virtualTime(client: MemoryClient) -> None:
    """
    Time passes when the test says so.
    """
    exchange = client.open("GET", "/slow")
    assert exchange.code is None
    assert len(exchange.headers) == 0
    client.advance(1.9)
    assert exchange.events == []
    client.advance(0.1)
    assert exchange.complete


def test_ownClock() -> None:
    """
    A Clock of Twisted's serves as well, and may be advanced directly.
    """
    clock = Clock()
    client = MemoryClient(Slow(clock), clock)
    exchange = client.open("GET", "/")
    clock.advance(2)
    assert exchange.text == "at last"


def test_streaming(client: MemoryClient) -> None:
    """
    A response that never ends is read as it comes.
    """
    ticks = client.open("GET", "/ticks")
    client.advance(3)
    assert ticks.code == 200
    assert ticks.read() == b"1 2 3 "
    assert ticks.read() == b""
    client.advance(2)
    assert ticks.body == b"4 5 "
    assert not ticks.complete
    with pytest.raises(StillWaiting, match="isn't complete"):
        ticks.json()
    ticks.disconnect()
    client.advance(1)
    assert type(ticks.lost) is PeerGone
    with pytest.raises(PeerGone):
        ticks.json()
    assert repr(ticks) == "<MemoryExchange GET /ticks: 200, lost (PeerGone)>"


def test_headBeforeTheContent(client: MemoryClient) -> None:
    """
    A call returns when the head is there, whatever becomes of the content.
    """
    assert client.get("/hello").complete
    ticks = client.get("/ticks")
    assert ticks.code == 200
    assert ticks.body == b""
    client.advance(1)
    assert ticks.body == b"1 "
    ticks.cancel()


def test_endlessIsBounded(root: Resource) -> None:
    """
    A body without an end is collected up to the limit, then there is
    back-pressure, until it is read.
    """
    endless: Any = root.children["endless"]
    with MemoryClient(root, limit=100_000, window=5000) as client:
        response = client.get("/endless")
        assert len(response.body) == 100_000
        assert not response.complete
        assert response.maxResponseBacklog == 5000
        assert endless.given == 105_000
        assert len(response.read()) == 100_000
        assert len(response.body) == 100_000
        response.disconnect()


def test_loopsAreFound() -> None:
    """
    A resource that never rests fails the test instead of hanging it.
    """

    class Restless(Resource):
        def render_GET(self, request: Any) -> None:
            self.again()

        def again(self) -> None:
            client.clock.callLater(0, self.again)

    client = MemoryClient(Restless())
    with pytest.raises(NeverIdle):
        client.get("/")


# Step by step


def test_uploading(client: MemoryClient, root: Resource) -> None:
    """
    Content is sent piece by piece, and read as it comes.
    """
    upload: Any = root.children["upload"]
    exchange = client.open("PUT", "/upload", contentLength=None)
    exchange.send(b"one")
    assert upload.chunks == [b"one"]
    exchange.send(b"two")
    assert exchange.code is None
    exchange.end()
    assert exchange.text == "6 octets"
    exchange.send(b"late")
    assert exchange.clientRequest.lateCalls == ("writeData",)


def test_knownLength(client: MemoryClient) -> None:
    """
    A length that is said is kept.
    """
    exchange = client.open("PUT", "/echo", {"X-A": "1"}, contentLength=3)
    with pytest.raises(LocalProtocolError, match="longer"):
        exchange.send(b"abcd")
    exchange.send(b"ab")
    with pytest.raises(LocalProtocolError, match="shorter"):
        exchange.end()
    assert exchange.code is None
    assert exchange.serverRequest.stage.name == "LOST"
    given = client.open("PUT", "/echo", {"Content-Length": "1"}, contentLength=None)
    given.send(b"x")
    given.end()
    assert given.headers.get("x-length") == b"1"


def test_sendingWithoutContent(client: MemoryClient) -> None:
    """
    A request that was opened without content has none.
    """
    exchange = client.open("PUT", "/upload")
    assert exchange.text == "0 octets"
    for call in (exchange.end, lambda: exchange.send(b"x")):
        with pytest.raises(LocalProtocolError, match="contentLength"):
            call()


def test_expecting100(client: MemoryClient) -> None:
    """
    100 Continue comes when the content is wanted, and not before.
    """
    expect = {"Expect": "100-continue"}
    exchange = client.open("PUT", "/upload", expect, contentLength=3)
    assert [code for code, _ in exchange.intermediate] == [100]
    exchange.send(b"abc")
    exchange.end()
    assert exchange.events == [
        ("intermediate", 100),
        ("headers", 200),
        ("data", 8),
        ("complete",),
    ]
    refused = client.open("BREW", "/upload", expect, contentLength=3)
    assert refused.events[0] == ("headers", 501)


def test_trailers() -> None:
    """
    Trailers go both ways.
    """

    class Trailing(Resource):
        policy = Buffer()

        def render_POST(self, request: Any) -> Response:
            return Response(iter([b"x"]), trailers=request.trailers)

    with MemoryClient(Trailing()) as client:
        exchange = client.open("POST", "/", contentLength=None)
        exchange.end(Headers([("X-Sum", "5")]))
        assert exchange.complete
        assert exchange.trailers is not None
        assert exchange.trailers.get("x-sum") == b"5"


def test_slowReader(client: MemoryClient, root: Resource) -> None:
    """
    A reader who takes nothing makes the server wait; what has come of the
    content before is there.
    """
    endless: Any = root.children["endless"]
    exchange = client.open("GET", "/endless", paused=True)
    assert exchange.events == [("headers", 200)]
    assert exchange.body == b""
    given = endless.given
    assert 65_536 <= given < 68_000
    assert exchange.maxResponseBacklog == given
    client.advance(60)
    assert endless.given == given
    exchange.resume()
    assert endless.given > given
    exchange.pause()
    given, size = endless.given, len(exchange.body)
    client.advance(60)
    assert len(exchange.body) == size
    assert endless.given <= given + 68_000
    exchange.disconnect()


def test_readingWhilePaused() -> None:
    """
    Reading what is there doesn't end a pause.
    """
    with MemoryClient(Endless(), limit=1000) as client:
        exchange = client.get("/")
        exchange.pause()
        assert len(exchange.read()) == 1000
        assert exchange.read() == b""
        exchange.resume()
        assert len(exchange.read()) == 1000
        exchange.cancel()


def test_slowServer(client: MemoryClient, root: Resource) -> None:
    """
    A server that doesn't read says so, and what waits for it is counted.
    """
    upload: Any = root.children["upload"]
    upload.gate = gate = Deferred()
    exchange = client.open("PUT", "/upload", contentLength=None)
    exchange.send(b"first")
    assert not exchange.serverPaused
    for _ in range(14):
        exchange.send(b"x" * 10_000)
    assert exchange.serverPaused
    assert exchange.blocked
    assert exchange.maxRequestBacklog == 70_000
    upload.gate = None
    gate.callback(None)
    assert not exchange.blocked
    assert not exchange.serverPaused
    exchange.end()
    assert exchange.text == "140005 octets"


_GONE = {
    "disconnect": (lambda exchange: exchange.disconnect(), PeerGone),
    "cancel": (lambda exchange: exchange.cancel(), Cancelled),
}


@pytest.mark.parametrize("how", _GONE)
@pytest.mark.parametrize("sent", [0, 1, 2], ids=["head", "some", "more"])
def test_goneWhileUploading(
    client: MemoryClient, root: Resource, how: str, sent: int
) -> None:
    """
    A client who goes away is noticed, whatever it has sent.
    """
    upload: Any = root.children["upload"]
    exchange = client.open("PUT", "/upload", contentLength=None)
    for _ in range(sent):
        exchange.send(b"abc")
    leave, reason = _GONE[how]
    leave(exchange)
    assert type(upload.problem) is reason
    assert upload.chunks == [b"abc"] * sent
    assert exchange.code is None
    leave(exchange)


@pytest.mark.parametrize("how", _GONE)
def test_goneWhileWaiting(client: MemoryClient, root: Resource, how: str) -> None:
    """
    A client who doesn't wait is noticed, and no timer is left behind.
    """
    slow: Any = root.children["slow"]
    exchange = client.open("GET", "/slow")
    _GONE[how][0](exchange)
    assert slow.ended == [True]
    assert client.clock.getDelayedCalls() == []


def test_goneAfterTheEnd(client: MemoryClient) -> None:
    """
    After the end there is nothing to break.
    """
    exchange = client.get("/hello")
    exchange.disconnect()
    exchange.cancel()
    assert exchange.lost is None
    assert exchange.complete


def test_breakAfter(client: MemoryClient) -> None:
    """
    The connection can be made to break inside any event.
    """
    seen = []
    for n in range(1, 5):
        exchange = client.open("GET", "/hello", breakAfter=n)
        seen.append([event[0] for event in exchange.events])
    assert seen == [
        ["headers", "lost"],
        ["headers", "data", "lost"],
        ["headers", "data", "complete"],
        ["headers", "data", "complete"],
    ]


def test_breakAfterAnInterimResponse(client: MemoryClient, root: Resource) -> None:
    """
    Also before the head.
    """
    upload: Any = root.children["upload"]
    exchange = client.open(
        "PUT",
        "/upload",
        {"Expect": "100-continue"},
        contentLength=3,
        breakAfter=1,
    )
    assert exchange.events == [("intermediate", 100), ("lost", "PeerGone")]
    assert type(upload.problem) is PeerGone


def test_theServersEnd(client: MemoryClient) -> None:
    """
    The serving end can be looked at.
    """
    exchange = client.open("PUT", "/upload", contentLength=None)
    assert exchange.serverRequest.connectionInfo.transport == "memory"
    assert exchange.serverRequest.stage.name == "WAITING"
    exchange.cancel()
    assert exchange.serverRequest.stage.name == "LOST"


def test_serverGivesUp() -> None:
    """
    A response that is broken off is never complete; without a head the call
    says so.
    """

    class Fickle(Resource):
        def render_GET(self, request: Any) -> None:
            if b"late" in request.uri:
                request.write(b"some")
            request.abort()

    with MemoryClient(Fickle()) as client:
        with pytest.raises(Cancelled):
            client.get("/")
        response = client.get("/?late")
        assert response.body == b"some"
        assert not response.complete
        assert type(response.lost) is Cancelled
        with pytest.raises(Cancelled):
            response.json()


def test_severalClients(root: Resource) -> None:
    """
    Clients of the same tree don't disturb one another.
    """
    with MemoryClient(root) as one, MemoryClient(root) as other:
        upload = one.open("PUT", "/upload", contentLength=None)
        assert other.get("/hello").code == 200
        upload.send(b"x")
        upload.end()
        assert upload.complete


def test_asynchronously(client: MemoryClient) -> None:
    """
    Coroutines use the requester.
    """

    async def ask() -> bytes:
        response = await client.requester.request("GET", "/slow")
        content: bytes = await response.read()
        return content

    came: list[bytes] = []
    Deferred.fromCoroutine(ask()).addCallback(came.append)
    assert came == []
    client.advance(2)
    assert came == [b"at last"]


def test_errorPages(client: MemoryClient) -> None:
    """
    What a resource refuses is a response like any other.
    """

    class Refusing(Resource):
        def render_GET(self, request: Any) -> None:
            raise HTTPError(403, "Not you.")

    response = MemoryClient(Refusing()).get("/")
    assert response.code == 403
    assert "Not you." in response.text
    assert client.get("/nothing").code == 404
