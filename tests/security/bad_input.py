"""
What the rows of bad input have in common: how they are cut, how they are
delivered to each transport, and all that can be seen of what comes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any, NamedTuple

from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from penstock.core.content import Buffer
from penstock.core.errors import InvalidField, LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import MAGIC, frame
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts
from penstock.transports.rpc.messages import Message, WriteHeaders
from penstock.transports.rpc.phases import Phase
from penstock.transports.rpc.session import RPCSession

from ..http1.wires import Asked, Server, Wire, answerComplete
from ..pipe import Pipe
from ..rpc.wires import RawPeer, request

HOST = b"Host: a\r\n"
HELLO = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
AFTER = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"

# Octets of a stream that is cut everywhere; of a longer one, only some of its
# places are tried.
EVERYWHERE = 700


def deliveries(*parts: bytes) -> Iterator[tuple[bytes, ...]]:
    """
    C{parts} together: whole, cut in two at every place, octet by octet; cut
    between each part and the next, at one such place and at all of them.
    """
    stream = b"".join(parts)
    size = len(stream)
    yield (stream,)
    yield parts
    borders, place = [], 0
    for part in parts[:-1]:
        place += len(part)
        borders.append(place)
    if size <= EVERYWHERE:
        for place in range(1, size):
            yield (stream[:place], stream[place:])
        yield tuple(stream[place : place + 1] for place in range(size))
    else:
        near = {border + by for border in borders for by in (-3, -2, -1, 0, 1, 2)}
        for place in sorted(near | {1, 40, size // 2, size - 1}):
            if 0 < place < size:
                yield (stream[:place], stream[place:])
        yield tuple(stream[place : place + 61] for place in range(0, size, 61))


class End(Enum):
    """
    What has become of a connection.
    """

    OPEN = auto()
    """It goes on."""

    LINGERS = auto()
    """Our side is closed, and what else comes is dropped; closed with the
    peer's."""

    CLOSED = auto()
    """Closed, when all was sent."""

    OVER = auto()
    """One of the last two: it lingers where something has come after all that
    was wanted, which depends on how it was cut."""

    ABORTED = auto()
    """Broken off."""


def page(code: int, reason: bytes, more: bytes = b"") -> bytes:
    """
    A response of the transport's own, but for its Date.
    """
    text = reason + more + b"\n"
    return (
        b"HTTP/1.1 %d %b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%b"
        % (code, reason, len(text), text)
    )


REFUSALS: dict[int, bytes] = {
    400: page(400, b"Bad Request"),
    408: page(408, b"Request Timeout"),
    413: page(413, b"Content Too Large"),
    414: page(414, b"URI Too Long"),
    431: page(431, b"Request Header Fields Too Large"),
    501: page(501, b"Not Implemented"),
    503: page(503, b"Service Unavailable"),
    505: page(
        505,
        b"HTTP Version Not Supported",
        b": this server speaks HTTP/1.0 and HTTP/1.1",
    ),
}


def ok(body: bytes = b"", fields: bytes = b"") -> bytes:
    """
    What L{Asked.answer} sends, but for its Date.
    """
    return b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (
        fields,
        len(body),
        body,
    )


CLOSING = b"Connection: close\r\n"


class Case(NamedTuple):
    """
    Octets for a connection of HTTP/1.1, and all that is to come of them.
    """

    requests: tuple[bytes, ...]
    """What is sent; between them is a place to cut."""

    answer: bytes
    """All octets of the answers, but for Date."""

    end: End

    saw: tuple[str, ...]
    """What the application saw: see L{story}."""

    logged: tuple[str, ...] = ()
    """What is said of it in the log, without the peer's name."""

    react: Callable[[Asked, str], None] = answerComplete
    limits: Limits | None = None


def story(asked: Asked) -> str:
    """
    @return: what a request has seen, in a line.
    """
    if asked.lost is not None:
        fate = type(asked.lost).__name__
    else:
        fate = "whole" if asked.complete else "waits"
    return told(asked.command, asked.path, asked.content, fate)


