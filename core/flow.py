"""
Producers: asking for blocks, and files as producers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

# Octets read from a file at a time: what one turn of the socket takes.
BLOCK: Final = 64 * 1024

# Blocks that a pull producer is asked for before others get a turn.  A reader
# that is as fast as we are would otherwise keep the loop to itself.
TURN: Final = 8


@implementer(IPushProducer)
class Puller:
    """
    A push producer that asks a pull producer for blocks, as long as there is
    room and it answers.
    """

    def __init__(
        self, producer: Any, later: Callable[[Callable[[], None]], None]
    ) -> None:
        """
        @param later: calls what it is given from the event loop, soon.
        """
        self._producer = producer
        self._later = later
        self._running = False
        self._scheduled = False
        self._wrote = False
        self._inLoop = False

    def wrote(self) -> None:
        """
        The producer has written something: it may be asked for more.
        """
        self._wrote = True
        if self._running and not self._inLoop:
            self._schedule()

    def resumeProducing(self) -> None:
        """
        There is room.
        """
        self._running = True
        if not self._inLoop:
            self._ask()

    def pauseProducing(self) -> None:
        """
        There is no room.
        """
        self._running = False

    def stopProducing(self) -> None:
        """
        Nobody wants any more.
        """
        self.cease()
        self._producer.stopProducing()

    def cease(self) -> None:
        """
        The producer was unregistered.
        """
        self._running = False
        self._later = _never

    def _ask(self) -> None:
        self._scheduled = False
        self._inLoop = True
        try:
            for _ in range(TURN):
                if not self._running:
                    return
                self._wrote = False
                self._producer.resumeProducing()
                if not self._wrote:
                    # It will write later, and be asked again when it has.
                    return
        finally:
            self._inLoop = False
        if self._running:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._later(self._askAgain)

    def _askAgain(self) -> None:
        if self._running and not self._inLoop:
            self._ask()
        else:
            self._scheduled = False


def _never(call: Callable[[], None]) -> None:
    """
    The event loop of a producer that has ended.
    """


@implementer(IPullProducer)
class FileProducer:
    """
    A part of a file, a block at a time.
    """

    def __init__(
        self,
        file: BinaryIO,
        offset: int,
        length: int,
        write: Callable[[bytes], None],
        done: Callable[[bool], None],
    ) -> None:
        """
        @param done: called at the end, with whether the file was shorter.
        """
        self._file = file
        self._offset = offset
        self._left = length
        self._write = write
        self._done = done

    def resumeProducing(self) -> None:
        """
        Write a block.
        """
        try:
            self._file.seek(self._offset)
            block = self._file.read(min(BLOCK, self._left))
        except (OSError, ValueError):
            # Gone, or closed behind our back: as good as shorter.
            block = b""
        self._offset += len(block)
        self._left -= len(block)
        if block:
            self._write(block)
        if not block or not self._left:
            self._done(bool(self._left))

    def stopProducing(self) -> None:
        """
        Nobody wants the rest.
        """
        self._left = 0
