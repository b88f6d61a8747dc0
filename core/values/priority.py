"""
What to send first: Priority (RFC 9218).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.values.structured import Item, parseDictionary

USUAL: Final = 3
"""The urgency of what nothing is said of."""

_LEAST_URGENT: Final = 7

# What browsers send.
_COMMON: Final = re.compile(rb"u=([0-7])(, ?i)?")


@dataclass(frozen=True, slots=True)
class Priority:
    """
    How urgent a response is.

    @ivar urgency: 0, first, to 7, last.
    @ivar incremental: whether a part of it is of use before all is there.
    """

    urgency: int = USUAL
    incremental: bool = False


def parsePriority(value: bytes) -> Priority:
    """
    @return: with the usual in place of what is unknown or out of range (section
        4).

    @raise ValueError: unless C{value} is a dictionary.
    """
    found = _COMMON.fullmatch(value)
    if found is not None:
        return Priority(int(found[1]), found[2] is not None)
    urgency, incremental = USUAL, False
    for key, member in parseDictionary(value).members:
        bare = member.value if isinstance(member, Item) else None
        if key == "u" and type(bare) is int and 0 <= bare <= _LEAST_URGENT:
            urgency = bare
        elif key == "i" and isinstance(bare, bool):
            incremental = bare
    return Priority(urgency, incremental)


def generatePriority(value: Priority) -> bytes:
    """
    @raise InvalidField: if the urgency is out of range.
    """
    urgency = value.urgency
    if type(urgency) is not int or not 0 <= urgency <= _LEAST_URGENT:
        raise InvalidField("an urgency must be 0 to 7")
    return b"u=%d, i" % urgency if value.incremental else b"u=%d" % urgency
