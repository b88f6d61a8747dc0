"""
RFC 9112 at the calling end: what is sent, and what is taken for an answer.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionLost

from penstock.core.errors import (
    ExchangeLost,
    LocalProtocolError,
    PeerGone,
    PeerProtocolError,
)

from .ends import Call, Caller

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def called(
    data: bytes, method: str = "GET", *, end: bool = False
) -> tuple[Caller, Call]:
    """
    A call that is answered with C{data}.
    """
    caller = Caller()
    call = caller.call(method)
    caller.wire.take()
    caller.answer(data)
    if end:
        caller.wire.lose()
    return caller, call


def broken(caller: Caller, call: Call) -> bool:
    """
    Whether the call was lost, and its connection can't be used any more.
    """
    return isinstance(call.lost, PeerProtocolError) and bool(caller.wire.ending)


# Sections 2 and 3: what is sent


@pytest.mark.requirement("9112-2.2-5", "9112-2.2-8", "9112-3.2-3", "9112-7.4-1")
@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GET", None, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("POST", None, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
        (
            "POST",
            b"hello\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nhello\r\n",
        ),
        (
            "PUT",
            [b"hel", b"lo"],
            (
                b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
            ),
        ),
    ],
)
def test_exactly(method: str, body: Any, expected: bytes) -> None:
    """
    Nothing before, after or between, also of the next request.
    """
    caller = Caller()
    for _ in range(2):
        caller.call(method, body=body)
        caller.clock.advance(0)
        assert caller.wire.take() == expected
        caller.answer(OK)
    assert len(caller.endpoint.transports) == 1


@pytest.mark.requirement("9112-2.2-6")
@pytest.mark.parametrize("body", [b"a\r\n", [b"a\r\n"]], ids=["length", "chunks"])
def test_lineEndInContent(body: Any) -> None:
    caller = Caller()
    caller.call("POST", body=body)
    (asked,) = caller.asked()
    assert asked.content == b"a\r\n"


@pytest.mark.requirement(
    "9112-3.2-3",
    "9112-3.2-4",
    "9112-3.2.1-1",
    "9112-3.2.1-2",
    "9112-3.2.2-2",
    "9110-7.2-1",
    "9110-7.2-2",
    "9110-2.2-2",
)
@pytest.mark.parametrize(
    ("uri", "target", "host"),
    [
        ("/x?y", b"/x?y", b"a"),
        ("http://b/x?y", b"/x?y", b"b"),
        ("http://b:8080", b"/", b"b:8080"),
        ("http://b?y", b"/?y", b"b"),
        ("HTTPS://[::1]:8443/", b"/", b"[::1]:8443"),
        ("http://b/x#y", b"/x", b"b"),
    ],
)
def test_target(uri: str, target: bytes, host: bytes) -> None:
    caller = Caller()
    caller.call(uri=uri, fields=[("x", "1")])
    (asked,) = caller.asked()
    assert asked.start[1] == target
    assert asked.fields[0] == (b"Host", host)
    assert asked.get(b"host") == host


@pytest.mark.requirement("9112-3.2-5")
def test_noAuthority() -> None:
    caller = Caller(host=b"")
    caller.call()
    (asked,) = caller.asked()
    assert asked.get(b"host") == b""


@pytest.mark.requirement("9112-3.2-4", "9110-4.2.4-1", "9110-4.2.1-1", "9110-4.2.2-1")
@pytest.mark.parametrize(
    "uri", ["http://u@b/", "https://u:p@b/", "http:///x", "https:///x", "http://:80/"]
)
def test_authorityThatIsNone(uri: str) -> None:
    """
    Neither user information nor an empty host is sent.
    """
    caller = Caller()
    with pytest.raises(LocalProtocolError):
        caller.call(uri=uri)


@pytest.mark.requirement("9112-3.2.4-1", "9110-7.1-1")
@pytest.mark.parametrize("uri", ["*", "http://a"])
def test_asterisk(uri: str) -> None:
    caller = Caller()
    caller.call("OPTIONS", uri)
    (asked,) = caller.asked()
    assert asked.start[1] == b"*"


@pytest.mark.requirement("9110-7.1-1", "9112-3.2.3-1", "9110-9.3.6-1")
@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("GET", "*"),
        ("GET", "a:80"),
        ("CONNECT", "a:80"),
        ("CONNECT", "/"),
        ("GET", "x"),
    ],
)
def test_formsOfOtherMethods(method: str, uri: str) -> None:
    caller = Caller()
    with pytest.raises(LocalProtocolError):
        caller.call(method, uri)


@pytest.mark.requirement("9112-3-4", "9110-4.1-1")
def test_8000() -> None:
    caller = Caller()
    caller.call(uri="/" + "a" * 7999)
    (asked,) = caller.asked()
    assert len(asked.start[1]) == 8000


@pytest.mark.requirement(
    "9112-6.1-2",
    "9112-6.1-3",
    "9112-6.2-1",
    "9112-7.4-1",
    "9112-7.4-3",
    "9110-10.1.4-1",
    "9110-7.6.1-1",
    "9110-7.6.1-4",
    "9110-7.8-11",
    "9112-9.6-2",
    "9112-9.6-3",
)
@pytest.mark.parametrize(
    "body", [None, b"hello", [b"hello"]], ids=["none", "length", "chunks"]
)
def test_fieldsOfTheHop(body: Any) -> None:
    """
    Whatever a caller sets: they are the connection's own business.
    """
    fields = [
        ("Connection", "close, cache-control"),
        ("TE", "chunked, gzip"),
        ("Transfer-Encoding", "gzip"),
        ("Upgrade", "h2c"),
        ("Keep-Alive", "5"),
    ]
    caller = Caller()
    for _ in range(2):
        caller.call("POST", fields=fields, body=body)
        (asked,) = caller.asked()
        assert not {b"connection", b"te", b"upgrade", b"keep-alive"} & set(asked.names)
        assert asked.all(b"transfer-encoding") in ([], [b"chunked"])
        assert asked.content == (b"hello" if body else b"")
        caller.answer(OK)
    assert len(caller.endpoint.transports) == 1


@pytest.mark.requirement("9112-6.3-11", "9112-6.3-12", "9110-8.6-1", "9110-8.6-2")
@pytest.mark.parametrize(
    ("method", "body", "length", "coding"),
    [
        ("GET", None, None, None),
        ("DELETE", None, None, None),
        ("POST", None, b"0", None),
        ("PUT", b"", b"0", None),
        ("PUT", b"hello", b"5", None),
        ("PUT", "h\u00e9llo", b"6", None),
        ("PUT", [b"hello"], None, b"chunked"),
        ("PUT", [], None, b"chunked"),
        ("DELETE", b"hello", b"5", None),
    ],
)
def test_lengthOrChunks(
    method: str, body: Any, length: bytes | None, coding: bytes | None
) -> None:
    caller = Caller()
    caller.call(method, body=body)
    caller.clock.advance(0)
    (asked,) = caller.asked()
    assert asked.get(b"content-length") == length
    assert asked.get(b"transfer-encoding") == coding


# Section 4: status lines


@pytest.mark.requirement("9112-4-3")
@pytest.mark.parametrize(
    "phrase", [b" OK", b" Not Found", b" 404", b" ", b"", b" \xc3\xa9", b" a\tb"]
)
def test_phrase(phrase: bytes) -> None:
    caller, call = called(b"HTTP/1.1 200" + phrase + b"\r\nContent-Length: 2\r\n\r\nhi")
    assert (call.response.code, call.content) == (200, b"hi")


@pytest.mark.requirement("9112-4-2", "9112-2.2-4", "9112-2.2-2", "9110-15-2")
@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200\rOK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 000 OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/2.0 200 OK",
        b"HTTP/1.2 200 OK",
        b"http/1.1 200 OK",
        b"200 OK",
        b"HTTP/1.1 200 OK\nX: 1",
        b"",
    ],
)
def test_strictStatusLine(line: bytes) -> None:
    assert broken(*called(line + b"\r\nContent-Length: 2\r\n\r\nhi"))


# Section 5: fields


@pytest.mark.requirement("9112-5.2-4")
@pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b" \r\n \t", b"\t\r\n  "])
def test_unfolds(fold: bytes) -> None:
    caller, call = called(
        b"HTTP/1.1 200 OK\r\nX: 1%b2%b3\r\nContent-Length: 2\r\n\r\nhi" % (fold, fold)
    )
    assert call.response.headers.getRaw("x") == (b"1 2 3",)
    assert call.content == b"hi"
    assert not caller.wire.ending


@pytest.mark.requirement("9112-5.2-4", "9112-6.3-7")
@pytest.mark.parametrize(
    "field", [b"Content-Length:\r\n 2", b"Content-Length: 2\r\n 0"]
)
def test_unfoldsNoFraming(field: bytes) -> None:
    """
    Our choice: where others may see another end, there is no answer.
    """
    caller, call = called(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\nhi")
    assert broken(caller, call)
    assert call.response is None


@pytest.mark.requirement("9112-2.2-4", "9112-2.2-9", "9110-5.5-4", "9110-5.5-5")
@pytest.mark.parametrize(
    "block",
    [
        b" X: 1\r\n",
        b"\tX: 1\r\n",
        b" \r\n",
        b"X: 1\r2\r\n",
        b"X: 1\n2\r\n",
        b"X: 1\0\r\n",
        b"X: \x0b1\r\n",
        b"X: 1\r\n \r\n",
        b"X : 1\r\n",
        b"X\r\n",
    ],
)
def test_badFields(block: bytes) -> None:
    """
    Our choice: an answer with any of them is none.
    """
    caller, call = called(
        b"HTTP/1.1 200 OK\r\n" + block + b"Content-Length: 2\r\n\r\nhi"
    )
    assert broken(caller, call)
    assert call.response is None


@pytest.mark.requirement("9110-5.5-1", "9110-5.5-3", "9112-2.2-1")
@pytest.mark.parametrize("space", [b"", b" ", b"\t", b" \t "])
def test_valuesAsTheyAre(space: bytes) -> None:
    """
    Without the white space around them, and in octets, whatever these would
    be in another encoding.
    """
    value = b"\xe4\xbd\x8a\xc3\xff \x80\x85\xa0x"
    lines = b"X:%b%b%b\r\nContent-Length:%b2%b\r\n" % (
        space,
        value,
        space,
        space,
        space,
    )
    caller, call = called(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\nhi")
    assert call.response.headers.getRaw("x") == (value,)
    assert call.content == b"hi"
    assert not caller.wire.ending


# Section 6: framing


@pytest.mark.requirement("9112-6.1-1", "9112-7.1-2", "9112-7.1.1-1", "9110-5.6.3-6")
@pytest.mark.parametrize(
    "data",
    [
        b"2\r\nhi\r\n0\r\n\r\n",
        b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
        b"02;a=b\r\nhi\r\n0;c\r\n\r\n",
        b'2 ; a = "\\""\r\nhi\r\n0\r\n\r\n',
        b"2\r\nhi\r\n0\r\nX: 1\r\n\r\n",
    ],
)
def test_chunked(data: bytes) -> None:
    caller, call = called(CHUNKED + data)
    assert call.content == b"hi"
    assert not caller.wire.ending


@pytest.mark.requirement("9112-7.1-3", "9112-7.1-4", "9112-7.2-1")
@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"1" + b"0" * 15 + b"\r\nhi\r\n0\r\n\r\n",
        CHUNKED + b"1" + b"0" * 16 + b"2\r\nhi\r\n0\r\n\r\n",
        CHUNKED.replace(b"chunked", b"chunked;a=b") + b"2\r\nhi\r\n0\r\n\r\n",
        CHUNKED.replace(b"chunked", b"gzip;a=b, chunked") + b"2\r\nhi\r\n0\r\n\r\n",
    ],
)
def test_strictChunks(data: bytes) -> None:
    assert broken(*called(data))


@pytest.mark.requirement("9112-7.1.2-2", "9112-7.1.2-3", "9110-6.5.1-2")
def test_trailers() -> None:
    caller, call = called(
        b"HTTP/1.1 200 OK\r\nX: head\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nX: tail\r\nY: 1\r\n"
        b"Content-Length: 9\r\nSet-Cookie: a=b\r\n\r\n"
    )
    assert list(call.response.trailers) == [(b"X", b"tail"), (b"Y", b"1")]
    assert call.response.headers.getRaw("x") == (b"head",)
    assert not call.response.headers.hasHeader("y")


@pytest.mark.requirement("9112-6.1-14")
@pytest.mark.parametrize(
    "fields", [b"", b"Content-Length: 2\r\n", b"Connection: keep-alive\r\n"]
)
def test_codingFromOld(fields: bytes) -> None:
    data = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n" + fields
    assert broken(*called(data + b"\r\n2\r\nhi\r\n0\r\n\r\n"))


@pytest.mark.requirement("9112-6.3-2")
def test_lengthAndCoding() -> None:
    assert broken(
        *called(CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    )


@pytest.mark.requirement("9112-6.3-4", "9112-6.3-7", "9112-8-2")
@pytest.mark.parametrize(
    "lines",
    [[b"2", b"3"], [b"2, 3"], [b"+2"], [b""], [b"x"], [b"2,"], [b"9" * 19], [b"0x2"]],
    ids=repr,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_badLength(lines: list[bytes], method: str) -> None:
    fields = b"".join(b"Content-Length: " + line + b"\r\n" for line in lines)
    caller, call = called(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\nhi", method)
    assert broken(caller, call)
    assert call.response is None


@pytest.mark.requirement("9112-6.3-4", "9110-8.6-13")
@pytest.mark.parametrize("lines", [[b"2, 2"], [b"2", b"2"], [b"2,2 ,2"]], ids=repr)
def test_repeatedLength(lines: list[bytes]) -> None:
    """
    Our choice: equal lengths of an answer are one.
    """
    fields = b"".join(b"Content-Length: " + line + b"\r\n" for line in lines)
    caller, call = called(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\nhi")
    assert call.content == b"hi"
    assert call.response.headers.getRaw("content-length") == (b"2",)


SHORT = {
    "no answer": b"",
    "part of a head": b"HTTP/1.1 200 OK\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    "chunk": CHUNKED + b"3\r\nhi",
    "no last chunk": CHUNKED + b"2\r\nhi\r\n",
    "no end": CHUNKED + b"2\r\nhi\r\n0\r\n",
}


@pytest.mark.requirement("9112-8-2", "9112-6.3-8")
@pytest.mark.parametrize("data", SHORT.values(), ids=SHORT)
def test_incomplete(data: bytes) -> None:
    """
    Said to be lost; never whole.
    """
    caller, call = called(data, "POST", end=True)
    assert isinstance(call.lost, PeerGone)
    assert call.content is None


@pytest.mark.requirement("9112-8-2", "9112-6.3-8")
@pytest.mark.parametrize("data", SHORT.values(), ids=SHORT)
def test_late(data: bytes) -> None:
    caller, call = called(data, "POST")
    caller.wait(130)
    assert isinstance(call.lost, ExchangeLost)
    assert call.content is None
    assert caller.wire.ending


@pytest.mark.requirement("9112-8-2")
@pytest.mark.parametrize("data", [b"2\r\nhix", b"2\r\nhi\r\nx\r\n", b"-1\r\n"])
def test_badChunk(data: bytes) -> None:
    caller, call = called(CHUNKED + data)
    assert broken(caller, call)
    assert call.content is None


@pytest.mark.requirement("9112-9.8-1")
@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (OK, True),
        (CHUNKED + b"2\r\nhi\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", False),
    ],
    ids=["length", "chunks", "until closed", "short"],
)
def test_incompleteClose(data: bytes, whole: bool) -> None:
    """
    A connection that ends without the word of TLS for it.
    """
    caller, call = called(data)
    caller.wire.lose(ConnectionLost())
    assert (call.content == b"hi") is whole
    assert isinstance(call.lost, PeerGone) is not whole


@pytest.mark.requirement("9112-9.8-2")
def test_incompleteCloseIsNoHarm() -> None:
    """
    The next call finds another connection.
    """
    caller, _ = called(OK)
    caller.wire.lose(ConnectionLost())
    call = caller.call()
    caller.answer(OK)
    assert call.content == b"hi"
