"""
A connection of the serving end: splits it into requests, one at a time and in
order.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.direct import finishClosing
from penstock.core.errors import (
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
)
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.transports.http1.channel_request import ChannelRequest
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.intake import Intake
from penstock.transports.http1.request_head import RequestHead, requestLine
from penstock.transports.http1.switching import SwitchingConnection
from penstock.transports.http1.writer import Framing, Persistence

if TYPE_CHECKING:
    from penstock.transports.http1.factory import HTTPFactory

_log: Final = Logger()


# Requests of one connection that are begun before others get a turn: a read
# can bring two thousand, and each may take a while.
TURN: Final = 64

_PERSISTENCE: Final = {(1, 1): Persistence.IMPLIED, (1, 0): Persistence.KEEP_ALIVE}


_HEAD: Final = Intake.HEAD
_CONTENT: Final = Intake.CONTENT
_WHOLE: Final = Intake.WHOLE
_DRAIN: Final = Intake.DRAIN
_SWITCHED: Final = Intake.SWITCHED
_CLOSING: Final = Intake.CLOSING


@implementer(IHalfCloseableProtocol)
class HTTPChannel(SwitchingConnection):
    """
    One connection.

    The next request isn't parsed before the present response is finished; so
    responses are in order, an error is answered in its turn, and what waits is
    bytes.
    """

    # The peer sends nothing more.
    _ended = False

    def __init__(self, factory: HTTPFactory) -> None:
        super().__init__(factory)
        self._limits = factory.limits
        # As many requests are taken; less when shutting down.
        most = factory.limits.requests
        self._most = maxsize if most is None else most
        # Whether there may be another request after the present one.
        self._keep = True
        # More requests wait for the reactor's next turn.
        self._yielding = False

    # What Twisted calls

    def dataReceived(self, data: bytes) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        self._reads += 1
        if (
            self._intake is not _HEAD
            or self._gathering
            or self._yielding
            or self._blocked
        ):
            if self._isOver(data):
                return
            if self._intake is _CONTENT:
                self._sizeReads(len(data))
            head = None
        else:
            head = self._reader.recognize(data)
        if head is None:
            self._reader.receive(data)
        if self._yielding:
            self._regulate()
        elif not self._gathering:
            self._advance(head)

    def _isOver(self, data: bytes) -> bool:
        """
        @return: whether C{data} is none of HTTP's business, and so was dealt
            with here.
        """
        if self._intake is _SWITCHED:
            self._successor.dataReceived(data)
            return True
        if self._intake is _CLOSING:
            self._dropped += len(data)
            if self._dropped > self._limits.linger:
                self._close()
            return True
        return False

    def readConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.  Whoever stops sending in the middle of
        an exchange has, with few exceptions, gone; whoever does so after it
        may still be reading.
        """
        if self._intake is _SWITCHED:
            super().readConnectionLost()
        elif self._exchange is None and self._reader.buffered and self._isHeldUp():
            # It waited only for others, or for the peer to take what was
            # answered before.
            self._ended = True
        else:
            self._endOfInput()

    def _endOfInput(self) -> None:
        if self._exchange is None:
            self._close()
        else:
            self._breakOff(PeerGone("the peer closed the connection"))

    def _isHeldUp(self) -> bool:
        """
        @return: whether requests that are there could be begun later.
        """
        return self._intake is _HEAD and (self._blocked or self._yielding)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        self._intake = _CLOSING
        self._lost = True
        self._readPaused = False
        self._out.clear()
        self._reader.forget()
        self.factory.disconnected(self)
        self._lose(PeerGone("the connection was lost"))
        if not self._reads and reason.check("OpenSSL.SSL.Error"):
            # Somebody speaks HTTP where TLS is spoken, or another TLS.
            self._tellRefusal(None, "no TLS", b"")
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        """
        The transport wants no more.
        """
        self._blocked = True
        if self._exchange is not None:
            self._exchange.outputBlocked()

    def resumeProducing(self) -> None:
        """
        The transport wants more.
        """
        self._blocked = False
        if self._secure:
            finishClosing(self.transport)
        if self._exchange is not None:
            self._exchange.outputReady()
        if self._intake is _HEAD and not self._gathering:
            self._advance()

    # Taking requests

    def _advance(self, head: RequestHead | None = None) -> None:
        """
        Deal with what was received, as far as somebody wants it.

        @param head: a whole request without content, instead of what the
            reader has: nothing, then.
        """
        reader = self._reader
        last = self._requests + TURN
        self._gathering = True
        try:
            while True:
                intake = self._intake
                if intake is _HEAD:
                    if self._blocked:
                        # More answers would only pile up.
                        break
                    if head is not None:
                        reads = self._reads
                        self._begin(head)
                        head = None
                        if self._reads == reads and self._intake is _HEAD:
                            break
                        continue
                    if self._requests >= last and reader.buffered:
                        self._yield()
                        break
                    event = reader.nextEvent()
                    if type(event) is RequestHead:
                        self._begin(event)
                    elif type(event) is Rejected:
                        self._refuse(event)
                    else:
                        break
                elif intake is _CONTENT:
                    if not self._takeContent():
                        break
                elif intake is _DRAIN:
                    if not self._dropContent():
                        break
                else:
                    break
        finally:
            self._gathering = False
        if self._out:
            self.flush()
        if self._intake is not _HEAD or self._blocked or self._readPaused:
            self._regulate()
        if self._ended and self._intake is not _CLOSING and not self._isHeldUp():
            self._endOfInput()

    def _yield(self) -> None:
        """
        Let others have a turn.
        """
        if not self._yielding:
            self._yielding = True
            self.factory.clock.callLater(0, self._goOn)

    def _goOn(self) -> None:
        self._yielding = False
        if self._intake is not _CLOSING and not self._gathering:
            self._advance()

    def _begin(self, head: RequestHead) -> None:
        self._requests += 1
        self._keep = head.keepAlive and self._requests < self._most
        self._dropped = 0
        exchange = self._exchange = ChannelRequest(self, head)
        if self._secure:
            exchange.certifiedHosts = self._certifiedHosts
        if head.contentLength == 0:
            self._reader.skipEnd()
            self._intake = _WHOLE
            self._expects = False
        else:
            self._intake = _CONTENT
            self._expects = head.expectContinue
            self._mayBeWhole = None
        if head.method == b"CONNECT":
            # What follows would be for somebody else, and so isn't parsed.
            self._exchange = None
            self._refuse(Rejected(501, "CONNECT"), requestLine(head))
            return
        exchange.begin(
            self.factory.requestFactory,
            head.method,
            head.target,
            head.version,
            head.fields.shared(),
            head.contentLength,
        )
        if self._intake is _WHOLE and self._exchange is exchange:
            exchange.contentEnded()

    def _takeContent(self) -> bool:
        """
        @return: whether to go on.
        """
        exchange = self._exchange
        if exchange is None or exchange.paused or self._isOverfed():
            return False
        event = self._reader.nextEvent()
        if type(event) is Data:
            self._expects = False
            self._content += len(event.data)
            if exchange.inflow is Inflow.STOPPED:
                self._dropped += len(event.data)
            exchange.contentReceived(event.data)
        elif type(event) is End:
            self._expects = False
            self._intake = _WHOLE
            self._sizeReads(0)
            trailers = event.trailers
            exchange.contentEnded(
                None if trailers is None else Headers.trusted(trailers)
            )
        elif type(event) is Rejected:
            kind = LimitExceeded if event.code == 431 else PeerProtocolError
            self._failContent(exchange, kind(event.reason), event)
        else:
            return False
        return True

    def _dropContent(self) -> bool:
        """
        @return: whether to go on.
        """
        event = self._reader.nextEvent()
        if type(event) is Data:
            self._dropped += len(event.data)
            if self._isOverfed():
                self._endDrain(413)
        elif type(event) is End:
            self._intake = _HEAD
            self._sizeReads(0)
            self._switch()
        elif type(event) is Rejected:
            self._logRefusal(event)
            self._endDrain(event.code)
        else:
            return False
        return True

    def _isOverfed(self) -> bool:
        """
        @return: whether more was dropped than the connection is worth.
        """
        return self._dropped > self._limits.drain

    def _regulate(self) -> None:
        """
        Read, or stop reading.
        """
        intake = self._intake
        if intake is _CONTENT:
            exchange = self._exchange
            stop = exchange is not None and (exchange.paused or self._isOverfed())
        elif intake is _WHOLE or self._isHeldUp():
            stop = self._reader.buffered > self._limits.backlog
        else:
            stop = False
        if stop is not self._readPaused and intake is not _CLOSING:
            self._setReading(not stop)

    # For the exchange

    def intermediateSent(self, code: int) -> None:
        """
        An interim response C{code} was written.
        """
        self._interims += 1
        if code == 100:
            self._expects = False

    def isPlain(self) -> bool:
        """
        @return: whether the head of a response has nothing to say about the
            connection, nor the request any content left: the plain case,
            which L{persistence} would come to as well.
        """
        return self._keep and self._intake is _WHOLE

    def persistence(self, code: int, framing: Framing) -> Persistence:
        """
        Decide, with the head of a response, whether there can be another
        request.

        @return: what that head has to say about it.
        """
        exchange = self._exchange
        if exchange is None:
            return Persistence.CLOSE
        if framing is Framing.CLOSE:
            self._keep = False
        elif self._keep and self._intake is _CONTENT:
            # An early answer.  If the request goes on reading, all is well,
            # but who answers with an error rarely does.
            if code >= 300 or exchange.inflow is Inflow.STOPPED:
                # Chunks may come without end, and whoever was told that there
                # can be another request must not lose it.
                self._keep = (
                    self._reader.remaining is not None and self._isWorthDraining()
                )
            elif self._expects:
                self._keep = False
        if not self._keep:
            return Persistence.CLOSE
        return _PERSISTENCE[exchange.head.version]

    def _isWorthDraining(self) -> bool:
        """
        @return: whether to read on through content that nobody wants.
        """
        if self._expects:
            # It may come or not, and nobody could tell it from a request.
            return False
        remaining = self._reader.remaining
        return (remaining or 0) + self._dropped <= self._limits.drain

    def responseEnded(self) -> None:
        """
        The present response is written.
        """
        exchange, self._exchange = self._exchange, None
        if not self._keep:
            if (
                self._intake is _CONTENT
                or self._reader.buffered
                or self._isSlow()
                or self._mayHaveMore(exchange)
            ):
                self._linger()
            else:
                self._close()
        elif self._intake is _WHOLE:
            self._intake = _HEAD
        elif self._isWorthDraining():
            self._intake = _DRAIN
        else:
            self._linger()
        if not self._gathering and self._intake is not _CLOSING:
            self._advance()

    def _mayHaveMore(self, exchange: ChannelRequest | None) -> bool:
        """
        @return: whether the peer, that could not know that C{exchange} would
            be the last, may have sent another request, which would reset the
            connection if it found it closed.
        """
        # RFC 9112, section 9.3.2: with HTTP/1.1, one may.
        return (
            exchange is not None
            and exchange.head.keepAlive
            and exchange.head.version == (1, 1)
        )

    def handOver(self, head: bytes, protocol: Any) -> None:
        """
        See L{SwitchingConnection.handOver}.
        """
        super().handOver(head, protocol)
        if self._intake is _DRAIN and not self._gathering:
            self._advance()

    def contentPaused(self) -> None:
        """
        The request wants no content just now.
        """
        if not self._gathering:
            self._regulate()

    def contentResumed(self) -> None:
        """
        The request wants content, or wants none of it any more.
        """
        if self._intake is _CONTENT and not self._gathering:
            self._advance()

    def sendFile(
        self,
        exchange: ChannelRequest,
        file: BinaryIO,
        offset: int,
        length: int,
        done: Callable[[], None],
    ) -> bool:
        """
        @return: whether a part of C{file} is sent in a better way than by
            reading it.
        """
        return self._sendFileAtOnce(
            file,
            offset,
            length,
            done,
            lambda offset, length: exchange.sendRest(file, offset, length, done),
            lambda: self._shortFile(exchange),
        )

    def _shortFile(self, exchange: ChannelRequest) -> None:
        _log.error("A file became shorter while it was being sent")
        exchange.abortConnection()

    # Ending

    def shutdown(self) -> None:
        """
        Finish what is under way, and take one more request at most: it may
        have been sent already.
        """
        self._keep = False
        self._most = 0
        if self._intake is _DRAIN:
            self._endDrain(503)
