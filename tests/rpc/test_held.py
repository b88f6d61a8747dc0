"""
What a peer can make us hold: not much more than it sends.
"""

from __future__ import annotations

import tracemalloc

from penstock.transports.rpc import heads
from penstock.transports.rpc.codec import Decoder, frame
from penstock.transports.rpc.messages import HandleContentChunk

from .wires import MAX_FRAME, opening


def test_smallPiecesCostLittle() -> None:
    """
    A frame that comes in pieces of two octets is held as octets, and not as
    pieces of forty.
    """
    content = b"x" * 100_000
    wire = opening(False) + frame(HandleContentChunk(1, content))
    decoder = Decoder(MAX_FRAME)
    tracemalloc.start()
    try:
        for start in range(0, len(wire) - 10, 2):
            assert decoder.receive(wire[start : start + 2]) == [] or start < 200
            end = start + 2
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * len(content)
    assert decoder.receive(wire[end:]) == [HandleContentChunk(1, content)]


def test_longNamesAreNotKept() -> None:
    """
    A name is remembered for all connections, unless it is long.
    """
    short, long = b"x-held-" + b"a" * 57, b"x-held-" + b"a" * 58
    heads.readFields((short, b"1", long, b"2"), 2, 1000)
    assert short in heads._known
    assert long not in heads._known


def test_manyNamesDontFillItForGood() -> None:
    """
    Whoever sends names that nobody uses doesn't keep others from being known.
    """
    names = [b"x-held-%d" % number for number in range(3000)]
    for name in names:
        heads.readFields((name, b"1"), 1, 1000)
    assert len(heads._known) <= heads._MAX_KNOWN
    assert names[-1] in heads._known
