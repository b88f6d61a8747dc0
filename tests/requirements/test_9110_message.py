"""
RFC 9110, sections 2 to 7, at the serving end: messages, URIs and routing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from penstock.core.errors import HTTPError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.transports.http1.limits import Limits

from .ends import HELLO, Origin, Seen, answers, plain
from .ways import Facility, Serve

IMF = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    rb"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)


# Section 2


@pytest.mark.requirement("9110-2.3-1")
@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5), st.sampled_from((b"", HELLO)))
def test_anything(pieces: list[bytes], before: bytes) -> None:
    """
    Whatever comes: nothing, or answers, and perhaps the end.
    """
    origin = Origin()
    origin.send(before, *pieces)
    found = answers(origin.take())
    if found and found[-1].code >= 400:
        assert not origin.wire.open


@pytest.mark.requirement("9110-2.3-1")
@pytest.mark.parametrize(
    "pieces",
    [
        (b"GET /", b"a" * 50_000),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"a" * 100_000),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: 1\r\n" * 50_000),
        (b"\r\n" * 50_000,),
        (
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1;" + b"a" * 50_000,
        ),
        (
            b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X: 1\r\n" * 50_000,
        ),
    ],
)
def test_endless(pieces: tuple[bytes, ...]) -> None:
    origin = Origin()
    origin.send(*pieces)
    (answer,) = answers(origin.take())
    assert 400 <= answer.code < 500
    assert not origin.wire.open


@pytest.mark.requirement("9110-2.3-2")
def test_ownLengths(serve: Serve) -> None:
    """
    What this side sends can be sent back to it: a validator, a date, a
    redirect, whatever their lengths.
    """
    tag = '"' + "a" * 4000 + '"'
    place = "/" + "b" * 8000
    origin = serve(
        Seen(
            lambda request: plain(
                "hello",
                ("ETag", tag),
                ("Location", place),
                ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            )
        )
    )
    answer = origin.get()
    again = origin.get(
        b"If-None-Match: %b\r\nIf-Modified-Since: %b\r\n"
        % (answer.get(b"etag") or b"", answer.get(b"last-modified") or b""),
        target=answer.get(b"location") or b"",
    )
    assert again.code == 304


# Section 3


@pytest.mark.requirement("9110-3.3-1")
def test_requestsAreStrangers(serve: Serve) -> None:
    """
    Nothing of one request on a connection is left for the next.
    """
    origin = serve(
        Seen(lambda request: request.in_headers.get(b"authorization") or b"none")
    )
    first = origin.get(b"Authorization: Basic eDp5\r\nCookie: a=b\r\n")
    second = origin.get()
    assert (first.content, second.content) == (b"Basic eDp5", b"none")
    one, two = origin.root.seen
    assert not two.in_headers.hasHeader("cookie")
    assert one.connectionInfo.requestId != two.connectionInfo.requestId


# Section 4


@pytest.mark.requirement("9110-4.2.1-2", "9110-4.2.2-2", "9110-4.2.4-2")
@pytest.mark.parametrize(
    "target",
    [
        b"http:///x",
        b"https:///x",
        b"http://:80/x",
        b"https://:443/x",
        b"http://?x",
        b"http://u@a/x",
        b"http://u:p@a/",
        b"http://@a/",
        b"http://a@/",
    ],
)
def test_authorityThatIsNone(target: bytes) -> None:
    origin = Origin()
    (answer,) = origin.ask(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.code == 400
    assert not origin.root.seen


@pytest.mark.requirement("9110-4.1-1")
def test_8000(serve: Serve) -> None:
    """
    URIs of 8000 octets, as targets and in fields, both ways.
    """
    place = b"/" + b"a" * 7999
    origin = serve(Seen(lambda request: plain("x", ("Location", place.decode()))))
    answer = origin.get(b"Referer: " + place + b"\r\n", place)
    assert (answer.code, answer.get(b"location")) == (200, place)
    (request,) = origin.root.seen
    assert request.path == place
    assert request.in_headers.getHeader("referer") == place.decode()


class Named(Resource):
    """
    Says which child it is.
    """

    isLeaf = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def render_GET(self, request: Any) -> str:
        return f"{self.name} {request.postpath}"


@pytest.mark.requirement("9110-4.2.3-2", "9110-4.2.3-1")
@pytest.mark.parametrize(
    ("targets", "answer"),
    [
        ([b"/~a", b"/%7Ea", b"/%7ea", b"/%7E%61"], b"~a ()"),
        ([b"/~a/%C3%A4", b"/%7Ea/%c3%a4"], b"~a ("),
        # What is reserved means something else if it is encoded.
        ([b"/a%2Fb"], b"a/b ()"),
        ([b"/a/b"], b"a ('b',)"),
    ],
)
def test_equivalentURIs(serve: Serve, targets: list[bytes], answer: bytes) -> None:
    """
    They lead to one resource, and others to another.
    """
    root = Resource()
    for name in ("~a", "a", "a/b"):
        root.putChild(name, Named(name))
    found = {serve(root).get(target=target).content for target in targets}
    assert len(found) == 1
    assert found.pop().startswith(answer)


# Section 5


@pytest.mark.requirement("9110-10.1.2-3")
@pytest.mark.parametrize("who", [b"root@localhost", b"a@example.org", b"x", b""])
@pytest.mark.parametrize("target", [b"/", b"/x"])
def test_from(serve: Serve, who: bytes, target: bytes) -> None:
    """
    Who somebody says to be makes no difference.
    """
    answer = serve().get(b"From: " + who + b"\r\n", target)
    without = serve().get(target=target)
    assert (answer.code, answer.fields, answer.content) == (
        without.code,
        without.fields,
        without.content,
    )


@pytest.mark.requirement("9110-5.1-2")
def test_unknownFields(serve: Serve) -> None:
    origin = serve()
    answer = origin.get(b"X-Whatever: 1\r\n!#$%&'*+-.^_`|~: ?\r\n")
    assert answer.code == 200


class Careful(Resource):
    """
    Notes everything that it is asked.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def locateChild(self, request: Any, segments: Any) -> Any:
        self.calls.append("locateChild")
        return super().locateChild(request, segments)

    def render_PUT(self, request: Any) -> str:
        self.calls.append("render")
        return "done"


