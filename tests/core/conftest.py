"""
A wire that notes what is put on it, and callbacks that note what they are
told, for the exchange machine.
"""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.errors import ExchangeLost, PeerGone
from penstock.core.exchange import CallingExchange, ServingExchange
from penstock.core.headers import Headers

from ..everywhere import carrier, pytest_generate_tests

# For pytest.
__all__ = ["carrier", "pytest_generate_tests"]


class WireMixin:
    """
    The hooks of an exchange, noted in C{sent}.

    @ivar sent: what was put on the wire and told to the transport, in order.
    @ivar during: what to call inside a hook, by the hook's name.
    @ivar turns: what waits for the event loop.
    @ivar returned: octets that were given to C{_contentConsumed}.
    """

    def setUp(self) -> None:
        self.sent: list[Any] = []
        self.during: dict[str, Callable[[], Any]] = {}
        self.turns: list[Callable[[], None]] = []
        self.returned = 0

    def _note(self, name: str, *facts: Any) -> None:
        self.sent.append((name, *facts))
        call = self.during.pop(name, None)
        if call is not None:
            call()

    def _sendIntermediate(self, code: int, headers: Any, message: Any) -> None:
        self._note("intermediate", code)

    def _sendHead(self, code: int, headers: Any, message: Any) -> None:
        self._note("head", code)

    def _sendData(self, data: bytes) -> None:
        assert data
        self._note("data", data)

    def _sendEnd(self, trailers: Any) -> None:
        self._note("end")

    def _sendAbort(self) -> None:
        self._note("abort")

    def _later(self, call: Callable[[], None]) -> None:
        self.turns.append(call)

    def _contentPaused(self) -> None:
        self._note("paused")

    def _contentResumed(self) -> None:
        self._note("resumed")

    def _contentStopped(self) -> None:
        self._note("stopped")

    def _contentConsumed(self, size: int) -> None:
        assert size
        self.returned += size
        call = self.during.pop("consumed", None)
        if call is not None:
            call()

    def turn(self) -> None:
        """
        Let the event loop run once.
        """
        turns, self.turns = self.turns, []
        for call in turns:
            call()

    def spin(self) -> None:
        """
        Let the event loop run until nothing is left to do.
        """
        for _ in range(1000):
            if not self.turns:
                return
            self.turn()
        raise AssertionError("the event loop never comes to rest")

    @property
    def wrote(self) -> bytes:
        """
        The content that went out.
        """
        return b"".join(note[1] for note in self.sent if note[0] == "data")

    @property
    def kinds(self) -> list[str]:
        """
        What kinds of things went out and were told.
        """
        return [note[0] for note in self.sent]


class Recorder:
    """
    Callbacks that note what they are told, in order, and then do what the
    test wants inside them: C{during}, by the callback's name, or C{always}.
    They fail once they are told anything after the end.
    """

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.during: dict[str, Callable[[], Any]] = {}
        self.always: Callable[[], Any] | None = None
        self.over = False
        self.wrong: list[str] = []

    def _note(self, name: str, *facts: Any) -> None:
        if self.over:
            self.wrong.append(f"{name} after the end")
        if name in ("complete", "lost") and name in self.kinds:
            self.wrong.append(f"{name} for a second time")
        self.told.append((name, *facts))
        call = self.during.pop(name, None)
        if call is not None:
            call()
        if self.always is not None:
            self.always()

    @property
    def kinds(self) -> list[str]:
        """
        The names of what was told.
        """
        return [note[0] for note in self.told]

    @property
    def content(self) -> bytes:
        """
        What has arrived.
        """
        return b"".join(note[1] for note in self.told if note[0] == "chunk")

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        self._note("intermediate", code)

    def handleHeaders(self, code: int, headers: Any, message: Any = None) -> None:
        self._note("head", code)

    def handleContentChunk(self, data: bytes) -> None:
        assert data
        self._note("chunk", data)

    def handleContentComplete(self, trailers: Any = None) -> None:
        self._note("complete")

    def connectionLost(self, reason: Any) -> None:
        assert isinstance(reason.value, ExchangeLost)
        self._note("lost", type(reason.value).__name__)
        self.over = True


class ServingWire(WireMixin, ServingExchange):
    """
    The serving end, and its request's callbacks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setUp()
        self.request = Recorder()

    def start(
        self,
        process: Callable[[], Any] = lambda: None,
        command: bytes = b"GET",
        length: int | None = None,
    ) -> None:
        """
        Begin, with C{process} called inside the factory.
        """

        def factory(exchange: Any, *head: Any) -> Recorder:
            assert exchange is self
            process()
            return self.request

        self.begin(factory, command, b"/", (1, 1), Headers(), length)

    def endBy(self, end: str) -> None:
        """
        Come to an end: C{"finished"}, C{"aborted"} or C{"lost"}.
        """
        match end:
            case "finished":
                self.writeHeaders(200, Headers())
                self.finish()
            case "aborted":
                self.abortConnection()
            case "lost":
                self.lose(PeerGone())
            case _:
                raise ValueError(end)


class CallingWire(WireMixin, CallingExchange):
    """
    The calling end, and its caller's callbacks.
    """

    def __init__(
        self,
        method: bytes = b"PUT",
        hasContent: bool = True,
        length: int | None = None,
    ) -> None:
        self.setUp()
        self.caller = Recorder()
        super().__init__(method, self.caller, hasContent, length)

    def _responseDelivered(self) -> None:
        self._note("delivered", self.stage)


@pytest.fixture
def serving() -> Any:
    """
    A serving exchange that has begun, in a plain way.
    """
    exchange = ServingWire()
    exchange.start()
    return exchange


@pytest.fixture
def unbegun() -> Any:
    """
    A serving exchange that has not begun.
    """
    return ServingWire()


@pytest.fixture(scope="session")
def makeServing() -> Any:
    """
    Makes serving exchanges that have not begun.
    """
    return ServingWire


@pytest.fixture(scope="session")
def makeCalling() -> Any:
    """
    Makes calling exchanges.
    """
    return CallingWire
