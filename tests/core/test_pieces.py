"""
Content that comes in tiny pieces takes as much memory as it has octets, and not
some fifty times as much.
"""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from penstock.core.content import HIGH_WATER, Buffer, Stream
from penstock.core.pieces import SMALL, gather
from penstock.core.resource import Resource
from penstock.core.server import Site

from .fakes import ask

sizes = st.one_of(
    st.integers(0, 20), st.sampled_from([SMALL - 1, SMALL, SMALL + 1, 70000])
)


@given(st.lists(sizes, max_size=60), st.sampled_from([list, deque]))
def test_allIsThere(lengths: list[int], kind: Callable[[], Any]) -> None:
    pieces = kind()
    whole = b""
    for number, length in enumerate(lengths):
        data = bytes([number]) * length
        whole += data
        gather(pieces, data)
    assert b"".join(pieces) == whole
    # Of the small ones, every second may be alone between large ones.
    assert len(pieces) <= 2 + 2 * sum(length >= SMALL for length in lengths)


def test_oneIsKept() -> None:
    """
    Most content comes in one piece, which isn't copied.
    """
    data = b"12345"
    pieces: list[bytes | bytearray] = []
    gather(pieces, data)
    assert b"".join(pieces) is data


def piece() -> bytes:
    # Not one of those that Python has anyway.
    return bytes(bytearray(b"ab"))


def held(feed: Callable[[], None]) -> int:
    """
    @return: octets of memory that are in use after it.
    """
    tracemalloc.start()
    try:
        feed()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


class Reading(Resource):
    """
    Takes what comes, or not yet.
    """

    def __init__(self, policy: Any, atOnce: bool) -> None:
        super().__init__()
        self.policy = policy
        self.atOnce = atOnce
        self.go: Deferred[None] = Deferred()

    async def render_POST(self, request: Any) -> Any:
        if not self.atOnce:
            await self.go
        if isinstance(self.policy, Buffer):
            return request.body
        return await request.content.read()


@pytest.mark.parametrize(
    ("policy", "atOnce"),
    [(Buffer(), True), (Stream(), True), (Stream(), False)],
    ids=["buffered", "read", "not read yet"],
)
def test_memory(policy: Any, atOnce: bool) -> None:
    resource = Reading(policy, atOnce)
    wire, _ = ask(Site(resource), b"POST", body=None, length=HIGH_WATER)

    def feed() -> None:
        for _ in range(HIGH_WATER // 2):
            wire.contentReceived(piece())

    assert held(feed) < 2 * HIGH_WATER
    wire.contentEnded()
    resource.go.callback(None)
    assert wire.body == b"ab" * (HIGH_WATER // 2)
