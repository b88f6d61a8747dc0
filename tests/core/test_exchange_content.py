"""
The exchange machine, serving: incoming content, losses, and callbacks that
raise.
"""

from typing import Any

import pytest

from penstock.core.errors import PeerGone
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.order import Stage

ENDS = ("finished", "aborted", "lost")


def raises() -> None:
    raise KeyError("faulty")


# Incoming content


def test_contentInOrder(serving: Any) -> None:
    """
    Chunks and then the end, once; empty ones are not passed on.
    """
    for data in (b"a", b"", b"b"):
        serving.contentReceived(data)
    serving.contentEnded()
    assert serving.request.told == [("chunk", b"a"), ("chunk", b"b"), ("complete",)]
    assert serving.returned == 2
    assert serving.inflow is Inflow.DELIVERED


def test_nothingBeforeTheFactoryReturns(unbegun: Any) -> None:
    """
    What comes while the factory is at work waits until it has returned.
    """

    def process() -> None:
        unbegun.contentReceived(b"a")
        unbegun.contentReceived(b"b")
        unbegun.contentEnded()
        assert unbegun.request.told == []
        assert unbegun.held == 2

    unbegun.start(process)
    assert unbegun.request.kinds == ["chunk", "chunk", "complete"]
    assert unbegun.returned == 2


def test_paused(serving: Any) -> None:
    """
    A paused exchange delivers nothing, and in order when it is resumed.
    """
    serving.pauseProducing()
    serving.pauseProducing()
    serving.contentReceived(b"a")
    serving.contentReceived(b"b")
    serving.contentEnded()
    assert serving.request.told == []
    assert (serving.held, serving.returned) == (2, 0)
    serving.resumeProducing()
    serving.resumeProducing()
    assert serving.request.content == b"ab"
    assert serving.request.kinds == ["chunk", "chunk", "complete"]
    assert serving.kinds == ["paused", "resumed"]


def test_pausedInTheFactory(unbegun: Any) -> None:
    """
    A request may be born paused.
    """
    unbegun.start(unbegun.pauseProducing)
    unbegun.contentReceived(b"a")
    unbegun.contentEnded()
    assert unbegun.request.told == []
    unbegun.resumeProducing()
    assert unbegun.request.kinds == ["chunk", "complete"]


def test_aPausedExchangeNoticesALoss(serving: Any) -> None:
    """
    That the peer has gone is told at once, and what was held never.
    """
    serving.pauseProducing()
    serving.contentReceived(b"held")
    serving.contentEnded()
    serving.lose(PeerGone())
    assert serving.request.told == [("lost", "PeerGone")]
    assert serving.returned == 4


def test_pauseTakesEffectAtOnce(serving: Any) -> None:
    """
    Paused inside a chunk, with more held, the next one isn't delivered.
    """
    serving.pauseProducing()
    for data in (b"a", b"b", b"c"):
        serving.contentReceived(data)
    serving.contentEnded()
    for count in (1, 2, 3):
        serving.request.during["chunk"] = serving.pauseProducing
        serving.resumeProducing()
        assert len(serving.request.told) == count
    serving.resumeProducing()
    assert serving.request.kinds == ["chunk"] * 3 + ["complete"]
    assert serving.request.content == b"abc"


def test_toggledInsideAChunk(serving: Any) -> None:
    """
    Resuming inside a callback doesn't call back inside it.
    """
    deepest = depth = 0

    def toggle() -> None:
        nonlocal deepest, depth
        depth += 1
        deepest = max(deepest, depth)
        serving.pauseProducing()
        serving.contentReceived(b"x") if len(serving.request.told) < 50 else None
        serving.resumeProducing()
        depth -= 1

    serving.request.always = toggle
    serving.contentReceived(b"x")
    assert len(serving.request.told) == 50
    assert deepest == 1
    assert serving.returned == 50


