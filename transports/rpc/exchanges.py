"""
Exchanges over RPC: what they put into messages, and when.

Each exchange has its own credit, and a queue for the content that can't go
yet.  What can, goes into the frame of this turn: see
L{penstock.transports.rpc.output}.  A head waits until the end of the turn for
the content that mostly follows at once, so that a short message is one in
every sense.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final, Protocol

from penstock.core.errors import LimitExceeded
from penstock.core.exchange import Exchange
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.heads import trailersOf
from penstock.transports.rpc.messages import (
    Credit,
    Fields,
    Reason,
    StopProducing,
)
from penstock.transports.rpc.output import Output

# Octets of content that go with their head: more is better sent apart than
# copied twice.
WITH_HEAD: Final = 8 * 1024


class Wire(Enum):
    """
    What an exchange has to do with its connection.
    """

    WAITING = auto()
    """Nothing yet."""

    OPEN = auto()
    """It is, or is about to be, known at the other end."""

    CLOSED = auto()
    """Nothing any more."""


class Ending(Enum):
    """
    Whether the end of the outgoing message was sent.
    """

    NONE = auto()
    """It isn't at its end."""

    DUE = auto()
    """It is, but something before that wasn't sent."""

    SENT = auto()
    """It was."""


class Arrival(Enum):
    """
    How much of the incoming message has arrived.
    """

    NOTHING = auto()
    """No head (of a response)."""

    HEAD = auto()
    """The head, and perhaps some content."""

    ALL = auto()
    """All."""


# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Wire.OPEN
_CLOSED: Final = Wire.CLOSED
_NONE: Final = Ending.NONE
_DUE: Final = Ending.DUE
_ALL: Final = Arrival.ALL
_FLOWING: Final = Inflow.OPEN


