"""
The exchange machine, calling: what a caller is told, and when it is over.
"""

import io
from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.errors import LocalProtocolError, PeerGone, Unavailable
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.interfaces import IClientRequest
from penstock.core.order import Stage


class Source:
    """
    A push producer that notes what it is told.
    """

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


def raises() -> None:
    raise KeyError("faulty")


@pytest.fixture
def calling(makeCalling: Any) -> Any:
    """
    A request that has content, whose length isn't known.
    """
    return makeCalling()


@pytest.fixture
def asking(makeCalling: Any) -> Any:
    """
    A request without content.
    """
    return makeCalling(b"GET", hasContent=False)


def answer(exchange: Any, *chunks: bytes) -> None:
    """
    A whole response comes.
    """
    exchange.headReceived(200, Headers())
    for chunk in chunks:
        exchange.contentReceived(chunk)
    exchange.contentEnded()


def test_interface(calling: Any) -> None:
    """
    It is all of an L{IClientRequest} but the facts, which a transport has.
    """
    type(calling).connectionInfo = None
    verifyObject(IClientRequest, calling)


def test_plainCall(calling: Any) -> None:
    """
    Everything in order, and the connection is free when the caller hears of
    the end.
    """
    calling.writeData(b"question")
    calling.finish()
    calling.intermediateReceived(103, Headers())
    free: list[bool] = []
    calling.caller.during["complete"] = lambda: free.append(
        "delivered" in calling.kinds
    )
    answer(calling, b"a", b"b")
    assert calling.sent == [
        ("data", b"question"),
        ("end",),
        ("delivered", Stage.FINISHED),
    ]
    assert calling.caller.told == [
        ("intermediate", 103),
        ("head", 200),
        ("chunk", b"a"),
        ("chunk", b"b"),
        ("complete",),
    ]
    assert free == [True]
    assert calling.returned == 2


def test_requestWithoutContent(asking: Any) -> None:
    """
    It is complete with its head: what is written all the same is late.
    """
    asking.writeData(b"x")
    asking.finish()
    assert asking.lateCalls == ("writeData", "finish")
    answer(asking)
    assert asking.sent == [("delivered", Stage.FINISHED)]


def test_lengthIsHonest(makeCalling: Any) -> None:
    """
    A request keeps to its Content-Length as a response does.
    """
    calling = makeCalling(length=4)
    with pytest.raises(LocalProtocolError):
        calling.writeData(b"12345")
    calling.writeData(b"123")
    with pytest.raises(LocalProtocolError):
        calling.finish()
    assert calling.kinds == ["data", "abort"]
    answer(calling)
    assert calling.caller.told == []


def test_earlyResponse(calling: Any) -> None:
    """
    A whole response ends the exchange, also when the request isn't whole: its
    producer is stopped, and what is still written is late.
    """
    source = Source()
    calling.registerProducer(source, True)
    answer(calling, b"no")
    assert source.told == ["stop"]
    assert calling.sent == [("delivered", Stage.LOST)]
    assert calling.caller.kinds == ["head", "chunk", "complete"]
    calling.writeData(b"late")
    calling.finish()
    calling.abortConnection()
    assert calling.lateCalls == ("writeData", "finish", "abortConnection")
    calling.lose(PeerGone())
    assert calling.caller.kinds == ["head", "chunk", "complete"]


def test_earlyResponseInAFile(calling: Any) -> None:
    """
    So does a file stop.
    """
    done: list[None] = []
    calling.outputBlocked()
    calling.writeFile(io.BytesIO(b"file"), 0, 4).addCallback(done.append)
    answer(calling)
    calling.outputReady()
    calling.spin()
    assert done == [None]
    assert calling.wrote == b""


def test_heldUntilTheHeadIsTaken(calling: Any) -> None:
    """
    Content that comes inside C{handleHeaders} waits until it has returned.
    """

    def inside() -> None:
        calling.contentReceived(b"a")
        calling.contentEnded()
        assert calling.caller.kinds == ["head"]

    calling.caller.during["head"] = inside
    calling.headReceived(200, Headers())
    assert calling.caller.kinds == ["head", "chunk", "complete"]


def test_pausedBeforeTheHead(asking: Any) -> None:
    """
    Pausing holds content back, not the head.
    """
    asking.pauseProducing()
    answer(asking, b"a")
    assert asking.caller.kinds == ["head"]
    asking.resumeProducing()
    assert asking.caller.kinds == ["head", "chunk", "complete"]


def test_wholeAndHeldIsNotLost(asking: Any) -> None:
    """
    A response that has come whole is delivered, also if the connection went
    before the caller wanted it.
    """
    asking.pauseProducing()
    answer(asking, b"a", b"b")
    asking.lose(PeerGone())
    assert asking.caller.kinds == ["head"]
    asking.resumeProducing()
    assert asking.caller.kinds == ["head", "chunk", "chunk", "complete"]
    assert asking.kinds == ["paused", "delivered"]
    assert asking.returned == 2


def test_wholeAndHeldButTheRequestIsLost(calling: Any) -> None:
    """
    The same while the request is still being written: that ends.
    """
    source = Source()
    calling.registerProducer(source, True)
    calling.pauseProducing()
    answer(calling, b"a")
    calling.lose(PeerGone())
    assert source.told == ["stop"]
    calling.writeData(b"late")
    assert calling.lateCalls == ("writeData",)
    calling.resumeProducing()
    assert calling.caller.kinds == ["head", "chunk", "complete"]


