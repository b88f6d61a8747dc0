"""
Callbacks and producers that write down what is done to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, ClassVar, Final

from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.headers import Headers
from penstock.core.interfaces import IRequestCallbacks, IResponseCallbacks, Version

# What a recorder does inside a callback, by the callback's name.
Reactions = Mapping[str, Callable[[Any], None]]


class Deliberate(Exception):
    """
    Raised by a check inside a callback.  A transport logs it, and whoever
    watches the log may expect it.
    """


class Recorder:
    """
    What both kinds of callbacks have in common.

    @ivar calls: what was called, in order: the name and the arguments.
    @ivar reactions: what to do inside each callback, after recording it.
    """

    # What it is told of.
    hears: ClassVar[str]

    # For those who write reactions for both kinds.
    exchange: Any = None

    def __init__(self, reactions: Reactions | None = None) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.reactions: dict[str, Callable[[Any], None]] = dict(reactions or {})

    def _record(self, name: str, *args: Any) -> None:
        self.calls.append((name, args))
        reaction = self.reactions.get(name)
        if reaction is not None:
            reaction(self)

    def handleContentChunk(self, data: bytes) -> None:
        """
        See the seam.
        """
        self._record("handleContentChunk", data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See the seam.
        """
        self._record("handleContentComplete", trailers)

    def connectionLost(self, reason: Failure) -> None:
        """
        See the seam.
        """
        self._record("connectionLost", reason)

    @property
    def names(self) -> list[str]:
        """
        Names of all calls.
        """
        return [name for name, _ in self.calls]

    @property
    def chunks(self) -> list[bytes]:
        """
        The content, as it came.
        """
        return [args[0] for name, args in self.calls if name == "handleContentChunk"]

    @property
    def content(self) -> bytes:
        """
        The content.
        """
        return b"".join(self.chunks)

    @property
    def complete(self) -> bool:
        """
        Whether the message was said to be whole.
        """
        return "handleContentComplete" in self.names

    @property
    def trailers(self) -> Headers | None:
        """
        The trailer section.
        """
        for name, args in self.calls:
            if name == "handleContentComplete":
                trailers: Headers | None = args[0]
                return trailers
        return None

    @property
    def lost(self) -> bool:
        """
        Whether the exchange was said to be lost.
        """
        return "connectionLost" in self.names

    @property
    def reason(self) -> Failure | None:
        """
        Why it was lost.
        """
        for name, args in self.calls:
            if name == "connectionLost":
                reason: Failure = args[0]
                return reason
        return None


@implementer(IRequestCallbacks)
class RequestRecorder(Recorder):
    """
    A request that does nothing by itself.
    """

    hears: ClassVar[str] = "request"

    def __init__(
        self,
        chanRequest: Any,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
        reactions: Reactions | None = None,
    ) -> None:
        super().__init__(reactions)
        self.exchange = chanRequest
        self.command = command
        self.path = path
        self.version = version
        self.in_headers = in_headers

    def answer(
        self,
        data: bytes = b"",
        code: int = 200,
        fields: Any = (),
        trailers: Headers | None = None,
    ) -> None:
        """
        Send a whole response.
        """
        self.exchange.writeHeaders(code, Headers(fields))
        self.exchange.writeData(data)
        self.exchange.finish(trailers)


@implementer(IResponseCallbacks)
class ResponseRecorder(Recorder):
    """
    A caller that does nothing by itself.

    @ivar code: of the response, L{None} before it.
    """

    hears: ClassVar[str] = "response"
    code: int | None = None
    message: bytes | None = None
    headers: Headers = Headers()

    def __init__(self, reactions: Reactions | None = None) -> None:
        super().__init__(reactions)
        self.intermediate: list[tuple[int, Headers]] = []

    def requestStarted(self, clientRequest: Any) -> None:
        """
        See the seam.
        """
        self.exchange = clientRequest
        self._record("requestStarted", clientRequest)

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        """
        See the seam.
        """
        self.intermediate.append((code, headers))
        self._record("handleIntermediateResponse", code, headers)

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See the seam.
        """
        self.code = code
        self.headers = headers
        self.message = code_message
        self._record("handleHeaders", code, headers, code_message)


class Source:
    """
    What both kinds of producers have in common: content of a given size,
    written a block at a time, after which the message is finished.

    @ivar written: octets so far.
    @ivar pauses: how often it was paused.
    @ivar stops: how often it was stopped.
    @ivar ended: whether it has written everything.
    @cvar block: octets of a block.
    """

    block: ClassVar = 16 * 1024

    def __init__(
        self, exchange: Any, size: int, stopped: Callable[[], None] | None = None
    ) -> None:
        """
        @param stopped: called when it is stopped.
        """
        self._exchange = exchange
        self._size = size
        self._stopped = stopped
        self.written = 0
        self.pauses = 0
        self.stops = 0
        self.ended = False

    def _write(self) -> None:
        start = self.written
        self.written = min(start + self.block, self._size)
        self._exchange.writeData(pattern(start, self.written))
        if self.written == self._size and not self.stops:
            self.ended = True
            self._exchange.unregisterProducer()
            self._exchange.finish()

    def stopProducing(self) -> None:
        """
        Nobody wants the rest.
        """
        self.stops += 1
        if self._stopped is not None:
            self._stopped()


@implementer(IPullProducer)
class PullSource(Source):
    """
    Writes a block when it is asked for one.
    """

    def register(self) -> None:
        """
        Begin.
        """
        self._exchange.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """
        Write a block.
        """
        if not self.ended and not self.stops:
            self._write()


@implementer(IPushProducer)
class PushSource(Source):
    """
    Writes all it has, unless it is paused.
    """

    _paused = False
    _running = False

    def register(self) -> None:
        """
        Begin.
        """
        self._exchange.registerProducer(self, True)
        self._run()

    def _run(self) -> None:
        if not self._running:
            self._running = True
            while not (self._paused or self.stops or self.ended):
                self._write()
            self._running = False

    def pauseProducing(self) -> None:
        """
        Write no more.
        """
        self.pauses += 1
        self._paused = True

    def resumeProducing(self) -> None:
        """
        Go on.
        """
        self._paused = False
        self._run()


@implementer(IPushProducer)
class IdleSource:
    """
    A producer that has nothing to write just now.

    @ivar stops: how often it was stopped.
    """

    def __init__(
        self, exchange: Any, streaming: bool, stopped: Callable[[], None] | None = None
    ) -> None:
        """
        @param stopped: called when it is stopped.
        """
        self.stops = 0
        self._stopped = stopped
        exchange.registerProducer(self, streaming)

    def pauseProducing(self) -> None:
        """
        There is nothing to pause.
        """

    def resumeProducing(self) -> None:
        """
        There is nothing to write.
        """

    def stopProducing(self) -> None:
        """
        Nobody wants anything.
        """
        self.stops += 1
        if self._stopped is not None:
            self._stopped()


# Not a power of two, so that blocks that are swapped don't look the same.
_PERIOD: Final = 9973
_PATTERN: Final = Random(_PERIOD).randbytes(_PERIOD)


def pattern(start: int, end: int) -> bytes:
    """
    @return: a piece of an endless content in which every place looks
        different from those near it.
    """
    first = start % _PERIOD
    size = end - start
    return (_PATTERN * (size // _PERIOD + 2))[first : first + size]
