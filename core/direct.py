"""
Write to a socket at once.

C{transport.write} asks the reactor to write in its next turn, which on epoll
costs two system calls beside the one that sends: 6 of 22 microseconds for a
small response.  Where nothing is queued the socket can be asked directly.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet import tcp
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

try:
    from twisted.internet import unix
except ImportError:  # pragma: no cover - no unix sockets
    unix = None  # type: ignore[assignment]

# The transports whose insides we know.  Exactly these: a subclass may write
# in another way.
_TCP: Final = tuple(
    getattr(tcp, name) for name in ("Server", "Client") if hasattr(tcp, name)
)
_UNIX: Final = tuple(
    getattr(unix, name) for name in ("Server", "Client") if hasattr(unix, name)
)

# More than this isn't worth trying at once: the rest would have to be copied.
_AT_ONCE: Final = 256 * 1024


def beneath(transport: Any) -> Any:
    """
    @return: the transport that C{transport} itself writes to: TCP beneath
        TLS, say; or C{transport}, if it is no wrapper.
    """
    while (lower := getattr(transport, "transport", None)) is not None:
        transport = lower
    return transport


def isTCP(transport: Any) -> bool:
    """
    @return: whether C{transport} is a TCP connection of Twisted's own, with
        or without encryption.
    """
    return type(transport) in _TCP


def hasQueue(transport: Any) -> bool:
    """
    @return: whether C{transport} is a TCP or unix connection of Twisted's own,
        with or without encryption, and so may be given to L{queued}.
    """
    return (
        type(transport) in _TCP + _UNIX
        and hasattr(transport, "_tempDataBuffer")
        and hasattr(transport, "dataBuffer")
    )


def isPlainSocket(transport: Any) -> bool:
    """
    Look once for each connection.

    @return: whether C{transport} is an unencrypted TCP or unix connection of
        Twisted's own, and so may be given to L{writeNow} and to sendfile.
    """
    return hasQueue(transport) and not getattr(transport, "TLS", False)


def isQueueEmpty(transport: Any) -> bool:
    """
    @param transport: for which L{isPlainSocket} holds.

    @return: whether all that was written has gone to the socket, and more may
        be written.
    """
    return (
        transport.connected
        and not transport.disconnecting
        and not transport._tempDataBuffer
        and not transport.dataBuffer
        and not transport._writeDisconnecting
    )


def queued(transport: Any) -> int:
    """
    @param transport: for which L{hasQueue} holds.

    @return: octets that were written and have not gone to the socket.
    """
    size: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
    return size


def closeNow(transport: Any) -> bool:
    """
    Close as far as we are concerned, in the reactor's next turn: what has gone
    to the socket is still sent.  C{transport.loseConnection} waits until the
    socket takes more.

    @return: whether that is done.  Not if something was written that has not
        gone to the socket, or C{transport} isn't one that we know.
    """
    if not hasQueue(transport) or not transport.connected or queued(transport):
        return False
    transport.stopReading()
    transport.stopWriting()
    transport.reactor.callLater(0, transport.connectionLost, Failure(ConnectionDone()))
    return True


def writeNow(transport: Any, data: bytes) -> None:
    """
    As C{transport.write}, but sent at once as far as the socket takes it.

    @param transport: for which L{isPlainSocket} holds.
    """
    if (
        transport._tempDataBuffer
        or transport.dataBuffer
        or not transport.connected
        or transport.disconnecting
        or transport._writeDisconnecting
        or len(data) > _AT_ONCE
    ):
        transport.write(data)
        return
    try:
        sent = transport.socket.send(data)
    except OSError:
        # Full, or broken: the reactor will find out which, and say so in a
        # turn of its own.
        transport.write(data)
        return
    if sent < len(data):
        transport.write(data[sent:])
