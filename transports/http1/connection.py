"""
A connection of the serving end, as something to write to and to close.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from twisted.internet.interfaces import IAddress, IPushProducer, ISSLTransport
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from penstock.core.certified import CertifiedHosts, certifiedHosts
from penstock.core.direct import (
    beneath,
    closeNow,
    hasQueue,
    isPlainSocket,
    tune,
    writeNow,
)
from penstock.core.interfaces import ConnectionInfo
from penstock.core.queues import unread, unsent
from penstock.transports.http1 import sendfile
from penstock.transports.http1.house import Admission

if TYPE_CHECKING:
    from penstock.transports.http1.factory import HTTPFactory

# Octets of answers that are gathered during one read before they are sent:
# what the transport takes before it asks for a pause.
GATHER: Final = 64 * 1024

# Octets that are read at a time, as Twisted has it; and while much content comes.
# A form of a gibibyte then takes half the processor time, since each read is a
# turn of the reactor and a word to the peer that there is room again.  To Twisted
# it is also how much may wait to be sent (Limits says what a connection holds).
READ: Final = 64 * 1024
LARGE_READ: Final = 256 * 1024

# A file up to this size is read and sent like other content: with its head,
# by one system call less.
SMALL_FILE: Final = 64 * 1024


@implementer(IPushProducer)
class ServerConnection(Protocol):
    """
    Writes and closes.

    What is written while C{_gathering} is joined and sent when that ends: all
    answers of one read by one system call.  A head that is written at another
    time waits for what follows it, or for the reactor's next turn.

    To its transport it is a push producer.
    """

    _written = 0
    """Octets given to the transport, or to its socket."""

    _blocked = False
    """The transport wants no more."""

    _gathering = False

    _readPaused = False

    _lost = False
    """The connection is gone."""

    _closed = False
    """The transport was told to close when all is sent."""

    _sender: sendfile.FileSender | None = None
    """What has the transport's ear instead of this, for a while."""

    admission: tuple[Admission, object] = (Admission.SERVED, None)
    """How it was let in, and what it is counted by."""

    hop: IAddress | None = None
    """Who has connected.  With the PROXY protocol, that isn't the peer."""

    def __init__(self, factory: HTTPFactory) -> None:
        self.factory = factory
        # What describeConnection says of every exchange.
        self._facts: tuple[Any, ...] | None = None

    def connectionMade(self) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        transport: Any = self.transport
        self._out: list[bytes] = []
        self._outSize = 0
        self._plain = isPlainSocket(transport)
        self._secure = ISSLTransport.providedBy(transport)
        # A transport that is lost doesn't know it any more.
        self._host = transport.getHost()
        self._put: Callable[[bytes], Any] = (
            partial(writeNow, transport) if self._plain else transport.write
        )
        tune(transport)
        transport.registerProducer(self, True)
        self.factory.connected(self, transport)

    # Facts

    @property
    def _peer(self) -> Any:
        transport: Any = self.transport
        return transport.getPeer()

    def describeConnection(self) -> ConnectionInfo:
        """
        @return: what is known, with a new request id.
        """
        if self._facts is None:
            transport: Any = self.transport
            certificate = None
            if self._secure and not self._lost:
                certificate = transport.getPeerCertificate()
            self._facts = (
                transport.getPeer(),
                self._host,
                self._secure,
                certificate,
            )
        return ConnectionInfo("http1", self.factory.requestId(), *self._facts)

    @cached_property
    def _certifiedHosts(self) -> CertifiedHosts | None:
        """
        See L{penstock.core.interfaces.IChannelRequest}.  Known after the
        handshake.
        """
        if self.hop in self.factory.trusted:
            return None
        return certifiedHosts(self.transport)

    # Writing

    def write(self, data: bytes) -> None:
        """
        Send C{data}, now or when this read has been dealt with.
        """
        if self._gathering:
            self._out.append(data)
            self._outSize += len(data)
            if self._outSize > GATHER:
                self.flush()
        elif self._out:
            self._out.append(data)
            self._outSize += len(data)
            self.flush()
        else:
            self._written += len(data)
            self._put(data)

    def writeHead(self, head: bytes) -> None:
        """
        Send C{head} with what follows it.
        """
        self._out.append(head)
        self._outSize += len(head)
        if not self._gathering:
            self.factory.flushSoon(self)

    def flush(self) -> None:
        """
        Send what was gathered.
        """
        out = self._out
        if out:
            if self._outSize > GATHER and len(out) > 1 and len(out[-1]) > GATHER:
                # Not to copy it is worth a system call; and who reads it slowly
                # would have us keep the copy.
                large = out.pop()
                self.flush()
                out.append(large)
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            self._outSize = 0
            self._written += len(data)
            self._put(data)

    def _unsent(self) -> int:
        """
        See L{unsent}.
        """
        return unsent(self.transport)

    def _unread(self) -> int:
        """
        @return: octets that have come and were not read, as far as that can be
            seen.
        """
        lowest = beneath(self.transport)
        if not hasQueue(lowest) or not lowest.connected:
            return 0
        return unread(lowest.socket)

    def _isSlow(self) -> bool:
        """
        @return: whether much of the last response is still on its way.  Once
            the socket is closed, nobody would see whether it ever arrives.
        """
        return self._written > GATHER and self._unsent() > GATHER

    def _taken(self) -> int:
        """
        @return: a number that changes when the peer takes something.
        """
        sender = self._sender
        return self._written - self._unsent() + (sender.offset if sender else 0)

    def _sendSmallFile(self, descriptor: int, offset: int, length: int) -> bool:
        """
        @return: whether that was all of it.
        """
        try:
            data = os.pread(descriptor, length, offset)
        except OSError:
            return False
        if len(data) < length:
            return False
        self.write(data)
        return True

    def _sendFileAtOnce(
        self,
        file: BinaryIO,
        offset: int,
        length: int,
        done: Callable[[], None],
        fellBack: Callable[[int, int], None],
        fellShort: Callable[[], None],
    ) -> bool:
        """
        Send a part of C{file} without a copy.

        @param done: called when it was sent.
        @param fellBack: called with what part is left if the kernel doesn't
            do this.
        @param fellShort: called if the file is shorter.

        @return: whether this will be done, and one of these called.
        """
        descriptor = sendfile.descriptorOf(file)
        if descriptor is None or offset < 0:
            return False
        if length <= SMALL_FILE and not self._blocked:
            if not self._sendSmallFile(descriptor, offset, length):
                return False
            done()
            return True
        if not self._plain or not sendfile.available:
            return False

        def ended(sender: sendfile.FileSender) -> None:
            self._sender = None
            self._written += sender.offset - offset
            transport.registerProducer(self, True)
            if self._blocked:
                self.resumeProducing()
            if not sender.left:
                done()
            elif sender.short:
                fellShort()
            else:
                fellBack(sender.offset, sender.left)

        transport: Any = self.transport
        self.flush()
        transport.unregisterProducer()
        self._sender = sendfile.FileSender(transport, descriptor, offset, length, ended)
        self._sender.start()
        return True

    # What the transport calls

    def pauseProducing(self) -> None:
        """
        See L{IPushProducer}: the transport wants no more.
        """
        self._blocked = True

    def resumeProducing(self) -> None:
        """
        See L{IPushProducer}: the transport wants more.
        """
        self._blocked = False

    def stopProducing(self) -> None:
        """
        See L{IPushProducer}.  C{connectionLost} follows, and does it all.
        """

    def writeConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}: our side is closed, as we asked.
        """

    # Reading and closing

    def _setReading(self, reading: bool) -> None:
        """
        Read, or don't.
        """
        if reading is self._readPaused:
            self._readPaused = not reading
            transport: Any = self.transport
            if reading:
                transport.resumeProducing()
            else:
                transport.pauseProducing()

    def _sizeReads(self, came: int) -> None:
        """
        Read more at a time while content comes faster than it is read.

        @param came: octets of the last read; 0 when the content is over.
        """
        if self._plain:
            transport: Any = self.transport
            transport.bufferSize = LARGE_READ if came >= READ else READ

    def _close(self) -> None:
        """
        Close when all is sent.
        """
        self._closed = True
        self._stopWriting()
        transport: Any = self.transport
        transport.loseConnection()

    def _closeOurSide(self) -> None:
        """
        Tell the peer that nothing more comes, when all is sent, but go on
        reading: a connection that is closed with something unread is reset,
        and with it goes what the peer has not read yet (RFC 9112, section
        9.6).
        """
        if self._secure:
            # TLS does just that, until the peer has closed its side as well.
            self._close()
        else:
            self._stopWriting()
            transport: Any = self.transport
            if hasattr(transport, "loseWriteConnection"):
                transport.loseWriteConnection()
        self._setReading(True)

    def _abort(self) -> None:
        """
        Close now, so that the peer sees that something is missing.
        """
        self.flush()
        transport: Any = self.transport
        transport.abortConnection()

    def _leave(self) -> None:
        """
        Close now, but let the kernel send what it has.  (To abort would be to
        take that back.)
        """
        self._stopWriting()
        if not closeNow(beneath(self.transport)):
            self._abort()

    def _stopWriting(self) -> None:
        self.flush()
        transport: Any = self.transport
        # Nothing closes while there is a producer.
        transport.unregisterProducer()
