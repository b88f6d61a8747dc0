"""
What a server says while it runs: lines on standard output, and on standard
error what went wrong.
"""

from __future__ import annotations

from typing import Any, Final, TextIO

from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

# Seconds that a line waits for others.  A flush for each would cost as much as
# the exchange that it tells of; nobody who reads along notices this.
FLUSH_EVERY: Final = 0.1


class Lines:
    """
    Writes lines to a stream, several at a time.
    """

    def __init__(self, stream: TextIO | None, clock: Any) -> None:
        """
        @param stream: L{None} if there is none: then nobody reads.
        @param clock: L{twisted.internet.interfaces.IReactorTime}.
        """
        self._stream = stream
        self._clock = clock
        self._waiting: list[str] = []
        self._broken = False

    def write(self, line: str) -> None:
        """
        @param line: with its line end.
        """
        if not self._waiting:
            self._clock.callLater(FLUSH_EVERY, self.flush)
        self._waiting.append(line)

    def flush(self) -> None:
        """
        Write what waits, now.
        """
        waiting, self._waiting = self._waiting, []
        if self._stream is None or self._broken or not waiting:
            return
        try:
            self._stream.write("".join(waiting))
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads any more, or the disk is full.  Serving goes on.
            self._broken = True


def reportProblems(stream: TextIO | None, least: LogLevel = LogLevel.warn) -> None:
    """
    Have warnings and errors written to C{stream}, with their tracebacks.

    @param stream: L{None} if there is none.
    @param least: what is less bad isn't written.
    """
    if stream is None:
        return
    levels = LogLevelFilterPredicate(least)
    globalLogBeginner.beginLoggingTo(
        [FilteringLogObserver(textFileLogObserver(stream), [levels])],
        redirectStandardIO=False,
    )
