"""
Tests for L{penstock.transports.rpc.watch}: heartbeats, and who takes too long.
"""

from __future__ import annotations

from penstock.core.errors import (
    DeadlineExceeded,
    PeerGone,
)
from penstock.core.headers import Headers
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Ping,
    Pong,
    Reason,
)
from penstock.transports.rpc.phases import Phase

from .wires import Scene, request


def test_pingIsAnswered() -> None:
    scene = Scene()
    scene.say(Ping(0, 42))
    assert scene.peer.take() == [Pong(0, 42)]


def test_heartbeat() -> None:
    """
    Each side pings, measures the way there and back, and both stay.
    """
    scene = Scene(other=RPCLimits())
    assert scene.session.rtt is None
    for _ in range(100):
        scene.pipe.advance(5)
    assert scene.session.phase is Phase.OPEN
    assert scene.session.rtt == 0
    assert scene.peer.rtt == 0


def test_roundTripTime() -> None:
    scene = Scene()
    scene.pipe.advance(15, steps=3)
    (ping,) = scene.peer.take(Ping)
    scene.pipe.advance(0.25)
    scene.say(Pong(0, ping.token + 1))
    assert scene.session.rtt is None
    scene.say(Pong(0, ping.token))
    assert scene.session.rtt == 0.25
    scene.pipe.advance(1)
    scene.say(Pong(0, ping.token))
    assert scene.session.rtt == 0.25


def test_silence() -> None:
    """
    A peer that has vanished without a word is noticed.
    """
    scene = Scene()
    asked = scene.ask()
    scene.settle()
    scene.pipe.freeze()
    scene.pipe.advance(35, steps=7)
    assert asked.problem is None
    scene.pipe.advance(10, steps=2)
    assert scene.isClosed
    assert isinstance(asked.problem, PeerGone)


def test_heldUp() -> None:
    """
    Who was busy with something else for long first looks at what has come
    meanwhile.
    """
    scene = Scene(window=1024)
    scene.say(request(1))
    scene.served[0].exchange.writeHeaders(200, Headers())
    scene.served[0].exchange.writeData(b"x" * 2000)
    scene.settle()
    scene.pipe.advance(10, steps=2)
    scene.peer.say(Ping(0, 1), Credit(1, 1))
    scene.clock.advance(100)
    assert scene.session.phase is Phase.OPEN
    scene.pipe.advance(30, steps=6)
    assert scene.session.phase is Phase.OPEN
    assert scene.served[0].problem is None
    scene.pipe.advance(20, steps=4)
    assert scene.isClosed


def test_whoReadsNothing() -> None:
    """
    A peer that pings, and reads nothing, is given up.
    """
    scene = Scene(window=2**20, connectionWindow=2**20)
    scene.say(request(1))
    scene.pipe.right.isReading = False
    scene.served[0].answer(b"x" * 500_000)
    for _ in range(13):
        scene.say(Ping(0, 1))
        scene.pipe.advance(5)
    assert scene.served[0].problem is None
    scene.say(Ping(0, 1))
    scene.pipe.advance(5)
    assert scene.session.phase is not Phase.OPEN


def test_exchangeWithoutCredit() -> None:
    """
    An exchange whose content nobody takes is given up; the others go on.
    """
    scene = Scene(window=1024)
    scene.say(request(1), request(3))
    stuck, fine = scene.served
    for served in (stuck, fine):
        served.exchange.writeHeaders(200, Headers())
        served.exchange.writeData(b"x" * 2000)
    scene.settle()
    for _ in range(14):
        scene.say(Credit(3, 1))
        scene.pipe.advance(5)
    assert isinstance(stuck.problem, DeadlineExceeded)
    assert fine.problem is None
    assert scene.peer.take(AbortConnection) == [
        AbortConnection(1, Reason.DEADLINE, "the peer takes no content")
    ]


def test_connectionWithoutCredit() -> None:
    """
    So is everything that waits for the connection's credit.
    """
    scene = Scene(connectionWindow=1024)
    scene.say(request(1))
    scene.served[0].exchange.writeHeaders(200, Headers())
    scene.served[0].exchange.writeData(b"x" * 2000)
    for _ in range(14):
        scene.say(Ping(0, 1))
        scene.pipe.advance(5)
    assert isinstance(scene.served[0].problem, DeadlineExceeded)


def test_noTimersAtTheEnd() -> None:
    scene = Scene()
    scene.pipe.cut()
    assert scene.clock.getDelayedCalls() == []
