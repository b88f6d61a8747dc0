"""
RFC 9110 at the calling end of every transport.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.response import Response

from .ends import Seen, plain
from .ways import Calls, Facility

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


class All(Seen):
    """
    Answers to C{OPTIONS} and C{TRACE}, too.
    """

    render_OPTIONS = render_TRACE = Seen.render_GET


# What is sent


@pytest.mark.requirement(
    "9110-8.6-2", "9110-9.3.1-1", "9110-9.3.2-4", "9110-9.3.5-2", "9110-9.3.8-4"
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("body", [None, b"", ""])
def test_noContentUnlessGiven(call: Calls, method: str, body: Any) -> None:
    """
    Nothing, and nothing said of it.
    """
    way = call(All())
    assert way.call(method, body=body).response.code == 200
    (request,) = way.root.seen
    assert request.chanRequest.contentLength == 0
    assert not request.in_headers.hasHeader("content-length")
    assert not request.in_headers.hasHeader("content-type")


@pytest.mark.requirement("9110-8.6-1")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(("body", "length"), [(None, b"0"), (b"", b"0"), (b"hi", b"2")])
def test_length(call: Calls, method: str, body: Any, length: bytes) -> None:
    way = call()
    way.call(method, body=body)
    (request,) = way.root.seen
    assert request.in_headers.get("content-length") == length


@pytest.mark.requirement("9110-9.3.8-4")
@pytest.mark.parametrize("body", [b"x", [b"x"]])
def test_traceWithContent(call: Calls, body: Any) -> None:
    way = call(All())
    with pytest.raises(LocalProtocolError):
        way.call("TRACE", body=body)
    assert way.root.seen == []


@pytest.mark.requirement("9110-10.1.1-2")
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("body", [None, b""])
def test_noExpectationWithoutContent(call: Calls, method: str, body: Any) -> None:
    way = call()
    way.call(method, fields=[("Expect", "100-continue")], body=body)
    (request,) = way.root.seen
    assert not request.in_headers.hasHeader("expect")


@pytest.mark.requirement(
    "9110-10.1.2-1",
    "9110-10.1.3-2",
    "9110-10.1.5-5",
    "9110-12.5.4-1",
    "9110-6.6.1-7",
    "9110-10.1.5-1",
)
@pytest.mark.parametrize("method", METHODS)
def test_nothingOfItsOwn(call: Calls, method: str) -> None:
    """
    It says nothing about user, page and program that the caller doesn't.
    """
    way = call(All())
    way.call(method)
    (request,) = way.root.seen
    names = {name.lower() for name, _ in request.in_headers}
    assert names <= {b"host", b"content-length"}


@pytest.mark.requirement("9110-7.2-1")
@pytest.mark.parametrize(
    ("uri", "host"),
    [("/", b"a"), ("http://b/", b"b"), ("http://b:81/x", b"b:81")],
)
def test_host(call: Calls, uri: str, host: bytes) -> None:
    way = call()
    way.call(uri=uri)
    assert way.root.seen[0].in_headers.getRaw("host") == (host,)


@pytest.mark.requirement(
    "9110-4.2.1-1", "9110-4.2.2-1", "9110-4.2.4-1", "9110-7.1-1", "9110-9.3.6-1"
)
@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("GET", "http://u@b/"),
        ("GET", "https://u:p@b/"),
        ("GET", "http:///x"),
        ("GET", "https://:443/"),
        ("GET", "*"),
        ("GET", "a:80"),
        ("GET", "x"),
        ("CONNECT", "a:80"),
        ("CONNECT", "a"),
        ("CONNECT", "/"),
    ],
)
def test_targetsThatAreNone(call: Calls, method: str, uri: str) -> None:
    """
    CONNECT is one of them, with or without a port.
    """
    way = call()
    with pytest.raises(LocalProtocolError):
        way.call(method, uri)
    assert way.root.seen == []


COMPOSED = [
    ("9110-9.3.7-4", "OPTIONS", [], b"x"),
    ("9110-9.3.7-4", "OPTIONS", [("Content-Type", "x")], b"x"),
    ("9110-9.3.8-2", "TRACE", [("Cookie", "a=b")], None),
    ("9110-9.3.8-2", "TRACE", [("authorization", "Basic eDp5")], None),
    ("9110-9.3.8-2", "TRACE", [("Proxy-Authorization", "Basic eDp5")], None),
    ("9110-10.1.3-1", "GET", [("Referer", "http://a/#b")], None),
    ("9110-10.1.3-1", "GET", [("Referer", "/x#")], None),
    ("9110-10.1.3-1", "GET", [("Referer", "http://u:p@a/")], None),
    ("9110-13.1.5-1", "GET", [("If-Range", '"a"')], None),
    ("9110-13.1.5-4", "GET", [("If-Range", 'W/"a"'), ("Range", "bytes=0-")], None),
]


@pytest.mark.parametrize(
    ("method", "fields", "body"),
    [
        pytest.param(*row, marks=pytest.mark.requirement(name))
        for name, *row in COMPOSED
    ],
)
@pytest.mark.parametrize("short", [False, True])
def test_neverSent(
    call: Calls, method: str, fields: Any, body: Any, short: bool
) -> None:
    """
    Whatever a caller composes.
    """
    way = call(All())
    send = way.requester.call if short else way.requester.request
    headers = Headers(fields)
    with pytest.raises(LocalProtocolError):
        send(method, "/", headers, body or b"")
    way.settle()
    assert way.root.seen == []


@pytest.mark.requirement(
    "9110-9.3.7-4",
    "9110-9.3.8-2",
    "9110-10.1.3-1",
    "9110-13.1.5-1",
    "9110-13.1.5-4",
)
@pytest.mark.parametrize(
    ("method", "fields", "body"),
    [
        ("OPTIONS", [("Content-Type", "text/x")], b"x"),
        ("OPTIONS", [], None),
        ("TRACE", [("X", "1")], None),
        ("GET", [("Referer", "http://a/?b@c")], None),
        ("GET", [("Referer", "about:blank")], None),
        ("GET", [("If-Range", '"a"'), ("Range", "bytes=0-")], None),
        ("GET", [("Cookie", "a=b"), ("Authorization", "Basic eDp5")], None),
    ],
)
def test_sentAllTheSame(call: Calls, method: str, fields: Any, body: Any) -> None:
    way = call(All())
    assert way.call(method, fields=fields, body=body).response.code == 200
    (request,) = way.root.seen
    for name, value in fields:
        assert request.in_headers.get(name) == value.encode()


@pytest.mark.needs(Facility.OPEN)
@pytest.mark.requirement("9110-10.1.3-5")
def test_refererOfASecuredPage(call: Calls) -> None:
    way = call()
    with pytest.raises(LocalProtocolError):
        way.call(fields=[("Referer", "HTTPS://a/x")])
    assert way.root.seen == []
    way.requester.secure = True
    way.call(fields=[("Referer", "https://a/x")])
    assert len(way.root.seen) == 1


# What is received


@pytest.mark.requirement("9110-15-1")
@pytest.mark.parametrize("code", [204, 299, 304, 399, 404, 499, 500, 599, 600, 999])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_codes(call: Calls, code: int, method: str) -> None:
    """
    An unknown code is no reason to read a response in another way.
    """
    root = Seen(lambda request: Response(b"hi", code))
    way = call(root)
    for _ in range(2):
        asked = way.call(method)
        assert asked.response.code == code
        bodiless = method == "HEAD" or code in (204, 304)
        assert asked.content == (b"" if bodiless else b"hi")


@pytest.mark.requirement("9110-15-1", "9110-15.2-2", "9110-15.2-3")
@pytest.mark.parametrize("codes", [[100], [102, 102, 103], [150, 199], [100] * 50])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_interim(call: Calls, codes: list[int], method: str) -> None:
    """
    Expected or not, they come before the answer.  Our choice: the caller gets
    them.
    """

    def render(request: Any) -> str:
        for code in codes:
            request.chanRequest.writeIntermediateResponse(
                code, Headers([("Link", "<a>")])
            )
        return "hi"

    asked = call(Seen(render)).call(method)
    assert [code for code, _ in asked.response.intermediate] == codes
    assert {it.get("link") for _, it in asked.response.intermediate} == {b"<a>"}
    assert asked.content == (b"" if method == "HEAD" else b"hi")


@pytest.mark.requirement("9110-15.5.4-1", "9110-14.3-2", "9110-15.4.8-1", "9110-15.4-3")
@pytest.mark.parametrize(
    "code", [300, 301, 302, 303, 307, 308, 403, 408, 413, 421, 429, 500, 503]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_notAutomatically(call: Calls, code: int, method: str) -> None:
    """
    An answer is never a reason to ask again, be it here or elsewhere, nor kept
    for the next request: so no method is changed, and nothing asked in a
    circle.
    """
    answer = ("Location", "/there"), ("Accept-Ranges", "bytes"), ("Retry-After", "0")
    way = call(Seen(lambda request: plain("hi", *answer, code=code)))
    for number in range(2):
        asked = way.call(method, fields=[("Authorization", "Basic eDp5")])
        assert (asked.response.code, asked.content) == (code, b"hi")
        assert asked.response.headers.get("location") == b"/there"
        for _ in range(40):
            way.clock.advance(0.25)
            way.settle()
        assert [it.path for it in way.root.seen] == [b"/"] * (number + 1)


@pytest.mark.requirement("9110-14.4-1", "9110-14.4-5", "9110-15.3.7-1")
@pytest.mark.parametrize("value", ["lines 0-1/5", "bytes 5-4/3", "x", "bytes 0-1/5"])
def test_partsAreNotPutTogether(call: Calls, value: str) -> None:
    """
    A 206 is given to the caller as one, with all that it says, whatever came
    before: there is nothing that it could be put together with.
    """
    way = call(Seen(lambda request: plain("hi", ("Content-Range", value), code=206)))
    for _ in range(2):
        asked = way.call(fields=[("Range", "bytes=0-1")])
        assert (asked.response.code, asked.content) == (206, b"hi")
        assert asked.response.headers.get("content-range") == value.encode()


@pytest.mark.requirement("9110-8.7-1", "9110-6.6.1-6", "9110-5.1-2", "9110-5.5-3")
def test_asItIs(call: Calls) -> None:
    """
    Our choice: what it doesn't need, it gives to the caller as it came.
    """
    fields = [
        (b"Date", b"now"),
        (b"Content-Location", b"/x"),
        (b"X-Unknown", bytes(range(0x80, 0x100))),
        (b"!#$%&'*+-.^_`|~", b"?"),
    ]
    headers = call(Seen(lambda request: plain("hi", *fields))).call().response.headers
    for name, value in fields:
        assert headers.getRaw(name) == (value,)


@pytest.mark.requirement("9110-6.5.1-2", "9110-6.5.2-2")
def test_trailers(call: Calls) -> None:
    """
    They stay what they are.
    """
    made = Headers([("X", "tail"), ("Y", "1"), ("Set-Cookie", "a=b")])
    root = Seen(lambda request: Response(iter([b"hi"]), 200, [("X", "head")], made))
    response = call(root).call().response
    assert list(response.trailers) == [(b"X", b"tail"), (b"Y", b"1")]
    assert response.headers.getRaw("x") == (b"head",)
    assert not response.headers.hasHeader("y")
