"""
How long a connection is kept: Keep-Alive (RFC 2068, section 19.7.1.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    QUOTED,
    SEPARATOR,
    TOKEN,
    generateNumber,
    parseClamped,
    scan,
)

_PARAMETER: Final = re.compile(
    rb"(" + TOKEN + rb")"
    rb"(?:[\t ]*+=[\t ]*+(?:([0-9]++)|" + TOKEN + rb"|" + QUOTED + rb"))?" + SEPARATOR
)


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """
    What a peer says of how long it keeps the connection.

    @ivar timeout: without a request, in seconds.
    @ivar requests: how many more of them it takes (C{max}).
    """

    timeout: int | None = None
    requests: int | None = None


def parseKeepAlive(value: bytes) -> KeepAlive:
    """
    @return: without what is unknown.

    @raise ValueError: unless C{value} is a list of parameters, one of them known.
    """
    numbers: dict[bytes, int] = {}
    for found in scan(_PARAMETER, value):
        if found[2] is not None:
            numbers.setdefault(found[1].lower(), parseClamped(found[2]))
    if b"timeout" not in numbers and b"max" not in numbers:
        raise ValueError("it says nothing")
    return KeepAlive(numbers.get(b"timeout"), numbers.get(b"max"))


def generateKeepAlive(value: KeepAlive) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    parts = []
    if value.timeout is not None:
        parts.append(b"timeout=" + generateNumber(value.timeout))
    if value.requests is not None:
        parts.append(b"max=" + generateNumber(value.requests))
    if not parts:
        raise InvalidField("it says nothing")
    return b", ".join(parts)
