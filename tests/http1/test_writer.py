"""
What goes on the wire.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.hop import endToEnd
from penstock.transports.http1.writer import (
    Framing,
    Persistence,
    chunk,
    dateLine,
    errorResponse,
    intermediateHead,
    lastChunk,
    plainHead,
    requestHead,
    responseFraming,
    responseHead,
)

Fields = list[tuple[str, str]]

HEADS: dict[str, tuple[int, Fields, bool, bool, bytes]] = {
    "length": (200, [("Content-Length", "3")], False, True, b"Content-Length: 3\r\n"),
    "chunked": (200, [], False, True, b"Transfer-Encoding: chunked\r\n"),
    "close": (200, [], False, False, b""),
    "length to 1.0": (
        200,
        [("Content-Length", "3")],
        False,
        False,
        b"Content-Length: 3\r\n",
    ),
    "HEAD, length": (
        200,
        [("Content-Length", "3")],
        True,
        True,
        b"Content-Length: 3\r\n",
    ),
    "HEAD, chunked": (200, [], True, True, b"Transfer-Encoding: chunked\r\n"),
    "HEAD to 1.0": (200, [], True, False, b""),
    "204": (204, [("Content-Length", "0"), ("A", "b")], False, True, b"A: b\r\n"),
    "204 to HEAD": (204, [("content-length", "3")], True, True, b""),
    "205": (205, [("Content-Length", "9")], False, True, b"Content-Length: 0\r\n"),
    "304": (304, [("Content-Length", "9")], False, True, b"Content-Length: 9\r\n"),
    "304 without length": (304, [], False, True, b""),
    "304 to HEAD": (304, [], True, True, b""),
    "app's framing": (
        200,
        [("Transfer-Encoding", "gzip"), ("A", "b")],
        False,
        True,
        b"Transfer-Encoding: chunked\r\nA: b\r\n",
    ),
    "app's framing with length": (
        200,
        [("Transfer-Encoding", "chunked"), ("Content-Length", "3")],
        False,
        True,
        b"Content-Length: 3\r\n",
    ),
    "hop": (
        304,
        [
            ("Connection", "close, X-A, Content-Length"),
            ("X-A", "1"),
            ("Keep-Alive", "5"),
            ("Content-Length", "4"),
            ("Upgrade", "h2c"),
            ("TE", "x"),
            ("Proxy-Connection", "y"),
            ("X-B", "2"),
        ],
        False,
        True,
        b"Content-Length: 4\r\nX-B: 2\r\n",
    ),
}


@pytest.mark.parametrize(
    ("code", "fields", "isHead", "chunks", "expected"), HEADS.values(), ids=HEADS
)
def test_responseHead(
    code: int, fields: Fields, isHead: bool, chunks: bool, expected: bytes
) -> None:
    headers = Headers(fields)
    framing = responseFraming(code, isHead, "content-length" in headers, chunks)
    head = responseHead(
        code,
        b"Why",
        headers,
        framing,
        Persistence.IMPLIED,
        b"Date: now",
        isHead,
        chunks,
    )
    assert head == b"HTTP/1.1 %d Why\r\nDate: now\r\n%b\r\n" % (code, expected)


STATUS: dict[str, tuple[int, bytes | None, bytes]] = {
    "standard": (200, None, b"HTTP/1.1 200 OK"),
    "own": (200, b"Fine", b"HTTP/1.1 200 Fine"),
    "empty": (200, b"", b"HTTP/1.1 200 "),
    "unknown": (299, None, b"HTTP/1.1 299 "),
    "999": (999, None, b"HTTP/1.1 999 "),
}


@pytest.mark.parametrize(("code", "reason", "expected"), STATUS.values(), ids=STATUS)
@pytest.mark.requirement("9112-4-4")
def test_statusLine(code: int, reason: bytes | None, expected: bytes) -> None:
    head = responseHead(
        code,
        reason,
        Headers(),
        Framing.CLOSE,
        Persistence.CLOSE,
        b"Date: now",
    )
    assert head == expected + b"\r\nDate: now\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("code", "fields", "plain"),
    [
        (200, [("Content-Length", "3"), ("A", "b"), ("A", "c")], True),
        (404, [("Content-Length", "0")], True),
        (299, [("Content-Length", "0")], False),
        (200, [("Content-Length", "3"), ("Date", "x")], False),
        (200, [("Content-Length", "3"), ("Connection", "a"), ("A", "b")], False),
        (200, [("Content-Length", "3"), ("transfer-encoding", "gzip")], False),
        (200, [("Content-Length", "3"), ("Upgrade", "x")], False),
    ],
)
def test_plainHead(code: int, fields: Fields, plain: bool) -> None:
    """
    The short way comes to the same as the long one, or says that it doesn't.
    """
    headers = Headers(fields)
    date = dateLine(0)
    long = responseHead(code, None, headers, Framing.LENGTH, Persistence.IMPLIED, date)
    assert plainHead(code, headers, date) == (long if plain else None)


@pytest.mark.requirement("9110-5.3-3")
def test_ownDate() -> None:
    head = responseHead(
        200,
        None,
        Headers([("date", "then")]),
        Framing.CLOSE,
        Persistence.KEEP_ALIVE,
        b"Date: now",
    )
    assert head == b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\ndate: then\r\n\r\n"


def test_date() -> None:
    assert dateLine(784111777) == b"Date: Sun, 06 Nov 1994 08:49:37 GMT"


def test_intermediate() -> None:
    assert intermediateHead(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    headers = Headers(
        [("Link", "</a>"), ("Content-Length", "3"), ("Connection", "close")]
    )
    assert intermediateHead(103, b"Look", headers) == (
        b"HTTP/1.1 103 Look\r\nLink: </a>\r\n\r\n"
    )


def test_error() -> None:
    assert errorResponse(400, b"Date: now") == (
        b"HTTP/1.1 400 Bad Request\r\nDate: now\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 12\r\n"
        b"Connection: close\r\n\r\nBad Request\n"
    )


@given(st.binary(min_size=1))
def test_chunk(data: bytes) -> None:
    size, _, rest = chunk(data).partition(b"\r\n")
    assert int(size, 16) == len(data)
    assert rest == data + b"\r\n"


@pytest.mark.requirement("9110-6.5.1-1")
def test_lastChunk() -> None:
    assert lastChunk(None) == b"0\r\n\r\n"
    assert lastChunk(Headers()) == b"0\r\n\r\n"
    trailers = Headers(
        [("X-Sum", "1"), ("Content-Length", "3"), ("Authorization", "no")]
    )
    assert lastChunk(trailers) == b"0\r\nX-Sum: 1\r\n\r\n"


REQUESTS: dict[str, tuple[bytes, Fields, bool, bytes, Framing]] = {
    "plain": (b"GET", [("A", "b")], False, b"A: b\r\n", Framing.NONE),
    "length": (
        b"PUT",
        [("Content-Length", "3")],
        True,
        b"Content-Length: 3\r\n",
        Framing.LENGTH,
    ),
    "chunked": (
        b"PUT",
        [],
        True,
        b"Transfer-Encoding: chunked\r\n",
        Framing.CHUNKED,
    ),
    "nothing to put": (b"PUT", [], False, b"Content-Length: 0\r\n", Framing.NONE),
    "false promise": (b"GET", [("content-length", "3")], False, b"", Framing.NONE),
    "other host": (
        b"GET",
        [("HOST", "b"), ("A", "b")],
        False,
        b"A: b\r\n",
        Framing.NONE,
    ),
    "hop": (
        b"GET",
        [("Connection", "x"), ("X", "1"), ("TE", "trailers"), ("A", "b")],
        False,
        b"A: b\r\n",
        Framing.NONE,
    ),
}


@pytest.mark.parametrize(
    ("method", "fields", "hasContent", "expected", "framing"),
    REQUESTS.values(),
    ids=REQUESTS,
)
@pytest.mark.requirement("9112-3.2-3")
def test_requestHead(
    method: bytes, fields: Fields, hasContent: bool, expected: bytes, framing: Framing
) -> None:
    assert requestHead(method, b"/x", b"a", Headers(fields), hasContent) == (
        method + b" /x HTTP/1.1\r\nHost: a\r\n" + expected + b"\r\n",
        framing,
    )


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        (b"GE T", b"/", b"a"),
        (b"", b"/", b"a"),
        (b"GET\r\n", b"/", b"a"),
        (b"GET", b"/ b", b"a"),
        (b"GET", b"", b"a"),
        (b"GET", b"/\r\nX: y", b"a"),
        (b"GET", b"/\xe9", b"a"),
        (b"GET", b"/", b"a\r\nX: y"),
        (b"GET", b"/", b"a b"),
    ],
)
@pytest.mark.requirement("9112-2.2-3")
def test_notOnAWire(method: bytes, target: bytes, host: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        requestHead(method, target, host, Headers(), False)


def test_endToEndIsFreeWithoutHop() -> None:
    headers = Headers([("A", "b")])
    assert endToEnd(headers) is headers
