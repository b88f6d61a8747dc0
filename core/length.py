"""
Content-Length (RFC 9110, section 8.6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# 1*DIGIT.  Eighteen digits are an exabyte, and fit in 64 bits with room to add;
# anything longer is refused before int() sees it.
LENGTH: Final = re.compile(rb"[0-9]{1,18}")


def parseLength(values: Sequence[bytes]) -> int | None:
    """
    @param values: the Content-Length fields of a message.

    @return: the length, or L{None} without a field.

    @raise ValueError: unless they are one number (RFC 9112, section 6.3
        allows to merge equal ones; nobody honest sends them).
    """
    if not values:
        return None
    if len(values) > 1:
        raise ValueError("Content-Length must be one number")
    return _parse(values[0])


@lru_cache(1024)
def _parse(value: bytes) -> int:
    if LENGTH.fullmatch(value) is None:
        raise ValueError("Content-Length must be one number")
    return int(value)
