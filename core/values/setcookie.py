"""
What a client shall remember: Set-Cookie (RFC 6265bis, sections 4.1 and 5.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from penstock.core.dates import generateDate, toSeconds
from penstock.core.errors import InvalidField
from penstock.core.grammar import MAX_SECONDS, asciiBytes, parseSeconds
from penstock.core.values.cookies import CONTROL, decodeCookie, encodePair

# RFC 6265bis, section 5.6: what is longer is ignored.
_MAX_PAIR: Final = 4096
_MAX_ATTRIBUTE: Final = 1024

_SECURE_PREFIX: Final = "__secure-"
_HOST_PREFIX: Final = "__host-"

_MAX_AGE: Final = re.compile(rb"(-?)([0-9]++)")
_DOMAIN: Final = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PATH: Final = re.compile(r"/[^\0-\x08\x0a-\x1f\x7f;]*")

# RFC 6265bis, section 5.1.1: dates are sought in what is between delimiters.
_DATE_TOKEN: Final = re.compile(rb"[0-9A-Za-z:\x7f-\xff\0-\x08\x0a-\x1f]++")
_TIME: Final = re.compile(rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?")
_DAY: Final = re.compile(rb"([0-9]{1,2})(?:[^0-9].*)?")
_YEAR: Final = re.compile(rb"([0-9]{2,4})(?:[^0-9].*)?")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(b" "), 1
    )
}
_FIRST_YEAR: Final = 1601
_FIRST_SECOND: Final = toSeconds(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))


class SameSite(Enum):
    """
    Which requests a cookie goes with.
    """

    STRICT = "Strict"
    """Those that come from the same site."""

    LAX = "Lax"
    """These, and those by which the user comes to the site."""

    NONE = "None"
    """All."""


_SAME_SITE: Final = {member.value.lower().encode(): member for member in SameSite}

# Attributes as almost everybody writes them, with their name and value: taking
# them apart is a third of the work.
_COMMON: Final = {
    b" Secure": (b"secure", b""),
    b" HttpOnly": (b"httponly", b""),
    b" Path=/": (b"path", b"/"),
    b" path=/": (b"path", b"/"),
    b" SameSite=Lax": (b"samesite", b"lax"),
    b" SameSite=None": (b"samesite", b"none"),
    b" SameSite=Strict": (b"samesite", b"strict"),
}


@dataclass(frozen=True, slots=True)
class SetCookie:
    """
    The value of one line of Set-Cookie.

    @ivar name: one that begins with C{__Secure-} needs C{secure}; with
        C{__Host-} also C{path="/"} and no domain.
    @ivar value: clients treat quotation marks as part of it.
    @ivar expires: from the year 1601 on.
    @ivar maxAge: in seconds, not more than 2**31; 0 removes the cookie.  It
        counts more than C{expires}.
    @ivar domain: in lower case, without a leading dot; L{None} for just the
        host that sets it.
    @ivar path: L{None} for the folder of what was asked for.
    @ivar sameSite: L{None} for what the client takes for it, mostly LAX.  NONE
        needs C{secure}.
    @ivar partitioned: keep one for each site that embeds this one; it needs
        C{secure}.
    """

    name: str
    value: str = field(repr=False)
    expires: datetime | None = None
    maxAge: int | None = None
    domain: str | None = None
    path: str | None = None
    secure: bool = False
    httpOnly: bool = False
    sameSite: SameSite | None = None
    partitioned: bool = False

    def _refusal(self) -> str | None:
        """
        Why clients don't take it (RFC 6265bis, section 5.7).
        """
        name = (self.name or self.value).lower()
        if not name:
            return "it has neither a name nor a value"
        if name.startswith(_SECURE_PREFIX):
            if not self.name or not self.secure:
                return "a cookie called __Secure- must be secure"
        elif name.startswith(_HOST_PREFIX):
            if (
                not self.name
                or not self.secure
                or self.domain is not None
                or self.path != "/"
            ):
                return 'a cookie called __Host- must be secure, for "/", no domain'
        if self.sameSite is SameSite.NONE and not self.secure:
            return "a cookie for all sites must be secure"
        if self.partitioned and not self.secure:
            return "a cookie with partitions must be secure"
        return None


def parseSetCookie(value: bytes) -> SetCookie:
    """
    As clients do it (section 5.6): attributes that are unknown, malformed or
    too long are left out, and of several the last one counts.

    @raise ValueError: where clients drop the cookie.
    """
    if CONTROL.search(value) is not None:
        raise ValueError("it has control characters")
    pair, _, rest = value.partition(b";")
    name, equals, text = pair.partition(b"=")
    if not equals:
        name, text = b"", pair
    found: dict[bytes, bytes] = {}
    expires: datetime | None = None
    maxAge: int | None = None
    for attribute in rest.split(b";"):
        known = _COMMON.get(attribute)
        if known is not None:
            key, argument = known
            found[key] = argument
            continue
        key, equals, argument = attribute.partition(b"=")
        key, argument = key.strip(b" \t").lower(), argument.strip(b" \t")
        if len(argument) > _MAX_ATTRIBUTE:
            continue
        if key == b"expires":
            expires = _parseExpires(argument) or expires
        elif key == b"max-age":
            maxAge = _parseMaxAge(argument, maxAge)
        else:
            found[key] = argument
    cookie = SetCookie(
        decodeCookie(name.strip(b" \t")),
        decodeCookie(text.strip(b" \t")),
        expires,
        maxAge,
        _parseDomain(found[b"domain"]) if b"domain" in found else None,
        _parsePath(found[b"path"]) if b"path" in found else None,
        b"secure" in found,
        b"httponly" in found,
        _SAME_SITE.get(found[b"samesite"].lower()) if b"samesite" in found else None,
        b"partitioned" in found,
    )
    # In UTF-8, other encodings become twice as long at most.
    if len(pair) > _MAX_PAIR // 2 and (
        len(encodePair(cookie.name, cookie.value)) - 1 > _MAX_PAIR
    ):
        raise ValueError("it is too long for a cookie")
    refusal = cookie._refusal()
    if refusal is not None:
        raise ValueError(refusal)
    return cookie


def _parseMaxAge(value: bytes, otherwise: int | None) -> int | None:
    found = _MAX_AGE.fullmatch(value)
    if found is None:
        return otherwise
    return 0 if found[1] else parseSeconds(found[2])


def _parseDomain(value: bytes) -> str | None:
    if value[:1] == b".":
        value = value[1:]
    if value and _DOMAIN.fullmatch(value) is None:
        raise ValueError("its domain is none")
    return value.decode("ascii").lower() or None


def _parsePath(value: bytes) -> str | None:
    if value[:1] != b"/":
        return None
    path = decodeCookie(value)
    return path if len(path.encode()) <= _MAX_ATTRIBUTE else None


def _parseExpires(value: bytes) -> datetime | None:
    """
    A date as clients find it (section 5.1.1): a time, a day, the name of a
    month and a year, each the first that looks like it, in any order.
    """
    time: tuple[int, ...] | None = None
    day = month = year = None
    for token in _DATE_TOKEN.findall(value):
        if time is None and (found := _TIME.fullmatch(token)) is not None:
            time = tuple(map(int, found.groups()))
        elif day is None and (found := _DAY.fullmatch(token)) is not None:
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS[token[:3].lower()]
        elif year is None and (found := _YEAR.fullmatch(token)) is not None:
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if year < _FIRST_YEAR:
        return None
    hour, minute, second = time
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def generateSetCookie(value: SetCookie) -> bytes:
    """
    @raise InvalidField: if it can't be written, or clients would drop it.
    """
    refusal = value._refusal()
    if refusal is not None:
        raise InvalidField(refusal)
    raw = encodePair(value.name, value.value)
    # Without the equals sign, which is there even where there is no name.
    if len(raw) - 1 > _MAX_PAIR:
        raise InvalidField("it is too long for a cookie")
    if value.expires is not None:
        if toSeconds(value.expires) < _FIRST_SECOND:
            raise InvalidField("it expires before the year 1601")
        raw += b"; Expires=" + generateDate(value.expires)
    if value.maxAge is not None:
        if type(value.maxAge) is not int or not 0 <= value.maxAge <= MAX_SECONDS:
            raise InvalidField("its age is negative, or more than 2**31 seconds")
        raw += b"; Max-Age=%d" % value.maxAge
    if value.domain is not None:
        raw += b"; Domain=" + _generateDomain(value.domain)
    if value.path is not None:
        raw += b"; Path=" + _generatePath(value.path)
    if value.secure:
        raw += b"; Secure"
    if value.httpOnly:
        raw += b"; HttpOnly"
    if value.sameSite is not None:
        raw += b"; SameSite=" + value.sameSite.value.encode("ascii")
    if value.partitioned:
        raw += b"; Partitioned"
    return raw


def _generateDomain(domain: str) -> bytes:
    raw = asciiBytes(domain)
    if len(raw) > _MAX_ATTRIBUTE or _DOMAIN.fullmatch(raw) is None:
        raise InvalidField("its domain is none")
    return raw


def _generatePath(path: str) -> bytes:
    if _PATH.fullmatch(path) is None or path != path.rstrip(" \t"):
        raise InvalidField("its path has no slash in front, or can't be sent")
    raw = path.encode()
    if len(raw) > _MAX_ATTRIBUTE:
        raise InvalidField("its path is too long")
    return raw
