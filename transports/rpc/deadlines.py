"""
How long the peer waits for each of its exchanges, where it says so.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime

from penstock.core.errors import DeadlineExceeded
from penstock.transports.rpc.exchange import RPCExchange
from penstock.transports.rpc.progress import Wire

# Exchanges that are over are forgotten when there are more than so many.
_FEW: Final = 64


class Deadlines:
    """
    One timer, for the first of all deadlines.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        # By time, and then in order.
        self._heap: list[tuple[float, int, RPCExchange]] = []
        self._most = _FEW
        self._numbers = count()
        self._timer: Any = None

    def add(self, exchange: RPCExchange, seconds: float) -> None:
        """
        C{exchange} has so long from now.
        """
        due = self._clock.seconds() + seconds
        heappush(self._heap, (due, next(self._numbers), exchange))
        if len(self._heap) > self._most:
            # Most are over, perhaps, long before their time.
            heap = [each for each in self._heap if each[2].wire is not Wire.CLOSED]
            heapify(heap)
            self._heap = heap
            self._most = _FEW + 2 * len(heap)
        self._schedule()

    def clear(self) -> None:
        """
        No exchange has any.
        """
        self._heap.clear()
        self._schedule()

    def _schedule(self) -> None:
        """
        Wait for the first that isn't over.
        """
        heap = self._heap
        while heap and heap[0][2].wire is Wire.CLOSED:
            heappop(heap)
        timer = self._timer
        if timer is not None and timer.active():
            if heap and timer.getTime() <= heap[0][0]:
                # It looks anew then: cheaper than another for each exchange.
                return
            timer.cancel()
        self._timer = None
        if heap:
            wait = max(0.0, heap[0][0] - self._clock.seconds())
            self._timer = self._clock.callLater(wait, self._look)

    def _look(self) -> None:
        now = self._clock.seconds()
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, _, exchange = heappop(heap)
            exchange.giveUp(DeadlineExceeded("the client doesn't wait any longer"))
        self._schedule()
