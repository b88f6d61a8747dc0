"""
What it costs to translate a field, in microseconds, for a usual line of every
field in the table.

    python benchmarks/fields.py

writes C{benchmarks/fields.md}.  With C{--repeats}, it shows what ten and twenty
thousand lines of each list cost instead.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import unwrap
from pathlib import Path
from platform import python_version
from time import perf_counter, process_time
from timeit import repeat

from penstock.core.fields import STANDARD, FieldTable, Multiplicity
from penstock.core.headers import Headers
from penstock.core.recent import MAX_RECENT, MAX_RECENT_LENGTH

PAGE = Path(__file__).resolve().with_suffix(".md")
HEAD = """\
# What fields cost

Written by `python benchmarks/fields.py`, with Python {version}: microseconds of
processor time, the best of {rounds} rounds of {times}. *Read* and *write* are for a
value that the table has not seen before; where it remembers the latest ones, *again* is
for one of these. It remembers {recent} values of a field, of {length} octets at most,
and neither secrets nor errors; who fills it on purpose makes it as large as 4 MB a
field.

Of what clients want, of `Alt-Svc` and of what proxies add, it also remembers the latest
members, hosts and addresses: those of a new value are seldom new themselves. Here they
aren't; each that is takes 1 to 3 µs more.

Longer than 3 µs take what few programs read or write each time anew, or what has many
parts: `Permissions-Policy`, `Server-Timing`, names of files in any script, and the ten
parameters of Digest.

