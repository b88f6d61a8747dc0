"""
What it costs to translate a field, for those that most messages have.  Where
the table remembers the latest, there are two figures: the first is that of what
it remembers, the second that of what is new.

    python benchmarks/fields.py
"""

from collections.abc import Callable
from dataclasses import replace
from inspect import unwrap
from timeit import repeat

from penstock.core.fields import STANDARD, FieldTable

LINES: list[tuple[str, bytes]] = [
    (
        "Accept",
        (
            b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
            b"image/webp,image/png,image/svg+xml,*/*;q=0.8"
        ),
    ),
    ("Accept-Encoding", b"gzip, deflate, br, zstd"),
    ("Accept-Language", b"de,en-US;q=0.7,en;q=0.3"),
    ("Authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("Cache-Control", b"max-age=3600, must-revalidate"),
    ("Content-Disposition", b'attachment; filename="report.pdf"'),
    ("Content-Length", b"3495"),
    ("Content-Type", b"text/html; charset=utf-8"),
    ("Cookie", b"SID=31d4d96e407aad42; lang=en-US; theme=dark"),
    ("Date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("ETag", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("Host", b"www.example.org:8080"),
    ("If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    ("If-None-Match", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("Location", b"/People.html#tim"),
    ("Origin", b"https://example.org"),
    ("Priority", b"u=1, i"),
    ("Range", b"bytes=0-499"),
    ("Sec-Fetch-Mode", b"navigate"),
    ("Server", b"penstock"),
    ("Set-Cookie", b"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly"),
    ("Strict-Transport-Security", b"max-age=31536000; includeSubDomains"),
    ("User-Agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101"),
    ("Vary", b"Accept-Encoding, Origin"),
    ("X-Forwarded-For", b"192.0.2.43"),
    ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
]
TIMES = 5000


def microseconds(call: Callable[..., object], *arguments: object) -> float:
    """
    @return: the best of five.
    """
    names = {"call": call, "key": arguments[0], "given": arguments[1]}
    return (
        min(repeat("call(key, given)", globals=names, number=TIMES, repeat=5))
        / TIMES
        * 1e6
    )


def main() -> None:
    # Each row once more, without a memory.
    plain = FieldTable(
        replace(row, parse=unwrap(row.parse), generate=unwrap(row.generate))
        for row in STANDARD
    )
    print(f"{'µs':28} {'parse':>13} {'generate':>13}")
    for name, line in LINES:
        cells = []
        key = name.lower().encode("ascii")
        value = STANDARD.parse(key, [line])
        for call, given in ("parse", [line]), ("generate", value):
            tables = [STANDARD]
            if hasattr(getattr(STANDARD.row(key), call), "__wrapped__"):
                tables.append(plain)
            cells.append(
                ", ".join(
                    f"{microseconds(getattr(table, call), key, given):.2f}"
                    for table in tables
                )
            )
        print(f"{name:28} {cells[0]:>13} {cells[1]:>13}")


if __name__ == "__main__":
    main()
