"""
Standard input and output in the event loop.
"""

import os
import pty
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from penstock.cli.descriptors import Inlet, Outlet

from ..loop import Loop

# More than a pipe holds.
BIG = os.urandom(1024 * 1024)

Pair = tuple[int, int]


@pytest.fixture(params=[os.pipe, pty.openpty], ids=["pipe", "terminal"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """
    Two ends: what is written to the second comes out of the first.
    """
    make: Callable[[], Pair] = request.param
    reading, writing = make()
    if make is pty.openpty:
        tty.setraw(writing)
    yield reading, writing
    os.close(reading)
    os.close(writing)


async def readAll(inlet: Inlet) -> bytes:
    return b"".join([block async for block in inlet])


def later(coroutine: Any) -> Deferred[Any]:
    return Deferred.fromCoroutine(coroutine)


def test_bothEnds(loop: Loop, pair: Pair) -> None:
    """
    Content bigger than what lies between comes through, and nobody's
    descriptor is left non-blocking.
    """
    reading, writing = pair
    received = bytearray()
    inlet = Inlet(loop.reactor, open(reading, "rb", 0, closefd=False))

    async def read() -> None:
        async for block in inlet:
            received.extend(block)
            if len(received) == len(BIG):
                break

    read_ = later(read())
    outlet = Outlet(loop.reactor, writing)
    loop.run(later(outlet.write(BIG)))
    loop.run(read_)
    outlet.close()
    assert bytes(received) == BIG
    assert os.get_blocking(writing)
    assert os.get_blocking(reading)


def test_end(loop: Loop) -> None:
    """
    Whatever was written before the end is read.
    """
    reading, writing = os.pipe()
    os.write(writing, b"last words")
    os.close(writing)
    with open(reading, "rb", 0) as file:
        assert loop.run(later(readAll(Inlet(loop.reactor, file)))) == b"last words"


def test_nothingToRead(loop: Loop) -> None:
    with open(os.devnull, "rb", 0) as file:
        assert loop.run(later(readAll(Inlet(loop.reactor, file)))) == b""


def test_readingIsCancelled(loop: Loop) -> None:
    reading, writing = os.pipe()
    with open(reading, "rb", 0) as file, open(writing, "wb", 0):
        waiting = later(readAll(Inlet(loop.reactor, file)))
        loop.turn()
        waiting.cancel()
        with pytest.raises(CancelledError):
            loop.run(waiting)
        assert not loop.reactor.getReaders() or all(
            reader.fileno() != reading for reader in loop.reactor.getReaders()
        )


def test_nobodyReads(loop: Loop) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", 0) as file, pytest.raises(BrokenPipeError):
        loop.run(later(Outlet(loop.reactor, file.fileno()).write(b"hello")))


def test_readerGoesWhileWaiting(loop: Loop) -> None:
    reading, writing = os.pipe()
    with open(writing, "wb", 0) as file:
        waiting = later(Outlet(loop.reactor, file.fileno()).write(BIG))
        loop.turn()
        assert not waiting.called
        os.close(reading)
        with pytest.raises(BrokenPipeError):
            loop.run(waiting)


def test_disk(loop: Loop, tmp_path: Path) -> None:
    """
    A file is written at once.
    """
    with open(tmp_path / "file", "wb", 0) as file:
        writing = later(Outlet(loop.reactor, file.fileno()).write(BIG))
        assert writing.called
    assert (tmp_path / "file").read_bytes() == BIG


def test_closed(loop: Loop) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        Outlet(loop.reactor, writing)
