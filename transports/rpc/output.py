"""
What a session sends: in what order, and in which frames.

::

    replies, credit, refusals  -------------------------\\
    heads and ends (no credit needed)  -> urgent --------+--> frame --> write
    content (as credit allows)         -> ring (turns) --/

While the carrier takes more, what is sent goes straight into the frame of
this turn, which is written when the turn is over or the frame is full.  Only
what can't go at once waits in its exchange, and the exchange in one of two
queues: C{urgent}, if all that it waits for is the carrier, or C{ring}, where
each exchange sends one block of its content and goes to the end.  So a large
content never delays a small answer by more than what the carrier holds and
one block.

Sans-IO: the session gives it a way to write and one to be called soon.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from penstock.transports.rpc.codec import encodeContent, frameHead

# Octets of content in one message: what one read of a file or socket gives,
# and at 10 Mbit/s a twentieth of a second.
BLOCK: Final = 64 * 1024

# Octets of messages after which a frame is written: what a carrier takes in
# one turn.
FULL: Final = 64 * 1024

# Messages in a frame.  Many share one write, which is most of what a small
# message costs; but not all of a turn, so that the peer works on the first
# while this side makes the last.
_TOGETHER: Final = 32

# Content that is worth a frame, and a look whether the carrier takes more.
_LARGE: Final = 16 * 1024

# Room in a frame for what is around a block of content.
_AROUND: Final = 64

# Octets of content that one flush may send, if the carrier takes all: then
# others get their turn of the event loop.
_BURST: Final = 1024 * 1024


class Gate(Enum):
    """
    Whether the carrier takes something.
    """

    SHUT = auto()
    """Nothing: the peer hasn't said hello yet, or it is over."""

    FULL = auto()
    """Replies only: what it has is more than enough for now."""

    OPEN = auto()
    """Anything."""


# Looked up once: each look into an enum costs a tenth of a microsecond.
_OPEN: Final = Gate.OPEN
_SHUT: Final = Gate.SHUT


class Sender(Protocol):
    """
    An exchange, as far as it has something to send.
    """

    def urgentTurn(self) -> None:
        """
        Send what needs no credit.
        """

    def contentTurn(self) -> int:
        """
        Send one block of content, and go back to C{ring} if there is more.

        @return: its octets.
        """


