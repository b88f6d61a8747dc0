"""
Write to a socket at once.

C{transport.write} asks the reactor to write in its next turn, which on epoll
costs two system calls beside the one that sends: 6 of 22 microseconds for a
small response.  Where nothing is queued the socket can be asked directly.
"""

from __future__ import annotations

import socket
from contextlib import suppress
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

# Octets that a socket takes before the peer has room for them.  Left alone, the
# kernel takes some megabytes from whoever has them: two thousand peers that read
# slowly are as many gigabytes as it has for TCP, and then nobody gets anywhere.
# This is as much as Twisted sends at a time; a fast peer is served no slower.
UNSENT: Final = 128 * 1024

_LIMIT_UNSENT: Final = getattr(socket, "TCP_NOTSENT_LOWAT", None)


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
        and hasattr(transport, "_maybePauseProducer")
    )


def isPlainSocket(transport: Any) -> bool:
    """
    Look once for each connection.

    @return: whether C{transport} is an unencrypted TCP or unix connection of
        Twisted's own, and so may be given to L{writeNow} and to sendfile.
    """
    return hasQueue(transport) and not getattr(transport, "TLS", False)


def tune(transport: Any) -> None:
    """
    Set a new TCP connection up for messages: small ones go at once, and of large
    ones the kernel doesn't keep more than it must.

    @param transport: any; if it isn't TCP in the end, nothing is done.
    """
    lowest = beneath(transport)
    if not isTCP(lowest):
        return
    # What is sent at once, in a few pieces, would otherwise wait for the peer's
    # acknowledgement of the first.
    with suppress(OSError):
        lowest.setTcpNoDelay(True)
        if _LIMIT_UNSENT is not None:
            lowest.socket.setsockopt(socket.IPPROTO_TCP, _LIMIT_UNSENT, UNSENT)


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


def finishClosing(transport: Any) -> None:
    """
    Have C{transport} closed, if its peer has closed TLS.  Call this when it
    asks for more after a pause.

    Twisted closes the socket beneath when all is sent, but where a producer was
    paused by then, it leaves that to what the producer writes next: TLS lets
    none of it through, and the connection would stay for ever, unwatched.
    """
    lowest = beneath(transport)
    if lowest is not transport and hasQueue(lowest) and lowest.disconnecting:
        lowest.startWriting()


def writeNow(transport: Any, data: bytes) -> None:
    """
    As C{transport.write}, but sent at once as far as the socket takes it.  The
    rest isn't copied: of a response that many slow peers get there's only one.

    @param transport: for which L{isPlainSocket} holds.
    """
    if (
        transport._tempDataBuffer
        or transport.dataBuffer
        or not transport.connected
        or transport.disconnecting
        or transport._writeDisconnecting
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
        # What the transport would make of it, if it didn't copy.
        transport.dataBuffer = data
        transport.offset = sent
        transport._maybePauseProducer()
        transport.startWriting()
