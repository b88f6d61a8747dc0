"""
What the calling end is tested on: transports, endpoints and owners that do
what they are told.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.interfaces import ISSLTransport, IStreamClientEndpoint, ITransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.headers import Headers
from penstock.core.testing.recorder import Reactions, ResponseRecorder
from penstock.transports.http1.client_connection import ClientConnection
from penstock.transports.http1.client_exchange import ClientExchange
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.pool import SWEEP, HTTPClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

CLEAN = ConnectionDone()
BROKEN = ConnectionLost()


@implementer(ITransport)
class FakeTransport:
    """
    A transport that keeps what is written, and closes when it is told to.

    @ivar writes: what was written, by call.
    @ivar room: how many octets it takes before it is full.
    @ivar reading: whether the protocol takes data.
    @ivar ending: how the protocol has closed it: C{"close"} or C{"abort"}.
    """

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.writes: list[bytes] = []
        self.producer: Any = None
        self.room = 10**6
        self.reading = True
        self.ending = ""
        self.connected = True

    # What a protocol calls.

    def write(self, data: bytes) -> None:
        if not self.ending:
            self.writes.append(data)
            before, self.room = self.room, self.room - len(data)
            if self.room < 0 <= before and self.producer is not None:
                self.full()

    def writeSequence(self, data: Any) -> None:
        raise NotImplementedError

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self.producer is not None or not streaming:
            raise RuntimeError("not like this")
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def loseConnection(self) -> None:
        if self.producer is not None:
            raise RuntimeError("it would wait for the producer")
        self.ending = self.ending or "close"

    def abortConnection(self) -> None:
        self.ending = "abort"

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 80)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 50000)

    # What a test calls.

    @property
    def written(self) -> bytes:
        """
        All that was written.
        """
        return b"".join(self.writes)

    def take(self) -> bytes:
        """
        What was written since this was last called.
        """
        data = self.written
        self.writes.clear()
        return data

    def receive(self, *parts: bytes) -> None:
        """
        Let the protocol have something.
        """
        for part in parts:
            if not self.reading:
                raise RuntimeError("the transport is paused")
            self.protocol.dataReceived(part)

    def full(self) -> None:
        """
        The peer takes no more.
        """
        self.producer.pauseProducing()

    def drained(self) -> None:
        """
        The peer takes more.
        """
        self.producer.resumeProducing()

    def lose(self, reason: Exception | None = None) -> None:
        """
        The connection ends.
        """
        if self.connected:
            self.connected = False
            if reason is None:
                reason = ConnectionAborted() if self.ending == "abort" else CLEAN
            self.protocol.connectionLost(Failure(reason))


@implementer(ISSLTransport)
class FakeTLS(FakeTransport):
    """
    An encrypted transport.
    """

    def getPeerCertificate(self) -> str:
        return "certificate"


@implementer(IStreamClientEndpoint)
class FakeEndpoint:
    """
    An endpoint whose attempts wait to be decided upon.

    @ivar attempts: those that are waiting.
    @ivar transports: of those that were accepted.
    """

    def __init__(self) -> None:
        self.attempts: list[tuple[Any, Deferred[Any]]] = []
        self.transports: list[Any] = []
        self.cancelled = 0

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """
        Wait for L{accept} or L{refuse}.
        """

        def cancel(ignored: Any) -> None:
            self.attempts.remove(attempt)
            self.cancelled += 1

        attempt = (protocolFactory, Deferred[Any](cancel))
        self.attempts.append(attempt)
        return attempt[1]

    def accept(self, transport: type[FakeTransport] = FakeTransport) -> Any:
        """
        The oldest attempt succeeds.

        @return: the transport.
        """
        factory, connected = self.attempts.pop(0)
        protocol = factory.buildProtocol(None)
        made = transport(protocol)
        self.transports.append(made)
        protocol.makeConnection(made)
        connected.callback(protocol)
        return made

    def refuse(self) -> None:
        """
        The oldest attempt fails.
        """
        self.attempts.pop(0)[1].errback(Refused())


class FakeOwner:
    """
    Keeps what it is told.
    """

    def __init__(self) -> None:
        self.clock: Any = Clock()
        self.continueTimeout = 1.0
        self.limits = Limits()
        self.secure = False
        self.isOld = False
        self.ready: list[ClientConnection] = []
        self.gone: list[ClientConnection] = []
        self.failed: list[Failure] = []
        self.again: list[ClientExchange] = []
        self.forgotten: list[ClientExchange] = []
        self.gathered: list[ClientExchange] = []

    def connectionReady(self, connection: ClientConnection) -> None:
        self.ready.append(connection)

    def connectionGone(self, connection: ClientConnection) -> None:
        self.gone.append(connection)

    def attemptFailed(self, connection: ClientConnection, reason: Failure) -> None:
        self.failed.append(reason)

    def exchangeStartsAgain(self, exchange: ClientExchange) -> None:
        self.again.append(exchange)

    def exchangeForgotten(self, exchange: ClientExchange) -> None:
        self.forgotten.append(exchange)

    def exchangeGathered(self, exchange: ClientExchange) -> None:
        self.gathered.append(exchange)


class Line:
    """
    One connection with a fake at each end.
    """

    def __init__(self, transport: type[FakeTransport] = FakeTransport) -> None:
        self.owner = FakeOwner()
        self.connection = ClientConnection(self.owner)
        self.transport = transport(self.connection)
        self.connection.makeConnection(self.transport)  # type: ignore[arg-type]

    def exchange(
        self,
        method: bytes = b"GET",
        reactions: Reactions | None = None,
        **options: Any,
    ) -> tuple[ResponseRecorder, ClientExchange]:
        """
        An exchange that isn't on the connection yet.
        """
        options.setdefault("chunked", bool(options.get("hasContent")))
        if options.get("length") is not None:
            options["chunked"] = False
        caller = ResponseRecorder(reactions)
        exchange = ClientExchange(
            self.owner, method, b"HEAD\r\n\r\n", caller, **options
        )
        caller.requestStarted(exchange)
        return caller, exchange

    def start(
        self,
        method: bytes = b"GET",
        reactions: Reactions | None = None,
        **options: Any,
    ) -> tuple[ResponseRecorder, ClientExchange]:
        """
        An exchange that is.
        """
        caller, exchange = self.exchange(method, reactions, **options)
        self.connection.start(exchange)
        return caller, exchange

    @property
    def free(self) -> bool:
        """
        Whether the connection may be used again; it was free once at first.
        """
        return len(self.owner.ready) > 1


class House:
    """
    A client whose server is a test.
    """

    def __init__(self, **options: Any) -> None:
        self.clock: Any = Clock()
        self.endpoint = FakeEndpoint()
        self.client = HTTPClient(self.clock, self.endpoint, **options)

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Any = (),
        hasContent: bool = False,
        reactions: Reactions | None = None,
    ) -> ResponseRecorder:
        """
        Start a request.
        """
        caller = ResponseRecorder(reactions)
        self.client.startRequest(method, uri, Headers(fields), caller, hasContent)
        return caller

    def wire(self, *args: Any, **kwargs: Any) -> bytes:
        """
        What a request looks like.
        """
        self.ask(*args, **kwargs)
        written: bytes = self.endpoint.accept().take()
        return written

    def warm(self) -> Any:
        """
        Have an idle connection.
        """
        self.ask()
        transport = self.endpoint.accept()
        transport.receive(EMPTY)
        transport.take()
        return transport

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        for _ in range(int(seconds / SWEEP) + 1):
            self.clock.advance(SWEEP)


def lost(caller: ResponseRecorder) -> type[BaseException] | None:
    """
    What C{caller} was told of the loss of its exchange.
    """
    reason = caller.reason
    return None if reason is None else type(reason.value)
