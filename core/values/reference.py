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


# RFC 9110, sections 4.2.1, 4.2.2 and 4.2.4: nobody sends such a URI but to
# deceive, whether with no host or with a user whom one takes for the host.
_BAD_AUTHORITY: Final = re.compile(
    rb"https?:(?!//)|(?:https?:)?//(?:[/?#:]|\Z|[^/?#]*@)", re.IGNORECASE
)


def checkReference(value: bytes) -> None:
    """
    @raise ValueError: unless C{value} could be a reference to a URI; or if it
        is one of http or https without a host, or with user information.
    """
    if _REFERENCE.fullmatch(value) is None:
        raise ValueError("it is not a reference to a URI")
    if _BAD_AUTHORITY.match(value) is not None:
        raise ValueError("its authority is not a host and maybe a port")


def parseReference(value: bytes) -> str:
    """
    @raise ValueError: see L{checkReference}.
    """
    checkReference(value)
    return value.decode("ascii")


def generateReference(value: str) -> bytes:
    """
    @raise InvalidField: see L{checkReference}.
    """
    return writtenReference(asciiBytes(value))


def writtenReference(value: bytes) -> bytes:
    """
    @return: C{value}.
    @raise InvalidField: see L{checkReference}.
    """
    try:
        checkReference(value)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return value


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
