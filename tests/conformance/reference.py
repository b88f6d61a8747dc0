"""
The smallest transport: one end calls the other, by way of a queue.

It has everything that the conformance kit looks at, and nothing else: what
L{Wire} carries are calls of the exchange machine's methods, and credit for
content.  The mutants of L{test_mutants} each change one thing of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.errors import Cancelled, LocalProtocolError, PeerGone, Unavailable
from penstock.core.exchange import CallingExchange, ServingExchange
from penstock.core.headers import Headers
from penstock.core.hop import endToEnd
from penstock.core.interfaces import ConnectionInfo, IRequester, RequestFactory
from penstock.core.length import parseLength
from penstock.core.testing import Capability
from penstock.core.trailers import trailerFields
from penstock.core.uri import requestHost

# Octets of content that may be under way, in one direction of one exchange.
WINDOW = 64 * 1024

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
TARGET = re.compile(rb"[!-~]+")
ABSOLUTE = re.compile(rb"[a-z]+://([^/?#]+)")


# Calls that may follow one another without time passing.  A mutant may loop.
MAX_TURNS = 20_000


class Wire:
    """
    Calls on their way to the other end, in order.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.calls: deque[Callable[[], None]] = deque()
        self.exchanges: list[Any] = []

    def turn(self) -> bool:
        """
        Make one call.

        @return: whether there was one.
        """
        if not self.calls:
            return False
        self.calls.popleft()()
        return True

    def cut(self) -> None:
        """
        Lose everything.
        """
        self.calls.clear()
        exchanges, self.exchanges = self.exchanges, []
        for exchange in exchanges:
            exchange.cut()


class End:
    """
    What both ends have in common.
    """

    wire: Wire
    peer: Any
    requestId: str

    def join(self, wire: Wire, requestId: str) -> None:
        self.wire = wire
        self.requestId = requestId
        self.credit = WINDOW
        self.isCut = False
        wire.exchanges.append(self)

    @property
    def connectionInfo(self) -> ConnectionInfo:
        return ConnectionInfo("reference", self.requestId)

    def send(self, call: Callable[..., None], *args: Any) -> None:
        """
        Call C{call} at the other end.
        """
        if not self.isCut:
            self.wire.calls.append(lambda: call(*args))

    def cut(self) -> None:
        self.isCut = True
        self.lose(PeerGone("the wire was cut"))  # type: ignore[attr-defined]

    def creditReturned(self, size: int) -> None:
        self.credit += size
        if self.credit > 0:
            self.outputReady()  # type: ignore[attr-defined]

    def peerAborted(self) -> None:
        self.lose(Cancelled("the other end gave up"))  # type: ignore[attr-defined]

    def _sendData(self, data: bytes) -> None:
        self.credit -= len(data)
        self.send(self.peer.contentReceived, data)
        if self.credit <= 0:
            self.outputBlocked()  # type: ignore[attr-defined]

    def _sendEnd(self, trailers: Headers | None) -> None:
        fields = trailerFields(trailers) if trailers else ()
        self.send(self.peer.contentEnded, Headers(fields) if fields else None)

    def _sendAbort(self) -> None:
        self.send(self.peer.peerAborted)

    def _contentConsumed(self, size: int) -> None:
        self.send(self.peer.creditReturned, size)

    def _later(self, call: Callable[[], None]) -> None:
        self.wire.calls.append(call)


class Serving(End, ServingExchange):
    """
    The serving end of an exchange.
    """

    def _sendIntermediate(
        self, code: int, headers: Headers | None, code_message: bytes | None
    ) -> None:
        self.send(
            self.peer.intermediateReceived,
            code,
            Headers(endToEnd(headers or Headers())),
        )

    def _sendHead(
        self, code: int, headers: Headers, code_message: bytes | None
    ) -> None:
        fields = Headers(endToEnd(headers))
        if code == 204:
            fields.removeHeader(b"content-length")
        self.send(self.peer.headReceived, code, fields, code_message)


