"""
The two ends of an exchange in memory: what one sends is a call of the other.

::

    MemoryClientRequest ---- Lane ---> MemoryChannelRequest
                        <--- Lane ----

No bytes are made of what isn't bytes, and nothing is kept from one exchange to
the next.  Fields of the hop are dropped and lengths are mended as a wire would
do it, so a request can't tell the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from penstock.core.errors import Cancelled, ExchangeLost, PeerGone
from penstock.core.exchange import CallingExchange, ServingExchange
from penstock.core.headers import Headers, RawField
from penstock.core.hop import endToEnd
from penstock.core.interfaces import ConnectionInfo, Version
from penstock.core.order import Stage
from penstock.core.trailers import trailerFields
from penstock.transports.memory.lane import Lane

if TYPE_CHECKING:
    from penstock.transports.memory.requester import MemoryRequester

_numbers: Final = count(1)


class MemoryChannelRequest(ServingExchange):
    """
    The serving end.
    """

    __slots__ = (
        "_fields",
        "_number",
        "_requester",
        "_trailing",
        "_version",
        "busy",
        "first",
        "guarded",
        "inward",
        "outward",
    )

    outward: Lane

    def __init__(self, requester: MemoryRequester, version: Version) -> None:
        super().__init__()
        self._requester = requester
        self._version = version
        self._number = next(_numbers)
        # Whether the response has room for a trailer section.
        self._trailing = False
        # The fields of the response, as they were sent.
        self._fields: tuple[RawField, ...] = ()
        self.busy = False
        self.guarded = True
        # What the caller says of the first hop.
        self.first: ConnectionInfo | None = None
        # Made by the other end, as soon as there is something to send.
        self.inward: Lane | None = None

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        The facts that the requester was given.
        """
        return self._requester.facts(self._number, self.first)

    @property
    def hop(self) -> ConnectionInfo:
        """
        The same, without what is known of the first hop.
        """
        return self._requester.facts(self._number)

    @property
    def isProducing(self) -> bool:
        """
        Whether a producer is registered, or a file is being sent.
        """
        return self._producer is not None

    @property
    def mostWaiting(self) -> int:
        """
        The most octets of the response that the caller has let wait.
        """
        return self.outward.most

    def _later(self, call: Callable[[], None]) -> None:
        self._requester.terms.later(call)

    def _sendIntermediate(
        self, code: int, headers: Headers | None, code_message: bytes | None
    ) -> None:
        if self._version >= (1, 1):
            fields = () if headers is None else _without(headers, b"content-length")
            client = self.outward.receiver
            if client is not None:
                self.outward.call(
                    client.intermediateReceived, code, Headers.trusted(fields)
                )

    def _sendHead(
        self, code: int, headers: Headers, code_message: bytes | None
    ) -> None:
        self._trailing = self._remaining is None and self._stage is Stage.WRITING
        if code == 204:
            fields = _without(headers, b"content-length")
        elif code == 205:
            # RFC 9110, section 15.3.6: nothing, and said so.
            fields = _without(headers, b"content-length")
            fields = ((b"Content-Length", b"0"), *fields)
        else:
            fields = tuple(endToEnd(headers))
        self._fields = fields
        client = self.outward.receiver
        if client is not None:
            self.outward.call(
                client.headReceived, code, Headers.trusted(fields), code_message
            )

    def _sendData(self, data: bytes) -> None:
        self.outward.carry(data)

    def _sendEnd(self, trailers: Headers | None) -> None:
        if trailers is not None:
            room = self._trailing and self._version >= (1, 1)
            trailers = _copied(trailers) if room else None
        client = self.outward.receiver
        if client is not None:
            self.outward.call(client.contentEnded, trailers)

    def _sendAbort(self) -> None:
        client = self.outward.receiver
        if client is not None:
            self.outward.call(client.lose, Cancelled("the server gave up"))

    def _contentConsumed(self, size: int) -> None:
        if self.inward is not None:
            self.inward.taken(size)

    def _end(self) -> None:
        if self.inward is not None:
            self.inward.close()
        super()._end()


class MemoryClientRequest(CallingExchange):
    """
    The calling end.
    """

    __slots__ = ("_inward", "_requester", "busy", "guarded", "server")

    def __init__(
        self,
        requester: MemoryRequester,
        server: MemoryChannelRequest,
        method: bytes,
        callbacks: Any,
        hasContent: bool,
        length: int | None,
    ) -> None:
        """
        @param server: the other end, new.
        """
        super().__init__(method, callbacks, hasContent, length)
        self._requester = requester
        self.server = server
        self.busy = False
        self.guarded = True
        self._inward = server.outward = Lane(requester.terms, server, self)

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        The facts that the requester was given, from this side.
        """
        facts = self.server.hop
        return facts._replace(peer=facts.local, local=facts.peer)

    @property
    def isProducing(self) -> bool:
        """
        Whether a producer is registered, or a file is being sent.
        """
        return self._producer is not None

    @property
    def isOver(self) -> bool:
        """
        Whether the callbacks have had all, or want nothing any more.
        """
        return self._over

    @property
    def callbacks(self) -> Any:
        """
        The callbacks; L{None} when it is over.
        """
        return self._callbacks

    @property
    def blocked(self) -> bool:
        """
        Whether a producer would have to wait.
        """
        return self._blocked

    @property
    def mostWaiting(self) -> int:
        """
        The most octets of the request that the server has let wait.
        """
        outward = self.server.inward
        return 0 if outward is None else outward.most

    def allowCallsInside(self) -> None:
        """
        The callbacks may be called inside calls of this object, and need no
        turn of the event loop in between.
        """
        self.guarded = False

    def breakConnection(self, problem: ExchangeLost | None = None) -> None:
        """
        The connection is gone: both ends are told, unless they are done.

        @param problem: what they are told; L{PeerGone} by default.
        """
        if problem is None:
            problem = PeerGone("the connection broke")
        outward, inward = self._outward(), self._inward
        if outward.receiver is not None:
            outward.call(self.server.lose, problem)
        if inward.receiver is not None:
            inward.call(self.lose, problem)

    def _later(self, call: Callable[[], None]) -> None:
        self._requester.terms.later(call)

    def _outward(self) -> Lane:
        """
        @return: the lane to the server, which many requests never need.
        """
        lane = self.server.inward
        if lane is None:
            lane = self.server.inward = Lane(self._requester.terms, self, self.server)
        return lane

    def _sendData(self, data: bytes) -> None:
        self._outward().carry(data)

    def _sendEnd(self, trailers: Headers | None) -> None:
        if trailers is not None:
            # Nowhere to put them after a Content-Length.
            trailers = _copied(trailers) if self._remaining is None else None
        outward = self._outward()
        if outward.receiver is not None:
            outward.call(self.server.contentEnded, trailers)

    def _sendAbort(self) -> None:
        outward = self._outward()
        if outward.receiver is not None:
            outward.call(self.server.lose, Cancelled("the caller gave up"))
            outward.close()

    def _contentConsumed(self, size: int) -> None:
        self._inward.taken(size)

    def _responseDelivered(self) -> None:
        outward = self.server.inward
        if outward is not None:
            outward.close()
        self._inward.close()
        self._requester.exchangeOver(self)

    def _end(self) -> None:
        self._inward.close()
        super()._end()
        self._requester.exchangeOver(self)


def _copied(trailers: Headers) -> Headers | None:
    fields = trailerFields(trailers)
    return Headers.trusted(fields) if fields else None


def _without(headers: Headers, unwanted: bytes) -> tuple[RawField, ...]:
    return tuple([field for field in endToEnd(headers) if field[0].lower() != unwanted])
