"""
Rows for what steers a request, and for what a response says of it (RFC 9110,
section 10).
"""

from __future__ import annotations

from typing import Final

from penstock.core.authority import generateAuthority, parseAuthority
from penstock.core.fields.rows import (
    BOTH,
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    dateRow,
    exactTokensRow,
    tokensRow,
)
from penstock.core.fieldtable import Field, Place
from penstock.core.grammar import generateNumber, parseNumber
from penstock.core.members import generateExpectations, parseExpectations
from penstock.core.recent import recentlyParsed
from penstock.core.values import delays, priority, reference, texts


def _textRow(name: str, rfc: str, places: Place) -> Field:
    return Field(name, texts.parseText, texts.generateText, "str", rfc, SINGLE, places)


def _referenceRow(name: str, rfc: str, places: Place) -> Field:
    return Field(
        name,
        reference.parseReference,
        reference.generateReference,
        "str",
        rfc,
        SINGLE,
        places,
    )


def _parseEarlyData(value: bytes) -> bool:
    # RFC 8470, section 5.1: whatever it is, and however often it comes.
    return True


ROWS: Final = (
    Field(
        "Host",
        parseAuthority,
        generateAuthority,
        "Authority",
        "RFC 9110, section 7.2",
        SINGLE,
        REQUEST,
    ),
    dateRow("Date", "RFC 9110, section 6.6.1", BOTH),
    tokensRow("Trailer", "RFC 9110, section 6.6.2", BOTH),
    Field(
        "Max-Forwards",
        parseNumber,
        generateNumber,
        "int",
        "RFC 9110, section 7.6.2",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Expect",
        parseExpectations,
        generateExpectations,
        "tuple of Expectation",
        "RFC 9110, section 10.1.1",
        LIST,
        REQUEST,
    ),
    Field(
        "From",
        texts.parseMailbox,
        texts.generateMailbox,
        "str",
        "RFC 9110, section 10.1.2",
        SINGLE,
        REQUEST,
    ),
    _referenceRow("Referer", "RFC 9110, section 10.1.3", REQUEST),
    _textRow("User-Agent", "RFC 9110, section 10.1.5", REQUEST),
    Field(
        "Priority",
        recentlyParsed(priority.parsePriority),
        priority.generatePriority,
        "Priority",
        "RFC 9218, section 5",
        LIST,
        BOTH,
    ),
    Field(
        "Early-Data",
        _parseEarlyData,
        texts.flag(b"1")[1],
        "True",
        "RFC 8470, section 5.1",
        LIST,
        REQUEST,
    ),
    exactTokensRow("Allow", "RFC 9110, section 10.2.1", RESPONSE),
    _referenceRow("Location", "RFC 9110, section 10.2.2", RESPONSE),
    Field(
        "Retry-After",
        delays.parseRetryAfter,
        delays.generateRetryAfter,
        "int (seconds) or datetime",
        "RFC 9110, section 10.2.3",
        SINGLE,
        RESPONSE,
    ),
    _textRow("Server", "RFC 9110, section 10.2.4", RESPONSE),
    Field(
        "Refresh",
        delays.parseRefresh,
        delays.generateRefresh,
        "Refresh",
        "HTML Living Standard",
        SINGLE,
        RESPONSE,
    ),
    Field(
        "Last-Event-ID",
        texts.parseIdentifier,
        texts.generateIdentifier,
        "str",
        "HTML Living Standard",
        SINGLE,
        REQUEST,
    ),
)
