"""
Producers: asking for blocks, and files.
"""

import io
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface.verify import verifyObject

from penstock.core.flow import BLOCK, TURN, FileProducer, Puller


class Blocks:
    """
    A pull producer that notes how often it is asked.
    """

    def __init__(self, writes: bool = True) -> None:
        self.asked = 0
        self.stopped = 0
        self.turns: list[Callable[[], None]] = []
        self.failures = 0
        self.during: Callable[[], Any] = lambda: None
        self.writes = writes
        self.puller = Puller(self, self.turns.append, self._failed)

    def _failed(self) -> None:
        self.failures += 1

    def resumeProducing(self) -> None:
        self.asked += 1
        self.during()
        if self.writes:
            self.puller.wrote()

    def stopProducing(self) -> None:
        self.stopped += 1

    def turn(self) -> None:
        turns, self.turns[:] = list(self.turns), []
        for call in turns:
            call()


def test_interfaces() -> None:
    """
    They are what Twisted's contract says.
    """
    verifyObject(IPushProducer, Blocks().puller)
    producer = FileProducer(io.BytesIO(), 0, 0, lambda data: None, lambda short: None)
    verifyObject(IPullProducer, producer)


def test_othersGetATurn() -> None:
    """
    A reader that is always ready doesn't keep the loop to itself.
    """
    blocks = Blocks()
    blocks.puller.resumeProducing()
    assert blocks.asked == TURN
    blocks.turn()
    assert blocks.asked == 2 * TURN


def test_pausedInBetween() -> None:
    """
    No block is asked for when there is no room, from whatever side the word
    comes.
    """
    blocks = Blocks()
    blocks.during = blocks.puller.pauseProducing
    blocks.puller.resumeProducing()
    assert blocks.asked == 1
    blocks.turn()
    blocks.puller.wrote()
    assert blocks.asked == 1
    assert blocks.turns == []
    blocks.puller.resumeProducing()
    assert blocks.asked == 2


def test_oneTurnAtATime() -> None:
    """
    However often it is paused and resumed between two turns of the loop, it
    gets one share of the next, and the loop isn't asked twice.
    """
    blocks = Blocks()
    blocks.puller.resumeProducing()
    for _ in range(5):
        blocks.puller.pauseProducing()
        blocks.puller.resumeProducing()
    assert len(blocks.turns) == 1
    before = blocks.asked
    blocks.turn()
    assert len(blocks.turns) == 1
    assert blocks.asked == before + TURN


def test_toggledWhileAsked() -> None:
    """
    Paused and resumed while the producer is being asked, it goes on in the
    same loop and not on a growing stack.
    """
    blocks = Blocks()
    depth = 0
    deepest = 0

    def during() -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        blocks.puller.pauseProducing()
        blocks.puller.resumeProducing()
        depth -= 1

    blocks.during = during
    blocks.puller.resumeProducing()
    assert (blocks.asked, deepest) == (TURN, 1)


def test_writesLater() -> None:
    """
    A producer that doesn't write at once isn't asked again before it has; and
    then from the loop, not inside its write.
    """
    blocks = Blocks(writes=False)
    blocks.puller.resumeProducing()
    blocks.turn()
    blocks.puller.pauseProducing()
    blocks.puller.resumeProducing()
    blocks.turn()
    assert blocks.asked == 1
    blocks.puller.wrote()
    assert blocks.asked == 1
    blocks.turn()
    assert blocks.asked == 2


def test_writesLaterWhilePaused() -> None:
    """
    What it writes while there is no room counts when there is room again.
    """
    blocks = Blocks(writes=False)
    blocks.puller.resumeProducing()
    blocks.puller.pauseProducing()
    blocks.puller.wrote()
    blocks.turn()
    assert blocks.asked == 1
    blocks.puller.resumeProducing()
    assert blocks.asked == 2


@pytest.mark.parametrize("end", ["stopProducing", "cease"])
def test_ended(end: str) -> None:
    """
    When it has ended, nothing makes it ask again.
    """
    blocks = Blocks()
    blocks.during = getattr(blocks.puller, end)
    blocks.puller.resumeProducing()
    blocks.puller.pauseProducing()
    blocks.puller.resumeProducing()
    blocks.puller.wrote()
    blocks.turn()
    assert blocks.asked == 1
    assert blocks.stopped == (end == "stopProducing")


def test_endedBeforeItsTurn() -> None:
    """
    A turn that was asked for before the end comes to nothing.
    """
    blocks = Blocks()
    blocks.puller.resumeProducing()
    blocks.puller.cease()
    blocks.turn()
    assert (blocks.asked, blocks.turns) == (TURN, [])


def test_raises() -> None:
    """
    A producer that raises is reported, once, and not asked again.
    """
    blocks = Blocks()

    def during() -> None:
        raise KeyError("faulty")

    blocks.during = during
    blocks.puller.resumeProducing()
    assert (blocks.asked, blocks.failures) == (1, 1)
    blocks.puller.wrote()
    blocks.puller.resumeProducing()
    blocks.turn()
    assert (blocks.asked, blocks.failures) == (1, 1)


class Target:
    """
    Where a file goes.
    """

    def __init__(self, file: Any, offset: int, length: int) -> None:
        self.blocks: list[bytes] = []
        self.done: list[bool] = []
        self.producer = FileProducer(
            file, offset, length, self.blocks.append, self.done.append
        )

    def run(self) -> None:
        for _ in range(100):
            if self.done:
                return
            self.producer.resumeProducing()
        raise AssertionError("never done")


CONTENT = bytes(range(251)) * 1000


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (0, 1),
        (0, BLOCK - 1),
        (0, BLOCK),
        (0, BLOCK + 1),
        (0, len(CONTENT)),
        (7, 2 * BLOCK),
        (len(CONTENT) - 1, 1),
    ],
)
def test_fileIsWhole(offset: int, length: int) -> None:
    """
    Exactly the part that was asked for is written, in blocks, and said to be
    done once, with the last of them.
    """
    target = Target(io.BytesIO(CONTENT), offset, length)
    target.run()
    assert b"".join(target.blocks) == CONTENT[offset : offset + length]
    assert max(map(len, target.blocks)) <= BLOCK
    assert target.done == [False]


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, len(CONTENT) + 1), (len(CONTENT), 1), (len(CONTENT) + 9, 1)],
)
def test_fileIsShort(offset: int, length: int) -> None:
    """
    A file that ends early is said to be short, after what it had.
    """
    target = Target(io.BytesIO(CONTENT), offset, length)
    target.run()
    assert b"".join(target.blocks) == CONTENT[offset:]
    assert target.done == [True]


def test_fileIsClosed() -> None:
    """
    A file closed behind our back is a short one.
    """
    file = io.BytesIO(CONTENT)
    target = Target(file, 0, len(CONTENT))
    target.producer.resumeProducing()
    file.close()
    target.run()
    assert target.done == [True]


def test_fileIsSharedAndRead() -> None:
    """
    Somebody else who moves the file's position doesn't change what is sent.
    """
    file = io.BytesIO(CONTENT)
    target = Target(file, 0, len(CONTENT))
    target.producer.resumeProducing()
    file.seek(3)
    target.run()
    assert b"".join(target.blocks) == CONTENT


def test_fileIsStoppedWhileItWrites() -> None:
    """
    Stopped inside its own write, it is not called short.
    """
    target = Target(io.BytesIO(CONTENT), 0, len(CONTENT))
    target.producer = FileProducer(
        io.BytesIO(CONTENT),
        0,
        len(CONTENT),
        lambda data: target.producer.stopProducing(),
        target.done.append,
    )
    target.run()
    assert target.done == [False]
