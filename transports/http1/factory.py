"""
A server's connections.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IProtocolNegotiationFactory,
    IReactorTime,
)
from twisted.internet.protocol import ServerFactory
from zope.interface import implementer

from penstock.core.interfaces import RequestFactory, refusedOf
from penstock.core.networks import Networks
from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1.channel import HTTPChannel
from penstock.transports.http1.deadlines import Sweep
from penstock.transports.http1.hangup import tellHangups
from penstock.transports.http1.house import Admission, House
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.http1.turned_away import TurnedAway
from penstock.transports.http1.writer import dateLine

# Request ids are unique among the processes whose logs are read together.
_PREFIX: Final = os.urandom(4).hex()
_numbers = count(1)


@implementer(IProtocolNegotiationFactory)
class HTTPFactory(ServerFactory):
    """
    Serves HTTP/1.1 and HTTP/1.0::

        endpoint.listen(HTTPFactory(Site(root)))

    @ivar requestFactory: makes requests.
    @ivar limits: what peers may send.
    @ivar timeouts: how long they may take.
    @ivar trusted: see L{__init__}.
    @ivar refused: told of requests that aren't taken: see
        L{penstock.core.interfaces.IRefusals}; or L{None}.
    """

    noisy = False

    def __init__(
        self,
        requestFactory: RequestFactory,
        clock: IReactorTime | None = None,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        trusted: Iterable[str] = (),
        peers: Iterable[str] | None = None,
    ) -> None:
        """
        @param clock: the reactor, or for tests a clock; L{None} for the
            reactor that the first connection comes from.
        @param trusted: proxies, whose connections aren't counted by address,
            and who may ask over TLS for hosts that the certificate isn't valid
            for: see L{Networks}.  (What they say of their clients is another
            matter: see L{penstock.resources.trusted}.)
        @param peers: who may connect, L{None} for everybody: behind an
            endpoint for the PROXY protocol, those that are to speak it.
        """
        self.requestFactory = requestFactory
        self.refused = refusedOf(requestFactory)
        self.limits = Limits() if limits is None else limits
        self.timeouts = Timeouts() if timeouts is None else timeouts
        self._clock = clock
        self.trusted = Networks(trusted)
        self._house = House(self.limits, self.trusted)
        self._peers = None if peers is None else Networks(peers)
        self._sweep = Sweep(self.timeouts, self._look, self._house.crowd)
        # Whether L{drain} was called.
        self.draining = False
        self._drained: Deferred[None] | None = None
        self._giveUp: Any = None
        # Connections with a head that waits for what follows it.
        self._held: list[HTTPChannel] = []
        self._dateLine = b""
        self._dateSecond = -1
        # Set with the first connection.
        self._seconds: Callable[[], float]

    @property
    def clock(self) -> IReactorTime:
        """
        What tells the time.

        @raise RuntimeError: if there is none, and no connection yet.
        """
        if self._clock is None:
            raise RuntimeError("HTTPFactory has no clock before its first connection")
        return self._clock

    def buildProtocol(self, addr: IAddress | None) -> HTTPChannel | Unwelcome:
        """
        See L{twisted.internet.interfaces.IProtocolFactory}.  No connection is
        taken when draining.
        """
        if self.draining or (self._peers is not None and addr not in self._peers):
            return Unwelcome()
        admission, key = self._house.admit(addr)
        if admission is Admission.REFUSED:
            return Unwelcome()
        channel = (
            HTTPChannel(self) if admission is Admission.SERVED else TurnedAway(self)
        )
        channel.admission = admission, key
        channel.hop = addr
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        """
        See L{IProtocolNegotiationFactory}.  Without this, Twisted refuses all
        clients that name the protocols they speak in the TLS handshake (RFC
        7301), as browsers and curl do.
        """
        return [b"http/1.1", b"http/1.0"]

    def drain(self, seconds: float) -> Deferred[None]:
        """
        Finish what is under way, and take nothing new.  Stop listening first.

        Connections are closed after their response; idle ones at once, or, if
        they had no more than a second to send their next request, after that.
        What is left after C{seconds} is aborted.

        @return: fires with L{None} when no connection is left.
        """
        if self._drained is None:
            self.draining = True
            self._drained = Deferred()
            for channel in self._sweep:
                channel.shutdown()
            self._sweep.hurry()
            if len(self._sweep):
                self._giveUp = self.clock.callLater(seconds, self._abortAll)
            elif not self._drained.called:
                self._drained.callback(None)
        waiter: Deferred[None] = Deferred()
        if self._drained.called:
            return succeed(None)
        self._drained.addCallback(waiter.callback)
        return waiter

    def _abortAll(self) -> None:
        self._giveUp = None
        for channel in self._sweep:
            channel.giveUp()

    # For channels

    def connected(self, channel: HTTPChannel, transport: Any) -> None:
        """
        A connection was made.

        @raise RuntimeError: if nothing tells the time.
        """
        if self._clock is None:
            clock = getattr(transport, "reactor", None)
            if clock is None:
                raise RuntimeError("HTTPFactory needs a clock for this transport")
            self._clock = clock
        self._seconds = self._clock.seconds
        self._house.enter(*channel.admission, transport, self._seconds())
        self._sweep.add(channel, self._clock)

    def disconnected(self, channel: HTTPChannel) -> None:
        """
        A connection is gone.
        """
        self._sweep.remove(channel)
        self._house.leave(*channel.admission)
        if self._drained is not None and not len(self._sweep):
            if self._giveUp is not None:
                self._giveUp.cancel()
                self._giveUp = None
            if not self._drained.called:
                self._drained.callback(None)

    def dateLine(self) -> bytes:
        """
        @return: the Date field for a response that starts now.
        """
        second = int(self._seconds())
        if second != self._dateSecond:
            self._dateSecond = second
            self._dateLine = dateLine(second)
        return self._dateLine

    def requestId(self) -> str:
        """
        @return: a name that no other request has.
        """
        return f"{_PREFIX}-{next(_numbers):x}"

    def flushSoon(self, channel: HTTPChannel) -> None:
        """
        Call C{channel.flush} in the reactor's next turn: one call for all
        channels.
        """
        if not self._held:
            self.clock.callLater(0, self._flushHeld)
        self._held.append(channel)

    def _flushHeld(self) -> None:
        held, self._held = self._held, []
        for channel in held:
            channel.flush()

    def _look(self, channels: Iterable[HTTPChannel]) -> None:
        """
        Do what is done twice a second.
        """
        self._house.look(self.clock)
        tellHangups(channels)