def test_wholeAndHeldButAborted(asking: Any) -> None:
    """
    The caller itself may still give it up.
    """
    asking.pauseProducing()
    answer(asking, b"a")
    asking.lose(PeerGone())
    asking.abortConnection()
    asking.resumeProducing()
    assert asking.caller.kinds == ["head"]
    assert asking.returned == 1


@pytest.mark.parametrize("finished", [True, False], ids=["whole", "writing"])
@pytest.mark.parametrize("arrived", [0, 1, 2], ids=["nothing", "head", "content"])
def test_lost(calling: Any, finished: bool, arrived: int) -> None:
    """
    A loss before the response is whole is told once, with its reason, and a
    truncated response never called complete.
    """
    calling.writeData(b"question")
    if finished:
        calling.finish()
    if arrived:
        calling.headReceived(200, Headers())
    if arrived == 2:
        calling.contentReceived(b"a")
    calling.lose(Unavailable())
    calling.contentReceived(b"late")
    calling.contentEnded()
    calling.lose(PeerGone())
    assert calling.caller.kinds == ["head", "chunk"][:arrived] + ["lost"]
    assert calling.caller.told[-1] == ("lost", "Unavailable")
    assert "delivered" not in calling.kinds
    assert calling.caller.wrong == []


@pytest.mark.parametrize("whole", [False, True], ids=["coming", "whole"])
def test_stopped(asking: Any, whole: bool) -> None:
    """
    When the rest isn't wanted, the exchange ends with the response, in
    silence, and the connection is free.
    """
    asking.headReceived(200, Headers())
    asking.pauseProducing()
    asking.contentReceived(b"held")
    if whole:
        asking.contentEnded()
    asking.stopProducing()
    if not whole:
        asking.contentReceived(b"more")
        asking.contentEnded()
    assert asking.caller.kinds == ["head"]
    assert asking.kinds == ["paused", "stopped", "delivered"]
    asking.abortConnection()
    assert asking.lateCalls == ("abortConnection",)
    assert asking.returned == (4 if whole else 8)


def test_stoppedInsideTheLastChunk(asking: Any) -> None:
    """
    Also when it is stopped inside a callback, with its end come already.
    """
    asking.headReceived(200, Headers())
    asking.pauseProducing()
    asking.contentReceived(b"held")
    asking.contentEnded()
    asking.caller.during["chunk"] = asking.stopProducing
    asking.resumeProducing()
    assert asking.caller.kinds == ["head", "chunk"]
    assert asking.kinds.count("delivered") == 1
    assert asking.inflow is Inflow.STOPPED


def test_stoppedAndLost(asking: Any) -> None:
    """
    A loss is told also to a caller that reads no more.
    """
    asking.stopProducing()
    asking.lose(PeerGone())
    assert asking.caller.told == [("lost", "PeerGone")]


@pytest.mark.parametrize("moment", ["intermediate", "head", "chunk", "complete"])
def test_abortedInsideACallback(calling: Any, moment: str) -> None:
    """
    A caller may give up inside any callback, and is told nothing more.
    """
    calling.caller.during[moment] = calling.abortConnection
    calling.intermediateReceived(103, Headers())
    answer(calling, b"a")
    order = ["intermediate", "head", "chunk", "complete"]
    assert calling.caller.kinds == order[: order.index(moment) + 1]
    assert calling.kinds == ["delivered" if moment == "complete" else "abort"]


@pytest.mark.parametrize("moment", ["intermediate", "head", "chunk", "complete"])
def test_callbackRaises(calling: Any, loggedErrors: Any, moment: str) -> None:
    """
    A callback that raises costs its exchange only, and is one log record.
    """
    calling.caller.during[moment] = raises
    calling.intermediateReceived(103, Headers())
    answer(calling, b"a")
    assert calling.caller.kinds[-1] == moment
    assert calling.kinds == ["delivered" if moment == "complete" else "abort"]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


def test_lostWhileItWrites(calling: Any) -> None:
    """
    A wire that breaks inside the write, and inside the end.
    """
    calling.during["data"] = lambda: calling.lose(PeerGone())
    calling.writeData(b"x")
    calling.finish()
    assert calling.caller.told == [("lost", "PeerGone")]
    assert calling.lateCalls == ("finish",)


def test_lostAsItFinishes(calling: Any) -> None:
    """
    The request is whole then, but there will be no response.
    """
    calling.during["end"] = lambda: calling.lose(PeerGone())
    calling.finish()
    assert calling.caller.told == [("lost", "PeerGone")]


def test_answeredAsItFinishes(calling: Any) -> None:
    """
    A carrier without latency answers inside C{finish}.
    """
    calling.during["end"] = lambda: answer(calling, b"a")
    calling.finish()
    assert calling.caller.kinds == ["head", "chunk", "complete"]
    assert calling.sent[-1] == ("delivered", Stage.FINISHED)


def test_answeredInsideTheWrite(calling: Any) -> None:
    """
    Or inside a write, before the request is whole.
    """
    calling.during["data"] = lambda: answer(calling)
    calling.writeData(b"x")
    assert calling.caller.kinds == ["head", "complete"]
    assert calling.sent[-1] == ("delivered", Stage.LOST)
    calling.finish()
    assert calling.lateCalls == ("finish",)


def test_abortAfterFinish(calling: Any) -> None:
    """
    A request that is whole can still be cancelled.
    """
    calling.finish()
    calling.abortConnection()
    assert calling.kinds == ["end", "abort"]
    answer(calling)
    assert calling.caller.told == []
