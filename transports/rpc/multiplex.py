"""
The exchanges of a session: numbers, places, credit, and what each message
does to them.

Sans-IO: messages come from the session, and go into its L{Output}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from penstock.core.certified import CertifiedHosts
from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    ExchangeLost,
    PeerProtocolError,
    Unavailable,
)
from penstock.core.incoming import Inflow
from penstock.core.interfaces import ConnectionInfo, RequestFactory
from penstock.transports.rpc.calling import RPCCalling
from penstock.transports.rpc.codec import encode
from penstock.transports.rpc.exchanges import Arrival, RPCExchange, Wire
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.heads import (
    FieldReader,
    Malformed,
    checkReason,
    readRequest,
    readTrailers,
)
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    LOST,
    MAX_CREDIT,
    AbortConnection,
    Credit,
    Fields,
    Finish,
    HandleContentChunk,
    HandleContentComplete,
    Reason,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)
from penstock.transports.rpc.output import Output
from penstock.transports.rpc.places import Places
from penstock.transports.rpc.room import Room
from penstock.transports.rpc.serving import RPCServing
from penstock.transports.rpc.violation import Violation

_BODILESS: Final = frozenset((204, 205, 304))


# Looked up once: each look into an enum costs a tenth of a microsecond.
_NOTHING: Final = Arrival.NOTHING
_HEAD: Final = Arrival.HEAD
_ALL: Final = Arrival.ALL
_PLACED: Final = Wire.OPEN
_CLOSED: Final = Wire.CLOSED
# What nearly every request says of its version.
_VERSION: Final = (1, 1)
_FLOWING: Final = Inflow.OPEN


class Surroundings(Protocol):
    """
    The session, as its multiplexer knows it.
    """

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} from the event loop, soon.
        """

    def factsOf(self, exchange: RPCExchange) -> ConnectionInfo:
        """
        @return: what is known of the connection.
        """

    def idle(self) -> None:
        """
        Nothing is under way any more.
        """

    def began(self, exchange: RPCServing) -> None:
        """
        A request has come, with facts.
        """

    def refused(self, code: int, reason: str, line: bytes) -> None:
        """
        A request was answered without being taken.

        @param line: how it begins.
        """


