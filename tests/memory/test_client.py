"""
The client for tests.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from penstock.core.errors import HTTPError, InvalidField, LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.interfaces import IResponseCallbacks
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.memory import MemoryClient, NeverIdle, StillWaiting

from .conftest import Slow

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
