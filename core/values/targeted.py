"""
Directives for some caches: CDN-Cache-Control, and whatever else is of its kind
(RFC 9213).
"""

from __future__ import annotations

import re
from typing import Final

from penstock.core.cachecontrol import CacheControl
from penstock.core.errors import InvalidField
from penstock.core.values.structured import (
    BareItem,
    Dictionary,
    Item,
    Token,
    generateDictionary,
    parseDictionary,
)

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")
_TOKEN: Final = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+")

# As in Cache-Control, the argument of these is always text.
_TEXTS: Final = frozenset(("no-cache", "private"))


def parseTargeted(value: bytes) -> CacheControl:
    """
    @return: what Cache-Control would be, without directives whose argument is
        of no type that it could have.

    @raise ValueError: unless C{value} is a dictionary (RFC 9651).
    """
    directives: list[tuple[str, str | None]] = []
    for name, member in parseDictionary(value).members:
        bare = member.value if isinstance(member, Item) else None
        if bare is True:
            directives.append((name, None))
        elif type(bare) is int:
            directives.append((name, f"{bare:d}"))
        elif type(bare) is str:
            directives.append((name, bare))
        elif type(bare) is Token:
            directives.append((name, bare.value))
    if not directives:
        raise ValueError("it has no directives")
    return CacheControl(tuple(directives))


def generateTargeted(value: CacheControl) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value.directives:
        raise InvalidField("it has no directives")
    return generateDictionary(
        Dictionary(
            tuple([(name, Item(_bare(name, text))) for name, text in value.directives])
        )
    )


def _bare(name: str, text: str | None) -> BareItem:
    if text is None:
        return True
    if name not in _TEXTS:
        if _INTEGER.fullmatch(text) is not None:
            return int(text)
        if _TOKEN.fullmatch(text) is not None:
            return Token(text)
    return text
