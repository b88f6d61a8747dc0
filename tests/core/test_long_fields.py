"""
Long and repeated fields cost what they must and no more.
"""

import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from penstock.core.fields import STANDARD, Multiplicity
from penstock.core.headers import Headers

from .examples import GOOD

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


LONG: list[tuple[str, bytes]] = [
    ("Connection", b"a"),
    ("Connection", b""),
    ("Accept", b'a/b;c="d";q=0.5'),
    ("Accept", b'a/b;c="'),
    ("Accept-Encoding", b"a;q=0.5"),
    ("Accept-Language", b"a-b"),
    ("Cache-Control", b'a="b"'),
    ("Cache-Control", b'a="\\'),
    ("If-None-Match", b'W/"a"'),
    ("If-None-Match", b'"'),
    ("Transfer-Encoding", b"a;b=c"),
    ("Expect", b"a=b;c=d"),
    ("Content-Language", b"en-GB"),
    ("Age", b"1"),
    ("Vary", b"x"),
    ("Cookie", b"a"),
    ("Set-Cookie", b"a=b; expires=x; expires=x"),
    ("Link", b"<a>; rel=b; c=d"),
    ("Link", b'<a>; rel="'),
    ("Via", b"1.1 a (((("),
    ("Via", b"1.1 a (b \\"),
    ("Content-Security-Policy", b"a b; c d; a b"),
    ("WWW-Authenticate", b"a b=c, d"),
    ("Forwarded", b"for=a;by=b"),
    *[
        (row.name, next(line for name, line, value in GOOD if name == row.name))
        for row in STANDARD
        if row.multiplicity is not Multiplicity.SINGLE
    ],
]


def work(call: Callable[[], object]) -> int:
    """
    @return: how many calls, of Python or of C, C{call} makes.
    """
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(previous)
    return calls


@pytest.mark.parametrize(("name", "line"), LONG, ids=[f"{n} {v!r}" for n, v in LONG])
def test_manyRepeats(name: str, line: bytes) -> None:
    """
    The work for ten thousand lines of a field is twice that for half as many,
    in every row that takes more than one.
    """

    def read(count: int) -> Callable[[], object]:
        headers = Headers.trusted([(name.encode(), line)] * count)
        return lambda: (headers.getHeader(name), headers.whyAbsent(name))

    half, whole = work(read(5_000)), work(read(10_000))
    assert whole <= half * 2.1 + 100


def seconds(parse: Callable[[bytes], object], line: bytes) -> float:
    """
    @return: what C{parse} takes of the processor.
    """
    start = process_time()
    try:
        parse(line)
    except ValueError:
        pass
    return process_time() - start


@pytest.mark.parametrize(
    "unit",
    [b" ", b"\t", b",", b", ", b";", b"; ", b"a", b"a=", b"a=b;", b'"', b"\\", b'\\"']
    + [b'a="', b'a="\\', b"a/b;", b"a,", b"0", b"0-", b"0-0,", b"/", b"*", b"-", b"%61"]
    + [b'"a"', b'W/"', b'";', b'="";', b"\xff", b"a-", b"q=0.1;", b":", b"[", b"."],
)
@pytest.mark.parametrize("name", NAMES)
def test_longLines(name: str, unit: bytes) -> None:
    """
    No pattern backtracks, and none is tried at each octet anew: half of the
    line would take a quarter of the time, or less.
    """
    row = STANDARD.row(name.lower().encode())
    assert row is not None
    example = next(line for field, line, value in GOOD if field == name)
    for prefix in (b"", b"a", b'"', example, example + b"; "):
        for suffix in (b"", b"\0"):
            half = prefix + unit * (25_000 // len(unit)) + suffix
            whole = prefix + unit * (50_000 // len(unit)) + suffix
            if seconds(row.parse, whole) < 0.1:
                continue
            # That may have been a machine with more to do.  Less than that is
            # too little to compare.
            longest = min(seconds(row.parse, whole) for _ in range(5))
            shorter = min(seconds(row.parse, half) for _ in range(5))
            assert longest < max(0.1, 3 * shorter)
