"""
One direction between two ends in memory: calls in their order, and content
within a window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

# Octets that may wait for a receiver before the sender is told to stop: what a
# socket's buffers hold.
WINDOW: Final = 64 * 1024


class Terms(NamedTuple):
    """
    What holds for both directions of an exchange.
    """

    later: Callable[[Callable[[], None]], object]
    """Calls what it is given from the event loop, soon."""

    window: int = WINDOW
    """Octets that may wait for a receiver."""

    piece: int = WINDOW
    """Octets that are handed over at once."""


class Lane:
    """
    One direction.

    A call reaches the receiver before it returns, unless the receiver is
    itself inside a call to the sender: nobody expects to be called back inside
    C{writeData}, and over a wire nobody is.  Then it comes from the event
    loop, and all that follows after it.

    @ivar waiting: octets that the receiver has not taken yet.
    @ivar most: the most that they ever were.
    @ivar receiver: the end that gets the calls; L{None} when it is over.
    """

    waiting: int = 0
    most: int = 0

    _mail: deque[tuple[Callable[..., None], tuple[Any, ...]]] | None = None
    # Octets that a producer has written since it last had to rest.
    _turn: int = 0
    _resting: bool = False
    _full: bool = False

    def __init__(self, terms: Terms, sender: Any, receiver: Any) -> None:
        """
        @param sender: L{penstock.core.exchange.Exchange} with C{isProducing},
            C{busy}, whether it is inside a call, and C{guarded}, whether it is
            not to be called back there.
        @param receiver: the same.
        """
        self._terms = terms
        self._sender = sender
        self.receiver = receiver

    def call(self, method: Callable[..., None], *args: Any) -> None:
        """
        Call C{method} of the receiver, in its turn.
        """
        if self._mail is None and not self.receiver.busy:
            sender = self._sender
            was = sender.busy
            sender.busy = sender.guarded
            try:
                method(*args)
            finally:
                sender.busy = was
        else:
            self._post(method, args)

    def carry(self, data: bytes) -> None:
        """
        Hand over content.
        """
        receiver = self.receiver
        if receiver is None:
            return
        terms = self._terms
        size = len(data)
        if size <= terms.piece:
            self.waiting += size
            self.call(receiver.contentReceived, data)
        else:
            for start in range(0, size, terms.piece):
                if self.receiver is None:
                    return
                part = data[start : start + terms.piece]
                self.waiting += len(part)
                self.call(receiver.contentReceived, part)
        sender = self._sender
        if sender is None:
            return
        # Only now: a receiver who takes everything at once blocks nobody.
        if self.waiting:
            if self.waiting > self.most:
                self.most = self.waiting
            if self.waiting >= terms.window:
                self._full = True
                sender.outputBlocked()
        if sender.isProducing:
            # Over a wire, a producer fills the buffers before the reader gets
            # a turn; one that writes until it is paused relies on that.
            self._turn += size
            if self._turn >= terms.window and not self._resting:
                self._resting = True
                terms.later(self._rested)
                sender.outputBlocked()

    def taken(self, size: int) -> None:
        """
        The receiver has taken C{size} octets.
        """
        self.waiting -= size
        if self._full and not self._resting:
            self._release()

    def close(self) -> None:
        """
        The receiver wants nothing more, and what is sent goes nowhere.  What
        is in the mail still comes.
        """
        self._sender = self.receiver = None

    def _rested(self) -> None:
        self._resting = False
        self._turn = 0
        self._release()

    def _release(self) -> None:
        """
        Let the sender go on if half of the window is free, else as soon as it
        is.
        """
        self._full = self.waiting > self._terms.window // 2
        if not self._full and self._sender is not None:
            self._sender.outputReady()

    def _post(self, method: Callable[..., None], args: tuple[Any, ...]) -> None:
        if self._mail is None:
            self._mail = deque()
            self._terms.later(self._deliver)
        self._mail.append((method, args))

    def _deliver(self) -> None:
        """
        Make the calls that have been put off, and no more than these in one
        turn.
        """
        mail = self._mail
        if mail is not None:
            for _ in range(len(mail)):
                method, args = mail.popleft()
                method(*args)
            if mail:
                self._terms.later(self._deliver)
            else:
                self._mail = None
