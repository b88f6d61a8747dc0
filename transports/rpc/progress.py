"""
How far an exchange has got: with its connection, and either way.
"""

from __future__ import annotations

from enum import Enum, auto


class Wire(Enum):
    """
    What an exchange has to do with its connection.
    """

    WAITING = auto()
    """Nothing yet."""

    OPEN = auto()
    """It is, or is about to be, known at the other end."""

    CLOSED = auto()
    """Nothing any more."""


class Ending(Enum):
    """
    Whether the end of the outgoing message was sent.
    """

    NONE = auto()
    """It isn't at its end."""

    DUE = auto()
    """It is, but something before that wasn't sent."""

    SENT = auto()
    """It was, or the peer doesn't want it."""


class Arrival(Enum):
    """
    How much of the incoming message has arrived.
    """

    NOTHING = auto()
    """No head (of a response)."""

    HEAD = auto()
    """The head, and perhaps some content."""

    ALL = auto()
    """All."""
