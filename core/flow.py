"""
Producers: asking for blocks, and files as producers.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, BinaryIO, Final

from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

# Octets read from a file at a time: what one turn of the socket takes.
BLOCK: Final = 64 * 1024

# Blocks that a pull producer is asked for before others get a turn.  A reader
# that is as fast as we are would otherwise keep the loop to itself.
TURN: Final = 8


class Demand(Enum):
    """
    Whether a L{Puller} may ask for blocks.
    """

    NONE = auto()
    """Not now."""

    ROOM = auto()
    """There is room."""

    ENDED = auto()
    """Never again."""


# As globals, for speed: see penstock.core.incoming.
_NONE: Final = Demand.NONE
_ROOM: Final = Demand.ROOM
_ENDED: Final = Demand.ENDED


@implementer(IPushProducer)
class Puller:
    """
    A push producer that asks a pull producer for blocks, as long as there is
    room and it answers.  It asks for one at a time: not for another one before
    the last was written.
    """

    def __init__(
        self,
        producer: Any,
        later: Callable[[Callable[[], None]], None],
        failed: Callable[[], None],
    ) -> None:
        """
        @param later: calls what it is given from the event loop, soon.
        @param failed: called inside an C{except} block, if C{producer} raises
            when it is asked; it isn't asked again.
        """
        self._producer = producer
        self._later = later
        self._failed = failed
        self._demand = _NONE
        # It has written since it was asked.
        self._wrote = True
        self._inLoop = False
        self._scheduled = False

    def wrote(self) -> None:
        """
        The producer has written something: it may be asked for more.
        """
        self._wrote = True
        if self._demand is _ROOM and not self._inLoop:
            self._schedule()

    def resumeProducing(self) -> None:
        """
        There is room.
        """
        if self._demand is _NONE:
            self._demand = _ROOM
            if not self._inLoop:
                self._ask()

    def pauseProducing(self) -> None:
        """
        There is no room.
        """
        if self._demand is _ROOM:
            self._demand = _NONE

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
        self._demand = _ENDED

    def _ask(self) -> None:
        self._inLoop = True
        try:
            for _ in range(TURN):
                if self._demand is not _ROOM or not self._wrote:
                    # Without room; or it will write later, and be asked again
                    # when it has.
                    return
                self._wrote = False
                self._producer.resumeProducing()
        except Exception:
            self.cease()
            self._failed()
        finally:
            self._inLoop = False
        if self._demand is _ROOM and self._wrote:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._later(self._askAgain)

    def _askAgain(self) -> None:
        self._scheduled = False
        if not self._inLoop:
            self._ask()


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
