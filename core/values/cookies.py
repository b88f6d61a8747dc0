"""
What a client has been told to remember: Cookie (RFC 6265bis, section 4.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from penstock.core.errors import InvalidField

# All but HTAB, as in RFC 6265bis, section 5.6.
CONTROL: Final = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")

_NAME: Final = re.compile(r"[^\0-\x08\x0a-\x1f\x7f=;]+")
_VALUE: Final = re.compile(r"[^\0-\x08\x0a-\x1f\x7f;]*")


@dataclass(frozen=True, slots=True)
class Cookies:
    """
    The value of Cookie.

    @ivar pairs: names and values in order.  A name may be there more than
        once; the one with the longest path comes first.  Quotation marks are
        part of a value.
    """

    pairs: tuple[tuple[str, str], ...] = field(repr=False)

    def get(self, name: str) -> str | None:
        """
        @return: the first value of the cookie C{name}, L{None} without one.
        """
        for key, value in self.pairs:
            if key == name:
                return value
        return None

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, value in self.pairs)


def decodeCookie(raw: bytes) -> str:
    """
    @return: the text of a part of a cookie, whatever it is encoded as.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def encodePair(name: str, value: str) -> bytes:
    """
    @return: C{name=value} in UTF-8.

    @raise InvalidField: if it can't be written.
    """
    if _VALUE.fullmatch(value) is None or (name and _NAME.fullmatch(name) is None):
        raise InvalidField(
            "it has a semicolon or a control character, or its name an equals sign"
        )
    if value != value.strip(" \t") or name != name.strip(" \t"):
        raise InvalidField("it has white space around it")
    try:
        return (name + "=" + value).encode()
    except UnicodeEncodeError:
        raise InvalidField("it has half of a surrogate pair") from None


def parseCookies(value: bytes) -> Cookies:
    """
    Lenient, since servers have set cookies of all kinds, and no client may be
    locked out by what another server has set: what is no pair of a name and a
    value is left out.

    @raise ValueError: if C{value} has control characters.
    """
    if CONTROL.search(value) is not None:
        raise ValueError("it has control characters")
    if not value.isascii():
        return Cookies(tuple(_pairs([decodeCookie(raw) for raw in value.split(b";")])))
    return Cookies(tuple(_pairs(value.decode("ascii").split(";"))))


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(" \t")
        if equals and name:
            pairs.append((name, value.strip(" \t")))
    return pairs


def generateCookies(value: Cookies) -> bytes:
    """
    @raise InvalidField: if there is none, or one can't be written.
    """
    pairs = value.pairs
    if not all(name for name, text in pairs):
        raise InvalidField("a cookie has no name")
    return b"; ".join([encodePair(name, text) for name, text in pairs])
