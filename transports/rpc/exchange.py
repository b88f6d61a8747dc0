"""
Exchanges over RPC: what they put into messages, and when.

Each exchange has its own credit, and a backlog of the content that can't go
yet.  What can, goes into the frame of this turn: see
L{penstock.transports.rpc.output}.  A head waits until the end of the turn for
the content that mostly follows at once, so that a short message is one in
every sense.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from penstock.core.errors import ExchangeLost, LimitExceeded, PeerProtocolError
from penstock.core.exchange import Exchange
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.rpc.backlog import Backlog
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.heads import Malformed, readTrailers, trailersOf
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    Credit,
    Fields,
    Reason,
    StopProducing,
    reasonOf,
)
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.progress import Arrival, Ending, Wire
from penstock.transports.rpc.violation import Violation

# Octets of content that go with their head: more is better sent apart than
# copied twice.
WITH_HEAD: Final = 8 * 1024

# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Wire.OPEN
_CLOSED: Final = Wire.CLOSED
_NONE: Final = Ending.NONE
_DUE: Final = Ending.DUE
_SENT: Final = Ending.SENT
_ALL: Final = Arrival.ALL
_FLOWING: Final = Inflow.OPEN


class Owner(Protocol):
    """
    The direction that an exchange is in, as the exchange knows it.
    """

    output: Output
    limits: RPCLimits

    @property
    def info(self) -> ConnectionInfo:
        """
        What is known of the connection.
        """

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} from the event loop, soon.
        """

    consumed: Callable[[int], None]
    """To be called with a number of octets: there is room for as many more,
    whatever exchange they are for."""

    def abandon(self, exchange: Any, reason: Reason, text: str = "") -> None:
        """
        C{exchange} is over on the wire.  Tell the peer, if it knows of it.
        """


