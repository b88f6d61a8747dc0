"""
What a connection of the calling end can be doing.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class Phase(Enum):
    """
    What a connection is doing.
    """

    CONNECTING = auto()
    """It can't be used yet."""

    IDLE = auto()
    """It waits for the next exchange."""

    BUSY = auto()
    """There is an exchange on it."""

    CLOSING = auto()
    """It has been closed by this side, and what comes is ignored."""

    CLOSED = auto()
    """It is gone."""


# Of these it doesn't come back.
DEAD: Final = frozenset((Phase.CLOSING, Phase.CLOSED))