def told(command: bytes, path: bytes, content: bytes, fate: str) -> str:
    """
    @return: the line for a request with C{content}.
    """
    seen = repr(content)[2:-1] if len(content) < 100 else f"{len(content)} octets"
    return f"{command.decode()} {path.decode('latin-1')} [{seen}] {fate}"


class Log:
    """
    What is logged while a test looks.
    """

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def __enter__(self) -> Log:
        globalLogPublisher.addObserver(self.events.append)
        return self

    def __exit__(self, *ignored: object) -> None:
        globalLogPublisher.removeObserver(self.events.append)

    def take(self) -> tuple[str, ...]:
        """
        @return: the lines since the last time, as they are printed.
        """
        lines = tuple(formatEvent(event) for event in self.events)
        self.events.clear()
        return lines


# What L{Server} calls its peer.
_PEER = "IPv4Address(type='TCP', host='192.0.2.1', port=4321)"


def checkHTTP(case: Case) -> None:
    """
    Send C{case}, cut in all ways.

    @raise AssertionError: unless all comes of it that is to come, and nothing
        else.
    """
    expected = (case.answer, case.end, case.saw, case.logged)
    with Log() as log:
        for pieces in deliveries(*case.requests):
            found = _outcome(case, pieces, log)
            if found != expected:
                raise AssertionError(f"{found} instead of {expected}: {pieces}")


def _outcome(case: Case, pieces: tuple[bytes, ...], log: Log) -> tuple[object, ...]:
    log.take()
    server = Server(case.react, case.limits)
    server.receive(*pieces)
    # Whoever has a turn to come has it.
    for _ in range(4):
        server.clock.advance(0)
    seen = tuple(map(story, server.asked))
    wire = server.wire
    sent = server.take()
    if wire.aborted:
        end = End.ABORTED
    elif wire.closed:
        end = End.CLOSED
    else:
        end = End.LINGERS if wire.halfClosed else End.OPEN
    if end is not End.OPEN:
        # Nothing more is taken, whatever comes.
        server.receive(AFTER)
        if end is End.LINGERS:
            server.channel.readConnectionLost()
            if not wire.closed:
                raise RuntimeError("still open when the peer has closed")
        server.lose()
        if server.take() or tuple(map(story, server.asked)) != seen:
            raise RuntimeError("something was taken after the end")
    if case.end is End.OVER and end in (End.CLOSED, End.LINGERS):
        end = End.OVER
    said = tuple(
        line.replace(f"Refused input from {_PEER}: ", "") for line in log.take()
    )
    return sent, end, seen, said


def cutOff(pieces: tuple[bytes, ...], reset: bool) -> Asked:
    """
    Send a good request and one that isn't whole, and then no more.

    @param reset: whether the connection breaks, and isn't closed.

    @return: the second request: lost, and not answered.
    """
    server = Server()
    server.receive(*pieces)
    if reset:
        server.lose()
    else:
        server.channel.readConnectionLost()
        if not server.wire.aborted:
            raise AssertionError(f"not broken off: {pieces}")
    first, second = server.asked
    if not first.complete or server.take() != ok():
        raise AssertionError(f"not just the first is answered: {pieces}")
    if second.complete or type(second.lost) is not PeerGone:
        raise AssertionError(f"lost by {second.lost}: {pieces}")
    return second


def refused(
    code: int,
    reason: str,
    *requests: bytes,
    before: bytes = HELLO,
    limits: Limits | None = None,
) -> Case:
    """
    A head that is refused: the request before it is answered, what comes
    after it isn't looked at.
    """
    return Case(
        (before, *requests, AFTER),
        ok() + REFUSALS[code],
        End.LINGERS,
        ("GET / [] whole",),
        (f"{code}, {reason}",),
        limits=limits,
    )


