"""
One request that a test makes, and all that comes back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.errors import ExchangeLost, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.interfaces import IResponseCallbacks
from penstock.transports.memory.exchange import (
    MemoryChannelRequest,
    MemoryClientRequest,
)

if TYPE_CHECKING:
    from penstock.transports.memory.client import MemoryClient

Event = tuple[Any, ...]


class StillWaiting(Exception):
    """
    Something was asked for that hasn't come, though all that can run has run.
    It may come when time passes, or when the test does something.

    @ivar exchange: the L{MemoryExchange}.
    """

    def __init__(self, text: str, exchange: MemoryExchange) -> None:
        super().__init__(text)
        self.exchange = exchange


@implementer(IResponseCallbacks)
class MemoryExchange:
    """
    One request and its response, step by step.

    The response can be looked at as far as it has come, at any time::

        with MemoryClient(root) as client:
            exchange = client.open("PUT", "/file", contentLength=None)
            exchange.send(b"some")
            exchange.send(b"thing")
            exchange.end()
            assert exchange.code == 201
            assert exchange.complete

            ticks = client.get("/ticks")
            client.advance(3)
            assert ticks.read() == b"one two three "
            ticks.disconnect()

    @ivar code: the status code, L{None} before the head of the response.
    @ivar message: the reason phrase, L{None} for the standard one.
    @ivar headers: the L{Headers} of the response, empty before its head.
    @ivar intermediate: the interim responses, as pairs of code and L{Headers}.
    @ivar trailers: the trailer section, L{None} without one.
    @ivar complete: whether the response is whole.
    @ivar lost: the L{ExchangeLost} that the exchange ended with, or L{None}.
    @ivar events: everything that has come, in order: C{("intermediate",
        code)}, C{("headers", code)}, C{("data", octets)}, C{("complete",)},
        C{("lost", name of the exception)}.
    """

    _exchange: MemoryClientRequest

    code: int | None = None
    message: bytes | None = None
    headers: Headers = Headers.trusted(())
    trailers: Headers | None = None
    complete: bool = False
    lost: ExchangeLost | None = None

    # Octets in _chunks.
    _size: int = 0
    _hasContent: bool = False
    _paused: bool = False
    _breakAfter: int | None = None

    def __init__(self, client: MemoryClient, line: tuple[bytes, bytes]) -> None:
        self._client = client
        self._line = line
        self._chunks: list[bytes] = []
        self.intermediate: list[tuple[int, Headers]] = []
        self.events: list[Event] = []

    def prepare(
        self, hasContent: bool, paused: bool = False, breakAfter: int | None = None
    ) -> None:
        """
        For the client: what is special about it.
        """
        self._hasContent = hasContent
        self._paused = paused
        self._breakAfter = breakAfter

    def __repr__(self) -> str:
        line = f"{self.method.decode('ascii')} {self.target.decode('ascii')}"
        if self.complete:
            state = "complete"
        elif self.lost is not None:
            state = f"lost ({type(self.lost).__name__})"
        else:
            state = "under way"
        return f"<MemoryExchange {line}: {self.code or 'no answer'}, {state}>"

    @property
    def method(self) -> bytes:
        """
        As it was sent.
        """
        return self._line[0]

    @property
    def target(self) -> bytes:
        """
        As it was sent.
        """
        return self._line[1]

    # What has come

    @property
    def body(self) -> bytes:
        """
        The content, as far as it has come and L{read} hasn't taken it.
        """
        chunks = self._chunks
        if len(chunks) > 1:
            chunks[:] = [b"".join(chunks)]
        return chunks[0] if chunks else b""

    @property
    def text(self) -> str:
        """
        The L{body}, decoded as its media type says; as UTF-8 by default.

        @raise UnicodeDecodeError: also if a character hasn't come whole.
        """
        media = self.headers.getStandard(b"content-type")
        charset = None if media is None else media.get("charset")
        return self.body.decode(charset or "utf-8")

    def json(self) -> Any:
        """
        @return: what the L{body} is in JSON.

        @raise StillWaiting: if it isn't complete yet.
        @raise ExchangeLost: if it never will be.
        """
        if not self.complete:
            self._raiseLost()
            raise StillWaiting(f"the content isn't complete: {self!r}", self)
        return json.loads(self.body)

    def read(self) -> bytes:
        """
        Take what has come of the content.  Makes room for more, unless the
        reader is L{pause}d.

        @return: what has come since the last time, which may be nothing.
        """
        data = self.body
        full = self._size >= self._client.limit
        self._chunks.clear()
        self._size = 0
        if full and not self._paused:
            with self._client.inside():
                self._exchange.resumeProducing()
        return data

    # What the test does

    def send(self, data: bytes) -> None:
        """
        Send some of the content.  Nothing stops you; L{blocked} says when
        somebody with manners would.

        @raise LocalProtocolError: beyond Content-Length, or if the request was
            opened without content.
        @raise TypeError: for text.
        """
        self._mayHaveContent()
        kind: type = type(data)
        if kind is str:
            raise TypeError("send() takes bytes: encode the text")
        with self._client.inside():
            self._exchange.writeData(data)

    def end(self, trailers: Headers | None = None) -> None:
        """
        Send the end of the content.

        @raise LocalProtocolError: if it is shorter than its Content-Length, or
            if the request was opened without content.
        """
        self._mayHaveContent()
        with self._client.inside():
            self._exchange.finish(trailers)

    def pause(self) -> None:
        """
        Be a slow reader: take no more of the response until L{resume}.
        """
        self._paused = True
        self._exchange.pauseProducing()

    def resume(self) -> None:
        """
        Undo L{pause}.
        """
        self._paused = False
        if self._size < self._client.limit:
            with self._client.inside():
                self._exchange.resumeProducing()

    def cancel(self) -> None:
        """
        Give up this exchange on purpose, as somebody does who has lost
        interest: the server is told L{penstock.core.errors.Cancelled}, and
        this side nothing.
        """
        with self._client.inside():
            self._exchange.abortConnection()

    def disconnect(self, problem: ExchangeLost | None = None) -> None:
        """
        Break the connection, at any time: both sides are told, unless they are
        done.

        @param problem: what they are told; L{penstock.core.errors.PeerGone} by
            default.
        """
        with self._client.inside():
            self._exchange.breakConnection(problem)

    # What both sides make of it

    @property
    def serverRequest(self) -> MemoryChannelRequest:
        """
        The serving end, an L{penstock.core.interfaces.IChannelRequest}: its
        C{paused}, C{stage}, C{written} and C{lateCalls} tell what the server
        has done.
        """
        return self._exchange.server

    @property
    def clientRequest(self) -> MemoryClientRequest:
        """
        The calling end, an L{penstock.core.interfaces.IClientRequest}.
        """
        return self._exchange

    @property
    def blocked(self) -> bool:
        """
        Whether the window is full of content that the server hasn't taken.
        """
        return self._exchange.blocked

    @property
    def serverPaused(self) -> bool:
        """
        Whether the server has asked for a pause in the content.
        """
        return self._exchange.server.paused

    @property
    def maxResponseBacklog(self) -> int:
        """
        The most octets of the response that have waited for this reader at any
        time.
        """
        return self._exchange.server.mostWaiting

    @property
    def maxRequestBacklog(self) -> int:
        """
        The most octets of the request that have waited for the server at any
        time.
        """
        return self._exchange.mostWaiting

    # Called by the transport

    def requestStarted(self, clientRequest: MemoryClientRequest) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self._exchange = clientRequest
        # Nothing here minds being called inside a call.
        clientRequest.allowCallsInside()
        if self._paused:
            clientRequest.pauseProducing()

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self.intermediate.append((code, headers))
        self.events.append(("intermediate", code))
        if self._breakAfter is not None:
            self._breakNow()

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self.code = code
        self.headers = headers
        self.message = code_message
        self.events.append(("headers", code))
        if self._breakAfter is not None:
            self._breakNow()

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{IResponseCallbacks}.
        """
        size = len(data)
        self._chunks.append(data)
        self._size += size
        self.events.append(("data", size))
        if self._size >= self._client.limit:
            self._exchange.pauseProducing()
        if self._breakAfter is not None:
            self._breakNow()

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{IResponseCallbacks}.
        """
        self.complete = True
        self.trailers = trailers
        self.events.append(("complete",))

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IResponseCallbacks}.
        """
        problem = reason.value
        if isinstance(problem, ExchangeLost):
            self.lost = problem
        self.events.append(("lost", type(problem).__name__))

    def _breakNow(self) -> None:
        if len(self.events) == self._breakAfter:
            self._exchange.breakConnection()

    def _mayHaveContent(self) -> None:
        if not self._hasContent:
            raise LocalProtocolError(
                "this request has no content: open it with contentLength"
            )

    def _raiseLost(self) -> None:
        if self.lost is not None:
            raise self.lost
