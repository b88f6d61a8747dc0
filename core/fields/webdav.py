"""
Rows for WebDAV (RFC 4918, section 10).
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import BOTH, LIST, REQUEST, SINGLE
from penstock.core.fieldtable import Field
from penstock.core.values import locks, reference, texts

ROWS: Final = (
    Field(
        "DAV",
        locks.parseClasses,
        locks.generateClasses,
        "tuple of str",
        "RFC 4918, section 10.1",
        LIST,
        BOTH,
    ),
    Field(
        "Depth",
        locks.parseDepth,
        locks.generateDepth,
        '0, 1 or "infinity"',
        "RFC 4918, section 10.2",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Destination",
        reference.parseReference,
        reference.generateReference,
        "str",
        "RFC 4918, section 10.3",
        SINGLE,
        REQUEST,
    ),
    Field(
        "If",
        locks.parseIf,
        locks.generateIf,
        "StateLists",
        "RFC 4918, section 10.4",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Lock-Token",
        locks.parseLockToken,
        locks.generateLockToken,
        "StateToken",
        "RFC 4918, section 10.5",
        SINGLE,
        BOTH,
    ),
    Field(
        "Overwrite",
        *texts.flag(b"T", b"F"),
        "bool",
        "RFC 4918, section 10.6",
        SINGLE,
        REQUEST,
    ),
    Field(
        "Timeout",
        locks.parseTimeouts,
        locks.generateTimeouts,
        'tuple of int (seconds) and "infinite"',
        "RFC 4918, section 10.7",
        LIST,
        REQUEST,
    ),
)
