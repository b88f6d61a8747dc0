"""
Places for our own requests: the peer says how many it serves at a time.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from penstock.core.errors import ExchangeLost, Unavailable
from penstock.transports.rpc.calling_exchange import RPCCalling

_NOT_SERVED: Final = "the peer takes no requests"


class Places:
    """
    Our own exchanges that have a place at the peer, and those that wait for
    one, in the order in which they were started.

    @ivar isOpen: whether requests may be sent.
    @ivar taken: number of exchanges that have a place.
    """

    __slots__ = (
        "_isAdmitting",
        "_limit",
        "_most",
        "_waiting",
        "_window",
        "isOpen",
        "taken",
    )

    def __init__(self, limit: int) -> None:
        """
        @param limit: how many may wait.
        """
        self._limit = limit
        self.isOpen = False
        self._most = 0
        self._window = 0
        self.taken = 0
        self._waiting: deque[RPCCalling] = deque()
        self._isAdmitting = False

    def __len__(self) -> int:
        """
        Number of exchanges, with a place or without.
        """
        return self.taken + len(self._waiting)

    @property
    def waiting(self) -> int:
        """
        Number of those that wait.
        """
        return len(self._waiting)

    def open(self, most: int, window: int) -> None:
        """
        The peer has said hello.

        @param most: how many places there are.
        @param window: octets of content that the peer takes of each.
        """
        self._most = most
        self._window = window
        self.isOpen = True
        if not most:
            self.dismiss(Unavailable(_NOT_SERVED))
        self._admitWaiting()

    def admit(self, exchange: RPCCalling) -> bool:
        """
        Give C{exchange} a place if there is one now.

        @return: whether there was.
        """
        if self.isOpen and not self._waiting and self.taken < self._most:
            self.taken += 1
            exchange.admit(self._window)
            return True
        return False

    def start(self, exchange: RPCCalling) -> None:
        """
        Give C{exchange} a place as soon as there is one.
        """
        if self.admit(exchange):
            return
        if self.isOpen and not self._most:
            exchange.detach()
            exchange.lose(Unavailable(_NOT_SERVED))
        elif len(self._waiting) >= self._limit:
            exchange.detach()
            exchange.lose(Unavailable("too many requests wait already"))
        else:
            self._waiting.append(exchange)

    def release(self) -> None:
        """
        An exchange that had a place is over.
        """
        self.taken -= 1
        if self._waiting:
            self._admitWaiting()

    def remove(self, exchange: RPCCalling) -> None:
        """
        C{exchange} doesn't wait any more.
        """
        if exchange in self._waiting:
            self._waiting.remove(exchange)

    def dismiss(self, problem: ExchangeLost) -> None:
        """
        Nobody waits any more.
        """
        for exchange in self._takeWaiting():
            exchange.detach()
            exchange.lose(problem)

    def clear(self) -> list[RPCCalling]:
        """
        There is no peer any more.

        @return: those that waited, which are forgotten.
        """
        self.isOpen = False
        self.taken = 0
        return self._takeWaiting()

    def _takeWaiting(self) -> list[RPCCalling]:
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _admitWaiting(self) -> None:
        # Who is admitted may fail at once, and so give its place to the next:
        # here, not on a stack that grows.
        if not self._isAdmitting:
            self._isAdmitting = True
            try:
                while self._waiting and self.isOpen and self.taken < self._most:
                    self.taken += 1
                    self._waiting.popleft().admit(self._window)
            finally:
                self._isAdmitting = False
