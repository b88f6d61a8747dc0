"""
How much content the peer may send on a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from penstock.transports.rpc.violation import Violation

# Credit is given back in pieces of this many octets at least.
_PIECE: Final = 256 * 1024


class Room:
    """
    Counts octets: what the peer may still send, of all exchanges together,
    and what was consumed of that and has not been given back.
    """

    __slots__ = ("_consumed", "_give", "_left", "_piece")

    def __init__(self, window: int, give: Callable[[int], None]) -> None:
        """
        @param give: called with octets that the peer may have back.
        """
        self._left = window
        self._consumed = 0
        self._piece = min(_PIECE, max(1, window // 2))
        self._give = give

    def take(self, size: int) -> None:
        """
        C{size} octets have come.

        @raise Violation: if they may not.
        """
        self._left -= size
        if self._left < 0:
            raise Violation("more content than there is credit")

    def consumed(self, size: int) -> None:
        """
        C{size} octets are not held any more.
        """
        self._consumed += size
        if self._consumed >= self._piece:
            octets, self._consumed = self._consumed, 0
            self._left += octets
            self._give(octets)
