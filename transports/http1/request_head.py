"""
The head of a request (RFC 9112, sections 3, 6 and 9.6), and what it says.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from penstock.core.headers import Headers
from penstock.core.hop import HOP_BY_HOP, connectionOptions, withoutHop
from penstock.core.interfaces import Version
from penstock.transports.http1.head import (
    TOKEN,
    FieldBlock,
    Malformed,
    checkHost,
    checkTransferEncoding,
    parseContentLength,
    parseUpgrade,
)

# RFC 9112, section 3: single spaces, and nothing but visible ASCII between
# them.
_REQUEST_LINE: Final = re.compile(
    rb"(" + TOKEN + rb") ([\x21-\x7e]+) (HTTP/[0-9]\.[0-9])"
)

_VERSIONS: Final[dict[bytes, Version]] = {b"HTTP/1.1": (1, 1), b"HTTP/1.0": (1, 0)}

# RFC 9112, section 3.2.2, as far as it tells the form from others.
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][0-9A-Za-z+.-]*+://[^/?#]")

# RFC 9112, section 3.2.3.
_AUTHORITY: Final = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._~!$&'()*+,;=%-]++):[0-9]{1,5}"
)

# What logs show of a head that was refused.
SHOWN: Final = 256


class RequestHead(NamedTuple):
    """
    The head of a request.  Shared by all requests that look alike.
    """

    method: bytes
    """A token, case kept."""

    target: bytes
    """In one of the four forms, as far as its beginning tells."""

    version: Version

    fields: Headers
    """All but those of the hop.  To be given away as C{fields.shared()}."""

    contentLength: int | None
    """Octets of content to come; L{None} if it comes in chunks."""

    keepAlive: bool
    """Whether the peer would like to go on with this connection."""

    expectContinue: bool
    """Whether the peer waits for 100 before it sends its content."""

    upgrade: tuple[bytes, ...] = ()
    """Protocols that the peer offers to go on with, in lower case."""

    hop: frozenset[bytes] = frozenset()
    """What Connection lists, in lower case."""


def requestLine(head: RequestHead) -> bytes:
    """
    @return: the beginning of its request line: for logs.
    """
    return b" ".join(head[:2])[:SHOWN]


def parseRequestLine(line: bytes) -> tuple[bytes, bytes, Version]:
    """
    @param line: without its CRLF.

    @return: method, target and version.

    @raise Malformed: 400, or 505 for another version.
    """
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise Malformed(400, "malformed request line")
    method, target, protocol = match.groups()
    version = _VERSIONS.get(protocol)
    if version is None:
        raise Malformed(505, "neither HTTP/1.0 nor HTTP/1.1")
    if method == b"CONNECT":
        wellFormed = _AUTHORITY.fullmatch(target) is not None
    elif target.startswith(b"/"):
        wellFormed = True
    elif target == b"*":
        wellFormed = method == b"OPTIONS"
    else:
        wellFormed = _ABSOLUTE.match(target) is not None
    if not wellFormed:
        raise Malformed(400, "malformed request target")
    return method, target, version


def interpret(
    method: bytes, target: bytes, version: Version, parsed: FieldBlock
) -> RequestHead:
    """
    Make out what the fields say about the message and its connection.

    @raise Malformed: where they don't say one thing.
    """
    fields, framing = parsed
    if version == (1, 1) or b"host" in framing:
        # RFC 9112, section 3.2: HTTP/1.0 needs none.
        checkHost(framing.get(b"host"))
    contentLength: int | None = 0
    if b"transfer-encoding" in framing:
        checkTransferEncoding(framing, version == (1, 0))
        contentLength = None
    elif b"content-length" in framing:
        contentLength = parseContentLength(framing[b"content-length"])
    if len(framing.get(b"content-type", ())) > 1:
        # Whoever looks at the content next may choose the other one.
        raise Malformed(400, "several Content-Type")
    keepAlive = version == (1, 1)
    upgrade: tuple[bytes, ...] = ()
    options: frozenset[bytes] = frozenset()
    if not HOP_BY_HOP.isdisjoint(framing):
        connection = framing.get(b"connection", ())
        options = connectionOptions(connection)
        keepAlive = b"close" not in options and (keepAlive or b"keep-alive" in options)
        fields = withoutHop(fields, connection)
        if b"upgrade" in options and version == (1, 1):
            upgrade = parseUpgrade(framing.get(b"upgrade", ()))
    expectContinue = (
        b"expect" in framing
        and version == (1, 1)
        and contentLength != 0
        and b"100-continue" in connectionOptions(framing[b"expect"])
    )
    return RequestHead(
        method,
        target,
        version,
        Headers.trusted(fields),
        contentLength,
        keepAlive,
        expectContinue,
        upgrade,
        options,
    )
