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

from socket import MSG_PEEK, socket
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHandshakeListener,
    IPushProducer,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.direct import beneath, finishClosing, isPlainSocket, tune, writeNow
from penstock.core.errors import (
    ExchangeLost,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
)
from penstock.core.exchange import Inflow
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.http1.calling_phases import DEAD, Phase
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.hangup import Hangup, mayBeWhole, socketOf
from penstock.transports.http1.response_reader import Head, Interim, ResponseReader

if TYPE_CHECKING:
    from penstock.transports.http1.client_exchange import (
        ClientExchange,
        ConnectionOwner,
    )

# Octets of a response that are read ahead for a caller who has paused.  Not
# none, so that the end of a short response, or of its connection, is noticed.
READ_AHEAD: Final = 64 * 1024

# Octets of unwanted content that are read and dropped to keep a connection:
# more would cost more than a new one.
MAX_DROPPED: Final = 64 * 1024

# Blocks of READ_AHEAD that are looked for when a connection breaks: as much as
# Linux holds in its buffers at most, by default.
MAX_LEFT: Final = 100

# Seconds that a connection is given up before the server has said that it will:
# its clock began earlier, and a request takes a while to get there.
MARGIN: Final = 1.0


@implementer(IHandshakeListener, IPushProducer)
class ClientConnection(Protocol):
    """
    One connection to a server.

    @ivar phase: what it is doing.
    @ivar since: when it began to do that, or when something last moved; in
        seconds of the clock.
    @ivar attempt: the Deferred of the endpoint, until there is a connection.
    @ivar isReused: whether it has been used, so that the server may have had
        enough of it.
    """

    attempt: Any = None

    def __init__(self, owner: ConnectionOwner) -> None:
        self._owner = owner
        self._seconds = owner.clock.seconds
        self._reader = ResponseReader(owner.limits)
        self._exchange: ClientExchange | None = None
        # What is to be tried once more on another connection, when this one
        # is gone.
        self._again: ClientExchange | None = None
        # Whether there was an exchange on it before the present one.
        self.isReused = False
        self._full = False
        self._reading = True
        # Whether the transport's socket may be written to directly.
        self._plain = False
        self._socket: socket | None = None
        self._dropped = 0
        # The peer has hung up, and all of the response is in the kernel.
        self._allCame = False
        self.phase = Phase.CONNECTING
        self.since = self._seconds()

    # Facts

    @property
    def isFull(self) -> bool:
        """
        Whether the transport takes no more just now.
        """
        return self._full

    @property
    def awaitsHead(self) -> bool:
        """
        Whether the head of a response is still to come.
        """
        return self._reader.awaitsHead

    @property
    def awaitsCaller(self) -> bool:
        """
        Whether it isn't the server's fault if nothing moves: the caller has
        paused, or has not written all of its request.
        """
        exchange = self._exchange
        return exchange is not None and (
            exchange.paused or not (self._full or exchange.isWritten)
        )

    @property
    def started(self) -> float:
        """
        When the present exchange began; later than that without one.
        """
        return self.since if self._exchange is None else self._exchange.started

    @property
    def isQuiet(self) -> bool:
        """
        Whether nothing has come that wasn't read: neither the end, so that a
        request would be lost, nor anything that would be taken for its
        response.  A microsecond for each request well spent.
        """
        if self._socket is None:
            return True
        try:
            came = self._socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        # Beneath TLS there are messages that aren't content; but they come
        # in the beginning, and what comes later is most likely a farewell.
        return bool(came) and not self._plain and not self.isReused

    @property
    def isOverdue(self) -> bool:
        """
        Whether the server has said that it would be closing about now, so that
        a request might just miss it.
        """
        patience = self._reader.patience
        return patience is not None and (
            self._seconds() - self.since >= max(patience - MARGIN, patience / 2)
        )

    def facts(self, requestId: str) -> ConnectionInfo:
        """
        What is known of this connection.
        """
        transport: Any = self.transport
        certificate = None
        if ISSLTransport.providedBy(transport) and self.phase not in DEAD:
            certificate = transport.getPeerCertificate()
        return ConnectionInfo(
            "http1",
            requestId,
            peer=self._peer,
            local=self._host,
            secure=self._owner.secure,
            peerCertificate=certificate,
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
        transport.registerProducer(self, True)
        # A transport that is lost doesn't know them any more.
        self._peer = transport.getPeer()
        self._host = transport.getHost()
        self._plain = isPlainSocket(transport)
        self._socket = socketOf(transport)
        tune(transport)
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
            elif type(event) is Data:
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
            if self._exchange is not exchange or exchange is None:
                return
        if exchange is not None:
            if exchange.paused:
                self._holdBack(exchange)
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
        if exchange is None:
            again, self._again = self._again, None
            if again is not None and again.isOver:
                again = None
            self._owner.connectionGone(self, again)
            return
        nothing = self.isReused and self._reader.isUntouched
        if nothing and exchange.rewind():
            self._owner.connectionGone(self, exchange)
            return
        outcome = self._reader.receiveEnd(reason.check(ConnectionDone) is not None)
        exchange.detach()
        self._owner.connectionGone(self)
        if type(outcome) is End:
            exchange.contentEnded()
        elif type(outcome) is Rejected:
            exchange.lose(PeerGone(outcome.reason))

    # From the transport, as its producer

    def pauseProducing(self) -> None:
        """
        The transport takes no more just now.
        """
        self._full = True
        if self._exchange is not None:
            self._exchange.transportPaused()

    def resumeProducing(self) -> None:
        """
        The transport takes more.
        """
        self._full = False
        if not self._plain:
            finishClosing(self.transport)
        self.since = self._seconds()
        if self._exchange is not None:
            self._exchange.transportResumed()

    def stopProducing(self) -> None:
        """
        The transport is gone: C{connectionLost} is about to say so.

        If it noticed when it tried to write, then there may be something that
        it hasn't read: a response that came before all of the request was
        sent, most likely (RFC 9112, section 9.6 says how it gets lost).
        """
        below = self._socket
        if below is None or self._exchange is None:
            return
        receiver = beneath(self.transport).protocol
        for _ in range(MAX_LEFT):
            try:
                data = below.recv(READ_AHEAD)
            except OSError:
                return
            if not data or self._exchange is None:
                return
            receiver.dataReceived(data)

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
        @return: the socket, if nothing is read from it because the exchange is
            paused, so that its end goes unnoticed.
        """
        if self._reading or self._allCame:
            return None
        return self._socket

    def hungUp(self, how: Hangup, below: socket) -> None:
        """
        The peer has gone, while nothing was read from C{below}.
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

    def close(self) -> None:
        """
        Close properly.
        """
        if self.phase not in DEAD:
            self._shut()
            transport: Any = self.transport
            transport.loseConnection()

    def abort(self) -> None:
        """
        Close at once, whatever is still under way.
        """
        if self.phase is not Phase.CLOSED:
            self._shut()
            transport: Any = self.transport
            if transport is not None:
                transport.abortConnection()

    # For the exchange

    def requestWritten(self) -> None:
        """
        From now on it is the server's turn.
        """
        self.since = self._seconds()

    def write(self, data: bytes) -> None:
        """
        Send C{data}, soon.
        """
        self.since = self._seconds()
        transport: Any = self.transport
        transport.write(data)

    def writeAll(self, data: bytes) -> None:
        """
        Send C{data} at once if possible: nothing else is to follow soon.
        """
        if self._plain:
            writeNow(self.transport, data)
        else:
            transport: Any = self.transport
            transport.write(data)

    def resumeReading(self) -> None:
        """
        The exchange takes content again.
        """
        self.since = self._seconds()
        if not self._reading and self.phase not in DEAD:
            self._reading = True
            transport: Any = self.transport
            transport.resumeProducing()

    def abandon(self) -> None:
        """
        The exchange has let go, in the middle: what the peer sends and what
        it still waits for can't be told from another exchange's.
        """
        self._exchange = None
        self.abort()

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
        self.phase = Phase.CLOSING
        self.since = self._seconds()
        transport: Any = self.transport
        if transport is not None:
            # A transport with a producer waits for it before it closes.
            transport.unregisterProducer()

    def _headArrived(self, exchange: ClientExchange, head: Head) -> None:
        reader = self._reader
        if reader.isOld is not self._owner.isOld:
            self._owner.isOld = reader.isOld
        if (
            head.code == 408
            and self.isReused
            and not (reader.persistent or reader.hasInterim)
            and exchange.rewind()
        ):
            # RFC 9110, section 15.5.9: a server may say so to a connection
            # that it has had enough of, just when a request is on its way.
            self._exchange = None
            self._again = exchange
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
        if sent and self._reader.persistent and not self._full:
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

    def _holdBack(self, exchange: ClientExchange) -> None:
        if self._reading and exchange.held >= READ_AHEAD:
            self._reading = False
            transport: Any = self.transport
            transport.pauseProducing()

    def _drop(self, exchange: ClientExchange, size: int) -> None:
        """
        Nobody wants this content.
        """
        self._dropped += size
        if self._dropped > MAX_DROPPED and exchange.isWritten:
            exchange.detach()
            self.abandon()
            exchange.contentEnded()


def _problem(rejected: Rejected) -> ExchangeLost:
    if rejected.code == 431:
        return LimitExceeded(rejected.reason)
    return PeerProtocolError(rejected.reason)
