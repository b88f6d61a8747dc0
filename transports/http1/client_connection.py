"""
One connection of the calling end.

L{ClientConnection} feeds a L{ResponseReader} and acts on its events.  It and
a L{ClientExchange} hold on to each other from L{ClientConnection.start} until
one of them lets go, and only as long: what comes afterwards on the connection
can't reach the exchange, and what is written to the exchange afterwards can't
reach the connection.  There is never more than one exchange on a connection
(RFC 9112, section 9.3.2 allows pipelining, but one slow answer would hold up
all behind it).

Who makes connections and gives them exchanges is a L{ConnectionOwner}, in
practice L{penstock.transports.http1.pool.HTTPClient}.
"""

from __future__ import annotations

from socket import socket
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
)
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.transports.http1.client_phases import DEAD, Phase
from penstock.transports.http1.client_wire import READ_AHEAD, ClientWire
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.hangup import Hangup, mayBeWhole
from penstock.transports.http1.patience import Patience
from penstock.transports.http1.response_reader import Head, Interim, ResponseReader

if TYPE_CHECKING:
    from penstock.transports.http1.client_exchange import (
        ClientExchange,
        ConnectionOwner,
    )

# Octets of unwanted content that are read and dropped to keep a connection:
# more would cost more than a new one.
MAX_DROPPED: Final = 64 * 1024

# Seconds that a connection is given up before the server has said that it will:
# its clock began earlier, and a request takes a while to get there.
MARGIN: Final = 1.0

# Seconds that a server gets to take note that a connection is closed.
CLOSE_TIMEOUT: Final = 2.0


