"""
From what a caller asks for to an exchange.
"""

from __future__ import annotations

from typing import Any, Final

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.length import parseLength
from penstock.core.uri import checkTypes, requestHost, requestTarget
from penstock.transports.http1.client_exchange import ClientExchange, ConnectionOwner
from penstock.transports.http1.gathering import GatheringExchange
from penstock.transports.http1.writer import Framing, requestHead

# RFC 9110, section 9.2.2.
_IDEMPOTENT: Final = frozenset(
    (b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE")
)

_SEND_CONTENT: Final = b"100-continue"


def ask(
    owner: ConnectionOwner,
    host: bytes,
    method: bytes,
    uri: bytes,
    headers: Headers,
    callbacks: Any,
    hasContent: bool,
) -> ClientExchange:
    """
    Make an exchange that isn't on a connection yet.  The caller doesn't know.

    @param host: for the Host field, if neither C{uri} nor C{headers} says.

    All others are those of L{penstock.core.interfaces.IRequester.startRequest},
    as is what is raised.
    """
    if hasContent and method == b"TRACE":
        # RFC 9110, section 9.3.8.
        raise LocalProtocolError("TRACE has no content")
    target, named = requestTarget(method, uri)
    names = headers.names()
    if named is None and b"host" in names:
        named = requestHost(headers)
    host = named or host
    checkTypes(headers)
    length = None
    if b"content-length" in names:
        length = _promised(headers, hasContent)
    hold = False
    if b"expect" in names:
        # RFC 9110, section 10.1.1: not without content.
        if hasContent and length != 0:
            expect = headers.get(b"expect") or b""
            hold = expect.lower() == _SEND_CONTENT
        else:
            headers = headers.copy()
            headers.removeHeader(b"expect")
    head, framing = requestHead(method, target, host, headers, hasContent)
    chunked = framing is Framing.CHUNKED
    again = method in _IDEMPOTENT
    if chunked and owner.isOld:
        return GatheringExchange(owner, method, target, host, headers, callbacks, again)
    return ClientExchange(
        owner,
        method,
        head,
        callbacks,
        hasContent=hasContent,
        length=length,
        chunked=chunked,
        hold=hold,
        again=again,
    )


def _promised(headers: Headers, hasContent: bool) -> int | None:
    """
    @return: what Content-Length says.

    @raise LocalProtocolError: if that can't be.
    """
    try:
        length = parseLength(headers.getRaw(b"content-length"))
    except ValueError as problem:
        raise LocalProtocolError(str(problem)) from None
    if length and not hasContent:
        raise LocalProtocolError("a Content-Length, but no content")
    return length
