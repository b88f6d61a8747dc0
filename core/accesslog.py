"""
One line for each exchange, the same on every transport.

::

    2026-11-22T09:30:00Z http1 127.0.0.1 "GET /a?b" 200 1234 0.8ms

What comes from the peer is escaped: it can neither begin a line nor end a
quotation.  An exchange that was broken off has a C{-} behind its code: C{200-}.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# Longer targets are cut in the log: nobody reads on, and disks are finite.
MAX_TARGET = 2048


def escaped(raw: bytes) -> str:
    """
    @return: C{raw} as printable ASCII, without quotes or backslashes that
        weren't made here.
    """
    cut = raw[:MAX_TARGET].decode("latin-1")
    return cut.encode("unicode_escape").decode("ascii").replace('"', "\\x22")


class AccessLog:
    """
    Writes the lines.  Give it to a L{penstock.core.server.Site}.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        @param write: takes one line, with its line end.
        @param seconds: a clock for durations.
        @param now: seconds since the epoch.
        """
        self._write = write
        self.seconds = seconds
        self._now = now
        self._stampedAt = -1
        self._stamp = ""

    def __call__(self, request: Any) -> None:
        """
        @param request: a L{penstock.core.server.Request} that is over.
        """
        now = int(self._now())
        if now != self._stampedAt:
            self._stampedAt = now
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        info = request.connectionInfo
        peer = getattr(info.peer, "host", None) or getattr(info.peer, "name", None)
        if isinstance(peer, bytes):
            peer = escaped(peer)
        took = (self.seconds() - request.startTime) * 1000
        code = request.code if request.began else "000"
        broken = "-" if request.disconnected or request.aborted else ""
        self._write(
            f"{self._stamp} {info.transport} {peer or '-'} "
            f'"{escaped(request.method)} {escaped(request.uri)}" '
            f"{code}{broken} {request.chanRequest.written} {took:.1f}ms\n"
        )
