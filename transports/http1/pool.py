"""
The calling end: requests to one server, over a few connections.
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IRequester
from penstock.transports.http1.asking import ask
from penstock.transports.http1.client_connection import ClientConnection
from penstock.transports.http1.client_exchange import ClientExchange
from penstock.transports.http1.client_phases import Phase
from penstock.transports.http1.hangup import tellHangups
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.patience import Patience

# Each serves one exchange, and clients are gateways mostly: as many of theirs
# who read slowly would keep out all others.  A browser's six would be few; this
# is half of what a server of ours takes from one address, since somebody else
# may be there as well.  (RFC 9112, section 9.4: there must be a bound.)
MAX_CONNECTIONS: Final = 250

# Exchanges that wait for one of them.  Beyond this a caller had better hear
# at once that it is too much.
MAX_WAITING: Final = 1000

# Seconds.  Enough for a few lost packets on the way to a connection.
CONNECT_TIMEOUT: Final = 30.0

# Seconds.  Shorter than the minute after which firewalls forget a connection
# without a word; servers that close earlier are noticed when they do.
IDLE_TIMEOUT: Final = 30.0

# Seconds without a sign of life before the head of a response.  Twice the
# minute that gateways commonly give to the server behind them, so that it is
# the gateway's answer that comes.
HEAD_TIMEOUT: Final = 120.0

# Seconds without a sign of life within a response.  Those who stream events
# send something every half minute, for the sake of what lies between.
CONTENT_TIMEOUT: Final = 120.0

# Seconds that content is held back for 100 (Continue).  RFC 9110, section
# 10.1.1 wants it not to be for ever; curl has made a second customary.
CONTINUE_TIMEOUT: Final = 1.0

# Seconds between two looks at what has lasted too long; so each timeout may
# last as much longer.
SWEEP: Final = 0.5


class _OneConnection(Factory):
    """
    Makes one protocol: an endpoint is asked for one connection.
    """

    noisy = False

    def __init__(self, connection: ClientConnection) -> None:
        self._connection: ClientConnection | None = connection

    def buildProtocol(self, addr: IAddress | None) -> ClientConnection | None:
        """
        See L{twisted.internet.interfaces.IProtocolFactory}.
        """
        connection, self._connection = self._connection, None
        return connection


@implementer(IRequester)
class HTTPClient(Requester):
    """
    A client of one server.

    Connections are made when they are needed and kept for the next request,
    the one that was used last first.  When there are as many as there may be,
    requests wait in order.

    A request that goes out on a kept connection may find that the server has
    closed it.  Where that can be seen before anything is sent, it goes out on
    another.  Else, if nothing of a response has come, or only a 408 (Request
    Timeout) that closes, it is sent once more, on a new connection, provided
    that this can do no harm: its method is idempotent, and no more than
    L{MAX_KEPT} of content has been sent.  All others are lost with
    L{penstock.core.errors.PeerGone}.

    Content without a Content-Length is sent in chunks, as long as the server
    hasn't said that it speaks HTTP/1.0 (RFC 9112, section 6.1).  Who has such
    a server loses the first such request, at worst; after that, up to
    L{MAX_KEPT} of content is put together and gets a Content-Length, and with
    more of it the request is lost with L{penstock.core.errors.Unavailable}.
    Nobody, the user of a client least of all, knows beforehand; it is what
    common clients do.
    """

    def __init__(
        self,
        reactor: Any,
        endpoint: Any,
        *,
        host: bytes = b"localhost",
        secure: bool = False,
        maxConnections: int = MAX_CONNECTIONS,
        maxWaiting: int = MAX_WAITING,
        connectTimeout: float | None = CONNECT_TIMEOUT,
        headTimeout: float | None = HEAD_TIMEOUT,
        contentTimeout: float | None = CONTENT_TIMEOUT,
        idleTimeout: float | None = IDLE_TIMEOUT,
        continueTimeout: float = CONTINUE_TIMEOUT,
        totalTimeout: float | None = None,
        limits: Limits | None = None,
    ) -> None:
        """
        @param reactor: L{twisted.internet.interfaces.IReactorTime}.
        @param endpoint: L{twisted.internet.interfaces.IStreamClientEndpoint}.
        @param host: for the Host field of requests that have none.
        @param secure: whether C{endpoint} encrypts.
        @param maxConnections: how many there may be at the same time, each
            for one exchange.  A server may take less from one address.
        @param maxWaiting: how many requests may wait for a connection.  More
            are lost at once, with L{penstock.core.errors.Unavailable}.
        @param connectTimeout: seconds that a request waits for a connection,
            whether a new one or one that another request gives back.
        @param headTimeout: seconds that the server may take for the head of
            its response, after the last sign of life: an interim response,
            or content of the request that it took.  The time that a caller
            takes to write its request doesn't count.  L{None} for ever.
        @param contentTimeout: the same between two pieces of a response, as
            long as the caller takes them.
        @param idleTimeout: seconds that a connection is kept for; less if the
            server says so (Keep-Alive).
        @param continueTimeout: seconds that the content of a request with
            C{Expect: 100-continue} is held back.
        @param totalTimeout: seconds that a request and its response may take
            together, waiting for a connection and for the caller included.
            Without it, a server that sends an octet every minute is listened
            to for ever, as whoever awaits events wants it to be.
        @param limits: of a response.
        """
        self.clock = reactor
        self.secure = secure
        self.continueTimeout = continueTimeout
        self.limits = Limits() if limits is None else limits
        self.isOld = False
        self._endpoint = endpoint
        self._host = host
        self._maxConnections = maxConnections
        self._maxWaiting = maxWaiting
        self._patience = Patience(
            connect=_seconds(connectTimeout),
            head=_seconds(headTimeout),
            content=_seconds(contentTimeout),
            idle=_seconds(idleTimeout),
            total=_seconds(totalTimeout),
        )
        # All there are, also those that are being made or closed.
        self._connections: set[ClientConnection] = set()
        # The one that was used last is at the end.
        self._idle: list[ClientConnection] = []
        # In order; a dictionary, so that one can leave in the middle.
        self._waiting: OrderedDict[ClientExchange, None] = OrderedDict()
        self._sweeping: Any = None
        self._closed = False
        self._closing: list[Deferred[None]] = []

    # For callers

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> ClientExchange:
        """
        See L{IRequester}.

        What is written inside C{requestStarted} goes out together with the
        head.
        """
        exchange = ask(self, self._host, method, uri, headers, callbacks, hasContent)
        if self._patience.total < inf:
            exchange.started = self.clock.seconds()
        callbacks.requestStarted(exchange)
        if not (exchange.gathers or exchange.isOver):
            self._place(exchange)
        return exchange

    def close(self) -> Deferred[None]:
        """
        See L{IRequester}.
        """
        self._closed = True
        closed: Deferred[None] = Deferred()
        self._closing.append(closed)
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if not self._waiting:
            for connection in self._inPhase(Phase.CONNECTING):
                connection.giveUp()
        self._checkClosed()
        return closed

    # For connections and exchanges: ConnectionOwner

    def connectionReady(self, connection: ClientConnection) -> None:
        """
        See L{ConnectionOwner}.
        """
        if self._waiting:
            if connection.isQuiet:
                exchange, _ = self._waiting.popitem(last=False)
                connection.start(exchange)
                if self._waiting:
                    # The server does take connections.
                    self._connect()
            else:
                connection.abort()
        elif self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def connectionGone(self, connection: ClientConnection) -> None:
        """
        See L{ConnectionOwner}.
        """
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._connect()
        self._checkClosed()

    def attemptFailed(self, connection: ClientConnection, reason: Failure) -> None:
        """
        See L{ConnectionOwner}.
        """
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        # One who waits goes with each attempt, and isn't replaced by another
        # attempt: not before one succeeds, or it is time.  And all go, if there
        # is nothing left that they could wait for.
        count = 1 if self._connections else len(self._waiting)
        lost = [
            self._waiting.popitem(last=False)[0] for _ in range(count) if self._waiting
        ]
        for exchange in lost:
            problem = Unavailable(f"no connection: {reason.getErrorMessage()}")
            problem.__cause__ = reason.value
            exchange.lose(problem)
        self._checkClosed()

    def exchangeStartsAgain(self, exchange: ClientExchange) -> None:
        """
        See L{ConnectionOwner}.
        """
        # Not on an idle connection, which is likely to be dead as well.
        exchange.since = self.clock.seconds()
        self._waiting[exchange] = None
        self._waiting.move_to_end(exchange, last=False)

    def exchangeForgotten(self, exchange: ClientExchange) -> None:
        """
        See L{ConnectionOwner}.
        """
        self._waiting.pop(exchange, None)

    def exchangeGathered(self, exchange: ClientExchange) -> None:
        """
        See L{ConnectionOwner}.
        """
        self._place(exchange)

    # Connections

    def _place(self, exchange: ClientExchange) -> None:
        """
        Find a connection for C{exchange}, or something to wait for.
        """
        while self._idle:
            connection = self._idle.pop()
            # It may have been aborted, and not be gone yet.
            if connection.phase is Phase.IDLE:
                if not connection.isQuiet:
                    connection.abort()
                elif connection.isOverdue:
                    connection.close()
                else:
                    connection.start(exchange)
                    return
        if self._closed:
            exchange.lose(Unavailable("this client is closed"))
        elif len(self._waiting) >= self._maxWaiting:
            exchange.lose(Unavailable("too many requests wait for a connection"))
        else:
            exchange.since = self.clock.seconds()
            self._waiting[exchange] = None
            self._connect()

    def _connect(self) -> None:
        """
        Make as many connections as are waited for and may be.
        """
        while len(self._connections) < self._maxConnections and len(
            self._waiting
        ) > len(self._inPhase(Phase.CONNECTING)):
            connection = ClientConnection(self)
            self._connections.add(connection)
            connection.attempt = attempt = self._endpoint.connect(
                _OneConnection(connection)
            )
            attempt.addCallbacks(_ignore, self._notConnected, None, None, (connection,))
        if self._sweeping is None and self._connections:
            self._sweeping = self.clock.callLater(SWEEP, self._sweep)

    def _notConnected(self, failure: Failure, connection: ClientConnection) -> None:
        self.attemptFailed(connection, failure)

    def _inPhase(self, phase: Phase) -> list[ClientConnection]:
        return [it for it in self._connections if it.phase is phase]

    def _checkClosed(self) -> None:
        if self._closed and not self._connections and self._closing:
            sweeping, self._sweeping = self._sweeping, None
            if sweeping is not None:
                sweeping.cancel()
            closing, self._closing = self._closing, []
            for closed in closing:
                closed.callback(None)

    # Time

    def _sweep(self) -> None:
        """
        Look for what has lasted too long.
        """
        self._sweeping = None
        now = self.clock.seconds()
        tellHangups(self._connections)
        for connection in list(self._connections):
            connection.look(now, self._patience)
        for exchange in list(self._waiting):
            exchange.since = min(exchange.since, now)
            problem: ExchangeLost
            if now - exchange.started >= self._patience.total:
                problem = DeadlineExceeded("no response in time")
            elif now - exchange.since >= self._patience.connect:
                problem = Unavailable("no connection in time")
            else:
                continue
            # Told that others are lost, one may have given up itself.
            self._waiting.pop(exchange, None)
            exchange.lose(problem)
        self._connect()
        if self._sweeping is None and self._connections:
            self._sweeping = self.clock.callLater(SWEEP, self._sweep)


def _seconds(timeout: float | None) -> float:
    return inf if timeout is None else timeout


def _ignore(result: Any) -> None:
    """
    A connection reports by itself.
    """