| field | line | read | again | write | again |
|---|---|---|---|---|---|
"""

LINES: list[tuple[str, bytes]] = [
    ("Content-Type", b"text/html; charset=utf-8"),
    ("Content-Encoding", b"gzip"),
    ("Content-Language", b"de-AT"),
    ("Content-Length", b"3495"),
    ("Content-Location", b"/articles/2024/penstocks.html"),
    ("Content-Disposition", b'attachment; filename="report.pdf"'),
    (
        "Content-Disposition",
        (
            b"attachment; filename=\"na_ve plan.txt\"; filename*=UTF-8''na%C3%AFve"
            b"%20plan.txt"
        ),
    ),
    ("Last-Modified", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("ETag", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("Content-Digest", b"sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"),
    ("Repr-Digest", b"sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"),
    ("Want-Content-Digest", b"sha-512=3, sha-256=10"),
    ("Want-Repr-Digest", b"sha-512=3, sha-256=10"),
    ("Content-MD5", b"Q2hlY2sgSW50ZWdyaXR5IQ=="),
    (
        "Accept",
        (
            b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,i"
            b"mage/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q="
            b"0.7"
        ),
    ),
    (
        "Accept",
        (
            b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,i"
            b"mage/webp,image/png,image/svg+xml,*/*;q=0.8"
        ),
    ),
    ("Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept", b"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept", b"application/json"),
    ("Accept", b"*/*"),
    ("Accept-Charset", b"utf-8, iso-8859-1;q=0.5"),
    ("Accept-Encoding", b"gzip, deflate, br, zstd"),
    ("Accept-Language", b"de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"),
    ("Accept-Ranges", b"bytes"),
    ("Accept-Patch", b"application/merge-patch+json"),
    ("Accept-Post", b"application/json, text/plain"),
    ("Vary", b"Accept-Encoding, Origin"),
    ("TE", b"trailers"),
    ("Prefer", b"respond-async, wait=10"),
    ("Preference-Applied", b"respond-async"),
    ("If-Match", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("If-None-Match", b'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("If-Unmodified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("If-Range", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("Range", b"bytes=0-499"),
    ("Content-Range", b"bytes 0-499/1234"),
    ("Host", b"www.example.org:8080"),
    ("Date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Trailer", b"Server-Timing"),
    ("Max-Forwards", b"10"),
    ("Expect", b"100-continue"),
    ("From", b"bot@example.org"),
    ("Referer", b"https://www.example.org/search?q=penstock"),
    (
        "User-Agent",
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
    ),
    ("Priority", b"u=1, i"),
    ("Early-Data", b"1"),
    ("Allow", b"GET, HEAD, OPTIONS"),
    ("Location", b"/People.html#tim"),
    ("Retry-After", b"120"),
    ("Server", b"penstock"),
    ("Refresh", b"5; url=/next"),
    ("Last-Event-ID", b"4711"),
    ("Connection", b"keep-alive"),
    ("Keep-Alive", b"timeout=5, max=100"),
    ("Transfer-Encoding", b"chunked"),
    ("Upgrade", b"websocket"),
    ("Via", b"1.1 proxy.example.org"),
    ("Forwarded", b"for=192.0.2.60;proto=https;host=example.org"),
    ("X-Forwarded-For", b"192.0.2.43"),
    ("X-Forwarded-Host", b"www.example.org"),
    ("X-Forwarded-Port", b"443"),
    ("X-Forwarded-Proto", b"https"),
    ("X-Forwarded-Prefix", b"/app"),
    ("Alt-Svc", b'h3=":443"; ma=86400'),
    ("Alt-Used", b"alternate.example.net"),
    ("Proxy-Status", b"ExampleCDN; error=connection_timeout"),
    ("Age", b"3600"),
    ("Cache-Control", b"max-age=3600, must-revalidate"),
    ("CDN-Cache-Control", b"max-age=600"),
    ("Expires", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Pragma", b"no-cache"),
    ("Warning", b'110 - "Response is Stale"'),
    ("Cache-Status", b"ExampleCache; hit; ttl=1100"),
    ("Authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("Authorization", b"Bearer mF_9.B5f-4.1JqM.mF_9.B5f-4.1JqM"),
    (
        "Authorization",
        (
            b'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir'
            b'/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xw'
            b'f94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5w'
            b'v/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e2'
            b'72a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfn'
            b'zjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        ),
    ),
    ("WWW-Authenticate", b'Basic realm="simple", charset="UTF-8"'),
    ("Authentication-Info", b'nextnonce="a", qop=auth, nc=00000001'),
    ("Proxy-Authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("Proxy-Authenticate", b'Basic realm="proxy"'),
    ("Proxy-Authentication-Info", b'nextnonce="a"'),
    (
        "Cookie",
        (
            b"SID=31d4d96e407aad42; lang=en-US; theme=dark; _ga=GA1.2.1122334455"
            b".1700000000; consent=1"
        ),
    ),
    ("Set-Cookie", b"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ("Strict-Transport-Security", b"max-age=31536000; includeSubDomains"),
    ("Content-Security-Policy", b"default-src 'self'; img-src 'self' data:"),
    ("Content-Security-Policy-Report-Only", b"default-src 'self'"),
    ("Referrer-Policy", b"strict-origin-when-cross-origin"),
    ("Permissions-Policy", b"geolocation=(), camera=(self)"),
    ("X-Content-Type-Options", b"nosniff"),
    ("X-Frame-Options", b"DENY"),
    ("Clear-Site-Data", b'"cache", "cookies"'),
    ("Reporting-Endpoints", b'default="https://example.com/reports"'),
    ("Upgrade-Insecure-Requests", b"1"),
    ("Sec-Fetch-Dest", b"document"),
    ("Sec-Fetch-Mode", b"navigate"),
    ("Sec-Fetch-Site", b"same-origin"),
    ("Sec-Fetch-User", b"?1"),
    ("Sec-Fetch-Storage-Access", b"inactive"),
    ("Activate-Storage-Access", b'retry; allowed-origin="https://example.com"'),
    ("Origin", b"https://example.org"),
    ("Access-Control-Request-Method", b"PUT"),
    ("Access-Control-Request-Headers", b"content-type,x-requested-with"),
    ("Access-Control-Allow-Origin", b"https://example.org"),
    ("Access-Control-Allow-Credentials", b"true"),
    ("Access-Control-Allow-Methods", b"GET, PUT"),
    ("Access-Control-Allow-Headers", b"content-type"),
    ("Access-Control-Expose-Headers", b"etag"),
    ("Access-Control-Max-Age", b"600"),
    ("Timing-Allow-Origin", b"*"),
    ("Cross-Origin-Embedder-Policy", b"require-corp"),
    ("Cross-Origin-Embedder-Policy-Report-Only", b"require-corp"),
    ("Cross-Origin-Opener-Policy", b"same-origin"),
    ("Cross-Origin-Opener-Policy-Report-Only", b"same-origin"),
    ("Cross-Origin-Resource-Policy", b"same-site"),
    ("Link", b"</style.css>; rel=preload; as=style"),
    ("Deprecation", b"@1688169599"),
    ("Sunset", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("tracestate", b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
    ("Server-Timing", b"db;dur=53, app;dur=47.2"),
    ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Extensions", b"permessage-deflate; client_max_window_bits"),
    ("Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ("Sec-WebSocket-Protocol", b"chat, superchat"),
    ("Sec-WebSocket-Version", b"13"),
    ("DAV", b"1, 2"),
    ("Depth", b"infinity"),
    ("Destination", b"http://www.example.com/users/f/"),
    ("If", b"(<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>)"),
    ("Lock-Token", b"<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"),
    ("Overwrite", b"T"),
    ("Timeout", b"Infinite, Second-4100000000"),
]
TIMES = 2000
ROUNDS = 30


def microseconds(call: Callable[..., object], *arguments: object) -> float:
    """
    @return: for one call, the best of some rounds.
    """
    names = {"call": call, "key": arguments[0], "given": arguments[1]}
    rounds = repeat(
        "call(key, given)",
        timer=process_time,
        globals=names,
        number=TIMES,
        repeat=ROUNDS,
    )
    return min(rounds) / TIMES * 1e6


def row(name: str, line: bytes, plain: FieldTable) -> str:
    """
    @param plain: the table, without a memory.

    @return: the line of the page.
    """
    key = name.lower().encode("ascii")
    value = STANDARD.parse(key, [line])
    cells = []
    for call, given in ("parse", [line]), ("generate", value):
        cells.append(f"{microseconds(getattr(plain, call), key, given):.2f}")
        if hasattr(getattr(STANDARD.row(key), call), "__wrapped__"):
            cells.append(f"{microseconds(getattr(STANDARD, call), key, given):.2f}")
        else:
            cells.append("")
    text = line.decode("latin-1")
    shown = text if len(text) <= 40 else text[:39] + "…"
    return " | ".join([f"| `{name}`", f"`{shown}`", *cells]) + " |\n"


def page() -> str:
    """
    @return: the table of costs.
    """
    plain = FieldTable(
        replace(row, parse=unwrap(row.parse), generate=unwrap(row.generate))
        for row in STANDARD
    )
    head = HEAD.format(
        version=python_version(),
        rounds=ROUNDS,
        times=TIMES,
        recent=MAX_RECENT,
        length=MAX_RECENT_LENGTH,
    )
    return head + "".join(row(name, line, plain) for name, line in LINES)


def repeats() -> None:
    """
    Show what many lines of a field cost.
    """
    print("milliseconds for 10,000 and 20,000 lines, and how many times as much")
    for name, line in LINES:
        key = name.lower().encode("ascii")
        found = STANDARD.row(key)
        if found is None or found.multiplicity is Multiplicity.SINGLE:
            continue
        times = []
        for count in (10_000, 20_000):
            rounds = []
            for _ in range(5):
                headers = Headers.trusted([(key, line)] * count)
                start = perf_counter()
                headers.getHeader(key)
                rounds.append(perf_counter() - start)
            times.append(min(rounds) * 1e3)
        print(f"{name:40} {times[0]:7.1f} {times[1]:7.1f} {times[1] / times[0]:5.2f}")


def main() -> None:
    missing = {row.name for row in STANDARD} - {name for name, line in LINES}
    if missing:
        raise SystemExit(f"no line for {sorted(missing)}")
    if "--repeats" in sys.argv[1:]:
        repeats()
    else:
        PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
