"""
Deadlines of all connections of a server, by one timer.

Instead of a timer for each connection that every request would have to move,
all are looked at twice a second.  A connection tells what it waits for and
how far it has got; when it hasn't got far enough for too long, it is told so.
Nothing is done for this while a request is served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto
from math import inf
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IReactorTime

from penstock.transports.http1.limits import Timeouts

# Seconds.  A peer that has gone is to be noticed within one.
INTERVAL: Final = 0.5

# Seconds that a connection gets for another request when the server ends: the
# client was answered a moment ago, or has just connected, and doesn't know.  A
# journey around the earth and back takes 0.3.
LAST_CALL: Final = 1.0

# Seconds that pass from one look to the next, at most.  Where it takes longer,
# we stood still, or the clock was set (the reactor's is that on the wall): what
# the peers have sent meanwhile isn't read yet, and they aren't to blame.
LONGEST: Final = 2.0

# Connections that are told in one turn of the loop that they are late.  A crowd
# that came at once is late at once; each costs some 50 microseconds, and others
# are to be served meanwhile.
TURN: Final = 100


class Waiting(Enum):
    """
    What a connection waits for.
    """

    NOTHING = auto()
    """Its peer owes nothing."""

    FIRST = auto()
    """The first octet."""

    HEAD = auto()
    """The rest of a head."""

    IDLE = auto()
    """The next request."""

    CONTENT = auto()
    """Content that the request wants."""

    ANSWER = auto()
    """That the application answers."""

    DRAIN = auto()
    """Content that nobody wants."""

    WRITE = auto()
    """That the peer takes what is to be sent."""

    CLOSE = auto()
    """That the peer closes."""


Progress = tuple[Waiting, int]


def _step(limit: float | None, rate: float | None) -> float:
    """
    @return: octets that make a difference within C{limit} seconds.
    """
    return 1 if limit is None or rate is None else max(1, limit * rate)


class Watched(Protocol):
    """
    A connection.
    """

    def progress(self) -> Progress:
        """
        @return: what it waits for, and a number that grows as it gets further
            with that: of CONTENT and WRITE, octets.
        """

    def expire(self, waiting: Waiting) -> None:
        """
        It has waited too long for C{waiting}.
        """


class Sweep:
    """
    Looks at all connections of a server, as long as there are some.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        each: Callable[[Iterable[Any]], None],
        crowd: float = inf,
    ) -> None:
        """
        @param each: called each time with all connections.
        @param crowd: so many connections are many.
        """
        self._each = each
        self._crowd = crowd
        self._limits: dict[Waiting, float | None] = {
            Waiting.NOTHING: None,
            Waiting.FIRST: timeouts.first,
            Waiting.HEAD: timeouts.head,
            Waiting.IDLE: timeouts.idle,
            Waiting.CONTENT: timeouts.content,
            Waiting.ANSWER: timeouts.answer,
            Waiting.DRAIN: timeouts.linger,
            Waiting.WRITE: timeouts.write,
            Waiting.CLOSE: timeouts.linger,
        }
        idle, crowded = timeouts.idle, timeouts.crowded
        if idle is None or (crowded is not None and crowded < idle):
            idle = crowded
        self._crowdedLimits = {**self._limits, Waiting.IDLE: idle}
        # By how much the number must have grown within the limit.
        self._steps = {
            Waiting.CONTENT: _step(timeouts.content, timeouts.contentRate),
            Waiting.WRITE: _step(timeouts.write, timeouts.writeRate),
        }
        self._watched: dict[Any, tuple[Progress, float]] = {}
        # Time that has passed, as peers are charged for it; and what the clock
        # said then.
        self._now = 0.0
        self._seen = 0.0
        # Those that are late and weren't told yet; told in this order from the
        # end.
        self._late: list[Watched] = []
        self._telling: Any = None
        self._clock: IReactorTime | None = None
        self._call: Any = None

    def __len__(self) -> int:
        return len(self._watched)

    def __iter__(self) -> Any:
        return iter(list(self._watched))

    def add(self, watched: Watched, clock: IReactorTime) -> None:
        """
        Watch a connection that was just made.
        """
        if self._call is None:
            self._clock = clock
            self._seen = clock.seconds()
            self._call = clock.callLater(INTERVAL, self._look)
        self._watched[watched] = (watched.progress(), self._time(clock.seconds()))

    def _time(self, seconds: float) -> float:
        """
        @param seconds: what the clock says.

        @return: the time that has passed.
        """
        return self._now + min(max(0.0, seconds - self._seen), LONGEST)

    def remove(self, watched: Watched) -> None:
        """
        A connection is gone.
        """
        self._watched.pop(watched, None)
        if self._watched:
            return
        self._late.clear()
        for call in (self._call, self._telling):
            if call is not None:
                call.cancel()
        self._call = self._telling = None

    def hurry(self) -> None:
        """
        The server ends: who wants nothing has L{LAST_CALL} to want something.
        Most have had that already, so look at once.
        """
        limits = self._limits
        for waiting in (Waiting.FIRST, Waiting.IDLE):
            limit = limits[waiting]
            limits[waiting] = LAST_CALL if limit is None else min(limit, LAST_CALL)
        self._crowd = inf
        if self._call is not None:
            self._call.cancel()
            self._look()

    def _look(self) -> None:
        self._call = None
        clock = self._clock
        if clock is None:
            return
        self._call = clock.callLater(INTERVAL, self._look)
        seconds = clock.seconds()
        now = self._now = self._time(seconds)
        self._seen = seconds
        limits = self._limits
        if len(self._watched) >= self._crowd:
            limits = self._crowdedLimits
        late: list[Watched] = []
        self._each(self._watched)
        for watched, (before, since) in self._watched.items():
            progress = watched.progress()
            if self._isFurther(progress, before):
                self._watched[watched] = (progress, now)
            else:
                limit = limits[progress[0]]
                if limit is not None and now - since >= limit:
                    late.append(watched)
        if late:
            late.reverse()
            self._late = late
            if self._telling is None:
                self._tell()

    def _isFurther(self, progress: Progress, before: Progress) -> bool:
        """
        @return: whether this is far enough from C{before} to begin anew.
        """
        waiting, reached = progress
        grown = reached - before[1]
        return (
            waiting is not before[0]
            or grown >= self._steps.get(waiting, 1)
            or grown < 0
        )

    def _tell(self) -> None:
        """
        Tell some of those that are late.
        """
        self._telling = None
        for _ in range(TURN):
            if not self._late:
                return
            watched = self._late.pop()
            known = self._watched.get(watched)
            if known is not None:
                progress = watched.progress()
                if not self._isFurther(progress, known[0]):
                    self._watched[watched] = (progress, self._now)
                    watched.expire(progress[0])
        if self._late and self._clock is not None:
            self._telling = self._clock.callLater(0, self._tell)
