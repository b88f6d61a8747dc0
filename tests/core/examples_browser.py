"""
Lines of the fields that browsers are told by and tell by, first of all those
of the specifications.
"""

from typing import Any

from penstock.core.values.contentpolicy import ContentSecurityPolicy, PermissionsPolicy
from penstock.core.values.embedding import EmbeddingPolicy
from penstock.core.values.structured import Dictionary, Item, Token
from penstock.core.values.transportsecurity import StrictTransportSecurity

GOOD: list[tuple[str, bytes, Any]] = [
    # RFC 6797, section 6.2
    (
        "Strict-Transport-Security",
        b"max-age=31536000",
        StrictTransportSecurity(31536000),
    ),
    (
        "Strict-Transport-Security",
        b"max-age=15768000 ; includeSubDomains",
        StrictTransportSecurity(15768000, True),
    ),
    (
        "Strict-Transport-Security",
        b'max-age="31536000"',
        StrictTransportSecurity(31536000),
    ),
    (
        "Strict-Transport-Security",
        b'max-age=0; includeSubDomains; preload; a="b;c"',
        StrictTransportSecurity(0, True, True),
    ),
    (
        "Strict-Transport-Security",
        b";INCLUDESUBDOMAINS;;MAX-AGE = " + b"9" * 30,
        StrictTransportSecurity(2**31, True),
    ),
    (
        "Strict-Transport-Security",
        b"max-age=1, max-age=2",
        StrictTransportSecurity(1),
    ),
    # Content Security Policy 3, sections 2.2 and 2.3
    (
        "Content-Security-Policy",
        b"script-src 'self'; report-to csp-reporting-endpoint",
        (
            ContentSecurityPolicy(
                (
                    ("script-src", ("'self'",)),
                    ("report-to", ("csp-reporting-endpoint",)),
                )
            ),
        ),
    ),
    (
        "Content-Security-Policy",
        (
            b"Default-Src 'self' http://example.com\thttp://example.net;"
            b"default-src *;; sandbox ; x\xff y,,connect-src 'none',;"
        ),
        (
            ContentSecurityPolicy(
                (
                    (
                        "default-src",
                        ("'self'", "http://example.com", "http://example.net"),
                    ),
                    ("sandbox", ()),
                )
            ),
            ContentSecurityPolicy((("connect-src", ("'none'",)),)),
        ),
    ),
    ("Content-Security-Policy", b"", ()),
    (
        "Content-Security-Policy-Report-Only",
        b"img-src data:",
        (ContentSecurityPolicy((("img-src", ("data:",)),)),),
    ),
    (
        "Referrer-Policy",
        b"no-referrer, Strict-Origin",
        ("no-referrer", "strict-origin"),
    ),
    # Permissions Policy, section 5.2
    (
        "Permissions-Policy",
        b'geolocation=(self "https://example.com"), fullscreen=()',
        PermissionsPolicy(
            (("geolocation", ("self", "https://example.com")), ("fullscreen", ()))
        ),
    ),
    (
        "Permissions-Policy",
        b"camera=*, microphone=self;report-to=x, usb=?1, midi, hid=1, usb=(*)",
        PermissionsPolicy(
            (("camera", ("*",)), ("microphone", ("self",)), ("usb", ("*",)))
        ),
    ),
    ("X-Content-Type-Options", b"NoSniff", "nosniff"),
    ("X-Content-Type-Options", b"nosniff, nosniff", "nosniff"),
    ("X-Frame-Options", b"DENY", "deny"),
    ("X-Frame-Options", b"SAMEORIGIN", "sameorigin"),
    # Clear Site Data, section 3.1
    (
        "Clear-Site-Data",
        b'"cache", "cookies", "storage", "executionContexts"',
        ("cache", "cookies", "storage", "executionContexts"),
    ),
    ("Clear-Site-Data", b'"*"', ("*",)),
    (
        "Reporting-Endpoints",
        b'endpoint-1="https://example.com/reports"',
        Dictionary((("endpoint-1", Item("https://example.com/reports")),)),
    ),
    ("Upgrade-Insecure-Requests", b"1", True),
    ("Sec-Fetch-Dest", b"document", "document"),
    ("Sec-Fetch-Mode", b"navigate", "navigate"),
    ("Sec-Fetch-Site", b"same-origin;x=1", "same-origin"),
    ("Sec-Fetch-User", b"?1", True),
    ("Sec-Fetch-User", b"?0", False),
    ("Sec-Fetch-Storage-Access", b"inactive", "inactive"),
    ("Activate-Storage-Access", b"load", Item(Token("load"))),
    (
        "Activate-Storage-Access",
        b'retry; allowed-origin="https://a.example"',
        Item(Token("retry"), (("allowed-origin", "https://a.example"),)),
    ),
    ("Origin", b"https://example.org", "https://example.org"),
    ("Origin", b"http://[::1]:8080", "http://[::1]:8080"),
    ("Origin", b"null", "null"),
    ("Access-Control-Request-Method", b"PUT", "PUT"),
    ("Access-Control-Request-Headers", b"content-type,X-A", ("content-type", "x-a")),
    ("Access-Control-Allow-Origin", b"*", "*"),
    ("Access-Control-Allow-Origin", b"null", "null"),
    ("Access-Control-Allow-Origin", b"https://a.example", "https://a.example"),
    ("Access-Control-Allow-Credentials", b"true", True),
    ("Access-Control-Allow-Methods", b"PUT, patch, *", ("PUT", "patch", "*")),
    ("Access-Control-Allow-Headers", b"X-A, *", ("x-a", "*")),
    ("Access-Control-Expose-Headers", b"ETag", ("etag",)),
    ("Access-Control-Max-Age", b"600", 600),
    (
        "Timing-Allow-Origin",
        b"https://a.example, *,null",
        ("https://a.example", "*", "null"),
    ),
    (
        "Cross-Origin-Embedder-Policy",
        b'require-corp; report-to="endpoint-1"',
        EmbeddingPolicy("require-corp", "endpoint-1"),
    ),
    (
        "Cross-Origin-Embedder-Policy-Report-Only",
        b"credentialless;report-to=1;x",
        EmbeddingPolicy("credentialless"),
    ),
    (
        "Cross-Origin-Opener-Policy",
        b"same-origin-allow-popups",
        EmbeddingPolicy("same-origin-allow-popups"),
    ),
    (
        "Cross-Origin-Opener-Policy-Report-Only",
        b"same-origin",
        EmbeddingPolicy("same-origin"),
    ),
    ("Cross-Origin-Resource-Policy", b"same-site", "same-site"),
]

