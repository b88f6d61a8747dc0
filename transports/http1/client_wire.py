"""
A connection of the calling end, as something to write to and to close.
"""

from __future__ import annotations

from socket import MSG_PEEK, socket
from typing import Any, Final

from twisted.internet.interfaces import IPushProducer, IReactorTime, ISSLTransport
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from penstock.core.direct import beneath, finishClosing, isPlainSocket, tune, writeNow
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.http1.client_phases import DEAD, Phase
from penstock.transports.http1.hangup import socketOf

# Octets of a response that are read ahead for a caller who has paused.  Not
# none, so that the end of a short response, or of its connection, is noticed.
READ_AHEAD: Final = 64 * 1024

# Blocks of READ_AHEAD that are looked for when a connection breaks: as much as
# Linux holds in its buffers at most, by default.
MAX_LEFT: Final = 100


@implementer(IPushProducer)
class ClientWire(Protocol):
    """
    Writes, reads or doesn't, and closes.

    To its transport it is a push producer.

    @ivar phase: what it is doing.
    @ivar since: when it began to do that, or when something last moved; in
        seconds of the clock.
    @ivar isReused: whether it has been used, so that the server may have had
        enough of it.
    @ivar isFull: whether the transport takes no more just now.
    """

    def __init__(self, clock: IReactorTime, secure: bool) -> None:
        """
        @param secure: whether the transport will encrypt.
        """
        self._seconds = clock.seconds
        self._secure = secure
        self.isReused = False
        self.isFull = False
        self._reading = True
        # Whether the transport's socket may be written to directly.
        self._plain = False
        self._socket: socket | None = None
        self.phase = Phase.CONNECTING
        self.since = self._seconds()

    # Facts

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
            secure=self._secure,
            peerCertificate=certificate,
        )

    # What the transport calls

    def connectionMade(self) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        transport: Any = self.transport
        transport.registerProducer(self, True)
        # A transport that is lost doesn't know them any more.
        self._peer = transport.getPeer()
        self._host = transport.getHost()
        self._plain = isPlainSocket(transport)
        self._socket = socketOf(transport)
        tune(transport)

    def pauseProducing(self) -> None:
        """
        See L{IPushProducer}: the transport takes no more just now.
        """
        self.isFull = True

    def resumeProducing(self) -> None:
        """
        See L{IPushProducer}: the transport takes more.
        """
        self.isFull = False
        if not self._plain:
            finishClosing(self.transport)
        self.since = self._seconds()

    def stopProducing(self) -> None:
        """
        See L{IPushProducer}: the transport is gone, and C{connectionLost} is
        about to say so.

        If it noticed when it tried to write, then there may be something that
        it hasn't read: a response that came before all of the request was
        sent, most likely (RFC 9112, section 9.6 says how it gets lost).
        """
        below = self._socket
        if below is None:
            return
        receiver = beneath(self.transport).protocol
        for _ in range(MAX_LEFT):
            if self.phase is not Phase.BUSY:
                return
            try:
                data = below.recv(READ_AHEAD)
            except OSError:
                return
            if not data:
                return
            receiver.dataReceived(data)

    # Writing

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

    # Reading and closing

    def _stopReading(self) -> None:
        if self._reading:
            self._reading = False
            transport: Any = self.transport
            transport.pauseProducing()

    def resumeReading(self) -> None:
        """
        Take what comes, if it wasn't taken before.
        """
        self.since = self._seconds()
        if not self._reading and self.phase not in DEAD:
            self._reading = True
            transport: Any = self.transport
            transport.resumeProducing()

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

    def _shut(self) -> None:
        self.phase = Phase.CLOSING
        self.since = self._seconds()
        transport: Any = self.transport
        if transport is not None:
            # A transport with a producer waits for it before it closes.
            transport.unregisterProducer()
