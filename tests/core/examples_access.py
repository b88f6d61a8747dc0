"""
Lines of the fields for authentication, state and forwarding, first of all
those of the RFCs.
"""

from datetime import UTC, datetime
from typing import Any

from penstock.core.authority import Authority
from penstock.core.values.challenge import Challenge
from penstock.core.values.cookies import Cookies
from penstock.core.values.credentials import Basic, Bearer, Credentials, Digest
from penstock.core.values.forwarded import Hop, Node
from penstock.core.values.setcookie import SameSite, SetCookie

mufasa = Digest(
    user="Mufasa",
    realm="http-auth@example.org",
    nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    uri="/dir/index.html",
    response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    algorithm="SHA-256",
    clientNonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    quality="auth",
    count=1,
)
june = datetime(2021, 6, 9, 10, 18, 14, tzinfo=UTC)

GOOD: list[tuple[str, bytes, Any]] = [
    # RFC 7617, sections 2 and 2.1
    (
        "Authorization",
        b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        Basic("Aladdin", "open sesame"),
    ),
    ("Authorization", b"Basic dGVzdDoxMjPCow==", Basic("test", "123£")),
    ("Authorization", b"basic dGVzdDoxMjOj", Basic("test", "123£")),
    ("Authorization", b"BASIC   Og==", Basic("", "")),
    ("Authorization", b"Basic YTpiOmM=", Basic("a", "b:c")),
    # RFC 6750, section 2.1
    ("Authorization", b"Bearer mF_9.B5f-4.1JqM", Bearer("mF_9.B5f-4.1JqM")),
    # RFC 7616, section 3.9.1
    (
        "Authorization",
        (
            b'Digest username="Mufasa", realm="http-auth@example.org",'
            b' uri="/dir/index.html", algorithm=SHA-256,'
            b' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,'
            b' cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,'
            b' response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6'
            b'c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        ),
        mufasa,
    ),
    # RFC 7616, section 3.9.2
    (
        "Authorization",
        (
            b"Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,"
            b' realm="a", uri="/b", nonce="c", response="d", userhash=false, e=f'
        ),
        Digest("Jäsøn Doe", "a", "c", "/b", "d", parameters=(("e", "f"),)),
    ),
    (
        "Authorization",
        (
            b'Digest username="488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62'
            b'dcea254ec", realm="a", uri="/b", nonce="c", response="d", userhash=true'
        ),
        Digest(
            "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec",
            "a",
            "c",
            "/b",
            "d",
            userHash=True,
        ),
    ),
    ("Authorization", b"Negotiate", Credentials("Negotiate")),
    (
        "Authorization",
        b"Negotiate a87421000492aa874209af8bc028",
        Credentials("Negotiate", "a87421000492aa874209af8bc028"),
    ),
    # RFC 7486, section 6
    (
        "Authorization",
        b'HOBA result="a.b.c.d", X = y',
        Credentials("HOBA", None, (("result", "a.b.c.d"), ("x", "y"))),
    ),
    ("Proxy-Authorization", b"Basic Og==", Basic("", "")),
    # RFC 9110, section 11.6.1
    (
        "WWW-Authenticate",
        (
            b'Basic realm="simple", Newauth realm="apps", type=1,'
            b' title="Login to \\"apps\\""'
        ),
        (
            Challenge("Basic", None, (("realm", "simple"),)),
            Challenge(
                "Newauth",
                None,
                (("realm", "apps"), ("type", "1"), ("title", 'Login to "apps"')),
            ),
        ),
    ),
    # RFC 7617, section 2
    (
        "WWW-Authenticate",
        b'Basic realm="foo", charset="UTF-8"',
        (Challenge.basic("foo"),),
    ),
    # RFC 6750, section 3
    (
        "WWW-Authenticate",
        (
            b'Bearer realm="example", error="invalid_token",'
            b' error_description="The access token expired"'
        ),
        (
            Challenge.bearer(
                "example",
                error="invalid_token",
                description="The access token expired",
            ),
        ),
    ),
    # RFC 7616, section 3.9.1
    (
        "WWW-Authenticate",
        (
            b'Digest realm="http-auth@example.org", qop="auth, auth-int",'
            b' algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
        ),
        (
            Challenge(
                "Digest",
                None,
                (
                    ("realm", "http-auth@example.org"),
                    ("qop", "auth, auth-int"),
                    ("algorithm", "MD5"),
                    ("nonce", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
                ),
            ),
        ),
    ),
    # RFC 4559, section 5
    (
        "WWW-Authenticate",
        b"Negotiate a87421000492aa874209af8bc028, NTLM,,Basic ",
        (
            Challenge("Negotiate", "a87421000492aa874209af8bc028"),
            Challenge("NTLM"),
            Challenge("Basic"),
        ),
    ),
    (
        "WWW-Authenticate",
        b"a b=, c  ,  d=e",
        (Challenge("a", "b="), Challenge("c", None, (("d", "e"),))),
    ),
    ("WWW-Authenticate", b"", ()),
    (
        "Proxy-Authenticate",
        b"a b = c",
        (Challenge("a", None, (("b", "c"),)),),
    ),
    # RFC 7616, section 3.5
    (
        "Authentication-Info",
        b'nextnonce="a", qop=auth, nc=00000001',
        (("nextnonce", "a"), ("qop", "auth"), ("nc", "00000001")),
    ),
    ("Proxy-Authentication-Info", b'a="",B= c', (("a", ""), ("b", "c"))),
    # RFC 6265bis, section 3.1
    ("Cookie", b"SID=31d4d96e407aad42", Cookies((("SID", "31d4d96e407aad42"),))),
    (
        "Cookie",
        b"SID=31d4d96e407aad42; lang=en-US",
        Cookies((("SID", "31d4d96e407aad42"), ("lang", "en-US"))),
    ),
    (
        "Cookie",
        b' a = "b c" ;x;;=y;d={"e": [1, 2]}; a==f=',
        Cookies((("a", '"b c"'), ("d", '{"e": [1, 2]}'), ("a", "=f="))),
    ),
    (
        "Cookie",
        b"a=\xc3\xa4; b=\xe4; \xc3\xb6=",
        Cookies((("a", "ä"), ("b", "ä"), ("ö", ""))),
    ),
    ("Cookie", b"", Cookies(())),
    # RFC 6265bis, sections 3.1 and 4.1
    ("Set-Cookie", b"SID=31d4d96e407aad42", SetCookie("SID", "31d4d96e407aad42")),
    (
        "Set-Cookie",
        b"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly",
        SetCookie("SID", "31d4d96e407aad42", path="/", secure=True, httpOnly=True),
    ),
    (
        "Set-Cookie",
        b"lang=en-US; Path=/; Domain=site.example",
        SetCookie("lang", "en-US", path="/", domain="site.example"),
    ),
    (
        "Set-Cookie",
        b"lang=en-US; Expires=Wed, 09 Jun 2021 10:18:14 GMT",
        SetCookie("lang", "en-US", expires=june),
    ),
    (
        "Set-Cookie",
        b"lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
        SetCookie("lang", "", expires=datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ),
    (
        "Set-Cookie",
        b"__Secure-SID=12345; Domain=site.example; Secure",
        SetCookie("__Secure-SID", "12345", domain="site.example", secure=True),
    ),
    (
        "Set-Cookie",
        b"__Host-SID=12345; Secure; Path=/",
        SetCookie("__Host-SID", "12345", path="/", secure=True),
    ),
    (
        "Set-Cookie",
        b"__Host-SID=1; path=/; secure; samesite=none; partitioned",
        SetCookie(
            "__Host-SID",
            "1",
            path="/",
            secure=True,
            sameSite=SameSite.NONE,
            partitioned=True,
        ),
    ),
    (
        "Set-Cookie",
        b"a=b; SameSite=Lax; SameSite=strict; Max-Age=-1; Priority=High",
        SetCookie("a", "b", maxAge=0, sameSite=SameSite.STRICT),
    ),
    (
        "Set-Cookie",
        b"a=b;max-age=60;Max-Age=x;expires=Wednesday, 09-Jun-21 10:18:14 GMT;expires=x",
        SetCookie("a", "b", maxAge=60, expires=june),
    ),
    (
        "Set-Cookie",
        b"a=b; Max-Age=" + b"9" * 1000 + b"; Path=/" + b"x" * 2000,
        SetCookie("a", "b", maxAge=2**31),
    ),
    (
        "Set-Cookie",
        b'a="b"; Domain=.A.example; Path=b; SameSite=x; Expires=9 jun 1600 1:2:3',
        SetCookie("a", '"b"', domain="a.example"),
    ),
    (
        "Set-Cookie",
        b"a=b; Expires=10:18:14 2021junex June 9th",
        SetCookie("a", "b", expires=june),
    ),
    (
        "Set-Cookie",
        b"a=b; Expires=10:18:14 9th_Juneteenth 21",
        SetCookie("a", "b", expires=june),
    ),
    ("Set-Cookie", b"a=b; Expires=31 Jun 2021 10:18:14", SetCookie("a", "b")),
    ("Set-Cookie", b"a=b; Expires=1 Jun 2021 24:18:14", SetCookie("a", "b")),
    ("Set-Cookie", b"a", SetCookie("", "a")),
    ("Set-Cookie", b" \xc3\xa4 = \xe4 ;;", SetCookie("ä", "ä")),
    # RFC 7239, sections 4, 6 and 7
    (
        "Forwarded",
        b'for="_gazonk"',
        (Hop(Node("_gazonk")),),
    ),
    (
        "Forwarded",
        b'For="[2001:db8:cafe::17]:4711"',
        (Hop(Node("2001:db8:cafe::17", "4711")),),
    ),
    (
        "Forwarded",
        b"for=192.0.2.60;proto=http;by=203.0.113.43",
        (Hop(Node("192.0.2.60"), Node("203.0.113.43"), scheme="http"),),
    ),
    (
        "Forwarded",
        b"for=192.0.2.43, for=198.51.100.17",
        (Hop(Node("192.0.2.43")), Hop(Node("198.51.100.17"))),
    ),
    (
        "Forwarded",
        b'for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown',
        tuple(
            Hop(Node(name)) for name in ("192.0.2.43", "2001:db8:cafe::17", "unknown")
        ),
    ),
    (
        "Forwarded",
        b"for=_hidden, for=_SEVKISEK",
        (Hop(Node("_hidden")), Hop(Node("_SEVKISEK"))),
    ),
    (
        "Forwarded",
        b'host="Example.com:8080"; PROTO=HTTPS;secret="a,b;c=d" , ;,for="1.2.3.4:_x"',
        (
            Hop(
                host=Authority("example.com", 8080),
                scheme="https",
                parameters=(("secret", "a,b;c=d"),),
            ),
            Hop(Node("1.2.3.4", "_x")),
        ),
    ),
    (
        "X-Forwarded-For",
        b"192.0.2.43, 2001:DB8:cafe:0::17",
        (Node("192.0.2.43"), Node("2001:db8:cafe::17")),
    ),
    (
        "X-Forwarded-For",
        b"unknown, 192.0.2.43:4711,[2001:db8::1]:80, [::1]",
        (
            Node("unknown"),
            Node("192.0.2.43", "4711"),
            Node("2001:db8::1", "80"),
            Node("::1"),
        ),
    ),
    (
        "X-Forwarded-Host",
        b"Example.com, [::1]:80",
        (Authority("example.com"), Authority("::1", 80)),
    ),
    ("X-Forwarded-Port", b"443, 80", (443, 80)),
    ("X-Forwarded-Prefix", b"/app", "/app"),
    ("X-Forwarded-Proto", b"HTTPS,http", ("https", "http")),
]

BAD: list[tuple[str, bytes]] = [
    ("Authorization", b""),
    ("Authorization", b"Basic"),
    ("Authorization", b"Basic QWxhZGRpbg=="),
    ("Authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"),
    ("Authorization", b"Basic QWxhZGRpb jpvcGVuIHNlc2FtZQ=="),
    ("Authorization", b"Basic YToKYg=="),
    ("Authorization", b'Basic realm="a"'),
    ("Authorization", b"Bearer"),
    ("Authorization", b"Bearer a b"),
    ("Authorization", b'Bearer "a"'),
    ("Authorization", b"Bearer a, b"),
    ("Authorization", b"Digest"),
    ("Authorization", b"Digest abc"),
    ("Authorization", b'Digest username="a"'),
    *[
        (
            "Authorization",
            b'Digest username="u", realm="r", nonce="n", uri="/", response="d"' + rest,
        )
        for rest in [
            b", nc=1",
            b", nc=0000000g",
            b", userhash=maybe",
            b", realm=x",
            b", username*=UTF-8''x",
            b", cnonce",
            b' qop="auth"',
        ]
    ],
    (
        "Authorization",
        b"Digest username*=UTF-8''%zz, realm=r, nonce=n, uri=u, response=d",
    ),
    (
        "Authorization",
        b"Digest username*=UTF-8''a%00b, realm=r, nonce=n, uri=u, response=d",
    ),
    (
        "Authorization",
        b'Digest username="a\tb", realm=r, nonce=n, uri=u, response=d',
    ),
    (
        "Authorization",
        b'Digest username="\xe4", realm=r, nonce=n, uri=u, response=d, userhash=true',
    ),
    ("Authorization", b"a b c"),
    ("Authorization", b"a b=c d=e"),
    ("Authorization", b'a b="c'),
    ("Authorization", b"a b=c, B=d"),
    ("Authorization", b"a\tb"),
    ("Authorization", b'"a" b'),
    ("Proxy-Authorization", b"Basic a:b"),
    ("WWW-Authenticate", b'realm="a"'),
    ("WWW-Authenticate", b"a b c"),
    ("WWW-Authenticate", b'a realm="b'),
    ("WWW-Authenticate", b"a b=c, b=d"),
    ("WWW-Authenticate", b"a b==, c=d"),
    ("WWW-Authenticate", b"a b=c d=e"),
    ("WWW-Authenticate", b"a \xff"),
    ("Proxy-Authenticate", b"a/b"),
    ("Authentication-Info", b"a"),
    ("Authentication-Info", b"a=b, a=c"),
    ("Proxy-Authentication-Info", b"a=b c"),
    ("Cookie", b"a=b\0"),
    ("Cookie", b"a=b; c\x7f=d"),
    ("Cookie", b"a=b\r\nc=d"),
    ("Set-Cookie", b""),
    ("Set-Cookie", b"="),
    ("Set-Cookie", b"; Path=/"),
    ("Set-Cookie", b"a=b\0c"),
    ("Set-Cookie", b"a=b\nc=d"),
    ("Set-Cookie", b"a=" + b"b" * 4096),
    ("Set-Cookie", b"a=b; Domain=a b"),
    ("Set-Cookie", b"a=b; Domain=\xe4.example"),
    ("Set-Cookie", b"a=b; SameSite=None"),
    ("Set-Cookie", b"a=b; Partitioned"),
    # RFC 6265bis, section 4.1.3
    ("Set-Cookie", b"__Secure-SID=12345; Domain=site.example"),
    ("Set-Cookie", b"__secure-SID=12345"),
    ("Set-Cookie", b"__Host-SID=12345"),
    ("Set-Cookie", b"__Host-SID=12345; Secure"),
    ("Set-Cookie", b"__Host-SID=12345; Path=/"),
    ("Set-Cookie", b"__Host-SID=12345; Secure; Path=/a"),
    ("Set-Cookie", b"__Host-SID=12345; Secure; Domain=site.example; Path=/"),
    ("Set-Cookie", b"__HOST-SID=12345; Domain=site.example"),
    ("Set-Cookie", b"=__Host-SID=12345; Secure; Path=/"),
    ("Set-Cookie", b"__Secure-a; Secure"),
    ("Forwarded", b"for"),
    ("Forwarded", b"for=2001:db8::1"),
    ("Forwarded", b'for="2001:db8::1"'),
    ("Forwarded", b'for="[2001:db8::1"'),
    ("Forwarded", b'for="[::g]"'),
    ("Forwarded", b"for=example.com"),
    ("Forwarded", b"for=256.0.0.1"),
    ("Forwarded", b"for=1.2.3.4:80"),
    ("Forwarded", b"for=1.2.3.4;for=1.2.3.5"),
    ("Forwarded", b"for = 1.2.3.4"),
    ("Forwarded", b'for="1.2.3.4'),
    ("Forwarded", b'host="a/b"'),
    ("Forwarded", b'proto="a b"'),
    ("Forwarded", b"for=1.2.3.4 by=1.2.3.4"),
    ("X-Forwarded-For", b"a b"),
    ("X-Forwarded-For", b"example.com"),
    ("X-Forwarded-For", b"1.2.3"),
    ("X-Forwarded-For", b"1::2::3"),
    ("X-Forwarded-For", b"<script>"),
    ("X-Forwarded-Host", b"a/b"),
    ("X-Forwarded-Host", b"a b"),
    ("X-Forwarded-Port", b"65536"),
    ("X-Forwarded-Port", b"-1"),
    ("X-Forwarded-Prefix", b"/a b"),
    ("X-Forwarded-Proto", b"https://"),
]
