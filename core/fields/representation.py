"""
Rows for representations (RFC 9110, section 8) and their digests.
"""

from __future__ import annotations

from typing import Final

from penstock.core import etag, mediatype
from penstock.core.fields.rows import (
    BOTH,
    LIST,
    RESPONSE,
    SINGLE,
    TOKENS,
    TRAILER,
    dateRow,
    tokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.grammar import generateNumber, parseNumber
from penstock.core.recent import recentlyGenerated, recentlyParsed
from penstock.core.values import digests, disposition, reference, texts


def _digestsRow(name: str, section: str) -> Field:
    return Field(
        name,
        digests.parseDigests,
        digests.generateDigests,
        "Digests",
        f"RFC 9530, section {section}",
        LIST,
        BOTH | TRAILER,
    )


def _wantRow(name: str) -> Field:
    return Field(
        name,
        recentlyParsed(digests.parseDigestPreferences),
        digests.generateDigestPreferences,
        "DigestPreferences",
        "RFC 9530, section 4",
        LIST,
        BOTH,
    )


ROWS: Final = (
    Field(
        "Content-Type",
        recentlyParsed(mediatype.parseMediaType),
        recentlyGenerated(mediatype.generateMediaType),
        "MediaType",
        "RFC 9110, section 8.3",
    ),
    tokensRow("Content-Encoding", "RFC 9110, section 8.4", BOTH),
    Field(
        "Content-Language",
        texts.parseLanguages,
        texts.generateLanguages,
        TOKENS,
        "RFC 9110, section 8.5",
        LIST,
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
        reference.parseReference,
        reference.generateReference,
        "str",
        "RFC 9110, section 8.7",
    ),
    Field(
        "Content-Disposition",
        disposition.parseDisposition,
        disposition.generateDisposition,
        "ContentDisposition",
        "RFC 6266, section 4",
    ),
    dateRow("Last-Modified", "RFC 9110, section 8.8.2", RESPONSE | TRAILER),
    Field(
        "ETag",
        etag.parseTag,
        etag.generateTag,
        "EntityTag",
        "RFC 9110, section 8.8.3",
        SINGLE,
        RESPONSE | TRAILER,
    ),
    _digestsRow("Content-Digest", "2"),
    _digestsRow("Repr-Digest", "3"),
    _wantRow("Want-Content-Digest"),
    _wantRow("Want-Repr-Digest"),
    Field(
        "Content-MD5",
        digests.parseMD5,
        digests.generateMD5,
        "MD5Digest",
        "RFC 1864 (obsolete)",
    ),
)
