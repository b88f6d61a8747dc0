"""
Fakes for the serving end: a transport, and requests that note what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from penstock.core.errors import ExchangeLost
from penstock.core.headers import Headers
from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1.channel import HTTPChannel
from penstock.transports.http1.events import Data
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.http1.request_reader import RequestReader


def cuts(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """
    C{data} whole, cut in two at every place, and octet by octet.
    """
    yield (data,)
    for place in range(1, len(data)):
        yield (data[:place], data[place:])
    yield tuple(data[place : place + 1] for place in range(len(data)))


def events(pieces: tuple[bytes, ...], limits: Limits | None = None) -> list[Any]:
    """
    What a L{RequestReader} makes of C{pieces}, adjacent L{Data} joined.
    """
    reader = RequestReader(limits or Limits())
    found: list[Any] = []
    for piece in pieces:
        reader.receive(piece)
        while (event := reader.nextEvent()) is not None:
            if type(event) is Data and found and type(found[-1]) is Data:
                event = Data(found.pop().data + event.data)
            found.append(event)
    return found


@implementer(ITCPTransport)
class Wire:
    """
    A transport without a socket.

    What is written is in L{sent}, unless it is L{stuck}.  As in Twisted, it
    closes only when all is sent and it has no producer.
    """

    disconnecting = False

    def __init__(self) -> None:
        self.sent = b""
        self.writes = 0
        self.producer: Any = None
        self.reading = True
        self.closed = False
        self.aborted = False
        self.halfClosed = False
        self.stuck = False
        self.protocol: Any = None

    def write(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError(data)
        if self.closed or self.aborted or self.halfClosed:
            return
        self.writes += 1
        self.sent += data
        if self.stuck and self.producer is not None:
            self.producer.pauseProducing()

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self.producer is not None:
            raise RuntimeError("there is a producer")
        if not streaming:
            raise RuntimeError("not a push producer")
        self.producer = verifyObject(IPushProducer, producer) and producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def stopProducing(self) -> None:
        self.loseConnection()

    def loseConnection(self) -> None:
        if self.producer is not None:
            raise RuntimeError("would never close")
        self.disconnecting = self.closed = True

    def loseWriteConnection(self) -> None:
        if self.producer is not None:
            raise RuntimeError("would never close")
        self.halfClosed = True

    def abortConnection(self) -> None:
        self.aborted = True

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.1", 4321)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.2", 80)

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass

    def getTcpNoDelay(self) -> bool:
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        pass

    def getTcpKeepAlive(self) -> bool:
        return False

    @property
    def open(self) -> bool:
        return not (self.closed or self.aborted or self.halfClosed)


class Asked:
    """
    A request that notes what it is told, and does what C{react} does.
    """

    def __init__(
        self,
        react: Callable[[Asked, str], None],
        channel: Any,
        command: bytes,
        path: bytes,
        version: tuple[int, int],
        in_headers: Headers,
    ) -> None:
        self.channel = channel
        self.command = command
        self.path = path
        self.version = version
        self.headers = in_headers
        self.chunks: list[bytes] = []
        self.trailers: Headers | None = None
        self.complete = False
        self.lost: ExchangeLost | None = None
        self._react = react
        react(self, "process")

    @property
    def content(self) -> bytes:
        return b"".join(self.chunks)

    def handleContentChunk(self, data: bytes) -> None:
        self.chunks.append(data)
        self._react(self, "chunk")

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        if self.complete or self.lost:
            raise RuntimeError("complete after the end")
        self.complete = True
        self.trailers = trailers
        self._react(self, "complete")

    def connectionLost(self, reason: Any) -> None:
        if self.lost is not None:
            raise RuntimeError("lost twice")
        self.lost = reason.value
        self._react(self, "lost")

    def answer(self, body: bytes = b"", code: int = 200, **fields: str) -> None:
        headers = Headers([("content-length", str(len(body)))])
        for name, value in fields.items():
            headers.addRaw(name.replace("_", "-"), value)
        self.channel.writeHeaders(code, headers)
        if body:
            self.channel.writeData(body)
        self.channel.finish()


def answerAtOnce(request: Asked, what: str) -> None:
    """
    Answer in process, with the target.
    """
    if what == "process":
        request.answer(request.path)


def answerComplete(request: Asked, what: str) -> None:
    """
    Answer when the content is whole, with it.
    """
    if what == "complete":
        request.answer(request.content)


def answerNothing(request: Asked, what: str) -> None:
    """
    Don't answer.
    """


class Asking:
    """
    Makes requests.

    @ivar asked: them.  They are in it before they do anything.
    """

    def __init__(self, react: Callable[[Asked, str], None] = answerComplete) -> None:
        self.asked: list[Asked] = []
        self._react = react

    def __call__(self, *arguments: Any) -> Asked:
        request = Asked.__new__(Asked)
        self.asked.append(request)
        request.__init__(self._react, *arguments)  # type: ignore[misc]
        return request


class Server:
    """
    A channel on a L{Wire}, in virtual time.
    """

    def __init__(
        self,
        react: Callable[[Asked, str], None] = answerComplete,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.clock = Clock()
        asking = Asking(react)
        self.asked = asking.asked
        self.factory = HTTPFactory(asking, self.clock, limits, timeouts)
        self.channel, self.wire = self.connect()

    def connect(self) -> tuple[HTTPChannel, Wire]:
        channel = self.factory.buildProtocol(None)
        if isinstance(channel, Unwelcome):
            raise RuntimeError("not taken")
        wire = Wire()
        wire.protocol = channel
        channel.makeConnection(wire)
        return channel, wire

    def receive(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.channel.dataReceived(piece)

    def take(self) -> bytes:
        """
        What was sent since the last time, without Date fields.
        """
        sent, self.wire.sent = self.wire.sent, b""
        return sent.replace(b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n", b"")

    @property
    def codes(self) -> list[int]:
        """
        The codes of all responses that were sent.
        """
        found = self.wire.sent.split(b"HTTP/1.1 ")[1:]
        return [int(each[:3]) for each in found]

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        for _ in range(int(seconds * 4)):
            self.clock.advance(0.25)

    def lose(self) -> None:
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        self.channel.connectionLost(Failure(ConnectionLost()))
