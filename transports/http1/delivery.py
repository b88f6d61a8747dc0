"""
How far a peer has got with what was written to it.
"""

from __future__ import annotations


class Delivery:
    """
    What the sweep has seen of it, each time it looked.

    @ivar acknowledged: octets that have arrived for sure.
    @ivar outstanding: octets that had been written when all that was written
        before had arrived.
    @ivar rounds: how often that was so.
    """

    __slots__ = ("acknowledged", "outstanding", "rounds")

    def __init__(self) -> None:
        self.acknowledged = 0
        self.outstanding = 0
        self.rounds = 0

    def look(self, written: int, taken: int) -> int | None:
        """
        @param written: octets that were written.
        @param taken: octets of these that have arrived.

        @return: a number that grows by what has arrived, and by more than
            that when all that was on its way has: who is sent a little now
            and then, far away, need not be as fast as others; L{None} if all
            has arrived.
        """
        if taken >= written:
            self.acknowledged = written
            return None
        if taken >= self.outstanding:
            self.outstanding = written
            self.rounds += 1
        return (self.rounds << 64) + taken
