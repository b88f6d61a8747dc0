"""
Rows for what pages of one origin may have of another (Fetch, HTML).
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import (
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    exactTokensRow,
    tokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.grammar import generateToken, parseSeconds
from penstock.core.recent import recentlyGenerated, recentlyParsed
from penstock.core.values import delays, embedding, reference, texts


def _embeddingRow(name: str) -> Field:
    return Field(
        name,
        recentlyParsed(embedding.parseEmbedding),
        recentlyGenerated(embedding.generateEmbedding),
        "EmbeddingPolicy",
        "HTML Living Standard",
        SINGLE,
        RESPONSE,
    )


_CORS: Final = "Fetch Living Standard"

ROWS: Final = (
    Field(
        "Origin",
        reference.parseOrigin,
        reference.generateOrigin,
        "str",
        "RFC 6454, section 7",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Access-Control-Request-Method",
        texts.parseToken,
        generateToken,
        "str",
        _CORS,
        SINGLE,
        REQUEST,
    ),
    tokensRow("Access-Control-Request-Headers", _CORS, REQUEST),
    Field(
        "Access-Control-Allow-Origin",
        reference.parseAllowedOrigin,
        reference.generateAllowedOrigin,
        "str",
        _CORS,
        SINGLE,
        RESPONSE,
    ),
    Field(
        "Access-Control-Allow-Credentials",
        *texts.flag(b"true"),
        "True",
        _CORS,
        SINGLE,
        RESPONSE,
    ),
    exactTokensRow("Access-Control-Allow-Methods", _CORS, RESPONSE),
    tokensRow("Access-Control-Allow-Headers", _CORS, RESPONSE),
    tokensRow("Access-Control-Expose-Headers", _CORS, RESPONSE),
    Field(
        "Access-Control-Max-Age",
        parseSeconds,
        delays.generateSeconds,
        "int (seconds)",
        _CORS,
        SINGLE,
        RESPONSE,
    ),
    Field(
        "Timing-Allow-Origin",
        reference.parseAllowedOrigins,
        reference.generateAllowedOrigins,
        "tuple of str",
        "Resource Timing",
        LIST,
        RESPONSE,
    ),
    _embeddingRow("Cross-Origin-Embedder-Policy"),
    _embeddingRow("Cross-Origin-Embedder-Policy-Report-Only"),
    _embeddingRow("Cross-Origin-Opener-Policy"),
    _embeddingRow("Cross-Origin-Opener-Policy-Report-Only"),
    Field(
        "Cross-Origin-Resource-Policy",
        *texts.oneOf("same-origin", "same-site", "cross-origin"),
        '"same-origin", "same-site" or "cross-origin"',
        "Fetch Living Standard",
        LIST,
        RESPONSE,
    ),
)
