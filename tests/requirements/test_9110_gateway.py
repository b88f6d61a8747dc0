"""
RFC 9110, and 9111, where both ends meet: what a gateway passes on.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.pool import HTTPClient

from ..pipe import Pipe, PipeEndpoint
from .ends import HELLO, Gateway, answers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def request(fields: bytes, method: bytes = b"GET", target: bytes = b"/") -> bytes:
    return b"%b %b HTTP/1.1\r\nHost: a\r\n%b\r\n" % (method, target, fields)


def response(fields: bytes, code: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\n%bContent-Length: 2\r\n\r\nhi" % (code, fields)


# Fields that must arrive as they are, of a request and of a response.
REQUEST_FIELDS = (
    b"X-Unknown: 1\r\n"
    b"!#$%&'*+-.^_`|~: ?\r\n"
    b"X-Twice: a\r\n"
    b"Other: x\r\n"
    b"x-twice: b, c\r\n"
    b"Authorization: Basic eDp5\r\n"
    b"Referer: http://a/\r\n"
    b"Cache-Control: no-transform, max-age=5\r\n"
    b'If-Match: "a"\r\n'
    b'If-None-Match: W/"b"\r\n'
    b"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b'If-Range: "a"\r\n'
    b"Range: lines=1-2\r\n"
    b"User-Agent: x/1 (y)\r\n"
    b"Accept-Encoding: gzip\r\n"
)
RESPONSE_FIELDS = (
    b"X-Unknown: 1\r\n"
    b"X-Twice: a\r\n"
    b"Other: x\r\n"
    b"x-twice: b, c\r\n"
    b"Allow: FROB\r\n"
    b'WWW-Authenticate: Basic realm="a"\r\n'
    b"Cache-Control: no-transform, max-age=5, must-revalidate\r\n"
    b"Server: x/1\r\n"
    b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    b'ETag: "a"\r\n'
    b"Vary: accept\r\n"
    b"Content-Type: text/x\r\n"
    b"Content-Encoding: x\r\n"
    b"Set-Cookie: a=b\r\n"
    b"Set-Cookie: c=d\r\n"
)


def lines(fields: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % field for field in fields)


@pytest.mark.requirement(
    "9110-5.1-1",
    "9110-5.3-2",
    "9110-7.7-6",
    "9110-10.1.3-6",
    "9110-11.6.2-1",
    "9110-13.2.1-3",
    "9110-13.2.1-4",
    "9110-13.1.1-7",
    "9110-13.1.4-10",
    "9110-14.2-4",
    "9111-5.2-1",
)
@pytest.mark.parametrize("method", [b"GET", b"PUT", b"FROB"])
def test_fieldsOfARequest(method: bytes) -> None:
    """
    All, in order, conditions too: none is for the gateway to judge.
    """
    asked = Gateway().forward(request(REQUEST_FIELDS, method))
    assert asked.start[0] == method
    assert REQUEST_FIELDS in lines(asked.fields)


@pytest.mark.requirement(
    "9110-5.1-1",
    "9110-5.3-2",
    "9110-7.7-4",
    "9110-7.7-5",
    "9110-7.7-6",
    "9110-10.2.1-3",
    "9110-11.6.1-3",
    "9110-12.5.5-1",
    "9111-5.2-1",
    "9111-5.2.2.6-1",
)
@pytest.mark.parametrize("code", [200, 299, 401, 404, 405, 503])
def test_fieldsOfAResponse(code: int) -> None:
    """
    All, in order; and the content as it is.
    """
    (answer,) = Gateway().relay(response(RESPONSE_FIELDS, code))
    assert answer.code == code
    assert RESPONSE_FIELDS in lines(answer.fields)
    assert answer.content == b"hi"


@pytest.mark.requirement("9110-14.4-2")
def test_206() -> None:
    fields = b"Content-Range: lines 1-2/3\r\n"
    (answer,) = Gateway().relay(response(fields, 206))
    assert (answer.code, answer.get(b"content-range")) == (206, b"lines 1-2/3")


@pytest.mark.requirement("9110-15.4.5-3")
def test_304() -> None:
    (answer,) = Gateway().relay(b'HTTP/1.1 304 X\r\nETag: "a"\r\n\r\n')
    assert (answer.code, answer.get(b"etag")) == (304, b'"a"')


@pytest.mark.requirement("9110-6.6.1-5")
def test_dateIsAdded() -> None:
    (answer,) = Gateway().relay(OK)
    assert answer.get(b"date") == b"Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.requirement(
    "9110-7.6-1", "9110-7.6.1-2", "9110-7.6.1-3", "9110-7.6.1-1", "9110-7.8-11"
)
def test_hop() -> None:
    """
    What is for one hop stays there, both ways.
    """
    fields = (
        b"Connection: x-mine, keep-alive,, X-Other\r\nX-Mine: 1\r\nX-Other: 2\r\n"
        b"Connection: x-third\r\nX-Third: 3\r\nKeep-Alive: 5\r\nX: 4\r\n"
        b"Proxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade: h2c\r\n"
    )
    gone = {
        b"connection",
        b"x-mine",
        b"x-other",
        b"x-third",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"upgrade",
    }
    gateway = Gateway()
    asked = gateway.forward(request(fields))
    assert not gone & set(asked.names)
    assert asked.get(b"x") == b"4"
    gateway.upstream.answer(response(fields))
    (answer,) = answers(gateway.origin.take())
    assert not gone & set(answer.names)
    assert answer.get(b"x") == b"4"


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"


@pytest.mark.requirement("9110-7.6.1-2")
@pytest.mark.parametrize("option", [b"x-mine", b"close, X-MINE", b",x-mine ,te"])
def test_trailersOfTheHop(option: bytes) -> None:
    """
    Nor are trailers passed on that Connection lists, either way.
    """
    fields = b"Connection: %b\r\n%bX-Mine: 1\r\nX: 2\r\nx-mine: 3\r\n\r\n"
    gateway = Gateway()
    asked = gateway.forward(
        b"PUT / HTTP/1.1\r\nHost: a\r\n" + fields % (option, CHUNKED)
    )
    assert asked.trailers == [(b"X", b"2")]
    gateway.upstream.answer(b"HTTP/1.1 200 OK\r\n" + fields % (option, CHUNKED))
    (answer,) = answers(gateway.origin.take())
    assert answer.trailers == [(b"X", b"2")]


@pytest.mark.requirement("9110-7.6.3-2", "9110-5.6.3-3", "9110-7.6.3-4", "9110-7.6.3-6")
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_via(version: bytes) -> None:
    asked = Gateway().forward(b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n")
    assert asked.all(b"via") == [version + b" penstock"]


@pytest.mark.requirement(
    "9110-7.6.3-10", "9110-7.6.3-11", "9110-7.6.3-12", "9110-7.6.3-7", "9110-7.6.3-5"
)
def test_viaOfOthers() -> None:
    asked = Gateway().forward(request(b"Via: 1.0 x (y), 1.1 z\r\nVia: 1.1 z\r\n"))
    assert asked.all(b"via") == [b"1.0 x (y), 1.1 z", b"1.1 z", b"1.1 penstock"]


@pytest.mark.requirement("9110-7.6.3-8", "9110-7.6.3-3", "9110-7.6.3-9")
def test_hostsBehindAreNotTold() -> None:
    """
    An answer, whatever it is, doesn't say where it came from.
    """
    via = response(b"Via: 1.1 db.inside:8080 (x/1), 1.0 y\r\n")
    (answer,) = Gateway().relay(via)
    assert answer.all(b"via") == [b"1.1 penstock, 1.0 penstock"]
    for data in (OK, b"x\r\n\r\n"):
        (answer,) = Gateway().relay(data)
        assert b"via" not in answer.names
        assert b"127.0.0.1" not in lines(answer.fields) + answer.content


@pytest.mark.requirement("9110-7.7-2", "9110-7.7-3")
@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/a/./b".replace(b"/./", b"/"),
        b"/a%2Fb?c=%41&d",
        b"//a//b",
        b"/a;b=c?",
        b"/~%7e",
    ],
)
def test_target(target: bytes) -> None:
    asked = Gateway().forward(request(b"", target=target))
    assert asked.start[1] == target
    assert asked.get(b"host") == b"a"


@pytest.mark.requirement(
    "9110-7.6.2-1",
    "9110-7.6.2-2",
    "9110-7.6.2-3",
    "9110-7.6.2-4",
    "9110-7.6.2-5",
    "9110-9.3.7-3",
)
@pytest.mark.parametrize("method", [b"OPTIONS", b"TRACE", b"GET"])
@pytest.mark.parametrize("left", [None, 0, 1, 5])
def test_maxForwards(method: bytes, left: int | None) -> None:
    """
    One less, or answered here; our choice: nothing of the kind for others.
    """
    gateway = Gateway()
    fields = b"" if left is None else b"Max-Forwards: %d\r\n" % left
    data = request(fields, method)
    if left == 0 and method != b"GET":
        (answer,) = gateway.origin.ask(data)
        assert answer.code == 200
        assert not gateway.upstream.endpoint.attempts
        return
    value = gateway.forward(data).get(b"max-forwards")
    if left is None:
        assert value is None
    else:
        assert value == b"%d" % (left if method == b"GET" else left - 1)


@pytest.mark.requirement("9110-9.3.8-4")
def test_traceWithContent() -> None:
    gateway = Gateway()
    asked = gateway.forward(request(b"Content-Length: 2\r\n", b"TRACE") + b"hi")
    assert (asked.content, asked.get(b"content-length")) == (b"", None)
    gateway.upstream.answer(OK)
    assert [it.code for it in answers(gateway.origin.take())] == [200]


@pytest.mark.requirement("9110-7.6-2")
def test_loop() -> None:
    """
    A gateway that leads to itself: the request doesn't go round for ever.
    """
    clock: Any = Clock()
    endpoint = PipeEndpoint(None, clock)
    forward = Forward(HTTPClient(clock, endpoint, host=b"a"))
    factory = endpoint._factory = HTTPFactory(Site(forward), clock)

    class Client:
        received = b""

        def makeConnection(self, transport: Any) -> None:
            self.transport = transport
            transport.write(HELLO)

        def dataReceived(self, data: bytes) -> None:
            self.received += data

        def connectionLost(self, reason: Any) -> None:
            """
            See the transport.
            """

    client = Client()
    channel = factory.buildProtocol(None)
    pipe = Pipe(client, channel, clock)
    for _ in range(400):
        clock.advance(0.25)
        pipe.turn()
        for each in list(endpoint.pipes):
            each.turn()
    (answer,) = answers(client.received)
    assert answer.code >= 400
    assert len(endpoint.pipes) < 200


@pytest.mark.requirement("9110-9.2.2-2")
@pytest.mark.parametrize("method", [b"GET", b"POST", b"PATCH", b"FROB"])
def test_again(method: bytes) -> None:
    """
    Only what is idempotent is sent a second time.
    """
    gateway = Gateway()
    gateway.relay(OK)
    gateway.forward(request(b"", method))
    gateway.upstream.wire.lose()
    gateway.origin.clock.advance(0)
    if method == b"GET":
        gateway.upstream.endpoint.accept()
        assert gateway.upstream.asked()[0].start[0] == method
    else:
        (answer,) = answers(gateway.origin.take())
        assert answer.code == 502
        assert not gateway.upstream.endpoint.attempts


@pytest.mark.requirement("9110-10.1.1-13", "9110-10.1.1-14", "9110-15.2-4")
def test_expectation() -> None:
    """
    It is passed on, and so is what becomes of it.
    """
    gateway = Gateway()
    gateway.origin.send(
        request(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"PUT")
    )
    gateway.upstream.endpoint.accept()
    head = gateway.upstream.wire.take()
    assert b"Expect: 100-continue\r\n" in head
    assert gateway.origin.take() == b""
    gateway.upstream.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert [it.code for it in answers(gateway.origin.take())] == [100]
    gateway.origin.send(b"hi")
    assert gateway.upstream.wire.take() == b"hi"
    gateway.upstream.answer(OK)
    gateway.origin.clock.advance(0)
    assert [it.code for it in answers(gateway.origin.take())] == [200]


@pytest.mark.requirement("9110-15.2-4")
@pytest.mark.parametrize("code", [100, 102, 103, 150])
def test_interim(code: int) -> None:
    interim = b"HTTP/1.1 %d X\r\nLink: <a>\r\n\r\n" % code
    first, second = Gateway().relay(interim + OK)
    assert (first.code, first.get(b"link")) == (code, b"<a>")
    assert second.code == 200


@pytest.mark.requirement("9110-15.6.4-1")
def test_503() -> None:
    """
    Our choice: who finds nobody behind the gateway may come again soon.
    """
    gateway = Gateway()
    gateway.origin.send(HELLO)
    gateway.upstream.endpoint.refuse()
    gateway.origin.clock.advance(0)
    (answer,) = answers(gateway.origin.take())
    assert (answer.code, answer.get(b"retry-after")) == (503, b"1")
