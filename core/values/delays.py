"""
When something is, or how long it takes: Age, Retry-After, Refresh, and dates
of RFC 9651.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from penstock.core import dates
from penstock.core.errors import InvalidField
from penstock.core.grammar import asciiBytes, generateNumber, parseSeconds
from penstock.core.values.structured import Item, generateItem, parseItem

# HTML, "shared declarative refresh steps": a fraction of a second is ignored,
# what follows is a URL with or without a name and quotation marks.
_REFRESH: Final = re.compile(
    rb"""([0-9]++)(?:\.[0-9.]*+)?"""
    rb"""(?:[\t ]*+(?:[;,][\t ]*+)?(?:[Uu][Rr][Ll][\t ]*+=[\t ]*+)?"""
    rb"""(?:'([^']*+)(?:'.*+)?|"([^"]*+)(?:".*+)?|([^'"].*+))?)?"""
)
_NEEDS_SEPARATOR: Final = re.compile(rb"[0-9.]++(?:[\t ;,]|\Z)")
_URL: Final = re.compile(rb"[!#-&(-;=?-\[\]^_`a-~][!#-;=?-\[\]^_`a-~]*+")


@dataclass(frozen=True, slots=True)
class Refresh:
    """
    What a browser shall load after a while.

    @ivar seconds: how long that is.
    @ivar url: what to load; L{None} for the same again.
    """

    seconds: int
    url: str | None = None


def parseAge(value: bytes) -> int:
    """
    @return: seconds, 2**31 at most; of several the first (RFC 9111, section
        5.1).

    @raise ValueError: unless C{value} is a number.
    """
    return parseSeconds(value.partition(b",")[0].rstrip(b" \t"))


def generateSeconds(value: int) -> bytes:
    """
    @raise InvalidField: unless C{value} is within 0 and 2**31.
    """
    raw = generateNumber(value)
    if parseSeconds(raw) != value:
        raise InvalidField("it is more than 2**31 seconds")
    return raw


def parseRetryAfter(value: bytes) -> int | datetime:
    """
    @raise ValueError: unless C{value} is seconds or a date.
    """
    if value[:1].isalpha():
        return dates.parseDate(value)
    return parseSeconds(value)


def generateRetryAfter(value: int | datetime) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if isinstance(value, datetime):
        return dates.generateDate(value)
    return generateSeconds(value)


def parseRefresh(value: bytes) -> Refresh:
    """
    @raise ValueError: unless C{value} is seconds, and maybe a URL.
    """
    found = _REFRESH.fullmatch(value)
    if found is None or _NEEDS_SEPARATOR.match(value) is None:
        raise ValueError("it is not seconds and a URL")
    seconds, single, double, bare = found.groups()
    url = single or double or bare
    if url is not None and _URL.fullmatch(url) is None:
        raise ValueError("it has something that is no URL")
    return Refresh(parseSeconds(seconds), None if url is None else url.decode("ascii"))


def generateRefresh(value: Refresh) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    raw = generateSeconds(value.seconds)
    if value.url is None:
        return raw
    url = asciiBytes(value.url)
    if _URL.fullmatch(url) is None:
        raise InvalidField("it has something that is no URL")
    return raw + b"; url=" + url


def parseStructuredDate(value: bytes) -> datetime:
    """
    @raise ValueError: unless C{value} is a date of RFC 9651.
    """
    found = parseItem(value).value
    if not isinstance(found, datetime):
        raise ValueError("it is not a date")
    return found


def generateStructuredDate(value: datetime) -> bytes:
    """
    @raise InvalidField: unless C{value} is aware of its time zone.
    """
    if not isinstance(value, datetime):
        raise InvalidField("it must be a datetime")
    return generateItem(Item(value))
