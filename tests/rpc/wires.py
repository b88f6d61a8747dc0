"""
What the tests of RPC have in common.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from penstock.core.headers import Headers
from penstock.transports.rpc.codec import MAGIC, Decoder, Rejected, frame
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.messages import METHODS, Message, Request
from penstock.transports.rpc.phases import Phase
from penstock.transports.rpc.session import RPCSession

from ..pipe import Pipe

VECTORS = json.loads(
    (Path(__file__).parents[2] / "docs" / "rpc-vectors.json").read_text("utf-8")
)

MAX_FRAME = 128 * 1024

CLASSES = {method.name: kind for kind, method in METHODS.items()}


def plain(value: Any) -> Any:
    """
    What the vectors write as JSON.
    """
    if isinstance(value, dict):
        return bytes.fromhex(value["bin"])
    if isinstance(value, list):
        return tuple(map(plain, value))
    return value


def messageOf(items: list[Any]) -> Message:
    message: Message = CLASSES[items[0]](*map(plain, items[1:]))
    return message


def opening(dialled: bool, **parameters: Any) -> bytes:
    """
    Magic and hello of a peer.
    """
    return MAGIC + frame(Greeting(**parameters).hello(dialled))


def decode(data: bytes, cut: int | None = None) -> list[Message | Rejected]:
    """
    Decode all of one direction, whole or in pieces of C{cut} octets.
    """
    decoder = Decoder(MAX_FRAME)
    step = cut or len(data) or 1
    messages: list[Message | Rejected] = []
    for start in range(0, len(data), step):
        messages += decoder.receive(data[start : start + step])
    return messages


def comparable(messages: list[Message | Rejected]) -> list[object]:
    """
    C{messages}, with rejections as the classes of their problems.
    """
    return [
        type(message.problem) if isinstance(message, Rejected) else message
        for message in messages
    ]


class RawPeer(Protocol):
    """
    A peer that says what the test wants.

    @ivar received: what the other side has said, without its hello.
    """

    def __init__(self, dialled: bool, greets: bool = True, **parameters: Any) -> None:
        self._opening = opening(dialled, **parameters) if greets else b""
        self._decoder = Decoder(MAX_FRAME)
        self.hello: Any = None
        self.received: list[Any] = []
        self.frames: list[int] = []
        self.isLost = False

    def connectionMade(self) -> None:
        self._transport.write(self._opening)

    @property
    def _transport(self) -> Any:
        return self.transport

    def say(self, *messages: Message) -> None:
        self._transport.write(frame(*messages))

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def dataReceived(self, data: bytes) -> None:
        messages: list[Any] = self._decoder.receive(data)
        if self.hello is None and messages:
            self.hello = messages.pop(0)
        self.received += messages

    def connectionLost(self, reason: Any = None) -> None:
        self.isLost = True

    def take(self, kind: type[Any] | None = None) -> list[Any]:
        """
        @return: what was received since the last time, of one kind or all.
        """
        received, self.received = self.received, []
        return [item for item in received if kind is None or type(item) is kind]


class Served:
    """
    A request that does nothing by itself, and records.
    """

    def __init__(
        self,
        exchange: Any,
        command: bytes,
        path: bytes,
        version: tuple[int, int],
        headers: Headers,
    ) -> None:
        self.exchange = exchange
        self.command = command
        self.path = path
        self.version = version
        self.headers = headers
        self.content = b""
        self.calls: list[str] = []
        self.trailers: Headers | None = None
        self.problem: BaseException | None = None

    def handleContentChunk(self, data: bytes) -> None:
        self.calls.append("chunk")
        self.content += data

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        self.calls.append("complete")
        self.trailers = trailers

    def connectionLost(self, reason: Failure) -> None:
        self.calls.append("lost")
        self.problem = reason.value

    def answer(self, content: bytes = b"", **fields: str) -> None:
        self.exchange.writeHeaders(200, Headers(list(fields.items())))
        self.exchange.writeData(content)
        self.exchange.finish()


class Asked:
    """
    A caller that does nothing by itself, and records.
    """

    def __init__(self) -> None:
        self.exchange: Any = None
        self.calls: list[str] = []
        self.code = 0
        self.reason: bytes | None = None
        self.headers: Headers | None = None
        self.intermediate: list[int] = []
        self.content = b""
        self.trailers: Headers | None = None
        self.problem: BaseException | None = None

    def requestStarted(self, clientRequest: Any) -> None:
        self.exchange = clientRequest

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        self.intermediate.append(code)

    def handleHeaders(
        self, code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        self.calls.append("head")
        self.code, self.headers, self.reason = code, headers, code_message

    def handleContentChunk(self, data: bytes) -> None:
        self.content += data

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        self.calls.append("complete")
        self.trailers = trailers

    def connectionLost(self, reason: Failure) -> None:
        self.calls.append("lost")
        self.problem = reason.value


class Scene:
    """
    A session of ours, and a L{RawPeer} or another session, over a pipe.

    @ivar served: the requests that ours has been asked.
    """

    def __init__(
        self,
        *,
        dialled: bool = False,
        serves: bool = True,
        greets: bool = True,
        limits: RPCLimits | None = None,
        timeouts: RPCTimeouts | None = None,
        trustFacts: bool = False,
        other: RPCLimits | None = None,
        step: int = 64 * 1024,
        **parameters: Any,
    ) -> None:
        """
        @param other: limits of the other session; L{None} for a L{RawPeer}
            with C{parameters}.
        """
        self.clock = Clock()
        self.served: list[Served] = []
        self.otherServed: list[Served] = []
        self.session = self._make(
            self.served if serves else None, dialled, limits, timeouts, trustFacts
        )
        self.peer: Any
        if other is None:
            parameters = {"exchanges": 100, "window": 65536, **parameters}
            parameters.setdefault("connectionWindow", 1024 * 1024)
            self.peer = RawPeer(not dialled, greets, **parameters)
        else:
            self.peer = self._make(
                self.otherServed, not dialled, other, timeouts, False
            )
        self.pipe = Pipe(self.session, self.peer, self.clock, step)
        self.pipe.settle()

    def _make(
        self,
        served: list[Served] | None,
        dialled: bool,
        limits: RPCLimits | None,
        timeouts: RPCTimeouts | None,
        trustFacts: bool,
    ) -> RPCSession:
        def factory(*args: Any) -> Served:
            request = self._serve(*args)
            if served is not None:
                served.append(request)
            return request

        return RPCSession(
            None if served is None else factory,
            self.clock,
            dialled=dialled,
            limits=limits or RPCLimits(),
            timeouts=timeouts or RPCTimeouts(),
            trustFacts=trustFacts,
        )

    def _serve(self, *args: Any) -> Served:
        """
        @return: what takes a request.
        """
        return Served(*args)

    def say(self, *messages: Message) -> None:
        """
        The peer says something.
        """
        self.peer.say(*messages)
        self.settle()

    def settle(self) -> None:
        self.pipe.settle()

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        headers: Headers | None = None,
        hasContent: bool = False,
        of: RPCSession | None = None,
    ) -> Asked:
        """
        Start a request, here or on the other session.
        """
        asked = Asked()
        session = self.session if of is None else of
        session.requester.startRequest(
            method, uri, headers or Headers(), asked, hasContent
        )
        return asked

    @property
    def isClosed(self) -> bool:
        return self.session.phase is Phase.CLOSED


def request(
    number: int,
    *fields: bytes,
    method: bytes = b"GET",
    path: bytes = b"/",
    content: bytes | None = None,
    complete: bool = True,
    facts: tuple[object, ...] | None = None,
) -> Request:
    return Request(number, method, path, 11, fields, content, complete, facts)
