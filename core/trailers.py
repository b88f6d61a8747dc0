"""
Which fields may be in a trailer section (RFC 9110, section 6.5.1).

A field in a trailer comes too late for whoever has acted on the head; so
those that frame, route, authenticate, condition or describe a message are
dropped from it, on the way in and on the way out.  What is left is never
merged into the head.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from penstock.core.headers import RawField, fieldName
from penstock.core.hop import HOP_BY_HOP

_FORBIDDEN: Final = HOP_BY_HOP | {
    # Routing.
    b"host",
    b"forwarded",
    b"via",
    # Control and conditions.
    b"age",
    b"cache-control",
    b"date",
    b"expect",
    b"expires",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"location",
    b"max-forwards",
    b"pragma",
    b"range",
    b"retry-after",
    b"trailer",
    b"vary",
    b"warning",
    # Who asks, and what they may.
    b"authorization",
    b"cookie",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"set-cookie",
    b"www-authenticate",
    b"x-real-ip",
}

# Framing and description of the content, and what gateways say of the client.
_FORBIDDEN_PREFIXES: Final = (b"content-", b"x-forwarded-", b"if-")

# One that has been put to good use and describes what is only known at the end.
_ALLOWED: Final = frozenset({b"content-digest"})


def trailerFields(fields: Iterable[RawField]) -> tuple[RawField, ...]:
    """
    @return: those of C{fields} that may be in a trailer section.
    """
    return tuple(field for field in fields if _mayTrail(fieldName(field[0])))


def _mayTrail(name: bytes) -> bool:
    if name in _ALLOWED:
        return True
    return name not in _FORBIDDEN and not name.startswith(_FORBIDDEN_PREFIXES)