class Calling(End, CallingExchange):
    """
    The calling end of an exchange.
    """

    done: Callable[[Any], None]

    def cut(self) -> None:
        super().cut()
        self.done(self)

    def peerAborted(self) -> None:
        super().peerAborted()
        self.done(self)

    def _sendAbort(self) -> None:
        super()._sendAbort()
        self.done(self)

    def _responseDelivered(self) -> None:
        self.done(self)


@implementer(IRequester)
class ReferenceRequester(Requester):
    """
    The calling end.
    """

    calling: ClassVar[type[Calling]] = Calling
    serving: ClassVar[type[Serving]] = Serving

    def __init__(self, wire: Wire, factory: RequestFactory) -> None:
        self._wire = wire
        self._factory = factory
        self._ids = count()
        self._underWay: set[Any] = set()
        self._closed: Deferred[None] | None = None

    def startRequest(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> Any:
        self.check(method, uri)
        fields = self.fields(uri, headers)
        length = self.length(fields)
        if not hasContent:
            if length:
                raise LocalProtocolError("a Content-Length, but no content")
            length = 0
        client = self.calling(method, callbacks, hasContent, length)
        server = self.serving()
        client.peer, server.peer = server, client
        requestId = str(next(self._ids))
        client.join(self._wire, requestId)
        server.join(self._wire, requestId)
        client.done = self.done
        self._underWay.add(client)
        if self._closed is not None:
            callbacks.requestStarted(client)
            self._wire.calls.append(lambda: client.lose(Unavailable("it is closed")))
            return client
        client.send(server.begin, self._factory, method, uri, (1, 1), fields, length)
        if not hasContent:
            client.send(server.contentEnded)
        callbacks.requestStarted(client)
        return client

    def check(self, method: bytes, uri: bytes) -> None:
        if TOKEN.fullmatch(method) is None or TARGET.fullmatch(uri) is None:
            raise LocalProtocolError("a method or target that may not go on a wire")

    def length(self, fields: Headers) -> int | None:
        try:
            return parseLength(fields.getRaw(b"content-length"))
        except ValueError as problem:
            raise LocalProtocolError(str(problem)) from None

    def fields(self, uri: bytes, headers: Headers) -> Headers:
        """
        @return: the fields that cross.
        """
        fields = Headers(endToEnd(headers))
        requestHost(fields)
        absolute = ABSOLUTE.match(uri)
        if absolute:
            fields.setRaw(b"Host", absolute[1])
        return fields

    def done(self, exchange: Any) -> None:
        """
        An exchange is over.
        """
        self._underWay.discard(exchange)
        self.closeIfIdle()

    def closeIfIdle(self) -> None:
        closed = self._closed
        if closed is not None and not closed.called and not self._underWay:
            closed.callback(None)

    def close(self) -> Deferred[None]:
        if self._closed is None:
            self._closed = Deferred()
            self.closeIfIdle()
        return self._closed


class ReferenceHarness:
    """
    See L{penstock.core.testing.Harness}.
    """

    capabilities = frozenset(Capability)
    # What is sent before the window is seen to be full may be a turn of a pull
    # producer, or of a file.
    bound = 3 * WINDOW
    requesterClass: ClassVar[type[ReferenceRequester]] = ReferenceRequester
    requester: ReferenceRequester

    def serve(self, factory: RequestFactory) -> None:
        self.wire = Wire()
        self.requester = self.requesterClass(self.wire, factory)

    def settle(self) -> None:
        for _ in range(MAX_TURNS):
            if not self.wire.turn():
                return
        raise AssertionError("it never comes to rest")

    def advance(self, seconds: float) -> None:
        self.wire.clock.advance(seconds)
        self.settle()

    def vanish(self) -> None:
        self.wire.cut()

    def close(self) -> None:
        """
        There is nothing to release.
        """
