"""
Content that is put together from what comes.
"""

from __future__ import annotations

from collections import deque
from typing import Final

# Octets.  Of what is smaller, several are kept as one: a piece of two octets
# takes fifty, and leaves a hole where it was read.
SMALL: Final = 4096

# Octets of what is kept as one, at most and once more L{SMALL}.
_BLOCK: Final = 64 * 1024


def gather(
    pieces: list[bytes | bytearray] | deque[bytes | bytearray], data: bytes
) -> None:
    """
    Add C{data} to C{pieces}, so that they take little more memory than what is
    in them, however small they come.  Join them in the end.
    """
    if len(data) < SMALL and pieces:
        last = pieces[-1]
        if type(last) is bytearray and len(last) < _BLOCK:
            last += data
        else:
            pieces.append(bytearray(data))
    else:
        pieces.append(data)
