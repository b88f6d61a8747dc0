"""
The serving direction of a session: the peer's requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from penstock.core.certified import CertifiedHosts
from penstock.core.errors import ExchangeLost
from penstock.core.interfaces import RequestFactory
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.deadlines import Deadlines
from penstock.transports.rpc.direction import Direction, Session
from penstock.transports.rpc.facts import readDeadline
from penstock.transports.rpc.heads import FieldReader, Malformed, readRequest
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    HandleContentChunk,
    HandleContentComplete,
    Reason,
    Request,
    WriteHeaders,
)
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.progress import Arrival, Wire
from penstock.transports.rpc.room import Room
from penstock.transports.rpc.serving_exchange import RPCServing
from penstock.transports.rpc.violation import Violation

# Looked up once: each look into an enum costs a tenth of a microsecond.
_ALL: Final = Arrival.ALL
_CLOSED: Final = Wire.CLOSED

# What nearly every request says of its version.
_VERSION: Final = (1, 1)


class Server(Direction[RPCServing]):
    """
    Takes requests.

    @ivar lastNumber: the number of the last one.
    @ivar trustFacts: whether the peer is believed what it says of the first
        hop.
    @ivar certifiedHosts: see L{penstock.core.interfaces.IChannelRequest}.
    @ivar actions: what acts on each message of a caller.  Each raises
        L{Violation} if the message may not be.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        room: Room,
        limits: RPCLimits,
        firstNumber: int,
        requestFactory: RequestFactory | None,
        trustFacts: bool,
        deadlines: Deadlines,
    ) -> None:
        """
        @param requestFactory: serves the requests; L{None} to refuse them.
        """
        super().__init__(session, output, room, limits)
        self.isOpen = requestFactory is not None
        self.lastNumber = firstNumber - 2
        self.trustFacts = trustFacts
        self.certifiedHosts: CertifiedHosts | None = None
        self._requestFactory = requestFactory
        self._deadlines = deadlines
        self._credit = 0
        # How many requests more may cost us something for nothing.
        self._forgiven = limits.resets
        self._fields = FieldReader(limits.fields, limits.head, ofRequests=True)
        self.actions: dict[type, Callable[[Any], None]] = {
            Request: self._request,
            HandleContentChunk: self._handleContentChunk,
            HandleContentComplete: self._handleContentComplete,
        }

    # For the session

    def begin(self, window: int) -> None:
        """
        The peer has said hello.

        @param window: octets of content that it takes ahead for each exchange.
        """
        self._credit = window

    def forgive(self, resets: int) -> None:
        """
        So many more requests may cost us something.
        """
        self._forgiven = min(self.limits.resets, self._forgiven + resets)

    def clear(self) -> list[RPCServing]:
        """
        There is no connection any more.

        @return: all exchanges, which are forgotten.
        """
        self.isOpen = False
        everything = list(self.exchanges.values())
        self.exchanges.clear()
        return everything

    def aborted(self, exchange: RPCServing, problem: ExchangeLost) -> None:
        """
        See L{Direction}.
        """
        self._spend()
        super().aborted(exchange, problem)

    # For exchanges

    def answered(self, exchange: RPCServing) -> None:
        """
        See L{penstock.transports.rpc.serving_exchange.ServingOwner}.
        """
        if self._forgiven < self.limits.resets:
            self._forgiven += 1
        self.forget(exchange)

    def forget(self, exchange: RPCServing) -> None:
        """
        See L{Direction}.
        """
        exchange.detach()
        self.exchanges.pop(exchange.number, None)
        if not self.exchanges:
            self._session.idle()

    # Messages

    def _request(self, message: Request) -> None:
        number, command, path, version, _, content, complete, facts = message
        if number != self.lastNumber + 2:
            raise Violation("not the number of the next exchange")
        self.lastNumber = number
        if content:
            self._room.take(len(content))
            if len(content) > self.limits.window:
                raise Violation("more content than there is credit for an exchange")
        factory = self._requestFactory
        if not self.isOpen or factory is None:
            # The peer knows, or is about to hear it.
            self._refuse(message)
            return
        if len(self.exchanges) >= self.limits.exchanges:
            self._spend()
            self._refuse(message)
            return
        try:
            headers, length = readRequest(message, self.limits, self._fields)
        except Malformed as problem:
            self._drop(content)
            self._session.refused(
                problem.code, problem.reason, b" ".join((command, path))
            )
            self._answer(number, problem.code)
            return
        exchange = RPCServing(self, number, self._credit, length, facts)
        self.exchanges[number] = exchange
        if facts is not None:
            seconds = readDeadline(facts)
            if seconds is not None:
                self._deadlines.add(exchange, seconds)
        if complete and content is None:
            length = 0
        exchange.begin(
            factory,
            command,
            path,
            _VERSION if version == 11 else divmod(version, 10),
            headers,
            length,
        )
        if content:
            exchange.dataArrived(content)
        if complete and exchange.wire is not _CLOSED:
            exchange.endArrived(None)

    def _handleContentChunk(self, message: HandleContentChunk) -> None:
        number, data = message
        self._room.take(len(data))
        exchange = self._served(number)
        if exchange is None:
            self._drop(data)
        else:
            exchange.dataArrived(data)

    def _handleContentComplete(self, message: HandleContentComplete) -> None:
        exchange = self._served(message.exchange)
        if exchange is not None:
            exchange.endArrived(message.trailers)

    # Within

    def _hasBegun(self, number: int) -> bool:
        return number <= self.lastNumber and number & 1 == self.lastNumber & 1

    def _served(self, number: int) -> RPCServing | None:
        """
        As L{find}.

        @raise Violation: also unless there is more to come for it.
        """
        exchange = self.find(number)
        if exchange is not None and exchange.arrival is _ALL:
            raise Violation("content after the end")
        return exchange

    def _refuse(self, message: Request) -> None:
        self._drop(message.content)
        self.output.send(
            encode(AbortConnection(message.exchange, Reason.UNAVAILABLE, ""))
        )

    def _answer(self, number: int, code: int) -> None:
        """
        Answer without a request.
        """
        none = (b"Content-Length", b"0")
        self.output.send(encode(WriteHeaders(number, code, none, None, None, True)))

    def _spend(self) -> None:
        """
        A request of the peer's has cost us something for nothing.
        """
        self._forgiven -= 1
        if self._forgiven < 0:
            raise Violation.ofLimit("too many requests given up")
