"""
Credit, turns and back-pressure.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.headers import Headers
from penstock.transports.rpc.backlog import Backlog
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Finish,
    HandleContentChunk,
    HandleContentComplete,
    Ping,
    Pong,
    StopProducing,
    WriteData,
    WriteHeaders,
)
from penstock.transports.rpc.output import BLOCK

from .wires import Scene, Served, request

MiB = 1024 * 1024


class Source:
    """
    A push producer that writes when it may.
    """

    def __init__(self, exchange: Any, size: int, block: int = BLOCK) -> None:
        self.exchange = exchange
        self.left = size
        self.block = block
        self.paused = False
        self.pauses = 0
        exchange.registerProducer(self, True)
        if not self.paused:
            self.resumeProducing()

    def pauseProducing(self) -> None:
        self.paused = True
        self.pauses += 1

    def resumeProducing(self) -> None:
        self.paused = False
        while self.left and not self.paused:
            size = min(self.block, self.left)
            self.left -= size
            self.exchange.writeData(b"x" * size)
        if not self.left:
            self.exchange.unregisterProducer()
            self.exchange.finish()

    def stopProducing(self) -> None:
        self.left = 0


def serving(scene: Scene, *numbers: int) -> list[Served]:
    """
    Requests whose responses have begun.
    """
    scene.say(*map(request, numbers))
    for served in scene.served:
        served.exchange.writeHeaders(200, Headers())
    scene.settle()
    scene.peer.take()
    return scene.served


def octets(messages: list[Any], number: int) -> int:
    return sum(
        len(message.data)
        for message in messages
        if type(message) is WriteData and message.exchange == number
    )


def test_noMoreThanTheExchangesCredit() -> None:
    scene = Scene(window=5000)
    (served,) = serving(scene, 1)
    source = Source(served.exchange, MiB, 1000)
    scene.settle()
    assert octets(scene.peer.take(), 1) == 5000
    # One that waits, and no more.
    assert MiB - source.left == 6000
    scene.say(Credit(1, 300))
    assert octets(scene.peer.take(), 1) == 300
    scene.say(Credit(1, 10_000))
    assert octets(scene.peer.take(), 1) == 10_000


def test_noMoreThanTheConnectionsCredit() -> None:
    """
    And what there is goes to all by turns.
    """
    scene = Scene(window=MiB, connectionWindow=200_000)
    for served in serving(scene, 1, 3):
        Source(served.exchange, MiB)
    scene.settle()
    messages = scene.peer.take()
    assert octets(messages, 1) + octets(messages, 3) == 200_000
    scene.say(Credit(0, 4 * BLOCK))
    messages = scene.peer.take()
    assert octets(messages, 1) + octets(messages, 3) == 4 * BLOCK
    assert abs(octets(messages, 1) - octets(messages, 3)) < BLOCK


def test_creditThatComesBack() -> None:
    """
    A reader gives credit back when it has consumed, in halves of a window.
    """
    limits = RPCLimits(window=10_000, connectionWindow=20_000)
    scene = Scene(limits=limits)
    scene.say(request(1, complete=False))
    (served,) = scene.served
    served.exchange.pauseProducing()
    scene.say(HandleContentChunk(1, b"x" * 4000))
    scene.say(HandleContentChunk(1, b"x" * 6000))
    assert scene.peer.take() == []
    served.exchange.resumeProducing()
    scene.settle()
    assert scene.peer.take() == [Credit(0, 10_000), Credit(1, 10_000)]
    for size in (4000, 900, 99):
        scene.say(HandleContentChunk(1, b"x" * size))
    assert scene.peer.take() == []
    scene.say(HandleContentChunk(1, b"x"))
    assert scene.peer.take() == [Credit(1, 5000)]


def test_noCreditForWhatIsWhole() -> None:
    """
    Nobody needs credit for an exchange that has no more to send.
    """
    scene = Scene(limits=RPCLimits(window=10_000, connectionWindow=20_000))
    scene.say(request(1, complete=False))
    (served,) = scene.served
    served.exchange.pauseProducing()
    scene.say(HandleContentChunk(1, b"x" * 9000), HandleContentComplete(1, None))
    served.exchange.resumeProducing()
    scene.settle()
    assert served.calls == ["chunk", "complete"]
    assert scene.peer.take() == []


@pytest.mark.parametrize("end", ["abort", "stop", "peer's abort", "answer"])
def test_creditForWhatIsDropped(end: str) -> None:
    """
    The connection gets credit back for what was never read.
    """
    limits = RPCLimits(window=10_000, connectionWindow=10_000)
    scene = Scene(limits=limits)
    number = 1
    for _ in range(5):
        scene.say(request(number, complete=False))
        served = scene.served[-1]
        served.exchange.pauseProducing()
        scene.say(HandleContentChunk(number, b"x" * 10_000))
        assert scene.peer.take() == []
        match end:
            case "abort":
                served.exchange.abortConnection()
            case "stop":
                served.exchange.stopProducing()
            case "peer's abort":
                scene.say(AbortConnection(number, 0, ""))
            case "answer":
                served.answer()
        scene.settle()
        assert scene.peer.take(Credit) == [Credit(0, 10_000)]
        number += 2
    assert not scene.isClosed


def test_creditThatWasPutAside() -> None:
    """
    Credit for content that was to go with its head, and never went, is not
    lost.
    """
    scene = Scene(connectionWindow=1500)
    scene.say(request(1), request(3))
    given, kept = scene.served
    given.exchange.writeHeaders(200, Headers())
    given.exchange.writeData(b"x" * 1000)
    given.exchange.abortConnection()
    kept.answer(b"y" * 1500)
    scene.settle()
    assert scene.peer.take() == [
        AbortConnection(1, 0, ""),
        WriteHeaders(3, 200, (), None, b"y" * 1500, True),
    ]


@pytest.mark.parametrize("size", [1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK])
def test_blocksAreBounded(size: int) -> None:
    scene = Scene(window=2**24, connectionWindow=2**24)
    (served,) = serving(scene, 1)
    served.exchange.writeData(b"x" * size)
    served.exchange.finish()
    scene.settle()
    messages = scene.peer.take()
    assert octets(messages, 1) == size
    assert max(len(m.data) for m in messages if type(m) is WriteData) <= BLOCK
    assert messages[-1] == Finish(1, None)


def test_blocksFitThePeersFrame() -> None:
    scene = Scene(window=2**24, connectionWindow=2**24, frame=32 * 1024)
    (served,) = serving(scene, 1)
    served.exchange.writeData(b"x" * 200_000)
    scene.settle()
    assert octets(scene.peer.received, 1) == 200_000
    wire = bytes(scene.pipe.left.written)
    wire = wire[8:]
    while wire:
        length = int.from_bytes(wire[:4], "big")
        assert length <= 32 * 1024
        wire = wire[4 + length :]


def test_smallAnswerOvertakesLargeOnes() -> None:
    """
    While ten large contents are being sent to a slow peer, a small answer
    waits for no more than what the carrier holds and a block.
    """
    scene = Scene(window=2**24, connectionWindow=2**27, step=1024)
    numbers = range(1, 21, 2)
    scene.peer.say(*map(request, numbers))
    scene.pipe.until(lambda: len(scene.served) == 10)
    for served in scene.served:
        served.exchange.writeHeaders(200, Headers())
        Source(served.exchange, 4 * MiB)
    scene.pipe.until(lambda: len(scene.peer.received) > 30)
    scene.peer.take()
    scene.peer.say(request(21))
    scene.pipe.until(lambda: len(scene.served) == 11)
    carried = len(scene.pipe.left.written)
    scene.served[-1].answer(b"small")
    answer = WriteHeaders(21, 200, (), None, b"small", True)
    scene.pipe.until(lambda: answer in scene.peer.received)
    sent = sum(len(m.data) for m in scene.peer.take(WriteData))
    assert sent <= 3 * BLOCK
    assert len(scene.pipe.left.written) - carried <= 4 * BLOCK


def test_turnsAreFair() -> None:
    """
    Large contents are sent side by side, a block each.
    """
    scene = Scene(window=2**24, connectionWindow=2**27, step=4096)
    scene.peer.say(*map(request, range(1, 9, 2)))
    scene.pipe.until(lambda: len(scene.served) == 4)
    for served in scene.served:
        served.exchange.writeHeaders(200, Headers())
        Source(served.exchange, 4 * MiB)
    scene.pipe.until(lambda: len(scene.peer.received) > 60)
    messages = scene.peer.take()
    shares = [octets(messages, number) for number in (1, 3, 5, 7)]
    assert max(shares) - min(shares) <= 2 * BLOCK


def test_repliesAreNotBlockedByContent() -> None:
    """
    A ping is answered while the carrier is full of content.
    """
    scene = Scene(window=2**24, connectionWindow=2**24, step=1024)
    scene.peer.say(request(1))
    scene.pipe.until(lambda: scene.served)
    scene.served[0].exchange.writeHeaders(200, Headers())
    Source(scene.served[0].exchange, 8 * MiB)
    scene.pipe.until(lambda: scene.peer.received)
    scene.peer.take()
    scene.peer.say(Ping(0, 5))
    scene.pipe.until(lambda: Pong(0, 5) in scene.peer.received)
    assert octets(scene.peer.received, 1) <= 4 * BLOCK


def test_theCarrierIsNotFlooded() -> None:
    """
    Whatever is written, the transport holds little of it.
    """
    scene = Scene(window=2**24, connectionWindow=2**27, step=4096)
    scene.peer.say(*map(request, range(1, 101, 2)))
    scene.pipe.until(lambda: len(scene.served) == 50)
    sources = []
    for served in scene.served:
        served.exchange.writeHeaders(200, Headers())
        sources.append(Source(served.exchange, MiB))
    scene.settle()
    assert scene.pipe.left.mostBuffered <= 3 * BLOCK
    assert [source.left for source in sources] == [0] * 50
    assert sum(octets(scene.peer.received, number) for number in range(1, 101, 2)) == (
        50 * MiB
    )


def test_stalledReaderStopsNobody() -> None:
    """
    One of two contents isn't read; the other arrives.
    """
    scene = Scene(other=RPCLimits())
    stuck, fine = scene.ask(), scene.ask()
    scene.settle()
    for served in scene.otherServed:
        served.exchange.writeHeaders(200, Headers())
        Source(served.exchange, 2 * MiB)
    stuck.exchange.pauseProducing()
    scene.settle()
    assert len(fine.content) == 2 * MiB
    assert fine.calls[-1] == "complete"
    assert len(stuck.content) <= BLOCK
    stuck.exchange.resumeProducing()
    scene.settle()
    assert len(stuck.content) == 2 * MiB


def test_bothDirectionsAtOnce() -> None:
    scene = Scene(other=RPCLimits(window=50_000), step=1000)
    asked = scene.ask(b"POST", hasContent=True)
    theirs = scene.ask(b"POST", hasContent=True, of=scene.peer)
    scene.settle()
    for end in (asked, theirs):
        Source(end.exchange, 300_000, 7000)
    for served in (*scene.served, *scene.otherServed):
        served.exchange.writeHeaders(200, Headers())
        Source(served.exchange, 300_000, 999)
    scene.settle()
    assert [len(end.content) for end in (asked, theirs)] == [300_000] * 2
    # A response that is whole ends the request, so of that nothing is said.
    assert asked.calls[-1] == theirs.calls[-1] == "complete"


def test_contentWrittenWhileItWaitsForAPlace() -> None:
    """
    It goes with its head when there is one.
    """
    scene = Scene(exchanges=1)
    first = scene.ask()
    waits = scene.ask(b"PUT", hasContent=True)
    long = scene.ask(b"PUT", hasContent=True)
    waits.exchange.writeData(b"abc")
    waits.exchange.writeData(b"def")
    waits.exchange.finish()
    source = Source(long.exchange, 30_000, 10_000)
    assert source.left == 30_000
    scene.settle()
    scene.peer.take()
    first.exchange.abortConnection()
    scene.settle()
    sent = scene.peer.take()[-1]
    assert (sent.content, sent.complete) == (b"abcdef", True)
    waits.exchange.abortConnection()
    scene.settle()
    sent = scene.peer.take()
    assert sum(len(m.data) for m in sent if type(m) is HandleContentChunk) == 30_000
    assert sent[-1] == HandleContentComplete(6, None)


def test_answerWhileTheCarrierIsFull() -> None:
    """
    Head, content and end wait, and then go together.
    """
    scene = Scene(window=2**24, connectionWindow=2**24)
    (large,) = serving(scene, 1)
    scene.pipe.right.isReading = False
    large.exchange.writeData(b"x" * MiB)
    scene.settle()
    assert scene.pipe.left.pauses
    scene.say(request(3), request(5))
    for served in scene.served[1:]:
        served.answer(b"abc")
    scene.settle()
    scene.pipe.right.isReading = True
    scene.settle()
    messages = scene.peer.take()
    # Ahead of what is left of the content.
    kinds = [type(message) for message in messages]
    assert kinds.index(WriteHeaders) <= 3
    assert [message for message in messages if type(message) is WriteHeaders] == [
        WriteHeaders(number, 200, (), None, b"abc", True) for number in (3, 5)
    ]


def test_stopReachesAQuietSender() -> None:
    """
    A request that isn't wanted any more tells so at once.
    """
    scene = Scene()
    scene.say(request(1, complete=False))
    scene.served[0].exchange.stopProducing()
    scene.settle()
    assert scene.peer.take() == [StopProducing(1)]
    scene.say(HandleContentChunk(1, b"on its way"), HandleContentComplete(1, None))
    assert scene.served[0].calls == []
    scene.served[0].answer()
    scene.settle()
    assert scene.session.underWay == 0


@given(
    st.lists(st.binary(min_size=1, max_size=20), min_size=1),
    st.lists(st.integers(1, 30)),
)
def test_backlog(parts: list[bytes], sizes: list[int]) -> None:
    """
    What is taken from a backlog is what was put in, in pieces as asked.
    """
    backlog = Backlog()
    for part in parts:
        backlog.append(part)
    left = b"".join(parts)
    for size in sizes:
        if size > len(left):
            break
        assert backlog.take(size) == left[:size]
        left = left[size:]
        assert backlog.size == len(left)
    assert not left or backlog.take(len(left)) == left


@given(st.data())
def test_anyScheduleDeliversAll(data: st.DataObject) -> None:
    """
    Whatever windows, cuts and pauses: content arrives whole and in order, and
    no side complains.
    """
    draw = data.draw
    window = draw(st.sampled_from([1024, 1500, 5000, 70_000]))
    limits = RPCLimits(
        window=window, connectionWindow=draw(st.sampled_from([1024, 4000, 100_000]))
    )
    scene = Scene(other=limits, step=draw(st.sampled_from([1000, 7, 70_000])))
    sizes = draw(st.lists(st.integers(0, 6000), min_size=1, max_size=4))
    asked = [scene.ask() for _ in sizes]
    scene.settle()
    for served, size in zip(scene.otherServed, sizes, strict=True):
        served.exchange.writeHeaders(200, Headers())
        Source(served.exchange, size, draw(st.sampled_from([10, 1000, 100_000])))
    for end in asked:
        if draw(st.booleans()):
            end.exchange.pauseProducing()
    for _ in range(3):
        for _ in range(draw(st.integers(0, 20))):
            scene.pipe.turn()
        for end in asked:
            end.exchange.resumeProducing()
    scene.settle()
    assert [len(end.content) for end in asked] == sizes
    assert all(end.calls == ["head", "complete"] for end in asked)
    assert scene.session.underWay == scene.peer.underWay == 0


def test_smallAnswersStarveNoLargeOne() -> None:
    """
    However many small answers there are, a large one gets its turns.
    """
    scene = Scene(window=2**24, connectionWindow=2**24, step=4096, exchanges=1000)
    (large,) = serving(scene, 1)
    scene.pipe.right.isReading = False
    large.exchange.writeData(b"x" * MiB)
    scene.settle()
    number = 3
    scene.say(*[request(number + 2 * index) for index in range(300)])
    for served in scene.served[1:]:
        served.answer(b"y" * 5000)
    scene.settle()
    scene.peer.take()
    scene.pipe.right.isReading = True
    scene.settle()
    kinds = [message.exchange for message in scene.peer.take()]
    turns = [index for index, exchange in enumerate(kinds) if exchange == 1]
    # No more than a frame's number of them in a row.
    assert max(b - a for a, b in pairwise(turns)) <= 33
    assert len(scene.served) == 301


def test_othersGetTheirTurnOfTheLoop(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A carrier that takes everything isn't given everything in one go.
    """
    scene = Scene(window=2**26, connectionWindow=2**27)
    served = serving(scene, 1, 3)
    taken: list[int] = []

    def write(data: bytes) -> None:
        taken.append(len(data))

    def writeSequence(data: list[bytes]) -> None:
        taken.append(sum(map(len, data)))

    monkeypatch.setattr(scene.pipe.left, "write", write)
    monkeypatch.setattr(scene.pipe.left, "writeSequence", writeSequence)
    for one in served:
        one.exchange.writeData(b"x" * 8 * MiB)
    assert sum(taken) == 0
    scene.clock.advance(0)
    assert sum(taken) == pytest.approx(16 * MiB, rel=0.01)
    assert len(taken) == 256


def test_producerThatFailsToStop(loggedErrors: Any) -> None:
    """
    Costs its exchange, and nobody else.
    """
    scene = Scene(window=1024)

    class Faulty:
        def pauseProducing(self) -> None:
            pass

        resumeProducing = pauseProducing

        def stopProducing(self) -> None:
            raise RuntimeError("I won't")

    scene.say(request(1, complete=False), request(3))
    first, second = scene.served
    first.exchange.writeHeaders(200, Headers())
    first.exchange.registerProducer(Faulty(), True)
    scene.say(StopProducing(1))
    second.answer(b"fine")
    scene.settle()
    messages = scene.peer.take()
    assert loggedErrors.flush("A producer failed")
    assert AbortConnection(1, 0, "") in messages
    assert messages[-1] == WriteHeaders(3, 200, (), None, b"fine", True)
