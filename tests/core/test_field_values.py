"""
Tests for what the values of fields know to do.
"""

from datetime import datetime
from typing import Any

import pytest

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag
from penstock.core.fields import STANDARD
from penstock.core.mediatype import MediaType
from penstock.core.members import Expectation
from penstock.core.negotiation import (
    LEAST,
    MOST,
    Accept,
    AcceptEncoding,
    MediaRange,
    Weighted,
)
from penstock.core.ranges import ContentRange, RangeSpec

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


@pytest.mark.parametrize(
    ("media", "quality"),
    [
        ("text/plain;format=flowed", 1000),
        ("text/plain", 700),
        ("text/html", 300),
        ("image/jpeg", 500),
        ("text/plain;format=fixed", 400),
        ("text/html;level=3", 300),
    ],
)
def test_acceptPrecedence(media: str, quality: int) -> None:
    """
    RFC 9110, section 12.5.1, table 5; but for its last line, 0.7 for
    text/html;level=3, which doesn't follow from the field.
    """
    accept = parse(
        "Accept",
        b"text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
        b" text/plain;format=fixed;q=0.4, */*;q=0.5",
    )
    assert accept.quality(parse("Content-Type", media.encode())) == quality


@pytest.mark.parametrize(
    ("line", "media", "quality"),
    [
        (b"", "a/b", MOST),
        (b"a/b;q=0.5", "a/c", 0),
        (b"a/b;q=0, */*", "a/b", 0),
        (b"a/b;q=0.3, a/b;q=0.4", "a/b", 400),
        (b"a/*;x=y;q=0.3, a/b;q=0.4", "a/b;x=y", 400),
        (b"a/b;charset=UTF-8;q=0.3", "a/b;charset=utf-8", 300),
        (b"a/b;x=Y", "a/b;x=y", 0),
    ],
)
def test_acceptQuality(line: bytes, media: str, quality: int) -> None:
    accept = parse("Accept", line)
    assert accept.quality(parse("Content-Type", media.encode())) == quality


@pytest.mark.parametrize(
    ("name", "line", "wanted", "quality"),
    [
        ("Accept-Encoding", b"gzip;q=0.5", "GZIP", 500),
        ("Accept-Encoding", b"x-gzip;q=0.5", "gzip", 500),
        ("Accept-Encoding", b"gzip", "x-gzip", MOST),
        ("Accept-Encoding", b"gzip;q=0.5", "br", 0),
        ("Accept-Encoding", b"gzip;q=0.5", "identity", LEAST),
        ("Accept-Encoding", b"", "identity", MOST),
        ("Accept-Encoding", b"", "gzip", 0),
        ("Accept-Encoding", b"*;q=0", "identity", 0),
        ("Accept-Encoding", b"*;q=0, identity;q=0.1", "identity", 100),
        ("Accept-Encoding", b"gzip;q=0, *;q=0.3", "gzip", 0),
        ("Accept-Encoding", b"gzip;q=0, *;q=0.3", "br", 300),
        ("Accept-Language", b"da, en-gb;q=0.8, en;q=0.7", "en-GB", 800),
        ("Accept-Language", b"da, en-gb;q=0.8, en;q=0.7", "en-US", 700),
        ("Accept-Language", b"da, en-gb;q=0.8, en;q=0.7", "de", 0),
        ("Accept-Language", b"de, *;q=0.1", "fr", 100),
        ("Accept-Language", b"en;q=0", "en-GB", 0),
        ("Accept-Language", b"e", "en", 0),
        ("Accept-Language", b"", "en", MOST),
        ("Accept-Charset", b"utf-8;q=0.5, *;q=0.1", "UTF-8", 500),
        ("Accept-Charset", b"utf-8;q=0.5, *;q=0.1", "latin1", 100),
        ("Accept-Charset", b"utf-8", "latin1", 0),
        ("Accept-Charset", b"", "latin1", MOST),
    ],
)
def test_quality(name: str, line: bytes, wanted: str, quality: int) -> None:
    assert parse(name, line).quality(wanted) == quality


