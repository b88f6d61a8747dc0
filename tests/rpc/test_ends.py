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

    def __init__(self, scene: Conversation, exchange: Any, content: bytes) -> None:
        self._scene = scene
        self._exchange = exchange
        self._content = content
        self._isPaused = self._isOver = False
        exchange.registerProducer(self, True)
        self.resumeProducing()

    def pauseProducing(self) -> None:
        self._isPaused = True
        self._scene.happened()

    def resumeProducing(self) -> None:
        self._isPaused = False
        self._scene.happened()
        while self._content and not self._isPaused:
            block, self._content = self._content[:500], self._content[500:]
            self._exchange.writeData(block)
        if not self._content and not self._isPaused and not self._isOver:
            self._isOver = True
            self._exchange.unregisterProducer()
            self._exchange.finish(Headers([("Digest", "x")]))

    def stopProducing(self) -> None:
        self._content = b""
        self._scene.happened()


class Worker(Served):
    """
    A request that does what its path says.
    """

    def __init__(self, scene: Conversation, *args: Any) -> None:
        super().__init__(*args)
        self._scene = scene
        scene.happened()

    def handleContentChunk(self, data: bytes) -> None:
        super().handleContentChunk(data)
        self._scene.happened()
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
        self._scene.happened()
        if self.path == b"/all":
            self.exchange.writeIntermediateResponse(103, Headers())
            self.exchange.writeHeaders(200, Headers())
            Writer(self._scene, self.exchange, DOWNLOAD)

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        self._scene.happened()


class Reader(Asked):
    """
    A caller that may lose interest.
    """

    def __init__(self, scene: Conversation, interest: str) -> None:
        super().__init__()
        self._scene = scene
        self._interest = interest
        self.hasLeft = False

    def requestStarted(self, clientRequest: Any) -> None:
        super().requestStarted(clientRequest)
        self._scene.happened()

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        super().handleIntermediateResponse(code, headers)
        self._scene.happened()

    def handleHeaders(self, *args: Any) -> None:
        super().handleHeaders(*args)
        self._scene.happened()

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        super().handleContentComplete(trailers)
        self._scene.happened()

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        self._scene.happened()

    def handleContentChunk(self, data: bytes) -> None:
        super().handleContentChunk(data)
        self._scene.happened()
        if len(self.content) >= 1000 and self._interest:
            interest, self._interest = self._interest, ""
            self.hasLeft = True
            getattr(self.exchange, interest)()


End = Callable[["Conversation"], object]


class Conversation(Scene):
    """
    Two sessions that ask each other many things, at most four at a time.

    @ivar events: how many callbacks there were.
    """

    def __init__(self, at: int = 0, end: End | None = None) -> None:
        """
        @param end: what is done inside the callback that is the C{at}th.
        """
        self.events = 0
        self._at = at
        self._end = end
        self.asked: list[Asked] = []
        super().__init__(limits=LIMITS, other=LIMITS, step=250)
        for session in (self.session, self.peer):
            for path in (b"/all", b"/stop", b"/abort", b"/early", b"/all"):
                self._start(session, path, "", upload=True)
            for interest in ("", "stopProducing", "abortConnection"):
                self._start(session, b"/all", interest, upload=False)

    def happened(self) -> None:
        """
        A callback was called.
        """
        self.events += 1
        if self.events == self._at and self._end is not None:
            self._end(self)

    def _serve(self, *args: Any) -> Served:
        return Worker(self, *args)

    def _start(self, session: Any, path: bytes, interest: str, upload: bool) -> None:
        asked = Reader(self, interest)
        self.asked.append(asked)
        session.requester.startRequest(b"POST", path, Headers(), asked, upload)
        if upload:
            Writer(self, asked.exchange, UPLOAD)

    @property
    def ends(self) -> list[Any]:
        return [*self.asked, *self.served, *self.otherServed]


def consistent(end: Any) -> bool:
    """
    Whether C{end} was told once of its end, or has ended it itself.
    """
    ends = [call for call in end.calls if call in ("complete", "lost")]
    if isinstance(end, Served):
        # The content of a request may be whole, and the connection lost then.
        return ends in ([], ["complete"], ["lost"], ["complete", "lost"])
    return ends in (["complete"], ["lost"]) or (end.hasLeft and not ends)


ABRUPT: dict[str, End] = {
    "cut": lambda scene: scene.pipe.cut(),
    "freeze": lambda scene: scene.pipe.freeze(),
    "abort": lambda scene: scene.session.abort(),
    "garbage": lambda scene: scene.session.dataReceived(b"\xff" * 4),
    "garbage to who dialled": lambda scene: scene.peer.dataReceived(b"\xff" * 4),
}

POLITE: dict[str, End] = {
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


def _endAt(step: int, end: End) -> Conversation:
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
def test_abrupt(end: End) -> None:
    """
    Whenever it comes: everybody is told once, and nothing is left.
    """
    for step in range(_steps() + 2):
        scene = _endAt(step, end)
        scene.pipe.advance(60, steps=12)
        _checkOver(scene)


@pytest.mark.parametrize("end", POLITE.values(), ids=POLITE)
def test_polite(end: End) -> None:
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


INSIDE = {name: ABRUPT[name] for name in ("freeze", "abort")} | {
    "abort by who dialled": lambda scene: scene.peer.abort(),
    **POLITE,
}


@pytest.mark.parametrize("end", INSIDE.values(), ids=INSIDE)
def test_insideACallback(end: End) -> None:
    """
    Whichever it is that closes the session that has called it, or the other.
    """
    scene = Conversation()
    scene.settle()
    for event in range(1, scene.events + 1):
        scene = Conversation(event, end)
        scene.settle()
        scene.pipe.advance(60, steps=12)
        _checkOver(scene)
