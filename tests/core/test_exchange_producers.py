"""
The exchange machine, serving: producers and files.
"""

import io
from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.order import Stage


def _length(value: str) -> Headers:
    return Headers([("Content-Length", value)])


def raises() -> None:
    raise KeyError("faulty")


# Producers


class Push:
    """
    A push producer that notes what it is told.
    """

    def __init__(self, **during: Callable[[], Any]) -> None:
        self.told: list[str] = []
        self.during = during

    def _note(self, name: str) -> None:
        self.told.append(name)
        self.during.get(name, lambda: None)()

    def pauseProducing(self) -> None:
        self._note("pause")

    def resumeProducing(self) -> None:
        self._note("resume")

    def stopProducing(self) -> None:
        self._note("stop")


@pytest.fixture
def writing(serving: Any) -> Any:
    """
    An exchange whose content may be written.
    """
    serving.writeHeaders(200, Headers())
    serving.sent.clear()
    return serving


def test_pushProducer(writing: Any) -> None:
    """
    A push producer hears of each change, once, and nothing else.
    """
    source = Push()
    writing.registerProducer(source, True)
    writing.outputBlocked()
    writing.outputBlocked()
    writing.outputReady()
    writing.outputReady()
    writing.unregisterProducer()
    writing.unregisterProducer()
    writing.outputBlocked()
    writing.finish()
    assert source.told == ["pause", "resume"]


def test_pushProducerWithoutRoom(writing: Any) -> None:
    """
    Where there is no room just now, it is told to begin with.
    """
    source = Push()
    writing.outputBlocked()
    writing.registerProducer(source, True)
    assert source.told == ["pause"]


def test_oneProducer(writing: Any) -> None:
    """
    A second one is refused, and a message can't end under the first.
    """
    writing.registerProducer(Push(), True)
    with pytest.raises(RuntimeError):
        writing.registerProducer(Push(), True)
    with pytest.raises(LocalProtocolError):
        writing.writeFile(io.BytesIO(b"x"), 0, 1)
    with pytest.raises(LocalProtocolError):
        writing.finish()
    writing.unregisterProducer()
    writing.finish()
    assert writing.kinds == ["end"]


@pytest.mark.parametrize("streaming", [True, False], ids=["push", "pull"])
@pytest.mark.parametrize("end", ["aborted", "lost"])
def test_producerIsStopped(writing: Any, end: str, streaming: bool) -> None:
    """
    A producer is stopped at a loss, before it is told; whatever it then calls
    is harmless.
    """
    order: list[str] = []

    def stop() -> None:
        order.append("stop")
        writing.writeData(b"late")
        writing.unregisterProducer()
        writing.finish()

    source = Push(stop=stop)
    writing.request.during["lost"] = lambda: order.append("lost")
    writing.registerProducer(source, streaming)
    writing.endBy(end)
    assert order == ["stop", "lost"][: 1 + (end == "lost")]
    assert source.told.count("stop") == 1
    assert writing.wrote == b""


def test_producerRaisesOnStop(writing: Any, loggedErrors: Any) -> None:
    """
    The loss is told nevertheless.
    """
    writing.registerProducer(Push(stop=raises), True)
    writing.lose(PeerGone())
    assert writing.request.kinds == ["lost"]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


class Pull:
    """
    A pull producer that writes so many blocks when it is asked.
    """

    def __init__(self, exchange: Any, blocks: int, ends: bool = True) -> None:
        self.exchange = exchange
        self.blocks = blocks
        self.ends = ends
        self.asked = 0
        self.stopped = 0

    def resumeProducing(self) -> None:
        self.asked += 1
        if self.blocks:
            self.blocks -= 1
            self.exchange.writeData(b"%d" % (self.blocks % 10))
        if not self.blocks and self.ends:
            self.exchange.unregisterProducer()
            self.exchange.finish()

    def stopProducing(self) -> None:
        self.stopped += 1