def test_cacheControl() -> None:
    """
    The first of equal directives counts, and arguments are bounded.
    """
    value = parse("Cache-Control", b"max-age=1, max-age=2, no-cache, s-maxage=a")
    assert "no-cache" in value
    assert "no-store" not in value
    assert value.get("max-age") == "1"
    assert value.get("no-cache") is None
    assert value.get("no-store") is None
    assert value.seconds("max-age") == 1
    assert value.seconds("s-maxage") is None
    assert value.seconds("no-cache") is None
    assert CacheControl((("max-age", "9" * 5000),)).seconds("max-age") == 2**31


def test_cacheControlQuotes() -> None:
    """
    RFC 9111, sections 5.2.2.4 and 5.2.2.7: lists of fields are quoted.
    """
    value = CacheControl((("private", "x"), ("max-age", "1")))
    assert generate("Cache-Control", value) == [b'private="x", max-age=1']


def test_mediaType() -> None:
    media = MediaType("multipart", "form-data", (("boundary", "x y"),))
    assert media.essence == "multipart/form-data"
    assert media.get("boundary") == "x y"
    assert media.get("charset") is None
    assert bytes(media) == b'multipart/form-data; boundary="x y"'


def test_authority() -> None:
    assert str(Authority("::1", 80)) == "[::1]:80"
    assert bytes(Authority("a")) == b"a"


@pytest.mark.parametrize(
    "authority",
    [Authority(""), Authority("a b"), Authority("a", 65536), Authority("é")],
    ids=repr,
)
def test_noAuthority(authority: Authority) -> None:
    with pytest.raises(InvalidField):
        bytes(authority)


@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        # RFC 9110, section 8.8.3.2, table 3.
        (EntityTag("1", True), EntityTag("1", True), False, True),
        (EntityTag("1", True), EntityTag("2", True), False, False),
        (EntityTag("1", True), EntityTag("1"), False, True),
        (EntityTag("1"), EntityTag("1"), True, True),
    ],
)
def test_comparison(
    one: EntityTag, other: EntityTag, strongly: bool, weakly: bool
) -> None:
    assert one.equalsStrongly(other) is other.equalsStrongly(one) is strongly
    assert one.equalsWeakly(other) is other.equalsWeakly(one) is weakly


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", 10**18),
        ("Age", 2**31 + 1),
        ("Allow", "GET"),
        ("Allow", ("GET, PUT",)),
        ("Connection", ("",)),
        ("Content-Language", ("en_GB",)),
        ("Accept-Ranges", ()),
        ("ETag", EntityTag('a"')),
        ("ETag", EntityTag("a b")),
        ("ETag", EntityTag("\u2028")),
        ("If-Match", "a"),
        ("If-Match", ("*",)),
        ("Date", datetime(2000, 1, 1)),
        ("Content-Type", MediaType("a/b", "c")),
        ("Content-Type", MediaType("a", "b", (("c d", "e"),))),
        ("Content-Type", MediaType("a", "b", (("c", "\n"),))),
        ("Content-Type", MediaType("a", "b", (("c", "\u2028"),))),
        ("Accept", Accept((MediaRange("*", "html"),))),
        ("Accept", Accept((MediaRange("a", "b", (("q", "1"),)),))),
        ("Accept", Accept((MediaRange("a", "b", (), 1001),))),
        ("Accept-Encoding", AcceptEncoding((Weighted("gzip", -1),))),
        ("Expect", (Expectation("a", None, (("b", "c"),)),)),
        ("Range", RangeSpec("bytes")),
        ("Range", RangeSpec("bytes", ((None, None),))),
        ("Range", RangeSpec("bytes", ((2, 1),))),
        ("Range", RangeSpec("bytes", ((0, 1),) * 101)),
        ("Range", RangeSpec("pages", (), ("a,b",))),
        ("Content-Range", ContentRange(None, None, None)),
        ("Content-Range", ContentRange(0, None, 1)),
        ("Content-Range", ContentRange(1, 1, 1)),
        ("Content-Range", ContentRange(0, 2, 1)),
        ("Location", "/a b"),
        ("Server", " a"),
    ],
    ids=str,
)
def test_cannotBeWritten(name: str, value: Any) -> None:
    with pytest.raises(InvalidField):
        generate(name, value)


def test_leniency() -> None:
    """
    Lists of tokens may be any iterable, of text or bytes.
    """
    assert generate("Allow", [b"GET", "PUT"]) == [b"GET, PUT"]
    assert generate("Vary", {"accept": 1}.keys()) == [b"accept"]
