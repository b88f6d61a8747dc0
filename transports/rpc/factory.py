"""
The listening side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from penstock.core.interfaces import RequestFactory, refusedOf
from penstock.core.networks import Networks
from penstock.core.unwelcome import Unwelcome
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.session import RPCSession


class RPCFactory(Factory):
    """
    Makes a session for each connection that comes in.

    @ivar sessions: those that have a connection.
    """

    noisy = False

    def __init__(
        self,
        requestFactory: RequestFactory | None = None,
        *,
        reactor: Any,
        limits: RPCLimits | None = None,
        timeouts: RPCTimeouts | None = None,
        trustFacts: bool | Iterable[str] = False,
        onSession: Callable[[RPCSession], None] | None = None,
    ) -> None:
        """
        @param requestFactory: serves what comes, a
            L{penstock.core.server.Site} mostly; L{None} to take no requests,
            only to make them.
        @param reactor: L{twisted.internet.interfaces.IReactorTime}.
        @param trustFacts: whether peers are believed what they say of a
            request's first hop: the client's address and certificate, whether
            that hop was encrypted, and the request's name in logs; or which
            peers are: see L{Networks}.  Only gateways should be: over TLS, they
            may also ask for hosts that the certificate isn't valid for.
        @param onSession: called with each L{RPCSession} that is ready; its
            C{requester} makes requests of whoever has dialled.
        """
        # In time: the sessions only come later.
        refusedOf(requestFactory)
        self._requestFactory = requestFactory
        self._clock = reactor
        self._limits = limits or RPCLimits()
        self._timeouts = timeouts or RPCTimeouts()
        self._trusts = trustFacts is True
        # Whose addresses they are doesn't matter where all are believed.
        self._trusted = Networks(() if isinstance(trustFacts, bool) else trustFacts)
        self._onSession = onSession
        self._isDraining = False
        self.sessions: set[RPCSession] = set()

    def buildProtocol(self, addr: IAddress | None) -> RPCSession | Unwelcome:
        """
        See L{twisted.internet.interfaces.IProtocolFactory}.
        """
        if self._isDraining:
            return Unwelcome()
        session = RPCSession(
            self._requestFactory,
            self._clock,
            dialled=False,
            limits=self._limits,
            timeouts=self._timeouts,
            trustFacts=self._trusts or addr in self._trusted,
            onOpen=self._onSession,
            onClosed=self.sessions.discard,
        )
        session.factory = self
        self.sessions.add(session)
        return session

    def drain(self, seconds: float) -> Deferred[None]:
        """
        Take no more connections and requests, finish what is under way, and
        close.

        @param seconds: what isn't finished then is aborted.
        @return: fires when the last connection is closed.
        """
        self._isDraining = True
        if not self.sessions:
            return succeed(None)
        drained = DeferredList([session.close() for session in list(self.sessions)])
        deadline = self._clock.callLater(seconds, self._abort)

        def done(ignored: object) -> None:
            if deadline.active():
                deadline.cancel()

        return drained.addCallback(done)

    def _abort(self) -> None:
        for session in list(self.sessions):
            session.abort()
