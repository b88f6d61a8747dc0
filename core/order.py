"""
The order of calls: what may be done to an outgoing message, and when.

A table and nothing else.  L{penstock.core.exchange} asks it; no transport has
flags of its own.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class Stage(Enum):
    """
    How far an outgoing message has got.
    """

    WAITING = auto()
    """No head yet; interim responses may go out."""

    WRITING = auto()
    """The head is out, content may follow."""

    BODILESS = auto()
    """The head is out, and the message has no content (RFC 9110, section
    6.4.1): what is written as content is dropped."""

    FINISHED = auto()
    """All of it was written."""

    LOST = auto()
    """It will never be whole."""


class Action(Enum):
    """
    Something that is done to an outgoing message.
    """

    INTERMEDIATE = "writeIntermediateResponse"
    HEADERS = "writeHeaders"
    BARE_HEADERS = "writeHeaders (without content)"
    DATA = "writeData"
    FILE = "writeFile"
    PRODUCER = "registerProducer"
    FINISH = "finish"
    UPGRADE = "upgrade"
    LOSE = "lose"


# Every move that does something.
TRANSITIONS: Final[dict[tuple[Stage, Action], Stage]] = {
    (Stage.WAITING, Action.INTERMEDIATE): Stage.WAITING,
    (Stage.WAITING, Action.HEADERS): Stage.WRITING,
    (Stage.WAITING, Action.BARE_HEADERS): Stage.BODILESS,
    (Stage.WAITING, Action.UPGRADE): Stage.FINISHED,
    (Stage.WRITING, Action.DATA): Stage.WRITING,
    (Stage.WRITING, Action.FILE): Stage.WRITING,
    (Stage.WRITING, Action.PRODUCER): Stage.WRITING,
    (Stage.WRITING, Action.FINISH): Stage.FINISHED,
    (Stage.BODILESS, Action.DATA): Stage.BODILESS,
    (Stage.BODILESS, Action.FILE): Stage.BODILESS,
    (Stage.BODILESS, Action.PRODUCER): Stage.BODILESS,
    (Stage.BODILESS, Action.FINISH): Stage.FINISHED,
    (Stage.WAITING, Action.LOSE): Stage.LOST,
    (Stage.WRITING, Action.LOSE): Stage.LOST,
    (Stage.BODILESS, Action.LOSE): Stage.LOST,
}

# Every move that does nothing: the message is over, and whoever makes the call
# may not have heard of it yet.
LATE: Final[frozenset[tuple[Stage, Action]]] = frozenset(
    (stage, action) for stage in (Stage.FINISHED, Stage.LOST) for action in Action
)

# Whatever is in neither table is a LocalProtocolError.
