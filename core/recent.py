"""
A memory for what was translated lately.

What peers ask for is the same in most messages, or made of the same pieces, and
so is what a program answers.  A hit costs 0.1 to 0.4 µs, a miss as much as the
work itself (benchmarks/fields.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

MAX_RECENT: Final = 256
MAX_RECENT_LENGTH: Final = 256

_Value = TypeVar("_Value")


def recentlyParsed(parse: Callable[[bytes], _Value]) -> Callable[[bytes], _Value]:
    """
    @return: C{parse}, with a memory for the latest short values that parsed.
        Not for secrets.
    """
    recent = lru_cache(MAX_RECENT)(parse)

    @wraps(parse)
    def remember(value: bytes) -> _Value:
        return recent(value) if len(value) <= MAX_RECENT_LENGTH else parse(value)

    return remember


def recentlyGenerated(generate: Callable[[_Value], bytes]) -> Callable[[_Value], bytes]:
    """
    @return: C{generate}, with a memory for the latest values that it made
        something short of.  They are compared: not for those where 1 and
        L{True} are not the same.
    """
    recent: dict[_Value, bytes] = {}

    @wraps(generate)
    def remember(value: _Value) -> bytes:
        try:
            raw = recent.get(value)
        except TypeError:
            return generate(value)
        if raw is None:
            raw = generate(value)
            if len(raw) <= MAX_RECENT_LENGTH:
                if len(recent) >= MAX_RECENT:
                    recent.clear()
                recent[value] = raw
        return raw

    return remember