class Multiplexer:
    """
    Both directions of a session.

    @ivar output: where messages go.
    @ivar peer: what the peer has said of itself; of no use before that.
    @ivar nextNumber: the number of the next exchange that is started here.
    @ivar lastServed: the number of the peer's last one.
    @ivar actions: what acts on each message that is about an exchange, or
        credit.  Each raises L{Violation} if the message may not be.
    @ivar isServing: whether the peer's new requests are taken.
    @ivar certifiedHosts: see L{penstock.core.interfaces.IChannelRequest}.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        output: Output,
        requestFactory: RequestFactory | None,
        limits: RPCLimits,
        dialled: bool,
    ) -> None:
        """
        @param requestFactory: serves the peer's requests; L{None} to refuse
            them.
        @param dialled: whether this side makes the connection.
        """
        self._surroundings = surroundings
        self._requestFactory = requestFactory
        self._limits = limits
        self.later = surroundings.later
        self.factsOf = surroundings.factsOf
        self.output = output
        self.window = limits.window
        self.peer = Greeting()
        self.nextNumber = 1 if dialled else 2
        self.lastServed = 0 if dialled else -1
        self.isServing = requestFactory is not None
        self.certifiedHosts: CertifiedHosts | None = None
        # By number: those that both sides know of.
        self._exchanges: dict[int, RPCExchange] = {}
        self._serving = 0
        self.places = Places(limits.waiting)
        self._room = Room(limits.connectionWindow, self._giveCredit)
        # See L{penstock.transports.rpc.exchanges.Owner}.
        self.consumed: Callable[[int], None] = self._room.consumed
        self._requests = FieldReader(limits.fields, limits.head, ofRequests=True)
        self._heads = FieldReader(limits.fields, limits.head)
        self.actions: dict[type, Callable[[Any], None]] = {
            Request: self._request,
            HandleContentChunk: self._handleContentChunk,
            HandleContentComplete: self._handleContentComplete,
            WriteIntermediateResponse: self._writeIntermediateResponse,
            WriteHeaders: self._writeHeaders,
            WriteData: self._writeData,
            Finish: self._finish,
            AbortConnection: self._abortConnection,
            StopProducing: self._stopProducing,
            Credit: self._credit,
        }
        self._resets = limits.resets

    # For the session

    @property
    def underWay(self) -> int:
        """
        Number of exchanges that are not over on the wire.
        """
        return self._serving + len(self.places)

    @property
    def isBusy(self) -> bool:
        """
        Whether the peer hasn't seen some of our requests yet.
        """
        return bool(self.places.waiting or self._unsent())

    @property
    def exchanges(self) -> list[RPCExchange]:
        """
        Those that both sides know of.
        """
        return list(self._exchanges.values())

    def begin(self, peer: Greeting) -> None:
        """
        The peer has said hello.
        """
        self.peer = peer
        self.places.open(peer.exchanges, peer.window)

    def start(self, exchange: RPCCalling) -> None:
        """
        Give C{exchange} a place as soon as there is one.
        """
        if not exchange.isClosed:
            self.places.start(exchange)

    def replenish(self, octets: int) -> None:
        """
        So many more resets are forgiven.
        """
        self._resets = min(self._limits.resets, self._resets + octets)

    def leave(self, last: int) -> None:
        """
        The peer takes no more requests, and none after C{last}.
        """
        self.places.isOpen = False
        problem = Unavailable("the peer is going away")
        for number, exchange in list(self._exchanges.items()):
            if isinstance(exchange, RPCCalling) and number > last:
                self._forget(exchange)
                exchange.lose(problem)
        for exchange in self._unsent():
            self._forget(exchange)
            exchange.lose(problem)
        self.places.dismiss(problem)

    def loseAll(self, problem: ExchangeLost) -> None:
        """
        There is no connection any more.

        @param problem: for exchanges that the peer knows of; others get
            L{Unavailable}.
        """
        self.isServing = False
        unsent = [*self._unsent(), *self.places.close()]
        self.places.clear()
        exchanges, self._exchanges = self._exchanges, {}
        self._serving = 0
        self.output.shut()
        self.output.urgent.clear()
        self.output.ring.clear()
        everything = [*exchanges.values(), *unsent]
        for exchange in everything:
            exchange.detach()
        for exchange in everything:
            if exchange.number:
                exchange.lose(problem)
            else:
                exchange.lose(Unavailable(str(problem)))

    def starve(self, exchange: RPCExchange) -> None:
        """
        The peer took none of the content of C{exchange} for too long.
        """
        self.abandon(exchange, Reason.DEADLINE)
        exchange.lose(DeadlineExceeded("the peer takes no content"))

    def expire(self, exchange: RPCExchange) -> None:
        """
        Nobody waits for C{exchange} any longer.
        """
        self.abandon(exchange, Reason.DEADLINE)
        exchange.lose(DeadlineExceeded("the client doesn't wait any longer"))

    # For exchanges: see L{penstock.transports.rpc.exchanges.Owner}

    def opened(self, exchange: RPCExchange) -> None:
        """
        The request of C{exchange} goes out now.
        """
        self._exchanges[self.nextNumber] = exchange
        self.nextNumber += 2

    def closed(self, exchange: RPCExchange) -> None:
        """
        C{exchange} was answered.
        """
        if self._resets < self._limits.resets:
            self._resets += 1
        self._forget(exchange)

    def abandon(self, exchange: RPCExchange, reason: Reason, text: str = "") -> None:
        """
        Give C{exchange} up.
        """
        if not exchange.isClosed:
            # Before its place is given to another.
            if exchange.number:
                self.output.send(encode(AbortConnection(exchange.number, reason, text)))
            self._forget(exchange)

    # Messages to whoever serves

    def _request(self, message: Request) -> None:
        number, content = message.exchange, message.content
        if number != self.lastServed + 2:
            raise Violation("not the number of the next exchange")
        self.lastServed = number
        if content:
            self._room.take(len(content))
            if len(content) > self.window:
                raise Violation("more content than there is credit for an exchange")
        factory = self._requestFactory
        if not self.isServing or factory is None:
            # The peer knows, or is about to hear it.
            self._refuse(message)
            return
        if self._serving >= self._limits.exchanges:
            self._spend()
            self._refuse(message)
            return
        try:
            headers, length = readRequest(message, self._limits, self._requests)
        except Malformed as problem:
            self._drop(content)
            line = b" ".join((message.command, message.path))
            self._surroundings.refused(problem.code, problem.reason, line)
            self._answer(number, problem.code)
            return
        exchange = RPCServing(self, number, self.peer.window)
        exchange.facts = message.facts
        exchange.certifiedHosts = self.certifiedHosts
        exchange.expected = length
        self._exchanges[number] = exchange
        self._serving += 1
        if message.facts is not None:
            self._surroundings.began(exchange)
        complete = message.complete
        if complete and content is None:
            length = 0
        exchange.begin(
            factory,
            message.command,
            message.path,
            _VERSION if message.version == 11 else divmod(message.version, 10),
            headers,
            length,
        )
        if content:
            self._arrived(exchange, content)
        if complete and exchange.wire is not _CLOSED:
            exchange.arrival = _ALL
            exchange.contentEnded()

    def _handleContentChunk(self, message: HandleContentChunk) -> None:
        number, data = message
        self._room.take(len(data))
        exchange = self._served(number)
        if exchange is None:
            self._drop(data)
        else:
            self._arrived(exchange, data)

    def _handleContentComplete(self, message: HandleContentComplete) -> None:
        exchange = self._served(message.exchange)
        if exchange is not None:
            self._ends(exchange, message.trailers)

    # Messages to whoever calls

    def _writeIntermediateResponse(self, message: WriteIntermediateResponse) -> None:
        number, code, fields, reason = message
        exchange = self._called(number, _NOTHING)
        if exchange is not None:
            try:
                checkReason(reason)
                headers, _ = self._heads.read(fields)
            except Malformed as problem:
                self._spoiled(exchange, problem.reason)
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
            headers, length = self._heads.read(fields)
        except Malformed as problem:
            self._drop(content)
            self._spoiled(exchange, problem.reason)
            return
        exchange.arrival = _HEAD
        # RFC 9110, section 6.4.1.
        hasNone = code in _BODILESS or exchange.isHead
        exchange.expected = 0 if hasNone else length
        exchange.headReceived(code, headers, reason)
        if content:
            self._arrived(exchange, content)
        if complete and exchange.wire is not _CLOSED:
            self._ends(exchange, None)

    def _writeData(self, message: WriteData) -> None:
        number, data = message
        self._room.take(len(data))
        exchange = self._called(number, _HEAD)
        if exchange is None:
            self._drop(data)
        else:
            self._arrived(exchange, data)

    def _finish(self, message: Finish) -> None:
        exchange = self._called(message.exchange, _HEAD)
        if exchange is not None:
            self._ends(exchange, message.trailers)

    # Messages to either

    def _abortConnection(self, message: AbortConnection) -> None:
        number, reason, text = message
        exchange = self._exchanges.get(number)
        if exchange is None:
            self._checkKnown(number)
            return
        kind = LOST.get(reason, Cancelled)
        if isinstance(exchange, RPCServing):
            self._spend()
        elif kind is Unavailable and exchange.arrival is not _NOTHING:
            # Too late to say that.
            kind = Cancelled
        self._forget(exchange)
        exchange.lose(kind("the peer gave up" + (f": {text}" if text else "")))

    def _stopProducing(self, message: StopProducing) -> None:
        exchange = self._exchanges.get(message.exchange)
        if exchange is None:
            self._checkKnown(message.exchange)
        else:
            exchange.peerStopped()

    def _credit(self, message: Credit) -> None:
        number, octets = message
        if not number:
            self.output.credit += octets
            total = self.output.credit
        else:
            exchange = self._exchanges.get(number)
            if exchange is None:
                self._checkKnown(number)
                return
            total = exchange.creditReceived(octets)
        if total > MAX_CREDIT:
            raise Violation("too much credit")

    # Incoming content

    def _giveCredit(self, octets: int) -> None:
        self.output.send(encode(Credit(0, octets)))

    def _drop(self, content: bytes | None) -> None:
        """
        Nobody wants C{content}.
        """
        if content:
            self.consumed(len(content))

    def _arrived(self, exchange: RPCExchange, data: bytes) -> None:
        """
        Some content has come.
        """
        size = len(data)
        exchange.window -= size
        if exchange.window < 0:
            raise Violation("more content than there is credit for an exchange")
        if exchange.wire is _CLOSED:
            # Given up inside the callback for its head.
            self._drop(data)
            return
        expected = exchange.expected
        if expected is not None:
            if size > expected and exchange.inflow is _FLOWING:
                self._drop(data)
                self._spoiled(exchange, "the content is longer than it should be")
                return
            exchange.expected = expected - size
        exchange.contentReceived(data)

    def _ends(self, exchange: RPCExchange, trailers: Fields | None) -> None:
        """
        The incoming message is complete.
        """
        headers = None
        if exchange.inflow is _FLOWING:
            try:
                if exchange.expected:
                    raise Malformed(400, "the content is shorter than it should be")
                headers = readTrailers(trailers, self._limits)
            except Malformed as problem:
                self._spoiled(exchange, problem.reason)
                return
        exchange.arrival = _ALL
        if isinstance(exchange, RPCCalling):
            self._forget(exchange)
            exchange.responseArrived()
        exchange.contentEnded(headers)

    def _spoiled(self, exchange: RPCExchange, text: str) -> None:
        """
        What has come for C{exchange} can't be.
        """
        self.abandon(exchange, Reason.PROTOCOL, text)
        exchange.lose(PeerProtocolError(text))

    # Numbers

    def _isOurs(self, number: int) -> bool:
        return number & 1 == self.nextNumber & 1

    def _checkKnown(self, number: int) -> None:
        """
        @raise Violation: if C{number} is of an exchange that never was.
        """
        if self._isOurs(number):
            if number < self.nextNumber:
                return
        elif number <= self.lastServed:
            return
        raise Violation("there was no such exchange")

    def _served(self, number: int) -> RPCServing | None:
        """
        @return: one of the peer's exchanges, or L{None} if it is over.

        @raise Violation: unless there is more to come for it.
        """
        exchange = self._exchanges.get(number)
        if self._isOurs(number):
            raise Violation("the exchange isn't the peer's")
        if exchange is None:
            self._checkKnown(number)
            return None
        if not isinstance(exchange, RPCServing) or exchange.arrival is _ALL:
            raise Violation("content after the end")
        return exchange

    def _called(self, number: int, arrival: Arrival) -> RPCCalling | None:
        """
        @return: one of our own exchanges, or L{None} if it is over.

        @raise Violation: unless C{arrival} is what has come for it.
        """
        exchange = self._exchanges.get(number)
        if number & 1 != self.nextNumber & 1:
            raise Violation("the exchange isn't ours")
        if exchange is None:
            self._checkKnown(number)
            return None
        if not isinstance(exchange, RPCCalling) or exchange.arrival is not arrival:
            raise Violation("a message out of order")
        return exchange

    # Places

    def _unsent(self) -> list[RPCCalling]:
        """
        Our own exchanges that have a place, and which the peer doesn't know.
        """
        return [
            exchange
            for exchange in dict.fromkeys(self.output.urgent)
            if isinstance(exchange, RPCCalling)
            and not exchange.number
            and not exchange.isClosed
        ]

    def _forget(self, exchange: RPCExchange) -> None:
        """
        C{exchange} is over on the wire.
        """
        hadPlace = exchange.wire is _PLACED
        exchange.detach()
        if hadPlace:
            self._exchanges.pop(exchange.number, None)
            if isinstance(exchange, RPCServing):
                self._serving -= 1
            else:
                self.places.release()
        elif isinstance(exchange, RPCCalling):
            self.places.remove(exchange)
        if not self._serving and not self.places.taken and not len(self.places):
            self._surroundings.idle()

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
        The peer has cost us something for nothing.
        """
        self._resets -= 1
        if self._resets < 0:
            raise Violation.ofLimit("too many requests given up")
