"""
What carries a session: a transport of Twisted's.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IPushProducer, ISSLTransport

from penstock.core.direct import finishClosing, isPlainSocket, tune, writeNow
from penstock.core.interfaces import ConnectionInfo
from penstock.core.queues import unsent


class Carrier:
    """
    The transport of one session, from L{open} on.
    """

    def __init__(self) -> None:
        self._transport: Any = None
        self._isPlain = False

    def open(self, transport: Any, producer: IPushProducer) -> None:
        """
        There is a connection.

        @param producer: is told whether the transport takes more.
        """
        self._transport = transport
        self._isPlain = isPlainSocket(transport)
        tune(transport)
        transport.registerProducer(producer, True)

    def describe(self, name: str) -> ConnectionInfo:
        """
        @param name: of the session, for logs.

        @return: what is known of the connection now; of an encrypted one the
            peer's certificate only after the handshake.
        """
        transport = self._transport
        secure = ISSLTransport.providedBy(transport)
        return ConnectionInfo(
            "rpc",
            name,
            transport.getPeer(),
            transport.getHost(),
            secure,
            transport.getPeerCertificate() if secure else None,
        )

    def write(self, pieces: list[bytes]) -> None:
        """
        Write one frame.
        """
        transport = self._transport
        if len(pieces) == 3:
            # A block of content, mostly, and not worth a copy.
            transport.writeSequence(pieces)
        elif self._isPlain:
            # At once, so that the peer is at work while we are.
            writeNow(transport, b"".join(pieces))
        else:
            transport.write(b"".join(pieces))

    @property
    def unsent(self) -> int:
        """
        Octets that were written and haven't arrived, as far as that can be
        seen.
        """
        return unsent(self._transport)

    def resumed(self) -> None:
        """
        The transport has asked for more.
        """
        finishClosing(self._transport)

    def close(self) -> None:
        """
        Close the connection when all is sent and the peer has closed it, too.
        If it were closed before, what the peer is still sending would reset
        it, and what the peer hasn't got yet would be lost.
        """
        # Or the transport would wait for it.
        self._transport.unregisterProducer()
        if self._isPlain:
            self._transport.loseWriteConnection()
        else:
            # With TLS, this waits for the peer.
            self._transport.loseConnection()

    def abort(self) -> None:
        """
        Close the connection now.
        """
        self._transport.unregisterProducer()
        self._transport.abortConnection()