class Output:
    """
    The outgoing half of a session.

    @ivar gate: whether the carrier takes something.
    @ivar credit: octets of content that the peer takes, of all exchanges
        together.
    @ivar block: octets of content in a message.
    @ivar urgent: exchanges that wait for the carrier alone.
    @ivar ring: exchanges that wait for their turn, with content and credit of
        their own.
    """

    __slots__ = (
        "_bound",
        "_count",
        "_due",
        "_flooded",
        "_full",
        "_limit",
        "_pieces",
        "_pumping",
        "_size",
        "_soon",
        "_unsent",
        "_write",
        "block",
        "credit",
        "gate",
        "ring",
        "urgent",
    )

    def __init__(
        self,
        write: Callable[[list[bytes]], None],
        soon: Callable[[Callable[[], None]], None],
        flooded: Callable[[], None],
        limit: int,
    ) -> None:
        """
        @param write: called with the pieces of a frame.
        @param soon: calls what it is given from the event loop, soon.
        @param flooded: called when C{limit} is passed.
        @param limit: octets of replies that may wait while the carrier takes
            nothing.
        """
        self._write = write
        self._soon = soon
        self._flooded = flooded
        self._limit = limit
        self.gate = _SHUT
        self.credit = 0
        self.block = BLOCK
        self.urgent: deque[Sender] = deque()
        self.ring: deque[Sender] = deque()
        # The frame of this turn; its first piece is its head.
        self._pieces: list[bytes] = [b""]
        self._size = 0
        self._count = 0
        # Octets of a frame that the peer takes.
        self._bound = BLOCK + _AROUND
        # ... and of messages that are put together into one.
        self._full = FULL
        # A flush will come.
        self._due = False
        self._pumping = False
        self._unsent = 0

    # For the session

    def start(self, frame: int, credit: int, gate: Gate) -> None:
        """
        The peer has said hello.

        @param frame: octets that it takes in a frame.
        @param credit: octets of content that it takes.
        """
        self._bound = frame
        self._full = min(FULL, frame - _AROUND)
        self.block = min(BLOCK, frame - _AROUND)
        self.credit = credit
        self.gate = gate
        self.touch()

    def setGate(self, gate: Gate) -> None:
        """
        The carrier takes more, or no more.
        """
        if self.gate is not _SHUT:
            self.gate = gate
            if gate is _OPEN:
                self._unsent = 0
                if not self._due:
                    self.flush()

    def shut(self) -> None:
        """
        Nothing is sent from now on.
        """
        self.gate = _SHUT
        self._startFrame()

    def clear(self) -> None:
        """
        L{shut}, and nobody waits any more.
        """
        self.shut()
        self.urgent.clear()
        self.ring.clear()

    def begin(self) -> None:
        """
        A turn begins, at whose end L{flush} will be called.
        """
        self._due = True

    def flush(self) -> None:
        """
        Write what can be written.
        """
        self._due = True
        if self.gate is _OPEN and (self.urgent or self.ring):
            self._pump()
        self._due = False
        if self._count:
            self._seal()

    # For exchanges

    def isDirect(self) -> bool:
        """
        @return: whether content may be sent without waiting for a turn.
        """
        return self.gate is _OPEN and not self.ring and not self._pumping

    def fits(self, message: bytes) -> bool:
        """
        @return: whether the peer takes C{message}, in a frame of its own.
        """
        return len(message) + _AROUND <= self._bound

    def sendFitting(self, message: bytes) -> bool:
        """
        As L{send}, if L{fits}.

        @return: whether it does.
        """
        if len(message) + _AROUND > self._bound:
            return False
        size = self._size + len(message)
        if self.gate is _OPEN and size <= self._full and self._count < _TOGETHER:
            # As send does, which is there once more for each exchange.
            self._pieces.append(message)
            self._size = size
            self._count += 1
            if not self._due:
                self.touch()
        else:
            self.send(message)
        return True

    def leave(self, sender: Sender) -> None:
        """
        C{sender} was given up.  If it were kept until the carrier takes more,
        a peer could make us keep any number.
        """
        while sender in self.urgent:
            self.urgent.remove(sender)

    def touch(self) -> None:
        """
        There is something to do: see to it that L{flush} is called.
        """
        if not self._due:
            self._due = True
            self._soon(self.flush)

    def send(self, message: bytes) -> None:
        """
        Send C{message}, whatever the carrier says, unless it is over.
        """
        if self.gate is not _OPEN:
            if self.gate is _SHUT:
                return
            self._unsent += len(message)
            if self._unsent > self._limit:
                self._flooded()
                return
        size = self._size + len(message)
        if size > self._full or self._count == _TOGETHER:
            self._seal()
            size = len(message)
        self._pieces.append(message)
        self._size = size
        self._count += 1
        if not self._due:
            self.touch()

    def sendContent(self, method: int, exchange: int, data: bytes) -> None:
        """
        Send C{data}, at most C{block} octets of content that there is credit
        for.
        """
        self.credit -= len(data)
        head = encodeContent(method, exchange, len(data))
        if len(data) < _LARGE:
            self.send(head + data)
            return
        size = len(head) + len(data)
        if self._size + size > self._full or self._count == _TOGETHER:
            self._seal()
        self._pieces += (head, data)
        self._size += size
        self._count += 1
        # At once, so that a carrier that takes no more can say so.
        self._seal()

    # Within

    def _pump(self) -> None:
        """
        Give turns, for as long as the carrier takes what they send.
        """
        self._pumping = True
        burst = 0
        heads = 0
        try:
            while self.gate is _OPEN:
                # As many heads as fill a frame, then a block of content: so
                # neither starves the other.
                if self.urgent and heads < _TOGETHER:
                    heads += 1
                    self.urgent.popleft().urgentTurn()
                elif self.ring and self.credit > 0:
                    heads = 0
                    if burst >= _BURST:
                        self._soon(self.flush)
                        break
                    burst += self.ring.popleft().contentTurn()
                elif self.urgent:
                    heads = 0
                else:
                    break
                if self._size >= self._full:
                    self._seal()
        finally:
            self._pumping = False

    def _seal(self) -> None:
        """
        Write the frame of this turn.
        """
        pieces = self._pieces
        if self._count:
            pieces[0] = frameHead(self._size, self._count)
            self._startFrame()
            self._write(pieces)

    def _startFrame(self) -> None:
        self._pieces = [b""]
        self._size = self._count = 0
