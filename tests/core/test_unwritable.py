"""
Values that no field can have: writing them is our fault, and says so.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag
from penstock.core.fields import STANDARD, structured
from penstock.core.mediatype import MediaType
from penstock.core.members import WantedCoding
from penstock.core.negotiation import Accept, MediaRange
from penstock.core.ranges import ContentRange, RangeSpec
from penstock.core.values.alternatives import Alternative
from penstock.core.values.challenge import Challenge
from penstock.core.values.contentpolicy import ContentSecurityPolicy, PermissionsPolicy
from penstock.core.values.cookies import Cookies
from penstock.core.values.credentials import Basic, Bearer, Credentials, Digest
from penstock.core.values.delays import Refresh
from penstock.core.values.digests import DigestPreferences, Digests, MD5Digest
from penstock.core.values.disposition import ContentDisposition
from penstock.core.values.embedding import EmbeddingPolicy
from penstock.core.values.forwarded import Hop, Node
from penstock.core.values.keepalive import KeepAlive
from penstock.core.values.link import Link
from penstock.core.values.locks import Condition, StateList, StateLists, StateToken
from penstock.core.values.preference import Preference
from penstock.core.values.priority import Priority
from penstock.core.values.setcookie import SameSite, SetCookie
from penstock.core.values.structured import (
    MAX_LENGTH,
    Dictionary,
    DisplayString,
    InnerList,
    Item,
    Token,
)
from penstock.core.values.timing import Metric
from penstock.core.values.trace import TraceParent, TraceState
from penstock.core.values.transportsecurity import StrictTransportSecurity
from penstock.core.values.via import Via
from penstock.core.values.warnings import CacheWarning
from penstock.core.values.websocket import Extension

SURROGATE = "\ud800"
digest = Digest("u", "r", "n", "/", "d")
parent = TraceParent("1" * 32, "2" * 16)
lock = StateList((Condition(StateToken("a:b")),))

ROWS: list[tuple[str, Any]] = [
    ("Server", "a\r\nX: y"),
    ("User-Agent", b"a\0"),
    ("User-Agent", "a\t"),
    ("Last-Event-ID", "ä\n"),
    # What would be formatted all the same.
    ("Content-Type", MediaType("a", b"b")),  # type: ignore[arg-type]
    ("Content-Type", MediaType(None, "b")),  # type: ignore[arg-type]
    ("Accept", Accept((MediaRange("a", b"b"),))),  # type: ignore[arg-type]
    ("Authorization", Basic("a", None)),  # type: ignore[arg-type]
    ("Authorization", Basic(1, "a")),  # type: ignore[arg-type]
    ("Set-Cookie", [SetCookie("a", "b", maxAge=1.5)]),  # type: ignore[arg-type]
    ("Set-Cookie", [SetCookie("a", "b", maxAge=True)]),
    ("X-Item", Item(Token(b"a"))),  # type: ignore[arg-type]
    ("X-Item", Item(DisplayString(b"a"))),  # type: ignore[arg-type]
    ("Authorization", Digest("a", "b", "c", None, "d")),  # type: ignore[arg-type]
    ("Permissions-Policy", PermissionsPolicy((("a", (b"b",)),))),  # type: ignore[arg-type]
    ("Accept", Accept((MediaRange("a", "b", ((b"q", "1"),)),))),  # type: ignore[arg-type]
    ("Content-Type", MediaType("a", "b", ((b"c", "1"), ("c", "2")))),  # type: ignore[arg-type]
    ("Alt-Used", Authority(("a",), 1)),  # type: ignore[arg-type]
    ("X-Forwarded-For", (Node("1.2.3.4", 80),)),  # type: ignore[arg-type]
    ("Cross-Origin-Opener-Policy", EmbeddingPolicy("a", 1)),  # type: ignore[arg-type]
    # What nobody would read.
    ("From", "a" * 1000 + "@b"),
    ("Content-Range", ContentRange(0, 10**18, None)),
    # What would be lost.
    ("Range", RangeSpec("pages", ((0, 1),), ("1",))),
    ("Range", RangeSpec("bytes", ((0, 1),), ("1",))),
    ("Range", RangeSpec("Bytes", (), ("1",))),
    ("Server-Timing", (Metric("a", None, None, (("dur", "1"),)),)),
    ("Server-Timing", (Metric("a", 1.5),)),  # type: ignore[arg-type]
    # Years in UTC that there aren't.
    *[
        (name, moment)
        for name in ("Date", "Deprecation")
        for moment in (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=1))),
        )
    ],
    ("Accept-Patch", (MediaType("a b", "c"),)),
    ("TE", (WantedCoding("a", (("q", "1"),)),)),
    ("TE", (WantedCoding("a", (), 1001),)),
    ("Content-Type", MediaType("a", "b", (("c", "1"), ("C", "2")))),
    ("Content-Type", MediaType("a/b", "c")),
    ("Alt-Svc", ()),
    ("Alt-Svc", "CLEAR"),
    ("Alt-Svc", (Alternative("", 443),)),
    ("Alt-Svc", (Alternative("h2", 65536),)),
    ("Alt-Svc", (Alternative("h2", 443, "a b"),)),
    ("Alt-Svc", (Alternative("h2", 443, maxAge=-1),)),
    ("Alt-Svc", (Alternative("h2", 443, parameters=(("ma", "1"),)),)),
    ("Alt-Svc", (Alternative("\u20ac", 443),)),
    ("WWW-Authenticate", (Challenge("a b"),)),
    ("WWW-Authenticate", (Challenge("a", "b c"),)),
    ("WWW-Authenticate", (Challenge("a", "b", (("c", "d"),)),)),
    ("WWW-Authenticate", (Challenge("a", None, (("c", "d"), ("C", "e"))),)),
    ("WWW-Authenticate", (Challenge("a", None, (("c", "\r\n"),)),)),
    ("Authorization", Basic("a:b", "c")),
    ("Authorization", Basic("a", "b\n")),
    ("Authorization", Basic("a", SURROGATE)),
    ("Authorization", Bearer("")),
    ("Authorization", Bearer("a b")),
    ("Authorization", Bearer("\xe4")),
    ("Authorization", Credentials("Basic", "YTpi")),
    ("Authorization", Credentials("bearer")),
    ("Authorization", Credentials("a", "b", (("c", "d"),))),
    ("Authorization", Credentials("a", 'b"')),
    ("Authorization", Credentials("a b")),
    ("Authorization", replace(digest, user="\xe4", userHash=True)),
    ("Authorization", replace(digest, count=2**32)),
    ("Authorization", replace(digest, parameters=(("nc", "1"),))),
    ("Authorization", replace(digest, realm="\n")),
    ("Authentication-Info", (("a", "b"), ("A", "c"))),
    ("CDN-Cache-Control", CacheControl()),
    ("CDN-Cache-Control", CacheControl((("a", None), ("a", None)))),
    ("CDN-Cache-Control", CacheControl((("A", None),))),
    ("CDN-Cache-Control", CacheControl((("a", "\xe4"),))),
    ("Cache-Status", ()),
    ("Cache-Status", (Item(1),)),
    ("Cache-Status", (InnerList((Item("a"),)),)),
    ("Clear-Site-Data", ("\n",)),
    ("Content-Digest", Digests(())),
    ("Content-Digest", Digests((("a", 1),))),  # type: ignore[arg-type]
    ("Content-Digest", Digests((("A", b""),))),
    ("Want-Repr-Digest", DigestPreferences(())),
    ("Want-Repr-Digest", DigestPreferences((("a", 11),))),
    ("Want-Repr-Digest", DigestPreferences((("a", True),))),
    ("Content-MD5", MD5Digest(b"short")),
    ("Content-Disposition", ContentDisposition("a b")),
    ("Content-Disposition", ContentDisposition("a", SURROGATE)),
    ("Content-Disposition", ContentDisposition("a", "b", (("filename", "c"),))),
    ("Content-Disposition", ContentDisposition("a", "b", (("Filename*", "c"),))),
    ("Content-Disposition", ContentDisposition("a", None, (("b", "c"), ("b", "d")))),
    ("Content-Security-Policy", (ContentSecurityPolicy(()),)),
    ("Content-Security-Policy", (ContentSecurityPolicy((("a", ("b;c",)),)),)),
    ("Content-Security-Policy", (ContentSecurityPolicy((("a", ("b,",)),)),)),
    ("Content-Security-Policy", (ContentSecurityPolicy((("a", "b"),)),)),  # type: ignore[arg-type]
    ("Content-Security-Policy", (ContentSecurityPolicy((("a", ()), ("a", ()))),)),
    ("Permissions-Policy", PermissionsPolicy(())),
    ("Permissions-Policy", PermissionsPolicy((("a", "self"),))),  # type: ignore[arg-type]
    ("Permissions-Policy", PermissionsPolicy((("A", ()),))),
    ("Cookie", Cookies((("", "a"),))),
    ("Cookie", Cookies((("a=b", "c"),))),
    ("Cookie", Cookies((("a", "b;c"),))),
    ("Cookie", Cookies((("a", "b\r\n"),))),
    ("Cookie", Cookies((("a", " b"),))),
    ("Cookie", Cookies((("a", SURROGATE),))),
    *[
        ("Set-Cookie", [cookie])
        for cookie in [
            SetCookie("", ""),
            SetCookie("a;b", "c"),
            SetCookie("a", "b; Path=/"),
            SetCookie("a", "b\n"),
            SetCookie("a", "b" * 4096),
            SetCookie("a", "b", expires=datetime(1600, 12, 31, tzinfo=UTC)),
            SetCookie("a", "b", expires=datetime(2000, 1, 1)),
            SetCookie("a", "b", maxAge=-1),
            SetCookie("a", "b", maxAge=2**31 + 1),
            SetCookie("a", "b", domain=".example"),
            SetCookie("a", "b", domain="a;b"),
            SetCookie("a", "b", domain="a" * 1025),
            SetCookie("a", "b", domain=""),
            SetCookie("a", "b", path="a"),
            SetCookie("a", "b", path="/;"),
            SetCookie("a", "b", path="/ "),
            SetCookie("a", "b", path="/" + "a" * 1024),
            SetCookie("a", "b", sameSite=SameSite.NONE),
            SetCookie("a", "b", partitioned=True),
            SetCookie("__Secure-a", "b"),
            SetCookie("__Host-a", "b", secure=True),
            SetCookie("__host-a", "b", secure=True, path="/", domain="c"),
            SetCookie("__Host-a", "b", path="/"),
            SetCookie("", "__Secure-a", secure=True),
        ]
    ],
    ("Forwarded", (Hop(),)),
    ("Forwarded", (Hop(Node("example.com")),)),
    ("Forwarded", (Hop(Node("1.2.3.4", "x")),)),
    ("Forwarded", (Hop(scheme="a b"),)),
    ("Forwarded", (Hop(parameters=(("FOR", "x"),)),)),
    ("Forwarded", (Hop(parameters=(("a", "x"), ("A", "y"))),)),
    ("X-Forwarded-For", (Node("a, b"),)),
    ("X-Forwarded-Host", (Authority("a,b"),)),
    ("X-Forwarded-Port", (65536,)),
    ("X-Forwarded-Proto", ("a b",)),
    ("X-Forwarded-Proto", "https,"),
    ("From", "nobody"),
    ("Keep-Alive", KeepAlive()),
    ("Keep-Alive", KeepAlive(-1)),
    ("Link", (Link("a b"),)),
    ("Link", (Link("a", ("b c",)),)),
    ("Link", (Link("a", "next"),)),  # type: ignore[arg-type]
    ("Link", (Link("a", parameters=(("rel", "b"),)),)),
    ("Link", (Link("a", parameters=(("b", "\n"),)),)),
    ("Link", (Link("a", title=SURROGATE),)),
    ("Link", (Link("a", anchor="\u20ac"),)),
    ("If", StateLists(())),
    ("If", StateLists((StateList(()),))),
    ("If", StateLists((lock, replace(lock, resource="/a")))),
    ("If", StateLists((replace(lock, resource="a b"),))),
    ("If", StateLists((StateList((Condition(EntityTag(" ")),)),))),
    ("Lock-Token", StateToken("a>b")),
    ("DAV", ("a b",)),
    ("Depth", 2),
    ("Depth", True),
    ("Timeout", ()),
    ("Timeout", (2**32,)),
    ("Timeout", ("Second-1",)),
    ("Timing-Allow-Origin", ("a",)),
    ("Timing-Allow-Origin", ("http://a,b",)),
    ("Origin", "https://example.org/"),
    ("Sec-WebSocket-Key", "c2hvcnQ="),
    ("Sec-WebSocket-Version", ()),
    ("Sec-WebSocket-Version", (256,)),
    ("Sec-WebSocket-Extensions", (Extension("a b"),)),
    ("Prefer", (Preference("a b"),)),
    ("Preference-Applied", (Preference("a", None, (("b", None),)),)),
    ("Priority", Priority(8)),
    ("Priority", Priority(True)),
    ("Refresh", Refresh(-1)),
    ("Refresh", Refresh(2**31 + 1)),
    ("Refresh", Refresh(1, "'a")),
    ("Refresh", Refresh(1, "a b")),
    ("Deprecation", datetime(2000, 1, 1)),
    ("Server-Timing", (Metric("a b"),)),
    ("Server-Timing", (Metric("a", -1),)),
    ("Server-Timing", (Metric("a", 1, parameters=(("dur", "2"),)),)),
    ("Server-Timing", (Metric("a", 1, parameters=(("DUR", "2"),)),)),
    ("Server-Timing", (Metric("a", 10**18),)),
    ("Strict-Transport-Security", StrictTransportSecurity(-1)),
    ("Strict-Transport-Security", StrictTransportSecurity(2**31 + 1)),
    ("traceparent", replace(parent, version=255)),
    ("traceparent", replace(parent, flags=256)),
    ("traceparent", replace(parent, traceId="0" * 32)),
    ("traceparent", replace(parent, parentId="A" * 16)),
    ("tracestate", TraceState((("A", "b"),))),
    ("tracestate", TraceState((("a", "b "),))),
    ("tracestate", TraceState((("a", ""),))),
    ("tracestate", TraceState((("a", "b"), ("a", "c")))),
    ("tracestate", TraceState(tuple((f"a{number}", "b") for number in range(33)))),
    ("Via", (Via("1.1", "a b"),)),
    ("Via", (Via("1.1", "a", "b c"),)),
    ("Via", (Via("1.1", "a", comment="\n"),)),
    ("Via", (Via("1.1", "a", comment="\u20ac"),)),
    ("Warning", (CacheWarning(1000, "a", "b"),)),
    ("Warning", (CacheWarning(1, "a b", "c"),)),
    ("Early-Data", False),
    ("X-Content-Type-Options", "sniff"),
    ("X-Item", Item(SURROGATE)),
    ("X-Item", Item(10**15)),
    ("X-Item", Item(Decimal("NaN"))),
    ("X-Item", Item(Decimal(10**12))),
    ("X-Item", Item(1.5)),  # type: ignore[arg-type]
    ("X-Item", Item("a", (("b", 1), ("b", 2)))),
    ("X-Item", Item("a", ((1, 1),))),  # type: ignore[arg-type]
    ("X-Item", Item(Token("a b"))),
    ("X-Item", Item(Token(None))),  # type: ignore[arg-type]
    ("X-Item", Item("a" * MAX_LENGTH)),
    ("X-Item", Item(datetime(2000, 1, 1))),
    ("X-List", ()),
    ("X-List", ("a",)),
    ("X-List", (InnerList(("a",)),)),  # type: ignore[arg-type]
    ("X-Dictionary", Dictionary()),
    ("X-Dictionary", Dictionary((("A", Item(1)),))),
]

TABLE = STANDARD.extend(
    structured("X-Item", "item"),
    structured("X-List", "list"),
    structured("X-Dictionary", "dictionary"),
)


@pytest.mark.parametrize(
    ("name", "value"), ROWS, ids=[f"{name} {value!a:.60}" for name, value in ROWS]
)
def test_cannotBeWritten(name: str, value: Any) -> None:
    with pytest.raises(InvalidField, match=f"^{name}: ") as caught:
        TABLE.generate(name.lower().encode("ascii"), value)
    # What has gone wrong is told without what was given.
    assert caught.value.__cause__ is None
    assert SURROGATE not in str(caught.value)
    assert "\n" not in str(caught.value)
