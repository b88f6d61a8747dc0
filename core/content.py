"""
Incoming content: what is to be done with it, and reading it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from penstock.core.errors import Cancelled, ExchangeLost, LimitExceeded
from penstock.core.headers import Headers
from penstock.core.pieces import gather

# Octets that wait in a Content before its exchange is paused.  One read of a
# socket; pausing for each chunk would cost two system calls each.
HIGH_WATER: Final = 64 * 1024

# Octets that are put together in memory when nobody names a limit.
MAX_BUFFERED: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Discard:
    """
    A policy: the content isn't wanted.  C{100 Continue} is never sent, and
    what comes all the same is dropped, within the transport's bounds.
    """


@dataclass(frozen=True, slots=True)
class Buffer:
    """
    A policy: read all of the content, then render.  C{request.body} has it.

    @ivar limit: octets; more is answered with 413, at once if Content-Length
        tells, and before anything is read.
    @ivar decode: whether to take off its content codings, as Content-Encoding
        lists them; C{limit} holds for the content with and without them.  An
        unknown one is then answered with 415.
    """

    limit: int = MAX_BUFFERED
    decode: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """
    A policy: render at once; C{request.content} is read as it comes.  C{100
    Continue} is sent when reading begins, so a resource can still refuse.

    @ivar limit: octets; a longer Content-Length is answered with 413, and
        longer content without one fails with
        L{penstock.core.errors.LimitExceeded} where it is read.  L{None} for
        any length.
    @ivar accept: whether to send C{100 Continue} when reading begins; without
        it that is left to the resource.
    @ivar decode: whether to take off its content codings, as Content-Encoding
        lists them; C{limit} holds for the content with and without them.  An
        unknown one is then answered with 415.
    """

    limit: int | None = None
    accept: bool = True
    decode: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """
    A policy: read an HTML form, C{application/x-www-form-urlencoded} or
    C{multipart/form-data}, then render.  C{request.form} has its fields, and
    C{request.files} its files, which are gone when the request is done.  A name
    that these lack is a L{penstock.core.errors.MissingField}.

    What is another type is answered with 415; what isn't well-formed, with
    400; what is more than the limits allow, with 413.  All as soon as it
    shows.

    @ivar limit: octets of content; L{None} for any number, which only makes
        sense where C{fileSize} is bounded.
    @ivar fields: how many fields there may be that aren't files.
    @ivar fieldSize: octets of each of them, decoded.
    @ivar fieldsSize: octets of all of them together, names included: these
        are in memory.
    @ivar files: how many files there may be.
    @ivar fileSize: octets of each; L{None} for any number within C{limit}.
    @ivar memory: octets of each file that are kept in memory; a larger one
        goes to a temporary file on disk; 0 for all of them.  It is written
        from the event loop: more here means a longer pause when a file goes
        over.
    @ivar partFields: header fields of each part (RFC 7578 has three).
    @ivar partFieldSize: octets of each of these.
    @ivar decode: whether to take off its content codings, as Content-Encoding
        lists them; C{limit} holds for the content with and without them.  An
        unknown one is then answered with 415.  Without this,
        every coding is.
    """

    limit: int | None = MAX_BUFFERED
    fields: int = 1000
    fieldSize: int = 256 * 1024
    fieldsSize: int = MAX_BUFFERED
    files: int = 100
    fileSize: int | None = None
    memory: int = 64 * 1024
    partFields: int = 8
    partFieldSize: int = 2048
    decode: bool = False


@dataclass(frozen=True, slots=True)
class Parts(Form):
    """
    A policy: render at once; the parts of an HTML form are read as they come,
    by C{async for part in request.parts}.  The limits are those of L{Form}.

    @ivar accept: see L{Stream}.
    """

    accept: bool = True


Policy = Discard | Buffer | Stream | Form | Parts


class Content:
    """
    Content on its way in, to be read once, in one of three ways: C{async
    for}, L{read}, or L{deliver}.

    The exchange is paused while nobody reads and L{HIGH_WATER} octets wait.

    @ivar trailers: the trailer section when the content is complete, L{None}
        before that or without one.
    """

    __slots__ = (
        "_began",
        "_begin",
        "_chunks",
        "_complete",
        "_exchange",
        "_limit",
        "_onChunk",
        "_onEnd",
        "_problem",
        "_size",
        "_taken",
        "_waiter",
        "trailers",
    )

    def __init__(
        self,
        exchange: Any,
        begin: Callable[[], None] | None = None,
        limit: int | None = None,
    ) -> None:
        """
        @param exchange: the L{penstock.core.interfaces.IExchange} that
            produces the content.
        @param begin: called before the first reading.
        @param limit: octets that are accepted.
        """
        self._exchange = exchange
        self._begin = begin
        self._limit = limit
        self._began = False
        self._chunks: deque[bytes | bytearray] = deque()
        self._size = 0
        self._taken = 0
        self._complete = False
        self._problem: Failure | None = None
        self._waiter: Deferred[bytes | None] | None = None
        self._onChunk: Callable[[bytes], None] | None = None
        self._onEnd: Callable[[Failure | None], None] | None = None
        self.trailers: Headers | None = None

    # Fed by the owner

    def chunkReceived(self, data: bytes) -> None:
        """
        For the owner, who is the exchange's callbacks.
        """
        if self._problem is not None:
            return
        self._taken += len(data)
        if self._limit is not None and self._taken > self._limit:
            self._exchange.stopProducing()
            self.lost(Failure(LimitExceeded(f"more than {self._limit} octets")))
        elif self._onChunk is not None:
            self._onChunk(data)
        elif self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            waiter.callback(data)
        else:
            gather(self._chunks, data)
            self._size += len(data)
            if self._size >= HIGH_WATER:
                self._exchange.pauseProducing()

    def completed(self, trailers: Headers | None = None) -> None:
        """
        For the owner: all of it has come.
        """
        self._complete = True
        self.trailers = trailers
        self._ended()

    def lost(self, reason: Failure) -> None:
        """
        For the owner: the rest will never come.
        """
        if not self._complete and self._problem is None:
            self._problem = reason
            self._ended()

    def _ended(self) -> None:
        if self._onEnd is not None:
            self._onChunk = None
            onEnd, self._onEnd = self._onEnd, None
            onEnd(self._problem)
        elif self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            if self._problem is None:
                waiter.callback(None)
            else:
                waiter.errback(self._problem)

    # Read by whoever wants it

    @property
    def complete(self) -> bool:
        """
        Whether all of it has come.  Some may not have been read yet.
        """
        return self._complete

    @property
    def unread(self) -> int:
        """
        Octets that have come, and that nobody has read.
        """
        return self._size

    def next(self) -> Deferred[bytes | None]:
        """
        @return: fires with some of the content, L{None} at its end; or fails
            with an L{ExchangeLost}.  Ask for one at a time.
        """
        self._start()
        if self._chunks:
            data = bytes(self._chunks.popleft())
            self._size -= len(data)
            if not self._chunks and not self._complete and self._problem is None:
                self._exchange.resumeProducing()
            return succeed(data)
        if self._problem is not None:
            return fail(self._problem)
        if self._complete:
            return succeed(None)
        if self._waiter is not None:
            raise RuntimeError("one reader at a time")
        self._waiter = waiter = Deferred[bytes | None](self._forgetWaiter)
        self._exchange.resumeProducing()
        return waiter

    def __aiter__(self) -> Content:
        """
        The chunks as they come.  Raises an L{ExchangeLost} if they end early.
        """
        return self

    async def __anext__(self) -> bytes:
        data = await self.next()
        if data is None:
            raise StopAsyncIteration
        return data

    def read(self, limit: int = MAX_BUFFERED) -> Deferred[bytes]:
        """
        Put all of it together.

        @param limit: octets.
        @return: fires with the content; or fails with L{LimitExceeded} or
            another L{ExchangeLost}.  Cancelling it stops the rest.
        """
        if self._complete and self._size <= limit:
            self._start()
            data = b"".join(self._chunks)
            self._chunks.clear()
            self._size = 0
            return succeed(data)
        collector = _Collector(self, limit)
        self.deliver(collector.take, collector.end)
        return collector.whole

    def deliver(
        self,
        onChunk: Callable[[bytes], None],
        onEnd: Callable[[Failure | None], None],
    ) -> None:
        """
        Have the content pushed, without a Deferred for each chunk.  Use the
        exchange's C{pauseProducing} and C{resumeProducing} to slow it down.

        @param onChunk: called with L{bytes}, never empty.
        @param onEnd: called once at the end, with L{None} if the content was
            whole, else with a L{Failure} of an L{ExchangeLost}.
        """
        self._start()
        self._onChunk = onChunk
        self._onEnd = onEnd
        while self._chunks and self._onChunk is not None:
            data = bytes(self._chunks.popleft())
            self._size -= len(data)
            self._onChunk(data)
        if self._complete or self._problem is not None:
            self._ended()
        else:
            self._exchange.resumeProducing()

    def stop(self, problem: ExchangeLost | None = None) -> None:
        """
        The rest isn't wanted.
        """
        self._chunks.clear()
        self._size = 0
        if not self._complete and self._problem is None:
            self._exchange.stopProducing()
            self.lost(Failure(problem or LimitExceeded("reading was stopped")))

    def _start(self) -> None:
        if not self._began:
            self._began = True
            if self._begin is not None and not self._complete:
                self._begin()

    def _forgetWaiter(self, waiter: Deferred[bytes | None]) -> None:
        self._waiter = None


class _Collector:
    """
    Puts content together.
    """

    __slots__ = ("_content", "_parts", "_room", "whole")

    def __init__(self, content: Content, limit: int) -> None:
        self._content = content
        self._room = limit
        self._parts: list[bytes | bytearray] = []
        self.whole: Deferred[bytes] = Deferred(self._cancelled)

    def take(self, data: bytes) -> None:
        """
        Some more has come.
        """
        self._room -= len(data)
        if self._room >= 0:
            gather(self._parts, data)
        elif self._parts is not _NONE:
            self._parts = _NONE
            problem = LimitExceeded("more than was to be read")
            self._content.stop(problem)
            if not self.whole.called:
                # It had all come already.
                self.whole.errback(problem)

    def end(self, problem: Failure | None) -> None:
        """
        That was all.
        """
        if self.whole.called:
            return
        if problem is None:
            self.whole.callback(b"".join(self._parts))
        else:
            self.whole.errback(problem)

    def _cancelled(self, whole: Deferred[bytes]) -> None:
        self._parts = _NONE
        self._content.stop(Cancelled("reading was cancelled"))


# Stands for what was collected and is not wanted any more.
_NONE: Final[list[bytes | bytearray]] = []
