"""
A connection of the serving end, as something that another protocol can have.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from penstock.transports.http1.intake import Intake
from penstock.transports.http1.watched import WatchedConnection
from penstock.transports.http1.writer import intermediateHead

_log: Final = Logger()


class SwitchingConnection(WatchedConnection):
    """
    Goes on with another protocol (RFC 9110, section 7.8).

    To the transport and to the factory, which counts and may want it to end,
    it is the same connection as before; it passes on what it is told.
    """

    # What has the connection.
    _successor: Any = None

    def handOver(self, head: bytes, protocol: Any) -> None:
        """
        The present exchange is over, and so is HTTP as soon as its content
        has come: it stands in the way of what follows.

        @param head: of the response with 101.
        @param protocol: L{twisted.internet.interfaces.IProtocol}.
        """
        self._exchange = None
        self._handOver = head, protocol
        if self._intake is Intake.WHOLE:
            self._switch()
        elif self._reader.remaining is not None and (
            self._reader.remaining + self._dropped > self.factory.limits.drain
        ):
            self._answer(413)
        else:
            if self._expects:
                # RFC 9110, section 7.8: first this, then that.
                self._expects = False
                self.write(intermediateHead(100))
            self._intake = Intake.DRAIN

    def _switch(self) -> None:
        """
        The request is whole: switch.
        """
        if self._handOver is None:
            return
        (head, protocol), self._handOver = self._handOver, None
        self._intake = Intake.SWITCHED
        self._successor = protocol
        rest = self._reader.takeRest()
        self._out.append(head)
        self._stopWriting()
        self._setReading(True)
        try:
            protocol.makeConnection(self.transport)
            if rest:
                protocol.dataReceived(rest)
        except Exception:
            # The caller is a request that knows nothing about it.
            _log.failure("A protocol failed as it was given a connection")
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        successor, self._successor = self._successor, None
        if successor is not None:
            successor.connectionLost(reason)

    def readConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.
        """
        if IHalfCloseableProtocol.providedBy(self._successor):
            self._successor.readConnectionLost()
        else:
            transport: Any = self.transport
            transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        See L{IHalfCloseableProtocol}.
        """
        if IHalfCloseableProtocol.providedBy(self._successor):
            self._successor.writeConnectionLost()
