"""
Time that passes only when a test says so.
"""

from __future__ import annotations

import random
from typing import Final

from twisted.internet.task import Clock

# Calls that may follow one another without any time passing.  What is still
# busy after so many is a loop, and a test that fails says more than one that
# hangs.
MAX_CALLS: Final = 100_000


class NeverIdle(Exception):
    """
    Something keeps scheduling itself without waiting.
    """


class VirtualClock(Clock):
    """
    A L{Clock} on which everything happens at its own time.

    C{advance(60)} passes through each moment at which something is due, so
    that a call each second comes sixty times; L{Clock} itself would jump to
    the end and make it once.
    """

    def __init__(self, seed: int | None = None) -> None:
        """
        @param seed: makes the order of calls that are due at the same moment
            random, the same for the same seed.  Without it they come in the
            order in which they were scheduled.
        """
        super().__init__()
        self._random = None if seed is None else random.Random(seed)

    @property
    def runnable(self) -> bool:
        """
        Whether something is due.
        """
        return bool(self.calls) and self.calls[0].getTime() <= self.rightNow

    def step(self) -> bool:
        """
        Make one call that is due.

        @return: whether there was one.
        """
        if not self.runnable:
            return False
        self._callFirst()
        return True

    def advance(self, amount: float) -> None:
        """
        Let time pass, and make the calls that are due meanwhile.

        @param amount: seconds; 0 for what is due now.
        @raise NeverIdle: if something loops; time then stands where it did.
        """
        if amount < 0:
            raise ValueError("time doesn't run backwards")
        end = self.rightNow + amount
        calls = 0
        while self.calls and (due := self.calls[0].getTime()) <= end:
            if due > self.rightNow:
                self.rightNow = due
                calls = 0
            calls += 1
            if calls > MAX_CALLS:
                raise NeverIdle(f"{MAX_CALLS} calls at {self.rightNow} seconds")
            self._callFirst()
        self.rightNow = end

    def _callFirst(self) -> None:
        position = 0
        if self._random is not None:
            # Whatever is overdue is as much due as the first.
            moment = max(self.calls[0].getTime(), self.rightNow)
            together = sum(call.getTime() <= moment for call in self.calls)
            position = self._random.randrange(together)
        call = self.calls.pop(position)
        call.called = 1
        call.func(*call.args, **call.kw)
        # A call may have been reset, which changes its time in place.
        self._sortCalls()