BAD: list[tuple[str, bytes]] = [
    ("Strict-Transport-Security", b""),
    ("Strict-Transport-Security", b"includeSubDomains"),
    ("Strict-Transport-Security", b"max-age;a"),
    ("Strict-Transport-Security", b"max-age="),
    ("Strict-Transport-Security", b"max-age=-1"),
    ("Strict-Transport-Security", b"max-age=1; MAX-AGE=1"),
    ("Strict-Transport-Security", b"max-age=1 includeSubDomains"),
    ("Strict-Transport-Security", b'max-age="1'),
    ("Content-Security-Policy", b"a \0b"),
    ("Content-Security-Policy-Report-Only", b"a\x7f"),
    ("Referrer-Policy", b"no referrer"),
    ("Permissions-Policy", b""),
    ("Permissions-Policy", b"camera 'none'"),
    ("Permissions-Policy", b"camera=("),
    ("Permissions-Policy", b"camera"),
    ("X-Content-Type-Options", b""),
    ("X-Content-Type-Options", b"no-sniff"),
    ("X-Content-Type-Options", b"nosniff, sniff"),
    ("X-Frame-Options", b"DENY, SAMEORIGIN"),
    ("X-Frame-Options", b"ALLOW-FROM https://example.com/"),
    ("Clear-Site-Data", b"cache"),
    ("Clear-Site-Data", b'"cache" "cookies"'),
    ("Reporting-Endpoints", b""),
    ("Reporting-Endpoints", b'"a"'),
    ("Upgrade-Insecure-Requests", b"0"),
    ("Sec-Fetch-Dest", b'"document"'),
    ("Sec-Fetch-Mode", b"a, b"),
    ("Sec-Fetch-Site", b""),
    ("Sec-Fetch-User", b"1"),
    ("Sec-Fetch-Storage-Access", b"?1"),
    ("Activate-Storage-Access", b"retry, load"),
    ("Origin", b"example.org"),
    ("Origin", b"https://"),
    ("Origin", b"https://example.org/"),
    ("Origin", b"https://user@example.org"),
    ("Origin", b"https://a https://b"),
    ("Origin", b"*"),
    ("Access-Control-Request-Method", b"a b"),
    ("Access-Control-Request-Headers", b"a:b"),
    ("Access-Control-Allow-Origin", b"https://a.example, https://b.example"),
    ("Access-Control-Allow-Origin", b"*.example"),
    ("Access-Control-Allow-Credentials", b"True"),
    ("Access-Control-Allow-Methods", b"a b"),
    ("Access-Control-Allow-Headers", b"a b"),
    ("Access-Control-Expose-Headers", b"a;b"),
    ("Access-Control-Max-Age", b"-1"),
    ("Timing-Allow-Origin", b"https://a b"),
    ("Cross-Origin-Embedder-Policy", b'"require-corp"'),
    ("Cross-Origin-Opener-Policy", b"a b"),
    ("Cross-Origin-Embedder-Policy-Report-Only", b"1"),
    ("Cross-Origin-Opener-Policy-Report-Only", b"same-origin, same-origin"),
    ("Cross-Origin-Resource-Policy", b"same"),
]
