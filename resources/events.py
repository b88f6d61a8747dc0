"""
Server-sent events for everybody who listens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from secrets import token_hex
from typing import Any, Final

from twisted.internet.defer import Deferred

from penstock.core.events import KEEP_ALIVE, Event, EventStream, lastEventId
from penstock.core.resource import Resource
from penstock.core.response import Response

# Events that are kept for those who come back.
HISTORY: Final = 100

# Events that may wait for one listener.
QUEUE: Final = 100


class Channel(Resource):
    """
    Passes on what is published, to all who listen at the moment.

    Events are numbered, and the last ones kept: a client whose connection
    broke comes back with C{Last-Event-ID}, and gets what it has missed as far
    as it is still there.  A listener who is too slow is sent away, and comes
    back likewise; nobody waits for it.
    """

    def __init__(
        self,
        clock: Any,
        history: int = HISTORY,
        queue: int = QUEUE,
        keepAlive: float | None = KEEP_ALIVE,
        prefix: str | None = None,
    ) -> None:
        """
        @param clock: L{twisted.internet.interfaces.IReactorTime}.
        @param history: how many events are kept.
        @param queue: how many may wait for one listener.
        @param keepAlive: see L{EventStream}.
        @param prefix: what stands before the numbers of events, and hasn't
            before others of the same; so that who comes back after a restart
            isn't taken for somebody who has seen the new ones.  Random by
            default.
        """
        super().__init__()
        self._clock = clock
        self._kept: deque[Event] = deque(maxlen=history)
        self._queue = queue
        self._keepAlive = keepAlive
        self._prefix = token_hex(4) + "-" if prefix is None else prefix
        self._number = 0
        self._listeners: set[_Listener] = set()

    @property
    def listeners(self) -> int:
        """
        How many there are.
        """
        return len(self._listeners)

    def publish(self, event: Event | str) -> None:
        """
        Tell all.

        @param event: L{str} stands for an L{Event} with that C{data}.  Its
            C{id} is replaced by one with the next number.
        @raise penstock.core.errors.InvalidField: if it can't be written.
        """
        if isinstance(event, str):
            event = Event(event)
        event = replace(event, id=self._id(self._number + 1))
        # Whoever publishes hears of what is wrong with it, nobody else.
        bytes(event)
        self._number += 1
        self._kept.append(event)
        for listener in list(self._listeners):
            listener.tell(event)

    def render_GET(self, request: Any) -> Response:
        """
        Listen.
        """
        events = self._listen(lastEventId(request))
        return EventStream(events, self._clock, self._keepAlive).response()

    async def _listen(self, last: str | None) -> AsyncIterator[Event]:
        listener = _Listener(self._queue)
        missed = self._since(last)
        self._listeners.add(listener)
        try:
            for event in missed:
                yield event
            while (told := await listener.next()) is not None:
                yield told
        finally:
            self._listeners.discard(listener)

    def _since(self, last: str | None) -> list[Event]:
        """
        @return: the events after C{last}, as far as they are kept; all of
            them, if nobody knows that one any more.
        """
        if last is None:
            return []
        kept = list(self._kept)
        for place, event in enumerate(kept):
            if event.id == last:
                return kept[place + 1 :]
        return [] if last == self._id(self._number) else kept

    def _id(self, number: int) -> str:
        return f"{self._prefix}{number}"


class _Listener:
    """
    What waits for one client.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: deque[Event] = deque()
        self._waiter: Deferred[Event | None] | None = None
        self._isSentAway = False

    def tell(self, event: Event) -> None:
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            waiter.callback(event)
        elif len(self._events) < self._most:
            self._events.append(event)
        else:
            # It gets what is there, and must come back for the rest.
            self._isSentAway = True

    async def next(self) -> Event | None:
        if self._events:
            return self._events.popleft()
        if self._isSentAway:
            return None
        self._waiter = Deferred(self._forget)
        return await self._waiter

    def _forget(self, waiter: Deferred[Event | None]) -> None:
        self._waiter = None
