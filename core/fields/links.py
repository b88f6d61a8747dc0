"""
Rows for links to other resources, and for when a resource ends.
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import (
    BOTH,
    LIST,
    RESPONSE,
    SINGLE,
    dateRow,
)
from penstock.core.fieldtable import Field
from penstock.core.recent import recentlyGenerated
from penstock.core.values import delays, link

ROWS: Final = (
    Field(
        "Link",
        link.parseLinks,
        recentlyGenerated(link.generateLinks),
        "tuple of Link",
        "RFC 8288, section 3",
        LIST,
        BOTH,
    ),
    Field(
        "Deprecation",
        delays.parseStructuredDate,
        delays.generateStructuredDate,
        "datetime",
        "RFC 9745, section 2",
        SINGLE,
        RESPONSE,
    ),
    dateRow("Sunset", "RFC 8594, section 3", RESPONSE),
)
