"""
Rows for what a client would like, and what it could (RFC 9110, section 12).
"""

from __future__ import annotations

from typing import Final

from penstock.core import members, negotiation
from penstock.core.fields.rows import (
    HOP,
    LIST,
    REQUEST,
    RESPONSE,
    TRAILER,
    someTokensRow,
    tokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.mediatype import generateMediaTypes, parseMediaTypes
from penstock.core.recent import recentlyGenerated, recentlyParsed
from penstock.core.values import preference


def _mediaTypesRow(name: str, rfc: str) -> Field:
    return Field(
        name,
        recentlyParsed(parseMediaTypes),
        recentlyGenerated(generateMediaTypes),
        "tuple of MediaType",
        rfc,
        LIST,
        RESPONSE,
    )


ROWS: Final = (
    Field(
        "Accept",
        recentlyParsed(negotiation.parseAccept),
        negotiation.generateAccept,
        "Accept",
        "RFC 9110, section 12.5.1",
        LIST,
    ),
    Field(
        "Accept-Charset",
        recentlyParsed(negotiation.parseAcceptCharset),
        negotiation.generatePreferences,
        "AcceptCharset",
        "RFC 9110, section 12.5.2",
        LIST,
        REQUEST,
    ),
    Field(
        "Accept-Encoding",
        recentlyParsed(negotiation.parseAcceptEncoding),
        negotiation.generatePreferences,
        "AcceptEncoding",
        "RFC 9110, section 12.5.3",
        LIST,
    ),
    Field(
        "Accept-Language",
        recentlyParsed(negotiation.parseAcceptLanguage),
        negotiation.generatePreferences,
        "AcceptLanguage",
        "RFC 9110, section 12.5.4",
        LIST,
        REQUEST,
    ),
    someTokensRow("Accept-Ranges", "RFC 9110, section 14.3", RESPONSE | TRAILER),
    _mediaTypesRow("Accept-Patch", "RFC 5789, section 3.1"),
    _mediaTypesRow("Accept-Post", "Linked Data Platform 1.0, section 7.1"),
    tokensRow("Vary", "RFC 9110, section 12.5.5", RESPONSE),
    Field(
        "TE",
        recentlyParsed(members.parseWantedCodings),
        recentlyGenerated(members.generateWantedCodings),
        "tuple of WantedCoding",
        "RFC 9110, section 10.1.4",
        LIST,
        REQUEST | HOP,
    ),
    Field(
        "Prefer",
        recentlyParsed(preference.parsePreferences),
        recentlyGenerated(preference.generatePreferences),
        "tuple of Preference",
        "RFC 7240, section 2",
        LIST,
        REQUEST,
    ),
    Field(
        "Preference-Applied",
        recentlyParsed(preference.parseApplied),
        recentlyGenerated(preference.generateApplied),
        "tuple of Preference",
        "RFC 7240, section 3",
        LIST,
        RESPONSE,
    ),
)
