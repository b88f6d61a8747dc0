"""
Rows for conditions and ranges (RFC 9110, sections 13 and 14).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from penstock.core import dates, etag, ranges
from penstock.core.fields.rows import LIST, REQUEST, SINGLE, dateRow
from penstock.core.fieldtable import Field


def _parseIfRange(value: bytes) -> etag.EntityTag | datetime:
    # RFC 9110, section 13.1.5: a quotation mark among the first three octets.
    if b'"' in value[:3]:
        return etag.parseTag(value)
    return dates.parseDate(value)


def _generateIfRange(value: etag.EntityTag | datetime) -> bytes:
    if isinstance(value, datetime):
        return dates.generateDate(value)
    return etag.generateTag(value)


def _tagsRow(name: str, rfc: str) -> Field:
    return Field(
        name,
        etag.parseTags,
        etag.generateTags,
        'tuple of EntityTag, or "*"',
        rfc,
        LIST,
        REQUEST,
    )


ROWS: Final = (
    _tagsRow("If-Match", "RFC 9110, section 13.1.1"),
    _tagsRow("If-None-Match", "RFC 9110, section 13.1.2"),
    dateRow("If-Modified-Since", "RFC 9110, section 13.1.3", REQUEST),
    dateRow("If-Unmodified-Since", "RFC 9110, section 13.1.4", REQUEST),
    Field(
        "If-Range",
        _parseIfRange,
        _generateIfRange,
        "EntityTag or datetime",
        "RFC 9110, section 13.1.5",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Range",
        ranges.parseRange,
        ranges.generateRange,
        "RangeSpec",
        "RFC 9110, section 14.2",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Content-Range",
        ranges.parseContentRange,
        ranges.generateContentRange,
        "ContentRange",
        "RFC 9110, section 14.4",
    ),
)
