"""
Other places where the same can be had: Alt-Svc (RFC 7838).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote_from_bytes, unquote_to_bytes

from penstock.core.authority import Authority, generateAuthority, parseAuthority
from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    MAX_SECONDS,
    PARAMETERS,
    QUOTED,
    TOKEN,
    Parameters,
    checkNames,
    generateParameters,
    parseParameters,
    parseSeconds,
    quote,
    splitList,
    unquote,
)
from penstock.core.recent import recentlyParsed

_ALTERNATIVE: Final = re.compile(
    rb"(" + TOKEN + rb")=(" + QUOTED + rb")(" + PARAMETERS + rb")"
)
_PORT: Final = re.compile(r":([0-9]{1,5})")
_MAX_PORT: Final = 65535

# RFC 7838, section 3: octets of a token, but for the percent sign.
_UNENCODED: Final = "!#$&'*+-.^_`|~"

DAY: Final = 86400
"""For how long an alternative is good, in seconds, if nothing is said."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """
    Another place.

    @ivar protocol: its name in ALPN, C{"h2"}; an octet a character.
    @ivar port: its port.
    @ivar host: L{None} for the same host.
    @ivar maxAge: how long that is good, in seconds.
    @ivar persist: whether it is even if the client comes to another network.
    @ivar parameters: the others.
    """

    protocol: str
    port: int
    host: str | None = None
    maxAge: int = DAY
    persist: bool = False
    parameters: Parameters = ()


Alternatives = tuple[Alternative, ...] | Literal["clear"]
"""The value of Alt-Svc; C{"clear"} takes back all that was said before."""


def parseAlternatives(value: bytes) -> Alternatives:
    """
    @raise ValueError: unless C{value} is a list of alternatives, or C{clear}.
    """
    if value == b"clear":
        return "clear"
    found = tuple(map(_parse, splitList(value)))
    if not found:
        raise ValueError("it has no alternative")
    return found


# Most that there are name one of few ports, for one of few times.
@recentlyParsed
def _parse(value: bytes) -> Alternative:
    member = _ALTERNATIVE.fullmatch(value)
    if member is None:
        raise ValueError("an alternative is malformed")
    protocol, authority, rest = member.groups()
    text = unquote(authority.decode("latin-1"))
    found = _PORT.fullmatch(text)
    host: str | None = None
    if found is not None:
        port: int | None = int(found[1])
    else:
        place = parseAuthority(text.encode("latin-1"))
        host, port = place.host, place.port
    if port is None or port > _MAX_PORT:
        raise ValueError("an alternative has no port")
    names = dict(parseParameters(rest))
    age = names.pop("ma", None)
    return Alternative(
        unquote_to_bytes(protocol).decode("latin-1"),
        port,
        host,
        DAY if age is None else parseSeconds(age.encode("latin-1")),
        # Section 3.1: any other value is as if it weren't there.
        names.pop("persist", None) == "1",
        tuple(names.items()),
    )


def generateAlternatives(value: Alternatives) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if isinstance(value, str):
        if value != "clear":
            raise InvalidField('it must be "clear" or a sequence of Alternative')
        return b"clear"
    raw = b", ".join([_generate(alternative) for alternative in value])
    if not raw:
        raise InvalidField("it must have an alternative")
    return raw


def _generate(alternative: Alternative) -> bytes:
    protocol = quote_from_bytes(alternative.protocol.encode("latin-1"), _UNENCODED)
    port = alternative.port
    if not protocol or type(port) is not int or not 0 <= port <= _MAX_PORT:
        raise InvalidField("it has no protocol or no port")
    if alternative.host is None:
        place = b":%d" % port
    else:
        place = generateAuthority(Authority(alternative.host, port))
    names = list(alternative.parameters)
    checkNames(names)
    if any(name.lower() in ("ma", "persist") for name, text in names):
        raise InvalidField("it has a parameter that has a place of its own")
    if alternative.maxAge != DAY:
        if not 0 <= alternative.maxAge <= MAX_SECONDS:
            raise InvalidField("its age is negative, or more than 2**31 seconds")
        names.append(("ma", f"{alternative.maxAge:d}"))
    if alternative.persist:
        names.append(("persist", "1"))
    return (
        protocol.encode("ascii")
        + b"="
        + quote(place.decode("ascii"))
        + generateParameters(names)
    )
