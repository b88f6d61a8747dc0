"""
The table of fields: how each is translated between what is on the wire and a
typed value.  C{docs/headers.md} shows it.

A row has all there is to know of a field.  An application adds rows, or puts
its own in place of ours, for itself alone::

    table = STANDARD.extend(
        Field("X-Request-Cost", parseNumber, generateNumber, "int", "mine"),
        structured("X-Shard", "item"),
    )
    headers = Headers(fields, table)
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields import (
    authentication,
    caching,
    conditions,
    control,
    crossorigin,
    links,
    negotiation,
    representation,
    routing,
    security,
    state,
    tracing,
    webdav,
    websocket,
)
from penstock.core.fields.rows import structured
from penstock.core.fieldtable import Field, FieldTable, Multiplicity, Place

__all__ = [
    "SECTIONS",
    "STANDARD",
    "Field",
    "FieldTable",
    "Multiplicity",
    "Place",
    "structured",
]

SECTIONS: Final[tuple[tuple[str, tuple[Field, ...]], ...]] = (
    ("Representations", representation.ROWS),
    ("Negotiation", negotiation.ROWS),
    ("Conditions and ranges", conditions.ROWS),
    ("Control of requests and responses", control.ROWS),
    ("Connections and the way of a message", routing.ROWS),
    ("Caching", caching.ROWS),
    ("Authentication", authentication.ROWS),
    ("State", state.ROWS),
    ("Security", security.ROWS),
    ("Cross-origin", crossorigin.ROWS),
    ("Links and the life of a resource", links.ROWS),
    ("Tracing and timing", tracing.ROWS),
    ("WebSocket", websocket.ROWS),
    ("WebDAV", webdav.ROWS),
)
"""The rows of L{STANDARD}, and what they have to do with."""

STANDARD: Final = FieldTable(row for _, rows in SECTIONS for row in rows)
"""The fields of HTTP, and those that browsers, caches and others add to it."""
