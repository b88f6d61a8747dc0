"""
Tests for L{penstock.core.fields}: every row, and the table.
"""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from penstock.core.choice import chooseType
from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag
from penstock.core.fields import (
    SECTIONS,
    STANDARD,
    Field,
    FieldTable,
    Multiplicity,
    Place,
    structured,
)
from penstock.core.grammar import (
    PADDING,
    PARAMETERS,
    QUOTED,
    SEPARATOR,
    TOKEN,
    generateNumber,
    parseNumber,
    scan,
)
from penstock.core.headers import Headers, fieldValue
from penstock.core.hop import HOP_BY_HOP
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.core.trailers import trailerFields
from penstock.core.values.structured import Item, Token

from . import strategies, strategies_more
from .examples import GOOD
from .fakes import ask

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


VALUES = strategies.VALUES | strategies_more.VALUES


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
    if isinstance(value, str) and value.isascii():
        # L{Headers.setHeader} takes text as it is.
        assert written == [value.encode("ascii")]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
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


def remade(name: str) -> st.SearchStrategy[bytes]:
    """
    Lines that are put together from pieces: those of the examples of the
    field, and others.
    """
    pieces = [b"a", b"*", b"/", b";", b"=", b'"', b"\\", b",", b" ", b"1", b"0.5", b"q"]
    pieces += [b"W/", b'"a"', b"-", b"bytes", b":", b"[", b"]", b"GMT", b"\t", b"\xff"]
    lines = [line for field, line, value in GOOD if field == name and len(line) < 300]
    whole = [PIECE.findall(line) for line in lines]
    known = sorted({piece for line in whole for piece in line})
    anything = st.lists(st.sampled_from(pieces + known), max_size=12)
    return st.one_of(
        anything,
        # An example, with some of it gone and something else in its place.
        st.builds(
            lambda line, start, size, other: [
                *line[: start % (len(line) + 1)],
                *other[:2],
                *line[start % (len(line) + 1) + size :],
            ],
            st.sampled_from(whole),
            st.integers(0, 99),
            st.integers(0, 2),
            anything,
        ),
    ).map(lambda parts: b"".join(parts).strip(b" \t"))


