"""
How far a session has got, and who has said goodbye.
"""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """
    How far a session has got.
    """

    CONNECTING = auto()
    """There is no connection yet."""

    GREETING = auto()
    """The peer hasn't said hello yet."""

    OPEN = auto()
    """Messages go both ways."""

    CLOSING = auto()
    """Nothing is sent any more, what comes is ignored, and the connection is
    being closed, by either side."""

    CLOSED = auto()
    """There is no connection any more."""


class Leaving(Enum):
    """
    Who has said goodbye.
    """

    NOBODY = auto()
    """Nobody."""

    SOON = auto()
    """We will, when there is a peer and it has seen all our requests."""

    US = auto()
    """We have: the peer will when nothing is under way, and then we close."""

    PEER = auto()
    """The peer has: we will when nothing is under way, and then it closes."""

    BOTH = auto()
    """We have, and then the peer."""
