"""
One line for each exchange, the same on every transport.

::

    2026-11-22T09:30:00Z http1 127.0.0.1 "GET /a?b" 200 1234 0.8ms

What comes from the peer is escaped: it can neither begin a line nor end a
quotation.  An exchange that was broken off has a C{-} behind its code: C{200-};
C{000-} if it had none.

Where there is something to say about what went wrong, it stands at the end; so
with requests that the transport has refused by itself, which have a line too::

    2026-11-22T09:30:00Z http1 127.0.0.1 "GET / HTTP/3.0" 505 - - "neither ..."
    2026-11-22T09:30:00Z http1 127.0.0.1 "GET /" 503 312 2.1ms "no connection: ..."
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final

from penstock.core.interfaces import ConnectionInfo

# Longer targets are cut in the log: nobody reads on, and disks are finite.
MAX_TARGET: Final = 2048

# What an address is made of.
_WORD: Final = re.compile(r"[0-9A-Za-z.:%_-]+")

# So are remarks, and what was no request.
MAX_REMARK: Final = 256


def escaped(raw: bytes, most: int = MAX_TARGET) -> str:
    """
    @param most: octets of C{raw} that are shown.

    @return: C{raw} as printable ASCII, without quotes or backslashes that
        weren't made here.
    """
    cut = raw[:most].decode("latin-1")
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
        info = request.connectionInfo
        took = (self.seconds() - request.startTime) * 1000
        code = request.code if request.began else request.answeredFor or "000"
        broken = "-" if request.disconnected or request.aborted else ""
        self._write(
            f"{self._time()} {info.transport} {_name(info)} "
            f'"{escaped(request.method)} {escaped(request.uri)}" '
            f"{code}{broken} {request.chanRequest.written} {took:.1f}ms"
            f"{_quoted(request.remark)}\n"
        )

    def refused(
        self, info: ConnectionInfo, code: int | None, reason: str, line: bytes = b""
    ) -> None:
        """
        See L{penstock.core.interfaces.IRefusals}.
        """
        self._write(
            f"{self._time()} {info.transport} {_name(info)} "
            f'"{escaped(line, MAX_REMARK) or "-"}" '
            f"{code or '000-'} - -{_quoted(reason)}\n"
        )

    def _time(self) -> str:
        now = int(self._now())
        if now != self._stampedAt:
            self._stampedAt = now
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        return self._stamp


def _name(info: ConnectionInfo) -> str:
    """
    @return: the client, in one word.
    """
    peer = getattr(info.peer, "host", None) or getattr(info.peer, "name", None)
    if not peer:
        return "-"
    if isinstance(peer, str):
        if _WORD.fullmatch(peer) is not None:
            return peer
        # It should be an address; but that is what others say it is.
        peer = peer.encode("utf-8", "backslashreplace")
    return escaped(peer).replace(" ", "\\x20")


def _quoted(remark: str | None) -> str:
    if remark is None:
        return ""
    # Most are ours; but who knows what an exception says, or a server that a
    # request was passed on to.
    raw = remark.encode("utf-8", "backslashreplace")
    return f' "{escaped(raw, MAX_REMARK)}"'
