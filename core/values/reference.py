"""
References to URIs, and origins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from penstock.core.authority import parseAuthority
from penstock.core.errors import InvalidField
from penstock.core.grammar import asciiBytes, checkMany

# RFC 3986, section 2, and what browsers and others write without encoding it.
# Backslashes are out, since browsers take them for slashes.
_REFERENCE: Final = re.compile(rb"[!#-;=?-\[\]^_`a-~]++")

# RFC 6454, section 6.1.
_ORIGIN: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*+://([^/@?#]++)")


def parseReference(value: bytes) -> str:
    """
    @raise ValueError: unless C{value} could be a reference to a URI.
    """
    if _REFERENCE.fullmatch(value) is None:
        raise ValueError("it is not a reference to a URI")
    return value.decode("ascii")


def generateReference(value: str) -> bytes:
    """
    @raise InvalidField: unless C{value} could be a reference to a URI.
    """
    raw = asciiBytes(value)
    if _REFERENCE.fullmatch(raw) is None:
        raise InvalidField("it is not a reference to a URI")
    return raw


def parseOrigin(value: bytes) -> str:
    """
    @return: a scheme, a host and maybe a port, C{"https://example.org"}; or
        C{"null"}, for what has an origin that isn't told.

    @raise ValueError: if C{value} is something else.
    """
    if value != b"null":
        found = _ORIGIN.fullmatch(value)
        if found is None:
            raise ValueError("it is not an origin")
        parseAuthority(found[1])
    return value.decode("ascii")


def generateOrigin(value: str) -> bytes:
    """
    @raise InvalidField: unless C{value} is an origin, or C{"null"}.
    """
    return _generated(parseOrigin, value)


def parseAllowedOrigin(value: bytes) -> str:
    """
    @return: an origin; or C{"*"}, for all.

    @raise ValueError: if C{value} is something else.
    """
    return "*" if value == b"*" else parseOrigin(value)


def generateAllowedOrigin(value: str) -> bytes:
    """
    @raise InvalidField: unless C{value} is an origin, C{"null"} or C{"*"}.
    """
    return _generated(parseAllowedOrigin, value)


def parseAllowedOrigins(value: bytes) -> tuple[str, ...]:
    """
    @return: origins, or C{"*"} among them.

    @raise ValueError: if C{value} is something else.
    """
    members = [member.strip(b" \t") for member in value.split(b",")]
    return tuple([parseAllowedOrigin(member) for member in members if member])


def generateAllowedOrigins(value: tuple[str, ...]) -> bytes:
    """
    @raise InvalidField: unless C{value} has origins.
    """
    checkMany(value)
    members = [generateAllowedOrigin(member) for member in value]
    if any(b"," in member for member in members):
        raise InvalidField("it has a comma")
    return b", ".join(members)


def _generated(parse: Callable[[bytes], str], value: str) -> bytes:
    raw = asciiBytes(value)
    try:
        parse(raw)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return raw