@pytest.mark.requirement("9110-5.3-4")
def test_nothingBeforeTheHeadIsThere() -> None:
    """
    Nobody hears of a request before its last field has come; and if that is a
    bad one, never.
    """
    origin = Origin(Careful())
    data = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nIf-Match: *\r\n"
    for place in range(len(data)):
        origin.send(data[place : place + 1])
    assert origin.root.calls == []
    origin.send(b"Content-Length: 0\r\n\r\n")
    (answer,) = answers(origin.take())
    assert (answer.code, origin.root.calls) == (400, [])


@pytest.mark.needs(Facility.LIMITS)
@pytest.mark.requirement("9110-5.4-1")
@pytest.mark.parametrize(
    "fields",
    [b"X: " + b"a" * 70_000 + b"\r\n", b"X: a\r\n" * 200],
    ids=["value", "many"],
)
def test_largeHeads(serve: Serve, fields: bytes) -> None:
    """
    The one that is too large, and no other.
    """
    origin = serve()
    assert origin.get(fields).code == 431
    assert not origin.root.seen
    assert origin.get().code == 200


@pytest.mark.requirement("9110-5.4-1")
@pytest.mark.parametrize(
    "fields",
    [
        b"X: " + b"a" * 70_000 + b"\r\n",
        b"X" * 70_000 + b": a\r\n",
        b"X: a\r\n" * 200,
    ],
    ids=["value", "name", "many"],
)
def test_largeFields(fields: bytes) -> None:
    origin = Origin()
    origin.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
    (answer,) = answers(origin.take())
    assert answer.code == 431
    assert not origin.root.seen


@pytest.mark.requirement("9110-5.4-1")
def test_largeFieldsByConfiguration() -> None:
    origin = Origin(limits=Limits(fieldBlock=100))
    assert origin.get(b"X: " + b"a" * 80 + b"\r\n").code == 200
    origin.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100 + b"\r\n\r\n")
    assert answers(origin.take())[0].code == 431


@pytest.mark.requirement("9110-5.5-1")
@pytest.mark.parametrize(
    "value", [b"1", b" 1", b"1 ", b"\t1\t", b" \t 1\t \t", b"   1"], ids=repr
)
def test_spaceAroundValues(value: bytes) -> None:
    origin = Origin()
    origin.get(b"X:" + value + b"\r\nContent-Length:" + value + b"\r\n", content=None)
    origin.send(b"y")
    (request,) = origin.root.seen
    assert request.in_headers.getRaw("x") == (b"1",)
    assert request.chanRequest.contentLength == 1


