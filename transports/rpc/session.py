"""
A session: one connection, and the exchanges on it, in both directions.

It is the same for both sides.  Who has dialled numbers its exchanges 1, 3, 5
..., the other side 2, 4, 6 ...; either may serve.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IPushProducer,
    IReactorTime,
    ISSLTransport,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.certified import certifiedHosts
from penstock.core.direct import finishClosing, isPlainSocket, writeNow
from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, RequestFactory, refusedOf
from penstock.transports.rpc.calling import RPCCalling
from penstock.transports.rpc.codec import MAGIC, Decoder, Rejected, encode, frame
from penstock.transports.rpc.deadlines import Deadlines
from penstock.transports.rpc.exchanges import RPCExchange
from penstock.transports.rpc.facts import readDeadline, readFacts, writeFacts
from penstock.transports.rpc.greeting import Greeting, NotUnderstood, readHello
from penstock.transports.rpc.heads import RequestFields
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.messages import (
    GoAway,
    Hello,
    Ping,
    Pong,
    Reason,
)
from penstock.transports.rpc.multiplex import Multiplexer
from penstock.transports.rpc.output import Gate, Output
from penstock.transports.rpc.phases import Leaving, Phase
from penstock.transports.rpc.requester import SessionRequester
from penstock.transports.rpc.serving import RPCServing
from penstock.transports.rpc.violation import Violation
from penstock.transports.rpc.watch import Watch

_log: Final = Logger()

_numbers: Final = count(1)

_REASONS: Final[dict[type[ExchangeLost], Reason]] = {
    DeadlineExceeded: Reason.DEADLINE,
    LimitExceeded: Reason.LIMIT,
    PeerProtocolError: Reason.PROTOCOL,
}


# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Phase.OPEN
_GREETING: Final = Phase.GREETING
_NOBODY: Final = Leaving.NOBODY


@implementer(IPushProducer)
class RPCSession(Protocol):
    """
    One connection.

    @ivar phase: how far it has got.
    @ivar requester: an L{IRequester} for requests that the peer serves.
    """

    def __init__(
        self,
        requestFactory: RequestFactory | None,
        clock: IReactorTime,
        *,
        dialled: bool,
        limits: RPCLimits,
        timeouts: RPCTimeouts,
        trustFacts: bool,
        authority: bytes | None = None,
        onOpen: Callable[[RPCSession], None] | None = None,
        onClosed: Callable[[RPCSession], None] | None = None,
    ) -> None:
        """
        @param requestFactory: serves the peer's requests; L{None} to refuse
            them.
        @param dialled: whether this side makes the connection.
        @param trustFacts: whether the peer is believed what it says about the
            first hop of its requests.
        @param authority: the Host of requests that name none.
        @param onOpen: called when the peer has said hello.
        @param onClosed: called when there is no connection any more.
        """
        self._clock = clock
        self._dialled = dialled
        self._limits = limits
        self._timeouts = timeouts
        self._trustFacts = trustFacts
        self._authority = authority
        self._requestFields = RequestFields()
        self._tellRefused = refusedOf(requestFactory)
        self._onOpen = onOpen
        self._onClosed = onClosed
        self._name = f"rpc-{next(_numbers)}"
        self._info = ConnectionInfo("rpc", self._name)
        self._isPlain = False
        self._leaving = Leaving.NOBODY
        self._closed: list[Deferred[None]] = []
        self.phase = Phase.CONNECTING
        self._output = Output(
            self._writeFrame, self.later, self._flooded, limits.unsent
        )
        self._decoder = Decoder(limits.frame)
        self._multiplexer = Multiplexer(
            self, self._output, requestFactory, limits, dialled
        )
        self._watch = Watch(clock, timeouts, self)
        self._deadlines = Deadlines(clock, self._multiplexer.expire)
        self._actions: dict[type, Callable[[Any], None]] = {
            Rejected: self._rejected,
            Hello: self._hello,
            Ping: self._ping,
            Pong: self._pong,
            GoAway: self._goAway,
            **self._multiplexer.actions,
        }
        self.requester = SessionRequester(self)

    # Facts

    @property
    def info(self) -> ConnectionInfo:
        """
        What is known of the connection.
        """
        return self._info

    @property
    def peer(self) -> Greeting:
        """
        What the peer has said of itself, once it has.
        """
        return self._multiplexer.peer

    @property
    def rtt(self) -> float | None:
        """
        Seconds that the peer took to answer the last ping, if it has.
        """
        return self._watch.rtt

    @property
    def underWay(self) -> int:
        """
        Number of exchanges, of both directions, that are not over.
        """
        return self._multiplexer.underWay

    @property
    def isUsable(self) -> bool:
        """
        Whether requests may be started, perhaps to wait a little.
        """
        return self._leaving is _NOBODY and (
            self.phase is _OPEN
            or self.phase is _GREETING
            or self.phase is Phase.CONNECTING
        )

    def factsOf(self, exchange: RPCExchange) -> ConnectionInfo:
        """
        See L{penstock.transports.rpc.exchanges.Owner}.
        """
        if isinstance(exchange, RPCServing):
            hop = self._info._replace(requestId=f"{self._name}-{exchange.number}")
            return readFacts(exchange.facts, hop, self._trustFacts)
        return self._info._replace(requestId=f"{self._name}-out-{exchange.number}")

    # For whoever has made it

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> RPCCalling:
        """
        See L{penstock.core.interfaces.IRequester}.

        @param info: what is known of the first hop, if the request is passed
            on: goes with it as facts.
        """
        uri, fields, length = self._requestFields.make(
            method, uri, headers, hasContent, self._authority
        )
        facts = None if info is None else writeFacts(info)
        multiplexer = self._multiplexer
        exchange = RPCCalling(
            multiplexer, method, uri, fields, facts, callbacks, hasContent, length
        )
        if (
            hasContent
            and self._leaving is _NOBODY
            and multiplexer.places.admit(exchange)
        ):
            # Nothing was sent, nor is anything called back, before there is
            # content to go with the head; and that is coming now.
            callbacks.requestStarted(exchange)
            return exchange
        callbacks.requestStarted(exchange)
        if self.isUsable:
            multiplexer.start(exchange)
        else:
            exchange.detach()
            exchange.lose(Unavailable("the connection is being closed"))
        return exchange

    def close(self) -> Deferred[None]:
        """
        Take no more requests and start none; finish what is under way, then
        close.

        @return: fires when the connection is closed.
        """
        if self.phase is Phase.CLOSED:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closed.append(closed)
        if self._leaving is Leaving.NOBODY:
            self._leaving = Leaving.SOON
            self._multiplexer.isServing = False
            self._leaveIfPossible()
            if not self._multiplexer.underWay:
                self.idle()
        return closed

    def abort(self, problem: ExchangeLost | None = None) -> None:
        """
        Close at once, whatever is under way.

        @param problem: what the exchanges are lost by.
        """
        before = self.phase
        if before is Phase.CLOSED:
            return
        self._loseAll(problem or PeerGone("this side has closed the connection"))
        if before is Phase.CONNECTING:
            self._end()
        else:
            transport: Any = self.transport
            transport.unregisterProducer()
            transport.abortConnection()

    def failed(self, reason: Failure) -> None:
        """
        For whoever dials: there will be no connection.
        """
        if self.phase is Phase.CONNECTING:
            text = f"no connection: {reason.getErrorMessage()}"
            self._loseAll(Unavailable(text))
            self._end()

    # From the transport

    def connectionMade(self) -> None:
        """
        There is a connection: say hello.
        """
        transport: Any = self.transport
        if self.phase is not Phase.CONNECTING:
            # Given up while it was being made.
            transport.abortConnection()
            return
        self.phase = Phase.GREETING
        if ITCPTransport.providedBy(transport) and not isinstance(
            transport.getHost(), UNIXAddress
        ):
            # Each frame is all that there is to say for now.  Older Twisted
            # says of a unix socket, too, that it is TCP.
            transport.setTcpNoDelay(True)
        transport.registerProducer(self, True)
        self._isPlain = isPlainSocket(transport)
        self._info = ConnectionInfo(
            "rpc",
            self._name,
            transport.getPeer(),
            transport.getHost(),
            ISSLTransport.providedBy(transport),
        )
        limits = self._limits
        serves = self._multiplexer.isServing
        greeting = Greeting(
            limits.window,
            limits.connectionWindow,
            limits.exchanges if serves else 0,
            limits.frame,
        )
        transport.write(MAGIC + frame(greeting.hello(self._dialled)))
        self._watch.expect(
            self._timeouts.hello, DeadlineExceeded("the peer said no hello")
        )

    def dataReceived(self, data: bytes) -> None:
        """
        Some octets have come.
        """
        self._watch.heard = True
        self._output.begin()
        actions = self._actions
        try:
            for message in self._decoder.receive(data):
                # That a hello is the first and the only one, the decoder
                # sees to.
                if self.phase is not _OPEN and self.phase is not _GREETING:
                    break
                actions[type(message)](message)
        except Violation as violation:
            self._fail(violation.problem)
        self._output.flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone.
        """
        if self.phase is not Phase.CLOSED:
            text = "the connection was lost"
            if not reason.check(ConnectionDone, ConnectionLost):
                # TLS has more to say: whose certificate isn't trusted, say.
                text = f"{text}: {reason.value}"
            self._loseAll(PeerGone(text))
            self._end()

    def pauseProducing(self) -> None:
        """
        The transport takes no more just now.
        """
        self._watch.isFull = True
        self._output.setGate(Gate.FULL)

    def resumeProducing(self) -> None:
        """
        The transport takes more.
        """
        self._watch.drained()
        self._output.setGate(Gate.OPEN)
        finishClosing(self.transport)

    def stopProducing(self) -> None:
        """
        The transport is gone: C{connectionLost} says so too.
        """

    # For the multiplexer

    def later(self, call: Callable[[], None]) -> None:
        """
        See L{penstock.transports.rpc.multiplex.Surroundings}.
        """
        self._clock.callLater(0, call)

    def idle(self) -> None:
        """
        See L{penstock.transports.rpc.multiplex.Surroundings}.

        If somebody has said goodbye, it is time to close.
        """
        if self._leaving is _NOBODY:
            # Mostly; and each case below costs a tenth of a microsecond.
            return
        match self._leaving:
            case Leaving.PEER:
                # Ours is the last that we say; the peer closes when it comes.
                if self.phase is _OPEN:
                    self._sayGoodbye()
                    self._shut()
            case Leaving.BOTH:
                if self.phase is _OPEN:
                    self._output.flush()
                    self._shut()
                    self._lose()
            case Leaving.US:
                self._watch.expect(self._timeouts.close, PeerGone("goodbye"))
            case Leaving.SOON:
                if self.phase is Phase.CONNECTING:
                    self._end()
                elif self.phase is _GREETING:
                    self._shut()
                    self._lose()
                elif self.phase is _OPEN:
                    self._leaveIfPossible()
                    self._watch.expect(self._timeouts.close, PeerGone("goodbye"))

    def began(self, exchange: RPCServing) -> None:
        """
        See L{penstock.transports.rpc.multiplex.Surroundings}.
        """
        if exchange.facts is not None:
            deadline = readDeadline(exchange.facts)
            if deadline is not None:
                self._deadlines.add(exchange, deadline)

    def refused(self, code: int | None, reason: str, line: bytes = b"") -> None:
        """
        See L{penstock.transports.rpc.multiplex.Surroundings}.
        """
        if self._tellRefused is not None:
            self._tellRefused(self._info, code, reason, line)

    # For the watch

    def ping(self, token: int) -> None:
        """
        See L{penstock.transports.rpc.watch.Watched}.
        """
        self._output.send(encode(Ping(0, token)))

    def timedOut(self, problem: ExchangeLost) -> None:
        """
        See L{penstock.transports.rpc.watch.Watched}.
        """
        if self._leaving is Leaving.NOBODY:
            _log.info("{session}: {problem}", session=self._name, problem=problem)
        self.abort(problem)

    def starving(self) -> list[RPCExchange]:
        """
        See L{penstock.transports.rpc.watch.Watched}.
        """
        exchanges = self._multiplexer.exchanges
        return [exchange for exchange in exchanges if exchange.isStarving]

    def starve(self, exchange: RPCExchange) -> None:
        """
        See L{penstock.transports.rpc.watch.Watched}.
        """
        self._multiplexer.starve(exchange)

    def forgive(self, resets: int) -> None:
        """
        See L{penstock.transports.rpc.watch.Watched}.
        """
        self._multiplexer.replenish(resets)

    # Messages about the connection

    def _rejected(self, message: Rejected) -> None:
        self._fail(message.problem)

    def _hello(self, message: Hello) -> None:
        if message.dialled is self._dialled:
            raise Violation("the peer has the same side of the connection")
        try:
            peer = readHello(message)
        except NotUnderstood as problem:
            self._fail(PeerProtocolError(str(problem)), Reason.UNSUPPORTED)
            return
        if self._info.secure:
            transport: Any = self.transport
            certificate = transport.getPeerCertificate()
            self._info = self._info._replace(peerCertificate=certificate)
            if not self._dialled and not self._trustFacts:
                # Who dials has no certificate for what it is asked.
                self._multiplexer.certifiedHosts = certifiedHosts(transport)
        self.phase = Phase.OPEN
        self._watch.start()
        gate = Gate.FULL if self._watch.isFull else Gate.OPEN
        self._output.start(peer.frame, peer.connectionWindow, gate)
        self._multiplexer.begin(peer)
        # Closed before there was anybody to tell, perhaps.
        self._leaveIfPossible()
        if self._onOpen is not None:
            self._onOpen(self)

    def _ping(self, message: Ping) -> None:
        self._output.send(encode(Pong(0, message.token)))

    def _pong(self, message: Pong) -> None:
        self._watch.ponged(message.token)

    def _goAway(self, message: GoAway) -> None:
        if self._leaving is Leaving.PEER or self._leaving is Leaving.BOTH:
            raise Violation("a second goodbye")
        if message.reason != Reason.DONE:
            _log.info(
                "{session}: the peer closes: {reason} {text}",
                session=self._name,
                reason=message.reason,
                text=message.text,
            )
        both = self._leaving is Leaving.US
        self._leaving = Leaving.BOTH if both else Leaving.PEER
        self._multiplexer.leave(message.last)
        if not self._multiplexer.underWay:
            self.idle()

    # Within

    def _leaveIfPossible(self) -> None:
        """
        Say goodbye, if that was put off and needn't be any longer.
        """
        if self._leaving is Leaving.SOON and self.phase is _OPEN:
            # Requests first: none may come after it.
            self._output.flush()
            if not self._multiplexer.isBusy:
                self._leaving = Leaving.US
                self._sayGoodbye()

    def _sayGoodbye(self) -> None:
        last = max(self._multiplexer.lastServed, 0)
        self._multiplexer.isServing = False
        self._output.send(encode(GoAway(0, last, Reason.DONE, "")))
        self._output.flush()

    def _fail(self, problem: ExchangeLost, reason: Reason | None = None) -> None:
        """
        The session can't go on.
        """
        if self.phase is not Phase.GREETING and self.phase is not Phase.OPEN:
            return
        _log.info("{session}: closing: {problem}", session=self._name, problem=problem)
        self.refused(None, str(problem))
        if reason is None:
            reason = _REASONS.get(type(problem), Reason.PROTOCOL)
        last = max(self._multiplexer.lastServed, 0)
        transport: Any = self.transport
        transport.write(frame(GoAway(0, last, reason, str(problem))))
        self._shut()
        self._lose()
        self._loseAll(problem)

    def _loseAll(self, problem: ExchangeLost) -> None:
        """
        All exchanges are lost.
        """
        # First, since whoever hears of it may ask again at once: elsewhere.
        self.phase = Phase.CLOSING
        self._multiplexer.loseAll(problem)

    def _shut(self) -> None:
        """
        Send nothing more, and wait until the connection is closed.
        """
        self.phase = Phase.CLOSING
        self._output.shut()
        self._watch.expect(self._timeouts.close, PeerGone("closing took too long"))

    def _lose(self) -> None:
        transport: Any = self.transport
        # Or the transport would wait for it.
        transport.unregisterProducer()
        transport.loseConnection()

    def _end(self) -> None:
        if self.phase is not Phase.CLOSED:
            self.phase = Phase.CLOSED
            self._watch.stop()
            self._deadlines.clear()
            closed, self._closed = self._closed, []
            if self._onClosed is not None:
                self._onClosed(self)
            for deferred in closed:
                deferred.callback(None)

    def _writeFrame(self, pieces: list[bytes]) -> None:
        transport: Any = self.transport
        if len(pieces) == 3:
            # A block of content, mostly, and not worth a copy.
            transport.writeSequence(pieces)
        elif self._isPlain:
            # At once, so that the peer is at work while we are.
            writeNow(transport, b"".join(pieces))
        else:
            transport.write(b"".join(pieces))

    def _flooded(self) -> None:
        self._fail(LimitExceeded("the peer doesn't read replies"))
