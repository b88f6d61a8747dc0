"""
Lines of the fields for representations, negotiation, ways, caches and links,
first of all those of the RFCs.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.mediatype import MediaType
from penstock.core.members import WantedCoding
from penstock.core.values.alternatives import Alternative
from penstock.core.values.delays import Refresh
from penstock.core.values.digests import DigestPreferences, Digests, MD5Digest
from penstock.core.values.disposition import ContentDisposition
from penstock.core.values.keepalive import KeepAlive
from penstock.core.values.link import Link
from penstock.core.values.preference import Preference
from penstock.core.values.priority import Priority
from penstock.core.values.protocol import Protocol
from penstock.core.values.structured import Item, Token
from penstock.core.values.via import Via
from penstock.core.values.warnings import CacheWarning

day = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)

GOOD: list[tuple[str, bytes, Any]] = [
    # RFC 6266, section 5
    (
        "Content-Disposition",
        b"Attachment; filename=example.html",
        ContentDisposition("attachment", "example.html"),
    ),
    (
        "Content-Disposition",
        b'INLINE; FILENAME= "an example.html"',
        ContentDisposition("inline", "an example.html"),
    ),
    (
        "Content-Disposition",
        b"attachment; filename*= UTF-8''%e2%82%ac%20rates",
        ContentDisposition("attachment", "€ rates"),
    ),
    (
        "Content-Disposition",
        b"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates",
        ContentDisposition("attachment", "€ rates"),
    ),
    (
        "Content-Disposition",
        b"attachment; filename*=iso-8859-1'en'%A3%20rates; filename=x; a=b",
        ContentDisposition("attachment", "£ rates", (("a", "b"),)),
    ),
    (
        "Content-Disposition",
        b"attachment; filename*=UTF-8''%ff; filename=x",
        ContentDisposition("attachment", "x"),
    ),
    (
        "Content-Disposition",
        b'form-data; name="a\\"b\xe4"',
        ContentDisposition("form-data", None, (("name", 'a"bä'),)),
    ),
    # RFC 9530, section 2 and appendix B
    (
        "Content-Digest",
        b"sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
        Digests((("sha-256", sha256(b"{}").digest()),)),
    ),
    ("Repr-Digest", b"a=:YQ==:, b=:Yg==:", Digests((("a", b"a"), ("b", b"b")))),
    (
        "Want-Repr-Digest",
        b"sha-512=3, sha-256=10, unixsum=0",
        DigestPreferences((("sha-512", 3), ("sha-256", 10), ("unixsum", 0))),
    ),
    ("Want-Content-Digest", b"sha-256=1", DigestPreferences((("sha-256", 1),))),
    # RFC 1864, section 2
    (
        "Content-MD5",
        b"Q2hlY2sgSW50ZWdyaXR5IQ==",
        MD5Digest(b"Check Integrity!"),
    ),
    # RFC 5789, section 3.1
    (
        "Accept-Patch",
        b"text/example;charset=utf-8",
        (MediaType("text", "example", (("charset", "utf-8"),)),),
    ),
    (
        "Accept-Post",
        b"text/turtle, */*,image/*",
        (MediaType("text", "turtle"), MediaType("*", "*"), MediaType("image", "*")),
    ),
    # RFC 9110, section 10.1.4
    ("TE", b"deflate", (WantedCoding("deflate"),)),
    ("TE", b"", ()),
    (
        "TE",
        b"Trailers, deflate;Q=0.5;a=b",
        (WantedCoding("trailers"), WantedCoding("deflate", (("a", "b"),), 500)),
    ),
    # RFC 7240, sections 2 and 4
    (
        "Prefer",
        b"respond-async, wait=100",
        (Preference("respond-async"), Preference("wait", "100")),
    ),
    (
        "Prefer",
        b'Lenient, foo; bar=""; Some="\\"x\\"";',
        (
            Preference("lenient"),
            Preference("foo", None, (("bar", None), ("some", '"x"'))),
        ),
    ),
    ("Prefer", b'a = "b,c" ; d', (Preference("a", "b,c", (("d", None),)),)),
    ("Preference-Applied", b"return=minimal", (Preference("return", "minimal"),)),
    # RFC 9110, sections 7.6.2, 7.6.3, 7.8, 10.1.2
    ("Max-Forwards", b"10", 10),
    (
        "Via",
        b"1.0 fred, 1.1 p.example.net",
        (Via("1.0", "fred"), Via("1.1", "p.example.net")),
    ),
    (
        "Via",
        b"HTTP/1.1 a:80 (b (c, d\\) \\e) f), x/2 [::1]:80 ()",
        (
            Via("1.1", "a:80", comment="b (c, d) e) f"),
            Via("2", "[::1]:80", "x", ""),
        ),
    ),
    ("Upgrade", b"websocket", (Protocol("websocket"),)),
    (
        "Upgrade",
        b"HTTP/2.0, SHTTP/1.3, IRC/6.9, RTA/x11",
        (
            Protocol("http", "2.0"),
            Protocol("shttp", "1.3"),
            Protocol("irc", "6.9"),
            Protocol("rta", "x11"),
        ),
    ),
    ("From", b"spider-admin@example.org", "spider-admin@example.org"),
    ("From", b"A. Bot <a.bot@example.org>", "A. Bot <a.bot@example.org>"),
    # RFC 9218, sections 4 and 5
    ("Priority", b"u=5, i", Priority(5, True)),
    ("Priority", b"i=?0", Priority()),
    ("Priority", b"u=8, i=1, x=(a b)", Priority()),
    ("Priority", b"u=1.0", Priority()),
    ("Priority", b"", Priority()),
    # RFC 8470, section 5.1
    ("Early-Data", b"1", True),
    ("Early-Data", b"0", True),
    ("Refresh", b"5", Refresh(5)),
    ("Refresh", b"5.5; URL='/a?b=c'", Refresh(5, "/a?b=c")),
    ("Refresh", b'0;url="/a"x', Refresh(0, "/a")),
    ("Refresh", b"1,/a", Refresh(1, "/a")),
    ("Refresh", b"1 urls", Refresh(1, "urls")),
    ("Refresh", b"1; url = ", Refresh(1)),
    ("Last-Event-ID", b"7", "7"),
    ("Last-Event-ID", b"\xc3\xa4", "ä"),
    ("Last-Event-ID", b"\xe4", "ä"),
    # RFC 2068, section 19.7.1.1
    ("Keep-Alive", b"timeout=5, max=100", KeepAlive(5, 100)),
    ("Keep-Alive", b'a, TIMEOUT = 5, timeout=6, max=x, b="c"', KeepAlive(5)),
    # RFC 7838, section 3
    ("Alt-Svc", b'h2=":8000"', (Alternative("h2", 8000),)),
    (
        "Alt-Svc",
        b'h2="new.example.org:80"',
        (Alternative("h2", 80, "new.example.org"),),
    ),
    (
        "Alt-Svc",
        b'w%3Dx%3Ay#z="[::1]:443"; ma=3600;persist=1',
        (Alternative("w=x:y#z", 443, "::1", 3600, True),),
    ),
    (
        "Alt-Svc",
        b'h2="alt.example.com:8000", h2=":443"; persist=2; v="1"',
        (
            Alternative("h2", 8000, "alt.example.com"),
            Alternative("h2", 443, parameters=(("v", "1"),)),
        ),
    ),
    ("Alt-Svc", b"clear", "clear"),
    ("Alt-Used", b"alternate.example.net", Authority("alternate.example.net")),
    # RFC 9209, section 2; RFC 9211, section 4
    (
        "Proxy-Status",
        b"r34.example.net; error=http_request_error, ExampleCDN",
        (
            Item(Token("r34.example.net"), (("error", Token("http_request_error")),)),
            Item(Token("ExampleCDN")),
        ),
    ),
    (
        "Cache-Status",
        b'OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545',
        (
            Item(Token("OriginCache"), (("hit", True), ("ttl", 1100))),
            Item("CDN Company Here", (("hit", True), ("ttl", 545))),
        ),
    ),
    # RFC 9213, section 3.1
    (
        "CDN-Cache-Control",
        b"max-age=600, must-revalidate",
        CacheControl((("max-age", "600"), ("must-revalidate", None))),
    ),
    (
        "CDN-Cache-Control",
        b'a="b c", d=e, f=-1;x, no-store=?0, g=1.0, h=(a), no-cache="Set-Cookie"',
        CacheControl(
            (("a", "b c"), ("d", "e"), ("f", "-1"), ("no-cache", "Set-Cookie"))
        ),
    ),
    ("Pragma", b"no-cache", CacheControl((("no-cache", None),))),
    # RFC 7234, section 5.5
    (
        "Warning",
        b'112 - "network down" "Sun, 06 Nov 1994 08:49:37 GMT"',
        (CacheWarning(112, "-", "network down", day),),
    ),
    (
        "Warning",
        b'110 a:80 "Response is \\"Stale\\"",199 b ""',
        (
            CacheWarning(110, "a:80", 'Response is "Stale"'),
            CacheWarning(199, "b", ""),
        ),
    ),
    # RFC 8288, section 3.5
    (
        "Link",
        (
            b'<http://example.com/TheBook/chapter2>; rel="previous";'
            b' title="previous chapter"'
        ),
        (
            Link(
                "http://example.com/TheBook/chapter2", ("previous",), "previous chapter"
            ),
        ),
    ),
    (
        "Link",
        b'</>; rel="http://example.net/foo"',
        (Link("/", ("http://example.net/foo",)),),
    ),
    (
        "Link",
        b'</terms>; rel="copyright"; anchor="#foo"',
        (Link("/terms", ("copyright",), anchor="#foo"),),
    ),
    (
        "Link",
        (
            b'</TheBook/chapter2>; rel="previous"; '
            b"title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; "
            b"rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel"
        ),
        (
            Link("/TheBook/chapter2", ("previous",), "letztes Kapitel"),
            Link("/TheBook/chapter4", ("next",), "nächstes Kapitel"),
        ),
    ),
    (
        "Link",
        b'<http://example.org/>; rel="start http://example.net/relation/other"',
        (Link("http://example.org/", ("start", "http://example.net/relation/other")),),
    ),
    (
        "Link",
        (
            b"<a,b>;rel=preload ; as=font;type=font/woff2; crossorigin;;hreflang=de ;"
            b' hreflang = "en"; rel=x, <>; title=a; title*=x;REL=Self'
        ),
        (
            Link(
                "a,b",
                ("preload",),
                parameters=(
                    ("as", "font"),
                    ("type", "font/woff2"),
                    ("crossorigin", None),
                    ("hreflang", "de"),
                    ("hreflang", "en"),
                ),
            ),
            Link("", ("self",), "a"),
        ),
    ),
    # RFC 9745, section 2.1; RFC 8594, section 3
    ("Deprecation", b"@1688169599", datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC)),
    ("Sunset", b"Sun, 06 Nov 1994 08:49:37 GMT", day),
]

BAD: list[tuple[str, bytes]] = [
    *[
        ("Content-Disposition", line)
        for line in [
            b"",
            b'"attachment"',
            b"attachment filename=a",
            b"attachment; filename",
            b"attachment; filename=",
            b"attachment; filename=a b",
            b'attachment; filename="a',
            b"attachment; filename=a; FILENAME=b",
            b"attachment, inline",
            b"; filename=a",
        ]
    ],
    ("Content-Digest", b""),
    ("Content-Digest", b"sha-256"),
    ("Content-Digest", b'sha-256="a"'),
    ("Content-Digest", b"sha-256=:a b:"),
    ("Repr-Digest", b"SHA-256=:YQ==:"),
    ("Repr-Digest", b"a=(:YQ==:)"),
    ("Want-Content-Digest", b"sha-256=11"),
    ("Want-Content-Digest", b"sha-256=-1"),
    ("Want-Repr-Digest", b""),
    ("Want-Repr-Digest", b"sha-256"),
    ("Want-Repr-Digest", b"sha-256=1.0"),
    ("Content-MD5", b"Q2hlY2s="),
    ("Content-MD5", b"Q2hlY2sgSW50ZWdyaXR5IQ"),
    ("Content-MD5", b"Q2hlY2sg SW50ZWdyaXR5IQ=="),
    ("Accept-Patch", b"text"),
    ("Accept-Post", b"text/plain text/html"),
    ("TE", b"deflate;q=2"),
    ("TE", b"deflate;q"),
    ("Prefer", b"a b"),
    ("Prefer", b"=a"),
    ("Prefer", b'a="b'),
    ("Preference-Applied", b"a; b"),
    ("Max-Forwards", b"-1"),
    ("Max-Forwards", b"1" * 19),
    ("Via", b"1.1"),
    ("Via", b"1.1 a b"),
    ("Via", b"1.1 a ("),
    ("Via", b"1.1 a (b"),
    ("Via", b"1.1 a (b))"),
    ("Via", b"1.1 a (b\\)"),
    ("Via", b"1.1 a/b"),
    ("Upgrade", b"a/"),
    ("Upgrade", b"a/b/c"),
    ("From", b""),
    ("From", b"nobody"),
    ("From", b"a@b, c@d"),
    ("From", b"a@b>"),
    ("From", b"a" * 1000 + b"@b"),
    ("Priority", b"u="),
    ("Priority", b"U=1"),
    ("Refresh", b""),
    ("Refresh", b"x"),
    ("Refresh", b"5x"),
    ("Refresh", b"-5"),
    ("Refresh", b"5; url=a b"),
    ("Refresh", b"5; url=\\a"),
    ("Last-Event-ID", b""),
    ("Keep-Alive", b""),
    ("Keep-Alive", b"300"),
    ("Keep-Alive", b"timeout=-1; max"),
    ("Alt-Svc", b""),
    ("Alt-Svc", b"h2"),
    ("Alt-Svc", b"h2=:443"),
    ("Alt-Svc", b'h2="example.com"'),
    ("Alt-Svc", b'h2=":"'),
    ("Alt-Svc", b'h2=":65536"'),
    ("Alt-Svc", b'h2=":443"; ma=x'),
    ("Alt-Svc", b'clear, h2=":443"'),
    ("Alt-Svc", b"CLEAR"),
    ("Alt-Used", b"a/b"),
    ("Proxy-Status", b""),
    ("Proxy-Status", b"1"),
    ("Cache-Status", b"(a)"),
    ("Cache-Status", b"a; hit=;"),
    ("CDN-Cache-Control", b""),
    ("CDN-Cache-Control", b"Max-Age=600"),
    ("CDN-Cache-Control", b"no-store=?0"),
    ("CDN-Cache-Control", b"max-age=600,"),
    ("Pragma", b"no cache"),
    ("Warning", b"110"),
    ("Warning", b'11 a "b"'),
    ("Warning", b'110 a "b" "yesterday"'),
    ("Warning", b'110 a b"c"'),
    ("Link", b"http://example.com/"),
    ("Link", b"<http://example.com/"),
    ("Link", b"<a b>; rel=x"),
    ("Link", b"<a> rel=x"),
    ("Link", b'<a>; rel="x'),
    ("Link", b'<a>; rel=x"y"'),
    ("Link", b"<a>; rel=x <b>; rel=y"),
    ("Link", b"<\xe4>; rel=x"),
    ("Deprecation", b"true"),
    ("Deprecation", b"1688169599"),
    ("Deprecation", b"@1688169599.5"),
    ("Deprecation", b"@" + b"9" * 15),
    ("Sunset", b"@1688169599"),
]