def test_moreComesWhileAChunkIsTaken(serving: Any) -> None:
    """
    A transport that answers the return of credit with more content, at once,
    doesn't make the stack grow; nor does the end that follows overtake.
    """
    left = 5000

    def again() -> None:
        nonlocal left
        left -= 1
        if left:
            serving.during["consumed"] = again
            serving.contentReceived(b"x")
        else:
            serving.contentEnded()

    serving.during["consumed"] = again
    serving.contentReceived(b"x")
    assert serving.request.kinds == ["chunk"] * 5000 + ["complete"]


def test_stopped(serving: Any) -> None:
    """
    Content that isn't wanted is dropped, its end isn't told, and the exchange
    goes on.
    """
    serving.pauseProducing()
    serving.contentReceived(b"held")
    serving.stopProducing()
    assert serving.kinds == ["paused", "stopped"]
    assert not serving.paused
    serving.contentReceived(b"more")
    serving.contentEnded()
    serving.stopProducing()
    serving.pauseProducing()
    assert not serving.paused
    assert serving.kinds == ["paused", "stopped"]
    assert serving.returned == 8
    assert serving.request.told == []
    serving.writeHeaders(200, Headers())
    serving.finish()
    assert serving.stage is Stage.FINISHED


def test_stoppedInsideAChunk(serving: Any) -> None:
    """
    Stopped in the middle of what was held, nothing more is delivered.
    """
    serving.pauseProducing()
    serving.contentReceived(b"a")
    serving.contentReceived(b"b")
    serving.contentEnded()
    serving.request.during["chunk"] = serving.stopProducing
    serving.resumeProducing()
    assert serving.request.told == [("chunk", b"a")]
    assert serving.returned == 2


def test_stoppedAndLost(serving: Any) -> None:
    """
    A loss is told also to a request that reads no more.
    """
    serving.stopProducing()
    serving.lose(PeerGone())
    assert serving.request.told == [("lost", "PeerGone")]


@pytest.mark.parametrize("moment", ["chunk", "complete"])
@pytest.mark.parametrize("end", ENDS)
def test_endedInsideACallback(serving: Any, moment: str, end: str) -> None:
    """
    A request may end inside any callback; what was held is not delivered.
    """
    serving.pauseProducing()
    serving.contentReceived(b"a")
    if moment == "chunk":
        serving.contentReceived(b"b")
    serving.contentEnded()
    serving.request.during[moment] = lambda: serving.endBy(end)
    serving.resumeProducing()
    expected = ["chunk"] + ["complete"] * (moment == "complete")
    assert serving.request.kinds == expected + ["lost"] * (end == "lost")
    assert serving.request.wrong == []
    assert serving.returned == serving.held + 1 + (moment == "chunk")


# Loss


def test_lostOnce(serving: Any) -> None:
    """
    A loss is told once, before or after the content was whole.
    """
    serving.contentEnded()
    serving.lose(PeerGone())
    serving.lose(PeerGone())
    assert serving.request.told == [("complete",), ("lost", "PeerGone")]


def test_notLostAfterTheEnd(serving: Any) -> None:
    """
    A request that has finished doesn't care that its peer goes.
    """
    serving.endBy("finished")
    serving.lose(PeerGone())
    assert serving.request.told == []


def test_lostInTheFactory(unbegun: Any) -> None:
    """
    A loss inside the factory is told when the request exists; meanwhile its
    calls are late ones.
    """

    def process() -> None:
        unbegun.writeHeaders(200, Headers())
        unbegun.lose(PeerGone())
        unbegun.writeData(b"late")
        assert unbegun.request.told == []

    unbegun.start(process)
    assert unbegun.request.told == [("lost", "PeerGone")]
    assert unbegun.sent == [("head", 200)]
    assert unbegun.lateCalls == ("writeData",)


@pytest.mark.parametrize("end", ["finished", "aborted"])
def test_lostAndEndedInTheFactory(unbegun: Any, end: str) -> None:
    """
    A request that ends inside its factory is told nothing afterwards, also if
    the loss came before that.
    """

    def process() -> None:
        unbegun.lose(PeerGone())
        unbegun.endBy(end)

    unbegun.start(process)
    assert unbegun.request.told == []
    assert unbegun.sent == []


