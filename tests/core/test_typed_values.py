"""
What the typed values of fields know to do, and how they are written.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.fields import STANDARD
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.values.alternatives import Alternative
from penstock.core.values.challenge import Challenge
from penstock.core.values.contentpolicy import ContentSecurityPolicy, PermissionsPolicy
from penstock.core.values.cookies import Cookies
from penstock.core.values.credentials import Basic, Bearer, Credentials, Digest
from penstock.core.values.digests import Digests
from penstock.core.values.disposition import ContentDisposition
from penstock.core.values.forwarded import Hop, Node
from penstock.core.values.link import Link
from penstock.core.values.preference import Preference
from penstock.core.values.setcookie import SameSite, SetCookie
from penstock.core.values.structured import (
    MAX_LENGTH,
    Dictionary,
    InnerList,
    Item,
    parseList,
)
from penstock.core.values.timing import Metric
from penstock.core.values.trace import TraceState
from penstock.core.values.via import Via


class Pretty(str):
    def __format__(self, spec: str) -> str:
        return f"<{self}>\r\n"


WRITTEN: list[tuple[str, Any, bytes]] = [
    # Both names, and the plain one in plain characters (RFC 6266, appendix D).
    (
        "Content-Disposition",
        ContentDisposition("attachment", "naïve plan.txt"),
        (
            b'attachment; filename="na_ve plan.txt";'
            b" filename*=UTF-8''na%C3%AFve%20plan.txt"
        ),
    ),
    (
        "Content-Disposition",
        ContentDisposition("attachment", 'a"b\\c%41/../d\r\n'),
        (
            b'attachment; filename="a_b_c_41/../d__";'
            b" filename*=UTF-8''a%22b%5Cc%2541%2F..%2Fd%0D%0A"
        ),
    ),
    (
        "Content-Disposition",
        ContentDisposition("inline", "plan.txt", (("a", "b"),)),
        b'inline; filename="plan.txt"; a=b',
    ),
    (
        "Set-Cookie",
        [
            SetCookie(
                "__Host-SID",
                "a b",
                datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC),
                60,
                None,
                "/",
                True,
                True,
                SameSite.LAX,
                True,
            )
        ],
        (
            b"__Host-SID=a b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60;"
            b" Path=/; Secure; HttpOnly; SameSite=Lax; Partitioned"
        ),
    ),
    (
        "Set-Cookie",
        [SetCookie("a", "ä", domain="a.example")],
        b"a=\xc3\xa4; Domain=a.example",
    ),
    # Quotation marks where clients want them, and none where they don't.
    (
        "WWW-Authenticate",
        (Challenge.basic("a"), Challenge.bearer(scope="b"), Challenge("Negotiate")),
        b'Basic realm="a", charset="UTF-8", Bearer scope="b", Negotiate',
    ),
    (
        "WWW-Authenticate",
        (Challenge.digest("a", "b", opaque="c", stale=True),),
        (
            b'Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256,'
            b' charset="UTF-8", opaque="c", stale=true'
        ),
    ),
    (
        "Authorization",
        Digest("a", "b", "c", "/d", "e", "MD5", "f", "g", "auth", 10),
        (
            b'Digest username="a", realm="b", nonce="c", uri="/d", response="e",'
            b' algorithm=MD5, cnonce="f", opaque="g", qop=auth, nc=0000000a'
        ),
    ),
    (
        "Authorization",
        Credentials("AWS", None, (("a", "b"), ("c", "d e"))),
        b'AWS a=b, c="d e"',
    ),
    (
        "Forwarded",
        (Hop(Node("2001:db8::1", "80"), Node("_a"), scheme="https"), Hop(Node("::1"))),
        b'for="[2001:db8::1]:80";by=_a;proto=https, for="[::1]"',
    ),
    (
        "X-Forwarded-For",
        (Node("2001:db8::1"), Node("::1", "80"), Node("1.2.3.4", "80")),
        b"2001:db8::1, [::1]:80, 1.2.3.4:80",
    ),
    (
        "Link",
        (Link("/a", ("next", "start"), "é", "#b", (("as", "font"), ("c", None))),),
        b'</a>; rel="next start"; anchor="#b"; title*=UTF-8\'\'%C3%A9; as=font; c',
    ),
    ("Link", (Link(""),), b'<>; rel=""'),
    (
        "Alt-Svc",
        (Alternative("h3", 443, maxAge=60, persist=True), Alternative("a b", 1, "::1")),
        b'h3=":443"; ma=60; persist=1, a%20b="[::1]:1"',
    ),
    (
        "Permissions-Policy",
        PermissionsPolicy((("a", ("*",)), ("b", ()), ("c", ("self", "https://d")))),
        b'a=*, b=(), c=(self "https://d")',
    ),
    (
        "Content-Security-Policy",
        (ContentSecurityPolicy((("a", ("'self'", "b:")), ("c", ()))),),
        b"a 'self' b:; c",
    ),
    (
        "Server-Timing",
        (Metric("a", 47_250, "b c"), Metric("d", 1_000), Metric("e", 1)),
        b'a; dur=47.25; desc="b c", d; dur=1, e; dur=0.001',
    ),
    (
        "Via",
        (Via("1.1", "a", comment="b (c)"), Via("2", "d", "x")),
        b"1.1 a (b \\(c\\)), x/2 d",
    ),
    ("Prefer", (Preference("return", "minimal"),), b"return=minimal"),
    # As a list, which nothing can be remembered by.
    ("Prefer", [Preference("wait", "10")], b"wait=10"),
    (
        "CDN-Cache-Control",
        CacheControl((("max-age", "60"), ("no-cache", "7"), ("a", "b"), ("c", "d e"))),
        b'max-age=60, no-cache="7", a=b, c="d e"',
    ),
    ("tracestate", TraceState((("a", "b"), ("c", "d"))), b"a=b,c=d"),
    # What a text is counts, not what it is formatted as.
    ("Cookie", Cookies((("a", Pretty("b")),)), b"a=b"),
    ("Host", Authority(Pretty("a"), 1), b"a:1"),
]


@pytest.mark.parametrize(
    ("name", "value", "line"), WRITTEN, ids=[f"{n} {w[:30]!r}" for n, _, w in WRITTEN]
)
def test_written(name: str, value: Any, line: bytes) -> None:
    assert STANDARD.generate(name.lower().encode("ascii"), value) == [line]


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("plan.txt", "plan.txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\a/b", "b"),
        ("a/", None),
        ("..", None),
        (". .", None),
        ("", None),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc\x7f", "abc"),
        ("ann\u202etxt.exe", "anntxt.exe"),
        ("Überblick 1.pdf ", "Überblick 1.pdf"),
        (None, None),
    ],
)
def test_baseName(filename: str | None, name: str | None) -> None:
    """
    What is left of a name can't lead out of a folder.
    """
    assert ContentDisposition("attachment", filename).baseName == name


@pytest.mark.parametrize(
    "value",
    [
        Basic("user", "s3cret"),
        Bearer("s3cret"),
        Digest("user", "a", "b", "/", "s3cret"),
        Credentials("a", "s3cret"),
        Credentials("a", None, (("b", "s3cret"),)),
        Cookies((("a", "s3cret"),)),
        SetCookie("a", "s3cret"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_secretsAreNotShown(value: object) -> None:
    """
    What gives access is in no log and no traceback that prints the value.
    """
    assert "s3cret" not in repr(value)
    assert "s3cret" not in str(value)


def test_reasonsHaveNoSecrets() -> None:
    """
    Neither is it in the reason why a field doesn't parse, nor in what that
    reason comes from.
    """
    for name, line in [
        ("Authorization", b"Basic s3cret!"),
        ("Authorization", b"Bearer s3cret s3cret"),
        ("Authorization", b'Digest username="s3cret", s3cret'),
        ("Cookie", b"a=s3cret\0"),
        ("Set-Cookie", b"__Host-s3cret=s3cret"),
        ("Priority", b"s3cret=(s3cret"),
    ]:
        with pytest.raises(ValueError, match=r"\w") as caught:
            STANDARD.parse(name.lower().encode("ascii"), [line])
        assert "s3cret" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_lookups() -> None:
    """
    Values with names in them find what is called so.
    """
    cookies = Cookies((("a", "1"), ("a", "2"), ("b", "")))
    assert cookies.get("a") == "1"
    assert cookies.get("c") is None
    assert "b" in cookies
    assert "c" not in cookies
    challenge = Challenge.basic("x")
    assert challenge.realm == "x"
    assert challenge.get("charset") == "UTF-8"
    assert Challenge("a").realm is None
    digests = Digests((("sha-256", b"x"),))
    assert digests.get("sha-256") == b"x"
    assert digests.get("sha-512") is None
    link = Link("/", parameters=(("as", "font"), ("as", "x")))
    assert link.get("as") == "font"
    assert link.get("type") is None
    state = TraceState((("a", "b"),))
    assert state.get("a") == "b"
    assert state.get("b") is None
    policy = ContentSecurityPolicy((("default-src", ("'self'",)),))
    assert policy.get("default-src") == ("'self'",)
    assert policy.get("img-src") is None
    permissions = PermissionsPolicy((("camera", ()),))
    assert permissions.get("camera") == ()
    assert permissions.get("usb") is None
    item = Item("a", (("b", 1),))
    assert item.get("b") == 1
    assert item.get("c") is None
    inner = InnerList((item,), (("d", True),))
    assert inner.get("d") is True
    dictionary = Dictionary((("e", inner),))
    assert dictionary.get("e") is inner
    assert dictionary.get("f") is None


def test_sampled() -> None:
    headers = Headers(
        [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")]
    )
    assert headers.getHeader("traceparent").sampled
    headers.setRaw(
        "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02"
    )
    assert not headers.getHeader("traceparent").sampled


def test_structuredLength() -> None:
    """
    A structured field that is too long isn't looked at.
    """
    assert parseList(b"a," * (MAX_LENGTH // 2 - 1) + b"a")
    with pytest.raises(ValueError, match="too long"):
        parseList(b"a," * MAX_LENGTH)


def test_neverMistaken() -> None:
    """
    What the table remembers of one value is not taken for another that is
    equal in Python and different on the wire.
    """
    for row in STANDARD:
        if not hasattr(row.generate, "__wrapped__"):
            continue
        assert "Item" not in row.valueType
    assert STANDARD.generate(b"content-type", MediaType("a", "b")) == [b"a/b"]
    assert STANDARD.generate(b"content-type", MediaType("a", "c")) == [b"a/c"]
