"""
Everything about a session that has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from penstock.core.errors import DeadlineExceeded, ExchangeLost, PeerGone
from penstock.transports.rpc.exchange import RPCExchange
from penstock.transports.rpc.limits import RPCTimeouts
from penstock.transports.rpc.multiplex import Multiplexer

# Resets that are forgiven in a second.
_FORGIVEN: Final = 1000


class Watched(Protocol):
    """
    The session, as its watch knows it.
    """

    @property
    def unsent(self) -> int:
        """
        Octets that were written and haven't arrived, as far as that can be
        seen.
        """

    def ping(self, token: int) -> None:
        """
        Send a ping.
        """

    def timedOut(self, problem: ExchangeLost) -> None:
        """
        The connection is of no use any more.
        """


class Watch:
    """
    One timer, for all deadlines of one session.

    @ivar heard: to be set when something has come from the peer.
    @ivar isFull: to be set while the transport takes nothing.
    @ivar rtt: seconds from the last ping to its answer.
    """

    def __init__(
        self,
        clock: IReactorTime,
        timeouts: RPCTimeouts,
        watched: Watched,
        multiplexer: Multiplexer,
    ) -> None:
        """
        @param multiplexer: has the exchanges that may take too long.
        """
        self._clock = clock
        self._timeouts = timeouts
        self._watched = watched
        self._multiplexer = multiplexer
        self.heard = False
        self.isFull = False
        self.rtt: float | None = None
        self._timer: IDelayedCall | None = None
        self._began = 0.0
        self._lastHeard = 0.0
        self._lastSweep = 0.0
        self._lastPing = 0.0
        self._token = -1
        self._fullSince: float | None = None
        # What each exchange that waits had sent, and since when.
        self._waits: dict[RPCExchange, tuple[int, float]] = {}

    def expect(self, seconds: float | None, problem: ExchangeLost) -> None:
        """
        Only wait, for so long.
        """
        self._schedule(seconds, lambda: self._watched.timedOut(problem))

    def expectEnd(self, problem: ExchangeLost) -> None:
        """
        Only wait for what the peer does at the end, and for longer while it
        takes what is still to be sent.
        """
        patience = self._timeouts.close
        until = self._clock.seconds() + self._timeouts.farewell
        before = self._watched.unsent

        def look() -> None:
            nonlocal before
            unsent = self._watched.unsent
            left = until - self._clock.seconds()
            if unsent < before and left > 0:
                before = unsent
                self._schedule(min(patience, left), look)
            else:
                self._watched.timedOut(problem)

        self._schedule(patience, look)

    def start(self) -> None:
        """
        The session is open.
        """
        now = self._clock.seconds()
        self._began = self._lastHeard = self._lastSweep = self._lastPing = now
        self._again()

    def stop(self) -> None:
        """
        The session is over.
        """
        self._schedule(None, self._sweep)
        self._waits = {}

    def drained(self) -> None:
        """
        The transport has taken all that it had.
        """
        self.isFull = False
        self._fullSince = None

    def ponged(self, token: int) -> None:
        """
        A ping was answered.
        """
        if token == self._token:
            self.rtt = self._clock.seconds() - self._lastPing
            self._token = -1

    def _schedule(self, seconds: float | None, call: Callable[[], None]) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        if seconds is not None:
            self._timer = self._clock.callLater(seconds, call)

    def _again(self) -> None:
        self._schedule(self._timeouts.heartbeat / 3, self._sweep)

    def _sweep(self) -> None:
        """
        Look at everything.
        """
        now = self._clock.seconds()
        self._again()
        passed, self._lastSweep = now - self._lastSweep, now
        if not 0 <= passed <= self._timeouts.heartbeat:
            # This side was held up, or its clock was set: what has come
            # meanwhile is still to be seen.
            self._lastHeard = self._lastPing = now
            self._fullSince = None
            self._waits = {}
            return
        self._multiplexer.server.forgive(int(passed * _FORGIVEN))
        problem = self._connectionProblem(now)
        if problem is not None:
            self._watched.timedOut(problem)
            return
        self._sweepExchanges(now)
        if now - self._lastPing >= self._timeouts.heartbeat:
            self._lastPing = now
            self._token = int((now - self._began) * 1000)
            self._watched.ping(self._token)

    def _connectionProblem(self, now: float) -> ExchangeLost | None:
        silence, stall = self._timeouts.silence, self._timeouts.stall
        if self.heard:
            self.heard = False
            self._lastHeard = now
        elif silence is not None and now - self._lastHeard >= silence:
            return PeerGone("the peer is silent")
        if self.isFull and stall is not None:
            if self._fullSince is None:
                self._fullSince = now
            elif now - self._fullSince >= stall:
                return DeadlineExceeded("the peer reads nothing")
        return None

    def _sweepExchanges(self, now: float) -> None:
        stall = self._timeouts.stall
        before, self._waits = self._waits, {}
        if stall is None or self.isFull:
            return
        for exchange in self._multiplexer.starving():
            sent, since = before.get(exchange, (-1, now))
            if sent == exchange.sentContent and now - since >= stall:
                exchange.giveUp(DeadlineExceeded("the peer takes no content"))
            else:
                if sent != exchange.sentContent:
                    since = now
                self._waits[exchange] = (exchange.sentContent, since)
