"""
How much waits on its way to or from a peer.
"""

from __future__ import annotations

import socket
import sys
from typing import Any, Final

from penstock.core.direct import beneath, hasQueue, queued

try:
    import fcntl
    import termios
except ImportError:  # pragma: no cover - no POSIX
    _UNREAD: Any = None
    _UNACKNOWLEDGED: Any = None
else:
    _UNREAD = getattr(termios, "FIONREAD", None)
    # On a socket: what was written and the peer's kernel has not confirmed.
    _UNACKNOWLEDGED = getattr(termios, "TIOCOUTQ", None)

_INT: Final = bytes(4)


def unsent(transport: Any) -> int:
    """
    @return: octets that wait to be sent, or for the peer's word that they have
        come, as far as that can be seen.
    """
    lowest = beneath(transport)
    if not hasQueue(lowest) or not lowest.connected:
        return 0
    # The kernel's part matters: it takes a megabyte at a time, so that a slow
    # peer would seem to take nothing for a long while.
    return queued(lowest) + unacknowledged(lowest.socket)


def unread(each: socket.socket) -> int:
    """
    @return: octets that have come and were not read yet; 0 where nobody knows.
    """
    return _ask(each, _UNREAD)


def unacknowledged(each: socket.socket) -> int:
    """
    @return: octets that were written and are still on their way, or wait for
        the peer to make room; 0 where nobody knows.
    """
    return _ask(each, _UNACKNOWLEDGED)


def _ask(each: socket.socket, what: Any) -> int:
    if what is None:  # pragma: no cover - no POSIX
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(each, what, _INT), sys.byteorder)
    except OSError:
        return 0
