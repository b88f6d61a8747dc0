"""
Virtual time.
"""

from typing import Any

import pytest
from twisted.internet.task import LoopingCall

from penstock.transports.memory import NeverIdle, VirtualClock


def test_passesThroughEachMoment() -> None:
    """
    Each call is made at its own time, however far the clock is advanced.
    """
    clock = VirtualClock()
    seen: list[float] = []
    loop = LoopingCall(lambda: seen.append(clock.seconds()))
    loop.clock = clock
    loop.start(1.0)
    clock.advance(3.5)
    assert seen == [0.0, 1.0, 2.0, 3.0]
    assert clock.seconds() == 3.5
    loop.stop()


def test_stepMakesOneCall() -> None:
    """
    C{step} makes one call that is due and says whether there was one; time
    stands still.
    """
    clock = VirtualClock()
    seen: list[str] = []
    clock.callLater(0, seen.append, "a")
    clock.callLater(0, seen.append, "b")
    clock.callLater(1, seen.append, "c")
    assert clock.runnable
    assert clock.step()
    assert seen == ["a"]
    assert clock.step()
    assert not clock.runnable
    assert not clock.step()
    assert seen == ["a", "b"]
    assert clock.seconds() == 0


def test_callsMayBeChangedMeanwhile() -> None:
    """
    A call may cancel or put off another one that is due at the same time.
    """
    clock = VirtualClock()
    seen: list[Any] = []

    def first() -> None:
        second.cancel()
        third.reset(2)

    clock.callLater(1, first)
    second = clock.callLater(1, seen.append, "second")
    third = clock.callLater(1, lambda: seen.append(clock.seconds()))
    clock.advance(5)
    assert seen == [3.0]


def test_loopsAreFound() -> None:
    """
    Something that is due for ever is an exception, not a hang.
    """
    clock = VirtualClock()

    def again() -> None:
        clock.callLater(0, again)

    again()
    with pytest.raises(NeverIdle, match="at 0"):
        clock.advance(1)


def test_manyCallsAreNoLoop() -> None:
    """
    Only calls between which no time passes count as a loop.
    """
    clock = VirtualClock()
    seen: list[float] = []
    for n in range(1000):
        clock.callLater(n, seen.append, n)
    clock.advance(1000)
    assert len(seen) == 1000


def test_timeDoesNotRunBackwards() -> None:
    """
    A negative amount is refused.
    """
    with pytest.raises(ValueError, match="backwards"):
        VirtualClock().advance(-1)


def _order(seed: int | None) -> list[int]:
    clock = VirtualClock(seed)
    seen: list[int] = []
    for n in range(20):
        clock.callLater(n // 10, seen.append, n)
    clock.advance(5)
    return seen


def test_seedsShuffle() -> None:
    """
    A seed shuffles what is due at the same moment, each time in the same way,
    and never moves a call to another moment.
    """
    assert _order(None) == list(range(20))
    assert _order(1) == _order(1)
    assert _order(1) != _order(2)
    for seed in range(20):
        order = _order(seed)
        assert sorted(order[:10]) == list(range(10))
        assert sorted(order[10:]) == list(range(10, 20))
