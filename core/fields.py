"""
The table of fields: how each is translated between what is on the wire and a
typed value.

A row has all there is to know of a field.  An application adds rows, or puts
its own in place of ours, for itself alone::

    table = STANDARD.extend(
        Field("X-Request-Cost", parseNumber, generateNumber, "int", "mine")
    )
    headers = Headers(fields, table)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from penstock.core import cachecontrol, dates, etag, mediatype, negotiation, ranges
from penstock.core.authority import generateAuthority, parseAuthority
from penstock.core.errors import InvalidField
from penstock.core.fieldtable import Field, FieldTable, Multiplicity, Place
from penstock.core.grammar import (
    asciiBytes,
    generateNumber,
    generateTokens,
    parseNumber,
    parseSeconds,
    parseTokens,
)
from penstock.core.members import (
    generateExpectations,
    generateTransferCodings,
    parseExpectations,
    parseTransferCodings,
)

__all__ = ["STANDARD", "Field", "FieldTable", "Multiplicity", "Place"]

# Parsers and generators too small for a place of their own.

# What clients ask for is the same in most requests.  A hit costs 0.1 µs, a miss
# as much as parsing: 9 µs for the Accept of a browser.
_MAX_RECENT: Final = 256
_MAX_RECENT_LENGTH: Final = 256


def _recently(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """
    @return: C{parse}, with a memory for the latest short values that parsed.
    """
    recent = lru_cache(_MAX_RECENT)(parse)

    def remember(value: bytes) -> Any:
        return recent(value) if len(value) <= _MAX_RECENT_LENGTH else parse(value)

    return remember


# RFC 3986, section 2, and what browsers and others write without encoding it.
# Backslashes are out, since browsers take them for slashes.
_REFERENCE: Final = re.compile(rb"[!#-;=?-\[\]^_`a-~]++")

_TAG: Final = rb"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"
_LANGUAGE: Final = re.compile(_TAG)


def _lowerTokens(value: bytes) -> tuple[str, ...]:
    return parseTokens(value.lower())


def _someTokens(value: bytes) -> tuple[str, ...]:
    tokens = parseTokens(value.lower())
    if not tokens:
        raise ValueError("it has no members")
    return tokens


def _generateSomeTokens(value: Iterable[str | bytes]) -> bytes:
    raw = generateTokens(value)
    if not raw:
        raise InvalidField("it must have members")
    return raw


def _parseLanguages(value: bytes) -> tuple[str, ...]:
    tags = parseTokens(value)
    for tag in tags:
        if _LANGUAGE.fullmatch(tag.encode("ascii")) is None:
            raise ValueError("it is not a list of language tags")
    return tags


def _generateLanguages(value: Iterable[str | bytes]) -> bytes:
    raw = generateTokens(value)
    try:
        _parseLanguages(raw)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return raw


def _parseReference(value: bytes) -> str:
    if _REFERENCE.fullmatch(value) is None:
        raise ValueError("it is not a reference to a URI")
    return value.decode("ascii")


def _generateReference(value: str | bytes) -> bytes:
    raw = asciiBytes(value)
    if _REFERENCE.fullmatch(raw) is None:
        raise InvalidField("it is not a reference to a URI")
    return raw


def _parseText(value: bytes) -> str:
    if not value:
        raise ValueError("it is empty")
    return value.decode("latin-1")


def _generateText(value: str | bytes) -> bytes:
    raw = value.encode("latin-1") if isinstance(value, str) else value
    if not raw or raw != raw.strip(b" \t"):
        raise InvalidField("it is empty, or has white space around it")
    return raw


def _parseAge(value: bytes) -> int:
    # RFC 9111, section 5.1: the first counts, if there are more.
    return parseSeconds(value.partition(b",")[0].rstrip(b" \t"))


def _generateSeconds(value: int) -> bytes:
    raw = generateNumber(value)
    if parseSeconds(raw) != value:
        raise InvalidField("it is more than 2**31 seconds")
    return raw


def _parseIfRange(value: bytes) -> etag.EntityTag | datetime:
    # RFC 9110, section 13.1.5: a quotation mark among the first three octets.
    if b'"' in value[:3]:
        return etag.parseTag(value)
    return dates.parseDate(value)


def _generateIfRange(value: etag.EntityTag | datetime) -> bytes:
    if isinstance(value, datetime):
        return dates.generateDate(value)
    return etag.generateTag(value)


def _parseRetryAfter(value: bytes) -> int | datetime:
    if value[:1].isalpha():
        return dates.parseDate(value)
    return parseSeconds(value)


def _generateRetryAfter(value: int | datetime) -> bytes:
    if isinstance(value, datetime):
        return dates.generateDate(value)
    return _generateSeconds(value)


_TOKENS: Final = "tuple of str"
_LIST: Final = Multiplicity.LIST
_SINGLE: Final = Multiplicity.SINGLE
_REQUEST: Final = Place.REQUEST
_RESPONSE: Final = Place.RESPONSE
_BOTH: Final = Place.BOTH
_TRAILER: Final = Place.TRAILER
_HOP: Final = Place.HOP


def _dateRow(name: str, rfc: str, places: Place) -> Field:
    return Field(
        name, dates.parseDate, dates.generateDate, "datetime", rfc, _SINGLE, places
    )


def _tokensRow(name: str, rfc: str, places: Place) -> Field:
    return Field(name, _lowerTokens, generateTokens, _TOKENS, rfc, _LIST, places)


STANDARD: Final = FieldTable(
    (
        # Representations (RFC 9110, section 8)
        Field(
            "Content-Type",
            mediatype.parseMediaType,
            mediatype.generateMediaType,
            "MediaType",
            "RFC 9110, section 8.3",
        ),
        _tokensRow("Content-Encoding", "RFC 9110, section 8.4", _BOTH),
        Field(
            "Content-Language",
            _parseLanguages,
            _generateLanguages,
            _TOKENS,
            "RFC 9110, section 8.5",
            _LIST,
        ),
        Field(
            "Content-Length",
            parseNumber,
            generateNumber,
            "int",
            "RFC 9110, section 8.6",
        ),
        Field(
            "Content-Location",
            _parseReference,
            _generateReference,
            "str",
            "RFC 9110, section 8.7",
        ),
        _dateRow("Last-Modified", "RFC 9110, section 8.8.2", _RESPONSE | _TRAILER),
        Field(
            "ETag",
            etag.parseTag,
            etag.generateTag,
            "EntityTag",
            "RFC 9110, section 8.8.3",
            _SINGLE,
            _RESPONSE | _TRAILER,
        ),
        # The message and the hop (RFC 9110, sections 6.6 and 7; RFC 9112)
        _dateRow("Date", "RFC 9110, section 6.6.1", _BOTH | _TRAILER),
        _tokensRow("Trailer", "RFC 9110, section 6.6.2", _BOTH),
        Field(
            "Host",
            parseAuthority,
            generateAuthority,
            "Authority",
            "RFC 9110, section 7.2",
            _SINGLE,
            _REQUEST,
        ),
        _tokensRow("Connection", "RFC 9110, section 7.6.1", _BOTH | _HOP),
        Field(
            "Transfer-Encoding",
            parseTransferCodings,
            generateTransferCodings,
            "tuple of TransferCoding",
            "RFC 9112, section 6.1",
            _LIST,
            _BOTH | _HOP,
        ),
        # The request (RFC 9110, section 10.1)
        Field(
            "Expect",
            parseExpectations,
            generateExpectations,
            "tuple of Expectation",
            "RFC 9110, section 10.1.1",
            _LIST,
            _REQUEST,
        ),
        Field(
            "Referer",
            _parseReference,
            _generateReference,
            "str",
            "RFC 9110, section 10.1.3",
            _SINGLE,
            _REQUEST,
        ),
        Field(
            "User-Agent",
            _parseText,
            _generateText,
            "str",
            "RFC 9110, section 10.1.5",
            _SINGLE,
            _REQUEST,
        ),
        # The response (RFC 9110, section 10.2)
        Field(
            "Allow",
            parseTokens,
            generateTokens,
            _TOKENS,
            "RFC 9110, section 10.2.1",
            _LIST,
            _RESPONSE,
        ),
        Field(
            "Location",
            _parseReference,
            _generateReference,
            "str",
            "RFC 9110, section 10.2.2",
            _SINGLE,
            _RESPONSE,
        ),
        Field(
            "Retry-After",
            _parseRetryAfter,
            _generateRetryAfter,
            "int (seconds) or datetime",
            "RFC 9110, section 10.2.3",
            _SINGLE,
            _RESPONSE,
        ),
        Field(
            "Server",
            _parseText,
            _generateText,
            "str",
            "RFC 9110, section 10.2.4",
            _SINGLE,
            _RESPONSE,
        ),
        # Negotiation (RFC 9110, section 12.5)
        Field(
            "Accept",
            _recently(negotiation.parseAccept),
            negotiation.generateAccept,
            "Accept",
            "RFC 9110, section 12.5.1",
            _LIST,
        ),
        Field(
            "Accept-Charset",
            _recently(negotiation.parseAcceptCharset),
            negotiation.generatePreferences,
            "AcceptCharset",
            "RFC 9110, section 12.5.2",
            _LIST,
            _REQUEST,
        ),
        Field(
            "Accept-Encoding",
            _recently(negotiation.parseAcceptEncoding),
            negotiation.generatePreferences,
            "AcceptEncoding",
            "RFC 9110, section 12.5.3",
            _LIST,
        ),
        Field(
            "Accept-Language",
            _recently(negotiation.parseAcceptLanguage),
            negotiation.generatePreferences,
            "AcceptLanguage",
            "RFC 9110, section 12.5.4",
            _LIST,
            _REQUEST,
        ),
        _tokensRow("Vary", "RFC 9110, section 12.5.5", _RESPONSE),
        # Conditions (RFC 9110, section 13.1)
        Field(
            "If-Match",
            etag.parseTags,
            etag.generateTags,
            'tuple of EntityTag, or "*"',
            "RFC 9110, section 13.1.1",
            _LIST,
            _REQUEST,
        ),
        Field(
            "If-None-Match",
            etag.parseTags,
            etag.generateTags,
            'tuple of EntityTag, or "*"',
            "RFC 9110, section 13.1.2",
            _LIST,
            _REQUEST,
        ),
        _dateRow("If-Modified-Since", "RFC 9110, section 13.1.3", _REQUEST),
        _dateRow("If-Unmodified-Since", "RFC 9110, section 13.1.4", _REQUEST),
        Field(
            "If-Range",
            _parseIfRange,
            _generateIfRange,
            "EntityTag or datetime",
            "RFC 9110, section 13.1.5",
            _SINGLE,
            _REQUEST,
        ),
        # Ranges (RFC 9110, section 14)
        Field(
            "Range",
            ranges.parseRange,
            ranges.generateRange,
            "RangeSpec",
            "RFC 9110, section 14.2",
            _SINGLE,
            _REQUEST,
        ),
        Field(
            "Accept-Ranges",
            _someTokens,
            _generateSomeTokens,
            _TOKENS,
            "RFC 9110, section 14.3",
            _LIST,
            _RESPONSE | _TRAILER,
        ),
        Field(
            "Content-Range",
            ranges.parseContentRange,
            ranges.generateContentRange,
            "ContentRange",
            "RFC 9110, section 14.4",
        ),
        # Caching (RFC 9111, section 5)
        Field(
            "Age",
            _parseAge,
            _generateSeconds,
            "int (seconds)",
            "RFC 9111, section 5.1",
            _LIST,
            _RESPONSE,
        ),
        Field(
            "Cache-Control",
            cachecontrol.parseCacheControl,
            cachecontrol.generateCacheControl,
            "CacheControl",
            "RFC 9111, section 5.2",
            _LIST,
        ),
        _dateRow("Expires", "RFC 9111, section 5.3", _RESPONSE),
    )
)
"""The fields of HTTP, as RFC 9110, 9111 and 9112 define them."""
