"""
Rows for caches (RFC 9111, section 5).
"""

from __future__ import annotations

from typing import Final

from penstock.core.cachecontrol import generateCacheControl, parseCacheControl
from penstock.core.fields.rows import (
    BOTH,
    LIST,
    RESPONSE,
    dateRow,
)
from penstock.core.fieldtable import Field
from penstock.core.recent import recentlyGenerated, recentlyParsed
from penstock.core.values import delays, handling, targeted, warnings

ROWS: Final = (
    Field(
        "Age",
        delays.parseAge,
        delays.generateSeconds,
        "int (seconds)",
        "RFC 9111, section 5.1",
        LIST,
        RESPONSE,
    ),
    Field(
        "Cache-Control",
        recentlyParsed(parseCacheControl),
        recentlyGenerated(generateCacheControl),
        "CacheControl",
        "RFC 9111, section 5.2",
        LIST,
    ),
    Field(
        "CDN-Cache-Control",
        recentlyParsed(targeted.parseTargeted),
        recentlyGenerated(targeted.generateTargeted),
        "CacheControl",
        "RFC 9213, section 3.1",
        LIST,
        RESPONSE,
    ),
    dateRow("Expires", "RFC 9111, section 5.3", RESPONSE),
    Field(
        "Pragma",
        recentlyParsed(parseCacheControl),
        recentlyGenerated(generateCacheControl),
        "CacheControl",
        "RFC 9111, section 5.4 (deprecated)",
        LIST,
    ),
    Field(
        "Warning",
        warnings.parseWarnings,
        warnings.generateWarnings,
        "tuple of CacheWarning",
        "RFC 7234, section 5.5 (obsolete)",
        LIST,
        BOTH,
    ),
    Field(
        "Cache-Status",
        handling.parseHandling,
        handling.generateHandling,
        "tuple of Item",
        "RFC 9211, section 2",
        LIST,
        RESPONSE,
    ),
)