@implementer(IHandshakeListener)
class ClientConnection(ClientWire):
    """
    One connection to a server.

    @ivar attempt: the Deferred of the endpoint, until there is a connection.
    """

    attempt: Any = None

    def __init__(self, owner: ConnectionOwner) -> None:
        super().__init__(owner.clock, owner.secure)
        self._owner = owner
        self._reader = ResponseReader(owner.limits)
        self._exchange: ClientExchange | None = None
        self._dropped = 0
        # The peer has hung up, and all of the response is in the kernel.
        self._allCame = False

    # Facts

    @property
    def isOverdue(self) -> bool:
        """
        Whether the server has said that it would be closing about now, so that
        a request might just miss it.
        """
        keptFor = self._reader.keptFor
        return keptFor is not None and (
            self._seconds() - self.since >= max(keptFor - MARGIN, keptFor / 2)
        )

    # From the transport

    def connectionMade(self) -> None:
        """
        There is a transport; with TLS, it isn't known yet to whom.
        """
        transport: Any = self.transport
        if self.phase is not Phase.CONNECTING:
            transport.abortConnection()
            return
        super().connectionMade()
        if not ISSLTransport.providedBy(transport):
            self._ready()

    def handshakeCompleted(self) -> None:
        """
        See L{IHandshakeListener}.
        """
        if self.phase is Phase.CONNECTING:
            self._ready()

    def dataReceived(self, data: bytes) -> None:
        """
        Some octets of the response have come, or some that nobody asked for.
        """
        if self.phase in DEAD:
            return
        exchange = self._exchange
        events = self._reader.receive(data)
        if events:
            # A part of a head is no sign of life: it could go on for ever.
            self.since = self._seconds()
        for event in events:
            if exchange is None:
                # Whatever it is, it answers nothing (RFC 9112, section 9.2).
                self.abort()
                return
            if type(event) is Data:
                exchange.contentReceived(event.data)
            elif type(event) is Head:
                self._headArrived(exchange, event)
            elif type(event) is End:
                self._ended(exchange, event)
            elif type(event) is Interim:
                if event.code == 100:
                    exchange.release()
                exchange.intermediateReceived(event.code, event.headers)
            elif type(event) is Rejected:
                self.fail(_problem(event))
            if self._exchange is not exchange:
                return
        if exchange is None:
            return
        if exchange.paused:
            if exchange.held >= READ_AHEAD:
                self._stopReading()
        elif exchange.inflow is Inflow.STOPPED:
            self._drop(exchange, len(data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone.
        """
        exchange, self._exchange = self._exchange, None
        before, self.phase = self.phase, Phase.CLOSED
        self._socket = None
        if before is Phase.CONNECTING:
            self._owner.attemptFailed(self, reason)
            return
        if exchange is not None and self._isStale() and exchange.startAgain():
            exchange = None
        if exchange is None:
            self._owner.connectionGone(self)
            return
        outcome = self._reader.receiveEnd(reason.check(ConnectionDone) is not None)
        exchange.detach()
        self._owner.connectionGone(self)
        if type(outcome) is End:
            exchange.contentEnded()
        elif type(outcome) is Rejected:
            exchange.lose(PeerGone(outcome.reason))

    def pauseProducing(self) -> None:
        """
        The transport takes no more just now.
        """
        super().pauseProducing()
        if self._exchange is not None:
            self._exchange.transportPaused()

    def resumeProducing(self) -> None:
        """
        The transport takes more.
        """
        super().resumeProducing()
        if self._exchange is not None:
            self._exchange.transportResumed()

    # For the owner

    def start(self, exchange: ClientExchange) -> None:
        """
        Put C{exchange} on this idle connection.
        """
        self.phase = Phase.BUSY
        self.since = self._seconds()
        self._exchange = exchange
        self._reader.expect(exchange.isHead)
        exchange.attach(self)

    def fail(self, problem: ExchangeLost) -> None:
        """
        Close at once, and tell the exchange why.
        """
        exchange = self._exchange
        self.abort()
        if exchange is not None:
            exchange.detach()
            exchange.lose(problem)

    def unwatched(self) -> socket | None:
        """
        See L{penstock.transports.http1.hangup.Unwatched}.
        """
        if self._reading or self._allCame:
            return None
        return self._socket

    def hungUp(self, how: Hangup, below: socket) -> None:
        """
        See L{penstock.transports.http1.hangup.Unwatched}.
        """
        exchange = self._exchange
        if exchange is None:
            return
        reader = self._reader
        if reader.endsOnClosing or ISSLTransport.providedBy(self.transport):
            whole = how is Hangup.CLOSED
        else:
            whole = mayBeWhole(below, reader.remaining, 0, b"")
        if whole:
            self._allCame = True
        else:
            self.fail(PeerGone("closed before the response was complete"))

    def giveUp(self) -> None:
        """
        Stop to connect.
        """
        attempt = self.attempt
        self.abort()
        self._owner.attemptFailed(self, Failure(DeadlineExceeded("it took too long")))
        attempt.cancel()

    def look(self, now: float, patience: Patience) -> None:
        """
        End what has lasted too long.
        """
        # The clock may be set back.
        self.since = min(self.since, now)
        quiet = now - self.since
        match self.phase:
            case Phase.CONNECTING if quiet >= patience.connect:
                self.giveUp()
            case Phase.IDLE if quiet >= patience.idle or self.isOverdue:
                self.close()
            case Phase.BUSY:
                self._lookAtExchange(now, quiet, patience)
            case Phase.CLOSING if quiet >= CLOSE_TIMEOUT:
                self.abort()

    def _lookAtExchange(self, now: float, quiet: float, patience: Patience) -> None:
        """
        @param quiet: seconds without a sign of life.
        """
        exchange = self._exchange
        if exchange is None:
            return
        if now - exchange.started >= patience.total:
            self.fail(DeadlineExceeded("no whole response in time"))
        elif exchange.paused or not (self.isFull or exchange.isWritten):
            # It's the caller's turn: to take, or to write the rest.
            pass
        elif self._reader.awaitsHead:
            if quiet >= patience.head:
                self.fail(DeadlineExceeded("no response in time"))
        elif quiet >= patience.content:
            self.fail(DeadlineExceeded("the response has stalled"))

    # For the exchange

    def requestWritten(self) -> None:
        """
        From now on it is the server's turn.
        """
        self.since = self._seconds()

    # Within

    def _ready(self) -> None:
        if not self.isQuiet:
            problem = PeerProtocolError("the server speaks first, or has closed")
            self.abort()
            self._owner.attemptFailed(self, Failure(problem))
            return
        self.phase = Phase.IDLE
        self.since = self._seconds()
        self.attempt = None
        self._owner.connectionReady(self)

    def _shut(self) -> None:
        self._exchange = None
        super()._shut()

    def _isStale(self) -> bool:
        """
        @return: whether the server has had enough of this connection, and said
            nothing to the present request.
        """
        return self.isReused and self._reader.isUntouched

    def _headArrived(self, exchange: ClientExchange, head: Head) -> None:
        reader = self._reader
        if reader.isOld is not self._owner.isOld:
            self._owner.isOld = reader.isOld
        if (
            head.code == 408
            and self.isReused
            and not (reader.persistent or reader.hasInterim)
            and exchange.startAgain()
        ):
            # RFC 9110, section 15.5.9: a server may say so to a connection
            # that it has had enough of, just when a request is on its way.
            self.abort()
            return
        if not exchange.isSent:
            # RFC 9112, section 9.5: who refuses and closes doesn't read the
            # rest.  The same holds for content that wasn't asked for.
            if exchange.isHeld or (head.code >= 400 and not reader.persistent):
                exchange.shut()
        exchange.headReceived(head.code, head.headers, head.reason)

    def _ended(self, exchange: ClientExchange, end: End) -> None:
        """
        The response is whole.  First the connection goes where it belongs, so
        that a caller who asks again at once gets it.
        """
        sent = exchange.isSent
        self._exchange = None
        exchange.detach()
        if sent and self._reader.persistent and not self.isFull:
            self.isReused = True
            self._dropped = 0
            self.phase = Phase.IDLE
            self.resumeReading()
            self._owner.connectionReady(self)
        elif sent:
            self.close()
        else:
            self.abort()
        exchange.contentEnded(
            None if end.trailers is None else Headers.trusted(end.trailers)
        )

    def _drop(self, exchange: ClientExchange, size: int) -> None:
        """
        Nobody wants this content.
        """
        self._dropped += size
        if self._dropped > MAX_DROPPED and exchange.isWritten:
            exchange.detach()
            self.abort()
            exchange.contentEnded()


def _problem(rejected: Rejected) -> ExchangeLost:
    if rejected.code == 431:
        return LimitExceeded(rejected.reason)
    return PeerProtocolError(rejected.reason)
