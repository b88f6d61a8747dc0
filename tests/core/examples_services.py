"""
Lines of the fields for tracing, WebSocket and WebDAV, first of all those of
the specifications.
"""

from typing import Any

from penstock.core.etag import EntityTag
from penstock.core.values.locks import Condition, StateList, StateLists, StateToken
from penstock.core.values.timing import Metric
from penstock.core.values.trace import TraceParent, TraceState
from penstock.core.values.websocket import Extension

lock = StateToken("urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2")

GOOD: list[tuple[str, bytes, Any]] = [
    # Trace Context, sections 3.2.3 and 3.3.2
    (
        "traceparent",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1),
    ),
    (
        "traceparent",
        b"cc-12345678901234567890123456789012-1234567890123456-01-what",
        TraceParent("12345678901234567890123456789012", "1234567890123456", 1, 0xCC),
    ),
    (
        "tracestate",
        b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        TraceState((("rojo", "00f067aa0ba902b7"), ("congo", "t61rcWkgMzE"))),
    ),
    ("tracestate", b"t@v= a b ,\t, x=y", TraceState((("t@v", " a b"), ("x", "y")))),
    # Server Timing, section 2
    (
        "Server-Timing",
        b'miss, db;dur=53, app;dur=47.2, cache;desc="Cache Read";dur=23.2',
        (
            Metric("miss"),
            Metric("db", 53_000),
            Metric("app", 47_200),
            Metric("cache", 23_200, "Cache Read"),
        ),
    ),
    (
        "Server-Timing",
        b"a;dur=1.2345678;dur=2;desc=;x = y;z, b;dur=-1, c;dur=1e3",
        (
            Metric("a", 1234, None, (("x", "y"), ("z", None))),
            Metric("b"),
            Metric("c"),
        ),
    ),
    # RFC 6455, sections 1.3, 9.1 and 4.4
    ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="),
    (
        "Sec-WebSocket-Accept",
        b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ),
    ("Sec-WebSocket-Protocol", b"chat, superchat", ("chat", "superchat")),
    ("Sec-WebSocket-Version", b"13, 8, 7", (13, 8, 7)),
    (
        "Sec-WebSocket-Extensions",
        b'foo, bar; baz=2; Qux="3"; x',
        (
            Extension("foo"),
            Extension("bar", (("baz", "2"), ("qux", "3"), ("x", None))),
        ),
    ),
    # RFC 4918, section 10
    ("DAV", b"1, 2, <http://a/b,c>", ("1", "2", "<http://a/b,c>")),
    ("Depth", b"0", 0),
    ("Depth", b"1", 1),
    ("Depth", b"Infinity", "infinity"),
    (
        "Destination",
        b"http://www.example.com/users/f/",
        "http://www.example.com/users/f/",
    ),
    ("Overwrite", b"T", True),
    ("Overwrite", b"F", False),
    (
        "Lock-Token",
        b"<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>",
        lock,
    ),
    ("Timeout", b"Infinite, Second-4100000000", ("infinite", 4100000000)),
    ("Timeout", b"second-" + b"9" * 50, (2**32 - 1,)),
    (
        "If",
        # RFC 4918 has spaces in these tags, RFC 9110 none.
        (
            b"(<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"
            b' ["I-am-an-ETag"]) (["I-am-another-ETag"])'
        ),
        StateLists(
            (
                StateList((Condition(lock), Condition(EntityTag("I-am-an-ETag")))),
                StateList((Condition(EntityTag("I-am-another-ETag")),)),
            )
        ),
    ),
    (
        "If",
        (
            b"(Not <urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"
            b" <urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092>)"
        ),
        StateLists(
            (
                StateList(
                    (
                        Condition(lock, True),
                        Condition(
                            StateToken("urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092")
                        ),
                    )
                ),
            )
        ),
    ),
    (
        "If",
        b"(<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>) (Not <DAV:no-lock>)",
        StateLists(
            (
                StateList((Condition(lock),)),
                StateList((Condition(StateToken("DAV:no-lock"), True),)),
            )
        ),
    ),
    (
        "If",
        (
            b"</resource1> (<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"
            b' [W/"A-weak-ETag"]) (["strong-ETag"])</r2>(nOT["x"])'
        ),
        StateLists(
            (
                StateList(
                    (Condition(lock), Condition(EntityTag("A-weak-ETag", True))),
                    "/resource1",
                ),
                StateList((Condition(EntityTag("strong-ETag")),), "/resource1"),
                StateList((Condition(EntityTag("x"), True),), "/r2"),
            )
        ),
    ),
]

BAD: list[tuple[str, bytes]] = [
    *[
        ("traceparent", line)
        for line in [
            b"",
            b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            b"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        ]
    ],
    ("tracestate", b"a"),
    ("tracestate", b"a="),
    ("tracestate", b"A=b"),
    ("tracestate", b"a=b=c"),
    ("tracestate", b"a=b,a=c"),
    ("tracestate", b"a=" + b"b" * 257),
    ("tracestate", b",".join(b"a%d=b" % number for number in range(33))),
    ("Server-Timing", b'"a"'),
    ("Server-Timing", b"a dur=1"),
    ("Server-Timing", b'a;desc="b'),
    ("Sec-WebSocket-Key", b""),
    ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ"),
    ("Sec-WebSocket-Key", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ("Sec-WebSocket-Accept", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", b"a b"),
    ("Sec-WebSocket-Version", b""),
    ("Sec-WebSocket-Version", b"256"),
    ("Sec-WebSocket-Version", b"013"),
    ("Sec-WebSocket-Extensions", b'a; "b"'),
    ("DAV", b"<a b>"),
    ("DAV", b"1 2"),
    ("Depth", b"2"),
    ("Depth", b""),
    ("Destination", b"/a b"),
    ("Overwrite", b"t"),
    ("Lock-Token", b"urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"),
    ("Lock-Token", b"<>"),
    ("Timeout", b""),
    ("Timeout", b"60"),
    ("Timeout", b"Second-"),
    ("Timeout", b"Second--1"),
    *[
        ("If", line)
        for line in [
            b"",
            b"()",
            b"<a:b>",
            b"(<a:b>",
            b"<a:b>)",
            b"(a:b)",
            b"(Not)",
            b"(Not Not <a:b>)",
            b"(<a:b> Not)",
            b"((<a:b>))",
            b"(<a:b>) <c>",
            b"(<a:b>) <c> (<d:e>)",
            b"<c> <d> (<a:b>)",
            b'[W/"a"]',
            b'(["a)',
            b"(Notx <a:b>)",
            b"(<a:b>), (<c:d>)",
        ]
    ],
]
