"""
The calling direction of a session: requests of our own, and what comes in
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from penstock.core.errors import PeerProtocolError, Unavailable
from penstock.transports.rpc.calling_exchange import RPCCalling
from penstock.transports.rpc.direction import Direction, Session
from penstock.transports.rpc.heads import FieldReader, Malformed, checkReason
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    Finish,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.places import Places
from penstock.transports.rpc.progress import Arrival, Wire
from penstock.transports.rpc.room import Room
from penstock.transports.rpc.violation import Violation

# Looked up once: each look into an enum costs a tenth of a microsecond.
_NOTHING: Final = Arrival.NOTHING
_HEAD: Final = Arrival.HEAD
_OPEN: Final = Wire.OPEN
_CLOSED: Final = Wire.CLOSED


class Caller(Direction[RPCCalling]):
    """
    Starts exchanges.

    @ivar nextNumber: the number of the next one.
    @ivar actions: what acts on each message of a server.  Each raises
        L{Violation} if the message may not be.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        room: Room,
        limits: RPCLimits,
        firstNumber: int,
    ) -> None:
        super().__init__(session, output, room, limits)
        self.nextNumber = firstNumber
        self._places = Places(limits.waiting)
        self._fields = FieldReader(limits.fields, limits.head)
        self.actions: dict[type, Callable[[Any], None]] = {
            WriteIntermediateResponse: self._writeIntermediateResponse,
            WriteHeaders: self._writeHeaders,
            WriteData: self._writeData,
            Finish: self._finish,
        }

    # For the session

    @property
    def underWay(self) -> int:
        """
        Number of exchanges that are not over on the wire, or wait.
        """
        return len(self._places)

    @property
    def isBusy(self) -> bool:
        """
        Whether the peer hasn't seen some of our requests yet.
        """
        return bool(self._places.waiting or self._unsent())

    def begin(self, most: int, window: int) -> None:
        """
        The peer has said hello.

        @param most: how many exchanges it serves at a time.
        @param window: octets of content that it takes ahead for each.
        """
        self._places.open(most, window)

    def admit(self, exchange: RPCCalling) -> bool:
        """
        Give C{exchange} a place at the peer, if there is one now.

        @return: whether there was.
        """
        return self.isOpen and self._places.admit(exchange)

    def start(self, exchange: RPCCalling) -> None:
        """
        Give C{exchange} a place as soon as there is one.
        """
        if exchange.isClosed:
            return
        if self.isOpen:
            self._places.start(exchange)
        else:
            exchange.detach()
            exchange.lose(Unavailable("the connection is being closed"))

    def leave(self, last: int) -> None:
        """
        The peer takes no more requests, and none after C{last}.
        """
        self.isOpen = False
        self._places.isOpen = False
        problem = Unavailable("the peer is going away")
        untaken = [
            exchange for number, exchange in self.exchanges.items() if number > last
        ]
        for exchange in untaken + self._unsent():
            self.forget(exchange)
            exchange.lose(problem)
        self._places.dismiss(problem)

    def clear(self) -> list[RPCCalling]:
        """
        There is no connection any more.

        @return: all exchanges, which are forgotten.
        """
        self.isOpen = False
        everything = [
            *self.exchanges.values(),
            *self._unsent(),
            *self._places.clear(),
        ]
        self.exchanges.clear()
        return everything

    # For exchanges

    def opened(self, exchange: RPCCalling) -> None:
        """
        See L{penstock.transports.rpc.calling_exchange.CallingOwner}.
        """
        self.exchanges[self.nextNumber] = exchange
        self.nextNumber += 2

    def forget(self, exchange: RPCCalling) -> None:
        """
        See L{Direction}.
        """
        hadPlace = exchange.wire is _OPEN
        exchange.detach()
        if hadPlace:
            self.exchanges.pop(exchange.number, None)
            self._places.release()
        else:
            self._places.remove(exchange)
        if not self._places.taken:
            self._session.idle()

    # Messages

    def _writeIntermediateResponse(self, message: WriteIntermediateResponse) -> None:
        number, code, fields, reason = message
        exchange = self._called(number, _NOTHING)
        if exchange is not None:
            try:
                checkReason(reason)
                headers, _ = self._fields.read(fields)
            except Malformed as problem:
                exchange.giveUp(PeerProtocolError(problem.reason))
            else:
                exchange.intermediateReceived(code, headers)

    def _writeHeaders(self, message: WriteHeaders) -> None:
        number, code, fields, reason, content, complete = message
        if content:
            self._room.take(len(content))
        exchange = self._called(number, _NOTHING)
        if exchange is None:
            self._drop(content)
            return
        try:
            if reason is not None:
                checkReason(reason)
            headers, length = self._fields.read(fields)
        except Malformed as problem:
            self._drop(content)
            exchange.giveUp(PeerProtocolError(problem.reason))
            return
        exchange.headArrived(code, headers, reason, length)
        if content:
            exchange.dataArrived(content)
        if complete and exchange.wire is not _CLOSED:
            exchange.endArrived(None)

    def _writeData(self, message: WriteData) -> None:
        number, data = message
        self._room.take(len(data))
        exchange = self._called(number, _HEAD)
        if exchange is None:
            self._drop(data)
        else:
            exchange.dataArrived(data)

    def _finish(self, message: Finish) -> None:
        exchange = self._called(message.exchange, _HEAD)
        if exchange is not None:
            exchange.endArrived(message.trailers)

    # Within

    def _hasBegun(self, number: int) -> bool:
        return number < self.nextNumber and number & 1 == self.nextNumber & 1

    def _called(self, number: int, arrival: Arrival) -> RPCCalling | None:
        """
        As L{find}.

        @raise Violation: also unless C{arrival} is what has come for it.
        """
        exchange = self.exchanges.get(number)
        if exchange is None:
            return self.find(number)
        if exchange.arrival is not arrival:
            raise Violation("a message out of order")
        return exchange

    def _unsent(self) -> list[RPCCalling]:
        """
        Exchanges that have a place, and which the peer doesn't know.
        """
        return [
            exchange
            for exchange in dict.fromkeys(self.output.urgent)
            if isinstance(exchange, RPCCalling)
            and not exchange.number
            and not exchange.isClosed
        ]
