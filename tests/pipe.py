"""
Two protocols with a pipe between them, in memory and in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

# As Twisted's own transports: what is buffered before producers are paused.
HIGH_WATER = 64 * 1024

# What one turn carries.
STEP = 64 * 1024


@implementer(ITransport, IConsumer)
class End:
    """
    One end of a L{Pipe}: the transport of one of the protocols.

    As strict as it can be: nothing may be written that isn't bytes, and a
    producer that was paused is resumed when all is gone.
    """

    disconnecting = False

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self._address = IPv4Address("TCP", "127.0.0.1", port)
        self.protocol: Any = None
        self.other: End
        self.buffer = bytearray()
        self.written = bytearray()
        self.writes = 0
        self.pauses = 0
        self.mostBuffered = 0
        self.isReading = True
        self.isLosing = False
        self.isAborted = False
        self.isLost = False
        self._producer: Any = None
        self._isPaused = False

    # For the protocol

    def write(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError("a transport takes bytes")
        if self.isLost or self.isAborted or self.isLosing or not data:
            return
        self.writes += 1
        self.buffer += data
        self.written += data
        self.mostBuffered = max(self.mostBuffered, len(self.buffer))
        if len(self.buffer) > HIGH_WATER and self._producer and not self._isPaused:
            self._isPaused = True
            self.pauses += 1
            self._producer.pauseProducing()

    def writeSequence(self, data: list[bytes]) -> None:  # type: ignore[override]
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self._producer is not None or not streaming:
            raise RuntimeError("not one push producer")
        self._producer = producer
        self._isPaused = False

    def unregisterProducer(self) -> None:
        self._producer = None

    def loseConnection(self) -> None:
        self.isLosing = True

    def abortConnection(self) -> None:
        self.isAborted = True
        self.buffer.clear()

    def pauseProducing(self) -> None:
        self.isReading = False

    def resumeProducing(self) -> None:
        self.isReading = True

    def stopProducing(self) -> None:
        self.loseConnection()

    def getPeer(self) -> IAddress:
        return self.other._address

    def getHost(self) -> IAddress:
        return self._address

    # For the pipe

    def deliver(self, size: int) -> bool:
        """
        Carry C{size} octets at most to the other end.
        """
        other = self.other
        if not self.buffer or other.isLost or other.isAborted or not other.isReading:
            return False
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        if not self.buffer and self._isPaused:
            self._isPaused = False
            if self._producer is not None:
                self._producer.resumeProducing()
        other.protocol.dataReceived(data)
        return True

    def lose(self, problem: Exception) -> None:
        """
        The connection is gone, as this end sees it.
        """
        if not self.isLost:
            self.isLost = True
            producer, self._producer = self._producer, None
            if producer is not None:
                producer.stopProducing()
            self.protocol.connectionLost(Failure(problem))


class Pipe:
    """
    What is written at one end comes out at the other, when the test says so.
    """

    def __init__(
        self, left: Any, right: Any, clock: Clock | None = None, step: int = STEP
    ) -> None:
        """
        @param left: a protocol, and C{right} another.
        @param clock: whose due calls are part of a turn.
        @param step: octets that a turn carries each way.
        """
        self.clock = clock or Clock()
        self.step = step
        self.left = End("left", 1)
        self.right = End("right", 2)
        self.left.other, self.right.other = self.right, self.left
        self.left.protocol, self.right.protocol = left, right
        self.isCut = False
        for end in (self.left, self.right):
            end.protocol.makeConnection(end)

    def turn(self) -> bool:
        """
        Carry something each way, and do what is due.

        @return: whether there was anything.
        """
        moved = self._isDue()
        self.clock.advance(0)
        for end in (self.left, self.right):
            if end.isLost and end.other.isLost:
                continue
            if not self.isCut and end.deliver(self.step):
                moved = True
            if end.isAborted and not end.isLost:
                moved = True
                end.lose(ConnectionAborted())
                end.other.lose(ConnectionDone())
            elif end.isLosing and not end.buffer and end._producer is None:
                if not end.isLost and not self.isCut:
                    moved = True
                    end.lose(ConnectionDone())
                    end.other.lose(ConnectionDone())
        return moved

    def settle(self, turns: int = 100_000) -> None:
        """
        Turn until nothing moves.
        """
        for _ in range(turns):
            if not self.turn():
                return
        raise RuntimeError("it never ends")

    def until(self, done: Callable[[], object], turns: int = 10_000) -> None:
        """
        Turn until C{done}.
        """
        for _ in range(turns):
            if done():
                return
            self.turn()
        raise RuntimeError("it never comes")

    def advance(self, seconds: float, steps: int = 1) -> None:
        """
        Let time pass.
        """
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            self.settle()

    def cut(self) -> None:
        """
        Break it: both ends see that.
        """
        for end in (self.left, self.right):
            end.buffer.clear()
        for end in (self.left, self.right):
            end.lose(ConnectionDone())

    def freeze(self) -> None:
        """
        Break it so that nobody sees it: nothing arrives any more.
        """
        self.isCut = True

    def _isDue(self) -> bool:
        now = self.clock.seconds()
        return any(call.getTime() <= now for call in self.clock.getDelayedCalls())


@implementer(IStreamClientEndpoint)
class PipeEndpoint:
    """
    Dials a server through pipes.

    @ivar pipes: those that were made, in order.
    """

    def __init__(self, factory: Any, clock: Clock, step: int = STEP) -> None:
        """
        @param factory: of the server.
        """
        self._factory = factory
        self._clock = clock
        self._step = step
        self.pipes: list[Pipe] = []

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        protocol = protocolFactory.buildProtocol(None)
        server = self._factory.buildProtocol(None)
        self.pipes.append(Pipe(protocol, server, self._clock, self._step))
        return succeed(protocol)

    def settle(self) -> None:
        while sum(pipe.turn() for pipe in self.pipes):
            pass

    def cut(self) -> None:
        for pipe in self.pipes:
            pipe.cut()
