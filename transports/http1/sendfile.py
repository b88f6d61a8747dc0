"""
Send files without reading them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

from penstock.core.direct import isQueueEmpty

available: Final = hasattr(os, "sendfile")

# Octets for each turn of the socket.  Others get their turn after that, and a
# fast reader takes so much in 0.2 milliseconds.
_TURN: Final = 1024 * 1024


def descriptorOf(file: BinaryIO) -> int | None:
    """
    @return: the file descriptor of C{file}, if it has one.
    """
    try:
        return file.fileno()
    except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return None


@implementer(IPullProducer)
class FileSender:
    """
    Sends a part of a file whenever the socket takes more.

    To the transport it is a pull producer, which is asked for more when all
    that was written has gone to the socket, and the socket takes more.
    Instead of writing it lets the kernel copy, then asks to be told again.
    """

    def __init__(
        self,
        transport: Any,
        descriptor: int,
        offset: int,
        length: int,
        ended: Callable[[FileSender], None],
    ) -> None:
        """
        @param transport: see L{penstock.core.direct.isPlainSocket};
            it must have no producer.
        @param ended: called when there is nothing more that this can do;
            L{left} is 0 if that was all.
        """
        self._transport = transport
        self._descriptor = descriptor
        self._ended = ended
        self.offset = offset
        self.left = length
        self.short = False
        """Whether the file turned out shorter."""
        self._stopped = False

    def start(self) -> None:
        """
        Begin.  May end before it returns.
        """
        self._transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """
        See L{IPullProducer}.
        """
        transport = self._transport
        if self._stopped or not transport.connected:
            return
        if not isQueueEmpty(transport):
            # Asked when registered.  The transport is writing already, and
            # asks again.
            return
        try:
            sent = os.sendfile(
                transport.socket.fileno(),
                self._descriptor,
                self.offset,
                min(self.left, _TURN),
            )
        except (BlockingIOError, InterruptedError):
            transport.startWriting()
            return
        except (BrokenPipeError, ConnectionError):
            # The reactor will find the same, in a turn of its own.
            transport.startWriting()
            return
        except OSError:
            # Not this kind of file, or not this offset.
            self._end()
            return
        self.offset += sent
        self.left -= sent
        self.short = not sent
        if self.left and sent:
            transport.startWriting()
        else:
            self._end()

    def stopProducing(self) -> None:
        """
        See L{IPullProducer}: the connection is lost.
        """
        self._stopped = True

    def _end(self) -> None:
        self._stopped = True
        self._transport.unregisterProducer()
        self._ended(self)