class Sited:
    """
    A site behind a connection of HTTP/1.1.

    @ivar root: what it serves.
    """

    def __init__(
        self, root: Any = None, peer: Any = None, log: Any = None, **options: Any
    ) -> None:
        """
        @param peer: who has connected.
        """

        class From(Wire):
            def getPeer(self) -> Any:
                return super().getPeer() if peer is None else peer

        self.root = Noting() if root is None else root
        self.clock = Clock()
        factory = HTTPFactory(Site(self.root, log), self.clock, **options)
        self.channel = factory.buildProtocol(None)
        self.wire = From()
        self.channel.makeConnection(self.wire)

    def receive(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.channel.dataReceived(piece)
        self.clock.advance(0)

    @property
    def codes(self) -> list[int]:
        """
        The codes of all answers.
        """
        return [int(each[:3]) for each in self.wire.sent.split(b"HTTP/1.1 ")[1:]]


class Noting(Resource):
    """
    Notes who comes by, whatever the method.
    """

    isLeaf = True
    policy = Buffer()

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def render(self, request: Any) -> Any:
        self.seen.append(
            f"{request.method.decode()} {request.uri.decode()} "
            f"[{request.body.decode()}]"
        )
        return b""

    def contentPolicy(self, request: Any) -> Any:
        return self.policy


class Called:
    """
    A session of RPC that serves a L{Noting}, and whatever its peer sends.

    @ivar seen: what the resource has seen.
    @ivar peer: has C{received} what the session says.
    """

    def __init__(
        self,
        root: Any = None,
        limits: RPCLimits | None = None,
        trustFacts: bool = False,
        log: Any = None,
    ) -> None:
        self.clock = Clock()
        self.root = Noting() if root is None else root
        self.session = RPCSession(
            Site(self.root, log),
            self.clock,
            dialled=False,
            limits=limits or RPCLimits(),
            timeouts=RPCTimeouts(),
            trustFacts=trustFacts,
        )
        self.peer = RawPeer(True, greets=False)
        self.pipe = Pipe(self.session, self.peer, self.clock)

    @property
    def isClosed(self) -> bool:
        return self.session.phase is Phase.CLOSED

    def receive(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.session.dataReceived(piece)
        self.pipe.settle()


OPENING = MAGIC + frame(
    Greeting(window=1 << 20, connectionWindow=1 << 20, exchanges=100).hello(True)
)


def frames(*messages: Message | bytes) -> tuple[bytes, ...]:
    """
    @return: the opening of a peer, and a frame for each of C{messages}.
    """
    return (
        OPENING,
        *(each if type(each) is bytes else frame(each) for each in messages),  # type: ignore[arg-type]
    )


# Memory


def remember(
    method: bytes | str,
    target: bytes | str,
    fields: Any = (),
    body: Any = None,
    root: Any = None,
) -> tuple[int | str, list[str]]:
    """
    Make a request in memory.

    @return: the code of the answer, or the name of what was raised; and what
        the resource has seen.
    """
    resource = Noting() if root is None else root
    client = MemoryClient(resource, strict=False)
    found: int | str
    try:
        found = client.request(method, target, Headers(fields), body).code or 0
    except (InvalidField, LocalProtocolError) as problem:
        found = type(problem).__name__
    client.close()
    return found, resource.seen


def callRPC(message: Message, code: int, root: Any = None) -> None:
    """
    Send C{message} between two good requests, in all pieces.

    @param message: request 3.
    @param code: of its answer.

    @raise RuntimeError: if it isn't answered so, if any resource sees it
        although it isn't answered with 200, or if the others aren't served.
    """
    for pieces in deliveries(*frames(request(1), message, request(5))):
        called = Called(root)
        before = len(called.root.seen)
        called.receive(*pieces)
        codes = {it.exchange: it.code for it in called.peer.take(WriteHeaders)}
        if codes != {1: 200, 3: code, 5: 200} or called.isClosed:
            raise RuntimeError(f"answered with {codes}: {pieces}")
        seen = called.root.seen[before:]
        if code != 200 and seen != ["GET / []"] * 2:
            raise RuntimeError(f"seen: {seen}")
