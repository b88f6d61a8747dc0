"""
A connection that isn't taken.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Protocol


class Unwelcome(Protocol):
    """
    Closes at once.

    A factory could return L{None} instead of a protocol.  But one inside
    another, as for TLS or the PROXY protocol, gets its L{None} wrapped by
    Twisted, which then fails when the connection is made, for everybody to
    read in the log, and leaves it open for ever.
    """

    def connectionMade(self) -> None:
        """
        See L{twisted.internet.interfaces.IProtocol}.
        """
        transport: Any = self.transport
        transport.loseConnection()
