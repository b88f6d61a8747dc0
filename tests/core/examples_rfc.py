"""
Lines that RFC 9110, 9111 and 9112 have in their examples, but for those that
are among the others.
"""

from datetime import UTC, datetime
from typing import Any

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.etag import EntityTag
from penstock.core.mediatype import MediaType
from penstock.core.members import Expectation, TransferCoding, WantedCoding
from penstock.core.negotiation import (
    Accept,
    AcceptEncoding,
    AcceptLanguage,
    MediaRange,
    Weighted,
)
from penstock.core.ranges import ContentRange
from penstock.core.values.credentials import Basic
from penstock.core.values.protocol import Protocol
from penstock.core.values.via import Via

GOOD: list[tuple[str, bytes, Any]] = [
    # RFC 9110
    (
        "Accept",
        b"text/*, text/plain, text/plain;format=flowed, */*",
        Accept(
            (
                MediaRange("text", "*"),
                MediaRange("text", "plain"),
                MediaRange("text", "plain", (("format", "flowed"),)),
                MediaRange("*", "*"),
            )
        ),
    ),
    (
        "Accept",
        (
            b"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
            b" text/plain;format=fixed;q=0.4, */*;q=0.5"
        ),
        Accept(
            (
                MediaRange("text", "*", (), 300),
                MediaRange("text", "plain", (), 700),
                MediaRange("text", "plain", (("format", "flowed"),)),
                MediaRange("text", "plain", (("format", "fixed"),), 400),
                MediaRange("*", "*", (), 500),
            )
        ),
    ),
    (
        "Accept",
        b"text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c",
        Accept(
            (
                MediaRange("text", "plain", (), 500),
                MediaRange("text", "html"),
                MediaRange("text", "x-dvi", (), 800),
                MediaRange("text", "x-c"),
            )
        ),
    ),
    ("Accept-Encoding", b"*", AcceptEncoding((Weighted("*"),))),
    (
        "Accept-Encoding",
        b"compress, gzip",
        AcceptEncoding((Weighted("compress"), Weighted("gzip"))),
    ),
    (
        "Accept-Encoding",
        b"compress;q=0.5, gzip;q=1.0",
        AcceptEncoding((Weighted("compress", 500), Weighted("gzip"))),
    ),
    ("Accept-Encoding", b"gzip", AcceptEncoding((Weighted("gzip"),))),
    (
        "Accept-Language",
        b"da, en-gb;q=0.8, en;q=0.7",
        AcceptLanguage((Weighted("da"), Weighted("en-gb", 800), Weighted("en", 700))),
    ),
    ("Accept-Language", b"en, mi", AcceptLanguage((Weighted("en"), Weighted("mi")))),
    ("Accept-Ranges", b"none", ("none",)),
    ("Connection", b"Upgrade", ("upgrade",)),
    ("Connection", b"upgrade", ("upgrade",)),
    ("Content-Encoding", b"gzip", ("gzip",)),
    ("Content-Language", b"da", ("da",)),
    ("Content-Range", b"bytes */47022", ContentRange(None, None, 47022)),
    ("Content-Range", b"bytes 0-499/1234", ContentRange(0, 500, 1234)),
    ("Content-Range", b"bytes 21010-47021/47022", ContentRange(21010, 47022, 47022)),
    ("Content-Range", b"bytes 500-1233/1234", ContentRange(500, 1234, 1234)),
    ("Content-Range", b"bytes 500-999/1234", ContentRange(500, 1000, 1234)),
    ("Content-Range", b"bytes 500-999/8000", ContentRange(500, 1000, 8000)),
    ("Content-Range", b"bytes 7000-7999/8000", ContentRange(7000, 8000, 8000)),
    ("Content-Range", b"bytes 734-1233/1234", ContentRange(734, 1234, 1234)),
    ("Content-Type", b"application/pdf", MediaType("application", "pdf")),
    ("Content-Type", b"image/gif", MediaType("image", "gif")),
    (
        "Content-Type",
        b"multipart/byteranges; boundary=THIS_STRING_SEPARATES",
        MediaType("multipart", "byteranges", (("boundary", "THIS_STRING_SEPARATES"),)),
    ),
    ("Content-Type", b"video/example", MediaType("video", "example")),
    ("Content-Type", b"video/h264", MediaType("video", "h264")),
    (
        "Date",
        b"Fri, 20 Jan 2012 15:41:54 GMT",
        datetime(2012, 1, 20, 15, 41, 54, tzinfo=UTC),
    ),
    ("Date", b"Fri, 26 Mar 2010 00:05:00 GMT", datetime(2010, 3, 26, 0, 5, tzinfo=UTC)),
    (
        "Date",
        b"Mon, 27 Jul 2009 12:28:53 GMT",
        datetime(2009, 7, 27, 12, 28, 53, tzinfo=UTC),
    ),
    (
        "Date",
        b"Tue, 14 Nov 1995 06:25:24 GMT",
        datetime(1995, 11, 14, 6, 25, 24, tzinfo=UTC),
    ),
    (
        "Date",
        b"Tue, 15 Nov 1994 08:12:31 GMT",
        datetime(1994, 11, 15, 8, 12, 31, tzinfo=UTC),
    ),
    (
        "Date",
        b"Wed, 15 Nov 1995 06:25:24 GMT",
        datetime(1995, 11, 15, 6, 25, 24, tzinfo=UTC),
    ),
    ("ETag", b'"123-a"', EntityTag("123-a")),
    ("ETag", b'"123-b"', EntityTag("123-b")),
    ("ETag", b'"34aa387-d-1568eb00"', EntityTag("34aa387-d-1568eb00")),
    ("Expect", b"100-continue", (Expectation("100-continue"),)),
    ("Host", b"origin.example.com", Authority("origin.example.com")),
    ("Host", b"server.example.com", Authority("server.example.com")),
    ("Host", b"server.example.com:443", Authority("server.example.com", 443)),
    ("Host", b"www.example.com", Authority("www.example.com")),
    ("Host", b"www.example.org", Authority("www.example.org")),
    ("If-Match", b'"xyzzy"', (EntityTag("xyzzy"),)),
    (
        "If-Match",
        b'"xyzzy", "r2d2xxxx", "c3piozzzz"',
        (EntityTag("xyzzy"), EntityTag("r2d2xxxx"), EntityTag("c3piozzzz")),
    ),
    (
        "If-Modified-Since",
        b"Sat, 29 Oct 1994 19:43:31 GMT",
        datetime(1994, 10, 29, 19, 43, 31, tzinfo=UTC),
    ),
    ("If-None-Match", b'"xyzzy"', (EntityTag("xyzzy"),)),
    (
        "If-None-Match",
        b'"xyzzy", "r2d2xxxx", "c3piozzzz"',
        (EntityTag("xyzzy"), EntityTag("r2d2xxxx"), EntityTag("c3piozzzz")),
    ),
    ("If-None-Match", b"*", "*"),
    ("If-None-Match", b'W/"xyzzy"', (EntityTag("xyzzy", True),)),
    (
        "If-None-Match",
        b'W/"xyzzy", W/"r2d2xxxx", W/"c3piozzzz"',
        (
            EntityTag("xyzzy", True),
            EntityTag("r2d2xxxx", True),
            EntityTag("c3piozzzz", True),
        ),
    ),
    (
        "If-Unmodified-Since",
        b"Sat, 29 Oct 1994 19:43:31 GMT",
        datetime(1994, 10, 29, 19, 43, 31, tzinfo=UTC),
    ),
    (
        "Last-Modified",
        b"Tue, 15 Nov 1994 12:45:26 GMT",
        datetime(1994, 11, 15, 12, 45, 26, tzinfo=UTC),
    ),
    (
        "Last-Modified",
        b"Wed, 15 Nov 1995 04:58:08 GMT",
        datetime(1995, 11, 15, 4, 58, 8, tzinfo=UTC),
    ),
    (
        "Last-Modified",
        b"Wed, 22 Jul 2009 19:15:56 GMT",
        datetime(2009, 7, 22, 19, 15, 56, tzinfo=UTC),
    ),
    (
        "Location",
        b"http://www.example.net/index.html",
        "http://www.example.net/index.html",
    ),
    ("Proxy-Authorization", b"basic aGVsbG86d29ybGQ=", Basic("hello", "world")),
    (
        "Retry-After",
        b"Fri, 31 Dec 1999 23:59:59 GMT",
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ),
    ("Server", b"Apache", "Apache"),
    ("Upgrade", b"HTTP/3.0", (Protocol("http", "3.0"),)),
    (
        "Upgrade",
        b"websocket, IRC/6.9, RTA/x11",
        (Protocol("websocket"), Protocol("irc", "6.9"), Protocol("rta", "x11")),
    ),
    ("User-Agent", b"curl/7.64.1", "curl/7.64.1"),
    ("Vary", b"Accept-Encoding", ("accept-encoding",)),
    (
        "Vary",
        b"accept-encoding, accept-language",
        ("accept-encoding", "accept-language"),
    ),
    (
        "Via",
        b"1.0 ricky, 1.1 ethel, 1.1 fred, 1.0 lucy",
        (
            Via("1.0", "ricky"),
            Via("1.1", "ethel"),
            Via("1.1", "fred"),
            Via("1.0", "lucy"),
        ),
    ),
    (
        "Via",
        b"1.0 ricky, 1.1 mertz, 1.0 lucy",
        (Via("1.0", "ricky"), Via("1.1", "mertz"), Via("1.0", "lucy")),
    ),
    # RFC 9111
    (
        "Cache-Control",
        b'private, community="UCI"',
        CacheControl((("private", None), ("community", "UCI"))),
    ),
    (
        "Expires",
        b"Thu, 01 Dec 1994 16:00:00 GMT",
        datetime(1994, 12, 1, 16, 0, tzinfo=UTC),
    ),
    # RFC 9112
    ("Connection", b"close", ("close",)),
    ("Host", b"www.example.com", Authority("www.example.com")),
    ("Host", b"www.example.org", Authority("www.example.org")),
    ("Host", b"www.example.org:8001", Authority("www.example.org", 8001)),
    ("Host", b"www.example.org:8080", Authority("www.example.org", 8080)),
    (
        "TE",
        b"trailers, deflate;q=0.5",
        (WantedCoding("trailers"), WantedCoding("deflate", (), 500)),
    ),
    (
        "Transfer-Encoding",
        b"gzip, chunked",
        (TransferCoding("gzip"), TransferCoding("chunked")),
    ),
]

BAD: list[tuple[str, bytes]] = [
    # RFC 9110, section 14.6: not what section 14.4 allows.
    ("Content-Range", b"exampleunit 1.2-4.3/25"),
    ("Content-Range", b"exampleunit 11.2-14.3/25"),
    # The same: not a date, as it stands there.
    ("Last-Modified", b"Tue, 14 July 04:58:08 GMT"),
]
