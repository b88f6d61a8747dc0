"""
Write heads and chunks (RFC 9112, sections 2 to 7).

Pure functions.  Field names and values come from L{Headers}, which has checked
them; what is given apart is checked here or by whoever provides the exchange.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import formatdate
from enum import Enum, auto
from typing import Final

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers, RawField
from penstock.core.hop import HOP_BY_HOP, endToEnd
from penstock.core.phrases import CODES, phrase
from penstock.core.trailers import trailerFields
from penstock.transports.http1.head import TOKEN

_REASONS: Final = {code: phrase(code).encode("ascii") for code in CODES}

_STATUS_LINES: Final = {
    code: b"HTTP/1.1 %d %b" % (code, reason) for code, reason in _REASONS.items()
}

# Fields that a response can't take from a request's hands as they are.
_RESERVED: Final = HOP_BY_HOP | {b"date"}

_METHOD: Final = re.compile(TOKEN)

# RFC 9112, section 3.2, as far as it is about octets.
_TARGET: Final = re.compile(rb"[\x21-\x7e]+")

LAST_CHUNK: Final = b"0\r\n\r\n"

# RFC 9110, section 9.3: methods for which a server expects content, and might
# wait for a length that isn't said.
_WITH_CONTENT: Final = frozenset({b"POST", b"PUT", b"PATCH"})


class Framing(Enum):
    """
    How a message says where its content ends.
    """

    NONE = auto()
    """It has no content."""

    LENGTH = auto()
    """By Content-Length."""

    CHUNKED = auto()
    """By a last chunk."""

    CLOSE = auto()
    """By closing the connection."""


# Looking these up on their class each time takes 125 ns with Python 3.11.
_NONE: Final = Framing.NONE
_LENGTH: Final = Framing.LENGTH
_CHUNKED: Final = Framing.CHUNKED
_CLOSE: Final = Framing.CLOSE


class Persistence(Enum):
    """
    What a head says about its connection.
    """

    IMPLIED = auto()
    """Nothing: HTTP/1.1 keeps it, HTTP/1.0 closes it."""

    KEEP_ALIVE = auto()
    """To HTTP/1.0: it stays."""

    CLOSE = auto()
    """It will be closed."""


_CONNECTION: Final = {
    Persistence.KEEP_ALIVE: b"Connection: keep-alive",
    Persistence.CLOSE: b"Connection: close",
}

_IMPLIED: Final = Persistence.IMPLIED


def reasonPhrase(code: int) -> bytes:
    """
    @return: the standard reason phrase; empty for a code without one.
    """
    return _REASONS.get(code, b"")


def responseFraming(code: int, isHead: bool, hasLength: bool, chunks: bool) -> Framing:
    """
    Choose how a response ends (RFC 9112, section 6.3).

    @param isHead: whether it answers HEAD.
    @param hasLength: whether it has a Content-Length.
    @param chunks: whether the peer understands chunks, that is, HTTP/1.1.
    """
    if isHead or code in (204, 205, 304) or code < 200:
        return _NONE
    if hasLength:
        return _LENGTH
    return _CHUNKED if chunks else _CLOSE


def responseHead(
    code: int,
    reason: bytes | None,
    headers: Headers,
    framing: Framing,
    persistence: Persistence,
    dateLine: bytes,
    isHead: bool = False,
    chunks: bool = True,
) -> bytes:
    """
    The head of a final response.

    Left out are fields of the hop, and a Content-Length where there can be
    none.  Added are the framing and Date.

    @param reason: L{None} for the standard phrase.
    @param headers: one Content-Length at most.
    @param framing: from L{responseFraming}.
    @param dateLine: see L{dateLine}; not used if C{headers} has a Date.
    @param isHead: whether it answers HEAD: its head is that of the response
        to GET.
    @param chunks: whether that response would come in chunks, had it no
        Content-Length.
    """
    if reason is None:
        status = _STATUS_LINES.get(code) or b"HTTP/1.1 %d " % code
    else:
        status = b"HTTP/1.1 %d %b" % (code, reason)
    fields: Iterable[RawField] = headers
    names = headers.names()
    lines = [status]
    if _RESERVED.isdisjoint(names):
        lines.append(dateLine)
    else:
        fields = endToEnd(headers)
        if b"date" not in names:
            lines.append(dateLine)
        if code == 426 and b"upgrade" in names:
            # RFC 9110, section 15.5.22: which protocols there are is all that
            # this answer is about.
            lines.append(b"Connection: Upgrade")
            lines.append(b"Upgrade: " + b", ".join(headers.getRaw(b"upgrade")))
    if framing is _NONE and (code == 204 or code == 205):
        fields = _without(fields, b"content-length")
        if code == 205:
            # RFC 9110, section 15.3.6: nothing, and said so.
            lines.append(b"Content-Length: 0")
    elif framing is _CHUNKED or (
        isHead and chunks and code != 304 and b"content-length" not in names
    ):
        lines.append(b"Transfer-Encoding: chunked")
    if persistence is not _IMPLIED:
        lines.append(_CONNECTION[persistence])
    lines += map(b": ".join, fields)
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def plainHead(code: int, headers: Headers, dateLine: bytes) -> bytes | None:
    """
    What L{responseHead} comes to in the plain case, in a third of the time (1
    against 3 microseconds): HTTP/1.1, a standard reason phrase, content with a
    Content-Length, and a connection that stays.

    @return: L{None} if C{headers} or C{code} make it another case.
    """
    status = _STATUS_LINES.get(code)
    if status is None or not headers.hasNone(_RESERVED):
        return None
    return b"\r\n".join([status, dateLine, *map(b": ".join, headers), b"\r\n"])


def errorResponse(
    code: int, dateLine: bytes, hasContent: bool = True, fields: Iterable[bytes] = ()
) -> bytes:
    """
    A whole response of the transport's own, after which it closes.  Nothing
    that the peer sent is in it.

    @param hasContent: whether it doesn't answer HEAD.
    @param fields: lines of more fields.
    """
    text = reasonPhrase(code)
    if code == 505:
        # RFC 9110, section 15.6.6: say what would be.
        text += b": this server speaks HTTP/1.0 and HTTP/1.1"
    return b"\r\n".join(
        [
            _STATUS_LINES[code],
            dateLine,
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Length: %d" % (len(text) + 1),
            *fields,
            b"Connection: close",
            b"",
            text + b"\n" if hasContent else b"",
        ]
    )


def intermediateHead(
    code: int, reason: bytes | None = None, headers: Headers | None = None
) -> bytes:
    """
    An interim response (RFC 9110, section 15.2).  It has neither framing nor
    content.
    """
    if reason is None:
        reason = reasonPhrase(code)
    lines = [b"HTTP/1.1 %d %b" % (code, reason)]
    if headers is not None:
        lines += map(b": ".join, _without(endToEnd(headers), b"content-length"))
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def switchingHead(protocolName: bytes, headers: Headers | None) -> bytes:
    """
    The interim response that is the last thing said in HTTP (RFC 9110, section
    15.2.2).

    @param protocolName: one that the peer has offered.
    """
    fields = Headers() if headers is None else headers
    lines = [
        _STATUS_LINES[101],
        b"Connection: Upgrade",
        b"Upgrade: " + protocolName,
        *map(b": ".join, _without(endToEnd(fields), b"content-length")),
        b"\r\n",
    ]
    return b"\r\n".join(lines)


def requestHead(
    method: bytes,
    target: bytes,
    host: bytes | None,
    headers: Headers,
    hasContent: bool,
    persistence: Persistence = _IMPLIED,
) -> tuple[bytes, Framing]:
    """
    The head of a request.

    Left out are fields of the hop, and a Content-Length where there is no
    content but other than 0 promised.

    @param host: for the Host field, which comes first; L{None} to take it
        from C{headers}, or send an empty one (RFC 9112, section 3.2).
    @param headers: one Content-Length at most.
    @param hasContent: whether content follows: in chunks, unless C{headers}
        has a Content-Length.

    @return: the head, and how the content is to be framed.

    @raise LocalProtocolError: if C{method}, C{target} or C{host} may not go on
        a wire.
    """
    if _METHOD.fullmatch(method) is None:
        raise LocalProtocolError("a method must be a token")
    if _TARGET.fullmatch(target) is None:
        raise LocalProtocolError("a target must be visible ASCII")
    if host is None:
        host = headers.get(b"host") or b""
    if host and _TARGET.fullmatch(host) is None:
        raise LocalProtocolError("a host must be visible ASCII")
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: " + host]
    framing = _NONE
    fields = endToEnd(headers)
    names = headers.names()
    if b"host" in names:
        fields = _without(fields, b"host")
    if hasContent:
        if b"content-length" in names:
            framing = _LENGTH
        else:
            framing = _CHUNKED
            lines.append(b"Transfer-Encoding: chunked")
    else:
        if b"content-length" in names:
            fields = _without(fields, b"content-length")
        if method in _WITH_CONTENT:
            lines.append(b"Content-Length: 0")
    if persistence is not _IMPLIED:
        lines.append(_CONNECTION[persistence])
    lines += map(b": ".join, fields)
    lines.append(b"\r\n")
    return b"\r\n".join(lines), framing


def chunk(data: bytes) -> bytes:
    """
    @param data: not empty, as that would be the last chunk.
    """
    return b"%x\r\n%b\r\n" % (len(data), data)


def lastChunk(trailers: Headers | None) -> bytes:
    """
    The end of chunked content, with those of C{trailers} that may be there.
    """
    if not trailers:
        return LAST_CHUNK
    lines = [b"0", *map(b": ".join, trailerFields(trailers)), b"\r\n"]
    return b"\r\n".join(lines)


def dateLine(now: float) -> bytes:
    """
    The Date field (RFC 9110, section 6.6.1).  Format it once a second and no
    more often.

    @param now: seconds since 1970.
    """
    return b"Date: " + formatdate(now, usegmt=True).encode("ascii")


def _without(fields: Iterable[RawField], unwanted: bytes) -> list[RawField]:
    return [field for field in fields if field[0].lower() != unwanted]
