"""
Rows for connections, and for the way that a message takes.
"""

from __future__ import annotations

from typing import Final

from penstock.core.authority import generateAuthority, parseAuthority
from penstock.core.fields.rows import (
    BOTH,
    HOP,
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    TRAILER,
    tokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.members import generateTransferCodings, parseTransferCodings
from penstock.core.recent import recentlyParsed
from penstock.core.values import (
    alternatives,
    forwarded,
    handling,
    keepalive,
    protocol,
    reference,
    via,
)

ROWS: Final = (
    tokensRow("Connection", "RFC 9110, section 7.6.1", BOTH | HOP),
    Field(
        "Keep-Alive",
        keepalive.parseKeepAlive,
        keepalive.generateKeepAlive,
        "KeepAlive",
        "RFC 2068, section 19.7.1.1",
        LIST,
        BOTH | HOP,
    ),
    Field(
        "Transfer-Encoding",
        parseTransferCodings,
        generateTransferCodings,
        "tuple of TransferCoding",
        "RFC 9112, section 6.1",
        LIST,
        BOTH | HOP,
    ),
    Field(
        "Upgrade",
        protocol.parseProtocols,
        protocol.generateProtocols,
        "tuple of Protocol",
        "RFC 9110, section 7.8",
        LIST,
        BOTH | HOP,
    ),
    Field(
        "Via",
        via.parseVia,
        via.generateVia,
        "tuple of Via",
        "RFC 9110, section 7.6.3",
        LIST,
    ),
    Field(
        "Forwarded",
        recentlyParsed(forwarded.parseForwarded),
        forwarded.generateForwarded,
        "tuple of Hop",
        "RFC 7239, section 4",
        LIST,
        REQUEST,
    ),
    Field(
        "X-Forwarded-For",
        recentlyParsed(forwarded.parseForwardedFor),
        forwarded.generateForwardedFor,
        "tuple of Node",
        "common use",
        LIST,
        REQUEST,
    ),
    Field(
        "X-Forwarded-Host",
        recentlyParsed(forwarded.parseForwardedHost),
        forwarded.generateForwardedHost,
        "tuple of Authority",
        "common use",
        LIST,
        REQUEST,
    ),
    Field(
        "X-Forwarded-Port",
        recentlyParsed(forwarded.parseForwardedPort),
        forwarded.generateForwardedPort,
        "tuple of int",
        "common use",
        LIST,
        REQUEST,
    ),
    Field(
        "X-Forwarded-Proto",
        recentlyParsed(forwarded.parseForwardedScheme),
        forwarded.generateForwardedScheme,
        "tuple of str",
        "common use",
        LIST,
        REQUEST,
    ),
    Field(
        "X-Forwarded-Prefix",
        reference.parseReference,
        reference.generateReference,
        "str",
        "common use",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Alt-Svc",
        recentlyParsed(alternatives.parseAlternatives),
        alternatives.generateAlternatives,
        'tuple of Alternative, or "clear"',
        "RFC 7838, section 3",
        LIST,
        RESPONSE,
    ),
    Field(
        "Alt-Used",
        parseAuthority,
        generateAuthority,
        "Authority",
        "RFC 7838, section 5",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Proxy-Status",
        handling.parseHandling,
        handling.generateHandling,
        "tuple of Item",
        "RFC 9209, section 2",
        LIST,
        RESPONSE | TRAILER,
    ),
)
