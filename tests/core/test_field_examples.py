"""
Examples for every row of L{penstock.core.fields}.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.etag import EntityTag
from penstock.core.fields import STANDARD, Multiplicity
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.members import CONTINUE, Expectation, TransferCoding
from penstock.core.negotiation import (
    Accept,
    AcceptCharset,
    AcceptEncoding,
    AcceptLanguage,
    MediaRange,
    Weighted,
)
from penstock.core.ranges import ContentRange, RangeSpec

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


# Examples, first of all those of the RFCs

day = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)

GOOD: list[tuple[str, bytes, Any]] = [
    (
        "Content-Type",
        b"text/html; charset=ISO-8859-4",
        MediaType("text", "html", (("charset", "ISO-8859-4"),)),
    ),
    (
        "Content-Type",
        b'Text/HTML;Charset="utf-8"',
        MediaType("text", "html", (("charset", "utf-8"),)),
    ),
    (
        "Content-Type",
        b'a/b \t;\t c="d\\"\\\\e;, f" ;; g=h;',
        MediaType("a", "b", (("c", 'd"\\e;, f'), ("g", "h"))),
    ),
    ("Content-Type", b"text/plain", MediaType("text", "plain")),
    ("Content-Type", b'a/b;c=""', MediaType("a", "b", (("c", ""),))),
    ("Content-Length", b"3495", 3495),
    ("Content-Length", b"010", 10),
    ("Content-Length", b"9" * 18, 10**18 - 1),
    ("Content-Encoding", b"GZip, br", ("gzip", "br")),
    ("Content-Language", b"mi, en", ("mi", "en")),
    ("Content-Location", b"/a?b", "/a?b"),
    ("Host", b"WWW.example.org", Authority("www.example.org")),
    ("Host", b"a:", Authority("a")),
    ("Host", b"a:0080", Authority("a", 80)),
    ("Host", b"192.0.2.1:8080", Authority("192.0.2.1", 8080)),
    ("Host", b"[2001:DB8::0:1]:443", Authority("2001:db8::1", 443)),
    ("Host", b"x%C3%a4", Authority("x%c3%a4")),
    ("Connection", b"Close, X-Hop", ("close", "x-hop")),
    ("Connection", b", a ,\t,b,,", ("a", "b")),
    ("Connection", b"", ()),
    ("Connection", b" , ", ()),
    ("Trailer", b"Expires", ("expires",)),
    (
        "Transfer-Encoding",
        b"gzip, Chunked",
        tuple(map(TransferCoding, ("gzip", "chunked"))),
    ),
    ("Transfer-Encoding", b'x;a="b"', (TransferCoding("x", (("a", "b"),)),)),
    ("Expect", b"100-Continue", (CONTINUE,)),
    (
        "Expect",
        b'a="b,c";d=e, f',
        (Expectation("a", "b,c", (("d", "e"),)), Expectation("f")),
    ),
    ("Date", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
    ("Expires", b"Sun Nov  6 08:49:37 1994", day),
    ("Last-Modified", b"Sunday, 06-Nov-94 08:49:37 GMT", day),
    ("ETag", b'"xyzzy"', EntityTag("xyzzy")),
    ("ETag", b'W/"xyzzy"', EntityTag("xyzzy", weak=True)),
    ("ETag", b'""', EntityTag("")),
    ("ETag", b'"a\\b\xff"', EntityTag("a\\b\xff")),
    ("If-Match", b"*", "*"),
    (
        "If-Match",
        b'"xyzzy", "r2d2xxxx",,"c3,pio"',
        tuple(map(EntityTag, ("xyzzy", "r2d2xxxx", "c3,pio"))),
    ),
    ("If-Match", b"", ()),
    ("If-None-Match", b'W/"a", "b"', (EntityTag("a", True), EntityTag("b"))),
    ("If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
    ("If-Unmodified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
    ("If-Range", b'"a"', EntityTag("a")),
    ("If-Range", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
    ("Range", b"bytes=0-499", RangeSpec("bytes", ((0, 499),))),
    (
        "Range",
        b"Bytes= 0-999, 4500-5499, -1000",
        RangeSpec("bytes", ((0, 999), (4500, 5499), (None, 1000))),
    ),
    ("Range", b"bytes=9500-", RangeSpec("bytes", ((9500, None),))),
    ("Range", b"bytes=0-" + b"9" * 5000, RangeSpec("bytes", ((0, 10**18 - 1),))),
    ("Range", b"bytes=" + b"0" * 5000 + b"7-", RangeSpec("bytes", ((7, None),))),
    ("Range", b"pages=i-iv,2", RangeSpec("pages", (), ("i-iv", "2"))),
    ("Accept-Ranges", b"bytes", ("bytes",)),
    ("Content-Range", b"bytes 42-1233/1234", ContentRange(42, 1234, 1234)),
    ("Content-Range", b"bytes 42-1233/*", ContentRange(42, 1234, None)),
    ("Content-Range", b"bytes */1234", ContentRange(None, None, 1234)),
    ("Allow", b"GET, HEAD, PUT", ("GET", "HEAD", "PUT")),
    ("Allow", b"", ()),
    ("Location", b"/People.html#tim", "/People.html#tim"),
    (
        "Referer",
        b"http://www.example.org/hypertext/Overview.html",
        "http://www.example.org/hypertext/Overview.html",
    ),
    (
        "User-Agent",
        b"CERN-LineMode/2.15 libwww/2.17b3",
        "CERN-LineMode/2.15 libwww/2.17b3",
    ),
    ("Retry-After", b"120", 120),
    ("Retry-After", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
    ("Server", b"CERN/3.0 libwww/2.17", "CERN/3.0 libwww/2.17"),
    ("Vary", b"Accept-Encoding, *", ("accept-encoding", "*")),
    ("Age", b"7", 7),
    ("Age", b"7 , 8", 7),
    ("Age", b"9" * 5000, 2**31),
    (
        "Cache-Control",
        b'Private="x, y", max-age=60, No-Store',
        CacheControl((("private", "x, y"), ("max-age", "60"), ("no-store", None))),
    ),
    (
        "Accept",
        b"audio/*; Q=0.2, audio/basic",
        Accept((MediaRange("audio", "*", (), 200), MediaRange("audio", "basic"))),
    ),
    (
        "Accept",
        b"text/html, *; q=.2, */*; q=.2",
        Accept((MediaRange("text", "html"), *[MediaRange("*", "*", (), 200)] * 2)),
    ),
    (
        "Accept",
        b'a/b;q=0.001;c="d, e"',
        Accept((MediaRange("a", "b", (("c", "d, e"),), 1),)),
    ),
    (
        "Accept-Encoding",
        b"gzip;q=1.0, identity; q=0.5, *;q=0",
        AcceptEncoding((Weighted("gzip"), Weighted("identity", 500), Weighted("*", 0))),
    ),
    ("Accept-Encoding", b"", AcceptEncoding()),
    (
        "Accept-Charset",
        b"iso-8859-5, unicode-1-1;q=0.8",
        AcceptCharset((Weighted("iso-8859-5"), Weighted("unicode-1-1", 800))),
    ),
    (
        "Accept-Language",
        b"da, en-GB;q=0.8",
        AcceptLanguage((Weighted("da"), Weighted("en-gb", 800))),
    ),
]


@pytest.mark.parametrize(
    ("name", "line", "value"), GOOD, ids=[f"{n} {v[:30]!r}" for n, v, _ in GOOD]
)
def test_parses(name: str, line: bytes, value: Any) -> None:
    assert parse(name, line) == value


BAD: list[tuple[str, bytes]] = [
    *[
        ("Content-Type", line)
        for line in [
            b"",
            b"text",
            b"text/",
            b"/html",
            b"text /html",
            b"text/html,text/html",
        ]
        + [
            b"a/b;c",
            b"a/b;c=",
            b"a/b;c =d",
            b"a/b;c= d",
            b'a/b;c="d',
            b'a/b;c="d"e',
            b'a/b;c="\\"',
        ]
        + [b"a/b;c=d;C=e", b"a/b c", b"a/b;c=\xff", b'a/b;c="\0"', b"a/b\n"]
    ],
    *[
        ("Content-Length", line)
        for line in [
            b"",
            b"+1",
            b"-1",
            b"1_0",
            b"0x10",
            b"1 2",
            b"1,1",
            b"1.0",
            b"\xb2",
            b"1\n",
        ]
        + [b"1" * 19, b"1" * 5000, "１".encode()]
    ],
    *[
        ("Host", line)
        for line in [
            b"",
            b":80",
            b"a b",
            b"a/b",
            b"a/../b",
            b"u@a",
            b"a?b",
            b"a#b",
            b"a\\b",
        ]
        + [
            b"a:b",
            b"a:+1",
            b"a:65536",
            b"a:000080",
            b"a:1:2",
            b"::1",
            b"[::1",
            b"[::1]x",
            b"[::g]",
        ]
        + [
            b"[]",
            b"[::1%25eth0]",
            b"[1.2.3.4]",
            b"[:::]",
            b"[v1.a]",
            b"a%2",
            b"a%gg",
            b"\xe4",
            b"a" * 256,
        ]
        + [b"a, b", b"a\n", b"[::1]\n"]
    ],
    ("Connection", b"a b"),
    ("Connection", b"a;b"),
    ("Connection", b'"a"'),
    ("Connection", b"\xe4"),
    ("Transfer-Encoding", b"chunked;x"),
    ("Transfer-Encoding", b"a b"),
    ("Expect", b"a;b=c"),
    ("Expect", b"a="),
    ("Date", b""),
    ("Date", b"now"),
    ("ETag", b""),
    ("ETag", b"a"),
    ("ETag", b'"a'),
    ("ETag", b'w/"a"'),
    ("ETag", b'W/ "a"'),
    ("ETag", b'"a b"'),
    ("ETag", b'"a""'),
    ("ETag", b'"a", "b"'),
    ("ETag", b"*"),
    ("If-Match", b'*, "a"'),
    ("If-Match", b"*, *"),
    ("If-Match", b'"a" "b"'),
    ("If-Match", b'"a""b"'),
    ("If-None-Match", b"xyzzy"),
    ("If-Range", b'"a", "b"'),
    ("If-Range", b"*"),
    ("Range", b""),
    ("Range", b"bytes"),
    ("Range", b"bytes="),
    ("Range", b"bytes=,"),
    ("Range", b"bytes=-"),
    ("Range", b"bytes=1"),
    ("Range", b"bytes=2-1"),
    ("Range", b"bytes=0-1,2-1"),
    ("Range", b"bytes=--1"),
    ("Range", b"bytes=+1-2"),
    ("Range", b"bytes=0x1-2"),
    ("Range", b"bytes=1 - 2"),
    ("Range", b"bytes=0-1;2-3"),
    ("Range", b"bytes =0-1"),
    ("Range", b"bytes=" + b"0-1," * 101),
    ("Range", b"pages=" + b"x," * 101),
    ("Accept-Ranges", b""),
    ("Content-Range", b"bytes 2-1/3"),
    ("Content-Range", b"bytes 0-3/3"),
    ("Content-Range", b"bytes */*"),
    ("Content-Range", b"bytes  0-1/2"),
    ("Content-Range", b"bytes=0-1/2"),
    ("Content-Range", b"bytes 0-" + b"9" * 18 + b"/*"),
    ("Content-Range", b"bytes 0-1/" + b"9" * 19),
    ("Location", b""),
    ("Location", b"/a b"),
    ("Location", b"/\\evil.example"),
    ("Location", b"/\xe4"),
    ("Retry-After", b"-1"),
    ("Retry-After", b"1.5"),
    ("Server", b""),
    ("Age", b""),
    ("Age", b"-1"),
    ("Age", b",1"),
    ("Cache-Control", b"max-age 60"),
    ("Cache-Control", b"max-age=60;x"),
    ("Cache-Control", b"=60"),
    ("Cache-Control", b'a="b'),
    ("Content-Language", b"en_GB"),
    ("Content-Language", b"*"),
    ("Accept", b"text"),
    ("Accept", b"*/html"),
    ("Accept", b"text/html;q=2"),
    ("Accept", b"text/html;q=1.001"),
    ("Accept", b"text/html;q=0.1234"),
    ("Accept", b"text/html;q=-0"),
    ("Accept", b"text/html;q=."),
    ("Accept", b'text/html;q=""'),
    ("Accept", b"text/html;q=0.1;q=0.2"),
    ("Accept-Encoding", b"gzip;q"),
    ("Accept-Encoding", b"gzip;x=1"),
    ("Accept-Encoding", b"gzip;q=1.0.0"),
    ("Accept-Language", b"en gb"),
]


@pytest.mark.parametrize(("name", "line"), BAD, ids=[f"{n} {v[:30]!r}" for n, v in BAD])
def test_refuses(name: str, line: bytes) -> None:
    """
    The typed value is absent, and the reason doesn't have the line in it.
    """
    headers = Headers.trusted([(name.encode(), line)])
    default = object()
    assert headers.getHeader(name) is None
    assert headers.getHeader(name, default) is default
    reason = headers.whyAbsent(name)
    assert reason
    if len(line) > 4:
        assert line.decode("latin-1") not in reason


@pytest.mark.parametrize("name", NAMES)
def test_multiplicity(name: str) -> None:
    """
    Lines of a list are one list; two lines of anything else are refused.
    """
    row = STANDARD.row(name.lower().encode())
    assert row is not None
    example = next(line for field, line, value in GOOD if field == name)
    if row.multiplicity is Multiplicity.SINGLE:
        with pytest.raises(ValueError, match="more than one"):
            parse(name, example, example)
    elif example != b"*":
        assert parse(name, example, example) == parse(name, example + b", " + example)
