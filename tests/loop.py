"""
A reactor of a test's own, run by the test itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure


class Loop:
    """
    An epoll reactor that isn't installed, and runs only inside L{run}::

        port = loop.listen(factory)
        ...
        loop.run(lambda: finished)

    Everything that is still open at the end of the test is closed.
    """

    def __init__(self) -> None:
        self.reactor: Any = EPollReactor()
        # Without signals, and as if run() had been called.
        self.reactor.startRunning(installSignalHandlers=False)
        self._ports: list[Any] = []

    def listen(self, factory: Any, interface: str = "127.0.0.1") -> int:
        """
        Listen on a free TCP port.

        @return: its number.
        """
        port = self.reactor.listenTCP(0, factory, interface=interface)
        self._ports.append(port)
        address: Any = port.getHost()
        number: int = address.port
        return number

    def address(self) -> IAddress:
        """
        @return: where the last L{listen} listens.
        """
        address: IAddress = self._ports[-1].getHost()
        return address

    def run(
        self, until: Callable[[], bool] | Deferred[Any], seconds: float = 5.0
    ) -> Any:
        """
        Turn until C{until} is true, or has fired.

        @return: the result of a Deferred.
        @raise TimeoutError: after C{seconds}.
        """
        outcome: list[Any] = []
        if isinstance(until, Deferred):
            until.addBoth(outcome.append)
            done: Callable[[], Any] = outcome.__len__
        else:
            done = until
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing came of it in {seconds} seconds")
            self.turn()
        if outcome and isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0] if outcome else None

    def turn(self, atMost: float = 0.02) -> None:
        """
        One turn of the reactor.

        @param atMost: seconds to wait for something to happen.
        """
        self.reactor.runUntilCurrent()
        wait = self.reactor.timeout()
        self.reactor.doIteration(atMost if wait is None else min(atMost, wait))

    def turns(self, seconds: float) -> None:
        """
        Turn for so long: for what must not happen.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.turn(0.005)

    def settle(self, quiet: float = 0.004) -> None:
        """
        Turn until nothing has happened for a while: for what only concerns
        sockets of this process, where what is sent has arrived.

        @param quiet: seconds.
        """
        idle = 0
        while idle < 2:
            before = time.monotonic()
            self.turn(quiet)
            idle = idle + 1 if time.monotonic() - before >= quiet * 0.9 else 0

    def close(self) -> None:
        """
        Close all there is.
        """
        for port in self._ports:
            port.stopListening()
        gone = Failure(ConnectionAborted())
        for selectable in self.reactor.removeAll():
            selectable.connectionLost(gone)
        self.turn(0)
        for call in self.reactor.getDelayedCalls():
            call.cancel()
        if self.reactor.threadpool is not None:
            self.reactor.threadpool.stop()
        for waker in list(self.reactor._internalReaders):
            self.reactor.removeReader(waker)
            waker.connectionLost(gone)
        self.reactor._poller.close()