@pytest.mark.requirement("9110-5.5-3")
def test_opaqueOctets(serve: Serve) -> None:
    """
    Octets above 0x7f come and go as they are.
    """
    value = bytes(range(0x80, 0x100))
    origin = serve(
        Seen(
            lambda request: Response(
                "x", headers=[("X", request.in_headers.getRaw("x")[0])]
            )
        )
    )
    assert origin.get(b"X: " + value + b"\r\n").get(b"x") == value


@pytest.mark.requirement("9110-5.5-4", "9110-5.5-5")
@pytest.mark.parametrize("octet", [*range(9), *range(10, 32), 127])
def test_controlsInValues(octet: int) -> None:
    """
    Our choice: no control character but the tab, be it CR, LF, NUL or not.
    """
    line = b"X: 1" + bytes([octet]) + b"2\r\n"
    data = b"GET / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n"
    assert Origin().refusal(data) == (400, True)


@pytest.mark.requirement("9110-5.6.3-1", "9110-5.6.3-2")
def test_sentSpace() -> None:
    """
    One space after the colon of a field, and none at its end.
    """

    def render(request: Any) -> Any:
        request.chanRequest.writeIntermediateResponse(103, Headers([("Link", " <a> ")]))
        return Response(iter([b"a"]), headers=[("X", " 1 "), ("Y", "\t2")])

    origin = Origin(Seen(render))
    origin.send(HELLO)
    for head in origin.take().split(b"\r\n\r\n")[:2]:
        for line in head.split(b"\r\n")[1:]:
            assert re.fullmatch(rb"[^ :]+: [^ \t](?:.*[^ \t])?", line), line


# Section 5.3: what penstock adds is never there twice

SINGLE = ("Date", "Content-Type", "Content-Length", "ETag", "Last-Modified", "Location")


@pytest.mark.requirement("9110-5.3-3")
@pytest.mark.parametrize("name", SINGLE)
def test_onceOnly(serve: Serve, name: str) -> None:
    """
    What is set twice, by a resource, its answer or penstock, is sent once.
    """
    value = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Content-Length": "5"}.get(
        name, '"a"'
    )

    def render(request: Any) -> Any:
        request.out_headers.setRaw(name, value)
        request.out_headers.setRaw(name.upper(), value)
        return Response("hello", headers=[(name.lower(), value)])

    answer = serve(Seen(render)).get()
    assert len(answer.all(name.lower().encode())) == 1
    assert answer.content == b"hello"


@pytest.mark.requirement("9110-5.3-3")
def test_onceOnlyInErrors(serve: Serve) -> None:
    def render(request: Any) -> Any:
        raise HTTPError(
            503, headers=Headers([("Content-Type", "text/x"), ("Retry-After", "1")])
        )

    answer = serve(Seen(render)).get()
    assert answer.all(b"content-type") == [b"text/x"]
    assert answer.all(b"retry-after") == [b"1"]


# Section 6


@pytest.mark.requirement("9110-6.2-4", "9110-6.2-5")
@pytest.mark.parametrize(
    ("version", "code"),
    [(b"1.0", 200), (b"1.1", 200), (b"1.2", 505), (b"2.0", 505), (b"0.9", 505)],
)
def test_versionOfAnswers(version: bytes, code: int) -> None:
    origin = Origin()
    (answer,) = origin.ask(b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n")
    assert (answer.start[0], answer.code) == (b"1.1", code)


@pytest.mark.requirement("9110-6.2-6", "9110-15.6.6-1")
@pytest.mark.parametrize("version", [b"1.2", b"1.9", b"2.0"])
def test_higherVersion(version: bytes) -> None:
    """
    Our choice: refused, and said what there is.
    """
    data = b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n"
    assert Origin().refusal(data) == (505, True)
    (answer,) = Origin().ask(data)
    assert b"HTTP/1.1" in answer.content
    assert b"HTTP/1.0" in answer.content


def blocks() -> Iterator[bytes]:
    return iter([b"a", b"b"])


@pytest.mark.needs(Facility.DATE)
@pytest.mark.requirement("9110-6.6.1-1", "9110-6.6.1-2", "9110-6.6.1-3", "9110-5.6.7-2")
@pytest.mark.parametrize(
    "code", [200, 201, 204, 205, 206, 299, 301, 304, 400, 404, 418, 500]
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT"])
def test_date(serve: Serve, code: int, method: bytes) -> None:
    clock: Any = Clock()
    clock.advance(784111777.9)
    origin = serve(Seen(lambda request: Response(blocks(), code)), clock=clock)
    answer = origin.get(method=method)
    assert answer.get(b"date") == b"Sun, 06 Nov 1994 08:49:37 GMT"
    clock.advance(60)
    assert origin.get(method=method).get(b"date") == b"Sun, 06 Nov 1994 08:50:37 GMT"


@pytest.mark.requirement("9110-6.6.1-2", "9110-5.6.7-2", "9110-5.6.7-3")
@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"FROB / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000,
    ],
)
def test_dateInEveryAnswer(data: bytes) -> None:
    """
    Also where no resource answers.
    """
    (answer,) = Origin().ask(data)
    assert IMF.fullmatch(answer.get(b"date") or b"")


