"""
A session: one connection, and the exchanges on it, in both directions.

It is the same for both sides.  Who has dialled numbers its exchanges 1, 3, 5
..., the other side 2, 4, 6 ...; either may serve.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.certified import certifiedHosts
from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
    Unavailable,
)
from penstock.core.interfaces import ConnectionInfo, RequestFactory, refusedOf
from penstock.transports.rpc.carrier import Carrier
from penstock.transports.rpc.codec import MAGIC, Decoder, Rejected, encode, frame
from penstock.transports.rpc.deadlines import Deadlines
from penstock.transports.rpc.greeting import Greeting, NotUnderstood, readHello
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.messages import (
    GoAway,
    Hello,
    Ping,
    Pong,
    Reason,
    reasonOf,
)
from penstock.transports.rpc.multiplex import Multiplexer
from penstock.transports.rpc.output import Gate, Output
from penstock.transports.rpc.phases import Leaving, Phase
from penstock.transports.rpc.requester import SessionRequester
from penstock.transports.rpc.violation import Violation
from penstock.transports.rpc.watch import Watch

_log: Final = Logger()

_numbers: Final = count(1)

# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Phase.OPEN
_GREETING: Final = Phase.GREETING
_CLOSING: Final = Phase.CLOSING
_NOBODY: Final = Leaving.NOBODY


@implementer(IPushProducer)
class RPCSession(Protocol):
    """
    One connection.

    @ivar phase: how far it has got.
    @ivar info: what is known of the connection.
    @ivar peer: what the peer has said of itself, once it has.
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
        self._trustFacts = trustFacts
        self._limits = limits
        self._timeouts = timeouts
        self._tellRefused = refusedOf(requestFactory)
        self._onOpen = onOpen
        self._onClosed = onClosed
        self._name = f"rpc-{next(_numbers)}"
        self._leaving = _NOBODY
        self._closed: list[Deferred[None]] = []
        self.phase = Phase.CONNECTING
        self.info = ConnectionInfo("rpc", self._name)
        self.peer = Greeting()
        self._carrier = Carrier()
        self._output = Output(
            self._carrier.write, self.later, self._flooded, limits.unsent
        )
        self._decoder = Decoder(limits.frame)
        self._deadlines = Deadlines(clock)
        self._multiplexer = Multiplexer(
            self,
            self._output,
            requestFactory,
            limits,
            dialled,
            trustFacts,
            self._deadlines,
        )
        self._caller = self._multiplexer.caller
        self._server = self._multiplexer.server
        self._watch = Watch(clock, timeouts, self, self._multiplexer)
        self._actions: dict[type, Callable[[Any], None]] = {
            Rejected: self._rejected,
            Hello: self._hello,
            Ping: self._ping,
            Pong: self._pong,
            GoAway: self._goAway,
            **self._multiplexer.actions,
        }
        self.requester = SessionRequester(self._caller, authority, self.close)

    # Facts

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
        return self._caller.isOpen

    # For whoever has made it

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
        if self._leaving is _NOBODY:
            self._leaving = Leaving.SOON
            self._multiplexer.close()
            self._leave()
        return closed

    def abort(self, problem: ExchangeLost | None = None) -> None:
        """
        Close at once, whatever is under way.

        @param problem: what the exchanges are lost by.
        """
        before = self.phase
        if before is not Phase.CLOSED:
            self._loseAll(problem or PeerGone("this side has closed the connection"))
            if before is Phase.CONNECTING:
                self._end()
            else:
                self._carrier.abort()

    def failed(self, reason: Failure) -> None:
        """
        For whoever dials: there will be no connection.
        """
        if self.phase is Phase.CONNECTING:
            self._loseAll(Unavailable(f"no connection: {reason.getErrorMessage()}"))
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
        self._carrier.open(transport, self)
        self.info = self._carrier.describe(self._name)
        limits = self._limits
        greeting = Greeting(
            limits.window,
            limits.connectionWindow,
            limits.exchanges if self._server.isOpen else 0,
            limits.frame,
        )
        self._carrier.write([MAGIC, frame(greeting.hello(self._dialled))])
        self._watch.expect(
            self._timeouts.hello, DeadlineExceeded("the peer said no hello")
        )

    def dataReceived(self, data: bytes) -> None:
        """
        Some octets have come.
        """
        if self.phase is _CLOSING:
            # It was on its way when we closed.
            return
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
        self._carrier.resumed()

    def stopProducing(self) -> None:
        """
        The transport is gone: C{connectionLost} says so too.
        """

    # For its exchanges: see L{penstock.transports.rpc.direction.Session}

    def later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} from the event loop, soon.
        """
        self._clock.callLater(0, call)

    def idle(self) -> None:
        """
        If somebody has said goodbye, it may be time to close.
        """
        if self._leaving is not _NOBODY:
            self._leave()

    def refused(self, code: int | None, reason: str, line: bytes = b"") -> None:
        """
        Tell whoever keeps a log.
        """
        if self._tellRefused is not None:
            self._tellRefused(self.info, code, reason, line)

    # For the watch: see L{penstock.transports.rpc.watch.Watched}

    @property
    def unsent(self) -> int:
        """
        Octets that were written and haven't arrived.
        """
        return self._carrier.unsent

    def ping(self, token: int) -> None:
        """
        Send a ping.
        """
        self._output.send(encode(Ping(0, token)))

    def timedOut(self, problem: ExchangeLost) -> None:
        """
        The connection is of no use any more.
        """
        if self._leaving is _NOBODY:
            _log.info("{session}: {problem}", session=self._name, problem=problem)
        self.abort(problem)

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
        if self.info.secure:
            self.info = self._carrier.describe(self._name)
            if not self._dialled and not self._trustFacts:
                # Who dials has no certificate for what it is asked.
                self._server.certifiedHosts = certifiedHosts(self.transport)
        self.peer = peer
        self.phase = Phase.OPEN
        self._watch.start()
        gate = Gate.FULL if self._watch.isFull else Gate.OPEN
        self._output.start(peer.frame, peer.connectionWindow, gate)
        self._multiplexer.begin(peer)
        # Closed before there was anybody to tell, perhaps.
        self.idle()
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
        self._caller.leave(message.last)
        self._leave()

    # Within

    def _leave(self) -> None:
        """
        Go on with the goodbye, as far as it is time for that.
        """
        if self._leaving is Leaving.SOON and self.phase is _OPEN:
            # Requests first: none may come after it.
            self._output.flush()
            if not self._caller.isBusy:
                self._leaving = Leaving.US
                self._sayGoodbye()
        if self._multiplexer.underWay:
            return
        match self._leaving, self.phase:
            case Leaving.SOON, Phase.CONNECTING:
                self._end()
            case Leaving.SOON, Phase.GREETING:
                self._shut()
                self._carrier.close()
            case Leaving.US, Phase.OPEN:
                self._watch.expectEnd(PeerGone("goodbye"))
            case Leaving.PEER, Phase.OPEN:
                # Ours is the last that we say; the peer closes when it comes.
                self._sayGoodbye()
                self._shut()
            case Leaving.BOTH, Phase.OPEN:
                self._output.flush()
                self._shut()
                self._carrier.close()

    def _sayGoodbye(self) -> None:
        self._multiplexer.close()
        self._output.send(encode(self._goodbye(Reason.DONE, "")))
        self._output.flush()

    def _goodbye(self, reason: Reason, text: str) -> GoAway:
        return GoAway(0, max(self._server.lastNumber, 0), reason, text)

    def _fail(self, problem: ExchangeLost, reason: Reason | None = None) -> None:
        """
        The session can't go on.
        """
        if self.phase is not Phase.GREETING and self.phase is not Phase.OPEN:
            return
        _log.info("{session}: closing: {problem}", session=self._name, problem=problem)
        self.refused(None, str(problem))
        goodbye = self._goodbye(reason or reasonOf(problem), str(problem))
        self._carrier.write([frame(goodbye)])
        self._shut()
        self._carrier.close()
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
        self._watch.expectEnd(PeerGone("closing took too long"))

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

    def _flooded(self) -> None:
        self._fail(LimitExceeded("the peer doesn't read replies"))
