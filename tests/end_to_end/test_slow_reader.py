"""
One slow reader among many doesn't slow the others, whatever they share.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from penstock.core.resource import Resource
from penstock.core.server import Request

from ..loop import Loop
from .ways import HTTPCaller, overHTTP, throughGateway


class Endless(Resource):
    """
    As much as is taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def render_GET(self, request: Request) -> AsyncIterator[bytes]:
        return self.blocks()

    async def blocks(self) -> AsyncIterator[bytes]:
        while True:
            self.made += 65536
            yield b"x" * 65536


class Small(Resource):
    """
    A small answer.
    """

    def render_GET(self, request: Request) -> bytes:
        return b"small"


@pytest.mark.parametrize("serve", [overHTTP, throughGateway])
def test_slowReader(serve: Any, loop: Loop) -> None:
    """
    While ten clients read nothing of a response without end, what is held for
    them stays bounded, and a small answer through the same gateway and the
    same connection to the worker comes at once.
    """
    endless = Endless()
    root = Resource()
    root.putChild("endless", endless)
    root.putChild("small", Small())
    port = serve(loop, root)
    stalled = [HTTPCaller(loop, port) for _ in range(10)]
    for caller in stalled:
        caller.start("GET", "/endless", 0)
    before = -1
    while before != endless.made or not endless.made:
        before = endless.made
        loop.turns(0.1)
    # What the kernels hold is theirs; each exchange holds a window or two.
    assert endless.made < 10 * 8 * 1024 * 1024
    for _ in range(20):
        begin = time.monotonic()
        caller = HTTPCaller(loop, port)
        caller.start("GET", "/small", 0)
        loop.run(lambda caller=caller: caller.received > 5, 1)
        assert time.monotonic() - begin < 0.5
        caller.leave()
    for caller in stalled:
        caller.leave()
    loop.settle()
