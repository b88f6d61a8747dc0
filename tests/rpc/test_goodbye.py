"""
How sessions end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.errors import (
    PeerGone,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import IRequester
from penstock.transports.rpc.carrier import Carrier
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    GoAway,
    Ping,
    Reason,
    Request,
    WriteHeaders,
)
from penstock.transports.rpc.phases import Phase

from .wires import Asked, Scene, opening, request


def test_goodbye() -> None:
    """
    What is under way is finished; each side says goodbye, and the one that
    began closes.
    """
    scene = Scene(other=RPCLimits())
    asked = scene.ask()
    scene.settle()
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.settle()
    late, theirs = scene.ask(), scene.ask(of=scene.peer)
    assert isinstance(late.problem, Unavailable)
    assert isinstance(theirs.problem, Unavailable)
    assert closed == []
    scene.otherServed[0].answer(b"fine")
    scene.settle()
    assert asked.content == b"fine"
    assert asked.calls[-1] == "complete"
    assert closed == [None]
    assert scene.peer.phase is Phase.CLOSED
    assert scene.clock.getDelayedCalls() == []


def test_goodbyeMessages() -> None:
    scene = Scene()
    scene.say(request(1))
    scene.session.close()
    scene.say(request(3))
    assert scene.peer.take() == [
        GoAway(0, 1, Reason.DONE, ""),
        AbortConnection(3, Reason.UNAVAILABLE, ""),
    ]
    scene.served[0].answer()
    scene.settle()
    assert not scene.isClosed
    scene.say(GoAway(0, 0, 0, ""))
    assert scene.isClosed


def test_goodbyeThatIsNotAnswered() -> None:
    """
    It is waited for, for so long.
    """
    scene = Scene()
    scene.session.close()
    scene.pipe.advance(4.9)
    assert not scene.isClosed
    scene.pipe.advance(0.2)
    assert scene.isClosed


@pytest.mark.parametrize(
    ("unsent", "seconds"),
    [
        ([9], 5),
        ([9, 9], 5),
        ([9, 8, 8], 10),
        ([9, 0, 0], 10),
        ([0], 5),
        (range(100, 0, -1), 60),
    ],
    ids=["nothing", "still nothing", "a little", "all", "had all", "for ever"],
)
def test_waitWhileThePeerTakesSomething(
    unsent: Sequence[int], seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is still to be sent, every five seconds.
    """
    scene = Scene()
    clock = scene.clock
    began = clock.seconds()
    monkeypatch.setattr(
        Carrier,
        "unsent",
        property(
            lambda carrier: unsent[
                min(int(clock.seconds() - began) // 5, len(unsent) - 1)
            ]
        ),
    )
    scene.session.close()
    for _ in range(seconds // 5):
        assert not scene.isClosed
        scene.pipe.advance(5.0)
    assert scene.isClosed


def test_goodbyeFromThePeer() -> None:
    """
    Requests that it hasn't taken may be sent again; those that it has are
    finished, and then it is our turn.
    """
    scene = Scene(exchanges=2)
    taken, lost, waiting = scene.ask(), scene.ask(), scene.ask()
    scene.settle()
    scene.say(request(1), GoAway(0, 2, 0, ""))
    assert isinstance(lost.problem, Unavailable)
    assert isinstance(waiting.problem, Unavailable)
    assert not scene.session.isUsable
    scene.peer.take()
    scene.say(WriteHeaders(2, 200, (), None, None, True))
    assert taken.calls == ["head", "complete"]
    assert scene.peer.take() == []
    scene.served[0].answer()
    scene.settle()
    assert [type(message) for message in scene.peer.take()] == [WriteHeaders, GoAway]
    assert not scene.peer.isLost
    scene.peer.transport.loseConnection()
    scene.settle()
    assert scene.isClosed


def test_goodbyeAtOnceFromBoth() -> None:
    scene = Scene(other=RPCLimits())
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.peer.close().addCallback(closed.append)
    scene.settle()
    assert closed == [None, None]


def test_goodbyeBeforeHello() -> None:
    scene = Scene(greets=False)
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.settle()
    assert closed == [None]


def test_abortOfASession() -> None:
    scene = Scene(other=RPCLimits())
    asked = scene.ask()
    scene.settle()
    scene.session.abort()
    assert isinstance(asked.problem, PeerGone)
    scene.settle()
    assert isinstance(scene.otherServed[0].problem, PeerGone)
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    assert closed == [None]


def test_requesterOfASession() -> None:
    scene = Scene(other=RPCLimits())
    assert verifyObject(IRequester, scene.session.requester)
    answered = scene.session.requester.request("PUT", "/x", body=b"abc")
    scene.settle()
    scene.otherServed[0].answer(b"def")
    scene.settle()
    response: Any = answered.result
    assert response.code == 200
    assert response.read().result == b"def"
    closed = scene.session.requester.close()
    scene.settle()
    assert closed.called


def test_unsentRequestsAreLostToo() -> None:
    """
    A request that has a place, and waits for its content or the end of the
    turn, hears of the end of the connection.
    """
    for end in ("violation", "loss", "goodbye", "abort"):
        scene = Scene()
        asked = scene.ask(b"POST", hasContent=True)
        match end:
            case "violation":
                scene.session.dataReceived(b"\xff\xff\xff\xff")
            case "loss":
                scene.pipe.cut()
            case "goodbye":
                scene.session.dataReceived(frame(GoAway(0, 0, 0, "")))
            case "abort":
                scene.session.abort()
        assert isinstance(asked.problem, Unavailable), end
        assert asked.calls == ["lost"]


def test_askingAgainWhenLost() -> None:
    """
    Whoever asks the same session again, when it is lost, is told at once.
    """
    for end in ("loss", "abort", "violation"):
        scene = Scene()
        again: list[Any] = []

        class Persistent(Asked):
            def connectionLost(self, reason: Any) -> None:
                super().connectionLost(reason)
                again.append(scene.ask())  # noqa: B023

        asked = Persistent()
        scene.session.requester.startRequest(b"GET", b"/", Headers(), asked)
        scene.settle()
        match end:
            case "loss":
                scene.pipe.cut()
            case "abort":
                scene.session.abort()
            case "violation":
                scene.say(request(77))
        assert isinstance(again[0].problem, Unavailable), end


def test_goodbyeWaitsForWhoWaits() -> None:
    """
    Requests that wait for a place are finished before the end.
    """
    scene = Scene(exchanges=1)
    first, second = scene.ask(uri=b"/1"), scene.ask(uri=b"/2")
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.settle()
    assert [type(message) for message in scene.peer.take()] == [Request]
    scene.say(WriteHeaders(2, 200, (), None, None, True))
    assert [type(message) for message in scene.peer.take()] == [Request]
    scene.say(WriteHeaders(4, 200, (), None, None, True))
    assert first.calls == second.calls == ["head", "complete"]
    assert [type(message) for message in scene.peer.take()] == [GoAway]
    scene.say(GoAway(0, 0, 0, ""))
    assert closed == [None]


def test_closedBeforeHelloWithRequests() -> None:
    """
    What was asked before that is still done.
    """
    scene = Scene(greets=False)
    asked = scene.ask()
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.settle()
    scene.peer.write(opening(True, exchanges=5))
    scene.settle()
    assert [type(message) for message in scene.peer.take()] == [Request, GoAway]
    scene.say(WriteHeaders(2, 200, (), None, None, True))
    assert asked.calls == ["head", "complete"]
    scene.say(GoAway(0, 0, 0, ""))
    assert closed == [None]


def test_goodbyeToWhoServesNothing() -> None:
    """
    What was asked is lost with the hello, and then there is nothing to wait
    for but the peer's goodbye, and that not for ever.
    """
    scene = Scene(greets=False)
    asked = scene.ask()
    closed: list[None] = []
    scene.session.close().addCallback(closed.append)
    scene.peer.write(opening(True, exchanges=0))
    scene.settle()
    assert isinstance(asked.problem, Unavailable)
    assert [type(message) for message in scene.peer.take()] == [GoAway]
    for _ in range(6):
        scene.pipe.advance(1)
        scene.say(Ping(0, 1))
    assert closed == [None]