# Section 7


@pytest.mark.needs(Facility.TARGET)
@pytest.mark.requirement("9110-7.4-1", "9110-7.4-2")
@pytest.mark.parametrize("method", [b"GET", b"PUT", b"OPTIONS"])
@pytest.mark.parametrize("target", [b"https://a/", b"HTTPS://a", b"https://a:443/x"])
def test_unsecured(serve: Serve, method: bytes, target: bytes) -> None:
    """
    A request for https that comes over a plain connection.
    """
    origin = serve()
    answer = origin.get(target=target, method=method)
    assert answer.code == 421
    assert not origin.root.seen


@pytest.mark.requirement("9110-7.8-6", "9110-7.8-12", "9110-7.8-2", "9110-7.8-9")
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"HTTP/2.0, TLS/1.0"])
def test_noUpgrade(protocol: bytes, version: bytes) -> None:
    """
    Our choice: it is answered as if nobody had asked for another protocol.
    """
    origin = Origin()
    answer = origin.get(
        b"Connection: upgrade, keep-alive\r\nUpgrade: " + protocol + b"\r\n",
        version=version,
    )
    assert (answer.code, answer.content) == (200, b"hello")
    assert b"upgrade" not in answer.names
    assert origin.wire.open
    assert origin.get(version=version).code == 200


@pytest.mark.requirement("9110-7.8-6")
def test_no101(loggedErrors: Any) -> None:
    def render(request: Any) -> Any:
        request.chanRequest.writeIntermediateResponse(101)

    answer = Origin(Seen(render)).get()
    assert answer.code == 500
    assert len(loggedErrors.flush()) == 1


@pytest.mark.requirement(
    "9110-7.8-4", "9110-7.8-5", "9110-7.8-7", "9110-7.8-11", "9110-15.2.2-1"
)
@pytest.mark.parametrize("name", [b"echo", b"x/2", b"TLS/1.0"])
def test_101(name: bytes) -> None:
    """
    It says in Upgrade what it switches to: the one protocol of those offered
    that the resource has chosen, whatever it sets itself.  There is one layer,
    so layers are in order.
    """

    def render(request: Any) -> None:
        assert request.upgradeOffers == (b"x/2", b"tls/1.0", b"echo")
        request.upgrade(name, Protocol(), Headers([("Upgrade", "other")]))

    origin = Origin(Seen(render))
    line = b"Connection: upgrade\r\nUpgrade: x/2, TLS/1.0, Echo\r\n"
    (answer,) = origin.ask(HELLO[:-2] + line + b"\r\n")
    assert answer.code == 101
    assert answer.all(b"upgrade") == [name]
    assert answer.all(b"connection") == [b"Upgrade"]


@pytest.mark.requirement("9110-7.8-8", "9110-15.5.22-1", "9110-7.8-11")
def test_426() -> None:
    """
    The one answer whose Upgrade field is sent, with Connection.
    """
    headers = Headers([("Upgrade", "websocket"), ("Upgrade", "h2c")])
    origin = Origin(Seen(lambda request: Response("No.", 426, headers)))
    answer = origin.get()
    assert answer.get(b"upgrade") == b"websocket, h2c"
    assert answer.get(b"connection") == b"Upgrade"
    closing = origin.get(b"Connection: close\r\n")
    assert set(closing.all(b"connection")) == {b"Upgrade", b"close"}
    assert not origin.wire.open
