"""
The ports that connections come through, and whether any are accepted there.
"""

from __future__ import annotations

import select
from typing import Any, Final

from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.logger import Logger

from penstock.core.direct import beneath

_log: Final = Logger()

# Seconds without accepting, after that has failed.
PAUSE: Final = 1.0


def portOf(transport: Any) -> Any:
    """
    @return: the listening port that a connection has come through, if that
        can be found, and accepting can be paused there; else L{None}.
    """
    port = getattr(beneath(transport), "server", None)
    return port if IPushProducer.providedBy(port) else None


class Gate:
    """
    All ports of a server that connections have come through so far.

    Accepting can fail: the process has no descriptor left, or the machine.
    Twisted, which would be asked again at once and for ever, has no word for
    that; but a port where somebody waits all the time and nobody comes in is
    one where it fails, and is left alone for a second.

    @ivar arrivals: how many have come; whoever asks for a protocol counts.
    @ivar shut: whether nobody is to be accepted.
    """

    def __init__(self) -> None:
        self.arrivals = 0
        self.shut = False
        self._ports: dict[Any, None] = {}
        # Those where somebody waited, when there had been so many arrivals.
        self._waiting: dict[Any, int] = {}
        # Those that are left alone, and when they aren't any more.
        self._resting: dict[Any, Any] = {}

    def add(self, transport: Any) -> None:
        """
        A connection was made.
        """
        port = portOf(transport)
        if port is not None and port not in self._ports:
            self._ports[port] = None
            if self.shut:
                port.pauseProducing()

    def close(self) -> None:
        """
        Accept nobody.
        """
        self.shut = True
        for port in self._ports:
            port.pauseProducing()

    def open(self) -> None:
        """
        Undo L{close}.
        """
        self.shut = False
        for port in self._ports:
            if port not in self._resting:
                # Twisted accepts as many in one go as last time, and one more
                # may be too many: the others would be closed, not left waiting.
                port.numberAccepts = 1
                port.resumeProducing()

    def look(self, clock: IReactorTime) -> None:
        """
        Find out whether accepting fails anywhere.  To be called now and then.
        """
        self._forget()
        waiting = self._whereSomebodyWaits()
        for port in waiting:
            if self._waiting.get(port) == self.arrivals:
                self._rest(port, clock)
        self._waiting = {
            port: self.arrivals for port in waiting if port not in self._resting
        }

    def _whereSomebodyWaits(self) -> list[Any]:
        if self.shut or not self._ports:
            return []
        poll = select.poll()
        ports = {}
        for port in self._ports:
            if port not in self._resting:
                ports[port.fileno()] = port
                poll.register(port.fileno(), select.POLLIN)
        return [ports[descriptor] for descriptor, _ in poll.poll(0)]

    def _rest(self, port: Any, clock: IReactorTime) -> None:
        _log.warn(
            "Accepting connections at {address} fails; trying again in {pause} s",
            address=port.getHost(),
            pause=PAUSE,
        )
        port.pauseProducing()
        self._resting[port] = clock.callLater(PAUSE, self._try, port, clock)

    def _try(self, port: Any, clock: IReactorTime) -> None:
        del self._resting[port]
        self._forget()
        if port in self._ports and not self.shut:
            port.resumeProducing()
            # In the loop's next turn, when it was tried once.
            self._resting[port] = clock.callLater(
                0, self._tried, port, clock, self.arrivals
            )

    def _tried(self, port: Any, clock: IReactorTime, before: int) -> None:
        del self._resting[port]
        self._forget()
        if before == self.arrivals and port in self._whereSomebodyWaits():
            self._rest(port, clock)

    def _forget(self) -> None:
        """
        Don't keep ports that are closed.
        """
        for port in [port for port in self._ports if not port.connected]:
            del self._ports[port]
            call = self._resting.pop(port, None)
            if call is not None and call.active():
                call.cancel()
