"""
Never again without TLS: Strict-Transport-Security (RFC 6797).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    ATTRIBUTES,
    MAX_SECONDS,
    SEPARATOR,
    parseAttributes,
    parseSeconds,
)

# The grammar of section 6.1 is that of parameters, without a semicolon before
# the first.  Of several fields the first counts (section 8.1).
_POLICY: Final = re.compile(rb"(" + ATTRIBUTES + rb")" + SEPARATOR)


@dataclass(frozen=True, slots=True)
class StrictTransportSecurity:
    """
    How a host wants to be connected to.

    @ivar maxAge: for how long that is good, in seconds, 2**31 at most; 0 takes
        it back.
    @ivar includeSubDomains: whether it is meant for hosts below as well.
    @ivar preload: whether browsers may know it before they have been there.
    """

    maxAge: int
    includeSubDomains: bool = False
    preload: bool = False


def parseTransportSecurity(value: bytes) -> StrictTransportSecurity:
    """
    @return: without directives that RFC 6797 doesn't know.

    @raise ValueError: if C{value} is malformed, has a directive twice or no
        C{max-age}.
    """
    found = _POLICY.match(b";" + value)
    if found is None:
        raise ValueError("it is not a list of directives")
    directives = parseAttributes(found[1])
    names = dict(directives)
    if len(names) != len(directives):
        raise ValueError("it has a directive twice")
    age = names.get("max-age")
    if age is None:
        raise ValueError("it has no max-age")
    return StrictTransportSecurity(
        parseSeconds(age.encode("latin-1")),
        "includesubdomains" in names,
        "preload" in names,
    )


def generateTransportSecurity(value: StrictTransportSecurity) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    age = value.maxAge
    if type(age) is not int or not 0 <= age <= MAX_SECONDS:
        raise InvalidField("its age is negative, or more than 2**31 seconds")
    raw = b"max-age=%d" % age
    if value.includeSubDomains:
        raw += b"; includeSubDomains"
    if value.preload:
        raw += b"; preload"
    return raw
