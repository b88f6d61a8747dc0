"""
One request on its way to a server, and its response on the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

from twisted.internet.interfaces import IReactorTime

from penstock.core.exchange import CallingExchange
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.order import Stage
from penstock.transports.http1.writer import chunk, lastChunk

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from penstock.transports.http1.client_connection import ClientConnection
    from penstock.transports.http1.limits import Limits

# Octets of content that are kept, in case a connection that is used again turns
# out to be dead; and that are put together for a server that must know their
# length.  One block of what is commonly read at a time; those who send more have
# to be able to begin anew themselves.
MAX_KEPT: Final = 64 * 1024

_numbers: Final = count(1)


class Outlet(Enum):
    """
    Where that goes which a request has to send.
    """

    WAITING = auto()
    """There is no connection yet: it is kept."""

    HELD = auto()
    """The head has gone out, the content is kept until the server says
    whether it wants it (RFC 9110, section 10.1.1)."""

    OPEN = auto()
    """To the connection."""

    SHUT = auto()
    """Nowhere: nobody will read it any more."""


class ConnectionOwner(Protocol):
    """
    What a connection and an exchange need of whoever has made them.
    """

    clock: IReactorTime
    continueTimeout: float
    limits: Limits
    secure: bool
    isOld: bool
    """What the last response said: the server speaks HTTP/1.0 and no more."""

    def connectionReady(self, connection: ClientConnection) -> None:
        """
        C{connection} is idle, for the first time or again.
        """

    def connectionGone(self, connection: ClientConnection) -> None:
        """
        C{connection}, which was ready once, is closed.
        """

    def attemptFailed(self, connection: ClientConnection, reason: Failure) -> None:
        """
        C{connection} was closed before it was ready.
        """

    def exchangeStartsAgain(self, exchange: ClientExchange) -> None:
        """
        C{exchange} wants another connection, since the one that it was on is
        dead, and about to be gone.
        """

    def exchangeForgotten(self, exchange: ClientExchange) -> None:
        """
        C{exchange}, which waits for a connection, doesn't want one any more.
        """

    def exchangeGathered(self, exchange: ClientExchange) -> None:
        """
        C{exchange}, which had to know the length of its content first, is ready
        for a connection.
        """


class ClientExchange(CallingExchange):
    """
    One request and its response.

    Born blocked: producers wait until there is a connection, what is written
    without one is kept in order.

    @ivar since: when it began to wait for a connection.
    @ivar started: when it began, where that matters to the owner.
    """

    __slots__ = (
        "_again",
        "_chunked",
        "_connection",
        "_head",
        "_hold",
        "_holding",
        "_id",
        "_kept",
        "_outlet",
        "_owner",
        "_queue",
        "_room",
        "since",
        "started",
    )

    def __init__(
        self,
        owner: ConnectionOwner,
        method: bytes,
        head: bytes,
        callbacks: Any,
        *,
        hasContent: bool = False,
        length: int | None = None,
        chunked: bool = False,
        hold: bool = False,
        again: bool = False,
    ) -> None:
        """
        @param head: the head of the request, as it goes on the wire.
        @param length: what Content-Length promises, if anything.
        @param chunked: whether the content goes out in chunks.
        @param hold: whether to wait for 100 (Continue) with the content.
        @param again: whether it may start again, if a connection that was kept
            alive turns out to be dead; and does, as long as there is no more
            content than L{MAX_KEPT}.
        """
        super().__init__(method, callbacks, hasContent, length)
        self._owner = owner
        self._head = head
        self._chunked = chunked
        self._hold = hold
        self._holding: Any = None
        self._outlet = Outlet.WAITING
        self._queue: list[bytes] = []
        self._connection: ClientConnection | None = None
        self._id = 0
        # Whether it may start again, what it has sent of its content, which
        # is needed for that, and how much more of it may be kept.
        self._again = again
        self._kept: list[bytes] = []
        self._room = MAX_KEPT
        self._blocked = True
        self.since = self.started = 0.0

    # Facts

    gathers = False
    """Whether it asks for a connection by itself, when it is ready."""

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        What is known of the connection: little before there is one.
        """
        if not self._id:
            self._id = next(_numbers)
        connection = self._connection
        if connection is None:
            return ConnectionInfo(
                "http1", f"http1-out-{self._id}", secure=self._owner.secure
            )
        return connection.facts(f"http1-out-{self._id}")

    @property
    def isHead(self) -> bool:
        """
        Whether the response has no content, whatever its fields say.
        """
        return self._isHead

    @property
    def isOver(self) -> bool:
        """
        Whether the callbacks have had all, or want nothing any more.
        """
        return self._over

    @property
    def isSent(self) -> bool:
        """
        Whether all of the request has been given to the connection.
        """
        return self._stage is Stage.FINISHED and self._outlet is Outlet.OPEN

    @property
    def isWritten(self) -> bool:
        """
        Whether the caller has written all of the request, or need not.
        """
        return self._stage is Stage.FINISHED or self._outlet is Outlet.SHUT

    @property
    def isHeld(self) -> bool:
        """
        Whether the content waits for the server to ask for it.
        """
        return self._outlet is Outlet.HELD

    # For the connection

    def attach(self, connection: ClientConnection) -> None:
        """
        There is a connection: send what there is.
        """
        self._connection = connection
        if not connection.isReused:
            # A new one is dead only if the server is.
            self._again = False
        if self._hold:
            self._outlet = Outlet.HELD
            self._holding = self._owner.clock.callLater(
                self._owner.continueTimeout, self.release
            )
            connection.writeAll(self._head)
        elif self._stage is Stage.FINISHED and not self._queue:
            self._outlet = Outlet.OPEN
            connection.writeAll(self._head)
        else:
            data = self._head + self._open()
            if self._stage is Stage.FINISHED:
                connection.writeAll(data)
            else:
                # More is likely to follow in this turn of the event loop; the
                # transport joins it.
                connection.write(data)
            self._unblock()

    def release(self) -> None:
        """
        Send the content that was held: the server wants it, or doesn't say.
        """
        if self._outlet is Outlet.HELD and self._connection is not None:
            self._cancelHolding()
            data = self._open()
            if data:
                self._connection.write(data)
            self._unblock()

    def _open(self) -> bytes:
        """
        From now on, content goes to the connection.

        @return: what of it was written before.
        """
        self._outlet = Outlet.OPEN
        data = b"".join(self._queue)
        self._queue = []
        self._keep(data)
        return data

    def _keep(self, data: bytes) -> None:
        """
        C{data} is being sent, and may have to be sent again.
        """
        if self._again:
            self._kept.append(data)
            self._room -= len(data)
            if self._room < 0:
                self._again = False
                self._kept = []

    def shut(self) -> None:
        """
        The server reads no more of this request: drop the rest of it.
        """
        if self._outlet is not Outlet.SHUT:
            self._outlet = Outlet.SHUT
            self._cancelHolding()
            self._queue = []
            self._again = False
            self._kept = []
            self.outputBlocked()

    def detach(self) -> None:
        """
        There is no connection any more.
        """
        self._connection = None
        self.shut()

    def startAgain(self) -> bool:
        """
        The connection was dead before anything came over it.

        @return: whether this is sent once more, on another connection.
        """
        if not self._again or self._over:
            return False
        self._again = False
        self._connection = None
        self._cancelHolding()
        self._queue = self._kept + self._queue
        self._kept = []
        self._outlet = Outlet.WAITING
        self.outputBlocked()
        self._owner.exchangeStartsAgain(self)
        return True

    def transportPaused(self) -> None:
        """
        The connection takes no more just now.
        """
        self.outputBlocked()

    def transportResumed(self) -> None:
        """
        The connection takes more.
        """
        if self._outlet is Outlet.OPEN:
            self.outputReady()

    def _unblock(self) -> None:
        connection = self._connection
        if connection is not None and not connection.isFull:
            self.outputReady()

    def _cancelHolding(self) -> None:
        holding, self._holding = self._holding, None
        if holding is not None and holding.active():
            holding.cancel()

    # What the exchange machine wants

    def _sendData(self, data: bytes) -> None:
        self._put(chunk(data) if self._chunked else data)

    def _sendEnd(self, trailers: Headers | None) -> None:
        if self._chunked:
            self._put(lastChunk(trailers))
        if self._connection is not None:
            self._connection.requestWritten()

    def _put(self, data: bytes) -> None:
        outlet = self._outlet
        if outlet is Outlet.OPEN:
            if self._connection is not None:
                self._keep(data)
                self._connection.write(data)
        elif outlet is not Outlet.SHUT:
            self._queue.append(data)

    def _sendAbort(self) -> None:
        connection, self._connection = self._connection, None
        waiting = self._outlet is Outlet.WAITING
        self.shut()
        if connection is not None:
            # What the peer sends, and what it still waits for, can't be told
            # from another exchange's.
            connection.abort()
        elif waiting:
            self._owner.exchangeForgotten(self)

    def _later(self, call: Callable[[], None]) -> None:
        self._owner.clock.callLater(0, call)

    def _contentResumed(self) -> None:
        if self._connection is not None:
            self._connection.resumeReading()

    def _contentStopped(self) -> None:
        if self._connection is not None:
            self._connection.resumeReading()