@pytest.mark.parametrize("end", ["finished", "aborted"])
def test_endedInTheFactory(unbegun: Any, end: str) -> None:
    """
    A request may be answered or aborted before it exists.
    """
    unbegun.start(lambda: unbegun.endBy(end))
    unbegun.contentReceived(b"late")
    unbegun.contentEnded()
    unbegun.lose(PeerGone())
    assert unbegun.request.told == []
    assert unbegun.kinds[-1] == ("end" if end == "finished" else "abort")
    assert unbegun.returned == 4


@pytest.mark.parametrize(
    ("hook", "act"),
    [
        ("intermediate", lambda e: e.writeIntermediateResponse(103)),
        ("head", lambda e: e.writeHeaders(200, Headers())),
        ("data", lambda e: (e.writeHeaders(200, Headers()), e.writeData(b"x"))),
        ("paused", lambda e: e.pauseProducing()),
        ("resumed", lambda e: (e.pauseProducing(), e.resumeProducing())),
        ("stopped", lambda e: e.stopProducing()),
        ("consumed", lambda e: e.contentReceived(b"x")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("early", [False, True], ids=["later", "factory"])
def test_lostInsideAHook(makeServing: Any, hook: str, act: Any, early: bool) -> None:
    """
    A wire that breaks inside the very call that uses it: the request is told
    once, and what follows is late.
    """
    serving = makeServing()
    serving.during[hook] = lambda: serving.lose(PeerGone())
    if early:
        serving.start(lambda: act(serving))
    else:
        serving.start()
        act(serving)
    chunks = ["chunk"] * (hook == "consumed")
    assert serving.request.kinds == [*chunks, "lost"]
    serving.finish()
    assert serving.lateCalls == ("finish",)


@pytest.mark.parametrize("hook", ["end", "abort"])
def test_lostInsideTheLastHook(serving: Any, hook: str) -> None:
    """
    A wire that breaks as the last of an exchange is put on it is nothing that
    the request is told of.
    """
    serving.during[hook] = lambda: serving.lose(PeerGone())
    serving.endBy("finished" if hook == "end" else "aborted")
    assert serving.request.told == []


# What callbacks raise


def test_factoryRaises(unbegun: Any, loggedErrors: Any) -> None:
    """
    A request that can't be made is answered with 500, without internals.
    """
    unbegun.start(raises)
    assert unbegun.sent == [("head", 500), ("end",)]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


def test_factoryRaisesLate(unbegun: Any, loggedErrors: Any) -> None:
    """
    When the head is out, it is aborted.
    """

    def process() -> None:
        unbegun.writeHeaders(200, Headers())
        raises()

    unbegun.start(process)
    assert unbegun.kinds == ["head", "abort"]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


@pytest.mark.parametrize("end", ENDS)
def test_factoryRaisesAtTheEnd(unbegun: Any, loggedErrors: Any, end: str) -> None:
    """
    When the exchange is over, there is only the log record.
    """

    def process() -> None:
        unbegun.endBy(end)
        unbegun.sent.clear()
        raises()

    unbegun.start(process)
    assert unbegun.sent == []
    assert unbegun.lateCalls == ()
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


@pytest.mark.parametrize("moment", ["chunk", "complete"])
def test_callbackRaises(serving: Any, loggedErrors: Any, moment: str) -> None:
    """
    A callback that raises is one log record and a 500; nothing more is told.
    """
    serving.request.during[moment] = raises
    serving.contentReceived(b"a")
    serving.contentReceived(b"b")
    serving.contentEnded()
    serving.lose(PeerGone())
    assert serving.request.kinds[-1] == moment
    assert serving.sent == [("head", 500), ("end",)]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]
    assert serving.returned == 2


def test_connectionLostRaises(serving: Any, loggedErrors: Any) -> None:
    """
    The transport never sees what C{connectionLost} raises.
    """
    serving.request.during["lost"] = raises
    serving.lose(PeerGone())
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]
