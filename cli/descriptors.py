"""
Standard input and output in the event loop: bytes in and out at the pace of
whoever is at the other end of a pipe or a terminal.

Neither is made non-blocking: that would hold for all processes that share it,
the shell included.  So each is read and written only when it is ready, and
never more than surely fits; but a terminal, which promises no room, is opened
a second time.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

# Octets in one read.
BLOCK: Final = 64 * 1024


def isRegular(descriptor: int) -> bool:
    """
    @return: whether C{descriptor} is a file on a disk, and so always ready.

    @raise OSError: if it isn't open.
    """
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _openTerminal(descriptor: int) -> int | None:
    """
    @return: if C{descriptor} is a terminal, another one for it, which doesn't
        block.
    """
    try:
        return os.open(
            os.ttyname(descriptor),
            os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC,
        )
    except OSError:
        # It is none, or somebody else's: then writes may have to wait.
        return None


@implementer(IReadDescriptor)
class Inlet(AsyncIterator[bytes]):
    """
    What comes out of a descriptor: an asynchronous iterator of blocks.
    """

    def __init__(self, reactor: Any, file: BinaryIO) -> None:
        """
        @param reactor: L{twisted.internet.interfaces.IReactorFDSet}.
        @param file: without a buffer; it is closed with this.
        """
        self._reactor = reactor
        self._file = file
        self._descriptor = file.fileno()
        self._waiting: Deferred[bytes] | None = None

    async def __anext__(self) -> bytes:
        self._waiting = waiting = Deferred[bytes](self._cancelled)
        self._reactor.addReader(self)
        block = await waiting
        if not block:
            raise StopAsyncIteration
        return block

    async def aclose(self) -> None:
        """
        The rest isn't wanted.
        """
        self._file.close()

    def doRead(self) -> None:
        """
        See L{IReadDescriptor}.
        """
        self._reactor.removeReader(self)
        waiting, self._waiting = self._waiting, None
        try:
            block = os.read(self._descriptor, BLOCK)
        except OSError:
            if waiting is not None:
                waiting.errback()
        else:
            if waiting is not None:
                waiting.callback(block)

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor saw that the other end is closed.  What is in the pipe
        still can be read, so this is no more than being ready.
        """
        self.doRead()

    def fileno(self) -> int:
        """
        See L{IReadDescriptor}.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        See L{IReadDescriptor}.
        """
        return "input"

    def _cancelled(self, waiting: Deferred[bytes]) -> None:
        self._waiting = None
        self._reactor.removeReader(self)


@implementer(IWriteDescriptor)
class Outlet:
    """
    What goes into a descriptor.
    """

    def __init__(self, reactor: Any, descriptor: int) -> None:
        """
        @param reactor: L{twisted.internet.interfaces.IReactorFDSet}.
        @raise OSError: if C{descriptor} isn't open.
        """
        self._reactor = reactor
        self._waiting: Deferred[None] | None = None
        self._second = _openTerminal(descriptor)
        self._descriptor = descriptor if self._second is None else self._second
        # POSIX: a pipe that is ready takes PIPE_BUF octets at once.  A disk
        # takes all, and never says that it isn't ready.
        self._room = BLOCK if isRegular(descriptor) else select.PIPE_BUF
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLOUT)

    async def write(self, data: bytes) -> None:
        """
        Write all of C{data}.

        @raise OSError: L{BrokenPipeError}, if nobody reads any more; or
            another, as of a full disk.
        """
        view = memoryview(data)
        while view:
            if self._poll.poll(0):
                try:
                    view = view[os.write(self._descriptor, view[: self._room]) :]
                    continue
                except BlockingIOError:
                    # A terminal: ready to say that it isn't.
                    pass
            self._waiting = waiting = Deferred[None](self._cancelled)
            self._reactor.addWriter(self)
            await waiting

    def close(self) -> None:
        """
        Nothing more will be written.  What was given to this is left open.
        """
        second, self._second = self._second, None
        if second is not None:
            os.close(second)

    def doWrite(self) -> None:
        """
        See L{IWriteDescriptor}.
        """
        self._reactor.removeWriter(self)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor saw that the other end is closed; the next write says so.
        """
        self.doWrite()

    def fileno(self) -> int:
        """
        See L{IWriteDescriptor}.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        See L{IWriteDescriptor}.
        """
        return "output"

    def _cancelled(self, waiting: Deferred[None]) -> None:
        self._waiting = None
        self._reactor.removeWriter(self)
