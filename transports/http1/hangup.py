"""
Notice that a peer has gone while nothing is read from it.

A connection whose input is paused isn't watched for input, so neither a FIN
nor a reset is seen.  The kernel can be asked for both without reading.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any, Final, Protocol

from penstock.core.direct import beneath
from penstock.core.queues import unread

_RESET: Final = getattr(select, "POLLHUP", 0) | getattr(select, "POLLERR", 0)
_CLOSED: Final = getattr(select, "POLLRDHUP", 0)


class Hangup(Enum):
    """
    How a peer has gone.
    """

    CLOSED = auto()
    """It sends nothing more, but what is in the kernel's buffer."""

    RESET = auto()
    """Nothing goes either way any more."""


def socketOf(transport: Any) -> socket.socket | None:
    """
    @return: the socket beneath C{transport}, and beneath its TLS if it has
        that; L{None} if there is none to be found.
    """
    handle = getattr(beneath(transport), "getHandle", None)
    found = handle() if handle is not None else None
    return found if isinstance(found, socket.socket) else None


class Unwatched(Protocol):
    """
    A connection that doesn't read all the time.
    """

    def unwatched(self) -> socket.socket | None:
        """
        @return: the socket, if nothing is read from it just now and somebody
            wants to know if the peer goes.
        """

    def hungUp(self, how: Hangup, below: socket.socket) -> None:
        """
        The peer has gone, while nothing was read from C{below}.
        """


def tellHangups(connections: Iterable[Unwatched]) -> None:
    """
    Tell those whose peers have gone and who can't see it: one system call.
    """
    if not _CLOSED:  # pragma: no cover - only Linux has it
        return
    poll = select.poll()
    asked: dict[int, tuple[Unwatched, socket.socket]] = {}
    for connection in connections:
        below = connection.unwatched()
        if below is not None and below.fileno() >= 0:
            asked[below.fileno()] = connection, below
            poll.register(below, _CLOSED)
    if asked:
        for descriptor, event in poll.poll(0):
            connection, below = asked[descriptor]
            how = Hangup.RESET if event & _RESET else Hangup.CLOSED
            connection.hungUp(how, below)


def mayBeWhole(
    each: socket.socket, remaining: int | None, buffered: int, last: bytes
) -> bool:
    """
    After L{Hangup.CLOSED}, tell whether what has come can be all of a content.

    @param remaining: octets that are missing in what was parsed; L{None} if
        it is chunked.  Of chunks one can only say that an empty line in the
        end might be their end.
    @param buffered: octets that were read and not parsed.
    @param last: the last four of them.
    """
    more = unread(each)
    if remaining is not None:
        return remaining <= buffered + more
    if more:
        try:
            # A copy of all that the kernel has; so don't ask often.
            last += each.recv(more, socket.MSG_PEEK)
        except OSError:
            return False
    return last.endswith(b"\r\n\r\n")
