"""
Tests for L{penstock.core.fields}: every row, and the table.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag
from penstock.core.fields import STANDARD, Field, FieldTable, Multiplicity, Place
from penstock.core.grammar import generateNumber, parseNumber
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.members import Expectation, TransferCoding
from penstock.core.negotiation import (
    MOST,
    Accept,
    AcceptCharset,
    AcceptEncoding,
    AcceptLanguage,
    MediaRange,
    Weighted,
)
from penstock.core.ranges import ContentRange, RangeSpec

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


# Values of every row

TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
tokens = st.text(TCHAR, min_size=1, max_size=12)
lowerTokens = tokens.map(str.lower)
texts = st.text(
    [chr(c) for c in range(256) if c == 9 or (c >= 32 and c != 127)], max_size=20
)
parameterValues = st.one_of(tokens, texts)
parameters = st.dictionaries(lowerTokens, parameterValues, max_size=3).map(
    lambda found: tuple(found.items())
)
rangeParameters = st.dictionaries(
    lowerTokens.filter(lambda name: name != "q"), parameterValues, max_size=3
).map(lambda found: tuple(found.items()))
numbers = st.integers(0, 10**18 - 1)
seconds = st.integers(0, 2**31)
weights = st.integers(0, MOST)
moments = st.datetimes(
    datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))
tags = st.builds(
    EntityTag,
    st.text([chr(c) for c in range(0x21, 256) if c not in (0x22, 0x7F)], max_size=12),
    st.booleans(),
)
tagLists = st.one_of(st.just("*"), st.lists(tags, max_size=4).map(tuple))
ports = st.one_of(st.none(), st.integers(0, 65535))
authorities = st.one_of(
    st.builds(
        Authority, st.text("abc019.-_~!$&'()*+,;=", min_size=1, max_size=20), ports
    ),
    st.builds(Authority, st.sampled_from(["%c3%a4.example", "127.0.0.1"]), ports),
    st.builds(Authority, st.ip_addresses(v=6).map(str), ports),
)
references = st.text(
    [chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"<>\\'], min_size=1
)
languages = st.lists(
    st.from_regex(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True), max_size=4
).map(tuple)
tokenLists = st.lists(tokens, max_size=5).map(tuple)
lowerTokenLists = st.lists(lowerTokens, max_size=5).map(tuple)
lines = texts.map(lambda text: text.strip(" \t")).filter(bool)
intervals = st.one_of(
    st.tuples(numbers, st.none()),
    st.tuples(st.none(), numbers),
    st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair))),
)
others = st.text(
    [chr(c) for c in range(0x21, 0x7F) if chr(c) != ","], min_size=1, max_size=9
)
rangeSpecs = st.one_of(
    st.lists(intervals, min_size=1, max_size=5).map(
        lambda found: RangeSpec("bytes", tuple(found))
    ),
    st.builds(
        RangeSpec,
        lowerTokens.filter(lambda unit: unit != "bytes"),
        st.just(()),
        st.lists(others, min_size=1, max_size=5).map(tuple),
    ),
)
contentRanges = st.one_of(
    st.builds(ContentRange, st.none(), st.none(), numbers, lowerTokens),
    st.builds(
        lambda start, size, rest, unit: ContentRange(
            start, start + size, None if rest is None else start + size + rest, unit
        ),
        st.integers(0, 10**15),
        st.integers(1, 10**15),
        st.one_of(st.none(), st.integers(0, 10**15)),
        lowerTokens,
    ),
)
members = st.lists(st.builds(Weighted, lowerTokens, weights), max_size=5).map(tuple)
mediaRanges = st.one_of(
    st.builds(
        MediaRange,
        lowerTokens.filter(lambda kind: kind != "*"),
        lowerTokens,
        rangeParameters,
        weights,
    ),
    st.builds(MediaRange, st.just("*"), st.just("*"), rangeParameters, weights),
)
expectations = st.one_of(
    st.builds(Expectation, lowerTokens),
    st.builds(Expectation, lowerTokens, parameterValues, parameters),
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Accept": st.lists(mediaRanges, max_size=4).map(lambda r: Accept(tuple(r))),
    "Accept-Charset": members.map(AcceptCharset),
    "Accept-Encoding": members.map(AcceptEncoding),
    "Accept-Language": members.map(AcceptLanguage),
    "Accept-Ranges": lowerTokenLists.filter(bool),
    "Age": seconds,
    "Allow": tokenLists,
    "Cache-Control": st.lists(
        st.tuples(lowerTokens, st.one_of(st.none(), parameterValues)), max_size=4
    ).map(lambda found: CacheControl(tuple(found))),
    "Connection": lowerTokenLists,
    "Content-Encoding": lowerTokenLists,
    "Content-Language": languages,
    "Content-Length": numbers,
    "Content-Location": references,
    "Content-Range": contentRanges,
    "Content-Type": st.builds(MediaType, lowerTokens, lowerTokens, parameters),
    "Date": moments,
    "ETag": tags,
    "Expect": st.lists(expectations, max_size=3).map(tuple),
    "Expires": moments,
    "Host": authorities,
    "If-Match": tagLists,
    "If-Modified-Since": moments,
    "If-None-Match": tagLists,
    "If-Range": st.one_of(tags, moments),
    "If-Unmodified-Since": moments,
    "Last-Modified": moments,
    "Location": references,
    "Range": rangeSpecs,
    "Referer": references,
    "Retry-After": st.one_of(seconds, moments),
    "Server": lines,
    "Trailer": lowerTokenLists,
    "Transfer-Encoding": st.lists(
        st.builds(TransferCoding, lowerTokens, parameters), max_size=3
    ).map(tuple),
    "User-Agent": lines,
    "Vary": lowerTokenLists,
}


def test_everyRowHasValues() -> None:
    """
    No row goes without the properties below.
    """
    assert sorted(NAMES) == sorted(VALUES)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_roundTrip(name: str, data: st.DataObject) -> None:
    """
    What was written is read as the same value, and may be sent.
    """
    value = data.draw(VALUES[name])
    written = generate(name, value)
    assert [line for _, line in Headers([(name, line) for line in written])] == written
    assert parse(name, *written) == value


@pytest.mark.parametrize("name", NAMES)
@given(line=st.binary(max_size=40))
def test_garbage(name: str, line: bytes) -> None:
    """
    Whatever comes is a value or a ValueError with a reason.
    """
    reason = ""
    value = None
    try:
        value = parse(name, line)
    except ValueError as problem:
        reason = str(problem)
    assert (value is None) is bool(reason)


@pytest.mark.parametrize("name", NAMES)
@given(
    line=st.lists(
        st.sampled_from(
            [b"a", b"*", b"/", b";", b"=", b'"', b"\\", b",", b" ", b"1", b"0.5", b"q"]
            + [b"W/", b'"a"', b"-", b"bytes", b":", b"[", b"]", b"GMT", b"\t", b"\xff"]
        ),
        max_size=12,
    ).map(lambda parts: b"".join(parts).strip(b" \t"))
)
def test_whatParsesIsStable(name: str, line: bytes) -> None:
    """
    Whatever parses can be written, and is read as the same value again.
    """
    try:
        value = parse(name, line)
    except ValueError:
        return
    assert parse(name, *generate(name, value)) == value


@pytest.mark.parametrize(
    "value", [None, object(), -1, 1.5, True, "\r\n", "é\u2028", (1,), [None], b"\0"]
)
@pytest.mark.parametrize("name", NAMES)
def test_whatIsNoValue(name: str, value: Any) -> None:
    """
    What can't be written is an InvalidField, which names the field and does
    not have the value in it.
    """
    if isinstance(value, (str, bytes)) and name in ("Server", "User-Agent"):
        # Any text will do for these, and Headers sees to control characters.
        return
    with pytest.raises(InvalidField, match=f"^{name}: ") as caught:
        generate(name, value)
    assert "\r" not in str(caught.value)


# The table


def test_extend() -> None:
    """
    An application's rows are its own.
    """
    cost = Field("X-Cost", parseNumber, generateNumber, "int", "ours")
    shout = Field("SERVER", lambda line: line.upper(), bytes, "bytes", "ours")
    table = STANDARD.extend(cost, shout)
    headers = Headers([("x-cost", "7"), ("server", "a")], table)
    assert headers.getHeader("X-Cost") == 7
    assert headers.getHeader("Server") == b"A"
    headers.setHeader("x-cost", 8)
    assert headers.get("X-Cost") == b"8"
    assert len(table) == len(STANDARD) + 1
    assert cost in list(table)
    assert STANDARD.row(b"x-cost") is None
    assert Headers([("server", "a")]).getHeader("Server") == "a"


def test_noRow() -> None:
    """
    A field that the table doesn't have has no typed value, and a reason.
    """
    headers = Headers([("x-cost", "7")])
    assert headers.getHeader("x-cost") is None
    assert headers.whyAbsent("x-cost") == "the table of fields has no row for it"
    with pytest.raises(InvalidField, match="no row"):
        headers.setHeader("x-cost", 7)


def test_linesOfTheirOwn() -> None:
    """
    A row may say that each line is a value.
    """
    row = Field(
        "X-Line", parseNumber, generateNumber, "int", "ours", Multiplicity.LINES
    )
    headers = Headers(table=FieldTable([row]))
    headers.setHeader("X-Line", (1, 2))
    assert headers.getRaw("x-line") == (b"1", b"2")
    assert headers.getHeader("x-line") == (1, 2)
    headers.addRaw("x-line", "a")
    assert headers.getHeader("x-line") is None
    with pytest.raises(InvalidField):
        headers.setHeader("x-line", 3)


@pytest.mark.parametrize(
    "parser",
    [
        lambda line: line.split(b"=")[1],
        lambda line: line.decode("utf-8"),
        lambda line: {b"a": 1}[line],
        lambda line: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=10**9),
    ],
)
def test_plainParsers(parser: Callable[[bytes], Any]) -> None:
    """
    An application's parser may find out by the usual exceptions; none of them
    gets out, nor what they say.
    """
    table = STANDARD.extend(Field("X", parser, bytes, "any", "ours"))
    headers = Headers.trusted([(b"X", b"s\xe9cret")], table)
    assert headers.getHeader("x") is None
    assert headers.whyAbsent("x") == "it is malformed"


def test_rowsAreDescribed() -> None:
    """
    Each row says where it is from; HOP goes with fields of the hop.
    """
    for row in STANDARD:
        assert row.rfc.startswith("RFC 9")
        assert row.valueType
        assert row.places & Place.BOTH
    hop = {row.name for row in STANDARD if Place.HOP in row.places}
    assert hop == {"Connection", "Transfer-Encoding"}
