"""
Server-driven negotiation (RFC 9110, section 12.1): what there is, and which of
it the client would like best.

::

    kind = chooseType(request, ["text/html", "application/json"])
    if kind is None:
        raise HTTPError(406)

Each of these also says in Vary that the response depends on the field.  Of
what the client likes equally well, it gets what was offered first; whoever
says nothing likes everything, and so does who says it in a way that nobody
can read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType, parseMediaType
from penstock.core.negotiation import (
    Accept,
    AcceptCharset,
    AcceptEncoding,
    AcceptLanguage,
)

_ALL_TYPES = Accept()
_ALL_CHARSETS = AcceptCharset()
_ALL_LANGUAGES = AcceptLanguage()


def chooseType(request: Any, offers: Sequence[str]) -> str | None:
    """
    @param request: L{penstock.core.server.Request}, whose response hasn't
        begun.
    @param offers: media types, the preferred one first.

    @return: one of C{offers}; L{None} if none is acceptable.
    @raise ValueError: if one of C{offers} isn't a media type.
    """
    addVary(request.out_headers, "accept")
    return bestType(request.in_headers, offers)


def bestType(asked: Headers, offers: Sequence[str]) -> str | None:
    """
    As L{chooseType}, by the fields of a request.
    """
    accept: Accept = asked.getStandard(b"accept", _ALL_TYPES)
    types = [_parsed(offer) for offer in offers]
    return _best(offers, types, accept.quality)


def chooseLanguage(request: Any, offers: Sequence[str]) -> str | None:
    """
    @param offers: language tags (RFC 5646), the preferred one first.

    @return: one of C{offers}; L{None} if none is wanted, where a default is
        mostly better than an error.
    """
    addVary(request.out_headers, "accept-language")
    accept: AcceptLanguage = request.in_headers.getStandard(
        b"accept-language", _ALL_LANGUAGES
    )
    return _best(offers, offers, accept.quality)


def chooseCharset(request: Any, offers: Sequence[str]) -> str | None:
    """
    @param offers: charsets, the preferred one first.

    @return: one of C{offers}; L{None} if none is acceptable.
    """
    addVary(request.out_headers, "accept-charset")
    accept: AcceptCharset = request.in_headers.getStandard(
        b"accept-charset", _ALL_CHARSETS
    )
    return _best(offers, offers, accept.quality)


def chooseCoding(request: Any, offers: Sequence[str]) -> str | None:
    """
    @param offers: content codings, the preferred one first; C{"identity"} is
        none.

    @return: one of C{offers}; L{None} if none is acceptable.
    """
    addVary(request.out_headers, "accept-encoding")
    return bestCoding(request.in_headers, offers)


def bestCoding(asked: Headers, offers: Sequence[str]) -> str | None:
    """
    As L{chooseCoding}, by the fields of a request.
    """
    accept: AcceptEncoding | None = asked.getStandard(b"accept-encoding")
    if accept is None:
        # RFC 9110, section 12.5.3: anything would do then.  But whoever
        # doesn't speak of codings mostly doesn't know any.
        return "identity" if "identity" in offers else None
    return _best(offers, offers, accept.quality)


def addVary(headers: Headers, *names: str) -> None:
    """
    Say that a response depends on more fields of the request (RFC 9110,
    section 12.5.5).

    @param headers: of the response.
    @param names: of fields, in lower case.
    """
    said = headers.get(b"vary")
    if said is None:
        headers.setRaw(b"vary", ", ".join(names))
        return
    known = [name.strip(b" \t").lower() for name in said.split(b",")]
    more = [name for name in names if name.encode("ascii") not in known]
    if more and b"*" not in known:
        headers.setRaw(b"vary", said + ", ".join(["", *more]).encode("ascii"))


def _best(
    offers: Sequence[str], values: Sequence[Any], quality: Callable[[Any], int]
) -> str | None:
    """
    @return: the first of the best.
    """
    best, most = None, 0
    for offer, value in zip(offers, values, strict=True):
        weight = quality(value)
        if weight > most:
            best, most = offer, weight
    return best


@lru_cache(256)
def _parsed(offer: str) -> MediaType:
    return parseMediaType(offer.encode("ascii"))
