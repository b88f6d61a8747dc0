"""
What a channel does with its input.
"""

from __future__ import annotations

from enum import Enum, auto


class Intake(Enum):
    """
    What is done with what comes in.
    """

    HEAD = auto()
    """It is, or will be, the head of the next request.  There is no
    exchange."""

    CONTENT = auto()
    """It is content of the present exchange's request."""

    WHOLE = auto()
    """It waits, unparsed, until the present exchange is over."""

    DRAIN = auto()
    """It is content that nobody wants, of a request that was answered.  There
    is no exchange."""

    SWITCHED = auto()
    """It is for another protocol.  There is no exchange."""

    CLOSING = auto()
    """It is dropped, and never parsed.  There is no exchange."""
