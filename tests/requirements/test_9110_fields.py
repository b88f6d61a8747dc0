"""
RFC 9110, sections 4.2, 5.6, 11 and 12, and RFC 9111, section 5: what values of
fields are made of.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.core.cachecontrol import CacheControl
from penstock.core.dates import parseDate
from penstock.core.errors import InvalidField
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.response import Response
from penstock.core.values.challenge import Challenge
from penstock.core.values.via import Via
from penstock.resources.redirect import Redirect

from .ways import Serve


def parsed(name: str, *lines: bytes) -> Any:
    return Headers([(name, line) for line in lines]).getHeader(name)


def written(name: str, value: Any) -> bytes:
    headers = Headers()
    headers.setHeader(name, value)
    (line,) = headers.getRaw(name)
    return line


# Lists

LISTS: list[tuple[str, tuple[bytes, ...]]] = [
    ("allow", (b"GET", b"PUT")),
    ("vary", (b"accept", b"cookie")),
    ("accept", (b"text/x", b"*/*;q=0.5")),
    ("accept-encoding", (b"gzip", b"br;q=0.1")),
    ("if-none-match", (b'"a"', b'W/"b"')),
    ("cache-control", (b"no-store", b"max-age=5")),
    ("content-language", (b"de", b"en-GB")),
]
NAMES = [name for name, _ in LISTS]


@pytest.mark.requirement("9110-5.6.1.2-1", "9110-5.6.1.2-2", "9110-5.3-1")
@pytest.mark.parametrize(("name", "members"), LISTS, ids=NAMES)
def test_emptyMembers(name: str, members: tuple[bytes, bytes]) -> None:
    """
    Commas and white space, in whatever number; lines are parts of one list.
    """
    one, two = members
    expected = parsed(name, one + b", " + two)
    assert expected is not None
    for lines in (
        (one + b"," + two,),
        (b"," + one + b"," + two + b",",),
        (b", ,, " + one + b" , ,\t, " + two + b" , ",),
        (one, two),
        (one, b"", b" , ", two),
        (one + b"," * 3000 + two,),
    ):
        assert parsed(name, *lines) == expected, lines


@pytest.mark.requirement("9110-5.6.1.1-1", "9110-5.6.3-2", "9110-5.6.3-1")
@pytest.mark.parametrize(("name", "members"), LISTS, ids=NAMES)
def test_writtenLists(name: str, members: tuple[bytes, ...]) -> None:
    line = written(name, parsed(name, b" ,,\t".join(members) + b",,"))
    assert line == b", ".join(members)


@pytest.mark.requirement("9110-5.6.1.1-1")
@pytest.mark.parametrize("name", ["allow", "vary", "content-language"])
@pytest.mark.parametrize("value", [("",), ("a", ""), ("", "b"), ("a,",), (" ",)])
def test_emptyMembersAreNotWritten(name: str, value: tuple[str, ...]) -> None:
    with pytest.raises(InvalidField):
        Headers().setHeader(name, value)


# White space


@pytest.mark.requirement("9110-5.6.3-6")
@pytest.mark.parametrize(
    "line",
    [
        b'Basic realm="a"',
        b'Basic realm ="a"',
        b'Basic realm= "a"',
        b'Basic realm\t=\t"a"',
        b'Basic  realm = "a" ',
    ],
)
def test_badSpaceInAChallenge(line: bytes) -> None:
    (challenge,) = parsed("www-authenticate", line)
    assert challenge.realm == "a"


@pytest.mark.requirement("9110-5.6.3-5", "9110-5.6.3-3")
def test_writtenSpace() -> None:
    """
    None around an equals sign, and one where there must be some.
    """
    challenge = Challenge("Basic", None, (("realm", "a b"), ("charset", "UTF-8")))
    assert written("www-authenticate", (challenge,)) == (
        b'Basic realm="a b", charset="UTF-8"'
    )
    via = (Via("1.1", "a"), Via("1.0", "b:80", comment="c d"))
    assert written("via", via) == b"1.1 a, 1.0 b:80 (c d)"
    media = MediaType("text", "x", (("a", "b c"), ("d", "e")))
    assert b" " not in written("content-type", media).replace(b"b c", b"").replace(
        b"; ", b""
    )


# Quoted strings and comments


@pytest.mark.requirement("9110-5.6.4-1")
@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        (rb'"a\"b"', 'a"b'),
        (rb'"a\\b"', r"a\b"),
        (rb'"\a\b\c"', "abc"),
        (b'"a\\\tb"', "a\tb"),
        (b'"\\\xe9"', "\xe9"),
        (b'"a, b; c=d"', "a, b; c=d"),
    ],
)
def test_quotedPairs(quoted: bytes, text: str) -> None:
    media = parsed("content-type", b"text/x;p=" + quoted)
    assert dict(media.parameters)["p"] == text
    (challenge,) = parsed("www-authenticate", b"Basic realm=" + quoted)
    assert challenge.realm == text
    assert parsed("cache-control", b"x=" + quoted).get("x") == text


@pytest.mark.requirement("9110-5.6.4-2", "9110-5.6.4-3")
def test_writtenPairs() -> None:
    text = 'a"b\\c(d)\t \xe9,;='
    line = written("content-type", MediaType("text", "x", (("p", text),)))
    assert line.partition(b'"')[2] == b'a\\"b\\\\c(d)\t \xe9,;="'
    assert dict(parsed("content-type", line).parameters)["p"] == text
    via = (Via("1.1", "a", comment='b"c\\(d)'),)
    assert written("via", via) == b'1.1 a (b"c\\\\\\(d\\))'
    assert parsed("via", written("via", via)) == via


# Dates

NOW = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
FORMATS = (
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
)
DATES = ("date", "expires", "last-modified", "if-modified-since", "if-unmodified-since")


@pytest.mark.requirement("9110-5.6.7-1")
@pytest.mark.parametrize("name", [*DATES, "if-range", "retry-after"])
@pytest.mark.parametrize("line", FORMATS)
def test_dateFormats(name: str, line: bytes) -> None:
    assert parsed(name, line) == NOW


@pytest.mark.requirement("9110-5.6.7-2", "9110-5.6.7-3")
@pytest.mark.parametrize("name", [*DATES, "if-range", "retry-after"])
def test_writtenDates(name: str) -> None:
    assert written(name, NOW) == FORMATS[0]


@pytest.mark.requirement("9110-5.6.7-4")
@pytest.mark.parametrize(
    ("short", "year"),
    [(94, 1994), (0, 2000), (26, 2026), (49, 2049), (75, 2075), (77, 1977), (99, 1999)],
)
def test_shortYears(short: int, year: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    days = ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")
    day = days[datetime(year, 11, 6, tzinfo=UTC).weekday()]
    line = f"{day}day, 06-Nov-{short:02} 08:49:37 GMT".encode()
    assert parseDate(line, now).year == year


# Weights


@pytest.mark.requirement("9110-12.4.2-1", "9110-12.5.1-1")
@pytest.mark.parametrize("weight", [0, 1, 10, 100, 120, 123, 500, 999, 1000])
def test_writtenWeights(weight: int) -> None:
    """
    Three digits at most, and last.
    """
    line = b"text/x;q=0.%03d;a=b;c=d" % weight if weight < 1000 else b"text/x;a=b;c=d"
    again = written("accept", parsed("accept", line))
    head, _, value = again.partition(b";q=")
    assert head == b"text/x; a=b; c=d"
    assert len(value) <= 5
    assert parsed("accept", again) == parsed("accept", line)


@pytest.mark.requirement("9110-12.5.1-2", "9110-12.5.2-1", "9110-12.5.3-1")
@pytest.mark.parametrize(
    "line",
    [b"text/x;a=b;q=0.5", b"text/x;q=0.5;a=b", b"text/x ; Q=0.5 ; a=b"],
)
def test_weightAnywhere(line: bytes) -> None:
    (media,) = parsed("accept", line).ranges
    assert (media.weight, media.parameters) == (500, (("a", "b"),))
    for name in ("accept-encoding", "accept-charset", "accept-language"):
        (member,) = parsed(name, b"x;q=0.5").members
        assert member.weight == 500


@pytest.mark.requirement("9110-8.4.1.1-1", "9110-8.4.1.3-1")
@pytest.mark.parametrize("name", ["gzip", "compress"])
def test_oldNames(name: str) -> None:
    for one, other in ((name, "x-" + name), ("x-" + name, name)):
        accepted = parsed("accept-encoding", one.encode() + b";q=0.3, *;q=0.1")
        assert accepted.quality(other) == 300


@pytest.mark.requirement("9110-8.3.1-1")
def test_mediaParameters() -> None:
    media = parsed("content-type", b'Text/X; A=b;c="d e"')
    assert media.parameters == (("a", "b"), ("c", "d e"))


# Challenges


@pytest.mark.requirement("9110-11.2-1")
@pytest.mark.parametrize(
    "parameters", [(("realm", "a"), ("realm", "b")), (("realm", "a"), ("Realm", "a"))]
)
def test_parametersComeOnce(parameters: Any) -> None:
    with pytest.raises(InvalidField):
        written("www-authenticate", (Challenge("Basic", None, parameters),))
    line = b'Basic realm="a", REALM="b"'
    assert Headers([("www-authenticate", line)]).getHeader("www-authenticate") is None


@pytest.mark.requirement("9110-11.5-2")
@pytest.mark.parametrize("name", ["www-authenticate", "proxy-authenticate"])
@pytest.mark.parametrize("realm", ["a", "", 'a"b'])
def test_realmIsQuoted(name: str, realm: str) -> None:
    line = written(name, (Challenge.basic(realm),))
    assert line.startswith(b'Basic realm="')
    assert parsed(name, line)[0].realm == realm


# Authorities

REFERENCES = [
    "http:///x",
    "https:///x",
    "http://:80/",
    "http://u@a/",
    "https://u:p@a/x",
    "//u@a/",
    "///x",
    "http:/x",
    "HTTP://@a",
]


@pytest.mark.requirement("9110-4.2.1-1", "9110-4.2.2-1", "9110-4.2.4-1")
@pytest.mark.parametrize("place", REFERENCES)
def test_authoritiesThatAreNotSent(place: str) -> None:
    """
    Neither in a redirect nor in any field that is written from its value.
    """
    with pytest.raises(InvalidField):
        Redirect(place)
    with pytest.raises(InvalidField):
        Response.redirect(place)
    for name in (b"location", b"content-location", b"referer"):
        with pytest.raises(InvalidField):
            Headers().table.generate(name, place)


@pytest.mark.requirement("9110-4.2.1-2", "9110-4.2.2-2", "9110-4.2.4-2")
@pytest.mark.parametrize("place", REFERENCES)
def test_authoritiesThatAreNotTaken(serve: Serve, place: str) -> None:
    """
    Who reads such a field as what it means has nothing.
    """
    origin = serve()
    lines = b"Content-Location: %b\r\nReferer: %b\r\n"
    origin.get(lines % (place.encode(), place.encode()))
    (request,) = origin.root.seen
    assert request.in_headers.getHeader("content-location") is None
    assert request.in_headers.getHeader("referer") is None
    assert Headers([("Location", place)]).getHeader("location") is None


# RFC 9111


@pytest.mark.requirement("9111-1.2.2-1")
@pytest.mark.parametrize("digits", [b"2147483648", b"4294967296", b"9" * 5000])
def test_endlessSeconds(digits: bytes) -> None:
    assert parsed("age", digits) == 2**31
    assert parsed("cache-control", b"max-age=" + digits).seconds("max-age") == 2**31


@pytest.mark.requirement("9111-5.1-1")
@pytest.mark.parametrize("lines", [(b"5, 6",), (b"5", b"6"), (b"5,x",)])
def test_firstAge(lines: tuple[bytes, ...]) -> None:
    assert parsed("age", *lines) == 5


@pytest.mark.requirement("9111-5.1-2")
@pytest.mark.parametrize("line", [b"", b"x", b"-5", b"5.5", b"+5", b"x, 5"])
def test_noAge(line: bytes) -> None:
    assert parsed("age", line) is None


@pytest.mark.requirement(
    "9111-5.2.1.1-1",
    "9111-5.2.1.2-1",
    "9111-5.2.1.3-1",
    "9111-5.2.2.1-1",
    "9111-5.2.2.10-2",
)
@pytest.mark.parametrize("name", ["max-age", "max-stale", "min-fresh", "s-maxage"])
def test_secondsWithoutQuotes(name: str) -> None:
    line = written("cache-control", CacheControl(((name, "5"),)))
    assert line == name.encode() + b"=5"
    # But taken with them.
    assert parsed("cache-control", name.encode() + b'="5"').seconds(name) == 5


@pytest.mark.requirement("9111-5.2.2.4-3", "9111-5.2.2.7-5")
@pytest.mark.parametrize("name", ["no-cache", "private"])
def test_fieldsWithQuotes(name: str) -> None:
    line = written("cache-control", CacheControl(((name, "x"),)))
    assert line == name.encode() + b'="x"'
    assert parsed("cache-control", name.encode() + b"=x").get(name) == "x"


@pytest.mark.requirement("9111-5.2.3-1")
def test_unknownDirectives() -> None:
    value = parsed("cache-control", b'a, max-age=5, b="c, d", e=f')
    assert value.seconds("max-age") == 5
    assert "a" in value
