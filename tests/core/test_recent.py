"""
Tests for L{penstock.core.recent}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.errors import InvalidField
from penstock.core.fields import STANDARD
from penstock.core.negotiation import Accept, MediaRange
from penstock.core.recent import (
    MAX_RECENT,
    MAX_RECENT_LENGTH,
    recentlyGenerated,
    recentlyParsed,
)


class Counted:
    """
    Notes what it is called with, and returns it.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, value: Any) -> Any:
        self.calls.append(value)
        if value == b"bad":
            raise ValueError("it is bad")
        return value


MEMORIES = pytest.mark.parametrize("memory", [recentlyParsed, recentlyGenerated])


def called(memory: Callable[[Any], Any], *values: Any) -> list[Any]:
    """
    @return: which of C{values}, one after the other, weren't remembered.
    """
    counted = Counted()
    remember = memory(counted)
    for value in values:
        try:
            assert remember(value) == value
        except ValueError:
            assert value == b"bad"
    return counted.calls


@MEMORIES
def test_remembered(memory: Any) -> None:
    assert called(memory, b"a", b"b", b"a", b"b") == [b"a", b"b"]


@MEMORIES
def test_onlyShort(memory: Any) -> None:
    short, long = b"a" * MAX_RECENT_LENGTH, b"a" * (MAX_RECENT_LENGTH + 1)
    assert called(memory, short, long, short, long) == [short, long, long]


@MEMORIES
def test_notErrors(memory: Any) -> None:
    assert called(memory, b"bad", b"bad") == [b"bad"] * 2


@MEMORIES
def test_onlySoMany(memory: Any) -> None:
    """
    Nobody can fill it for good, nor make it grow.
    """
    values = [b"%d" % number for number in range(MAX_RECENT + 1)]
    assert called(memory, *values, values[0], values[0]) == [*values, values[0]]


def test_whatHasNoHash() -> None:
    """
    What can't be looked up is made each time.
    """
    assert called(recentlyGenerated, [1], [1]) == [[1], [1]]


def test_membersAreNotMistaken() -> None:
    """
    What is remembered of one member is not taken for another.
    """
    ranges = (MediaRange("a", "b", (), 500), MediaRange("a", "b"))
    for value in (Accept(ranges), Accept(ranges[::-1])):
        (line,) = STANDARD.generate(b"accept", value)
        assert STANDARD.parse(b"accept", [line]) == value
    for _ in range(2):
        with pytest.raises(ValueError, match="malformed"):
            STANDARD.parse(b"accept", [b"a/b, */b"])
        with pytest.raises(InvalidField):
            STANDARD.generate(b"accept", Accept((*ranges, MediaRange("*", "b"))))