class Owner(Protocol):
    """
    The session, as its exchanges know it.
    """

    output: Output
    window: int
    """Octets of content that the peer may send ahead, for each exchange."""

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} soon.
        """

    nextNumber: int
    """The number of the next exchange that is started."""

    def opened(self, exchange: RPCExchange) -> None:
        """
        The request of C{exchange} goes out now, with L{nextNumber}.
        """

    def closed(self, exchange: RPCExchange) -> None:
        """
        C{exchange} was over on the wire with what it has sent last.
        """

    def abandon(self, exchange: RPCExchange, reason: Reason, text: str = "") -> None:
        """
        Tell the peer that C{exchange} is given up, if it knows of it.
        """

    consumed: Callable[[int], None]
    """To be called with a number of octets: there is room for as many more,
    whatever exchange they are for."""

    def factsOf(self, exchange: RPCExchange) -> ConnectionInfo:
        """
        @return: what is known of the connection.
        """


class RPCExchange(Exchange):
    """
    What serving and calling have in common.

    @ivar wire: whether it has a place at the peer.
    @ivar number: the exchange's number; 0 before its request was sent.
    @ivar arrival: how much of the incoming message has arrived.
    @ivar window: octets of content that the peer may still send.
    @ivar expected: octets of content that Content-Length still promises us.
    @ivar sentContent: octets of content that were sent so far.
    """

    # The number of the message for content.
    _contentMethod: int

    wire: Wire
    arrival: Arrival
    expected: int | None = None
    sentContent: int = 0
    # A head that wasn't sent yet, and content to go with it.
    _head: Any = None
    _first: bytes | None = None
    _queue: deque[bytes | memoryview] | None = None
    _queued: int = 0
    _ending: Ending = _NONE
    _outTrailers: Fields | None = None
    _inRing: bool = False
    # Octets consumed, for which the peer has no new credit yet.
    _returned: int = 0

    def _setUp(
        self, owner: Owner, number: int, credit: int, wire: Wire, arrival: Arrival
    ) -> None:
        """
        In place of C{__init__}, since there are two of them to inherit from.
        """
        self.wire = wire
        self.arrival = arrival
        self._owner = owner
        self._output = owner.output
        self.number = number
        self._credit = credit
        self.window = owner.window

    # Facts

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        return self._owner.factsOf(self)

    @property
    def isClosed(self) -> bool:
        """
        Whether there is nothing more to come for it, or from it.
        """
        return self.wire is _CLOSED

    @property
    def isStarving(self) -> bool:
        """
        Whether content waits to be sent.
        """
        return self._queue is not None

    # For the session

    def creditReceived(self, octets: int) -> int:
        """
        The peer takes more of this exchange's content.

        @return: how much it takes now.
        """
        self._credit += octets
        if self._queue is not None:
            self._getInLine()
        return self._credit

    def detach(self) -> None:
        """
        It is over on the wire: nothing is sent from now on.
        """
        self.wire = _CLOSED
        self._queue = None
        self._queued = 0
        self._head = None
        if self._first is not None:
            self._output.credit += len(self._first)
            self._first = None

    def peerStopped(self) -> None:
        """
        The peer doesn't want the rest of the content.
        """
        raise NotImplementedError

    # For the output

    def urgentTurn(self) -> None:
        """
        See L{penstock.transports.rpc.output.Sender}.
        """
        if self.wire is _OPEN:
            if self._ending is _DUE and self._queue is None:
                self._emitEnd()
            elif self._head is not None:
                self._emitHead()

    def contentTurn(self) -> int:
        """
        See L{penstock.transports.rpc.output.Sender}.
        """
        self._inRing = False
        if self._head is not None:
            self._emitHead()
        queue = self._queue
        if queue is None or self.wire is not _OPEN:
            return 0
        output = self._output
        size = min(output.block, output.credit, self._credit, self._queued)
        self._queued -= size
        self._sendNow(take(queue, size))
        if queue:
            self._getInLine()
            return size
        self._queue = None
        if self._ending is _DUE:
            self._emitEnd()
        else:
            self.outputReady()
        return size

    # From the exchange machine

    def _sendData(self, data: bytes) -> None:
        """
        See L{Exchange}.
        """
        if self.wire is _CLOSED or self._isUnwanted():
            return
        output = self._output
        size = len(data)
        if self._queue is None and size <= self._credit and size <= output.credit:
            if self._head is not None:
                first = self._first
                if size + (0 if first is None else len(first)) <= WITH_HEAD:
                    self._credit -= size
                    output.credit -= size
                    self.sentContent += size
                    self._first = data if first is None else first + data
                    return
            if size <= output.block and self.wire is _OPEN and output.isDirect():
                if self._head is not None:
                    self._emitHead()
                    if self.isClosed:
                        return
                self._sendNow(data)
                return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(data)
        self._queued += size
        self._getInLine()
        self.outputBlocked()

    def _sendEnd(self, trailers: Headers | None) -> None:
        """
        See L{Exchange}.
        """
        if self.wire is _CLOSED or self._isUnwanted():
            return
        self._outTrailers = trailersOf(trailers)
        self._ending = _DUE
        if self._queue is None and self.wire is _OPEN:
            if self._output.isDirect():
                self._emitEnd()
            else:
                self._output.urgent.append(self)
                self._output.touch()

    def _sendAbort(self) -> None:
        """
        See L{Exchange}.
        """
        self._owner.abandon(self, Reason.DONE)

    def _later(self, call: Callable[[], None]) -> None:
        """
        See L{Exchange}.
        """
        self._owner.later(call)

    def _contentStopped(self) -> None:
        """
        See L{Exchange}.
        """
        if self.wire is _OPEN and self.arrival is not _ALL and self.number:
            self._output.send(encode(StopProducing(self.number)))

    def _contentConsumed(self, size: int) -> None:
        """
        See L{Exchange}.
        """
        owner = self._owner
        owner.consumed(size)
        if self._inflow is _FLOWING and self.wire is _OPEN:
            self._returned += size
            # Half a window: rarely, and never so late that the peer has to
            # wait for it.
            if 2 * self._returned >= owner.window:
                octets, self._returned = self._returned, 0
                self.window += octets
                self._output.send(encode(Credit(self.number, octets)))

    # Within

    def _isUnwanted(self) -> bool:
        """
        @return: whether the peer has said that it doesn't want the content.
        """
        return False

    def _emitHead(self) -> None:
        """
        Send the head that was put aside.
        """
        raise NotImplementedError

    def _emitEnd(self) -> None:
        """
        Send the end of the message, all else of which was sent.
        """
        raise NotImplementedError

    def _sendOrFail(self, message: bytes) -> bool:
        """
        Send a head, which may be too long for the peer.
        """
        if self._output.sendFitting(message):
            return True
        problem = LimitExceeded("the head is longer than the peer takes")
        self._owner.abandon(self, Reason.LIMIT)
        self.lose(problem)
        return False

    def _sendNow(self, data: bytes) -> None:
        self._credit -= len(data)
        self.sentContent += len(data)
        self._output.sendContent(self._contentMethod, self.number, data)

    def _getInLine(self) -> None:
        if not self._inRing and self._credit > 0 and self.wire is _OPEN:
            self._inRing = True
            self._output.ring.append(self)
            self._output.touch()


def take(queue: deque[bytes | memoryview], size: int) -> bytes:
    """
    Take C{size} octets from the front of C{queue}, which has them.
    """
    first = queue[0]
    if len(first) == size:
        queue.popleft()
        return bytes(first)
    if len(first) > size:
        # A view, since what is left would be copied for each block.
        view = memoryview(first)
        queue[0] = view[size:]
        return bytes(view[:size])
    parts = []
    while size:
        part = queue.popleft()
        if len(part) > size:
            view = memoryview(part)
            queue.appendleft(view[size:])
            part = view[:size]
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
