"""
Server-sent events (HTML, section 9.2): a response that goes on until the
client has had enough::

    async def ticks():
        while True:
            yield Event("tick", id=str(number))
            await deferLater(clock, 1)

    return EventStream(ticks(), clock).response()

For events that everybody gets who listens, there is
L{penstock.resources.events.Channel}.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from penstock.core.coroutines import settle
from penstock.core.errors import InvalidField
from penstock.core.headers import Fields, Headers
from penstock.core.response import Response

# Seconds after which something is sent if nothing happens: well below what
# proxies and address translators wait for.  HTML recommends it too.
KEEP_ALIVE: Final = 15.0

_COMMENT: Final = b":\n\n"

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NOT_IN_NAME: Final = re.compile(r"[\r\n]")
_NOT_IN_ID: Final = re.compile(r"[\0\r\n]")


@dataclass(frozen=True, slots=True)
class Event:
    """
    One event.

    @ivar data: what happened, in any number of lines, whose ends all become
        C{"\\n"}; L{None} for an event that only sets C{id} or C{retry}.
    @ivar event: what kind it is; L{None} for C{"message"}.
    @ivar id: what a client that comes back says it has seen last; empty to
        forget that; L{None} to leave it as it was.
    @ivar retry: milliseconds for the client to wait before it comes back;
        L{None} to leave them as they were.
    """

    data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __bytes__(self) -> bytes:
        """
        The event as a stream has it.

        @raise InvalidField: if C{event} or C{id} has line ends or NUL in it,
            C{retry} is negative, or something isn't text.
        """
        lines = []
        if self.event is not None:
            if _NOT_IN_NAME.search(self.event):
                raise InvalidField("the kind of an event must be one line")
            lines.append(f"event: {self.event}\n")
        if self.id is not None:
            if _NOT_IN_ID.search(self.id):
                raise InvalidField("the id of an event must be one line")
            lines.append(f"id: {self.id}\n")
        if self.retry is not None:
            if type(self.retry) is not int or self.retry < 0:
                raise InvalidField("an event's retry must be milliseconds")
            lines.append(f"retry: {self.retry}\n")
        if self.data is not None:
            lines += [f"data: {line}\n" for line in _LINE_END.split(self.data)]
        try:
            return ("".join(lines) + "\n").encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidField("an event has half a character in it") from None


def lastEventId(request: Any) -> str | None:
    """
    @param request: L{penstock.core.server.Request}.

    @return: the id of the last event that a client, which has come back, has
        seen; L{None} if it hasn't, or was told to forget it, or nobody can read
        it.
    """
    raw: bytes | None = request.in_headers.get(b"last-event-id")
    if raw is None:
        return None
    try:
        return raw.decode("utf-8") or None
    except UnicodeDecodeError:
        return None


class EventStream:
    """
    Events as the body of a response.

    While none comes, a comment does now and then: it keeps the connection
    from being taken for dead, and shows when it is.  When the client goes, the
    events' generator is closed where it stands.  While the client doesn't
    read, it is asked for no more.
    """

    def __init__(
        self,
        events: AsyncIterable[Event | str],
        clock: Any,
        keepAlive: float | None = KEEP_ALIVE,
    ) -> None:
        """
        @param events: mostly an asynchronous generator.  L{str} stands for an
            L{Event} with that C{data}.
        @param clock: L{twisted.internet.interfaces.IReactorTime}.
        @param keepAlive: seconds without an event after which a comment is
            sent; L{None} for never.
        """
        self._events = aiter(events)
        self._clock = clock
        self._keepAlive = keepAlive
        # The event that is being waited for; and what came while nobody did.
        self._coming: Deferred[None] | None = None
        self._came: list[Any] = []
        self._waiter: Deferred[None] | None = None
        self._timer: Any = None
        self._opened = False

    def response(self, headers: Fields | None = None) -> Response:
        """
        @param headers: more fields, or other ones.
        """
        response = Response(self, headers=headers)
        for name, value in _FIELDS:
            if not response.headers.hasHeader(name):
                response.headers.setRaw(name, value)
        return response

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if not self._opened:
            # An empty block: the client is to have the head now, and to know
            # that it is listened to.
            self._opened = True
            return b""
        if not self._came and self._coming is None:
            self._ask()
        if self._came:
            block = self._taken()
        else:
            block = await self._wait()
        if block is None:
            raise StopAsyncIteration
        return block

    async def aclose(self) -> None:
        """
        The client has gone.
        """
        self._waiter = None
        self._stopTimer()
        if self._coming is not None:
            self._coming.cancel()
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    def _ask(self) -> None:
        """
        Have the next event made.
        """
        try:
            coming = settle(self._next())
        except Exception:
            coming = Failure()
        if isinstance(coming, Deferred):
            self._coming = coming.addBoth(self._arrived)
        else:
            self._came.append(coming)

    async def _next(self) -> bytes | None:
        try:
            event = await anext(self._events)
        except StopAsyncIteration:
            return None
        return bytes(Event(event) if isinstance(event, str) else event)

    def _arrived(self, result: Any) -> None:
        self._coming = None
        self._came.append(result)
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._stopTimer()
            waiter.callback(None)

    def _taken(self) -> bytes | None:
        came = self._came.pop()
        if isinstance(came, Failure):
            came.raiseException()
        block: bytes | None = came
        return block

    async def _wait(self) -> bytes | None:
        waiter: Deferred[None] = Deferred(self._forget)
        self._waiter = waiter
        if self._keepAlive is not None:
            self._timer = self._clock.callLater(self._keepAlive, self._tooQuiet)
        await waiter
        return self._taken() if self._came else _COMMENT

    def _tooQuiet(self) -> None:
        self._timer = None
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.callback(None)

    def _forget(self, waiter: Deferred[None]) -> None:
        self._waiter = None
        self._stopTimer()

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


# The last is for the one proxy that would collect events otherwise.
_FIELDS: Final = Headers(
    [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
)
