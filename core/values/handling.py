"""
What those in between have done: Cache-Status (RFC 9211) and Proxy-Status (RFC
9209).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from penstock.core.errors import InvalidField
from penstock.core.values.structured import (
    Item,
    Member,
    Token,
    generateList,
    parseList,
)

Handling = tuple[Item, ...]
"""One for each of those in between, the nearest to the origin server first: its
name, a L{Token} or text, and what it did as parameters."""


def parseHandling(value: bytes) -> Handling:
    """
    @raise ValueError: unless C{value} is a list of names with parameters, at
        least one.
    """
    found = []
    for member in parseList(value):
        if not _isName(member):
            raise ValueError("it has a member that is not a name")
        found.append(member)
    if not found:
        raise ValueError("it is empty")
    return tuple(found)


def generateHandling(value: Sequence[Item]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value or not all(map(_isName, value)):
        raise InvalidField("it is empty, or has a member that is not a name")
    return generateList(value)


def _isName(member: Member) -> TypeGuard[Item]:
    return isinstance(member, Item) and isinstance(member.value, (Token, str))