PIECE = re.compile(rb"[A-Za-z0-9]+|.", re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_whatParsesIsStable(name: str, data: st.DataObject) -> None:
    """
    Whatever parses can be written, may be sent, and is read as the same value
    again.
    """
    line = data.draw(remade(name))
    try:
        value = parse(name, line)
    except ValueError:
        return
    written = generate(name, value)
    assert [line for _, line in Headers([(name, line) for line in written])] == written
    assert parse(name, *written) == value


PAIR = rb"(?:" + TOKEN + rb"=(?:" + TOKEN + rb"|" + QUOTED + rb"))?"
MEMBERS = {
    "Accept": rb"(?:" + TOKEN + rb"/" + TOKEN + rb"|\*)" + PARAMETERS,
    "Accept-Language": TOKEN + rb"(?:[\t ]*+;[\t ]*+[Qq]=[0-9.]++)?",
    "Alt-Svc": TOKEN + rb"=" + QUOTED + PARAMETERS,
    "Forwarded": PAIR + rb"(?:[\t ]*+;[\t ]*+" + PAIR + rb")*+",
}


@pytest.mark.parametrize("name", MEMBERS)
@settings(max_examples=300)
@given(data=st.data())
def test_memberByMember(name: str, data: st.DataObject) -> None:
    """
    Lists whose members are remembered, or are read all at once, come to the
    same as their members do, each by itself.
    """
    pattern = re.compile(MEMBERS[name] + SEPARATOR)

    def members(line: bytes) -> Any:
        value = parse(name, line)
        return getattr(value, "ranges", getattr(value, "members", value))

    line = data.draw(remade(name))
    assume(line.strip(PADDING) not in (b"", b"clear"))
    try:
        expected = [
            member for found in scan(pattern, line) for member in members(found[0])
        ]
    except ValueError:
        with pytest.raises(ValueError, match=r"\w"):
            parse(name, line)
    else:
        assert list(members(line)) == expected


NASTY = ["\r\nx: y", "\n", "\0", "\x7f", "\x85", "\u2028", "\ud800", "\u20ac", "\xe9"]
NASTY += [
    '"',
    "\\",
    ",",
    ";",
    "=",
    " ",
    "\t",
    "'",
    "%",
    "*",
    "(",
    ")",
    "<",
    ">",
    "{",
    "q",
]


def spoilt(value: Any, data: st.DataObject) -> Any:
    """
    A value with something in one of its texts that doesn't belong there.
    """
    if isinstance(value, str):
        at = data.draw(st.integers(0, len(value)))
        return value[:at] + data.draw(st.sampled_from(NASTY)) + value[at:]
    if isinstance(value, tuple) and value:
        at = data.draw(st.integers(0, len(value) - 1))
        parts = [*value[:at], spoilt(value[at], data), *value[at + 1 :]]
        return value._make(parts) if hasattr(value, "_make") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        name = data.draw(st.sampled_from([field.name for field in fields(value)]))
        return replace(value, **{name: spoilt(getattr(value, name), data)})
    return value


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_spoilt(name: str, data: st.DataObject) -> None:
    """
    What a field can't carry is refused, or written so that it is read as it
    was.
    """
    value = spoilt(data.draw(VALUES[name]), data)
    try:
        written = generate(name, value)
    except InvalidField:
        return
    assert [fieldValue(line) for line in written] == written
    assert parse(name, *written) == value


# What looks wrong and is a value of these all the same.
FLAGS = {row.name for row in STANDARD if row.valueType in ("True", "bool")}
NUMBERS = {"Sec-WebSocket-Version", "Timeout", "X-Forwarded-Port"}


@pytest.mark.parametrize(
    "value", [None, object(), -1, 1.5, True, "\r\n", "é\u2028", (1,), [None], b"\0"]
)
@pytest.mark.parametrize("name", NAMES)
def test_whatIsNoValue(name: str, value: Any) -> None:
    """
    What can't be written is an InvalidField, which names the field and does
    not have the value in it.
    """
    if (
        (value == "é\u2028" and name == "Last-Event-ID")
        or (value is True and name in FLAGS)
        or (value == (1,) and name in NUMBERS)
    ):
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


def word(line: bytes) -> str:
    return line.decode("latin-1")


def test_ofASite() -> None:
    """
    A site has rows of its own for all its requests, in place of those of HTTP,
    too; and HTTP works as ever.
    """
    table = STANDARD.extend(
        Field("X-Cost", parseNumber, generateNumber, "int", "ours"),
        *[
            Field(name, word, str.encode, "str", "ours")
            for name in ("Accept", "Content-Type", "ETag", "If-None-Match", "Range")
        ],
    )
    seen = []

    class Root(Resource):
        def render_GET(self, request: Request) -> Response:
            headers = request.in_headers
            seen.append([headers.getHeader(name) for name in ("x-cost", "accept")])
            request.out_headers.setHeader("X-Cost", 8)
            chooseType(request, ["text/plain", "text/html"])
            return Response(b"0123456789", headers=[("ETag", '"a"')])

    site = Site(Root(), table=table)
    asked = [(b"x-cost", b"7"), (b"accept", b"text/html")]
    wire, request = ask(site, headers=asked)
    assert seen == [[7, "text/html"]]
    assert wire.headers.get("x-cost") == b"8"
    assert request.out_headers.getHeader("etag") == '"a"'
    assert request.out_headers.getStandard("etag") == EntityTag("a")
    for field, code in [((b"if-none-match", b'"a"'), 304), ((b"range", b"-"), 200)]:
        assert ask(site, headers=[*asked, field])[0].code == code
    assert ask(site, headers=[*asked, (b"range", b"bytes=0-1")])[0].body == b"01"
    wire, request = ask(site, b"FROB")
    assert wire.code == 501
    assert request.out_headers.table is table


def test_othersAreNotTouched() -> None:
    """
    What one application finds out with its table, another with the same fields
    doesn't.
    """
    table = STANDARD.extend(Field("Accept", word, str.encode, "str", "ours"))
    fields = Headers.trusted(((b"Accept", b"a/b"),))
    one, other = fields.shared(), fields.shared()
    plain = one.getHeader("accept")
    one.table = table
    assert one.getHeader("accept") == "a/b"
    assert one.getStandard("accept") == plain
    assert one.getStandard("accept-language", 1) == 1
    assert other.getHeader("accept") is plain
    assert fields.shared().getHeader("accept") is plain
    assert one.shared().getHeader("accept") == "a/b"
    assert one.copy().table is table
    one.setRaw("accept", "a")
    assert one.getHeader("accept") == "a"
    assert one.getStandard("accept", 1) == 1


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


def test_structuredRows() -> None:
    """
    An application has structured fields of its own by naming their kind.
    """
    table = STANDARD.extend(
        structured("X-Shard", "item"),
        structured("X-Shards", "list", "ours", Place.REQUEST),
        structured("X-Map", "dictionary"),
    )
    headers = Headers(
        [("X-Shard", "eu;n=1"), ("X-Shards", "a, b"), ("X-Shards", "(c d)")], table
    )
    assert headers.getHeader("x-shard") == Item(Token("eu"), (("n", 1),))
    assert len(headers.getHeader("x-shards")) == 3
    headers.setRaw("x-map", "")
    assert headers.getHeader("x-map") is None
    assert headers.whyAbsent("x-map") == "it is empty"
    with pytest.raises(InvalidField, match="what is empty is not sent"):
        headers.setHeader("x-shards", ())


def test_crumbs() -> None:
    """
    Several lines of Cookie are one: HTTP/2 and 3 have it in crumbs.
    """
    headers = Headers([("cookie", "a=b"), ("cookie", "c=d, e")])
    assert headers.getHeader("cookie").pairs == (("a", "b"), ("c", "d, e"))


def test_rowsAreDescribed() -> None:
    """
    Each row says where it is from, and belongs to one section.
    """
    assert [row for _, rows in SECTIONS for row in rows] == list(STANDARD)
    for row in STANDARD:
        assert row.rfc
        assert row.valueType
        assert row.places & Place.BOTH


def test_placesAgree() -> None:
    """
    What transports do with fields of the hop and of trailers agrees with what
    the rows say.
    """
    hop = {row.key for row in STANDARD if Place.HOP in row.places}
    # Nobody has ever defined what is in Proxy-Connection.
    assert hop == HOP_BY_HOP - {b"proxy-connection"}
    trailing = [(row.key, b"") for row in STANDARD if Place.TRAILER in row.places]
    assert trailerFields(trailing) == tuple(trailing)