class RPCExchange(Exchange):
    """
    What serving and calling have in common.

    @ivar wire: whether it has a place at the peer.
    @ivar number: the exchange's number; 0 before its request was sent.
    @ivar arrival: how much of the incoming message has arrived.
    @ivar sentContent: octets of content that were sent so far.
    """

    # The number of the message for content.
    _contentMethod: int

    wire: Wire
    arrival: Arrival
    sentContent: int = 0
    # Octets of content that an incoming Content-Length still promises.
    _expected: int | None = None
    # A head that wasn't sent yet, and content to go with it.
    _head: Any = None
    _first: bytes | None = None
    _backlog: Backlog | None = None
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

        @param credit: octets of content that the peer takes.
        """
        self.wire = wire
        self.arrival = arrival
        self._owner = owner
        self._output = owner.output
        self.number = number
        self._credit = credit
        # Octets of content that the peer may still send.
        self._window = owner.limits.window

    # Facts

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
        return self._backlog is not None

    # For the session

    def dataArrived(self, data: bytes) -> None:
        """
        Some content has come.

        @raise Violation: if it is more than there was credit for.
        """
        size = len(data)
        self._window -= size
        if self._window < 0:
            raise Violation("more content than there is credit for an exchange")
        expected = self._expected
        if expected is not None:
            if size > expected and self._inflow is _FLOWING:
                self._owner.consumed(size)
                self.giveUp(
                    PeerProtocolError("the content is longer than it should be")
                )
                return
            self._expected = expected - size
        self.contentReceived(data)

    def endArrived(self, fields: Fields | None) -> None:
        """
        The incoming message is complete.

        @param fields: its trailers.
        """
        trailers = None
        if (self._expected or fields) and self._inflow is _FLOWING:
            try:
                if self._expected:
                    raise Malformed(400, "the content is shorter than it should be")
                trailers = readTrailers(fields, self._owner.limits)
            except Malformed as problem:
                self.giveUp(PeerProtocolError(problem.reason))
                return
        self.arrival = _ALL
        self._messageArrived()
        self.contentEnded(trailers)

    def creditReceived(self, octets: int) -> int:
        """
        The peer takes more of this exchange's content.

        @return: how much it takes now.
        """
        self._credit += octets
        if self._backlog is not None:
            self._getInLine()
        return self._credit

    def peerStopped(self) -> None:
        """
        The peer doesn't want the rest of the content.
        """
        raise NotImplementedError

    def giveUp(self, problem: ExchangeLost) -> None:
        """
        It can't go on: both ends hear of it.
        """
        self._owner.abandon(self, reasonOf(problem), str(problem))
        self.lose(problem)

    def detach(self) -> None:
        """
        It is over on the wire: nothing is sent from now on.
        """
        self.wire = _CLOSED
        self._dropBacklog()
        self._head = None
        if self._first is not None:
            self._output.credit += len(self._first)
            self._first = None

    # For the output

    def urgentTurn(self) -> None:
        """
        See L{penstock.transports.rpc.output.Sender}.
        """
        if self.wire is _OPEN:
            if self._ending is _DUE and self._backlog is None:
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
        backlog = self._backlog
        if backlog is None or self.wire is not _OPEN:
            return 0
        output = self._output
        size = min(output.block, output.credit, self._credit, backlog.size)
        self._sendNow(backlog.take(size))
        if backlog.size:
            self._getInLine()
            return size
        self._backlog = None
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
        if self.wire is _CLOSED or self._ending is _SENT:
            # Or the peer has stopped it.
            return
        output = self._output
        size = len(data)
        if self._backlog is None and size <= self._credit and size <= output.credit:
            if self._head is not None:
                first = self._first
                if size + (0 if first is None else len(first)) <= WITH_HEAD:
                    self._putWithHead(data)
                    return
            if size <= output.block and self.wire is _OPEN and output.isDirect():
                if self._head is not None:
                    self._emitHead()
                    if self.isClosed:
                        return
                self._sendNow(data)
                return
        if self._backlog is None:
            self._backlog = Backlog()
        self._backlog.append(data)
        self._getInLine()
        self.outputBlocked()

    def _sendEnd(self, trailers: Headers | None) -> None:
        """
        See L{Exchange}.
        """
        if self.wire is _CLOSED or self._ending is _SENT:
            # Or the peer has stopped it.
            return
        self._outTrailers = trailersOf(trailers)
        self._ending = _DUE
        if self._backlog is None and self.wire is _OPEN:
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
            if 2 * self._returned >= owner.limits.window:
                octets, self._returned = self._returned, 0
                self._window += octets
                self._output.send(encode(Credit(self.number, octets)))

    # Within

    def _messageArrived(self) -> None:
        """
        All of the incoming message has come.
        """

    def _putWithHead(self, data: bytes) -> None:
        """
        Have C{data} sent in the message for the head.
        """
        size = len(data)
        self._credit -= size
        self._output.credit -= size
        self.sentContent += size
        self._first = data if self._first is None else self._first + data

    def _emitHead(self, complete: bool = False) -> None:
        """
        Send the head that was put aside, with the content that goes with it.

        @param complete: whether that is all.
        """
        raise NotImplementedError

    def _emitEnd(self) -> None:
        """
        Send the end of the message, all else of which was sent.
        """
        raise NotImplementedError

    def _isTooLong(self, content: bytes | None) -> None:
        """
        The peer takes no head that is so long.

        @param content: what was to go with it.
        """
        # Its credit is given back with it.
        self._first = content
        self.giveUp(LimitExceeded("the head is longer than the peer takes"))

    def _sendNow(self, data: bytes) -> None:
        self._credit -= len(data)
        self.sentContent += len(data)
        self._output.sendContent(self._contentMethod, self.number, data)

    def _dropBacklog(self) -> None:
        self._backlog = None
        if self._inRing:
            # Now: its turn may never come, if the peer gives no credit.
            self._inRing = False
            self._output.ring.remove(self)

    def _getInLine(self) -> None:
        if not self._inRing and self._credit > 0 and self.wire is _OPEN:
            self._inRing = True
            self._output.ring.append(self)
            self._output.touch()
