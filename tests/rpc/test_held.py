"""
What a peer can make us hold: not much more than it sends.
"""

from __future__ import annotations

import tracemalloc

import pytest

from penstock.core.headers import Headers
from penstock.transports.rpc import heads
from penstock.transports.rpc.codec import Decoder, frame
from penstock.transports.rpc.messages import (
    AbortConnection,
    HandleContentChunk,
    Message,
    StopProducing,
)

from .wires import MAX_FRAME, Scene, opening, request


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


@pytest.mark.parametrize(
    "last", [AbortConnection(1, 0, ""), StopProducing(1)], ids=["abort", "stop"]
)
def test_nobodyWaitsForCreditAfterTheEnd(last: Message) -> None:
    """
    What the peer has given up isn't kept until there is credit, which may be
    never.
    """
    scene = Scene(connectionWindow=1024)
    for number in range(1, 21, 2):
        scene.say(request(number))
        scene.served[-1].answer(bytes(20_000))
        scene.settle()
        scene.say(last._replace(exchange=number))
    assert scene.session.underWay == 0
    assert not scene.session._output.ring


def test_nobodyWaitsForTheCarrierAfterTheEnd() -> None:
    scene = Scene()
    scene.session.pauseProducing()
    for number in range(1, 21, 2):
        scene.say(request(number))
        scene.served[-1].exchange.writeHeaders(200, Headers())
        scene.say(AbortConnection(number, 0, ""))
    assert scene.session.underWay == 0
    assert not scene.session._output.urgent
