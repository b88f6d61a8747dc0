"""
How long a server waits, in virtual time.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from penstock.core.errors import DeadlineExceeded
from penstock.core.headers import Headers
from penstock.transports.http1.limits import Limits, Timeouts

from .messages import CHUNKED, HELLO, put
from .wires import Asked, Server, Wire, answerComplete, answerNothing

TIMES = Timeouts(
    head=10,
    idle=20,
    content=30,
    write=40,
    linger=5,
    first=10,
    answer=200,
    crowded=3,
    contentRate=None,
    writeRate=None,
)
FOREVER = Timeouts(**dict.fromkeys((each.name for each in fields(Timeouts)), None))


def server(react: Any = answerComplete, **changes: Any) -> Server:
    return Server(react, timeouts=replace(TIMES, **changes))


def test_firstRequest() -> None:
    """
    K1: who connects and says nothing is let go without a word.
    """
    serving = server()
    serving.wait(9.5)
    assert serving.wire.open
    serving.wait(2)
    assert serving.wire.closed
    assert serving.take() == b""


def test_headInDrips() -> None:
    """
    K1: progress doesn't help, and there is an answer.
    """
    serving = server()
    for octet in HELLO[:-4]:
        serving.receive(bytes([octet]))
        serving.wait(0.25)
    serving.wait(12)
    assert serving.codes == [408]
    assert serving.wire.halfClosed
    serving.wait(7)
    assert serving.wire.closed


def test_headOnTime() -> None:
    serving = server()
    serving.wait(9)
    serving.receive(HELLO[:5])
    serving.wait(0.25)
    serving.receive(HELLO[5:])
    assert serving.codes == [200]


@pytest.mark.requirement("9112-9.5-1")
def test_idle() -> None:
    serving = server()
    serving.receive(HELLO)
    for _ in range(4):
        serving.wait(19)
        assert serving.wire.open
        serving.receive(HELLO)
    serving.wait(21.5)
    assert serving.wire.closed
    assert serving.codes == [200] * 5


def test_headAfterIdle() -> None:
    """
    The time for a head begins with its first octet.
    """
    serving = server()
    serving.receive(HELLO)
    serving.wait(15)
    serving.receive(HELLO[:5])
    serving.wait(9)
    assert serving.wire.open
    serving.wait(3)
    assert serving.codes == [200, 408]


@pytest.mark.requirement("9112-6.3-8")
def test_content() -> None:
    """
    D12.
    """
    serving = server()
    serving.receive(CHUNKED + b"ff\r\nabc")
    for _ in range(3):
        serving.wait(29)
        serving.receive(b"x")
    assert serving.wire.open
    serving.wait(32)
    assert serving.codes == [408]
    assert type(serving.asked[0].lost) is DeadlineExceeded
    assert serving.wire.halfClosed


def test_contentAfterHead() -> None:
    serving = server(answerNothing)
    serving.receive(put(b"abc")[:-1])
    serving.asked[0].channel.writeHeaders(200, Headers())
    serving.wait(32)
    assert serving.codes == [200]
    assert serving.wire.aborted
    assert type(serving.asked[0].lost) is DeadlineExceeded


def test_pausedIsNotLate() -> None:
    serving = server(answerNothing)
    serving.receive(put(b"abc")[:-1])
    serving.asked[0].channel.pauseProducing()
    serving.wait(100)
    assert serving.wire.open
    serving.asked[0].channel.resumeProducing()
    serving.wait(32)
    assert serving.codes == [408]


def test_unaskedIsNotLate() -> None:
    """
    Who waits for 100 isn't late before it was sent.
    """
    serving = server(answerNothing)
    serving.receive(put(b"abc", b"Expect: 100-continue\r\n")[:-3])
    serving.wait(100)
    assert serving.wire.open
    serving.asked[0].channel.writeIntermediateResponse(100)
    serving.wait(32)
    assert serving.codes == [100, 408]


def test_slowAnswer() -> None:
    """
    Our own slowness is nobody's fault.
    """
    serving = server(answerNothing)
    serving.receive(HELLO)
    serving.wait(190)
    assert serving.wire.open
    serving.asked[0].answer(b"late")
    assert serving.codes == [200]


def test_noAnswer() -> None:
    """
    But it ends.
    """
    serving = server(answerNothing)
    serving.receive(HELLO + HELLO)
    serving.wait(202)
    assert serving.codes == [503]
    assert serving.take().endswith(b"Service Unavailable\n")
    assert serving.wire.halfClosed
    assert type(serving.asked[0].lost) is DeadlineExceeded
    assert len(serving.asked) == 1
    serving.asked[0].answer(b"too late")
    assert serving.take() == b""


def test_noAnswerToHead() -> None:
    serving = server(answerNothing)
    serving.receive(HELLO.replace(b"GET", b"HEAD"))
    serving.wait(202)
    assert serving.codes == [503]
    assert serving.take().endswith(b"\r\n\r\n")


def test_interimIsALifeSign() -> None:
    serving = server(answerNothing)
    serving.receive(HELLO)
    for _ in range(3):
        serving.wait(190)
        serving.asked[0].channel.writeIntermediateResponse(102)
    serving.wait(190)
    assert serving.codes == [102] * 3
    serving.wait(12)
    assert serving.codes == [102] * 3 + [503]


@pytest.mark.parametrize("fields", [b"", b"Expect: 100-continue\r\n"])
def test_noAnswerThoughContentIsThere(fields: bytes) -> None:
    """
    Who neither reads nor answers is as late as who only doesn't answer.
    """
    serving = server(answerNothing)
    serving.receive(put(b"abc", fields)[:-3])
    serving.asked[0].channel.pauseProducing()
    serving.wait(202)
    assert serving.codes == [503]
    assert type(serving.asked[0].lost) is DeadlineExceeded


def test_endlessResponse() -> None:
    """
    Once there is a head, the rest may take as long as it likes.
    """
    serving = server(answerNothing)
    serving.receive(HELLO)
    channel = serving.asked[0].channel
    channel.writeHeaders(200, Headers())
    serving.wait(1000)
    channel.writeData(b"x")
    assert serving.wire.open


def test_contentRate() -> None:
    """
    K1: single octets keep nobody alive.
    """
    serving = server(contentRate=10)
    serving.receive(put(bytes(10000))[:-10000])
    for _ in range(40):
        # A window of 300 octets is full after 27 seconds.
        serving.receive(bytes(100))
        serving.wait(9)
    assert serving.wire.open
    for _ in range(8):
        # Less than that.
        serving.receive(bytes(80))
        serving.wait(9)
    assert serving.codes == [408]
    assert type(serving.asked[0].lost) is DeadlineExceeded


def test_contentRateOfChunks() -> None:
    """
    What frames the content is none.
    """
    serving = server(contentRate=10)
    serving.receive(CHUNKED)
    for _ in range(16):
        serving.receive(b"1;" + b"x" * 500 + b"\r\na\r\n")
        serving.wait(2)
    assert serving.codes == [408]


def test_contentRateOfTheLast() -> None:
    """
    Content without so many octets must be whole in that time.
    """
    serving = server(contentRate=10)
    serving.receive(put(b"abc")[:-1])
    serving.wait(28)
    serving.receive(b"c")
    assert serving.codes == [200]


def test_contentRateOfManyRequests() -> None:
    serving = server(contentRate=10)
    for _ in range(10):
        serving.receive(put(b"abc")[:-1])
        serving.wait(20)
        serving.receive(b"c")
    assert serving.codes == [200] * 10


def test_crowded() -> None:
    """
    Who wants nothing just now makes room where many are.
    """
    serving = Server(limits=Limits(connections=10), timeouts=TIMES)
    others = [serving.connect() for _ in range(7)]
    serving.receive(HELLO)
    serving.wait(10)
    assert serving.wire.open
    for channel, _ in others:
        channel.dataReceived(HELLO)
    _, wire = serving.connect()
    serving.wait(4)
    assert serving.wire.closed
    assert [each.closed for _, each in others] == [True] * 7
    assert wire.open


def test_writeStall() -> None:
    """
    K2.
    """
    serving = server(answerNothing)
    serving.receive(HELLO)
    channel = serving.asked[0].channel
    serving.wire.stuck = True
    channel.writeHeaders(200, Headers())
    for _ in range(3):
        channel.writeData(b"abc")
        serving.wait(39)
        assert serving.wire.open
    serving.wait(3)
    assert serving.wire.aborted
    assert type(serving.asked[0].lost) is DeadlineExceeded


def test_drain() -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.answer()

    serving = server(react)
    serving.receive(put(b"abc")[:-1])
    assert serving.wire.open
    serving.wait(6.5)
    assert serving.wire.halfClosed
    serving.wait(6.5)
    assert serving.wire.closed


def test_forever() -> None:
    serving = Server(timeouts=FOREVER)
    serving.wait(1000)
    serving.receive(HELLO[:-1])
    serving.wait(1000)
    serving.receive(HELLO[-1:])
    assert serving.codes == [200]
    serving.wait(1000)
    assert serving.wire.open


def test_oneTimerForAll() -> None:
    serving = server()
    connected = [serving.connect() for _ in range(10)]
    for _ in range(5):
        serving.receive(HELLO)
        for channel, _ in connected:
            channel.dataReceived(HELLO)
        assert len(serving.clock.getDelayedCalls()) == 1
        serving.wait(1)
    for channel, _ in [*connected, (serving.channel, serving.wire)]:
        serving.channel = channel
        serving.lose()
    assert serving.clock.getDelayedCalls() == []


def late(serving: Server, count: int) -> list[Any]:
    """
    Let many be late at once.

    @return: the connections, with their wires.
    """
    made = [serving.connect() for _ in range(count)]
    serving.lose()
    while not any(wire.closed for _, wire in made):
        serving.wait(0.25)
    return made


def test_crowdIsTold() -> None:
    """
    Some at a time, so that others are served meanwhile; and who isn't late any
    more when it is its turn is not told.
    """
    serving = server()
    soon = serving.clock.callLater

    def callLater(delay: float, *arguments: Any) -> Any:
        # The clock would do at once what is for the next turn.
        return soon(max(delay, 0.01), *arguments)

    serving.clock.callLater = callLater  # type: ignore[method-assign]
    made = late(serving, 250)
    closed = [sum(wire.closed for _, wire in made)]
    made[-1][0].dataReceived(HELLO)
    made[-2][0].connectionLost()
    for _ in range(3):
        serving.clock.advance(0.01)
        closed.append(sum(wire.closed for _, wire in made))
    assert closed == [100, 200, 248, 248]


def test_crowdIsGone() -> None:
    serving = server()
    for channel, _ in late(serving, 250):
        channel.connectionLost()
    assert serving.clock.getDelayedCalls() == []


def test_crowdGoesWhileItIsTold() -> None:
    """
    Who is told may go at once, and others with it.
    """
    serving = server()
    made = [serving.connect() for _ in range(50)]
    serving.lose()

    def close() -> None:
        for channel, _ in made:
            channel.connectionLost()

    made[0][1].loseConnection = close  # type: ignore[method-assign]
    serving.wait(30)
    assert not any(wire.closed for _, wire in made)
    assert serving.clock.getDelayedCalls() == []


@pytest.mark.parametrize("step", [-3600, 3600])
def test_clockIsSet(step: float) -> None:
    """
    A clock that is set makes nobody late; nor does a machine that stands still.
    """
    serving = server(answerNothing)
    serving.receive(put(b"abc")[:-1])
    serving.wait(10)
    if step < 0:
        serving.clock.rightNow += step
        # Calls are due at times of the old clock; what matters is the sweep.
        serving.clock.calls[0].reset(0)
    else:
        serving.clock.rightNow += step
    serving.wait(10)
    assert serving.wire.open
    serving.wait(12)
    assert serving.codes == [408]


@pytest.mark.requirement("9110-6.6.1-1")
def test_date() -> None:
    serving = server()
    serving.receive(HELLO)
    serving.clock.advance(0.4)
    serving.receive(HELLO)
    serving.clock.advance(0.6)
    serving.receive(HELLO)
    assert serving.wire.sent.count(b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n") == 2
    assert serving.wire.sent.count(b"Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n") == 1


def test_idleForgets() -> None:
    """
    What an idle connection costs is its objects, and not its last head.
    """
    serving = server()
    serving.receive(HELLO)
    reader = serving.channel._reader
    assert reader._headBytes
    serving.wait(1)
    assert not reader._headBytes
    assert reader._head is None


class Slow(Wire):
    """
    A transport whose kernel says how much of what was sent is on its way.
    """

    unacknowledged = 0


def slow(**changes: Any) -> tuple[Server, Slow]:
    serving = server(answerNothing, **changes)
    wire = Slow()
    channel = serving.factory.buildProtocol(None)
    assert channel is not None
    channel._unsent = lambda: wire.unacknowledged  # type: ignore[method-assign]
    channel.makeConnection(wire)
    serving.channel, serving.wire = channel, wire
    return serving, wire


def test_writeRate() -> None:
    """
    K2: to take single octets keeps nobody alive.
    """
    serving, wire = slow(writeRate=10)
    serving.receive(HELLO)
    serving.asked[0].answer(bytes(100_000))
    wire.unacknowledged = 100_000
    for _ in range(20):
        # 400 octets in 40 seconds would do.
        wire.unacknowledged -= 100
        serving.wait(9)
    assert wire.open
    for _ in range(10):
        wire.unacknowledged -= 80
        serving.wait(9)
    assert wire.aborted


def test_writeRateOfALittle() -> None:
    """
    A stream of little events to far away: something is always on its way, and
    all of it arrives.
    """
    serving, wire = slow(writeRate=10)
    serving.receive(HELLO)
    channel = serving.asked[0].channel
    channel.writeHeaders(200, Headers())
    for _ in range(200):
        channel.writeData(b"12345")
        wire.unacknowledged = 20
        serving.wait(1)
    assert wire.open
    # Then the peer is gone.
    wire.unacknowledged = 100
    for _ in range(45):
        channel.writeData(b"1")
        wire.unacknowledged += len(b"1\r\n1\r\n")
        serving.wait(1)
    assert wire.aborted
    assert type(serving.asked[0].lost) is DeadlineExceeded


def test_idleBeginsWhenAllHasArrived() -> None:
    serving, wire = slow()
    serving.receive(HELLO)
    serving.asked[0].answer(b"1")
    wire.unacknowledged = 1
    serving.wait(35)
    assert wire.open
    wire.unacknowledged = 0
    serving.wait(19)
    assert wire.open
    serving.wait(3)
    assert wire.closed


def test_idleCostsNothing() -> None:
    """
    Whoever has got all is not asked about again: it would be a system call for
    each connection, twice a second.
    """
    serving, _ = slow(idle=100)
    looks = 0

    def unsent() -> int:
        nonlocal looks
        looks += 1
        return 0

    serving.channel._unsent = unsent  # type: ignore[method-assign]
    serving.receive(HELLO)
    serving.asked[0].answer(b"1")
    serving.wait(50)
    assert looks == 1


def test_fewAttributes() -> None:
    """
    More than thirty would make each look at any of them slower.
    """
    serving = server()
    for _ in range(3):
        serving.receive(HELLO, put(b"abc"))
        serving.wait(2)
    assert len(vars(serving.channel)) <= 30