@pytest.mark.parametrize("command", [b"GET", b"HEAD"])
def test_pullProducer(makeServing: Any, command: bytes) -> None:
    """
    A pull producer is asked until it has ended; also for content that is
    dropped.
    """
    serving = makeServing()
    serving.start(command=command)
    serving.writeHeaders(200, Headers())
    source = Pull(serving, 30)
    serving.registerProducer(source, False)
    serving.spin()
    assert serving.stage is Stage.FINISHED
    assert source.asked == 30
    assert len(serving.wrote) == (30 if command == b"GET" else 0)


def test_pullProducerWithoutRoom(writing: Any) -> None:
    """
    A wire that is full after each block gets one at a time, and that it is
    full is heard inside the write.
    """
    source = Pull(writing, 3)
    for left in (2, 1):
        writing.during["data"] = writing.outputBlocked
        if left == 2:
            writing.registerProducer(source, False)
        else:
            writing.outputReady()
        writing.spin()
        assert source.blocks == left
    writing.outputReady()
    assert writing.stage is Stage.FINISHED
    assert writing.wrote == b"210"


def test_pullProducerToggled(writing: Any) -> None:
    """
    A wire that is full and empty again within one write: the producer is
    asked again, once.
    """

    def toggle() -> None:
        writing.outputBlocked()
        writing.outputReady()

    writing.during["data"] = toggle
    source = Pull(writing, 3)
    writing.registerProducer(source, False)
    assert source.asked == 3
    assert writing.wrote == b"210"


def test_pullProducerWritesLater(writing: Any) -> None:
    """
    A pull producer that answers later is asked again when it has.
    """
    source = Pull(writing, 0, ends=False)
    writing.registerProducer(source, False)
    writing.spin()
    assert source.asked == 1
    writing.writeData(b"x")
    writing.spin()
    assert source.asked == 2


def test_pullProducerReplacesItself(writing: Any) -> None:
    """
    Inside its C{resumeProducing}, a producer may give way to another one.
    """
    second = Pull(writing, 2)

    def giveWay() -> None:
        writing.writeData(b"first")
        writing.unregisterProducer()
        writing.registerProducer(second, False)

    first = Push(resume=giveWay)
    writing.registerProducer(first, False)
    writing.spin()
    assert first.told == ["resume"]
    assert writing.wrote == b"first10"


@pytest.mark.parametrize("end", ["aborted", "lost"])
def test_pullProducerLosesItsExchange(writing: Any, end: str) -> None:
    """
    An exchange that ends inside the block that it was asked for.
    """
    source = Pull(writing, 30)
    writing.during["data"] = lambda: writing.endBy(end)
    writing.registerProducer(source, False)
    writing.spin()
    assert (source.asked, source.stopped) == (1, 1)


def test_pullProducerRaises(writing: Any, loggedErrors: Any) -> None:
    """
    A producer that raises costs its exchange, and nobody else's: what called
    it goes on.
    """
    source = Push(resume=raises)
    writing.registerProducer(source, False)
    assert writing.kinds == ["abort"]
    assert source.told == ["resume", "stop"]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


@pytest.mark.parametrize("moment", ["pause", "resume"])
def test_pushProducerRaises(writing: Any, loggedErrors: Any, moment: str) -> None:
    """
    So does a push producer.
    """
    writing.registerProducer(Push(**{moment: raises}), True)
    writing.outputBlocked()
    writing.outputReady()
    assert writing.kinds == ["abort"]
    assert [type(error) for error in loggedErrors.flush()] == [KeyError]


def test_producerWritesTooMuch(serving: Any, loggedErrors: Any) -> None:
    """
    A producer that writes beyond Content-Length is a faulty one.
    """
    serving.writeHeaders(200, _length("2"))
    serving.registerProducer(Pull(serving, 3), False)
    assert serving.kinds == ["head", "data", "data", "abort"]
    (error,) = loggedErrors.flush()
    assert isinstance(error, LocalProtocolError)


