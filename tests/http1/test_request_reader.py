"""
What a server makes of bytes: each input whole, cut in two everywhere, and
octet by octet.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.request_reader import RequestReader

from .wires import HOST, cuts, events

GET = b"GET / HTTP/1.1\r\n"
AFTER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def head(block: bytes) -> bytes:
    return GET + HOST + block + b"\r\n"


def line(start: bytes) -> bytes:
    return start + b"\r\n" + HOST + b"\r\n"


REJECTED: dict[str, tuple[int, bytes]] = {
    # A: request line
    "A1 LF in line": (400, line(b"GET /\nHTTP/1.1")),
    "A1 tab": (400, line(b"GET\t/ HTTP/1.1")),
    "A1 tab after target": (400, line(b"GET /\tHTTP/1.1")),
    "A1 VT": (400, line(b"GET\x0b/ HTTP/1.1")),
    "A1 FF": (400, line(b"GET\x0c/ HTTP/1.1")),
    "A1 NBSP": (400, line(b"GET\xa0/ HTTP/1.1")),
    "A1 two spaces": (400, line(b"GET  / HTTP/1.1")),
    "A1 space at the end": (400, line(b"GET / HTTP/1.1 ")),
    "A1 space at the start": (400, line(b" GET / HTTP/1.1")),
    "A1 bare CR": (400, line(b"GET / HTTP/1.1\rX: y")),
    "A2 separators in method": (400, line(b'G=":<>(e) / HTTP/1.1')),
    "A2 no space": (400, line(b"GET/: HTTP/1.1")),
    "A2 empty method": (400, line(b" / HTTP/1.1")),
    "A2 non-ASCII method": (400, line("GÉT / HTTP/1.1".encode())),
    "A3 HTTP/1.32": (400, line(b"GET / HTTP/1.32")),
    "A3 not a dot": (400, line("GET / HTTP/1ö1".encode())),
    "A3 unicode digit": (400, line("GET / HTTP/1.𝟙".encode())),
    "A3 CRs in version": (400, line(b"GET / HTTP/\r\r1.1")),
    "A3 huge version": (400, line(b"GET / HTTP/4294967295.255")),
    "A3 lower case": (400, line(b"GET / http/1.1")),
    "A3 nothing": (400, line(b"GET /")),
    "A3 nothing, with space": (400, line(b"GET / ")),
    "A3 HTTP/0.9": (505, line(b"GET / HTTP/0.9")),
    "A3 HTTP/1.2": (505, line(b"GET / HTTP/1.2")),
    "A3 HTTP/2.0": (505, line(b"GET / HTTP/2.0")),
    "A3 HTTP/2 preface": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "A4 relative": (400, line(b"GET ! HTTP/1.1")),
    "A4 relative path": (400, line(b"GET index.html HTTP/1.1")),
    "A4 empty target": (400, line(b"GET  HTTP/1.1")),
    "A4 control": (400, line(b"GET /\x01 HTTP/1.1")),
    "A4 DEL": (400, line(b"GET /\x7f HTTP/1.1")),
    "A4 NUL": (400, line(b"GET /\x00 HTTP/1.1")),
    "A4 high": (400, line(b"GET /\xc3\xa9 HTTP/1.1")),
    "A5 * with GET": (400, line(b"GET * HTTP/1.1")),
    "A5 authority with GET": (400, line(b"GET a:80 HTTP/1.1")),
    "A5 origin with CONNECT": (400, line(b"CONNECT / HTTP/1.1")),
    "A5 no port with CONNECT": (400, line(b"CONNECT a HTTP/1.1")),
    "A7 one slash": (400, line(b"GET http:/a/ HTTP/1.1")),
    "A7 three slashes": (400, line(b"GET http:///a/ HTTP/1.1")),
    "A7 no authority": (400, line(b"GET http:// HTTP/1.1")),
    "A8 too long": (414, line(b"GET /" + b"a" * 16384 + b" HTTP/1.1")),
    "A8 endless": (414, b"GET /" + b"a" * 20000),
    "A8 endless after empty line": (414, b"\r\n\r\nGET /" + b"a" * 20000),
    "A8 endless method": (414, b"G" * 20000),
    "TLS hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "too many empty lines": (400, b"\r\n\r\n\r\n" + line(b"GET / HTTP/1.1")),
    "bare LF before": (400, b"\n" + line(b"GET / HTTP/1.1")),
    "bare CR before": (400, b"\r" + line(b"GET / HTTP/1.1")),
    # B: fields
    "B1 bare LF": (400, head(b"Foo: x\nContent-Length: 44\r\n")),
    "B1 bare LF as end": (400, GET + b"Host: a\n\n"),
    "B1 bare LF after line": (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    "B1 bare CR": (400, head(b"Foo: x\rContent-Length: 44\r\n")),
    "B1 CR CR LF": (400, head(b"Foo: x\r\r\n")),
    "B1 NUL": (400, head(b"Foo: x\x00y\r\n")),
    **{
        f"B2 {octet:#04x} in value": (400, head(b"Foo: x%cInjected: y\r\n" % octet))
        for octet in (0x01, 0x08, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F, 0x7F)
    },
    "B3 space before colon": (400, head(b"Content-Length : 3\r\n")),
    "B3 tab before name": (400, GET + b"\tContent-Length: 1\r\n" + HOST + b"\r\n"),
    "B3 space before name": (400, GET + b" Foo: 1\r\n" + HOST + b"\r\n"),
    "B3 no name": (400, head(b": x\r\n")),
    "B3 no colon": (400, head(b"Foo\r\n")),
    "B3 space in name": (400, head(b"Na me: x\r\n")),
    "B3 0x85 in name": (400, head(b"Name\x85: x\r\n")),
    "B3 0xa0 in name": (400, head(b"Name\xa0: x\r\n")),
    "B3 name with separator": (400, head(b"Na(me): x\r\n")),
    "B4 folded": (400, head(b"Foo: x\r\n y\r\n")),
    "B4 folded with tab": (400, head(b"Foo: x\r\n\ty\r\n")),
    "B4 folded name": (400, POST + b"Transfer-\r\nEncoding: chunked\r\n\r\n0\r\n\r\n"),
    "B5 NBSP around chunked": (
        400,
        POST + b"Transfer-Encoding: \xa0chunked\xa0\r\n\r\n0\r\n\r\n",
    ),
    "B5 VT before chunked": (
        400,
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    ),
    "B6 two Host": (400, GET + HOST + b"Host: b\r\n\r\n"),
    "B6 two equal Host": (400, GET + HOST + HOST + b"\r\n"),
    "B6 two Content-Type": (
        400,
        POST + b"Content-Type: a/b\r\ncontent-type: a/c\r\nContent-Length: 0\r\n\r\n",
    ),
    "B9 too many fields": (431, head(b"A: b\r\n" * 128)),
    "B11 too large": (431, head(b"A: " + b"b" * 65536 + b"\r\n")),
    "B11 endless": (431, GET + b"A: " + b"b" * 70000),
    "G2 no Host": (400, GET + b"\r\n"),
    **{
        f"G1 Host {name}": (400, GET + b"Host: " + value + b"\r\n\r\n")
        for name, value in {
            "path": b"a/../b",
            "space": b"a b",
            "user": b"u@a",
            "query": b"a?b",
            "empty": b"",
            "unicode": "é".encode(),
            "list": b"a, b/",
            "port": b"a:8x",
            "ports": b"a:1:2",
            "bracket": b"[::1",
            "percent": b"a%2",
            "backslash": b"a\\b",
            "great port": b"a:65536",
            "long port": b"a:000080",
            "great port of IPv6": b"[::1]:65536",
            "no IPv6": b"[:::]",
            "IPv4 in brackets": b"[192.0.2.1]",
            "IPv6 with zone": b"[fe80::1%25eth0]",
            "long": b"a" * 256,
            "long and encoded": b"a" * 254 + b"%61",
            "only a port": b":80",
        }.items()
    },
    # C: Content-Length
    **{
        f"C1 {value!r}": (
            400,
            POST + b"Content-Length: " + value + b"\r\n\r\n" + AFTER,
        )
        for value in (
            b"+1",
            b"-1",
            b"1_0",
            b"0x10",
            "１".encode(),
            b"1 2",
            b"1,1",
            b"1, 1",
            b"",
            b"1.0",
            b"1;a",
            b"\xb2",
        )
    },
    "C2 two": (400, POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "C2 two equal": (400, POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
    "C2 empty, then 43": (400, POST + b"Content-Length:\r\nContent-Length: 43\r\n\r\n"),
    "C3 5000 digits": (400, POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
    "C3 19 digits": (400, POST + b"Content-Length: " + b"9" * 19 + b"\r\n\r\n"),
    # D: Transfer-Encoding
    "D1 CL and TE": (
        400,
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "D1 TE and CL": (
        400,
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    ),
    **{
        f"D2 {value!r}": (
            code,
            POST + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n" + AFTER,
        )
        for value, code in {
            b"gzip, chunked": 501,
            b"identity, chunked": 501,
            b"identity": 400,
            b"gzip": 400,
            b"foo": 400,
            b"xchunked": 400,
            b"chunked, gzip": 400,
            b",chunked": 400,
            b"chunked,": 400,
            b"": 400,
            b"chunked, chunked": 400,
            b"chunked;x": 400,
            b"chunked x": 400,
            b'"chunked"': 400,
        }.items()
    },
    "D2 two lines": (
        400,
        POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    ),
    "D2 gzip and chunked in two lines": (
        400,
        POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "D3 HTTP/1.0": (
        400,
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + AFTER,
    ),
}

# What is wrong in the content: the head is fine.
REJECTED_CONTENT: dict[str, tuple[int, bytes]] = {
    **{
        f"D4 {size!r}": (400, size + b"\r\nhello\r\n0\r\n\r\n" + AFTER)
        for size in (
            b"0x5",
            b"+5",
            b"-0",
            b"-5",
            b"0_2e",
            b" 5",
            b"5 ",
            b"5\t",
            b"",
            b"10000000000000000",
            b"fffffffffffffffff",
            b"5z",
            b"\xef\xbc\x95",
        )
    },
    "D5 LF in extension": (400, b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "D5 CR in extension": (400, b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "D5 CR CR": (400, b"5\r\r;a\r\nhello\r\n0\r\n\r\n"),
    "D5 control": (400, b"5;a\x01\r\nhello\r\n0\r\n\r\n"),
    "D5 unclosed quote": (400, b'5;a="b\r\nhello\r\n0\r\n\r\n'),
    "D5 CRLF in quotes": (400, b'5;a="b\r\n"\r\nhello\r\n0\r\n\r\n'),
    "D5 no name": (400, b"5;\r\nhello\r\n0\r\n\r\n"),
    "D5 no value": (400, b"5;a=\r\nhello\r\n0\r\n\r\n"),
    "D5 long": (400, b"5;" + b"a" * 2000 + b"\r\nhello\r\n0\r\n\r\n"),
    "D5 endless": (400, b"5;" + b"a" * 2000),
    "D5 many": (400, (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 17 + b"0\r\n\r\n"),
    "D6 two octets eaten": (400, b"5\r\nhelloXX0\r\n\r\n" + AFTER),
    "D6 CR and another": (400, b"5\r\nhello\rX0\r\n\r\n" + AFTER),
    "D6 longer than said": (400, b"5\r\nhello!\r\n0\r\n\r\n" + AFTER),
    "D7 LF": (400, b"5\nhello\n0\n\n"),
    "D7 LF after data": (400, b"5\r\nhello\n0\r\n\r\n"),
    "D7 LF after last chunk": (400, b"5\r\nhello\r\n0\n\r\n"),
    "D9 bad trailer": (400, b"0\r\nFoo : bar\r\n\r\n"),
    "D9 folded trailer": (400, b"0\r\nFoo: bar\r\n baz\r\n\r\n"),
    "D9 LF in trailer": (400, b"0\r\nFoo: bar\nX: y\r\n\r\n"),
    "D9 endless trailer": (431, b"0\r\nFoo: " + b"b" * 10000),
    "D9 long trailers": (431, b"0\r\nFoo: " + b"b" * 10000 + b"\r\n\r\n"),
    "D9 many trailers": (431, b"0\r\n" + b"A: b\r\n" * 33 + b"\r\n"),
    "D10 then a request": (400, b"zz\r\n\r\n" + AFTER),
}


def someCuts(data: bytes) -> list[tuple[bytes, ...]]:
    """
    All cuts of what is short, and a few of what is long.
    """
    if len(data) < 600:
        return list(cuts(data))
    places = [1, 10, 25, 40, len(data) // 2, len(data) - 1]
    return [
        (data,),
        *((data[:place], data[place:]) for place in places),
        tuple(data[place : place + 7] for place in range(0, len(data), 7)),
    ]


@pytest.mark.parametrize(("code", "data"), REJECTED.values(), ids=REJECTED)
@pytest.mark.requirement("9112-2.2-10")
def test_rejected(code: int, data: bytes) -> None:
    whole = events((data + AFTER,))
    assert [type(event) for event in whole] == [Rejected]
    assert whole[0].code == code
    assert not re.search("smuggled|Foo|Injected", whole[0].reason)
    for pieces in someCuts(data):
        assert events((*pieces, AFTER)) == whole, pieces


@pytest.mark.parametrize(
    ("code", "data"), REJECTED_CONTENT.values(), ids=REJECTED_CONTENT
)
@pytest.mark.requirement("9112-7.1-3", "9112-2.2-10")
def test_rejectedContent(code: int, data: bytes) -> None:
    whole = events((CHUNKED + data + AFTER,))
    assert type(whole[0]) is RequestHead
    assert type(whole[-1]) is Rejected
    assert whole[-1].code == code
    assert {type(event) for event in whole[1:-1]} <= {Data}
    for pieces in someCuts(data):
        assert events((CHUNKED, *pieces, AFTER)) == whole, pieces


def contents(data: bytes) -> list[tuple[bytes, bytes, bytes, bool]]:
    """
    What requests there are: method, target, content, whether it is whole.
    """
    found: list[tuple[bytes, bytes, bytes, bool]] = []
    for event in events((data,)):
        if type(event) is RequestHead:
            found.append((event.method, event.target, b"", False))
        else:
            method, target, content, _ = found.pop()
            if type(event) is Data:
                found.append((method, target, content + event.data, False))
            else:
                assert type(event) is End
                found.append((method, target, content, True))
    return found


TAKEN: dict[str, tuple[bytes, list[tuple[bytes, bytes, bytes, bool]]]] = {
    "plain": (head(b""), [(b"GET", b"/", b"", True)]),
    "A2 lower case is another method": (
        line(b"get / HTTP/1.1"),
        [(b"get", b"/", b"", True)],
    ),
    "A2 odd token": (line(b"!#$% / HTTP/1.1"), [(b"!#$%", b"/", b"", True)]),
    "A5 OPTIONS *": (line(b"OPTIONS * HTTP/1.1"), [(b"OPTIONS", b"*", b"", True)]),
    "A5 CONNECT": (
        line(b"CONNECT a.b:443 HTTP/1.1"),
        [(b"CONNECT", b"a.b:443", b"", True)],
    ),
    "absolute": (
        line(b"GET http://b/c HTTP/1.1"),
        [(b"GET", b"http://b/c", b"", True)],
    ),
    "odd targets": (
        line(b'GET //a/..;%00?[]{}|^`"<>\\ HTTP/1.1'),
        [(b"GET", b'//a/..;%00?[]{}|^`"<>\\', b"", True)],
    ),
    "two empty lines": (b"\r\n\r\n" + head(b""), [(b"GET", b"/", b"", True)]),
    "empty lines between": (
        head(b"") + b"\r\n" + head(b"") + b"\r\n\r\n" + head(b""),
        [(b"GET", b"/", b"", True)] * 3,
    ),
    "HTTP/1.0 without fields": (
        b"GET / HTTP/1.0\r\n\r\n" * 2,
        [(b"GET", b"/", b"", True)] * 2,
    ),
    "B2 obs-text": (head(b"Foo: \x80\x85\xa0\xff\r\n"), [(b"GET", b"/", b"", True)]),
    "empty value": (head(b"Foo:\r\nBar: \t \r\n"), [(b"GET", b"/", b"", True)]),
    "as many fields as may be": (
        head(b"A: b\r\n" * 127),
        [(b"GET", b"/", b"", True)],
    ),
    "C1 leading zeros": (
        POST + b"Content-Length: 010\r\n\r\n0123456789" + head(b""),
        [(b"POST", b"/", b"0123456789", True), (b"GET", b"/", b"", True)],
    ),
    "C4 short": (
        POST + b"Content-Length: 5\r\n\r\nhell",
        [(b"POST", b"/", b"hell", False)],
    ),
    "C5 GET with content": (
        GET + HOST + b"Content-Length: 5\r\n\r\nhello" + head(b""),
        [(b"GET", b"/", b"hello", True), (b"GET", b"/", b"", True)],
    ),
    "C5 HEAD with a request as content": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(AFTER)
        + AFTER,
        [(b"HEAD", b"/", AFTER, True)],
    ),
    "D2 case": (
        POST + b"Transfer-Encoding: \tCHUNKED \r\n\r\n1\r\na\r\n0\r\n\r\n",
        [(b"POST", b"/", b"a", True)],
    ),
    "D4 zeros and case": (
        CHUNKED + b"000A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
        [(b"POST", b"/", b"01234567890123456789", True)],
    ),
    "D5 extensions": (
        CHUNKED + b'1;a\r\nx\r\n1 ; b = "c\\"\t;\x80" ;d=e\r\ny\r\n0;f\r\n\r\n',
        [(b"POST", b"/", b"xy", True)],
    ),
    "D8 no end": (CHUNKED + b"1\r\na\r\n0\r\n", [(b"POST", b"/", b"a", False)]),
    "a chunk like a chunk": (
        CHUNKED + b"7\r\n0\r\n\r\n0\r\n0\r\n\r\n"[:0] + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
        [(b"POST", b"/", b"0\r\n\r\n", True)],
    ),
}


@pytest.mark.parametrize(("data", "expected"), TAKEN.values(), ids=TAKEN)
def test_taken(data: bytes, expected: list[tuple[bytes, bytes, bytes, bool]]) -> None:
    assert contents(data) == expected
    whole = events((data,))
    for pieces in cuts(data):
        assert events(pieces) == whole, pieces


FIELDS: dict[str, tuple[bytes, tuple[tuple[bytes, bytes], ...]]] = {
    "as received": (b"FoO: bAr\r\n", ((b"FoO", b"bAr"),)),
    "trimmed": (b"Foo: \t bar \t\r\n", ((b"Foo", b"bar"),)),
    "not trimmed": (b"Foo: \xa0bar\x85\r\n", ((b"Foo", b"\xa0bar\x85"),)),
    "inner": (b"Foo: a  b:c\r\n", ((b"Foo", b"a  b:c"),)),
    "hop": (
        (
            b"Connection: close, X-Foo\r\nx-foo: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
            b"Proxy-Connection: a\r\nUpgrade: h2c\r\nBar: 2\r\n"
        ),
        ((b"Bar", b"2"),),
    ),
    "B12 Connection can't hide": (
        (
            b"Connection: authorization, X-Forwarded-For , content-length\r\n"
            b"Authorization: b\r\nX-Forwarded-For: c\r\nContent-Length: 0\r\n"
        ),
        (
            (b"Authorization", b"b"),
            (b"X-Forwarded-For", b"c"),
            (b"Content-Length", b"0"),
        ),
    ),
}


@pytest.mark.parametrize(("block", "fields"), FIELDS.values(), ids=FIELDS)
def test_fields(block: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    event = events((head(block),))[0]
    assert tuple(event.fields) == ((b"Host", b"a"), *fields)


PERSISTENT: dict[str, tuple[bytes, bytes, bool]] = {
    "1.1": (b"1.1", b"", True),
    "1.1 close": (b"1.1", b"Connection: close\r\n", False),
    "1.1 Close in a list": (b"1.1", b"Connection: a,\t Close ,,b\r\n", False),
    "1.1 close in another line": (
        b"1.1",
        b"Connection: a\r\n" * 2 + b"Connection: close\r\n",
        False,
    ),
    "1.1 both": (b"1.1", b"Connection: keep-alive, close\r\n", False),
    "1.1 closer": (b"1.1", b"Connection: closer\r\n", True),
    "1.0": (b"1.0", b"", False),
    "1.0 keep-alive": (b"1.0", b"Connection: Keep-Alive\r\n", True),
    "1.0 both": (b"1.0", b"Connection: close, keep-alive\r\n", False),
}


@pytest.mark.parametrize(
    ("version", "block", "keepAlive"), PERSISTENT.values(), ids=PERSISTENT
)
@pytest.mark.requirement("9112-9.6-4")
def test_keepAlive(version: bytes, block: bytes, keepAlive: bool) -> None:
    data = b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"
    assert events((data,))[0].keepAlive is keepAlive


EXPECT: dict[str, tuple[bytes, bytes, bool]] = {
    "waits": (b"1.1", b"Expect: 100-Continue\r\nContent-Length: 1\r\n", True),
    "chunked": (
        b"1.1",
        b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n",
        True,
    ),
    "no content": (b"1.1", b"Expect: 100-continue\r\n", False),
    "1.0": (b"1.0", b"Expect: 100-continue\r\nContent-Length: 1\r\n", False),
    "something else": (b"1.1", b"Expect: magic\r\nContent-Length: 1\r\n", False),
}


@pytest.mark.parametrize(("version", "block", "expects"), EXPECT.values(), ids=EXPECT)
def test_expect(version: bytes, block: bytes, expects: bool) -> None:
    data = b"POST / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"
    assert events((data,))[0].expectContinue is expects


@pytest.mark.requirement("9112-7.1.2-2")
def test_trailers() -> None:
    """
    D9: fields that don't belong there are dropped, the rest is apart.
    """
    trailers = (
        b"X-Sum: 1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\n"
        b"Authorization: c\r\nContent-Type: d\r\n"
        b"Set-Cookie: e\r\nX-Forwarded-For: f\r\n"
        b"Connection: g\r\nIf-Match: h\r\nx-sum: 2\r\n"
    )
    data = CHUNKED + b"1\r\na\r\n0\r\n" + trailers + b"\r\n" + AFTER
    whole = events((data,))
    assert whole[2] == End(((b"X-Sum", b"1"), (b"x-sum", b"2")))
    assert tuple(whole[0].fields) == ((b"Host", b"a"),)
    for pieces in cuts(data):
        assert events(pieces) == whole


def test_noTrailers() -> None:
    assert events((CHUNKED + b"0\r\n\r\n",))[1:] == [End(None)]


def test_oneLookAtAnIdenticalHead() -> None:
    """
    What was parsed once is recognized, and only what is identical.
    """
    reader = RequestReader(Limits())
    heads = []
    for block in (b"A: 1\r\n", b"A: 1\r\n", b"A: 2\r\n", b"A: 1\r\n"):
        reader.receive(head(block))
        heads.append(reader.nextEvent())
        assert reader.nextEvent() == End()
    assert heads[0] is heads[1]
    assert isinstance(heads[2], RequestHead)
    assert list(heads[2].fields)[1] == (b"A", b"2")
    assert heads[3] == heads[0]
    reader.receive(b"GET /other HTTP/1.1\r\n" + HOST + b"A: 1\r\n\r\n")
    other = reader.nextEvent()
    assert isinstance(other, RequestHead)
    assert isinstance(heads[3], RequestHead)
    assert other.target == b"/other"
    assert other.fields is heads[3].fields


def test_recognize() -> None:
    """
    A whole request that came before is known at a glance; nothing else is.
    """
    reader = RequestReader(Limits())
    request = head(b"A: 1\r\n")
    assert reader.recognize(request) is None
    reader.receive(request)
    first = reader.nextEvent()
    # Its end wasn't taken yet.
    assert reader.recognize(request) is None
    assert reader.nextEvent() == End()
    assert reader.recognize(request) is first
    assert reader.nextEvent() is None
    assert reader.recognize(request + b"x") is None
    assert reader.recognize(request[:-1]) is None
    assert reader.recognize(b"") is None
    reader.receive(request[:5])
    assert reader.recognize(request) is None
    reader.receive(request[5:])
    assert reader.nextEvent() == first


def test_recognizeNoContent() -> None:
    """
    What is followed by content isn't a whole request.
    """
    reader = RequestReader(Limits())
    request = head(b"Content-Length: 1\r\n")
    for _ in range(2):
        reader.receive(request + b"x")
        assert isinstance(reader.nextEvent(), RequestHead)
        assert reader.nextEvent() == Data(b"x")
        assert reader.nextEvent() == End()
        assert reader.recognize(request) is None


def test_theRecognizedHeadBeginsAnew() -> None:
    """
    A repeated head with content has content each time.
    """
    request = POST + b"Content-Length: 3\r\n\r\n"
    found = events((request + b"abc" + request + b"def" + request + b"gh",))
    assert [event for event in found if type(event) is not RequestHead] == [
        Data(b"abc"),
        End(),
        Data(b"def"),
        End(),
        Data(b"gh"),
    ]


def test_nothingIsParsedAhead() -> None:
    reader = RequestReader(Limits())
    reader.receive(head(b"") + b"nonsense\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    assert reader.buffered == len(b"nonsense\r\n\r\n")
    assert reader.nextEvent() == End()
    assert type(reader.nextEvent()) is Rejected
    assert reader.buffered == 0
    reader.receive(head(b""))
    assert reader.nextEvent() is None


def test_dataBetweenContentAndItsEnd() -> None:
    """
    What is received after the last content was taken isn't lost.
    """
    reader = RequestReader(Limits())
    reader.receive(POST + b"Content-Length: 1\r\n\r\na" + GET)
    assert type(reader.nextEvent()) is RequestHead
    assert reader.nextEvent() == Data(b"a")
    reader.receive(HOST + b"\r\n")
    assert reader.nextEvent() == End()
    assert type(reader.nextEvent()) is RequestHead


def test_bigContentIsNotCopied() -> None:
    reader = RequestReader(Limits())
    reader.receive(POST + b"Content-Length: 300000\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    block = bytes(100000)
    for _ in range(2):
        reader.receive(block)
        event = reader.nextEvent()
        assert type(event) is Data
        assert event.data is block


def test_manyChunksAreOneData() -> None:
    """
    D11: chunks of one octet cost a little each, and no event each.
    """
    reader = RequestReader(Limits())
    reader.receive(CHUNKED + b"1\r\nx\r\n" * 20000 + b"0\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    assert reader.nextEvent() == Data(b"x" * 20000)
    assert reader.nextEvent() == End()


@given(
    st.lists(
        st.sampled_from(
            [data for _, data in REJECTED.values() if len(data) < 300]
            + [
                CHUNKED + data
                for _, data in REJECTED_CONTENT.values()
                if len(data) < 300
            ]
            + [data for data, _ in TAKEN.values() if len(data) < 300]
        ),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_cuttingChangesNothing(inputs: list[bytes], random: object) -> None:
    data = b"".join(inputs)
    places = sorted(
        {random.randrange(1, len(data)) for _ in range(8)}  # type: ignore[attr-defined]
    )
    pieces = tuple(
        data[start:end]
        for start, end in zip([0, *places], [*places, len(data)], strict=True)
    )
    assert events(pieces) == events((data,))


@given(st.binary(max_size=200))
@pytest.mark.requirement("9110-2.3-1")
def test_garbage(data: bytes) -> None:
    """
    Garbage is rejected, or waited for; nothing else comes of it, and nothing
    is raised.
    """
    found = events((b"POST /" + data,))
    bytewise = events(
        tuple(b"POST /"[i : i + 1] for i in range(6))
        + tuple(data[i : i + 1] for i in range(len(data)))
    )
    assert found == bytewise


@given(st.binary(max_size=200))
@pytest.mark.requirement("9110-2.3-1")
def test_garbageAsChunks(data: bytes) -> None:
    found = events((CHUNKED + data,))
    assert found == events((CHUNKED, *(data[i : i + 1] for i in range(len(data)))))


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=10), st.data())
@pytest.mark.requirement("9112-7.1-2")
def test_chunksRoundTrip(blocks: list[bytes], data: st.DataObject) -> None:
    from penstock.transports.http1.writer import LAST_CHUNK, chunk

    wire = CHUNKED + b"".join(map(chunk, blocks)) + LAST_CHUNK + AFTER
    place = data.draw(st.integers(1, len(wire) - 1))
    content = b"".join(blocks)
    found = events((wire[:place], wire[place:]))
    assert found[1:-2] == ([Data(content)] if content else []) + [End()]


@pytest.mark.parametrize(
    "host",
    [
        b"a" * 255 + b":65535",
        b"a:",
        b"a:0",
        b"192.0.2.1:8080",
        b"[2001:DB8::0:1]:443",
        b"[::ffff:192.0.2.1]",
        b"x%C3%a4.example",
        b"a_b.example:00080",
    ],
)
def test_hosts(host: bytes) -> None:
    """
    What could be a host and port is taken, as it was written.
    """
    reader = RequestReader(Limits())
    reader.receive(GET + b"Host: " + host + b"\r\n\r\n")
    event = reader.nextEvent()
    assert isinstance(event, RequestHead)
    assert tuple(event.fields) == ((b"Host", host),)
