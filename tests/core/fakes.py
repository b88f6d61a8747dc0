"""
A transport for tests of core: it has the methods of the interface, and no
others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.python.components import proxyForInterface

from penstock.core.errors import ExchangeLost, PeerGone
from penstock.core.exchange import ServingExchange
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo, IChannelRequest
from penstock.core.resource import Resource


class Wire(ServingExchange):
    """
    Writes down what would be sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.intermediate: list[int] = []
        self.code = 0
        self.headers = Headers()
        self.body = b""
        self.trailers: Headers | None = None
        self.turns: deque[Callable[[], None]] = deque()
        self.secure = False

    @property
    def connectionInfo(self) -> ConnectionInfo:
        return ConnectionInfo("fake", "1", secure=self.secure)

    def _sendIntermediate(self, code: int, headers: Any, code_message: Any) -> None:
        self.intermediate.append(code)
        self.events.append(code)

    def _sendHead(self, code: int, headers: Headers, code_message: Any) -> None:
        self.code = code
        self.headers = headers.copy()
        self.events.append(("head", code))

    def _sendData(self, data: bytes) -> None:
        self.body += data

    def _sendEnd(self, trailers: Headers | None) -> None:
        self.trailers = trailers
        self.events.append("end")

    def _sendAbort(self) -> None:
        self.events.append("abort")

    def _later(self, call: Callable[[], None]) -> None:
        self.turns.append(call)

    def turn(self) -> None:
        """
        Let the event loop run until nothing is to do.
        """
        while self.turns:
            self.turns.popleft()()

    @property
    def ended(self) -> bool:
        return "end" in self.events

    @property
    def aborted(self) -> bool:
        return "abort" in self.events


class Narrow(proxyForInterface(IChannelRequest)):  # type: ignore[misc]
    """
    The interface and nothing else.
    """


# What asks over a transport instead, in tests with the mark everywhere.
carrier: Any = None


def ask(
    factory: Any,
    method: bytes = b"GET",
    target: bytes = b"/",
    headers: Any = (),
    body: bytes | None = b"",
    length: int | None = -1,
) -> tuple[Wire, Any]:
    """
    Send a whole request; or only its head, if C{body} is L{None}.

    @param length: what the head says of the content's length; that of C{body}
        by default.
    @return: the wire, and what the factory made.
    """
    if length == -1:
        length = len(body or b"")
    if carrier is not None:
        answered: tuple[Any, Any] = carrier.ask(
            factory, method, target, headers, body, length
        )
        return answered
    wire = Wire()
    made: list[Any] = []

    def keep(channel: Any, *args: Any) -> Any:
        made.append(factory(Narrow(channel), *args))
        return made[-1]

    fields = [(b"host", b"example.com"), *headers]
    if length:
        fields.append((b"content-length", b"%d" % length))
    wire.begin(keep, method, target, (1, 1), Headers(fields), length)
    if body is not None:
        wire.contentReceived(body)
        wire.contentEnded()
    return wire, made[0] if made else None


def gone() -> ExchangeLost:
    """
    What a transport says when the peer has gone.
    """
    return PeerGone("the peer has gone")


class Answering(Resource):
    """
    Answers whatever it is given.
    """

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def render_GET(self, request: Any) -> Any:
        return self.answer(request) if callable(self.answer) else self.answer
