"""
Rows for the opening of a WebSocket (RFC 6455, section 11.3).
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import (
    BOTH,
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    exactTokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.values import websocket

ROWS: Final = (
    Field(
        "Sec-WebSocket-Key",
        websocket.parseKey,
        websocket.generateKey,
        "str",
        "RFC 6455, section 11.3.1",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Sec-WebSocket-Extensions",
        websocket.parseExtensions,
        websocket.generateExtensions,
        "tuple of Extension",
        "RFC 6455, section 11.3.2",
        LIST,
        BOTH,
    ),
    Field(
        "Sec-WebSocket-Accept",
        websocket.parseAccept,
        websocket.generateAccept,
        "str",
        "RFC 6455, section 11.3.3",
        SINGLE,
        RESPONSE,
    ),
    exactTokensRow("Sec-WebSocket-Protocol", "RFC 6455, section 11.3.4", BOTH),
    Field(
        "Sec-WebSocket-Version",
        websocket.parseVersions,
        websocket.generateVersions,
        "tuple of int",
        "RFC 6455, section 11.3.5",
        LIST,
        BOTH,
    ),
)