# Files


CONTENT = bytes(range(256)) * 1024


def test_file(writing: Any) -> None:
    """
    A file is sent whole and then not needed any more; meanwhile nothing else
    may be written.
    """
    done: list[None] = []
    writing.outputBlocked()
    writing.writeFile(io.BytesIO(CONTENT), 1, 200_000).addCallback(done.append)
    for forbidden in (
        lambda: writing.writeData(b"x"),
        lambda: writing.writeFile(io.BytesIO(b"x"), 0, 1),
        lambda: writing.registerProducer(Push(), True),
        writing.finish,
    ):
        with pytest.raises(LocalProtocolError):
            forbidden()
    writing.unregisterProducer()
    assert done == []
    writing.outputReady()
    writing.spin()
    assert done == [None]
    writing.writeData(b"tail")
    writing.finish()
    assert writing.wrote == CONTENT[1:200_001] + b"tail"
    assert writing.written == 200_004


def test_fileThenFinish(serving: Any) -> None:
    """
    The message may be finished as soon as the file is done with, inside the
    Deferred.
    """
    serving.writeHeaders(200, _length(str(len(CONTENT))))
    sent = serving.writeFile(io.BytesIO(CONTENT), 0, len(CONTENT))
    sent.addCallback(lambda ignored: serving.finish())
    serving.spin()
    assert serving.stage is Stage.FINISHED
    assert serving.wrote == CONTENT


def test_noFile(writing: Any) -> None:
    """
    Nothing of a file is sent at once.
    """
    done: list[None] = []
    writing.writeFile(io.BytesIO(b""), 0, 0).addCallback(done.append)
    assert done == [None]
    writing.finish()


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1)])
def test_negativeFile(writing: Any, offset: int, length: int) -> None:
    """
    A negative part would be all of it, to some.
    """
    with pytest.raises(LocalProtocolError):
        writing.writeFile(io.BytesIO(CONTENT), offset, length)
    assert writing.sent == []
    writing.finish()


def test_fileIsShort(serving: Any, loggedErrors: Any) -> None:
    """
    A file that became shorter is an aborted message, also without
    Content-Length, since more was meant.
    """
    done: list[None] = []
    serving.writeHeaders(200, Headers())
    serving.writeFile(io.BytesIO(b"short"), 0, 9).addCallback(done.append)
    serving.spin()
    assert serving.kinds == ["head", "data", "abort"]
    assert done == [None]
    assert loggedErrors.flush("shorter") == [None]


@pytest.mark.parametrize("end", ["aborted", "lost"])
@pytest.mark.parametrize("inside", [False, True], ids=["between", "inside"])
def test_fileIsLost(writing: Any, end: str, inside: bool) -> None:
    """
    When the exchange ends in the middle of a file, that isn't needed any
    more, and nobody calls it short.
    """
    order: list[str] = []
    writing.request.during["lost"] = lambda: order.append("lost")
    if inside:
        writing.during["data"] = lambda: writing.endBy(end)
    else:
        writing.during["data"] = writing.outputBlocked
    sent = writing.writeFile(io.BytesIO(CONTENT), 0, len(CONTENT))
    sent.addCallback(lambda ignored: order.append("sent"))
    if not inside:
        assert order == []
        writing.endBy(end)
    writing.outputReady()
    writing.spin()
    # Inside, the caller has no Deferred yet when the loss is told.
    assert sorted(order, reverse=True) == ["sent", "lost"][: 1 + (end == "lost")]
    if not inside:
        assert order[0] == "sent"
    assert writing.kinds.count("data") == 1


def test_fileThatCannotBeRead(writing: Any, loggedErrors: Any) -> None:
    """
    A file that isn't what it should be costs its exchange only.
    """
    writing.writeFile(object(), 0, 1)
    assert writing.kinds == ["abort"]
    assert [type(error) for error in loggedErrors.flush()] == [AttributeError]
