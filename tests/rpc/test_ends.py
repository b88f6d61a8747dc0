"""
The end of a connection, at every step of a lively conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.errors import Cancelled, Unavailable
from penstock.core.headers import Headers
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.phases import Phase

from .wires import Asked, Scene, Served

UPLOAD = bytes(range(250)) * 12
DOWNLOAD = UPLOAD[::-1]

# Narrow, so that everything takes its time.
LIMITS = RPCLimits(window=1024, connectionWindow=3000, exchanges=4)


class Writer:
    """
    A push producer that writes all of a content, and then its end.
    """

    def __init__(self, exchange: Any, content: bytes) -> None:
        self._exchange = exchange
        self._content = content
        self._isPaused = False
        exchange.registerProducer(self, True)
        self.resumeProducing()

    def pauseProducing(self) -> None:
        self._isPaused = True

    def resumeProducing(self) -> None:
        self._isPaused = False
        while self._content and not self._isPaused:
            block, self._content = self._content[:500], self._content[500:]
            self._exchange.writeData(block)
        if not self._content and not self._isPaused:
            self._exchange.unregisterProducer()
            self._exchange.finish(Headers([("Digest", "x")]))

    def stopProducing(self) -> None:
        self._content = b""


class Worker(Served):
    """
    A request that does what its path says.
    """

    def handleContentChunk(self, data: bytes) -> None:
        super().handleContentChunk(data)
        if len(self.content) >= 1000:
            match self.path:
                case b"/stop":
                    self.exchange.stopProducing()
                    self.answer(b"enough")
                case b"/abort":
                    self.exchange.abortConnection()
                case b"/early":
                    self.answer(b"early")

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        super().handleContentComplete(trailers)
        if self.path == b"/all":
            self.exchange.writeIntermediateResponse(103, Headers())
            self.exchange.writeHeaders(200, Headers())
            Writer(self.exchange, DOWNLOAD)


class Reader(Asked):
    """
    A caller that may lose interest.
    """

    def __init__(self, interest: str) -> None:
        super().__init__()
        self._interest = interest

    def handleContentChunk(self, data: bytes) -> None:
        super().handleContentChunk(data)
        if len(self.content) >= 1000 and self._interest:
            interest, self._interest = self._interest, ""
            getattr(self.exchange, interest)()


class Conversation(Scene):
    """
    Two sessions that ask each other many things, at most four at a time.
    """

    def __init__(self) -> None:
        super().__init__(limits=LIMITS, other=LIMITS, step=250)
        self.asked: list[Asked] = []
        for session in (self.session, self.peer):
            for path in (b"/all", b"/stop", b"/abort", b"/early", b"/all"):
                self._start(session, path, "", upload=True)
            for interest in ("", "stopProducing", "abortConnection"):
                self._start(session, b"/all", interest, upload=False)

    def _serve(self, *args: Any) -> Served:
        return Worker(*args)

    def _start(self, session: Any, path: bytes, interest: str, upload: bool) -> None:
        asked = Reader(interest)
        self.asked.append(asked)
        session.requester.startRequest(b"POST", path, Headers(), asked, upload)
        if upload:
            Writer(asked.exchange, UPLOAD)

    @property
    def ends(self) -> list[Any]:
        return [*self.asked, *self.served, *self.otherServed]


def consistent(end: Any) -> bool:
    """
    Whether C{end} was told once of its end, or has ended it itself.
    """
    ends = [call for call in end.calls if call in ("complete", "lost")]
    return ends in ([], ["complete"], ["lost"]) or (
        # The content of a request, and then the connection.
        isinstance(end, Served) and ends == ["complete", "lost"]
    )


ABRUPT: dict[str, Callable[[Conversation], object]] = {
    "cut": lambda scene: scene.pipe.cut(),
    "freeze": lambda scene: scene.pipe.freeze(),
    "abort": lambda scene: scene.session.abort(),
    "garbage": lambda scene: scene.session.dataReceived(b"\xff" * 4),
    "garbage to who dialled": lambda scene: scene.peer.dataReceived(b"\xff" * 4),
}

POLITE: dict[str, Callable[[Conversation], object]] = {
    "close": lambda scene: scene.session.close(),
    "close by who dialled": lambda scene: scene.peer.close(),
    "close by both": lambda scene: (scene.session.close(), scene.peer.close()),
}


def _steps() -> int:
    scene = Conversation()
    steps = 0
    while scene.pipe.turn():
        steps += 1
    assert scene.session.underWay == scene.peer.underWay == 0
    return steps


def _endAt(step: int, end: Callable[[Conversation], object]) -> Conversation:
    scene = Conversation()
    for _ in range(step):
        scene.pipe.turn()
    end(scene)
    scene.settle()
    return scene


def _checkOver(scene: Conversation) -> None:
    for session in (scene.session, scene.peer):
        assert session.phase is Phase.CLOSED
        assert session.underWay == 0
    assert scene.clock.getDelayedCalls() == []
    for end in scene.ends:
        assert consistent(end), end.calls


@pytest.mark.parametrize("end", ABRUPT.values(), ids=ABRUPT)
def test_abrupt(end: Callable[[Conversation], object]) -> None:
    """
    Whenever it comes: everybody is told once, and nothing is left.
    """
    for step in range(_steps() + 2):
        scene = _endAt(step, end)
        scene.pipe.advance(60, steps=12)
        _checkOver(scene)


@pytest.mark.parametrize("end", POLITE.values(), ids=POLITE)
def test_polite(end: Callable[[Conversation], object]) -> None:
    """
    Whenever it comes: what was taken is finished, and what wasn't may be sent
    again.
    """
    for step in range(_steps() + 2):
        scene = _endAt(step, end)
        _checkOver(scene)
        for asked in scene.asked:
            if asked.problem is not None:
                assert isinstance(asked.problem, Unavailable | Cancelled)
            elif "complete" in asked.calls:
                assert asked.content in (DOWNLOAD, b"enough", b"early")
        for served in scene.served + scene.otherServed:
            assert served.problem is None or type(served.problem) is Cancelled
